/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hand-made events, and the rows that they become. Time 0 of the database is 1000 ns. */
#include "result_rows.h"

#include <mmreplay/trace.h>

#include "stall_stack.h"

/* There is no trace: names and texts are these. */
static const char *test_comm(struct mmr_trace *trace, uint32_t pid)
{
	(void)trace;
	switch (pid) {
	case 40:
		return "kswapd0";
	case 50:
		return "kcompactd0";
	case 60:
		return "khugepaged";
	default:
		return "work";
	}
}

static const char *event_text;
static size_t test_format_event(struct mmr_trace *trace, char *text, size_t size)
{
	(void)trace;
	return (size_t)snprintf(text, size, "%s", event_text);
}

/* The stack that the next event has; its rows are made the first time. */
static int64_t stack_id;
static int64_t test_stack_put(struct replay_stacks *stacks, struct mmr_trace *trace,
                              struct results_db *db)
{
	char code[16];

	(void)trace;
	snprintf(code, sizeof(code), "code%d", (int)stack_id);
	if ((int64_t)stacks->hashes.count < stack_id) {
		assert_int_equal(replay_hash_vec_push(&stacks->hashes, 1), 0);
		results_put_stack(db, stack_id, code, "k", "u");
	}
	return stack_id;
}

#define mmr_trace_comm         test_comm
#define mmr_trace_format_event test_format_event
#define replay_stack_put       test_stack_put
#include "episode.c"

#define BASE_NS 1000u

static struct replay_episodes episodes;

static void begin(void)
{
	const struct results_run run = { .kind = "original",
		                         .label = "original",
		                         .policy = "kernel",
		                         .kernel = "6.12",
		                         .access_source = "none" };

	event_text = "order=0 gfp_flags=GFP_KERNEL|__GFP_NOWARN";
	episodes = (struct replay_episodes){ .db = rows_begin(&run), .base_ns = BASE_NS };
}

static void end(void)
{
	struct mmr_error err = { 0 };

	assert_int_equal(replay_episodes_finish(&episodes, &err), 0);
	replay_episodes_deinit(&episodes);
	rows_commit(episodes.db);
}

/* An event of pid at t_ns of the database, without more than that. */
static void happen(uint64_t t_ns, uint32_t pid, uint16_t kind)
{
	const struct mmr_event event = { .t_ns = BASE_NS + t_ns, .pid = pid, .kind = kind };

	replay_episodes_event(&episodes, &event);
}

static void reclaim(uint64_t t_ns, uint32_t pid, uint16_t kind, int32_t order,
                    uint64_t nr_reclaimed)
{
	const struct mmr_event event = {
		.t_ns = BASE_NS + t_ns,
		.pid = pid,
		.kind = kind,
		.reclaim = { .gfp_flags = 0xcc0, .order = order, .nr_reclaimed = nr_reclaimed },
	};

	replay_episodes_event(&episodes, &event);
}

static void shrink(uint64_t t_ns, uint32_t pid, uint32_t nr_scanned, uint32_t nr_reclaimed)
{
	const struct mmr_event event = {
		.t_ns = BASE_NS + t_ns,
		.pid = pid,
		.kind = MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE,
		.shrink_inactive = { .nr_scanned = nr_scanned, .nr_reclaimed = nr_reclaimed },
	};

	replay_episodes_event(&episodes, &event);
}

#define RECLAIM_ROWS                                                            \
	"SELECT kind, pid, comm, start_ns, duration_ns, page_order, gfp_flags," \
	" nr_scanned, nr_reclaimed, cause FROM reclaim_episode ORDER BY start_ns, pid"

static void direct_reclaim_sums_what_its_own_thread_scans(void **state)
{
	(void)state;
	begin();
	reclaim(100, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN, 3, 0);
	shrink(110, 7, 32, 10);
	shrink(115, 8, 1000, 1000); /* another thread, outside of any stall */
	shrink(120, 7, 64, 20);
	/* The kernel's own sum counts: slab pages are not among the LRU's. */
	reclaim(150, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END, 0, 33);
	shrink(160, 7, 5, 5);
	end();
	rows_expect(RECLAIM_ROWS, "direct|7|work|100|50|3|3264|96|33|allocation of order 3, "
	                          "GFP_KERNEL|__GFP_NOWARN\n");
	assert_int_equal(episodes.nr_reclaim, 1);
}

static void kinds_of_reclaim_have_their_own_rows(void **state)
{
	(void)state;
	begin();
	event_text = "no flags in here";
	reclaim(10, 1, MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_BEGIN, 0, 0);
	reclaim(20, 2, MMR_EVENT_MM_VMSCAN_NODE_RECLAIM_BEGIN, 1, 0);
	reclaim(30, 2, MMR_EVENT_MM_VMSCAN_NODE_RECLAIM_END, 0, 2);
	reclaim(40, 1, MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_END, 0, 1);
	end();
	rows_expect(RECLAIM_ROWS, "memcg|1|work|10|30|0|3264|0|1|allocation of order 0\n"
	                          "node|2|work|20|10|1|3264|0|2|allocation of order 1\n");
}

static void kswapd_is_awake_once_however_often_it_is_woken(void **state)
{
	(void)state;
	begin();
	reclaim(100, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE, 0, 0);
	shrink(110, 40, 32, 30);
	reclaim(120, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE, 4, 0);
	shrink(130, 40, 32, 2);
	reclaim(200, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_SLEEP, 0, 0);
	end();
	rows_expect(RECLAIM_ROWS,
	            "kswapd|40|kswapd0|100|100|0|-|64|32|free pages below the low watermark\n");
	rows_expect("SELECT count(*) FROM reclaim_stalls", "0\n");
}

/* A soft limit is reclaimed inside of kswapd's or a task's own round (6.12: shrink_zones, balance_pgdat). */
static void soft_limits_are_part_of_what_they_happen_in(void **state)
{
	(void)state;
	begin();
	reclaim(100, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN, 0, 0);
	reclaim(110, 7, MMR_EVENT_MM_VMSCAN_MEMCG_SOFTLIMIT_RECLAIM_BEGIN, 0, 0);
	shrink(115, 7, 8, 4);
	reclaim(120, 7, MMR_EVENT_MM_VMSCAN_MEMCG_SOFTLIMIT_RECLAIM_END, 0, 4);
	shrink(125, 7, 8, 4);
	reclaim(150, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END, 0, 8);
	reclaim(160, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE, 0, 0);
	reclaim(170, 40, MMR_EVENT_MM_VMSCAN_MEMCG_SOFTLIMIT_RECLAIM_BEGIN, 0, 0);
	reclaim(180, 40, MMR_EVENT_MM_VMSCAN_MEMCG_SOFTLIMIT_RECLAIM_END, 0, 4);
	reclaim(190, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_SLEEP, 0, 0);
	end();
	rows_expect("SELECT kind, start_ns, duration_ns, nr_scanned, nr_reclaimed"
	            " FROM reclaim_episode ORDER BY start_ns",
	            "direct|100|50|16|8\nkswapd|160|30|0|0\n");
}

static void ends_without_a_begin_say_nothing(void **state)
{
	(void)state;
	begin();
	reclaim(10, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END, 0, 9);
	happen(20, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_SLEEP);
	happen(30, 7, MMR_EVENT_MM_COMPACTION_END);
	/* … nor does one of another kind. */
	reclaim(40, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN, 0, 0);
	reclaim(50, 7, MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_END, 0, 9);
	reclaim(60, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END, 0, 1);
	end();
	rows_expect("SELECT kind, start_ns, duration_ns, nr_reclaimed FROM reclaim_episode",
	            "direct|40|20|1\n");
	rows_expect("SELECT count(*) FROM compaction_episode", "0\n");
}

static void what_is_not_seen_to_end_has_no_duration(void **state)
{
	struct mmr_event exit = { .t_ns = BASE_NS + 400,
		                  .pid = 9,
		                  .kind = MMR_EVENT_SCHED_PROCESS_EXIT,
		                  .exit = { .pid = 9, .comm = "gone" } };

	(void)state;
	begin();
	/* Its end was lost: the thread begins again. */
	reclaim(100, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN, 0, 0);
	reclaim(200, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN, 0, 0);
	reclaim(250, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END, 0, 0);
	/* … or the thread is gone. */
	reclaim(300, 9, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN, 0, 0);
	happen(310, 9, MMR_EVENT_MM_COMPACTION_BEGIN);
	replay_episodes_event(&episodes, &exit);
	/* … or the trace. */
	reclaim(500, 8, MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_BEGIN, 0, 0);
	happen(510, 50, MMR_EVENT_MM_COMPACTION_BEGIN);
	happen(520, 51, MMR_EVENT_MM_COMPACTION_BEGIN);
	happen(530, 51, MMR_EVENT_MM_COMPACTION_BEGIN);
	end();
	rows_expect(
		"SELECT kind, pid, start_ns, duration_ns FROM reclaim_episode ORDER BY start_ns",
		"direct|7|100|-\ndirect|7|200|50\ndirect|9|300|-\nmemcg|8|500|-\n");
	rows_expect(
		"SELECT pid, start_ns, duration_ns, result FROM compaction_episode ORDER BY start_ns",
		"9|310|-|unknown\n50|510|-|unknown\n51|520|-|unknown\n51|530|-|unknown\n");
}

static void throttling_tells_its_own_length(void **state)
{
	struct mmr_event event = { .t_ns = BASE_NS + 9000000,
		                   .pid = 7,
		                   .kind = MMR_EVENT_MM_VMSCAN_THROTTLED,
		                   .throttled = { .delayed_us = 4000, .reason = 1 } };

	(void)state;
	begin();
	replay_episodes_event(&episodes, &event);
	event.t_ns += 1000000;
	event.throttled.reason = 7;
	replay_episodes_event(&episodes, &event);
	event.t_ns += 1000000;
	event.throttled.reason = -1;
	replay_episodes_event(&episodes, &event);
	end();
	rows_expect(RECLAIM_ROWS,
	            "throttle|7|work|5000000|4000000|-|-|0|0|too many pages isolated\n"
	            "throttle|7|work|6000000|4000000|-|-|0|0|unknown\n"
	            "throttle|7|work|7000000|4000000|-|-|0|0|unknown\n");
}

/* Those that found too much dirty and did not have to wait are no episodes. */
static void writers_wait_while_too_much_is_dirty(void **state)
{
	struct mmr_event event = { .t_ns = BASE_NS + 9000000,
		                   .pid = 7,
		                   .kind = MMR_EVENT_BALANCE_DIRTY_PAGES,
		                   .balance_dirty = { .pause_ms = -42 } };

	(void)state;
	begin();
	replay_episodes_event(&episodes, &event);
	event.balance_dirty.pause_ms = 26;
	replay_episodes_event(&episodes, &event);
	end();
	rows_expect(RECLAIM_ROWS,
	            "throttle|7|work|9000000|26000000|-|-|0|0|too many dirty pages\n");
}

/* ---- compaction ---- */

static void compact(uint64_t t_ns, uint32_t pid, int32_t status)
{
	struct mmr_event event = { .t_ns = BASE_NS + t_ns,
		                   .pid = pid,
		                   .kind = MMR_EVENT_MM_COMPACTION_BEGIN,
		                   .compaction = { .sync = 1 } };

	replay_episodes_event(&episodes, &event);
	event = (struct mmr_event){ .t_ns = BASE_NS + t_ns + 1,
		                    .pid = pid,
		                    .kind = MMR_EVENT_MM_COMPACTION_ISOLATE_MIGRATEPAGES,
		                    .isolate = { .nr_scanned = 512, .nr_taken = 32 } };
	replay_episodes_event(&episodes, &event);
	event.kind = MMR_EVENT_MM_COMPACTION_ISOLATE_FREEPAGES;
	event.isolate.nr_scanned = 100;
	replay_episodes_event(&episodes, &event);
	event.kind = MMR_EVENT_MM_COMPACTION_FAST_ISOLATE_FREEPAGES;
	event.isolate.nr_scanned = 11;
	replay_episodes_event(&episodes, &event);
	event.kind = MMR_EVENT_MM_COMPACTION_MIGRATEPAGES;
	event.migrate.nr_succeeded = 30;
	event.migrate.nr_failed = 2;
	replay_episodes_event(&episodes, &event);
	event = (struct mmr_event){ .t_ns = BASE_NS + t_ns + 20,
		                    .pid = pid,
		                    .kind = MMR_EVENT_MM_COMPACTION_END,
		                    .compaction = { .status = status } };
	replay_episodes_event(&episodes, &event);
}

static void try_to_compact_for(uint64_t t_ns, uint32_t pid, int32_t order)
{
	const struct mmr_event event = { .t_ns = BASE_NS + t_ns,
		                         .pid = pid,
		                         .kind = MMR_EVENT_MM_COMPACTION_TRY_TO_COMPACT_PAGES,
		                         .try_to_compact = { .order = order, .gfp_flags = 8 } };

	replay_episodes_event(&episodes, &event);
}

static void compaction_knows_who_wanted_it(void **state)
{
	struct mmr_event wake = { .t_ns = BASE_NS + 200,
		                  .pid = 50,
		                  .kind = MMR_EVENT_MM_COMPACTION_KCOMPACTD_WAKE,
		                  .compact_zone = { .order = 4 } };

	(void)state;
	begin();
	try_to_compact_for(90, 7, 9);
	compact(100, 7, 8);
	compact(130, 7, 6); /* the next zone of the same request */
	replay_episodes_event(&episodes, &wake);
	compact(210, 50, 5);
	happen(240, 50, MMR_EVENT_MM_COMPACTION_KCOMPACTD_SLEEP);
	compact(300, 50, 5); /* of its own accord: for no order */
	try_to_compact_for(390, 60, 9);
	compact(400, 60, 1);
	compact(500, 8, 99); /* echo 1 >/proc/sys/vm/compact_memory */
	end();
	rows_expect("SELECT kind, pid, start_ns, duration_ns, page_order, gfp_flags, sync, result"
	            " FROM compaction_episode ORDER BY start_ns",
	            "direct|7|100|20|9|8|1|success\n"
	            "direct|7|130|20|9|8|1|partial_skipped\n"
	            "kcompactd|50|210|20|4|-|1|complete\n"
	            "kcompactd|50|300|20|-|-|1|complete\n"
	            "direct|60|400|20|9|8|1|skipped\n"
	            "manual|8|500|20|-|-|1|unknown\n");
	rows_expect("SELECT DISTINCT nr_migrate_scanned, nr_free_scanned, nr_migrated, nr_failed"
	            " FROM compaction_episode",
	            "512|111|30|2\n");
	rows_expect("SELECT count(*) FROM compaction_stalls", "3\n");
	assert_int_equal(episodes.nr_compaction, 6);
}

/* ---- huge pages ---- */

static void fault_at(uint64_t t_ns, uint32_t pid, uint64_t address)
{
	const struct mmr_event event = { .t_ns = BASE_NS + t_ns,
		                         .pid = pid,
		                         .kind = MMR_EVENT_PAGE_FAULT_USER,
		                         .fault = { .address = address } };

	replay_episodes_event(&episodes, &event);
}

static void allocate(uint64_t t_ns, uint32_t pid, uint32_t order, uint64_t pfn)
{
	const struct mmr_event event = {
		.t_ns = BASE_NS + t_ns,
		.pid = pid,
		.kind = MMR_EVENT_MM_PAGE_ALLOC,
		.page = { .pfn = pfn, .order = order, .gfp_flags = 8 },
	};

	replay_episodes_event(&episodes, &event);
}

#define THP_ROWS "SELECT kind, pid, t_ns, address FROM thp_event ORDER BY t_ns"

static void a_fault_has_one_huge_page_or_one_fallback(void **state)
{
	struct mmr_event kernel_page = { .t_ns = BASE_NS + 215,
		                         .pid = 2,
		                         .kind = MMR_EVENT_MM_PAGE_ALLOC,
		                         .page = { .pfn = 5, .gfp_flags = 0xcc0 } };

	(void)state;
	begin();
	fault_at(100, 1, 0x7f0000345678);
	allocate(110, 1, 9, 512);
	allocate(120, 1, 9, 1024); /* outside of a fault: not one of it */
	/* Asked twice, had neither; a page table on the way is not the page that it falls back to. */
	fault_at(200, 2, 0x200000);
	allocate(205, 2, 9, MMR_PFN_NONE);
	allocate(210, 2, 9, MMR_PFN_NONE);
	replay_episodes_event(&episodes, &kernel_page);
	allocate(220, 2, 0, 6);
	allocate(230, 2, 0, 7);
	/* Had it at the second attempt. */
	fault_at(300, 3, 0x400fff);
	allocate(310, 3, 9, MMR_PFN_NONE);
	allocate(320, 3, 9, 2048);
	allocate(330, 3, 0, 8);
	end();
	rows_expect(THP_ROWS, "fault_alloc|1|110|139637978824704\n"
	                      "fault_fallback|2|220|2097152\n"
	                      "fault_alloc|3|320|4194304\n");
	assert_int_equal(episodes.nr_huge_failed, 0);
}

static void collapses_are_told_from_failures(void **state)
{
	struct mmr_event event = { .t_ns = BASE_NS + 10,
		                   .pid = 60,
		                   .kind = MMR_EVENT_MM_COLLAPSE_HUGE_PAGE,
		                   .khugepaged = { .status = 1 } };

	(void)state;
	begin();
	replay_episodes_event(&episodes, &event);
	event.t_ns += 10;
	event.khugepaged.status = 0;
	replay_episodes_event(&episodes, &event);
	end();
	rows_expect(THP_ROWS, "collapse|60|10|-\ncollapse_failed|60|20|-\n");
}

static void khugepaged_at(uint64_t t_ns, uint16_t kind, int32_t status, uint64_t address)
{
	const struct mmr_event event = { .t_ns = BASE_NS + t_ns,
		                         .pid = 60,
		                         .kind = kind,
		                         .khugepaged = { .status = status, .address = address } };

	replay_episodes_event(&episodes, &event);
}

static void collapses_of_files_are_told_once(void **state)
{
	const uint16_t scan = MMR_EVENT_MM_KHUGEPAGED_SCAN_FILE;
	const uint16_t collapse = MMR_EVENT_MM_KHUGEPAGED_COLLAPSE_FILE;

	(void)state;
	begin();
	/* khugepaged's; MADV_COLLAPSE's, and its second look; one that had no memory. */
	khugepaged_at(10, collapse, 1, 0x400000);
	khugepaged_at(11, scan, 1, 0);
	khugepaged_at(20, collapse, 10, 0x600000);
	khugepaged_at(21, scan, 10, 0);
	khugepaged_at(22, scan, 10, 0);
	khugepaged_at(30, collapse, 25, 0x800000);
	khugepaged_at(31, scan, 25, 0);
	/* Kernels before 6.2. */
	khugepaged_at(40, scan, 1, 0);
	khugepaged_at(50, scan, 5, 0);
	end();
	rows_expect(THP_ROWS, "collapse|60|10|4194304\ncollapse|60|20|6291456\n"
	                      "collapse_failed|60|30|8388608\ncollapse|60|40|-\n");
}

static void collapses_tell_files_from_shared_memory(void **state)
{
	struct mmr_event event = { .t_ns = BASE_NS + 10,
		                   .pid = 60,
		                   .kind = MMR_EVENT_MM_KHUGEPAGED_COLLAPSE_FILE,
		                   .khugepaged = { .status = 1 } };

	(void)state;
	begin();
	replay_episodes_event(&episodes, &event);
	event.t_ns += 10;
	event.khugepaged.is_shmem = 1;
	replay_episodes_event(&episodes, &event);
	end();
	rows_expect("SELECT t_ns, detail FROM thp_event ORDER BY t_ns", "10|file\n20|shared\n");
}

static void advice_is_no_fault(void **state)
{
	const struct mmr_event advice = { .t_ns = BASE_NS + 20,
		                          .pid = 60,
		                          .kind = MMR_EVENT_SYS_ENTER_MADVISE };

	(void)state;
	begin();
	fault_at(10, 60, 0x400000);
	replay_episodes_event(&episodes, &advice);
	allocate(30, 60, 9, 512);
	end();
	rows_expect(THP_ROWS, "");
}

/* ---- stacks ---- */

static void stack(uint64_t t_ns, uint32_t pid, int64_t id, uint32_t cause)
{
	const struct mmr_event event = { .t_ns = BASE_NS + t_ns,
		                         .pid = pid,
		                         .kind = MMR_EVENT_STALL_STACK,
		                         .stack = { .cause = cause } };

	stack_id = id;
	replay_episodes_event(&episodes, &event);
}

#define STACK_ROWS                                                  \
	"SELECT cause, pid, comm, start_ns, duration_ns, stack_id " \
	"FROM stall_stacks ORDER BY start_ns"

static void stacks_come_before_or_behind_what_they_are_of(void **state)
{
	(void)state;
	begin();
	stack(100, 7, 1, MMR_STALL_RECLAIM);
	stack(101, 8, 2, MMR_STALL_MEMCG); /* of another thread */
	reclaim(110, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN, 0, 0);
	reclaim(120, 8, MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_BEGIN, 0, 0);
	reclaim(150, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END, 0, 1);
	reclaim(160, 8, MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_END, 0, 1);
	reclaim(200, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN, 0, 0);
	stack(210, 7, 3, MMR_STALL_RECLAIM);
	reclaim(250, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END, 0, 1);
	reclaim(300, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN, 0, 0); /* has none */
	reclaim(350, 7, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END, 0, 1);
	end();
	rows_expect(STACK_ROWS, "direct reclaim|7|work|110|40|1\n"
	                        "memcg reclaim|8|work|120|40|2\n"
	                        "direct reclaim|7|work|200|50|3\n");
	rows_expect("SELECT start_ns, code FROM reclaim_stalls ORDER BY start_ns",
	            "110|code1\n120|code2\n200|code3\n300|-\n");
}

static void zones_of_a_compaction_have_one_stack(void **state)
{
	const struct mmr_event ask = { .t_ns = BASE_NS + 20,
		                       .pid = 7,
		                       .kind = MMR_EVENT_MM_COMPACTION_TRY_TO_COMPACT_PAGES,
		                       .try_to_compact = { .order = 9 } };

	(void)state;
	begin();
	stack(10, 7, 1, MMR_STALL_COMPACTION);
	replay_episodes_event(&episodes, &ask);
	for (uint64_t t_ns = 30; t_ns < 50; t_ns += 10) {
		happen(t_ns, 7, MMR_EVENT_MM_COMPACTION_BEGIN);
		happen(t_ns + 5, 7, MMR_EVENT_MM_COMPACTION_END);
	}
	end();
	rows_expect(STACK_ROWS, "direct compaction|7|work|30|5|1\n"
	                        "direct compaction|7|work|40|5|1\n");
	rows_expect("SELECT code FROM compaction_stalls", "code1\ncode1\n");
}

static void fallbacks_and_kills_have_stacks(void **state)
{
	const struct mmr_event kill = {
		.t_ns = BASE_NS + 510, .pid = 7, .kind = MMR_EVENT_MARK_VICTIM, .oom = { .pid = 77 }
	};

	(void)state;
	begin();
	fault_at(100, 7, 0x200000);
	stack(109, 7, 1, MMR_STALL_HUGE);
	allocate(110, 7, 9, MMR_PFN_NONE);
	stack(119, 7, 2, MMR_STALL_HUGE); /* asked again, harder */
	allocate(120, 7, 9, MMR_PFN_NONE);
	allocate(130, 7, 0, 6);
	stack(500, 7, 3, MMR_STALL_OOM);
	replay_episodes_event(&episodes, &kill);
	end();
	rows_expect(STACK_ROWS, "no huge page|7|work|130|-|2\nout of memory|7|work|510|-|3\n");
}

/* What perf reads of a stack that is not there is no fault of the task's. */
static void taking_a_stack_faults(void **state)
{
	(void)state;
	begin();
	fault_at(100, 7, 0x200000);
	stack(105, 7, 1, MMR_STALL_HUGE);
	happen(106, 7, MMR_EVENT_PAGE_FAULT_KERNEL);
	allocate(110, 7, 9, MMR_PFN_NONE);
	allocate(130, 7, 0, 6);
	happen(3000000, 7, MMR_EVENT_PAGE_FAULT_KERNEL);
	end();
	rows_expect(THP_ROWS, "fault_fallback|7|130|2097152\n");
	rows_expect("SELECT kind, nr_faults FROM fault_stat ORDER BY kind", "kernel|1\nuser|1\n");
}

/* ---- tasks ---- */

static void exit_task(uint64_t t_ns, uint32_t pid, const char *comm)
{
	struct mmr_event event = { .t_ns = BASE_NS + t_ns,
		                   .pid = pid,
		                   .kind = MMR_EVENT_SCHED_PROCESS_EXIT,
		                   .exit = { .pid = pid } };

	memcpy(event.exit.comm, comm, strnlen(comm, sizeof(event.exit.comm)));
	replay_episodes_event(&episodes, &event);
}

static void pids_are_used_again_by_others(void **state)
{
	struct mmr_event fork = { .t_ns = BASE_NS + 10,
		                  .pid = 1,
		                  .kind = MMR_EVENT_SCHED_PROCESS_FORK,
		                  .fork = { .parent_pid = 1, .child_pid = 70 } };

	(void)state;
	begin();
	replay_episodes_event(&episodes, &fork);
	fault_at(20, 70, 4096);
	fault_at(30, 70, 8192);
	happen(35, 70, MMR_EVENT_PAGE_FAULT_KERNEL);
	allocate(36, 70, 9, MMR_PFN_NONE);
	assert_int_equal(episodes.nr_huge_failed, 1);
	exit_task(40, 70, "sixteen letters!"); /* no NUL in the record */
	assert_int_equal(episodes.nr_huge_failed, 0);
	fork.t_ns = BASE_NS + 50;
	replay_episodes_event(&episodes, &fork);
	fault_at(60, 70, 4096);
	exit_task(80, 999, "never seen");
	fault_at(90, 0, 4096); /* idle has no life */
	end();
	rows_expect("SELECT pid, comm, start_ns, end_ns FROM task ORDER BY start_ns",
	            "70|sixteen letters!|10|40\n70|work|50|-\n");
	rows_expect("SELECT pid, comm, kind, nr_faults FROM fault_stat ORDER BY comm, kind",
	            "70|sixteen letters!|kernel|1\n70|sixteen letters!|user|2\n70|work|user|1\n");
}

static void kills_and_holes_are_rows(void **state)
{
	struct mmr_event event = { .t_ns = BASE_NS + 10,
		                   .pid = 1,
		                   .kind = MMR_EVENT_MARK_VICTIM,
		                   .oom = { .pid = 77,
		                            .oom_score_adj = -5,
		                            .total_vm_kb = 100,
		                            .anon_rss_kb = 50,
		                            .file_rss_kb = 7 } };

	(void)state;
	begin();
	replay_episodes_event(&episodes, &event);
	event = (struct mmr_event){
		.t_ns = BASE_NS + 20, .cpu = 3, .kind = MMR_EVENT_LOST, .lost = { .nr_events = 12 }
	};
	replay_episodes_event(&episodes, &event);
	end();
	rows_expect("SELECT t_ns, pid, comm, total_vm_kb, anon_rss_kb, file_rss_kb, oom_score_adj"
	            " FROM oom_kill",
	            "10|77|work|100|50|7|-5\n");
	rows_expect("SELECT t_ns, cpu, nr_events FROM lost", "20|3|12\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rows_set_up, rows_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(direct_reclaim_sums_what_its_own_thread_scans),
		TEST(kinds_of_reclaim_have_their_own_rows),
		TEST(kswapd_is_awake_once_however_often_it_is_woken),
		TEST(soft_limits_are_part_of_what_they_happen_in),
		TEST(ends_without_a_begin_say_nothing),
		TEST(what_is_not_seen_to_end_has_no_duration),
		TEST(throttling_tells_its_own_length),
		TEST(writers_wait_while_too_much_is_dirty),
		TEST(compaction_knows_who_wanted_it),
		TEST(a_fault_has_one_huge_page_or_one_fallback),
		TEST(collapses_are_told_from_failures),
		TEST(collapses_of_files_are_told_once),
		TEST(collapses_tell_files_from_shared_memory),
		TEST(advice_is_no_fault),
		TEST(stacks_come_before_or_behind_what_they_are_of),
		TEST(zones_of_a_compaction_have_one_stack),
		TEST(fallbacks_and_kills_have_stacks),
		TEST(taking_a_stack_faults),
		TEST(pids_are_used_again_by_others),
		TEST(kills_and_holes_are_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
