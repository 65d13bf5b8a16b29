/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The costs of reclaim, from made-up batches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "calibrate.c"

#define KSWAPD    40
#define OTHER     41
#define KCOMPACTD 42

struct made_batch {
	uint32_t pid;
	uint32_t nr_reclaimed;
	uint32_t nr_written;
	uint64_t ns;       /* how long it takes */
	uint32_t intruder; /* shows itself on the CPU meanwhile, unless 0 */
};

static int setup(void **state)
{
	struct replay_calibrate *calibrate = replay_calibrate_create(2, 0);
	struct mmr_event wake = { .pid = KSWAPD, .kind = MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE };

	if (calibrate)
		replay_calibrate_event(calibrate, &wake);
	*state = calibrate;
	return calibrate ? 0 : -1;
}

static int teardown(void **state)
{
	replay_calibrate_destroy(*state);
	return 0;
}

/* Batches of 32 pages, one after the other. */
static void feed(struct replay_calibrate *calibrate, const struct made_batch *made, int nr)
{
	for (int i = 0; i < nr; i++) {
		struct mmr_event event = { .t_ns = 1000, .pid = made->pid, .cpu = 1 };

		event.kind = MMR_EVENT_MM_VMSCAN_LRU_ISOLATE;
		event.lru_isolate.nr_taken = 32;
		replay_calibrate_event(calibrate, &event);
		event.kind = MMR_EVENT_MM_VMSCAN_WRITE_FOLIO;
		for (uint32_t j = 0; j < made->nr_written; j++)
			replay_calibrate_event(calibrate, &event);
		if (made->intruder) {
			event.kind = MMR_EVENT_MM_PAGE_FREE;
			event.pid = made->intruder;
			replay_calibrate_event(calibrate, &event);
			event.pid = made->pid;
		}
		event = (struct mmr_event){ .t_ns = 1000 + made->ns, .pid = made->pid, .cpu = 1 };
		event.kind = MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE;
		event.shrink_inactive.nr_reclaimed = made->nr_reclaimed;
		replay_calibrate_event(calibrate, &event);
	}
}

/* True to the histogram's 6 %. */
static void assert_near(uint64_t value, uint64_t want)
{
	assert_in_range(value, want * 94 / 100, want * 106 / 100);
}

static void each_outcome_has_its_cost(void **state)
{
	struct replay_tunables tunables;

	replay_tunables_init(&tunables);
	feed(*state, &(struct made_batch){ .pid = OTHER, .ns = 32 * 2060 }, 40);
	feed(*state, &(struct made_batch){ .pid = OTHER, .nr_reclaimed = 32, .ns = 32 * 6000 }, 40);
	feed(*state, &(struct made_batch){ .pid = OTHER, .nr_written = 32, .ns = 32 * 30000 }, 40);
	/* Neither one nor the other. */
	feed(*state, &(struct made_batch){ .pid = OTHER, .nr_reclaimed = 16, .ns = 32 }, 400);
	feed(*state, &(struct made_batch){ .pid = OTHER, .nr_written = 16, .ns = 32 }, 400);
	replay_calibrate_record(*state, &tunables);
	assert_near(tunables.value[REPLAY_TUNABLE_COST_SCAN_NS] + 60, 2060);
	assert_near(tunables.value[REPLAY_TUNABLE_COST_FREE_NS] +
	                    tunables.value[REPLAY_TUNABLE_COST_SCAN_NS],
	            6000);
	assert_near(tunables.value[REPLAY_TUNABLE_COST_PAGEOUT_NS] +
	                    tunables.value[REPLAY_TUNABLE_COST_SCAN_NS] + 500,
	            30000);
	assert_int_equal(tunables.source[REPLAY_TUNABLE_COST_SCAN_NS], REPLAY_TUNABLE_RECORDED);
	assert_int_equal(tunables.source[REPLAY_TUNABLE_COST_UNMAP_NS], REPLAY_TUNABLE_DEFAULT);
	/* kswapd did nothing. */
	assert_int_equal(tunables.source[REPLAY_TUNABLE_KSWAPD_CPU], REPLAY_TUNABLE_DEFAULT);
}

static void thin_evidence_and_the_user_leave_the_value(void **state)
{
	struct replay_tunables tunables;

	replay_tunables_init(&tunables);
	assert_int_equal(replay_tunable_set(&tunables, "cost.free=1us", NULL), 0);
	feed(*state, &(struct made_batch){ .pid = OTHER, .ns = 32 * 2060 }, 31);
	feed(*state, &(struct made_batch){ .pid = OTHER, .nr_reclaimed = 32, .ns = 32 * 6000 }, 40);
	replay_calibrate_record(*state, &tunables);
	assert_int_equal(tunables.value[REPLAY_TUNABLE_COST_SCAN_NS], 250);
	assert_int_equal(tunables.source[REPLAY_TUNABLE_COST_SCAN_NS], REPLAY_TUNABLE_DEFAULT);
	assert_int_equal(tunables.value[REPLAY_TUNABLE_COST_FREE_NS], 1000);
}

static void interrupted_batches_tell_the_share_and_not_the_cost(void **state)
{
	struct replay_tunables tunables;

	replay_tunables_init(&tunables);
	feed(*state, &(struct made_batch){ .pid = KSWAPD, .ns = 32 * 2000 }, 40);
	feed(*state, &(struct made_batch){ .pid = KSWAPD, .ns = 32 * 6000, .intruder = OTHER }, 40);
	replay_calibrate_record(*state, &tunables);
	assert_near(tunables.value[REPLAY_TUNABLE_COST_SCAN_NS] + 60, 2000);
	assert_in_range(tunables.value[REPLAY_TUNABLE_KSWAPD_CPU], 47, 53);
}

/* 64 us of a batch in 256 us. */
static void direct_reclaim_lasts_longer_than_its_batches(void **state)
{
	struct replay_tunables tunables;
	struct mmr_event event = { .pid = OTHER, .cpu = 1 };

	replay_tunables_init(&tunables);
	for (int i = 0; i < 40; i++) {
		event.t_ns = 1000000;
		event.kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN;
		replay_calibrate_event(*state, &event);
		event.t_ns += 1000;
		event.kind = MMR_EVENT_MM_VMSCAN_LRU_ISOLATE;
		event.lru_isolate.nr_taken = 32;
		event.lru_isolate.lru = 0;
		replay_calibrate_event(*state, &event);
		event.t_ns += 64000;
		event.kind = MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE;
		event.shrink_inactive.nr_reclaimed = 0;
		replay_calibrate_event(*state, &event);
		/* Pages of active lists are not what it costs. */
		event.t_ns += 1000;
		event.kind = MMR_EVENT_MM_VMSCAN_LRU_ISOLATE;
		event.lru_isolate.nr_taken = 1000;
		event.lru_isolate.lru = 1;
		replay_calibrate_event(*state, &event);
		event.t_ns = 1256000;
		event.kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END;
		replay_calibrate_event(*state, &event);
		/* Ended already, and one that did nothing. */
		event.t_ns += 1000000;
		replay_calibrate_event(*state, &event);
		event.kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN;
		replay_calibrate_event(*state, &event);
		event.t_ns += 1000000;
		event.kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END;
		replay_calibrate_event(*state, &event);
	}
	replay_calibrate_record(*state, &tunables);
	assert_in_range(tunables.value[REPLAY_TUNABLE_DIRECT_STRETCH], 380, 420);
	assert_int_equal(tunables.source[REPLAY_TUNABLE_KSWAPD_CPU], REPLAY_TUNABLE_DEFAULT);
}

static void stalls_differ_as_much_as_the_recorded_ones(void **state)
{
	struct replay_calibrate *calibrate = *state;
	static struct replay_start start; /* too large for a stack */
	uint64_t sum = 0;

	replay_calibrate_spreads(calibrate, &start);
	assert_int_equal(start.stalls.nr, 0);
	/* Three in four take 1 us a page, the fourth 13. */
	calibrate->stalls.nr = 400;
	calibrate->stalls.bins[bin_of(1000)] = 300;
	calibrate->stalls.bins[bin_of(13000)] = 100;
	replay_calibrate_spreads(calibrate, &start);
	assert_int_equal(start.stalls.nr, REPLAY_NR_QUANTILES);
	for (uint32_t i = 0; i < REPLAY_NR_QUANTILES; i++)
		sum += start.stalls.percent[i];
	assert_in_range(sum / REPLAY_NR_QUANTILES, 98, 100);
	assert_near(start.stalls.percent[REPLAY_NR_QUANTILES * 3 / 4 - 1], 25);
	assert_near(start.stalls.percent[REPLAY_NR_QUANTILES * 3 / 4], 325);
}

static void a_batch_with_lost_events_tells_nothing(void **state)
{
	struct replay_calibrate *calibrate = *state;
	struct mmr_event isolate = { .pid = OTHER, .kind = MMR_EVENT_MM_VMSCAN_LRU_ISOLATE };
	struct mmr_event lost = { .kind = MMR_EVENT_LOST };
	struct mmr_event shrink = { .t_ns = 9,
		                    .pid = OTHER,
		                    .kind = MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE };

	isolate.lru_isolate.nr_taken = 32;
	replay_calibrate_event(calibrate, &isolate);
	replay_calibrate_event(calibrate, &lost);
	replay_calibrate_event(calibrate, &shrink);
	assert_int_equal(calibrate->samples[KEPT].nr, 0);
	/* A CPU that the header does not know. */
	isolate.cpu = 2;
	replay_calibrate_event(calibrate, &isolate);
}

/* 17 writes each ns after the one before, as 6.1's MGLRU shows them. */
static void write_row(struct replay_calibrate *calibrate, uint32_t pid, uint64_t begin_ns,
                      uint64_t ns)
{
	struct mmr_event event = { .pid = pid, .cpu = 1, .kind = MMR_EVENT_MM_VMSCAN_WRITE_FOLIO };

	for (uint32_t i = 0; i <= MIN_PAGES; i++) {
		event.t_ns = begin_ns + i * ns;
		replay_calibrate_event(calibrate, &event);
	}
	event.kind = MMR_EVENT_MM_PAGE_FREE;
	event.t_ns += 1000000;
	replay_calibrate_event(calibrate, &event);
}

static void rows_of_writes_stand_for_batches(void **state)
{
	struct replay_calibrate *calibrate = *state;
	struct replay_tunables tunables;

	replay_tunables_init(&tunables);
	for (uint64_t i = 0; i < 40; i++)
		write_row(calibrate, OTHER, i * 1000000000, 30000);
	for (uint64_t i = 0; i < 40; i++)
		write_row(calibrate, KSWAPD, (100 + i) * 1000000000, 60000);
	assert_int_equal(calibrate->samples[ROW].nr, 80);
	/* A pause within, frees within: rows of fewer pages tell nothing. */
	write_row(calibrate, OTHER, UINT64_C(1000000000000), 2 * NAP_NS);
	for (uint64_t i = 0; i < 100; i++) {
		struct mmr_event event = { .t_ns = UINT64_C(9000000000000) + i,
			                   .pid = OTHER,
			                   .cpu = 1,
			                   .kind = i % 10 == 0 ? MMR_EVENT_MM_PAGE_FREE
			                                       : MMR_EVENT_MM_VMSCAN_WRITE_FOLIO };
		replay_calibrate_event(calibrate, &event);
	}
	assert_int_equal(calibrate->samples[ROW].nr, 80);
	replay_calibrate_record(calibrate, &tunables);
	assert_near(tunables.value[REPLAY_TUNABLE_COST_PAGEOUT_NS] + 750, 30000);
	assert_in_range(tunables.value[REPLAY_TUNABLE_KSWAPD_CPU], 47, 53);
	/* Batches tell more. */
	feed(calibrate, &(struct made_batch){ .pid = OTHER, .nr_written = 32, .ns = 32 * 9000 },
	     40);
	replay_calibrate_record(calibrate, &tunables);
	assert_near(tunables.value[REPLAY_TUNABLE_COST_PAGEOUT_NS] + 750, 9000);
}

static void reclaim_directly(struct replay_calibrate *calibrate, int nr)
{
	struct mmr_event event = { .pid = OTHER, .reclaim.nr_reclaimed = 32 };

	for (int i = 0; i < nr; i++) {
		event.t_ns = 1000;
		event.kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN;
		replay_calibrate_event(calibrate, &event);
		event.t_ns = 90000000;
		event.kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END;
		replay_calibrate_event(calibrate, &event);
	}
}

/* From the last write of a row to the first of the next it is at work, or was interrupted. */
static void between_rows_kswapd_has_pauses_where_others_have(void **state)
{
	struct replay_calibrate *calibrate = *state;
	const uint64_t row_ns = MIN_PAGES * UINT64_C(30000);
	struct replay_tunables tunables;

	replay_tunables_init(&tunables);
	for (uint64_t i = 0; i < 40; i++)
		write_row(calibrate, KSWAPD, i * (4 * row_ns), 30000);
	replay_calibrate_record(calibrate, &tunables);
	assert_in_range(tunables.value[REPLAY_TUNABLE_KSWAPD_CPU], 90, 100);
	reclaim_directly(calibrate, 64);
	replay_calibrate_record(calibrate, &tunables);
	assert_in_range(tunables.value[REPLAY_TUNABLE_KSWAPD_CPU], 23, 27);
}

/* Rows of kswapd nine times as long apart as they are long; woken: each time by somebody. */
static uint64_t share_of_distant_rows(struct replay_calibrate *calibrate, bool woken)
{
	const uint64_t row_ns = MIN_PAGES * UINT64_C(30000000);
	struct replay_tunables tunables;

	replay_tunables_init(&tunables);
	reclaim_directly(calibrate, 64);
	for (uint64_t i = 0; i < 40; i++) {
		struct mmr_event wake = { .t_ns = i * (10 * row_ns),
			                  .pid = KSWAPD,
			                  .kind = MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE };

		if (woken)
			replay_calibrate_event(calibrate, &wake);
		write_row(calibrate, KSWAPD, i * (10 * row_ns), 30000000);
	}
	replay_calibrate_record(calibrate, &tunables);
	return tunables.value[REPLAY_TUNABLE_KSWAPD_CPU];
}

/* 4 s: kswapd waits as long as it has to, and a wake-up tells that it had slept. */
static void a_pause_longer_than_a_nap_is_none(void **state)
{
	assert_in_range(share_of_distant_rows(*state, false), 9, 11);
}

static void a_wake_up_ends_a_nap(void **state)
{
	assert_in_range(share_of_distant_rows(*state, true), 90, 100);
}

static void zrams_share_is_what_reclaim_asked_for(void **state)
{
	struct replay_calibrate *calibrate = *state;
	struct mmr_event alloc = { .pid = OTHER,
		                   .kind = MMR_EVENT_MM_PAGE_ALLOC,
		                   .page.gfp_flags = MM_GFP_MOVABLE };
	struct mmr_event write = { .pid = OTHER,
		                   .kind = MMR_EVENT_MM_VMSCAN_WRITE_FOLIO,
		                   .write_folio.reclaim_flags = 1 };
	struct replay_tunables tunables;

	replay_tunables_init(&tunables);
	replay_calibrate_event(calibrate, &alloc); /* not within reclaim */
	for (int i = 0; i < 400; i++) {
		struct mmr_event begin = { .t_ns = 1000,
			                   .pid = OTHER,
			                   .kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN };

		replay_calibrate_event(calibrate, &begin);
		replay_calibrate_event(calibrate, &write);
		if (i % 4 == 0)
			replay_calibrate_event(calibrate, &alloc);
		begin.kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END;
		replay_calibrate_event(calibrate, &begin);
		replay_calibrate_event(calibrate, &alloc);
	}
	replay_calibrate_record(calibrate, &tunables);
	assert_int_equal(tunables.value[REPLAY_TUNABLE_ZRAM_PERCENT], 25);
	assert_int_equal(tunables.source[REPLAY_TUNABLE_ZRAM_PERCENT], REPLAY_TUNABLE_RECORDED);
}

/* Turns of 32 pages that are looked at and moved, the latter in ns. */
static void turn(struct replay_calibrate *calibrate, uint32_t pid, int nr, uint64_t ns)
{
	for (int i = 0; i < nr; i++) {
		struct mmr_event event = { .t_ns = 1000, .pid = pid };

		event.kind = MMR_EVENT_MM_MIGRATE_PAGES_START;
		replay_calibrate_event(calibrate, &event);
		event.kind = MMR_EVENT_MM_MIGRATE_PAGES;
		event.t_ns += ns;
		event.migrate.nr_succeeded = 32;
		replay_calibrate_event(calibrate, &event);
	}
}

/* A task moves a page in 10 us; kcompactd took 20 us a page in the sum, as it was interrupted. */
static void kcompactds_turns_tell_its_share(void **state)
{
	struct mmr_event asleep = { .kind = MMR_EVENT_MM_COMPACTION_KCOMPACTD_SLEEP,
		                    .pid = KCOMPACTD };
	struct replay_tunables tunables;

	replay_tunables_init(&tunables);
	replay_calibrate_event(*state, &asleep);
	turn(*state, OTHER, 20, 320000);
	turn(*state, KCOMPACTD, 7, 320000);
	replay_calibrate_record(*state, &tunables);
	assert_int_equal(tunables.source[REPLAY_TUNABLE_KCOMPACTD_CPU], REPLAY_TUNABLE_DEFAULT);
	turn(*state, KCOMPACTD, 1, 8 * 640000 - 7 * 320000);
	replay_calibrate_record(*state, &tunables);
	assert_near(tunables.value[REPLAY_TUNABLE_COST_MIGRATE_NS], 10000);
	assert_near(tunables.value[REPLAY_TUNABLE_KCOMPACTD_CPU], 50);
}

/* Without any turn of its own it gets as much of a CPU as kswapd, and a move costs four times a free. */
static void kcompactd_is_like_kswapd_otherwise(void **state)
{
	struct replay_tunables tunables;

	replay_tunables_init(&tunables);
	feed(*state, &(struct made_batch){ .pid = OTHER, .nr_reclaimed = 32, .ns = 32 * 6250 }, 40);
	feed(*state,
	     &(struct made_batch){
		     .pid = KSWAPD, .nr_reclaimed = 32, .ns = 32 * 25000, .intruder = 7 },
	     40);
	replay_calibrate_record(*state, &tunables);
	assert_near(tunables.value[REPLAY_TUNABLE_KSWAPD_CPU], 25);
	assert_int_equal(tunables.value[REPLAY_TUNABLE_KCOMPACTD_CPU],
	                 tunables.value[REPLAY_TUNABLE_KSWAPD_CPU]);
	assert_int_equal(tunables.value[REPLAY_TUNABLE_COST_MIGRATE_NS],
	                 4 * tunables.value[REPLAY_TUNABLE_COST_FREE_NS]);
}

static void bins_are_in_order(void **state)
{
	(void)state;
	for (uint32_t bin = 0; bin < NR_BINS; bin++)
		assert_int_equal(bin_of(bin_begin(bin)), bin);
	for (uint64_t ns = 1; ns < 100000; ns++)
		assert_in_range(bin_of(ns), bin_of(ns - 1), bin_of(ns - 1) + 1);
	assert_int_equal(bin_of(UINT64_MAX >> 1), NR_BINS - 1);
}

/* nr times: wanted twice, the second time 5 us later, and there after ns; the zone that it is wanted for, and reclaims for. */
static void wake_kswapd_for(struct replay_calibrate *calibrate, int nr, uint64_t ns, int32_t wanted,
                            int32_t zone)
{
	for (int i = 0; i < nr; i++) {
		struct mmr_event event = { .t_ns = 1000, .pid = OTHER };

		event.kind = MMR_EVENT_MM_VMSCAN_WAKEUP_KSWAPD;
		event.reclaim.zid = wanted;
		replay_calibrate_event(calibrate, &event);
		event.t_ns += 5000;
		event.reclaim.zid = MM_ZONE_MOVABLE;
		replay_calibrate_event(calibrate, &event);
		event = (struct mmr_event){ .t_ns = 1000 + ns, .pid = KSWAPD };
		event.kind = MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE;
		event.reclaim.zid = zone;
		replay_calibrate_event(calibrate, &event);
		/* Another run without having slept: nobody had to wake it. */
		event.t_ns = 1000000000;
		event.reclaim.zid = MM_ZONE_MOVABLE;
		replay_calibrate_event(calibrate, &event);
	}
}

static void wake_kswapd(struct replay_calibrate *calibrate, int nr, uint64_t ns)
{
	wake_kswapd_for(calibrate, nr, ns, MM_ZONE_MOVABLE, MM_ZONE_MOVABLE);
}

static void kswapd_needs_the_median_of_its_wakes(void **state)
{
	struct replay_tunables tunables;
	static struct replay_start start; /* too large for a stack */

	replay_tunables_init(&tunables);
	/* As long as a nap: whatever that was, it was not for want of a CPU. */
	wake_kswapd(*state, 1, 100000000);
	replay_calibrate_record(*state, &tunables);
	assert_int_equal(tunables.source[REPLAY_TUNABLE_KSWAPD_LATENCY], REPLAY_TUNABLE_DEFAULT);
	wake_kswapd(*state, 3, 300000);
	replay_calibrate_record(*state, &tunables);
	assert_near(tunables.value[REPLAY_TUNABLE_KSWAPD_LATENCY], 300000);
	/* Too few to tell: half are above it, a quarter at twice that, and none is nothing. */
	replay_calibrate_spreads(*state, &start);
	assert_int_equal(start.wakes.nr, REPLAY_NR_QUANTILES);
	assert_in_range(start.wakes.percent[0], 1, 2);
	assert_near(start.wakes.percent[REPLAY_NR_QUANTILES / 2], 100);
	assert_near(start.wakes.percent[REPLAY_NR_QUANTILES * 3 / 4], 200);
	wake_kswapd(*state, 2, 300000);
	wake_kswapd(*state, 4, 9000000);
	replay_calibrate_record(*state, &tunables);
	assert_near(tunables.value[REPLAY_TUNABLE_KSWAPD_LATENCY], 300000);
	/* Five times that, and four times thirty times as long. */
	replay_calibrate_spreads(*state, &start);
	assert_int_equal(start.wakes.nr, REPLAY_NR_QUANTILES);
	assert_near(start.wakes.percent[0], 100);
	assert_near(start.wakes.percent[REPLAY_NR_QUANTILES / 2], 100);
	assert_near(start.wakes.percent[REPLAY_NR_QUANTILES - 1], 3000);
}

static void others_may_ask_for_more_than_who_woke_kswapd(void **state)
{
	static struct replay_start start; /* too large for a stack */

	replay_calibrate_spreads(*state, &start);
	assert_int_equal(start.alone_percent[MM_ZONE_DMA], 16);
	/* For all zones, or as long as a nap: that tells nothing. */
	wake_kswapd(*state, 3, 300000);
	wake_kswapd_for(*state, 3, 100000000, MM_ZONE_DMA, MM_ZONE_DMA);
	replay_calibrate_spreads(*state, &start);
	assert_int_equal(start.alone_percent[MM_ZONE_DMA], 16);
	wake_kswapd_for(*state, 2, 300000, MM_ZONE_DMA, MM_ZONE_DMA);
	wake_kswapd_for(*state, 1, 300000, MM_ZONE_DMA32, MM_ZONE_DMA32);
	replay_calibrate_spreads(*state, &start);
	assert_int_equal(start.alone_percent[MM_ZONE_DMA], 50);
	assert_int_equal(start.alone_percent[MM_ZONE_DMA32], 37);
	wake_kswapd_for(*state, 5, 300000, MM_ZONE_DMA, MM_ZONE_MOVABLE);
	replay_calibrate_spreads(*state, &start);
	assert_int_equal(start.alone_percent[MM_ZONE_DMA], 25);
	assert_int_equal(start.alone_percent[MM_ZONE_DMA32], 37);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_outcome_has_its_cost, setup, teardown),
		cmocka_unit_test_setup_teardown(thin_evidence_and_the_user_leave_the_value, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(interrupted_batches_tell_the_share_and_not_the_cost,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(direct_reclaim_lasts_longer_than_its_batches, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(stalls_differ_as_much_as_the_recorded_ones, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(a_batch_with_lost_events_tells_nothing, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(kswapd_needs_the_median_of_its_wakes, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(others_may_ask_for_more_than_who_woke_kswapd, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(rows_of_writes_stand_for_batches, setup, teardown),
		cmocka_unit_test_setup_teardown(between_rows_kswapd_has_pauses_where_others_have,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(a_pause_longer_than_a_nap_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wake_up_ends_a_nap, setup, teardown),
		cmocka_unit_test_setup_teardown(zrams_share_is_what_reclaim_asked_for, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(kcompactds_turns_tell_its_share, setup, teardown),
		cmocka_unit_test_setup_teardown(kcompactd_is_like_kswapd_otherwise, setup,
		                                teardown),
		cmocka_unit_test(bins_are_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
