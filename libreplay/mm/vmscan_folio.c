/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What becomes of a page that the policy gave up: freed, written and freed later, or given back.
 *
 * Clean page: unmapped and freed; a logical page keeps its slot or its place in the file. Anonymous page
 * without a slot: it gets one and is dirty. Dirty page: written, and off all lists until the write
 * ends (mm_end_writeback()); then it goes where it is taken next. No slot, or the request may do no I/O:
 * back to the policy.
 *
 * Follows shrink_folio_list(), pageout(), __remove_mapping(), folio_end_writeback() of v6.12.
 *
 * Not modelled: page locks and extra references; dirty file pages that reclaim leaves to the flushers (they
 * are written here); buffer heads; demotion; synchronous swap devices, whose writes would end at once.
 */
#include "internal.h"

enum outcome {
	FREED,
	WRITTEN,
	KEEP,
	ACTIVATE,
	DISPERSED, /* a huge page that is now 512 pages on the policy's lists */
};

static bool is_lazyfree(const struct mm_page *page)
{
	return (page->flags & (MM_PG_ANON | MM_PG_FILE)) == (MM_PG_ANON | MM_PG_FILE);
}

static bool needs_swap(const struct mm_page *page)
{
	return (page->flags & (MM_PG_ANON | MM_PG_SHMEM)) && !is_lazyfree(page);
}

void mm_account_writeback(struct mm_machine *machine, uint32_t pfn, bool begin)
{
	const struct mm_page *page = &machine->pages[pfn];
	struct mm_zone *zone = &machine->zones[page->zone];
	uint32_t nr = mm_block_pages(page->order);

	if (begin) {
		machine->nr_writeback += nr;
		zone->nr_writeback += nr;
	} else {
		machine->nr_writeback -= nr;
		zone->nr_writeback -= nr;
	}
}

/* MM_NONE: no room. A huge page goes to consecutive slots or not at all. */
static bool add_to_swap(struct mm_machine *machine, uint32_t pfn)
{
	const struct mm_page *page = &machine->pages[pfn];
	struct mm_lpage *lpage = mm_lpage(machine, page->logical);
	uint32_t slot = mm_swap_alloc(machine, page->order, page->logical);

	if (slot == MM_NONE)
		return false;
	lpage->slot = slot;
	mm_add_swapcache(machine, pfn);
	mm_set_dirty(machine, pfn);
	return true;
}

static enum outcome write_page(struct mm_machine *machine, struct mm_scan_control *sc, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	uint32_t nr = mm_block_pages(page->order);

	if (!sc->may_writepage || !(sc->gfp_flags & (needs_swap(page) ? MM_GFP_IO : MM_GFP_FS)))
		return KEEP;
	mm_clear_dirty(machine, pfn);
	page->state = MM_PAGE_WRITEBACK;
	mm_list_add_head(machine, &machine->writeback, pfn);
	mm_account_writeback(machine, pfn, true);
	mm_count(machine, MM_NR_VMSCAN_WRITE, nr);
	if (needs_swap(page)) {
		mm_count(machine, MM_PSWPOUT, nr);
		if (page->order == MM_PAGEBLOCK_ORDER)
			mm_count(machine, MM_THP_SWPOUT, 1);
	}
	sc->nr_written += nr;
	return WRITTEN;
}

static void free_page(struct mm_machine *machine, const struct mm_scan_control *sc, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	uint32_t number = page->logical;
	bool lazy = is_lazyfree(page);

	if (lazy)
		mm_count(machine, MM_PGLAZYFREED, mm_block_pages(page->order));
	else
		mm_workingset_eviction(machine, pfn);
	mm_page_unbind(machine, pfn);
	mm_free_pages(machine, sc->cpu, pfn);
	if (lazy)
		mm_free_lpage(machine, sc->cpu, number);
	else if (mm_lpage(machine, number)->flags & MM_LP_HAS_SUBS)
		mm_split_evicted(machine, number);
}

static enum outcome shrink_page(struct mm_machine *machine, struct mm_scan_control *sc,
                                uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	enum mm_references references = MM_REFERENCES_RECLAIM;

	if (machine->policy->check_references) {
		mm_reference_look(machine, pfn);
		references = machine->policy->check_references(mm_page_node(machine, pfn), pfn, sc);
	}
	if (references == MM_REFERENCES_KEEP || references == MM_REFERENCES_ACTIVATE)
		return references == MM_REFERENCES_KEEP ? KEEP : ACTIVATE;
	if (references == MM_REFERENCES_RECLAIM_CLEAN && (page->flags & MM_PG_DIRTY))
		return KEEP;
	if (needs_swap(page) && !(page->flags & MM_PG_SWAPCACHE)) {
		if (!(sc->gfp_flags & MM_GFP_IO))
			return KEEP;
		if (!add_to_swap(machine, pfn)) {
			if (!(mm_lpage(machine, page->logical)->flags & MM_LP_HAS_SUBS) ||
			    machine->swap.nr_used == machine->swap.nr_slots)
				return ACTIVATE;
			mm_split_page(machine, pfn);
			return DISPERSED;
		}
	}
	if (!(page->flags & MM_PG_UNMAPPED)) {
		page->flags |= MM_PG_UNMAPPED;
		sc->nr_unmapped++;
	}
	if (page->flags & MM_PG_DIRTY)
		return write_page(machine, sc, pfn);
	free_page(machine, sc, pfn);
	return FREED;
}

uint64_t mm_shrink_batch(struct mm_node *node, struct mm_scan_control *sc, struct mm_batch *batch,
                         uint64_t *nr_written)
{
	struct mm_machine *machine = node->machine;
	uint64_t written = sc->nr_written, freed = 0;

	for (uint32_t i = 0; i < batch->nr; i++) {
		uint32_t pfn = batch->pfns[i];
		struct mm_page *page = &machine->pages[pfn];
		uint32_t nr = mm_block_pages(page->order);
		enum outcome outcome;

		mm_unisolate(node, pfn);
		outcome = shrink_page(machine, sc, pfn);
		if (outcome == FREED) {
			freed += nr;
		} else if (outcome == KEEP || outcome == ACTIVATE) {
			bool activate = outcome == ACTIVATE;

			if (activate && (page->flags & MM_PG_SWAPCACHE) && mm_swap_full(machine))
				mm_free_swapcache(machine, pfn);
			if (activate)
				mm_count(machine, MM_PGACTIVATE, nr);
			sc->nr_putback += nr;
			machine->policy->putback(node, pfn,
			                         activate ? MM_PUTBACK_ACTIVATE : MM_PUTBACK_KEEP);
		}
	}
	*nr_written = sc->nr_written - written;
	return freed;
}

uint32_t mm_nr_writeback(const struct mm_machine *machine)
{
	return machine->writeback.count;
}

uint32_t mm_oldest_write_pages(const struct mm_machine *machine)
{
	if (machine->writeback.count == 0)
		return 0;
	return mm_block_pages(machine->pages[machine->writeback.tail].order);
}

void mm_end_writeback(struct mm_machine *machine, uint32_t nr)
{
	while (nr-- > 0 && machine->writeback.count > 0) {
		uint32_t pfn = machine->writeback.tail;
		struct mm_page *page = &machine->pages[pfn];
		bool clean = !(page->flags & MM_PG_DIRTY);

		mm_list_del(machine, &machine->writeback, pfn);
		mm_account_writeback(machine, pfn, false);
		page->state = MM_PAGE_USED;
		if (page->flags & MM_PG_UNEVICTABLE)
			continue;
		if (clean)
			mm_count(machine, MM_PGROTATED, mm_block_pages(page->order));
		machine->policy->putback(mm_page_node(machine, pfn), pfn,
		                         clean ? MM_PUTBACK_ROTATE : MM_PUTBACK_KEEP);
	}
	for (uint32_t n = 0; n < machine->nr_nodes; n++)
		machine->nodes[n].kswapd.wait_write = false;
}
