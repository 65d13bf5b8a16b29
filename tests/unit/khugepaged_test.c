/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where huge pages can be, and what khugepaged makes of it. */
#include "machine.h"

#include <stdio.h>

#define NR_PAGES (32u * 512)
#define AREA     100u /* of the space: where its VMA begins */
#define CHUNK    512u /* number of the area's first base page */

static const struct mm_request small = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

static struct mm_machine *new_machine(uint32_t *space)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, NR_PAGES, policy_find("classic"));

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
