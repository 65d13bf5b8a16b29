/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base pages of huge pages: touched and freed one by one, whether the huge page is whole or in pieces. */
#include "machine.h"

#include "huge_memory.h"

#define NR_PAGES (16u * 512)
#define HUGE     512u /* a huge page's first number */

static const struct mm_request small = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
static const struct mm_request huge = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .order = 9 };

static struct mm_machine *new_machine(void)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, NR_PAGES, policy_find("classic"));

	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 4 * 512, NULL), 0);
	return machine;
}

static void end(struct mm_machine *machine)
{
	machine_check(machine);
	mm_machine_destroy(machine);
}

static uint64_t nr_anon(const struct mm_machine *machine)
{
	return machine->nr_anon;
}

static enum mm_touch_result touch(struct mm_machine *machine, uint32_t page)
{
	return mm_touch_page(machine, &small, page, MM_LPAGE_ANON, MM_TOUCH_WRITE);
}

static void touch_whole(struct mm_machine *machine)
{
	assert_int_equal(mm_touch_page(machine, &huge, HUGE, MM_LPAGE_ANON, MM_TOUCH_WRITE),
	                 MM_TOUCH_NEW);
	assert_int_equal(mm_lpage(machine, HUGE)->order, 9);
}

/* As reclaim does without room in swap for the whole. */
static void in_pieces(struct mm_machine *machine)
{
	uint32_t pfn = mm_lpage(machine, HUGE)->pfn;

	mm_lru_remove_page(machine, pfn);
	mm_split_page(machine, pfn);
	for (uint32_t i = 0; i < 512; i++)
		if (mm_lpage(machine, HUGE + i)->pfn != MM_NONE)
			mm_lru_add_page(machine, pfn + i);
}

static void a_base_page_of_a_whole_one_is_there(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	touch_whole(machine);
	assert_int_equal(touch(machine, HUGE), MM_TOUCH_HIT);
	assert_int_equal(touch(machine, HUGE + 300), MM_TOUCH_HIT);
	assert_true(mm_lpage_is_known(machine, HUGE + 300));
	assert_int_equal(nr_anon(machine), 512);
	/* The number after it is nobody's. */
	assert_int_equal(touch(machine, HUGE + 512), MM_TOUCH_NEW);
	assert_int_equal(nr_anon(machine), 513);
	assert_int_equal(machine_counter(machine, "pgfault"), 2);
	end(machine);
}

/* Nobody asks for one: pieces, and no word of a fallback. Shared memory has a switch of its own. */
static void switched_off_there_are_pieces(void **state)
{
	const struct mm_request one = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
	struct mm_machine *machine = new_machine();
	struct mm_request pieces = huge;

	(void)state;
	pieces.pieces = true;
	mm_touch_page(machine, &pieces, HUGE, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	assert_int_equal(nr_anon(machine), 512);
	assert_int_equal(machine_counter(machine, "pgfault"), 512);
	assert_int_equal(mm_lpage(machine, HUGE)->order, 0);
	mm_touch_page(machine, &one, 3 * HUGE + 7, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	assert_int_equal(nr_anon(machine), 513);
	assert_int_equal(machine_counter(machine, "thp_fault_fallback"), 0);
	assert_int_equal(machine_counter(machine, "thp_fault_alloc"), 0);
	mm_touch_page(machine, &huge, 2 * HUGE, MM_LPAGE_SHMEM, MM_TOUCH_WRITE);
	assert_int_equal(mm_lpage(machine, 2 * HUGE)->order, 9);
	assert_int_equal(machine_counter(machine, "thp_file_alloc"), 1);
	assert_int_equal(machine_counter(machine, "thp_fault_alloc"), 0);
	end(machine);
}

static void only_the_piece_comes_back(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	touch_whole(machine);
	in_pieces(machine);
	assert_int_equal(machine_counter(machine, "thp_split_page"), 1);
	assert_true(mm_free_base(machine, 0, HUGE, 0));
	assert_true(mm_free_base(machine, 0, HUGE + 300, 0));
	assert_int_equal(nr_anon(machine), 510);
	assert_int_equal(touch(machine, HUGE + 300), MM_TOUCH_NEW);
	assert_int_equal(nr_anon(machine), 511);
	assert_int_equal(touch(machine, HUGE + 300), MM_TOUCH_HIT);
	/* The first number is the first piece's, too, not the whole. */
	assert_int_equal(touch(machine, HUGE), MM_TOUCH_NEW);
	assert_int_equal(nr_anon(machine), 512);
	assert_int_equal(machine->pages[mm_lpage(machine, HUGE)->pfn].order, 0);
	end(machine);
}

static void a_sample_is_of_one_piece(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	touch_whole(machine);
	in_pieces(machine);
	for (uint32_t i = 1; i < 512; i++)
		assert_true(mm_free_base(machine, 0, HUGE + i, 0));
	mm_access_page(machine, &small, HUGE);
	mm_access_page(machine, &small, HUGE + 1);
	assert_int_equal(nr_anon(machine), 1);
	end(machine);
}

static void the_last_base_page_ends_the_whole(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	for (uint32_t round = 0; round < 2; round++) {
		touch_whole(machine);
		/* From the middle on, and one of them twice. */
		for (uint32_t i = 0; i < 512; i++) {
			assert_int_equal(nr_anon(machine), 512);
			assert_true(mm_free_base(machine, 0, HUGE + (i + 256) % 512, 0));
			assert_true(i == 511 || mm_free_base(machine, 0, HUGE + 256, 0));
			machine_check(machine);
		}
		assert_int_equal(nr_anon(machine), 0);
		assert_false(mm_lpage_is_known(machine, HUGE));
		assert_false(mm_free_base(machine, 0, HUGE, 0));
		/* Its numbers may be anything now. */
		assert_int_equal(touch(machine, HUGE + 1), MM_TOUCH_NEW);
		assert_true(mm_free_base(machine, 0, HUGE + 1, 0));
	}
	end(machine);
}

static void what_has_ended_is_free_when_the_whole_is_split(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	touch_whole(machine);
	mm_space_charge(machine, 0, HUGE);
	for (uint32_t i = 0; i < 100; i++)
		assert_true(mm_free_base(machine, 0, HUGE + i * 3, 0));
	assert_int_equal(nr_anon(machine), 512);
	assert_false(mm_lpage_is_known(machine, HUGE + 3));
	in_pieces(machine);
	machine_check(machine);
	assert_int_equal(nr_anon(machine), 412);
	assert_int_equal(touch(machine, HUGE + 1), MM_TOUCH_HIT);
	assert_int_equal(touch(machine, HUGE + 3), MM_TOUCH_NEW);
	assert_true(mm_free_base(machine, 0, HUGE, 9));
	assert_int_equal(nr_anon(machine), 0);
	end(machine);
}

static void a_new_page_takes_the_whole_apart(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	touch_whole(machine);
	assert_true(mm_free_base(machine, 0, HUGE, 0));
	assert_true(mm_free_base(machine, 0, HUGE + 7, 0));
	assert_int_equal(touch(machine, HUGE + 8), MM_TOUCH_HIT);
	assert_int_equal(mm_lpage(machine, HUGE)->order, 9);
	assert_int_equal(touch(machine, HUGE + 7), MM_TOUCH_NEW);
	machine_check(machine);
	assert_int_equal(nr_anon(machine), 511);
	/* They lie in the order of their addresses, the first is the next to go. */
	assert_int_equal(machine->nodes[0].lists[0].tail, mm_lpage(machine, HUGE + 1)->pfn);
	end(machine);
}

static void where_something_is_no_whole_one_fits(void **state)
{
	struct mm_machine *machine = new_machine();
	const struct mm_request medium = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .order = 3 };

	(void)state;
	assert_int_equal(touch(machine, HUGE + 9), MM_TOUCH_NEW);
	assert_int_equal(mm_touch_page(machine, &medium, HUGE + 16, MM_LPAGE_ANON, 0),
	                 MM_TOUCH_NEW);
	assert_int_equal(nr_anon(machine), 9);
	assert_int_equal(mm_touch_page(machine, &huge, HUGE, MM_LPAGE_ANON, 0), MM_TOUCH_NEW);
	assert_int_equal(nr_anon(machine), 512);
	assert_int_equal(mm_lpage(machine, HUGE)->order, 0);
	assert_int_equal(mm_lpage(machine, HUGE + 16)->order, 3);
	assert_int_equal(mm_touch_page(machine, &medium, HUGE + 1, MM_LPAGE_ANON, 0),
	                 MM_TOUCH_INVALID);
	assert_int_equal(mm_touch_page(machine, &small, HUGE + 17, MM_LPAGE_KERNEL, 0),
	                 MM_TOUCH_INVALID);
	assert_true(mm_free_base(machine, 0, HUGE, 9));
	assert_int_equal(nr_anon(machine), 0);
	end(machine);
}

static void a_copy_reads_the_piece(void **state)
{
	struct mm_machine *machine = new_machine();
	uint64_t faults;

	(void)state;
	touch_whole(machine);
	in_pieces(machine);
	mm_free_base(machine, 0, HUGE + 7, 0);
	faults = machine_counter(machine, "pgfault");
	assert_int_equal(mm_copy_page(machine, &small, HUGE + 1024, HUGE + 8, 0), MM_TOUCH_NEW);
	assert_int_equal(machine_counter(machine, "pgfault"), faults + 1);
	assert_int_equal(nr_anon(machine), 512);
	assert_int_equal(mm_lpage(machine, HUGE + 7)->pfn, MM_NONE);
	end(machine);
}

static void a_page_goes_on_under_another_number(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	touch_whole(machine);
	assert_int_equal(touch(machine, 5), MM_TOUCH_NEW);
	assert_int_equal(mm_seed_swapped(machine, 6, MM_LPAGE_ANON), 0);
	mm_rename_page(machine, 5, 7);
	mm_rename_page(machine, 6, 8);
	machine_check(machine);
	assert_false(mm_lpage_is_known(machine, 5));
	assert_int_equal(touch(machine, 7), MM_TOUCH_HIT);
	assert_int_equal(touch(machine, 8), MM_TOUCH_SWAPIN);
	/* Not to a place that something has, nor part of a whole, nor what there is none of. */
	mm_rename_page(machine, 7, 8);
	mm_rename_page(machine, 7, HUGE + 3);
	mm_rename_page(machine, HUGE, 9);
	mm_rename_page(machine, 5, 9);
	assert_true(mm_lpage_is_known(machine, 7));
	assert_false(mm_lpage_is_known(machine, 9));
	assert_int_equal(nr_anon(machine), 514);
	end(machine);
}

static void kernel_memory_has_no_base_pages(void **state)
{
	struct mm_machine *machine = new_machine();
	const struct mm_request stack = { .gfp_flags = MM_GFP_KERNEL, .order = 2 };

	(void)state;
	touch_whole(machine);
	mm_touch_page(machine, &stack, 1024, MM_LPAGE_KERNEL, 0);
	assert_int_equal(mm_whole_page(machine, 1025), 1025);
	assert_int_equal(touch(machine, 1025), MM_TOUCH_NEW);
	assert_true(mm_free_base(machine, 0, 1025, 0));
	assert_true(mm_lpage_is_known(machine, 1024));
	assert_true(mm_free_base(machine, 0, 1024, 2));
	assert_false(mm_lpage_is_known(machine, 1024));
	end(machine);
}

/* There is room for a few pages only: whoever comes first has some. */
static void a_page_table_comes_before_base_pages(void **state)
{
	const struct mm_request kernel = { .gfp_flags = MM_GFP_KERNEL };
	const uint32_t table = 40000, first = 20000, few = 20;
	struct mm_machine *machine = new_machine();
	struct mm_request request = huge;
	uint32_t nr = 0;

	(void)state;
	assert_int_equal(mm_reserve_lpages(machine, table + 1, NULL), 0);
	while (mm_touch_page(machine, &kernel, first + nr, MM_LPAGE_KERNEL, 0) == MM_TOUCH_NEW)
		nr++;
	for (uint32_t i = 0; i < few; i++)
		assert_true(mm_free_lpage(machine, 0, first + --nr));
	mm_drain_all_pages(machine);
	request.table = table;
	request.table_gfp = MM_GFP_KERNEL;
	assert_int_equal(mm_touch_page(machine, &request, HUGE, MM_LPAGE_ANON, MM_TOUCH_WRITE),
	                 MM_TOUCH_FAILED);
	assert_int_equal(machine_counter(machine, "thp_fault_fallback"), 1);
	assert_int_equal(mm_lpage(machine, table)->kind, MM_LPAGE_KERNEL);
	assert_true(nr_anon(machine) < few);
	end(machine);
}

static void a_huge_page_leaves_the_page_table_for_later(void **state)
{
	struct mm_machine *machine = new_machine();
	struct mm_request request = huge;

	(void)state;
	request.table = 3 * HUGE;
	request.table_gfp = MM_GFP_KERNEL;
	assert_int_equal(mm_touch_page(machine, &request, HUGE, MM_LPAGE_ANON, MM_TOUCH_WRITE),
	                 MM_TOUCH_NEW);
	assert_false(mm_lpage_is_known(machine, 3 * HUGE));
	end(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_base_page_of_a_whole_one_is_there),
		cmocka_unit_test(switched_off_there_are_pieces),
		cmocka_unit_test(only_the_piece_comes_back),
		cmocka_unit_test(a_sample_is_of_one_piece),
		cmocka_unit_test(the_last_base_page_ends_the_whole),
		cmocka_unit_test(what_has_ended_is_free_when_the_whole_is_split),
		cmocka_unit_test(a_new_page_takes_the_whole_apart),
		cmocka_unit_test(where_something_is_no_whole_one_fits),
		cmocka_unit_test(a_copy_reads_the_piece),
		cmocka_unit_test(a_page_goes_on_under_another_number),
		cmocka_unit_test(kernel_memory_has_no_base_pages),
		cmocka_unit_test(a_page_table_comes_before_base_pages),
		cmocka_unit_test(a_huge_page_leaves_the_page_table_for_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
