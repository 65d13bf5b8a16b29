/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report for a terminal: 80 columns but for tables and commands, which must not be broken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "report.h"
#include "terminal.h"

#define WIDTH 80

static void colour(const char *code)
{
	if (terminal_colour(stdout))
		fputs(code, stdout);
}

/* Characters on the screen, of UTF-8. */
static int width_of(const char *text, int length)
{
	int width = 0;

	for (int i = 0; i < length; i++)
		width += (text[i] & 0xc0) != 0x80;
	return width;
}

/* Words from column on, further lines from indent on. */
static void print_wrapped(const char *text, int indent, int column)
{
	bool first = true;

	while (*text) {
		int length = (int)strcspn(text, " ");
		int width = width_of(text, length);

		if (!first && column + 1 + width > WIDTH) {
			printf("\n%*s", indent, "");
			column = indent;
		} else if (!first) {
			putchar(' ');
			column++;
		}
		printf("%.*s", length, text);
		column += width;
		first = false;
		text += length;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void print_indented(const char *text, int indent)
{
	while (*text) {
		int length = (int)strcspn(text, "\n");

		printf("%*s%.*s\n", indent, "", length, text);
		text += length + (text[length] == '\n');
	}
}

/* The rows as a table in *text, which is the caller's; how many, or -1 after a message. Ends the statement. */
static int64_t rows_as_text(const struct report *report, sqlite3_stmt *statement, size_t indent,
                            char **text)
{
	size_t size = 0;
	FILE *stream = statement ? open_memstream(text, &size) : NULL;
	int64_t nr_rows = -1;

	if (stream) {
		nr_rows = database_write_table(report->tool, statement, stream, WIDTH - indent);
		fclose(stream);
	} else {
		sqlite3_finalize(statement);
	}
	return nr_rows;
}

/* A query's rows, if it has any, and the query. -1 after a message. */
static int print_evidence(const struct report *report, const struct finding_evidence *evidence)
{
	char *sql, *text = NULL;
	sqlite3_stmt *statement = report_evidence(report, evidence, &sql);
	int64_t nr_rows = rows_as_text(report, statement, 5, &text);

	if (nr_rows > 0) {
		printf("\n   %s\n", evidence->title);
		print_indented(text, 5);
		colour("\033[2m");
		print_indented(sql, 5);
		colour("\033[0m");
	}
	free(text);
	sqlite3_free(sql);
	return nr_rows < 0 ? -1 : 0;
}

static void print_tries(const struct report *report, const struct finding *finding)
{
	if (finding->nr_tries)
		puts("\n   What to try");
	for (unsigned int i = 0; i < finding->nr_tries; i++) {
		const struct finding_try *try = &finding->tries[i];
		char *command = report_command(report, try);

		fputs("   - ", stdout);
		print_wrapped(try->why, 5, 5);
		if (command)
			printf("     %s\n", command);
		sqlite3_free(command);
	}
}

static int print_finding(const struct report *report, const struct finding *finding,
                         unsigned int number, bool brief)
{
	static const char *const colours[] = { "", "\033[1;36m", "\033[1;33m", "\033[1;31m" };
	const char *severity = severity_name(finding->severity);

	printf("\n%u. ", number);
	colour(colours[finding->severity]);
	fputs(severity, stdout);
	colour("\033[0m");
	fputs(": ", stdout);
	colour("\033[1m");
	print_wrapped(finding->headline, 3, 5 + (int)strlen(severity));
	colour("\033[0m");
	fputs("   ", stdout);
	print_wrapped(finding->text, 3, 3);
	for (const struct finding_evidence *evidence = finding->ops->evidence;
	     evidence->title && !brief; evidence++)
		if (print_evidence(report, evidence) < 0)
			return -1;
	print_tries(report, finding);
	return 0;
}

static void print_limits(const struct report *report)
{
	puts("\nWhat this recording can and cannot show");
	for (unsigned int i = 0; i < report->nr_limits; i++) {
		const struct report_limit *limit = &report->limits[i];

		printf(" %s %-12s ", limit->lacks ? "-" : "+", limit->what);
		print_wrapped(limit->text, 16, 16);
	}
}

/* A table of several runs and what is to be said of it; nothing if it has no rows. */
static int print_runs(const struct report *report, const char *title, sqlite3_stmt *statement,
                      const char *said)
{
	char *text = NULL;
	int64_t nr_rows = rows_as_text(report, statement, 1, &text);

	if (nr_rows > 0) {
		printf("\n%s\n", title);
		print_indented(text, 1);
		putchar(' ');
		print_wrapped(said, 1, 0);
	}
	free(text);
	return nr_rows < 0 ? -1 : 0;
}

static int print_all_runs(const struct report *report)
{
	if (print_runs(
		    report, "Predictions in this database: mean, and least to most over the seeds",
		    report_predictions(report),
		    "The error of the replays is the difference between what was recorded and the replay without settings; hold the "
		    "others against the latter. mmanalyze compare has all numbers.") < 0)
		return -1;
	return print_runs(
		report, REPORT_TLBS_TITLE, report_tlbs(report),
		"mmanalyze tlb tells what the flushes were for, how far huge pages would reach, and what page tables take.");
}

int report_print_text(const struct report *report, bool brief)
{
	colour("\033[1m");
	print_wrapped(report->title, 1, 0);
	colour("\033[0m");
	print_limits(report);
	if (report->nr_findings == 0)
		printf("\n%s\n", report_all_is_well(report));
	else
		printf("\n%u finding%s, the most important first%s%s\n", report->nr_findings,
		       report->nr_findings == 1 ? "" : "s",
		       brief ? "" : ". Queries are for: sqlite3 ", brief ? "" : report->db_word);
	for (unsigned int i = 0; i < report->nr_findings; i++)
		if (print_finding(report, &report->findings[i], i + 1, brief) < 0)
			return -1;
	return print_all_runs(report);
}
