/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A writer from create to finish: options, header, statistics, the end.
 *
 * Memory, in bytes, fixed when the CPUs are prepared: (CPUs + queue_frames) * (frame_size + 24 * event
 * types of a frame) for raw frames, about frame_size + 1 MiB for each thread, 4 MiB for snapshots and
 * samples, and ring_bytes, or 8 MiB (4 MiB with small frames) and 512 KiB between the threads and the
 * file. A file's index takes 64 bytes per frame until the file is closed.
 */
#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "error_set.h"

#define DEFAULT_FRAME (256u << 10)
#define DEFAULT_QUEUE 16u
#define MAX_QUEUE     65536u
#define MAX_THREADS   256u
#define ARENA         (8ull << 20) /* between the threads and the file */
#define MIN_RING      (4ull << 20)

int trace_writer_check(struct mmr_writer *w, struct mmr_error *err)
{
	int code = 0;

	if (!atomic_load(&w->failed))
		return 0;
	pthread_mutex_lock(&w->lock);
	code = w->error.code;
	if (err)
		*err = w->error;
	pthread_mutex_unlock(&w->lock);
	return code;
}

/* ---- create ---- */

static int check_sizes(struct mmr_writer_options *o, struct mmr_error *err)
{
	if (o->subbuf_size == 0 || o->subbuf_size % 4096 || o->subbuf_size > TRACE_MAX_SUBBUF)
		return base_error(err, MMR_E_INVALID,
		                  "sub-buffers of %u bytes: a multiple of 4096, at most %u",
		                  o->subbuf_size, TRACE_MAX_SUBBUF);
	if (o->frame_size == 0)
		o->frame_size = DEFAULT_FRAME;
	if (o->frame_size > TRACE_MAX_DATA)
		return base_error(err, MMR_E_INVALID, "frames of %u bytes: at most %u",
		                  o->frame_size, TRACE_MAX_DATA);
	if (o->frame_size < o->subbuf_size)
		o->frame_size = o->subbuf_size;
	o->frame_size -= o->frame_size % o->subbuf_size;
	if (o->ring_bytes && (o->ring_bytes < MIN_RING || o->ring_bytes > SIZE_MAX / 2))
		return base_error(err, MMR_E_INVALID, "a ring of %llu bytes: at least %llu",
		                  (unsigned long long)o->ring_bytes, MIN_RING);
	return 0;
}

static int check_options(struct mmr_writer_options *o, struct mmr_error *err)
{
	if (o->nr_cpus == 0 || o->nr_cpus > TRACE_MAX_CPUS)
		return base_error(err, MMR_E_INVALID, "%u CPUs: at least 1, at most %u", o->nr_cpus,
		                  TRACE_MAX_CPUS);
	if (o->nr_streams == 0)
		o->nr_streams = o->nr_cpus;
	if (o->nr_streams % o->nr_cpus || o->nr_streams > TRACE_MAX_CPUS)
		return base_error(err, MMR_E_INVALID,
		                  "%u streams of %u CPUs: a multiple of that, at most %u",
		                  o->nr_streams, o->nr_cpus, TRACE_MAX_CPUS);
	if (o->queue_frames == 0)
		o->queue_frames = DEFAULT_QUEUE;
	if (o->queue_frames > MAX_QUEUE || o->nr_threads > MAX_THREADS)
		return base_error(err, MMR_E_INVALID,
		                  "%u threads and a queue of %u frames: at most %u and %u",
		                  o->nr_threads, o->queue_frames, MAX_THREADS, MAX_QUEUE);
	if (o->ring_bytes && o->rotate)
		return base_error(err, MMR_E_INVALID, "a ring does not go from file to file");
	if (o->level == 0)
		o->level = 1;
	return check_sizes(o, err);
}

static void init_locks(struct mmr_writer *w)
{
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->filled, NULL);
	pthread_cond_init(&w->emptied, NULL);
	pthread_mutex_init(&w->save, NULL);
	pthread_mutex_init(&w->turn, NULL);
	pthread_mutex_init(&w->access, NULL);
	pthread_mutex_init(&w->queue.lock, NULL);
	pthread_cond_init(&w->queue.work, NULL);
	pthread_cond_init(&w->queue.room, NULL);
	pthread_cond_init(&w->queue.turned, NULL);
}

static void deinit_locks(struct mmr_writer *w)
{
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->filled);
	pthread_cond_destroy(&w->emptied);
	pthread_mutex_destroy(&w->save);
	pthread_mutex_destroy(&w->turn);
	pthread_mutex_destroy(&w->access);
	pthread_mutex_destroy(&w->queue.lock);
	pthread_cond_destroy(&w->queue.work);
	pthread_cond_destroy(&w->queue.room);
	pthread_cond_destroy(&w->queue.turned);
}

/* Ends the threads and frees all but the file; gives ret back. */
static int writer_free(struct mmr_writer *w, int ret)
{
	trace_queue_deinit(w);
	for (uint32_t i = 0; w->cpus && i < w->options.nr_streams; i++) {
		trace_job_free(w->cpus[i].job);
		base_free(w->cpus[i].slots);
		pthread_mutex_destroy(&w->cpus[i].lock);
	}
	base_free(w->cpus);
	trace_list_deinit(&w->list);
	trace_list_deinit(&w->access_list);
	trace_ring_deinit(w);
	trace_arena_deinit(&w->arena);
	trace_texts_deinit(&w->texts);
	trace_texts_deinit(&w->trailer);
	trace_writer_anon_free(w->anon);
	base_free(w->group_of_id);
	base_free(w->own);
	deinit_locks(w);
	base_free(w);
	return ret;
}

static int no_memory(struct mmr_error *err)
{
	return base_error(err, MMR_E_NOMEM, "out of memory for a trace writer");
}

/* What one frame may take in the arena, data or list, and what it may leave empty before it. */
static uint64_t largest_item(const struct mmr_writer_options *o)
{
	uint64_t data = trace_arena_most(ZSTD_compressBound(TRACE_HEAD_SIZE + o->frame_size),
	                                 trace_job_counts(o));
	uint64_t list =
		trace_arena_most(ZSTD_compressBound(TRACE_HEAD_SIZE + TRACE_BLOB_FRAME + 4096), 0);

	return data > list ? data : list;
}

static uint64_t arena_size(const struct mmr_writer_options *o)
{
	uint64_t size = o->frame_size < DEFAULT_FRAME ? MIN_RING : ARENA;
	uint64_t least = largest_item(o);

	if (o->ring_bytes)
		return o->ring_bytes;
	return size > least ? size : least;
}

/* Everything but the file and the threads. */
static int init_memory(struct mmr_writer *w, struct mmr_error *err)
{
	const struct mmr_writer_options *o = &w->options;

	w->cpus = base_calloc(o->nr_streams, sizeof(*w->cpus));
	if (!w->cpus)
		return no_memory(err);
	for (uint32_t i = 0; i < o->nr_streams; i++)
		pthread_mutex_init(&w->cpus[i].lock, NULL);
	if (o->anonymize) {
		int ret = trace_writer_anon_create(&w->anon, err);

		if (ret < 0)
			return ret;
	}
	if (trace_list_init(&w->list, o->level) < 0 ||
	    trace_list_init(&w->access_list, o->level) < 0)
		return no_memory(err);
	if (o->ring_bytes == 0 && o->nr_threads == 0)
		return 0;
	if (o->ring_bytes && o->ring_bytes - o->ring_bytes / 8 < largest_item(o))
		return base_error(err, MMR_E_INVALID,
		                  "a ring of %llu bytes is too small for frames of %u",
		                  (unsigned long long)o->ring_bytes, o->frame_size);
	if (trace_arena_init(&w->arena, arena_size(o)) < 0)
		return no_memory(err);
	return o->ring_bytes ? trace_ring_init(w, err) : 0;
}

/* The writer but for its file. */
static int create(const struct mmr_writer_options *options, struct mmr_writer **ret,
                  struct mmr_error *err)
{
	struct mmr_writer *w = base_calloc_err(1, sizeof(*w), "a trace writer", err);
	int code;

	if (!w)
		return MMR_E_NOMEM;
	w->options = *options;
	w->pinned = UINT64_MAX;
	init_locks(w);
	atomic_store(&w->part_number, w->options.rotate ? 1 : 0);
	code = check_options(&w->options, err);
	if (code == 0)
		code = init_memory(w, err);
	if (code < 0)
		return writer_free(w, code);
	*ret = w;
	return 0;
}

static int start(struct mmr_writer *w, struct mmr_writer **ret, struct mmr_error *err)
{
	int code = trace_queue_init(w, err);

	if (code == 0) {
		*ret = w;
		return 0;
	}
	trace_queue_stop(w);
	trace_part_abort(w->part);
	return writer_free(w, code);
}

int mmr_writer_create(const char *path, const struct mmr_writer_options *options,
                      struct mmr_writer **ret, struct mmr_error *err)
{
	struct mmr_writer *w;
	int code = create(options, &w, err);

	if (code < 0)
		return code;
	if (w->options.ring_bytes == 0)
		code = trace_part_open(&w->part, path, &w->options, err);
	return code < 0 ? writer_free(w, code) : start(w, ret, err);
}

int mmr_writer_create_stream(int fd, const char *name, const struct mmr_writer_options *options,
                             struct mmr_writer **ret, struct mmr_error *err)
{
	struct mmr_writer *w;
	int code;

	if (options->ring_bytes || options->rotate)
		return base_error(err, MMR_E_INVALID, "%s: a stream is one trace", name);
	code = create(options, &w, err);
	if (code < 0)
		return code;
	code = trace_part_open_stream(&w->part, fd, name, &w->options, err);
	return code < 0 ? writer_free(w, code) : start(w, ret, err);
}

/* ---- the header ---- */

int mmr_writer_text(struct mmr_writer *w, const char *name, const void *data, size_t size,
                    struct mmr_error *err)
{
	char *own = NULL;
	int ret = 0;

	if (w->begun)
		return base_error(err, MMR_E_INVALID, "text %.80s after the header was written",
		                  name);
	if (!w->anon || trace_writer_anon_text(w->anon, name, &data, &size, &own))
		ret = trace_texts_add(&w->texts, name, data, size, err);
	free(own);
	return ret;
}

/* "events/kmem/mm_page_alloc/format" and its line "ID: 497": which group 497 counts for. */
static int learn_group(struct mmr_writer *w, const struct writer_text *text)
{
	char system[64];
	char name[128];
	int end = 0;
	const char *at;
	unsigned long id;

	if (sscanf(text->name, "events/%63[^/]/%127[^/]/format%n", system, name, &end) != 2 ||
	    end == 0 || text->name[end] != '\0')
		return 0;
	at = strstr((const char *)text->data, "\nID:");
	id = at ? strtoul(at + 4, NULL, 10) : UINT16_MAX + 1ul;
	if (id > UINT16_MAX)
		return 0;
	if (id >= w->nr_groups) {
		uint32_t count = ((uint32_t)id | 255) + 1;
		void *groups = w->group_of_id;

		if (base_grow(&groups, w->nr_groups, count, 1, MMR_GROUP_OTHER) < 0)
			return MMR_E_NOMEM;
		w->group_of_id = groups;
		w->nr_groups = count;
	}
	w->group_of_id[id] = (uint8_t)mmr_event_group(mmr_event_find(system, name));
	return 0;
}

static int complete_texts(struct mmr_writer *w, struct mmr_error *err)
{
	static const char *const needed[] = { "kernel.release", "page_size", "clock" };
	int ret;

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!trace_texts_find(&w->texts, needed[i]))
			return base_error(err, MMR_E_INVALID, "the header lacks %s", needed[i]);
	for (size_t i = 0; i < w->texts.count; i++)
		if (learn_group(w, &w->texts.items[i]) < 0)
			return base_error(err, MMR_E_NOMEM, "out of memory for event groups");
	ret = trace_texts_number(&w->texts, "nr_cpus", w->options.nr_cpus, err);
	if (ret == 0 && w->options.nr_streams > w->options.nr_cpus)
		ret = trace_texts_number(&w->texts, "nr_streams", w->options.nr_streams, err);
	if (ret == 0)
		ret = trace_texts_number(&w->texts, "subbuf_size", w->options.subbuf_size, err);
	if (ret == 0 && w->anon)
		ret = trace_texts_number(&w->texts, "anonymous", 1, err);
	if (ret == 0 && w->anon)
		ret = trace_writer_anon_begin(w->anon, &w->texts, err);
	return ret;
}

int mmr_writer_begin(struct mmr_writer *w, struct mmr_error *err)
{
	struct writer_texts more = { 0 };
	int ret;

	if (w->begun)
		return base_error(err, MMR_E_INVALID, "the header was written already");
	ret = complete_texts(w, err);
	if (ret == 0 && w->options.rotate)
		ret = trace_rotation_texts(w, 1, &more, err);
	/* A ring's header is written when the ring is. */
	if (ret == 0 && w->options.ring_bytes == 0)
		ret = trace_list_header(w, &w->list, &more, err);
	trace_texts_deinit(&more);
	w->begun = ret == 0;
	return ret;
}

/* ---- while it runs ---- */

int mmr_writer_trailer_text(struct mmr_writer *w, const char *name, const void *data, size_t size,
                            struct mmr_error *err)
{
	char *own = NULL;
	int ret;

	if (w->anon && !trace_writer_anon_text(w->anon, name, &data, &size, &own))
		return 0;
	pthread_mutex_lock(&w->lock);
	ret = trace_texts_add(&w->trailer, name, data, size, err);
	pthread_mutex_unlock(&w->lock);
	free(own);
	return ret;
}

int mmr_writer_set_own(struct mmr_writer *w, const int32_t *tids, size_t count,
                       struct mmr_error *err)
{
	uint32_t most = 0;

	base_free(w->own);
	w->own = base_calloc_err(count ? count : 1, sizeof(*w->own), "the recorder's tasks", err);
	w->nr_own_tasks = w->own ? (uint32_t)count : 0;
	w->own_first = UINT32_MAX;
	for (uint32_t i = 0; i < w->nr_own_tasks; i++) {
		w->own[i] = (uint32_t)tids[i];
		w->own_first = w->own[i] < w->own_first ? w->own[i] : w->own_first;
		most = w->own[i] > most ? w->own[i] : most;
	}
	w->own_span = w->nr_own_tasks ? most - w->own_first : 0;
	return w->own ? 0 : MMR_E_NOMEM;
}

void mmr_writer_stats(struct mmr_writer *w, struct mmr_writer_stats *stats)
{
	const struct writer_queue *q = &w->queue;

	*stats = (struct mmr_writer_stats){ 0 };
	stats->nr_events = atomic_load(&w->nr_events);
	stats->nr_lost = atomic_load(&w->nr_lost);
	stats->nr_own = atomic_load(&w->nr_own);
	stats->raw_bytes = atomic_load(&w->raw_bytes);
	stats->file_bytes = atomic_load(&w->file_bytes);
	stats->part = atomic_load(&w->part_number);
	for (int i = 0; i < MMR_NR_EVENT_GROUPS; i++)
		stats->by_group[i] = atomic_load(&w->by_group[i]);
	pthread_mutex_lock(&w->queue.lock);
	for (int i = 0; i < MMR_WRITER_STEPS; i++) {
		stats->level[i] = q->level.level[i];
		stats->frames[i] = q->level.frames[i];
	}
	stats->nr_lowered = q->level.nr_lowered;
	stats->nr_waits = q->nr_waits;
	stats->wait_ns = q->wait_ns;
	pthread_mutex_unlock(&w->queue.lock);
	if (w->options.ring_bytes == 0)
		return;
	pthread_mutex_lock(&w->lock);
	stats->ring_dropped_frames = w->dropped_frames;
	stats->ring_dropped_events = w->dropped_events;
	stats->ring_begin_ns = w->dropped_ns ? w->dropped_ns + 1 : 0;
	pthread_mutex_unlock(&w->lock);
}

/* ---- the end ---- */

/* Tells how events were compressed, if not as asked for. */
static int note_levels(struct mmr_writer *w, struct mmr_error *err)
{
	struct mmr_writer_stats stats;
	char text[256];
	size_t used = 0;

	mmr_writer_stats(w, &stats);
	if (stats.nr_lowered == 0)
		return 0;
	for (int i = 0; i < MMR_WRITER_STEPS; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%d %llu\n",
		                         stats.level[i], (unsigned long long)stats.frames[i]);
	return mmr_writer_trailer_text(w, "writer.levels", text, used, err);
}

static int write_rest(struct mmr_writer *w, struct mmr_error *err)
{
	uint64_t ticket;
	int ret = trace_writer_check(w, err);

	if (ret == 0 && !w->begun)
		ret = base_error(err, MMR_E_INVALID, "there is no header yet");
	if (ret == 0 && w->in_snapshot)
		ret = mmr_writer_snapshot_end(w, w->list.head.last_ns, err);
	if (ret < 0)
		return ret;
	ret = trace_writer_flush_all(w, false, &ticket, err);
	trace_queue_wait(w, ticket);
	if (ret == 0)
		ret = note_levels(w, err);
	if (ret == 0 && w->options.ring_bytes == 0)
		ret = trace_list_trailer(w, &w->list, &w->trailer, err);
	trace_queue_pass(w);
	return ret;
}

int mmr_writer_finish(struct mmr_writer *w, struct mmr_error *err)
{
	int ret = write_rest(w, err);

	trace_queue_stop(w);
	if (ret == 0)
		ret = trace_writer_check(w, err);
	if (!w->part)
		return writer_free(w, ret);
	/* What was lost and no frame tells of. */
	for (uint32_t i = 0; i < w->options.nr_streams; i++)
		if (w->cpus[i].stat_lost > w->cpus[i].located_lost)
			w->part->streams[i].nr_lost +=
				w->cpus[i].stat_lost - w->cpus[i].located_lost;
	if (ret == 0)
		ret = trace_part_finish(w->part, err);
	else
		trace_part_salvage(w->part); /* the failure stays a failure */
	return writer_free(w, ret);
}

void mmr_writer_abort(struct mmr_writer *w)
{
	const struct mmr_error why = { .code = MMR_E_IO, .text = "given up" };

	if (!w)
		return;
	trace_writer_fail(w, &why);
	trace_queue_stop(w);
	trace_part_abort(w->part);
	writer_free(w, 0);
}
