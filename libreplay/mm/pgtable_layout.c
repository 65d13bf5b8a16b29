/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the page tables of all spaces take, and would take with other layouts: of the anonymous pages that have a place,
 * in memory or in swap. A table is there if any page below it is; a huge page keeps the table for its base pages
 * (pgtable_trans_huge_deposit()).
 *
 * Follows pte_alloc(), pmd_alloc() and their likes of v6.12: tables come with the first page below them, and go at munmap
 * or exit.
 *
 * Not modelled: page tables of files and of the kernel; tables that stay though their pages have ended. With larger base
 * pages memory takes more as well, which is not counted here. The layout of two levels has 4 GiB of addresses only: it is
 * what the same pages would take where their upper bits do not count.
 */
#include <stdlib.h>

#include "alloc.h"
#include "huge_area.h"
#include "internal.h"
#include "tlb.h"

struct layout {
	const char *name;
	uint8_t page_shift;
	uint8_t entry_bits; /* of a table's index */
	uint8_t levels;
};

static const struct layout layouts[MM_NR_PGTABLE_LAYOUTS] = {
	[MM_PGTABLE_X86_4] = { "x86-64, 4 levels", 12, 9, 4 },
	[MM_PGTABLE_X86_5] = { "x86-64, 5 levels", 12, 9, 5 },
	[MM_PGTABLE_ARM_4K] = { "arm64, 4 KiB pages, 48 bits", 12, 9, 4 },
	[MM_PGTABLE_ARM_16K] = { "arm64, 16 KiB pages, 47 bits", 14, 11, 3 },
	[MM_PGTABLE_ARM_64K] = { "arm64, 64 KiB pages, 42 bits", 16, 13, 2 },
	[MM_PGTABLE_X86_2] = { "i386, 2 levels", 12, 10, 2 },
};

const char *mm_pgtable_layout_name(enum mm_pgtable_layout layout)
{
	return layouts[layout].name;
}

/* A space and 2 MiB of it, in one word. */
static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static size_t collect(const struct mm_machine *machine, uint64_t *areas)
{
	size_t nr = 0;

	for (uint32_t i = 0; i < machine->tables.nr_tables; i++) {
		const struct mm_page_table *table = machine->tables.items[i];

		if (table->nr > 0)
			areas[nr++] = (uint64_t)table->space << 32 | table->area;
	}
	for (uint32_t i = 0; i < machine->huge.nr_chunks; i++) {
		const struct mm_huge_chunk *chunk = &machine->huge.chunks[i];
		const struct mm_lpage *head;

		if (chunk->area == MM_NONE || i << MM_PAGEBLOCK_ORDER >= machine->nr_lpages)
			continue;
		head = mm_lpage(machine, i << MM_PAGEBLOCK_ORDER);
		if (head->kind == MM_LPAGE_ANON && head->order == MM_PAGEBLOCK_ORDER)
			areas[nr++] = (uint64_t)chunk->space << 32 | chunk->area;
	}
	return nr;
}

/* Tables of a level, each of which has 2^shift areas of 2 MiB below it; in sorted areas. */
static uint64_t count_tables(const uint64_t *areas, size_t nr, int shift)
{
	uint64_t count = 0, last = UINT64_MAX;

	for (size_t i = 0; i < nr; i++) {
		uint64_t space = areas[i] >> 32, area = areas[i] & UINT32_MAX;
		uint64_t table = space << 32 | (shift < 32 ? area >> shift : 0);

		count += table != last;
		last = table;
	}
	return count;
}

static struct mm_pgtable_size size_of(const struct layout *layout, const uint64_t *areas, size_t nr)
{
	struct mm_pgtable_size size = { 0 };
	int shift = layout->page_shift - 21;

	for (int level = 0; level < layout->levels; level++) {
		uint64_t tables;

		shift += layout->entry_bits;
		/* One at the top, whatever the addresses. */
		tables = count_tables(areas, nr, level + 1 == layout->levels ? 32 : shift);
		if (level == 0)
			size.leaves = tables;
		else
			size.uppers += tables;
	}
	size.bytes = (size.leaves + size.uppers) << layout->page_shift;
	return size;
}

void mm_pgtable_sizes(const struct mm_machine *machine,
                      struct mm_pgtable_size sizes[MM_NR_PGTABLE_LAYOUTS])
{
	size_t room = (size_t)machine->tables.nr_tables + machine->huge.nr_chunks + 1, nr;
	uint64_t *areas = base_calloc(room, sizeof(*areas));

	for (int i = 0; i < MM_NR_PGTABLE_LAYOUTS; i++)
		sizes[i] = (struct mm_pgtable_size){ 0 };
	if (!areas)
		return;
	nr = collect(machine, areas);
	qsort(areas, nr, sizeof(*areas), by_number);
	for (int i = 0; i < MM_NR_PGTABLE_LAYOUTS; i++)
		sizes[i] = size_of(&layouts[i], areas, nr);
	base_free(areas);
}
