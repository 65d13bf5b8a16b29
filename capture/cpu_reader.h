/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One thread for each CPU moves sub-buffers from the kernel's ring buffer to the trace writer. */
#ifndef CPU_READER_H
#define CPU_READER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include <mmreplay/trace_writer.h>

#include "tracing.h"

struct cpu_readers;

struct cpu_reader {
	struct cpu_readers *all;
	pthread_t thread;
	pid_t tid;
	uint32_t cpu;
	int pages_fd; /* trace_pipe_raw */
	int stats_fd;
	uint8_t *pages;
	struct mmr_error error;
};

struct cpu_readers {
	struct cpu_reader *readers;
	uint32_t count;
	uint32_t nr_running; /* threads that were started */
	uint32_t subbuf_size;
	uint64_t buffer_size;
	struct mmr_writer *writer;
	pthread_barrier_t ready;
	int stop_fd;   /* eventfd: drain what is there and end */
	int failed_fd; /* eventfd: a reader or the writer failed */
	atomic_bool failed;
};

/* Opens the files and starts the threads; each tid is known when this returns. They read from now on. */
int cpu_readers_start(struct cpu_readers *readers, const struct tracing *tracing,
                      struct mmr_writer *writer, struct mmr_error *err) MMR_MUST_CHECK;

/* Lets the threads take what is left, waits for them, closes the files. Tells the first failure. */
int cpu_readers_stop(struct cpu_readers *readers, struct mmr_error *err);

#endif
