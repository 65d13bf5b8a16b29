/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kswapd as a simulated thread, and the stalls of those who reclaim themselves.
 *
 * kswapd does a batch at a time; a batch takes the CPU time that the cost model gives for what it scanned,
 * at the pace of the recorded kswapd (pace.c; where the user has set it, at kswapd.cpu), and only then may the next one
 * begin. Woken, it needs kswapd.latency to get a CPU, now longer and now shorter, as in the recording; what others ask for
 * meanwhile is part of its run, but not where it had the CPU too soon for that, as in the recording. While it
 * naps it looks again after HZ/10; awake it is from the first of its runs until it sleeps, naps included. Direct reclaim takes its task as long, with the pauses that the recording has for as much
 * work (pause.c;
 * without them, or where the user has set it, stretched by direct.stretch), and it waits after each batch: other tasks,
 * kswapd and the devices go on in between (worker.c).
 *
 * Not modelled: the scheduler: who is on which CPU, and that pauses come together where one task is in the way of another.
 */
#include "replay_state.h"

#include "kswapd.h"
#include "kswapd_wakes.h"
#include "recorded_residence.h"

#define NAP_NS  UINT64_C(100000000)
#define LOOK_NS UINT64_C(50000) /* who waits for kswapd is woken at once: looked for this often */

uint64_t replay_kthread_due(const struct replay *replay, uint32_t n)
{
	const struct replay_kthread *thread = &replay->kswapd[n];

	if (mm_kswapd_runnable(replay->machine, n))
		return thread->ready_ns;
	return thread->nap_end_ns;
}

static uint64_t draw(struct replay *replay, const struct replay_spread *spread)
{
	return spread->nr > 0 ? spread->percent[base_rng_below(&replay->rng, spread->nr)] : 100;
}

static uint64_t when_done(const struct replay *replay, uint32_t n, uint64_t begin_ns,
                          uint64_t work_ns)
{
	uint64_t percent = replay->cost.kswapd_percent;

	if (!replay->kswapd_pace)
		return begin_ns + work_ns * 100 / percent;
	return replay_pace_end(replay->kswapd_pace, n, begin_ns, work_ns, percent);
}

/*
 * Of how soon kswapd has a CPU, from the quickest on. The nearest wake for a lower zone tells whether it is among the
 * quickest (kswapd_wakes.c); where none does, that is left to chance.
 */
static uint32_t draw_rank(struct replay *replay, uint32_t n, uint8_t zone, uint32_t nr_alone)
{
	const struct replay_wake *near = replay_wakes_near(replay->kswapd_wakes, n, replay->now_ns);
	uint32_t nr = replay->wakes->nr, rank = base_rng_below(&replay->rng, nr);

	if (zone >= MM_ZONE_NORMAL || !near || near->asked >= MM_ZONE_NORMAL)
		return rank;
	if (near->told != near->asked)
		return nr_alone + base_rng_below(&replay->rng, nr - nr_alone);
	return nr_alone > 0 ? base_rng_below(&replay->rng, nr_alone) : 0;
}

/*
 * Woken by an op: not before that op, and not before it has got a CPU. Where that is quickest, nobody has asked for
 * higher zones meanwhile; where kswapd is woken for all of them, others can ask for no more.
 */
static void get_cpu(struct replay *replay, uint32_t n)
{
	const struct replay_spread *wakes = replay->wakes;
	uint8_t zone = mm_kswapd_asked_zoneidx(replay->machine, n);
	uint64_t latency_ns = replay->cost.kswapd_latency_ns;
	uint32_t nr_alone = 0, rank = 0;

	if (wakes->nr > 0) {
		if (zone < MM_ZONE_NORMAL)
			nr_alone = replay->alone_percent[zone] * wakes->nr / 100;
		rank = draw_rank(replay, n, zone, nr_alone);
		latency_ns = latency_ns * wakes->percent[rank] / 100;
	}
	replay->kswapd[n].ready_ns = replay->now_ns + latency_ns;
	if (rank < nr_alone)
		mm_kswapd_take_request(replay->machine, n);
}

/* It is on the CPU that it had in the recording, as far as its queue of the swap device goes. */
static void set_write_cpu(struct replay *replay, uint32_t n)
{
	uint32_t cpu = replay->kswapd_cpus ? replay_kswapd_cpu(replay->kswapd_cpus, n,
	                                                       replay->kswapd[n].ready_ns)
	                                   : REPLAY_KSWAPD_NO_CPU;

	if (cpu != REPLAY_KSWAPD_NO_CPU)
		mm_kswapd_set_write_cpu(replay->machine, n, (uint16_t)(cpu % replay->nr_cpus));
}

static void put_awake(struct replay *replay, struct replay_kthread *thread, uint64_t end_ns)
{
	thread->awake.end_ns = end_ns;
	if (replay->hooks.reclaim)
		replay->hooks.reclaim(replay->hooks.data, &thread->awake);
	thread->is_awake = false;
}

void replay_kthread_run(struct replay *replay, uint32_t n)
{
	struct replay_kthread *thread = &replay->kswapd[n];
	const struct mm_scan_control *sc = mm_kswapd_scan_control(replay->machine, n);
	uint64_t now_ns, cost_ns;

	if (!mm_kswapd_runnable(replay->machine, n)) {
		now_ns = thread->nap_end_ns;
		thread->nap_end_ns = REPLAY_NEVER;
		mm_kswapd_nap_over(replay->machine, n);
		if (!mm_kswapd_runnable(replay->machine, n))
			put_awake(replay, thread, now_ns);
		if (thread->ready_ns < now_ns)
			thread->ready_ns = now_ns;
		return;
	}
	if (thread->ready_ns < replay->now_ns && !thread->running) {
		get_cpu(replay, n);
		if (thread->ready_ns > replay->now_ns)
			return;
	}
	now_ns = thread->ready_ns;
	thread->nap_end_ns = REPLAY_NEVER;
	set_write_cpu(replay, n);
	switch (mm_kswapd_step(replay->machine, n)) {
	case MM_KSWAPD_BLOCKED:
		thread->ready_ns = replay_simtime_write_ns(replay);
		if (thread->ready_ns == REPLAY_NEVER)
			thread->ready_ns = now_ns + replay->jiffy_ns;
		return;
	case MM_KSWAPD_NAPPING:
		thread->nap_end_ns = now_ns + NAP_NS;
		break;
	case MM_KSWAPD_IDLE:
	case MM_KSWAPD_WORKED:
		break;
	}
	cost_ns = replay_cost_reclaim(&replay->cost, sc, &thread->seen);
	thread->ready_ns = when_done(replay, n, now_ns, cost_ns);
	/* A batch that found nothing still took a moment: time always goes on. */
	if (thread->ready_ns <= now_ns + replay->cost.scan_ns)
		thread->ready_ns = now_ns + replay->cost.scan_ns + 1;
	replay_simtime_writes(replay);
}

/* ---- hooks ---- */

static uint64_t now_ns(void *data)
{
	const struct replay *replay = data;

	return replay->now_ns;
}

static void kswapd_begin(void *data, const struct mm_node *node)
{
	struct replay *replay = data;
	struct replay_kthread *thread = &replay->kswapd[node->id];

	thread->seen = (struct mm_scan_control){ 0 };
	thread->running = true;
	if (thread->is_awake)
		return;
	thread->is_awake = true;
	thread->awake = (struct replay_reclaim){
		.begin_ns = thread->ready_ns,
		.kind = REPLAY_RECLAIM_KSWAPD,
		.order = node->kswapd.alloc_order,
		.node = node->id,
	};
}

/* What a run has come to so far. */
static void add_run(struct replay_kthread *thread, const struct mm_scan_control *sc)
{
	thread->awake.nr_scanned += sc->told.nr_scanned;
	thread->awake.nr_reclaimed += sc->told.nr_reclaimed;
}

static void kswapd_end(void *data, const struct mm_node *node)
{
	struct replay *replay = data;
	struct replay_kthread *thread = &replay->kswapd[node->id];

	thread->running = false;
	add_run(thread, &node->kswapd.sc);
}

void replay_finish(struct replay *replay)
{
	for (uint32_t n = 0; n < mm_nr_nodes(replay->machine); n++) {
		struct replay_kthread *thread = &replay->kswapd[n];

		if (!thread->is_awake)
			continue;
		if (thread->running)
			add_run(thread, mm_kswapd_scan_control(replay->machine, n));
		thread->awake.goes_on = true;
		put_awake(replay, thread, replay->now_ns);
	}
}

static void direct_begin(void *data, const struct mm_request *request)
{
	struct replay *replay = data;

	(void)request;
	replay->worker->direct_begin_ns = replay->now_ns;
	replay->worker->seen = (struct mm_scan_control){ 0 };
	replay->worker->stretch_percent = (uint32_t)draw(replay, replay->stalls);
}

static void direct_batch(void *data, const struct mm_scan_control *sc)
{
	struct replay *replay = data;
	uint64_t cost_ns = replay_cost_reclaim(&replay->cost, sc, &replay->worker->seen);
	uint64_t stretched_ns =
		cost_ns * replay->cost.direct_percent / 100 * replay->worker->stretch_percent / 100;

	/* None takes less time than its work, however short the shortest is that was recorded. */
	if (replay->direct_pauses)
		cost_ns += replay_pause_draw(replay->direct_pauses, &replay->rng, cost_ns);
	else if (stretched_ns > cost_ns)
		cost_ns = stretched_ns;
	replay_sleep(replay, cost_ns);
}

static void direct_end(void *data, const struct mm_request *request,
                       const struct mm_scan_control *sc)
{
	struct replay *replay = data;
	struct replay_reclaim reclaim = {
		.begin_ns = replay->worker->direct_begin_ns,
		.task = request->task,
		.gfp_flags = request->gfp_flags,
		.nr_scanned = sc->told.nr_scanned,
		.nr_reclaimed = sc->nr_reclaimed,
		.kind = REPLAY_RECLAIM_DIRECT,
		.order = request->order,
		.migratetype = mm_request_migratetype(replay->machine, request),
		.node = sc->node,
	};

	direct_batch(data, sc);
	reclaim.end_ns = replay->now_ns;
	if (replay->hooks.reclaim)
		replay->hooks.reclaim(replay->hooks.data, &reclaim);
}

static void throttle(void *data, const struct mm_scan_control *sc, enum mm_throttle reason)
{
	struct replay *replay = data;
	struct replay_reclaim reclaim = {
		.begin_ns = replay->now_ns,
		.task = replay->worker->op.task,
		.kind = REPLAY_RECLAIM_THROTTLE,
		.order = sc->order,
		.gfp_flags = sc->gfp_flags,
		.node = sc->node,
	};
	uint64_t wait_ns = reason == MM_THROTTLE_PFMEMALLOC ? LOOK_NS : replay->jiffy_ns;

	uint64_t write_ns;

	replay_simtime_writes(replay);
	write_ns = replay->write_done_ns[mm_swap_queue(replay->machine,
	                                               mm_write_cpu(replay->machine, sc))];
	if (reason == MM_THROTTLE_WRITEBACK && write_ns > reclaim.begin_ns)
		wait_ns = write_ns - reclaim.begin_ns;
	replay_sleep(replay, wait_ns);
	mm_space_switched(replay->machine, replay_oom_space(replay, reclaim.task));
	reclaim.end_ns = replay->now_ns;
	if (reason == MM_THROTTLE_NOPROGRESS && replay->hooks.reclaim)
		replay->hooks.reclaim(replay->hooks.data, &reclaim);
}

static void alloc_failed(void *data, const struct mm_request *request, bool oom)
{
	struct replay *replay = data;
	struct replay_failure failure = {
		.t_ns = replay->now_ns,
		.task = request->task,
		.gfp_flags = request->gfp_flags,
		.order = request->order,
		.oom = oom,
	};

	replay->stats.nr_failures++;
	if (replay->hooks.failure)
		replay->hooks.failure(replay->hooks.data, &failure);
}

static void evicted(void *data, uint32_t page, bool file)
{
	struct replay *replay = data;

	replay_residence_evicted(replay->residence, page, file);
}

static void returned(void *data, uint32_t page, uint8_t order)
{
	struct replay *replay = data;

	for (uint32_t i = 0; i < 1u << order; i++)
		replay_residence_returned(replay->residence, replay->machine, page + i);
}

struct mm_hooks replay_kthread_hooks(struct replay *replay)
{
	struct mm_hooks hooks = {
		.data = replay,
		.now_ns = now_ns,
		.direct_reclaim_begin = direct_begin,
		.direct_reclaim_end = direct_end,
		.direct_reclaim_batch = direct_batch,
		.throttle = throttle,
		.kswapd_begin = kswapd_begin,
		.kswapd_end = kswapd_end,
		.alloc_failed = alloc_failed,
		.evicted = replay->residence ? evicted : NULL,
		.returned = replay->residence ? returned : NULL,
	};

	replay_compactor_hooks(&hooks);
	replay_oom_hooks(&hooks);
	return hooks;
}
