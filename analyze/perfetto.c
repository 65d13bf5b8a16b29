/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs are the processes of the trace, tasks their threads: so a replay lies below the original, on the same axis.
 * Each query gives events as JSON objects, one a row: M names a run or a task, X is an episode with a beginning and
 * a duration, C the value of counters from then on, i an instant. Times are in microseconds.
 */
#include "perfetto.h"

#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include "database.h"
#include "terminal.h"

#define CHOSEN " (?1 = '' OR r.label = ?1 OR CAST(r.run_id AS TEXT) = ?1) "

/* An episode whose end is not in the trace lasts until its run ends. */
#define LASTS(e) " coalesce(" e ".duration_ns, max(r.duration_ns - " e ".start_ns, 0)) / 1000.0"

/* The kernel's threads of a replay have no pid: a thread each, beyond any pid (PID_MAX_LIMIT). */
#define THREAD(e)                                                                                \
	" CASE WHEN " e ".pid > 0 THEN " e ".pid WHEN " e ".comm LIKE 'kcompactd%' THEN 4194305" \
	" WHEN " e ".comm LIKE 'khugepaged%' THEN 4194306 WHEN " e                               \
	".comm GLOB 'kswapd[1-9]*' THEN 4194306 + substr(" e ".comm, 7) ELSE 0 END"

static const char *const queries[] = {
	/* Names. */
	"SELECT json_object('ph', 'M', 'name', 'process_name', 'pid', r.run_id, 'tid', 0,"
	" 'args', json_object('name', CASE r.label WHEN r.kind THEN '' ELSE r.kind || ' ' END"
	" || r.label || ' (' || r.kernel || ')'))"
	" FROM run r WHERE" CHOSEN "ORDER BY r.run_id",
	"SELECT json_object('ph', 'M', 'name', 'process_sort_index', 'pid', r.run_id, 'tid', 0,"
	" 'args', json_object('sort_index', r.run_id)) FROM run r WHERE" CHOSEN "ORDER BY r.run_id",
	"SELECT json_object('ph', 'M', 'name', 'thread_name', 'pid', r.run_id, 'tid'," THREAD(
		"e") ","
		     " 'args', json_object('name', max(e.comm)))"
		     " FROM (SELECT run_id, pid, comm FROM reclaim_episode"
		     " UNION SELECT run_id, pid, comm FROM compaction_episode"
		     " UNION SELECT run_id, pid, comm FROM oom_kill) e JOIN run r USING (run_id)"
		     " WHERE" CHOSEN
		     "GROUP BY r.run_id," THREAD("e") " ORDER BY r.run_id," THREAD("e"),
	/* Episodes: what is around another comes first. */
	"SELECT json_object('ph', 'X', 'cat', 'reclaim', 'name', CASE e.kind WHEN 'kswapd' THEN 'kswapd'"
	" WHEN 'throttle' THEN 'throttled' ELSE e.kind || ' reclaim' END, 'pid', r.run_id,"
	" 'tid'," THREAD("e") ", 'ts', e.start_ns / 1000.0, 'dur'," LASTS(
		"e") ", 'args',"
		     " json_object('cause', e.cause, 'order', e.page_order, 'scanned pages', e.nr_scanned,"
		     " 'reclaimed pages', e.nr_reclaimed, 'ended', e.duration_ns IS NOT NULL))"
		     " FROM reclaim_episode e JOIN run r USING (run_id) WHERE" CHOSEN
		     "ORDER BY r.run_id, e.start_ns, e.duration_ns DESC, e.rowid",
	"SELECT json_object('ph', 'X', 'cat', 'compaction', 'name', CASE e.kind WHEN 'kcompactd'"
	" THEN 'kcompactd' ELSE e.kind || ' compaction' END, 'pid', r.run_id, 'tid'," THREAD(
		"e") ","
		     " 'ts', e.start_ns / 1000.0, 'dur'," LASTS(
			     "e") ", 'args', json_object('result', e.result,"
				  " 'order', e.page_order, 'scanned pages', e.nr_migrate_scanned,"
				  " 'migrated pages', e.nr_migrated, 'failed pages', e.nr_failed,"
				  " 'ended', e.duration_ns IS NOT NULL))"
				  " FROM compaction_episode e JOIN run r USING (run_id) WHERE" CHOSEN
				  "ORDER BY r.run_id, e.start_ns, e.duration_ns DESC, e.rowid",
	"SELECT json_object('ph', 'i', 's', 'p', 'cat', 'oom', 'name', 'OOM kill', 'pid', r.run_id,"
	" 'tid', e.pid, 'ts', e.t_ns / 1000.0, 'args', json_object('victim', e.comm,"
	" 'anon KiB', e.anon_rss_kb, 'file KiB', e.file_rss_kb))"
	" FROM oom_kill e JOIN run r USING (run_id) WHERE" CHOSEN "ORDER BY r.run_id, e.t_ns",
	/* Counters. */
	"SELECT json_object('ph', 'C', 'name', 'free pages, ' || zone || ' of node ' || node,"
	" 'pid', r.run_id, 'ts', t_ns / 1000.0,"
	" 'args', json_object('pages', sum(blocks << page_order)))"
	" FROM buddy b JOIN run r USING (run_id) WHERE" CHOSEN
	"GROUP BY r.run_id, node, zone, t_ns ORDER BY r.run_id, node, zone, t_ns",
	"SELECT json_object('ph', 'C', 'name', 'swap', 'pid', r.run_id, 'ts', t_ns / 1000.0, 'args',"
	" json_object('pages in use', slots_used, 'pages in', swapped_in, 'pages out', swapped_out))"
	" FROM swap_stat s JOIN run r USING (run_id) WHERE" CHOSEN "ORDER BY r.run_id, t_ns",
	"SELECT json_object('ph', 'C', 'name', 'memory of ' || comm || '-' || m.pid, 'pid', r.run_id,"
	" 'ts', t_ns / 1000.0, 'args', json_object('anon pages', anon, 'file pages', file,"
	" 'shmem pages', shmem, 'swap pages', swap))"
	" FROM task_memory m JOIN run r USING (run_id) WHERE" CHOSEN
	"ORDER BY r.run_id, m.pid, t_ns",
	/* Of /proc/vmstat only what moved. */
	"SELECT json_object('ph', 'C', 'name', v.name, 'pid', r.run_id, 'ts', v.t_ns / 1000.0,"
	" 'args', json_object('value', v.value))"
	" FROM vmstat v JOIN run r USING (run_id) JOIN (SELECT run_id, name FROM vmstat"
	" GROUP BY run_id, name HAVING min(value) <> max(value)) m"
	" ON m.run_id = v.run_id AND m.name = v.name WHERE" CHOSEN
	"ORDER BY r.run_id, v.name, v.t_ns",
};

/* A task may be called something that is not UTF-8, and JSON may hold nothing else. */
static void write_object(const char *object, FILE *stream)
{
	json_t *value = json_loads(object, 0, NULL);

	if (value) {
		fputs(object, stream);
		json_decref(value);
		return;
	}
	for (; *object; object++)
		putc(*object & 0x80 ? '?' : *object, stream);
}

int64_t perfetto_write(const char *tool, sqlite3 *db, const char *run, FILE *stream)
{
	int64_t nr_events = 0;

	fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[", stream);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		sqlite3_stmt *statement = database_prepare(tool, db, queries[i], run, NULL);
		int step;

		if (!statement)
			return -1;
		while ((step = sqlite3_step(statement)) == SQLITE_ROW && !ferror(stream)) {
			fputs(nr_events++ ? ",\n" : "\n", stream);
			write_object((const char *)sqlite3_column_text(statement, 0), stream);
		}
		if (step != SQLITE_DONE && !ferror(stream)) {
			message(tool, "reading the database failed: %s", sqlite3_errmsg(db));
			nr_events = -1;
		}
		sqlite3_finalize(statement);
		if (nr_events < 0)
			return -1;
	}
	fputs("\n]}\n", stream);
	return nr_events;
}
