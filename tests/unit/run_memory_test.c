/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory does not grow with the trace's length: the peak of a run over eight times as many events, tasks
 * and files is at most a tenth higher. Each run is a process of its own. Pids come again, as the kernel's
 * do: what is kept for a pid, its name, is bounded by their number; and what is kept of the trace itself, here by less
 * than the shorter one has.
 */
#include "result_rows.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <mmreplay/run.h>

#include "run_trace.h"

/* Enough that SQLite's cache is full in the short one. */
#define NR_ROUNDS 20000

static char short_path[96];
static char long_path[96];

static int set_up(void **state)
{
	if (rows_set_up(state) < 0)
		return -1;
	snprintf(short_path, sizeof(short_path), "%s/short.zst", rows_folder);
	snprintf(long_path, sizeof(long_path), "%s/long.zst", rows_folder);
	run_trace_write(short_path, NR_ROUNDS);
	run_trace_write(long_path, 8 * NR_ROUNDS);
	return 0;
}

static int tear_down(void **state)
{
	unlink(short_path);
	unlink(long_path);
	return rows_tear_down(state);
}

#ifdef __SANITIZE_ADDRESS__
#define MEASURABLE false
#else
#define MEASURABLE true
#endif

static int run_all(const char *path, const char *policy)
{
	const struct mmr_run_options options = { .db_path = rows_path, .policy = policy };
	struct mmr_run_report report;
	struct mmr_trace *trace;
	const struct mmr_trace_options trace_options = { .keep_bytes = 1 << 20 };
	int code = mmr_trace_open(path, &trace_options, &trace, NULL);

	if (code == 0 && policy)
		code = mmr_run_replay(trace, &options, &report, NULL);
	else if (code == 0)
		code = mmr_run_original(trace, &options, &report, NULL);
	return code;
}

/* KiB at the most, while a process of its own runs the trace; the database starts anew. */
static long peak_kb(const char *path, const char *policy)
{
	struct rusage usage;
	int status;
	pid_t pid;

	unlink(rows_path);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run_all(path, policy) == 0 ? 0 : 1);
	assert_int_equal(wait4(pid, &status, 0, &usage), pid);
	assert_int_equal(status, 0);
	return usage.ru_maxrss;
}

static void expect_the_same(const char *policy)
{
	long short_kb = peak_kb(short_path, policy);
	long long_kb = peak_kb(long_path, policy);

	print_message("# %s: %ld KiB, eight times as long: %ld KiB\n", policy ? policy : "original",
	              short_kb, long_kb);
	assert_true(long_kb <= short_kb + short_kb / 10);
}

static void an_original_does_not_grow(void **state)
{
	(void)state;
	expect_the_same(NULL);
}

static void a_replay_does_not_grow(void **state)
{
	(void)state;
	expect_the_same("clock");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_original_does_not_grow),
		TEST(a_replay_does_not_grow),
	};

	if (!MEASURABLE) {
		puts("1..0 # SKIP what is freed stays in ASan's quarantine");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
