/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole runs while the N-th allocation fails: MMR_E_NOMEM, everything given back, the database untouched. */
#include "result_rows.h"

#include <mmreplay/curve.h>
#include <mmreplay/run.h>

#include "fail_at.h"
#include "run_trace.h"

#define NR_ROUNDS 20

static char trace_path[96];
static struct mmr_trace *trace;
static struct mmr_run_options options;

static int set_up(void **state)
{
	if (rows_set_up(state) < 0)
		return -1;
	snprintf(trace_path, sizeof(trace_path), "%s/trace.zst", rows_folder);
	run_trace_write(trace_path, NR_ROUNDS);
	options = (struct mmr_run_options){ .db_path = rows_path, .policy = "clock" };
	return mmr_trace_open(trace_path, NULL, &trace, NULL);
}

static int tear_down(void **state)
{
	mmr_trace_close(trace);
	unlink(trace_path);
	return rows_tear_down(state);
}

static int original(struct mmr_error *err)
{
	struct mmr_run_report report;
	int code = mmr_run_original(trace, &options, &report, err);

	mmr_run_report_deinit(&report);
	return code;
}

static int replay(struct mmr_error *err)
{
	struct mmr_run_report report;
	int code = mmr_run_replay(trace, &options, &report, err);

	mmr_run_report_deinit(&report);
	return code;
}

static int explain(struct mmr_error *err)
{
	struct mmr_explanation explanation = { 0 };
	int code = mmr_explain(trace, &options, &explanation, err);

	mmr_explanation_deinit(&explanation);
	return code;
}

static int curves(struct mmr_error *err)
{
	const struct mmr_curve_options curve_options = { 0 };
	struct mmr_curves *result = NULL;
	int code = mmr_curves_read(trace, &curve_options, &result, err);

	assert_true(code < 0 || mmr_curves_get(result, MMR_CURVE_ALL)->nr_uses > 0);
	mmr_curves_free(result);
	return code;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash * 31;
}

static uint64_t hash_table(uint64_t hash, sqlite3 *sqlite, const char *table)
{
	sqlite3_stmt *statement;
	char sql[96];

	snprintf(sql, sizeof(sql), "SELECT * FROM %s", table);
	assert_int_equal(sqlite3_prepare_v2(sqlite, sql, -1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(statement); i++)
			if (strcmp(sqlite3_column_name(statement, i), "created_utc") != 0)
				hash = hash_text(hash,
				                 (const char *)sqlite3_column_text(statement, i));
	sqlite3_finalize(statement);
	return hash;
}

/* All rows of all tables, but for the time at which they were made; 0 if there is no database. */
static uint64_t contents(void)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	sqlite3_stmt *statement;
	sqlite3 *sqlite;

	if (access(rows_path, F_OK) < 0)
		return 0;
	assert_int_equal(sqlite3_open_v2(rows_path, &sqlite, SQLITE_OPEN_READONLY, NULL),
	                 SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(sqlite,
	                           "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1",
	                           -1, &statement, NULL),
		SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		hash = hash_table(hash, sqlite, (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(sqlite);
	return hash;
}

/*
 * Every allocation of a call fails once. It says so and changes nothing, or does without: then its rows
 * are the same. Returns how many there were.
 */
static unsigned long fail_each(int (*run)(struct mmr_error *err))
{
	const bool was_there = contents() != 0;
	struct mmr_error err = { 0 };
	uint64_t whole;

	assert_int_equal(run(&err), 0);
	whole = contents();
	if (!was_there)
		unlink(rows_path);

	for (unsigned long n = 1;; n++) {
		int code;

		err = (struct mmr_error){ 0 };
		nr_allocations = 0;
		fail_at = n;
		code = run(&err);
		fail_at = 0;
		if (nr_allocations < n) {
			assert_int_equal(code, 0);
			return n - 1;
		}
		if (code == 0) {
			assert_true(contents() == whole);
			if (!was_there)
				unlink(rows_path);
			continue;
		}
		assert_int_equal(code, MMR_E_NOMEM);
		assert_string_not_equal(err.text, "");
		assert_true(contents() == (was_there ? whole : 0));
	}
}

static void the_original_fails_cleanly(void **state)
{
	(void)state;
	assert_in_range(fail_each(original), 20, 2000);
	/* … and where there is one already. */
	assert_in_range(fail_each(original), 20, 2000);
}

static void verifying_fails_cleanly(void **state)
{
	(void)state;
	options.db_path = NULL;
	options.verify = true;
	assert_in_range(fail_each(original), 20, 2000);
}

static void a_replay_fails_cleanly(void **state)
{
	(void)state;
	assert_in_range(fail_each(replay), 40, 2000);
}

static void an_explanation_fails_cleanly(void **state)
{
	(void)state;
	assert_in_range(fail_each(explain), 10, 2000);
}

static void curves_fail_cleanly(void **state)
{
	(void)state;
	assert_in_range(fail_each(curves), 20, 2000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_original_fails_cleanly), TEST(verifying_fails_cleanly),
		TEST(a_replay_fails_cleanly),     TEST(an_explanation_fails_cleanly),
		TEST(curves_fail_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
