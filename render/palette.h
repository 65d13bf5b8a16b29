/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The colours of all charts.
 *
 * Quantities get one sequential ramp from dark blue over teal and green to yellow. It runs through
 * OKLab (B. Ottosson, 2020), and its 256 entries lie at equal distances along it, so that an equal
 * difference in the value is an equal difference to the eye wherever it lies. Lightness only rises, so
 * it survives grey printing; and since blue and yellow stay apart for the common colour blindnesses
 * (protanopia, deuteranopia: 8 % of men), its ends cannot be confused by them.
 *
 * Kinds get the palette of Okabe and Ito (2008), chosen for the same readers, in an order in which
 * kinds that meet in a chart also differ in lightness; theme.c has its values.
 *
 * Differences get two arms that meet in the paper's colour: blue for less, orange for more.
 */
#ifndef RENDER_PALETTE_H
#define RENDER_PALETTE_H

#include <stdbool.h>

#include "colour.h"

#define RAMP_SIZE 256

struct palette {
	struct colour ramp[RAMP_SIZE];
};

/* print: 0 is nearly white, and it grows darker. */
void palette_init(struct palette *palette, bool print);

/* share: 0 to 1, clamped. */
struct colour palette_ramp(const struct palette *palette, double share);

/* -1 (less) to 1 (more), clamped; 0 is `middle`. */
struct colour palette_diverging(double value, struct colour middle, struct colour less,
                                struct colour more);

enum hue {
	HUE_SKY,
	HUE_BLUE,
	HUE_GREEN,
	HUE_ORANGE,
	HUE_VERMILLION,
	HUE_PURPLE,
	HUE_YELLOW,
	HUE_BLACK,
	NR_HUES
};
/* OKLab, for the ramp and its tests. lightness 0 to 1. */
struct oklab {
	double lightness, a, b;
};
struct oklab colour_to_oklab(struct colour colour);
struct colour colour_from_oklab(struct oklab lab);

#endif
