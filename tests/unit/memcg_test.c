/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What memory cgroups take and refuse, as the events tell of it. */
#include "workload_bench.h"

#define AREA 0x200u /* a huge page's first virtual page */

static void reclaim(struct bench *b, enum mmr_event_kind begin, enum mmr_event_kind end)
{
	simple(b, 100, begin);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_VMSCAN_WRITE_FOLIO,
	                            .pid = 100,
	                            .write_folio = { .pfn = 8 } });
	free_pages(b, 100, 8, 0);
	simple(b, 100, end);
}

static void what_a_limit_takes_is_demand(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	reclaim(b, MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_BEGIN, MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_END);
	fault(b, 100, BASE, FAULT_READ);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 4);
	for (size_t i = 1; i < 3; i++) {
		assert_int_equal(b->ops[i].kind, DEMAND_COLD);
		assert_int_equal(b->ops[i].page, b->ops[0].page);
		assert_int_equal(b->ops[i].arg, DEMAND_PAGEOUT | DEMAND_LIMIT);
	}
	assert_int_equal(b->ops[3].page, b->ops[0].page);
	assert_true(b->ops[3].arg & DEMAND_REFAULT);
	end(b);
}

/* … and what the machine's want of memory takes is not. */
static void what_reclaim_takes_is_none(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	/* The cgroup's is over. */
	simple(b, 100, MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_BEGIN);
	simple(b, 100, MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_END);
	reclaim(b, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN,
	        MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 1);
	end(b);
}

/* A mapping with room for a huge page, and a fault that gets one. */
static void get_huge(struct bench *b)
{
	call(b, 100, MMR_EVENT_SYS_ENTER_MMAP, 0, 1024, 0x22);
	ret(b, 100, MMR_EVENT_SYS_EXIT_MMAP, (int64_t)AREA << 12);
	fault(b, 100, AREA + 3, FAULT_WRITE);
	alloc(b, 100, 512, GFP_HUGE, 9);
}

static void what_is_not_charged_is_freed_at_once(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	get_huge(b);
	free_pages(b, 100, 512, 9);
	alloc(b, 100, 7, GFP_PGTABLE, 0);
	alloc(b, 100, 8, GFP_ANON, 0);
	bench_finish(b);
	assert_int_equal(count(b, WL_FREE_UNCHARGED), 1);
	assert_int_equal(b->nr_ops, 4);
	assert_int_equal(b->ops[0].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[0].order, 9);
	assert_int_equal(b->ops[0].arg, DEMAND_UNCHARGED);
	assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	assert_int_equal(b->ops[1].order, 9);
	assert_int_equal(b->ops[3].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[3].order, 0);
	assert_false(b->ops[3].arg & DEMAND_TRIED);
	end(b);
}

/* It has been mapped: there is a page table for it. */
static void what_has_a_page_table_was_charged(void **state)
{
	struct bench *b = bench_recorded(NULL);

	(void)state;
	get_huge(b);
	alloc(b, 100, 7, GFP_PGTABLE, 0);
	free_pages(b, 100, 512, 9);
	bench_finish(b);
	assert_int_equal(count(b, WL_FREE_UNCHARGED), 0);
	assert_int_equal(b->ops[0].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[0].order, 9);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_limit_takes_is_demand),
		cmocka_unit_test(what_reclaim_takes_is_none),
		cmocka_unit_test(what_is_not_charged_is_freed_at_once),
		cmocka_unit_test(what_has_a_page_table_was_charged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
