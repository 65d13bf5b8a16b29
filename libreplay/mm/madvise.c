/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * madvise() of pages that are in use: MADV_COLD makes those inactive that were active (MGLRU: all of them), MADV_PAGEOUT
 * reclaims them, whether they are in use or not. And of pages in swap, which MADV_WILLNEED reads.
 *
 * Only pages that are mapped, on a list of the policy and in one address space. Larger ones go as a whole if all of what is left of them lies in
 * the range, else they are split first. What MADV_PAGEOUT takes is counted neither as scanned nor as stolen: by no one
 * but pswpout and the workingset's counters can it be told from memory. What is to be written stays in memory until somebody reclaims
 * it, unless the device has it at once. Pages that stay are off the lists until all of a page table's have been looked at; those
 * whose write ends by then are not rotated.
 *
 * What a memory cgroup's limit took of the original goes in the same way, a page at a time (workload/memcg.c), but counts as scanned and reclaimed.
 *
 * State: none that outlives the call; machine->nr_kept while a call waits.
 *
 * Follows madvise_cold_or_pageout_pte_range(), reclaim_pages(), reclaim_folio_list(), folio_deactivate() of v6.12 and v6.1
 * (where references are looked at, once they have been cleared); swapin_walk_pmd_entry(), shmem_swapin_range() of v6.12
 * (force_shm_swapin_readahead() in v6.1).
 *
 * Not modelled: that files are left alone which the caller may not write; that 6.1 splits larger folios in any case, and goes
 * no further in a page table that has one which others share; a base page that MADV_WILLNEED reads of a huge one in swap.
 */
#include "madvise.h"

#include "huge_memory.h"
#include "internal.h"

struct pageout {
	struct mm_machine *machine;
	struct mm_scan_control sc;
	struct mm_kept kept;
};

/* Base pages of the larger one of head that are at the beginning of pages. */
static uint32_t members(const struct mm_machine *machine, const uint32_t *pages, uint32_t nr,
                        uint32_t head)
{
	uint32_t n = 0, end = head + mm_block_pages(mm_lpage(machine, head)->order);

	while (n < nr && pages[n] >= head && pages[n] < end)
		n++;
	return n;
}

static bool is_mapped(const struct mm_machine *machine, uint32_t number)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);

	return lpage->kind != MM_LPAGE_NONE && lpage->kind != MM_LPAGE_KERNEL &&
	       !(lpage->flags & MM_LP_KSM) && lpage->pfn != MM_NONE &&
	       !(machine->pages[lpage->pfn].flags & MM_PG_UNMAPPED);
}

/*
 * The page frame of the first of nr pages, which stands for *nr_done of them; MM_NONE: it is not there, not for us, or in no state to
 * be taken from its list.
 */
static uint32_t next_page(struct mm_machine *machine, uint16_t cpu, const uint32_t *pages,
                          uint32_t nr, uint32_t *nr_done)
{
	uint32_t head, pfn;

	*nr_done = 1;
	if (!mm_lpage_is_known(machine, pages[0]))
		return MM_NONE;
	head = mm_whole_page(machine, pages[0]);
	if (!is_mapped(machine, head))
		return MM_NONE;
	if (mm_lpage(machine, head)->order > 0) {
		const struct mm_lpage *whole = mm_lpage(machine, head);
		uint32_t n = members(machine, pages, nr, head);

		if (n + whole->nr_holes < mm_block_pages(whole->order)) {
			if (!mm_take_apart(machine, head))
				return MM_NONE;
			mm_lru_add_drain(machine, cpu);
			head = pages[0];
			if (!is_mapped(machine, head))
				return MM_NONE;
		} else {
			*nr_done = n;
		}
	}
	pfn = mm_lpage(machine, head)->pfn;
	if (!(machine->pages[pfn].flags & MM_PG_LRU) || mm_is_held(&machine->pages[pfn]))
		return MM_NONE;
	return pfn;
}

/* Nobody has used it, as far as one can see. */
static void forget_use(struct mm_machine *machine, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];

	page->flags &= (uint16_t)~MM_PG_YOUNG;
	page->io &= (uint8_t)~MM_IO_YOUNG_TWICE;
	/* The bits of other policies mean something else. */
	if (!machine->policy->deactivate)
		return;
	if ((page->flags & MM_PG_ACTIVE) && machine->settings.kernel > MM_KERNEL(6, 1))
		page->flags |= MM_PG_WORKINGSET;
	page->flags &= (uint16_t)~MM_PG_REFERENCED;
}

void mm_madvise_cold(struct mm_machine *machine, const struct mm_request *request,
                     const uint32_t *pages, uint32_t nr)
{
	uint16_t cpu = (uint16_t)(request->cpu % machine->nr_cpus);
	uint32_t nr_done;

	if (!machine->policy)
		return;
	machine->current.cpu = cpu;
	mm_lru_add_drain(machine, cpu);
	for (uint32_t i = 0; i < nr; i += nr_done) {
		uint32_t pfn = next_page(machine, cpu, pages + i, nr - i, &nr_done);

		if (pfn == MM_NONE)
			continue;
		forget_use(machine, pfn);
		if (machine->policy->deactivate &&
		    (machine->policy->eviction || (machine->pages[pfn].flags & MM_PG_ACTIVE)))
			mm_folio_batch_add(machine, MM_BATCH_DEACTIVATE, pfn);
	}
}

/* ---- MADV_PAGEOUT ---- */

void mm_keep_page(struct mm_machine *machine, struct mm_kept *kept, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];

	MM_CHECK(machine, kept->nr < MM_KEPT_MAX && !(page->flags & MM_PG_LRU), pfn);
	page->io |= MM_IO_ADDING;
	kept->pages[kept->nr++] = (struct mm_folio_wait){ pfn, page->logical };
	machine->nr_kept++;
}

/* In the order in which they were taken. */
static void put_back(struct pageout *pageout)
{
	struct mm_machine *machine = pageout->machine;
	const struct mm_kept *kept = &pageout->kept;

	machine->current.cpu = pageout->sc.cpu;
	machine->nr_kept -= kept->nr;
	for (uint32_t i = 0; i < kept->nr; i++) {
		struct mm_page *page = &machine->pages[kept->pages[i].pfn];

		/* It may have ended meanwhile. */
		if (page->logical != kept->pages[i].logical || !(page->io & MM_IO_ADDING))
			continue;
		page->io &= (uint8_t)~MM_IO_ADDING;
		mm_lru_add_page(machine, kept->pages[i].pfn);
	}
}

/* Base pages freed. */
static uint64_t reclaim_page(struct pageout *pageout, uint32_t pfn)
{
	struct mm_machine *machine = pageout->machine;
	struct mm_node *node = mm_page_node(machine, pfn);
	struct mm_page *page = &machine->pages[pfn];
	struct mm_batch batch = { .nr = 1, .pfns = { pfn } };
	uint64_t freed, written;

	forget_use(machine, pfn);
	pageout->sc.node = node->id;
	pageout->sc.nr_scanned += mm_block_pages(page->order);
	machine->policy->page_removed(node, pfn);
	page->state = MM_PAGE_ISOLATED;
	node->nr_isolated[mm_page_lru_type(page)] += mm_block_pages(page->order);
	if (machine->policy->deactivate)
		page->flags &= (uint16_t)~MM_PG_ACTIVE;
	freed = mm_shrink_batch(node, &pageout->sc, &batch, &written);
	pageout->sc.nr_reclaimed += freed;
	return freed;
}

/* Time goes on for what has been done, and others with it. */
static void pay(struct pageout *pageout)
{
	struct mm_machine *machine = pageout->machine;

	if (machine->hooks.direct_reclaim_batch)
		machine->hooks.direct_reclaim_batch(machine->hooks.data, &pageout->sc);
	mm_wait_for_queue(machine, &pageout->sc);
	machine->current.cpu = pageout->sc.cpu;
}

static void begin(struct pageout *pageout, struct mm_machine *machine, uint16_t cpu)
{
	pageout->machine = machine;
	pageout->sc = (struct mm_scan_control){ .gfp_flags = MM_GFP_KERNEL,
		                                .cpu = cpu,
		                                .reclaim_idx = MM_NR_ZONE_TYPES - 1,
		                                .may_swap = true,
		                                .may_writepage = true,
		                                .ignore_references = true,
		                                .kept = &pageout->kept };
	pageout->kept.nr = 0;
	machine->current.cpu = cpu;
	mm_lru_add_drain(machine, cpu);
}

void mm_madvise_pageout(struct mm_machine *machine, const struct mm_request *request,
                        const uint32_t *pages, uint32_t nr)
{
	uint16_t cpu = (uint16_t)(request->cpu % machine->nr_cpus);
	struct pageout pageout;
	uint64_t paid = 0;
	uint32_t nr_done;

	if (!machine->policy)
		return;
	begin(&pageout, machine, cpu);
	for (uint32_t i = 0; i < nr && i < MM_TABLE_PAGES; i += nr_done) {
		uint32_t pfn = next_page(machine, cpu, pages + i, nr - i, &nr_done);

		if (pfn != MM_NONE)
			reclaim_page(&pageout, pfn);
		if (pageout.sc.nr_scanned - paid >= MM_SWAP_CLUSTER) {
			paid = pageout.sc.nr_scanned;
			pay(&pageout);
		}
	}
	pay(&pageout);
	put_back(&pageout);
}

/* ---- MADV_WILLNEED ---- */

void mm_madvise_willneed(struct mm_machine *machine, const struct mm_request *request,
                         uint32_t page, bool more)
{
	struct mm_request adapted = *request;

	if (!machine->policy || !mm_lpage_is_known(machine, page))
		return;
	adapted.gfp_flags = MM_GFP_HIGHUSER_MOVABLE;
	machine->current.cpu = (uint16_t)(request->cpu % machine->nr_cpus);
	mm_swap_read_async(machine, &adapted, page);
	if (!more)
		mm_lru_add_drain(machine, machine->current.cpu);
}

/* ---- memory cgroups ---- */

void mm_memcg_reclaim(struct mm_machine *machine, const struct mm_request *request, uint32_t number)
{
	const struct mm_page *page;
	struct pageout pageout;
	enum mm_lru_type type;
	uint64_t freed;

	if (!machine->policy || !mm_lpage_is_present(machine, number) ||
	    mm_whole_page(machine, number) != number)
		return;
	begin(&pageout, machine, (uint16_t)(request->cpu % machine->nr_cpus));
	page = &machine->pages[mm_lpage(machine, number)->pfn];
	if (!(page->flags & MM_PG_LRU) || mm_is_held(page) || mm_is_writeback(page))
		return;
	type = mm_page_lru_type(page);
	mm_count(machine, type == MM_LRU_ANON ? MM_PGSCAN_ANON : MM_PGSCAN_FILE,
	         mm_block_pages(page->order));
	freed = reclaim_page(&pageout, mm_lpage(machine, number)->pfn);
	mm_count(machine, type == MM_LRU_ANON ? MM_PGSTEAL_ANON : MM_PGSTEAL_FILE, freed);
	mm_wait_for_queue(machine, &pageout.sc);
	put_back(&pageout);
}

void mm_count_fallback(struct mm_machine *machine, bool charged)
{
	mm_count(machine, MM_THP_FAULT_FALLBACK, 1);
	mm_count_folio(machine, MM_PAGEBLOCK_ORDER, MM_FOLIO_FAULT_FALLBACK);
	if (!charged)
		return;
	mm_count(machine, MM_THP_FAULT_FALLBACK_CHARGE, 1);
	mm_count_folio(machine, MM_PAGEBLOCK_ORDER, MM_FOLIO_FAULT_FALLBACK_CHARGE);
}
