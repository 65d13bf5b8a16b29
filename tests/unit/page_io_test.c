/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of zeroes on their way to swap and back. */
#include "swapped_machine.h"

#define NR_OUT 1000u

static struct mm_machine *swapped(enum mm_swap_device device, uint16_t zero_filled, uint32_t kernel)
{
	struct mm_machine *machine = machine_on(device, 50, zero_filled, kernel);

	reclaim_pages(machine, NR_OUT);
	return machine;
}

static uint32_t nr_in_memory(struct mm_machine *machine)
{
	uint32_t nr = 0;

	for (uint32_t number = 0; number < NR_OUT; number++)
		nr += mm_lpage(machine, number)->pfn != MM_NONE;
	return nr;
}

static void zeroes_are_not_written(void **state)
{
	struct mm_machine *machine = swapped(MM_SWAP_SEEKS, 1000, MM_KERNEL(6, 12));

	(void)state;
	assert_int_equal(machine_counter(machine, "swpout_zero"), NR_OUT);
	assert_int_equal(machine_counter(machine, "pswpout"), 0);
	assert_int_equal(machine_counter(machine, "nr_vmscan_write"), NR_OUT);
	assert_int_equal(mm_nr_writeback(machine), 0);
	assert_int_equal(nr_in_memory(machine), 0);
	end(machine);
	machine = swapped(MM_SWAP_SEEKS, 0, MM_KERNEL(6, 12));
	assert_int_equal(machine_counter(machine, "swpout_zero"), 0);
	assert_int_equal(machine_counter(machine, "pswpout"), NR_OUT);
	assert_int_equal(mm_nr_writeback(machine), NR_OUT);
	assert_int_equal(nr_in_memory(machine), NR_OUT);
	end(machine);
}

static void older_kernels_write_them(void **state)
{
	struct mm_machine *machine = swapped(MM_SWAP_SEEKS, 1000, MM_KERNEL(6, 10));

	(void)state;
	assert_int_equal(machine_counter(machine, "swpout_zero"), 0);
	assert_int_equal(machine_counter(machine, "pswpout"), NR_OUT);
	end(machine);
}

static void so_many_of_a_thousand_are(void **state)
{
	struct mm_machine *machine = swapped(MM_SWAP_SEEKS, 300, MM_KERNEL(6, 12));
	uint32_t nr_zeroes = 0;

	(void)state;
	for (uint32_t number = 0; number < NR_OUT; number++) {
		bool zeroes = mm_is_zero_filled(machine, number);

		nr_zeroes += zeroes;
		assert_int_equal(mm_lpage(machine, number)->pfn == MM_NONE, zeroes);
	}
	assert_in_range(nr_zeroes, 250, 350);
	assert_int_equal(machine_counter(machine, "swpout_zero"), nr_zeroes);
	assert_int_equal(machine_counter(machine, "pswpout"), NR_OUT - nr_zeroes);
	assert_int_equal(mm_nr_writeback(machine), NR_OUT - nr_zeroes);
	end(machine);
}

/* What was no read is none, and what was out as zeroes goes out so again. */
static void they_come_back_without_a_read(void **state)
{
	struct mm_machine *machine = swapped(MM_SWAP_AT_ONCE, 300, MM_KERNEL(6, 12));
	uint64_t nr_zeroes = machine_counter(machine, "swpout_zero");

	(void)state;
	assert_int_equal(nr_in_memory(machine), 0);
	assert_int_equal(mm_nr_zspages(machine, 0), (NR_OUT - nr_zeroes + 1) / 2);
	reclaim_pages(machine, NR_OUT);
	assert_int_equal(machine_counter(machine, "swpin_zero"), nr_zeroes);
	assert_int_equal(machine_counter(machine, "pswpin"), NR_OUT - nr_zeroes);
	assert_int_equal(machine_counter(machine, "swpout_zero"), 2 * nr_zeroes);
	assert_int_equal(machine_counter(machine, "pgmajfault"), NR_OUT);
	end(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroes_are_not_written),
		cmocka_unit_test(older_kernels_write_them),
		cmocka_unit_test(so_many_of_a_thousand_are),
		cmocka_unit_test(they_come_back_without_a_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
