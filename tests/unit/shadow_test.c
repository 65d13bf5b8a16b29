/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shadow_machine.h"

#include "show_views.h"

#define ALLOC       MMR_EVENT_MM_PAGE_ALLOC
#define FREE        MMR_EVENT_MM_PAGE_FREE
#define BATCHED     MMR_EVENT_MM_PAGE_FREE_BATCHED
#define ZONE_LOCKED MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED
#define DRAIN       MMR_EVENT_MM_PAGE_PCPU_DRAIN
#define ISOLATE     MMR_EVENT_MM_COMPACTION_ISOLATE_FREEPAGES
#define FAST        MMR_EVENT_MM_COMPACTION_FAST_ISOLATE_FREEPAGES

static void start_finds_the_largest_blocks(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 3 * 1024 + 513);

	(void)state;
	assert_false(replay_shadow_ready(shadow));
	plain_event(shadow, MMR_EVENT_RSS_STAT);
	assert_true(replay_shadow_ready(shadow));
	assert_int_equal(blocks_of(shadow, 10), 3);
	assert_int_equal(blocks_of(shadow, 9), 1);
	assert_int_equal(blocks_of(shadow, 0), 1);
	assert_int_equal(free_pages(shadow), 3 * 1024 + 513);
	shadow_end(shadow);
}

static void events_before_a_chunk_was_read_do_not_count(void **state)
{
	uint64_t flags[1024];
	struct replay_shadow *shadow;
	struct mmr_event event = { .kind = ZONE_LOCKED, .t_ns = 50 };

	(void)state;
	for (unsigned int i = 0; i < 1024; i++)
		flags[i] = KPF_BUDDY;
	assert_int_equal(replay_shadow_new(&normal_zone, 1, &kernel_612, &shadow, NULL), 0);
	assert_int_equal(replay_shadow_add_chunk(shadow, FIRST_PFN, flags, 1024, 40, NULL), 0);
	assert_int_equal(replay_shadow_add_chunk(shadow, FIRST_PFN + 1024, flags, 1024, 60, NULL),
	                 0);
	event.page.pfn = FIRST_PFN; /* known, taken */
	replay_shadow_event(shadow, &event);
	event.page.pfn = FIRST_PFN + 1024; /* the reader will see what came of it */
	replay_shadow_event(shadow, &event);
	assert_int_equal(free_pages(shadow), 1023);
	event.t_ns = 60;
	event.kind = MMR_EVENT_RSS_STAT;
	replay_shadow_event(shadow, &event);
	assert_int_equal(free_pages(shadow), 2047);
	shadow_end(shadow);
}

static void a_refill_takes_and_a_drain_gives(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 1024);

	(void)state;
	page_event(shadow, ZONE_LOCKED, 0, 0, SHADOW_MOVABLE);
	page_event(shadow, ZONE_LOCKED, 1, 0, SHADOW_MOVABLE);
	assert_int_equal(free_pages(shadow), 1022);
	for (unsigned int order = 1; order < 10; order++)
		assert_int_equal(blocks_of(shadow, order), 1);
	page_event(shadow, ALLOC, 0, 0, SHADOW_MOVABLE); /* from the list of the CPU */
	page_event(shadow, FREE, 0, 0, 0);               /* back to it */
	assert_int_equal(free_pages(shadow), 1022);
	page_event(shadow, DRAIN, 1, 0, SHADOW_MOVABLE);
	assert_int_equal(blocks_of(shadow, 0), 1);
	page_event(shadow, DRAIN, 0, 0, SHADOW_MOVABLE);
	assert_int_equal(blocks_of(shadow, 10), 1);
	shadow_end(shadow);
}

static void large_orders_bypass_the_per_cpu_lists(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 1024);

	(void)state;
	page_event(shadow, ZONE_LOCKED, 512, 5, SHADOW_UNMOVABLE);
	page_event(shadow, ALLOC, 512, 5, SHADOW_UNMOVABLE);
	assert_int_equal(free_pages(shadow), 992);
	page_event(shadow, FREE, 512, 5, 0);
	assert_int_equal(free_pages(shadow), 1024);
	/* Order 9 has a list of its own if there are huge pages. */
	page_event(shadow, ZONE_LOCKED, 0, 9, SHADOW_MOVABLE);
	page_event(shadow, ALLOC, 0, 9, SHADOW_MOVABLE);
	page_event(shadow, FREE, 0, 9, 0);
	assert_int_equal(free_pages(shadow), 512);
	page_event(shadow, DRAIN, 0, 9, SHADOW_MOVABLE);
	assert_int_equal(free_pages(shadow), 1024);
	shadow_end(shadow);
}

static void extfrag(struct replay_shadow *shadow, uint64_t page, int order, int fallback_order,
                    bool change_ownership)
{
	struct mmr_event event = event_of(MMR_EVENT_MM_PAGE_ALLOC_EXTFRAG);

	event.extfrag.pfn = FIRST_PFN + page;
	event.extfrag.alloc_order = order;
	event.extfrag.fallback_order = fallback_order;
	event.extfrag.alloc_migratetype = SHADOW_UNMOVABLE;
	event.extfrag.fallback_migratetype = SHADOW_MOVABLE;
	event.extfrag.change_ownership = change_ownership;
	replay_shadow_event(shadow, &event);
}

static void a_whole_block_claim_shows_only_as_extfrag(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 1024);

	(void)state;
	extfrag(shadow, 0, 0, 10, true);
	assert_int_equal(free_pages(shadow), 1023);
	assert_int_equal(typed_blocks(shadow, 9, SHADOW_UNMOVABLE), 1);
	assert_int_equal(typed_blocks(shadow, 0, SHADOW_UNMOVABLE), 1);
	page_event(shadow, ALLOC, 0, 0, SHADOW_UNMOVABLE);
	assert_int_equal(free_pages(shadow), 1023);
	shadow_end(shadow);
}

static void a_claim_within_a_block_follows_its_zone_locked(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 512);

	(void)state;
	page_event(shadow, ZONE_LOCKED, 64, 0, SHADOW_UNMOVABLE);
	extfrag(shadow, 64, 0, 6, true);
	assert_int_equal(free_pages(shadow), 511);
	assert_int_equal(typed_blocks(shadow, 8, SHADOW_UNMOVABLE), 1);
	shadow_end(shadow);
}

static void before_6_10_zone_locked_follows_extfrag(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_61, 512);

	(void)state;
	extfrag(shadow, 64, 0, 6,
	        false); /* the fallback block's head, not the page that is taken */
	assert_int_equal(free_pages(shadow), 512);
	page_event(shadow, ZONE_LOCKED, 64, 0, SHADOW_UNMOVABLE);
	assert_int_equal(free_pages(shadow), 511);
	shadow_end(shadow);
}

static void highatomic_blocks_do_not_merge(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 1024);

	(void)state;
	page_event(shadow, ZONE_LOCKED, 0, 3, SHADOW_HIGHATOMIC);
	page_event(shadow, FREE, 0, 3, 0);
	page_event(shadow, DRAIN, 0, 3, SHADOW_HIGHATOMIC);
	assert_int_equal(blocks_of(shadow, 10), 0);
	assert_int_equal(typed_blocks(shadow, 9, SHADOW_HIGHATOMIC), 1);
	assert_int_equal(typed_blocks(shadow, 9, SHADOW_MOVABLE), 1);
	shadow_end(shadow);
}

static void isolate_is_5_with_cma_and_4_without(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 0);

	(void)state;
	page_event(shadow, DRAIN, 0, 0, 4);
	page_event(shadow, DRAIN, 512, 0, 5);
	assert_int_equal(typed_blocks(shadow, 0, SHADOW_CMA), 1);
	assert_int_equal(typed_blocks(shadow, 0, SHADOW_ISOLATE), 1);
	shadow_end(shadow);
	shadow = shadow_with(&kernel_61, 0);
	page_event(shadow, DRAIN, 0, 0, 4);
	assert_int_equal(typed_blocks(shadow, 0, SHADOW_ISOLATE), 1);
	shadow_end(shadow);
}

/* ---- compaction ---- */

/* Pages [0, 512): every second one free, the rest used. */
static struct replay_shadow *fragmented(void)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 0);

	for (uint64_t page = 0; page < 512; page += 2)
		page_event(shadow, DRAIN, page, 0, SHADOW_MOVABLE);
	plain_event(shadow, MMR_EVENT_MM_COMPACTION_BEGIN);
	return shadow;
}

static void a_full_scan_names_its_pages(void **state)
{
	struct replay_shadow *shadow = fragmented();

	(void)state;
	isolate_event(shadow, ISOLATE, 0, 64, 32);
	assert_int_equal(free_pages(shadow), 256 - 32);
	assert_false(replay_shadow_is_free(shadow, FIRST_PFN + 62));
	assert_true(replay_shadow_is_free(shadow, FIRST_PFN + 64));
	/* One that it did not need comes back, through the list of the CPU. */
	page_event(shadow, FREE, 62, 0, 0);
	assert_int_equal(free_pages(shadow), 256 - 32);
	page_event(shadow, DRAIN, 62, 0, SHADOW_MOVABLE);
	assert_int_equal(free_pages(shadow), 256 - 31);
	shadow_end(shadow);
}

static void a_strided_scan_is_settled_by_first_use(void **state)
{
	struct replay_shadow *shadow = fragmented();
	struct replay_shadow_stats stats;
	struct mmr_event insertion;

	(void)state;
	isolate_event(shadow, ISOLATE, 0, 512, 2);
	replay_shadow_stats(shadow, &stats);
	assert_int_equal(stats.isolated_unknown, 2);
	assert_int_equal(free_pages(shadow), 256);
	insertion = event_of(MMR_EVENT_MM_LRU_INSERTION);
	insertion.lru.pfn = FIRST_PFN + 32;
	replay_shadow_event(shadow, &insertion);
	page_event(shadow, FREE, 64, 0, 0);
	replay_shadow_stats(shadow, &stats);
	assert_int_equal(stats.isolated_unknown, 0);
	assert_int_equal(stats.repairs[SHADOW_REPAIR_TARGET], 2);
	assert_int_equal(free_pages(shadow), 254);
	shadow_end(shadow);
}

static void a_strided_scan_is_known_by_its_numbers(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 0);
	struct mmr_event event;

	(void)state;
	page_event(shadow, DRAIN, 64, 4, SHADOW_MOVABLE);
	page_event(shadow, DRAIN, 128, 0, SHADOW_MOVABLE); /* 64 + 16 + 32 k never meets these */
	page_event(shadow, DRAIN, 208, 3, SHADOW_MOVABLE);
	plain_event(shadow, MMR_EVENT_MM_COMPACTION_BEGIN);
	event = event_of(ISOLATE);
	event.isolate.start_pfn = FIRST_PFN;
	event.isolate.end_pfn = FIRST_PFN + 512;
	event.isolate.nr_taken = 16;
	event.isolate.nr_scanned = 31; /* 0, 32, the block at 64, 111, 143, … 495 */
	replay_shadow_event(shadow, &event);
	assert_false(replay_shadow_is_free(shadow, FIRST_PFN + 79));
	assert_int_equal(free_pages(shadow), 9);
	shadow_end(shadow);
}

static void the_scan_around_tells_what_the_search_took(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 0);

	(void)state;
	page_event(shadow, DRAIN, 8, 3, SHADOW_MOVABLE);
	page_event(shadow, DRAIN, 32, 1, SHADOW_MOVABLE);
	plain_event(shadow, MMR_EVENT_MM_COMPACTION_BEGIN);
	isolate_event(shadow, FAST, 0, 4096, 8);
	isolate_event(shadow, ISOLATE, 0, 512, 2);
	assert_int_equal(free_pages(shadow), 0);
	shadow_end(shadow);
}

static void hundreds_of_small_takings_are_remembered(void **state)
{
	struct replay_shadow *shadow = fragmented();
	struct replay_shadow_stats stats;

	(void)state;
	for (unsigned int i = 0; i < 250; i++)
		isolate_event(shadow, FAST, 0, 8192, 1);
	for (unsigned int i = 0; i < 250; i++)
		page_event(shadow, FREE, 2 * i, 0, 0);
	replay_shadow_stats(shadow, &stats);
	assert_int_equal(stats.isolated, 250);
	assert_int_equal(stats.isolated_unknown, 0);
	assert_int_equal(stats.repairs[SHADOW_REPAIR_TARGET], 250);
	assert_int_equal(stats.repairs[SHADOW_REPAIR_MISSED_TAKE], 0);
	shadow_end(shadow);
}

static void a_taking_is_forgotten_after_its_compaction(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 0);
	struct mmr_event insertion = event_of(MMR_EVENT_MM_LRU_INSERTION);

	(void)state;
	page_event(shadow, DRAIN, 0, 5, SHADOW_MOVABLE);
	plain_event(shadow, MMR_EVENT_MM_COMPACTION_BEGIN);
	isolate_event(shadow, FAST, 0, 8192, 16);
	plain_event(shadow, MMR_EVENT_MM_COMPACTION_END);
	insertion.lru.pfn = FIRST_PFN;
	insertion.t_ns += 10000000000;
	replay_shadow_event(shadow, &insertion);
	assert_int_equal(free_pages(shadow), 31);
	shadow_end(shadow);
}

static void a_target_freed_while_migrating_stays_with_compaction(void **state)
{
	struct replay_shadow *shadow = fragmented();

	(void)state;
	isolate_event(shadow, ISOLATE, 0, 512, 256);
	assert_int_equal(free_pages(shadow), 0);
	plain_event(shadow, MMR_EVENT_MM_MIGRATE_PAGES_START);
	page_event(shadow, FREE, 0, 0, 0); /* compaction_free() */
	page_event(shadow, FREE, 1, 0, 0); /* a source page */
	plain_event(shadow, MMR_EVENT_MM_MIGRATE_PAGES);
	page_event(shadow, DRAIN, 1, 0, SHADOW_MOVABLE);
	assert_int_equal(free_pages(shadow), 1);
	page_event(shadow, FREE, 0, 0, 0); /* left over at the end */
	page_event(shadow, DRAIN, 0, 0, SHADOW_MOVABLE);
	assert_int_equal(blocks_of(shadow, 1), 1);
	shadow_end(shadow);
}

static void a_captured_block_is_off_the_lists(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 1024);

	(void)state;
	page_event(shadow, ALLOC, 512, 9, SHADOW_MOVABLE);
	assert_int_equal(repairs(shadow, SHADOW_REPAIR_CAPTURE), 512);
	assert_int_equal(blocks_of(shadow, 9), 1);
	assert_int_equal(free_pages(shadow), 512);
	shadow_end(shadow);
}

static void a_large_take_makes_the_pageblock_movable(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 0);

	(void)state;
	page_event(shadow, DRAIN, 0, 8, SHADOW_UNMOVABLE);
	page_event(shadow, DRAIN, 256, 0, SHADOW_UNMOVABLE);
	plain_event(shadow, MMR_EVENT_MM_COMPACTION_BEGIN);
	isolate_event(shadow, ISOLATE, 0, 256, 256);
	assert_int_equal(typed_blocks(shadow, 0, SHADOW_MOVABLE), 1);
	shadow_end(shadow);
}

/* ---- past the per-CPU lists ---- */

static void an_interrupt_within_a_batch_frees_past_the_list(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 0);

	(void)state;
	page_event(shadow, FREE, 0, 0, 0);
	page_event(shadow, FREE, 2, 0, 0);
	page_event(shadow, FREE, 4, 0, 0);
	page_event(shadow, BATCHED, 0, 0, 0);
	page_event(shadow, FREE, 64, 2, 0); /* the list's lock is held */
	page_event(shadow, FREE, 128, 0, 0);
	assert_int_equal(free_pages(shadow), 0);
	page_event(shadow, BATCHED, 2, 0, 0);
	assert_int_equal(free_pages(shadow), 5);
	assert_int_equal(repairs(shadow, SHADOW_REPAIR_PAST_PCP), 5);
	/* Between two batches no lock is held. */
	page_event(shadow, BATCHED, 4, 0, 0);
	page_event(shadow, FREE, 6, 0, 0);
	page_event(shadow, FREE, 8, 0, 0);
	page_event(shadow, BATCHED, 6, 0, 0);
	page_event(shadow, BATCHED, 8, 0, 0);
	assert_int_equal(free_pages(shadow), 5);
	shadow_end(shadow);
}

static void a_batch_after_one_cut_short_is_a_batch_of_its_own(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 0);

	(void)state;
	page_event(shadow, FREE, 0, 0, 0);
	page_event(shadow, FREE, 2, 0, 0);
	page_event(shadow, BATCHED, 0, 0, 0); /* 2 never shows up */
	page_event(shadow, FREE, 4, 0, 0);
	page_event(shadow, FREE, 6, 0, 0);
	page_event(shadow, BATCHED, 4, 0, 0);
	page_event(shadow, BATCHED, 6, 0, 0);
	assert_int_equal(free_pages(shadow), 0);
	shadow_end(shadow);
}

static void an_interrupt_within_a_refill_frees_past_the_list(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 16);

	(void)state;
	page_event(shadow, ZONE_LOCKED, 0, 0, SHADOW_MOVABLE);
	page_event(shadow, ZONE_LOCKED, 1, 0, SHADOW_MOVABLE);
	page_event(shadow, FREE, 100, 0, 0);
	page_event(shadow, ALLOC, 0, 0, SHADOW_MOVABLE);
	assert_true(replay_shadow_is_free(shadow, FIRST_PFN + 100));
	page_event(shadow, FREE, 102, 0, 0); /* after the refill */
	page_event(shadow, ALLOC, 1, 0, SHADOW_MOVABLE);
	assert_false(replay_shadow_is_free(shadow, FIRST_PFN + 102));
	shadow_end(shadow);
}

static void a_batch_frees_past_a_list_that_another_cpu_drains(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 0);
	struct mmr_event drain;

	(void)state;
	page_event(shadow, FREE, 100, 0, 0); /* on the list of CPU 0, then drained by CPU 1 */
	page_event(shadow, FREE, 2, 0, 0);
	drain = event_of(DRAIN);
	drain.cpu = 1;
	drain.page.pfn = FIRST_PFN + 100;
	drain.page.migratetype = SHADOW_MOVABLE;
	replay_shadow_event(shadow, &drain);
	page_event(shadow, FREE, 4, 0, 0);
	assert_int_equal(free_pages(shadow), 1);
	page_event(shadow, BATCHED, 4, 0, 0);
	assert_true(replay_shadow_is_free(shadow, FIRST_PFN + 2));
	assert_false(replay_shadow_is_free(shadow, FIRST_PFN + 4));
	shadow_end(shadow);
}

/* An interrupt of a task frees a page. */
static void free_in_softirq(struct replay_shadow *shadow, uint64_t page, uint32_t pid)
{
	struct mmr_event free = event_of(FREE);

	free.pid = pid;
	free.page.pfn = FIRST_PFN + page;
	free.page.context = 0x10;
	replay_shadow_event(shadow, &free);
}

/* What waited while the zone was locked for a drain comes before the list is unlocked. */
static void an_interrupt_behind_a_drain_frees_past_the_list(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 0);
	const uint32_t pid = event_of(DRAIN).pid;

	(void)state;
	for (uint64_t page = 0; page < 8; page += 2)
		page_event(shadow, FREE, page, 0, 0);
	page_event(shadow, DRAIN, 0, 0, SHADOW_MOVABLE);
	free_in_softirq(shadow, 100, pid);
	free_in_softirq(shadow, 102, pid);
	assert_int_equal(free_pages(shadow), 3);
	assert_int_equal(repairs(shadow, SHADOW_REPAIR_PAST_PCP), 2);
	/* Another task's; and of this one when it has gone on. */
	free_in_softirq(shadow, 104, pid + 1);
	page_event(shadow, DRAIN, 2, 0, SHADOW_MOVABLE);
	plain_event(shadow, MMR_EVENT_RSS_STAT);
	free_in_softirq(shadow, 106, pid);
	page_event(shadow, DRAIN, 4, 0, SHADOW_MOVABLE);
	page_event(shadow, FREE, 108, 0, 0);
	free_in_softirq(shadow, 110, pid);
	assert_int_equal(free_pages(shadow), 5);
	shadow_end(shadow);
}

static void reclaim_says_when_its_batches_are_through(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 0);
	struct mmr_event drain;

	(void)state;
	page_event(shadow, FREE, 100, 0, 0);
	for (uint64_t page = 0; page < 62; page += 2) /* all of the batch finds the list locked */
		page_event(shadow, FREE, page, 0, 0);
	drain = event_of(DRAIN);
	drain.cpu = 1;
	drain.page.pfn = FIRST_PFN + 100;
	drain.page.migratetype = SHADOW_MOVABLE;
	replay_shadow_event(shadow, &drain);
	page_event(shadow, FREE, 200, 0, 0); /* after the drain */
	plain_event(shadow, MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE);
	assert_int_equal(free_pages(shadow), 32);
	assert_false(replay_shadow_is_free(shadow, FIRST_PFN + 200));
	shadow_end(shadow);
}

static void a_page_that_is_taken_again_had_been_free(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 0);

	(void)state;
	page_event(shadow, FREE, 0, 0, 0);
	page_event(shadow, ZONE_LOCKED, 0, 0, SHADOW_MOVABLE);
	assert_int_equal(repairs(shadow, SHADOW_REPAIR_MISSED_FREE_PCP), 1);
	assert_int_equal(free_pages(shadow), 0);
	shadow_end(shadow);
}

/* ---- zones, tables, numbers ---- */

static void blocks_end_at_the_border_of_zones(void **state)
{
	const struct mmr_zone_info zones[2] = {
		{ .name = "DMA", .start_pfn = 1, .spanned = 1023 },
		{ .name = "DMA32", .start_pfn = 1024, .spanned = 1023, .index = 1 },
	};
	static uint64_t flags[2048];
	uint64_t blocks[SHADOW_NR_ORDERS];
	struct replay_shadow *shadow;

	(void)state;
	for (unsigned int i = 0; i < 2048; i++)
		flags[i] = KPF_BUDDY;
	assert_int_equal(replay_shadow_new(zones, 2, &kernel_612, &shadow, NULL), 0);
	assert_int_equal(replay_shadow_add_chunk(shadow, 0, flags, 2048, 0, NULL), 0);
	replay_shadow_finish(shadow);
	assert_int_equal(replay_shadow_free_blocks(shadow, 0, blocks), 1023);
	assert_int_equal(blocks[0], 1);
	assert_int_equal(blocks[9], 1);
	assert_int_equal(replay_shadow_free_blocks(shadow, 1, blocks), 1023);
	assert_int_equal(blocks[0], 1);
	shadow_end(shadow);
}

static void impossible_zones_are_refused(void **state)
{
	struct mmr_zone_info zones[2] = {
		{ .name = "A", .start_pfn = 0, .spanned = 2000 },
		{ .name = "B", .start_pfn = 1999, .spanned = 10 },
	};
	struct replay_shadow *shadow = NULL;

	(void)state;
	assert_int_equal(replay_shadow_new(zones, 2, &kernel_612, &shadow, NULL), MMR_E_INVALID);
	zones[0].spanned = UINT64_MAX;
	zones[0].start_pfn = 2;
	assert_int_equal(replay_shadow_new(zones, 1, &kernel_612, &shadow, NULL), MMR_E_INVALID);
	zones[0].spanned = (uint64_t)1 << 32;
	assert_int_equal(replay_shadow_new(zones, 1, &kernel_612, &shadow, NULL), MMR_E_LIMIT);
	zones[0].spanned = 0;
	assert_int_equal(replay_shadow_new(zones, 1, &kernel_612, &shadow, NULL), MMR_E_INVALID);
	assert_int_equal(replay_shadow_new(NULL, 0, &kernel_612, &shadow, NULL), MMR_E_INVALID);
	assert_null(shadow);
}

static void pageblock_records_are_as_the_database_wants_them(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 1536);
	uint8_t record[NR_PAGES / 512][8];
	uint64_t first;

	(void)state;
	page_event(shadow, ZONE_LOCKED, 1024, 2, SHADOW_UNMOVABLE);
	page_event(shadow, ALLOC, 1024, 2, SHADOW_UNMOVABLE);
	page_event(shadow, ZONE_LOCKED, 1028, 0, SHADOW_UNMOVABLE);
	page_event(shadow, ALLOC, 1028, 0, SHADOW_MOVABLE);
	assert_int_equal(replay_shadow_pageblocks(shadow, 0, &first), NR_PAGES / 512);
	assert_int_equal(first, FIRST_PFN);
	replay_shadow_pageblock_state(shadow, 0, record[0]);
	assert_memory_equal(record[0], "\x00\x02\x00\x00\x00\x00\x01\x0a", 8);
	assert_memory_equal(record[1], "\x00\x02\x00\x00\x00\x00\x01\x0a", 8);
	assert_memory_equal(record[2], "\xfb\x01\x01\x00\x04\x00\x00\x08", 8);
	assert_memory_equal(record[3], "\x00\x00\x00\x00\x00\x02\x01\xff", 8);
	shadow_end(shadow);
}

static void pagetypeinfo_types_the_blocks_with_most_kernel_pages(void **state)
{
	static const char text[] =
		"Number of blocks type     Unmovable      Movable  Reclaimable   HighAtomic\n"
		"Node 0, zone   Normal            1           14            1            0\n";
	static uint64_t flags[NR_PAGES];
	struct replay_shadow *shadow;
	uint8_t record[NR_PAGES / 512][8];

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		flags[1024 + i] = flags[2048 + i % 20] = 1ull << 7; /* KPF_SLAB */
	assert_int_equal(replay_shadow_new(&normal_zone, 1, &kernel_612, &shadow, NULL), 0);
	assert_int_equal(replay_shadow_add_pagetypeinfo(shadow, "junk", 4, NULL), MMR_E_FORMAT);
	assert_int_equal(replay_shadow_add_pagetypeinfo(shadow, text, sizeof(text) - 1, NULL), 0);
	assert_int_equal(replay_shadow_add_chunk(shadow, FIRST_PFN, flags, NR_PAGES, 0, NULL), 0);
	replay_shadow_finish(shadow);
	replay_shadow_pageblock_state(shadow, 0, record[0]);
	assert_int_equal(record[2][6], SHADOW_UNMOVABLE);
	assert_int_equal(record[4][6], SHADOW_RECLAIMABLE);
	assert_int_equal(record[0][6], SHADOW_MOVABLE);
	shadow_end(shadow);
}

static void free_blocks_tell_unmovable_from_reclaimable(void **state)
{
	static const char text[] =
		"Free pages count per migrate type at order       0      1      2      3\n"
		"Node    0, zone   Normal, type    Unmovable      0      0      1      0      0      0\n"
		"Node    0, zone   Normal, type      Movable      1      0      0      0      0      0\n"
		"Node    0, zone   Normal, type  Reclaimable      0      0      0      2      0      0\n"
		"\nNumber of blocks type     Unmovable      Movable  Reclaimable   HighAtomic\n"
		"Node 0, zone   Normal            1           14            1            0\n";
	static uint64_t flags[NR_PAGES];
	struct replay_shadow *shadow;

	(void)state;
	/* Slab in two blocks; by its amount alone the wrong one would be the unmovable one. */
	for (unsigned int i = 0; i < 100; i++)
		flags[512 + i] = flags[1024 + i] = flags[1024 + 100 + i] = 1ull << 7;
	for (unsigned int i = 0; i < 4; i++)
		flags[512 + 256 + i] = KPF_BUDDY; /* an order 2: unmovable */
	for (unsigned int i = 0; i < 8; i++)
		flags[1024 + 256 + i] = flags[1024 + 272 + i] =
			KPF_BUDDY; /* two order 3: reclaimable */
	flags[2048] = KPF_BUDDY;
	assert_int_equal(replay_shadow_new(&normal_zone, 1, &kernel_612, &shadow, NULL), 0);
	assert_int_equal(replay_shadow_add_pagetypeinfo(shadow, text, sizeof(text) - 1, NULL), 0);
	assert_int_equal(replay_shadow_add_chunk(shadow, FIRST_PFN, flags, NR_PAGES, 0, NULL), 0);
	replay_shadow_finish(shadow);
	assert_int_equal(typed_blocks(shadow, 2, SHADOW_UNMOVABLE), 1);
	assert_int_equal(typed_blocks(shadow, 3, SHADOW_RECLAIMABLE), 2);
	assert_int_equal(typed_blocks(shadow, 0, SHADOW_MOVABLE), 1);
	shadow_end(shadow);
}

static void unusable_space_is_as_debugfs_has_it(void **state)
{
	/* buddyinfo and extfrag/unusable_index of a zone of a 6.12 kernel, read one after the other. */
	const uint64_t blocks[SHADOW_NR_ORDERS] = { 4, 4, 17, 6, 4, 2, 5, 2, 1, 3, 1 };
	const int unusable[SHADOW_NR_ORDERS] = { 0, 1, 3, 21, 35, 52, 70, 157, 228, 298, 719 };
	const uint64_t none[SHADOW_NR_ORDERS] = { 0 };

	(void)state;
	for (unsigned int order = 0; order < SHADOW_NR_ORDERS; order++) {
		assert_int_equal(mm_unusable_free_index(blocks, order), unusable[order]);
		assert_int_equal(mm_fragmentation_index(blocks, order), -1000);
		assert_int_equal(mm_unusable_free_index(none, order), 1000);
		assert_int_equal(mm_fragmentation_index(none, order), 0);
	}
}

static void the_fragmentation_index_tells_lack_from_splinters(void **state)
{
	const uint64_t splinters[SHADOW_NR_ORDERS] = { 10000 };
	const uint64_t lack[SHADOW_NR_ORDERS] = { [8] = 1 };

	(void)state;
	/* 1000 - (1000 + 10000 * 1000 / 512) / 10000, and with one block of 256 pages. */
	assert_int_equal(mm_fragmentation_index(splinters, 9), 998);
	assert_int_equal(mm_fragmentation_index(lack, 9), -500);
}

static void nonsense_changes_nothing(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 1024);
	const uint64_t pfns[] = { 0, FIRST_PFN - 1, FIRST_PFN + NR_PAGES, UINT64_MAX - 3,
		                  MMR_PFN_NONE };

	(void)state;
	plain_event(shadow, MMR_EVENT_RSS_STAT);
	for (unsigned int kind = 0; kind < MMR_NR_EVENT_KINDS + 3u; kind++) {
		for (unsigned int i = 0; i < 5; i++)
			page_event(shadow, (enum mmr_event_kind)kind, pfns[i] - FIRST_PFN, 0, -1);
		if (kind == ALLOC || kind == FREE || kind == ZONE_LOCKED || kind == DRAIN) {
			page_event(shadow, (enum mmr_event_kind)kind, 0, 255, 0);
			page_event(shadow, (enum mmr_event_kind)kind, 0, 32, 0);
			page_event(shadow, (enum mmr_event_kind)kind, 1, 1, 0); /* not aligned */
		}
	}
	isolate_event(shadow, ISOLATE, 512, 0, 5);
	isolate_event(shadow, ISOLATE, 0, UINT64_MAX, 5);
	isolate_event(shadow, ISOLATE, 0, 512, UINT64_MAX);
	isolate_event(shadow, FAST, 0, 0, UINT64_MAX);
	assert_int_equal(free_pages(shadow), 1024);
	shadow_end(shadow);
}

static void cma_event(struct replay_shadow *shadow, enum mmr_event_kind kind, uint64_t page,
                      uint32_t nr, bool failed)
{
	struct mmr_event event = event_of(kind);

	event.cma.pfn = FIRST_PFN + page;
	event.cma.nr_pages = nr;
	event.cma.page = failed ? 0 : 0xffffea0000000000ull;
	replay_shadow_event(shadow, &event);
}

/* A range of any size is in use from the end of the request to its release. */
static void a_cma_range_is_taken_and_given_back(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, NR_PAGES);

	(void)state;
	plain_event(shadow, MMR_EVENT_RSS_STAT);
	cma_event(shadow, MMR_EVENT_CMA_ALLOC_FINISH, 1024, 2048 + 512 + 3, true);
	assert_int_equal(free_pages(shadow), NR_PAGES);
	cma_event(shadow, MMR_EVENT_CMA_ALLOC_FINISH, 1024, 2048 + 512 + 3, false);
	assert_int_equal(free_pages(shadow), NR_PAGES - 2048 - 512 - 3);
	assert_false(replay_shadow_is_free(shadow, FIRST_PFN + 1024 + 2560 + 2));
	assert_true(replay_shadow_is_free(shadow, FIRST_PFN + 1024 + 2560 + 3));
	/* One free for all of it, of an order that there are no lists for: it is the release that tells. */
	page_event(shadow, FREE, 1024, 18, 0);
	assert_int_equal(free_pages(shadow), NR_PAGES - 2048 - 512 - 3);
	cma_event(shadow, MMR_EVENT_CMA_RELEASE, 1024, 2048 + 512 + 3, false);
	assert_int_equal(free_pages(shadow), NR_PAGES);
	/* Its pageblocks are of the area, and do not merge with others. */
	assert_int_equal(blocks_of(shadow, 10), NR_PAGES / 1024 - 1);
	assert_int_equal(blocks_of(shadow, 9), 2);
	/* More than there is. */
	cma_event(shadow, MMR_EVENT_CMA_ALLOC_FINISH, 0, UINT32_MAX, false);
	assert_int_equal(free_pages(shadow), NR_PAGES);
	shadow_end(shadow);
}

/* Pages that move out of an isolated range are free at once, whether all of it could be had or not. */
static void what_left_a_cma_range_in_vain_is_free(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_612, 0);

	(void)state;
	plain_event(shadow, MMR_EVENT_RSS_STAT);
	page_event(shadow, FREE, 1024, 0, 0);
	page_event(shadow, FREE, 1025, 0, 0);
	page_event(shadow, FREE, 4096, 0, 0);
	assert_int_equal(free_pages(shadow), 0);
	cma_event(shadow, MMR_EVENT_CMA_ALLOC_BUSY_RETRY, 1024, 1024, false);
	assert_int_equal(free_pages(shadow), 2);
	shadow_end(shadow);
}

/* Page by page: what waits on a list of a CPU is not free yet when the range is said to be. */
static void a_cma_range_given_back_in_pages_is_not_given_twice(void **state)
{
	struct replay_shadow *shadow = shadow_with(&kernel_61, NR_PAGES);

	(void)state;
	plain_event(shadow, MMR_EVENT_RSS_STAT);
	cma_event(shadow, MMR_EVENT_CMA_ALLOC_FINISH, 512, 4, false);
	/* The event of the last was lost. */
	for (uint32_t i = 0; i < 3; i++)
		page_event(shadow, FREE, 512 + i, 0, 0);
	page_event(shadow, DRAIN, 512, 0, SHADOW_MOVABLE);
	cma_event(shadow, MMR_EVENT_CMA_RELEASE, 512, 4, false);
	assert_int_equal(free_pages(shadow), NR_PAGES - 2);
	for (uint32_t i = 1; i < 3; i++)
		page_event(shadow, DRAIN, 512 + i, 0, SHADOW_MOVABLE);
	assert_int_equal(free_pages(shadow), NR_PAGES);
	shadow_end(shadow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_finds_the_largest_blocks),
		cmocka_unit_test(events_before_a_chunk_was_read_do_not_count),
		cmocka_unit_test(a_refill_takes_and_a_drain_gives),
		cmocka_unit_test(large_orders_bypass_the_per_cpu_lists),
		cmocka_unit_test(a_whole_block_claim_shows_only_as_extfrag),
		cmocka_unit_test(a_claim_within_a_block_follows_its_zone_locked),
		cmocka_unit_test(before_6_10_zone_locked_follows_extfrag),
		cmocka_unit_test(highatomic_blocks_do_not_merge),
		cmocka_unit_test(isolate_is_5_with_cma_and_4_without),
		cmocka_unit_test(a_full_scan_names_its_pages),
		cmocka_unit_test(a_strided_scan_is_settled_by_first_use),
		cmocka_unit_test(a_strided_scan_is_known_by_its_numbers),
		cmocka_unit_test(the_scan_around_tells_what_the_search_took),
		cmocka_unit_test(hundreds_of_small_takings_are_remembered),
		cmocka_unit_test(a_taking_is_forgotten_after_its_compaction),
		cmocka_unit_test(a_target_freed_while_migrating_stays_with_compaction),
		cmocka_unit_test(a_captured_block_is_off_the_lists),
		cmocka_unit_test(a_large_take_makes_the_pageblock_movable),
		cmocka_unit_test(an_interrupt_within_a_batch_frees_past_the_list),
		cmocka_unit_test(a_batch_after_one_cut_short_is_a_batch_of_its_own),
		cmocka_unit_test(an_interrupt_within_a_refill_frees_past_the_list),
		cmocka_unit_test(a_batch_frees_past_a_list_that_another_cpu_drains),
		cmocka_unit_test(an_interrupt_behind_a_drain_frees_past_the_list),
		cmocka_unit_test(reclaim_says_when_its_batches_are_through),
		cmocka_unit_test(a_page_that_is_taken_again_had_been_free),
		cmocka_unit_test(blocks_end_at_the_border_of_zones),
		cmocka_unit_test(impossible_zones_are_refused),
		cmocka_unit_test(pageblock_records_are_as_the_database_wants_them),
		cmocka_unit_test(pagetypeinfo_types_the_blocks_with_most_kernel_pages),
		cmocka_unit_test(free_blocks_tell_unmovable_from_reclaimable),
		cmocka_unit_test(unusable_space_is_as_debugfs_has_it),
		cmocka_unit_test(the_fragmentation_index_tells_lack_from_splinters),
		cmocka_unit_test(nonsense_changes_nothing),
		cmocka_unit_test(a_cma_range_is_taken_and_given_back),
		cmocka_unit_test(what_left_a_cma_range_in_vain_is_free),
		cmocka_unit_test(a_cma_range_given_back_in_pages_is_not_given_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
