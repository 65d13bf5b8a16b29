/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcap repair: a whole trace of what is left of one that was cut or damaged. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <mmreplay/trace_check.h>

#include "commands.h"
#include "options.h"
#include "partial.h"
#include "terminal.h"

#define TOOL "mmcap repair"

static struct {
	const char *output;
	struct mmr_repair_options repair;
	bool quiet;
} args;

static const struct option_row options[] = {
	{ .long_name = "output",
	  .short_name = 'o',
	  .type = OPTION_STRING,
	  .argument = "FILE",
	  .target = &args.output,
	  .help = "Write the whole trace to FILE" },
	{ .long_name = "in-place",
	  .type = OPTION_FLAG,
	  .target = &args.repair.in_place,
	  .help = "Give it the name of the damaged one, which becomes NAME.old" },
	{ .long_name = "force",
	  .short_name = 'f',
	  .type = OPTION_FLAG,
	  .target = &args.repair.force,
	  .help = "Replace an existing FILE" },
	{ .long_name = "quiet",
	  .short_name = 'q',
	  .type = OPTION_FLAG,
	  .target = &args.quiet,
	  .help = "Neither progress nor summary" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary =
		"Make a whole trace of one that was cut or damaged: all that can be read, with a "
		"new index. The damaged file is never written to.",
	.usage = "-o FILE | --in-place [options] trace.zst",
	.options = options,
	.epilogue = "Exit status: 0 there is a whole trace now, or it was sound; 2 trouble.\n"
		    "Example:\n"
		    "  mmcap repair trace.zst.partial -o trace.zst\n",
};

static void show_progress(void *data, uint64_t done, uint64_t total)
{
	struct progress *progress = data;

	progress->total = total;
	progress_update(progress, done, "bytes");
}

static void print_report(const char *input, const struct mmr_repair_report *report)
{
	char count[FORMAT_SIZE];
	char bytes[FORMAT_SIZE];
	char lost[FORMAT_SIZE];

	if (report->was_sound) {
		message(TOOL, "%s is sound: there was nothing to repair", input);
		return;
	}
	for (const char *line = report->notes; *line;) {
		size_t length = strcspn(line, "\n");

		message(TOOL, "%.*s", (int)length, line);
		line += length + (line[length] != '\0');
	}
	message(TOOL, "%s events in %" PRIu64 " frames kept; %s not readable, with %s%s events",
	        format_count(count, report->nr_events), report->nr_frames,
	        format_bytes(bytes, report->nr_bad_bytes),
	        report->nr_lost ? "at least " : "an unknown number of",
	        report->nr_lost ? format_count(lost, report->nr_lost) : "");
}

static int check_arguments(int nr_operands)
{
	if (nr_operands != 1)
		message(TOOL, "one trace is to be given (see %s --help)", TOOL);
	else if (!args.output == !args.repair.in_place)
		message(TOOL, "give one of -o FILE and --in-place (see %s --help)", TOOL);
	else if (!args.output || output_is_named(TOOL, args.output))
		return 0;
	return -1;
}

int cmd_repair(int argc, char **argv)
{
	struct mmr_repair_report report;
	struct mmr_error err = { 0 };
	struct progress progress;
	int first = options_parse(&command, argc, argv);
	int ret;

	if (first < 0 || check_arguments(argc - first) < 0)
		return EXIT_TROUBLE;
	args.repair.progress = show_progress;
	args.repair.progress_data = &progress;
	progress_begin(&progress, "repairing", 0, args.quiet);
	ret = mmr_trace_repair(argv[first], args.output, &args.repair, &report, &err);
	progress_end(&progress);
	if (ret == MMR_E_EXISTS) {
		message(TOOL, "%s; -f replaces it", err.text);
		return EXIT_TROUBLE;
	}
	if (ret < 0)
		return fail(TOOL, &err);
	if (!args.quiet)
		print_report(argv[first], &report);
	return 0;
}
