// SPDX-License-Identifier: GPL-2.0-or-later
#include "tips.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Times canvas->unit: as narrow as a pointer can be held still in. */
#define STRIP_WIDTH 9.0
#define TILE        32.0
#define TIP_SIZE    1024
#define FEW_STRIPS  2

static bool wanted(const struct canvas *canvas, struct rect plot)
{
	return canvas->ops->tip && plot.width >= 1 && plot.height >= 1;
}

static size_t count_strips(const struct canvas *canvas, double extent, double each)
{
	size_t fit = (size_t)fmax(floor(extent / (each * canvas->unit)), 1);

	return canvas->few_tips && fit > FEW_STRIPS ? FEW_STRIPS : fit;
}

static struct rect strip_at(struct rect plot, size_t i, size_t nr_strips)
{
	double width = plot.width / (double)nr_strips;

	return (struct rect){ plot.x + (double)i * width, plot.y, width, plot.height };
}

static double middle_of(const struct scale *time, size_t i, size_t nr_strips)
{
	return time->low + (time->high - time->low) * ((double)i + 0.5) / (double)nr_strips;
}

/* Adds a line for every series that has a value in the strip; false: none has. */
static bool tell_values(const struct tips *tips, const double *columns, size_t nr_strips, size_t i,
                        char *text, size_t size)
{
	size_t used = strlen(text);
	bool any = false;

	for (size_t j = 0; j < tips->nr_series && used < size; j++) {
		double value = columns[j * nr_strips + i];
		char label[SCALE_LABEL];

		if (!isfinite(value) || !tips->names[j])
			continue;
		format_quantity(label, tips->quantity, value);
		used += (size_t)snprintf(text + used, size - used, "\n%s: %s", tips->names[j],
		                         label);
		any = true;
	}
	return any;
}

static void tell_bars(struct canvas *canvas, struct rect plot, const struct tips *tips,
                      const struct scale *time)
{
	const struct series *first = &tips->series[0];
	double *values = xalloc(tips->nr_series, sizeof(*values));

	for (size_t i = 0; i < first->count; i++) {
		double t = (double)first->samples[i].t_ns;
		char text[TIP_SIZE], when[SCALE_LABEL];

		if (t < time->low || t > time->high)
			continue;
		for (size_t j = 0; j < tips->nr_series; j++)
			values[j] = i < tips->series[j].count ? tips->series[j].samples[i].value
			                                      : (double)NAN;
		format_time(when, t);
		snprintf(text, sizeof(text), "%s", when);
		if (tell_values(tips, values, 1, 0, text, sizeof(text)))
			canvas_tip(canvas, series_bar(canvas, plot, first, i, time), text);
	}
	free(values);
}

void tips_series(struct canvas *canvas, struct rect plot, const struct tips *tips,
                 const struct scale *time)
{
	size_t nr_strips = count_strips(canvas, plot.width, STRIP_WIDTH);
	struct scale coarse = *time;
	double *columns;

	if (!wanted(canvas, plot))
		return;
	if (tips->bars) {
		tell_bars(canvas, plot, tips, time);
		return;
	}
	coarse.first = 0;
	coarse.last = (double)nr_strips;
	columns = xalloc(tips->nr_series * nr_strips, sizeof(*columns));
	for (size_t j = 0; j < tips->nr_series; j++)
		series_columns(&tips->series[j], &coarse, tips->hold, columns + j * nr_strips,
		               nr_strips);
	for (size_t i = 0; i < nr_strips; i++) {
		char text[TIP_SIZE], when[SCALE_LABEL];

		format_time(when, middle_of(time, i, nr_strips));
		snprintf(text, sizeof(text), "%s", when);
		if (tell_values(tips, columns, nr_strips, i, text, sizeof(text)))
			canvas_tip(canvas, strip_at(plot, i, nr_strips), text);
	}
	free(columns);
}

struct lane_tip {
	size_t count;
	double longest;
};

void tips_lane(struct canvas *canvas, struct rect plot, const struct lane *lane)
{
	size_t nr_strips = count_strips(canvas, plot.width, STRIP_WIDTH);
	const struct scale *time = lane->time;
	struct lane_tip *strips;

	if (!wanted(canvas, plot))
		return;
	strips = xalloc(nr_strips, sizeof(*strips));
	for (size_t i = 0; i < lane->stalls->count; i++) {
		double duration = (double)lane->stalls->items[i].duration_ns;
		double start = (double)lane->stalls->items[i].start_ns;
		double scale = (double)nr_strips / (time->high - time->low);
		double from = fmax(floor((start - time->low) * scale), 0);
		double to =
			fmin(floor((start + duration - time->low) * scale), (double)nr_strips - 1);

		for (double at = from; at <= to; at++) {
			struct lane_tip *strip = &strips[(size_t)at];

			strip->count++;
			strip->longest = fmax(strip->longest, duration);
		}
	}
	for (size_t i = 0; i < nr_strips; i++) {
		char text[TIP_SIZE], when[SCALE_LABEL], longest[SCALE_LABEL];

		if (!strips[i].count)
			continue;
		format_time(when, middle_of(time, i, nr_strips));
		format_time(longest, strips[i].longest);
		snprintf(text, sizeof(text), "%s\n%s: %zu, longest %s", when, lane->kind->title,
		         strips[i].count, longest);
		canvas_tip(canvas, strip_at(plot, i, nr_strips), text);
	}
	free(strips);
}

/* The mean of what is there of a tile, NAN if nothing. */
static double tile_mean(const struct heat *heat, const float *values, const size_t x[2],
                        const size_t y[2])
{
	size_t width = (size_t)heat->plot.width, count = 0;
	double sum = 0;

	for (size_t row = y[0]; row < y[1]; row++) {
		for (size_t column = x[0]; column < x[1]; column++) {
			double value = (double)values[row * width + column];

			if (isnan(value))
				continue;
			sum += value;
			count++;
		}
	}
	return count ? sum / (double)count : (double)NAN;
}

static void tell_tile(struct canvas *canvas, const struct heat *heat, const struct segment *segment,
                      const size_t y[2], struct rect tile, const char *when, const char *what)
{
	const struct pageblock_zone *zone = &heat->index.zones[segment->zone];
	double height = (double)(segment->bottom - segment->top);
	char address[SCALE_LABEL], text[TIP_SIZE];

	format_memory(address, (double)segment->address + (double)segment->bytes *
	                                                          (double)(segment->bottom - y[1]) /
	                                                          height);
	snprintf(text, sizeof(text), "%s, %s at %s\n%s", when, zone->name, address, what);
	canvas_tip(canvas, tile, text);
}

static void tile_segment(struct canvas *canvas, const struct heat *heat,
                         const struct segment *segment, const float *values, const char *what,
                         const struct scale *time)
{
	double height = (double)(segment->bottom - segment->top);
	size_t rows = count_strips(canvas, height, TILE);
	size_t columns = count_strips(canvas, heat->plot.width, TILE);

	for (size_t i = 0; i < rows * columns; i++) {
		size_t column = i % columns, row = i / columns;
		struct rect tile = strip_at(heat->plot, column, columns);
		size_t x[2] = { (size_t)(tile.x - heat->plot.x),
			        (size_t)(tile.x - heat->plot.x + tile.width) };
		size_t y[2] = { segment->top + (size_t)(height * (double)row / (double)rows),
			        segment->top +
			                (size_t)(height * (double)(row + 1) / (double)rows) };
		double mean = tile_mean(heat, values, x, y);
		char when[SCALE_LABEL], told[64];

		if (isnan(mean))
			continue;
		tile.y = heat->plot.y + (double)y[0];
		tile.height = (double)(y[1] - y[0]);
		format_time(when, middle_of(time, column, columns));
		snprintf(told, sizeof(told), "%.0f %% %s", 100 * mean, what);
		tell_tile(canvas, heat, segment, y, tile, when, told);
	}
}

void tips_heat(struct canvas *canvas, const struct heat *heat, const float *values,
               const char *what, const struct scale *time)
{
	if (!wanted(canvas, heat->plot))
		return;
	for (size_t i = 0; i < heat->map.nr_segments; i++)
		if (heat->map.segments[i].bottom > heat->map.segments[i].top)
			tile_segment(canvas, heat, &heat->map.segments[i], values, what, time);
}
