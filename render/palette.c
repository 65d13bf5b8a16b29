// SPDX-License-Identifier: GPL-2.0-or-later
#include "palette.h"

#include <math.h>
#include <stddef.h>

/* What the ramp passes through, at equal lightness steps. */
static const struct colour anchors[] = {
	{ 26, 20, 82 }, { 33, 83, 138 }, { 22, 135, 140 }, { 88, 184, 108 }, { 250, 226, 60 },
};
/* For print: nothing is nearly paper. */
static const struct colour pale_anchors[] = {
	{ 26, 20, 82 }, { 33, 83, 138 }, { 22, 135, 140 }, { 120, 196, 130 }, { 253, 250, 220 },
};
#define NR_ANCHORS (sizeof(anchors) / sizeof(anchors[0]))
#define FINE       64 /* points of the curve between two anchors */

static double to_linear(uint8_t channel)
{
	double value = channel / 255.0;

	return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static uint8_t from_linear(double value)
{
	double clamped = fmin(fmax(value, 0), 1);
	double encoded =
		clamped <= 0.0031308 ? clamped * 12.92 : 1.055 * pow(clamped, 1 / 2.4) - 0.055;

	return (uint8_t)lround(encoded * 255);
}

struct oklab colour_to_oklab(struct colour colour)
{
	double r = to_linear(colour.red), g = to_linear(colour.green), b = to_linear(colour.blue);
	double l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
	double m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
	double s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);

	return (struct oklab){
		.lightness = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
		.a = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
		.b = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
	};
}

struct colour colour_from_oklab(struct oklab lab)
{
	double l = pow(lab.lightness + 0.3963377774 * lab.a + 0.2158037573 * lab.b, 3);
	double m = pow(lab.lightness - 0.1055613458 * lab.a - 0.0638541728 * lab.b, 3);
	double s = pow(lab.lightness - 0.0894841775 * lab.a - 1.2914855480 * lab.b, 3);

	return (struct colour){
		.red = from_linear(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
		.green = from_linear(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
		.blue = from_linear(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s),
	};
}

/* Catmull-Rom: through p1 at t = 0 and p2 at t = 1 without a corner. */
static double between(double p0, double p1, double p2, double p3, double t)
{
	return p1 + 0.5 * t *
	                    (p2 - p0 +
	                     t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)));
}

static struct oklab anchor(const struct oklab *of, size_t index)
{
	return of[index < NR_ANCHORS ? index : NR_ANCHORS - 1];
}

static struct oklab curve(const struct oklab *of, size_t fine)
{
	size_t segment = fine / FINE < NR_ANCHORS - 1 ? fine / FINE : NR_ANCHORS - 2;
	double t = (double)(fine - segment * FINE) / FINE;
	struct oklab p0 = anchor(of, segment ? segment - 1 : 0), p1 = anchor(of, segment);
	struct oklab p2 = anchor(of, segment + 1), p3 = anchor(of, segment + 2);

	return (struct oklab){
		.lightness = between(p0.lightness, p1.lightness, p2.lightness, p3.lightness, t),
		.a = between(p0.a, p1.a, p2.a, p3.a, t),
		.b = between(p0.b, p1.b, p2.b, p3.b, t),
	};
}

static double distance(struct oklab from, struct oklab to)
{
	double lightness = to.lightness - from.lightness, a = to.a - from.a, b = to.b - from.b;

	return sqrt(lightness * lightness + a * a + b * b);
}

static struct oklab mix(struct oklab from, struct oklab to, double share)
{
	return (struct oklab){
		.lightness = from.lightness + share * (to.lightness - from.lightness),
		.a = from.a + share * (to.a - from.a),
		.b = from.b + share * (to.b - from.b),
	};
}

void palette_init(struct palette *palette, bool print)
{
	struct oklab of[NR_ANCHORS];
	const size_t last = (NR_ANCHORS - 1) * FINE;
	double length = 0, done = 0;
	size_t at = 0;

	for (size_t i = 0; i < NR_ANCHORS; i++)
		of[i] = colour_to_oklab(print ? pale_anchors[i] : anchors[i]);
	for (size_t i = 0; i < last; i++)
		length += distance(curve(of, i), curve(of, i + 1));
	for (size_t i = 0; i < RAMP_SIZE; i++) {
		double wanted = length * (double)i / (RAMP_SIZE - 1), step;

		while ((step = distance(curve(of, at), curve(of, at + 1))) < wanted - done &&
		       at + 1 < last) {
			done += step;
			at++;
		}
		palette->ramp[print ? RAMP_SIZE - 1 - i : i] = colour_from_oklab(
			mix(curve(of, at), curve(of, at + 1), fmin((wanted - done) / step, 1)));
	}
}

struct colour palette_ramp(const struct palette *palette, double share)
{
	double clamped = share > 0 ? fmin(share, 1) : 0;

	return palette->ramp[(size_t)lround(clamped * (RAMP_SIZE - 1))];
}

struct colour palette_diverging(double value, struct colour middle, struct colour less,
                                struct colour more)
{
	double share = value > 0 ? fmin(value, 1) : value < 0 ? fmin(-value, 1) : 0;

	return colour_from_oklab(
		mix(colour_to_oklab(middle), colour_to_oklab(value < 0 ? less : more), share));
}
