/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where pages are: migration, huge pages and their pieces, blocks of the kernel's that turn out to be users'. */
#include "workload_bench.h"

static void test_migration(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	/* One as a kernel wrote it, with its dirty bit. */
	assert_int_equal(migration_pte(0x62e | 1ull << 35) | 2, 0xefffeffffff3a202);
	touch_new(b, 100, BASE, 8);
	simple(b, 50, MMR_EVENT_MM_COMPACTION_BEGIN);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SET_MIGRATION_PTE,
	                            .pid = 50,
	                            .migration_pte = { .address = BASE << 12,
	                                               .pte = migration_pte(8 | 1ull << 35) } });
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_REMOVE_MIGRATION_PTE,
			.pid = 50,
			.migration_pte = { .address = BASE << 12, .pte = 300ull << 12 | 0x867 } });
	free_pages(b, 50, 8, 0);
	simple(b, 50, MMR_EVENT_MM_COMPACTION_END);
	free_pages(b, 100, 300, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	assert_int_equal(count(b, WL_MIGRATION_AGREE), 1);
	assert_int_equal(count(b, WL_FREE_MIGRATED), 1);
	assert_int_equal(count(b, WL_FREE_ANON), 1);
	end(b);
}

static void test_unmapped_file_page_moves(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	alloc(b, 100, 8, GFP_AHEAD, 0);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8, 5);
	simple(b, 50, MMR_EVENT_MM_COMPACTION_BEGIN);
	free_pages(b, 50, 8, 0);
	simple(b, 50, MMR_EVENT_MM_COMPACTION_END);
	/* Nobody knows where it is, until it is deleted there. */
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 300, 5);
	free_pages(b, 100, 300, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	assert_int_equal(count(b, WL_FREE_FILE), 1);
	end(b);
}

static void test_huge(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	fault(b, 100, BASE + 17, FAULT_WRITE);
	alloc(b, 100, 512, GFP_HUGE, 9);
	alloc(b, 100, 7, GFP_PGTABLE, 0); /* without one it was not charged for */
	free_pages(b, 100, 512, 9);
	simple(b, 100, MMR_EVENT_SCHED_PROCESS_EXEC);
	fault(b, 100, BASE + 17, FAULT_WRITE);
	alloc(b, 100, 512, GFP_HUGE, 9);
	free_pages(b, 100, 512 + 3, 0); /* a part of it, after a split */
	fault(b, 100, BASE + 5, FAULT_PROTECT);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 6);
	assert_int_equal(b->ops[0].order, 9);
	assert_int_equal(b->ops[0].page % 512, 0);
	assert_int_equal(b->ops[0].arg, DEMAND_HUGE | DEMAND_ADMITS | DEMAND_WRITE);
	assert_int_equal(b->ops[2].kind, DEMAND_FREE);
	assert_int_equal(b->ops[2].order, 9);
	assert_int_equal(b->ops[2].page, b->ops[0].page);
	assert_int_equal(b->ops[4].kind, DEMAND_FREE);
	assert_int_equal(b->ops[4].order, 0);
	assert_int_equal(b->ops[4].page, b->ops[3].page + 3);
	assert_int_equal(b->ops[5].page, b->ops[3].page + 5);
	end(b);
}

static void test_huge_fallback(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	fault(b, 100, BASE + 17, FAULT_WRITE);
	alloc(b, 100, MMR_PFN_NONE, GFP_HUGE, 9);
	alloc(b, 100, 8, GFP_ANON, 0);
	touch_new(b, 100, BASE + 20, 9);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].arg, DEMAND_HUGE | DEMAND_ADMITS | DEMAND_TRIED | DEMAND_WRITE);
	assert_int_equal(b->ops[0].gfp_flags, GFP_HUGE);
	assert_int_equal(b->ops[0].arg2, (uint32_t)BASE + 17);
	assert_int_equal(b->ops[0].page % 512, 17);
	assert_int_equal(b->ops[1].arg, DEMAND_HUGE | DEMAND_WRITE);
	assert_int_equal(b->ops[1].page, b->ops[0].page + 3);
	assert_int_equal(count(b, WL_ALLOC_FAILED), 1);
	end(b);
}

static void test_collapse(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	for (uint64_t i = 0; i < 512; i++)
		touch_new(b, 100, BASE + i, 1024 + i);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_KHUGEPAGED_SCAN_PMD,
	                            .pid = 60,
	                            .khugepaged = { .pfn = 1024 + 511, .status = 1 } });
	alloc(b, 60, 512, GFP_HUGE, 9);
	for (uint64_t i = 0; i < 512; i++)
		free_pages(b, 60, 1024 + i, 0);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_COLLAPSE_HUGE_PAGE,
	                            .pid = 60,
	                            .khugepaged = { .status = 1 } });
	for (uint64_t i = 0; i < 512; i++)
		free_pages(b, 100, 512 + i, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 1024);
	for (unsigned int i = 0; i < 512; i++) {
		assert_int_equal(b->ops[512 + i].kind, DEMAND_FREE);
		assert_int_equal(b->ops[512 + i].page, b->ops[i].page);
	}
	assert_int_equal(count(b, WL_ALLOC_KHUGEPAGED), 1);
	assert_int_equal(count(b, WL_FREE_KHUGEPAGED), 512);
	end(b);
}

static void test_large_folio(void **state)
{
	struct bench *b = bench_recorded(NULL);
	struct mmr_event add = { .kind = MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE,
		                 .pid = 100,
		                 .filemap = { .pfn = 16, .ino = 14, .index = 32, .order = 2 } };

	(void)state;
	alloc(b, 100, 16, GFP_AHEAD, 2);
	send(b, add);
	add.kind = MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE;
	send(b, add);
	free_pages(b, 100, 16, 2);
	alloc(b, 100, 16, GFP_AHEAD, 2); /* never named */
	free_pages(b, 100, 16, 2);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 7);
	assert_int_equal(b->ops[0].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[0].order, 2);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(b->ops[1 + i].kind, DEMAND_FREE);
		assert_int_equal(b->ops[1 + i].page, b->ops[0].page + i);
	}
	assert_int_equal(b->ops[5].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[6].kind, DEMAND_FREE);
	assert_int_equal(b->ops[6].order, 2);
	assert_int_equal(wl_explain(b->wl)->pages_alive, 0);
	end(b);
}

static void test_kernel_parts(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	alloc(b, 100, 16, GFP_KERNEL, 2);
	for (uint64_t i = 0; i < 4; i++)
		free_pages(b, 100, 16 + i, 0);
	alloc(b, 100, 16, GFP_KERNEL, 2);
	alloc(b, 100, 18, GFP_KERNEL, 0); /* its end was missed */
	bench_finish(b);
	assert_int_equal(b->nr_ops, 5);
	assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	assert_int_equal(b->ops[1].order, 2);
	assert_int_equal(b->ops[3].kind, DEMAND_FREE);
	assert_int_equal(b->ops[3].page, b->ops[2].page);
	assert_int_equal(count(b, WL_FREE_PART), 3);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_migration),
		cmocka_unit_test(test_unmapped_file_page_moves),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_huge_fallback),
		cmocka_unit_test(test_collapse),
		cmocka_unit_test(test_large_folio),
		cmocka_unit_test(test_kernel_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
