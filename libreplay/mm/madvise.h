/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What madvise() says of pages that are in use: see madvise.c. */
#ifndef MM_MADVISE_H
#define MM_MADVISE_H

#include "mm.h"

/* Pages of one page table: as many are looked at before what was found is put back. */
#define MM_TABLE_PAGES 512u

/*
 * madvise() by request->task of nr (at most MM_TABLE_PAGES) logical pages that no other address space has, in the order of
 * their addresses: MADV_COLD, or MADV_PAGEOUT. The latter may wait, as direct reclaim.
 */
void mm_madvise_cold(struct mm_machine *machine, const struct mm_request *request,
                     const uint32_t *pages, uint32_t nr);
void mm_madvise_pageout(struct mm_machine *machine, const struct mm_request *request,
                        const uint32_t *pages, uint32_t nr);

/*
 * madvise(MADV_WILLNEED) by request->task of a page, more: and of the next one. If it is in swap it is read, without waiting for it,
 * and without the pages around it; its next use is a minor fault. May wait for memory. Nothing is counted as readahead.
 */
void mm_madvise_willneed(struct mm_machine *machine, const struct mm_request *request,
                         uint32_t page, bool more);

/*
 * One that the original wrote or freed for the sake of a memory cgroup: it goes, or begins to, or is what is left of
 * that. Of a larger one the first page counts.
 */
void mm_memcg_reclaim(struct mm_machine *machine, const struct mm_request *request, uint32_t page);
/* A fault for a huge page takes a small one; charged: not because there was none, but for its memory cgroup. */
void mm_count_fallback(struct mm_machine *machine, bool charged);

#endif
