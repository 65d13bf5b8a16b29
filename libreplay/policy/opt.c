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

#define WAYS 4u /* children of an entry of a heap */

struct opt_entry {
	uint32_t next_use;
	uint32_t pfn;
};

/* A heap of a zone's pages of one type: first[0], first[step], first[2 * step] … */
struct opt_heap {
	struct opt_entry *first;
	ptrdiff_t step;
	uint32_t nr;
};

struct opt_state {
	struct mm_page *pages;                                /* of the machine */
	struct opt_heap heaps[MM_MAX_ZONES][MM_NR_LRU_TYPES]; /* by mm_page.zone; the node's only */
};

static void init(struct mm_node *node)
{
	struct opt_state *opt = node->policy_state;

	opt->pages = mm_node_page(node, 0);
	for (uint32_t i = 0; i < MM_NR_ZONE_TYPES; i++) {
		const struct mm_zone *zone = mm_node_zone(node, (enum mm_zone_type)i);

		for (uint32_t type = 0; zone && type < MM_NR_LRU_TYPES; type++)
			opt->heaps[zone->index][type] = (struct opt_heap){
				.first = (struct opt_entry *)mm_policy_pages(node) +
				         zone_array_slot(zone, (enum mm_lru_type)type, 0),
				.step = type == MM_LRU_ANON ? 1 : -1,
			};
	}
}

static inline struct opt_heap *heap_of(struct opt_state *opt, const struct mm_page *page)
{
	return &opt->heaps[page->zone][page->flags & MM_PG_FILE ? MM_LRU_FILE : MM_LRU_ANON];
}

static inline struct opt_entry *entry(const struct opt_heap *heap, uint32_t i)
{
	return heap->first + heap->step * (ptrdiff_t)i;
}

static inline void place(struct opt_state *opt, const struct opt_heap *heap, uint32_t i,
                         struct opt_entry e)
{
	*entry(heap, i) = e;
	opt->pages[e.pfn].policy = i;
}

/* Puts an entry where it belongs, from the gap at i on: up, then down. */
static void sift(struct opt_state *opt, const struct opt_heap *heap, uint32_t i, struct opt_entry e)
{
	while (i > 0 && entry(heap, (i - 1) / WAYS)->next_use < e.next_use) {
		place(opt, heap, i, *entry(heap, (i - 1) / WAYS));
		i = (i - 1) / WAYS;
	}
	for (;;) {
		uint32_t child = WAYS * i + 1, end = child + WAYS, most = child;

		if (child >= heap->nr)
			break;
		for (end = end < heap->nr ? end : heap->nr; child < end; child++)
			if (entry(heap, child)->next_use > entry(heap, most)->next_use)
				most = child;
		if (entry(heap, most)->next_use <= e.next_use)
			break;
		place(opt, heap, i, *entry(heap, most));
		i = most;
	}
	place(opt, heap, i, e);
}

static void insert(struct mm_node *node, uint32_t pfn, uint32_t next_use)
{
	struct opt_state *opt = node->policy_state;
	struct opt_heap *heap = heap_of(opt, &opt->pages[pfn]);

	mm_lru_add_head(node, mm_page_lru_type(&opt->pages[pfn]), pfn);
	heap->nr++;
	sift(opt, heap, heap->nr - 1, (struct opt_entry){ next_use, pfn });
}

static void remove_entry(struct mm_node *node, uint32_t pfn)
{
	struct opt_state *opt = node->policy_state;
	struct opt_heap *heap = heap_of(opt, &opt->pages[pfn]);
	uint32_t gap = opt->pages[pfn].policy;
	struct opt_entry last = *entry(heap, --heap->nr);

	if (gap < heap->nr)
		sift(opt, heap, gap, last);
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
	struct opt_state *opt = node->policy_state;
	const struct mm_page *page = &opt->pages[pfn];

	if (page->flags & MM_PG_LRU)
		sift(opt, heap_of(opt, page), page->policy,
		     (struct opt_entry){ mm_next_use(node, pfn), pfn });
}

/* The heap whose top is the farthest, of the zones that help; NULL: none has a page. */
static const struct opt_heap *farthest(struct mm_node *node, const struct mm_scan_control *sc,
                                       enum mm_lru_type type)
{
	const struct opt_state *opt = node->policy_state;
	const struct opt_heap *found = NULL;

	for (uint32_t i = 0; i < node->nr_zones; i++) {
		const struct opt_heap *heap = &opt->heaps[node->zones[i]][type];

		if (heap->nr == 0 || !mm_eligible(node, sc, heap->first->pfn))
			continue;
		if (!found || heap->first->next_use > found->first->next_use)
			found = heap;
	}
	return found;
}

static void isolate(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
                    uint32_t nr_to_scan, struct mm_batch *batch)
{
	uint32_t scanned = 0;

	while (scanned < nr_to_scan && batch->nr < MM_SWAP_CLUSTER) {
		const struct opt_heap *heap = farthest(node, sc, type);
		uint32_t pfn;

		if (!heap)
			break;
		pfn = heap->first->pfn;
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
	.state_size = sizeof(struct opt_state),
	.page_size = sizeof(struct opt_entry),
	.wants_future = true,
	.init = init,
	.page_added = page_added,
	.page_removed = page_removed,
	.page_accessed = page_accessed,
	.isolate = isolate,
	.putback = putback,
	.nr_reclaimable = nr_reclaimable,
};
