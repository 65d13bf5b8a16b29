/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "finding.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "database.h"
#include "terminal.h"

/* Beyond what a sentence takes, and a task's name is 15 bytes. */
#define MAX_TEXT 2048

/* ---- facts ---- */

static int column_of(const struct finding_facts *facts, const char *column)
{
	for (int i = 0; i < sqlite3_column_count(facts->row); i++)
		if (strcmp(sqlite3_column_name(facts->row, i), column) == 0)
			return i;
	return -1; /* reads as NULL */
}

double fact(const struct finding_facts *facts, const char *column)
{
	return sqlite3_column_double(facts->row, column_of(facts, column));
}

const char *fact_text(const struct finding_facts *facts, const char *column)
{
	const char *text = (const char *)sqlite3_column_text(facts->row, column_of(facts, column));

	return text ? text : "";
}

/* ---- words ---- */

#define WORDS_SIZE 64

static char *next_buffer(void)
{
	static char buffers[16][WORDS_SIZE];
	static unsigned int next;

	return buffers[next++ % (sizeof(buffers) / sizeof(buffers[0]))];
}

const char *say_count(double count)
{
	return format_count(next_buffer(), count > 0 ? (uint64_t)(count + 0.5) : 0);
}

const char *say_number(double count, const char *noun)
{
	char number[FORMAT_SIZE];
	char *buffer = next_buffer();

	format_count(number, count > 0 ? (uint64_t)(count + 0.5) : 0);
	snprintf(buffer, WORDS_SIZE, "%s %s%s", number, noun, strcmp(number, "1") == 0 ? "" : "s");
	return buffer;
}

const char *say_who(double nr_tasks, double pid)
{
	char *buffer;

	if (nr_tasks > 1)
		return say_number(nr_tasks, "task");
	buffer = next_buffer();
	snprintf(buffer, WORDS_SIZE, "pid %.0f", pid);
	return buffer;
}

const char *say_pages(const struct finding_facts *facts, double pages)
{
	static const char *const units[] = { "kB", "MiB", "GiB", "TiB" };
	double size = (pages > 0 ? pages : 0) * facts->scope->page_size / 1024;
	unsigned int unit = 0;
	char *buffer = next_buffer();

	for (; size >= 1024 && unit < 3; unit++)
		size /= 1024;
	snprintf(buffer, FORMAT_SIZE, size < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", size,
	         units[unit]);
	return buffer;
}

const char *say_time(double ns)
{
	return format_duration(next_buffer(), ns > 0 ? (uint64_t)ns : 0);
}

const char *say_percent(double share)
{
	char *buffer = next_buffer();

	snprintf(buffer, FORMAT_SIZE, share < 0.0995 ? "%.1f %%" : "%.0f %%", share * 100);
	return buffer;
}

/* old and what is said, escaped, as one text; frees old. */
static char *append(char *old, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));

static char *append(char *old, const char *fmt, va_list args)
{
	char said[MAX_TEXT], clean[MAX_TEXT];
	char *both;

	vsnprintf(said, sizeof(said), fmt, args);
	escape_text(clean, sizeof(clean), said, strlen(said));
	both = sqlite3_mprintf("%s%s%s", old ? old : "", old && *old ? " " : "", clean);
	sqlite3_free(old);
	return both;
}

void finding_head(struct finding *finding, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	finding->headline = append(finding->headline, fmt, args);
	va_end(args);
}

void finding_say(struct finding *finding, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	finding->text = append(finding->text, fmt, args);
	va_end(args);
}

void finding_try(struct finding *finding, const char *why, const char *fmt, ...)
{
	struct finding_try *try = &finding->tries[finding->nr_tries];
	va_list args;

	if (finding->nr_tries == FINDING_NR_TRIES)
		return;
	finding->nr_tries++;
	*try = (struct finding_try){ .why = sqlite3_mprintf("%s", why) };
	if (!fmt)
		return;
	va_start(args, fmt);
	try->settings = append(NULL, fmt, args);
	va_end(args);
}

void finding_try_policy(const struct finding_facts *facts, struct finding *finding,
                        const char *policy, const char *why)
{
	if (strcmp(facts->scope->policy, policy) != 0)
		finding_try(finding, why, "--policy %s", policy);
}

/* ---- what several findings ask ---- */

bool taken_within_groups(const struct finding_facts *facts, double taken)
{
	return fact(facts, "taken_of_machine") * 2 < taken;
}

/* ---- severity ---- */

bool finding_harmed(const struct finding_facts *facts)
{
	return fact(facts, "swapped_out") >= THRESHOLD_MEMORY_NOTICE * facts->scope->managed ||
	       fact(facts, "kills") > 0 ||
	       severity_of_waits(facts->scope, fact(facts, "stall_ns"),
	                         fact(facts, "longest_ns")) != FINDING_NONE;
}

enum finding_severity severity_of_waits(const struct finding_scope *scope, double total_ns,
                                        double longest_ns)
{
	double share = scope->duration_ns > 0 ? total_ns / scope->duration_ns : 0;

	if (share >= THRESHOLD_TIME_SERIOUS || longest_ns >= THRESHOLD_WAIT_SERIOUS_NS)
		return FINDING_SERIOUS;
	if (share >= THRESHOLD_TIME_NOTICE || longest_ns >= THRESHOLD_WAIT_NOTICE_NS)
		return FINDING_NOTICE;
	return FINDING_NONE;
}

const char *severity_name(enum finding_severity severity)
{
	static const char *const names[] = { "none", "notice", "serious", "critical" };

	return names[severity];
}

/* ---- examining ---- */

void say_curve(const struct finding_facts *facts, struct finding *finding, const char *what)
{
	double pages = fact(facts, "curve_pages");

	if (pages <= 0)
		return;
	if (fact(facts, "curve_of_faults") > 0)
		finding_say(
			finding,
			"By its miss-ratio curve %s needs %s for all but 5 %% of that to stay; it had %s "
			"at most (mmanalyze curve).",
			what, say_pages(facts, pages), say_pages(facts, fact(facts, "curve_from")));
	else
		finding_say(
			finding,
			"By its miss-ratio curve %s needs %s for 5 %% misses, first uses apart, and %s for "
			"none (mmanalyze curve).",
			what, say_pages(facts, pages),
			say_pages(facts, fact(facts, "curve_whole")));
}

char *finding_sql(const char *sql, const struct finding_scope *scope)
{
	static const char run[] = "{run}", recorded[] = "{recorded}";
	sqlite3_str *text = sqlite3_str_new(NULL);
	const char *mark;

	while ((mark = strchr(sql, '{'))) {
		bool is_run = strncmp(mark, run, strlen(run)) == 0,
		     is_recorded = strncmp(mark, recorded, strlen(recorded)) == 0;

		sqlite3_str_append(text, sql, (int)(mark - sql));
		if (is_run || is_recorded)
			sqlite3_str_appendf(
				text, "%lld",
				(long long)(is_run ? scope->run_id : scope->recorded_id));
		else
			sqlite3_str_appendchar(text, 1, *mark);
		sql = mark + (is_run ? strlen(run) : is_recorded ? strlen(recorded) : 1);
	}
	sqlite3_str_appendall(text, sql);
	return sqlite3_str_finish(text);
}

bool finding_examine(const char *tool, sqlite3 *db, const struct finding_scope *scope,
                     const struct finding_ops *ops, struct finding *finding)
{
	char *sql = finding_sql(ops->sql, scope);
	struct finding_facts facts = { .scope = scope };
	int step;

	*finding = (struct finding){ .ops = ops };
	facts.row = sql ? database_prepare(tool, db, sql, NULL) : NULL;
	sqlite3_free(sql);
	if (!facts.row)
		return false;
	step = sqlite3_step(facts.row);
	if (step == SQLITE_ROW)
		ops->judge(&facts, finding);
	else if (step != SQLITE_DONE)
		message(tool, "reading the database failed: %s", sqlite3_errmsg(db));
	sqlite3_finalize(facts.row);
	return step == SQLITE_ROW || step == SQLITE_DONE;
}

void finding_deinit(struct finding *finding)
{
	sqlite3_free(finding->headline);
	sqlite3_free(finding->text);
	for (unsigned int i = 0; i < finding->nr_tries; i++) {
		sqlite3_free(finding->tries[i].why);
		sqlite3_free(finding->tries[i].settings);
	}
	*finding = (struct finding){ 0 };
}
