// SPDX-License-Identifier: GPL-2.0-or-later
/* Font options are set rather than taken from the desktop: the same drawing gives the same bytes. */
#include "font.h"

#ifdef __SANITIZE_ADDRESS__
/* fontconfig keeps what it has read until the process ends; only it and pango could free that. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\nleak:libpango";
}

__attribute__((visibility("default"))) const char *__lsan_default_options(void);

const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}
#endif

void font_init(struct font *font, cairo_t *cairo)
{
	cairo_font_options_t *options = cairo_font_options_create();

	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	cairo_set_font_options(cairo, options);
	cairo_font_options_destroy(options);
	font->layout = pango_cairo_create_layout(cairo);
	font->description = pango_font_description_from_string(FONT_FAMILY);
	pango_layout_set_single_paragraph_mode(font->layout, TRUE);
}

void font_deinit(struct font *font)
{
	g_object_unref(font->layout);
	pango_font_description_free(font->description);
}

static void set_text(struct font *font, const char *text, const struct text_style *style)
{
	pango_font_description_set_absolute_size(font->description, style->size * PANGO_SCALE);
	pango_font_description_set_weight(font->description,
	                                  style->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
	pango_layout_set_font_description(font->layout, font->description);
	pango_layout_set_text(font->layout, text, -1);
}

double font_width(struct font *font, const char *text, const struct text_style *style)
{
	PangoRectangle logical;

	set_text(font, text, style);
	pango_layout_get_extents(font->layout, NULL, &logical);
	return (double)logical.width / PANGO_SCALE;
}

PangoLayout *font_layout(struct font *font, const char *text, const struct text_style *style,
                         double *baseline)
{
	set_text(font, text, style);
	*baseline = (double)pango_layout_get_baseline(font->layout) / PANGO_SCALE;
	return font->layout;
}
