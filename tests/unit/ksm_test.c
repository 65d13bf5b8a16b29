/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KSM: what ksmd finds, what sharing frees, and how pages part again. */
#include "machine.h"

#include <stdlib.h>

#include "ksm_state.h"

#define NR_PAGES  (16u * 512)
#define NR_LPAGES 6144u
#define FIRST_VPN 0x7f000u
#define MERGEABLE 2048u /* pages of the range */
#define FOREVER   1000000u

static struct mm_request of_space = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

static const struct mm_ksm_settings defaults = {
	.run = MM_KSM_RUN_MERGE,
	.pages_to_scan = FOREVER,
	.max_page_sharing = 256,
	.chains_prune_ms = 2000,
};

static struct mm_machine *begin(struct mm_machine *machine, const struct mm_ksm_model *model)
{
	machine_all_free(machine);
	machine->settings.ksm = defaults;
	assert_int_equal(mm_ksm_enable(machine, model, 1, NULL), 0);
	assert_int_equal(mm_reserve_lpages(machine, NR_LPAGES, NULL), 0);
	assert_int_equal(mm_reserve_spaces(machine, 8, NULL), 0);
	of_space.space = mm_space_new(machine, 0, false);
	mm_ksm_set_range(machine, &of_space, FIRST_VPN, MERGEABLE, MM_KSM_MERGEABLE);
	return machine;
}

static struct mm_machine *new_machine(const struct mm_ksm_model *model)
{
	return begin(machine_new(NR_PAGES, 2, NR_PAGES, policy_find("classic")), model);
}

static void touch(struct mm_machine *machine, uint32_t page)
{
	mm_touch_page(machine, &of_space, page, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	mm_space_charge(machine, of_space.space, page);
	mm_place_lpage(machine, page, of_space.space, FIRST_VPN + page);
}

/* Page i has contents i % nr + 16. */
static void fill(struct mm_machine *machine, uint32_t nr_pages, uint32_t nr)
{
	for (uint32_t i = 0; i < nr_pages; i++) {
		touch(machine, i);
		mm_ksm_set_content(machine, &of_space, i, i % nr + 16);
	}
}

static struct mm_ksm_stat stat_of(const struct mm_machine *machine)
{
	struct mm_ksm_stat stat;

	assert_true(mm_ksm_stat(machine, &stat));
	return stat;
}

/* So many whole scans. */
static void scan(struct mm_machine *machine, uint32_t times)
{
	uint64_t until = stat_of(machine).full_scans + times;

	while (stat_of(machine).full_scans < until) {
		mm_ksmd_step(machine, 0);
		machine_check(machine);
	}
}

static void end(struct mm_machine *machine)
{
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void expect(const struct mm_machine *machine, uint64_t shared, uint64_t sharing,
                   uint64_t unshared)
{
	struct mm_ksm_stat stat = stat_of(machine);

	assert_int_equal(stat.pages_shared, shared);
	assert_int_equal(stat.pages_sharing, sharing);
	assert_int_equal(stat.pages_unshared, unshared);
}

static void copies_share_a_page_after_two_scans(void **state)
{
	struct mm_machine *machine = new_machine(NULL);
	uint64_t free_pages;

	(void)state;
	fill(machine, 300, 100);
	for (uint32_t i = 300; i < 310; i++)
		touch(machine, i); /* of which nothing is known */
	mm_drain_all_pages(machine);
	free_pages = (uint64_t)machine->zones[0].free_pages;
	scan(machine, 1);
	expect(machine, 0, 0, 0);
	assert_int_equal(stat_of(machine).pages_volatile, 310);
	scan(machine, 1);
	expect(machine, 100, 200, 10);
	assert_int_equal(stat_of(machine).pages_volatile, 0);
	assert_int_equal(stat_of(machine).pages_scanned, 620);
	assert_int_equal(stat_of(machine).nr_merged, 200);
	/* Two of three pages are free, and the process still has all of them. */
	mm_drain_all_pages(machine);
	assert_int_equal(machine->zones[0].free_pages, free_pages + 200);
	assert_int_equal(machine->nr_anon, 110);
	assert_int_equal(machine->spaces[of_space.space].nr_pages, 310);
	assert_int_equal(mm_lpage(machine, 7)->pfn, mm_lpage(machine, 107)->pfn);
	end(machine);
}

static void who_writes_gets_a_page_of_its_own(void **state)
{
	struct mm_machine *machine = new_machine(NULL);

	(void)state;
	fill(machine, 3, 1);
	scan(machine, 2);
	expect(machine, 1, 2, 0);
	/* A read shows nothing, a write copies, and even the last one does. */
	assert_int_equal(mm_touch_page(machine, &of_space, 1, MM_LPAGE_ANON, 0), MM_TOUCH_HIT);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(
			mm_touch_page(machine, &of_space, i, MM_LPAGE_ANON, MM_TOUCH_WRITE),
			MM_TOUCH_NEW);
	assert_int_equal(machine_counter(machine, "cow_ksm"), 3);
	assert_int_equal(machine->nr_anon, 3);
	assert_true(mm_lpage(machine, 0)->pfn != mm_lpage(machine, 1)->pfn);
	assert_int_equal(mm_touch_page(machine, &of_space, 2, MM_LPAGE_ANON, MM_TOUCH_WRITE),
	                 MM_TOUCH_HIT);
	/* ksmd has not noticed, and does when it comes by. */
	expect(machine, 1, 2, 0);
	scan(machine, 1);
	expect(machine, 0, 0, 0);
	/* What was written is the same again. */
	for (uint32_t i = 0; i < 3; i++)
		mm_ksm_set_content(machine, &of_space, i, 16);
	scan(machine, 2);
	expect(machine, 1, 2, 0);
	assert_int_equal(machine->nr_anon, 1);
	end(machine);
}

static void new_contents_part(void **state)
{
	struct mm_machine *machine = new_machine(NULL);

	(void)state;
	fill(machine, 4, 1);
	scan(machine, 2);
	mm_ksm_set_content(machine, &of_space, 2, 77);
	assert_int_equal(machine_counter(machine, "cow_ksm"), 1);
	scan(machine, 1);
	expect(machine, 1, 2, 0);
	scan(machine, 1);
	expect(machine, 1, 2, 1);
	end(machine);
}

static void what_changes_all_the_time_is_told_once(void **state)
{
	struct mm_machine *machine = new_machine(NULL);

	(void)state;
	fill(machine, 4, 2);
	scan(machine, 2);
	mm_ksm_set_content(machine, &of_space, 0, MM_KSM_CHANGING_CONTENT);
	mm_ksm_set_content(machine, &of_space, 1, MM_KSM_CHANGING_CONTENT);
	scan(machine, 4);
	expect(machine, 2, 0, 0);
	assert_int_equal(stat_of(machine).pages_volatile, 2);
	mm_ksm_set_content(machine, &of_space, 0, 16);
	mm_ksm_set_content(machine, &of_space, 1, 17);
	scan(machine, 2);
	expect(machine, 2, 2, 0);
	end(machine);
}

static void pages_that_change_are_left_alone(void **state)
{
	struct mm_machine *machine = new_machine(NULL);

	(void)state;
	fill(machine, 20, 10);
	for (uint32_t round = 0; round < 5; round++) {
		for (uint32_t i = 0; i < 10; i++) {
			mm_ksm_set_content(machine, &of_space, i, 1000 + round);
			mm_ksm_set_content(machine, &of_space, i + 10, 1000 + round);
		}
		scan(machine, 1);
		expect(machine, 0, 0, 0);
	}
	assert_int_equal(stat_of(machine).pages_volatile, 20);
	end(machine);
}

/* Before 6.11 a page that has just changed may still be found in the stable tree. */
static void old_kernels_ask_the_stable_tree_first(void **state)
{
	static const struct {
		uint32_t kernel;
		uint64_t sharing;
	} rows[] = { { MM_KERNEL(6, 10), 2 }, { MM_KERNEL(6, 11), 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mm_machine *machine = new_machine(NULL);

		machine->settings.kernel = rows[i].kernel;
		fill(machine, 2, 1);
		scan(machine, 2);
		touch(machine, 2);
		mm_ksm_set_content(machine, &of_space, 2, 16);
		scan(machine, 1);
		expect(machine, 1, rows[i].sharing, 0);
		end(machine);
	}
}

static void a_page_has_so_many_sharers_and_no_more(void **state)
{
	struct mm_machine *machine = new_machine(NULL);
	struct mm_ksm_stat stat;

	(void)state;
	machine->settings.ksm.max_page_sharing = 8;
	fill(machine, 64, 1);
	scan(machine, 6);
	stat = stat_of(machine);
	assert_int_equal(stat.pages_shared, 8);
	assert_int_equal(stat.pages_sharing, 56);
	assert_int_equal(stat.stable_node_chains, 1);
	assert_int_equal(stat.stable_node_dups, 8);
	/* When all but one have gone the chain goes, too. */
	for (uint32_t i = 0; i < 64; i++)
		if (mm_lpage(machine, i)->pfn != mm_lpage(machine, 63)->pfn)
			mm_free_lpage(machine, 0, i);
	scan(machine, 1);
	touch(machine, 0);
	mm_ksm_set_content(machine, &of_space, 0, 16);
	scan(machine, 2);
	stat = stat_of(machine);
	assert_int_equal(stat.stable_node_chains, 0);
	assert_int_equal(stat.stable_node_dups, 0);
	assert_int_equal(stat.pages_shared, 1);
	end(machine);
}

static void chains_are_pruned_now_and_then(void **state)
{
	struct mm_machine *machine = new_machine(NULL);

	(void)state;
	machine->settings.ksm.max_page_sharing = 4;
	fill(machine, 16, 1);
	scan(machine, 5);
	assert_int_equal(stat_of(machine).stable_node_dups, 4);
	/* Time stands still: nothing is pruned beyond what is met. */
	for (uint32_t i = 0; i < 15; i++)
		mm_free_lpage(machine, 0, i);
	scan(machine, 1);
	assert_true(stat_of(machine).stable_node_dups >= 1);
	machine->settings.ksm.chains_prune_ms = 0;
	touch(machine, 0);
	mm_ksm_set_content(machine, &of_space, 0, 16);
	scan(machine, 2);
	assert_int_equal(stat_of(machine).stable_node_dups, 0);
	expect(machine, 1, 1, 0);
	end(machine);
}

static void zero_pages_take_no_memory(void **state)
{
	struct mm_machine *machine = new_machine(NULL);

	(void)state;
	machine->settings.ksm.use_zero_pages = true;
	for (uint32_t i = 0; i < 10; i++) {
		touch(machine, i);
		mm_ksm_set_content(machine, &of_space, i, MM_KSM_ZERO_CONTENT);
	}
	scan(machine, 2);
	expect(machine, 0, 0, 0);
	assert_int_equal(stat_of(machine).zero_pages, 10);
	assert_int_equal(machine->nr_anon, 0);
	assert_int_equal(mm_touch_page(machine, &of_space, 3, MM_LPAGE_ANON, 0), MM_TOUCH_HIT);
	assert_int_equal(mm_touch_page(machine, &of_space, 3, MM_LPAGE_ANON, MM_TOUCH_WRITE),
	                 MM_TOUCH_NEW);
	mm_free_lpage(machine, 0, 4);
	assert_int_equal(stat_of(machine).zero_pages, 8);
	/* Their addresses are forgotten, as nothing is there. */
	scan(machine, 1);
	assert_int_equal(stat_of(machine).rmap_items, 1);
	end(machine);
}

static void smart_scan_passes_over_what_is_like_no_other(void **state)
{
	struct mm_machine *machine = new_machine(NULL);
	uint64_t skipped[20], total = 0;

	(void)state;
	machine->settings.ksm.smart_scan = true;
	fill(machine, 8, 8);
	for (size_t i = 0; i < 20; i++) {
		scan(machine, 1);
		skipped[i] = stat_of(machine).pages_skipped - total;
		total += skipped[i];
	}
	/* Looks 1 to 3, then 1 skip after the 4th, 1 after … as skip_age() grows with age. */
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(skipped[i], 0);
	assert_int_equal(skipped[4], 8);
	assert_int_equal(skipped[5], 0);
	assert_int_equal(skipped[6], 8);
	assert_int_equal(skipped[7], 8);
	assert_int_equal(skipped[8], 0);
	for (size_t i = 9; i < 13; i++)
		assert_int_equal(skipped[i], 8);
	assert_int_equal(skipped[13], 0);
	assert_int_equal(skipped[14], 8);
	/* What is passed over is in no tree meanwhile. */
	assert_int_equal(stat_of(machine).pages_volatile, 8);
	machine->settings.kernel = MM_KERNEL(6, 6);
	scan(machine, 1);
	assert_int_equal(stat_of(machine).pages_skipped, total);
	end(machine);
}

/* A CPU and as many pages on each. */
static struct mm_machine *two_nodes(void)
{
	static const uint8_t homes[] = { 0, 1 };
	struct mm_zone_config zones[2];
	const struct mm_config config = {
		.zones = zones,
		.nr_zones = 2,
		.nr_cpus = 2,
		.homes = homes,
		.nr_swap_slots = NR_PAGES,
		.policy = policy_find("classic"),
		.settings = machine_settings(),
	};
	struct mm_machine *machine;

	for (uint32_t i = 0; i < 2; i++)
		zones[i] = (struct mm_zone_config){
			.name = "Normal",
			.type = MM_ZONE_NORMAL,
			.node = (uint8_t)i,
			.start_pfn = i * NR_PAGES,
			.spanned = NR_PAGES,
			.present = NR_PAGES,
			.managed = NR_PAGES,
		};
	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	return begin(machine, NULL);
}

/* Half of the copies are on the other node: they share a page of their own, or none if there is but one of them. */
static void nodes_share_nothing_if_they_may_not(void **state)
{
	static const struct {
		bool within;
		uint64_t shared, sharing, unshared;
	} rows[] = { { false, 8, 24, 0 }, { true, 16, 16, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mm_machine *machine = two_nodes();

		machine->settings.ksm.within_nodes = rows[i].within;
		for (uint32_t page = 0; page < 34; page++) {
			of_space.cpu = page / 8 % 2;
			touch(machine, page);
			mm_ksm_set_content(machine, &of_space, page,
			                   page < 32 ? page % 8 + 16 : 99);
		}
		of_space.cpu = 0;
		assert_int_equal(
			machine->zones[machine->pages[mm_lpage(machine, 8)->pfn].zone].node, 1);
		scan(machine, 3);
		/* The last two, which are on one node, are alike. */
		expect(machine, rows[i].shared + 1, rows[i].sharing + 1, rows[i].unshared);
		end(machine);
	}
}

static void a_batch_is_pages_to_scan(void **state)
{
	struct mm_machine *machine = new_machine(NULL);

	(void)state;
	machine->settings.ksm.pages_to_scan = 300;
	fill(machine, 1000, 1000);
	assert_false(mm_ksmd_step(machine, 0));
	assert_true(mm_ksmd_step(machine, 0));
	assert_int_equal(stat_of(machine).pages_scanned, 300);
	/* The end of a scan ends the batch. */
	while (stat_of(machine).full_scans == 0)
		mm_ksmd_step(machine, 0);
	assert_int_equal(stat_of(machine).pages_scanned, 1000);
	machine->settings.ksm.run = MM_KSM_RUN_STOP;
	assert_false(mm_ksmd_has_work(machine));
	assert_true(mm_ksmd_step(machine, 0));
	end(machine);
}

static void memory_that_ends_is_forgotten(void **state)
{
	struct mm_machine *machine = new_machine(NULL);
	uint32_t other;

	(void)state;
	fill(machine, 100, 10);
	other = mm_space_new(machine, of_space.space, true);
	scan(machine, 2);
	expect(machine, 10, 90, 0);
	for (uint32_t i = 0; i < 100; i++)
		mm_free_lpage(machine, 0, i);
	/* Nobody tells ksmd. */
	expect(machine, 10, 90, 0);
	mm_space_end(machine, of_space.space);
	scan(machine, 1);
	expect(machine, 0, 0, 0);
	assert_int_equal(stat_of(machine).rmap_items, 0);
	assert_true(mm_ksmd_has_work(machine));
	mm_space_end(machine, other);
	assert_false(mm_ksmd_has_work(machine));
	end(machine);
}

static void what_is_not_to_be_merged_any_more_parts(void **state)
{
	struct mm_machine *machine = new_machine(NULL);

	(void)state;
	fill(machine, 100, 1);
	scan(machine, 2);
	assert_int_equal(machine->nr_anon, 1);
	mm_ksm_set_range(machine, &of_space, FIRST_VPN, 50, MM_KSM_UNMERGEABLE);
	assert_int_equal(machine->nr_anon, 51);
	scan(machine, 1);
	expect(machine, 1, 49, 0);
	machine->settings.ksm.run = MM_KSM_RUN_UNMERGE;
	mm_ksm_unmerge_all(machine, &of_space);
	assert_int_equal(machine->nr_anon, 100);
	expect(machine, 0, 0, 0);
	assert_int_equal(stat_of(machine).rmap_items, 0);
	/* It can begin again. */
	machine->settings.ksm.run = MM_KSM_RUN_MERGE;
	scan(machine, 2);
	expect(machine, 1, 49, 0);
	end(machine);
}

static void reclaim_takes_a_shared_page_from_all(void **state)
{
	struct mm_machine *machine = new_machine(NULL);
	struct mm_batch batch = { .nr = 1 };
	struct mm_scan_control sc = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE,
		                      .may_swap = true,
		                      .may_writepage = true };
	uint64_t written;
	uint32_t pfn;

	(void)state;
	fill(machine, 4, 1);
	scan(machine, 2);
	pfn = mm_lpage(machine, 0)->pfn;
	machine->pages[pfn].flags &= (uint16_t) ~(MM_PG_YOUNG | MM_PG_REFERENCED | MM_PG_ACTIVE);
	for (int i = 0; i < 2; i++) {
		mm_lru_remove_page(machine, pfn);
		machine->pages[pfn].flags &= (uint16_t)~MM_PG_ACTIVE;
		mm_lru_add_page(machine, pfn);
		mm_isolate(&machine->nodes[0], pfn, &batch);
		batch.pfns[0] = pfn;
		batch.nr = 1;
		mm_shrink_batch(&machine->nodes[0], &sc, &batch, &written);
		mm_end_writeback(machine, 10);
	}
	assert_int_equal(machine_counter(machine, "pswpout"), 1);
	assert_int_equal(machine->nr_anon, 0);
	machine_check(machine);
	/* One reads it, the others copy what it has read. */
	for (uint32_t i = 0; i < 4; i++) {
		mm_touch_page(machine, &of_space, 3 - i, MM_LPAGE_ANON, 0);
		machine_check(machine);
	}
	assert_int_equal(machine_counter(machine, "pswpin"), 1);
	assert_int_equal(machine_counter(machine, "ksm_swpin_copy"), 3);
	assert_int_equal(machine_counter(machine, "pgmajfault"), 1);
	assert_int_equal(machine->nr_anon, 4);
	scan(machine, 2);
	expect(machine, 1, 3, 0);
	end(machine);
}

static void huge_pages_are_split_for_their_parts(void **state)
{
	struct mm_machine *machine = new_machine(NULL);
	const struct mm_request huge = { .gfp_flags = MM_GFP_TRANSHUGE,
		                         .space = of_space.space,
		                         .order = 9 };

	(void)state;
	assert_int_equal(mm_touch_page(machine, &huge, 512, MM_LPAGE_ANON, MM_TOUCH_WRITE),
	                 MM_TOUCH_NEW);
	mm_space_charge(machine, of_space.space, 512);
	mm_place_huge(machine, 512, of_space.space, (FIRST_VPN >> 9) + 1);
	assert_int_equal(FIRST_VPN % 512, 0);
	touch(machine, 3);
	mm_ksm_set_content(machine, &of_space, 3, 50);
	scan(machine, 3);
	assert_int_equal(mm_lpage(machine, 512)->order, 9);
	mm_ksm_set_content(machine, &of_space, 600, 50);
	scan(machine, 2);
	assert_int_equal(mm_lpage(machine, 512)->order, 0);
	assert_int_equal(machine_counter(machine, "thp_split_page"), 1);
	expect(machine, 1, 1, 511);
	end(machine);
}

static void the_model_makes_what_it_says(void **state)
{
	const struct mm_ksm_model model = { .on = true,
		                            .zero_percent = 20,
		                            .copied_percent = 40,
		                            .copies = 8,
		                            .changing_percent = 10 };
	struct mm_machine *machine = new_machine(&model);
	struct mm_ksm_stat stat;

	(void)state;
	for (uint32_t i = 0; i < 2000; i++)
		touch(machine, i);
	machine->settings.ksm.max_page_sharing = 1000;
	scan(machine, 3);
	stat = stat_of(machine);
	/* 400 zero pages are one, 800 with copies are 100, 200 change, 600 are like no other. */
	assert_in_range(stat.pages_shared + stat.pages_sharing, 1120, 1280);
	assert_in_range(stat.pages_shared, 85, 170);
	assert_in_range(stat.pages_volatile, 150, 250);
	assert_in_range(stat.pages_unshared, 500, 720);
	/* A write makes a page like no other. */
	for (uint32_t i = 0; i < 2000; i++)
		mm_touch_page(machine, &of_space, i, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	scan(machine, 3);
	assert_int_equal(stat_of(machine).pages_sharing, 0);
	end(machine);
}

struct clock {
	uint64_t now_ns;
};

static uint64_t now_ns(void *data)
{
	return ((struct clock *)data)->now_ns;
}

/* The figures are scan_time_advisor()'s, worked out by hand: see each. */
static void the_advisor_follows_the_scan_time(void **state)
{
	struct mm_machine *machine = new_machine(NULL);
	struct clock clock = { .now_ns = 1000000000 };

	(void)state;
	machine->hooks.now_ns = now_ns;
	machine->hooks.data = &clock;
	machine->settings.ksm.advisor = true;
	machine->settings.ksm.advisor_max_cpu = 70;
	machine->settings.ksm.advisor_min_pages_to_scan = 500;
	machine->settings.ksm.advisor_max_pages_to_scan = 30000;
	machine->settings.ksm.advisor_target_scan_time = 10;
	fill(machine, 600, 600);
	assert_int_equal(mm_ksm_pages_to_scan(machine), 500);
	/* 40 s at 20 %: 500 x 4 x (0.7 x 0 + 0.3 x 100) %, and 10 % of a CPU at least. */
	mm_ksm_advisor_start(machine);
	clock.now_ns += 40 * UINT64_C(1000000000);
	mm_ksm_charge(machine, 8 * UINT64_C(1000000000));
	mm_ksm_advisor_stop(machine);
	assert_int_equal(mm_ksm_pages_to_scan(machine), 600);
	/* 20 s at 1 %: factor 50, change (0.7 x 30 + 0.3 x 50) = 36 %: 432, below 10 % of a CPU: 6000. */
	mm_ksm_advisor_start(machine);
	clock.now_ns += 20 * UINT64_C(1000000000);
	mm_ksm_charge(machine, 200 * UINT64_C(1000000));
	mm_ksm_advisor_stop(machine);
	assert_int_equal(mm_ksm_pages_to_scan(machine), 6000);
	/* Not before 6.8. */
	machine->settings.kernel = MM_KERNEL(6, 7);
	assert_int_equal(mm_ksm_pages_to_scan(machine), FOREVER);
	end(machine);
}

/* Whatever comes, the books balance. */
static void random_demand(void **state)
{
	static const char *const policies[] = { "classic", "mglru" };
	uint64_t copies = 0;
	struct rng rng;

	(void)state;
	for (uint32_t seed = 1; seed <= 4; seed++) {
		struct mm_machine *machine =
			machine_new(8 * 512, 2, 4096, policy_find(policies[seed % 2]));

		base_rng_init(&rng, seed);
		machine_all_free(machine);
		machine->settings.ksm = defaults;
		machine->settings.ksm.pages_to_scan = 200;
		machine->settings.ksm.max_page_sharing = 5;
		machine->settings.ksm.use_zero_pages = seed > 2;
		machine->settings.ksm.smart_scan = seed % 2 == 0;
		assert_int_equal(mm_ksm_enable(machine, NULL, seed, NULL), 0);
		assert_int_equal(mm_reserve_lpages(machine, NR_LPAGES, NULL), 0);
		assert_int_equal(mm_reserve_spaces(machine, 8, NULL), 0);
		of_space.space = mm_space_new(machine, 0, false);
		mm_ksm_set_range(machine, &of_space, FIRST_VPN, NR_LPAGES, MM_KSM_MERGEABLE);
		for (uint32_t i = 0; i < 60000; i++) {
			uint32_t page = base_rng_below(&rng, NR_LPAGES),
				 what = base_rng_below(&rng, 100);

			of_space.cpu = (uint16_t)base_rng_below(&rng, 2);
			if (what < 50)
				touch(machine, page);
			else if (what < 70)
				mm_access_page(machine, &of_space, page);
			else if (what < 90)
				mm_ksm_set_content(machine, &of_space, page,
				                   1 + base_rng_below(&rng, 40u << 2 * seed));
			else if (what < 94)
				mm_ksmd_step(machine, 0);
			else if (what < 96)
				mm_free_lpage(machine, 0, page);
			else if (what < 97)
				mm_lock_page(machine, page, base_rng_below(&rng, 8) == 0);
			else if (what < 98)
				mm_ksm_set_range(machine, &of_space, FIRST_VPN + page / 2, 50,
				                 (enum mm_ksm_range)base_rng_below(&rng, 3));
			else
				mm_kswapd_step(machine, 0);
			mm_end_writeback(machine, 2);
			if (i % 500 == 0)
				machine_check(machine);
		}
		assert_true(stat_of(machine).nr_merged > 100);
		copies += machine_counter(machine, "ksm_swpin_copy");
		assert_true(machine_counter(machine, "cow_ksm") > 0);
		mm_compact_nodes(machine, &of_space);
		end(machine);
	}
	assert_true(copies > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_share_a_page_after_two_scans),
		cmocka_unit_test(who_writes_gets_a_page_of_its_own),
		cmocka_unit_test(new_contents_part),
		cmocka_unit_test(what_changes_all_the_time_is_told_once),
		cmocka_unit_test(pages_that_change_are_left_alone),
		cmocka_unit_test(old_kernels_ask_the_stable_tree_first),
		cmocka_unit_test(a_page_has_so_many_sharers_and_no_more),
		cmocka_unit_test(chains_are_pruned_now_and_then),
		cmocka_unit_test(zero_pages_take_no_memory),
		cmocka_unit_test(smart_scan_passes_over_what_is_like_no_other),
		cmocka_unit_test(nodes_share_nothing_if_they_may_not),
		cmocka_unit_test(a_batch_is_pages_to_scan),
		cmocka_unit_test(memory_that_ends_is_forgotten),
		cmocka_unit_test(what_is_not_to_be_merged_any_more_parts),
		cmocka_unit_test(reclaim_takes_a_shared_page_from_all),
		cmocka_unit_test(huge_pages_are_split_for_their_parts),
		cmocka_unit_test(the_model_makes_what_it_says),
		cmocka_unit_test(the_advisor_follows_the_scan_time),
		cmocka_unit_test(random_demand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
