/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order in which ops leave the window. */
#include "workload_bench.h"

static void reclaim(struct bench *b, uint32_t pid, enum mmr_event_kind kind)
{
	send(b, (struct mmr_event){ .kind = (uint16_t)kind, .pid = pid });
}

static bool is_touch(const struct demand_op *op)
{
	return op->kind == DEMAND_ANON_TOUCH || op->kind == DEMAND_KERNEL_ALLOC ||
	       op->kind == DEMAND_FREE;
}

/* 1 reclaims for its page while 2 gets one. */
static void what_needed_reclaim_was_asked_for_before(void **state)
{
	struct bench *b = bench_new(NULL);
	uint64_t asked_ns;

	(void)state;
	fault(b, 1, BASE, FAULT_WRITE);
	reclaim(b, 1, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN);
	asked_ns = b->t_ns;
	alloc(b, 2, 70, GFP_KERNEL, 0);
	reclaim(b, 1, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END);
	alloc(b, 1, 71, GFP_ANON, 0);
	/* The next one waits for nothing. */
	touch_new(b, 1, BASE + 1, 72);
	collect(b, is_touch);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[0].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[0].t_ns, asked_ns);
	assert_int_equal(b->ops[1].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[2].t_ns, b->t_ns);
	end(b);
}

/* Of a huge page that there is none for a page table and a small page remain: what was asked for came first. */
static void a_huge_page_was_asked_for_before_the_page_table(void **state)
{
	struct bench *b = bench_new(NULL);
	uint64_t asked_ns;

	(void)state;
	fault(b, 1, BASE + 17, FAULT_WRITE);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_COMPACTION_TRY_TO_COMPACT_PAGES,
	                            .pid = 1,
	                            .try_to_compact = { .order = 9 } });
	asked_ns = b->t_ns;
	alloc(b, 1, MMR_PFN_NONE, GFP_HUGE, 9);
	reclaim(b, 1, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN);
	reclaim(b, 1, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END);
	alloc(b, 1, MMR_PFN_NONE, GFP_HUGE, 9);
	alloc(b, 1, 70, GFP_PGTABLE, 0);
	alloc(b, 1, 71, GFP_ANON, 0);
	touch_new(b, 1, BASE + 18, 72);
	collect(b, is_touch);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[0].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[0].gfp_flags, GFP_HUGE);
	assert_int_equal(b->ops[0].t_ns, asked_ns);
	assert_int_equal(b->ops[1].kind, DEMAND_KERNEL_ALLOC);
	assert_true(b->ops[1].t_ns > asked_ns);
	assert_int_equal(b->ops[2].t_ns, b->t_ns);
	end(b);
}

/* A number that 2 gives up meanwhile may be what 1 gets. */
static void nothing_goes_before_the_end_of_what_it_was(void **state)
{
	struct bench *b = bench_new(NULL);

	(void)state;
	alloc(b, 2, 70, GFP_KERNEL, 0);
	reclaim(b, 1, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN);
	free_pages(b, 2, 70, 0);
	reclaim(b, 1, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END);
	alloc(b, 1, 70, GFP_KERNEL, 0);
	collect(b, is_touch);
	assert_int_equal(b->nr_ops, 3);
	for (size_t i = 1; i < 3; i++)
		assert_true(b->ops[i].t_ns >= b->ops[i - 1].t_ns);
	assert_int_equal(b->ops[0].kind, DEMAND_KERNEL_ALLOC);
	if (b->ops[2].page == b->ops[0].page)
		assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	end(b);
}

static bool is_rename_or_kernel(const struct demand_op *op)
{
	return op->kind == DEMAND_RENAME || op->kind == DEMAND_KERNEL_ALLOC;
}

/* A number whose contents go on under another is free from then on, and no sooner. */
static void nothing_goes_before_a_new_name(void **state)
{
	struct bench *b = bench_new(&(struct wl_options){ .recorder_pid = 100 });
	uint32_t was;

	(void)state;
	alloc(b, 100, 4, GFP_ANON, 0);
	reclaim(b, 2, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN);
	free_pages(b, 2, 4, 0);
	reclaim(b, 2, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END);
	reclaim(b, 1, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN);
	alloc(b, 100, 5, GFP_COPY, 0);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_LRU_INSERTION,
	                            .pid = 100,
	                            .lru = { .pfn = 5, .flags = 0x18 } });
	reclaim(b, 1, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END);
	alloc(b, 1, 71, GFP_KERNEL, 0);
	collect(b, is_rename_or_kernel);
	assert_int_equal(b->nr_ops, 2);
	was = b->ops[0].arg2;
	assert_int_equal(b->ops[0].kind, DEMAND_RENAME);
	assert_int_equal(b->ops[1].page, was);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_needed_reclaim_was_asked_for_before),
		cmocka_unit_test(a_huge_page_was_asked_for_before_the_page_table),
		cmocka_unit_test(nothing_goes_before_the_end_of_what_it_was),
		cmocka_unit_test(nothing_goes_before_a_new_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
