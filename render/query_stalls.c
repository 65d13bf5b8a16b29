// SPDX-License-Identifier: GPL-2.0-or-later
/* Waits, and the kernel's own threads at work. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query.h"
#include "query_sql.h"

int db_stalls(struct db *db, const struct run *run, enum stall_source source, const char *kind,
              struct stalls *stalls, struct mmr_error *err)
{
	static const char *const sql[] = {
		[STALL_RECLAIM] = "SELECT start_ns, duration_ns FROM reclaim_episode "
				  "WHERE run_id = ? AND kind = ?2 ORDER BY start_ns",
		[STALL_COMPACTION] = "SELECT start_ns, duration_ns FROM compaction_episode "
				     "WHERE run_id = ? AND kind = ?2 ORDER BY start_ns",
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

int64_t db_first_loss(struct db *db, const struct run *run)
{
	struct mmr_error err;
	sqlite3_stmt *stmt =
		db_prepare(db, "SELECT min(t_ns) FROM lost WHERE run_id = ?", run->run_id, &err);
	int64_t t_ns = -1;

	if (stmt && sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
		t_ns = column_in_range(stmt, 0, 0, TIME_MAX);
	sqlite3_finalize(stmt);
	return t_ns;
}
