/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first snapshot on its way into the shadow. */
#ifndef REPLAY_SHADOW_INIT_H
#define REPLAY_SHADOW_INIT_H

#include "shadow_state.h"

/* Makes known the chunks whose reading had begun by now_ns. */
void replay_shadow_load_chunks(struct replay_shadow *s, uint64_t now_ns);

#endif
