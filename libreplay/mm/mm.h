/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulated memory manager, as replay/ uses it. It knows no traces, no files and no clock: it is told
 * what happens, and its hooks are told when time would pass.
 *
 * A machine is built in four steps: mm_machine_create() with zones and settings, mm_seed_free_block() for
 * what is free, mm_seed_page() for what is in use, mm_seed_done(). From then on the verbs of the second half.
 * A violated invariant is recorded once and returned by the next mm_status() as MMR_E_INTERNAL.
 */
#ifndef MM_MM_H
#define MM_MM_H

#include <mmreplay/error.h>

#include "mm_settings.h"
#include "mmzone.h"

struct mm_policy_ops;
struct mm_machine;

struct mm_zone_config {
	char name[16];
	uint8_t type; /* enum mm_zone_type */
	uint8_t node; /* < MM_MAX_NODES */
	uint32_t start_pfn;
	uint32_t spanned;
	uint32_t present;
	uint32_t managed;
	/* As recorded; all 0: computed from the settings as the kernel does. */
	uint32_t wmark[MM_NR_WMARKS];
};

enum mm_throttle {
	MM_THROTTLE_WRITEBACK,  /* the device's queue is full */
	MM_THROTTLE_CONGESTED,  /* all dirty pages are being written */
	MM_THROTTLE_NOPROGRESS, /* nothing reclaimed at low priority: wait for writes */
	MM_THROTTLE_ISOLATED,   /* others have most of the pages in hand */
	MM_THROTTLE_PFMEMALLOC, /* reserves are low: wait for kswapd, which is awake */
};

struct mm_compact_control;

/*
 * What belongs to the task at work: the kernel's current, its PF_MEMALLOC, in_lru_fault and capture_control.
 * Zeroed: a task that begins something.
 */
struct mm_current {
	const struct mm_compact_control
		*capturing;  /* a direct run: it may have a block that is freed */
	uint32_t captured;   /* … which it was, or MM_NONE */
	uint32_t nr_dirtied; /* file pages */
	uint16_t cpu;        /* that it runs on */
	bool in_reclaim;     /* direct reclaim: its own requests do not reclaim again */
	bool in_fault;       /* what it brings in now comes by a page fault */
};

/* The request behind a stall or a failure. */
struct mm_request {
	uint32_t gfp_flags;
	uint32_t task;     /* the caller's number for it; handed to the hooks */
	uint32_t space;    /* of mm_space_new(), or 0: nobody's */
	uint32_t huge_gfp; /* of order 0: a huge page is tried first, with these; 0: none is */
	uint32_t table, table_gfp; /* a page table before base pages; 0: none */
	uint32_t folio_gfp; /* of processes' memory: folios of these orders are tried first, … */
	uint16_t folio_orders; /* … with folio_gfp, the largest first; a bit each */
	uint16_t cpu;
	uint8_t order;
	bool pieces; /* of order > 0: base pages all the same */
};

/* A kill, and what its victim had; pages. */
struct mm_oom_kill {
	const struct mm_request *request; /* that found no memory */
	uint32_t space;                   /* the victim's */
	int32_t adj;                      /* oom_score_adj */
	int64_t points;                   /* its badness, of totalpages */
	uint64_t totalpages;
	uint64_t nr_anon; /* in memory */
	uint64_t nr_files;
	uint64_t nr_shmem;
	uint64_t nr_swap;
	uint64_t nr_tables;
};

/*
 * Called while the machine works; each may be NULL. throttle must let writes end (mm_end_writeback())
 * where there are any; without it all end at once. They must not call the verbs of the second half.
 */
struct mm_hooks {
	void *data;
	uint64_t (*now_ns)(void *data); /* never goes back; without it time stands still */
	void (*direct_reclaim_begin)(void *data, const struct mm_request *request);
	void (*direct_reclaim_end)(void *data, const struct mm_request *request,
	                           const struct mm_scan_control *sc);
	/* After each batch of direct reclaim: time has passed, writes may have ended. */
	void (*direct_reclaim_batch)(void *data, const struct mm_scan_control *sc);
	void (*throttle)(void *data, const struct mm_scan_control *sc, enum mm_throttle reason);
	/*
	 * A run of compaction over a zone that has something to do; request: of the task that compacts,
	 * NULL for kcompactd. compact_turn comes after each pageblock of a direct run.
	 */
	void (*compact_begin)(void *data, const struct mm_compact_control *cc,
	                      const struct mm_request *request);
	void (*compact_turn)(void *data, const struct mm_compact_control *cc);
	void (*compact_end)(void *data, const struct mm_compact_control *cc,
	                    const struct mm_request *request, enum mm_compact_result result);
	void (*kswapd_begin)(void *data, const struct mm_node *node);
	void (*kswapd_end)(void *data, const struct mm_node *node);
	/* An allocation failed; oom: nobody could be killed for it, where the kernel panics. */
	void (*alloc_failed)(void *data, const struct mm_request *request, bool oom);
	/* A space was killed: mm_space_reap() is due when it has exited. Without the hook it is reaped at once. */
	void (*oom_kill)(void *data, const struct mm_oom_kill *kill);
	/* A logical page, or a huge one by its first, has been reclaimed. file: of the page cache. */
	void (*evicted)(void *data, uint32_t page, bool file);
	/* It is back in memory, with 2^order - 1 more. */
	void (*returned)(void *data, uint32_t page, uint8_t order);
	/* Lets time pass until the victim has exited. false: there is none; only a jiffy has passed. */
	bool (*oom_wait)(void *data, const struct mm_request *request);
};

struct mm_config {
	const struct mm_zone_config *zones; /* of one node together, ascending type within it */
	uint32_t nr_zones;
	uint32_t nr_cpus;
	const uint8_t *homes; /* [nr_cpus]: node of each CPU, < MM_MAX_NODES; NULL: all on node 0 */
	uint32_t nr_swap_slots;
	struct mm_settings settings;
	const struct mm_policy_ops *policy;
	const struct mm_policy_ops
		*other; /* that mm_switch_policy() goes to, or NULL; neither has page_size */
	struct mm_hooks hooks;
	uint64_t seed;
};

/* MMR_E_INVALID: the zones overlap or make no sense; MMR_E_LIMIT: too many; MMR_E_NOMEM. */
int mm_machine_create(const struct mm_config *config, struct mm_machine **ret,
                      struct mmr_error *err) MMR_MUST_CHECK;
void mm_machine_destroy(struct mm_machine *machine);

/* ---- building ---- */

/* Migratetype of the pageblock of pfn. Before its free blocks are seeded. */
void mm_seed_block_type(struct mm_machine *machine, uint32_t pfn, uint8_t migratetype);

/* Page frames without memory in the pageblock of pfn: nobody uses them. */
void mm_seed_holes(struct mm_machine *machine, uint32_t pfn, uint16_t nr);

/* A free block, to the tail of its list (as boot does). false: outside a zone, or not absent. */
bool mm_seed_free_block(struct mm_machine *machine, uint32_t pfn, uint8_t order);

/*
 * A free block at the tail of a CPU's list of this migratetype (those that have no list: the movable one).
 * false: as mm_seed_free_block(), or there is no list for this order or CPU.
 */
bool mm_seed_pcp_block(struct mm_machine *machine, uint16_t cpu, uint32_t pfn, uint8_t order,
                       uint8_t migratetype);

/*
 * A CPU's list of a zone has count pages, as far as there is memory of which nothing is known for those that
 * it lacks, and its limit has grown to high (0: not known). After all pages with a place of their own.
 */
void mm_seed_pcp(struct mm_machine *machine, uint32_t zone, uint16_t cpu, uint32_t count,
                 uint32_t high);

/*
 * A logical page that is in memory at pfn, or anywhere for MM_NONE. Counts and reclaims nothing.
 * 1: at pfn; 0: elsewhere; MMR_E_LIMIT: no room (the page is then as if never touched).
 */
int mm_seed_page(struct mm_machine *machine, uint32_t page, enum mm_lpage_kind kind, uint32_t pfn,
                 uint8_t order) MMR_MUST_CHECK;

/* A logical page that is in swap, at any time at which that is learnt. MMR_E_LIMIT: no slot. */
int mm_seed_swapped(struct mm_machine *machine, uint32_t page,
                    enum mm_lpage_kind kind) MMR_MUST_CHECK;

/*
 * Of a page that mm_seed_page() placed: it is on an active list, and was used once since somebody looked, where the
 * policy has such things as the kernel's classic lists have.
 */
void mm_seed_use(struct mm_machine *machine, uint32_t page, bool active, bool referenced);

/* What a page of the kernel's that is in memory is for, by enum mm_touch_flags. */
void mm_seed_kmem(struct mm_machine *machine, uint32_t page, uint32_t flags);

/* Pages of that kind that a node has, known by themselves or not. After all that are. */
void mm_seed_kmem_total(struct mm_machine *machine, uint32_t node, enum mm_kmem_kind kind,
                        uint64_t nr_pages);

/* All is placed. Watermarks and per-CPU limits are settled from here on. */
void mm_seed_done(struct mm_machine *machine);

/*
 * After that: so many pages wait on a CPU for their place on the lists. Those that were seeded have theirs; the next
 * ones of this CPU wait for the fewer others.
 */
void mm_seed_waiting(struct mm_machine *machine, uint32_t cpu, uint32_t nr_pages);

/* ---- what happens ---- */

/* Pages that the page allocator has been given. */
uint64_t mm_managed_pages(const struct mm_machine *machine);

/* Whether a logical page has contents, wherever they are. */
bool mm_lpage_is_known(const struct mm_machine *machine, uint32_t page);

/*
 * Hints, for whoever knows what comes next: what is known of a logical page (of any number) is fetched into the cache,
 * and, some time after that, what is known of its page frame.
 */
void mm_expect_page(const struct mm_machine *machine, uint32_t page);
void mm_expect_frame(const struct mm_machine *machine, uint32_t page);

/* Whether it is one of the base pages of a larger one. */
bool mm_lpage_is_part(const struct mm_machine *machine, uint32_t page);

/* Makes room for logical pages < nr_pages; cheap if there is. MMR_E_NOMEM, MMR_E_LIMIT. */
int mm_reserve_lpages(struct mm_machine *machine, uint32_t nr_pages,
                      struct mmr_error *err) MMR_MUST_CHECK;

enum mm_touch_flags {
	MM_TOUCH_WRITE = 1,
	MM_TOUCH_EXEC = 2,
	MM_TOUCH_FAULT = 4,  /* file pages: through a page table, by a fault if it is not there */
	MM_TOUCH_BACKED = 8, /* file pages: the contents are on the device and have to be read */
	MM_TOUCH_UNUSED =
		16, /* file pages: only has to be there; it was not used, or that is told apart */
	MM_TOUCH_SAMPLED = 32,        /* somebody saw that it was used; nobody knows how */
	MM_TOUCH_SLAB = 64,           /* kernel memory: a slab */
	MM_TOUCH_TABLE = 128,         /* kernel memory: a page table */
	MM_TOUCH_FAULTED = 256,       /* a page fault even if the page is there */
	MM_TOUCH_BESIDE = 512,        /* through another page table than the use before */
	MM_TOUCH_LEAVES = 1024,       /* a copy: of what was last used through this page table */
	MM_TOUCH_IN_FAULT = 2048,     /* file pages: brought in by a fault on another page */
	MM_TOUCH_HUGETLB = 4096,      /* kernel memory: a page of the hugetlb pool */
	MM_TOUCH_HUGETLB_USED = 8192, /* … or of a mapping */
	MM_TOUCH_HANDED = 16384,      /* anonymous memory: by no fault of its own */
};

/* How a touch was served. */
enum mm_touch_result {
	MM_TOUCH_HIT,
	MM_TOUCH_MINOR,   /* a fault without I/O on a page that was there */
	MM_TOUCH_NEW,     /* a page without contents to be read */
	MM_TOUCH_SWAPIN,  /* read from swap */
	MM_TOUCH_READ,    /* read from a file */
	MM_TOUCH_FAILED,  /* no memory; the page is out */
	MM_TOUCH_INVALID, /* the page is of another kind */
};

/*
 * A task uses logical page: all verbs take page < the number reserved. kind tells what it is if it
 * is new. request->order counts only then.
 */
enum mm_touch_result mm_touch_page(struct mm_machine *machine, const struct mm_request *request,
                                   uint32_t page, enum mm_lpage_kind kind, uint32_t flags);

/*
 * A page of a file is mapped along with another: young, if it is in memory and was not mapped, or not in this page
 * table (MM_TOUCH_BESIDE).
 */
void mm_map_along(struct mm_machine *machine, uint32_t page, uint32_t flags);

/* A page table has a page of a file no more; last: nor has any other. Its accessed bit becomes a mark. */
void mm_unmap_page(struct mm_machine *machine, uint32_t page, bool last);

/* So many page faults on pages that are there, of which nothing else is known. */
void mm_count_faults(struct mm_machine *machine, uint32_t nr);

/* As mm_touch_page(), of a page that is known already, whatever its kind; others are left alone. */
enum mm_touch_result mm_access_page(struct mm_machine *machine, const struct mm_request *request,
                                    uint32_t page);

/*
 * As mm_access_page(), of a page that was used twice, by system calls, since it came in: as much use as makes
 * a page active where there are such.
 */
enum mm_touch_result mm_activate_page(struct mm_machine *machine, const struct mm_request *request,
                                      uint32_t page);

/* A write to a shared page: page gets a copy of source's contents, which are brought in if need be. */
enum mm_touch_result mm_copy_page(struct mm_machine *machine, const struct mm_request *request,
                                  uint32_t page, uint32_t source, uint32_t flags);

/* The contents are gone. false: the machine had none. */
bool mm_free_lpage(struct mm_machine *machine, uint16_t cpu, uint32_t page);

/*
 * … of 2^order base pages from page on. They may be part of a larger page, which is free when all of it has ended.
 * Memory of the kernel ends as what it is.
 */
bool mm_free_base(struct mm_machine *machine, uint16_t cpu, uint32_t page, uint32_t order);

/* What was in a page is in another from now on, which nobody has used yet; wherever it is. */
void mm_rename_page(struct mm_machine *machine, uint32_t was, uint32_t page);

void mm_lazyfree_page(struct mm_machine *machine, uint16_t cpu, uint32_t page);
/* munmap() or exit(): before 6.14, what waits on the CPU for its place on the lists gets it. */
void mm_unmap_begin(struct mm_machine *machine, uint32_t cpu);
void mm_dirty_page(struct mm_machine *machine, uint32_t page);
void mm_lock_page(struct mm_machine *machine, uint32_t page, bool locked);

/* enum mm_migratetype that a request asks for. */
uint8_t mm_request_migratetype(const struct mm_machine *machine, const struct mm_request *request);

/* One allocation without a logical page; MM_NONE if there is no memory. */
uint32_t mm_alloc_pages(struct mm_machine *machine, const struct mm_request *request);

/*
 * Another task goes on, from a hook in the middle of what this one asked for. Returns what is to be given back here
 * when this one goes on.
 */
struct mm_current mm_switch(struct mm_machine *machine, const struct mm_current *next);
/* Of the task at work. */
const struct mm_current *mm_current(const struct mm_machine *machine);
void mm_free_pages(struct mm_machine *machine, uint16_t cpu, uint32_t pfn);

/*
 * What is in a logical page (< the number reserved) will be used next as use number when; MM_NONE: never
 * again. To be said right before the verb that uses it. Does nothing where the policy does not ask.
 */
void mm_set_next_use(struct mm_machine *machine, uint32_t page, uint32_t when);

/* ---- a bare page cache ---- */

/*
 * A machine that is nothing but nr_pages page frames of a page cache: no allocator, no watermarks, no
 * kswapd, no writes. A request for a page that is not there takes a frame: a free one, or that of the one
 * page that the policy gives up. So hits and misses are those of the policy's algorithm with exactly
 * nr_pages pages. mm_cache_run() is the only verb; mm_reserve_lpages() and mm_status() work as ever.
 * MMR_E_INVALID: no pages, or a policy with passes of its own (shrink_begin): it needs a whole machine.
 */
int mm_cache_create(const struct mm_policy_ops *policy, uint32_t nr_pages, uint64_t seed,
                    struct mm_machine **ret, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Requests for nr logical pages (< the number reserved), in order. next is the number of each page's next
 * use, as in mm_set_next_use(), or NULL. Returns how many were hits.
 */
uint64_t mm_cache_run(struct mm_machine *machine, const uint32_t *pages, const uint32_t *next,
                      size_t nr);

/*
 * What the kernel sets vm.min_free_kbytes to at boot, of zones of which only type and managed count; settings: kernel
 * (not 0), watermark_scale_factor, thp_min_free.
 */
uint32_t mm_min_free_kbytes(const struct mm_zone_config *zones, uint32_t nr_zones,
                            const struct mm_settings *settings);

/* ---- changes while it runs ---- */

/* To the other policy of the configuration, and back the next time: the one in use. Without another nothing happens. */
const struct mm_policy_ops *mm_switch_policy(struct mm_machine *machine);

/* All but what the machine was built by: kernel, watermarks, reserves and per-CPU lists stay as they are. */
void mm_set_settings(struct mm_machine *machine, const struct mm_settings *settings);

/* ---- the reference model ---- */

#define MM_REFERENCE_ONE 65536u

/* Who looks whether a mapped page was in use. */
enum mm_look {
	MM_LOOK_FIRST,  /* reclaim, about to evict it */
	MM_LOOK_AGAIN,  /* … for the second time: it was in use at the first (MM_PG_REFERENCED) */
	MM_LOOK_BESIDE, /* reclaim, at the neighbours of one that it found in use */
	MM_LOOK_WALK,   /* a walk through the page tables */
	MM_NR_LOOKS
};

struct mm_reference_stats {
	uint64_t nr_looks;
	uint64_t nr_known;   /* … with a known access */
	uint64_t nr_guessed; /* … made young by the model */
};

/*
 * From now on share / MM_REFERENCE_ONE of the pages of this type that are looked at in this way are to be found
 * in use: by known accesses, and by chance what is missing. Before the first call nothing is left to chance.
 */
void mm_set_reference_share(struct mm_machine *machine, enum mm_lru_type type, enum mm_look look,
                            uint32_t share);

/*
 * The same for BESIDE and WALK by what comes of it: share / MM_REFERENCE_ONE of the pages that reclaim isolates are
 * to be spared because a neighbour was in use; of those that it meets, to have moved on in a walk. Chance
 * makes up for what is missing. UINT32_MAX: as it comes.
 */
void mm_set_reference_outcome(struct mm_machine *machine, enum mm_lru_type type, enum mm_look look,
                              uint32_t share);
struct mm_reference_stats mm_reference_stats(const struct mm_machine *machine,
                                             enum mm_lru_type type, enum mm_look look);

/* ---- page tables: see pgtable.c ---- */

/* From now on pages may be placed; without, mm_place_lpage() does nothing. */
int mm_tables_enable(struct mm_machine *machine, struct mmr_error *err) MMR_MUST_CHECK;
/* The page is in space at virtual page number vpn (its low 32 bits), until it is freed. The first place counts. */
void mm_place_lpage(struct mm_machine *machine, uint32_t page, uint32_t space, uint32_t vpn);
/* … where another one is, in that one's space. */
void mm_place_copy(struct mm_machine *machine, uint32_t page, uint32_t space, uint32_t source);

/* ---- where huge pages can be: see huge_area.c ---- */

/* nr areas of space, from address first << 21 on, lie within an anonymous VMA of this advice; MM_ADVICE_GONE: not any more. */
void mm_set_huge_range(struct mm_machine *machine, uint32_t space, uint32_t first, uint32_t nr,
                       enum mm_advice advice);
/* The 512 logical pages of which this is one are those of an area of space, in address order. */
void mm_place_huge(struct mm_machine *machine, uint32_t page, uint32_t space, uint32_t area);
/* Whether a VMA of this advice gets huge pages, and the gfp_flags that a fault asks for one with. */
bool mm_huge_admits(const struct mm_settings *settings, enum mm_advice advice);
uint32_t mm_huge_gfp(const struct mm_settings *settings, enum mm_advice advice);

/* ---- zram: see zram.c ---- */

/* Pages of a zone's memory that hold what is swapped out (NR_ZSPAGES). A walk of them. */
uint64_t mm_nr_zspages(const struct mm_machine *machine, uint32_t zone);

/* ---- the huge zero page: see huge_zero.c ---- */

/*
 * request->space has read from an area (address >> 21) of which no page is there: it maps the huge zero page, if there is
 * memory for one. It may wait.
 */
void mm_read_huge_area(struct mm_machine *machine, const struct mm_request *request, uint32_t area);
/* Whether it has: up to 6.12 writes get base pages there. */
bool mm_huge_zero_maps(const struct mm_machine *machine, uint32_t space, uint32_t area);

/* ---- folios, and their statistics by size: see anon_folio.c ---- */

/* /sys/kernel/mm/transparent_hugepage/hugepages-*kB/stats */
enum mm_folio_stat {
	MM_FOLIO_FAULT_ALLOC,
	MM_FOLIO_FAULT_FALLBACK,
	MM_FOLIO_FAULT_FALLBACK_CHARGE,
	MM_FOLIO_SWPOUT,
	MM_FOLIO_SWPOUT_FALLBACK,
	MM_FOLIO_SHMEM_ALLOC,
	MM_FOLIO_SHMEM_FALLBACK,
	MM_FOLIO_SHMEM_FALLBACK_CHARGE,
	MM_FOLIO_SPLIT,
	MM_FOLIO_SPLIT_FAILED,
	MM_FOLIO_SPLIT_DEFERRED,
	MM_FOLIO_NR_ANON,                  /* there are now */
	MM_FOLIO_NR_ANON_PARTIALLY_MAPPED, /* of these */
	MM_NR_FOLIO_STATS
};

/* The orders that a VMA of this advice gets folios of: a bit each. */
uint32_t mm_folio_orders(const struct mm_settings *settings, enum mm_advice advice);
uint64_t mm_folio_stat(const struct mm_machine *machine, uint32_t order, enum mm_folio_stat stat);
/* NULL: there is none. */
const char *mm_folio_stat_name(enum mm_folio_stat stat);

/* ---- ranges of page frames: see page_alloc_contig.c ---- */

enum mm_contig {
	MM_CONTIG_DONE,
	MM_CONTIG_BUSY,  /* something in it cannot be moved */
	MM_CONTIG_NOMEM, /* … or has nowhere to go */
};

/*
 * The page frames from start to end (exclusive) become the caller's; migratetype: of their pageblocks, MM_MOVABLE or, of a CMA
 * area, MM_CMA. It may wait, in direct reclaim and compaction.
 */
enum mm_contig mm_alloc_contig_range(struct mm_machine *machine, const struct mm_request *request,
                                     uint32_t start, uint32_t end, uint8_t migratetype);
/* nr of them anywhere, aligned to nr, a power of 2; MM_NONE: there is no such range. */
uint32_t mm_alloc_contig_pages(struct mm_machine *machine, const struct mm_request *request,
                               uint32_t nr);
/* All that one of these calls gave. */
void mm_free_contig_range(struct mm_machine *machine, uint32_t start, uint32_t nr);

/* ---- CMA areas: see cma.c ---- */

/*
 * Before free blocks are seeded: nr page frames from start on, whole pageblocks, are an area that is counted in units of
 * 2^order_per_bit. Its number, from 0 on; MM_NONE: no zone holds all of it, there are too many, or there is no memory.
 */
uint32_t mm_seed_cma_area(struct mm_machine *machine, uint32_t start, uint32_t nr,
                          uint32_t order_per_bit, bool hugetlb);
/* What of it is in use by those that the area is for. */
void mm_seed_cma_used(struct mm_machine *machine, uint32_t number, uint32_t pfn, uint32_t nr);
/* nr page frames, the first a multiple of 2^align; MM_NONE: they could not be had. It may wait, as mm_alloc_contig_range(). */
uint32_t mm_cma_alloc(struct mm_machine *machine, const struct mm_request *request, uint32_t number,
                      uint32_t nr, uint32_t align);
/* All that one call gave. false: it is not of this area. */
bool mm_cma_release(struct mm_machine *machine, uint32_t number, uint32_t pfn, uint32_t nr);
/* The area of a page frame; MM_NONE: it is of none. */
uint32_t mm_cma_area_at(const struct mm_machine *machine, uint32_t pfn);
bool mm_cma_is_used(const struct mm_machine *machine, uint32_t number, uint32_t pfn);

/* ---- hugetlb pages: see hugetlb.c ---- */

struct mm_hugetlb_stat {
	uint32_t nr_total; /* with nr_surplus */
	uint32_t nr_free;
	uint32_t nr_surplus;
};

/* So many pages of the recorded pool were in use. */
void mm_seed_hugetlb_used(struct mm_machine *machine, uint32_t nr_pages);
/*
 * vm.nr_hugepages: the pool gets or gives back pages until it has count. Returns how many it lacks. It may wait, in direct
 * reclaim and compaction.
 */
uint32_t mm_hugetlb_set_pool(struct mm_machine *machine, const struct mm_request *request,
                             uint32_t count);
/* One page more for the pool, if there is one. */
bool mm_hugetlb_try(struct mm_machine *machine, const struct mm_request *request);
/* Logical page number becomes a page of the pool, … */
enum mm_touch_result mm_hugetlb_add(struct mm_machine *machine, const struct mm_request *request,
                                    uint32_t number);
/* … or of a mapping: out of the pool, or a surplus one as long as there are fewer than most. */
enum mm_touch_result mm_hugetlb_take(struct mm_machine *machine, const struct mm_request *request,
                                     uint32_t number, uint32_t most);
/*
 * The same for pages of 1 GiB, which are for nobody: ranges of page frames that are made free. Returns how many it lacks.
 */
uint32_t mm_hugetlb_set_gigantic(struct mm_machine *machine, const struct mm_request *request,
                                 uint32_t count);
/* Base pages of both pools. */
uint64_t mm_hugetlb_pages(const struct mm_machine *machine);
struct mm_hugetlb_stat mm_hugetlb_stat(const struct mm_machine *machine);

/* ---- files that are mapped: see readahead.c ---- */

#define MM_MAX_FILES (1u << 16)

/* The page is page index of a file that is mapped (its low 32 bits), until it is freed. The first place counts. */
void mm_place_file_page(struct mm_machine *machine, uint32_t page, uint16_t file, uint32_t index);
/* Whether a fault that misses a page of the file reads those around it, too. It does, unless this says otherwise. */
void mm_set_read_around(struct mm_machine *machine, uint16_t file, bool around);
/* Whether a page is in memory. */
bool mm_lpage_is_present(const struct mm_machine *machine, uint32_t page);
/* It is back from swap, but in no page table: whoever uses it has a fault, without a read. */
bool mm_lpage_is_read_ahead(const struct mm_machine *machine, uint32_t page);
/* On whose lists the page is when it is in memory. */
enum mm_lru_type mm_lpage_lru_type(const struct mm_machine *machine, uint32_t page);

/* ---- memory areas, for swap readahead: see swap_vma.c ---- */

/* From now on pages may be put into areas; without, mm_set_area() does nothing. */
int mm_areas_enable(struct mm_machine *machine, struct mmr_error *err) MMR_MUST_CHECK;
/* The page is in area number of space, until it is freed; 0: it is not known. The first one counts. */
void mm_set_area(struct mm_machine *machine, uint32_t page, uint32_t space, uint32_t number);

/* ---- accesses by residence: see residence.c ---- */

#define MM_LOOK_SHIFT 12 /* looks are counted in units of 2^-this */

/* From now on mm_residence_begin() may be said. */
int mm_residence_enable(struct mm_machine *machine, struct mmr_error *err) MMR_MUST_CHECK;
/* The clock goes by looks that reclaim took: how long ago the last one was tells how likely a use is since. */
void mm_residence_set_timed(struct mm_machine *machine);
/* How many looks the recorded reclaim has taken at each page of a type so far, in the mean. */
void mm_residence_clock(struct mm_machine *machine, const uint32_t looks[MM_NR_LRU_TYPES]);
/* Before the verb that brings it in: the recording keeps the page until so many looks, > 0. */
void mm_residence_begin(struct mm_machine *machine, uint32_t page, bool file, uint32_t until);
void mm_residence_end(struct mm_machine *machine, uint32_t page);

/* ---- memory of the kernel ---- */

/* So many kernel stacks more, or fewer. */
void mm_add_stacks(struct mm_machine *machine, uint32_t node, int64_t nr);

/* Shrinker index (< MM_MAX_SHRINKERS, others are left alone) of a node has nr_objects more, or fewer. */
void mm_shrinker_grow(struct mm_machine *machine, uint32_t index, uint8_t node, uint32_t seeks,
                      int64_t nr_objects);
void mm_shrinker_learn(struct mm_machine *machine, uint32_t index,
                       const struct mm_shrinker_sample *sample);
/* The recorded shrinkers freed this page of the kernel's: ours may, in their time. false: it is not there. */
bool mm_detach_slab(struct mm_machine *machine, uint16_t cpu, uint32_t page);
/* Pages freed by shrinkers so far. */
uint64_t mm_slab_freed(const struct mm_machine *machine);

enum mm_drop {
	MM_DROP_PAGECACHE = 1,
	MM_DROP_SLAB = 2,
};

/* /proc/sys/vm/drop_caches; what: bits of enum mm_drop. Looks at every page. */
void mm_drop_caches(struct mm_machine *machine, uint16_t cpu, uint32_t what);

/* ---- address spaces, for the OOM killer ---- */

/* Makes room for nr more of them. */
int mm_reserve_spaces(struct mm_machine *machine, uint32_t nr,
                      struct mmr_error *err) MMR_MUST_CHECK;
/*
 * A new one; 0: there is no room. like: a space or 0, from which it has oom_score_adj and, if it was killed,
 * that; forked: it shares what that one has, and is of another process, otherwise of the same (exec).
 */
uint32_t mm_space_new(struct mm_machine *machine, uint32_t like, bool forked);
/* Nobody uses it any more; its number may be used again when its pages are freed. 0 is fine. */
void mm_space_end(struct mm_machine *machine, uint32_t space);
/* Its page tables are being emptied: reclaim leaves its pages to that. */
void mm_space_leave(struct mm_machine *machine, uint32_t space);
/* -1000 to 1000; others are left alone. */
void mm_space_set_adj(struct mm_machine *machine, uint32_t space, int32_t adj);
/* It is init's. */
void mm_space_set_init(struct mm_machine *machine, uint32_t space);
/* Pages that it had before anything was known of them. */
void mm_space_set_before(struct mm_machine *machine, uint32_t space, uint64_t nr_pages);
/* Pages of files that it maps, as the recorded one did; negative: fewer than are among those of before. */
void mm_space_set_files(struct mm_machine *machine, uint32_t space, int64_t nr_pages);
/* Whoever uses it never came to be: its tasks ask for nothing. */
void mm_space_refuse(struct mm_machine *machine, uint32_t space);

/* ---- overcommit; of space 0, what belongs to nobody known ---- */

/* A mapping of the space may need so many pages more. false: it is refused. */
bool mm_commit(struct mm_machine *machine, uint32_t space, uint64_t nr_pages);
/* … whatever the limit says. */
void mm_commit_before(struct mm_machine *machine, uint32_t space, uint64_t nr_pages);
/* They are not needed any more. */
void mm_uncommit(struct mm_machine *machine, uint32_t space, uint64_t nr_pages);
uint64_t mm_space_committed(const struct mm_machine *machine, uint32_t space);
/* Of the whole machine, at the start, whoever they are of. After all that is known. */
void mm_seed_committed(struct mm_machine *machine, uint64_t nr_pages);

/* A logical page that has no owner, and is anonymous, shared memory or a page table, is this one's. */
void mm_space_charge(struct mm_machine *machine, uint32_t space, uint32_t page);
/* It got a page of its own in place of source, which it had shared. */
void mm_space_copied(struct mm_machine *machine, uint32_t space, uint32_t source);
/* A victim exits, or the reaper has got to it: all it owns is freed. Not in the middle of a verb but a wait. */
void mm_space_reap(struct mm_machine *machine, uint32_t space, uint16_t cpu);

/*
 * A page that nobody will see, for request->space: it goes when that is reaped, or with all others by
 * mm_release_held(). false: no memory.
 */
bool mm_hold_page(struct mm_machine *machine, const struct mm_request *request);
void mm_release_held(struct mm_machine *machine, uint16_t cpu);

/* A CPU switched to a task of it, from another space or after a sleep: walks through page tables heed it. */
void mm_space_switched(struct mm_machine *machine, uint32_t space);

bool mm_space_is_killed(const struct mm_machine *machine, uint32_t space);
bool mm_space_is_reaped(const struct mm_machine *machine, uint32_t space);

/* ---- background work ---- */

enum mm_kswapd_result {
	MM_KSWAPD_IDLE,    /* asleep until woken */
	MM_KSWAPD_NAPPING, /* call mm_kswapd_nap_over() in HZ/10, or step again when woken */
	MM_KSWAPD_WORKED,  /* a batch is done; the scan control's counts grew */
	MM_KSWAPD_BLOCKED, /* waits for a write to end */
};

/* Whether kswapd of node would do anything but sleep or nap. */
bool mm_kswapd_runnable(const struct mm_machine *machine, uint32_t node);
enum mm_kswapd_result mm_kswapd_step(struct mm_machine *machine, uint32_t node);
void mm_kswapd_nap_over(struct mm_machine *machine, uint32_t node);
/* From now on its writes to swap go to the queue of this CPU; when it is woken anew, to that of the one it will run on. */
void mm_kswapd_set_write_cpu(struct mm_machine *machine, uint32_t node, uint16_t cpu);
/* Of the run that goes on, or the last one; its counts begin at 0 with each run. */
const struct mm_scan_control *mm_kswapd_scan_control(const struct mm_machine *machine,
                                                     uint32_t node);

/* Whether kcompactd of node would do anything but sleep. */
bool mm_kcompactd_runnable(const struct mm_machine *machine, uint32_t node);
/* It is in the middle of a run; its next one has a control of its own. */
bool mm_kcompactd_is_running(const struct mm_machine *machine, uint32_t node);
/* A pageblock of it at most; what it frees goes to the lists of cpu (< the number of CPUs). */
void mm_kcompactd_step(struct mm_machine *machine, uint32_t node, uint16_t cpu);
/* It has slept for HZ/2: it looks whether there is anything to do of its own accord. */
void mm_kcompactd_timeout(struct mm_machine *machine, uint32_t node);
/* Of the run that goes on, or the last one; its counts begin at 0 with each zone. */
const struct mm_compact_control *mm_kcompactd_control(const struct mm_machine *machine,
                                                      uint32_t node);

/* All zones, as far as it goes (writing to /proc/sys/vm/compact_memory). */
void mm_compact_nodes(struct mm_machine *machine, const struct mm_request *request);

enum mm_khugepaged_result {
	MM_KHUGEPAGED_DONE,   /* with this round: step again after scan_sleep_millisecs */
	MM_KHUGEPAGED_RESTS,  /* there was no huge page: … after alloc_sleep_millisecs */
	MM_KHUGEPAGED_WORKED, /* … as soon as the time is over that it took */
};

/* Whether there is an address space for khugepaged to go through. */
bool mm_khugepaged_has_work(const struct mm_machine *machine);
/* An area, or as many as need no huge page. It may wait, in direct reclaim and compaction. */
enum mm_khugepaged_result mm_khugepaged_step(struct mm_machine *machine, uint16_t cpu);
const struct mm_khugepaged *mm_khugepaged(const struct mm_machine *machine);
/*
 * madvise(MADV_COLLAPSE) by request->task of nr areas of its space from first on: 0, or the errno that it fails with, of
 * the last area that failed. It may wait, as khugepaged.
 */
int mm_madvise_collapse(struct mm_machine *machine, const struct mm_request *request,
                        uint32_t first, uint32_t nr);

/*
 * The logical page, or the larger one that it is part of, holds nothing but zeroes: swapping it out writes nothing, and reading it back
 * reads nothing (settings.swap_zero_filled).
 */
bool mm_is_zero_filled(const struct mm_machine *machine, uint32_t number);
/* Pages that are being written. */
uint32_t mm_nr_writeback(const struct mm_machine *machine);
/* They are in so many queues. */
uint32_t mm_nr_write_queues(const struct mm_machine *machine);
/* That of what a CPU writes to swap. */
uint32_t mm_swap_queue(const struct mm_machine *machine, uint16_t cpu);
/* The CPU to whose queue a reclaimer writes. */
uint16_t mm_write_cpu(const struct mm_machine *machine, const struct mm_scan_control *sc);
/* The oldest write of a queue: its base pages (0: there is none), and when it began. */
uint32_t mm_oldest_write_pages(const struct mm_machine *machine, uint32_t queue);
uint64_t mm_oldest_write_begin_ns(const struct mm_machine *machine, uint32_t queue);
/* It ends. */
void mm_end_write(struct mm_machine *machine, uint32_t queue);
/* Up to nr of them end, those to swap before those to files. */
void mm_end_writeback(struct mm_machine *machine, uint32_t nr);
/* Whether a logical page of a file is being written: who truncates it has to wait. */
bool mm_lpage_is_written(const struct mm_machine *machine, uint32_t page);
/* Every vm.dirty_writeback_centisecs: what has been dirty for vm.dirty_expire_centisecs goes to its device. */
void mm_flush_expired(struct mm_machine *machine);

/* A task that writes to files (the fields of struct task_struct). Zeroed at its birth. */
struct mm_dirtier {
	uint64_t paused_when;     /* jiffies; 0: it has not been looked at */
	uint64_t asleep_until_ns; /* whatever it does meanwhile in a recording */
	uint32_t nr_dirtied;
	uint32_t nr_dirtied_pause;
};

/* The task has dirtied nr pages: wakes the flushers if need be. Returns how long it has to wait, in ns. */
uint64_t mm_balance_dirty_pages(struct mm_machine *machine, struct mm_dirtier *dirtier,
                                uint32_t nr);

/* flush_memcg_stats_dwork(), every other second: see memcg_stat_delay. */
void mm_flush_memcg_stats(struct mm_machine *machine);

/* The per-CPU part of vmstat_update(), about once a second: decays the per-CPU lists. */
void mm_vmstat_update(struct mm_machine *machine, uint16_t cpu);

/* ---- whether all is well ---- */

/* 0; MMR_E_NOMEM; MMR_E_INTERNAL with the first violated invariant. O(1). */
int mm_status(const struct mm_machine *machine, struct mmr_error *err) MMR_MUST_CHECK;

/* Walks everything: -Dcheck=full does so every MM_CHECK_INTERVAL operations. */
int mm_check(const struct mm_machine *machine, struct mmr_error *err) MMR_MUST_CHECK;

#endif
