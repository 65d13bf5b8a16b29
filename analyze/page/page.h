/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmanalyze report --html: one page that needs nothing else, neither a network nor a script. What comes from a recording is
 * escaped twice: to printable UTF-8, and for HTML; and should that ever fail, the page's own security policy lets nothing run
 * but the one script that mmanalyze was built with.
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sqlite3.h>

#include "report.h"

struct page {
	const struct report *report;
	const char *db_path; /* of the file, for mmrender */
	FILE *out;
};

/* text with what HTML would take for its own escaped; good between tags and in quoted attributes. */
void page_text(const struct page *page, const char *text);

/* printf() whose texts are escaped: %s is text, and everything else as it is written. */
void page_printf(const struct page *page, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A table of all rows, which can be sorted, unless there are none; caption says what it is. Ends the statement. Returns how many
 * rows, or -1 after a message.
 */
int64_t page_table(const struct page *page, const char *caption, sqlite3_stmt *statement);

/* The sections, each with a heading; 0, or -1 after a message. */
int page_findings(const struct page *page);
int page_charts(const struct page *page);
int page_tables(const struct page *page);

#endif
