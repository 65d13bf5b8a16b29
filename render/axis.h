/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Axes: ticks, labels that never touch each other, grid lines. */
#ifndef RENDER_AXIS_H
#define RENDER_AXIS_H

#include "addrmap.h"
#include "canvas.h"
#include "scale.h"

/* Sizes of text, times canvas->unit. */
#define TEXT_TITLE 20.0
#define TEXT_PLAIN 13.0
#define TEXT_SMALL 11.5

struct text_style axis_text(const struct canvas *canvas, double size, enum text_align align);

/* Below the plot: ticks, labels and "time (s)"; values in ns. */
void axis_time(struct canvas *canvas, struct rect plot, const struct scale *time);
double axis_time_height(const struct canvas *canvas);

enum quantity {
	QUANTITY_MEMORY,   /* bytes */
	QUANTITY_AMOUNT,   /* how many */
	QUANTITY_PERCENT,  /* 0 to 100 */
	QUANTITY_DURATION, /* ns */
	QUANTITY_RATIO,    /* 0 to 1 */
};

/* "12.5 MiB", "3.2 k", "25 %", "1.4 ms", "0.25". */
void format_quantity(char label[SCALE_LABEL], enum quantity quantity, double value);

/* Left of the plot, with grid lines across it. */
void axis_left(struct canvas *canvas, struct rect plot, const struct scale *scale,
               enum quantity quantity, bool labels);

/* Grid lines up through the plot, under what is drawn later. */
void axis_below_grid(struct canvas *canvas, struct rect plot, const struct scale *scale,
                     enum quantity quantity);

/* Below the plot; title says what the values are. As high as axis_time(). */
void axis_below(struct canvas *canvas, struct rect plot, const struct scale *scale,
                enum quantity quantity, const char *title);

/* Left of the plot: physical addresses. */
void axis_address(struct canvas *canvas, struct rect plot, const struct addrmap *map);

/* Room that the labels on the left need, the tick included. */
double axis_left_width(struct canvas *canvas);

#endif
