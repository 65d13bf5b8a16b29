// SPDX-License-Identifier: GPL-2.0-or-later
#include "axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "palette.h"

#define TICK         5.0
#define GAP          4.0  /* between a tick and its label */
#define LEFT_TICKS   9u   /* at most: more are no help */
#define OVERHANG     10.0 /* of a label beyond the end of an axis */
#define LABEL_FACTOR 1.3  /* of the text's height: the least distance between labels */

/* A baseline that centres digits and capitals on y. */
static double centred(double y, double size)
{
	return y + 0.36 * size;
}

struct text_style axis_text(const struct canvas *canvas, double size, enum text_align align)
{
	return (struct text_style){ .size = size * canvas->unit,
		                    .align = align,
		                    .colour = canvas->theme->faint_ink };
}

double axis_time_height(const struct canvas *canvas)
{
	return (TICK + GAP + 2.4 * TEXT_SMALL) * canvas->unit;
}

/* As many as there is room for, with a label's width between two labels. */
static void time_ticks(struct canvas *canvas, const struct scale *time,
                       const struct time_unit *time_unit, const struct text_style *style,
                       struct ticks *ticks)
{
	double low = time->low / time_unit->ns, high = time->high / time_unit->ns;
	double pixels = (time->last - time->first) / (high - low);
	char label[SCALE_LABEL];

	for (size_t most = 21; most; most--) {
		ticks_decimal(ticks, low, high, most);
		format_tick(label, high, ticks->step);
		if (ticks->step * pixels >= 2 * canvas_text_width(canvas, label, style))
			return;
	}
}

void axis_time(struct canvas *canvas, struct rect plot, const struct scale *time)
{
	const double unit = canvas->unit, bottom = plot.y + plot.height;
	const struct stroke stroke = { .width = unit, .colour = canvas->theme->rule };
	struct text_style style = axis_text(canvas, TEXT_SMALL, ALIGN_CENTRE);
	struct time_unit time_unit = time_unit_for(time->high - time->low);
	char label[SCALE_LABEL], title[SCALE_LABEL];
	struct ticks ticks;

	time_ticks(canvas, time, &time_unit, &style, &ticks);
	for (size_t i = 0; i < ticks.count; i++) {
		double x = scale_map(time, ticks.at[i] * time_unit.ns);

		canvas_segment(canvas, (struct point){ x, bottom },
		               (struct point){ x, bottom + TICK * unit }, &stroke);
		format_tick(label, ticks.at[i], ticks.step);
		canvas_text(canvas,
		            (struct point){ x, bottom + (TICK + GAP) * unit + 0.8 * style.size },
		            label, &style);
	}
	snprintf(title, sizeof(title), "time (%s)", time_unit.name);
	canvas_text(canvas,
	            (struct point){ plot.x + plot.width / 2,
	                            bottom + (TICK + GAP) * unit + 2.1 * style.size },
	            title, &style);
}

double axis_left_width(struct canvas *canvas)
{
	struct text_style style = axis_text(canvas, TEXT_SMALL, ALIGN_RIGHT);

	return canvas_text_width(canvas, "4.875 GiB", &style) + (TICK + GAP + 2) * canvas->unit;
}

static void text_left(struct canvas *canvas, struct rect plot, double y, const char *label)
{
	struct text_style style = axis_text(canvas, TEXT_SMALL, ALIGN_RIGHT);
	const struct stroke stroke = { .width = canvas->unit, .colour = canvas->theme->rule };
	const double left = plot.x - TICK * canvas->unit;

	canvas_segment(canvas, (struct point){ left, y }, (struct point){ plot.x, y }, &stroke);
	canvas_text(canvas, (struct point){ left - GAP * canvas->unit, centred(y, style.size) },
	            label, &style);
}

static void label_at(struct canvas *canvas, struct rect plot, double y, double bytes)
{
	char label[SCALE_LABEL];

	format_address(label, bytes);
	text_left(canvas, plot, y, bytes > 0 ? label : "0");
}

void format_quantity(char label[SCALE_LABEL], enum quantity quantity, double value)
{
	switch (quantity) {
	case QUANTITY_MEMORY:
		format_memory(label, value);
		break;
	case QUANTITY_DURATION:
		format_time(label, value);
		break;
	case QUANTITY_PERCENT:
		snprintf(label, SCALE_LABEL, value < 10 && value > 0 ? "%.1f %%" : "%.0f %%",
		         value);
		break;
	case QUANTITY_RATIO:
		snprintf(label, SCALE_LABEL, "%.3g", value);
		break;
	case QUANTITY_AMOUNT:
	default:
		format_amount(label, value);
		break;
	}
}

static void place_ticks(struct ticks *ticks, const struct scale *scale, enum quantity quantity,
                        size_t most)
{
	if (scale->logarithmic && quantity == QUANTITY_MEMORY)
		ticks_octave(ticks, scale->low, scale->high, most);
	else if (scale->logarithmic)
		ticks_decade(ticks, scale->low, scale->high, most);
	else if (quantity == QUANTITY_MEMORY)
		ticks_binary(ticks, scale->low, scale->high, most);
	else
		ticks_decimal(ticks, scale->low, scale->high, most);
}

/* Exact, as it stands at a round place. Of a scale that begins below nought each has its sign. */
static void format_at(char label[SCALE_LABEL], const struct scale *scale, enum quantity quantity,
                      const struct ticks *ticks, size_t index)
{
	double value = ticks->at[index], size = fabs(value);
	const char *sign = scale->low >= 0 ? "" : value < 0 ? "−" : "+";
	char number[SCALE_LABEL];

	if (!scale->logarithmic && size <= ticks->step * 1e-9)
		snprintf(label, SCALE_LABEL, quantity == QUANTITY_PERCENT ? "0 %%" : "0");
	else if (quantity == QUANTITY_PERCENT) {
		format_tick(number, size, ticks->step);
		snprintf(label, SCALE_LABEL, "%s%.20s %%", sign, number);
	} else {
		if (quantity == QUANTITY_MEMORY)
			format_address(number, size);
		else if (quantity == QUANTITY_RATIO)
			format_tick(number, size, ticks->step);
		else
			format_quantity(number, quantity, size);
		snprintf(label, SCALE_LABEL, "%s%.24s", sign, number);
	}
}

/* Whole numbers only where things are counted. */
static bool between_counts(enum quantity quantity, double value)
{
	return quantity == QUANTITY_AMOUNT && fabs(value - round(value)) > 1e-9;
}

/* Of ticks that are too close the first and the last, which tell a scale that begins at nought or has it in the middle. */
static bool ends_only(struct ticks *ticks, const struct scale *scale, double distance)
{
	size_t last = ticks->count - 1;

	if (last < 2 ||
	    (scale->low < 0 && fabs(ticks->at[0] + ticks->at[last]) > ticks->step * 1e-9) ||
	    fabs(scale_map(scale, ticks->at[last]) - scale_map(scale, ticks->at[0])) < distance)
		return false;
	ticks->at[1] = ticks->at[last];
	ticks->count = 2;
	return true;
}

/* As many as have ample room; where that is but one, which tells no scale, as many as just have room. */
static void place_left(struct ticks *ticks, const struct scale *scale, enum quantity quantity,
                       size_t most, double unit)
{
	const double distance = 1.2 * TEXT_SMALL * unit;

	place_ticks(ticks, scale, quantity, most);
	for (size_t more = most + 1; ticks->count < 2 && more <= LEFT_TICKS; more++) {
		struct ticks closer;

		place_ticks(&closer, scale, quantity, more);
		if (closer.count > 1 &&
		    fabs(scale_map(scale, closer.at[1]) - scale_map(scale, closer.at[0])) <
		            distance &&
		    !ends_only(&closer, scale, distance))
			return;
		*ticks = closer;
	}
}

void axis_left(struct canvas *canvas, struct rect plot, const struct scale *scale,
               enum quantity quantity, bool labels)
{
	const struct stroke grid = { .width = canvas->unit, .colour = canvas->theme->grid };
	size_t most = (size_t)fmin(plot.height / (2.4 * TEXT_SMALL * canvas->unit) + 1, LEFT_TICKS);
	char label[SCALE_LABEL];
	struct ticks ticks;

	place_left(&ticks, scale, quantity, most, canvas->unit);
	for (size_t i = 0; i < ticks.count; i++) {
		double y = scale_map(scale, ticks.at[i]);

		if (between_counts(quantity, ticks.at[i]))
			continue;
		canvas_segment(canvas, (struct point){ plot.x, y },
		               (struct point){ plot.x + plot.width, y }, &grid);
		format_at(label, scale, quantity, &ticks, i);
		if (labels)
			text_left(canvas, plot, y, label);
	}
}

/* Under its tick, but no further beyond the ends of the axis than leaves a neighbour in peace. */
static double label_centre(const struct canvas *canvas, const struct scale *scale, double x,
                           double width)
{
	double beyond = OVERHANG * canvas->unit;

	return fmin(fmax(x, scale->first - beyond + width / 2), scale->last + beyond - width / 2);
}

/* The most ticks whose labels stay clear of each other. */
static void fit_below(struct canvas *canvas, const struct scale *scale, enum quantity quantity,
                      const struct text_style *style, struct ticks *ticks)
{
	char label[SCALE_LABEL];

	for (size_t most = 16; most; most--) {
		double end = -(double)INFINITY;
		bool clear = true;

		place_ticks(ticks, scale, quantity, most);
		for (size_t i = 0; i < ticks->count && clear; i++) {
			double x = scale_map(scale, ticks->at[i]), width;

			format_at(label, scale, quantity, ticks, i);
			width = canvas_text_width(canvas, label, style);
			x = label_centre(canvas, scale, x, width);
			clear = x - width / 2 > end + style->size;
			end = x + width / 2;
		}
		if (clear)
			return;
	}
}

void axis_below_grid(struct canvas *canvas, struct rect plot, const struct scale *scale,
                     enum quantity quantity)
{
	const struct stroke grid = { .width = canvas->unit, .colour = canvas->theme->grid };
	struct text_style style = axis_text(canvas, TEXT_SMALL, ALIGN_CENTRE);
	struct ticks ticks;

	fit_below(canvas, scale, quantity, &style, &ticks);
	for (size_t i = 0; i < ticks.count; i++) {
		double x = scale_map(scale, ticks.at[i]);

		if (!between_counts(quantity, ticks.at[i]))
			canvas_segment(canvas, (struct point){ x, plot.y },
			               (struct point){ x, plot.y + plot.height }, &grid);
	}
}

void axis_below(struct canvas *canvas, struct rect plot, const struct scale *scale,
                enum quantity quantity, const char *title)
{
	const double unit = canvas->unit, bottom = plot.y + plot.height;
	const struct stroke tick = { .width = unit, .colour = canvas->theme->rule };
	struct text_style style = axis_text(canvas, TEXT_SMALL, ALIGN_CENTRE);
	double y = bottom + (TICK + GAP) * unit;
	char label[SCALE_LABEL];
	struct ticks ticks;

	fit_below(canvas, scale, quantity, &style, &ticks);
	for (size_t i = 0; i < ticks.count; i++) {
		double x = scale_map(scale, ticks.at[i]);

		if (between_counts(quantity, ticks.at[i]))
			continue;
		canvas_segment(canvas, (struct point){ x, bottom },
		               (struct point){ x, bottom + TICK * unit }, &tick);
		format_at(label, scale, quantity, &ticks, i);
		x = label_centre(canvas, scale, x, canvas_text_width(canvas, label, &style));
		canvas_text(canvas, (struct point){ x, y + 0.8 * style.size }, label, &style);
	}
	canvas_text_fit(canvas, (struct point){ plot.x + plot.width / 2, y + 2.1 * style.size },
	                title, &style, plot.width);
}

/* ---- physical addresses ---- */

struct address_tick {
	double y, bytes;
};

/* Labels that would touch one already there are left out. */
struct address_axis {
	struct address_tick placed[SCALE_TICKS];
	size_t count;
	double distance;
};

static void offer(struct address_axis *axis, double y, double bytes)
{
	if (axis->count == SCALE_TICKS)
		return;
	for (size_t i = 0; i < axis->count; i++) {
		if (fabs(axis->placed[i].y - y) < axis->distance)
			return;
	}
	axis->placed[axis->count++] = (struct address_tick){ y, bytes };
}

static void offer_round(struct address_axis *axis, struct rect plot, const struct segment *segment,
                        double step)
{
	double first = (double)segment->address, last = first + (double)segment->bytes;
	struct scale scale;

	scale_init(&scale, first, last, plot.y + segment->bottom, plot.y + segment->top);
	for (uint64_t n = (uint64_t)ceil(first / step); (double)n * step <= last; n++)
		offer(axis, scale_map(&scale, (double)n * step), (double)n * step);
}

/* Where a zone begins comes first, then the end of memory, then round addresses. */
void axis_address(struct canvas *canvas, struct rect plot, const struct addrmap *map)
{
	struct address_axis axis = { .distance = LABEL_FACTOR * TEXT_SMALL * canvas->unit };
	struct text_style style = axis_text(canvas, TEXT_SMALL, ALIGN_RIGHT);
	double total = 0;
	struct ticks ticks;

	for (size_t i = 0; i < map->nr_segments; i++) {
		const struct segment *segment = &map->segments[i];

		total += (double)segment->bytes;
		if (!i || map->segments[i - 1].zone != segment->zone)
			offer(&axis, plot.y + segment->bottom, (double)segment->address);
	}
	if (!map->nr_segments)
		return;
	offer(&axis, plot.y + map->segments[map->nr_segments - 1].top,
	      (double)(map->segments[map->nr_segments - 1].address +
	               map->segments[map->nr_segments - 1].bytes));
	ticks_binary(&ticks, 0, total, (size_t)(plot.height / (42 * canvas->unit)) + 1);
	for (size_t i = 0; i < map->nr_segments && ticks.step > 0; i++)
		offer_round(&axis, plot, &map->segments[i], ticks.step);
	for (size_t i = 0; i < axis.count; i++)
		label_at(canvas, plot, axis.placed[i].y, axis.placed[i].bytes);
	canvas_text(
		canvas,
		(struct point){ plot.x - (TICK + GAP) * canvas->unit, plot.y - 10 * canvas->unit },
		"address", &style);
}
