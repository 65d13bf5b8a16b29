// SPDX-License-Identifier: GPL-2.0-or-later
/* How many stalls lasted how long: durations across on a logarithmic scale, a strip for each kind. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "axis.h"
#include "board.h"
#include "chart.h"
#include "layout.h"
#include "stall_kind.h"

#define TITLE          "How many stalls lasted how long"
#define BINS_PER_TENTH 5.0 /* a decade: bins are equally wide on the axis */
#define BINS           100
#define FIRST_NS       1e3 /* shorter ones are in the first bin */

struct histogram {
	size_t counts[BINS];
	size_t most;
	struct stall_sum sum;
	double shortest_ns, median_ns, p99_ns;
};

struct histograms {
	struct canvas *canvas;
	const struct chart_request *request;
	struct stall_set stalls[CHART_PANELS];
	struct histogram of[CHART_PANELS][NR_STALL_KINDS];
	bool shown[NR_STALL_KINDS];
	double longest_ns, shortest_ns;
	struct board board;
};

static size_t bin_of(double duration_ns)
{
	double bin = floor(log10(fmax(duration_ns, FIRST_NS) / FIRST_NS) * BINS_PER_TENTH);

	return bin < BINS - 1 ? (size_t)bin : BINS - 1;
}

static double bin_start(size_t bin)
{
	return FIRST_NS * pow(10, (double)bin / BINS_PER_TENTH);
}

static int by_value(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* The smallest duration that `share` of the stalls do not pass. */
static double quantile(const double *sorted, size_t count, double share)
{
	size_t rank = (size_t)ceil(share * (double)count);

	return sorted[rank ? rank - 1 : 0];
}

static void count_stalls(const struct histograms *all, const struct stalls *stalls,
                         struct histogram *histogram)
{
	double *durations = xalloc(stalls->count + 1, sizeof(*durations));
	size_t count = 0;

	for (size_t i = 0; i < stalls->count; i++) {
		const struct stall *stall = &stalls->items[i];
		size_t bin = bin_of((double)stall->duration_ns);

		if (stall->start_ns > all->board.until ||
		    stall->start_ns + stall->duration_ns < all->board.since)
			continue;
		durations[count++] = (double)stall->duration_ns;
		if (++histogram->counts[bin] > histogram->most)
			histogram->most = histogram->counts[bin];
	}
	qsort(durations, count, sizeof(*durations), by_value);
	if (count) {
		histogram->shortest_ns = durations[0];
		histogram->median_ns = quantile(durations, count, 0.5);
		histogram->p99_ns = quantile(durations, count, 0.99);
	}
	histogram->sum = stall_sum(stalls, all->board.since, all->board.until);
	free(durations);
}

static void describe(const struct histogram *histogram, char *text, size_t size)
{
	char median[SCALE_LABEL], p99[SCALE_LABEL], longest[SCALE_LABEL], total[SCALE_LABEL];

	format_time(median, histogram->median_ns);
	format_time(p99, histogram->p99_ns);
	format_time(longest, histogram->sum.longest_ns);
	format_time(total, histogram->sum.total_ns);
	if (!histogram->sum.count)
		snprintf(text, size, "none");
	else if (histogram->sum.count == 1)
		snprintf(text, size, "1 stall of %s", longest);
	else
		snprintf(text, size, "%zu stalls, %s in all; median %s, p99 %s, longest %s",
		         histogram->sum.count, total, median, p99, longest);
}

static void draw_bars(struct histograms *all, size_t panel, size_t kind, struct rect plot,
                      const struct scale *counts)
{
	const struct histogram *histogram = &all->of[panel][kind];
	const struct scale *durations = &all->board.across[panel];
	struct canvas *canvas = all->canvas;

	for (size_t bin = 0; bin < BINS; bin++) {
		double left = scale_map(durations, bin_start(bin));
		double right = scale_map(durations, bin_start(bin + 1));
		double top = scale_map(counts, (double)histogram->counts[bin]);
		char from[SCALE_LABEL], to[SCALE_LABEL], text[128];
		struct rect bar = { left + 0.5 * canvas->unit, top, right - left - canvas->unit,
			            plot.y + plot.height - top };

		if (!histogram->counts[bin])
			continue;
		canvas_rectangle(canvas, bar, canvas->theme->hues[stall_kinds[kind].hue]);
		format_time(from, bin_start(bin));
		format_time(to, bin_start(bin + 1));
		snprintf(text, sizeof(text), "%zu of %s to %s", histogram->counts[bin], from, to);
		canvas_tip(canvas, bar, text);
	}
}

static void draw_strip(struct histograms *all, size_t panel, size_t kind, struct rect plot)
{
	struct canvas *canvas = all->canvas;
	const struct stroke frame = { .width = canvas->unit, .colour = canvas->theme->rule };
	struct scale counts;
	char figures[192];
	size_t most = 0;

	for (size_t i = 0; i < all->request->nr_runs; i++)
		most = all->of[i][kind].most > most ? all->of[i][kind].most : most;
	scale_init(&counts, 0, fmax((double)most * 1.08, 1), plot.y + plot.height, plot.y);
	describe(&all->of[panel][kind], figures, sizeof(figures));
	layout_strip_name(canvas, plot, stall_kinds[kind].title, figures);
	axis_left(canvas, plot, &counts, QUANTITY_AMOUNT, panel == 0);
	axis_below_grid(canvas, plot, &all->board.across[panel], QUANTITY_DURATION);
	draw_bars(all, panel, kind, plot, &counts);
	canvas_frame(canvas, plot, &frame);
}

static int compose(struct histograms *all, struct mmr_error *err)
{
	struct board *board = &all->board;
	double low, high;
	int rc;

	stall_decades(all->shortest_ns, all->longest_ns, &low, &high);
	board->canvas = all->canvas;
	board->request = all->request;
	board->title = TITLE;
	board->below = (struct board_below){ .quantity = QUANTITY_DURATION,
		                             .title = "duration of a stall (logarithmic)",
		                             .low = low,
		                             .high = high,
		                             .logarithmic = true };
	for (size_t i = 0; i < NR_STALL_KINDS; i++) {
		if (all->shown[i])
			board->strips[board->nr_strips++] =
				(struct board_strip){ .share = 1, .least = 24 };
	}
	rc = board_arrange(board, err);
	if (rc)
		return rc;
	for (size_t panel = 0; panel < all->request->nr_runs; panel++) {
		size_t at = 0;

		for (size_t i = 0; i < NR_STALL_KINDS; i++) {
			if (all->shown[i])
				draw_strip(all, panel, i, board->plots[panel][at++]);
		}
	}
	board_finish(board, false);
	return 0;
}

/* Whoever waited; the kernel's own threads keep nobody. */
static bool is_stall(size_t kind)
{
	return !stall_kinds[kind].background && stall_kinds[kind].source != STALL_OOM;
}

static int load(struct histograms *all, int64_t *end, struct mmr_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < all->request->nr_runs && !rc; i++) {
		const struct run *run = &all->request->runs[i];

		rc = stall_set_load(all->request->db, run, &all->stalls[i], err);
		if (run->duration_ns > *end)
			*end = run->duration_ns;
		for (size_t kind = 0; kind < NR_STALL_KINDS; kind++) {
			if (all->stalls[i].of[kind].last_ns > *end && is_stall(kind))
				*end = all->stalls[i].of[kind].last_ns;
		}
	}
	return rc;
}

static int draw(struct canvas *canvas, const struct chart_request *request, struct mmr_error *err)
{
	struct histograms *all = xalloc(1, sizeof(*all));
	bool any = false;
	int64_t end = 0;
	int rc;

	all->canvas = canvas;
	all->request = request;
	all->shortest_ns = (double)TIME_MAX;
	rc = load(all, &end, err);
	if (!rc)
		rc = layout_time_range(request, 0, end, &all->board.since, &all->board.until, err);
	for (size_t i = 0; i < request->nr_runs && !rc; i++) {
		for (size_t kind = 0; kind < NR_STALL_KINDS; kind++) {
			struct histogram *histogram = &all->of[i][kind];

			if (!is_stall(kind))
				continue;
			count_stalls(all, &all->stalls[i].of[kind], histogram);
			all->shown[kind] |= histogram->sum.count > 0;
			any |= histogram->sum.count > 0;
			if (histogram->sum.count)
				all->shortest_ns = fmin(all->shortest_ns, histogram->shortest_ns);
			all->longest_ns = fmax(all->longest_ns, histogram->sum.longest_ns);
		}
	}
	if (!rc && !any)
		layout_empty(canvas, request, TITLE, "No stalls: nobody waited for memory.");
	else if (!rc)
		rc = compose(all, err);
	for (size_t i = 0; i < request->nr_runs; i++)
		stall_set_deinit(&all->stalls[i]);
	free(all);
	return rc;
}

const struct chart_ops chart_histogram = {
	.name = "histogram",
	.summary = "How many stalls lasted how long, by kind",
	.epilogue = "Examples:\n"
		    "  mmrender histogram results.db -o waits.png\n"
		    "  mmrender histogram results.db --side-by-side --run mglru -o both.svg\n",
	.draw = draw,
};
