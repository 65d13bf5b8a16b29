/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mglru: finding the pages that were used through page tables.
 *
 * The walk goes through all that is mapped, a page-table page at a time, takes the young bits away and gives
 * the pages to the youngest generation. To be quick it leaves page-table pages alone in which the last walk
 * and the look-arounds since found less than one young entry in eight: two Bloom filters, one that is asked and
 * one that is filled for the next walk. The look-around does the same for up to 64 entries beside one that
 * eviction found young.
 *
 * A page-table page is the 512 places of mm/pgtable.c. Pages that have none there count as neighbours by their
 * numbers, which agree but for the last nine bits: in address order where a huge page could be, else in the order of first
 * use.
 *
 * Follows walk_mm(), walk_pte_range(), walk_pmd_range(), suitable_to_scan(), iterate_mm_list(),
 * lru_gen_look_around() of v6.12, v6.1 and v6.18.
 *
 * An address space that no CPU switched to since the last walk is left out: nobody can have used it but a task that
 * has been running since, so that a task which ages again and again in one reclaim walks only once. A new space is
 * walked whole, whatever the filter says.
 *
 * Not modelled: switches that no demand tells of; the ends of mappings, which cut the look-around; the bit of each node (a walk of one node is one
 * of all); that the young bit of an upper level is
 * cleared where the filter then skips the table; page table locks that are taken. The hash is of page numbers, not of kernel addresses.
 */
#include "mglru_private.h"

#define PLACED          (1u << 31) /* in a key: a table of mm/pgtable.c */
#define PER_CACHELINE   8u
#define FOLIO_BATCH_6_1 15u

/* ---- Bloom filters ---- */

static void filter_keys(uint32_t table, uint32_t keys[2])
{
	uint32_t hash = (uint32_t)((table + UINT64_C(1)) * 0x61C8864680B583EB >> 34);

	keys[0] = hash & (MGLRU_FILTER_BITS - 1);
	keys[1] = hash >> 15 & (MGLRU_FILTER_BITS - 1);
}

bool policy_mglru_filter_test(const struct mglru *lru, uint64_t seq, uint32_t table)
{
	const uint64_t *filter = lru->filters[seq % 2];
	uint32_t keys[2];

	if (!lru->has_filter[seq % 2])
		return true;
	filter_keys(table, keys);
	return (filter[keys[0] / 64] >> keys[0] % 64 & 1) &&
	       (filter[keys[1] / 64] >> keys[1] % 64 & 1);
}

void policy_mglru_filter_add(struct mglru *lru, uint64_t seq, uint32_t table)
{
	uint64_t *filter = lru->filters[seq % 2];
	uint32_t keys[2];

	if (!lru->has_filter[seq % 2])
		return;
	filter_keys(table, keys);
	filter[keys[0] / 64] |= UINT64_C(1) << keys[0] % 64;
	filter[keys[1] / 64] |= UINT64_C(1) << keys[1] % 64;
}

void policy_mglru_filter_reset(struct mglru *lru, uint64_t seq)
{
	memset(lru->filters[seq % 2], 0, sizeof(lru->filters[0]));
	lru->has_filter[seq % 2] = true;
}

static bool suitable(uint32_t total, uint32_t young)
{
	return young * PER_CACHELINE >= total;
}

/* ---- the walk ---- */

/* A page that is mapped, in this node and of a type that can go; MM_NONE otherwise. */
static uint32_t mapped_pfn(const struct mm_node *node, const struct mm_lpage *lpage, bool anon_too)
{
	const struct mm_page *page;

	if (lpage->pfn == MM_NONE)
		return MM_NONE;
	page = &node->machine->pages[lpage->pfn];
	if (!mglru_is_mapped(page) || (page->flags & MM_PG_UNEVICTABLE) ||
	    node->machine->zones[page->zone].node != node->id ||
	    (mm_page_lru_type(page) == MM_LRU_ANON && !anon_too))
		return MM_NONE;
	return lpage->pfn;
}

/* What a walk sees of a page: nothing, what is due, or all there is. */
enum visit { VISIT_NO, VISIT_DUE, VISIT_FORCED };

/* A page that nobody owns was there before the recording, or belongs to a file. */
static enum visit visit_of(const struct mm_machine *machine, uint32_t number)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);
	uint32_t owner = machine->owners[number];
	uint16_t flags;

	if (lpage->kind == MM_LPAGE_NONE || lpage->kind == MM_LPAGE_KERNEL)
		return VISIT_NO;
	if (owner == 0)
		return VISIT_DUE;
	flags = machine->spaces[owner].flags;
	if (!(flags & MM_SPACE_VISITED))
		return VISIT_NO;
	return flags & MM_SPACE_LISTED ? VISIT_DUE : VISIT_FORCED;
}

/* Up to 512 logical pages that lie beside each other. */
struct table {
	uint32_t key;          /* for the filters */
	uint32_t first;        /* a number, … */
	const uint32_t *pages; /* … or the pages themselves, with MM_NONE where there is none */
	uint32_t nr;
};

/* The page at an index; MM_NONE: none, or it has its place elsewhere. */
static uint32_t page_at(const struct mm_machine *machine, const struct table *table, uint32_t i)
{
	if (table->pages)
		return table->pages[i];
	return mm_place(machine, table->first + i) == MM_NONE ? table->first + i : MM_NONE;
}

static enum visit visit_table(const struct mm_machine *machine, const struct table *table)
{
	enum visit visit = VISIT_NO;

	for (uint32_t i = 0; i < table->nr && visit == VISIT_NO; i++) {
		uint32_t page = page_at(machine, table, i);

		if (page != MM_NONE)
			visit = visit_of(machine, page);
	}
	return visit;
}

/* true: it was young, and the page is in the youngest generation now. */
static bool clear_entry(struct mm_node *node, uint32_t pfn)
{
	bool known = node->machine->pages[pfn].flags & MM_PG_YOUNG;

	mm_reference_look(node->machine, pfn, MM_LOOK_WALK);
	if (!mm_test_clear_young(node, pfn))
		return false;
	if (!known)
		node->machine->pages[pfn].policy |= MGLRU_GUESSED;
	policy_mglru_update_gen(node, pfn);
	return true;
}

/* Whether the next walk should look here again. */
static bool walk_table(struct mm_node *node, const struct table *table, bool can_swap, bool forced)
{
	struct mglru *lru = mglru_of(node);
	uint64_t *stats = lru->walked[mglru_hist(lru, lru->max_seq)];
	uint32_t total = 0, mapped = 0, young = 0;

	for (uint32_t i = 0; i < table->nr; i++) {
		uint32_t page = page_at(node->machine, table, i), pfn;

		if (page == MM_NONE || visit_of(node->machine, page) == VISIT_NO)
			continue;
		total++;
		pfn = mapped_pfn(node, mm_lpage(node->machine, page), can_swap);
		if (pfn == MM_NONE)
			continue;
		mapped++;
		young += clear_entry(node, pfn);
	}
	/* The upper level's young bit tells that no entry can be. */
	if (total == 0 || (young == 0 && !forced && (lru->caps & MGLRU_NONLEAF_YOUNG)))
		return false;
	stats[MGLRU_LEAF_TOTAL] += total;
	stats[MGLRU_LEAF_OLD] += mapped - young;
	stats[MGLRU_LEAF_YOUNG] += young;
	stats[MGLRU_TABLE_FOUND]++;
	stats[MGLRU_TABLE_ADDED] += suitable(total, young);
	return suitable(total, young);
}

/* Which spaces a walk goes through: those that ran since the last one, and new ones. false: none. */
static bool begin_visit(struct mm_machine *machine)
{
	bool any = machine->nr_spaces <= 1;

	for (uint32_t i = 1; i < machine->nr_spaces; i++) {
		struct mm_space *space = &machine->spaces[i];
		bool visit = (space->flags & MM_SPACE_RAN) || !(space->flags & MM_SPACE_LISTED);

		if (!(space->flags & MM_SPACE_USED) || (space->flags & MM_SPACE_ENDED))
			continue;
		space->flags &= (uint16_t) ~(MM_SPACE_RAN | MM_SPACE_VISITED);
		space->flags |= visit ? MM_SPACE_VISITED : 0;
		any |= visit;
	}
	return any;
}

static void end_visit(struct mm_machine *machine)
{
	for (uint32_t i = 1; i < machine->nr_spaces; i++) {
		if (machine->spaces[i].flags & MM_SPACE_USED)
			machine->spaces[i].flags |= MM_SPACE_LISTED;
	}
}

/* The page that an upper level's entry maps as a whole; MM_NONE: there is a table. */
static uint32_t leaf_of(const struct mm_machine *machine, const struct table *table)
{
	uint32_t first = table->nr > 0 ? page_at(machine, table, 0) : MM_NONE;
	const struct mm_lpage *lpage;

	if (first == MM_NONE)
		return MM_NONE;
	lpage = mm_lpage(machine, first);
	if (lpage->pfn == MM_NONE || lpage->kind == MM_LPAGE_KERNEL ||
	    lpage->order != MM_PAGEBLOCK_ORDER || (lpage->flags & MM_LP_PTE_MAPPED))
		return MM_NONE;
	return first;
}

/* No filter knows of such an entry: it is cheap to look at. */
static void walk_leaf(struct mm_node *node, uint32_t page, bool can_swap)
{
	struct mglru *lru = mglru_of(node);
	uint64_t *stats = lru->walked[mglru_hist(lru, lru->max_seq)];
	uint32_t pfn = mapped_pfn(node, mm_lpage(node->machine, page), can_swap);

	if (visit_of(node->machine, page) == VISIT_NO)
		return;
	stats[MGLRU_LEAF_TOTAL]++;
	if (pfn != MM_NONE && clear_entry(node, pfn))
		stats[MGLRU_LEAF_YOUNG]++;
}

static void walk_if_due(struct mm_node *node, const struct table *table, bool can_swap)
{
	struct mglru *lru = mglru_of(node);
	uint32_t leaf = leaf_of(node->machine, table);
	enum visit visit;

	if (leaf != MM_NONE) {
		walk_leaf(node, leaf, can_swap);
		return;
	}
	visit = visit_table(node->machine, table);
	if (visit == VISIT_NO)
		return;
	lru->walked[mglru_hist(lru, lru->max_seq)][MGLRU_TABLE_TOTAL]++;
	if (visit != VISIT_FORCED && !policy_mglru_filter_test(lru, lru->max_seq, table->key))
		return;
	if (walk_table(node, table, can_swap, visit == VISIT_FORCED))
		policy_mglru_filter_add(lru, lru->max_seq + 1, table->key);
}

static void walk_tables(struct mm_node *node, bool can_swap)
{
	const struct mm_page_tables *tables = &node->machine->tables;

	for (uint32_t i = 0; i < tables->nr_tables; i++) {
		const struct table table = { .key = PLACED | i,
			                     .pages = tables->items[i]->pages,
			                     .nr = MM_TABLE_ENTRIES };

		if (tables->items[i]->nr > 0)
			walk_if_due(node, &table, can_swap);
	}
}

static void walk_numbers(struct mm_node *node, bool can_swap)
{
	uint32_t nr = node->machine->nr_lpages;

	for (uint32_t at = 0; at < nr; at += MM_TABLE_ENTRIES) {
		const struct table table = { .key = at >> MM_TABLE_SHIFT,
			                     .first = at,
			                     .nr = nr - at < MM_TABLE_ENTRIES ? nr - at
			                                                      : MM_TABLE_ENTRIES };

		walk_if_due(node, &table, can_swap);
	}
}

void policy_mglru_walk(struct mm_node *node, struct mm_scan_control *sc, bool can_swap)
{
	struct mm_machine *machine = node->machine;
	struct mglru *lru = mglru_of(node);
	uint64_t *stats = lru->walked[mglru_hist(lru, lru->max_seq)];
	uint64_t walked = stats[MGLRU_LEAF_TOTAL];

	if (begin_visit(machine)) {
		policy_mglru_filter_reset(lru, lru->max_seq + 1);
		walk_tables(node, can_swap);
		walk_numbers(node, can_swap);
	}
	end_visit(machine);
	sc->nr_walked += stats[MGLRU_LEAF_TOTAL] - walked;
	if (lru->nr_hist > 1)
		memset(lru->walked[mglru_hist(lru, lru->max_seq + 1)], 0, sizeof(lru->walked[0]));
}

/* ---- look-around ---- */

/* Up to 64 entries around one, within its table. */
static uint32_t window_start(uint32_t number)
{
	uint32_t in_table = number % MM_TABLE_ENTRIES, half = MGLRU_MIN_BATCH / 2;

	if (in_table < half)
		return number - in_table;
	if (MM_TABLE_ENTRIES - in_table < half)
		return number - in_table + MM_TABLE_ENTRIES - MGLRU_MIN_BATCH;
	return number - half;
}

static struct table window_around(const struct mm_machine *machine, uint32_t page)
{
	uint32_t place = mm_place(machine, page);
	struct table window = { .nr = MGLRU_MIN_BATCH };

	if (place != MM_NONE) {
		window.key = PLACED | place >> MM_TABLE_SHIFT;
		window.pages = machine->tables.items[place >> MM_TABLE_SHIFT]->pages +
		               window_start(place) % MM_TABLE_ENTRIES;
		return window;
	}
	window.key = page >> MM_TABLE_SHIFT;
	window.first = window_start(page);
	if (machine->nr_lpages < window.first + window.nr)
		window.nr = machine->nr_lpages - window.first;
	return window;
}

void policy_mglru_activate(struct mm_node *node, uint32_t pfn)
{
	struct mm_page *page = &node->machine->pages[pfn];

	policy_mglru_del(node, pfn, true);
	page->flags |= MGLRU_ACTIVE;
	policy_mglru_add(node, pfn, false);
	mm_count(node->machine, MM_PGACTIVATE, mm_block_pages(page->order));
}

/* Without a walk of its own a reclaimer moves pages one by one. */
static void promote_by_hand(struct mm_node *node, uint32_t pfn)
{
	struct mglru *lru = mglru_of(node);
	struct mm_page *page = &node->machine->pages[pfn];
	int slot = mglru_page_slot(page);

	if (lru->version == MGLRU_6_18) {
		if (policy_mglru_set_refs(page) && slot >= 0 &&
		    slot != (int)mglru_slot(lru->max_seq))
			mm_folio_batch_add(node->machine, MM_BATCH_ACTIVATE, pfn);
		return;
	}
	if (slot < 0) {
		page->flags |= MGLRU_REFERENCED;
	} else if (slot != (int)mglru_slot(lru->max_seq)) {
		if (lru->version == MGLRU_6_12)
			policy_mglru_clear_refs(lru, page);
		mm_folio_batch_add(node->machine, MM_BATCH_ACTIVATE, pfn);
	}
}

/* Those that are to change lists. */
static uint32_t nr_to_move(const struct mm_node *node, const uint32_t *pfns, uint32_t nr)
{
	uint32_t moving = 0;

	for (uint32_t i = 0; i < nr; i++) {
		int slot = mglru_page_slot(&node->machine->pages[pfns[i]]);

		moving += slot >= 0 && slot != (int)mglru_slot(mglru_of(node)->max_seq);
	}
	return moving;
}

/* 6.1 does so for fewer than fit into a batch of folios; more are worth the lock. */
static void promote(struct mm_node *node, const uint32_t *pfns, uint32_t nr)
{
	const struct mglru *lru = mglru_of(node);
	bool by_hand = !lru->have_walk &&
	               (lru->version != MGLRU_6_1 || nr_to_move(node, pfns, nr) < FOLIO_BATCH_6_1);

	for (uint32_t i = 0; i < nr; i++) {
		if (by_hand)
			promote_by_hand(node, pfns[i]);
		else
			policy_mglru_update_gen(node, pfns[i]);
	}
}

void policy_mglru_look_around(struct mm_node *node, uint32_t pfn)
{
	struct mglru *lru = mglru_of(node);
	struct mm_machine *machine = node->machine;
	const struct mm_page *page = &machine->pages[pfn];
	struct table window = window_around(machine, page->logical);
	bool anon_too = mm_page_lru_type(page) == MM_LRU_ANON;
	uint32_t pfns[MGLRU_MIN_BATCH], nr = 0, total = 0;

	if (page->order >= MM_PAGEBLOCK_ORDER)
		return;
	for (uint32_t i = 0; i < window.nr; i++) {
		uint32_t beside = page_at(machine, &window, i), other;
		const struct mm_lpage *lpage;

		if (beside == MM_NONE)
			continue;
		lpage = mm_lpage(machine, beside);
		if (lpage->kind == MM_LPAGE_NONE || lpage->kind == MM_LPAGE_KERNEL)
			continue;
		total++;
		other = mapped_pfn(node, lpage, anon_too);
		if (other == MM_NONE)
			continue;
		if (other != pfn)
			mm_reference_look(machine, other, MM_LOOK_BESIDE);
		if (!mm_test_clear_young(node, other))
			continue;
		pfns[nr++] = other;
	}
	promote(node, pfns, nr);
	/* In 6.1 the page is one of those it finds, and so counts as used a second time. */
	if (lru->version == MGLRU_6_1)
		machine->pages[pfn].flags |= MGLRU_REFERENCED;
	if (suitable(total, nr + 1))
		policy_mglru_filter_add(lru, lru->max_seq, window.key);
}
