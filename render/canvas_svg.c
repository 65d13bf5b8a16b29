// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SVG with one element per draw call: texts stay texts (to be searched, read aloud, changed), rasters are
 * embedded PNG. Every text carries the width it was laid out with, so that a viewer without the typeface
 * squeezes it into its place instead of letting it run into its neighbour.
 */
#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "canvas.h"
#include "font.h"

enum svg_paint { PAINT_FILL, PAINT_STROKE, PAINT_IMAGE };
static const char *const paint_names[] = { "fill", "stroke" };

struct svg_mark {
	size_t at, length; /* of the text in out */
	enum svg_paint paint;
	struct colour colour;
};

struct svg_canvas {
	struct canvas canvas;
	struct buffer out;
	struct svg_mark *marks;
	size_t nr_marks, marks_capacity;
	char *title, *description;
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
		case '\n': /* one element a line */
			buffer_printf(out, "&#10;");
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

/* A colour, or an embedded picture: what differs between two themes of one drawing. */
static void put_mark(struct svg_canvas *self, size_t at, enum svg_paint paint, struct colour colour)
{
	self->marks =
		xgrow(self->marks, self->nr_marks, &self->marks_capacity, sizeof(*self->marks));
	self->marks[self->nr_marks++] = (struct svg_mark){ at, self->out.size - at, paint, colour };
}

static void put_colour(struct svg_canvas *self, enum svg_paint paint, struct colour colour)
{
	size_t at = self->out.size;

	buffer_printf(&self->out, " %s=\"#%02x%02x%02x\"", paint_names[paint], colour.red,
	              colour.green, colour.blue);
	put_mark(self, at, paint, colour);
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
	put_colour(svg_canvas(canvas), PAINT_FILL, style->colour);
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
	put_colour(svg_canvas(canvas), PAINT_FILL, colour);
	put_points(out, points, nr_points);
	buffer_printf(out, "/>\n");
}

static void line(struct canvas *canvas, const struct point *points, size_t nr_points,
                 const struct stroke *stroke)
{
	struct buffer *out = elements(canvas);

	buffer_printf(out, "<polyline fill=\"none\"");
	put_colour(svg_canvas(canvas), PAINT_STROKE, stroke->colour);
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
	put_colour(svg_canvas(canvas), PAINT_FILL, colour);
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
	size_t at = out->size;

	canvas_png(image, &png);
	buffer_printf(out, "<image preserveAspectRatio=\"none\" "
	                   "style=\"image-rendering:crisp-edges;image-rendering:pixelated\"");
	put_rect(out, rect);
	buffer_printf(out, " href=\"data:image/png;base64,");
	put_base64(out, &png);
	buffer_printf(out, "\"/>\n");
	put_mark(svg_canvas(canvas), at, PAINT_IMAGE, (struct colour){ 0 });
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

static void put_begin(const struct svg_canvas *self, struct buffer *out)
{
	const struct canvas *canvas = &self->canvas;

	buffer_printf(out,
	              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	              "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
	              "viewBox=\"0 0 %.0f %.0f\" role=\"img\" font-family=\"" FONT_FAMILY
	              "\" stroke-linejoin=\"round\"",
	              canvas->width, canvas->height, canvas->width, canvas->height);
	if (canvas->nothing) {
		buffer_printf(out, " data-nothing=\"");
		put_text(out, canvas->nothing);
		buffer_printf(out, "\"");
	}
	buffer_printf(out, ">\n<title>");
	put_text(out, self->title);
	buffer_printf(out, "</title>\n");
	if (*self->description) {
		buffer_printf(out, "<desc>");
		put_text(out, self->description);
		buffer_printf(out, "</desc>\n");
	}
}

static int finish(struct canvas *canvas, struct buffer *out)
{
	const struct svg_canvas *self = svg_canvas(canvas);

	put_begin(self, out);
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
	free(self->description);
	free(self->marks);
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

static bool same_colour(struct colour a, struct colour b)
{
	return a.red == b.red && a.green == b.green && a.blue == b.blue;
}

/* The class of what is filled, or drawn, in these two colours. */
static void put_class(struct buffer *out, const struct svg_mark *light, const struct svg_mark *dark)
{
	const struct colour *from = &light->colour, *to = &dark->colour;

	buffer_printf(out, "%c%02x%02x%02x-%02x%02x%02x", paint_names[light->paint][0], from->red,
	              from->green, from->blue, to->red, to->green, to->blue);
}

/*
 * The rules that are not there yet for the colours of both. A viewer without light-dark() keeps to the attributes, which
 * are the light ones.
 */
static void put_rules(const struct svg_canvas *light, const struct svg_canvas *dark,
                      struct buffer *out)
{
	buffer_printf(out, "<style>\n:root{color-scheme:light dark}\n"
	                   ".only-dark{opacity:var(--dark,0)}\n"
	                   "@media (prefers-color-scheme:dark){@supports "
	                   "(fill:light-dark(red,red)){:root{--dark:1}}}\n");
	for (size_t i = 0; i < light->nr_marks; i++) {
		const struct svg_mark *mark = &light->marks[i], *other = &dark->marks[i];
		bool known = mark->paint == PAINT_IMAGE || same_colour(mark->colour, other->colour);

		for (size_t j = 0; j < i && !known; j++)
			known = light->marks[j].paint == mark->paint &&
			        same_colour(light->marks[j].colour, mark->colour) &&
			        same_colour(dark->marks[j].colour, other->colour);
		if (known)
			continue;
		buffer_printf(out, ".");
		put_class(out, mark, other);
		buffer_printf(out, "{%s:light-dark(#%02x%02x%02x,#%02x%02x%02x)}\n",
		              paint_names[mark->paint], mark->colour.red, mark->colour.green,
		              mark->colour.blue, other->colour.red, other->colour.green,
		              other->colour.blue);
	}
	buffer_printf(out, "</style>\n");
}

static bool same_text(const struct svg_canvas *a, size_t a_at, const struct svg_canvas *b,
                      size_t b_at, size_t size)
{
	return size <= a->out.size - a_at && size <= b->out.size - b_at &&
	       memcmp(a->out.data + a_at, b->out.data + b_at, size) == 0;
}

/* What a mark is in both. */
static void put_pair(const struct svg_canvas *light, const struct svg_canvas *dark, size_t i,
                     struct buffer *out)
{
	const struct svg_mark *mark = &light->marks[i], *other = &dark->marks[i];

	buffer_append(out, light->out.data + mark->at, mark->length);
	if (mark->paint != PAINT_IMAGE) {
		if (same_colour(mark->colour, other->colour))
			return;
		buffer_printf(out, " class=\"");
		put_class(out, mark, other);
		buffer_printf(out, "\"");
	} else if (mark->length != other->length ||
	           !same_text(light, mark->at, dark, other->at, mark->length)) {
		buffer_printf(out, "<g class=\"only-dark\">\n");
		buffer_append(out, dark->out.data + other->at, other->length);
		buffer_printf(out, "</g>\n");
	}
}

int canvas_finish_pair(struct canvas *light_canvas, struct canvas *dark_canvas, struct buffer *out)
{
	const struct svg_canvas *light = svg_canvas(light_canvas), *dark = svg_canvas(dark_canvas);
	size_t at = 0, dark_at = 0;

	if (light->canvas.ops != &svg_ops || dark->canvas.ops != &svg_ops ||
	    light->nr_marks != dark->nr_marks)
		return -1;
	put_begin(light, out);
	put_rules(light, dark, out);
	for (size_t i = 0; i < light->nr_marks; i++) {
		const struct svg_mark *mark = &light->marks[i], *other = &dark->marks[i];
		size_t size = mark->at - at;

		if (mark->paint != other->paint || other->at - dark_at != size ||
		    !same_text(light, at, dark, dark_at, size))
			return -1;
		buffer_append(out, light->out.data + at, size);
		put_pair(light, dark, i, out);
		at = mark->at + mark->length;
		dark_at = other->at + other->length;
	}
	if (light->out.size - at != dark->out.size - dark_at ||
	    !same_text(light, at, dark, dark_at, light->out.size - at))
		return -1;
	buffer_append(out, light->out.data + at, light->out.size - at);
	buffer_printf(out, "</svg>\n");
	return 0;
}

struct canvas *canvas_create_svg(const struct canvas_style *style)
{
	struct svg_canvas *self = xalloc(1, sizeof(*self));

	self->canvas.ops = &svg_ops;
	self->title = xstrdup(style->title ? style->title : "");
	self->description = xstrdup(style->description ? style->description : "");
	self->surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
	self->cairo = cairo_create(self->surface);
	font_init(&self->font, self->cairo);
	return &self->canvas;
}
