/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmanalyze export: a database for other programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "mmanalyze.h"
#include "options.h"
#include "perfetto.h"
#include "terminal.h"

#define TOOL "mmanalyze export"

static struct {
	const char *format;
	const char *table;
	const char *run;
	bool list;
} args = { .format = "csv" };

static const struct option_row options[] = {
	{ .long_name = "format",
	  .type = OPTION_STRING,
	  .argument = "FORMAT",
	  .target = &args.format,
	  .help = "Write csv (default), jsonl (an object a line) or perfetto (Chrome's trace JSON)" },
	{ .long_name = "table",
	  .short_name = 't',
	  .type = OPTION_STRING,
	  .argument = "NAME",
	  .target = &args.table,
	  .help = "This table or view; jsonl without it: every table" },
	{ .long_name = "run",
	  .type = OPTION_STRING,
	  .argument = "RUN",
	  .target = &args.run,
	  .help = "Only the run with this label or number (default: all)" },
	{ .long_name = "list",
	  .short_name = 'l',
	  .type = OPTION_FLAG,
	  .target = &args.list,
	  .help = "Print the names of tables and views, and how each is called" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Write a database's tables as CSV or JSON lines, or its course for Perfetto.",
	.usage = "[options] results.db",
	.options = options,
	.epilogue = "Examples:\n"
		    "  mmanalyze export --table reclaim_stalls results.db >stalls.csv\n"
		    "  mmanalyze export --format=perfetto results.db >trace.json\n",
};

/* Views last. Not what SQLite keeps for itself. */
#define TABLES                                                          \
	"SELECT name, type FROM sqlite_schema"                          \
	" WHERE type IN ('table', 'view') AND name NOT GLOB 'sqlite_*'" \
	" AND (?1 = '' OR name = ?1) ORDER BY type, name"

static bool has_runs(sqlite3 *db, const char *table)
{
	sqlite3_stmt *statement = database_prepare(
		TOOL, db, "SELECT 1 FROM pragma_table_info(?1) WHERE name = 'run_id'", table, NULL);
	bool has = statement && sqlite3_step(statement) == SQLITE_ROW;

	sqlite3_finalize(statement);
	return has;
}

/* All of a table, or what belongs to the run that was asked for. */
static sqlite3_stmt *select_rows(sqlite3 *db, const char *table)
{
	bool by_run = args.run && has_runs(db, table);
	char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"%s", table,
	                            by_run ? " WHERE run_id IN (SELECT run_id FROM run"
	                                     " WHERE label = ?1 OR CAST(run_id AS TEXT) = ?1)"
	                                   : "");
	sqlite3_stmt *statement =
		sql ? database_prepare(TOOL, db, sql, by_run ? args.run : NULL, NULL) : NULL;

	sqlite3_free(sql);
	return statement;
}

/* ---- CSV ---- */

/* Quoted where a comma, a quote or a blank asks for it; control characters as \xHH. */
static void write_csv_text(const char *text, size_t length)
{
	size_t size = 4 * length + 1;
	char *escaped = malloc(size);
	bool quote;

	if (!escaped)
		return;
	escape_text(escaped, size, text, length);
	quote = strpbrk(escaped, ", \"");
	if (quote)
		putchar('"');
	for (const char *c = escaped; *c; c++) {
		if (*c == '"')
			putchar('"');
		putchar(*c);
	}
	if (quote)
		putchar('"');
	free(escaped);
}

static void write_csv_cell(sqlite3_stmt *statement, int column)
{
	const unsigned char *bytes;
	const char *text;

	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_NULL:
		break;
	case SQLITE_BLOB:
		bytes = sqlite3_column_blob(statement, column);
		for (int i = 0; i < sqlite3_column_bytes(statement, column); i++)
			printf("%02x", bytes[i]);
		break;
	default: /* numbers, too: all 15 digits */
		text = (const char *)sqlite3_column_text(statement, column);
		write_csv_text(text, (size_t)sqlite3_column_bytes(statement, column));
	}
}

static void write_csv_head(sqlite3_stmt *statement)
{
	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		const char *name = sqlite3_column_name(statement, i);

		if (i)
			putchar(',');
		write_csv_text(name, strlen(name));
	}
	putchar('\n');
}

static void write_csv_row(sqlite3_stmt *statement)
{
	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		if (i)
			putchar(',');
		write_csv_cell(statement, i);
	}
	putchar('\n');
}

/* ---- JSON lines ---- */

static void write_json_row(sqlite3_stmt *statement, const char *table)
{
	json_t *row = json_object();

	if (!args.table)
		json_object_set_new(row, "table", json_string(table));
	for (int i = 0; i < sqlite3_column_count(statement); i++)
		json_object_set_new(row, sqlite3_column_name(statement, i),
		                    database_cell_json(statement, i));
	json_dumpf(row, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
	putchar('\n');
	json_decref(row);
}

/* ---- all ---- */

static int write_table(sqlite3 *db, const char *table, bool csv)
{
	sqlite3_stmt *statement = select_rows(db, table);
	int step;

	if (!statement)
		return EXIT_TROUBLE;
	if (csv)
		write_csv_head(statement);
	while ((step = sqlite3_step(statement)) == SQLITE_ROW && !ferror(stdout)) {
		if (csv)
			write_csv_row(statement);
		else
			write_json_row(statement, table);
	}
	if (step != SQLITE_DONE && !ferror(stdout))
		message(TOOL, "reading the database failed: %s", sqlite3_errmsg(db));
	sqlite3_finalize(statement);
	return step == SQLITE_DONE || ferror(stdout) ? EXIT_SUCCESS : EXIT_TROUBLE;
}

static int write_tables(sqlite3 *db, bool csv)
{
	sqlite3_stmt *tables =
		database_prepare(TOOL, db, TABLES, args.table ? args.table : "", NULL);
	int status = EXIT_SUCCESS;
	bool any = false;

	if (!tables)
		return EXIT_TROUBLE;
	while (status == EXIT_SUCCESS && sqlite3_step(tables) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(tables, 0);
		const char *type = (const char *)sqlite3_column_text(tables, 1);

		any = true;
		if (args.table || strcmp(type, "table") == 0)
			status = write_table(db, name, csv);
	}
	sqlite3_finalize(tables);
	if (any)
		return status;
	message(TOOL, "there is no table %s (mmanalyze export --list names them)", args.table);
	return EXIT_TROUBLE;
}

static bool run_exists(sqlite3 *db)
{
	sqlite3_stmt *statement = database_prepare(
		TOOL, db, "SELECT 1 FROM run WHERE label = ?1 OR CAST(run_id AS TEXT) = ?1",
		args.run, NULL);
	bool exists = statement && sqlite3_step(statement) == SQLITE_ROW;

	sqlite3_finalize(statement);
	if (!exists)
		message(TOOL, "there is no run %s (mmanalyze runs lists them)", args.run);
	return exists;
}

static int export(sqlite3 *db)
{
	if (args.list) {
		sqlite3_stmt *statement = database_prepare(TOOL, db, TABLES, "", NULL);

		return statement && database_print_table(TOOL, statement) >= 0 ? EXIT_SUCCESS
		                                                               : EXIT_TROUBLE;
	}
	if (args.run && !run_exists(db))
		return EXIT_TROUBLE;
	if (strcmp(args.format, "perfetto") == 0)
		return perfetto_write(TOOL, db, args.run ? args.run : "", stdout) < 0
		               ? EXIT_TROUBLE
		               : EXIT_SUCCESS;
	return write_tables(db, strcmp(args.format, "csv") == 0);
}

static bool make_sense(void)
{
	bool csv = strcmp(args.format, "csv") == 0, perfetto = strcmp(args.format, "perfetto") == 0;

	if (!csv && !perfetto && strcmp(args.format, "jsonl") != 0)
		message(TOOL, "--format: %s is not csv, jsonl or perfetto", args.format);
	else if (csv && !args.table && !args.list)
		message(TOOL, "CSV holds one table: give --table (--list names them)");
	else if (perfetto && args.table)
		message(TOOL, "--table goes with csv and jsonl");
	else
		return true;
	return false;
}

int cmd_export(int argc, char **argv)
{
	int first = options_parse(&command, argc, argv);
	sqlite3 *db;
	int ret;

	if (first < 0 || !make_sense())
		return EXIT_TROUBLE;
	db = database_operand(TOOL, argc - first, argv + first, false);
	if (!db)
		return EXIT_TROUBLE;
	ret = export(db);
	sqlite3_close(db);
	return finish_output(TOOL, ret);
}
