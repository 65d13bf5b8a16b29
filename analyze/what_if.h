/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmanalyze what-if: which replays there are to be, running them, and what came of them. */
#ifndef ANALYZE_WHAT_IF_H
#define ANALYZE_WHAT_IF_H

#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/run.h>
#include <sqlite3.h>

#include "options.h"

#define WHAT_IF_MAX_RUNS     256
#define WHAT_IF_MAX_SETTINGS 16

/* What a run differs from the recording by, for which the error of predictions is known apart. */
enum what_if_kind {
	WHAT_IF_OWN,     /* nothing: the recorded machine */
	WHAT_IF_POLICY,  /* the policy */
	WHAT_IF_MEMORY,  /* the memory, and not the policy */
	WHAT_IF_SETTING, /* other settings alone */
	WHAT_IF_NR_KINDS
};

struct what_if_run {
	const char *policy; /* "original": the recorded one */
	char *settings[WHAT_IF_MAX_SETTINGS];
	unsigned int nr_settings;
	char name[160]; /* "mglru memory=0.75x" */
	enum what_if_kind kind;
};

/* The first run is the recorded machine with nothing changed. */
struct what_if_grid {
	struct what_if_run runs[WHAT_IF_MAX_RUNS];
	unsigned int nr_runs;
};

/* What was asked for on the command line: lists of values, crossed with each other. */
struct what_if_wish {
	const struct option_list *policies;
	const struct option_list *memories;
	const struct option_list *
		settings; /* "vm.swappiness=10", "100": a value alone belongs to the name before it */
	uint64_t memory_bytes; /* of the recorded machine */
};

/* False after a message of tool. Deinit in any case. */
bool what_if_grid_make(const char *tool, const struct what_if_wish *wish,
                       struct what_if_grid *grid);
void what_if_grid_deinit(struct what_if_grid *grid);

/* A replay: run number run of the grid with one seed. */
struct what_if_job {
	unsigned int run;
	uint64_t seed;
	int64_t run_id;  /* in the database; 0: it failed */
	char error[256]; /* why */
};

struct what_if_batch {
	const char *tool;
	char **traces; /* the parts of one */
	int nr_traces;
	const struct what_if_grid *grid;
	struct what_if_job *jobs;
	unsigned int nr_jobs;
	unsigned int nr_processes;
	const char *directory; /* for databases on the way */
	const char *db_path;   /* that all runs are in at the end; it has the original already */
	uint64_t interval_ns;
	bool force;
	bool quiet;
};

/* Runs all jobs. False after a message: interrupted, or nothing could be run at all. No process is left. */
bool what_if_run_all(struct what_if_batch *batch);

/*
 * Copies run from_id of the database at path into db, in a transaction of its own, unless it has the same one; *run_id is
 * its number there. False after a message.
 */
bool what_if_merge(const char *tool, sqlite3 *db, const char *path, int64_t from_id,
                   int64_t *run_id);

/* All runs of the database at path into db, in one transaction. Those that it has of the same replay are replaced. */
bool what_if_merge_all(const char *tool, sqlite3 *db, const char *path);

/* 0 or -1 after a message. */
int what_if_print_text(const struct what_if_batch *batch, sqlite3 *db);
int what_if_print_json(const struct what_if_batch *batch, sqlite3 *db);
int what_if_print_csv(const struct what_if_batch *batch, sqlite3 *db);

#endif
