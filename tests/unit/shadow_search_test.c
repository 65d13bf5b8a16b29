/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compaction's searches of the free lists on a kernel without an event for them. */
#include "shadow_machine.h"

#define ALLOC       MMR_EVENT_MM_PAGE_ALLOC
#define FREE        MMR_EVENT_MM_PAGE_FREE
#define DRAIN       MMR_EVENT_MM_PAGE_PCPU_DRAIN
#define ZONE_LOCKED MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED
#define ISOLATE     MMR_EVENT_MM_COMPACTION_ISOLATE_FREEPAGES

static const struct replay_shadow_kernel silent_61 = {
	.fallback_relocks = true,
	.thp_pcp = true,
	.fast_silent = true,
	.unused_silent = true,
	.nr_cpus = 4,
};

/* All pages but the first `nr` are in use; of those the first of each `step` is. */
static struct replay_shadow *splintered(uint32_t nr, uint32_t step)
{
	static uint64_t flags[NR_PAGES];
	struct replay_shadow *shadow;

	for (uint32_t i = 0; i < NR_PAGES; i++)
		flags[i] = i < nr && i % step >= step / 2 ? KPF_BUDDY : 0;
	assert_int_equal(replay_shadow_new(&normal_zone, 1, &silent_61, &shadow, NULL), 0);
	assert_int_equal(replay_shadow_add_chunk(shadow, FIRST_PFN, flags, NR_PAGES, 1, NULL), 0);
	return shadow;
}

static void begin(struct replay_shadow *shadow, int order)
{
	struct mmr_event event = event_of(MMR_EVENT_MM_COMPACTION_BEGIN);

	event.compaction.zone_start = FIRST_PFN;
	replay_shadow_event(shadow, &event);
	event = event_of(MMR_EVENT_MM_COMPACTION_FINISHED);
	event.compact_zone.order = order;
	replay_shadow_event(shadow, &event);
}

static void insert_into_lru(struct replay_shadow *shadow, uint64_t page)
{
	struct mmr_event event = event_of(MMR_EVENT_MM_LRU_INSERTION);

	event.lru.pfn = FIRST_PFN + page;
	replay_shadow_event(shadow, &event);
}

/* Isolates `nr` pages to be moved and begins to. */
static void migrate(struct replay_shadow *shadow, uint64_t nr)
{
	isolate_event(shadow, MMR_EVENT_MM_COMPACTION_ISOLATE_MIGRATEPAGES, 4096, 4608, nr);
	plain_event(shadow, MMR_EVENT_MM_MIGRATE_PAGES_START);
}

static void one_page_stands_for_the_block_that_was_taken(void **state)
{
	struct replay_shadow *shadow = splintered(512, 32);

	(void)state;
	begin(shadow, 9);
	insert_into_lru(shadow, 20);
	assert_int_equal(blocks_of(shadow, 4), 15);
	assert_int_equal(free_pages(shadow), 15 * 16);
	assert_int_equal(repairs(shadow, SHADOW_REPAIR_TARGET), 16);
	assert_int_equal(repairs(shadow, SHADOW_REPAIR_MISSED_TAKE), 0);
	shadow_end(shadow);
}

static void what_was_given_since_was_not_part_of_it(void **state)
{
	struct replay_shadow *shadow = splintered(512, 32);

	(void)state;
	begin(shadow, 9);
	page_event(shadow, FREE, 0, 4, SHADOW_MOVABLE); /* the other half of the first 32 */
	assert_int_equal(blocks_of(shadow, 5), 1);
	insert_into_lru(shadow, 20);
	assert_int_equal(free_pages(shadow), 16 * 16);
	assert_int_equal(blocks_of(shadow, 4), 16);
	shadow_end(shadow);
}

/* It was given, and taken after that: with all that was free around it then. */
static void what_was_given_before_was_part_of_it(void **state)
{
	struct replay_shadow *shadow = splintered(512, 32);

	(void)state;
	begin(shadow, 9);
	page_event(shadow, FREE, 0, 4, SHADOW_MOVABLE);
	insert_into_lru(shadow, 3);
	assert_int_equal(free_pages(shadow), 15 * 16);
	shadow_end(shadow);
}

static void only_a_compaction_for_an_order_searches(void **state)
{
	struct replay_shadow *shadow = splintered(512, 32);

	(void)state;
	insert_into_lru(shadow, 20);
	begin(shadow, -1);
	insert_into_lru(shadow, 21);
	assert_int_equal(repairs(shadow, SHADOW_REPAIR_MISSED_TAKE), 2);
	shadow_end(shadow);
	shadow = splintered(512, 32);
	begin(shadow, 4); /* blocks of order 4 are what it wants */
	insert_into_lru(shadow, 20);
	assert_int_equal(repairs(shadow, SHADOW_REPAIR_MISSED_TAKE), 1);
	shadow_end(shadow);
}

static void an_allocation_is_no_target(void **state)
{
	struct replay_shadow *shadow = splintered(512, 32);

	(void)state;
	begin(shadow, 9);
	page_event(shadow, ALLOC, 20, 0, SHADOW_MOVABLE);
	assert_int_equal(free_pages(shadow), 16 * 16 - 1);
	shadow_end(shadow);
}

/* 40 pages are wanted, the scan stops with 32: the search had found 8 to 23, further on. */
static void the_scan_that_stops_early_tells_the_size(void **state)
{
	struct replay_shadow *shadow = splintered(96, 32);

	(void)state;
	begin(shadow, 9);
	migrate(shadow, 40);
	isolate_event(shadow, ISOLATE, 0, 64, 32);
	assert_int_equal(free_pages(shadow), 0);
	shadow_end(shadow);
}

static void a_scan_with_enough_tells_of_no_search(void **state)
{
	struct replay_shadow *shadow = splintered(96, 32);

	(void)state;
	begin(shadow, 9);
	migrate(shadow, 32);
	isolate_event(shadow, ISOLATE, 0, 64, 32);
	assert_int_equal(free_pages(shadow), 16);
	shadow_end(shadow);
}

/* It found less than there is: what is missing is the one block that the search had taken. */
static void the_scan_misses_what_the_search_took(void **state)
{
	struct replay_shadow *shadow = splintered(96, 32);

	(void)state;
	begin(shadow, 9);
	migrate(shadow, 60);
	isolate_event(shadow, ISOLATE, 0, 512, 32);
	assert_int_equal(free_pages(shadow), 0);
	shadow_end(shadow);
}

static void only_the_first_scan_is_around_the_search(void **state)
{
	struct replay_shadow *shadow = splintered(1024, 32);

	(void)state;
	begin(shadow, 9);
	migrate(shadow, 300);
	isolate_event(shadow, ISOLATE, 512, 1024, 256);
	isolate_event(shadow, ISOLATE, 0, 64, 32);
	assert_int_equal(free_pages(shadow), 512 - 256 - 32);
	shadow_end(shadow);
}

static void of_several_blocks_the_one_that_remains_was_taken(void **state)
{
	struct replay_shadow *shadow = splintered(160, 32);
	struct replay_shadow_stats stats;

	(void)state;
	begin(shadow, 9);
	migrate(shadow, 40);
	isolate_event(shadow, ISOLATE, 0, 64, 32);
	assert_int_equal(free_pages(shadow), 3 * 16);
	replay_shadow_stats(shadow, &stats);
	assert_int_equal(stats.isolated_unknown, 16);
	page_event(shadow, ZONE_LOCKED, 80, 0, SHADOW_MOVABLE);
	assert_int_equal(free_pages(shadow), 3 * 16 - 1);
	page_event(shadow, ZONE_LOCKED, 144, 4, SHADOW_MOVABLE);
	assert_int_equal(free_pages(shadow), 15);
	replay_shadow_stats(shadow, &stats);
	assert_int_equal(stats.isolated_unknown, 0);
	shadow_end(shadow);
}

static void of_several_blocks_the_one_that_is_named_was_taken(void **state)
{
	struct replay_shadow *shadow = splintered(160, 32);

	(void)state;
	begin(shadow, 9);
	migrate(shadow, 40);
	isolate_event(shadow, ISOLATE, 0, 64, 32);
	page_event(shadow, FREE, 96, 4, SHADOW_MOVABLE); /* merges with the next */
	insert_into_lru(shadow, 115);
	assert_int_equal(free_pages(shadow), 3 * 16);
	page_event(shadow, ZONE_LOCKED, 80, 4, SHADOW_MOVABLE); /* no longer a question */
	assert_int_equal(free_pages(shadow), 2 * 16);
	shadow_end(shadow);
}

/* Before 6.9 what a migration does not use goes back without an event: a free is of a source. */
static void a_private_page_that_is_freed_while_migrating_was_a_source(void **state)
{
	struct replay_shadow *shadow = splintered(32, 32);

	(void)state;
	begin(shadow, 9);
	insert_into_lru(shadow, 20);
	migrate(shadow, 1);
	page_event(shadow, FREE, 21, 0, 0);
	page_event(shadow, DRAIN, 21, 0, SHADOW_MOVABLE);
	assert_int_equal(free_pages(shadow), 1);
	shadow_end(shadow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_page_stands_for_the_block_that_was_taken),
		cmocka_unit_test(what_was_given_since_was_not_part_of_it),
		cmocka_unit_test(what_was_given_before_was_part_of_it),
		cmocka_unit_test(only_a_compaction_for_an_order_searches),
		cmocka_unit_test(an_allocation_is_no_target),
		cmocka_unit_test(the_scan_that_stops_early_tells_the_size),
		cmocka_unit_test(a_scan_with_enough_tells_of_no_search),
		cmocka_unit_test(the_scan_misses_what_the_search_took),
		cmocka_unit_test(only_the_first_scan_is_around_the_search),
		cmocka_unit_test(of_several_blocks_the_one_that_remains_was_taken),
		cmocka_unit_test(of_several_blocks_the_one_that_is_named_was_taken),
		cmocka_unit_test(a_private_page_that_is_freed_while_migrating_was_a_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
