/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <math.h>

#include "palette.h"
#include "theme.h"

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
	palette_init(&palette, false);
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
	palette_init(&palette, false);
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

/* Any two kinds of a chart stay apart for everyone, in each theme. */
static void hues_for_the_colour_blind(void **state)
{
	(void)state;
	for (const struct theme *theme = themes; theme->name; theme++) {
		for (size_t i = 0; i < NR_HUES; i++) {
			for (size_t j = 0; j < i; j++) {
				struct colour a = theme->hues[i], b = theme->hues[j];

				if (distance(a, b) < 0.1 ||
				    distance(without(a, true), without(b, true)) < 0.05 ||
				    distance(without(a, false), without(b, false)) < 0.05)
					fail_msg("%s: %zu and %zu are too near", theme->name, j, i);
			}
		}
	}
}

/* Contrast as WCAG 2 has it. */
static double contrast(struct colour left, struct colour right)
{
	double light[2] = { 0, 0 };
	const struct colour colours[2] = { left, right };

	for (size_t i = 0; i < 2; i++) {
		const double channels[3] = { colours[i].red / 255.0, colours[i].green / 255.0,
			                     colours[i].blue / 255.0 };
		const double weights[3] = { 0.2126, 0.7152, 0.0722 };

		for (size_t j = 0; j < 3; j++)
			light[i] +=
				weights[j] * (channels[j] <= 0.04045
			                              ? channels[j] / 12.92
			                              : pow((channels[j] + 0.055) / 1.055, 2.4));
	}
	return (fmax(light[0], light[1]) + 0.05) / (fmin(light[0], light[1]) + 0.05);
}

/* WCAG asks 4.5 of a text; also of one that lies on an area without data. */
static void texts_stand_out(void **state)
{
	(void)state;
	for (const struct theme *theme = themes; theme->name; theme++) {
		assert_true(contrast(theme->ink, theme->paper) > 12);
		assert_true(contrast(theme->faint_ink, theme->paper) > 4.5);
		assert_true(contrast(theme->faint_ink, theme->hole) > 4.5);
		assert_true(contrast(theme->alarm, theme->paper) > 4.5);
	}
}

/* A single stall is to be seen, wherever it lies: 2 to 1 is what a small square needs. */
static void ramps_begin_apart_from_nothing(void **state)
{
	(void)state;
	for (const struct theme *theme = themes; theme->name; theme++) {
		struct palette palette;

		palette_init(&palette, theme->print);
		assert_true(contrast(theme_ramp(theme, &palette, 0), theme->hole) > 2);
	}
}

/* Equal steps to the eye here, too, and what is empty takes nearly no ink. */
static void a_printed_ramp_grows_darker(void **state)
{
	struct palette palette;
	double mean = 0;

	(void)state;
	palette_init(&palette, true);
	for (int i = 0; i < 16; i++)
		mean += distance(palette_ramp(&palette, i / 16.0),
		                 palette_ramp(&palette, (i + 1) / 16.0)) /
		        16;
	for (int i = 0; i < 16; i++) {
		struct colour from = palette_ramp(&palette, i / 16.0);
		struct colour to = palette_ramp(&palette, (i + 1) / 16.0);

		assert_true(fabs(distance(from, to) / mean - 1) < 0.08);
		assert_true(colour_to_oklab(to).lightness < colour_to_oklab(from).lightness);
	}
	assert_true(colour_to_oklab(palette_ramp(&palette, 0)).lightness > 0.95);
}

/* Paper in the middle, more colour the further from it, and two ends that nobody confuses. */
static void differences_have_two_arms(void **state)
{
	(void)state;
	for (const struct theme *theme = themes; theme->name; theme++) {
		struct colour less = theme->hues[HUE_BLUE], more = theme->hues[HUE_VERMILLION];
		double last = 0;

		for (int i = 0; i <= 10; i++) {
			struct colour up = palette_diverging(i / 10.0, theme->paper, less, more);
			double far = distance(up, theme->paper);

			assert_true(i == 0 ? far < 0.01 : far > last);
			last = far;
		}
		assert_true(distance(palette_diverging(-3, theme->paper, less, more), less) < 0.01);
		assert_true(distance(without(less, true), without(more, true)) > 0.1);
		assert_true(distance(without(less, false), without(more, false)) > 0.1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(oklab_round_trip),
		cmocka_unit_test(ramp_is_uniform),
		cmocka_unit_test(ramp_for_the_colour_blind),
		cmocka_unit_test(hues_for_the_colour_blind),
		cmocka_unit_test(texts_stand_out),
		cmocka_unit_test(ramps_begin_apart_from_nothing),
		cmocka_unit_test(a_printed_ramp_grows_darker),
		cmocka_unit_test(differences_have_two_arms),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
