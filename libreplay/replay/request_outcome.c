/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * At once: __zone_watermark_ok() of v6.12 at the min watermark, which a request meets after kswapd has been woken
 * and before it reclaims or compacts; what there is of CMA is for movable requests, the high-atomic reserve for none of
 * these. A block of any type will do then (__rmqueue_fallback()).
 *
 * After compaction: compaction_suitable() (twice the block free above the low watermark, min for orders up to 3; and a
 * fragmentation index above vm.extfrag_threshold for larger ones), and a range of that size and alignment without a page
 * that cannot be moved. That is the best that compaction could do: it may stop before, be deferred, or find a page busy.
 *
 * Not modelled: watermark_boost, which the free lists do not tell of; that asynchronous compaction for an unmovable
 * request looks at pageblocks of its own type only.
 */
#include "request_outcome.h"

#include "show_views.h"

static int64_t free_pages(const struct outcome_zone *zone, uint32_t type)
{
	int64_t pages = 0;

	for (uint32_t order = 0; order < MM_NR_ORDERS; order++)
		pages += (int64_t)zone->blocks[order][type] << order;
	return pages;
}

/* That count for a request; cma: as compaction counts, whose targets may lie in CMA. */
static int64_t usable_pages(const struct outcome_zone *zone, bool cma)
{
	int64_t pages = cma ? free_pages(zone, MM_CMA) : 0;

	for (uint32_t type = 0; type < MM_NR_PCPTYPES; type++)
		pages += free_pages(zone, type);
	return pages;
}

static bool has_block(const struct outcome_zone *zone, uint32_t order, uint32_t type)
{
	for (; order < MM_NR_ORDERS; order++)
		if (zone->blocks[order][type])
			return true;
	return false;
}

static bool is_suitable(const struct outcome_zone *zone, uint32_t order)
{
	uint64_t wmark = order > MM_COSTLY_ORDER ? zone->wmark_low : zone->wmark_min;
	uint64_t blocks[MM_NR_ORDERS] = { 0 };
	int index;

	if (usable_pages(zone, true) <= (int64_t)(wmark + zone->reserve + (UINT64_C(2) << order)))
		return false;
	if (order <= MM_COSTLY_ORDER)
		return true;
	for (uint32_t o = 0; o < MM_NR_ORDERS; o++)
		for (uint32_t type = 0; type < MM_NR_MIGRATETYPES; type++)
			blocks[o] += zone->blocks[o][type];
	index = mm_fragmentation_index(blocks, order);
	return index < 0 || index > zone->extfrag_threshold;
}

enum request_outcome replay_request_outcome(const struct outcome_zone *zone, uint32_t order,
                                            uint32_t migratetype)
{
	bool movable = migratetype == MM_MOVABLE;
	int64_t left = usable_pages(zone, movable) - ((int64_t)1 << order) + 1;

	if (left > (int64_t)(zone->wmark_min + zone->reserve)) {
		if (has_block(zone, order, migratetype) ||
		    (movable && has_block(zone, order, MM_CMA)))
			return OUTCOME_OWN;
		for (uint32_t type = 0; type < MM_NR_PCPTYPES; type++)
			if (has_block(zone, order, type))
				return OUTCOME_FALLBACK;
	}
	if (!is_suitable(zone, order))
		return OUTCOME_MEMORY;
	return (int)order <= zone->room ? OUTCOME_COMPACTION : OUTCOME_PINNED;
}

const char *replay_outcome_name(enum request_outcome outcome)
{
	static const char *const names[NR_OUTCOMES] = {
		[OUTCOME_OWN] = "own",
		[OUTCOME_FALLBACK] = "fallback",
		[OUTCOME_COMPACTION] = "compaction",
		[OUTCOME_PINNED] = "pinned",
		[OUTCOME_MEMORY] = "memory",
	};

	return names[outcome];
}
