/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers as people write and read them. What is written is strict: a size or a time that could
 * mean two things is refused rather than guessed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "terminal.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{ "", 1 },
	{ "B", 1 },
	{ "K", 1ull << 10 },
	{ "M", 1ull << 20 },
	{ "G", 1ull << 30 },
	{ "T", 1ull << 40 },
	{ "k", 1ull << 10 },
	{ "KiB", 1ull << 10 },
	{ "MiB", 1ull << 20 },
	{ "GiB", 1ull << 30 },
	{ "TiB", 1ull << 40 },
	{ NULL, 0 },
};

static const struct unit time_units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", 60000000000 },
	{ "min", 60000000000 },
	{ "h", 3600000000000 },
	{ "d", 86400000000000 },
	{ NULL, 0 },
};

/* Digits at *text as a number; false without any, or if it does not fit. */
static bool parse_digits(const char **text, uint64_t *value)
{
	const char *start = *text;

	*value = 0;
	for (; **text >= '0' && **text <= '9'; (*text)++)
		if (__builtin_mul_overflow(*value, 10u, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(**text - '0'), value))
			return false;
	return *text > start;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
	for (; units->name; units++)
		if (strcmp(units->name, name) == 0)
			return units;
	return NULL;
}

/* "1.5" followed by a unit; the product is exact, and cut to a whole number. */
static bool parse_with_unit(const char *text, const struct unit *units, uint64_t *result)
{
	const struct unit *unit;
	uint64_t whole;
	uint64_t fraction = 0;
	uint64_t scale = 1;
	uint64_t part;

	if (!parse_digits(&text, &whole))
		return false;
	if (*text == '.') {
		const char *start = ++text;

		if (!parse_digits(&text, &fraction) || text - start > 9)
			return false;
		for (; start < text; start++)
			scale *= 10;
	}
	while (*text == ' ')
		text++;
	unit = find_unit(units, text);
	if (!unit || __builtin_mul_overflow(whole, unit->factor, &whole) ||
	    __builtin_mul_overflow(fraction, unit->factor, &part) ||
	    __builtin_add_overflow(whole, part / scale, &whole))
		return false;
	*result = whole;
	return true;
}

bool parse_size(const char *text, uint64_t *bytes)
{
	return parse_with_unit(text, size_units, bytes);
}

bool parse_time(const char *text, uint64_t *ns)
{
	return parse_with_unit(text, time_units, ns);
}

bool parse_uint(const char *text, uint64_t *value)
{
	uint64_t parsed;

	if (!parse_digits(&text, &parsed) || *text)
		return false;
	*value = parsed;
	return true;
}

char *format_count(char buffer[FORMAT_SIZE], uint64_t value)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, value);
	char *out = buffer;

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return buffer;
}

char *format_multiple(char buffer[FORMAT_SIZE], double percent)
{
	char number[FORMAT_SIZE];

	snprintf(buffer, FORMAT_SIZE, "×%.28s",
	         format_count(number, (uint64_t)(percent / 100 + 1.5)));
	return buffer;
}

char *format_bytes(char buffer[FORMAT_SIZE], uint64_t bytes)
{
	static const char prefixes[] = "kMGTPE";
	double value = (double)bytes / 1000;
	int i = 0;

	if (bytes < 1000) {
		snprintf(buffer, FORMAT_SIZE, "%" PRIu64 " B", bytes);
		return buffer;
	}
	for (; value >= 999.95 && prefixes[i + 1]; i++)
		value /= 1000;
	snprintf(buffer, FORMAT_SIZE, "%.1f %cB", value, prefixes[i]);
	return buffer;
}

char *format_duration(char buffer[FORMAT_SIZE], uint64_t ns)
{
	if (ns < 1000)
		snprintf(buffer, FORMAT_SIZE, "%" PRIu64 " ns", ns);
	else if (ns < 999950)
		snprintf(buffer, FORMAT_SIZE, "%.1f us", (double)ns / 1e3);
	else if (ns < 999950000)
		snprintf(buffer, FORMAT_SIZE, "%.1f ms", (double)ns / 1e6);
	else
		snprintf(buffer, FORMAT_SIZE, "%.3f s", (double)ns / 1e9);
	return buffer;
}
