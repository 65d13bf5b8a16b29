/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where logical pages are in page tables and in files, and what a fault on a file does around its page. */
#ifndef MM_PGTABLE_H
#define MM_PGTABLE_H

#include "mm.h"

#define MM_TABLE_SHIFT   9
#define MM_TABLE_ENTRIES (1u << MM_TABLE_SHIFT)

/* What a page-table page maps: see pgtable.c. */
struct mm_page_table {
	uint32_t space;
	uint32_t area;                    /* address >> 21 */
	uint32_t next;                    /* of the same hash, or free */
	uint32_t nr;                      /* pages; 0: free */
	uint32_t pages[MM_TABLE_ENTRIES]; /* logical ones, or MM_NONE */
};

struct mm_page_tables {
	bool on;
	uint32_t *places; /* [nr_places] */
	uint32_t nr_places;
	struct mm_page_table **items; /* [nr_tables] */
	uint32_t *heads;              /* [mask + 1] */
	uint32_t nr_tables;
	uint32_t room;
	uint32_t mask;
	uint8_t *reads_alone; /* [MM_MAX_FILES / 8], bits: see readahead.c */
	uint32_t free;        /* the first that has no page, or MM_NONE */
};

/* ---- pgtable.c ---- */

int mm_tables_reserve(struct mm_machine *machine, uint32_t nr_lpages,
                      struct mmr_error *err) MMR_MUST_CHECK;
void mm_tables_destroy(struct mm_machine *machine);
/* Number of its table, then 9 bits of where it is there; MM_NONE: nowhere. */
uint32_t mm_place(const struct mm_machine *machine, uint32_t page);
void mm_unplace_lpage(struct mm_machine *machine, uint32_t page);
/* Whether any page has a place in an area (address >> 21) of a space. */
bool mm_has_table(const struct mm_machine *machine, uint32_t space, uint32_t area);
/* The page at a virtual page of a space, or MM_NONE. */
uint32_t mm_lpage_at(const struct mm_machine *machine, uint32_t space, uint32_t vpn);

/* ---- readahead.c ---- */

/* Whether the page is of a file that is mapped, so that its use is a fault if it is out. */
bool mm_is_mapped_file(const struct mm_machine *machine, uint32_t page);
/* The place in its file goes along with a page of another number, or stays though the page ends. */
void mm_move_file_place(struct mm_machine *machine, uint32_t from, uint32_t to);
void mm_drop_but_place(struct mm_machine *machine, uint16_t cpu, uint32_t number);
/* A fault misses the page: those around it that are out are read. */
void mm_sync_mmap_readahead(struct mm_machine *machine, const struct mm_request *request,
                            uint32_t page);
/* A fault (flags: enum mm_touch_flags) on the page maps those around it that are in memory. */
void mm_fault_around(struct mm_machine *machine, uint32_t page, uint32_t flags);

#endif
