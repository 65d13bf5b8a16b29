/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compaction on small machines whose every page is placed: what it takes and leaves, when it stays away, and
 * that no page is lost on the way, in the middle of a run neither.
 */
#include "compaction.h"
#include "machine.h"

#define START    1024u /* a zone at 0 would have valid positions from boot on */
#define NR_PAGES 16384u
#define MIDDLE   (START + NR_PAGES / 2)

static const struct mm_request small = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
static const struct mm_request huge = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .order = 9 };

/* Page START + i holds logical page i where in_use says so; the rest is free, in single pages or as it merges. */
static struct mm_machine *machine_under(const char *policy, bool (*in_use)(uint32_t page),
                                        uint32_t kernel)
{
	const struct mm_zone_config zone = {
		.name = "DMA32",
		.type = MM_ZONE_DMA32,
		.start_pfn = START,
		.spanned = NR_PAGES,
		.present = NR_PAGES,
		.managed = NR_PAGES,
	};
	struct mm_config config = {
		.zones = &zone,
		.nr_zones = 1,
		.nr_cpus = 2,
		.nr_swap_slots = 256,
		.settings = machine_settings(),
		.policy = policy_find(policy),
		.seed = 1,
	};
	struct mm_machine *machine;

	config.settings.kernel = kernel;
	config.settings.extfrag_threshold = 500;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES + 1, NULL), 0);
	for (uint32_t i = 0; i < NR_PAGES; i++)
		if (!in_use(i))
			assert_true(mm_seed_free_block(machine, START + i, 0));
	for (uint32_t i = 0; i < NR_PAGES; i++)
		if (in_use(i))
			assert_int_equal(mm_seed_page(machine, i, MM_LPAGE_ANON, START + i, 0), 1);
	machine_seed_done(machine);
	machine_check(machine);
	return machine;
}

static struct mm_machine *machine_of(bool (*in_use)(uint32_t page), uint32_t kernel)
{
	return machine_under("classic", in_use, kernel);
}

static bool every_second(uint32_t page)
{
	return page % 2 == 0;
}

static bool lower_half_sparse(uint32_t page)
{
	return page < NR_PAGES / 2 && page % 8 == 0;
}

/* Every logical page is in memory, and where it says. */
static void all_are_there(const struct mm_machine *machine, bool (*in_use)(uint32_t page))
{
	for (uint32_t page = 0; page < NR_PAGES; page++) {
		const struct mm_lpage *lpage = mm_lpage(machine, page);

		if (!in_use(page))
			continue;
		assert_int_not_equal(lpage->pfn, MM_NONE);
		assert_int_equal(machine->pages[lpage->pfn].logical, page);
	}
}

static void a_block_is_made_by_moving_pages(void **state)
{
	static const uint32_t kernels[] = { MM_KERNEL(6, 1), MM_KERNEL(6, 12) };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct mm_machine *machine = machine_of(every_second, kernels[i]);
		uint32_t pfn = mm_alloc_pages(machine, &huge);

		assert_int_not_equal(pfn, MM_NONE);
		assert_int_equal(machine_counter(machine, "compact_stall"), 1);
		assert_int_equal(machine_counter(machine, "compact_success"), 1);
		assert_true(machine_counter(machine, "pgmigrate_success") >= 256);
		assert_int_equal(machine_counter(machine, "pgmigrate_fail"), 0);
		/* Each page counts as a source, and its new place as a target. */
		assert_true(machine_counter(machine, "compact_isolated") >=
		            2 * machine_counter(machine, "pgmigrate_success"));
		machine_check(machine);
		all_are_there(machine, every_second);
		mm_machine_destroy(machine);
	}
}

static void what_is_moved_stays_what_it_was(void **state)
{
	struct mm_machine *machine = machine_of(every_second, MM_KERNEL(6, 12));
	struct mm_page *page = &machine->pages[START + 2];
	uint32_t active = machine->nodes[0].nr_lru[MM_LRU_ANON];

	(void)state;
	mm_lru_remove_page(machine, START + 2);
	page->flags |= MM_PG_ACTIVE | MM_PG_WORKINGSET;
	page->flags &= (uint16_t)~MM_PG_YOUNG;
	mm_lru_add_page(machine, START + 2);
	mm_lock_page(machine, 4, true);
	mm_compact_nodes(machine, &small);
	assert_true(mm_lpage(machine, 2)->pfn >= MIDDLE);
	page = &machine->pages[mm_lpage(machine, 2)->pfn];
	assert_int_equal(page->flags & (MM_PG_ACTIVE | MM_PG_WORKINGSET | MM_PG_YOUNG),
	                 MM_PG_ACTIVE | MM_PG_WORKINGSET);
	assert_true(page->flags & MM_PG_LRU);
	/* Locked pages move too, and stay off the lists. */
	page = &machine->pages[mm_lpage(machine, 4)->pfn];
	assert_true(mm_lpage(machine, 4)->pfn >= MIDDLE);
	assert_false(page->flags & MM_PG_LRU);
	assert_int_equal(machine->nodes[0].nr_lru[MM_LRU_ANON], active - 1);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void locked_pages_stay_where_that_is_wished(void **state)
{
	struct mm_machine *machine = machine_of(every_second, MM_KERNEL(6, 12));

	(void)state;
	machine->settings.compact_unevictable_skipped = true;
	mm_lock_page(machine, 4, true);
	mm_compact_nodes(machine, &small);
	assert_int_equal(mm_lpage(machine, 4)->pfn, START + 4);
	assert_true(mm_lpage(machine, 2)->pfn >= MIDDLE);
	mm_machine_destroy(machine);
}

/* A page of the kernel's in each pageblock: no block comes of it, and the next requests are turned away. */
static void pages_that_stay_spoil_it(void **state)
{
	struct mm_machine *machine = machine_of(every_second, MM_KERNEL(6, 12));
	const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .order = 9 };
	struct mm_alloc_context ac = mm_prepare_alloc(machine, &request);
	enum mm_compact_result result;

	(void)state;
	for (uint32_t page = 0; page < NR_PAGES; page += MM_PAGEBLOCK_PAGES) {
		mm_free_lpage(machine, 0, page);
		mm_drain_all_pages(machine);
		assert_true(mm_take_free_block(machine, START + page, 0));
		mm_prep_block(machine, START + page, 0);
		mm_page_bind(machine, START + page, page, MM_LPAGE_KERNEL);
	}
	assert_int_equal(
		mm_direct_compact(machine, &ac, MM_WMARK_MIN, MM_COMPACT_PRIO_SYNC_LIGHT, &result),
		MM_NONE);
	assert_true(result == MM_COMPACT_PARTIAL_SKIPPED || result == MM_COMPACT_COMPLETE);
	assert_int_equal(machine_counter(machine, "compact_fail"), 1);
	assert_int_equal(machine->zones[0].compact.defer_shift, 1);
	assert_true(machine->zones[0].compact.blockskip_flush);
	machine_check(machine);
	/* Deferred once, and that counts as a stall too. */
	assert_int_equal(
		mm_direct_compact(machine, &ac, MM_WMARK_MIN, MM_COMPACT_PRIO_SYNC_LIGHT, &result),
		MM_NONE);
	assert_int_equal(result, MM_COMPACT_DEFERRED);
	assert_int_equal(machine_counter(machine, "compact_stall"), 2);
	for (uint32_t page = 0; page < NR_PAGES; page += MM_PAGEBLOCK_PAGES)
		assert_int_equal(mm_lpage(machine, page)->pfn, START + page);
	mm_machine_destroy(machine);
}

static void deferral_doubles_and_ends(void **state)
{
	struct mm_zone zone = { .index = 0 };

	(void)state;
	assert_false(mm_compaction_deferred(&zone, 9));
	mm_compaction_defer_reset(&zone, 8, false);
	assert_int_equal(zone.compact.order_failed, 9);
	for (uint32_t shift = 1; shift <= 8; shift++) {
		uint32_t refused = 0;

		mm_defer_compaction(&zone, 9);
		while (mm_compaction_deferred(&zone, 9))
			refused++;
		assert_int_equal(refused, (1u << (shift < 6 ? shift : 6)) - 1);
		assert_false(mm_compaction_deferred(&zone, 8));
	}
	assert_true(mm_compaction_restarting(&zone, 9));
	assert_false(mm_compaction_restarting(&zone, -1));
	mm_compaction_defer_reset(&zone, 9, true);
	assert_int_equal(zone.compact.order_failed, 10);
	assert_false(mm_compaction_restarting(&zone, 10));
}

static void it_needs_memory_and_fragmentation(void **state)
{
	struct mm_machine *machine = machine_of(every_second, MM_KERNEL(6, 12));
	struct mm_zone *zone = &machine->zones[0];
	int64_t had = zone->free_pages;

	(void)state;
	assert_true(mm_compaction_suitable(machine, zone, 9, MM_ZONE_DMA32));
	zone->free_pages = zone->wmark[MM_WMARK_LOW] + 1024;
	assert_false(mm_compaction_suitable(machine, zone, 9, MM_ZONE_DMA32));
	zone->free_pages++;
	assert_true(mm_compaction_suitable(machine, zone, 9, MM_ZONE_DMA32));
	/* 3 wants min and 16 pages only, whatever the index is. */
	zone->free_pages = zone->wmark[MM_WMARK_MIN] + 17;
	assert_true(mm_compaction_suitable(machine, zone, 3, MM_ZONE_DMA32));
	zone->free_pages = had;
	/* 1000 - (1000 + 8192 * 1000 / 512) / 8192 = 998. */
	machine->settings.extfrag_threshold = 997;
	assert_true(mm_compaction_suitable(machine, zone, 9, MM_ZONE_DMA32));
	machine->settings.extfrag_threshold = 998;
	assert_false(mm_compaction_suitable(machine, zone, 9, MM_ZONE_DMA32));
	assert_int_equal(mm_fragmentation_score_zone(zone), 100);
	machine->settings.compaction_proactiveness = 20;
	assert_int_equal(mm_fragmentation_wmark(machine, true), 80);
	assert_int_equal(mm_fragmentation_wmark(machine, false), 90);
	machine->settings.compaction_proactiveness = 100;
	assert_int_equal(mm_fragmentation_wmark(machine, true), 5);
	mm_machine_destroy(machine);
}

static void hints_are_cleared_inwards_from_both_ends(void **state)
{
	struct mm_machine *machine = machine_of(lower_half_sparse, MM_KERNEL(6, 12));
	struct mm_zone_compact *compact = &machine->zones[0].compact;
	uint8_t *skip = &machine->skip[START / MM_PAGEBLOCK_PAGES];
	uint32_t nr_blocks = NR_PAGES / MM_PAGEBLOCK_PAGES;

	(void)state;
	memset(skip, 1, nr_blocks);
	mm_reset_isolation_zone(machine, &machine->zones[0]);
	assert_int_equal(skip[0], 1);
	compact->blockskip_flush = true;
	mm_reset_isolation_zone(machine, &machine->zones[0]);
	assert_false(compact->blockskip_flush);
	assert_int_equal(skip[0], 0);
	/* The second half of a free block of order 10 has nothing in it that shows it is free. */
	assert_int_equal(skip[nr_blocks - 1], 1);
	assert_int_equal(skip[nr_blocks - 2], 0);
	assert_int_equal(compact->migrate_pfn[0], START);
	assert_int_equal(compact->init_free_pfn, START + NR_PAGES - 1 - MM_PAGEBLOCK_PAGES);
	assert_int_equal(compact->free_pfn, START + NR_PAGES - 1 - MM_PAGEBLOCK_PAGES);
	mm_machine_destroy(machine);
}

/* What an asynchronous run for a request finds in a pageblock that has one page that stays. */
static void async_runs_only_take_whole_blocks(void **state)
{
	struct mm_machine *machine = machine_of(every_second, MM_KERNEL(6, 12));
	struct mm_compact_control cc = {
		.order = 4,
		.search_order = 4,
		.gfp_flags = MM_GFP_HIGHUSER_MOVABLE,
		.mode = MM_MIGRATE_ASYNC,
		.direct = true,
		.highest_zoneidx = MM_ZONE_DMA32,
	};

	(void)state;
	assert_int_equal(mm_compact_begin(machine, &cc), MM_COMPACT_CONTINUE);
	/* One of the first 16 pages does not move: they are not worth it. */
	machine->pages[START + 2].flags &= (uint16_t)~MM_PG_LRU;
	assert_int_equal(cc.migrate_pfn, START);
	assert_int_equal(mm_isolate_migratepages(machine, &cc), MM_ISOLATE_SUCCESS);
	assert_int_equal(cc.nr_migratepages, 8);
	assert_int_equal(cc.migrate_pfn, START + 32);
	for (uint32_t pfn = cc.migratepages.head; pfn != MM_NONE; pfn = machine->pages[pfn].next)
		assert_in_range(pfn, START + 16, START + 31);
	mm_putback_movable_pages(machine, &cc.migratepages);
	machine->pages[START + 2].flags |= MM_PG_LRU;
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void the_last_of_memory_is_not_moved_to(void **state)
{
	struct mm_machine *machine = machine_of(every_second, MM_KERNEL(6, 12));
	struct mm_zone *zone = &machine->zones[0];
	struct mm_compact_control cc = { .order = -1, .mode = MM_MIGRATE_SYNC };

	(void)state;
	assert_int_equal(mm_compact_begin(machine, &cc), MM_COMPACT_CONTINUE);
	cc.nr_migratepages = 1;
	zone->wmark[MM_WMARK_MIN] = (uint32_t)zone->free_pages - 1;
	assert_int_equal(mm_compaction_alloc(machine, &cc, 0), MM_NONE);
	zone->wmark[MM_WMARK_MIN] -= 1;
	assert_int_not_equal(mm_compaction_alloc(machine, &cc, 0), MM_NONE);
	mm_machine_destroy(machine);
}

/* ---- kcompactd: the books balance after every step ---- */

static void no_page_is_lost_between_steps(void **state)
{
	static const char *const policies[] = { "classic", "mglru", "clock", "random", "opt" };
	static const uint32_t kernels[] = { MM_KERNEL(6, 1), MM_KERNEL(6, 12), MM_KERNEL(6, 18) };

	(void)state;
	for (uint32_t i = 0; i < 15; i++) {
		struct mm_machine *machine =
			machine_under(policies[i / 3], every_second, kernels[i % 3]);
		uint32_t steps = 0;

		mm_wakeup_kcompactd(&machine->nodes[0], 9, MM_ZONE_DMA32);
		assert_true(mm_kcompactd_runnable(machine, 0));
		while (mm_kcompactd_runnable(machine, 0)) {
			mm_kcompactd_step(machine, 0, 1);
			machine_check(machine);
			/* Others go on in the middle of it. */
			mm_free_lpage(machine, 0, 2 * (7919 * steps % (NR_PAGES / 2)));
			machine_check(machine);
			assert_true(steps++ < 10000);
		}
		assert_int_equal(machine_counter(machine, "compact_daemon_wake"), 1);
		assert_true(machine_counter(machine, "compact_daemon_migrate_scanned") > 0);
		assert_int_equal(machine_counter(machine, "compact_stall"), 0);
		for (uint32_t order = 9; order < MM_NR_ORDERS; order++)
			steps += machine->zones[0].free_area[order].nr_free << 16;
		assert_true(steps >= 1u << 16);
		mm_machine_destroy(machine);
	}
}

/* Who cannot wait for a block gets kcompactd where there is memory enough; others compact themselves. */
static void kswapd_leaves_blocks_to_kcompactd(void **state)
{
	struct mm_machine *machine = machine_of(every_second, MM_KERNEL(6, 12));
	struct mm_zone *zone = &machine->zones[0];

	(void)state;
	mm_wakeup_kswapd(machine, zone, MM_GFP_KERNEL, 0, MM_ZONE_DMA32);
	mm_wakeup_kswapd(machine, zone, MM_GFP_KSWAPD_RECLAIM, 0, MM_ZONE_DMA32);
	assert_false(mm_kcompactd_runnable(machine, 0));
	machine->nodes[0].kswapd.failures = MM_MAX_FAILURES;
	mm_wakeup_kswapd(machine, zone, MM_GFP_KERNEL, 9, MM_ZONE_DMA32);
	assert_false(mm_kcompactd_runnable(machine, 0));
	mm_wakeup_kswapd(machine, zone, MM_GFP_KSWAPD_RECLAIM, 9, MM_ZONE_DMA32);
	assert_true(mm_kcompactd_runnable(machine, 0));
	assert_false(mm_kswapd_runnable(machine, 0));
	mm_machine_destroy(machine);
}

/* kswapd has freed what a boost asked for: kcompactd makes pageblocks of it. */
static void a_boost_ends_with_compaction(void **state)
{
	struct mm_machine *machine = machine_of(every_second, MM_KERNEL(6, 12));
	uint32_t steps = 0;

	(void)state;
	machine->zones[0].boost = MM_PAGEBLOCK_PAGES;
	mm_wakeup_kswapd(machine, &machine->zones[0], 0, 0, MM_ZONE_DMA32);
	while (mm_kswapd_runnable(machine, 0)) {
		assert_false(mm_kcompactd_runnable(machine, 0));
		mm_kswapd_step(machine, 0);
		assert_true(steps++ < 10000);
	}
	assert_true(steps > 0);
	assert_true(mm_kcompactd_runnable(machine, 0));
	assert_int_equal(machine->nodes[0].kcompactd.max_order, MM_PAGEBLOCK_ORDER);
	mm_machine_destroy(machine);
}

static void run_kcompactd(struct mm_machine *machine)
{
	for (uint32_t steps = 0; mm_kcompactd_runnable(machine, 0); steps++) {
		mm_kcompactd_step(machine, 0, 0);
		assert_true(steps < 10000);
	}
}

static void fragmented_memory_is_compacted_unasked(void **state)
{
	struct mm_machine *machine = machine_of(every_second, MM_KERNEL(6, 12));

	(void)state;
	machine->settings.compaction_proactiveness = 0;
	mm_kcompactd_timeout(machine, 0);
	assert_false(mm_kcompactd_runnable(machine, 0));
	machine->settings.compaction_proactiveness = 20;
	assert_true(mm_fragmentation_score_node(&machine->nodes[0]) > 90);
	machine->nodes[0].kswapd.state = MM_KSWAPD_BALANCE;
	mm_kcompactd_timeout(machine, 0);
	assert_false(mm_kcompactd_runnable(machine, 0));
	machine->nodes[0].kswapd.state = MM_KSWAPD_SLEEP;
	mm_kcompactd_timeout(machine, 0);
	assert_true(mm_kcompactd_runnable(machine, 0));
	run_kcompactd(machine);
	assert_int_equal(machine_counter(machine, "compact_daemon_wake"), 0);
	assert_true(mm_fragmentation_score_node(&machine->nodes[0]) <= 80);
	machine_check(machine);
	/* Enough is enough. */
	mm_kcompactd_timeout(machine, 0);
	assert_false(mm_kcompactd_runnable(machine, 0));
	mm_machine_destroy(machine);
}

/* After a run in vain it rests 63 times more. */
static void a_run_in_vain_rests(void **state)
{
	struct mm_machine *machine = machine_of(every_second, MM_KERNEL(6, 12));
	uint32_t rests = 0;

	(void)state;
	machine->settings.compaction_proactiveness = 20;
	for (uint32_t page = 0; page < NR_PAGES; page += 2)
		mm_lock_page(machine, page, true);
	machine->settings.compact_unevictable_skipped = true;
	mm_kcompactd_timeout(machine, 0);
	assert_true(mm_kcompactd_runnable(machine, 0));
	run_kcompactd(machine);
	while (!mm_kcompactd_runnable(machine, 0)) {
		mm_kcompactd_timeout(machine, 0);
		assert_true(rests++ < 100);
	}
	assert_int_equal(rests, 64);
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kswapd_leaves_blocks_to_kcompactd),
		cmocka_unit_test(a_boost_ends_with_compaction),
		cmocka_unit_test(fragmented_memory_is_compacted_unasked),
		cmocka_unit_test(a_run_in_vain_rests),
		cmocka_unit_test(a_block_is_made_by_moving_pages),
		cmocka_unit_test(what_is_moved_stays_what_it_was),
		cmocka_unit_test(locked_pages_stay_where_that_is_wished),
		cmocka_unit_test(pages_that_stay_spoil_it),
		cmocka_unit_test(deferral_doubles_and_ends),
		cmocka_unit_test(it_needs_memory_and_fragmentation),
		cmocka_unit_test(hints_are_cleared_inwards_from_both_ends),
		cmocka_unit_test(async_runs_only_take_whole_blocks),
		cmocka_unit_test(the_last_of_memory_is_not_moved_to),
		cmocka_unit_test(no_page_is_lost_between_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
