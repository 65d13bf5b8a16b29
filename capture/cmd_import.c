/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcap import: a trace.dat of trace-cmd becomes a trace. */
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
	struct mmr_import_options import;
	uint64_t level;
	bool quiet;
} args = { .output = "trace.zst" };

static const struct option_row options[] = {
	{ .long_name = "output",
	  .short_name = 'o',
	  .type = OPTION_STRING,
	  .argument = "FILE",
	  .target = &args.output,
	  .help = "Write the trace to FILE (trace.zst)" },
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
	  .help = "Add samples of the idle page tracking bitmap (see man mmcap)" },
	{ .long_name = "instance",
	  .type = OPTION_STRING,
	  .argument = "NAME",
	  .target = &args.import.instance,
	  .help = "Take the events of this tracing instance (the first that has any)" },
	{ .long_name = "level",
	  .type = OPTION_UINT,
	  .argument = "N",
	  .target = &args.level,
	  .help = "zstd compression level, 1 to 19 (3)" },
	{ .long_name = "force",
	  .short_name = 'f',
	  .type = OPTION_FLAG,
	  .target = &args.import.force,
	  .help = "Replace an existing output file" },
	{ .long_name = "quiet",
	  .short_name = 'q',
	  .type = OPTION_FLAG,
	  .target = &args.quiet,
	  .help = "No progress, no summary; losses and damage are told all the same" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Make a trace of a trace-cmd recording (trace.dat, version 6 or 7).",
	.usage = "[options] trace.dat",
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

int cmd_import(int argc, char **argv)
{
	struct mmr_import_report report;
	struct mmr_error err = { 0 };
	struct progress progress;
	char lost[FORMAT_SIZE];
	int first = options_parse(&command, argc, argv);
	int ret;

	if (first < 0 || !output_is_named(TOOL, args.output))
		return EXIT_TROUBLE;
	if (argc - first != 1) {
		message(TOOL, "one trace.dat is to be given (see %s --help)", TOOL);
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
	ret = mmr_import_tracedat(argv[first], args.output, &args.import, &report, &err);
	partial_disarm();
	progress_end(&progress);
	if (ret == MMR_E_EXISTS && access(args.output, F_OK) == 0) {
		message(TOOL, "%s is there already; -f replaces it", args.output);
		return EXIT_TROUBLE;
	}
	if (ret < 0)
		return fail(TOOL, &err);
	print_notes(report.notes);
	if (!args.quiet)
		print_summary(&report);
	else if (report.nr_lost > 0)
		message(TOOL, "the kernel lost %s events while it recorded",
		        format_count(lost, report.nr_lost));
	return report.truncated || report.nr_bad_chunks ? EXIT_TROUBLE : 0;
}
