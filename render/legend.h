/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Legends: one line above the plots, wrapped where it is too long. */
#ifndef RENDER_LEGEND_H
#define RENDER_LEGEND_H

#include "canvas.h"

enum legend_mark { LEGEND_SWATCH, LEGEND_LINE, LEGEND_RAMP };

struct legend_entry {
	enum legend_mark mark;
	const char *label;
	const char *from, *to; /* of a ramp: its ends; label stands before it */
	size_t steps; /* of a ramp: so many colours, at most 64; 0: as many as the eye can tell */
	bool counts; /* of a ramp with steps: each is a number from 1 on, its colour by the logarithm */
	double begin;         /* of a ramp: the share of the scale where it begins */
	bool diverging;       /* a ramp of differences */
	struct colour colour; /* of a swatch */
	struct stroke stroke; /* of a line */
};

/* Draws into area from its upper left corner on, if `draw`; returns the height that is needed. */
double legend(struct canvas *canvas, struct rect area, const struct legend_entry *entries,
              size_t nr_entries, bool draw);

#endif
