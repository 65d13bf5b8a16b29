/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Idle page tracking, as those see it who did not ask for it.
 *
 * To mark a page idle the accessed bits of its page-table entries are cleared. What they had said is kept in PG_young,
 * which folio_referenced() reads as if it were one of them: to the classic lists nothing has happened. The aging of MGLRU
 * reads page-table entries alone, and does not see any use from before the mark; nor does a look-around. So pages
 * that were in use are not moved on, but met at the last look before eviction, found in use there, and
 * put back: a recording of MGLRU with samples of half a second scans half as many pages again.
 *
 * What has been used since the mark the next sample tells, too late for what looks meanwhile. So the uses that a sample
 * tells of come after the mark that follows it (DEMAND_IDLE_MARK): late by an interval, but as many.
 *
 * State: PG_young, a bit for each page; none as long as nobody marks.
 *
 * Follows page_idle_clear_pte_refs_one(), folio_referenced_one() of v6.12; v6.1 has them alike.
 *
 * Not modelled: pages that are isolated or in no LRU list are passed over by the kernel.
 */
#include "page_idle.h"

#include "alloc.h"
#include "bitmap.h"
#include "internal.h"

static bool has_bits(const struct mm_page *page)
{
	const uint16_t kinds = MM_PG_ANON | MM_PG_FILE | MM_PG_SHMEM;

	return page->state == MM_PAGE_USED && (page->flags & kinds) &&
	       !(page->flags & MM_PG_UNMAPPED);
}

void mm_page_idle_mark(struct mm_machine *machine)
{
	if (!machine->idle_young)
		machine->idle_young = base_calloc(BITMAP_WORDS(machine->nr_pfns), sizeof(uint64_t));
	if (!machine->idle_young) {
		machine->lacks = "marks of idle pages";
		return;
	}
	for (uint32_t pfn = 0; pfn < machine->nr_pfns; pfn++) {
		struct mm_page *page = &machine->pages[pfn];

		if (!(page->flags & MM_PG_YOUNG) || !has_bits(page))
			continue;
		bitmap_set(machine->idle_young, pfn);
		page->io &= (uint8_t)~MM_IO_YOUNG_TWICE;
		page->flags &= (uint16_t)~MM_PG_YOUNG;
	}
}

void mm_page_idle_destroy(struct mm_machine *machine)
{
	base_free(machine->idle_young);
}

bool mm_page_idle_young(const struct mm_machine *machine, uint32_t pfn)
{
	return machine->idle_young && bitmap_test(machine->idle_young, pfn);
}

bool mm_page_idle_test_clear_young(struct mm_machine *machine, uint32_t pfn)
{
	bool young = mm_page_idle_young(machine, pfn);

	if (young)
		bitmap_clear(machine->idle_young, pfn);
	return young;
}

void mm_page_idle_moved(struct mm_machine *machine, uint32_t from, uint32_t to)
{
	if (mm_page_idle_test_clear_young(machine, from))
		bitmap_set(machine->idle_young, to);
}
