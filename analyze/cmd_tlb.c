/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmanalyze tlb: what flushed TLBs, how far their entries reach, what page tables take. */
#include <stdio.h>
#include <stdlib.h>

#include "database.h"
#include "mmanalyze.h"
#include "options.h"
#include "terminal.h"

#define TOOL "mmanalyze tlb"

static struct {
	const char *run;
	bool json;
} args;

static const struct option_row options[] = {
	{ .long_name = "run",
	  .type = OPTION_STRING,
	  .argument = "RUN",
	  .target = &args.run,
	  .help = "Only the run with this label or number (all)" },
	{ .long_name = "json", .type = OPTION_FLAG, .target = &args.json, .help = "Print JSON" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary =
		"Tell what flushed TLBs, how far their entries reach, and what page tables take.",
	.usage = "[options] results.db",
	.options = options,
	.epilogue =
		"Of the original there are the recorded flushes. The rest comes from replays with\n"
		"--set tlb.model=1.\n",
};

#define CHOSEN " (?1 = '' OR run = ?1 OR CAST(run_id AS TEXT) = ?1) "

static const struct database_section sections[] = {
	{ "reasons", "Flushes as the kernel counts them",
	  "No flushes of TLBs: the recording has no tlb:tlb_flush, and no replay had --set tlb.model=1.",
	  "SELECT run, reason, full, ranged, up_to_date, pages FROM tlb_reasons WHERE" CHOSEN
	  "ORDER BY run_id, reason" },
	{ "causes", "What they were for", NULL,
	  "SELECT run, cause, flushes_here, interrupts, flushes_elsewhere, full_percent, pages"
	  " FROM tlb_causes WHERE" CHOSEN
	  "ORDER BY run_id, flushes_here + interrupts DESC, cause" },
	{ "reach", "Reach: entries for the anonymous pages used within a window", NULL,
	  "SELECT run, entries, pages_a_window, entries_a_window, l1_percent, l2_percent"
	  " FROM tlb_reaches WHERE" CHOSEN "ORDER BY run_id, entries DESC" },
	{ "page_tables", "Page tables of anonymous memory at their largest, by layout", NULL,
	  "SELECT run, layout, leaves AS tables, uppers AS upper_tables, kb FROM page_tables WHERE" CHOSEN
	  "ORDER BY run_id, layout DESC" },
};

static sqlite3_stmt *prepare(sqlite3 *db, size_t section)
{
	return database_prepare(TOOL, db, sections[section].sql, args.run ? args.run : "", NULL);
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
	print_json_value(root);
	return EXIT_SUCCESS;
}

static int print_tables(sqlite3 *db)
{
	bool first = true;

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (!database_print_section(TOOL, prepare(db, i), &sections[i], &first))
			return EXIT_TROUBLE;
	return EXIT_SUCCESS;
}

int cmd_tlb(int argc, char **argv)
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
