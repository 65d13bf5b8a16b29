/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pool of hugetlb pages: how it grows and shrinks, and what mappings get out of it and beyond. */
#include "machine.h"

#define NR_PAGES (16u * 512)
#define FIRST    512u /* number of a page that a mapping wants */

static const struct mm_request nobody = { 0 };
static const struct mm_request surplus = { .gfp_flags = 0x146cca, .order = 9 };

static struct mm_machine *new_machine(void)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, NR_PAGES, policy_find("classic"));

	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	return machine;
}

static void end(struct mm_machine *machine)
{
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void expect_pool(const struct mm_machine *machine, uint32_t total, uint32_t nr_free,
                        uint32_t nr_surplus)
{
	const struct mm_hugetlb_stat stat = mm_hugetlb_stat(machine);

	assert_int_equal(stat.nr_total, total);
	assert_int_equal(stat.nr_free, nr_free);
	assert_int_equal(stat.nr_surplus, nr_surplus);
}

static void a_pool_takes_its_pages_off_the_free_lists_and_gives_them_back(void **state)
{
	struct mm_machine *machine = new_machine();
	uint64_t had = machine_counter(machine, "nr_free_pages");

	(void)state;
	assert_int_equal(mm_hugetlb_set_pool(machine, &nobody, 5), 0);
	expect_pool(machine, 5, 5, 0);
	assert_int_equal(machine_counter(machine, "nr_free_pages"), had - 5 * 512);
	assert_int_equal(machine_counter(machine, "htlb_buddy_alloc_success"), 5);
	machine_check(machine);
	assert_int_equal(mm_hugetlb_set_pool(machine, &nobody, 2), 0);
	expect_pool(machine, 2, 2, 0);
	/* The CPU's list has some of them. */
	assert_int_equal(machine_counter(machine, "nr_free_pages") + mm_pcp_pages(machine, 0),
	                 had - 2 * 512);
	assert_int_equal(machine_counter(machine, "htlb_buddy_alloc_fail"), 0);
	end(machine);
}

/* It tries hard once, and what it has got stays. */
static void a_pool_that_cannot_have_all_has_some(void **state)
{
	struct mm_machine *machine = new_machine();
	uint32_t lacks = mm_hugetlb_set_pool(machine, &nobody, 100);

	(void)state;
	assert_in_range(lacks, 100 - 16, 99);
	expect_pool(machine, 100 - lacks, 100 - lacks, 0);
	assert_int_equal(machine_counter(machine, "htlb_buddy_alloc_success"), 100 - lacks);
	assert_int_equal(machine_counter(machine, "htlb_buddy_alloc_fail"), 1);
	end(machine);
}

/* Anonymous pages leave their places for it, or memory for swap. */
static void a_pool_compacts_and_reclaims(void **state)
{
	struct mm_machine *machine = new_machine();
	const struct mm_request small = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

	(void)state;
	for (uint32_t i = 0; i < 14 * 512; i++)
		assert_int_not_equal(mm_touch_page(machine, &small, i, MM_LPAGE_ANON, 0),
		                     MM_TOUCH_FAILED);
	for (uint32_t i = 0; i < 14 * 512; i += 2)
		mm_free_lpage(machine, 0, i);
	assert_int_equal(mm_hugetlb_set_pool(machine, &nobody, 4), 0);
	expect_pool(machine, 4, 4, 0);
	assert_true(machine_counter(machine, "compact_success") > 0);
	assert_true(machine_counter(machine, "pgmigrate_success") > 0);
	end(machine);
}

static void what_a_mapping_has_comes_back_to_the_pool(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	mm_hugetlb_set_pool(machine, &nobody, 2);
	assert_int_equal(mm_hugetlb_take(machine, &surplus, FIRST, 0), MM_TOUCH_NEW);
	expect_pool(machine, 2, 1, 0);
	machine_check(machine);
	/* What is in use cannot be given back: it is surplus from then on, and free when nobody wants it any more. */
	mm_hugetlb_set_pool(machine, &nobody, 0);
	expect_pool(machine, 1, 0, 1);
	assert_true(mm_free_lpage(machine, 0, FIRST));
	expect_pool(machine, 0, 0, 0);
	mm_hugetlb_set_pool(machine, &nobody, 1);
	mm_hugetlb_take(machine, &surplus, FIRST, 0);
	assert_true(mm_free_lpage(machine, 0, FIRST));
	expect_pool(machine, 1, 1, 0);
	end(machine);
}

static void beyond_the_pool_there_is_as_much_as_overcommit_says(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	assert_int_equal(mm_hugetlb_take(machine, &surplus, FIRST, 1), MM_TOUCH_NEW);
	expect_pool(machine, 1, 0, 1);
	assert_int_equal(mm_hugetlb_take(machine, &surplus, FIRST + 1, 1), MM_TOUCH_FAILED);
	/* A larger pool makes it its own. */
	mm_hugetlb_set_pool(machine, &nobody, 3);
	expect_pool(machine, 3, 2, 0);
	assert_true(mm_free_lpage(machine, 0, FIRST));
	expect_pool(machine, 3, 3, 0);
	end(machine);
}

static void a_recorded_pool_shrinks_by_what_is_not_in_use(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, policy_find("classic"));

	(void)state;
	assert_int_equal(mm_reserve_lpages(machine, 4, NULL), 0);
	for (uint32_t i = 0; i < 13; i++)
		assert_true(mm_seed_free_block(machine, i * 512, 9));
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(mm_seed_page(machine, i, MM_LPAGE_KERNEL, (13 + i) * 512, 9), 1);
		mm_seed_kmem(machine, i, MM_TOUCH_HUGETLB);
	}
	mm_seed_hugetlb_used(machine, 2);
	machine_seed_done(machine);
	expect_pool(machine, 3, 1, 0);
	mm_hugetlb_set_pool(machine, &nobody, 1);
	expect_pool(machine, 2, 0, 1);
	end(machine);
}

/* Three of 1 GiB, of which the kernel has a page in the last, and a program one in the first. */
static void pages_of_1_gib_are_ranges_that_can_be_made_free(void **state)
{
	const uint32_t gigantic = 1u << 18;
	struct mm_machine *machine = machine_new(3 * gigantic, 1, 0, policy_find("classic"));
	const struct mm_request small = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
	uint64_t had;

	(void)state;
	assert_int_equal(mm_reserve_lpages(machine, 2, NULL), 0);
	for (uint32_t at = 0; at < 3 * gigantic - 1024; at += 1024)
		assert_true(mm_seed_free_block(machine, at, 10));
	assert_int_equal(mm_seed_page(machine, 0, MM_LPAGE_KERNEL, 3 * gigantic - 1024, 10), 1);
	machine_seed_done(machine);
	assert_int_equal(mm_touch_page(machine, &small, 1, MM_LPAGE_ANON, 0), MM_TOUCH_NEW);
	had = machine_counter(machine, "nr_free_pages") + mm_pcp_pages(machine, 0);
	assert_int_equal(mm_hugetlb_set_gigantic(machine, &nobody, 1), 0);
	assert_int_equal(mm_hugetlb_pages(machine), gigantic);
	assert_int_equal(machine_counter(machine, "nr_free_pages") + mm_pcp_pages(machine, 0),
	                 had - gigantic);
	assert_int_equal(machine_counter(machine, "htlb_buddy_alloc_success"), 0);
	assert_int_equal(mm_hugetlb_set_gigantic(machine, &nobody, 3), 1);
	assert_int_equal(mm_hugetlb_pages(machine), 2 * gigantic);
	assert_true(mm_lpage(machine, 1)->pfn >= 2 * gigantic);
	machine_check(machine);
	assert_int_equal(mm_hugetlb_set_gigantic(machine, &nobody, 0), 0);
	assert_int_equal(machine_counter(machine, "nr_free_pages") + mm_pcp_pages(machine, 0), had);
	end(machine);
}

/* The second GiB is hugetlb's area, the kernel has a page in the first: the one of the area, then the third. */
static void pages_of_1_gib_come_out_of_their_area_first(void **state)
{
	const uint32_t gigantic = 1u << 18;
	struct mm_machine *machine = machine_new(3 * gigantic, 1, 0, policy_find("classic"));

	(void)state;
	assert_int_equal(mm_reserve_lpages(machine, 1, NULL), 0);
	assert_int_equal(mm_seed_cma_area(machine, gigantic, gigantic, 9, true), 0);
	for (uint32_t at = 1024; at < 3 * gigantic; at += 1024)
		assert_true(mm_seed_free_block(machine, at, 10));
	assert_int_equal(mm_seed_page(machine, 0, MM_LPAGE_KERNEL, 0, 10), 1);
	machine_seed_done(machine);
	assert_int_equal(mm_hugetlb_set_gigantic(machine, &nobody, 1), 0);
	assert_true(mm_cma_is_used(machine, 0, gigantic));
	assert_int_equal(machine->zones[0].nr_free_cma, 0);
	assert_int_equal(machine_counter(machine, "cma_alloc_success"), 1);
	assert_int_equal(mm_hugetlb_set_gigantic(machine, &nobody, 3), 1);
	assert_int_equal(mm_hugetlb_pages(machine), 2 * gigantic);
	assert_int_equal(machine_counter(machine, "cma_alloc_fail"), 2);
	machine_check(machine);
	assert_int_equal(mm_hugetlb_set_gigantic(machine, &nobody, 0), 0);
	assert_false(mm_cma_is_used(machine, 0, gigantic));
	assert_int_equal(machine->zones[0].nr_free_cma, gigantic);
	end(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_takes_its_pages_off_the_free_lists_and_gives_them_back),
		cmocka_unit_test(a_pool_that_cannot_have_all_has_some),
		cmocka_unit_test(a_pool_compacts_and_reclaims),
		cmocka_unit_test(what_a_mapping_has_comes_back_to_the_pool),
		cmocka_unit_test(beyond_the_pool_there_is_as_much_as_overcommit_says),
		cmocka_unit_test(a_recorded_pool_shrinks_by_what_is_not_in_use),
		cmocka_unit_test(pages_of_1_gib_are_ranges_that_can_be_made_free),
		cmocka_unit_test(pages_of_1_gib_come_out_of_their_area_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
