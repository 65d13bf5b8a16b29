/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * opt: the page that will not be used for the longest time goes first (Belady's MIN).
 *
 * Nobody can do better with pages of equal cost, so the distance to it is what is left to gain. The
 * demand is read twice: a first pass notes when each page is used next (replay/future.h).
 *
 * State: for each zone and type a heap with the farthest use on top, eight bytes per page; mm_page.policy
 * is a page's place in it. A page that could not be evicted is taken last until it is used again, or it
 * would be taken again at once.
 *
 * Not modelled: that a huge page costs 512 places and one miss; that a dirty page costs a write; across
 * the two types the engine decides how much of each goes, as for any policy.
 */
#include "zone_array.h"

struct opt_entry {
	uint32_t next_use;
	uint32_t pfn;
};

/* A heap: entries[first], entries[first + step], … */
struct opt_heap {
	struct mm_node *node;
	struct opt_entry *first;
	ptrdiff_t step;
	uint32_t *nr;
};

static struct opt_heap heap_of(struct mm_node *node, const struct mm_zone *zone,
                               enum mm_lru_type type)
{
	return (struct opt_heap){
		.node = node,
		.first = (struct opt_entry *)mm_policy_pages(node) + zone_array_slot(zone, type, 0),
		.step = type == MM_LRU_ANON ? 1 : -1,
		.nr = &((struct zone_arrays *)node->policy_state)->nr[zone->type][type],
	};
}

static struct opt_heap heap_of_page(struct mm_node *node, uint32_t pfn)
{
	return heap_of(node, mm_node_zone_of(node, pfn), mm_page_lru_type(mm_node_page(node, pfn)));
}

static struct opt_entry *entry(const struct opt_heap *heap, uint32_t i)
{
	return heap->first + heap->step * (ptrdiff_t)i;
}

static void place(const struct opt_heap *heap, uint32_t i, struct opt_entry e)
{
	*entry(heap, i) = e;
	mm_node_page(heap->node, e.pfn)->policy = i;
}

/* Puts an entry where it belongs, from the gap at i on: up, then down. */
static void sift(const struct opt_heap *heap, uint32_t i, struct opt_entry e)
{
	while (i > 0 && entry(heap, (i - 1) / 2)->next_use < e.next_use) {
		place(heap, i, *entry(heap, (i - 1) / 2));
		i = (i - 1) / 2;
	}
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < *heap->nr &&
		    entry(heap, child + 1)->next_use > entry(heap, child)->next_use)
			child++;
		if (child >= *heap->nr || entry(heap, child)->next_use <= e.next_use)
			break;
		place(heap, i, *entry(heap, child));
		i = child;
	}
	place(heap, i, e);
}

static void insert(struct mm_node *node, uint32_t pfn, uint32_t next_use)
{
	struct opt_heap heap = heap_of_page(node, pfn);
	struct opt_entry e = { next_use, pfn };

	mm_lru_add_head(node, mm_page_lru_type(mm_node_page(node, pfn)), pfn);
	sift(&heap, (*heap.nr)++, e);
}

static void remove_entry(struct mm_node *node, uint32_t pfn)
{
	struct opt_heap heap = heap_of_page(node, pfn);
	uint32_t gap = mm_node_page(node, pfn)->policy;
	struct opt_entry last = *entry(&heap, --*heap.nr);

	if (gap < *heap.nr)
		sift(&heap, gap, last);
}

static void page_added(struct mm_node *node, uint32_t pfn)
{
	insert(node, pfn, mm_next_use(node, pfn));
}

static void page_removed(struct mm_node *node, uint32_t pfn)
{
	remove_entry(node, pfn);
	mm_lru_del(node, pfn);
}

static void page_accessed(struct mm_node *node, uint32_t pfn)
{
	const struct mm_page *page = mm_node_page(node, pfn);
	struct opt_entry e = { mm_next_use(node, pfn), pfn };
	struct opt_heap heap;

	if (!(page->flags & MM_PG_LRU))
		return;
	heap = heap_of_page(node, pfn);
	sift(&heap, page->policy, e);
}

/* The zone whose top is the farthest, of those that help; NULL: none has a page. */
static const struct mm_zone *farthest(struct mm_node *node, const struct mm_scan_control *sc,
                                      enum mm_lru_type type)
{
	const struct zone_arrays *arrays = node->policy_state;
	const struct mm_zone *found = NULL;
	uint32_t most = 0;

	for (uint32_t i = 0; i <= sc->reclaim_idx && i < MM_NR_ZONE_TYPES; i++) {
		const struct mm_zone *zone;
		struct opt_heap heap;

		if (arrays->nr[i][type] == 0)
			continue;
		zone = mm_node_zone(node, (enum mm_zone_type)i);
		heap = heap_of(node, zone, type);
		if (found && entry(&heap, 0)->next_use <= most)
			continue;
		most = entry(&heap, 0)->next_use;
		found = zone;
	}
	return found;
}

static void isolate(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
                    uint32_t nr_to_scan, struct mm_batch *batch)
{
	uint32_t scanned = 0;

	while (scanned < nr_to_scan && batch->nr < MM_SWAP_CLUSTER) {
		const struct mm_zone *zone = farthest(node, sc, type);
		struct opt_heap heap;
		uint32_t pfn;

		if (!zone)
			break;
		heap = heap_of(node, zone, type);
		pfn = entry(&heap, 0)->pfn;
		scanned += 1u << mm_node_page(node, pfn)->order;
		remove_entry(node, pfn);
		mm_isolate(node, pfn, batch);
	}
	sc->nr_scanned += scanned;
}

static void putback(struct mm_node *node, uint32_t pfn, enum mm_putback why)
{
	insert(node, pfn, why == MM_PUTBACK_ROTATE ? mm_next_use(node, pfn) : 0);
}

static uint32_t nr_reclaimable(const struct mm_node *node, enum mm_lru_type type)
{
	return node->nr_lru[type];
}

const struct mm_policy_ops policy_opt = {
	.name = "opt",
	.summary = "what is used again last goes first, by the trace's own future (Belady)",
	.state_size = sizeof(struct zone_arrays),
	.page_size = sizeof(struct opt_entry),
	.wants_future = true,
	.page_added = page_added,
	.page_removed = page_removed,
	.page_accessed = page_accessed,
	.isolate = isolate,
	.putback = putback,
	.nr_reclaimable = nr_reclaimable,
};
