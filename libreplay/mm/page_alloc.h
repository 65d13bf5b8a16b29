/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of mm/ know of the page allocator, a section per .c file. Part of internal.h, which they include. */
#ifndef MM_PAGE_ALLOC_H
#define MM_PAGE_ALLOC_H

#include "mm.h"

/* What an allocation may use; the rest of struct mm_request's words (struct alloc_context). */
struct mm_alloc_context {
	const struct mm_request *request;
	uint32_t gfp_flags;
	uint8_t order;
	uint8_t migratetype;
	uint8_t highest_zoneidx;
	uint16_t cpu;
};

enum mm_alloc_flags {
	MM_ALLOC_WMARK_MASK = 0x3, /* enum mm_wmark */
	MM_ALLOC_NO_WATERMARKS = 0x4,
	MM_ALLOC_OOM = 0x8,
	MM_ALLOC_NON_BLOCK = 0x10,
	MM_ALLOC_MIN_RESERVE = 0x20,
	MM_ALLOC_CMA = 0x80,
	MM_ALLOC_NOFRAGMENT = 0x100,
	MM_ALLOC_HIGHATOMIC = 0x200,
	MM_ALLOC_KSWAPD = 0x800,
	MM_ALLOC_RESERVES =
		MM_ALLOC_NON_BLOCK | MM_ALLOC_MIN_RESERVE | MM_ALLOC_HIGHATOMIC | MM_ALLOC_OOM,
};

/* ---- page_alloc.c ---- */

uint8_t mm_gfp_zone(uint32_t gfp_flags);
uint8_t mm_gfp_migratetype(const struct mm_machine *machine, uint32_t gfp_flags);
struct mm_alloc_context mm_prepare_alloc(const struct mm_machine *machine,
                                         const struct mm_request *request);
/* What the first try of a request may do. */
uint32_t mm_fast_alloc_flags(const struct mm_machine *machine, const struct mm_alloc_context *ac);
/* A block off the free lists becomes an allocation. */
void mm_prep_block(struct mm_machine *machine, uint32_t pfn, uint32_t order);

/*
 * Whoever wakes kswapd keeps its CPU: kswapd gets the next one (select_idle_sibling()), to whose lists it frees.
 */
void mm_note_waker(struct mm_machine *machine, const struct mm_zone *zone, uint16_t cpu);

bool mm_zone_watermark_ok(const struct mm_zone *zone, uint32_t order, uint64_t mark,
                          uint32_t highest_zoneidx, uint32_t alloc_flags, int64_t free_pages);
uint32_t mm_get_page_from_freelist(struct mm_machine *machine, const struct mm_alloc_context *ac,
                                   uint32_t alloc_flags);

/* ---- page_alloc_buddy.c ---- */

/* To the tail instead of where it would go: what nobody will want soon. */
void mm_free_one_page(struct mm_machine *machine, uint32_t pfn, uint32_t order, uint8_t migratetype,
                      bool to_tail);

/* As mm_free_one_page(), for any order: in pieces that have one migratetype each. */
void mm_free_to_buddy(struct mm_machine *machine, uint32_t pfn, uint32_t order);

/* The smallest block of this type that is large enough, cut to order; MM_NONE if there is none. */
uint32_t mm_rmqueue_smallest(struct mm_machine *machine, struct mm_zone *zone, uint32_t order,
                             uint8_t migratetype);

/* Off its free list. */
void mm_del_from_free_list(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                           uint32_t order, uint8_t migratetype);

/* To the tail of the list of another type. */
void mm_move_free_block(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                        uint8_t migratetype);

/* The first 2^low pages of a block of 2^high that is on no list; the rest goes to lists of migratetype. */
void mm_expand(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn, uint32_t low,
               uint32_t high, uint8_t migratetype);

/* The type of the pageblocks of a block. */
void mm_set_block_types(struct mm_machine *machine, uint32_t pfn, uint32_t order,
                        uint8_t migratetype);

/* All free blocks of a pageblock to the lists of another type. Pages moved; 0 if it leaves the zone. */
uint32_t mm_move_freepages(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                           uint8_t migratetype);

/* The same, and the pageblock itself. */
uint32_t mm_move_freepages_block(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                                 uint8_t migratetype);

/* The same for isolation: a free block that leaves the pageblock is cut, or merges with what is beside it. false: as above. */
bool mm_move_freepages_block_isolate(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                                     uint8_t migratetype);

/* A block out of the middle of whatever free block holds it. false: it is not free. */
bool mm_take_free_block(struct mm_machine *machine, uint32_t pfn, uint32_t order);

/* ---- page_isolation.c ---- */

/* The first page of the block, free or not, that pfn is in; MM_NONE: it is no memory. */
uint32_t mm_block_holding(const struct mm_machine *machine, uint32_t pfn);
/* What is in it can go elsewhere. */
bool mm_is_movable(const struct mm_page *page);
/* Of a zone; migratetype: of the pageblocks afterwards. false: there is a page that cannot be moved, or one is isolated already. */
bool mm_start_isolate_page_range(struct mm_machine *machine, struct mm_zone *zone, uint32_t start,
                                 uint32_t end, uint8_t migratetype);
void mm_undo_isolate_page_range(struct mm_machine *machine, struct mm_zone *zone, uint32_t start,
                                uint32_t end, uint8_t migratetype);
/* All of the range is isolated, and free. */
bool mm_test_pages_isolated(const struct mm_machine *machine, uint32_t start, uint32_t end);

/* ---- page_alloc_fallback.c ---- */

enum mm_rmqueue_mode {
	MM_RMQUEUE_NORMAL,
	MM_RMQUEUE_CMA,
	MM_RMQUEUE_CLAIM,
	MM_RMQUEUE_STEAL,
};

/* __rmqueue(): own type, then CMA, then the others. *mode lasts for one refill. */
uint32_t mm_rmqueue(struct mm_machine *machine, struct mm_zone *zone, uint32_t order,
                    uint8_t migratetype, uint32_t alloc_flags, enum mm_rmqueue_mode *mode);
void mm_reserve_highatomic(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                           uint32_t order);
bool mm_unreserve_highatomic(struct mm_machine *machine, const struct mm_alloc_context *ac,
                             bool force);

/* Whether a request of this type could take a free block of this order and its pageblock with it. */
bool mm_has_claimable_block(const struct mm_machine *machine, const struct mm_zone *zone,
                            uint32_t order, uint8_t migratetype);

/* ---- page_alloc_pcp.c ---- */

bool mm_pcp_allowed(uint32_t order);
void mm_pcp_set_limits(struct mm_machine *machine, struct mm_zone *zone);
uint32_t mm_pcp_alloc(struct mm_machine *machine, struct mm_zone *zone, uint32_t cpu,
                      uint32_t order, uint8_t migratetype, uint32_t alloc_flags);
void mm_pcp_free(struct mm_machine *machine, uint32_t cpu, uint32_t pfn, uint32_t order,
                 uint8_t migratetype);
void mm_drain_all_pages(struct mm_machine *machine);
/* Those of one CPU, and of all. */
void mm_drain_zone_cpu(struct mm_machine *machine, struct mm_zone *zone, uint32_t cpu);
void mm_drain_zone(struct mm_machine *machine, struct mm_zone *zone);
/* To the tail of a list; the page is nobody's so far. */
void mm_pcp_seed(struct mm_machine *machine, uint32_t cpu, uint32_t pfn, uint32_t order,
                 uint8_t migratetype);

#endif
