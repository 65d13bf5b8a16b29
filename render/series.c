// SPDX-License-Identifier: GPL-2.0-or-later
#include "series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Times canvas->unit. */
#define BAR_WIDTH    26.0
#define DOT_WIDTH    5.0
#define LONE_DOT     8.0 /* without a line */
#define DOT_DISTANCE 7.0 /* dots that are nearer are left out */

#define MANY_SNAPSHOTS 30

void series_extend(const struct series *series, int64_t *begin, int64_t *end)
{
	if (!series->count)
		return;
	if (series->samples[0].t_ns < *begin)
		*begin = series->samples[0].t_ns;
	if (series->samples[series->count - 1].t_ns > *end)
		*end = series->samples[series->count - 1].t_ns;
}

bool series_few(const struct series *series)
{
	return series->count <= SERIES_FEW;
}

void series_describe(const struct series *series, char *text, size_t size)
{
	*text = '\0';
	if (!series->count || series->count > MANY_SNAPSHOTS)
		return;
	if (series_few(series))
		snprintf(text, size, "at %zu snapshot%s", series->count,
		         series->count == 1 ? "" : "s");
	else
		snprintf(text, size, "%zu snapshots, straight lines between", series->count);
}

/* ---- lines ---- */

/* What a column of pixels shows: first, extremes and last, in this order. */
struct pixel {
	double first, lowest, highest, last;
};

static void add_pixel(struct point *points, size_t *count, double x, const struct pixel *pixel,
                      const struct scale *values)
{
	const double at[4] = { pixel->first, pixel->highest, pixel->lowest, pixel->last };

	for (size_t i = 0; i < 4; i++) {
		double y = scale_map(values, at[i]);

		if (*count && i && fabs(points[*count - 1].y - y) < 0.01)
			continue;
		points[(*count)++] = (struct point){ x, y };
	}
}

/* Of the samples before the shown time only the last counts, of those after it none. */
static bool outside(const struct series *series, size_t index, const struct scale *time)
{
	double t = (double)series->samples[index].t_ns;

	return t > time->high || (t < time->low && index + 1 < series->count &&
	                          (double)series->samples[index + 1].t_ns <= time->low);
}

void series_line(struct canvas *canvas, const struct series *series, const struct scale *time,
                 const struct scale *values, const struct stroke *stroke)
{
	size_t room = 4 * ((size_t)(time->last - time->first) + 3), count = 0;
	struct point *points = xalloc(room, sizeof(*points));
	struct pixel pixel = { 0 };
	double at = -(double)INFINITY;

	for (size_t i = 0; i < series->count; i++) {
		double value = series->samples[i].value;
		double x = floor(scale_map(time, (double)series->samples[i].t_ns)) + 0.5;

		if (outside(series, i, time))
			continue;
		if (x > at) {
			if (isfinite(at))
				add_pixel(points, &count, at, &pixel, values);
			pixel = (struct pixel){ value, value, value, value };
			at = x;
		}
		pixel.lowest = fmin(pixel.lowest, value);
		pixel.highest = fmax(pixel.highest, value);
		pixel.last = value;
	}
	if (isfinite(at))
		add_pixel(points, &count, at, &pixel, values);
	if (count == 1) {
		points[count] = points[0];
		points[count++].x = time->last;
	}
	canvas_line(canvas, points, count, stroke);
	free(points);
}

void series_dots(struct canvas *canvas, const struct series *series, const struct scale *time,
                 const struct scale *values, struct colour colour)
{
	const bool few = series_few(series);
	double side = (few ? LONE_DOT : DOT_WIDTH) * canvas->unit, last = -(double)INFINITY;

	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < series->count; i++) {
			const struct sample *sample = &series->samples[i];
			double t = (double)sample->t_ns, x = scale_map(time, t);

			if (t < time->low || t > time->high)
				continue;
			if (!pass && !few && x - last < DOT_DISTANCE * canvas->unit)
				return;
			last = x;
			if (pass)
				canvas_rectangle(
					canvas,
					(struct rect){ x - side / 2,
				                       scale_map(values, sample->value) - side / 2,
				                       side, side },
					colour);
		}
	}
}

/* ---- columns ---- */

static double column_of(const struct scale *time, double t)
{
	return floor((t - time->low) / (time->high - time->low) * (time->last - time->first));
}

/* Between the samples `from` and the one after it. */
static double between(const struct series *series, size_t from, double t, bool hold)
{
	const struct sample *left = &series->samples[from], *right = left + 1;

	if (from + 1 >= series->count)
		return hold || t <= (double)left->t_ns ? left->value : (double)NAN;
	if (hold || right->t_ns <= left->t_ns)
		return left->value;
	return left->value + (right->value - left->value) * (t - (double)left->t_ns) /
	                             (double)(right->t_ns - left->t_ns);
}

void series_columns(const struct series *series, const struct scale *time, bool hold,
                    double *columns, size_t width)
{
	double step = (time->high - time->low) / (time->last - time->first);
	size_t next = 0;

	for (size_t x = 0; x < width; x++) {
		double sum = 0, middle = time->low + ((double)x + 0.5) * step;
		size_t count = 0;

		for (; next < series->count; next++) {
			double t = (double)series->samples[next].t_ns;

			if (t > time->high || column_of(time, t) > (double)x)
				break;
			if (column_of(time, t) < (double)x)
				continue;
			sum += series->samples[next].value;
			count++;
		}
		columns[x] = count  ? sum / (double)count
		             : next ? between(series, next - 1, middle, hold)
		                    : (double)NAN;
	}
}

/* ---- areas ---- */

/* Corners only: of points on a level line the first and the last. */
static void add_corner(struct point *points, size_t *count, struct point point)
{
	if (*count > 1 && fabs(points[*count - 1].y - point.y) < 0.05 &&
	    fabs(points[*count - 2].y - point.y) < 0.05) {
		points[*count - 1].x = point.x;
		return;
	}
	points[(*count)++] = point;
}

static void fill_between(struct canvas *canvas, struct rect plot, const double *lower,
                         const double *upper, size_t from, size_t to, struct colour colour)
{
	struct point *points = xalloc(2 * (to - from) + 4, sizeof(*points));
	double left = plot.x + (double)from, right = plot.x + (double)to;
	size_t count = 0, half;

	points[count++] = (struct point){ left, upper[from] };
	for (size_t x = from; x < to; x++)
		add_corner(points, &count, (struct point){ plot.x + (double)x + 0.5, upper[x] });
	add_corner(points, &count, (struct point){ right, upper[to - 1] });
	half = count;
	points[count++] = (struct point){ right, lower[to - 1] };
	for (size_t x = to; x-- > from;) {
		struct point point = { plot.x + (double)x + 0.5, lower[x] };

		if (count > half + 1)
			add_corner(points, &count, point);
		else
			points[count++] = point;
	}
	points[count++] = (struct point){ left, lower[from] };
	canvas_fill(canvas, points, count, colour);
	free(points);
}

void series_areas(struct canvas *canvas, struct rect plot, const struct area_layer *layers,
                  size_t nr_layers, const struct scale *values)
{
	size_t width = (size_t)plot.width;
	double *sum = xalloc(width + 1, sizeof(*sum)), *lower = xalloc(width + 1, sizeof(*lower));
	double *upper = xalloc(width + 1, sizeof(*upper));

	for (size_t x = 0; x < width; x++)
		lower[x] = scale_map(values, values->low);
	for (size_t i = 0; i < nr_layers; i++) {
		size_t from = 0;
		bool any = false;

		for (size_t x = 0; x < width; x++) {
			double value = layers[i].columns[x];

			sum[x] += isfinite(value) ? value : 0;
			upper[x] = scale_map(values, sum[x]);
			any |= upper[x] < lower[x];
		}
		for (size_t x = 0; any && x <= width; x++) {
			if (x < width && isfinite(layers[0].columns[x]))
				continue;
			if (x > from)
				fill_between(canvas, plot, lower, upper, from, x, layers[i].colour);
			from = x + 1;
		}
		memcpy(lower, upper, width * sizeof(*lower));
	}
	free(sum);
	free(lower);
	free(upper);
}

void series_stack(struct canvas *canvas, struct rect plot, const struct series_stack *stack,
                  const struct scale *time, const struct scale *values)
{
	size_t width = (size_t)plot.width;
	double *columns = xalloc(stack->nr_series * width + 1, sizeof(*columns));
	struct area_layer *layers = xalloc(stack->nr_series, sizeof(*layers));

	for (size_t i = 0; i < stack->nr_series; i++) {
		series_columns(&stack->series[i], time, stack->hold, columns + i * width, width);
		layers[i] = (struct area_layer){ columns + i * width, stack->colours[i] };
	}
	series_areas(canvas, plot, layers, stack->nr_series, values);
	free(layers);
	free(columns);
}

struct rect series_bar(const struct canvas *canvas, struct rect plot, const struct series *series,
                       size_t sample, const struct scale *time)
{
	double width = BAR_WIDTH * canvas->unit, x, middle;

	x = scale_map(time, (double)series->samples[sample].t_ns);
	for (size_t i = 1; i < series->count; i++) {
		double gap = scale_map(time, (double)series->samples[i].t_ns) -
		             scale_map(time, (double)series->samples[i - 1].t_ns);

		if (gap > 0)
			width = fmin(width, fmax(gap - canvas->unit, 1));
	}
	middle = fmin(fmax(x, plot.x + width / 2), plot.x + plot.width - width / 2);
	return (struct rect){ middle - width / 2, plot.y, width, plot.height };
}

void series_bars(struct canvas *canvas, struct rect plot, const struct series_stack *stack,
                 const struct scale *time, const struct scale *values)
{
	for (size_t i = 0; i < stack->series[0].count; i++) {
		struct rect bar = series_bar(canvas, plot, &stack->series[0], i, time);
		double t = (double)stack->series[0].samples[i].t_ns, sum = 0;

		if (t < time->low || t > time->high)
			continue;
		for (size_t j = 0; j < stack->nr_series && i < stack->series[j].count; j++) {
			double bottom = scale_map(values, sum), top;

			sum += stack->series[j].samples[i].value;
			top = scale_map(values, sum);
			canvas_rectangle(canvas,
			                 (struct rect){ bar.x, top, bar.width, bottom - top },
			                 stack->colours[j]);
		}
	}
}
