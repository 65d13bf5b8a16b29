/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events are lost when compression does not keep up for as long as the buffers last, so it becomes
 * faster while there is still room: each eighth of the queue above the half is worth a step. The last
 * step hardly compresses and is as fast as copying.
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
	static const int faster[] = { 1, -1, -4, -16, -64, -256 };
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
	step = step < MMR_WRITER_STEPS ? step : MMR_WRITER_STEPS - 1;
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
		need(l, per_mille / 125 - 3);
}

void trace_level_kernel(struct writer_level *l, uint32_t per_mille)
{
	if (per_mille >= 250)
		need(l, per_mille / 125 - 1);
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
