/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A ring keeps compressed frames in the arena and drops the oldest, by the order in which they were
 * handed over, which is nearly that of time: a CPU with few events has frames that go further back. From the
 * last event that was dropped on, everything is there.
 *
 * Saving reads the arena while new frames come in. What it has not read yet is not dropped: an eighth
 * of the memory is kept free for what comes meanwhile, and when that is used up, frames wait until the
 * save has gone on. Numbers of snapshots and samples begin at 0 in every file, so that their frames are
 * compressed again; data frames go out as they are.
 */
#include <inttypes.h>
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "writer.h"

#define BATCH       128u
#define BATCH_BYTES (4u << 20) /* but an eighth of the ring at most: what is saved makes room */
#define LISTS_NS    2000000000u /* snapshots and samples from so long before since_ns are saved too */

int trace_ring_init(struct mmr_writer *w, struct mmr_error *err)
{
	w->save_unzip = ZSTD_createDCtx();
	if (!w->save_unzip || trace_list_init(&w->save_list, w->options.level) < 0 ||
	    trace_buffer_room(&w->save_list.bytes, TRACE_HEAD_SIZE + TRACE_BLOB_FRAME + 4096) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for a ring");
	return 0;
}

void trace_ring_deinit(struct mmr_writer *w)
{
	ZSTD_freeDCtx(w->save_unzip);
	trace_list_deinit(&w->save_list);
	trace_buffer_deinit(&w->apart);
}

/* ---- coming and going ---- */

/* The first snapshot, if it is a full one, stays. */
static bool stays(const struct trace_entry *entry)
{
	return entry->kind == TRACE_FRAME_SNAPSHOT && entry->number == 0 &&
	       entry->aux == MMR_SNAPSHOT_FULL;
}

static int put_apart(struct mmr_writer *w, const struct writer_frame *frame)
{
	struct trace_buffer *b = &w->apart;

	if (trace_buffer_room(b, sizeof(frame->entry) + frame->entry.size) < 0)
		return MMR_E_NOMEM;
	memcpy(b->data + b->used, &frame->entry, sizeof(frame->entry));
	b->used += sizeof(frame->entry);
	memcpy(b->data + b->used, frame->data, frame->entry.size);
	b->used += frame->entry.size;
	w->apart_whole = frame->entry.flags & TRACE_FRAME_LAST;
	return 0;
}

/* Takes note of a data frame that is not there for whoever reads what is left. */
static void note_dropped(const struct trace_entry *entry, uint64_t *nr_events, uint64_t *last_ns)
{
	if (entry->kind != TRACE_FRAME_DATA)
		return;
	*nr_events += entry->count;
	if (entry->last_ns > *last_ns)
		*last_ns = entry->last_ns;
}

static void drop_oldest(struct mmr_writer *w)
{
	struct arena_item item;

	trace_arena_get(&w->arena, w->arena.out, &item);
	w->arena.out = item.end;
	w->dropped_frames++;
	note_dropped(&item.frame.entry, &w->dropped_events, &w->dropped_ns);
}

static bool may_drop(const struct mmr_writer *w)
{
	return w->arena.out < w->arena.in && w->arena.out < w->pinned;
}

static void drop_old(struct mmr_writer *w)
{
	while (w->options.ring_ns && may_drop(w)) {
		struct arena_item item;
		const struct trace_entry *entry = &item.frame.entry;

		trace_arena_get(&w->arena, w->arena.out, &item);
		if (entry->last_ns >= w->newest_ns ||
		    w->newest_ns - entry->last_ns <= w->options.ring_ns)
			break;
		drop_oldest(w);
	}
}

int trace_ring_put(struct mmr_writer *w, const struct writer_frame *frame, struct mmr_error *err)
{
	struct writer_arena *arena = &w->arena;

	if (stays(&frame->entry))
		return put_apart(w, frame) < 0
		               ? base_error(err, MMR_E_NOMEM, "out of memory for a snapshot")
		               : 0;
	for (;;) {
		uint64_t room = arena->size;

		if (w->pinned == UINT64_MAX)
			room -= room / 8;
		if (trace_arena_used(arena) + trace_arena_need(arena, frame) <= room)
			break;
		if (may_drop(w))
			drop_oldest(w);
		else if (arena->out == arena->in)
			return base_error(err, MMR_E_LIMIT, "a frame does not fit into the ring");
		else
			pthread_cond_wait(&w->emptied, &w->lock);
	}
	trace_arena_put(arena, frame);
	if (frame->entry.kind == TRACE_FRAME_DATA && frame->entry.last_ns > w->newest_ns)
		w->newest_ns = frame->entry.last_ns;
	drop_old(w);
	atomic_store(&w->file_bytes, trace_arena_used(arena));
	return 0;
}

/* ---- saving ---- */

struct save {
	struct mmr_writer *w;
	struct writer_part *part;
	uint64_t since_ns;
	uint64_t pos; /* what is saved, or left out: before it */
	uint64_t end;
	uint64_t unfinished[2]; /* position of a snapshot, sample that has no end yet */
	bool open[2];           /* its beginning was written, the rest is wanted */
	uint32_t number[2];     /* of snapshots, samples written */
	uint64_t dropped_events;
	uint64_t dropped_ns;
	const uint8_t *apart; /* the first snapshot, if it is whole */
	size_t apart_used;
	struct writer_texts trailer;
	struct writer_frame batch[BATCH];
	size_t nr_batch;
	uint64_t batch_bytes;
	bool kept[]; /* by stream: a data frame of it is in the file */
};

static int list_kind(const struct trace_entry *entry)
{
	return entry->kind == TRACE_FRAME_ACCESS;
}

/* A data frame without events has no time: it stays out if it would be the first of its stream. */
static bool too_old(const struct save *s, const struct trace_entry *entry)
{
	if (entry->kind == TRACE_FRAME_DATA && entry->count == 0)
		return s->since_ns > 0 && !s->kept[entry->number];
	if (entry->kind == TRACE_FRAME_DATA)
		return entry->last_ns < s->since_ns;
	return entry->first_ns + LISTS_NS < s->since_ns;
}

/* What is there when the save begins stays until it is saved. */
static void pin(struct save *s)
{
	struct mmr_writer *w = s->w;

	pthread_mutex_lock(&w->lock);
	s->pos = w->arena.out;
	s->end = w->arena.in;
	w->pinned = s->pos;
	s->dropped_events = w->dropped_events;
	s->dropped_ns = w->dropped_ns;
	s->apart = w->apart.data;
	s->apart_used = w->apart_whole ? w->apart.used : 0;
	s->trailer = w->trailer;
	w->trailer = (struct writer_texts){ 0 };
	pthread_mutex_unlock(&w->lock);
}

static void pin_from(struct save *s, uint64_t pos)
{
	pthread_mutex_lock(&s->w->lock);
	s->w->pinned = pos;
	pthread_cond_broadcast(&s->w->emptied);
	pthread_mutex_unlock(&s->w->lock);
}

/* What will be left out, which the header has to tell before. */
static void look_ahead(struct save *s)
{
	struct arena_item item;

	s->unfinished[0] = s->unfinished[1] = UINT64_MAX;
	for (uint64_t pos = s->pos; pos < s->end; pos = item.end) {
		const struct trace_entry *entry = &item.frame.entry;
		uint64_t *unfinished = &s->unfinished[0];

		trace_arena_get(&s->w->arena, pos, &item);
		if (too_old(s, entry))
			note_dropped(entry, &s->dropped_events, &s->dropped_ns);
		if (entry->kind == TRACE_FRAME_DATA)
			continue;
		unfinished += list_kind(entry);
		if (item.frame.first)
			*unfinished = pos;
		if (entry->flags & TRACE_FRAME_LAST)
			*unfinished = UINT64_MAX;
	}
}

static int write_header(struct save *s, struct mmr_error *err)
{
	struct writer_texts texts = { 0 };
	int ret = trace_texts_add(&texts, "ring", "1", 1, err);

	if (ret == 0)
		ret = trace_texts_number(&texts, "ring.dropped_events", s->dropped_events, err);
	if (ret == 0)
		ret = trace_texts_number(&texts, "ring.begin_ns",
		                         s->dropped_ns ? s->dropped_ns + 1 : 0, err);
	if (ret == 0)
		ret = trace_list_header(s->w, &s->w->save_list, &texts, err);
	trace_texts_deinit(&texts);
	return ret;
}

/* A frame of a list again, under its number in this file. */
static int write_list_frame(struct save *s, const struct writer_frame *from, bool first,
                            struct mmr_error *err)
{
	struct writer_list *list = &s->w->save_list;
	int which = list_kind(&from->entry);
	size_t size = TRACE_HEAD_SIZE + (size_t)from->entry.payload;
	struct writer_frame frame = { .first = first };
	struct trace_head head;
	size_t got;
	int ret;

	if (first)
		s->number[which]++;
	list->bytes.used = 0;
	if (trace_buffer_room(&list->bytes, size) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory to save a ring");
	got = ZSTD_decompressDCtx(s->w->save_unzip, list->bytes.data, size, from->data,
	                          from->entry.size);
	if (got != size || !trace_head_get(list->bytes.data, size, &head))
		return base_error(err, MMR_E_INTERNAL, "a frame in the ring is damaged");
	head.number = s->number[which] - 1;
	head.sequence = list->sequence[head.kind]++;
	ret = trace_zip_frame(&list->zip, list->bytes.data, &head, &frame, err);
	return ret < 0 ? ret : trace_part_write(s->part, &frame, 1, err);
}

static int write_apart(struct save *s, struct mmr_error *err)
{
	const uint8_t *p = s->apart;
	size_t left = s->apart_used;
	bool first = true;
	int ret = 0;

	while (left > 0 && ret == 0) {
		struct writer_frame frame = { 0 };

		memcpy(&frame.entry, p, sizeof(frame.entry));
		frame.data = p + sizeof(frame.entry);
		ret = write_list_frame(s, &frame, first, err);
		p = frame.data + frame.entry.size;
		left -= sizeof(frame.entry) + frame.entry.size;
		first = false;
	}
	return ret;
}

static int write_batch(struct save *s, uint64_t pos, struct mmr_error *err)
{
	int ret = 0;

	if (s->nr_batch > 0)
		ret = trace_part_write(s->part, s->batch, s->nr_batch, err);
	s->nr_batch = 0;
	s->batch_bytes = 0;
	pin_from(s, pos);
	return ret;
}

/* Whether this frame of a list belongs into the file. */
static bool wanted(struct save *s, const struct writer_frame *frame, uint64_t pos)
{
	int which = list_kind(&frame->entry);

	if (frame->first)
		s->open[which] = !too_old(s, &frame->entry);
	return s->open[which] && pos < s->unfinished[which];
}

static int write_items(struct save *s, struct mmr_error *err)
{
	int ret = 0;

	while (s->pos < s->end && ret == 0) {
		struct arena_item item;
		const struct trace_entry *entry = &item.frame.entry;

		trace_arena_get(&s->w->arena, s->pos, &item);
		if (entry->kind != TRACE_FRAME_DATA) {
			if (wanted(s, &item.frame, s->pos))
				ret = write_list_frame(s, &item.frame, item.frame.first, err);
		} else if (!too_old(s, entry)) {
			s->kept[entry->number] = true;
			s->batch[s->nr_batch++] = item.frame;
			s->batch_bytes += entry->size;
		}
		s->pos = item.end;
		if (ret == 0 && (s->nr_batch == BATCH || s->batch_bytes >= BATCH_BYTES ||
		                 s->batch_bytes >= s->w->arena.size / 8))
			ret = write_batch(s, s->pos, err);
	}
	return ret < 0 ? ret : write_batch(s, s->pos, err);
}

static int write_all(struct save *s, struct mmr_error *err)
{
	int ret;

	s->w->save_list.part = s->part;
	memset(s->w->save_list.sequence, 0, sizeof(s->w->save_list.sequence));
	ret = write_header(s, err);
	if (ret == 0)
		ret = write_apart(s, err);
	if (ret == 0)
		ret = write_items(s, err);
	if (ret == 0)
		ret = trace_list_trailer(s->w, &s->w->save_list, &s->trailer, err);
	if (ret == 0)
		return trace_part_finish(s->part, err);
	trace_part_salvage(s->part);
	return ret;
}

/* Under save. */
static int save(struct save *s, const char *path, struct mmr_error *err)
{
	uint64_t ticket;
	int ret = trace_writer_flush_all(s->w, false, &ticket, err);

	trace_queue_wait(s->w, ticket);
	if (ret == 0)
		pin(s);
	trace_queue_pass(s->w);
	if (ret < 0)
		return ret;
	look_ahead(s);
	ret = trace_part_open(&s->part, path, &s->w->options, err);
	if (ret == 0)
		ret = write_all(s, err);
	pin_from(s, UINT64_MAX);
	trace_texts_deinit(&s->trailer);
	return ret;
}

int mmr_writer_ring_save(struct mmr_writer *w, const char *path, uint64_t since_ns,
                         struct mmr_error *err)
{
	struct save *s;
	int ret = trace_writer_check(w, err);

	if (ret < 0)
		return ret;
	if (!w->begun || w->options.ring_bytes == 0)
		return base_error(err, MMR_E_INVALID, "%s: there is no ring to save", path);
	s = base_calloc_err(1, sizeof(*s) + w->options.nr_streams * sizeof(s->kept[0]),
	                    "a ring's copy", err);
	if (!s)
		return MMR_E_NOMEM;
	s->w = w;
	s->since_ns = since_ns;
	pthread_mutex_lock(&w->save);
	ret = save(s, path, err);
	pthread_mutex_unlock(&w->save);
	base_free(s);
	return ret;
}
