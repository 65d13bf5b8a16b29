/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values over time as lines and areas, however many samples share a pixel. */
#ifndef RENDER_SERIES_H
#define RENDER_SERIES_H

#include "canvas.h"
#include "query.h"
#include "scale.h"

/* A line through all samples; those within one pixel are drawn as their extent. */
void series_line(struct canvas *canvas, const struct series *series, const struct scale *time,
                 const struct scale *values, const struct stroke *stroke);

/* So few samples that nobody knows what was between them: bars or dots, not areas or lines. */
#define SERIES_FEW 4
bool series_few(const struct series *series);

/* "at 3 snapshots", or "7 snapshots, straight lines between"; nothing of so many that lines tell all. */
void series_describe(const struct series *series, char *text, size_t size);

/* A dot at each sample, where there are so few that they do not touch, or that there is no line. */
void series_dots(struct canvas *canvas, const struct series *series, const struct scale *time,
                 const struct scale *values, struct colour colour);

/*
 * The value of each column of pixels: the mean of the samples in it; between two samples the earlier one
 * (hold), or what lies between them; NAN where there is none yet, and without hold after the last.
 */
void series_columns(const struct series *series, const struct scale *time, bool hold,
                    double *columns, size_t width);

/* Layers upon each other, the first at the bottom; a column is left out where the first is NAN. */
struct area_layer {
	const double *columns;
	struct colour colour;
};
void series_areas(struct canvas *canvas, struct rect plot, const struct area_layer *layers,
                  size_t nr_layers, const struct scale *values);

/* The same of series over time; hold as for series_columns(). */
struct series_stack {
	const struct series *series;
	const struct colour *colours;
	size_t nr_series;
	bool hold;
};
void series_stack(struct canvas *canvas, struct rect plot, const struct series_stack *stack,
                  const struct scale *time, const struct scale *values);

/* The same as a bar at each sample. */
void series_bars(struct canvas *canvas, struct rect plot, const struct series_stack *stack,
                 const struct scale *time, const struct scale *values);

/* The place of such a bar, as high as the plot: at the sample, and no wider than the bars are apart. */
struct rect series_bar(const struct canvas *canvas, struct rect plot, const struct series *series,
                       size_t sample, const struct scale *time);

/* The first sample at or after which anything is known, and the last; begin > end without samples. */
void series_extend(const struct series *series, int64_t *begin, int64_t *end);

#endif
