/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The distribution of the time from a page's eviction to its next use, as the recording has it: the estimate
 * of Kaplan and Meier, which does justice to pages that were freed, or still out when the trace ended, before
 * they could come back.
 *
 * Bias: the kernel evicts those that it takes to be the coldest, so pages that it kept come back sooner than
 * this.
 */
#include "return_time.h"

static uint32_t bin_of(uint32_t ticks)
{
	uint32_t doublings = ticks < 4 ? 0 : 31 - (uint32_t)__builtin_clz(ticks);

	return doublings < 2 ? ticks & 3 : 4 * doublings + ((ticks >> (doublings - 2)) & 3);
}

/* The first of the next bin. */
static uint64_t end_of(uint32_t bin)
{
	bin++;
	return bin < 8 ? bin : (uint64_t)(4 + (bin & 3)) << (bin / 4 - 2);
}

void replay_return_note(struct replay_return_time *times, uint32_t ticks, bool back)
{
	if (back)
		times->nr_back[bin_of(ticks)]++;
	else
		times->nr_gone[bin_of(ticks)]++;
}

void replay_return_seal(struct replay_return_time *times)
{
	uint64_t at_risk = 0;
	double out = 1;

	for (uint32_t i = 0; i < REPLAY_RETURN_BINS; i++)
		at_risk += times->nr_back[i] + times->nr_gone[i];
	for (uint32_t i = 0; i < REPLAY_RETURN_BINS; i++) {
		if (at_risk)
			out *= 1 - (double)times->nr_back[i] / (double)at_risk;
		times->out[i] = (uint32_t)(out * UINT32_MAX);
		at_risk -= times->nr_back[i] + times->nr_gone[i];
	}
}

uint32_t replay_return_draw(const struct replay_return_time *times, struct rng *rng)
{
	uint32_t chance = base_rng_below(rng, UINT32_MAX);
	uint64_t begin = 0, end;

	if (chance < times->out[REPLAY_RETURN_BINS - 1])
		return REPLAY_RETURN_NEVER;
	for (uint32_t i = 0; i < REPLAY_RETURN_BINS; i++) {
		if (chance >= times->out[i]) {
			if (i > 0)
				begin = end_of(i - 1);
			end = end_of(i);
			return (uint32_t)(begin + base_rng_below(rng, (uint32_t)(end - begin)));
		}
	}
	return REPLAY_RETURN_NEVER;
}
