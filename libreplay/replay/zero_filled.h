/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many of the pages that were swapped out held only zeroes: see zero_filled.c. */
#ifndef REPLAY_ZERO_FILLED_H
#define REPLAY_ZERO_FILLED_H

#include <mmreplay/trace.h>

#include "tunables.h"

/*
 * Sets swap.zero_filled if the snapshots tell. Snapshots that are damaged are passed over; the trace's position is not touched. 0 or a
 * negative code.
 */
int replay_zero_filled(struct mmr_trace *trace, struct replay_tunables *tunables,
                       struct mmr_error *err) MMR_MUST_CHECK;

#endif
