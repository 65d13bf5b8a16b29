// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long tasks waited, and when: time across, durations up on a logarithmic scale, the number of stalls
 * as a colour. What begins in a column and lasts so long as a row says is in their cell.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axis.h"
#include "board.h"
#include "chart.h"
#include "layout.h"
#include "stall_kind.h"

#define STEPS       12 /* so few stalls at most in a cell: a colour each in the legend */
#define LEGEND_MANY "stalls that began in a cell, logarithmic"
#define TITLE       "How long tasks waited for memory, over time"
/* Times canvas->unit. A few stalls are to be seen, of many when they were. */
#define CELL       6.0
#define CELL_MOST  10.0
#define CELLS_EACH 40.0 /* for a stall */

/* What is waited for. A throttled task waits within its reclaim, or on its own where it writes. */
enum { WAIT_RECLAIM, WAIT_THROTTLED, WAIT_COMPACTION, NR_WAITS };

struct field {
	size_t width, height;
	uint32_t *counts;
	struct stall_sum sum;
};

struct latency {
	struct canvas *canvas;
	const struct chart_request *request;
	struct stall_set stalls[CHART_PANELS];
	struct field fields[CHART_PANELS][NR_WAITS];
	bool shown[NR_WAITS], present[NR_STALL_KINDS];
	double longest_ns, shortest_ns, low_ns, high_ns;
	uint32_t most;  /* in any cell */
	size_t busiest; /* stalls of any run */
	struct board board;
};

/* NR_WAITS: not here. */
static size_t wait_of(const struct stall_kind *kind)
{
	if (kind->background || kind->source == STALL_OOM)
		return NR_WAITS;
	if (kind->source == STALL_DIRTY || kind->within)
		return WAIT_THROTTLED;
	return kind->source == STALL_COMPACTION ? WAIT_COMPACTION : WAIT_RECLAIM;
}

static void count_stalls(struct latency *latency, struct field *field, const struct scale *time,
                         const struct stalls *stalls)
{
	struct scale durations;

	scale_init(&durations, latency->low_ns, latency->high_ns, 0, (double)field->height);
	durations.logarithmic = true;
	for (size_t i = 0; i < stalls->count; i++) {
		const struct stall *stall = &stalls->items[i];
		double start = (double)stall->start_ns;
		double share = (start - time->low) / (time->high - time->low);
		size_t x, y;
		uint32_t *cell;

		if (start < time->low || start > time->high)
			continue;
		x = (size_t)(share * (double)field->width);
		y = (size_t)scale_map(&durations, (double)stall->duration_ns);
		x = x < field->width ? x : field->width - 1;
		y = y < field->height ? y : field->height - 1;
		cell = &field->counts[(field->height - 1 - y) * field->width + x];
		if (++*cell > latency->most)
			latency->most = *cell;
		field->sum.count++;
		field->sum.total_ns += (double)stall->duration_ns;
		field->sum.longest_ns = fmax(field->sum.longest_ns, (double)stall->duration_ns);
	}
}

/* The same of all fields, which are all of the same size. */
static double cell_size(const struct latency *latency, struct rect plot)
{
	const double unit = latency->canvas->unit;
	double side = sqrt(plot.width * plot.height / (CELLS_EACH * (double)latency->busiest));

	return fmax(fmin(side, CELL_MOST * unit), CELL * unit);
}

static void fill_field(struct latency *latency, size_t panel, size_t wait, struct rect plot)
{
	struct field *field = &latency->fields[panel][wait];
	const double cell = cell_size(latency, plot);

	field->width = (size_t)fmax(floor(plot.width / cell), 1);
	field->height = (size_t)fmax(floor(plot.height / cell), 1);
	field->counts = xalloc(field->width * field->height, sizeof(*field->counts));
	for (size_t i = 0; i < NR_STALL_KINDS; i++) {
		if (wait_of(&stall_kinds[i]) == wait)
			count_stalls(latency, field, &latency->board.across[panel],
			             &latency->stalls[panel].of[i]);
	}
}

/* Colours grow with the logarithm: among cells of thousands a single stall is to be seen. */
static struct colour cell_colour(const struct latency *latency, uint32_t count)
{
	double share = latency->most > 1 ? log((double)count) / log((double)latency->most) : 1;

	return theme_ramp(latency->canvas->theme, &latency->canvas->palette, share);
}

static void draw_cells(struct latency *latency, const struct field *field, struct rect plot)
{
	double width = plot.width / (double)field->width;
	double height = plot.height / (double)field->height;

	for (size_t i = 0; i < field->width * field->height; i++) {
		uint32_t count = field->counts[i];
		size_t row = i / field->width, column = i % field->width;
		struct rect cell = { plot.x + (double)column * width, plot.y + (double)row * height,
			             width, height };
		char text[64];

		if (!count)
			continue;
		canvas_rectangle(latency->canvas, cell, cell_colour(latency, count));
		snprintf(text, sizeof(text), "%u stall%s", count, count == 1 ? "" : "s");
		canvas_tip(latency->canvas, cell, text);
	}
}

/* "direct reclaim, cgroup reclaim": what there is of it in any run. */
static void name_wait(const struct latency *latency, size_t wait, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < NR_STALL_KINDS && used < size; i++) {
		if (latency->present[i] && wait_of(&stall_kinds[i]) == wait)
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
			                         stall_kinds[i].title);
	}
}

static void draw_field(struct latency *latency, size_t panel, size_t wait, struct rect plot)
{
	struct canvas *canvas = latency->canvas;
	const struct field *field = &latency->fields[panel][wait];
	const struct stall_kind *kind = &stall_kinds[0];
	struct scale durations;
	char figures[128], name[96];

	scale_init(&durations, latency->low_ns, latency->high_ns, plot.y + plot.height, plot.y);
	durations.logarithmic = true;
	stall_describe(kind, &field->sum, figures, sizeof(figures));
	name_wait(latency, wait, name, sizeof(name));
	layout_strip_name(canvas, plot, name, figures);
	canvas_rectangle(canvas, plot, canvas->theme->hole);
	axis_left(canvas, plot, &durations, QUANTITY_DURATION, panel == 0);
	draw_cells(latency, field, plot);
}

static int arrange(struct latency *latency, struct mmr_error *err)
{
	struct board *board = &latency->board;
	const struct legend_entry sample[] = {
		{ .mark = LEGEND_RAMP, .label = LEGEND_MANY, .from = "1", .to = "999 k" },
		{ .label = "none", .colour = latency->canvas->theme->hole },
	};

	board->canvas = latency->canvas;
	board->request = latency->request;
	board->title = TITLE;
	board->legend = sample;
	board->nr_legend = 2;
	board->legend_later = true;
	for (size_t i = 0; i < NR_WAITS; i++) {
		if (latency->shown[i])
			board->strips[board->nr_strips++] =
				(struct board_strip){ .share = 1, .least = 30 };
	}
	return board_arrange(board, err);
}

static void draw_legend(struct latency *latency)
{
	char most[SCALE_LABEL];
	bool few = latency->most <= STEPS;
	const struct legend_entry entries[] = {
		{ .mark = LEGEND_RAMP,
		  .label = few ? "stalls that began in a cell" : LEGEND_MANY,
		  .from = "1",
		  .to = most,
		  .steps = few ? (size_t)latency->most : 0,
		  .counts = few,
		  .begin = latency->canvas->theme->ramp_begin },
		{ .label = "none", .colour = latency->canvas->theme->hole },
	};

	format_amount(most, (double)latency->most);
	if (latency->most > 1)
		board_legend(&latency->board, entries, 2);
	else
		board_legend(&latency->board,
		             (const struct legend_entry[]){
				     { .label = "one stall", .colour = cell_colour(latency, 1) },
				     entries[1] },
		             2);
}

static int compose(struct latency *latency, struct mmr_error *err)
{
	const size_t nr_runs = latency->request->nr_runs;
	int rc = arrange(latency, err);

	if (rc)
		return rc;
	stall_decades(latency->shortest_ns, latency->longest_ns, &latency->low_ns,
	              &latency->high_ns);
	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t panel = 0; panel < nr_runs; panel++) {
			size_t at = 0;

			for (size_t wait = 0; wait < NR_WAITS; wait++) {
				struct rect plot = latency->board.plots[panel][at];

				if (!latency->shown[wait])
					continue;
				at++;
				if (!pass)
					fill_field(latency, panel, wait, plot);
				else
					draw_field(latency, panel, wait, plot);
			}
		}
	}
	draw_legend(latency);
	board_finish(&latency->board, true);
	return 0;
}

/* As of the other charts of that time: its first sample, or the first stall. */
static void begin_at(const struct latency *latency, const struct run *run, size_t panel,
                     int64_t *begin)
{
	int64_t first = db_first_sample(latency->request->db, run);

	if (first >= 0 && first < *begin)
		*begin = first;
	for (size_t i = 0; i < NR_STALL_KINDS; i++) {
		const struct stalls *stalls = &latency->stalls[panel].of[i];

		if (stalls->count && stalls->items[0].start_ns < *begin)
			*begin = stalls->items[0].start_ns;
	}
}

static int load(struct latency *latency, int64_t *begin, int64_t *end, struct mmr_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < latency->request->nr_runs && !rc; i++) {
		const struct run *run = &latency->request->runs[i];
		size_t count = 0;

		rc = stall_set_load(latency->request->db, run, &latency->stalls[i], err);
		begin_at(latency, run, i, begin);
		if (run->duration_ns > *end)
			*end = run->duration_ns;
		for (size_t kind = 0; kind < NR_STALL_KINDS; kind++) {
			const struct stalls *stalls = &latency->stalls[i].of[kind];
			size_t wait = wait_of(&stall_kinds[kind]);

			if (wait == NR_WAITS || !stalls->count)
				continue;
			count += stalls->count;
			latency->busiest = count > latency->busiest ? count : latency->busiest;
			latency->shown[wait] = latency->present[kind] = true;
			latency->longest_ns = fmax(latency->longest_ns, (double)stalls->longest_ns);
			for (size_t j = 0; j < stalls->count; j++)
				latency->shortest_ns = fmin(latency->shortest_ns,
				                            (double)stalls->items[j].duration_ns);
			if (!run->duration_ns && stalls->last_ns > *end)
				*end = stalls->last_ns;
		}
	}
	return rc;
}

static int draw(struct canvas *canvas, const struct chart_request *request, struct mmr_error *err)
{
	struct latency *latency = xalloc(1, sizeof(*latency));
	int64_t begin = TIME_MAX, end = 0;
	int rc;

	latency->canvas = canvas;
	latency->request = request;
	latency->shortest_ns = (double)TIME_MAX;
	rc = load(latency, &begin, &end, err);
	if (!rc)
		rc = layout_time_range(request, begin, end, &latency->board.since,
		                       &latency->board.until, err);
	if (!rc && !latency->busiest)
		layout_empty(canvas, request, TITLE, "No stalls: nobody waited for memory.");
	else if (!rc)
		rc = compose(latency, err);
	for (size_t i = 0; i < request->nr_runs; i++) {
		stall_set_deinit(&latency->stalls[i]);
		for (size_t wait = 0; wait < NR_WAITS; wait++)
			free(latency->fields[i][wait].counts);
	}
	free(latency);
	return rc;
}

const struct chart_ops chart_latency = {
	.name = "latency",
	.summary = "How long tasks waited, and when: a heatmap of stalls",
	.epilogue =
		"Examples:\n"
		"  mmrender latency results.db -o latency.png\n"
		"  mmrender latency results.db --since 4s --until 6s --theme dark -o latency.svg\n",
	.draw = draw,
};
