/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "terminal.h"

static bool is(const struct mmr_run_check *check, const char *what)
{
	return strcmp(check->what, what) == 0;
}

static void print_json(const struct mmr_run_report *report)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < report->nr_checks; i++) {
		const struct mmr_run_check *check = &report->checks[i];
		json_t *row = json_pack(
			"{sI ss si si ss sI sI ss sb}", "t_ns", (json_int_t)check->t_ns, "what",
			check->what, "snapshot", (int)check->snapshot, "node", check->node, "zone",
			check->zone, "kernel", (json_int_t)check->kernel, "shadow",
			(json_int_t)check->shadow, "cause", check->cause, "good", check->good);

		if (check->page_order >= 0)
			json_object_set_new(row, "page_order", json_integer(check->page_order));
		json_array_append_new(rows, row);
	}
	json_dumpf(rows, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(rows);
}

static uint32_t last_snapshot(const struct mmr_run_report *report, const char *what, bool *found)
{
	uint32_t last = 0;

	*found = false;
	for (size_t i = 0; i < report->nr_checks; i++) {
		if (!is(&report->checks[i], what))
			continue;
		last = report->checks[i].snapshot;
		*found = true;
	}
	return last;
}

static void print_buddyinfo(const struct mmr_run_report *report)
{
	static const struct table_column columns[] = {
		{ "node", TABLE_RIGHT },   { "zone", TABLE_LEFT },    { "order", TABLE_RIGHT },
		{ "kernel", TABLE_RIGHT }, { "shadow", TABLE_RIGHT }, { "difference", TABLE_RIGHT },
		{ "", TABLE_LEFT },
	};
	const char *what = "buddyinfo.end";
	struct table *table;
	uint32_t snapshot;
	bool found;

	snapshot = last_snapshot(report, what, &found);
	if (!found) {
		what = "buddyinfo";
		snapshot = last_snapshot(report, what, &found);
	}
	if (!found)
		return;
	printf("Free blocks: the last %s (snapshot %u) and the shadow at that instant\n", what,
	       snapshot);
	table = table_create(columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < report->nr_checks; i++) {
		const struct mmr_run_check *check = &report->checks[i];

		if (!is(check, what) || check->snapshot != snapshot)
			continue;
		table_cell(table, "%d", check->node);
		table_cell(table, "%s", check->zone);
		table_cell(table, "%d", check->page_order);
		table_cell(table, "%" PRIu64, check->kernel);
		table_cell(table, "%" PRIu64, check->shadow);
		table_cell(table, "%+" PRId64, (int64_t)(check->shadow - check->kernel));
		table_cell(table, "%s", check->good ? "" : "off");
	}
	table_print(table, stdout);
	table_destroy(table);
}

/* kpageflags is read, and compared, in chunks; people want to know of zones. */
static void print_pages_of(const struct mmr_run_report *report, uint32_t snapshot)
{
	char compared_text[FORMAT_SIZE], wrong_text[FORMAT_SIZE];
	uint64_t compared = 0, agree = 0;
	bool good = true;

	for (size_t i = 0; i < report->nr_checks; i++) {
		const struct mmr_run_check *check = &report->checks[i];

		if (check->snapshot != snapshot || !is(check, "kpageflags"))
			continue;
		compared += check->kernel;
		agree += check->shadow;
		good = good && check->good;
	}
	if (!compared)
		return;
	printf("Snapshot %u: %s pages compared with kpageflags, %s wrong (%.3f %%)%s\n", snapshot,
	       format_count(compared_text, compared), format_count(wrong_text, compared - agree),
	       100.0 * (double)(compared - agree) / (double)compared, good ? "" : "   off");
}

static void print_pages(const struct mmr_run_report *report)
{
	bool found;
	uint32_t last = last_snapshot(report, "kpageflags", &found);

	for (uint32_t snapshot = 0; found && snapshot <= last; snapshot++)
		print_pages_of(report, snapshot);
	for (size_t i = 0; i < report->nr_checks; i++) {
		const struct mmr_run_check *check = &report->checks[i];
		char pages[FORMAT_SIZE];

		if (is(check, "cause") && check->kernel)
			printf("  %12s pages %s (snapshot %u, %s)\n",
			       format_count(pages, check->kernel), check->cause, check->snapshot,
			       check->zone);
	}
}

bool print_verification(const struct mmr_run_report *report, bool json)
{
	size_t nr_rows = 0, nr_off = 0;

	for (size_t i = 0; i < report->nr_checks; i++) {
		if (is(&report->checks[i], "cause"))
			continue;
		nr_rows++;
		nr_off += !report->checks[i].good;
	}
	if (json) {
		print_json(report);
	} else {
		print_buddyinfo(report);
		print_pages(report);
		if (nr_rows)
			printf("%zu comparisons, %zu off by more than the shadow promises\n",
			       nr_rows, nr_off);
		else
			printf("There is no later snapshot to compare with\n");
	}
	return nr_off == 0;
}

static void print_requests(const char *tool, const struct mmr_run_report *report,
                           const char *db_path)
{
	char pages[FORMAT_SIZE], requests[FORMAT_SIZE], hits[FORMAT_SIZE], misses[FORMAT_SIZE];

	fprintf(stderr,
	        "[ %s: %s of %s pages: %s requests, %s hits, %s misses, miss ratio %.4f -> %s, run "
	        "%" PRId64 " ]\n",
	        tool, report->exact ? "a cache" : "a machine",
	        format_count(pages, report->cache_pages),
	        format_count(requests, report->nr_requests), format_count(hits, report->nr_hits),
	        format_count(misses, report->nr_requests - report->nr_hits),
	        (double)(report->nr_requests - report->nr_hits) / (double)report->nr_requests,
	        db_path, report->run_id);
}

void print_run_summary(const char *tool, const struct mmr_run_report *report, const char *db_path)
{
	char events[FORMAT_SIZE], reclaim[FORMAT_SIZE], compaction[FORMAT_SIZE];

	if (report->cache_pages) {
		print_requests(tool, report, db_path);
		return;
	}
	if (report->policy[0])
		fprintf(stderr, "[ %s: policy %s ]\n", tool, report->policy);
	if (!db_path) {
		fprintf(stderr, "[ %s: %s events ]\n", tool,
		        format_count(events, report->nr_events));
		return;
	}
	fprintf(stderr,
	        "[ %s: %s events, %s reclaim and %s compaction episodes -> %s, run %" PRId64 " ]\n",
	        tool, format_count(events, report->nr_events),
	        format_count(reclaim, report->nr_reclaim_episodes),
	        format_count(compaction, report->nr_compaction_episodes), db_path, report->run_id);
}
