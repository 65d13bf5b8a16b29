/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The huge zero page: what reads of huge areas find that nobody has written to.
 *
 * The first such read allocates it, an unmovable block, as hard as can be; every address space that has it mapped holds it until
 * it ends. When only the shrinker holds it, reclaim has it freed. A write to an area that it is mapped in gets a base page,
 * as the area's page table is full of zero pages then; from 6.13 on it gets a huge page.
 *
 * State: the page and how many hold it; of each space whether it does, and the areas that it is mapped in.
 *
 * Follows get_huge_zero_page(), mm_get_huge_zero_folio(), shrink_huge_zero_page_scan(), do_huge_pmd_anonymous_page(), do_huge_pmd_wp_page() of v6.12.
 *
 * Not modelled: areas that a fork shares; the zero page itself, which the recording's faults stand for.
 */
#include "internal.h"

static struct mm_huge_space *space_of(struct mm_machine *machine, uint32_t space)
{
	return space > 0 && space < machine->huge.nr_spaces ? &machine->huge.spaces[space] : NULL;
}

static bool get(struct mm_machine *machine, const struct mm_request *request)
{
	struct mm_huge_zero *zero = &machine->huge.zero;
	struct mm_request huge = *request;
	uint32_t pfn;

	if (zero->refs > 0) {
		zero->refs++;
		return true;
	}
	huge.order = MM_PAGEBLOCK_ORDER;
	huge.gfp_flags = (MM_GFP_TRANSHUGE | MM_GFP_ZERO) & ~MM_GFP_MOVABLE;
	pfn = mm_alloc_pages(machine, &huge);
	if (pfn == MM_NONE) {
		mm_count(machine, MM_THP_ZERO_PAGE_ALLOC_FAILED, 1);
		return false;
	}
	/* Somebody else may have got it meanwhile. */
	if (zero->refs > 0) {
		mm_free_pages(machine, machine->current.cpu, pfn);
		zero->refs++;
		return true;
	}
	zero->pfn = pfn;
	zero->refs = 2;
	mm_count(machine, MM_THP_ZERO_PAGE_ALLOC, 1);
	return true;
}

bool mm_huge_zero_maps(const struct mm_machine *machine, uint32_t number, uint32_t area)
{
	const struct mm_number_vec *areas;

	if (number == 0 || number >= machine->huge.nr_spaces)
		return false;
	areas = &machine->huge.spaces[number].zero_areas;
	for (size_t i = 0; i < areas->count; i++)
		if (areas->items[i] == area)
			return true;
	return false;
}

void mm_read_huge_area(struct mm_machine *machine, const struct mm_request *request, uint32_t area)
{
	struct mm_huge_space *space = space_of(machine, request->space);

	if (!space || mm_huge_zero_maps(machine, request->space, area) ||
	    mm_huge_chunk(machine, request->space, area) != MM_NONE)
		return;
	machine->current.cpu = (uint16_t)(request->cpu % machine->nr_cpus);
	mm_khugepaged_enter(machine, request->space);
	if (!get(machine, request)) {
		mm_count(machine, MM_THP_FAULT_FALLBACK, 1);
		return;
	}
	/* A wait may have moved it. */
	space = space_of(machine, request->space);
	if (!space || space->holds_zero)
		machine->huge.zero.refs--;
	if (!space)
		return;
	space->holds_zero = true;
	if (mm_number_vec_push(&space->zero_areas, area) < 0)
		machine->lacks = "areas of the huge zero page";
}

void mm_huge_zero_cut(struct mm_huge_space *space, uint32_t first, uint32_t end)
{
	size_t nr = 0;

	for (size_t i = 0; i < space->zero_areas.count; i++) {
		uint32_t area = space->zero_areas.items[i];

		if (area < first || area >= end)
			space->zero_areas.items[nr++] = area;
	}
	space->zero_areas.count = nr;
}

void mm_huge_zero_end(struct mm_machine *machine, struct mm_huge_space *space)
{
	if (space->holds_zero)
		machine->huge.zero.refs--;
	space->holds_zero = false;
	mm_number_vec_deinit(&space->zero_areas);
}

void mm_huge_zero_scan(struct mm_machine *machine, const struct mm_scan_control *sc)
{
	struct mm_huge_zero *zero = &machine->huge.zero;

	if (zero->refs != 1 ||
	    mm_nr_to_scan(&zero->nr_deferred, MM_PAGEBLOCK_PAGES, sc->priority) == 0)
		return;
	zero->refs = 0;
	zero->nr_deferred = 0;
	mm_count(machine, MM_SLABS_SCANNED, MM_PAGEBLOCK_PAGES);
	mm_free_pages(machine, sc->cpu, zero->pfn);
}
