/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of the tables that have by far the most, inserted many at a time: one statement of 64 rows takes half of
 * what 64 statements take. write.c adds them and sees to it that none waits when another run begins or the
 * transaction ends.
 */
#ifndef RESULTS_BATCH_H
#define RESULTS_BATCH_H

#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#define RESULTS_BATCH_ROWS    64u
#define RESULTS_BATCH_COLUMNS 17u
#define RESULTS_BATCH_TEXT    24u /* names of zones and migratetypes, with the NUL */

union results_cell {
	int64_t number;
	char text[RESULTS_BATCH_TEXT];
};

/* Of one table; the first column is run_id. */
struct results_batch {
	uint32_t nr_rows; /* that wait, fewer than RESULTS_BATCH_ROWS between two calls */
	union results_cell cells[RESULTS_BATCH_ROWS][RESULTS_BATCH_COLUMNS];
};

/*
 * Adds a row; types tells what the values are, for each column after run_id: i an integer, t a text. False: a
 * text is too long, and nothing was added.
 */
bool results_batch_add(struct results_batch *batch, int64_t run_id, const char *types,
                       va_list *values);

/*
 * Inserts the rows that wait, in their order: by whole, a statement of RESULTS_BATCH_ROWS rows, if there are as
 * many, otherwise one by one. False: SQLite's error says why.
 */
bool results_batch_flush(struct results_batch *batch, const char *types, sqlite3_stmt *whole,
                         sqlite3_stmt *single);

#endif
