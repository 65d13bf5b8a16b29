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

enum found {
	FOUND_NOTHING,
	FOUND_FRAME,   /* one of ours */
	FOUND_INDEX,   /* the index, whole or cut */
	FOUND_FOREIGN, /* a skippable frame that somebody else put there */
};

/* A frame before something that is none: whole if its checksum says so. */
static bool is_whole(struct mmr_trace *trace, const struct trace_entry *entry)
{
	struct trace_content content = { 0 };
	struct mmr_error ignored;
	int ret = 0;

	if (!is_border(trace, entry->offset + entry->size))
		ret = trace_entry_read(trace, &trace->unzip, entry, &content, &ignored);
	trace_content_deinit(&content);
	return ret == 0;
}

/* What is at offset, in found, and how long it is. 0, MMR_E_IO or MMR_E_NOMEM. */
static int look(struct mmr_trace *trace, uint64_t offset, uint64_t *size, enum found *found,
                struct mmr_error *err)
{
	uint8_t bytes[8];
	struct trace_entry entry;
	struct mmr_error why;
	ssize_t got = base_pread_all(trace->fd, bytes, 8, offset, trace->path, err);
	int ret;

	*found = FOUND_NOTHING;
	if (got < 0)
		return (int)got;
	if (got == 8 && (le32_get(bytes) & TRACE_SKIP_MASK) == TRACE_SKIP_ANY) {
		*size = TRACE_SKIP_HEAD_SIZE + (uint64_t)le32_get(bytes + 4);
		if (le32_get(bytes) == TRACE_SKIP_MAGIC)
			*found = FOUND_INDEX;
		else if (is_border(trace, offset + *size))
			*found = FOUND_FOREIGN;
		return 0;
	}
	if (got < 4 || le32_get(bytes) != TRACE_ZSTD_MAGIC)
		return 0;
	ret = trace_frame_probe(trace, &trace->unzip, offset, &entry, &why);
	if (ret == MMR_E_IO || ret == MMR_E_NOMEM) {
		if (err)
			*err = why;
		return ret;
	}
	if (ret < 0 || !is_whole(trace, &entry))
		return 0;
	*found = FOUND_FRAME;
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

/* Whether the walk goes on behind what was found, or has to search. */
static bool steps_over(const struct mmr_trace *trace, enum found found, uint64_t end,
                       bool searching)
{
	switch (found) {
	case FOUND_FRAME:
		return true;
	case FOUND_INDEX:
		return end == trace->info.file_size;
	case FOUND_FOREIGN:
		return !searching;
	case FOUND_NOTHING:
		break;
	}
	return false;
}

static int walk(struct mmr_trace *trace, struct mmr_error *err)
{
	uint64_t offset = 0;
	uint64_t damaged = UINT64_MAX; /* where the bytes that are no frame begin */

	while (offset < trace->info.file_size) {
		uint64_t size = 0;
		enum found found;
		int ret = look(trace, offset, &size, &found, err);

		if (ret < 0)
			return ret;
		if (steps_over(trace, found, offset + size, damaged != UINT64_MAX)) {
			if (damaged != UINT64_MAX)
				trace_note_damage(trace, damaged, offset - damaged,
				                  "bytes that are no frame");
			damaged = UINT64_MAX;
			offset += size;
			continue;
		}
		if (damaged == UINT64_MAX)
			damaged = offset;
		/* Behind the index there is nothing. */
		if (found == FOUND_INDEX && damaged == offset)
			break;
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

int trace_total_lists(const struct trace_entry_vec *entries, struct trace_totals *totals)
{
	struct trace_snapshot_total snapshot = { .number = UINT32_MAX };
	uint32_t sequence = 0; /* that the next snapshot frame should have */
	bool whole = false;    /* every frame of this snapshot so far was there */

	for (size_t i = 0; i < entries->count; i++) {
		const struct trace_entry *e = &entries->items[i];

		if (e->kind == TRACE_FRAME_ACCESS && (e->flags & TRACE_FRAME_LAST) &&
		    e->number >= totals->nr_access && e->number < entries->count)
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
	struct mmr_error why;
	int ret = 0;

	for (size_t i = 0; i < trace->entries.count && ret == 0; i++) {
		if (trace->entries.items[i].kind != TRACE_FRAME_TRAILER)
			continue;
		ret = trace_entry_read(trace, &trace->unzip, &trace->entries.items[i], &content,
		                       &why);
		if (ret == 0)
			ret = trace_add_texts(trace, &content);
		if (ret == MMR_E_CORRUPT || ret == MMR_E_LIMIT || ret == MMR_E_TRUNCATED)
			ret = 0; /* without it, comms may be unknown */
	}
	trace_content_deinit(&content);
	return ret == MMR_E_IO ? base_error_errno(err, why.sys_errno, "cannot read %s", trace->path)
	                       : ret;
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
		ret = trace_total_lists(&trace->entries, &trace->totals);
	if (ret == 0 && !have_totals)
		ret = read_trailer(trace, err);
	if (ret == MMR_E_NOMEM)
		return base_error(err, ret, "out of memory for the list of frames");
	trace->have_entries = ret == 0;
	return ret;
}
