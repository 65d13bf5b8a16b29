/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The database of a report. A trace is followed into one first, as mmreplay --shadow does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mmreplay/run.h>

#include "database.h"
#include "interruption.h"
#include "report.h"
#include "terminal.h"

#define DEFAULT_DATABASE "results.db"

static bool is_database(const char *path)
{
	static const char magic[16] = "SQLite format 3";
	char head[sizeof(magic)];
	FILE *file = fopen(path, "rbe");
	bool is = file && fread(head, sizeof(head), 1, file) == 1 &&
	          memcmp(head, magic, sizeof(magic)) == 0;

	if (file)
		fclose(file);
	return is;
}

/* Also of a filtered recording: the report says what that means. */
static int follow(const struct report_source *source, const char *db_path, struct mmr_error *err)
{
	struct mmr_trace_options trace_options = { .nr_threads = 1 };
	struct mmr_trace *trace = NULL;
	struct mmr_run_report run = { 0 };
	struct progress progress;

	const struct mmr_run_options options = {
		.db_path = db_path,
		.trace_path = source->operands[0],
		.force = true,
		.progress = interruption_progress,
		.progress_data = &progress,
	};
	int code = mmr_trace_open_parts((const char *const *)source->operands,
	                                (size_t)source->nr_operands, &trace_options, &trace, err);

	if (code < 0)
		return code;
	progress_begin(&progress, "following", mmr_trace_info(trace)->nr_events, source->quiet);
	code = mmr_run_original(trace, &options, &run, err);
	progress_end(&progress);
	mmr_run_report_deinit(&run);
	mmr_trace_close(trace);
	return code;
}

static char *temporary_path(struct report_source *source)
{
	const char *parent = getenv("TMPDIR");

	source->directory =
		sqlite3_mprintf("%s/mmanalyze.XXXXXX", parent && *parent ? parent : "/tmp");
	if (!source->directory || !mkdtemp(source->directory)) {
		message(source->tool, "cannot make a folder for the database: %s",
		        source->directory ? source->directory : "out of memory");
		sqlite3_free(source->directory);
		source->directory = NULL;
		return NULL;
	}
	return sqlite3_mprintf("%s/%s", source->directory, DEFAULT_DATABASE);
}

/*
 * Once it is open, or was not made, the temporary database has no name any more, unless others are to open it: so it goes however
 * this ends.
 */
static void remove_temporary(struct report_source *source)
{
	if (!source->directory)
		return;
	unlink(source->path);
	rmdir(source->directory);
	sqlite3_free(source->directory);
	source->directory = NULL;
}

static bool open_trace(struct report_source *source)
{
	struct mmr_error err = { 0 };

	interruption_catch(true);
	source->path = source->keep ? sqlite3_mprintf("%s", source->keep) : temporary_path(source);
	if (!source->path)
		return false;
	if (follow(source, source->path, &err) < 0)
		fail(source->tool, &err);
	else
		source->db = database_open(source->tool, source->path, false);
	source->db_path = source->keep ? source->keep : DEFAULT_DATABASE;
	if (!source->named || !source->db)
		remove_temporary(source);
	return source->db;
}

bool report_open(struct report_source *source)
{
	bool opened = false;

	if (source->nr_operands == 0) {
		message(source->tool, "give a database or a trace (see %s --help)", source->tool);
	} else if (is_database(source->operands[0])) {
		if (source->keep)
			message(source->tool, "--db goes with a trace");
		else if (source->nr_operands > 1)
			message(source->tool, "give one database (see %s --help)", source->tool);
		else
			source->db = database_open(source->tool, source->operands[0], false);
		source->db_path = source->operands[0];
		source->path = sqlite3_mprintf("%s", source->operands[0]);
		opened = source->db;
	} else {
		opened = open_trace(source);
	}
	if (!opened)
		report_close(source);
	return opened;
}

void report_close(struct report_source *source)
{
	sqlite3_close(source->db);
	source->db = NULL;
	remove_temporary(source);
	sqlite3_free(source->path);
	source->path = NULL;
}
