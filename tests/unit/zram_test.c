/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory that swap takes where it is zram. */
#include "swapped_machine.h"

#define NR_OUT 101u

/* NR_OUT pages of memory that is used once, all in swap. */
static struct mm_machine *swapped(enum mm_swap_device device, uint8_t percent)
{
	struct mm_machine *machine = machine_on(device, percent, 0, 0);

	reclaim_pages(machine, NR_OUT);
	for (uint32_t number = 0; number < NR_OUT; number++)
		assert_int_equal(mm_lpage(machine, number)->pfn, MM_NONE);
	return machine;
}

static uint64_t nr_unused(struct mm_machine *machine)
{
	return machine_counter(machine, "nr_free_pages") + mm_pcp_pages(machine, 0);
}

static void swapping_out_frees_what_compression_saves(void **state)
{
	struct mm_machine *machine = swapped(MM_SWAP_AT_ONCE, 30);

	(void)state;
	assert_int_equal(mm_nr_zspages(machine, 0), 31);
	assert_int_equal(nr_unused(machine), NR_PAGES - 31);
	end(machine);
	machine = swapped(MM_SWAP_AT_ONCE, 0);
	assert_int_equal(mm_nr_zspages(machine, 0), 0);
	assert_int_equal(nr_unused(machine), NR_PAGES);
	end(machine);
}

/* No page is left: reclaim is not stopped by it. */
static void without_memory_the_pool_stays_as_it_is(void **state)
{
	struct mm_machine *machine = machine_on(MM_SWAP_AT_ONCE, 100, 0, 0);
	static const struct mm_request reserves = { .gfp_flags = MM_GFP_KSWAPD_RECLAIM |
		                                                 MM_GFP_MEMALLOC };
	uint32_t number = 1;

	(void)state;
	mm_touch_page(machine, &movable, 0, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	mm_lru_add_drain(machine, 0);
	while (mm_touch_page(machine, &reserves, number, MM_LPAGE_KERNEL, 0) == MM_TOUCH_NEW)
		number++;
	reclaim_page(machine, 0);
	assert_int_equal(mm_lpage(machine, 0)->pfn, MM_NONE);
	assert_int_equal(mm_nr_zspages(machine, 0), 0);
	end(machine);
}

static void what_ends_gives_its_share_back(void **state)
{
	struct mm_machine *machine = swapped(MM_SWAP_AT_ONCE, 50);

	(void)state;
	assert_int_equal(mm_nr_zspages(machine, 0), 51);
	for (uint32_t number = 0; number < NR_OUT; number++)
		mm_free_lpage(machine, 0, number);
	/* Slots come back by way of a CPU's cache: some are still there. */
	assert_in_range(mm_nr_zspages(machine, 0), 0, 32);
	assert_int_equal(nr_unused(machine), NR_PAGES - mm_nr_zspages(machine, 0));
	end(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(swapping_out_frees_what_compression_saves),
		cmocka_unit_test(without_memory_the_pool_stays_as_it_is),
		cmocka_unit_test(what_ends_gives_its_share_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
