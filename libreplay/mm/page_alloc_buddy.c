/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The buddy allocator proper: free blocks by order and migratetype.
 *
 * A free block of 2^o pages is aligned to its size; its buddy is the other half of the block of 2^(o+1)
 * that holds it. Two free buddies never stay beside each other: freeing merges upwards as long as the
 * buddy is free, whole and of the same zone, up to order 10. Allocating takes the smallest block that is
 * large enough and cuts it; the upper halves go back to the heads of their lists, so that pages come
 * out of one block in ascending order.
 *
 *	free_area[o].lists[type]:  head -> newest … oldest <- tail
 *
 * A freed block goes to the head, where it is taken next while it is still in the caches, unless the
 * block one order up is likely to form soon: then to the tail, where it is left alone.
 * All pages of a pageblock are on lists of the pageblock's type; so a block of order 9 or 10 rules
 * the type of what it covers, and merging blocks of different types retypes the smaller part.
 *
 * Follows __free_one_page(), expand(), __rmqueue_smallest(), move_freepages_block() of v6.12 and v6.1.
 *
 * Before 6.10 a free block could be on the list of another type than its pageblock's: pages kept the
 * type that they were freed with while they were on a per-CPU list, and a merge asked no one.
 *
 * Not modelled: guard pages, page reporting, shuffling (no effect without them).
 */
#include "internal.h"

static void account_freepages(struct mm_zone *zone, int64_t nr_pages, uint8_t migratetype)
{
	if (migratetype == MM_ISOLATE)
		return;
	zone->free_pages += nr_pages;
	if (migratetype == MM_HIGHATOMIC)
		zone->nr_free_highatomic += nr_pages;
	else if (migratetype == MM_CMA)
		zone->nr_free_cma += nr_pages;
}

static void add_to_free_list(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                             uint32_t order, uint8_t migratetype, bool to_tail)
{
	struct mm_free_area *area = &zone->free_area[order];
	struct mm_page *page = &machine->pages[pfn];

	MM_CHECK(machine, (pfn & (mm_block_pages(order) - 1)) == 0, pfn);
	page->state = MM_PAGE_FREE;
	page->order = (uint8_t)order;
	page->zone = zone->index;
	page->type = migratetype;
	if (to_tail)
		mm_list_add_tail(machine, &area->lists[migratetype], pfn);
	else
		mm_list_add_head(machine, &area->lists[migratetype], pfn);
	area->nr_free++;
	account_freepages(zone, mm_block_pages(order), migratetype);
	mm_block_changes(machine, pfn, order);
}

void mm_del_from_free_list(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                           uint32_t order, uint8_t migratetype)
{
	struct mm_free_area *area = &zone->free_area[order];
	struct mm_page *page = &machine->pages[pfn];

	MM_CHECK(machine, page->state == MM_PAGE_FREE && page->order == order, pfn);
	mm_list_del(machine, &area->lists[migratetype], pfn);
	area->nr_free--;
	page->state = MM_PAGE_TAIL;
	account_freepages(zone, -(int64_t)mm_block_pages(order), migratetype);
	mm_block_changes(machine, pfn, order);
}

void mm_move_free_block(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                        uint8_t migratetype)
{
	uint32_t order = machine->pages[pfn].order;

	mm_del_from_free_list(machine, zone, pfn, order, machine->pages[pfn].type);
	add_to_free_list(machine, zone, pfn, order, migratetype, true);
}

static bool is_free_buddy(const struct mm_machine *machine, const struct mm_zone *zone,
                          uint32_t pfn, uint32_t order)
{
	return mm_zone_spans(zone, pfn) && machine->pages[pfn].state == MM_PAGE_FREE &&
	       machine->pages[pfn].order == order && machine->pages[pfn].zone == zone->index;
}

/* Whether the block one order up would be complete if the buddy of this one were freed. */
static bool buddy_merge_likely(const struct mm_machine *machine, const struct mm_zone *zone,
                               uint32_t pfn, uint32_t order)
{
	uint32_t parent = pfn & ~mm_block_pages(order);

	if (order >= MM_MAX_ORDER - 1)
		return false;
	return is_free_buddy(machine, zone, parent ^ mm_block_pages(order + 1), order + 1);
}

static bool is_mergeable(uint8_t migratetype)
{
	return migratetype < MM_NR_PCPTYPES;
}

void mm_set_block_types(struct mm_machine *machine, uint32_t pfn, uint32_t order,
                        uint8_t migratetype)
{
	uint32_t first = pfn >> MM_PAGEBLOCK_ORDER;
	uint32_t nr = order > MM_PAGEBLOCK_ORDER ? 1u << (order - MM_PAGEBLOCK_ORDER) : 1;

	if (machine->mobility_disabled && migratetype < MM_NR_PCPTYPES)
		migratetype = MM_UNMOVABLE;
	for (uint32_t i = 0; i < nr; i++)
		machine->block_types[first + i] = migratetype;
}

/* compaction_capture(): a run that wants just this block has it before anyone else can. */
static bool capture(struct mm_machine *machine, const struct mm_zone *zone, uint32_t pfn,
                    uint32_t order, uint8_t migratetype)
{
	const struct mm_compact_control *cc = machine->current.capturing;

	if (!cc || (int)order != cc->order || zone->index != cc->zone ||
	    machine->current.captured != MM_NONE || migratetype == MM_CMA ||
	    migratetype == MM_ISOLATE)
		return false;
	if (order < MM_PAGEBLOCK_ORDER && migratetype == MM_MOVABLE &&
	    cc->migratetype != MM_MOVABLE)
		return false;
	machine->pages[pfn].state = MM_PAGE_TAIL;
	machine->pages[pfn].zone = zone->index;
	machine->current.captured = pfn;
	return true;
}

void mm_free_one_page(struct mm_machine *machine, uint32_t pfn, uint32_t order, uint8_t migratetype,
                      bool to_tail)
{
	struct mm_zone *zone = mm_page_zone(machine, pfn);

	MM_CHECK(machine, machine->pages[pfn].state != MM_PAGE_FREE, pfn);
	MM_CHECK(machine, mm_zone_spans(zone, pfn + mm_block_pages(order) - 1), pfn);
	while (order < MM_MAX_ORDER) {
		uint32_t buddy = pfn ^ mm_block_pages(order);
		uint8_t buddy_type;

		if (capture(machine, zone, pfn, order, migratetype))
			return;
		if (!is_free_buddy(machine, zone, buddy, order))
			break;
		buddy_type = mm_block_type(machine, buddy);
		if (order >= MM_PAGEBLOCK_ORDER && buddy_type != migratetype &&
		    (!is_mergeable(buddy_type) || !is_mergeable(migratetype)))
			break;
		mm_del_from_free_list(machine, zone, buddy, order, machine->pages[buddy].type);
		if (buddy_type != migratetype && machine->settings.kernel >= MM_KERNEL_STRICT_TYPES)
			mm_set_block_types(machine, buddy, order, migratetype);
		machine->pages[pfn].state = MM_PAGE_TAIL;
		pfn &= buddy;
		order++;
	}
	add_to_free_list(machine, zone, pfn, order, migratetype,
	                 to_tail || buddy_merge_likely(machine, zone, pfn, order));
}

void mm_free_to_buddy(struct mm_machine *machine, uint32_t pfn, uint32_t order)
{
	uint32_t end = pfn + mm_block_pages(order);
	bool whole =
		order <= MM_PAGEBLOCK_ORDER || machine->settings.kernel < MM_KERNEL_STRICT_TYPES;
	uint32_t piece = whole ? order : MM_PAGEBLOCK_ORDER;
	uint8_t zone = machine->pages[pfn].zone;

	machine->pages[pfn].state = MM_PAGE_TAIL;
	for (; pfn < end; pfn += mm_block_pages(piece)) {
		machine->pages[pfn].zone = zone;
		mm_free_one_page(machine, pfn, piece, mm_block_type(machine, pfn), false);
	}
}

void mm_expand(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn, uint32_t low,
               uint32_t high, uint8_t migratetype)
{
	while (high > low) {
		high--;
		add_to_free_list(machine, zone, pfn + mm_block_pages(high), high, migratetype,
		                 false);
	}
}

uint32_t mm_rmqueue_smallest(struct mm_machine *machine, struct mm_zone *zone, uint32_t order,
                             uint8_t migratetype)
{
	for (uint32_t o = order; o < MM_NR_ORDERS; o++) {
		uint32_t pfn = zone->free_area[o].lists[migratetype].head;

		if (pfn == MM_NONE)
			continue;
		mm_del_from_free_list(machine, zone, pfn, o, migratetype);
		mm_expand(machine, zone, pfn, order, o, migratetype);
		return pfn;
	}
	return MM_NONE;
}

uint32_t mm_move_freepages(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                           uint8_t migratetype)
{
	uint32_t start = pfn & ~(MM_PAGEBLOCK_PAGES - 1);
	uint32_t end = start + MM_PAGEBLOCK_PAGES;
	uint32_t moved = 0;

	if (!mm_zone_spans(zone, start) && machine->settings.kernel < MM_KERNEL_STRICT_TYPES)
		start = pfn;
	if (!mm_zone_spans(zone, start) || !mm_zone_spans(zone, end - 1))
		return 0;
	for (uint32_t at = start; at < end;) {
		const struct mm_page *page = &machine->pages[at];
		uint32_t order = page->order;

		if (page->state != MM_PAGE_FREE) {
			at++;
			continue;
		}
		mm_del_from_free_list(machine, zone, at, order, page->type);
		add_to_free_list(machine, zone, at, order, migratetype, true);
		moved += mm_block_pages(order);
		at += mm_block_pages(order);
	}
	return moved;
}

uint32_t mm_move_freepages_block(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                                 uint8_t migratetype)
{
	uint32_t start = pfn & ~(MM_PAGEBLOCK_PAGES - 1);

	if (!mm_zone_spans(zone, start) || !mm_zone_spans(zone, start + MM_PAGEBLOCK_PAGES - 1))
		return 0;
	mm_set_block_types(machine, start, MM_PAGEBLOCK_ORDER, migratetype);
	return mm_move_freepages(machine, zone, pfn, migratetype);
}

/* The pageblocks of a free block that is on no list now, each to the lists of its type. */
static void split_large_buddy(struct mm_machine *machine, const struct mm_zone *zone, uint32_t pfn,
                              uint32_t order)
{
	for (uint32_t end = pfn + mm_block_pages(order); pfn < end; pfn += MM_PAGEBLOCK_PAGES) {
		machine->pages[pfn].zone = zone->index;
		mm_free_one_page(machine, pfn, MM_PAGEBLOCK_ORDER, mm_block_type(machine, pfn),
		                 false);
	}
}

bool mm_move_freepages_block_isolate(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                                     uint8_t migratetype)
{
	uint32_t head = pfn & ~(mm_block_pages(MM_MAX_ORDER) - 1);
	uint8_t type = machine->mobility_disabled && migratetype < MM_NR_PCPTYPES ? MM_UNMOVABLE
	                                                                          : migratetype;

	if (!mm_zone_spans(zone, pfn) || !mm_zone_spans(zone, pfn + MM_PAGEBLOCK_PAGES - 1))
		return false;
	if (is_free_buddy(machine, zone, head, MM_MAX_ORDER)) {
		mm_del_from_free_list(machine, zone, head, MM_MAX_ORDER, machine->pages[head].type);
		mm_set_block_types(machine, pfn, MM_PAGEBLOCK_ORDER, type);
		split_large_buddy(machine, zone, head, MM_MAX_ORDER);
	} else if (is_free_buddy(machine, zone, pfn, MM_PAGEBLOCK_ORDER)) {
		mm_del_from_free_list(machine, zone, pfn, MM_PAGEBLOCK_ORDER,
		                      machine->pages[pfn].type);
		mm_set_block_types(machine, pfn, MM_PAGEBLOCK_ORDER, type);
		mm_free_one_page(machine, pfn, MM_PAGEBLOCK_ORDER, type, true);
	} else {
		mm_move_freepages_block(machine, zone, pfn, type);
	}
	return true;
}

bool mm_take_free_block(struct mm_machine *machine, uint32_t pfn, uint32_t order)
{
	if (pfn >= machine->nr_pfns)
		return false;
	for (uint32_t o = order; o < MM_NR_ORDERS; o++) {
		uint32_t head = pfn & ~(mm_block_pages(o) - 1);
		struct mm_zone *zone = mm_page_zone(machine, head);
		uint8_t migratetype;

		if (!is_free_buddy(machine, zone, head, o))
			continue;
		migratetype = machine->pages[head].type;
		mm_del_from_free_list(machine, zone, head, o, migratetype);
		while (o > order) {
			uint32_t half;

			o--;
			half = mm_block_pages(o);
			/* Keep the half that pfn is in, give the other one back. */
			if (pfn & half) {
				add_to_free_list(machine, zone, head, o, migratetype, false);
				head += half;
			} else {
				add_to_free_list(machine, zone, head + half, o, migratetype, false);
			}
		}
		machine->pages[pfn].zone = zone->index;
		return true;
	}
	return false;
}
