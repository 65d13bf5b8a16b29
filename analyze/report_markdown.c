/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report for a ticket: Markdown with tables as GitHub and GitLab know them. */
#include <stdio.h>
#include <string.h>

#include "database.h"
#include "report.h"
#include "terminal.h"

/* What Markdown or HTML would take for its own is told not to be; names of tasks come from anybody. */
static void print_plain(const char *text)
{
	for (; *text; text++) {
		if (strchr("\\`*_[]<>|#~&", *text))
			putchar('\\');
		putchar(*text);
	}
}

static void print_cells(sqlite3_stmt *statement)
{
	int nr_columns = sqlite3_column_count(statement);

	for (int i = 0; i < nr_columns; i++) {
		char text[512];

		database_cell(statement, i, text, sizeof(text));
		fputs("| ", stdout);
		print_plain(text);
		putchar(' ');
	}
	puts("|");
}

static void print_heads(sqlite3_stmt *statement)
{
	int nr_columns = sqlite3_column_count(statement);

	for (int i = 0; i < nr_columns; i++) {
		char text[64];

		database_title(statement, i, text, sizeof(text));
		printf("| %s ", text);
	}
	puts("|");
	for (int i = 0; i < nr_columns; i++)
		fputs(sqlite3_column_type(statement, i) == SQLITE_TEXT ? "|---" : "|--:", stdout);
	puts("|");
}

int64_t report_markdown_table(const char *tool, const char *title, sqlite3_stmt *statement)
{
	int64_t nr_rows = 0;
	int step;

	if (!statement)
		return -1;
	while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
		if (!nr_rows++) {
			printf("\n%s:\n\n", title);
			print_heads(statement);
		}
		print_cells(statement);
	}
	if (step != SQLITE_DONE) {
		message(tool, "reading the database failed: %s",
		        sqlite3_errmsg(sqlite3_db_handle(statement)));
		nr_rows = -1;
	}
	sqlite3_finalize(statement);
	return nr_rows;
}

static int print_finding(const struct report *report, const struct finding *finding,
                         unsigned int number)
{
	printf("\n## %u. %s: ", number, severity_name(finding->severity));
	print_plain(finding->headline);
	fputs("\n\n", stdout);
	print_plain(finding->text);
	putchar('\n');
	for (const struct finding_evidence *evidence = finding->ops->evidence; evidence->title;
	     evidence++) {
		char *sql;
		sqlite3_stmt *statement = report_evidence(report, evidence, &sql);
		int64_t nr_rows = report_markdown_table(report->tool, evidence->title, statement);

		if (nr_rows > 0)
			printf("\n```sql\n%s\n```\n", sql);
		sqlite3_free(sql);
		if (nr_rows < 0)
			return -1;
	}
	if (finding->nr_tries)
		puts("\nWhat to try:\n");
	for (unsigned int i = 0; i < finding->nr_tries; i++) {
		const struct finding_try *try = &finding->tries[i];
		char *command = report_command(report, try);

		fputs("- ", stdout);
		print_plain(try->why);
		putchar('\n');
		if (command)
			printf("  ```\n  %s\n  ```\n", command);
		sqlite3_free(command);
	}
	return 0;
}

int report_print_markdown(const struct report *report)
{
	fputs("# ", stdout);
	print_plain(report->title);
	puts("\n\nWhat this recording can and cannot show:\n");
	for (unsigned int i = 0; i < report->nr_limits; i++) {
		printf("- %s%s: ", report->limits[i].lacks ? "(lacking) " : "",
		       report->limits[i].what);
		print_plain(report->limits[i].text);
		putchar('\n');
	}
	if (report->nr_findings == 0)
		printf("\n%s\n", report_all_is_well(report));
	else
		printf("\n%u finding%s, the most important first. Queries are for: `sqlite3 %s`\n",
		       report->nr_findings, report->nr_findings == 1 ? "" : "s", report->db_word);
	for (unsigned int i = 0; i < report->nr_findings; i++)
		if (print_finding(report, &report->findings[i], i + 1) < 0)
			return -1;
	if (report_markdown_table(
		    report->tool,
		    "Predictions in this database: mean, and least to most over the seeds",
		    report_predictions(report)) < 0 ||
	    report_markdown_table(report->tool, REPORT_TLBS_TITLE, report_tlbs(report)) < 0)
		return -1;
	return 0;
}
