/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When the lists of a request's own migratetype are empty: which pages of another type to take, and
 * whether the whole pageblock changes its type with them.
 *
 * Two ways. A *claim* takes the largest block of a foreign type, so that the least fragmentation
 * follows: of order 9 or 10, its pageblocks simply become ours; smaller, we look at its pageblock, and if
 * at least half of it (256 pages) is free or in use by something of our mobility, all its free pages
 * and its type become ours. Movable requests may only claim blocks of order 4 and up, because movable pages
 * in foreign pageblocks can be moved away later. A *steal* takes the smallest foreign block and
 * leaves the pageblock as it is; it happens when no claim succeeds, and not in the first, fragmentation
 * averse walk of the zones (NOFRAGMENT). Each attempt to claim less than a pageblock raises the
 * zone's watermark boost, so that kswapd frees ahead of the next one.
 *
 * Also here: the HIGHATOMIC reserve, pageblocks put aside for atomic requests of order > 0.
 *
 * Follows __rmqueue(), __rmqueue_claim(), __rmqueue_steal(), try_to_steal_block(),
 * find_suitable_fallback(), boost_watermark(), reserve_highatomic_pageblock(),
 * unreserve_highatomic_pageblock() of v6.12; __rmqueue_fallback(), steal_suitable_fallback() of v6.1.
 *
 * Before 6.10 there was one way: the largest foreign block, or for movable requests that may not claim
 * it the smallest, goes to our lists; where a claim is allowed all free pages of its pageblock go with
 * it, whether enough of them are alike to change the pageblock's type or not. Then we look again.
 *
 * Pages on their way to the LRU (folio_batch.c) do not count as alike.
 */
#include "internal.h"

#define NR_FALLBACKS (MM_NR_PCPTYPES - 1)

static const uint8_t fallbacks[MM_NR_PCPTYPES][NR_FALLBACKS] = {
	[MM_UNMOVABLE] = { MM_RECLAIMABLE, MM_MOVABLE },
	[MM_MOVABLE] = { MM_RECLAIMABLE, MM_UNMOVABLE },
	[MM_RECLAIMABLE] = { MM_UNMOVABLE, MM_MOVABLE },
};

/* Whether a request may try to change the type of the pageblock that a block of this order is in. */
static bool should_try_claim_block(const struct mm_machine *machine, uint32_t order,
                                   uint8_t migratetype)
{
	return order >= MM_PAGEBLOCK_ORDER / 2 || migratetype != MM_MOVABLE ||
	       machine->mobility_disabled;
}

/* The first fallback type that has a block of this order; -1 if none has. */
static int find_suitable_fallback(const struct mm_zone *zone, uint32_t order, uint8_t migratetype)
{
	const struct mm_free_area *area = &zone->free_area[order];

	if (area->nr_free == 0)
		return -1;
	for (int i = 0; i < NR_FALLBACKS; i++) {
		if (area->lists[fallbacks[migratetype][i]].count > 0)
			return fallbacks[migratetype][i];
	}
	return -1;
}

bool mm_has_claimable_block(const struct mm_machine *machine, const struct mm_zone *zone,
                            uint32_t order, uint8_t migratetype)
{
	return should_try_claim_block(machine, order, migratetype) &&
	       find_suitable_fallback(zone, order, migratetype) >= 0;
}

static bool boost_watermark(struct mm_machine *machine, struct mm_zone *zone)
{
	uint64_t high = zone->wmark[MM_WMARK_HIGH];
	uint64_t limit, factor = machine->settings.watermark_boost_factor;

	/* In a zone of four pageblocks a boost would be most of it. */
	if (factor == 0 || zone->managed < MM_PAGEBLOCK_PAGES * 4 || high == 0)
		return false;
	limit = high / 10000 * factor + high % 10000 * factor / 10000;
	if (limit < MM_PAGEBLOCK_PAGES)
		limit = MM_PAGEBLOCK_PAGES;
	zone->boost += MM_PAGEBLOCK_PAGES;
	if (zone->boost > limit)
		zone->boost = (uint32_t)limit;
	return true;
}

/* Pages of the pageblock that are free, and that are in use by something that can be moved. */
static void count_pageblock(const struct mm_machine *machine, uint32_t start, uint32_t *nr_free,
                            uint32_t *nr_movable)
{
	uint32_t end = start + MM_PAGEBLOCK_PAGES;

	*nr_free = 0;
	*nr_movable = 0;
	for (uint32_t pfn = start; pfn < end;) {
		const struct mm_page *page = &machine->pages[pfn];
		uint32_t nr = mm_block_pages(page->order);

		if (page->state == MM_PAGE_FREE) {
			*nr_free += nr;
			pfn += nr;
		} else if (page->state == MM_PAGE_USED && (page->flags & MM_PG_LRU)) {
			*nr_movable += nr;
			pfn += nr;
		} else {
			pfn++;
		}
	}
}

static uint32_t try_to_claim_block(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                                   uint32_t block_order, uint32_t order, uint8_t start_type,
                                   uint8_t block_type, uint32_t alloc_flags)
{
	uint32_t start = pfn & ~(MM_PAGEBLOCK_PAGES - 1);
	uint32_t nr_free, nr_movable, alike = 0;

	if (block_order >= MM_PAGEBLOCK_ORDER) {
		mm_del_from_free_list(machine, zone, pfn, block_order, block_type);
		for (uint32_t i = 0; i < mm_block_pages(block_order); i += MM_PAGEBLOCK_PAGES)
			machine->block_types[(pfn + i) >> MM_PAGEBLOCK_ORDER] =
				machine->mobility_disabled ? MM_UNMOVABLE : start_type;
		mm_expand(machine, zone, pfn, order, block_order, start_type);
		return pfn;
	}
	if (boost_watermark(machine, zone) && (alloc_flags & MM_ALLOC_KSWAPD))
		zone->flags |= MM_ZONE_BOOSTED;
	if (!mm_zone_spans(zone, start) || !mm_zone_spans(zone, start + MM_PAGEBLOCK_PAGES - 1))
		return MM_NONE;
	count_pageblock(machine, start, &nr_free, &nr_movable);
	/*
	 * Unmovable and reclaimable pages cannot be told apart: in a movable pageblock what does not
	 * move is taken to be of our kind, in any other nothing is.
	 */
	if (start_type == MM_MOVABLE)
		alike = nr_movable;
	else if (block_type == MM_MOVABLE && nr_free + nr_movable <= MM_PAGEBLOCK_PAGES)
		alike = MM_PAGEBLOCK_PAGES - nr_free - nr_movable;
	if (nr_free + alike < MM_PAGEBLOCK_PAGES / 2 && !machine->mobility_disabled)
		return MM_NONE;
	mm_move_freepages_block(machine, zone, pfn, start_type);
	return mm_rmqueue_smallest(machine, zone, order, start_type);
}

static uint32_t rmqueue_claim(struct mm_machine *machine, struct mm_zone *zone, uint32_t order,
                              uint8_t start_type, uint32_t alloc_flags)
{
	uint32_t min_order = order;

	if (order < MM_PAGEBLOCK_ORDER && (alloc_flags & MM_ALLOC_NOFRAGMENT))
		min_order = MM_PAGEBLOCK_ORDER;
	for (uint32_t o = MM_MAX_ORDER + 1; o-- > min_order;) {
		int type = find_suitable_fallback(zone, o, start_type);
		uint32_t pfn;

		if (type < 0)
			continue;
		if (!should_try_claim_block(machine, o, start_type))
			break;
		pfn = try_to_claim_block(machine, zone, zone->free_area[o].lists[type].head, o,
		                         order, start_type, (uint8_t)type, alloc_flags);
		if (pfn != MM_NONE) {
			machine->nr_extfrag++;
			return pfn;
		}
	}
	return MM_NONE;
}

static uint32_t rmqueue_steal(struct mm_machine *machine, struct mm_zone *zone, uint32_t order,
                              uint8_t start_type)
{
	for (uint32_t o = order; o < MM_NR_ORDERS; o++) {
		int type = find_suitable_fallback(zone, o, start_type);
		uint32_t pfn;

		if (type < 0)
			continue;
		pfn = zone->free_area[o].lists[type].head;
		mm_del_from_free_list(machine, zone, pfn, o, (uint8_t)type);
		mm_expand(machine, zone, pfn, order, o, (uint8_t)type);
		machine->nr_extfrag++;
		return pfn;
	}
	return MM_NONE;
}

/* ---- before 6.10 ---- */

/* Whether that pageblock may be taken over: enough of it is free or alike. */
static bool is_claimable(const struct mm_machine *machine, uint32_t pfn, uint8_t start_type)
{
	uint32_t start = pfn & ~(MM_PAGEBLOCK_PAGES - 1);
	uint32_t nr_free, nr_movable, alike = 0;

	count_pageblock(machine, start, &nr_free, &nr_movable);
	if (start_type == MM_MOVABLE)
		alike = nr_movable;
	else if (mm_block_type(machine, pfn) == MM_MOVABLE)
		alike = MM_PAGEBLOCK_PAGES - nr_free - nr_movable;
	return nr_free + alike >= MM_PAGEBLOCK_PAGES / 2 || machine->mobility_disabled;
}

static void steal_suitable_fallback(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                                    uint8_t start_type, uint32_t alloc_flags)
{
	uint32_t order = machine->pages[pfn].order;

	if (mm_block_type(machine, pfn) == MM_HIGHATOMIC) {
		mm_move_free_block(machine, zone, pfn, start_type);
		return;
	}
	if (order >= MM_PAGEBLOCK_ORDER) {
		mm_set_block_types(machine, pfn, order, start_type);
		mm_move_free_block(machine, zone, pfn, start_type);
		return;
	}
	if (boost_watermark(machine, zone) && (alloc_flags & MM_ALLOC_KSWAPD))
		zone->flags |= MM_ZONE_BOOSTED;
	if (should_try_claim_block(machine, order, start_type)) {
		bool claim = is_claimable(machine, pfn, start_type);

		if (mm_move_freepages(machine, zone, pfn, start_type) > 0) {
			if (claim)
				mm_set_block_types(machine, pfn, MM_PAGEBLOCK_ORDER, start_type);
			return;
		}
	}
	mm_move_free_block(machine, zone, pfn, start_type);
}

/* The largest foreign block, unless a smaller one does less harm; MM_NONE if there is none. */
static uint32_t fallback_block(const struct mm_machine *machine, const struct mm_zone *zone,
                               uint32_t order, uint8_t start_type, uint32_t alloc_flags)
{
	uint32_t min_order = order;

	if (order < MM_PAGEBLOCK_ORDER && (alloc_flags & MM_ALLOC_NOFRAGMENT))
		min_order = MM_PAGEBLOCK_ORDER;
	for (uint32_t o = MM_MAX_ORDER + 1; o-- > min_order;) {
		int type = find_suitable_fallback(zone, o, start_type);

		if (type < 0)
			continue;
		if (should_try_claim_block(machine, o, start_type) || o == order)
			return zone->free_area[o].lists[type].head;
		for (o = order; find_suitable_fallback(zone, o, start_type) < 0;)
			o++;
		type = find_suitable_fallback(zone, o, start_type);
		return zone->free_area[o].lists[type].head;
	}
	return MM_NONE;
}

static uint32_t rmqueue_old(struct mm_machine *machine, struct mm_zone *zone, uint32_t order,
                            uint8_t migratetype, uint32_t alloc_flags)
{
	for (;;) {
		uint32_t block, pfn = mm_rmqueue_smallest(machine, zone, order, migratetype);

		if (pfn == MM_NONE && (alloc_flags & MM_ALLOC_CMA))
			pfn = mm_rmqueue_smallest(machine, zone, order, MM_CMA);
		if (pfn != MM_NONE)
			return pfn;
		block = fallback_block(machine, zone, order, migratetype, alloc_flags);
		if (block == MM_NONE)
			return MM_NONE;
		steal_suitable_fallback(machine, zone, block, migratetype, alloc_flags);
		machine->nr_extfrag++;
	}
}

/* ---- which of them ---- */

uint32_t mm_rmqueue(struct mm_machine *machine, struct mm_zone *zone, uint32_t order,
                    uint8_t migratetype, uint32_t alloc_flags, enum mm_rmqueue_mode *mode)
{
	uint32_t pfn;

	if ((alloc_flags & MM_ALLOC_CMA) && zone->nr_free_cma > zone->free_pages / 2) {
		pfn = mm_rmqueue_smallest(machine, zone, order, MM_CMA);
		if (pfn != MM_NONE)
			return pfn;
	}
	if (machine->settings.kernel < MM_KERNEL_STRICT_TYPES)
		return rmqueue_old(machine, zone, order, migratetype, alloc_flags);
	if (*mode == MM_RMQUEUE_NORMAL) {
		pfn = mm_rmqueue_smallest(machine, zone, order, migratetype);
		if (pfn != MM_NONE)
			return pfn;
	}
	if (*mode <= MM_RMQUEUE_CMA && (alloc_flags & MM_ALLOC_CMA)) {
		pfn = mm_rmqueue_smallest(machine, zone, order, MM_CMA);
		if (pfn != MM_NONE) {
			*mode = MM_RMQUEUE_CMA;
			return pfn;
		}
	}
	if (*mode <= MM_RMQUEUE_CLAIM) {
		pfn = rmqueue_claim(machine, zone, order, migratetype, alloc_flags);
		if (pfn != MM_NONE) {
			*mode = MM_RMQUEUE_NORMAL;
			return pfn;
		}
	}
	if (!(alloc_flags & MM_ALLOC_NOFRAGMENT)) {
		pfn = rmqueue_steal(machine, zone, order, migratetype);
		if (pfn != MM_NONE) {
			*mode = MM_RMQUEUE_STEAL;
			return pfn;
		}
	}
	return MM_NONE;
}

void mm_reserve_highatomic(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                           uint32_t order)
{
	uint32_t limit = zone->managed / 100;

	if (machine->settings.kernel < MM_KERNEL_STRICT_TYPES) {
		limit += MM_PAGEBLOCK_PAGES;
		order = MM_PAGEBLOCK_ORDER - 1; /* one pageblock, whatever was asked for */
	} else {
		if (limit < MM_PAGEBLOCK_PAGES)
			return;
		limit = (limit + MM_PAGEBLOCK_PAGES - 1) & ~(MM_PAGEBLOCK_PAGES - 1);
	}
	if (zone->nr_reserved_highatomic >= limit || mm_block_type(machine, pfn) >= MM_NR_PCPTYPES)
		return;
	if (order < MM_PAGEBLOCK_ORDER) {
		mm_move_freepages_block(machine, zone, pfn, MM_HIGHATOMIC);
		if (mm_block_type(machine, pfn) == MM_HIGHATOMIC)
			zone->nr_reserved_highatomic += MM_PAGEBLOCK_PAGES;
		return;
	}
	for (uint32_t i = 0; i < mm_block_pages(order); i += MM_PAGEBLOCK_PAGES)
		machine->block_types[(pfn + i) >> MM_PAGEBLOCK_ORDER] = MM_HIGHATOMIC;
	zone->nr_reserved_highatomic += mm_block_pages(order);
}

static bool unreserve_one(struct mm_machine *machine, struct mm_zone *zone, uint8_t migratetype)
{
	for (uint32_t o = 0; o < MM_NR_ORDERS; o++) {
		uint32_t pfn = zone->free_area[o].lists[MM_HIGHATOMIC].head;
		uint32_t nr = o > MM_PAGEBLOCK_ORDER ? mm_block_pages(o) : MM_PAGEBLOCK_PAGES;

		if (pfn == MM_NONE)
			continue;
		if (nr > zone->nr_reserved_highatomic)
			nr = zone->nr_reserved_highatomic;
		if (mm_block_type(machine, pfn) == MM_HIGHATOMIC)
			zone->nr_reserved_highatomic -= nr;
		if (o >= MM_PAGEBLOCK_ORDER) {
			mm_set_block_types(machine, pfn, o, migratetype);
			mm_move_free_block(machine, zone, pfn, migratetype);
			return true;
		}
		if (mm_move_freepages_block(machine, zone, pfn, migratetype) > 0)
			return true;
	}
	return false;
}

bool mm_unreserve_highatomic(struct mm_machine *machine, const struct mm_alloc_context *ac,
                             bool force)
{
	const struct mm_zonelist *list = mm_zonelist_of(machine, ac->cpu);

	for (uint32_t i = 0; i < list->nr; i++) {
		struct mm_zone *zone = &machine->zones[list->zones[i]];

		if (zone->type > ac->highest_zoneidx)
			continue;
		if (zone->nr_reserved_highatomic == 0 ||
		    (!force && zone->nr_reserved_highatomic <= MM_PAGEBLOCK_PAGES))
			continue;
		if (unreserve_one(machine, zone, ac->migratetype))
			return true;
	}
	return false;
}
