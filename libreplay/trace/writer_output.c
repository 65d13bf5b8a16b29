/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * With threads of its own, a writer puts frames into an arena, and one thread takes them from there to the
 * file: a disk that makes that thread wait for a second does not yet make anybody else wait. A change of
 * file is an item of the arena like a frame, so that neither the compressors nor the readers
 * notice it.
 *
 * Without threads frames go to the file at once. A ring keeps them (writer_ring.c).
 */
#include "error_set.h"
#include "writer.h"

#define BATCH_FRAMES 24u
#define BATCH_BYTES  (256u << 10)

/* Under out. */
static void fail_locked(struct mmr_writer *w, const struct mmr_error *err)
{
	if (w->error.code == 0)
		w->error = *err;
	atomic_store(&w->failed, true);
	pthread_cond_broadcast(&w->emptied);
}

void trace_writer_fail(struct mmr_writer *w, const struct mmr_error *err)
{
	pthread_mutex_lock(&w->lock);
	fail_locked(w, err);
	pthread_mutex_unlock(&w->lock);
	trace_queue_wake(w);
}

/* Under out: into the arena, when there is room. */
static int put(struct mmr_writer *w, const struct writer_frame *frame, struct writer_part *next)
{
	const struct writer_frame none = { 0 };
	const struct writer_frame *item = frame ? frame : &none;

	while (!atomic_load(&w->failed) &&
	       trace_arena_used(&w->arena) + trace_arena_need(&w->arena, item) > w->arena.size)
		pthread_cond_wait(&w->emptied, &w->lock);
	if (atomic_load(&w->failed))
		return w->error.code;
	if (frame)
		trace_arena_put(&w->arena, frame);
	else
		trace_arena_put_part(&w->arena, next);
	pthread_cond_signal(&w->filled);
	return 0;
}

int trace_writer_output(struct mmr_writer *w, const struct writer_frame *frame,
                        struct mmr_error *err)
{
	struct mmr_error why = { 0 };
	int ret;

	pthread_mutex_lock(&w->lock);
	ret = w->error.code;
	if (ret == 0 && w->options.ring_bytes) {
		ret = trace_ring_put(w, frame, &why);
	} else if (ret == 0 && w->arena.size > 0) {
		ret = put(w, frame, NULL);
	} else if (ret == 0) {
		ret = trace_part_write(w->part, frame, 1, &why);
		atomic_store(&w->file_bytes, w->part->offset);
	}
	if (ret < 0 && w->error.code == 0)
		fail_locked(w, &why);
	if (ret < 0 && err)
		*err = w->error;
	pthread_mutex_unlock(&w->lock);
	return ret;
}

int trace_writer_next_part(struct mmr_writer *w, struct writer_part *next, struct mmr_error *err)
{
	struct mmr_error why = { 0 };
	bool taken = false;
	int ret;

	pthread_mutex_lock(&w->lock);
	ret = w->error.code;
	if (ret == 0 && w->arena.size > 0) {
		ret = put(w, NULL, next);
		taken = ret == 0;
	} else if (ret == 0) {
		ret = trace_part_finish(w->part, &why);
		w->part = next;
		taken = true;
		atomic_store(&w->file_bytes, 0);
	}
	if (!taken)
		trace_part_abort(next);
	if (ret < 0 && w->error.code == 0)
		fail_locked(w, &why);
	if (ret < 0 && err)
		*err = w->error;
	pthread_mutex_unlock(&w->lock);
	return ret;
}

/* ---- from the arena to the file ---- */

struct batch {
	struct writer_frame frames[BATCH_FRAMES];
	size_t count;
	struct writer_part *next; /* comes behind the frames */
	uint64_t end;
};

/* Under out. */
static void gather(const struct mmr_writer *w, struct batch *b)
{
	uint64_t pos = w->arena.out;
	uint64_t bytes = 0;

	b->count = 0;
	b->next = NULL;
	while (pos < w->arena.in && b->count < BATCH_FRAMES && bytes < BATCH_BYTES && !b->next) {
		struct arena_item item;

		trace_arena_get(&w->arena, pos, &item);
		pos = item.end;
		b->next = item.next;
		if (item.next)
			break;
		bytes += item.frame.entry.size;
		b->frames[b->count++] = item.frame;
	}
	b->end = pos;
}

/* The part is this thread's alone. */
static int write_batch(struct mmr_writer *w, const struct batch *b, struct mmr_error *err)
{
	int ret = trace_writer_check(w, err);

	if (ret == 0 && b->count > 0)
		ret = trace_part_write(w->part, b->frames, b->count, err);
	if (b->next && ret == 0) {
		ret = trace_part_finish(w->part, err);
		w->part = b->next;
	} else if (b->next) {
		/* Nothing will ever be in it. */
		trace_part_abort(b->next);
	}
	atomic_store(&w->file_bytes, w->part->offset);
	return ret;
}

void *trace_writer_output_thread(void *data)
{
	const struct writer_thread *thread = data;
	struct mmr_writer *w = thread->writer;
	struct batch batch;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct mmr_error err = { 0 };
		int ret;

		while (w->arena.in == w->arena.out && !w->stop)
			pthread_cond_wait(&w->filled, &w->lock);
		if (w->arena.in == w->arena.out)
			break;
		gather(w, &batch);
		pthread_mutex_unlock(&w->lock);
		ret = write_batch(w, &batch, &err);
		if (ret < 0)
			trace_writer_fail(w, &err);
		pthread_mutex_lock(&w->lock);
		w->arena.out = batch.end;
		pthread_cond_broadcast(&w->emptied);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}
