/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine as the kernel's own files would show it, byte for byte in their formats.
 *
 * Which lines /proc/zoneinfo, vmstat and meminfo have depends on the kernel's version and configuration.
 * So they are taken from a model: the recorded kernel's own file. Lines of which the machine knows nothing say 0.
 *
 * All functions that return size_t do so as snprintf(): the length of the whole text, which was cut if
 * that is more than size - 1. A model is a text ended by a null byte that need not be what it should be:
 * lines that make no sense are left out.
 */
#ifndef MM_SHOW_VIEWS_H
#define MM_SHOW_VIEWS_H

#include <string.h>

#include "mmzone.h"

struct mm_machine;

/* The free lists of a zone: of the machine, or of whoever else has some. */
struct mm_zone_view {
	char name[16];
	uint32_t node;
	uint32_t blocks[MM_NR_ORDERS][MM_NR_MIGRATETYPES];
	uint32_t pageblocks[MM_NR_MIGRATETYPES];
};

/* Of zone i; false past the last. */
bool mm_zone_view(const struct mm_machine *machine, uint32_t i, struct mm_zone_view *view);

/* Zones of one node together. */
size_t mm_show_buddyinfo(const struct mm_zone_view *zones, uint32_t nr_zones, char *text,
                         size_t size);

/* model: /proc/pagetypeinfo, which says whether there are CMA and Isolate. NULL: there are. */
size_t mm_show_pagetypeinfo(const struct mm_zone_view *zones, uint32_t nr_zones, const char *model,
                            char *text, size_t size);

/* Of debugfs: extfrag/extfrag_index and extfrag/unusable_index. */
size_t mm_show_extfrag_index(const struct mm_zone_view *zones, uint32_t nr_zones, char *text,
                             size_t size);
size_t mm_show_unusable_index(const struct mm_zone_view *zones, uint32_t nr_zones, char *text,
                              size_t size);

/*
 * Why a request of an order would fail with these free blocks, per mille: near 0 for lack of memory, near 1000
 * because it is fragmented; -1000: it would not. And the share of free memory that is of no use to it.
 */
int mm_fragmentation_index(const uint64_t blocks[MM_NR_ORDERS], uint32_t order);
int mm_unusable_free_index(const uint64_t blocks[MM_NR_ORDERS], uint32_t order);

/*
 * Nodes and zones are those of the model. On a machine of several nodes, what is counted for the whole of
 * it (workingset_*) is 0.
 */
size_t mm_show_zoneinfo(const struct mm_machine *machine, const char *model, char *text,
                        size_t size);

/* Events count from the machine's start. */
size_t mm_show_vmstat(const struct mm_machine *machine, const char *model, char *text, size_t size);
size_t mm_show_meminfo(const struct mm_machine *machine, const char *model, char *text,
                       size_t size);

/* ---- show_items.c: what vmstat and zoneinfo count, by the kernel's names ---- */

/* Pages of a zone. All of them can be added up over zones. */
struct mm_zone_items {
	uint64_t free;
	uint64_t free_blocks; /* … of them, in blocks that are as large as a pageblock */
	uint64_t free_cma;
	uint64_t inactive[MM_NR_LRU_TYPES];
	uint64_t active[MM_NR_LRU_TYPES];
	uint64_t isolated[MM_NR_LRU_TYPES];
	uint64_t unevictable;
	uint64_t write_pending;
	uint64_t anon;
	uint64_t file; /* with shmem and the swap cache, as the kernel counts */
	uint64_t shmem;
	uint64_t dirty;
	uint64_t writeback;
	uint64_t swapcached;
	uint64_t anon_huge; /* huge pages, not base pages */
	uint64_t zspages;
};

/* Walks the zone's pages. */
void mm_count_zone_items(const struct mm_machine *machine, uint32_t zone,
                         struct mm_zone_items *items);
void mm_add_zone_items(struct mm_zone_items *sum, const struct mm_zone_items *items);

/* By the name that a zone, or a node, has for it; false: not known. The name is length bytes. */
bool mm_zone_item_find(const struct mm_zone_items *items, const char *name, size_t length,
                       uint64_t *value);
bool mm_node_item_find(const struct mm_zone_items *items, const char *name, size_t length,
                       uint64_t *value);

/* ---- lines of a model ---- */

/* "   name:   123": prefix is all before the number, name what is left of it without blanks and colon. */
struct mm_model_line {
	const char *text; /* without the newline */
	size_t length;
	const char *name;
	size_t name_length;
	size_t prefix_length; /* of text; all of it if there is no number */
	uint64_t value;
};

/* The next line of printable characters; false at the end. Advances *model. */
bool mm_model_next(const char **model, struct mm_model_line *line);

static inline bool mm_name_is(const char *name, size_t length, const char *string)
{
	return strlen(string) == length && memcmp(name, string, length) == 0;
}

#endif
