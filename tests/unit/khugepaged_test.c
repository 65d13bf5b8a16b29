/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where huge pages can be, and what khugepaged makes of it. */
#include "machine.h"

#include <errno.h>
#include <stdio.h>

#define NR_PAGES (32u * 512)
#define AREA     100u /* of the space: where its VMA begins */
#define CHUNK    512u /* number of the area's first base page */

static const struct mm_request small = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

static struct mm_machine *new_machine_with(uint32_t nr_slots, uint32_t *space)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, nr_slots, policy_find("classic"));

	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 8 * 512, NULL), 0);
	assert_int_equal(mm_reserve_spaces(machine, 4, NULL), 0);
	machine->settings.thp_enabled = MM_THP_ALWAYS;
	machine->settings.khugepaged_pages_to_scan = 4096;
	machine->settings.max_ptes_none = 511;
	machine->settings.max_ptes_swap = 64;
	*space = mm_space_new(machine, 0, false);
	return machine;
}

static struct mm_machine *new_machine(uint32_t *space)
{
	return new_machine_with(NR_PAGES, space);
}

static void end(struct mm_machine *machine)
{
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* Every step-th page of an area, beginning at chunk. */
static void fill(struct mm_machine *machine, uint32_t space, uint32_t chunk, uint32_t area,
                 uint32_t step)
{
	for (uint32_t i = 0; i < 512; i += step) {
		mm_touch_page(machine, &small, chunk + i, MM_LPAGE_ANON, MM_TOUCH_WRITE);
		mm_space_charge(machine, space, chunk + i);
		mm_place_huge(machine, chunk + i, space, area);
	}
}

static void round_of_it(struct mm_machine *machine)
{
	while (mm_khugepaged_step(machine, 0) != MM_KHUGEPAGED_DONE)
		;
}

static uint32_t advised_area(struct mm_machine *machine, uint32_t space, uint32_t step)
{
	fill(machine, space, CHUNK, AREA, step);
	mm_set_huge_range(machine, space, AREA, 2, MM_ADVICE_HUGE);
	return CHUNK;
}

static void pages_with_holes_become_one(void **state)
{
	uint32_t space, pfn;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	advised_area(machine, space, 2);
	assert_int_equal(machine->spaces[space].nr_pages, 256);
	round_of_it(machine);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 1);
	assert_int_equal(mm_lpage(machine, CHUNK)->order, 9);
	assert_int_equal(machine->nr_anon, 512);
	assert_int_equal(machine->spaces[space].nr_pages, 512);
	pfn = mm_lpage(machine, CHUNK)->pfn;
	/* A hole holds zeroes: no fault, and nothing is taken apart. */
	assert_int_equal(mm_touch_page(machine, &small, CHUNK + 3, MM_LPAGE_ANON, MM_TOUCH_WRITE),
	                 MM_TOUCH_HIT);
	assert_int_equal(mm_lpage(machine, CHUNK)->pfn, pfn);
	/* It ends with the pages that anybody knows of. */
	for (uint32_t i = 0; i < 512; i++)
		if (i % 2 == 0 || i == 3)
			assert_true(mm_free_base(machine, 0, CHUNK + i, 0));
	assert_int_equal(machine->nr_anon, 0);
	assert_int_equal(machine->spaces[space].nr_pages, 0);
	end(machine);
}

static void too_many_holes_are_left_alone(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	machine->settings.max_ptes_none = 255;
	advised_area(machine, space, 2);
	round_of_it(machine);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 0);
	assert_int_equal(machine_counter(machine, "thp_scan_exceed_none_pte"), 1);
	machine->settings.max_ptes_none = 256;
	round_of_it(machine);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 1);
	end(machine);
}

static void what_nobody_uses_is_left_alone(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	advised_area(machine, space, 1);
	for (uint32_t i = 0; i < 512; i++)
		machine->pages[mm_lpage(machine, CHUNK + i)->pfn].flags &=
			(uint16_t) ~(MM_PG_YOUNG | MM_PG_REFERENCED);
	round_of_it(machine);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 0);
	machine->pages[mm_lpage(machine, CHUNK + 77)->pfn].flags |= MM_PG_YOUNG;
	round_of_it(machine);
	assert_int_equal(mm_lpage(machine, CHUNK)->order, 9);
	end(machine);
}

/* As many areas as make the pages of a round, and it goes on there in the next one. */
static void a_round_is_pages_to_scan(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	machine->settings.khugepaged_pages_to_scan = 600;
	for (uint32_t i = 0; i < 4; i++)
		fill(machine, space, CHUNK * (i + 1), AREA + i, 1);
	mm_set_huge_range(machine, space, AREA, 4, MM_ADVICE_HUGE);
	round_of_it(machine);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 2);
	round_of_it(machine);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 4);
	assert_int_equal(mm_khugepaged(machine)->pages_collapsed, 4);
	end(machine);
}

static void it_rests_where_there_is_no_huge_page(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	fill(machine, space, CHUNK, AREA, 1);
	fill(machine, space, 2 * CHUNK, AREA + 1, 1);
	mm_set_huge_range(machine, space, AREA, 2, MM_ADVICE_HUGE);
	while (mm_alloc_pages(machine, &(struct mm_request){ .gfp_flags = MM_GFP_TRANSHUGE_LIGHT,
	                                                     .order = 9 }) != MM_NONE)
		;
	assert_int_equal(mm_khugepaged_step(machine, 0), MM_KHUGEPAGED_RESTS);
	assert_int_equal(mm_khugepaged_step(machine, 0), MM_KHUGEPAGED_DONE);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc_failed"), 2);
	assert_int_equal(mm_lpage(machine, CHUNK)->order, 0);
	end(machine);
}

static void advice_and_settings_decide(void **state)
{
	uint32_t space, child;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	machine->settings.thp_enabled = MM_THP_MADVISE;
	fill(machine, space, CHUNK, AREA, 1);
	mm_set_huge_range(machine, space, AREA, 1, MM_ADVICE_NONE);
	assert_false(mm_khugepaged_has_work(machine));
	mm_set_huge_range(machine, space, AREA, 1, MM_ADVICE_HUGE);
	assert_true(mm_khugepaged_has_work(machine));
	/* A child has none of the pages by its own. */
	child = mm_space_new(machine, space, true);
	mm_set_huge_range(machine, space, AREA, 1, MM_ADVICE_NOHUGE);
	round_of_it(machine);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 0);
	mm_space_end(machine, child);
	mm_set_huge_range(machine, space, AREA, 1, MM_ADVICE_HUGE);
	mm_touch_page(machine, &small, CHUNK, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	round_of_it(machine);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 1);
	machine->settings.thp_enabled = MM_THP_NEVER;
	assert_false(mm_khugepaged_has_work(machine));
	machine->settings.thp_enabled = MM_THP_ALWAYS;
	mm_space_end(machine, space);
	assert_false(mm_khugepaged_has_work(machine));
	end(machine);
}

static void expect_ranges(const struct mm_machine *machine, uint32_t space, const char *expected)
{
	const struct mm_huge_range_vec *ranges = &machine->huge.spaces[space].ranges;
	char text[256] = "";
	size_t length = 0;

	for (size_t i = 0; i < ranges->count; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%u-%u:%u ",
		                           ranges->items[i].first, ranges->items[i].end,
		                           ranges->items[i].advice);
	assert_string_equal(text, expected);
}

static void the_last_word_on_an_area_counts(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	mm_set_huge_range(machine, space, 10, 10, MM_ADVICE_NONE);
	mm_set_huge_range(machine, space, 20, 5, MM_ADVICE_NONE);
	expect_ranges(machine, space, "10-25:0 ");
	mm_set_huge_range(machine, space, 12, 2, MM_ADVICE_HUGE);
	expect_ranges(machine, space, "10-12:0 12-14:1 14-25:0 ");
	mm_set_huge_range(machine, space, 11, 4, MM_ADVICE_GONE);
	expect_ranges(machine, space, "10-11:0 15-25:0 ");
	mm_set_huge_range(machine, space, 5, 1, MM_ADVICE_NOHUGE);
	expect_ranges(machine, space, "5-6:2 10-11:0 15-25:0 ");
	mm_set_huge_range(machine, space, 0, 100, MM_ADVICE_GONE);
	expect_ranges(machine, space, "");
	end(machine);
}

/* vma_thp_gfp_mask(). */
static void defrag_says_how_hard_a_fault_tries(void **state)
{
	static const struct {
		enum mm_thp_defrag defrag;
		uint32_t plain;
		uint32_t advised;
	} rows[] = {
		{ MM_DEFRAG_ALWAYS, MM_GFP_TRANSHUGE | MM_GFP_NORETRY, MM_GFP_TRANSHUGE },
		{ MM_DEFRAG_DEFER, MM_GFP_TRANSHUGE_LIGHT | MM_GFP_KSWAPD_RECLAIM,
		  MM_GFP_TRANSHUGE_LIGHT | MM_GFP_KSWAPD_RECLAIM },
		{ MM_DEFRAG_DEFER_MADVISE, MM_GFP_TRANSHUGE_LIGHT | MM_GFP_KSWAPD_RECLAIM,
		  MM_GFP_TRANSHUGE },
		{ MM_DEFRAG_MADVISE, MM_GFP_TRANSHUGE_LIGHT, MM_GFP_TRANSHUGE },
		{ MM_DEFRAG_NEVER, MM_GFP_TRANSHUGE_LIGHT, MM_GFP_TRANSHUGE_LIGHT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct mm_settings settings = { .thp_enabled = MM_THP_ALWAYS,
			                              .thp_defrag = (uint8_t)rows[i].defrag };

		assert_int_equal(mm_huge_gfp(&settings, MM_ADVICE_NONE), rows[i].plain);
		assert_int_equal(mm_huge_gfp(&settings, MM_ADVICE_HUGE), rows[i].advised);
		assert_true(mm_huge_admits(&settings, MM_ADVICE_NONE));
		assert_false(mm_huge_admits(&settings, MM_ADVICE_NOHUGE));
	}
}

/* ---- madvise(MADV_COLLAPSE) ---- */

static void age_all(struct mm_machine *machine, uint32_t chunk)
{
	for (uint32_t i = 0; i < 512; i++) {
		uint32_t pfn = mm_lpage(machine, chunk + i)->pfn;

		if (pfn != MM_NONE)
			machine->pages[pfn].flags &= (uint16_t) ~(MM_PG_YOUNG | MM_PG_REFERENCED);
	}
}

static struct mm_request caller(uint32_t space)
{
	return (struct mm_request){ .task = 1, .space = space };
}

/* Nor by settings; its holes stay what they are. */
static void who_asks_is_held_back_by_no_limit(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);
	struct mm_request request = caller(space);

	(void)state;
	machine->settings.thp_enabled = MM_THP_NEVER;
	machine->settings.max_ptes_none = 0;
	for (uint32_t i = 0; i < 3; i++) {
		fill(machine, space, CHUNK * (i + 1), AREA + i, 2);
		age_all(machine, CHUNK * (i + 1));
	}
	mm_set_huge_range(machine, space, AREA, 3, MM_ADVICE_NONE);
	assert_int_equal(mm_madvise_collapse(machine, &request, AREA, 2), 0);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 2);
	assert_int_equal(machine_counter(machine, "thp_scan_exceed_none_pte"), 0);
	assert_int_equal(mm_lpage(machine, CHUNK)->nr_holes, 256);
	assert_int_equal(mm_lpage(machine, 3 * CHUNK)->order, 0);
	/* What is huge already is as well. */
	assert_int_equal(mm_madvise_collapse(machine, &request, AREA, 3), 0);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 3);
	end(machine);
}

static void what_it_fails_with(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine_with(0, &space);
	struct mm_request request = caller(space);
	struct mm_page *held;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		fill(machine, space, CHUNK * (i + 1), AREA + i, 1);
	assert_int_equal(mm_madvise_collapse(machine, &request, AREA, 1), EINVAL);
	mm_set_huge_range(machine, space, AREA - 1, 5, MM_ADVICE_NOHUGE);
	assert_int_equal(mm_madvise_collapse(machine, &request, AREA, 1), EINVAL);
	mm_set_huge_range(machine, space, AREA - 1, 5, MM_ADVICE_NONE);
	/* Where nothing was ever used it ends, whatever is behind. */
	assert_int_equal(mm_madvise_collapse(machine, &request, AREA - 1, 2), EINVAL);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 0);
	/* What somebody holds is passed over. */
	mm_lru_add_drain_all(machine);
	held = &machine->pages[mm_lpage(machine, CHUNK + 100)->pfn];
	held->io |= MM_IO_ROTATING;
	assert_int_equal(mm_madvise_collapse(machine, &request, AREA, 2), EAGAIN);
	held->io &= (uint8_t)~MM_IO_ROTATING;
	assert_int_equal(mm_lpage(machine, CHUNK)->order, 0);
	assert_int_equal(mm_lpage(machine, 2 * CHUNK)->order, 9);
	while (mm_alloc_pages(machine, &(struct mm_request){ .gfp_flags = MM_GFP_TRANSHUGE_LIGHT,
	                                                     .order = 9 }) != MM_NONE)
		;
	assert_int_equal(mm_madvise_collapse(machine, &request, AREA, 3), ENOMEM);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc_failed"), 1);
	mm_space_end(machine, space);
	assert_int_equal(mm_madvise_collapse(machine, &request, AREA, 3), EINVAL);
	end(machine);
}

/* One page of an area in swap. Where it must be read, the next call finds it in memory. */
static void swap_is_brought_in(void **state)
{
	static const struct {
		enum mm_swap_device device;
		int first;
	} rows[] = { { MM_SWAP_NO_SEEKS, EAGAIN }, { MM_SWAP_AT_ONCE, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t space;
		struct mm_machine *machine = new_machine(&space);
		struct mm_request request = caller(space);

		assert_int_equal(mm_seed_swapped(machine, CHUNK + 8, MM_LPAGE_ANON), 0);
		machine->settings.swap_device = (uint8_t)rows[i].device;
		machine->settings.max_ptes_swap = 0;
		fill(machine, space, CHUNK, AREA, 16);
		mm_set_huge_range(machine, space, AREA, 1, MM_ADVICE_NONE);
		assert_int_equal(mm_madvise_collapse(machine, &request, AREA, 1), rows[i].first);
		assert_int_equal(machine_counter(machine, "pswpin"), 1);
		assert_int_equal(mm_lpage(machine, CHUNK)->order, rows[i].first ? 0 : 9);
		assert_int_equal(mm_madvise_collapse(machine, &request, AREA, 1), 0);
		assert_int_equal(machine_counter(machine, "pswpin"), 1);
		assert_int_equal(machine_counter(machine, "pgmajfault"), 1);
		assert_int_equal(mm_lpage(machine, CHUNK)->nr_holes, 512 - 33);
		end(machine);
	}
}

/* ---- folios in the area ---- */

static void touch_folio(struct mm_machine *machine, uint32_t number, uint32_t order)
{
	const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE,
		                            .folio_gfp = MM_GFP_TRANSHUGE_LIGHT,
		                            .folio_orders = (uint16_t)(1u << order) };

	mm_touch_page(machine, &request, number, MM_LPAGE_ANON, MM_TOUCH_WRITE);
}

/* Three orders and holes; of a folio all that it has counts as there. */
static void folios_become_a_huge_page(void **state)
{
	uint32_t space;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	touch_folio(machine, CHUNK + 16, 4);
	touch_folio(machine, CHUNK + 256, 8);
	fill(machine, space, CHUNK, AREA, 512);
	mm_space_charge(machine, space, CHUNK + 16);
	mm_space_charge(machine, space, CHUNK + 256);
	/* Of one of them a part has ended. */
	touch_folio(machine, CHUNK + 17, 4);
	assert_true(mm_free_base(machine, 0, CHUNK + 16, 0));
	mm_set_huge_range(machine, space, AREA, 1, MM_ADVICE_HUGE);
	machine->settings.max_ptes_none = 512 - 1 - 256 - 15 - 1;
	round_of_it(machine);
	assert_int_equal(machine_counter(machine, "thp_scan_exceed_none_pte"), 1);
	machine->settings.max_ptes_none++;
	round_of_it(machine);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 1);
	assert_int_equal(mm_lpage(machine, CHUNK)->order, 9);
	assert_int_equal(machine->nr_anon, 512);
	assert_int_equal(machine->spaces[space].nr_pages, 512);
	mm_free_base(machine, 0, CHUNK, 9);
	assert_int_equal(machine->nr_anon, 0);
	end(machine);
}

/* What has lost a part is mapped page by page, and is made huge anew; then no page waits to be split. */
static void a_huge_page_that_lost_a_part_is_renewed(void **state)
{
	uint32_t space, pfn;
	struct mm_machine *machine = new_machine(&space);

	(void)state;
	advised_area(machine, space, 1);
	round_of_it(machine);
	pfn = mm_lpage(machine, CHUNK)->pfn;
	for (uint32_t i = 0; i < 100; i++)
		mm_free_base(machine, 0, CHUNK + i, 0);
	round_of_it(machine);
	assert_int_equal(machine_counter(machine, "thp_split_pmd"), 1);
	assert_int_equal(machine_counter(machine, "thp_deferred_split_page"), 1);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 2);
	assert_int_not_equal(mm_lpage(machine, CHUNK)->pfn, pfn);
	assert_int_equal(mm_lpage(machine, CHUNK)->flags & (MM_LP_PTE_MAPPED | MM_LP_DEFERRED), 0);
	assert_int_equal(mm_lpage(machine, CHUNK)->nr_holes, 100);
	assert_int_equal(mm_touch_page(machine, &small, CHUNK + 5, MM_LPAGE_ANON, MM_TOUCH_WRITE),
	                 MM_TOUCH_HIT);
	end(machine);
}

/* ---- what a fork shares ---- */

static struct mm_machine *forked_machine(uint32_t *space, uint32_t *child)
{
	struct mm_machine *machine = new_machine(space);

	machine->settings.max_ptes_shared = 256;
	advised_area(machine, *space, 1);
	*child = mm_space_new(machine, *space, true);
	return machine;
}

static void write_page(struct mm_machine *machine, uint32_t number)
{
	mm_touch_page(machine, &small, number, MM_LPAGE_ANON, MM_TOUCH_WRITE);
}

/* The parent copies a page: what the child has goes on under another number. */
static void copy_page(struct mm_machine *machine, uint32_t space, uint32_t i, uint32_t other)
{
	const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .space = space };

	mm_rename_page(machine, CHUNK + i, other);
	mm_copy_page(machine, &request, CHUNK + i, other, 0);
	mm_space_charge(machine, space, CHUNK + i);
}

static void too_many_shared_pages_are_left_alone(void **state)
{
	uint32_t space, child;
	struct mm_machine *machine = forked_machine(&space, &child);

	(void)state;
	/* Parent and child are looked at; neither may write, but before that both share too much. */
	round_of_it(machine);
	assert_int_equal(machine_counter(machine, "thp_scan_exceed_share_pte"), 2);
	for (uint32_t i = 0; i < 255; i++)
		copy_page(machine, space, i, 4 * CHUNK + i);
	machine_check(machine);
	round_of_it(machine);
	assert_int_equal(machine_counter(machine, "thp_scan_exceed_share_pte"), 4);
	assert_int_equal(mm_huge_borrowed(machine, child, AREA), 512 - 255);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 0);
	/* One copied by the child, and one gone: as few are shared as may be. */
	mm_copy_page(machine,
	             &(struct mm_request){ .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .space = child },
	             5 * CHUNK, CHUNK + 300, 0);
	assert_true(mm_free_base(machine, 0, CHUNK + 301, 0));
	assert_int_equal(mm_huge_borrowed(machine, child, AREA), 255);
	round_of_it(machine);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 1);
	assert_int_equal(machine_counter(machine, "thp_scan_exceed_share_pte"), 4);
	end(machine);
}

static void no_limit_on_shared_pages_for_who_asks(void **state)
{
	uint32_t space, child;
	struct mm_machine *machine = forked_machine(&space, &child);
	struct mm_request request = caller(space);

	(void)state;
	machine->settings.max_ptes_shared = 0;
	/* As long as nothing was written since the fork there is no entry that may be. */
	assert_int_equal(mm_madvise_collapse(machine, &request, AREA, 1), EINVAL);
	mm_space_end(machine, child);
	assert_int_equal(mm_madvise_collapse(machine, &request, AREA, 1), EINVAL);
	assert_int_equal(machine->huge.nr_loans, 0);
	child = mm_space_new(machine, space, true);
	write_page(machine, CHUNK + 7);
	round_of_it(machine);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 0);
	assert_int_equal(mm_madvise_collapse(machine, &request, AREA, 1), 0);
	assert_int_equal(machine_counter(machine, "thp_collapse_alloc"), 1);
	assert_int_equal(mm_huge_borrowed(machine, child, AREA), 0);
	end(machine);
}

/* A grandchild has what its parent had borrowed; loans end with those who have them, in any order. */
static void loans_are_handed_on(void **state)
{
	uint32_t space, child, grandchild;
	struct mm_machine *machine = forked_machine(&space, &child);
	uint64_t pages[MM_AREA_WORDS];

	(void)state;
	grandchild = mm_space_new(machine, child, true);
	assert_int_equal(machine->huge.nr_loans, 2);
	assert_int_equal(mm_huge_borrowed(machine, grandchild, AREA), 512);
	machine_check(machine);
	mm_space_end(machine, child);
	mm_huge_lent(machine, CHUNK / 512, pages);
	assert_int_equal(pages[3], UINT64_MAX);
	mm_space_end(machine, grandchild);
	mm_huge_lent(machine, CHUNK / 512, pages);
	assert_int_equal(pages[3], 0);
	/* The area's numbers become another's. */
	child = mm_space_new(machine, space, true);
	mm_space_end(machine, space);
	assert_int_equal(machine->huge.nr_read_only, 0);
	assert_int_equal(mm_huge_borrowed(machine, child, AREA), 0);
	end(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_with_holes_become_one),
		cmocka_unit_test(too_many_holes_are_left_alone),
		cmocka_unit_test(what_nobody_uses_is_left_alone),
		cmocka_unit_test(a_round_is_pages_to_scan),
		cmocka_unit_test(it_rests_where_there_is_no_huge_page),
		cmocka_unit_test(advice_and_settings_decide),
		cmocka_unit_test(the_last_word_on_an_area_counts),
		cmocka_unit_test(defrag_says_how_hard_a_fault_tries),
		cmocka_unit_test(who_asks_is_held_back_by_no_limit),
		cmocka_unit_test(what_it_fails_with),
		cmocka_unit_test(swap_is_brought_in),
		cmocka_unit_test(folios_become_a_huge_page),
		cmocka_unit_test(a_huge_page_that_lost_a_part_is_renewed),
		cmocka_unit_test(too_many_shared_pages_are_left_alone),
		cmocka_unit_test(no_limit_on_shared_pages_for_who_asks),
		cmocka_unit_test(loans_are_handed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
