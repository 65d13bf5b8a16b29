/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The views on a database whose rows are made by hand. */
#include "result_rows.h"

static struct results_db *begin(const char *kind, const char *label)
{
	const struct results_run run = { .kind = kind,
		                         .label = label,
		                         .policy = "clock",
		                         .kernel = "6.12",
		                         .access_source = "none",
		                         .begin_ns = 100,
		                         .end_ns = 900 };

	return rows_begin(&run);
}

static void stall(struct results_db *db, const char *kind, int64_t pid, int64_t duration_ns)
{
	const struct results_reclaim row = { .kind = kind,
		                             .pid = pid,
		                             .comm = "work",
		                             .start_ns = 1,
		                             .duration_ns = duration_ns,
		                             .page_order = RESULTS_NULL,
		                             .gfp_flags = RESULTS_NULL,
		                             .cause = "" };

	results_put_reclaim(db, &row);
}

static void compaction(struct results_db *db, const char *kind, int64_t pid, int64_t duration_ns)
{
	const struct results_compaction row = { .kind = kind,
		                                .pid = pid,
		                                .comm = "work",
		                                .start_ns = 1,
		                                .duration_ns = duration_ns,
		                                .page_order = 9,
		                                .gfp_flags = RESULTS_NULL,
		                                .result = "success" };

	results_put_compaction(db, &row);
}

static void stalls_are_what_a_task_waits_for(void **state)
{
	struct results_db *db = begin("original", "original");

	(void)state;
	stall(db, "direct", 1, 10);
	stall(db, "kswapd", 2, 1000);
	stall(db, "memcg", 3, 20);
	stall(db, "node", 4, 30);
	stall(db, "throttle", 5, 40);
	compaction(db, "direct", 1, 7);
	compaction(db, "kcompactd", 6, 5000);
	compaction(db, "manual", 7, 5000);
	rows_commit(db);
	rows_expect("SELECT run, kind, pid, duration_ns FROM reclaim_stalls ORDER BY pid",
	            "original|direct|1|10\noriginal|memcg|3|20\noriginal|node|4|30\n"
	            "original|throttle|5|40\n");
	rows_expect("SELECT run, kind, pid, page_order, gfp_flags FROM compaction_stalls",
	            "original|direct|1|9|-\n");
}

static void counters_are_what_they_grew_by(void **state)
{
	struct results_db *db = begin("original", "original");

	(void)state;
	results_put_vmstat(db, 100, "pgfault", 1000);
	results_put_vmstat(db, 500, "pgfault", 9999); /* a snapshot between */
	results_put_vmstat(db, 900, "pgfault", 1250);
	results_put_vmstat(db, 100, "nr_free_pages", 70);
	results_put_vmstat(db, 900, "nr_free_pages", 30);
	results_put_vmstat(db, 100, "only_at_first", 1);
	results_put_vmstat(db, 900, "only_at_last", 1);
	rows_commit(db);
	rows_expect("SELECT run, name, value FROM counters ORDER BY name",
	            "original|nr_free_pages|-40\noriginal|pgfault|250\n");
}

static void put_delta(struct results_db *db, const char *name, int64_t delta)
{
	results_put_vmstat(db, 100, name, 5);
	results_put_vmstat(db, 900, name, 5 + delta);
}

static void small_counters_are_measured_against_64(void **state)
{
	struct results_db *db = begin("original", "original");

	(void)state;
	put_delta(db, "large", 200);
	put_delta(db, "falling", -200);
	put_delta(db, "floor", 64);
	put_delta(db, "small", 3);
	put_delta(db, "zero", 0);
	put_delta(db, "unknown_to_replays", 5);
	rows_commit(db);
	db = begin("replay", "clock");
	put_delta(db, "large", 150);
	put_delta(db, "falling", -300);
	put_delta(db, "floor", 80);
	put_delta(db, "small", 19);
	put_delta(db, "zero", 128);
	put_delta(db, "unknown_to_kernels", 5);
	rows_commit(db);
	/* A second look at the original must not double the rows. */
	db = begin("original", "again");
	put_delta(db, "large", 200);
	rows_commit(db);
	rows_expect(
		"SELECT run, name, original, replay, difference, error FROM compare ORDER BY name",
		"clock|falling|-200|-300|-100|0.5\nclock|floor|64|80|16|0.25\n"
		"clock|large|200|150|-50|0.25\nclock|small|3|19|16|0.25\n"
		"clock|zero|0|128|128|2.0\n");
}

static void replays_are_compared_with_their_own_trace(void **state)
{
	const struct results_trace other = { .fingerprint = "beef",
		                             .path = "b.zst",
		                             .kernel_release = "6.1",
		                             .machine = "",
		                             .clock = "",
		                             .cmdline = "" };
	const struct results_run run = { .kind = "replay",
		                         .label = "clock",
		                         .policy = "clock",
		                         .kernel = "6.1",
		                         .access_source = "none",
		                         .begin_ns = 100,
		                         .end_ns = 900 };
	struct results_db *db = begin("original", "original");
	struct mmr_error err = { 0 };

	(void)state;
	put_delta(db, "pgfault", 10);
	assert_int_equal(results_put_trace(db, &other, &err), 0);
	assert_int_equal(results_begin_run(db, &run, NULL, &err), 0);
	put_delta(db, "pgfault", 10);
	rows_commit(db);
	rows_expect("SELECT count(*) FROM counters", "2\n");
	rows_expect("SELECT count(*) FROM compare", "0\n");
}

static void histograms_have_a_class_for_each_power_of_ten(void **state)
{
	static const int64_t edges[] = { 1000, 10000, 100000, 1000000, 10000000, 100000000 };
	struct results_db *db = begin("original", "original");

	(void)state;
	stall(db, "direct", 1, 0);
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		stall(db, "direct", 1, edges[i] - 1);
		stall(db, "direct", 1, edges[i]);
	}
	stall(db, "direct", 1, INT64_C(3600000000000));
	stall(db, "direct", 1, RESULTS_NULL); /* nobody knows how long */
	stall(db, "kswapd", 2, 5);
	stall(db, "throttle", 1, 2000);
	compaction(db, "direct", 1, 10000);
	compaction(db, "kcompactd", 6, 10000);
	rows_commit(db);
	rows_expect("SELECT what, kind, at_least_ns, nr_stalls, total_ns FROM stall_histogram"
	            " ORDER BY what, kind, at_least_ns",
	            "compaction|direct|10000|1|10000\n"
	            "reclaim|direct|0|2|999\n"
	            "reclaim|direct|1000|2|10999\n"
	            "reclaim|direct|10000|2|109999\n"
	            "reclaim|direct|100000|2|1099999\n"
	            "reclaim|direct|1000000|2|10999999\n"
	            "reclaim|direct|10000000|2|109999999\n"
	            "reclaim|direct|100000000|2|3600100000000\n"
	            "reclaim|throttle|1000|1|2000\n");
}

static void no_time_is_counted_twice_for_a_task(void **state)
{
	struct results_db *db = begin("original", "original");

	(void)state;
	stall(db, "direct", 1, 100);
	stall(db, "direct", 1, 300);
	stall(db, "throttle", 1, 250); /* inside of the one above */
	stall(db, "memcg", 2, 10);
	stall(db, "direct", 3, RESULTS_NULL);
	compaction(db, "direct", 2, 1000);
	rows_commit(db);
	rows_expect("SELECT pid, comm, nr_stalls, total_ns, longest_ns FROM top_stalled_tasks",
	            "2|work|2|1010|1000\n1|work|2|400|300\n3|work|1|-|-\n");
}

static void fragmentation_has_units(void **state)
{
	/* Of 891 free pages 119 are single ones, and 123 in blocks smaller than those of order 8. */
	struct results_free_blocks row = {
		.t_ns = 5, .last_ns = 5, .zone = "Normal", .migratetype = 1
	};
	struct results_db *db = begin("original", "original");

	(void)state;
	results_put_instant(db, 5);
	row.blocks[0] = 119;
	row.blocks[1] = 2;
	results_put_free_blocks(db, &row);
	row.migratetype = 0;
	row.blocks[0] = 0;
	row.blocks[1] = 0;
	row.blocks[8] = 3;
	results_put_free_blocks(db, &row);
	rows_commit(db);
	rows_expect("SELECT run, t_ns, node, zone, page_order, unusable_percent,"
	            " fragmentation_index FROM fragmentation WHERE page_order IN (1, 8, 9)",
	            "original|5|0|Normal|1|13.3|-1.0\n"
	            "original|5|0|Normal|8|13.8|-1.0\n"
	            "original|5|0|Normal|9|100.0|0.978\n");
}

/* A row holds from its first instant to its last; a list that ran empty is not the same as one that was not looked at. */
static void free_blocks_hold_until_they_change(void **state)
{
	struct results_free_blocks row = {
		.t_ns = 1, .last_ns = 3, .zone = "DMA", .migratetype = 1
	};
	struct results_db *db = begin("original", "original");

	(void)state;
	for (int64_t t_ns = 1; t_ns <= 6; t_ns++)
		results_put_instant(db, t_ns);
	row.blocks[0] = 7;
	row.blocks[10] = 1;
	results_put_free_blocks(db, &row);
	row.t_ns = 4;
	row.last_ns = 5;
	row.blocks[10] = 0;
	results_put_free_blocks(db, &row);
	row.t_ns = 6;
	row.last_ns = 6;
	row.blocks[0] = 0;
	results_put_free_blocks(db, &row);
	rows_commit(db);
	rows_expect("SELECT t_ns, zone, page_order, migratetype, blocks FROM buddy ORDER BY 1, 3",
	            "1|DMA|0|Movable|7\n1|DMA|10|Movable|1\n2|DMA|0|Movable|7\n"
	            "2|DMA|10|Movable|1\n3|DMA|0|Movable|7\n3|DMA|10|Movable|1\n"
	            "4|DMA|0|Movable|7\n5|DMA|0|Movable|7\n");
	rows_expect("SELECT t_ns, unusable, frag_index FROM frag WHERE page_order = 10",
	            "1|6|-1000\n2|6|-1000\n3|6|-1000\n4|1000|857\n5|1000|857\n6|1000|0\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rows_set_up, rows_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stalls_are_what_a_task_waits_for),
		TEST(counters_are_what_they_grew_by),
		TEST(small_counters_are_measured_against_64),
		TEST(replays_are_compared_with_their_own_trace),
		TEST(histograms_have_a_class_for_each_power_of_ten),
		TEST(no_time_is_counted_twice_for_a_task),
		TEST(fragmentation_has_units),
		TEST(free_blocks_hold_until_they_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
