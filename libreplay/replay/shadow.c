/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shadow of a trace: where its start, its kernel's ways and its verification come from.
 *
 * The start is the first full snapshot that holds kpageflags. The kernel's release and the texts of
 * that snapshot say how it behaves. All later readings of buddyinfo and kpageflags are compared with,
 * a snapshot in memory at a time, and nothing of them flows back.
 *
 * Not modelled: traces that begin without a full snapshot.
 */
#include "shadow.h"

#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "shadow_list.h"
#include "shadow_state.h"
#include "shadow_text.h"
#include "shadow_verify.h"

#define KPF_BYTES 8 /* of kpageflags, a page */

/* ---- the start ---- */

/* The first full snapshot with kpageflags. */
static int load_start(struct mmr_trace *trace, uint32_t *number, struct mmr_snapshot **ret,
                      struct mmr_error *err)
{
	uint64_t whole_from_ns = mmr_trace_info(trace)->whole_from_ns;
	const struct mmr_snapshot_info *info;

	for (uint32_t i = 0; (info = mmr_trace_snapshot_info(trace, i)); i++) {
		struct mmr_snapshot *snapshot = NULL;
		struct mmr_snapshot_piece piece;
		int rc;

		/* Between an older one and the first events that were kept nobody knows what happened. */
		if (info->kind != MMR_SNAPSHOT_FULL || info->begin_ns < whole_from_ns)
			continue;
		rc = mmr_trace_snapshot(trace, i, &snapshot, err);
		if (rc < 0)
			return rc;
		if (mmr_snapshot_find(snapshot, "proc/kpageflags", &piece)) {
			*number = i;
			*ret = snapshot;
			return 0;
		}
		mmr_snapshot_free(snapshot);
	}
	return base_error(err, MMR_E_NOTFOUND,
	                  whole_from_ns
	                          ? "the trace begins in the middle, and no full snapshot with "
	                            "kpageflags was taken after that"
	                          : "the trace has no full snapshot with kpageflags to start "
	                            "from");
}

static bool text_holds(const struct mmr_snapshot *snapshot, const char *name, const char *word)
{
	struct mmr_snapshot_piece piece;

	return mmr_snapshot_find(snapshot, name, &piece) &&
	       memmem(piece.data, piece.size, word, strlen(word));
}

static bool is_before(const char *release, uint64_t major, uint64_t minor)
{
	const char *end = release + strlen(release);
	uint64_t number[2];

	if (!replay_shadow_text_number(&release, end, &number[0]) || release == end ||
	    *release++ != '.' || !replay_shadow_text_number(&release, end, &number[1]))
		return false; /* unknown: as the newest */
	return number[0] < major || (number[0] == major && number[1] < minor);
}

static struct replay_shadow_kernel kernel_of(const struct mmr_trace *trace,
                                             const struct mmr_snapshot *snapshot)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);

	return (struct replay_shadow_kernel){
		.fallback_relocks = is_before(info->kernel_release, 6, 10),
		.thp_pcp = text_holds(snapshot, "proc/vmstat", "thp_fault_alloc"),
		.cma = text_holds(snapshot, "proc/pagetypeinfo", " CMA"),
		.fast_silent =
			!mmr_trace_has_event(trace, MMR_EVENT_MM_COMPACTION_FAST_ISOLATE_FREEPAGES),
		.unused_silent = is_before(info->kernel_release, 6, 9),
		.nr_cpus = info->nr_cpus,
	};
}

/* kpageflags piece i or one after it, with its times; false past the last. */
static bool next_chunk(const struct mmr_snapshot *snapshot, const struct mmr_snapshot_info *info,
                       uint32_t *i, struct mmr_snapshot_piece *piece)
{
	while (mmr_snapshot_piece(snapshot, (*i)++, piece)) {
		if (strcmp(piece->name, "proc/kpageflags") != 0)
			continue;
		if (piece->begin_ns == 0 && piece->end_ns == 0)
			piece->begin_ns = info->begin_ns;
		return true;
	}
	return false;
}

static uint64_t end_of_chunks(const struct mmr_snapshot *snapshot,
                              const struct mmr_snapshot_info *info)
{
	struct mmr_snapshot_piece piece;
	uint64_t end = 0;

	for (uint32_t i = 0; next_chunk(snapshot, info, &i, &piece);) {
		uint64_t piece_end = piece.offset / KPF_BYTES + piece.size / KPF_BYTES;

		end = piece_end > end ? piece_end : end;
	}
	return end;
}

static int new_shadow(struct mmr_trace *trace, const struct mmr_snapshot *snapshot, uint64_t end,
                      struct replay_shadow **ret, struct mmr_error *err)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	struct replay_shadow_kernel kernel = kernel_of(trace, snapshot);
	struct mmr_zone_info *zones;
	int rc;

	zones = base_calloc_err(info->nr_zones, sizeof(*zones), "zones", err);
	if (!zones)
		return MMR_E_NOMEM;
	for (uint32_t i = 0; i < info->nr_zones; i++) {
		struct mmr_zone_info *zone = &zones[i];

		*zone = *mmr_trace_zone(trace, i);
		/* What kpageflags does not reach stays unknown: no need to keep it. */
		if (zone->start_pfn >= end)
			zone->spanned = 0;
		else if (zone->spanned > end - zone->start_pfn)
			zone->spanned = end - zone->start_pfn;
	}
	rc = replay_shadow_new(zones, info->nr_zones, &kernel, ret, err);
	base_free(zones);
	return rc;
}

static int add_start(struct replay_shadow *s, const struct mmr_snapshot *snapshot,
                     const struct mmr_snapshot_info *info, struct mmr_error *err)
{
	struct mmr_snapshot_piece piece;

	for (uint32_t i = 0; next_chunk(snapshot, info, &i, &piece);) {
		int rc = replay_shadow_add_chunk(s, piece.offset / KPF_BYTES, piece.data,
		                                 piece.size / KPF_BYTES, piece.begin_ns, err);

		if (rc < 0)
			return rc;
	}
	if (mmr_snapshot_find(snapshot, "proc/zoneinfo", &piece))
		replay_shadow_list_batches(s, (const char *)piece.data, piece.size);
	/* Without it every pageblock counts as movable until an event says otherwise. */
	if (mmr_snapshot_find(snapshot, "proc/pagetypeinfo", &piece) &&
	    replay_shadow_add_pagetypeinfo(s, (const char *)piece.data, piece.size, NULL) ==
	            MMR_E_NOMEM)
		return base_error(err, MMR_E_NOMEM, "out of memory for the migratetypes");
	return 0;
}

static int check_trace(const struct mmr_trace *trace, struct mmr_error *err)
{
	static const enum mmr_event_kind needed[] = {
		MMR_EVENT_MM_PAGE_ALLOC,
		MMR_EVENT_MM_PAGE_FREE,
		MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED,
		MMR_EVENT_MM_PAGE_PCPU_DRAIN,
		MMR_EVENT_MM_PAGE_ALLOC_EXTFRAG,
	};
	struct mmr_trace_limit limit;

	for (uint32_t i = 0; mmr_trace_limit(trace, i, &limit); i++)
		if (limit.no_shadow)
			return base_error(err, MMR_E_UNSUPPORTED, "the whole machine is needed: %s",
			                  limit.text);
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (!mmr_trace_has_event(trace, needed[i]))
			return base_error(err, MMR_E_UNSUPPORTED,
			                  "the trace was recorded without %s",
			                  mmr_event_name(needed[i]));
	return 0;
}

int replay_shadow_create(struct mmr_trace *trace, struct replay_shadow **ret, struct mmr_error *err)
{
	const struct mmr_snapshot_info *info;
	struct mmr_snapshot *snapshot = NULL;
	struct replay_shadow *s = NULL;
	uint32_t number = 0;
	int rc = check_trace(trace, err);

	if (rc == 0)
		rc = load_start(trace, &number, &snapshot, err);
	if (rc < 0)
		return rc;
	info = mmr_trace_snapshot_info(trace, number);
	rc = new_shadow(trace, snapshot, end_of_chunks(snapshot, info), &s, err);
	if (rc == 0)
		rc = add_start(s, snapshot, info, err);
	mmr_snapshot_free(snapshot);
	if (rc < 0) {
		replay_shadow_destroy(s);
		return rc;
	}
	s->first_snapshot = number;
	*ret = s;
	return 0;
}

/* ---- verification ---- */

struct later_snapshots {
	struct mmr_trace *trace;
	uint32_t next;
	struct mmr_snapshot *snapshot; /* being compared */
};

static uint64_t next_snapshot_ns(void *data)
{
	const struct later_snapshots *later = data;
	const struct mmr_snapshot_info *info = mmr_trace_snapshot_info(later->trace, later->next);

	return info ? info->begin_ns : UINT64_MAX;
}

/* Whether a piece of the first full snapshot was read after the last page that the shadow began with. */
static bool is_after_start(const struct replay_shadow *s, const struct mmr_snapshot_piece *piece)
{
	return s->chunks.count && piece->begin_ns > s->chunks.items[s->chunks.count - 1].begin_ns &&
	       strcmp(piece->name, "proc/kpageflags") != 0;
}

static void load_snapshot(void *data, struct replay_shadow *s)
{
	struct later_snapshots *later = data;
	uint32_t number = later->next++;
	const struct mmr_snapshot_info *info = mmr_trace_snapshot_info(later->trace, number);
	struct mmr_snapshot_piece piece;

	mmr_snapshot_free(later->snapshot);
	later->snapshot = NULL;
	if (mmr_trace_snapshot(later->trace, number, &later->snapshot, NULL) < 0) {
		replay_shadow_verify_unreadable(s, number, info ? info->begin_ns : 0);
		return;
	}
	for (uint32_t i = 0; mmr_snapshot_piece(later->snapshot, i, &piece); i++) {
		if (info && piece.begin_ns == 0 && piece.end_ns == 0) {
			piece.begin_ns = info->begin_ns;
			piece.end_ns = info->end_ns;
		}
		if (number == s->first_snapshot && !is_after_start(s, &piece))
			continue;
		if (replay_shadow_verify_add(s, &piece, number, NULL) < 0)
			replay_shadow_verify_unreadable(s, number, piece.begin_ns);
	}
}

static void free_later(void *data)
{
	struct later_snapshots *later = data;

	mmr_snapshot_free(later->snapshot);
	base_free(later);
}

int replay_shadow_verify_start(struct replay_shadow *s, struct mmr_trace *trace,
                               struct mmr_error *err)
{
	struct later_snapshots *later = base_calloc_err(1, sizeof(*later), "verification", err);
	struct shadow_source source = {
		.data = later,
		.next_ns = next_snapshot_ns,
		.load = load_snapshot,
		.destroy = free_later,
	};
	int rc;

	if (!later)
		return MMR_E_NOMEM;
	later->trace = trace;
	later->next = s->first_snapshot;
	rc = replay_shadow_verify_from(s, &source, err);
	if (rc < 0)
		base_free(later);
	return rc;
}
