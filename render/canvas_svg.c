// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SVG with one element per draw call: texts stay texts (to be searched, read aloud, changed), rasters are
 * embedded PNG. Every text carries the width it was laid out with, so that a viewer without the typeface
 * squeezes it into its place instead of letting it run into its neighbour.
 */
#include <cairo.h>
#include <math.h>
#include <stdlib.h>

#include "canvas.h"
#include "font.h"

struct svg_canvas {
	struct canvas canvas;
	struct buffer out;
	char *title;
	cairo_surface_t *surface; /* only to measure texts on */
	cairo_t *cairo;
	struct font font;
};

static struct svg_canvas *svg_canvas(struct canvas *canvas)
{
	return (struct svg_canvas *)(void *)canvas;
}

static struct buffer *elements(struct canvas *canvas)
{
	return &svg_canvas(canvas)->out;
}

/* Characters that XML does not allow at all have been escaped by the query. */
static void put_text(struct buffer *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			buffer_printf(out, "&amp;");
			break;
		case '<':
			buffer_printf(out, "&lt;");
			break;
		case '>':
			buffer_printf(out, "&gt;");
			break;
		case '"':
			buffer_printf(out, "&quot;");
			break;
		default:
			buffer_append(out, text, 1);
		}
	}
}

/* "12.3", "12" */
static void put_number(struct buffer *out, double value)
{
	double tenths = round(value * 10);

	if (fabs(fmod(tenths, 10)) < 0.5)
		buffer_printf(out, "%.0f", tenths / 10 + 0.0);
	else
		buffer_printf(out, "%.1f", tenths / 10);
}

static void put_attribute(struct buffer *out, const char *name, double value)
{
	buffer_printf(out, " %s=\"", name);
	put_number(out, value);
	buffer_append(out, "\"", 1);
}

static void put_colour(struct buffer *out, const char *name, struct colour colour)
{
	buffer_printf(out, " %s=\"#%02x%02x%02x\"", name, colour.red, colour.green, colour.blue);
}

static void put_rect(struct buffer *out, struct rect rect)
{
	put_attribute(out, "x", rect.x);
	put_attribute(out, "y", rect.y);
	put_attribute(out, "width", rect.width);
	put_attribute(out, "height", rect.height);
}

static void put_points(struct buffer *out, const struct point *points, size_t nr_points)
{
	buffer_printf(out, " points=\"");
	for (size_t i = 0; i < nr_points; i++) {
		if (i)
			buffer_append(out, " ", 1);
		put_number(out, points[i].x);
		buffer_append(out, ",", 1);
		put_number(out, points[i].y);
	}
	buffer_append(out, "\"", 1);
}

static double text_width(struct canvas *canvas, const char *string, const struct text_style *style)
{
	return font_width(&svg_canvas(canvas)->font, string, style);
}

/* Anchored where the chart anchored it: the place does not depend on the viewer's font. */
static void text(struct canvas *canvas, struct point at, const char *string,
                 const struct text_style *style)
{
	static const char *const anchors[] = { "start", "middle", "end" };
	struct buffer *out = elements(canvas);
	double width = text_width(canvas, string, style);

	at.x += style->align == ALIGN_LEFT ? 0 : style->align == ALIGN_CENTRE ? width / 2 : width;
	buffer_printf(out, "<text");
	put_attribute(out, "x", at.x);
	put_attribute(out, "y", at.y);
	put_attribute(out, "font-size", style->size);
	if (style->bold)
		buffer_printf(out, " font-weight=\"bold\"");
	if (style->align != ALIGN_LEFT)
		buffer_printf(out, " text-anchor=\"%s\"", anchors[style->align]);
	put_colour(out, "fill", style->colour);
	put_attribute(out, "textLength", width);
	buffer_printf(out, " lengthAdjust=\"spacingAndGlyphs\">");
	put_text(out, string);
	buffer_printf(out, "</text>\n");
}

static void fill(struct canvas *canvas, const struct point *points, size_t nr_points,
                 struct colour colour)
{
	struct buffer *out = elements(canvas);

	buffer_printf(out, "<polygon");
	put_colour(out, "fill", colour);
	put_points(out, points, nr_points);
	buffer_printf(out, "/>\n");
}

static void line(struct canvas *canvas, const struct point *points, size_t nr_points,
                 const struct stroke *stroke)
{
	struct buffer *out = elements(canvas);

	buffer_printf(out, "<polyline fill=\"none\"");
	put_colour(out, "stroke", stroke->colour);
	put_attribute(out, "stroke-width", stroke->width);
	if (stroke->dash[0] > 0) {
		buffer_printf(out, " stroke-dasharray=\"");
		for (size_t i = 0; i < DASHES && stroke->dash[i] > 0; i++) {
			if (i)
				buffer_append(out, " ", 1);
			put_number(out, stroke->dash[i]);
		}
		buffer_append(out, "\"", 1);
	}
	put_points(out, points, nr_points);
	buffer_printf(out, "/>\n");
}

static void rectangle(struct canvas *canvas, struct rect rect, struct colour colour)
{
	struct buffer *out = elements(canvas);

	buffer_printf(out, "<rect");
	put_colour(out, "fill", colour);
	put_rect(out, rect);
	buffer_printf(out, "/>\n");
}

static void put_base64(struct buffer *out, const struct buffer *data)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < data->size; i += 3) {
		size_t left = data->size - i;
		uint32_t bits = (uint32_t)(uint8_t)data->data[i] << 16;
		char group[4];

		bits |= left > 1 ? (uint32_t)(uint8_t)data->data[i + 1] << 8 : 0;
		bits |= left > 2 ? (uint32_t)(uint8_t)data->data[i + 2] : 0;
		group[0] = digits[bits >> 18];
		group[1] = digits[bits >> 12 & 63];
		group[2] = '=';
		group[3] = '=';
		if (left > 1)
			group[2] = digits[bits >> 6 & 63];
		if (left > 2)
			group[3] = digits[bits & 63];
		buffer_append(out, group, sizeof(group));
	}
}

static void raster(struct canvas *canvas, struct rect rect, const struct raster *image)
{
	struct buffer *out = elements(canvas), png = { 0 };

	canvas_png(image, &png);
	buffer_printf(out, "<image preserveAspectRatio=\"none\" "
	                   "style=\"image-rendering:crisp-edges;image-rendering:pixelated\"");
	put_rect(out, rect);
	buffer_printf(out, " href=\"data:image/png;base64,");
	put_base64(out, &png);
	buffer_printf(out, "\"/>\n");
	buffer_deinit(&png);
}

static void tip(struct canvas *canvas, struct rect rect, const char *string)
{
	struct buffer *out = elements(canvas);

	buffer_printf(out, "<rect fill=\"none\" pointer-events=\"all\"");
	put_rect(out, rect);
	buffer_printf(out, "><title>");
	put_text(out, string);
	buffer_printf(out, "</title></rect>\n");
}

static int finish(struct canvas *canvas, struct buffer *out)
{
	struct svg_canvas *self = svg_canvas(canvas);

	buffer_printf(out,
	              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	              "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
	              "viewBox=\"0 0 %.0f %.0f\" role=\"img\" font-family=\"" FONT_FAMILY
	              "\" stroke-linejoin=\"round\">\n<title>",
	              canvas->width, canvas->height, canvas->width, canvas->height);
	put_text(out, self->title);
	buffer_printf(out, "</title>\n");
	buffer_append(out, self->out.data, self->out.size);
	buffer_printf(out, "</svg>\n");
	return 0;
}

static void destroy(struct canvas *canvas)
{
	struct svg_canvas *self = svg_canvas(canvas);

	font_deinit(&self->font);
	cairo_destroy(self->cairo);
	cairo_surface_destroy(self->surface);
	buffer_deinit(&self->out);
	free(self->title);
	free(self);
}

static const struct canvas_ops svg_ops = {
	.text_width = text_width,
	.text = text,
	.fill = fill,
	.line = line,
	.rectangle = rectangle,
	.raster = raster,
	.tip = tip,
	.finish = finish,
	.destroy = destroy,
};

struct canvas *canvas_create_svg(const struct canvas_style *style)
{
	struct svg_canvas *self = xalloc(1, sizeof(*self));

	self->canvas.ops = &svg_ops;
	self->title = xstrdup(style->title ? style->title : "");
	self->surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
	self->cairo = cairo_create(self->surface);
	font_init(&self->font, self->cairo);
	return &self->canvas;
}
