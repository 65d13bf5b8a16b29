/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcap import: a trace.dat of trace-cmd, or a public trace of page requests, becomes a trace. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <mmreplay/trace_import.h>

#include "commands.h"
#include "options.h"
#include "partial.h"
#include "terminal.h"

#define TOOL "mmcap import"

static struct {
	const char *output;
	const char *format;
	struct mmr_import_options import;
	uint64_t level;
	bool quiet;
} args = { .output = "trace.zst", .format = "trace.dat" };

static const struct option_row options[] = {
	{ .long_name = "output",
	  .short_name = 'o',
	  .type = OPTION_STRING,
	  .argument = "FILE",
	  .target = &args.output,
	  .help = "Write the trace to FILE (default: trace.zst)" },
	{ .long_name = "format",
	  .type = OPTION_STRING,
	  .argument = "NAME",
	  .target = &args.format,
	  .help = "What the input is: trace.dat (default), or oracleGeneral (page requests)" },
	{ .long_name = "before",
	  .type = OPTION_STRING,
	  .argument = "DIR",
	  .target = &args.import.before,
	  .help = "Add the /proc and /sys files in DIR as the snapshot at the start" },
	{ .long_name = "after",
	  .type = OPTION_STRING,
	  .argument = "DIR",
	  .target = &args.import.after,
	  .help = "Add those in DIR as the snapshot at the end" },
	{ .long_name = "idle",
	  .type = OPTION_STRING,
	  .argument = "FILE",
	  .target = &args.import.idle,
	  .help = "Add samples of the idle page tracking bitmap (see mmcap(1))" },
	{ .long_name = "instance",
	  .type = OPTION_STRING,
	  .argument = "NAME",
	  .target = &args.import.instance,
	  .help = "Take the events of this tracing instance (default: the first that has any)" },
	{ .long_name = "level",
	  .type = OPTION_UINT,
	  .argument = "N",
	  .target = &args.level,
	  .help = "Compression level of zstd, 1 to 19 (default: 3)" },
	{ .long_name = "force",
	  .short_name = 'f',
	  .type = OPTION_FLAG,
	  .target = &args.import.force,
	  .help = "Replace an existing FILE" },
	{ .long_name = "quiet",
	  .short_name = 'q',
	  .type = OPTION_FLAG,
	  .target = &args.quiet,
	  .help = "No progress, no summary; losses and damage are told all the same" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Make a trace of a trace-cmd recording (trace.dat), or of page requests.",
	.usage = "[options] FILE",
	.options = options,
	.epilogue = "Exit status: 0 done, 2 trouble. A damaged input gives what is readable of\n"
		    "it, and 2.\n",
};

static void show_progress(void *data, uint64_t done, uint64_t total)
{
	struct progress *progress = data;

	partial_arm();
	progress->total = total;
	progress_update(progress, done, "bytes");
}

static void print_notes(const char *notes)
{
	while (*notes) {
		size_t length = strcspn(notes, "\n");

		message(TOOL, "%.*s", (int)length, notes);
		notes += length + (notes[length] != '\0');
	}
}

static void print_summary(const struct mmr_import_report *report)
{
	char events[FORMAT_SIZE];
	char raw[FORMAT_SIZE];
	char size[FORMAT_SIZE];
	char lost[FORMAT_SIZE];

	fprintf(stderr,
	        "[ %s: %s events, %s lost, %s of ring buffer, %u snapshot%s, %u access samples -> "
	        "%s, %s ]\n",
	        TOOL, format_count(events, report->nr_events), format_count(lost, report->nr_lost),
	        format_bytes(raw, report->raw_bytes), report->nr_snapshots,
	        report->nr_snapshots == 1 ? "" : "s", report->nr_access_samples, args.output,
	        format_bytes(size, report->file_bytes));
}

/* What a failure means to the user; 0: there was none. */
static int failed(int code, const struct mmr_error *err)
{
	if (code == MMR_E_EXISTS && access(args.output, F_OK) == 0) {
		message(TOOL, "%s is there already; -f replaces it", args.output);
		return EXIT_TROUBLE;
	}
	return code < 0 ? fail(TOOL, err) : 0;
}

static int import_tracedat(const char *input, struct progress *progress)
{
	struct mmr_import_report report;
	struct mmr_error err = { 0 };
	char lost[FORMAT_SIZE];
	int code = mmr_import_tracedat(input, args.output, &args.import, &report, &err);

	partial_disarm();
	progress_end(progress);
	if (failed(code, &err))
		return EXIT_TROUBLE;
	print_notes(report.notes);
	if (!args.quiet)
		print_summary(&report);
	else if (report.nr_lost > 0)
		message(TOOL, "the kernel lost %s events while it recorded",
		        format_count(lost, report.nr_lost));
	return report.truncated || report.nr_bad_chunks ? EXIT_TROUBLE : 0;
}

static int import_requests(const char *input, struct progress *progress)
{
	struct mmr_request_import_report report;
	struct mmr_error err = { 0 };
	char requests[FORMAT_SIZE];
	char pages[FORMAT_SIZE];
	char size[FORMAT_SIZE];
	int code = mmr_import_oracle_general(input, args.output, &args.import, &report, &err);

	partial_disarm();
	progress_end(progress);
	if (failed(code, &err))
		return EXIT_TROUBLE;
	print_notes(report.notes);
	if (!args.quiet)
		fprintf(stderr, "[ %s: %s requests for %s pages -> %s, %s ]\n", TOOL,
		        format_count(requests, report.nr_requests),
		        format_count(pages, report.nr_pages), args.output,
		        format_bytes(size, report.file_bytes));
	return report.truncated ? EXIT_TROUBLE : 0;
}

int cmd_import(int argc, char **argv)
{
	struct progress progress;
	int first = options_parse(&command, argc, argv);
	bool requests = strcmp(args.format, "oracleGeneral") == 0;

	if (first < 0 || !output_is_named(TOOL, args.output))
		return EXIT_TROUBLE;
	if (argc - first != 1) {
		message(TOOL, "one file is to be given (see %s --help)", TOOL);
		return EXIT_TROUBLE;
	}
	if (!requests && strcmp(args.format, "trace.dat") != 0) {
		message(TOOL, "--format is trace.dat or oracleGeneral, not %.40s", args.format);
		return EXIT_TROUBLE;
	}
	if (requests &&
	    (args.import.before || args.import.after || args.import.idle || args.import.instance)) {
		message(TOOL,
		        "--before, --after, --idle and --instance do not go with page requests");
		return EXIT_TROUBLE;
	}
	if (args.level > 19) {
		message(TOOL, "--level: %" PRIu64 " is not between 1 and 19", args.level);
		return EXIT_TROUBLE;
	}
	args.import.level = (int)args.level;
	args.import.progress = show_progress;
	args.import.progress_data = &progress;
	progress_begin(&progress, "importing", 0, args.quiet);
	partial_guard(args.output);
	return requests ? import_requests(argv[first], &progress)
	                : import_tracedat(argv[first], &progress);
}
