/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * classic: the kernel's LRU lists, an inactive and an active one of each type.
 *
 * Pages come in at the head of the inactive list and are taken at its tail. A page that was used twice
 * moves to the active list (classic_references.c), one that comes back soon after its eviction begins there
 * (mm/workingset.c); what the active lists have too much goes back (classic_active.c). How much is scanned
 * of which list is in classic_scan.c.
 *
 * State: the sizes of the lists per zone; MM_PG_REFERENCED (one use seen), MM_PG_ACTIVE (on an active list, or
 * to be put there) and MM_PG_WORKINGSET (was active once) of a page.
 *
 * Follows mm/swap.c and mm/vmscan.c of v6.12 and v6.1, with CONFIG_LRU_GEN off or lru_gen/enabled 0.
 *
 * Not modelled: memcgs (one set of lists per node).
 */
#include "classic.h"

static enum classic_list list_of(const struct mm_page *page)
{
	enum mm_lru_type type = mm_page_lru_type(page);

	return page->flags & MM_PG_ACTIVE ? classic_active(type) : classic_inactive(type);
}

void policy_classic_add(struct mm_node *node, uint32_t pfn, bool tail)
{
	struct classic *lru = classic_of(node);
	const struct mm_page *page = mm_node_page(node, pfn);
	enum classic_list list = list_of(page);
	uint32_t nr = mm_block_pages(page->order);

	lru->nr[list] += nr;
	lru->nr_zone[list][mm_page_zone(node->machine, pfn)->type] += nr;
	if (tail)
		mm_lru_add_tail(node, list, pfn);
	else
		mm_lru_add_head(node, list, pfn);
}

void policy_classic_del(struct mm_node *node, uint32_t pfn)
{
	struct classic *lru = classic_of(node);
	const struct mm_page *page = mm_node_page(node, pfn);
	uint32_t nr = mm_block_pages(page->order);

	MM_CHECK(node->machine, page->list == list_of(page) && lru->nr[page->list] >= nr, pfn);
	lru->nr[page->list] -= nr;
	lru->nr_zone[page->list][mm_page_zone(node->machine, pfn)->type] -= nr;
	mm_lru_del(node, pfn);
}

static void page_added(struct mm_node *node, uint32_t pfn)
{
	policy_classic_add(node, pfn, false);
}

static void putback(struct mm_node *node, uint32_t pfn, enum mm_putback why)
{
	struct mm_page *page = mm_node_page(node, pfn);

	switch (why) {
	case MM_PUTBACK_ACTIVATE:
		page->flags |= MM_PG_ACTIVE;
		break;
	case MM_PUTBACK_ROTATE:
		page->flags &= (uint16_t)~MM_PG_ACTIVE;
		break;
	case MM_PUTBACK_KEEP:
		break;
	}
	if (page->flags & MM_PG_ACTIVE)
		mm_workingset_age(node, mm_block_pages(page->order));
	policy_classic_add(node, pfn, why == MM_PUTBACK_ROTATE);
}

static void isolate(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
                    uint32_t nr_to_scan, struct mm_batch *batch)
{
	sc->nr_scanned +=
		policy_classic_isolate(node, sc, classic_inactive(type), nr_to_scan, batch);
}

static uint32_t nr_active(const struct mm_node *node, enum mm_lru_type type)
{
	return classic_of(node)->nr[classic_active(type)];
}

static uint32_t nr_zone_active(const struct mm_node *node, enum mm_lru_type type,
                               enum mm_zone_type zone)
{
	return classic_of(node)->nr_zone[classic_active(type)][zone];
}

static uint32_t nr_reclaimable(const struct mm_node *node, enum mm_lru_type type)
{
	return node->nr_lru[type];
}

const struct mm_policy_ops policy_classic = {
	.name = "classic",
	.summary = "the kernel's active and inactive lists",
	.state_size = sizeof(struct classic),
	.page_added = page_added,
	.page_removed = policy_classic_del,
	.mark_accessed = policy_classic_mark_accessed,
	.activate = policy_classic_activate,
	.deactivate = policy_classic_deactivate,
	.check_references = policy_classic_check_references,
	.shrink_begin = policy_classic_shrink_begin,
	.shrink_step = policy_classic_shrink_step,
	.nr_active = nr_active,
	.nr_zone_active = nr_zone_active,
	.age = policy_classic_age_anon,
	.isolate = isolate,
	.putback = putback,
	.nr_reclaimable = nr_reclaimable,
};
