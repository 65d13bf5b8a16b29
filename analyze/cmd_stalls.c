/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmanalyze stalls: who waited, for what, how long. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "database.h"
#include "mmanalyze.h"
#include "options.h"
#include "stall_stacks_report.h"
#include "terminal.h"

#define TOOL "mmanalyze stalls"

static struct {
	const char *run;
	uint64_t limit;
	bool stacks;
	bool json;
} args = { .limit = 10 };

static const struct option_row options[] = {
	{ .long_name = "run",
	  .type = OPTION_STRING,
	  .argument = "RUN",
	  .target = &args.run,
	  .help = "Only the run with this label or number (default: all)" },
	{ .long_name = "limit",
	  .short_name = 'n',
	  .type = OPTION_UINT,
	  .argument = "N",
	  .target = &args.limit,
	  .help = "How many of the longest stalls, and of the tasks (default: 10)" },
	{ .long_name = "stacks",
	  .type = OPTION_FLAG,
	  .target = &args.stacks,
	  .help = "Also the code that waited longest, if its stacks were recorded" },
	{ .long_name = "json", .type = OPTION_FLAG, .target = &args.json, .help = "Print JSON" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Tell who waited for reclaim and compaction, and how long.",
	.usage = "[options] results.db",
	.options = options,
};

#define CHOSEN " (?1 = '' OR run = ?1 OR CAST(run_id AS TEXT) = ?1) "

static const struct database_section sections[] = {
	{ "totals", "Stalls by kind", "No task stalled.",
	  "SELECT run, what, kind, count(*) AS stalls, sum(duration_ns) AS total_ns,"
	  " CAST(avg(duration_ns) AS INTEGER) AS mean_ns, max(duration_ns) AS longest_ns"
	  " FROM (SELECT run_id, run, 'reclaim' AS what, kind, duration_ns FROM reclaim_stalls"
	  " UNION ALL SELECT run_id, run, 'compaction', kind, duration_ns FROM compaction_stalls)"
	  " WHERE" CHOSEN
	  "AND ?2 <> '' GROUP BY run_id, what, kind ORDER BY run_id, what DESC, kind" },
	{ "tasks", "Tasks that waited longest", NULL,
	  "SELECT run, comm AS task, pid, nr_stalls AS stalls, total_ns, longest_ns"
	  " FROM top_stalled_tasks WHERE" CHOSEN
	  "ORDER BY total_ns DESC LIMIT CAST(?2 AS INTEGER)" },
	{ "reclaim", "Longest waits for reclaim", NULL,
	  "SELECT run, kind, comm AS task, start_ns, duration_ns, nr_scanned AS scanned,"
	  " nr_reclaimed AS reclaimed, replace(cause, 'allocation of ', '') AS cause FROM reclaim_stalls WHERE" CHOSEN
	  "ORDER BY duration_ns DESC LIMIT CAST(?2 AS INTEGER)" },
	{ "compaction", "Longest waits for compaction", NULL,
	  "SELECT run, comm AS task, start_ns, duration_ns, page_order, nr_migrated AS migrated,"
	  " nr_failed AS failed, result FROM compaction_stalls WHERE" CHOSEN
	  "ORDER BY duration_ns DESC LIMIT CAST(?2 AS INTEGER)" },
};

static const char *limit_text(void)
{
	static char limit[24];

	snprintf(limit, sizeof(limit), "%" PRIu64, args.limit);
	return limit;
}

static sqlite3_stmt *prepare(sqlite3 *db, size_t section)
{
	return database_prepare(TOOL, db, sections[section].sql, args.run ? args.run : "",
	                        limit_text(), NULL);
}

static int print_json(sqlite3 *db)
{
	json_t *root = json_object();

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (!database_add_section(TOOL, prepare(db, i), sections[i].name, root)) {
			json_decref(root);
			return EXIT_TROUBLE;
		}
	}
	if (args.stacks &&
	    !database_add_section(
		    TOOL, stall_stacks_prepare(TOOL, db, args.run ? args.run : "", limit_text()),
		    "stacks", root)) {
		json_decref(root);
		return EXIT_TROUBLE;
	}
	print_json_value(root);
	return EXIT_SUCCESS;
}

static int print_tables(sqlite3 *db)
{
	bool first = true;

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (!database_print_section(TOOL, prepare(db, i), &sections[i], &first))
			return EXIT_TROUBLE;
	if (args.stacks &&
	    stall_stacks_report(TOOL, db, args.run ? args.run : "", limit_text()) < 0)
		return EXIT_TROUBLE;
	return EXIT_SUCCESS;
}

int cmd_stalls(int argc, char **argv)
{
	int first = options_parse(&command, argc, argv);
	sqlite3 *db;
	int ret;

	if (first < 0)
		return EXIT_TROUBLE;
	db = database_operand(TOOL, argc - first, argv + first, false);
	if (!db)
		return EXIT_TROUBLE;
	ret = args.json ? print_json(db) : print_tables(db);
	sqlite3_close(db);
	return ret == EXIT_SUCCESS ? finish_output(TOOL, ret) : ret;
}
