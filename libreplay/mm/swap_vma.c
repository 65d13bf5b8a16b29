/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory areas (VMAs), as far as swap readahead by virtual addresses asks for them.
 *
 * Each area knows where its last fault on a page in swap was, how much that one read, and how many of the pages that
 * were read ahead have been used since. From these comes what is read the next time: as many pages as swap_state.c finds right,
 * behind the wanted one if the last fault was just before it, before it if it was just behind, else on both
 * sides; never beyond the page table or the area.
 *
 * An area is a number that the demand has for a mapping of an address space. Pages of which no mapping is known are in area 0
 * of whoever owns them. Addresses are places of pgtable.c; a page that has none lies between those whose numbers
 * are beside its own, which are in address order where a huge page could be.
 *
 * State: of each area 24 bytes (vma->swap_readahead_info takes 8), of each logical page its area, 4 bytes. Nothing
 * where swap seeks.
 *
 * Follows swap_vma_ra_win(), swap_vma_readahead() of v6.12; swap_ra_info() of v6.1, which decides the same.
 *
 * Not modelled: areas that munmap() or mprotect() cuts in two. A child's area inherits these figures with its first fault, not with the
 * fork. Pages that several processes share are in the page table of the one that touched them first; a copy that one made is
 * in its own, where only its other copies lie beside it.
 */
#include "internal.h"

#include <string.h>

#include "alloc.h"
#include "error_set.h"

#define INDEX_MASK   (MM_TABLE_ENTRIES - 1)
#define FIRST_HITS   4u
#define MAX_HITS     63u
#define MAX_CLUSTER  5u /* SWAP_RA_ORDER_CEILING */
#define UNKNOWN_AREA MM_NONE

static_assert(MM_SWAP_AHEAD_MAX == 1u << MAX_CLUSTER, "a window fits into its list");

/* ---- the areas ---- */

int mm_areas_enable(struct mm_machine *machine, struct mmr_error *err)
{
	machine->areas.on = true;
	return mm_areas_reserve(machine, machine->nr_lpages, err);
}

int mm_areas_reserve(struct mm_machine *machine, uint32_t nr_lpages, struct mmr_error *err)
{
	struct mm_areas *areas = &machine->areas;
	void *of = areas->of;

	if (!areas->on || nr_lpages <= areas->nr_pages)
		return 0;
	if (base_grow(&of, areas->nr_pages, nr_lpages, sizeof(*areas->of), 0xff) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for the areas of %u pages",
		                  nr_lpages);
	areas->of = of;
	areas->nr_pages = nr_lpages;
	return 0;
}

void mm_areas_destroy(struct mm_machine *machine)
{
	base_free(machine->areas.of);
	base_free(machine->areas.items);
	base_free(machine->areas.heads);
}

static uint32_t *head_of(const struct mm_areas *areas, uint32_t space, uint32_t number)
{
	uint32_t hash = (number ^ space * 0x9e3779b1u) * 0x85ebca6bu;

	return &areas->heads[(hash ^ hash >> 15) & (areas->room - 1)];
}

static bool grow(struct mm_areas *areas)
{
	uint32_t room = areas->room ? 2 * areas->room : 64;
	void *items = areas->items;
	uint32_t *heads;

	if (areas->nr < areas->room)
		return true;
	heads = base_calloc(room, sizeof(*heads));
	if (!heads || base_resize(&items, room, sizeof(*areas->items)) < 0) {
		base_free(heads);
		return false;
	}
	base_free(areas->heads);
	areas->items = items;
	areas->heads = heads;
	areas->room = room;
	memset(heads, 0xff, room * sizeof(*heads));
	for (uint32_t i = 0; i < areas->nr; i++) {
		uint32_t *head = head_of(areas, areas->items[i].space, areas->items[i].number);

		areas->items[i].next = *head;
		*head = i;
	}
	return true;
}

static uint32_t find(const struct mm_areas *areas, uint32_t space, uint32_t number)
{
	uint32_t i = areas->heads ? *head_of(areas, space, number) : MM_NONE;

	while (i != MM_NONE && (areas->items[i].space != space || areas->items[i].number != number))
		i = areas->items[i].next;
	return i;
}

/* Tells a space from the one that had its number before. */
static uint32_t born(const struct mm_machine *machine, uint32_t space)
{
	return space < machine->nr_spaces ? (uint32_t)machine->spaces[space].order : 0;
}

/* *fresh: nobody has asked for it before. MM_NONE: no memory. */
static uint32_t find_or_add(struct mm_machine *machine, uint32_t space, uint32_t number,
                            bool *fresh)
{
	struct mm_areas *areas = &machine->areas;
	uint32_t i = find(areas, space, number), next;

	*fresh = i == MM_NONE || areas->items[i].born != born(machine, space);
	if (!*fresh)
		return i;
	if (i == MM_NONE) {
		uint32_t *head;

		if (!grow(areas))
			return MM_NONE;
		i = areas->nr++;
		head = head_of(areas, space, number);
		next = *head;
		*head = i;
	} else {
		next = areas->items[i].next;
	}
	areas->items[i] = (struct mm_area){ .space = space,
		                            .number = number,
		                            .next = next,
		                            .hits = FIRST_HITS,
		                            .born = born(machine, space) };
	return i;
}

void mm_set_area(struct mm_machine *machine, uint32_t page, uint32_t space, uint32_t number)
{
	struct mm_areas *areas = &machine->areas;
	bool fresh;

	if (page < areas->nr_pages && number != 0 && areas->of[page] == UNKNOWN_AREA)
		areas->of[page] = find_or_add(machine, space, number, &fresh);
}

void mm_area_forget(struct mm_machine *machine, uint32_t page)
{
	if (page < machine->areas.nr_pages)
		machine->areas.of[page] = UNKNOWN_AREA;
}

/* Where the page was touched first. */
static uint32_t area_of(struct mm_machine *machine, uint32_t page)
{
	const struct mm_areas *areas = &machine->areas;
	bool fresh;

	if (page < areas->nr_pages && areas->of[page] != UNKNOWN_AREA)
		return areas->of[page];
	return find_or_add(machine, machine->owners[page], 0, &fresh);
}

/* The same area in the space of whoever faults: of a child it begins as its parent's. */
static struct mm_area *area_in(struct mm_machine *machine, uint32_t page, uint32_t space)
{
	struct mm_areas *areas = &machine->areas;
	uint32_t i = area_of(machine, page), own;
	bool fresh;

	if (i == MM_NONE)
		return NULL;
	if (space == 0 || space == areas->items[i].space)
		return &areas->items[i];
	own = find_or_add(machine, space, areas->items[i].number, &fresh);
	if (own == MM_NONE)
		return &areas->items[i];
	if (fresh) {
		areas->items[own].last = areas->items[i].last;
		areas->items[own].window = areas->items[i].window;
		areas->items[own].hits = areas->items[i].hits;
	}
	return &areas->items[own];
}

/* ---- addresses ---- */

/* In pages, the low 32 bits. */
static uint32_t address(const struct mm_machine *machine, uint32_t page)
{
	uint32_t place = mm_place(machine, page);

	if (place == MM_NONE)
		return page;
	return machine->tables.items[place >> MM_TABLE_SHIFT]->area << MM_TABLE_SHIFT |
	       (place & INDEX_MASK);
}

/* The page that is at entry index of the page table where another is; MM_NONE: there is none. */
static uint32_t page_beside(const struct mm_machine *machine, uint32_t page, uint32_t index)
{
	uint32_t place = mm_place(machine, page), other;

	if (place != MM_NONE)
		return machine->tables.items[place >> MM_TABLE_SHIFT]->pages[index];
	other = (page & ~INDEX_MASK) | index;
	return other < machine->nr_lpages && mm_place(machine, other) == MM_NONE ? other : MM_NONE;
}

static bool is_in_swap(const struct mm_machine *machine, uint32_t page)
{
	const struct mm_lpage *lpage = mm_lpage(machine, page);

	return lpage->kind == MM_LPAGE_ANON && lpage->slot != MM_NONE && lpage->pfn == MM_NONE &&
	       lpage->order == 0;
}

/* ---- readahead ---- */

bool mm_reads_by_address(const struct mm_machine *machine)
{
	return machine->settings.swap_vma_readahead &&
	       machine->settings.swap_device == MM_SWAP_NO_SEEKS;
}

uint32_t mm_area_window(struct mm_machine *machine, uint32_t page, uint32_t space, uint32_t *pages)
{
	uint32_t cluster = machine->settings.page_cluster, here = address(machine, page);
	uint32_t i = area_of(machine, page), first, before, nr = 0, last, window;
	struct mm_area *area = area_in(machine, page, space);

	if (cluster == 0 || !area)
		return 0;
	last = area->last;
	area->window = mm_swap_ahead(last, here, area->hits, area->window,
	                             1u << (cluster < MAX_CLUSTER ? cluster : MAX_CLUSTER));
	area->last = here;
	area->hits = 0;
	window = area->window;
	if (window == 1)
		return 0;
	if (here == last + 1)
		before = 0;
	else if (last == here + 1)
		before = window - 1;
	else
		before = (window - 1) / 2;
	here &= INDEX_MASK;
	first = here > before ? here - before : 0;
	for (uint32_t index = first; index < MM_TABLE_ENTRIES && index + before < here + window;
	     index++) {
		uint32_t other = page_beside(machine, page, index);

		if (other != MM_NONE && is_in_swap(machine, other) && area_of(machine, other) == i)
			pages[nr++] = other;
	}
	return nr;
}

void mm_area_hit(struct mm_machine *machine, uint32_t page, uint32_t space, bool ahead)
{
	struct mm_area *area = area_in(machine, page, space);

	if (!area)
		return;
	area->last = address(machine, page);
	if (ahead && area->hits < MAX_HITS)
		area->hits++;
}
