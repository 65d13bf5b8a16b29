/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lru: the page that was not used for the longest time goes first, exactly.
 *
 * A list per type in the order of the last use; every access moves its page to the head. No kernel can
 * afford that (a processor does not tell of accesses), so it is the yardstick for those that approximate
 * it by accessed bits.
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

static void page_accessed(struct mm_node *node, uint32_t pfn)
{
	if (mm_node_page(node, pfn)->flags & MM_PG_LRU)
		mm_lru_move_head(node, pfn);
}

static void isolate(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
                    uint32_t nr_to_scan, struct mm_batch *batch)
{
	uint32_t scanned = 0, entries = node->lists[type].count;
	uint32_t pfn = node->lists[type].tail;

	/* Pages of zones that do not help are passed over where they lie. */
	while (scanned < nr_to_scan && entries-- > 0 && batch->nr < MM_SWAP_CLUSTER) {
		uint32_t next = mm_node_page(node, pfn)->prev;

		if (mm_eligible(node, sc, pfn)) {
			scanned += 1u << mm_node_page(node, pfn)->order;
			mm_isolate(node, pfn, batch);
		}
		pfn = next;
	}
	sc->nr_scanned += scanned;
}

/* A page used while it was isolated or written has its bit set and comes back as the newest. */
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

const struct mm_policy_ops policy_lru = {
	.name = "lru",
	.summary = "least recently used first, in the exact order of all accesses",
	.page_added = page_added,
	.page_removed = page_removed,
	.page_accessed = page_accessed,
	.isolate = isolate,
	.putback = putback,
	.nr_reclaimable = nr_reclaimable,
};
