/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A replay: events become demand (workload/), demand drives the engine (replay.h), and what the engine
 * does goes to the database. Counters are read at the instants at which the original's snapshots were.
 *
 * Ops become ready in batches; between two ops the engine may have to stop for a sample, so a batch is
 * cut at every such instant. Without a database there are only dumps, and the last of them is the end.
 */
#include "free_run.h"

#include <stdio.h>
#include <string.h>

#include <mmreplay/curve.h>

#include "alloc.h"
#include "error_set.h"
#include "mm.h"
#include "policy_table.h"
#include "show_mem.h"
#include "tlb_rows.h"

#define EVENTS_PER_BATCH 4096

/* ---- the engine as a source of samples ---- */

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

static void engine_room(const void *state, uint32_t zone, struct mm_room *room)
{
	*room = mm_zone_room(state, zone);
}

static void engine_limits(const void *state, uint32_t index, struct outcome_zone *limits)
{
	const struct mm_zone *zone = mm_zone_at(state, index);
	uint32_t highest = 0;

	for (uint32_t i = 0; i < mm_nr_zones(state); i++)
		if (mm_zone_at(state, i)->managed && mm_zone_at(state, i)->type > highest)
			highest = mm_zone_at(state, i)->type;
	limits->wmark_min = zone->wmark[MM_WMARK_MIN];
	limits->wmark_low = zone->wmark[MM_WMARK_LOW];
	limits->reserve = zone->reserve[highest];
	limits->extfrag_threshold = mm_extfrag_threshold(state);
}

static bool engine_next_work(const void *state, uint32_t zone, uint64_t *pfn,
                             struct shadow_block_work *work)
{
	struct mm_block_work done;
	uint32_t at = (uint32_t)*pfn;

	if (!mm_next_work(state, zone, &at, &done))
		return false;
	*pfn = at;
	*work = (struct shadow_block_work){ done.migrate_scanned, done.free_scanned, done.moved_out,
		                            done.moved_in };
	return true;
}

/* ---- dumps ---- */

static int take_dumps(struct free_run *run, struct mmr_error *err)
{
	const struct run_dump_source source = { .machine = replay_machine(run->replay),
		                                .policy = run->options->policy };

	return replay_run_dumps_take(&run->dumps, &source, err);
}

static void on_begun(void *data)
{
	struct free_run *run = data;

	run->begun = true;
	/* What the machine has now is what counts from there on. */
	if (run->late)
		replay_free_run_put_counters(run, run->counters.begin_ns);
	run->begun_code = take_dumps(run, &run->begun_err);
}

/* ---- instants ---- */

static uint64_t next_instant(const struct free_run *run)
{
	uint64_t t_ns = replay_run_dumps_next(&run->dumps);

	if (run->sampler.next_ns < t_ns)
		t_ns = run->sampler.next_ns;
	return run->counters_next_ns < t_ns ? run->counters_next_ns : t_ns;
}

/* The next after t_ns: of a snapshot between the first and the last, or of the last. */
static uint64_t next_counters(struct free_run *run, uint64_t t_ns)
{
	uint32_t nr = mmr_trace_info(run->trace)->nr_snapshots;
	uint64_t begin_ns;

	if (t_ns >= run->counters.end_ns)
		return UINT64_MAX;
	for (uint32_t *i = &run->next_snapshot; *i + 1 < nr; (*i)++) {
		begin_ns = mmr_trace_snapshot_info(run->trace, *i)->begin_ns;
		if (*i > 0 && begin_ns > t_ns && begin_ns < run->counters.end_ns)
			return begin_ns;
	}
	return run->counters.end_ns;
}

/* Lets the engine reach the next instant, and writes what is due there. */
static int reach_instant(struct free_run *run, struct mmr_error *err)
{
	uint64_t t_ns = next_instant(run);
	int code = replay_advance(run->replay, t_ns, err);

	/* What the recorded programs had when the counters were read last they shall have here, too. */
	if (code == 0 && t_ns == run->counters.end_ns && run->counters_next_ns == t_ns)
		code = replay_settle(run->replay, err);
	if (code < 0)
		return code;
	if (run->counters_next_ns == t_ns) {
		run->late |= !run->begun && t_ns == run->counters.begin_ns;
		replay_free_run_put_counters(run, t_ns);
		run->counters_next_ns = next_counters(run, t_ns);
	}
	if (run->sampler.next_ns == t_ns) {
		replay_run_sample_until(&run->sampler, t_ns);
		replay_free_run_put_swap(run, t_ns);
		if (run->nr_instants++ % run->lru_interval == 0)
			replay_free_run_put_lru(run, t_ns);
	}
	replay_run_dumps_reach(&run->dumps, t_ns);
	return run->begun ? take_dumps(run, err) : 0;
}

/* All instants up to t_ns. */
static int reach(struct free_run *run, uint64_t t_ns, struct mmr_error *err)
{
	while (next_instant(run) <= t_ns && next_instant(run) != UINT64_MAX) {
		int code = reach_instant(run, err);

		if (code < 0)
			return code;
	}
	return 0;
}

/* ---- demand ---- */

static int note_owners(struct free_run *run, const struct demand_op *ops, size_t nr_ops,
                       struct mmr_error *err)
{
	int code = 0;

	for (size_t i = 0; i < nr_ops && code == 0; i++)
		if (ops[i].kind == DEMAND_KERNEL_ALLOC)
			code = replay_pins_replay_op(
				&run->pins, replay_free_run_pid(run, ops[i].task), &ops[i], err);
	return code;
}

static int execute(struct free_run *run, const struct demand_op *ops, size_t nr_ops,
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
		code = run->db ? note_owners(run, ops + done, end - done, err) : 0;
		if (code == 0 && end > done)
			code = replay_run(run->replay, ops + done, end - done, err);
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

static int execute_ready(struct free_run *run, struct mmr_error *err)
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
	if (run->curves && code == 0)
		code = replay_curves_ops(run->curves, ops, nr_ops, err);
	if (run->looking_ahead)
		replay_kept_add(run->kept, run->wl, ops, nr_ops, run->report->nr_events);

	if (code == 0)
		wl_consume(run->wl, nr_ops);
	return code;
}

int replay_run_next_access(struct mmr_trace *trace, struct wl *wl, uint64_t t_ns,
                           struct run_access *access, struct mmr_error *err)
{
	while (access->end_ns < t_ns && access->next < mmr_trace_info(trace)->nr_access_frames) {
		struct mmr_access_sample sample;
		int code = mmr_trace_access_sample(trace, access->next, &sample, err);

		/* One that is yet to come is put together again when its time has come. */
		access->end_ns = code == 0 ? sample.end_ns : 0;
		if (code == 0 && sample.end_ns >= t_ns)
			return 0;
		if (code == 0)
			code = wl_access(wl, &sample, err);
		if (code < 0 && code != MMR_E_CORRUPT)
			return code;
		access->next++;
		access->end_ns = 0;
	}
	return 0;
}

static bool progress(const struct mmr_run_options *options, uint64_t nr_events)
{
	return (nr_events & RUN_PROGRESS_MASK) || !options->progress ||
	       options->progress(options->progress_data, nr_events);
}

/* All that was asked for is there. */
static bool is_over(const struct free_run *run)
{
	return !run->db && !run->looking_ahead && replay_run_dumps_done(&run->dumps);
}

static int feed(struct free_run *run, struct mmr_error *err)
{
	struct mmr_run_report *report = run->report;
	struct mmr_event event;
	int more, code = 0;

	while ((more = mmr_trace_next(run->trace, &event, err)) > 0) {
		if ((report->nr_events & 255) == 0)
			code = replay_run_next_access(run->trace, run->wl, event.t_ns, &run->access,
			                              err);
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

/* The same as feed() with what the pass ahead kept. */
static int play_kept(struct free_run *run, struct mmr_error *err)
{
	struct replay_kept_batch batch;
	int code = 0;

	while (code == 0 && !is_over(run) && replay_kept_next(run->kept, &batch)) {
		run->report->nr_events = batch.nr_events;
		if (!progress(run->options, batch.nr_events))
			return base_error(err, MMR_E_BUSY, "interrupted; nothing was written");
		code = execute(run, batch.ops, batch.nr_ops, err);
	}
	return code;
}

/* ---- the run ---- */

/* The policy asks which pages are in use, and there are no samples that tell. */
static bool lacks_accesses(const struct free_run *run)
{
	return policy_find(run->options->policy)->check_references &&
	       !replay_run_has_accesses(run->trace);
}

/* … but the recording's reclaim tells how often it found pages in use. */
static bool guesses_references(const struct free_run *run)
{
	return run->tunables.value[REPLAY_TUNABLE_REFERENCE_MODEL] != 0 && lacks_accesses(run) &&
	       replay_reference_known(&run->start.reference);
}

/* … but how long the recording kept pages is known. */
static bool follows_residence(const struct free_run *run)
{
	return run->tunables.value[REPLAY_TUNABLE_REFERENCE_MODEL] == 2 && lacks_accesses(run);
}

static bool follows_recorded_folios(const struct free_run *run)
{
	return replay_tunables_folios(&run->tunables) == run->recorded_folios;
}

static int create_workload(struct free_run *run, struct mmr_error *err)
{
	int code = replay_run_workload(run->trace, &run->start,
	                               replay_tunables_folios(&run->tunables), &run->wl, err);

	if (code == 0 && (run->recorded_files || replay_tunables_files(&run->tunables)))
		wl_number_files(run->wl);
	if (code == 0 && run->tunables.value[REPLAY_TUNABLE_TLB_MODEL])
		wl_tell_tlb(run->wl);
	return code;
}

/*
 * The recording's miss-ratio curves come from the first pass over the demand, if it is what they are read from, too:
 * the folios' settings are the recorded ones.
 */
static int begin_curves(struct free_run *run, struct mmr_error *err)
{
	const struct mmr_curve_options options = replay_run_curve_options(run->options);

	if (!run->wants_curves || !follows_recorded_folios(run))
		return 0;
	return replay_curves_begin(run->trace, &options, &run->curves, err);
}

static int end_curves(struct free_run *run, struct mmr_error *err)
{
	int code;

	if (!run->curves)
		return 0;
	code = replay_curves_end(run->curves, run->trace, run->report->nr_events, err);
	if (code == 0)
		code = results_resume_run(run->db, run->original_id, err);
	if (code == 0)
		replay_run_put_curves(run->db, run->curves);
	mmr_curves_free(run->curves);
	run->curves = NULL;
	run->wants_curves = false;
	return code;
}

/* In a pass of their own, where no other goes through the same demand. */
static int read_curves(struct free_run *run, struct mmr_error *err)
{
	if (!run->wants_curves)
		return 0;
	run->wants_curves = false;
	return replay_run_read_curves(run->db, run->trace, &run->start, run->recorded_folios,
	                              run->options, err);
}

/* The whole demand once, only to learn when each page is used next. */
static int look_ahead(struct free_run *run, struct mmr_error *err)
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
		code = replay_kept_create(REPLAY_KEPT_LIMIT, &run->kept, err);
	if (code == 0)
		code = create_workload(run, err);
	if (code == 0)
		code = begin_curves(run, err);
	if (code == 0)
		code = mmr_trace_rewind(run->trace, err);
	run->looking_ahead = true;
	if (code == 0)
		code = feed(run, err);
	run->looking_ahead = false;
	if (code == 0)
		code = end_curves(run, err);
	if (code < 0)
		return code;
	if (run->future)
		replay_future_seal(run->future);
	if (run->residence)
		code = replay_residence_seal(run->residence, err);
	if (code < 0)
		return code;
	wl_destroy(run->wl);
	run->wl = NULL;
	if (!replay_kept_is_whole(run->kept)) {
		replay_kept_destroy(run->kept);
		run->kept = NULL;
	}
	run->access = (struct run_access){ 0 };
	run->report->nr_events = 0;
	return 0;
}

static int read_start(struct free_run *run, struct free_run_start *start, struct mmr_error *err)
{
	if (!start) {
		replay_tunables_init(&run->tunables);
		return replay_start_read(run->trace, &run->start, &run->tunables, err);
	}
	memcpy(&run->start, &start->start, sizeof(run->start));
	memset(&start->start, 0, sizeof(start->start));
	run->tunables = start->tunables;
	run->wants_curves = start->wants_curves;
	return 0;
}

static int read_settings(struct free_run *run, struct free_run_start *start, struct mmr_error *err)
{
	int code = read_start(run, start, err);

	run->recorded_folios = code == 0 && replay_tunables_folios(&run->tunables);
	run->recorded_files = code == 0 && replay_tunables_files(&run->tunables);
	for (size_t i = 0; code == 0 && i < run->options->nr_settings; i++)
		code = replay_tunable_set(&run->tunables, run->options->settings[i], err);
	for (uint32_t i = 0; i < run->tunables.nr_changes; i++)
		run->tunables.changes[i].t_ns += mmr_trace_info(run->trace)->first_ns;
	if (code == 0 && run->recorded &&
	    replay_changes_follow(&run->tunables, &run->start.reference, run->options->policy))
		replay_run_note(run->report, "the recorded kernel switched MGLRU on or off");
	return code;
}

static int create(struct free_run *run, struct mmr_error *err)
{
	struct replay_config config = {
		.start = &run->start,
		.tunables = &run->tunables,
		.policy = run->options->policy,
		.seed = run->options->seed,
		.guess_references = guesses_references(run),
		.future = run->future,
		.residence = run->residence,
		.hooks = replay_free_run_hooks(run),
	};
	int code;

	config.hooks.begun = on_begun;
	code = replay_create(&config, &run->replay, err);
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
	else if (!replay_run_has_accesses(run->trace))
		replay_run_note(run->report,
		                "there are no samples of page accesses: only faults and file reads "
		                "tell what was in use, so hot anonymous pages look cold");
	if (run->kept)
		return 0;
	code = create_workload(run, err);
	return code < 0 ? code : begin_curves(run, err);
}

/* Samples are at even multiples of the interval, from the instant on at which the machine is known. */
static uint64_t first_sample(const struct free_run *run)
{
	uint64_t interval_ns = replay_run_interval(run->options, &run->span);
	uint64_t since = run->start.start_ns - run->span.first_ns;

	return run->span.first_ns + (since + interval_ns - 1) / interval_ns * interval_ns;
}

static int begin(struct free_run *run, struct mmr_error *err)
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
		.begin_ns = run->counters.end_ns
		                    ? replay_free_run_since(run, run->counters.begin_ns)
		                    : 0,
		.end_ns = replay_free_run_since(run, run->counters.end_ns ? run->counters.end_ns
		                                                          : run->span.last_ns),
		.duration_ns = replay_free_run_since(run, run->span.last_ns),
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
	if (replay_ksm_is_used(&run->tunables))
		results_put_param(run->db, "ksm.source",
		                  run->tunables.value[REPLAY_TUNABLE_KSM_CONTENTS] == 1 ? "model"
		                  : mmr_trace_text(run->trace, "content.interval_ns", NULL)
		                          ? "recorded"
		                          : "none");
	if (!run->counters.end_ns)
		run->counters = (struct run_counters){ run->span.first_ns, run->span.last_ns };
	run->counters_next_ns = run->counters.begin_ns;
	run->source = (struct run_source){ .state = replay_machine(run->replay),
		                           .blocks = engine_blocks,
		                           .nr_pageblocks = engine_nr_pageblocks,
		                           .pageblocks = engine_pageblocks,
		                           .room = engine_room,
		                           .limits = engine_limits,
		                           .next_work = engine_next_work,
		                           .pins = replay_pins_replay_zone,
		                           .pins_state = &run->pins };
	run->pins = (struct pins_replay){ .pins = { .trace = run->trace, .db = run->db },
		                          .machine = replay_machine(run->replay) };
	run->sampler = (struct run_sampler){
		.db = run->db,
		.trace = run->trace,
		.source = &run->source,
		.base_ns = run->span.first_ns,
		.interval_ns = replay_run_interval(run->options, &run->span),
		.next_ns = first_sample(run),
	};
	code = replay_run_sampler_init(&run->sampler, (uint64_t)row.duration_ns, err);
	run->lru_interval = (run->sampler.max_samples + RUN_MAX_LRU - 1) / RUN_MAX_LRU;
	return code;
}

static int finish(struct free_run *run, struct mmr_error *err)
{
	int code;

	if (is_over(run))
		return 0;
	code = reach(run, run->span.last_ns, err);
	if (code == 0)
		code = replay_advance(run->replay, run->span.last_ns, err);
	replay_finish(run->replay);
	replay_run_dumps_reach(&run->dumps, UINT64_MAX);
	if (code == 0)
		code = take_dumps(run, err);
	if (code < 0 || !run->db)
		return code;
	replay_run_sample(&run->sampler, run->span.last_ns, true);
	replay_free_run_put_faults(run);
	replay_put_tlb(run->db, run->replay);
	if (guesses_references(run))
		replay_run_put_references(run->db, &run->start.reference,
		                          replay_machine(run->replay), run->options->policy);
	replay_free_run_put_refused(run);
	if (replay_stats(run->replay)->nr_beyond)
		replay_run_note(
			run->report,
			"where the recorded kernel killed a task, it was taken to ask for %llu "
			"pages more than recorded (oom.beyond)",
			(unsigned long long)replay_stats(run->replay)->nr_beyond);
	if (replay_stats(run->replay)->nr_hugetlb_lacking)
		replay_run_note(run->report,
		                "the hugetlb pool lacks %llu pages that could not be had "
		                "(vm.nr_hugepages)",
		                (unsigned long long)replay_stats(run->replay)->nr_hugetlb_lacking);
	if (replay_stats(run->replay)->nr_gigantic_lacking)
		replay_run_note(run->report,
		                "%llu hugetlb pages of 1 GiB could not be had: no such range of "
		                "memory could be made free",
		                (unsigned long long)replay_stats(run->replay)->nr_gigantic_lacking);
	if (replay_stats(run->replay)->nr_collapse_failed)
		replay_run_note(run->report, "%llu of %llu calls of madvise(MADV_COLLAPSE) failed",
		                (unsigned long long)replay_stats(run->replay)->nr_collapse_failed,
		                (unsigned long long)replay_stats(run->replay)->nr_collapse_calls);
	if (run->report->nr_oom)
		replay_run_note(
			run->report,
			"%llu allocations found no memory and nobody to be killed: the kernel "
			"would have panicked",
			(unsigned long long)run->report->nr_oom);
	code = replay_pins_finish(&run->pins.pins, err);
	return code < 0 ? code : results_failed(run->db, err);
}

static int run_through(struct free_run *run, struct free_run_start *start, struct mmr_error *err)
{
	int code = replay_run_span_read(run->trace, &run->span, err);

	if (code == 0) {
		run->report->nr_lost = run->span.nr_lost;
		run->report->complete = replay_run_is_complete(run->trace, &run->span, run->report);
		code = replay_run_counters_find(run->trace, &run->counters, err);
	}
	if (code == 0)
		code = replay_run_dumps_init(&run->dumps, run->trace, run->options, &run->span,
		                             false, err);
	if (code == 0)
		code = read_settings(run, start, err);
	if (code == 0)
		code = look_ahead(run, err);
	if (code == 0 && !follows_recorded_folios(run))
		code = read_curves(run, err);
	if (code == 0)
		code = mmr_trace_rewind(run->trace, err);
	if (code == 0)
		code = create(run, err);
	if (code == 0)
		code = begin(run, err);
	if (code == 0)
		code = run->kept ? play_kept(run, err) : feed(run, err);
	if (code == 0)
		code = finish(run, err);
	return code < 0 ? code : end_curves(run, err);
}

static void destroy(struct free_run *run)
{
	if (run->sampler.trace)
		replay_run_sampler_deinit(&run->sampler);
	replay_pins_replay_deinit(&run->pins);
	mmr_curves_free(run->curves);
	wl_destroy(run->wl);
	replay_kept_destroy(run->kept);
	replay_destroy(run->replay);
	replay_future_destroy(run->future);
	replay_residence_destroy(run->residence);
	replay_start_deinit(&run->start);
	replay_run_dumps_deinit(&run->dumps);
	base_free(run);
}

int replay_free_run(struct mmr_trace *trace, struct results_db *db,
                    const struct mmr_run_options *options,
                    const struct replay_recorded_policy *policy, struct free_run_start *start,
                    struct mmr_run_report *report, struct mmr_error *err)
{
	struct free_run *run = base_calloc(1, sizeof(*run));
	int code;

	if (!run)
		return base_error(err, MMR_E_NOMEM, "no memory for a replay");
	run->trace = trace;
	run->options = options;
	run->report = report;
	run->db = db;
	run->original_id = db ? results_run(db) : 0;
	run->recorded = strcmp(policy->why, "set") != 0;
	*report = (struct mmr_run_report){ 0 };
	snprintf(report->policy, sizeof(report->policy), "%s (%s)", policy->name, policy->why);
	if (policy->missing[0])
		replay_run_note(report,
		                "the recorded kernel's policy %s is not there; %s stands in",
		                policy->missing, policy->name);
	code = run_through(run, start, err);
	destroy(run);
	return code;
}
