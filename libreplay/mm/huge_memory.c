/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Huge pages, and others of a higher order: 2^k base pages under one logical page, or on their own.
 *
 * Logical pages are numbered by base page. While a page of order k is whole, its first number stands for all
 * 2^k and the others are not in use. When there was no such block for it, or reclaim or a late touch takes it apart, each
 * number is a page of its own, with its place and slot. What the demand says of a base page means the whole as long as
 * there is one. Where base pages end one by one, as they do in a recording that had the page in pieces, the whole stays
 * until the last has ended or reclaim meets it: then it is split, and what has ended is free.
 *
 * The first touch of an area asks for a huge page, twice: on the node without reclaiming much, then as the
 * setting allows (transparent_hugepage/defrag; under the recorded settings as the recorded request did). If there is none, a
 * small page is put there, and nobody asks again. Where the recorded kernel got a huge page and the replay does not, no
 * event tells which base pages are used later: all 512 are touched. Likewise where huge pages are switched off. Where they are
 * switched on, the first touch of an area gets one by the settings (huge_area.c), and later touches find it there.
 *
 * State: MM_LP_GONE of a base page that has ended before its whole; their number with the first (mm_lpage.nr_gone);
 * which orders there have been (mm_machine.orders), to look for.
 *
 * Follows do_huge_pmd_anonymous_page(), alloc_pages_mpol(), __split_huge_page() and the split of partially mapped
 * folios in shrink_folio_list() of v6.12.
 *
 * Not modelled: a page put where a base page
 * of a whole has ended (the whole is split then); folios that cannot be split, but for those that are written or isolated;
 * page tables that stay when all
 * that they mapped has ended, which keep huge pages away.
 */
#include "huge_memory.h"
#include "internal.h"

#define HUGE_PAGES MM_PAGEBLOCK_PAGES

static bool is_larger(const struct mm_lpage *lpage, uint32_t order)
{
	return lpage->order == order && lpage->kind != MM_LPAGE_NONE &&
	       lpage->kind != MM_LPAGE_KERNEL;
}

uint32_t mm_whole_page(const struct mm_machine *machine, uint32_t number)
{
	for (uint32_t orders = machine->orders; orders != 0; orders &= orders - 1) {
		uint32_t order = (uint32_t)__builtin_ctz(orders);
		uint32_t head = number & ~(mm_block_pages(order) - 1);

		if (is_larger(mm_lpage(machine, head), order))
			return head;
	}
	return number;
}

bool mm_has_room(const struct mm_machine *machine, uint32_t number, uint32_t order)
{
	uint32_t end = number + mm_block_pages(order);

	if ((number & (mm_block_pages(order) - 1)) != 0 || end > machine->nr_lpages)
		return false;
	for (uint32_t i = number; i < end; i++) {
		if (machine->lpages[i].kind != MM_LPAGE_NONE)
			return false;
	}
	return mm_whole_page(machine, number) == number;
}

/* ---- taking apart ---- */

/* A larger page that goes on as base pages. */
struct whole {
	struct mm_lpage lpage;
	uint32_t number;
	uint32_t owner;
	uint32_t next_use;
};

static struct whole whole_at(const struct mm_machine *machine, uint32_t number)
{
	return (struct whole){
		.lpage = *mm_lpage(machine, number),
		.number = number,
		.owner = machine->owners[number],
		.next_use = machine->next_use ? machine->next_use[number] : MM_NONE,
	};
}

/* Base page i of it; false: its contents had ended. */
static bool begin_part(struct mm_machine *machine, const struct whole *whole, uint32_t i)
{
	uint32_t slot = whole->lpage.slot == MM_NONE ? MM_NONE : whole->lpage.slot + i;
	uint32_t number = whole->number + i;
	bool gone = mm_lpage(machine, number)->flags & MM_LP_GONE;

	*mm_lpage(machine, number) = (struct mm_lpage){
		.pfn = MM_NONE,
		.slot = slot,
		.kind = whole->lpage.kind,
		.flags = whole->lpage.flags &
		         (uint8_t) ~(MM_LP_GONE | MM_LP_HOLE | MM_LP_DEFERRED | MM_LP_PTE_MAPPED),
		.shadow = whole->lpage.shadow,
		.node = whole->lpage.node,
	};
	machine->owners[number] = whole->owner;
	if (machine->next_use)
		machine->next_use[number] = whole->next_use;
	mm_residence_part(machine, whole->number, number);
	if (slot != MM_NONE)
		machine->swap.owners[slot] = number;
	return !gone;
}

void mm_forget_parts(struct mm_machine *machine, uint32_t number)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);

	if (mm_is_mapped_as_one(machine, number))
		mm_shmem_unmap_huge(machine, number);
	for (uint32_t i = 1; lpage->order > 0 && i < mm_block_pages(lpage->order); i++)
		mm_lpage(machine, number + i)->flags = 0;
}

void mm_split_evicted(struct mm_machine *machine, uint32_t number)
{
	const struct whole whole = whole_at(machine, number);

	MM_CHECK(machine, whole.lpage.pfn == MM_NONE, number);
	for (uint32_t i = 0; i < mm_block_pages(whole.lpage.order); i++)
		if (!begin_part(machine, &whole, i))
			mm_free_lpage(machine, machine->current.cpu, number + i);
}

void mm_split_page(struct mm_machine *machine, uint32_t pfn)
{
	const uint16_t keep = MM_PG_YOUNG | MM_PG_UNMAPPED | MM_PG_WORKINGSET | MM_PG_EXEC |
	                      MM_PG_FILE | MM_PG_POLICY0 | MM_PG_POLICY1 | MM_PG_POLICY2 |
	                      MM_PG_POLICY3;
	const struct mm_page was = machine->pages[pfn];
	const struct whole whole = whole_at(machine, was.logical);
	uint32_t nr = mm_block_pages(was.order);
	uint16_t flags = was.flags & keep;

	if (nr == HUGE_PAGES && whole.lpage.kind == MM_LPAGE_ANON)
		mm_split_mapped(machine, whole.number);
	/* Pages of files are in no page table then. */
	if (whole.lpage.kind == MM_LPAGE_SHMEM || mm_is_file_thp(machine, whole.number))
		flags |= MM_PG_UNMAPPED;
	if (mm_is_mapped_as_one(machine, whole.number))
		mm_count(machine, MM_THP_SPLIT_PMD, mm_shmem_unmap_huge(machine, whole.number));
	/* Its base pages are unmapped one by one, and the first of them puts it into the queue. */
	if (nr < HUGE_PAGES && nr > 2 && whole.lpage.kind == MM_LPAGE_ANON &&
	    !(was.flags & MM_PG_UNMAPPED) && !(whole.lpage.flags & MM_LP_DEFERRED))
		mm_count_folio(machine, was.order, MM_FOLIO_SPLIT_DEFERRED);
	mm_page_unbind(machine, pfn);
	machine->nr_used -= nr;
	mm_count(machine, MM_THP_SPLIT_PAGE, nr == HUGE_PAGES);
	mm_count_folio(machine, was.order, MM_FOLIO_SPLIT);
	for (uint32_t i = 0; i < nr; i++) {
		struct mm_page *page = &machine->pages[pfn + i];
		bool goes_on = begin_part(machine, &whole, i);

		page->zone = was.zone;
		mm_prep_block(machine, pfn + i, 0);
		mm_page_bind(machine, pfn + i, whole.number + i,
		             (enum mm_lpage_kind)whole.lpage.kind);
		page->flags |= flags;
		page->io |= was.io & MM_IO_YOUNG_TWICE;
		page->policy = was.policy;
		if (was.flags & MM_PG_SWAPCACHE)
			mm_add_swapcache(machine, pfn + i);
		if (was.flags & MM_PG_DIRTY)
			mm_set_dirty(machine, pfn + i);
		else
			mm_clear_dirty(machine, pfn + i);
		if (!goes_on)
			mm_free_lpage(machine, machine->current.cpu, whole.number + i);
	}
}

/* A page on its list, or on none because it is unevictable. */
bool mm_take_apart(struct mm_machine *machine, uint32_t number)
{
	uint32_t pfn = mm_lpage(machine, number)->pfn, nr;
	const struct mm_page *page = &machine->pages[pfn];

	if (pfn == MM_NONE || page->state != MM_PAGE_USED || mm_is_writeback(page))
		return false;
	nr = mm_block_pages(page->order);
	mm_lru_remove_page(machine, pfn);
	mm_split_page(machine, pfn);
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t part = mm_lpage(machine, number + i)->pfn;

		if (part != MM_NONE)
			mm_lru_add_page(machine, part);
	}
	return true;
}

uint32_t mm_base_page(struct mm_machine *machine, uint32_t number)
{
	uint32_t head = mm_whole_page(machine, number);
	struct mm_lpage *lpage = mm_lpage(machine, number), *whole = mm_lpage(machine, head);

	if (!(lpage->flags & MM_LP_GONE) || whole->order == 0)
		return head;
	if (!(lpage->flags & MM_LP_HOLE))
		return mm_take_apart(machine, head) ? number : head;
	lpage->flags &= (uint8_t) ~(MM_LP_GONE | MM_LP_HOLE);
	whole->nr_gone--;
	whole->nr_holes--;
	return head;
}

/* ---- the end ---- */

static void end_part(struct mm_machine *machine, uint16_t cpu, uint32_t head, uint32_t number)
{
	struct mm_lpage *whole = mm_lpage(machine, head), *lpage = mm_lpage(machine, number);

	if (lpage->flags & MM_LP_GONE)
		return;
	lpage->flags |= MM_LP_GONE;
	mm_huge_recall(machine, number, 1);
	if (whole->kind == MM_LPAGE_FILE)
		mm_unplace_lpage(machine, number);
	if (++whole->nr_gone == mm_block_pages(whole->order))
		mm_free_lpage(machine, cpu, head);
	else if (whole->order > 1 && whole->kind == MM_LPAGE_ANON)
		mm_deferred_split(machine, head);
	else if (whole->kind == MM_LPAGE_SHMEM || mm_is_file_thp(machine, head))
		mm_shmem_punch(machine, head);
}

bool mm_free_base(struct mm_machine *machine, uint16_t cpu, uint32_t number, uint32_t order)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);
	uint32_t end = number + mm_block_pages(order);
	bool any = false;

	if (machine->settings.file_thp)
		mm_file_thp_cut(machine, number);
	if (lpage->kind == MM_LPAGE_KERNEL || is_larger(lpage, order) || end > machine->nr_lpages)
		return mm_free_lpage(machine, cpu, number);
	for (; number < end; number++) {
		uint32_t head = mm_whole_page(machine, number);

		if (mm_lpage(machine, head)->order == 0 ||
		    mm_lpage(machine, head)->kind == MM_LPAGE_KERNEL) {
			any |= mm_free_lpage(machine, cpu, number);
		} else {
			end_part(machine, cpu, head, number);
			any = true;
		}
	}
	return any;
}

/* ---- faults ---- */

/* alloc_pages_mpol(): a block nearby without much ado, then anywhere with what the setting allows. */
static uint32_t alloc_huge(struct mm_machine *machine, const struct mm_request *request,
                           uint32_t gfp_flags)
{
	struct mm_request huge = *request;
	uint32_t pfn;

	/* Recorded of the first try; the second one's are not known then. */
	if (gfp_flags & MM_GFP_THISNODE)
		gfp_flags &= ~(MM_GFP_THISNODE | MM_GFP_NORETRY);
	huge.order = MM_PAGEBLOCK_ORDER;
	huge.gfp_flags = gfp_flags | MM_GFP_THISNODE | MM_GFP_NORETRY;
	pfn = mm_alloc_pages(machine, &huge);
	if (pfn != MM_NONE || !(gfp_flags & MM_GFP_DIRECT_RECLAIM))
		return pfn;
	huge.gfp_flags = gfp_flags;
	return mm_alloc_pages(machine, &huge);
}

enum mm_touch_result mm_touch_pieces(struct mm_machine *machine, const struct mm_request *request,
                                     uint32_t number, enum mm_lpage_kind kind, uint32_t flags)
{
	enum mm_touch_result worst = MM_TOUCH_HIT;
	struct mm_request small = *request;

	if ((number & (mm_block_pages(request->order) - 1)) != 0 ||
	    mm_block_pages(request->order) > machine->nr_lpages - number)
		return MM_TOUCH_INVALID;
	small.order = 0;
	small.huge_gfp = 0;
	if (kind != MM_LPAGE_FILE)
		small.gfp_flags = MM_GFP_HIGHUSER_MOVABLE;
	for (uint32_t i = 0; i < mm_block_pages(request->order); i++) {
		enum mm_touch_result result = mm_touch_page(machine, &small, number + i, kind,
		                                            flags & ~(uint32_t)MM_TOUCH_FAULTED);

		if (result > worst)
			worst = result;
		if (result == MM_TOUCH_FAILED)
			break;
	}
	return worst;
}

static enum mm_vmstat_item huge_item(enum mm_lpage_kind kind, bool got)
{
	if (kind == MM_LPAGE_SHMEM)
		return got ? MM_THP_FILE_ALLOC : MM_THP_FILE_FALLBACK;
	return got ? MM_THP_FAULT_ALLOC : MM_THP_FAULT_FALLBACK;
}

static enum mm_folio_stat huge_stat(enum mm_lpage_kind kind, bool got)
{
	if (kind == MM_LPAGE_SHMEM)
		return got ? MM_FOLIO_SHMEM_ALLOC : MM_FOLIO_SHMEM_FALLBACK;
	return got ? MM_FOLIO_FAULT_ALLOC : MM_FOLIO_FAULT_FALLBACK;
}

/* It is where base page number has been touched; the others, if they are to be so one by one, are there for whoever does. */
static void put_huge(struct mm_machine *machine, const struct mm_request *request, uint32_t number,
                     enum mm_lpage_kind kind, uint32_t pfn)
{
	uint32_t head = number & ~(HUGE_PAGES - 1);

	mm_page_bind(machine, pfn, head, kind);
	if (kind == MM_LPAGE_SHMEM && request->order == 0)
		mm_make_holes(machine, head, number);
	machine->pages[pfn].flags |= MM_PG_YOUNG;
	mm_lru_add_page(machine, pfn);
}

/* do_anonymous_page() begins with it, right after what reclaim and compaction for the huge page have freed. */
static void alloc_table(struct mm_machine *machine, const struct mm_request *request)
{
	const struct mm_request table = {
		.gfp_flags = request->table_gfp,
		.task = request->task,
		.space = request->space,
		.cpu = request->cpu,
	};

	if (request->table_gfp != 0 && !mm_lpage_is_known(machine, request->table))
		mm_touch_page(machine, &table, request->table, MM_LPAGE_KERNEL, MM_TOUCH_TABLE);
}

enum mm_touch_result mm_touch_huge(struct mm_machine *machine, const struct mm_request *request,
                                   uint32_t number, enum mm_lpage_kind kind, uint32_t flags)
{
	bool whole = request->order == MM_PAGEBLOCK_ORDER;
	bool shared = kind == MM_LPAGE_SHMEM, fault = !shared || (flags & MM_TOUCH_FAULT);
	uint32_t head = number & ~(HUGE_PAGES - 1), pfn;

	if (!whole && !mm_has_room(machine, head, MM_PAGEBLOCK_ORDER))
		return MM_TOUCH_FAILED;
	if (kind == MM_LPAGE_ANON)
		mm_khugepaged_enter(machine, request->space);
	pfn = alloc_huge(machine, request, whole ? request->gfp_flags : request->huge_gfp);
	/* Somebody else was faster while this one waited. */
	if (pfn != MM_NONE && !mm_has_room(machine, head, MM_PAGEBLOCK_ORDER)) {
		mm_free_pages(machine, machine->current.cpu, pfn);
		return whole ? mm_touch_pieces(machine, request, head, kind, shared ? flags : 0)
		             : MM_TOUCH_FAILED;
	}
	mm_count(machine, huge_item(kind, pfn != MM_NONE), 1);
	mm_count_folio(machine, MM_PAGEBLOCK_ORDER, huge_stat(kind, pfn != MM_NONE));
	if (pfn == MM_NONE)
		alloc_table(machine, request);
	if (pfn == MM_NONE && whole)
		return mm_touch_pieces(machine, request, head, kind, shared ? flags : 0);
	if (pfn == MM_NONE)
		return MM_TOUCH_FAILED;
	mm_count(machine, MM_PGFAULT, fault);
	put_huge(machine, request, number, kind, pfn);
	if (!fault)
		mm_enter_unmapped(machine, pfn);
	else if (shared)
		mm_shmem_map_huge(machine, request->space, head);
	return MM_TOUCH_NEW;
}
