/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kswapd's pace, from turns that are made up; where there are none, half a CPU. */
#include "unit.h"

#include "pace.c"

#include "alloc.h"

#define HALF 50

/* On node 1: in full to 100, a tenth to 1100, asleep until 2000, then twice as fast as the model has it. */
static struct replay_pace *made_up(void)
{
	static const struct replay_pace_turn turns[] = {
		{ .begin_ns = 0, .end_ns = 5000, .work_ns = 5, .own_ns = 5000 }, /* node 0 */
		{ .begin_ns = 0, .end_ns = 100, .work_ns = 100, .own_ns = 100 },
		{ .begin_ns = 100, .end_ns = 1100, .work_ns = 100, .own_ns = 1000 },
		{ .begin_ns = 2000, .end_ns = 2100, .work_ns = 200, .own_ns = 100 },
	};
	struct replay_pace *pace = base_calloc(1, sizeof(*pace) + sizeof(turns));

	assert_non_null(pace);
	memcpy(pace->turns, turns, sizeof(turns));
	pace->first[1] = 1;
	for (uint32_t node = 2; node <= MM_MAX_NODES; node++)
		pace->first[node] = 4;
	return pace;
}

static int setup(void **state)
{
	*state = made_up();
	return 0;
}

static int teardown(void **state)
{
	base_free(*state);
	return 0;
}

static uint64_t end_of(void **state, uint64_t t_ns, uint64_t work_ns)
{
	return replay_pace_end(*state, 1, t_ns, work_ns, HALF);
}

static void work_takes_as_long_as_it_did_then(void **state)
{
	assert_int_equal(end_of(state, 0, 60), 60);
	assert_int_equal(end_of(state, 100, 60), 700);
	assert_int_equal(end_of(state, 2000, 60), 2030);
	/* Of a later begin only what is left of the turn counts. */
	assert_int_equal(end_of(state, 600, 20), 800);
}

static void work_goes_on_in_the_next_turn(void **state)
{
	assert_int_equal(end_of(state, 40, 80), 300);
	assert_int_equal(end_of(state, 0, 200), 1100);
}

/* Recorded or set, kswapd.cpu holds where the recorded one slept: between two turns, and after the last. */
static void asleep_the_share_of_a_cpu_holds(void **state)
{
	assert_int_equal(end_of(state, 1100, 60), 1220);
	assert_int_equal(end_of(state, 1900, 100), 2025);
	assert_int_equal(end_of(state, 2050, 150), 2200);
	assert_int_equal(end_of(state, 9000, 60), 9120);
}

static void each_node_has_its_own(void **state)
{
	assert_int_equal(replay_pace_end(*state, 0, 0, 2, HALF), 2000);
	assert_int_equal(replay_pace_end(*state, 2, 0, 60, HALF), 120);
	assert_int_equal(replay_pace_end(*state, MM_MAX_NODES - 1, 0, 60, HALF), 120);
}

static void waiting_for_a_device_counts_for_nothing(void **state)
{
	struct replay_pace *pace = *state;

	pace->turns[2].own_ns = 200;
	assert_int_equal(end_of(state, 100, 60), 220);
	pace->turns[2].own_ns = 0;
	assert_int_equal(end_of(state, 100, 60), 160);
	pace->turns[2] = (struct replay_pace_turn){ 100, 1100, 0, 1000 };
	assert_int_equal(end_of(state, 100, 60), 1220);
}

static void no_work_is_done_at_once(void **state)
{
	assert_int_equal(end_of(state, 40, 0), 40);
	assert_int_equal(end_of(state, 1500, 0), 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(work_takes_as_long_as_it_did_then, setup, teardown),
		cmocka_unit_test_setup_teardown(work_goes_on_in_the_next_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(asleep_the_share_of_a_cpu_holds, setup, teardown),
		cmocka_unit_test_setup_teardown(each_node_has_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(waiting_for_a_device_counts_for_nothing, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(no_work_is_done_at_once, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
