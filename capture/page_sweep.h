/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a file of /proc that has 8 bytes for every page of the machine: 80 ns a page, half a second for
 * 24 GiB. Several threads read, each a chunk at a time; the chunks come out in the order in which their
 * reading began. If there is less time than the whole file takes, the chunks that were read lie evenly over
 * the memory, however many there were.
 */
#ifndef PAGE_SWEEP_H
#define PAGE_SWEEP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/error.h>

#define PAGE_SWEEP_THREADS 8u
#define PAGE_SWEEP_CHUNK   (64u << 10) /* bytes */

struct page_chunk {
	uint64_t offset; /* in the file */
	uint32_t size;   /* bytes, at most PAGE_SWEEP_CHUNK */
	bool wanted;
	bool mapped; /* kpageflags: some page of it is mapped */
};

/* A chunk that was read, between two instants; called from one thread at a time. */
typedef void page_chunk_read(void *data, struct page_chunk *chunk, const uint8_t *bytes,
                             uint32_t size, uint64_t begin_ns, uint64_t end_ns);

struct page_sweep {
	struct page_chunk *chunks;
	size_t nr_chunks;
	size_t capacity;

	unsigned int nr_helpers; /* threads beside the caller's */
	pthread_t threads[PAGE_SWEEP_THREADS];
	uint8_t *buffers[PAGE_SWEEP_THREADS];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool quit;
	uint64_t run;            /* number of the sweep */
	unsigned int nr_working; /* helpers in it */

	/* The sweep that runs. */
	int fd;
	uint64_t deadline_ns;
	size_t stride;
	size_t next;   /* the next chunk to be begun, in the order of the sweep */
	size_t handed; /* chunks given to read() */
	page_chunk_read *read;
	void *data;
};

/* Starts the threads; they sleep between sweeps. */
int page_sweep_init(struct page_sweep *sweep, struct mmr_error *err) MMR_MUST_CHECK;
void page_sweep_deinit(struct page_sweep *sweep);

/* CPU time of its threads so far. */
uint64_t page_sweep_cpu_ns(const struct page_sweep *sweep);

/* Forgets the chunks; then adds those of some pfns. */
void page_sweep_clear(struct page_sweep *sweep);
int page_sweep_add(struct page_sweep *sweep, uint64_t first_pfn, uint64_t end_pfn) MMR_MUST_CHECK;

/*
 * Reads the wanted chunks of path until the deadline (ns of CLOCK_MONOTONIC; 0: all of them). How many
 * chunks were begun.
 */
size_t page_sweep_read(struct page_sweep *sweep, const char *path, uint64_t deadline_ns,
                       page_chunk_read *read, void *data);

#endif
