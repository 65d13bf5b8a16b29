/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The results database as a file: one transaction from results_open() to results_commit().
 *
 * A new database is built without a journal under a temporary name beside its place and takes its
 * name when it is complete. An existing one is changed in a single transaction. Either way an
 * interrupted run leaves what was there before. Only databases that bear our application_id and a
 * version that we know are touched.
 */
#ifndef RESULTS_DB_H
#define RESULTS_DB_H

#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/error.h>

#include "rows.h"

#define RESULTS_APPLICATION_ID 0x6d6d7270 /* "mmrp" */
/* 1: without stacks; 2: scores; 3: request_stat; 4: allocation_stat to cgroup_memory; 5: lru_generation; 6: meminfo to miss_curve; 7: request_outcome to compaction_block, tlb_flush to page_table */
#define RESULTS_USER_VERSION 9

struct results_db;

/*
 * Opens path for writing, creating it if it is not there. One of an older version gets the tables and views
 * that it lacks, in the same transaction as what is written to it. MMR_E_FORMAT: it is not a results
 * database; MMR_E_VERSION: made by a newer version; MMR_E_BUSY: another process uses it;
 * MMR_E_PERMISSION, MMR_E_NOSPACE, MMR_E_IO, MMR_E_DATABASE, MMR_E_NOMEM.
 */
int results_open(const char *path, struct results_db **ret, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Makes everything since results_open() permanent. MMR_E_EXISTS: somebody else created the file
 * meanwhile. After a failure nothing is.
 */
int results_commit(struct results_db *db, struct mmr_error *err) MMR_MUST_CHECK;

/* Closes it; what was not committed is forgotten. NULL is fine. */
void results_close(struct results_db *db);

/* The trace's row: found by its fingerprint (and its path brought up to date) or new. */
int results_put_trace(struct results_db *db, const struct results_trace *trace,
                      struct mmr_error *err) MMR_MUST_CHECK;

/* Whether the trace has a run of this kind (and label, unless it is NULL). */
int results_has_run(struct results_db *db, const char *kind, const char *label, bool *ret,
                    struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Begins a run of the trace that was put last: the rows that follow belong to it. A run of the same trace,
 * kind, label and options is replaced and keeps its number. MMR_E_EXISTS: the label is that of a run with
 * other options. *run_id may be NULL.
 */
int results_begin_run(struct results_db *db, const struct results_run *run, int64_t *run_id,
                      struct mmr_error *err) MMR_MUST_CHECK;

/* The number of the run at hand. */
int64_t results_run(const struct results_db *db);

/* The rows that follow belong to a run of this session again, whose counters and zones are complete. */
int results_resume_run(struct results_db *db, int64_t run_id, struct mmr_error *err) MMR_MUST_CHECK;

/* Corrects what the run was begun with, if the trace turned out to be damaged. */
int results_set_complete(struct results_db *db, bool complete,
                         struct mmr_error *err) MMR_MUST_CHECK;

#endif
