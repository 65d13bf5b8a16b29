/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * khugepaged as a simulated thread.
 *
 * A round begins when the recorded one's first did, and then thp.khugepaged.scan_sleep_millisecs after the one before has
 * ended; where there was no address space to go through, as soon as there is one. Where it finds no huge page it
 * sleeps for thp.khugepaged.alloc_sleep_millisecs. An area takes as long as the cost model says for the entries looked at and
 * the pages copied; compaction and reclaim for a huge page take their time as in any task.
 *
 * Follows khugepaged(), khugepaged_wait_work(), khugepaged_alloc_sleep() of v6.12.
 */
#include "replay_state.h"

#define NS_PER_MS UINT64_C(1000000)

void replay_khugepaged_init(struct replay *replay, const struct replay_config *config)
{
	uint64_t sleep_ns = config->tunables->value[REPLAY_TUNABLE_SCAN_SLEEP] * NS_PER_MS;

	replay->khugepaged.due_ns = config->start->khugepaged_ns;
	/* It slept all the time, if there was something to do. */
	if (replay->khugepaged.due_ns == 0 || replay->khugepaged.due_ns < replay->start_ns)
		replay->khugepaged.due_ns = replay->start_ns + sleep_ns;
}

uint64_t replay_khugepaged_due(const struct replay *replay)
{
	if (replay->khugepaged.busy || replay->seeding || !mm_khugepaged_has_work(replay->machine))
		return REPLAY_NEVER;
	return replay->khugepaged.due_ns;
}

/* It runs on a stack of its own, as it may have to wait. */
void replay_khugepaged_run(struct replay *replay)
{
	const struct demand_op op = { .t_ns = replay->now_ns,
		                      .kind = REPLAY_OP_KHUGEPAGED,
		                      .page = DEMAND_NO_PAGE,
		                      .cpu = (uint16_t)((replay->cpu + 1u) % replay->nr_cpus) };

	replay->khugepaged.busy = true;
	replay_submit(replay, &op);
}

static uint64_t cost_ns(struct replay *replay)
{
	const struct mm_khugepaged *k = mm_khugepaged(replay->machine);
	uint64_t ns = (k->nr_ptes - replay->khugepaged.nr_ptes) * replay->cost.walk_ns +
	              (k->nr_copied - replay->khugepaged.nr_copied) * replay->cost.copy_ns;

	replay->khugepaged.nr_ptes = k->nr_ptes;
	replay->khugepaged.nr_copied = k->nr_copied;
	return ns;
}

void replay_khugepaged_step(struct replay *replay, const struct demand_op *op)
{
	const uint64_t *value = replay->tunables.value;
	uint64_t rest_ns = 0;

	switch (mm_khugepaged_step(replay->machine, op->cpu)) {
	case MM_KHUGEPAGED_DONE:
		rest_ns = replay_rest_ns(value[REPLAY_TUNABLE_SCAN_SLEEP] * NS_PER_MS);
		break;
	case MM_KHUGEPAGED_RESTS:
		rest_ns = replay_rest_ns(value[REPLAY_TUNABLE_ALLOC_SLEEP] * NS_PER_MS);
		break;
	case MM_KHUGEPAGED_WORKED:
		break;
	}
	/* Time always goes on. */
	replay->khugepaged.due_ns = replay->now_ns + cost_ns(replay) + rest_ns + 1;
	replay->khugepaged.busy = false;
	replay_simtime_writes(replay);
}
