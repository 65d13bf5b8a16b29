/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/buddyinfo and its like of the simulated machine, or of the shadow, at instants of trace time.
 *
 * The lines of zoneinfo, vmstat, meminfo and pagetypeinfo are those of the recorded kernel: the first
 * snapshot that has the file is the model. The shadow knows free lists only.
 */
#include "run_dump.h"

#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "shadow.h"
#include "show_mem.h"
#include "show_views.h"

#define PAGEBLOCK_RECORD 8
#define SECTION_BLOCKS   64 /* pageblocks in a memory section */

enum view {
	BUDDYINFO,
	PAGETYPEINFO,
	ZONEINFO,
	VMSTAT,
	MEMINFO,
	LRU_GEN,
	LRU_GEN_FULL,
	EXTFRAG_INDEX,
	UNUSABLE_INDEX
};

static const struct {
	const char *name;
	const char *model; /* file of a snapshot; NULL: needs none */
	bool needs_model;
	bool of_shadow;
} views[RUN_NR_VIEWS] = {
	[BUDDYINFO] = { "buddyinfo", NULL, false, true },
	[PAGETYPEINFO] = { "pagetypeinfo", "proc/pagetypeinfo", false, true },
	[ZONEINFO] = { "zoneinfo", "proc/zoneinfo", true, false },
	[VMSTAT] = { "vmstat", "proc/vmstat", true, false },
	[MEMINFO] = { "meminfo", "proc/meminfo", true, false },
	[LRU_GEN] = { "lru_gen", NULL, false, false },
	[LRU_GEN_FULL] = { "lru_gen_full", NULL, false, false },
	[EXTFRAG_INDEX] = { "extfrag_index", NULL, false, true },
	[UNUSABLE_INDEX] = { "unusable_index", NULL, false, true },
};

const char *mmr_view_name(unsigned int i)
{
	return i < RUN_NR_VIEWS ? views[i].name : NULL;
}

static int find_view(const char *name, enum view *view, struct mmr_error *err)
{
	for (unsigned int i = 0; i < RUN_NR_VIEWS; i++) {
		if (strcmp(views[i].name, name) == 0) {
			*view = (enum view)i;
			return 0;
		}
	}
	return base_error(err, MMR_E_NOTFOUND,
	                  "there is no view %.64s: buddyinfo, pagetypeinfo, zoneinfo, vmstat, "
	                  "meminfo, lru_gen, lru_gen_full, extfrag_index, unusable_index",
	                  name);
}

/* ---- what was asked for ---- */

static int check_requests(const struct run_dumps *dumps, bool shadow, bool wants[RUN_NR_VIEWS],
                          struct mmr_error *err)
{
	for (size_t i = 0; i < dumps->options->nr_dumps; i++) {
		const struct mmr_dump_request *request = &dumps->options->dumps[i];
		enum view view = BUDDYINFO;
		int code = find_view(request->view, &view, err);

		if (code < 0)
			return code;
		if (shadow && !views[view].of_shadow)
			return base_error(err, MMR_E_UNSUPPORTED,
			                  "the shadow follows free lists only: %s is to be had "
			                  "of a replay",
			                  request->view);
		if (request->t_ns != MMR_DUMP_END && request->t_ns > dumps->end_ns - dumps->base_ns)
			return base_error(
				err, MMR_E_INVALID,
				"%s at %.9g s: the recording ends %.9g s after its first event",
				request->view, (double)request->t_ns / 1e9,
				(double)(dumps->end_ns - dumps->base_ns) / 1e9);
		wants[view] = true;
	}
	return 0;
}

/* Absolute; the end comes after whatever else there is. */
static uint64_t time_of(const struct run_dumps *dumps, size_t i)
{
	uint64_t t_ns = dumps->options->dumps[i].t_ns;

	return t_ns == MMR_DUMP_END ? UINT64_MAX : dumps->base_ns + t_ns;
}

/* By insertion: nobody asks for thousands, and those who do ask in order. */
static int sort_requests(struct run_dumps *dumps, struct mmr_error *err)
{
	size_t nr = dumps->options->nr_dumps;

	dumps->order = base_calloc_err(nr, sizeof(*dumps->order), "the dumps' order", err);
	if (!dumps->order)
		return MMR_E_NOMEM;
	for (size_t i = 0; i < nr; i++) {
		size_t at = i;

		for (; at > 0 && time_of(dumps, dumps->order[at - 1]) > time_of(dumps, i); at--)
			dumps->order[at] = dumps->order[at - 1];
		dumps->order[at] = (uint32_t)i;
	}
	return 0;
}

/* ---- models ---- */

static int take_models(struct run_dumps *dumps, const struct mmr_snapshot *snapshot,
                       bool wants[RUN_NR_VIEWS], struct mmr_error *err)
{
	struct mmr_snapshot_piece piece;

	for (unsigned int i = 0; i < RUN_NR_VIEWS; i++) {
		if (!wants[i] || !views[i].model ||
		    !mmr_snapshot_find(snapshot, views[i].model, &piece))
			continue;
		dumps->model[i] = base_strndup((const char *)piece.data, piece.size);
		if (!dumps->model[i])
			return base_error(err, MMR_E_NOMEM, "no memory for %s", views[i].model);
		wants[i] = false;
	}
	return 0;
}

static bool lacks_model(const bool wants[RUN_NR_VIEWS])
{
	for (unsigned int i = 0; i < RUN_NR_VIEWS; i++)
		if (wants[i] && views[i].model)
			return true;
	return false;
}

static int read_models(struct run_dumps *dumps, struct mmr_trace *trace, bool wants[RUN_NR_VIEWS],
                       struct mmr_error *err)
{
	uint32_t nr_snapshots = mmr_trace_info(trace)->nr_snapshots;

	for (uint32_t i = 0; i < nr_snapshots && lacks_model(wants); i++) {
		struct mmr_snapshot *snapshot;
		int code = mmr_trace_snapshot(trace, i, &snapshot, err);

		if (code == MMR_E_CORRUPT)
			continue;
		if (code == 0) {
			code = take_models(dumps, snapshot, wants, err);
			mmr_snapshot_free(snapshot);
		}
		if (code < 0)
			return code;
	}
	for (unsigned int i = 0; i < RUN_NR_VIEWS; i++)
		if (wants[i] && views[i].needs_model)
			return base_error(err, MMR_E_UNSUPPORTED,
			                  "no snapshot of this recording has %s, so which lines "
			                  "its kernel has is not known",
			                  views[i].model);
	return 0;
}

int replay_run_dumps_init(struct run_dumps *dumps, struct mmr_trace *trace,
                          const struct mmr_run_options *options, const struct run_span *span,
                          bool shadow, struct mmr_error *err)
{
	bool wants[RUN_NR_VIEWS] = { false };
	int code;

	*dumps = (struct run_dumps){ .options = options,
		                     .trace = trace,
		                     .base_ns = span->first_ns,
		                     .end_ns = span->last_ns };
	if (options->nr_dumps == 0)
		return 0;
	code = check_requests(dumps, shadow, wants, err);
	if (code == 0)
		code = sort_requests(dumps, err);
	return code < 0 ? code : read_models(dumps, trace, wants, err);
}

void replay_run_dumps_deinit(struct run_dumps *dumps)
{
	for (unsigned int i = 0; i < RUN_NR_VIEWS; i++)
		base_free(dumps->model[i]);
	base_free(dumps->order);
}

/* ---- the views ---- */

static void count_shadow_pageblocks(const uint8_t *records, uint32_t nr, uint32_t first,
                                    struct mm_zone_view *view)
{
	for (uint32_t section = 0; section < nr; section++) {
		uint32_t end = section;
		bool exists = false;

		/* Sections are aligned by the first pageblock's number in the machine. */
		for (; end < nr && (end == section || (first + end) % SECTION_BLOCKS != 0); end++) {
			const uint8_t *record = records + (size_t)end * PAGEBLOCK_RECORD;

			for (int i = 0; i < 6; i++)
				exists |= record[i] != 0;
		}
		for (uint32_t i = section; exists && i < end; i++) {
			uint8_t type = records[(size_t)i * PAGEBLOCK_RECORD + 6];

			if (type < MM_NR_MIGRATETYPES)
				view->pageblocks[type]++;
		}
		section = end - 1;
	}
}

static int shadow_zone_view(const struct replay_shadow *shadow, const struct mmr_zone_info *zone,
                            uint32_t i, struct mm_zone_view *view, struct mmr_error *err)
{
	struct replay_shadow_buddy buddy;
	uint64_t first_pfn;
	uint32_t nr = replay_shadow_pageblocks(shadow, i, &first_pfn);
	uint8_t *records = base_calloc_err(nr + 1u, PAGEBLOCK_RECORD, "pageblocks", err);

	if (!records)
		return MMR_E_NOMEM;
	*view = (struct mm_zone_view){ .node = (uint32_t)zone->node };
	memcpy(view->name, zone->name, sizeof(view->name));
	replay_shadow_buddy(shadow, i, &buddy);
	static_assert(sizeof(view->blocks) == sizeof(buddy.blocks), "the same orders and types");
	memcpy(view->blocks, buddy.blocks, sizeof(view->blocks));
	replay_shadow_pageblock_state(shadow, i, records);
	count_shadow_pageblocks(records, nr, (uint32_t)(first_pfn / SHADOW_PAGEBLOCK_PAGES), view);
	base_free(records);
	return 0;
}

static int zone_views(const struct run_dumps *dumps, const struct run_dump_source *source,
                      struct mm_zone_view **ret, uint32_t *nr, struct mmr_error *err)
{
	struct mm_zone_view *zones;
	int code = 0;

	*nr = source->machine ? mm_nr_zones(source->machine)
	                      : mmr_trace_info(dumps->trace)->nr_zones;
	zones = base_calloc_err(*nr + 1u, sizeof(*zones), "free lists", err);
	if (!zones)
		return MMR_E_NOMEM;
	for (uint32_t i = 0; code == 0 && i < *nr; i++) {
		if (source->machine)
			mm_zone_view(source->machine, i, &zones[i]);
		else
			code = shadow_zone_view(source->shadow, mmr_trace_zone(dumps->trace, i), i,
			                        &zones[i], err);
	}
	if (code < 0) {
		base_free(zones);
		return code;
	}
	*ret = zones;
	return 0;
}

static size_t show_policy(const struct run_dump_source *source, bool full, char *text, size_t size)
{
	size_t length = mm_show_policy(source->machine, full, text, size);

	if (length > 0)
		return length;
	return (size_t)snprintf(text, size, "# the policy is %s: it has no generations\n",
	                        source->policy);
}

static size_t show(const struct run_dumps *dumps, const struct run_dump_source *source,
                   enum view view, const struct mm_zone_view *zones, uint32_t nr_zones, char *text,
                   size_t size)
{
	const char *model = dumps->model[view];

	switch (view) {
	case BUDDYINFO:
		return mm_show_buddyinfo(zones, nr_zones, text, size);
	case PAGETYPEINFO:
		return mm_show_pagetypeinfo(zones, nr_zones, model, text, size);
	case ZONEINFO:
		return mm_show_zoneinfo(source->machine, model, text, size);
	case VMSTAT:
		return mm_show_vmstat(source->machine, model, text, size);
	case MEMINFO:
		return mm_show_meminfo(source->machine, model, text, size);
	case EXTFRAG_INDEX:
		return mm_show_extfrag_index(zones, nr_zones, text, size);
	case UNUSABLE_INDEX:
		return mm_show_unusable_index(zones, nr_zones, text, size);
	case LRU_GEN:
	case LRU_GEN_FULL:
		return show_policy(source, view == LRU_GEN_FULL, text, size);
	}
	return 0;
}

static int take(const struct run_dumps *dumps, size_t request, const struct run_dump_source *source,
                struct mmr_error *err)
{
	struct mmr_dump dump = { .request = request, .view = dumps->options->dumps[request].view };
	struct mm_zone_view *zones = NULL;
	uint32_t nr_zones = 0;
	enum view view = BUDDYINFO;
	char *text;
	int code = find_view(dump.view, &view, err);

	if (code == 0 && views[view].of_shadow)
		code = zone_views(dumps, source, &zones, &nr_zones, err);
	if (code < 0)
		return code;
	dump.size = show(dumps, source, view, zones, nr_zones, NULL, 0);
	text = base_calloc_err(dump.size + 1, 1, dump.view, err);
	if (text)
		show(dumps, source, view, zones, nr_zones, text, dump.size + 1);
	base_free(zones);
	if (!text)
		return MMR_E_NOMEM;
	dump.text = text;
	dump.t_ns = dumps->options->dumps[request].t_ns;
	if (dump.t_ns == MMR_DUMP_END)
		dump.t_ns = dumps->end_ns - dumps->base_ns;
	if (!dumps->options->dump(dumps->options->dump_data, &dump))
		code = base_error(err, MMR_E_IO, "%s could not be written", dump.view);
	base_free(text);
	return code;
}

uint64_t replay_run_dumps_next(const struct run_dumps *dumps)
{
	if (!dumps->options || dumps->nr_reached == dumps->options->nr_dumps)
		return UINT64_MAX;
	return time_of(dumps, dumps->order[dumps->nr_reached]);
}

void replay_run_dumps_reach(struct run_dumps *dumps, uint64_t t_ns)
{
	while (dumps->options && dumps->nr_reached < dumps->options->nr_dumps &&
	       time_of(dumps, dumps->order[dumps->nr_reached]) <= t_ns)
		dumps->nr_reached++;
}

int replay_run_dumps_take(struct run_dumps *dumps, const struct run_dump_source *source,
                          struct mmr_error *err)
{
	for (; dumps->nr_taken < dumps->nr_reached; dumps->nr_taken++) {
		size_t request = dumps->order[dumps->nr_taken];
		int code;

		if (source->shadow && !replay_shadow_ready(source->shadow))
			return base_error(err, MMR_E_INVALID,
			                  "%s at %.9g s: the free lists are known from the end of "
			                  "the first full snapshot on",
			                  dumps->options->dumps[request].view,
			                  (double)dumps->options->dumps[request].t_ns / 1e9);
		code = take(dumps, request, source, err);
		if (code < 0)
			return code;
	}
	return 0;
}

bool replay_run_dumps_done(const struct run_dumps *dumps)
{
	return dumps->options && dumps->options->nr_dumps > 0 &&
	       dumps->nr_taken == dumps->options->nr_dumps;
}
