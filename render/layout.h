/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all charts share: the heading, the panels side by side, the range of time. */
#ifndef RENDER_LAYOUT_H
#define RENDER_LAYOUT_H

#include "canvas.h"
#include "chart.h"

/* Draws title and "trace, kernel"; returns what is left below them, inside the margins: all of it with --no-heading. */
struct rect layout_heading(struct canvas *canvas, const struct chart_request *request,
                           const char *title);

/* Columns of equal width; parted by `gap` times canvas->unit. */
void layout_columns(const struct canvas *canvas, struct rect area, size_t nr_columns, double gap,
                    struct rect *columns);

/*
 * "Original: the kernel's own policy" above a plot, and on the right from when on it is not exact, if so.
 * Draws within the first layout_panel_title_height() of area; loss_ns < 0: nothing was lost.
 */
double layout_panel_title_height(const struct canvas *canvas);
void layout_panel_title(struct canvas *canvas, struct rect area, const struct run *run,
                        int64_t loss_ns);

/* The same for what is no run. */
void layout_panel_text(struct canvas *canvas, struct rect area, const char *name, const char *note);

/* Above a plot: a name on the left, figures (may be empty) on the right. */
void layout_strip_name(struct canvas *canvas, struct rect plot, const char *name,
                       const char *figures);

/* "no stalls: nobody waited for memory" in the middle of an empty plot, on as many lines as it takes. */
void layout_nothing(struct canvas *canvas, struct rect plot, const char *text);

/* A whole picture that has nothing but its heading, and why. */
void layout_empty(struct canvas *canvas, const struct chart_request *request, const char *title,
                  const char *text);

/* A dashed line down a plot where the first event was lost. */
void layout_loss_line(struct canvas *canvas, struct rect plot, double x);

/*
 * [*since, *until): as asked for, else from `begin`, when the data begin, to `end`. Refuses an empty one.
 */
int layout_time_range(const struct chart_request *request, int64_t begin, int64_t end,
                      int64_t *since, int64_t *until, struct mmr_error *err);

#endif
