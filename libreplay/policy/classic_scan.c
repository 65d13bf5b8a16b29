/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pass over the four lists: how much of each, and when enough is enough.
 *
 * Each list gives 1 / 2^priority of itself, times its type's share (vmscan_count.c has the costs). An active
 * list is scanned only where the inactive one is too short or the working set changes. The pass goes over the
 * lists 32 pages at a time; when the goal is reached, the type that has less left is dropped, and the
 * other is scanned on until it has been scanned in the same proportion.
 *
 * Follows prepare_scan_control(), get_scan_count(), shrink_list(), shrink_lruvec() of v6.12; v6.1 lacks
 * no_cache_trim_mode.
 *
 * Not modelled: memcg protection.
 */
#include "classic.h"

enum scan_balance {
	SCAN_EQUAL,
	SCAN_FRACT,
	SCAN_ANON,
	SCAN_FILE,
};

static enum mm_lru_type type_of(enum classic_list list)
{
	return list >= CLASSIC_INACTIVE_FILE ? MM_LRU_FILE : MM_LRU_ANON;
}

static bool is_active(enum classic_list list)
{
	return list & 1;
}

static bool may_deactivate(const struct mm_scan_control *sc, enum mm_lru_type type)
{
	return sc->may_deactivate >> type & 1;
}

/* Free and file pages together do not reach the watermarks: file pages are not worth scanning. */
static bool file_is_tiny(const struct mm_node *node)
{
	const struct mm_machine *machine = node->machine;
	int64_t free_pages = 0, high = 0;

	for (uint32_t i = 0; i < node->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[node->zones[i]];

		free_pages += zone->free_pages;
		if (zone->managed > 0)
			high += (int64_t)mm_wmark_pages(zone, MM_WMARK_HIGH);
	}
	return (int64_t)node->nr_lru[MM_LRU_FILE] + free_pages <= high;
}

static void prepare_scan_control(struct mm_node *node, struct mm_scan_control *sc)
{
	const struct classic *lru = classic_of(node);
	const struct mm_lru_stat *stat = mm_lru_stat(node);

	sc->may_deactivate = 0;
	for (uint32_t type = 0; type < MM_NR_LRU_TYPES; type++) {
		if (sc->force_deactivate || stat->refaults[type] != node->refaults_seen[type] ||
		    policy_classic_inactive_is_low(node, (enum mm_lru_type)type))
			sc->may_deactivate |= (uint8_t)(1u << type);
	}
	sc->cache_trim_mode = stat->inactive[MM_LRU_FILE] >> sc->priority > 0 &&
	                      !may_deactivate(sc, MM_LRU_FILE) && !sc->no_cache_trim_mode;
	sc->file_is_tiny = file_is_tiny(node) && !may_deactivate(sc, MM_LRU_ANON) &&
	                   lru->nr[CLASSIC_INACTIVE_ANON] >> sc->priority > 0;
}

static enum scan_balance choose(const struct mm_machine *machine, const struct mm_scan_control *sc)
{
	if (!sc->may_swap || machine->swap.nr_used >= machine->swap.nr_slots)
		return SCAN_FILE;
	if (sc->priority == 0 && machine->settings.swappiness > 0)
		return SCAN_EQUAL;
	if (sc->file_is_tiny)
		return SCAN_ANON;
	return sc->cache_trim_mode ? SCAN_FILE : SCAN_FRACT;
}

static uint64_t lru_size(const struct classic *lru, const struct mm_scan_control *sc,
                         enum classic_list list)
{
	uint64_t size = 0;

	for (uint32_t zone = 0; zone <= sc->reclaim_idx && zone < MM_NR_ZONE_TYPES; zone++)
		size += lru->nr_zone[list][zone];
	return size;
}

static void get_scan_count(const struct mm_node *node, const struct mm_scan_control *sc,
                           uint32_t nr[CLASSIC_NR_LISTS])
{
	const struct mm_machine *machine = node->machine;
	enum scan_balance balance = choose(machine, sc);
	uint64_t swappiness = machine->settings.swappiness;
	uint64_t total = node->cost[MM_LRU_ANON] + node->cost[MM_LRU_FILE];
	uint64_t anon_cost = total + node->cost[MM_LRU_ANON];
	uint64_t file_cost = total + node->cost[MM_LRU_FILE];
	uint64_t sum = anon_cost + file_cost;
	uint64_t weights[MM_NR_LRU_TYPES] = { swappiness * (sum + 1) / (anon_cost + 1),
		                              (200 - swappiness) * (sum + 1) / (file_cost + 1) };
	uint64_t denominator = weights[MM_LRU_ANON] + weights[MM_LRU_FILE];

	for (uint32_t list = 0; list < CLASSIC_NR_LISTS; list++) {
		enum mm_lru_type type = type_of(list);
		uint64_t scan = lru_size(classic_of(node), sc, list) >> sc->priority;

		if (balance == SCAN_FRACT)
			scan = scan * weights[type] / denominator;
		else if ((balance == SCAN_FILE && type == MM_LRU_ANON) ||
		         (balance == SCAN_ANON && type == MM_LRU_FILE))
			scan = 0;
		nr[list] = (uint32_t)scan;
	}
}

void policy_classic_shrink_begin(struct mm_node *node, struct mm_scan_control *sc,
                                 struct mm_scan_pass *pass)
{
	prepare_scan_control(node, sc);
	get_scan_count(node, sc, pass->nr);
	memcpy(pass->targets, pass->nr, sizeof(pass->targets));
	pass->nr_reclaimed = sc->nr_reclaimed;
	pass->proportional = !sc->kswapd && sc->priority == MM_DEF_PRIORITY;
}

static void shrink_list(struct mm_node *node, struct mm_scan_control *sc, enum classic_list list,
                        uint32_t nr)
{
	if (!is_active(list))
		mm_shrink_list(node, sc, type_of(list), nr);
	else if (may_deactivate(sc, type_of(list)))
		policy_classic_shrink_active(node, sc, type_of(list), nr);
	else
		sc->skipped_deactivate = true;
}

static uint32_t left(const struct mm_scan_pass *pass, enum mm_lru_type type)
{
	return pass->nr[classic_inactive(type)] + pass->nr[classic_active(type)];
}

/* The type with less left is done; what the other should be scanned in proportion. */
static void adjust_targets(struct mm_scan_pass *pass)
{
	enum mm_lru_type less =
		left(pass, MM_LRU_FILE) > left(pass, MM_LRU_ANON) ? MM_LRU_ANON : MM_LRU_FILE;
	enum mm_lru_type more = less == MM_LRU_ANON ? MM_LRU_FILE : MM_LRU_ANON;
	uint64_t target = (uint64_t)pass->targets[classic_inactive(less)] +
	                  pass->targets[classic_active(less)] + 1;
	uint64_t percent = (uint64_t)left(pass, less) * 100 / target;

	pass->nr[classic_inactive(less)] = 0;
	pass->nr[classic_active(less)] = 0;
	for (uint32_t i = 0; i < 2; i++) {
		enum classic_list list = classic_inactive(more) + i;
		uint32_t done = pass->targets[list] - pass->nr[list];
		uint32_t goal = (uint32_t)(pass->targets[list] * (100 - percent) / 100);

		pass->nr[list] = goal > done ? goal - done : 0;
	}
}

/* The active list of anonymous pages alone is no reason to go on. */
static bool anything_left(const struct mm_scan_pass *pass)
{
	return pass->nr[CLASSIC_INACTIVE_ANON] > 0 || left(pass, MM_LRU_FILE) > 0;
}

bool policy_classic_shrink_step(struct mm_node *node, struct mm_scan_control *sc,
                                struct mm_scan_pass *pass)
{
	bool more = anything_left(pass);

	for (uint32_t list = 0; more && list < CLASSIC_NR_LISTS; list++) {
		uint32_t nr = pass->nr[list] < MM_SWAP_CLUSTER ? pass->nr[list] : MM_SWAP_CLUSTER;

		pass->nr[list] -= nr;
		if (nr > 0)
			shrink_list(node, sc, list, nr);
	}
	if (more && sc->nr_reclaimed - pass->nr_reclaimed >= sc->nr_to_reclaim &&
	    !pass->proportional) {
		if (left(pass, MM_LRU_ANON) == 0 || left(pass, MM_LRU_FILE) == 0)
			more = false;
		else
			adjust_targets(pass);
	}
	if (more && anything_left(pass))
		return true;
	policy_classic_age_anon(node, sc);
	return false;
}
