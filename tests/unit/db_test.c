/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The results database as a file: whole or not at all, and never somebody else's. */
#include "db.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"
#include "write.h"

static char folder[64];

static const char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/mmr-db-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* First column of the first row of a query. */
static int64_t ask(const char *path, const char *sql)
{
	sqlite3 *sqlite;
	sqlite3_stmt *statement;
	int64_t value;

	assert_int_equal(sqlite3_open_v2(path, &sqlite, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(sqlite, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(sqlite);
	return value;
}

static struct results_db *open_with_run(const char *path, const char *label)
{
	const struct results_trace trace = { .fingerprint = "f00d",
		                             .path = "a.zst",
		                             .kernel_release = "6.12",
		                             .machine = "x86_64",
		                             .clock = "mono",
		                             .cmdline = "" };
	const struct results_run run = { .kind = "replay",
		                         .label = label,
		                         .policy = "clock",
		                         .kernel = "6.12",
		                         .access_source = "none" };
	struct results_db *db = NULL;
	struct mmr_error err = { 0 };

	assert_int_equal(results_open(path, &db, &err), 0);
	assert_int_equal(results_put_trace(db, &trace, &err), 0);
	assert_int_equal(results_begin_run(db, &run, NULL, &err), 0);
	return db;
}

static void test_new_database_appears_at_commit(void **state)
{
	const char *path = in_folder("new.db");
	struct results_db *db = open_with_run(path, "a");
	struct mmr_error err = { 0 };

	(void)state;
	assert_int_equal(access(path, F_OK), -1);
	results_put_vmstat(db, 5, "pgfault", 7);
	assert_int_equal(results_commit(db, &err), 0);
	results_close(db);
	assert_int_equal(ask(path, "SELECT value FROM vmstat WHERE name = 'pgfault'"), 7);
	assert_int_equal(ask(path, "PRAGMA application_id"), RESULTS_APPLICATION_ID);
	assert_int_equal(ask(path, "PRAGMA user_version"), RESULTS_USER_VERSION);
}

static void test_without_commit_nothing_is_left(void **state)
{
	char command[96];

	(void)state;
	results_close(open_with_run(in_folder("none.db"), "a"));
	snprintf(command, sizeof(command), "test -z \"$(ls %s)\"", folder);
	assert_int_equal(system(command), 0);
}

static void commit_run(const char *path, const char *label, int64_t value)
{
	struct results_db *db = open_with_run(path, label);
	struct mmr_error err = { 0 };

	results_put_vmstat(db, 0, "pgfault", value);
	assert_int_equal(results_commit(db, &err), 0);
	results_close(db);
}

static void test_same_run_replaces_itself(void **state)
{
	const char *path = in_folder("runs.db");

	(void)state;
	commit_run(path, "a", 1);
	commit_run(path, "b", 2);
	commit_run(path, "a", 3);
	assert_int_equal(ask(path, "SELECT count(*) FROM run"), 2);
	assert_int_equal(ask(path, "SELECT count(*) FROM vmstat"), 2);
	assert_int_equal(
		ask(path, "SELECT value FROM vmstat JOIN run USING (run_id) WHERE label = 'a'"), 3);
	assert_int_equal(ask(path, "SELECT run_id FROM run WHERE label = 'a'"), 1);
}

static void test_interrupted_append_changes_nothing(void **state)
{
	const char *path = in_folder("append.db");
	struct results_db *db;

	(void)state;
	commit_run(path, "a", 1);
	db = open_with_run(path, "a");
	results_put_vmstat(db, 0, "pgfault", 99);
	results_close(db);
	assert_int_equal(ask(path, "SELECT value FROM vmstat"), 1);
}

/* A reader that came while the run went on keeps the database in WAL mode, and spoils nothing. */
static void test_reader_does_not_spoil_commit(void **state)
{
	const char *path = in_folder("read.db");
	struct mmr_error err = { 0 };
	struct results_db *db;
	sqlite3 *reader;

	(void)state;
	commit_run(path, "a", 1);
	db = open_with_run(path, "b");
	assert_int_equal(sqlite3_open(path, &reader), SQLITE_OK);
	assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM run", NULL, NULL, NULL),
	                 SQLITE_OK);
	assert_int_equal(results_commit(db, &err), 0);
	results_close(db);
	sqlite3_close(reader);
	assert_int_equal(ask(path, "SELECT count(*) FROM run"), 2);
	commit_run(path, "c", 3);
	assert_int_equal(ask(path, "SELECT count(*) FROM run"), 3);
}

static void test_failure_is_kept_until_commit(void **state)
{
	const char *path = in_folder("bad.db");
	struct results_db *db = open_with_run(path, "a");
	struct mmr_error err = { 0 };

	(void)state;
	results_put_vmstat(db, 0, NULL, 1); /* NOT NULL */
	results_put_vmstat(db, 0, "pgfault", 1);
	assert_true(results_failed(db, NULL) < 0);
	assert_true(results_commit(db, &err) < 0);
	assert_non_null(strstr(err.text, "NOT NULL"));
	results_close(db);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_foreign_files_are_refused(void **state)
{
	struct results_db *db = NULL;
	struct mmr_error err = { 0 };
	struct stat before, after;
	sqlite3 *sqlite;
	FILE *file;

	(void)state;
	assert_int_equal(sqlite3_open(in_folder("foreign.db"), &sqlite), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sqlite, "CREATE TABLE t (x)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(sqlite);
	assert_int_equal(stat(in_folder("foreign.db"), &before), 0);
	assert_int_equal(results_open(in_folder("foreign.db"), &db, &err), MMR_E_FORMAT);
	assert_int_equal(stat(in_folder("foreign.db"), &after), 0);
	assert_true(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);

	file = fopen(in_folder("text.db"), "w");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fputs("this is no database\n", file);
	fclose(file);
	assert_int_equal(results_open(in_folder("text.db"), &db, &err), MMR_E_FORMAT);
	assert_int_equal(results_open("/dev/null", &db, &err), MMR_E_FORMAT);
	assert_int_equal(results_open(in_folder("no/such/folder.db"), &db, &err), MMR_E_NOTFOUND);
	assert_null(db);
}

static void test_newer_version_is_refused(void **state)
{
	const char *path = in_folder("newer.db");
	struct results_db *db = NULL;
	struct mmr_error err = { 0 };
	sqlite3 *sqlite;

	(void)state;
	commit_run(path, "a", 1);
	assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sqlite, "PRAGMA user_version = 1000", NULL, NULL, NULL),
	                 SQLITE_OK);
	sqlite3_close(sqlite);
	assert_int_equal(results_open(path, &db, &err), MMR_E_VERSION);
}

/* As a version wrote it that knew no stacks and had tables buddy and frag; its view lacks a column. */
static void make_old(const char *path)
{
	static const char sql[] =
		"ALTER TABLE file_stat DROP COLUMN written; ALTER TABLE file_stat DROP COLUMN writer_pid;"
		"ALTER TABLE file_stat DROP COLUMN writer_comm; ALTER TABLE file_stat DROP COLUMN files;"
		"INSERT INTO file_stat VALUES (1, '8:1', 12, 900, 7, 'tar', 900, 0, 900, 800);"
		"DROP VIEW reclaim_stalls; DROP VIEW compaction_stalls; DROP VIEW stall_stacks;"
		"DROP TABLE stall_stack; DROP TABLE stack_frame; DROP TABLE stack;"
		"CREATE VIEW reclaim_stalls AS SELECT run_id, pid FROM reclaim_episode;"
		"DROP VIEW buddy; DROP VIEW frag; DROP TABLE free_blocks; DROP TABLE instant;"
		"DROP TABLE zone_name;"
		"CREATE TABLE buddy (run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
		" t_ns INTEGER NOT NULL, node INTEGER NOT NULL, zone TEXT NOT NULL,"
		" page_order INTEGER NOT NULL, migratetype TEXT NOT NULL, blocks INTEGER NOT NULL) STRICT;"
		"INSERT INTO buddy VALUES (1, 5, 0, 'DMA', 0, 'Movable', 3),"
		" (1, 5, 0, 'DMA', 10, 'Movable', 1), (1, 6, 0, 'DMA', 9, 'Unmovable', 1),"
		" (1, 7, 0, 'DMA', 9, 'Unmovable', 1), (1, 8, 0, 'DMA', 0, 'Movable', 2),"
		" (1, 9, 0, 'DMA', 9, 'Unmovable', 1);"
		"CREATE TABLE frag (run_id INTEGER NOT NULL) STRICT;"
		"DROP VIEW pinned_block; DROP TABLE pin_span; DROP TABLE pin_instant;"
		"CREATE TABLE pinned_block (run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
		" t_ns INTEGER NOT NULL, node INTEGER NOT NULL, zone TEXT NOT NULL,"
		" first_pfn INTEGER NOT NULL, holder_id INTEGER NOT NULL, pages INTEGER NOT NULL,"
		" holders INTEGER NOT NULL) STRICT;"
		"DROP VIEW request_outcome; DROP TABLE outcome_change;"
		"CREATE TABLE request_outcome (run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
		" t_ns INTEGER NOT NULL, node INTEGER NOT NULL, zone TEXT NOT NULL,"
		" page_order INTEGER NOT NULL, migratetype TEXT NOT NULL, outcome TEXT NOT NULL) STRICT;"
		"INSERT INTO request_outcome VALUES (1, 5, 0, 'DMA', 0, 'Movable', 'own'),"
		" (1, 5, 0, 'DMA', 10, 'Movable', 'pinned'), (1, 6, 0, 'DMA', 10, 'Movable', 'memory');"
		"INSERT INTO pinned_block VALUES (1, 5, 0, 'DMA', 512, 1, 7, 1), (1, 6, 0, 'DMA', 512, 1, 7, 1);"
		"DROP VIEW vmstat; DROP VIEW meminfo; DROP TABLE vmstat_value; DROP TABLE meminfo_value;"
		"DROP TABLE counter_name; DROP TABLE counter_instant;"
		"CREATE TABLE vmstat (run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
		" t_ns INTEGER NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL) STRICT;"
		"INSERT INTO vmstat VALUES (1, 0, 'pgfault', 1), (1, 5, 'pgfault', 40), (1, 5, 'pgfree', 2);"
		"CREATE TABLE meminfo (run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
		" t_ns INTEGER NOT NULL, name TEXT NOT NULL, kb INTEGER NOT NULL) STRICT;"
		"INSERT INTO meminfo VALUES (1, 5, 'MemFree', 300), (1, 6, 'MemFree', 4000);"
		"CREATE VIEW mine AS SELECT 7;"
		"PRAGMA user_version = 1";
	sqlite3 *sqlite;

	commit_run(path, "a", 1);
	assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(sqlite);
}

static void test_older_version_is_brought_up_to_date(void **state)
{
	const char *path = in_folder("older.db");

	(void)state;
	make_old(path);
	commit_run(path, "b", 2);
	assert_int_equal(ask(path, "PRAGMA user_version"), RESULTS_USER_VERSION);
	assert_int_equal(ask(path, "SELECT count(*) FROM vmstat"), 4);
	assert_int_equal(ask(path, "SELECT sum(value * (t_ns + 1)) FROM vmstat"
	                           " WHERE run_id = 1 AND name = 'pgfault'"),
	                 241);
	assert_int_equal(ask(path, "SELECT sum(kb * t_ns) FROM meminfo WHERE name = 'MemFree'"),
	                 25500);
	assert_int_equal(ask(path, "SELECT count(code) FROM reclaim_stalls"), 0);
	assert_int_equal(ask(path, "SELECT count(*) FROM stall_stacks"), 0);
	assert_int_equal(ask(path, "SELECT added - written + files FROM file_stat"), 901);
	assert_int_equal(ask(path, "SELECT * FROM mine"), 7);
	assert_int_equal(ask(path, "SELECT count(*) FROM buddy"), 6);
	assert_int_equal(ask(path, "SELECT sum(blocks << page_order) FROM buddy"), 2565);
	assert_int_equal(ask(path, "SELECT count(*) FROM free_blocks"), 4);
	assert_int_equal(ask(path, "SELECT group_concat(t_ns, '') FROM buddy"
	                           " WHERE migratetype = 'Unmovable' AND zone = 'DMA'"),
	                 679);
	assert_int_equal(ask(path, "SELECT count(*) FROM pin_span"), 1);
	assert_int_equal(ask(path, "PRAGMA freelist_count"), 0);
	assert_int_equal(ask(path, "SELECT sum(pages) FROM pinned_block"), 14);
	assert_int_equal(ask(path, "SELECT count(*) FROM request_outcome"), 3);
	assert_int_equal(
		ask(path,
	            "SELECT t_ns * 100 + page_order FROM request_outcome WHERE outcome = 'memory'"),
		610);
	assert_int_equal(ask(path, "SELECT unusable FROM frag WHERE t_ns = 5 AND page_order = 1"),
	                 3 * 1000 / 1027);
	commit_run(path, "c", 3);
	assert_int_equal(ask(path, "SELECT count(*) FROM run"), 3);
}

static void test_older_version_stays_without_commit(void **state)
{
	const char *path = in_folder("older.db");

	(void)state;
	make_old(path);
	results_close(open_with_run(path, "b"));
	assert_int_equal(ask(path, "PRAGMA user_version"), 1);
	assert_int_equal(ask(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'stack'"), 0);
	assert_int_equal(ask(path, "SELECT count(*) FROM run"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_new_database_appears_at_commit, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_without_commit_nothing_is_left, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_same_run_replaces_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(test_interrupted_append_changes_nothing, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_reader_does_not_spoil_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failure_is_kept_until_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign_files_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_newer_version_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_older_version_is_brought_up_to_date, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_older_version_stays_without_commit, setup,
		                                teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
