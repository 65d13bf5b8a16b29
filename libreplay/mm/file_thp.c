/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Huge pages of ordinary files that are mapped and that nobody has open for writing (CONFIG_READ_ONLY_THP_FOR_FS): khugepaged and
 * MADV_COLLAPSE make them, and nobody else. No filesystem takes part in it.
 *
 * Mappings qualify by the settings of anonymous memory (thp.enabled, madvise()); before 6.11 only those that are executed. What is
 * missing of an area is read, what is dirty is sent to its device, and the area left alone this time. The huge page is the file's:
 * every process that maps it has it by a fault of its own (shmem.c has who maps what). Reclaim takes it out as a whole, and
 * it comes back page by page. Who opens the file for writing makes the whole cache of it go.
 *
 * State: of a chunk whether it is such a page. What was read for it alone is a hole of it (MM_LP_HOLE): the demand does not know of it,
 * whoever uses it finds it there, and it is gone when the huge page is taken apart.
 *
 * Follows file_thp_enabled(), collapse_file(), do_dentry_open(), filemap_unaccount_folio() of v6.12 and v6.1.
 *
 * Not modelled: that a file is opened for writing, of which no event tells: its first write counts, for the area that is written; what was
 * read for a collapse that came to nothing, which is given back at once; the time that khugepaged waits for what it reads; pages that have
 * buffers in use (filemap_release_folio()).
 */
#include "huge_memory.h"
#include "internal.h"

#define WITHOUT_EXEC MM_KERNEL(6, 11) /* from here on */

bool mm_file_thp_allows(const struct mm_settings *settings, uint8_t advice)
{
	bool executed = advice >= MM_ADVICE_EXEC;

	return settings->file_thp && advice >= MM_ADVICE_FILE &&
	       (executed || settings->kernel == 0 || settings->kernel >= WITHOUT_EXEC);
}

/* filemap_flush(), of the area. */
static void flush(struct mm_machine *machine, uint32_t first)
{
	for (uint32_t i = 0; i < MM_PAGEBLOCK_PAGES; i++) {
		uint32_t pfn = mm_lpage(machine, first + i)->pfn;

		if (pfn != MM_NONE && (machine->pages[pfn].flags & MM_PG_DIRTY) &&
		    !mm_is_writeback(&machine->pages[pfn]) &&
		    mm_start_writeback(machine, pfn, machine->current.cpu))
			mm_clear_dirty(machine, pfn);
	}
}

enum mm_collapse mm_file_thp_read(struct mm_machine *machine, const struct mm_request *request,
                                  uint32_t number)
{
	uint32_t pfn = mm_lpage(machine, mm_whole_page(machine, number))->pfn;
	struct mm_request ahead = *request;

	if (pfn != MM_NONE) {
		if (machine->pages[pfn].flags & MM_PG_DIRTY)
			flush(machine, number & ~(MM_PAGEBLOCK_PAGES - 1));
		else if (!mm_is_writeback(&machine->pages[pfn]))
			return MM_COLLAPSE_SUCCEED;
		return MM_COLLAPSE_FAIL;
	}
	ahead.gfp_flags |= MM_GFP_NORETRY;
	return mm_touch_page(machine, &ahead, number, MM_LPAGE_FILE,
	                     MM_TOUCH_BACKED | MM_TOUCH_UNUSED) == MM_TOUCH_FAILED
	               ? MM_COLLAPSE_FAIL
	               : MM_COLLAPSE_SUCCEED;
}

void mm_file_thp_opened(struct mm_machine *machine, uint32_t number)
{
	uint32_t head = number & ~(MM_PAGEBLOCK_PAGES - 1);
	struct mm_lpage *whole = mm_lpage(machine, head);
	uint32_t pfn = whole->pfn;

	if (!mm_is_file_thp(machine, head) || pfn == MM_NONE ||
	    machine->pages[pfn].state != MM_PAGE_USED)
		return;
	mm_shmem_unmap_huge(machine, head);
	mm_lru_remove_page(machine, pfn);
	mm_release_page(machine, machine->current.cpu, pfn);
	whole->flags |= MM_LP_EVICTED;
	whole->node = MM_NO_SHADOW;
	mm_split_evicted(machine, head);
}
