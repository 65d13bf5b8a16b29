/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written when, and what reclaim does with pages that are dirty or being written. */
#include "classic.h"
#include "machine.h"

#define NR_PAGES (16u * 512)

static const struct mm_request user = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

static struct mm_machine *new_machine(void)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, NR_PAGES, &policy_classic);

	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 3 * NR_PAGES, NULL), 0);
	return machine;
}

static void end(struct mm_machine *machine)
{
	machine_check(machine);
	mm_machine_destroy(machine);
}

static struct mm_page *touch(struct mm_machine *machine, uint32_t page, enum mm_lpage_kind kind,
                             uint32_t flags)
{
	assert_int_not_equal(mm_touch_page(machine, &user, page, kind, flags), MM_TOUCH_FAILED);
	return &machine->pages[mm_lpage(machine, page)->pfn];
}

static struct mm_page *cold_anon(struct mm_machine *machine, uint32_t number)
{
	struct mm_page *page = touch(machine, number, MM_LPAGE_ANON, MM_TOUCH_WRITE);

	page->flags &= (uint16_t)~MM_PG_YOUNG;
	return page;
}

static uint64_t shrink(struct mm_machine *machine, enum mm_lru_type type, bool kswapd)
{
	struct mm_scan_control sc = {
		.reclaim_idx = MM_ZONE_MOVABLE,
		.gfp_flags = MM_GFP_KERNEL,
		.kswapd = kswapd,
		.may_swap = true,
		.may_writepage = true,
	};
	uint64_t freed = mm_shrink_list(&machine->nodes[0], &sc, type, 32);

	mm_note_pass(&machine->nodes[0], &sc);
	return freed;
}

static void a_page_stays_on_its_list_while_it_is_written(void **state)
{
	struct mm_machine *machine = new_machine();
	const struct mm_page *page = cold_anon(machine, 0);

	(void)state;
	cold_anon(machine, 1);
	assert_int_equal(shrink(machine, MM_LRU_ANON, true), 0);
	assert_int_equal(mm_nr_writeback(machine), 2);
	assert_int_equal(machine_counter(machine, "nr_writeback"), 2);
	assert_int_equal(machine_counter(machine, "pswpout"), 2);
	assert_int_equal(page->list, CLASSIC_INACTIVE_ANON);
	/* Met again: out of the way. All that was met is being written. */
	assert_int_equal(shrink(machine, MM_LRU_ANON, true), 0);
	assert_int_equal(page->list, CLASSIC_ACTIVE_ANON);
	assert_int_equal(machine_counter(machine, "pgactivate"), 2);
	assert_true(machine->nodes[0].many_writeback);
	mm_end_writeback(machine, 2);
	assert_int_equal(page->list, CLASSIC_INACTIVE_ANON);
	assert_int_equal(machine_counter(machine, "pgrotated"), 2);
	assert_int_equal(shrink(machine, MM_LRU_ANON, true), 2);
	assert_int_equal(mm_lpage(machine, 0)->pfn, MM_NONE);
	end(machine);
}

static void a_fast_device_lets_the_page_go_at_once(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	machine->settings.swap_device = MM_SWAP_AT_ONCE;
	cold_anon(machine, 0);
	assert_int_equal(shrink(machine, MM_LRU_ANON, true), 1);
	assert_int_equal(machine_counter(machine, "pswpout"), 1);
	assert_int_equal(machine_counter(machine, "nr_vmscan_write"), 1);
	assert_int_equal(mm_nr_writeback(machine), 0);
	end(machine);
}

static void kswapd_waits_for_what_it_met_twice(void **state)
{
	struct mm_machine *machine = new_machine();
	struct mm_node *node = &machine->nodes[0];

	(void)state;
	for (uint32_t i = 0; i < 64; i++)
		cold_anon(machine, i);
	shrink(machine, MM_LRU_ANON, true);
	shrink(machine, MM_LRU_ANON, true);
	node->many_writeback = true;
	for (uint32_t i = 0; i < 32; i++) /* the ones in front again */
		policy_classic_del(node, mm_lpage(machine, i)->pfn);
	for (uint32_t i = 0; i < 32; i++) {
		machine->pages[mm_lpage(machine, i)->pfn].flags &= (uint16_t)~MM_PG_ACTIVE;
		policy_classic_add(node, mm_lpage(machine, i)->pfn, true);
	}
	shrink(machine, MM_LRU_ANON, true);
	/* More than 32. */
	assert_int_equal(node->kswapd.wait_written, machine->nr_written + 33);
	end(machine);
}

static void dirty_pages_of_files_are_left_to_the_flushers(void **state)
{
	struct mm_machine *machine = new_machine();
	const struct mm_page *page = touch(machine, 0, MM_LPAGE_FILE, MM_TOUCH_WRITE);

	(void)state;
	touch(machine, 1, MM_LPAGE_FILE, MM_TOUCH_UNUSED);
	/* A clean one among them: no reason to wake anybody. */
	assert_int_equal(shrink(machine, MM_LRU_FILE, true), 1);
	assert_int_equal(page->list, CLASSIC_ACTIVE_FILE);
	assert_int_equal(machine_counter(machine, "nr_vmscan_immediate_reclaim"), 1);
	assert_int_equal(machine_counter(machine, "nr_vmscan_write"), 0);
	assert_int_equal(mm_nr_writeback(machine), 0);
	mm_wake_flushers(machine);
	assert_int_equal(mm_nr_writeback(machine), 1);
	assert_int_equal(mm_oldest_write_pages(machine, MM_WRITE_FILE), 1);
	assert_int_equal(mm_oldest_write_pages(machine, MM_WRITE_SWAP), 0);
	assert_int_equal(machine_counter(machine, "nr_dirty"), 0);
	mm_end_writeback(machine, 1);
	assert_int_equal(page->list, CLASSIC_INACTIVE_FILE);
	assert_int_equal(shrink(machine, MM_LRU_FILE, true), 1);
	/* Only dirty ones: the flushers are told. */
	touch(machine, 2, MM_LPAGE_FILE, MM_TOUCH_WRITE);
	shrink(machine, MM_LRU_FILE, true);
	assert_int_equal(mm_nr_writeback(machine), 1);
	assert_true(machine->nodes[0].many_dirty);
	end(machine);
}

/* A tenth of what is free above the watermarks, or in files. */
static void flushers_begin_at_the_background_limit(void **state)
{
	struct mm_machine *machine = new_machine();
	struct mm_dirtier dirtier = { 0 };
	uint32_t page = 0;

	(void)state;
	machine->settings.write_queue = 100;
	while (mm_nr_writeback(machine) == 0 && page < NR_PAGES / 2) {
		touch(machine, page++, MM_LPAGE_FILE, MM_TOUCH_WRITE);
		assert_int_equal(mm_balance_dirty_pages(machine, &dirtier, 1), 0);
	}
	assert_in_range(page, NR_PAGES * 9 / 100, NR_PAGES * 11 / 100);
	assert_in_range(page, mm_dirty_limits(machine).background + 1,
	                mm_dirty_limits(machine).background + 64);
	/* No more than that are on their way at a time. Once at it, they write all that was dirty. */
	assert_int_equal(mm_nr_writeback(machine), 100);
	mm_end_write(machine, MM_WRITE_SWAP);
	assert_int_equal(mm_nr_writeback(machine), 100);
	while (mm_nr_writeback(machine) > 0)
		mm_end_write(machine, MM_WRITE_FILE);
	assert_int_equal(machine_counter(machine, "nr_dirty"), 0);
	end(machine);
}

static void begin_write(struct mm_machine *machine, uint32_t page, uint16_t cpu)
{
	uint32_t pfn = mm_lpage(machine, page)->pfn;

	mm_clear_dirty(machine, pfn);
	assert_true(mm_start_writeback(machine, pfn, cpu));
}

static void a_cpu_need_not_wait_for_what_another_writes(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 2, NR_PAGES, &policy_classic);
	uint32_t others = mm_swap_queue(machine, 0), own = mm_swap_queue(machine, 1);

	(void)state;
	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 3 * NR_PAGES, NULL), 0);
	for (uint32_t i = 0; i < 3; i++)
		cold_anon(machine, i);
	begin_write(machine, 0, 0);
	begin_write(machine, 1, 0);
	begin_write(machine, 2, 1);
	assert_int_not_equal(own, others);
	assert_true(own < mm_nr_write_queues(machine));
	mm_end_write(machine, own);
	assert_false(mm_is_writeback(&machine->pages[mm_lpage(machine, 2)->pfn]));
	assert_int_equal(mm_oldest_write_pages(machine, own), 0);
	mm_cancel_writeback(machine, mm_lpage(machine, 0)->pfn);
	assert_int_equal(mm_nr_writeback(machine), 1);
	mm_end_write(machine, others);
	assert_int_equal(mm_nr_writeback(machine), 0);
	end(machine);
}

/* They end in the order in which they began, with room for more as for those that are there. */
static void a_long_queue(void **state)
{
	struct mm_machine *machine = new_machine();
	uint32_t nr = 3 * MM_FIRST_WRITES;

	(void)state;
	for (uint32_t i = 0; i < nr; i++)
		cold_anon(machine, i);
	for (uint32_t i = 0; i < 100; i++)
		begin_write(machine, i, 0);
	mm_end_writeback(machine, 100);
	for (uint32_t i = 100; i < nr; i++)
		begin_write(machine, i, 0);
	for (uint32_t i = 100; i < nr; i++) {
		assert_true(mm_is_writeback(&machine->pages[mm_lpage(machine, i)->pfn]));
		mm_end_write(machine, MM_WRITE_SWAP);
		assert_false(mm_is_writeback(&machine->pages[mm_lpage(machine, i)->pfn]));
	}
	assert_int_equal(mm_nr_writeback(machine), 0);
	end(machine);
}

static uint64_t clock_ns(void *data)
{
	return *(uint64_t *)data;
}

/* After 100 ms they look again, and stop where less is dirty than the limit. */
static void a_pass_of_the_flushers_ends(void **state)
{
	struct mm_machine *machine = new_machine();
	struct mm_dirtier dirtier = { 0 };
	uint64_t now_ns = 1000000000;
	uint32_t page = 0;

	(void)state;
	machine->hooks.now_ns = clock_ns;
	machine->hooks.data = &now_ns;
	machine->settings.write_queue = 10;
	while (mm_nr_writeback(machine) == 0) {
		touch(machine, page++, MM_LPAGE_FILE, MM_TOUCH_WRITE);
		mm_balance_dirty_pages(machine, &dirtier, 1);
	}
	for (uint32_t i = 0; i < 100; i++)
		mm_end_write(machine, MM_WRITE_FILE);
	now_ns += 101000000;
	for (uint32_t i = 0; i < 100; i++)
		mm_end_write(machine, MM_WRITE_FILE);
	assert_int_equal(mm_nr_writeback(machine), 0);
	assert_int_equal(machine_counter(machine, "nr_dirty"), page - 110);
	end(machine);
}

static void old_dirty_pages_are_written(void **state)
{
	struct mm_machine *machine = new_machine();
	uint64_t now_ns = 1000000000;

	(void)state;
	machine->hooks.now_ns = clock_ns;
	machine->hooks.data = &now_ns;
	touch(machine, 0, MM_LPAGE_FILE, MM_TOUCH_WRITE);
	for (uint32_t i = 0; i < 6; i++) {
		mm_flush_expired(machine);
		assert_int_equal(mm_nr_writeback(machine), 0);
		now_ns += 5000000000;
	}
	touch(machine, 1, MM_LPAGE_FILE, MM_TOUCH_WRITE);
	mm_flush_expired(machine);
	assert_int_equal(mm_nr_writeback(machine), 1);
	assert_true(mm_lpage_is_written(machine, 0));
	assert_false(mm_lpage_is_written(machine, 1));
	/* Freed while it is written. */
	assert_true(mm_free_lpage(machine, 0, 0));
	assert_int_equal(mm_nr_writeback(machine), 0);
	assert_int_equal(mm_oldest_write_pages(machine, MM_WRITE_FILE), 0);
	/* Another age. */
	machine->settings.dirty_expire_centisecs = 100;
	now_ns += 1000000000;
	mm_flush_expired(machine);
	assert_int_equal(mm_nr_writeback(machine), 1);
	end(machine);
}

static void limits_by_share_or_bytes(void **state)
{
	struct mm_machine *machine = new_machine();
	struct mm_dirty_limits limits = mm_dirty_limits_of(machine, 10000);

	(void)state;
	/* 10 % and 20 %, rounded to parts of 4096 first. */
	assert_int_equal(limits.background, 409 * 10000 / 4096);
	assert_int_equal(limits.dirty, 819 * 10000 / 4096);
	machine->settings.dirty_background_bytes = 4097;
	machine->settings.dirty_bytes = 4096 * 500;
	limits = mm_dirty_limits_of(machine, 10000);
	assert_int_equal(limits.background, 2);
	assert_int_equal(limits.dirty, 500);
	machine->settings.dirty_background_bytes = 4096 * 600;
	assert_int_equal(mm_dirty_limits_of(machine, 10000).background, 250);
	end(machine);
}

/* Only what is clean, in no page table and not on its way to the device; and no shadow stays. */
static void dropping_caches_spares_what_is_in_use(void **state)
{
	struct mm_machine *machine = new_machine();

	(void)state;
	touch(machine, 0, MM_LPAGE_FILE, MM_TOUCH_BACKED);
	touch(machine, 1, MM_LPAGE_FILE, MM_TOUCH_WRITE);
	mm_wake_flushers(machine);
	touch(machine, 2, MM_LPAGE_FILE, MM_TOUCH_WRITE);
	touch(machine, 3, MM_LPAGE_FILE, MM_TOUCH_BACKED | MM_TOUCH_FAULT);
	touch(machine, 4, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	touch(machine, 5, MM_LPAGE_FILE, MM_TOUCH_BACKED);
	mm_lock_page(machine, 5, true);
	mm_drop_caches(machine, 0, MM_DROP_SLAB);
	assert_int_not_equal(mm_lpage(machine, 0)->pfn, MM_NONE);
	mm_drop_caches(machine, 0, MM_DROP_PAGECACHE);
	assert_int_equal(mm_lpage(machine, 0)->pfn, MM_NONE);
	for (uint32_t page = 1; page < 6; page++)
		assert_int_not_equal(mm_lpage(machine, page)->pfn, MM_NONE);
	assert_int_equal(machine_counter(machine, "drop_pagecache"), 1);
	assert_int_equal(machine_counter(machine, "drop_slab"), 1);
	assert_int_equal(mm_touch_page(machine, &user, 0, MM_LPAGE_FILE, MM_TOUCH_BACKED),
	                 MM_TOUCH_READ);
	assert_int_equal(machine_counter(machine, "workingset_refault_file"), 0);
	end(machine);
}

/* The queue's memory comes and goes in pieces; the oldest page goes first, whichever piece it is in. */
static void what_was_dirtied_first_is_written_first(void **state)
{
	struct mm_machine *machine = new_machine();
	uint32_t written = 0;

	(void)state;
	for (uint32_t round = 0; round < 4; round++) {
		for (uint32_t i = 0; i < 5000; i++) {
			touch(machine, i, MM_LPAGE_FILE, MM_TOUCH_BACKED | MM_TOUCH_UNUSED);
			mm_dirty_page(machine, i);
		}
		assert_int_equal(machine->nr_dirty, 5000);
		for (written = 0; written < 5000; written++) {
			uint32_t pfn = mm_lpage(machine, written)->pfn;

			if (mm_nr_writeback(machine) == 0)
				mm_wake_flushers(machine);
			assert_true(mm_is_writeback(&machine->pages[pfn]));
			assert_int_equal(mm_oldest_write_pages(machine, MM_WRITE_FILE), 1);
			mm_end_write(machine, MM_WRITE_FILE);
			assert_false(mm_is_writeback(&machine->pages[pfn]));
		}
		assert_int_equal(machine->nr_dirty, 0);
	}
	end(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_stays_on_its_list_while_it_is_written),
		cmocka_unit_test(a_fast_device_lets_the_page_go_at_once),
		cmocka_unit_test(kswapd_waits_for_what_it_met_twice),
		cmocka_unit_test(dirty_pages_of_files_are_left_to_the_flushers),
		cmocka_unit_test(a_cpu_need_not_wait_for_what_another_writes),
		cmocka_unit_test(a_long_queue),
		cmocka_unit_test(flushers_begin_at_the_background_limit),
		cmocka_unit_test(a_pass_of_the_flushers_ends),
		cmocka_unit_test(old_dirty_pages_are_written),
		cmocka_unit_test(limits_by_share_or_bytes),
		cmocka_unit_test(dropping_caches_spares_what_is_in_use),
		cmocka_unit_test(what_was_dirtied_first_is_written_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
