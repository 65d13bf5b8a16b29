/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What idle page tracking does to the pages that it watches: see page_idle.c. */
#ifndef MM_PAGE_IDLE_H
#define MM_PAGE_IDLE_H

#include <stdbool.h>
#include <stdint.h>

struct mm_machine;

/*
 * Somebody has written ones to all of /sys/kernel/mm/page_idle/bitmap (v6.12 page_idle_bitmap_write()). Without memory
 * for that, which is asked for the first time, the machine lacks it, and nothing is marked.
 */
void mm_page_idle_mark(struct mm_machine *machine);
void mm_page_idle_destroy(struct mm_machine *machine);

/* PG_young. */
bool mm_page_idle_young(const struct mm_machine *machine, uint32_t pfn);
bool mm_page_idle_test_clear_young(struct mm_machine *machine, uint32_t pfn);
/* The contents of one page go on in the other: it has the bit now. */
void mm_page_idle_moved(struct mm_machine *machine, uint32_t from, uint32_t to);

#endif
