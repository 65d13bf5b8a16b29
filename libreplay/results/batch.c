/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A batch holds copies: a name need not outlive the call that adds its row. */
#include "batch.h"

#include <string.h>

#include "db_private.h"

bool results_batch_add(struct results_batch *batch, int64_t run_id, const char *types,
                       va_list *values)
{
	union results_cell *cells = batch->cells[batch->nr_rows];

	cells[0].number = run_id;
	for (int i = 0; types[i]; i++) {
		if (types[i] == 't') {
			const char *text = va_arg(*values, const char *);
			size_t length = strnlen(text, RESULTS_BATCH_TEXT);

			if (length == RESULTS_BATCH_TEXT)
				return false;
			memcpy(cells[i + 1].text, text, length + 1);
		} else {
			cells[i + 1].number = va_arg(*values, int64_t);
		}
	}
	batch->nr_rows++;
	return true;
}

static void bind_row(sqlite3_stmt *statement, int column, const char *types,
                     const union results_cell *cells)
{
	sqlite3_bind_int64(statement, column, cells[0].number);
	for (int i = 0; types[i]; i++)
		if (types[i] == 't')
			sqlite3_bind_text(statement, column + i + 1, cells[i + 1].text, -1,
			                  SQLITE_STATIC);
		else
			sqlite3_bind_int64(statement, column + i + 1, cells[i + 1].number);
}

static bool insert(sqlite3_stmt *statement)
{
	bool done = sqlite3_step(statement) == SQLITE_DONE;

	sqlite3_reset(statement);
	return done;
}

bool results_batch_flush(struct results_batch *batch, const char *types, sqlite3_stmt *whole,
                         sqlite3_stmt *single)
{
	const int nr_columns = (int)strlen(types) + 1;
	const uint32_t nr_rows = batch->nr_rows;
	bool done = true;

	batch->nr_rows = 0;
	if (nr_rows < RESULTS_BATCH_ROWS) {
		for (uint32_t i = 0; done && i < nr_rows; i++) {
			bind_row(single, 1, types, batch->cells[i]);
			done = insert(single);
		}
		return done;
	}
	for (uint32_t i = 0; i < nr_rows; i++)
		bind_row(whole, 1 + (int)i * nr_columns, types, batch->cells[i]);
	return insert(whole);
}
