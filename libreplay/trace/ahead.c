/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each stream has one slot: the frame after the one that it is in. A queue of streams feeds the
 * threads; it never holds a stream twice, so that its room is the number of streams and a slot has one
 * owner at any time: the queue, a thread, or (SLOT_READY, SLOT_EMPTY) the merge.
 */
#include "ahead.h"

#include <pthread.h>
#include <signal.h>

#include "alloc.h"
#include "error_set.h"
#include "kept.h"

#define MAX_THREADS 64u

enum slot_state {
	SLOT_EMPTY, /* nobody fetches it */
	SLOT_QUEUED,
	SLOT_READY,
};

struct slot {
	enum slot_state state;
	size_t frame; /* in trace->frames */
	int ret;
	struct mmr_error error;
	struct trace_content content;
};

struct worker {
	struct trace_ahead *ahead;
	struct trace_unzip unzip;
	pthread_t thread;
};

struct trace_ahead {
	const struct mmr_trace *trace;
	pthread_mutex_t lock; /* all below but the content of slots */
	pthread_cond_t work;
	pthread_cond_t done;
	bool stop;
	struct slot *slots;
	uint32_t *queue; /* of streams, circular */
	uint32_t first;
	uint32_t count;
	struct worker *workers;
	unsigned int nr_workers;
};

/* Under the lock. */
static void enqueue(struct trace_ahead *a, uint32_t stream, size_t frame)
{
	struct slot *slot = &a->slots[stream];

	slot->state = SLOT_EMPTY;
	if (a->nr_workers == 0 || frame >= a->trace->streams[stream].end_frame)
		return;
	slot->frame = frame;
	slot->state = SLOT_QUEUED;
	a->queue[(a->first + a->count++) % a->trace->nr_streams] = stream;
	pthread_cond_signal(&a->work);
}

static void *fetch_frames(void *arg)
{
	struct worker *worker = arg;
	struct trace_ahead *a = worker->ahead;
	const struct mmr_trace *trace = a->trace;

	pthread_mutex_lock(&a->lock);
	for (;;) {
		struct slot *slot;

		while (a->count == 0 && !a->stop)
			pthread_cond_wait(&a->work, &a->lock);
		if (a->stop)
			break;
		slot = &a->slots[a->queue[a->first]];
		a->first = (a->first + 1) % trace->nr_streams;
		a->count--;
		pthread_mutex_unlock(&a->lock);
		slot->ret = trace_kept_read(trace, &worker->unzip, trace->frames[slot->frame],
		                            &slot->content, &slot->error);
		pthread_mutex_lock(&a->lock);
		slot->state = SLOT_READY;
		pthread_cond_broadcast(&a->done);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* The threads leave signals to the program's own. */
static int start_worker(struct trace_ahead *a)
{
	struct worker *worker = &a->workers[a->nr_workers];
	sigset_t all;
	sigset_t before;
	int ret;

	worker->ahead = a;
	if (trace_unzip_init(&worker->unzip) < 0)
		return MMR_E_NOMEM;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&worker->thread, NULL, fetch_frames, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ret != 0) {
		trace_unzip_deinit(&worker->unzip);
		return MMR_E_LIMIT;
	}
	a->nr_workers++;
	return 0;
}

int trace_ahead_start(struct mmr_trace *trace, unsigned int nr_threads, struct mmr_error *err)
{
	struct trace_ahead *a = base_calloc_err(1, sizeof(*a), "threads", err);

	if (!a)
		return MMR_E_NOMEM;
	trace->ahead = a;
	a->trace = trace;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->work, NULL);
	pthread_cond_init(&a->done, NULL);
	nr_threads = nr_threads < MAX_THREADS ? nr_threads : MAX_THREADS;
	nr_threads = nr_threads < trace->nr_streams ? nr_threads : trace->nr_streams;
	a->slots = base_calloc(trace->nr_streams, sizeof(*a->slots));
	a->queue = base_calloc(trace->nr_streams, sizeof(*a->queue));
	a->workers = base_calloc(nr_threads, sizeof(*a->workers));
	if (!a->slots || !a->queue || !a->workers)
		return base_error(err, MMR_E_NOMEM, "out of memory for threads");
	while (a->nr_workers < nr_threads && start_worker(a) == 0)
		continue;
	pthread_mutex_lock(&a->lock);
	for (uint32_t i = 0; i < trace->nr_streams; i++)
		enqueue(a, i, trace->streams[i].next_frame);
	pthread_mutex_unlock(&a->lock);
	return 0;
}

int trace_ahead_take(struct mmr_trace *trace, struct trace_stream *s, struct mmr_error *err)
{
	struct trace_ahead *a = trace->ahead;
	struct slot *slot = &a->slots[s->index];
	struct trace_content content;
	int ret;

	pthread_mutex_lock(&a->lock);
	if (slot->state == SLOT_EMPTY) {
		pthread_mutex_unlock(&a->lock);
		return trace_kept_read(trace, &trace->unzip, trace->frames[s->next_frame],
		                       &s->content, err);
	}
	while (slot->state != SLOT_READY)
		pthread_cond_wait(&a->done, &a->lock);
	ret = slot->ret;
	if (ret < 0 && err)
		*err = slot->error;
	if (ret == 0) {
		content = s->content;
		s->content = slot->content;
		slot->content = content;
	}
	if (ret == 0 || ret == MMR_E_CORRUPT || ret == MMR_E_TRUNCATED)
		enqueue(a, s->index, s->next_frame + 1);
	else
		slot->state = SLOT_EMPTY;
	pthread_mutex_unlock(&a->lock);
	return ret;
}

void trace_ahead_stop(struct mmr_trace *trace)
{
	struct trace_ahead *a = trace->ahead;

	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_broadcast(&a->work);
	pthread_mutex_unlock(&a->lock);
	for (unsigned int i = 0; i < a->nr_workers; i++) {
		pthread_join(a->workers[i].thread, NULL);
		trace_unzip_deinit(&a->workers[i].unzip);
	}
	for (uint32_t i = 0; a->slots && i < trace->nr_streams; i++)
		trace_content_deinit(&a->slots[i].content);
	pthread_cond_destroy(&a->work);
	pthread_cond_destroy(&a->done);
	pthread_mutex_destroy(&a->lock);
	base_free(a->slots);
	base_free(a->queue);
	base_free(a->workers);
	base_free(a);
	trace->ahead = NULL;
}
