/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The page cache: pages of files come in when they are read or written for the first time, and again
 * after reclaim has dropped them.
 *
 * Follows filemap_add_folio(), filemap_fault(), generic_perform_write(), folio_mark_dirty() of v6.12.
 *
 * Not modelled: readahead decisions of read() (the demand contains what was read ahead; those of faults are in readahead.c).
 */
#include "internal.h"

enum mm_touch_result mm_touch_file(struct mm_machine *machine, const struct mm_request *request,
                                   uint32_t page, uint32_t flags)
{
	struct mm_lpage *lpage = mm_lpage(machine, page);
	bool read = (lpage->flags & MM_LP_EVICTED) || (flags & MM_TOUCH_BACKED);
	struct mm_request adapted = *request;
	uint32_t place = mm_place(machine, page), pfn;

	if (lpage->flags & MM_LP_EVICTED)
		adapted.order = lpage->order;
	/* What is written over was not missed (__GFP_WRITE). */
	if ((flags & (MM_TOUCH_WRITE | MM_TOUCH_FAULT)) == MM_TOUCH_WRITE)
		lpage->flags &= (uint8_t)~MM_LP_EVICTED;
	if (flags & MM_TOUCH_FAULT)
		mm_count(machine, MM_PGFAULT, 1);
	pfn = mm_alloc_pages(machine, &adapted);
	if (pfn == MM_NONE)
		return MM_TOUCH_FAILED;
	lpage = mm_lpage(machine, page);
	/* Another fault has read it meanwhile (filemap_add_folio() says -EEXIST), or it is none any more. */
	if (lpage->pfn != MM_NONE ||
	    ((flags & MM_TOUCH_IN_FAULT) && mm_place(machine, page) != place)) {
		mm_free_pages(machine, request->cpu, pfn);
		return MM_TOUCH_HIT;
	}
	mm_page_bind(machine, pfn, page, MM_LPAGE_FILE);
	if (flags & MM_TOUCH_EXEC)
		machine->pages[pfn].flags |= MM_PG_EXEC;
	if (flags & MM_TOUCH_WRITE)
		mm_set_dirty(machine, pfn);
	/* Only a mapped page has a page table entry to be young in; one that is read just came. */
	machine->pages[pfn].flags |= flags & MM_TOUCH_FAULT ? MM_PG_YOUNG : MM_PG_UNMAPPED;
	mm_workingset_add(machine, pfn);
	/* For all others to come in is no use. */
	if (!(flags & (MM_TOUCH_FAULT | MM_TOUCH_UNUSED)) && machine->policy &&
	    machine->policy->mark_accessed)
		machine->policy->mark_accessed(mm_page_node(machine, pfn), pfn);
	if (!read)
		return MM_TOUCH_NEW;
	if (flags & MM_TOUCH_FAULT)
		mm_count_major_fault(machine, true);
	return MM_TOUCH_READ;
}

void mm_dirty_page(struct mm_machine *machine, uint32_t number)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);

	if (machine->huge.nr_file > 0)
		mm_file_thp_opened(machine, number);
	if (lpage->kind == MM_LPAGE_FILE && lpage->pfn != MM_NONE)
		mm_set_dirty(machine, lpage->pfn);
}
