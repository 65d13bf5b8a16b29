/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of the simulated machine.
 *
 * Words
 *	pfn          number of a base page (4 KiB) of simulated memory; index of the page array
 *	block        2^order pages, aligned to its size, named by its first pfn
 *	pageblock    512 pages; the unit that has a migratetype
 *	logical page what a program or the kernel put into memory, in it or not: index of the lpage array.
 *	             It may be of order > 0 and is then one block
 *	list         pages chained by pfn through struct mm_page; a page is on at most one
 *	type         of reclaim: anonymous (0, needs swap) or file (1)
 *
 * Memory: 24 bytes per base page (struct mm_page), 24 per pageblock, four per dirty file page, 20 bytes per
 * logical page, four bytes and a bit per swap slot. The page array begins at pfn 0; holes cost address space only.
 *
 * Only the first page of a block has a state; the others are MM_PAGE_TAIL (kept so by split and merge,
 * never rewritten), so allocating and freeing take the same time whatever the order. MM_PAGE_TAIL is 0,
 * and nothing else of such a page counts: memory that is never cut up is never written to, so that a
 * terabyte is there as soon as its blocks are listed.
 */
#ifndef MM_MMZONE_H
#define MM_MMZONE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rng.h"
#include "vmstat.h"

#define MM_NONE UINT32_MAX /* no pfn, no logical page, no slot */

#define MM_MAX_ORDER       10
#define MM_NR_ORDERS       (MM_MAX_ORDER + 1)
#define MM_COSTLY_ORDER    3
#define MM_PAGEBLOCK_ORDER 9
#define MM_PAGEBLOCK_PAGES (1u << MM_PAGEBLOCK_ORDER)
#define MM_SWAP_CLUSTER    32 /* pages per batch of reclaim */
#define MM_BATCH_MAX       64 /* pages in a batch of any policy */
#define MM_DEF_PRIORITY    12
#define MM_MAX_NODES       8
#define MM_MAX_ZONES       (MM_MAX_NODES * 4)
#define MM_NR_PCP_LISTS    14 /* orders 0..3 x three types, order 9 x two */
#define MM_POLICY_LISTS    40 /* lists that a policy has per node: 4 generations x 2 types x 5 zones */
#define MM_SCAN_LISTS      4 /* lists that a pass counts down: inactive and active of each type */

enum mm_migratetype {
	MM_UNMOVABLE,
	MM_MOVABLE,
	MM_RECLAIMABLE,
	MM_NR_PCPTYPES,
	MM_HIGHATOMIC = MM_NR_PCPTYPES,
	MM_CMA,
	MM_ISOLATE,
	MM_NR_MIGRATETYPES
};

enum mm_zone_type {
	MM_ZONE_DMA,
	MM_ZONE_DMA32,
	MM_ZONE_NORMAL,
	MM_ZONE_MOVABLE,
	MM_ZONE_DEVICE,
	MM_NR_ZONE_TYPES
};

enum mm_wmark { MM_WMARK_MIN, MM_WMARK_LOW, MM_WMARK_HIGH, MM_NR_WMARKS };

enum mm_lru_type { MM_LRU_ANON, MM_LRU_FILE, MM_NR_LRU_TYPES };

enum mm_page_state {
	MM_PAGE_TAIL,     /* within a block; a hole; memory that was never given to the allocator */
	MM_PAGE_FREE,     /* begins a block on a free list */
	MM_PAGE_PCP,      /* begins a block on a per-CPU list */
	MM_PAGE_USED,     /* begins an allocation; on a policy's list if MM_PG_LRU */
	MM_PAGE_ISOLATED, /* taken off its list by reclaim or compaction */
};

enum mm_page_io {
	MM_IO_WRITEBACK = 1, /* being written */
	MM_IO_QUEUED = 2,    /* in the queue of the flushers */
	MM_IO_RECLAIM = 4,   /* reclaim waits for its write (PG_reclaim) */
	MM_IO_YOUNG_TWICE =
		8, /* no I/O: besides MM_PG_YOUNG, accessed through a second page table */
	/* In a batch of some CPU: see folio_batch.c. */
	MM_IO_ADDING = 16, /* on no list yet */
	MM_IO_ACTIVATING = 32,
	MM_IO_ROTATING = 64,
	MM_IO_DEACTIVATING = 128, /* … or to be freed lazily */
	MM_IO_HELD = MM_IO_ADDING | MM_IO_ACTIVATING | MM_IO_ROTATING | MM_IO_DEACTIVATING,
};

enum mm_page_flags {
	MM_PG_LRU = 1 << 0,   /* on a list of the policy */
	MM_PG_YOUNG = 1 << 1, /* accessed since somebody looked (the page table's bit) */
	MM_PG_DIRTY = 1 << 2,
	MM_PG_FILE = 1 << 3,        /* reclaimed as file: page cache, lazily freed anonymous */
	MM_PG_ANON = 1 << 4,        /* anonymous */
	MM_PG_SHMEM = 1 << 5,       /* tmpfs or shared anonymous */
	MM_PG_SWAPCACHE = 1 << 6,   /* its slot holds, or is about to hold, the same contents */
	MM_PG_UNMAPPED = 1 << 7,    /* reclaim unmapped it: the next access faults */
	MM_PG_UNEVICTABLE = 1 << 8, /* mlocked: on no list */
	MM_PG_READAHEAD = 1 << 9,   /* read from swap with another page, not yet used */
	MM_PG_EXEC = 1 << 10,
	MM_PG_WORKINGSET = 1 << 11,
	MM_PG_POLICY0 = 1 << 12, /* four bits for the policy; cleared when a page enters memory */
	MM_PG_POLICY1 = 1 << 13,
	MM_PG_POLICY2 = 1 << 14,
	MM_PG_POLICY3 = 1 << 15,

	/* What the kernel's own policies (those with nr_active()) use two of them for. */
	MM_PG_REFERENCED = MM_PG_POLICY0, /* one use seen */
	MM_PG_ACTIVE = MM_PG_POLICY1,     /* on an active list, or to be put there */
};

struct mm_page {
	uint32_t next; /* on its list; MM_NONE at the ends */
	uint32_t prev;
	uint32_t logical; /* what is in it, or MM_NONE */
	uint32_t policy;  /* for the policy, together with the MM_PG_POLICY bits */
	uint16_t flags;   /* enum mm_page_flags */
	uint8_t state;    /* enum mm_page_state */
	uint8_t order;    /* of the block that begins here */
	uint8_t zone;     /* index into mm_machine.zones; valid where a block begins */
	uint8_t list;     /* of the policy, where MM_PG_LRU is set */
	uint8_t type;     /* enum mm_migratetype: of its list while it is free, or was when freed */
	uint8_t io;       /* enum mm_page_io: of pages in use */
};
static_assert(sizeof(struct mm_page) == 24, "bytes per page are a promise");

enum mm_lpage_kind {
	MM_LPAGE_NONE, /* the number is not in use */
	MM_LPAGE_ANON,
	MM_LPAGE_FILE,
	MM_LPAGE_SHMEM,
	MM_LPAGE_KERNEL,
};

enum mm_lpage_flags {
	MM_LP_EVICTED = 1, /* reclaim took it out: coming back is a refault */
	MM_LP_LOCKED = 2,
	MM_LP_WORKINGSET = 4, /* the page had MM_PG_WORKINGSET when it was evicted */
	MM_LP_GONE = 8, /* a base page of a larger one that is in memory: its contents have ended */
	MM_LP_HOLE = 16, /* … because it had none yet: it holds zeroes */
	/* Of the first base page of a huge one: */
	MM_LP_DEFERRED = 32,   /* it waits to be split */
	MM_LP_PTE_MAPPED = 64, /* its base pages have page-table entries of their own */
	MM_LP_KSM = 128, /* it shares its page frame, or its slot, with others: see ksm_share.c */
};

static inline bool mm_is_writeback(const struct mm_page *page)
{
	return page->io & MM_IO_WRITEBACK;
}

/* What kernel memory is for. */
enum mm_kmem_kind {
	MM_KMEM_OTHER,
	MM_KMEM_SLAB,
	MM_KMEM_SLAB_RECLAIMABLE,
	MM_KMEM_PAGE_TABLE,
	MM_KMEM_HUGETLB,      /* the pool's */
	MM_KMEM_HUGETLB_USED, /* a mapping's, beyond the pool or out of it */
	MM_NR_KMEM_KINDS
};

#define MM_NO_SHADOW UINT8_MAX /* reclaim took it out, and what was remembered of that is lost */

#define MM_STACK_KIB 16 /* THREAD_SIZE of x86-64 */

struct mm_lpage {
	uint32_t pfn;  /* MM_NONE: not in memory */
	uint32_t slot; /* of the swap device, or MM_NONE */
	union {
		uint32_t shadow; /* if evicted: the node's nonresident_age at that time */
		struct {
			uint16_t nr_gone;  /* of a larger page: base pages with MM_LP_GONE */
			uint16_t nr_holes; /* … and MM_LP_HOLE */
		};
	};
	uint8_t kind; /* enum mm_lpage_kind */
	uint8_t order;
	uint8_t flags; /* enum mm_lpage_flags */
	union {
		uint8_t node; /* if evicted: from where, or MM_NO_SHADOW */
		uint8_t kmem; /* of the kernel's: enum mm_kmem_kind */
	};
};
static_assert(sizeof(struct mm_lpage) == 16, "bytes per logical page are a promise");

struct mm_list {
	uint32_t head;  /* newest */
	uint32_t tail;  /* reclaim and refill of per-CPU lists: see there */
	uint32_t count; /* entries, not pages */
};

enum mm_migrate_mode {
	MM_MIGRATE_ASYNC,      /* never waits */
	MM_MIGRATE_SYNC_LIGHT, /* not for writes */
	MM_MIGRATE_SYNC,
};

/* What came of it (enum compact_result); of several zones the greatest counts. */
enum mm_compact_result {
	MM_COMPACT_NOT_SUITABLE_ZONE,
	MM_COMPACT_SKIPPED,          /* too little is free to be moved to */
	MM_COMPACT_DEFERRED,         /* it failed here a short while ago */
	MM_COMPACT_NO_SUITABLE_PAGE, /* not yet */
	MM_COMPACT_CONTINUE,
	MM_COMPACT_COMPLETE,        /* the scanners have met, from the zone's ends on */
	MM_COMPACT_PARTIAL_SKIPPED, /* … from where they were left */
	MM_COMPACT_CONTENDED,       /* given up */
	MM_COMPACT_SUCCESS,
};

/* How hard a request tries (enum compact_priority), 0 the hardest. */
enum mm_compact_priority {
	MM_COMPACT_PRIO_SYNC_FULL,
	MM_COMPACT_PRIO_SYNC_LIGHT,
	MM_COMPACT_PRIO_ASYNC,
};

/* A run of compaction over a zone (struct compact_control): see compaction.c. Counts in base pages. */
struct mm_compact_control {
	struct mm_list freepages[MM_NR_ORDERS]; /* by order: off the free lists, to be moved to */
	struct mm_list taken;                   /* before 6.10: not yet cut into single pages */
	struct mm_list migratepages; /* off the policy's lists, to be moved; newest first */
	uint32_t nr_freepages;
	uint32_t nr_migratepages;
	uint32_t migrate_pfn;
	uint32_t free_pfn;
	uint32_t
		fast_start_pfn; /* lowest pfn that a search found; 0: none, MM_NONE: has been used */
	uint32_t last_migrated_pfn; /* block whose pages may wait on per-CPU lists; 0: none */
	uint64_t total_migrate_scanned;
	uint64_t total_free_scanned;
	uint64_t nr_migrated;
	uint64_t nr_failed;
	uint32_t gfp_flags;
	uint32_t alloc_flags;
	uint16_t cpu;
	int8_t order; /* -1: as much as possible */
	int16_t search_order;
	uint8_t zone; /* index */
	uint8_t migratetype;
	uint8_t highest_zoneidx;
	uint8_t mode;             /* enum mm_migrate_mode */
	uint8_t fast_search_fail; /* searches in a row; saturates */
	bool direct;
	bool proactive;
	bool whole_zone;
	bool ignore_skip_hint;
	bool ignore_block_suitable;
	bool finish_pageblock;
	bool update_cached; /* the synchronous position follows the asynchronous one */
};

/* What compaction remembers of a zone between runs. All 0 at boot. */
struct mm_zone_compact {
	uint32_t migrate_pfn[2]; /* where to go on, [not async] */
	uint32_t free_pfn;
	uint32_t init_migrate_pfn; /* where it began after the hints had been cleared */
	uint32_t init_free_pfn;
	uint32_t considered; /* requests since it was deferred */
	uint8_t defer_shift;
	uint8_t order_failed; /* deferred from this order on */
	bool blockskip_flush; /* the hints may be cleared */
};

struct mm_free_area {
	struct mm_list lists[MM_NR_MIGRATETYPES];
	uint32_t nr_free; /* blocks on all lists */
};

enum mm_pcp_flags {
	MM_PCP_PREV_FREE_HIGH_ORDER = 1,
};

/* A CPU's stock of a zone's pages (struct per_cpu_pages). Counts in base pages. */
struct mm_pcp {
	struct mm_list lists[MM_NR_PCP_LISTS];
	int32_t count;
	int32_t high; /* clamped to [high_min, high_max] at each use */
	int32_t high_min;
	int32_t high_max;
	int32_t batch;
	int32_t free_count;
	uint8_t alloc_factor;
	uint8_t free_factor; /* before 6.7, instead of free_count */
	uint8_t flags;
};

enum mm_zone_flags {
	MM_ZONE_BOOSTED = 1,        /* wake kswapd at the next allocation */
	MM_ZONE_RECLAIM_ACTIVE = 2, /* kswapd is at work here */
	MM_ZONE_BELOW_HIGH = 4,
};

struct mm_zone {
	char name[16];
	uint8_t type; /* enum mm_zone_type */
	uint8_t node;
	uint8_t index; /* in mm_machine.zones */
	uint8_t flags; /* enum mm_zone_flags */
	uint32_t start_pfn;
	uint32_t spanned;
	uint32_t present;
	uint32_t managed;
	uint32_t wmark[MM_NR_WMARKS]; /* without boost */
	uint32_t boost;
	uint32_t reserve[MM_NR_ZONE_TYPES]; /* lowmem_reserve */
	int64_t free_pages; /* NR_FREE_PAGES: on free lists, isolated blocks left out */
	int64_t nr_free_highatomic;
	int64_t nr_free_cma;
	uint32_t nr_reserved_highatomic;
	bool whole_reserve; /* the reserve counts as used by others whether it is free or not */
	uint32_t nr_lru[MM_NR_LRU_TYPES]; /* pages on the policy's lists */
	uint32_t nr_writeback;
	uint32_t unknown_left; /* while building: pages of the span not yet looked at */
	uint64_t nr_owned;     /* pages that the machine was given: free, per-CPU and used */
	struct mm_zone_compact compact;
	struct mm_pcp *pcp; /* [nr_cpus] */
	struct mm_free_area free_area[MM_NR_ORDERS];
};

enum mm_kswapd_state {
	MM_KSWAPD_SLEEP,   /* until woken */
	MM_KSWAPD_NAP,     /* HZ/10, then it looks again */
	MM_KSWAPD_BALANCE, /* in balance_pgdat() */
};

/* The thread that compacts a node in the background: see kcompactd.c. */
struct mm_kcompactd {
	struct mm_compact_control cc; /* of the run that goes on */
	uint8_t max_order;            /* asked for; 0: nothing is */
	uint8_t highest_zoneidx;
	uint8_t zone;        /* where the run is, in mm_node.zones */
	bool asked;          /* highest_zoneidx is set */
	bool woken;          /* … to do it */
	bool running;        /* a run has begun and not ended */
	bool in_zone;        /* … and is at work in a zone */
	uint32_t score;      /* of the node before a run of its own accord */
	uint32_t rests_left; /* timeouts to let pass: the last such run was in vain */
};

/* What is left of a shrink_lruvec(): so that kswapd can stop after each batch. */
struct mm_scan_pass {
	uint32_t
		nr[MM_SCAN_LISTS]; /* pages still to be scanned; the default pass uses one a type */
	uint32_t targets[MM_SCAN_LISTS];
	uint64_t nr_reclaimed; /* before the pass */
	bool proportional;     /* never stop early */
};

/* Base pages that a pass met, and why it could not free them (struct scan_control's nr). */
struct mm_scan_stat {
	uint32_t taken;
	uint32_t file_taken;
	uint32_t dirty; /* of files; with those being written */
	uint32_t unqueued_dirty;
	uint32_t congested; /* being written, and met before */
	uint32_t writeback;
	uint32_t immediate; /* … by kswapd, which should wait for them */
};

/* Base pages, as the kernel tells of a batch in mm_vmscan_lru_shrink_inactive: of the lists alone, what it skips included. */
struct mm_shrink_stat {
	uint64_t nr_scanned;
	uint64_t nr_reclaimed;
};

/* The request of a reclaimer, and what came of it. */
struct mm_scan_control {
	uint64_t nr_to_reclaim;
	uint64_t nr_reclaimed;
	uint64_t nr_scanned;
	/* for the cost model */
	uint64_t nr_unmapped;
	uint64_t nr_written;
	uint64_t nr_putback;
	struct mm_scan_stat nr; /* of this pass */
	struct mm_kept *kept;   /* where pages go that stay; NULL: back to the policy */
	uint64_t nr_refilled;   /* looked at on active lists */
	uint64_t nr_walked;     /* page-table entries and pages looked at beyond nr_scanned */
	struct mm_shrink_stat told;
	uint32_t gfp_flags;
	uint16_t cpu;
	uint8_t node;
	uint8_t order;
	uint8_t reclaim_idx; /* highest enum mm_zone_type to take from */
	int8_t priority;     /* 12 down to 0: scan 1 / 2^priority of the lists */
	bool kswapd;
	bool may_swap;
	bool may_writepage;
	bool ignore_references; /* in use or not */
	/* for the policies that have active lists */
	uint8_t may_deactivate;  /* bit per enum mm_lru_type */
	bool force_deactivate;   /* whatever the lists look like */
	bool skipped_deactivate; /* an active list was left alone */
	bool file_is_tiny;
	bool cache_trim_mode;        /* file pages that nobody comes back for, only */
	bool cache_trim_mode_failed; /* … freed nothing */
	bool no_cache_trim_mode;     /* … so not again */
	bool needs_aging; /* mglru of 6.1: kswapd ages before its next round, if need be */
};

struct mm_kswapd {
	struct mm_scan_control sc;
	struct mm_scan_pass pass;
	uint64_t boost_left;               /* nr_boost_reclaim */
	uint32_t boosts[MM_NR_ZONE_TYPES]; /* seen on entry */
	uint64_t nr_reclaimed_before;      /* this priority */
	uint64_t scanned_before;
	uint8_t state; /* enum mm_kswapd_state */
	uint8_t order; /* asked for since the last run */
	uint8_t highest_zoneidx;
	bool asked;            /* highest_zoneidx is set */
	bool taken;            /* … by the run that is to begin */
	bool running;          /* a run has begun and not ended */
	bool boosted;          /* the run began with a watermark boost */
	bool in_pass;          /* pass is valid */
	uint64_t wait_written; /* nothing to do before that many pages have been written */
	uint16_t cpu;          /* that it will run on: beside who woke it */
	uint16_t write_cpu;    /* whose queue its writes to swap go to */
	uint8_t alloc_order;   /* of this run; after it, what kcompactd is to make */
	uint8_t reclaim_order; /* at which it may sleep */
	uint8_t run_zoneidx;
	uint32_t failures;
	uint32_t rounds; /* of all runs, and their ends: who waits for it looks then */
};

/* What memory cgroups' statistics say of the lists: as it was when they were brought up to date. */
struct mm_lru_stat {
	uint32_t inactive[MM_NR_LRU_TYPES]; /* pages; without active ones, all */
	uint32_t active[MM_NR_LRU_TYPES];
	uint64_t refaults[MM_NR_LRU_TYPES]; /* of the working set */
};

struct mm_machine;

/* A node: its policy lists and its kswapd (struct pglist_data with the root's lruvec). */
struct mm_node {
	struct mm_machine *machine;
	struct mm_list lists[MM_POLICY_LISTS];
	void *policy_state; /* mm_policy_ops.state_size bytes, zeroed */
	void *other_state;  /* … of the policy that is not in use */
	uint8_t id;
	uint8_t nr_zones;
	uint8_t zones[MM_NR_ZONE_TYPES]; /* indices, ascending type */
	uint32_t nr_lru[MM_NR_LRU_TYPES];
	uint32_t nr_isolated[MM_NR_LRU_TYPES];
	uint64_t cost[MM_NR_LRU_TYPES]; /* lru_note_cost() */
	uint64_t nonresident_age;
	bool many_dirty;     /* PGDAT_DIRTY: kswapd met dirty file pages only */
	bool many_writeback; /* PGDAT_WRITEBACK: … pages being written only */
	bool congested;      /* LRUVEC_NODE_CONGESTED: all dirty ones are being written */
	uint64_t refaults[MM_NR_LRU_TYPES]; /* of the working set */
	uint64_t refaults_seen[MM_NR_LRU_TYPES];
	struct mm_lru_stat stat;
	struct mm_kswapd kswapd;
	struct mm_kcompactd kcompactd;
	int64_t kmem
		[MM_NR_KMEM_KINDS]; /* base pages; what the recorded kernel had beside those … */
	int64_t kmem_before[MM_NR_KMEM_KINDS]; /* … that are known one by one */
	int64_t nr_stacks;                     /* kernel stacks */
};

#define MM_FIRST_WRITES    1024u
#define MM_MAX_WRITES      16384u
#define MM_MAX_SWAP_QUEUES 16u
#define MM_FLUSH_MARKS     64 /* of wake-ups of the flushers, until what was dirty then is old */

/* What is written to files has one queue; what is written to swap one of the others, by the CPU that begins it. */
enum { MM_WRITE_FILE, MM_WRITE_SWAP, MM_NR_WRITE_QUEUES = MM_WRITE_SWAP + MM_MAX_SWAP_QUEUES };

/* Of those of the swap device that of a CPU; where no CPU is known they share the first. */
static inline uint32_t mm_swap_queue_of(uint32_t nr_cpus, uint16_t cpu)
{
	uint32_t nr = nr_cpus < MM_MAX_SWAP_QUEUES ? nr_cpus : MM_MAX_SWAP_QUEUES;

	return nr == 0 ? 0 : cpu % nr;
}

struct mm_write {
	uint64_t begin_ns;
	uint32_t pfn; /* MM_NONE: freed meanwhile */
	uint16_t cpu; /* that began it, and hears of its end */
};

/* What is being written, in the order in which it ends. */
struct mm_write_queue {
	struct mm_write *writes; /* [size], a ring, oldest at begin */
	uint32_t size;           /* a power of two, MM_FIRST_WRITES to MM_MAX_WRITES */
	uint32_t begin;          /* free-running */
	uint32_t end;
	uint32_t count; /* blocks */
};

/* A wake-up of the flushers: what was dirty when. */
struct mm_flush_mark {
	uint64_t t_ns;
	uint64_t dirty_end;
};

/* How fast files are written and dirtied, for balance_dirty_pages(). Pages, pages a second. */
struct mm_dirty_rate {
	uint64_t hz;    /* jiffies a second; 0: nothing has been dirtied yet */
	uint64_t limit; /* wb_domain.dirty_limit: the threshold, lowered slowly */
	uint64_t limit_ns;
	uint64_t stamp_ns; /* of the last estimate; 0: there was none */
	uint64_t dirtied_stamp;
	uint64_t written_stamp;
	uint64_t write_bandwidth;
	uint64_t avg_write_bandwidth;
	uint64_t ratelimit; /* of a task, at the setpoint */
	uint64_t balanced_ratelimit;
	bool exceeded;
};

/* Pages being written (page_writeback.c), and those that the flushers will write (fs_writeback.c). */
struct mm_writeback {
	struct mm_write_queue queues[MM_NR_WRITE_QUEUES];
	uint32_t nr_queues; /* that there are */
	uint32_t count;     /* blocks being written, in all */
	uint32_t **dirty;   /* [nr_dirty_chunks]: the dirty file pages, oldest at dirty_begin */
	uint32_t *spare;    /* a chunk, or NULL */
	uint32_t nr_dirty_chunks;
	uint64_t dirty_begin; /* free-running */
	uint64_t dirty_end;
	uint64_t flush_until; /* the flushers go on to here whatever the limits */
	uint64_t pass_until;  /* … to here for a while, as too much is dirty */
	uint64_t pass_begin_ns;
	struct mm_flush_mark marks[MM_FLUSH_MARKS];
	uint32_t nr_marks;         /* since the start; the last MM_FLUSH_MARKS are there */
	uint64_t nr_dirtied;       /* file pages, since the start */
	uint64_t nr_files_written; /* likewise */
	struct mm_dirty_rate rate;
};

/* A run of slots that one CPU fills, on a device without seeks. */
struct mm_swap_cluster {
	uint32_t prev; /* clusters, or MM_NONE */
	uint32_t next;
	uint16_t count; /* slots in use */
	uint8_t list;
	uint8_t order; /* of the folios that it was begun for */
};

struct mm_swap_list {
	uint32_t head; /* clusters, or MM_NONE */
	uint32_t tail;
	uint32_t count;
};

#define MM_SLOT_CACHE    64u
#define MM_NR_SWAP_LISTS (2 + 2 * (MM_PAGEBLOCK_ORDER + 1))

/* What a CPU has of the device. */
struct mm_swap_cpu {
	uint32_t slots[MM_SLOT_CACHE]; /* to be used, from cur on */
	uint32_t returned[MM_SLOT_CACHE];
	uint32_t cluster_next[MM_PAGEBLOCK_ORDER +
	                      1]; /* slot where its cluster of an order goes on; 0: none */
	uint8_t cur;
	uint8_t nr;
	uint8_t nr_returned;
};

struct mm_swap {
	uint64_t *map;    /* [nr_slots + 1]: 1 = in use; slot 0 is the header */
	uint32_t *owners; /* logical page in each slot that is in use, or MM_NONE */
	uint32_t nr_slots;
	uint32_t nr_used;   /* those in caches included */
	uint32_t nr_cached; /* in the CPUs' caches */
	uint32_t lowest;    /* no slot below is free; likewise highest */
	uint32_t highest;
	uint32_t cluster_next;            /* where the search goes on */
	uint32_t cluster_nr;              /* slots left of this run */
	struct mm_swap_cpu *cpus;         /* [nr_cpus] */
	struct mm_swap_cluster *clusters; /* or NULL: the device seeks */
	struct mm_swap_list lists[MM_NR_SWAP_LISTS];
	bool caches_active;
	uint32_t ra_last; /* readahead: slot of the last fault, its window, hits since */
	uint32_t ra_window;
	bool ra_waits; /* the last page read was one of several: its fault found it locked */
	uint32_t ra_hits;
	uint64_t zero_salt; /* which pages hold only zeroes: see page_io.c */
};

#define MM_MAX_SHRINKERS 128

/* What scanning a cache was worth. */
struct mm_shrinker_sample {
	uint64_t nr_scanned; /* objects */
	uint64_t nr_freed;   /* objects */
	uint64_t nr_pages;   /* that became free by it */
	bool large_batch;    /* it left more alone than others would */
};

/* A cache of the kernel that gives objects back; of one node. */
struct mm_shrinker {
	int64_t nr_objects;
	uint64_t nr_deferred;  /* that were to be scanned and were not */
	uint64_t objects_left; /* remainders of what is freed */
	uint64_t pages_left;
	struct mm_shrinker_sample seen; /* sums */
	uint32_t seeks;                 /* to get an object again; 0: none at all */
	uint32_t batch;                 /* objects at a time */
	uint8_t node;
};

struct mm_slab {
	struct mm_list
		detached;  /* pages that the recorded shrinkers have freed and ours have not */
	uint64_t nr_pages; /* reclaimable ones of all nodes, detached and not */
	uint64_t nr_ahead; /* pages that ours freed and the recorded ones have not */
	uint64_t nr_freed;
	uint32_t cursor; /* logical page where the search for one to free goes on */
	uint32_t nr_shrinkers;
	struct mm_shrinker shrinkers[MM_MAX_SHRINKERS];
};

enum mm_space_flags {
	MM_SPACE_USED = 1,
	MM_SPACE_INIT = 2,   /* of process 1: never killed */
	MM_SPACE_KILLED = 4, /* an OOM victim */
	MM_SPACE_REAPED = 8, /* … whose memory is free: MMF_OOM_SKIP */
	MM_SPACE_ENDED = 16, /* no task uses it; it has pages still */
	/* for walks through its page tables (mglru) */
	MM_SPACE_RAN = 32,      /* a CPU switched to it since the last one */
	MM_SPACE_LISTED = 64,   /* it was there at the last one */
	MM_SPACE_VISITED = 128, /* this one goes through it */
	MM_SPACE_LEAVING = 256, /* exit_mmap() is at work */
};

/* What the OOM killer knows of the processes that share an mm. In base pages. */
struct mm_space {
	uint64_t order;        /* of the process's birth */
	uint64_t nr_pages;     /* anonymous and shared memory, in memory or in swap */
	uint64_t nr_tables;    /* page tables */
	uint64_t nr_shared;    /* with the space it was forked from, which owns them */
	uint64_t nr_before;    /* it had them before anything was known of them */
	uint64_t nr_committed; /* that its mappings may need */
	int64_t nr_files;      /* mapped pages of files, beyond those of nr_before */
	int16_t adj;           /* oom_score_adj */
	uint16_t flags;        /* enum mm_space_flags */
	uint32_t next_free;
};

/* What khugepaged is at: see khugepaged.c. */
struct mm_khugepaged {
	uint32_t head; /* of the spaces that it goes through; 0: none */
	uint32_t tail;
	uint32_t space;    /* where it is; 0: it begins at the head */
	uint32_t area;     /* … there, address >> 21 */
	uint32_t progress; /* pages of this round */
	uint8_t passes;
	bool running;       /* a round has begun and not ended */
	bool rested;        /* it has found no huge page in this one */
	uint64_t nr_ptes;   /* entries of page tables looked at, … */
	uint64_t nr_copied; /* … and pages copied, for the cost model */
	uint64_t pages_collapsed;
	uint64_t full_scans;
};

#define MM_MAX_CMA_AREAS 20

/* See cma.c. */
struct mm_cma_area {
	uint64_t *bitmap; /* in use, a bit for each 2^order_per_bit page frames */
	uint32_t base;    /* the first page frame */
	uint32_t nr;      /* page frames */
	uint32_t order_per_bit;
	bool hugetlb; /* hugetlb pages of 1 GiB come out of it */
};

struct mm_cma {
	struct mm_cma_area areas[MM_MAX_CMA_AREAS];
	uint32_t nr_areas;
	uint64_t nr_busy; /* ranges that a page kept from being had */
};

/* The pool of hugetlb pages: see hugetlb.c. */
struct mm_hugetlb {
	struct mm_list own;      /* page frames that the machine took for itself, and nobody uses */
	struct mm_list gigantic; /* the first page frame of each page of 1 GiB */
	uint32_t nr_surplus;     /* pages beyond those that the pool should have */
	uint32_t nr_seeded_used; /* of the recorded pool at the start */
};

/* What zram holds: see zram.c. */
struct mm_zram {
	struct mm_list pool; /* page frames */
	uint64_t *stored;    /* a bit per slot; NULL: swap is not zram */
	uint32_t nr_stored;
};

/* Where a violated invariant was seen first. */
struct mm_broken {
	const char *where; /* function; NULL: all is well */
	const char *what;  /* the condition that does not hold */
	uint32_t pfn;
};

#endif
