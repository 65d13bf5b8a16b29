/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From events to demand: a hand-made sequence for every rule. Random ones: tests/property/workload_property.c. */
#include "workload_bench.h"

static void test_fault_names_page(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	fault(b, 100, BASE, FAULT_WRITE);
	alloc(b, 100, 7, GFP_PGTABLE, 0);
	alloc(b, 100, 8, GFP_ANON, 0);
	fault(b, 100, BASE, FAULT_PROTECT); /* a write to it after a fork has ended, say */
	free_pages(b, 100, 8, 0);
	free_pages(b, 100, 7, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 5);
	assert_int_equal(b->ops[0].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[1].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[1].arg, DEMAND_WRITE);
	assert_int_equal(b->ops[1].gfp_flags, GFP_ANON);
	assert_int_equal(b->ops[2].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[2].page, b->ops[1].page);
	assert_int_equal(b->ops[2].gfp_flags, 0);
	assert_int_equal(b->ops[3].kind, DEMAND_FREE);
	assert_int_equal(b->ops[3].page, b->ops[1].page);
	assert_int_equal(b->ops[4].page, b->ops[0].page);
	assert_int_equal(wl_task_pid(b->wl, b->ops[1].task), 100);
	assert_int_equal(count(b, WL_FIRST_ANON), 1);
	assert_int_equal(count(b, WL_ALLOC_PAGE_TABLE), 1);
	assert_int_equal(count(b, WL_FAULT_NEW), 1);
	assert_int_equal(count(b, WL_FAULT_ACCESS), 1);
	assert_int_equal(wl_explain(b->wl)->pages_alive, 0);
	end(b);
}

/* perf's faults do not tell what was to be done: the allocation and what was there do. */
static void test_fault_without_code(void **state)
{
	const uint64_t unknown = MMR_FAULT_CODE_UNKNOWN | 4u;
	struct bench *b = bench_recorded(NULL);

	(void)state;
	fault(b, 100, BASE, unknown);
	alloc(b, 100, 8, GFP_ANON, 0);
	fault(b, 100, BASE, unknown); /* found it write-protected, and needed a copy */
	alloc(b, 100, 9, GFP_COPY, 0);
	swap_out(b, 9);
	fault(b, 100, BASE, unknown);
	alloc(b, 100, 10, GFP_COPY, 0);
	bench_finish(b);
	assert_int_equal(b->ops[0].arg, DEMAND_WRITE);
	assert_int_equal(count(b, WL_FAULT_COW), 1);
	assert_int_equal(count(b, WL_FAULT_SWAPIN), 1);
	assert_int_equal(b->ops[b->nr_ops - 1].arg, DEMAND_WRITE | DEMAND_REFAULT);
	end(b);
}

/* Who takes the stack of a stall faults in the kernel, in the middle of the task's own fault. */
static void test_stack_within_fault(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	fault(b, 100, BASE, FAULT_WRITE);
	simple(b, 100, MMR_EVENT_STALL_STACK);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_PAGE_FAULT_KERNEL,
	                            .pid = 100,
	                            .fault = { .address = 0x4000 } });
	simple(b, 100, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN);
	simple(b, 100, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END);
	alloc(b, 100, 8, GFP_ANON, 0);
	fault(b, 100, BASE, FAULT_PROTECT);
	bench_finish(b);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	assert_int_equal(count(b, WL_FAULT_ACCESS), 1);
	end(b);
}

static void test_swap(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	swap_out(b, 8);
	fault(b, 100, BASE, FAULT_READ);
	alloc(b, 100, 9, GFP_COPY, 0);
	swap_out(b, 9);
	simple(b, 100, MMR_EVENT_SCHED_PROCESS_EXIT);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	assert_int_equal(b->ops[1].arg, DEMAND_REFAULT);
	assert_int_equal(b->ops[1].gfp_flags, GFP_COPY);
	assert_int_equal(b->ops[2].kind, DEMAND_FREE); /* at exit, as it was in swap */
	assert_int_equal(count(b, WL_FREE_RECLAIM_ANON), 2);
	assert_int_equal(count(b, WL_VMA_SWAPPED_FREED), 1);
	assert_int_equal(count(b, WL_FAULT_SWAPIN), 1);
	end(b);
}

static void test_swap_readahead(void **state)
{
	struct bench *b = bench_recorded(NULL);
	uint32_t page[4];

	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		touch_new(b, 100, BASE + i, 8 + i);
	for (uint64_t i = 0; i < 4; i++)
		swap_out(b, 8 + i);
	/* A window of 4 around BASE + 1 begins one page before it. */
	fault(b, 100, BASE + 1, FAULT_READ);
	for (uint64_t i = 0; i < 4; i++)
		alloc(b, 100, 20 + i, GFP_COPY, 0);
	rss(b, 100, 77, 1, 1);
	for (uint64_t i = 0; i < 4; i++)
		free_pages(b, 100, 20 + i, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 9);
	for (unsigned int i = 0; i < 4; i++) {
		page[i] = b->ops[i].page;
		assert_int_equal(b->ops[5 + i].kind, DEMAND_FREE);
		assert_int_equal(b->ops[5 + i].page, page[i]);
	}
	assert_int_equal(b->ops[4].page, page[1]);
	end(b);
}

static void test_page_cache(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	alloc(b, 100, 8, GFP_AHEAD, 0);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8, 5);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_GET_PAGES, 0, 5);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_GET_PAGES, 0, 5);
	simple(b, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
	filemap(b, 40, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 8, 5);
	free_pages(b, 40, 8, 0);
	alloc(b, 100, 9, GFP_WRITE, 0);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 9, 5);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 9, 5);
	free_pages(b, 100, 9, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 5);
	assert_int_equal(b->ops[0].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[0].arg, DEMAND_READAHEAD | DEMAND_INSERT);
	assert_int_equal(b->ops[1].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[1].arg, 0);
	assert_int_equal(b->ops[2].arg, DEMAND_AGAIN);
	assert_int_equal(b->ops[3].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[3].arg, DEMAND_WRITE | DEMAND_REFAULT | DEMAND_INSERT);
	assert_int_equal(b->ops[3].page, b->ops[1].page);
	assert_int_equal(b->ops[4].kind, DEMAND_FREE);
	assert_int_equal(b->ops[4].page, b->ops[1].page);
	assert_int_equal(count(b, WL_FILE_RECLAIM), 1);
	assert_int_equal(count(b, WL_FILE_DELETE), 1);
	assert_int_equal(wl_explain(b->wl)->pages_alive, 0);
	end(b);
}

/* Older recordings have no events of the recorder's own reclaim, whose threads have no faults either. */
static void test_recorder_reclaims(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	fault(b, 100, BASE, FAULT_WRITE);
	alloc(b, 100, 8, GFP_ANON, 0);
	alloc(b, 100, 9, GFP_WRITE, 0);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 9, 5);
	free_pages(b, RECORDER, 8, 0);
	free_pages(b, RECORDER + 1, 9, 0);
	fault(b, 100, BASE, FAULT_WRITE);
	alloc(b, 100, 10, GFP_COPY, 0);
	/* Its own pages have no name. */
	alloc(b, RECORDER, 11, GFP_ANON, 0);
	free_pages(b, RECORDER, 11, 0);
	/* Who has faults is not the recorder. */
	fault(b, 200, BASE, FAULT_WRITE);
	alloc(b, 200, 12, GFP_ANON, 0);
	free_pages(b, 200, 10, 0);
	bench_finish(b);
	assert_int_equal(count(b, WL_FREE_RECLAIM_ANON), 1);
	assert_int_equal(count(b, WL_FREE_RECLAIM_FILE), 1);
	assert_int_equal(count(b, WL_FREE_ANON), 2);
	assert_int_equal(count(b, WL_OP_REFAULT), 1);
	end(b);
}

/* A file of any length is read once, and memory stays bounded: what is long out is forgotten. */
static void test_long_scan(void **state)
{
	struct bench *b = bench_recorded(NULL);
	uint64_t at_most = 0;
	size_t nr;

	(void)state;
	simple(b, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
	for (uint64_t i = 0; i < 100000; i++) {
		alloc(b, 100, i % NR_PFNS, GFP_AHEAD, 0);
		filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, i % NR_PFNS, i);
		filemap(b, 40, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, i % NR_PFNS, i);
		free_pages(b, 40, i % NR_PFNS, 0);
		wl_ops(b->wl, &nr);
		wl_consume(b->wl, nr);
		if (i == 50000)
			at_most = wl_explain(b->wl)->pages_at_most;
	}
	assert_true(at_most < 6 * NR_PFNS);
	assert_true(at_most > 4 * NR_PFNS);
	assert_int_equal(wl_explain(b->wl)->pages_at_most, at_most);
	end(b);
}

/* A page that comes and goes is not forgotten, however often. */
static void test_busy_page_stays(void **state)
{
	struct bench *b = bench_recorded(NULL);
	size_t nr;

	(void)state;
	simple(b, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
	for (uint64_t i = 0; i < 60000; i++) {
		alloc(b, 100, 8, GFP_AHEAD, 0);
		filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8, i & 1);
		filemap(b, 40, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 8, i & 1);
		free_pages(b, 40, 8, 0);
		wl_ops(b->wl, &nr);
		wl_consume(b->wl, nr);
	}
	assert_int_equal(count(b, WL_OP_FREE), 0);
	assert_int_equal(count(b, WL_OP_REFAULT), 59998);
	end(b);
}

static void test_file_fault_waits(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	fault(b, 100, BASE + 1, FAULT_READ);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_FAULT, 0, 5);
	for (uint64_t i = 0; i < 2; i++) {
		alloc(b, 100, 8 + i, GFP_AHEAD, 0);
		filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8 + i, 5 + i);
	}
	/* The page of a fault that fault-around serves is told by the address. */
	fault(b, 100, BASE + 6, FAULT_READ);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_FILEMAP_MAP_PAGES,
	                            .pid = 100,
	                            .filemap = { .ino = 14,
	                                         .index = 0,
	                                         .last_index = 15,
	                                         .dev = 254u << 20 | 17 } });
	bench_finish(b);
	assert_int_equal(b->nr_ops, 4);
	/* The one the fault waits for. */
	assert_int_equal(flags_of(&b->ops[0]), DEMAND_INSERT | DEMAND_MAPPED);
	assert_int_equal(flags_of(&b->ops[1]), DEMAND_INSERT | DEMAND_READAHEAD);
	assert_int_equal(b->ops[2].page, b->ops[1].page); /* index 6 */
	assert_int_equal(flags_of(&b->ops[2]), DEMAND_MAPPED | DEMAND_FAULTED);
	assert_int_equal(flags_of(&b->ops[3]), DEMAND_MAPPED | DEMAND_AROUND);
	assert_int_equal(count(b, WL_FIRST_FILE), 1);
	assert_int_equal(count(b, WL_FAULT_FILE), 2);
	end(b);
}

static void test_dirty(void **state)
{
	struct bench *b = bench_recorded(NULL);
	struct mmr_event dirty = { .kind = MMR_EVENT_WRITEBACK_DIRTY_FOLIO,
		                   .pid = 100,
		                   .writeback = { .ino = 14, .index = 5, .bdi = "254:16" } };

	(void)state;
	alloc(b, 100, 8, GFP_WRITE, 0);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8, 5);
	send(b, dirty); /* the disk of the partition */
	dirty.writeback.index = 6;
	send(b, dirty);
	memcpy(dirty.writeback.bdi, "(unknown)", 10);
	send(b, dirty);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[1].kind, DEMAND_DIRTY);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	end(b);
}

static void test_reactions_are_dropped(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	simple(b, 100, MMR_EVENT_MM_COMPACTION_BEGIN);
	alloc(b, 100, 9, GFP_COPY, 0);
	free_pages(b, 100, 9, 0);
	simple(b, 100, MMR_EVENT_MM_COMPACTION_END);
	free_pages(b, 100, 9, 0); /* never allocated again: the bulk allocator */
	free_pages(b, 100, 10, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	assert_int_equal(count(b, WL_ALLOC_COMPACTION), 1);
	assert_int_equal(count(b, WL_FREE_ENDOGENOUS), 1);
	assert_int_equal(count(b, WL_FREE_BULK), 1);
	assert_int_equal(count(b, WL_FREE_BEFORE), 1);
	end(b);
}

static void test_access_sample(void **state)
{
	struct bench *b = bench_recorded(NULL);
	uint8_t idle[NR_PFNS / 8];
	struct mmr_access_sample sample = {
		.begin_ns = 60, .end_ns = 70, .mark_begin_ns = 20, .nr_pfns = NR_PFNS, .idle = idle
	};

	(void)state;
	memset(idle, 0xff, sizeof(idle));
	idle[1] = 0xfc; /* pfns 8 and 9 */
	touch_new(b, 100, BASE, 8);
	touch_new(b, 100, BASE + 1, 10);
	assert_int_equal(wl_access(b->wl, &sample, NULL), 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[2].kind, DEMAND_ACCESS);
	assert_int_equal(b->ops[2].page, b->ops[0].page);
	assert_int_equal(b->ops[2].t_ns, 70);
	assert_int_equal(b->ops[2].arg2, 50);
	end(b);
}

/* What is in pages; of what nobody has seen there nothing can be told. */
static void test_contents(void **state)
{
	struct bench *b = bench_recorded(NULL);
	const struct mmr_access_content contents[] = {
		{ BASE << 12, MMR_CONTENT_REGISTERED, 100, 4 },
		{ BASE << 12, MMR_CONTENT_ZERO, 100, 3 },
		{ (BASE + 1) << 12, UINT64_C(0x1122334455667788), 100, 1 },
		{ BASE << 12, 5, 101, 1 },
	};
	const struct mmr_access_sample sample = { .kind = MMR_ACCESS_CONTENTS,
		                                  .begin_ns = 60,
		                                  .end_ns = 70,
		                                  .contents = contents,
		                                  .nr_contents = 4 };

	(void)state;
	touch_new(b, 100, BASE, 8);
	touch_new(b, 100, BASE + 1, 10);
	assert_int_equal(wl_access(b->wl, &sample, NULL), 0);
	bench_finish(b);
	/* The bench leaves out what is not of a page. */
	assert_int_equal(b->nr_ops, 5);
	for (size_t i = 2; i < 5; i++)
		assert_int_equal(b->ops[i].kind, DEMAND_CONTENT);
	assert_int_equal(b->ops[2].page, b->ops[0].page);
	assert_int_equal(b->ops[2].arg, MMR_CONTENT_ZERO);
	assert_int_equal(b->ops[4].page, b->ops[1].page);
	assert_int_equal(b->ops[4].arg, 0x55667788);
	assert_int_equal(b->ops[4].arg2, 0x11223344);
	end(b);
}

/* A bit counts where the page was marked; an address by who used it, or as a physical one. */
static void test_access_known_and_uses(void **state)
{
	struct bench *b = bench_recorded(NULL);
	const uint8_t idle[8] = { 0 };
	const uint8_t known[8] = { 1 << 1 }; /* pfn 65 */
	struct mmr_access_sample bitmap = {
		.begin_ns = 60,
		.end_ns = 70,
		.mark_begin_ns = 20,
		.nr_pfns = 64,
		.idle = idle,
		.first_pfn = 64,
		.known = known,
	};
	const struct mmr_access_use uses[] = {
		{ BASE << 12, 75, 76, 100, MMR_USE_SEEN },
		{ (BASE + 1) << 12, 75, 80, 100, 0 },
		{ (BASE + 1) << 12, 75, 80, 101, MMR_USE_SEEN },
		{ 65 << 12, 78, 78, 0, MMR_USE_SEEN | MMR_USE_PHYSICAL },
	};
	struct mmr_access_sample single = {
		.kind = MMR_ACCESS_USES,
		.begin_ns = 70,
		.end_ns = 80,
		.uses = uses,
		.nr_uses = 4,
	};

	(void)state;
	touch_new(b, 100, BASE, 64);
	touch_new(b, 100, BASE + 1, 65);
	assert_int_equal(wl_access(b->wl, &bitmap, NULL), 0);
	assert_int_equal(wl_access(b->wl, &single, NULL), 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 5);
	assert_int_equal(b->ops[2].page, b->ops[1].page);
	assert_int_equal(b->ops[2].arg2, 50);
	assert_int_equal(b->ops[3].kind, DEMAND_ACCESS);
	assert_int_equal(b->ops[3].page, b->ops[0].page);
	assert_int_equal(b->ops[3].arg2, 5);
	assert_int_equal(b->ops[4].page, b->ops[1].page);
	end(b);
}

static void test_lost_events(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	simple(b, 100, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_LOST, .lost = { .nr_events = 5 } });
	alloc(b, 100, 8, GFP_KERNEL, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 1);
	assert_int_equal(wl_explain(b->wl)->nr_lost, 5);
	end(b);
}

static void test_tables_are_complete(void **state)
{
	unsigned int section = 0;
	uint64_t kinds[WL_KIND_WORDS];

	(void)state;
	for (unsigned int i = 0; i < WL_NR_CAUSES; i++) {
		assert_true(wl_cause_text(i)[0]);
		assert_true(wl_cause_section(i) >= section); /* they stand together */
		section = wl_cause_section(i);
	}
	for (unsigned int i = 0; i < WL_NR_SECTIONS; i++)
		assert_true(wl_section_text(i)[0]);
	assert_string_equal(wl_cause_text(WL_NR_CAUSES), "");
	wl_kinds(kinds);
	assert_true(kinds[0] >> MMR_EVENT_MM_PAGE_ALLOC & 1);
	assert_false(kinds[0] >> MMR_EVENT_MM_PAGE_FREE_BATCHED & 1);
}

static void test_bad_zones(void **state)
{
	struct mmr_zone_info zone = { .name = "bad" };
	struct wl_options options = { .zones = &zone, .nr_zones = 1 };
	struct wl *wl;

	(void)state;
	assert_int_equal(wl_new(&options, &wl, NULL), MMR_E_INVALID);
	zone.spanned = 1ull << 32;
	assert_int_equal(wl_new(&options, &wl, NULL), MMR_E_LIMIT);
	zone.start_pfn = UINT64_MAX;
	zone.spanned = 2;
	assert_int_equal(wl_new(&options, &wl, NULL), MMR_E_LIMIT);
	assert_null(wl);
	wl_destroy(NULL);
}

/* The pool's own, a mapping's beyond it, and one that was not to be had; a THP's request is none of them. */
static void test_hugetlb(void **state)
{
	const uint64_t surplus = 0x146cca, pool = surplus | 0x200000;
	struct bench *b = bench_recorded(NULL);
	int failed = 0;

	(void)state;
	fault(b, 100, BASE, FAULT_WRITE);
	alloc(b, 100, 512, pool, 9);
	alloc(b, 100, 1024, surplus, 9);
	alloc(b, 100, MMR_PFN_NONE, pool, 9);
	alloc(b, 100, MMR_PFN_NONE, surplus, 9);
	alloc(b, 100, 1536, GFP_HUGE, 9);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[0].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[0].arg, DEMAND_HUGETLB);
	assert_int_equal(b->ops[1].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[1].arg, DEMAND_HUGETLB | DEMAND_SURPLUS);
	assert_int_equal(b->ops[2].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[2].order, 9);
	for (size_t i = 0; i < b->nr_others; i++)
		failed += b->others[i].kind == DEMAND_HUGETLB_FAIL;
	assert_int_equal(failed, 1);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault_names_page),
		cmocka_unit_test(test_fault_without_code),
		cmocka_unit_test(test_stack_within_fault),
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_swap_readahead),
		cmocka_unit_test(test_page_cache),
		cmocka_unit_test(test_recorder_reclaims),
		cmocka_unit_test(test_long_scan),
		cmocka_unit_test(test_busy_page_stays),
		cmocka_unit_test(test_file_fault_waits),
		cmocka_unit_test(test_dirty),
		cmocka_unit_test(test_reactions_are_dropped),
		cmocka_unit_test(test_access_sample),
		cmocka_unit_test(test_access_known_and_uses),
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_lost_events),
		cmocka_unit_test(test_tables_are_complete),
		cmocka_unit_test(test_bad_zones),
		cmocka_unit_test(test_hugetlb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
