/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CMA areas: where in an area a range is found, what keeps it from being had, and what becomes of it. */
#include "machine.h"

#define NR_PAGES (16u * 512)
#define BASE     (3u * 512)
#define NR       (4u * 512)

static const struct mm_request kernel = { .gfp_flags = MM_GFP_KERNEL };

static struct mm_machine *machine_with(uint32_t nr_swap, uint32_t kernel_version,
                                       uint32_t order_per_bit)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, nr_swap, policy_find("classic"));

	machine->settings.kernel = kernel_version;
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	assert_int_equal(mm_seed_cma_area(machine, BASE, NR, order_per_bit, false), 0);
	for (uint32_t pfn = 0; pfn < NR_PAGES; pfn += 512)
		assert_true(mm_seed_free_block(machine, pfn, 9));
	machine_seed_done(machine);
	return machine;
}

static struct mm_machine *new_machine(uint32_t kernel_version, uint32_t order_per_bit)
{
	return machine_with(NR_PAGES, kernel_version, order_per_bit);
}

/* Logical page number in page frame pfn. */
static void put(struct mm_machine *machine, uint32_t number, enum mm_lpage_kind kind, uint32_t pfn)
{
	assert_true(mm_take_free_block(machine, pfn, 0));
	mm_prep_block(machine, pfn, 0);
	mm_page_bind(machine, pfn, number, kind);
	if (kind != MM_LPAGE_KERNEL)
		mm_lru_add_page(machine, pfn);
}

static uint32_t alloc(struct mm_machine *machine, uint32_t nr, uint32_t align)
{
	return mm_cma_alloc(machine, &kernel, 0, nr, align);
}

static void expect_counts(struct mm_machine *machine, uint64_t nr_done, uint64_t nr_failed,
                          int64_t nr_free)
{
	mm_drain_all_pages(machine);
	machine_check(machine);
	assert_int_equal(machine_counter(machine, "cma_alloc_success"), nr_done);
	assert_int_equal(machine_counter(machine, "cma_alloc_fail"), nr_failed);
	assert_int_equal(machine->zones[0].nr_free_cma, nr_free);
	for (uint32_t pfn = 0; pfn < NR_PAGES; pfn += 512)
		assert_int_equal(mm_block_type(machine, pfn),
		                 pfn >= BASE && pfn < BASE + NR ? MM_CMA : MM_MOVABLE);
}

static void ranges_follow_each_other_and_come_back(uint32_t version)
{
	struct mm_machine *machine = new_machine(version, 0);

	expect_counts(machine, 0, 0, NR);
	assert_int_equal(alloc(machine, 10, 0), BASE);
	assert_int_equal(alloc(machine, 600, 0), BASE + 10);
	assert_int_equal(alloc(machine, 1, 0), BASE + 610);
	expect_counts(machine, 3, 0, NR - 611);
	assert_true(mm_cma_release(machine, 0, BASE + 10, 600));
	expect_counts(machine, 3, 0, NR - 11);
	/* The hole, and behind it if that is too small. */
	assert_int_equal(alloc(machine, 599, 0), BASE + 10);
	assert_int_equal(alloc(machine, 2, 0), BASE + 611);
	assert_int_equal(alloc(machine, 1, 0), BASE + 609);
	assert_true(mm_cma_release(machine, 0, BASE, 10));
	assert_true(mm_cma_release(machine, 0, BASE + 10, 599));
	assert_true(mm_cma_release(machine, 0, BASE + 609, 1));
	assert_true(mm_cma_release(machine, 0, BASE + 610, 1));
	assert_true(mm_cma_release(machine, 0, BASE + 611, 2));
	expect_counts(machine, 6, 0, NR);
	assert_int_equal(alloc(machine, NR, 0), BASE);
	assert_int_equal(alloc(machine, 1, 0), MM_NONE);
	expect_counts(machine, 7, 1, 0);
	mm_machine_destroy(machine);
}

static void ranges(void **state)
{
	(void)state;
	ranges_follow_each_other_and_come_back(MM_KERNEL(6, 1));
	ranges_follow_each_other_and_come_back(MM_KERNEL(6, 12));
}

/* The area begins at an odd pageblock. */
static void alignment_is_that_of_page_frames(void **state)
{
	struct mm_machine *machine = new_machine(MM_KERNEL(6, 12), 0);

	(void)state;
	assert_int_equal(alloc(machine, 512, 10), BASE + 512);
	assert_int_equal(alloc(machine, 3, 0), BASE);
	assert_int_equal(alloc(machine, 4, 2), BASE + 4);
	assert_int_equal(alloc(machine, 512, 11), MM_NONE); /* 2048 is taken, 4096 outside */
	assert_int_equal(alloc(machine, 512, 10), BASE + 512 * 3);
	expect_counts(machine, 4, 1, NR - 512 - 3 - 4 - 512);
	mm_machine_destroy(machine);
}

static void units_are_as_large_as_the_area_says(void **state)
{
	struct mm_machine *machine = new_machine(MM_KERNEL(6, 12), 4);

	(void)state;
	assert_int_equal(alloc(machine, 1, 0), BASE);
	assert_int_equal(alloc(machine, 17, 0), BASE + 16);
	assert_int_equal(alloc(machine, 16, 3), BASE + 48);
	/* The rest of a unit is free memory, for movable pages. */
	expect_counts(machine, 3, 0, NR - 1 - 17 - 16);
	assert_true(mm_cma_release(machine, 0, BASE + 16, 17));
	assert_int_equal(alloc(machine, 32, 5), BASE + 32 * 2);
	assert_int_equal(alloc(machine, 32, 4), BASE + 16);
	mm_machine_destroy(machine);
}

static void a_page_that_stays_makes_it_look_further_on(void **state)
{
	struct mm_machine *machine = new_machine(MM_KERNEL(6, 12), 0);

	(void)state;
	put(machine, 0, MM_LPAGE_KERNEL, BASE + 20);
	put(machine, 1, MM_LPAGE_ANON, BASE + 40);
	assert_int_equal(alloc(machine, 16, 4), BASE);
	assert_int_equal(alloc(machine, 16, 4), BASE + 32);
	assert_int_equal(machine->cma.nr_busy, 1);
	assert_int_equal(machine_counter(machine, "pgmigrate_success"), 1);
	/* Each place that is not aligned to anything is tried. */
	assert_int_equal(alloc(machine, 5, 0), BASE + 21);
	assert_int_equal(machine->cma.nr_busy, 1 + 5);
	/* What was busy is nobody's: the next one tries it again, and gets what is free of it. */
	assert_int_equal(alloc(machine, 4, 0), BASE + 16);
	mm_free_lpage(machine, 0, 0);
	assert_int_equal(alloc(machine, 1, 0), BASE + 20);
	mm_machine_destroy(machine);
}

static void without_a_place_to_move_to_it_fails_at_once(void **state)
{
	struct mm_machine *machine = machine_with(0, MM_KERNEL(6, 12), 0);
	uint32_t number = 0;

	(void)state;
	for (uint32_t pfn = 0; pfn < NR_PAGES; pfn++)
		put(machine, number++,
		    pfn >= BASE && pfn < BASE + NR ? MM_LPAGE_ANON : MM_LPAGE_KERNEL, pfn);
	assert_int_equal(alloc(machine, 512, 9), MM_NONE);
	assert_int_equal(machine->cma.nr_busy, 0);
	assert_false(mm_cma_is_used(machine, 0, BASE));
	expect_counts(machine, 0, 1, 0);
	mm_machine_destroy(machine);
}

static void senseless_requests(uint32_t version, uint64_t nr_failed)
{
	struct mm_machine *machine = new_machine(version, 0);

	assert_int_equal(alloc(machine, 0, 0), MM_NONE);
	assert_int_equal(alloc(machine, NR + 1, 0), MM_NONE);
	assert_int_equal(mm_cma_alloc(machine, &kernel, 1, 1, 0), MM_NONE);
	expect_counts(machine, 0, nr_failed, NR);
	assert_false(mm_cma_release(machine, 0, BASE - 1, 1));
	assert_false(mm_cma_release(machine, 0, BASE, NR + 1));
	assert_false(mm_cma_release(machine, 1, BASE, 1));
	mm_machine_destroy(machine);
}

static void what_makes_no_sense_is_refused(void **state)
{
	(void)state;
	senseless_requests(MM_KERNEL(6, 1), 3);
	senseless_requests(MM_KERNEL(6, 12), 0);
}

static void areas_are_whole_pageblocks_of_a_zone(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, NR_PAGES, policy_find("classic"));

	(void)state;
	assert_int_equal(mm_seed_cma_area(machine, 10, 512, 0, false), MM_NONE);
	assert_int_equal(mm_seed_cma_area(machine, 512, 100, 0, false), MM_NONE);
	assert_int_equal(mm_seed_cma_area(machine, 512, 0, 0, false), MM_NONE);
	assert_int_equal(mm_seed_cma_area(machine, NR_PAGES - 512, 1024, 0, false), MM_NONE);
	assert_int_equal(mm_seed_cma_area(machine, 512, 512, 10, false), MM_NONE);
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(mm_seed_cma_area(machine, 0, 512, 9, false),
		                 i < MM_MAX_CMA_AREAS ? i : MM_NONE);
	assert_int_equal(mm_seed_cma_area(machine, 512, 512, 9, false), MM_NONE);
	mm_seed_cma_used(machine, 3, 0, 512);
	assert_true(mm_cma_is_used(machine, 3, 0));
	assert_int_equal(mm_cma_area_at(machine, 511), 0);
	assert_int_equal(mm_cma_area_at(machine, 512), MM_NONE);
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(alignment_is_that_of_page_frames),
		cmocka_unit_test(units_are_as_large_as_the_area_says),
		cmocka_unit_test(a_page_that_stays_makes_it_look_further_on),
		cmocka_unit_test(without_a_place_to_move_to_it_fails_at_once),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(areas_are_whole_pageblocks_of_a_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
