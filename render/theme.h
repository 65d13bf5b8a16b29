/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paper, ink and the colours of kinds and quantities, for a screen (light, dark) and for a printer. A
 * chart takes every colour from canvas->theme and none from anywhere else.
 */
#ifndef RENDER_THEME_H
#define RENDER_THEME_H

#include <stdbool.h>
#include <stddef.h>

#include "colour.h"
#include "palette.h"

struct theme {
	const char *name;
	struct colour paper;
	struct colour ink, faint_ink; /* titles and names; labels and figures */
	struct colour rule, grid;     /* frames and ticks; lines across a plot */
	struct colour nothing;        /* no value here, e.g. nothing free */
	struct colour hole;           /* no memory, or no data; also the ground of a lane */
	struct colour alarm;          /* text of a warning */
	struct colour blank;          /* a free pageblock among kinds */
	struct colour hues[NR_HUES];
	double ramp_begin; /* where a scale begins whose lower end is to be seen against the paper */
	double line;       /* factor on the width of lines */
	bool print;        /* scales on which little is light: what is empty needs no ink */
};

/* light, dark, print; ended by one without a name. */
extern const struct theme themes[];

/* NULL stands for the first; returns NULL if there is none of the name. */
const struct theme *theme_find(const char *name);

/* palette_ramp() from ramp_begin on. */
struct colour theme_ramp(const struct theme *theme, const struct palette *palette, double share);

/* The colour of the n-th of several lines: ink, then hues that lie far from each other. */
#define THEME_SERIES ((size_t)8)
struct colour theme_series(const struct theme *theme, size_t number);

#endif
