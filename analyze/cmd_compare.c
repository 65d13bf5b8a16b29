/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmanalyze compare: how near a replay came. Of a counter, the error is |replay - original| /
 * max(original, 64); of a trajectory, mean |difference| / mean original over the instants that both
 * runs have. A group's score is the median of its counters that moved in either run. The views of the
 * database (results/views.sql) say all of that; this prints them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "mmanalyze.h"
#include "options.h"
#include "terminal.h"

#define TOOL "mmanalyze compare"

static struct {
	const char *run;
	bool all;
	bool json;
} args;

static const struct option_row options[] = {
	{ .long_name = "run",
	  .type = OPTION_STRING,
	  .argument = "RUN",
	  .target = &args.run,
	  .help = "Only the replay with this label or number (default: all)" },
	{ .long_name = "all",
	  .short_name = 'a',
	  .type = OPTION_FLAG,
	  .target = &args.all,
	  .help = "Also counters that are in no group, such as nr_*" },
	{ .long_name = "json", .type = OPTION_FLAG, .target = &args.json, .help = "Print JSON" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Compare replays with the original, counter by counter.",
	.usage = "[options] results.db",
	.options = options,
	.epilogue =
		"The error of a counter is |replay - original| / max(original, 64), the score of\n"
		"a group the median of its counters that moved. The error of free memory over\n"
		"time is the mean difference over the mean of the original. Errors of ten times\n"
		"and more are told as multiples: ×149 is 149 times the original, or 64.\n",
};

/* Keeps the order of groups in listings. */
#define RANK                                                                      \
	"CASE part WHEN 'alloc' THEN 1 WHEN 'fault' THEN 2 WHEN 'reclaim' THEN 3" \
	" WHEN 'compaction' THEN 4 WHEN 'thp' THEN 5 ELSE 6 END"

/* ?1 is the run, ?2 is '1' for all counters. */
static const char counters_sql[] =
	"SELECT part AS \"group\", name, original, replay, difference, 100.0 * error AS error_percent"
	" FROM compare WHERE run_id = CAST(?1 AS INTEGER) AND (original <> 0 OR replay <> 0)"
	" AND (part <> 'other' OR ?2 = '1') ORDER BY " RANK ", name";

static const char seeds_sql[] =
	"SELECT s.part AS \"group\", s.name, s.nr_runs AS runs, s.mean, s.least, s.most,"
	" 100.0 * s.spread AS spread_percent FROM seeds s JOIN run r USING (trace_id)"
	" JOIN run_param p ON p.run_id = r.run_id AND p.name = 'options'"
	" WHERE r.run_id = CAST(?1 AS INTEGER) AND r.seed = 0 AND (s.part <> 'other' OR ?2 = '1')"
	" AND s.options = replace(p.value, ' seed=' || r.seed, '') AND (s.least <> 0 OR s.most <> 0)"
	" ORDER BY " RANK ", length(s.name) * (s.name GLOB 'free*'), s.name";

static const char groups_sql[] =
	"SELECT part AS \"group\", nr_counters AS counters,"
	" 100.0 * median_error AS median_error_percent, worst, 100.0 * worst_error AS worst_error_percent"
	" FROM scores WHERE run_id = CAST(?1 AS INTEGER) AND ?2 <> '' ORDER BY " RANK;

static const char trajectories_sql[] =
	"SELECT CASE WHEN page_order IS NULL THEN 'free pages'"
	" ELSE 'free blocks of order ' || page_order END AS trajectory,"
	" mean_original, mean_replay, 100.0 * error AS error_percent"
	" FROM trajectories WHERE run_id = CAST(?1 AS INTEGER) AND ?2 <> ''"
	" ORDER BY page_order NULLS FIRST";

static const struct {
	const char *name;
	const char *title;
	const char *sql;
} sections[] = {
	{ "counters", "Counters", counters_sql },
	{ "groups", "Groups", groups_sql },
	{ "trajectories", "Free memory over time", trajectories_sql },
	{ "seeds", "All seeds", seeds_sql },
};
#define NR_SECTIONS (sizeof(sections) / sizeof(sections[0]))

static sqlite3_stmt *prepare(sqlite3 *db, size_t section, const char *run_id)
{
	return database_prepare(TOOL, db, sections[section].sql, run_id, args.all ? "1" : "0",
	                        NULL);
}

static json_t *run_json(sqlite3 *db, const char *run_id, const char *label)
{
	json_t *root = json_pack("{ss}", "run", label);

	for (size_t i = 0; i < NR_SECTIONS; i++) {
		sqlite3_stmt *statement = prepare(db, i, run_id);
		json_t *rows = statement ? database_json(TOOL, statement) : NULL;

		if (!rows) {
			json_decref(root);
			return NULL;
		}
		json_object_set_new(root, sections[i].name, rows);
	}
	return root;
}

static int print_run(sqlite3 *db, const char *run_id, const char *label)
{
	char escaped[512];

	printf("Replay \"%s\" against the original\n",
	       escape_text(escaped, sizeof(escaped), label, strlen(label)));
	for (size_t i = 0; i < NR_SECTIONS; i++) {
		sqlite3_stmt *statement = prepare(db, i, run_id);

		/* Most runs have one seed, and nothing to say about others. */
		if (statement && sections[i].sql == seeds_sql &&
		    sqlite3_step(statement) != SQLITE_ROW) {
			sqlite3_finalize(statement);
			continue;
		}
		sqlite3_reset(statement);
		printf("\n%s\n", sections[i].title);
		if (!statement || database_print_table(TOOL, statement) < 0)
			return -1;
	}
	return 0;
}

/* Every replay that was chosen, in the order in which they were made. */
static int compare(sqlite3 *db)
{
	sqlite3_stmt *runs = database_prepare(
		TOOL, db,
		"SELECT CAST(run_id AS TEXT), label FROM run WHERE kind = 'replay'"
		" AND (?1 = '' OR label = ?1 OR CAST(run_id AS TEXT) = ?1) ORDER BY run_id",
		args.run ? args.run : "", NULL);
	json_t *array = json_array();
	int nr_runs = 0, code = runs ? 0 : -1;

	while (code == 0 && sqlite3_step(runs) == SQLITE_ROW) {
		const char *run_id = (const char *)sqlite3_column_text(runs, 0);
		const char *label = (const char *)sqlite3_column_text(runs, 1);

		if (args.json) {
			code = json_array_append_new(array, run_json(db, run_id, label));
		} else {
			printf("%s", nr_runs ? "\n" : "");
			code = print_run(db, run_id, label);
		}
		nr_runs++;
	}
	sqlite3_finalize(runs);
	if (code == 0 && !nr_runs) {
		message(TOOL,
		        args.run ? "there is no replay %s (mmanalyze runs lists them)"
		                 : "there is no replay yet; mmreplay --policy NAME makes one%s",
		        args.run ? args.run : "");
		code = -1;
	}
	if (code == 0 && args.json)
		print_json_value(json_incref(array));
	json_decref(array);
	return code;
}

int cmd_compare(int argc, char **argv)
{
	int first = options_parse(&command, argc, argv);
	sqlite3 *db;
	int code;

	if (first < 0)
		return EXIT_TROUBLE;
	db = database_operand(TOOL, argc - first, argv + first, false);
	if (!db)
		return EXIT_TROUBLE;
	code = compare(db);
	sqlite3_close(db);
	return code < 0 ? EXIT_TROUBLE : finish_output(TOOL, EXIT_SUCCESS);
}
