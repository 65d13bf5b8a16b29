/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcap export: a trace becomes a trace.dat for trace-cmd and KernelShark. */
#include <inttypes.h>
#include <string.h>

#include <mmreplay/trace_import.h>

#include "commands.h"
#include "options.h"
#include "partial.h"
#include "terminal.h"

#define TOOL "mmcap export"

static struct {
	const char *to;
	const char *output;
	struct mmr_export_options export;
	bool quiet;
} args = { .to = "trace.dat", .output = "trace.dat" };

static const struct option_row options[] = {
	{ .long_name = "to",
	  .type = OPTION_STRING,
	  .argument = "FORMAT",
	  .target = &args.to,
	  .help = "What to make: trace.dat (for text, CSV and JSON lines see mmcap dump)" },
	{ .long_name = "output",
	  .short_name = 'o',
	  .type = OPTION_STRING,
	  .argument = "FILE",
	  .target = &args.output,
	  .help = "Write to FILE (default: trace.dat)" },
	{ .long_name = "force",
	  .short_name = 'f',
	  .type = OPTION_FLAG,
	  .target = &args.export.force,
	  .help = "Replace an existing FILE" },
	{ .long_name = "quiet",
	  .short_name = 'q',
	  .type = OPTION_FLAG,
	  .target = &args.quiet,
	  .help = "No progress" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Make a trace.dat of a trace, for trace-cmd report and KernelShark. "
		   "Snapshots and access samples have no place in it.",
	.usage = "[--to trace.dat] [options] trace.zst",
	.options = options,
	.epilogue = "Example:\n"
		    "  mmcap export --to trace.dat trace.zst && trace-cmd report trace.dat\n",
};

static void show_progress(void *data, uint64_t done, uint64_t total)
{
	struct progress *progress = data;

	partial_arm();
	progress->total = total;
	progress_update(progress, done, "bytes");
}

/* --to other.dat leaves no doubt about what is meant: the format by its suffix, and the file. */
static bool take_name(void)
{
	size_t length = strlen(args.to);

	if (length < 5 || strcmp(args.to + length - 4, ".dat") != 0 ||
	    strcmp(args.output, "trace.dat") != 0)
		return false;
	args.output = args.to;
	return true;
}

int cmd_export(int argc, char **argv)
{
	struct mmr_error err = { 0 };
	struct progress progress;
	uint64_t nr_bad = 0;
	int first = options_parse(&command, argc, argv);
	int ret;

	if (first < 0 || !output_is_named(TOOL, args.output))
		return EXIT_TROUBLE;
	if (argc - first != 1) {
		message(TOOL, "one trace is to be given (see %s --help)", TOOL);
		return EXIT_TROUBLE;
	}
	if (strcmp(args.to, "trace.dat") != 0 && !take_name()) {
		message(TOOL,
		        "--to: %s is not trace.dat; mmcap dump --format prints text, csv, json",
		        args.to);
		return EXIT_TROUBLE;
	}
	args.export.progress = show_progress;
	args.export.progress_data = &progress;
	progress_begin(&progress, "exporting", 0, args.quiet);
	partial_guard(args.output);
	ret = mmr_export_tracedat(argv[first], args.output, &args.export, &nr_bad, &err);
	partial_disarm();
	progress_end(&progress);
	if (ret == MMR_E_EXISTS) {
		message(TOOL, "%s; -f replaces it", err.text);
		return EXIT_TROUBLE;
	}
	if (ret < 0)
		return fail(TOOL, &err);
	if (nr_bad == 0)
		return 0;
	message(TOOL, "%" PRIu64 " damaged frames were left out", nr_bad);
	return EXIT_TROUBLE;
}
