/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Huge pages, and smaller folios, of shared memory.
 *
 * Whether the first touch of a place gets one is decided by settings of its own: shmem_enabled, which since 6.11 each size can go by or
 * not, and madvise(). It belongs to the file: every process that maps it has it by a fault of its own, one for a whole huge page. Where a part of it
 * is given back (MADV_REMOVE, truncation, a punched hole) it is split at once, and is in no page table then. Reclaim takes it out of
 * them, too, and writes it as a whole; before 6.12 it is split first.
 *
 * State: which huge pages each space maps, ascending (struct mm_huge_space); of each chunk how many spaces do, and a serial number
 * that goes on where nobody does any more, so that what spaces remember need not be looked for; the page that has lost a part.
 *
 * Follows shmem_allowable_huge_orders(), __shmem_huge_global_enabled(), shmem_get_folio_gfp(), shmem_alloc_and_add_folio(), shmem_writepage(),
 * truncate_inode_partial_folio(), do_set_pmd() of v6.12; shmem_is_huge() of v6.1.
 *
 * Files of tmpfs that system calls write have a setting of their own, the mount option huge=; shmem_enabled overrules it by deny and
 * force. Where their pages lie workload/tmpfs.c finds out.
 *
 * Not modelled: tmpfs that is mapped with huge pages; mounts that differ; huge pages beyond the end of a file (kernels before 6.11
 * make them) and the shrinker that splits those; base pages that nobody has touched of one that is split: they are free then;
 * the charge to a memory cgroup, which never fails.
 */
#include "shmem.h"

#include "huge_memory.h"
#include "internal.h"

#define HUGE_BIT (1u << MM_PAGEBLOCK_ORDER)

/* ---- settings ---- */

/* shmem_huge_global_enabled(), of a file that is as long as its mapping. */
static bool is_on(const struct mm_shmem_settings *shmem, bool advised)
{
	switch ((enum mm_shmem_enabled)shmem->enabled) {
	case MM_SHMEM_ALWAYS:
	case MM_SHMEM_WITHIN_SIZE:
	case MM_SHMEM_FORCE:
		return true;
	case MM_SHMEM_ADVISE:
		return advised;
	case MM_SHMEM_NEVER:
	case MM_SHMEM_DENY:
		break;
	}
	return false;
}

uint32_t mm_shmem_orders(const struct mm_settings *settings, enum mm_advice advice)
{
	const struct mm_shmem_settings *shmem = &settings->shmem;
	bool advised = advice == MM_ADVICE_HUGE;
	uint32_t orders = shmem->always | shmem->within_size;

	if (advice == MM_ADVICE_NOHUGE || advice == MM_ADVICE_GONE ||
	    shmem->enabled == MM_SHMEM_DENY)
		return 0;
	if (settings->kernel != 0 && settings->kernel < MM_KERNEL(6, 11))
		return is_on(shmem, advised) ? HUGE_BIT : 0;
	if (shmem->enabled == MM_SHMEM_FORCE)
		return shmem->inherit;
	if (advised)
		orders |= shmem->advise;
	if (is_on(shmem, advised))
		orders |= shmem->inherit;
	return orders;
}

bool mm_shmem_file_huge(const struct mm_settings *settings, bool within)
{
	const struct mm_shmem_settings *shmem = &settings->shmem;

	if (shmem->enabled == MM_SHMEM_DENY)
		return false;
	if (shmem->enabled == MM_SHMEM_FORCE || shmem->huge == MM_SHMEM_ALWAYS)
		return true;
	return shmem->huge == MM_SHMEM_WITHIN_SIZE && within;
}

/* ---- who maps them ---- */

static struct mm_huge_chunk *chunk_of(struct mm_machine *machine, uint32_t number)
{
	uint32_t chunk = number / MM_PAGEBLOCK_PAGES;

	return chunk < machine->huge.nr_chunks ? &machine->huge.chunks[chunk] : NULL;
}

/* The first of a space's that is this chunk or behind it. */
static size_t find(const struct mm_huge_map_vec *maps, uint32_t chunk)
{
	size_t low = 0, high = maps->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (maps->items[middle].chunk < chunk)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Those that there are no more go. */
static void tidy(const struct mm_machine *machine, struct mm_huge_map_vec *maps)
{
	size_t nr = 0;

	for (size_t i = 0; i < maps->count; i++)
		if (machine->huge.chunks[maps->items[i].chunk].serial == maps->items[i].serial)
			maps->items[nr++] = maps->items[i];
	maps->count = nr;
}

static bool remember(struct mm_machine *machine, struct mm_huge_map_vec *maps,
                     const struct mm_huge_map *map)
{
	size_t at;

	if (maps->count == maps->capacity)
		tidy(machine, maps);
	at = find(maps, map->chunk);
	if (at < maps->count && maps->items[at].chunk == map->chunk) {
		if (maps->items[at].serial == map->serial)
			return false;
		maps->items[at] = *map;
		return true;
	}
	if (mm_huge_map_vec_push(maps, *map) < 0) {
		machine->lacks = "mappings of huge pages";
		return false;
	}
	for (size_t i = maps->count - 1; i > at; i--)
		maps->items[i] = maps->items[i - 1];
	maps->items[at] = *map;
	return true;
}

/* The huge pages of its kind that somebody maps as one. */
static uint32_t *nr_mapped(struct mm_machine *machine, uint32_t chunk)
{
	return mm_lpage(machine, chunk * MM_PAGEBLOCK_PAGES)->kind == MM_LPAGE_FILE
	               ? &machine->huge.nr_file_mapped
	               : &machine->huge.nr_shmem_mapped;
}

bool mm_shmem_map_huge(struct mm_machine *machine, uint32_t space, uint32_t number)
{
	struct mm_huge_chunk *chunk = chunk_of(machine, number);

	if (!chunk || space == 0 || space >= machine->huge.nr_spaces)
		return false;
	if (!remember(machine, &machine->huge.spaces[space].maps,
	              &(struct mm_huge_map){ .chunk = number / MM_PAGEBLOCK_PAGES,
	                                     .serial = chunk->serial }))
		return false;
	*nr_mapped(machine, number / MM_PAGEBLOCK_PAGES) += chunk->nr_maps == 0;
	chunk->nr_maps++;
	mm_count(machine, MM_THP_FILE_MAPPED, 1);
	return true;
}

uint32_t mm_shmem_fault(struct mm_machine *machine, uint32_t space, uint32_t number, uint32_t flags)
{
	if (space == 0)
		return flags;
	return mm_shmem_map_huge(machine, space, number) ? flags | MM_TOUCH_FAULTED
	                                                 : flags & ~(uint32_t)MM_TOUCH_FAULTED;
}

uint32_t mm_shmem_unmap_huge(struct mm_machine *machine, uint32_t number)
{
	struct mm_huge_chunk *chunk = chunk_of(machine, number);
	uint32_t nr = chunk ? chunk->nr_maps : 0;

	if (nr == 0)
		return 0;
	chunk->nr_maps = 0;
	chunk->serial++;
	--*nr_mapped(machine, number / MM_PAGEBLOCK_PAGES);
	return nr;
}

/* Of what a space remembers. */
static void unmap(struct mm_machine *machine, const struct mm_huge_map *map)
{
	struct mm_huge_chunk *chunk = &machine->huge.chunks[map->chunk];

	if (chunk->serial != map->serial || chunk->nr_maps == 0)
		return;
	*nr_mapped(machine, map->chunk) -= --chunk->nr_maps == 0;
	mm_file_thp_unmapped(machine, map->chunk, chunk->nr_maps);
}

void mm_shmem_unmap_one(struct mm_machine *machine, uint32_t space, uint32_t chunk)
{
	struct mm_huge_map_vec *maps = &machine->huge.spaces[space].maps;
	size_t at = find(maps, chunk);

	if (at == maps->count || maps->items[at].chunk != chunk)
		return;
	unmap(machine, &maps->items[at]);
	for (; at + 1 < maps->count; at++)
		maps->items[at] = maps->items[at + 1];
	maps->count--;
}

void mm_shmem_space_end(struct mm_machine *machine, uint32_t space)
{
	struct mm_huge_map_vec *maps = &machine->huge.spaces[space].maps;

	for (size_t i = 0; i < maps->count; i++)
		unmap(machine, &maps->items[i]);
	mm_huge_map_vec_deinit(maps);
}

void mm_shmem_place(struct mm_machine *machine, uint32_t page, uint32_t space, uint32_t area)
{
	struct mm_huge_chunk *chunk = chunk_of(machine, page);

	mm_place_huge(machine, page, space, area);
	if (chunk && chunk->space == space && chunk->area == area)
		chunk->shared = true;
}

/* ---- parts that end ---- */

void mm_shmem_punch(struct mm_machine *machine, uint32_t number)
{
	if (machine->huge.punched != number + 1)
		mm_shmem_settle(machine);
	machine->huge.punched = number + 1;
}

uint32_t mm_shmem_punched(const struct mm_machine *machine)
{
	return machine->huge.punched - 1;
}

void mm_shmem_settle(struct mm_machine *machine)
{
	uint32_t number = mm_shmem_punched(machine);
	const struct mm_lpage *lpage;

	machine->huge.punched = 0;
	if (number == MM_NONE)
		return;
	lpage = mm_lpage(machine, number);
	if (lpage->order > 0 && lpage->kind != MM_LPAGE_ANON && lpage->nr_gone > lpage->nr_holes)
		mm_take_apart(machine, number);
}
