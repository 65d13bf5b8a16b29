/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From values to pixels, and the round values at which an axis carries a label. */
#ifndef RENDER_SCALE_H
#define RENDER_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCALE_TICKS 64
#define SCALE_LABEL 32

struct scale {
	double low, high;   /* values; low < high after scale_init() */
	double first, last; /* pixels; first may be larger than last (an axis that points up) */
	bool logarithmic;   /* low > 0 */
};

/* Widens an empty or reversed range, so that it always has an extent. */
void scale_init(struct scale *scale, double low, double high, double first, double last);
double scale_map(const struct scale *scale, double value); /* clamped to the range */

struct ticks {
	double at[SCALE_TICKS];
	size_t count;
	double step;
};

/* Multiples of 1, 2 or 5 times a power of ten within [low, high], at most `most` (and SCALE_TICKS). */
void ticks_decimal(struct ticks *ticks, double low, double high, size_t most);

/* Multiples of a power of two: of bytes, so that MiB and GiB are round. */
void ticks_binary(struct ticks *ticks, double low, double high, size_t most);

/* Powers of two, or of 4, 8, 16, ... where there is no room for all; low > 0. step is in octaves. */
void ticks_octave(struct ticks *ticks, double low, double high, size_t most);

/* Powers of ten, or every second, third ... of them; low > 0. step is in decades. */
void ticks_decade(struct ticks *ticks, double low, double high, size_t most);

/* One unit for a whole axis: seconds unless the span is under a second, then ms, µs or ns. */
struct time_unit {
	const char *name;
	double ns;
};
struct time_unit time_unit_for(double span_ns);

/* "0.25": as many decimals as the step needs. */
void format_tick(char label[SCALE_LABEL], double value, double step);

/* "12.5 MiB", "4 GiB", "16 KiB": three significant digits, exact where it is a whole number. */
void format_memory(char label[SCALE_LABEL], double bytes);

/* Exactly: the largest unit of which it is a multiple of an eighth: "4.875 GiB", "4978 MiB". */
void format_address(char label[SCALE_LABEL], double bytes);

/* "0", "640", "1.5 k", "20 k", "3.2 M": three significant digits. */
void format_amount(char label[SCALE_LABEL], double value);

/* "1.5 s", "25 ms", "300 µs". */
void format_time(char label[SCALE_LABEL], double ns);

#endif
