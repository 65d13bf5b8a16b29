/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorded wake of kswapd that is nearest to an instant. */
#include "unit.h"

#include "kswapd_wakes.c"

#define SECOND UINT64_C(1000000000)

static int setup(void **state)
{
	static struct replay_wake_vec wakes;
	static const struct replay_wake made_up[] = {
		{ .woken_ns = 10 * SECOND, .node = 0 },
		{ .woken_ns = 11 * SECOND, .node = 1 },
		{ .woken_ns = 11 * SECOND + 10, .node = 0 },
	};

	for (size_t i = 0; i < 3; i++)
		replay_wakes_add(&wakes, &made_up[i]);
	*state = &wakes;
	return 0;
}

static int teardown(void **state)
{
	replay_wake_vec_deinit(*state);
	return 0;
}

static uint64_t near(void **state, uint32_t node, uint64_t t_ns)
{
	const struct replay_wake *wake = replay_wakes_near(*state, node, t_ns);

	return wake ? wake->woken_ns : 0;
}

static void the_nearer_one_tells(void **state)
{
	assert_int_equal(near(state, 0, 10 * SECOND + SECOND / 4), 10 * SECOND);
	assert_int_equal(near(state, 0, 11 * SECOND), 11 * SECOND + 10);
	assert_int_equal(near(state, 0, 11 * SECOND + 20), 11 * SECOND + 10);
}

static void a_node_has_its_own(void **state)
{
	assert_int_equal(near(state, 1, 10 * SECOND), 11 * SECOND);
	assert_int_equal(near(state, 1, 11 * SECOND + 20), 11 * SECOND);
	assert_int_equal(near(state, 2, 11 * SECOND), 0);
}

static void what_is_far_tells_nothing(void **state)
{
	assert_int_equal(near(state, 0, 9 * SECOND - 1), 0);
	assert_int_equal(near(state, 0, 9 * SECOND), 10 * SECOND);
	assert_int_equal(near(state, 0, 13 * SECOND), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_nearer_one_tells, setup, teardown),
		cmocka_unit_test_setup_teardown(a_node_has_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_far_tells_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
