/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A results database in a folder of its own, and its rows as text: columns joined by '|', one row a line. */
#ifndef TESTS_RESULT_ROWS_H
#define TESTS_RESULT_ROWS_H

#include "unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "db.h"
#include "write.h"

static char rows_folder[64];
static char rows_path[96];

static inline int rows_set_up(void **state)
{
	(void)state;
	snprintf(rows_folder, sizeof(rows_folder), "/tmp/mmr-rows-XXXXXX");
	if (!mkdtemp(rows_folder))
		return -1;
	snprintf(rows_path, sizeof(rows_path), "%s/results.db", rows_folder);
	return 0;
}

static inline int rows_tear_down(void **state)
{
	(void)state;
	unlink(rows_path);
	return rmdir(rows_folder);
}

/* Begins a run of a made-up trace in the database, which is created if it is not there. */
static inline struct results_db *rows_begin(const struct results_run *run)
{
	const struct results_trace trace = { .fingerprint = "f00d",
		                             .path = "a.zst",
		                             .kernel_release = "6.12",
		                             .machine = "x86_64",
		                             .clock = "mono",
		                             .cmdline = "" };
	struct results_db *db = NULL;
	struct mmr_error err = { 0 };

	assert_int_equal(results_open(rows_path, &db, &err), 0);
	assert_int_equal(results_put_trace(db, &trace, &err), 0);
	assert_int_equal(results_begin_run(db, run, NULL, &err), 0);
	return db;
}

static inline void rows_commit(struct results_db *db)
{
	struct mmr_error err = { 0 };
	int code = results_commit(db, &err);

	assert_string_equal(err.text, "");
	assert_int_equal(code, 0);
	results_close(db);
}

static inline void rows_expect(const char *sql, const char *expected)
{
	sqlite3_stmt *statement;
	char text[4096] = "";
	size_t length = 0;
	sqlite3 *sqlite;

	assert_int_equal(sqlite3_open_v2(rows_path, &sqlite, SQLITE_OPEN_READONLY, NULL),
	                 SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(sqlite, sql, -1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		int nr_columns = sqlite3_column_count(statement);

		for (int i = 0; i < nr_columns; i++) {
			const char *value = (const char *)sqlite3_column_text(statement, i);

			length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
			                           value ? value : "-",
			                           i + 1 < nr_columns ? "|" : "\n");
			assert_true(length < sizeof(text));
		}
	}
	sqlite3_finalize(statement);
	sqlite3_close(sqlite);
	assert_string_equal(text, expected);
}

#endif
