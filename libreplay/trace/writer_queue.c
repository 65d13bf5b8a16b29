/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Jobs wait in the order in which they were handed over, and their frames leave in that order however
 * long each takes to compress: a thread that is done early waits for its turn. There are as many jobs as
 * CPUs that have pages and the queue is deep, and no more: who has nothing to fill waits, and the kernel's
 * ring buffer holds what comes meanwhile.
 *
 * Without threads the caller compresses, one at a time; w->turn is the order then.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "error_set.h"
#include "writer.h"

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- jobs ---- */

static int compress(struct mmr_writer *w, struct writer_zip *zip, int level, struct writer_job *job,
                    struct writer_frame *frame, struct mmr_error *err)
{
	int ret;

	if (w->anon)
		trace_writer_anon_job(w->anon, job, w->options.subbuf_size);
	trace_zip_set_level(zip, level);
	ret = trace_zip_frame(zip, job->raw, &job->head, frame, err);
	frame->counts = job->counts;
	frame->nr_counts = job->nr_counts;
	frame->first = true;
	if (ret < 0)
		trace_writer_fail(w, err);
	return ret;
}

static int do_it_here(struct mmr_writer *w, struct writer_job *job, struct mmr_error *err)
{
	struct writer_frame frame = { 0 };
	int level;
	int ret;

	pthread_mutex_lock(&w->turn);
	pthread_mutex_lock(&w->queue.lock);
	level = trace_level_take(&w->queue.level, true);
	pthread_mutex_unlock(&w->queue.lock);
	ret = compress(w, &w->zip, level, job, &frame, err);
	if (ret == 0)
		ret = trace_writer_output(w, &frame, err);
	pthread_mutex_unlock(&w->turn);
	return ret;
}

int trace_queue_put(struct mmr_writer *w, struct writer_job **job, struct mmr_error *err)
{
	struct writer_queue *q = &w->queue;

	if (w->options.nr_threads == 0)
		return do_it_here(w, *job, err);
	pthread_mutex_lock(&q->lock);
	(*job)->next = NULL;
	(*job)->ticket = q->next_ticket++;
	if (q->last)
		q->last->next = *job;
	else
		q->first = *job;
	q->last = *job;
	q->count++;
	trace_level_queue(&q->level, q->count * 1000 / q->depth);
	pthread_cond_signal(&q->work);
	pthread_mutex_unlock(&q->lock);
	*job = NULL;
	return 0;
}

struct writer_job *trace_queue_get(struct mmr_writer *w)
{
	struct writer_queue *q = &w->queue;
	struct writer_job *job;
	uint64_t since = 0;

	pthread_mutex_lock(&q->lock);
	while (!q->free && !atomic_load(&w->failed)) {
		if (since == 0)
			since = clock_ns();
		pthread_cond_wait(&q->room, &q->lock);
	}
	if (since) {
		q->nr_waits++;
		q->wait_ns += clock_ns() - since;
	}
	job = q->free;
	if (job)
		q->free = job->next;
	pthread_mutex_unlock(&q->lock);
	return job;
}

/* Under the lock. */
static void give_back(struct writer_queue *q, struct writer_job *job)
{
	job->used = 0;
	job->nr_counts = 0;
	job->next = q->free;
	q->free = job;
	pthread_cond_signal(&q->room);
}

void trace_queue_add(struct mmr_writer *w, struct writer_job *job)
{
	pthread_mutex_lock(&w->queue.lock);
	give_back(&w->queue, job);
	pthread_mutex_unlock(&w->queue.lock);
}

/* ---- order ---- */

uint64_t trace_queue_ticket(struct mmr_writer *w)
{
	uint64_t ticket;

	if (w->options.nr_threads == 0) {
		pthread_mutex_lock(&w->turn);
		return 0;
	}
	pthread_mutex_lock(&w->queue.lock);
	ticket = w->queue.next_ticket++;
	pthread_mutex_unlock(&w->queue.lock);
	return ticket;
}

void trace_queue_wait(struct mmr_writer *w, uint64_t ticket)
{
	struct writer_queue *q = &w->queue;

	if (w->options.nr_threads == 0)
		return;
	pthread_mutex_lock(&q->lock);
	while (q->turn != ticket)
		pthread_cond_wait(&q->turned, &q->lock);
	pthread_mutex_unlock(&q->lock);
}

void trace_queue_pass(struct mmr_writer *w)
{
	if (w->options.nr_threads == 0) {
		pthread_mutex_unlock(&w->turn);
		return;
	}
	pthread_mutex_lock(&w->queue.lock);
	w->queue.turn++;
	pthread_cond_broadcast(&w->queue.turned);
	pthread_mutex_unlock(&w->queue.lock);
}

void trace_queue_wake(struct mmr_writer *w)
{
	pthread_mutex_lock(&w->queue.lock);
	pthread_cond_broadcast(&w->queue.room);
	pthread_mutex_unlock(&w->queue.lock);
}

/* ---- threads ---- */

/* The next job and the level for it; NULL: the end. */
static struct writer_job *take(struct writer_queue *q, int *level)
{
	struct writer_job *job;

	pthread_mutex_lock(&q->lock);
	while (!q->first && !q->stop)
		pthread_cond_wait(&q->work, &q->lock);
	job = q->first;
	if (job) {
		q->first = job->next;
		if (!q->first)
			q->last = NULL;
		q->count--;
		*level = trace_level_take(&q->level, q->count * 8 <= q->depth);
	}
	pthread_mutex_unlock(&q->lock);
	return job;
}

static void *compressor_thread(void *data)
{
	struct writer_thread *thread = data;
	struct mmr_writer *w = thread->writer;
	struct writer_job *job;
	int level = 0;

	while ((job = take(&w->queue, &level))) {
		struct writer_frame frame = { 0 };
		struct mmr_error err = { 0 };
		int ret = trace_writer_check(w, &err);

		/* A failure is kept by who had it. */
		if (ret == 0)
			ret = compress(w, &thread->zip, level, job, &frame, &err);
		trace_queue_wait(w, job->ticket);
		if (ret == 0)
			ret = trace_writer_output(w, &frame, &err);
		trace_queue_pass(w);
		trace_queue_add(w, job);
	}
	return NULL;
}

static void *run(void *data)
{
	struct writer_thread *thread = data;
	struct mmr_writer *w = thread->writer;
	const char *prefix = w->options.thread_name ? w->options.thread_name : "mmr";
	bool compresses = thread->index < w->options.nr_threads;
	char name[16];

	if (compresses)
		snprintf(name, sizeof(name), "%.8s/z%u", prefix, thread->index % 1000);
	else
		snprintf(name, sizeof(name), "%.8s/out", prefix);
	prctl(PR_SET_NAME, name);
	pthread_mutex_lock(&w->queue.lock);
	thread->tid = (int32_t)gettid();
	pthread_cond_broadcast(&w->queue.turned);
	pthread_mutex_unlock(&w->queue.lock);
	return compresses ? compressor_thread(thread) : trace_writer_output_thread(thread);
}

/* Starts a thread that gets no signals, and waits until it has a number. */
static int start(struct mmr_writer *w, unsigned int index, struct mmr_error *err)
{
	struct writer_thread *thread = &w->threads[index];
	sigset_t all;
	sigset_t before;
	int ret;

	thread->writer = w;
	thread->index = index;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&thread->thread, NULL, run, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ret != 0)
		return base_error_errno(err, ret, "cannot start a thread that compresses");
	w->nr_threads++;
	pthread_mutex_lock(&w->queue.lock);
	while (thread->tid == 0)
		pthread_cond_wait(&w->queue.turned, &w->queue.lock);
	pthread_mutex_unlock(&w->queue.lock);
	return 0;
}

/* Compresses once, so that the compressor has its memory and has touched it. */
static int warm_up(struct writer_zip *zip, const struct mmr_writer_options *options,
                   struct mmr_error *err)
{
	size_t content = TRACE_HEAD_SIZE + options->frame_size;
	uint8_t *zeroes;
	size_t size;

	if (trace_zip_init(zip, options->level, content) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for a compressor");
	zeroes = base_calloc_err(content, 1, "a frame", err);
	if (!zeroes)
		return MMR_E_NOMEM;
	memset(zip->out, 0xff, zip->out_size);
	size = ZSTD_compress2(zip->cctx, zip->out, zip->out_size, zeroes, content);
	base_free(zeroes);
	return ZSTD_isError(size) ? base_error(err, MMR_E_NOMEM, "cannot compress: %s",
	                                       ZSTD_getErrorName(size))
	                          : 0;
}

int trace_queue_init(struct mmr_writer *w, struct mmr_error *err)
{
	const struct mmr_writer_options *o = &w->options;
	unsigned int nr_threads = o->nr_threads + (o->ring_bytes == 0);
	int ret = 0;

	w->queue.depth = o->queue_frames;
	trace_level_init(&w->queue.level, o->level);
	if (o->nr_threads == 0)
		return warm_up(&w->zip, o, err);
	w->threads = base_calloc_err(nr_threads, sizeof(*w->threads), "threads", err);
	if (!w->threads)
		return MMR_E_NOMEM;
	for (uint32_t i = 0; i < o->queue_frames; i++) {
		struct writer_job *job = trace_job_create(o);

		if (!job)
			return base_error(err, MMR_E_NOMEM, "out of memory for frames");
		trace_queue_add(w, job);
	}
	for (unsigned int i = 0; i < o->nr_threads && ret == 0; i++)
		ret = warm_up(&w->threads[i].zip, o, err);
	for (unsigned int i = 0; i < nr_threads && ret == 0; i++)
		ret = start(w, i, err);
	return ret;
}

void trace_queue_stop(struct mmr_writer *w)
{
	/* The compressors first: what they have goes out. */
	pthread_mutex_lock(&w->queue.lock);
	w->queue.stop = true;
	pthread_cond_broadcast(&w->queue.work);
	pthread_mutex_unlock(&w->queue.lock);
	for (unsigned int i = 0; i < w->nr_threads && i < w->options.nr_threads; i++)
		pthread_join(w->threads[i].thread, NULL);
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->filled);
	pthread_mutex_unlock(&w->lock);
	if (w->nr_threads > w->options.nr_threads)
		pthread_join(w->threads[w->options.nr_threads].thread, NULL);
	w->nr_threads = 0;
}

void trace_queue_deinit(struct mmr_writer *w)
{
	struct writer_queue *q = &w->queue;

	trace_queue_stop(w);
	while (q->free) {
		struct writer_job *job = q->free;

		q->free = job->next;
		trace_job_free(job);
	}
	for (uint32_t i = 0; w->threads && i < w->options.nr_threads; i++)
		trace_zip_deinit(&w->threads[i].zip);
	trace_zip_deinit(&w->zip);
	base_free(w->threads);
	w->threads = NULL;
}

size_t mmr_writer_tids(const struct mmr_writer *w, int32_t *tids, size_t max)
{
	for (unsigned int i = 0; i < w->nr_threads && i < max; i++)
		tids[i] = w->threads[i].tid;
	return w->nr_threads;
}

void mmr_writer_pressure(struct mmr_writer *w, uint32_t cpu, uint32_t per_mille)
{
	(void)cpu; /* the fullest counts, whichever it is */
	if (per_mille < 250)
		return;
	pthread_mutex_lock(&w->queue.lock);
	trace_level_kernel(&w->queue.level, per_mille);
	pthread_mutex_unlock(&w->queue.lock);
}
