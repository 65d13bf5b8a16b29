/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The swap cache: reading pages back, the wanted one and its neighbours.
 *
 * A page read from swap keeps its slot as long as it is clean, so that evicting it again costs no write.
 * Readahead takes the aligned window of slots around the wanted one; its size follows the hits since the
 * last time: 1, or a power of two from 4 up to 2^page-cluster. On devices that do not seek, pages of processes have
 * those around them that lie beside them by virtual address (swap_vma.c). zram has no readahead but for tmpfs.
 *
 * Follows swap_cluster_readahead(), swap_vma_readahead(), __swapin_nr_pages(), do_swap_page() (SWP_SYNCHRONOUS_IO),
 * shmem_swapin_cluster() of v6.12.
 *
 * Not modelled: the swap cache of pages that several processes share, which zram reads ahead; huge pages read as one
 * folio.
 */
#include "internal.h"

#include "swap.h"

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
	mm_count_swapin(machine, number);
	mm_workingset_add(machine, pfn);
	return true;
}

uint32_t mm_swap_ahead(uint32_t last, uint32_t here, uint32_t hits, uint32_t window, uint32_t max)
{
	uint32_t pages = 4;

	if (hits == 0)
		pages = here == last + 1 || here + 1 == last ? 2 : 1;
	while (hits > 0 && pages < hits + 2)
		pages *= 2;
	if (pages > max)
		pages = max;
	return pages < window / 2 ? window / 2 : pages;
}

/* Slots to read around the wanted one. */
static uint32_t window_of(struct mm_swap *swap, uint32_t slot, uint32_t max)
{
	uint32_t hits = swap->ra_hits;

	swap->ra_hits = 0;
	swap->ra_window = mm_swap_ahead(swap->ra_last, slot, hits, swap->ra_window, max);
	if (hits == 0)
		swap->ra_last = slot;
	return swap->ra_window;
}

static bool reads_ahead(const struct mm_machine *machine, const struct mm_lpage *lpage)
{
	return machine->settings.page_cluster > 0 && lpage->order == 0 &&
	       (machine->settings.swap_device != MM_SWAP_AT_ONCE || lpage->kind == MM_LPAGE_SHMEM);
}

/* One of a window. */
static void read_ahead(struct mm_machine *machine, const struct mm_request *request,
                       uint32_t number, uint32_t wanted)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);

	if (lpage->pfn != MM_NONE || lpage->slot == MM_NONE || lpage->order != 0 ||
	    !read_page(machine, request, number) || number == wanted)
		return;
	machine->pages[mm_lpage(machine, number)->pfn].flags |= MM_PG_READAHEAD;
	mm_count(machine, MM_SWAP_RA, 1);
}

/* The pages of a window of slots, in this order; the wanted one among them. true: there was more than that one. */
static bool read_cluster(struct mm_machine *machine, const struct mm_request *request,
                         uint32_t wanted)
{
	uint32_t slot = mm_lpage(machine, wanted)->slot;
	uint32_t pages = window_of(&machine->swap, slot, 1u << machine->settings.page_cluster);
	uint32_t first = slot & ~(pages - 1), end = first + pages;

	if (pages == 1)
		return false;
	for (uint32_t s = first ? first : 1; s < end; s++) {
		uint32_t owner = mm_swap_owner(machine, s);

		if (owner != MM_NONE)
			read_ahead(machine, request, owner, wanted);
	}
	mm_lru_add_drain(machine, machine->current.cpu);
	return true;
}

/* The same of a window of addresses. */
static bool read_around(struct mm_machine *machine, const struct mm_request *request,
                        uint32_t wanted)
{
	uint32_t pages[MM_SWAP_AHEAD_MAX];
	uint32_t nr = mm_area_window(machine, wanted, request->space, pages);

	for (uint32_t i = 0; i < nr; i++)
		read_ahead(machine, request, pages[i], wanted);
	if (nr > 0)
		mm_lru_add_drain(machine, machine->current.cpu);
	return nr > 0;
}

void mm_swap_read_async(struct mm_machine *machine, const struct mm_request *request,
                        uint32_t number)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);

	if (lpage->pfn == MM_NONE && lpage->slot != MM_NONE && lpage->order == 0)
		read_page(machine, request, number);
}

bool mm_swapin(struct mm_machine *machine, const struct mm_request *request, uint32_t number)
{
	bool several = false;

	if (reads_ahead(machine, mm_lpage(machine, number))) {
		if (mm_lpage(machine, number)->kind == MM_LPAGE_ANON &&
		    mm_reads_by_address(machine))
			several = read_around(machine, request, number);
		else
			several = read_cluster(machine, request, number);
	}
	/* One page alone is waited for where it is read (do_poll). */
	machine->swap.ra_waits = several;
	if (mm_lpage(machine, number)->pfn != MM_NONE)
		return true;
	if (mm_lpage(machine, number)->slot == MM_NONE)
		return false;
	return read_page(machine, request, number) || mm_lpage(machine, number)->pfn != MM_NONE;
}
