/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What huge_area.c and khugepaged.c keep, and what the other files of mm/ know of them. */
#ifndef MM_HUGE_AREA_H
#define MM_HUGE_AREA_H

#include "mm.h"
#include "vec.h"

/* Areas [first, end) of a space: see huge_area.c. */
struct mm_huge_range {
	uint32_t first;
	uint32_t end;
	uint8_t advice; /* enum mm_advice, with MM_ADVICE_SHARED and its likes */
};

DEFINE_VEC(mm_huge_range_vec, struct mm_huge_range);

DEFINE_VEC(mm_number_vec, uint32_t);

#define MM_AREA_WORDS (MM_PAGEBLOCK_PAGES / 64)

/* Pages of another space's area that a fork has shared: see huge_share.c. */
struct mm_huge_loan {
	uint32_t chunk;
	uint32_t area;
	uint64_t pages[MM_AREA_WORDS]; /* a bit each */
};

DEFINE_VEC(mm_huge_loan_vec, struct mm_huge_loan);

/* A huge page of shared memory, or of a file, that a space maps as one: see shmem.c. */
struct mm_huge_map {
	uint32_t chunk;
	uint32_t serial;
};

DEFINE_VEC(mm_huge_map_vec, struct mm_huge_map);

/* Where a space has mapped an area of a file, and where others may have, too: see file_thp.c. */
struct mm_file_place {
	uint32_t area;
	uint32_t chunk;
	uint32_t file; /* to tell them apart */
};

DEFINE_VEC(mm_file_place_vec, struct mm_file_place);

struct mm_huge_space {
	struct mm_huge_range_vec ranges; /* ascending */
	struct mm_file_place_vec files;  /* likewise */
	struct mm_huge_map_vec maps;     /* by chunk, ascending */
	struct mm_huge_loan_vec loans;   /* by chunk, ascending */
	uint32_t chunks; /* the first that is one of its areas, + 1; 0: there is none */
	uint32_t prev;   /* of those that khugepaged goes through, or 0 */
	uint32_t next;
	bool registered;
	bool holds_zero;                 /* the huge zero page */
	struct mm_number_vec zero_areas; /* … is mapped in these */
};

/* 512 logical pages that can be one huge page. */
struct mm_huge_chunk {
	uint32_t space;
	uint32_t area;          /* MM_NONE: not known */
	uint32_t next;          /* of the same hash */
	uint32_t prev_of_space; /* + 1 */
	uint32_t next_of_space;
	uint32_t nr_loans;
	uint32_t nr_maps; /* spaces that map it as one, of shared memory or a file … */
	uint32_t serial;  /* … and how often that has ended for all */
	bool shared;      /* shared memory's, or a file's */
	bool collapsed;   /* a file's huge page: nobody may have it open for writing */
	bool of_file;     /* it has been mapped as a file's since anything else … */
	uint16_t cut;     /* … of which this is the first page that has ended, + 1 */
	bool read_only;   /* no entry of the area has been written to since a fork */
};

/* Huge pages that wait to be split: see deferred_split.c. */
struct mm_deferred_split {
	struct mm_number_vec numbers;
	uint64_t nr_deferred; /* that passes did not come to */
	uint32_t last;        /* that has not been counted; MM_NONE: all have */
};

/* See huge_zero.c. */
struct mm_huge_zero {
	uint32_t pfn;
	uint32_t refs; /* 0: there is none; 1: the shrinker's */
	uint64_t nr_deferred;
};

struct mm_huge_areas {
	struct mm_huge_space *spaces; /* [nr_spaces], by number */
	uint32_t nr_spaces;
	struct mm_huge_chunk *chunks; /* [nr_chunks], by logical page / 512 */
	uint32_t nr_chunks;
	uint32_t *heads; /* [mask + 1] */
	uint32_t mask;
	uint32_t nr_loans;        /* of all spaces */
	uint32_t nr_read_only;    /* chunks */
	uint32_t nr_shmem;        /* huge pages of shared memory … */
	uint32_t nr_shmem_mapped; /* … that a space maps as one */
	uint32_t nr_file;         /* likewise of files */
	uint32_t nr_file_mapped;
	uint32_t punched; /* first logical page + 1 of one that has lost a part; 0: there is none */
	struct mm_khugepaged khugepaged;
	struct mm_deferred_split deferred;
	struct mm_huge_zero zero;
};

/* What came of an area that khugepaged looked at (enum scan_result). */
enum mm_collapse {
	MM_COLLAPSE_FAIL,
	MM_COLLAPSE_SUCCEED,
	MM_COLLAPSE_PMD_NULL, /* it has become another */
	MM_COLLAPSE_PMD_NONE,
	MM_COLLAPSE_PMD_MAPPED,
	MM_COLLAPSE_PTE_NON_PRESENT,
	MM_COLLAPSE_PTE_MAPPED_HUGEPAGE, /* of shared memory: it is huge, whoever maps it how */
	MM_COLLAPSE_EXCEED_NONE_PTE,
	MM_COLLAPSE_EXCEED_SWAP_PTE,
	MM_COLLAPSE_EXCEED_SHARED_PTE,
	MM_COLLAPSE_PAGE_RO,
	MM_COLLAPSE_LACK_REFERENCED_PAGE,
	MM_COLLAPSE_PAGE_COUNT,
	MM_COLLAPSE_PAGE_LRU,
	MM_COLLAPSE_PAGE_LOCK,
	MM_COLLAPSE_PAGE_ANON,  /* of another kind */
	MM_COLLAPSE_PAGE_DIRTY, /* a file's; the kernel calls it a failure */
	MM_COLLAPSE_ALLOC_HUGE_PAGE_FAIL,
};

/* ---- huge_area.c ---- */

int mm_huge_areas_reserve(struct mm_machine *machine, uint32_t nr_lpages,
                          struct mmr_error *err) MMR_MUST_CHECK;
int mm_huge_spaces_reserve(struct mm_machine *machine, uint32_t nr_spaces,
                           struct mmr_error *err) MMR_MUST_CHECK;
void mm_huge_areas_destroy(struct mm_machine *machine);
/* The range takes the place of what is there; MM_ADVICE_GONE: nothing does. false: there is no memory. */
bool mm_ranges_set(struct mm_huge_range_vec *ranges, const struct mm_huge_range *range);
/* A fork, and the end of a space. */
void mm_huge_space_copy(struct mm_machine *machine, uint32_t to, uint32_t from);
void mm_huge_space_end(struct mm_machine *machine, uint32_t space);
/* First logical page of an area / 512; MM_NONE: none is known. */
uint32_t mm_huge_chunk(const struct mm_machine *machine, uint32_t space, uint32_t area);
/* The range that an area is in, or NULL. */
const struct mm_huge_range *mm_huge_range_at(const struct mm_machine *machine, uint32_t space,
                                             uint32_t area);
/* If the chunk lies there, it lies nowhere from now on. */
void mm_unplace_huge(struct mm_machine *machine, uint32_t chunk, uint32_t space, uint32_t area);

/* ---- huge_share.c ---- */

/* A fork: the new space borrows what there is, and nobody may write to it any more. */
void mm_huge_fork(struct mm_machine *machine, uint32_t to, uint32_t from);
/* All that a space has borrowed. */
void mm_huge_give_back(struct mm_machine *machine, uint32_t space);
/* Pages have ended, or are others from now on: nobody has borrowed them. */
void mm_huge_recall(struct mm_machine *machine, uint32_t number, uint32_t nr);
/* A space has its own copy of a page that it may have borrowed. */
void mm_huge_copied(struct mm_machine *machine, uint32_t space, uint32_t source);
/* A page is written to, by whoever it belongs to. */
void mm_huge_written(struct mm_machine *machine, uint32_t number);
/* The pages of a chunk that somebody has borrowed. */
void mm_huge_lent(const struct mm_machine *machine, uint32_t chunk, uint64_t pages[MM_AREA_WORDS]);
/* How many pages of an area a space has borrowed. */
uint32_t mm_huge_borrowed(const struct mm_machine *machine, uint32_t space, uint32_t area);
/* A chunk has become one of the areas of its space, or is none any more. */
void mm_huge_chunk_taken(struct mm_machine *machine, uint32_t number);
void mm_huge_chunk_given(struct mm_machine *machine, uint32_t number);
int mm_huge_share_check(const struct mm_machine *machine, struct mmr_error *err) MMR_MUST_CHECK;

/* ---- deferred_split.c ---- */

/* Some of a huge page's base pages have ended. */
void mm_deferred_split(struct mm_machine *machine, uint32_t number);
/* How many folios of the order are mapped in part, and counted as such. */
uint64_t mm_nr_deferred(const struct mm_machine *machine, uint32_t order);
/* Somebody looks at it before others follow. */
void mm_deferred_split_seen(struct mm_machine *machine, uint32_t number);
/* Its entry in the upper page table is replaced by 512 below. */
void mm_split_huge_pmd(struct mm_machine *machine, uint32_t number);
/* A huge page is about to be split, whatever maps it. */
void mm_split_mapped(struct mm_machine *machine, uint32_t number);
/* The queue's turn after a pass over a node's lists. */
void mm_deferred_split_scan(struct mm_node *node, const struct mm_scan_control *sc);
void mm_deferred_split_deinit(struct mm_machine *machine);
/* How many of freeable objects of a cache that only memory is to be had from a pass looks at (do_shrink_slab()). */
uint64_t mm_nr_to_scan(uint64_t *nr_deferred, uint64_t freeable, int8_t priority);

/* ---- huge_zero.c ---- */

/* Areas [first, end) of a space are gone, or all of it is. */
void mm_huge_zero_cut(struct mm_huge_space *space, uint32_t first, uint32_t end);
void mm_huge_zero_end(struct mm_machine *machine, struct mm_huge_space *space);
/* Its turn after a pass over a node's lists. */
void mm_huge_zero_scan(struct mm_machine *machine, const struct mm_scan_control *sc);

/* ---- shmem.c ---- */

/* A space has a huge page of shared memory in its upper page table now. false: it was there. */
bool mm_shmem_map_huge(struct mm_machine *machine, uint32_t space, uint32_t number);
/* Of a touch by a fault, of the base page of one: enum mm_touch_flags, with or without MM_TOUCH_FAULTED. */
uint32_t mm_shmem_fault(struct mm_machine *machine, uint32_t space, uint32_t number,
                        uint32_t flags);
/* Nobody has it any more: how many did. */
uint32_t mm_shmem_unmap_huge(struct mm_machine *machine, uint32_t number);
void mm_shmem_space_end(struct mm_machine *machine, uint32_t space);
/* … or does not map this one any more. */
void mm_shmem_unmap_one(struct mm_machine *machine, uint32_t space, uint32_t chunk);
/* A part of a page of shared memory has ended. */
void mm_shmem_punch(struct mm_machine *machine, uint32_t number);

/* ---- file_thp.c ---- */

/* Whether areas of this advice can be huge pages of files; whatever thp.enabled is. */
bool mm_file_thp_allows(const struct mm_settings *settings, uint8_t advice);
/* A page of a file that is to be collapsed: it is read if it is not there. MM_COLLAPSE_FAIL: it cannot be, or is being written; MM_COLLAPSE_PAGE_DIRTY. */
enum mm_collapse mm_file_thp_read(struct mm_machine *machine, const struct mm_request *request,
                                  uint32_t number);
/* The first pages of an area have been taken for nothing. */
void mm_file_thp_put_back(struct mm_machine *machine, uint32_t first, uint32_t nr);
/* What is dirty of the file that the space has mapped at area is written, as far as the space has mapped it. */
void mm_file_thp_flush(struct mm_machine *machine, uint32_t space, uint32_t area);
/* The page, which may be a file's, is not in the file any more. */
void mm_file_thp_cut(struct mm_machine *machine, uint32_t number);
/* The chunk of an area of a file; MM_NONE. */
uint32_t mm_file_chunk(const struct mm_huge_space *space, uint32_t area);
void mm_file_space_copy(struct mm_machine *machine, uint32_t to, uint32_t from);
/* The chunk's huge page, if it is a file's, is in one page table less, and in nr more. */
void mm_file_thp_unmapped(struct mm_machine *machine, uint32_t chunk, uint32_t nr);
/* Somebody writes to the file: what is huge of it goes. */
void mm_file_thp_opened(struct mm_machine *machine, uint32_t number);

/* ---- khugepaged.c ---- */

/* It goes through the space from now on, or not any more. */
void mm_khugepaged_enter(struct mm_machine *machine, uint32_t space);
void mm_khugepaged_exit(struct mm_machine *machine, uint32_t space);
/* A VMA of the space has this advice now. */
void mm_khugepaged_advised(struct mm_machine *machine, uint32_t space,
                           const struct mm_huge_range *range);

#endif
