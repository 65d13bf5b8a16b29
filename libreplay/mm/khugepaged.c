/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * khugepaged: puts the pages of an area together into a huge one, in the background.
 *
 * It goes through the address spaces that have had a fault for a huge page, or madvise(MADV_HUGEPAGE) of memory that was in
 * use, in the order in which they did, and through the areas of each, until it has looked at pages_to_scan pages; then
 * it rests. What an area needs is decided by scan_area(): not too many holes (max_ptes_none), not too much in swap
 * (max_ptes_swap) or shared since a fork (max_ptes_shared), one entry that may be written to, all pages on their lists and one of them in use. Then it asks for a huge page, with direct
 * compaction and reclaim if khugepaged/defrag says so, brings in what is in swap, looks again, and copies. If there is no huge page
 * it rests, and gives up the round when that happens again.
 *
 * madvise(MADV_COLLAPSE) has the same done at once for a range of the caller's, whatever thp.enabled is: no limit counts there, nor
 * whether anybody uses the pages. Areas that cannot be had now are passed over; it ends where there is no huge page, or no page.
 *
 * What is in swap is mapped if it is in memory already, or comes from zram. Where it has to be read, the area is left alone
 * this time. Folios smaller than an area count by their base pages, as does a huge page that is mapped page by page.
 *
 * The holes of an area become part of the huge page (MM_LP_HOLE): they hold zeroes, and whoever touches one finds it there.
 *
 * State: struct mm_khugepaged; of each space whether it is registered, and its neighbours in the list.
 *
 * Shared memory, and what file_thp.c allows of ordinary files, is looked at by the file: whatever is there is put together, and is in
 * no page table then but that of who asked for it by madvise(). The settings of shared memory are those of shmem.c.
 *
 * Follows khugepaged_do_scan(), khugepaged_scan_mm_slot(), hpage_collapse_scan_pmd(), collapse_huge_page(),
 * __collapse_huge_page_swapin(), __collapse_huge_page_isolate(), __collapse_huge_page_copy(), madvise_collapse(),
 * hpage_collapse_scan_file(), collapse_file(), collapse_pte_mapped_thp() of v6.12.
 *
 * Not modelled: pages of a file that come while it copies others (page_filled); shared memory in other spaces than that which used it first; VMAs too small for an area, each of
 * which takes one page of a round; mmap_lock; processes of which only maps were known when the recording began: their
 * areas take their share of a round, and nothing comes of them.
 */
#include <errno.h>

#include "huge_memory.h"
#include "internal.h"
#include "shmem.h"

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

static enum mm_lpage_kind kind_of(const struct mm_huge_range *range)
{
	if (range->advice >= MM_ADVICE_FILE)
		return MM_LPAGE_FILE;
	return range->advice >= MM_ADVICE_SHARED ? MM_LPAGE_SHMEM : MM_LPAGE_ANON;
}

/* Of shared memory any size will do: shmem_allowable_huge_orders() is not asked for huge pages alone here (6.12). */
static bool admits(const struct mm_machine *machine, const struct mm_huge_range *range)
{
	enum mm_advice advice = (enum mm_advice)(range->advice % MM_ADVICE_SHARED);

	if (kind_of(range) == MM_LPAGE_SHMEM)
		return mm_shmem_orders(&machine->settings, advice) != 0;
	return mm_huge_admits(&machine->settings, advice) &&
	       (kind_of(range) == MM_LPAGE_ANON ||
	        mm_file_thp_allows(&machine->settings, range->advice));
}

/* hugepage_madvise() registers what has been in use before; of what was there before the recording nobody knows better. */
void mm_khugepaged_advised(struct mm_machine *machine, uint32_t space,
                           const struct mm_huge_range *range)
{
	bool used = machine->building || range->advice >= MM_ADVICE_SHARED;

	if (!admits(machine, range) || (!used && range->advice != MM_ADVICE_HUGE))
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

/* Who wants it: khugepaged, or a program that is held back by no limit (struct collapse_control). */
struct control {
	bool is_khugepaged;
	uint8_t kind; /* enum mm_lpage_kind of the area */
	uint16_t cpu;
	uint32_t task;
	uint64_t nr_ptes;   /* looked at, … */
	uint64_t nr_copied; /* … and pages copied */
};

struct scan {
	struct control *control;
	uint32_t first; /* number of the first base page */
	uint32_t nr_none;
	uint32_t nr_swapped;
	uint32_t nr_shared;
	uint32_t nr_young;
	uint64_t lent[MM_AREA_WORDS];
	uint32_t nr_taken; /* of a file: pages in memory, from the first on */
	uint64_t read
		[MM_AREA_WORDS]; /* … and those read for this alone, of which the demand knows nothing */
};

static bool is_cached(const struct control *control)
{
	return control->kind != MM_LPAGE_ANON;
}

static bool is_young(const struct mm_machine *machine, const struct mm_page *page)
{
	bool marked = machine->policy && machine->policy->nr_active;

	return (page->flags & (MM_PG_YOUNG | (marked ? MM_PG_REFERENCED : 0))) ||
	       mm_page_idle_young(machine, (uint32_t)(page - machine->pages));
}

/* A page in memory, isolated or not to be had otherwise, or one more to be copied. */
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

/* A base page, whether on its own or part of a folio that is mapped page by page. */
static enum mm_collapse scan_number(struct mm_machine *machine, struct scan *scan, uint32_t i)
{
	const uint32_t number = scan->first + i;
	const struct mm_settings *settings = &machine->settings;
	const struct mm_lpage *folio = mm_lpage(machine, mm_whole_page(machine, number));
	uint8_t ended = mm_lpage(machine, number)->flags & (MM_LP_GONE | MM_LP_HOLE);
	bool limited = scan->control->is_khugepaged;

	if (mm_lpage(machine, number)->flags & MM_LP_KSM)
		return MM_COLLAPSE_PAGE_COUNT;
	if (folio->kind == MM_LPAGE_NONE || ended == MM_LP_GONE) {
		if (++scan->nr_none <= settings->max_ptes_none || !limited)
			return MM_COLLAPSE_SUCCEED;
		mm_count(machine, MM_THP_SCAN_EXCEED_NONE_PTE, 1);
		return MM_COLLAPSE_EXCEED_NONE_PTE;
	}
	if (folio->kind != MM_LPAGE_ANON)
		return MM_COLLAPSE_PAGE_ANON;
	if (folio->pfn == MM_NONE || (machine->pages[folio->pfn].flags & MM_PG_UNMAPPED)) {
		if (++scan->nr_swapped <= settings->max_ptes_swap || !limited)
			return MM_COLLAPSE_SUCCEED;
		mm_count(machine, MM_THP_SCAN_EXCEED_SWAP_PTE, 1);
		return MM_COLLAPSE_EXCEED_SWAP_PTE;
	}
	if ((scan->lent[i / 64] >> i % 64 & 1) && ++scan->nr_shared > settings->max_ptes_shared &&
	    limited) {
		mm_count(machine, MM_THP_SCAN_EXCEED_SHARED_PTE, 1);
		return MM_COLLAPSE_EXCEED_SHARED_PTE;
	}
	return scan_page(machine, scan, folio->pfn);
}

/* Whether a base page of shared memory is there, in memory or in swap, or one of a file in memory. */
static enum mm_collapse scan_cached(struct mm_machine *machine, struct scan *scan, uint32_t i)
{
	const uint32_t number = scan->first + i;
	const struct mm_lpage *folio = mm_lpage(machine, mm_whole_page(machine, number));
	uint8_t ended = mm_lpage(machine, number)->flags & (MM_LP_GONE | MM_LP_HOLE);

	if (folio->kind == MM_LPAGE_NONE || ended == MM_LP_GONE ||
	    (folio->kind == MM_LPAGE_FILE && folio->pfn == MM_NONE)) {
		scan->nr_none++;
		return MM_COLLAPSE_SUCCEED;
	}
	if (folio->kind != scan->control->kind)
		return MM_COLLAPSE_PAGE_ANON;
	if (folio->pfn != MM_NONE)
		return scan_page(machine, scan, folio->pfn);
	if (++scan->nr_swapped <= machine->settings.max_ptes_swap || !scan->control->is_khugepaged)
		return MM_COLLAPSE_SUCCEED;
	mm_count(machine, MM_THP_SCAN_EXCEED_SWAP_PTE, 1);
	return MM_COLLAPSE_EXCEED_SWAP_PTE;
}

static enum mm_collapse too_few(struct mm_machine *machine, const struct control *control)
{
	if (!control->is_khugepaged)
		return MM_COLLAPSE_FAIL;
	mm_count(machine, MM_THP_SCAN_EXCEED_NONE_PTE, 1);
	return MM_COLLAPSE_EXCEED_NONE_PTE;
}

/* hpage_collapse_scan_file(): nobody asks who uses what, and the limit of holes is looked at in the end. */
static enum mm_collapse scan_file(struct mm_machine *machine, struct scan *scan)
{
	const struct mm_lpage *head = mm_lpage(machine, scan->first);
	enum mm_collapse result = MM_COLLAPSE_SUCCEED;
	uint32_t nr_present;

	if (head->order == MM_PAGEBLOCK_ORDER && head->pfn != MM_NONE)
		return MM_COLLAPSE_PTE_MAPPED_HUGEPAGE;
	for (uint32_t i = 0; i < MM_PAGEBLOCK_PAGES && result == MM_COLLAPSE_SUCCEED; i++) {
		result = scan_cached(machine, scan, i);
		scan->control->nr_ptes++;
	}
	if (result != MM_COLLAPSE_SUCCEED)
		return result;
	nr_present = MM_PAGEBLOCK_PAGES - scan->nr_none - scan->nr_swapped;
	if ((scan->nr_none == MM_PAGEBLOCK_PAGES && scan->control->kind == MM_LPAGE_SHMEM) ||
	    (scan->control->is_khugepaged &&
	     nr_present + machine->settings.max_ptes_none < MM_PAGEBLOCK_PAGES))
		return too_few(machine, scan->control);
	return MM_COLLAPSE_SUCCEED;
}

/* Of anonymous pages, in order of their addresses; the first that does not fit decides. */
static enum mm_collapse scan_area(struct mm_machine *machine, struct scan *scan)
{
	const struct mm_lpage *head = mm_lpage(machine, scan->first);
	enum mm_collapse result = MM_COLLAPSE_SUCCEED;

	if (is_cached(scan->control))
		return scan_file(machine, scan);
	mm_deferred_split_seen(machine, scan->first);
	if (head->order == MM_PAGEBLOCK_ORDER && head->pfn != MM_NONE &&
	    !(head->flags & MM_LP_PTE_MAPPED))
		return MM_COLLAPSE_PMD_MAPPED;
	mm_huge_lent(machine, scan->first / MM_PAGEBLOCK_PAGES, scan->lent);
	for (uint32_t i = 0; i < MM_PAGEBLOCK_PAGES && result == MM_COLLAPSE_SUCCEED; i++) {
		result = scan_number(machine, scan, i);
		scan->control->nr_ptes++;
	}
	if (result != MM_COLLAPSE_SUCCEED)
		return result;
	if (scan->nr_none == MM_PAGEBLOCK_PAGES)
		return MM_COLLAPSE_PMD_NONE;
	if (machine->huge.chunks[scan->first / MM_PAGEBLOCK_PAGES].read_only)
		return MM_COLLAPSE_PAGE_RO;
	if (scan->control->is_khugepaged &&
	    (scan->nr_young == 0 ||
	     (scan->nr_swapped > 0 && scan->nr_young < MM_PAGEBLOCK_PAGES / 2)))
		return MM_COLLAPSE_LACK_REFERENCED_PAGE;
	return MM_COLLAPSE_SUCCEED;
}

/* All pages of an area are another space's: nobody has written to it here. */
static enum mm_collapse scan_borrowed(struct mm_machine *machine, const struct control *control,
                                      uint32_t space, uint32_t area)
{
	uint32_t nr_shared = mm_huge_borrowed(machine, space, area);

	if (is_cached(control))
		return too_few(machine, control);
	if (nr_shared == 0)
		return MM_COLLAPSE_PMD_NONE;
	if (!control->is_khugepaged || nr_shared <= machine->settings.max_ptes_shared)
		return MM_COLLAPSE_PAGE_RO;
	mm_count(machine, MM_THP_SCAN_EXCEED_SHARED_PTE, 1);
	return MM_COLLAPSE_EXCEED_SHARED_PTE;
}

/* ---- collapse ---- */

/*
 * do_swap_page() of a page that is out. Whoever has to wait for the device lets go of the address space meanwhile, and gives up
 * this time: the page is in memory then, with others that were read ahead, for the next one to map.
 */
static enum mm_collapse bring_in(struct mm_machine *machine, const struct mm_request *request,
                                 uint32_t number)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);

	/* shmem_get_folio() waits, and maps nothing. */
	if (lpage->kind == MM_LPAGE_SHMEM && lpage->pfn == MM_NONE && lpage->slot != MM_NONE)
		return mm_swapin(machine, request, number) ? MM_COLLAPSE_SUCCEED : MM_COLLAPSE_FAIL;
	if (lpage->kind != MM_LPAGE_ANON)
		return MM_COLLAPSE_SUCCEED;
	if (lpage->pfn == MM_NONE && lpage->slot != MM_NONE) {
		if (!mm_swapin(machine, request, number))
			return MM_COLLAPSE_FAIL;
		mm_count_major_fault(machine, machine->swap.ra_waits);
		if (machine->settings.swap_device != MM_SWAP_AT_ONCE)
			return MM_COLLAPSE_PAGE_LOCK;
	}
	lpage = mm_lpage(machine, number);
	if (lpage->pfn != MM_NONE)
		machine->pages[lpage->pfn].flags &= (uint16_t)~MM_PG_UNMAPPED;
	return MM_COLLAPSE_SUCCEED;
}

/* … and mm_file_thp_read(), which the demand may know nothing of. */
static enum mm_collapse bring_all_in(struct mm_machine *machine, const struct mm_request *request,
                                     struct scan *scan)
{
	bool file = scan->control->kind == MM_LPAGE_FILE;
	enum mm_collapse result = MM_COLLAPSE_SUCCEED;

	for (uint32_t i = 0; i < MM_PAGEBLOCK_PAGES && result == MM_COLLAPSE_SUCCEED; i++) {
		bool known = mm_lpage_is_known(machine, scan->first + i);

		result = file ? mm_file_thp_read(machine, request, scan->first + i)
		              : bring_in(machine, request, scan->first + i);
		scan->nr_taken += result == MM_COLLAPSE_SUCCEED;
		if (file && !known && mm_lpage_is_known(machine, scan->first + i))
			scan->read[i / 64] |= UINT64_C(1) << i % 64;
	}
	mm_lru_add_drain(machine, request->cpu);
	return result;
}

/* Of a collapse that comes to nothing. */
static void give_back(struct mm_machine *machine, const struct scan *scan)
{
	if (scan->control->kind == MM_LPAGE_FILE)
		mm_file_thp_put_back(machine, scan->first, scan->nr_taken);
	for (uint32_t i = 0; i < MM_PAGEBLOCK_PAGES; i++)
		if (scan->read[i / 64] >> i % 64 & 1)
			mm_free_lpage(machine, scan->control->cpu, scan->first + i);
}

/* What the pages of an area had in common. */
struct contents {
	uint64_t holes[MM_PAGEBLOCK_PAGES / 64]; /* a bit each: it has ended, or was never used */
	uint32_t owner;
	uint16_t nr_holes;
	bool locked;
	bool young;
	bool executed;
};

/* A page of the area, or a folio, ends. How many base pages that is. */
static uint32_t take_out(struct mm_machine *machine, const struct scan *scan, uint32_t i,
                         struct contents *contents)
{
	const uint32_t number = scan->first + i;
	const struct mm_lpage folio = *mm_lpage(machine, number);
	bool any = folio.kind != MM_LPAGE_NONE;
	uint32_t nr = any ? mm_block_pages(folio.order) : 1;

	for (uint32_t k = 0; k < nr; k++) {
		if (any && !(mm_lpage(machine, number + k)->flags & MM_LP_GONE) &&
		    !(scan->read[(i + k) / 64] >> (i + k) % 64 & 1))
			continue;
		contents->holes[(i + k) / 64] |= UINT64_C(1) << (i + k) % 64;
		contents->nr_holes++;
	}
	if (!any)
		return nr;
	contents->locked |= (folio.flags & MM_LP_LOCKED) != 0;
	contents->young |= (machine->pages[folio.pfn].flags & MM_PG_YOUNG) != 0;
	contents->executed |= (machine->pages[folio.pfn].flags & MM_PG_EXEC) != 0;
	if (machine->owners[number])
		contents->owner = machine->owners[number];
	mm_drop_but_place(machine, scan->control->cpu, number);
	return nr;
}

/* Its pages end, and the huge page is there in their place; unless it is anonymous in no page table. */
static void put_together(struct mm_machine *machine, const struct scan *scan, uint32_t pfn)
{
	enum mm_lpage_kind kind = (enum mm_lpage_kind)scan->control->kind;
	struct contents contents = { .owner = 0 };
	struct mm_lpage *whole = mm_lpage(machine, scan->first);

	for (uint32_t i = 0; i < MM_PAGEBLOCK_PAGES;)
		i += take_out(machine, scan, i, &contents);
	for (uint32_t i = 0; i < MM_PAGEBLOCK_PAGES; i++)
		if (contents.holes[i / 64] >> i % 64 & 1)
			mm_lpage(machine, scan->first + i)->flags = MM_LP_GONE | MM_LP_HOLE;
	mm_huge_written(machine, scan->first);
	whole->flags |= contents.locked ? MM_LP_LOCKED : 0;
	mm_page_bind(machine, pfn, scan->first, kind);
	machine->huge.chunks[scan->first / MM_PAGEBLOCK_PAGES].collapsed = kind == MM_LPAGE_FILE;
	whole->nr_gone = contents.nr_holes;
	whole->nr_holes = contents.nr_holes;
	/* What is in no page table has no entry that could say so. */
	machine->pages[pfn].flags |= contents.young && kind == MM_LPAGE_ANON ? MM_PG_YOUNG : 0;
	machine->pages[pfn].flags |= contents.executed ? MM_PG_EXEC : 0;
	machine->pages[pfn].flags |= kind != MM_LPAGE_ANON ? MM_PG_UNMAPPED : 0;
	mm_space_charge(machine, contents.owner, scan->first);
	mm_lru_add_page(machine, pfn);
	scan->control->nr_copied += MM_PAGEBLOCK_PAGES;
}

static uint32_t gfp_of(const struct mm_machine *machine, const struct control *control)
{
	return !control->is_khugepaged || machine->settings.khugepaged_defrag
	               ? MM_GFP_TRANSHUGE
	               : MM_GFP_TRANSHUGE_LIGHT;
}

static enum mm_collapse collapse(struct mm_machine *machine, struct scan *was, uint32_t space,
                                 uint32_t area)
{
	struct mm_request request = {
		.gfp_flags = gfp_of(machine, was->control),
		.task = was->control->task,
		.cpu = was->control->cpu,
		.order = MM_PAGEBLOCK_ORDER,
	};
	struct scan scan = { .control = was->control, .first = was->first };
	uint32_t pfn = mm_alloc_pages(machine, &request);
	uint32_t chunk = scan.first / MM_PAGEBLOCK_PAGES;
	enum mm_collapse result = MM_COLLAPSE_PMD_NULL;

	mm_count(machine, pfn == MM_NONE ? MM_THP_COLLAPSE_ALLOC_FAILED : MM_THP_COLLAPSE_ALLOC, 1);
	if (pfn == MM_NONE)
		return MM_COLLAPSE_ALLOC_HUGE_PAGE_FAIL;
	request.gfp_flags = MM_GFP_HIGHUSER_MOVABLE;
	request.order = 0;
	/* Time may have passed, each time. */
	if (mm_huge_chunk(machine, space, area) == chunk)
		result = was->nr_swapped > 0 || scan.control->kind == MM_LPAGE_FILE
		                 ? bring_all_in(machine, &request, &scan)
		                 : MM_COLLAPSE_SUCCEED;
	if (result == MM_COLLAPSE_PAGE_DIRTY) {
		mm_file_thp_flush(machine, space, area);
		result = MM_COLLAPSE_FAIL;
	}
	if (result == MM_COLLAPSE_SUCCEED && mm_huge_chunk(machine, space, area) != chunk)
		result = MM_COLLAPSE_PMD_NULL;
	if (result == MM_COLLAPSE_SUCCEED)
		result = scan_area(machine, &scan);
	if (result == MM_COLLAPSE_SUCCEED &&
	    (scan.nr_swapped > 0 || (scan.nr_none > 0 && scan.control->kind == MM_LPAGE_FILE)))
		result = MM_COLLAPSE_PTE_NON_PRESENT;
	if (result == MM_COLLAPSE_SUCCEED) {
		mm_tlb_collapse(machine, request.cpu, space);
		put_together(machine, &scan, pfn);
	} else {
		mm_free_pages(machine, request.cpu, pfn);
		give_back(machine, &scan);
	}
	return result;
}

/* *waited: it has let others go on. */
static enum mm_collapse scan_and_collapse(struct mm_machine *machine, struct control *control,
                                          uint32_t space, uint32_t area, bool *waited)
{
	uint32_t chunk = mm_huge_chunk(machine, space, area);
	struct scan scan = { .control = control, .first = chunk * MM_PAGEBLOCK_PAGES };
	enum mm_collapse result = chunk == MM_NONE ? scan_borrowed(machine, control, space, area)
	                                           : scan_area(machine, &scan);

	*waited = result == MM_COLLAPSE_SUCCEED || is_cached(control);
	if (result == MM_COLLAPSE_SUCCEED)
		result = collapse(machine, &scan, space, area);
	if (!is_cached(control) ||
	    (result != MM_COLLAPSE_SUCCEED && result != MM_COLLAPSE_PTE_MAPPED_HUGEPAGE))
		return result;
	/* collapse_pte_mapped_thp(): who has asked for it has it in its page table. */
	if (!control->is_khugepaged && mm_shmem_map_huge(machine, space, scan.first))
		machine->pages[mm_lpage(machine, scan.first)->pfn].flags &=
			(uint16_t)~MM_PG_UNMAPPED;
	return result == MM_COLLAPSE_SUCCEED ? result : MM_COLLAPSE_PMD_MAPPED;
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
static enum mm_collapse scan_space(struct mm_machine *machine, struct control *control)
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

		if (!admits(machine, range)) {
			k->progress++;
			k->area = range->end;
			continue;
		}
		if (k->area < range->first)
			k->area = range->first;
		/* Where it goes on, even if the space ends meanwhile. */
		k->area++;
		k->progress += MM_PAGEBLOCK_PAGES;
		control->kind = (uint8_t)kind_of(range);
		result = scan_and_collapse(machine, control, k->space, k->area - 1, &waited);
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
	struct control control = { .is_khugepaged = true,
		                   .cpu = (uint16_t)(cpu % machine->nr_cpus) };
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
		result = scan_space(machine, &control);
		k->nr_ptes += control.nr_ptes;
		k->nr_copied += control.nr_copied;
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

/* ---- madvise(MADV_COLLAPSE) ---- */

/* madvise_collapse_errno() */
static int error_of(enum mm_collapse result)
{
	if (result == MM_COLLAPSE_ALLOC_HUGE_PAGE_FAIL)
		return ENOMEM;
	if (result == MM_COLLAPSE_PAGE_COUNT || result == MM_COLLAPSE_PAGE_LOCK ||
	    result == MM_COLLAPSE_PAGE_LRU)
		return EAGAIN;
	return EINVAL;
}

/* Whether the areas behind one of which this came are tried, too. */
static bool goes_on(enum mm_collapse result)
{
	return result == MM_COLLAPSE_SUCCEED || result == MM_COLLAPSE_PMD_MAPPED ||
	       result == MM_COLLAPSE_PMD_NULL || result == MM_COLLAPSE_PTE_NON_PRESENT ||
	       result == MM_COLLAPSE_PAGE_RO || error_of(result) == EAGAIN;
}

static enum mm_collapse collapse_area(struct mm_machine *machine, struct control *control,
                                      uint32_t space, uint32_t area)
{
	const struct mm_huge_range *range = mm_huge_range_at(machine, space, area);
	bool waited;

	if (!range || range->advice % MM_ADVICE_SHARED == MM_ADVICE_NOHUGE ||
	    mm_space_is_killed(machine, space))
		return MM_COLLAPSE_FAIL;
	control->kind = (uint8_t)kind_of(range);
	if (control->kind == MM_LPAGE_SHMEM && machine->settings.shmem.enabled == MM_SHMEM_DENY)
		return MM_COLLAPSE_FAIL;
	if (control->kind == MM_LPAGE_FILE &&
	    !mm_file_thp_allows(&machine->settings, range->advice))
		return MM_COLLAPSE_FAIL;
	if (mm_huge_zero_maps(machine, space, area))
		return MM_COLLAPSE_PMD_MAPPED;
	return scan_and_collapse(machine, control, space, area, &waited);
}

int mm_madvise_collapse(struct mm_machine *machine, const struct mm_request *request,
                        uint32_t first, uint32_t nr)
{
	struct control control = { .cpu = (uint16_t)(request->cpu % machine->nr_cpus),
		                   .task = request->task };
	enum mm_collapse result = MM_COLLAPSE_SUCCEED;
	int error = 0;

	if (request->space == 0 || request->space >= machine->huge.nr_spaces)
		return EINVAL;
	mm_lru_add_drain_all(machine);
	for (uint32_t i = 0; i < nr && goes_on(result); i++) {
		machine->current.cpu = control.cpu;
		result = collapse_area(machine, &control, request->space, first + i);
		if (result != MM_COLLAPSE_SUCCEED && result != MM_COLLAPSE_PMD_MAPPED)
			error = error_of(result);
	}
	return error;
}
