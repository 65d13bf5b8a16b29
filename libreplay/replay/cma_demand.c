/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ranges of CMA areas that the demand wants: the engine has them or not, whatever became of them in the recording.
 *
 * A range that the recording had is the engine's until it is given back there; one that it did not have is asked for all the
 * same, and given back at once. What is given back while the engine still waits for it is given back as soon as it is had. Where a
 * range lies is the engine's business.
 *
 * The user's pool of hugetlb pages of 1 GiB takes the place of what the recording took of hugetlb's areas.
 */
#include "replay_state.h"

#include "gfp.h"

/* How far ahead of all numbers seen so far a new one may be: they are promised to be dense. */
#define DENSE_SLACK 4096

#define HUGETLB_UNIT_ORDER 9 /* HUGETLB_PAGE_ORDER: see hugetlb_cma_reserve() */

void replay_cma_seed(struct replay *replay, const struct replay_start *start)
{
	for (uint32_t i = 0; i < start->nr_cma_areas; i++) {
		const struct replay_cma_area *area = &start->cma_areas[i];
		uint32_t number =
			mm_seed_cma_area(replay->machine, area->start, area->nr,
		                         area->hugetlb ? HUGETLB_UNIT_ORDER : 0, area->hugetlb);

		if (number == replay->nr_cma_areas)
			replay->cma_areas[replay->nr_cma_areas++] = *area;
	}
}

static struct replay_cma_range *range_of(struct replay *replay, uint32_t number)
{
	struct replay_cma_range_vec *ranges = &replay->cma_ranges;

	if (number == 0 || number > ranges->count + DENSE_SLACK)
		return NULL;
	while (ranges->count < number)
		if (replay_cma_range_vec_push(ranges, (struct replay_cma_range){ .pfn = MM_NONE }) <
		    0)
			return NULL;
	return &ranges->items[number - 1];
}

static bool is_users(const struct replay *replay, uint32_t area)
{
	return replay->cma_areas[area].hugetlb &&
	       replay->tunables.source[REPLAY_TUNABLE_NR_GIGANTIC] == REPLAY_TUNABLE_SET;
}

static void give_back(struct replay *replay, struct replay_cma_range *range)
{
	mm_cma_release(replay->machine, range->area, range->pfn, range->nr);
	range->pfn = MM_NONE;
}

static void ask(struct replay *replay, const struct demand_op *op)
{
	const struct mm_request request = { .gfp_flags = MM_GFP_KERNEL,
		                            .task = op->task,
		                            .space = replay_oom_space(replay, op->task),
		                            .cpu = op->cpu };
	uint32_t number = op->arg & DEMAND_CMA_MASK, area = 0, pfn;
	struct replay_cma_range *range = range_of(replay, number);

	while (area < replay->nr_cma_areas && replay->cma_areas[area].key != op->gfp_flags)
		area++;
	if (!range || range->asked || area == replay->nr_cma_areas || is_users(replay, area)) {
		replay->stats.nr_dropped++;
		return;
	}
	range->asked = true;
	pfn = mm_cma_alloc(replay->machine, &request, area, op->arg2, op->arg >> DEMAND_CMA_SHIFT);
	/* It may have waited, and others may have asked meanwhile. */
	range = &replay->cma_ranges.items[number - 1];
	range->area = area;
	range->nr = op->arg2;
	range->pfn = pfn;
	if (range->released && pfn != MM_NONE)
		give_back(replay, range);
}

void replay_cma_op(struct replay *replay, const struct demand_op *op)
{
	struct replay_cma_range *range;

	if (op->kind == DEMAND_CMA_ALLOC) {
		ask(replay, op);
		return;
	}
	range = range_of(replay, op->arg);
	if (!range)
		return;
	range->released = true;
	if (range->pfn != MM_NONE)
		give_back(replay, range);
}
