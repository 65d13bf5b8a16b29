// SPDX-License-Identifier: GPL-2.0-or-later
#include "board.h"

#include <math.h>

#include "axis.h"
#include "layout.h"

/* Times canvas->unit. */
#define STRIP_NAME 21.0
#define STRIP_GAP  8.0
#define COLUMN_GAP 26.0
#define RIGHT      12.0 /* of the last plot: half of the last label */
#define NARROWEST  120.0

/* What the strips get: their least, and of what is left by their shares up to their most. */
static int share_height(const struct board *board, double room, double *heights,
                        struct mmr_error *err)
{
	const double unit = board->canvas->unit;
	double shares = 0, left = room;
	bool full[BOARD_STRIPS] = { false };

	for (size_t i = 0; i < board->nr_strips; i++) {
		heights[i] = board->strips[i].least * unit;
		left -= heights[i];
		shares += board->strips[i].share;
	}
	if (left < 0)
		return render_error(err, MMR_E_INVALID,
		                    "--size is too small for %zu strips; make it higher, or choose "
		                    "less to show",
		                    board->nr_strips);
	for (bool changed = true; changed;) {
		changed = false;
		for (size_t i = 0; i < board->nr_strips; i++) {
			const struct board_strip *strip = &board->strips[i];
			double most = strip->most * unit, more;

			if (full[i] || !(strip->most > 0))
				continue;
			more = fmax(most - heights[i], 0);
			if (left * strip->share < more * shares)
				continue;
			heights[i] += more;
			left -= more;
			shares -= strip->share;
			full[i] = changed = true;
		}
	}
	for (size_t i = 0; i < board->nr_strips; i++)
		heights[i] = floor(heights[i] + (full[i] || !(shares > 0)
		                                         ? 0
		                                         : left * board->strips[i].share / shares));
	return 0;
}

static void place(struct board *board, size_t panel, struct rect column, const double *heights)
{
	const double unit = board->canvas->unit;
	double y = column.y;

	for (size_t i = 0; i < board->nr_strips; i++) {
		y = ceil(y + STRIP_NAME * unit);
		board->plots[panel][i] =
			(struct rect){ column.x, y, column.width, fmax(heights[i], 1) };
		y += heights[i] + STRIP_GAP * unit;
	}
	scale_init(&board->across[panel],
	           board->below.title ? board->below.low : (double)board->since,
	           board->below.title ? board->below.high : (double)board->until, column.x,
	           column.x + column.width);
	board->across[panel].logarithmic = board->below.title && board->below.logarithmic;
}

int board_arrange(struct board *board, struct mmr_error *err)
{
	struct canvas *canvas = board->canvas;
	const struct chart_request *request = board->request;
	const double unit = canvas->unit, left = axis_left_width(canvas);
	const size_t nr_panels = board->one ? 1 : request->nr_runs;
	struct rect area = layout_heading(canvas, request, board->title), columns[CHART_PANELS];
	double heights[BOARD_STRIPS], above;
	int rc;

	above = legend(canvas, area, board->legend, board->nr_legend, !board->legend_later) +
	        (board->one ? 0 : layout_panel_title_height(canvas));
	board->legend_area = area;
	area.y += above;
	area.height -= above + axis_time_height(canvas);
	area.x += left;
	area.width -= left + RIGHT * unit;
	rc = share_height(
		board, area.height - (double)board->nr_strips * (STRIP_NAME + STRIP_GAP + 1) * unit,
		heights, err);
	if (rc)
		return rc;
	layout_columns(canvas, area, nr_panels, COLUMN_GAP, columns);
	if (columns[0].width < NARROWEST * unit)
		return render_error(err, MMR_E_INVALID, "--size is too small for %zu runs",
		                    nr_panels);
	for (size_t i = 0; i < nr_panels; i++) {
		struct rect title = columns[i];

		columns[i].x = floor(columns[i].x);
		columns[i].width = floor(columns[i].width);
		board->loss_ns[i] =
			request->db ? db_first_loss(request->db, &request->runs[i]) : -1;
		title.y -= layout_panel_title_height(canvas);
		if (!board->one)
			layout_panel_title(canvas, title, &request->runs[i], board->loss_ns[i]);
		place(board, i, columns[i], heights);
	}
	return 0;
}

void board_legend(const struct board *board, const struct legend_entry *entries, size_t nr_entries)
{
	legend(board->canvas, board->legend_area, entries, nr_entries, true);
}

void board_finish(const struct board *board, bool framed)
{
	struct canvas *canvas = board->canvas;
	const struct stroke frame = { .width = canvas->unit, .colour = canvas->theme->rule };

	for (size_t i = 0; i < (board->one ? 1 : board->request->nr_runs); i++) {
		struct rect last = board->plots[i][board->nr_strips - 1];
		int64_t loss_ns = board->loss_ns[i];

		for (size_t j = 0; framed && j < board->nr_strips; j++) {
			if (loss_ns >= board->since && loss_ns <= board->until)
				layout_loss_line(canvas, board->plots[i][j],
				                 scale_map(&board->across[i], (double)loss_ns));
			canvas_frame(canvas, board->plots[i][j], &frame);
		}
		if (board->below.title)
			axis_below(canvas, last, &board->across[i], board->below.quantity,
			           board->below.title);
		else
			axis_time(canvas, last, &board->across[i]);
	}
}
