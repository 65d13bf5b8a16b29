/* SPDX-License-Identifier: GPL-2.0-or-later OR LGPL-2.1-or-later */
/*
 * sieve: first in, first out, with a hand that spares pages that were used and leaves them where they lie
 * (Zhang et al., NSDI 2024). The example of CONTRIBUTING.md: a whole policy.
 */
#include "policy_table.h"

/* Where the hand stands on each type's list; 0: at the tail, otherwise 1 + pfn. */
struct sieve_state {
	uint32_t hands[MM_NR_LRU_TYPES];
};

static uint32_t *hand_of(struct mm_node *node, uint32_t pfn)
{
	struct sieve_state *sieve = node->policy_state;

	return &sieve->hands[mm_page_lru_type(mm_node_page(node, pfn))];
}

/* To the next page towards the head; MM_NONE + 1 is the tail again. */
static uint32_t step(struct mm_node *node, uint32_t pfn)
{
	return mm_node_page(node, pfn)->prev + 1;
}

static void page_added(struct mm_node *node, uint32_t pfn)
{
	mm_lru_add_head(node, mm_page_lru_type(mm_node_page(node, pfn)), pfn);
}

static void page_removed(struct mm_node *node, uint32_t pfn)
{
	uint32_t *hand = hand_of(node, pfn);

	if (*hand == pfn + 1)
		*hand = step(node, pfn);
	mm_lru_del(node, pfn);
}

static void isolate(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
                    uint32_t nr_to_scan, struct mm_batch *batch)
{
	struct sieve_state *sieve = node->policy_state;
	uint32_t scanned = 0, entries = node->lists[type].count;

	while (scanned < nr_to_scan && entries-- > 0 && batch->nr < MM_SWAP_CLUSTER) {
		uint32_t pfn = sieve->hands[type] ? sieve->hands[type] - 1 : node->lists[type].tail;

		sieve->hands[type] = step(node, pfn);
		if (!mm_eligible(node, sc, pfn))
			continue;
		scanned += 1u << mm_node_page(node, pfn)->order;
		if (!mm_test_clear_young(node, pfn))
			mm_isolate(node, pfn, batch);
	}
	sc->nr_scanned += scanned;
}

static void putback(struct mm_node *node, uint32_t pfn, enum mm_putback why)
{
	if (why == MM_PUTBACK_ROTATE)
		mm_lru_add_tail(node, mm_page_lru_type(mm_node_page(node, pfn)), pfn);
	else
		page_added(node, pfn);
}

static uint32_t nr_reclaimable(const struct mm_node *node, enum mm_lru_type type)
{
	return node->nr_lru[type];
}

const struct mm_policy_ops policy_sieve = {
	.name = "sieve",
	.summary = "first in, first out; the hand spares what was used and leaves it in place",
	.state_size = sizeof(struct sieve_state),
	.page_added = page_added,
	.page_removed = page_removed,
	.isolate = isolate,
	.putback = putback,
	.nr_reclaimable = nr_reclaimable,
};
