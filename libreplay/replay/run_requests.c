/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A replay of page requests: how many of them find their page in memory.
 *
 * A policy that is nothing but an order of pages gets a bare cache of exactly as many pages as memory was
 * given (mm/bare_cache.c), so that its hits are those of the textbook's algorithm and of other simulators.
 * The kernel's policies are inseparable from reclaim: they get a machine with one zone of that memory,
 * no swap, and every request is a file read; watermarks keep some of the memory free.
 */
#include <stdio.h>
#include <string.h>

#include <mmreplay/run.h>
#include <mmreplay/trace_requests.h>

#include "alloc.h"
#include "error_set.h"
#include "future.h"
#include "mm.h"
#include "policy_table.h"
#include "replay.h"
#include "run_private.h"
#include "run_runs.h"
#include "show_mem.h"
#include "workload.h"

#define PAGE_SHIFT 12
#define PIECE      2048u /* requests whose future is looked up at a time */

struct requests_run {
	struct mmr_trace *trace;
	const struct mmr_run_options *options;
	struct mmr_run_report *report;
	struct replay_tunables tunables;
	const struct mm_policy_ops *policy;
	struct replay_future *future; /* NULL: the policy does not ask */
	uint32_t nr_pages;            /* of memory */
	struct mm_machine *cache;     /* a bare cache, or */
	struct replay *replay;        /* a machine */
	struct mmr_zone_info zone; /* of the machine: the replay reads it and start until its end */
	struct replay_start *start;
	struct demand_op *ops; /* [MMR_MAX_REQUESTS], of the machine */
	uint64_t first_ns;
	uint64_t last_ns;
};

/* What is done with each frame of requests. */
typedef int (*take_fn)(struct requests_run *run, const struct mmr_requests *requests,
                       struct mmr_error *err);

static int read_all(struct requests_run *run, take_fn take, struct mmr_error *err)
{
	const struct mmr_run_options *options = run->options;
	struct mmr_requests requests;
	uint64_t done = 0;
	int more, code = mmr_trace_rewind(run->trace, err);

	while (code == 0 && (more = mmr_trace_next_requests(run->trace, &requests, err)) != 0) {
		code = more < 0 ? more : take(run, &requests, err);
		if (done == 0)
			run->first_ns = requests.first_ns;
		run->last_ns = requests.last_ns;
		done += requests.nr;
		if (code == 0 && options->progress &&
		    !options->progress(options->progress_data, done))
			code = base_error(err, MMR_E_BUSY, "interrupted; nothing was written");
	}
	if (code == 0 && done == 0)
		code = base_error(err, MMR_E_CORRUPT, "the trace has no requests");
	run->report->nr_requests = done;
	return code;
}

static int take_future(struct requests_run *run, const struct mmr_requests *requests,
                       struct mmr_error *err)
{
	return replay_future_pages(run->future, requests->pages, requests->nr, err);
}

static int look_ahead(struct requests_run *run, struct mmr_error *err)
{
	int code;

	if (!run->policy->wants_future)
		return 0;
	code = replay_future_create(&run->future, err);
	if (code == 0)
		code = read_all(run, take_future, err);
	if (code == 0)
		replay_future_seal(run->future);
	return code;
}

/* ---- a bare cache ---- */

static uint64_t run_pieces(struct requests_run *run, const struct mmr_requests *requests)
{
	uint64_t hits = 0, use = run->report->nr_events;

	for (uint32_t at = 0; at < requests->nr; at += PIECE) {
		uint32_t nr = requests->nr - at < PIECE ? requests->nr - at : PIECE;
		uint32_t next[PIECE];

		for (uint32_t i = 0; i < nr; i++)
			next[i] = replay_future_next(run->future, use++);
		hits += mm_cache_run(run->cache, requests->pages + at, next, nr);
	}
	return hits;
}

static int take_into_cache(struct requests_run *run, const struct mmr_requests *requests,
                           struct mmr_error *err)
{
	int code = mm_reserve_lpages(run->cache, requests->nr_pages, err);

	if (code < 0)
		return code;
	run->report->nr_hits +=
		run->future ? run_pieces(run, requests)
			    : mm_cache_run(run->cache, requests->pages, NULL, requests->nr);
	run->report->nr_events += requests->nr;
	return mm_status(run->cache, err);
}

static int run_cache(struct requests_run *run, struct mmr_error *err)
{
	int code =
		mm_cache_create(run->policy, run->nr_pages, run->options->seed, &run->cache, err);

	return code < 0 ? code : read_all(run, take_into_cache, err);
}

/* ---- a machine ---- */

static int build_machine(struct requests_run *run, uint64_t start_ns, struct mmr_error *err)
{
	struct replay_config config = { .tunables = &run->tunables,
		                        .policy = run->options->policy,
		                        .seed = run->options->seed,
		                        .future = run->future };

	run->zone = (struct mmr_zone_info){ .index = 2,
		                            .name = "Normal",
		                            .spanned = run->nr_pages,
		                            .present = run->nr_pages,
		                            .managed = run->nr_pages };
	run->start = base_calloc_err(1, sizeof(*run->start), "the machine", err);
	run->ops = base_calloc_err(MMR_MAX_REQUESTS, sizeof(*run->ops), "requests", err);
	if (!run->start || !run->ops)
		return MMR_E_NOMEM;
	run->start->zones = &run->zone;
	run->start->nr_zones = 1;
	run->start->nr_cpus = 1;
	run->start->start_ns = start_ns;
	config.start = run->start;
	return replay_create(&config, &run->replay, err);
}

static int take_into_machine(struct requests_run *run, const struct mmr_requests *requests,
                             struct mmr_error *err)
{
	int code = run->replay ? 0 : build_machine(run, requests->first_ns, err);

	if (code < 0)
		return code;
	wl_requests(requests, run->ops);
	run->report->nr_events += requests->nr;
	return replay_run(run->replay, run->ops, requests->nr, err);
}

static int run_machine(struct requests_run *run, struct mmr_error *err)
{
	const struct replay_task_stat *stat;
	uint64_t misses;
	int code = read_all(run, take_into_machine, err);

	if (code == 0)
		code = replay_advance(run->replay, run->last_ns, err);
	if (code < 0)
		return code;
	stat = replay_task_stat(run->replay, 0);
	misses = stat->nr_faults[REPLAY_FAULT_FILE] + replay_stats(run->replay)->nr_failures;
	run->report->nr_hits = run->report->nr_requests - misses;
	return 0;
}

/* ---- the run ---- */

static int read_settings(struct requests_run *run, struct mmr_error *err)
{
	const struct mmr_run_options *options = run->options;
	uint64_t pages;
	int code = 0;

	replay_tunables_init(&run->tunables);
	for (size_t i = 0; code == 0 && i < options->nr_settings; i++)
		code = replay_tunable_set(&run->tunables, options->settings[i], err);
	if (code < 0)
		return code;
	if (run->tunables.nr_changes > 0)
		return base_error(err, MMR_E_UNSUPPORTED,
		                  "page requests have no time: a setting cannot change");
	pages = run->tunables.value[REPLAY_TUNABLE_MEMORY] >> PAGE_SHIFT;
	if (pages == 0)
		return base_error(err, MMR_E_INVALID,
		                  "page requests say nothing of a machine: give its memory "
		                  "(--set memory=100000p, in pages, or --set memory=400M)");
	if (pages > UINT32_C(1) << 30)
		return base_error(err, MMR_E_LIMIT, "memory: too much");
	run->nr_pages = (uint32_t)pages;
	run->policy = policy_find(options->policy);
	return 0;
}

static void put_counters(struct requests_run *run, struct results_db *db, int64_t end_ns)
{
	const struct mm_machine *machine = replay_machine(run->replay);

	for (uint32_t i = 0; i < MM_NR_VMSTAT_ITEMS; i++) {
		results_put_vmstat(db, 0, mm_vmstat_name(i), 0);
		if (end_ns > 0)
			results_put_vmstat(db, end_ns, mm_vmstat_name(i),
			                   (int64_t)mm_vmstat_value(machine, i));
	}
}

static int write_run(struct requests_run *run, struct results_db *db, struct mmr_error *err)
{
	struct mmr_run_report *report = run->report;
	const struct run_span span = { run->first_ns, run->last_ns, report->nr_requests, 0 };
	const int64_t duration_ns = (int64_t)(run->last_ns - run->first_ns);
	char label[256];
	const struct results_run row = {
		.kind = "replay",
		.label = run->options->label ? run->options->label : label,
		.policy = run->options->policy,
		.options = label,
		.kernel = "none",
		.seed = (int64_t)run->options->seed,
		.access_source = "none",
		.end_ns = duration_ns,
		.duration_ns = duration_ns,
		.complete = report->complete,
	};
	const struct results_requests requests = {
		.memory = run->nr_pages,
		.exact = report->exact,
		.requests = (int64_t)report->nr_requests,
		.hits = (int64_t)report->nr_hits,
	};
	int code = replay_run_put_trace(db, run->trace, run->options, &span, err);

	replay_run_label(run->options, label, sizeof(label));
	if (code == 0)
		code = results_begin_run(db, &row, &report->run_id, err);
	if (code < 0)
		return code;
	replay_run_put_params(db, &run->tunables);
	results_put_requests(db, &requests);
	if (run->replay)
		put_counters(run, db, duration_ns);
	return results_failed(db, err);
}

int replay_run_requests(struct mmr_trace *trace, struct results_db *db,
                        const struct mmr_run_options *options, struct mmr_run_report *report,
                        struct mmr_error *err)
{
	struct requests_run run = { .trace = trace, .options = options, .report = report };
	int code = read_settings(&run, err);

	if (code == 0)
		code = look_ahead(&run, err);
	if (code == 0) {
		report->exact = !run.policy->shrink_begin;
		report->cache_pages = run.nr_pages;
		code = report->exact ? run_cache(&run, err) : run_machine(&run, err);
	}
	report->damaged = mmr_trace_damage(trace)->text[0] || mmr_trace_info(trace)->truncated;
	report->complete = !report->damaged && mmr_trace_info(trace)->indexed &&
	                   !mmr_trace_info(trace)->repaired;
	if (report->damaged)
		replay_run_note(report, "the trace is damaged or cut off: %s",
		                mmr_trace_damage(trace)->text);
	if (code == 0)
		code = write_run(&run, db, err);
	mm_machine_destroy(run.cache);
	replay_destroy(run.replay);
	replay_future_destroy(run.future);
	base_free(run.start);
	base_free(run.ops);
	return code;
}
