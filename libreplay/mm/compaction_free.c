/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The free scanner: downwards from the zone's end, for free blocks to move pages to.
 *
 * First a search through the free lists, from the tails, where blocks lie longest: one in the upper quarter of
 * what is left between the scanners is taken, or the best of the upper half. Only where that finds none the
 * pageblocks are looked through, movable ones that have no free block of the size that is wanted; with
 * strides of up to 32 pages as long as nothing is found. Blocks are taken as they are; what is not needed goes
 * back at the end of the run. Not the last of memory: order-0 requests must keep their min watermark.
 *
 * Before 6.10 all that is taken is cut into single pages at once, and used from the one taken last.
 *
 * Follows fast_isolate_freepages(), fast_isolate_around(), isolate_freepages(),
 * isolate_freepages_block(), __isolate_free_page(), compaction_alloc(), release_free_list() of v6.12;
 * split_map_pages(), release_freepages() of v6.1.
 *
 * Not modelled: contention for the zone's lock.
 */
#include "compaction.h"

static bool is_old(const struct mm_machine *machine)
{
	return machine->settings.kernel < MM_KERNEL(6, 4);
}

static bool keeps_single_pages(const struct mm_machine *machine)
{
	return machine->settings.kernel < MM_KERNEL(6, 10);
}

/* Half a pageblock and more becomes movable with what it lies in. */
static void claim_pageblocks(struct mm_machine *machine, struct mm_zone *zone, uint32_t pfn,
                             uint32_t order)
{
	for (uint32_t at = pfn; at < pfn + mm_block_pages(order); at += MM_PAGEBLOCK_PAGES) {
		if (mm_block_type(machine, at) >= MM_NR_PCPTYPES ||
		    mm_block_type(machine, at) == MM_MOVABLE)
			continue;
		if (machine->settings.kernel < MM_KERNEL_STRICT_TYPES)
			mm_set_block_types(machine, at, MM_PAGEBLOCK_ORDER, MM_MOVABLE);
		else
			mm_move_freepages_block(machine, zone, at, MM_MOVABLE);
	}
}

/* Pages taken; 0: memory is too short for that. */
static uint32_t isolate_free_page(struct mm_machine *machine, struct mm_compact_control *cc,
                                  uint32_t pfn)
{
	struct mm_zone *zone = mm_compact_zone_of(machine, cc);
	const struct mm_page *page = &machine->pages[pfn];
	uint32_t order = page->order;
	uint64_t mark = (uint64_t)zone->wmark[MM_WMARK_MIN] + mm_block_pages(order);

	if (mm_block_type(machine, pfn) != MM_ISOLATE &&
	    !mm_zone_watermark_ok(zone, 0, mark, 0, MM_ALLOC_CMA, zone->free_pages))
		return 0;
	mm_del_from_free_list(machine, zone, pfn, order, page->type);
	if (order + 1 >= MM_PAGEBLOCK_ORDER)
		claim_pageblocks(machine, zone, pfn, order);
	mm_prep_block(machine, pfn, order);
	mm_list_add_tail(machine, keeps_single_pages(machine) ? &cc->taken : &cc->freepages[order],
	                 pfn);
	cc->nr_freepages += mm_block_pages(order);
	return mm_block_pages(order);
}

/* From *pfn on; where it stopped is in *pfn. Pages taken. */
static uint32_t isolate_freepages_block(struct mm_machine *machine, struct mm_compact_control *cc,
                                        uint32_t *pfn, uint32_t end, uint32_t stride)
{
	uint32_t at = *pfn, nr_scanned = 0, taken = 0;

	for (; at < end; at += stride) {
		const struct mm_page *page = &machine->pages[at];
		uint32_t nr;

		nr_scanned++;
		if (page->state == MM_PAGE_USED && page->order > 0) {
			nr = mm_block_pages(page->order);
			if (is_old(machine) || at + nr <= end) {
				at += nr - 1;
				nr_scanned += is_old(machine) ? 0 : nr - 1;
			}
			continue;
		}
		if (page->state != MM_PAGE_FREE)
			continue;
		nr = isolate_free_page(machine, cc, at);
		if (nr == 0)
			break;
		nr_scanned += nr - 1;
		taken += nr;
		if (cc->nr_migratepages <= cc->nr_freepages) {
			at += nr;
			break;
		}
		at += nr - 1;
	}
	*pfn = at > end ? end : at;
	cc->total_free_scanned += nr_scanned;
	mm_add_work(&machine->work[(end - 1) >> MM_PAGEBLOCK_ORDER].free_scanned, nr_scanned);
	mm_count(machine, MM_COMPACTISOLATED, taken);
	return taken;
}

static bool suitable_migration_target(const struct mm_machine *machine,
                                      const struct mm_compact_control *cc, uint32_t pfn)
{
	const struct mm_page *page = &machine->pages[pfn];
	int order = cc->order > 0 && !is_old(machine) ? cc->order : MM_PAGEBLOCK_ORDER;

	if (page->state == MM_PAGE_FREE && page->order >= order)
		return false;
	return cc->ignore_block_suitable || mm_block_type(machine, pfn) == MM_MOVABLE ||
	       mm_block_type(machine, pfn) == MM_CMA;
}

/* ---- the search through the free lists ---- */

struct fast_search {
	uint32_t low_pfn; /* what is wanted … */
	uint32_t min_pfn; /* … and what will do */
	uint32_t highest; /* pageblock seen */
	uint32_t limit;
	uint32_t nr_scanned;
	bool scan_start;
};

/* -1: all have been searched. */
static int next_search_order(struct mm_compact_control *cc, int order)
{
	order = order > 0 ? order - 1 : cc->order - 1;
	if (order != cc->search_order)
		return order;
	cc->search_order--;
	if (cc->search_order < 0)
		cc->search_order = (int16_t)(cc->order - 1);
	return -1;
}

/* A block of one order; MM_NONE. */
static uint32_t search_order(struct mm_machine *machine, struct mm_compact_control *cc,
                             struct fast_search *search, int order)
{
	struct mm_zone *zone = mm_compact_zone_of(machine, cc);
	struct mm_list *list = &zone->free_area[order].lists[MM_MOVABLE];
	uint32_t pfn, found = MM_NONE, best = 0, nr = 0;

	for (pfn = list->tail; pfn != MM_NONE; pfn = machine->pages[pfn].prev) {
		nr++;
		search->nr_scanned++;
		if (pfn >= search->highest) {
			search->highest = mm_block_start(pfn);
			if (search->highest < zone->start_pfn)
				search->highest = zone->start_pfn;
		}
		if (pfn >= search->low_pfn) {
			cc->fast_search_fail = 0;
			cc->search_order = (int16_t)order;
			found = pfn;
			break;
		}
		if (pfn >= search->min_pfn && pfn > best) {
			best = pfn;
			search->limit >>= 1;
		}
		if (nr >= search->limit)
			break;
	}
	if (found == MM_NONE && best > 0)
		found = pfn = best;
	/* The next search begins with others. */
	if (pfn != MM_NONE)
		mm_list_rotate_head(machine, list, pfn);
	if (nr >= search->limit && found == MM_NONE)
		search->limit = search->limit > 1 ? search->limit >> 1 : 1;
	return found;
}

static uint32_t search_free_lists(struct mm_machine *machine, struct mm_compact_control *cc,
                                  struct fast_search *search)
{
	const struct mm_zone *zone = mm_compact_zone_of(machine, cc);
	int order;

	if (cc->search_order > cc->order - 1)
		cc->search_order = (int16_t)(cc->order - 1);
	for (order = cc->search_order; order >= 0; order = next_search_order(cc, order)) {
		uint32_t pfn, nr;

		if (zone->free_area[order].nr_free == 0)
			continue;
		pfn = search_order(machine, cc, search, order);
		if (pfn == MM_NONE)
			continue;
		nr = isolate_free_page(machine, cc, pfn);
		if (nr > 0) {
			search->nr_scanned += nr - 1;
			mm_count(machine, MM_COMPACTISOLATED, nr);
			/* What comes after the search in the loop of the kernel. */
			if (is_old(machine) || cc->nr_freepages < cc->nr_migratepages)
				next_search_order(cc, order);
			return pfn;
		}
		/* The last of memory: no order will do. */
		next_search_order(cc, cc->search_order + 1);
		return MM_NONE;
	}
	return MM_NONE;
}

static void fast_isolate_around(struct mm_machine *machine, struct mm_compact_control *cc,
                                uint32_t pfn)
{
	const struct mm_zone *zone = mm_compact_zone_of(machine, cc);
	uint32_t start = mm_block_start(pfn), end = mm_block_end(pfn);

	if (cc->nr_freepages >= cc->nr_migratepages || (cc->direct && cc->mode == MM_MIGRATE_ASYNC))
		return;
	start = start < zone->start_pfn ? zone->start_pfn : start;
	end = end > mm_zone_end(zone) ? mm_zone_end(zone) : end;
	isolate_freepages_block(machine, cc, &start, end, 1);
	if (is_old(machine) ? cc->nr_freepages < cc->nr_migratepages : start == end)
		mm_set_skip(machine, pfn);
}

/* At the start of a scan: from where there is anything free. MM_NONE: no block to look around in. */
static uint32_t restart_free_scan(struct mm_machine *machine, struct mm_compact_control *cc,
                                  const struct fast_search *search)
{
	if (search->highest >= search->min_pfn) {
		cc->free_pfn = search->highest;
		return search->highest;
	}
	if (!cc->direct || search->min_pfn == MM_NONE)
		return MM_NONE;
	cc->free_pfn = search->min_pfn;
	if (!is_old(machine) && !suitable_migration_target(machine, cc, search->min_pfn))
		return MM_NONE;
	return search->min_pfn;
}

static void fast_isolate_freepages(struct mm_machine *machine, struct mm_compact_control *cc)
{
	struct mm_zone *zone = mm_compact_zone_of(machine, cc);
	uint32_t distance = cc->free_pfn - cc->migrate_pfn, pfn;
	struct fast_search search = {
		.low_pfn = mm_block_start(cc->free_pfn - (distance >> 2)),
		.min_pfn = mm_block_start(cc->free_pfn - (distance >> 1)),
		.limit = mm_freelist_scan_limit(cc) >> 1,
	};

	if (cc->order <= 0)
		return;
	/* Past the migrate scanner nothing is high enough any more. */
	if (cc->free_pfn < cc->migrate_pfn)
		search.low_pfn = search.min_pfn = MM_NONE;
	if (search.limit == 0)
		search.limit = 1;
	if (cc->free_pfn >= zone->compact.init_free_pfn) {
		search.limit = MM_PAGEBLOCK_PAGES >> 1;
		search.scan_start = true;
	}
	pfn = search_free_lists(machine, cc, &search);
	if (pfn == MM_NONE) {
		mm_fast_search_failed(cc);
		if (search.scan_start)
			pfn = restart_free_scan(machine, cc, &search);
	}
	if (search.highest > 0 && search.highest >= zone->compact.free_pfn)
		zone->compact.free_pfn = search.highest >= MM_PAGEBLOCK_PAGES
		                                 ? search.highest - MM_PAGEBLOCK_PAGES
		                                 : 0;
	cc->total_free_scanned += search.nr_scanned;
	if (pfn != MM_NONE)
		fast_isolate_around(machine, cc, pfn);
}

/* ---- the scan ---- */

/* update_pageblock_skip(): all of this pageblock has been seen. */
static void pageblock_done(struct mm_machine *machine, const struct mm_compact_control *cc,
                           uint32_t start)
{
	struct mm_zone_compact *compact = &machine->zones[cc->zone].compact;
	uint32_t next = is_old(machine) ? start : start - MM_PAGEBLOCK_PAGES;

	mm_set_skip(machine, start);
	if (next < compact->free_pfn)
		compact->free_pfn = next;
}

static void isolate_freepages(struct mm_machine *machine, struct mm_compact_control *cc)
{
	const struct mm_zone *zone = mm_compact_zone_of(machine, cc);
	uint32_t low = mm_block_end(cc->migrate_pfn), at = cc->free_pfn;
	uint32_t stride = cc->mode == MM_MIGRATE_ASYNC ? MM_COMPACT_CLUSTER : 1;
	uint32_t start = mm_block_start(at), end = start + MM_PAGEBLOCK_PAGES;

	end = end > mm_zone_end(zone) ? mm_zone_end(zone) : end;
	/* low is a pageblock's end, so that start does not pass 0. */
	for (; start >= low; end = start, start -= MM_PAGEBLOCK_PAGES, at = start) {
		uint32_t taken;

		if (!suitable_migration_target(machine, cc, start) ||
		    !mm_isolation_suitable(machine, cc, start))
			continue;
		taken = isolate_freepages_block(machine, cc, &at, end, stride);
		if (at == end)
			pageblock_done(machine, cc, start);
		if (cc->nr_freepages >= cc->nr_migratepages) {
			if (at >= end)
				at = start - MM_PAGEBLOCK_PAGES;
			break;
		}
		if (at < end)
			break;
		if (taken > 0)
			stride = 1;
		else
			stride =
				stride << 1 < MM_COMPACT_CLUSTER ? stride << 1 : MM_COMPACT_CLUSTER;
	}
	cc->free_pfn = at;
}

/* ---- pages in hand ---- */

static void set_piece(struct mm_machine *machine, uint32_t pfn, uint32_t order, uint8_t zone)
{
	struct mm_page *page = &machine->pages[pfn];

	page->state = MM_PAGE_USED;
	page->order = (uint8_t)order;
	page->zone = zone;
	page->flags = 0;
	page->policy = 0;
	page->list = 0;
	page->logical = MM_NONE;
	mm_block_changes(machine, pfn, order);
}

/* split_map_pages(): the first of what was taken comes last. */
static void split_taken(struct mm_machine *machine, struct mm_compact_control *cc)
{
	while (cc->taken.count > 0) {
		uint32_t pfn = cc->taken.head, nr = mm_block_pages(machine->pages[pfn].order);

		mm_list_del(machine, &cc->taken, pfn);
		for (uint32_t i = 0; i < nr; i++) {
			set_piece(machine, pfn + i, 0, cc->zone);
			mm_list_add_head(machine, &cc->freepages[0], pfn + i);
		}
	}
}

static uint32_t smallest_order(const struct mm_compact_control *cc, uint32_t order)
{
	while (order < MM_NR_ORDERS && cc->freepages[order].count == 0)
		order++;
	return order;
}

uint32_t mm_compaction_alloc(struct mm_machine *machine, struct mm_compact_control *cc,
                             uint32_t order)
{
	uint32_t from = smallest_order(cc, order), pfn;

	if (from == MM_NR_ORDERS) {
		fast_isolate_freepages(machine, cc);
		if (cc->nr_freepages == 0)
			isolate_freepages(machine, cc);
		split_taken(machine, cc);
		from = smallest_order(cc, order);
		if (from == MM_NR_ORDERS)
			return MM_NONE;
	}
	pfn = cc->freepages[from].head;
	mm_list_del(machine, &cc->freepages[from], pfn);
	while (from > order) {
		from--;
		set_piece(machine, pfn + mm_block_pages(from), from, cc->zone);
		mm_list_add_head(machine, &cc->freepages[from], pfn + mm_block_pages(from));
	}
	machine->pages[pfn].order = (uint8_t)order;
	cc->nr_freepages -= mm_block_pages(order);
	if (!keeps_single_pages(machine))
		cc->nr_migratepages -= mm_block_pages(order);
	return pfn;
}

void mm_release_freepages(struct mm_machine *machine, struct mm_compact_control *cc)
{
	struct mm_zone_compact *compact = &machine->zones[cc->zone].compact;
	uint32_t high = 0;

	for (uint32_t order = 0; order < MM_NR_ORDERS; order++) {
		struct mm_list *list = &cc->freepages[order];

		while (list->count > 0) {
			uint32_t pfn = list->head;

			mm_list_del(machine, list, pfn);
			high = pfn > high ? pfn : high;
			mm_free_pages(machine, cc->cpu, pfn);
		}
	}
	if (cc->nr_freepages > 0 && mm_block_start(high) > compact->free_pfn)
		compact->free_pfn = mm_block_start(high);
	cc->nr_freepages = 0;
}
