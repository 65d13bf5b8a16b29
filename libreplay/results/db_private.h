/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of this folder share. */
#ifndef RESULTS_DB_PRIVATE_H
#define RESULTS_DB_PRIVATE_H

#include <sqlite3.h>

#include "batch.h"
#include "counters.h"
#include "db.h"
#include "zones.h"

/* One prepared statement per table that rows are added to; the texts are in write.c. */
enum results_statement {
	/* Tables whose rows are inserted in batches come first. */
	RESULTS_FREE_BLOCKS,
	RESULTS_OUTCOMES,
	RESULTS_PIN_SPAN,
	RESULTS_NR_BATCHED,
	RESULTS_PARAM = RESULTS_NR_BATCHED,
	RESULTS_ZONE_NAME,
	RESULTS_INSTANT,
	RESULTS_COUNTER_NAME,
	RESULTS_COUNTER_INSTANT,
	RESULTS_NODE,
	RESULTS_ZONE,
	RESULTS_VMSTAT,
	RESULTS_TASK,
	RESULTS_RECLAIM,
	RESULTS_COMPACTION,
	RESULTS_THP,
	RESULTS_OOM,
	RESULTS_FAULT,
	RESULTS_SWAP,
	RESULTS_GENERATION,
	RESULTS_PAGEBLOCKS,
	RESULTS_LOST,
	RESULTS_VERIFICATION,
	RESULTS_STACK,
	RESULTS_STACK_FRAME,
	RESULTS_STALL_STACK,
	RESULTS_ALLOCATION,
	RESULTS_TASK_MEMORY,
	RESULTS_PIN,
	RESULTS_OOM_CANDIDATE,
	RESULTS_FILE,
	RESULTS_SLAB_CACHE,
	RESULTS_CGROUP_MEMORY,
	RESULTS_MEMINFO,
	RESULTS_MEMORY_USE,
	RESULTS_MISS_CURVE,
	RESULTS_TLB_FLUSH,
	RESULTS_TLB_REACH,
	RESULTS_PAGE_TABLE,
	RESULTS_REQUESTS,
	RESULTS_PAGEBLOCK_COUNT,
	RESULTS_PIN_HOLDER,
	RESULTS_PIN_INSTANT,
	RESULTS_COMPACTION_BLOCK,
	RESULTS_NR_STATEMENTS
};

struct results_db {
	sqlite3 *sqlite;
	char *path;
	char *temporary; /* where a new database is built; NULL: path was there already */
	bool upgraded;   /* from an older version */
	int64_t trace_id;
	int64_t run_id;
	struct mmr_error first_failure;
	sqlite3_stmt *statements[RESULTS_NR_STATEMENTS];
	struct results_counters counters; /* of the run, as the next */
	struct results_zones zones;
	struct results_batch batches[RESULTS_NR_BATCHED];
};

/* Fills err from SQLite's last error: what could not be done, and why. Returns the code. */
int results_sqlite_error(const struct results_db *db, const char *what, struct mmr_error *err);

/* Runs statements that return nothing. */
int results_exec(struct results_db *db, const char *sql, const char *what, struct mmr_error *err);

/* Inserts the rows that wait in batches. */
void results_flush(struct results_db *db);

/* Finalizes what write.c prepared. */
void results_finalize_statements(struct results_db *db);

#endif
