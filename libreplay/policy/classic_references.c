/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What counts as use, and what the uses of a page at the tail of the inactive list are worth.
 *
 * A page begins with the accessed bit of the fault that brought it in, so one use through a mapping is not
 * enough: the first time the bit is found the page is marked (PG_referenced) and goes round, the second
 * time it becomes active. read() leaves no bit: it marks the page the first time and activates it the second.
 * Code of programs becomes active at once, and so does what was used through two page tables since the last look.
 *
 * Follows folio_mark_accessed(), folio_activate(), folio_check_references() of v6.12; v6.1 decides alike.
 *
 * Not modelled: uses through two page tables of which no fault tells; the several entries of a huge page in pieces.
 */
#include "classic.h"

void policy_classic_mark_accessed(struct mm_node *node, uint32_t pfn)
{
	struct mm_page *page = mm_node_page(node, pfn);
	uint32_t nr = mm_block_pages(page->order);

	if (!(page->flags & MM_PG_REFERENCED)) {
		page->flags |= MM_PG_REFERENCED;
		return;
	}
	if (page->flags & (MM_PG_UNEVICTABLE | MM_PG_ACTIVE))
		return;
	page->flags &= (uint16_t)~MM_PG_REFERENCED;
	mm_workingset_age(node, nr);
	if (page->flags & MM_PG_LRU)
		mm_folio_batch_add(node->machine, MM_BATCH_ACTIVATE, pfn);
	else if (mm_waits_here(node->machine, pfn))
		page->flags |= MM_PG_ACTIVE;
}

void policy_classic_activate(struct mm_node *node, uint32_t pfn)
{
	struct mm_page *page = mm_node_page(node, pfn);

	if (page->flags & MM_PG_ACTIVE)
		return;
	policy_classic_del(node, pfn);
	page->flags |= MM_PG_ACTIVE;
	policy_classic_add(node, pfn, false);
	mm_count(node->machine, MM_PGACTIVATE, mm_block_pages(page->order));
}

void policy_classic_deactivate(struct mm_node *node, uint32_t pfn, bool to_tail)
{
	struct mm_page *page = mm_node_page(node, pfn);

	if (page->flags & MM_PG_ACTIVE)
		mm_count(node->machine, MM_PGDEACTIVATE, mm_block_pages(page->order));
	policy_classic_del(node, pfn);
	page->flags &= (uint16_t) ~(MM_PG_ACTIVE | MM_PG_REFERENCED);
	policy_classic_add(node, pfn, to_tail);
}

enum mm_references policy_classic_check_references(struct mm_node *node, uint32_t pfn,
                                                   const struct mm_scan_control *sc)
{
	struct mm_page *page = mm_node_page(node, pfn);
	bool file = mm_page_lru_type(page) == MM_LRU_FILE;
	bool marked = page->flags & MM_PG_REFERENCED;
	bool twice = page->io & MM_IO_YOUNG_TWICE;

	(void)sc;
	if (mm_folio_referenced(node, pfn)) {
		page->flags |= MM_PG_REFERENCED;
		return marked || twice || (file && (page->flags & MM_PG_EXEC))
		               ? MM_REFERENCES_ACTIVATE
		               : MM_REFERENCES_KEEP;
	}
	page->flags &= (uint16_t)~MM_PG_REFERENCED;
	return marked && file ? MM_REFERENCES_RECLAIM_CLEAN : MM_REFERENCES_RECLAIM;
}
