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

/* Left of the plot: memory in bytes, with grid lines across the plot. */
void axis_memory(struct canvas *canvas, struct rect plot, const struct scale *memory, bool labels);

/* Left of the plot: physical addresses. */
void axis_address(struct canvas *canvas, struct rect plot, const struct addrmap *map);

/* Room that the labels of either need, the tick included. */
double axis_memory_width(struct canvas *canvas);

#endif
