/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <math.h>
#include <stdio.h>

#include "scale.h"

/* A small generator of its own: the same ranges on every machine. */
static double any(uint64_t *state, double low, double high)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return low + (high - low) * (double)(*state >> 11) / (double)(UINT64_C(1) << 53);
}

static void check_ticks(const struct ticks *ticks, double low, double high, size_t most)
{
	double slack = ticks->step * 1e-6;

	assert_true(ticks->count <= most && ticks->count <= SCALE_TICKS);
	for (size_t i = 0; i < ticks->count; i++) {
		double quotient = ticks->at[i] / ticks->step;

		assert_true(ticks->at[i] >= low - slack && ticks->at[i] <= high + slack);
		assert_true(fabs(quotient - round(quotient)) < 1e-6);
		if (i)
			assert_true(fabs(ticks->at[i] - ticks->at[i - 1] - ticks->step) < slack);
	}
}

/* Never more than asked for, and never so few that the axis could have had twice as many. */
static void ticks_fit_any_range(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < 20000; i++) {
		double low = any(&seed, 0, 1000);
		double high = low + pow(10, any(&seed, -3, 15));
		size_t most = (size_t)any(&seed, 2, 40);
		struct ticks ticks;
		double mantissa;

		ticks_decimal(&ticks, low, high, most);
		check_ticks(&ticks, low, high, most);
		mantissa = ticks.step / pow(10, floor(log10(ticks.step) + 1e-9));
		assert_true(fabs(mantissa - 1) < 1e-6 || fabs(mantissa - 2) < 1e-6 ||
		            fabs(mantissa - 5) < 1e-6);
		assert_true((double)ticks.count >= floor((double)most / 2.5) - 1);
		ticks_binary(&ticks, low, high, most);
		check_ticks(&ticks, low, high, most);
		assert_true(fabs(log2(ticks.step) - round(log2(ticks.step))) < 1e-9);
		assert_true((double)ticks.count >= floor((double)most / 2) - 1);
	}
}

static void octaves_of_a_log_axis(void **state)
{
	struct ticks ticks;

	(void)state;
	ticks_octave(&ticks, 4096, 1 << 30, 10);
	assert_int_equal(ticks.count, 10); /* 2^12 to 2^30 in steps of 4 */
	assert_true(fabs(ticks.at[0] - 4096) < 1e-6 && fabs(ticks.at[1] - 16384) < 1e-6);
	ticks_octave(&ticks, 3000, 5000, 8);
	assert_int_equal(ticks.count, 1);
	ticks_octave(&ticks, 0, 5000, 8);
	assert_int_equal(ticks.count, 0);
}

static void ticks_of_no_range(void **state)
{
	struct ticks ticks;

	(void)state;
	ticks_decimal(&ticks, 1, 1, 10);
	assert_int_equal(ticks.count, 0);
	ticks_binary(&ticks, 0, INFINITY, 10);
	assert_int_equal(ticks.count, 0);
	ticks_decimal(&ticks, 0, 10, 0);
	assert_int_equal(ticks.count, 1);
}

static void scales_map_ends_and_clamp(void **state)
{
	struct scale scale;

	(void)state;
	scale_init(&scale, 0, 10, 100, 0);
	assert_true(fabs(scale_map(&scale, 0) - 100) < 1e-9);
	assert_true(fabs(scale_map(&scale, 2.5) - 75) < 1e-9);
	assert_true(fabs(scale_map(&scale, 99)) < 1e-9);
	scale_init(&scale, 1, 1000, 0, 30);
	scale.logarithmic = true;
	assert_true(fabs(scale_map(&scale, 10) - 10) < 1e-9);
	assert_true(fabs(scale_map(&scale, 0)) < 1e-9);
	scale_init(&scale, 5, 5, 0, 10);
	assert_true(scale.high > scale.low);
}

static void labels(void **state)
{
	static const struct {
		void (*format)(char label[SCALE_LABEL], double value);
		double value;
		const char *label;
	} cases[] = {
		{ format_memory, 0, "0 B" },
		{ format_memory, 4096, "4 KiB" },
		{ format_memory, 12.5 * 1048576, "12.5 MiB" },
		{ format_memory, 2.976 * 1073741824, "2.98 GiB" },
		{ format_memory, 4294967296.0, "4 GiB" },
		{ format_address, 4.875 * 1073741824, "4.875 GiB" },
		{ format_address, 4978.0 * 1048576, "4978 MiB" },
		{ format_address, 1048576, "1 MiB" },
		{ format_address, 2147483648.0 + 4096, "2097156 KiB" },
		{ format_time, 0, "0 s" },
		{ format_time, 999, "999 ns" },
		{ format_time, 25.4e6, "25.4 ms" },
		{ format_time, 300e3, "300 µs" },
		{ format_time, 3600e9, "3600 s" },
	};
	char label[SCALE_LABEL];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cases[i].format(label, cases[i].value);
		assert_string_equal(label, cases[i].label);
	}
	format_tick(label, 0.25, 0.05);
	assert_string_equal(label, "0.25");
	format_tick(label, 600, 200);
	assert_string_equal(label, "600");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks_fit_any_range),
		cmocka_unit_test(octaves_of_a_log_axis),
		cmocka_unit_test(ticks_of_no_range),
		cmocka_unit_test(scales_map_ends_and_clamp),
		cmocka_unit_test(labels),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
