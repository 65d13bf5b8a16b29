/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kswapd's pace: how far it gets, and when.
 *
 * kswapd is a thread like others: it gets on as the scheduler lets it, which depends on who else wants its CPU
 * at that instant, not on what it has in hand. The recording tells how far it got from one batch to the next (pause.c).
 * Others run in the replay when they ran in the recording; so in the time of such a turn the replay's kswapd gets
 * on as far as the recorded one did, and stands still as long where that one waited for its CPU:
 *
 *	recorded   |--turn--|---------turn, half of it a pause---------|      asleep
 *	pace            1                      1/2                        kswapd.cpu
 *
 * Where the recorded kswapd slept nothing is known of the moment; there kswapd.cpu holds, which is of all its batches.
 * Nothing of this is left to chance. Where the turns are too few to tell how long kswapd's pauses are (pause.c) kswapd.cpu holds.
 *
 * State: 32 bytes a turn, in time order; at most 65,536 of them (pause.c joins more).
 *
 * Not modelled: where in a turn the pause was: it is slow all along; that who waits for kswapd's CPU gets it sooner
 * where kswapd sleeps in the replay and did not in the recording.
 */
#include "pace.h"

#include <stddef.h>

/* The first turn of the node that ends after t_ns. */
static const struct replay_pace_turn *find_turn(const struct replay_pace *pace, uint32_t node,
                                                uint64_t t_ns)
{
	uint32_t low = pace->first[node], high = pace->first[node + 1];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (pace->turns[middle].end_ns <= t_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return &pace->turns[low];
}

/* Works from *t_ns to end_ns, or until *work_ns is done, which takes own_ns for each done_ns of it. */
static void work_until(uint64_t *t_ns, uint64_t *work_ns, uint64_t end_ns, uint64_t done_ns,
                       uint64_t own_ns)
{
	double pace = own_ns > 0 ? (double)done_ns / (double)own_ns : 1;
	double possible_ns;

	if (*t_ns >= end_ns || *work_ns == 0)
		return;
	possible_ns = pace * (double)(end_ns - *t_ns);
	if ((double)*work_ns > possible_ns) {
		*work_ns -= (uint64_t)possible_ns;
		*t_ns = end_ns;
		return;
	}
	*t_ns += (uint64_t)((double)*work_ns / pace);
	*work_ns = 0;
}

uint64_t replay_pace_end(const struct replay_pace *pace, uint32_t node, uint64_t t_ns,
                         uint64_t work_ns, uint64_t percent)
{
	const struct replay_pace_turn *turn = find_turn(pace, node, t_ns);
	const struct replay_pace_turn *end = &pace->turns[pace->first[node + 1]];

	for (; turn < end && work_ns > 0; turn++) {
		work_until(&t_ns, &work_ns, turn->begin_ns, percent, 100);
		work_until(&t_ns, &work_ns, turn->end_ns, turn->work_ns, turn->own_ns);
	}
	return t_ns + work_ns * 100 / percent;
}
