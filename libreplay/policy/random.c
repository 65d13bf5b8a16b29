/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * random: any page, each with the same chance.
 *
 * Needs no information at all, and has no worst case that a program could run into: what a policy knows
 * about the past is worth the distance to this one. The choice comes from the run's seed.
 *
 * State: an array of the pages of each zone and type (four bytes per page), in which the last entry fills
 * the gap of one that leaves; mm_page.policy is a page's place in it.
 */
#include "zone_array.h"

static uint32_t *entry(struct mm_node *node, const struct mm_zone *zone, enum mm_lru_type type,
                       uint32_t i)
{
	return (uint32_t *)mm_policy_pages(node) + zone_array_slot(zone, type, i);
}

static void page_added(struct mm_node *node, uint32_t pfn)
{
	struct mm_page *page = mm_node_page(node, pfn);
	const struct mm_zone *zone = mm_node_zone_of(node, pfn);
	enum mm_lru_type type = mm_page_lru_type(page);
	uint32_t *nr = &((struct zone_arrays *)node->policy_state)->nr[zone->type][type];

	mm_lru_add_head(node, type, pfn);
	page->policy = *nr;
	*entry(node, zone, type, (*nr)++) = pfn;
}

static void remove_entry(struct mm_node *node, uint32_t pfn)
{
	const struct mm_page *page = mm_node_page(node, pfn);
	const struct mm_zone *zone = mm_node_zone_of(node, pfn);
	enum mm_lru_type type = mm_page_lru_type(page);
	uint32_t *nr = &((struct zone_arrays *)node->policy_state)->nr[zone->type][type];
	uint32_t last = *entry(node, zone, type, --*nr);

	*entry(node, zone, type, page->policy) = last;
	mm_node_page(node, last)->policy = page->policy;
}

static void page_removed(struct mm_node *node, uint32_t pfn)
{
	remove_entry(node, pfn);
	mm_lru_del(node, pfn);
}

/* Pages of this type in the zones that help. */
static uint32_t nr_eligible(struct mm_node *node, const struct mm_scan_control *sc,
                            enum mm_lru_type type)
{
	const struct zone_arrays *arrays = node->policy_state;
	uint32_t nr = 0;

	for (uint32_t zone = 0; zone <= sc->reclaim_idx && zone < MM_NR_ZONE_TYPES; zone++)
		nr += arrays->nr[zone][type];
	return nr;
}

static uint32_t pick(struct mm_node *node, uint32_t i, enum mm_lru_type type)
{
	const struct zone_arrays *arrays = node->policy_state;
	uint32_t zone = 0;

	while (i >= arrays->nr[zone][type])
		i -= arrays->nr[zone++][type];
	return *entry(node, mm_node_zone(node, (enum mm_zone_type)zone), type, i);
}

static void isolate(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
                    uint32_t nr_to_scan, struct mm_batch *batch)
{
	uint32_t nr = nr_eligible(node, sc, type), scanned = 0;

	for (; nr > 0 && scanned < nr_to_scan && batch->nr < MM_SWAP_CLUSTER; nr--) {
		uint32_t pfn = pick(node, mm_policy_random(node, nr), type);

		scanned += 1u << mm_node_page(node, pfn)->order;
		remove_entry(node, pfn);
		mm_isolate(node, pfn, batch);
	}
	sc->nr_scanned += scanned;
}

static void putback(struct mm_node *node, uint32_t pfn, enum mm_putback why)
{
	(void)why;
	page_added(node, pfn);
}

static uint32_t nr_reclaimable(const struct mm_node *node, enum mm_lru_type type)
{
	return node->nr_lru[type];
}

const struct mm_policy_ops policy_random = {
	.name = "random",
	.summary = "any page, each with the same chance (see --seed)",
	.state_size = sizeof(struct zone_arrays),
	.page_size = sizeof(uint32_t),
	.page_added = page_added,
	.page_removed = page_removed,
	.isolate = isolate,
	.putback = putback,
	.nr_reclaimable = nr_reclaimable,
};
