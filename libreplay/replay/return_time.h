/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long after their eviction pages came back in the recording: see return_time.c. */
#ifndef REPLAY_RETURN_TIME_H
#define REPLAY_RETURN_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "rng.h"

#define REPLAY_RETURN_BINS  128u /* four to each doubling of the time */
#define REPLAY_RETURN_NEVER UINT32_MAX

/* Zeroed at first. */
struct replay_return_time {
	uint64_t nr_back[REPLAY_RETURN_BINS];
	uint64_t nr_gone[REPLAY_RETURN_BINS];
	uint32_t out
		[REPLAY_RETURN_BINS]; /* share of 2^32 that is still out at the end of each bin */
};

/* A page was out for so many ticks, and came back, or was seen no longer (freed, or the end of the trace). */
void replay_return_note(struct replay_return_time *times, uint32_t ticks, bool back);
/* No more. */
void replay_return_seal(struct replay_return_time *times);
/* After how many ticks a page that is evicted now comes back. */
uint32_t replay_return_draw(const struct replay_return_time *times, struct rng *rng);

#endif
