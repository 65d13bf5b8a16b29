/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a machine: what /proc would show, as numbers. */
#ifndef MM_SHOW_MEM_H
#define MM_SHOW_MEM_H

#include "mmzone.h"

struct mm_machine;

/* Counter i < MM_NR_VMSTAT_ITEMS: its name in /proc/vmstat, and its value. */
const char *mm_vmstat_name(uint32_t i);
uint64_t mm_vmstat_value(const struct mm_machine *machine, uint32_t i);

/* Value by name; false if there is no such counter. For tests and tools, not for loops. */
bool mm_vmstat_find(const struct mm_machine *machine, const char *name, uint64_t *value);

uint32_t mm_nr_zones(const struct mm_machine *machine);
uint32_t mm_nr_nodes(const struct mm_machine *machine);

/* Zone i: sizes, watermarks, flags, boost. Read it only. */
const struct mm_zone *mm_zone_at(const struct mm_machine *machine, uint32_t i);

/* Free blocks of a zone by order and migratetype, as /proc/pagetypeinfo. */
uint32_t mm_free_blocks(const struct mm_machine *machine, uint32_t zone, uint32_t order,
                        uint32_t migratetype);
const char *mm_migratetype_name(uint32_t migratetype);

/* Pages on the per-CPU lists of a zone, all CPUs together. */
uint64_t mm_pcp_pages(const struct mm_machine *machine, uint32_t zone);

/*
 * Pageblocks that a zone touches, and their states as results/schema.sql packs them: 8 bytes each,
 * little endian: u16 free, u16 used movable, u16 other used pages, u8 migratetype, u8 largest free order
 * (255: none). state has room for 8 * mm_nr_pageblocks() bytes. first_pfn is aligned down.
 */
uint32_t mm_nr_pageblocks(const struct mm_machine *machine, uint32_t zone);
uint32_t mm_first_pageblock_pfn(const struct mm_machine *machine, uint32_t zone);
void mm_pageblock_states(const struct mm_machine *machine, uint32_t zone, uint8_t *state);

struct mm_swap_usage {
	uint32_t nr_slots;
	uint32_t nr_used;
};
struct mm_swap_usage mm_swap_usage(const struct mm_machine *machine);

/*
 * The policy's own view of all nodes, ended by a null byte: for mglru what the kernel has in
 * /sys/kernel/debug/lru_gen, or lru_gen_full. Returns the length of the whole text, as snprintf(): larger
 * than size - 1 means that it was cut. 0: the policy has none.
 */
size_t mm_show_policy(const struct mm_machine *machine, bool full, char *text, size_t size);

/* How many allocations took pages of another migratetype (mm_page_alloc_extfrag). */
uint64_t mm_nr_extfrag(const struct mm_machine *machine);

#endif
