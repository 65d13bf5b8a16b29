/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the swap areas lie on their devices. No tracepoint of mm names the swap entry that a page goes to
 * or comes from; but the I/O does: block:block_bio_queue has device and sector, and an area's slots are
 * pages in the order of its extents. So the recorder asks for that event on these sectors only, and the
 * snapshot keeps the map ("mmcap/swap_extents").
 *
 * Not seen: pages that zswap holds, zram before 6.3 (it took pages without a bio), swap over a network
 * file system, and areas that are switched on while recording.
 */
#ifndef SWAP_MAP_H
#define SWAP_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_SWAP_EXTENTS 32u

struct swap_extent {
	unsigned int area;   /* line of /proc/swaps, from 0 */
	uint32_t dev;        /* major << 20 | minor, as in events */
	uint64_t first_slot; /* the slot of its first page */
	uint64_t nr_slots;   /* pages */
	uint64_t sector;     /* of 512 bytes, from the start of the whole disk */
};

/* Fills extents; how many. An area of more extents than there is room for is left out. */
unsigned int swap_map_read(struct swap_extent extents[MAX_SWAP_EXTENTS]);

/* An event filter that is true for I/O to these; false: it is longer than size, or there are none. */
bool swap_map_filter(const struct swap_extent *extents, unsigned int count, char *filter,
                     size_t size);

#endif
