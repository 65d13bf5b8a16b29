/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The free run's state, and what its files know of each other. */
#ifndef REPLAY_STATE_H
#define REPLAY_STATE_H

#include "cost.h"
#include "fiber.h"
#include "madvise.h"
#include "mm.h"
#include "pending.h"
#include "replay.h"
#include "rng.h"
#include "shmem.h"
#include "show_mem.h"
#include "vec.h"

#define REPLAY_NEVER UINT64_MAX

/* kswapd of a node as a thread with a time of its own. */
struct replay_kthread {
	uint64_t ready_ns;           /* not before, if it has something to do */
	uint64_t nap_end_ns;         /* REPLAY_NEVER: it does not nap */
	struct mm_scan_control seen; /* what has been paid for */
	struct replay_reclaim awake; /* since it slept, but for the run that goes on */
	bool is_awake;
	bool running;
};

/* kcompactd of a node. */
struct replay_compactor {
	uint64_t ready_ns; /* not before, if it has something to do */
	uint64_t timer_ns; /* when it looks around, if it has not */
	struct replay_compact_seen seen;
	uint64_t begin_ns; /* of the zone's run that goes on */
	uint16_t cpu;
	bool awake;
};

/* khugepaged, of the whole machine. */
struct replay_khugepaged {
	uint64_t due_ns;
	uint64_t nr_ptes; /* what has been paid for */
	uint64_t nr_copied;
	bool busy; /* at work, or waits in the middle of it */
};

/* ksmd, likewise. */
struct replay_ksmd {
	uint64_t due_ns;
	uint64_t nr_scanned; /* what has been paid for */
	bool on;
	bool all;     /* all anonymous memory is registered */
	bool unmerge; /* 2 has been written to its run, and nobody has done it yet */
	bool busy;
};

/* In place of a demand op: the worker is khugepaged for a while. */
#define REPLAY_OP_KHUGEPAGED 255
/* … or writes vm.nr_hugepages. */
#define REPLAY_OP_HUGETLB 254
/* … or is ksmd, or writes 2 to ksm/run. */
#define REPLAY_OP_KSMD        253
#define REPLAY_OP_KSM_UNMERGE 252

/* An address space of the demand. */
struct replay_key {
	uint32_t space; /* of the machine; 0: none */
	uint32_t users; /* tasks */
};

DEFINE_VEC(replay_task_vec, struct replay_task_stat);
DEFINE_VEC(replay_dirtier_vec, struct mm_dirtier);
DEFINE_VEC(replay_key_vec, struct replay_key);
struct replay_mapping {
	uint32_t area; /* DEMAND_MAP's */
	uint8_t state;
};

DEFINE_VEC(replay_mapping_vec, struct replay_mapping);

/* A range of a CMA area, as the demand numbers them. */
struct replay_cma_range {
	uint32_t area; /* of the engine */
	uint32_t pfn;  /* MM_NONE: it has none */
	uint32_t nr;
	bool asked;
	bool released; /* before it was had */
};

DEFINE_VEC(replay_cma_range_vec, struct replay_cma_range);

#define REPLAY_RUNNING 256u

/* A task at work, with a stack of its own: see worker.c. */
struct replay_worker {
	struct replay *replay;
	struct base_fiber *fiber;
	struct replay_worker *next; /* of those that sleep, or are idle */
	struct demand_op op;        /* what it does */
	uint32_t pending;           /* its number among those that others wait for; REPLAY_NO_OP */
	uint64_t wake_ns;
	uint64_t slept_ns;           /* since the op began */
	uint32_t stretch_percent;    /* of this one, of what direct reclaim takes otherwise */
	uint64_t direct_begin_ns;    /* of its direct reclaim … */
	struct mm_scan_control seen; /* … and what of it has been paid for */
	uint64_t compact_begin_ns;   /* the same of compaction */
	struct replay_compact_seen compact_seen;
};

/* What is to be done before replay_run() or replay_advance() returns. */
struct replay_input {
	const struct demand_op *ops;
	size_t nr;
	size_t next;
	bool met;          /* the next one has been looked at */
	uint64_t until_ns; /* after the last */
	bool settles;      /* … and beyond, until nobody waits any more */
	int code;          /* an error ends it */
	struct mmr_error *err;
};

/* See early_table.c. */
#define REPLAY_TABLES 16u
struct replay_early_table {
	uint32_t touch;     /* page that is touched, for which a huge page is tried */
	uint32_t table;     /* … and the page table that follows */
	uint32_t gfp_flags; /* 0: free */
};

struct replay {
	struct mm_machine *machine;
	struct replay_input input;
	struct base_fiber caller;       /* the stack that replay_run() was called on */
	struct replay_worker *worker;   /* that runs; NULL: the caller */
	struct replay_worker *sleepers; /* the one that wakes first is first */
	struct replay_worker *idle;
	struct replay_pending pending;
	struct replay_early_table tables[REPLAY_TABLES];
	const struct replay_spread *stalls; /* as recorded */
	const struct replay_spread *wakes;
	const struct replay_wake_vec *kswapd_wakes;
	const struct replay_kswapd_cpus *kswapd_cpus; /* NULL: not known */
	const uint32_t *alone_percent;                /* [MM_ZONE_NORMAL] */
	/* NULL: direct.stretch is the user's, or too little is known. */
	const struct replay_pauses *direct_pauses;
	/* NULL: kswapd.cpu is, or there is none. */
	const struct replay_pace *kswapd_pace;
	struct rng rng;
	struct replay_hooks hooks;
	struct replay_cost cost;
	struct replay_kthread kswapd[MM_MAX_NODES];
	struct replay_compactor kcompactd[MM_MAX_NODES];
	struct replay_khugepaged khugepaged;
	struct replay_ksmd ksmd;
	bool zram;        /* of the original: zspages of the demand are left out */
	bool hugetlb_set; /* the size of the hugetlb pool is the user's */
	bool hugetlb_due; /* a pool does not have the user's size yet */
	uint32_t hugetlb_used;
	bool has_folios;                 /* some size of folios below huge pages is on */
	struct mm_settings thp_settings; /* what they and huge pages go by */
	bool shmem_set;                  /* … of shared memory, likewise */
	bool tmpfs_set;                  /* … by which files of tmpfs have huge pages */
	uint32_t nr_cold;                /* pages of a page table that DEMAND_COLD has named … */
	uint32_t cold_task;
	uint32_t cold[MM_TABLE_PAGES];
	bool punched;        /* a huge page of shared memory has just lost a part … */
	uint32_t punch_task; /* … by this task */
	bool thp_set;        /* huge pages are asked for by the user's settings, not as they were */
	uint64_t kcompactd_timeout_ns;
	const uint64_t *looks; /* of the recorded kcompactd, [nr_looks]; the start's */
	size_t nr_looks;
	uint16_t cpu;                       /* of the last op */
	struct replay_task_vec tasks;       /* [0, nr_tasks) */
	struct replay_dirtier_vec dirtiers; /* likewise */
	struct replay_key_vec keys;         /* [0, nr_keys]; 0 is none */
	struct replay_mapping_vec mappings; /* [0, nr_mappings): what became of them */
	uint32_t nr_mappings;
	struct replay_cma_range_vec cma_ranges;                 /* by number - 1 */
	struct replay_cma_area cma_areas[REPLAY_MAX_CMA_AREAS]; /* by number of the engine */
	uint32_t nr_cma_areas;
	bool knows_areas;       /* pages are put into them */
	bool knows_tlb;         /* tlb.model */
	uint64_t tlb_window_ns; /* when the next one begins */
	struct replay_tlb_use tlb_use;
	uint64_t committed_pages; /* at the start; 0: not known */
	bool strict_commit;       /* vm.overcommit_memory=2 */
	struct replay_stats stats;
	const struct replay_future *future;
	struct replay_residence *residence; /* NULL: nothing is known */
	uint64_t nr_uses;                   /* so far, as replay_future_uses() counts them */
	uint32_t nr_cpus;
	uint32_t nr_tasks;
	uint32_t nr_keys;
	uint32_t victim; /* space that was killed and has not exited; 0: none */
	uint64_t victim_exit_ns;
	uint64_t oom_exit_ns;
	uint64_t jiffy_ns;
	uint64_t oom_beyond_percent;
	bool oom_reaper;   /* that waits REAPER_DELAY */
	uint32_t nr_pages; /* logical pages < this have been seen */
	uint64_t start_ns;
	uint64_t now_ns;
	uint64_t write_done_ns
		[MM_NR_WRITE_QUEUES]; /* end of the oldest write; REPLAY_NEVER: there is none */
	uint64_t swap_free_ns;        /* when the swap device is done with those of all queues */
	uint64_t flush_ns;            /* the flushers' next look; REPLAY_NEVER */
	uint64_t flush_period_ns;
	uint64_t vmstat_ns; /* next update of a CPU */
	uint32_t vmstat_cpu;
	uint64_t memcg_flush_ns; /* next update of the memory cgroups' statistics; REPLAY_NEVER */
	uint64_t memcg_period_ns;
	const struct replay_file_device *device;        /* NULL: cost.file_write holds throughout */
	const struct replay_swap_device *swap_device;   /* NULL: cost.swap_write does */
	const struct replay_reference_share *reference; /* NULL: nothing is left to chance */
	uint32_t reference_bin;                         /* the next … */
	uint64_t reference_ns;                          /* … and when it begins; REPLAY_NEVER */
	bool walks;                                     /* the policy asks the model itself */
	const struct mm_policy_ops *policy;             /* in use */
	struct replay_tunables tunables;                /* as they are now */
	uint32_t next_change;
	uint64_t change_ns;               /* when it is due; REPLAY_NEVER: there is none */
	uint32_t running[REPLAY_RUNNING]; /* by CPU modulo that: the space whose task it ran last */
	bool seeding;                     /* the start population is still coming */
	bool marks_idle;   /* samples disturbed the recorded kernel, and so do the replay */
	bool traces_reads; /* the demand tells of uses of file pages apart from bringing them in */
	struct replay_kernel_memory *kernel; /* at the start: [REPLAY_MAX_NODES], or NULL */
	struct replay_pcp *pcps;             /* as recorded; NULL: not known */
	uint8_t *waiting;                    /* [nr_cpus], likewise */
};

/* ---- replay_machine.c ---- */

/* The machine of a configuration, with its free blocks. */
struct mm_settings replay_machine_settings(const struct replay *replay);
int replay_machine_build(struct replay *replay, const struct replay_config *config,
                         struct mmr_error *err) MMR_MUST_CHECK;
/* The start population is complete. */
void replay_machine_seeded(struct replay *replay);

/* ---- simtime.c ---- */

/*
 * Does what is due first, if that is until t_ns, and then it is the time of that. false: nothing is, and it is t_ns. Others
 * may have gone on meanwhile, if the worker's turn came to be another's.
 */
bool replay_simtime_step(struct replay *replay, uint64_t t_ns);
/* After anything that may have begun a write. */
void replay_simtime_writes(struct replay *replay);
/* When the next write ends; REPLAY_NEVER: there is none. */
uint64_t replay_simtime_write_ns(const struct replay *replay);

/* ---- worker.c ---- */

/* Lets workers do what there is to do, until there is nothing. */
int replay_workers_run(struct replay *replay, struct mmr_error *err) MMR_MUST_CHECK;
void replay_workers_destroy(struct replay *replay);
/* The op, once nobody has in hand what it names. */
void replay_submit(struct replay *replay, const struct demand_op *op);
/* The task at work waits: others and the threads go on. */
void replay_sleep(struct replay *replay, uint64_t ns);
/* When the next of those that sleep wakes; REPLAY_NEVER: nobody does. */
uint64_t replay_worker_due(const struct replay *replay);
/* It goes on, and this worker is idle until somebody needs one. */
void replay_worker_wake(struct replay *replay);

/* ---- replay.c ---- */

/* Takes the next thing from the input. false: there is nothing more. */
bool replay_input_next(struct replay *replay);
/* The op itself, now. */
void replay_execute(struct replay *replay, const struct demand_op *op);

/* ---- kthread.c ---- */

/* When kswapd of node n wants to run; REPLAY_NEVER: it does not. */
uint64_t replay_kthread_due(const struct replay *replay, uint32_t n);
void replay_kthread_run(struct replay *replay, uint32_t n);
struct mm_hooks replay_kthread_hooks(struct replay *replay);

/* ---- compactor.c ---- */

/* The same of kcompactd. */
uint64_t replay_compactor_due(const struct replay *replay, uint32_t n);
void replay_compactor_run(struct replay *replay, uint32_t n);
void replay_compactor_init(struct replay *replay, const struct replay_config *config);
void replay_compactor_hooks(struct mm_hooks *hooks);

/* ---- replay_machine.c ---- */

/* What the tunables say of folios below huge pages, at the start or after a change. */
void replay_folios_init(struct replay *replay);

/* ---- early_table.c ---- */

/* The op that was read last, the one before input.next. */
void replay_table_meet(struct replay *replay, const struct demand_op *op);
/* What the touch needs of it. */
void replay_table_ask(const struct replay *replay, const struct demand_op *op,
                      struct mm_request *request);
/* true: the page table is there since before the base pages. */
bool replay_table_is_there(struct replay *replay, const struct demand_op *op);

/* ---- hugetlb_pool.c ---- */

void replay_hugetlb_init(struct replay *replay, const struct replay_config *config);
/* The size of a pool has been set: it gets its size as soon as somebody has time for it. */
void replay_hugetlb_changed(struct replay *replay, unsigned int id);
void replay_hugetlb_submit(struct replay *replay);
void replay_hugetlb_resize(struct replay *replay, const struct demand_op *op);
/* A page that the recorded pool, or a mapping, got, … */
enum mm_touch_result replay_hugetlb_page(struct replay *replay, const struct demand_op *op,
                                         const struct mm_request *request);
/* … or did not. */
void replay_hugetlb_failed(struct replay *replay, const struct mm_request *request);

/* ---- cma_demand.c ---- */

/* The areas, before there are free blocks. */
void replay_cma_seed(struct replay *replay, const struct replay_start *start);
void replay_cma_op(struct replay *replay, const struct demand_op *op);

/* ---- khugepaged_thread.c ---- */

/*
 * How long khugepaged or ksmd rests between two rounds. One that is told not to sleep still has every CPU's lists drained first
 * (lru_add_drain_all()), and waits for that.
 */
static inline uint64_t replay_rest_ns(uint64_t sleep_ns)
{
	const uint64_t drain_ns = 20000;

	return sleep_ns > drain_ns ? sleep_ns : drain_ns;
}

void replay_khugepaged_init(struct replay *replay, const struct replay_config *config);
/* When it has something to do; REPLAY_NEVER: it has not. */
uint64_t replay_khugepaged_due(const struct replay *replay);
void replay_khugepaged_run(struct replay *replay);
void replay_khugepaged_step(struct replay *replay, const struct demand_op *op);

/* ---- ksmd_thread.c ---- */

int replay_ksmd_init(struct replay *replay, const struct replay_config *config,
                     struct mmr_error *err) MMR_MUST_CHECK;
/* When it has something to do; REPLAY_NEVER: it has not. */
uint64_t replay_ksmd_due(const struct replay *replay);
void replay_ksmd_run(struct replay *replay);
void replay_ksmd_step(struct replay *replay, const struct demand_op *op);
/* ksm.run has changed: what is shared parts as soon as somebody has time for it, if it is 2. */
void replay_ksm_run_changed(struct replay *replay);
void replay_ksm_unmerge_submit(struct replay *replay);
void replay_ksm_unmerge(struct replay *replay, const struct demand_op *op);
/* DEMAND_KSM_RANGE, DEMAND_CONTENT. */
void replay_ksm_op(struct replay *replay, const struct demand_op *op,
                   const struct mm_request *request);
/* A page of a space has been touched, or will be, at an address. */
void replay_ksm_placed(struct replay *replay, const struct mm_request *request, uint32_t vpn);

/* ---- oom.c ---- */

void replay_oom_init(struct replay *replay, const struct replay_tunables *tunables);
void replay_oom_hooks(struct mm_hooks *hooks);
/* Whether the numbers make sense. */
int replay_oom_check(const struct replay *replay, const struct demand_op *op,
                     struct mmr_error *err) MMR_MUST_CHECK;
/* Room for nr_new address spaces more, and numbers up to nr_keys. */
int replay_oom_room(struct replay *replay, uint32_t nr_new, struct mmr_error *err) MMR_MUST_CHECK;
/* An op about a task rather than a page. */
void replay_oom_task(struct replay *replay, const struct demand_op *op);
uint32_t replay_oom_space(const struct replay *replay, uint32_t task);
/* The task has been killed. */
bool replay_oom_drops(const struct replay *replay, const struct demand_op *op);
/* After a touch: the page is the task's if it is nobody's. */
void replay_oom_own(struct replay *replay, const struct demand_op *op);
/* DEMAND_OOM. */
void replay_oom_beyond(struct replay *replay, const struct demand_op *op);
/* When a victim has exited; REPLAY_NEVER: there is none. */
uint64_t replay_oom_due(const struct replay *replay);
void replay_oom_exit(struct replay *replay);

/* ---- reserves.c ---- */

/*
 * Fills in what settings say of them: for zones, where those of the recording are recorded. true: the watermarks are to
 * come from there, not from the recording.
 */
bool replay_reserves(const struct replay_config *config, const struct mm_zone_config *recorded,
                     const struct mm_zone_config *zones, struct mm_settings *settings);

/* ---- mappings.c ---- */

int replay_mappings_check(struct replay *replay, const struct demand_op *op,
                          struct mmr_error *err) MMR_MUST_CHECK;
int replay_mappings_room(struct replay *replay, struct mmr_error *err) MMR_MUST_CHECK;
/* DEMAND_MAP, DEMAND_UNMAP. */
void replay_mappings_task(struct replay *replay, const struct demand_op *op);
/* A space begins as the copy of another. */
void replay_mappings_fork(struct replay *replay, uint32_t space, uint32_t parent);
/* The op is of a mapping that was refused. */
/* The area of a touch that says so; 0: it is not known. */
uint32_t replay_mappings_area(const struct replay *replay, const struct demand_op *op);
bool replay_mappings_drop(const struct replay *replay, const struct demand_op *op);

/* ---- replay_op.c ---- */

/* Whether the op makes sense by itself. */
int replay_op_check(const struct replay *replay, const struct demand_op *op,
                    struct mmr_error *err) MMR_MUST_CHECK;
void replay_op_seed(struct replay *replay, const struct demand_op *op);
void replay_op_run(struct replay *replay, const struct demand_op *op);

/* ---- cold.c ---- */

/* DEMAND_COLD: with the others of its page table. */
void replay_cold_op(struct replay *replay, const struct demand_op *op,
                    const struct mm_request *request);

/* ---- tlb_demand.c ---- */

/* tlb.model, and the TLBs of the settings. */
int replay_tlb_init(struct replay *replay, const struct replay_config *config,
                    struct mmr_error *err) MMR_MUST_CHECK;
/* DEMAND_TLB. */
void replay_tlb_op(struct replay *replay, const struct demand_op *op);
/* What any other op means for TLBs: what it takes out of page tables, and what it used. */
void replay_tlb_before(struct replay *replay, const struct demand_op *op, uint32_t space);
void replay_tlb_after(struct replay *replay, const struct demand_op *op, uint32_t space);
/* A task forks child from space; the op's task leaves it as its last one, for the space next (0: for none). */
void replay_tlb_fork(struct replay *replay, const struct demand_op *op, uint32_t space,
                     uint32_t child);
void replay_tlb_leave(struct replay *replay, const struct demand_op *op, uint32_t space,
                      uint32_t next);

/* ---- changes.c ---- */

/* The settings that change now. */
void replay_changes_run(struct replay *replay);
/* The policy that lru_gen.enabled will change to; NULL: it does not. */
const struct mm_policy_ops *replay_other_policy(const struct replay_config *config);

#endif
