// SPDX-License-Identifier: GPL-2.0-or-later
#include "legend.h"

#include <math.h>

#include "axis.h"

/* Times canvas->unit. */
#define ROW        24.0
#define SWATCH     13.0
#define LINE       26.0
#define RAMP       180.0
#define RAMP_LEAST 40.0 /* in a narrow picture */
#define RAMP_STEPS 64
#define PAD        7.0  /* between a mark and its label */
#define SPACE      24.0 /* between two entries */

struct pen {
	struct canvas *canvas;
	struct text_style style;
	double width; /* of a row */
	bool draw;
};

static double label(const struct pen *pen, double x, double middle, const char *text)
{
	if (!pen->draw)
		return canvas_text_width(pen->canvas, text, &pen->style);
	return canvas_text(pen->canvas, (struct point){ x, middle + 0.36 * pen->style.size }, text,
	                   &pen->style);
}

static double swatch(const struct pen *pen, double x, double middle,
                     const struct legend_entry *entry)
{
	const struct stroke edge = { .width = pen->canvas->unit,
		                     .colour = pen->canvas->theme->rule };
	double size = SWATCH * pen->canvas->unit;
	struct rect rect = { x, middle - size / 2, size, size };

	if (pen->draw) {
		canvas_rectangle(pen->canvas, rect, entry->colour);
		canvas_frame(pen->canvas, rect, &edge);
	}
	x = size + PAD * pen->canvas->unit;
	return x + label(pen, rect.x + x, middle, entry->label);
}

static double line(const struct pen *pen, double x, double middle, const struct legend_entry *entry)
{
	double width = LINE * pen->canvas->unit, after = width + PAD * pen->canvas->unit;

	if (pen->draw)
		canvas_segment(pen->canvas, (struct point){ x, middle },
		               (struct point){ x + width, middle }, &entry->stroke);
	return after + label(pen, x + after, middle, entry->label);
}

/* What a row has left for the bar beside its three labels. */
static double ramp_width(const struct pen *pen, const struct legend_entry *entry)
{
	const char *const texts[] = { entry->label, entry->from, entry->to };
	double left = pen->width - 4 * PAD * pen->canvas->unit;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		left -= canvas_text_width(pen->canvas, texts[i], &pen->style);
	return fmax(fmin(RAMP * pen->canvas->unit, left), RAMP_LEAST * pen->canvas->unit);
}

static double ramp(const struct pen *pen, double left, double middle,
                   const struct legend_entry *entry)
{
	const struct stroke edge = { .width = pen->canvas->unit,
		                     .colour = pen->canvas->theme->rule };
	const struct theme *theme = pen->canvas->theme;
	double unit = pen->canvas->unit, x = left;
	struct rect bar = { .width = ramp_width(pen, entry), .height = SWATCH * unit };
	struct colour cells[RAMP_STEPS];
	size_t steps = entry->steps ? entry->steps : RAMP_STEPS;

	x += label(pen, x, middle, entry->label) + 2 * PAD * unit;
	x += label(pen, x, middle, entry->from) + PAD * unit;
	bar.x = x;
	bar.y = middle - bar.height / 2;
	for (size_t i = 0; i < steps; i++) {
		double share = (double)i / (double)(steps - 1);

		if (entry->counts)
			share = log((double)i + 1) / log((double)steps);
		cells[i] = entry->diverging
		                   ? palette_diverging(2 * share - 1, theme->paper,
		                                       theme->hues[HUE_BLUE],
		                                       theme->hues[HUE_VERMILLION])
		                   : palette_ramp(&pen->canvas->palette,
		                                  entry->begin + (1 - entry->begin) * share);
	}
	if (pen->draw) {
		canvas_raster(pen->canvas, bar,
		              &(struct raster){ .width = steps, .height = 1, .cells = cells });
		canvas_frame(pen->canvas, bar, &edge);
	}
	x += bar.width + PAD * unit;
	x += label(pen, x, middle, entry->to);
	return x - left;
}

static double entry_at(const struct pen *pen, double x, double middle,
                       const struct legend_entry *entry)
{
	switch (entry->mark) {
	case LEGEND_LINE:
		return line(pen, x, middle, entry);
	case LEGEND_RAMP:
		return ramp(pen, x, middle, entry);
	case LEGEND_SWATCH:
	default:
		return swatch(pen, x, middle, entry);
	}
}

double legend(struct canvas *canvas, struct rect area, const struct legend_entry *entries,
              size_t nr_entries, bool draw)
{
	const double unit = canvas->unit;
	struct pen pen = { .canvas = canvas,
		           .style = axis_text(canvas, TEXT_PLAIN, ALIGN_LEFT),
		           .width = area.width };
	double x = area.x, middle = area.y + ROW * unit / 2;

	pen.style.colour = canvas->theme->ink;
	for (size_t i = 0; i < nr_entries; i++) {
		double width;

		pen.draw = false;
		width = entry_at(&pen, x, middle, &entries[i]);
		if (x > area.x && x + width > area.x + area.width) {
			x = area.x;
			middle += ROW * unit;
		}
		pen.draw = draw;
		x += entry_at(&pen, x, middle, &entries[i]) + SPACE * unit;
	}
	return nr_entries ? middle + ROW * unit / 2 - area.y : 0;
}
