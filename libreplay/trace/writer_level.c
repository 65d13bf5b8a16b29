/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * On ring-buffer pages level 1 takes about 75 ns an event and leaves 6 bytes of 47; -1 and -2 take 5 and 15 %
 * less time and leave 6 and 17 % more; what is below -4 is hardly faster; not to compress at all takes a
 * third of the time and leaves eight times the bytes (tests/bench/bench_write). Level 3
 * takes 20 % longer for 0 to 2 % fewer bytes.
 *
 * A full queue loses nothing yet: the readers wait and the kernel's ring buffer fills. So the queue makes
 * compression a little faster, and only the kernel's buffer gives it up, when it is three quarters full.
 *
 * Going back is slow: a step after so many frames that found the queue empty behind them. Where that turns
 * out to be too early (the next frames fill it again) the number doubles, so that a load which one
 * level cannot carry does not make the level swing.
 */
#include "writer_level.h"

#include <zstd.h>

#define CALM_FIRST 32u
#define CALM_MOST  4096u

void trace_level_init(struct writer_level *l, int level)
{
	static const int faster[] = { 1, -1, -2, -4, -8, -16, -64 };
	uint32_t step = 0;

	*l = (struct writer_level){ .calm_needed = CALM_FIRST };
	for (uint32_t i = 0; i < MMR_WRITER_STEPS; i++)
		l->level[i] = ZSTD_minCLevel();
	l->level[step++] = level;
	for (size_t i = 0; i < sizeof(faster) / sizeof(faster[0]); i++)
		if (faster[i] < level && step < MMR_WRITER_STEPS - 1)
			l->level[step++] = faster[i];
}

static void need(struct writer_level *l, uint32_t step)
{
	l->calm = 0;
	if (step <= l->step)
		return;
	l->step = step;
	l->nr_lowered++;
	l->calm_needed = l->calm_needed < CALM_MOST ? l->calm_needed * 2 : CALM_MOST;
}

void trace_level_queue(struct writer_level *l, uint32_t per_mille)
{
	if (per_mille >= 500)
		need(l, per_mille >= 750 ? 2 : 1);
}

void trace_level_kernel(struct writer_level *l, uint32_t per_mille)
{
	if (per_mille >= 250)
		need(l, per_mille >= 750   ? MMR_WRITER_STEPS - 1
		        : per_mille >= 500 ? 3
		        : per_mille >= 375 ? 2
		                           : 1);
}

int trace_level_take(struct writer_level *l, bool idle)
{
	uint32_t step = l->step;

	l->frames[step]++;
	l->calm = idle ? l->calm + 1 : 0;
	if (l->calm < l->calm_needed)
		return l->level[step];
	l->calm = 0;
	if (step > 0)
		l->step--;
	else
		l->calm_needed = CALM_FIRST;
	return l->level[step];
}
