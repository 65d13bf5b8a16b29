/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the demand tells of processes, and of the caches of the kernel. */
#include "workload_bench.h"

static struct mmr_event oom_event(uint16_t kind, uint32_t by, int32_t pid, int32_t adj)
{
	return (struct mmr_event){ .kind = kind,
		                   .pid = by,
		                   .oom = { .pid = pid, .oom_score_adj = adj } };
}

static void expect_told(const struct bench *b, size_t i, uint8_t kind, uint32_t task, uint32_t arg,
                        uint32_t arg2)
{
	assert_true(i < b->nr_others);
	if (b->others[i].kind != kind || b->others[i].task != task || b->others[i].arg != arg ||
	    b->others[i].arg2 != arg2 || b->others[i].page != DEMAND_NO_PAGE)
		fail_msg("op %zu: kind %u, task %u, %u, %u", i, b->others[i].kind,
		         b->others[i].task, b->others[i].arg, b->others[i].arg2);
}

/* Who uses which address space, and what an OOM killer weighs it by. */
static void test_address_spaces(void **state)
{
	struct bench *b = bench_new(NULL);

	(void)state;
	assert_int_equal(wl_add_process(b->wl, 1, 70, 0, NULL), 0);
	assert_int_equal(wl_add_process(b->wl, 50, 300, -500, NULL), 0);
	newtask(b, 50, 60, 0);
	send(b, oom_event(MMR_EVENT_OOM_SCORE_ADJ_UPDATE, 60, 60, 900));
	newtask(b, 60, 61, 0x100); /* CLONE_VM */
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SCHED_PROCESS_EXEC, .pid = 60 });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
	                            .pid = 60,
	                            .page = { .pfn = 10, .gfp_flags = GFP_PGTABLE } });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SCHED_PROCESS_EXIT, .pid = 61 });
	bench_finish(b);
	expect_told(b, 0, DEMAND_TASK_START, 1, 0, 0);
	expect_told(b, 1, DEMAND_TASK_SPACE, 1, 1, 0);
	expect_told(b, 2, DEMAND_TASK_ADJ, 1, 0, 1);
	expect_told(b, 3, DEMAND_TASK_RSS, 1, 70, 0);
	expect_told(b, 4, DEMAND_TASK_START, 2, 0, 0);
	expect_told(b, 5, DEMAND_TASK_SPACE, 2, 2, 0);
	expect_told(b, 6, DEMAND_TASK_ADJ, 2, (uint32_t)-500, 0);
	expect_told(b, 7, DEMAND_TASK_RSS, 2, 300, 0);
	/* newtask of pid 60 carries 0: what its parent really has. */
	expect_told(b, 8, DEMAND_TASK_START, 3, 2, 0);
	expect_told(b, 9, DEMAND_TASK_ADJ, 2, 0, 0);
	expect_told(b, 10, DEMAND_TASK_SPACE, 3, 3, 2);
	expect_told(b, 11, DEMAND_TASK_ADJ, 3, 900, 0);
	expect_told(b, 12, DEMAND_TASK_START, 4, 3, 0);
	expect_told(b, 13, DEMAND_TASK_SPACE, 4, 3, 0);
	expect_told(b, 14, DEMAND_TASK_SPACE, 3, 4, 0);
	expect_told(b, 15, DEMAND_TASK_EXIT, 4, 0, 0);
	assert_int_equal(b->nr_ops, 1);
	assert_true(b->ops[0].arg & DEMAND_PAGE_TABLE);
	wl_destroy(b->wl);
}

/* A kill is told with the request that it was for; one in a cgroup is not. */
static void test_recorded_kill(void **state)
{
	struct mmr_event reclaim = { .kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN,
		                     .pid = 100,
		                     .reclaim = { .gfp_flags = GFP_ANON } };
	struct bench *b = bench_new(NULL);

	(void)state;
	send(b, reclaim);
	send(b, oom_event(MMR_EVENT_MARK_VICTIM, 100, 200, 0));
	reclaim.kind = MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_BEGIN;
	send(b, reclaim);
	send(b, oom_event(MMR_EVENT_MARK_VICTIM, 100, 200, 0));
	bench_finish(b);
	assert_int_equal(b->nr_others, 3);
	expect_told(b, 2, DEMAND_OOM, 1, 2, 0);
	assert_int_equal(b->others[2].gfp_flags, GFP_ANON);
	wl_destroy(b->wl);
}

static void page_event(struct bench *b, uint16_t kind, uint64_t pfn)
{
	send(b, (struct mmr_event){ .kind = kind,
	                            .pid = 100,
	                            .page = { .pfn = pfn, .gfp_flags = GFP_KERNEL } });
}

/* What 6.1 and 6.12 ask for, as mm_page_alloc prints it, and what it is for. */
static void test_purposes(void **state)
{
	static const struct {
		uint64_t gfp_flags;
		uint32_t order;
		uint32_t purpose;
	} rows[] = {
		{ 0x52cd0, 0, DEMAND_SLAB }, /* GFP_KERNEL|NOWARN|NORETRY|COMP|RECLAIMABLE */
		{ 0x12cc0, 0, DEMAND_SLAB }, /* … of 6.1, order 0 */
		{ 0xd20c0, 3, DEMAND_SLAB }, /* IO|FS|NOWARN|NORETRY|COMP|NOMEMALLOC */
		{ 0x92800, 0, DEMAND_SLAB }, /* NOWAIT|NOWARN|NORETRY|NOMEMALLOC: a mempool's */
		{ 0x40cc0, 2, DEMAND_SLAB }, /* GFP_KERNEL|COMP: kmalloc(16384) */
		{ 0x40cc0, 1, 0 },           /* … two pages are no kmalloc()'s */
		{ 0x400dc0, 0, DEMAND_PAGE_TABLE }, /* GFP_KERNEL_ACCOUNT|ZERO */
		{ 0x440dc0, 0, DEMAND_PAGE_TABLE }, /* … |COMP, of 6.12 */
		{ 0x400dc0, 1, 0 },                 /* the top level with PTI: counted nowhere */
		{ 0x2800, 0, 0 },                   /* GFP_NOWAIT: a batch of TLB flushes */
		{ 0x152c4a, 0, 0 },                 /* readahead: movable */
		{ 0x12dc0, 0, 0 },                  /* zeroed: slabs never ask for that */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench *b = bench_new(NULL);

		send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
		                            .pid = 100,
		                            .page = { .pfn = 8,
		                                      .gfp_flags = rows[i].gfp_flags,
		                                      .order = rows[i].order } });
		bench_finish(b);
		assert_int_equal(b->nr_ops, 1);
		assert_int_equal(b->ops[0].kind, DEMAND_KERNEL_ALLOC);
		if (b->ops[0].arg != rows[i].purpose)
			fail_msg("row %zu: %u", i, b->ops[0].arg);
		wl_destroy(b->wl);
	}
}

/* What a reclaimer's writes take is demand; it never reclaims for that. */
static void test_memory_for_reclaim(void **state)
{
	struct bench *b = bench_new(NULL);

	(void)state;
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN, .pid = 100 });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
	                            .pid = 100,
	                            .page = { .pfn = 10, .gfp_flags = 0xd2c40 } }); /* NOIO … */
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END, .pid = 100 });
	page_event(b, MMR_EVENT_MM_PAGE_FREE, 10);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[0].gfp_flags, 0xf2840);
	assert_int_equal(b->ops[0].arg, DEMAND_SLAB);
	assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	assert_int_equal(wl_explain(b->wl)->counts[WL_ALLOC_RECLAIM], 1);
	wl_destroy(b->wl);
}

/* kpageflags tells slabs from page tables. */
static void test_resident_purposes(void **state)
{
	static uint64_t flags[32];
	struct bench *b = bench_new(NULL);

	(void)state;
	for (unsigned int i = 0; i < 32; i++)
		flags[i] = 1ull << 10;
	flags[3] = 1ull << 7;
	flags[4] = 1ull << 26;
	flags[5] = 1ull << 11;
	assert_int_equal(wl_add_kpageflags(b->wl, 0, flags, 32, 0, NULL), 0);
	page_event(b, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(b->ops[i].arg & ~(uint32_t)DEMAND_RESIDENT,
		                 b->ops[i].arg2 == 3   ? DEMAND_SLAB
		                 : b->ops[i].arg2 == 4 ? DEMAND_PAGE_TABLE
		                                       : 0);
	wl_destroy(b->wl);
}

static void file_rss(struct bench *b, uint32_t pid, uint32_t mm_id, int64_t pages)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_RSS_STAT,
	                            .pid = pid,
	                            .rss = { .size = pages << 12, .mm_id = mm_id, .curr = 1 } });
}

/* In steps, and for a process that was there before only what has changed since. */
static void test_mapped_files(void **state)
{
	struct bench *b = bench_new(NULL);
	size_t first;

	(void)state;
	assert_int_equal(wl_add_process(b->wl, 100, 70, 0, NULL), 0);
	file_rss(b, 100, 7, 60);
	file_rss(b, 200, 8, 15);
	file_rss(b, 200, 8, 16);
	file_rss(b, 200, 8, 31);
	file_rss(b, 200, 8, 1);
	file_rss(b, 200, 8, 0);
	file_rss(b, 100, 7, 44);
	bench_finish(b);
	for (first = 0; first < b->nr_others && b->others[first].kind != DEMAND_TASK_FILES; first++)
		;
	assert_int_equal(b->nr_others, first + 3);
	expect_told(b, first, DEMAND_TASK_FILES, 2, 16, 0);
	expect_told(b, first + 1, DEMAND_TASK_FILES, 2, 0, 0);
	expect_told(b, first + 2, DEMAND_TASK_FILES, 1, (uint32_t)-16, 0);
	wl_destroy(b->wl);
}

static void shrink(struct bench *b, bool start, int64_t items, int64_t delta, int64_t total,
                   int32_t freed)
{
	send(b, (struct mmr_event){ .kind = start ? MMR_EVENT_MM_SHRINK_SLAB_START
	                                          : MMR_EVENT_MM_SHRINK_SLAB_END,
	                            .pid = 100,
	                            .shrink_slab = { .shrinker = 0xabc,
	                                             .cache_items = items,
	                                             .delta = delta,
	                                             .total_scan = total,
	                                             .priority = 4,
	                                             .nr_freed = freed } });
}

/* What shrinkers freed is not demand; what came and went beside is. */
static void test_shrinkers(void **state)
{
	struct bench *b = bench_new(NULL);

	(void)state;
	page_event(b, MMR_EVENT_MM_PAGE_ALLOC, 10);
	page_event(b, MMR_EVENT_MM_PAGE_ALLOC, 11);
	shrink(b, true, 3200, 400, 400, 0); /* 200 * 4 / 2 */
	page_event(b, MMR_EVENT_MM_PAGE_FREE, 10);
	shrink(b, false, 0, 0, 16, 300);
	page_event(b, MMR_EVENT_MM_PAGE_FREE, 11);
	shrink(b, true, 2950, 368, 368, 0); /* 50 came */
	shrink(b, false, 0, 0, 368, 0);     /* left alone, though more than 128 */
	bench_finish(b);
	expect_told(b, 1, DEMAND_CACHE_GROWS, 1, 0, 3200);
	assert_int_equal(b->others[1].gfp_flags, 2);
	expect_told(b, 2, DEMAND_CACHE_SHRUNK, 1, 300 << 8, 384);
	assert_int_equal(b->others[2].gfp_flags, 1);
	assert_int_equal(b->others[2].order, 0);
	expect_told(b, 3, DEMAND_CACHE_GROWS, 1, 0, 50);
	expect_told(b, 4, DEMAND_CACHE_SHRUNK, 1, 0, 0);
	assert_int_equal(b->others[4].order, 1);
	assert_int_equal(b->nr_ops, 4);
	assert_int_equal(b->ops[2].kind, DEMAND_SLAB_FREE);
	assert_int_equal(b->ops[2].page, b->ops[0].page);
	assert_int_equal(b->ops[3].kind, DEMAND_FREE);
	assert_int_equal(wl_explain(b->wl)->counts[WL_FREE_SHRINKER], 1);
	wl_destroy(b->wl);
}

/* Pages that were there before, and that no event names, stay when they go to swap, until as many come back. */
static void test_nameless_pages_in_swap(void **state)
{
	static uint64_t flags[32];
	struct bench *b = bench_new(NULL);

	(void)state;
	for (unsigned int i = 0; i < 32; i++)
		flags[i] = 1ull << 10;                             /* free */
	flags[3] = flags[4] = 1ull << 5 | 1ull << 12 | 1ull << 14; /* anonymous */
	assert_int_equal(wl_add_kpageflags(b->wl, 0, flags, 32, 0, NULL), 0);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN, .pid = 100 });
	page_event(b, MMR_EVENT_MM_PAGE_FREE, 3);
	page_event(b, MMR_EVENT_MM_PAGE_FREE, 4);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END, .pid = 100 });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_PAGE_FAULT_USER,
	                            .pid = 101,
	                            .fault = { .address = BASE << 12, .error_code = 4 } });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
	                            .pid = 101,
	                            .page = { .pfn = 9, .gfp_flags = GFP_COPY } });
	/* It is anonymous: the one that went first goes on under its name. */
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_LRU_INSERTION,
	                            .pid = 101,
	                            .lru = { .pfn = 9, .flags = 0x16 } });
	bench_finish(b);
	assert_int_equal(b->nr_ops, 4);
	assert_int_equal(b->ops[2].kind, DEMAND_RENAME);
	assert_int_equal(b->ops[2].arg2, b->ops[b->ops[0].arg2 == 3 ? 0 : 1].page);
	assert_int_equal(b->ops[3].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[3].page, b->ops[2].page);
	assert_true(b->ops[3].arg & DEMAND_REFAULT);
	wl_destroy(b->wl);
}

/* So do the recorder's, of which no fault tells. */
static void test_recorder_in_swap(void **state)
{
	struct bench *b = bench_new(&(struct wl_options){ .recorder_pid = 100 });

	(void)state;
	alloc(b, 100, 3, GFP_ANON, 0);
	free_pages(b, 100, 3, 0);
	alloc(b, 100, 4, GFP_ANON, 0);
	simple(b, 101, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN);
	free_pages(b, 101, 4, 0);
	simple(b, 101, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END);
	/* It asks for no zeroes, and the page is in the swap cache. */
	alloc(b, 100, 5, GFP_COPY, 0);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_LRU_INSERTION,
	                            .pid = 100,
	                            .lru = { .pfn = 5, .flags = 0x18 } });
	alloc(b, 100, 6, GFP_COPY, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 6);
	assert_int_equal(b->ops[2].kind, DEMAND_ANON_TOUCH);
	assert_false(b->ops[2].arg & DEMAND_REFAULT);
	assert_int_equal(b->ops[3].kind, DEMAND_RENAME);
	assert_int_equal(b->ops[3].arg2, b->ops[2].page);
	assert_int_equal(b->ops[4].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[4].page, b->ops[3].page);
	assert_true(b->ops[4].arg & DEMAND_REFAULT);
	/* Nothing else is out. */
	assert_int_equal(b->ops[5].kind, DEMAND_KERNEL_ALLOC);
	wl_destroy(b->wl);
}

/* The first count for its own mm that a task does not run on any more: exit_mmap() has begun, of the last thread only. */
static void test_leaving(void **state)
{
	struct bench *b = bench_new(NULL);
	size_t nr = 0, first = 0;

	(void)state;
	newtask(b, 50, 60, 0);
	newtask(b, 60, 61, 0x100); /* CLONE_VM */
	rss(b, 60, 7, 1, 1);
	rss(b, 61, 7, 1, 1);
	rss(b, 60, 8, 0, 1); /* somebody else's */
	rss(b, 61, 7, 0, 1);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SCHED_PROCESS_EXIT, .pid = 61 });
	rss(b, 60, 7, 0, 1);
	rss(b, 60, 7, 0, 0);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SCHED_PROCESS_EXIT, .pid = 60 });
	bench_finish(b);
	for (size_t i = 0; i < b->nr_others; i++) {
		if (b->others[i].kind != DEMAND_TASK_LEAVES)
			continue;
		first = nr++ ? first : i;
	}
	assert_int_equal(nr, 1);
	expect_told(b, first - 1, DEMAND_TASK_EXIT, 3, 0, 0);
	expect_told(b, first, DEMAND_TASK_LEAVES, 2, 0, 0);
	expect_told(b, first + 1, DEMAND_TASK_EXIT, 2, 0, 0);
	wl_destroy(b->wl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_spaces),
		cmocka_unit_test(test_recorded_kill),
		cmocka_unit_test(test_purposes),
		cmocka_unit_test(test_memory_for_reclaim),
		cmocka_unit_test(test_resident_purposes),
		cmocka_unit_test(test_mapped_files),
		cmocka_unit_test(test_shrinkers),
		cmocka_unit_test(test_nameless_pages_in_swap),
		cmocka_unit_test(test_recorder_in_swap),
		cmocka_unit_test(test_leaving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
