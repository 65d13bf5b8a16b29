/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a viewer of SVG reads under the pointer: the values at a time, of a plot cut into strips. */
#ifndef RENDER_TIPS_H
#define RENDER_TIPS_H

#include "axis.h"
#include "canvas.h"
#include "heat.h"
#include "lanes.h"
#include "series.h"

struct tips {
	const char *const *names; /* of the series */
	const struct series *series;
	size_t nr_series;
	bool hold; /* as for series_columns() */
	enum quantity quantity;
	bool bars; /* drawn by series_bars(): nothing is known between */
};

/* "3.2 s", and below it "anonymous: 12 MiB" for each series that has a value there. */
void tips_series(struct canvas *canvas, struct rect plot, const struct tips *tips,
                 const struct scale *time);

/* "3.2 s", and below it "2 direct reclaims, longest 1.2 ms", where there is any. */
void tips_lane(struct canvas *canvas, struct rect plot, const struct lane *lane);

/*
 * "3.2 s, DMA32 at 48 MiB", and below it "12 % free": the mean of values, 0 to 1 for each pixel of the plot, NAN where
 * there is none. what: "free".
 */
void tips_heat(struct canvas *canvas, const struct heat *heat, const float *values,
               const char *what, const struct scale *time);

#endif
