/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text and tables as HTML. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "page.h"
#include "terminal.h"

#define LONG_TEXT 28 /* characters: a column with more is given room */

void page_text(const struct page *page, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", page->out);
			break;
		case '<':
			fputs("&lt;", page->out);
			break;
		case '>':
			fputs("&gt;", page->out);
			break;
		case '"':
			fputs("&quot;", page->out);
			break;
		case '\'':
			fputs("&#39;", page->out);
			break;
		default:
			putc(*text, page->out);
		}
	}
}

void page_printf(const struct page *page, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	for (const char *next; *fmt; fmt = next + 2) {
		next = strstr(fmt, "%s");
		if (!next) {
			fputs(fmt, page->out);
			break;
		}
		fwrite(fmt, 1, (size_t)(next - fmt), page->out);
		page_text(page, va_arg(args, const char *));
	}
	va_end(args);
}

static bool is_number(sqlite3_stmt *statement, int column)
{
	int type = sqlite3_column_type(statement, column);

	return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

/* A number keeps its value for sorting: what is shown may be "1.5 s". */
static void put_cell(const struct page *page, sqlite3_stmt *statement, int column)
{
	const char *tag = column ? "td" : "th";
	char text[512];

	database_cell(statement, column, text, sizeof(text));
	fprintf(page->out, column ? "<td" : "<th scope=\"row\"");
	if (is_number(statement, column))
		fprintf(page->out, " class=\"n\" data-v=\"%.17g\"",
		        sqlite3_column_double(statement, column));
	else if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		fputs(" class=\"n\"", page->out);
	else if (strlen(text) > LONG_TEXT)
		fputs(" class=\"long\"", page->out);
	page_printf(page, ">%s", text);
	fprintf(page->out, "</%s>", tag);
}

static void put_heads(const struct page *page, sqlite3_stmt *statement)
{
	fputs("<thead><tr>", page->out);
	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		char title[128], clean[512];

		database_title(statement, i, title, sizeof(title));
		escape_text(clean, sizeof(clean), title, strlen(title));
		fprintf(page->out, "<th scope=\"col\"%s>",
		        is_number(statement, i) ? " class=\"n\"" : "");
		page_printf(page, "%s</th>", clean);
	}
	fputs("</tr></thead>\n<tbody>\n", page->out);
}

int64_t page_table(const struct page *page, const char *caption, sqlite3_stmt *statement)
{
	int64_t nr_rows = 0;
	int step;

	if (!statement)
		return -1;
	while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
		if (!nr_rows++) {
			page_printf(
				page,
				"<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"%s\">\n"
				"<table><caption><span>%s</span></caption>\n",
				caption, caption);
			put_heads(page, statement);
		}
		fputs("<tr>", page->out);
		for (int i = 0; i < sqlite3_column_count(statement); i++)
			put_cell(page, statement, i);
		fputs("</tr>\n", page->out);
	}
	if (nr_rows)
		fputs("</tbody></table></div>\n", page->out);
	if (step != SQLITE_DONE) {
		message(page->report->tool, "reading the database failed: %s",
		        sqlite3_errmsg(page->report->db));
		nr_rows = -1;
	}
	sqlite3_finalize(statement);
	return nr_rows;
}
