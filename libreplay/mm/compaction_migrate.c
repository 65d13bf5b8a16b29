/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The migrate scanner: upwards from the zone's start, for pages that can be moved away.
 *
 * A pageblock at a time, and of it as many pages as it takes to have 32 in hand. For costly orders it does not
 * go on linearly: a movable pageblock that has large free blocks already needs fewer moves, so the free
 * lists are searched for one in the lower part of what is left between the scanners.
 *
 *	free block	skipped as a whole
 *	on the LRU	taken, unless it is being written, or belongs to a file and the request must
 *			not call file systems
 *	anything else	stays: kernel memory, pages on per-CPU lists, and large pages that are no
 *			smaller than what is wanted
 *
 * An asynchronous run for a request only wants whole blocks of its order: at the first page that stays,
 * what was taken of that block goes back and the scanner jumps to the next one; and it only looks into
 * pageblocks of the request's type.
 *
 * Follows fast_find_migrateblock(), isolate_migratepages(), isolate_migratepages_block(),
 * suitable_migration_source() of v6.12 and v6.1.
 *
 * Not modelled: pages that are pinned or locked for I/O, which the kernel leaves where they are; movable pages that are not on the LRU (zsmalloc, balloons); contention for the
 * LRU lock; the wait when too many pages are isolated (one compacts at a time).
 */
#include "compaction.h"

struct block_scan {
	uint32_t low;  /* where it is */
	uint32_t end;  /* of the pageblock */
	uint32_t head; /* a page of the pageblock, if the scan began at its start; MM_NONE */
	uint32_t next_skip;
	uint32_t nr_scanned;
	uint32_t nr_isolated;
	bool skip_on_failure;
	bool skip_updated;
};

enum verdict {
	VERDICT_FREE,
	VERDICT_FAIL,
	VERDICT_TAKE,
};

static bool is_old(const struct mm_machine *machine)
{
	return machine->settings.kernel < MM_KERNEL(6, 4);
}

static uint32_t order_end(uint32_t pfn, int order)
{
	return (pfn & ~(mm_block_pages((uint32_t)order) - 1)) + mm_block_pages((uint32_t)order);
}

/* skip_isolation_on_order(); before 6.4 all that is larger than a page. */
static bool is_too_large(const struct mm_machine *machine, const struct mm_compact_control *cc,
                         uint32_t order)
{
	if (is_old(machine) || order >= MM_PAGEBLOCK_ORDER)
		return true;
	return cc->order >= 0 && (int)order >= cc->order;
}

/* What becomes of the page at scan->low, which is not free; a large page is passed as a whole. */
static enum verdict judge_used(const struct mm_machine *machine,
                               const struct mm_compact_control *cc, struct block_scan *scan,
                               const struct mm_page *page)
{
	bool has_mapping = page->flags & (MM_PG_SHMEM | MM_PG_SWAPCACHE);

	if (page->order > 0 && is_too_large(machine, cc, page->order)) {
		scan->low += mm_block_pages(page->order) - 1;
		scan->nr_scanned += is_old(machine) ? 0 : mm_block_pages(page->order) - 1;
		return VERDICT_FAIL;
	}
	has_mapping |= (page->flags & (MM_PG_FILE | MM_PG_ANON)) == MM_PG_FILE;
	if (!(page->flags & (MM_PG_LRU | MM_PG_UNEVICTABLE)) || mm_is_held(page))
		return VERDICT_FAIL;
	if (has_mapping && !(cc->gfp_flags & MM_GFP_FS))
		return VERDICT_FAIL;
	if ((page->flags & MM_PG_UNEVICTABLE) && machine->settings.compact_unevictable_skipped)
		return VERDICT_FAIL;
	if (cc->mode != MM_MIGRATE_SYNC && mm_is_writeback(page))
		return VERDICT_FAIL;
	return VERDICT_TAKE;
}

static enum verdict judge(const struct mm_machine *machine, const struct mm_compact_control *cc,
                          struct block_scan *scan)
{
	const struct mm_page *page = &machine->pages[scan->low];

	switch ((enum mm_page_state)page->state) {
	case MM_PAGE_FREE:
		scan->low += mm_block_pages(page->order) - 1;
		scan->nr_scanned += is_old(machine) ? 0 : mm_block_pages(page->order) - 1;
		return VERDICT_FREE;
	case MM_PAGE_USED:
		return judge_used(machine, cc, scan, page);
	case MM_PAGE_TAIL:
	case MM_PAGE_PCP:
	case MM_PAGE_ISOLATED:
		break;
	}
	return VERDICT_FAIL;
}

/* A page that stays spoils the block: on to the next one. */
static void skip_block(struct mm_machine *machine, struct mm_compact_control *cc,
                       struct block_scan *scan)
{
	if (scan->nr_isolated > 0) {
		mm_putback_movable_pages(machine, &cc->migratepages);
		cc->nr_migratepages = 0;
		scan->nr_isolated = 0;
	}
	if (scan->low < scan->next_skip) {
		scan->low = scan->next_skip - 1;
		scan->next_skip += mm_block_pages((uint32_t)cc->order);
	}
}

/* The first page that is taken marks the pageblock. false: somebody had marked it, leave it alone. */
static bool mark_pageblock(struct mm_machine *machine, struct mm_compact_control *cc,
                           struct block_scan *scan)
{
	if (scan->skip_updated)
		return true;
	if (is_old(machine)) {
		/* Only if it is the very first of the pageblock, and then in a rescan too. */
		scan->skip_updated = true;
		return (scan->low & (MM_PAGEBLOCK_PAGES - 1)) != 0 ||
		       !mm_test_and_set_skip(machine, cc, scan->low);
	}
	if (scan->head == MM_NONE)
		return true;
	scan->skip_updated = true;
	if (!mm_test_and_set_skip(machine, cc, scan->head) || cc->finish_pageblock)
		return true;
	scan->low = scan->end;
	return false;
}

/* false: enough is in hand. */
static bool take(struct mm_machine *machine, struct mm_compact_control *cc, struct block_scan *scan)
{
	uint32_t nr = mm_block_pages(machine->pages[scan->low].order);

	mm_isolate_page(machine, &cc->migratepages, scan->low);
	cc->nr_migratepages += nr;
	scan->nr_isolated += nr;
	scan->nr_scanned += nr - 1;
	scan->low += nr - 1;
	if (cc->nr_migratepages < MM_COMPACT_CLUSTER || cc->finish_pageblock)
		return true;
	scan->low++;
	return false;
}

/* false: the scan of this pageblock is over. */
static bool scan_page(struct mm_machine *machine, struct mm_compact_control *cc,
                      struct block_scan *scan)
{
	const struct mm_zone *zone = mm_compact_zone_of(machine, cc);

	if (scan->skip_on_failure && scan->low >= scan->next_skip) {
		if (scan->nr_isolated > 0)
			return false;
		scan->next_skip = order_end(scan->low, cc->order);
	}
	scan->nr_scanned++;
	if (scan->head == MM_NONE && ((scan->low & (MM_PAGEBLOCK_PAGES - 1)) == 0 ||
	                              (scan->low == zone->start_pfn && !is_old(machine)))) {
		if (!mm_isolation_suitable(machine, cc, scan->low)) {
			scan->low = scan->end;
			return false;
		}
		scan->head = scan->low;
	}
	switch (judge(machine, cc, scan)) {
	case VERDICT_FREE:
		break;
	case VERDICT_TAKE:
		if (!mark_pageblock(machine, cc, scan) || !take(machine, cc, scan))
			return false;
		break;
	case VERDICT_FAIL:
		if (scan->skip_on_failure)
			skip_block(machine, cc, scan);
		break;
	}
	scan->low++;
	return true;
}

static void isolate_migratepages_block(struct mm_machine *machine, struct mm_compact_control *cc,
                                       uint32_t low, uint32_t end)
{
	struct block_scan scan = {
		.low = low,
		.end = end,
		.head = MM_NONE,
		.skip_on_failure = cc->direct && cc->mode == MM_MIGRATE_ASYNC,
	};

	if (scan.skip_on_failure)
		scan.next_skip = order_end(low, cc->order);
	while (scan.low < end && scan_page(machine, cc, &scan))
		;
	if (scan.low > end)
		scan.low = end;
	if (scan.low == end && (scan.nr_isolated == 0 || cc->finish_pageblock)) {
		if (scan.head != MM_NONE && !scan.skip_updated)
			mm_set_skip(machine, scan.head);
		mm_update_cached_migrate(mm_compact_zone_of(machine, cc), cc, scan.low);
	}
	cc->total_migrate_scanned += scan.nr_scanned;
	mm_add_work(&machine->work[(end - 1) >> MM_PAGEBLOCK_ORDER].migrate_scanned,
	            (uint32_t)scan.nr_scanned);
	mm_count(machine, MM_COMPACTISOLATED, scan.nr_isolated);
	cc->migrate_pfn = scan.low;
}

/* ---- which pageblock ---- */

static bool wants_fast_search(const struct mm_machine *machine, const struct mm_compact_control *cc)
{
	uint32_t pfn = cc->migrate_pfn;

	if (cc->ignore_skip_hint || (cc->finish_pageblock && !is_old(machine)))
		return false;
	if (pfn != machine->zones[cc->zone].start_pfn && pfn != mm_block_start(pfn))
		return false;
	return cc->order > MM_COSTLY_ORDER && (!cc->direct || cc->migratetype == MM_MOVABLE);
}

static void update_fast_start_pfn(struct mm_compact_control *cc, uint32_t pfn)
{
	if (cc->fast_start_pfn == MM_NONE)
		return;
	if (cc->fast_start_pfn == 0 || pfn < cc->fast_start_pfn)
		cc->fast_start_pfn = pfn;
}

/* A free block below high in a pageblock that is not marked; MM_NONE. */
static uint32_t find_free_block(struct mm_machine *machine, struct mm_list *list, uint32_t high,
                                uint32_t limit, uint32_t *nr_scanned)
{
	for (uint32_t pfn = list->head; pfn != MM_NONE; pfn = machine->pages[pfn].next) {
		if ((*nr_scanned)++ >= limit) {
			mm_list_rotate_tail(machine, list, pfn);
			return MM_NONE;
		}
		if (pfn < high && !machine->skip[pfn >> MM_PAGEBLOCK_ORDER]) {
			mm_list_rotate_tail(machine, list, pfn);
			return pfn;
		}
	}
	return MM_NONE;
}

static uint32_t fast_find_migrateblock(struct mm_machine *machine, struct mm_compact_control *cc)
{
	struct mm_zone *zone = mm_compact_zone_of(machine, cc);
	uint32_t limit = mm_freelist_scan_limit(cc), nr_scanned = 0, pfn = MM_NONE;
	uint32_t distance = (cc->free_pfn - cc->migrate_pfn) >> 1, high;

	if (!wants_fast_search(machine, cc))
		return cc->migrate_pfn;
	if (cc->migrate_pfn != zone->start_pfn)
		distance >>= 2;
	high = mm_block_start(cc->migrate_pfn + distance);
	for (int order = cc->order - 1;
	     order >= MM_COSTLY_ORDER && pfn == MM_NONE && nr_scanned < limit; order--)
		pfn = find_free_block(machine, &zone->free_area[order].lists[MM_MOVABLE], high,
		                      limit, &nr_scanned);
	cc->total_migrate_scanned += nr_scanned;
	if (pfn != MM_NONE) {
		update_fast_start_pfn(cc, pfn);
		cc->fast_search_fail = 0;
		if (is_old(machine))
			mm_set_skip(machine, pfn);
		pfn = mm_block_start(pfn);
		return pfn < zone->start_pfn ? zone->start_pfn : pfn;
	}
	mm_fast_search_failed(cc);
	if (cc->fast_start_pfn != 0 && cc->fast_start_pfn != MM_NONE) {
		cc->migrate_pfn = cc->fast_start_pfn;
		cc->fast_start_pfn = MM_NONE;
	}
	return cc->migrate_pfn;
}

static bool suitable_migration_source(const struct mm_machine *machine,
                                      const struct mm_compact_control *cc, uint32_t pfn)
{
	uint8_t type = mm_block_type(machine, pfn);

	if (mm_pageblock_skip_persistent(machine, pfn))
		return false;
	if (cc->mode != MM_MIGRATE_ASYNC || !cc->direct)
		return true;
	if (cc->migratetype == MM_MOVABLE)
		return type == MM_MOVABLE || type == MM_CMA;
	return type == cc->migratetype;
}

enum mm_isolate mm_isolate_migratepages(struct mm_machine *machine, struct mm_compact_control *cc)
{
	struct mm_zone *zone = mm_compact_zone_of(machine, cc);
	uint32_t low = fast_find_migrateblock(machine, cc);
	bool found = low != cc->migrate_pfn && cc->fast_search_fail == 0;
	uint32_t end;

	for (end = mm_block_end(low); end <= cc->free_pfn; end += MM_PAGEBLOCK_PAGES) {
		uint32_t start = end - MM_PAGEBLOCK_PAGES;
		bool begins = low == start || (low == zone->start_pfn && !is_old(machine));

		start = start < zone->start_pfn ? zone->start_pfn : start;
		if (!begins || found || mm_isolation_suitable(machine, cc, start)) {
			if (suitable_migration_source(machine, cc, start)) {
				isolate_migratepages_block(machine, cc, low, end);
				break;
			}
			mm_update_cached_migrate(zone, cc, end);
		}
		found = false;
		cc->migrate_pfn = low = end;
	}
	return cc->nr_migratepages > 0 ? MM_ISOLATE_SUCCESS : MM_ISOLATE_NONE;
}
