/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mglru: when a new generation begins, and when an old one ends.
 *
 * Eviction needs two generations that it may not touch, so it stops where a type has no more than that.
 * Aging begins one: it walks the page tables (mglru_walk.c), merges the oldest of four generations into
 * the next, and raises max_seq. Before 6.14 it also runs early, where the youngest generation holds more than
 * half of the pages or the oldest that can be evicted less than a quarter. Old generations end when their
 * lists are empty; while swap is in use, the file pages' oldest one is never ahead of the anonymous pages'.
 *
 * kswapd looks in before each of its rounds: 6.1 ages there, but in a run's first round and after one that did
 * well without; later versions only guard min_ttl_ms: a working set that is younger is not evicted; where there
 * is nothing else, the OOM killer is asked.
 *
 * Follows should_run_aging(), try_to_inc_max_seq(), inc_max_seq(), inc_min_seq(), try_to_inc_min_seq(),
 * get_swappiness(), set_initial_priority(), lru_gen_age_node() of v6.12; age_lruvec() of v6.1.
 *
 * Not modelled: two reclaimers that age at a time.
 */
#include "mglru_private.h"

uint32_t policy_mglru_swappiness(const struct mm_node *node, const struct mm_scan_control *sc)
{
	const struct mm_machine *machine = node->machine;

	if (machine->swap.nr_slots - machine->swap.nr_used < MGLRU_MIN_BATCH)
		return 0;
	if (!sc->may_swap) /* boosted kswapd; 6.1 takes swap cache that is clean */
		return mglru_of(node)->version == MGLRU_6_1 && machine->settings.swappiness > 0;
	return machine->settings.swappiness;
}

uint64_t policy_mglru_min_seq(const struct mglru *lru, bool can_swap)
{
	uint64_t file = lru->min_seq[MM_LRU_FILE], anon = lru->min_seq[MM_LRU_ANON];

	if (!can_swap)
		return file;
	return lru->version == MGLRU_6_18 && file < anon ? file : anon;
}

static uint64_t generation_pages(const struct mglru *lru, uint32_t type, uint64_t seq)
{
	uint64_t pages = 0;

	for (uint32_t zone = 0; zone < MM_NR_ZONE_TYPES; zone++)
		pages += lru->nr_pages[mglru_slot(seq)][type][zone];
	return pages;
}

bool policy_mglru_should_age(const struct mglru *lru, bool can_swap, uint64_t *total)
{
	uint64_t min_seq = policy_mglru_min_seq(lru, can_swap), young = 0, old = 0;

	*total = 0;
	for (uint32_t type = can_swap ? MM_LRU_ANON : MM_LRU_FILE; type < MM_NR_LRU_TYPES; type++) {
		for (uint64_t seq = lru->min_seq[type]; seq <= lru->max_seq; seq++) {
			uint64_t pages = generation_pages(lru, type, seq);

			*total += pages;
			if (seq == lru->max_seq)
				young += pages;
			else if (seq + MGLRU_MIN_GENS == lru->max_seq)
				old += pages;
		}
	}
	if (min_seq + MGLRU_MIN_GENS > lru->max_seq) {
		if (lru->version != MGLRU_6_1)
			*total = 0;
		return true;
	}
	if (min_seq + MGLRU_MIN_GENS < lru->max_seq)
		return false;
	return lru->version == MGLRU_6_18 || young * MGLRU_MIN_GENS > *total ||
	       old * (MGLRU_MIN_GENS + 2) < *total;
}

/* The oldest generation goes into the next one. Without swap anonymous pages just get younger. */
static void merge_oldest(struct mm_node *node, uint32_t type, bool can_swap)
{
	struct mglru *lru = mglru_of(node);
	uint32_t from = mglru_slot(lru->min_seq[type]);

	for (uint32_t zone = 0; zone < MM_NR_ZONE_TYPES && (type == MM_LRU_FILE || can_swap);
	     zone++) {
		const struct mm_list *list = &node->lists[mglru_list(from, type, zone)];

		while (list->tail != MM_NONE) {
			uint32_t pfn = list->tail;
			const struct mm_page *page = &node->machine->pages[pfn];

			if (lru->version == MGLRU_6_18 && !policy_mglru_is_full(lru, page))
				policy_mglru_protect(lru, page);
			policy_mglru_move(node, pfn, policy_mglru_inc_gen(node, pfn), true);
		}
	}
	policy_mglru_reset(lru, type, true);
	lru->min_seq[type]++;
}

void policy_mglru_inc_max_seq(struct mm_node *node, struct mm_scan_control *sc, bool can_swap)
{
	struct mglru *lru = mglru_of(node);

	if (lru->caps & MGLRU_MM_WALK) {
		policy_mglru_walk(node, sc, can_swap);
		lru->have_walk = true;
	}
	for (uint32_t type = MM_NR_LRU_TYPES; type-- > 0;) {
		if (mglru_nr_gens(lru, type) == MGLRU_NR_GENS)
			merge_oldest(node, type, can_swap);
	}
	for (uint32_t type = 0; type < MM_NR_LRU_TYPES; type++)
		policy_mglru_reset(lru, type, false);
	lru->max_seq++;
	lru->birth_ns[mglru_slot(lru->max_seq)] = mglru_now_ns(node);
}

static bool is_empty(const struct mm_node *node, uint32_t type, uint64_t seq)
{
	for (uint32_t zone = 0; zone < MM_NR_ZONE_TYPES; zone++) {
		if (node->lists[mglru_list(mglru_slot(seq), type, zone)].count > 0)
			return false;
	}
	return true;
}

/* The types' oldest generations stay near each other, or one of them would never be looked at. */
static void couple_types(const struct mglru *lru, uint64_t min_seq[MM_NR_LRU_TYPES])
{
	uint64_t *anon = &min_seq[MM_LRU_ANON], *file = &min_seq[MM_LRU_FILE];
	uint64_t first_young = lru->max_seq - MGLRU_MIN_GENS;

	if (lru->version == MGLRU_6_18) {
		if (*anon > first_young && *file < first_young)
			*anon = first_young;
		else if (*file > first_young && *anon < first_young)
			*file = first_young;
		return;
	}
	if (*file < *anon)
		*anon = *file;
	*file = *anon > lru->min_seq[MM_LRU_FILE] ? *anon : lru->min_seq[MM_LRU_FILE];
}

bool policy_mglru_inc_min_seq(struct mglru *lru, const struct mm_node *node, bool can_swap)
{
	uint64_t min_seq[MM_NR_LRU_TYPES] = { lru->min_seq[0], lru->min_seq[1] };
	uint32_t first = can_swap ? MM_LRU_ANON : MM_LRU_FILE;
	bool changed = false;

	for (uint32_t type = first; type < MM_NR_LRU_TYPES; type++) {
		while (min_seq[type] + MGLRU_MIN_GENS <= lru->max_seq &&
		       is_empty(node, type, min_seq[type]))
			min_seq[type]++;
	}
	if (can_swap)
		couple_types(lru, min_seq);
	for (uint32_t type = first; type < MM_NR_LRU_TYPES; type++) {
		if (min_seq[type] == lru->min_seq[type])
			continue;
		policy_mglru_reset(lru, type, true);
		lru->min_seq[type] = min_seq[type];
		changed = true;
	}
	return changed;
}

static int floor_log2(uint64_t n)
{
	return n > 0 ? 63 - __builtin_clzll(n) : -1;
}

/* kswapd knows how much it wants: a priority that looks at about as many pages. */
void policy_mglru_set_priority(const struct mm_node *node, struct mm_scan_control *sc)
{
	const struct mm_machine *machine = node->machine;
	const struct mm_policy_ops *ops = machine->policy;
	uint64_t pages;
	int priority;

	if (mglru_of(node)->version == MGLRU_6_1 || sc->priority != MM_DEF_PRIORITY ||
	    sc->nr_to_reclaim < MGLRU_MIN_BATCH)
		return;
	pages = node->nr_lru[MM_LRU_FILE] - ops->nr_active(node, MM_LRU_FILE);
	if (sc->may_swap && machine->swap.nr_used < machine->swap.nr_slots)
		pages += node->nr_lru[MM_LRU_ANON] - ops->nr_active(node, MM_LRU_ANON);
	priority = floor_log2(pages) - (floor_log2(sc->nr_to_reclaim - 1) + 1);
	if (priority > MM_DEF_PRIORITY)
		priority = MM_DEF_PRIORITY;
	if (priority < MM_DEF_PRIORITY / 2)
		priority = MM_DEF_PRIORITY / 2;
	sc->priority = (int8_t)priority;
}

/* Whether the oldest file generation has lived for min_ttl_ms. */
static bool is_old_enough(const struct mm_node *node)
{
	const struct mglru *lru = mglru_of(node);
	uint64_t birth = lru->birth_ns[mglru_slot(lru->min_seq[MM_LRU_FILE])];

	return birth + node->machine->settings.lru_gen_min_ttl_ms * UINT64_C(1000000) <
	       mglru_now_ns(node);
}

static void ask_for_oom(const struct mm_node *node, const struct mm_scan_control *sc)
{
	struct mm_machine *machine = node->machine;
	const struct mm_request request = { .gfp_flags = sc->gfp_flags };
	enum mm_oom_result result = mm_out_of_memory(machine, &request);

	if ((result == MM_OOM_NOBODY || result == MM_OOM_PANIC) && machine->hooks.alloc_failed)
		machine->hooks.alloc_failed(machine->hooks.data, &request, true);
}

/* Pages of the types in use. */
static uint64_t total_pages(const struct mglru *lru, bool can_swap)
{
	uint64_t total = 0;

	for (uint32_t type = can_swap ? MM_LRU_ANON : MM_LRU_FILE; type < MM_NR_LRU_TYPES; type++) {
		for (uint64_t seq = lru->min_seq[type]; seq <= lru->max_seq; seq++)
			total += generation_pages(lru, type, seq);
	}
	return total;
}

/* 6.1: false: there is nothing to reclaim here. */
static bool age_early(struct mm_node *node, struct mm_scan_control *sc)
{
	struct mglru *lru = mglru_of(node);
	bool can_swap = policy_mglru_swappiness(node, sc) > 0;
	uint64_t total;
	bool age = policy_mglru_should_age(lru, can_swap, &total);

	if (node->machine->settings.lru_gen_min_ttl_ms > 0 &&
	    (!is_old_enough(node) ||
	     (total >> sc->priority == 0 && sc->priority != MM_DEF_PRIORITY)))
		return false;
	if (age)
		policy_mglru_inc_max_seq(node, sc, can_swap);
	return true;
}

void policy_mglru_age(struct mm_node *node, struct mm_scan_control *sc)
{
	struct mglru *lru = mglru_of(node);
	bool guarded = node->machine->settings.lru_gen_min_ttl_ms > 0;
	uint64_t total;

	if (lru->version == MGLRU_6_1) {
		lru->nr_before = sc->nr_reclaimed;
		/* Not in a run's first round: nobody sets it before. */
		if (!sc->needs_aging)
			sc->needs_aging = true;
		else if (!age_early(node, sc) && guarded && sc->order == 0)
			ask_for_oom(node, sc);
		return;
	}
	policy_mglru_set_priority(node, sc);
	if (!guarded)
		return;
	total = total_pages(lru, policy_mglru_swappiness(node, sc) > 0);
	if (total >> sc->priority == 0 || !is_old_enough(node))
		ask_for_oom(node, sc);
}
