/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the parts of the writer share. On its way, an event passes
 *
 *	writer_pages.c   sub-buffers of a CPU become a job: a frame, raw
 *	writer_queue.c   jobs wait for threads, which compress them (writer_level.c: how well) …
 *	writer_anonymize.c … without names, if that is asked for
 *	writer_output.c  frames go out in the order in which they were queued …
 *	writer_arena.c   … through memory that a slow disk may fill, or that is the ring …
 *	writer_part.c    … into a file with an index, by way of …
 *	writer_sink.c    … a descriptor
 *
 * and snapshots, samples and texts join at writer_output.c from writer_list.c. Locks are taken in the
 * order save, cpu, turn, then either queue or out.
 */
#ifndef TRACE_WRITER_PRIVATE_H
#define TRACE_WRITER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include <mmreplay/trace_writer.h>

#include "writer_anonymize.h"
#include "writer_arena.h"
#include "writer_frame.h"
#include "writer_level.h"
#include "writer_part.h"
#include "writer_text.h"

/* A data frame before it is compressed. */
struct writer_job {
	struct writer_job *next;
	uint64_t ticket;
	struct trace_head head;
	uint8_t *raw;     /* room for the head, then sub-buffers */
	size_t used;      /* bytes of sub-buffers in raw */
	uint8_t *scratch; /* of a sub-buffer, with options.anonymize */
	struct writer_count *counts;
	uint32_t nr_counts;
};

/* What belongs to one CPU, or another stream of one. */
struct writer_cpu {
	pthread_mutex_t lock;
	struct writer_job *job; /* being filled; NULL: none is at hand */
	bool prepared;
	uint32_t sequence;
	uint32_t *slots; /* by event id: 1 + index in the job's counts, 0: not in it */
	uint32_t nr_slots;
	uint64_t stat_lost;    /* as the kernel's own statistics have it */
	uint64_t located_lost; /* of which frames tell already */
};

/* Jobs on their way through the threads. Without threads, turn alone matters. */
struct writer_queue {
	pthread_mutex_t lock;
	pthread_cond_t work;   /* a job came, or the end */
	pthread_cond_t room;   /* a job became free */
	pthread_cond_t turned; /* turn changed */
	struct writer_job *first;
	struct writer_job *last;
	struct writer_job *free;
	uint32_t count; /* of those that wait */
	uint32_t depth;
	uint64_t next_ticket;
	uint64_t turn; /* the ticket whose frame goes out next */
	bool stop;
	struct writer_level level;
	uint32_t nr_waits;
	uint64_t wait_ns;
};

/* A thread of the writer's. */
struct writer_thread {
	struct mmr_writer *writer;
	pthread_t thread;
	int32_t tid; /* 0: it has not begun yet */
	unsigned int index;
	struct writer_zip zip; /* compressors only */
};

/* Lists on their way into frames; one for each thread that makes some at a time. */
struct writer_list {
	struct writer_part *part; /* where its frames go; NULL: the usual way */
	struct writer_zip zip;
	struct trace_buffer bytes;
	struct trace_head head;
	uint32_t sequence[TRACE_NR_FRAME_KINDS];
	bool begun; /* a frame of the present list went out */
};

struct mmr_writer {
	struct mmr_writer_options options;
	bool begun;
	bool in_snapshot;

	pthread_mutex_t lock;  /* out: the next ones */
	pthread_cond_t filled; /* there is something in the arena, or the end */
	pthread_cond_t emptied;
	struct writer_arena arena; /* size 0: frames go straight to the file */
	struct writer_part *part;  /* NULL: a ring. With an arena it is the output thread's */
	bool stop;
	struct mmr_error error; /* the first failure of the file; all later calls give it again */

	/* The ring, under out. */
	struct trace_buffer apart; /* the first snapshot: an entry, its frame, and so on */
	bool apart_whole;
	uint64_t pinned; /* position from which on a save needs what is there; UINT64_MAX: none */
	uint64_t newest_ns;
	uint64_t dropped_frames;
	uint64_t dropped_events;
	uint64_t dropped_ns;  /* time of the last event that was dropped */
	pthread_mutex_t save; /* one at a time: the next two */
	struct writer_list save_list;
	ZSTD_DCtx *save_unzip;

	atomic_bool failed;
	struct writer_queue queue;
	struct writer_thread *threads; /* options.nr_threads compressors, then the output */
	unsigned int nr_threads;       /* that run */
	pthread_mutex_t turn;          /* without threads: who compresses */
	struct writer_zip zip;         /* without threads */

	struct writer_list list;        /* texts and snapshots */
	struct writer_list access_list; /* samples */
	pthread_mutex_t access;         /* access_list */
	uint32_t nr_snapshots;
	uint32_t nr_access;
	struct writer_texts texts;
	struct writer_texts trailer; /* under out */
	struct writer_anon *anon;    /* NULL: names stay */
	char rotation_id[33];
	atomic_uint part_number;
	uint8_t *group_of_id; /* enum mmr_event_group by event id */
	uint32_t nr_groups;

	uint32_t *own; /* the recorder's tasks */
	uint32_t nr_own_tasks;
	uint32_t own_first; /* the least of them, */
	uint32_t own_span;  /* and how far from it the greatest is */

	atomic_uint_fast64_t nr_events;
	atomic_uint_fast64_t nr_lost;
	atomic_uint_fast64_t nr_own;
	atomic_uint_fast64_t raw_bytes;
	atomic_uint_fast64_t file_bytes;
	atomic_uint_fast64_t by_group[MMR_NR_EVENT_GROUPS];
	struct writer_cpu *cpus;
};

/* ---- writer.c ---- */

/* The first failure again; 0 if there was none. */
int trace_writer_check(struct mmr_writer *w, struct mmr_error *err) MMR_MUST_CHECK;

/* ---- writer_pages.c ---- */

/* A job with room for a frame; NULL: no memory. */
struct writer_job *trace_job_create(const struct mmr_writer_options *options);
void trace_job_free(struct writer_job *job);
/* Event types that a frame may have. */
uint32_t trace_job_counts(const struct mmr_writer_options *options);

/* Hands over what a CPU has collected. Under its lock. */
int trace_writer_flush(struct mmr_writer *w, struct writer_cpu *c,
                       struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Hands over what all CPUs have collected and takes a ticket behind it: what pages come later come later
 * in the order, and if restart, into frames whose numbers begin again.
 */
int trace_writer_flush_all(struct mmr_writer *w, bool restart, uint64_t *ticket,
                           struct mmr_error *err) MMR_MUST_CHECK;

/* ---- writer_queue.c ---- */

int trace_queue_init(struct mmr_writer *w, struct mmr_error *err) MMR_MUST_CHECK;
/* Ends the threads after what is queued; the second also frees. */
void trace_queue_stop(struct mmr_writer *w);
void trace_queue_deinit(struct mmr_writer *w);

/* An empty job, which may have to be waited for. NULL: writing has failed. */
struct writer_job *trace_queue_get(struct mmr_writer *w);
/* Hands a job over. Without threads it is done when this returns, and *job can be used again. */
int trace_queue_put(struct mmr_writer *w, struct writer_job **job,
                    struct mmr_error *err) MMR_MUST_CHECK;
/* One job more that trace_queue_get() may give. */
void trace_queue_add(struct mmr_writer *w, struct writer_job *job);

/* Takes a place in the order; what was queued before is out when it is waited for. */
uint64_t trace_queue_ticket(struct mmr_writer *w);
void trace_queue_wait(struct mmr_writer *w, uint64_t ticket);
void trace_queue_pass(struct mmr_writer *w);
/* Wakes those who wait for room, as they need not any more. */
void trace_queue_wake(struct mmr_writer *w);

/* ---- writer_output.c ---- */

/* Sends a frame to where this writer's frames go. Waits if it has to. */
int trace_writer_output(struct mmr_writer *w, const struct writer_frame *frame,
                        struct mmr_error *err) MMR_MUST_CHECK;
/* What comes now goes into next, which is the writer's from here on; the present file gets its index. */
int trace_writer_next_part(struct mmr_writer *w, struct writer_part *next,
                           struct mmr_error *err) MMR_MUST_CHECK;
/* The thread that empties the arena into the file. */
void *trace_writer_output_thread(void *thread);
void trace_writer_fail(struct mmr_writer *w, const struct mmr_error *err);

/* ---- writer_ring.c ---- */

/* What a ring needs beside its memory. */
int trace_ring_init(struct mmr_writer *w, struct mmr_error *err) MMR_MUST_CHECK;
void trace_ring_deinit(struct mmr_writer *w);
/* Puts a frame into the ring, dropping older ones. Under out. */
int trace_ring_put(struct mmr_writer *w, const struct writer_frame *frame,
                   struct mmr_error *err) MMR_MUST_CHECK;

/* ---- writer_list.c ---- */

int trace_list_init(struct writer_list *list, int level) MMR_MUST_CHECK;
void trace_list_deinit(struct writer_list *list);
/* Starts a list of that kind; whatever was collected before is dropped. */
int trace_list_begin(struct writer_list *list, enum trace_frame_kind kind, uint32_t number,
                     uint32_t aux, struct mmr_error *err) MMR_MUST_CHECK;
/* Adds a blob; writes a frame when one is full. */
int trace_list_add(struct mmr_writer *w, struct writer_list *list, struct trace_blob blob,
                   struct mmr_error *err) MMR_MUST_CHECK;
/* Writes the blobs collected so far as a frame with these flags. */
int trace_list_flush(struct mmr_writer *w, struct writer_list *list, uint16_t flags,
                     struct mmr_error *err) MMR_MUST_CHECK;
/* The header: the writer's texts and more. */
int trace_list_header(struct mmr_writer *w, struct writer_list *list,
                      const struct writer_texts *more, struct mmr_error *err) MMR_MUST_CHECK;
/* The trailer, if there are texts. */
int trace_list_trailer(struct mmr_writer *w, struct writer_list *list,
                       const struct writer_texts *texts, struct mmr_error *err) MMR_MUST_CHECK;

/* ---- writer_rotate.c ---- */

/* The texts of the file with that number; a random id is made for the first. */
int trace_rotation_texts(struct mmr_writer *w, uint32_t number, struct writer_texts *texts,
                         struct mmr_error *err) MMR_MUST_CHECK;

#endif
