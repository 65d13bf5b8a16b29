/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clock: first in, first out, with a second chance for pages that were used since the hand last passed.
 *
 * A list per type; the tail is looked at: a page with the accessed bit loses it and goes back to the
 * head, any other is taken. A page that was written by reclaim and used meanwhile gets its chance too.
 */
#include "policy_table.h"

static void page_added(struct mm_node *node, uint32_t pfn)
{
	mm_lru_add_head(node, mm_page_lru_type(mm_node_page(node, pfn)), pfn);
}

static void page_removed(struct mm_node *node, uint32_t pfn)
{
	mm_lru_del(node, pfn);
}

static void isolate(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
                    uint32_t nr_to_scan, struct mm_batch *batch)
{
	uint32_t scanned = 0, entries = node->lists[type].count;
	uint32_t pfn = node->lists[type].tail;

	/* Pages of zones that do not help keep their bit, but the hand passes them too. */
	while (scanned < nr_to_scan && entries-- > 0 && batch->nr < MM_SWAP_CLUSTER) {
		uint32_t next = mm_node_page(node, pfn)->prev;
		bool eligible = mm_eligible(node, sc, pfn);

		if (eligible)
			scanned += 1u << mm_node_page(node, pfn)->order;
		if (!eligible || mm_folio_referenced(node, pfn))
			mm_lru_move_head(node, pfn);
		else
			mm_isolate(node, pfn, batch);
		pfn = next;
	}
	sc->nr_scanned += scanned;
}

static void putback(struct mm_node *node, uint32_t pfn, enum mm_putback why)
{
	enum mm_lru_type type = mm_page_lru_type(mm_node_page(node, pfn));

	if (why == MM_PUTBACK_ROTATE)
		mm_lru_add_tail(node, type, pfn);
	else
		mm_lru_add_head(node, type, pfn);
}

static uint32_t nr_reclaimable(const struct mm_node *node, enum mm_lru_type type)
{
	return node->nr_lru[type];
}

const struct mm_policy_ops policy_clock = {
	.name = "clock",
	.summary = "first in, first out with a second chance for pages that were used",
	.page_added = page_added,
	.page_removed = page_removed,
	.isolate = isolate,
	.putback = putback,
	.nr_reclaimable = nr_reclaimable,
};
