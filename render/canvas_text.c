// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The canvas of the tests: one line per draw call, with a fixed text metric. A raster is listed with
 * equal neighbours and equal rows folded, so that a small one stays readable and nothing is lost.
 */
#include <stdlib.h>
#include <string.h>

#include "canvas.h"

/* Close to the mean of DejaVu Sans, so that a layout which fits here fits there. */
#define ADVANCE 0.6

struct text_canvas {
	struct canvas canvas;
	struct buffer out;
};

static struct buffer *listing(struct canvas *canvas)
{
	return &((struct text_canvas *)(void *)canvas)->out;
}

static double text_width(struct canvas *canvas, const char *text, const struct text_style *style)
{
	size_t characters = 0;

	(void)canvas;
	for (const char *at = text; *at; at++)
		characters += ((unsigned char)*at & 0xc0) != 0x80;
	return (double)characters * style->size * ADVANCE;
}

static void print_colour(struct buffer *out, struct colour colour)
{
	buffer_printf(out, " #%02x%02x%02x", colour.red, colour.green, colour.blue);
}

static void print_points(struct buffer *out, const struct point *points, size_t nr_points)
{
	for (size_t i = 0; i < nr_points; i++)
		buffer_printf(out, " %.1f,%.1f", points[i].x, points[i].y);
	buffer_printf(out, "\n");
}

static void text(struct canvas *canvas, struct point at, const char *string,
                 const struct text_style *style)
{
	struct buffer *out = listing(canvas);

	buffer_printf(out, "text %.1f,%.1f %.1f%s", at.x, at.y, style->size,
	              style->bold ? " bold" : "");
	print_colour(out, style->colour);
	buffer_printf(out, " \"%s\"\n", string);
}

static void fill(struct canvas *canvas, const struct point *points, size_t nr_points,
                 struct colour colour)
{
	struct buffer *out = listing(canvas);

	buffer_printf(out, "fill");
	print_colour(out, colour);
	print_points(out, points, nr_points);
}

static void line(struct canvas *canvas, const struct point *points, size_t nr_points,
                 const struct stroke *stroke)
{
	struct buffer *out = listing(canvas);

	buffer_printf(out, "line %.1f%s", stroke->width, stroke->dash[0] > 0 ? " dashed" : "");
	print_colour(out, stroke->colour);
	print_points(out, points, nr_points);
}

static void rectangle(struct canvas *canvas, struct rect rect, struct colour colour)
{
	struct buffer *out = listing(canvas);

	buffer_printf(out, "rectangle %.1f,%.1f %.1fx%.1f", rect.x, rect.y, rect.width,
	              rect.height);
	print_colour(out, colour);
	buffer_printf(out, "\n");
}

static void print_row(struct buffer *out, const struct colour *cells, size_t width)
{
	size_t start = 0;

	for (size_t x = 1; x <= width; x++) {
		if (x < width && memcmp(&cells[x], &cells[start], sizeof(*cells)) == 0)
			continue;
		buffer_printf(out, " %zu-%zu", start, x - 1);
		print_colour(out, cells[start]);
		start = x;
	}
	buffer_printf(out, "\n");
}

static void raster(struct canvas *canvas, struct rect rect, const struct raster *image)
{
	struct buffer *out = listing(canvas);
	size_t start = 0;

	buffer_printf(out, "raster %.1f,%.1f %.1fx%.1f of %zux%zu\n", rect.x, rect.y, rect.width,
	              rect.height, image->width, image->height);
	for (size_t y = 1; y <= image->height; y++) {
		const struct colour *cells = image->cells + start * image->width;

		if (y < image->height && memcmp(cells, image->cells + y * image->width,
		                                image->width * sizeof(*cells)) == 0)
			continue;
		buffer_printf(out, "  %zu-%zu:", start, y - 1);
		print_row(out, cells, image->width);
		start = y;
	}
}

static void tip(struct canvas *canvas, struct rect rect, const char *string)
{
	struct buffer *out = listing(canvas);

	buffer_printf(out, "tip %.1f,%.1f %.1fx%.1f \"", rect.x, rect.y, rect.width, rect.height);
	for (; *string; string++)
		buffer_append(out, *string == '\n' ? " / " : string, *string == '\n' ? 3 : 1);
	buffer_printf(out, "\"\n");
}

static int finish(struct canvas *canvas, struct buffer *out)
{
	const struct buffer *lines = listing(canvas);

	buffer_printf(out, "canvas %.0fx%.0f\n", canvas->width, canvas->height);
	buffer_append(out, lines->data, lines->size);
	return 0;
}

static void destroy(struct canvas *canvas)
{
	buffer_deinit(listing(canvas));
	free(canvas);
}

static const struct canvas_ops text_ops = {
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

struct canvas *canvas_create_text(void)
{
	struct text_canvas *text_canvas = xalloc(1, sizeof(*text_canvas));

	text_canvas->canvas.ops = &text_ops;
	text_canvas->canvas.few_tips = true;
	return &text_canvas->canvas;
}
