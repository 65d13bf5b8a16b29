// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much memory a workload needs: memory across, the share of uses that do not find their page up.
 * Refaults are what more memory would have spared; misses are first uses, too, which nothing spares.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axis.h"
#include "board.h"
#include "chart.h"
#include "curve_table.h"
#include "layout.h"

#define FALL   0.05 /* of a curve's fall, at either end: what lies between is what there is to see */
#define LEFT   16.0 /* further left than in this part of a linear axis it could not be seen */
#define MARGIN 1.03 /* to the right of the last point, that one sees what comes of it */
#define TITLE  "How many uses miss, by the size of memory"

/* What mmanalyze calls the memories. */
static const struct {
	const char *name, *label;
} memories[] = { { "anon", "anonymous memory" },
	         { "file", "files" },
	         { "both", "both in one memory" } };

enum { REFAULTS, MISSES, NR_STRIPS };

struct chart {
	struct canvas *canvas;
	const struct chart_request *request;
	struct curve_table table;
	double widest, highest[NR_STRIPS];
	double low; /* of a logarithmic axis; 0: it is linear */
	bool refaults, bounds;
	struct board board;
};

static const char *curve_label(const struct curve *curve)
{
	for (size_t i = 0; i < sizeof(memories) / sizeof(memories[0]); i++) {
		if (strcmp(curve->name, memories[i].name) == 0)
			return memories[i].label;
	}
	return curve->name;
}

/* Both together lie upon one of the two where the other has little: wider, and drawn first, it is seen beneath. */
static bool lies_beneath(const struct curve *curve)
{
	return strcmp(curve->name, "both") == 0;
}

static struct stroke curve_stroke(const struct chart *chart, size_t number, bool bound)
{
	const struct canvas *canvas = chart->canvas;
	bool wide = lies_beneath(&chart->table.curves[number]);
	struct stroke stroke = { .width = (wide ? 5 : 2) * canvas->unit * canvas->theme->line,
		                 .colour = theme_series(canvas->theme, number + 1) };

	if (bound) {
		stroke.dash[0] = 3 * canvas->unit;
		stroke.dash[1] = 3 * canvas->unit;
	}
	return stroke;
}

static double value_of(const struct curve_point *point, size_t strip)
{
	return strip == REFAULTS ? point->refault_percent : point->miss_percent;
}

/* The smallest memory with which the curve has so much of its fall behind it; it falls, or stays as it is. */
static double fallen(const struct curve *curve, double share)
{
	double first = curve->points[0].miss_percent;
	double fall = first - curve->points[curve->count - 1].miss_percent;

	for (size_t i = 0; i < curve->count; i++)
		if (curve->points[i].bytes > 0 &&
		    first - curve->points[i].miss_percent >= share * fall)
			return curve->points[i].bytes;
	return curve->points[curve->count - 1].bytes;
}

/* Where a curve would be over as soon as it has begun, the axis is logarithmic, and begins somewhat before that. */
static void choose_axis(struct chart *chart)
{
	double begin = chart->widest, settled = chart->widest;

	for (size_t i = 0; i < chart->table.nr_curves; i++) {
		begin = fmin(begin, fallen(&chart->table.curves[i], FALL));
		settled = fmin(settled, fallen(&chart->table.curves[i], 1 - FALL));
	}
	if (settled < chart->widest / LEFT)
		chart->low = exp2(floor(log2(begin / 2)));
}

/* Of memory that nobody uses there is nothing to say. */
static void drop_empty(struct curve_table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->nr_curves; i++) {
		struct curve *curve = &table->curves[i];

		if (curve->count > 0 && curve->points[curve->count - 1].bytes > 0)
			table->curves[kept++] = *curve;
		else
			free(curve->points);
	}
	table->nr_curves = kept;
}

static void measure(struct chart *chart)
{
	drop_empty(&chart->table);
	for (size_t i = 0; i < chart->table.nr_curves; i++) {
		const struct curve *curve = &chart->table.curves[i];

		for (size_t j = 0; j < curve->count; j++) {
			const struct curve_point *point = &curve->points[j];

			chart->widest = fmax(chart->widest, point->bytes);
			chart->refaults |= point->refault_percent >= 0;
			chart->bounds |= point->lower_bound;
			for (size_t strip = 0; strip < NR_STRIPS; strip++)
				chart->highest[strip] =
					fmax(chart->highest[strip], value_of(point, strip));
		}
	}
	choose_axis(chart);
}

/* The first point to draw: of those that lie before the axis only the last, at its beginning. */
static size_t first_point(const struct chart *chart, const struct curve *curve)
{
	size_t first = 0;

	while (first + 1 < curve->count && curve->points[first + 1].bytes <= chart->low)
		first++;
	return first;
}

static double across(const struct chart *chart, const struct curve *curve, size_t index)
{
	const struct scale *scale = &chart->board.across[0];

	return scale_map(scale, index < curve->count ? curve->points[index].bytes : scale->high);
}

/*
 * Of a recording a value holds up to the next point, and the last from there on: steps. Replays of page
 * requests were each made with one size of memory: what lies between two is not known.
 */
static size_t outline(const struct chart *chart, const struct curve *curve, size_t strip,
                      const struct scale *values, size_t from, size_t to, struct point *points)
{
	size_t count = 0;

	for (size_t i = from; i < to; i++) {
		double y = scale_map(values, value_of(&curve->points[i], strip));

		points[count++] = (struct point){ across(chart, curve, i), y };
		if (chart->refaults)
			points[count++] = (struct point){ across(chart, curve, i + 1), y };
	}
	if (to < curve->count)
		points[count++] =
			(struct point){ across(chart, curve, to),
			                scale_map(values, value_of(&curve->points[to], strip)) };
	return count;
}

static void mark_points(struct chart *chart, size_t number, size_t strip,
                        const struct scale *values)
{
	const struct curve *curve = &chart->table.curves[number];
	double side = 7 * chart->canvas->unit;

	for (size_t i = first_point(chart, curve); i < curve->count; i++) {
		const struct curve_point *point = &curve->points[i];
		double x = across(chart, curve, i), y = scale_map(values, value_of(point, strip));
		struct rect mark = { x - side / 2, y - side / 2, side, side };
		char memory[SCALE_LABEL], text[128];

		format_memory(memory, point->bytes);
		snprintf(text, sizeof(text), "%s, %s: %s%.2f %%", curve_label(curve), memory,
		         point->lower_bound ? "at least " : "", value_of(point, strip));
		if (!chart->refaults)
			canvas_rectangle(chart->canvas, mark,
			                 curve_stroke(chart, number, false).colour);
		else
			mark.width += across(chart, curve, i + 1) - x;
		canvas_tip(chart->canvas, mark, text);
	}
}

/* Solid where the curve is exact, dotted where there may be more. */
static void draw_curve(struct chart *chart, size_t number, size_t strip, const struct scale *values)
{
	const struct curve *curve = &chart->table.curves[number];
	struct point *points = xalloc(2 * curve->count + 1, sizeof(*points));
	size_t from = first_point(chart, curve);

	for (size_t i = from + 1; i <= curve->count; i++) {
		bool bound = curve->points[from].lower_bound;
		struct stroke stroke = curve_stroke(chart, number, bound);
		size_t count;

		if (i < curve->count && curve->points[i].lower_bound == bound)
			continue;
		if (!chart->refaults)
			stroke.width /= 2;
		count = outline(chart, curve, strip, values, from, i, points);
		canvas_line(chart->canvas, points, count, &stroke);
		from = i;
	}
	mark_points(chart, number, strip, values);
	free(points);
}

static void draw_strip(struct chart *chart, size_t strip, struct rect plot)
{
	static const char *const names[NR_STRIPS] = {
		"refaults: uses of a page that had been evicted", "misses: refaults and first uses"
	};
	struct scale values;

	scale_init(&values, 0, fmin(fmax(chart->highest[strip] * 1.1, 1), 105),
	           plot.y + plot.height, plot.y);
	layout_strip_name(chart->canvas, plot, names[strip],
	                  chart->refaults ? "share of all uses"
	                                  : "share of all uses; a replay at each point");
	axis_left(chart->canvas, plot, &values, QUANTITY_PERCENT, true);
	axis_below_grid(chart->canvas, plot, &chart->board.across[0], QUANTITY_MEMORY);
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < chart->table.nr_curves; i++)
			if (lies_beneath(&chart->table.curves[i]) == (pass == 0))
				draw_curve(chart, i, strip, &values);
}

static int compose(struct chart *chart, struct mmr_error *err)
{
	struct board *board = &chart->board;
	struct legend_entry entries[CURVES + 1];
	size_t count = 0, at = 0;
	int rc;

	for (size_t i = 0; i < chart->table.nr_curves; i++)
		entries[count++] =
			(struct legend_entry){ .mark = LEGEND_LINE,
			                       .label = curve_label(&chart->table.curves[i]),
			                       .stroke = curve_stroke(chart, i, false) };
	if (chart->bounds) {
		entries[count] = (struct legend_entry){ .mark = LEGEND_LINE,
			                                .label = "at least so many",
			                                .stroke = curve_stroke(chart, 0, true) };
		entries[count++].stroke.colour = chart->canvas->theme->faint_ink;
	}
	board->canvas = chart->canvas;
	board->request = chart->request;
	board->title = TITLE;
	board->legend = entries;
	board->nr_legend = count;
	board->one = true;
	board->below = (struct board_below){ .quantity = QUANTITY_MEMORY,
		                             .title = chart->low > 0 ? "size of memory, logarithmic"
		                                                     : "size of memory",
		                             .low = chart->low,
		                             .high = chart->widest * MARGIN,
		                             .logarithmic = chart->low > 0 };
	board->nr_strips = chart->refaults ? 2 : 1;
	for (size_t i = 0; i < board->nr_strips; i++)
		board->strips[i] = (struct board_strip){ .share = i ? 2 : 3, .least = 40 };
	rc = board_arrange(board, err);
	for (size_t strip = chart->refaults ? REFAULTS : MISSES; strip < NR_STRIPS && !rc; strip++)
		draw_strip(chart, strip, board->plots[0][at++]);
	if (!rc)
		board_finish(board, true);
	return rc;
}

static int draw(struct canvas *canvas, const struct chart_request *request, struct mmr_error *err)
{
	struct chart *chart = xalloc(1, sizeof(*chart));
	int rc = 0;

	chart->canvas = canvas;
	chart->request = request;
	if (request->table)
		rc = curve_table_read(request->table, &chart->table, err);
	else if (request->nr_runs)
		rc = db_miss_ratios(request->db, &request->runs[0], &chart->table, err);
	measure(chart);
	if (!rc && !(chart->widest > 0))
		layout_empty(
			canvas, request, TITLE,
			"Nothing to show: the database has no curves of this recording, and no replays of page requests. "
			"mmanalyze curve --csv makes a table of a recording, which this chart draws, too.");
	else if (!rc)
		rc = compose(chart, err);
	curve_table_deinit(&chart->table);
	free(chart);
	return rc;
}

const struct chart_ops chart_curve = {
	.name = "curve",
	.summary = "How many uses miss, by the size of memory",
	.epilogue = "Instead of a database: what mmanalyze curve --csv printed.\n\n"
		    "Examples:\n"
		    "  mmanalyze curve --csv trace.zst > curve.csv\n"
		    "  mmrender curve curve.csv -o curve.png\n",
	.compares = true,
	.takes_table = true,
	.draw = draw,
};
