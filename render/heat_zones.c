// SPDX-License-Identifier: GPL-2.0-or-later
#include "heat_zones.h"

#include <math.h>
#include <stdio.h>

#include "axis.h"

#define LABEL_GAP 8.0 /* times canvas->unit */

void heat_draw_holes(struct canvas *canvas, const struct heat *heat, bool filtered)
{
	const struct stroke edge = { .width = canvas->unit, .colour = canvas->theme->rule };
	struct text_style style = axis_text(canvas, TEXT_SMALL - 1, ALIGN_CENTRE);
	double right = heat->plot.x + heat->plot.width;

	for (size_t i = 0; i < heat->map.nr_holes; i++) {
		const struct hole *hole = &heat->map.holes[i];
		double top = heat->plot.y + hole->top, bottom = heat->plot.y + hole->bottom;
		char size[SCALE_LABEL], text[SCALE_LABEL + 16];

		canvas_rectangle(canvas,
		                 (struct rect){ heat->plot.x, top, heat->plot.width, bottom - top },
		                 canvas->theme->hole);
		canvas_segment(canvas, (struct point){ heat->plot.x, top },
		               (struct point){ right, top }, &edge);
		canvas_segment(canvas, (struct point){ heat->plot.x, bottom },
		               (struct point){ right, bottom }, &edge);
		format_memory(size, (double)hole->bytes);
		snprintf(text, sizeof(text), filtered ? "%s left out" : "%s without memory", size);
		canvas_text_fit(canvas,
		                (struct point){ heat->plot.x + heat->plot.width / 2,
		                                (top + bottom) / 2 + 0.36 * style.size },
		                text, &style, heat->plot.width);
	}
}

void heat_draw_borders(struct canvas *canvas, const struct heat *heat, bool named)
{
	const struct stroke border = { .width = 1.4 * canvas->unit, .colour = canvas->theme->ink };
	double right = heat->plot.x + heat->plot.width + (named ? LABEL_GAP * canvas->unit : 0);

	for (size_t i = 1; i < heat->map.nr_segments; i++) {
		const struct segment *below = &heat->map.segments[i - 1];
		const struct segment *above = &heat->map.segments[i];
		double y = heat->plot.y + (above->bottom + below->top) / 2.0;

		if (above->zone != below->zone && below->address + below->bytes == above->address)
			canvas_segment(canvas, (struct point){ heat->plot.x, y },
			               (struct point){ right, y }, &border);
	}
}

static bool several_nodes(const struct heat *heat)
{
	for (size_t i = 1; i < heat->index.nr_zones; i++) {
		if (heat->index.zones[i].node != heat->index.zones[0].node)
			return true;
	}
	return false;
}

/* "DMA32", with its node where there are several. */
static void zone_name(const struct heat *heat, size_t zone, char *text, size_t size)
{
	const struct pageblock_zone *info = &heat->index.zones[zone];

	if (several_nodes(heat))
		snprintf(text, size, "%s, node %d", info->name, (int)info->node);
	else
		snprintf(text, size, "%s", info->name);
}

double heat_zone_names_width(struct canvas *canvas, const struct heat *heat)
{
	struct text_style style = axis_text(canvas, TEXT_PLAIN, ALIGN_LEFT);
	char text[ZONE_SIZE + 32];
	double widest = canvas_text_width(canvas, "99.9 MiB", &style);

	style.bold = true;
	for (size_t i = 0; i < heat->index.nr_zones; i++) {
		zone_name(heat, i, text, sizeof(text));
		widest = fmax(widest, canvas_text_width(canvas, text, &style));
	}
	return widest + LABEL_GAP * canvas->unit;
}

static double zone_bytes(const struct heat *heat, size_t zone)
{
	double bytes = 0;

	for (size_t i = 0; i < heat->map.nr_segments; i++)
		bytes += heat->map.segments[i].zone == zone ? (double)heat->map.segments[i].bytes
		                                            : 0;
	return bytes;
}

void heat_draw_zone_names(struct canvas *canvas, const struct heat *heat)
{
	double x = heat->plot.x + heat->plot.width + LABEL_GAP * canvas->unit,
	       last = (double)INFINITY;
	struct text_style style;
	char text[ZONE_SIZE + 32];

	for (size_t i = 0; i < heat->index.nr_zones; i++) {
		double top = heat->map.zone_top[i], bottom = heat->map.zone_bottom[i];
		double middle = heat->plot.y + (top + bottom) / 2;
		bool sized = bottom - top > 2.8 * TEXT_PLAIN * canvas->unit;

		style = axis_text(canvas, TEXT_PLAIN, ALIGN_LEFT);
		if (!heat->map.zone_bottom[i] || last - middle < 1.1 * style.size)
			continue;
		style.bold = true;
		style.colour = canvas->theme->ink;
		zone_name(heat, i, text, sizeof(text));
		canvas_text(canvas,
		            (struct point){ x, middle + (sized ? -0.25 : 0.36) * style.size }, text,
		            &style);
		last = middle;
		if (!sized)
			continue;
		style = axis_text(canvas, TEXT_SMALL, ALIGN_LEFT);
		format_memory(text, zone_bytes(heat, i));
		canvas_text(canvas, (struct point){ x, middle + 1.15 * style.size }, text, &style);
	}
}
