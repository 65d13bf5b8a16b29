// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replays against the original over time: each quantity of all runs in one strip, and below it what each
 * replay has more or less than the original.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "axis.h"
#include "board.h"
#include "chart.h"
#include "layout.h"
#include "series.h"
#include "stall_kind.h"
#include "tips.h"

#define TITLE "Replays against the original"

#define HUGE_ORDER 9
#define DOT        7.0 /* times canvas->unit */

enum { FREE_MEMORY, FREE_HUGE, IN_HUGE, WAITED, NR_TRACKS };

static const struct {
	const char *name;
	enum quantity quantity;
	bool snapshots; /* of an original known at these only: it is compared at these, with straight lines between */
} tracks[NR_TRACKS] = {
	[FREE_MEMORY] = { "free memory", QUANTITY_MEMORY, false },
	[FREE_HUGE] = { "free memory in blocks large enough for a huge page", QUANTITY_MEMORY,
	                false },
	[IN_HUGE] = { "anonymous memory in huge pages", QUANTITY_MEMORY, true },
	[WAITED] = { "time waited since the beginning", QUANTITY_DURATION, false },
};

struct difference {
	struct canvas *canvas;
	struct chart_request request; /* with the original first */
	struct series series[CHART_RUNS][NR_TRACKS];
	double *columns[CHART_RUNS][NR_TRACKS];
	bool shown[NR_TRACKS];
	int64_t begin, end;
	struct board board;
};

/* ---- reading ---- */

static int load_blocks(struct difference *all, size_t number, struct mmr_error *err)
{
	const struct run *run = &all->request.runs[number];
	struct series orders[DB_ORDERS] = { 0 };
	int rc = db_free_orders(all->request.db, run, NULL, orders, err);

	for (size_t i = 0; i < orders[0].count; i++) {
		double bytes[2] = { 0, 0 };

		for (size_t order = 0; order < DB_ORDERS; order++) {
			bytes[0] += orders[order].samples[i].value;
			bytes[1] += order >= HUGE_ORDER ? orders[order].samples[i].value : 0;
		}
		series_add(&all->series[number][FREE_MEMORY], orders[0].samples[i].t_ns,
		           bytes[0] * (double)run->page_size);
		series_add(&all->series[number][FREE_HUGE], orders[0].samples[i].t_ns,
		           bytes[1] * (double)run->page_size);
		all->shown[FREE_MEMORY] = true;
		all->shown[FREE_HUGE] |= bytes[1] > 0;
	}
	for (size_t order = 0; order < DB_ORDERS; order++)
		series_deinit(&orders[order]);
	return rc;
}

static int load_huge(struct difference *all, size_t number, struct mmr_error *err)
{
	const struct run *run = &all->request.runs[number];
	struct series *series = &all->series[number][IN_HUGE];
	int rc = db_vmstat(all->request.db, run, "nr_anon_transparent_hugepages", series, err);

	for (size_t i = 0; i < series->count; i++) {
		series->samples[i].value *= (double)run->page_size * (1 << HUGE_ORDER);
		all->shown[IN_HUGE] |= series->samples[i].value > 0;
	}
	return rc;
}

static int by_time(const void *left, const void *right)
{
	const struct stall *a = left, *b = right;

	return a->start_ns < b->start_ns ? -1 : a->start_ns > b->start_ns;
}

/* The sum grows by a stall's whole length where it ends. */
static int load_waits(struct difference *all, size_t number, struct mmr_error *err)
{
	struct series *series = &all->series[number][WAITED];
	struct stalls waits = { 0 };
	struct stall_set set = { 0 };
	double sum = 0;
	int rc = stall_set_load(all->request.db, &all->request.runs[number], &set, err);

	for (size_t i = 0; i < NR_STALL_KINDS && !rc; i++) {
		const struct stall_kind *kind = &stall_kinds[i];

		if (kind->background || kind->source == STALL_OOM || kind->within)
			continue;
		for (size_t j = 0; j < set.of[i].count; j++) {
			struct stall stall = set.of[i].items[j];

			stall.start_ns += stall.duration_ns;
			waits.items = xgrow(waits.items, waits.count, &waits.capacity,
			                    sizeof(*waits.items));
			waits.items[waits.count++] = stall;
		}
	}
	if (waits.count)
		qsort(waits.items, waits.count, sizeof(*waits.items), by_time);
	series_add(series, 0, 0);
	for (size_t i = 0; i < waits.count; i++) {
		sum += (double)waits.items[i].duration_ns;
		series_add(series, waits.items[i].start_ns, sum);
	}
	if (all->request.runs[number].duration_ns > series->samples[series->count - 1].t_ns)
		series_add(series, all->request.runs[number].duration_ns, sum);
	all->shown[WAITED] |= waits.count > 0;
	stalls_deinit(&waits);
	stall_set_deinit(&set);
	return rc;
}

/* The original becomes the first; replays of other traces cannot be compared with it. */
static int order_runs(struct difference *all, const struct chart_request *asked,
                      struct mmr_error *err)
{
	struct chart_request *request = &all->request;
	struct run original;
	size_t count = 1;
	int rc;

	*request = *asked;
	if (!asked->nr_runs)
		return 0;
	rc = db_find_original(asked->db, &asked->runs[0], &original, err);
	if (rc)
		return rc;
	request->runs[0] = original;
	for (size_t i = 0; i < asked->nr_runs; i++) {
		if (asked->runs[i].trace_id != original.trace_id)
			return render_error(err, MMR_E_INVALID,
			                    "the runs to compare are not of the same trace");
		if (!asked->runs[i].original && count < THEME_SERIES)
			request->runs[count++] = asked->runs[i];
	}
	request->nr_runs = count;
	return 0;
}

static int load(struct difference *all, struct mmr_error *err)
{
	int rc = 0;

	all->begin = TIME_MAX;
	for (size_t i = 0; i < all->request.nr_runs && !rc; i++) {
		rc = load_blocks(all, i, err);
		if (!rc)
			rc = load_huge(all, i, err);
		if (!rc)
			rc = load_waits(all, i, err);
		series_extend(&all->series[i][FREE_MEMORY], &all->begin, &all->end);
		if (all->request.runs[i].duration_ns > all->end)
			all->end = all->request.runs[i].duration_ns;
	}
	return rc;
}

/* ---- drawing ---- */

static struct stroke run_stroke(const struct canvas *canvas, size_t run)
{
	return (struct stroke){ .width = (run ? 1.7 : 2.0) * canvas->unit * canvas->theme->line,
		                .colour = theme_series(canvas->theme, run) };
}

/* Between a few snapshots anything may have been. */
static bool by_dots(const struct difference *all, size_t track)
{
	return tracks[track].snapshots && series_few(&all->series[0][track]);
}

/* "original at 2 snapshots" */
static void describe_original(const struct difference *all, size_t track, char *text, size_t size)
{
	char snapshots[64];

	*text = '\0';
	if (!tracks[track].snapshots)
		return;
	series_describe(&all->series[0][track], snapshots, sizeof(snapshots));
	if (*snapshots)
		snprintf(text, size, "original%s %s", by_dots(all, track) ? "" : ":", snapshots);
}

static void draw_tips(struct difference *all, size_t track, struct rect plot)
{
	struct series series[CHART_RUNS];
	const char *names[CHART_RUNS];

	for (size_t run = 0; run < all->request.nr_runs; run++) {
		series[run] = all->series[run][track];
		names[run] = run ? all->request.runs[run].label : "original";
	}
	if (by_dots(all, track))
		names[0] = NULL;
	tips_series(all->canvas, plot,
	            &(struct tips){ names, series, all->request.nr_runs, !tracks[track].snapshots,
	                            tracks[track].quantity, false },
	            &all->board.across[0]);
}

static void draw_values(struct difference *all, size_t track, struct rect plot)
{
	struct canvas *canvas = all->canvas;
	struct scale scale;
	double highest = 0;
	char figures[96];

	for (size_t run = 0; run < all->request.nr_runs; run++) {
		for (size_t i = 0; i < all->series[run][track].count; i++)
			highest = fmax(highest, all->series[run][track].samples[i].value);
	}
	scale_init(&scale, 0, fmax(highest * 1.05, 1), plot.y + plot.height, plot.y);
	describe_original(all, track, figures, sizeof(figures));
	layout_strip_name(canvas, plot, tracks[track].name, figures);
	axis_left(canvas, plot, &scale, tracks[track].quantity, true);
	for (size_t run = all->request.nr_runs; run-- > 0;) {
		struct stroke stroke = run_stroke(canvas, run);

		if (!run && by_dots(all, track))
			series_dots(canvas, &all->series[run][track], &all->board.across[0], &scale,
			            stroke.colour);
		else
			series_line(canvas, &all->series[run][track], &all->board.across[0], &scale,
			            &stroke);
	}
	draw_tips(all, track, plot);
}

static void signed_quantity(char label[SCALE_LABEL + 4], enum quantity quantity, double value)
{
	char number[SCALE_LABEL];

	format_quantity(number, quantity, fabs(value));
	snprintf(label, SCALE_LABEL + 4, "%s%s",
	         value < 0   ? "−"
	         : value > 0 ? "+"
	                     : "",
	         value < 0 || value > 0 ? number : "0");
}

/* "from −31 MiB to +5.2 MiB, off by 1.2 MiB on average": the average is of one replay. */
static void describe(const struct difference *all, size_t track, size_t width, char *text,
                     size_t size)
{
	char low_label[SCALE_LABEL + 4], high_label[SCALE_LABEL + 4], mean[SCALE_LABEL];
	double low = 0, high = 0, sum = 0;
	size_t count = 0, used;

	for (size_t i = 0; i < width * (all->request.nr_runs - 1); i++) {
		size_t run = 1 + i / width, x = i % width;
		double difference = all->columns[run][track][x] - all->columns[0][track][x];

		if (isnan(difference))
			continue;
		low = fmin(low, difference);
		high = fmax(high, difference);
		sum += fabs(difference);
		count++;
	}
	signed_quantity(low_label, tracks[track].quantity, low);
	signed_quantity(high_label, tracks[track].quantity, high);
	used = (size_t)snprintf(text, size, "from %s to %s", low_label, high_label);
	if (!count || all->request.nr_runs > 2 || used >= size)
		return;
	format_quantity(mean, tracks[track].quantity, sum / (double)count);
	snprintf(text + used, size - used, ", off by %s on average", mean);
}

static void draw_difference_line(struct difference *all, size_t run, size_t track, struct rect plot,
                                 const struct scale *scale)
{
	const double *original = all->columns[0][track], *replay = all->columns[run][track];
	struct stroke stroke = run_stroke(all->canvas, run);
	size_t width = (size_t)plot.width, count = 0;
	double side = DOT * all->canvas->unit;
	struct point *points = xalloc(width, sizeof(*points));

	for (size_t x = 0; x < width; x++) {
		double difference = replay[x] - original[x];

		if (!isnan(difference))
			points[count++] = (struct point){ plot.x + (double)x + 0.5,
				                          scale_map(scale, difference) };
	}
	for (size_t i = 0; i < count && by_dots(all, track); i++)
		canvas_rectangle(
			all->canvas,
			(struct rect){ points[i].x - side / 2, points[i].y - side / 2, side, side },
			stroke.colour);
	if (!by_dots(all, track))
		canvas_line(all->canvas, points, count, &stroke);
	free(points);
}

/* Leaves those columns of the original that have a snapshot. */
static void forget_between(struct difference *all, size_t track, size_t width)
{
	const struct series *original = &all->series[0][track];
	const struct scale *time = &all->board.across[0];
	double *columns = all->columns[0][track];
	size_t x = 0;

	for (size_t i = 0; i < original->count; i++) {
		double share =
			((double)original->samples[i].t_ns - time->low) / (time->high - time->low);
		size_t at = (size_t)fmax(share * (double)width, 0);

		if (share < 0 || share > 1)
			continue;
		while (x < at && x < width)
			columns[x++] = (double)NAN;
		x = at + 1;
	}
	while (x < width)
		columns[x++] = (double)NAN;
}

static void draw_difference(struct difference *all, size_t track, struct rect plot)
{
	struct canvas *canvas = all->canvas;
	const struct stroke zero = { .width = canvas->unit, .colour = canvas->theme->rule };
	size_t width = (size_t)plot.width;
	struct scale scale;
	double most = 0, y;
	char figures[128];

	for (size_t run = 0; run < all->request.nr_runs; run++) {
		all->columns[run][track] = xalloc(width, sizeof(double));
		series_columns(&all->series[run][track], &all->board.across[0],
		               !tracks[track].snapshots, all->columns[run][track], width);
		if (!run && tracks[track].snapshots)
			forget_between(all, track, width);
		for (size_t x = 0; x < width; x++) {
			double difference = all->columns[run][track][x] - all->columns[0][track][x];

			most = isnan(difference) ? most : fmax(most, fabs(difference));
		}
	}
	if (!(most > 0)) {
		layout_strip_name(canvas, plot, "replay less original", "");
		layout_nothing(canvas, plot,
		               tracks[track].snapshots ? "no difference at the snapshots"
		                                       : "no difference");
		return;
	}
	most = fmax(most * 1.1, 1);
	scale_init(&scale, -most, most, plot.y + plot.height, plot.y);
	describe(all, track, width, figures, sizeof(figures));
	layout_strip_name(canvas, plot, "replay less original", figures);
	axis_left(canvas, plot, &scale, tracks[track].quantity, true);
	y = scale_map(&scale, 0);
	canvas_segment(canvas, (struct point){ plot.x, y },
	               (struct point){ plot.x + plot.width, y }, &zero);
	for (size_t run = all->request.nr_runs; run-- > 1;)
		draw_difference_line(all, run, track, plot, &scale);
}

static int compose(struct difference *all, struct mmr_error *err)
{
	struct board *board = &all->board;
	struct legend_entry entries[THEME_SERIES];
	size_t at = 0;
	int rc;

	for (size_t i = 0; i < all->request.nr_runs; i++)
		entries[i] =
			(struct legend_entry){ .mark = LEGEND_LINE,
			                       .label = i ? all->request.runs[i].label : "original",
			                       .stroke = run_stroke(all->canvas, i) };
	board->canvas = all->canvas;
	board->request = &all->request;
	board->title = TITLE;
	board->legend = entries;
	board->nr_legend = all->request.nr_runs;
	board->one = true;
	for (size_t track = 0; track < NR_TRACKS; track++) {
		if (!all->shown[track])
			continue;
		board->strips[board->nr_strips++] = (struct board_strip){ .share = 3, .least = 20 };
		board->strips[board->nr_strips++] = (struct board_strip){ .share = 2, .least = 14 };
	}
	rc = board_arrange(board, err);
	for (size_t track = 0; track < NR_TRACKS && !rc; track++) {
		if (!all->shown[track])
			continue;
		draw_values(all, track, board->plots[0][at++]);
		draw_difference(all, track, board->plots[0][at++]);
	}
	if (!rc)
		board_finish(board, true);
	return rc;
}

static int draw(struct canvas *canvas, const struct chart_request *request, struct mmr_error *err)
{
	struct difference *all = xalloc(1, sizeof(*all));
	int rc = order_runs(all, request, err);

	all->canvas = canvas;
	if (!rc)
		rc = load(all, err);
	if (!rc && all->request.nr_runs < 2)
		layout_empty(canvas, request, TITLE,
		             "Nothing to compare: the trace has not been replayed yet.");
	else if (!rc && !all->shown[FREE_MEMORY] && !all->shown[WAITED])
		layout_empty(canvas, request, TITLE,
		             "Nothing to compare: the runs have neither samples of free memory nor "
		             "stalls.");
	else if (!rc)
		rc = layout_time_range(request, all->begin, all->end, &all->board.since,
		                       &all->board.until, err);
	if (!rc && all->board.until)
		rc = compose(all, err);
	for (size_t run = 0; run < CHART_RUNS; run++) {
		for (size_t track = 0; track < NR_TRACKS; track++) {
			series_deinit(&all->series[run][track]);
			free(all->columns[run][track]);
		}
	}
	free(all);
	return rc;
}

const struct chart_ops chart_difference = {
	.name = "difference",
	.summary = "Replays against the original over time, and by how much they differ",
	.epilogue = "Examples:\n"
		    "  mmrender difference results.db -o difference.png\n"
		    "  mmrender difference results.db --run mglru --theme print -o mglru.pdf\n",
	.compares = true,
	.draw = draw,
};
