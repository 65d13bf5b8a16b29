/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmanalyze what-if: one recording under many settings at once. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "database.h"
#include "interruption.h"
#include "mmanalyze.h"
#include "options.h"
#include "terminal.h"
#include "what_if.h"

#define TOOL "mmanalyze what-if"

/* What a replay takes, at most: for its engine and for following the workload. */
#define BYTES_A_PAGE 160u
#define BYTES_BESIDE (UINT64_C(64) << 20)

static struct {
	struct option_list policies;
	struct option_list memories;
	struct option_list settings;
	uint64_t nr_seeds;
	uint64_t nr_jobs; /* 0: as many as fit */
	const char *output;
	bool json;
	bool csv;
	bool force;
	bool quiet;
} args = { .nr_seeds = 3 };

static const struct option_row options[] = {
	{ .long_name = "policy",
	  .type = OPTION_LIST,
	  .argument = "NAME,...",
	  .target = &args.policies,
	  .help = "Replay under these policies (mmreplay --list-policies; original: the recorded one)" },
	{ .long_name = "memory",
	  .type = OPTION_LIST,
	  .argument = "SIZE,...",
	  .target = &args.memories,
	  .help = "With so much memory: 0.5x of the recorded, or 8G" },
	{ .long_name = "set",
	  .type = OPTION_LIST,
	  .argument = "NAME=VALUE,...",
	  .target = &args.settings,
	  .help = "With each of these values of a setting (mmreplay --list-tunables); may be repeated" },
	{ .long_name = "seeds",
	  .type = OPTION_UINT,
	  .argument = "N",
	  .target = &args.nr_seeds,
	  .help = "So many replays of each, which differ by chance alone (default: 3)" },
	{ .long_name = "jobs",
	  .short_name = 'j',
	  .type = OPTION_UINT,
	  .argument = "N",
	  .target = &args.nr_jobs,
	  .help = "So many replays at the same time (default: as there are CPUs and memory for)" },
	{ .long_name = "output",
	  .short_name = 'o',
	  .type = OPTION_STRING,
	  .argument = "FILE",
	  .target = &args.output,
	  .help = "Keep all runs in this database; they are added if it is there" },
	{ .long_name = "json", .type = OPTION_FLAG, .target = &args.json, .help = "Print JSON" },
	{ .long_name = "csv", .type = OPTION_FLAG, .target = &args.csv, .help = "Print CSV" },
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
	.summary =
		"Replay a recording under other policies, memory sizes and settings, and compare.",
	.usage = "[options] trace.zst...",
	.options = options,
	.epilogue =
		"Lists are crossed with each other. Without any: the other policy of the kernel,\n"
		"0.75, 1.25 and 1.5 times the memory, vm.swappiness 10 and 150,\n"
		"vm.watermark_scale_factor 100, and no huge pages, each alone.\n"
		"\n"
		"Examples:\n"
		"  mmanalyze what-if trace.zst\n"
		"  mmanalyze what-if --policy classic,mglru --memory 0.5x,1x,2x trace.zst\n"
		"  mmanalyze what-if --set vm.swappiness=10,60,100 -o what-if.db trace.zst\n",
};

/* ---- the original ---- */

/* Follows the recording into a database; *memory becomes the bytes of its machine. */
static int follow(struct what_if_batch *batch, uint64_t *memory, struct mmr_error *err)
{
	struct mmr_trace_options trace_options = { .nr_threads = 1 };
	const struct mmr_zone_info *zone;
	struct mmr_run_report report = { 0 };
	struct mmr_trace *trace = NULL;
	struct progress progress;
	const struct mmr_run_options run_options = {
		.db_path = batch->db_path,
		.trace_path = batch->traces[0],
		.interval_ns = batch->interval_ns,
		.force = batch->force,
		.progress = interruption_progress,
		.progress_data = &progress,
	};
	struct mmr_trace_limit limit;
	int code = mmr_trace_open_parts((const char *const *)batch->traces,
	                                (size_t)batch->nr_traces, &trace_options, &trace, err);

	if (code < 0)
		return code;
	for (uint32_t i = 0; mmr_trace_limit(trace, i, &limit); i++)
		message(TOOL, "the recording is not of everything: %s", limit.text);
	for (uint32_t i = 0; (zone = mmr_trace_zone(trace, i)); i++)
		*memory += zone->managed * mmr_trace_info(trace)->page_size;
	if (mmr_trace_info(trace)->has_requests)
		message(TOOL, "page requests have no kernel to ask what if: see mmanalyze curve");
	interruption_catch(false);
	progress_begin(&progress, "following", mmr_trace_info(trace)->nr_events, batch->quiet);
	code = mmr_run_original(trace, &run_options, &report, err);
	progress_end(&progress);
	mmr_run_report_deinit(&report);
	mmr_trace_close(trace);
	return code;
}

/* ---- how many at a time ---- */

static uint64_t available_memory(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file) &&
	       sscanf(line, "MemAvailable: %llu", &kib) != 1)
		;
	if (file)
		fclose(file);
	return (uint64_t)kib << 10;
}

/* Half of what is free may be taken; one replay is tried in any case. */
static unsigned int choose_nr_processes(uint64_t memory, unsigned int nr_jobs)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t nr = args.nr_jobs ? args.nr_jobs : cpus > 0 ? (uint64_t)cpus : 1;
	uint64_t each = memory / 4096 * BYTES_A_PAGE + BYTES_BESIDE;
	uint64_t fit = available_memory() / 2 / each;

	if (!args.nr_jobs && nr > fit)
		nr = fit ? fit : 1;
	return nr < nr_jobs ? (unsigned int)nr : nr_jobs;
}

/* ---- the database ---- */

static bool write_new(const char *from, const char *path)
{
	char *partial = sqlite3_mprintf("%s.%d.partial", path, (int)getpid());
	sqlite3 *db = NULL;
	bool good = partial && sqlite3_open(from, &db) == SQLITE_OK;
	char *sql = good ? sqlite3_mprintf("VACUUM INTO %Q", partial) : NULL;

	good = sql && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
	if (!good)
		message(TOOL, "cannot write %s: %s", path,
		        db ? sqlite3_errmsg(db) : "out of memory");
	sqlite3_close(db);
	if (good && link(partial, path) < 0) {
		message(TOOL, "cannot create %s: %s", path, strerror(errno));
		good = false;
	}
	if (partial)
		unlink(partial);
	sqlite3_free(sql);
	sqlite3_free(partial);
	return good;
}

static bool keep(const struct what_if_batch *batch)
{
	sqlite3 *db;
	bool good;

	if (!args.output)
		return true;
	if (access(args.output, F_OK) < 0)
		return write_new(batch->db_path, args.output);
	db = database_open(TOOL, args.output, true);
	good = db && what_if_merge_all(TOOL, db, batch->db_path);
	sqlite3_close(db);
	return good;
}

static int print(struct what_if_batch *batch)
{
	sqlite3 *db = database_open(TOOL, batch->db_path, false);
	int ret = -1;

	if (db)
		ret = args.json  ? what_if_print_json(batch, db)
		      : args.csv ? what_if_print_csv(batch, db)
		                 : what_if_print_text(batch, db);
	sqlite3_close(db);
	return ret;
}

/* ---- the command ---- */

static int run_grid(struct what_if_batch *batch, uint64_t memory)
{
	const struct what_if_wish wish = { &args.policies, &args.memories, &args.settings, memory };
	struct what_if_grid *grid = calloc(1, sizeof(*grid));
	int ret = EXIT_TROUBLE;

	if (grid && what_if_grid_make(TOOL, &wish, grid)) {
		batch->grid = grid;
		batch->nr_jobs = grid->nr_runs * (unsigned int)args.nr_seeds;
		batch->nr_processes = choose_nr_processes(memory, batch->nr_jobs);
		batch->jobs = calloc(batch->nr_jobs, sizeof(*batch->jobs));
		for (unsigned int i = 0; batch->jobs && i < batch->nr_jobs; i++)
			batch->jobs[i] =
				(struct what_if_job){ .run = i / (unsigned int)args.nr_seeds,
				                      .seed = i % args.nr_seeds };
		if (batch->jobs && what_if_run_all(batch) && print(batch) == 0 && keep(batch))
			ret = EXIT_SUCCESS;
	}
	for (unsigned int i = 0; ret == EXIT_SUCCESS && i < batch->nr_jobs; i++)
		if (batch->jobs[i].run_id == 0)
			ret = EXIT_TROUBLE;
	if (grid)
		what_if_grid_deinit(grid);
	free(batch->jobs);
	free(grid);
	return ret;
}

static void remove_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	rmdir(path);
}

static int run_in(struct what_if_batch *batch)
{
	char *path = sqlite3_mprintf("%s/original.db", batch->directory);
	struct mmr_error err = { 0 };
	uint64_t memory = 0;
	int ret = EXIT_TROUBLE;

	batch->db_path = path;
	if (!path)
		message(TOOL, "out of memory");
	else if (follow(batch, &memory, &err) < 0)
		fail(TOOL, &err);
	else
		ret = run_grid(batch, memory);
	sqlite3_free(path);
	return ret;
}

static int check_arguments(int nr_operands)
{
	if (nr_operands == 0)
		message(TOOL, "give a trace (see %s --help)", TOOL);
	else if (args.json && args.csv)
		message(TOOL, "give one of --json and --csv");
	else if (args.nr_seeds < 1 || args.nr_seeds > 100)
		message(TOOL, "--seeds is 1 to 100");
	else if (args.nr_jobs > 1024)
		message(TOOL, "--jobs is 1 to 1024");
	else
		return 0;
	return -1;
}

int cmd_what_if(int argc, char **argv)
{
	const char *parent = getenv("TMPDIR");
	int first = options_parse(&command, argc, argv);
	struct what_if_batch batch = { .tool = TOOL };
	char *directory;
	int ret = EXIT_TROUBLE;

	if (first < 0 || check_arguments(argc - first) < 0)
		return EXIT_TROUBLE;
	batch.traces = argv + first;
	batch.nr_traces = argc - first;
	batch.force = args.force;
	batch.quiet = args.quiet;
	directory = sqlite3_mprintf("%s/mmanalyze.XXXXXX", parent && *parent ? parent : "/tmp");
	if (!directory || !mkdtemp(directory)) {
		message(TOOL, "cannot make a folder for the runs: %s",
		        directory ? directory : "out of memory");
	} else {
		batch.directory = directory;
		ret = run_in(&batch);
		remove_folder(directory);
	}
	sqlite3_free(directory);
	options_deinit(&command);
	return ret == EXIT_SUCCESS ? finish_output(TOOL, ret) : ret;
}
