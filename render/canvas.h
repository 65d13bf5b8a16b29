/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a chart draws on. Three backends: cairo (PNG, PDF), SVG, whose texts stay texts, and text, which
 * lists the draw calls with a fixed text metric, so that golden tests need no fonts and compare no pixels.
 *
 * Coordinates are pixels (points in PDF) from the upper left corner. `unit` is 1 at 1600x900 and grows
 * with the picture, so that a slide and a poster are equally legible: sizes of text and margins are
 * multiples of it. Every text's box is kept; the tests check that no two overlap.
 */
#ifndef RENDER_CANVAS_H
#define RENDER_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "theme.h"
#include "xalloc.h"

struct rect {
	double x, y, width, height;
};

struct point {
	double x, y;
};

enum text_align { ALIGN_LEFT, ALIGN_CENTRE, ALIGN_RIGHT };

struct text_style {
	double size; /* of the font, in pixels */
	bool bold;
	enum text_align align;
	struct colour colour;
};

#define DASHES 4

struct stroke {
	double width;
	struct colour colour;
	double dash[DASHES]; /* on, off, ... ended by 0; all 0: solid */
};

/* Cells of equal size, row by row from the top. */
struct raster {
	size_t width, height;
	const struct colour *cells;
};

enum canvas_format { FORMAT_PNG, FORMAT_SVG, FORMAT_PDF, FORMAT_TEXT, NR_FORMATS };

struct canvas;

struct canvas_ops {
	double (*text_width)(struct canvas *canvas, const char *text,
	                     const struct text_style *style);
	void (*text)(struct canvas *canvas, struct point at, const char *text,
	             const struct text_style *style);
	void (*fill)(struct canvas *canvas, const struct point *points, size_t nr_points,
	             struct colour colour);
	void (*line)(struct canvas *canvas, const struct point *points, size_t nr_points,
	             const struct stroke *stroke);
	void (*rectangle)(struct canvas *canvas, struct rect rect, struct colour colour);
	void (*raster)(struct canvas *canvas, struct rect rect, const struct raster *raster);
	void (*tip)(struct canvas *canvas, struct rect rect, const char *text); /* or NULL */
	int (*finish)(struct canvas *canvas, struct buffer *out);
	void (*destroy)(struct canvas *canvas);
};

struct text_box {
	struct rect rect;
	char *text;
};

struct canvas {
	const struct canvas_ops *ops;
	double width, height;
	double unit;
	const struct theme *theme;
	struct palette palette; /* of the theme */
	char *nothing;          /* why there is nothing to show, if so */
	bool no_heading;
	bool few_tips; /* a list of draw calls, for people to read */
	struct text_box *boxes;
	size_t nr_boxes, boxes_capacity;
};

/* What a picture is made as; title and description go into the metadata of SVG, the title also into PDF's. */
struct canvas_style {
	enum canvas_format format;
	double width, height;
	const struct theme *theme; /* NULL: light */
	const char *title;
	const char *description; /* NULL: none */
	bool no_heading;         /* the document that it goes into has one */
};

/* Never NULL; filled with the theme's paper. */
struct canvas *canvas_create(const struct canvas_style *style);
void canvas_destroy(struct canvas *canvas);

/* "png" -> FORMAT_PNG; false if it is none. */
bool canvas_format_parse(const char *name, enum canvas_format *format);

/* Appends the file's bytes. 0, or -1 when the backend failed. Nothing can be drawn after it. */
int canvas_finish(struct canvas *canvas, struct buffer *out);

/*
 * Of one picture drawn as SVG in two themes: a single SVG that has the colours of the one or the other as its viewer prefers.
 * -1 if they are not the same drawing.
 */
int canvas_finish_pair(struct canvas *light, struct canvas *dark, struct buffer *out);

double canvas_text_width(struct canvas *canvas, const char *text, const struct text_style *style);

/* at: on the baseline, at the edge or centre that style->align names. Returns the width. */
double canvas_text(struct canvas *canvas, struct point at, const char *text,
                   const struct text_style *style);

/* The same, shortened with an ellipsis to at most `width`; draws nothing if not even that fits. */
double canvas_text_fit(struct canvas *canvas, struct point at, const char *text,
                       const struct text_style *style, double width);

/* The same, shortened in its middle: names of runs begin and end differently. */
double canvas_text_fit_ends(struct canvas *canvas, struct point at, const char *text,
                            const struct text_style *style, double width);

void canvas_fill(struct canvas *canvas, const struct point *points, size_t nr_points,
                 struct colour colour);
void canvas_line(struct canvas *canvas, const struct point *points, size_t nr_points,
                 const struct stroke *stroke);
void canvas_segment(struct canvas *canvas, struct point from, struct point to,
                    const struct stroke *stroke);
void canvas_rectangle(struct canvas *canvas, struct rect rect, struct colour colour);
void canvas_frame(struct canvas *canvas, struct rect rect, const struct stroke *stroke);
void canvas_raster(struct canvas *canvas, struct rect rect, const struct raster *raster);

/* A text that a viewer of SVG shows while the pointer is within rect; the other formats leave it out. */
void canvas_tip(struct canvas *canvas, struct rect rect, const char *text);

/* Notes that the whole picture has nothing to show, and why: SVG says so in the attribute data-nothing. */
void canvas_nothing(struct canvas *canvas, const char *why);

/* The backends. */
struct canvas *canvas_create_cairo(const struct canvas_style *style);
struct canvas *canvas_create_svg(const struct canvas_style *style);
struct canvas *canvas_create_text(void);

/* Appends the raster as a PNG file. */
void canvas_png(const struct raster *raster, struct buffer *out);

#endif
