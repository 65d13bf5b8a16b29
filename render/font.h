/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one typeface of all pictures: how wide a text is, and drawing it. */
#ifndef RENDER_FONT_H
#define RENDER_FONT_H

#include <cairo.h>
#include <pango/pangocairo.h>

#include "canvas.h"

#define FONT_FAMILY "DejaVu Sans, Verdana, sans-serif"

struct font {
	PangoLayout *layout;
	PangoFontDescription *description;
};

/* Texts will be drawn on cairo, which must live longer. */
void font_init(struct font *font, cairo_t *cairo);
void font_deinit(struct font *font);

double font_width(struct font *font, const char *text, const struct text_style *style);

/* Ready to be shown: the layout with the text, whose baseline is *baseline below its upper edge. */
PangoLayout *font_layout(struct font *font, const char *text, const struct text_style *style,
                         double *baseline);

#endif
