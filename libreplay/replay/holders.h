/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who holds memory in a recording: what each task allocated and still has, how large its address space is over
 * time, what of the kernel's keeps pageblocks from becoming whole, and whom the OOM killer had to choose from.
 * See holders.c.
 */
#ifndef REPLAY_HOLDERS_H
#define REPLAY_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/trace.h>

#include "vec.h"
#include "write.h"

#define REPLAY_HOLDERS_INSTANTS 20 /* of task_memory rows, evenly over the recording */
#define REPLAY_HOLDERS_PINS \
	8 /* instants of pin rows, at most one in each eighth of the recording */

#define HOLDER_IN_INTERRUPT 0x18 /* of mmr_event.page.context: hard or soft */

enum { HOLDER_MOVABLE, HOLDER_KERNEL, NR_HOLDER_KINDS };

struct replay_holder {
	uint32_t pid;
	uint32_t leader; /* index of the one whose address space this thread uses */
	uint32_t mm_id;  /* of its address space, if has_mm */
	bool has_mm;
	int32_t oom_score_adj;
	int64_t rss[4]; /* pages by rss_stat's member: file, anon, swap entries, shmem */
	int64_t before; /* pages that it had when the recording began, until rss_stat tells */
	bool changed;   /* since its last row */
	uint64_t allocated[NR_HOLDER_KINDS];
	uint64_t live[NR_HOLDER_KINDS];
	uint64_t most_live[NR_HOLDER_KINDS];
	uint64_t pins; /* while pins are counted */
	uint64_t pinned_blocks;
	uint64_t last_block; /* 1 + number of the last one that was counted; 0: none */
};

/* Those that allocated little of a kind each, by their name. */
struct replay_small_holders {
	char comm[16];
	uint32_t pid; /* who of them allocated most */
	uint64_t tasks;
	uint64_t largest;
	uint64_t allocated;
	uint64_t live;
	uint64_t most_live; /* at the instants of task_memory rows */
};

DEFINE_VEC(replay_small_holder_vec, struct replay_small_holders);

struct replay_holders {
	struct mmr_trace *trace;
	struct results_db *db;
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t next_ns; /* when task_memory rows are due */
	uint64_t next_pin_ns;
	struct replay_holder *items;
	uint32_t count;
	uint32_t *slots; /* by pid: index + 1, or 0 */
	uint32_t nr_slots;
	uint32_t *
		mm_slots; /* by mm_id, as many: index + 1 of the holder whose address space it is, or 0 */
	uint32_t *owners; /* by pfn: 2 * (index + 1) + kind, or 0: unknown or free */
	uint64_t nr_pfns;
	struct replay_small_holder_vec small[NR_HOLDER_KINDS];
	uint64_t oom_pages; /* memory and swap: what a score of 1000 stands for */
	bool no_memory;
};

/* Between first_ns and last_ns (absolute). A zeroed struct can be deinitialised. */
int replay_holders_init(struct replay_holders *holders, struct mmr_trace *trace,
                        struct results_db *db, uint64_t first_ns, uint64_t last_ns,
                        struct mmr_error *err) MMR_MUST_CHECK;
/* The process of a thread, as far as is known. */
uint32_t replay_holders_process(struct replay_holders *holders, uint32_t pid);
void replay_holders_event(struct replay_holders *holders, const struct mmr_event *event);
int replay_holders_finish(struct replay_holders *holders, struct mmr_error *err) MMR_MUST_CHECK;
void replay_holders_deinit(struct replay_holders *holders);

#endif
