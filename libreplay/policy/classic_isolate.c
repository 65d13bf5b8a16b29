/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking pages off the tail of a list.
 *
 * Pages of zones that would not help the reclaimer are looked at, do not count as scanned towards the goal, and
 * move to the head all together, so that the next scan does not meet them again.
 *
 * Follows isolate_lru_folios() of v6.12.
 *
 * Not modelled: !may_unmap (node_reclaim() only); races with other isolators.
 */
#include "classic.h"

uint32_t policy_classic_isolate(struct mm_node *node, const struct mm_scan_control *sc,
                                enum classic_list list, uint32_t nr_to_scan, struct mm_batch *batch)
{
	struct mm_machine *machine = node->machine;
	struct classic *lru = classic_of(node);
	struct mm_list skipped;
	uint32_t nr_scanned = 0;

	mm_list_init(&skipped);
	while (nr_scanned < nr_to_scan && node->lists[list].count > 0 &&
	       batch->nr < MM_SWAP_CLUSTER) {
		uint32_t pfn = node->lists[list].tail;
		const struct mm_page *page = mm_node_page(node, pfn);
		uint32_t nr = mm_block_pages(page->order);
		uint8_t zone = mm_page_zone(machine, pfn)->type;

		if (zone > sc->reclaim_idx) {
			mm_list_del(machine, &node->lists[list], pfn);
			mm_list_add_head(machine, &skipped, pfn);
			batch->nr_skipped += nr;
			mm_count(machine, mm_zone_item(MM_PGSKIP_DMA, zone), nr);
			continue;
		}
		nr_scanned += nr;
		lru->nr[list] -= nr;
		lru->nr_zone[list][zone] -= nr;
		mm_isolate(node, pfn, batch);
	}
	mm_list_splice_head(machine, &skipped, &node->lists[list]);
	return nr_scanned;
}
