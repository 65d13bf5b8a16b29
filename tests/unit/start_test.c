/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the first snapshot's texts and free pages become; texts that are cut, odd or hostile. */
#include "unit.h"

#include "start.c" /* statics */

#include "rng.h"
#include "run_trace.h"

#include <unistd.h>

static const struct mmr_zone_info zones[] = {
	{ .name = "DMA32", .start_pfn = 0, .spanned = 4096, .index = 1 },
	{ .name = "Normal", .start_pfn = 4096, .spanned = 8192, .index = 2 },
};

static struct mmr_snapshot_piece piece_of(const char *name, const char *text)
{
	return (struct mmr_snapshot_piece){ .name = name,
		                            .data = (const uint8_t *)text,
		                            .size = strlen(text) };
}

/* ---- free blocks ---- */

static void expect_blocks(uint64_t pfn, uint64_t end, const char *expected)
{
	struct free_block_vec blocks = { 0 };
	char text[512] = "";
	size_t length = 0;

	assert_int_equal(add_free_run(&blocks, pfn, end), 0);
	for (size_t i = 0; i < blocks.count; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%u:%u ",
		                           blocks.items[i].pfn, blocks.items[i].order);
	assert_string_equal(text, expected);
	free_block_vec_deinit(&blocks);
}

static void runs_become_the_largest_aligned_blocks(void **state)
{
	(void)state;
	expect_blocks(5, 5, "");
	expect_blocks(5, 6, "5:0 ");
	expect_blocks(5, 16, "5:0 6:1 8:3 ");
	expect_blocks(8, 15, "8:2 12:1 14:0 ");
	expect_blocks(0, 1024, "0:10 ");
	expect_blocks(0, 3072, "0:10 1024:10 2048:10 "); /* no larger than the buddy allocator's */
	expect_blocks(512, 2048, "512:9 1024:10 ");
	expect_blocks(1023, 2050, "1023:0 1024:10 2048:1 ");
	expect_blocks(4294967294u, 4294967296u, "4294967294:1 ");
}

/* Any run: the blocks follow each other, are aligned, and no two of them could merge. */
static void blocks_fill_any_run_and_could_not_merge(void **state)
{
	struct rng rng;

	(void)state;
	base_rng_init(&rng, 11);
	for (int round = 0; round < 2000; round++) {
		struct free_block_vec blocks = { 0 };
		uint64_t pfn = base_rng_below(&rng, 1 << 20);
		uint64_t end = pfn + base_rng_below(&rng, 5000);

		assert_int_equal(add_free_run(&blocks, pfn, end), 0);
		for (size_t i = 0; i < blocks.count; i++) {
			const struct replay_free_block *block = &blocks.items[i];
			uint32_t size = 1u << block->order;

			assert_int_equal(block->pfn, pfn);
			assert_int_equal(block->pfn % size, 0);
			assert_true(block->order <= 10);
			if (i && block[-1].order == block->order && block->order < 10)
				assert_int_equal(block[-1].pfn & size, size);
			pfn += size;
		}
		assert_int_equal(pfn, end);
		free_block_vec_deinit(&blocks);
	}
}

/* ---- zoneinfo ---- */

/* It is too large for many stacks. */
static struct replay_start *start_with(const char *zoneinfo)
{
	static struct replay_start start;
	const struct mmr_snapshot_piece piece = piece_of("proc/zoneinfo", zoneinfo);

	memset(&start, 0, sizeof(start));
	start.zones = zones;
	start.nr_zones = 2;
	start.nr_cpus = 2;
	assert_int_equal(read_zoneinfo(&piece, &start), 0);
	return &start;
}

static void counts_go_to_their_zone_and_cpu(void **state)
{
	struct replay_start *start = start_with("Node 0, zone    DMA32\n"
	                                        "  pages free     3000\n"
	                                        "  pagesets\n"
	                                        "    cpu: 0\n"
	                                        "              count:    233\n"
	                                        "              high:     378\n"
	                                        "              high_min: 300\n"
	                                        "              batch:    63\n"
	                                        "  vm stats threshold: 16\n"
	                                        "    cpu: 1\n"
	                                        "              count: 7\n"
	                                        "Node 0, zone   Normal\n"
	                                        "    cpu: 1\n"
	                                        "              count: 91\n");

	(void)state;
	assert_int_equal(start->pcps[0].count, 233);
	assert_int_equal(start->pcps[1].count, 7);
	assert_int_equal(start->pcps[2].count, 0);
	assert_int_equal(start->pcps[3].count, 91);
	replay_start_deinit(start);
}

static void kernel_memory_is_counted_by_node(void **state)
{
	struct replay_start *start = start_with("      nr_slab_reclaimable 9\n"
	                                        "Node 0, zone    DMA32\n"
	                                        "  per-node stats\n"
	                                        "      nr_slab_reclaimable 624\n"
	                                        "      nr_slab_unreclaimable 1533\n"
	                                        "      nr_kernel_stack 912\n"
	                                        "      nr_page_table_pages 120\n"
	                                        "Node 7, zone   Normal\n"
	                                        "      nr_slab_reclaimable 5\n"
	                                        "Node 8, zone   Normal\n"
	                                        "      nr_slab_reclaimable 6\n");

	(void)state;
	assert_int_equal(start->kernel[0].slab_reclaimable, 624);
	assert_int_equal(start->kernel[0].slab_unreclaimable, 1533);
	assert_int_equal(start->kernel[0].stacks_kib, 912);
	assert_int_equal(start->kernel[0].page_tables, 120);
	assert_int_equal(start->kernel[7].slab_reclaimable, 5);
	replay_start_deinit(start);
}

static void counts_of_nobody_are_ignored(void **state)
{
	struct replay_start *start = start_with("              count: 1\n"
	                                        "    cpu: 0\n"
	                                        "              count: 2\n"
	                                        "Node 1, zone   Normal\n"
	                                        "              count: 3\n"
	                                        "Node 0, zone   Movable\n"
	                                        "              count: 4\n"
	                                        "Node 0, zone   Normal\n"
	                                        "    cpu: 2\n"
	                                        "              count: 5\n"
	                                        "    cpu: 4294967295\n"
	                                        "              count: 6\n"
	                                        "    cpu: -1\n"
	                                        "              count: 7\n"
	                                        "Node 0, zone   Normal\n"
	                                        "    cpu: 1\n"
	                                        "              count: many\n");

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(start->pcps[i].count, 0);
	replay_start_deinit(start);
}

/* A zone's CPUs are its own: one that prints none must not have those of the zone before it. */
static void each_zone_begins_without_a_cpu(void **state)
{
	struct replay_start *start = start_with("Node 0, zone    DMA32\n"
	                                        "    cpu: 1\n"
	                                        "              count: 8\n"
	                                        "Node 0, zone   Normal\n"
	                                        "              count: 9\n");

	(void)state;
	assert_int_equal(start->pcps[1].count, 8);
	assert_int_equal(start->pcps[3].count, 0);
	replay_start_deinit(start);
}

/* ---- sysctl ---- */

static const char *value_of(const struct replay_tunables *tunables, const char *name)
{
	static char text[32];
	const struct replay_tunable *row;

	for (unsigned int i = 0; (row = replay_tunable(i)); i++)
		if (strcmp(row->name, name) == 0) {
			replay_tunable_format(tunables, i, text, sizeof(text));
			return text;
		}
	return "no such tunable";
}

static void expect_sysctl(const char *name, const char *text, const char *tunable,
                          const char *expected)
{
	const struct mmr_snapshot_piece piece = piece_of(name, text);
	struct replay_tunables tunables;

	replay_tunables_init(&tunables);
	read_sysctl(&piece, &tunables);
	assert_string_equal(value_of(&tunables, tunable), expected);
}

static void settings_are_those_of_the_recording(void **state)
{
	(void)state;
	expect_sysctl("proc/sys/vm/swappiness", "35\n", "vm.swappiness", "35");
	expect_sysctl("proc/sys/vm/swappiness", "35", "vm.swappiness", "35");
	/* What makes no sense leaves the default. */
	expect_sysctl("proc/sys/vm/swappiness", "", "vm.swappiness", "60");
	expect_sysctl("proc/sys/vm/swappiness", "\n", "vm.swappiness", "60");
	expect_sysctl("proc/sys/vm/swappiness", "201\n", "vm.swappiness", "60");
	expect_sysctl("proc/sys/vm/swappiness", "-1\n", "vm.swappiness", "60");
	expect_sysctl("proc/sys/vm/swappiness", "sixty\n", "vm.swappiness", "60");
	expect_sysctl("proc/sys/vm/", "35\n", "vm.swappiness", "60");
	expect_sysctl("proc/sys/vm/lowmem_reserve_ratio", "250\t100\t32\t0\t0\n",
	              "vm.lowmem_reserve_ratio.DMA", "250");
	expect_sysctl("proc/sys/vm/lowmem_reserve_ratio", "250\t100\t32\t0\t0\n",
	              "vm.lowmem_reserve_ratio.DMA32", "100");
	expect_sysctl("proc/sys/vm/lowmem_reserve_ratio", "250\n", "vm.lowmem_reserve_ratio.DMA",
	              "256");
}

static void expect_flush(const char *text, const char *expected)
{
	const struct mmr_snapshot_piece piece = piece_of("proc/config", text);
	struct replay_tunables tunables;

	replay_tunables_init(&tunables);
	read_config(&piece, &tunables);
	assert_string_equal(value_of(&tunables, "memcg.flush"), expected);
}

static void statistics_are_as_old_as_the_configuration_makes_them(void **state)
{
	(void)state;
	/* Two seconds, as the timer wheel rounds them up. */
	expect_flush("CONFIG_MEMCG=y\nCONFIG_HZ=1000\n", "2048ms");
	expect_flush("CONFIG_HZ_250=y\nCONFIG_HZ=250\nCONFIG_MEMCG=y\n", "2016ms");
	expect_flush("CONFIG_HZ=100\nCONFIG_MEMCG=y\n", "2080ms");
	expect_flush("CONFIG_HZ=1000\n# CONFIG_MEMCG is not set\nCONFIG_MEMCG_V1=y\n", "0ns");
	expect_flush("CONFIG_MEMCG=y\nCONFIG_HZ=\n", "2048ms");
	expect_flush("CONFIG_MEMCG=y\nCONFIG_HZ=99999999999999999999\n", "2048ms");
	expect_flush("", "2048ms");
}

/* ---- hostile texts ---- */

/* Copied to the very end of an allocation, so that a byte read past it is seen under ASan. */
static void read_bytes(const uint8_t *bytes, size_t size, const char *name)
{
	uint8_t *copy = base_calloc(size ? size : 1, 1);
	const struct mmr_snapshot_piece piece = { .name = name, .data = copy, .size = size };
	static struct replay_start start = { .zones = zones, .nr_zones = 2, .nr_cpus = 2 };
	struct replay_tunables tunables;

	assert_non_null(copy);
	if (size)
		memcpy(copy, bytes, size);
	replay_tunables_init(&tunables);
	read_sysctl(&piece, &tunables);
	read_config(&piece, &tunables);
	assert_int_equal(read_zoneinfo(&piece, &start), 0);
	replay_start_deinit(&start);
	base_free(copy);
}

static void any_bytes_are_read_without_harm(void **state)
{
	static const char words[] = "Node 0, zone Normal\n cpu: 1\n count: 9999999999\n\0\xff\t-%n";
	uint8_t bytes[1500];
	struct rng rng;

	(void)state;
	base_rng_init(&rng, 5);
	for (int round = 0; round < 3000; round++) {
		size_t size = base_rng_below(&rng, sizeof(bytes));

		for (size_t i = 0; i < size; i++)
			bytes[i] = round & 1 ? (uint8_t)base_rng_next(&rng)
			                     : (uint8_t)words[(i + base_rng_below(&rng, 3)) %
			                                      (sizeof(words) - 1)];
		read_bytes(bytes, size, "proc/sys/vm/lowmem_reserve_ratio");
	}
	memset(bytes, 'x', sizeof(bytes)); /* one line, longer than any buffer */
	read_bytes(bytes, sizeof(bytes), "proc/sys/vm/swappiness");
}

/* ---- all of it ---- */

/* Not inlined: ASan keeps every inlined function's locals apart, and the frame would be larger than we allow. */
__attribute__((noinline)) static struct mmr_trace *open_written(void)
{
	char path[] = "/tmp/mmr-start-XXXXXX";
	struct mmr_trace *trace;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	run_trace_write(path, 3);
	assert_int_equal(mmr_trace_open(path, NULL, &trace, NULL), 0);
	unlink(path);
	return trace;
}

static void a_trace_starts_where_its_snapshot_ends(void **state)
{
	struct mmr_trace *trace = open_written();
	struct replay_tunables tunables;
	struct mmr_error err = { 0 };
	static struct replay_start start; /* too large for a stack */

	(void)state;
	replay_tunables_init(&tunables);
	assert_int_equal(replay_start_read(trace, &start, &tunables, &err), 0);
	assert_true(start.exact);
	assert_int_equal(start.nr_free_blocks, 7);
	for (unsigned int i = 0; i < 7; i++) {
		assert_int_equal(start.free_blocks[i].pfn, RUN_FIRST_PFN + 1024 * (i + 1));
		assert_int_equal(start.free_blocks[i].order, 10);
	}
	assert_int_equal(start.pcps[0].count, 3);
	assert_true(start.start_ns > mmr_trace_info(trace)->first_ns);
	assert_string_equal(value_of(&tunables, "vm.swappiness"), "35");
	assert_string_equal(value_of(&tunables, "swap"), "8M");
	replay_start_deinit(&start);
	mmr_trace_close(trace);
}

static void expect_homes(const char *name, const char *text, const char *expected)
{
	static struct replay_start start; /* too large for a stack */
	struct mmr_snapshot_piece piece = piece_of(name, text);
	char homes[5] = "----";

	start.nr_cpus = 4;
	assert_int_equal(read_cpulist(&piece, &start), 0);
	for (int cpu = 0; start.homes && cpu < 4; cpu++)
		homes[cpu] = (char)('0' + start.homes[cpu]);
	assert_string_equal(homes, expected);
	replay_start_deinit(&start);
}

static void cpus_have_nodes(void **state)
{
	(void)state;
	expect_homes(NODE_PREFIX "1/cpulist", "1-2\n", "0110");
	expect_homes(NODE_PREFIX "7/cpulist", "0,2-9\n", "7077");
	expect_homes(NODE_PREFIX "1/cpulist", "\n", "0000");
	expect_homes(NODE_PREFIX "8/cpulist", "0-3\n", "0000");
	expect_homes(NODE_PREFIX "1/cpulist", "3-,x4294967295-0", "0000");
	expect_homes(NODE_PREFIX "1/distance", "10 20\n", "----");
	expect_homes(NODE_PREFIX "x", "0\n", "----");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_become_the_largest_aligned_blocks),
		cmocka_unit_test(blocks_fill_any_run_and_could_not_merge),
		cmocka_unit_test(counts_go_to_their_zone_and_cpu),
		cmocka_unit_test(kernel_memory_is_counted_by_node),
		cmocka_unit_test(counts_of_nobody_are_ignored),
		cmocka_unit_test(each_zone_begins_without_a_cpu),
		cmocka_unit_test(settings_are_those_of_the_recording),
		cmocka_unit_test(statistics_are_as_old_as_the_configuration_makes_them),
		cmocka_unit_test(any_bytes_are_read_without_harm),
		cmocka_unit_test(a_trace_starts_where_its_snapshot_ends),
		cmocka_unit_test(cpus_have_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
