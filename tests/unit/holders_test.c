/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds memory: hand-made events, and the rows that they become. The recording lasts from 1000 ns to 21000 ns. */
#include "result_rows.h"

#include "fake_snapshot.h"
#include "holders.c"

#define FIRST_NS 1000u
#define LAST_NS  21000u
#define PFN      4096u
#define NR_PFNS  2048u
#define KERNEL   0x400cc0u
#define MOVABLE  0x100ccau

static struct replay_holders holders;

static void begin(void)
{
	const struct results_run run = { .kind = "original",
		                         .label = "original",
		                         .policy = "kernel",
		                         .kernel = "6.12",
		                         .access_source = "none" };
	struct mmr_error err = { 0 };

	fake_zones[0] = (struct mmr_zone_info){ .start_pfn = PFN, .spanned = NR_PFNS };
	fake_nr_zones = 1;
	fake_info.nr_snapshots = fake_pieces ? 1 : 0;
	assert_int_equal(
		replay_holders_init(&holders, NULL, rows_begin(&run), FIRST_NS, LAST_NS, &err), 0);
}

static void end(void)
{
	struct results_db *db = holders.db;

	assert_int_equal(replay_holders_finish(&holders, NULL), 0);
	replay_holders_deinit(&holders);
	fake_pieces = NULL;
	rows_commit(db);
}

static void page(uint64_t t_ns, uint32_t pid, uint16_t kind, uint64_t pfn, uint32_t order,
                 uint64_t gfp_flags)
{
	const struct mmr_event event = {
		.t_ns = FIRST_NS + t_ns,
		.pid = pid,
		.kind = kind,
		.page = { .pfn = pfn, .order = order, .gfp_flags = gfp_flags }
	};

	replay_holders_event(&holders, &event);
}

static void rss(uint64_t t_ns, uint32_t pid, uint32_t mm_id, uint32_t curr, int32_t member,
                int64_t pages)
{
	const struct mmr_event event = {
		.t_ns = FIRST_NS + t_ns,
		.pid = pid,
		.kind = MMR_EVENT_RSS_STAT,
		.rss = { .mm_id = mm_id, .curr = curr, .member = member, .size = pages * 4096 }
	};

	replay_holders_event(&holders, &event);
}

static void pages_belong_to_who_asked(void **state)
{
	(void)state;
	begin();
	page(1, 7, MMR_EVENT_MM_PAGE_ALLOC, PFN, 9, KERNEL);        /* 512 */
	page(2, 7, MMR_EVENT_MM_PAGE_ALLOC, PFN + 512, 9, MOVABLE); /* and 512 */
	page(3, 8, MMR_EVENT_MM_PAGE_FREE, PFN, 8, 0);       /* half of it, whoever frees it */
	page(4, 7, MMR_EVENT_MM_PAGE_ALLOC, PFN, 8, KERNEL); /* the same pages again */
	page(5, 9, MMR_EVENT_MM_PAGE_ALLOC, PFN + 512, 8, MOVABLE); /* their being freed was lost */
	page(6, 9, MMR_EVENT_MM_PAGE_ALLOC, MMR_PFN_NONE, 0, KERNEL);
	page(7, 9, MMR_EVENT_MM_PAGE_ALLOC, PFN + NR_PFNS - 1, 9,
	     KERNEL); /* reaches past the memory */
	page(8, 9, MMR_EVENT_MM_PAGE_FREE, PFN + NR_PFNS - 1, 9, 0);
	page(9, 9, MMR_EVENT_MM_PAGE_ALLOC, PFN + 1024, 40, KERNEL); /* no order */
	end();
	rows_expect(
		"SELECT pid, comm, kind, allocated, most, live FROM allocation_stat ORDER BY pid, kind",
		"7|task-7|kernel|768|512|512\n7|task-7|movable|512|512|256\n9|task-9|movable|256|256|256\n");
}

/* Nobody of them has a row of their own, nor have those that have a name each. */
static void many_that_want_little(void **state)
{
	(void)state;
	fake_many = 100;
	begin();
	for (uint32_t i = 0; i < 40; i++)
		page(1 + i, 100 + i, MMR_EVENT_MM_PAGE_ALLOC, PFN + 32 * i, i < 20 ? 5 : 3,
		     MOVABLE);
	page(2000, 100, MMR_EVENT_MM_PAGE_ALLOC, PFN + 1500, 5, MOVABLE);
	for (uint32_t i = 0; i < 30; i++)
		page(2010 + i, 1, MMR_EVENT_MM_PAGE_FREE, PFN + 32 * i, i < 20 ? 5 : 3, 0);
	for (uint32_t i = 0; i < 3; i++)
		page(3000 + i, 10 + i, MMR_EVENT_MM_PAGE_ALLOC, PFN + 1600 + 64 * i, 6, KERNEL);
	page(3010, 20, MMR_EVENT_MM_PAGE_ALLOC, PFN + 1800, 7, KERNEL);
	end();
	rows_expect("SELECT comm, pid, tasks, kind, allocated, most, live FROM allocation_stat",
	            "many|100|40|movable|832|832|112\n");
	fake_many = 0;
}

static void threads_and_interrupts(void **state)
{
	static const char *const pieces[] = { "proc/5/task", "5\n6\n", NULL };
	struct mmr_event event = { .t_ns = FIRST_NS + 1, .pid = 6, .kind = MMR_EVENT_TASK_NEWTASK };

	(void)state;
	fake_pieces = pieces;
	begin();
	event.newtask.pid = 20;
	event.newtask.clone_flags = CLONE_VM;
	replay_holders_event(&holders, &event);
	page(2, 6, MMR_EVENT_MM_PAGE_ALLOC, PFN, 8, MOVABLE);        /* a thread that was there */
	page(3, 20, MMR_EVENT_MM_PAGE_ALLOC, PFN + 256, 8, MOVABLE); /* one that it made */
	event = (struct mmr_event){
		.t_ns = FIRST_NS + 4,
		.pid = 5,
		.kind = MMR_EVENT_MM_PAGE_ALLOC,
		.page = { .pfn = PFN + 512, .order = 8, .gfp_flags = KERNEL, .context = 0x10 }
	};
	replay_holders_event(&holders, &event);
	end();
	rows_expect("SELECT pid, kind, allocated FROM allocation_stat ORDER BY pid",
	            "0|kernel|256\n5|movable|512\n");
}

static void address_spaces_over_time(void **state)
{
	(void)state;
	begin();
	rss(10, 5, 77, 1, 1, 1000);
	rss(20, 6, 77, 0, 1, 1100); /* by somebody else: still that of 5 */
	rss(1500, 5, 77, 1, 2, 50);
	rss(3500, 5, 78, 1, 1, 300);  /* another program */
	rss(3600, 6, 77, 1, 1, 2000); /* at the old one's address: now it is that of 6 */
	rss(3700, 6, 79, 1, 1, 9);
	rss(9000, 6, 79, 1, 7, 9); /* no member */
	end();
	/* Instants are 1001 ns apart; what did not change since the last has no row. */
	rows_expect("SELECT t_ns, pid, anon, swap FROM task_memory ORDER BY t_ns, pid",
	            "1001|5|1100|0\n2002|5|1100|50\n4004|5|300|0\n");
}

static void pins_of_a_failed_compaction(void **state)
{
	struct mmr_event event = { .t_ns = FIRST_NS + 10,
		                   .pid = 5,
		                   .kind = MMR_EVENT_MM_COMPACTION_END };

	(void)state;
	begin();
	page(1, 7, MMR_EVENT_MM_PAGE_ALLOC, PFN + 1, 0, KERNEL);
	page(2, 7, MMR_EVENT_MM_PAGE_ALLOC, PFN + 512, 1, KERNEL);
	page(3, 7, MMR_EVENT_MM_PAGE_ALLOC, PFN + 1024, 5, MOVABLE);
	event.compaction.status = 8; /* success */
	replay_holders_event(&holders, &event);
	event.compaction.status = 6;
	replay_holders_event(&holders, &event);
	replay_holders_event(&holders, &event); /* so soon that it tells nothing new */
	end();
	rows_expect("SELECT t_ns, pid, pages, pageblocks FROM pin", "10|7|3|2\n");
}

static void whom_the_killer_chose_from(void **state)
{
	static const char *const pieces[] = {
		"proc/5/stat",
		"5 (a) b) S 1 5 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7 1000 40 9\n",
		"proc/5/oom_score_adj",
		"-1000\n",
		"proc/6/stat",
		"6 (x) S 1 5 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7 1000 30 9\n",
		"proc/meminfo",
		"MemTotal: 4000 kB\nSwapTotal: 4000 kB\n",
		NULL
	};
	struct mmr_event event = { .t_ns = FIRST_NS + 10,
		                   .pid = 8,
		                   .kind = MMR_EVENT_OOM_SCORE_ADJ_UPDATE };

	(void)state;
	fake_pieces = pieces;
	begin();
	rss(1, 7, 1, 1, 1, 500);
	rss(2, 7, 1, 1, 2, 60);
	event.oom.pid = 8;
	event.oom.oom_score_adj = 500;
	replay_holders_event(&holders, &event);
	rss(11, 8, 2, 1, 1, 20);
	event = (struct mmr_event){
		.t_ns = FIRST_NS + 20, .pid = 7, .kind = MMR_EVENT_MARK_VICTIM, .oom = { .pid = 8 }
	};
	replay_holders_event(&holders, &event);
	end();
	/* 2000 pages of memory and swap; who cannot be killed is no candidate. */
	rows_expect(
		"SELECT pid, memory, swap, oom_score_adj, points, victim, asked FROM oom_candidate ORDER BY points DESC",
		"8|20|0|500|1020|1|0\n7|500|60|0|560|0|1\n6|30|0|0|30|0|0\n");
}

static void many_tasks(void **state)
{
	(void)state;
	begin();
	for (uint32_t i = 0; i < 3000; i++) {
		page(i, 10 + i, MMR_EVENT_MM_PAGE_ALLOC, PFN + i % NR_PFNS, 0, MOVABLE);
		rss(i, 10 + i, 5000 + i, 1, 1, 300);
	}
	end();
	rows_expect("SELECT count(DISTINCT pid), min(anon), max(anon) FROM task_memory",
	            "3000|300|300\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rows_set_up, rows_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pages_belong_to_who_asked),
		TEST(many_that_want_little),
		TEST(threads_and_interrupts),
		TEST(address_spaces_over_time),
		TEST(pins_of_a_failed_compaction),
		TEST(whom_the_killer_chose_from),
		TEST(many_tasks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
