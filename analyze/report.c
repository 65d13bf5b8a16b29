/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every finding examined, and the order in which they are told. */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "terminal.h"

/* path as one word of a shell; free with sqlite3_free(). */
static char *shell_word(const char *path)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+:@%,=";
	sqlite3_str *text;
	char clean[4096];

	escape_text(clean, sizeof(clean), path, strlen(path));
	if (*clean && strspn(clean, plain) == strlen(clean) && *clean != '-')
		return sqlite3_mprintf("%s", clean);
	text = sqlite3_str_new(NULL);
	sqlite3_str_appendchar(text, 1, '\'');
	for (const char *c = clean; *c; c++)
		if (*c == '\'')
			sqlite3_str_appendall(text, "'\\''");
		else
			sqlite3_str_appendchar(text, 1, *c);
	sqlite3_str_appendchar(text, 1, '\'');
	return sqlite3_str_finish(text);
}

static char *escaped(const char *text)
{
	char clean[512];

	escape_text(clean, sizeof(clean), text ? text : "", text ? strlen(text) : 0);
	return sqlite3_mprintf("%s", clean);
}

/* "pressure.zst: Linux 6.12 x86_64, 2 CPUs, 85 MiB of memory, 7.05 s, 507,123 events", and its parts. */
static void make_title(struct report *report, sqlite3_stmt *row, const char *path)
{
	char duration[FORMAT_SIZE], events[FORMAT_SIZE], release[128], name[256];
	const char *base = strrchr(path, '/');
	const char *kernel = (const char *)sqlite3_column_text(row, 5);

	base = base ? base + 1 : path;
	escape_text(name, sizeof(name), base, strlen(base));
	escape_text(release, sizeof(release), kernel ? kernel : "", kernel ? strlen(kernel) : 0);
	report->name = sqlite3_mprintf("%s", name);
	report->facts = sqlite3_mprintf(
		"Linux %s, %lld CPU%s, %.0f MiB of memory, %s, %s events", release,
		(long long)report->scope.nr_cpus, report->scope.nr_cpus == 1 ? "" : "s",
		report->scope.managed * report->scope.page_size / (1 << 20),
		format_duration(duration, (uint64_t)report->scope.duration_ns),
		format_count(events, (uint64_t)sqlite3_column_int64(row, 6)));
	report->title = sqlite3_mprintf("%s: %s", report->name, report->facts);
}

static const char find_run[] =
	"SELECT run_id, r.duration_ns, page_size, nr_cpus, kind, kernel_release, nr_events, path,"
	" (SELECT sum(managed) FROM node WHERE node.run_id = r.run_id), label,"
	" CASE kind WHEN 'original' THEN (SELECT value FROM run_param p WHERE p.run_id = r.run_id AND name = 'recorded.policy')"
	" ELSE policy END,"
	" coalesce((SELECT min(o.run_id) FROM run o WHERE o.trace_id = r.trace_id AND o.kind = 'original'), run_id) FROM run r JOIN trace USING (trace_id)"
	" WHERE CASE WHEN ?1 = '' THEN kind = 'original' ELSE label = ?1 OR CAST(run_id AS TEXT) = ?1 END"
	" ORDER BY run_id LIMIT 1";

static bool choose_run(struct report *report, const char *run)
{
	sqlite3_stmt *row =
		database_prepare(report->tool, report->db, find_run, run ? run : "", NULL);
	const char *path;

	if (!row)
		return false;
	if (sqlite3_step(row) != SQLITE_ROW) {
		if (run)
			message(report->tool, "there is no run %s (mmanalyze runs lists them)",
			        run);
		else
			message(report->tool,
			        "there is no original in the database: mmreplay --shadow adds it");
		sqlite3_finalize(row);
		return false;
	}
	path = (const char *)sqlite3_column_text(row, 7);
	report->scope = (struct finding_scope){
		.run_id = sqlite3_column_int64(row, 0),
		.recorded_id = sqlite3_column_int64(row, 11),
		.duration_ns = sqlite3_column_double(row, 1),
		.page_size = sqlite3_column_double(row, 2),
		.nr_cpus = sqlite3_column_int64(row, 3),
		.replay = strcmp((const char *)sqlite3_column_text(row, 4), "replay") == 0,
		.managed = sqlite3_column_double(row, 8),
	};
	if (sqlite3_column_text(row, 10))
		snprintf(report->scope.policy, sizeof(report->scope.policy), "%s",
		         (const char *)sqlite3_column_text(row, 10));
	report->trace_word = shell_word(path && *path ? path : "trace.zst");
	report->label = escaped((const char *)sqlite3_column_text(row, 9));
	make_title(report, row, path ? path : "");
	sqlite3_finalize(row);
	return true;
}

static int compare_findings(const void *a, const void *b)
{
	const struct finding *left = a, *right = b;

	if (left->severity != right->severity)
		return left->severity > right->severity ? -1 : 1;
	if (left->ops->rank != right->ops->rank)
		return left->ops->rank < right->ops->rank ? -1 : 1;
	return (left->weight < right->weight) - (left->weight > right->weight);
}

static bool has_finding(const struct report *report, const char *name)
{
	for (unsigned int i = 0; i < report->nr_findings; i++)
		if (report->findings[i].ops && strcmp(report->findings[i].ops->name, name) == 0)
			return true;
	return false;
}

static void leave_out_told(struct report *report)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < report->nr_findings; i++) {
		struct finding *finding = &report->findings[i];

		if (finding->told_by && has_finding(report, finding->told_by))
			finding_deinit(finding);
		else
			report->findings[kept++] = *finding;
	}
	report->nr_findings = kept;
}

bool report_make(struct report *report, const struct report_source *source, const char *run)
{
	*report = (struct report){ .tool = source->tool,
		                   .db = source->db,
		                   .db_word = shell_word(source->db_path) };
	if (!choose_run(report, run) || !report_add_limits(report))
		return false;
	for (size_t i = 0; all_findings[i] && report->nr_findings < REPORT_NR_FINDINGS; i++) {
		struct finding *finding = &report->findings[report->nr_findings];

		if (!finding_examine(report->tool, report->db, &report->scope, all_findings[i],
		                     finding))
			return false;
		if (finding->severity == FINDING_NONE)
			finding_deinit(finding);
		else
			report->nr_findings++;
	}
	leave_out_told(report);
	qsort(report->findings, report->nr_findings, sizeof(report->findings[0]), compare_findings);
	return true;
}

void report_deinit(struct report *report)
{
	for (unsigned int i = 0; i < report->nr_findings; i++)
		finding_deinit(&report->findings[i]);
	for (unsigned int i = 0; i < report->nr_limits; i++)
		sqlite3_free(report->limits[i].text);
	sqlite3_free(report->db_word);
	sqlite3_free(report->trace_word);
	sqlite3_free(report->title);
	sqlite3_free(report->name);
	sqlite3_free(report->facts);
	sqlite3_free(report->label);
}

sqlite3_stmt *report_evidence(const struct report *report, const struct finding_evidence *evidence,
                              char **sql)
{
	*sql = finding_sql(evidence->sql, &report->scope);
	return *sql ? database_prepare(report->tool, report->db, *sql, NULL) : NULL;
}

char *report_command(const struct report *report, const struct finding_try *try)
{
	const char *word = try->settings;
	sqlite3_str *text;

	if (!word)
		return NULL;
	if (report->no_replay)
		return sqlite3_mprintf("# %s, untested", word);
	text = sqlite3_str_new(NULL);

	sqlite3_str_appendall(text, "mmreplay");
	while (*word) {
		size_t length = strcspn(word, " ");

		/* An option of its own, such as --policy mglru, is as it is. */
		if (strncmp(try->settings, "--", 2) != 0)
			sqlite3_str_appendall(text, " --set");
		sqlite3_str_appendchar(text, 1, ' ');
		sqlite3_str_append(text, word, (int)length);
		word += length + strspn(word + length, " ");
	}
	sqlite3_str_appendf(text, " --seeds 5 -d %s %s", report->db_word, report->trace_word);
	return sqlite3_str_finish(text);
}

/* What counts is each counter's mean over the seeds, with least and most; the original comes first. */
static const char predictions[] =
	"WITH alike AS (SELECT r.run_id, r.kind, CASE kind WHEN 'original' THEN 'as recorded' ELSE"
	"   replace(p.value, ' seed=' || r.seed, '') END AS run FROM run r"
	"   JOIN run_param p ON p.run_id = r.run_id AND p.name = 'options'"
	"   WHERE trace_id = (SELECT trace_id FROM run WHERE run_id = CAST(?1 AS INTEGER))),"
	" number(run_id, n, value) AS ("
	"   SELECT run_id, 1, sum(value) FROM counters WHERE name GLOB 'allocstall_*' GROUP BY run_id UNION ALL"
	"   SELECT run_id, 2, value FROM counters WHERE name = 'pswpin' UNION ALL"
	"   SELECT run_id, 3, value FROM counters WHERE name = 'pswpout' UNION ALL"
	"   SELECT run_id, 4, sum(value) FROM counters WHERE name GLOB 'workingset_refault_*' GROUP BY run_id UNION ALL"
	"   SELECT run_id, 5, value FROM counters WHERE name = 'thp_fault_alloc' UNION ALL"
	"   SELECT run_id, 6, (SELECT count(*) FROM oom_kill o WHERE o.run_id = run.run_id) FROM run),"
	" told AS (SELECT kind, run, n, count(*) AS seeds, CASE WHEN min(value) = max(value) THEN printf('%,d', min(value))"
	"   ELSE printf('%,d (%,d to %,d)', CAST(round(avg(value)) AS INTEGER), min(value), max(value)) END AS text"
	"   FROM alike JOIN number USING (run_id) GROUP BY kind, run, n)"
	" SELECT run, max(seeds) AS seeds, max(text) FILTER (WHERE n = 1) AS direct_reclaims,"
	" max(text) FILTER (WHERE n = 2) AS swapped_in, max(text) FILTER (WHERE n = 3) AS swapped_out,"
	" max(text) FILTER (WHERE n = 4) AS refaults, max(text) FILTER (WHERE n = 5) AS huge_pages,"
	" max(text) FILTER (WHERE n = 6) AS oom_kills"
	" FROM told WHERE (SELECT count(*) FROM alike WHERE kind = 'replay') GROUP BY kind, run ORDER BY kind, run";

static const char tlbs[] =
	"SELECT t.run, sum(c.flushes_here) AS flushes, sum(c.interrupts) AS interrupts, t.pages_a_window, t.entries_a_window,"
	" t.l1_percent, t.l2_percent FROM tlb_reaches t JOIN tlb_causes c USING (run_id)"
	" WHERE t.entries = 'as mapped' AND t.run_id IN (SELECT run_id FROM run WHERE trace_id ="
	"  (SELECT trace_id FROM run WHERE run_id = CAST(?1 AS INTEGER))) GROUP BY t.run_id ORDER BY t.run_id";

static sqlite3_stmt *prepare(const struct report *report, const char *sql)
{
	sqlite3_stmt *statement = database_prepare(report->tool, report->db, sql, NULL);

	if (statement)
		sqlite3_bind_int64(statement, 1, report->scope.run_id);
	return statement;
}

sqlite3_stmt *report_predictions(const struct report *report)
{
	return prepare(report, predictions);
}

sqlite3_stmt *report_tlbs(const struct report *report)
{
	return prepare(report, tlbs);
}

const char *report_all_is_well(const struct report *report)
{
	return report->partial
	               ? "Nothing was found; but see above what this recording cannot show."
	               : "All is well: nothing here that took a task's time, its memory or its life.";
}
