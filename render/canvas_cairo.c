// SPDX-License-Identifier: GPL-2.0-or-later
/* PNG and PDF by cairo, text by pango. The same drawing gives the same bytes: PDF carries no date. */
#include <cairo-pdf.h>
#include <cairo.h>
#include <stdlib.h>

#include "canvas.h"
#include "font.h"

struct cairo_canvas {
	struct canvas canvas;
	enum canvas_format format;
	struct buffer out;
	cairo_surface_t *surface;
	cairo_t *cairo;
	struct font font;
};

static struct cairo_canvas *cairo_canvas(struct canvas *canvas)
{
	return (struct cairo_canvas *)(void *)canvas;
}

static cairo_status_t append(void *closure, const unsigned char *data, unsigned int length)
{
	buffer_append(closure, data, length);
	return CAIRO_STATUS_SUCCESS;
}

static void set_colour(cairo_t *cairo, struct colour colour)
{
	cairo_set_source_rgb(cairo, colour.red / 255.0, colour.green / 255.0, colour.blue / 255.0);
}

static double text_width(struct canvas *canvas, const char *string, const struct text_style *style)
{
	return font_width(&cairo_canvas(canvas)->font, string, style);
}

static void text(struct canvas *canvas, struct point at, const char *string,
                 const struct text_style *style)
{
	struct cairo_canvas *self = cairo_canvas(canvas);
	double baseline;
	PangoLayout *layout = font_layout(&self->font, string, style, &baseline);

	set_colour(self->cairo, style->colour);
	cairo_move_to(self->cairo, at.x, at.y - baseline);
	pango_cairo_show_layout(self->cairo, layout);
}

static void path(cairo_t *cairo, const struct point *points, size_t nr_points)
{
	cairo_new_path(cairo);
	for (size_t i = 0; i < nr_points; i++)
		cairo_line_to(cairo, points[i].x, points[i].y);
}

static void fill(struct canvas *canvas, const struct point *points, size_t nr_points,
                 struct colour colour)
{
	struct cairo_canvas *self = cairo_canvas(canvas);

	path(self->cairo, points, nr_points);
	cairo_close_path(self->cairo);
	set_colour(self->cairo, colour);
	cairo_fill(self->cairo);
}

static void line(struct canvas *canvas, const struct point *points, size_t nr_points,
                 const struct stroke *stroke)
{
	struct cairo_canvas *self = cairo_canvas(canvas);
	int nr_dashes = 0;

	while (nr_dashes < DASHES && stroke->dash[nr_dashes] > 0)
		nr_dashes++;
	path(self->cairo, points, nr_points);
	set_colour(self->cairo, stroke->colour);
	cairo_set_line_width(self->cairo, stroke->width);
	cairo_set_dash(self->cairo, stroke->dash, nr_dashes, 0);
	cairo_stroke(self->cairo);
}

/* Edges on whole pixels, so that neighbours meet without a seam. */
static void rectangle(struct canvas *canvas, struct rect rect, struct colour colour)
{
	struct cairo_canvas *self = cairo_canvas(canvas);

	cairo_rectangle(self->cairo, rect.x, rect.y, rect.width, rect.height);
	set_colour(self->cairo, colour);
	cairo_fill(self->cairo);
}

static cairo_surface_t *image_of(const struct raster *image)
{
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)image->width,
	                                                      (int)image->height);
	unsigned char *data = cairo_image_surface_get_data(surface);
	int stride = cairo_image_surface_get_stride(surface);
	const struct colour *cell = image->cells;

	for (size_t y = 0; data && y < image->height; y++) {
		uint32_t *row = (uint32_t *)(void *)(data + (size_t)stride * y);

		for (size_t x = 0; x < image->width; x++, cell++)
			row[x] =
				(uint32_t)cell->red << 16 | (uint32_t)cell->green << 8 | cell->blue;
	}
	cairo_surface_mark_dirty(surface);
	return surface;
}

void canvas_png(const struct raster *image, struct buffer *out)
{
	cairo_surface_t *surface = image_of(image);

	cairo_surface_write_to_png_stream(surface, append, out);
	cairo_surface_destroy(surface);
}

static void raster(struct canvas *canvas, struct rect rect, const struct raster *image)
{
	struct cairo_canvas *self = cairo_canvas(canvas);
	cairo_surface_t *surface = image_of(image);

	cairo_save(self->cairo);
	cairo_translate(self->cairo, rect.x, rect.y);
	cairo_scale(self->cairo, rect.width / (double)image->width,
	            rect.height / (double)image->height);
	cairo_set_source_surface(self->cairo, surface, 0, 0);
	cairo_pattern_set_filter(cairo_get_source(self->cairo), CAIRO_FILTER_NEAREST);
	cairo_paint(self->cairo);
	cairo_restore(self->cairo);
	cairo_surface_destroy(surface);
}

static int finish(struct canvas *canvas, struct buffer *out)
{
	struct cairo_canvas *self = cairo_canvas(canvas);

	if (cairo_status(self->cairo) != CAIRO_STATUS_SUCCESS)
		return -1;
	if (self->format == FORMAT_PNG) {
		if (cairo_surface_write_to_png_stream(self->surface, append, out) !=
		    CAIRO_STATUS_SUCCESS)
			return -1;
		return 0;
	}
	cairo_show_page(self->cairo);
	cairo_surface_finish(self->surface);
	if (cairo_surface_status(self->surface) != CAIRO_STATUS_SUCCESS)
		return -1;
	buffer_append(out, self->out.data, self->out.size);
	return 0;
}

static void destroy(struct canvas *canvas)
{
	struct cairo_canvas *self = cairo_canvas(canvas);

	font_deinit(&self->font);
	cairo_destroy(self->cairo);
	cairo_surface_destroy(self->surface);
	buffer_deinit(&self->out);
	free(self);
}

static const struct canvas_ops cairo_ops = {
	.text_width = text_width,
	.text = text,
	.fill = fill,
	.line = line,
	.rectangle = rectangle,
	.raster = raster,
	.finish = finish,
	.destroy = destroy,
};

static cairo_surface_t *create_surface(struct cairo_canvas *self, const struct canvas_style *style)
{
	cairo_surface_t *surface;

	if (style->format != FORMAT_PDF)
		return cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)style->width,
		                                  (int)style->height);
	surface = cairo_pdf_surface_create_for_stream(append, &self->out, style->width,
	                                              style->height);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE,
	                               "1970-01-01T00:00:00Z");
	if (style->title)
		cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, style->title);
	return surface;
}

struct canvas *canvas_create_cairo(const struct canvas_style *style)
{
	struct cairo_canvas *self = xalloc(1, sizeof(*self));

	self->canvas.ops = &cairo_ops;
	self->format = style->format;
	self->surface = create_surface(self, style);
	self->cairo = cairo_create(self->surface);
	cairo_set_line_join(self->cairo, CAIRO_LINE_JOIN_ROUND);
	font_init(&self->font, self->cairo);
	return &self->canvas;
}
