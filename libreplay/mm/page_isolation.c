/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pageblocks that nobody gets memory from: who wants a whole range of page frames isolates its pageblocks first.
 *
 *	free blocks of an isolated pageblock	on lists of their own (MM_ISOLATE), not counted as free memory
 *	pages freed there			go straight to these lists, not to a per-CPU one
 *	the rest				stays until it is moved away
 *
 * A pageblock with a page that cannot be moved is not isolated, and then none of the range stays so. A free block of two
 * pageblocks of which one is isolated is cut between them; where the isolation ends, the halves merge again. From then on
 * the pageblocks have the type that the caller says, whatever they had before.
 *
 * Follows start_isolate_page_range(), set_migratetype_isolate(), has_unmovable_pages(), unset_migratetype_isolate(),
 * test_pages_isolated() of v6.12 and v6.1.
 *
 * Not modelled: memory hotplug, which isolates more (pages with errors, balloons' pages); movable pages that are not on the
 * LRU (zsmalloc, balloons); hugetlb pages, which the kernel replaces by others where they are of 2 MiB: all these count as
 * pages that cannot be moved.
 */
#include "internal.h"

uint32_t mm_block_holding(const struct mm_machine *machine, uint32_t pfn)
{
	for (uint32_t order = 0; order <= MM_MAX_ORDER; order++) {
		uint32_t head = pfn & ~(mm_block_pages(order) - 1);
		const struct mm_page *page = &machine->pages[head];

		if (page->state != MM_PAGE_TAIL)
			return page->order >= order ? head : MM_NONE;
	}
	return MM_NONE;
}

bool mm_is_movable(const struct mm_page *page)
{
	return page->state == MM_PAGE_USED && (page->flags & (MM_PG_LRU | MM_PG_UNEVICTABLE)) &&
	       !mm_is_held(page);
}

static bool has_unmovable_pages(const struct mm_machine *machine, const struct mm_zone *zone,
                                uint32_t start, uint32_t end, uint8_t migratetype)
{
	if (mm_block_type(machine, start) == MM_CMA)
		return migratetype != MM_CMA;
	while (start < end) {
		uint32_t head = mm_block_holding(machine, start);
		const struct mm_page *page;

		if (head == MM_NONE)
			return true;
		page = &machine->pages[head];
		if (page->state != MM_PAGE_FREE && page->state != MM_PAGE_PCP &&
		    zone->type != MM_ZONE_MOVABLE && !mm_is_movable(page))
			return true;
		start = head + mm_block_pages(page->order);
	}
	return false;
}

/* Of a pageblock the part between start and end is wanted. */
static bool set_isolate(struct mm_machine *machine, struct mm_zone *zone, uint32_t block,
                        uint32_t start, uint32_t end, uint8_t migratetype)
{
	uint32_t block_end = block + MM_PAGEBLOCK_PAGES;

	if (mm_block_type(machine, block) == MM_ISOLATE)
		return false;
	return !has_unmovable_pages(machine, zone, start > block ? start : block,
	                            end < block_end ? end : block_end, migratetype) &&
	       mm_move_freepages_block_isolate(machine, zone, block, MM_ISOLATE);
}

static void unset_isolate(struct mm_machine *machine, struct mm_zone *zone, uint32_t block,
                          uint8_t migratetype)
{
	if (mm_block_type(machine, block) == MM_ISOLATE)
		mm_move_freepages_block_isolate(machine, zone, block, migratetype);
}

static uint32_t first_block(uint32_t start)
{
	return start & ~(MM_PAGEBLOCK_PAGES - 1);
}

static uint32_t last_block(uint32_t end)
{
	return (end - 1) & ~(MM_PAGEBLOCK_PAGES - 1);
}

void mm_undo_isolate_page_range(struct mm_machine *machine, struct mm_zone *zone, uint32_t start,
                                uint32_t end, uint8_t migratetype)
{
	for (uint32_t block = first_block(start); block <= last_block(end);
	     block += MM_PAGEBLOCK_PAGES)
		unset_isolate(machine, zone, block, migratetype);
}

bool mm_start_isolate_page_range(struct mm_machine *machine, struct mm_zone *zone, uint32_t start,
                                 uint32_t end, uint8_t migratetype)
{
	uint32_t first = first_block(start), last = last_block(end), block;

	if (!set_isolate(machine, zone, first, start, end, migratetype))
		return false;
	if (last == first)
		return true;
	if (!set_isolate(machine, zone, last, start, end, migratetype)) {
		unset_isolate(machine, zone, first, migratetype);
		return false;
	}
	for (block = first + MM_PAGEBLOCK_PAGES; block < last; block += MM_PAGEBLOCK_PAGES) {
		if (set_isolate(machine, zone, block, start, end, migratetype))
			continue;
		mm_undo_isolate_page_range(machine, zone, first, block, migratetype);
		unset_isolate(machine, zone, last, migratetype);
		return false;
	}
	return true;
}

bool mm_test_pages_isolated(const struct mm_machine *machine, uint32_t start, uint32_t end)
{
	while (start < end) {
		uint32_t head = mm_block_holding(machine, start);

		if (head == MM_NONE || machine->pages[head].state != MM_PAGE_FREE ||
		    mm_block_type(machine, start) != MM_ISOLATE)
			return false;
		start = head + mm_block_pages(machine->pages[head].order);
	}
	return true;
}
