/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes back from swap, what comes along with it, and how it counts. */
#include "machine.h"

#include "madvise.h"

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

/* ---- readahead by virtual addresses ---- */

#define NR_MAPPED 128u
#define SPACE     1u
#define VPN       (7u * MM_TABLE_ENTRIES)

/* Pages whose slots are in another order than their addresses: the one at VPN + at. */
static uint32_t page_at(uint32_t at)
{
	return at * 37 % NR_MAPPED;
}

/* All of them in swap, from VPN + first on; those from limit on are in another area. */
static void map_and_swap_out(struct mm_machine *machine, int32_t first, uint32_t limit)
{
	machine->settings.swap_device = MM_SWAP_NO_SEEKS;
	machine->settings.swap_vma_readahead = true;
	assert_int_equal(mm_tables_enable(machine, NULL), 0);
	assert_int_equal(mm_areas_enable(machine, NULL), 0);
	for (uint32_t at = 0; at < NR_MAPPED; at++) {
		mm_touch_page(machine, &movable, page_at(at), MM_LPAGE_ANON, MM_TOUCH_WRITE);
		mm_place_lpage(machine, page_at(at), SPACE,
		               (uint32_t)((int32_t)VPN + first + (int32_t)at));
		mm_set_area(machine, page_at(at), SPACE, at < limit ? 1 : 2);
	}
	for (uint32_t number = 0; number < NR_MAPPED; number++)
		swap_out(machine, number);
}

static void fault_at(struct mm_machine *machine, uint32_t at, enum mm_touch_result expected)
{
	assert_int_equal(mm_touch_page(machine, &movable, page_at(at), MM_LPAGE_ANON, 0), expected);
}

/* Of those in [from, to) only [first, end) are in memory. */
static void expect_read(struct mm_machine *machine, uint32_t from, uint32_t to, uint32_t first,
                        uint32_t end)
{
	for (uint32_t at = from; at < to; at++)
		if ((mm_lpage(machine, page_at(at))->pfn != MM_NONE) != (at >= first && at < end))
			fail_msg("the page at %u is %sthere", at, at >= first ? "not " : "");
}

/* Each of the four cases of swap_vma_ra_win(): far away, on the way up, without a use, on the way down. */
static void readahead_goes_by_address(void **state)
{
	struct mm_machine *machine = *state;

	map_and_swap_out(machine, 0, NR_MAPPED);
	fault_at(machine, 20, MM_TOUCH_SWAPIN);
	expect_read(machine, 0, NR_MAPPED, 17, 25);
	assert_int_equal(machine_counter(machine, "swap_ra"), 7);
	for (uint32_t at = 21; at < 25; at++)
		fault_at(machine, at, MM_TOUCH_MINOR);
	assert_int_equal(machine_counter(machine, "swap_ra_hit"), 4);
	fault_at(machine, 25, MM_TOUCH_SWAPIN);
	expect_read(machine, 0, NR_MAPPED, 17, 33);
	fault_at(machine, 16, MM_TOUCH_SWAPIN); /* half of the last window */
	expect_read(machine, 0, NR_MAPPED, 15, 33);
	fault_at(machine, 15, MM_TOUCH_MINOR);
	fault_at(machine, 14, MM_TOUCH_SWAPIN);
	expect_read(machine, 0, NR_MAPPED, 11, 33);
	/* Reclaim had unmapped it, but readahead had not brought it: a fault, and no use of readahead. */
	page_of(machine, page_at(14))->flags |= MM_PG_UNMAPPED;
	fault_at(machine, 14, MM_TOUCH_MINOR);
	fault_at(machine, 60, MM_TOUCH_SWAPIN);
	expect_read(machine, 34, NR_MAPPED, 60, 62);
	fault_at(machine, 90, MM_TOUCH_SWAPIN);
	expect_read(machine, 63, NR_MAPPED, 90, 91);
	/* Uses of pages of processes are none of those that tmpfs goes by. */
	assert_int_equal(machine->swap.ra_hits, 4);
}

static void areas_and_page_tables_are_bounds(void **state)
{
	struct mm_machine *machine = *state;

	map_and_swap_out(machine, -10, 60); /* a new page table at 10, a new area at 60 */
	fault_at(machine, 8, MM_TOUCH_SWAPIN);
	expect_read(machine, 0, NR_MAPPED, 5, 10);
	fault_at(machine, 10, MM_TOUCH_SWAPIN);
	expect_read(machine, 0, NR_MAPPED, 5, 13);
	/* Nothing of that was used; the other area begins anew. */
	fault_at(machine, 60, MM_TOUCH_SWAPIN);
	expect_read(machine, 13, NR_MAPPED, 60, 65);
	fault_at(machine, 30, MM_TOUCH_SWAPIN);
	expect_read(machine, 13, 60, 30, 32);
	/* The area's pages are freed, and others come, in the first one. */
	for (uint32_t at = 60; at < NR_MAPPED; at++) {
		assert_true(mm_free_lpage(machine, 0, page_at(at)));
		assert_int_equal(machine->areas.of[page_at(at)], MM_NONE);
	}
}

/* Without an area: those of whoever owns the page. Without a place: the numbers. */
static void what_is_not_known_goes_by_number(void **state)
{
	struct mm_machine *machine = *state;

	map_and_swap_out(machine, 0, NR_MAPPED);
	for (uint32_t number = 200; number < 240; number++)
		mm_touch_page(machine, &movable, number, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	for (uint32_t number = 200; number < 240; number++)
		swap_out(machine, number);
	mm_touch_page(machine, &movable, 210, MM_LPAGE_ANON, 0);
	for (uint32_t number = 200; number < 240; number++)
		assert_int_equal(mm_lpage(machine, number)->pfn != MM_NONE,
		                 number >= 207 && number < 215);
}

/* Whoever faults has a last time of its own, which begins as that of the one that had touched the page first. */
static void each_process_has_its_own(void **state)
{
	struct mm_machine *machine = *state;
	struct mm_request child = movable;
	uint32_t parent;

	assert_int_equal(mm_reserve_spaces(machine, 4, NULL), 0);
	parent = mm_space_new(machine, 0, false);
	assert_int_equal(parent, SPACE);
	map_and_swap_out(machine, 0, NR_MAPPED);
	fault_at(machine, 20, MM_TOUCH_SWAPIN);
	expect_read(machine, 0, NR_MAPPED, 17, 25);
	child.space = mm_space_new(machine, parent, true);
	/* It inherits 8 pages of which none was of use, and goes up from there. */
	mm_touch_page(machine, &child, page_at(40), MM_LPAGE_ANON, 0);
	expect_read(machine, 25, NR_MAPPED, 39, 43);
	mm_touch_page(machine, &child, page_at(41), MM_LPAGE_ANON, 0);
	mm_touch_page(machine, &child, page_at(42), MM_LPAGE_ANON, 0);
	mm_touch_page(machine, &child, page_at(43), MM_LPAGE_ANON, 0);
	expect_read(machine, 25, NR_MAPPED, 39, 47);
	/* The parent's last one was at 20, and none of its own was of use. */
	fault_at(machine, 60, MM_TOUCH_SWAPIN);
	expect_read(machine, 47, NR_MAPPED, 59, 63);
	/* Another child, of the same number. */
	mm_space_end(machine, child.space);
	assert_int_equal(mm_space_new(machine, parent, true), child.space);
	mm_touch_page(machine, &child, page_at(80), MM_LPAGE_ANON, 0);
	expect_read(machine, 63, NR_MAPPED, 80, 82);
}

/* By slot: what was switched off, and tmpfs always. */
static void others_go_by_slot(void **state)
{
	struct mm_machine *machine = *state;
	uint32_t slot, nr = 0;

	map_and_swap_out(machine, 0, NR_MAPPED);
	machine->settings.swap_vma_readahead = false;
	slot = mm_lpage(machine, page_at(20))->slot & ~7u;
	fault_at(machine, 20, MM_TOUCH_SWAPIN);
	for (uint32_t number = 0; number < NR_MAPPED; number++) {
		const struct mm_lpage *lpage = mm_lpage(machine, number);

		if (lpage->pfn != MM_NONE) {
			assert_int_equal(lpage->slot & ~7u, slot);
			nr++;
		}
	}
	assert_int_equal(nr, 8);
	machine->settings.swap_vma_readahead = true;
	machine->swap.ra_hits = 4;
	for (uint32_t number = 300; number < 316; number++)
		mm_touch_page(machine, &movable, number, MM_LPAGE_SHMEM, MM_TOUCH_WRITE);
	for (uint32_t number = 300; number < 316; number++)
		swap_out(machine, number);
	slot = mm_lpage(machine, 305)->slot & ~7u;
	mm_touch_page(machine, &movable, 305, MM_LPAGE_SHMEM, 0);
	for (uint32_t number = 300; number < 316; number++)
		if (mm_lpage(machine, number)->slot != MM_NONE)
			assert_int_equal(mm_lpage(machine, number)->pfn != MM_NONE,
			                 (mm_lpage(machine, number)->slot & ~7u) == slot);
}

/* MADV_WILLNEED: one by one, without those around them, and not by a major fault. */
static void what_is_wanted_is_read_alone(void **state)
{
	struct mm_machine *machine = *state;

	for (uint32_t number = 0; number < 16; number++)
		mm_touch_page(machine, &movable, number, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	mm_lru_add_drain(machine, 0);
	for (uint32_t number = 0; number < 16; number++)
		swap_out(machine, number);
	for (uint32_t number = 0; number < 16; number += 2)
		mm_madvise_willneed(machine, &movable, number, number < 14);
	for (uint32_t number = 0; number < 16; number++)
		assert_int_equal(mm_lpage_is_present(machine, number), number % 2 == 0);
	assert_true(page_of(machine, 14)->flags & MM_PG_LRU); /* the last one drains the batch */
	assert_int_equal(machine_counter(machine, "pswpin"), 8);
	assert_int_equal(machine_counter(machine, "swap_ra"), 0);
	assert_int_equal(machine_counter(machine, "pgmajfault"), 0);
	assert_int_equal(mm_touch_page(machine, &movable, 0, MM_LPAGE_ANON, MM_TOUCH_FAULT),
	                 MM_TOUCH_MINOR);
	/* What is there and what nobody knows is left alone. */
	mm_madvise_willneed(machine, &movable, 2, true);
	mm_madvise_willneed(machine, &movable, 400, false);
	assert_int_equal(machine_counter(machine, "pswpin"), 8);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(system_calls_on_tmpfs_do_not_fault),
		TEST(faults_on_shared_memory_do),
		TEST(who_keeps_its_slot),
		TEST(readahead_goes_by_address),
		TEST(areas_and_page_tables_are_bounds),
		TEST(what_is_not_known_goes_by_number),
		TEST(others_go_by_slot),
		TEST(each_process_has_its_own),
		TEST(what_is_wanted_is_read_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
