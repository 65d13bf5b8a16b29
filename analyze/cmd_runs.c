/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmanalyze runs: what is in a database. */
#include <stdio.h>
#include <stdlib.h>

#include "database.h"
#include "mmanalyze.h"
#include "options.h"
#include "terminal.h"

#define TOOL "mmanalyze runs"

static struct {
	const char *delete_run;
	bool json;
} args;

static const struct option_row options[] = {
	{ .long_name = "delete",
	  .type = OPTION_STRING,
	  .argument = "RUN",
	  .target = &args.delete_run,
	  .help = "Delete the run with this label or number" },
	{ .long_name = "json", .type = OPTION_FLAG, .target = &args.json, .help = "Print JSON" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "List the runs of a database, or delete one.",
	.usage = "[options] results.db",
	.options = options,
};

static int list(sqlite3 *db)
{
	sqlite3_stmt *statement = database_prepare(
		TOOL, db,
		"SELECT run_id, kind, label, policy, seed, r.duration_ns, nr_events AS events,"
		" CASE r.complete WHEN 1 THEN 'yes' ELSE 'no' END AS complete, path AS trace"
		" FROM run r JOIN trace USING (trace_id) ORDER BY run_id",
		NULL);

	if (!statement || database_print(TOOL, statement, args.json) < 0)
		return EXIT_TROUBLE;
	return finish_output(TOOL, EXIT_SUCCESS);
}

static int delete_run(sqlite3 *db)
{
	sqlite3_stmt *statement;
	int step;

	sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
	statement = database_prepare(
		TOOL, db, "DELETE FROM run WHERE label = ?1 OR CAST(run_id AS TEXT) = ?1",
		args.delete_run, NULL);
	if (!statement)
		return EXIT_TROUBLE;
	step = sqlite3_step(statement);
	sqlite3_finalize(statement);
	if (step != SQLITE_DONE) {
		message(TOOL, "deleting failed: %s", sqlite3_errmsg(db));
		return EXIT_TROUBLE;
	}
	if (!sqlite3_changes(db)) {
		message(TOOL, "there is no run %s (mmanalyze runs lists them)", args.delete_run);
		return EXIT_TROUBLE;
	}
	return EXIT_SUCCESS;
}

int cmd_runs(int argc, char **argv)
{
	int first = options_parse(&command, argc, argv);
	sqlite3 *db;
	int ret;

	if (first < 0)
		return EXIT_TROUBLE;
	db = database_operand(TOOL, argc - first, argv + first, args.delete_run != NULL);
	if (!db)
		return EXIT_TROUBLE;
	ret = args.delete_run ? delete_run(db) : list(db);
	sqlite3_close(db);
	return ret;
}
