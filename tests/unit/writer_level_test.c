/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <zstd.h>

#include "writer_level.h"

#define LAST (MMR_WRITER_STEPS - 1)

static void steps_become_faster(void **state)
{
	static const int levels[] = { 19, 3, 1, -1, -5, -64 };

	(void)state;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		struct writer_level l;

		trace_level_init(&l, levels[i]);
		assert_int_equal(l.level[0], levels[i]);
		assert_int_equal(l.level[LAST], ZSTD_minCLevel());
		for (int step = 1; step < MMR_WRITER_STEPS; step++)
			assert_true(l.level[step] < l.level[step - 1] ||
			            l.level[step] == ZSTD_minCLevel());
	}
}

static void a_full_queue_lowers_and_the_kernel_gives_up(void **state)
{
	static const struct {
		uint32_t per_mille;
		uint32_t queue;
		uint32_t kernel;
	} cases[] = {
		{ 0, 0, 0 },      { 249, 0, 0 },     { 250, 0, 1 },
		{ 375, 0, 2 },    { 499, 0, 2 },     { 500, 1, 3 },
		{ 750, 2, LAST }, { 1000, 2, LAST }, { 5000, 2, LAST },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct writer_level l;

		trace_level_init(&l, 1);
		trace_level_queue(&l, cases[i].per_mille);
		assert_int_equal(l.step, cases[i].queue);
		trace_level_init(&l, 1);
		trace_level_kernel(&l, cases[i].per_mille);
		assert_int_equal(l.step, cases[i].kernel);
		assert_int_equal(l.nr_lowered, cases[i].kernel > 0);
	}
}

/* Frames from an empty queue until the step is 0; at most so many. */
static uint32_t recover(struct writer_level *l, uint32_t most)
{
	uint32_t n = 0;

	for (; l->step > 0 && n < most; n++)
		trace_level_take(l, true);
	return n;
}

static void it_recovers_slower_each_time_it_was_wrong(void **state)
{
	struct writer_level l;
	uint32_t before = 0;

	(void)state;
	trace_level_init(&l, 1);
	for (int i = 0; i < 4; i++) {
		uint32_t n;

		trace_level_queue(&l, 500);
		n = recover(&l, 100000);
		assert_int_equal(l.step, 0);
		assert_true(n > before);
		before = n;
	}
	/* After a long calm it is as at first. */
	for (int i = 0; i < 10000; i++)
		assert_int_equal(trace_level_take(&l, true), 1);
	trace_level_queue(&l, 500);
	assert_true(recover(&l, 100000) < before);
}

static void a_busy_queue_does_not_recover(void **state)
{
	struct writer_level l;

	(void)state;
	trace_level_init(&l, 1);
	trace_level_kernel(&l, 1000);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(trace_level_take(&l, i % 20 != 0), ZSTD_minCLevel());
	assert_int_equal(l.frames[LAST], 10000);
	assert_int_equal(l.nr_lowered, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_become_faster),
		cmocka_unit_test(a_full_queue_lowers_and_the_kernel_gives_up),
		cmocka_unit_test(it_recovers_slower_each_time_it_was_wrong),
		cmocka_unit_test(a_busy_queue_does_not_recover),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
