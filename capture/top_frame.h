/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A picture of characters and their meaning, drawn by top_view.c and shown by top_screen.c on a
 * terminal or by top_frame_print() anywhere. What is outside of it is cut.
 */
#ifndef TOP_FRAME_H
#define TOP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum top_attr {
	TOP_PLAIN,
	TOP_DIM,
	TOP_BOLD,
	TOP_TITLE, /* a line that heads what follows */
	TOP_GOOD,
	TOP_WARN,
	TOP_BAD,
	TOP_NR_ATTRS
};

struct top_cell {
	uint16_t ch; /* Unicode */
	uint8_t attr;
};

struct top_frame {
	struct top_cell *cells; /* row by row */
	int rows;
	int cols;
};

#define TOP_MAX_ROWS 400
#define TOP_MAX_COLS 400

/* Makes it that large, within the limits, and empty. false: no memory (it is as it was). */
bool top_frame_resize(struct top_frame *frame, int rows, int cols);
void top_frame_clear(struct top_frame *frame);
void top_frame_deinit(struct top_frame *frame);

void top_frame_char(struct top_frame *frame, int row, int col, uint16_t ch, enum top_attr attr);

/* Text at a place; what is not printable ASCII shows as "?". The column behind it. */
int top_frame_put(struct top_frame *frame, int row, int col, enum top_attr attr, const char *fmt,
                  ...) __attribute__((format(printf, 5, 6)));

/* Fills the whole row with an attribute, keeping the text. */
void top_frame_mark(struct top_frame *frame, int row, enum top_attr attr);

/* Its rows up to the last that is not empty, without attributes, as UTF-8. */
void top_frame_print(const struct top_frame *frame, FILE *stream);

#endif
