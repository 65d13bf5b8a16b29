// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether what programs use fits: the memory they and the file cache have, and how fast pages that were
 * taken from them come back. A working set larger than memory shows as refaults that do not end.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "axis.h"
#include "board.h"
#include "chart.h"
#include "layout.h"
#include "series.h"
#include "tips.h"

#define TITLE "Working set: what is resident, and what comes back"

/* A strip: what is in memory, or one or two rates. */
#define LINES 2
static const struct strip {
	const char *name;
	enum quantity quantity;
	struct {
		const char *counter, *label;
		enum hue hue;
		const char *less; /* a counter of what is counted elsewhere, too */
	} lines[LINES];
} strips[] = {
	{ "resident memory",
	  QUANTITY_MEMORY,
	  { { "nr_anon_pages", "anonymous", HUE_BLUE, NULL },
	    { "nr_file_pages", "files", HUE_ORANGE, "nr_swapcached" } } },
	{ "refaults per second",
	  QUANTITY_MEMORY,
	  { { "workingset_refault_anon", "anonymous", HUE_BLUE, NULL },
	    { "workingset_refault_file", "files", HUE_ORANGE, NULL } } },
	{ "swap per second",
	  QUANTITY_MEMORY,
	  { { "pswpout", "swapped out", HUE_VERMILLION, NULL },
	    { "pswpin", "swapped in", HUE_GREEN, NULL } } },
	{ "major faults per second",
	  QUANTITY_AMOUNT,
	  { { "pgmajfault", "major faults", HUE_PURPLE, NULL }, { NULL, NULL, NR_HUES, NULL } } },
};
#define NR_STRIPS (sizeof(strips) / sizeof(strips[0]))

struct workingset {
	struct canvas *canvas;
	const struct chart_request *request;
	struct series series[CHART_PANELS][NR_STRIPS][LINES];
	double totals[CHART_PANELS][NR_STRIPS][LINES]; /* of what came back within the time shown */
	double highest[NR_STRIPS];
	bool any;
	int64_t begin, end;
	struct board board;
};

/* ---- reading ---- */

/* A counter's samples become its rate in each interval, as the corners of steps. */
static void to_rate(const struct series *counter, double factor, struct series *rate)
{
	for (size_t i = 0; i + 1 < counter->count; i++) {
		const struct sample *from = &counter->samples[i], *to = from + 1;
		double seconds = (double)(to->t_ns - from->t_ns) / 1e9, value;

		if (!(seconds > 0))
			continue;
		value = fmax(to->value - from->value, 0) * factor / seconds;
		series_add(rate, from->t_ns, value);
		series_add(rate, to->t_ns, value);
	}
}

/* Two counters have their samples at the same instants; one that a kernel does not have takes nothing away. */
static int take_away(struct workingset *all, const struct run *run, const char *name,
                     struct series *counter, struct mmr_error *err)
{
	struct series less = { 0 };
	int rc = db_vmstat(all->request->db, run, name, &less, err);

	for (size_t i = 0, at = 0; i < counter->count; i++) {
		struct sample *sample = &counter->samples[i];

		while (at < less.count && less.samples[at].t_ns < sample->t_ns)
			at++;
		if (at < less.count && less.samples[at].t_ns == sample->t_ns)
			sample->value = fmax(sample->value - less.samples[at].value, 0);
	}
	series_deinit(&less);
	return rc;
}

static int load_line(struct workingset *all, size_t run_number, size_t strip, size_t line,
                     struct mmr_error *err)
{
	const struct run *run = &all->request->runs[run_number];
	struct series *series = &all->series[run_number][strip][line], counter = { 0 };
	double factor = strips[strip].quantity == QUANTITY_MEMORY ? (double)run->page_size : 1;
	int rc;

	if (!strips[strip].lines[line].counter)
		return 0;
	rc = db_vmstat(all->request->db, run, strips[strip].lines[line].counter, &counter, err);
	if (!rc && strips[strip].lines[line].less)
		rc = take_away(all, run, strips[strip].lines[line].less, &counter, err);
	all->any |= counter.count > 0;
	series_extend(&counter, &all->begin, &all->end);
	if (strip) {
		to_rate(&counter, factor, series);
		if (counter.count)
			all->totals[run_number][strip][line] =
				factor * fmax(counter.samples[counter.count - 1].value -
			                              counter.samples[0].value,
			                      0);
	} else {
		for (size_t i = 0; i < counter.count; i++)
			series_add(series, counter.samples[i].t_ns,
			           counter.samples[i].value * factor);
	}
	series_deinit(&counter);
	return rc;
}

/* Stacked the first strip, each by itself the others. */
static void find_highest(struct workingset *all, size_t run, size_t strip)
{
	const struct series *series = all->series[run][strip];

	for (size_t i = 0; i < series[0].count || i < series[1].count; i++) {
		double a = i < series[0].count ? series[0].samples[i].value : 0;
		double b = i < series[1].count ? series[1].samples[i].value : 0;

		all->highest[strip] = fmax(all->highest[strip], strip ? fmax(a, b) : a + b);
	}
}

static int load(struct workingset *all, struct mmr_error *err)
{
	int rc = 0;

	all->begin = TIME_MAX;
	for (size_t run = 0; run < all->request->nr_runs && !rc; run++) {
		for (size_t strip = 0; strip < NR_STRIPS; strip++) {
			for (size_t line = 0; line < LINES && !rc; line++)
				rc = load_line(all, run, strip, line, err);
			find_highest(all, run, strip);
		}
		if (all->request->runs[run].duration_ns > all->end)
			all->end = all->request->runs[run].duration_ns;
	}
	return rc;
}

/* ---- drawing ---- */

/* "anonymous 21.4 MiB, files 16.2 MiB in all" */
static void describe(const struct workingset *all, size_t run, size_t strip, char *text,
                     size_t size)
{
	const double *totals = all->totals[run][strip];
	char first[SCALE_LABEL], second[SCALE_LABEL];

	format_quantity(first, strips[strip].quantity, totals[0]);
	format_quantity(second, strips[strip].quantity, totals[1]);
	*text = '\0';
	if (!(totals[0] + totals[1] > 0))
		return;
	if (strips[strip].lines[1].counter)
		snprintf(text, size, "%s %s, %s %s in all", strips[strip].lines[0].label, first,
		         strips[strip].lines[1].label, second);
	else
		snprintf(text, size, "%s in all", first);
}

static void draw_strip(struct workingset *all, size_t run, size_t strip, struct rect plot)
{
	struct canvas *canvas = all->canvas;
	const struct theme *theme = canvas->theme;
	const struct series *series = all->series[run][strip];
	const bool bars = !strip && series_few(&series[0]);
	struct colour colours[LINES];
	const char *names[LINES];
	struct scale scale;
	char figures[128];

	scale_init(&scale, 0, fmax(all->highest[strip] * 1.08, 1), plot.y + plot.height, plot.y);
	if (strip)
		describe(all, run, strip, figures, sizeof(figures));
	else
		series_describe(&series[0], figures, sizeof(figures));
	layout_strip_name(canvas, plot, strips[strip].name, figures);
	if (all->highest[strip] > 0)
		axis_left(canvas, plot, &scale, strips[strip].quantity, run == 0);
	for (size_t i = 0; i < LINES; i++) {
		colours[i] = theme->hues[strips[strip].lines[i].hue % NR_HUES];
		names[i] = strips[strip].lines[i].label;
	}
	if (!strip)
		(bars ? series_bars : series_stack)(
			canvas, plot, &(struct series_stack){ series, colours, LINES, false },
			&all->board.across[run], &scale);
	for (size_t i = LINES; strip && all->highest[strip] > 0 && i-- > 0;) {
		const struct stroke stroke = { .width = 1.8 * canvas->unit * theme->line,
			                       .colour = colours[i] };

		series_line(canvas, &series[i], &all->board.across[run], &scale, &stroke);
	}
	if (series[0].count && strip && !(all->highest[strip] > 0))
		layout_nothing(canvas, plot, "none");
	if (!series[0].count && !series[1].count)
		layout_nothing(canvas, plot,
		               strip ? "fewer than two snapshots of /proc/vmstat"
		                     : "no snapshots of /proc/vmstat");
	tips_series(canvas, plot,
	            &(struct tips){ names, series, LINES, false, strips[strip].quantity, bars },
	            &all->board.across[run]);
}

static int compose(struct workingset *all, struct mmr_error *err)
{
	static const struct {
		const char *label;
		enum hue hue;
	} names[] = { { "anonymous", HUE_BLUE },
		      { "files", HUE_ORANGE },
		      { "swapped out", HUE_VERMILLION },
		      { "swapped in", HUE_GREEN },
		      { "major faults", HUE_PURPLE } };
	struct legend_entry entries[sizeof(names) / sizeof(names[0])];
	struct board *board = &all->board;
	int rc;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		entries[i] =
			(struct legend_entry){ .label = names[i].label,
			                       .colour = all->canvas->theme->hues[names[i].hue] };
	board->canvas = all->canvas;
	board->request = all->request;
	board->title = TITLE;
	board->legend = entries;
	board->nr_legend = sizeof(names) / sizeof(names[0]);
	board->nr_strips = NR_STRIPS;
	for (size_t i = 0; i < NR_STRIPS; i++)
		board->strips[i] = (struct board_strip){ .share = i ? 1 : 1.6, .least = 24 };
	rc = board_arrange(board, err);
	for (size_t run = 0; run < all->request->nr_runs && !rc; run++) {
		for (size_t strip = 0; strip < NR_STRIPS; strip++)
			draw_strip(all, run, strip, board->plots[run][strip]);
	}
	if (!rc)
		board_finish(board, true);
	return rc;
}

static int draw(struct canvas *canvas, const struct chart_request *request, struct mmr_error *err)
{
	struct workingset *all = xalloc(1, sizeof(*all));
	int rc;

	all->canvas = canvas;
	all->request = request;
	rc = load(all, err);
	if (!rc && !all->any) {
		layout_empty(canvas, request, TITLE,
		             "Nothing to show: there are no snapshots of /proc/vmstat.");
	} else if (!rc) {
		rc = layout_time_range(request, all->begin, all->end, &all->board.since,
		                       &all->board.until, err);
		if (!rc)
			rc = compose(all, err);
	}
	for (size_t run = 0; run < request->nr_runs; run++) {
		for (size_t i = 0; i < NR_STRIPS * LINES; i++)
			series_deinit(&all->series[run][i / LINES][i % LINES]);
	}
	free(all);
	return rc;
}

const struct chart_ops chart_workingset = {
	.name = "workingset",
	.summary = "Resident memory, refaults, swap and major faults over time",
	.epilogue = "Examples:\n"
		    "  mmrender workingset results.db -o workingset.png\n"
		    "  mmrender workingset results.db --side-by-side --theme dark -o both.svg\n",
	.draw = draw,
};
