/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pauses of reclaim, from made-up batches of 32 pages that cost 1 us each. */
#include "unit.h"

#include "pause.c"

#define TASK    41
#define KSWAPD  40
#define MS      UINT64_C(1000000)
#define WORK_NS UINT64_C(32000)

static const struct replay_cost cost = { .scan_ns = 1000, .pageout_ns = 4000 };

static int setup(void **state)
{
	*state = replay_pause_meter_create();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	replay_pause_meter_destroy(*state);
	return 0;
}

static void tell(struct replay_pause_meter *meter, uint32_t pid, uint64_t t_ns, uint16_t kind)
{
	struct mmr_event event = { .t_ns = t_ns, .pid = pid, .kind = kind };

	if (kind == MMR_EVENT_MM_VMSCAN_LRU_ISOLATE)
		event.lru_isolate.nr_taken = 32;
	if (kind == MMR_EVENT_MM_VMSCAN_THROTTLED)
		event.throttled.delayed_us = 20000;
	replay_pause_event(meter, &event);
}

/* Direct reclaims of a batch each. */
static void stall(struct replay_pause_meter *meter, int nr, uint64_t ns)
{
	for (int i = 0; i < nr; i++) {
		tell(meter, TASK, MS, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN);
		tell(meter, TASK, MS + 100, MMR_EVENT_MM_VMSCAN_LRU_ISOLATE);
		tell(meter, TASK, MS + 9000, MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE);
		tell(meter, TASK, MS + ns, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END);
	}
}

/* All 0: too little is known. */
static struct replay_pauses direct_pauses(const struct replay_pause_meter *meter)
{
	struct replay_pauses *pauses = replay_pause_measure(meter, &cost), copy = { 0 };

	if (pauses)
		copy = *pauses;
	base_free(pauses);
	return copy;
}

static void too_few_batches_tell_nothing(void **state)
{
	stall(*state, 63, 8 * MS);
	assert_null(replay_pause_measure(*state, &cost));
	assert_null(replay_pause_pace(*state, &cost));
}

static void pauses_are_those_of_the_batches(void **state)
{
	struct replay_pauses pauses;

	stall(*state, 96, WORK_NS);
	stall(*state, 32, WORK_NS + 8 * MS);
	pauses = direct_pauses(*state);
	assert_int_equal(pauses.every_ns, WORK_NS);
	assert_int_equal(pauses.ns[0], 0);
	assert_int_equal(pauses.ns[REPLAY_NR_PAUSES * 3 / 4 - 1], 0);
	assert_int_equal(pauses.ns[REPLAY_NR_PAUSES * 3 / 4], 8 * MS);
	assert_int_equal(pauses.ns[REPLAY_NR_PAUSES - 1], 8 * MS);
}

/* Small batches wait as long for their work as large ones, and all as long as it was recorded. */
static void pauses_come_with_the_work(void **state)
{
	struct replay_pauses pauses;
	struct rng rng;

	base_rng_init(&rng, 1);
	stall(*state, 96, WORK_NS);
	stall(*state, 32, WORK_NS + 8 * MS);
	pauses = direct_pauses(*state);
	for (uint64_t work_ns = WORK_NS / 8; work_ns <= WORK_NS * 8; work_ns *= 4) {
		uint64_t ns = 0, nr = 20000 * WORK_NS / work_ns;

		for (uint64_t i = 0; i < nr; i++)
			ns += replay_pause_draw(&pauses, &rng, work_ns);
		assert_in_range(ns, 19000 * 2 * MS, 21000 * 2 * MS);
	}
}

static void what_some_batches_save_is_no_pause_of_others(void **state)
{
	struct replay_pauses pauses;

	stall(*state, 32, WORK_NS - 10000);
	stall(*state, 64, WORK_NS + 5000);
	stall(*state, 32, WORK_NS + 8 * MS);
	pauses = direct_pauses(*state);
	assert_int_equal(pauses.ns[REPLAY_NR_PAUSES * 3 / 4 - 1], 0);
	assert_int_equal(pauses.ns[REPLAY_NR_PAUSES * 3 / 4], 8 * MS);
}

/* The replay waits for these on its own. */
static void waits_for_the_device_and_throttles_are_no_pauses(void **state)
{
	for (int i = 0; i < 64; i++) {
		tell(*state, TASK, MS, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN);
		tell(*state, TASK, MS, MMR_EVENT_MM_VMSCAN_LRU_ISOLATE);
		tell(*state, TASK, 2 * MS, MMR_EVENT_BLOCK_BIO_QUEUE);
		tell(*state, TASK, 12 * MS + 4000, MMR_EVENT_MM_VMSCAN_WRITE_FOLIO);
		tell(*state, TASK, 32 * MS + 4000, MMR_EVENT_MM_VMSCAN_THROTTLED);
		tell(*state, TASK, 32 * MS + 4000 + WORK_NS,
		     MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END);
	}
	/* Before the write it was at work, or was not let. */
	assert_int_equal(direct_pauses(*state).every_ns, WORK_NS + 4000);
	assert_int_equal(direct_pauses(*state).ns[0], MS);
	assert_int_equal(direct_pauses(*state).ns[REPLAY_NR_PAUSES - 1], MS);
}

/* Node 1's kswapd: a batch from t_ns on, and another 2 ms after it is done. */
static uint64_t two_batches(struct replay_pause_meter *meter, uint64_t t_ns)
{
	struct mmr_event wake = { .t_ns = t_ns,
		                  .pid = KSWAPD,
		                  .kind = MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE,
		                  .reclaim.nid = 1 };

	replay_pause_event(meter, &wake);
	tell(meter, KSWAPD, t_ns, MMR_EVENT_MM_VMSCAN_LRU_ISOLATE);
	tell(meter, KSWAPD, t_ns + WORK_NS, MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE);
	t_ns += WORK_NS + 2 * MS;
	tell(meter, KSWAPD, t_ns, MMR_EVENT_MM_VMSCAN_LRU_ISOLATE);
	tell(meter, KSWAPD, t_ns + WORK_NS, MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE);
	return t_ns + WORK_NS;
}

static void assert_turn(const struct replay_pace_turn *turn, uint64_t begin_ns, uint64_t end_ns,
                        uint64_t work_ns)
{
	assert_int_equal(turn->begin_ns, begin_ns);
	assert_int_equal(turn->end_ns, end_ns);
	assert_int_equal(turn->own_ns, end_ns - begin_ns);
	assert_int_equal(turn->work_ns, work_ns);
}

static void kswapds_turns_are_where_they_were_but_its_naps(void **state)
{
	struct replay_pause_meter *meter = *state;
	struct replay_pace *pace;
	uint64_t t_ns = MS;

	for (int i = 0; i < 16; i++)
		t_ns = two_batches(meter, t_ns) + 100 * MS;
	tell(meter, KSWAPD, t_ns + 300 * MS, MMR_EVENT_MM_VMSCAN_KSWAPD_SLEEP);
	pace = replay_pause_pace(meter, &cost);
	assert_non_null(pace);
	assert_int_equal(pace->first[1], 0);
	assert_int_equal(pace->first[2], 32);
	assert_int_equal(pace->first[MM_MAX_NODES], 32);
	t_ns = MS;
	for (int i = 0; i < 32; i += 2) {
		uint64_t middle_ns = t_ns + WORK_NS + 2 * MS;

		assert_turn(&pace->turns[i], t_ns, middle_ns, WORK_NS);
		assert_turn(&pace->turns[i + 1], middle_ns, middle_ns + WORK_NS, WORK_NS);
		t_ns = middle_ns + WORK_NS + 100 * MS;
	}
	base_free(pace);
	assert_int_equal(direct_pauses(meter).every_ns, 0);
}

/* Among turns without a pause: one is chance, twenty of that length are not. */
/* kswapd that wakes without having slept: somebody woke it from its nap, or the clock; otherwise it could not nap. */
static void kswapd_that_could_not_nap_waited(void **state)
{
	static const struct {
		uint64_t gap_ns;
		bool woken;
		uint64_t last_ns; /* the turn's end */
	} cases[] = {
		{ 9 * MS, false, MS + WORK_NS + 9 * MS },
		{ 9 * MS, true, MS + WORK_NS },
		{ 100 * MS, false, MS + WORK_NS },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct replay_pause_meter *meter = replay_pause_meter_create();
		uint64_t end_ns = MS + WORK_NS + cases[i].gap_ns;

		assert_non_null(meter);
		tell(meter, KSWAPD, MS, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
		tell(meter, KSWAPD, MS, MMR_EVENT_MM_VMSCAN_LRU_ISOLATE);
		tell(meter, KSWAPD, MS + WORK_NS, MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE);
		if (cases[i].woken)
			tell(meter, TASK, end_ns - MS, MMR_EVENT_MM_VMSCAN_WAKEUP_KSWAPD);
		tell(meter, KSWAPD, end_ns, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
		tell(meter, KSWAPD, end_ns, MMR_EVENT_MM_VMSCAN_LRU_ISOLATE);
		assert_int_equal(meter->kswapd.count, 1);
		assert_int_equal(meter->kswapd.items[0].end_ns, cases[i].last_ns);
		replay_pause_meter_destroy(meter);
	}
	(void)state;
}

static void pauses_that_chance_would_meet_are_not_used(void **state)
{
	struct replay_pause_meter *meter = *state;
	struct replay_pace *pace;
	uint64_t t_ns = MS;

	tell(meter, KSWAPD, t_ns, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
	for (int i = 0; i < 600; i++, t_ns += WORK_NS)
		tell(meter, KSWAPD, i > 300 ? t_ns + 9 * MS : t_ns,
		     MMR_EVENT_MM_VMSCAN_LRU_ISOLATE);
	assert_null(replay_pause_pace(meter, &cost));
	t_ns += 9 * MS;
	for (int i = 0; i < 30; i++, t_ns += WORK_NS + 9 * MS)
		tell(meter, KSWAPD, t_ns, MMR_EVENT_MM_VMSCAN_LRU_ISOLATE);
	pace = replay_pause_pace(meter, &cost);
	assert_non_null(pace);
	base_free(pace);
}

/* Of those that were joined nothing is missing; of those that lie apart one is. */
static void of_many_turns_of_kswapd_two_become_one(void **state)
{
	struct replay_pause_meter *meter = *state;
	struct replay_pace *pace;
	uint64_t t_ns = MS, begin_ns;

	for (uint32_t i = 0; i < MAX_TURNS / 2; i++)
		t_ns = two_batches(meter, t_ns) + 100 * MS;
	begin_ns = t_ns;
	t_ns = two_batches(meter, t_ns);
	tell(meter, KSWAPD, t_ns, MMR_EVENT_MM_VMSCAN_KSWAPD_SLEEP);
	pace = replay_pause_pace(meter, &cost);
	assert_non_null(pace);
	assert_int_equal(pace->first[2], MAX_TURNS / 2 + 2);
	assert_turn(&pace->turns[0], MS, MS + 2 * WORK_NS + 2 * MS, 2 * WORK_NS);
	assert_turn(&pace->turns[MAX_TURNS / 2], begin_ns, begin_ns + WORK_NS + 2 * MS, WORK_NS);
	base_free(pace);
}

static void what_is_lost_is_no_pause(void **state)
{
	struct mmr_event lost = { .kind = MMR_EVENT_LOST };

	for (int i = 0; i < 64; i++) {
		tell(*state, TASK, MS, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN);
		tell(*state, TASK, MS, MMR_EVENT_MM_VMSCAN_LRU_ISOLATE);
		replay_pause_event(*state, &lost);
		tell(*state, TASK, 900 * MS, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END);
	}
	assert_int_equal(direct_pauses(*state).every_ns, 0);
}

/* As 6.1's MGLRU shows it. What one waits in which nothing is told stands for as much work as the pages that it got. */
static void where_no_batch_is_told_a_direct_reclaim_is_one(void **state)
{
	struct mmr_event end = { .t_ns = MS + WORK_NS + 8 * MS,
		                 .pid = TASK,
		                 .kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END,
		                 .reclaim.nr_reclaimed = 32 };

	for (int i = 0; i < 64; i++) {
		tell(*state, TASK, MS, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN);
		replay_pause_event(*state, &end);
	}
	assert_true(replay_pause_knows_direct(*state));
	assert_int_equal(direct_pauses(*state).every_ns, WORK_NS);
	assert_int_equal(direct_pauses(*state).ns[0], 8 * MS);
	/* Once somebody tells batches, those that found none did not take part. */
	tell(*state, KSWAPD, MS, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
	tell(*state, KSWAPD, MS, MMR_EVENT_MM_VMSCAN_LRU_ISOLATE);
	assert_false(replay_pause_knows_direct(*state));
	assert_int_equal(direct_pauses(*state).every_ns, 0);
}

static void of_many_batches_some_stand_for_all(void **state)
{
	struct replay_pause_meter *meter = *state;

	stall(meter, MAX_TURNS, WORK_NS);
	stall(meter, MAX_TURNS, WORK_NS + 8 * MS);
	assert_in_range(meter->direct.kept.count, MAX_TURNS / 2, MAX_TURNS);
	assert_int_equal(direct_pauses(meter).ns[REPLAY_NR_PAUSES / 2 - 2], 0);
	assert_int_equal(direct_pauses(meter).ns[REPLAY_NR_PAUSES / 2 + 1], 8 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(too_few_batches_tell_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(pauses_are_those_of_the_batches, setup, teardown),
		cmocka_unit_test_setup_teardown(pauses_come_with_the_work, setup, teardown),
		cmocka_unit_test_setup_teardown(what_some_batches_save_is_no_pause_of_others, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(waits_for_the_device_and_throttles_are_no_pauses,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(kswapds_turns_are_where_they_were_but_its_naps,
		                                setup, teardown),
		cmocka_unit_test(kswapd_that_could_not_nap_waited),
		cmocka_unit_test_setup_teardown(pauses_that_chance_would_meet_are_not_used, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(of_many_turns_of_kswapd_two_become_one, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(what_is_lost_is_no_pause, setup, teardown),
		cmocka_unit_test_setup_teardown(where_no_batch_is_told_a_direct_reclaim_is_one,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(of_many_batches_some_stand_for_all, setup,
		                                teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
