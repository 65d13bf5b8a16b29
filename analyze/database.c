/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "database.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "terminal.h"

#define APPLICATION_ID 0x6d6d7270 /* as in mmreplay-db(5), like the next */
#define NEWEST_VERSION 9
#define MAX_COLUMNS    16

static int64_t pragma(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t value = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

/* Whoever asks about a run made from a filtered recording is told each time. */
static void tell_limits(const char *tool, sqlite3 *db)
{
	static const char sql[] = "SELECT kind, label, value FROM run_param JOIN run USING (run_id)"
				  " WHERE name GLOB 'recording.*' ORDER BY run_id, name";
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		return;
	while (sqlite3_step(statement) == SQLITE_ROW)
		message(tool, "%s \"%s\" comes from a recording that is not of everything: %s",
		        (const char *)sqlite3_column_text(statement, 0),
		        (const char *)sqlite3_column_text(statement, 1),
		        (const char *)sqlite3_column_text(statement, 2));
	sqlite3_finalize(statement);
}

sqlite3 *database_open(const char *tool, const char *path, bool writable)
{
	struct stat status;
	sqlite3 *db = NULL;
	int64_t id, version;

	if (stat(path, &status) < 0) {
		message(tool, "cannot open %s; mmreplay --shadow trace.zst makes one", path);
		return NULL;
	}
	if (!S_ISREG(status.st_mode)) {
		message(tool, "%s is not a regular file", path);
		return NULL;
	}
	if (sqlite3_open_v2(path, &db, writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY,
	                    NULL) != SQLITE_OK) {
		message(tool, "cannot open %s: %s", path,
		        db ? sqlite3_errmsg(db) : "out of memory");
		sqlite3_close(db);
		return NULL;
	}
	/* The file may come from anybody: nothing in its schema gets to run functions with effects. */
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	id = pragma(db, "PRAGMA application_id");
	version = pragma(db, "PRAGMA user_version");
	if (id == APPLICATION_ID && version <= NEWEST_VERSION) {
		tell_limits(tool, db);
		return db;
	}
	if (id == APPLICATION_ID)
		message(tool, "%s was made by a newer version", path);
	else
		message(tool,
		        "%s is not a results database of mmreplay; mmreplay --shadow trace.zst makes one",
		        path);
	sqlite3_close(db);
	return NULL;
}

sqlite3 *database_operand(const char *tool, int nr_operands, char **operands, bool writable)
{
	if (nr_operands == 1)
		return database_open(tool, operands[0], writable);
	message(tool, "give one database (see %s --help)", tool);
	return NULL;
}

sqlite3_stmt *database_prepare(const char *tool, sqlite3 *db, const char *sql, ...)
{
	sqlite3_stmt *statement = NULL;
	const char *text;
	va_list texts;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
		if (pragma(db, "PRAGMA user_version") < NEWEST_VERSION)
			message(tool, "the database was made by an older version and lacks what is "
			              "asked for: mmreplay --db adds it with the next run");
		else
			message(tool, "the database is not as expected: %s", sqlite3_errmsg(db));
		return NULL;
	}
	va_start(texts, sql);
	for (int i = 1; (text = va_arg(texts, const char *)); i++)
		sqlite3_bind_text(statement, i, text, -1, SQLITE_STATIC);
	va_end(texts);
	return statement;
}

static bool ends_in(const char *text, const char *suffix)
{
	size_t length = strlen(text), suffix_length = strlen(suffix);

	return length > suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

static void format_integer(char *text, size_t size, const char *name, int64_t value)
{
	char number[FORMAT_SIZE];
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	if (ends_in(name, "_ns"))
		format_duration(number, magnitude);
	else if (ends_in(name, "pid") || ends_in(name, "run_id"))
		snprintf(number, sizeof(number), "%" PRIu64, magnitude);
	else
		format_count(number, magnitude);
	snprintf(text, size, "%s%s", value < 0 ? "-" : "", number);
}

/* An error in percent that passes ten times its base is told as a multiple of that: "×149", not 14,819 %. */
static bool is_multiple(const char *name, double value)
{
	return value >= 1000 && (ends_in(name, "error_percent") ||
	                         ends_in(name, "spread_percent") || strncmp(name, "% off", 5) == 0);
}

static void format_real(char *text, size_t size, const char *name, double value)
{
	double magnitude = fabs(value);
	char number[FORMAT_SIZE];

	if (is_multiple(name, value))
		snprintf(text, size, "%s", format_multiple(number, value));
	else if (magnitude < 999.995)
		snprintf(text, size, "%.2f", value);
	else
		snprintf(text, size, "%s%s", value < 0 ? "-" : "",
		         format_count(number, (uint64_t)(magnitude + 0.5)));
}

void database_cell(sqlite3_stmt *statement, int column, char *text, size_t size)
{
	const char *name = sqlite3_column_name(statement, column);

	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_INTEGER:
		format_integer(text, size, name, sqlite3_column_int64(statement, column));
		break;
	case SQLITE_FLOAT:
		format_real(text, size, name, sqlite3_column_double(statement, column));
		break;
	case SQLITE_NULL:
		snprintf(text, size, "-");
		break;
	default:
		escape_text(text, size, (const char *)sqlite3_column_text(statement, column),
		            (size_t)sqlite3_column_bytes(statement, column));
	}
}

void database_title(sqlite3_stmt *statement, int column, char *text, size_t size)
{
	const char *name = sqlite3_column_name(statement, column);
	size_t length = strlen(name) - (ends_in(name, "_ns") ? 3 : 0);

	snprintf(text, size, "%.*s", (int)length, name);
	if (ends_in(text, "_mib")) {
		text[strlen(text) - 3] = 'M';
		text[strlen(text) - 1] = 'B';
	}
	for (char *c = text; *c; c++)
		if (*c == '_')
			*c = ' ';
}

static int64_t finish(const char *tool, sqlite3_stmt *statement, int step, int64_t nr_rows)
{
	if (step != SQLITE_DONE) {
		message(tool, "reading the database failed: %s",
		        sqlite3_errmsg(sqlite3_db_handle(statement)));
		nr_rows = -1;
	}
	sqlite3_finalize(statement);
	return nr_rows;
}

int64_t database_write_table(const char *tool, sqlite3_stmt *statement, FILE *stream, size_t width)
{
	struct table_column columns[MAX_COLUMNS];
	char titles[MAX_COLUMNS][64];
	int nr_columns = sqlite3_column_count(statement);
	struct table *table = NULL;
	int64_t nr_rows = 0;
	int step;

	while ((step = sqlite3_step(statement)) == SQLITE_ROW && nr_columns <= MAX_COLUMNS) {
		for (int i = 0; !nr_rows && i < nr_columns; i++) {
			int type = sqlite3_column_type(statement, i);

			database_title(statement, i, titles[i], sizeof(titles[i]));
			columns[i].title = titles[i];
			columns[i].align = type == SQLITE_TEXT ? TABLE_LEFT : TABLE_RIGHT;
		}
		if (!nr_rows++)
			table = table_create(columns, (size_t)nr_columns);
		for (int i = 0; i < nr_columns; i++) {
			char text[512];

			database_cell(statement, i, text, sizeof(text));
			table_cell(table, "%s", text);
		}
	}
	if (table) {
		table_print_within(table, stream, width);
		table_destroy(table);
	}
	return finish(tool, statement, step, nr_rows);
}

int64_t database_print_table(const char *tool, sqlite3_stmt *statement)
{
	return database_write_table(tool, statement, stdout, terminal_width(stdout));
}

static json_t *blob_json(const unsigned char *bytes, size_t size)
{
	char *text = calloc(2 * size + 1, 1);
	json_t *value;

	for (size_t i = 0; text && i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	value = json_string(text ? text : "");
	free(text);
	return value;
}

json_t *database_cell_json(sqlite3_stmt *statement, int column)
{
	char escaped[1024];
	json_t *text;

	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_INTEGER:
		return json_integer(sqlite3_column_int64(statement, column));
	case SQLITE_FLOAT:
		return json_real(sqlite3_column_double(statement, column));
	case SQLITE_NULL:
		return json_null();
	case SQLITE_BLOB:
		return blob_json(sqlite3_column_blob(statement, column),
		                 (size_t)sqlite3_column_bytes(statement, column));
	default:
		/* NULL if it is not UTF-8, as a task's name may well be. */
		text = json_string((const char *)sqlite3_column_text(statement, column));
		if (text)
			return text;
		escape_text(escaped, sizeof(escaped),
		            (const char *)sqlite3_column_text(statement, column),
		            (size_t)sqlite3_column_bytes(statement, column));
		return json_string(escaped);
	}
}

json_t *database_json(const char *tool, sqlite3_stmt *statement)
{
	json_t *rows = json_array();
	int nr_columns = sqlite3_column_count(statement);
	int step;

	while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
		json_t *row = json_object();

		for (int i = 0; i < nr_columns; i++)
			json_object_set_new(row, sqlite3_column_name(statement, i),
			                    database_cell_json(statement, i));
		json_array_append_new(rows, row);
	}
	if (finish(tool, statement, step, 0) < 0) {
		json_decref(rows);
		return NULL;
	}
	return rows;
}

bool database_print_section(const char *tool, sqlite3_stmt *statement,
                            const struct database_section *section, bool *first)
{
	bool has_rows;

	if (!statement)
		return false;
	has_rows = sqlite3_step(statement) == SQLITE_ROW;
	sqlite3_reset(statement);
	if (!has_rows) {
		sqlite3_finalize(statement);
		if (section->nothing)
			puts(section->nothing);
		return true;
	}
	printf("%s%s\n", *first ? "" : "\n", section->title);
	*first = false;
	return database_print_table(tool, statement) >= 0;
}

bool database_add_section(const char *tool, sqlite3_stmt *statement, const char *name, json_t *root)
{
	json_t *rows = statement ? database_json(tool, statement) : NULL;

	if (rows)
		json_object_set_new(root, name, rows);
	return rows;
}

void print_json_value(json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(value);
}

int64_t database_print(const char *tool, sqlite3_stmt *statement, bool json)
{
	json_t *rows;

	if (!json)
		return database_print_table(tool, statement);
	rows = database_json(tool, statement);
	if (!rows)
		return -1;
	print_json_value(rows);
	return 0;
}
