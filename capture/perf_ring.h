/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One CPU's ring of perf records (perf_event_open(2)): opened for that CPU, mapped, and read by one
 * thread. Several events may write to one ring; what they wrote comes in the order in which it happened.
 */
#ifndef PERF_RING_H
#define PERF_RING_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <mmreplay/error.h>

struct perf_ring {
	int *fds; /* the first one's buffer is the ring; the others write to it */
	size_t nr_fds;
	uint32_t cpu;
	uint8_t *map;
	size_t page_size;
	size_t data_size; /* a power of two */
	uint64_t tail;    /* read so far */
	uint64_t end;     /* there is data up to here */
	uint8_t *whole;   /* a record that goes round the end of the ring */
};

/*
 * perf_event_open(2) with flags that close it on exec. The file, or a negative errno. pid -1: whatever
 * runs on the CPU.
 */
int perf_open(const struct perf_event_attr *attr, pid_t pid, int cpu);

/* What a failure of perf_open() means, as a whole sentence about `what`. */
int perf_failure(struct mmr_error *err, int error, const char *what) MMR_MUST_CHECK;

/* Makes the ring of a CPU with the file that perf_open() gave, which it closes from now on. */
int perf_ring_open(struct perf_ring *ring, uint32_t cpu, int fd, size_t data_size,
                   struct mmr_error *err) MMR_MUST_CHECK;

/* Lets another event of the same CPU write to it, and closes its file at the end. */
int perf_ring_add(struct perf_ring *ring, int fd, struct mmr_error *err) MMR_MUST_CHECK;

/* Starts or stops all its events. */
void perf_ring_enable(const struct perf_ring *ring, bool enable);

/* Looks what there is; then perf_ring_next() gives it, NULL at the end, each valid until the next call. */
void perf_ring_begin(struct perf_ring *ring);
const struct perf_event_header *perf_ring_next(struct perf_ring *ring);

/* How often its events happened, whether or not the ring had room. */
uint64_t perf_ring_count(const struct perf_ring *ring);

void perf_ring_close(struct perf_ring *ring);

/* The largest power of two that is at most size and at least a page. */
size_t perf_ring_size(uint64_t size);

#endif
