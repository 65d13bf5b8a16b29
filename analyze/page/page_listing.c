/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be looked up: replays against the recording, who waited, who allocated, what the kernel counted. */
#include <stdlib.h>

#include "database.h"
#include "page.h"

#define MOST_REPLAYS 4 /* side by side */

#define OF_TRACE                                                    \
	" WHERE run_id IN (SELECT run_id FROM run WHERE trace_id =" \
	" (SELECT trace_id FROM run WHERE run_id = CAST(?1 AS INTEGER)))"

/* Of a run, ?1, or of all of its trace. */
static const struct {
	const char *caption;
	const char *sql;
	bool shut; /* long: opened by who wants it */
} tables[] = {
	{ "Who waited for memory",
	  "SELECT comm, pid, nr_stalls AS stalls, total_ns, longest_ns FROM top_stalled_tasks"
	  " WHERE run_id = CAST(?1 AS INTEGER) ORDER BY total_ns DESC LIMIT 20",
	  false },
	{ "The 50 longest waits",
	  "SELECT comm, pid, start_ns, duration_ns, what, page_order AS \"order\", cause FROM ("
	  " SELECT comm, pid, start_ns, duration_ns, kind || ' reclaim' AS what, page_order, cause FROM reclaim_stalls"
	  " WHERE run_id = CAST(?1 AS INTEGER) UNION ALL"
	  " SELECT comm, pid, start_ns, duration_ns, kind || ' compaction', page_order, result FROM compaction_stalls"
	  " WHERE run_id = CAST(?1 AS INTEGER)) ORDER BY duration_ns DESC LIMIT 50",
	  true },
	{ "Who allocated memory, in pages",
	  "SELECT comm, pid, max(tasks) AS tasks, sum(allocated) AS allocated, sum(most) AS \"most at once\", sum(live) AS \"left at the end\""
	  " FROM allocation_stat WHERE run_id = CAST(?1 AS INTEGER) GROUP BY comm, pid, tasks > 1 ORDER BY allocated DESC LIMIT 20",
	  true },
	{ "Zones, in pages",
	  "SELECT zone, node, managed, wmark_min AS \"min watermark\", wmark_low AS low, wmark_high AS high FROM zone"
	  " WHERE run_id = CAST(?1 AS INTEGER) AND managed > 0 ORDER BY node, zone_index",
	  false },
	{ "Flushes of TLBs, by what they were for",
	  "SELECT run, cause, flushes_here, interrupts, flushes_elsewhere, full_percent, pages FROM tlb_causes" OF_TRACE
	  " ORDER BY run_id, flushes_here + interrupts DESC, cause",
	  true },
	{ "Reach of TLBs: entries for the anonymous pages used within a window",
	  "SELECT run, entries, pages_a_window, entries_a_window, l1_percent, l2_percent FROM tlb_reaches" OF_TRACE
	  " ORDER BY run_id, entries DESC",
	  false },
	{ "Page tables of anonymous memory at their largest, by layout",
	  "SELECT run, layout, leaves AS tables, uppers AS \"upper tables\", kb FROM page_tables" OF_TRACE
	  " ORDER BY run_id, layout DESC",
	  true },
	{ "What the kernel counted",
	  "SELECT name, part AS \"group\", value FROM counters WHERE run_id = CAST(?1 AS INTEGER) AND value <> 0"
	  " ORDER BY part = 'other', part, name",
	  true },
	{ "What the run was made with",
	  "SELECT name, value FROM run_param WHERE run_id = CAST(?1 AS INTEGER) AND length(value) < 200 ORDER BY name",
	  true },
};

/* One column for the value and one for the error of each replay of the trace, the first few. */
static char *compare_sql(const struct report *report, int *nr_replays)
{
	sqlite3_stmt *runs = database_prepare(
		report->tool, report->db,
		"SELECT run_id, label FROM run WHERE kind = 'replay' AND trace_id ="
		" (SELECT trace_id FROM run WHERE run_id = CAST(?1 AS INTEGER)) ORDER BY run_id",
		NULL);
	sqlite3_str *sql = sqlite3_str_new(NULL);
	int shown = 0;

	*nr_replays = runs ? 0 : -1;
	if (runs)
		sqlite3_bind_int64(runs, 1, report->scope.run_id);
	sqlite3_str_appendall(sql, "SELECT name, part AS \"group\", max(original) AS recorded");
	while (runs && sqlite3_step(runs) == SQLITE_ROW) {
		long long run = sqlite3_column_int64(runs, 0);
		const unsigned char *label = sqlite3_column_text(runs, 1);

		if (++*nr_replays > MOST_REPLAYS || !label)
			continue;
		shown++;
		sqlite3_str_appendf(
			sql,
			", max(replay) FILTER (WHERE run_id = %lld) AS \"%w\","
			" 100.0 * max(error) FILTER (WHERE run_id = %lld) AS \"%% off (%d)\"",
			run, label, run, shown);
	}
	sqlite3_finalize(runs);
	sqlite3_str_appendall(
		sql,
		" FROM compare WHERE trace_id ="
		" (SELECT trace_id FROM run WHERE run_id = CAST(?1 AS INTEGER)) AND part <> 'other'"
		" GROUP BY part, name HAVING max(original) <> 0 OR max(replay) <> 0 ORDER BY part, name");
	return sqlite3_str_finish(sql);
}

static int put_compare(const struct page *page, const char *run)
{
	const struct report *report = page->report;
	int nr_replays;
	char *sql = compare_sql(report, &nr_replays);
	int64_t nr_rows = 0;

	if (nr_replays > 0) {
		fputs("<h3>Replays against the recording</h3>\n", page->out);
		nr_rows = page_table(page, "Predictions: mean, and least to most over the seeds",
		                     report_predictions(report));
	}
	if (nr_replays > 0 && nr_rows >= 0) {
		fputs("<p>The error of the replays is the difference between what was recorded and the replay"
		      " without settings; hold the others against the latter.</p>\n",
		      page->out);
		nr_rows = page_table(page, "Counters, original against replays",
		                     database_prepare(report->tool, report->db, sql, run, NULL));
		if (nr_replays > MOST_REPLAYS)
			page_printf(
				page,
				"<p>The first replays are shown; <code>mmanalyze compare %s</code> has all.</p>\n",
				report->db_word);
	}
	sqlite3_free(sql);
	return nr_replays < 0 || nr_rows < 0 ? -1 : 0;
}

static int put_table(const struct page *page, size_t number, const char *run)
{
	const struct report *report = page->report;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	const struct page part = { .report = report, .out = stream };
	int64_t nr_rows;

	if (!stream)
		return -1;
	nr_rows = page_table(
		&part, tables[number].caption,
		database_prepare(report->tool, report->db, tables[number].sql, run, NULL));
	fclose(stream);
	if (nr_rows > 0 && tables[number].shut) {
		page_printf(page, "<details><summary>%s", tables[number].caption);
		fprintf(page->out, " (%lld rows)</summary>\n", (long long)nr_rows);
	}
	if (nr_rows > 0)
		fputs(text, page->out);
	if (nr_rows > 0 && tables[number].shut)
		fputs("</details>\n", page->out);
	free(text);
	return nr_rows < 0 ? -1 : 0;
}

int page_tables(const struct page *page)
{
	char run[24];

	snprintf(run, sizeof(run), "%lld", (long long)page->report->scope.run_id);
	fputs("<section aria-labelledby=\"tables\">\n<h2 id=\"tables\">Tables</h2>\n", page->out);
	if (put_compare(page, run) < 0)
		return -1;
	fputs("<h3>The recording in numbers</h3>\n", page->out);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (put_table(page, i, run) < 0)
			return -1;
	fputs("</section>\n", page->out);
	return 0;
}
