/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address spaces: fork, threads, exec, and the calls that change what is mapped. */
#include "workload_bench.h"

static void test_fork_and_copy(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	newtask(b, 100, 101, 0x1200000);
	simple(b, 100, MMR_EVENT_SCHED_PROCESS_EXIT); /* the child still has the page */
	fault(b, 101, BASE, FAULT_PROTECT);
	alloc(b, 101, 9, GFP_COPY, 0);
	free_pages(b, 101, 8, 0);
	free_pages(b, 101, 9, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 5);
	assert_int_equal(b->ops[1].kind, DEMAND_ANON_TOUCH); /* the copy reads the old page … */
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	assert_int_equal(b->ops[1].arg, DEMAND_VOID);
	assert_int_equal(b->ops[2].kind, DEMAND_COW);
	assert_int_not_equal(b->ops[2].page, b->ops[0].page);
	assert_int_equal(b->ops[2].arg2, b->ops[0].page);
	assert_int_equal(b->ops[3].page, b->ops[0].page);
	assert_int_equal(b->ops[4].page, b->ops[2].page);
	assert_int_equal(count(b, WL_FAULT_COW), 1);
	end(b);
}

static void test_threads_share(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	newtask(b, 100, 101, 0x100); /* CLONE_VM */
	simple(b, 100, MMR_EVENT_SCHED_PROCESS_EXIT);
	swap_out(b, 8);
	fault(b, 101, BASE, FAULT_READ);
	alloc(b, 101, 9, GFP_COPY, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	assert_int_equal(b->ops[1].arg, DEMAND_REFAULT);
	end(b);
}

static void test_threads_from_before_the_trace(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	rss(b, 100, 77, 1, 1);
	touch_new(b, 101, BASE + 1, 9);
	rss(b, 101, 77, 1, 1);
	fault(b, 101, BASE, FAULT_READ);
	fault(b, 100, BASE + 1, FAULT_READ);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 4);
	assert_int_equal(b->ops[2].page, b->ops[0].page);
	assert_int_equal(b->ops[3].page, b->ops[1].page);
	end(b);
}

static void test_exec(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	rss(b, 100, 77, 1, 1);
	swap_out(b, 8);
	/* A fault that needed no page, then an argument page of the program to come. */
	fault(b, 100, BASE + 9, FAULT_READ);
	alloc(b, 100, 9, GFP_ANON, 0);
	rss(b, 100, 78, 0, 1);
	simple(b, 100, MMR_EVENT_SCHED_PROCESS_EXEC);
	fault(b, 100, BASE, FAULT_READ);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[1].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[2].kind, DEMAND_FREE);
	assert_int_equal(b->ops[2].page, b->ops[0].page);
	assert_int_equal(count(b, WL_ALLOC_EXEC), 1);
	assert_int_equal(count(b, WL_FIRST_EXEC), 1);
	assert_int_equal(count(b, WL_FIRST_ANON), 1);
	end(b);
}

/* Before v6.2 rss_stat tells of the last 64 faults when the next one begins. */
static void test_rss_of_old_kernels(void **state)
{
	static const char *const releases[] = { "6.1.0-13-amd64", "6.12.9+deb13-amd64", "7.0.0",
		                                "" };

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct bench *b = bench_recorded(releases[i]);

		fault(b, 100, BASE, FAULT_WRITE);
		rss(b, 100, 77, 1, 1);
		alloc(b, 100, 8, GFP_ANON, 0);
		bench_finish(b);
		assert_int_equal(count(b, WL_ALLOC_ANON), i == 0);
		end(b);
	}
}

static void test_shmem(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	alloc(b, 100, 8, GFP_COPY, 0); /* a write to tmpfs */
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_LRU_INSERTION,
	                            .pid = 100,
	                            .lru = { .pfn = 8, .flags = 0x14 } });
	fault(b, 100, BASE, FAULT_READ); /* a shared mapping */
	alloc(b, 100, 9, GFP_COPY, 0);
	rss(b, 100, 77, 1, 3);
	free_pages(b, 100, 8, 0);
	alloc(b, 100, 10, GFP_COPY, 0); /* read from a tmpfs page that was in swap */
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_LRU_INSERTION,
	                            .pid = 100,
	                            .lru = { .pfn = 10, .flags = 0x1c } });
	bench_finish(b);
	assert_int_equal(b->nr_ops, 4);
	assert_int_equal(b->ops[3].kind, DEMAND_SHMEM_TOUCH);
	assert_int_equal(b->ops[0].kind, DEMAND_SHMEM_TOUCH);
	assert_int_equal(b->ops[1].kind, DEMAND_SHMEM_TOUCH);
	assert_int_equal(count(b, WL_ALLOC_SHMEM), 2);
	assert_int_equal(count(b, WL_ALLOC_SHMEM_FAULT), 1);
	assert_int_equal(count(b, WL_FIRST_SHMEM), 1);
	assert_int_equal(count(b, WL_FREE_SHMEM), 1);
	end(b);
}

static void unmap_of(struct bench *b, enum mmr_event_kind enter, enum mmr_event_kind exit,
                     uint64_t flags, int64_t value, size_t ops)
{
	touch_new(b, 100, BASE + 1, 8);
	touch_new(b, 100, BASE + 2, 9);
	swap_out(b, 8);
	swap_out(b, 9);
	call(b, 100, enter, BASE, 2, flags);
	ret(b, 100, exit, value);
	bench_finish(b);
	assert_int_equal(b->nr_ops, ops);
	if (ops == 3) {
		assert_int_equal(b->ops[2].kind, DEMAND_FREE);
		assert_int_equal(b->ops[2].page, b->ops[0].page);
	}
	end(b);
}

static void test_unmap_frees_swapped(void **state)
{
	(void)state;
	unmap_of(bench_recorded(NULL), MMR_EVENT_SYS_ENTER_MUNMAP, MMR_EVENT_SYS_EXIT_MUNMAP, 0, 0,
	         3);
	unmap_of(bench_recorded(NULL), MMR_EVENT_SYS_ENTER_MUNMAP, MMR_EVENT_SYS_EXIT_MUNMAP, 0,
	         -22, 2);
	unmap_of(bench_recorded(NULL), MMR_EVENT_SYS_ENTER_MADVISE, MMR_EVENT_SYS_EXIT_MADVISE, 4,
	         0, 3);
	unmap_of(bench_recorded(NULL), MMR_EVENT_SYS_ENTER_MADVISE, MMR_EVENT_SYS_EXIT_MADVISE, 1,
	         0, 2);
	unmap_of(bench_recorded(NULL), MMR_EVENT_SYS_ENTER_MMAP, MMR_EVENT_SYS_EXIT_MMAP, 0x10,
	         (int64_t)(BASE << 12), 3);
	unmap_of(bench_recorded(NULL), MMR_EVENT_SYS_ENTER_MMAP, MMR_EVENT_SYS_EXIT_MUNMAP, 0, 0,
	         2);
}

static void test_brk(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	call(b, 100, MMR_EVENT_SYS_ENTER_BRK, BASE + 4, 0, 0);
	ret(b, 100, MMR_EVENT_SYS_EXIT_BRK, (int64_t)((BASE + 4) << 12));
	touch_new(b, 100, BASE + 3, 8);
	swap_out(b, 8);
	call(b, 100, MMR_EVENT_SYS_ENTER_BRK, BASE, 0, 0);
	ret(b, 100, MMR_EVENT_SYS_EXIT_BRK, (int64_t)(BASE << 12) + 1);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	end(b);
}

static void test_mremap(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	touch_new(b, 100, BASE + 1, 9);
	swap_out(b, 8);
	swap_out(b, 9);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_ENTER_MREMAP,
	                            .pid = 100,
	                            .mremap = { .address = BASE << 12,
	                                        .old_length = 0x2000,
	                                        .new_length = 0x1000 } });
	ret(b, 100, MMR_EVENT_SYS_EXIT_MREMAP, (int64_t)((BASE + 512) << 12));
	fault(b, 100, BASE + 512, FAULT_READ);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 4);
	assert_int_equal(b->ops[2].kind, DEMAND_FREE);
	assert_int_equal(b->ops[2].page, b->ops[1].page);
	assert_int_equal(b->ops[3].page, b->ops[0].page);
	assert_int_equal(b->ops[3].arg, DEMAND_REFAULT);
	end(b);
}

static void test_lazyfree(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	call(b, 100, MMR_EVENT_SYS_ENTER_MADVISE, BASE, 1, 8);
	ret(b, 100, MMR_EVENT_SYS_EXIT_MADVISE, 0);
	swap_out(b, 8); /* freed, in truth */
	touch_new(b, 100, BASE, 9);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[1].kind, DEMAND_LAZYFREE);
	assert_int_equal(b->ops[2].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[2].page, b->ops[0].page);
	assert_int_equal(b->ops[2].arg, DEMAND_WRITE);
	end(b);
}

/* When the call begins; of each page table the pages that nobody else has, whether they are in memory or not. */
static void test_cold(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	newtask(b, 100, 101, 0x1200000);
	touch_new(b, 100, BASE + 1, 9);
	touch_new(b, 100, BASE + 3, 10);
	touch_new(b, 100, BASE + 512, 11);
	swap_out(b, 10);
	call(b, 100, MMR_EVENT_SYS_ENTER_MADVISE, BASE, 513, 21);
	ret(b, 100, MMR_EVENT_SYS_EXIT_MADVISE, 0);
	call(b, 100, MMR_EVENT_SYS_ENTER_MADVISE, BASE + 2, 2, 20);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 8);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(b->ops[4 + i].kind, DEMAND_COLD);
		assert_int_equal(b->ops[4 + i].page, b->ops[1 + i].page);
		assert_int_equal(b->ops[4 + i].arg,
		                 i == 0 ? DEMAND_PAGEOUT | DEMAND_MORE : DEMAND_PAGEOUT);
	}
	assert_int_equal(b->ops[7].kind, DEMAND_COLD);
	assert_int_equal(b->ops[7].page, b->ops[2].page);
	assert_int_equal(b->ops[7].arg, 0);
	end(b);
}

/* Whoever else maps it, and whether it is in memory or not. */
static void test_wanted(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	touch_new(b, 100, BASE + 1, 9);
	touch_new(b, 100, BASE + 600, 10);
	newtask(b, 100, 101, 0x1200000);
	swap_out(b, 9);
	call(b, 100, MMR_EVENT_SYS_ENTER_MADVISE, BASE + 1, 700, 3);
	ret(b, 100, MMR_EVENT_SYS_EXIT_MADVISE, 0);
	call(b, 100, MMR_EVENT_SYS_ENTER_MADVISE, BASE + 2, 2, 3);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 5);
	assert_int_equal(count(b, WL_VMA_WANTED), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(b->ops[3 + i].kind, DEMAND_WILLNEED);
		assert_int_equal(b->ops[3 + i].page, b->ops[1 + i].page);
		assert_int_equal(b->ops[3 + i].arg, i == 0 ? DEMAND_MORE : 0);
	}
	end(b);
}

/* What is freed in the call has been reclaimed, and comes back. */
static void test_paged_out(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	call(b, 100, MMR_EVENT_SYS_ENTER_MADVISE, BASE, 1, 21);
	free_pages(b, 100, 8, 0);
	ret(b, 100, MMR_EVENT_SYS_EXIT_MADVISE, 0);
	fault(b, 100, BASE, FAULT_READ);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[1].kind, DEMAND_COLD);
	assert_int_equal(b->ops[2].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[2].page, b->ops[0].page);
	assert_true(b->ops[2].arg & DEMAND_REFAULT);
	end(b);
}

static void test_populate(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	call(b, 100, MMR_EVENT_SYS_ENTER_MMAP, 0, 2, 0x8022);
	alloc(b, 100, 8, GFP_ANON, 0);
	alloc(b, 100, 9, GFP_ANON, 0);
	ret(b, 100, MMR_EVENT_SYS_EXIT_MMAP, (int64_t)(BASE << 12));
	call(b, 100, MMR_EVENT_SYS_ENTER_MLOCK, BASE, 3, 0);
	alloc(b, 100, 10, GFP_ANON, 0);
	fault(b, 100, BASE, FAULT_PROTECT);
	fault(b, 100, BASE + 1, FAULT_PROTECT);
	fault(b, 100, BASE + 2, FAULT_PROTECT);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 9);
	assert_int_equal(count(b, WL_ALLOC_POPULATE), 3);
	assert_int_equal(b->ops[2].kind, DEMAND_MLOCK);
	/* What mlock() brings in is locked as well. */
	assert_int_equal(b->ops[5].kind, DEMAND_MLOCK);
	assert_int_equal(b->ops[5].page, b->ops[4].page);
	assert_int_equal(b->ops[6].page, b->ops[0].page);
	assert_int_equal(b->ops[7].page, b->ops[1].page);
	assert_int_equal(b->ops[8].page, b->ops[4].page);
	end(b);
}

/* After mlockall(MCL_FUTURE) brk() and mmap() fill and lock what they add, and munlockall() ends that. */
static void test_populate_after_mlockall(void **state)
{
	static const uint32_t locks[] = { DEMAND_MLOCK, DEMAND_MLOCK, DEMAND_MUNLOCK,
		                          DEMAND_MUNLOCK };
	struct bench *b = bench_recorded(NULL);
	uint32_t nr = 0;

	(void)state;
	call(b, 100, MMR_EVENT_SYS_ENTER_BRK, 0, 0, 0);
	ret(b, 100, MMR_EVENT_SYS_EXIT_BRK, (int64_t)(BASE << 12));
	call(b, 100, MMR_EVENT_SYS_ENTER_MLOCKALL, 0, 0, 2);
	call(b, 100, MMR_EVENT_SYS_ENTER_BRK, BASE + 1, 0, 0);
	alloc(b, 100, 8, GFP_ANON, 0);
	ret(b, 100, MMR_EVENT_SYS_EXIT_BRK, (int64_t)((BASE + 1) << 12));
	call(b, 100, MMR_EVENT_SYS_ENTER_MMAP, 0, 1, 0x22);
	alloc(b, 100, 9, GFP_ANON, 0);
	ret(b, 100, MMR_EVENT_SYS_EXIT_MMAP, (int64_t)((BASE + 4096) << 12));
	call(b, 100, MMR_EVENT_SYS_ENTER_MUNLOCKALL, 0, 0, 0);
	fault(b, 100, BASE, FAULT_PROTECT);
	fault(b, 100, BASE + 4096, FAULT_PROTECT);
	bench_finish(b);
	assert_int_equal(count(b, WL_ALLOC_POPULATE), 2);
	for (size_t i = 0; i < b->nr_ops; i++)
		if (b->ops[i].kind == DEMAND_MLOCK || b->ops[i].kind == DEMAND_MUNLOCK)
			assert_int_equal(b->ops[i].kind, locks[nr++]);
	assert_int_equal(nr, 4);
	assert_int_equal(b->ops[b->nr_ops - 2].page, b->ops[0].page);
	assert_int_equal(b->ops[b->nr_ops - 1].kind, DEMAND_ANON_TOUCH);
	end(b);
}

/* It comes without an exception, and readahead in any order: as many as are read are used. */
static void test_populate_reads_back(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		touch_new(b, 100, BASE + i, 8 + i);
	for (uint32_t i = 1; i < 4; i++)
		swap_out(b, 8 + i);
	call(b, 100, MMR_EVENT_SYS_ENTER_MADVISE, BASE, 4, 22);
	alloc(b, 100, 20, GFP_COPY, 0);
	alloc(b, 100, 21, GFP_COPY, 0);
	ret(b, 100, MMR_EVENT_SYS_EXIT_MADVISE, 0);
	alloc(b, 100, 22, GFP_COPY, 0); /* not for it */
	bench_finish(b);
	assert_int_equal(count(b, WL_FAULT_SWAPIN), 2);
	assert_int_equal(b->ops[4].page, b->ops[1].page);
	assert_true(b->ops[4].arg & DEMAND_REFAULT);
	assert_int_equal(b->ops[5].page, b->ops[2].page);
	assert_int_equal(b->ops[6].kind, DEMAND_KERNEL_ALLOC);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork_and_copy),
		cmocka_unit_test(test_threads_share),
		cmocka_unit_test(test_threads_from_before_the_trace),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_rss_of_old_kernels),
		cmocka_unit_test(test_shmem),
		cmocka_unit_test(test_unmap_frees_swapped),
		cmocka_unit_test(test_brk),
		cmocka_unit_test(test_mremap),
		cmocka_unit_test(test_lazyfree),
		cmocka_unit_test(test_cold),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_paged_out),
		cmocka_unit_test(test_populate),
		cmocka_unit_test(test_populate_after_mlockall),
		cmocka_unit_test(test_populate_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
