/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What compaction remembers: where its scanners stopped, and which pageblocks were of no use.
 *
 * A zone has three positions: where to look for pages to move (one for asynchronous runs, one for the others)
 * and for free pages to move them to; and a bit per pageblock, shared by both scanners. When the scanners
 * meet in a run for a request, the bits may be cleared: kswapd does so before it sleeps, and the next run
 * after a long deferral; not all of them, but inwards from both ends where a sample of every eighth page shows
 * an LRU page or a free block.
 *
 * Follows __reset_isolation_suitable(), __reset_isolation_pfn(), test_and_set_skip(),
 * update_cached_migrate(), pageblock_skip_persistent() of v6.12 and v6.1.
 */
#include "compaction.h"

bool mm_isolation_suitable(const struct mm_machine *machine, const struct mm_compact_control *cc,
                           uint32_t pfn)
{
	return cc->ignore_skip_hint || !machine->skip[pfn >> MM_PAGEBLOCK_ORDER];
}

void mm_set_skip(struct mm_machine *machine, uint32_t pfn)
{
	machine->skip[pfn >> MM_PAGEBLOCK_ORDER] = 1;
}

/* Whether it was set. */
bool mm_test_and_set_skip(struct mm_machine *machine, const struct mm_compact_control *cc,
                          uint32_t pfn)
{
	bool skip = machine->skip[pfn >> MM_PAGEBLOCK_ORDER];

	if (cc->ignore_skip_hint)
		return false;
	mm_set_skip(machine, pfn);
	return skip;
}

bool mm_pageblock_skip_persistent(const struct mm_machine *machine, uint32_t pfn)
{
	for (uint32_t order = MM_PAGEBLOCK_ORDER; order < MM_NR_ORDERS; order++) {
		const struct mm_page *page = &machine->pages[pfn & ~(mm_block_pages(order) - 1)];

		if ((page->state == MM_PAGE_USED || page->state == MM_PAGE_ISOLATED) &&
		    page->order == order)
			return true;
	}
	return false;
}

void mm_update_cached_migrate(struct mm_zone *zone, const struct mm_compact_control *cc,
                              uint32_t pfn)
{
	struct mm_zone_compact *compact = &zone->compact;

	/* Of the end of a pageblock that is the end of the next one. */
	pfn = mm_block_end(pfn);
	if (pfn > compact->migrate_pfn[0])
		compact->migrate_pfn[0] = pfn;
	if (cc->mode != MM_MIGRATE_ASYNC && pfn > compact->migrate_pfn[1])
		compact->migrate_pfn[1] = pfn;
}

void mm_reset_cached_positions(struct mm_zone *zone)
{
	struct mm_zone_compact *compact = &zone->compact;

	compact->migrate_pfn[0] = compact->migrate_pfn[1] = zone->start_pfn;
	compact->free_pfn = mm_block_start(mm_zone_end(zone) - 1);
}

static bool is_on_lru(const struct mm_page *page)
{
	return page->state == MM_PAGE_USED && (page->flags & (MM_PG_LRU | MM_PG_UNEVICTABLE));
}

/* Clears the pageblock's bit if it is worth a look as a source or as a target. */
static bool reset_isolation_pfn(struct mm_machine *machine, const struct mm_zone *zone,
                                uint32_t pfn, bool source, bool target)
{
	uint32_t start = mm_block_start(pfn), end = mm_block_end(pfn);
	uint8_t *skip = &machine->skip[pfn >> MM_PAGEBLOCK_ORDER];

	if (mm_pageblock_skip_persistent(machine, pfn))
		return false;
	if (source && target && !*skip)
		return true;
	if (!source && target && mm_block_type(machine, pfn) != MM_MOVABLE)
		return false;
	start = start < zone->start_pfn ? zone->start_pfn : start;
	end = end > mm_zone_end(zone) ? mm_zone_end(zone) : end;
	for (pfn = start; pfn < end; pfn += 1u << MM_COSTLY_ORDER) {
		const struct mm_page *page = &machine->pages[pfn];

		if ((source && is_on_lru(page)) || (target && page->state == MM_PAGE_FREE)) {
			*skip = 0;
			return true;
		}
	}
	return false;
}

void mm_reset_isolation_zone(struct mm_machine *machine, struct mm_zone *zone)
{
	struct mm_zone_compact *compact = &zone->compact;
	uint32_t migrate_pfn = zone->start_pfn, free_pfn = mm_zone_end(zone) - 1;
	uint32_t reset_migrate = free_pfn, reset_free = migrate_pfn;
	bool source_set = false, free_set = false;

	if (!compact->blockskip_flush)
		return;
	compact->blockskip_flush = false;
	while (migrate_pfn < free_pfn) {
		if (reset_isolation_pfn(machine, zone, migrate_pfn, true, source_set) &&
		    migrate_pfn < reset_migrate) {
			source_set = true;
			reset_migrate = migrate_pfn;
			compact->init_migrate_pfn = migrate_pfn;
			compact->migrate_pfn[0] = compact->migrate_pfn[1] = migrate_pfn;
		}
		if (reset_isolation_pfn(machine, zone, free_pfn, free_set, true) &&
		    free_pfn > reset_free) {
			free_set = true;
			reset_free = free_pfn;
			compact->init_free_pfn = compact->free_pfn = free_pfn;
		}
		migrate_pfn += MM_PAGEBLOCK_PAGES;
		/* In a zone of a pageblock or less there is nothing below. */
		free_pfn = free_pfn >= MM_PAGEBLOCK_PAGES ? free_pfn - MM_PAGEBLOCK_PAGES : 0;
	}
	if (reset_migrate >= reset_free) {
		compact->migrate_pfn[0] = compact->migrate_pfn[1] = migrate_pfn;
		compact->free_pfn = free_pfn;
	}
}

void mm_reset_isolation_suitable(struct mm_node *node)
{
	for (uint32_t i = 0; i < node->nr_zones; i++)
		mm_reset_isolation_zone(node->machine, &node->machine->zones[node->zones[i]]);
}
