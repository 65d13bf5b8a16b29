/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page as a whole: what it is about, what was found in a few lines, the sections, what the recording cannot show. */
#include "page.h"

#include <stdlib.h>
#include <string.h>

#include <mmreplay/version.h>

#include "output.h"
#include "terminal.h"

/* As they stand in this folder, a line a string. */
static const char style[] =
#include "page.css.inc"
	;
static const char script[] =
#include "page.js.inc"
	;
/* SHA-256 of the script, in hexadecimal. */
static const char script_hash[] =
#include "page.js.sha256.inc"
	;

static unsigned int nibble(char digit)
{
	return (unsigned int)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* The security policy wants the hash in base64. */
static void put_hash(FILE *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const size_t nr_nibbles = sizeof(script_hash) - 1;

	for (size_t i = 0; i < nr_nibbles; i += 3) {
		unsigned int bits = 0;

		for (size_t j = i; j < i + 3; j++)
			bits = bits << 4 | (j < nr_nibbles ? nibble(script_hash[j]) : 0);
		putc(digits[bits >> 6], out);
		if (i + 1 < nr_nibbles)
			putc(digits[bits & 63], out);
	}
	for (size_t i = nr_nibbles * 4; i % 24; i += 8)
		putc('=', out);
}

static void put_head(const struct page *page)
{
	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:;"
	      " style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; script-src 'sha256-",
	      page->out);
	put_hash(page->out);
	page_printf(
		page,
		"'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"generator\" content=\"mmanalyze %s\">\n"
		"<title>Memory report: %s</title>\n<style>\n",
		mmr_version(), page->report->name);
	fputs(style, page->out);
	fputs("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#report\">Skip to the report</a>\n",
	      page->out);
}

/* "Linux 6.12", "2 CPUs": the parts of the title after the name. */
static void put_facts(const struct page *page)
{
	static const struct {
		const char *name, *suffix; /* which the name says already */
	} parts[] = { { "Kernel", "" },
		      { "Machine", "" },
		      { "Memory", " of memory" },
		      { "Duration", "" },
		      { "Events", " events" } };
	const char *rest = page->report->facts;

	fputs("<dl class=\"facts\">\n", page->out);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && *rest; i++) {
		const char *end = strstr(rest, ", ");
		size_t length = end ? (size_t)(end - rest) : strlen(rest);
		size_t suffix = strlen(parts[i].suffix);
		bool said = length > suffix &&
		            strncmp(rest + length - suffix, parts[i].suffix, suffix) == 0;
		char *fact = sqlite3_mprintf("%.*s", (int)(said ? length - suffix : length), rest);

		page_printf(page, "<div><dt>%s</dt><dd>%s</dd></div>\n", parts[i].name,
		            fact ? fact : "");
		sqlite3_free(fact);
		rest += length + (end ? 2 : 0);
	}
	fputs("</dl>\n", page->out);
}

static void put_header(const struct page *page)
{
	const struct report *report = page->report;

	page_printf(
		page,
		"<header>\n<div class=\"head\"><div>\n<p class=\"kind\">Memory management report</p>\n"
		"<h1>%s</h1>\n</div>\n"
		"<div class=\"theme\" role=\"group\" aria-label=\"Colours\" hidden>"
		"<button type=\"button\" value=\"\" aria-pressed=\"true\">Auto</button>"
		"<button type=\"button\" value=\"light\" aria-pressed=\"false\">Light</button>"
		"<button type=\"button\" value=\"dark\" aria-pressed=\"false\">Dark</button></div>\n</div>\n",
		report->name);
	if (report->scope.replay)
		page_printf(page, "<p>This is of a replay, “%s”, not of what happened.</p>\n",
		            report->label);
	put_facts(page);
	page_printf(
		page,
		"<nav aria-label=\"Contents\"><ul>\n<li><a href=\"#summary\">Summary</a></li>\n%s",
		"");
	if (report->nr_findings)
		fputs("<li><a href=\"#findings\">Findings</a></li>\n", page->out);
	fputs("<li><a href=\"#charts\">Charts</a></li>\n<li><a href=\"#tables\">Tables</a></li>\n"
	      "<li><a href=\"#limits\">What this recording can show</a></li>\n</ul></nav>\n</header>\n",
	      page->out);
}

static void put_caveat(const struct page *page)
{
	const struct report *report = page->report;
	unsigned int nr_lacking = 0;

	for (unsigned int i = 0; i < report->nr_limits; i++)
		nr_lacking += report->limits[i].lacks;
	if (!nr_lacking)
		return;
	fputs("<p class=\"caveat\">To be read with what <a href=\"#limits\">this recording cannot show</a>: ",
	      page->out);
	for (unsigned int i = 0; i < report->nr_limits; i++) {
		if (!report->limits[i].lacks)
			continue;
		page_printf(page, --nr_lacking ? "%s; " : "%s.</p>\n", report->limits[i].what);
	}
}

static void put_summary(const struct page *page)
{
	const struct report *report = page->report;

	fputs("<section aria-labelledby=\"summary\">\n<h2 id=\"summary\">Summary</h2>\n",
	      page->out);
	if (report->nr_findings)
		fprintf(page->out,
		        "<p>%u finding%s, the most important first.</p>\n<ol class=\"told\">\n",
		        report->nr_findings, report->nr_findings == 1 ? "" : "s");
	else
		page_printf(page, "<p class=\"fine\">%s</p>\n", report_all_is_well(report));
	for (unsigned int i = 0; i < report->nr_findings; i++) {
		const struct finding *finding = &report->findings[i];
		const char *severity = severity_name(finding->severity);

		page_printf(page,
		            "<li class=\"%s\"><span class=\"badge\">%s</span> <a href=\"#finding-",
		            severity, severity);
		fprintf(page->out, "%u\">", i + 1);
		page_printf(page, "%s</a></li>\n", finding->headline);
	}
	if (report->nr_findings)
		fputs("</ol>\n", page->out);
	put_caveat(page);
	fputs("</section>\n", page->out);
}

static void put_limits(const struct page *page)
{
	const struct report *report = page->report;

	fputs("<section aria-labelledby=\"limits\">\n"
	      "<h2 id=\"limits\">What this recording can and cannot show</h2>\n<ul class=\"limits\">\n",
	      page->out);
	for (unsigned int i = 0; i < report->nr_limits; i++) {
		const struct report_limit *limit = &report->limits[i];

		fprintf(page->out, "<li class=\"%s\"><span aria-hidden=\"true\">%s</span><span><b>",
		        limit->lacks ? "lacks" : "has", limit->lacks ? "−" : "+");
		page_printf(page, "%s</b><span class=\"unseen\">%s: </span> %s</span></li>\n",
		            limit->what, limit->lacks ? " (lacking)" : "", limit->text);
	}
	fputs("</ul>\n</section>\n", page->out);
}

static int put_page(const struct page *page)
{
	put_head(page);
	put_header(page);
	fputs("<main id=\"report\">\n", page->out);
	put_summary(page);
	if (page_findings(page) < 0 || page_charts(page) < 0 || page_tables(page) < 0)
		return -1;
	put_limits(page);
	page_printf(
		page,
		"</main>\n<footer><p>Made by mmanalyze %s from %s. The queries are for: "
		"<code>sqlite3 %s</code></p></footer>\n"
		"<div id=\"live\" class=\"unseen\" role=\"status\" aria-live=\"polite\"></div>\n<script>",
		mmr_version(), page->report->trace_word, page->report->db_word);
	fputs(script, page->out);
	fputs("</script>\n</body>\n</html>\n", page->out);
	return 0;
}

int report_write_html(const struct report *report, const char *db_path, const char *path,
                      bool force)
{
	char *text = NULL;
	size_t size = 0;
	struct mmr_error err = { 0 };
	const struct page page = { .report = report,
		                   .db_path = db_path,
		                   .out = open_memstream(&text, &size) };
	int code;

	if (!page.out) {
		message(report->tool, "out of memory");
		return -1;
	}
	code = put_page(&page);
	if (fclose(page.out) && code == 0) {
		message(report->tool, "out of memory");
		code = -1;
	}
	if (code == 0 && output_write(path, force, text, size, &err)) {
		fail(report->tool, &err);
		code = -1;
	}
	free(text);
	return code;
}
