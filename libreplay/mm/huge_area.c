/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where huge pages can be: the 2 MiB ranges of address spaces that an anonymous VMA covers, what madvise() said of
 * them, and which base pages lie in them.
 *
 * An area is an address >> 21. Whoever drives the machine says which areas of a space a VMA covers, and of a base
 * page that has 511 others beside it by number in which area it is; so the pages of an area are 512 consecutive
 * numbers, its chunk. A space that is copied (fork) has the same ranges, and borrows the pages (huge_share.c).
 *
 * State: the ranges of each space, ascending; of each chunk its space and area, 28 bytes, and a hash table of them.
 *
 * Follows hugepage_vma_check() and thp_vma_allowable_order() of v6.1 and v6.12, as far as demand does (room in the
 * VMA, its flags), vma_thp_gfp_mask(), alloc_hugepage_khugepaged_gfpmask().
 *
 * Not modelled: PR_SET_THP_DISABLE.
 */
#include "internal.h"

#include "alloc.h"
#include "error_set.h"

#define MIN_HEADS 64u

static uint32_t *head_of(const struct mm_huge_areas *areas, uint32_t space, uint32_t area)
{
	uint32_t hash = (area ^ space * 0x9e3779b1u) * 0x85ebca6bu;

	return &areas->heads[(hash ^ hash >> 15) & areas->mask];
}

int mm_huge_areas_reserve(struct mm_machine *machine, uint32_t nr_lpages, struct mmr_error *err)
{
	struct mm_huge_areas *areas = &machine->huge;
	uint32_t nr = nr_lpages / MM_PAGEBLOCK_PAGES, nr_heads = MIN_HEADS;
	void *chunks = areas->chunks;
	uint32_t *heads;

	if (nr <= areas->nr_chunks)
		return 0;
	while (nr_heads < nr)
		nr_heads *= 2;
	heads = base_calloc(nr_heads, sizeof(*heads));
	if (!heads || base_resize(&chunks, nr, sizeof(*areas->chunks)) < 0) {
		base_free(heads);
		return base_error(err, MMR_E_NOMEM, "no memory for the areas of %u pages",
		                  nr_lpages);
	}
	areas->chunks = chunks;
	for (uint32_t i = areas->nr_chunks; i < nr; i++)
		areas->chunks[i] = (struct mm_huge_chunk){ .area = MM_NONE };
	areas->nr_chunks = nr;
	base_free(areas->heads);
	areas->heads = heads;
	areas->mask = nr_heads - 1;
	memset(heads, 0xff, nr_heads * sizeof(*heads));
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t *head = head_of(areas, areas->chunks[i].space, areas->chunks[i].area);

		if (areas->chunks[i].area == MM_NONE)
			continue;
		areas->chunks[i].next = *head;
		*head = i;
	}
	return 0;
}

int mm_huge_spaces_reserve(struct mm_machine *machine, uint32_t nr_spaces, struct mmr_error *err)
{
	struct mm_huge_areas *areas = &machine->huge;
	void *spaces = areas->spaces;

	if (nr_spaces <= areas->nr_spaces)
		return 0;
	if (base_grow(&spaces, areas->nr_spaces, nr_spaces, sizeof(*areas->spaces), 0) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for %u address spaces", nr_spaces);
	areas->spaces = spaces;
	areas->nr_spaces = nr_spaces;
	return 0;
}

void mm_huge_areas_destroy(struct mm_machine *machine)
{
	for (uint32_t i = 0; i < machine->huge.nr_spaces; i++) {
		mm_huge_range_vec_deinit(&machine->huge.spaces[i].ranges);
		mm_huge_loan_vec_deinit(&machine->huge.spaces[i].loans);
		mm_number_vec_deinit(&machine->huge.spaces[i].zero_areas);
		mm_huge_map_vec_deinit(&machine->huge.spaces[i].maps);
		mm_file_place_vec_deinit(&machine->huge.spaces[i].files);
	}
	base_free(machine->huge.spaces);
	base_free(machine->huge.chunks);
	base_free(machine->huge.heads);
}

/* ---- ranges ---- */

/* Takes [first, end) out of them. false: there is no memory. */
static bool cut(struct mm_huge_range_vec *ranges, uint32_t first, uint32_t end)
{
	size_t to = 0;

	/* Of a range that loses its middle both ends stay. */
	for (size_t i = 0; i < ranges->count; i++) {
		struct mm_huge_range range = ranges->items[i];

		if (range.first >= first || range.end <= end)
			continue;
		if (mm_huge_range_vec_push(ranges, range) < 0)
			return false;
		for (size_t k = ranges->count - 1; k > i + 1; k--)
			ranges->items[k] = ranges->items[k - 1];
		ranges->items[i].end = first;
		ranges->items[i + 1] = range;
		ranges->items[i + 1].first = end;
		return true;
	}
	for (size_t i = 0; i < ranges->count; i++) {
		struct mm_huge_range range = ranges->items[i];

		if (range.first < end && range.end > first) {
			if (range.first < first)
				range.end = first;
			else
				range.first = end;
		}
		if (range.first < range.end)
			ranges->items[to++] = range;
	}
	ranges->count = to;
	return true;
}

/* What is there has been taken away. */
static bool put(struct mm_huge_range_vec *ranges, struct mm_huge_range range)
{
	size_t at = 0;

	while (at < ranges->count && ranges->items[at].end < range.first)
		at++;
	/* Often a heap grows. */
	if (at < ranges->count && ranges->items[at].end == range.first &&
	    ranges->items[at].advice == range.advice) {
		ranges->items[at].end = range.end;
		return true;
	}
	while (at < ranges->count && ranges->items[at].first < range.first)
		at++;
	if (mm_huge_range_vec_push(ranges, range) < 0)
		return false;
	for (size_t k = ranges->count - 1; k > at; k--)
		ranges->items[k] = ranges->items[k - 1];
	ranges->items[at] = range;
	return true;
}

bool mm_ranges_set(struct mm_huge_range_vec *ranges, const struct mm_huge_range *range)
{
	return cut(ranges, range->first, range->end) &&
	       (range->advice == MM_ADVICE_GONE || put(ranges, *range));
}

void mm_set_huge_range(struct mm_machine *machine, uint32_t space, uint32_t first, uint32_t nr,
                       enum mm_advice advice)
{
	const struct mm_huge_range range = { .first = first,
		                             .end = first + nr,
		                             .advice = (uint8_t)advice };

	if (space == 0 || space >= machine->huge.nr_spaces || nr == 0 || range.end < first)
		return;
	if (advice == MM_ADVICE_GONE)
		mm_huge_zero_cut(&machine->huge.spaces[space], first, range.end);
	if (!mm_ranges_set(&machine->huge.spaces[space].ranges, &range)) {
		machine->lacks = "areas of huge pages";
		return;
	}
	if (advice != MM_ADVICE_GONE)
		mm_khugepaged_advised(machine, space, &range);
}

void mm_huge_space_copy(struct mm_machine *machine, uint32_t to, uint32_t from)
{
	const struct mm_huge_range_vec *source = &machine->huge.spaces[from].ranges;

	for (size_t i = 0; i < source->count; i++) {
		if (mm_huge_range_vec_push(&machine->huge.spaces[to].ranges, source->items[i]) < 0)
			machine->lacks = "areas of huge pages";
	}
	mm_file_space_copy(machine, to, from);
	mm_huge_fork(machine, to, from);
	if (machine->huge.spaces[from].registered)
		mm_khugepaged_enter(machine, to);
}

/* ---- pages ---- */

static void unlink_chunk(struct mm_machine *machine, uint32_t number)
{
	struct mm_huge_areas *areas = &machine->huge;
	struct mm_huge_chunk *chunk = &areas->chunks[number];
	uint32_t *link;

	if (chunk->area == MM_NONE)
		return;
	mm_huge_chunk_given(machine, number);
	for (link = head_of(areas, chunk->space, chunk->area); *link != number;)
		link = &areas->chunks[*link].next;
	*link = chunk->next;
	chunk->area = MM_NONE;
	chunk->shared = false;
}

void mm_huge_space_end(struct mm_machine *machine, uint32_t space)
{
	struct mm_huge_space *ended = &machine->huge.spaces[space];

	mm_khugepaged_exit(machine, space);
	mm_huge_zero_end(machine, ended);
	mm_shmem_space_end(machine, space);
	mm_huge_give_back(machine, space);
	while (ended->chunks != 0)
		unlink_chunk(machine, ended->chunks - 1);
	mm_huge_range_vec_deinit(&ended->ranges);
	mm_file_place_vec_deinit(&ended->files);
}

uint32_t mm_huge_chunk(const struct mm_machine *machine, uint32_t space, uint32_t area)
{
	const struct mm_huge_areas *areas = &machine->huge;
	uint32_t number = areas->heads ? *head_of(areas, space, area) : MM_NONE;

	while (number != MM_NONE &&
	       (areas->chunks[number].space != space || areas->chunks[number].area != area))
		number = areas->chunks[number].next;
	if (number == MM_NONE && space < areas->nr_spaces && areas->spaces[space].files.count > 0)
		number = mm_file_chunk(&areas->spaces[space], area);
	return number;
}

void mm_place_huge(struct mm_machine *machine, uint32_t page, uint32_t space, uint32_t area)
{
	struct mm_huge_areas *areas = &machine->huge;
	uint32_t number = page / MM_PAGEBLOCK_PAGES, other;
	struct mm_huge_chunk *chunk;

	if (space == 0 || number >= areas->nr_chunks)
		return;
	chunk = &areas->chunks[number];
	if (chunk->space == space && chunk->area == area)
		return;
	unlink_chunk(machine, number);
	other = mm_huge_chunk(machine, space, area);
	if (other != MM_NONE)
		unlink_chunk(machine, other);
	chunk->of_file = false;
	chunk->space = space;
	chunk->area = area;
	chunk->next = *head_of(areas, space, area);
	*head_of(areas, space, area) = number;
	mm_huge_chunk_taken(machine, number);
}

const struct mm_huge_range *mm_huge_range_at(const struct mm_machine *machine, uint32_t space,
                                             uint32_t area)
{
	const struct mm_huge_range_vec *ranges = &machine->huge.spaces[space].ranges;

	for (size_t i = 0; i < ranges->count; i++)
		if (ranges->items[i].first <= area && area < ranges->items[i].end)
			return &ranges->items[i];
	return NULL;
}

void mm_unplace_huge(struct mm_machine *machine, uint32_t chunk, uint32_t space, uint32_t area)
{
	const struct mm_huge_chunk *placed = &machine->huge.chunks[chunk];

	if (placed->space == space && placed->area == area)
		unlink_chunk(machine, chunk);
}

/* ---- how hard a request tries ---- */

bool mm_huge_admits(const struct mm_settings *settings, enum mm_advice advice)
{
	if (advice == MM_ADVICE_NOHUGE || advice == MM_ADVICE_GONE)
		return false;
	return settings->thp_enabled == MM_THP_ALWAYS ||
	       (settings->thp_enabled == MM_THP_MADVISE && advice == MM_ADVICE_HUGE);
}

uint32_t mm_huge_gfp(const struct mm_settings *settings, enum mm_advice advice)
{
	bool advised = advice == MM_ADVICE_HUGE;

	switch ((enum mm_thp_defrag)settings->thp_defrag) {
	case MM_DEFRAG_ALWAYS:
		return MM_GFP_TRANSHUGE | (advised ? 0 : MM_GFP_NORETRY);
	case MM_DEFRAG_DEFER:
		return MM_GFP_TRANSHUGE_LIGHT | MM_GFP_KSWAPD_RECLAIM;
	case MM_DEFRAG_DEFER_MADVISE:
		return MM_GFP_TRANSHUGE_LIGHT |
		       (advised ? MM_GFP_DIRECT_RECLAIM : MM_GFP_KSWAPD_RECLAIM);
	case MM_DEFRAG_MADVISE:
		return advised ? MM_GFP_TRANSHUGE : MM_GFP_TRANSHUGE_LIGHT;
	case MM_DEFRAG_NEVER:
		break;
	}
	return MM_GFP_TRANSHUGE_LIGHT;
}
