/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of a trace without names and kernel addresses, record by record after the formats in its header:
 * what a format's field says is copied or replaced, everything else in a record is zero, and a record
 * whose format is not understood keeps its common fields (type, flags, task) only.
 *
 *	numbers			stay: page frames, sizes, flags, task numbers, inodes, user addresses
 *	names, other strings	keyed hash; device names and kernel threads stay
 *	call_site, ip, arrays	zero
 *	other pointers		keyed hash: the same object is still the same one
 *
 * The key is random and not kept. Not hidden: when, how much, how many; and user addresses, without which
 * nothing could be replayed.
 */
#include "anonymize.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <mmreplay/trace_check.h>
#include <mmreplay/trace_writer.h>

#include <traceevent/event-parse.h>

#include "alloc.h"
#include "error_set.h"
#include "le.h"
#include "reader.h"
#include "subbuf.h"

#define COMMON_SIZE 8u

struct anonymize {
	struct mmr_trace *trace;
	struct mmr_writer *writer;
	struct anon_key key;
	struct trace_content content;
	uint8_t *record; /* of TRACE_MAX_SUBBUF: one record as it was */
	uint64_t *lost;  /* by stream, so far */
	uint32_t nr_streams;
	uint32_t next_snapshot;
	const struct mmr_anonymize_options *options;
	struct mmr_anonymize_report *report;
};

/* ---- records ---- */

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

/* Strings that the kernel makes: a device by its numbers, kinds of I/O. */
static bool is_kernels_string(const char *event, const char *field)
{
	static const char *const events[] = { "writeback_dirty_folio", "writeback_dirty_page",
		                              "folio_wait_writeback",  "wait_on_page_writeback",
		                              "balance_dirty_pages",   NULL };
	static const char *const fields[] = { "name", "bdi", NULL };

	return strcmp(field, "rwbs") == 0 || (is_one_of(event, events) && is_one_of(field, fields));
}

/* A string of room bytes: a hash, as much as fits, and zeroes. */
static void put_string(const struct anonymize *a, const uint8_t *from, uint8_t *to, size_t room)
{
	char name[16];

	if (room == 0)
		return;
	trace_anon_task(&a->key, (const char *)from, room, name);
	memcpy(to, name, room - 1 < 15 ? room - 1 : 15);
}

static void put_dynamic(const struct anonymize *a, const struct tep_format_field *f,
                        const uint8_t *from, uint8_t *to, size_t size)
{
	uint32_t word = le32_get(from + f->offset);
	size_t offset = word & 0xffff;
	size_t length = word >> 16;

	if (f->flags & TEP_FIELD_IS_RELATIVE)
		offset += (size_t)f->offset + (size_t)f->size;
	if (!(f->flags & TEP_FIELD_IS_STRING) || offset > size || length > size - offset ||
	    offset < COMMON_SIZE)
		return;
	memcpy(to + f->offset, from + f->offset, 4);
	put_string(a, from + offset, to + offset, length);
}

static void put_field(const struct anonymize *a, const char *event,
                      const struct tep_format_field *f, const uint8_t *from, uint8_t *to,
                      size_t size)
{
	static const char *const dropped[] = { "call_site", "ip", "caller", "function", NULL };
	size_t offset = (size_t)f->offset;
	size_t length = (size_t)f->size;

	if (f->offset < (int)COMMON_SIZE || f->size <= 0 || offset > size ||
	    length > size - offset || is_one_of(f->name, dropped))
		return;
	if (f->flags & TEP_FIELD_IS_DYNAMIC) {
		if (length == 4)
			put_dynamic(a, f, from, to, size);
	} else if (f->flags & TEP_FIELD_IS_STRING) {
		if (is_kernels_string(event, f->name))
			memcpy(to + offset, from + offset, length);
		else
			put_string(a, from + offset, to + offset, length);
	} else if (f->flags & TEP_FIELD_IS_ARRAY) {
		return;
	} else if (f->flags & TEP_FIELD_IS_POINTER || strcmp(f->name, "ptr") == 0) {
		uint64_t hash = trace_anon_hash(&a->key, from + offset, length);

		memcpy(to + offset, &hash, length < 8 ? length : 8);
	} else {
		memcpy(to + offset, from + offset, length);
	}
}

static void change_record(const struct anonymize *a, uint8_t *data, size_t size)
{
	struct tep_event *event = tep_find_event(a->trace->formats.tep, trace_record_id(data));

	memcpy(a->record, data, size);
	memset(data + COMMON_SIZE, 0, size - COMMON_SIZE);
	for (const struct tep_format_field *f = event ? event->format.fields : NULL; f; f = f->next)
		put_field(a, event->name, f, a->record, data, size);
	a->report->nr_events++;
	a->report->nr_unknown += event == NULL;
}

static void change_page(const struct anonymize *a, uint8_t *page, size_t size)
{
	struct trace_subbuf s;
	const uint8_t *data;
	const uint8_t *end;
	uint32_t record;

	trace_subbuf_init(&s, page, size);
	while (trace_subbuf_next(&s, &data, &record))
		if (record <= TRACE_MAX_SUBBUF)
			change_record(a, page + (data - page), record);
	/* Behind the last record stands whatever was there before. */
	end = s.pos;
	memset(page + (end - page), 0, size - (size_t)(end - page));
}

/* ---- frames ---- */

static int copy_data(struct anonymize *a, const struct trace_head *head, struct mmr_error *err)
{
	const size_t size = head->aux;
	uint8_t *pages = a->content.data + TRACE_HEAD_SIZE;
	int ret;

	if (size < SUBBUF_HEADER || size > TRACE_MAX_SUBBUF || head->payload % size ||
	    head->number >= a->nr_streams)
		return base_error(err, MMR_E_CORRUPT, "a frame makes no sense (see mmcap repair)");
	for (size_t at = 0; at < head->payload; at += size)
		change_page(a, pages + at, size);
	a->lost[head->number] += head->lost;
	ret = mmr_writer_pages(a->writer, head->number, pages, head->payload / size, err);
	if (ret == 0)
		mmr_writer_set_lost(a->writer, head->number, a->lost[head->number]);
	return ret;
}

static int copy_piece(struct anonymize *a, struct mmr_snapshot_piece piece, struct mmr_error *err)
{
	char name[512];
	char *text = NULL;
	size_t size = 0;
	int ret = 0;

	switch (trace_anon_piece(&a->key, piece.name, (const char *)piece.data, piece.size, &text,
	                         &size, name)) {
	case ANON_DROP:
		a->report->nr_dropped++;
		return 0;
	case ANON_CHANGED:
		piece.data = (const uint8_t *)text;
		piece.size = size;
		break;
	case ANON_KEEP:
		break;
	}
	piece.name = name;
	ret = mmr_writer_snapshot_piece(a->writer, &piece, err);
	free(text);
	return ret;
}

/* Snapshots that began before an instant and were not copied yet. */
static int copy_snapshots(struct anonymize *a, uint64_t before_ns, struct mmr_error *err)
{
	const struct mmr_snapshot_info *info;
	int ret = 0;

	while (ret == 0 && (info = mmr_trace_snapshot_info(a->trace, a->next_snapshot)) &&
	       info->begin_ns <= before_ns) {
		struct mmr_snapshot *snapshot = NULL;
		struct mmr_snapshot_piece piece;

		ret = mmr_trace_snapshot(a->trace, a->next_snapshot++, &snapshot, err);
		if (ret == 0)
			ret = mmr_writer_snapshot_begin(a->writer, info->kind, info->begin_ns, err);
		for (uint32_t i = 0; ret == 0 && mmr_snapshot_piece(snapshot, i, &piece); i++)
			ret = copy_piece(a, piece, err);
		if (ret == 0)
			ret = mmr_writer_snapshot_end(a->writer, info->end_ns, err);
		mmr_snapshot_free(snapshot);
	}
	return ret;
}

static int copy_frames(struct anonymize *a, struct mmr_error *err)
{
	struct mmr_trace *trace = a->trace;
	int ret = 0;

	for (size_t i = 0; i < trace->entries.count && ret == 0; i++) {
		const struct trace_entry *entry = &trace->entries.items[i];

		if (entry->kind != TRACE_FRAME_DATA)
			continue;
		ret = copy_snapshots(a, entry->first_ns, err);
		if (ret == 0)
			ret = trace_entry_read(trace, &trace->unzip, entry, &a->content, err);
		if (ret == 0)
			ret = copy_data(a, &a->content.head, err);
		if (ret == 0 && a->options->progress)
			a->options->progress(a->options->progress_data, entry->offset + entry->size,
			                     trace->info.file_size);
	}
	if (ret == 0)
		ret = copy_snapshots(a, UINT64_MAX, err);
	for (uint32_t i = 0; ret == 0 && i < trace->info.nr_access_frames; i++) {
		struct mmr_access_sample sample;

		ret = mmr_trace_access_sample(trace, i, &sample, err);
		if (ret == 0)
			ret = mmr_writer_access(a->writer, &sample, err);
	}
	return ret;
}

/* ---- texts ---- */

static int copy_texts(struct anonymize *a, bool trailer, struct mmr_error *err)
{
	const struct trace_text_vec *texts = &a->trace->texts;
	size_t from = trailer ? a->trace->nr_header_texts : 0;
	size_t to = trailer ? texts->count : a->trace->nr_header_texts;
	int ret = 0;

	for (size_t i = from; i < to && ret == 0; i++) {
		const struct trace_text *t = &texts->items[i];
		char *changed = NULL;
		size_t size = t->size;
		enum anon_text what =
			trace_anon_text(&a->key, t->name, t->data, t->size, &changed, &size);
		const char *text = what == ANON_CHANGED ? changed : t->data;

		if (what == ANON_DROP)
			a->report->nr_dropped++;
		else
			ret = trailer ? mmr_writer_trailer_text(a->writer, t->name, text, size, err)
			              : mmr_writer_text(a->writer, t->name, text, size, err);
		free(changed);
	}
	return ret;
}

/* ---- the whole ---- */

static int prepare(struct anonymize *a, const char *input, struct mmr_error *err)
{
	uint32_t nr_bad;
	int ret = mmr_trace_open(input, NULL, &a->trace, err);

	if (ret == 0)
		ret = trace_index_load(a->trace, err);
	if (ret < 0)
		return ret;
	if (!a->trace->info.indexed)
		return base_error(err, MMR_E_TRUNCATED, "%s is not whole: see mmcap repair", input);
	if (!a->trace->formats.loaded && trace_formats_load(&a->trace->formats, &nr_bad) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for the events' formats");
	a->nr_streams = a->trace->info.nr_cpus;
	for (size_t i = 0; i < a->trace->entries.count; i++) {
		const struct trace_entry *entry = &a->trace->entries.items[i];

		while (entry->kind == TRACE_FRAME_DATA && entry->number >= a->nr_streams)
			a->nr_streams += a->trace->info.nr_cpus;
	}
	a->record = base_calloc(TRACE_MAX_SUBBUF, 1);
	a->lost = base_calloc(a->nr_streams, sizeof(*a->lost));
	if (!a->record || !a->lost)
		return base_error(err, MMR_E_NOMEM, "out of memory to make names unknown");
	if (getrandom(&a->key, sizeof(a->key), 0) != (ssize_t)sizeof(a->key))
		return base_error(err, MMR_E_IO, "no random numbers for a key");
	return 0;
}

static uint32_t subbuf_size(const struct anonymize *a)
{
	for (size_t i = 0; i < a->trace->entries.count; i++)
		if (a->trace->entries.items[i].kind == TRACE_FRAME_DATA)
			return a->trace->entries.items[i].aux;
	return a->trace->info.page_size;
}

static int copy(struct anonymize *a, const char *output, struct mmr_error *err)
{
	const struct mmr_writer_options options = {
		.nr_cpus = a->trace->info.nr_cpus,
		.nr_streams = a->nr_streams,
		.subbuf_size = subbuf_size(a),
		.force = a->options->force,
		.level = 3,
	};
	int ret = mmr_writer_create(output, &options, &a->writer, err);

	if (ret == 0)
		ret = copy_texts(a, false, err);
	if (ret == 0)
		ret = mmr_writer_text(a->writer, "anonymous", "1", 1, err);
	if (ret == 0)
		ret = mmr_writer_begin(a->writer, err);
	if (ret == 0)
		ret = copy_frames(a, err);
	if (ret == 0)
		ret = copy_texts(a, true, err);
	if (ret == 0) {
		struct mmr_writer *writer = a->writer;

		a->writer = NULL;
		ret = mmr_writer_finish(writer, err);
	}
	return ret;
}

int mmr_trace_anonymize(const char *input, const char *output,
                        const struct mmr_anonymize_options *options,
                        struct mmr_anonymize_report *report, struct mmr_error *err)
{
	static const struct mmr_anonymize_options defaults = { 0 };
	struct mmr_anonymize_report own = { 0 };
	struct anonymize a = { .options = options ? options : &defaults, .report = &own };
	int ret = prepare(&a, input, err);

	if (ret == 0)
		ret = copy(&a, output, err);
	mmr_writer_abort(a.writer);
	mmr_trace_close(a.trace);
	trace_content_deinit(&a.content);
	base_free(a.record);
	base_free(a.lost);
	explicit_bzero(&a.key, sizeof(a.key));
	if (ret == 0 && report)
		*report = own;
	return ret;
}
