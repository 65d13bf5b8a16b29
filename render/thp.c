// SPDX-License-Identifier: GPL-2.0-or-later
/* How much of anonymous memory is in huge pages, and how often one was got or could not be had. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "axis.h"
#include "board.h"
#include "chart.h"
#include "layout.h"
#include "series.h"

#define TITLE      "Transparent huge pages"
#define BIN        9.0 /* times canvas->unit: the width of a bar */
#define HUGE_PAGES 512.0

static const struct {
	const char *kind;    /* of thp_event */
	const char *counter; /* where there are no events: how often, at each instant of vmstat */
	const char *label;
	enum hue hue;
} kinds[] = {
	{ "fault_alloc", "thp_fault_alloc", "huge page at a fault", HUE_GREEN },
	{ "collapse", "thp_collapse_alloc", "collapsed", HUE_SKY },
	{ "fault_fallback", "thp_fault_fallback", "none at a fault", HUE_VERMILLION },
	{ "collapse_failed", NULL, "collapse failed", HUE_ORANGE },
};
#define NR_KINDS_OF_EVENTS (sizeof(kinds) / sizeof(kinds[0]))

struct panel {
	struct series coverage;                   /* percent */
	struct series events[NR_KINDS_OF_EVENTS]; /* how many at an instant */
	double *bins[NR_KINDS_OF_EVENTS];
	size_t nr_bins;
	double highest; /* stack of bins */
	double totals[NR_KINDS_OF_EVENTS];
};

struct thp {
	struct canvas *canvas;
	const struct chart_request *request;
	struct panel panels[CHART_PANELS];
	bool any_event, any_coverage;
	int64_t begin, end;
	struct board board;
};

/* ---- reading ---- */

static int load_coverage(struct thp *thp, const struct run *run, struct panel *panel,
                         struct mmr_error *err)
{
	struct series huge = { 0 }, anon = { 0 };
	int rc = db_vmstat(thp->request->db, run, "nr_anon_transparent_hugepages", &huge, err);

	if (!rc)
		rc = db_vmstat(thp->request->db, run, "nr_anon_pages", &anon, err);
	for (size_t i = 0; i < huge.count && huge.count == anon.count; i++) {
		double pages = anon.samples[i].value;

		series_add(&panel->coverage, huge.samples[i].t_ns,
		           pages > 0 ? fmin(100 * HUGE_PAGES * huge.samples[i].value / pages, 100)
		                     : 0);
		thp->any_coverage |= huge.samples[i].value > 0;
	}
	series_extend(&panel->coverage, &thp->begin, &thp->end);
	series_deinit(&huge);
	series_deinit(&anon);
	return rc;
}

/* What a counter moved between two instants happened at the later one. */
static int load_counter(struct thp *thp, const struct run *run, const char *name,
                        struct series *events, struct mmr_error *err)
{
	struct series counter = { 0 };
	int rc = db_vmstat(thp->request->db, run, name, &counter, err);

	for (size_t i = 1; i < counter.count; i++) {
		double moved = counter.samples[i].value - counter.samples[i - 1].value;

		if (moved > 0)
			series_add(events, counter.samples[i].t_ns, moved);
	}
	series_deinit(&counter);
	return rc;
}

static int load(struct thp *thp, size_t number, struct mmr_error *err)
{
	const struct run *run = &thp->request->runs[number];
	struct panel *panel = &thp->panels[number];
	int rc = load_coverage(thp, run, panel, err);
	bool any = false;

	for (size_t i = 0; i < NR_KINDS_OF_EVENTS && !rc; i++) {
		rc = db_thp_events(thp->request->db, run, kinds[i].kind, &panel->events[i], err);
		any |= panel->events[i].count > 0;
	}
	for (size_t i = 0; i < NR_KINDS_OF_EVENTS && !rc && !any; i++) {
		if (kinds[i].counter)
			rc = load_counter(thp, run, kinds[i].counter, &panel->events[i], err);
	}
	for (size_t i = 0; i < NR_KINDS_OF_EVENTS; i++) {
		thp->any_event |= panel->events[i].count > 0;
		series_extend(&panel->events[i], &thp->begin, &thp->end);
	}
	if (run->duration_ns > thp->end)
		thp->end = run->duration_ns;
	return rc;
}

static void fill_bins(struct thp *thp, size_t number)
{
	struct panel *panel = &thp->panels[number];
	const struct scale *time = &thp->board.across[number];
	double width = time->last - time->first;

	panel->nr_bins = (size_t)fmax(floor(width / (BIN * thp->canvas->unit)), 1);
	for (size_t kind = 0; kind < NR_KINDS_OF_EVENTS; kind++) {
		panel->bins[kind] = xalloc(panel->nr_bins, sizeof(double));
		for (size_t i = 0; i < panel->events[kind].count; i++) {
			const struct sample *sample = &panel->events[kind].samples[i];
			double share =
				((double)sample->t_ns - time->low) / (time->high - time->low);
			size_t bin = (size_t)fmax(share * (double)panel->nr_bins, 0);

			if (share < 0 || share > 1)
				continue;
			panel->bins[kind][bin < panel->nr_bins ? bin : panel->nr_bins - 1] +=
				sample->value;
			panel->totals[kind] += sample->value;
		}
	}
	for (size_t bin = 0; bin < panel->nr_bins; bin++) {
		double sum = 0;

		for (size_t kind = 0; kind < NR_KINDS_OF_EVENTS; kind++)
			sum += panel->bins[kind][bin];
		panel->highest = fmax(panel->highest, sum);
	}
}

/* ---- drawing ---- */

static void draw_coverage(struct thp *thp, size_t number, struct rect plot)
{
	struct canvas *canvas = thp->canvas;
	const struct series *coverage = &thp->panels[number].coverage;
	const struct stroke line = { .width = 2 * canvas->unit * canvas->theme->line,
		                     .colour = canvas->theme->hues[HUE_BLUE] };
	struct scale percent;

	char figures[64];

	scale_init(&percent, 0, 105, plot.y + plot.height, plot.y);
	series_describe(coverage, figures, sizeof(figures));
	layout_strip_name(canvas, plot, "share of anonymous memory in huge pages", figures);
	axis_left(canvas, plot, &percent, QUANTITY_PERCENT, number == 0);
	if (!series_few(coverage))
		series_line(canvas, coverage, &thp->board.across[number], &percent, &line);
	series_dots(canvas, coverage, &thp->board.across[number], &percent, line.colour);
	if (!coverage->count)
		layout_nothing(canvas, plot,
		               thp->request->runs[number].original
		                       ? "no snapshots of /proc/vmstat"
		                       : "the replay did not count huge pages in use");
}

static void draw_bars(struct thp *thp, size_t number, struct rect plot, const struct scale *counts)
{
	const struct panel *panel = &thp->panels[number];
	struct canvas *canvas = thp->canvas;
	double width = plot.width / (double)panel->nr_bins;

	for (size_t bin = 0; bin < panel->nr_bins; bin++) {
		double done = 0;

		for (size_t kind = 0; kind < NR_KINDS_OF_EVENTS; kind++) {
			double count = panel->bins[kind][bin];
			double bottom = scale_map(counts, done);
			double top = scale_map(counts, done + count);
			struct rect bar = { plot.x + (double)bin * width, top,
				            fmax(width - canvas->unit, 1), bottom - top };
			char text[96];

			if (!(count > 0))
				continue;
			done += count;
			canvas_rectangle(canvas, bar, canvas->theme->hues[kinds[kind].hue]);
			snprintf(text, sizeof(text), "%s: %.0f", kinds[kind].label, count);
			canvas_tip(canvas, bar, text);
		}
	}
}

static void draw_events(struct thp *thp, size_t number, struct rect plot)
{
	const double *totals = thp->panels[number].totals;
	struct scale counts;
	char figures[128];
	double most = 0;

	for (size_t i = 0; i < thp->request->nr_runs; i++)
		most = fmax(most, thp->panels[i].highest);
	scale_init(&counts, 0, fmax(most * 1.08, 1), plot.y + plot.height, plot.y);
	snprintf(figures, sizeof(figures),
	         "%.0f got, %.0f refused, %.0f collapsed, %.0f failed to collapse", totals[0],
	         totals[2], totals[1], totals[3]);
	layout_strip_name(thp->canvas, plot, "attempts to get a huge page", figures);
	axis_left(thp->canvas, plot, &counts, QUANTITY_AMOUNT, number == 0);
	draw_bars(thp, number, plot, &counts);
	if (!(totals[0] + totals[1] + totals[2] + totals[3] > 0))
		layout_nothing(thp->canvas, plot, "nobody asked for a huge page");
}

static int compose(struct thp *thp, struct mmr_error *err)
{
	struct legend_entry entries[NR_KINDS_OF_EVENTS];
	struct board *board = &thp->board;
	int rc;

	for (size_t i = 0; i < NR_KINDS_OF_EVENTS; i++)
		entries[i] =
			(struct legend_entry){ .label = kinds[i].label,
			                       .colour = thp->canvas->theme->hues[kinds[i].hue] };
	board->canvas = thp->canvas;
	board->request = thp->request;
	board->title = TITLE;
	board->legend = entries;
	board->nr_legend = NR_KINDS_OF_EVENTS;
	board->nr_strips = 2;
	board->strips[0] = board->strips[1] = (struct board_strip){ .share = 1, .least = 40 };
	rc = board_arrange(board, err);
	for (size_t i = 0; i < thp->request->nr_runs && !rc; i++)
		fill_bins(thp, i);
	for (size_t i = 0; i < thp->request->nr_runs && !rc; i++) {
		draw_coverage(thp, i, board->plots[i][0]);
		draw_events(thp, i, board->plots[i][1]);
	}
	if (!rc)
		board_finish(board, true);
	return rc;
}

static int draw(struct canvas *canvas, const struct chart_request *request, struct mmr_error *err)
{
	struct thp *thp = xalloc(1, sizeof(*thp));
	int rc = 0;

	thp->canvas = canvas;
	thp->request = request;
	thp->begin = TIME_MAX;
	for (size_t i = 0; i < request->nr_runs && !rc; i++)
		rc = load(thp, i, err);
	if (!rc && !thp->any_event && !thp->any_coverage) {
		layout_empty(canvas, request, TITLE,
		             "No huge pages: none was in use, none was asked for.");
	} else if (!rc) {
		rc = layout_time_range(request, thp->begin, thp->end, &thp->board.since,
		                       &thp->board.until, err);
		if (!rc)
			rc = compose(thp, err);
	}
	for (size_t i = 0; i < request->nr_runs; i++) {
		struct panel *panel = &thp->panels[i];

		series_deinit(&panel->coverage);
		for (size_t kind = 0; kind < NR_KINDS_OF_EVENTS; kind++) {
			series_deinit(&panel->events[kind]);
			free(panel->bins[kind]);
		}
	}
	free(thp);
	return rc;
}

const struct chart_ops chart_thp = {
	.name = "thp",
	.summary = "How much memory is in huge pages, and how often one could not be had",
	.epilogue = "Examples:\n"
		    "  mmrender thp results.db -o thp.png\n"
		    "  mmrender thp results.db --side-by-side -o thp.pdf\n",
	.draw = draw,
};
