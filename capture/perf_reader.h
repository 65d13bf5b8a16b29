/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that reads the perf rings of all CPUs and writes what somebody makes of their samples to one
 * stream of the trace for each CPU. Whoever uses it opens the events and words the records.
 */
#ifndef PERF_READER_H
#define PERF_READER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "perf_ring.h"
#include "subbuf_writer.h"

struct perf_cpu {
	struct perf_ring ring;
	struct subbuf_writer out;
	uint64_t nr_seen;  /* samples read */
	uint64_t nr_ended; /* samples of rings that the CPU had before it was offline */
};

/* Takes a sample; in the reader's thread. 0 or an error, which ends the thread. */
typedef int perf_take(void *data, struct perf_cpu *cpu, const struct perf_event_header *sample,
                      struct mmr_error *err);

struct perf_reader {
	const char *name; /* of the thread, which begins with mmcap */
	perf_take *take;
	void (*tick)(void *data); /* NULL, or called several times a second, in the thread */
	void *data;

	pthread_mutex_t lock;  /* the next two, while the thread runs */
	struct perf_cpu *cpus; /* those that were opened */
	uint32_t count;
	uint32_t capacity;
	int epoll_fd;
	int stop_fd;
	int flush_fd; /* eventfd: hand over what there is, and post flushed */
	sem_t flushed;
	struct mmr_writer *writer;
	uint32_t stream_base;
	uint32_t subbuf_size;
	int failed_fd;    /* the user's: an eventfd to be told when the thread has failed */
	bool drop_rights; /* the thread needs none of root's */
	pthread_t thread;
	pid_t tid;
	bool running;
	pthread_barrier_t ready;
	struct mmr_error error;
	bool failed;
};

/* Room for nr_cpus rings. Free with perf_reader_deinit() in any case. */
int perf_reader_init(struct perf_reader *reader, uint32_t nr_cpus,
                     struct mmr_error *err) MMR_MUST_CHECK;

/* Makes the ring of a CPU from an event's file, which it closes from now on; it writes to stream. */
int perf_reader_add(struct perf_reader *reader, uint32_t cpu, int fd, size_t ring_size,
                    struct mmr_error *err) MMR_MUST_CHECK;

/* The ring of a CPU; NULL: none is open. */
struct perf_cpu *perf_reader_cpu(struct perf_reader *reader, uint32_t cpu);

/* Starts the thread, whose tid is known then. stream_base + cpu is the stream of a CPU. */
int perf_reader_start(struct perf_reader *reader, struct mmr_writer *writer, uint32_t stream_base,
                      uint32_t subbuf_size, struct mmr_error *err) MMR_MUST_CHECK;

/* Opens the events of a CPU, switched off, with perf_reader_add(); none is no failure. */
typedef int perf_open_cpu(void *data, uint32_t cpu, struct mmr_error *err);

/*
 * For a CPU that has come online while the thread runs: what it had before is taken and closed, which does
 * not come to life again, and open gives it new events, which are switched on.
 */
int perf_reader_adopt(struct perf_reader *reader, uint32_t cpu, perf_open_cpu *open, void *data,
                      struct mmr_error *err) MMR_MUST_CHECK;

/* Starts or stops the events of all CPUs. */
void perf_reader_enable(const struct perf_reader *reader, bool enable);

/* Hands over to the writer what has happened by now, as far as that is done within a second. */
void perf_reader_flush(struct perf_reader *reader);

/*
 * Stops the events, takes what is left, tells the writer how much was lost in all, ends the thread.
 * 0, or why it failed. Nothing is done if it is not running.
 */
int perf_reader_stop(struct perf_reader *reader, struct mmr_error *err);

void perf_reader_deinit(struct perf_reader *reader);

#endif
