/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A replay: events become demand (workload/), demand drives the engine (replay.h), and what the engine
 * does goes to the database. Counters are read at the instants at which the original's snapshots were.
 *
 * Ops become ready in batches; between two ops the engine may have to stop for a sample, so a batch is
 * cut at every such instant. Without a database there are only dumps, and the last of them is the end.
 */
#include <stdio.h>
#include <string.h>

#include <mmreplay/run.h>

#include "alloc.h"
#include "compact_result.h"
#include "error_set.h"
#include "future.h"
#include "mm.h"
#include "policy_table.h"
#include "recorded_policy.h"
#include "recorded_residence.h"
#include "replay.h"
#include "run_dump.h"
#include "run_private.h"
#include "run_runs.h"
#include "show_mem.h"
#include "workload.h"

#define EVENTS_PER_BATCH 4096
#define KB_PER_PAGE      4ull

struct replay_run {
	struct mmr_trace *trace;
	const struct mmr_run_options *options;
	struct mmr_run_report *report;
	struct results_db *db; /* NULL: only dumps are wanted */
	bool recorded;         /* under the recorded kernel's own policy */
	struct run_dumps dumps;
	bool begun;     /* the machine is complete … */
	int begun_code; /* … and what came of the dumps that waited for that */
	struct mmr_error begun_err;
	struct replay_start start;
	struct replay_tunables tunables;
	struct replay *replay;
	struct replay_future *future;       /* NULL: the policy does not ask */
	struct replay_residence *residence; /* NULL: nobody asks */
	bool looking_ahead;                 /* the first of two passes: nothing is executed */
	struct wl *wl;
	struct run_source source;
	struct run_sampler sampler;
	struct run_span span;
	struct run_counters counters;
	uint64_t counters_next_ns; /* absolute; UINT64_MAX: none left */
	uint32_t next_sample;      /* of page accesses */
	uint32_t last_task;        /* the highest number in the demand */
};

static int64_t since_base(const struct replay_run *run, uint64_t t_ns)
{
	return (int64_t)(t_ns - run->span.first_ns);
}

/* ---- the engine as a source of samples ---- */

static const char *engine_type_name(unsigned int type)
{
	return mm_migratetype_name(type);
}

static void engine_blocks(const void *state, uint32_t zone,
                          uint32_t blocks[RUN_NR_ORDERS][RUN_NR_TYPES])
{
	for (uint32_t order = 0; order < RUN_NR_ORDERS; order++)
		for (uint32_t type = 0; type < RUN_NR_TYPES; type++)
			blocks[order][type] = mm_free_blocks(state, zone, order, type);
}

static uint32_t engine_nr_pageblocks(const void *state, uint32_t zone, uint64_t *first_pfn)
{
	*first_pfn = mm_first_pageblock_pfn(state, zone);
	return mm_nr_pageblocks(state, zone);
}

static void engine_pageblocks(const void *state, uint32_t zone, uint8_t *records)
{
	mm_pageblock_states(state, zone, records);
}

/* ---- hooks ---- */

static int take_dumps(struct replay_run *run, struct mmr_error *err)
{
	const struct run_dump_source source = { .machine = replay_machine(run->replay),
		                                .policy = run->options->policy };

	return replay_run_dumps_take(&run->dumps, &source, err);
}

static void on_begun(void *data)
{
	struct replay_run *run = data;

	run->begun = true;
	run->begun_code = take_dumps(run, &run->begun_err);
}

static void on_compaction(void *data, const struct replay_compaction *compaction)
{
	struct replay_run *run = data;
	bool direct = !compaction->kcompactd && compaction->order >= 0;
	uint32_t pid = compaction->kcompactd ? 0 : wl_task_pid(run->wl, compaction->task);
	const struct results_compaction row = {
		.kind = compaction->kcompactd ? "kcompactd"
		        : direct              ? "direct"
		                              : "manual",
		.pid = pid,
		.comm = compaction->kcompactd ? "kcompactd" : mmr_trace_comm(run->trace, pid),
		.start_ns = since_base(run, compaction->begin_ns),
		.duration_ns = (int64_t)(compaction->end_ns - compaction->begin_ns),
		.page_order = compaction->order >= 0 ? compaction->order : RESULTS_NULL,
		.gfp_flags = direct ? (int64_t)compaction->gfp_flags : RESULTS_NULL,
		.sync = compaction->sync,
		.nr_migrate_scanned = (int64_t)compaction->nr_migrate_scanned,
		.nr_free_scanned = (int64_t)compaction->nr_free_scanned,
		.nr_migrated = (int64_t)compaction->nr_migrated,
		.nr_failed = (int64_t)compaction->nr_failed,
		.result = replay_compact_result_name(compaction->result),
	};

	run->report->nr_compaction_episodes++;
	if (run->db)
		results_put_compaction(run->db, &row);
}

static void on_reclaim(void *data, const struct replay_reclaim *reclaim)
{
	static const char *const kinds[] = { [REPLAY_RECLAIM_DIRECT] = "direct",
		                             [REPLAY_RECLAIM_KSWAPD] = "kswapd",
		                             [REPLAY_RECLAIM_THROTTLE] = "throttle",
		                             [REPLAY_RECLAIM_DIRTY] = "throttle",
		                             [REPLAY_RECLAIM_WRITTEN] = "throttle" };
	struct replay_run *run = data;
	bool kswapd = reclaim->kind == REPLAY_RECLAIM_KSWAPD;
	uint32_t pid = kswapd ? 0 : wl_task_pid(run->wl, reclaim->task);
	char cause[64];
	const struct results_reclaim row = {
		.kind = kinds[reclaim->kind],
		.pid = pid,
		.comm = kswapd ? "kswapd" : mmr_trace_comm(run->trace, pid),
		.start_ns = since_base(run, reclaim->begin_ns),
		.duration_ns = (int64_t)(reclaim->end_ns - reclaim->begin_ns),
		.page_order = reclaim->order,
		.gfp_flags = kswapd ? RESULTS_NULL : reclaim->gfp_flags,
		.nr_scanned = (int64_t)reclaim->nr_scanned,
		.nr_reclaimed = (int64_t)reclaim->nr_reclaimed,
		.cause = cause,
	};

	run->report->nr_reclaim_episodes++;
	if (!run->db)
		return;
	if (kswapd)
		snprintf(cause, sizeof(cause), "free pages below the low watermark");
	else if (reclaim->kind == REPLAY_RECLAIM_DIRTY)
		snprintf(cause, sizeof(cause), "%s", RUN_CAUSE_DIRTY);
	else if (reclaim->kind == REPLAY_RECLAIM_WRITTEN)
		snprintf(cause, sizeof(cause), "a page that is being written");
	else
		snprintf(cause, sizeof(cause), "allocation of order %u (%s)", reclaim->order,
		         mm_migratetype_name(reclaim->migratetype));
	results_put_reclaim(run->db, &row);
}

static void on_failure(void *data, const struct replay_failure *failure)
{
	struct replay_run *run = data;

	if (failure->oom)
		run->report->nr_oom++;
}

static void on_oom_kill(void *data, const struct replay_oom_kill *kill)
{
	struct replay_run *run = data;
	uint32_t pid = wl_task_pid(run->wl, kill->task);
	const char *comm = mmr_trace_comm(run->trace, pid);
	uint64_t nr = kill->nr_anon + kill->nr_files + kill->nr_shmem;
	const struct results_oom row = {
		.t_ns = since_base(run, kill->t_ns),
		.pid = pid,
		.comm = comm,
		.total_vm_kb = (int64_t)((nr + kill->nr_swap) * KB_PER_PAGE),
		.anon_rss_kb = (int64_t)(kill->nr_anon * KB_PER_PAGE),
		.file_rss_kb = (int64_t)(kill->nr_files * KB_PER_PAGE),
		.oom_score_adj = kill->oom_score_adj,
	};

	if (run->db)
		results_put_oom(run->db, &row);
	replay_run_note(
		run->report,
		"out of memory: %s (%u) was killed after %.3f s; it had %llu kB in memory and "
		"%llu kB in swap",
		comm, pid, (double)row.t_ns / 1e9, nr * KB_PER_PAGE, kill->nr_swap * KB_PER_PAGE);
}

/* ---- counters and samples ---- */

static void put_counters(struct replay_run *run, uint64_t t_ns)
{
	const struct mm_machine *machine = replay_machine(run->replay);

	for (uint32_t i = 0; i < MM_NR_VMSTAT_ITEMS; i++)
		results_put_vmstat(run->db, since_base(run, t_ns), mm_vmstat_name(i),
		                   (int64_t)mm_vmstat_value(machine, i));
}

static void put_swap(struct replay_run *run, uint64_t t_ns)
{
	const struct mm_machine *machine = replay_machine(run->replay);
	uint64_t in = 0, out = 0;

	mm_vmstat_find(machine, "pswpin", &in);
	mm_vmstat_find(machine, "pswpout", &out);
	results_put_swap(run->db, since_base(run, t_ns), mm_swap_usage(machine).nr_used,
	                 (int64_t)in, (int64_t)out);
}

static uint64_t next_instant(const struct replay_run *run)
{
	uint64_t t_ns = replay_run_dumps_next(&run->dumps);

	if (run->sampler.next_ns < t_ns)
		t_ns = run->sampler.next_ns;
	return run->counters_next_ns < t_ns ? run->counters_next_ns : t_ns;
}

/* Lets the engine reach the next instant, and writes what is due there. */
static int reach_instant(struct replay_run *run, struct mmr_error *err)
{
	uint64_t t_ns = next_instant(run);
	int code = replay_advance(run->replay, t_ns, err);

	if (code < 0)
		return code;
	if (run->counters_next_ns == t_ns) {
		put_counters(run, t_ns);
		run->counters_next_ns =
			t_ns == run->counters.end_ns ? UINT64_MAX : run->counters.end_ns;
	}
	if (run->sampler.next_ns == t_ns) {
		replay_run_sample_until(&run->sampler, t_ns);
		put_swap(run, t_ns);
	}
	replay_run_dumps_reach(&run->dumps, t_ns);
	return run->begun ? take_dumps(run, err) : 0;
}

/* All instants up to t_ns. */
static int reach(struct replay_run *run, uint64_t t_ns, struct mmr_error *err)
{
	while (next_instant(run) <= t_ns && next_instant(run) != UINT64_MAX) {
		int code = reach_instant(run, err);

		if (code < 0)
			return code;
	}
	return 0;
}

/* ---- demand ---- */

static int execute(struct replay_run *run, const struct demand_op *ops, size_t nr_ops,
                   struct mmr_error *err)
{
	size_t done = 0;

	while (done < nr_ops) {
		uint64_t limit = next_instant(run);
		size_t end = done;
		int code;

		for (; end < nr_ops && (ops[end].t_ns < limit || limit == UINT64_MAX); end++)
			if (ops[end].task > run->last_task)
				run->last_task = ops[end].task;
		code = end > done ? replay_run(run->replay, ops + done, end - done, err) : 0;
		if (code == 0 && run->begun_code < 0)
			code = base_error(err, run->begun_code, "%s", run->begun_err.text);
		if (code == 0 && end < nr_ops)
			code = reach_instant(run, err);
		if (code < 0)
			return code;
		done = end;
	}
	return 0;
}

static int execute_ready(struct replay_run *run, struct mmr_error *err)
{
	size_t nr_ops;
	const struct demand_op *ops = wl_ops(run->wl, &nr_ops);
	int code = 0;

	if (!run->looking_ahead)
		code = execute(run, ops, nr_ops, err);
	else if (run->future)
		code = replay_future_ops(run->future, ops, nr_ops, err);
	if (run->looking_ahead && run->residence && code == 0)
		code = replay_residence_ops(run->residence, ops, nr_ops, err);

	if (code == 0)
		wl_consume(run->wl, nr_ops);
	return code;
}

int replay_run_next_access(struct mmr_trace *trace, struct wl *wl, uint64_t t_ns, uint32_t *next,
                           struct mmr_error *err)
{
	while (*next < mmr_trace_info(trace)->nr_access_frames) {
		struct mmr_access_sample sample;
		int code = mmr_trace_access_sample(trace, *next, &sample, err);

		if (code == MMR_E_CORRUPT) {
			(*next)++;
			continue;
		}
		if (code < 0)
			return code;
		if (sample.end_ns >= t_ns)
			return 0;
		(*next)++;
		code = wl_access(wl, &sample, err);
		if (code < 0)
			return code;
	}
	return 0;
}

static bool progress(const struct mmr_run_options *options, uint64_t nr_events)
{
	return (nr_events & RUN_PROGRESS_MASK) || !options->progress ||
	       options->progress(options->progress_data, nr_events);
}

/* All that was asked for is there. */
static bool is_over(const struct replay_run *run)
{
	return !run->db && !run->looking_ahead && replay_run_dumps_done(&run->dumps);
}

static int feed(struct replay_run *run, struct mmr_error *err)
{
	struct mmr_run_report *report = run->report;
	struct mmr_event event;
	int more, code = 0;

	while ((more = mmr_trace_next(run->trace, &event, err)) > 0) {
		if ((report->nr_events & 255) == 0)
			code = replay_run_next_access(run->trace, run->wl, event.t_ns,
			                              &run->next_sample, err);
		if (code == 0)
			code = wl_event(run->wl, &event, err);
		if (run->looking_ahead && run->residence)
			replay_residence_event(run->residence, &event);
		if (code == 0 && report->nr_events % EVENTS_PER_BATCH == 0)
			code = execute_ready(run, err);
		if (code < 0)
			return code;
		report->nr_events += event.kind != MMR_EVENT_LOST;
		if (!progress(run->options, report->nr_events))
			return base_error(err, MMR_E_BUSY, "interrupted; nothing was written");
		if (is_over(run))
			return 0;
	}
	if (more < 0)
		return more;
	code = wl_finish(run->wl, err);
	return code < 0 ? code : execute_ready(run, err);
}

/* ---- the run ---- */

/* The policy asks which pages are in use, and there are no samples that tell. */
static bool lacks_accesses(const struct replay_run *run)
{
	return policy_find(run->options->policy)->check_references &&
	       !mmr_trace_info(run->trace)->nr_access_frames;
}

/* … but the recording's reclaim tells how often it found pages in use. */
static bool guesses_references(const struct replay_run *run)
{
	return run->tunables.value[REPLAY_TUNABLE_REFERENCE_MODEL] != 0 && lacks_accesses(run) &&
	       replay_reference_known(&run->start.reference);
}

/* … but how long the recording kept pages is known. */
static bool follows_residence(const struct replay_run *run)
{
	return run->tunables.value[REPLAY_TUNABLE_REFERENCE_MODEL] == 2 && lacks_accesses(run);
}

static int create_workload(struct replay_run *run, struct mmr_error *err)
{
	int code = wl_create(run->trace, &run->wl, err);

	for (size_t i = 0; code == 0 && i < run->start.nr_listed; i++)
		wl_add_listed(run->wl, run->start.listed[i].pfn,
		              UINT64_C(1) << run->start.listed[i].order);
	for (size_t i = 0; code == 0 && i < run->start.nr_bulk_takes; i++)
		code = wl_add_bulk(run->wl, run->start.bulk_takes[i].t_ns,
		                   run->start.bulk_takes[i].pfn, err);
	return code;
}

/* The whole demand once, only to learn when each page is used next. */
static int look_ahead(struct replay_run *run, struct mmr_error *err)
{
	int code = 0;

	if (replay_policy_wants_future(run->options->policy))
		code = replay_future_create(&run->future, err);
	else if (follows_residence(run))
		code = replay_residence_create(run->span.first_ns, run->span.last_ns,
		                               run->options->seed, &run->residence, err);
	else
		return 0;
	if (code == 0)
		code = create_workload(run, err);
	if (code == 0)
		code = mmr_trace_rewind(run->trace, err);
	run->looking_ahead = true;
	if (code == 0)
		code = feed(run, err);
	run->looking_ahead = false;
	if (code < 0)
		return code;
	if (run->future)
		replay_future_seal(run->future);
	if (run->residence)
		replay_residence_seal(run->residence);
	wl_destroy(run->wl);
	run->wl = NULL;
	run->next_sample = 0;
	run->report->nr_events = 0;
	return mmr_trace_rewind(run->trace, err);
}

static int read_settings(struct replay_run *run, struct mmr_error *err)
{
	int code;

	replay_tunables_init(&run->tunables);
	code = replay_start_read(run->trace, &run->start, &run->tunables, err);
	for (size_t i = 0; code == 0 && i < run->options->nr_settings; i++)
		code = replay_tunable_set(&run->tunables, run->options->settings[i], err);
	for (uint32_t i = 0; i < run->tunables.nr_changes; i++)
		run->tunables.changes[i].t_ns += mmr_trace_info(run->trace)->first_ns;
	if (code == 0 && run->recorded &&
	    replay_changes_follow(&run->tunables, &run->start.reference, run->options->policy))
		replay_run_note(run->report, "the recorded kernel switched MGLRU on or off");
	return code;
}

static int create(struct replay_run *run, struct mmr_error *err)
{
	const struct replay_config config = {
		.start = &run->start,
		.tunables = &run->tunables,
		.policy = run->options->policy,
		.seed = run->options->seed,
		.guess_references = guesses_references(run),
		.future = run->future,
		.residence = run->residence,
		.hooks = { .data = run,
		           .reclaim = on_reclaim,
		           .compaction = on_compaction,
		           .failure = on_failure,
		           .oom_kill = on_oom_kill,
		           .begun = on_begun },
	};
	int code = replay_create(&config, &run->replay, err);

	if (code < 0)
		return code;
	if (!run->start.exact)
		replay_run_note(run->report, "there is no full snapshot: the replay begins with an "
		                             "unfragmented machine");
	if (guesses_references(run))
		replay_run_note(
			run->report,
			"there are no samples of page accesses: beyond faults and file reads, "
			"which pages were in use is left to chance (reference.model)");
	else if (!mmr_trace_info(run->trace)->nr_access_frames)
		replay_run_note(run->report,
		                "there are no samples of page accesses: only faults and file reads "
		                "tell what was in use, so hot anonymous pages look cold");
	return create_workload(run, err);
}

/* Samples are at even multiples of the interval, from the instant on at which the machine is known. */
static uint64_t first_sample(const struct replay_run *run)
{
	uint64_t interval_ns = replay_run_interval(run->options, &run->span);
	uint64_t since = run->start.start_ns - run->span.first_ns;

	return run->span.first_ns + (since + interval_ns - 1) / interval_ns * interval_ns;
}

static int begin(struct replay_run *run, struct mmr_error *err)
{
	char label[256];
	const struct results_run row = {
		.kind = "replay",
		.label = run->options->label ? run->options->label : label,
		.policy = run->options->policy,
		.options = label,
		.kernel = mmr_trace_info(run->trace)->kernel_release,
		.seed = (int64_t)run->options->seed,
		.access_source =
			guesses_references(run) ? "model" : replay_run_access_source(run->trace),
		.begin_ns = run->counters.end_ns ? since_base(run, run->counters.begin_ns) : 0,
		.end_ns = since_base(run, run->counters.end_ns ? run->counters.end_ns
		                                               : run->span.last_ns),
		.duration_ns = since_base(run, run->span.last_ns),
		.complete = run->report->complete,
	};
	int code;

	replay_run_label(run->options, label, sizeof(label));
	run->counters_next_ns = UINT64_MAX;
	run->sampler.next_ns = UINT64_MAX;
	if (!run->db)
		return 0;
	code = results_begin_run(run->db, &row, &run->report->run_id, err);
	if (code < 0)
		return code;
	replay_run_put_zones(run->db, run->trace);
	replay_run_put_limits(run->db, run->trace);
	results_put_param(run->db, "policy", run->report->policy);
	replay_run_put_params(run->db, &run->tunables);
	if (!run->counters.end_ns)
		run->counters = (struct run_counters){ run->span.first_ns, run->span.last_ns };
	run->counters_next_ns = run->counters.begin_ns;
	run->source = (struct run_source){ .state = replay_machine(run->replay),
		                           .type_name = engine_type_name,
		                           .blocks = engine_blocks,
		                           .nr_pageblocks = engine_nr_pageblocks,
		                           .pageblocks = engine_pageblocks };
	run->sampler = (struct run_sampler){
		.db = run->db,
		.trace = run->trace,
		.source = &run->source,
		.base_ns = run->span.first_ns,
		.interval_ns = replay_run_interval(run->options, &run->span),
		.next_ns = first_sample(run),
	};
	return replay_run_sampler_init(&run->sampler, (uint64_t)row.duration_ns, err);
}

static void put_refused(struct replay_run *run)
{
	const struct replay_stats *stats = replay_stats(run->replay);
	char text[96];

	if (stats->nr_refused == 0)
		return;
	snprintf(text, sizeof(text), "%llu mappings and forks of %llu kB",
	         (unsigned long long)stats->nr_refused,
	         (unsigned long long)stats->nr_refused_pages * KB_PER_PAGE);
	results_put_param(run->db, "overcommit.refused", text);
	replay_run_note(run->report,
	                "overcommit refused %s: what would have been touched there is left out",
	                text);
}

static void put_faults(struct replay_run *run)
{
	static const char *const kinds[] = { [REPLAY_FAULT_ANON] = "anon",
		                             [REPLAY_FAULT_SWAPIN] = "swapin",
		                             [REPLAY_FAULT_FILE] = "file",
		                             [REPLAY_FAULT_COW] = "cow" };
	uint64_t sums[REPLAY_NR_FAULT_KINDS] = { 0 };
	const struct replay_task_stat *stat;

	/* Task numbers are reused, so only their sum is a fact. */
	for (uint32_t task = 0; task <= run->last_task; task++) {
		stat = replay_task_stat(run->replay, task);
		for (int i = 0; stat && i < REPLAY_NR_FAULT_KINDS; i++)
			sums[i] += stat->nr_faults[i];
	}
	for (int i = 0; i < REPLAY_NR_FAULT_KINDS; i++)
		results_put_fault(run->db, 0, "(all tasks)", kinds[i], (int64_t)sums[i]);
}

static int finish(struct replay_run *run, struct mmr_error *err)
{
	int code;

	if (is_over(run))
		return 0;
	code = reach(run, run->span.last_ns, err);
	if (code == 0)
		code = replay_advance(run->replay, run->span.last_ns, err);
	replay_run_dumps_reach(&run->dumps, UINT64_MAX);
	if (code == 0)
		code = take_dumps(run, err);
	if (code < 0 || !run->db)
		return code;
	replay_run_sample(&run->sampler, run->span.last_ns, true);
	put_faults(run);
	if (guesses_references(run))
		replay_run_put_references(run->db, &run->start.reference,
		                          replay_machine(run->replay), run->options->policy);
	put_refused(run);
	if (replay_stats(run->replay)->nr_beyond)
		replay_run_note(
			run->report,
			"where the recorded kernel killed a task, it was taken to ask for %llu "
			"pages more than recorded (oom.beyond)",
			(unsigned long long)replay_stats(run->replay)->nr_beyond);
	if (run->report->nr_oom)
		replay_run_note(
			run->report,
			"%llu allocations found no memory and nobody to be killed: the kernel "
			"would have panicked",
			(unsigned long long)run->report->nr_oom);
	return results_failed(run->db, err);
}

static int replay_into(struct mmr_trace *trace, struct results_db *db,
                       const struct mmr_run_options *options,
                       const struct replay_recorded_policy *policy, struct mmr_run_report *report,
                       struct mmr_error *err)
{
	struct replay_run run = { .trace = trace,
		                  .options = options,
		                  .report = report,
		                  .db = db,
		                  .recorded = strcmp(policy->why, "set") != 0 };
	int code;

	*report = (struct mmr_run_report){ 0 };
	snprintf(report->policy, sizeof(report->policy), "%s (%s)", policy->name, policy->why);
	if (policy->missing[0])
		replay_run_note(report,
		                "the recorded kernel's policy %s is not there; %s stands in",
		                policy->missing, policy->name);
	code = replay_run_span_read(trace, &run.span, err);
	if (code == 0) {
		report->nr_lost = run.span.nr_lost;
		report->complete = replay_run_is_complete(trace, &run.span, report);
		code = replay_run_counters_find(trace, &run.counters, err);
	}
	if (code == 0)
		code = replay_run_dumps_init(&run.dumps, trace, options, &run.span, false, err);
	if (code == 0)
		code = read_settings(&run, err);
	if (code == 0)
		code = look_ahead(&run, err);
	if (code == 0)
		code = create(&run, err);
	if (code == 0)
		code = begin(&run, err);
	if (code == 0)
		code = feed(&run, err);
	if (code == 0)
		code = finish(&run, err);
	if (run.sampler.trace)
		replay_run_sampler_deinit(&run.sampler);
	wl_destroy(run.wl);
	replay_destroy(run.replay);
	replay_future_destroy(run.future);
	replay_residence_destroy(run.residence);
	replay_start_deinit(&run.start);
	replay_run_dumps_deinit(&run.dumps);
	return code;
}

/* The original goes first, if the database does not have it: a replay is read against it. */
static int original_first(struct mmr_trace *trace, struct results_db *db,
                          const struct mmr_run_options *options, struct mmr_error *err)
{
	struct mmr_run_options original = *options;
	struct mmr_run_report report;
	struct run_span span;
	bool has_original;
	int code;

	code = replay_run_span_read(trace, &span, err);
	if (code == 0)
		code = replay_run_put_trace(db, trace, options, &span, err);
	if (code == 0)
		code = results_has_run(db, "original", NULL, &has_original, err);
	if (code < 0 || has_original)
		return code;
	original.label = NULL;
	original.verify = false;
	original.nr_dumps = 0;
	code = replay_run_original(trace, db, &original, &report, err);
	mmr_run_report_deinit(&report);
	return code;
}

static bool wants_recorded_policy(const struct mmr_run_options *options)
{
	return !options->policy || strcmp(options->policy, REPLAY_POLICY_ORIGINAL) == 0;
}

/* Wrong names are told before anything is read. */
static int check_options(const struct mmr_run_options *options, struct mmr_error *err)
{
	struct replay_tunables tunables;
	const char *name;

	replay_tunables_init(&tunables);
	for (size_t i = 0; i < options->nr_settings; i++) {
		int code = replay_tunable_set(&tunables, options->settings[i], err);

		if (code < 0)
			return code;
	}
	if (wants_recorded_policy(options))
		return 0;
	for (unsigned int i = 0; (name = replay_policy_name(i)); i++)
		if (strcmp(name, options->policy) == 0)
			return 0;
	return base_error(err, MMR_E_NOTFOUND, "there is no policy %.64s (see --list-policies)",
	                  options->policy);
}

/* Fills in the policy that the trace itself names, if none was chosen; it runs like one that was. */
static int choose_policy(struct mmr_trace *trace, const struct mmr_run_options *options,
                         struct replay_recorded_policy *policy, struct mmr_error *err)
{
	int code;

	if (!wants_recorded_policy(options)) {
		*policy = (struct replay_recorded_policy){ .name = options->policy, .why = "set" };
		return 0;
	}
	code = replay_recorded_policy(trace, policy, err);
	if (code == 0 && policy->missing[0])
		snprintf(policy->why, sizeof(policy->why), "in place of %s, which is not there",
		         policy->missing);
	return code;
}

static int check_output(struct mmr_trace *trace, const struct mmr_run_options *options,
                        struct mmr_error *err)
{
	if (mmr_trace_info(trace)->has_requests && options->nr_dumps > 0)
		return base_error(err, MMR_E_UNSUPPORTED,
		                  "page requests are no machine: there is nothing to dump");
	if (!options->db_path && options->nr_dumps == 0)
		return base_error(err, MMR_E_INVALID, "a replay needs a database");
	return 0;
}

int mmr_run_replay(struct mmr_trace *trace, const struct mmr_run_options *options,
                   struct mmr_run_report *report, struct mmr_error *err)
{
	struct mmr_run_options chosen = *options;
	struct replay_recorded_policy policy;
	struct results_db *db = NULL;
	int code;

	*report = (struct mmr_run_report){ 0 };
	code = check_options(options, err);
	if (code == 0 && mmr_trace_info(trace)->has_requests && wants_recorded_policy(options))
		code = base_error(
			err, MMR_E_INVALID,
			"page requests were recorded under no policy: give one (--policy)");
	if (code == 0)
		code = choose_policy(trace, options, &policy, err);
	if (code < 0)
		return code;
	chosen.policy = policy.name;
	code = check_output(trace, options, err);
	if (code == 0)
		code = replay_run_check_limits(trace, true, options, err);
	if (code < 0)
		return code;
	if (options->db_path)
		code = results_open(options->db_path, &db, err);
	if (code == 0 && mmr_trace_info(trace)->has_requests) {
		code = replay_run_requests(trace, db, options, report, err);
	} else if (code == 0) {
		if (db)
			code = original_first(trace, db, options, err);
		if (code == 0)
			code = replay_into(trace, db, &chosen, &policy, report, err);
	}
	if (code == 0 && db)
		code = results_commit(db, err);
	results_close(db);
	return code;
}
