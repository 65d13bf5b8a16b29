/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shadow's state, for the shadow_*.c files and their tests.
 *
 * Pages are addressed by an index that runs through all zones: a zone begins at a multiple of 1024
 * both in pfns and in indices, so that (index ^ 1 << order) is the buddy of the same zone, and pages
 * outside the zone are never free and so never merge.
 */
#ifndef REPLAY_SHADOW_STATE_H
#define REPLAY_SHADOW_STATE_H

#include "shadow.h"
#include "vec.h"

#define MAX_ORDER_PAGES   1024
#define SHADOW_NONE       UINT32_MAX
#define MAX_COMPACTIONS   64
#define MAX_PENDING_TAKES 128
#define MAX_EARLY_TAKES   16
#define MAX_CPU_DRAINS    4
#define MAX_CPU_FREES     1024
#define MAX_LIST_FREES    64
#define MAX_RUN_FREES     64
#define NR_LIST_ORDERS    4 /* those that PAGE_ALLOC_COSTLY_ORDER bounds */
#define NR_LIST_TYPES     3 /* MIGRATE_PCPTYPES */
#define MAX_GIVEN         4096
#define MAX_CHOICES       16
#define MAX_CHOICE_BLOCKS 64

/* What a page is: the upper half of its byte. */
enum page_state {
	PAGE_UNKNOWN = 0, /* its chunk of the first snapshot is still to come */
	PAGE_FREE,        /* in a free block */
	PAGE_PCP,         /* off the free lists: on a per-CPU list, or on its way to its owner */
	PAGE_MOVABLE,     /* in use and movable */
	PAGE_OTHER,       /* in use, not movable */
	PAGE_PRIVATE,     /* held by a compaction as a migration target */
	PAGE_HOLE,        /* no memory */
	PAGE_NR_STATES
};

#define PAGE_HEAD_MASK 0x0f /* lower half: order + 1 of the free block that begins here, or 0 */

#define PB_TYPED 0x01 /* the migratetype is known from an event, or guessed already */
#define NO_BLOCK 255

struct shadow_pageblock {
	uint16_t nr[PAGE_NR_STATES]; /* pages by state; those outside the zone count as unknown */
	uint8_t type;                /* enum shadow_migratetype */
	uint8_t flags;
	uint8_t types;     /* those that it was told or taken to be, a bit each */
	uint8_t nr_kernel; /* slab and page-table pages in the first snapshot, 255 at most */
	bool changed;      /* since its room was found */
	uint8_t room;      /* 1 + the order of the largest range in which all can be moved */
	uint16_t nr_stuck; /* movable pages that compaction looked at last and did not take */
};

/* What compaction did to a pageblock since it was asked for last; pages. */
struct shadow_work {
	uint32_t migrate_scanned;
	uint32_t free_scanned;
	uint32_t moved_out;
	uint32_t moved_in;
};

struct shadow_zone {
	int32_t node;
	char name[16];     /* may lack its NUL */
	uint64_t base_pfn; /* start of the zone, rounded down to 1024 */
	uint64_t start_pfn;
	uint64_t end_pfn;
	uint32_t base; /* index of base_pfn */
	uint32_t nr;   /* indices, a multiple of 1024 */
	uint32_t nr_free[SHADOW_NR_ORDERS][SHADOW_NR_TYPES];
	uint32_t batch; /* pages of a refill of a per-CPU list; 0: not known */

	/* Compactions whose searches of the free lists have no event. */
	uint32_t nr_searches; /* of these under way */
	int32_t search_order; /* the largest that they want; 0: they do not search */
	uint64_t search_begin_ns;
	uint64_t search_end_ns;
};

/* A zone, as /proc/pagetypeinfo counts it. */
struct shadow_typing {
	uint32_t nr_pageblocks[SHADOW_NR_TYPES];
	int64_t nr_free[SHADOW_NR_TYPES][SHADOW_NR_ORDERS];
};

/* A chunk of the first snapshot. */
struct shadow_chunk {
	uint64_t first_pfn;
	uint64_t nr_pfns;
	uint64_t begin_ns;
	uint8_t *states; /* a byte per page; NULL once it has been reached */
};

DEFINE_VEC(shadow_chunk_vec, struct shadow_chunk);

/* Pages that a compaction took without saying which. */
struct pending_take {
	uint32_t pid; /* 0 = unused entry */
	uint32_t zone;
	int32_t order; /* of the one block it took; -1: several, of any order */
	uint32_t pages;
	uint64_t start_pfn; /* they lie in [start_pfn, end_pfn) */
	uint64_t end_pfn;
	uint64_t t_ns;
	uint64_t expiry_ns; /* when no event will name them any more */
};

struct compaction {
	uint32_t pid; /* 0 = unused entry */
	uint32_t zone;
	int32_t order; /* 0: not known, -1: everything */
	bool sync;
	bool migrating;      /* between mm_migrate_pages_start and mm_migrate_pages */
	uint32_t fast_take;  /* index + 1 of the take by the fast search just before, or 0 */
	uint64_t nr_to_move; /* pages isolated for the next migration, or for the one under way */
	uint32_t nr_scans;   /* of the free scanner, since the last page was migrated */
};

/* Free blocks of which one was taken, not known which. */
struct block_choice {
	uint32_t nr; /* 0 = unused entry */
	uint32_t pages;
	uint64_t t_ns;
	struct choice_block {
		uint32_t head;
		uint8_t order;
	} blocks[MAX_CHOICE_BLOCKS];
};

/* A block that was given while its zone was compacted. */
struct given_block {
	uint64_t t_ns;
	uint32_t index;
	uint8_t order;
};

/* A take that came before the give that it needs, by the clocks of two CPUs. */
struct early_take {
	uint64_t t_ns; /* 0 = unused entry */
	uint32_t index;
	uint32_t nr;
};

/* A free that may have gone past its per-CPU list. */
struct cpu_free {
	uint64_t t_ns;
	uint32_t index;
	uint8_t order;
};

/* A time in which another CPU took pages off a CPU's list, with the list's lock. */
struct cpu_drain {
	uint64_t begin_ns;
	uint64_t end_ns;
	uint32_t zone;
};

/* A free to a per-CPU list. */
struct list_free {
	uint32_t index;
	uint32_t nr_allocs; /* of the CPU, before it */
};

/* The latest frees to one list of a CPU, oldest first. */
struct pcp_list {
	uint32_t nr;
	struct list_free frees[MAX_LIST_FREES];
};

#define IN_INTERRUPT 0x18 /* of common_flags */

/* The latest frees of a CPU: those of the batch under way, then those that interrupted it. */
struct cpu_frees {
	uint32_t count;
	uint32_t next;      /* of the batch, the first that is not on the list yet */
	uint32_t batch_end; /* 0: no batch has begun to go onto the list */
	uint32_t batched;   /* index of the page that went last */
	uint32_t nr_refilled;
	uint32_t refilled;                       /* index of the first page of a refill */
	uint32_t refill_end;                     /* frees from this one on came after it */
	struct cpu_drain drains[MAX_CPU_DRAINS]; /* that are still to be considered, oldest first */
	uint32_t nr_drains;
	uint32_t nr_allocs;  /* that it has seen */
	uint32_t drained;    /* zone + 1 of the last page that it drained from its own list, … */
	uint32_t drainer;    /* … the task that did, … */
	uint64_t drained_ns; /* … and when; 0 as drained: it has done something else since */
	uint32_t run_pid;    /* whose frees have come one after the other, up to now */
	uint32_t nr_run;
	struct run_free {
		uint32_t index;
		uint8_t order;
	} run[MAX_RUN_FREES];
	struct cpu_free frees[MAX_CPU_FREES];
};

struct shadow_verify;

struct replay_shadow {
	struct shadow_zone *zones;
	uint32_t nr_zones;
	uint32_t last_zone; /* of the last look-up */
	uint32_t nr_pages;
	uint8_t *page;            /* enum page_state << 4 | head */
	uint8_t *list_cpu;        /* of the first page of a block on a per-CPU list: whose */
	uint8_t *refilled;        /* a bit a page: the list got it by a refill, not by a free */
	uint8_t *stuck;           /* a bit a page: movable, but compaction did not take it */
	struct shadow_work *work; /* a record a pageblock */
	struct shadow_pageblock *pageblock;
	struct replay_shadow_kernel kernel;
	struct replay_shadow_stats stats;
	uint64_t now_ns;

	struct shadow_chunk_vec chunks;
	size_t next_chunk;
	uint32_t first_snapshot; /* its number in the trace */
	uint64_t next_load_ns;   /* when it was read, UINT64_MAX: all are loaded */

	struct shadow_typing *typing; /* of each zone, until the pageblocks are typed; or NULL */
	struct shadow_candidate *candidates; /* as many as the largest zone has; or NULL */

	struct cpu_frees *cpus; /* kernel.nr_cpus of them */
	struct pcp_list *lists; /* by CPU, zone, order, type */
	struct compaction compactions[MAX_COMPACTIONS];
	struct pending_take pending[MAX_PENDING_TAKES];
	uint32_t nr_compactions;
	uint32_t nr_pending;
	struct early_take early[MAX_EARLY_TAKES];
	uint32_t nr_early;
	uint32_t next_early;

	struct given_block given[MAX_GIVEN]; /* a ring */
	uint64_t next_given;                 /* number of the next */
	struct block_choice choices[MAX_CHOICES];
	uint32_t nr_choices;

	struct shadow_verify *verify; /* or NULL */
	uint64_t next_check_ns;       /* the first event from then on is verification's business */
};
#endif
