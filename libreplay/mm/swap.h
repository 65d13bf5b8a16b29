/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Swap inside the engine: slots, the swap cache, readahead. */
#ifndef MM_SWAP_H
#define MM_SWAP_H

#include "mm.h"
#include "mmzone.h"

/* ---- swapfile.c ---- */

int mm_swap_init(struct mm_machine *machine, uint32_t nr_slots,
                 struct mmr_error *err) MMR_MUST_CHECK;
void mm_swap_deinit(struct mm_swap *swap);
/* Up to nr times 2^order consecutive slots off the device; how many. nr = 1 for order > 0. */
uint32_t mm_get_swap_pages(struct mm_machine *machine, uint32_t cpu, uint32_t order,
                           uint32_t *slots, uint32_t nr);
/* Back to the device. */
void mm_swap_range_free(struct mm_machine *machine, uint32_t first, uint32_t nr);
/* Logical page in a slot; MM_NONE: it is nobody's or there is no such slot. */
uint32_t mm_swap_owner(const struct mm_machine *machine, uint32_t slot);
/* More than half in use: slots of pages that are in memory are given back early. */
bool mm_swap_full(const struct mm_machine *machine);

/* ---- zram.c ---- */

/* After mm_swap_init(). */
int mm_zram_init(struct mm_machine *machine, struct mmr_error *err) MMR_MUST_CHECK;
void mm_zram_deinit(struct mm_zram *zram);
/* nr pages are written to slots from this one on: the pool grows. Nothing where swap is not zram. */
void mm_zram_write(struct mm_machine *machine, uint16_t cpu, uint32_t slot, uint32_t nr);
void mm_zram_slot_free(struct mm_machine *machine, uint32_t slot);

/* ---- page_io.c ---- */

/* A page is read back, as one of zeroes or another one. */
void mm_count_swapin(struct mm_machine *machine, uint32_t number);

/* ---- swap_slots.c ---- */

/* 2^order consecutive slots for a logical page; MM_NONE if there are none. */
uint32_t mm_swap_alloc(struct mm_machine *machine, uint32_t order, uint32_t owner);
void mm_swap_free(struct mm_machine *machine, uint32_t slot, uint32_t order);

/* ---- swap_state.c ---- */

/*
 * Into memory and the swap cache, clean and not mapped, and others that may be wanted next. false: no memory.
 */
bool mm_swapin(struct mm_machine *machine, const struct mm_request *request, uint32_t number);
/* It alone, likewise, if it is in swap, for a use to come. */
void mm_swap_read_async(struct mm_machine *machine, const struct mm_request *request,
                        uint32_t number);
/* Pages to read for a fault here (address or slot) after one at last that read window; hits: uses since. At least 1. */
uint32_t mm_swap_ahead(uint32_t last, uint32_t here, uint32_t hits, uint32_t window, uint32_t max);

/* ---- swap_vma.c ---- */

#define MM_SWAP_AHEAD_MAX 32u

int mm_areas_reserve(struct mm_machine *machine, uint32_t nr_lpages,
                     struct mmr_error *err) MMR_MUST_CHECK;
void mm_areas_destroy(struct mm_machine *machine);
void mm_area_forget(struct mm_machine *machine, uint32_t page);
/* Whether swap readahead of processes' pages goes by virtual address. */
bool mm_reads_by_address(const struct mm_machine *machine);
/*
 * What a fault of space (0: it is not known) on page reads, by address, the page itself among them; 0: only that. At most
 * MM_SWAP_AHEAD_MAX.
 */
uint32_t mm_area_window(struct mm_machine *machine, uint32_t page, uint32_t space, uint32_t *pages);
/* A fault of space found the page in the swap cache; ahead: readahead had brought it, and nobody had used it yet. */
void mm_area_hit(struct mm_machine *machine, uint32_t page, uint32_t space, bool ahead);

#endif
