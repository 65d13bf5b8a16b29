/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kcompactd as a simulated thread, and the stalls of those who compact themselves.
 *
 * kcompactd does a pageblock at a time; that takes the CPU time that the cost model gives for what it scanned
 * and moved, stretched by kcompactd.cpu. Woken, it needs as long as kswapd to get a CPU; asleep, it looks around
 * every HZ/2, when the recorded one did, or by kcompactd.timeout. Direct compaction takes the task that needed it as
 * long, a pageblock at a time, and others go on in between.
 */
#include "replay_state.h"

/* The recorded kcompactd's first look at t_ns or later; REPLAY_NEVER: there was none. */
static uint64_t look_from(const struct replay *replay, uint64_t t_ns)
{
	size_t low = 0, high = replay->nr_looks;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (replay->looks[middle] < t_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low < replay->nr_looks ? replay->looks[low] : REPLAY_NEVER;
}

/*
 * Asleep from t_ns on, when it looks around: as the recorded one did, whose timer is not quite regular, if that is
 * about half a second later.
 */
static uint64_t next_look(const struct replay *replay, uint64_t t_ns)
{
	uint64_t period_ns = replay->kcompactd_timeout_ns;
	uint64_t look_ns = look_from(replay, t_ns + period_ns * 9 / 10);

	return look_ns < t_ns + period_ns * 11 / 10 ? look_ns : t_ns + period_ns;
}

void replay_compactor_init(struct replay *replay, const struct replay_config *config)
{
	const struct replay_start *start = config->start;
	const uint8_t *source = config->tunables->source;
	const uint64_t *value = config->tunables->value;
	uint64_t period_ns = value[REPLAY_TUNABLE_KCOMPACTD_TIMEOUT];
	uint64_t timer_ns =
		config->start->reference.first_ns + value[REPLAY_TUNABLE_KCOMPACTD_PHASE];

	if (timer_ns < replay->start_ns)
		timer_ns += (replay->start_ns - timer_ns + period_ns - 1) / period_ns * period_ns;
	replay->kcompactd_timeout_ns = period_ns;
	/* Unless the user wants others. */
	if (source[REPLAY_TUNABLE_KCOMPACTD_TIMEOUT] != REPLAY_TUNABLE_SET &&
	    source[REPLAY_TUNABLE_KCOMPACTD_PHASE] != REPLAY_TUNABLE_SET) {
		replay->looks = start->looks;
		replay->nr_looks = start->nr_looks;
	}
	if (look_from(replay, replay->start_ns) < timer_ns + period_ns)
		timer_ns = look_from(replay, replay->start_ns);
	for (uint32_t n = 0; n < MM_MAX_NODES; n++)
		replay->kcompactd[n].timer_ns = timer_ns;
}

/* Woken, it goes to a CPU that is idle: where it was, but not where the task is that woke it. */
static void choose_cpu(const struct replay *replay, struct replay_compactor *thread)
{
	if (thread->cpu == replay->cpu)
		thread->cpu = (uint16_t)((thread->cpu + 1) % replay->nr_cpus);
}

uint64_t replay_compactor_due(const struct replay *replay, uint32_t n)
{
	const struct replay_compactor *thread = &replay->kcompactd[n];

	return mm_kcompactd_runnable(replay->machine, n) ? thread->ready_ns : thread->timer_ns;
}

void replay_compactor_run(struct replay *replay, uint32_t n)
{
	struct replay_compactor *thread = &replay->kcompactd[n];
	uint64_t cost_ns;

	/* A run need not come to a zone, so compact_begin() may not be called. */
	if (!mm_kcompactd_is_running(replay->machine, n))
		thread->seen = (struct replay_compact_seen){ 0 };
	if (!mm_kcompactd_runnable(replay->machine, n)) {
		thread->ready_ns = thread->timer_ns;
		thread->timer_ns = next_look(replay, thread->timer_ns);
		mm_kcompactd_timeout(replay->machine, n);
		thread->awake = mm_kcompactd_runnable(replay->machine, n);
		choose_cpu(replay, thread);
		return;
	}
	if (!thread->awake && thread->ready_ns < replay->now_ns) {
		thread->awake = true;
		choose_cpu(replay, thread);
		thread->ready_ns = replay->now_ns + replay->cost.kswapd_latency_ns;
		if (replay->cost.kswapd_latency_ns > 0)
			return;
	}
	mm_kcompactd_step(replay->machine, n, thread->cpu);
	cost_ns = replay_cost_compact(&replay->cost, mm_kcompactd_control(replay->machine, n),
	                              &thread->seen);
	cost_ns = cost_ns * 100 / replay->cost.kcompactd_percent;
	/* A step without anything to do still took a moment: time always goes on. */
	thread->ready_ns += cost_ns > 0 ? cost_ns : 1;
	thread->awake = mm_kcompactd_runnable(replay->machine, n);
	thread->timer_ns = next_look(replay, thread->ready_ns);
	replay_simtime_writes(replay);
}

/* ---- hooks ---- */

static void compact_begin(void *data, const struct mm_compact_control *cc,
                          const struct mm_request *request)
{
	struct replay *replay = data;
	struct replay_compactor *thread;

	if (request) {
		replay->worker->compact_begin_ns = replay->now_ns;
		replay->worker->compact_seen = (struct replay_compact_seen){ 0 };
		return;
	}
	thread = &replay->kcompactd[mm_zone_at(replay->machine, cc->zone)->node];
	thread->begin_ns = thread->ready_ns;
	thread->seen = (struct replay_compact_seen){ 0 };
}

static void compact_turn(void *data, const struct mm_compact_control *cc)
{
	struct replay *replay = data;

	replay_sleep(replay, replay_cost_compact(&replay->cost, cc, &replay->worker->compact_seen));
}

static void compact_end(void *data, const struct mm_compact_control *cc,
                        const struct mm_request *request, enum mm_compact_result result)
{
	struct replay *replay = data;
	const struct replay_compactor *thread =
		&replay->kcompactd[mm_zone_at(replay->machine, cc->zone)->node];
	struct replay_compaction compaction = {
		.begin_ns = request ? replay->worker->compact_begin_ns : thread->begin_ns,
		.end_ns = request ? replay->now_ns : thread->ready_ns,
		.task = request ? request->task : 0,
		.gfp_flags = request ? request->gfp_flags : 0,
		.nr_migrate_scanned = cc->total_migrate_scanned,
		.nr_free_scanned = cc->total_free_scanned,
		.nr_migrated = cc->nr_migrated,
		.nr_failed = cc->nr_failed,
		.order = cc->order,
		.kcompactd = !request,
		.sync = cc->mode != MM_MIGRATE_ASYNC,
		.result = (uint8_t)result,
	};

	if (replay->hooks.compaction)
		replay->hooks.compaction(replay->hooks.data, &compaction);
}

void replay_compactor_hooks(struct mm_hooks *hooks)
{
	hooks->compact_begin = compact_begin;
	hooks->compact_turn = compact_turn;
	hooks->compact_end = compact_end;
}
