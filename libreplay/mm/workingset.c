/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Refault distance: how much was evicted or activated between a page's eviction and its return.
 *
 * A node's nonresident_age grows by every page evicted and activated. An evicted logical page keeps the
 * age of that instant; the difference when it comes back says how much more memory would have kept it.
 * If that is no more than what the lists hold, the page belongs to the working set: it begins active; and if it
 * had been active before, the cost of its type goes up (vmscan_count.c), so that the next reclaim leans on
 * the other type.
 *
 * Follows workingset_eviction(), workingset_refault(), workingset_test_recent(), lruvec_page_state() of v6.12.
 *
 * Not modelled: memcgs; buckets; the shrinker of tree nodes that hold nothing but shadow entries (scan_shadow_nodes()). It acts
 * where there are more nodes, of 64 pages of a file or of swap each, than an eighth of the pages on the lists: if eight times what
 * memory holds was evicted in a row, whose distances are too far to matter, or single pages all over a file of that
 * size. The machine knows pages by number, not by file and place; no recording so far has counted a node reclaimed
 * (workingset_nodereclaim), nor had a ninth of as many nodes (workingset_nodes).
 * An age is kept in 32 bits: a distance of 2^32 pages or more looks shorter than it is.
 */
#include "internal.h"

static_assert(MM_MAX_NODES <= MM_NO_SHADOW, "the last number is no node");

void mm_workingset_age(struct mm_node *node, uint64_t nr_pages)
{
	node->nonresident_age += nr_pages;
}

void mm_workingset_eviction(struct mm_machine *machine, uint32_t pfn)
{
	const struct mm_page *page = &machine->pages[pfn];
	struct mm_node *node = mm_page_node(machine, pfn);
	struct mm_lpage *lpage = mm_lpage(machine, page->logical);

	lpage->shadow = machine->policy && machine->policy->eviction
	                        ? machine->policy->eviction(node, pfn)
	                        : (uint32_t)node->nonresident_age;
	lpage->node = node->id;
	lpage->flags |= MM_LP_EVICTED;
	lpage->flags &= (uint8_t)~MM_LP_WORKINGSET;
	if (page->flags & MM_PG_WORKINGSET)
		lpage->flags |= MM_LP_WORKINGSET;
	mm_workingset_age(node, mm_block_pages(page->order));
}

/*
 * Pages that this one competes with: all that stayed while it was out, except the inactive ones of its type,
 * which came after it. As long as the lists seemed when the statistics of memory cgroups were last brought up to date.
 */
static uint64_t competing_pages(const struct mm_machine *machine, struct mm_node *node,
                                enum mm_lru_type type)
{
	const struct mm_lru_stat *stat = mm_lru_stat(node);
	bool swap = machine->swap.nr_used < machine->swap.nr_slots;
	uint64_t anon = stat->active[MM_LRU_ANON], file = stat->active[MM_LRU_FILE];

	if (type == MM_LRU_ANON || !machine->policy->nr_active)
		file += stat->inactive[MM_LRU_FILE];
	if (type == MM_LRU_FILE || !machine->policy->nr_active)
		anon += stat->inactive[MM_LRU_ANON];
	return file + (swap ? anon : 0);
}

/* The working set wants it back: as if it had been used twice. */
static void activate(struct mm_machine *machine, uint32_t pfn, bool restore)
{
	struct mm_page *page = &machine->pages[pfn];
	struct mm_node *node = mm_page_node(machine, pfn);
	enum mm_lru_type type = mm_page_lru_type(page);
	uint64_t nr = mm_block_pages(page->order);
	bool anon = type == MM_LRU_ANON;

	if (machine->policy->nr_active)
		page->flags |= MM_PG_ACTIVE;
	mm_workingset_age(node, nr);
	node->refaults[type] += nr;
	mm_count(machine, anon ? MM_WORKINGSET_ACTIVATE_ANON : MM_WORKINGSET_ACTIVATE_FILE, nr);
	if (!restore)
		return;
	page->flags |= MM_PG_WORKINGSET;
	mm_note_cost(node, type, nr, 0);
	mm_count(machine, anon ? MM_WORKINGSET_RESTORE_ANON : MM_WORKINGSET_RESTORE_FILE, nr);
}

static void refault(struct mm_machine *machine, uint32_t pfn)
{
	const struct mm_page *page = &machine->pages[pfn];
	struct mm_lpage *lpage = mm_lpage(machine, page->logical);
	struct mm_node *node = mm_page_node(machine, pfn), *from = &machine->nodes[lpage->node];
	enum mm_lru_type type = mm_page_lru_type(page);
	uint32_t distance = (uint32_t)from->nonresident_age - lpage->shadow;

	mm_count(machine,
	         type == MM_LRU_ANON ? MM_WORKINGSET_REFAULT_ANON : MM_WORKINGSET_REFAULT_FILE,
	         mm_block_pages(page->order));
	if (distance <= competing_pages(machine, from, type))
		activate(machine, pfn, lpage->flags & MM_LP_WORKINGSET);
	if (machine->policy->page_refaulted)
		machine->policy->page_refaulted(node, pfn, distance);
	mm_lru_add_page(machine, pfn);
}

void mm_workingset_forget_files(struct mm_machine *machine)
{
	for (uint32_t number = 0; number < machine->nr_lpages; number++) {
		struct mm_lpage *lpage = mm_lpage(machine, number);

		if (lpage->kind == MM_LPAGE_FILE && (lpage->flags & MM_LP_EVICTED))
			lpage->node = MM_NO_SHADOW;
	}
}

void mm_workingset_add(struct mm_machine *machine, uint32_t pfn)
{
	const struct mm_page *page = &machine->pages[pfn];
	struct mm_lpage *lpage = mm_lpage(machine, page->logical);
	bool evicted = (lpage->flags & MM_LP_EVICTED) && lpage->node != MM_NO_SHADOW;

	lpage->flags &= (uint8_t)~MM_LP_EVICTED;
	if (machine->hooks.returned)
		machine->hooks.returned(machine->hooks.data, page->logical, page->order);
	if (evicted && machine->policy && !machine->policy->refault) {
		refault(machine, pfn);
		return;
	}
	/* A policy with tokens of its own puts the page where its past says, and counts. */
	if (evicted && machine->policy)
		machine->policy->refault(mm_page_node(machine, pfn), pfn, lpage->shadow);
	mm_lru_add_page(machine, pfn);
}
