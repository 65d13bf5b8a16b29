/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The original run: what the kernel itself did. Its counters are the snapshots' own, its stalls come
 * from begin and end events (episode.c), its free lists from the shadow.
 */
#include <assert.h>
#include <string.h>

#include <mmreplay/run.h>

#include "alloc.h"
#include "episode.h"
#include "error_set.h"
#include "file_traffic.h"
#include "holders.h"
#include "pins_original.h"
#include "recorded_policy.h"
#include "run_dump.h"
#include "run_ksm.h"
#include "run_private.h"
#include "run_runs.h"
#include "shadow.h"
#include "snapshot_facts.h"
#include "start_survey.h"
#include "tlb_rows.h"

struct original {
	struct mmr_trace *trace;
	const struct mmr_run_options *options;
	struct mmr_run_report *report;
	struct results_db *db;        /* NULL: only verification is wanted */
	struct replay_survey *survey; /* NULL: nobody asks */
	struct replay_shadow *shadow;
	struct run_source source;
	struct run_sampler sampler;
	struct replay_episodes episodes;
	struct replay_holders holders;
	struct pins_original pins;
	int32_t extfrag_threshold;
	struct replay_file_traffic files;
	struct replay_tlb_recorded tlb;
	struct run_dumps dumps;
	struct run_span span;
	struct run_counters counters;
	int64_t first_refaults; /* in the first snapshot, and in the last; -1: none so far */
	int64_t last_refaults;
};

/* ---- the shadow as a source of samples ---- */

static void shadow_blocks(const void *state, uint32_t zone,
                          uint32_t blocks[RUN_NR_ORDERS][RUN_NR_TYPES])
{
	struct replay_shadow_buddy buddy;

	static_assert(sizeof(buddy.blocks) == sizeof(uint32_t[RUN_NR_ORDERS][RUN_NR_TYPES]),
	              "the database knows as many orders and types as the shadow");
	replay_shadow_buddy(((const struct original *)state)->shadow, zone, &buddy);
	memcpy(blocks, buddy.blocks, sizeof(buddy.blocks));
}

static uint32_t shadow_nr_pageblocks(const void *state, uint32_t zone, uint64_t *first_pfn)
{
	return replay_shadow_pageblocks(((const struct original *)state)->shadow, zone, first_pfn);
}

static void shadow_pageblocks(const void *state, uint32_t zone, uint8_t *records)
{
	replay_shadow_pageblock_state(((const struct original *)state)->shadow, zone, records);
}

static void shadow_room(const void *state, uint32_t zone, struct mm_room *room)
{
	replay_shadow_room(((const struct original *)state)->shadow, zone, room);
}

/* The recorder read them when it began. */
static void shadow_limits(const void *state, uint32_t zone, struct outcome_zone *limits)
{
	const struct original *run = state;
	const struct mmr_zone_info *info = mmr_trace_zone(run->trace, zone), *other;
	int32_t highest = 0;

	for (uint32_t i = 0; (other = mmr_trace_zone(run->trace, i)); i++)
		if (other->managed && other->index > highest)
			highest = other->index;
	limits->wmark_min = info->wmark_min;
	limits->wmark_low = info->wmark_low;
	limits->reserve = highest < 5 ? info->protection[highest] : 0;
	limits->extfrag_threshold = run->extfrag_threshold;
}

static bool shadow_next_work(const void *state, uint32_t zone, uint64_t *pfn,
                             struct shadow_block_work *work)
{
	return replay_shadow_next_work(((const struct original *)state)->shadow, zone, pfn, work);
}

static int open_shadow(struct original *run, struct mmr_error *err)
{
	struct mmr_error why = { 0 };
	int code = replay_shadow_create(run->trace, &run->shadow, &why);

	if (code < 0 &&
	    (run->options->verify || run->options->nr_dumps > 0 || code == MMR_E_NOMEM)) {
		if (err)
			*err = why;
		return code;
	}
	if (code < 0) {
		replay_run_note(run->report, "free lists cannot be followed: %s", why.text);
		return 0;
	}
	run->report->shadow = true;
	run->source = (struct run_source){ .state = run,
		                           .blocks = shadow_blocks,
		                           .nr_pageblocks = shadow_nr_pageblocks,
		                           .pageblocks = shadow_pageblocks,
		                           .room = shadow_room,
		                           .limits = shadow_limits,
		                           .next_work = shadow_next_work,
		                           .pins = replay_pins_original_zone,
		                           .pins_state = &run->pins };
	return run->options->verify ? replay_shadow_verify_start(run->shadow, run->trace, err) : 0;
}

/* ---- counters ---- */

static bool next_line(const char **text, const char *end, const char **line, size_t *length)
{
	const char *newline;

	if (*text >= end)
		return false;
	newline = memchr(*text, '\n', (size_t)(end - *text));
	*line = *text;
	*length = (size_t)((newline ? newline : end) - *text);
	*text = newline ? newline + 1 : end;
	return true;
}

/* "pgfault 12345": at most 63 characters of name, then a decimal number. */
static bool parse_counter(const char *line, size_t length, char name[64], int64_t *value)
{
	size_t size = 0;
	uint64_t number = 0;

	while (size < length && line[size] != ' ')
		size++;
	if (size == 0 || size >= 64 || size + 1 >= length)
		return false;
	memcpy(name, line, size);
	name[size] = '\0';
	for (size++; size < length; size++) {
		if (line[size] < '0' || line[size] > '9' || number > INT64_MAX / 10 - 1)
			return false;
		number = number * 10 + (uint64_t)(line[size] - '0');
	}
	*value = (int64_t)number;
	return true;
}

static void put_vmstat(struct original *run, const struct mmr_snapshot_piece *piece, int64_t t_ns)
{
	const char *text = (const char *)piece->data;
	const char *end = text + piece->size;
	const char *line;
	size_t length;

	run->last_refaults = 0;
	while (next_line(&text, end, &line, &length)) {
		char name[64];
		int64_t value;

		if (!parse_counter(line, length, name, &value))
			continue;
		results_put_vmstat(run->db, t_ns, name, value);
		if (strncmp(name, "workingset_refault", strlen("workingset_refault")) == 0)
			run->last_refaults += value;
	}
	if (run->first_refaults < 0)
		run->first_refaults = run->last_refaults;
}

/* Much of what was evicted was wanted back: so what memory would have held it is a question. */
static bool lacked_memory(const struct original *run)
{
	const struct mmr_zone_info *zone;
	uint64_t managed = 0;

	for (uint32_t i = 0; (zone = mmr_trace_zone(run->trace, i)); i++)
		managed += zone->managed;
	return run->last_refaults - run->first_refaults > (int64_t)(managed / 100);
}

static int put_counters(struct original *run, struct mmr_error *err)
{
	uint32_t nr_snapshots = mmr_trace_info(run->trace)->nr_snapshots;

	for (uint32_t i = 0; i < nr_snapshots; i++) {
		struct mmr_snapshot_piece piece;
		struct mmr_snapshot *snapshot;
		struct mmr_error why = { 0 };
		int code = mmr_trace_snapshot(run->trace, i, &snapshot, &why);

		if (code == MMR_E_NOMEM)
			return base_error(err, code, "%s", why.text);
		if (code < 0) {
			replay_run_note(run->report, "snapshot %u cannot be read: %s", i, why.text);
			continue;
		}
		if (mmr_snapshot_find(snapshot, "proc/vmstat", &piece)) {
			uint64_t t_ns = piece.begin_ns
			                        ? piece.begin_ns
			                        : mmr_trace_snapshot_info(run->trace, i)->begin_ns;

			put_vmstat(run, &piece, (int64_t)(t_ns - run->span.first_ns));
			replay_facts_put(run->db, snapshot, (int64_t)(t_ns - run->span.first_ns));
			replay_run_put_ksm_recorded(run->db, snapshot,
			                            (int64_t)(t_ns - run->span.first_ns));
		}
		mmr_snapshot_free(snapshot);
	}
	if (!run->counters.end_ns)
		replay_run_note(run->report,
		                "there are no two snapshots of /proc/vmstat: no counters");
	return 0;
}

/* ---- verification ---- */

static const char *check_name(uint8_t kind)
{
	static const char *const names[] = {
		[SHADOW_CHECK_BUDDYINFO] = "buddyinfo",
		[SHADOW_CHECK_BUDDYINFO_END] = "buddyinfo.end",
		[SHADOW_CHECK_KPAGEFLAGS] = "kpageflags",
		[SHADOW_CHECK_CAUSE] = "cause",
	};

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "";
}

static int report_checks(struct original *run, struct mmr_error *err)
{
	size_t nr_checks;
	const struct replay_shadow_check *checks = replay_shadow_checks(run->shadow, &nr_checks);
	struct mmr_run_report *report = run->report;

	report->checks =
		base_calloc_err(nr_checks + 1, sizeof(*report->checks), "the comparison", err);
	if (!report->checks)
		return MMR_E_NOMEM;
	report->nr_checks = nr_checks;
	for (size_t i = 0; i < nr_checks; i++) {
		const struct replay_shadow_check *check = &checks[i];
		const struct mmr_zone_info *zone = mmr_trace_zone(run->trace, check->zone);
		struct mmr_run_check *out = &report->checks[i];
		bool is_buddyinfo = check->kind == SHADOW_CHECK_BUDDYINFO ||
		                    check->kind == SHADOW_CHECK_BUDDYINFO_END;

		*out = (struct mmr_run_check){
			.t_ns = (int64_t)(check->t_ns - run->span.first_ns),
			.what = check_name(check->kind),
			.node = zone ? zone->node : 0,
			.page_order = is_buddyinfo ? check->page_order : -1,
			.snapshot = check->snapshot,
			.kernel = check->kernel,
			.shadow = check->shadow,
			.cause = replay_shadow_cause_text(check->cause),
			.good = replay_shadow_check_good(run->shadow, check),
		};
		if (zone)
			memcpy(out->zone, zone->name, sizeof(out->zone));
	}
	return 0;
}

static void put_checks(struct original *run)
{
	for (size_t i = 0; i < run->report->nr_checks; i++) {
		const struct mmr_run_check *check = &run->report->checks[i];
		const struct results_verification row = {
			.t_ns = check->t_ns,
			.what = check->what,
			.page_order = check->page_order >= 0 ? check->page_order : RESULTS_NULL,
			.kernel = (int64_t)check->kernel,
			.shadow = (int64_t)check->shadow,
			.cause = check->cause,
		};

		results_put_verification(run->db, &row);
	}
}

/* ---- the run ---- */

/* Which lists the recorded kernel had, where it is known. */
static int put_policy(const struct original *run, struct mmr_error *err)
{
	struct replay_recorded_policy policy;
	int code = replay_recorded_policy(run->trace, &policy, err);

	if (code == 0 && policy.known)
		results_put_param(run->db, "recorded.policy",
		                  policy.missing[0] ? policy.missing : policy.name);
	return code;
}

static int begin(struct original *run, struct mmr_error *err)
{
	const char *label = run->options->label ? run->options->label : "original";
	const struct results_run row = {
		.kind = "original",
		.label = label,
		.policy = "kernel",
		.kernel = mmr_trace_info(run->trace)->kernel_release,
		.access_source = replay_run_access_source(run->trace),
		.begin_ns = run->counters.end_ns
		                    ? (int64_t)(run->counters.begin_ns - run->span.first_ns)
		                    : 0,
		.end_ns = run->counters.end_ns
		                  ? (int64_t)(run->counters.end_ns - run->span.first_ns)
		                  : 0,
		.duration_ns = (int64_t)(run->span.last_ns - run->span.first_ns),
		.complete = run->report->complete,
	};
	int code;

	code = replay_run_put_trace(run->db, run->trace, run->options, &run->span, err);
	if (code < 0)
		return code;
	code = results_begin_run(run->db, &row, &run->report->run_id, err);
	if (code < 0)
		return code;
	replay_run_put_zones(run->db, run->trace);
	replay_run_put_limits(run->db, run->trace);
	replay_facts_put_recorder(run->db, run->trace);
	code = put_policy(run, err);
	if (code < 0)
		return code;
	run->episodes = (struct replay_episodes){ .trace = run->trace,
		                                  .db = run->db,
		                                  .base_ns = run->span.first_ns };
	run->sampler = (struct run_sampler){
		.db = run->db,
		.trace = run->trace,
		.source = &run->source,
		.base_ns = run->span.first_ns,
		.interval_ns = replay_run_interval(run->options, &run->span),
		.next_ns = UINT64_MAX,
	};
	if (run->shadow)
		code = replay_run_sampler_init(&run->sampler, (uint64_t)row.duration_ns, err);
	if (run->shadow && code == 0)
		code = replay_pins_original_init(&run->pins, run->trace, run->db, run->shadow, err);
	if (run->shadow)
		run->extfrag_threshold = replay_run_extfrag_threshold(run->trace);
	run->files = (struct replay_file_traffic){ .trace = run->trace, .db = run->db };
	if (code == 0)
		code = replay_holders_init(&run->holders, run->trace, run->db, run->span.first_ns,
		                           run->span.last_ns, err);
	return code < 0 ? code : put_counters(run, err);
}

/* Samples begin when the whole first snapshot is known, at an even multiple of the interval. */
static void start_sampling(struct original *run, uint64_t t_ns)
{
	uint64_t since_base = t_ns - run->span.first_ns;

	replay_run_sample(&run->sampler, t_ns, false);
	run->sampler.next_ns = run->span.first_ns + (since_base / run->sampler.interval_ns + 1) *
	                                                    run->sampler.interval_ns;
}

/* What is to be seen before an event of t_ns. */
static int dump_until(struct original *run, uint64_t t_ns, struct mmr_error *err)
{
	const struct run_dump_source source = { .shadow = run->shadow };

	if (replay_run_dumps_next(&run->dumps) > t_ns)
		return 0;
	replay_run_dumps_reach(&run->dumps, t_ns);
	return replay_run_dumps_take(&run->dumps, &source, err);
}

/* Neither a database nor a comparison, and all dumps are done. */
static bool is_over(const struct original *run)
{
	return !run->db && !run->options->verify && replay_run_dumps_done(&run->dumps);
}

/* What an interrupt asks for is nobody's whom it interrupted. */
static uint32_t process_of(struct original *run, const struct mmr_event *event)
{
	if (event->kind != MMR_EVENT_MM_PAGE_ALLOC || event->page.context & HOLDER_IN_INTERRUPT)
		return 0;
	return replay_holders_process(&run->holders, event->pid);
}

/* What becomes rows, of one event. */
static void describe(struct original *run, const struct mmr_event *event)
{
	replay_episodes_event(&run->episodes, event);
	replay_holders_event(&run->holders, event);
	if (run->shadow)
		replay_pins_original_event(&run->pins, event, process_of(run, event));
	if (event->kind == MMR_EVENT_MM_PAGE_ALLOC)
		replay_file_traffic_alloc(&run->files, event);
	if (event->kind == MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE ||
	    event->kind == MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE) {
		const struct replay_task *task = replay_task_find(&run->episodes.tasks, event->pid);

		replay_file_traffic_event(&run->files, event, task && task->reclaim.kind);
	}
}

static int feed(struct original *run, struct mmr_error *err)
{
	struct mmr_run_report *report = run->report;
	struct mmr_event event;
	bool sampling = false;
	int more = 0, code;

	while (!is_over(run) && (more = mmr_trace_next(run->trace, &event, err)) > 0) {
		code = dump_until(run, event.t_ns ? event.t_ns - 1 : 0, err);
		if (code < 0)
			return code;
		if (sampling)
			replay_run_sample_until(&run->sampler, event.t_ns);
		if (run->shadow)
			replay_shadow_event(run->shadow, &event);
		if (run->db)
			describe(run, &event);
		run->tlb.begun = !run->shadow || replay_shadow_ready(run->shadow);
		if (run->db)
			code = replay_tlb_recorded_event(&run->tlb, &event, err);
		if (code == 0 && run->survey)
			code = replay_survey_event(run->survey, &event, err);
		if (code < 0)
			return code;
		if (run->db && run->shadow && !sampling && replay_shadow_ready(run->shadow)) {
			sampling = true;
			start_sampling(run, event.t_ns);
		}
		report->nr_events += event.kind != MMR_EVENT_LOST;
		if ((report->nr_events & RUN_PROGRESS_MASK) == 0 && run->options->progress &&
		    !run->options->progress(run->options->progress_data, report->nr_events))
			return base_error(err, MMR_E_BUSY, "interrupted; nothing was written");
	}
	if (more < 0)
		return more;
	if (run->shadow)
		replay_shadow_finish(run->shadow);
	code = is_over(run) ? 0 : dump_until(run, UINT64_MAX, err);
	if (code < 0)
		return code;
	if (sampling)
		replay_run_sample(&run->sampler, run->span.last_ns, true);
	return 0;
}

static int finish(struct original *run, struct mmr_error *err)
{
	struct mmr_run_report *report = run->report;
	int code = 0;

	if (run->shadow && run->options->verify)
		code = report_checks(run, err);
	if (code < 0 || !run->db)
		return code;
	put_checks(run);
	replay_tlb_recorded_finish(&run->tlb);
	replay_put_tlb_recorded(run->db, &run->tlb);
	code = replay_episodes_finish(&run->episodes, err);
	if (code == 0)
		code = replay_holders_finish(&run->holders, err);
	if (code == 0 && run->shadow)
		code = replay_pins_finish(&run->pins.pins, err);
	if (code == 0)
		code = replay_file_traffic_finish(&run->files, err);
	if (code < 0)
		return code;
	report->nr_reclaim_episodes = run->episodes.nr_reclaim;
	report->nr_compaction_episodes = run->episodes.nr_compaction;
	if (mmr_trace_damage(run->trace)->nr_frames && report->complete) {
		report->complete = replay_run_is_complete(run->trace, &run->span, report);
		code = results_set_complete(run->db, report->complete, err);
	}
	return code < 0 ? code : results_failed(run->db, err);
}

int replay_run_original(struct mmr_trace *trace, struct results_db *db,
                        const struct mmr_run_options *options, struct replay_survey *survey,
                        bool *wants_curves, struct mmr_run_report *report, struct mmr_error *err)
{
	struct original run = { .trace = trace, .options = options, .report = report, .db = db };
	int code;

	run.survey = survey;
	run.first_refaults = -1;
	*report = (struct mmr_run_report){ 0 };
	code = replay_run_span_read(trace, &run.span, err);
	if (code == 0) {
		report->nr_lost = run.span.nr_lost;
		report->complete = replay_run_is_complete(trace, &run.span, report);
		code = replay_run_counters_find(trace, &run.counters, err);
	}
	if (code == 0)
		code = replay_run_dumps_init(&run.dumps, trace, options, &run.span, true, err);
	if (code == 0)
		code = open_shadow(&run, err);
	if (code == 0 && db)
		code = begin(&run, err);
	if (code == 0)
		code = feed(&run, err);
	if (code == 0)
		code = finish(&run, err);
	*wants_curves = code == 0 && db && lacked_memory(&run) && replay_run_may_put_curves(trace);
	if (db)
		replay_run_sampler_deinit(&run.sampler);
	replay_episodes_deinit(&run.episodes);
	replay_holders_deinit(&run.holders);
	replay_pins_original_deinit(&run.pins);
	replay_file_traffic_deinit(&run.files);
	replay_tlb_recorded_deinit(&run.tlb);
	replay_shadow_destroy(run.shadow);
	replay_run_dumps_deinit(&run.dumps);
	return code;
}

int mmr_run_original(struct mmr_trace *trace, const struct mmr_run_options *options,
                     struct mmr_run_report *report, struct mmr_error *err)
{
	struct results_db *db = NULL;
	bool wants_curves = false;
	int code;

	*report = (struct mmr_run_report){ 0 };
	code = replay_run_check_events(trace, err);
	if (code == 0)
		code = replay_run_check_limits(trace, false, options, err);
	if (code == 0 && options->db_path)
		code = results_open(options->db_path, &db, err);
	if (code == 0)
		code = replay_run_original(trace, db, options, NULL, &wants_curves, report, err);
	if (code == 0 && wants_curves)
		code = replay_run_read_curves(db, trace, NULL, false, options, err);
	if (code == 0 && db)
		code = results_commit(db, err);
	results_close(db);
	return code;
}

void mmr_run_report_deinit(struct mmr_run_report *report)
{
	base_free(report->checks);
	report->checks = NULL;
	report->nr_checks = 0;
}
