/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables: cells are kept as text until the widths are known. */
#include <stdarg.h>
#include <string.h>

#include "alloc.h"
#include "cli_private.h"
#include "terminal.h"

#define CELL_SIZE 512

struct table {
	const struct table_column *columns;
	size_t nr_columns;
	char **cells;
	size_t nr_cells;
	size_t capacity;
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

/* Columns on the screen: UTF-8 continuation bytes take none. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void put(FILE *stream, char c, size_t count)
{
	while (count-- > 0)
		putc(c, stream);
}

static void print_cell(FILE *stream, const struct table_column *column, const char *text,
                       size_t width, bool last)
{
	size_t pad = width - width_of(text);

	if (column->align == TABLE_RIGHT)
		put(stream, ' ', pad);
	fputs(text, stream);
	if (last)
		putc('\n', stream);
	else
		put(stream, ' ', (column->align == TABLE_LEFT ? pad : 0) + 2);
}

static void print_rows(const struct table *table, const size_t *widths, FILE *stream)
{
	size_t last = table->nr_columns - 1;

	for (size_t i = 0; i <= last; i++)
		print_cell(stream, &table->columns[i], table->columns[i].title, widths[i],
		           i == last);
	for (size_t i = 0; i <= last; i++) {
		put(stream, '-', widths[i]);
		fputs(i == last ? "\n" : "  ", stream);
	}
	for (size_t i = 0; i < table->nr_cells; i++) {
		size_t column = i % table->nr_columns;

		print_cell(stream, &table->columns[column], table->cells[i], widths[column],
		           column == last);
	}
	/* A row that was not filled still ends its line. */
	if (table->nr_cells % table->nr_columns)
		putc('\n', stream);
}

void table_print(const struct table *table, FILE *stream)
{
	size_t *widths;

	if (table->nr_columns == 0)
		return;
	widths = base_calloc(table->nr_columns, sizeof(*widths));
	if (!widths)
		cli_out_of_memory();
	for (size_t i = 0; i < table->nr_columns; i++)
		widths[i] = width_of(table->columns[i].title);
	for (size_t i = 0; i < table->nr_cells; i++) {
		size_t *width = &widths[i % table->nr_columns];
		size_t own = width_of(table->cells[i]);

		*width = own > *width ? own : *width;
	}
	print_rows(table, widths, stream);
	base_free(widths);
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
