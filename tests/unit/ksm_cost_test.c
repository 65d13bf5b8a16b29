/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ksmd costs a page, from made-up scans. */
#include "unit.h"

#include "ksm_cost.h"

#define MS UINT64_C(1000000)

static void feed(struct replay_ksm_cost *cost, uint16_t kind, uint64_t t_ms)
{
	struct mmr_event event = { .t_ns = t_ms * MS, .kind = kind };

	replay_ksm_cost_event(cost, &event);
}

/* Snapshots at 1 and at 9 s, and scans of two seconds each from 2 s on, but for the first one and the last. */
static struct replay_ksm_cost eight_seconds(uint64_t nr_pages)
{
	struct replay_ksm_cost cost = { .from_ns = 1000 * MS,
		                        .until_ns = 9000 * MS,
		                        .begin_ns = 1000 * MS,
		                        .nr_pages = nr_pages };

	for (uint64_t t_ms = 2000; t_ms <= 10000; t_ms += 2000) {
		feed(&cost, MMR_EVENT_KSM_STOP_SCAN, t_ms);
		feed(&cost, MMR_EVENT_KSM_START_SCAN, t_ms);
	}
	return cost;
}

/* Those of the call before are gone. */
static struct replay_tunables *tunables_of(uint64_t pages_to_scan, uint64_t sleep_ms, bool advisor)
{
	static struct replay_tunables tunables; /* too large for a stack */

	replay_tunables_init(&tunables);
	tunables.value[REPLAY_TUNABLE_HZ] = 250;
	tunables.value[REPLAY_TUNABLE_KSM_PAGES_TO_SCAN] = pages_to_scan;
	tunables.value[REPLAY_TUNABLE_KSM_SLEEP] = sleep_ms;
	tunables.value[REPLAY_TUNABLE_KSM_ADVISOR] = advisor;
	return &tunables;
}

static void what_was_not_slept_was_work(void **state)
{
	struct replay_tunables *tunables = tunables_of(1000, 18, false);
	struct replay_ksm_cost cost = eight_seconds(200000);

	(void)state;
	/* 200 times 20 ms, as jiffies have 4, of 8 s. */
	replay_ksm_cost_record(&cost, tunables);
	assert_int_equal(tunables->value[REPLAY_TUNABLE_COST_KSM_NS], 20000);
}

static void what_is_between_scans_is_neither(void **state)
{
	struct replay_tunables *tunables = tunables_of(1000, 0, false);
	struct replay_ksm_cost cost = { .from_ns = 1, .until_ns = 9000 * MS, .nr_pages = 100000 };

	(void)state;
	for (uint64_t t_ms = 1000; t_ms < 5000; t_ms += 1000) {
		feed(&cost, MMR_EVENT_KSM_START_SCAN, t_ms);
		feed(&cost, MMR_EVENT_KSM_STOP_SCAN, t_ms + 500);
		feed(&cost, MMR_EVENT_KSM_STOP_SCAN, t_ms + 600);
	}
	replay_ksm_cost_record(&cost, tunables);
	assert_int_equal(tunables->value[REPLAY_TUNABLE_COST_KSM_NS], 20000);
}

static void assert_untold(const struct replay_ksm_cost *cost, struct replay_tunables *tunables)
{
	replay_ksm_cost_record(cost, tunables);
	assert_int_equal(tunables->source[REPLAY_TUNABLE_COST_KSM_NS], REPLAY_TUNABLE_DEFAULT);
}

static void too_little_tells_nothing(void **state)
{
	struct replay_ksm_cost enough = eight_seconds(200000), few = eight_seconds(1000);
	struct replay_ksm_cost none = { 0 };

	(void)state;
	assert_untold(&few, tunables_of(1000, 20, false));
	assert_untold(&none, tunables_of(1000, 20, false));
	/* The advisor changes the batches; ksmd cannot have slept longer than that. */
	assert_untold(&enough, tunables_of(1000, 20, true));
	assert_untold(&enough, tunables_of(100, 20, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_slept_was_work),
		cmocka_unit_test(what_is_between_scans_is_neither),
		cmocka_unit_test(too_little_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
