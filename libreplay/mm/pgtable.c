/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page tables: which anonymous pages a walk, or a look around one of them, meets together.
 *
 * A table is what one page-table page maps: 512 places of an address space, in address order. Whoever drives
 * the machine says where a page is touched first (mm_place_lpage()); it keeps its place, in memory or in swap,
 * until its contents are gone. A page that has been placed nowhere, because its address is not known or because it is of a
 * file, has those beside it whose numbers are near. Huge pages have numbers in address order anyway.
 *
 * State: of each logical page its place, 4 bytes; of each table 2 KiB, half of what the real one takes. Nothing
 * where it was not asked for (mm_tables_enable()).
 *
 * Follows what walk_pte_range() and lru_gen_look_around() of v6.12 go through.
 *
 * Not modelled: several address spaces that map a page; it has its place in the one that touched it first.
 */
#include "internal.h"

#include <string.h>

#include "alloc.h"
#include "error_set.h"

#define INDEX_MASK  (MM_TABLE_ENTRIES - 1)
#define NUMBER_BITS 23 /* of a place */
#define MAX_TABLES  ((1u << NUMBER_BITS) - 1)

static_assert(MM_TABLE_SHIFT + NUMBER_BITS == 32, "a place fits into its word");

int mm_tables_enable(struct mm_machine *machine, struct mmr_error *err)
{
	machine->tables.reads_alone = base_calloc(MM_MAX_FILES / 8, 1);
	if (!machine->tables.reads_alone)
		return base_error(err, MMR_E_NOMEM, "no memory for what files are mapped");
	machine->tables.on = true;
	machine->tables.free = MM_NONE;
	return mm_tables_reserve(machine, machine->nr_lpages, err);
}

int mm_tables_reserve(struct mm_machine *machine, uint32_t nr_lpages, struct mmr_error *err)
{
	struct mm_page_tables *tables = &machine->tables;
	void *places = tables->places;

	if (!tables->on || nr_lpages <= tables->nr_places)
		return 0;
	if (base_grow(&places, tables->nr_places, nr_lpages, sizeof(*tables->places), 0xff) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for the places of %u pages",
		                  nr_lpages);
	tables->places = places;
	tables->nr_places = nr_lpages;
	return 0;
}

void mm_tables_destroy(struct mm_machine *machine)
{
	for (uint32_t i = 0; i < machine->tables.nr_tables; i++)
		base_free(machine->tables.items[i]);
	base_free(machine->tables.items);
	base_free(machine->tables.heads);
	base_free(machine->tables.places);
	base_free(machine->tables.reads_alone);
}

uint32_t mm_place(const struct mm_machine *machine, uint32_t page)
{
	return page < machine->tables.nr_places ? machine->tables.places[page] : MM_NONE;
}

/* ---- tables by space and address ---- */

static uint32_t *head_of(const struct mm_page_tables *tables, uint32_t space, uint32_t area)
{
	uint32_t hash = (area ^ space * 0x9e3779b1u) * 0x85ebca6bu;

	return &tables->heads[(hash ^ hash >> 15) & tables->mask];
}

static uint32_t find_table(const struct mm_page_tables *tables, uint32_t space, uint32_t area)
{
	uint32_t number = tables->heads ? *head_of(tables, space, area) : MM_NONE;

	while (number != MM_NONE &&
	       (tables->items[number]->space != space || tables->items[number]->area != area))
		number = tables->items[number]->next;
	return number;
}

static void link_table(struct mm_page_tables *tables, uint32_t number)
{
	struct mm_page_table *table = tables->items[number];
	uint32_t *head = head_of(tables, table->space, table->area);

	table->next = *head;
	*head = number;
}

/* Room for one table more; there are as many heads as tables at least. */
static bool grow(struct mm_page_tables *tables)
{
	uint32_t room = tables->room ? 2 * tables->room : 64;
	void *items = tables->items;
	uint32_t *heads;

	if (tables->nr_tables < tables->room)
		return true;
	heads = base_calloc(room, sizeof(*heads));
	if (!heads || base_resize(&items, room, sizeof(struct mm_page_table *)) < 0) {
		base_free(heads);
		return false;
	}
	base_free(tables->heads);
	tables->items = items;
	tables->heads = heads;
	tables->room = room;
	tables->mask = room - 1;
	memset(heads, 0xff, room * sizeof(*heads));
	for (uint32_t i = 0; i < tables->nr_tables; i++) {
		if (tables->items[i]->nr > 0)
			link_table(tables, i);
	}
	return true;
}

/* An empty one, in no list; MM_NONE: there is no memory, or there are too many. */
static uint32_t take_table(struct mm_page_tables *tables)
{
	uint32_t number = tables->free;

	if (number != MM_NONE) {
		tables->free = tables->items[number]->next;
		return number;
	}
	if (tables->nr_tables >= MAX_TABLES || !grow(tables))
		return MM_NONE;
	number = tables->nr_tables;
	tables->items[number] = base_calloc(1, sizeof(struct mm_page_table));
	if (!tables->items[number])
		return MM_NONE;
	memset(tables->items[number]->pages, 0xff, sizeof(tables->items[number]->pages));
	tables->nr_tables++;
	return number;
}

static void give_back(struct mm_page_tables *tables, uint32_t number)
{
	struct mm_page_table *table = tables->items[number];
	uint32_t *link = head_of(tables, table->space, table->area);

	while (*link != number)
		link = &tables->items[*link]->next;
	*link = table->next;
	table->next = tables->free;
	tables->free = number;
}

/* ---- places ---- */

void mm_unplace_lpage(struct mm_machine *machine, uint32_t page)
{
	struct mm_page_tables *tables = &machine->tables;
	uint32_t place = mm_place(machine, page);
	struct mm_page_table *table;

	if (place == MM_NONE)
		return;
	table = tables->items[place >> MM_TABLE_SHIFT];
	table->pages[place & INDEX_MASK] = MM_NONE;
	tables->places[page] = MM_NONE;
	if (--table->nr == 0)
		give_back(tables, place >> MM_TABLE_SHIFT);
}

void mm_place_lpage(struct mm_machine *machine, uint32_t page, uint32_t space, uint32_t vpn)
{
	struct mm_page_tables *tables = &machine->tables;
	uint32_t area = vpn >> MM_TABLE_SHIFT, index = vpn & INDEX_MASK, number;
	struct mm_page_table *table;

	if (page >= tables->nr_places || tables->places[page] != MM_NONE)
		return;
	number = find_table(tables, space, area);
	if (number == MM_NONE) {
		number = take_table(tables);
		if (number == MM_NONE)
			return; /* its number will do */
		tables->items[number]->space = space;
		tables->items[number]->area = area;
		link_table(tables, number);
	} else if (tables->items[number]->pages[index] != MM_NONE) {
		/* Whatever was there is there no more; its table stays, for the sake of the new one. */
		tables->places[tables->items[number]->pages[index]] = MM_NONE;
		tables->items[number]->nr--;
	}
	table = tables->items[number];
	table->pages[index] = page;
	table->nr++;
	tables->places[page] = number << MM_TABLE_SHIFT | index;
}

bool mm_has_table(const struct mm_machine *machine, uint32_t space, uint32_t area)
{
	return find_table(&machine->tables, space, area) != MM_NONE;
}

uint32_t mm_lpage_at(const struct mm_machine *machine, uint32_t space, uint32_t vpn)
{
	const struct mm_page_tables *tables = &machine->tables;
	uint32_t number = find_table(tables, space, vpn >> MM_TABLE_SHIFT);

	return number == MM_NONE ? MM_NONE : tables->items[number]->pages[vpn & INDEX_MASK];
}

void mm_place_copy(struct mm_machine *machine, uint32_t page, uint32_t space, uint32_t source)
{
	uint32_t place = mm_place(machine, source);

	if (place != MM_NONE)
		mm_place_lpage(machine, page, space,
		               machine->tables.items[place >> MM_TABLE_SHIFT]->area
		                               << MM_TABLE_SHIFT |
		                       (place & INDEX_MASK));
}
