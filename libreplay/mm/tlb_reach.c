/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How far the TLB's entries reach: of the pages that were used within a window of time, for how many a level has room
 * at the same time.
 *
 * Where in time each of millions of accesses was, no recording tells; which pages were used within a second, it tells as
 * well as its faults and samples do. So this counts no misses. It counts the entries that the used pages need, puts each
 * into the set that its address selects, and adds up what the sets hold: what is beyond that has to be fetched again
 * and again if all are used in turn. Once with the pages as they are mapped (a huge page has one entry), and as if all
 * of them were mapped by entries of 4 KiB, 2 MiB, 1 GiB.
 *
 * Each space has the TLB for itself, as if it ran on a CPU of its own.
 *
 * Not modelled: caches of upper page-table levels; entries that hardware or contiguous bits merge; pages of files; which
 * thread used what.
 */
#include <stdlib.h>
#include <string.h>

#include "huge_area.h"
#include "huge_memory.h"
#include "internal.h"
#include "tlb_state.h"

#define INDEX_BITS 9

uint32_t mm_tlb_vpn(const struct mm_machine *machine, uint32_t page)
{
	uint32_t place = mm_place(machine, page), chunk = page >> INDEX_BITS;

	if (place != MM_NONE)
		return machine->tables.items[place >> MM_TABLE_SHIFT]->area << MM_TABLE_SHIFT |
		       (place & (MM_TABLE_ENTRIES - 1));
	if (chunk < machine->huge.nr_chunks && machine->huge.chunks[chunk].area != MM_NONE)
		return machine->huge.chunks[chunk].area << INDEX_BITS |
		       (page & ((1u << INDEX_BITS) - 1));
	return MM_NONE;
}

static uint8_t mapped_order(const struct mm_machine *machine, uint32_t whole)
{
	const struct mm_lpage *lpage = mm_lpage(machine, whole);

	return lpage->order == MM_PAGEBLOCK_ORDER && !(lpage->flags & MM_LP_PTE_MAPPED)
	               ? MM_PAGEBLOCK_ORDER
	               : 0;
}

/* Whoever uses it first, or after the first has ended. */
static void map(struct mm_tlb *tlb, uint32_t page, uint32_t space)
{
	struct mm_tlb_page *p = &tlb->pages[page];

	if (p->mapper != 0 && p->mapper < tlb->nr_spaces && tlb->spaces[p->mapper].context != 0)
		return;
	p->mapper = space;
	p->born = tlb->nr_forks;
	p->left = 0;
}

void mm_tlb_used(struct mm_machine *machine, uint32_t page, uint32_t order, uint32_t space)
{
	struct mm_tlb *tlb = machine->tlb;
	struct mm_tlb_use use = { .space = space };
	uint32_t whole;

	if (page >= tlb->nr_pages || 1u << order > tlb->nr_pages - page)
		return;
	whole = mm_whole_page(machine, page);
	for (uint32_t i = 0; space != 0 && i < 1u << order; i++)
		map(tlb, page + i, space);
	/* Samples do not tell whose. */
	use.space = space != 0                ? space
	            : tlb->pages[page].mapper ? tlb->pages[page].mapper
	                                      : tlb->pages[whole].mapper;
	if (use.space == 0 || tlb->pages[page].window == tlb->window)
		return;
	tlb->pages[page].window = tlb->window;
	use.vpn = mm_tlb_vpn(machine, page);
	use.order = mapped_order(machine, whole);
	if (use.vpn != MM_NONE && mm_tlb_use_vec_push(&tlb->uses, use) < 0)
		machine->lacks = "the pages used within a window of the TLB";
}

/* ---- a window ---- */

static int by_address(const void *a, const void *b)
{
	const struct mm_tlb_use *x = a, *y = b;

	if (x->space != y->space)
		return x->space < y->space ? -1 : 1;
	return x->vpn < y->vpn ? -1 : x->vpn > y->vpn;
}

/* Entries of 1 << shift pages, into one array, for the uses of one space. */
struct pass {
	const struct mm_tlb_array *array;
	uint32_t nr_sets;
	uint32_t shift; /* of an entry's number, from the vpn */
	uint64_t *held;
	uint64_t *needed; /* NULL: counted already */
};

static void begin_pass(const struct mm_tlb *tlb, struct pass *pass)
{
	uint32_t ways = pass->array->ways ? pass->array->ways : 1;

	pass->nr_sets = pass->array->entries / ways;
	if (pass->nr_sets > 0)
		memset(tlb->sets, 0, pass->nr_sets * sizeof(*tlb->sets));
}

static void put(const struct mm_tlb *tlb, const struct pass *pass, uint32_t entry)
{
	if (pass->needed)
		(*pass->needed)++;
	if (pass->nr_sets > 0 && tlb->sets[entry % pass->nr_sets]++ < pass->array->ways)
		(*pass->held)++;
}

/* All uses of a space by entries of one size. */
static void fill(const struct mm_tlb *tlb, struct pass *pass, const struct mm_tlb_use *uses,
                 size_t nr)
{
	uint32_t last = MM_NONE;

	begin_pass(tlb, pass);
	for (size_t i = 0; i < nr; i++) {
		uint32_t entry = uses[i].vpn >> pass->shift;

		if (entry == last)
			continue;
		last = entry;
		put(tlb, pass, entry);
	}
}

/* … by the entries that they have: base pages, or huge ones. */
static void fill_as_is(const struct mm_tlb *tlb, struct pass *pass, const struct mm_tlb_use *uses,
                       size_t nr, uint8_t order, bool cleared)
{
	uint32_t last = MM_NONE;

	if (!cleared)
		begin_pass(tlb, pass);
	for (size_t i = 0; i < nr; i++) {
		uint32_t entry = uses[i].vpn >> order;

		if (uses[i].order != order || entry == last)
			continue;
		last = entry;
		put(tlb, pass, entry);
	}
}

static void count_level(const struct mm_tlb *tlb, const struct mm_tlb_use *uses, size_t nr,
                        int level, struct mm_tlb_reach *reach)
{
	static const uint8_t shifts[MM_NR_TLB_SIZES] = {
		[MM_TLB_4K] = 0, [MM_TLB_2M] = INDEX_BITS, [MM_TLB_1G] = 2 * INDEX_BITS
	};
	const struct mm_tlb_array *arrays = tlb->config.arrays[level];
	bool shared = tlb->config.shared && level == 1;
	struct pass pass;

	for (int size = 0; size < MM_NR_TLB_SIZES; size++) {
		pass = (struct pass){
			.array = &arrays[size == MM_TLB_2M && shared ? MM_TLB_4K : size],
			.shift = shifts[size],
			.held = &reach->held[MM_TLB_ALL_4K + size][level],
			.needed = level == 0 ? &reach->needed[MM_TLB_ALL_4K + size] : NULL,
		};
		fill(tlb, &pass, uses, nr);
	}
	pass = (struct pass){ .array = &arrays[MM_TLB_4K],
		              .held = &reach->held[MM_TLB_AS_IS][level],
		              .needed = level == 0 ? &reach->needed[MM_TLB_AS_IS] : NULL };
	fill_as_is(tlb, &pass, uses, nr, 0, false);
	if (!shared)
		pass.array = &arrays[MM_TLB_2M];
	fill_as_is(tlb, &pass, uses, nr, MM_PAGEBLOCK_ORDER, shared);
}

void mm_tlb_window(struct mm_machine *machine, struct mm_tlb_reach *reach)
{
	struct mm_tlb *tlb = machine->tlb;
	const struct mm_tlb_use *uses = tlb->uses.items;
	size_t begin = 0, end;

	if (reach) {
		*reach = (struct mm_tlb_reach){ .pages = tlb->uses.count };
		if (tlb->uses.count > 0)
			qsort(tlb->uses.items, tlb->uses.count, sizeof(*uses), by_address);
	}
	for (; reach && begin < tlb->uses.count; begin = end) {
		for (end = begin; end < tlb->uses.count && uses[end].space == uses[begin].space;)
			end++;
		for (int level = 0; level < MM_TLB_LEVELS; level++)
			count_level(tlb, uses + begin, end - begin, level, reach);
	}
	tlb->uses.count = 0;
	tlb->window++;
}
