/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether compaction is worth a try in a zone.
 *
 * It needs free memory to move pages to: the low watermark (min for orders up to 3) and twice the block that
 * is wanted, in base pages. For costly orders the fragmentation index must say that failures come from
 * fragmentation (towards 1000) rather than from lack of memory (towards 0): above vm.extfrag_threshold.
 * And it is deferred where it failed a short while ago: 2^n - 1 requests of that order or above are turned
 * away after n failures in a row, up to 63.
 *
 * Follows compaction_suitable(), compaction_zonelist_suitable(), compaction_suit_allocation_order(),
 * defer_compaction(), compaction_deferred(), compaction_defer_reset(), compaction_restarting(),
 * fragmentation_index(), fragmentation_score_node() of v6.12; of v6.1 where it says so.
 */
#include "compaction.h"

#include "show_mem.h"
#include "show_views.h"

#define MAX_DEFER_SHIFT 6

static int fragmentation_index(const struct mm_zone *zone, uint32_t order)
{
	uint64_t blocks[MM_NR_ORDERS];

	for (uint32_t o = 0; o < MM_NR_ORDERS; o++)
		blocks[o] = zone->free_area[o].nr_free;
	return mm_fragmentation_index(blocks, order);
}

static bool has_targets(const struct mm_zone *zone, uint32_t order, uint32_t highest_zoneidx,
                        int64_t free_pages)
{
	enum mm_wmark wmark = order > MM_COSTLY_ORDER ? MM_WMARK_LOW : MM_WMARK_MIN;

	return mm_zone_watermark_ok(zone, 0, mm_wmark_pages(zone, wmark) + mm_compact_gap(order),
	                            highest_zoneidx, MM_ALLOC_CMA, free_pages);
}

bool mm_compaction_suitable(const struct mm_machine *machine, const struct mm_zone *zone,
                            uint32_t order, uint32_t highest_zoneidx)
{
	int index;

	if (!has_targets(zone, order, highest_zoneidx, zone->free_pages))
		return false;
	if (order <= MM_COSTLY_ORDER)
		return true;
	index = fragmentation_index(zone, order);
	return index < 0 || index > (int)machine->settings.extfrag_threshold;
}

enum mm_compact_result mm_compact_suit_order(const struct mm_machine *machine,
                                             const struct mm_zone *zone, uint32_t order,
                                             uint32_t highest_zoneidx, uint32_t alloc_flags)
{
	enum mm_wmark wmark = (enum mm_wmark)(alloc_flags & MM_ALLOC_WMARK_MASK);

	if (mm_zone_watermark_ok(zone, order, mm_wmark_pages(zone, wmark), highest_zoneidx,
	                         alloc_flags, zone->free_pages))
		return MM_COMPACT_SUCCESS;
	return mm_compaction_suitable(machine, zone, order, highest_zoneidx) ? MM_COMPACT_CONTINUE
	                                                                     : MM_COMPACT_SKIPPED;
}

bool mm_compaction_zonelist_suitable(const struct mm_machine *machine,
                                     const struct mm_alloc_context *ac, uint32_t alloc_flags)
{
	const struct mm_zonelist *list = mm_zonelist_of(machine, ac->cpu);
	enum mm_wmark wmark = (enum mm_wmark)(alloc_flags & MM_ALLOC_WMARK_MASK);

	for (uint32_t i = 0; i < list->nr; i++) {
		const struct mm_zone *zone = &machine->zones[list->zones[i]];
		int64_t available;

		if (zone->type > ac->highest_zoneidx)
			continue;
		/* Before 6.5 a zone that has such a block already does not count. */
		if (machine->settings.kernel < MM_KERNEL(6, 5) &&
		    mm_zone_watermark_ok(zone, ac->order, mm_wmark_pages(zone, wmark),
		                         ac->highest_zoneidx, alloc_flags, zone->free_pages))
			continue;
		/* Divided by the order, not by the block's size: that is how it stands there. */
		available = (int64_t)(mm_zone_reclaimable_pages(machine, zone) / ac->order);
		if (has_targets(zone, ac->order, ac->highest_zoneidx, available + zone->free_pages))
			return true;
	}
	return false;
}

/* ---- scores, for kcompactd's own accord ---- */

uint32_t mm_fragmentation_score_zone(const struct mm_zone *zone)
{
	uint64_t pages = 0, large = 0;

	for (uint32_t o = 0; o < MM_NR_ORDERS; o++) {
		pages += (uint64_t)zone->free_area[o].nr_free << o;
		if (o >= MM_COMPACT_HPAGE_ORDER)
			large += (uint64_t)zone->free_area[o].nr_free << o;
	}
	return pages > 0 ? (uint32_t)((pages - large) * 100 / pages) : 0;
}

/* Zones count by their size. */
uint32_t mm_fragmentation_score_node(const struct mm_node *node)
{
	const struct mm_machine *machine = node->machine;
	uint64_t present = 0, score = 0;

	for (uint32_t i = 0; i < node->nr_zones; i++)
		present += machine->zones[node->zones[i]].present;
	for (uint32_t i = 0; i < node->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[node->zones[i]];

		score +=
			(uint64_t)zone->present * mm_fragmentation_score_zone(zone) / (present + 1);
	}
	return (uint32_t)score;
}

uint32_t mm_fragmentation_wmark(const struct mm_machine *machine, bool low)
{
	uint32_t proactiveness = machine->settings.compaction_proactiveness;
	uint32_t mark = proactiveness < 95 ? 100 - proactiveness : 5;

	if (low)
		return mark;
	return mark + 10 < 100 ? mark + 10 : 100;
}

/* ---- deferral ---- */

bool mm_compaction_deferred(struct mm_zone *zone, uint32_t order)
{
	struct mm_zone_compact *compact = &zone->compact;
	uint32_t limit = 1u << compact->defer_shift;

	if (order < compact->order_failed)
		return false;
	if (++compact->considered < limit)
		return true;
	compact->considered = limit;
	return false;
}

void mm_defer_compaction(struct mm_zone *zone, uint32_t order)
{
	struct mm_zone_compact *compact = &zone->compact;

	compact->considered = 0;
	if (compact->defer_shift < MAX_DEFER_SHIFT)
		compact->defer_shift++;
	if (order < compact->order_failed)
		compact->order_failed = (uint8_t)order;
}

void mm_compaction_defer_reset(struct mm_zone *zone, uint32_t order, bool alloc_success)
{
	struct mm_zone_compact *compact = &zone->compact;

	if (alloc_success) {
		compact->considered = 0;
		compact->defer_shift = 0;
	}
	if (order >= compact->order_failed)
		compact->order_failed = (uint8_t)(order + 1);
}

bool mm_compaction_restarting(const struct mm_zone *zone, int order)
{
	const struct mm_zone_compact *compact = &zone->compact;

	return order >= (int)compact->order_failed && compact->defer_shift == MAX_DEFER_SHIFT &&
	       compact->considered >= 1u << MAX_DEFER_SHIFT;
}

int32_t mm_extfrag_threshold(const struct mm_machine *machine)
{
	return (int32_t)machine->settings.extfrag_threshold;
}
