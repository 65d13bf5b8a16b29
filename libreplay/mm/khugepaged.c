/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * khugepaged: puts the pages of an area together into a huge one, in the background.
 *
 * It goes through the address spaces that have had a fault for a huge page, or madvise(MADV_HUGEPAGE) of memory that was in
 * use, in the order in which they did, and through the areas of each, until it has looked at pages_to_scan pages; then
 * it rests. What an area needs is decided by scan_area(): not too many holes (max_ptes_none), not too much in swap
 * (max_ptes_swap), all pages on their lists and one of them in use. Then it asks for a huge page, with direct
 * compaction and reclaim if khugepaged/defrag says so, reads what is in swap, looks again, and copies. If there is no huge page
 * it rests, and gives up the round when that happens again.
 *
 * The holes of an area become part of the huge page (MM_LP_HOLE): they hold zeroes, and whoever touches one finds it there.
 *
 * State: struct mm_khugepaged; of each space whether it is registered, and its neighbours in the list.
 *
 * Follows khugepaged_do_scan(), khugepaged_scan_mm_slot(), hpage_collapse_scan_pmd(), collapse_huge_page(),
 * __collapse_huge_page_isolate(), __collapse_huge_page_copy() of v6.12.
 *
 * Not modelled: files and shared memory; pages that a fork shares (max_ptes_shared); VMAs too small for an area, each of
 * which takes one page of a round; mmap_lock; processes of which only maps were known when the recording began: their
 * areas take their share of a round, and nothing comes of them.
 */
#include "internal.h"

/* ---- the list ---- */

void mm_khugepaged_enter(struct mm_machine *machine, uint32_t space)
{
	struct mm_huge_areas *areas = &machine->huge;
	struct mm_khugepaged *k = &areas->khugepaged;

	if (space == 0 || space >= areas->nr_spaces || areas->spaces[space].registered)
		return;
	areas->spaces[space].registered = true;
	areas->spaces[space].next = 0;
	areas->spaces[space].prev = k->tail;
	if (k->tail != 0)
		areas->spaces[k->tail].next = space;
	else
		k->head = space;
	k->tail = space;
}

void mm_khugepaged_exit(struct mm_machine *machine, uint32_t space)
{
	struct mm_huge_areas *areas = &machine->huge;
	struct mm_khugepaged *k = &areas->khugepaged;
	struct mm_huge_space *gone = &areas->spaces[space];

	if (!gone->registered)
		return;
	if (k->space == space) {
		k->space = gone->next;
		k->area = 0;
	}
	if (gone->prev != 0)
		areas->spaces[gone->prev].next = gone->next;
	else
		k->head = gone->next;
	if (gone->next != 0)
		areas->spaces[gone->next].prev = gone->prev;
	else
		k->tail = gone->prev;
	gone->registered = false;
}

/* hugepage_madvise() registers what has been in use before; of what was there before the recording nobody knows better. */
void mm_khugepaged_advised(struct mm_machine *machine, uint32_t space,
                           const struct mm_huge_range *range)
{
	bool used = machine->building;

	if (!mm_huge_admits(&machine->settings, (enum mm_advice)range->advice) ||
	    (!used && range->advice != MM_ADVICE_HUGE))
		return;
	for (uint32_t area = range->first; area < range->end && !used; area++)
		used = mm_huge_chunk(machine, space, area) != MM_NONE;
	if (used)
		mm_khugepaged_enter(machine, space);
}

bool mm_khugepaged_has_work(const struct mm_machine *machine)
{
	return machine->huge.khugepaged.head != 0 && machine->settings.thp_enabled != MM_THP_NEVER;
}

const struct mm_khugepaged *mm_khugepaged(const struct mm_machine *machine)
{
	return &machine->huge.khugepaged;
}

/* ---- whether an area is worth it ---- */

struct scan {
	uint32_t first; /* number of the first base page */
	uint32_t nr_none;
	uint32_t nr_swapped;
	uint32_t nr_young;
};

static bool is_young(const struct mm_machine *machine, const struct mm_page *page)
{
	bool marked = machine->policy && machine->policy->nr_active;

	return page->flags & (MM_PG_YOUNG | (marked ? MM_PG_REFERENCED : 0));
}

/* A base page in memory, isolated or not to be had otherwise, or one more to be copied. */
static enum mm_collapse scan_page(struct mm_machine *machine, struct scan *scan, uint32_t pfn)
{
	const struct mm_page *page = &machine->pages[pfn];

	if (page->state != MM_PAGE_USED || !(page->flags & MM_PG_LRU))
		return MM_COLLAPSE_PAGE_LRU;
	if (mm_is_held(page))
		return MM_COLLAPSE_PAGE_COUNT;
	scan->nr_young += is_young(machine, page);
	return MM_COLLAPSE_SUCCEED;
}

static enum mm_collapse scan_number(struct mm_machine *machine, struct scan *scan, uint32_t number)
{
	const struct mm_settings *settings = &machine->settings;
	const struct mm_lpage *lpage = mm_lpage(machine, number);

	if (lpage->kind == MM_LPAGE_NONE) {
		if (++scan->nr_none <= settings->max_ptes_none)
			return MM_COLLAPSE_SUCCEED;
		mm_count(machine, MM_THP_SCAN_EXCEED_NONE_PTE, 1);
		return MM_COLLAPSE_EXCEED_NONE_PTE;
	}
	if (lpage->pfn == MM_NONE || (machine->pages[lpage->pfn].flags & MM_PG_UNMAPPED)) {
		if (++scan->nr_swapped <= settings->max_ptes_swap)
			return MM_COLLAPSE_SUCCEED;
		mm_count(machine, MM_THP_SCAN_EXCEED_SWAP_PTE, 1);
		return MM_COLLAPSE_EXCEED_SWAP_PTE;
	}
	return scan_page(machine, scan, lpage->pfn);
}

/* Of anonymous base pages, in order of their addresses; the first that does not fit decides. */
static enum mm_collapse scan_area(struct mm_machine *machine, struct scan *scan)
{
	const struct mm_lpage *head = mm_lpage(machine, scan->first);
	struct mm_khugepaged *k = &machine->huge.khugepaged;
	enum mm_collapse result = MM_COLLAPSE_SUCCEED;

	if (head->order == MM_PAGEBLOCK_ORDER)
		return MM_COLLAPSE_PMD_MAPPED;
	for (uint32_t i = 0; i < MM_PAGEBLOCK_PAGES && result == MM_COLLAPSE_SUCCEED; i++) {
		/* Of another kind, or part of a larger one. */
		if (mm_lpage(machine, scan->first + i)->order > 0)
			return MM_COLLAPSE_PAGE_COMPOUND;
		result = scan_number(machine, scan, scan->first + i);
		k->nr_ptes++;
	}
	if (result != MM_COLLAPSE_SUCCEED)
		return result;
	if (scan->nr_none == MM_PAGEBLOCK_PAGES)
		return MM_COLLAPSE_PMD_NONE;
	if (scan->nr_young == 0 ||
	    (scan->nr_swapped > 0 && scan->nr_young < MM_PAGEBLOCK_PAGES / 2))
		return MM_COLLAPSE_LACK_REFERENCED_PAGE;
	return MM_COLLAPSE_SUCCEED;
}

/* ---- collapse ---- */

/* do_swap_page() of each page that is out. */
static bool bring_in(struct mm_machine *machine, const struct mm_request *request,
                     const struct scan *scan)
{
	for (uint32_t i = 0; i < MM_PAGEBLOCK_PAGES; i++) {
		const struct mm_lpage *lpage = mm_lpage(machine, scan->first + i);

		if (lpage->kind == MM_LPAGE_ANON && lpage->pfn == MM_NONE) {
			if (!mm_swapin(machine, request, scan->first + i))
				return false;
			mm_count_major_fault(machine, machine->swap.ra_waits);
		}
		lpage = mm_lpage(machine, scan->first + i);
		if (lpage->kind == MM_LPAGE_ANON && lpage->pfn != MM_NONE)
			machine->pages[lpage->pfn].flags &= (uint16_t)~MM_PG_UNMAPPED;
	}
	mm_lru_add_drain(machine, machine->current.cpu);
	return true;
}

/* Its base pages end, and the huge page is there in their place. */
static void put_together(struct mm_machine *machine, const struct scan *scan, uint32_t pfn)
{
	uint16_t cpu = machine->current.cpu, nr_holes = 0;
	bool locked = false, young = false;
	uint32_t owner = 0;

	for (uint32_t i = 0; i < MM_PAGEBLOCK_PAGES; i++) {
		uint32_t number = scan->first + i;
		struct mm_lpage *lpage = mm_lpage(machine, number);

		if (lpage->kind == MM_LPAGE_NONE) {
			lpage->flags = MM_LP_GONE | MM_LP_HOLE;
			nr_holes++;
			continue;
		}
		locked |= lpage->flags & MM_LP_LOCKED;
		young |= machine->pages[lpage->pfn].flags & MM_PG_YOUNG;
		owner = machine->owners[number] ? machine->owners[number] : owner;
		mm_drop_lpage(machine, cpu, number);
	}
	mm_lpage(machine, scan->first)->flags |= locked ? MM_LP_LOCKED : 0;
	mm_page_bind(machine, pfn, scan->first, MM_LPAGE_ANON);
	mm_lpage(machine, scan->first)->nr_gone = nr_holes;
	mm_lpage(machine, scan->first)->nr_holes = nr_holes;
	machine->pages[pfn].flags |= young ? MM_PG_YOUNG : 0;
	mm_space_charge(machine, owner, scan->first);
	mm_lru_add_page(machine, pfn);
	machine->huge.khugepaged.nr_copied += MM_PAGEBLOCK_PAGES;
}

static enum mm_collapse collapse(struct mm_machine *machine, uint32_t space, uint32_t area,
                                 uint32_t chunk)
{
	const struct mm_settings *settings = &machine->settings;
	struct mm_request request = {
		.gfp_flags =
			settings->khugepaged_defrag ? MM_GFP_TRANSHUGE : MM_GFP_TRANSHUGE_LIGHT,
		.cpu = machine->current.cpu,
		.order = MM_PAGEBLOCK_ORDER,
	};
	struct scan scan = { .first = chunk * MM_PAGEBLOCK_PAGES };
	uint32_t pfn = mm_alloc_pages(machine, &request);
	enum mm_collapse result = MM_COLLAPSE_PMD_NULL;

	mm_count(machine, pfn == MM_NONE ? MM_THP_COLLAPSE_ALLOC_FAILED : MM_THP_COLLAPSE_ALLOC, 1);
	if (pfn == MM_NONE)
		return MM_COLLAPSE_ALLOC_HUGE_PAGE_FAIL;
	request.gfp_flags = MM_GFP_HIGHUSER_MOVABLE;
	request.order = 0;
	/* Time may have passed. */
	if (mm_huge_chunk(machine, space, area) == chunk && bring_in(machine, &request, &scan) &&
	    mm_huge_chunk(machine, space, area) == chunk)
		result = scan_area(machine, &scan);
	if (result == MM_COLLAPSE_SUCCEED && scan.nr_swapped > 0)
		result = MM_COLLAPSE_PAGE_LOCK;
	if (result == MM_COLLAPSE_SUCCEED) {
		mm_tlb_collapse(machine, machine->current.cpu, space);
		put_together(machine, &scan, pfn);
	} else {
		mm_free_pages(machine, machine->current.cpu, pfn);
	}
	return result;
}

/* *waited: it has let others go on. */
static enum mm_collapse scan_and_collapse(struct mm_machine *machine, uint32_t space, uint32_t area,
                                          bool *waited)
{
	uint32_t chunk = mm_huge_chunk(machine, space, area);
	struct scan scan = { .first = chunk * MM_PAGEBLOCK_PAGES };
	enum mm_collapse result = MM_COLLAPSE_PMD_NULL;

	*waited = false;
	if (chunk != MM_NONE)
		result = scan_area(machine, &scan);
	if (result != MM_COLLAPSE_SUCCEED)
		return result;
	*waited = true;
	return collapse(machine, space, area, chunk);
}

/* ---- rounds ---- */

static void next_space(struct mm_machine *machine)
{
	struct mm_khugepaged *k = &machine->huge.khugepaged;

	k->space = machine->huge.spaces[k->space].next;
	k->area = 0;
	k->full_scans += k->space == 0;
}

/* The range at or behind the place where it is; NULL: there is none. */
static const struct mm_huge_range *range_here(const struct mm_machine *machine)
{
	const struct mm_khugepaged *k = &machine->huge.khugepaged;
	const struct mm_huge_range_vec *ranges = &machine->huge.spaces[k->space].ranges;

	for (size_t i = 0; i < ranges->count; i++)
		if (ranges->items[i].end > k->area)
			return &ranges->items[i];
	return NULL;
}

/* Goes on in a space until it has to wait, has done its share, or comes to the end. */
static enum mm_collapse scan_space(struct mm_machine *machine)
{
	struct mm_khugepaged *k = &machine->huge.khugepaged;
	const struct mm_huge_range *range;
	enum mm_collapse result = MM_COLLAPSE_FAIL;

	if (k->space == 0) {
		k->space = k->head;
		k->area = 0;
	}
	k->progress++;
	while (!mm_space_is_killed(machine, k->space) && (range = range_here(machine))) {
		bool waited;

		if (!mm_huge_admits(&machine->settings, (enum mm_advice)range->advice)) {
			k->progress++;
			k->area = range->end;
			continue;
		}
		if (k->area < range->first)
			k->area = range->first;
		/* Where it goes on, even if the space ends meanwhile. */
		k->area++;
		k->progress += MM_PAGEBLOCK_PAGES;
		result = scan_and_collapse(machine, k->space, k->area - 1, &waited);
		k->pages_collapsed += result == MM_COLLAPSE_SUCCEED;
		if (waited || k->progress >= machine->settings.khugepaged_pages_to_scan)
			return result;
	}
	next_space(machine);
	return result;
}

enum mm_khugepaged_result mm_khugepaged_step(struct mm_machine *machine, uint16_t cpu)
{
	struct mm_khugepaged *k = &machine->huge.khugepaged;
	enum mm_collapse result;

	machine->current.cpu = (uint16_t)(cpu % machine->nr_cpus);
	if (!k->running) {
		k->running = true;
		k->rested = false;
		k->passes = 0;
		k->progress = 0;
		mm_lru_add_drain_all(machine);
	}
	if (k->space == 0)
		k->passes++;
	if (!mm_khugepaged_has_work(machine) || k->passes >= 2)
		k->progress = machine->settings.khugepaged_pages_to_scan;
	if (k->progress < machine->settings.khugepaged_pages_to_scan) {
		result = scan_space(machine);
		if (k->progress < machine->settings.khugepaged_pages_to_scan &&
		    result == MM_COLLAPSE_ALLOC_HUGE_PAGE_FAIL && !k->rested) {
			k->rested = true;
			return MM_KHUGEPAGED_RESTS;
		}
		if (k->progress < machine->settings.khugepaged_pages_to_scan &&
		    result != MM_COLLAPSE_ALLOC_HUGE_PAGE_FAIL)
			return MM_KHUGEPAGED_WORKED;
	}
	k->running = false;
	return MM_KHUGEPAGED_DONE;
}
