/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of the tables that have by far the most, inserted many at a time: as a table of its own that SQLite reads
 * ("INSERT INTO ... SELECT ... FROM batch_..."), which takes half of what a statement a row takes. write.c adds rows and
 * sees to it that none waits when another run begins or the transaction ends.
 */
#ifndef RESULTS_BATCH_H
#define RESULTS_BATCH_H

#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#define RESULTS_BATCH_ROWS    256u
#define RESULTS_BATCH_COLUMNS 16u
#define RESULTS_BATCH_TEXT    15u /* a letter for each order */

union results_cell {
	int64_t number;
	struct {
		char text[RESULTS_BATCH_TEXT];
		uint8_t length;
	};
};

/* Of one table, without its first column, which is run_id. */
struct results_batch {
	const char *types; /* of the columns: i an integer, t a text */
	uint32_t nr_columns;
	uint32_t nr_rows; /* that wait, fewer than RESULTS_BATCH_ROWS between two calls */
	union results_cell cells[RESULTS_BATCH_ROWS * RESULTS_BATCH_COLUMNS]; /* row by row */
};

/*
 * Prepares the statement that inserts the waiting rows of a batch into the table, with run_id as its parameter. It reads
 * batch as long as sqlite is open. NULL: SQLite's error says why.
 */
sqlite3_stmt *results_batch_prepare(sqlite3 *sqlite, struct results_batch *batch, const char *table,
                                    const char *types);

/* Adds a row; values are as types tells. False: a text is too long, and nothing was added. */
bool results_batch_add(struct results_batch *batch, va_list *values);

#endif
