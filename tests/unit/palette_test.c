/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <math.h>

#include "palette.h"

static double distance(struct colour left, struct colour right)
{
	struct oklab a = colour_to_oklab(left), b = colour_to_oklab(right);

	return sqrt(pow(a.lightness - b.lightness, 2) + pow(a.a - b.a, 2) + pow(a.b - b.b, 2));
}

/*
 * How a dichromat sees a colour: Vienot, Brettel and Mollon (1999), in linear light. Red and green
 * fall together; what is left is lightness and the axis from blue to yellow.
 */
static struct colour without(struct colour colour, bool red)
{
	static const double protan[2][3] = { { 0.11238, 0.88762, 0 }, { 0.00401, -0.00401, 1 } };
	static const double deutan[2][3] = { { 0.29275, 0.70725, 0 }, { -0.02234, 0.02234, 1 } };
	const double(*row)[3] = red ? protan : deutan;
	double linear[3] = { pow(colour.red / 255.0, 2.2), pow(colour.green / 255.0, 2.2),
		             pow(colour.blue / 255.0, 2.2) };
	double seen[2] = { 0 };

	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < 3; j++)
			seen[i] += row[i][j] * linear[j];
		seen[i] = pow(fmin(fmax(seen[i], 0), 1), 1 / 2.2) * 255;
	}
	return (struct colour){ (uint8_t)seen[0], (uint8_t)seen[0], (uint8_t)seen[1] };
}

static void oklab_round_trip(void **state)
{
	(void)state;
	for (int i = 0; i < 4096; i++) {
		struct colour colour = { (uint8_t)(i % 16 * 17), (uint8_t)(i / 16 % 16 * 17),
			                 (uint8_t)(i / 256 * 17) };
		struct colour back = colour_from_oklab(colour_to_oklab(colour));

		assert_in_range(back.red + 1, colour.red, colour.red + 2);
		assert_in_range(back.green + 1, colour.green, colour.green + 2);
		assert_in_range(back.blue + 1, colour.blue, colour.blue + 2);
	}
	assert_true(fabs(colour_to_oklab((struct colour){ 255, 255, 255 }).lightness - 1) < 1e-3);
}

/* Sixteenths of the scale look equally far apart, and each is lighter than the one before. */
static void ramp_is_uniform(void **state)
{
	struct palette palette;
	double mean = 0;

	(void)state;
	palette_init(&palette);
	for (int i = 0; i < 16; i++)
		mean += distance(palette_ramp(&palette, i / 16.0),
		                 palette_ramp(&palette, (i + 1) / 16.0)) /
		        16;
	for (int i = 0; i < 16; i++) {
		struct colour from = palette_ramp(&palette, i / 16.0);
		struct colour to = palette_ramp(&palette, (i + 1) / 16.0);

		assert_true(fabs(distance(from, to) / mean - 1) < 0.08);
		assert_true(colour_to_oklab(to).lightness - colour_to_oklab(from).lightness >
		            0.015);
	}
	assert_true(palette_ramp(&palette, NAN).blue == palette.ramp[0].blue);
	assert_true(palette_ramp(&palette, 7).red == palette.ramp[RAMP_SIZE - 1].red);
}

static void ramp_for_the_colour_blind(void **state)
{
	struct palette palette;

	(void)state;
	palette_init(&palette);
	for (int kind = 0; kind < 2; kind++) {
		for (int i = 0; i < 16; i++) {
			struct colour from = without(palette_ramp(&palette, i / 16.0), kind);
			struct colour to = without(palette_ramp(&palette, (i + 1) / 16.0), kind);

			assert_true(colour_to_oklab(to).lightness >
			            colour_to_oklab(from).lightness);
			assert_true(distance(from, to) > 0.02);
		}
	}
}

/* Any two kinds of the heatmap stay apart for everyone. */
static void hues_for_the_colour_blind(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_HUES; i++) {
		for (size_t j = 0; j < i; j++) {
			assert_true(distance(hues[i], hues[j]) > 0.1);
			assert_true(distance(without(hues[i], true), without(hues[j], true)) >
			            0.05);
			assert_true(distance(without(hues[i], false), without(hues[j], false)) >
			            0.05);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(oklab_round_trip),
		cmocka_unit_test(ramp_is_uniform),
		cmocka_unit_test(ramp_for_the_colour_blind),
		cmocka_unit_test(hues_for_the_colour_blind),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
