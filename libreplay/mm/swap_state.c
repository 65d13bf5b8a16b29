/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The swap cache: reading pages back, the wanted one and its neighbours.
 *
 * A page read from swap keeps its slot as long as it is clean, so that evicting it again costs no write.
 * Readahead takes the aligned window of slots around the wanted one; its size follows the hits since the
 * last time: 1, or a power of two from 4 up to 2^page-cluster. zram has no readahead but for tmpfs.
 *
 * Follows swap_cluster_readahead(), __swapin_nr_pages(), do_swap_page() (SWP_SYNCHRONOUS_IO), shmem_swapin_cluster()
 * of v6.12.
 *
 * Not modelled: readahead by virtual addresses, which v6.12 uses if no device rotates; the swap cache
 * of pages that several processes share; huge pages read as one folio.
 */
#include "internal.h"

static bool read_page(struct mm_machine *machine, const struct mm_request *request, uint32_t number)
{
	struct mm_lpage *lpage = mm_lpage(machine, number);
	struct mm_request adapted = *request;
	uint32_t pfn;

	adapted.order = lpage->order;
	pfn = mm_alloc_pages(machine, &adapted);
	if (pfn == MM_NONE)
		return false;
	/* Others may have read or freed it meanwhile, or its owner may have been killed. */
	lpage = mm_lpage(machine, number);
	if (lpage->slot == MM_NONE || lpage->pfn != MM_NONE || lpage->order != adapted.order) {
		mm_free_pages(machine, request->cpu, pfn);
		return false;
	}
	mm_page_bind(machine, pfn, number, (enum mm_lpage_kind)lpage->kind);
	mm_clear_dirty(machine, pfn);
	mm_add_swapcache(machine, pfn);
	machine->pages[pfn].flags |= MM_PG_UNMAPPED;
	mm_count(machine, MM_PSWPIN, mm_block_pages(lpage->order));
	mm_workingset_add(machine, pfn);
	return true;
}

/* Slots to read around the wanted one. */
static uint32_t window(struct mm_swap *swap, uint32_t slot, uint32_t max)
{
	uint32_t hits = swap->ra_hits, pages = 4;

	swap->ra_hits = 0;
	if (hits == 0) {
		pages = slot == swap->ra_last + 1 || slot + 1 == swap->ra_last ? 2 : 1;
		swap->ra_last = slot;
	} else {
		while (pages < hits + 2)
			pages *= 2;
	}
	if (pages > max)
		pages = max;
	if (pages < swap->ra_window / 2)
		pages = swap->ra_window / 2;
	swap->ra_window = pages;
	return pages;
}

static bool reads_ahead(const struct mm_machine *machine, const struct mm_lpage *lpage)
{
	return machine->settings.page_cluster > 0 && lpage->order == 0 &&
	       (machine->settings.swap_device != MM_SWAP_AT_ONCE || lpage->kind == MM_LPAGE_SHMEM);
}

/* The pages of a window of slots, in this order; the wanted one among them. */
static void read_cluster(struct mm_machine *machine, const struct mm_request *request,
                         uint32_t wanted)
{
	uint32_t slot = mm_lpage(machine, wanted)->slot;
	uint32_t pages = window(&machine->swap, slot, 1u << machine->settings.page_cluster);
	uint32_t first = slot & ~(pages - 1), end = first + pages;

	if (pages == 1)
		return;
	for (uint32_t s = first ? first : 1; s < end; s++) {
		uint32_t owner = mm_swap_owner(machine, s);

		if (owner == MM_NONE || mm_lpage(machine, owner)->pfn != MM_NONE ||
		    mm_lpage(machine, owner)->order != 0 || !read_page(machine, request, owner) ||
		    owner == wanted)
			continue;
		machine->pages[mm_lpage(machine, owner)->pfn].flags |= MM_PG_READAHEAD;
		mm_count(machine, MM_SWAP_RA, 1);
	}
	mm_lru_add_drain(machine, machine->current.cpu);
}

bool mm_swapin(struct mm_machine *machine, const struct mm_request *request, uint32_t number)
{
	machine->swap.ra_waits = false;
	if (reads_ahead(machine, mm_lpage(machine, number))) {
		read_cluster(machine, request, number);
		/* One page alone is waited for where it is read (do_poll). */
		machine->swap.ra_waits = machine->swap.ra_window > 1;
	}
	if (mm_lpage(machine, number)->pfn != MM_NONE)
		return true;
	if (mm_lpage(machine, number)->slot == MM_NONE)
		return false;
	return read_page(machine, request, number) || mm_lpage(machine, number)->pfn != MM_NONE;
}
