/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was found, the most important first, each with its evidence and what to try. */
#include <string.h>

#include "page.h"

/* Paragraphs end in a newline. */
static void put_paragraphs(const struct page *page, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		char *paragraph = sqlite3_mprintf("%.*s", (int)length, text);

		if (paragraph && *paragraph)
			page_printf(page, "<p>%s</p>\n", paragraph);
		sqlite3_free(paragraph);
		text += length + (text[length] == '\n');
	}
}

static int put_evidence(const struct page *page, const struct finding *finding)
{
	for (const struct finding_evidence *evidence = finding->ops->evidence; evidence->title;
	     evidence++) {
		char *sql;
		sqlite3_stmt *statement = report_evidence(page->report, evidence, &sql);
		int64_t nr_rows = page_table(page, evidence->title, statement);

		if (nr_rows > 0)
			page_printf(
				page,
				"<details><summary>The query<span class=\"unseen\"> for: %s</span></summary>"
				"<pre tabindex=\"0\"><code>%s</code></pre></details>\n",
				evidence->title, sql);
		sqlite3_free(sql);
		if (nr_rows < 0)
			return -1;
	}
	return 0;
}

static void put_tries(const struct page *page, const struct finding *finding)
{
	if (!finding->nr_tries)
		return;
	fputs("<h4>What to try</h4>\n<ul class=\"tries\">\n", page->out);
	for (unsigned int i = 0; i < finding->nr_tries; i++) {
		char *command = report_command(page->report, &finding->tries[i]);

		page_printf(page, "<li>%s\n", finding->tries[i].why);
		if (command)
			page_printf(
				page,
				"<div class=\"command\"><pre tabindex=\"0\"><code>%s</code></pre></div>",
				command);
		fputs("</li>\n", page->out);
		sqlite3_free(command);
	}
	fputs("</ul>\n", page->out);
}

static int put_finding(const struct page *page, const struct finding *finding, unsigned int number)
{
	const char *severity = severity_name(finding->severity);

	fprintf(page->out,
	        "<article class=\"finding %s\" aria-labelledby=\"finding-%u\">\n"
	        "<h3 id=\"finding-%u\"><span class=\"badge %s\">%s</span> %u. ",
	        severity, number, number, severity, severity, number);
	page_printf(page, "%s</h3>\n", finding->headline);
	put_paragraphs(page, finding->text);
	put_tries(page, finding);
	if (finding->ops->evidence->title)
		fputs("<h4>Evidence</h4>\n", page->out);
	if (put_evidence(page, finding) < 0)
		return -1;
	fputs("</article>\n", page->out);
	return 0;
}

int page_findings(const struct page *page)
{
	const struct report *report = page->report;

	if (!report->nr_findings)
		return 0;
	fputs("<section aria-labelledby=\"findings\">\n<h2 id=\"findings\">Findings</h2>\n",
	      page->out);
	for (unsigned int i = 0; i < report->nr_findings; i++)
		if (put_finding(page, &report->findings[i], i + 1) < 0)
			return -1;
	fputs("</section>\n", page->out);
	return 0;
}
