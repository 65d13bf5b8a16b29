/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A batch as a virtual table: SQLite asks for its cells while it makes records of them, so that no row is bound, stepped
 * and reset. It holds copies: a name need not outlive the call that adds its row.
 */
#include "batch.h"

#include <string.h>

#include "alloc.h"

struct batch_table {
	sqlite3_vtab base;
	struct results_batch *batch;
};

struct batch_cursor {
	sqlite3_vtab_cursor base;
	const struct results_batch *batch;
	const union results_cell *cells; /* of the row */
	uint32_t row;
};

static int connect(sqlite3 *sqlite, void *batch, int argc, const char *const *argv,
                   sqlite3_vtab **table, char **error)
{
	static const char columns[] = "CREATE TABLE batch (c0, c1, c2, c3, c4, c5, c6, c7, c8, c9,"
				      " c10, c11, c12, c13, c14, c15)";
	int code = sqlite3_declare_vtab(sqlite, columns);
	struct batch_table *new;

	(void)argc;
	(void)argv;
	(void)error;
	if (code != SQLITE_OK)
		return code;
	new = base_calloc(1, sizeof(*new));
	if (!new)
		return SQLITE_NOMEM;
	new->batch = batch;
	*table = &new->base;
	return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *table)
{
	base_free(table);
	return SQLITE_OK;
}

/* There is one way to read it: from its beginning to its end. */
static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedCost = RESULTS_BATCH_ROWS;
	return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor)
{
	struct batch_cursor *new = base_calloc(1, sizeof(*new));

	if (!new)
		return SQLITE_NOMEM;
	new->batch = ((struct batch_table *)table)->batch;
	*cursor = &new->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
	base_free(cursor);
	return SQLITE_OK;
}

static int rewind_cursor(sqlite3_vtab_cursor *cursor, int number, const char *name, int argc,
                         sqlite3_value **argv)
{
	struct batch_cursor *at = (struct batch_cursor *)cursor;

	(void)number;
	(void)name;
	(void)argc;
	(void)argv;
	at->row = 0;
	at->cells = at->batch->cells;
	return SQLITE_OK;
}

static int next_row(sqlite3_vtab_cursor *cursor)
{
	struct batch_cursor *at = (struct batch_cursor *)cursor;

	at->row++;
	at->cells += at->batch->nr_columns;
	return SQLITE_OK;
}

static int at_end(sqlite3_vtab_cursor *cursor)
{
	const struct batch_cursor *at = (const struct batch_cursor *)cursor;

	return at->row >= at->batch->nr_rows;
}

static int read_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column)
{
	const struct batch_cursor *at = (const struct batch_cursor *)cursor;
	const union results_cell *cell = &at->cells[column];

	if (at->batch->types[column] == 't')
		sqlite3_result_text(context, cell->text, cell->length, SQLITE_STATIC);
	else
		sqlite3_result_int64(context, cell->number);
	return SQLITE_OK;
}

static int read_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid)
{
	*rowid = ((struct batch_cursor *)cursor)->row;
	return SQLITE_OK;
}

/* Without xCreate a module is a table by its own name, and nothing of it gets into the database. */
static const sqlite3_module module = {
	.xConnect = connect,
	.xBestIndex = best_index,
	.xDisconnect = disconnect,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = rewind_cursor,
	.xNext = next_row,
	.xEof = at_end,
	.xColumn = read_column,
	.xRowid = read_rowid,
};

sqlite3_stmt *results_batch_prepare(sqlite3 *sqlite, struct results_batch *batch, const char *table,
                                    const char *types)
{
	char columns[RESULTS_BATCH_COLUMNS * sizeof(", c10")] = "", name[64], sql[256];
	sqlite3_stmt *statement = NULL;

	batch->types = types;
	batch->nr_columns = (uint32_t)strlen(types);
	for (int i = 0; types[i]; i++) {
		size_t length = strlen(columns);

		sqlite3_snprintf((int)(sizeof(columns) - length), columns + length, ", c%d", i);
	}
	sqlite3_snprintf(sizeof(name), name, "batch_%s", table);
	sqlite3_snprintf(sizeof(sql), sql, "INSERT INTO %s SELECT ?1%s FROM %s", table, columns,
	                 name);
	if (sqlite3_create_module(sqlite, name, &module, batch) != SQLITE_OK)
		return NULL;
	sqlite3_prepare_v3(sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
	return statement;
}

bool results_batch_add(struct results_batch *batch, va_list *values)
{
	union results_cell *cells = &batch->cells[(size_t)batch->nr_rows * batch->nr_columns];

	for (int i = 0; batch->types[i]; i++) {
		if (batch->types[i] == 't') {
			const char *text = va_arg(*values, const char *);
			size_t length = strnlen(text, RESULTS_BATCH_TEXT + 1);

			if (length > RESULTS_BATCH_TEXT)
				return false;
			memcpy(cells[i].text, text, length);
			cells[i].length = (uint8_t)length;
		} else {
			cells[i].number = va_arg(*values, int64_t);
		}
	}
	batch->nr_rows++;
	return true;
}
