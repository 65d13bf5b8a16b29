/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The free run: demand drives the engine, which decides everything itself.
 *
 *	replay_start_read()      what the trace tells of the machine: free blocks, tunables, swap
 *	replay_tunable_set() …   what shall be different
 *	replay_create()
 *	replay_run() …           demand ops in time order; simulated threads run between them
 *	replay_advance()         to the trace's end
 *	replay_destroy()
 *
 * Stalls go out through struct replay_hooks while they happen; counters, free lists and pageblocks are
 * pulled from replay_machine() with the accessors of mm/show_mem.h whenever the caller likes.
 * Same ops, config and seed: same bits. No function allocates per op, but where more tasks wait than ever before.
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>
#include <mmreplay/trace.h>

#include "demand.h"
#include "file_device.h"
#include "kswapd_cpu.h"
#include "kswapd_wakes.h"
#include "pause.h"
#include "reference_share.h"
#include "swap_device.h"
#include "tlb.h"
#include "tunables.h"

#define REPLAY_MAX_NODES     8
#define REPLAY_MAX_ZONES     (REPLAY_MAX_NODES * 4)
#define REPLAY_MAX_CMA_AREAS 20

struct mm_machine;
struct replay;
struct replay_future;
struct replay_residence;
struct wl_tmpfs_place;

enum replay_reclaim_kind {
	REPLAY_RECLAIM_DIRECT,
	REPLAY_RECLAIM_KSWAPD,
	REPLAY_RECLAIM_THROTTLE,
	REPLAY_RECLAIM_DIRTY,   /* no reclaim: a writer waits, too much is dirty */
	REPLAY_RECLAIM_WRITTEN, /* … for the write of a page that is truncated */
};

/*
 * A stretch of reclaim that has ended; kswapd's is from its wake to its sleep, as mm_vmscan_kswapd_wake and _sleep tell, over
 * all of its runs and naps. Times are those of the demand (absolute).
 */
struct replay_reclaim {
	uint64_t begin_ns;
	uint64_t end_ns;       /* begin + what the cost model says it took */
	uint32_t task;         /* demand task that had to wait; 0: kswapd */
	uint32_t gfp_flags;    /* of the allocation; 0: kswapd */
	uint64_t nr_scanned;   /* pages */
	uint64_t nr_reclaimed; /* pages */
	uint8_t kind;          /* enum replay_reclaim_kind */
	uint8_t order;
	uint8_t migratetype; /* of the request */
	uint8_t node;
	bool goes_on; /* when all is over: there is no end */
};

/* A run of compaction over a zone that has ended. */
struct replay_compaction {
	uint64_t begin_ns;
	uint64_t end_ns;    /* begin + what the cost model says it took */
	uint32_t task;      /* demand task that had to wait; 0: kcompactd */
	uint32_t gfp_flags; /* of the allocation; 0: kcompactd */
	uint64_t nr_migrate_scanned;
	uint64_t nr_free_scanned;
	uint64_t nr_migrated;
	uint64_t nr_failed;
	int8_t order; /* -1: whatever can be had */
	bool kcompactd;
	bool sync;
	uint8_t result; /* enum mm_compact_result */
};

/* An allocation that the engine could not satisfy: where the kernel would have killed or failed. */
struct replay_failure {
	uint64_t t_ns;
	uint32_t task;
	uint32_t gfp_flags;
	uint8_t order;
	uint8_t oom; /* 1: nobody was left to be killed, the kernel panics; 0: the request just failed */
};

/* A task was killed for lack of memory. Pages. */
struct replay_oom_kill {
	uint64_t t_ns;
	uint32_t
		task; /* demand task that was killed, its lowest number; 0: none uses the space any more */
	uint32_t asked_by; /* demand task whose request found no memory */
	int32_t oom_score_adj;
	int64_t points; /* its badness, of totalpages */
	uint64_t totalpages;
	uint64_t nr_anon; /* in memory */
	uint64_t nr_files;
	uint64_t nr_shmem;
	uint64_t nr_swap;
	uint64_t nr_tables;
};

/* Every member may be NULL. */
struct replay_hooks {
	void *data;
	void (*reclaim)(void *data, const struct replay_reclaim *reclaim);
	void (*compaction)(void *data, const struct replay_compaction *compaction);
	void (*failure)(void *data, const struct replay_failure *failure);
	void (*oom_kill)(void *data, const struct replay_oom_kill *kill);
	/* The start population is complete, and nothing has happened yet. */
	void (*begun)(void *data);
};

/* A free block of the recorded machine. */
struct replay_free_block {
	uint32_t pfn;
	uint32_t
		use; /* 1: the first of all that was taken, …; 0: never as long as the trace goes on */
	uint8_t order;
};

/* Kernel memory of a node, in pages, and kernel stacks in KiB. */
struct replay_kernel_memory {
	uint32_t slab_reclaimable;
	uint32_t slab_unreclaimable;
	uint32_t page_tables;
	uint32_t stacks_kib;
};

/* A block on a CPU's page list. */
struct replay_listed {
	uint32_t pfn;
	uint16_t cpu;
	uint8_t order;
	uint8_t type; /* of the list: MM_UNMOVABLE, MM_MOVABLE, MM_RECLAIMABLE; others go to the movable one */
};

/* A page that the bulk allocator took. */
struct replay_bulk_take {
	uint64_t t_ns; /* at the latest: an event of the CPU that took it */
	uint32_t pfn;
	bool freed; /* later */
};

/* Of a CPU's list of a zone, as /proc/zoneinfo shows it. */
struct replay_pcp {
	uint32_t count; /* pages */
	uint32_t high;
};

#define REPLAY_NR_QUANTILES 64

/*
 * How times differed, of what is given for all of them: quantiles, ascending, in percent. Most are short, and a few
 * wait for a CPU or the device. nr = 0: not known, all take the same.
 */
struct replay_spread {
	uint32_t nr; /* 0 or REPLAY_NR_QUANTILES */
	uint32_t percent[REPLAY_NR_QUANTILES];
};

struct replay_survey;

/* Transparent huge pages of the recorded machine. */
enum replay_thp {
	REPLAY_THP_UNKNOWN,
	REPLAY_THP_NEVER,
	REPLAY_THP_MADVISE,
	REPLAY_THP_ALWAYS,
};

/* A CMA area of the recorded machine. */
struct replay_cma_area {
	uint32_t key; /* of its name: demand_cma_key() */
	uint32_t start;
	uint32_t nr; /* page frames */
	bool hugetlb;
};

/* The recorded machine at the start, as far as its first full snapshot tells. Zeroed = unknown. */
struct replay_start {
	const struct mmr_zone_info *zones; /* of the trace's header; borrowed */
	uint32_t nr_zones;
	uint32_t nr_cpus;
	uint8_t *homes;                        /* [nr_cpus]: node of each CPU; or NULL */
	uint64_t start_ns;                     /* simulated time begins here */
	struct replay_free_block *free_blocks; /* ascending pfn */
	size_t nr_free_blocks;
	uint8_t *block_types;  /* migratetype of pageblock i (pfn / 512), 0..5 */
	uint16_t *block_holes; /* of it, page frames without memory; as many */
	size_t nr_block_types;
	uint32_t cma_pages
		[REPLAY_MAX_ZONES]; /* of each zone, page frames that belong to CMA areas */
	struct replay_cma_area
		cma_areas[REPLAY_MAX_CMA_AREAS]; /* of which events tell where they are */
	uint32_t nr_cma_areas;
	uint64_t committed_pages; /* Committed_AS; 0: not known */
	bool zram;                /* swap is on zram: its memory is the replay's own matter */
	uint32_t hugetlb_used;    /* pages of the hugetlb pool that were in use */
	enum replay_thp thp;
	struct replay_kernel_memory *kernel; /* [node < REPLAY_MAX_NODES], or NULL */
	struct replay_pcp *pcps;             /* [zone * nr_cpus + cpu], or NULL */
	struct replay_listed *listed; /* what is known to be on them; each list from its head on */
	size_t nr_listed;
	uint64_t *looks; /* when kcompactd of node 0 went to sleep, in time order */
	size_t nr_looks;
	uint32_t khugepaged_pid; /* of one that looked at files; 0: it did not */
	uint64_t khugepaged_ns;  /* when khugepaged looked at an area first; 0: it did not */
	uint8_t *waiting;        /* [nr_cpus]: pages on their way to the LRU lists; or NULL */
	struct replay_bulk_take *bulk_takes; /* in time order */
	size_t nr_bulk_takes;
	struct wl_tmpfs_place *tmpfs_places; /* by time of allocation */
	size_t nr_tmpfs_places;
	bool exact; /* free_blocks comes from kpageflags; otherwise from sizes only */
	bool mglru; /* lru_gen/enabled said so */
	struct replay_reference_share reference; /* how often reclaim found pages in use */
	struct replay_file_device device;        /* how fast files were written */
	struct replay_swap_device *swap_device;  /* … and swap; NULL: that is not known */
	struct replay_spread stalls; /* direct reclaims, for a page that they took, of their mean */
	struct replay_pauses *direct_pauses;    /* or NULL */
	struct replay_pace *kswapd_pace;        /* or NULL */
	struct replay_wake_vec kswapd_wakes;    /* of the recorded kernel */
	struct replay_kswapd_cpus *kswapd_cpus; /* or NULL */
	struct replay_spread wakes; /* until kswapd that is woken has a CPU, of the median */
	/* Wakes for a lower zone after which it heeds nobody but who woke it. */
	uint32_t alone_percent[MM_ZONE_NORMAL];
};

/*
 * Reads the first full snapshot of a trace (without one: the zone table only) and the recorded values of
 * the tunables. Free with replay_start_deinit().
 */
int replay_start_read(struct mmr_trace *trace, struct replay_start *ret,
                      struct replay_tunables *tunables, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * The same in two, for those who go through all events anyway: between them every event of the trace is given to
 * the survey, which start may not move under. After an error of the second, too, start is to be deinitialised.
 */
int replay_start_open(struct mmr_trace *trace, struct replay_start *start,
                      struct replay_tunables *tunables, struct replay_survey **ret,
                      struct mmr_error *err) MMR_MUST_CHECK;
int replay_start_close(struct mmr_trace *trace, struct replay_start *start,
                       struct replay_tunables *tunables, struct replay_survey *survey,
                       struct mmr_error *err) MMR_MUST_CHECK;
void replay_start_deinit(struct replay_start *start);

/*
 * Where the recorded kernel changed between classic and mglru, by the kind of its batches, a replay that begins
 * under policy is to do so: how many such changes there are.
 */
uint32_t replay_changes_follow(struct replay_tunables *tunables,
                               const struct replay_reference_share *share, const char *policy);

/* What the windows of a run asked of the TLB, of a run with tlb.model: sums over them, and the largest page tables. */
struct replay_tlb_use {
	struct mm_tlb_reach reach; /* sums */
	uint64_t nr_windows;
	struct mm_pgtable_size tables[MM_NR_PGTABLE_LAYOUTS]; /* when those of x86-64 were most */
};

struct replay_config {
	const struct replay_start *start; /* read until replay_destroy() */
	const struct replay_tunables *tunables;
	const char *policy; /* a name of replay_policy_name() */
	uint64_t seed;
	bool guess_references; /* no access is known but by faults: the reference model answers */
	/* Sealed, of the same demand: for a policy of replay_policy_wants_future(); NULL: nothing is known. */
	const struct replay_future *future;
	/* Sealed, of the same demand: answers where no access is known; NULL: only guess_references does. */
	struct replay_residence *residence;
	struct replay_hooks hooks;
};

/* Builds the machine. MMR_E_INVALID: no such policy or no zones; MMR_E_NOMEM. */
int replay_create(const struct replay_config *config, struct replay **ret,
                  struct mmr_error *err) MMR_MUST_CHECK;
void replay_destroy(struct replay *replay);

/*
 * Executes ops in order, but for those that have to wait for others, whose task waits in the middle of what it does
 * (worker.c): they follow in a later call. t_ns must not go back (an op that does is taken as now).
 * MMR_E_CORRUPT: an op makes no sense; MMR_E_INTERNAL: an invariant of the engine broke; MMR_E_NOMEM.
 */
int replay_run(struct replay *replay, const struct demand_op *ops, size_t nr_ops,
               struct mmr_error *err) MMR_MUST_CHECK;

/* Lets the simulated threads work until t_ns. Before the first demand only the time passes. */
int replay_advance(struct replay *replay, uint64_t t_ns, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Lets time go on until all that has been asked for is done, as tasks may wait in the middle of it: for readers of counters
 * at the end. What is asked for later comes when it is over.
 */
int replay_settle(struct replay *replay, struct mmr_error *err) MMR_MUST_CHECK;

/* Nothing more is to come: tells of what goes on still. */
void replay_finish(struct replay *replay);

const struct mm_machine *replay_machine(const struct replay *replay);
/* Whether the settings have a ksmd that runs at any time. */
bool replay_ksm_is_used(const struct replay_tunables *tunables);
/* How long ksmd sleeps between two batches: ksm.sleep_millisecs, in whole jiffies. */
uint64_t replay_ksm_sleep_ns(const struct replay_tunables *tunables);

/* Up to now; NULL: without tlb.model. */
const struct replay_tlb_use *replay_tlb_use(struct replay *replay);
uint64_t replay_now_ns(const struct replay *replay);

/* Faults of a demand task so far, by how they were served. */
enum replay_fault_kind {
	REPLAY_FAULT_ANON,
	REPLAY_FAULT_SWAPIN,
	REPLAY_FAULT_FILE,
	REPLAY_FAULT_COW,
	REPLAY_NR_FAULT_KINDS
};
struct replay_task_stat {
	uint64_t nr_faults[REPLAY_NR_FAULT_KINDS];
	uint64_t stalled_ns; /* in direct reclaim and in swap-in, by the cost model */
	uint32_t key;        /* its address space, by the demand's number */
	bool missed;         /* its last fault on a mapped file did not find its page */
	uint32_t next_key;   /* … once all that it has been asked for is done */
};
/* NULL for a task that has not asked for anything. Valid until the next replay_run(). */
const struct replay_task_stat *replay_task_stat(const struct replay *replay, uint32_t task);

/* What could not be done as asked, for the run's report. */
struct replay_stats {
	uint64_t nr_ops;
	uint64_t nr_placed;       /* pages of the start population that got their recorded pfn */
	uint64_t nr_moved;        /* … that had to go elsewhere */
	uint64_t nr_unplaced;     /* … for which there was no room */
	uint64_t nr_unknown_free; /* DEMAND_FREE of a page that the engine did not have */
	uint64_t nr_failures;
	uint64_t nr_kills; /* for lack of memory */
	uint64_t
		nr_dropped; /* ops of tasks that had been killed, and frees of what went with them */
	uint64_t
		nr_beyond; /* pages that recorded victims asked for beyond the trace until the kill */
	uint64_t nr_refused; /* mappings and forks, for overcommit */
	uint64_t nr_refused_pages;
	uint64_t nr_hugetlb_lacking;  /* pages that the hugetlb pool should have and has not */
	uint64_t nr_gigantic_lacking; /* … of 1 GiB */
	uint64_t nr_collapse_calls;   /* madvise(MADV_COLLAPSE) … */
	uint64_t nr_collapse_failed;  /* … of part of a range, at least */
	uint64_t nr_mismatched;       /* ops whose page is of another kind or already there */
};
/* The orders of folios below huge pages that are on: a bit each. */
uint32_t replay_folio_orders(const struct replay *replay);

const struct replay_stats *replay_stats(const struct replay *replay);

/* Name and one-line summary of policy i, NULL past the last. */
const char *replay_policy_name(unsigned int i);
const char *replay_policy_summary(unsigned int i);

/* Whether this policy asks when pages are used next. */
bool replay_policy_wants_future(const char *name);

#endif
