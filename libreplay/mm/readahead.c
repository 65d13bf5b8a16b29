/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Read-around and fault-around: what a fault on a mapped file brings in and maps beside its own page.
 *
 * A fault that misses the page cache has the pages around its own read, too: a window of ra_pages (read_ahead_kb) that
 * begins half a window before it, as far as these are not in memory. What a fault for reading finds in memory in
 * the 16 pages around it, from a multiple of 16 on, it maps along. So who loses a page that the recording kept reads
 * some thirty more than one, as the kernel does, and who has kept a page that it lost reads none of them.
 *
 * A file that is hardly ever hit is read page by page (mmap_miss), and so is one that its user said to use at
 * random. Which files were is learnt from the recording: a fault allocates its page alone, or with those
 * around it.
 *
 * State: a bit a file. Where a page is in its file is its place in a table of pgtable.c.
 *
 * Follows do_sync_mmap_readahead(), page_cache_ra_unbounded(), filemap_map_pages(), do_fault_around() of v6.12; v6.1 does the same.
 *
 * Not modelled: mmap_miss under another policy; VM_SEQ_READ, and VM_HUGEPAGE's windows of 4 MiB; the page that is
 * marked for reading ahead when it is met (its reads are part of the demand, and it is mapped along); large folios;
 * mappings that begin at no multiple of 16 pages; read(), which is demanded as it was recorded.
 */
#include "huge_memory.h"
#include "internal.h"

#define FILE_SPACE   (1u << 31) /* of a table: it is no address space's */
#define INDEX_MASK   (MM_TABLE_ENTRIES - 1)
#define FAULT_AROUND 16u

/* A page's neighbourhood in its file. */
struct place {
	uint32_t space;
	uint32_t index;
};

void mm_place_file_page(struct mm_machine *machine, uint32_t page, uint16_t file, uint32_t index)
{
	if (page < machine->nr_lpages)
		mm_place_lpage(machine, page, FILE_SPACE | file, index);
}

void mm_set_read_around(struct mm_machine *machine, uint16_t file, bool around)
{
	uint8_t bit = (uint8_t)(1u << file % 8);

	if (!machine->tables.on)
		return;
	if (around)
		machine->tables.reads_alone[file / 8] &= (uint8_t)~bit;
	else
		machine->tables.reads_alone[file / 8] |= bit;
}

static bool reads_alone(const struct mm_machine *machine, uint32_t space)
{
	uint32_t file = space & ~FILE_SPACE;

	return machine->tables.reads_alone[file / 8] & 1u << file % 8;
}

static bool find_place(const struct mm_machine *machine, uint32_t page, struct place *ret)
{
	uint32_t place = mm_place(machine, page);
	const struct mm_page_table *table;

	if (place == MM_NONE)
		return false;
	table = machine->tables.items[place >> MM_TABLE_SHIFT];
	ret->space = table->space;
	ret->index = table->area << MM_TABLE_SHIFT | (place & INDEX_MASK);
	return table->space & FILE_SPACE;
}

bool mm_is_mapped_file(const struct mm_machine *machine, uint32_t page)
{
	struct place place;

	return find_place(machine, page, &place);
}

void mm_move_file_place(struct mm_machine *machine, uint32_t from, uint32_t to)
{
	struct place place;

	if (!find_place(machine, from, &place))
		return;
	mm_unplace_lpage(machine, from);
	mm_unplace_lpage(machine, to);
	mm_place_lpage(machine, to, place.space, place.index);
}

void mm_drop_but_place(struct mm_machine *machine, uint16_t cpu, uint32_t number)
{
	struct place place;
	bool placed = find_place(machine, number, &place);

	mm_drop_lpage(machine, cpu, number);
	if (placed)
		mm_place_lpage(machine, number, place.space, place.index);
}

/* Others go on while memory for the page before is reclaimed, so that each is looked for when it is its turn. */
void mm_sync_mmap_readahead(struct mm_machine *machine, const struct mm_request *request,
                            uint32_t page)
{
	uint32_t half = machine->settings.ra_pages / 2, start, end;
	struct mm_request ahead = *request;
	struct place wanted;

	if (!find_place(machine, page, &wanted) || reads_alone(machine, wanted.space))
		return;
	ahead.order = 0;
	ahead.gfp_flags |= MM_GFP_NORETRY;
	start = wanted.index > half ? wanted.index - half : 0;
	end = start + machine->settings.ra_pages;
	for (uint32_t index = start; index < end && index >= start; index++) {
		uint32_t beside = mm_lpage_at(machine, wanted.space, index);

		if (beside == MM_NONE || beside == page ||
		    mm_lpage(machine, mm_whole_page(machine, beside))->pfn != MM_NONE)
			continue;
		if (mm_touch_page(machine, &ahead, beside, MM_LPAGE_FILE,
		                  MM_TOUCH_BACKED | MM_TOUCH_UNUSED | MM_TOUCH_IN_FAULT) ==
		    MM_TOUCH_FAILED)
			return;
	}
}

void mm_fault_around(struct mm_machine *machine, uint32_t page, uint32_t flags)
{
	struct place wanted;
	uint32_t start;

	if ((flags & MM_TOUCH_WRITE) || !find_place(machine, page, &wanted))
		return;
	start = wanted.index & ~(FAULT_AROUND - 1);
	for (uint32_t i = 0; i < FAULT_AROUND; i++) {
		uint32_t beside = mm_lpage_at(machine, wanted.space, start + i);

		if (beside != MM_NONE && beside != page)
			mm_map_along(machine, beside, flags & MM_TOUCH_EXEC);
	}
}
