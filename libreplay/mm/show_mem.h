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

#define MM_ROOM_WORDS (MM_PAGEBLOCK_PAGES / 64)

/* Order of the largest aligned range of a pageblock without one of these pages, a bit each; -1: there is none. */
int mm_room_order(const uint64_t fixed[MM_ROOM_WORDS]);

/* Where a zone's memory could be made free by moving what can be moved. Of the pageblocks that lie wholly in it. */
struct mm_room {
	uint32_t nr_pageblocks;
	uint32_t nr_free;  /* of which nothing is in use */
	uint32_t nr_empty; /* … or could be: with those */
	int order;         /* of the largest aligned range; -1: there is none */
};
struct mm_room mm_zone_room(const struct mm_machine *machine, uint32_t zone);

#define MM_PINNED_NOT     MM_NONE       /* free, or can be moved */
#define MM_PINNED_ABSENT  (MM_NONE - 1) /* a hole, or in use since before all that is known */
#define MM_PINNED_UNKNOWN (MM_NONE - 2)

/*
 * The next pageblock that lies wholly in the zone, from *pfn on, and has pages that cannot be moved: its first pfn, and of
 * each page the logical page that it belongs to, or one of the above. To go on: *pfn + MM_PAGEBLOCK_PAGES. False past
 * the last.
 */
bool mm_next_pinned(const struct mm_machine *machine, uint32_t zone, uint32_t *pfn,
                    uint32_t logical[MM_PAGEBLOCK_PAGES]);

/* What compaction did to a pageblock since this was asked for last; pages, at most 65535. */
struct mm_block_work {
	uint16_t migrate_scanned; /* looked at for some to be moved … */
	uint16_t free_scanned;    /* … and for free ones to be moved to */
	uint16_t moved_out;
	uint16_t moved_in;
};

/* Likewise the next one that compaction has been at; forgets it. */
bool mm_next_work(const struct mm_machine *machine, uint32_t zone, uint32_t *pfn,
                  struct mm_block_work *work);

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

/* vm.extfrag_threshold. */
int32_t mm_extfrag_threshold(const struct mm_machine *machine);

/* How many allocations took pages of another migratetype (mm_page_alloc_extfrag). */
uint64_t mm_nr_extfrag(const struct mm_machine *machine);

#endif
