/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of a trace without names and kernel addresses: everything goes through a writer that writes none
 * (writer_anonymize.c; anonymize_record.c and anonymize_text.c say what stays). The key is random and not
 * kept. Not hidden: when, how much, how many; and user addresses, without which nothing could be replayed.
 */
#include <mmreplay/trace_check.h>

#include <mmreplay/trace_writer.h>

#include "alloc.h"
#include "error_set.h"
#include "reader.h"
#include "subbuf.h"
#include "writer.h"

struct anonymize {
	struct mmr_trace *trace;
	struct mmr_writer *writer;
	struct trace_content content;
	uint64_t *lost; /* by stream, so far */
	uint32_t nr_streams;
	uint32_t next_snapshot;
	const struct mmr_anonymize_options *options;
	struct anon_counts counts;
	uint64_t nr_events;
};

/* ---- frames ---- */

static int copy_data(struct anonymize *a, const struct trace_head *head, struct mmr_error *err)
{
	const size_t size = head->aux;
	int ret;

	if (size < SUBBUF_HEADER || size > TRACE_MAX_SUBBUF || head->payload % size ||
	    head->number >= a->nr_streams)
		return base_error(err, MMR_E_CORRUPT, "a frame makes no sense (see mmcap repair)");
	a->lost[head->number] += head->lost;
	ret = mmr_writer_pages(a->writer, head->number, a->content.data + TRACE_HEAD_SIZE,
	                       head->payload / size, err);
	if (ret == 0)
		mmr_writer_set_lost(a->writer, head->number, a->lost[head->number]);
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
			ret = mmr_writer_snapshot_piece(a->writer, &piece, err);
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

static int copy_texts(struct anonymize *a, bool trailer, struct mmr_error *err)
{
	const struct trace_text_vec *texts = &a->trace->texts;
	size_t from = trailer ? a->trace->nr_header_texts : 0;
	size_t to = trailer ? texts->count : a->trace->nr_header_texts;
	int ret = 0;

	for (size_t i = from; i < to && ret == 0; i++) {
		const struct trace_text *t = &texts->items[i];

		ret = trailer ? mmr_writer_trailer_text(a->writer, t->name, t->data, t->size, err)
		              : mmr_writer_text(a->writer, t->name, t->data, t->size, err);
	}
	return ret;
}

/* ---- the whole ---- */

static int prepare(struct anonymize *a, const char *input, struct mmr_error *err)
{
	int ret = mmr_trace_open(input, NULL, &a->trace, err);

	if (ret == 0)
		ret = trace_index_load(a->trace, err);
	if (ret < 0)
		return ret;
	if (a->trace->info.has_requests)
		return base_error(err, MMR_E_UNSUPPORTED, "%s holds page requests, and no names",
		                  input);
	if (!a->trace->info.indexed)
		return base_error(err, MMR_E_TRUNCATED, "%s is not whole: see mmcap repair", input);
	a->nr_streams = a->trace->info.nr_cpus;
	for (size_t i = 0; i < a->trace->entries.count; i++) {
		const struct trace_entry *entry = &a->trace->entries.items[i];

		while (entry->kind == TRACE_FRAME_DATA && entry->number >= a->nr_streams)
			a->nr_streams += a->trace->info.nr_cpus;
	}
	a->lost = base_calloc(a->nr_streams, sizeof(*a->lost));
	if (!a->lost)
		return base_error(err, MMR_E_NOMEM, "out of memory to make names unknown");
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
		.anonymize = true,
	};
	int ret = mmr_writer_create(output, &options, &a->writer, err);

	if (ret < 0)
		return ret;
	trace_writer_anon_count(a->writer->anon, &a->counts);
	ret = copy_texts(a, false, err);
	if (ret == 0)
		ret = mmr_writer_begin(a->writer, err);
	if (ret == 0)
		ret = copy_frames(a, err);
	if (ret == 0)
		ret = copy_texts(a, true, err);
	if (ret == 0) {
		struct mmr_writer *writer = a->writer;
		struct mmr_writer_stats stats;

		mmr_writer_stats(writer, &stats);
		a->nr_events = stats.nr_events;
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
	struct anonymize a = { .options = options ? options : &defaults };
	int ret = prepare(&a, input, err);

	if (ret == 0)
		ret = copy(&a, output, err);
	mmr_writer_abort(a.writer);
	mmr_trace_close(a.trace);
	trace_content_deinit(&a.content);
	base_free(a.lost);
	if (ret == 0 && report)
		*report = (struct mmr_anonymize_report){
			.nr_events = a.nr_events,
			.nr_unknown = atomic_load(&a.counts.nr_unknown),
			.nr_dropped = atomic_load(&a.counts.nr_dropped),
		};
	return ret;
}
