/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where swap is zram: memory that holds what was swapped out, compressed.
 *
 * A page that is written takes its share of a page of the pool, which grows out of the reserves if it has to, in the middle of
 * reclaim; a slot that is given back gives back its share. So swapping frees less than it seems to, and the kernel's
 * own memory grows as processes shrink. Pages of the pool are on no list that reclaim looks at.
 *
 * How well pages compress is one number for all of them (settings.zram_percent).
 *
 * State: the frames of the pool as a list, the last one first; a bit per slot, set while zram holds something for it.
 *
 * Follows zram_write_page(), zram_slot_free_notify() (drivers/block/zram/zram_drv.c) and alloc_zspage() (mm/zsmalloc.c) of
 * v6.12.
 *
 * Not modelled: size classes, and holes in the pool where slots were freed, which make it larger; pages of one value,
 * which take nothing; that compaction moves the pool's pages; limits and writeback of the device; zswap.
 */
#include "internal.h"

#include "alloc.h"
#include "bitmap.h"
#include "swap.h"

#define GFP_ZSPAGE (MM_GFP_KSWAPD_RECLAIM | MM_GFP_HIGHMEM | MM_GFP_MOVABLE | MM_GFP_MEMALLOC)

int mm_zram_init(struct mm_machine *machine, struct mmr_error *err)
{
	struct mm_zram *zram = &machine->zram;
	size_t nr = (size_t)machine->swap.nr_slots + 1;

	mm_list_init(&zram->pool);
	if (machine->settings.swap_device != MM_SWAP_AT_ONCE || machine->settings.zram_percent == 0)
		return 0;
	zram->stored =
		base_calloc_err(BITMAP_WORDS(nr), sizeof(*zram->stored), "zram's slots", err);
	return zram->stored ? 0 : MMR_E_NOMEM;
}

void mm_zram_deinit(struct mm_zram *zram)
{
	base_free(zram->stored);
}

static uint64_t nr_needed(const struct mm_machine *machine)
{
	return ((uint64_t)machine->zram.nr_stored * machine->settings.zram_percent + 99) / 100;
}

/* Without a page the pool stays as it is: the page in hand is in a hole of it. */
static bool grow(struct mm_machine *machine, uint16_t cpu)
{
	const struct mm_request request = { .gfp_flags = GFP_ZSPAGE, .cpu = cpu };
	struct mm_alloc_context ac = mm_prepare_alloc(machine, &request);
	uint32_t pfn = mm_get_page_from_freelist(machine, &ac, mm_fast_alloc_flags(machine, &ac));

	if (pfn == MM_NONE)
		pfn = mm_get_page_from_freelist(machine, &ac,
		                                MM_WMARK_MIN | MM_ALLOC_NO_WATERMARKS);
	if (pfn == MM_NONE)
		return false;
	mm_list_add_head(machine, &machine->zram.pool, pfn);
	return true;
}

void mm_zram_write(struct mm_machine *machine, uint16_t cpu, uint32_t slot, uint32_t nr)
{
	struct mm_zram *zram = &machine->zram;

	if (!zram->stored)
		return;
	for (uint32_t i = slot; i < slot + nr; i++) {
		zram->nr_stored += !bitmap_test(zram->stored, i);
		bitmap_set(zram->stored, i);
	}
	while (zram->pool.count < nr_needed(machine) && grow(machine, cpu))
		;
}

void mm_zram_slot_free(struct mm_machine *machine, uint32_t slot)
{
	struct mm_zram *zram = &machine->zram;
	uint64_t needed;

	if (!zram->stored || !bitmap_test(zram->stored, slot))
		return;
	bitmap_clear(zram->stored, slot);
	zram->nr_stored--;
	needed = nr_needed(machine);
	while (zram->pool.count > needed) {
		uint32_t pfn = zram->pool.tail;

		mm_list_del(machine, &zram->pool, pfn);
		mm_free_pages(machine, machine->current.cpu, pfn);
	}
}

uint64_t mm_nr_zspages(const struct mm_machine *machine, uint32_t zone)
{
	const struct mm_list *pool = &machine->zram.pool;
	uint64_t nr = 0;

	for (uint32_t pfn = pool->head; pfn != MM_NONE; pfn = machine->pages[pfn].next)
		nr += mm_zone_spans(&machine->zones[zone], pfn);
	return nr;
}
