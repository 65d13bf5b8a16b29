/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables: cells are kept as text until the widths are known. One that is too wide has its headings broken into lines first,
 * then the cells of its widest column of text, and last less room between columns. What has no place to be broken at, such
 * as a path, stays whole.
 */
#include <stdarg.h>
#include <string.h>

#include "alloc.h"
#include "cli_private.h"
#include "terminal.h"

#define CELL_SIZE 512

/* Text in less is worse to read than a line that is too long. */
#define LEAST_TEXT 16

struct table {
	const struct table_column *columns;
	size_t nr_columns;
	char **cells;
	size_t nr_cells;
	size_t capacity;
};

/* How it is printed. */
struct layout {
	size_t *widths;
	size_t gap;
	bool broken_titles;
	size_t text; /* the column whose cells are broken; nr_columns: none */
};

struct table *table_create(const struct table_column *columns, size_t nr_columns)
{
	struct table *table = base_calloc(1, sizeof(*table));

	if (!table)
		cli_out_of_memory();
	table->columns = columns;
	table->nr_columns = nr_columns;
	return table;
}

void table_cell(struct table *table, const char *fmt, ...)
{
	char text[CELL_SIZE];
	char escaped[CELL_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	escape_text(escaped, sizeof(escaped), text, sizeof(text));
	if (table->nr_cells == table->capacity) {
		void *cells = table->cells;

		table->capacity = table->capacity ? table->capacity * 2 : 64;
		cli_resize(&cells, table->capacity, sizeof(*table->cells));
		table->cells = cells;
	}
	table->cells[table->nr_cells++] = cli_strndup(escaped, strlen(escaped));
}

/* ---- text and where it can be broken ---- */

/* Columns on the screen: UTF-8 continuation bytes take none. */
static size_t width_of_part(const char *text, size_t length)
{
	size_t width = 0;

	for (size_t i = 0; i < length; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

static size_t width_of(const char *text)
{
	return width_of_part(text, strlen(text));
}

/* Bytes up to where text can be broken next: behind the separator, if that is to be seen. */
static size_t next_break(const char *text)
{
	size_t length = strcspn(text, " |");

	return length + (text[length] == '|');
}

/* Bytes of the first line of text, at least one word. What follows begins at *next. */
static size_t first_line(const char *text, size_t width, size_t *next)
{
	size_t length = next_break(text);

	for (;;) {
		size_t blanks = strspn(text + length, " ");
		size_t more = next_break(text + length + blanks);

		*next = length + blanks;
		if (more == 0 || width_of_part(text, length + blanks + more) > width)
			return length;
		length += blanks + more;
	}
}

static size_t longest_word(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t next, width = width_of_part(text, first_line(text, 0, &next));

		longest = width > longest ? width : longest;
		text += next;
	}
	return longest;
}

static size_t nr_lines(const char *text, size_t width)
{
	size_t lines = 1, next;

	for (first_line(text, width, &next); text[next]; first_line(text, width, &next)) {
		text += next;
		lines++;
	}
	return lines;
}

/* ---- layout ---- */

static void measure(const struct table *table, struct layout *layout)
{
	for (size_t i = 0; i < table->nr_columns; i++) {
		const char *title = table->columns[i].title;

		layout->widths[i] = layout->broken_titles ? longest_word(title) : width_of(title);
	}
	for (size_t i = 0; i < table->nr_cells; i++) {
		size_t *width = &layout->widths[i % table->nr_columns];
		size_t own = width_of(table->cells[i]);

		*width = own > *width ? own : *width;
	}
}

static size_t total(const struct table *table, const struct layout *layout)
{
	size_t width = (table->nr_columns - 1) * layout->gap;

	for (size_t i = 0; i < table->nr_columns; i++)
		width += layout->widths[i];
	return width;
}

/* The least that the cells of a column take, broken. */
static size_t least_of(const struct table *table, size_t column)
{
	size_t least = longest_word(table->columns[column].title);

	for (size_t i = column; i < table->nr_cells; i += table->nr_columns) {
		size_t own = longest_word(table->cells[i]);

		least = own > least ? own : least;
	}
	return least;
}

static void break_text(const struct table *table, struct layout *layout, size_t width)
{
	size_t widest = table->nr_columns, excess = total(table, layout) - width, least;

	for (size_t i = 0; i < table->nr_columns; i++)
		if (table->columns[i].align == TABLE_LEFT &&
		    (widest == table->nr_columns || layout->widths[i] > layout->widths[widest]))
			widest = i;
	if (widest == table->nr_columns || layout->widths[widest] <= LEAST_TEXT)
		return;
	least = least_of(table, widest);
	least = least > LEAST_TEXT ? least : LEAST_TEXT;
	if (layout->widths[widest] < least + excess) /* it would be too wide all the same */
		return;
	layout->text = widest;
	layout->widths[widest] -= excess;
}

static void lay_out(const struct table *table, struct layout *layout, size_t width)
{
	measure(table, layout);
	if (total(table, layout) <= width)
		return;
	layout->broken_titles = true;
	measure(table, layout);
	for (layout->gap = 2; layout->gap > 0; layout->gap--) {
		if (total(table, layout) > width)
			break_text(table, layout, width);
		if (total(table, layout) <= width)
			return;
	}
	layout->gap = 2; /* nothing helps */
}

/* ---- printing ---- */

static void put(FILE *stream, char c, size_t count)
{
	while (count-- > 0)
		putc(c, stream);
}

/* *blanks are what is owed in this line so far: none end it. */
static void print_part(const struct table *table, const struct layout *layout, size_t column,
                       const char *text, size_t length, FILE *stream, size_t *blanks)
{
	bool right = table->columns[column].align == TABLE_RIGHT;
	size_t width = width_of_part(text, length);
	size_t pad = layout->widths[column] > width ? layout->widths[column] - width : 0;

	*blanks += right ? pad : 0;
	if (length > 0) {
		put(stream, ' ', *blanks);
		*blanks = 0;
	}
	fwrite(text, 1, length, stream);
	*blanks += (right ? 0 : pad) + layout->gap;
	if (column + 1 < table->nr_columns)
		return;
	putc('\n', stream);
	*blanks = 0;
}

static const char *skip_lines(const char *text, size_t width, size_t count)
{
	size_t next;

	for (; count > 0 && *text; count--) {
		first_line(text, width, &next);
		text += next;
	}
	return text;
}

static void print_titles(const struct table *table, const struct layout *layout, FILE *stream)
{
	size_t height = 1, blanks = 0, lines, next;

	for (size_t i = 0; layout->broken_titles && i < table->nr_columns; i++) {
		lines = nr_lines(table->columns[i].title, layout->widths[i]);
		height = lines > height ? lines : height;
	}
	for (size_t line = 0; line < height; line++)
		for (size_t i = 0; i < table->nr_columns; i++) {
			const char *title = table->columns[i].title;
			size_t width = layout->widths[i], length = strlen(title);

			if (layout->broken_titles) {
				lines = nr_lines(title, width);
				title = line + lines < height
				                ? ""
				                : skip_lines(title, width, line + lines - height);
				length = first_line(title, width, &next);
			}
			print_part(table, layout, i, title, length, stream, &blanks);
		}
}

/* Further lines of a row have its broken cell only. */
static void print_rest(const struct layout *layout, const char *text, FILE *stream)
{
	size_t indent = 0, next;

	for (size_t i = 0; i < layout->text; i++)
		indent += layout->widths[i] + layout->gap;
	while (*text) {
		size_t length = first_line(text, layout->widths[layout->text], &next);

		fprintf(stream, "%*s%.*s\n", (int)indent, "", (int)length, text);
		text += next;
	}
}

static void print_row(const struct table *table, const struct layout *layout, char *const *cells,
                      FILE *stream)
{
	size_t blanks = 0;

	for (size_t i = 0; i < table->nr_columns; i++) {
		size_t length = strlen(cells[i]), next;

		if (i == layout->text)
			length = first_line(cells[i], layout->widths[i], &next);
		print_part(table, layout, i, cells[i], length, stream, &blanks);
	}
	if (layout->text < table->nr_columns)
		print_rest(layout, skip_lines(cells[layout->text], layout->widths[layout->text], 1),
		           stream);
}

void table_print_within(const struct table *table, FILE *stream, size_t width)
{
	struct layout layout = { .gap = 2, .text = table->nr_columns };
	size_t rows, blanks = 0;

	if (table->nr_columns == 0)
		return;
	layout.widths = base_calloc(table->nr_columns, sizeof(*layout.widths));
	if (!layout.widths)
		cli_out_of_memory();
	lay_out(table, &layout, width);
	print_titles(table, &layout, stream);
	for (size_t i = 0; i < table->nr_columns; i++) {
		put(stream, '-', layout.widths[i]);
		if (i + 1 < table->nr_columns)
			put(stream, ' ', layout.gap);
	}
	putc('\n', stream);
	rows = table->nr_cells / table->nr_columns;
	for (size_t i = 0; i < rows; i++)
		print_row(table, &layout, &table->cells[i * table->nr_columns], stream);
	/* A row that was not filled still ends its line. */
	for (size_t i = rows * table->nr_columns; i < table->nr_cells; i++)
		print_part(table, &layout, i % table->nr_columns, table->cells[i],
		           strlen(table->cells[i]), stream, &blanks);
	if (table->nr_cells % table->nr_columns)
		putc('\n', stream);
	base_free(layout.widths);
}

void table_print(const struct table *table, FILE *stream)
{
	table_print_within(table, stream, terminal_width(stream));
}

void table_destroy(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->nr_cells; i++)
		base_free(table->cells[i]);
	base_free(table->cells);
	base_free(table);
}
