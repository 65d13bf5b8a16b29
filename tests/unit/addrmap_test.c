/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <stdio.h>

#include "addrmap.h"
#include "xalloc.h"

#define MIB_BLOCKS(mib) ((mib) / 2)

static const struct addrmap_style usual = {
	.height = 700, .zone_height = 15, .border = 3, .hole = 16, .page_size = 4096
};

static void add_zone(struct pageblock_index *index, const char *name, uint64_t first_pfn,
                     uint64_t nr_pageblocks)
{
	struct pageblock_zone *zone = &index->zones[index->nr_zones++];

	*zone = (struct pageblock_zone){ .first_pfn = first_pfn,
		                         .nr_pageblocks = nr_pageblocks,
		                         .pageblock_pages = 512 };
	snprintf(zone->name, sizeof(zone->name), "%s", name);
}

struct memory {
	struct pageblock_index index;
	bool *present[ZONES_MAX];
	struct addrmap map;
};

static void fill_present(struct memory *memory)
{
	for (size_t i = 0; i < memory->index.nr_zones; i++) {
		memory->present[i] = xalloc(memory->index.zones[i].nr_pageblocks, sizeof(bool));
		memset(memory->present[i], 1, memory->index.zones[i].nr_pageblocks);
	}
}

static void release(struct memory *memory)
{
	addrmap_deinit(&memory->map);
	for (size_t i = 0; i < memory->index.nr_zones; i++)
		free(memory->present[i]);
}

/*
 * Every present pageblock is in exactly one band, bands of a segment touch and do not overlap, higher
 * addresses stand higher, and all of the height is used.
 */
static void check(const struct memory *memory, uint32_t height)
{
	const struct addrmap *map = &memory->map;
	uint32_t *seen[ZONES_MAX] = { 0 };

	for (size_t i = 0; i < memory->index.nr_zones; i++)
		seen[i] = xalloc(memory->index.zones[i].nr_pageblocks, sizeof(uint32_t));
	assert_int_equal(map->segments[0].bottom, height);
	assert_int_equal(map->segments[map->nr_segments - 1].top, 0);
	for (size_t i = 0; i < map->nr_segments; i++) {
		const struct segment *segment = &map->segments[i];
		uint32_t bottom = segment->bottom;

		assert_true(segment->top < segment->bottom);
		if (i)
			assert_true(segment->bottom < map->segments[i - 1].top);
		for (size_t j = 0; j < segment->nr_bands; j++) {
			const struct band *band = &map->bands[segment->first_band + j];

			assert_int_equal(band->bottom, bottom);
			assert_true(band->top < band->bottom && band->nr_blocks > 0);
			bottom = band->top;
			for (uint32_t block = 0; block < band->nr_blocks; block++)
				seen[segment->zone][band->first_block + block]++;
		}
		assert_int_equal(bottom, segment->top);
	}
	for (size_t i = 0; i < memory->index.nr_zones; i++) {
		for (uint64_t block = 0; block < memory->index.zones[i].nr_pageblocks; block++)
			assert_true(seen[i][block] == 1 ||
			            (seen[i][block] == 0 && !memory->present[i][block]));
		free(seen[i]);
	}
}

static void map_it(struct memory *memory, uint32_t height)
{
	struct addrmap_style style = usual;

	style.height = height;
	addrmap_init(&memory->map, &memory->index, (const bool *const *)memory->present, &style);
}

static void a_pc_with_a_device_hole(void **state)
{
	struct memory memory = { 0 };

	(void)state;
	add_zone(&memory.index, "DMA", 0, MIB_BLOCKS(16));
	add_zone(&memory.index, "DMA32", 4096, MIB_BLOCKS(3072 - 16));
	add_zone(&memory.index, "Normal", 1 << 20, MIB_BLOCKS(1024));
	fill_present(&memory);
	map_it(&memory, 700);
	check(&memory, 700);
	assert_int_equal(memory.map.nr_segments, 3);
	assert_int_equal(memory.map.nr_holes, 1);
	assert_true(memory.map.holes[0].bytes == UINT64_C(1) << 30);
	assert_int_equal(memory.map.zone_bottom[0] - memory.map.zone_top[0], 15);
	assert_true(memory.map.segments[2].address == UINT64_C(4) << 30);
	/* three times the memory, three times the height */
	assert_in_range((memory.map.zone_bottom[1] - memory.map.zone_top[1]) * 100 /
	                        (memory.map.zone_bottom[2] - memory.map.zone_top[2]),
	                295, 302);
	release(&memory);
}

static void fewer_blocks_than_pixels(void **state)
{
	struct memory memory = { 0 };

	(void)state;
	add_zone(&memory.index, "Normal", 0, 1);
	fill_present(&memory);
	map_it(&memory, 500);
	check(&memory, 500);
	assert_int_equal(memory.map.nr_bands, 1);
	assert_int_equal(memory.map.bands[0].top, 0);
	release(&memory);
}

static void nothing_present(void **state)
{
	struct memory memory = { 0 };

	(void)state;
	add_zone(&memory.index, "Normal", 0, 10);
	fill_present(&memory);
	memset(memory.present[0], 0, 10);
	map_it(&memory, 500);
	assert_int_equal(memory.map.nr_segments, 0);
	release(&memory);
}

/* Memory of any shape: zones with holes anywhere, in pictures of any height. */
static void any_memory(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 500; round++) {
		struct memory memory = { 0 };
		uint64_t pfn = 0;
		uint32_t height;

		for (int zone = 0; zone < 1 + round % 5; zone++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			pfn += (seed >> 60) * 512 * 100;
			add_zone(&memory.index, "Normal", pfn, 1 + (seed >> 33) % 3000);
			pfn += memory.index.zones[zone].nr_pageblocks * 512;
		}
		fill_present(&memory);
		for (size_t zone = 0; zone < memory.index.nr_zones; zone++) {
			uint64_t nr = memory.index.zones[zone].nr_pageblocks;

			for (int hole = 0; hole < round % 4; hole++) {
				uint64_t at, size;

				seed = seed * 6364136223846793005u + 1442695040888963407u;
				at = (seed >> 33) % nr;
				size = (seed >> 20) % (nr - at);
				memset(memory.present[zone] + at, 0, size);
			}
		}
		height = 300 + (uint32_t)(seed >> 33) % 1500;
		map_it(&memory, height);
		if (memory.map.nr_segments)
			check(&memory, height);
		release(&memory);
	}
}

static void more_holes_than_pixels(void **state)
{
	struct memory memory = { 0 };

	(void)state;
	add_zone(&memory.index, "Normal", 0, 4000);
	fill_present(&memory);
	for (size_t block = 0; block < 4000; block++)
		memory.present[0][block] = block % 40 == 0;
	map_it(&memory, 200);
	if (memory.map.nr_segments)
		check(&memory, 200);
	release(&memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pc_with_a_device_hole),
		cmocka_unit_test(fewer_blocks_than_pixels),
		cmocka_unit_test(nothing_present),
		cmocka_unit_test(any_memory),
		cmocka_unit_test(more_holes_than_pixels),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
