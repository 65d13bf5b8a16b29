/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical memory on the vertical axis: which pageblocks share which pixel rows.
 *
 * Zones stand above each other in the order of their addresses, parted by a border. A stretch without
 * memory (a hole inside a zone or between two) takes no more than a narrow mark, so that 1 GiB of
 * device space does not push memory out of the picture. Within that, height is proportional to size,
 * except that a small zone (DMA: 16 MiB) is given enough height for its name.
 *
 * A band is one drawn row: one pageblock, several where there are more pageblocks than pixels, and it
 * is several pixels high where there are fewer.
 */
#ifndef RENDER_ADDRMAP_H
#define RENDER_ADDRMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "query.h"

struct band {
	uint32_t first_block, nr_blocks; /* of the zone */
	uint32_t top, bottom;            /* pixel rows from the upper edge, bottom excluded */
};

struct segment {
	uint32_t zone; /* index as in the pageblock_index */
	uint32_t first_block, nr_blocks;
	uint32_t top, bottom;
	size_t first_band, nr_bands;
	uint64_t address, bytes; /* of its first pageblock; its extent */
};

struct hole {
	uint32_t top, bottom;
	uint64_t bytes;
};

struct addrmap {
	uint32_t height;
	struct segment *segments; /* by zone, then address: from the lower edge up */
	size_t nr_segments, segments_capacity;
	struct band *bands;
	size_t nr_bands;
	struct hole *holes;
	size_t nr_holes, holes_capacity;
	uint32_t zone_top[ZONES_MAX], zone_bottom[ZONES_MAX];
};

struct addrmap_style {
	uint32_t height;      /* pixels to fill */
	uint32_t zone_height; /* that a small zone gets at least, if there is room */
	uint32_t border;      /* between two zones */
	uint32_t hole;        /* of a mark */
	uint64_t page_size;
};

/*
 * present[zone][block]: whether the pageblock has any page. Zones without a present block get nothing.
 * The result is the same for equal zones, whatever is in them.
 */
void addrmap_init(struct addrmap *map, const struct pageblock_index *index,
                  const bool *const *present, const struct addrmap_style *style);
void addrmap_deinit(struct addrmap *map);

bool addrmap_equal(const struct addrmap *left, const struct addrmap *right);

#endif
