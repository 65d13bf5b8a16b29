/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tasks that wait in the middle of what they do, and what goes on meanwhile.
 *
 * An op that has to wait (in direct reclaim, for a write, for the exit of a victim) stops where it is, as the task in the
 * kernel does; the ops of other tasks, kswapd, the devices go on until its time has come. So an op needs a stack of
 * its own, and there is a pool of them, the workers. All of them do the same: take the next op or what is due first,
 * do it, and so on. Who has to wait leaves that to another, and who finds that it is a sleeper's turn leaves it to
 * him and is idle. As long as nobody waits one worker does everything, and nothing is switched.
 *
 * Open timing: an op comes at its time in the recording, unless its task still waits, or somebody has in hand what it
 * names (pending.c); then it follows at once. There is no time between the ops of a task but that of the recording.
 *
 * Follows schedule() in so far as it matters here. Not modelled: CPUs: as many tasks run at a time as like to.
 */
#include "alloc.h"
#include "error_set.h"
#include "replay_state.h"

static void fail(struct replay *replay)
{
	if (replay->input.code == 0)
		replay->input.code = base_error(replay->input.err, MMR_E_NOMEM,
		                                "no memory for another task that waits");
}

static struct replay_worker *pop(struct replay_worker **list)
{
	struct replay_worker *worker = *list;

	if (worker)
		*list = worker->next;
	return worker;
}

static void switch_to(struct replay *replay, struct replay_worker *next)
{
	struct replay_worker *worker = replay->worker;

	replay->worker = next;
	base_fiber_switch(worker ? worker->fiber : &replay->caller,
	                  next ? next->fiber : &replay->caller);
}

static void become_idle(struct replay *replay, struct replay_worker *next)
{
	replay->worker->next = replay->idle;
	replay->idle = replay->worker;
	switch_to(replay, next);
}

static void run_op(struct replay *replay, const struct demand_op *op, uint32_t pending)
{
	const struct mm_current afresh = { 0 };
	struct replay_worker *worker = replay->worker;

	mm_switch(replay->machine, &afresh);
	worker->op = *op;
	worker->pending = pending;
	worker->slept_ns = 0;
	replay_execute(replay, &worker->op);
	if (worker->pending != REPLAY_NO_OP)
		replay_pending_done(&replay->pending, worker->pending);
	worker->pending = REPLAY_NO_OP;
}

/* What a worker does all its life. */
static void work(void *data)
{
	struct replay *replay = data;

	for (;;) {
		uint32_t ready = replay_pending_next(&replay->pending);

		if (ready != REPLAY_NO_OP)
			run_op(replay, replay_pending_op(&replay->pending, ready), ready);
		else if (!replay_input_next(replay))
			become_idle(replay, NULL);
	}
}

static struct replay_worker *idle_worker(struct replay *replay)
{
	struct replay_worker *worker = pop(&replay->idle);

	if (worker)
		return worker;
	worker = base_calloc(1, sizeof(*worker));
	if (!worker)
		return NULL;
	worker->replay = replay;
	worker->pending = REPLAY_NO_OP;
	if (base_fiber_create(work, replay, &worker->fiber, NULL) < 0) {
		base_free(worker);
		return NULL;
	}
	return worker;
}

void replay_sleep(struct replay *replay, uint64_t ns)
{
	const struct mm_current nobody = { 0 };
	struct replay_worker *worker = replay->worker, **at = &replay->sleepers, *other;
	struct mm_current current;

	replay_simtime_writes(replay);
	if (ns == 0 || replay->input.code < 0)
		return;
	if (worker->pending == REPLAY_NO_OP &&
	    replay_pending_add(&replay->pending, &worker->op, 0, &worker->pending) < 0) {
		fail(replay);
		return;
	}
	other = idle_worker(replay);
	if (!other) {
		fail(replay);
		return;
	}
	worker->slept_ns += ns;
	worker->wake_ns = replay->now_ns + ns;
	while (*at && (*at)->wake_ns <= worker->wake_ns)
		at = &(*at)->next;
	worker->next = *at;
	*at = worker;
	current = mm_switch(replay->machine, &nobody);
	switch_to(replay, other);
	mm_switch(replay->machine, &current);
}

uint64_t replay_worker_due(const struct replay *replay)
{
	return replay->sleepers ? replay->sleepers->wake_ns : REPLAY_NEVER;
}

void replay_worker_wake(struct replay *replay)
{
	become_idle(replay, pop(&replay->sleepers));
}

void replay_submit(struct replay *replay, const struct demand_op *op)
{
	struct replay_task_stat *stat = &replay->tasks.items[op->task];
	uint32_t leaves = 0, number;

	if (op->kind == DEMAND_TASK_START || op->kind == DEMAND_TASK_EXIT ||
	    op->kind == DEMAND_TASK_SPACE) {
		leaves = stat->next_key;
		stat->next_key = op->kind == DEMAND_TASK_SPACE ? op->arg : 0;
	}
	if (replay->pending.nr == 0 || !replay_pending_blocks(&replay->pending, op, leaves))
		run_op(replay, op, REPLAY_NO_OP);
	else if (replay_pending_add(&replay->pending, op, leaves, &number) < 0)
		fail(replay);
}

int replay_workers_run(struct replay *replay, struct mmr_error *err)
{
	struct replay_worker *worker = idle_worker(replay);

	if (!worker)
		return base_error(err, MMR_E_NOMEM, "no memory for a task");
	replay->input.err = err;
	switch_to(replay, worker);
	return replay->input.code;
}

static void destroy_list(struct replay_worker *worker)
{
	while (worker) {
		struct replay_worker *next = worker->next;

		base_fiber_destroy(worker->fiber);
		base_free(worker);
		worker = next;
	}
}

void replay_workers_destroy(struct replay *replay)
{
	destroy_list(replay->idle);
	destroy_list(replay->sleepers);
	replay_pending_deinit(&replay->pending);
}
