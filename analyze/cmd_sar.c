/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmanalyze vmstat and mmanalyze sar: tables that people know, of the recording or of a replay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "mmanalyze.h"
#include "options.h"
#include "terminal.h"

#define MAX_COLUMNS 16

enum sar_table { PAGING, SWAPPING, MEMORY, SWAP, VMSTAT, NR_TABLES };

static struct {
	bool wanted[NR_TABLES];
	const char *run;
	bool json;
	bool csv;
} args;

/* Each is a view of mmreplay-db(5): run_id, t_s, interval_s, and what is printed. */
static const struct {
	const char *name;
	const char *title;
	const char *view;
} tables[NR_TABLES] = {
	[PAGING] = { "paging", "Paging (sar -B)", "sar_paging" },
	[SWAPPING] = { "swapping", "Swapping (sar -W)", "sar_swapping" },
	[MEMORY] = { "memory", "Memory (sar -r)", "sar_memory" },
	[SWAP] = { "swap", "Swap space (sar -S)", "sar_swap" },
	[VMSTAT] = { "vmstat", NULL, "vmstat_memory" },
};

#define COMMON_OPTIONS                                                           \
	{ .long_name = "run",                                                    \
	  .type = OPTION_STRING,                                                 \
	  .argument = "RUN",                                                     \
	  .target = &args.run,                                                   \
	  .help = "The run with this label or number (default: the original)" }, \
		{ .long_name = "json",                                           \
		  .type = OPTION_FLAG,                                           \
		  .target = &args.json,                                          \
		  .help = "Print JSON" },                                        \
		{ .long_name = "csv",                                            \
		  .type = OPTION_FLAG,                                           \
		  .target = &args.csv,                                           \
		  .help = "Print CSV" },                                         \
	{                                                                        \
		.long_name = NULL                                                \
	}

static const struct option_row vmstat_options[] = { COMMON_OPTIONS };

static const struct command vmstat_command = {
	.tool = "mmanalyze vmstat",
	.summary = "Print the memory columns of vmstat, a line an interval between snapshots.",
	.usage = "[options] results.db",
	.options = vmstat_options,
};

static const struct option_row sar_options[] = {
	{ .long_name = "paging",
	  .short_name = 'B',
	  .type = OPTION_FLAG,
	  .target = &args.wanted[PAGING],
	  .help = "Paging, faults and reclaim (without any of the four: this)" },
	{ .long_name = "swapping",
	  .short_name = 'W',
	  .type = OPTION_FLAG,
	  .target = &args.wanted[SWAPPING],
	  .help = "Pages swapped in and out" },
	{ .long_name = "memory",
	  .short_name = 'r',
	  .type = OPTION_FLAG,
	  .target = &args.wanted[MEMORY],
	  .help = "What memory is used for" },
	{ .long_name = "swap",
	  .short_name = 'S',
	  .type = OPTION_FLAG,
	  .target = &args.wanted[SWAP],
	  .help = "How full swap is" },
	COMMON_OPTIONS
};

static const struct command sar_command = {
	.tool = "mmanalyze sar",
	.summary = "Print tables as sar does, a line an interval between snapshots.",
	.usage = "[-B] [-W] [-r] [-S] [options] results.db",
	.options = sar_options,
	.epilogue = "Examples:\n"
		    "  mmanalyze sar -B results.db\n"
		    "  mmanalyze sar -r -S --run mglru results.db\n",
};

/* ---- which run ---- */

static int64_t choose_run(const char *tool, sqlite3 *db)
{
	sqlite3_stmt *statement = database_prepare(
		tool, db,
		"SELECT run_id FROM run WHERE CASE WHEN ?1 = '' THEN kind = 'original'"
		" ELSE label = ?1 OR CAST(run_id AS TEXT) = ?1 END ORDER BY run_id LIMIT 1",
		args.run ? args.run : "", NULL);
	int64_t run_id = 0;

	if (!statement)
		return 0;
	if (sqlite3_step(statement) == SQLITE_ROW)
		run_id = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	if (run_id == 0)
		message(tool,
		        args.run ? "there is no run %s (mmanalyze runs lists them)"
		                 : "there is no original in the database%s",
		        args.run ? args.run : "");
	return run_id;
}

static sqlite3_stmt *select_rows(const char *tool, sqlite3 *db, enum sar_table which,
                                 int64_t run_id)
{
	char *sql = sqlite3_mprintf(
		"SELECT * FROM %s WHERE run_id = ?1 AND interval_s > 0 ORDER BY t_s",
		tables[which].view);
	sqlite3_stmt *statement = sql ? database_prepare(tool, db, sql, NULL) : NULL;

	if (statement)
		sqlite3_bind_int64(statement, 1, run_id);
	sqlite3_free(sql);
	return statement;
}

/* ---- text ---- */

/* run_id and interval_s are not shown. */
#define SHOWN(column) ((column) == 1 || (column) > 2)

struct average {
	double sums[MAX_COLUMNS];
	bool known[MAX_COLUMNS];
	bool whole
		[MAX_COLUMNS]; /* printed without decimals, as vmstat does all and sar what is no rate */
	double seconds;
};

static void add_row(struct table *table, sqlite3_stmt *statement, struct average *average,
                    bool whole)
{
	double seconds = sqlite3_column_double(statement, 2);

	average->seconds += seconds;
	for (int i = 1; i < sqlite3_column_count(statement); i++) {
		double value = sqlite3_column_double(statement, i);
		int type = sqlite3_column_type(statement, i);

		if (!SHOWN(i))
			continue;
		average->sums[i] += value * seconds;
		average->known[i] |= type != SQLITE_NULL;
		if (type == SQLITE_NULL)
			table_cell(table, "-");
		else if (i == 1)
			table_cell(table, "%.3f", value);
		else if (type == SQLITE_INTEGER || whole)
			table_cell(table, "%.0f", value);
		else
			table_cell(table, "%.2f", value);
		average->whole[i] |= type == SQLITE_INTEGER || whole;
	}
}

/* Of reclaim's efficiency: of all that was scanned, which is not the mean over the intervals. */
static double efficiency(const double sums[])
{
	double scanned = sums[-3] + sums[-2];

	return scanned > 0 ? 100 * sums[-1] / scanned : 0;
}

static void add_average(struct table *table, sqlite3_stmt *statement, struct average *average)
{
	int nr_columns = sqlite3_column_count(statement);

	if (strcmp(sqlite3_column_name(statement, nr_columns - 1), "%vmeff") == 0)
		average->sums[nr_columns - 1] =
			efficiency(&average->sums[nr_columns - 1]) * average->seconds;
	table_cell(table, "Average:");
	for (int i = 3; i < nr_columns; i++)
		if (average->known[i])
			table_cell(table, average->whole[i] ? "%.0f" : "%.2f",
			           average->sums[i] / average->seconds);
		else
			table_cell(table, "-");
}

static int print_table(const char *tool, sqlite3_stmt *statement, bool whole)
{
	struct table_column columns[MAX_COLUMNS];
	struct average average = { .seconds = 0 };
	int nr_columns = sqlite3_column_count(statement), step;
	size_t nr_shown = 0;
	struct table *table;

	for (int i = 1; i < nr_columns && i < MAX_COLUMNS; i++)
		if (SHOWN(i))
			columns[nr_shown++] = (struct table_column){
				i == 1 ? "time" : sqlite3_column_name(statement, i), TABLE_RIGHT
			};
	table = table_create(columns, nr_shown);
	while ((step = sqlite3_step(statement)) == SQLITE_ROW)
		add_row(table, statement, &average, whole);
	if (average.seconds > 0) {
		add_average(table, statement, &average);
		table_print(table, stdout);
	} else if (step == SQLITE_DONE) {
		puts("Nothing: that takes two snapshots of /proc/vmstat and /proc/meminfo.");
	}
	table_destroy(table);
	if (step != SQLITE_DONE)
		message(tool, "reading the database failed: %s",
		        sqlite3_errmsg(sqlite3_db_handle(statement)));
	sqlite3_finalize(statement);
	return step == SQLITE_DONE ? 0 : -1;
}

/* ---- CSV ---- */

static int print_csv(const char *tool, sqlite3_stmt *statement)
{
	int nr_columns = sqlite3_column_count(statement), step;

	for (int i = 1; i < nr_columns; i++)
		printf("%s%s", i > 1 ? "," : "", sqlite3_column_name(statement, i));
	putchar('\n');
	while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
		for (int i = 1; i < nr_columns; i++) {
			const unsigned char *text = sqlite3_column_text(statement, i);

			printf("%s%s", i > 1 ? "," : "", text ? (const char *)text : "");
		}
		putchar('\n');
	}
	if (step != SQLITE_DONE)
		message(tool, "reading the database failed: %s",
		        sqlite3_errmsg(sqlite3_db_handle(statement)));
	sqlite3_finalize(statement);
	return step == SQLITE_DONE ? 0 : -1;
}

/* ---- the commands ---- */

static int print_tables(const char *tool, sqlite3 *db, int64_t run_id)
{
	json_t *root = json_object();
	bool first = true;
	int ret = 0;

	for (unsigned int i = 0; i < NR_TABLES && ret == 0; i++) {
		sqlite3_stmt *statement;

		if (!args.wanted[i])
			continue;
		statement = select_rows(tool, db, i, run_id);
		if (!statement) {
			ret = -1;
			break;
		}
		if (args.json) {
			json_t *rows = database_json(tool, statement);

			ret = rows ? json_object_set_new(root, tables[i].name, rows) : -1;
			continue;
		}
		if (!args.csv && tables[i].title)
			printf("%s%s\n", first ? "" : "\n", tables[i].title);
		first = false;
		ret = args.csv ? print_csv(tool, statement)
		               : print_table(tool, statement, i == VMSTAT);
	}
	if (args.json && ret == 0)
		print_json_value(root);
	else
		json_decref(root);
	return ret;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	int first = options_parse(command, argc, argv);
	unsigned int nr_wanted = 0;
	sqlite3 *db;
	int64_t run_id;
	int ret = EXIT_TROUBLE;

	if (first < 0)
		return EXIT_TROUBLE;
	for (unsigned int i = 0; i < NR_TABLES; i++)
		nr_wanted += args.wanted[i];
	if (nr_wanted == 0)
		args.wanted[PAGING] = true;
	if (args.csv && (nr_wanted > 1 || args.json)) {
		message(command->tool, "--csv is of one table, and not JSON");
		return EXIT_TROUBLE;
	}
	db = database_operand(command->tool, argc - first, argv + first, false);
	if (!db)
		return EXIT_TROUBLE;
	run_id = choose_run(command->tool, db);
	if (run_id && print_tables(command->tool, db, run_id) == 0)
		ret = EXIT_SUCCESS;
	sqlite3_close(db);
	return ret == EXIT_SUCCESS ? finish_output(command->tool, ret) : ret;
}

int cmd_vmstat(int argc, char **argv)
{
	args.wanted[VMSTAT] = true;
	return run_command(&vmstat_command, argc, argv);
}

int cmd_sar(int argc, char **argv)
{
	return run_command(&sar_command, argc, argv);
}
