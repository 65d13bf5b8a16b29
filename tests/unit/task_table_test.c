/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of tasks against a plain array, through random comings and goings. */
#include "task_table.h"

#include "rng.h"
#include "unit.h"

#define NR_PIDS 3000

static void test_agrees_with_an_array(void **state)
{
	static uint64_t start[NR_PIDS]; /* 0: not there */
	struct replay_task_table table = { 0 };
	struct rng rng;
	uint32_t nr_there = 0;

	(void)state;
	base_rng_init(&rng, 1);
	for (uint64_t now = 1; now < 200000; now++) {
		/* Multiples of a power of two, so that many pids share a home. */
		uint32_t i = base_rng_below(&rng, NR_PIDS);
		struct replay_task *task = replay_task_find(&table, i * 4096);

		assert_int_equal(task != NULL, start[i] != 0);
		if (task)
			assert_int_equal(task->start_ns, start[i]);
		if (task && base_rng_below(&rng, 2)) {
			replay_task_remove(&table, task);
			start[i] = 0;
			nr_there--;
		} else if (!task) {
			assert_non_null(replay_task_get(&table, i * 4096, now));
			start[i] = now;
			nr_there++;
		}
		assert_int_equal(table.count, nr_there);
	}
	replay_task_table_deinit(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_agrees_with_an_array) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
