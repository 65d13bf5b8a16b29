// SPDX-License-Identifier: GPL-2.0-or-later
/* What is on the LRU lists over time, and of MGLRU how old it is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "axis.h"
#include "board.h"
#include "chart.h"
#include "layout.h"
#include "series.h"
#include "tips.h"

#define TITLE "Memory on the LRU lists"

static const struct {
	const char *name, *label;
	enum hue hue;
} lists[] = {
	{ "nr_active_anon", "anonymous, active", HUE_BLUE },
	{ "nr_inactive_anon", "anonymous, inactive", HUE_SKY },
	{ "nr_active_file", "files, active", HUE_VERMILLION },
	{ "nr_inactive_file", "files, inactive", HUE_ORANGE },
	{ "nr_unevictable", "unevictable", HUE_PURPLE },
};
#define NR_LISTS (sizeof(lists) / sizeof(lists[0]))

enum { ANON, FILES, NR_TYPES_OF_PAGES };

struct panel {
	struct series lists[NR_LISTS];
	struct series generations[NR_TYPES_OF_PAGES][DB_GENERATIONS];
};

struct lru {
	struct canvas *canvas;
	const struct chart_request *request;
	struct panel panels[CHART_PANELS];
	bool any, generations; /* of any run */
	double highest, highest_of[NR_TYPES_OF_PAGES];
	int64_t begin, end;
	struct board board;
};

/* ---- reading ---- */

static void to_bytes(struct series *series, int64_t page_size)
{
	for (size_t i = 0; i < series->count; i++)
		series->samples[i].value *= (double)page_size;
}

/* The highest stack; all series have the same instants, or none. */
static double highest_sum(const struct series *series, size_t nr_series)
{
	double highest = 0;

	for (size_t i = 0; i < series[0].count; i++) {
		double sum = 0;

		for (size_t j = 0; j < nr_series; j++)
			sum += i < series[j].count ? series[j].samples[i].value : 0;
		highest = fmax(highest, sum);
	}
	return highest;
}

static int load(struct lru *lru, size_t number, struct mmr_error *err)
{
	const struct run *run = &lru->request->runs[number];
	struct panel *panel = &lru->panels[number];
	int rc = 0;

	for (size_t i = 0; i < NR_LISTS && !rc; i++) {
		rc = db_vmstat(lru->request->db, run, lists[i].name, &panel->lists[i], err);
		to_bytes(&panel->lists[i], run->page_size);
		series_extend(&panel->lists[i], &lru->begin, &lru->end);
		lru->any |= panel->lists[i].count > 0;
	}
	if (!rc)
		rc = db_generations(lru->request->db, run, panel->generations[ANON],
		                    panel->generations[FILES], err);
	for (size_t type = 0; type < NR_TYPES_OF_PAGES; type++) {
		for (size_t i = 0; i < DB_GENERATIONS; i++)
			to_bytes(&panel->generations[type][i], run->page_size);
		lru->highest_of[type] = fmax(lru->highest_of[type],
		                             highest_sum(panel->generations[type], DB_GENERATIONS));
		lru->generations |= lru->highest_of[type] > 0;
	}
	lru->highest = fmax(lru->highest, highest_sum(panel->lists, NR_LISTS));
	if (run->duration_ns > lru->end)
		lru->end = run->duration_ns;
	return rc;
}

/* ---- drawing ---- */

static struct colour generation_colour(const struct canvas *canvas, size_t generation)
{
	return theme_ramp(canvas->theme, &canvas->palette,
	                  1 - (double)generation / (double)(DB_GENERATIONS - 1));
}

static void draw_lists(struct lru *lru, size_t number, struct rect plot)
{
	const struct panel *panel = &lru->panels[number];
	const bool few = series_few(&panel->lists[0]);
	struct colour colours[NR_LISTS];
	const char *names[NR_LISTS];
	struct scale memory;
	char figures[64];

	scale_init(&memory, 0, fmax(lru->highest * 1.05, 1), plot.y + plot.height, plot.y);
	for (size_t i = 0; i < NR_LISTS; i++) {
		colours[i] = lru->canvas->theme->hues[lists[i].hue];
		names[i] = lists[i].label;
	}
	series_describe(&panel->lists[0], figures, sizeof(figures));
	layout_strip_name(lru->canvas, plot, "LRU lists", figures);
	axis_left(lru->canvas, plot, &memory, QUANTITY_MEMORY, number == 0);
	(few ? series_bars : series_stack)(
		lru->canvas, plot, &(struct series_stack){ panel->lists, colours, NR_LISTS, false },
		&lru->board.across[number], &memory);
	if (!panel->lists[0].count)
		layout_nothing(lru->canvas, plot, "no snapshots of /proc/vmstat");
	tips_series(lru->canvas, plot,
	            &(struct tips){ names, panel->lists, NR_LISTS, false, QUANTITY_MEMORY, few },
	            &lru->board.across[number]);
}

static void draw_generations(struct lru *lru, size_t number, size_t type, struct rect plot)
{
	static const char *const names[] = { "anonymous memory by generation",
		                             "file cache by generation" };
	static const char *const ages[DB_GENERATIONS] = { "youngest", "second", "third", "oldest" };
	const struct series *generations = lru->panels[number].generations[type];
	struct colour colours[DB_GENERATIONS];
	const bool few = series_few(&generations[0]);
	struct scale memory;
	char figures[64];

	scale_init(&memory, 0, fmax(lru->highest_of[type] * 1.05, 4096), plot.y + plot.height,
	           plot.y);
	for (size_t i = 0; i < DB_GENERATIONS; i++)
		colours[i] = generation_colour(lru->canvas, i);
	axis_left(lru->canvas, plot, &memory, QUANTITY_MEMORY, number == 0);
	if (!(highest_sum(generations, DB_GENERATIONS) > 0)) {
		layout_strip_name(lru->canvas, plot, names[type], "");
		layout_nothing(lru->canvas, plot, "none: MGLRU was off, or not recorded");
		return;
	}
	series_describe(generations, figures, sizeof(figures));
	layout_strip_name(lru->canvas, plot, names[type], figures);
	(few ? series_bars
	     : series_stack)(lru->canvas, plot,
	                     &(struct series_stack){ generations, colours, DB_GENERATIONS, false },
	                     &lru->board.across[number], &memory);
	tips_series(
		lru->canvas, plot,
		&(struct tips){ ages, generations, DB_GENERATIONS, false, QUANTITY_MEMORY, few },
		&lru->board.across[number]);
}

static int compose(struct lru *lru, struct mmr_error *err)
{
	struct board *board = &lru->board;
	struct legend_entry entries[NR_LISTS + 1];
	size_t count = 0;
	int rc;

	for (size_t i = 0; i < NR_LISTS; i++)
		entries[count++] =
			(struct legend_entry){ .label = lists[i].label,
			                       .colour = lru->canvas->theme->hues[lists[i].hue] };
	if (lru->generations)
		entries[count++] = (struct legend_entry){ .mark = LEGEND_RAMP,
			                                  .label = "generation",
			                                  .from = "oldest",
			                                  .to = "youngest",
			                                  .begin = lru->canvas->theme->ramp_begin,
			                                  .steps = DB_GENERATIONS };
	board->canvas = lru->canvas;
	board->request = lru->request;
	board->title = TITLE;
	board->legend = entries;
	board->nr_legend = count;
	board->nr_strips = lru->generations ? 3 : 1;
	for (size_t i = 0; i < board->nr_strips; i++)
		board->strips[i] = (struct board_strip){ .share = i ? 2 : 3, .least = 30 };
	rc = board_arrange(board, err);
	for (size_t i = 0; i < lru->request->nr_runs && !rc; i++) {
		draw_lists(lru, i, board->plots[i][0]);
		for (size_t type = 0; type < NR_TYPES_OF_PAGES && lru->generations; type++)
			draw_generations(lru, i, type, board->plots[i][1 + type]);
	}
	if (!rc)
		board_finish(board, true);
	return rc;
}

static int draw(struct canvas *canvas, const struct chart_request *request, struct mmr_error *err)
{
	struct lru *lru = xalloc(1, sizeof(*lru));
	int rc = 0;

	lru->canvas = canvas;
	lru->request = request;
	lru->begin = TIME_MAX;
	for (size_t i = 0; i < request->nr_runs && !rc; i++)
		rc = load(lru, i, err);
	if (!rc && !lru->any) {
		layout_empty(canvas, request, TITLE,
		             "Nothing to show: there are no snapshots of /proc/vmstat.");
	} else if (!rc) {
		rc = layout_time_range(request, lru->begin, lru->end, &lru->board.since,
		                       &lru->board.until, err);
		if (!rc)
			rc = compose(lru, err);
	}
	for (size_t i = 0; i < request->nr_runs; i++) {
		for (size_t j = 0; j < NR_LISTS; j++)
			series_deinit(&lru->panels[i].lists[j]);
		for (size_t j = 0; j < NR_TYPES_OF_PAGES * DB_GENERATIONS; j++)
			series_deinit(&lru->panels[i].generations[j / DB_GENERATIONS]
			                                         [j % DB_GENERATIONS]);
	}
	free(lru);
	return rc;
}

const struct chart_ops chart_lru = {
	.name = "lru",
	.summary = "What is on the LRU lists, and in MGLRU's generations, over time",
	.epilogue = "Examples:\n"
		    "  mmrender lru results.db -o lru.png\n"
		    "  mmrender lru results.db --side-by-side --run mglru -o mglru.svg\n",
	.draw = draw,
};
