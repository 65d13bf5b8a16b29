/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a snapshot says of swap areas. */
#include "run_trace.h"

#include <unistd.h>

#include <mmreplay/trace.h>

#include "rng.h"
#include "start_swap.h"

#define SWAPS "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"

struct file {
	const char *name;
	const char *text;
};

/* A trace whose first snapshot has these files; the last one's name is NULL. */
static struct mmr_trace *trace_with(const struct file *files)
{
	const struct mmr_writer_options options = { .nr_cpus = 1,
		                                    .subbuf_size = PAGE_BYTES,
		                                    .force = true };
	char path[] = "/tmp/mmr-start-swap-XXXXXX";
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
	assert_int_equal(mmr_writer_snapshot_begin(run.writer, MMR_SNAPSHOT_FULL, run.t_ns, NULL),
	                 0);
	for (; files->name; files++)
		RUN_TEXT_PIECE(&run, files->name, files->text);
	assert_int_equal(mmr_writer_snapshot_end(run.writer, run.t_ns, NULL), 0);
	assert_int_equal(mmr_writer_finish(run.writer, NULL), 0);
	assert_int_equal(mmr_trace_open(path, NULL, &trace, NULL), 0);
	unlink(path);
	return trace;
}

static void expect(const struct file *files, const char *name, const char *value)
{
	struct mmr_trace *trace = trace_with(files);
	struct mmr_snapshot *snapshot;
	struct replay_tunables tunables;
	const struct replay_tunable *row;
	char text[32] = "no such tunable";

	assert_int_equal(mmr_trace_snapshot(trace, 0, &snapshot, NULL), 0);
	replay_tunables_init(&tunables);
	replay_start_swap(snapshot, &tunables);
	for (unsigned int i = 0; (row = replay_tunable(i)); i++)
		if (strcmp(row->name, name) == 0)
			replay_tunable_format(&tunables, i, text, sizeof(text));
	assert_string_equal(text, value);
	mmr_snapshot_free(snapshot);
	mmr_trace_close(trace);
}

static void expect_sizes(const char *text, const char *expected)
{
	const struct file files[] = { { "proc/swaps", text }, { NULL, NULL } };

	expect(files, "swap", expected);
}

static void sizes_are_added_up(void **state)
{
	(void)state;
	expect_sizes(SWAPS "/dev/vdb                                partition\t524284\t\t0\t\t-2\n"
	                   "/swap\\040file                           file\t\t4\t\t0\t\t-3\n",
	             "512M");
	expect_sizes(SWAPS "/swapfile file 1024 0 -2", "1M"); /* no newline at the end */
	expect_sizes(SWAPS, "0");
	expect_sizes("", "0");
	expect_sizes(SWAPS "/dev/a partition -4 0 -2\n/dev/b partition\n/dev/c partition 8 0 -2\n",
	             "8K");
	expect_sizes(SWAPS "/dev/a partition 99999999999999999999999 0 -2\n", "0");
}

/* The disks sda, which rotates, with sda2, and nvme0n1, which does not, with nvme0n1p3. */
static void expect_device(const char *swaps, const char *extents, const char *expected)
{
	const struct file files[] = {
		{ "sys/block/sda/dev", "8:0\n" },
		{ "sys/block/sda/queue/rotational", "1\n" },
		{ "sys/block/sda/sda2/dev", "8:2\n" },
		{ "sys/block/nvme0n1/dev", "259:0\n" },
		{ "sys/block/nvme0n1/queue/rotational", "0\n" },
		{ "sys/block/nvme0n1/nvme0n1p3/dev", "259:3\n" },
		{ "proc/swaps", swaps },
		{ extents ? "mmcap/swap_extents" : NULL, extents },
		{ NULL, NULL },
	};

	expect(files, "swap.device", expected);
}

static void a_device_is_what_its_disk_is(void **state)
{
	(void)state;
	expect_device(SWAPS, NULL, "0");
	expect_device(SWAPS "/dev/sda2 partition 1024 0 -2\n", NULL, "0");
	expect_device(SWAPS "/dev/nvme0n1p3 partition 1024 0 -2\n", NULL, "1");
	expect_device(SWAPS "/dev/nvme0n2 partition 1024 0 -2\n", NULL, "0");
	expect_device(SWAPS "/dev/zram0 partition 1024 0 100\n", NULL, "2");
	/* One that rotates is enough. */
	expect_device(SWAPS "/dev/zram0 partition 1024 0 100\n/dev/nvme0n1 partition 8 0 -2\n",
	              NULL, "1");
	expect_device(SWAPS "/dev/nvme0n1 partition 8 0 -2\n/dev/sda2 partition 8 0 -3\n", NULL,
	              "0");
}

/* Names of files and of device mapper say nothing of the disk; numbers do. */
static void files_are_on_a_disk_too(void **state)
{
	static const char two[] = SWAPS "/swapfile file 1024 0 -2\n/more\\040swap file 8 0 -3\n";

	(void)state;
	expect_device(SWAPS "/swapfile file 1024 0 -2\n", NULL, "0");
	expect_device(SWAPS "/swapfile file 1024 0 -2\n", "0 259:3 0 256 4096\n", "1");
	expect_device(SWAPS "/swapfile file 1024 0 -2\n", "0 8:2 0 256 4096\n", "0");
	expect_device(SWAPS "/swapfile file 1024 0 -2\n", "0 0:40 0 256 4096\n", "0");
	expect_device(SWAPS "/swapfile file 1024 0 -2\n", "1 259:3 0 256 4096\n", "0");
	expect_device(SWAPS "/swapfile file 1024 0 -2\n", "nonsense\n", "0");
	expect_device(two, "0 259:3 0 99 1\n0 259:3 99 157 7777\n1 259:0 0 2 9\n", "1");
	expect_device(two, "0 259:3 0 256 4096\n1 8:0 0 2 9\n", "0");
}

static void expect_vma_readahead(const char *text, const char *expected)
{
	const struct file files[] = { { "sys/kernel/mm/swap/vma_ra_enabled", text },
		                      { NULL, NULL } };

	expect(files, "swap.vma_ra_enabled", expected);
}

static void readahead_by_address_can_be_off(void **state)
{
	(void)state;
	expect_vma_readahead("false\n", "0");
	expect_vma_readahead("true\n", "1");
	expect_vma_readahead("", "1");
	expect_vma_readahead("falsehood\n", "1");
}

/* Whatever stands there, it is a device or it is not. */
static void any_text_is_read_without_harm(void **state)
{
	static const char words[] =
		"/dev/nvme0n1 file 0 259:3 \n\n\t-99999999999999999999 zram \xff%n";
	struct rng rng;

	(void)state;
	base_rng_init(&rng, 5);
	for (int round = 0; round < 100; round++) {
		char swaps[600], extents[600];
		struct replay_tunables tunables;
		struct mmr_snapshot *snapshot;
		struct mmr_trace *trace;
		uint32_t size = (uint32_t)base_rng_below(&rng, sizeof(swaps) - 1);

		for (uint32_t i = 0; i < size; i++) {
			swaps[i] = words[(i + base_rng_below(&rng, 3)) % (sizeof(words) - 1)];
			extents[i] = (char)(1 + base_rng_below(&rng, 255));
		}
		swaps[size] = extents[size] = '\0';
		trace = trace_with((const struct file[]){ { "sys/block/nvme0n1/dev", extents },
		                                          { "proc/swaps", swaps },
		                                          { "mmcap/swap_extents", swaps },
		                                          { NULL, NULL } });
		assert_int_equal(mmr_trace_snapshot(trace, 0, &snapshot, NULL), 0);
		replay_tunables_init(&tunables);
		replay_start_swap(snapshot, &tunables);
		assert_in_range(tunables.value[REPLAY_TUNABLE_SWAP_DEVICE], 0, 2);
		mmr_snapshot_free(snapshot);
		mmr_trace_close(trace);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_added_up),
		cmocka_unit_test(a_device_is_what_its_disk_is),
		cmocka_unit_test(files_are_on_a_disk_too),
		cmocka_unit_test(readahead_by_address_can_be_off),
		cmocka_unit_test(any_text_is_read_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
