/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes back from swap, and how it counts. */
#include "machine.h"

#define NR_PAGES 4096u
#define NR_SLOTS 4096u

static const struct mm_request movable = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

static int setup(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, NR_SLOTS, policy_find("classic"));

	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	machine_all_free(machine);
	*state = machine;
	return 0;
}

static int teardown(void **state)
{
	machine_check(*state);
	mm_machine_destroy(*state);
	return 0;
}

static struct mm_page *page_of(struct mm_machine *machine, uint32_t number)
{
	return &machine->pages[mm_lpage(machine, number)->pfn];
}

/* As reclaim does it, with the write over at once. */
static void swap_out(struct mm_machine *machine, uint32_t number)
{
	uint32_t pfn = mm_lpage(machine, number)->pfn;
	struct mm_scan_control sc = { .gfp_flags = MM_GFP_KERNEL, .may_writepage = true };
	struct mm_node *node = &machine->nodes[0];
	struct mm_batch batch = { .nr = 0 };
	uint64_t nr_written;

	for (int try = 0; try < 3 && mm_lpage(machine, number)->pfn != MM_NONE; try++) {
		machine->pages[pfn].flags &= (uint16_t)~MM_PG_YOUNG;
		mm_lru_remove_page(machine, pfn);
		page_of(machine, number)->state = MM_PAGE_ISOLATED;
		node->nr_isolated[MM_LRU_ANON]++;
		batch = (struct mm_batch){ .nr = 1, .pfns = { pfn } };
		mm_shrink_batch(node, &sc, &batch, &nr_written);
		mm_end_writeback(machine, mm_nr_writeback(machine));
	}
	assert_int_equal(mm_lpage(machine, number)->pfn, MM_NONE);
}

/* Neither write() nor read() of tmpfs faults, and what they bring in is in no page table. */
static void system_calls_on_tmpfs_do_not_fault(void **state)
{
	struct mm_machine *machine = *state;

	mm_touch_page(machine, &movable, 3, MM_LPAGE_SHMEM, MM_TOUCH_WRITE);
	assert_int_equal(page_of(machine, 3)->flags & (MM_PG_UNMAPPED | MM_PG_YOUNG),
	                 MM_PG_UNMAPPED);
	assert_true(page_of(machine, 3)->flags & MM_PG_REFERENCED);
	assert_int_equal(machine_counter(machine, "nr_shmem"), 1);
	swap_out(machine, 3);
	assert_int_equal(mm_touch_page(machine, &movable, 3, MM_LPAGE_SHMEM, 0), MM_TOUCH_SWAPIN);
	assert_int_equal(machine_counter(machine, "pswpin"), 1);
	assert_int_equal(machine_counter(machine, "workingset_refault_anon"), 1);
	assert_int_equal(machine_counter(machine, "pgfault"), 0);
	assert_int_equal(machine_counter(machine, "pgmajfault"), 0);
}

static void faults_on_shared_memory_do(void **state)
{
	struct mm_machine *machine = *state;

	mm_touch_page(machine, &movable, 3, MM_LPAGE_SHMEM, MM_TOUCH_FAULT);
	assert_int_equal(page_of(machine, 3)->flags & (MM_PG_UNMAPPED | MM_PG_YOUNG), MM_PG_YOUNG);
	assert_int_equal(machine_counter(machine, "pgfault"), 1);
	swap_out(machine, 3);
	mm_touch_page(machine, &movable, 3, MM_LPAGE_SHMEM, MM_TOUCH_FAULT);
	assert_int_equal(machine_counter(machine, "pgfault"), 2);
	assert_int_equal(machine_counter(machine, "pgmajfault"), 1);
}

/* A page of tmpfs leaves the swap cache with any use, one of a process only with a fault that writes. */
static void who_keeps_its_slot(void **state)
{
	struct mm_machine *machine = *state;

	mm_touch_page(machine, &movable, 3, MM_LPAGE_SHMEM, MM_TOUCH_WRITE);
	mm_touch_page(machine, &movable, 4, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	swap_out(machine, 3);
	swap_out(machine, 4);
	mm_touch_page(machine, &movable, 3, MM_LPAGE_SHMEM, 0);
	mm_touch_page(machine, &movable, 4, MM_LPAGE_ANON, 0);
	assert_int_equal(mm_lpage(machine, 3)->slot, MM_NONE);
	assert_true(page_of(machine, 3)->flags & MM_PG_DIRTY);
	assert_int_not_equal(mm_lpage(machine, 4)->slot, MM_NONE);
	assert_false(page_of(machine, 4)->flags & MM_PG_DIRTY);
	mm_touch_page(machine, &movable, 4, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	assert_true(page_of(machine, 4)->flags & MM_PG_DIRTY);
	assert_int_not_equal(mm_lpage(machine, 4)->slot, MM_NONE);
	swap_out(machine, 4);
	mm_touch_page(machine, &movable, 4, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	assert_int_equal(mm_lpage(machine, 4)->slot, MM_NONE);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(system_calls_on_tmpfs_do_not_fault),
		TEST(faults_on_shared_memory_do),
		TEST(who_keeps_its_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
