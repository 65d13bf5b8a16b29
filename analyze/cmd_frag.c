/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmanalyze frag: who fragments memory, and what that costs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "mmanalyze.h"
#include "options.h"
#include "report.h"
#include "terminal.h"

#define TOOL      "mmanalyze frag"
#define MAX_ORDER 10

static struct {
	const char *run;
	const char *db;
	const char *zone;
	uint64_t since_ns;
	uint64_t until_ns;
	uint64_t order;
	uint64_t limit;
	bool blocks;
	bool markdown;
	bool json;
} args = { .until_ns = UINT64_MAX, .order = 9, .limit = 10 };

static const struct option_row options[] = {
	{ .long_name = "run",
	  .type = OPTION_STRING,
	  .argument = "RUN",
	  .target = &args.run,
	  .help = "The run with this label or number (the original)" },
	{ .long_name = "db",
	  .short_name = 'd',
	  .type = OPTION_STRING,
	  .argument = "FILE",
	  .target = &args.db,
	  .help = "Keep the database that a trace becomes" },
	{ .long_name = "since",
	  .type = OPTION_TIME,
	  .argument = "TIME",
	  .target = &args.since_ns,
	  .help = "From this time after the first event on (0s)" },
	{ .long_name = "until",
	  .type = OPTION_TIME,
	  .argument = "TIME",
	  .target = &args.until_ns,
	  .help = "Up to this time (the end)" },
	{ .long_name = "order",
	  .type = OPTION_UINT,
	  .argument = "N",
	  .target = &args.order,
	  .help = "Tell when a request of this order would have succeeded (9)" },
	{ .long_name = "zone",
	  .type = OPTION_STRING,
	  .argument = "ZONE",
	  .target = &args.zone,
	  .help = "Only this zone: DMA32, Normal (all, and of requests the best of them)" },
	{ .long_name = "limit",
	  .short_name = 'n',
	  .type = OPTION_UINT,
	  .argument = "N",
	  .target = &args.limit,
	  .help = "How many holders, and how many of the longest times (10)" },
	{ .long_name = "blocks",
	  .type = OPTION_FLAG,
	  .target = &args.blocks,
	  .help = "Also each pinned pageblock, with its holders" },
	{ .long_name = "markdown",
	  .type = OPTION_FLAG,
	  .target = &args.markdown,
	  .help = "Print Markdown" },
	{ .long_name = "json", .type = OPTION_FLAG, .target = &args.json, .help = "Print JSON" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Tell when large blocks could be had, and who pins pageblocks.",
	.usage = "[options] results.db | trace.zst...",
	.options = options,
};

/* What all queries are about. */
struct scope {
	sqlite3 *db;
	int64_t run_id;
	int64_t since_ns;
	int64_t until_ns;
	int64_t at_ns; /* of the instant at which most pageblocks were pinned; -1: there is none */
};

/*
 * Parameters of all queries: 1 the run, 2 and 3 the time, 4 the zone or '', 5 the order, 6 the limit, 7 the instant.
 * Requests: 'any' is the best of the zones.
 */
#define SPANS                                                                                           \
	"WITH whole AS (SELECT *, lead(t_ns, 1, (SELECT duration_ns FROM run WHERE run_id = ?1)) OVER"  \
	"   (PARTITION BY node, zone, page_order, migratetype ORDER BY t_ns) AS end_ns"                 \
	"   FROM request_outcome WHERE run_id = ?1 AND zone = CASE ?4 WHEN '' THEN 'any' ELSE ?4 END)," \
	" span AS (SELECT node, page_order, migratetype, outcome, max(t_ns, ?2) AS begin_ns,"           \
	"   min(end_ns, ?3) AS end_ns FROM whole WHERE end_ns > ?2 AND t_ns < ?3)"

#define PART(outcome)                                            \
	"100.0 * sum((end_ns - begin_ns) * (outcome = '" outcome \
	"')) / max(sum(end_ns - begin_ns), 1)"

/* A holder is a task, or a kind of memory of which nobody knows whose it is. */
#define HOLDERS                                                                                            \
	"WITH held AS (SELECT b.node, b.zone, b.first_pfn, b.t_ns, b.pages, h.kind, h.pid, h.comm, h.gfp," \
	"   CASE WHEN h.pid IS NULL THEN h.kind ELSE h.pid || ' ' || h.comm END AS who"                    \
	"   FROM pinned_block b JOIN pin_holder h USING (run_id, holder_id)"                               \
	"   WHERE run_id = ?1 AND t_ns BETWEEN ?2 AND ?3 AND (?4 = '' OR zone = ?4)),"                     \
	" block AS (SELECT t_ns, node, zone, first_pfn, count(DISTINCT who) AS holders"                    \
	"   FROM held GROUP BY t_ns, node, zone, first_pfn)"

#define NAME "CASE WHEN pid IS NULL THEN '(' || kind || ')' ELSE comm END AS holder, pid"

static const struct section {
	const char *name;
	const char *title;
	const char *sql;
} sections[] = {
	{ "requests", "Would a request have succeeded? Percent of the time",
	  SPANS ", share AS (SELECT page_order, migratetype, " PART(
		  "own") " AS own,"
	                 " " PART("fallback") " AS fallback, " PART(
				 "compaction") " AS compaction,"
	                                       " " PART("pinned") " AS pinned, " PART(
						       "memory") " AS memory FROM span GROUP BY page_order, migratetype)"
	                                                         " SELECT page_order, CASE count(*) WHEN 3 THEN 'all' ELSE group_concat(migratetype, ', ') END AS migratetypes,"
	                                                         " own + fallback AS at_once, max(fallback) FILTER (WHERE migratetype = 'Unmovable') AS others_unmovable,"
	                                                         " max(fallback) FILTER (WHERE migratetype = 'Movable') AS others_movable,"
	                                                         " max(fallback) FILTER (WHERE migratetype = 'Reclaimable') AS others_reclaimable,"
	                                                         " compaction AS after_compaction, pinned AS no_pinned, memory AS no_memory FROM share"
	                                                         " GROUP BY page_order, round(own + fallback, 6), compaction, pinned, memory ORDER BY page_order, migratetypes" },
	{ "times", "When a movable request of that order would have succeeded: the longest times",
	  SPANS
	  ", answer AS (SELECT begin_ns, end_ns, CASE outcome WHEN 'own' THEN 'at once' WHEN 'fallback' THEN 'at once'"
	  "   WHEN 'compaction' THEN 'after compaction' WHEN 'pinned' THEN 'no: pinned' ELSE 'no: too little free' END AS answer"
	  "   FROM span WHERE page_order = ?5 AND migratetype = 'Movable'),"
	  " turn AS (SELECT *, answer IS NOT lag(answer) OVER (ORDER BY begin_ns) AS turns FROM answer),"
	  " part AS (SELECT *, sum(turns) OVER (ORDER BY begin_ns) AS n FROM turn),"
	  " time AS (SELECT min(begin_ns) AS from_ns, max(end_ns) AS until_ns, max(end_ns) - min(begin_ns) AS lasted_ns,"
	  "   max(answer) AS answer FROM part GROUP BY n ORDER BY lasted_ns DESC LIMIT ?6)"
	  " SELECT * FROM time ORDER BY from_ns" },
	{ "pageblocks", "Pageblocks",
	  "SELECT node, zone, pageblocks, free, movable, by AS pinned, pinned - by AS of_boot FROM (SELECT *,"
	  " (SELECT count(DISTINCT first_pfn) FROM pinned_block b WHERE b.run_id = ?1 AND b.t_ns = ?7"
	  "   AND b.zone = c.zone AND b.node = c.node) AS by"
	  " FROM pageblock_count c WHERE run_id = ?1 AND (?4 = '' OR zone = ?4) AND t_ns = (SELECT max(t_ns)"
	  "   FROM pageblock_count l WHERE l.run_id = ?1 AND l.zone = c.zone AND l.node = c.node AND l.t_ns <= ?7)) AS c"
	  " ORDER BY node, (SELECT start_pfn FROM zone z WHERE z.run_id = ?1 AND z.node = c.node AND z.zone = c.zone)" },
	{ "holders", "Who pinned them",
	  HOLDERS
	  ", mean AS (SELECT who, count(DISTINCT t_ns || ' ' || node || zone || first_pfn) * 1.0"
	  "   / (SELECT count(DISTINCT t_ns) FROM held) AS mean FROM held GROUP BY who)"
	  " SELECT " NAME
	  ", sum(pages) AS pages, count(DISTINCT node || zone || first_pfn) AS pageblocks,"
	  " count(DISTINCT CASE holders WHEN 1 THEN node || zone || first_pfn END) AS alone,"
	  " count(DISTINCT CASE WHEN holders > 1 THEN node || zone || first_pfn END) AS among_others, mean AS on_average"
	  " FROM held JOIN block USING (t_ns, node, zone, first_pfn) JOIN mean USING (who) WHERE t_ns = ?7"
	  " GROUP BY who ORDER BY alone DESC, pageblocks DESC, pages DESC, who LIMIT ?6" },
	{ "allocations", "With what",
	  HOLDERS
	  " SELECT " NAME ", kind, gfp AS gfp_flags, sum(pages) AS pages,"
	  " count(DISTINCT node || zone || first_pfn) AS pageblocks FROM held WHERE t_ns = ?7 AND pid IS NOT NULL"
	  " GROUP BY who, kind, gfp ORDER BY pageblocks DESC, pages DESC, who, gfp LIMIT ?6" },
	{ "blocks", "Pinned pageblocks",
	  HOLDERS
	  " SELECT node, zone, printf('0x%x-0x%x', first_pfn, first_pfn + 511) AS pfns, holders, sum(pages) AS pages,"
	  " replace(group_concat(DISTINCT who), ',', ', ') AS by FROM held JOIN block USING (t_ns, node, zone, first_pfn) WHERE t_ns = ?7"
	  " GROUP BY node, zone, first_pfn ORDER BY node, first_pfn" },
};

#define NR_SECTIONS  (sizeof(sections) / sizeof(sections[0]))
#define LAST_SECTION (NR_SECTIONS - !args.blocks)

static sqlite3_stmt *prepare(const struct scope *scope, const char *sql)
{
	const int64_t numbers[] = { scope->run_id,       scope->since_ns,     scope->until_ns, 0,
		                    (int64_t)args.order, (int64_t)args.limit, scope->at_ns };
	sqlite3_stmt *statement = database_prepare(TOOL, scope->db, sql, NULL);

	for (int i = 0; statement && i < 7; i++)
		if (i != 3)
			sqlite3_bind_int64(statement, i + 1, numbers[i]);
	if (statement)
		sqlite3_bind_text(statement, 4, args.zone ? args.zone : "", -1, SQLITE_STATIC);
	return statement;
}

/* The first column of the first row, or -1; -2 after a message. */
static int64_t ask(const struct scope *scope, const char *sql)
{
	sqlite3_stmt *statement = prepare(scope, sql);
	int64_t value = -1;

	if (!statement)
		return -2;
	if (sqlite3_step(statement) == SQLITE_ROW &&
	    sqlite3_column_type(statement, 0) != SQLITE_NULL)
		value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

static bool choose(struct scope *scope)
{
	sqlite3_stmt *statement = database_prepare(
		TOOL, scope->db,
		"SELECT run_id, duration_ns FROM run WHERE CASE WHEN ?1 = '' THEN kind = 'original'"
		" ELSE label = ?1 OR CAST(run_id AS TEXT) = ?1 END ORDER BY run_id LIMIT 1",
		args.run ? args.run : "", NULL);

	if (!statement)
		return false;
	if (sqlite3_step(statement) == SQLITE_ROW) {
		scope->run_id = sqlite3_column_int64(statement, 0);
		scope->until_ns = sqlite3_column_int64(statement, 1);
	}
	sqlite3_finalize(statement);
	if (!scope->run_id) {
		message(TOOL,
		        args.run ? "there is no run %s (mmanalyze runs lists them)"
		                 : "there is no original in the database%s",
		        args.run ? args.run : "");
		return false;
	}
	scope->since_ns = args.since_ns < INT64_MAX ? (int64_t)args.since_ns : INT64_MAX;
	if (args.until_ns < (uint64_t)scope->until_ns)
		scope->until_ns = (int64_t)args.until_ns;
	return true;
}

/* Whether there is something to tell; false after a message. */
static bool find_instant(struct scope *scope)
{
	int64_t nr = ask(scope, "SELECT count(*) FROM request_outcome WHERE run_id = ?1"
	                        " AND zone = CASE ?4 WHEN '' THEN 'any' ELSE ?4 END");

	if (nr == 0 && args.zone)
		message(TOOL, "the run knows nothing of a zone %s", args.zone);
	else if (nr == 0)
		message(TOOL,
		        "the run has nothing about fragmentation: its recording has no full snapshot, "
		        "or it was made by an older version");
	if (nr <= 0)
		return false;
	scope->at_ns = ask(
		scope, "SELECT t_ns FROM pinned_block WHERE run_id = ?1 AND t_ns BETWEEN ?2 AND ?3"
		       " AND (?4 = '' OR zone = ?4) GROUP BY t_ns"
		       " ORDER BY count(DISTINCT node || zone || first_pfn) DESC, t_ns LIMIT 1");
	return scope->at_ns >= -1;
}

/* ---- JSON ---- */

static int print_json(const struct scope *scope)
{
	json_t *root = json_object();

	json_object_set_new(root, "since_ns", json_integer(scope->since_ns));
	json_object_set_new(root, "until_ns", json_integer(scope->until_ns));
	json_object_set_new(root, "order", json_integer((int64_t)args.order));
	json_object_set_new(root, "pinned_at_ns",
	                    scope->at_ns >= 0 ? json_integer(scope->at_ns) : json_null());
	for (size_t i = 0; i < LAST_SECTION; i++) {
		sqlite3_stmt *statement = prepare(scope, sections[i].sql);
		json_t *rows = statement ? database_json(TOOL, statement) : NULL;

		if (!rows) {
			json_decref(root);
			return -1;
		}
		json_object_set_new(root, sections[i].name, rows);
	}
	print_json_value(root);
	return 0;
}

/* ---- text and Markdown ---- */

/* What the heading of a section adds to its title. */
static void describe(const struct scope *scope, size_t section, char *text, size_t size)
{
	char since[FORMAT_SIZE], until[FORMAT_SIZE];

	text[0] = '\0';
	if (section == 0)
		snprintf(text, size, ", %s to %s",
		         format_duration(since, (uint64_t)scope->since_ns),
		         format_duration(until, (uint64_t)scope->until_ns));
	else if (section == 1)
		snprintf(text, size, " (order %" PRIu64 ")", args.order);
	else if (section == 2)
		snprintf(text, size, " at %s, when most were pinned",
		         format_duration(since, (uint64_t)scope->at_ns));
}

static const char explanation[] =
	"A pageblock is a huge page, if nothing of it is pinned. \"alone\": the holder alone is what keeps it from that;\n"
	"\"among others\": it is one of several. \"on average\": over all instants at which they were counted.\n"
	"\"of boot\": reserved when the machine started, whoever else is in them. \"others ...\": at once, but for such requests from\n"
	"pageblocks of other types, which mixes them.";

static int print_text(const struct scope *scope)
{
	for (size_t i = 0; i < LAST_SECTION; i++) {
		char title[160], added[96];
		sqlite3_stmt *statement = prepare(scope, sections[i].sql);

		if (!statement)
			return -1;
		if (scope->at_ns < 0 && i >= 2) {
			sqlite3_finalize(statement);
			puts("\nNo pageblock was pinned.");
			break;
		}
		describe(scope, i, added, sizeof(added));
		snprintf(title, sizeof(title), "%s%s", sections[i].title, added);
		if (args.markdown) {
			if (report_markdown_table(TOOL, title, statement) < 0)
				return -1;
			continue;
		}
		printf("%s%s\n", i ? "\n" : "", title);
		if (database_print_table(TOOL, statement) < 0)
			return -1;
	}
	if (scope->at_ns >= 0)
		printf("\n%s\n", explanation);
	return 0;
}

int cmd_frag(int argc, char **argv)
{
	int first = options_parse(&command, argc, argv);
	struct report_source source = { .tool = TOOL };
	struct scope scope = { .run_id = 0 };
	int ret = EXIT_TROUBLE;

	if (first < 0)
		return EXIT_TROUBLE;
	if (args.json && args.markdown) {
		message(TOOL, "give one of --json and --markdown");
		return EXIT_TROUBLE;
	}
	if (args.order > MAX_ORDER || args.since_ns >= args.until_ns) {
		message(TOOL, args.order > MAX_ORDER ? "--order is at most 10"
		                                     : "--since is not before --until");
		return EXIT_TROUBLE;
	}
	source.keep = args.db;
	source.operands = argv + first;
	source.nr_operands = argc - first;
	if (!report_open(&source))
		return EXIT_TROUBLE;
	scope.db = source.db;
	if (choose(&scope) && find_instant(&scope) &&
	    (args.json ? print_json(&scope) : print_text(&scope)) == 0)
		ret = EXIT_SUCCESS;
	report_close(&source);
	return ret == EXIT_SUCCESS ? finish_output(TOOL, ret) : ret;
}
