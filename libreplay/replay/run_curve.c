/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The miss-ratio curves of a trace: its demand (workload/), or its page requests, as uses of pages.
 *
 * A use is what a program waits for or would: a touch, a read, a fault, a sampled access. A page that readahead brought
 * in, or that a fault mapped along, was not used by that; where kernels before 6.10 tell of no other use of file
 * pages, bringing it in stands for it.
 *
 * Where the uses that hit leave no event (anonymous memory without samples; files before 6.10 without samples), what is
 * seen are the uses that faulted. Then the depth of a page is counted from its eviction (curve/stack_distance.h), as
 * mm/workingset.c does: what memory the machine had, and how much more it would have needed.
 *
 * Not modelled: uses of file pages through mappings beyond the first, where there are no samples.
 */
#include <assert.h>
#include <string.h>

#include <mmreplay/curve.h>
#include <mmreplay/trace_requests.h>

#include "alloc.h"
#include "error_set.h"
#include "free_run.h"
#include "miss_curve.h"
#include "run_private.h"
#include "run_runs.h"
#include "vec.h"
#include "workload.h"

#define MAX_FOLLOWED     (1u << 19)
#define EVENTS_PER_BATCH 4096

#define KERNEL (MMR_NR_CURVES + 1)

/* By page number: which curve besides that of all pages it belongs to, plus 1; KERNEL; 0: none so far. */
DEFINE_VEC(memory_vec, uint8_t);

struct mmr_curves {
	struct curve *curves[MMR_NR_CURVES];
	struct memory_vec memories;
	struct mmr_curves_info info;
	uint64_t kernel_pages; /* now */
	bool samples;
};

static int reserve(struct mmr_curves *curves, uint32_t page, struct mmr_error *err)
{
	struct memory_vec *memories = &curves->memories;
	size_t want = memories->capacity ? memories->capacity : 4096;

	if (page < memories->count)
		return 0;
	while (want <= page)
		want *= 2;
	if (memory_vec_reserve(memories, want) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for the curves of %zu pages", want);
	memset(memories->items + memories->count, 0, want - memories->count);
	memories->count = want;
	return 0;
}

/* The curve that a page number is in; MMR_NR_CURVES: none. */
static unsigned int memory_of(const struct mmr_curves *curves, uint32_t page)
{
	unsigned int memory = page < curves->memories.count ? curves->memories.items[page] : 0;

	return memory ? memory - 1 : MMR_NR_CURVES;
}

static int use(struct mmr_curves *curves, uint32_t page, struct mmr_error *err)
{
	unsigned int memory = memory_of(curves, page);
	int code;

	if (memory == MMR_NR_CURVES)
		return 0;
	code = curve_use(curves->curves[memory], page, err);
	return code < 0 ? code : curve_use(curves->curves[MMR_CURVE_ALL], page, err);
}

static int enter(struct mmr_curves *curves, uint32_t page, bool before, struct mmr_error *err)
{
	int code = curve_enter(curves->curves[memory_of(curves, page)], page, before, err);

	return code < 0 ? code : curve_enter(curves->curves[MMR_CURVE_ALL], page, before, err);
}

static int evict(struct mmr_curves *curves, uint32_t page, struct mmr_error *err)
{
	unsigned int memory = memory_of(curves, page);
	int code;

	if (memory == MMR_NR_CURVES)
		return 0;
	code = curve_evict(curves->curves[memory], page, err);
	return code < 0 ? code : curve_evict(curves->curves[MMR_CURVE_ALL], page, err);
}

/* Its contents went, or the number is another page's now. */
static int leave(struct mmr_curves *curves, uint32_t page, struct mmr_error *err)
{
	unsigned int memory = memory_of(curves, page);
	int code;

	if (memory == MMR_NR_CURVES)
		return 0;
	curves->memories.items[page] = 0;
	code = curve_free(curves->curves[memory], page, err);
	return code < 0 ? code : curve_free(curves->curves[MMR_CURVE_ALL], page, err);
}

/* ---- demand ---- */

static bool is_use(const struct mmr_curves *curves, const struct demand_op *op)
{
	if (op->kind != DEMAND_FILE_TOUCH)
		return true;
	if (op->arg & DEMAND_AROUND)
		return false;
	/* Where reads are told apart, what came in was used only if it was written or mapped. */
	return !(op->arg & DEMAND_INSERT) || (op->arg & DEMAND_MAPPED) ||
	       (curves->info.reads_seen ? (op->arg & DEMAND_WRITE) != 0 : true);
}

static int touch(struct mmr_curves *curves, const struct demand_op *op, struct mmr_error *err)
{
	uint8_t memory = op->kind == DEMAND_FILE_TOUCH ? MMR_CURVE_FILE : MMR_CURVE_ANON;
	uint32_t last = op->page + (1u << op->order) - 1;
	int code = reserve(curves, last, err);

	for (uint32_t page = op->page; code == 0 && page <= last; page++) {
		if (memory_of(curves, page) != memory)
			code = leave(curves, page, err);
		curves->memories.items[page] = memory + 1;
		if (code == 0 && op->arg & DEMAND_RESIDENT) {
			code = enter(curves, page, true, err);
			if (code == 0 && op->arg & DEMAND_SWAPPED)
				code = evict(curves, page, err);
		} else if (code == 0) {
			code = is_use(curves, op) ? use(curves, page, err)
			                          : enter(curves, page, false, err);
		}
	}
	return code;
}

static int leave_all(struct mmr_curves *curves, const struct demand_op *op, struct mmr_error *err)
{
	uint32_t nr = op->arg & DEMAND_HUGE ? 1u << op->order : 1;
	int code = 0;

	for (uint32_t i = 0; code == 0 && i < nr; i++)
		code = leave(curves, op->page + i, err);
	return code;
}

static int allocate_kernel(struct mmr_curves *curves, const struct demand_op *op,
                           struct mmr_error *err)
{
	int code = reserve(curves, op->page, err);

	if (code == 0)
		code = leave(curves, op->page, err);
	if (code < 0)
		return code;
	curves->memories.items[op->page] = KERNEL;
	curves->kernel_pages += UINT64_C(1) << op->order;
	if (curves->kernel_pages > curves->info.kernel_pages)
		curves->info.kernel_pages = curves->kernel_pages;
	return 0;
}

static int end(struct mmr_curves *curves, const struct demand_op *op, struct mmr_error *err)
{
	if (op->page >= curves->memories.count || curves->memories.items[op->page] != KERNEL)
		return leave_all(curves, op, err);
	curves->memories.items[op->page] = 0;
	curves->kernel_pages -= UINT64_C(1) << op->order;
	return 0;
}

static int become_copy(struct mmr_curves *curves, const struct demand_op *op, struct mmr_error *err)
{
	int code = op->arg2 == DEMAND_NO_PAGE ? 0 : use(curves, op->arg2, err);

	return code < 0 ? code : touch(curves, op, err);
}

static int rename_page(struct mmr_curves *curves, const struct demand_op *op, struct mmr_error *err)
{
	unsigned int memory = memory_of(curves, op->arg2);
	int code;

	if (op->arg2 == DEMAND_NO_PAGE || memory == MMR_NR_CURVES)
		return 0;
	code = reserve(curves, op->page, err);
	if (code == 0)
		code = leave(curves, op->page, err);
	if (code == 0)
		code = curve_rename(curves->curves[memory], op->page, op->arg2, err);
	if (code == 0)
		code = curve_rename(curves->curves[MMR_CURVE_ALL], op->page, op->arg2, err);
	curves->memories.items[op->page] = (uint8_t)(memory + 1);
	curves->memories.items[op->arg2] = 0;
	return code;
}

static int follow(struct mmr_curves *curves, const struct demand_op *op, struct mmr_error *err)
{
	switch (demand_role(op)) {
	case DEMAND_ROLE_TOUCH:
		return op->arg & DEMAND_VOID ? 0 : touch(curves, op, err);
	case DEMAND_ROLE_COPY:
		return become_copy(curves, op, err);
	case DEMAND_ROLE_USE:
		return use(curves, op->page, err);
	case DEMAND_ROLE_KERNEL:
		return allocate_kernel(curves, op, err);
	case DEMAND_ROLE_END:
		return end(curves, op, err);
	case DEMAND_ROLE_EVICTED:
		return evict(curves, op->page, err);
	case DEMAND_ROLE_RENAME:
		return rename_page(curves, op, err);
	case DEMAND_ROLE_OTHER:
		break;
	}
	return 0;
}

int replay_curves_ops(struct mmr_curves *curves, const struct demand_op *ops, size_t nr_ops,
                      struct mmr_error *err)
{
	int code = 0;

	for (size_t i = 0; code == 0 && i < nr_ops; i++)
		code = follow(curves, &ops[i], err);
	return code;
}

static int follow_ready(struct mmr_curves *curves, struct wl *wl, struct mmr_error *err)
{
	size_t nr_ops;
	const struct demand_op *ops = wl_ops(wl, &nr_ops);
	int code = replay_curves_ops(curves, ops, nr_ops, err);

	if (code == 0)
		wl_consume(wl, nr_ops);
	return code;
}

static bool goes_on(const struct mmr_curve_options *options, uint64_t nr_events)
{
	return !options->progress || options->progress(options->progress_data, nr_events);
}

static int read_events(struct mmr_curves *curves, struct mmr_trace *trace,
                       const struct mmr_curve_options *options, struct wl *wl,
                       struct mmr_error *err)
{
	uint64_t *nr_events = &curves->info.nr_events;
	struct mmr_event event;
	struct run_access access = { 0 };
	int more, code = 0;

	while ((more = mmr_trace_next(trace, &event, err)) > 0) {
		if ((*nr_events & 255) == 0)
			code = replay_run_next_access(trace, wl, event.t_ns, &access, err);
		if (code == 0)
			code = wl_event(wl, &event, err);
		if (code == 0 && *nr_events % EVENTS_PER_BATCH == 0)
			code = follow_ready(curves, wl, err);
		if (code < 0)
			return code;
		*nr_events += event.kind != MMR_EVENT_LOST;
		if ((*nr_events & RUN_PROGRESS_MASK) == 0 && !goes_on(options, *nr_events))
			return base_error(err, MMR_E_BUSY, "interrupted");
	}
	if (more < 0)
		return more;
	code = wl_finish(wl, err);
	return code < 0 ? code : follow_ready(curves, wl, err);
}

static int read_demand(struct mmr_curves *curves, struct mmr_trace *trace,
                       const struct replay_start *start, bool folios,
                       const struct mmr_curve_options *options, struct mmr_error *err)
{
	struct wl *wl = NULL;
	int code = replay_run_workload(trace, start, folios, &wl, err);

	if (code == 0)
		code = read_events(curves, trace, options, wl, err);
	wl_destroy(wl);
	return code;
}

/* ---- page requests ---- */

static int read_requests(struct mmr_curves *curves, struct mmr_trace *trace,
                         const struct mmr_curve_options *options, struct mmr_error *err)
{
	struct mmr_requests requests;
	int more, code = 0;

	while ((more = mmr_trace_next_requests(trace, &requests, err)) > 0) {
		for (uint32_t i = 0; code == 0 && i < requests.nr; i++)
			code = curve_use(curves->curves[MMR_CURVE_FILE], requests.pages[i], err);
		if (code < 0)
			return code;
		curves->info.nr_events += requests.nr;
		if (!goes_on(options, curves->info.nr_events))
			return base_error(err, MMR_E_BUSY, "interrupted");
	}
	return more;
}

/* ---- what the trace is ---- */

/* Notes are made of as replays make them of their reports. */
static void describe(struct mmr_curves *curves, struct mmr_trace *trace,
                     const struct run_span *span)
{
	const struct mmr_trace_info *trace_info = mmr_trace_info(trace);
	struct mmr_curves_info *info = &curves->info;
	const struct mmr_zone_info *zone;
	struct mmr_run_report report = { 0 };

	for (uint32_t i = 0; (zone = mmr_trace_zone(trace, i)); i++)
		info->memory_pages += zone->managed;
	info->page_size = trace_info->page_size;
	info->duration_ns = span->last_ns - span->first_ns;
	info->access_source = replay_run_access_source(trace);
	info->reads_seen = mmr_trace_has_event(trace, MMR_EVENT_MM_FILEMAP_GET_PAGES);
	curves->samples = strcmp(info->access_source, "none") != 0;
	if (trace_info->has_requests) {
		info->reads_seen = true;
		return;
	}
	info->complete = replay_run_is_complete(trace, span, &report);
	if (!curves->samples)
		replay_run_note(
			&report,
			"there are no samples of page accesses: of anonymous memory%s only uses that "
			"faulted are seen",
			info->reads_seen ? " and of mapped files" : " and of files");
	else
		replay_run_note(
			&report,
			"a sample tells that a page was used, not how often: there were more uses "
			"that hit than were seen");
	static_assert(sizeof(info->notes) == sizeof(report.notes), "one is copied to the other");
	memcpy(info->notes, report.notes, sizeof(info->notes));
}

static int create_curves(struct mmr_curves *curves, const struct mmr_curve_options *options,
                         bool requests, struct mmr_error *err)
{
	const bool unseen[MMR_NR_CURVES] = {
		[MMR_CURVE_ANON] = !curves->samples && !requests,
		[MMR_CURVE_FILE] = !curves->samples && !curves->info.reads_seen,
		[MMR_CURVE_ALL] = !curves->samples && !requests,
	};
	int code = 0;

	for (unsigned int i = 0; code == 0 && i < MMR_NR_CURVES; i++) {
		const struct curve_options each = {
			.rate = options->rate,
			.max_followed =
				options->max_followed ? options->max_followed : MAX_FOLLOWED,
			.by_evictions = unseen[i],
		};

		code = curve_create(&each, &curves->curves[i], err);
	}
	return code;
}

int replay_curves_begin(struct mmr_trace *trace, const struct mmr_curve_options *options,
                        struct mmr_curves **ret, struct mmr_error *err)
{
	const struct mmr_run_options limits = { .force = options->force };
	struct mmr_curves *curves;
	struct run_span span;
	int code = replay_run_check_limits(trace, true, &limits, err);

	if (code == 0)
		code = replay_run_span_read(trace, &span, err);
	if (code < 0)
		return code;
	curves = base_calloc_err(1, sizeof(*curves), "curves", err);
	if (!curves)
		return MMR_E_NOMEM;
	describe(curves, trace, &span);
	code = create_curves(curves, options, mmr_trace_info(trace)->has_requests, err);
	if (code < 0)
		mmr_curves_free(curves);
	else
		*ret = curves;
	return code;
}

int replay_curves_end(struct mmr_curves *curves, struct mmr_trace *trace, uint64_t nr_events,
                      struct mmr_error *err)
{
	int code = 0;

	curves->info.nr_events = nr_events;
	for (unsigned int i = 0; code == 0 && i < MMR_NR_CURVES; i++)
		code = curve_finish(curves->curves[i], err);
	if (mmr_trace_damage(trace)->text[0])
		curves->info.complete = false;
	return code;
}

int replay_curves_read(struct mmr_trace *trace, const struct replay_start *start, bool folios,
                       const struct mmr_curve_options *options, struct mmr_curves **ret,
                       struct mmr_error *err)
{
	struct mmr_curves *curves;
	int code = replay_curves_begin(trace, options, &curves, err);

	if (code < 0)
		return code;
	code = mmr_trace_rewind(trace, err);
	if (code == 0)
		code = mmr_trace_info(trace)->has_requests
		               ? read_requests(curves, trace, options, err)
		               : read_demand(curves, trace, start, folios, options, err);
	if (code == 0)
		code = replay_curves_end(curves, trace, curves->info.nr_events, err);
	if (code < 0)
		mmr_curves_free(curves);
	else
		*ret = curves;
	return code;
}

int mmr_curves_read(struct mmr_trace *trace, const struct mmr_curve_options *options,
                    struct mmr_curves **ret, struct mmr_error *err)
{
	struct free_run_start *start;
	int code;

	if (mmr_trace_info(trace)->has_requests)
		return replay_curves_read(trace, NULL, false, options, ret, err);
	start = base_calloc_err(1, sizeof(*start), "curves", err);
	if (!start)
		return MMR_E_NOMEM;
	replay_tunables_init(&start->tunables);
	code = replay_start_read(trace, &start->start, &start->tunables, err);
	if (code == 0) {
		code = replay_curves_read(trace, &start->start,
		                          replay_tunables_folios(&start->tunables), options, ret,
		                          err);
		replay_start_deinit(&start->start);
	}
	base_free(start);
	return code;
}

void mmr_curves_free(struct mmr_curves *curves)
{
	if (!curves)
		return;
	for (unsigned int i = 0; i < MMR_NR_CURVES; i++)
		curve_destroy(curves->curves[i]);
	memory_vec_deinit(&curves->memories);
	base_free(curves);
}

const struct mmr_curve *mmr_curves_get(const struct mmr_curves *curves,
                                       enum mmr_curve_memory memory)
{
	return curve_result(curves->curves[memory]);
}

const struct mmr_curves_info *mmr_curves_info(const struct mmr_curves *curves)
{
	return &curves->info;
}
