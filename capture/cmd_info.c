/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmcap info: what a trace holds. Everything comes from its header and its index, so that it is
 * instant for any length; a trace without an index (the recorder was killed) is counted by reading it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include <mmreplay/trace.h>

#include "commands.h"
#include "options.h"
#include "terminal.h"

#define TOOL   "mmcap info"
#define SCHEMA 1

static struct {
	bool json;
	const char *text;
	bool texts;
} args;

static const struct option_row options[] = {
	{ .long_name = "json",
	  .type = OPTION_FLAG,
	  .target = &args.json,
	  .help = "Print one JSON object" },
	{ .long_name = "texts",
	  .type = OPTION_FLAG,
	  .target = &args.texts,
	  .help = "List the named texts of the header and the trailer instead" },
	{ .long_name = "text",
	  .type = OPTION_STRING,
	  .argument = "NAME",
	  .target = &args.text,
	  .help = "Print one of these texts instead" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Tell what a trace holds: machine, time span, events, losses, snapshots.",
	.usage = "[options] trace.zst...",
	.options = options,
	.epilogue = "Exit status: 0 done; 2 trouble, or the trace is cut or damaged.\n",
};

/* One kind of event, from the index or counted. */
struct tally {
	const char *system;
	const char *name;
	const char *group;
	char unknown[24]; /* the name of an event whose format is not in the trace */
	uint64_t nr_events;
};

struct summary {
	struct tally *tallies;
	size_t nr_tallies;
	uint64_t nr_events;
	uint64_t nr_lost;
	uint64_t first_ns;
	uint64_t last_ns;
};

static void add_tally(struct summary *sum, const struct mmr_trace *trace, uint32_t kind,
                      uint32_t event_id, uint64_t nr_events)
{
	struct tally tally = {
		.system = mmr_event_system(kind),
		.name = mmr_event_name(kind),
		.group = mmr_event_group_name(mmr_event_group(kind)),
		.nr_events = nr_events,
	};
	struct tally *grown;

	if (kind <= MMR_EVENT_OTHER &&
	    !mmr_trace_event_id_name(trace, event_id, &tally.system, &tally.name)) {
		snprintf(tally.unknown, sizeof(tally.unknown), "%" PRIu32, event_id);
		tally.system = "unknown";
		tally.name = NULL;
	}
	grown = reallocarray(sum->tallies, sum->nr_tallies + 1, sizeof(*grown));
	if (!grown) {
		message(TOOL, "out of memory");
		exit(EXIT_TROUBLE);
	}
	sum->tallies = grown;
	sum->tallies[sum->nr_tallies++] = tally;
}

static const char *name_of(const struct tally *tally)
{
	return tally->name ? tally->name : tally->unknown;
}

static int by_count(const void *a, const void *b)
{
	const struct tally *x = a;
	const struct tally *y = b;

	if (x->nr_events != y->nr_events)
		return x->nr_events < y->nr_events ? 1 : -1;
	return strcmp(name_of(x), name_of(y));
}

static int summarise_index(const struct mmr_trace *trace, struct summary *sum)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	const struct mmr_event_count *count;

	for (uint32_t i = 0; (count = mmr_trace_count(trace, i)); i++)
		add_tally(sum, trace, count->kind, count->event_id, count->nr_events);
	sum->nr_events = info->nr_events;
	sum->nr_lost = info->nr_lost;
	sum->first_ns = info->first_ns;
	sum->last_ns = info->last_ns;
	return 0;
}

static int summarise_events(struct mmr_trace *trace, struct summary *sum)
{
	static uint64_t by_kind[MMR_NR_EVENT_KINDS];
	static uint64_t by_id[65536];
	struct mmr_error err = { 0 };
	struct mmr_event event;
	struct progress progress;
	int ret;

	progress_begin(&progress, "counting", 0, false);
	while ((ret = mmr_trace_next(trace, &event, &err)) > 0) {
		if (event.kind == MMR_EVENT_LOST) {
			sum->nr_lost += event.lost.nr_events;
			continue;
		}
		if (event.kind == MMR_EVENT_OTHER)
			by_id[event.other.event_id & 65535]++;
		else
			by_kind[event.kind]++;
		if (sum->nr_events++ == 0)
			sum->first_ns = event.t_ns;
		sum->last_ns = event.t_ns;
		if (sum->nr_events % 65536 == 0)
			progress_update(&progress, sum->nr_events, "events");
	}
	progress_end(&progress);
	for (uint32_t i = 0; i < MMR_NR_EVENT_KINDS; i++)
		if (by_kind[i])
			add_tally(sum, trace, i, 0, by_kind[i]);
	for (uint32_t i = 0; i < 65536; i++)
		if (by_id[i])
			add_tally(sum, trace, MMR_EVENT_OTHER, i, by_id[i]);
	return ret < 0 ? fail(TOOL, &err) : 0;
}

/* ---- for people ---- */

static double per_second(uint64_t count, const struct summary *sum)
{
	uint64_t span = sum->last_ns - sum->first_ns;

	return span ? (double)count * 1e9 / (double)span : 0;
}

/* A label and a text of the trace, each of its lines on one of its own. */
static void print_text_line(const struct mmr_trace *trace, const char *label, const char *name)
{
	char escaped[512];
	const char *text = mmr_trace_text(trace, name, NULL);

	while (text && *text) {
		size_t length = strcspn(text, "\n");

		printf("%-12s %s\n", label, escape_text(escaped, sizeof(escaped), text, length));
		text += length + (text[length] != '\0');
		label = "";
	}
}

static void print_lost(const struct summary *sum)
{
	char lost[FORMAT_SIZE];
	uint64_t all = sum->nr_events + sum->nr_lost;

	if (sum->nr_lost == 0)
		puts("lost         none");
	else
		printf("lost         %s events, %.2f %% of all: results across a loss are not exact\n",
		       format_count(lost, sum->nr_lost),
		       100.0 * (double)sum->nr_lost / (double)all);
}

/* Nothing to say of what the tracepoints tell. */
static void print_fault_source(const struct mmr_trace *trace)
{
	const char *source = mmr_trace_text(trace, "fault_source", NULL);

	if (source && strcmp(source, "perf") == 0)
		printf("%-12s by perf: without error codes, which tell writes\n", "faults");
	else if (source && strcmp(source, "both") == 0)
		printf("%-12s by tracepoint, and by perf as perf:page_fault_*\n", "faults");
}

/* What this recording cannot show, and of how many files it consists. */
static void print_limits(const struct mmr_trace *trace)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	struct mmr_trace_limit limit;

	if (info->nr_parts > 1)
		printf("%-12s %" PRIu32 " files, from number %" PRIu32 " on\n", "parts",
		       info->nr_parts, info->first_part);
	else if (info->first_part > 0)
		printf("%-12s number %" PRIu32 " of a recording in several files\n", "parts",
		       info->first_part);
	for (uint32_t i = 0; mmr_trace_limit(trace, i, &limit); i++)
		printf("%-12s %s\n", limit.name, limit.text);
}

/* The value behind KEY= in a text of lines, "" if there is none. */
static void text_value(const char *text, const char *key, char *value, size_t size)
{
	const char *at = strstr(text, key);

	value[0] = '\0';
	if (at && (at == text || at[-1] == '\n'))
		escape_text(value, size, at + strlen(key), strcspn(at + strlen(key), "\n"));
}

/* What made the flight recorder write this file. */
static void print_trigger(const struct mmr_trace *trace, const struct summary *sum)
{
	const char *text = mmr_trace_text(trace, "trigger", NULL);
	char kind[64];
	char condition[600];
	char value[600];
	char instant[32];
	uint64_t ns;

	if (!text)
		return;
	text_value(text, "kind=", kind, sizeof(kind));
	text_value(text, "condition=", condition, sizeof(condition));
	text_value(text, "value=", value, sizeof(value));
	text_value(text, "mono_ns=", instant, sizeof(instant));
	printf("%-12s %s", "trigger", condition[0] ? condition : kind);
	if (value[0])
		printf(" (%s)", value);
	if (parse_uint(instant, &ns) && sum->nr_events > 0)
		printf(", at %.3f s", ((double)ns - (double)sum->first_ns) / 1e9);
	putchar('\n');
}

/* A trace of page requests has nothing else. */
static void print_requests(const struct mmr_trace *trace)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	char text[2][FORMAT_SIZE];

	print_text_line(trace, "format", "requests");
	print_text_line(trace, "made by", "tool");
	print_text_line(trace, "notes", "import.notes");
	if (info->nr_requests > 0)
		printf("%-12s %s for %s pages\n", "requests",
		       format_count(text[0], info->nr_requests),
		       format_count(text[1], info->nr_request_pages));
}

static void print_overview(const char *path, const struct mmr_trace *trace,
                           const struct summary *sum)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	char text[3][FORMAT_SIZE];
	char release[160];
	char machine[64];

	escape_text(release, sizeof(release), info->kernel_release, sizeof(info->kernel_release));
	escape_text(machine, sizeof(machine), info->machine, sizeof(info->machine));
	printf("%-12s %s, %s, format %u.%u%s\n", "trace", path,
	       format_bytes(text[0], info->file_size), info->format_major, info->format_minor,
	       info->indexed ? "" : ", without an index: it was not closed properly");
	if (info->has_requests) {
		print_requests(trace);
		return;
	}
	printf("%-12s Linux %s %s, %u CPUs, pages of %u bytes\n", "machine", release, machine,
	       info->nr_cpus, info->page_size);
	print_text_line(trace, "command", "cmdline");
	print_text_line(trace, "recorded by", "tool");
	print_text_line(trace, "options", "recorder.options");
	print_text_line(trace, "absent", "events/absent");
	print_fault_source(trace);
	print_text_line(trace, "notes", "import.notes");
	print_trigger(trace, sum);
	print_limits(trace);
	if (sum->nr_events == 0) {
		puts("events       none");
		print_lost(sum);
		return;
	}
	printf("%-12s %s, from %" PRIu64 ".%06" PRIu64 " s on clock %s\n", "time span",
	       format_duration(text[0], sum->last_ns - sum->first_ns), sum->first_ns / 1000000000,
	       sum->first_ns % 1000000000 / 1000,
	       escape_text(release, sizeof(release), info->clock, sizeof(info->clock)));
	printf("%-12s %s, %s/s", "events", format_count(text[0], sum->nr_events),
	       format_count(text[1], (uint64_t)per_second(sum->nr_events, sum)));
	if (info->raw_size > 0)
		printf("; %s of ring buffer, packed %.1f : 1, %.1f bytes an event",
		       format_bytes(text[2], info->raw_size),
		       (double)info->raw_size / (double)info->file_size,
		       (double)info->file_size / (double)sum->nr_events);
	putchar('\n');
	print_lost(sum);
}

static void print_zones(const struct mmr_trace *trace)
{
	static const struct table_column columns[] = {
		{ "node", TABLE_RIGHT },      { "zone", TABLE_LEFT },
		{ "start pfn", TABLE_RIGHT }, { "spanned", TABLE_RIGHT },
		{ "managed", TABLE_RIGHT },   { "min", TABLE_RIGHT },
		{ "low", TABLE_RIGHT },       { "high", TABLE_RIGHT },
	};
	uint32_t nr_zones = mmr_trace_info(trace)->nr_zones;
	struct table *table;

	if (nr_zones == 0)
		return;
	table = table_create(columns, 8);
	for (uint32_t i = 0; i < nr_zones; i++) {
		const struct mmr_zone_info *zone = mmr_trace_zone(trace, i);

		table_cell(table, "%d", zone->node);
		table_cell(table, "%.16s", zone->name);
		table_cell(table, "%" PRIu64, zone->start_pfn);
		table_cell(table, "%" PRIu64, zone->spanned);
		table_cell(table, "%" PRIu64, zone->managed);
		table_cell(table, "%" PRIu64, zone->wmark_min);
		table_cell(table, "%" PRIu64, zone->wmark_low);
		table_cell(table, "%" PRIu64, zone->wmark_high);
	}
	putchar('\n');
	table_print(table, stdout);
	table_destroy(table);
}

/* Where access samples come from. */
static const char *access_source(const struct mmr_trace *trace)
{
	const char *source = mmr_trace_text(trace, "access", NULL);

	if (source)
		return source;
	return mmr_trace_info(trace)->nr_access_frames ? "idle" : "none";
}

/* The same frames hold what is in pages. */
static uint32_t nr_access_samples(const struct mmr_trace *trace)
{
	return strcmp(access_source(trace), "none") == 0 ? 0
	                                                 : mmr_trace_info(trace)->nr_access_frames;
}

static void print_snapshots(const struct mmr_trace *trace, const struct summary *sum)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	const struct mmr_snapshot_info *snapshot;
	unsigned int nr_full = 0;

	for (uint32_t i = 0; (snapshot = mmr_trace_snapshot_info(trace, i)); i++)
		nr_full += snapshot->kind == MMR_SNAPSHOT_FULL;
	printf("snapshots    %u (%u full)", info->nr_snapshots, nr_full);
	for (uint32_t i = 0; (snapshot = mmr_trace_snapshot_info(trace, i)) && nr_full <= 4; i++) {
		double at = ((double)snapshot->begin_ns - (double)sum->first_ns) / 1e9;

		/* One that begins a few microseconds before the first event is not at "-0.000 s". */
		if (at < 0 && at > -0.0005)
			at = 0;
		if (snapshot->kind == MMR_SNAPSHOT_FULL)
			printf(", full at %.3f s, %.3f s long", at,
			       (double)(snapshot->end_ns - snapshot->begin_ns) / 1e9);
	}
	printf("\naccesses     %u samples", nr_access_samples(trace));
	if (mmr_trace_text(trace, "access.interval_ns", NULL)) {
		char time[FORMAT_SIZE];
		char name[32];
		const char *source = mmr_trace_text(trace, "access", NULL);
		uint64_t interval_ns =
			strtoull(mmr_trace_text(trace, "access.interval_ns", NULL), NULL, 10);

		printf(" by %s, every %s%s",
		       source ? escape_text(name, sizeof(name), source, strlen(source)) : "?",
		       format_duration(time, interval_ns),
		       source && strcmp(source, "damon") == 0
		               ? " (its regions are events: damon_aggregated)"
		               : "");
	}
	if (mmr_trace_text(trace, "content.interval_ns", NULL)) {
		const char *pages = mmr_trace_text(trace, "content.pages", NULL);
		const char *passes = mmr_trace_text(trace, "content.passes", NULL);
		const char *left_out = mmr_trace_text(trace, "content.left_out", NULL);

		printf("\ncontents     %llu hashes of pages registered for KSM, in %llu passes",
		       pages ? strtoull(pages, NULL, 10) : 0,
		       passes ? strtoull(passes, NULL, 10) : 0);
		if (left_out && strtoull(left_out, NULL, 10) > 0)
			printf(", %llu pages left out", strtoull(left_out, NULL, 10));
	}
	printf("\n");
}

static void print_tallies(const struct summary *sum)
{
	static const struct table_column columns[] = {
		{ "event", TABLE_LEFT }, { "group", TABLE_LEFT }, { "count", TABLE_RIGHT },
		{ "%", TABLE_RIGHT },    { "/s", TABLE_RIGHT },
	};
	struct table *table;

	if (sum->nr_tallies == 0)
		return;
	table = table_create(columns, 5);
	for (size_t i = 0; i < sum->nr_tallies; i++) {
		const struct tally *tally = &sum->tallies[i];
		char text[FORMAT_SIZE];

		table_cell(table, "%s:%s", tally->system, name_of(tally));
		table_cell(table, "%s", tally->group);
		table_cell(table, "%s", format_count(text, tally->nr_events));
		table_cell(table, "%.2f",
		           100.0 * (double)tally->nr_events / (double)sum->nr_events);
		table_cell(table, "%.1f", per_second(tally->nr_events, sum));
	}
	putchar('\n');
	table_print(table, stdout);
	table_destroy(table);
}

/* ---- for programs ---- */

/* A string of JSON, which is UTF-8; what is none is escaped. */
static json_t *json_text(const char *text, size_t size)
{
	json_t *string = json_stringn(text, strnlen(text, size));
	size_t room = strnlen(text, size) * 4 + 1;
	char *escaped;

	if (string)
		return string;
	escaped = malloc(room);
	string = escaped ? json_string(escape_text(escaped, room, text, size)) : json_null();
	free(escaped);
	return string;
}

static json_t *json_limits(const struct mmr_trace *trace)
{
	struct mmr_trace_limit limit;
	json_t *array = json_array();

	for (uint32_t i = 0; mmr_trace_limit(trace, i, &limit); i++)
		json_array_append_new(array, json_pack("{s:s, s:b, s:b, s:s}", "name", limit.name,
		                                       "shadow", !limit.no_shadow, "replay",
		                                       !limit.no_replay, "text", limit.text));
	return array;
}

static json_t *json_texts(const struct mmr_trace *trace)
{
	static const char *const names[] = {
		"cmdline", "tool", "recorder.options", "events/absent", "import.notes",
		"trigger", NULL
	};
	json_t *object = json_object();

	for (int i = 0; names[i]; i++) {
		size_t size;
		const char *text = mmr_trace_text(trace, names[i], &size);

		if (text)
			json_object_set_new(object, names[i], json_text(text, size));
	}
	return object;
}

static json_t *json_zones(const struct mmr_trace *trace)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < mmr_trace_info(trace)->nr_zones; i++) {
		const struct mmr_zone_info *zone = mmr_trace_zone(trace, i);

		json_array_append_new(
			array,
			json_pack("{s:i, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "node",
		                  zone->node, "zone", json_text(zone->name, sizeof(zone->name)),
		                  "start_pfn", (json_int_t)zone->start_pfn, "spanned",
		                  (json_int_t)zone->spanned, "present", (json_int_t)zone->present,
		                  "managed", (json_int_t)zone->managed, "wmark_min",
		                  (json_int_t)zone->wmark_min, "wmark_low",
		                  (json_int_t)zone->wmark_low, "wmark_high",
		                  (json_int_t)zone->wmark_high));
	}
	return array;
}

static json_t *json_snapshots(const struct mmr_trace *trace)
{
	json_t *array = json_array();
	const struct mmr_snapshot_info *snapshot;

	for (uint32_t i = 0; (snapshot = mmr_trace_snapshot_info(trace, i)); i++)
		json_array_append_new(
			array, json_pack("{s:s, s:I, s:I}", "kind",
		                         snapshot->kind == MMR_SNAPSHOT_FULL ? "full" : "light",
		                         "begin_ns", (json_int_t)snapshot->begin_ns, "end_ns",
		                         (json_int_t)snapshot->end_ns));
	return array;
}

static json_t *json_tallies(const struct summary *sum)
{
	json_t *array = json_array();

	for (size_t i = 0; i < sum->nr_tallies; i++) {
		const struct tally *tally = &sum->tallies[i];

		json_array_append_new(
			array, json_pack("{s:o, s:o, s:s, s:I, s:f}", "system",
		                         json_text(tally->system, strlen(tally->system)), "event",
		                         json_text(name_of(tally), strlen(name_of(tally))), "group",
		                         tally->group, "count", (json_int_t)tally->nr_events,
		                         "per_second", per_second(tally->nr_events, sum)));
	}
	return array;
}

static int print_json(const char *path, const struct mmr_trace *trace, const struct summary *sum)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	json_t *object = json_pack(
		"{s:i, s:o, s:s, s:o, s:o, s:o, s:i, s:i, s:I, s:I, s:I}", "schema", SCHEMA, "path",
		json_text(path, strlen(path)), "format", "1.0", "kernel_release",
		json_text(info->kernel_release, sizeof(info->kernel_release)), "machine",
		json_text(info->machine, sizeof(info->machine)), "clock",
		json_text(info->clock, sizeof(info->clock)), "cpus", (int)info->nr_cpus,
		"page_size", (int)info->page_size, "start_ns", (json_int_t)info->start_ns,
		"first_ns", (json_int_t)sum->first_ns, "last_ns", (json_int_t)sum->last_ns);
	char version[32];
	int status;

	if (!object) {
		message(TOOL, "out of memory");
		return EXIT_TROUBLE;
	}
	snprintf(version, sizeof(version), "%u.%u", info->format_major, info->format_minor);
	json_object_set_new(object, "format", json_string(version));
	json_object_set_new(object, "start_wall_ns", json_integer((json_int_t)info->start_wall_ns));
	json_object_set_new(object, "events", json_integer((json_int_t)sum->nr_events));
	json_object_set_new(object, "lost", json_integer((json_int_t)sum->nr_lost));
	json_object_set_new(object, "file_bytes", json_integer((json_int_t)info->file_size));
	json_object_set_new(object, "raw_bytes", json_integer((json_int_t)info->raw_size));
	json_object_set_new(object, "indexed", json_boolean(info->indexed));
	json_object_set_new(object, "complete",
	                    json_boolean(info->indexed && !info->truncated && sum->nr_lost == 0 &&
	                                 !info->starts_late && !info->nr_missing_parts &&
	                                 !info->repaired));
	json_object_set_new(object, "parts", json_integer(info->nr_parts));
	json_object_set_new(object, "first_part", json_integer(info->first_part));
	json_object_set_new(object, "limits", json_limits(trace));
	json_object_set_new(object, "filtered", json_boolean(info->filtered));
	json_object_set_new(object, "access_source",
	                    json_text(access_source(trace), strlen(access_source(trace))));
	json_object_set_new(object, "access_samples",
	                    json_integer((json_int_t)nr_access_samples(trace)));
	if (info->has_requests) {
		json_object_set_new(object, "requests",
		                    json_integer((json_int_t)info->nr_requests));
		json_object_set_new(object, "request_pages",
		                    json_integer((json_int_t)info->nr_request_pages));
	}
	json_object_set_new(object, "texts", json_texts(trace));
	json_object_set_new(object, "zones", json_zones(trace));
	json_object_set_new(object, "snapshots", json_snapshots(trace));
	json_object_set_new(object, "counts", json_tallies(sum));
	status = json_dumpf(object, stdout, JSON_INDENT(2)) < 0 ? EXIT_TROUBLE : 0;
	putchar('\n');
	json_decref(object);
	return status;
}

/* ---- */

/* As it is, but for a terminal: there, control characters are shown and not obeyed. */
static void write_text(const char *text, size_t size)
{
	if (!isatty(STDOUT_FILENO)) {
		fwrite(text, 1, size, stdout);
		return;
	}
	while (size > 0) {
		size_t length = strcspn(text, "\n\t");
		char escaped[1024];

		length = length < size ? length : size;
		length = length < sizeof(escaped) / 4 - 1 ? length : sizeof(escaped) / 4 - 1;
		fputs(escape_text(escaped, sizeof(escaped), text, length), stdout);
		if (length < size && (text[length] == '\n' || text[length] == '\t'))
			putchar(text[length++]);
		else if (length == 0)
			length = 1; /* a NUL */
		text += length;
		size -= length;
	}
}

static int print_one_text(const struct mmr_trace *trace, const char *name)
{
	size_t size;
	const char *text = mmr_trace_text(trace, name, &size);

	if (!text) {
		message(TOOL, "the trace has no text %s (--texts lists them)", name);
		return EXIT_TROUBLE;
	}
	write_text(text, size);
	return 0;
}

static int list_texts(const struct mmr_trace *trace)
{
	const char *name;

	for (uint32_t i = 0; (name = mmr_trace_text_name(trace, i)); i++) {
		char escaped[1024];

		puts(escape_text(escaped, sizeof(escaped), name, strlen(name)));
	}
	return 0;
}

static int describe(const char *path, struct mmr_trace *trace)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	struct summary sum = { 0 };
	int status;

	status = info->indexed ? summarise_index(trace, &sum) : summarise_events(trace, &sum);
	if (sum.nr_tallies > 0)
		qsort(sum.tallies, sum.nr_tallies, sizeof(*sum.tallies), by_count);
	if (args.json) {
		status |= print_json(path, trace, &sum);
	} else {
		print_overview(path, trace, &sum);
		if (!mmr_trace_info(trace)->has_requests)
			print_snapshots(trace, &sum);
		print_zones(trace);
		print_tallies(&sum);
	}
	free(sum.tallies);
	if (info->truncated || mmr_trace_damage(trace)->nr_frames > 0) {
		message(TOOL, "%s is cut or damaged: %s", path, mmr_trace_damage(trace)->text);
		status = EXIT_TROUBLE;
	}
	return status;
}

int cmd_info(int argc, char **argv)
{
	struct mmr_trace *trace;
	struct mmr_error err = { 0 };
	int first = options_parse(&command, argc, argv);
	int status;

	if (first < 0)
		return EXIT_TROUBLE;
	if (argc == first) {
		message(TOOL, "a trace is to be given (see %s --help)", TOOL);
		return EXIT_TROUBLE;
	}
	if (mmr_trace_open_parts((const char *const *)argv + first, (size_t)(argc - first), NULL,
	                         &trace, &err) < 0)
		return fail(TOOL, &err);
	if (args.texts)
		status = list_texts(trace);
	else if (args.text)
		status = print_one_text(trace, args.text);
	else
		status = describe(argv[first], trace);
	mmr_trace_close(trace);
	return finish_output(TOOL, status);
}
