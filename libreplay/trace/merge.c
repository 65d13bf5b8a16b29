/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The CPUs' streams as one, in time order. Each stream holds one decompressed frame and the record
 * that comes next in it; a binary heap of (time, stream) says whose turn it is. Memory is streams x
 * frame, twice that where frames are decompressed ahead.
 *
 * Stream s belongs to CPU s % nr_cpus: the first nr_cpus are the ring buffer's own, those behind them
 * hold what the recorder took from elsewhere and put into the same form (perf's page faults).
 *
 * A record is consumed by the call after the one that gave it, so that mmr_trace_raw() stays valid.
 */
#include <string.h>

#include "ahead.h"
#include "alloc.h"
#include "error_set.h"
#include "kept.h"
#include "reader.h"

/* ---- frames of a stream ---- */

static void stream_mark(struct trace_stream *s, uint64_t t_ns, uint64_t nr_lost)
{
	s->state = STREAM_MARK;
	s->nr_lost = nr_lost;
	if (t_ns > s->t_ns)
		s->t_ns = t_ns;
}

/* What the frame's sub-buffers themselves tell to be lost. */
static uint64_t told_by_pages(const struct trace_stream *s)
{
	uint64_t sum = 0;

	for (const uint8_t *page = s->page; page < s->end; page += s->subbuf_size) {
		size_t left = (size_t)(s->end - page);
		struct trace_subbuf walk;

		trace_subbuf_init(&walk, page, left < s->subbuf_size ? left : s->subbuf_size);
		sum += walk.nr_missed;
		if (left < s->subbuf_size)
			break;
	}
	return sum;
}

static void start_frame(struct trace_stream *s, const struct trace_entry *entry)
{
	uint64_t told;

	bool gap = s->has_sequence && s->part == entry->part &&
	           s->content.head.sequence > s->next_sequence;

	s->offset = entry->offset;
	s->part = entry->part;
	s->has_sequence = true;
	s->next_sequence = s->content.head.sequence + 1;
	s->page = s->content.data + TRACE_HEAD_SIZE;
	s->end = s->page + s->content.head.payload;
	s->subbuf_size = s->content.head.aux;
	s->walk = (struct trace_subbuf){ 0 };
	s->located_lost += s->content.head.lost;
	/* In discard mode the pages carry no marks; the recorder's statistics were what told. */
	told = s->content.head.lost ? told_by_pages(s) : 0;
	if (s->content.head.lost > told)
		stream_mark(s, s->content.head.first_ns, s->content.head.lost - told);
	else if (gap) /* frames are missing before it, with nobody knows how many events */
		stream_mark(s, s->content.head.first_ns, 0);
}

/* What the streams hold follows the file's sizes; 4096 CPUs with frames of 4 MiB would be too much. */
static int count_memory(struct mmr_trace *trace, struct trace_stream *s, struct mmr_error *err)
{
	trace->held_bytes += s->content.capacity - s->held_bytes;
	s->held_bytes = s->content.capacity;
	if (trace->held_bytes <= TRACE_MAX_HELD)
		return 0;
	return base_error(err, MMR_E_LIMIT,
	                  "the frames of %u CPUs are too large to merge: over %llu MiB",
	                  trace->nr_streams, (unsigned long long)(TRACE_MAX_HELD >> 20));
}

/* The next frame of a stream. 1: there is one or a mark in its stead; 0: no more. */
static int next_frame(struct mmr_trace *trace, struct trace_stream *s, struct mmr_error *err)
{
	const struct trace_entry *entry;
	struct mmr_error why = { 0 };
	int ret;

	if (s->next_frame == s->end_frame)
		return 0;
	entry = &trace->entries.items[trace->frames[s->next_frame]];
	if (trace->ahead)
		ret = trace_ahead_take(trace, s, &why);
	else
		ret = trace_kept_read(trace, &trace->unzip, trace->frames[s->next_frame],
		                      &s->content, &why);
	s->page = s->end = NULL;
	if (ret == 0)
		ret = count_memory(trace, s, &why);
	if (ret < 0 && ret != MMR_E_CORRUPT && ret != MMR_E_TRUNCATED) {
		if (err)
			*err = why;
		return ret;
	}
	s->next_frame++;
	if (ret == 0) {
		start_frame(s, entry);
		return 1;
	}
	trace_note_damage(trace, entry->offset, entry->size, "%s", why.text);
	s->next_sequence++;
	s->located_lost += entry->lost;
	stream_mark(s, entry->first_ns, (uint64_t)entry->count + entry->lost);
	return 1;
}

/* What the statistics at the end say to be lost and no frame told of. */
static bool lost_at_end(const struct mmr_trace *trace, struct trace_stream *s)
{
	uint64_t nr_lost = s->index < trace->totals.cpus.count
	                           ? trace->totals.cpus.items[s->index].nr_lost
	                           : 0;

	if (s->final_mark || nr_lost <= s->located_lost)
		return false;
	s->final_mark = true;
	stream_mark(s, trace->totals.last_ns, nr_lost - s->located_lost);
	return true;
}

static bool start_page(struct trace_stream *s)
{
	size_t left = (size_t)(s->end - s->page);
	size_t size = left < s->subbuf_size ? left : s->subbuf_size;

	trace_subbuf_init(&s->walk, s->page, size);
	s->page += size;
	if (!s->walk.missed)
		return false;
	stream_mark(s, s->walk.t_ns, s->walk.nr_missed);
	return true;
}

/* To the next record or mark, beyond the end of a sub-buffer. */
static int advance_page(struct mmr_trace *trace, struct trace_stream *s, struct mmr_error *err)
{
	for (;;) {
		int ret;

		if (s->walk.damaged) {
			trace->damage.nr_records++;
			trace_note_damage(trace, s->offset, 0, "a sub-buffer makes no sense");
			s->walk.damaged = false;
		}
		s->state = STREAM_RECORD;
		if (s->page < s->end) {
			if (start_page(s))
				return 0;
			if (trace_subbuf_next(&s->walk, &s->data, &s->size)) {
				s->t_ns = s->walk.t_ns;
				return 0;
			}
			continue;
		}
		ret = next_frame(trace, s, err);
		if (ret < 0)
			return ret;
		if (s->state == STREAM_MARK)
			return 0;
		if (ret > 0)
			continue;
		if (!lost_at_end(trace, s)) {
			s->state = STREAM_END;
			trace_content_deinit(&s->content);
			trace->held_bytes -= s->held_bytes;
			s->held_bytes = 0;
		}
		return 0;
	}
}

/* To the next record that somebody wants, or a mark, or the end. */
static inline int advance(struct mmr_trace *trace, struct trace_stream *s, struct mmr_error *err)
{
	for (;;) {
		const struct trace_plan *plan;

		if (trace_subbuf_next(&s->walk, &s->data, &s->size)) {
			s->state = STREAM_RECORD;
			s->t_ns = s->walk.t_ns;
		} else {
			int ret = advance_page(trace, s, err);

			if (ret < 0 || s->state != STREAM_RECORD)
				return ret;
		}
		plan = trace_plan_of(&trace->formats, trace_record_id(s->data));
		if (plan->wanted || plan->names_task)
			return 0;
	}
}

/* ---- the heap ---- */

static inline bool before(const struct trace_heap_node *a, const struct trace_heap_node *b)
{
	return a->t_ns != b->t_ns ? a->t_ns < b->t_ns : a->stream < b->stream;
}

static void sift_down(struct trace_heap_node *heap, uint32_t size, uint32_t at)
{
	struct trace_heap_node node = heap[at];

	for (;;) {
		uint32_t child = at * 2 + 1;

		if (child >= size)
			break;
		if (child + 1 < size && before(&heap[child + 1], &heap[child]))
			child++;
		if (!before(&heap[child], &node))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = node;
}

/* Streams of one time come in the order of their numbers: none comes after this. */
static const struct trace_heap_node never = { UINT64_MAX, UINT32_MAX };

static void find_runner_up(struct mmr_trace *trace)
{
	const struct trace_heap_node *heap = trace->heap;

	trace->runner_up = trace->heap_size > 1 ? heap[1] : never;
	if (trace->heap_size > 2 && before(&heap[2], &heap[1]))
		trace->runner_up = heap[2];
}

/* The root's stream has moved on. Most often its next record is still before those of all others. */
static inline void fix_root(struct mmr_trace *trace)
{
	struct trace_heap_node *root = &trace->heap[0];
	const struct trace_stream *s = &trace->streams[root->stream];

	root->t_ns = s->t_ns;
	if (s->state != STREAM_END && before(root, &trace->runner_up))
		return;
	if (s->state == STREAM_END)
		*root = trace->heap[--trace->heap_size];
	if (trace->heap_size > 1)
		sift_down(trace->heap, trace->heap_size, 0);
	find_runner_up(trace);
}

/* ---- setting up ---- */

/* Data frames by stream, in file order within each. */
static int sort_frames(struct mmr_trace *trace, size_t *first)
{
	const struct trace_entry_vec *entries = &trace->entries;
	uint32_t nr_streams = trace->nr_streams;
	/* A file that does not say how many streams it has holds one for each CPU. */
	uint32_t stride =
		mmr_trace_text(trace, "nr_streams", NULL) ? trace->info.nr_cpus : nr_streams;

	for (size_t i = 0; i < entries->count; i++)
		if (entries->items[i].kind == TRACE_FRAME_DATA)
			first[entries->items[i].number + 1]++;
	for (uint32_t i = 0; i < nr_streams; i++)
		first[i + 1] += first[i];
	trace->frames = base_calloc(first[nr_streams] + 1, sizeof(*trace->frames));
	if (!trace->frames)
		return MMR_E_NOMEM;
	for (uint32_t i = 0; i < nr_streams; i++) {
		trace->streams[i].index = i;
		trace->streams[i].cpu = i % stride;
		trace->streams[i].next_frame = first[i];
		trace->streams[i].end_frame = first[i + 1];
	}
	for (size_t i = 0; i < entries->count; i++)
		if (entries->items[i].kind == TRACE_FRAME_DATA)
			trace->frames[first[entries->items[i].number]++] = (uint32_t)i;
	return 0;
}

static int make_streams(struct mmr_trace *trace)
{
	size_t *first;
	int ret;

	trace->nr_streams = trace->info.nr_cpus;
	for (size_t i = 0; i < trace->entries.count; i++) {
		const struct trace_entry *e = &trace->entries.items[i];

		if (e->kind == TRACE_FRAME_DATA && e->number >= trace->nr_streams)
			trace->nr_streams = e->number + 1;
	}
	trace->streams = base_calloc(trace->nr_streams, sizeof(*trace->streams));
	trace->heap = base_calloc(trace->nr_streams, sizeof(*trace->heap));
	first = base_calloc(trace->nr_streams + 1ul, sizeof(*first));
	ret = trace->streams && trace->heap && first ? sort_frames(trace, first) : MMR_E_NOMEM;
	base_free(first);
	return ret;
}

static int start_merge(struct mmr_trace *trace, struct mmr_error *err)
{
	uint32_t nr_bad;
	int ret = trace_index_load(trace, err);

	if (ret < 0)
		return ret;
	if (trace_formats_load(&trace->formats, &nr_bad) < 0 || make_streams(trace) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for the streams of %u CPUs",
		                  trace->nr_streams);
	if (nr_bad)
		trace_note_damage(trace, 0, 0, "%u event formats make no sense", nr_bad);
	if (trace->keep_bytes > 0 && !trace->kept)
		ret = trace_kept_create(trace, trace->keep_bytes, err);
	if (ret < 0)
		return ret;
	if (trace->nr_threads > 0) {
		ret = trace_ahead_start(trace, trace->nr_threads, err);
		if (ret < 0)
			return ret;
	}
	for (uint32_t i = 0; i < trace->nr_streams; i++) {
		struct trace_stream *s = &trace->streams[i];

		ret = advance(trace, s, err);
		if (ret < 0)
			return ret;
		if (s->state != STREAM_END)
			trace->heap[trace->heap_size++] = (struct trace_heap_node){ s->t_ns, i };
	}
	for (uint32_t i = trace->heap_size / 2; i-- > 0;)
		sift_down(trace->heap, trace->heap_size, i);
	find_runner_up(trace);
	trace->merging = true;
	return 0;
}

void trace_merge_deinit(struct mmr_trace *trace)
{
	trace_ahead_stop(trace);
	for (uint32_t i = 0; trace->streams && i < trace->nr_streams; i++)
		trace_content_deinit(&trace->streams[i].content);
	base_free(trace->streams);
	base_free(trace->heap);
	base_free(trace->frames);
	trace->streams = NULL;
	trace->heap = NULL;
	trace->frames = NULL;
	trace->heap_size = 0;
	trace->held_bytes = 0;
	trace->current = NULL;
	trace->merging = false;
}

/* ---- the events ---- */

static void give_mark(struct trace_stream *s, struct mmr_event *event)
{
	*event = (struct mmr_event){
		.t_ns = s->t_ns,
		.cpu = (uint16_t)s->cpu,
		.kind = MMR_EVENT_LOST,
		.lost.nr_events = s->nr_lost,
	};
}

/* 1: event was filled; 0: it is nobody's, or makes no sense. */
static int give_record(struct mmr_trace *trace, struct trace_stream *s, struct mmr_event *event,
                       struct mmr_error *err)
{
	const struct trace_plan *plan = trace_plan_of(&trace->formats, trace_record_id(s->data));

	event->t_ns = s->t_ns;
	event->cpu = (uint16_t)s->cpu;
	if (__builtin_expect(!trace_decode(plan, s->data, s->size, event), 0)) {
		trace->damage.nr_records++;
		trace_note_damage(trace, s->offset, 0, "a %s record of %u bytes makes no sense",
		                  mmr_event_name(plan->kind), s->size);
		return 0;
	}
	if (__builtin_expect(plan->names_task, 0) &&
	    trace_comms_learn(&trace->seen_comms, event) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for names of tasks");
	return plan->wanted;
}

int mmr_trace_next(struct mmr_trace *trace, struct mmr_event *event, struct mmr_error *err)
{
	if (__builtin_expect(!trace->merging, 0)) {
		int ret = start_merge(trace, err);

		if (ret < 0) {
			trace_merge_deinit(trace);
			return ret;
		}
	}
	for (;;) {
		struct trace_stream *s = trace->current;
		int ret;

		if (s) {
			ret = advance(trace, s, err);
			if (ret < 0)
				return ret;
			fix_root(trace);
			trace->current = NULL;
		}
		if (trace->heap_size == 0)
			return 0;
		s = &trace->streams[trace->heap[0].stream];
		trace->current = s;
		if (__builtin_expect(s->state == STREAM_MARK, 0)) {
			give_mark(s, event);
			return 1;
		}
		ret = give_record(trace, s, event, err);
		if (ret != 0)
			return ret;
	}
}

int mmr_trace_rewind(struct mmr_trace *trace, struct mmr_error *err)
{
	(void)err;
	trace_merge_deinit(trace);
	trace_comms_deinit(&trace->seen_comms);
	trace_requests_rewind(&trace->requests);
	return 0;
}

const void *mmr_trace_raw(const struct mmr_trace *trace, size_t *size)
{
	const struct trace_stream *s = trace->current;

	if (!s || s->state != STREAM_RECORD)
		return NULL;
	if (size)
		*size = s->size;
	return s->data;
}
