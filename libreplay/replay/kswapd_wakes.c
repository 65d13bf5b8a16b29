/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The wakes of the recorded kswapd, and whether others could ask for more before it had a CPU.
 *
 * That is the scheduler's doing, and goes by who else wants which CPU at that instant, as kswapd's pace does (pace.c):
 * kswapd that takes the CPU of who wakes it runs for the zone that this one asked for, kswapd that waits hears of others,
 * too. So a wake of the replay goes as the recorded one that is nearest in time. How long kswapd waits is drawn, even so:
 * there are few wakes, and those of the replay are at other instants.
 *
 * State: 16 bytes a wake, at most MAX_WAKES of them, in time order; looked up by halves.
 *
 * Not modelled: that kswapd is woken by another task, on another CPU, than in the recording.
 */
#include "kswapd_wakes.h"

#define MAX_WAKES 65536
#define NEAR_NS   UINT64_C(1000000000)

void replay_wakes_add(struct replay_wake_vec *wakes, const struct replay_wake *wake)
{
	if (wakes->count < MAX_WAKES)
		(void)replay_wake_vec_push(wakes, *wake);
}

static uint64_t distance(const struct replay_wake *wake, uint64_t t_ns)
{
	return wake->woken_ns > t_ns ? wake->woken_ns - t_ns : t_ns - wake->woken_ns;
}

/* The first that is not before t_ns. */
static size_t find_wake(const struct replay_wake_vec *wakes, uint64_t t_ns)
{
	size_t low = 0, high = wakes->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (wakes->items[middle].woken_ns < t_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct replay_wake *replay_wakes_near(const struct replay_wake_vec *wakes, uint32_t node,
                                            uint64_t t_ns)
{
	const struct replay_wake *best = NULL, *wake;
	size_t first = find_wake(wakes, t_ns);

	for (size_t i = first; i < wakes->count; i++) {
		wake = &wakes->items[i];
		if (wake->node != node && distance(wake, t_ns) <= NEAR_NS)
			continue;
		if (distance(wake, t_ns) <= NEAR_NS)
			best = wake;
		break;
	}
	for (size_t i = first; i > 0; i--) {
		wake = &wakes->items[i - 1];
		if (distance(wake, t_ns) > (best ? distance(best, t_ns) : NEAR_NS))
			break;
		if (wake->node == node)
			return wake;
	}
	return best;
}
