/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Miss-ratio curves as sentences and tables.
 *
 * The knee is where a curve, drawn from all refaults to none, is farthest below the straight line between its ends
 * (Satopaa, Albrecht, Irwin, Raghavan 2011): up to it memory pays, beyond it less and less.
 */
#include "curve_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "database.h"
#include "terminal.h"

#define BAR_WIDTH  40
#define MAX_ROWS   14  /* of a table that nobody gave the sizes of */
#define CSV_POINTS 400 /* of a curve */

static const struct {
	const char *name;
	const char *title;
} memories[MMR_NR_CURVES] = {
	[MMR_CURVE_ANON] = { "anon", "Anonymous memory and tmpfs" },
	[MMR_CURVE_FILE] = { "file", "Files" },
	[MMR_CURVE_ALL] = { "both", "Both in one memory" },
};

static double percent_of(double part, uint64_t whole)
{
	return whole ? 100 * part / (double)whole : 0;
}

/* Uses that the curve tells of: those that could hit. */
static uint64_t uses_of(const struct mmr_curve *curve)
{
	return curve->nr_first + curve->nr_reuses;
}

static uint64_t pages_for(const struct mmr_curve *curve, double percent)
{
	return mmr_curve_pages(curve, percent / 100 * (double)uses_of(curve));
}

static uint64_t bytes_of(const struct curve_report *report, uint64_t pages)
{
	return pages * report->info->page_size;
}

/* Whether there may be more refaults with so little memory than the recording shows. */
static bool is_bound(const struct mmr_curve *curve, uint64_t pages)
{
	return pages < curve->known_from;
}

/* 0: there is none. */
static uint64_t knee_of(const struct mmr_curve *curve)
{
	double farthest = 0, span;
	uint64_t first = curve->known_from, last, knee = 0;

	if (curve->nr_points < 3)
		return 0;
	last = curve->points[curve->nr_points - 1].pages;
	if (last <= first)
		return 0;
	span = mmr_curve_refaults(curve, first);
	for (size_t i = 0; i < curve->nr_points && span > 0; i++) {
		const struct mmr_curve_point *point = &curve->points[i];
		double distance;

		if (point->pages < first)
			continue;
		distance = 1 - (double)(point->pages - first) / (double)(last - first) -
		           point->refaults / span;
		if (distance > farthest) {
			farthest = distance;
			knee = point->pages;
		}
	}
	return knee;
}

static char *format_memory(char buffer[FORMAT_SIZE], const struct curve_report *report,
                           uint64_t pages)
{
	uint64_t bytes = bytes_of(report, pages);

	if (bytes >= UINT64_C(10) << 30)
		snprintf(buffer, FORMAT_SIZE, "%.1f GiB", (double)bytes / 0x1p30);
	else if (bytes >= UINT64_C(100) << 20)
		snprintf(buffer, FORMAT_SIZE, "%.0f MiB", (double)bytes / 0x1p20);
	else if (bytes >= UINT64_C(1) << 20)
		snprintf(buffer, FORMAT_SIZE, "%.1f MiB", (double)bytes / 0x1p20);
	else
		snprintf(buffer, FORMAT_SIZE, "%" PRIu64 " KiB", bytes >> 10);
	return buffer;
}

/* ---- which sizes ---- */

struct sizes {
	uint64_t pages[CURVE_MAX_SIZES];
	size_t nr;
};

static int compare_pages(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Of sizes with the same refaults the smallest and the largest are enough. */
static void leave_out_flat(const struct mmr_curve *curve, struct sizes *sizes)
{
	size_t nr = 0;

	for (size_t i = 0; i < sizes->nr; i++) {
		double refaults = mmr_curve_refaults(curve, sizes->pages[i]);
		bool flat = nr > 0 && i + 1 < sizes->nr &&
		            mmr_curve_refaults(curve, sizes->pages[nr - 1]) <= refaults &&
		            mmr_curve_refaults(curve, sizes->pages[i + 1]) >= refaults;

		if (!flat)
			sizes->pages[nr++] = sizes->pages[i];
	}
	sizes->nr = nr;
}

/* Round ones up to the memory with which there are no refaults, the smallest left out, and the recorded machine's. */
static void choose_sizes(const struct curve_report *report, const struct mmr_curve *curve,
                         struct sizes *sizes)
{
	uint64_t last = mmr_curve_pages(curve, 0), machine = report->info->memory_pages;
	uint64_t size = 1, first = curve->known_from / 2;

	if (report->nr_sizes) {
		memcpy(sizes->pages, report->sizes, sizeof(sizes->pages));
		sizes->nr = report->nr_sizes;
		return;
	}
	sizes->nr = 0;
	while (size < last)
		size *= 2;
	for (uint64_t i = 0; size >= 4 && sizes->nr < MAX_ROWS && size >= first; i++) {
		sizes->pages[sizes->nr++] = size;
		size = i % 2 ? size / 3 * 2 : size / 4 * 3;
	}
	if (machine && sizes->nr && machine < sizes->pages[0] &&
	    machine > sizes->pages[sizes->nr - 1])
		sizes->pages[sizes->nr++] = machine;
	qsort(sizes->pages, sizes->nr, sizeof(sizes->pages[0]), compare_pages);
	leave_out_flat(curve, sizes);
}

/* ---- text ---- */

static void print_head(const struct curve_report *report)
{
	const struct mmr_curves_info *info = report->info;
	const char *base = strrchr(report->path, '/');
	char name[256], memory[FORMAT_SIZE], count[FORMAT_SIZE], duration[FORMAT_SIZE];

	base = base ? base + 1 : report->path;
	escape_text(name, sizeof(name), base, strlen(base));
	format_count(count, info->nr_events);
	if (info->memory_pages == 0) {
		printf("%s: %s requests for pages\n", name, count);
		return;
	}
	printf("%s: %s of memory, %s, %s events\n", name,
	       format_memory(memory, report, info->memory_pages),
	       format_duration(duration, info->duration_ns), count);
	for (const char *line = info->notes; *line;) {
		size_t length = strcspn(line, "\n");

		printf("- %.*s\n", (int)length, line);
		line += length + (line[length] != '\0');
	}
	printf("- besides these pages the kernel held %s for itself at most, and some memory has to be free\n",
	       format_memory(memory, report, info->kernel_pages));
}

static void print_uses(const struct curve_report *report, const struct mmr_curve *curve)
{
	char uses[FORMAT_SIZE], first[FORMAT_SIZE], unknown[FORMAT_SIZE], reuses[FORMAT_SIZE],
		memory[FORMAT_SIZE];

	printf("%s uses%s: %s first uses, which miss with any memory, %s of pages used before\n",
	       format_count(uses, uses_of(curve)), curve->by_evictions ? " that faulted" : "",
	       format_count(first, curve->nr_first), format_count(reuses, curve->nr_reuses));
	if (curve->nr_unknown)
		printf("%s more are left out: first ones of pages that were there before the recording\n",
		       format_count(unknown, curve->nr_unknown));
	if (curve->by_evictions && curve->known_from)
		printf("up to %s of it were in memory: with less there would be more refaults than the recording "
		       "shows\n",
		       format_memory(memory, report, curve->known_from));
	if (curve->rate < 1)
		printf("estimated from %.3g %% of the pages\n", 100 * curve->rate);
}

static void print_needs(const struct curve_report *report, const struct mmr_curve *curve)
{
	uint64_t knee = knee_of(curve);
	char memory[FORMAT_SIZE];

	printf("needs ");
	for (size_t i = 0; i < report->nr_percents; i++) {
		uint64_t pages = pages_for(curve, report->percents[i]);

		/* With less than that it is not known what would be. */
		if (is_bound(curve, pages))
			pages = curve->known_from;
		printf("%s%s for ", i ? ", " : "", format_memory(memory, report, pages));
		if (report->percents[i] > 0)
			printf("%g %% refaults", report->percents[i]);
		else
			printf("none");
	}
	if (knee && mmr_curve_refaults(curve, knee) > 0)
		printf("; beyond %s (%.1f %%) more memory pays less",
		       format_memory(memory, report, knee),
		       percent_of(mmr_curve_refaults(curve, knee), uses_of(curve)));
	putchar('\n');
}

static void format_bar(char bar[BAR_WIDTH + 1], double percent, double most)
{
	size_t length = most > 0 ? (size_t)(percent / most * BAR_WIDTH + 0.5) : 0;

	memset(bar, '#', length);
	bar[length] = '\0';
}

static void print_table(const struct curve_report *report, const struct mmr_curve *curve)
{
	static const struct table_column columns[] = {
		{ "memory", TABLE_RIGHT },   { "of machine", TABLE_RIGHT },
		{ "refaults", TABLE_RIGHT }, { "refaults %", TABLE_RIGHT },
		{ "misses %", TABLE_RIGHT }, { "curve", TABLE_LEFT },
	};
	struct sizes sizes;
	struct table *table = table_create(columns, sizeof(columns) / sizeof(columns[0]));
	double most;

	choose_sizes(report, curve, &sizes);
	most = sizes.nr ? percent_of(mmr_curve_refaults(curve, sizes.pages[0]), uses_of(curve)) : 0;
	for (size_t i = 0; i < sizes.nr; i++) {
		uint64_t pages = sizes.pages[i];
		double refaults = mmr_curve_refaults(curve, pages);
		double percent = percent_of(refaults, uses_of(curve));
		char text[FORMAT_SIZE], bar[BAR_WIDTH + 1];

		format_bar(bar, percent, most);
		table_cell(table, "%s", format_memory(text, report, pages));
		if (report->info->memory_pages)
			table_cell(table, "%.2fx",
			           (double)pages / (double)report->info->memory_pages);
		else
			table_cell(table, "%s", "-");
		table_cell(table, "%s%s", is_bound(curve, pages) ? ">= " : "",
		           format_count(text, (uint64_t)(refaults + 0.5)));
		table_cell(table, "%.2f", percent);
		table_cell(table, "%.2f",
		           percent_of(refaults + (double)curve->nr_first, uses_of(curve)));
		table_cell(table, "%s", bar);
	}
	table_print(table, stdout);
	table_destroy(table);
}

int curve_report_text(const struct curve_report *report)
{
	print_head(report);
	for (unsigned int i = 0; i < MMR_NR_CURVES; i++) {
		const struct mmr_curve *curve = mmr_curves_get(report->curves, i);

		if (!report->wanted[i])
			continue;
		/* Of page requests both would say the same. */
		if (report->info->memory_pages == 0 && i != MMR_CURVE_FILE)
			continue;
		printf("\n%s\n", memories[i].title);
		if (uses_of(curve) == 0) {
			puts("no uses were seen");
			continue;
		}
		print_uses(report, curve);
		if (mmr_curve_refaults(curve, curve->known_from) <= 0 && curve->by_evictions) {
			puts("nothing that was evicted was wanted back: it had all that it needs");
			continue;
		}
		print_needs(report, curve);
		print_table(report, curve);
	}
	return 0;
}

/* ---- JSON and CSV ---- */

static json_t *size_json(const struct curve_report *report, const struct mmr_curve *curve,
                         uint64_t pages)
{
	double refaults = mmr_curve_refaults(curve, pages);

	return json_pack("{sI sI sf sf sf sb}", "bytes", (json_int_t)bytes_of(report, pages),
	                 "pages", (json_int_t)pages, "refaults", refaults, "refault_percent",
	                 percent_of(refaults, uses_of(curve)), "miss_percent",
	                 percent_of(refaults + (double)curve->nr_first, uses_of(curve)),
	                 "lower_bound", is_bound(curve, pages));
}

static json_t *curve_json(const struct curve_report *report, unsigned int memory)
{
	const struct mmr_curve *curve = mmr_curves_get(report->curves, memory);
	json_t *rows = json_array(), *needs = json_array();
	struct sizes sizes;
	uint64_t knee = knee_of(curve);

	choose_sizes(report, curve, &sizes);
	for (size_t i = 0; i < sizes.nr; i++)
		json_array_append_new(rows, size_json(report, curve, sizes.pages[i]));
	for (size_t i = 0; i < report->nr_percents; i++) {
		uint64_t pages = pages_for(curve, report->percents[i]);

		pages = is_bound(curve, pages) ? curve->known_from : pages;
		json_array_append_new(needs, json_pack("{sf sI sI}", "refault_percent",
		                                       report->percents[i], "bytes",
		                                       (json_int_t)bytes_of(report, pages), "pages",
		                                       (json_int_t)pages));
	}
	return json_pack("{ss sI sI sI sI sI sI sf sb so so so?}", "memory", memories[memory].name,
	                 "uses", (json_int_t)curve->nr_uses, "first_uses",
	                 (json_int_t)curve->nr_first, "left_out", (json_int_t)curve->nr_unknown,
	                 "reuses", (json_int_t)curve->nr_reuses, "pages_at_most",
	                 (json_int_t)curve->pages_at_most, "known_from_pages",
	                 (json_int_t)curve->known_from, "rate", curve->rate, "only_faults_seen",
	                 curve->by_evictions, "needs", needs, "sizes", rows, "knee",
	                 knee ? size_json(report, curve, knee) : NULL);
}

int curve_report_json(const struct curve_report *report)
{
	const struct mmr_curves_info *info = report->info;
	json_t *curves = json_array(), *notes = json_array();

	for (const char *line = info->notes; *line;) {
		size_t length = strcspn(line, "\n");

		json_array_append_new(notes, json_stringn(line, length));
		line += length + (line[length] != '\0');
	}
	for (unsigned int i = 0; i < MMR_NR_CURVES; i++)
		if (report->wanted[i])
			json_array_append_new(curves, curve_json(report, i));
	print_json_value(
		json_pack("{ss sI sI sI sI sI ss sb so so}", "trace", report->path, "events",
	                  (json_int_t)info->nr_events, "duration_ns", (json_int_t)info->duration_ns,
	                  "page_size", (json_int_t)info->page_size, "machine_pages",
	                  (json_int_t)info->memory_pages, "kernel_pages",
	                  (json_int_t)info->kernel_pages, "access_source", info->access_source,
	                  "reads_seen", info->reads_seen, "notes", notes, "curves", curves));
	return 0;
}

static void print_csv_row(const struct curve_report *report, unsigned int memory, uint64_t pages)
{
	const struct mmr_curve *curve = mmr_curves_get(report->curves, memory);
	double refaults = mmr_curve_refaults(curve, pages);

	printf("%s,%" PRIu64 ",%" PRIu64 ",%.1f,%.4f,%.4f,%d\n", memories[memory].name,
	       pages * report->info->page_size, pages, refaults,
	       percent_of(refaults, uses_of(curve)),
	       percent_of(refaults + (double)curve->nr_first, uses_of(curve)),
	       is_bound(curve, pages));
}

int curve_report_csv(const struct curve_report *report)
{
	puts("memory,bytes,pages,refaults,refault_percent,miss_percent,lower_bound");
	for (unsigned int i = 0; i < MMR_NR_CURVES; i++) {
		uint64_t last = mmr_curve_pages(mmr_curves_get(report->curves, i), 0);
		uint64_t step = last / CSV_POINTS + 1;

		if (!report->wanted[i])
			continue;
		for (size_t j = 0; j < report->nr_sizes; j++)
			print_csv_row(report, i, report->sizes[j]);
		for (uint64_t pages = 0; !report->nr_sizes && pages < last + step; pages += step)
			print_csv_row(report, i, pages < last ? pages : last);
	}
	return 0;
}
