/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CMA areas: memory that is lent to movable pages until its driver, or hugetlb, wants a range of it.
 *
 *	search	the first unused bits of the area that are enough and aligned (a bit is 2^order_per_bit page frames)
 *	take	the range of page frames is made free and taken (page_alloc_contig.c)
 *	busy	a page could not be moved: on from the next aligned place behind this one
 *	nomem	what is there has nowhere to go: the request fails
 *
 * Pageblocks of an area are of the type MM_CMA, whatever happens to them. Alignment is that of page frame numbers, not of
 * the place in the area.
 *
 * State: a bitmap for each area; where an area is does not change. An area of hugetlb_cma is for pages of 1 GiB (hugetlb.c).
 *
 * Follows cma_alloc(), cma_release() of v6.12 and v6.1: the older one counts as failed what asks for nothing or for more than
 * there is of the area.
 *
 * Not modelled: cma_mutex: two requests may be at work at a time, and if they meet in a pageblock then it is busy for the
 * second; ranges given back in parts.
 */
#include "alloc.h"
#include "bitmap.h"
#include "compaction.h"

#define KERNEL_COUNTS_SENSELESS MM_KERNEL(6, 2) /* before it */

static struct mm_cma_area *area_of(struct mm_machine *machine, uint32_t number)
{
	return number < machine->cma.nr_areas ? &machine->cma.areas[number] : NULL;
}

static uint32_t nr_bits(const struct mm_cma_area *area, uint32_t nr)
{
	return (nr + (1u << area->order_per_bit) - 1) >> area->order_per_bit;
}

static void set_bits(struct mm_cma_area *area, uint32_t pfn, uint32_t nr, bool used)
{
	uint32_t first = (pfn - area->base) >> area->order_per_bit;

	for (uint32_t bit = first; bit < first + nr_bits(area, nr); bit++) {
		if (used)
			bitmap_set(area->bitmap, bit);
		else
			bitmap_clear(area->bitmap, bit);
	}
}

static bool holds(const struct mm_cma_area *area, uint32_t pfn, uint32_t nr)
{
	return pfn >= area->base && nr <= area->nr && pfn - area->base <= area->nr - nr;
}

uint32_t mm_seed_cma_area(struct mm_machine *machine, uint32_t start, uint32_t nr,
                          uint32_t order_per_bit, bool hugetlb)
{
	struct mm_cma *cma = &machine->cma;
	struct mm_cma_area *area = &cma->areas[cma->nr_areas];
	uint32_t zone = 0;

	if (cma->nr_areas == MM_MAX_CMA_AREAS || nr == 0 || order_per_bit > 31 ||
	    ((start | nr) & (MM_PAGEBLOCK_PAGES - 1)) || (nr & ((1u << order_per_bit) - 1)))
		return MM_NONE;
	while (zone < machine->nr_zones &&
	       !(mm_zone_spans(&machine->zones[zone], start) &&
	         (uint64_t)start + nr <= mm_zone_end(&machine->zones[zone])))
		zone++;
	if (zone == machine->nr_zones)
		return MM_NONE;
	*area = (struct mm_cma_area){
		.base = start, .nr = nr, .order_per_bit = order_per_bit, .hugetlb = hugetlb
	};
	area->bitmap = base_calloc(BITMAP_WORDS(nr >> order_per_bit) + 1, sizeof(*area->bitmap));
	if (!area->bitmap)
		return MM_NONE;
	for (uint32_t pfn = start; pfn < start + nr; pfn += MM_PAGEBLOCK_PAGES)
		mm_seed_block_type(machine, pfn, MM_CMA);
	return cma->nr_areas++;
}

void mm_cma_deinit(struct mm_machine *machine)
{
	for (uint32_t i = 0; i < machine->cma.nr_areas; i++)
		base_free(machine->cma.areas[i].bitmap);
}

void mm_seed_cma_used(struct mm_machine *machine, uint32_t number, uint32_t pfn, uint32_t nr)
{
	struct mm_cma_area *area = area_of(machine, number);

	if (area && holds(area, pfn, nr))
		set_bits(area, pfn, nr, true);
}

/* bitmap_find_next_zero_area_off(): MM_NONE: there is none. */
static uint32_t find_unused(const struct mm_cma_area *area, uint32_t start, uint32_t nr,
                            uint32_t mask, uint32_t offset)
{
	uint32_t end = area->nr >> area->order_per_bit;

	while (start < end) {
		uint32_t first = start, bit;

		while (first < end && bitmap_test(area->bitmap, first))
			first++;
		first = ((first + offset + mask) & ~mask) - offset;
		if (first >= end || nr > end - first)
			return MM_NONE;
		for (bit = first; bit < first + nr && !bitmap_test(area->bitmap, bit);)
			bit++;
		if (bit == first + nr)
			return first;
		start = bit + 1;
	}
	return MM_NONE;
}

static uint32_t alloc_range(struct mm_machine *machine, const struct mm_request *request,
                            struct mm_cma_area *area, uint32_t nr, uint32_t align)
{
	bool coarser = align > area->order_per_bit;
	uint32_t mask = coarser ? (1u << (align - area->order_per_bit)) - 1 : 0;
	uint32_t offset = (area->base & ((1u << align) - 1)) >> area->order_per_bit;
	uint32_t start = 0;

	for (;;) {
		uint32_t bit = find_unused(area, start, nr_bits(area, nr), mask, offset), pfn;
		enum mm_contig result;

		if (bit == MM_NONE)
			return MM_NONE;
		pfn = area->base + (bit << area->order_per_bit);
		/* Others may look for a range while this one waits for memory. */
		set_bits(area, pfn, nr, true);
		result = mm_alloc_contig_range(machine, request, pfn, pfn + nr, MM_CMA);
		if (result == MM_CONTIG_DONE)
			return pfn;
		set_bits(area, pfn, nr, false);
		if (result != MM_CONTIG_BUSY)
			return MM_NONE;
		machine->cma.nr_busy++;
		start = bit + mask + 1;
	}
}

uint32_t mm_cma_alloc(struct mm_machine *machine, const struct mm_request *request, uint32_t number,
                      uint32_t nr, uint32_t align)
{
	struct mm_cma_area *area = area_of(machine, number);
	uint32_t pfn = MM_NONE;

	if (area && align < 32 && nr > 0 && nr <= area->nr)
		pfn = alloc_range(machine, request, area, nr, align);
	else if (machine->settings.kernel >= KERNEL_COUNTS_SENSELESS)
		return MM_NONE;
	mm_count(machine, pfn == MM_NONE ? MM_CMA_ALLOC_FAIL : MM_CMA_ALLOC_SUCCESS, 1);
	return pfn;
}

bool mm_cma_release(struct mm_machine *machine, uint32_t number, uint32_t pfn, uint32_t nr)
{
	struct mm_cma_area *area = area_of(machine, number);

	if (!area || nr == 0 || !holds(area, pfn, nr))
		return false;
	mm_free_contig_range(machine, pfn, nr);
	set_bits(area, pfn, nr, false);
	return true;
}

uint32_t mm_cma_area_at(const struct mm_machine *machine, uint32_t pfn)
{
	for (uint32_t i = 0; i < machine->cma.nr_areas; i++)
		if (holds(&machine->cma.areas[i], pfn, 1))
			return i;
	return MM_NONE;
}

bool mm_cma_is_used(const struct mm_machine *machine, uint32_t number, uint32_t pfn)
{
	const struct mm_cma_area *area = &machine->cma.areas[number];

	return bitmap_test(area->bitmap, (pfn - area->base) >> area->order_per_bit);
}
