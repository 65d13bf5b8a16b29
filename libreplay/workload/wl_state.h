/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of workload/ share: the state behind struct wl, and who provides which operation.
 *
 *	number.c        which numbers are in use
 *	logical_page.c  pages by number, by pfn (places), by (mm, virtual page) (maps)
 *	page_cache.c    pages by (device, inode, index); the filemap events
 *	task.c          tasks by pid, what each is inside of; fork.c: address spaces (wl_task.h)
 *	process.c       what an OOM killer would know of them
 *	slab.c          the kernel's caches, by their shrinkers
 *	swap_slot.c     pages by swap slot
 *	fault_context.c faults, fault_huge.c larger folios', populate.c calls that fill their range (wl_fault.h)
 *	allocation.c    and release.c: page allocator events
 *	file_area.c     where pages of files can be parts of huge pages
 *	migration.c     moves; vma.c: system calls; resident.c: the start; demand.c: the ops
 *
 * Running out of memory is sticky (wl->nomem): functions then do nothing and wl_event() reports it.
 */
#ifndef WORKLOAD_WL_STATE_H
#define WORKLOAD_WL_STATE_H

#include "vec.h"
#include "wl_task.h"
#include "workload.h"

#define WL_PAGE_SHIFT 12
#define WL_HUGE_ORDER 9
#define WL_HUGE_PAGES 512u

/* Bits of gfp_flags that tell one allocation from another; the same from Linux 4.19 to 6.18. */
#define WL_GFP_MOVABLE        0x8u
#define WL_GFP_ZERO           0x100u
#define WL_GFP_DIRECT_RECLAIM 0x400u
#define WL_GFP_WRITE          0x1000u
#define WL_GFP_NOWARN         0x2000u
#define WL_GFP_NORETRY        0x10000u
#define WL_GFP_MEMALLOC       0x20000u
#define WL_GFP_COMP           0x40000u
#define WL_GFP_ACCOUNT        0x400000u
#define WL_GFP_NOMEMALLOC     0x80000u
#define WL_GFP_THISNODE       0x200000u

/* What is known of a page frame that no logical page lives in. Others are number + WL_PLACE_PAGE. */
enum wl_place {
	WL_PLACE_UNKNOWN, /* no event has named it */
	WL_PLACE_LISTED,  /* likewise, but it was on a per-CPU list when the demand began */
	WL_PLACE_FREE,
	WL_PLACE_TARGET,    /* free, but compaction has taken pages from around here */
	WL_PLACE_MOVED,     /* its contents have moved; its free is to come */
	WL_PLACE_DELETED,   /* out of the page cache by truncation; its free is to come */
	WL_PLACE_RECLAIMED, /* out of the page cache by reclaim; likewise */
	WL_PLACE_DROPPED,   /* allocated by the kernel's own reactions */
	WL_PLACE_COLLAPSE,  /* allocated by khugepaged for its next huge page */
	WL_PLACE_PAGE
};

enum wl_page_kind {
	WL_PAGE_NONE, /* the number is not in use */
	WL_PAGE_ANON,
	WL_PAGE_FILE,
	WL_PAGE_SHMEM,
	WL_PAGE_KERNEL,
	WL_PAGE_MOVABLE, /* movable, not yet named: a kernel page until then, without maps */
	WL_PAGE_PART,    /* number held for a base page of the WL_PAGE_LARGE before it */
};

enum wl_page_flags {
	WL_PAGE_OUT = 1,   /* the original had reclaimed it */
	WL_PAGE_GUESS = 2, /* ANON by its fault's address alone: the LRU may still say SHMEM;
	                    * MOVABLE of the recorder: in the swap cache it is ANON */
	WL_PAGE_LAZY = 4,  /* ANON: MADV_FREE */
	WL_PAGE_TAIL = 4,  /* FILE: at the start, of one large folio with the page frame before */
	WL_PAGE_LOCKED = 8,
	WL_PAGE_IN_HASH = 16,
	WL_PAGE_STACK = 64, /* its map counts from the highest address: exec moves the stack */
	WL_PAGE_LARGE = 32, /* KERNEL: has a number for each base page, should they be users' */
	WL_PAGE_ABSENT =
		128, /* FILE: out when the ops began, and no op has brought it to life yet */
};

static_assert(WL_NR_CAUSES <= UINT8_MAX, "a page holds causes in a byte");

struct wl_page {
	uint32_t pfn; /* WL_NONE: not in memory, or moved no one knows where */
	union {
		uint32_t index;     /* FILE: the low 32 bits */
		uint32_t nr_frames; /* KERNEL: page frames not yet freed */
	};
	union {
		uint32_t file;       /* FILE: index into files */
		uint32_t page_order; /* KERNEL */
		uint32_t slot; /* others: in swap that has, or had, its contents, or WL_NONE */
	};
	uint32_t maps; /* ANON, SHMEM, FILE: the first map */
	uint32_t next; /* FILE: in its hash chain; while a system call populates: the next page */
	uint32_t op;   /* the op that brought it to life, while it can still be completed */
	union {
		uint32_t out_slot; /* FILE: where in wl->outs it stands, if it is out */
		uint32_t purpose;  /* KERNEL: DEMAND_PAGE_TABLE, DEMAND_SLAB, DEMAND_HUGETLB or 0 */
	};
	uint32_t last_mm;    /* whose page table it was last seen to be used through, or WL_NONE */
	uint8_t alloc_cause; /* what its allocation is counted under, WL_NR_CAUSES: nothing */
	uint8_t first_cause; /* likewise, as the first movable allocation after a fault */
	uint8_t flags;
	uint8_t kind : 4;
	uint8_t nr_ops : 2;         /* emitted for it: 0, 1, or 2 for more */
	bool begins_active : 1;     /* on an active list at the start … */
	bool begins_referenced : 1; /* … and used once since somebody looked */
};

static_assert(sizeof(struct wl_page) == 36, "there is one for each logical page");

/* A logical page seen from an address space: most have one of these. */
struct wl_map {
	/* With WL_FILE_BIT: a page of a file. */
	uint64_t vpn; /* WL_AREA_BIT set: the huge area vpn & ~WL_AREA_BIT, page is its chunk */
	uint32_t mm;
	uint32_t page;
	uint32_t hash_next;
	uint32_t mm_prev;
	uint32_t mm_next;
	uint32_t page_next;
};

static_assert(sizeof(struct wl_map) == 32, "there is one for each page that is mapped");

#define WL_AREA_BIT (1ull << 63)
#define WL_FILE_BIT (1ull << 62) /* in wl_map.vpn: the page is one of a file */

/* 2^32 pages of a file: one is enough for 16 TiB. */
struct wl_file {
	uint64_t ino;
	uint32_t dev;
	uint32_t high;     /* upper bits of their index */
	uint32_t nr_pages; /* 0: the entry is free */
	uint32_t next;     /* in its hash chain, or of the free ones */
};

/* A page of a file. */
struct wl_file_place {
	uint64_t ino;
	uint64_t index;
	uint32_t dev;
};

/* How a file has been mapped. */
struct wl_file_map {
	uint64_t ino;
	uint64_t first; /* index */
	uint64_t nr;    /* pages */
	uint32_t dev;
};

DEFINE_VEC(wl_file_map_vec, struct wl_file_map);

/* 512 numbers. */
struct wl_chunk {
	uint64_t used[8];
	uint16_t nr_used;
	uint8_t class;  /* order that it serves; WL_NR_CLASSES - 1: one huge area */
	uint8_t linked; /* it is in its class's list */
	uint32_t prev;
	uint32_t next;
	uint32_t area; /* its map, if it is a huge area */
};

#define WL_NR_CLASSES  (WL_HUGE_ORDER + 2)
#define WL_CLASS_AREA  (WL_NR_CLASSES - 1)
#define WL_CLASS_EMPTY WL_NR_CLASSES

#define WL_MAX_MIGRATORS 16
#define WL_MAX_MOVES     1024

struct wl_move {
	uint64_t vpn;
	uint32_t pfn;
};

/* What one task has replaced by migration entries and not yet put back. */
struct wl_migrator {
	uint32_t task;
	uint32_t first;
	uint32_t count;
	struct wl_move *moves; /* WL_MAX_MOVES, or NULL until it is needed */
};

#define WL_MAX_DEVS 64

#define WL_MAX_SHRINKERS 128
#define WL_SEEKS         2 /* DEFAULT_SEEKS */

struct wl_shrinker {
	uint64_t id;        /* with nid */
	int64_t items;      /* objects as last told, less what was freed since */
	int64_t total_scan; /* of the call that goes on */
	uint32_t nr_pages;  /* freed by it */
	uint32_t seeks;
	int16_t nid;
	bool known;
};

struct wl_piece {
	uint64_t first_pfn;
	uint64_t begin_ns;
	uint64_t nr;
	uint64_t *flags;
};

DEFINE_VEC(wl_page_vec, struct wl_page);
DEFINE_VEC(wl_map_vec, struct wl_map);
DEFINE_VEC(wl_file_vec, struct wl_file);
DEFINE_VEC(wl_chunk_vec, struct wl_chunk);
DEFINE_VEC(wl_u32_vec, uint32_t);

/* A page that the bulk allocator took. */
struct wl_bulk {
	uint64_t t_ns;
	uint32_t pfn;
};
DEFINE_VEC(wl_bulk_vec, struct wl_bulk);
DEFINE_VEC(wl_op_vec, struct demand_op);
DEFINE_VEC(wl_piece_vec, struct wl_piece);
DEFINE_VEC(wl_extent_vec, struct wl_swap_extent);

#define WL_MAX_EXTENTS 32
#define WL_MAX_SLOTS   (1u << 30)

#define WL_MAX_DROPS 64

/* Between two snapshots: how often the page cache and slabs were dropped. */
struct wl_drops {
	uint64_t begin_ns;
	uint64_t end_ns;
	uint32_t nr_pagecache;
	uint32_t nr_slab;
};

/* Pages of files that a task deletes, and nothing else meanwhile. */
struct wl_drop_row {
	uint64_t ino;
	uint32_t dev;
	uint32_t task; /* 0: there is no row */
	uint32_t nr_files;
	bool drops; /* it is a drop of caches */
	bool slab;  /* … and slabs are next */
};

#define WL_TMPFS_TRIED 32

/* Pages for which a huge one was asked in vain; gfp_flags of that, 0 when it is known what they are. */
struct wl_tmpfs_tried {
	uint32_t page;
	uint32_t gfp_flags;
};

DEFINE_VEC(wl_tmpfs_vec, struct wl_tmpfs_place);

struct wl_tmpfs {
	struct wl_tmpfs_vec places; /* in time order */
	struct wl_u32_vec files;    /* what number each of their files goes by; 0: not met yet */
	struct wl_tmpfs_tried tried[WL_TMPFS_TRIED]; /* a ring */
	uint32_t nr_tried;
	uint32_t nr_unnamed; /* files that no event has named */
	uint32_t
		mm; /* 1 + an address space of which nobody is: places of files are its addresses; 0: none yet */
};

struct wl_hash {
	uint32_t *heads;
	uint32_t mask;
	uint32_t count;
};

/* Of a CMA area, in use since the demand began. */
struct wl_cma_range {
	uint64_t pfn;
	uint32_t nr;
	uint32_t nr_left; /* that were not given back */
	uint32_t number;
};

DEFINE_VEC(wl_cma_range_vec, struct wl_cma_range);

struct wl {
	/* by pfn - first_pfn */
	uint32_t *places;
	uint32_t *born; /* when each was allocated, by wl_born_time(); NULL: nobody asks */
	uint64_t first_pfn;
	uint64_t nr_pfns;

	struct wl_page_vec pages;
	struct wl_chunk_vec chunks;
	uint32_t chunk_lists[WL_NR_CLASSES + 1]; /* with room; the last: empty */

	struct wl_map_vec maps;
	uint32_t free_map;
	struct wl_hash map_hash;
	struct wl_hash file_page_hash;

	struct wl_file_vec files;
	struct wl_file_map_vec file_maps; /* each once, as far as there is room */
	uint32_t free_file;
	struct wl_hash file_hash;
	struct wl_u32_vec outs; /* a ring: files' pages in the order in which they were reclaimed */
	size_t oldest_out;
	uint32_t devs[WL_MAX_DEVS];
	uint32_t nr_devs;

	struct wl_span_vec spans;
	uint32_t free_span;
	struct wl_mm_vec mms;
	uint32_t free_mm;
	uint32_t nr_mappings;    /* numbers given to them */
	uint32_t nr_unaccounted; /* mappings of files without one */

	struct wl_task_vec tasks; /* 0 is no task */
	struct wl_u32_vec pids;   /* pid → task */
	struct wl_bulk_vec bulks; /* in time order */
	size_t nr_bulks_done;
	struct wl_tmpfs tmpfs;
	uint32_t oldest_exited; /* exited tasks, to be reused in this order */
	uint32_t newest_exited;
	uint32_t nr_exited;

	struct wl_migrator migrators[WL_MAX_MIGRATORS];
	uint32_t next_migrator;

	/* Pages without a name that the original had swapped out, in this order: [0] anonymous, [1] shared. */
	struct wl_u32_vec nameless[2];
	size_t oldest_nameless[2];

	struct wl_extent_vec extents; /* of swap; first_slot counts through all areas */
	struct wl_u32_vec slots;      /* slot → page, if that still says the same */

	struct wl_drops drops[WL_MAX_DROPS];
	uint32_t nr_drops;
	uint32_t first_drops; /* those before it are over */
	struct wl_drop_row drop_row;

	struct wl_shrinker shrinkers[WL_MAX_SHRINKERS];
	uint32_t nr_shrinkers;

	struct wl_cma_range_vec cma_ranges; /* that are in use */
	uint32_t nr_cma_ranges;             /* numbers that were given away */

	struct wl_piece_vec pieces;
	size_t nr_pieces_done;

	struct wl_op_vec ops;
	size_t ops_head;     /* ops before it have been consumed */
	uint64_t gone_ns;    /* when the last op before was, or 0 */
	uint32_t ops_serial; /* serial number of ops.items[ops_head] */
	struct wl_u32_vec
		late; /* serial numbers of those that were asked for before the ones before them */
	bool merges;  /* ksmd has shown itself */
	bool started; /* ops are emitted */
	bool finished;
	bool nomem;
	bool folios;      /* pages are numbered so that they can be parts of folios */
	bool tells_files; /* wl_number_files() */
	uint32_t
		files_mm; /* 1 + an address space of which nobody is: places in files are its addresses; 0: none yet */
	bool seekless_swap;
	bool generations; /* MGLRU was on at the start, and is taken to have stayed so */
	uint32_t recorder_pid;
	uint32_t khugepaged_pid; /* 0: not known */
	bool traces_faults;      /* mm_filemap_fault and mm_filemap_map_pages: v6.10 and later */
	bool tells_tlb;          /* wl_tell_tlb() */
	size_t nr_tlb;           /* of the ops that are still here */
	bool rss_per_fault;      /* rss_stat comes with every page mapped: v6.2 and later */
	uint64_t start_ns;

	/* of the event at hand */
	uint64_t now_ns;
	uint32_t task;
	uint16_t cpu;

	struct wl_explanation explain;
};

/* How many there is to be room for, of tables of pages, when it is for more than nr: by a quarter, not twice as many. */
static inline size_t wl_more(size_t nr)
{
	return nr + nr / 4 + WL_HUGE_PAGES;
}

/* Of an allocation of the kernel; of others 0. */
static inline uint8_t wl_page_order(const struct wl_page *page)
{
	return page->kind == WL_PAGE_KERNEL ? (uint8_t)page->page_order : 0;
}

/* Whether an anonymous page is part of a huge one in the original: it is there where its number is among its neighbours'. */
static inline bool wl_is_huge(const struct wl *wl, uint32_t page)
{
	const struct wl_page *p = &wl->pages.items[page];

	return p->kind == WL_PAGE_ANON && p->pfn != WL_NONE &&
	       ((p->pfn ^ page) & (WL_HUGE_PAGES - 1)) == 0;
}

/* Time for wl.born: units of 65.536 us, which go round after three days. 0: not known. */
static inline uint32_t wl_born_time(uint64_t t_ns)
{
	uint32_t t = (uint32_t)(t_ns >> 16);

	return t > 0 ? t : 1;
}

/* ---- tlb_event.c ---- */

/* tlb_flush, if it was asked for. */
void wl_tlb_event(struct wl *wl, const struct mmr_event *event);
/* A write fault copied something of which no DEMAND_COW tells. */
void wl_tlb_copied(struct wl *wl);
/* A call that may unmap, or the end of one that did what it was asked; one that moved pages elsewhere. */
void wl_tlb_call(struct wl *wl, bool begins);
void wl_tlb_moved(struct wl *wl, uint64_t pages);

/* ---- number.c ---- */

/* Numbers for a page of order 0..9: the first of 2^order consecutive ones; WL_NONE: no memory. */
uint32_t wl_number_get(struct wl *wl, unsigned int order);
/* The number of base page vpn within the huge area (mm, vpn / 512), WL_NONE if it is in use. */
uint32_t wl_number_get_area(struct wl *wl, uint32_t mm, uint64_t vpn);
/* The first number of such an area, which has its numbers from now on. */
uint32_t wl_number_of_area(struct wl *wl, uint32_t mm, uint64_t vpn);
/* Gives one number back. */
void wl_number_put(struct wl *wl, uint32_t number);

/* ---- logical_page.c ---- */

static inline bool wl_pfn_known(const struct wl *wl, uint64_t pfn)
{
	return pfn - wl->first_pfn < wl->nr_pfns;
}

static inline uint32_t *wl_place(struct wl *wl, uint64_t pfn)
{
	return &wl->places[pfn - wl->first_pfn];
}

/* The page that lives in a page frame, or WL_NONE. */
static inline uint32_t wl_page_at(struct wl *wl, uint64_t pfn)
{
	uint32_t place = wl_pfn_known(wl, pfn) ? *wl_place(wl, pfn) : WL_PLACE_UNKNOWN;

	return place < WL_PLACE_PAGE ? WL_NONE : place - WL_PLACE_PAGE;
}

/* It is looked at soon: into the cache with it. page may be WL_NONE. */
static inline void wl_expect_page(const struct wl *wl, uint32_t page)
{
	if (page < wl->pages.count)
		__builtin_prefetch(&wl->pages.items[page], 1);
}

/* Brings a page of kind to life at pfn (or WL_NONE) under a number that is not in use. */
void wl_page_init(struct wl *wl, uint32_t page, enum wl_page_kind kind, uint32_t pfn);
uint32_t wl_page_new(struct wl *wl, enum wl_page_kind kind, uint32_t pfn);
/* All that is known of a page goes to a new number, of which the demand is told; the page's own stays as it is. */
void wl_page_move(struct wl *wl, uint32_t page, uint32_t number);
/* An anonymous page gets another number, and its own is free for another: the new one, or WL_NONE. */
uint32_t wl_page_renumber(struct wl *wl, uint32_t page);
/* Puts a page into a page frame, whatever was known to be there. */
void wl_page_place(struct wl *wl, uint32_t page, uint32_t pfn);
/* Its page frame, if it has one, gets the mark place; it is nowhere then. */
void wl_page_unplace(struct wl *wl, uint32_t page, enum wl_place place);
/* Forgets a page: maps, name, number. Its page frame is left unknown. */
/* A page of a file is seen at an address, and used there: as wl_note_table(). */
uint32_t wl_map_file(struct wl *wl, uint32_t mm, uint64_t vpn, uint32_t page);
/* A page is used through an address space's page table: DEMAND_BESIDE if it was another one's the last time. */
uint32_t wl_note_table(struct wl *wl, uint32_t mm, uint32_t page);
void wl_page_forget(struct wl *wl, uint32_t page);
/* The contents are gone: DEMAND_FREE, and forgotten. */
void wl_page_die(struct wl *wl, uint32_t page);
/* A page frame turns out to be another's: whatever lived there has gone unseen. */
void wl_place_vacate(struct wl *wl, uint64_t pfn);

uint32_t wl_map_find(const struct wl *wl, uint32_t mm, uint64_t vpn);
uint32_t wl_map_page(const struct wl *wl, uint32_t mm, uint64_t vpn);
uint32_t wl_map_add(struct wl *wl, uint32_t mm, uint64_t vpn, uint32_t page);
void wl_map_remove(struct wl *wl, uint32_t map);
/* The page at (mm, vpn) becomes page; what was there loses the map only. */
void wl_map_set(struct wl *wl, uint32_t mm, uint64_t vpn, uint32_t page);
/* Removes a map; a page that has no other, and is in swap or nobody knows where, dies. */
void wl_map_drop(struct wl *wl, uint32_t map);

uint32_t wl_hash_key(uint64_t a, uint64_t b);
/*
 * What has this key has its neighbours in a side by side, a cache line of chains: files are read and memory is
 * touched in order more often than not.
 */
static inline uint32_t wl_hash_near(uint64_t a, uint64_t b)
{
	return wl_hash_key(a / 16, b) * 16 + (uint32_t)(a % 16);
}

/* Makes room for one more entry; true if the table was replaced and is to be filled again. */
bool wl_hash_grow(struct wl *wl, struct wl_hash *hash);

/* ---- page_cache.c ---- */

/* Of a page of a file: which one, for the arg of its ops (DEMAND_FILE_SHIFT). */
uint32_t wl_file_flag(const struct wl *wl, uint32_t page);
uint32_t wl_file_page(struct wl *wl, uint32_t dev, uint64_t ino, uint64_t index);
void wl_file_unname(struct wl *wl, uint32_t page);
void wl_file_event(struct wl *wl, uint32_t task, const struct mmr_event *event);

/* The fault of a task was for a page of a file that is in the cache: a touch, or the one of its coming in. */
void wl_file_fault(struct wl *wl, uint32_t task, uint32_t page);
/* What is mapped along with it: see map_around(). */
void wl_file_maps(struct wl *wl, uint32_t task, uint64_t vpn, uint32_t page);
void wl_file_around(struct wl *wl, uint32_t task, const struct mmr_event *event, uint64_t index);

/* A page gets the number, as DEMAND_RENAME tells. */
void wl_file_renumber(struct wl *wl, uint32_t page, uint32_t number);
/* Which file, by the upper bits of the index; WL_NONE. */
uint32_t wl_file_find(const struct wl *wl, uint32_t dev, uint64_t ino, uint64_t index);

/* ---- file_area.c ---- */

/* The task's fault at vpn was for a page of a file, which gets another number if that can be part of a huge page: that one. */
uint32_t wl_file_area(struct wl *wl, uint32_t task, uint64_t vpn, uint32_t page);
/* A number for a new page of an area of a file, or WL_NONE. */
uint32_t wl_file_area_number(struct wl *wl, const struct mmr_event *event, uint64_t index);
/* MADV_COLLAPSE of virtual pages [first, end): what is of files is to have its numbers. */
void wl_file_areas_wanted(struct wl *wl, uint32_t task, uint64_t first, uint64_t end);
/* The task has a huge page of a file more in its page table: its fault, if one is open, was for that. */
void wl_file_area_mapped(struct wl *wl, uint32_t task);
/* Whether a page's number is that of its place in such an area. */
bool wl_is_in_area(const struct wl *wl, uint32_t page);

/* ---- file_fault.c ---- */

/* A page of a file comes in during a fault; true: it is what the fault is for. Of kernels that tell always false. */
bool wl_fault_adds(struct wl *wl, uint32_t task, const struct mmr_event *event, uint64_t index,
                   uint32_t gfp_flags);
/* The address space has a page of a file at vpn, with once perhaps; true: what was known of the mapping said so. */
bool wl_fault_maps(struct wl *wl, uint32_t mm, uint64_t vpn, uint32_t page, bool once);
/* A page of a file is dirtied: if the task is in a fault that writes, which nothing told of so far, it may be for it. */
void wl_fault_dirties(struct wl *wl, uint32_t task, uint32_t page);
/* A fault is over. */
void wl_fault_file_end(struct wl *wl, uint32_t task);
void wl_spans_free(struct wl *wl, uint32_t mm);
void wl_spans_copy(struct wl *wl, uint32_t dst, uint32_t src);

/* ---- cma_range.c ---- */

void wl_cma_event(struct wl *wl, uint32_t task, const struct mmr_event *event);

/* ---- task.c, fork.c ---- */

/* A task for a pid that has none; 0 for pid 0 and what cannot be a pid. */
uint32_t wl_task_new(struct wl *wl, uint32_t pid);

/* Task of a pid, made if it is new; likewise. */
static inline uint32_t wl_task_of(struct wl *wl, uint32_t pid)
{
	uint32_t task = pid < wl->pids.count ? wl->pids.items[pid] : 0;

	return task ? task : wl_task_new(wl, pid);
}

void wl_task_event(struct wl *wl, uint32_t task, const struct mmr_event *event);
/* What a task is inside of, kernel threads included. */
static inline bool wl_in_reclaim(const struct wl_task *task)
{
	return task->flags & (WL_TASK_RECLAIM | WL_TASK_KSWAPD | WL_TASK_PAGEOUT | WL_TASK_CMA);
}

static inline bool wl_in_migration(const struct wl_task *task)
{
	return task->flags & (WL_TASK_COMPACT | WL_TASK_MIGRATE | WL_TASK_KCOMPACTD);
}

static inline bool wl_in_collapse(const struct wl_task *task)
{
	return task->flags & (WL_TASK_KHUGEPAGED | WL_TASK_COLLAPSE);
}

/* Address space of a task, made if it is not known. */
uint32_t wl_mm_of(struct wl *wl, uint32_t task);
uint32_t wl_mm_new(struct wl *wl);
/* One that no task has, for places in files. *mm: 1 + it, 0: it is made now. WL_NONE: it cannot be. */
uint32_t wl_mm_of_nobody(struct wl *wl, uint32_t *mm);
void wl_mm_put(struct wl *wl, uint32_t mm);
/* All maps of src in dst, too. */
void wl_mm_copy(struct wl *wl, uint32_t dst, uint32_t src);
/* A page allocated for the arguments of an exec whose new mm has this id; false if it is not. */
bool wl_mm_exec_page(struct wl *wl, uint32_t task, uint32_t id, uint32_t page);
/* A task counts for the mm with this id and does not run on it any more: whether that was its own, which it gives up. */
bool wl_mm_is_left(struct wl *wl, uint32_t task, uint32_t id);
/* A task has been seen to run on the mm with this id. */
void wl_mm_identify(struct wl *wl, uint32_t task, uint32_t id);
/* So much of files is mapped by the address space that has this id. */
void wl_mm_file_rss(struct wl *wl, uint32_t id, int64_t size);

/* ---- slab.c ---- */

/* What kernel memory is allocated for, by how it was asked for: DEMAND_PAGE_TABLE, DEMAND_SLAB or 0. */
uint32_t wl_kernel_purpose(const struct mmr_event *event);
/* What the allocator is asked for by hugetlb: DEMAND_HUGETLB, with DEMAND_SURPLUS unless it is for the pool; or 0. */
uint32_t wl_hugetlb_purpose(const struct mmr_event *event);
void wl_shrink_event(struct wl *wl, uint32_t task, const struct mmr_event *event);
/* Kernel memory that a shrinker frees: told, and forgotten. false: it is none. */
bool wl_shrink_frees(struct wl *wl, const struct wl_task *task, uint32_t page);

/* ---- swap_slot.c ---- */

/* The snapshot's map of the areas: "area dev first_slot nr_slots sector", a line for each extent. */
int wl_parse_swap(struct wl *wl, const char *text, size_t size,
                  struct mmr_error *err) MMR_MUST_CHECK;
void wl_swap_event(struct wl *wl, uint32_t task, const struct mmr_event *event);

/* ---- dropped_cache.c ---- */

void wl_add_drops(struct wl *wl, const struct wl_drops *drops);
/* From the counters of all snapshots. */
int wl_read_drops(struct wl *wl, struct mmr_trace *trace, struct mmr_error *err) MMR_MUST_CHECK;
/* A deletion, not by reclaim: whether the page is dropped, rather than truncated. */
bool wl_is_dropped(struct wl *wl, const struct mmr_event *event);
/* The task does something else. */
void wl_drop_row_ends(struct wl *wl, uint32_t task);

/* ---- process.c ---- */

/* A task and what it is part of, as ops. */
void wl_task_tell(struct wl *wl, uint32_t task);
/* … its address space alone; forked_from: an mm, or WL_NONE. */
void wl_task_tell_space(struct wl *wl, uint32_t task, uint32_t forked_from);
void wl_task_set_adj(struct wl *wl, uint32_t task, int32_t adj);
/* The processes of a snapshot. */
int wl_add_processes(struct wl *wl, const struct mmr_snapshot *snapshot,
                     struct mmr_error *err) MMR_MUST_CHECK;
/* rss_stat of the task's own address space. */
void wl_file_rss(struct wl *wl, uint32_t task, const struct mmr_event *event);
void wl_oom_event(struct wl *wl, uint32_t task, const struct mmr_event *event);

/* ---- allocation.c, release.c ---- */

/* The pages that the bulk allocator took until now. */
void wl_bulk_until(struct wl *wl, uint64_t now_ns);
void wl_alloc_event(struct wl *wl, uint32_t task, const struct mmr_event *event);
void wl_free_event(struct wl *wl, uint32_t task, const struct mmr_event *event);
/* A page of this kind came back whose name is not known: it is the one that has been out longest. */
void wl_nameless_back(struct wl *wl, uint32_t page, enum wl_page_kind kind);
/* The page may turn out to be such a one, which its next op does not know yet; if there is any. */
void wl_announce_nameless(struct wl *wl, uint32_t page);
/* mm_page_pcpu_drain: these page frames are free, if their free was not seen. */
void wl_drain_event(struct wl *wl, const struct mmr_event *event);
/* mm_lru_insertion says what kind of page it is. */
void wl_lru_event(struct wl *wl, const struct mmr_event *event);
void wl_activate_event(struct wl *wl, const struct mmr_event *event);
/*
 * A large allocation turns out to be user pages: base pages of their own, of this kind, in place of the
 * kernel page. The one at pfn, or WL_NONE.
 */
uint32_t wl_page_split(struct wl *wl, uint32_t kernel_page, uint64_t pfn, enum wl_page_kind kind);
/* Counts a page's allocation, or what it was the first of after a fault, as something else. */
void wl_recount(struct wl *wl, uint32_t page, enum wl_cause cause);
void wl_recount_first(struct wl *wl, uint32_t page, enum wl_cause cause);
/* The op that brought it to life, if it can still be completed, becomes one of this kind. */
void wl_page_complete(struct wl *wl, uint32_t page, enum demand_kind kind);
/* A page that waited for its name is anonymous; what it is counted as then. */
void wl_page_to_anon(struct wl *wl, uint32_t page, enum wl_cause cause, enum wl_cause first);
/* Likewise of the page cache, by a name that is not known. */
void wl_page_to_file(struct wl *wl, uint32_t page);
/* A page that was taken for an anonymous one is tmpfs or shared memory. */
void wl_page_to_shmem(struct wl *wl, uint32_t page, enum wl_cause cause);

/* ---- migration.c, vma.c, resident.c ---- */

void wl_migration_event(struct wl *wl, uint32_t task, const struct mmr_event *event);
/* A page of shared memory, or of a file, is freed within a collapse: it goes on where that puts it. */
void wl_collapse_frees(struct wl *wl, uint32_t task, uint64_t pfn);
void wl_khugepaged_event(struct wl *wl, uint32_t task, const struct mmr_event *event);
void wl_vma_event(struct wl *wl, uint32_t task, const struct mmr_event *event);
/* Its pages are unevictable from now on. */
void wl_page_lock(struct wl *wl, uint32_t page);
void wl_page_unlock(struct wl *wl, uint32_t page);
void wl_unmap_range(struct wl *wl, uint32_t mm, uint64_t start, uint64_t end);
/* Takes in the pieces of kpageflags that were read before now, and begins after the last. */
void wl_resident_until(struct wl *wl, uint64_t now_ns);

/* ---- commit.c ---- */

/* In pages. */
struct wl_remap {
	uint64_t from;
	uint64_t old_pages;
	uint64_t to;
	uint64_t new_pages;
};

/* Calls that succeeded, of a task that has an mm. */
void wl_commit_mmap(struct wl *wl, uint32_t task, uint64_t start, uint64_t end);
void wl_commit_unmap(struct wl *wl, uint32_t task, uint64_t start, uint64_t end);
void wl_commit_brk(struct wl *wl, uint32_t task, uint64_t old, uint64_t new);
void wl_commit_mremap(struct wl *wl, uint32_t task, const struct wl_remap *move);
/* The number of the mapping that this page belongs to, as a touch's arg has it; 0: none that is known. */
uint32_t wl_commit_flags(const struct wl *wl, uint32_t mm, uint64_t vpn);
/* Whether a private mapping without a file is known there. */
bool wl_commit_is_anon(const struct wl *wl, uint32_t mm, uint64_t vpn);
/* Whether a file is mapped there with room for a huge page. */
bool wl_commit_has_file(const struct wl *wl, uint32_t mm, uint64_t vpn);
/* That mapping is known to be of this file from now on; false: it was before. */
bool wl_commit_name_file(struct wl *wl, uint32_t mm, uint64_t vpn, const struct wl_file *file,
                         uint64_t index);
/* The page of a file that is mapped there, if need be by how files have been mapped; 0 as its ino: it is not known. */
struct wl_file_place wl_commit_guess(const struct wl *wl, uint32_t mm, uint64_t vpn);
/* … for sure. */
struct wl_file_place wl_commit_place(const struct wl *wl, uint32_t mm, uint64_t vpn);
/* Whether a huge page could be around a page: DEMAND_HUGE, DEMAND_ADMITS, DEMAND_ADVISED. */
uint32_t wl_huge_flags(const struct wl *wl, uint32_t mm, uint64_t vpn);
/* The same, or what it has for smaller folios. */
uint32_t wl_room_flags(const struct wl *wl, uint32_t mm, uint64_t vpn);
/* madvise() of [start, end). */
void wl_commit_advise(struct wl *wl, uint32_t task, uint64_t start, uint64_t end,
                      enum demand_advice advice);
/* madvise(MADV_COLLAPSE) of [start, end). */
void wl_commit_collapse(struct wl *wl, uint32_t task, uint64_t start, uint64_t end);
/* madvise() of [start, end) for KSM; these are there no more. */
void wl_ksm_advise(struct wl *wl, uint32_t task, uint64_t start, uint64_t end, bool mergeable);
void wl_ksm_unmap(struct wl *wl, uint32_t task, uint64_t start, uint64_t end);
/* ---- content_sample.c ---- */

void wl_content(struct wl *wl, const struct mmr_access_content *row);

/* ---- commit.c ---- */

/* What a task's space had before the trace. */
void wl_commit_tell(struct wl *wl, uint32_t task);
void wl_commit_copy(struct wl *wl, uint32_t dst, uint32_t src);
/* The text of a process's maps. */
int wl_commit_maps(struct wl *wl, uint32_t pid, const char *maps,
                   struct mmr_error *err) MMR_MUST_CHECK;

/* ---- demand.c ---- */

/* Adds an op at the time and by the task of the event; its serial number (for wl_op_find()). */
uint32_t wl_emit(struct wl *wl, struct demand_op op);
/* The original has reclaimed the page. */
void wl_emit_evicted(struct wl *wl, uint32_t page);
/* An op that can still be completed, and is for this page; NULL if it is gone. */
struct demand_op *wl_op_find(struct wl *wl, uint32_t serial, uint32_t page);

/* Whether the number ends in an op behind this one. */
bool wl_ends_later(const struct wl *wl, const struct demand_op *op, uint32_t number);

static inline void wl_count(struct wl *wl, enum wl_cause cause)
{
	wl->explain.counts[cause]++;
}

#endif
