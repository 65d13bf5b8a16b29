/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slab caches and memory cgroups of a snapshot, as they are and as nobody would write them. */
#include "result_rows.h"

#include "fake_snapshot.h"
#include "snapshot_facts.c"

static void facts(const char *const *pieces)
{
	const struct results_run run = { .kind = "original",
		                         .label = "original",
		                         .policy = "kernel",
		                         .kernel = "6.12",
		                         .access_source = "none" };
	struct results_db *db = rows_begin(&run);

	fake_pieces = pieces;
	replay_facts_put(db, NULL, 42);
	fake_pieces = NULL;
	replay_facts_put_recorder(db, NULL);
	rows_commit(db);
}

static void slab_caches(void **state)
{
	static const char *const pieces[] = {
		"proc/slabinfo",
		"slabinfo - version: 2.1\n# name <active_objs> ... : slabdata <active_slabs> <num_slabs> <sharedavail>\n"
		"dentry 100 126 192 21 1 : tunables 0 0 0 : slabdata 5 6 0\n"
		"kmalloc-8k 8 8 8192 4 8 : tunables 0 0 0 : slabdata 2 2 0\n"
		"empty 0 0 64 64 1 : tunables 0 0 0 : slabdata 0 0 0\n"
		"negative 1 1 1 1 -8 : tunables 0 0 0 : slabdata 1 9 0\n"
		"huge 1 1 1 1 8 : tunables 0 0 0 : slabdata 1 9223372036854775807 0\ncut 1 2 : slabdata",
		NULL
	};

	(void)state;
	facts(pieces);
	rows_expect("SELECT t_ns, name, objects, object_size, pages FROM slab_cache",
	            "42|dentry|100|192|6\n42|kmalloc-8k|8|8192|16\n");
}

static void cgroups(void **state)
{
	static const char *const pieces[] = { "sys/fs/cgroup/lab/memory.max",
		                              "1048576\n",
		                              "sys/fs/cgroup/lab/memory.high",
		                              "max\n",
		                              "sys/fs/cgroup/lab/deep/memory.events",
		                              "low 0\nmax 17\noom_kill 1\nbroken\n",
		                              "sys/fs/cgroup/memory/v1/memory.limit_in_bytes",
		                              "9223372036854771712\n",
		                              "sys/fs/cgroup/memory.current",
		                              "5\n",
		                              "sys/fs/cgroup/lab/memory.stat",
		                              "anon 5\n",
		                              "sys/fs/cgroup/lab/memory.current",
		                              "no number\n",
		                              "sys/fs/cgroup",
		                              "1\n",
		                              NULL };

	(void)state;
	facts(pieces);
	rows_expect(
		"SELECT path, name, coalesce(value, 'no limit') FROM cgroup_memory ORDER BY path, name",
		"/lab|memory.high|no limit\n/lab|memory.max|1048576\n/lab/deep|memory.events:max|17\n"
		"/lab/deep|memory.events:oom_kill|1\n/memory/v1|memory.limit_in_bytes|no limit\n");
}

/* Two cgroups on a node, each with sequence numbers of its own: added by distance from the youngest. */
static void generations(void **state)
{
	static const char *const pieces[] = {
		"sys/kernel/debug/lru_gen",
		"memcg     1 /\n node     0\n"
		"          7       5000         10          0 \n"
		"          8       3000         20          5 \n"
		"          9       1000         30          6 \n"
		"memcg     2 /lab\n node     0\n"
		"          0       4000          1          2 \n"
		"          1       2000          3          4 \n"
		" node     1\n"
		"          4       2000        100        200 \n"
		"          5       2000        -1        200 \n"
		" node     77\n"
		"          4       2000        100        200 \n"
		"          4       2000        9223372036854775807       1\n nonsense 1 2 3",
		NULL
	};

	(void)state;
	facts(pieces);
	rows_expect(
		"SELECT t_ns, node, generation, anon, file FROM lru_generation ORDER BY 1, 2, 3",
		"42|0|0|33|10\n42|0|1|21|7\n42|0|2|10|0\n42|1|0|100|200\n");
}

static void the_recorder(void **state)
{
	static const char *const texts[] = { "recorder.options",
		                             "interval_ns=1\nbuffer_size=4096\n",
		                             "events/kmem/mm_page_alloc/format",
		                             "",
		                             "events/exceptions/page_fault_user/format",
		                             "",
		                             "events/kmem/rss_stat/format",
		                             "",
		                             "events/filemap/mm_filemap_add_to_page_cache/format",
		                             "",
		                             "events/vmscan/mm_vmscan_direct_reclaim_begin/format",
		                             "",
		                             "events/compaction/mm_compaction_begin/format",
		                             "",
		                             "events/writeback/writeback_dirty_page/format",
		                             "",
		                             "events/syscalls/sys_enter_mmap/format",
		                             "",
		                             NULL };
	static const char *const none[] = { NULL };

	(void)state;
	fake_texts = texts;
	facts(none);
	fake_texts = NULL;
	rows_expect("SELECT name, value FROM run_param WHERE name GLOB 'recorder.*' ORDER BY name",
	            "recorder.buffer_bytes|8192\nrecorder.lacks|OOM kills, waits of writers\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rows_set_up, rows_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(slab_caches), TEST(cgroups), TEST(generations),
		                            TEST(the_recorder) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
