// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What many runs of one trace came to: a small field for each figure, in it a bar for each run, so that
 * policies, settings and memory sizes can be told apart at a glance. Figures that are nought in all runs
 * are left out.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "axis.h"
#include "chart.h"
#include "layout.h"
#include "stall_kind.h"

#define TITLE "What each run came to"

/* Times canvas->unit. */
#define ROW_GOOD    19.0
#define ROW_LEAST   13.0
#define BAR_SHARE   0.62 /* of a row */
#define BAR_MOST    34.0
#define FIELD_TITLE 24.0
#define FIELD_GAP   14.0
#define FIELD_WIDTH 172.0
#define COLUMNS     3     /* more only where the fields are too many for the height */
#define LABEL_SHARE 0.3   /* of the width, at most */
#define LABEL_WIDTH 150.0 /* or what the fields leave for it */
#define NOTE        18.0
#define GAP         7.0

enum metric_source { FROM_STALLS, FROM_COUNTER };
enum stall_figure { STALL_COUNT, STALL_TOTAL, STALL_P99, STALL_LONGEST };

static const struct metric {
	const char *title;
	enum quantity quantity;
	enum metric_source source;
	enum stall_figure figure;
	const char *counters[4]; /* their sum; pages where the quantity is memory */
} metrics[] = {
	{ "stalls", QUANTITY_AMOUNT, FROM_STALLS, STALL_COUNT, { NULL } },
	{ "time waited in all", QUANTITY_DURATION, FROM_STALLS, STALL_TOTAL, { NULL } },
	{ "99 % waited no longer than", QUANTITY_DURATION, FROM_STALLS, STALL_P99, { NULL } },
	{ "longest stall", QUANTITY_DURATION, FROM_STALLS, STALL_LONGEST, { NULL } },
	{ "swapped out", QUANTITY_MEMORY, FROM_COUNTER, 0, { "pswpout" } },
	{ "swapped in", QUANTITY_MEMORY, FROM_COUNTER, 0, { "pswpin" } },
	{ "refaults, anonymous", QUANTITY_MEMORY, FROM_COUNTER, 0, { "workingset_refault_anon" } },
	{ "refaults, files", QUANTITY_MEMORY, FROM_COUNTER, 0, { "workingset_refault_file" } },
	{ "major faults", QUANTITY_AMOUNT, FROM_COUNTER, 0, { "pgmajfault" } },
	{ "pages that reclaim looked at",
	  QUANTITY_AMOUNT,
	  FROM_COUNTER,
	  0,
	  { "pgscan_direct", "pgscan_kswapd" } },
	{ "huge pages at faults", QUANTITY_AMOUNT, FROM_COUNTER, 0, { "thp_fault_alloc" } },
	{ "no huge page at faults", QUANTITY_AMOUNT, FROM_COUNTER, 0, { "thp_fault_fallback" } },
	{ "pages that compaction moved",
	  QUANTITY_AMOUNT,
	  FROM_COUNTER,
	  0,
	  { "pgmigrate_success" } },
	{ "killed for lack of memory", QUANTITY_AMOUNT, FROM_COUNTER, 0, { "oom_kill" } },
};
#define NR_METRICS (sizeof(metrics) / sizeof(metrics[0]))

struct policies {
	struct canvas *canvas;
	const struct chart_request *request;
	double values[CHART_RUNS][NR_METRICS];
	size_t shown[NR_METRICS]; /* numbers of those that are not nought */
	size_t nr_shown;
};

/* ---- reading ---- */

static int by_value(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* Of all that wait. */
static void read_stalls(const struct stall_set *set, double figures[4])
{
	size_t count = 0, room = 0, rank;
	double *durations;

	for (size_t i = 0; i < NR_STALL_KINDS; i++)
		room += set->of[i].count;
	durations = xalloc(room + 1, sizeof(*durations));
	for (size_t i = 0; i < NR_STALL_KINDS; i++) {
		const struct stall_kind *kind = &stall_kinds[i];

		if (kind->background || kind->source == STALL_OOM || kind->within)
			continue;
		for (size_t j = 0; j < set->of[i].count; j++) {
			durations[count++] = (double)set->of[i].items[j].duration_ns;
			figures[STALL_TOTAL] += durations[count - 1];
		}
	}
	qsort(durations, count, sizeof(*durations), by_value);
	rank = (size_t)ceil(0.99 * (double)count);
	figures[STALL_COUNT] = (double)count;
	figures[STALL_P99] = durations[rank ? rank - 1 : 0];
	figures[STALL_LONGEST] = count ? durations[count - 1] : 0;
	free(durations);
}

static int load(struct policies *policies, size_t number, struct mmr_error *err)
{
	const struct run *run = &policies->request->runs[number];
	struct db *db = policies->request->db;
	struct stall_set set = { 0 };
	double figures[4] = { 0 };
	int rc = stall_set_load(db, run, &set, err);

	if (!rc)
		read_stalls(&set, figures);
	for (size_t i = 0; i < NR_METRICS && !rc; i++) {
		const struct metric *metric = &metrics[i];
		double *value = &policies->values[number][i];

		if (metric->source == FROM_STALLS)
			*value = figures[metric->figure];
		for (size_t j = 0; j < 4 && metric->counters[j] && !rc; j++)
			rc = db_counter(db, run, metric->counters[j], value, err);
		if (metric->quantity == QUANTITY_MEMORY)
			*value *= (double)run->page_size;
	}
	stall_set_deinit(&set);
	return rc;
}

/* ---- drawing ---- */

static void run_name(const struct run *run, char *text, size_t size)
{
	snprintf(text, size, "%s", run->original ? "original" : run->label);
}

/* "1.16 s", and what that is against the original. */
static void value_text(const struct policies *policies, size_t run, size_t metric, char *text,
                       size_t size)
{
	double value = policies->values[run][metric], base = policies->values[0][metric];
	double percent = base > 0 ? fabs(100 * (value - base) / base) : 0;
	char number[SCALE_LABEL];

	format_quantity(number, metrics[metric].quantity, value);
	if (!(value > 0))
		snprintf(number, sizeof(number), "0");
	if (!run || !policies->request->runs[0].original || !(base > 0 || value > 0))
		snprintf(text, size, "%s", number);
	else if (!(base > 0))
		snprintf(text, size, "%s, was 0", number);
	else if (value > 10 * base)
		snprintf(text, size, "%s, ×%.0f", number, value / base);
	else
		snprintf(text, size, "%s, %s%.0f %%", number,
		         percent < 0.5  ? "±"
		         : value < base ? "−"
		                        : "+",
		         percent);
}

static void draw_field(struct policies *policies, size_t metric, struct rect field, double row)
{
	struct canvas *canvas = policies->canvas;
	const struct theme *theme = canvas->theme;
	const size_t nr_runs = policies->request->nr_runs;
	struct text_style style = axis_text(canvas, TEXT_SMALL, ALIGN_LEFT);
	const struct stroke base = { .width = canvas->unit, .colour = theme->rule };
	double widest = 0, most = 0, room;
	char text[96], name[NAME_SIZE], tip[NAME_SIZE + 160];

	for (size_t i = 0; i < nr_runs; i++) {
		value_text(policies, i, metric, text, sizeof(text));
		widest = fmax(widest, canvas_text_width(canvas, text, &style));
		most = fmax(most, policies->values[i][metric]);
	}
	room = fmax(field.width - widest - GAP * canvas->unit, 1);
	layout_strip_name(canvas, field, metrics[metric].title, "");
	for (size_t i = 0; i < nr_runs; i++) {
		double length = room * policies->values[i][metric] / most;
		double height = fmin(row * BAR_SHARE, BAR_MOST * canvas->unit),
		       y = field.y + (double)i * row;
		struct rect bar = { field.x, y + (row - height) / 2, fmax(length, 1), height };

		canvas_rectangle(canvas, bar,
		                 policies->request->runs[i].original ? theme->rule
		                                                     : theme->hues[HUE_BLUE]);
		value_text(policies, i, metric, text, sizeof(text));
		canvas_text_fit(canvas,
		                (struct point){ field.x + length + GAP * canvas->unit,
		                                y + row / 2 + 0.36 * style.size },
		                text, &style, field.x + field.width - bar.x - length);
		run_name(&policies->request->runs[i], name, sizeof(name));
		snprintf(tip, sizeof(tip), "%s, %s: %s", name, metrics[metric].title, text);
		/* Not the bar: it may be too thin to be met. */
		canvas_tip(canvas, (struct rect){ field.x, y, field.width, row }, tip);
	}
	canvas_segment(canvas, (struct point){ field.x, field.y },
	               (struct point){ field.x, field.y + (double)nr_runs * row }, &base);
}

static void draw_names(struct policies *policies, struct rect area, double row)
{
	struct canvas *canvas = policies->canvas;
	struct text_style style = axis_text(canvas, TEXT_SMALL, ALIGN_RIGHT);

	for (size_t i = 0; i < policies->request->nr_runs; i++) {
		const struct run *run = &policies->request->runs[i];
		char name[NAME_SIZE];

		run_name(run, name, sizeof(name));
		style.bold = run->original;
		style.colour = canvas->theme->ink;
		canvas_text_fit_ends(
			canvas,
			(struct point){ area.x + area.width,
		                        area.y + ((double)i + 0.5) * row + 0.36 * style.size },
			name, &style, area.width);
	}
}

struct grid {
	size_t columns, lines;
	double names, width, row;
	double least; /* width */
};

static double names_width(const struct policies *policies)
{
	struct canvas *canvas = policies->canvas;
	struct text_style style = axis_text(canvas, TEXT_SMALL, ALIGN_RIGHT);
	double widest = 0;

	style.bold = true;
	for (size_t i = 0; i < policies->request->nr_runs; i++) {
		char name[NAME_SIZE];

		run_name(&policies->request->runs[i], name, sizeof(name));
		widest = fmax(widest, canvas_text_width(canvas, name, &style));
	}
	return widest + canvas->unit;
}

/* Of a field: its title has room. */
static double least_width(const struct policies *policies)
{
	struct text_style style = axis_text(policies->canvas, TEXT_PLAIN, ALIGN_LEFT);
	double least = FIELD_WIDTH * policies->canvas->unit;

	for (size_t i = 0; i < policies->nr_shown; i++)
		least = fmax(least, canvas_text_width(policies->canvas,
		                                      metrics[policies->shown[i]].title, &style));
	return least;
}

/* Sets the rest by grid->columns and grid->names; false: the fields would be too small. */
static bool measure(const struct policies *policies, struct rect area, struct grid *grid)
{
	const double unit = policies->canvas->unit;

	grid->width = (area.width - grid->names) / (double)grid->columns - FIELD_GAP * unit;
	grid->lines = (policies->nr_shown + grid->columns - 1) / grid->columns;
	grid->row = (area.height / (double)grid->lines - (FIELD_TITLE + FIELD_GAP) * unit) /
	            (double)policies->request->nr_runs;
	return grid->row >= ROW_LEAST * unit && (grid->width >= grid->least || grid->columns == 1);
}

/* The one whose rows are easier to read; of two good ones the one that leaves fewer places empty. */
static bool better(const struct policies *policies, const struct grid *grid,
                   const struct grid *than)
{
	const double good = ROW_GOOD * policies->canvas->unit;
	size_t empty = grid->columns * grid->lines - policies->nr_shown;

	if (!than->columns || grid->row < good || than->row < good)
		return !than->columns || grid->row > than->row;
	return empty <= than->columns * than->lines - policies->nr_shown;
}

/*
 * A few fields beside each other, more where they have no room below each other. Names of runs are cut short
 * only where the fields would have no room otherwise.
 */
static bool choose_grid(const struct policies *policies, struct rect area, struct grid *grid)
{
	const double names = names_width(policies), unit = policies->canvas->unit;
	const double widths[] = { fmin(names, fmax(LABEL_SHARE * area.width, LABEL_WIDTH * unit)),
		                  fmin(names, LABEL_WIDTH * unit) };

	*grid = (struct grid){ 0 };
	for (size_t i = 0; i < 2 && !grid->columns; i++) {
		struct grid next = { .names = widths[i], .least = least_width(policies) };

		for (next.columns = 1; next.columns <= policies->nr_shown; next.columns++) {
			if (next.columns > COLUMNS && grid->columns)
				break;
			if (measure(policies, area, &next) && better(policies, &next, grid))
				*grid = next;
		}
	}
	return grid->columns > 0;
}

static void draw_left_out(struct canvas *canvas, struct rect area, size_t count)
{
	struct text_style style = axis_text(canvas, TEXT_SMALL, ALIGN_RIGHT);
	char text[64];

	snprintf(text, sizeof(text), "no room for %zu more figure%s", count, count == 1 ? "" : "s");
	canvas_text_fit(canvas,
	                (struct point){ area.x + area.width,
	                                area.y + area.height + 0.7 * NOTE * canvas->unit },
	                text, &style, area.width);
}

static int compose(struct policies *policies, struct mmr_error *err)
{
	struct canvas *canvas = policies->canvas;
	struct rect area = layout_heading(canvas, policies->request, TITLE);
	const double unit = canvas->unit;
	const size_t nr_figures = policies->nr_shown;
	struct grid grid;

	area.y += 6 * unit;
	area.height -= 12 * unit;
	while (!choose_grid(policies, area, &grid)) {
		if (policies->nr_shown <= 4)
			return render_error(err, MMR_E_INVALID, "--size is too small for %zu runs",
			                    policies->request->nr_runs);
		if (policies->nr_shown == nr_figures)
			area.height -= NOTE * unit;
		policies->nr_shown--; /* the least important are last */
	}
	for (size_t i = 0; i < policies->nr_shown; i++) {
		size_t column = i % grid.columns, line = i / grid.columns;
		double height = FIELD_TITLE * unit + (double)policies->request->nr_runs * grid.row +
		                FIELD_GAP * unit;
		struct rect field = {
			.x = area.x + grid.names + FIELD_GAP * unit +
			     (double)column * (grid.width + FIELD_GAP * unit),
			.y = area.y + (double)line * height + FIELD_TITLE * unit,
			.width = grid.width,
			.height = (double)policies->request->nr_runs * grid.row,
		};

		if (!column)
			draw_names(policies,
			           (struct rect){ area.x, field.y, grid.names, field.height },
			           grid.row);
		draw_field(policies, policies->shown[i], field, grid.row);
	}
	if (policies->nr_shown < nr_figures)
		draw_left_out(canvas, area, nr_figures - policies->nr_shown);
	return 0;
}

static int draw(struct canvas *canvas, const struct chart_request *request, struct mmr_error *err)
{
	struct policies *policies = xalloc(1, sizeof(*policies));
	int rc = 0;

	policies->canvas = canvas;
	policies->request = request;
	for (size_t i = 0; i < request->nr_runs && !rc; i++)
		rc = load(policies, i, err);
	for (size_t i = 0; i < NR_METRICS; i++) {
		bool any = false;

		for (size_t run = 0; run < request->nr_runs; run++)
			any |= policies->values[run][i] > 0;
		if (any)
			policies->shown[policies->nr_shown++] = i;
	}
	if (!rc && !policies->nr_shown)
		layout_empty(
			canvas, request, TITLE,
			"Nothing to compare: nobody waited, nothing was swapped or refaulted.");
	else if (!rc)
		rc = compose(policies, err);
	free(policies);
	return rc;
}

const struct chart_ops chart_policies = {
	.name = "policies",
	.summary = "Stalls, swap and refaults of all runs, side by side",
	.epilogue = "Examples:\n"
		    "  mmrender policies results.db -o policies.png\n"
		    "  mmrender policies results.db --run original --run mglru -o two.svg\n",
	.compares = true,
	.draw = draw,
};
