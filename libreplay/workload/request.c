/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page requests of public traces: each is a read of a page of a file, whose number is the page's.
 *
 * Such traces tell the time in seconds or so, and a simulated machine works in between: the requests of
 * one tick are taken as coming at even distances within it.
 */
#include "workload.h"

/* How many requests from i on come in the same tick. */
static uint32_t run_length(const struct mmr_requests *requests, uint32_t i)
{
	uint32_t end = i + 1;

	while (end < requests->nr && requests->ticks[end] == 0)
		end++;
	return end - i;
}

void wl_requests(const struct mmr_requests *requests, struct demand_op *ops)
{
	uint64_t tick_begin_ns = requests->first_ns;

	for (uint32_t i = 0; i < requests->nr;) {
		uint32_t nr = run_length(requests, i);

		if (i > 0)
			tick_begin_ns += (uint64_t)requests->ticks[i] * requests->tick_ns;
		for (uint32_t k = 0; k < nr; k++)
			ops[i + k] = (struct demand_op){
				.t_ns = tick_begin_ns + (uint64_t)requests->tick_ns * k / nr,
				.page = requests->pages[i + k],
				.kind = DEMAND_FILE_TOUCH,
			};
		i += nr;
	}
}
