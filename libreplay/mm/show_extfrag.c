/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * debugfs' extfrag/extfrag_index and extfrag/unusable_index: by order, why a request of that order would fail,
 * and how much of the free memory is in blocks too small for it. Per mille.
 *
 * Follows __fragmentation_index(), unusable_free_index(), extfrag_show_print(), unusable_show_print() of v6.12.
 */
#include "internal.h"

#include "show_text.h"
#include "show_views.h"

int mm_fragmentation_index(const uint64_t blocks[MM_NR_ORDERS], uint32_t order)
{
	uint64_t nr_blocks = 0, pages = 0;

	for (uint32_t i = 0; i < MM_NR_ORDERS; i++) {
		nr_blocks += blocks[i];
		pages += blocks[i] << i;
		if (i >= order && blocks[i])
			return -1000;
	}
	if (nr_blocks == 0)
		return 0;
	return 1000 - (int)((1000 + pages * 1000 / mm_block_pages(order)) / nr_blocks);
}

int mm_unusable_free_index(const uint64_t blocks[MM_NR_ORDERS], uint32_t order)
{
	uint64_t pages = 0, unusable = 0;

	for (uint32_t i = 0; i < MM_NR_ORDERS; i++) {
		pages += blocks[i] << i;
		unusable += i < order ? blocks[i] << i : 0;
	}
	return pages ? (int)(unusable * 1000 / pages) : 1000;
}

/* "%*d.%03d" of quotient and remainder: half a unit too little is "0.-500", as in the kernel. */
static void put_index(struct mm_text *text, size_t width, int index)
{
	uint64_t size = (uint64_t)(index < 0 ? -index : index);
	const char *sign = index <= -1000 ? "-" : "";
	size_t length = strlen(sign);

	for (; length + 1 < width; width--)
		mm_text_put(text, " ");
	mm_text_put(text, sign);
	mm_text_put_number(text, 0, size / 1000);
	mm_text_put(text, ".");
	size %= 1000;
	if (index < 0 && size > 0)
		mm_text_put(text, size < 10 ? "-0" : "-");
	else
		mm_text_put(text, size < 10 ? "00" : size < 100 ? "0" : "");
	mm_text_put_number(text, 0, size);
	mm_text_put(text, " ");
}

static size_t show(const struct mm_zone_view *zones, uint32_t nr_zones, size_t width,
                   int (*index)(const uint64_t blocks[MM_NR_ORDERS], uint32_t order), char *at,
                   size_t size)
{
	struct mm_text text = mm_text_begin(at, size);

	for (const struct mm_zone_view *zone = zones; zone < zones + nr_zones; zone++) {
		uint64_t blocks[MM_NR_ORDERS] = { 0 };

		for (uint32_t order = 0; order < MM_NR_ORDERS; order++)
			for (uint32_t type = 0; type < MM_NR_MIGRATETYPES; type++)
				blocks[order] += zone->blocks[order][type];
		mm_text_put_zone(&text, 0, zone->node, zone->name,
		                 strnlen(zone->name, sizeof(zone->name)));
		mm_text_put(&text, " ");
		for (uint32_t order = 0; order < MM_NR_ORDERS; order++)
			put_index(&text, width, index(blocks, order));
		mm_text_put(&text, "\n");
	}
	return mm_text_end(&text);
}

size_t mm_show_extfrag_index(const struct mm_zone_view *zones, uint32_t nr_zones, char *text,
                             size_t size)
{
	return show(zones, nr_zones, 2, mm_fragmentation_index, text, size);
}

size_t mm_show_unusable_index(const struct mm_zone_view *zones, uint32_t nr_zones, char *text,
                              size_t size)
{
	return show(zones, nr_zones, 1, mm_unusable_free_index, text, size);
}
