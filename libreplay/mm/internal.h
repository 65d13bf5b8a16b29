/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of mm/ know of each other, a section per .c file; page_alloc.h has the allocator's. Every .c file here
 * includes this one and nothing else of mm/, so a unit test shims it in one place.
 */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include <string.h>

#include "gfp.h"
#include "huge_area.h"
#include "mm.h"
#include "mmzone.h"
#include "page_alloc.h"
#include "page_idle.h"
#include "pgtable.h"
#include "policy.h"
#include "show_mem.h"
#include "swap.h"
#include "tlb.h"

/* The reference model of a type, for one kind of look: see reference.c. */
struct mm_reference_type {
	uint32_t share;   /* of MM_REFERENCE_ONE */
	uint32_t outcome; /* the same, of what comes of it; UINT32_MAX: as it comes */
	uint32_t known;   /* moving mean of known accesses, << 8 */
	int64_t behind; /* pages that should have been young, less those that were, x MM_REFERENCE_ONE */
	struct mm_reference_stats stats;
};

struct mm_reference {
	struct mm_reference_type types[MM_NR_LRU_TYPES][MM_NR_LOOKS];
	struct rng rng;
	bool on;
};

/* A page that the recording has in memory, in looks of its type: see residence.c. */
struct mm_residence {
	uint32_t since;
	uint32_t until;  /* 0: it is not there, or nothing is known of it */
	uint32_t looked; /* when the machine looked at it last */
};

struct mm_residence_model {
	struct mm_residence *pages; /* [nr_pages] */
	uint32_t nr_pages;
	bool on;
	bool timed;                      /* the clock goes by looks, not by what was evicted */
	uint32_t looks[MM_NR_LRU_TYPES]; /* now */
};

/* What pages wait for in a CPU's batches, in the order in which these are emptied: see folio_batch.c. */
enum mm_folio_batch_kind {
	MM_BATCH_ADD,
	MM_BATCH_MOVE_TAIL,
	MM_BATCH_DEACTIVATE_FILE,
	MM_BATCH_DEACTIVATE,
	MM_BATCH_LAZYFREE,
	MM_BATCH_ACTIVATE,
	MM_NR_BATCHES
};

#define MM_FOLIO_BATCH 31u

struct mm_folio_wait {
	uint32_t pfn;
	uint32_t logical; /* what was in it then */
};

struct mm_folio_batch {
	uint32_t nr;
	struct mm_folio_wait waits[MM_FOLIO_BATCH];
};

struct mm_cpu_batches {
	uint32_t nr; /* entries of all */
	struct mm_folio_batch of[MM_NR_BATCHES];
};

/* A memory area, for swap readahead: see swap_vma.c. */
struct mm_area {
	uint32_t space;
	uint32_t number; /* 0: those of which nothing is known */
	uint32_t next;   /* of the same hash */
	uint32_t last;   /* address of the last fault on a page in swap, in pages */
	uint32_t window; /* pages that it read */
	uint32_t hits;   /* uses of pages read ahead since */
	uint32_t born;   /* of its space, whose number may be used again */
};

struct mm_areas {
	bool on;
	uint32_t *of; /* [nr_pages]: area of each logical page, or MM_NONE */
	uint32_t nr_pages;
	struct mm_area *items; /* [nr] */
	uint32_t *heads;       /* [room] */
	uint32_t nr;
	uint32_t room;
};

/* The zones that have memory, best first. */
struct mm_zonelist {
	uint32_t nr;
	uint8_t zones[MM_MAX_ZONES]; /* indices */
};

struct mm_ksm;

struct mm_machine {
	struct mm_page *pages; /* [nr_pfns] */
	struct mm_lpage *lpages;
	uint8_t *block_types;  /* [pfn >> MM_PAGEBLOCK_ORDER] */
	uint8_t *block_states; /* … 8 bytes each: see show_blocks.c */
	bool *block_changed;   /* … since they were counted */
	uint8_t *block_rooms; /* … 1 + the order of the largest range in which all can be moved */
	uint8_t *skip;        /* [pfn >> MM_PAGEBLOCK_ORDER]: compaction found nothing here */
	uint16_t *owned;      /* [pfn >> MM_PAGEBLOCK_ORDER]: pages that the machine was given */
	struct mm_block_work *work; /* [pfn >> MM_PAGEBLOCK_ORDER]: compaction's */
	uint16_t *holes;            /* [pfn >> MM_PAGEBLOCK_ORDER]: page frames without memory */
	void *policy_pages;         /* [nr_pfns], policy->page_size bytes each */
	uint32_t *next_use;         /* [nr_lpages], if policy->wants_future */
	uint64_t counters[MM_NR_VMSTAT_ITEMS];
	const struct mm_policy_ops *policy;
	const struct mm_policy_ops *other; /* that mm_switch_policy() goes to; or NULL */
	uint32_t nr_pfns;
	uint32_t nr_lpages;
	uint32_t nr_zones;
	uint32_t nr_nodes;
	uint32_t nr_cpus;
	uint32_t nr_cached;                         /* frames in use of a bare page cache */
	uint8_t *homes;                             /* [nr_cpus]: node of each CPU */
	struct mm_zonelist zonelists[MM_MAX_NODES]; /* of those on this node */
	bool mobility_disabled;
	bool building;                  /* until mm_seed_done() */
	bool have_wmarks;               /* recorded ones are in use */
	uint8_t batch_size;             /* of folios; 1: nobody waits */
	uint8_t batch_size_enabled;     /* … when nobody empties a range of page frames */
	uint32_t nr_lru_disabled;       /* ranges that are being emptied */
	uint32_t nr_kept;               /* entries of struct mm_kept of calls that wait */
	struct mm_cpu_batches *batches; /* [nr_cpus] */
	struct mm_current current;      /* of whoever calls */
	uint64_t nr_extfrag;
	uint64_t oom_stamp; /* pages freed when nobody could be killed last */
	struct mm_slab slab;
	struct mm_space *spaces;
	uint32_t *owners;  /* of lpages: number of a space, or 0 */
	int64_t committed; /* pages, of all spaces and of what is not known */
	uint64_t last_space_order;
	struct mm_list held; /* mm_hold_page() */
	uint32_t held_space;
	uint32_t nr_spaces;
	uint32_t nr_free_spaces;
	uint32_t free_space; /* 0: none */
	uint32_t orders;  /* a bit for each order > 0 that a page other than the kernel's has had */
	uint32_t copied;  /* logical page that was copied last, or MM_NONE */
	uint64_t nr_anon; /* base pages in memory, by what they hold */
	uint64_t nr_anon_huge; /* of it: huge pages */
	uint64_t nr_file;
	uint64_t nr_shmem;
	uint64_t nr_dirty; /* file pages */
	uint64_t nr_swapcached;
	uint64_t nr_unevictable;
	uint64_t nr_used; /* base pages in USED, ISOLATED and WRITEBACK blocks */
	struct mm_writeback writeback;
	uint64_t nr_writeback; /* base pages */
	uint64_t nr_written;   /* base pages, since the start */
	struct mm_swap swap;
	struct mm_settings settings;
	struct mm_hooks hooks;
	struct rng rng;
	struct mm_reference reference;
	struct mm_residence_model residence;
	uint64_t *idle_young; /* page_idle.c; NULL: nobody has marked pages */
	struct mm_page_tables tables;
	struct mm_areas areas;
	struct mm_huge_areas huge;
	struct mm_hugetlb hugetlb;
	struct mm_cma cma;
	struct mm_zram zram;
	struct mm_tlb *tlb; /* NULL: nobody asked */
	struct mm_ksm *ksm; /* likewise */
	uint64_t folio_stats[MM_NR_ORDERS][MM_NR_FOLIO_STATS];
	struct mm_broken broken;
	const char *lacks; /* what there was no memory for; NULL: nothing */
	struct mm_node nodes[MM_MAX_NODES];
	struct mm_zone zones[MM_MAX_ZONES];
};

/* Cheap invariants: recorded once, returned by mm_status(). */
void mm_broken(struct mm_machine *machine, const char *where, const char *what, uint32_t pfn);
#if MMR_CHECK
#define MM_CHECK(machine, condition, pfn)                                  \
	do {                                                               \
		if (__builtin_expect(!(condition), 0))                     \
			mm_broken((machine), __func__, #condition, (pfn)); \
	} while (0)
#else
#define MM_CHECK(machine, condition, pfn) ((void)sizeof(condition))
#endif

#define MM_MAX_CPUS 4096u

static inline const struct mm_zonelist *mm_zonelist_of(const struct mm_machine *machine,
                                                       uint32_t cpu)
{
	return &machine->zonelists[machine->homes[cpu]];
}
#define MM_MAX_LPAGES (1u << 28)
#define MM_MAX_SLOTS  (1u << 31)

/*
 * Pages of a queue being written to swap at a time: a reclaimer that would add to them waits (blk_mq_get_tag()) for one of
 * 256 requests, which have BLK_PLUG_FLUSH_SIZE each.
 */
#define MM_WRITEBACK_LIMIT 8192u
/* … and to files, where nothing is set. */
#define MM_WRITE_QUEUE 1024u

/* Runs of kswapd without result before it gives up. */
#define MM_MAX_FAILURES 16

/* ---- lists by pfn ---- */

static inline void mm_list_init(struct mm_list *list)
{
	list->head = MM_NONE;
	list->tail = MM_NONE;
	list->count = 0;
}

static inline void mm_list_add_head(struct mm_machine *machine, struct mm_list *list, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];

	page->prev = MM_NONE;
	page->next = list->head;
	if (list->head != MM_NONE)
		machine->pages[list->head].prev = pfn;
	else
		list->tail = pfn;
	list->head = pfn;
	list->count++;
}

static inline void mm_list_add_tail(struct mm_machine *machine, struct mm_list *list, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];

	page->next = MM_NONE;
	page->prev = list->tail;
	if (list->tail != MM_NONE)
		machine->pages[list->tail].next = pfn;
	else
		list->head = pfn;
	list->tail = pfn;
	list->count++;
}

static inline void mm_list_del(struct mm_machine *machine, struct mm_list *list, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];

	MM_CHECK(machine, list->count > 0, pfn);
	MM_CHECK(machine, page->prev != MM_NONE || list->head == pfn, pfn);
	MM_CHECK(machine, page->next != MM_NONE || list->tail == pfn, pfn);
	if (page->prev != MM_NONE)
		machine->pages[page->prev].next = page->next;
	else
		list->head = page->next;
	if (page->next != MM_NONE)
		machine->pages[page->next].prev = page->prev;
	else
		list->tail = page->prev;
	list->count--;
}

/* What lies before pfn goes behind the tail: pfn is the head then (move_freelist_head()). */
static inline void mm_list_rotate_head(struct mm_machine *machine, struct mm_list *list,
                                       uint32_t pfn)
{
	uint32_t last = machine->pages[pfn].prev;

	if (last == MM_NONE)
		return;
	machine->pages[list->tail].next = list->head;
	machine->pages[list->head].prev = list->tail;
	machine->pages[last].next = MM_NONE;
	machine->pages[pfn].prev = MM_NONE;
	list->head = pfn;
	list->tail = last;
}

/* … and pfn with it: it is the tail then (move_freelist_tail()). */
static inline void mm_list_rotate_tail(struct mm_machine *machine, struct mm_list *list,
                                       uint32_t pfn)
{
	if (machine->pages[pfn].next != MM_NONE)
		mm_list_rotate_head(machine, list, machine->pages[pfn].next);
}

/* All of from, in its order, before the head of to. */
static inline void mm_list_splice_head(struct mm_machine *machine, struct mm_list *from,
                                       struct mm_list *to)
{
	if (from->count == 0)
		return;
	machine->pages[from->tail].next = to->head;
	if (to->head != MM_NONE)
		machine->pages[to->head].prev = from->tail;
	else
		to->tail = from->tail;
	to->head = from->head;
	to->count += from->count;
	mm_list_init(from);
}

/* ---- looks ---- */

/* Without hooks no time passes. */
static inline uint64_t mm_now_ns(const struct mm_machine *machine)
{
	return machine->hooks.now_ns ? machine->hooks.now_ns(machine->hooks.data) : 0;
}

/* Valid until the next reservation of logical pages. */
static inline struct mm_lpage *mm_lpage(const struct mm_machine *machine, uint32_t number)
{
	return &machine->lpages[number];
}

static inline uint32_t mm_block_pages(uint32_t order)
{
	return 1u << order;
}

/* A huge page of a file that was collapsed, by its first number; and whatever else spaces map as one that is not anonymous. */
static inline bool mm_is_file_thp(const struct mm_machine *machine, uint32_t head)
{
	const struct mm_lpage *lpage = mm_lpage(machine, head);

	return lpage->kind == MM_LPAGE_FILE && lpage->order == MM_PAGEBLOCK_ORDER &&
	       head / MM_PAGEBLOCK_PAGES < machine->huge.nr_chunks &&
	       machine->huge.chunks[head / MM_PAGEBLOCK_PAGES].collapsed;
}

static inline bool mm_is_mapped_as_one(const struct mm_machine *machine, uint32_t head)
{
	const struct mm_lpage *lpage = mm_lpage(machine, head);

	return (lpage->kind == MM_LPAGE_SHMEM && lpage->order == MM_PAGEBLOCK_ORDER) ||
	       mm_is_file_thp(machine, head);
}

/* Free pages that compaction wants beside a block of this order. */
static inline uint64_t mm_compact_gap(uint32_t order)
{
	return UINT64_C(2) << order;
}

static inline struct mm_zone *mm_page_zone(struct mm_machine *machine, uint32_t pfn)
{
	return &machine->zones[machine->pages[pfn].zone];
}

static inline struct mm_node *mm_page_node(struct mm_machine *machine, uint32_t pfn)
{
	return &machine->nodes[mm_page_zone(machine, pfn)->node];
}

static inline uint8_t mm_block_type(const struct mm_machine *machine, uint32_t pfn)
{
	return machine->block_types[pfn >> MM_PAGEBLOCK_ORDER];
}

static inline bool mm_zone_spans(const struct mm_zone *zone, uint32_t pfn)
{
	return pfn >= zone->start_pfn && pfn - zone->start_pfn < zone->spanned;
}

static inline uint64_t mm_wmark_pages(const struct mm_zone *zone, enum mm_wmark wmark)
{
	return (uint64_t)zone->wmark[wmark] + zone->boost;
}

static inline void mm_count(struct mm_machine *machine, enum mm_vmstat_item item, uint64_t nr)
{
	machine->counters[item] += nr;
}

/* A zone family's member for a zone (pgalloc_*, allocstall_*). */
static inline enum mm_vmstat_item mm_zone_item(enum mm_vmstat_item dma, uint8_t type)
{
	return (enum mm_vmstat_item)((int)dma + (type > MM_ZONE_MOVABLE ? MM_ZONE_MOVABLE : type));
}

/* Of a block of pages some are free now, or no longer, or used for something else. */
static inline void mm_block_changes(struct mm_machine *machine, uint32_t pfn, uint32_t order)
{
	machine->block_changed[pfn >> MM_PAGEBLOCK_ORDER] = true;
	if (order > MM_PAGEBLOCK_ORDER)
		machine->block_changed[(pfn >> MM_PAGEBLOCK_ORDER) + 1] = true;
}

/* ---- show_blocks.c ---- */

/* More of what struct mm_block_work counts. */
static inline void mm_add_work(uint16_t *counter, uint32_t nr)
{
	uint32_t sum = *counter + nr;

	*counter = (uint16_t)(sum < UINT16_MAX ? sum : UINT16_MAX);
}

int mm_block_states_init(struct mm_machine *machine, struct mmr_error *err) MMR_MUST_CHECK;
void mm_block_states_deinit(struct mm_machine *machine);
/* What is kept, against a count. */
int mm_check_block_states(const struct mm_machine *machine, struct mmr_error *err) MMR_MUST_CHECK;

/* ---- mm_init.c ---- */

/* Watermarks, lowmem reserve and per-CPU limits from the settings. */
void mm_setup_per_zone_wmarks(struct mm_machine *machine);

/* ---- min_free.c ---- */

/* Whether a type of zone has its share of min_free_kbytes, and no rule of its own. */
bool mm_shares_min_free(uint32_t kernel, uint8_t zone_type);
/* Of a zone that has share pages of min_free_kbytes. */
void mm_zone_wmarks(const struct mm_settings *settings, uint64_t managed, uint64_t share,
                    uint32_t wmark[MM_NR_WMARKS]);

/* ---- compaction.c ---- */

/*
 * __alloc_pages_direct_compact(): a block of the request's order, off the free lists and prepared, or
 * MM_NONE.
 */
uint32_t mm_direct_compact(struct mm_machine *machine, const struct mm_alloc_context *ac,
                           uint32_t alloc_flags, enum mm_compact_priority priority,
                           enum mm_compact_result *result);

/* ---- compaction_skip.c ---- */

/* kswapd is about to sleep: what compaction remembers of its zones may be forgotten. */
void mm_reset_isolation_suitable(struct mm_node *node);

/* ---- compaction_suitable.c ---- */

/* Whether there is enough free memory to move pages to, and failures are for lack of blocks, not of it. */
bool mm_compaction_suitable(const struct mm_machine *machine, const struct mm_zone *zone,
                            uint32_t order, uint32_t highest_zoneidx);
/* … or would be, in any zone, if a part of what can be reclaimed were. */
bool mm_compaction_zonelist_suitable(const struct mm_machine *machine,
                                     const struct mm_alloc_context *ac, uint32_t alloc_flags);

/* ---- kcompactd.c ---- */

/* A block of this order is wanted, by a request that can use the zones up to highest_zoneidx. */
void mm_wakeup_kcompactd(struct mm_node *node, uint32_t order, uint8_t highest_zoneidx);

/* ---- folio_batch.c ---- */

int mm_folio_batches_init(struct mm_machine *machine, struct mmr_error *err) MMR_MUST_CHECK;
void mm_folio_batches_deinit(struct mm_machine *machine);
/* cma.c */
void mm_cma_deinit(struct mm_machine *machine);

/* From here on pages wait. */
void mm_folio_batches_begin(struct mm_machine *machine);
/* Into a batch of machine->current.cpu; the page is on a list, unless that is what it waits for. */
void mm_folio_batch_add(struct mm_machine *machine, enum mm_folio_batch_kind kind, uint32_t pfn);
void mm_folio_batch_flush(struct mm_machine *machine, uint32_t cpu, enum mm_folio_batch_kind kind);
/* A page in a page frame has another number than was, which its batch may know it by. */
void mm_folio_batch_rename(struct mm_machine *machine, uint32_t pfn, uint32_t was);
/* Whether a page waits to join the lists, and on this CPU. */
bool mm_waits_here(const struct mm_machine *machine, uint32_t pfn);
void mm_lru_add_drain(struct mm_machine *machine, uint32_t cpu);
void mm_lru_add_drain_all(struct mm_machine *machine);
uint64_t mm_nr_waiting(const struct mm_machine *machine, enum mm_folio_batch_kind kind);

/* A batch holds it: reclaim and migration cannot have it. */
static inline bool mm_is_held(const struct mm_page *page)
{
	return page->io & MM_IO_HELD;
}

/* ---- swap.c ---- */

/* A page of memory becomes known to the policy, by a batch, or leaves it. */
void mm_lru_add_page(struct mm_machine *machine, uint32_t pfn);
/* Kernels before 6.4 count a fault that has waited for its page twice, as it is tried again. */
void mm_count_major_fault(struct mm_machine *machine, bool waits);
void mm_lru_remove_page(struct mm_machine *machine, uint32_t pfn);
void mm_mark_young(struct mm_machine *machine, uint32_t pfn);

/* ---- reference.c ---- */

/* Somebody looks whether this page was in use: the model may make it young. */
void mm_reference_look(struct mm_machine *machine, uint32_t pfn, enum mm_look look);
/* Reclaim met a page that was found in use by BESIDE or WALK before (hit: by chance, or known), or was not. */
enum mm_outcome { MM_OUTCOME_MISS, MM_OUTCOME_KNOWN, MM_OUTCOME_CHANCE };
void mm_reference_outcome(struct mm_machine *machine, uint32_t pfn, enum mm_look look,
                          enum mm_outcome outcome);

/* ---- residence.c ---- */

int mm_residence_reserve(struct mm_machine *machine, uint32_t nr_lpages,
                         struct mmr_error *err) MMR_MUST_CHECK;
void mm_residence_destroy(struct mm_machine *machine);
/* Whether the page was used since it was looked at last. */
bool mm_residence_used(const struct mm_machine *machine, uint32_t pfn);
/* The same, and this is a look. */
bool mm_residence_look(struct mm_machine *machine, uint32_t pfn);
/* A base page of a larger one, which was looked at so far. */
void mm_residence_part(struct mm_machine *machine, uint32_t whole, uint32_t part);
/* How long ago that was, in looks: 1 << MM_LOOK_SHIFT at most, and where it is not known. */
uint32_t mm_residence_since_look(const struct mm_machine *machine, uint32_t pfn);

/* ---- next_use.c ---- */

/* Room for what is known of the future of nr_lpages logical pages. 0 or MMR_E_NOMEM. */
int mm_next_use_reserve(struct mm_machine *machine, uint32_t nr_lpages,
                        struct mmr_error *err) MMR_MUST_CHECK;

/* ---- rmap.c ---- */

/* Ties a page to what it holds, and counts it; the reverse when it leaves. */
void mm_page_bind(struct mm_machine *machine, uint32_t pfn, uint32_t logical,
                  enum mm_lpage_kind kind);
void mm_page_unbind(struct mm_machine *machine, uint32_t pfn);
void mm_set_dirty(struct mm_machine *machine, uint32_t pfn);
void mm_clear_dirty(struct mm_machine *machine, uint32_t pfn);
/* The page's slot holds, or is about to hold, its contents. */
void mm_add_swapcache(struct mm_machine *machine, uint32_t pfn);
/* Takes a page out of the swap cache; it is then dirty. Its slot is for the caller to free. */
void mm_drop_swapcache(struct mm_machine *machine, uint32_t pfn);
/* Gives the slot of a page in the swap cache back, too. */
void mm_free_swapcache(struct mm_machine *machine, uint32_t pfn);
/* The same if the page is in the swap cache and nothing is on its way to the slot. */
bool mm_try_free_swapcache(struct mm_machine *machine, uint32_t pfn);

/* ---- workingset.c ---- */

void mm_workingset_eviction(struct mm_machine *machine, uint32_t pfn);
/* A page that may have been evicted is back: to the policy, and to the count of refaults. */
void mm_workingset_add(struct mm_machine *machine, uint32_t pfn);
/* Of all pages of files: that they come back is no refault. */
void mm_workingset_forget_files(struct mm_machine *machine);
void mm_workingset_age(struct mm_node *node, uint64_t nr_pages);

/* ---- memory.c ---- */

/* Frees a page that is on no list, and unties it. */
void mm_release_page(struct mm_machine *machine, uint16_t cpu, uint32_t pfn);

/* A logical page that is in use ends, wherever its contents are. */
void mm_drop_lpage(struct mm_machine *machine, uint16_t cpu, uint32_t number);

/* ---- slub.c ---- */

/* A logical page of the kernel's has come into memory; it is about to leave it. */
void mm_kmem_added(struct mm_machine *machine, uint32_t number, enum mm_kmem_kind kind);
void mm_kmem_removed(struct mm_machine *machine, uint32_t number);
/* By how it was asked for, and what the caller says (enum mm_touch_flags). */
enum mm_kmem_kind mm_kmem_kind(uint32_t gfp_flags, uint32_t touch_flags);
/* Base pages of a node, or of all for MM_NONE. */
uint64_t mm_kmem_pages(const struct mm_machine *machine, uint32_t node, enum mm_kmem_kind kind);
uint64_t mm_kmem_stacks(const struct mm_machine *machine, uint32_t node);
/* By the name that a node has for it. */
bool mm_kmem_find(const struct mm_machine *machine, uint32_t node, const char *name, size_t length,
                  uint64_t *value);
/* Frees reclaimable slabs, want pages or more if there are as many; how many. */
uint32_t mm_free_slab_pages(struct mm_machine *machine, uint16_t cpu, uint64_t want);

/* ---- shrinker.c ---- */

/* Objects that it counts now. */
uint64_t mm_shrinker_count(const struct mm_machine *machine, const struct mm_shrinker *shrinker);
/* Objects freed, and the pages that go with them. */
uint64_t mm_do_shrink_slab(struct mm_machine *machine, struct mm_shrinker *shrinker,
                           const struct mm_scan_control *sc, uint64_t *nr_pages);
/* After a pass over a node's lists. */
void mm_shrink_slab(struct mm_node *node, struct mm_scan_control *sc);

/* ---- overcommit.c ---- */

uint64_t mm_commit_limit(const struct mm_machine *machine);
uint64_t mm_committed(const struct mm_machine *machine);

/* ---- oom_kill.c ---- */

enum mm_oom_result {
	MM_OOM_KILLED,
	MM_OOM_WAIT, /* a victim has not exited yet */
	MM_OOM_NOBODY,
	MM_OOM_PANIC,
};

enum mm_oom_result mm_out_of_memory(struct mm_machine *machine, const struct mm_request *request);
uint64_t mm_oom_totalpages(const struct mm_machine *machine);
/* INT64_MIN: it cannot be killed. */
int64_t mm_oom_badness(const struct mm_space *space, uint64_t totalpages);
/* What the spaces own, against the owners of all pages. */
int mm_check_spaces(const struct mm_machine *machine, struct mmr_error *err) MMR_MUST_CHECK;
/* Before a logical page loses its kind. */
void mm_space_uncharge(struct mm_machine *machine, uint32_t page);

/* ---- filemap.c ---- */

enum mm_touch_result mm_touch_file(struct mm_machine *machine, const struct mm_request *request,
                                   uint32_t page, uint32_t flags);

/* ---- page_writeback.c ---- */

/* From this many dirty file pages on: the flushers write, tasks are slowed down (global_dirty_limits()). */
struct mm_dirty_limits {
	uint64_t background;
	uint64_t dirty;
};

int mm_writeback_init(struct mm_machine *machine, struct mmr_error *err) MMR_MUST_CHECK;
void mm_writeback_deinit(struct mm_machine *machine);
/* cpu: whose queue it goes to, if to swap. false: too many are being written. */
bool mm_start_writeback(struct mm_machine *machine, uint32_t pfn, uint16_t cpu);
/* The page leaves: nobody waits for its write any more. */
void mm_cancel_writeback(struct mm_machine *machine, uint32_t pfn);
/* No room for more writes to swap in the queue of a CPU. */
bool mm_swap_writes_full(const struct mm_machine *machine, uint16_t cpu);
struct mm_dirty_limits mm_dirty_limits(const struct mm_machine *machine);
/* The same with so many pages that may be dirty. */
struct mm_dirty_limits mm_dirty_limits_of(const struct mm_machine *machine, uint64_t pages);
/* What the watermarks and lower zones keep (calculate_totalreserve_pages()). */
uint64_t mm_totalreserve_pages(const struct mm_machine *machine);
/* The estimate of the device's bandwidth, where it is due. */
void mm_update_bandwidth(struct mm_machine *machine);

/* ---- fs_writeback.c ---- */

int mm_flushers_init(struct mm_machine *machine, struct mmr_error *err) MMR_MUST_CHECK;
void mm_flushers_deinit(struct mm_machine *machine);
/* A file page became dirty. */
void mm_queue_dirty(struct mm_machine *machine, uint32_t pfn);
/* Writes begin, as far as the flushers have a reason and the device room. */
void mm_flush(struct mm_machine *machine);
/* All that is dirty now. */
void mm_wake_flushers(struct mm_machine *machine);

/* ---- vmscan.c ---- */

void mm_wakeup_kswapd(struct mm_machine *machine, const struct mm_zone *zone, uint32_t gfp_flags,
                      uint32_t order, uint8_t highest_zoneidx);
/* Whatever the watermarks say: somebody waits for it. */
void mm_rouse_kswapd(struct mm_node *node);
/* The device takes no more writes for now. */
void mm_wait_for_queue(struct mm_machine *machine, const struct mm_scan_control *sc);
/* Pages reclaimed for this request. */
uint64_t mm_try_to_free_pages(struct mm_machine *machine, const struct mm_alloc_context *ac);
uint64_t mm_zone_reclaimable_pages(const struct mm_machine *machine, const struct mm_zone *zone);
/* A batch of a list was looked at (nr_scanned, as the kernel tells of it), and so many base pages of it freed. */
void mm_count_reclaimed(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
                        uint64_t nr_scanned, uint64_t nr_freed);
/* One round over the types; false when the pass is over. */
void mm_shrink_begin(struct mm_node *node, struct mm_scan_control *sc, struct mm_scan_pass *pass);
bool mm_shrink_step(struct mm_node *node, struct mm_scan_control *sc, struct mm_scan_pass *pass);
/* What the pages met say of the node. */
void mm_note_pass(struct mm_node *node, struct mm_scan_control *sc);
/* Another pass of the same priority, for compaction's sake. */
bool mm_should_continue_reclaim(const struct mm_node *node, const struct mm_scan_control *sc,
                                uint64_t nr_reclaimed);

/* ---- vmscan_kswapd.c ---- */

bool mm_pgdat_balanced(const struct mm_node *node, uint32_t order, uint32_t highest_zoneidx);

/* ---- vmscan_count.c ---- */

void mm_get_scan_count(struct mm_node *node, const struct mm_scan_control *sc,
                       uint32_t nr[MM_NR_LRU_TYPES]);
/* What reclaim is told of the sizes of lists and of refaults. */
const struct mm_lru_stat *mm_lru_stat(struct mm_node *node);
/* From now on only later refaults count as such. */
void mm_snapshot_refaults(struct mm_node *node);
void mm_note_cost(struct mm_node *node, enum mm_lru_type type, uint64_t nr_io, uint64_t nr_rotated);

/* ---- madvise.c ---- */

#define MM_KEPT_MAX MM_PAGEBLOCK_PAGES

/* Pages that reclaim leaves in memory, off the lists until it is through with the others. */
struct mm_kept {
	uint32_t nr;
	struct mm_folio_wait pages[MM_KEPT_MAX];
};

void mm_keep_page(struct mm_machine *machine, struct mm_kept *kept, uint32_t pfn);

/* ---- vmscan_folio.c ---- */

/* Evicts what it can of a batch; the rest goes back to the policy. Base pages freed. */
uint64_t mm_shrink_batch(struct mm_node *node, struct mm_scan_control *sc, struct mm_batch *batch,
                         uint64_t *nr_written);

#endif
