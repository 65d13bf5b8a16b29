/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way of an allocation to a page while there are enough: watermark checks, the walk over the zones,
 * per-CPU list or buddy list; and the way back.
 *
 * The walk takes the first zone that would keep more than mark + lowmem reserve free. On a machine
 * whose best zone is Normal and that has DMA32 below it, a first walk avoids pageblocks of other types
 * (NOFRAGMENT) and prefers a lower zone to them; a second one does not.
 * The test against the high watermark that precedes each zone's own only sets BELOW_HIGH, which the
 * per-CPU lists heed.
 *
 * Follows get_page_from_freelist(), rmqueue(), zone_watermark_fast(), __zone_watermark_ok(),
 * alloc_flags_nofragment(), free_unref_page(), free_one_page() of v6.12 and v6.1.
 *
 * Not modelled: cpusets, node_reclaim, spreading of dirty pages, deferred initialisation, the counters'
 * per-CPU drift, NUMA policies: everybody prefers the node of the CPU that he is on.
 */
#include "internal.h"

uint8_t mm_gfp_zone(uint32_t gfp_flags)
{
	if (gfp_flags & MM_GFP_DMA)
		return MM_ZONE_DMA;
	if (gfp_flags & MM_GFP_DMA32)
		return MM_ZONE_DMA32;
	if ((gfp_flags & MM_GFP_MOVABLE) && (gfp_flags & MM_GFP_HIGHMEM))
		return MM_ZONE_MOVABLE;
	return MM_ZONE_NORMAL;
}

uint8_t mm_gfp_migratetype(const struct mm_machine *machine, uint32_t gfp_flags)
{
	if (machine->mobility_disabled)
		return MM_UNMOVABLE;
	if (gfp_flags & MM_GFP_MOVABLE)
		return MM_MOVABLE;
	return gfp_flags & MM_GFP_RECLAIMABLE ? MM_RECLAIMABLE : MM_UNMOVABLE;
}

uint8_t mm_request_migratetype(const struct mm_machine *machine, const struct mm_request *request)
{
	return mm_gfp_migratetype(machine, request->gfp_flags);
}

/* Free pages that this request cannot have. */
static int64_t unusable_free(const struct mm_zone *zone, uint32_t order, uint32_t alloc_flags)
{
	int64_t unusable = (int64_t)mm_block_pages(order) - 1;

	if (!(alloc_flags & MM_ALLOC_RESERVES))
		unusable += zone->whole_reserve ? zone->nr_reserved_highatomic
		                                : zone->nr_free_highatomic;
	if (!(alloc_flags & MM_ALLOC_CMA))
		unusable += zone->nr_free_cma;
	return unusable;
}

static bool has_block(const struct mm_zone *zone, uint32_t order, uint32_t alloc_flags)
{
	for (uint32_t o = order; o < MM_NR_ORDERS; o++) {
		const struct mm_free_area *area = &zone->free_area[o];

		if (area->nr_free == 0)
			continue;
		for (uint32_t type = 0; type < MM_NR_PCPTYPES; type++) {
			if (area->lists[type].count > 0)
				return true;
		}
		if ((alloc_flags & MM_ALLOC_CMA) && area->lists[MM_CMA].count > 0)
			return true;
		if ((alloc_flags & (MM_ALLOC_HIGHATOMIC | MM_ALLOC_OOM)) &&
		    area->lists[MM_HIGHATOMIC].count > 0)
			return true;
	}
	return false;
}

bool mm_zone_watermark_ok(const struct mm_zone *zone, uint32_t order, uint64_t mark,
                          uint32_t highest_zoneidx, uint32_t alloc_flags, int64_t free_pages)
{
	int64_t min = (int64_t)mark;

	free_pages -= unusable_free(zone, order, alloc_flags);
	if (alloc_flags & MM_ALLOC_MIN_RESERVE) {
		min -= min / 2;
		if (alloc_flags & MM_ALLOC_NON_BLOCK)
			min -= min / 4;
	}
	if (alloc_flags & MM_ALLOC_OOM)
		min -= min / 2;
	if (free_pages <= min + zone->reserve[highest_zoneidx])
		return false;
	return order == 0 || has_block(zone, order, alloc_flags);
}

static bool zone_watermark_fast(const struct mm_zone *zone, const struct mm_alloc_context *ac,
                                enum mm_wmark wmark, uint32_t alloc_flags)
{
	uint64_t mark = mm_wmark_pages(zone, wmark);

	if (mm_zone_watermark_ok(zone, ac->order, mark, ac->highest_zoneidx, alloc_flags,
	                         zone->free_pages))
		return true;
	/* Atomic order-0 requests may ignore the boost. */
	return ac->order == 0 && (alloc_flags & MM_ALLOC_MIN_RESERVE) && zone->boost > 0 &&
	       wmark == MM_WMARK_MIN &&
	       mm_zone_watermark_ok(zone, 0, zone->wmark[MM_WMARK_MIN], ac->highest_zoneidx,
	                            alloc_flags, zone->free_pages);
}

static uint32_t rmqueue_buddy(struct mm_machine *machine, struct mm_zone *zone,
                              const struct mm_alloc_context *ac, uint32_t alloc_flags)
{
	enum mm_rmqueue_mode mode = MM_RMQUEUE_NORMAL;
	uint32_t pfn = MM_NONE;

	if (alloc_flags & MM_ALLOC_HIGHATOMIC)
		pfn = mm_rmqueue_smallest(machine, zone, ac->order, MM_HIGHATOMIC);
	if (pfn == MM_NONE)
		pfn = mm_rmqueue(machine, zone, ac->order, ac->migratetype, alloc_flags, &mode);
	if (pfn == MM_NONE && (alloc_flags & (MM_ALLOC_OOM | MM_ALLOC_NON_BLOCK)))
		pfn = mm_rmqueue_smallest(machine, zone, ac->order, MM_HIGHATOMIC);
	return pfn;
}

/* On another CPU than the waker's, of its node if that has any. */
void mm_note_waker(struct mm_machine *machine, const struct mm_zone *zone, uint16_t cpu)
{
	uint16_t next = (uint16_t)((cpu + 1u) % machine->nr_cpus);

	for (uint32_t i = 0; i < machine->nr_cpus && machine->homes[next] != zone->node; i++)
		next = (uint16_t)((next + 1u) % machine->nr_cpus);
	machine->nodes[zone->node].kswapd.cpu = next;
	machine->nodes[zone->node].kswapd.write_cpu = next;
}

static uint32_t rmqueue(struct mm_machine *machine, struct mm_zone *zone,
                        const struct mm_alloc_context *ac, uint32_t alloc_flags)
{
	uint32_t pfn = MM_NONE;

	if (mm_pcp_allowed(ac->order))
		pfn = mm_pcp_alloc(machine, zone, ac->cpu, ac->order, ac->migratetype, alloc_flags);
	if (pfn == MM_NONE)
		pfn = rmqueue_buddy(machine, zone, ac, alloc_flags);
	if ((zone->flags & MM_ZONE_BOOSTED) &&
	    (alloc_flags & MM_ALLOC_KSWAPD || machine->settings.kernel < MM_KERNEL(6, 4))) {
		zone->flags &= (uint8_t)~MM_ZONE_BOOSTED;
		mm_note_waker(machine, zone, ac->cpu);
		mm_wakeup_kswapd(machine, zone, 0, 0, zone->type);
	}
	return pfn;
}

void mm_prep_block(struct mm_machine *machine, uint32_t pfn, uint32_t order)
{
	struct mm_page *page = &machine->pages[pfn];

	page->state = MM_PAGE_USED;
	page->order = (uint8_t)order;
	page->flags = 0;
	page->policy = 0;
	page->list = 0;
	page->logical = MM_NONE;
	machine->nr_used += mm_block_pages(order);
	mm_block_changes(machine, pfn, order);
}

static const struct mm_zone *preferred_zone(const struct mm_machine *machine,
                                            const struct mm_alloc_context *ac)
{
	const struct mm_zonelist *list = mm_zonelist_of(machine, ac->cpu);

	for (uint32_t i = 0; i < list->nr; i++) {
		const struct mm_zone *zone = &machine->zones[list->zones[i]];

		if (zone->type <= ac->highest_zoneidx)
			return zone;
	}
	return NULL;
}

/*
 * Whether a first walk should leave other types' pageblocks alone: where there is DMA32 to go to, and on
 * a machine of one node always.
 */
static bool wants_nofragment(const struct mm_machine *machine, const struct mm_alloc_context *ac)
{
	const struct mm_zone *zone = preferred_zone(machine, ac);
	const struct mm_node *node;

	if (!zone || zone->type != MM_ZONE_NORMAL)
		return false;
	node = &machine->nodes[zone->node];
	for (uint32_t i = 0; i < node->nr_zones && machine->nr_nodes > 1; i++) {
		if (machine->zones[node->zones[i]].type == MM_ZONE_DMA32)
			return machine->zones[node->zones[i]].present > 0;
	}
	return machine->nr_nodes == 1;
}

uint32_t mm_fast_alloc_flags(const struct mm_machine *machine, const struct mm_alloc_context *ac)
{
	uint32_t alloc_flags = MM_WMARK_LOW;

	if (ac->migratetype == MM_MOVABLE)
		alloc_flags |= MM_ALLOC_CMA;
	if (ac->gfp_flags & MM_GFP_KSWAPD_RECLAIM)
		alloc_flags |= MM_ALLOC_KSWAPD;
	if (wants_nofragment(machine, ac))
		alloc_flags |= MM_ALLOC_NOFRAGMENT;
	return alloc_flags;
}

/* With NOFRAGMENT only the preferred node: rather a foreign pageblock here than a remote page. */
static uint32_t walk_zones(struct mm_machine *machine, const struct mm_alloc_context *ac,
                           uint32_t alloc_flags)
{
	const struct mm_zonelist *list = mm_zonelist_of(machine, ac->cpu);
	const struct mm_zone *preferred =
		machine->nr_nodes > 1 && (alloc_flags & MM_ALLOC_NOFRAGMENT)
			? preferred_zone(machine, ac)
			: NULL;
	enum mm_wmark wmark = (enum mm_wmark)(alloc_flags & MM_ALLOC_WMARK_MASK);
	bool tunes = machine->settings.kernel >= MM_KERNEL_TUNES_PCP;

	for (uint32_t i = 0; i < list->nr; i++) {
		struct mm_zone *zone = &machine->zones[list->zones[i]];
		bool ok = false;
		uint32_t pfn;

		if (zone->type > ac->highest_zoneidx)
			continue;
		if (preferred && zone->node != preferred->node)
			return MM_NONE;
		if (tunes && !(zone->flags & MM_ZONE_BELOW_HIGH)) {
			ok = zone_watermark_fast(zone, ac, MM_WMARK_HIGH, alloc_flags);
			if (!ok)
				zone->flags |= MM_ZONE_BELOW_HIGH;
		}
		if (!ok && !(alloc_flags & MM_ALLOC_NO_WATERMARKS) &&
		    !zone_watermark_fast(zone, ac, wmark, alloc_flags))
			continue;
		pfn = rmqueue(machine, zone, ac, alloc_flags);
		if (pfn == MM_NONE)
			continue;
		mm_prep_block(machine, pfn, ac->order);
		mm_count(machine, mm_zone_item(MM_PGALLOC_DMA, zone->type),
		         mm_block_pages(ac->order));
		if (alloc_flags & MM_ALLOC_HIGHATOMIC)
			mm_reserve_highatomic(machine, zone, pfn, ac->order);
		return pfn;
	}
	return MM_NONE;
}

uint32_t mm_get_page_from_freelist(struct mm_machine *machine, const struct mm_alloc_context *ac,
                                   uint32_t alloc_flags)
{
	uint32_t pfn = walk_zones(machine, ac, alloc_flags);

	if (pfn == MM_NONE && (alloc_flags & MM_ALLOC_NOFRAGMENT))
		pfn = walk_zones(machine, ac, alloc_flags & ~(uint32_t)MM_ALLOC_NOFRAGMENT);
	return pfn;
}

struct mm_alloc_context mm_prepare_alloc(const struct mm_machine *machine,
                                         const struct mm_request *request)
{
	return (struct mm_alloc_context){
		.request = request,
		.gfp_flags = request->gfp_flags,
		.order = request->order > MM_MAX_ORDER ? MM_MAX_ORDER : request->order,
		.migratetype = mm_gfp_migratetype(machine, request->gfp_flags),
		.highest_zoneidx = mm_gfp_zone(request->gfp_flags),
		.cpu = (uint16_t)(request->cpu % machine->nr_cpus),
	};
}

void mm_free_pages(struct mm_machine *machine, uint16_t cpu, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	uint32_t order = page->order;
	uint8_t migratetype = mm_block_type(machine, pfn);

	MM_CHECK(machine, page->state == MM_PAGE_USED && !(page->flags & MM_PG_LRU), pfn);
	MM_CHECK(machine, page->logical == MM_NONE, pfn);
	machine->nr_used -= mm_block_pages(order);
	page->flags = 0;
	if (!machine->building)
		mm_count(machine, MM_PGFREE, mm_block_pages(order));
	if (!mm_pcp_allowed(order) || migratetype == MM_ISOLATE) {
		mm_free_to_buddy(machine, pfn, order);
		return;
	}
	mm_pcp_free(machine, (uint16_t)(cpu % machine->nr_cpus), pfn, order, migratetype);
}
