/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows that everything else hangs off: trace and run. */
#include <string.h>
#include <time.h>

#include <mmreplay/version.h>

#include "db_private.h"
#include "error_set.h"
#include "write.h"

/* Prepares sql; NULL with err filled. */
static sqlite3_stmt *prepare(struct results_db *db, const char *sql, struct mmr_error *err)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db->sqlite, sql, -1, &statement, NULL) != SQLITE_OK)
		results_sqlite_error(db, "writing a run", err);
	return statement;
}

/* Runs a prepared statement to its end and finalizes it; *value is its first column, if there is a row. */
static int finish(struct results_db *db, sqlite3_stmt *statement, int64_t *value, bool *found,
                  struct mmr_error *err)
{
	int step = sqlite3_step(statement);
	int code = 0;

	if (found)
		*found = step == SQLITE_ROW;
	if (step == SQLITE_ROW && value)
		*value = sqlite3_column_int64(statement, 0);
	else if (step != SQLITE_ROW && step != SQLITE_DONE)
		code = results_sqlite_error(db, "writing a run", err);
	sqlite3_finalize(statement);
	return code;
}

static void bind_text(sqlite3_stmt *statement, int column, const char *text)
{
	sqlite3_bind_text(statement, column, text ? text : "", -1, SQLITE_STATIC);
}

int results_put_trace(struct results_db *db, const struct results_trace *trace,
                      struct mmr_error *err)
{
	sqlite3_stmt *statement = prepare(
		db,
		"INSERT INTO trace (fingerprint, path, kernel_release, machine, clock, cmdline, page_size,"
		" nr_cpus, start_wall_ns, duration_ns, nr_events, nr_lost, complete)"
		" VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
		" ON CONFLICT (fingerprint) DO UPDATE SET path = excluded.path RETURNING trace_id",
		err);

	if (!statement)
		return err ? err->code : MMR_E_DATABASE;
	bind_text(statement, 1, trace->fingerprint);
	bind_text(statement, 2, trace->path);
	bind_text(statement, 3, trace->kernel_release);
	bind_text(statement, 4, trace->machine);
	bind_text(statement, 5, trace->clock);
	bind_text(statement, 6, trace->cmdline);
	sqlite3_bind_int64(statement, 7, trace->page_size);
	sqlite3_bind_int64(statement, 8, trace->nr_cpus);
	sqlite3_bind_int64(statement, 9, trace->start_wall_ns);
	sqlite3_bind_int64(statement, 10, trace->duration_ns);
	sqlite3_bind_int64(statement, 11, trace->nr_events);
	sqlite3_bind_int64(statement, 12, trace->nr_lost);
	sqlite3_bind_int64(statement, 13, trace->complete);
	return finish(db, statement, &db->trace_id, NULL, err);
}

int results_has_run(struct results_db *db, const char *kind, const char *label, bool *ret,
                    struct mmr_error *err)
{
	sqlite3_stmt *statement = prepare(
		db,
		"SELECT 1 FROM run WHERE trace_id = ?1 AND kind = ?2 AND (?3 IS NULL OR label = ?3)",
		err);

	if (!statement)
		return err ? err->code : MMR_E_DATABASE;
	sqlite3_bind_int64(statement, 1, db->trace_id);
	bind_text(statement, 2, kind);
	if (label)
		bind_text(statement, 3, label);
	return finish(db, statement, NULL, ret, err);
}

/* A label that a run with other options has is not taken over: that would lose a result silently. */
static int check_label(struct results_db *db, const struct results_run *run, struct mmr_error *err)
{
	sqlite3_stmt *statement = prepare(
		db,
		"SELECT 1 FROM run JOIN run_param USING (run_id) WHERE trace_id = ? AND kind = ?"
		" AND label = ? AND name = 'options' AND value <> ?",
		err);
	bool taken;
	int code;

	if (!statement)
		return err ? err->code : MMR_E_DATABASE;
	sqlite3_bind_int64(statement, 1, db->trace_id);
	bind_text(statement, 2, run->kind);
	bind_text(statement, 3, run->label);
	bind_text(statement, 4, run->options);
	code = finish(db, statement, NULL, &taken, err);
	if (code == 0 && taken)
		return base_error(
			err, MMR_E_EXISTS,
			"%s: \"%.60s\" is a run with other options; choose another --label, "
			"or mmanalyze runs --delete it",
			db->path, run->label);
	return code;
}

/* Deletes the run of that kind and label, if there is one; *run_id becomes its number, else 0. */
static int delete_run(struct results_db *db, const struct results_run *run, int64_t *run_id,
                      struct mmr_error *err)
{
	sqlite3_stmt *statement = prepare(
		db,
		"DELETE FROM run WHERE trace_id = ? AND kind = ? AND label = ? RETURNING run_id",
		err);

	*run_id = 0;
	if (!statement)
		return err ? err->code : MMR_E_DATABASE;
	sqlite3_bind_int64(statement, 1, db->trace_id);
	bind_text(statement, 2, run->kind);
	bind_text(statement, 3, run->label);
	return finish(db, statement, run_id, NULL, err);
}

static void utc_now(char text[32])
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/*
 * Deleting a run takes its rows along by their references to it. The rows that are added afterwards all bear the
 * run's own number: to look it up for each takes a quarter of the time.
 */
static void check_references(struct results_db *db, bool check)
{
	sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_ENABLE_FKEY, (int)check, NULL);
}

int results_begin_run(struct results_db *db, const struct results_run *run, int64_t *run_id,
                      struct mmr_error *err)
{
	sqlite3_stmt *statement;
	char created[32];
	int64_t old;
	int code;

	/* SQLite undoes everything when it runs out of memory: there is nothing to go on with. */
	results_flush(db);
	code = results_failed(db, err);
	if (code < 0)
		return code;
	results_counters_forget(&db->counters);
	results_zones_forget(&db->zones);
	check_references(db, true);
	code = check_label(db, run, err);
	if (code == 0)
		code = delete_run(db, run, &old, err);
	if (code < 0)
		return code;
	statement = prepare(
		db,
		"INSERT INTO run (run_id, trace_id, kind, label, policy, kernel, seed, access_source,"
		" begin_ns, end_ns, duration_ns, complete, tool_version, created_utc)"
		" VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?) RETURNING run_id",
		err);
	if (!statement)
		return err ? err->code : MMR_E_DATABASE;
	if (old)
		sqlite3_bind_int64(statement, 1, old);
	sqlite3_bind_int64(statement, 2, db->trace_id);
	bind_text(statement, 3, run->kind);
	bind_text(statement, 4, run->label);
	bind_text(statement, 5, run->policy);
	bind_text(statement, 6, run->kernel);
	sqlite3_bind_int64(statement, 7, run->seed);
	bind_text(statement, 8, run->access_source);
	sqlite3_bind_int64(statement, 9, run->begin_ns);
	sqlite3_bind_int64(statement, 10, run->end_ns);
	sqlite3_bind_int64(statement, 11, run->duration_ns);
	sqlite3_bind_int64(statement, 12, run->complete);
	bind_text(statement, 13, mmr_version());
	utc_now(created);
	bind_text(statement, 14, created);
	code = finish(db, statement, &db->run_id, NULL, err);
	if (code < 0)
		return code;
	check_references(db, false);
	if (run_id)
		*run_id = db->run_id;
	results_put_param(db, "options", run->options ? run->options : "");
	return 0;
}

int64_t results_run(const struct results_db *db)
{
	return db->run_id;
}

int results_resume_run(struct results_db *db, int64_t run_id, struct mmr_error *err)
{
	results_flush(db);
	db->run_id = run_id;
	return results_failed(db, err);
}

int results_set_complete(struct results_db *db, bool complete, struct mmr_error *err)
{
	sqlite3_stmt *statement = prepare(db, "UPDATE run SET complete = ? WHERE run_id = ?", err);

	if (!statement)
		return err ? err->code : MMR_E_DATABASE;
	sqlite3_bind_int64(statement, 1, complete);
	sqlite3_bind_int64(statement, 2, db->run_id);
	return finish(db, statement, NULL, NULL, err);
}
