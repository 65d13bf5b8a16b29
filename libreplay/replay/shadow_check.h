/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The shadow's own invariants. */
#ifndef REPLAY_SHADOW_CHECK_H
#define REPLAY_SHADOW_CHECK_H

#include "shadow_state.h"

/*
 * Walks everything: pages, blocks and counts must tell the same. MMR_E_INTERNAL names the first thing
 * that does not. With -Dcheck=full it runs every SHADOW_CHECK_EVERY events; stats.nr_broken counts.
 */
int replay_shadow_check(const struct replay_shadow *s, struct mmr_error *err) MMR_MUST_CHECK;

#define SHADOW_CHECK_EVERY 65536

#endif
