/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who pins pageblocks on a machine of 16 of them, by hand: all of its memory is free at first, but for what a test puts
 * into the first snapshot.
 */
#include "result_rows.h"

#include "fake_snapshot.h"
#include "shadow_machine.h"

#undef mmr_trace_snapshot
#define mmr_trace_snapshot_info(trace, i) NULL
#include "bitmap.h"
#include "pins.c"
#include "pins_original.c"
#include "rng.h"
#include "show_mem.h"

#define KERNEL      0x400cc0u
#define RECLAIMABLE 0x400cd0u
#define MOVABLE     0x100ccau

static struct pins_original pins;

static void begin(void)
{
	const struct results_run run = { .kind = "original",
		                         .label = "original",
		                         .policy = "kernel",
		                         .kernel = "6.12",
		                         .access_source = "none" };
	struct replay_shadow *shadow = shadow_with(&kernel_612, NR_PAGES);

	fake_zones[0] = normal_zone;
	fake_nr_zones = 1;
	assert_int_equal(replay_pins_original_init(&pins, NULL, rows_begin(&run), shadow, NULL), 0);
	plain_event(shadow, MMR_EVENT_MM_COMPACTION_FINISHED); /* the snapshot is read */
}

static void end(void)
{
	struct pins_place place = { .t_ns = 7, .zone = "Normal" };
	struct replay_shadow *shadow = pins.shadow;
	struct results_db *db = pins.pins.db;

	replay_pins_original_zone(&pins, 0, &place);
	assert_int_equal(replay_pins_finish(&pins.pins, NULL), 0);
	replay_pins_original_deinit(&pins);
	rows_commit(db);
	shadow_end(shadow);
}

static void page(enum mmr_event_kind kind, uint32_t pid, uint64_t at, uint32_t order,
                 uint32_t gfp_flags)
{
	struct mmr_event event = event_of(kind);
	uint32_t type = gfp_flags & GFP_MOVABLE ? 1 : gfp_flags & GFP_RECLAIMABLE ? 2 : 0;

	event.page.pfn = FIRST_PFN + at;
	event.page.order = order;
	event.page.gfp_flags = gfp_flags;
	event.page.migratetype = (int32_t)type;
	if (kind == MMR_EVENT_MM_PAGE_ALLOC) {
		struct mmr_event locked = event;

		locked.kind = MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED;
		replay_shadow_event(pins.shadow, &locked);
	}
	replay_shadow_event(pins.shadow, &event);
	replay_pins_original_event(&pins, &event, pid);
}

static struct mm_room room(void)
{
	struct mm_room known;

	replay_shadow_room(pins.shadow, 0, &known);
	return known;
}

static void alone_and_among_others(void **state)
{
	(void)state;
	begin();
	page(MMR_EVENT_MM_PAGE_ALLOC, 7, 0, 0, KERNEL); /* block 0: 7 alone, with two pages */
	page(MMR_EVENT_MM_PAGE_ALLOC, 7, 100, 0, KERNEL);
	page(MMR_EVENT_MM_PAGE_ALLOC, 7, 512, 0, KERNEL); /* block 1: 7 and 8 */
	page(MMR_EVENT_MM_PAGE_ALLOC, 8, 514, 1, RECLAIMABLE);
	page(MMR_EVENT_MM_PAGE_ALLOC, 9, 1024, 3, MOVABLE); /* block 2: can be moved */
	page(MMR_EVENT_MM_PAGE_ALLOC, 8, 1536, 0, KERNEL);  /* block 3: freed again */
	page(MMR_EVENT_MM_PAGE_FREE, 8, 1536, 0, 0);
	page(MMR_EVENT_MM_PAGE_ALLOC, 8, 2048, 10, KERNEL); /* blocks 4 and 5 */
	assert_int_equal(room().nr_pageblocks, 16);
	assert_int_equal(room().nr_empty, 12);
	assert_int_equal(room().nr_free, 10); /* the page that was freed waits on a CPU's list */
	assert_int_equal(room().order, 10);
	end();
	rows_expect(
		"SELECT kind, pid, comm, gfp, pages, pageblocks, alone, among_others FROM pinners ORDER BY pid, kind",
		"unmovable|7|task-7|0x400cc0|3|2|1|1\n"
		"reclaimable|8|task-8|0x400cd0|2|1|0|1\n"
		"unmovable|8|task-8|0x400cc0|1024|2|2|0\n");
	rows_expect(
		"SELECT t_ns, zone, first_pfn - 1048576, holders, sum(pages) FROM pinned_block GROUP BY first_pfn",
		"7|Normal|0|1|2\n7|Normal|512|2|3\n7|Normal|2048|1|512\n7|Normal|2560|1|512\n");
}

/* A scan of all of a pageblock: how many movable pages it took is what it tells. */
static void scan(uint64_t block, uint64_t nr_scanned, uint64_t nr_taken)
{
	struct mmr_event event = event_of(MMR_EVENT_MM_COMPACTION_ISOLATE_MIGRATEPAGES);

	event.isolate.start_pfn = FIRST_PFN + block * 512;
	event.isolate.end_pfn = FIRST_PFN + block * 512 + 512;
	event.isolate.nr_scanned = nr_scanned;
	event.isolate.nr_taken = nr_taken;
	replay_shadow_event(pins.shadow, &event);
}

static void what_compaction_cannot_move(void **state)
{
	(void)state;
	begin();
	for (uint64_t block = 0; block < 4; block++) {
		page(MMR_EVENT_MM_PAGE_ALLOC, 7, block * 512 + 5, 0, MOVABLE);
		page(MMR_EVENT_MM_PAGE_ALLOC, 7, block * 512 + 9, 0, MOVABLE);
	}
	scan(0, 512, 0); /* none of two */
	scan(1, 512, 1); /* one of them, nobody knows which */
	scan(2, 1, 0);   /* it was skipped */
	scan(3, 512, 0);
	assert_int_equal(room().nr_empty, 14);
	scan(3, 512, 2); /* now they could be */
	assert_int_equal(room().nr_empty, 15);
	page(MMR_EVENT_MM_PAGE_FREE, 7, 9, 0, 0); /* one of the two goes */
	end();
	rows_expect("SELECT kind, pid, pages, pageblocks, alone FROM pinners", "pinned|7|1|1|1\n");
}

static void memory_of_nobody(void **state)
{
	(void)state;
	begin();
	pins.owners[FIRST_PFN + 3] = PINS_RESERVED;
	page(MMR_EVENT_MM_PAGE_ALLOC, 7, 0, 0, KERNEL);
	pins.owners[FIRST_PFN + 3] = PINS_RESERVED;
	page_event(pins.shadow, MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED, 3, 0, 0);
	page_event(pins.shadow, MMR_EVENT_MM_PAGE_ALLOC, 3, 0, 0); /* as boot had it */
	page_event(pins.shadow, MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED, 600, 0, 0);
	page_event(pins.shadow, MMR_EVENT_MM_PAGE_ALLOC, 600, 0,
	           0); /* nobody was told of this one */
	assert_int_equal(room().nr_empty, 14);
	end();
	rows_expect(
		"SELECT kind, pid, first_pfn - 1048576 FROM pinned_block JOIN pin_holder USING (holder_id)",
		"unknown|-|512\n");
}

static void many_holders(void **state)
{
	(void)state;
	begin();
	for (uint32_t i = 0; i < 1000; i++)
		page(MMR_EVENT_MM_PAGE_ALLOC, 10 + i, 4 * i, 0, KERNEL);
	end();
	rows_expect("SELECT count(*), sum(pages), sum(alone), sum(among_others) FROM pinners",
	            "1000|1000|0|1000\n");
}

static void look(int64_t t_ns)
{
	struct pins_place place = { .t_ns = t_ns, .zone = "Normal" };

	replay_pins_original_zone(&pins, 0, &place);
}

/* A row lasts as long as the whole pageblock is as it was, and none as long as nobody has looked. */
static void spans_last_until_the_pageblock_changes(void **state)
{
	(void)state;
	begin();
	page(MMR_EVENT_MM_PAGE_ALLOC, 7, 0, 0, KERNEL);    /* block 0: the same throughout */
	page(MMR_EVENT_MM_PAGE_ALLOC, 8, 512, 0, KERNEL);  /* block 1: somebody joins */
	page(MMR_EVENT_MM_PAGE_ALLOC, 9, 1024, 0, KERNEL); /* block 2: goes, and comes back */
	look(1);
	look(2);
	page(MMR_EVENT_MM_PAGE_ALLOC, 7, 513, 0, KERNEL);
	page(MMR_EVENT_MM_PAGE_FREE, 9, 1024, 0, 0);
	look(3);
	page(MMR_EVENT_MM_PAGE_ALLOC, 9, 1024, 0, KERNEL);
	page(MMR_EVENT_MM_PAGE_ALLOC, 9, 1536, 0, KERNEL); /* block 3: late */
	end();
	rows_expect("SELECT first_pfn - 1048576 AS block, holder_id, t_ns, last_ns, pages, holders"
	            " FROM pin_span ORDER BY 1, 3, 2",
	            "0|1|1|7|1|1\n512|2|1|2|1|1\n512|1|3|7|1|2\n512|2|3|7|1|2\n"
	            "1024|3|1|2|1|1\n1024|3|7|7|1|1\n1536|3|7|7|1|1\n");
	rows_expect("SELECT t_ns, count(*), count(DISTINCT first_pfn), sum(pages)"
	            " FROM pinned_block GROUP BY t_ns",
	            "1|3|3|3\n2|3|3|3\n3|3|2|3\n7|5|4|5\n");
}

static void room_in_pieces(void **state)
{
	uint64_t fixed[MM_ROOM_WORDS] = { 0 };

	(void)state;
	assert_int_equal(mm_room_order(fixed), 9);
	fixed[0] = 1;
	assert_int_equal(mm_room_order(fixed), 8);
	fixed[4] = 1; /* page 256 */
	assert_int_equal(mm_room_order(fixed), 7);
	for (int i = 0; i < 8; i++)
		fixed[i] = 0x8080808080808080u; /* each eighth */
	assert_int_equal(mm_room_order(fixed), 2);
	fixed[7] = 0x8000000000000000u;
	assert_int_equal(mm_room_order(fixed), 5);
	for (int i = 0; i < 8; i++)
		fixed[i] = UINT64_MAX;
	assert_int_equal(mm_room_order(fixed), -1);
	fixed[3] = ~(UINT64_C(1) << 63);
	assert_int_equal(mm_room_order(fixed), 0);
}

static bool is_free_range(const uint64_t fixed[MM_ROOM_WORDS], int order, uint32_t first)
{
	for (uint32_t page = first; page < first + (1u << order); page++)
		if (bitmap_test(fixed, page))
			return false;
	return true;
}

/* One aligned range of each order at each place, among pages of which some more are free. */
static void room_anywhere(void **state)
{
	struct rng rng;

	(void)state;
	base_rng_init(&rng, 1);
	for (int order = 0; order <= MM_PAGEBLOCK_ORDER; order++) {
		for (uint32_t first = 0; first < MM_PAGEBLOCK_PAGES; first += 1u << order) {
			uint64_t fixed[MM_ROOM_WORDS];
			int best = order;

			memset(fixed, 0xff, sizeof(fixed));
			for (uint32_t i = 0; i < base_rng_below(&rng, 600); i++)
				bitmap_clear(fixed, base_rng_below(&rng, MM_PAGEBLOCK_PAGES));
			for (uint32_t page = first; page < first + (1u << order); page++)
				bitmap_clear(fixed, page);
			for (int larger = order + 1; larger <= MM_PAGEBLOCK_ORDER; larger++)
				for (uint32_t at = 0; at < MM_PAGEBLOCK_PAGES; at += 1u << larger)
					if (is_free_range(fixed, larger, at))
						best = larger;
			assert_int_equal(mm_room_order(fixed), best);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rows_set_up, rows_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(alone_and_among_others),     TEST(what_compaction_cannot_move),
		TEST(memory_of_nobody),           TEST(many_holders),
		TEST(memory_of_nobody),           TEST(spans_last_until_the_pageblock_changes),
		cmocka_unit_test(room_in_pieces), cmocka_unit_test(room_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
