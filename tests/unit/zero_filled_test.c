/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many pages of zeroes were swapped out, by what snapshots say. */
#include "run_trace.h"

#include <unistd.h>

#include <mmreplay/trace.h>

#include "zero_filled.h"

/* A trace with these texts of /proc/vmstat, one a snapshot, up to NULL. */
static struct mmr_trace *trace_with(const char *const *texts)
{
	const struct mmr_writer_options options = { .nr_cpus = 1,
		                                    .subbuf_size = PAGE_BYTES,
		                                    .force = true };
	char path[] = "/tmp/mmr-zero-filled-XXXXXX";
	struct run_trace run = { .t_ns = 1000000 };
	struct mmr_trace *trace;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(mmr_writer_create(path, &options, &run.writer, NULL), 0);
	run_text(&run, "kernel.release", "6.12.117");
	run_text(&run, "page_size", "4096");
	run_text(&run, "clock", "mono");
	for (unsigned int event = 0; event < RUN_NR_EVENTS; event++)
		run_format(&run, event);
	assert_int_equal(mmr_writer_begin(run.writer, NULL), 0);
	for (; *texts; texts++) {
		assert_int_equal(
			mmr_writer_snapshot_begin(run.writer, MMR_SNAPSHOT_LIGHT, run.t_ns, NULL),
			0);
		if (**texts)
			RUN_TEXT_PIECE(&run, "proc/vmstat", *texts);
		else
			RUN_TEXT_PIECE(&run, "proc/meminfo", "MemFree: 1 kB\n");
		assert_int_equal(mmr_writer_snapshot_end(run.writer, run.t_ns, NULL), 0);
	}
	assert_int_equal(mmr_writer_finish(run.writer, NULL), 0);
	assert_int_equal(mmr_trace_open(path, NULL, &trace, NULL), 0);
	unlink(path);
	return trace;
}

static void expect(const char *const *texts, const char *value)
{
	struct mmr_trace *trace = trace_with(texts);
	struct replay_tunables tunables;
	const struct replay_tunable *row;
	char text[32] = "no such tunable";

	replay_tunables_init(&tunables);
	assert_int_equal(replay_zero_filled(trace, &tunables, NULL), 0);
	for (unsigned int i = 0; (row = replay_tunable(i)); i++)
		if (strcmp(row->name, "swap.zero_filled") == 0)
			replay_tunable_format(&tunables, i, text, sizeof(text));
	assert_string_equal(text, value);
	mmr_trace_close(trace);
}

static void from_the_first_to_the_last(void **state)
{
	const char *const texts[] = { "",
		                      "pswpout 100\nswpin_zero 9\nswpout_zero 50\n",
		                      "pswpout 900000\nswpout_zero 50\n",
		                      "pswpout 800\nswpout_zero 350\nx 1\n",
		                      "",
		                      NULL };

	(void)state;
	expect(texts, "300");
}

static void rounded(void **state)
{
	const char *const little[] = { "pswpout 0\nswpout_zero 0\n",
		                       "pswpout 3999\nswpout_zero 1\n", NULL };
	const char *const more[] = { "pswpout 0\nswpout_zero 0\n", "pswpout 998\nswpout_zero 2\n",
		                     NULL };
	const char *const all[] = { "pswpout 7\nswpout_zero 0\n", "pswpout 7\nswpout_zero 2\n",
		                    NULL };

	(void)state;
	expect(little, "0");
	expect(more, "2");
	expect(all, "1000");
}

static void nothing_is_known(void **state)
{
	const char *const none[] = { NULL };
	const char *const one[] = { "pswpout 1\nswpout_zero 1\n", NULL };
	const char *const older[] = { "pswpout 1\n", "pswpout 7\n", NULL };
	const char *const backwards[] = { "pswpout 100\nswpout_zero 9\n",
		                          "pswpout 7\nswpout_zero 5\n", NULL };
	const char *const absurd[] = { "pswpout 0\nswpout_zero 0\n",
		                       "pswpout 1\nswpout_zero 99999999999999999999\n", NULL };

	(void)state;
	expect(none, "0");
	expect(one, "0");
	expect(older, "0");
	expect(backwards, "0");
	expect(absurd, "1000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_the_first_to_the_last),
		cmocka_unit_test(rounded),
		cmocka_unit_test(nothing_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
