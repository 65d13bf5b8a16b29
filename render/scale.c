// SPDX-License-Identifier: GPL-2.0-or-later
#include "scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define KIB 1024.0

void scale_init(struct scale *scale, double low, double high, double first, double last)
{
	if (!(high > low))
		high = low + 1;
	*scale = (struct scale){ .low = low, .high = high, .first = first, .last = last };
}

double scale_map(const struct scale *scale, double value)
{
	double clamped = fmin(fmax(value, scale->low), scale->high);
	double share = scale->logarithmic
	                       ? log(clamped / scale->low) / log(scale->high / scale->low)
	                       : (clamped - scale->low) / (scale->high - scale->low);

	return scale->first + share * (scale->last - scale->first);
}

static size_t tick_limit(size_t most)
{
	return most < 1 ? 1 : most < SCALE_TICKS ? most : SCALE_TICKS;
}

/* Multiples of step in [low, high]; the small slack keeps an end that rounding moved out by a hair. */
static void place(struct ticks *ticks, double low, double high, double step)
{
	double slack = step * 1e-9;

	ticks->step = step;
	ticks->count = 0;
	for (double n = ceil((low - slack) / step); n * step <= high + slack; n++) {
		if (ticks->count == SCALE_TICKS)
			return;
		ticks->at[ticks->count++] = n * step + 0.0;
	}
}

static double count_of(double low, double high, double step)
{
	return floor(high / step + 1e-9) - ceil(low / step - 1e-9) + 1;
}

void ticks_decimal(struct ticks *ticks, double low, double high, size_t most)
{
	static const double steps[] = { 1, 2, 5 };
	double span = high - low, power;

	*ticks = (struct ticks){ 0 };
	if (!(span > 0) || !isfinite(span))
		return;
	most = tick_limit(most);
	power = pow(10, floor(log10(span / (double)most)));
	for (;; power *= 10) {
		for (size_t i = 0; i < 3; i++) {
			if (count_of(low, high, steps[i] * power) <= (double)most) {
				place(ticks, low, high, steps[i] * power);
				return;
			}
		}
	}
}

void ticks_binary(struct ticks *ticks, double low, double high, size_t most)
{
	double span = high - low, step;

	*ticks = (struct ticks){ 0 };
	if (!(span > 0) || !isfinite(span))
		return;
	most = tick_limit(most);
	step = exp2(floor(log2(span / (double)most)));
	while (count_of(low, high, step) > (double)most)
		step *= 2;
	place(ticks, low, high, step);
}

void ticks_octave(struct ticks *ticks, double low, double high, size_t most)
{
	double first, last, octaves = 1;

	*ticks = (struct ticks){ 0 };
	if (!(low > 0) || !(high > low) || !isfinite(high))
		return;
	most = tick_limit(most);
	first = log2(low);
	last = log2(high);
	while (count_of(first, last, octaves) > (double)most)
		octaves++;
	place(ticks, first, last, octaves);
	for (size_t i = 0; i < ticks->count; i++)
		ticks->at[i] = exp2(ticks->at[i]);
}

void ticks_decade(struct ticks *ticks, double low, double high, size_t most)
{
	double first, last, decades = 1;

	*ticks = (struct ticks){ 0 };
	if (!(low > 0) || !(high > low) || !isfinite(high))
		return;
	most = tick_limit(most);
	first = log10(low);
	last = log10(high);
	while (count_of(first, last, decades) > (double)most)
		decades++;
	place(ticks, first, last, decades);
	for (size_t i = 0; i < ticks->count; i++)
		ticks->at[i] = pow(10, round(ticks->at[i]));
}

struct time_unit time_unit_for(double span_ns)
{
	if (span_ns >= 1e9)
		return (struct time_unit){ "s", 1e9 };
	if (span_ns >= 1e6)
		return (struct time_unit){ "ms", 1e6 };
	if (span_ns >= 1e3)
		return (struct time_unit){ "µs", 1e3 };
	return (struct time_unit){ "ns", 1 };
}

void format_tick(char label[SCALE_LABEL], double value, double step)
{
	int decimals = 0;

	while (decimals < 9 &&
	       fabs(step - round(step * pow(10, decimals)) / pow(10, decimals)) > fabs(step) * 1e-6)
		decimals++;
	snprintf(label, SCALE_LABEL, "%.*f", decimals, value);
}

static void trim_zeros(char *label)
{
	char *end = label + strlen(label) - 1;

	if (!strchr(label, '.'))
		return;
	while (*end == '0')
		*end-- = '\0';
	if (*end == '.')
		*end = '\0';
}

/* Three significant digits without trailing zeros or exponents. */
static void format_three(char *label, size_t size, double value)
{
	int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;

	snprintf(label, size, "%.*f", decimals, value);
	trim_zeros(label);
}

void format_memory(char label[SCALE_LABEL], double bytes)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	char number[24];
	size_t unit = 0;

	while (unit + 1 < sizeof(names) / sizeof(names[0]) && fabs(bytes) >= KIB) {
		bytes /= KIB;
		unit++;
	}
	format_three(number, sizeof(number), bytes);
	snprintf(label, SCALE_LABEL, "%s %s", number, names[unit]);
}

void format_address(char label[SCALE_LABEL], double bytes)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	size_t unit = sizeof(names) / sizeof(names[0]) - 1;
	char number[24];
	double value;

	for (; unit; unit--) {
		value = bytes / pow(KIB, (double)unit);
		if (value >= 1 && fabs(value * 8 - round(value * 8)) < 1e-9)
			break;
	}
	value = bytes / pow(KIB, (double)unit);
	snprintf(number, sizeof(number), "%.3f", value);
	trim_zeros(number);
	snprintf(label, SCALE_LABEL, "%s %s", number, names[unit]);
}

void format_amount(char label[SCALE_LABEL], double value)
{
	static const char *const names[] = { "", " k", " M", " G", " T", " P", " E" };
	const char *sign = value < 0 ? "−" : "";
	char number[24];
	size_t unit = 0;

	value = fabs(value);
	while (unit + 1 < sizeof(names) / sizeof(names[0]) && value >= 999.5) {
		value /= 1000;
		unit++;
	}
	format_three(number, sizeof(number), value);
	snprintf(label, SCALE_LABEL, "%s%s%s", sign, number, names[unit]);
}

void format_time(char label[SCALE_LABEL], double ns)
{
	/* Seconds go on for hours, as they do on the axis of time. */
	static const struct {
		double from, ns;
		const char *name;
	} units[] = { { 365.25 * 86400e9, 365.25 * 86400e9, "years" },
		      { 86400e10, 86400e9, "days" },
		      { 36000e9, 3600e9, "h" },
		      { 1e9, 1e9, "s" },
		      { 1e6, 1e6, "ms" },
		      { 1e3, 1e3, "µs" },
		      { 0, 1, "ns" } };
	char number[24];
	size_t i = 0;

	while (ns > 0 ? ns < units[i].from : units[i].ns > 1e9)
		i++;
	format_three(number, sizeof(number), ns / units[i].ns);
	snprintf(label, SCALE_LABEL, "%s %s", number, units[i].name);
}
