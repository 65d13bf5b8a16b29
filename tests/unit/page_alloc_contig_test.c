/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges of page frames: isolated, emptied and taken, or left as they were. */
#include "machine.h"

#define NR_PAGES (16u * 512)
#define START    (4u * 512)
#define END      (6u * 512)

static const struct mm_request kernel = { .gfp_flags = MM_GFP_KERNEL };
static const struct mm_request user = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

static struct mm_machine *new_machine(uint32_t kernel_version)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, NR_PAGES, policy_find("classic"));

	machine->settings.kernel = kernel_version;
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	for (uint32_t at = 0; at < NR_PAGES; at += 1024)
		assert_true(mm_seed_free_block(machine, at, 10));
	machine_seed_done(machine);
	return machine;
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

/* All that can be free is, in blocks as large as before, and no pageblock is isolated. */
static void expect_as_before(struct mm_machine *machine, uint32_t nr_used)
{
	mm_drain_all_pages(machine);
	machine_check(machine);
	assert_int_equal(machine_counter(machine, "nr_free_pages"), NR_PAGES - nr_used);
	for (uint32_t pfn = 0; pfn < NR_PAGES; pfn += 512)
		assert_int_not_equal(mm_block_type(machine, pfn), MM_ISOLATE);
	for (uint32_t order = 0; order < MM_NR_ORDERS; order++)
		assert_int_equal(machine->zones[0].free_area[order].lists[MM_ISOLATE].count, 0);
}

static void a_free_range_is_taken_and_given_back(uint32_t version)
{
	struct mm_machine *machine = new_machine(version);

	assert_int_equal(mm_alloc_contig_range(machine, &kernel, START, END, MM_MOVABLE),
	                 MM_CONTIG_DONE);
	assert_int_equal(machine_counter(machine, "nr_free_pages"), NR_PAGES - (END - START));
	assert_int_equal(machine_counter(machine, "compact_isolated"), END - START);
	assert_int_equal(machine_counter(machine, "pgmigrate_success"), 0);
	expect_as_before(machine, END - START);
	mm_free_contig_range(machine, START, END - START);
	expect_as_before(machine, 0);
	assert_int_equal(machine->zones[0].free_area[10].nr_free, NR_PAGES / 1024);
	mm_machine_destroy(machine);
}

static void free_ranges(void **state)
{
	(void)state;
	a_free_range_is_taken_and_given_back(MM_KERNEL(6, 1));
	a_free_range_is_taken_and_given_back(MM_KERNEL(6, 12));
}

/* Half of a free block of 4 MiB, and part of a pageblock. */
static void what_a_range_does_not_have_stays_free(void **state)
{
	struct mm_machine *machine = new_machine(MM_KERNEL(6, 12));

	(void)state;
	assert_int_equal(
		mm_alloc_contig_range(machine, &kernel, START + 7, START + 600, MM_MOVABLE),
		MM_CONTIG_DONE);
	expect_as_before(machine, 593);
	for (uint32_t pfn = START; pfn < END; pfn++)
		assert_int_equal(machine->pages[mm_block_holding(machine, pfn)].state,
		                 pfn >= START + 7 && pfn < START + 600 ? MM_PAGE_USED
		                                                       : MM_PAGE_FREE);
	mm_free_contig_range(machine, START + 7, 593);
	expect_as_before(machine, 0);
	assert_int_equal(machine->zones[0].free_area[10].nr_free, NR_PAGES / 1024);
	mm_machine_destroy(machine);
}

static void movable_pages_move_and_clean_ones_leave(uint32_t version)
{
	struct mm_machine *machine = new_machine(version);

	put(machine, 0, MM_LPAGE_ANON, START);
	put(machine, 1, MM_LPAGE_FILE, START + 3);
	put(machine, 2, MM_LPAGE_FILE, START + 512);
	put(machine, 3, MM_LPAGE_SHMEM, END - 1);
	put(machine, 4, MM_LPAGE_ANON, END);
	mm_dirty_page(machine, 2);
	assert_int_equal(mm_alloc_contig_range(machine, &kernel, START, END, MM_MOVABLE),
	                 MM_CONTIG_DONE);
	assert_int_equal(machine_counter(machine, "pgmigrate_success"), 3);
	assert_int_equal(machine_counter(machine, "compact_isolated"), END - START + 4);
	assert_false(mm_lpage_is_present(machine, 1));
	for (uint32_t number = 0; number < 4; number++) {
		uint32_t pfn = mm_lpage(machine, number)->pfn;

		if (number == 1)
			continue;
		assert_true(mm_lpage_is_present(machine, number));
		assert_true(pfn < START || pfn >= END);
	}
	assert_int_equal(mm_lpage(machine, 4)->pfn, END);
	assert_true(machine->pages[mm_lpage(machine, 2)->pfn].flags & MM_PG_DIRTY);
	expect_as_before(machine, END - START + 4);
	mm_machine_destroy(machine);
}

static void movable_pages(void **state)
{
	(void)state;
	movable_pages_move_and_clean_ones_leave(MM_KERNEL(6, 1));
	movable_pages_move_and_clean_ones_leave(MM_KERNEL(6, 12));
}

/* Wherever it is, and whatever was isolated before it was met. */
static void a_page_of_the_kernel_keeps_the_range(void **state)
{
	static const uint32_t places[] = { START, START + 300, START + 512, END - 1 };

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct mm_machine *machine = new_machine(MM_KERNEL(6, 12));

		put(machine, 0, MM_LPAGE_ANON, START + 5);
		put(machine, 1, MM_LPAGE_KERNEL, places[i]);
		assert_int_equal(
			mm_alloc_contig_range(machine, &kernel, START, END + 1024, MM_MOVABLE),
			MM_CONTIG_BUSY);
		assert_int_equal(mm_lpage(machine, 0)->pfn, START + 5);
		assert_int_equal(machine_counter(machine, "pgmigrate_success"), 0);
		assert_int_equal(machine_counter(machine, "compact_isolated"), 0);
		expect_as_before(machine, 2);
		mm_free_lpage(machine, 0, 0);
		mm_free_lpage(machine, 0, 1);
		expect_as_before(machine, 0);
		assert_int_equal(machine->zones[0].free_area[10].nr_free, NR_PAGES / 1024);
		mm_machine_destroy(machine);
	}
}

/* Nothing is free but the range, and there is no swap: what was moved meanwhile has moved. */
static void without_memory_to_move_to_it_fails(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, policy_find("classic"));
	uint32_t nr = 0;

	(void)state;
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	machine_all_free(machine);
	for (uint32_t at = 0; at < NR_PAGES; at++) {
		if (at % 512 != 100)
			put(machine, nr++, MM_LPAGE_ANON, at);
	}
	assert_int_equal(mm_alloc_contig_range(machine, &kernel, START, END, MM_MOVABLE),
	                 MM_CONTIG_NOMEM);
	expect_as_before(machine, nr);
	for (uint32_t number = 0; number < nr; number++)
		assert_true(mm_lpage_is_present(machine, number));
	mm_machine_destroy(machine);
}

/* As one where there is a place for it, in pieces where there is not. */
static void huge_pages_move_too(void **state)
{
	struct mm_request huge = { .gfp_flags = MM_GFP_TRANSHUGE_LIGHT, .order = 9 };
	struct mm_machine *machine = new_machine(MM_KERNEL(6, 12));
	uint32_t pfn;

	(void)state;
	assert_int_equal(mm_touch_page(machine, &huge, 0, MM_LPAGE_ANON, 0), MM_TOUCH_NEW);
	pfn = mm_lpage(machine, 0)->pfn;
	assert_int_equal(mm_alloc_contig_range(machine, &kernel, pfn, pfn + 512, MM_MOVABLE),
	                 MM_CONTIG_DONE);
	assert_int_not_equal(mm_lpage(machine, 0)->pfn, pfn);
	assert_int_equal(mm_lpage(machine, 0)->order, 9);
	mm_free_contig_range(machine, pfn, 512);
	/* A page of the kernel in each other pageblock. */
	for (uint32_t at = 0; at < NR_PAGES; at += 512) {
		if (at != mm_lpage(machine, 0)->pfn)
			put(machine, 1024 + at / 512, MM_LPAGE_KERNEL, at + 17);
	}
	pfn = mm_lpage(machine, 0)->pfn;
	assert_int_equal(mm_alloc_contig_range(machine, &kernel, pfn, pfn + 512, MM_MOVABLE),
	                 MM_CONTIG_DONE);
	assert_int_equal(mm_lpage(machine, 0)->order, 0);
	for (uint32_t number = 0; number < 512; number++)
		assert_true(mm_lpage_is_present(machine, number));
	expect_as_before(machine, 1024 + NR_PAGES / 512 - 1);
	mm_machine_destroy(machine);
}

/* What is in a CMA area moves out for those that the area is for, and for nobody else. */
static void areas_for_cma_are_theirs(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, NR_PAGES, policy_find("classic"));

	(void)state;
	machine->settings.kernel = MM_KERNEL(6, 12);
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	mm_seed_block_type(machine, START, MM_CMA);
	mm_seed_block_type(machine, START + 512, MM_CMA);
	machine_all_free(machine);
	put(machine, 0, MM_LPAGE_ANON, START + 40);
	assert_int_equal(mm_alloc_contig_range(machine, &kernel, START, START + 512, MM_MOVABLE),
	                 MM_CONTIG_BUSY);
	assert_int_equal(mm_alloc_contig_range(machine, &kernel, START + 32, START + 64, MM_CMA),
	                 MM_CONTIG_DONE);
	assert_int_equal(machine_counter(machine, "pgmigrate_success"), 1);
	assert_int_equal(mm_block_type(machine, START), MM_CMA);
	/* It may have moved within the area, but not to where it was. */
	assert_true(mm_lpage(machine, 0)->pfn < START + 32 ||
	            mm_lpage(machine, 0)->pfn >= START + 64);
	mm_free_contig_range(machine, START + 32, 32);
	mm_free_lpage(machine, 0, 0);
	expect_as_before(machine, 0);
	assert_int_equal(machine->zones[0].nr_free_cma, 1024);
	mm_machine_destroy(machine);
}

static void the_first_range_that_can_be_had_is_taken(void **state)
{
	struct mm_machine *machine = new_machine(MM_KERNEL(6, 12));

	(void)state;
	put(machine, 0, MM_LPAGE_KERNEL, 2047);
	put(machine, 1, MM_LPAGE_ANON, 2048);
	assert_int_equal(mm_alloc_contig_pages(machine, &user, 2048), 2048);
	assert_int_equal(mm_alloc_contig_pages(machine, &user, 2048), 4096);
	assert_true(mm_lpage(machine, 1)->pfn < 2048 || mm_lpage(machine, 1)->pfn >= 6144);
	mm_free_contig_range(machine, 2048, 2048);
	assert_int_equal(mm_alloc_contig_pages(machine, &user, 2048), 2048);
	assert_int_equal(mm_alloc_contig_pages(machine, &user, 4096), MM_NONE);
	expect_as_before(machine, 2 + 4096);
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_ranges),
		cmocka_unit_test(what_a_range_does_not_have_stays_free),
		cmocka_unit_test(movable_pages),
		cmocka_unit_test(a_page_of_the_kernel_keeps_the_range),
		cmocka_unit_test(without_memory_to_move_to_it_fails),
		cmocka_unit_test(huge_pages_move_too),
		cmocka_unit_test(areas_for_cma_are_theirs),
		cmocka_unit_test(the_first_range_that_can_be_had_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
