/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in memory at the start: kpageflags, and what events tell of it later. */
#include "workload_bench.h"

static void test_resident(void **state)
{
	static uint64_t flags[NR_PFNS];
	struct bench *b = bench_recorded(NULL);

	(void)state;
	for (unsigned int i = 0; i < NR_PFNS; i++)
		flags[i] = 1ull << 10; /* free */
	flags[1] = 1ull << 32;         /* reserved */
	for (unsigned int i = 3072; i < 4096; i++)
		flags[i] = 0;                                        /* not managed */
	flags[2] = 1ull << 5 | 1ull << 6 | 1ull << 12 | 1ull << 14;  /* active */
	flags[3] = 1ull << 2 | 1ull << 5;                            /* referenced */
	flags[4] = 1ull << 5 | 1ull << 14 | 1ull << 18 | 1ull << 33; /* mlocked */
	flags[8] = 1ull << 7 | 1ull << 15;
	flags[9] = flags[10] = flags[11] = 1ull << 16;
	for (unsigned int i = 512; i < 1024; i++)
		flags[i] = 1ull << 12 | 1ull << 16;
	flags[512] = 1ull << 5 | 1ull << 12 | 1ull << 15 | 1ull << 22;
	flags[20] = 1ull << 12 | 1ull << 5;
	assert_int_equal(wl_add_kpageflags(b->wl, 0, flags, 2048, 10, NULL), 0);
	assert_int_equal(wl_add_kpageflags(b->wl, 2048, flags + 2048, 2048, 12, NULL), 0);
	touch_new(b, 100, BASE, 20); /* before the snapshot: names it, and is not demand */
	b->t_ns = 10;
	alloc(b, 100, 30, GFP_KERNEL, 0); /* between the pieces */
	assert_int_equal(wl_start_ns(b->wl), 0);
	free_pages(b, 100, 2, 0); /* the first that comes after the last piece */
	assert_int_equal(wl_start_ns(b->wl), 12);
	fault(b, 100, BASE, FAULT_PROTECT);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 9);
	assert_int_equal(count(b, WL_OP_RESIDENT), 7);
	for (unsigned int i = 0; i < 7; i++) {
		assert_int_equal(b->ops[i].t_ns, 12);
		assert_true(b->ops[i].arg & DEMAND_RESIDENT);
		assert_int_equal(!!(b->ops[i].arg & DEMAND_LOCKED), b->ops[i].arg2 == 4);
		assert_int_equal(!!(b->ops[i].arg & DEMAND_ACTIVE), b->ops[i].arg2 == 2);
		if (b->ops[i].kind != DEMAND_KERNEL_ALLOC)
			assert_int_equal(!!(b->ops[i].arg & DEMAND_REFERENCED),
			                 b->ops[i].arg2 == 3);
		if (b->ops[i].arg2 == 512) {
			assert_int_equal(b->ops[i].kind, DEMAND_ANON_TOUCH);
			assert_int_equal(b->ops[i].order, 9);
		} else if (b->ops[i].arg2 == 8) {
			assert_int_equal(b->ops[i].kind, DEMAND_KERNEL_ALLOC);
			assert_int_equal(b->ops[i].order, 2);
		} else if (b->ops[i].arg2 == 20) {
			assert_int_equal(b->ops[8].page, b->ops[i].page);
		}
	}
	assert_int_equal(b->ops[7].kind, DEMAND_FREE);
	assert_int_equal(b->ops[8].kind, DEMAND_ANON_TOUCH);
	end(b);
}

/* What lay on a per-CPU list during the snapshot looked like kernel memory. */
static void test_drained(void **state)
{
	static uint64_t flags[64];
	struct bench *b = bench_recorded(NULL);

	(void)state;
	flags[3] = 1ull << 7 | 1ull << 12 | 1ull << 21; /* a slab that looks anonymous */
	assert_int_equal(wl_add_kpageflags(b->wl, 2, flags + 2, 2, 0, NULL), 0);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_PCPU_DRAIN, .page = { .pfn = 2 } });
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[0].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[1].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[2].kind, DEMAND_FREE);
	assert_int_equal(b->ops[2].page, b->ops[b->ops[0].arg2 == 2 ? 0 : 1].page);
	end(b);
}

/* The recorder's own file: its pages come without mm_filemap_add_to_page_cache, but reach the LRU. */
static void test_added_unseen(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	alloc(b, 100, 8, GFP_WRITE, 0);
	alloc(b, 100, 16, GFP_WRITE, 2);
	for (uint64_t i = 0; i < 2; i++)
		send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_LRU_INSERTION,
		                            .pid = 100,
		                            .lru = { .pfn = 8 + 8 * i, .lru = 2, .flags = 0x44 } });
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 8, 5);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[0].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[1].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[1].order, 2);
	assert_int_equal(b->ops[2].kind, DEMAND_FREE);
	assert_int_equal(b->ops[2].page, b->ops[0].page);
	assert_int_equal(count(b, WL_ALLOC_FILE_UNNAMED), 2);
	assert_int_equal(count(b, WL_ALLOC_MOVABLE_UNNAMED), 0);
	end(b);
}

/* The recorder's own page comes back from swap, by a fault that is left out: it is not tmpfs. */
static void test_recorder_swapped_in(void **state)
{
	struct bench *b = bench_recorded(NULL);
	struct mmr_event lru = { .kind = MMR_EVENT_MM_LRU_INSERTION,
		                 .lru = { .pfn = 8, .flags = 0x1c } };

	(void)state;
	alloc(b, RECORDER, 8, GFP_COPY, 0);
	send(b, lru);
	alloc(b, 100, 9, GFP_COPY, 0); /* reads a tmpfs file */
	lru.lru.pfn = 9;
	send(b, lru);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[1].kind, DEMAND_SHMEM_TOUCH);
	end(b);
}

/* A page that no event had named turns out to be a file's when reclaim takes it: not kernel memory. */
static void test_named_at_its_end(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	alloc(b, 100, 8, GFP_COPY, 0);
	simple(b, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
	filemap(b, 40, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 8, 5);
	free_pages(b, 40, 8, 0);
	alloc(b, 100, 9, GFP_AHEAD, 0);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 9, 5);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[0].arg & DEMAND_REFAULT, 0);
	assert_int_equal(b->ops[1].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	assert_true(b->ops[1].arg & DEMAND_REFAULT);
	end(b);
}

/* What was out when the ops began is not alive: it can be truncated, or forgotten, without an op. */
static void test_absent_at_the_start(void **state)
{
	static uint64_t flags[NR_PFNS];
	struct bench *b = bench_recorded(NULL);

	(void)state;
	for (unsigned int i = 0; i < NR_PFNS; i++)
		flags[i] = 1ull << 10; /* free */
	assert_int_equal(wl_add_kpageflags(b->wl, 0, flags, NR_PFNS, 100, NULL), 0);
	simple(b, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
	for (uint64_t i = 0; i < 2; i++) {
		alloc(b, 100, 8, GFP_AHEAD, 0);
		filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8, i);
		filemap(b, 40, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 8, i);
		free_pages(b, 40, 8, 0);
	}
	b->t_ns = 100;
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 30, 0);
	alloc(b, 100, 31, GFP_AHEAD, 0);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 31, 1);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 31, 1);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].kind, DEMAND_FILE_TOUCH);
	assert_true(b->ops[0].arg & DEMAND_REFAULT);
	assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resident),         cmocka_unit_test(test_drained),
		cmocka_unit_test(test_added_unseen),     cmocka_unit_test(test_recorder_swapped_in),
		cmocka_unit_test(test_named_at_its_end), cmocka_unit_test(test_absent_at_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
