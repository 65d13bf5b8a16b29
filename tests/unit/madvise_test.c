/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MADV_COLD and MADV_PAGEOUT: what goes, what stays, and what counts. */
#include "machine.h"

#include "huge_memory.h"
#include "madvise.h"

#define NR_PAGES (16u * 512)
#define NR       64u   /* pages of a range */
#define HUGE     1024u /* a huge page's first number */

static struct mm_machine *machine_on(const char *policy, uint32_t kernel,
                                     enum mm_swap_device device)
{
	const struct mm_zone_config zone = {
		.name = "DMA32",
		.type = MM_ZONE_DMA32,
		.spanned = NR_PAGES,
		.present = NR_PAGES,
		.managed = NR_PAGES,
	};
	struct mm_config config = {
		.zones = &zone,
		.nr_zones = 1,
		.nr_cpus = 2,
		.nr_swap_slots = NR_PAGES,
		.policy = policy_find(policy),
		.settings = machine_settings(),
	};
	struct mm_machine *machine;

	config.settings.kernel = kernel;
	config.settings.swap_device = (uint8_t)device;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	machine_all_free(machine);
	mm_folio_batches_begin(machine);
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	return machine;
}

static void end(struct mm_machine *machine)
{
	machine_check(machine);
	mm_machine_destroy(machine);
}

static enum mm_touch_result touch(struct mm_machine *machine, uint16_t cpu, uint32_t page,
                                  enum mm_lpage_kind kind)
{
	const struct mm_request request = {
		.gfp_flags = MM_GFP_HIGHUSER_MOVABLE,
		.huge_gfp = kind == MM_LPAGE_ANON && page >= HUGE ? MM_GFP_TRANSHUGE : 0,
		.cpu = cpu,
	};

	return mm_touch_page(machine, &request, page, kind, MM_TOUCH_FAULT);
}

static void fill(struct mm_machine *machine, uint32_t first, uint32_t nr, enum mm_lpage_kind kind)
{
	for (uint32_t i = 0; i < nr; i++)
		touch(machine, 0, first + i, kind);
}

static void advise(struct mm_machine *machine, uint32_t first, uint32_t nr, bool pageout)
{
	const struct mm_request request = { .cpu = 0 };
	uint32_t pages[MM_TABLE_PAGES];

	for (uint32_t i = 0; i < nr; i++)
		pages[i] = first + i;
	if (pageout)
		mm_madvise_pageout(machine, &request, pages, nr);
	else
		mm_madvise_cold(machine, &request, pages, nr);
}

static struct mm_page *page_of(struct mm_machine *machine, uint32_t number)
{
	return &machine->pages[mm_lpage(machine, number)->pfn];
}

static uint64_t count(const struct mm_machine *machine, const char *name)
{
	return machine_counter(machine, name);
}

static uint32_t nr_present(struct mm_machine *machine, uint32_t first, uint32_t nr)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < nr; i++)
		n += mm_lpage_is_present(machine, first + i);
	return n;
}

/* Whatever the policy, in use or not; and nobody has scanned or stolen anything. */
static void what_is_paged_out_is_gone(void **state)
{
	static const char *const policies[] = { "classic", "mglru", "fifo",
		                                "lru",     "clock", "clock-dirty" };

	(void)state;
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		struct mm_machine *machine =
			machine_on(policies[i], MM_KERNEL(6, 12), MM_SWAP_AT_ONCE);

		fill(machine, 0, NR, MM_LPAGE_ANON);
		fill(machine, NR, NR, MM_LPAGE_FILE);
		advise(machine, 8, NR - 8, true);
		advise(machine, NR, NR / 2, true);
		assert_int_equal(nr_present(machine, 0, NR), 8);
		assert_int_equal(nr_present(machine, NR, NR), NR / 2);
		assert_int_equal(count(machine, "pswpout"), NR - 8);
		assert_int_equal(count(machine, "pgscan_anon"), 0);
		assert_int_equal(count(machine, "pgsteal_anon"), 0);
		assert_int_equal(count(machine, "pgscan_direct"), 0);
		assert_int_equal(touch(machine, 0, 8, MM_LPAGE_ANON), MM_TOUCH_SWAPIN);
		assert_int_equal(touch(machine, 0, NR, MM_LPAGE_FILE), MM_TOUCH_READ);
		end(machine);
	}
}

/* Written, and in memory until somebody reclaims it; called again there is nothing in the page table. */
static void what_takes_its_time_to_write_stays(void **state)
{
	struct mm_machine *machine = machine_on("classic", MM_KERNEL(6, 12), MM_SWAP_SEEKS);

	(void)state;
	fill(machine, 0, NR, MM_LPAGE_ANON);
	advise(machine, 0, NR, true);
	assert_int_equal(nr_present(machine, 0, NR), NR);
	assert_int_equal(mm_nr_writeback(machine), NR);
	assert_int_equal(count(machine, "pswpout"), NR);
	assert_int_equal(count(machine, "pgactivate"), 0);
	/* They are on their way to the list again: most have joined it. */
	assert_true(page_of(machine, 0)->flags & MM_PG_LRU);
	mm_end_writeback(machine, UINT32_MAX);
	advise(machine, 0, NR, true);
	assert_int_equal(count(machine, "pswpout"), NR);
	assert_int_equal(nr_present(machine, 0, NR), NR);
	assert_int_equal(touch(machine, 0, 0, MM_LPAGE_ANON), MM_TOUCH_MINOR);
	end(machine);
}

/* Locked, or waiting on another CPU for its place on a list. */
static void what_is_on_no_list_stays(void **state)
{
	struct mm_machine *machine = machine_on("classic", MM_KERNEL(6, 12), MM_SWAP_AT_ONCE);

	(void)state;
	fill(machine, 0, 4, MM_LPAGE_ANON);
	touch(machine, 1, 4, MM_LPAGE_ANON);
	mm_lock_page(machine, 1, true);
	advise(machine, 0, 6, true);
	assert_int_equal(nr_present(machine, 0, 4), 1);
	assert_true(mm_lpage_is_present(machine, 1));
	assert_true(mm_lpage_is_present(machine, 4));
	end(machine);
}

static void a_huge_page_goes_as_a_whole(void **state)
{
	struct mm_machine *machine = machine_on("classic", MM_KERNEL(6, 12), MM_SWAP_AT_ONCE);

	(void)state;
	assert_int_equal(touch(machine, 0, HUGE, MM_LPAGE_ANON), MM_TOUCH_NEW);
	assert_int_equal(count(machine, "thp_fault_alloc"), 1);
	for (uint32_t i = 1; i < 512; i++)
		touch(machine, 0, HUGE + i, MM_LPAGE_ANON);
	advise(machine, HUGE, 512, true);
	assert_int_equal(count(machine, "thp_swpout"), 1);
	assert_int_equal(count(machine, "thp_split_page"), 0);
	assert_int_equal(count(machine, "pswpout"), 512);
	assert_int_equal(nr_present(machine, HUGE, 512), 0);
	end(machine);
}

static void a_part_of_one_splits_it(void **state)
{
	struct mm_machine *machine = machine_on("classic", MM_KERNEL(6, 12), MM_SWAP_AT_ONCE);

	(void)state;
	for (uint32_t i = 0; i < 512; i++)
		touch(machine, 0, HUGE + i, MM_LPAGE_ANON);
	assert_int_equal(count(machine, "thp_fault_alloc"), 1);
	advise(machine, HUGE + 100, 50, true);
	assert_int_equal(count(machine, "thp_split_page"), 1);
	assert_int_equal(count(machine, "thp_swpout_fallback"), 0);
	assert_int_equal(count(machine, "pswpout"), 50);
	assert_int_equal(nr_present(machine, HUGE, 512), 462);
	assert_false(mm_lpage_is_present(machine, HUGE + 149));
	end(machine);
}

/* Those that were active, by a batch of the CPU; those that were not stay where they are. */
static void cold_pages_are_not_active(void **state)
{
	struct mm_machine *machine = machine_on("classic", MM_KERNEL(6, 12), MM_SWAP_AT_ONCE);
	uint32_t nr_active = 0;

	(void)state;
	fill(machine, 0, NR, MM_LPAGE_ANON);
	mm_lru_add_drain_all(machine);
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t pfn = mm_lpage(machine, i)->pfn;

		machine->policy->activate(mm_page_node(machine, pfn), pfn);
	}
	advise(machine, 0, NR, false);
	mm_lru_add_drain_all(machine);
	for (uint32_t i = 0; i < NR; i++) {
		nr_active += (page_of(machine, i)->flags & MM_PG_ACTIVE) != 0;
		assert_false(page_of(machine, i)->flags & MM_PG_YOUNG);
	}
	assert_int_equal(nr_active, 0);
	assert_int_equal(count(machine, "pgdeactivate"), 4);
	assert_true(page_of(machine, 0)->flags & MM_PG_WORKINGSET);
	assert_false(page_of(machine, 4)->flags & MM_PG_WORKINGSET);
	assert_int_equal(nr_present(machine, 0, NR), NR);
	end(machine);
}

static void generations_count_all_of_them(void **state)
{
	struct mm_machine *machine = machine_on("mglru", MM_KERNEL(6, 12), MM_SWAP_AT_ONCE);

	(void)state;
	fill(machine, 0, NR, MM_LPAGE_ANON);
	advise(machine, 0, NR, false);
	mm_lru_add_drain_all(machine);
	assert_int_equal(count(machine, "pgdeactivate"), NR);
	end(machine);
}

/* Written first, and freed when the original freed it: counted by the type of page alone. */
static void a_limit_takes_what_the_original_took(void **state)
{
	const struct mm_request request = { .cpu = 0 };
	struct mm_machine *machine = machine_on("classic", MM_KERNEL(6, 12), MM_SWAP_SEEKS);

	(void)state;
	fill(machine, 0, NR, MM_LPAGE_ANON);
	fill(machine, NR, NR, MM_LPAGE_FILE);
	mm_memcg_reclaim(machine, &request, 3);
	assert_int_equal(count(machine, "pswpout"), 1);
	assert_true(mm_lpage_is_present(machine, 3));
	/* Not before it is written. */
	mm_memcg_reclaim(machine, &request, 3);
	assert_true(mm_lpage_is_present(machine, 3));
	mm_end_writeback(machine, UINT32_MAX);
	mm_memcg_reclaim(machine, &request, 3);
	mm_memcg_reclaim(machine, &request, 3);
	mm_memcg_reclaim(machine, &request, NR + 5);
	mm_memcg_reclaim(machine, &request, NR_PAGES - 1); /* never heard of */
	assert_int_equal(nr_present(machine, 0, 2 * NR), 2 * NR - 2);
	assert_int_equal(count(machine, "pswpout"), 1);
	assert_int_equal(count(machine, "pgscan_anon"), 2);
	assert_int_equal(count(machine, "pgsteal_anon"), 1);
	assert_int_equal(count(machine, "pgscan_file"), 1);
	assert_int_equal(count(machine, "pgsteal_file"), 1);
	assert_int_equal(count(machine, "pgscan_direct"), 0);
	assert_int_equal(count(machine, "pgsteal_direct"), 0);
	end(machine);
}

/* By its first page, whatever became of the others. */
static void a_limit_takes_a_huge_page_as_a_whole(void **state)
{
	const struct mm_request request = { .cpu = 0 };
	struct mm_machine *machine = machine_on("classic", MM_KERNEL(6, 12), MM_SWAP_AT_ONCE);

	(void)state;
	for (uint32_t i = 0; i < 512; i++)
		touch(machine, 0, HUGE + i, MM_LPAGE_ANON);
	mm_memcg_reclaim(machine, &request, HUGE + 1);
	assert_true(mm_lpage_is_present(machine, HUGE));
	mm_memcg_reclaim(machine, &request, HUGE);
	assert_int_equal(nr_present(machine, HUGE, 512), 0);
	assert_int_equal(count(machine, "thp_swpout"), 1);
	assert_int_equal(count(machine, "pgsteal_anon"), 512);
	end(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_paged_out_is_gone),
		cmocka_unit_test(what_takes_its_time_to_write_stays),
		cmocka_unit_test(what_is_on_no_list_stays),
		cmocka_unit_test(a_huge_page_goes_as_a_whole),
		cmocka_unit_test(a_part_of_one_splits_it),
		cmocka_unit_test(cold_pages_are_not_active),
		cmocka_unit_test(generations_count_all_of_them),
		cmocka_unit_test(a_limit_takes_what_the_original_took),
		cmocka_unit_test(a_limit_takes_a_huge_page_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
