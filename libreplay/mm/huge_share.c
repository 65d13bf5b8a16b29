/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which pages of an area address spaces have in common since a fork, as far as khugepaged asks.
 *
 * A fork copies page tables: the child has the parent's pages until it writes to them, or the parent does, and neither may write
 * without a fault. Here a child borrows what there is in its parent's areas, and what the parent has borrowed; a loan is a bit
 * for each page of an area. It ends with the page, with the child's own copy of it, and with the child's address space.
 *
 * State: the loans of each space, by the area's numbers; of each chunk how many have borrowed from it, and whether all its
 * entries are still write-protected.
 *
 * Follows copy_present_ptes(), folio_likely_mapped_shared() and what hpage_collapse_scan_pmd() makes of it in v6.12.
 *
 * Not modelled: parts of areas that a child unmaps; copies that a child makes, which lie in none of its areas; what is left to the
 * others when a shared page goes into one's huge page.
 */
#include "huge_memory.h"
#include "internal.h"

#include "error_set.h"

static struct mm_huge_loan *loan_of(const struct mm_huge_space *space, uint32_t chunk)
{
	size_t low = 0, high = space->loans.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (space->loans.items[middle].chunk < chunk)
			low = middle + 1;
		else
			high = middle;
	}
	return low < space->loans.count && space->loans.items[low].chunk == chunk
	               ? &space->loans.items[low]
	               : NULL;
}

/* At its place among the others; of no page there is none. */
static void lend(struct mm_machine *machine, uint32_t to, const struct mm_huge_loan *loan)
{
	struct mm_huge_loan_vec *loans = &machine->huge.spaces[to].loans;
	uint64_t any = 0;
	size_t at;

	for (uint32_t i = 0; i < MM_AREA_WORDS; i++)
		any |= loan->pages[i];
	if (any == 0)
		return;
	if (mm_huge_loan_vec_push(loans, *loan) < 0) {
		machine->lacks = "pages that processes share";
		return;
	}
	for (at = loans->count - 1; at > 0 && loans->items[at - 1].chunk > loan->chunk; at--)
		loans->items[at] = loans->items[at - 1];
	loans->items[at] = *loan;
	machine->huge.chunks[loan->chunk].nr_loans++;
	machine->huge.nr_loans++;
}

/* What is mapped of an area: pages and parts of folios that have not ended. */
static struct mm_huge_loan contents_of(struct mm_machine *machine, uint32_t chunk)
{
	struct mm_huge_loan loan = { .chunk = chunk, .area = machine->huge.chunks[chunk].area };

	for (uint32_t i = 0; i < MM_PAGEBLOCK_PAGES; i++) {
		uint32_t number = chunk * MM_PAGEBLOCK_PAGES + i;
		const struct mm_lpage *folio = mm_lpage(machine, mm_whole_page(machine, number));
		uint8_t ended = mm_lpage(machine, number)->flags & (MM_LP_GONE | MM_LP_HOLE);

		if (folio->kind == MM_LPAGE_ANON && ended != MM_LP_GONE)
			loan.pages[i / 64] |= UINT64_C(1) << i % 64;
	}
	return loan;
}

void mm_huge_fork(struct mm_machine *machine, uint32_t to, uint32_t from)
{
	struct mm_huge_areas *areas = &machine->huge;

	for (uint32_t link = areas->spaces[from].chunks; link != 0;
	     link = areas->chunks[link - 1].next_of_space) {
		const struct mm_huge_loan loan = contents_of(machine, link - 1);

		/* What is mapped for all of them is nobody's. */
		if (areas->chunks[link - 1].shared)
			continue;
		lend(machine, to, &loan);
		areas->nr_read_only += !areas->chunks[link - 1].read_only;
		areas->chunks[link - 1].read_only = true;
	}
	for (size_t i = 0; i < areas->spaces[from].loans.count; i++)
		lend(machine, to, &areas->spaces[from].loans.items[i]);
}

void mm_huge_give_back(struct mm_machine *machine, uint32_t space)
{
	struct mm_huge_loan_vec *loans = &machine->huge.spaces[space].loans;

	for (size_t i = 0; i < loans->count; i++)
		machine->huge.chunks[loans->items[i].chunk].nr_loans--;
	machine->huge.nr_loans -= (uint32_t)loans->count;
	mm_huge_loan_vec_deinit(loans);
}

static void end_loan(struct mm_huge_space *space, uint32_t number, uint32_t nr)
{
	struct mm_huge_loan *loan = loan_of(space, number / MM_PAGEBLOCK_PAGES);

	for (uint32_t i = number % MM_PAGEBLOCK_PAGES; loan && nr > 0; i++, nr--)
		loan->pages[i / 64] &= ~(UINT64_C(1) << i % 64);
}

void mm_huge_copied(struct mm_machine *machine, uint32_t space, uint32_t source)
{
	if (machine->huge.nr_loans > 0 && space < machine->huge.nr_spaces)
		end_loan(&machine->huge.spaces[space], source, 1);
}

void mm_huge_recall(struct mm_machine *machine, uint32_t number, uint32_t nr)
{
	const struct mm_huge_areas *areas = &machine->huge;
	uint32_t chunk = number / MM_PAGEBLOCK_PAGES;

	if (areas->nr_loans == 0 || chunk >= areas->nr_chunks || areas->chunks[chunk].nr_loans == 0)
		return;
	for (uint32_t space = 0; space < areas->nr_spaces; space++)
		end_loan(&areas->spaces[space], number, nr);
}

void mm_huge_written(struct mm_machine *machine, uint32_t number)
{
	struct mm_huge_areas *areas = &machine->huge;
	uint32_t chunk = number / MM_PAGEBLOCK_PAGES;

	if (chunk >= areas->nr_chunks || !areas->chunks[chunk].read_only)
		return;
	areas->chunks[chunk].read_only = false;
	areas->nr_read_only--;
}

void mm_huge_lent(const struct mm_machine *machine, uint32_t chunk, uint64_t pages[MM_AREA_WORDS])
{
	const struct mm_huge_areas *areas = &machine->huge;

	for (uint32_t i = 0; i < MM_AREA_WORDS; i++)
		pages[i] = 0;
	if (areas->chunks[chunk].nr_loans == 0)
		return;
	for (uint32_t space = 0; space < areas->nr_spaces; space++) {
		const struct mm_huge_loan *loan = loan_of(&areas->spaces[space], chunk);

		for (uint32_t i = 0; loan && i < MM_AREA_WORDS; i++)
			pages[i] |= loan->pages[i];
	}
}

uint32_t mm_huge_borrowed(const struct mm_machine *machine, uint32_t space, uint32_t area)
{
	const struct mm_huge_loan_vec *loans = &machine->huge.spaces[space].loans;
	uint32_t nr = 0;

	for (size_t i = 0; i < loans->count; i++) {
		if (loans->items[i].area != area)
			continue;
		for (uint32_t k = 0; k < MM_AREA_WORDS; k++)
			nr += (uint32_t)__builtin_popcountll(loans->items[i].pages[k]);
	}
	return nr;
}

/* ---- which chunks a space has ---- */

void mm_huge_chunk_taken(struct mm_machine *machine, uint32_t number)
{
	struct mm_huge_areas *areas = &machine->huge;
	struct mm_huge_chunk *chunk = &areas->chunks[number];
	uint32_t *first;

	if (chunk->space >= areas->nr_spaces)
		return;
	first = &areas->spaces[chunk->space].chunks;
	chunk->prev_of_space = 0;
	chunk->next_of_space = *first;
	if (*first != 0)
		areas->chunks[*first - 1].prev_of_space = number + 1;
	*first = number + 1;
}

void mm_huge_chunk_given(struct mm_machine *machine, uint32_t number)
{
	struct mm_huge_areas *areas = &machine->huge;
	struct mm_huge_chunk *chunk = &areas->chunks[number];

	if (chunk->space >= areas->nr_spaces)
		return;
	mm_huge_recall(machine, number * MM_PAGEBLOCK_PAGES, MM_PAGEBLOCK_PAGES);
	mm_huge_written(machine, number * MM_PAGEBLOCK_PAGES);
	if (chunk->prev_of_space != 0)
		areas->chunks[chunk->prev_of_space - 1].next_of_space = chunk->next_of_space;
	else
		areas->spaces[chunk->space].chunks = chunk->next_of_space;
	if (chunk->next_of_space != 0)
		areas->chunks[chunk->next_of_space - 1].prev_of_space = chunk->prev_of_space;
}

int mm_huge_share_check(const struct mm_machine *machine, struct mmr_error *err)
{
	const struct mm_huge_areas *areas = &machine->huge;
	uint32_t nr_loans = 0, nr_lent = 0, nr_read_only = 0;

	for (uint32_t i = 0; i < areas->nr_spaces; i++)
		nr_loans += (uint32_t)areas->spaces[i].loans.count;
	for (uint32_t i = 0; i < areas->nr_chunks; i++) {
		uint64_t pages[MM_AREA_WORDS];

		nr_lent += areas->chunks[i].nr_loans;
		nr_read_only += areas->chunks[i].read_only;
		mm_huge_lent(machine, i, pages);
		for (uint32_t k = 0; k < MM_PAGEBLOCK_PAGES; k++)
			if ((pages[k / 64] >> k % 64 & 1) &&
			    !mm_lpage_is_known(machine, i * MM_PAGEBLOCK_PAGES + k))
				return base_error(err, MMR_E_INTERNAL,
				                  "page %u is borrowed and is not there",
				                  i * MM_PAGEBLOCK_PAGES + k);
	}
	if (nr_loans != areas->nr_loans || nr_lent != nr_loans ||
	    nr_read_only != areas->nr_read_only)
		return base_error(
			err, MMR_E_INTERNAL,
			"%u loans, %u counted, %u of chunks; %u areas write-protected, not %u",
			nr_loans, areas->nr_loans, nr_lent, nr_read_only, areas->nr_read_only);
	return 0;
}
