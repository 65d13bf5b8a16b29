/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Importing and exporting a trace.dat with the N-th allocation failing, for every N: each says
 * MMR_E_NOMEM, nothing leaks (under ASan), and nothing is left in the folder.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <mmreplay/trace_import.h>

#include "fail_at.h"

static char dir[] = "/tmp/mmr-fault-XXXXXX";
static char corpus[512];
static char before[64];
static char output[64];
static char idle[64];
static char dat[64];

static void write_file(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static int set_up(void **state)
{
	static const uint64_t sample[3] = { 1000000, 8, 255 };
	const char *root = getenv("SOURCE_ROOT");
	char path[96];

	(void)state;
	memcpy(dir, "/tmp/mmr-fault-XXXXXX", sizeof(dir));
	if (!mkdtemp(dir))
		return -1;
	snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus/fuzz_tracedat", root ? root : ".");
	snprintf(before, sizeof(before), "%s", dir);
	snprintf(output, sizeof(output), "%s/out.zst", dir);
	snprintf(idle, sizeof(idle), "%s/idle", dir);
	snprintf(dat, sizeof(dat), "%s/out.dat", dir);
	write_file(idle, sample, sizeof(sample));
	snprintf(path, sizeof(path), "%s/buddyinfo", dir);
	write_file(path, "Node 0, zone DMA 1\n", 19);
	snprintf(path, sizeof(path), "%s/sysctl", dir);
	write_file(path, "swappiness=60\n", 14);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "out.zst", "out.dat", "idle", "buddyinfo", "sysctl" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[96];

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	/* Fails if a partial file was left behind. */
	return rmdir(dir);
}

static int import(const char *name, struct mmr_import_report *report)
{
	struct mmr_import_options options = { .force = true, .before = before, .idle = idle };
	struct mmr_error err = { 0 };
	char path[600];
	int ret;

	snprintf(path, sizeof(path), "%s/%s", corpus, name);
	ret = mmr_import_tracedat(path, output, &options, report, &err);
	if (ret < 0)
		assert_int_equal(err.code, ret);
	return ret;
}

static void importing(const char *name)
{
	struct mmr_import_report report;
	unsigned long n = 0;
	int ret;

	do {
		fail_at = ++n;
		nr_allocations = 0;
		ret = import(name, &report);
		assert_true(ret == 0 || ret == MMR_E_NOMEM);
	} while (nr_allocations >= fail_at);
	fail_at = 0;
	assert_int_equal(ret, 0);
	assert_int_equal(report.nr_events, 458);
	assert_true(n > 40);
}

static void importing_survives_any_failure(void **state)
{
	(void)state;
	importing("v6.dat");
	importing("v7-zstd.dat");
}

static void exporting_survives_any_failure(void **state)
{
	struct mmr_import_report report;
	unsigned long n = 0;
	int ret;

	(void)state;
	assert_int_equal(import("v7-none.dat", &report), 0);
	do {
		struct mmr_export_options options = { .force = true };
		struct mmr_error err = { 0 };

		fail_at = ++n;
		nr_allocations = 0;
		ret = mmr_export_tracedat(output, dat, &options, NULL, &err);
		assert_true(ret == 0 || ret == MMR_E_NOMEM);
	} while (nr_allocations >= fail_at);
	fail_at = 0;
	assert_int_equal(ret, 0);
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(importing_survives_any_failure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(exporting_survives_any_failure, set_up, tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
