/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole runs of a small trace: what of it is in the database, and what an interruption leaves. */
#include "result_rows.h"

#include <sys/stat.h>

#include <mmreplay/run.h>

#include "run_trace.h"

static char trace_path[96];
static struct mmr_trace *trace;

static int set_up(void **state)
{
	if (rows_set_up(state) < 0)
		return -1;
	snprintf(trace_path, sizeof(trace_path), "%s/trace.zst", rows_folder);
	run_trace_write(trace_path, 300);
	return mmr_trace_open(trace_path, NULL, &trace, NULL);
}

static int tear_down(void **state)
{
	mmr_trace_close(trace);
	unlink(trace_path);
	return rows_tear_down(state);
}

static void run_original(bool verify)
{
	const struct mmr_run_options options = { .db_path = rows_path, .verify = verify };
	struct mmr_run_report report;
	struct mmr_error err = { 0 };
	int code = mmr_run_original(trace, &options, &report, &err);

	assert_string_equal(err.text, "");
	assert_int_equal(code, 0);
	assert_string_equal(report.notes, "");
	assert_true(report.complete);
	assert_true(report.shadow);
	assert_int_equal(report.nr_reclaim_episodes, 300);
	for (size_t i = 0; i < report.nr_checks; i++)
		assert_true(report.checks[i].good);
	assert_int_equal(report.nr_checks > 0, verify);
	mmr_run_report_deinit(&report);
}

static void the_original_is_what_the_trace_says(void **state)
{
	(void)state;
	run_original(true);
	rows_expect("SELECT kind, label, policy, kernel, access_source, complete FROM run",
	            "original|original|kernel|6.12.117|none|1\n");
	rows_expect("SELECT name, value FROM counters ORDER BY name",
	            "pgalloc_normal|2\npgfault|250\n");
	rows_expect("SELECT count(*), sum(nr_reclaimed), min(duration_ns), max(duration_ns)"
	            " FROM reclaim_stalls",
	            "300|900|2000|2000\n");
	/* pid 1 and a task a round; all but pid 1 have gone. */
	rows_expect("SELECT count(*), count(end_ns) FROM task", "301|300\n");
	rows_expect("SELECT sum(nr_faults) FROM fault_stat", "301\n");
	/* All is given back: the last sample is the first. */
	rows_expect("SELECT page_order, migratetype, blocks FROM buddy"
	            " WHERE t_ns = (SELECT max(t_ns) FROM buddy)",
	            "10|Movable|7\n");
	rows_expect("SELECT count(DISTINCT t_ns) > 1, max(nr_pageblocks), max(length(state)),"
	            " min(length(state) = 8 * nr_pageblocks) FROM pageblock",
	            "1|16|128|1\n");
}

static void replays_come_with_their_original(void **state)
{
	static const char *const settings[] = { "vm.swappiness=7" };
	struct mmr_run_options options = { .db_path = rows_path,
		                           .policy = "clock",
		                           .settings = settings,
		                           .nr_settings = 1,
		                           .seed = 5 };
	struct mmr_run_report report;
	struct mmr_error err = { 0 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		int code = mmr_run_replay(trace, &options, &report, &err);

		assert_string_equal(err.text, "");
		assert_int_equal(code, 0);
		assert_int_equal(report.run_id, 2);
		mmr_run_report_deinit(&report);
	}
	rows_expect("SELECT kind, label, seed FROM run ORDER BY run_id",
	            "original|original|0\nreplay|clock vm.swappiness=7 seed=5|5\n");
	rows_expect("SELECT value FROM run_param WHERE name = 'vm.swappiness'", "7 (set)\n");
	rows_expect("SELECT value FROM run_param WHERE name = 'swap'", "8M (recorded)\n");
	/* Both runs count between the same two instants. */
	rows_expect("SELECT count(DISTINCT begin_ns), count(DISTINCT end_ns) FROM run", "1|1\n");
	rows_expect("SELECT original FROM compare WHERE name = 'pgfault'", "250\n");
	/* These read the counters before the page frames, of which the replay's machine is made. */
	rows_expect("SELECT value FROM vmstat JOIN run USING (run_id) "
	            "WHERE kind = 'replay' AND name = 'nr_shmem' AND t_ns = begin_ns",
	            "16\n");
	rows_expect("SELECT count(*) FROM fault_stat WHERE run_id = 2", "4\n");
}

static bool never(void *data, uint64_t nr_events)
{
	(void)data;
	(void)nr_events;
	return false;
}

static void what_fails_leaves_the_database_as_it_was(void **state)
{
	static const char *const unknown[] = { "vm.no_such=7" };
	struct mmr_run_options options = { .db_path = rows_path,
		                           .policy = "clock",
		                           .progress = never };
	struct mmr_run_report report;
	struct mmr_error err = { 0 };

	(void)state;
	run_trace_write(trace_path, 5000); /* long enough to be asked */
	mmr_trace_close(trace);
	assert_int_equal(mmr_trace_open(trace_path, NULL, &trace, NULL), 0);
	assert_int_equal(mmr_run_replay(trace, &options, &report, &err), MMR_E_BUSY);
	mmr_run_report_deinit(&report);
	assert_int_equal(mmr_run_original(trace, &options, &report, &err), MMR_E_BUSY);
	mmr_run_report_deinit(&report);
	options.progress = NULL;
	options.settings = unknown;
	options.nr_settings = 1;
	assert_int_equal(mmr_run_replay(trace, &options, &report, &err), MMR_E_NOTFOUND);
	options.nr_settings = 0;
	options.policy = "no such";
	assert_int_equal(mmr_run_replay(trace, &options, &report, &err), MMR_E_NOTFOUND);
	assert_int_equal(access(rows_path, F_OK), -1);
}

/* A clock that has jumped, or a page that lies: the rows of two months are no more than those of hours. */
static void months_have_no_more_rows_than_hours(void **state)
{
	const struct mmr_run_options options = { .db_path = rows_path, .policy = "clock" };
	struct mmr_run_report report;

	(void)state;
	run_trace_write_gap(trace_path, 3, UINT64_C(5000000000000000));
	mmr_trace_close(trace);
	assert_int_equal(mmr_trace_open(trace_path, NULL, &trace, NULL), 0);
	assert_int_equal(mmr_run_replay(trace, &options, &report, NULL), 0);
	mmr_run_report_deinit(&report);
	rows_expect("SELECT count(DISTINCT t_ns) BETWEEN 4000 AND 40002 FROM buddy GROUP BY run_id",
	            "1\n1\n");
}

static void explaining_counts_every_event(void **state)
{
	const struct mmr_run_options options = { 0 };
	struct mmr_explanation explanation;
	struct mmr_error err = { 0 };
	uint64_t nr_freed = 0;

	(void)state;
	assert_int_equal(mmr_explain(trace, &options, &explanation, &err), 0);
	assert_int_equal(explanation.nr_events, mmr_trace_info(trace)->nr_events);
	assert_int_equal(explanation.nr_lost, 0);
	assert_true(explanation.pages_at_most >= 2);
	for (size_t i = 0; i < explanation.nr_rows; i++)
		if (strcmp(explanation.rows[i].section, "frees") == 0)
			nr_freed += explanation.rows[i].count;
	assert_int_equal(nr_freed, 600);
	mmr_explanation_deinit(&explanation);
	assert_null(explanation.rows);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_original_is_what_the_trace_says),
		TEST(replays_come_with_their_original),
		TEST(what_fails_leaves_the_database_as_it_was),
		TEST(months_have_no_more_rows_than_hours),
		TEST(explaining_counts_every_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
