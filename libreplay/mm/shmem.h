/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Huge pages of shared memory, and of files, as replay/ uses them: see shmem.c, file_thp.c. */
#ifndef MM_SHMEM_H
#define MM_SHMEM_H

#include "mm.h"

/*
 * The orders of folios that a first touch of shared anonymous memory asks for, a bit each: a VMA of this advice that has room for
 * the order around the page.
 */
uint32_t mm_shmem_orders(const struct mm_settings *settings, enum mm_advice advice);
/*
 * Whether a write to a file of tmpfs where nothing is asks for a huge page; within: the file reaches beyond the place of that
 * already.
 */
bool mm_shmem_file_huge(const struct mm_settings *settings, bool within);
/* As mm_place_huge(), of shared memory … */
void mm_shmem_place(struct mm_machine *machine, uint32_t page, uint32_t space, uint32_t area);
/* … of a file, which other spaces may have mapped as well; file tells it from others. */
void mm_file_thp_place(struct mm_machine *machine, uint32_t page, uint32_t space, uint32_t area,
                       uint32_t file);
/* The space has these areas mapped no longer, if they were files'. */
void mm_file_thp_unmap(struct mm_machine *machine, uint32_t space, uint32_t first, uint32_t nr);
/* A part of a huge page of shared memory has ended, and the whole has not: its logical page, or MM_NONE. */
uint32_t mm_shmem_punched(const struct mm_machine *machine);
/* That was all of it which ends at once: the rest goes on as base pages. */
void mm_shmem_settle(struct mm_machine *machine);

#endif
