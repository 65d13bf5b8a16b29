/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a recording can and cannot show, in the order in which it matters. */
#include <string.h>

#include "database.h"
#include "report.h"
#include "terminal.h"

/*
 * One query a line: it gives a text and whether something is lacking, or no row. ?1 is the run, ?2 its trace.
 */
static const struct limit_row {
	const char *what;
	bool matters; /* to whether there is a finding at all, where it lacks */
	const char *sql;
} rows[] = {
	{ "filter", true,
	  "SELECT 'the recording is not of everything: ' || value, 1 FROM run_param"
	  " WHERE run_id = ?1 AND name GLOB 'recording.*'" },
	{ "losses", true,
	  "SELECT CASE WHEN nr_lost > 0 THEN printf('%,d events were lost (%.3f %% of all): numbers of events are"
	  " too low, and free memory is not exact after the first loss', nr_lost,"
	  " 100.0 * nr_lost / (nr_lost + nr_events)) WHEN complete THEN 'none: every event is there'"
	  " ELSE 'no event is known to be lost, but the recording is not complete' END, nr_lost > 0 OR NOT complete"
	  " FROM trace WHERE trace_id = ?2" },
	{ "counters", true,
	  "SELECT CASE WHEN end_ns > 0 THEN printf('the kernel''s own, over %.1f s; the events span %.1f s',"
	  " (end_ns - begin_ns) / 1e9, duration_ns / 1e9) ELSE 'none: there are no two snapshots of /proc/vmstat;"
	  " findings that rest on counters are not made' END, end_ns = 0 FROM run WHERE run_id = ?1" },
	{ "free memory", false,
	  "SELECT CASE WHEN count(*) THEN 'followed block by block, ' || count(*) || ' samples' ELSE"
	  " 'not followed: that takes a full snapshot and a recording of the whole machine' END, count(*) = 0"
	  " FROM instant WHERE run_id = ?1" },
	{ "accesses", false,
	  "SELECT CASE access_source WHEN 'none' THEN 'not sampled: which pages were in use is known only where"
	  " they faulted or reclaim looked (mmcap record --access)' WHEN 'model' THEN 'not sampled, modelled from"
	  " what the recorded reclaim found' ELSE 'sampled (' || access_source || ')' END,"
	  " access_source IN ('none', 'model') FROM run WHERE run_id = ?1" },
	{ "not recorded", true,
	  "SELECT value, 1 FROM run_param WHERE run_id = ?1 AND name = 'recorder.lacks'" },
	{ "replays", false,
	  "SELECT 'none can be made: they need every allocation of the whole machine, so that nothing of what follows can be"
	  " tried out', 1 FROM run_param WHERE run_id = ?1 AND (name = 'recording.filtered'"
	  " OR (name = 'recorder.lacks' AND instr(value, 'allocations'))) LIMIT 1" },
	{ "recorder", false,
	  "SELECT printf('%.1f MiB of buffers and %.1f MiB of its own, %.1f %% of memory; its own events are"
	  " mostly left out', b.value / 1048576.0, coalesce(p.value, 0) * page_size / 1048576.0,"
	  " 100.0 * (b.value / page_size + coalesce(p.value, 0)) / sum(managed)),"
	  " (b.value / page_size + coalesce(p.value, 0)) * 20 > sum(managed)"
	  " FROM run r JOIN trace USING (trace_id) JOIN node USING (run_id)"
	  " JOIN run_param b ON b.run_id = r.run_id AND b.name = 'recorder.buffer_bytes'"
	  " LEFT JOIN run_param p ON p.run_id = r.run_id AND p.name = 'recorder.pages'"
	  " WHERE r.run_id = ?1 GROUP BY r.run_id" },
};

static bool add(struct report *report, const struct limit_row *row, const char *run,
                const char *trace)
{
	sqlite3_stmt *statement = database_prepare(report->tool, report->db, row->sql, NULL);
	int step;

	if (!statement)
		return false;
	sqlite3_bind_text(statement, 1, run, -1, SQLITE_STATIC);
	if (sqlite3_bind_parameter_count(statement) > 1)
		sqlite3_bind_text(statement, 2, trace, -1, SQLITE_STATIC);
	while ((step = sqlite3_step(statement)) == SQLITE_ROW &&
	       report->nr_limits < REPORT_NR_LIMITS) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);
		char clean[1024];

		if (!text)
			continue;
		escape_text(clean, sizeof(clean), text, strlen(text));
		report->limits[report->nr_limits++] = (struct report_limit){
			.what = row->what,
			.text = sqlite3_mprintf("%s", clean),
			.lacks = sqlite3_column_int(statement, 1) != 0,
		};
		report->no_replay |= strcmp(row->what, "replays") == 0;
		report->partial |= row->matters && sqlite3_column_int(statement, 1) != 0;
	}
	sqlite3_finalize(statement);
	return step == SQLITE_DONE || step == SQLITE_ROW;
}

bool report_add_limits(struct report *report)
{
	char run[24], trace[24];
	sqlite3_stmt *statement;

	sqlite3_snprintf(sizeof(run), run, "%lld", (long long)report->scope.run_id);
	statement = database_prepare(report->tool, report->db,
	                             "SELECT trace_id FROM run WHERE run_id = ?1", run, NULL);
	if (!statement)
		return false;
	sqlite3_snprintf(sizeof(trace), trace, "%lld",
	                 sqlite3_step(statement) == SQLITE_ROW
	                         ? (long long)sqlite3_column_int64(statement, 0)
	                         : 0);
	sqlite3_finalize(statement);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!add(report, &rows[i], run, trace))
			return false;
	return true;
}
