/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmanalyze curve: how much memory a workload needs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmreplay/curve.h>

#include "curve_report.h"
#include "interruption.h"
#include "mmanalyze.h"
#include "options.h"
#include "terminal.h"

#define TOOL "mmanalyze curve"

static struct {
	bool wanted[MMR_NR_CURVES];
	const char *sample;
	const char *max_followed;
	struct option_list sizes;
	struct option_list targets;
	bool json;
	bool csv;
	bool force;
	bool quiet;
} args;

static const struct option_row options[] = {
	{ .long_name = "anon",
	  .type = OPTION_FLAG,
	  .target = &args.wanted[MMR_CURVE_ANON],
	  .help = "Of anonymous and shared memory and tmpfs: what goes to swap" },
	{ .long_name = "file",
	  .type = OPTION_FLAG,
	  .target = &args.wanted[MMR_CURVE_FILE],
	  .help = "Of the page cache" },
	{ .long_name = "both",
	  .type = OPTION_FLAG,
	  .target = &args.wanted[MMR_CURVE_ALL],
	  .help = "Of both in one memory (without any of the three: all of them)" },
	{ .long_name = "sample",
	  .type = OPTION_STRING,
	  .argument = "RATE",
	  .target = &args.sample,
	  .help = "Follow every page (exact), a share of them (0.01), or so many at most (pages:524288, the "
	          "default)" },
	{ .long_name = "sizes",
	  .type = OPTION_LIST,
	  .argument = "SIZE,...",
	  .target = &args.sizes,
	  .help = "The memories of the table: 64M, 16384p (pages), or 0.5x of the recorded machine's" },
	{ .long_name = "misses",
	  .type = OPTION_LIST,
	  .argument = "PERCENT,...",
	  .target = &args.targets,
	  .help = "How few of the uses may be refaults, for the memory that takes (default: 5,1,0)" },
	{ .long_name = "json", .type = OPTION_FLAG, .target = &args.json, .help = "Print JSON" },
	{ .long_name = "csv",
	  .type = OPTION_FLAG,
	  .target = &args.csv,
	  .help = "Print CSV, finer than the table: a line a memory size" },
	{ .long_name = "force",
	  .short_name = 'f',
	  .type = OPTION_FLAG,
	  .target = &args.force,
	  .help = "Also with a recording that was filtered or begins in the middle" },
	{ .long_name = "quiet",
	  .short_name = 'q',
	  .type = OPTION_FLAG,
	  .target = &args.quiet,
	  .help = "No progress" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Tell how much memory a workload needs: its misses by memory size.",
	.usage = "[options] trace.zst...",
	.options = options,
	.epilogue = "Examples:\n"
		    "  mmanalyze curve trace.zst\n"
		    "  mmanalyze curve --file --misses 2 trace.zst\n"
		    "  mmanalyze curve --sizes 0.5x,1x,2x --json trace.zst\n",
};

/* ---- arguments ---- */

/* A decimal number and nothing else, from 0 to most. */
static bool parse_number(const char *text, double most, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return end != text && !*end && *text >= '0' && *text <= '9' && *value <= most;
}

static bool parse_sample(struct mmr_curve_options *curve_options)
{
	const char *text = args.sample;
	uint64_t nr;

	if (!text)
		return true;
	if (strcmp(text, "exact") == 0) {
		curve_options->rate = 1;
		return true;
	}
	if (strncmp(text, "pages:", 6) == 0) {
		if (parse_uint(text + 6, &nr) && nr > 0 && nr <= UINT32_C(1) << 30) {
			curve_options->max_followed = (uint32_t)nr;
			return true;
		}
	} else if (parse_number(text, 1, &curve_options->rate) && curve_options->rate > 0) {
		return true;
	}
	message(TOOL, "--sample is exact, a share of the pages such as 0.01, or pages:N: not %s",
	        text);
	return false;
}

/* "64M", or "0.5x" of the machine's. */
static bool parse_memory(const char *text, const struct mmr_curves_info *info, uint64_t *pages)
{
	size_t length = strlen(text);
	char number[32];
	double times;

	if (length > 1 && length < sizeof(number) && text[length - 1] == 'x') {
		memcpy(number, text, length - 1);
		number[length - 1] = '\0';
		if (!parse_number(number, 1e6, &times))
			return false;
		if (info->memory_pages == 0) {
			message(TOOL, "%s: the trace is of no machine: give its size", text);
			return false;
		}
		*pages = (uint64_t)(times * (double)info->memory_pages + 0.5);
		return true;
	}
	/* As in mmreplay --set memory=100000p. */
	if (length > 1 && length < sizeof(number) && text[length - 1] == 'p') {
		memcpy(number, text, length - 1);
		number[length - 1] = '\0';
		return parse_uint(number, pages);
	}
	if (!parse_size(text, pages))
		return false;
	*pages /= info->page_size;
	return true;
}

static int compare_sizes(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static bool parse_sizes(struct curve_report *report, const struct mmr_curves_info *info)
{
	for (size_t i = 0; i < args.sizes.count; i++) {
		uint64_t *pages = &report->sizes[report->nr_sizes];

		if (i == CURVE_MAX_SIZES) {
			message(TOOL, "--sizes: %d at most", CURVE_MAX_SIZES);
			return false;
		}
		if (!parse_memory(args.sizes.items[i], info, pages)) {
			message(TOOL,
			        "--sizes: %s is no size (64M), number of pages (16384p) or multiple of memory (0.5x)",
			        args.sizes.items[i]);
			return false;
		}
		report->nr_sizes++;
	}
	qsort(report->sizes, report->nr_sizes, sizeof(report->sizes[0]), compare_sizes);
	return true;
}

static bool parse_targets(struct curve_report *report)
{
	static const double defaults[] = { 5, 1, 0 };

	if (args.targets.count == 0) {
		memcpy(report->percents, defaults, sizeof(defaults));
		report->nr_percents = sizeof(defaults) / sizeof(defaults[0]);
		return true;
	}
	for (size_t i = 0; i < args.targets.count; i++) {
		if (i == CURVE_MAX_PERCENTS ||
		    !parse_number(args.targets.items[i], 100, &report->percents[i])) {
			message(TOOL, "--misses is up to %d shares in percent, 0 to 100: not %s",
			        CURVE_MAX_PERCENTS, args.targets.items[i]);
			return false;
		}
		report->nr_percents++;
	}
	return true;
}

/* ---- the command ---- */

static int print(const struct curve_report *report)
{
	if (args.json)
		return curve_report_json(report);
	return args.csv ? curve_report_csv(report) : curve_report_text(report);
}

static int read_and_print(struct mmr_trace *trace, struct curve_report *report)
{
	const struct mmr_trace_info *trace_info = mmr_trace_info(trace);
	struct mmr_curve_options curve_options = { .force = args.force,
		                                   .progress = interruption_progress };
	struct mmr_curves *curves;
	struct mmr_error err = { 0 };
	struct progress progress;
	int code, ret = EXIT_TROUBLE;

	if (!parse_sample(&curve_options) || !parse_targets(report))
		return EXIT_TROUBLE;
	progress_begin(&progress, "reading",
	               trace_info->has_requests ? trace_info->nr_requests
	               : trace_info->indexed    ? trace_info->nr_events
	                                        : 0,
	               args.quiet);
	curve_options.progress_data = &progress;
	code = mmr_curves_read(trace, &curve_options, &curves, &err);
	progress_end(&progress);
	if (code < 0) {
		fail(TOOL, &err);
		if (code == MMR_E_UNSUPPORTED && !args.force)
			message(TOOL, "--force makes the curves of what it can show");
		return EXIT_TROUBLE;
	}
	report->curves = curves;
	report->info = mmr_curves_info(curves);
	if (parse_sizes(report, report->info) && print(report) == 0)
		ret = mmr_trace_damage(trace)->text[0] ? EXIT_TROUBLE : EXIT_SUCCESS;
	mmr_curves_free(curves);
	return ret;
}

int cmd_curve(int argc, char **argv)
{
	struct mmr_trace_options trace_options = { .nr_threads = 1 };
	struct curve_report report = { .tool = TOOL };
	struct mmr_trace *trace = NULL;
	struct mmr_error err = { 0 };
	int first = options_parse(&command, argc, argv);
	int ret;

	if (first < 0)
		return EXIT_TROUBLE;
	if (first == argc || (args.json && args.csv)) {
		message(TOOL,
		        first == argc ? "give a trace (see %s --help)"
		                      : "give one of --json and --csv (see %s --help)",
		        TOOL);
		return EXIT_TROUBLE;
	}
	if (!args.wanted[0] && !args.wanted[1] && !args.wanted[2])
		args.wanted[0] = args.wanted[1] = args.wanted[2] = true;
	memcpy(report.wanted, args.wanted, sizeof(report.wanted));
	report.path = argv[first];
	if (mmr_trace_open_parts((const char *const *)argv + first, (size_t)(argc - first),
	                         &trace_options, &trace, &err) < 0)
		return fail(TOOL, &err);
	interruption_catch(true);
	ret = read_and_print(trace, &report);
	mmr_trace_close(trace);
	options_deinit(&command);
	return ret == EXIT_SUCCESS ? finish_output(TOOL, ret) : ret;
}
