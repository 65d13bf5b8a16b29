/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who sets the size of the hugetlb pool: the recording, page by page, or the user.
 *
 * Without vm.nr_hugepages of the user's the pool is as recorded: what was in it at the start, what was taken for it later (by the
 * same requests, which may get more or less here), what was given back. With it the pool has the user's size from the start on,
 * or from the time on that he says, and the recorded changes of it do not take place. What mappings wanted beyond the recorded
 * pool they get out of the user's, and only then from vm.nr_overcommit_hugepages.
 *
 * Pages of 1 GiB are the user's alone; they are taken first.
 */
#include "replay_state.h"

static bool is_set(const struct replay *replay, unsigned int id)
{
	return replay->tunables.source[id] == REPLAY_TUNABLE_SET;
}

void replay_hugetlb_init(struct replay *replay, const struct replay_config *config)
{
	replay->hugetlb_set = is_set(replay, REPLAY_TUNABLE_NR_HUGEPAGES);
	replay->hugetlb_due = replay->hugetlb_set || is_set(replay, REPLAY_TUNABLE_NR_GIGANTIC);
	replay->hugetlb_used = config->start->hugetlb_used;
}

void replay_hugetlb_changed(struct replay *replay, unsigned int id)
{
	replay->hugetlb_set |= id == REPLAY_TUNABLE_NR_HUGEPAGES;
	replay->hugetlb_due = true;
}

void replay_hugetlb_submit(struct replay *replay)
{
	const struct demand_op op = { .t_ns = replay->now_ns,
		                      .kind = REPLAY_OP_HUGETLB,
		                      .page = DEMAND_NO_PAGE,
		                      .cpu = replay->cpu };

	replay->hugetlb_due = false;
	replay_submit(replay, &op);
}

void replay_hugetlb_resize(struct replay *replay, const struct demand_op *op)
{
	const struct mm_request request = { .cpu = op->cpu };
	uint32_t count = (uint32_t)replay->tunables.value[REPLAY_TUNABLE_NR_HUGEPAGES];
	uint32_t gigantic = (uint32_t)replay->tunables.value[REPLAY_TUNABLE_NR_GIGANTIC];

	replay->stats.nr_gigantic_lacking =
		mm_hugetlb_set_gigantic(replay->machine, &request, gigantic);
	if (replay->hugetlb_set)
		replay->stats.nr_hugetlb_lacking =
			mm_hugetlb_set_pool(replay->machine, &request, count);
}

enum mm_touch_result replay_hugetlb_page(struct replay *replay, const struct demand_op *op,
                                         const struct mm_request *request)
{
	uint64_t most = replay->tunables.value[REPLAY_TUNABLE_NR_OVERCOMMIT_HUGEPAGES];

	if (op->arg & DEMAND_SURPLUS)
		return mm_hugetlb_take(replay->machine, request, op->page,
		                       is_set(replay, REPLAY_TUNABLE_NR_OVERCOMMIT_HUGEPAGES)
		                               ? (uint32_t)most
		                               : UINT32_MAX);
	if (!replay->hugetlb_set)
		return mm_hugetlb_add(replay->machine, request, op->page);
	replay->stats.nr_dropped++;
	return MM_TOUCH_FAILED;
}

void replay_hugetlb_failed(struct replay *replay, const struct mm_request *request)
{
	if (replay->hugetlb_set)
		replay->stats.nr_dropped++;
	else
		mm_hugetlb_try(replay->machine, request);
}
