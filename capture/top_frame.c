/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top_frame.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int clamp(int value, int limit)
{
	return value < 1 ? 1 : value > limit ? limit : value;
}

void top_frame_clear(struct top_frame *frame)
{
	for (int i = 0; i < frame->rows * frame->cols; i++)
		frame->cells[i] = (struct top_cell){ .ch = ' ' };
}

bool top_frame_resize(struct top_frame *frame, int rows, int cols)
{
	struct top_cell *cells;

	rows = clamp(rows, TOP_MAX_ROWS);
	cols = clamp(cols, TOP_MAX_COLS);
	cells = calloc((size_t)rows * (size_t)cols, sizeof(*cells));
	if (!cells)
		return false;
	free(frame->cells);
	*frame = (struct top_frame){ .cells = cells, .rows = rows, .cols = cols };
	top_frame_clear(frame);
	return true;
}

void top_frame_deinit(struct top_frame *frame)
{
	free(frame->cells);
	*frame = (struct top_frame){ 0 };
}

void top_frame_char(struct top_frame *frame, int row, int col, uint16_t ch, enum top_attr attr)
{
	if (row < 0 || row >= frame->rows || col < 0 || col >= frame->cols)
		return;
	frame->cells[row * frame->cols + col] =
		(struct top_cell){ .ch = ch, .attr = (uint8_t)attr };
}

int top_frame_put(struct top_frame *frame, int row, int col, enum top_attr attr, const char *fmt,
                  ...)
{
	char text[TOP_MAX_COLS + 1];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (const char *at = text; *at; at++)
		top_frame_char(frame, row, col++, *at < ' ' || *at > '~' ? '?' : (uint8_t)*at,
		               attr);
	return col;
}

void top_frame_mark(struct top_frame *frame, int row, enum top_attr attr)
{
	for (int col = 0; row < frame->rows && col < frame->cols; col++)
		frame->cells[row * frame->cols + col].attr = (uint8_t)attr;
}

static void print_utf8(uint16_t ch, FILE *stream)
{
	if (ch < 0x80) {
		putc(ch, stream);
	} else if (ch < 0x800) {
		putc(0xc0 | ch >> 6, stream);
		putc(0x80 | (ch & 0x3f), stream);
	} else {
		putc(0xe0 | ch >> 12, stream);
		putc(0x80 | (ch >> 6 & 0x3f), stream);
		putc(0x80 | (ch & 0x3f), stream);
	}
}

/* Columns up to the last that is not a blank. */
static int width_of(const struct top_frame *frame, int row)
{
	int width = frame->cols;

	while (width > 0 && frame->cells[row * frame->cols + width - 1].ch == ' ')
		width--;
	return width;
}

void top_frame_print(const struct top_frame *frame, FILE *stream)
{
	int rows = frame->rows;

	while (rows > 0 && width_of(frame, rows - 1) == 0)
		rows--;
	for (int row = 0; row < rows; row++) {
		int width = width_of(frame, row);

		for (int col = 0; col < width; col++)
			print_utf8(frame->cells[row * frame->cols + col].ch, stream);
		putc('\n', stream);
	}
}
