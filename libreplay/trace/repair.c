/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames stand alone and have checksums: what can be read of a file is a list of frames, and a whole
 * file is that list with an index. So a repair copies the bytes of every sound frame and counts anew what
 * an index has. It changes a frame only to say that events before it were lost, which is where the
 * frame was that could not be read.
 *
 * Not kept: the old index; what somebody else put between frames.
 */
#include "repair.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "alloc.h"
#include "error_set.h"
#include "index_build.h"
#include "io.h"
#include "le.h"

#define NR_IDS    65536u
#define MAX_NOTES 20u

struct repair {
	struct mmr_trace *trace;
	const struct mmr_repair_options *options;
	struct mmr_repair_report *report;
	struct repair_file file;
	ZSTD_CCtx *cctx;
	uint8_t *packed;
	size_t packed_size;

	struct trace_content content;
	struct trace_entry_vec kept;
	struct trace_totals totals;
	struct mmr_event_count *counts; /* by event id, all of them */
	uint64_t *pending_lost; /* by stream: events of damaged frames before the next one */
	bool *damaged;          /* by stream: a frame was */
	uint32_t nr_streams;
	uint32_t nr_trailers;
	unsigned int nr_notes;
};

static void note(struct repair *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void note(struct repair *r, const char *fmt, ...)
{
	char *notes = r->report->notes;
	size_t room = sizeof(r->report->notes);
	size_t used = strlen(notes);
	char line[160];
	va_list args;

	if (r->nr_notes++ >= MAX_NOTES || used + sizeof(line) > room)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	snprintf(notes + used, room - used, "%s\n", line);
}

/* ---- counting ---- */

static void count_page(struct repair *r, struct trace_cpu_total *total, const uint8_t *page,
                       size_t size)
{
	struct trace_subbuf s;
	const uint8_t *data;
	uint32_t record;

	trace_subbuf_init(&s, page, size);
	while (trace_subbuf_next(&s, &data, &record)) {
		struct mmr_event_count *count = &r->counts[trace_record_id(data)];

		if (count->nr_events++ == 0 || s.t_ns < count->first_ns)
			count->first_ns = s.t_ns;
		if (s.t_ns > count->last_ns)
			count->last_ns = s.t_ns;
		if (total->nr_events++ == 0)
			total->first_ns = s.t_ns;
		total->last_ns = s.t_ns;
	}
}

static void count_data(struct repair *r, const struct trace_head *head)
{
	struct trace_cpu_total *total = &r->totals.cpus.items[head->number];
	size_t size = head->aux;

	r->totals.raw_bytes += head->payload;
	total->nr_lost += head->lost;
	if (size < SUBBUF_HEADER || head->payload % size)
		return;
	for (size_t at = 0; at < head->payload; at += size)
		count_page(r, total, r->content.data + TRACE_HEAD_SIZE + at, size);
}

/* ---- frames ---- */

static int append_frame(struct repair *r, struct trace_entry entry, const void *packed, size_t size,
                        struct mmr_error *err)
{
	const struct trace_head *head = &r->content.head;

	entry.offset = r->file.offset;
	entry.size = (uint32_t)size;
	entry.first_ns = head->first_ns;
	entry.last_ns = head->last_ns;
	entry.lost = head->lost;
	entry.count = (uint32_t)head->count;
	entry.aux = head->aux;
	entry.flags = head->flags;
	entry.sequence = head->sequence;
	if (trace_entry_vec_push(&r->kept, entry) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for the index");
	return trace_repair_file_append(&r->file, packed, size, err);
}

/* Compresses the content anew, with its present head. */
static int repack(struct repair *r, const struct trace_entry *entry, struct mmr_error *err)
{
	size_t content = TRACE_HEAD_SIZE + (size_t)r->content.head.payload;
	size_t bound = ZSTD_compressBound(content);
	void *packed = r->packed;
	size_t size;

	if (bound > r->packed_size) {
		if (base_resize(&packed, bound, 1) < 0)
			return base_error(err, MMR_E_NOMEM, "out of memory for a frame");
		r->packed = packed;
		r->packed_size = bound;
	}
	trace_head_put(r->content.data, &r->content.head);
	size = ZSTD_compress2(r->cctx, r->packed, r->packed_size, r->content.data, content);
	if (ZSTD_isError(size))
		return base_error(err, MMR_E_NOMEM, "cannot compress a frame: %s",
		                  ZSTD_getErrorName(size));
	return append_frame(r, *entry, r->packed, size, err);
}

static int keep_frame(struct repair *r, const struct trace_entry *entry, struct mmr_error *err)
{
	struct trace_head *head = &r->content.head;

	r->report->nr_frames++;
	if (head->kind == TRACE_FRAME_TRAILER) {
		r->nr_trailers++;
		if (r->totals.trailer_size == 0)
			r->totals.trailer_offset = r->file.offset;
		r->totals.trailer_size += entry->size;
	}
	if (head->kind == TRACE_FRAME_DATA) {
		uint64_t lost = r->pending_lost[head->number];

		r->pending_lost[head->number] = 0;
		head->lost += lost;
		count_data(r, head);
		if (lost)
			return repack(r, entry, err);
	}
	return append_frame(r, *entry, r->trace->unzip.packed, entry->size, err);
}

/* A frame that cannot be read. Without an index nobody knows what was in it. */
static void drop_frame(struct repair *r, const struct trace_entry *entry)
{
	struct mmr_repair_report *report = r->report;

	report->nr_bad_frames++;
	report->nr_bad_bytes += entry->size;
	if (entry->kind != TRACE_FRAME_DATA) {
		note(r, "the frame at %llu, of kind %u, was damaged",
		     (unsigned long long)entry->offset, entry->kind);
		return;
	}
	r->pending_lost[entry->number] += entry->count + entry->lost;
	r->damaged[entry->number] = true;
	report->nr_lost += entry->count;
	note(r, "the frame at %llu, of CPU %u with %u events, was damaged",
	     (unsigned long long)entry->offset, entry->number, entry->count);
}

/* Bytes between two frames that are none of ours. */
static void note_gap(struct repair *r, uint64_t end, uint64_t offset)
{
	uint8_t bytes[8];
	struct mmr_error ignored;

	while (end < offset && offset - end >= sizeof(bytes) &&
	       base_pread_all(r->trace->fd, bytes, sizeof(bytes), end, r->trace->path, &ignored) ==
	               (ssize_t)sizeof(bytes) &&
	       (le32_get(bytes) & TRACE_SKIP_MASK) == TRACE_SKIP_ANY &&
	       le32_get(bytes + 4) <= offset - end - sizeof(bytes))
		end += sizeof(bytes) + le32_get(bytes + 4);
	if (end >= offset)
		return;
	r->report->nr_bad_bytes += offset - end;
	note(r, "%llu bytes at %llu were no frame%s", (unsigned long long)(offset - end),
	     (unsigned long long)end,
	     offset == r->trace->info.file_size ? ": the file was cut there" : "");
}

static int copy_frames(struct repair *r, struct mmr_error *err)
{
	struct mmr_trace *trace = r->trace;
	uint64_t end = 0;

	for (size_t i = 0; i < trace->entries.count; i++) {
		const struct trace_entry *entry = &trace->entries.items[i];
		struct mmr_error why = { 0 };
		int ret;

		note_gap(r, end, entry->offset);
		end = entry->offset + entry->size;
		ret = trace_entry_read(trace, &trace->unzip, entry, &r->content, &why);
		if (ret == MMR_E_IO || ret == MMR_E_NOMEM) {
			if (err)
				*err = why;
			return ret;
		}
		if (ret < 0)
			drop_frame(r, entry);
		else
			ret = keep_frame(r, entry, err);
		if (ret < 0 && ret != MMR_E_CORRUPT && ret != MMR_E_TRUNCATED)
			return ret;
		if (r->options->progress)
			r->options->progress(r->options->progress_data, end, trace->info.file_size);
	}
	note_gap(r, end, trace->info.indexed ? trace->footer.offset : trace->info.file_size);
	return 0;
}

/* ---- the end of the file ---- */

static bool is_whole(const struct repair *r, uint32_t snapshot)
{
	const struct trace_snapshot_vec *whole = &r->totals.snapshots;

	for (size_t i = 0; i < whole->count; i++)
		if (whole->items[i].number == snapshot)
			return true;
	return false;
}

static void note_snapshots(struct repair *r)
{
	uint32_t last = UINT32_MAX;

	for (size_t i = 0; i < r->kept.count; i++) {
		const struct trace_entry *entry = &r->kept.items[i];

		if (entry->kind != TRACE_FRAME_SNAPSHOT || entry->number == last)
			continue;
		last = entry->number;
		if (!is_whole(r, last))
			note(r, "snapshot %u is not whole", last);
	}
}

static void note_rest(struct repair *r)
{
	note_snapshots(r);
	if (!r->trace->info.indexed)
		note(r, r->nr_trailers
		                ? "there was no sound index"
		                : "it was not closed: names of tasks, statistics, and what its "
		                  "recorder still held are missing");
	else if (!trace_index_framed(r->trace))
		note(r, "the frame of the index was damaged");
	if (r->nr_notes > MAX_NOTES) {
		size_t used = strlen(r->report->notes);

		snprintf(r->report->notes + used, sizeof(r->report->notes) - used, "and %u more\n",
		         r->nr_notes - MAX_NOTES);
	}
}

/* The notes, behind those of an earlier repair, as one more frame of the trailer. */
static int append_notes(struct repair *r, struct mmr_error *err)
{
	const char *before = mmr_trace_text(r->trace, "repair.notes", NULL);
	const char *notes = r->report->notes;
	size_t old = before ? strlen(before) : 0;
	struct trace_blob blob = { .name = "repair.notes", .name_size = 12 };
	struct trace_buffer list = { 0 };
	struct trace_entry entry = { .kind = TRACE_FRAME_TRAILER };
	char *text;
	int ret;

	if (!notes[0])
		return 0;
	old = old < 16384 ? old : 16384;
	text = base_calloc(old + strlen(notes) + 1, 1);
	if (!text || trace_buffer_reset(&list) < 0)
		goto nomem;
	snprintf(text, old + strlen(notes) + 1, "%.*s%s", (int)old, before ? before : "", notes);
	blob.data = (const uint8_t *)text;
	blob.size = old + strlen(notes);
	if (trace_blob_put(&list, &blob) < 0)
		goto nomem;
	trace_content_deinit(&r->content);
	r->content = (struct trace_content){ .data = list.data, .capacity = list.capacity };
	r->content.head = (struct trace_head){ .kind = TRACE_FRAME_TRAILER,
		                               .flags = TRACE_FRAME_LAST,
		                               .sequence = r->nr_trailers,
		                               .count = list.count,
		                               .payload = list.used - TRACE_HEAD_SIZE };
	entry.payload = (uint32_t)r->content.head.payload;
	if (r->totals.trailer_size == 0)
		r->totals.trailer_offset = r->file.offset;
	ret = repack(r, &entry, err);
	if (ret == 0)
		r->totals.trailer_size += r->kept.items[r->kept.count - 1].size;
	base_free(text);
	return ret;
nomem:
	base_free(text);
	trace_buffer_deinit(&list);
	return base_error(err, MMR_E_NOMEM, "out of memory for notes");
}

/* What the index told of and the frames do not hold is lost as well: the disk was full, say. */
static void compare_index(struct repair *r, uint32_t stream)
{
	const struct trace_cpu_vec *before = &r->trace->totals.cpus;
	struct trace_cpu_total *total = &r->totals.cpus.items[stream];
	uint64_t lost;

	if (stream >= before->count)
		return;
	lost = before->items[stream].nr_lost;
	if (before->items[stream].nr_events > total->nr_events)
		lost += before->items[stream].nr_events - total->nr_events;
	if (lost > total->nr_lost)
		total->nr_lost = lost;
	if (before->items[stream].nr_events != total->nr_events && !r->damaged[stream])
		note(r, "the index told of %llu events of CPU %u, there are %llu",
		     (unsigned long long)before->items[stream].nr_events, stream,
		     (unsigned long long)total->nr_events);
}

static int sum_up(struct repair *r)
{
	struct trace_totals *totals = &r->totals;

	totals->first_ns = UINT64_MAX;
	for (uint32_t i = 0; i < r->nr_streams; i++) {
		struct trace_cpu_total *total = &totals->cpus.items[i];

		compare_index(r, i);
		totals->nr_lost += total->nr_lost;
		totals->nr_events += total->nr_events;
		if (total->nr_events && total->first_ns < totals->first_ns)
			totals->first_ns = total->first_ns;
		if (total->nr_events && total->last_ns > totals->last_ns)
			totals->last_ns = total->last_ns;
	}
	if (totals->nr_events == 0)
		totals->first_ns = 0;
	for (uint32_t id = 0; id < NR_IDS; id++) {
		r->counts[id].event_id = id;
		if (r->counts[id].nr_events &&
		    trace_count_vec_push(&totals->counts, r->counts[id]) < 0)
			return MMR_E_NOMEM;
	}
	r->report->nr_events = totals->nr_events;
	return trace_total_lists(&r->kept, totals);
}

static int append_index(struct repair *r, struct mmr_error *err)
{
	struct trace_buffer index = { 0 };
	int ret;

	r->totals.nr_entries = r->kept.count;
	r->totals.version = r->trace->info.format_major << 16 | r->trace->info.format_minor;
	ret = trace_index_build(r->cctx, &r->kept, &r->totals, r->file.offset, &index);
	if (ret < 0)
		base_error(err, ret, "cannot make the index of %s", r->file.path);
	else
		ret = trace_repair_file_append(&r->file, index.data, index.used, err);
	trace_buffer_deinit(&index);
	return ret;
}

/* ---- the whole ---- */

static int prepare(struct repair *r, const char *input, struct mmr_error *err)
{
	struct mmr_trace *trace;
	int ret = trace_open_file(input, NULL, &r->trace, err);

	if (ret < 0)
		return ret;
	trace = r->trace;
	/* A recorder holds a lock on what it writes. */
	if (flock(trace->fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return base_error(err, MMR_E_BUSY, "%s is being written by a recorder", input);
	ret = trace_index_load(trace, err);
	if (ret < 0)
		return ret;
	r->nr_streams = trace->info.nr_cpus;
	for (size_t i = 0; i < trace->entries.count; i++)
		if (trace->entries.items[i].kind == TRACE_FRAME_DATA &&
		    trace->entries.items[i].number >= r->nr_streams)
			r->nr_streams = trace->entries.items[i].number + 1;
	if (trace->totals.cpus.count > r->nr_streams && trace->totals.cpus.count <= TRACE_MAX_CPUS)
		r->nr_streams = (uint32_t)trace->totals.cpus.count;
	r->counts = base_calloc(NR_IDS, sizeof(*r->counts));
	r->pending_lost = base_calloc(r->nr_streams, sizeof(*r->pending_lost));
	r->damaged = base_calloc(r->nr_streams, sizeof(*r->damaged));
	r->cctx = ZSTD_createCCtx();
	for (uint32_t i = 0; i < r->nr_streams; i++)
		if (trace_cpu_vec_push(&r->totals.cpus, (struct trace_cpu_total){ 0 }) < 0)
			return base_error(err, MMR_E_NOMEM, "out of memory for a repair");
	if (!r->counts || !r->pending_lost || !r->damaged || !r->cctx)
		return base_error(err, MMR_E_NOMEM, "out of memory for a repair");
	ZSTD_CCtx_setParameter(r->cctx, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(r->cctx, ZSTD_c_contentSizeFlag, 1);
	return 0;
}

static int repair(struct repair *r, const char *input, const char *output, struct mmr_error *err)
{
	bool in_place = r->options->in_place;
	int ret = prepare(r, input, err);

	if (ret == 0)
		ret = trace_repair_file_create(&r->file, input, in_place ? NULL : output,
		                               r->options->force, err);
	if (ret == 0)
		ret = copy_frames(r, err);
	if (ret < 0)
		return ret;
	if (sum_up(r) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for the index");
	note_rest(r);
	r->report->was_sound = !r->report->notes[0];
	ret = append_notes(r, err);
	if (ret == 0)
		ret = append_index(r, err);
	if (ret == 0 && !(in_place && r->report->was_sound))
		ret = trace_repair_file_finish(&r->file, input, in_place, r->options->force, err);
	return ret;
}

int mmr_trace_repair(const char *input, const char *output,
                     const struct mmr_repair_options *options, struct mmr_repair_report *report,
                     struct mmr_error *err)
{
	static const struct mmr_repair_options defaults = { 0 };
	struct mmr_repair_report own = { 0 };
	struct repair r = {
		.options = options ? options : &defaults,
		.report = &own,
		.file.fd = -1,
	};
	int ret = repair(&r, input, output, err);

	trace_repair_file_deinit(&r.file);
	mmr_trace_close(r.trace);
	trace_content_deinit(&r.content);
	trace_entry_vec_deinit(&r.kept);
	trace_totals_deinit(&r.totals);
	ZSTD_freeCCtx(r.cctx);
	base_free(r.packed);
	base_free(r.counts);
	base_free(r.pending_lost);
	base_free(r.damaged);
	if (ret == 0 && report)
		*report = own;
	return ret;
}
