/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame of most charts: a column for each run, in it strips below each other that share the axis at
 * the bottom (time, unless `below` says otherwise), each strip with its name on the left and figures on the right above it.
 *
 *	1. fill in canvas, request, title, strips, since and until;
 *	2. board_arrange() draws heading, legend and the runs' names, and says where the plots are;
 *	3. the chart draws into plots[run][strip];
 *	4. board_finish() draws losses, frames and the time axes over it.
 */
#ifndef RENDER_BOARD_H
#define RENDER_BOARD_H

#include "axis.h"
#include "canvas.h"
#include "chart.h"
#include "legend.h"
#include "scale.h"

#define BOARD_STRIPS ((size_t)72)

struct board_strip {
	double share; /* of the height that the others leave */
	double least; /* height, times canvas->unit */
	double most;  /* likewise; 0: as high as its share */
};

/* What is across, where it is not time; chosen by a title. */
struct board_below {
	enum quantity quantity;
	const char *title;
	double low, high;
	bool logarithmic;
};

struct board {
	struct canvas *canvas;
	const struct chart_request *request;
	const char *title;
	const struct legend_entry *legend;
	size_t nr_legend;
	bool legend_later; /* board_legend() draws it, no longer than this one */
	struct board_strip strips[BOARD_STRIPS];
	size_t nr_strips;
	int64_t since, until;
	struct board_below below;
	bool one; /* a single column that compares all runs */

	/* by board_arrange() */
	struct rect plots[CHART_PANELS][BOARD_STRIPS];
	struct scale across[CHART_PANELS]; /* of each run: time, or what `below` says */
	struct rect legend_area;
	int64_t loss_ns[CHART_PANELS];
};

/* Refuses a picture that is too small, or too few pixels for so many strips. */
int board_arrange(struct board *board, struct mmr_error *err);

void board_legend(const struct board *board, const struct legend_entry *entries, size_t nr_entries);

/* A frame and the losses on each strip that is `framed`; the time axes. */
void board_finish(const struct board *board, bool framed);

#endif
