/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a recording cost, taken in the same run. The trace keeps it as the trailer's text "recorder.cost";
 * --overhead prints it, with what is only known when the file is closed.
 *
 * Not counted: what the tracepoints themselves take in the tasks that hit them (see tests/bench/record-cost),
 * and the kernel's work on behalf of the recorder in interrupts.
 */
#ifndef OVERHEAD_H
#define OVERHEAD_H

#include <stdint.h>

#include <mmreplay/trace_writer.h>

struct recording;

struct overhead {
	/* When tracing was on. */
	uint64_t begin_ns;
	uint64_t begin_cpu_ns;
	uint64_t begin_main_ns; /* of it, the main thread's */
	uint64_t begin_faults;

	/* The instants of the end; 0: it did not come to that. */
	uint64_t started_ns; /* the command, or the recording */
	uint64_t ended_ns;
	uint64_t snapshot_ns; /* the end snapshot was taken */
	uint64_t closed_ns;   /* the file was closed */

	/* Until the trailer. */
	uint64_t event_cpu_ns;    /* of the threads that read, compress and write */
	uint64_t snapshot_cpu_ns; /* of snapshots and of the thread that looks after all */
	uint64_t own_events;      /* that are in the trace; most are filtered out */
	uint64_t faults;
	uint64_t peak_bytes;   /* resident */
	uint64_t locked_bytes; /* what cannot be paged out */
	uint64_t buffer_bytes; /* of the kernel's ring buffers */
	uint32_t nr_buffers;   /* CPUs that have one */
	uint64_t file_bytes;
	uint64_t cached_bytes; /* of the file, left in the page cache */
};

/* Tracing is on, nothing was recorded yet. */
void overhead_begin(struct overhead *overhead);

/* Readers and snapshots are done: takes the figures and puts them into the trailer. */
int overhead_trailer(struct recording *recording, struct mmr_error *err) MMR_MUST_CHECK;

/* The file path is closed. */
void overhead_closed(struct overhead *overhead, const char *path);

void overhead_print(const struct recording *recording);

#endif
