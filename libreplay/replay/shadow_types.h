/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Migratetypes of the pageblocks at the start. */
#ifndef REPLAY_SHADOW_TYPES_H
#define REPLAY_SHADOW_TYPES_H

#include "shadow_state.h"

/* Once all chunks are loaded: types what no event has typed yet. Frees what it needed for that. */
void replay_shadow_guess_types(struct replay_shadow *s);

/* Frees what is left of it. */
void replay_shadow_types_deinit(struct replay_shadow *s);

#endif
