/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel makes of a machine's memory as min_free_kbytes, from which all watermarks come.
 *
 * Four times the root of the low memory, in kB, between 128 kB and 256 MB. With transparent huge pages there are to be
 * eleven free pageblocks in each zone, so that each kind of page finds one of its own, but not more than a
 * twentieth of what was above the high watermarks before.
 *
 * Follows calculate_min_free_kbytes(), nr_free_buffer_pages(), set_recommended_min_free_kbytes(), setup_per_zone_wmarks() of
 * v6.12; v6.1 has the same, but that the movable zone takes part in sharing out.
 *
 * Not modelled: that memory which the kernel frees late at boot (its initialization code, the initial ramdisk) is not there yet
 * when it does this; it may be a few percent of a small machine.
 */
#include "internal.h"

#define NR_BLOCKS (2u + 3u * 3u) /* MIGRATE_PCPTYPES squared, and two for fragmentation */

static uint64_t int_sqrt(uint64_t n)
{
	uint64_t root = 0;

	for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit >>= 1) {
		if ((root + bit) * (root + bit) <= n)
			root += bit;
	}
	return root;
}

bool mm_shares_min_free(uint32_t kernel, uint8_t zone_type)
{
	return zone_type < MM_ZONE_MOVABLE || (kernel != 0 && kernel < MM_KERNEL(6, 6));
}

void mm_zone_wmarks(const struct mm_settings *settings, uint64_t managed, uint64_t share,
                    uint32_t wmark[MM_NR_WMARKS])
{
	uint64_t factor = settings->watermark_scale_factor;
	uint64_t step = managed / 10000 * factor + managed % 10000 * factor / 10000;

	if (step < share / 4)
		step = share / 4;
	wmark[MM_WMARK_MIN] = (uint32_t)share;
	wmark[MM_WMARK_LOW] = (uint32_t)(share + step);
	wmark[MM_WMARK_HIGH] = (uint32_t)(share + 2 * step);
}

/* Pages above the high watermarks that come of kbytes, in the zones that the kernel's own memory comes from. */
static uint64_t buffer_pages(const struct mm_zone_config *zones, uint32_t nr_zones,
                             const struct mm_settings *settings, uint32_t kbytes)
{
	uint64_t shared = 0, pages = 0;

	for (uint32_t i = 0; i < nr_zones; i++) {
		if (mm_shares_min_free(settings->kernel, zones[i].type))
			shared += zones[i].managed;
	}
	for (uint32_t i = 0; i < nr_zones; i++) {
		uint32_t wmark[MM_NR_WMARKS];

		if (zones[i].type >= MM_ZONE_MOVABLE)
			continue;
		mm_zone_wmarks(settings, zones[i].managed,
		               shared ? (uint64_t)kbytes / 4 * zones[i].managed / shared : 0,
		               wmark);
		if (zones[i].managed > wmark[MM_WMARK_HIGH])
			pages += zones[i].managed - wmark[MM_WMARK_HIGH];
	}
	return pages;
}

uint32_t mm_min_free_kbytes(const struct mm_zone_config *zones, uint32_t nr_zones,
                            const struct mm_settings *settings)
{
	uint64_t pages = 0, wanted = 0, room, kbytes;

	for (uint32_t i = 0; i < nr_zones; i++) {
		if (zones[i].type >= MM_ZONE_MOVABLE)
			continue;
		pages += zones[i].managed;
		wanted += zones[i].managed > 0 ? NR_BLOCKS * MM_PAGEBLOCK_PAGES : 0;
	}
	kbytes = int_sqrt(pages * 4 * 16);
	if (kbytes < 128)
		kbytes = 128;
	if (kbytes > 262144)
		kbytes = 262144;
	if (!settings->thp_min_free)
		return (uint32_t)kbytes;
	room = buffer_pages(zones, nr_zones, settings, (uint32_t)kbytes) / 20;
	if (wanted > room)
		wanted = room;
	return (uint32_t)(wanted * 4 > kbytes ? wanted * 4 : kbytes);
}
