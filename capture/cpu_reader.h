/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thread for each CPU that is online moves sub-buffers from the kernel's ring buffer to the trace
 * writer; one for all the others watches whether they come.
 */
#ifndef CPU_READER_H
#define CPU_READER_H

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/trace_writer.h>

#include "tracing.h"

struct cpu_readers;

struct cpu_reader {
	struct cpu_readers *all;
	pthread_t thread;
	uint32_t cpu;
	bool late;    /* was offline at the start */
	bool running; /* has a thread */
	int pages_fd; /* trace_pipe_raw; -1: not open, as it never was online */
	int stats_fd;
	int kick_fd;    /* eventfd: read what is there now; -1: the late thread's does */
	uint8_t *pages; /* late ones share theirs */
	struct mmr_error error;
};

struct cpu_readers {
	struct cpu_reader *readers;
	uint32_t count;
	uint32_t nr_running;     /* threads that were started */
	const char *dir;         /* of the instance */
	struct cpu_reader *late; /* the thread for all late ones; none if all are online */
	bool *late_online;       /* its own */
	bool *has_buffer;        /* the instance's; the late thread adds those that come */
	struct pollfd *late_fds;
	uint32_t subbuf_size;
	uint64_t buffer_size;
	struct mmr_writer *writer;
	pthread_barrier_t ready;
	sem_t kicked;  /* posted by each thread that was kicked and has read */
	int stop_fd;   /* eventfd: drain what is there and end */
	int failed_fd; /* eventfd: a reader or the writer failed */
	atomic_bool failed;
};

/* Opens the files and starts the threads; all of them run when this returns. They read from now on. */
int cpu_readers_start(struct cpu_readers *readers, const struct tracing *tracing,
                      struct mmr_writer *writer, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Has all threads read what the kernel holds now, and hand it to the writer; waits for them, a second
 * at most. From one thread at a time.
 */
void cpu_readers_flush(struct cpu_readers *readers);

/* Lets the threads take what is left, waits for them, closes the files. Tells the first failure. */
int cpu_readers_stop(struct cpu_readers *readers, struct mmr_error *err);

#endif
