/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Large folios inside the engine: huge pages, smaller folios of anonymous memory, the hugetlb pool. */
#ifndef MM_HUGE_MEMORY_H
#define MM_HUGE_MEMORY_H

#include "internal.h"

/* ---- huge_memory.c ---- */

/*
 * The larger page that base page number is part of, by its first; number itself if it is part of none, or has become
 * a page of its own.
 */
uint32_t mm_whole_page(const struct mm_machine *machine, uint32_t number);
/* The page to use for base page number: the same, unless the contents of that base page have ended. */
uint32_t mm_base_page(struct mm_machine *machine, uint32_t number);
/* Whether the numbers of a page of this order are a page's, and none of them is in use. */
bool mm_has_room(const struct mm_machine *machine, uint32_t number, uint32_t order);
/* The first touch of an anonymous or shared page where a huge one may be. FAILED: a small one it is. */
enum mm_touch_result mm_touch_huge(struct mm_machine *machine, const struct mm_request *request,
                                   uint32_t number, enum mm_lpage_kind kind, uint32_t flags);
/* All base pages of a request, one by one. */
enum mm_touch_result mm_touch_pieces(struct mm_machine *machine, const struct mm_request *request,
                                     uint32_t number, enum mm_lpage_kind kind, uint32_t flags);
/* A page of tmpfs that a system call brought in is in no page table. */
void mm_enter_unmapped(struct mm_machine *machine, uint32_t pfn);
/* A larger page that ends as a whole: its base pages forget that they were part of it. */
void mm_forget_parts(struct mm_machine *machine, uint32_t number);
/* … that is in memory and on its list, or unevictable. false: it cannot be split now. */
bool mm_take_apart(struct mm_machine *machine, uint32_t number);
/* A larger page that has left memory goes on as base pages. */
void mm_split_evicted(struct mm_machine *machine, uint32_t number);
/* A larger page in memory and off the lists: base pages, on no list either. What had ended of it is free. */
void mm_split_page(struct mm_machine *machine, uint32_t pfn);

/* ---- anon_folio.c ---- */

void mm_count_folio(struct mm_machine *machine, uint32_t order, enum mm_folio_stat stat);
/* The first touch of an anonymous or shared base page, by request->folio_orders. MM_TOUCH_FAILED: there is no folio for it. */
enum mm_touch_result mm_touch_folio(struct mm_machine *machine, const struct mm_request *request,
                                    uint32_t number, enum mm_lpage_kind kind, uint32_t flags);
/* The base pages of a new folio are holes, but number. */
void mm_make_holes(struct mm_machine *machine, uint32_t head, uint32_t number);

/* ---- hugetlb.c ---- */

/* A page that was a mapping's goes back to the pool. false: it does not, and is to be freed. */
bool mm_hugetlb_put(struct mm_machine *machine, uint32_t number);

#endif
