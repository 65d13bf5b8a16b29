// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Free memory by the size of the blocks it is in, over time; below it the share that is in blocks too small
 * for a huge page. Much memory that is free and of little use is what fragmentation looks like.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axis.h"
#include "board.h"
#include "chart.h"
#include "layout.h"
#include "series.h"
#include "tips.h"

#define TITLE "Free memory by the size of its blocks"

struct panel {
	struct series orders[DB_ORDERS]; /* bytes */
	struct series unusable;          /* percent */
	double highest;
};

struct orders {
	struct canvas *canvas;
	const struct chart_request *request;
	struct panel panels[CHART_PANELS];
	size_t nr_orders; /* that any run has */
	unsigned int huge_order;
	int64_t begin, end;
	struct board board;
};

/* ---- reading ---- */

/* All orders have a sample at each instant. */
static void sum_up(struct orders *orders, struct panel *panel)
{
	for (size_t i = 0; i < panel->orders[0].count; i++) {
		double total = 0, small = 0;

		for (size_t order = 0; order < DB_ORDERS; order++) {
			double bytes = panel->orders[order].samples[i].value;

			total += bytes;
			small += order < orders->huge_order ? bytes : 0;
			if (bytes > 0 && order + 1 > orders->nr_orders)
				orders->nr_orders = order + 1;
		}
		panel->highest = fmax(panel->highest, total);
		series_add(&panel->unusable, panel->orders[0].samples[i].t_ns,
		           total > 0 ? 100 * small / total : 0);
	}
}

static int load(struct orders *orders, size_t number, struct mmr_error *err)
{
	const struct run *run = &orders->request->runs[number];
	struct panel *panel = &orders->panels[number];
	int rc =
		db_free_orders(orders->request->db, run, orders->request->zone, panel->orders, err);

	if (rc)
		return rc;
	for (size_t order = 0; order < DB_ORDERS; order++) {
		for (size_t i = 0; i < panel->orders[order].count; i++)
			panel->orders[order].samples[i].value *= (double)run->page_size;
	}
	sum_up(orders, panel);
	series_extend(&panel->orders[0], &orders->begin, &orders->end);
	if (run->duration_ns > orders->end)
		orders->end = run->duration_ns;
	return 0;
}

/* ---- drawing ---- */

static struct colour order_colour(const struct orders *orders, size_t order)
{
	return theme_ramp(orders->canvas->theme, &orders->canvas->palette,
	                  (double)order / fmax((double)orders->nr_orders - 1, 1));
}

static void draw_areas(struct orders *orders, size_t number, struct rect plot,
                       const struct scale *memory)
{
	const struct panel *panel = &orders->panels[number];
	size_t width = (size_t)plot.width;
	double *columns = xalloc(DB_ORDERS * width, sizeof(*columns));
	struct area_layer layers[DB_ORDERS];

	/* The largest blocks at the bottom: what is worth most has a level base. */
	for (size_t i = 0; i < orders->nr_orders; i++) {
		size_t order = orders->nr_orders - 1 - i;

		series_columns(&panel->orders[order], &orders->board.across[number], true,
		               columns + i * width, width);
		layers[i] = (struct area_layer){ columns + i * width, order_colour(orders, order) };
	}
	series_areas(orders->canvas, plot, layers, orders->nr_orders, memory);
	free(columns);
}

/* "lowest 2.6 MiB at 3.2 s" or highest, of what is shown. */
static void describe(const struct orders *orders, size_t number, char *text, size_t size)
{
	const struct series *unusable = &orders->panels[number].unusable;
	const struct sample *worst = NULL;
	char when[SCALE_LABEL];

	for (size_t i = 0; i < unusable->count; i++) {
		const struct sample *sample = &unusable->samples[i];

		if (sample->t_ns >= orders->board.since && sample->t_ns <= orders->board.until &&
		    (!worst || sample->value > worst->value))
			worst = sample;
	}
	*text = '\0';
	if (!worst)
		return;
	format_time(when, (double)worst->t_ns);
	snprintf(text, size, "most %.0f %% at %s", worst->value, when);
}

/* Under the pointer: the sizes, as the legend has them, the largest first. */
static void draw_tips(struct orders *orders, size_t number, const struct rect *plots)
{
	const struct panel *panel = &orders->panels[number];
	const struct scale *time = &orders->board.across[number];
	static const char *const share = "share";
	const char *names[DB_ORDERS];
	char labels[DB_ORDERS][SCALE_LABEL];
	struct series series[DB_ORDERS];

	for (size_t i = 0; i < orders->nr_orders; i++) {
		size_t order = orders->nr_orders - 1 - i;

		format_memory(labels[i],
		              (double)orders->request->runs[0].page_size * (double)(1u << order));
		names[i] = labels[i];
		series[i] = panel->orders[order];
	}
	tips_series(
		orders->canvas, plots[0],
		&(struct tips){ names, series, orders->nr_orders, true, QUANTITY_MEMORY, false },
		time);
	tips_series(orders->canvas, plots[1],
	            &(struct tips){ &share, &panel->unusable, 1, true, QUANTITY_PERCENT, false },
	            time);
}

static void draw_panel(struct orders *orders, size_t number)
{
	struct canvas *canvas = orders->canvas;
	const struct theme *theme = canvas->theme;
	const struct stroke line = { .width = 1.8 * canvas->unit * theme->line,
		                     .colour = theme->hues[HUE_VERMILLION] };
	const struct rect *plots = orders->board.plots[number];
	const struct scale *time = &orders->board.across[number];
	struct scale memory, percent;
	char name[96], figures[96], huge[SCALE_LABEL];
	double highest = 0;

	for (size_t i = 0; i < orders->request->nr_runs; i++)
		highest = fmax(highest, orders->panels[i].highest);
	scale_init(&memory, 0, fmax(highest * 1.05, 1), plots[0].y + plots[0].height, plots[0].y);
	scale_init(&percent, 0, 105, plots[1].y + plots[1].height, plots[1].y);
	layout_strip_name(canvas, plots[0], "free memory", "");
	axis_left(canvas, plots[0], &memory, QUANTITY_MEMORY, number == 0);
	draw_areas(orders, number, plots[0], &memory);
	format_memory(huge, (double)orders->request->runs[0].page_size *
	                            (double)(1u << orders->huge_order));
	snprintf(name, sizeof(name), "share in blocks of less than %s", huge);
	describe(orders, number, figures, sizeof(figures));
	layout_strip_name(canvas, plots[1], name, figures);
	axis_left(canvas, plots[1], &percent, QUANTITY_PERCENT, number == 0);
	series_line(canvas, &orders->panels[number].unusable, time, &percent, &line);
	if (!orders->panels[number].orders[0].count)
		layout_nothing(canvas, plots[0], "no samples of free blocks");
	draw_tips(orders, number, plots);
}

static int compose(struct orders *orders, struct mmr_error *err)
{
	struct board *board = &orders->board;
	double page = (double)orders->request->runs[0].page_size;
	char from[SCALE_LABEL], to[SCALE_LABEL], title[96];
	const struct legend_entry entry = { .mark = LEGEND_RAMP,
		                            .label = "size of a free block",
		                            .from = from,
		                            .to = to,
		                            .begin = orders->canvas->theme->ramp_begin,
		                            .steps =
		                                    orders->nr_orders > 1 ? orders->nr_orders : 2 };
	int rc;

	format_memory(from, page);
	format_memory(to, page * exp2((double)orders->nr_orders - 1));
	snprintf(title, sizeof(title), orders->request->zone ? TITLE ", zone %.20s" : TITLE,
	         orders->request->zone ? orders->request->zone : "");
	board->canvas = orders->canvas;
	board->request = orders->request;
	board->title = title;
	board->legend = &entry;
	board->nr_legend = 1;
	board->strips[0] = (struct board_strip){ .share = 3, .least = 60 };
	board->strips[1] = (struct board_strip){ .share = 1, .least = 30 };
	board->nr_strips = 2;
	rc = board_arrange(board, err);
	for (size_t i = 0; i < orders->request->nr_runs && !rc; i++)
		draw_panel(orders, i);
	if (!rc)
		board_finish(board, true);
	return rc;
}

static int draw(struct canvas *canvas, const struct chart_request *request, struct mmr_error *err)
{
	struct orders *orders = xalloc(1, sizeof(*orders));
	bool any = false;
	int rc = 0;

	orders->canvas = canvas;
	orders->request = request;
	orders->begin = TIME_MAX;
	orders->nr_orders = 1;
	orders->huge_order = 9;
	for (size_t i = 0; i < request->nr_runs && !rc; i++) {
		rc = load(orders, i, err);
		any |= orders->panels[i].orders[0].count > 0;
	}
	if (!rc && !any) {
		layout_empty(canvas, request, TITLE,
		             "Nothing to show: there are no samples of free blocks.");
	} else if (!rc) {
		rc = layout_time_range(request, orders->begin, orders->end, &orders->board.since,
		                       &orders->board.until, err);
		if (!rc)
			rc = compose(orders, err);
	}
	for (size_t i = 0; i < request->nr_runs; i++) {
		for (size_t order = 0; order < DB_ORDERS; order++)
			series_deinit(&orders->panels[i].orders[order]);
		series_deinit(&orders->panels[i].unusable);
	}
	free(orders);
	return rc;
}

static size_t options(struct chart_request *request, struct option_row *rows)
{
	rows[0] = (struct option_row){ .long_name = "zone",
		                       .type = OPTION_STRING,
		                       .argument = "NAME",
		                       .target = &request->zone,
		                       .help = "This zone only, such as DMA32" };
	return 1;
}

const struct chart_ops chart_orders = {
	.name = "orders",
	.summary = "Free memory by the size of its blocks, over time",
	.epilogue = "Examples:\n"
		    "  mmrender orders results.db -o orders.png\n"
		    "  mmrender orders results.db --zone DMA32 --side-by-side -o orders.pdf\n",
	.options = options,
	.draw = draw,
};
