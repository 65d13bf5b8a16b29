// SPDX-License-Identifier: GPL-2.0-or-later
#include "lanes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "axis.h"
#include "layout.h"
#include "tips.h"

/* Shorter stalls stand as high as this. */
#define STALL_FLOOR_NS 1e3

static double full_height_ns(const struct lane *lane)
{
	return fmax(lane->full_ns, 100 * STALL_FLOOR_NS);
}

/* The highest stall in each column of pixels. */
static void raise_columns(const struct canvas *canvas, const struct lane *lane, struct rect plot,
                          double *columns)
{
	size_t width = (size_t)plot.width, thinnest = (size_t)(canvas->unit / 1.5);
	bool whole = lane->kind->source == STALL_OOM;
	struct scale scale;

	scale_init(&scale, STALL_FLOOR_NS, full_height_ns(lane), fmin(3, plot.height / 4),
	           plot.height);
	scale.logarithmic = true;
	for (size_t i = 0; i < lane->stalls->count; i++) {
		double start = (double)lane->stalls->items[i].start_ns;
		double end = start + (double)lane->stalls->items[i].duration_ns;
		double height = whole ? plot.height : scale_map(&scale, end - start);
		size_t from, to;

		if (end < (double)lane->since || start > (double)lane->until)
			continue;
		from = (size_t)(scale_map(lane->time, start) - lane->time->first);
		to = (size_t)(scale_map(lane->time, end) - lane->time->first);
		to = to < from + thinnest ? from + thinnest : to;
		for (size_t x = from; x <= to && x < width; x++)
			columns[x] = fmax(columns[x], height);
	}
}

static void draw_columns(struct canvas *canvas, struct rect plot, const double *columns,
                         struct colour colour)
{
	size_t width = (size_t)plot.width, start = 0;

	for (size_t x = 1; x <= width; x++) {
		if (x < width && fabs(columns[x] - columns[start]) < 0.25)
			continue;
		canvas_rectangle(canvas,
		                 (struct rect){ plot.x + (double)start,
		                                plot.y + plot.height - columns[start],
		                                (double)(x - start), columns[start] },
		                 colour);
		start = x;
	}
}

/* Left of a lane: the duration that a bar of full height has. */
static void label_lane(struct canvas *canvas, const struct lane *lane, struct rect plot)
{
	struct text_style style = axis_text(canvas, TEXT_SMALL - 1, ALIGN_RIGHT);
	double x = plot.x - 6 * canvas->unit;
	char label[SCALE_LABEL];

	format_time(label, full_height_ns(lane));
	canvas_text(canvas, (struct point){ x, plot.y + 0.72 * style.size }, label, &style);
	if (plot.height < 2.2 * style.size)
		return;
	format_time(label, STALL_FLOOR_NS);
	canvas_text(canvas, (struct point){ x, plot.y + plot.height }, label, &style);
}

void lane_draw(struct canvas *canvas, struct rect plot, const struct lane *lane)
{
	const struct stroke base = { .width = canvas->unit, .colour = canvas->theme->rule };
	struct stall_sum sum = stall_sum(lane->stalls, lane->since, lane->until);
	double *columns = xalloc((size_t)plot.width + 1, sizeof(*columns));
	double bottom = plot.y + plot.height;
	char figures[128];

	stall_describe(lane->kind, &sum, figures, sizeof(figures));
	layout_strip_name(canvas, plot, lane->kind->title, figures);
	canvas_rectangle(canvas, plot, canvas->theme->hole);
	raise_columns(canvas, lane, plot, columns);
	draw_columns(canvas, plot, columns, canvas->theme->hues[lane->kind->hue]);
	canvas_segment(canvas, (struct point){ plot.x, bottom },
	               (struct point){ plot.x + plot.width, bottom }, &base);
	if (lane->labels && lane->kind->source != STALL_OOM)
		label_lane(canvas, lane, plot);
	tips_lane(canvas, plot, lane);
	free(columns);
}
