/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmreplay: one trace in, one database out. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <mmreplay/run.h>

#include "dump_output.h"
#include "explain_report.h"
#include "interruption.h"
#include "options.h"
#include "run_report.h"
#include "terminal.h"

#define TOOL "mmreplay"

static struct {
	bool shadow;
	bool explain;
	bool list_policies;
	bool list_tunables;
	bool json;
	bool quiet;
	uint64_t threads;
	uint64_t keep_bytes;
	uint64_t nr_seeds;
	struct option_list settings;
	struct dump_output dumps;
	struct mmr_run_options run;
} args = { .threads = 1, .keep_bytes = MMR_TRACE_KEEP, .nr_seeds = 1, .dumps = { .tool = TOOL } };

/* A second one would be the only one, which nobody means who gives two. */
static int choose_policy(const char *value, void *data)
{
	const char **policy = data;

	if (*policy) {
		message(TOOL,
		        "one --policy a run, not %s and %s: mmanalyze what-if compares several",
		        *policy, value);
		return -1;
	}
	*policy = value;
	return 0;
}

static const struct option_row options[] = {
	{ .long_name = "shadow",
	  .type = OPTION_FLAG,
	  .target = &args.shadow,
	  .help = "Follow the original: its free lists, stalls and counters" },
	{ .long_name = "verify",
	  .type = OPTION_FLAG,
	  .target = &args.run.verify,
	  .help = "With --shadow: compare it with the kernel's buddyinfo and kpageflags" },
	{ .long_name = "policy",
	  .type = OPTION_CALLBACK,
	  .argument = "NAME",
	  .target = &args.run.policy,
	  .callback = choose_policy,
	  .help = "Replay the demand under this policy (default: original, the recorded kernel's own)" },
	{ .long_name = "set",
	  .type = OPTION_LIST,
	  .argument = "NAME=VALUE[@TIME]",
	  .target = &args.settings,
	  .help = "Change a setting of the machine for the replay, or from a time of the trace on (see --list-tunables)" },
	{ .long_name = "seed",
	  .type = OPTION_UINT,
	  .argument = "N",
	  .target = &args.run.seed,
	  .help = "Seed of what is random in a replay; other than 0 it shuffles free lists (default: 0)" },
	{ .long_name = "seeds",
	  .type = OPTION_UINT,
	  .argument = "N",
	  .target = &args.nr_seeds,
	  .help = "N replays with seeds from --seed on; their spread is in the database (default: 1)" },
	{ .long_name = "db",
	  .short_name = 'd',
	  .type = OPTION_STRING,
	  .argument = "FILE",
	  .target = &args.run.db_path,
	  .help = "The database to write to; runs are added (default: results.db)" },
	{ .long_name = "label",
	  .type = OPTION_STRING,
	  .argument = "TEXT",
	  .target = &args.run.label,
	  .help = "Name of the run (default: original, or the policy with its settings)" },
	{ .long_name = "interval",
	  .type = OPTION_TIME,
	  .argument = "TIME",
	  .target = &args.run.interval_ns,
	  .help = "Distance of the rows about free memory, in trace time (default: 100ms)" },
	{ .long_name = "dump",
	  .type = OPTION_CALLBACK,
	  .argument = "VIEW,...[@TIME]",
	  .target = &args.dumps,
	  .callback = dump_output_add,
	  .help = "Print /proc/buddyinfo, zoneinfo ... as they would be at this time (default: end); no "
	          "database without --db" },
	{ .long_name = "dump-to",
	  .type = OPTION_STRING,
	  .argument = "DIR",
	  .target = &args.dumps.directory,
	  .help = "Write them to files DIR/VIEW@TIME instead" },
	{ .long_name = "explain",
	  .type = OPTION_FLAG,
	  .target = &args.explain,
	  .help = "Only print what the trace's events were taken for; no database" },
	{ .long_name = "json",
	  .type = OPTION_FLAG,
	  .target = &args.json,
	  .help = "Print tables as JSON" },
	{ .long_name = "list-policies",
	  .type = OPTION_FLAG,
	  .target = &args.list_policies,
	  .help = "Print the policies and what they do" },
	{ .long_name = "list-tunables",
	  .type = OPTION_FLAG,
	  .target = &args.list_tunables,
	  .help = "Print the settings with default, range and unit" },
	{ .long_name = "threads",
	  .type = OPTION_UINT,
	  .argument = "N",
	  .target = &args.threads,
	  .help = "Threads that decompress ahead, 0 to 16 (default: 1); results do not depend on it" },
	{ .long_name = "keep",
	  .type = OPTION_SIZE,
	  .argument = "SIZE",
	  .target = &args.keep_bytes,
	  .help = "Memory for decompressed events, which a replay reads more than once (default: 128M); "
	          "results do not depend on it" },
	{ .long_name = "force",
	  .short_name = 'f',
	  .type = OPTION_FLAG,
	  .target = &args.run.force,
	  .help = "Also with a recording that was filtered or begins in the middle; overwrite files of "
	          "--dump-to" },
	{ .long_name = "quiet",
	  .short_name = 'q',
	  .type = OPTION_FLAG,
	  .target = &args.quiet,
	  .help = "No progress, no summary; what makes results incomplete is told all the same" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Follow a recording, or replay its demand under another policy.",
	.usage = "--shadow | --policy NAME | --explain [options] trace.zst...",
	.options = options,
	.epilogue = "Examples:\n"
		    "  mmreplay --shadow --verify trace.zst\n"
		    "  mmreplay --policy clock --set vm.swappiness=10 trace.zst\n"
		    "  mmreplay --dump buddyinfo,zoneinfo@2s --dump-to views trace.zst\n"
		    "  sqlite3 results.db 'select * from reclaim_stalls'\n"
		    "\n"
		    "Exit status: 0 done; 1 --verify found a difference beyond what the shadow\n"
		    "promises; 2 trouble. A damaged trace gives what is readable of it, and 2.\n",
};

struct progress_state {
	struct progress line;
	const char *what;
};

static bool show_progress(void *data, uint64_t nr_events)
{
	struct progress_state *state = data;

	progress_update(&state->line, nr_events, state->what);
	return !interruption_came();
}

static int print_rows(json_t *rows)
{
	json_dumpf(rows, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(rows);
	return finish_output(TOOL, EXIT_SUCCESS);
}

static int list_policies(void)
{
	json_t *rows = json_array();
	const char *name;

	if (args.json) {
		for (unsigned int i = 0; (name = mmr_policy_name(i)); i++)
			json_array_append_new(rows, json_pack("{ss ss}", "name", name, "summary",
			                                      mmr_policy_summary(i)));
		return print_rows(rows);
	}
	json_decref(rows);
	for (unsigned int i = 0; (name = mmr_policy_name(i)); i++)
		printf("%-12s %s\n", name, mmr_policy_summary(i));
	return finish_output(TOOL, EXIT_SUCCESS);
}

static int list_tunables_json(void)
{
	json_t *rows = json_array();
	struct mmr_tunable tunable;

	for (unsigned int i = 0; mmr_tunable(i, &tunable); i++)
		json_array_append_new(rows, json_pack("{ss ss ss ss ss ss}", "name", tunable.name,
		                                      "default", tunable.value, "least",
		                                      tunable.min, "most", tunable.max, "unit",
		                                      tunable.unit, "help", tunable.help));
	return print_rows(rows);
}

static int list_tunables(void)
{
	static const struct table_column columns[] = {
		{ "name", TABLE_LEFT },  { "default", TABLE_RIGHT }, { "least", TABLE_RIGHT },
		{ "most", TABLE_RIGHT }, { "unit", TABLE_LEFT },     { "what it does", TABLE_LEFT },
	};
	struct table *table = table_create(columns, sizeof(columns) / sizeof(columns[0]));
	struct mmr_tunable tunable;

	for (unsigned int i = 0; mmr_tunable(i, &tunable); i++) {
		table_cell(table, "%s", tunable.name);
		table_cell(table, "%s", tunable.value);
		table_cell(table, "%s", tunable.min);
		table_cell(table, "%s", tunable.max);
		table_cell(table, "%s", tunable.unit);
		table_cell(table, "%s", tunable.help);
	}
	table_print(table, stdout);
	table_destroy(table);
	return finish_output(TOOL, EXIT_SUCCESS);
}

/* What a recording cannot answer is said whether or not anybody asked. */
static void print_notes(const char *notes)
{
	while (*notes) {
		size_t length = strcspn(notes, "\n");

		message(TOOL, "%.*s", (int)length, notes);
		notes += length + (notes[length] != '\0');
	}
}

static int explain(struct mmr_trace *trace, struct progress_state *progress)
{
	struct mmr_explanation explanation;
	struct mmr_error err = { 0 };
	struct mmr_trace_limit limit;
	int code = mmr_explain(trace, &args.run, &explanation, &err);

	progress_end(&progress->line);
	for (uint32_t i = 0; mmr_trace_limit(trace, i, &limit); i++)
		message(TOOL, "the recording is not of everything: %s", limit.text);
	if (code < 0)
		return fail(TOOL, &err);
	print_explanation(&explanation, args.json);
	mmr_explanation_deinit(&explanation);
	return finish_output(TOOL, EXIT_SUCCESS);
}

static int run(struct mmr_trace *trace, struct progress_state *progress)
{
	struct mmr_run_report report;
	struct mmr_trace_limit limit;
	struct mmr_error err = { 0 };
	int ret = EXIT_SUCCESS;
	int code;

	code = args.shadow ? mmr_run_original(trace, &args.run, &report, &err)
	                   : mmr_run_replay(trace, &args.run, &report, &err);
	progress_end(&progress->line);
	print_notes(report.notes);
	if (code < 0) {
		mmr_run_report_deinit(&report);
		fail(TOOL, &err);
		if (code == MMR_E_UNSUPPORTED && !args.run.force &&
		    mmr_trace_limit(trace, 0, &limit))
			message(TOOL, "--force writes what it can show all the same");
		return EXIT_TROUBLE;
	}
	if (args.run.verify && !print_verification(&report, args.json))
		ret = EXIT_FINDING;
	if (!args.quiet)
		print_run_summary(TOOL, &report, args.run.db_path);
	if (report.damaged)
		ret = EXIT_TROUBLE;
	mmr_run_report_deinit(&report);
	return finish_output(TOOL, ret);
}

/* What the progress counts to; 0: unknown. */
static uint64_t nr_items(const struct mmr_trace *trace)
{
	const struct mmr_trace_info *info = mmr_trace_info(trace);

	if (info->has_requests)
		return info->nr_requests;
	return info->indexed ? info->nr_events : 0;
}

static int check_arguments(int nr_operands)
{
	if (nr_operands == 0)
		message(TOOL, "give a trace (see %s --help)", TOOL);
	else if (args.shadow + args.explain + (args.run.policy != NULL) > 1)
		message(TOOL, "give one of --shadow, --policy NAME and --explain (see %s --help)",
		        TOOL);
	else if (args.run.verify && !args.shadow)
		message(TOOL, "--verify goes with --shadow");
	else if (args.settings.count && (args.shadow || args.explain))
		message(TOOL, "--set goes with --policy: the original has its own settings");
	else if (args.nr_seeds != 1 && (args.shadow || args.explain || args.run.label))
		message(TOOL, "--seeds is of replays, which are labelled by their seeds");
	else if (args.nr_seeds < 1 || args.nr_seeds > 1000)
		message(TOOL, "--seeds is 1 to 1000");
	else if (args.explain && args.dumps.nr)
		message(TOOL, "--dump goes with --shadow or a replay");
	else if (args.dumps.directory && !args.dumps.nr)
		message(TOOL, "--dump-to goes with --dump");
	else if (args.nr_seeds > 1 && args.dumps.nr)
		message(TOOL, "--dump goes with a single --seed");
	else if (args.run.verify && args.dumps.nr && !args.dumps.directory)
		message(TOOL, "--verify prints to stdout too: give --dump-to DIR");
	else if (args.threads > 16)
		message(TOOL, "--threads is 0 to 16");
	else
		return 0;
	return -1;
}

int main(int argc, char **argv)
{
	struct progress_state progress = { 0 };
	struct mmr_trace_options trace_options = { 0 };
	struct mmr_trace *trace = NULL;
	struct mmr_error err = { 0 };
	int first = options_parse(&command, argc, argv);
	int ret;

	if (first < 0)
		return EXIT_TROUBLE;
	if (args.list_policies)
		return list_policies();
	if (args.list_tunables)
		return args.json ? list_tunables_json() : list_tunables();
	if (check_arguments(argc - first) < 0)
		return EXIT_TROUBLE;
	args.run.trace_path = argv[first];
	args.run.settings = args.settings.items;
	args.run.nr_settings = args.settings.count;
	args.run.dumps = args.dumps.requests;
	args.run.nr_dumps = args.dumps.nr;
	args.run.dump = dump_output_write;
	args.run.dump_data = &args.dumps;
	args.dumps.overwrite = args.run.force;
	if (!args.run.db_path && !args.dumps.nr)
		args.run.db_path = "results.db";
	if (dump_output_prepare(&args.dumps) < 0)
		return EXIT_TROUBLE;
	args.run.progress = show_progress;
	args.run.progress_data = &progress;
	trace_options.nr_threads = (unsigned int)args.threads;
	/* The original is followed in one pass. */
	trace_options.keep_bytes = args.run.policy ? args.keep_bytes : 0;
	if (mmr_trace_open_parts((const char *const *)argv + first, (size_t)(argc - first),
	                         &trace_options, &trace, &err) < 0)
		return fail(TOOL, &err);
	progress.what = mmr_trace_info(trace)->has_requests ? "requests" : "events";
	interruption_catch(true);
	progress_begin(&progress.line, args.shadow ? "following" : "replaying", nr_items(trace),
	               args.quiet);
	ret = args.explain ? explain(trace, &progress) : run(trace, &progress);
	for (uint64_t i = 1; ret == EXIT_SUCCESS && i < args.nr_seeds; i++) {
		args.run.seed++;
		ret = run(trace, &progress);
	}
	mmr_trace_close(trace);
	dump_output_deinit(&args.dumps);
	options_deinit(&command);
	return ret;
}
