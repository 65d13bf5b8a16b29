/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tasks and their address spaces in the free run, and what an OOM kill means to the demand.
 *
 * A victim asks for nothing from its kill on, nor does anybody it would have made; what it frees later has
 * gone already. It has its memory until it has exited (oom.exit after the kill), or until the reaper takes it,
 * REAPER_DELAY after the kill.
 *
 * Where the original killed somebody, its victim would have asked for more, and the trace does not tell for
 * how much. The task that found no memory is taken to go on asking until somebody is killed here too, up to
 * oom.beyond of the machine's memory. What it got is given back at once if nobody was.
 *
 * Follows queue_oom_reaper(), oom_reap_task() and exit_mmap() of v6.12.
 *
 * Not modelled: victims that cannot exit; that a kill sets others back who wait for the victim.
 */
#include "replay_state.h"

#include "alloc.h"
#include "error_set.h"
#include "gfp.h"

#define REAPER_DELAY_NS UINT64_C(2000000000) /* OOM_REAPER_DELAY, since v5.18 */

/* How far ahead of all numbers seen so far a new one may be: they are promised to be dense. */
#define DENSE_SLACK (1u << 20)

int replay_oom_check(const struct replay *replay, const struct demand_op *op, struct mmr_error *err)
{
	if (op->kind != DEMAND_TASK_SPACE)
		return 0;
	if (op->arg >= replay->nr_keys + DENSE_SLACK || op->arg2 >= replay->nr_keys + DENSE_SLACK)
		return base_error(err, MMR_E_CORRUPT,
		                  "a demand op of address spaces %u and %u after %u", op->arg,
		                  op->arg2, replay->nr_keys);
	return 0;
}

int replay_oom_room(struct replay *replay, uint32_t nr_new, struct mmr_error *err)
{
	size_t had = replay->keys.count, want = (size_t)replay->nr_keys + 1;

	/* One more, so that number 0 is there from the start. */
	if (mm_reserve_spaces(replay->machine, nr_new + 1, err) < 0)
		return MMR_E_NOMEM;
	if (want <= had)
		return 0;
	if (replay_key_vec_reserve(&replay->keys, want * 2) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for %zu address spaces", want);
	for (size_t i = had; i < want * 2; i++)
		replay->keys.items[i] = (struct replay_key){ 0 };
	replay->keys.count = want * 2;
	return 0;
}

uint32_t replay_oom_space(const struct replay *replay, uint32_t task)
{
	return replay->keys.items[replay->tasks.items[task].key].space;
}

/* ---- which task uses which ---- */

/* For the space next; 0: for none. */
static void leave(struct replay *replay, const struct demand_op *op, uint32_t next)
{
	uint32_t number = replay->tasks.items[op->task].key;
	struct replay_key *key = &replay->keys.items[number];

	replay->tasks.items[op->task].key = 0;
	if (number == 0 || --key->users > 0)
		return;
	if (replay->knows_tlb)
		replay_tlb_leave(replay, op, key->space, next);
	mm_space_end(replay->machine, key->space);
	*key = (struct replay_key){ 0 };
}

static void enter(struct replay *replay, const struct demand_op *op)
{
	struct replay_key *key = &replay->keys.items[op->arg];
	uint32_t like = replay->keys.items[op->arg2].space;

	if (op->arg != 0 && key->users++ == 0) {
		if (op->arg2 == 0)
			like = replay_oom_space(replay, op->task);
		key->space = mm_space_new(replay->machine, like, op->arg2 != 0);
		if (op->arg2 != 0 && key->space != 0)
			replay_mappings_fork(replay, key->space, like);
		if (op->arg2 != 0 && replay->knows_tlb)
			replay_tlb_fork(replay, op, like, key->space);
	}
	leave(replay, op, key->space);
	replay->tasks.items[op->task].key = op->arg;
}

/* Of those that were there before, the recorded sum has told. */
static void count_stack(struct replay *replay, const struct demand_op *op)
{
	if (op->kind == DEMAND_TASK_EXIT)
		mm_add_stacks(replay->machine, 0, -1);
	else if (op->arg != 0)
		mm_add_stacks(replay->machine, 0, 1);
}

void replay_oom_task(struct replay *replay, const struct demand_op *op)
{
	struct mm_machine *machine = replay->machine;

	if (op->task == 0)
		return;
	if (op->kind == DEMAND_TASK_START || op->kind == DEMAND_TASK_EXIT) {
		leave(replay, op, 0);
		count_stack(replay, op);
	}
	if (op->kind == DEMAND_TASK_SPACE)
		enter(replay, op);
	else if (op->kind == DEMAND_TASK_RSS)
		mm_space_set_before(machine, replay_oom_space(replay, op->task), op->arg);
	else if (op->kind == DEMAND_MAP || op->kind == DEMAND_UNMAP)
		replay_mappings_task(replay, op);
	else if (op->kind == DEMAND_TASK_FILES)
		mm_space_set_files(machine, replay_oom_space(replay, op->task), (int32_t)op->arg);
	else if (op->kind == DEMAND_TASK_LEAVES)
		mm_space_leave(machine, replay_oom_space(replay, op->task));
	else if (op->kind == DEMAND_TASK_ADJ)
		mm_space_set_adj(machine, replay_oom_space(replay, op->task), (int32_t)op->arg);
	if (op->kind == DEMAND_TASK_ADJ && op->arg2 == 1)
		mm_space_set_init(machine, replay_oom_space(replay, op->task));
}

bool replay_oom_drops(const struct replay *replay, const struct demand_op *op)
{
	return (op->kind < DEMAND_TASK_START || op->kind == DEMAND_PAGE_FAULT ||
	        op->kind == DEMAND_COLLAPSE || op->kind == DEMAND_FILE_AREA) &&
	       op->kind != DEMAND_FREE && op->kind != DEMAND_SLAB_FREE &&
	       mm_space_is_killed(replay->machine, replay_oom_space(replay, op->task));
}

void replay_oom_own(struct replay *replay, const struct demand_op *op)
{
	uint32_t space = replay_oom_space(replay, op->task);

	if (space == 0)
		return;
	if (op->kind == DEMAND_COW && op->arg2 != DEMAND_NO_PAGE)
		mm_space_copied(replay->machine, space, op->arg2);
	if (op->kind == DEMAND_KERNEL_ALLOC) {
		if (op->arg & DEMAND_PAGE_TABLE)
			mm_space_charge(replay->machine, space, op->page);
		return;
	}
	/* One page, or as many as there are in its place. */
	for (uint32_t i = 0; i < 1u << op->order; i++)
		mm_space_charge(replay->machine, space, op->page + i);
	/* It was killed for this very page, and has exited. */
	if (mm_space_is_reaped(replay->machine, space) &&
	    mm_lpage_is_known(replay->machine, op->page) && op->kind != DEMAND_FILE_TOUCH)
		mm_free_lpage(replay->machine, op->cpu, op->page);
}

/* ---- kills ---- */

uint64_t replay_oom_due(const struct replay *replay)
{
	return replay->victim != 0 ? replay->victim_exit_ns : REPLAY_NEVER;
}

void replay_oom_exit(struct replay *replay)
{
	uint32_t victim = replay->victim;

	replay->victim = 0;
	mm_space_reap(replay->machine, victim, 0);
}

static void oom_kill(void *data, const struct mm_oom_kill *kill)
{
	struct replay *replay = data;
	struct replay_oom_kill report = {
		.t_ns = replay->now_ns,
		.asked_by = kill->request->task,
		.oom_score_adj = kill->adj,
		.points = kill->points,
		.totalpages = kill->totalpages,
		.nr_anon = kill->nr_anon,
		.nr_files = kill->nr_files,
		.nr_shmem = kill->nr_shmem,
		.nr_swap = kill->nr_swap,
		.nr_tables = kill->nr_tables,
	};
	uint64_t delay_ns = replay->oom_exit_ns;

	if (replay->oom_reaper && delay_ns > REAPER_DELAY_NS)
		delay_ns = REAPER_DELAY_NS;
	/* Only with vm.oom_kill_allocating_task can there be one that has not exited. */
	if (replay->victim != 0)
		replay_oom_exit(replay);
	replay->victim = kill->space;
	replay->victim_exit_ns = report.t_ns + delay_ns;
	replay->stats.nr_kills++;
	for (uint32_t task = 1; task < replay->nr_tasks && report.task == 0; task++)
		if (replay_oom_space(replay, task) == kill->space)
			report.task = task;
	if (replay->hooks.oom_kill)
		replay->hooks.oom_kill(replay->hooks.data, &report);
}

static bool oom_wait(void *data, const struct mm_request *request)
{
	struct replay *replay = data;
	uint64_t now_ns = replay->now_ns;
	bool waits = replay->victim != 0;

	(void)request;
	replay_sleep(replay, waits && replay->victim_exit_ns > now_ns
	                             ? replay->victim_exit_ns - now_ns
	                             : replay->jiffy_ns);
	return waits;
}

void replay_oom_init(struct replay *replay, const struct replay_tunables *tunables)
{
	replay->oom_exit_ns = tunables->value[REPLAY_TUNABLE_OOM_EXIT];
	replay->oom_beyond_percent = tunables->value[REPLAY_TUNABLE_OOM_BEYOND];
	replay->oom_reaper = tunables->value[REPLAY_TUNABLE_KERNEL] >= MM_KERNEL(5, 18);
}

void replay_oom_hooks(struct mm_hooks *hooks)
{
	hooks->oom_kill = oom_kill;
	hooks->oom_wait = oom_wait;
}

void replay_oom_beyond(struct replay *replay, const struct demand_op *op)
{
	const struct mm_request request = {
		.gfp_flags = op->gfp_flags ? op->gfp_flags : MM_GFP_HIGHUSER_MOVABLE,
		.task = op->task,
		.space = replay_oom_space(replay, op->task),
		.cpu = op->cpu,
	};
	uint64_t limit = mm_managed_pages(replay->machine) * replay->oom_beyond_percent / 100;
	uint64_t nr_kills = replay->stats.nr_kills, nr = 0;

	if (op->arg >= replay->nr_tasks ||
	    mm_space_is_killed(replay->machine, replay_oom_space(replay, op->arg)) ||
	    request.space == 0)
		return;
	while (nr < limit && replay->stats.nr_kills == nr_kills &&
	       mm_hold_page(replay->machine, &request))
		nr++;
	replay->stats.nr_beyond += replay->stats.nr_kills > nr_kills ? nr : 0;
	mm_release_held(replay->machine, op->cpu);
}
