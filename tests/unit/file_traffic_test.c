/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes through the page cache, file by file. */
#include "result_rows.h"

#include "fake_snapshot.h"
#include "file_traffic.c"

static struct replay_file_traffic traffic;

static void begin(void)
{
	const struct results_run run = { .kind = "original",
		                         .label = "original",
		                         .policy = "kernel",
		                         .kernel = "6.12",
		                         .access_source = "none" };

	traffic = (struct replay_file_traffic){ .db = rows_begin(&run) };
}

static void end(void)
{
	struct results_db *db = traffic.db;

	assert_int_equal(replay_file_traffic_finish(&traffic, NULL), 0);
	replay_file_traffic_deinit(&traffic);
	rows_commit(db);
}

static void move(uint16_t kind, uint32_t pid, uint64_t ino, uint64_t index, bool reclaiming)
{
	const struct mmr_event event = {
		.pid = pid,
		.kind = kind,
		.filemap = { .ino = ino, .index = index, .dev = 254u << 20 | 16 }
	};

	replay_file_traffic_event(&traffic, &event, reclaiming);
}

/* allocated with these flags, and then put into the page cache */
static void bring_in(uint32_t pid, uint64_t ino, uint64_t index, uint64_t gfp_flags)
{
	const struct mmr_event alloc = { .pid = pid,
		                         .kind = MMR_EVENT_MM_PAGE_ALLOC,
		                         .page = { .pfn = 7000 + index, .gfp_flags = gfp_flags } };
	const struct mmr_event event = { .pid = pid,
		                         .kind = MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE,
		                         .filemap = { .pfn = 7000 + index,
		                                      .ino = ino,
		                                      .index = index,
		                                      .dev = 254u << 20 | 16 } };

	replay_file_traffic_alloc(&traffic, &alloc);
	replay_file_traffic_event(&traffic, &event, false);
}

#define IN  MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE
#define OUT MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE

static void a_scan_that_is_evicted(void **state)
{
	(void)state;
	begin();
	for (uint64_t i = 0; i < 1000; i++)
		move(IN, 5, 12, i, false);
	for (uint64_t i = 0; i < 600; i++)
		move(OUT, 40, 12, i, true);
	for (uint64_t i = 600; i < 700; i++)
		move(OUT, 5, 12, i, false); /* truncated */
	for (uint64_t i = 0; i < 10; i++)
		move(IN, 6, 12, 50 * i, false);
	end();
	rows_expect("SELECT dev, ino, pages, pid, added, again, sequential, evicted FROM file_stat",
	            "254:16|12|1000|5|1010|10|1000|600\n");
}

/* Who wrote a file and who read it are told apart, whoever brought in more. */
static void what_is_written(void **state)
{
	(void)state;
	begin();
	for (uint64_t i = 0; i < 600; i++)
		bring_in(8, 12, i, 0x101c4a);
	for (uint64_t i = 0; i < 300; i++)
		bring_in(9, 12, i, 0x140c4a);
	for (uint64_t i = 0; i < 256; i++)
		bring_in(8, 13, i, 0x101c4a);
	for (uint64_t i = 0; i < 256; i++)
		bring_in(9, 14, i, 0x140c4a);
	end();
	rows_expect("SELECT ino, pid, added, again FROM file_stat ORDER BY ino",
	            "12|9|900|300\n13|8|256|0\n14|9|256|0\n");
	rows_expect(
		"SELECT dev, ino, writer_pid, written FROM file_stat WHERE written ORDER BY ino",
		"254:16|12|8|600\n254:16|13|8|256\n");
}

/* Windows of readahead at random places are no scan; two scans at once are two. */
static void what_a_scan_is(void **state)
{
	(void)state;
	begin();
	for (uint64_t window = 0; window < 64; window++)
		for (uint64_t i = 0; i < 32; i++)
			move(IN, 5, 1, window * 7919 % 64 * 100 + i, false);
	for (uint64_t i = 0; i < 300; i++) {
		move(IN, 5, 2, i, false);
		move(IN, 6, 2, 5000 + i, false);
	}
	for (uint64_t i = 0; i < 200; i++) /* too few to tell */
		move(IN, 5, 3, i, false);
	end();
	rows_expect("SELECT ino, added, sequential FROM file_stat ORDER BY ino",
	            "1|2048|0\n2|600|600\n");
}

/* An index from a damaged trace takes no memory; such pages only count as new. */
static void absurd_indices(void **state)
{
	(void)state;
	begin();
	for (uint64_t i = 0; i < 300; i++)
		move(IN, 5, 9, UINT64_MAX - i % 3, false);
	end();
	rows_expect("SELECT added, again, pages FROM file_stat", "300|0|0\n");
}

/* However many small ones there are, a large one among them stays. */
static void more_files_than_are_kept(void **state)
{
	(void)state;
	begin();
	for (uint64_t ino = 1; ino <= 50000; ino++) {
		move(IN, 5, ino, 0, false);
		move(OUT, 40, ino, 0, true);
		move(IN, 6, 1u << 20, ino, false);
		move(OUT, 6, 1u << 20, ino, true);
	}
	assert_true(traffic.count <= MAX_FILES);
	end();
	rows_expect(
		"SELECT ino, files, pid, added, again, sequential, evicted FROM file_stat ORDER BY ino",
		"0|50000|5|50000|0|0|50000\n1048576|1|6|50000|0|50000|50000\n");
}

/* Small files count together, by the names of who read and who wrote them; those in use have a row of their own. */
static void small_files(void **state)
{
	(void)state;
	begin();
	for (uint64_t ino = 1; ino <= 40; ino++)
		for (uint64_t i = 0; i < 10; i++) {
			bring_in(8, ino, i, 0x140c4a);
			bring_in(9, 100 + ino, i, 0x101c4a);
		}
	for (uint64_t i = 0; i < 10; i++) {
		move(OUT, 40, 3, i, true);
		move(OUT, 8, 4, i, false); /* truncated */
		bring_in(8, 3, i, 0x140c4a);
	}
	for (uint64_t i = 0; i < 200; i++) {
		bring_in(8, 500, i, 0x140c4a);
		move(OUT, 40, 500, i, true);
	}
	for (uint64_t i = 0; i < 300; i++)
		bring_in(7, 600, i % 100, 0x140c4a);
	end();
	rows_expect("SELECT dev, ino, files, pages, pid, added, again, evicted, written, writer_pid"
	            " FROM file_stat ORDER BY ino, written",
	            "254:16|0|41|0|8|610|10|210|0|0\n254:16|0|40|0|9|400|0|0|400|9\n"
	            "254:16|600|1|100|7|300|200|0|0|0\n");
}

/* What little is left, as every recording has some of, is nobody's. */
static void few_small_files(void **state)
{
	(void)state;
	begin();
	for (uint64_t i = 0; i < 255; i++)
		move(IN, 5, i, 0, false);
	end();
	rows_expect("SELECT * FROM file_stat", "");
}

static void many_files(void **state)
{
	(void)state;
	begin();
	for (uint64_t i = 0; i < 300; i++)
		for (uint64_t ino = 1; ino <= 1000; ino++)
			move(IN, 5, ino, i % 256, false);
	end();
	rows_expect("SELECT count(*), min(added), max(added), min(again) FROM file_stat",
	            "1000|300|300|44\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rows_set_up, rows_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_scan_that_is_evicted),   TEST(what_is_written),
		TEST(what_a_scan_is),           TEST(absurd_indices),
		TEST(more_files_than_are_kept), TEST(small_files),
		TEST(few_small_files),          TEST(many_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
