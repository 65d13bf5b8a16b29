// SPDX-License-Identifier: GPL-2.0-or-later
#include "canvas.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The picture for which the sizes in the charts were chosen. */
#define REFERENCE_AREA (1600.0 * 900.0)
#define UNIT_MIN       0.85 /* below this, text at 96 dpi is no longer read with ease */
#define UNIT_MAX       6.0

static const char *const format_names[NR_FORMATS] = { "png", "svg", "pdf", "txt" };

static struct canvas *create_backend(const struct canvas_style *style)
{
	switch (style->format) {
	case FORMAT_TEXT:
		return canvas_create_text();
	case FORMAT_SVG:
		return canvas_create_svg(style);
	case FORMAT_PNG:
	case FORMAT_PDF:
	case NR_FORMATS:
	default:
		return canvas_create_cairo(style);
	}
}

struct canvas *canvas_create(const struct canvas_style *style)
{
	struct canvas *canvas = create_backend(style);
	double unit = sqrt(style->width * style->height / REFERENCE_AREA);

	canvas->width = style->width;
	canvas->height = style->height;
	canvas->no_heading = style->no_heading;
	canvas->unit = fmin(fmax(unit, UNIT_MIN), UNIT_MAX);
	canvas->theme = style->theme ? style->theme : theme_find(NULL);
	palette_init(&canvas->palette, canvas->theme->print);
	canvas_rectangle(canvas, (struct rect){ 0, 0, canvas->width, canvas->height },
	                 canvas->theme->paper);
	return canvas;
}

void canvas_destroy(struct canvas *canvas)
{
	if (!canvas)
		return;
	for (size_t i = 0; i < canvas->nr_boxes; i++)
		free(canvas->boxes[i].text);
	free(canvas->boxes);
	free(canvas->nothing);
	canvas->ops->destroy(canvas);
}

bool canvas_format_parse(const char *name, enum canvas_format *format)
{
	for (size_t i = 0; i < NR_FORMATS; i++) {
		if (strcasecmp(name, format_names[i]) == 0) {
			*format = (enum canvas_format)i;
			return true;
		}
	}
	return false;
}

int canvas_finish(struct canvas *canvas, struct buffer *out)
{
	return canvas->ops->finish(canvas, out);
}

double canvas_text_width(struct canvas *canvas, const char *text, const struct text_style *style)
{
	return canvas->ops->text_width(canvas, text, style);
}

/* Ascent and descent that hold for the letters and digits of every common sans serif. */
static void remember_box(struct canvas *canvas, struct rect rect, const char *text)
{
	canvas->boxes = xgrow(canvas->boxes, canvas->nr_boxes, &canvas->boxes_capacity,
	                      sizeof(*canvas->boxes));
	canvas->boxes[canvas->nr_boxes++] =
		(struct text_box){ .rect = rect, .text = xstrdup(text) };
}

double canvas_text(struct canvas *canvas, struct point at, const char *text,
                   const struct text_style *style)
{
	double width = canvas_text_width(canvas, text, style);
	double left = style->align == ALIGN_LEFT     ? at.x
	              : style->align == ALIGN_CENTRE ? at.x - width / 2
	                                             : at.x - width;

	if (!*text)
		return 0;
	canvas->ops->text(canvas, (struct point){ left, at.y }, text, style);
	remember_box(canvas,
	             (struct rect){ left, at.y - 0.76 * style->size, width, 0.96 * style->size },
	             text);
	return width;
}

/* Not within a character of several bytes. */
static bool at_character(const char *text, size_t at)
{
	return ((unsigned char)text[at] & 0xc0) != 0x80;
}

/* Leaves out the end, or the middle, more and more of it. */
static double fit(struct canvas *canvas, struct point at, const char *text,
                  const struct text_style *style, double width, bool ends)
{
	const size_t size = strlen(text), room = size + sizeof("…");
	char *shortened;
	double drawn = 0;

	if (canvas_text_width(canvas, text, style) <= width)
		return canvas_text(canvas, at, text, style);
	shortened = xalloc(room, 1);
	for (size_t left = size; left-- > 1;) {
		size_t head = ends ? left - left / 2 : left, tail = ends ? size - left / 2 : size;

		while (head > 1 && !at_character(text, head))
			head--;
		while (tail < size && !at_character(text, tail))
			tail++;
		snprintf(shortened, room, "%.*s…%s", (int)head, text, text + tail);
		if (canvas_text_width(canvas, shortened, style) <= width) {
			drawn = canvas_text(canvas, at, shortened, style);
			break;
		}
	}
	free(shortened);
	return drawn;
}

double canvas_text_fit(struct canvas *canvas, struct point at, const char *text,
                       const struct text_style *style, double width)
{
	return fit(canvas, at, text, style, width, false);
}

double canvas_text_fit_ends(struct canvas *canvas, struct point at, const char *text,
                            const struct text_style *style, double width)
{
	return fit(canvas, at, text, style, width, true);
}

void canvas_fill(struct canvas *canvas, const struct point *points, size_t nr_points,
                 struct colour colour)
{
	if (nr_points >= 3)
		canvas->ops->fill(canvas, points, nr_points, colour);
}

void canvas_line(struct canvas *canvas, const struct point *points, size_t nr_points,
                 const struct stroke *stroke)
{
	if (nr_points >= 2)
		canvas->ops->line(canvas, points, nr_points, stroke);
}

void canvas_segment(struct canvas *canvas, struct point from, struct point to,
                    const struct stroke *stroke)
{
	const struct point points[2] = { from, to };

	canvas_line(canvas, points, 2, stroke);
}

void canvas_rectangle(struct canvas *canvas, struct rect rect, struct colour colour)
{
	if (rect.width > 0 && rect.height > 0)
		canvas->ops->rectangle(canvas, rect, colour);
}

void canvas_frame(struct canvas *canvas, struct rect rect, const struct stroke *stroke)
{
	double right = rect.x + rect.width, bottom = rect.y + rect.height;
	const struct point points[5] = {
		{ rect.x, rect.y }, { right, rect.y },  { right, bottom },
		{ rect.x, bottom }, { rect.x, rect.y },
	};

	canvas_line(canvas, points, 5, stroke);
}

void canvas_raster(struct canvas *canvas, struct rect rect, const struct raster *raster)
{
	if (raster->width && raster->height)
		canvas->ops->raster(canvas, rect, raster);
}

void canvas_tip(struct canvas *canvas, struct rect rect, const char *text)
{
	if (canvas->ops->tip && rect.width > 0 && rect.height > 0)
		canvas->ops->tip(canvas, rect, text);
}

void canvas_nothing(struct canvas *canvas, const char *why)
{
	free(canvas->nothing);
	canvas->nothing = xstrdup(why);
}
