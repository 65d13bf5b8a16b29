/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames that are lists of blobs, and what makes a snapshot complete: the files that every snapshot
 * has, times that lie within its own, and chunks that leave nothing out. Which files there should be
 * is known of recordings of mmcap only; a kernel may lack some, so that a missing one is told but is no
 * finding.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "vec.h"
#include "verify.h"

static enum mmr_check_kind check_of(const struct trace_entry *entry)
{
	switch (entry->kind) {
	case TRACE_FRAME_SNAPSHOT:
		return MMR_CHECK_SNAPSHOTS;
	case TRACE_FRAME_ACCESS:
		return MMR_CHECK_ACCESSES;
	default:
		return MMR_CHECK_FRAMES;
	}
}

/* Whether the list that this frame belongs to began soundly and goes on. */
static void follow_list(struct verifier *v, const struct trace_entry *entry)
{
	struct verify_list *list = &v->lists[entry->kind];

	if (list->open && list->number != entry->number && !v->repaired)
		trace_verify_finding(v, check_of(entry), entry->offset,
		                     "list %u of kind %u does not end before %u begins",
		                     list->number, entry->kind, entry->number);
	list->number = entry->number;
	list->open = !(entry->flags & TRACE_FRAME_LAST);
}

void trace_verify_list(struct verifier *v, const struct trace_entry *entry)
{
	const struct trace_head *head = &v->content.head;
	struct trace_blob blob;
	uint64_t nr_blobs = 0;
	size_t pos = 0;
	int ret;

	while ((ret = trace_blob_next(v->content.data + TRACE_HEAD_SIZE, (size_t)head->payload,
	                              &pos, &blob)) > 0)
		nr_blobs++;
	if (ret < 0 || (entry->kind != TRACE_FRAME_ACCESS && nr_blobs != head->count))
		trace_verify_finding(v, check_of(entry), entry->offset,
		                     "the list in the frame at %llu makes no sense",
		                     (unsigned long long)entry->offset);
	follow_list(v, entry);
	if (entry->kind == TRACE_FRAME_ACCESS && (entry->flags & TRACE_FRAME_LAST) &&
	    entry->number >= v->found.nr_access && entry->number < v->trace->entries.count)
		v->found.nr_access = entry->number + 1;
	if (entry->kind == TRACE_FRAME_TRAILER) {
		if (v->found.trailer_size == 0)
			v->found.trailer_offset = entry->offset;
		v->found.trailer_size += entry->size;
	}
}

/* ---- snapshots ---- */

struct extent {
	uint64_t offset;
	uint64_t size;
};

DEFINE_VEC(extent_vec, struct extent);

/* A file that is read in chunks, in any order; memory that is not there is left out. */
struct chunks {
	const char *name;
	struct extent_vec extents;
	uint64_t nr_bytes;
	bool failed; /* no memory */
};

static void add_chunk(struct chunks *chunks, const struct mmr_snapshot_piece *piece)
{
	struct extent extent = { piece->offset, piece->size };

	if (strcmp(piece->name, chunks->name) != 0)
		return;
	chunks->failed |= extent_vec_push(&chunks->extents, extent) < 0;
	chunks->nr_bytes += piece->size;
}

static int compare_extents(const void *a, const void *b)
{
	const struct extent *x = a;
	const struct extent *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

static void check_chunks(struct verifier *v, uint32_t number, struct chunks *chunks)
{
	const struct extent *extents = chunks->extents.items;

	if (chunks->failed)
		trace_verify_say(v, MMR_CHECK_SNAPSHOTS, MMR_CHECK_UNKNOWN,
		                 "snapshot %u: no memory to check %s", number, chunks->name);
	if (chunks->extents.count > 1)
		qsort(chunks->extents.items, chunks->extents.count, sizeof(*extents),
		      compare_extents);
	for (size_t i = 1; i < chunks->extents.count; i++)
		if (extents[i].offset - extents[i - 1].offset < extents[i - 1].size)
			trace_verify_finding(v, MMR_CHECK_SNAPSHOTS, 0,
			                     "snapshot %u: byte %llu of %s is there twice", number,
			                     (unsigned long long)extents[i].offset, chunks->name);
	extent_vec_deinit(&chunks->extents);
}

/* Every page that the machine had is in it. */
static void check_coverage(struct verifier *v, uint32_t number, const struct chunks *chunks)
{
	const struct mmr_zone_info *zone;
	uint64_t present = 0;

	for (uint32_t i = 0; (zone = mmr_trace_zone(v->trace, i)); i++)
		present += zone->present;
	if (chunks->nr_bytes && chunks->nr_bytes / 8 < present)
		trace_verify_say(v, MMR_CHECK_SNAPSHOTS, MMR_CHECK_UNKNOWN,
		                 "snapshot %u: %s tells of %llu of %llu pages", number,
		                 chunks->name, (unsigned long long)chunks->nr_bytes / 8,
		                 (unsigned long long)present);
}

static void check_times(struct verifier *v, uint32_t number, const struct mmr_snapshot_piece *piece)
{
	const struct mmr_snapshot_info *info = mmr_trace_snapshot_info(v->trace, number);

	if (piece->begin_ns == 0 && piece->end_ns == 0)
		return;
	if (piece->begin_ns > piece->end_ns || piece->begin_ns < info->begin_ns ||
	    piece->end_ns > info->end_ns)
		trace_verify_finding(v, MMR_CHECK_SNAPSHOTS, 0,
		                     "snapshot %u: %.80s was read at times outside of it", number,
		                     piece->name);
}

static void check_needed(struct verifier *v, uint32_t number, const struct mmr_snapshot *snapshot)
{
	static const char *const needed[] = { "proc/buddyinfo",  "proc/vmstat",
		                              "proc/zoneinfo",   "proc/pagetypeinfo",
		                              "proc/kpageflags", "proc/buddyinfo.end",
		                              "proc/kpagecount", NULL };
	bool full = mmr_trace_snapshot_info(v->trace, number)->kind == MMR_SNAPSHOT_FULL;
	struct mmr_snapshot_piece piece;

	/* A light snapshot has pagetypeinfo, which is costly, only now and then; a start counts pages. */
	for (int i = 0; needed[i] && (full || i < 3) && (number == 0 || i < 6); i++)
		if (!mmr_snapshot_find(snapshot, needed[i], &piece))
			trace_verify_say(v, MMR_CHECK_SNAPSHOTS, MMR_CHECK_UNKNOWN,
			                 "snapshot %u has no %s", number, needed[i]);
}

static void check_snapshot(struct verifier *v, uint32_t number, const struct mmr_snapshot *snapshot)
{
	struct chunks flags = { .name = "proc/kpageflags" };
	struct chunks counts = { .name = "proc/kpagecount" };
	struct mmr_snapshot_piece piece;

	for (uint32_t i = 0; mmr_snapshot_piece(snapshot, i, &piece); i++) {
		check_times(v, number, &piece);
		add_chunk(&flags, &piece);
		add_chunk(&counts, &piece);
	}
	check_chunks(v, number, &flags);
	check_chunks(v, number, &counts);
	/* Counts are read where flags say that something is mapped. */
	if (counts.nr_bytes > flags.nr_bytes)
		trace_verify_finding(v, MMR_CHECK_SNAPSHOTS, 0,
		                     "snapshot %u: kpageflags has %llu bytes, kpagecount %llu",
		                     number, (unsigned long long)flags.nr_bytes,
		                     (unsigned long long)counts.nr_bytes);
	/* At the end a recorder takes what there is time for. */
	if (number == 0)
		check_coverage(v, number, &flags);
	check_needed(v, number, snapshot);
}

/* What mmcap's own options promise: full snapshots at the start and at the end. */
static void check_ends(struct verifier *v)
{
	const char *options = mmr_trace_text(v->trace, "recorder.options", NULL);
	uint32_t count = v->trace->info.nr_snapshots;
	const struct mmr_snapshot_info *info;

	if (!options || !strstr(options, "snapshot=full") || v->partial)
		return;
	info = mmr_trace_snapshot_info(v->trace, 0);
	if (!info || info->kind != MMR_SNAPSHOT_FULL)
		trace_verify_say(v, MMR_CHECK_SNAPSHOTS, MMR_CHECK_UNKNOWN,
		                 "there is no full snapshot at the start");
	info = count > 1 ? mmr_trace_snapshot_info(v->trace, count - 1) : NULL;
	if (!info || info->kind != MMR_SNAPSHOT_FULL)
		trace_verify_say(
			v, MMR_CHECK_SNAPSHOTS, MMR_CHECK_UNKNOWN,
			"there is no full snapshot at the end: the recording was cut short");
}

int trace_verify_snapshots(struct verifier *v, struct mmr_error *err)
{
	uint32_t count = v->trace->info.nr_snapshots;
	uint32_t nr_full = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct mmr_snapshot *snapshot = NULL;
		struct mmr_error why = { 0 };
		int ret = mmr_trace_snapshot(v->trace, i, &snapshot, &why);

		if (ret == MMR_E_IO || ret == MMR_E_NOMEM) {
			if (err)
				*err = why;
			return ret;
		}
		nr_full += mmr_trace_snapshot_info(v->trace, i)->kind == MMR_SNAPSHOT_FULL;
		if (ret < 0)
			trace_verify_finding(v, MMR_CHECK_SNAPSHOTS, why.offset, "%s", why.text);
		else
			check_snapshot(v, i, snapshot);
		mmr_snapshot_free(snapshot);
	}
	if (v->lists[TRACE_FRAME_SNAPSHOT].open && !v->repaired)
		trace_verify_finding(v, MMR_CHECK_SNAPSHOTS, 0, "snapshot %u is not whole",
		                     v->lists[TRACE_FRAME_SNAPSHOT].number);
	check_ends(v);
	if (count == 0)
		trace_verify_say(v, MMR_CHECK_SNAPSHOTS, MMR_CHECK_UNKNOWN, "there are none");
	trace_verify_say(v, MMR_CHECK_SNAPSHOTS, MMR_CHECK_SOUND, "%u whole ones, %u of them full",
	                 count, nr_full);
	return 0;
}

void trace_verify_accesses(struct verifier *v)
{
	if (v->lists[TRACE_FRAME_ACCESS].open && !v->repaired)
		trace_verify_finding(v, MMR_CHECK_ACCESSES, 0, "access sample %u is not whole",
		                     v->lists[TRACE_FRAME_ACCESS].number);
	if (v->found.nr_access == 0)
		trace_verify_say(v, MMR_CHECK_ACCESSES, MMR_CHECK_SOUND, "there are none");
	else
		trace_verify_say(v, MMR_CHECK_ACCESSES, MMR_CHECK_SOUND, "%u samples",
		                 v->found.nr_access);
}
