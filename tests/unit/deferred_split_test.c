/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Huge pages of which a part has ended: what it costs to keep them, and who splits them. */
#include "machine.h"

#include "huge_memory.h"

#define NR_PAGES (32u * 512)
#define HUGE     512u /* number of the first one's first base page */

static const struct mm_request huge = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .order = 9 };

static struct mm_machine *new_machine(uint32_t kernel)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, NR_PAGES, policy_find("classic"));

	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 16 * 512, NULL), 0);
	machine->settings.kernel = kernel;
	return machine;
}

static void end(struct mm_machine *machine)
{
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void touch_huge(struct mm_machine *machine, uint32_t number)
{
	assert_int_equal(mm_touch_page(machine, &huge, number, MM_LPAGE_ANON, MM_TOUCH_WRITE),
	                 MM_TOUCH_NEW);
}

static void scan(struct mm_machine *machine, int8_t priority)
{
	const struct mm_scan_control sc = { .priority = priority };

	mm_deferred_split_scan(&machine->nodes[0], &sc);
}

static void half_of_it_is_free_when_it_is_split(void **state)
{
	struct mm_machine *machine = new_machine(MM_KERNEL(6, 12));

	(void)state;
	touch_huge(machine, HUGE);
	for (uint32_t i = 0; i < 256; i++)
		assert_true(mm_free_base(machine, 0, HUGE + i, 0));
	assert_int_equal(machine->nr_anon, 512);
	assert_int_equal(machine_counter(machine, "nr_anon_transparent_hugepages"), 1);
	/* One of one is not worth a look yet. */
	scan(machine, 12);
	assert_int_equal(machine->nr_anon, 512);
	assert_int_equal(machine_counter(machine, "thp_deferred_split_page"), 1);
	assert_int_equal(machine_counter(machine, "thp_split_pmd"), 1);
	scan(machine, 0);
	assert_int_equal(machine->nr_anon, 256);
	assert_int_equal(machine_counter(machine, "nr_anon_transparent_hugepages"), 0);
	assert_int_equal(machine_counter(machine, "thp_split_page"), 1);
	assert_int_equal(machine_counter(machine, "thp_split_pmd"), 1);
	assert_int_equal(machine_counter(machine, "thp_deferred_split_page"), 1);
	scan(machine, 0);
	assert_int_equal(machine_counter(machine, "thp_split_page"), 1);
	end(machine);
}

/* What ends as a whole has not waited for anybody. */
static void an_exit_queues_nothing(void **state)
{
	struct mm_machine *machine = new_machine(MM_KERNEL(6, 12));

	(void)state;
	touch_huge(machine, HUGE);
	touch_huge(machine, 2 * HUGE);
	for (uint32_t i = 0; i < 1024; i++)
		assert_true(mm_free_base(machine, 0, HUGE + i, 0));
	scan(machine, 0);
	assert_int_equal(machine->nr_anon, 0);
	assert_int_equal(machine_counter(machine, "thp_deferred_split_page"), 0);
	assert_int_equal(machine_counter(machine, "thp_split_pmd"), 0);
	end(machine);
}

static void all_that_wait_are_split_in_the_end(void **state)
{
	struct mm_machine *machine = new_machine(MM_KERNEL(6, 12));

	(void)state;
	for (uint32_t i = 1; i <= 12; i++) {
		touch_huge(machine, i * 512);
		mm_free_base(machine, 0, i * 512 + i, 0);
	}
	/* This one ends, and its number is another's. */
	for (uint32_t i = 0; i < 512; i++)
		mm_free_base(machine, 0, 5 * 512 + i, 0);
	touch_huge(machine, 5 * 512);
	/* What a pass leaves is the next one's; too little never adds up. */
	for (int i = 0; i < 8; i++)
		scan(machine, 2);
	assert_int_equal(machine_counter(machine, "thp_split_page"), 0);
	scan(machine, 1);
	assert_int_equal(machine_counter(machine, "thp_split_page"), 11);
	assert_int_equal(mm_lpage(machine, 5 * 512)->order, 9);
	assert_int_equal(machine->nr_anon, 12 * 512 - 11);
	end(machine);
}

static void an_older_kernel_counts_every_split(void **state)
{
	struct mm_machine *machine = new_machine(MM_KERNEL(6, 1));

	(void)state;
	touch_huge(machine, HUGE);
	assert_true(mm_take_apart(machine, HUGE));
	assert_int_equal(machine_counter(machine, "thp_deferred_split_page"), 1);
	assert_int_equal(machine_counter(machine, "thp_split_pmd"), 1);
	assert_int_equal(machine->nr_anon, 512);
	end(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_of_it_is_free_when_it_is_split),
		cmocka_unit_test(an_exit_queues_nothing),
		cmocka_unit_test(all_that_wait_are_split_in_the_end),
		cmocka_unit_test(an_older_kernel_counts_every_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
