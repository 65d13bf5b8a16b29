/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What went through the page cache, file by file: how much came in, came in again, was evicted. See file_traffic.c. */
#ifndef REPLAY_FILE_TRAFFIC_H
#define REPLAY_FILE_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/event.h>
#include <mmreplay/trace.h>

#include "vec.h"
#include "write.h"

/* Somebody who reads a file from front to back: where the next page would be, and how many pages came so far. */
struct replay_file_run {
	uint64_t next;
	uint64_t length;
};

/* Who brought in most, by majority vote. */
struct replay_file_voter {
	uint32_t pid;
	uint64_t votes;
};

/* A page that was allocated, until it is in the page cache. */
struct replay_file_page {
	uint64_t pfn;
	uint64_t gfp_flags;
};

#define REPLAY_FILE_PAGES \
	64 /* allocated but not in the cache yet: one a CPU, and those that never get there */

#define REPLAY_FILE_RUNS 4 /* readers of a file at the same time that are told apart */

struct replay_file {
	uint64_t ino;
	uint32_t dev;
	struct replay_file_voter reader; /* of what was read, and of what was to be written over */
	struct replay_file_voter writer;
	uint64_t added;
	uint64_t written;    /* of them: came in to be written over */
	uint64_t again;      /* of them: pages that had been there before, in this recording */
	uint64_t sequential; /* of them: in long runs */
	uint64_t evicted;
	struct replay_file_run runs[REPLAY_FILE_RUNS]; /* the one that went on last is the first */
	uint64_t nr_pages;                             /* 1 + the largest index */
	uint64_t *seen;                                /* a bit for each page that came in */
	uint64_t nr_seen;                              /* words of it */
};

/* Small files of a device, by the names of who read and who wrote them. */
struct replay_small_files {
	uint32_t dev;
	struct replay_file_voter reader; /* who of that name had most of them */
	struct replay_file_voter writer;
	char reader_comm[16];
	char writer_comm[16];
	uint64_t files;
	uint64_t added;
	uint64_t written;
	uint64_t again;
	uint64_t evicted;
};

DEFINE_VEC(replay_small_vec, struct replay_small_files);

struct replay_file_traffic {
	struct mmr_trace *trace;
	struct results_db *db;
	struct replay_file *items;
	uint32_t count;
	uint32_t *slots;
	uint32_t nr_slots;
	struct replay_small_vec groups; /* of those forgotten, and at last of all */
	uint64_t small;    /* files with less traffic make room where there are too many */
	uint32_t last;     /* where the last event found its file */
	uint64_t nr_words; /* of all bitmaps */
	struct replay_file_page pages[REPLAY_FILE_PAGES]; /* by pfn */
	bool no_memory;
};

/* Every mm_page_alloc: with which flags a page came says whether it is to be read or written over. */
void replay_file_traffic_alloc(struct replay_file_traffic *traffic, const struct mmr_event *event);
/* reclaiming: the task is in reclaim, so that what leaves the cache is evicted. */
void replay_file_traffic_event(struct replay_file_traffic *traffic, const struct mmr_event *event,
                               bool reclaiming);
int replay_file_traffic_finish(struct replay_file_traffic *traffic,
                               struct mmr_error *err) MMR_MUST_CHECK;
void replay_file_traffic_deinit(struct replay_file_traffic *traffic);

#endif
