/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain_report.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "terminal.h"

static void print_json(const struct mmr_explanation *explanation)
{
	json_t *sections = json_object();
	json_t *root = json_pack("{sI sI sI so}", "events", (json_int_t)explanation->nr_events,
	                         "lost", (json_int_t)explanation->nr_lost, "logical_pages_at_most",
	                         (json_int_t)explanation->pages_at_most, "sections", sections);

	for (size_t i = 0; i < explanation->nr_rows; i++) {
		const struct mmr_explain_row *row = &explanation->rows[i];
		json_t *section = json_object_get(sections, row->section);

		if (!section) {
			section = json_object();
			json_object_set_new(sections, row->section, section);
		}
		json_object_set_new(section, row->text, json_integer((json_int_t)row->count));
	}
	json_dumpf(root, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(root);
}

static uint64_t section_total(const struct mmr_explanation *explanation, size_t first)
{
	const char *section = explanation->rows[first].section;
	uint64_t total = 0;

	for (size_t i = first; i < explanation->nr_rows; i++)
		if (strcmp(explanation->rows[i].section, section) == 0)
			total += explanation->rows[i].count;
	return total;
}

void print_explanation(const struct mmr_explanation *explanation, bool json)
{
	const char *section = "";
	char count[FORMAT_SIZE];
	uint64_t total = 0;

	if (json) {
		print_json(explanation);
		return;
	}
	printf("%s events", format_count(count, explanation->nr_events));
	printf(", %s lost", format_count(count, explanation->nr_lost));
	printf("; at most %s logical pages alive\n",
	       format_count(count, explanation->pages_at_most));
	for (size_t i = 0; i < explanation->nr_rows; i++) {
		const struct mmr_explain_row *row = &explanation->rows[i];

		if (strcmp(section, row->section) != 0) {
			section = row->section;
			total = section_total(explanation, i);
			printf("\n%s: %s\n", section, format_count(count, total));
		}
		if (row->count)
			printf("  %12s  %5.1f %%  %s\n", format_count(count, row->count),
			       100.0 * (double)row->count / (double)total, row->text);
	}
}
