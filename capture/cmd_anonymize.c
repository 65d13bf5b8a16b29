/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcap anonymize: a copy of a trace that can be published. */
#include <inttypes.h>

#include <mmreplay/trace_check.h>

#include "commands.h"
#include "options.h"
#include "partial.h"
#include "terminal.h"

#define TOOL "mmcap anonymize"

static struct {
	const char *output;
	struct mmr_anonymize_options anonymize;
	bool quiet;
} args;

static const struct option_row options[] = {
	{ .long_name = "output",
	  .short_name = 'o',
	  .type = OPTION_STRING,
	  .argument = "FILE",
	  .target = &args.output,
	  .help = "Write the copy to FILE" },
	{ .long_name = "force",
	  .short_name = 'f',
	  .type = OPTION_FLAG,
	  .target = &args.anonymize.force,
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
		"Copy a trace without names of tasks, files and cgroups and without kernel "
		"addresses. Names become keyed hashes, equal ones equal; the key is thrown away.",
	.usage = "-o FILE [options] trace.zst",
	.options = options,
	.epilogue = "It replays like the original. Times, sizes, page frames, inode and task\n"
		    "numbers and user addresses stay.\n"
		    "\n"
		    "Exit status: 0 done; 2 trouble.\n",
};

static void show_progress(void *data, uint64_t done, uint64_t total)
{
	struct progress *progress = data;

	progress->total = total;
	progress_update(progress, done, "bytes");
}

int cmd_anonymize(int argc, char **argv)
{
	struct mmr_anonymize_report report;
	struct mmr_error err = { 0 };
	struct progress progress;
	char count[FORMAT_SIZE];
	int first = options_parse(&command, argc, argv);
	int ret;

	if (first < 0)
		return EXIT_TROUBLE;
	if (argc - first != 1 || !args.output) {
		message(TOOL, "a trace and -o FILE are to be given (see %s --help)", TOOL);
		return EXIT_TROUBLE;
	}
	if (!output_is_named(TOOL, args.output))
		return EXIT_TROUBLE;
	args.anonymize.progress = show_progress;
	args.anonymize.progress_data = &progress;
	progress_begin(&progress, "copying", 0, args.quiet);
	ret = mmr_trace_anonymize(argv[first], args.output, &args.anonymize, &report, &err);
	progress_end(&progress);
	if (ret == MMR_E_EXISTS) {
		message(TOOL, "%s; -f replaces it", err.text);
		return EXIT_TROUBLE;
	}
	if (ret < 0)
		return fail(TOOL, &err);
	if (!args.quiet) {
		message(TOOL, "%s events; %" PRIu64 " texts and files left out",
		        format_count(count, report.nr_events), report.nr_dropped);
		if (report.nr_unknown > 0)
			message(TOOL,
			        "of %s events, which are of no kind known here, nothing but task and "
			        "time",
			        format_count(count, report.nr_unknown));
	}
	return 0;
}
