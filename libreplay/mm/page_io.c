/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pages of zeroes are not written to swap: a bit of their slot says so (the zeromap, from 6.11 on).
 *
 * Reclaim counts such a page as written, but nothing goes to the device, so that it is free at once, and reading it back takes no
 * read. pswpout and pswpin are the others, swpout_zero and swpin_zero these.
 *
 * Which pages hold zeroes only is not in a recording. It is drawn by the number of the logical page, so that a page stays what it is
 * for as long as it lives; how many they are is one number for all memory (settings.swap_zero_filled). A larger page is of zeroes if
 * all its base pages are.
 *
 * Follows swap_writepage(), is_folio_zero_filled(), swap_read_folio_zeromap() (mm/page_io.c) of v6.12.
 *
 * Not modelled: that the pages of some programs are of zeroes and those of others are not; that a page ceases to be so when it is
 * written to; what a huge page has where nothing was ever written, which is zeroes after its split.
 */
#include "huge_memory.h"
#include "internal.h"

#include "swap.h"

#define SCALE 1000u

/* The same in [0, SCALE) whenever it is asked for: splitmix64 of the number. */
static uint32_t draw(const struct mm_machine *machine, uint32_t number)
{
	uint64_t mixed = machine->swap.zero_salt + number * UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((mixed >> 32) * SCALE >> 32);
}

bool mm_is_zero_filled(const struct mm_machine *machine, uint32_t number)
{
	uint32_t share = machine->settings.swap_zero_filled;
	uint32_t first, nr;

	if (share == 0 || machine->settings.kernel < MM_KERNEL(6, 11))
		return false;
	first = mm_whole_page(machine, number);
	nr = mm_block_pages(machine->lpages[first].order);
	for (uint32_t i = 0; i < nr; i++) {
		if (draw(machine, first + i) >= share)
			return false;
	}
	return true;
}

void mm_count_swapin(struct mm_machine *machine, uint32_t number)
{
	mm_count(machine, mm_is_zero_filled(machine, number) ? MM_SWPIN_ZERO : MM_PSWPIN,
	         mm_block_pages(machine->lpages[number].order));
}
