/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges of CMA areas as demand: the request, what the kernel does for it, and the end. */
#include "workload_bench.h"

#define PAGE 0xffffea0000000000ull

static void cma(struct bench *b, enum mmr_event_kind kind, uint64_t pfn, uint32_t nr, bool failed)
{
	struct mmr_event event = { .kind = (uint16_t)kind,
		                   .pid = 100,
		                   .cma = { .pfn = pfn,
		                            .page = failed ? 0 : PAGE,
		                            .nr_pages = nr,
		                            .align = 9,
		                            .name = "hugetlb0" } };

	send(b, event);
}

static bool is_cma(const struct demand_op *op)
{
	return op->kind == DEMAND_CMA_ALLOC || op->kind == DEMAND_CMA_RELEASE;
}

static uint32_t others_of(const struct bench *b, uint8_t kind)
{
	uint32_t nr = 0;

	for (size_t i = 0; i < b->nr_others; i++)
		nr += b->others[i].kind == kind;
	return nr;
}

static void a_range_is_wanted_until_it_is_given_back(void **state)
{
	struct bench *b = bench_new(NULL);

	(void)state;
	cma(b, MMR_EVENT_CMA_ALLOC_START, 0, 1024, false);
	cma(b, MMR_EVENT_CMA_ALLOC_FINISH, 1024, 1024, false);
	cma(b, MMR_EVENT_CMA_ALLOC_START, 0, 4, false);
	cma(b, MMR_EVENT_CMA_ALLOC_FINISH, 2044, 4, true);
	cma(b, MMR_EVENT_CMA_RELEASE, 1024, 1024, false);
	collect(b, is_cma);
	assert_int_equal(b->nr_ops, 4);
	assert_int_equal(b->ops[0].kind, DEMAND_CMA_ALLOC);
	assert_int_equal(b->ops[0].t_ns, 1);
	assert_int_equal(b->ops[0].arg, 1 | 9u << DEMAND_CMA_SHIFT);
	assert_int_equal(b->ops[0].arg2, 1024);
	assert_int_equal(b->ops[0].gfp_flags, demand_cma_key("hugetlb0"));
	assert_int_equal(b->ops[1].arg & DEMAND_CMA_MASK, 2);
	/* What the original did not get is nobody's. */
	assert_int_equal(b->ops[2].kind, DEMAND_CMA_RELEASE);
	assert_int_equal(b->ops[2].arg, 2);
	assert_int_equal(b->ops[3].kind, DEMAND_CMA_RELEASE);
	assert_int_equal(b->ops[3].arg, 1);
	end(b);
}

/* Of 6.1 and demoted hugetlb pages: it ends with its last part, and the frees page by page are none of programs'. */
static void a_range_may_come_back_in_parts(void **state)
{
	struct bench *b = bench_new(NULL);

	(void)state;
	cma(b, MMR_EVENT_CMA_ALLOC_START, 0, 1024, false);
	cma(b, MMR_EVENT_CMA_ALLOC_FINISH, 1024, 1024, false);
	cma(b, MMR_EVENT_CMA_RELEASE, 1536, 256, false);
	cma(b, MMR_EVENT_CMA_RELEASE, 1792, 256, false);
	for (uint32_t i = 0; i < 512; i++)
		free_pages(b, 100, 1024 + i, 0);
	cma(b, MMR_EVENT_CMA_RELEASE, 1024, 512, false);
	cma(b, MMR_EVENT_CMA_RELEASE, 1024, 512, false);
	collect(b, is_cma);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[1].kind, DEMAND_CMA_RELEASE);
	assert_int_equal(b->ops[1].t_ns, 4 + 512 + 1);
	assert_int_equal(count(b, WL_FREE_ENDOGENOUS), 512);
	assert_int_equal(others_of(b, DEMAND_KERNEL_ALLOC), 0);
	end(b);
}

/* A clean page of a file that leaves the range has not been truncated; after the request it would have been. */
static void what_is_in_the_way_is_reclaimed(void **state)
{
	struct bench *b = bench_new(NULL);

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		alloc(b, 100, 1024 + i, GFP_AHEAD, 0);
		filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 1024 + i, i);
	}
	cma(b, MMR_EVENT_CMA_ALLOC_START, 0, 1024, false);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 1024, 0);
	free_pages(b, 100, 1024, 0);
	cma(b, MMR_EVENT_CMA_ALLOC_FINISH, 2048, 1024, false);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 1025, 1);
	free_pages(b, 100, 1025, 0);
	collect(b, is_cma);
	assert_int_equal(count(b, WL_FILE_RECLAIM), 1);
	assert_int_equal(count(b, WL_FILE_DELETE), 1);
	assert_int_equal(others_of(b, DEMAND_FREE), 1);
	end(b);
}

/* Events that were lost, page frames of no zone, and what was there before. */
static void what_makes_no_sense_is_survived(void **state)
{
	struct bench *b = bench_new(NULL);

	(void)state;
	cma(b, MMR_EVENT_CMA_RELEASE, 1024, 1024, false);
	cma(b, MMR_EVENT_CMA_ALLOC_FINISH, 512, 8, false);
	cma(b, MMR_EVENT_CMA_ALLOC_FINISH, NR_PFNS - 1, 2, false);
	cma(b, MMR_EVENT_CMA_ALLOC_FINISH, UINT64_MAX, 2, false);
	cma(b, MMR_EVENT_CMA_ALLOC_FINISH, 0, 0, false);
	collect(b, is_cma);
	assert_int_equal(b->nr_ops, 7);
	assert_int_equal(b->ops[0].kind, DEMAND_CMA_ALLOC);
	assert_int_equal(b->ops[0].arg2, 8);
	for (uint32_t i = 1; i < 7; i++)
		assert_int_equal(b->ops[i].kind, i & 1 ? DEMAND_CMA_ALLOC : DEMAND_CMA_RELEASE);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_is_wanted_until_it_is_given_back),
		cmocka_unit_test(a_range_may_come_back_in_parts),
		cmocka_unit_test(what_is_in_the_way_is_reclaimed),
		cmocka_unit_test(what_makes_no_sense_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
