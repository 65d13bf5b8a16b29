/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folios between a base page and a huge page: of which order a first touch gets one, and what becomes of them. */
#include "machine.h"

#define NR_PAGES (16u * 512)
#define AREA     512u /* number of the first base page of an area */
#define ORDER_64 (1u << 4)
#define ORDER_32 (1u << 3)

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

static enum mm_touch_result touch(struct mm_machine *machine, uint32_t number, uint32_t orders)
{
	const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE,
		                            .folio_gfp = MM_GFP_TRANSHUGE_LIGHT,
		                            .folio_orders = (uint16_t)orders };

	return mm_touch_page(machine, &request, number, MM_LPAGE_ANON, MM_TOUCH_WRITE);
}

static uint64_t stat(const struct mm_machine *machine, uint32_t order, enum mm_folio_stat item)
{
	return mm_folio_stat(machine, order, item);
}

static void each_size_has_its_switch(void **state)
{
	const struct mm_settings settings = { .folio_always = 1u << 2,
		                              .folio_madvise = 1u << 4,
		                              .folio_inherit = 1u << 6,
		                              .thp_enabled = MM_THP_MADVISE };
	struct mm_settings inherits = settings;

	(void)state;
	assert_int_equal(mm_folio_orders(&settings, MM_ADVICE_NONE), 1u << 2);
	assert_int_equal(mm_folio_orders(&settings, MM_ADVICE_HUGE), 1u << 2 | 1u << 4 | 1u << 6);
	assert_int_equal(mm_folio_orders(&settings, MM_ADVICE_NOHUGE), 0);
	inherits.thp_enabled = MM_THP_ALWAYS;
	assert_int_equal(mm_folio_orders(&inherits, MM_ADVICE_NONE), 1u << 2 | 1u << 6);
	inherits.thp_enabled = MM_THP_NEVER;
	assert_int_equal(mm_folio_orders(&inherits, MM_ADVICE_HUGE), 1u << 2 | 1u << 4);
}

static void the_largest_that_fits_is_taken(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	assert_int_equal(touch(machine, AREA + 21, ORDER_64 | ORDER_32), MM_TOUCH_NEW);
	assert_int_equal(mm_lpage(machine, AREA + 16)->order, 4);
	assert_int_equal(machine->nr_anon, 16);
	/* The others are there, without a fault. */
	assert_int_equal(touch(machine, AREA + 16, ORDER_64), MM_TOUCH_HIT);
	assert_int_equal(touch(machine, AREA + 31, ORDER_64), MM_TOUCH_HIT);
	assert_int_equal(machine_counter(machine, "pgfault"), 1);
	/* Around a page that is there no folio fits but a smaller one beside it. */
	assert_int_equal(touch(machine, AREA + 3, 0), MM_TOUCH_NEW);
	assert_int_equal(touch(machine, AREA + 10, ORDER_64 | ORDER_32), MM_TOUCH_NEW);
	assert_int_equal(mm_lpage(machine, AREA + 8)->order, 3);
	assert_int_equal(touch(machine, AREA + 4, ORDER_64 | ORDER_32), MM_TOUCH_NEW);
	assert_int_equal(mm_lpage(machine, AREA + 4)->order, 0);
	assert_int_equal(stat(machine, 4, MM_FOLIO_FAULT_ALLOC), 1);
	assert_int_equal(stat(machine, 3, MM_FOLIO_FAULT_ALLOC), 1);
	assert_int_equal(stat(machine, 4, MM_FOLIO_FAULT_FALLBACK), 0);
	end(machine);
}

static void without_a_block_it_is_the_next_smaller_one(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, NR_PAGES, policy_find("classic"));

	(void)state;
	/* No block of more than 32 KiB. */
	for (uint32_t pfn = 0; pfn < NR_PAGES; pfn += 16)
		assert_true(mm_seed_free_block(machine, pfn, 3));
	machine_seed_done(machine);
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	assert_int_equal(touch(machine, AREA, ORDER_64 | ORDER_32), MM_TOUCH_NEW);
	assert_int_equal(mm_lpage(machine, AREA)->order, 3);
	assert_int_equal(touch(machine, AREA + 64, ORDER_64), MM_TOUCH_NEW);
	assert_int_equal(mm_lpage(machine, AREA + 64)->order, 0);
	assert_int_equal(stat(machine, 4, MM_FOLIO_FAULT_FALLBACK), 2);
	assert_int_equal(stat(machine, 3, MM_FOLIO_FAULT_FALLBACK), 0);
	end(machine);
}

/* One fault of the recording, which had 64 KiB: of 32 KiB each half takes one. */
static void a_recorded_folio_is_touched_as_a_whole(void **state)
{
	struct mm_machine *machine = new_machine();
	const struct mm_request request = { .gfp_flags = MM_GFP_TRANSHUGE_LIGHT,
		                            .folio_gfp = MM_GFP_TRANSHUGE_LIGHT,
		                            .folio_orders = ORDER_32,
		                            .order = 4 };

	(void)state;
	assert_int_equal(mm_touch_page(machine, &request, AREA, MM_LPAGE_ANON, MM_TOUCH_WRITE),
	                 MM_TOUCH_NEW);
	assert_int_equal(mm_lpage(machine, AREA)->order, 3);
	assert_int_equal(mm_lpage(machine, AREA + 8)->order, 3);
	assert_int_equal(mm_lpage(machine, AREA)->nr_holes, 0);
	assert_int_equal(machine->nr_anon, 16);
	assert_int_equal(stat(machine, 3, MM_FOLIO_FAULT_ALLOC), 2);
	assert_true(mm_free_base(machine, 0, AREA, 4));
	assert_int_equal(machine->nr_anon, 0);
	end(machine);
}

/* What nobody has touched does not keep it. */
static void it_ends_with_the_last_page_that_was_touched(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	touch(machine, AREA + 2, ORDER_64);
	touch(machine, AREA + 7, ORDER_64);
	assert_true(mm_free_base(machine, 0, AREA + 2, 0));
	assert_int_equal(machine->nr_anon, 16);
	assert_true(mm_free_base(machine, 0, AREA + 7, 0));
	assert_int_equal(machine->nr_anon, 0);
	assert_int_equal(stat(machine, 4, MM_FOLIO_SPLIT), 0);
	/* They are as new. */
	assert_int_equal(touch(machine, AREA + 2, ORDER_64), MM_TOUCH_NEW);
	assert_int_equal(machine->nr_anon, 16);
	end(machine);
}

static void what_has_ended_of_it_is_free_when_the_queue_is_asked(void **state)
{
	const struct mm_scan_control sc = { .priority = 0 };
	struct mm_machine *machine = new_machine();

	(void)state;
	for (uint32_t i = 0; i < 16; i++)
		touch(machine, AREA + i, ORDER_64);
	for (uint32_t i = 0; i < 5; i++)
		assert_true(mm_free_base(machine, 0, AREA + i, 0));
	assert_int_equal(machine->nr_anon, 16);
	assert_int_equal(stat(machine, 4, MM_FOLIO_NR_ANON), 1);
	/* The last that came counts when another one follows. */
	assert_int_equal(stat(machine, 4, MM_FOLIO_NR_ANON_PARTIALLY_MAPPED), 0);
	mm_deferred_split_seen(machine, AREA);
	assert_int_equal(stat(machine, 4, MM_FOLIO_NR_ANON_PARTIALLY_MAPPED), 1);
	assert_int_equal(stat(machine, 3, MM_FOLIO_NR_ANON_PARTIALLY_MAPPED), 0);
	mm_deferred_split_scan(&machine->nodes[0], &sc);
	assert_int_equal(machine->nr_anon, 11);
	assert_int_equal(stat(machine, 4, MM_FOLIO_NR_ANON), 0);
	assert_int_equal(stat(machine, 4, MM_FOLIO_NR_ANON_PARTIALLY_MAPPED), 0);
	assert_int_equal(stat(machine, 4, MM_FOLIO_SPLIT_DEFERRED), 1);
	assert_int_equal(stat(machine, 4, MM_FOLIO_SPLIT), 1);
	assert_int_equal(machine_counter(machine, "thp_split_page"), 0);
	assert_int_equal(machine_counter(machine, "thp_deferred_split_page"), 0);
	end(machine);
}

/* A device that seeks has no room for it as a whole. */
static void reclaim_splits_what_swap_cannot_take_whole(void **state)
{
	struct mm_machine *machine = new_machine();
	uint32_t number = 0;

	(void)state;
	while (machine_counter(machine, "pswpout") == 0 && number < NR_PAGES) {
		touch(machine, number, ORDER_64);
		number += 16;
	}
	assert_true(stat(machine, 4, MM_FOLIO_SWPOUT_FALLBACK) > 0);
	assert_int_equal(stat(machine, 4, MM_FOLIO_SWPOUT), 0);
	assert_true(stat(machine, 4, MM_FOLIO_SPLIT) >= stat(machine, 4, MM_FOLIO_SWPOUT_FALLBACK));
	/* The first to be unmapped of its pages has put it into the queue. */
	assert_int_equal(stat(machine, 4, MM_FOLIO_SPLIT_DEFERRED),
	                 stat(machine, 4, MM_FOLIO_SPLIT));
	end(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_size_has_its_switch),
		cmocka_unit_test(the_largest_that_fits_is_taken),
		cmocka_unit_test(without_a_block_it_is_the_next_smaller_one),
		cmocka_unit_test(a_recorded_folio_is_touched_as_a_whole),
		cmocka_unit_test(it_ends_with_the_last_page_that_was_touched),
		cmocka_unit_test(what_has_ended_of_it_is_free_when_the_queue_is_asked),
		cmocka_unit_test(reclaim_splits_what_swap_cannot_take_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
