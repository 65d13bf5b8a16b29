/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What query.c and query_rows.c share. */
#ifndef RENDER_QUERY_SQL_H
#define RENDER_QUERY_SQL_H

#include <sqlite3.h>

#include "query.h"
#include "xalloc.h"

struct db {
	sqlite3 *sqlite;
	char *path;
	sqlite3_stmt *state; /* of db_pageblock_state() */
};

/* Fills *err from SQLite's last error; returns its code. */
int db_trouble(struct db *db, struct mmr_error *err);

/* NULL with *err filled; run_id is bound to the first parameter, if there is one. */
sqlite3_stmt *db_prepare(struct db *db, const char *sql, int64_t run_id, struct mmr_error *err);

/* Ends a loop over rows: rc is what the last step returned. */
int db_finish(struct db *db, sqlite3_stmt *stmt, int rc, struct mmr_error *err);

int64_t column_in_range(sqlite3_stmt *stmt, int column, int64_t low, int64_t high);
void column_name(sqlite3_stmt *stmt, int column, char *name, size_t size);

#endif
