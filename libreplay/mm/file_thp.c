/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Huge pages of ordinary files that are mapped and that nobody has open for writing (CONFIG_READ_ONLY_THP_FOR_FS): khugepaged and
 * MADV_COLLAPSE make them, and nobody else. No filesystem takes part in it.
 *
 * Mappings qualify by the settings of anonymous memory (thp.enabled, madvise()); before 6.11 only those that are executed. What is
 * missing of an area is read, what is dirty is sent to its device, and the area left alone this time. The huge page is the file's:
 * every process that maps it has it by a fault of its own (shmem.c has who maps what), and unmapping it does not tell that it was used, as
 * with small pages. Reclaim takes it out as a whole, and it comes back page by page. Who opens the file for writing makes the whole cache of it go.
 *
 * State: of a chunk whether it is such a page; of each space the areas of files that it maps, ascending. What was read for it alone is a hole of it (MM_LP_HOLE): the demand does not know of it,
 * whoever uses it finds it there, and it is gone when the huge page is taken apart.
 *
 * Follows file_thp_enabled(), collapse_file(), do_dentry_open(), filemap_unaccount_folio(), zap_huge_pmd() of v6.12 and v6.1.
 *
 * Not modelled: mappings that have been written to, of which a collapse leaves the page table, so that they map small pages for a while; where a file ends, but for what has been cut off of it, beyond which nothing can be read; that a file is opened for writing, of which no event tells: its first write counts, for the area that is written; what was
 * read for a collapse that came to nothing, which is given back at once; the time that khugepaged waits for what it reads; pages that have
 * buffers in use (filemap_release_folio()).
 */
#include "compaction.h"
#include "huge_memory.h"
#include "internal.h"
#include "shmem.h"

#define WITHOUT_EXEC MM_KERNEL(6, 11) /* from here on */

bool mm_file_thp_allows(const struct mm_settings *settings, uint8_t advice)
{
	bool executed = advice >= MM_ADVICE_EXEC;

	return settings->file_thp && advice >= MM_ADVICE_FILE &&
	       (executed || settings->kernel == 0 || settings->kernel >= WITHOUT_EXEC);
}

/* ---- who maps it ---- */

/* The first of a space's that is this area or behind it. */
static size_t find(const struct mm_file_place_vec *files, uint32_t area)
{
	size_t low = 0, high = files->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (files->items[middle].area < area)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t mm_file_chunk(const struct mm_huge_space *space, uint32_t area)
{
	size_t at = find(&space->files, area);

	return at < space->files.count && space->files.items[at].area == area
	               ? space->files.items[at].chunk
	               : MM_NONE;
}

void mm_file_thp_place(struct mm_machine *machine, uint32_t page, uint32_t space, uint32_t area,
                       uint32_t file)
{
	const struct mm_file_place place = { .area = area,
		                             .chunk = page / MM_PAGEBLOCK_PAGES,
		                             .file = file };
	struct mm_huge_chunk *chunk;
	struct mm_file_place_vec *files;
	size_t at;

	if (space == 0 || space >= machine->huge.nr_spaces ||
	    place.chunk >= machine->huge.nr_chunks)
		return;
	chunk = &machine->huge.chunks[place.chunk];
	chunk->cut = chunk->of_file ? chunk->cut : 0;
	mm_shmem_place(machine, page, space, area);
	chunk->of_file = true;
	files = &machine->huge.spaces[space].files;
	at = find(files, area);
	if (at < files->count && files->items[at].area == area) {
		files->items[at] = place;
		return;
	}
	if (mm_file_place_vec_push(files, place) < 0) {
		machine->lacks = "areas of files";
		return;
	}
	for (size_t i = files->count - 1; i > at; i--)
		files->items[i] = files->items[i - 1];
	files->items[at] = place;
}

void mm_file_thp_unmap(struct mm_machine *machine, uint32_t space, uint32_t first, uint32_t nr)
{
	struct mm_file_place_vec *files;
	size_t from, to;

	if (space == 0 || space >= machine->huge.nr_spaces)
		return;
	files = &machine->huge.spaces[space].files;
	from = find(files, first);
	for (to = from; to < files->count && files->items[to].area - first < nr; to++) {
		mm_shmem_unmap_one(machine, space, files->items[to].chunk);
		mm_unplace_huge(machine, files->items[to].chunk, space, files->items[to].area);
	}
	while (to < files->count)
		files->items[from++] = files->items[to++];
	files->count = from;
}

void mm_file_space_copy(struct mm_machine *machine, uint32_t to, uint32_t from)
{
	const struct mm_file_place_vec *source = &machine->huge.spaces[from].files;

	for (size_t i = 0; i < source->count; i++)
		if (mm_file_place_vec_push(&machine->huge.spaces[to].files, source->items[i]) < 0)
			machine->lacks = "areas of files";
}

/* zap_huge_pmd(): whether it has been used there is forgotten. */
void mm_file_thp_unmapped(struct mm_machine *machine, uint32_t chunk, uint32_t nr)
{
	uint32_t number = chunk * MM_PAGEBLOCK_PAGES, pfn = mm_lpage(machine, number)->pfn;

	if (!mm_is_file_thp(machine, number) || pfn == MM_NONE)
		return;
	if (nr < 2)
		machine->pages[pfn].io &= (uint8_t)~MM_IO_YOUNG_TWICE;
	if (nr > 0)
		return;
	machine->pages[pfn].flags |= MM_PG_UNMAPPED;
	machine->pages[pfn].flags &= (uint16_t)~MM_PG_YOUNG;
}

/* ---- how it is made, and ends ---- */

/* They are on their lists again, like any that come, and in no page table. */
void mm_file_thp_put_back(struct mm_machine *machine, uint32_t first, uint32_t nr)
{
	struct mm_list taken;

	mm_list_init(&taken);
	while (nr-- > 0) {
		uint32_t pfn = mm_lpage(machine, first + nr)->pfn;
		struct mm_page *page = &machine->pages[pfn == MM_NONE ? 0 : pfn];

		if (pfn == MM_NONE || page->state != MM_PAGE_USED || !(page->flags & MM_PG_LRU))
			continue;
		page->flags |= MM_PG_UNMAPPED;
		page->flags &= (uint16_t)~MM_PG_YOUNG;
		page->io &= (uint8_t)~MM_IO_YOUNG_TWICE;
		mm_isolate_page(machine, &taken, pfn);
	}
	mm_putback_movable_pages(machine, &taken);
}

static void flush_area(struct mm_machine *machine, uint32_t first)
{
	for (uint32_t i = 0; i < MM_PAGEBLOCK_PAGES; i++) {
		uint32_t pfn = mm_lpage(machine, first + i)->pfn;

		if (pfn != MM_NONE && (machine->pages[pfn].flags & MM_PG_DIRTY) &&
		    !mm_is_writeback(&machine->pages[pfn]) &&
		    mm_start_writeback(machine, pfn, machine->current.cpu))
			mm_clear_dirty(machine, pfn);
	}
}

/* filemap_flush(), of what the space has mapped of the file. */
void mm_file_thp_flush(struct mm_machine *machine, uint32_t space, uint32_t area)
{
	const struct mm_file_place_vec *files = &machine->huge.spaces[space].files;
	size_t at = find(files, area);

	if (at == files->count || files->items[at].area != area)
		return;
	for (size_t i = 0; i < files->count; i++)
		if (files->items[i].file == files->items[at].file)
			flush_area(machine, files->items[i].chunk * MM_PAGEBLOCK_PAGES);
}

/* A huge page's first part is known as long as any is. */
static bool is_there(const struct mm_machine *machine, uint32_t number)
{
	return mm_lpage_is_known(machine, number) &&
	       (mm_lpage(machine, number)->flags & (MM_LP_GONE | MM_LP_HOLE)) != MM_LP_GONE;
}

void mm_file_thp_cut(struct mm_machine *machine, uint32_t number)
{
	uint32_t chunk = number / MM_PAGEBLOCK_PAGES, i = number % MM_PAGEBLOCK_PAGES;
	struct mm_huge_chunk *area;

	if (chunk >= machine->huge.nr_chunks ||
	    mm_lpage(machine, mm_whole_page(machine, number))->kind != MM_LPAGE_FILE)
		return;
	area = &machine->huge.chunks[chunk];
	/* What had ended before has come again. */
	if (area->cut != 0 && is_there(machine, number - i + area->cut - 1))
		area->cut = 0;
	if (area->of_file && (area->cut == 0 || i < area->cut))
		area->cut = (uint16_t)(i + 1);
}

/* Whether it lies beyond the end of its file: where that was, nothing has come since. */
static bool is_beyond(struct mm_machine *machine, uint32_t number)
{
	struct mm_huge_chunk *area = &machine->huge.chunks[number / MM_PAGEBLOCK_PAGES];
	uint32_t first = number & ~(MM_PAGEBLOCK_PAGES - 1);

	/* If all of it has ended, that may be for any reason. */
	if (area->cut < 2 || number - first + 1 < area->cut)
		return false;
	for (uint32_t i = area->cut - 1u; i < MM_PAGEBLOCK_PAGES; i++) {
		if (!is_there(machine, first + i))
			continue;
		area->cut = 0;
		return false;
	}
	return true;
}

enum mm_collapse mm_file_thp_read(struct mm_machine *machine, const struct mm_request *request,
                                  uint32_t number)
{
	uint32_t pfn = mm_lpage(machine, mm_whole_page(machine, number))->pfn;
	struct mm_request ahead = *request;

	if (pfn != MM_NONE) {
		if (machine->pages[pfn].flags & MM_PG_DIRTY)
			return MM_COLLAPSE_PAGE_DIRTY;
		return mm_is_writeback(&machine->pages[pfn]) ? MM_COLLAPSE_FAIL
		                                             : MM_COLLAPSE_SUCCEED;
	}
	if (is_beyond(machine, number))
		return MM_COLLAPSE_FAIL;
	ahead.gfp_flags |= MM_GFP_NORETRY;
	return mm_touch_page(machine, &ahead, number, MM_LPAGE_FILE,
	                     MM_TOUCH_BACKED | MM_TOUCH_UNUSED) == MM_TOUCH_FAILED
	               ? MM_COLLAPSE_FAIL
	               : MM_COLLAPSE_SUCCEED;
}

void mm_file_thp_opened(struct mm_machine *machine, uint32_t number)
{
	uint32_t head = number & ~(MM_PAGEBLOCK_PAGES - 1);
	struct mm_lpage *whole = mm_lpage(machine, head);
	uint32_t pfn = whole->pfn;

	if (!mm_is_file_thp(machine, head) || pfn == MM_NONE ||
	    machine->pages[pfn].state != MM_PAGE_USED)
		return;
	mm_shmem_unmap_huge(machine, head);
	mm_lru_remove_page(machine, pfn);
	mm_release_page(machine, machine->current.cpu, pfn);
	whole->flags |= MM_LP_EVICTED;
	whole->node = MM_NO_SHADOW;
	mm_split_evicted(machine, head);
}
