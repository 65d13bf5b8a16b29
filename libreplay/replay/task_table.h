/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The threads of a recording by their pid, with what an analysis keeps for each. */
#ifndef REPLAY_TASK_TABLE_H
#define REPLAY_TASK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>

#define REPLAY_NO_PID UINT32_MAX

enum replay_task_fault { REPLAY_TASK_FAULT_USER, REPLAY_TASK_FAULT_KERNEL, REPLAY_NR_TASK_FAULTS };

/* What a task's stacks are waited for by; a stack of each kind may come before its event. */
enum replay_stall {
	REPLAY_STALL_RECLAIM,
	REPLAY_STALL_COMPACTION,
	REPLAY_STALL_HUGE,
	REPLAY_STALL_OOM,
	REPLAY_NR_STALLS
};

struct replay_stack_seen {
	int64_t id; /* of the database; 0: none */
	uint64_t t_ns;
};

/* A stretch of reclaim that has begun and not ended. */
struct replay_open_reclaim {
	const char *kind; /* of the database; NULL: none is open */
	uint64_t begin_ns;
	uint64_t gfp_flags;
	uint64_t nr_scanned;
	uint64_t nr_reclaimed;
	int64_t stack; /* of the database; 0: none */
	int32_t order; /* -1: unknown */
	char cause[120];
};

/* What a task asked compaction for, and the zone that is being compacted for it. */
struct replay_open_compaction {
	bool direct; /* inside of try_to_compact_pages */
	bool open;
	int32_t order; /* -1: unknown */
	int32_t sync;
	uint64_t gfp_flags;
	int64_t stack; /* of the database; 0: none */
	uint64_t asked_ns;
	uint64_t begin_ns;
	uint64_t nr_migrate_scanned;
	uint64_t nr_free_scanned;
	uint64_t nr_migrated;
	uint64_t nr_failed;
};

/* What a task is inside of that flushes TLBs. */
struct replay_task_tlb {
	uint32_t waiting
		[5]; /* full flushes by reason, of which it is not known yet what they were for */
	bool reclaims;
	bool compacts;
	bool unmaps;
	bool faulted; /* its last sign was a page fault */
	bool khugepaged;
};

struct replay_task {
	uint32_t pid;
	bool fault_pending;  /* the last fault has not got its page yet */
	bool file_collapsed; /* its scan of a file ended in a collapse, which has told of itself */
	bool huge_failed;    /* … and a huge page was asked for in vain */
	uint64_t start_ns;   /* first event; absolute */
	uint64_t fault_address;
	uint64_t nr_faults[REPLAY_NR_TASK_FAULTS];
	struct replay_open_reclaim reclaim;
	struct replay_open_compaction compaction;
	struct replay_stack_seen stacks[REPLAY_NR_STALLS];
	struct replay_task_tlb tlb;
	uint64_t stack_ns; /* when the last one was taken; 0: its stall has begun */
};

/* A zeroed table is empty. Open addressing over indices into items; pids of ended tasks are forgotten. */
struct replay_task_table {
	struct replay_task *items;
	uint32_t count;
	uint32_t *slots; /* index + 1, or 0 */
	uint32_t nr_slots;
};

/* The task of this pid, new if it was not there (start_ns = now_ns). NULL: out of memory. Valid until the next. */
struct replay_task *replay_task_get(struct replay_task_table *table, uint32_t pid, uint64_t now_ns);

/* The task of this pid, or NULL. */
struct replay_task *replay_task_find(struct replay_task_table *table, uint32_t pid);

/* Forgets a task; the pid may come again as another. */
void replay_task_remove(struct replay_task_table *table, struct replay_task *task);

void replay_task_table_deinit(struct replay_task_table *table);

#endif
