// SPDX-License-Identifier: GPL-2.0-or-later
#include "addrmap.h"

#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

static void add_segment(struct addrmap *map, const struct pageblock_index *index, uint32_t zone,
                        uint32_t first, uint32_t end, uint64_t page_size)
{
	const struct pageblock_zone *info = &index->zones[zone];
	uint64_t block_bytes = info->pageblock_pages * page_size;

	map->segments = xgrow(map->segments, map->nr_segments, &map->segments_capacity,
	                      sizeof(*map->segments));
	map->segments[map->nr_segments++] = (struct segment){
		.zone = zone,
		.first_block = first,
		.nr_blocks = end - first,
		.address = info->first_pfn * page_size + first * block_bytes,
		.bytes = (end - first) * block_bytes,
	};
}

/* A hole of fewer blocks than this is drawn to scale: its mark would be larger. */
static uint32_t smallest_hole(uint64_t nr_present, const struct addrmap_style *style)
{
	uint64_t blocks = nr_present * style->hole / (style->height ? style->height : 1);

	return blocks < 1 ? 1 : blocks < UINT32_MAX ? (uint32_t)blocks : UINT32_MAX;
}

static void split_zone(struct addrmap *map, const struct pageblock_index *index, uint32_t zone,
                       const bool *present, uint32_t smallest, uint64_t page_size)
{
	uint32_t nr = (uint32_t)index->zones[zone].nr_pageblocks;
	uint32_t first = 0, end = 0; /* of the segment so far */

	for (uint32_t block = 0; block < nr; block++) {
		if (!present[block])
			continue;
		if (end && block - end > smallest) {
			add_segment(map, index, zone, first, end, page_size);
			first = block;
		} else if (!end) {
			first = block;
		}
		end = block + 1;
	}
	if (end)
		add_segment(map, index, zone, first, end, page_size);
}

/* Pixels of the segments: `room` shared by size, none below its floor. */
static void share_height(struct addrmap *map, uint32_t *heights, uint32_t room,
                         uint32_t floor_height)
{
	uint64_t blocks = 0, done = 0;
	uint32_t left = room, given = 0;
	bool *fixed = xalloc(map->nr_segments, sizeof(*fixed));
	bool changed = true;

	if ((uint64_t)floor_height * map->nr_segments > room / 2)
		floor_height = 1;
	for (size_t i = 0; i < map->nr_segments; i++)
		blocks += map->segments[i].nr_blocks;
	while (changed) {
		changed = false;
		for (size_t i = 0; i < map->nr_segments; i++) {
			uint64_t nr = map->segments[i].nr_blocks;

			if (fixed[i] || nr * left >= (uint64_t)floor_height * blocks ||
			    left < floor_height)
				continue;
			heights[i] = floor_height;
			left -= floor_height;
			blocks -= nr;
			fixed[i] = changed = true;
		}
	}
	for (size_t i = 0; i < map->nr_segments; i++) {
		if (fixed[i])
			continue;
		done += map->segments[i].nr_blocks;
		heights[i] = (uint32_t)(done * left / blocks) - given;
		given += heights[i];
	}
	free(fixed);
}

static bool joins(const struct segment *below, const struct segment *above)
{
	return below->address + below->bytes == above->address;
}

/* What stands between two segments: a mark for a hole, a border where only the zone changes. */
static uint32_t gap_height(const struct segment *below, const struct segment *above,
                           const struct addrmap_style *style)
{
	return joins(below, above) ? style->border : style->hole;
}

static void add_bands(struct addrmap *map, struct segment *segment)
{
	uint32_t height = segment->bottom - segment->top;
	uint64_t count = segment->nr_blocks < height ? segment->nr_blocks : height;

	segment->first_band = map->nr_bands;
	segment->nr_bands = count;
	for (uint64_t i = 0; i < count; i++) {
		uint32_t first = (uint32_t)(i * segment->nr_blocks / count);
		uint32_t end = (uint32_t)((i + 1) * segment->nr_blocks / count);

		map->bands[map->nr_bands++] = (struct band){
			.first_block = segment->first_block + first,
			.nr_blocks = end - first,
			.top = segment->bottom - (uint32_t)((i + 1) * height / count),
			.bottom = segment->bottom - (uint32_t)(i * height / count),
		};
	}
}

static void place(struct addrmap *map, const uint32_t *heights, const struct addrmap_style *style)
{
	uint32_t bottom = style->height;

	for (size_t i = 0; i < map->nr_segments; i++) {
		struct segment *segment = &map->segments[i];

		if (i) {
			const struct segment *below = &map->segments[i - 1];
			uint32_t gap = gap_height(below, segment, style);

			if (!joins(below, segment)) {
				map->holes = xgrow(map->holes, map->nr_holes, &map->holes_capacity,
				                   sizeof(*map->holes));
				map->holes[map->nr_holes++] = (struct hole){
					.top = bottom - gap,
					.bottom = bottom,
					.bytes = segment->address - below->address - below->bytes,
				};
			}
			bottom -= gap;
		}
		segment->bottom = bottom;
		segment->top = bottom -= heights[i];
		if (!map->zone_bottom[segment->zone])
			map->zone_bottom[segment->zone] = segment->bottom;
		map->zone_top[segment->zone] = segment->top;
		add_bands(map, segment);
	}
}

void addrmap_init(struct addrmap *map, const struct pageblock_index *index,
                  const bool *const *present, const struct addrmap_style *style)
{
	uint64_t nr_present = 0;
	uint32_t gaps = 0, smallest;
	uint32_t *heights;

	*map = (struct addrmap){ .height = style->height };
	for (size_t zone = 0; zone < index->nr_zones; zone++) {
		for (uint64_t block = 0; block < index->zones[zone].nr_pageblocks; block++)
			nr_present += present[zone][block];
	}
	smallest = smallest_hole(nr_present, style);
	for (size_t zone = 0; zone < index->nr_zones; zone++)
		split_zone(map, index, (uint32_t)zone, present[zone], smallest, style->page_size);
	if (!map->nr_segments)
		return;
	for (size_t i = 1; i < map->nr_segments; i++)
		gaps += gap_height(&map->segments[i - 1], &map->segments[i], style);
	heights = xalloc(map->nr_segments, sizeof(*heights));
	map->bands = xalloc(style->height, sizeof(*map->bands));
	if (gaps + map->nr_segments < style->height) {
		share_height(map, heights, style->height - gaps, style->zone_height);
		place(map, heights, style);
	} else {
		map->nr_segments = 0; /* more holes than pixels */
	}
	free(heights);
}

void addrmap_deinit(struct addrmap *map)
{
	free(map->segments);
	free(map->bands);
	free(map->holes);
	*map = (struct addrmap){ 0 };
}

bool addrmap_equal(const struct addrmap *left, const struct addrmap *right)
{
	if (left->nr_segments != right->nr_segments || left->height != right->height)
		return false;
	for (size_t i = 0; i < left->nr_segments; i++) {
		const struct segment *a = &left->segments[i], *b = &right->segments[i];

		if (a->address != b->address || a->bytes != b->bytes || a->top != b->top ||
		    a->bottom != b->bottom || a->zone != b->zone)
			return false;
	}
	return true;
}
