/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which page holds which logical page, both ways.
 *
 * A logical page is in one place at most, so the reverse mapping is one number in struct mm_page and the
 * page table one number in struct mm_lpage. Contents that a slot of the swap device also holds make the
 * page clean (MM_PG_SWAPCACHE); the first write takes the slot from it.
 *
 * Follows what __folio_add_rmap(), folio_remove_rmap_ptes(), folio_free_swap() decide in v6.12.
 *
 * Not modelled: the mappings of a page one by one: only whether it was used through one page table or several
 * (MM_IO_YOUNG_TWICE); the demand has resolved sharing after fork into one logical page until it is written.
 */
#include "huge_memory.h"
#include "internal.h"
#include "ksm_state.h"

bool mm_lpage_is_known(const struct mm_machine *machine, uint32_t page)
{
	const struct mm_lpage *lpage = mm_lpage(machine, page);

	/* A hole is there for whoever touches it. */
	return lpage->kind != MM_LPAGE_NONE ||
	       (mm_whole_page(machine, page) != page &&
	        (lpage->flags & (MM_LP_GONE | MM_LP_HOLE)) != MM_LP_GONE);
}

void mm_expect_page(const struct mm_machine *machine, uint32_t page)
{
	if (page >= machine->nr_lpages)
		return;
	__builtin_prefetch(&machine->lpages[page], 1);
	__builtin_prefetch(&machine->owners[page]);
}

void mm_expect_frame(const struct mm_machine *machine, uint32_t page)
{
	uint32_t pfn;

	if (page >= machine->nr_lpages)
		return;
	pfn = machine->lpages[page].pfn;
	if (pfn != MM_NONE)
		__builtin_prefetch(&machine->pages[pfn], 1);
}

bool mm_lpage_is_part(const struct mm_machine *machine, uint32_t page)
{
	return mm_lpage(machine, mm_whole_page(machine, page))->order > 0;
}

bool mm_lpage_is_present(const struct mm_machine *machine, uint32_t page)
{
	return mm_lpage(machine, page)->pfn != MM_NONE;
}

bool mm_lpage_is_read_ahead(const struct mm_machine *machine, uint32_t page)
{
	uint32_t pfn = mm_lpage(machine, page)->pfn;
	uint16_t both = MM_PG_SWAPCACHE | MM_PG_UNMAPPED;

	return pfn != MM_NONE && (machine->pages[pfn].flags & both) == both;
}

enum mm_lru_type mm_lpage_lru_type(const struct mm_machine *machine, uint32_t page)
{
	return mm_lpage(machine, page)->kind == MM_LPAGE_FILE ? MM_LRU_FILE : MM_LRU_ANON;
}

void mm_rename_page(struct mm_machine *machine, uint32_t was, uint32_t page)
{
	struct mm_lpage *from = mm_lpage(machine, was), *to = mm_lpage(machine, page);

	if (from->kind == MM_LPAGE_NONE || from->kind == MM_LPAGE_KERNEL || from->order > 0)
		return;
	if (mm_lpage_is_known(machine, page) && !(to->flags & MM_LP_HOLE))
		return;
	/* Part of a folio, it is there, or the folio is split to make room. */
	if (machine->orders != 0 && mm_base_page(machine, page) != page) {
		mm_drop_lpage(machine, machine->current.cpu, was);
		return;
	}
	mm_huge_recall(machine, was, 1);
	if (from->kind == MM_LPAGE_FILE)
		mm_move_file_place(machine, was, page);
	*to = *from;
	*from = (struct mm_lpage){ .pfn = MM_NONE, .slot = MM_NONE };
	machine->owners[page] = machine->owners[was];
	machine->owners[was] = 0;
	if (machine->ksm)
		mm_ksm_rename(machine, was, page);
	if (to->pfn != MM_NONE && machine->pages[to->pfn].logical == was) {
		machine->pages[to->pfn].logical = page;
		mm_folio_batch_rename(machine, to->pfn, was);
	}
	if (to->slot != MM_NONE)
		machine->swap.owners[to->slot] = page;
	if (machine->next_use)
		machine->next_use[page] = machine->next_use[was];
	if (page < machine->residence.nr_pages && was < machine->residence.nr_pages)
		machine->residence.pages[page] = machine->residence.pages[was];
}

static void account_kind(struct mm_machine *machine, enum mm_lpage_kind kind, uint32_t order,
                         bool add)
{
	uint64_t nr = add ? mm_block_pages(order) : -(uint64_t)mm_block_pages(order);

	switch (kind) {
	case MM_LPAGE_ANON:
		machine->nr_anon += nr;
		if (order > 0)
			machine->folio_stats[order][MM_FOLIO_NR_ANON] += add ? 1 : -UINT64_C(1);
		if (order == MM_PAGEBLOCK_ORDER)
			machine->nr_anon_huge += add ? 1 : -UINT64_C(1);
		break;
	case MM_LPAGE_FILE:
		machine->nr_file += nr;
		if (order == MM_PAGEBLOCK_ORDER)
			machine->huge.nr_file += add ? 1 : -1u;
		break;
	case MM_LPAGE_SHMEM:
		machine->nr_shmem += nr;
		if (order == MM_PAGEBLOCK_ORDER)
			machine->huge.nr_shmem += add ? 1 : -1u;
		break;
	case MM_LPAGE_KERNEL:
	case MM_LPAGE_NONE:
		break;
	}
}

void mm_page_bind(struct mm_machine *machine, uint32_t pfn, uint32_t logical,
                  enum mm_lpage_kind kind)
{
	static const uint16_t flags[] = {
		[MM_LPAGE_ANON] = MM_PG_ANON | MM_PG_DIRTY,
		[MM_LPAGE_FILE] = MM_PG_FILE,
		[MM_LPAGE_SHMEM] = MM_PG_SHMEM | MM_PG_DIRTY,
		[MM_LPAGE_KERNEL] = 0,
	};
	struct mm_page *page = &machine->pages[pfn];
	struct mm_lpage *lpage = mm_lpage(machine, logical);

	MM_CHECK(machine, page->state == MM_PAGE_USED && lpage->pfn == MM_NONE, pfn);
	page->logical = logical;
	page->flags = flags[kind];
	mm_page_idle_test_clear_young(machine, pfn);
	lpage->pfn = pfn;
	lpage->kind = (uint8_t)kind;
	lpage->order = page->order;
	if (page->order > 0 && kind != MM_LPAGE_KERNEL) {
		lpage->nr_gone = 0;
		lpage->nr_holes = 0;
		machine->orders |= 1u << page->order;
	}
	account_kind(machine, kind, page->order, true);
	mm_block_changes(machine, pfn, page->order);
	if (lpage->flags & MM_LP_LOCKED) {
		page->flags |= MM_PG_UNEVICTABLE;
		machine->nr_unevictable += mm_block_pages(page->order);
	}
}

void mm_page_unbind(struct mm_machine *machine, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	struct mm_lpage *lpage = mm_lpage(machine, page->logical);

	MM_CHECK(machine, lpage->pfn == pfn && !(page->flags & MM_PG_LRU), pfn);
	mm_clear_dirty(machine, pfn);
	mm_cancel_writeback(machine, pfn);
	if (page->flags & MM_PG_SWAPCACHE)
		machine->nr_swapcached -= mm_block_pages(page->order);
	if (page->flags & MM_PG_UNEVICTABLE)
		machine->nr_unevictable -= mm_block_pages(page->order);
	account_kind(machine, (enum mm_lpage_kind)lpage->kind, page->order, false);
	mm_block_changes(machine, pfn, page->order);
	if (mm_is_file_thp(machine, page->logical))
		machine->huge.chunks[page->logical / MM_PAGEBLOCK_PAGES].collapsed = false;
	page->flags = 0;
	page->logical = MM_NONE;
	lpage->pfn = MM_NONE;
}

/* Dirty pages of files are counted; an anonymous page is dirty whenever no slot holds it. */
static bool counts_as_dirty(const struct mm_page *page)
{
	return !(page->flags & (MM_PG_ANON | MM_PG_SHMEM));
}

void mm_set_dirty(struct mm_machine *machine, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];

	if (counts_as_dirty(page) && !(page->flags & MM_PG_DIRTY)) {
		machine->nr_dirty += mm_block_pages(page->order);
		machine->writeback.nr_dirtied += mm_block_pages(page->order);
		machine->current.nr_dirtied += mm_block_pages(page->order);
		mm_queue_dirty(machine, pfn);
	}
	page->flags |= MM_PG_DIRTY;
}

void mm_clear_dirty(struct mm_machine *machine, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];

	if (counts_as_dirty(page) && (page->flags & MM_PG_DIRTY))
		machine->nr_dirty -= mm_block_pages(page->order);
	page->flags &= (uint16_t)~MM_PG_DIRTY;
}

void mm_add_swapcache(struct mm_machine *machine, uint32_t pfn)
{
	machine->pages[pfn].flags |= MM_PG_SWAPCACHE;
	machine->nr_swapcached += mm_block_pages(machine->pages[pfn].order);
}

void mm_drop_swapcache(struct mm_machine *machine, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	struct mm_lpage *lpage = mm_lpage(machine, page->logical);

	MM_CHECK(machine, (page->flags & MM_PG_SWAPCACHE) && lpage->slot != MM_NONE, pfn);
	lpage->slot = MM_NONE;
	page->flags &= (uint16_t)~MM_PG_SWAPCACHE;
	machine->nr_swapcached -= mm_block_pages(page->order);
	mm_set_dirty(machine, pfn);
}

void mm_free_swapcache(struct mm_machine *machine, uint32_t pfn)
{
	const struct mm_page *page = &machine->pages[pfn];
	uint32_t slot = mm_lpage(machine, page->logical)->slot;
	bool shared = mm_lpage(machine, page->logical)->flags & MM_LP_KSM;

	mm_drop_swapcache(machine, pfn);
	if (!shared || !mm_ksm_pass_slot(machine, page->logical, slot))
		mm_swap_free(machine, slot, page->order);
}

bool mm_try_free_swapcache(struct mm_machine *machine, uint32_t pfn)
{
	const struct mm_page *page = &machine->pages[pfn];

	if (!(page->flags & MM_PG_SWAPCACHE) || mm_is_writeback(page))
		return false;
	mm_free_swapcache(machine, pfn);
	return true;
}
