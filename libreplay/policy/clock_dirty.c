/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clock-dirty: a clock that prefers pages that need not be written (the four classes).
 *
 * A page was used or not since the hand last cleared its bit, and is dirty or not. The classes go in this
 * order: unused and clean, unused and dirty, used and clean, used and dirty. The hand goes round in turns:
 * in the first it takes unused clean pages only and changes nothing else; in the second any unused page,
 * and clears the accessed bit of those that it spares, so that two turns later they are in the first two
 * classes. A turn is as many pages as the list had when it began.
 *
 * A list per type, the tail is under the hand, and a page that was passed goes to the head.
 *
 * The textbook starts again with the first turn for every page that is wanted. That would pass over used
 * pages without ever clearing their bits as long as new pages come in unused, as pages that were read do.
 */
#include "page_idle.h"
#include "policy_table.h"

struct clock_hand {
	uint32_t left;   /* entries to look at until this turn ends */
	bool take_dirty; /* the second turn */
};

struct clock_state {
	struct clock_hand hands[MM_NR_LRU_TYPES];
};

static void page_added(struct mm_node *node, uint32_t pfn)
{
	mm_lru_add_head(node, mm_page_lru_type(mm_node_page(node, pfn)), pfn);
}

static void page_removed(struct mm_node *node, uint32_t pfn)
{
	mm_lru_del(node, pfn);
}

/* Anonymous pages are dirty as long as no slot of the swap device has their contents. */
static bool wanted(struct mm_node *node, uint32_t pfn, const struct clock_hand *hand)
{
	if (hand->take_dirty)
		return !mm_folio_referenced(node, pfn);
	return !(mm_node_page(node, pfn)->flags & (MM_PG_YOUNG | MM_PG_DIRTY)) &&
	       !mm_page_idle_young(node->machine, pfn);
}

static void isolate(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
                    uint32_t nr_to_scan, struct mm_batch *batch)
{
	struct clock_hand *hand = &((struct clock_state *)node->policy_state)->hands[type];
	uint32_t scanned = 0, entries = node->lists[type].count;
	uint32_t pfn = node->lists[type].tail;

	/* Pages of zones that do not help are no part of a turn, but the hand passes them too. */
	while (scanned < nr_to_scan && entries-- > 0 && batch->nr < MM_SWAP_CLUSTER) {
		uint32_t next = mm_node_page(node, pfn)->prev;

		if (mm_eligible(node, sc, pfn)) {
			if (hand->left == 0) {
				hand->take_dirty = !hand->take_dirty;
				hand->left = node->lists[type].count;
			}
			hand->left--;
			scanned += 1u << mm_node_page(node, pfn)->order;
			if (wanted(node, pfn, hand))
				mm_isolate(node, pfn, batch);
			else
				mm_lru_move_head(node, pfn);
		} else {
			mm_lru_move_head(node, pfn);
		}
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

const struct mm_policy_ops policy_clock_dirty = {
	.name = "clock-dirty",
	.summary = "clock that takes clean pages before dirty ones (the four classes)",
	.state_size = sizeof(struct clock_state),
	.page_added = page_added,
	.page_removed = page_removed,
	.isolate = isolate,
	.putback = putback,
	.nr_reclaimable = nr_reclaimable,
};
