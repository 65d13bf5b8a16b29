/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the frames are, as the index at the end of the file tells; reader_scan.c is for files
 * without a sound one. Opening a trace reads the totals only, the list of frames waits until needed.
 *
 * The index is untrusted too: its frames must lie in the file one after the other.
 */
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "io.h"
#include "le.h"
#include "reader.h"

#define MIN_FRAME 24u /* bytes that any of our frames has when compressed */

static int no_index(struct mmr_error *err, const char *why)
{
	return base_error(err, MMR_E_NOTFOUND, "%s", why);
}

/* A frame of the index that is not what it should be means that there is no index. */
static int read_index_frame(struct mmr_trace *trace, uint64_t offset, uint64_t size,
                            struct trace_content *content, struct mmr_error *err)
{
	int ret = trace_frame_read(trace, &trace->unzip, offset, size, content, err);

	return ret == MMR_E_CORRUPT || ret == MMR_E_TRUNCATED ? no_index(err, "it is damaged")
	                                                      : ret;
}

static int read_totals(struct mmr_trace *trace, struct trace_content *content,
                       struct mmr_error *err)
{
	const struct trace_footer *footer = &trace->footer;
	int ret = read_index_frame(trace, footer->offset + TRACE_SKIP_HEAD_SIZE + footer->entries,
	                           footer->totals, content, err);

	if (ret < 0)
		return ret;
	if (content->head.kind != TRACE_FRAME_TOTALS)
		return no_index(err, "its totals are missing");
	ret = trace_totals_get(content->data + TRACE_HEAD_SIZE, (size_t)content->head.payload,
	                       &trace->totals);
	if (ret == MMR_E_NOMEM)
		return base_error(err, ret, "out of memory for the index");
	if (ret == 0 && trace->totals.nr_entries != footer->entry_count)
		ret = MMR_E_CORRUPT;
	if (ret == 0 && (trace->totals.nr_entries > trace->info.file_size / MIN_FRAME ||
	                 trace->totals.snapshots.count > trace->totals.nr_entries ||
	                 trace->totals.nr_access > trace->totals.nr_entries))
		ret = MMR_E_CORRUPT;
	for (size_t i = 1; i < trace->totals.snapshots.count && ret == 0; i++)
		if (trace->totals.snapshots.items[i].number <=
		    trace->totals.snapshots.items[i - 1].number)
			ret = MMR_E_CORRUPT;
	if (ret < 0) {
		trace_totals_deinit(&trace->totals);
		return no_index(err, "its totals make no sense");
	}
	return 0;
}

int trace_index_open(struct mmr_trace *trace, struct mmr_error *err)
{
	uint8_t bytes[TRACE_FOOTER_SIZE];
	struct trace_content content = { 0 };
	uint64_t size = trace->info.file_size;
	ssize_t got;
	int ret;

	if (size < TRACE_FOOTER_SIZE)
		return no_index(err, "the file is too short");
	got = base_pread_all(trace->fd, bytes, sizeof(bytes), size - sizeof(bytes), trace->path,
	                     err);
	if (got < 0)
		return (int)got;
	if ((size_t)got < sizeof(bytes) || !trace_footer_get(bytes, size, &trace->footer))
		return no_index(err, "there is no footer");
	ret = read_totals(trace, &content, err);
	trace_content_deinit(&content);
	return ret;
}

bool trace_index_framed(const struct mmr_trace *trace)
{
	uint64_t offset = trace->footer.offset;
	uint64_t size = trace->info.file_size;
	uint32_t version = trace->info.format_major << 16 | trace->info.format_minor;
	uint8_t skip[TRACE_SKIP_HEAD_SIZE];
	uint8_t footer[TRACE_FOOTER_SIZE];
	struct mmr_error ignored;

	return base_pread_all(trace->fd, skip, sizeof(skip), offset, trace->path, &ignored) ==
	               (ssize_t)sizeof(skip) &&
	       base_pread_all(trace->fd, footer, sizeof(footer), size - sizeof(footer), trace->path,
	                      &ignored) == (ssize_t)sizeof(footer) &&
	       le32_get(skip) == TRACE_SKIP_MAGIC &&
	       le32_get(skip + 4) == size - offset - sizeof(skip) &&
	       le32_get(footer + 36) == version && le32_get(footer + 40) == 0;
}

/* ---- entries of the index ---- */

static bool entries_sound(const struct mmr_trace *trace)
{
	uint64_t end = 0;

	if (trace->entries.count != trace->footer.entry_count)
		return false;
	for (size_t i = 0; i < trace->entries.count; i++) {
		const struct trace_entry *e = &trace->entries.items[i];

		if (e->offset < end || e->size < MIN_FRAME || e->offset > trace->footer.offset ||
		    e->size > trace->footer.offset - e->offset)
			return false;
		if (e->kind == TRACE_FRAME_DATA &&
		    (e->number >= TRACE_MAX_CPUS || e->payload > TRACE_MAX_DATA))
			return false;
		end = e->offset + e->size;
	}
	return true;
}

/* The size of the zstd frame at offset within the index; 0 if there is none. */
static uint64_t index_frame_size(struct mmr_trace *trace, uint64_t offset, struct mmr_error *err)
{
	struct trace_entry entry;

	return trace_frame_probe(trace, &trace->unzip, offset, &entry, err) == 0 ? entry.size : 0;
}

static int read_entries(struct mmr_trace *trace, struct mmr_error *err)
{
	struct trace_content content = { 0 };
	uint64_t offset = trace->footer.offset + TRACE_SKIP_HEAD_SIZE;
	uint64_t end = offset + trace->footer.entries;
	int ret = 0;

	trace->entries.count = 0;
	while (offset < end && ret == 0) {
		uint64_t size = index_frame_size(trace, offset, err);

		if (size == 0 || size > end - offset) {
			ret = no_index(err, "its entries are damaged");
			break;
		}
		ret = read_index_frame(trace, offset, size, &content, err);
		if (ret < 0)
			break;
		if (content.head.kind != TRACE_FRAME_ENTRIES ||
		    content.head.payload / TRACE_ENTRY_SIZE >
		            trace->footer.entry_count - trace->entries.count)
			ret = MMR_E_CORRUPT;
		if (ret == 0)
			ret = trace_entries_get(content.data + TRACE_HEAD_SIZE,
			                        (size_t)content.head.payload, &trace->entries);
		if (ret == MMR_E_NOMEM)
			ret = base_error(err, ret, "out of memory for the index");
		if (ret == MMR_E_CORRUPT)
			ret = no_index(err, "its entries make no sense");
		offset += size;
	}
	trace_content_deinit(&content);
	if (ret == 0 && !entries_sound(trace))
		ret = no_index(err, "its entries make no sense");
	return ret;
}

/* ---- by number ---- */

/* The snapshot of that number in the totals, which ascend; NULL if it is not listed. */
static const struct trace_snapshot_total *find_snapshot(const struct trace_snapshot_vec *snapshots,
                                                        uint32_t number)
{
	size_t low = 0;
	size_t high = snapshots->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snapshots->items[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == snapshots->count || snapshots->items[low].number != number)
		return NULL;
	return &snapshots->items[low];
}

/* The first frame of every snapshot and sample. 0 or MMR_E_NOMEM. */
static int note_first(struct mmr_trace *trace)
{
	const struct trace_snapshot_vec *snapshots = &trace->totals.snapshots;
	uint32_t nr_access = trace->totals.nr_access;

	trace->first_of_snapshot =
		base_calloc(snapshots->count + 1, sizeof(*trace->first_of_snapshot));
	trace->first_of_access = base_calloc(nr_access + 1ul, sizeof(*trace->first_of_access));
	if (!trace->first_of_snapshot || !trace->first_of_access) {
		base_free(trace->first_of_snapshot);
		base_free(trace->first_of_access);
		trace->first_of_snapshot = trace->first_of_access = NULL;
		return MMR_E_NOMEM;
	}
	memset(trace->first_of_snapshot, 0xff,
	       snapshots->count * sizeof(*trace->first_of_snapshot));
	memset(trace->first_of_access, 0xff, nr_access * sizeof(*trace->first_of_access));
	for (size_t i = trace->entries.count; i-- > 0;) {
		const struct trace_entry *e = &trace->entries.items[i];
		const struct trace_snapshot_total *total;

		if (e->kind == TRACE_FRAME_ACCESS && e->number < nr_access)
			trace->first_of_access[e->number] = (uint32_t)i;
		if (e->kind != TRACE_FRAME_SNAPSHOT)
			continue;
		total = find_snapshot(snapshots, e->number);
		if (total)
			trace->first_of_snapshot[total - snapshots->items] = (uint32_t)i;
	}
	return 0;
}

int trace_index_load(struct mmr_trace *trace, struct mmr_error *err)
{
	struct mmr_error why;
	int ret = 0;

	if (trace->first_of_snapshot)
		return 0;
	if (!trace->have_entries) {
		ret = read_entries(trace, &why);
		if (ret < 0 && ret != MMR_E_NOTFOUND && err)
			*err = why;
		if (ret == MMR_E_NOTFOUND) {
			trace_note_damage(trace, trace->footer.offset, trace->footer.entries,
			                  "the index is damaged");
			ret = trace_index_scan(trace, err);
		}
		trace->have_entries = ret == 0;
	}
	if (ret == 0 && note_first(trace) < 0)
		ret = base_error(err, MMR_E_NOMEM, "out of memory for the index");
	return ret;
}
