/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A results database, read-only, and queries of it printed as tables or JSON. */
#ifndef ANALYZE_DATABASE_H
#define ANALYZE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>
#include <sqlite3.h>

/* Opens path; NULL after a message of tool. writable: for deleting runs. */
sqlite3 *database_open(const char *tool, const char *path, bool writable);

/* database_open() of a command's only operand; NULL after a message, also if there are more or none. */
sqlite3 *database_operand(const char *tool, int nr_operands, char **operands, bool writable);

/*
 * Prepares sql and binds the texts given, ended by NULL, to its parameters in order. NULL after a
 * message; texts must live as long as the statement.
 */
sqlite3_stmt *database_prepare(const char *tool, sqlite3 *db, const char *sql, ...);

/*
 * Steps a statement to its end and finalizes it. Columns are titled as the query names them: a name
 * ending in _ns is shown as a time, other whole numbers with separators, other numbers with two decimals
 * below a thousand. Returns the number of rows, or -1 after a message.
 */
int64_t database_print_table(const char *tool, sqlite3_stmt *statement);
/* width: columns that the table should not exceed. */
int64_t database_write_table(const char *tool, sqlite3_stmt *statement, FILE *stream, size_t width);

/* A table of several that a command prints one below the other, and its member in JSON. */
struct database_section {
	const char *name;
	const char *title;
	const char *nothing; /* what to say if it has no rows; NULL: it is left out */
	const char *sql;
};

/*
 * Prints the section's rows under its title; *first says that no section has been printed before. statement may be NULL:
 * there was a message. It is finalized. False after a message.
 */
bool database_print_section(const char *tool, sqlite3_stmt *statement,
                            const struct database_section *section, bool *first);
/* The same as a member of root. */
bool database_add_section(const char *tool, sqlite3_stmt *statement, const char *name,
                          json_t *root);

/* A cell of the row that the statement is at, and a column's title, as the table has them. */
void database_cell(sqlite3_stmt *statement, int column, char *text, size_t size);
void database_title(sqlite3_stmt *statement, int column, char *text, size_t size);

/* A cell of the row that the statement is at: bytes in hexadecimal. */
json_t *database_cell_json(sqlite3_stmt *statement, int column);

/* The rows as a JSON array of objects, numbers as they are; NULL after a message. */
json_t *database_json(const char *tool, sqlite3_stmt *statement);

/* Prints one of the two; -1 after a message. */
int64_t database_print(const char *tool, sqlite3_stmt *statement, bool json);

/* Prints a JSON value with a newline and frees it. */
void print_json_value(json_t *value);

#endif
