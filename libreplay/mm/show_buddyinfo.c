/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/buddyinfo and /proc/pagetypeinfo: free blocks by order, and by migratetype; pageblocks by type.
 *
 * Pagetypeinfo has one text per node. A list of 100,000 blocks or more is ">100000": the kernel stops counting.
 * A pageblock counts from the zone's first page on, in steps of a pageblock, where the memory section exists.
 *
 * Follows frag_show_print(), pagetypeinfo_show() and what it calls, of v6.12.
 *
 * Not modelled: "Number of mixed blocks", which a kernel with page_owner=on adds.
 */
#include "internal.h"

#include "show_text.h"
#include "show_views.h"

#define FREE_COUNT_MAX 100000u

/* Pages of a memory section (SECTION_SIZE_BITS of x86-64): memory is there or not by the section. */
#define SECTION_PAGES (1u << 15)

/* Whether the section of pfn has any page of this machine. */
static bool section_exists(const struct mm_machine *machine, uint32_t pfn)
{
	uint32_t first = pfn & ~(SECTION_PAGES - 1);

	for (uint32_t at = first; at < machine->nr_pfns && at - first < SECTION_PAGES; at++)
		if (machine->pages[at].state != MM_PAGE_TAIL)
			return true;
	return false;
}

static void count_pageblocks(const struct mm_machine *machine, const struct mm_zone *zone,
                             uint32_t counts[MM_NR_MIGRATETYPES])
{
	uint32_t section = MM_NONE;
	bool exists = false;

	for (uint64_t at = 0; at < zone->spanned; at += MM_PAGEBLOCK_PAGES) {
		uint32_t pfn = zone->start_pfn + (uint32_t)at;

		if (pfn / SECTION_PAGES != section) {
			section = pfn / SECTION_PAGES;
			exists = section_exists(machine, pfn);
		}
		if (exists && mm_block_type(machine, pfn) < MM_NR_MIGRATETYPES)
			counts[mm_block_type(machine, pfn)]++;
	}
}

bool mm_zone_view(const struct mm_machine *machine, uint32_t i, struct mm_zone_view *view)
{
	const struct mm_zone *zone = mm_zone_at(machine, i);

	if (!zone)
		return false;
	*view = (struct mm_zone_view){ .node = zone->node };
	memcpy(view->name, zone->name, sizeof(view->name));
	for (uint32_t order = 0; order < MM_NR_ORDERS; order++)
		for (uint32_t type = 0; type < MM_NR_MIGRATETYPES; type++)
			view->blocks[order][type] = mm_free_blocks(machine, i, order, type);
	count_pageblocks(machine, zone, view->pageblocks);
	return true;
}

static void put_zone(struct mm_text *text, size_t node_width, const struct mm_zone_view *zone)
{
	mm_text_put_zone(text, node_width, zone->node, zone->name,
	                 strnlen(zone->name, sizeof(zone->name)));
}

size_t mm_show_buddyinfo(const struct mm_zone_view *zones, uint32_t nr_zones, char *at, size_t size)
{
	struct mm_text text = mm_text_begin(at, size);

	for (const struct mm_zone_view *zone = zones; zone < zones + nr_zones; zone++) {
		put_zone(&text, 0, zone);
		mm_text_put(&text, " ");
		for (uint32_t order = 0; order < MM_NR_ORDERS; order++) {
			uint64_t blocks = 0;

			for (uint32_t type = 0; type < MM_NR_MIGRATETYPES; type++)
				blocks += zone->blocks[order][type];
			mm_text_put_number(&text, 6, blocks);
			mm_text_put(&text, " ");
		}
		mm_text_put(&text, "\n");
	}
	return mm_text_end(&text);
}

/* ---- pagetypeinfo ---- */

static void put_type(struct mm_text *text, uint32_t type)
{
	const char *name = mm_migratetype_name(type);

	mm_text_put_right(text, 12, name, strlen(name));
	mm_text_put(text, " ");
}

static void show_free(struct mm_text *text, const struct mm_zone_view *zone, uint32_t type)
{
	put_zone(text, 4, zone);
	mm_text_put(text, ", type ");
	put_type(text, type);
	for (uint32_t order = 0; order < MM_NR_ORDERS; order++) {
		uint32_t blocks = zone->blocks[order][type];

		if (blocks >= FREE_COUNT_MAX) {
			blocks = FREE_COUNT_MAX;
			mm_text_put(text, ">");
		}
		mm_text_put_number(text, 6, blocks);
		mm_text_put(text, " ");
	}
	mm_text_put(text, "\n");
}

static void show_node(struct mm_text *text, const struct mm_zone_view *zones, uint32_t nr_zones,
                      const bool has[MM_NR_MIGRATETYPES])
{
	mm_text_put(text, "Page block order: ");
	mm_text_put_number(text, 0, MM_PAGEBLOCK_ORDER);
	mm_text_put(text, "\nPages per block:  ");
	mm_text_put_number(text, 0, MM_PAGEBLOCK_PAGES);
	mm_text_put(text, "\n\nFree pages count per migrate type at order  ");
	for (uint32_t order = 0; order < MM_NR_ORDERS; order++) {
		mm_text_put_number(text, 6, order);
		mm_text_put(text, " ");
	}
	mm_text_put(text, "\n");
	for (uint32_t zone = 0; zone < nr_zones; zone++)
		for (uint32_t type = 0; type < MM_NR_MIGRATETYPES; type++)
			if (has[type])
				show_free(text, &zones[zone], type);
	mm_text_put(text, "\nNumber of blocks type  ");
	for (uint32_t type = 0; type < MM_NR_MIGRATETYPES; type++)
		if (has[type])
			put_type(text, type);
	mm_text_put(text, "\n");
	for (uint32_t zone = 0; zone < nr_zones; zone++) {
		put_zone(text, 0, &zones[zone]);
		mm_text_put(text, " ");
		for (uint32_t type = 0; type < MM_NR_MIGRATETYPES; type++) {
			if (!has[type])
				continue;
			mm_text_put_number(text, 12, zones[zone].pageblocks[type]);
			mm_text_put(text, " ");
		}
		mm_text_put(text, "\n");
	}
}

size_t mm_show_pagetypeinfo(const struct mm_zone_view *zones, uint32_t nr_zones, const char *model,
                            char *at, size_t size)
{
	struct mm_text text = mm_text_begin(at, size);
	bool has[MM_NR_MIGRATETYPES];

	for (uint32_t type = 0; type < MM_NR_MIGRATETYPES; type++)
		has[type] =
			!model || type <= MM_HIGHATOMIC || strstr(model, mm_migratetype_name(type));
	for (uint32_t first = 0, end; first < nr_zones; first = end) {
		for (end = first + 1; end < nr_zones && zones[end].node == zones[first].node;)
			end++;
		show_node(&text, zones + first, end - first, has);
	}
	return mm_text_end(&text);
}
