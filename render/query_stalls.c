// SPDX-License-Identifier: GPL-2.0-or-later
/* Waits, and the kernel's own threads at work. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query.h"
#include "query_sql.h"

#define CAUSE_DIRTY "'too many dirty pages'"

int db_stalls(struct db *db, const struct run *run, enum stall_source source, const char *kind,
              struct stalls *stalls, struct mmr_error *err)
{
	static const char *const sql[] = {
		[STALL_RECLAIM] = ("SELECT start_ns, duration_ns FROM reclaim_episode "
		                   "WHERE run_id = ? AND kind = ?2 AND cause IS NOT " CAUSE_DIRTY
		                   " ORDER BY start_ns"),
		[STALL_DIRTY] = ("SELECT start_ns, duration_ns FROM reclaim_episode "
		                 "WHERE run_id = ? AND kind = ?2 AND cause = " CAUSE_DIRTY
		                 " ORDER BY start_ns"),
		[STALL_COMPACTION] = ("SELECT start_ns, duration_ns FROM compaction_episode "
		                      "WHERE run_id = ? AND kind = ?2 ORDER BY start_ns"),
		[STALL_OOM] = "SELECT t_ns, 0 FROM oom_kill WHERE run_id = ? ORDER BY t_ns",
	};
	sqlite3_stmt *stmt = db_prepare(db, sql[source], run->run_id, err);
	int rc;

	if (!stmt)
		return err->code;
	if (source != STALL_OOM)
		sqlite3_bind_text(stmt, 2, kind, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct stall stall = { .start_ns = column_in_range(stmt, 0, 0, TIME_MAX) };

		stall.duration_ns = column_in_range(stmt, 1, 0, TIME_MAX);
		if (sqlite3_column_type(stmt, 1) == SQLITE_NULL &&
		    run->duration_ns > stall.start_ns)
			stall.duration_ns = run->duration_ns - stall.start_ns;
		stalls->items = xgrow(stalls->items, stalls->count, &stalls->capacity,
		                      sizeof(*stalls->items));
		stalls->items[stalls->count++] = stall;
		if (stall.duration_ns > stalls->longest_ns)
			stalls->longest_ns = stall.duration_ns;
		if (stall.start_ns + stall.duration_ns > stalls->last_ns)
			stalls->last_ns = stall.start_ns + stall.duration_ns;
	}
	return db_finish(db, stmt, rc, err);
}

void stalls_deinit(struct stalls *stalls)
{
	free(stalls->items);
	*stalls = (struct stalls){ 0 };
}

static int64_t first_of(struct db *db, const struct run *run, const char *sql)
{
	struct mmr_error err;
	sqlite3_stmt *stmt = db_prepare(db, sql, run->run_id, &err);
	int64_t t_ns = -1;

	if (stmt && sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
		t_ns = column_in_range(stmt, 0, 0, TIME_MAX);
	sqlite3_finalize(stmt);
	return t_ns;
}

int64_t db_first_loss(struct db *db, const struct run *run)
{
	return first_of(db, run, "SELECT min(t_ns) FROM lost WHERE run_id = ?");
}

int64_t db_first_sample(struct db *db, const struct run *run)
{
	return first_of(db, run, "SELECT min(t_ns) FROM instant WHERE run_id = ?");
}

/* ---- by task ---- */

/* A pair of kind and place in stall_kinds[]: what a task itself waits for. */
static const struct {
	const char *kind;
	size_t number;
} waits_of_tasks[] = {
	{ "direct", 0 }, { "memcg", 2 }, { "node", 3 }, { "compaction", 4 }, { "throttle", 5 }
};

static size_t wait_number(const char *kind)
{
	for (size_t i = 0; i < sizeof(waits_of_tasks) / sizeof(waits_of_tasks[0]); i++) {
		if (strcmp(kind, waits_of_tasks[i].kind) == 0)
			return waits_of_tasks[i].number;
	}
	return 0;
}

static int by_total(const void *left, const void *right)
{
	const struct task_wait *a = left, *b = right;

	if (a->total_ns > b->total_ns || a->total_ns < b->total_ns)
		return a->total_ns > b->total_ns ? -1 : 1;
	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static double clamped(double ns)
{
	return ns > 0 ? ns < (double)TIME_MAX ? ns : (double)TIME_MAX : 0;
}

static void add_recorder(struct task_waits *waits, sqlite3_stmt *stmt)
{
	waits->recorder_count += (size_t)column_in_range(stmt, 3, 0, TIME_MAX);
	waits->recorder_ns += clamped(sqlite3_column_double(stmt, 4));
}

static void add_wait(struct task_waits *waits, sqlite3_stmt *stmt)
{
	int64_t pid = sqlite3_column_int64(stmt, 0);
	struct task_wait *task = waits->count ? &waits->items[waits->count - 1] : NULL;
	char comm[NAME_SIZE], kind[16];
	double ns = clamped(sqlite3_column_double(stmt, 4));
	double longest = sqlite3_column_double(stmt, 5);

	column_name(stmt, 1, comm, sizeof(comm));
	column_name(stmt, 2, kind, sizeof(kind));
	if (!task || task->pid != pid || strcmp(task->comm, comm) != 0) {
		waits->items =
			xgrow(waits->items, waits->count, &waits->capacity, sizeof(*waits->items));
		task = &waits->items[waits->count++];
		*task = (struct task_wait){ .pid = pid };
		snprintf(task->comm, sizeof(task->comm), "%s", comm);
	}
	task->count += (size_t)column_in_range(stmt, 3, 0, TIME_MAX);
	task->ns[wait_number(kind)] += ns;
	task->total_ns += ns;
	task->longest_ns = longest > task->longest_ns ? longest : task->longest_ns;
}

int db_task_waits(struct db *db, const struct run *run, int64_t since, int64_t until,
                  struct task_waits *waits, struct mmr_error *err)
{
	/* By the last names, which the recording of a replay knows. */
	static const char sql[] =
		"SELECT pid, name, kind, n, total, longest, "
		"name GLOB 'mmcap*' OR name GLOB 'trace-cmd*' FROM (SELECT pid, kind, n, total, longest, coalesce(("
		"SELECT t.comm FROM task t JOIN run o USING (run_id) JOIN run r USING (trace_id) "
		"WHERE r.run_id = ?1 AND o.kind = 'original' AND t.pid = waits.pid "
		"ORDER BY t.start_ns DESC LIMIT 1), comm) AS name FROM ("
		"SELECT pid, comm, kind, count(*) AS n, sum(ns) AS total, max(ns) AS longest FROM ("
		"SELECT pid, comm, kind, start_ns, 1.0 * coalesce(duration_ns, ?4 - start_ns) AS ns "
		"FROM reclaim_episode WHERE run_id = ?1 AND (kind IN ('direct', 'memcg', 'node') "
		"OR cause = " CAUSE_DIRTY ") "
		"UNION ALL "
		"SELECT pid, comm, 'compaction', start_ns, 1.0 * coalesce(duration_ns, ?4 - start_ns) "
		"FROM compaction_episode WHERE run_id = ?1 AND kind = 'direct') "
		"WHERE start_ns <= ?3 AND start_ns + ns >= ?2 "
		"GROUP BY pid, comm, kind) waits) ORDER BY pid, name";
	sqlite3_stmt *stmt = db_prepare(db, sql, run->run_id, err);
	int rc;

	if (!stmt)
		return err->code;
	sqlite3_bind_int64(stmt, 2, since);
	sqlite3_bind_int64(stmt, 3, until);
	sqlite3_bind_int64(stmt, 4, run->duration_ns);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		(sqlite3_column_int(stmt, 6) ? add_recorder : add_wait)(waits, stmt);
	if (waits->count)
		qsort(waits->items, waits->count, sizeof(*waits->items), by_total);
	return db_finish(db, stmt, rc, err);
}

void task_waits_deinit(struct task_waits *waits)
{
	free(waits->items);
	*waits = (struct task_waits){ 0 };
}
