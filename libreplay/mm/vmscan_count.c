/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much of each type to scan: anonymous pages, which need swap, against file pages.
 *
 * A pass of priority p looks at 1 / 2^p of the lists. The types share it in inverse proportion to what
 * reclaiming them has cost lately (pages written, rotated, and read again), weighted by swappiness.
 * Exceptions: no swap, only file; file pages too few to matter, only anonymous; plenty of file pages that
 * nobody came back for, only file; the last priority, both alike.
 *
 * What is decided for a pass as a whole (which type, whether active lists are touched) goes by the statistics
 * of the root memory cgroup, which kernels since 6.12 bring up to date every two seconds only: between, a list that
 * has long been emptied still looks full, refaults go unseen, and those that were seen are seen once. Before,
 * reclaim itself brought them up to date to some hundred pages. How much is scanned then goes by the lists.
 *
 * Follows get_scan_count(), prepare_scan_control(), lru_note_cost(), snapshot_refaults(),
 * flush_memcg_stats_dwork() of v6.12.
 *
 * Not modelled: memcgs beside the root, and their protection; that idle CPUs put the update off. inactive_is_low()
 * belongs to policies that have active lists; here only refaults show that a type's working set is under pressure.
 */
#include "internal.h"

enum scan_balance {
	SCAN_EQUAL,
	SCAN_FRACT,
	SCAN_ANON,
	SCAN_FILE,
};

/* Pages of this type that the policy can reach in the zones that are allowed. */
static uint32_t lru_size(const struct mm_node *node, const struct mm_scan_control *sc,
                         enum mm_lru_type type)
{
	const struct mm_machine *machine = node->machine;
	uint32_t size = machine->policy->nr_reclaimable(node, type);
	uint32_t eligible = 0;

	for (uint32_t i = 0; i < node->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[node->zones[i]];

		if (zone->type <= sc->reclaim_idx)
			eligible += zone->nr_lru[type];
	}
	return size < eligible ? size : eligible;
}

static bool can_swap(const struct mm_machine *machine, const struct mm_scan_control *sc)
{
	return sc->may_swap && machine->swap.nr_used < machine->swap.nr_slots;
}

static bool file_is_tiny(const struct mm_node *node)
{
	const struct mm_machine *machine = node->machine;
	int64_t free_pages = 0, high = 0;

	for (uint32_t i = 0; i < node->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[node->zones[i]];

		free_pages += zone->free_pages;
		high += (int64_t)mm_wmark_pages(zone, MM_WMARK_HIGH);
	}
	return (int64_t)node->nr_lru[MM_LRU_FILE] + free_pages <= high;
}

static bool refaulted(const struct mm_node *node, const struct mm_lru_stat *stat,
                      enum mm_lru_type type)
{
	return stat->refaults[type] != node->refaults_seen[type];
}

static enum scan_balance choose(struct mm_node *node, const struct mm_scan_control *sc,
                                const uint32_t size[MM_NR_LRU_TYPES])
{
	const struct mm_lru_stat *stat = mm_lru_stat(node);

	if (!can_swap(node->machine, sc))
		return SCAN_FILE;
	if (sc->priority == 0 && node->machine->settings.swappiness > 0)
		return SCAN_EQUAL;
	if (file_is_tiny(node) && !refaulted(node, stat, MM_LRU_ANON) &&
	    size[MM_LRU_ANON] >> sc->priority)
		return SCAN_ANON;
	if (stat->inactive[MM_LRU_FILE] >> sc->priority && !refaulted(node, stat, MM_LRU_FILE))
		return SCAN_FILE;
	return SCAN_FRACT;
}

void mm_get_scan_count(struct mm_node *node, const struct mm_scan_control *sc,
                       uint32_t nr[MM_NR_LRU_TYPES])
{
	uint64_t swappiness = node->machine->settings.swappiness;
	uint64_t total = node->cost[MM_LRU_ANON] + node->cost[MM_LRU_FILE];
	uint64_t anon_cost = total + node->cost[MM_LRU_ANON];
	uint64_t file_cost = total + node->cost[MM_LRU_FILE];
	uint64_t sum = anon_cost + file_cost;
	uint64_t weights[MM_NR_LRU_TYPES] = { swappiness * (sum + 1) / (anon_cost + 1),
		                              (200 - swappiness) * (sum + 1) / (file_cost + 1) };
	uint32_t size[MM_NR_LRU_TYPES];
	enum scan_balance balance;

	for (uint32_t type = 0; type < MM_NR_LRU_TYPES; type++)
		size[type] = lru_size(node, sc, (enum mm_lru_type)type);
	balance = choose(node, sc, size);
	for (uint32_t type = 0; type < MM_NR_LRU_TYPES; type++) {
		uint64_t scan = size[type] >> sc->priority;

		if (balance == SCAN_FRACT)
			scan = scan * weights[type] / (weights[MM_LRU_ANON] + weights[MM_LRU_FILE]);
		else if ((balance == SCAN_FILE && type == MM_LRU_ANON) ||
		         (balance == SCAN_ANON && type == MM_LRU_FILE))
			scan = 0;
		nr[type] = (uint32_t)scan;
	}
}

static void update_stat(struct mm_node *node)
{
	const struct mm_policy_ops *policy = node->machine->policy;

	for (uint32_t i = 0; i < MM_NR_LRU_TYPES; i++) {
		enum mm_lru_type type = i;

		node->stat.active[i] = policy->nr_active ? policy->nr_active(node, type) : 0;
		node->stat.inactive[i] = node->nr_lru[i] - node->stat.active[i];
		node->stat.refaults[i] = node->refaults[i];
	}
}

const struct mm_lru_stat *mm_lru_stat(struct mm_node *node)
{
	if (!node->machine->settings.memcg_stat_delay)
		update_stat(node);
	return &node->stat;
}

void mm_flush_memcg_stats(struct mm_machine *machine)
{
	for (uint32_t n = 0; machine->policy && n < machine->nr_nodes; n++)
		update_stat(&machine->nodes[n]);
}

void mm_snapshot_refaults(struct mm_node *node)
{
	const struct mm_lru_stat *stat = mm_lru_stat(node);

	for (uint32_t type = 0; type < MM_NR_LRU_TYPES; type++)
		node->refaults_seen[type] = stat->refaults[type];
}

void mm_note_cost(struct mm_node *node, enum mm_lru_type type, uint64_t nr_io, uint64_t nr_rotated)
{
	uint64_t size = (uint64_t)node->nr_lru[MM_LRU_ANON] + node->nr_lru[MM_LRU_FILE];

	if (node->machine->settings.kernel >= MM_KERNEL(6, 2))
		node->cost[type] += nr_io * MM_SWAP_CLUSTER + nr_rotated;
	else
		node->cost[type] += nr_io;
	if (node->cost[MM_LRU_ANON] + node->cost[MM_LRU_FILE] > size / 4) {
		node->cost[MM_LRU_ANON] /= 2;
		node->cost[MM_LRU_FILE] /= 2;
	}
}
