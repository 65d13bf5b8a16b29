/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Going from frame to frame through a file that has no index: its recorder was killed, the disk was
 * full, or bytes changed. After damage the walk looks for the next place where a frame begins soundly.
 * Only the heads are decompressed here; a frame's checksum is verified when it is read.
 */
#include <string.h>

#include "error_set.h"
#include "io.h"
#include "le.h"
#include "reader.h"

#define SEARCH 8192u

static int add_entry(struct mmr_trace *trace, const struct trace_entry *entry,
                     struct mmr_error *err)
{
	if (entry->kind == TRACE_FRAME_ENTRIES || entry->kind == TRACE_FRAME_TOTALS)
		return 0; /* the walk has come into a damaged index */
	if (trace_entry_vec_push(&trace->entries, *entry) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for the index");
	return 0;
}

/* The next place from offset on where a zstd or skippable magic stands; the file's size if none. */
static int find_magic(const struct mmr_trace *trace, uint64_t *offset, struct mmr_error *err)
{
	uint8_t bytes[SEARCH];

	while (*offset + 4 <= trace->info.file_size) {
		ssize_t got =
			base_pread_all(trace->fd, bytes, sizeof(bytes), *offset, trace->path, err);

		if (got < 0)
			return (int)got;
		for (ssize_t i = 0; i + 4 <= got; i++) {
			uint32_t word = le32_get(bytes + i);

			if (word == TRACE_ZSTD_MAGIC || word == TRACE_SKIP_MAGIC) {
				*offset += (uint64_t)i;
				return 0;
			}
		}
		if (got < 4)
			break;
		*offset += (uint64_t)got - 3;
	}
	*offset = trace->info.file_size;
	return 0;
}

/* Whether a frame may end here: the file does, or another frame begins. */
static bool is_border(const struct mmr_trace *trace, uint64_t offset)
{
	uint8_t bytes[4];
	struct mmr_error ignored;

	if (offset >= trace->info.file_size)
		return offset == trace->info.file_size;
	if (base_pread_all(trace->fd, bytes, 4, offset, trace->path, &ignored) != 4)
		return true; /* it is cut within the next frame's magic */
	return le32_get(bytes) == TRACE_ZSTD_MAGIC ||
	       (le32_get(bytes) & TRACE_SKIP_MASK) == TRACE_SKIP_ANY;
}

/* One step: *size of the frame at offset, 0 if there is none; *ours: nobody else's looks like it. */
static int step(struct mmr_trace *trace, uint64_t offset, uint64_t *size, bool *ours,
                struct mmr_error *err)
{
	uint8_t bytes[8];
	struct trace_entry entry;
	ssize_t got = base_pread_all(trace->fd, bytes, 8, offset, trace->path, err);
	int ret;

	*size = 0;
	*ours = got >= 4 && le32_get(bytes) == TRACE_SKIP_MAGIC;
	if (got < 0)
		return (int)got;
	if (got == 8 && (le32_get(bytes) & TRACE_SKIP_MASK) == TRACE_SKIP_ANY) {
		uint64_t len = TRACE_SKIP_HEAD_SIZE + (uint64_t)le32_get(bytes + 4);

		if (is_border(trace, offset + len))
			*size = len;
		return 0;
	}
	if (got < 4 || le32_get(bytes) != TRACE_ZSTD_MAGIC)
		return 0;
	*ours = true;
	ret = trace_frame_probe(trace, &trace->unzip, offset, &entry, err);
	if (ret == MMR_E_IO || ret == MMR_E_NOMEM)
		return ret;
	if (ret < 0 || !is_border(trace, offset + entry.size))
		return 0;
	*size = entry.size;
	return add_entry(trace, &entry, err);
}

static bool ends_with_footer(const struct mmr_trace *trace)
{
	uint8_t bytes[4];
	struct mmr_error ignored;

	return base_pread_all(trace->fd, bytes, 4, trace->info.file_size - 4, trace->path,
	                      &ignored) == 4 &&
	       le32_get(bytes) == TRACE_FOOTER_MAGIC;
}

static int walk(struct mmr_trace *trace, struct mmr_error *err)
{
	uint64_t offset = 0;
	uint64_t damaged = UINT64_MAX; /* where the bytes that are no frame begin */

	while (offset < trace->info.file_size) {
		uint64_t size;
		bool ours;
		int ret = step(trace, offset, &size, &ours, err);

		if (ret < 0)
			return ret;
		if (size > 0 && (damaged == UINT64_MAX || ours)) {
			if (damaged != UINT64_MAX)
				trace_note_damage(trace, damaged, offset - damaged,
				                  "bytes that are no frame");
			damaged = UINT64_MAX;
			offset += size;
			continue;
		}
		if (damaged == UINT64_MAX)
			damaged = offset;
		offset++;
		ret = find_magic(trace, &offset, err);
		if (ret < 0)
			return ret;
	}
	if (damaged != UINT64_MAX) {
		trace->info.truncated = !ends_with_footer(trace);
		trace_note_damage(trace, damaged, trace->info.file_size - damaged,
		                  trace->info.truncated ? "the file ends within a frame"
		                                        : "the index is damaged");
	}
	return 0;
}

/* Snapshots and samples of which all frames are there. */
static int total_lists(struct mmr_trace *trace)
{
	struct trace_totals *totals = &trace->totals;
	struct trace_snapshot_total snapshot = { .number = UINT32_MAX };
	uint32_t sequence = 0; /* that the next snapshot frame should have */
	bool whole = false;    /* every frame of this snapshot so far was there */

	for (size_t i = 0; i < trace->entries.count; i++) {
		const struct trace_entry *e = &trace->entries.items[i];

		if (e->kind == TRACE_FRAME_ACCESS && (e->flags & TRACE_FRAME_LAST) &&
		    e->number >= totals->nr_access && e->number < trace->entries.count)
			totals->nr_access = e->number + 1;
		if (e->kind != TRACE_FRAME_SNAPSHOT)
			continue;
		if (e->number != snapshot.number) {
			whole = snapshot.number == UINT32_MAX || e->number > snapshot.number;
			snapshot.number = e->number;
			snapshot.info.begin_ns = e->first_ns;
		}
		whole = whole && e->sequence == sequence;
		sequence = e->sequence + 1;
		snapshot.info.kind = e->aux;
		snapshot.info.end_ns = e->last_ns;
		if ((e->flags & TRACE_FRAME_LAST) && whole &&
		    trace_snapshot_vec_push(&totals->snapshots, snapshot) < 0)
			return MMR_E_NOMEM;
	}
	return 0;
}

static int read_trailer(struct mmr_trace *trace, struct mmr_error *err)
{
	struct trace_content content = { 0 };
	int ret = 0;

	for (size_t i = 0; i < trace->entries.count && ret == 0; i++) {
		if (trace->entries.items[i].kind != TRACE_FRAME_TRAILER)
			continue;
		ret = trace_entry_read(trace, &trace->unzip, &trace->entries.items[i], &content,
		                       err);
		if (ret == 0)
			ret = trace_add_texts(trace, &content);
		if (ret == MMR_E_CORRUPT || ret == MMR_E_LIMIT || ret == MMR_E_TRUNCATED)
			ret = 0; /* without it, comms may be unknown */
	}
	trace_content_deinit(&content);
	return ret;
}

int trace_index_scan(struct mmr_trace *trace, struct mmr_error *err)
{
	/* If only the list of frames was damaged, the totals stand, and so does the trailer. */
	bool have_totals = trace->info.indexed;
	int ret;

	trace->info.indexed = false;
	trace->entries.count = 0;
	ret = walk(trace, err);
	if (ret == 0 && !have_totals)
		ret = total_lists(trace);
	if (ret == 0 && !have_totals)
		ret = read_trailer(trace, err);
	if (ret == MMR_E_NOMEM)
		return base_error(err, ret, "out of memory for the list of frames");
	trace->have_entries = ret == 0;
	return ret;
}
