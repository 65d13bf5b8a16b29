/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages that wait on their CPU before they join the lists, or move within them. */
#include "machine.h"

#define NR_PAGES (16u * 512)

static struct mm_machine *machine_of(const char *policy, uint32_t kernel)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 2, NR_PAGES, policy_find(policy));

	machine->settings.kernel = kernel;
	machine_all_free(machine);
	mm_folio_batches_begin(machine);
	assert_int_equal(mm_reserve_lpages(machine, 2 * NR_PAGES, NULL), 0);
	return machine;
}

static int setup(void **state)
{
	*state = machine_of("classic", MM_KERNEL(6, 12));
	return 0;
}

static int teardown(void **state)
{
	machine_check(*state);
	mm_machine_destroy(*state);
	return 0;
}

static void touch(struct mm_machine *machine, uint16_t cpu, uint32_t page)
{
	const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .cpu = cpu };

	assert_int_equal(mm_touch_page(machine, &request, page, MM_LPAGE_ANON, 0), MM_TOUCH_NEW);
}

static void read_file(struct mm_machine *machine, uint16_t cpu, uint32_t page)
{
	const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .cpu = cpu };

	mm_touch_page(machine, &request, page, MM_LPAGE_FILE, 0);
}

static struct mm_page *page_of(struct mm_machine *machine, uint32_t number)
{
	return &machine->pages[mm_lpage(machine, number)->pfn];
}

static uint32_t nr_anon(const struct mm_machine *machine)
{
	return machine->nodes[0].nr_lru[MM_LRU_ANON];
}

/* How many pages a CPU brings in until they are listed. */
static uint32_t listed_after(uint32_t kernel)
{
	struct mm_machine *machine = machine_of("fifo", kernel);
	uint32_t page = 0;

	while (nr_anon(machine) == 0)
		touch(machine, 0, page++);
	assert_int_equal(nr_anon(machine), page);
	/* In the order in which they came: the first is the oldest. */
	for (uint32_t pfn = machine->nodes[0].lists[0].tail, i = 0; pfn != MM_NONE; i++) {
		assert_int_equal(machine->pages[pfn].logical, i);
		pfn = machine->pages[pfn].prev;
	}
	machine_check(machine);
	mm_machine_destroy(machine);
	return page;
}

static void pages_join_the_lists_together(void **state)
{
	(void)state;
	assert_int_equal(listed_after(MM_KERNEL(6, 12)), 31);
	assert_int_equal(listed_after(MM_KERNEL(6, 8)), 31);
	assert_int_equal(listed_after(MM_KERNEL(6, 1)), 15);
}

/* Those that waited at the start are on the lists already, but the next ones need not wait for as many. */
static void what_waited_at_the_start_is_part_of_the_first_batch(void **state)
{
	struct mm_machine *machine = *state;

	mm_seed_waiting(machine, 0, 29);
	machine_check(machine);
	touch(machine, 0, 0);
	assert_int_equal(nr_anon(machine), 0);
	touch(machine, 0, 1);
	assert_int_equal(nr_anon(machine), 2);
	mm_seed_waiting(machine, 1, 1000);
	touch(machine, 1, 2);
	assert_int_equal(nr_anon(machine), 3);
}

static void each_cpu_has_a_batch_of_its_own(void **state)
{
	struct mm_machine *machine = *state;

	for (uint32_t page = 0; page < 30; page++) {
		touch(machine, 0, page);
		touch(machine, 1, 100 + page);
	}
	assert_int_equal(nr_anon(machine), 0);
	machine_check(machine);
	touch(machine, 1, 130);
	assert_int_equal(nr_anon(machine), 31);
	mm_lru_add_drain(machine, 0);
	assert_int_equal(nr_anon(machine), 61);
}

static void a_large_page_takes_those_before_it_along(void **state)
{
	const struct mm_request huge = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .order = 9 };
	struct mm_machine *machine = *state;

	touch(machine, 0, 0);
	assert_int_equal(mm_touch_page(machine, &huge, 512, MM_LPAGE_ANON, 0), MM_TOUCH_NEW);
	assert_int_equal(nr_anon(machine), 513);
}

static void who_frees_empties_the_batches_of_the_cpu(void **state)
{
	struct mm_machine *machine = *state;

	touch(machine, 0, 0);
	touch(machine, 0, 1);
	touch(machine, 1, 2);
	assert_true(mm_free_lpage(machine, 0, 0));
	assert_int_equal(nr_anon(machine), 1);
	assert_true(page_of(machine, 2)->io & MM_IO_ADDING);
}

/* What was freed while it waited is not what is there when its batch is full. */
static void a_page_that_was_freed_does_not_join(void **state)
{
	struct mm_machine *machine = *state;
	uint32_t pfn;

	touch(machine, 1, 0);
	pfn = mm_lpage(machine, 0)->pfn;
	assert_true(mm_free_lpage(machine, 0, 0));
	for (uint32_t page = 1; mm_lpage(machine, page - 1)->pfn != pfn; page++)
		touch(machine, 0, page);
	machine_check(machine);
	mm_lru_add_drain(machine, 1);
	assert_false(machine->pages[pfn].flags & MM_PG_LRU);
	mm_lru_add_drain(machine, 0);
	assert_true(machine->pages[pfn].flags & MM_PG_LRU);
}

static void a_waiting_page_is_activated_by_its_own_cpu_only(void **state)
{
	struct mm_machine *machine = *state;

	for (uint16_t cpu = 0; cpu < 2; cpu++) {
		read_file(machine, 0, cpu);
		read_file(machine, cpu, cpu);
		assert_int_equal(!!(page_of(machine, cpu)->flags & MM_PG_ACTIVE), cpu == 0);
	}
	mm_lru_add_drain_all(machine);
	assert_int_equal(machine->policy->nr_active(&machine->nodes[0], MM_LRU_FILE), 1);
	/* It came so: nothing has become active. */
	assert_int_equal(machine_counter(machine, "pgactivate"), 0);
}

static void listed_pages_are_activated_together(void **state)
{
	struct mm_machine *machine = *state;

	for (uint32_t page = 0; page < 31; page++)
		read_file(machine, 0, page);
	for (uint32_t page = 0; page < 30; page++)
		read_file(machine, 1, page);
	assert_int_equal(machine_counter(machine, "pgactivate"), 0);
	assert_true(page_of(machine, 0)->flags & MM_PG_LRU);
	read_file(machine, 1, 30);
	assert_int_equal(machine_counter(machine, "pgactivate"), 31);
	assert_int_equal(machine->policy->nr_active(&machine->nodes[0], MM_LRU_FILE), 31);
}

static bool is_freed(struct mm_machine *machine, uint32_t page)
{
	struct mm_scan_control sc = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .cpu = 0 };
	uint32_t pfn = mm_lpage(machine, page)->pfn;
	struct mm_batch batch = { 0 };
	uint64_t nr_written;

	machine->pages[pfn].flags &= (uint16_t) ~(MM_PG_REFERENCED | MM_PG_YOUNG);
	mm_lru_remove_page(machine, pfn);
	machine->pages[pfn].state = MM_PAGE_ISOLATED;
	machine->nodes[0].nr_isolated[MM_LRU_FILE]++;
	batch.pfns[batch.nr++] = pfn;
	return mm_shrink_batch(&machine->nodes[0], &sc, &batch, &nr_written) == 1;
}

static void reclaim_cannot_have_what_waits_to_become_active(void **state)
{
	struct mm_machine *machine = *state;

	for (uint32_t page = 0; page < 31; page++)
		read_file(machine, 0, page);
	read_file(machine, 1, 7);
	assert_false(is_freed(machine, 7));
	assert_true(is_freed(machine, 8));
	mm_lru_add_drain(machine, 1);
	assert_true(is_freed(machine, 7));
}

/* The CPU that began a write moves its page when it is over. */
static void written_pages_go_next_together(void **state)
{
	struct mm_machine *machine = *state;
	struct mm_list *list = &machine->nodes[0].lists[0];

	for (uint32_t page = 0; page < 31; page++)
		touch(machine, 0, page);
	for (uint32_t page = 20; page < 22; page++) {
		machine->current.cpu = 1;
		mm_clear_dirty(machine, mm_lpage(machine, page)->pfn);
		assert_true(mm_start_writeback(machine, mm_lpage(machine, page)->pfn, 1));
		page_of(machine, page)->io |= MM_IO_RECLAIM;
	}
	machine->current.cpu = 0;
	mm_end_writeback(machine, 2);
	assert_int_equal(machine->current.cpu, 0);
	assert_int_equal(machine->pages[list->tail].logical, 0);
	assert_int_equal(machine_counter(machine, "pgrotated"), 0);
	mm_lru_add_drain(machine, 0);
	assert_int_equal(machine->pages[list->tail].logical, 0);
	mm_lru_add_drain(machine, 1);
	assert_int_equal(machine->pages[list->tail].logical, 21);
	assert_int_equal(machine_counter(machine, "pgrotated"), 2);
}

static void lazily_freed_pages_wait_until_they_are(void **state)
{
	const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
	struct mm_machine *machine = *state;

	for (uint32_t page = 0; page < 3; page++)
		touch(machine, 0, page);
	for (uint32_t page = 0; page < 2; page++)
		mm_lazyfree_page(machine, 0, page);
	assert_int_equal(machine_counter(machine, "pglazyfree"), 1);
	/* Written before its turn came. */
	mm_touch_page(machine, &request, 1, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	mm_lru_add_drain(machine, 0);
	assert_int_equal(machine_counter(machine, "pglazyfree"), 1);
	assert_int_equal(machine->nodes[0].nr_lru[MM_LRU_FILE], 1);
	assert_int_equal(nr_anon(machine), 2);
}

static void dropped_caches_are_deactivated_where_they_stay(void **state)
{
	struct mm_machine *machine = *state;

	for (uint32_t page = 0; page < 4; page++)
		read_file(machine, 0, page);
	for (uint32_t page = 0; page < 2; page++)
		read_file(machine, 0, page);
	mm_dirty_page(machine, 1);
	mm_drop_caches(machine, 0, MM_DROP_PAGECACHE);
	assert_int_equal(mm_lpage(machine, 0)->pfn, MM_NONE);
	assert_int_not_equal(mm_lpage(machine, 1)->pfn, MM_NONE);
	assert_int_equal(machine->policy->nr_active(&machine->nodes[0], MM_LRU_FILE), 1);
	mm_lru_add_drain(machine, 0);
	assert_int_equal(machine->policy->nr_active(&machine->nodes[0], MM_LRU_FILE), 0);
	assert_int_equal(machine_counter(machine, "pgdeactivate"), 1);
	assert_true(page_of(machine, 1)->io & MM_IO_RECLAIM);
}

/* Whether it came by a fault is known when it comes, not when it joins. */
static void a_copy_empties_the_batches_of_the_cpu(void **state)
{
	const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
	struct mm_machine *machine = *state;

	touch(machine, 0, 0);
	touch(machine, 0, 1);
	assert_int_equal(mm_copy_page(machine, &request, 2, 0, 0), MM_TOUCH_NEW);
	assert_int_equal(nr_anon(machine), 2);
	/* Its source is on a list by now, and can go without ado. */
	assert_int_equal(mm_copy_page(machine, &request, 3, 0, 0), MM_TOUCH_NEW);
	assert_true(mm_free_lpage(machine, 0, 0));
	assert_int_equal(nr_anon(machine), 1);
	assert_true(mm_free_lpage(machine, 0, 1));
	assert_int_equal(nr_anon(machine), 2);
}

static void a_fault_is_a_fault_at_the_end_of_the_wait(void **state)
{
	struct mm_machine *machine = machine_of("mglru", MM_KERNEL(6, 12));

	(void)state;
	touch(machine, 0, 0);
	read_file(machine, 0, 1);
	mm_lru_add_drain_all(machine);
	assert_int_equal(machine->policy->nr_active(&machine->nodes[0], MM_LRU_ANON), 1);
	assert_int_equal(machine->policy->nr_active(&machine->nodes[0], MM_LRU_FILE), 0);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* What waits is the page, whatever number it has by then. */
static void another_number_waits_on(void **state)
{
	struct mm_machine *machine = *state;

	touch(machine, 1, 5);
	touch(machine, 1, 6);
	mm_rename_page(machine, 5, 700);
	mm_lru_add_drain(machine, 1);
	assert_true(page_of(machine, 700)->flags & MM_PG_LRU);
	assert_int_equal(nr_anon(machine), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_join_the_lists_together),
		TEST(what_waited_at_the_start_is_part_of_the_first_batch),
		TEST(each_cpu_has_a_batch_of_its_own),
		TEST(a_large_page_takes_those_before_it_along),
		TEST(who_frees_empties_the_batches_of_the_cpu),
		TEST(a_page_that_was_freed_does_not_join),
		TEST(a_waiting_page_is_activated_by_its_own_cpu_only),
		TEST(listed_pages_are_activated_together),
		TEST(reclaim_cannot_have_what_waits_to_become_active),
		TEST(written_pages_go_next_together),
		TEST(lazily_freed_pages_wait_until_they_are),
		TEST(dropped_caches_are_deactivated_where_they_stay),
		TEST(a_copy_empties_the_batches_of_the_cpu),
		TEST(another_number_waits_on),
		cmocka_unit_test(a_fault_is_a_fault_at_the_end_of_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
