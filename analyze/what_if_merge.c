/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs from one database into another: what the processes of a batch wrote comes together. */
#include "database.h"
#include "terminal.h"
#include "what_if.h"

/* Runs sql with up to two numbers; *value (may be NULL) is the first column of its last row. False after a message. */
static bool execute(const char *tool, sqlite3 *db, const char *sql, const int64_t numbers[2],
                    int64_t *value)
{
	sqlite3_stmt *statement = database_prepare(tool, db, sql, NULL);
	int step;

	if (!statement)
		return false;
	for (int i = 0; i < 2 && i < sqlite3_bind_parameter_count(statement); i++)
		sqlite3_bind_int64(statement, i + 1, numbers[i]);
	while ((step = sqlite3_step(statement)) == SQLITE_ROW)
		if (value)
			*value = sqlite3_column_int64(statement, 0);
	if (step != SQLITE_DONE)
		message(tool, "cannot put the runs together: %s", sqlite3_errmsg(db));
	sqlite3_finalize(statement);
	return step == SQLITE_DONE;
}

/* Rows of tables other than run, with the run's new number. */
static bool copy_rows(const char *tool, sqlite3 *db, const int64_t ids[2])
{
	sqlite3_stmt *tables = database_prepare(
		tool, db,
		"SELECT printf('INSERT INTO main.\"%w\" (run_id, %s) SELECT ?2, %s FROM one.\"%w\" WHERE run_id = ?1',"
		" m.name, c.list, c.list, m.name) FROM main.sqlite_schema m"
		" JOIN (SELECT t.name AS t, group_concat('\"' || p.name || '\"') AS list FROM main.sqlite_schema t,"
		"  pragma_table_info(t.name) p WHERE t.type = 'table' AND p.name <> 'run_id' GROUP BY t.name) c ON c.t = m.name"
		" WHERE m.type = 'table' AND m.name <> 'run'"
		" AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) WHERE name = 'run_id')",
		NULL);
	bool good = tables;

	while (good && sqlite3_step(tables) == SQLITE_ROW)
		good = execute(tool, db, (const char *)sqlite3_column_text(tables, 0), ids, NULL);
	sqlite3_finalize(tables);
	return good;
}

#define SAME_RUN                                                                                       \
	" EXISTS (SELECT 1 FROM one.run r JOIN one.trace t USING (trace_id)"                           \
	" JOIN main.trace mt ON mt.fingerprint = t.fingerprint WHERE r.run_id = ?1"                    \
	" AND mt.trace_id = main.run.trace_id AND r.kind = main.run.kind AND r.label = main.run.label" \
	" AND (SELECT value FROM one.run_param p WHERE p.run_id = r.run_id AND p.name = 'options')"    \
	" IS (SELECT value FROM main.run_param p WHERE p.run_id = main.run.run_id AND p.name = 'options'))"

/* From the attached database "one"; ids[1] becomes the run's number in main. */
static bool copy_run(const char *tool, sqlite3 *db, int64_t ids[2])
{
	static const char trace_columns[] =
		"fingerprint, path, kernel_release, machine, clock, cmdline, page_size, nr_cpus, start_wall_ns,"
		" duration_ns, nr_events, nr_lost, complete";
	static const char run_columns[] =
		"kind, label, policy, kernel, seed, access_source, begin_ns, end_ns, duration_ns, complete, tool_version,"
		" created_utc";
	char *trace = sqlite3_mprintf(
		"INSERT OR IGNORE INTO main.trace (%s) SELECT %s FROM one.trace"
		" WHERE trace_id = (SELECT trace_id FROM one.run WHERE run_id = ?1)",
		trace_columns, trace_columns);
	char *run = sqlite3_mprintf(
		"INSERT INTO main.run (trace_id, %s) SELECT (SELECT trace_id FROM main.trace"
		" WHERE fingerprint = (SELECT fingerprint FROM one.trace t WHERE t.trace_id = r.trace_id)), %s"
		" FROM one.run r WHERE run_id = ?1 RETURNING run_id",
		run_columns, run_columns);
	/* One with other options under this label is no earlier form of it: then inserting fails. */
	static const char replace[] = "DELETE FROM main.run WHERE" SAME_RUN;
	bool good = trace && run && execute(tool, db, replace, ids, NULL) &&
	            execute(tool, db, trace, ids, NULL) && execute(tool, db, run, ids, &ids[1]) &&
	            copy_rows(tool, db, ids);

	sqlite3_free(trace);
	sqlite3_free(run);
	return good;
}

static bool begin(const char *tool, sqlite3 *db, const char *path)
{
	sqlite3_stmt *attach = database_prepare(tool, db, "ATTACH ?1 AS one", path, NULL);
	int step = attach ? sqlite3_step(attach) : SQLITE_ERROR;

	sqlite3_finalize(attach);
	if (attach && step != SQLITE_DONE)
		message(tool, "%s: %s", path, sqlite3_errmsg(db));
	return step == SQLITE_DONE && execute(tool, db, "PRAGMA foreign_keys = ON", NULL, NULL) &&
	       execute(tool, db, "BEGIN IMMEDIATE", NULL, NULL);
}

static bool end(const char *tool, sqlite3 *db, bool good)
{
	if (good)
		good = execute(tool, db, "COMMIT", NULL, NULL);
	else if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_exec(db, "DETACH one", NULL, NULL, NULL);
	return good;
}

bool what_if_merge(const char *tool, sqlite3 *db, const char *path, int64_t from_id,
                   int64_t *run_id)
{
	int64_t ids[2] = { from_id, 0 };
	/* Two combinations may be the same run: the recorded policy by its name, and nothing changed. */
	bool good = begin(tool, db, path) &&
	            execute(tool, db, "SELECT run_id FROM main.run WHERE" SAME_RUN, ids, &ids[1]) &&
	            (ids[1] || copy_run(tool, db, ids));

	*run_id = ids[1];
	return end(tool, db, good);
}

bool what_if_merge_all(const char *tool, sqlite3 *db, const char *path)
{
	bool good = begin(tool, db, path);
	/* An original that is there already says the same. */
	static const char missing[] =
		"SELECT run_id FROM one.run r JOIN one.trace t USING (trace_id) WHERE kind = 'replay' OR NOT EXISTS"
		" (SELECT 1 FROM main.run m JOIN main.trace mt USING (trace_id) WHERE m.kind = 'original'"
		" AND mt.fingerprint = t.fingerprint) ORDER BY run_id";
	sqlite3_stmt *runs = good ? database_prepare(tool, db, missing, NULL) : NULL;

	good = runs;
	while (good && sqlite3_step(runs) == SQLITE_ROW) {
		int64_t ids[2] = { sqlite3_column_int64(runs, 0), 0 };

		good = copy_run(tool, db, ids);
	}
	sqlite3_finalize(runs);
	return end(tool, db, good);
}
