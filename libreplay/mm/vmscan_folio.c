/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What becomes of a page that the policy gave up: freed, written and freed later, or given back.
 *
 * Clean page: unmapped and freed; a logical page keeps its slot or its place in the file. Anonymous page
 * without a slot: it gets one and is dirty. Dirty anonymous page: written, and back to its list until the
 * write ends (page_writeback.c), unless the device has it at once: then it is freed too. Dirty page of a file: left
 * to the flushers. A page that is being written is in the way: it goes to the active list until that is over. No
 * slot, or the request may do no I/O: back to the policy.
 *
 * Follows shrink_folio_list(), pageout(), __remove_mapping() of v6.12; before v6.3 kswapd wrote file pages
 * itself where it met too many of them.
 *
 * Not modelled: page locks and extra references; buffer heads; demotion.
 */
#include "huge_memory.h"
#include "internal.h"
#include "ksm_state.h"
#include "swap.h"

enum outcome {
	FREED,
	KEEP,
	ACTIVATE,
	DISPERSED, /* a huge page that is now 512 pages on no list */
};

static bool is_lazyfree(const struct mm_page *page)
{
	return (page->flags & (MM_PG_ANON | MM_PG_FILE)) == (MM_PG_ANON | MM_PG_FILE);
}

static bool needs_swap(const struct mm_page *page)
{
	return (page->flags & (MM_PG_ANON | MM_PG_SHMEM)) && !is_lazyfree(page);
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

static bool may_write(const struct mm_scan_control *sc, const struct mm_page *page)
{
	return sc->may_writepage && (sc->gfp_flags & (needs_swap(page) ? MM_GFP_IO : MM_GFP_FS));
}

static void count_swapout(struct mm_machine *machine, uint32_t order)
{
	mm_count(machine, MM_PSWPOUT, mm_block_pages(order));
	if (order == MM_PAGEBLOCK_ORDER)
		mm_count(machine, MM_THP_SWPOUT, 1);
	mm_count_folio(machine, order, MM_FOLIO_SWPOUT);
}

static enum outcome write_page(struct mm_machine *machine, struct mm_scan_control *sc, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	uint32_t nr = mm_block_pages(page->order);
	bool zeroes = needs_swap(page) && mm_is_zero_filled(machine, page->logical);
	bool at_once =
		zeroes || (needs_swap(page) && machine->settings.swap_device == MM_SWAP_AT_ONCE);

	if (!at_once && !mm_start_writeback(machine, pfn, mm_write_cpu(machine, sc)))
		return KEEP;
	mm_clear_dirty(machine, pfn);
	page->io |= MM_IO_RECLAIM;
	mm_count(machine, MM_NR_VMSCAN_WRITE, nr);
	if (zeroes)
		mm_count(machine, MM_SWPOUT_ZERO, nr);
	else if (needs_swap(page))
		count_swapout(machine, page->order);
	if (at_once && !zeroes)
		mm_zram_write(machine, sc->cpu, machine->lpages[page->logical].slot, nr);
	sc->nr_written += nr;
	return at_once ? FREED : KEEP;
}

/* A file's page: the flushers write it, and reclaim waits for that. */
static bool leave_to_flushers(struct mm_machine *machine, const struct mm_scan_control *sc,
                              uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];

	if (sc->kswapd && (page->io & MM_IO_RECLAIM) && mm_page_node(machine, pfn)->many_dirty)
		return machine->settings.kernel >= MM_KERNEL(6, 3);
	mm_count(machine, MM_NR_VMSCAN_IMMEDIATE, mm_block_pages(page->order));
	page->io |= MM_IO_RECLAIM;
	return true;
}

/* For the pace of reclaim: how many pages it met that it could not free (struct reclaim_stat). */
static void note_dirty(struct mm_scan_control *sc, const struct mm_page *page)
{
	uint32_t nr = mm_block_pages(page->order);
	bool writeback = mm_is_writeback(page), dirty = page->flags & MM_PG_DIRTY;

	if (page->flags & (MM_PG_ANON | MM_PG_SHMEM))
		return;
	sc->nr.dirty += dirty || writeback ? nr : 0;
	sc->nr.unqueued_dirty += dirty && !writeback ? nr : 0;
	sc->nr.congested += writeback && (page->io & MM_IO_RECLAIM) ? nr : 0;
}

static enum outcome meet_writeback(struct mm_machine *machine, struct mm_scan_control *sc,
                                   uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	uint32_t nr = mm_block_pages(page->order);

	if (sc->kswapd && (page->io & MM_IO_RECLAIM) && mm_page_node(machine, pfn)->many_writeback)
		sc->nr.immediate += nr;
	else
		sc->nr.writeback += nr;
	page->io |= MM_IO_RECLAIM;
	return ACTIVATE;
}

/*
 * A process on its way out has it: folio_referenced_one() leaves it alone while it is mapped, and then the mmu_gather holds
 * it until the process frees it. Before 6.12 it is written to swap as long as it is mapped.
 */
static bool is_leaving(const struct mm_machine *machine, const struct mm_page *page)
{
	uint32_t owner = page->flags & MM_PG_ANON ? machine->owners[page->logical] : 0;

	return machine->settings.kernel >= MM_KERNEL(6, 12) && owner != 0 &&
	       (machine->spaces[owner].flags & MM_SPACE_LEAVING);
}

static void free_page(struct mm_machine *machine, const struct mm_scan_control *sc, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	uint32_t number = page->logical, nr = mm_block_pages(page->order);
	bool lazy = is_lazyfree(page);

	if (lazy)
		mm_count(machine, MM_PGLAZYFREED, nr);
	else
		mm_workingset_eviction(machine, pfn);
	if (mm_lpage(machine, number)->flags & MM_LP_KSM)
		mm_ksm_evicted(machine, number);
	mm_page_unbind(machine, pfn);
	mm_free_pages(machine, sc->cpu, pfn);
	if (lazy) {
		mm_free_lpage(machine, sc->cpu, number);
		return;
	}
	if (nr > 1)
		mm_split_evicted(machine, number);
	for (uint32_t i = 0; machine->hooks.evicted && i < nr; i++) {
		const struct mm_lpage *lpage = mm_lpage(machine, number + i);

		if (lpage->kind != MM_LPAGE_NONE)
			machine->hooks.evicted(machine->hooks.data, number + i,
			                       lpage->kind == MM_LPAGE_FILE);
	}
}

/* Into swap: DISPERSED and FREED go on. */
static enum outcome prepare_swap(struct mm_machine *machine, const struct mm_scan_control *sc,
                                 uint32_t pfn)
{
	const struct mm_page *page = &machine->pages[pfn];
	const struct mm_lpage *lpage = mm_lpage(machine, page->logical);
	bool part = page->order > 0 && lpage->nr_gone > lpage->nr_holes;

	if (!needs_swap(page) || (page->flags & MM_PG_SWAPCACHE))
		return FREED;
	/* The first that writes larger pages of shared memory as they are is 6.12. */
	if ((page->flags & MM_PG_SHMEM) && page->order > 0 && machine->settings.kernel != 0 &&
	    machine->settings.kernel < MM_KERNEL(6, 12)) {
		mm_split_page(machine, pfn);
		return DISPERSED;
	}
	if (!(sc->gfp_flags & MM_GFP_IO))
		return KEEP;
	/* Partially mapped: what is not may be free at once. */
	if (!part && add_to_swap(machine, pfn))
		return FREED;
	if (page->order == 0 || (!part && machine->swap.nr_used == machine->swap.nr_slots))
		return ACTIVATE;
	/* Of shared memory it is shmem_writepage() that splits, and does not count it. */
	part |= (page->flags & MM_PG_SHMEM) != 0;
	mm_count(machine, MM_THP_SWPOUT_FALLBACK, !part && page->order == MM_PAGEBLOCK_ORDER);
	if (!part)
		mm_count_folio(machine, page->order, MM_FOLIO_SWPOUT_FALLBACK);
	mm_split_page(machine, pfn);
	return DISPERSED;
}

static enum outcome clean_page(struct mm_machine *machine, struct mm_scan_control *sc, uint32_t pfn,
                               bool only_clean)
{
	const struct mm_page *page = &machine->pages[pfn];

	if (!needs_swap(page) && leave_to_flushers(machine, sc, pfn))
		return ACTIVATE;
	if (only_clean || !may_write(sc, page))
		return KEEP;
	mm_tlb_unmap_flush(machine, sc->cpu, true);
	return write_page(machine, sc, pfn);
}

static enum outcome shrink_page(struct mm_machine *machine, struct mm_scan_control *sc,
                                uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	enum mm_references references = MM_REFERENCES_RECLAIM;
	enum outcome outcome;

	note_dirty(sc, page);
	if (mm_is_writeback(page))
		return meet_writeback(machine, sc, pfn);
	if (is_leaving(machine, page))
		return KEEP;
	if (machine->policy->check_references && !sc->ignore_references) {
		if (!machine->policy->asks_references)
			mm_reference_look(machine, pfn,
			                  page->flags & MM_PG_REFERENCED ? MM_LOOK_AGAIN
			                                                 : MM_LOOK_FIRST);
		references = machine->policy->check_references(mm_page_node(machine, pfn), pfn, sc);
	}
	if (references == MM_REFERENCES_KEEP || references == MM_REFERENCES_ACTIVATE)
		return references == MM_REFERENCES_KEEP ? KEEP : ACTIVATE;
	if (mm_is_held(page))
		return KEEP;
	outcome = prepare_swap(machine, sc, pfn);
	if (outcome != FREED)
		return outcome;
	if (!(page->flags & MM_PG_UNMAPPED)) {
		/* try_to_unmap() with TTU_SPLIT_HUGE_PMD. */
		if (page->order == MM_PAGEBLOCK_ORDER && (page->flags & MM_PG_ANON))
			mm_split_huge_pmd(machine, page->logical);
		else if (page->order == MM_PAGEBLOCK_ORDER)
			mm_count(machine, MM_THP_SPLIT_PMD,
			         mm_shmem_unmap_huge(machine, page->logical));
		mm_tlb_unmap(machine, sc->cpu, page->logical, page->flags & MM_PG_DIRTY);
		page->flags |= MM_PG_UNMAPPED;
		sc->nr_unmapped++;
	}
	if (page->flags & MM_PG_DIRTY)
		outcome = clean_page(machine, sc, pfn, references == MM_REFERENCES_RECLAIM_CLEAN);
	if (outcome == FREED)
		free_page(machine, sc, pfn);
	return outcome;
}

/* Where a page goes that stays. */
static void settle(struct mm_node *node, struct mm_scan_control *sc, uint32_t pfn,
                   enum outcome outcome)
{
	struct mm_machine *machine = node->machine;
	uint32_t nr = mm_block_pages(machine->pages[pfn].order);

	if (outcome == ACTIVATE) {
		if (mm_swap_full(machine))
			mm_try_free_swapcache(machine, pfn);
		mm_count(machine, MM_PGACTIVATE, nr);
	}
	sc->nr_putback += nr;
	if (sc->kept) {
		if (outcome == ACTIVATE && machine->policy->deactivate)
			machine->pages[pfn].flags |= MM_PG_ACTIVE;
		mm_keep_page(machine, sc->kept, pfn);
		return;
	}
	machine->policy->putback(node, pfn,
	                         outcome == ACTIVATE ? MM_PUTBACK_ACTIVATE : MM_PUTBACK_KEEP);
}

/* A page that the policy gave up, in pieces if it must be. Base pages freed. */
static uint64_t shrink_one(struct mm_node *node, struct mm_scan_control *sc, uint32_t pfn)
{
	struct mm_machine *machine = node->machine;
	uint32_t nr = mm_block_pages(machine->pages[pfn].order);
	uint32_t number = machine->pages[pfn].logical;
	bool on = machine->reference.on;
	enum outcome outcome = shrink_page(machine, sc, pfn);
	uint64_t freed = 0;

	if (outcome == FREED)
		return nr;
	if (outcome != DISPERSED)
		settle(node, sc, pfn, outcome);
	/* The look at the whole took all their marks: there was no time for new ones. */
	machine->reference.on = on && (outcome != DISPERSED || nr == MM_PAGEBLOCK_PAGES);
	for (uint32_t i = 0; i < nr && outcome == DISPERSED; i++) {
		/* Others had ended. */
		if (mm_lpage(machine, number + i)->pfn == pfn + i)
			freed += shrink_one(node, sc, pfn + i);
	}
	machine->reference.on = on;
	return freed;
}

uint64_t mm_shrink_batch(struct mm_node *node, struct mm_scan_control *sc, struct mm_batch *batch,
                         uint64_t *nr_written)
{
	struct mm_machine *machine = node->machine;
	uint64_t written = sc->nr_written, freed = 0;

	machine->current.cpu = sc->cpu;
	if (machine->tlb && sc->kswapd)
		mm_tlb_run(machine, sc->cpu, 0, 0);
	for (uint32_t i = 0; i < batch->nr; i++) {
		mm_unisolate(node, batch->pfns[i]);
		freed += shrink_one(node, sc, batch->pfns[i]);
	}
	mm_tlb_unmap_flush(machine, sc->cpu, false);
	*nr_written = sc->nr_written - written;
	return freed;
}
