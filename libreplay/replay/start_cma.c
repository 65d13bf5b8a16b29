/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the CMA areas of the recorded machine are.
 *
 * /proc/zoneinfo says how many page frames of each zone belong to areas, and no file says which. Events name page frames: of
 * a range that was taken, given back, or tried in vain. cma_alloc() looks for a place from the area's begin on, so that the lowest of
 * them is taken for the begin, at the alignment that areas have; an area that would go beyond its zone's end lies before that.
 * If it is the only one of its zone it has all the zone's page frames, otherwise those up to the highest that an event named.
 *
 * Not modelled: areas that nobody asked anything of during the recording (they are as other movable memory).
 */
#include "start_cma.h"

#include <stdio.h>
#include <string.h>

#include "mm.h"

#define AREA_ALIGN    (UINT64_C(1) << MM_MAX_ORDER)
#define GIGANTIC      (UINT64_C(1) << 18) /* base pages of 1 GiB */
#define HUGETLB_NAMES "hugetlb"           /* hugetlb_cma_reserve(): and the number of the node */

static bool is_hugetlb(const struct replay_cma_extent *extent)
{
	return strncmp(extent->name, HUGETLB_NAMES, strlen(HUGETLB_NAMES)) == 0;
}

void replay_cma_event(struct replay_cma_extents *extents, const struct mmr_event *event)
{
	uint64_t first = event->cma.pfn, end = first + event->cma.nr_pages;
	struct replay_cma_extent *extent = extents->extents;
	uint32_t i = 0;

	if (event->kind != MMR_EVENT_CMA_ALLOC_FINISH && event->kind != MMR_EVENT_CMA_RELEASE &&
	    event->kind != MMR_EVENT_CMA_ALLOC_BUSY_RETRY)
		return;
	/* Of a request that failed it may be no page frame at all. */
	if (event->cma.page == 0 || event->cma.nr_pages == 0 || end <= first || end > UINT32_MAX)
		return;
	while (i < extents->nr && strcmp(extents->extents[i].name, event->cma.name) != 0)
		i++;
	if (i == REPLAY_MAX_CMA_AREAS)
		return;
	extent = &extents->extents[i];
	if (i == extents->nr) {
		*extent = (struct replay_cma_extent){ .first = first, .end = end };
		snprintf(extent->name, sizeof(extent->name), "%s", event->cma.name);
		extents->nr++;
	}
	extent->first = first < extent->first ? first : extent->first;
	extent->end = end > extent->end ? end : extent->end;
}

/* The zone that holds all of it; nr_zones: none does. */
static uint32_t zone_of(const struct replay_start *start, uint64_t first, uint64_t end)
{
	uint32_t i = 0;

	while (i < start->nr_zones && (first < start->zones[i].start_pfn ||
	                               end > start->zones[i].start_pfn + start->zones[i].spanned))
		i++;
	return i;
}

static bool is_only_one(const struct replay_cma_extents *extents, const struct replay_start *start,
                        uint32_t zone)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < extents->nr; i++)
		nr += zone_of(start, extents->extents[i].first, extents->extents[i].end) == zone;
	return nr == 1;
}

static bool overlaps(const struct replay_start *start, uint64_t first, uint64_t end)
{
	for (uint32_t i = 0; i < start->nr_cma_areas; i++) {
		const struct replay_cma_area *area = &start->cma_areas[i];

		if (first < (uint64_t)area->start + area->nr && end > area->start)
			return true;
	}
	return false;
}

static void lay_out(const struct replay_cma_extents *extents,
                    const struct replay_cma_extent *extent, struct replay_start *start)
{
	uint64_t align = is_hugetlb(extent) ? GIGANTIC : AREA_ALIGN;
	uint64_t first = extent->first / align * align, nr, zone_end;
	uint32_t zone = zone_of(start, extent->first, extent->end);

	if (zone == start->nr_zones || zone >= REPLAY_MAX_ZONES)
		return;
	zone_end = start->zones[zone].start_pfn + start->zones[zone].spanned;
	nr = is_only_one(extents, start, zone)
	             ? start->cma_pages[zone]
	             : (extent->end - first + AREA_ALIGN - 1) / AREA_ALIGN * AREA_ALIGN;
	if (first + nr > zone_end && nr <= zone_end)
		first = (zone_end - nr) / align * align;
	if (first < start->zones[zone].start_pfn || first > extent->first ||
	    first + nr < extent->end || overlaps(start, first, first + nr))
		return;
	start->cma_areas[start->nr_cma_areas++] =
		(struct replay_cma_area){ .key = demand_cma_key(extent->name),
		                          .start = (uint32_t)first,
		                          .nr = (uint32_t)nr,
		                          .hugetlb = is_hugetlb(extent) };
}

void replay_cma_finish(const struct replay_cma_extents *extents, struct replay_start *start)
{
	for (uint32_t i = 0; i < extents->nr; i++)
		lay_out(extents, &extents->extents[i], start);
}
