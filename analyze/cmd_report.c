/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmanalyze report: what went wrong, most important first. */
#include <stdlib.h>

#include "database.h"
#include "mmanalyze.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "terminal.h"

#define TOOL "mmanalyze report"

static struct {
	const char *run;
	const char *db;
	bool brief;
	bool markdown;
	bool json;
	const char *html;
	bool force;
} args;

static const struct option_row options[] = {
	{ .long_name = "run",
	  .type = OPTION_STRING,
	  .argument = "RUN",
	  .target = &args.run,
	  .help = "The run with this label or number (default: the original)" },
	{ .long_name = "db",
	  .short_name = 'd',
	  .type = OPTION_STRING,
	  .argument = "FILE",
	  .target = &args.db,
	  .help = "Keep the database that a trace becomes" },
	{ .long_name = "brief",
	  .short_name = 'b',
	  .type = OPTION_FLAG,
	  .target = &args.brief,
	  .help = "Sentences and what to try only: no tables, no queries" },
	{ .long_name = "markdown",
	  .type = OPTION_FLAG,
	  .target = &args.markdown,
	  .help = "Print Markdown" },
	{ .long_name = "json", .type = OPTION_FLAG, .target = &args.json, .help = "Print JSON" },
	{ .long_name = "html",
	  .type = OPTION_STRING,
	  .argument = "FILE",
	  .target = &args.html,
	  .help = "Write a page with charts and tables, which needs nothing else" },
	{ .long_name = "force",
	  .short_name = 'f',
	  .type = OPTION_FLAG,
	  .target = &args.force,
	  .help = "Replace the FILE of --html if it exists" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Tell in plain words what went wrong, and what to try.",
	.usage = "[options] results.db | trace.zst...",
	.options = options,
};

static int print(const struct report *report, const struct report_source *source)
{
	if (args.html)
		return report_write_html(report, source->path, args.html, args.force);
	if (args.json)
		return report_print_json(report);
	return args.markdown ? report_print_markdown(report)
	                     : report_print_text(report, args.brief);
}

int cmd_report(int argc, char **argv)
{
	int first = options_parse(&command, argc, argv);
	struct report_source source = { .tool = TOOL };
	struct report report = { 0 };
	struct mmr_error err = { 0 };
	int ret = EXIT_TROUBLE;

	if (first < 0)
		return EXIT_TROUBLE;
	if (args.json + args.markdown + args.brief + (args.html != NULL) > 1) {
		message(TOOL, "give one of --brief, --html, --json and --markdown");
		return EXIT_TROUBLE;
	}
	if (args.html && output_check(args.html, args.force, true, &err))
		return fail(TOOL, &err);
	source.keep = args.db;
	source.named = args.html != NULL;
	source.operands = argv + first;
	source.nr_operands = argc - first;
	if (!report_open(&source))
		return EXIT_TROUBLE;
	if (report_make(&report, &source, args.run) && print(&report, &source) == 0)
		ret = EXIT_SUCCESS;
	report_deinit(&report);
	report_close(&source);
	return ret == EXIT_SUCCESS ? finish_output(TOOL, ret) : ret;
}
