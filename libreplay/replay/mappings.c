/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What happens to the demand where overcommit refuses a mapping: its touches are dropped, and those of a child
 * whose fork was refused.
 *
 * Not modelled: what the program would have done instead; calls that populate a refused mapping, whose pages
 * do not say where they belong.
 */
#include "alloc.h"
#include "error_set.h"
#include "replay_state.h"

enum mapping_state {
	MAPPING_GRANTED,
	MAPPING_REFUSED,
	MAPPING_FREE, /* MAP_NORESERVE: not accounted */
};

/* How far ahead of all numbers seen so far a new one may be: they are promised to be dense. */
#define DENSE_SLACK (1u << 20)

int replay_mappings_check(struct replay *replay, const struct demand_op *op, struct mmr_error *err)
{
	if (op->kind != DEMAND_MAP || op->arg < replay->nr_mappings)
		return 0;
	if (op->arg > replay->nr_mappings + DENSE_SLACK)
		return base_error(err, MMR_E_CORRUPT, "a demand op of mapping %u after %u", op->arg,
		                  replay->nr_mappings);
	replay->nr_mappings = op->arg + 1;
	return 0;
}

int replay_mappings_room(struct replay *replay, struct mmr_error *err)
{
	size_t had = replay->mappings.count, want = replay->nr_mappings;

	if (want <= had)
		return 0;
	if (replay_mapping_vec_reserve(&replay->mappings, want * 2) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for %zu mappings", want);
	for (size_t i = had; i < want * 2; i++)
		replay->mappings.items[i] = (struct replay_mapping){ .state = MAPPING_GRANTED };
	replay->mappings.count = want * 2;
	return 0;
}

static void refuse(struct replay *replay, uint64_t nr_pages)
{
	replay->stats.nr_refused++;
	replay->stats.nr_refused_pages += nr_pages;
}

static void map(struct replay *replay, uint32_t space, const struct demand_op *op)
{
	uint8_t *state = &replay->mappings.items[op->arg].state;

	replay->mappings.items[op->arg].area = op->arg ? op->gfp_flags : 0;
	if (op->arg == 0) {
		mm_commit_before(replay->machine, space, op->arg2);
	} else if (op->order == 1 && !replay->strict_commit) {
		*state = MAPPING_FREE;
	} else if (!mm_commit(replay->machine, space, op->arg2)) {
		*state = MAPPING_REFUSED;
		refuse(replay, op->arg2);
	}
}

void replay_mappings_task(struct replay *replay, const struct demand_op *op)
{
	uint32_t space = replay_oom_space(replay, op->task);

	if (space == 0)
		return;
	if (op->kind == DEMAND_MAP)
		map(replay, space, op);
	else if (op->arg < replay->mappings.count &&
	         replay->mappings.items[op->arg].state == MAPPING_GRANTED)
		mm_uncommit(replay->machine, space, op->arg2);
}

void replay_mappings_fork(struct replay *replay, uint32_t space, uint32_t parent)
{
	uint64_t nr_pages = mm_space_committed(replay->machine, parent);

	if (mm_commit(replay->machine, space, nr_pages))
		return;
	refuse(replay, nr_pages);
	mm_space_refuse(replay->machine, space);
}

bool replay_mappings_drop(const struct replay *replay, const struct demand_op *op)
{
	uint32_t number;

	if (replay->stats.nr_refused == 0)
		return false;
	if (op->kind == DEMAND_COW)
		return op->arg2 != DEMAND_NO_PAGE && !mm_lpage_is_known(replay->machine, op->arg2);
	if (op->kind != DEMAND_ANON_TOUCH)
		return false;
	/* Of a page that is out the mapping is not told; it is unknown here only if it was dropped before. */
	if (op->arg & DEMAND_REFAULT && !mm_lpage_is_known(replay->machine, op->page))
		return true;
	number = op->arg >> DEMAND_MAPPING_SHIFT;
	return number < replay->mappings.count &&
	       replay->mappings.items[number].state == MAPPING_REFUSED;
}

uint32_t replay_mappings_area(const struct replay *replay, const struct demand_op *op)
{
	uint32_t number = op->arg >> DEMAND_MAPPING_SHIFT;

	return number < replay->mappings.count ? replay->mappings.items[number].area : 0;
}
