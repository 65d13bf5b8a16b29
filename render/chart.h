/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A chart: a subcommand of mmrender.
 *
 * To add one:
 *	1. render/NAME.c ends in `const struct chart_ops chart_NAME`; it asks query.h for data and draws
 *	   through canvas.h only, so PNG, SVG, PDF and the text canvas come by themselves.
 *	2. 'NAME' in render/meson.build, from which the table is generated: help, --list-charts and
 *	   completion follow.
 *	3. A golden case in tests/golden, a section in man/mmrender.1.scd.
 *	4. Look at the picture, at 800x500, 1600x900 and 3840x2160, in every theme, with a long and with an
 *	   empty run; tests/render/extents finds texts that overlap or leave the picture.
 */
#ifndef RENDER_CHART_H
#define RENDER_CHART_H

#include "canvas.h"
#include "options.h"
#include "query.h"

#define CHART_RUNS    24 /* compared in one picture */
#define CHART_PANELS  4  /* of them side by side */
#define CHART_OPTIONS 4  /* of its own, at most */
#define NO_TIME       UINT64_MAX

/* What is to be drawn. Filled by main.c; charts only read it. */
struct chart_request {
	struct db *db;
	struct run runs[CHART_RUNS];
	size_t nr_runs;
	uint64_t since_ns, until_ns; /* NO_TIME: not given */
	/* options of single charts */
	const char *show;  /* heatmap */
	const char *zone;  /* heatmap, timeline: one zone only */
	const char *pfn;   /* heatmap: first-last */
	const char *scale; /* timeline */
	const char *table; /* curve: what mmanalyze curve printed */
	bool per_zone;     /* timeline */
	bool difference;   /* heatmap: a third field */
	uint64_t nr_shown; /* tasks: how many at most */
};

struct chart_ops {
	const char *name;
	const char *summary;  /* what it shows, one line */
	const char *epilogue; /* examples, for --help */

	/* Draws many runs in one plot: all of the trace unless --run names some. Else they are panels. */
	bool compares;

	/* Also draws a table of text, which it reads from request->table; there is no database then. */
	bool takes_table;

	/* Writes the rows of its own options; returns how many (CHART_OPTIONS at most). May be NULL. */
	size_t (*options)(struct chart_request *request, struct option_row *rows);

	/*
	 * 0, or a negative MMR_E_* with *err filled; nothing drawn is kept then. What a recording does not
	 * have is no error: layout_empty() and layout_nothing() say so in the picture.
	 */
	int (*draw)(struct canvas *canvas, const struct chart_request *request,
	            struct mmr_error *err);
};

/* All charts, ended by NULL; generated from the list in meson.build. */
extern const struct chart_ops *const charts[];

#endif
