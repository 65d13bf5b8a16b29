/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every frame in the order of the file: no byte between two of them, checksums, heads against the
 * index, sequence numbers and times of each CPU, and every record of every sub-buffer.
 */
#include <string.h>

#include "error_set.h"
#include "io.h"
#include "le.h"
#include "verify.h"

/* ---- bytes ---- */

/* The bytes from end to offset belong to no frame; a skippable frame of somebody else may. */
static void check_gap(struct verifier *v, uint64_t end, uint64_t offset)
{
	const struct mmr_trace *trace = v->trace;
	uint8_t bytes[8];
	struct mmr_error ignored;

	while (end < offset && offset - end >= sizeof(bytes) &&
	       base_pread_all(trace->fd, bytes, sizeof(bytes), end, trace->path, &ignored) ==
	               (ssize_t)sizeof(bytes) &&
	       (le32_get(bytes) & TRACE_SKIP_MASK) == TRACE_SKIP_ANY &&
	       le32_get(bytes + 4) <= offset - end - sizeof(bytes))
		end += sizeof(bytes) + le32_get(bytes + 4);
	if (end < offset)
		trace_verify_finding(v, MMR_CHECK_FRAMES, end, "%llu bytes at %llu are no frame%s",
		                     (unsigned long long)(offset - end), (unsigned long long)end,
		                     offset == trace->info.file_size && trace->info.truncated
		                             ? ": the file was cut there"
		                             : "");
}

/* ---- heads ---- */

static void check_head(struct verifier *v, const struct trace_entry *entry)
{
	const struct trace_head *head = &v->content.head;

	if (v->trace->info.indexed &&
	    (head->first_ns != entry->first_ns || head->last_ns != entry->last_ns ||
	     head->lost != entry->lost || (uint32_t)head->count != entry->count ||
	     head->aux != entry->aux || head->flags != entry->flags))
		trace_verify_finding(v, MMR_CHECK_INDEX, entry->offset,
		                     "the frame at %llu has another head than the index says",
		                     (unsigned long long)entry->offset);
	if (head->first_ns > head->last_ns)
		trace_verify_finding(v, MMR_CHECK_ORDER, entry->offset,
		                     "the frame at %llu ends before it begins",
		                     (unsigned long long)entry->offset);
}

/* Numbers of frames count up by one from 0, in what may begin in the middle from anywhere. */
static void check_sequence(struct verifier *v, const struct trace_entry *entry, uint32_t *next,
                           bool first)
{
	uint32_t sequence = v->content.head.sequence;

	if (sequence != *next && !v->repaired && !(first && v->partial)) {
		if (entry->kind == TRACE_FRAME_DATA)
			trace_verify_finding(v, MMR_CHECK_ORDER, entry->offset,
			                     "CPU %u: frame %u follows at %llu where %u should",
			                     entry->number, sequence,
			                     (unsigned long long)entry->offset, *next);
		else
			trace_verify_finding(v, MMR_CHECK_ORDER, entry->offset,
			                     "frame %u of kind %u follows at %llu where %u should",
			                     sequence, entry->kind,
			                     (unsigned long long)entry->offset, *next);
	}
	*next = sequence + 1;
}

/* ---- records ---- */

static void count_record(struct verifier *v, struct verify_stream *stream, uint32_t id,
                         uint64_t t_ns)
{
	struct mmr_event_count *count = &v->counts[id];

	if (count->nr_events++ == 0 || t_ns < count->first_ns)
		count->first_ns = t_ns;
	if (t_ns > count->last_ns)
		count->last_ns = t_ns;
	if (stream->total.nr_events++ == 0)
		stream->total.first_ns = t_ns;
	stream->total.last_ns = t_ns;
	v->nr_records++;
}

static void check_record(struct verifier *v, const struct trace_entry *entry, const uint8_t *data,
                         uint32_t size)
{
	uint32_t id = trace_record_id(data);
	struct mmr_event event;

	if (!trace_formats_find(&v->trace->formats, id))
		v->nr_unknown++;
	if (!trace_decode(trace_plan_of(&v->trace->formats, id), data, size, &event))
		trace_verify_finding(
			v, MMR_CHECK_RECORDS, entry->offset,
			"a record of event %u with %u bytes is too short, in the frame "
			"at %llu",
			id, size, (unsigned long long)entry->offset);
}

/* One sub-buffer; what its records are is added to found. */
static void check_subbuf(struct verifier *v, const struct trace_entry *entry, const uint8_t *page,
                         size_t size, struct trace_head *found)
{
	struct verify_stream *stream = &v->streams[entry->number];
	struct trace_subbuf s;
	const uint8_t *data;
	uint32_t record;
	bool back = false;

	trace_subbuf_init(&s, page, size);
	found->lost += s.nr_missed;
	while (trace_subbuf_next(&s, &data, &record)) {
		if (s.t_ns < stream->t_ns && !back) {
			trace_verify_finding(
				v, MMR_CHECK_ORDER, entry->offset,
				"CPU %u: time goes back by %llu ns in the frame at %llu",
				entry->number, (unsigned long long)(stream->t_ns - s.t_ns),
				(unsigned long long)entry->offset);
			back = true;
		}
		stream->t_ns = s.t_ns;
		if (found->count++ == 0)
			found->first_ns = s.t_ns;
		found->last_ns = s.t_ns;
		count_record(v, stream, trace_record_id(data), s.t_ns);
		check_record(v, entry, data, record);
	}
	if (s.damaged)
		trace_verify_finding(
			v, MMR_CHECK_SUBBUFFERS, entry->offset,
			"sub-buffer %llu of the frame at %llu makes no sense",
			(unsigned long long)(page - v->content.data - TRACE_HEAD_SIZE) / entry->aux,
			(unsigned long long)entry->offset);
	if (s.t_ns > stream->walk_ns)
		stream->walk_ns = s.t_ns;
	v->nr_subbufs++;
}

/* A head's last time may be that of what follows its last record: padding has a time too. */
static bool agrees(const struct trace_head *head, const struct trace_head *found, uint64_t walk_ns)
{
	if (found->count != head->count || found->lost > head->lost)
		return false;
	return found->count == 0 || (found->first_ns == head->first_ns &&
	                             found->last_ns <= head->last_ns && head->last_ns <= walk_ns);
}

static void check_data(struct verifier *v, const struct trace_entry *entry)
{
	const struct trace_head *head = &v->content.head;
	struct verify_stream *stream = &v->streams[entry->number];
	struct trace_head found = { 0 };
	size_t size = head->aux;

	check_sequence(v, entry, &stream->next_sequence, !stream->started);
	stream->started = true;
	stream->total.nr_lost += head->lost;
	v->found.raw_bytes += head->payload;
	if (size < SUBBUF_HEADER || head->payload % size != 0) {
		trace_verify_finding(v, MMR_CHECK_SUBBUFFERS, entry->offset,
		                     "the frame at %llu is not made of sub-buffers of %zu bytes",
		                     (unsigned long long)entry->offset, size);
		return;
	}
	for (size_t at = 0; at < head->payload; at += size)
		check_subbuf(v, entry, v->content.data + TRACE_HEAD_SIZE + at, size, &found);
	if (!agrees(head, &found, stream->walk_ns))
		trace_verify_finding(v, MMR_CHECK_SUBBUFFERS, entry->offset,
		                     "the head of the frame at %llu tells of %llu events, there "
		                     "are %llu, or of other times",
		                     (unsigned long long)entry->offset,
		                     (unsigned long long)head->count,
		                     (unsigned long long)found.count);
}

static void check_requests(struct verifier *v, const struct trace_entry *entry)
{
	const struct trace_head *head = &v->content.head;

	if (!trace_requests_sound(head))
		trace_verify_finding(v, MMR_CHECK_RECORDS, entry->offset,
		                     "the frame at %llu has %llu bytes for %llu requests",
		                     (unsigned long long)entry->offset,
		                     (unsigned long long)head->payload,
		                     (unsigned long long)head->count);
	else
		v->nr_requests += head->count;
}

/* ---- all ---- */

static void check_frame(struct verifier *v, const struct trace_entry *entry)
{
	v->nr_frames++;
	check_head(v, entry);
	if (entry->kind == TRACE_FRAME_DATA) {
		check_data(v, entry);
	} else if (entry->kind <= TRACE_FRAME_TRAILER) {
		check_sequence(v, entry, &v->next_sequence[entry->kind],
		               v->next_sequence[entry->kind] == 0);
		trace_verify_list(v, entry);
	} else if (entry->kind == TRACE_FRAME_REQUESTS) {
		check_sequence(v, entry, &v->next_sequence[entry->kind],
		               v->next_sequence[entry->kind] == 0);
		check_requests(v, entry);
	}
}

static void say_what(struct verifier *v)
{
	trace_verify_say(v, MMR_CHECK_FRAMES, MMR_CHECK_SOUND, "%llu frames, %llu bytes",
	                 (unsigned long long)v->nr_frames,
	                 (unsigned long long)v->trace->info.file_size);
	trace_verify_say(v, MMR_CHECK_ORDER, MMR_CHECK_SOUND,
	                 v->repaired ? "times ascend; what is missing stands in repair.notes"
	                             : "no frame is missing, times ascend");
	trace_verify_say(v, MMR_CHECK_SUBBUFFERS, MMR_CHECK_SOUND, "%llu sub-buffers, %llu records",
	                 (unsigned long long)v->nr_subbufs, (unsigned long long)v->nr_records);
	if (v->nr_unknown)
		trace_verify_say(
			v, MMR_CHECK_RECORDS, MMR_CHECK_UNKNOWN,
			"%llu of %llu records are of events that the header does not describe",
			(unsigned long long)v->nr_unknown, (unsigned long long)v->nr_records);
	if (mmr_trace_text(v->trace, "requests.count", NULL) &&
	    v->nr_requests != v->trace->info.nr_requests)
		trace_verify_finding(v, MMR_CHECK_RECORDS, 0,
		                     "there are %llu requests, the trailer says %llu",
		                     (unsigned long long)v->nr_requests,
		                     (unsigned long long)v->trace->info.nr_requests);
	else if (v->trace->info.has_requests)
		trace_verify_say(v, MMR_CHECK_RECORDS, MMR_CHECK_SOUND, "%llu requests",
		                 (unsigned long long)v->nr_requests);
	trace_verify_say(v, MMR_CHECK_RECORDS, MMR_CHECK_SOUND, "%llu records decode",
	                 (unsigned long long)v->nr_records);
}

int trace_verify_frames(struct verifier *v, const struct mmr_verify_options *options,
                        struct mmr_error *err)
{
	struct mmr_trace *trace = v->trace;
	uint64_t end = 0;

	for (size_t i = 0; i < trace->entries.count; i++) {
		const struct trace_entry *entry = &trace->entries.items[i];
		struct mmr_error why = { 0 };
		int ret;

		check_gap(v, end, entry->offset);
		end = entry->offset + entry->size;
		ret = trace_entry_read(trace, &trace->unzip, entry, &v->content, &why);
		if (ret == MMR_E_IO || ret == MMR_E_NOMEM) {
			if (err)
				*err = why;
			return ret;
		}
		if (ret < 0)
			trace_verify_finding(v, MMR_CHECK_FRAMES, entry->offset, "%s", why.text);
		else
			check_frame(v, entry);
		if (options->progress)
			options->progress(options->progress_data, end, trace->info.file_size);
	}
	check_gap(v, end, trace->info.indexed ? trace->footer.offset : trace->info.file_size);
	say_what(v);
	return 0;
}
