/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcap verify: whether a trace is whole, down to the last event that the kernel counted. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmreplay/trace.h>
#include <mmreplay/trace_check.h>

#include "commands.h"
#include "options.h"
#include "terminal.h"

#define TOOL   "mmcap verify"
#define SCHEMA 1

static struct {
	bool json;
	bool quiet;
} args;

static const struct option_row options[] = {
	{ .long_name = "json",
	  .type = OPTION_FLAG,
	  .target = &args.json,
	  .help = "Print one JSON object a file" },
	{ .long_name = "quiet",
	  .short_name = 'q',
	  .type = OPTION_FLAG,
	  .target = &args.quiet,
	  .help = "Print findings only, and no progress" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Check traces: every frame, every record, the index, the snapshots, and the "
		   "kernel's own count of events.",
	.usage = "[options] trace.zst...",
	.options = options,
	.epilogue = "Exit status: 0 all are sound; 1 something was found; 2 trouble: a file could\n"
		    "not be read as a trace at all.\n",
};

static const char *const state_names[] = {
	[MMR_CHECK_SOUND] = "sound",
	[MMR_CHECK_UNKNOWN] = "unknown",
	[MMR_CHECK_FINDING] = "finding",
};

/* ---- for people ---- */

/* By kind, since the texts may quote what stands in the file. */
static void print_findings(const struct mmr_verification *v)
{
	const struct mmr_check_finding *finding;
	const struct mmr_check *check;
	char text[1024];

	for (uint32_t i = 0; (finding = mmr_verification_finding(v, i)); i++)
		printf("  %s: %s\n", mmr_verification_check(v, finding->check)->name,
		       escape_text(text, sizeof(text), finding->text, strlen(finding->text)));
	for (uint32_t i = 0; (check = mmr_verification_check(v, i)); i++)
		if (check->nr_findings > 100)
			printf("  %s: and %" PRIu64 " more\n", check->name,
			       check->nr_findings - 100);
}

static void print_checks(const struct mmr_verification *v)
{
	static const struct table_column columns[] = {
		{ "check", TABLE_LEFT },
		{ "result", TABLE_LEFT },
		{ "what was found", TABLE_LEFT },
	};
	struct table *table = table_create(columns, 3);
	const struct mmr_check *check;
	char text[1024];

	for (uint32_t i = 0; (check = mmr_verification_check(v, i)); i++) {
		table_cell(table, "%s", check->name);
		table_cell(table, "%s", state_names[check->state]);
		if (check->state == MMR_CHECK_FINDING)
			table_cell(table, "%" PRIu64 " finding%s", check->nr_findings,
			           check->nr_findings == 1 ? "" : "s");
		else
			table_cell(
				table, "%s",
				escape_text(text, sizeof(text), check->text, strlen(check->text)));
	}
	table_print(table, stdout);
	table_destroy(table);
}

static void cell_count(struct table *table, bool known, uint64_t count)
{
	char text[FORMAT_SIZE];

	table_cell(table, "%s", known ? format_count(text, count) : "?");
}

static void print_cpus(const struct mmr_verification *v)
{
	static const struct table_column columns[] = {
		{ "cpu", TABLE_RIGHT },     { "written", TABLE_RIGHT },
		{ "read", TABLE_RIGHT },    { "overrun", TABLE_RIGHT },
		{ "dropped", TABLE_RIGHT }, { "left", TABLE_RIGHT },
		{ "in file", TABLE_RIGHT }, { "told as lost", TABLE_RIGHT },
	};
	struct table *table = table_create(columns, 8);
	const struct mmr_check_cpu *cpu;

	for (uint32_t i = 0; (cpu = mmr_verification_cpu(v, i)); i++) {
		table_cell(table, "%" PRIu32, cpu->cpu);
		cell_count(table, cpu->known, cpu->read + cpu->overrun + cpu->dropped + cpu->left);
		cell_count(table, cpu->known, cpu->read);
		cell_count(table, cpu->known, cpu->overrun);
		cell_count(table, cpu->known, cpu->dropped);
		cell_count(table, cpu->known, cpu->left);
		cell_count(table, true, cpu->in_frames);
		cell_count(table, true, cpu->lost);
	}
	putchar('\n');
	table_print(table, stdout);
	table_destroy(table);
}

static void print_text(const char *path, const struct mmr_verification *v)
{
	bool sound = mmr_verification_sound(v);

	if (args.quiet && sound)
		return;
	printf("%s is %s\n", path, sound ? "sound" : "not sound:");
	print_findings(v);
	if (args.quiet)
		return;
	putchar('\n');
	print_checks(v);
	print_cpus(v);
}

/* ---- for programs ---- */

static json_t *json_checks(const struct mmr_verification *v)
{
	const struct mmr_check *check;
	json_t *array = json_array();

	for (uint32_t i = 0; (check = mmr_verification_check(v, i)); i++) {
		char text[1024];

		escape_text(text, sizeof(text), check->text, strlen(check->text));
		json_array_append_new(array,
		                      json_pack("{s:s, s:s, s:I, s:s}", "check", check->name,
		                                "state", state_names[check->state], "findings",
		                                (json_int_t)check->nr_findings, "text", text));
	}
	return array;
}

static json_t *json_findings(const struct mmr_verification *v)
{
	const struct mmr_check_finding *finding;
	json_t *array = json_array();

	for (uint32_t i = 0; (finding = mmr_verification_finding(v, i)); i++) {
		char text[1024];

		escape_text(text, sizeof(text), finding->text, strlen(finding->text));
		json_array_append_new(
			array, json_pack("{s:s, s:I, s:s}", "check",
		                         mmr_verification_check(v, finding->check)->name, "offset",
		                         (json_int_t)finding->offset, "text", text));
	}
	return array;
}

static json_t *json_cpus(const struct mmr_verification *v)
{
	const struct mmr_check_cpu *cpu;
	json_t *array = json_array();

	for (uint32_t i = 0; (cpu = mmr_verification_cpu(v, i)); i++) {
		json_t *row = json_pack("{s:i, s:I, s:I}", "cpu", (int)cpu->cpu, "in_file",
		                        (json_int_t)cpu->in_frames, "lost", (json_int_t)cpu->lost);

		if (cpu->known) {
			json_object_set_new(row, "read", json_integer((json_int_t)cpu->read));
			json_object_set_new(row, "overrun", json_integer((json_int_t)cpu->overrun));
			json_object_set_new(row, "dropped", json_integer((json_int_t)cpu->dropped));
			json_object_set_new(row, "left", json_integer((json_int_t)cpu->left));
		}
		json_array_append_new(array, row);
	}
	return array;
}

static void print_json(const char *path, const struct mmr_verification *v)
{
	json_t *object = json_object();
	char text[4096];

	escape_text(text, sizeof(text), path, strlen(path));
	json_object_set_new(object, "schema", json_integer(SCHEMA));
	json_object_set_new(object, "path", json_string(text));
	json_object_set_new(object, "sound", json_boolean(mmr_verification_sound(v)));
	json_object_set_new(object, "checks", json_checks(v));
	json_object_set_new(object, "findings", json_findings(v));
	json_object_set_new(object, "cpus", json_cpus(v));
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

/* ---- */

static void show_progress(void *data, uint64_t done, uint64_t total)
{
	struct progress *progress = data;

	progress->total = total;
	progress_update(progress, done, "bytes");
}

/* What all parts of a recording hold together, against the statistics in the last of them. */
struct whole {
	struct mmr_check_cpu *cpus; /* by number; in_frames and lost are sums */
	uint32_t nr_cpus;
};

static void add_part(struct whole *whole, const struct mmr_verification *v)
{
	const struct mmr_check_cpu *cpu;

	for (uint32_t i = 0; whole && (cpu = mmr_verification_cpu(v, i)); i++) {
		struct mmr_check_cpu *sum;
		uint64_t in_frames;
		uint64_t lost;

		if (cpu->cpu >= whole->nr_cpus)
			continue;
		sum = &whole->cpus[cpu->cpu];
		in_frames = sum->in_frames + cpu->in_frames;
		lost = sum->lost + cpu->lost;
		*sum = *cpu;
		sum->in_frames = in_frames;
		sum->lost = lost;
	}
}

static int verify(const char *path, struct whole *whole)
{
	struct mmr_verification *v = NULL;
	struct mmr_error err = { 0 };
	struct progress progress;
	const struct mmr_verify_options verify_options = {
		.progress = show_progress,
		.progress_data = &progress,
	};
	int status;
	int ret;

	progress_begin(&progress, "verifying", 0, args.quiet);
	ret = mmr_trace_verify(path, &verify_options, &v, &err);
	progress_end(&progress);
	if (ret < 0)
		return fail(TOOL, &err);
	if (args.json)
		print_json(path, v);
	else
		print_text(path, v);
	add_part(whole, v);
	status = mmr_verification_sound(v) ? 0 : EXIT_FINDING;
	mmr_verification_free(v);
	return status;
}

/* ---- recordings in several files ---- */

static void note(json_t *findings, const char *text)
{
	json_array_append_new(findings, json_string(text));
}

static void check_cpu(json_t *findings, const struct mmr_check_cpu *cpu)
{
	uint64_t written = cpu->read + cpu->overrun + cpu->dropped + cpu->left;
	char text[200];

	snprintf(text, sizeof(text),
	         "statistics: CPU %" PRIu32 ": of %" PRIu64 " events written %" PRIu64
	         " were read; all parts hold %" PRIu64 " and tell of %" PRIu64 " lost ones",
	         cpu->cpu, written, cpu->read, cpu->in_frames, cpu->lost);
	if (cpu->known && (cpu->read != cpu->in_frames || cpu->in_frames + cpu->lost != written))
		note(findings, text);
}

static json_t *check_whole(const struct mmr_trace *trace, const struct whole *whole)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);
	json_t *findings = json_array();

	if (info->nr_missing_parts)
		note(findings, mmr_trace_damage(trace)->text);
	/* Without the first ones the statistics cover more than there is. */
	if (info->nr_missing_parts == 0 && info->first_part == 1 && !info->repaired)
		for (uint32_t i = 0; i < whole->nr_cpus; i++)
			check_cpu(findings, &whole->cpus[i]);
	return findings;
}

static void print_whole(const char *path, const struct mmr_trace *trace, json_t *findings)
{
	uint32_t nr_parts = mmr_trace_info(trace)->nr_parts;
	size_t count = json_array_size(findings);
	json_t *object;

	if (args.json) {
		object = json_pack("{s:i, s:s?, s:i, s:b, s:O}", "schema", SCHEMA, "path", path,
		                   "parts", (int)nr_parts, "sound", count == 0, "findings",
		                   findings);
		json_dumpf(object, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(object);
		return;
	}
	if (count > 0 || !args.quiet)
		printf("%s%" PRIu32 " parts of one recording %s\n", args.quiet ? "" : "\n",
		       nr_parts, count ? "do not add up:" : "add up");
	for (size_t i = 0; i < count; i++)
		printf("  %s\n", json_string_value(json_array_get(findings, i)));
}

static int verify_parts(const char *path, const struct mmr_trace *trace)
{
	struct whole whole = { .nr_cpus = mmr_trace_info(trace)->nr_cpus };
	json_t *findings;
	int status = 0;

	whole.cpus = calloc(whole.nr_cpus, sizeof(*whole.cpus));
	if (!whole.cpus) {
		message(TOOL, "out of memory");
		return EXIT_TROUBLE;
	}
	for (uint32_t i = 0; mmr_trace_part(trace, i, NULL); i++) {
		int one;

		if (i > 0 && !args.json && !args.quiet)
			putchar('\n');
		one = verify(mmr_trace_part(trace, i, NULL), &whole);
		status = one > status ? one : status;
	}
	findings = check_whole(trace, &whole);
	print_whole(path, trace, findings);
	if (json_array_size(findings) > 0 && status == 0)
		status = EXIT_FINDING;
	json_decref(findings);
	free(whole.cpus);
	return status;
}

/* A name means here what it means to the other commands: perhaps several files. */
static int verify_operand(const char *path)
{
	struct mmr_trace *trace;
	struct mmr_error err = { 0 };
	int status;

	if (mmr_trace_open(path, NULL, &trace, &err) < 0)
		return fail(TOOL, &err);
	if (mmr_trace_info(trace)->nr_parts > 1)
		status = verify_parts(path, trace);
	else
		status = verify(mmr_trace_part(trace, 0, NULL), NULL);
	mmr_trace_close(trace);
	return status;
}

int cmd_verify(int argc, char **argv)
{
	int first = options_parse(&command, argc, argv);
	int status = 0;

	if (first < 0)
		return EXIT_TROUBLE;
	if (first == argc) {
		message(TOOL, "give one trace or more (see %s --help)", TOOL);
		return EXIT_TROUBLE;
	}
	for (int i = first; i < argc; i++) {
		int one;

		if (i > first && !args.json && !args.quiet)
			putchar('\n');
		one = verify_operand(argv[i]);
		status = one > status ? one : status;
	}
	return finish_output(TOOL, status);
}
