/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many faults a replay counts: what the demand says of each, and what the engine makes of it. */
#include "machine.h"
#include "workload_bench.h"

#define PID 100u

/* ---- the demand ---- */

static struct bench *new_bench(void)
{
	struct bench *b = bench_new(NULL);

	b->pid = PID;
	return b;
}

static bool is_fault_or_page(const struct demand_op *op)
{
	return op->kind < DEMAND_TASK_START || op->kind == DEMAND_PAGE_FAULT;
}

static void finish(struct bench *b)
{
	collect(b, is_fault_or_page);
	end(b);
}

/* That count whatever the policy, or bring a page in. */
static unsigned int nr_faults(const struct bench *b)
{
	unsigned int nr = 0;

	for (size_t i = 0; i < b->nr_ops; i++)
		nr += b->ops[i].kind == DEMAND_PAGE_FAULT ||
		      (b->ops[i].kind <= DEMAND_SHMEM_TOUCH && b->ops[i].arg & DEMAND_FAULTED);
	return nr;
}

static void filemap_range(struct bench *b, enum mmr_event_kind kind, uint64_t pfn, uint64_t first,
                          uint64_t last)
{
	send(b, (struct mmr_event){ .kind = (uint16_t)kind,
	                            .filemap = { .pfn = pfn,
	                                         .ino = 14,
	                                         .index = first,
	                                         .last_index = last,
	                                         .dev = BENCH_DEV } });
}

/* Nothing is known of the page but that there was a fault: it counts. One of the kernel's own does not. */
static void a_fault_without_a_page_counts(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	fault(b, PID, BASE, FAULT_READ);
	fault(b, PID, BASE + 1, FAULT_PROTECT);
	fault(b, PID, 1ull << 51, FAULT_READ);
	finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].kind, DEMAND_PAGE_FAULT);
	assert_int_equal(b->ops[0].page, DEMAND_NO_PAGE);
	assert_int_equal(b->ops[1].kind, DEMAND_PAGE_FAULT);
}

/* A page that is there faults when it is write-protected; mapped and not protected, reclaim did it. */
static void a_protection_fault_comes_anyway(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	fault(b, PID, BASE, FAULT_WRITE);
	alloc(b, PID, 8, GFP_ANON, 0);
	rss(b, PID, 7, 1, 1);
	fault(b, PID, BASE, FAULT_PROTECT);
	fault(b, PID, BASE, FAULT_READ);
	finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[0].arg, DEMAND_WRITE);
	assert_int_equal(b->ops[1].arg, DEMAND_WRITE | DEMAND_FAULTED);
	assert_int_equal(b->ops[2].arg, 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(b->ops[i].kind, DEMAND_ANON_TOUCH);
}

/* A fault that gives back what it got waits for userfaultfd: another task brings the page, or it is tried again. */
static void what_userfaultfd_brings_is_no_fault(void **state)
{
	const uint64_t clone_vm = 0x100;
	struct bench *b = new_bench();

	(void)state;
	newtask(b, PID, PID + 1, clone_vm);
	for (uint32_t i = 0; i < 2; i++) {
		fault(b, PID, BASE + i, FAULT_WRITE);
		alloc(b, PID, 8, GFP_ANON, 0);
		free_pages(b, PID, 8, 0);
		alloc(b, PID + 1 - i, 9 + i, i ? GFP_ANON : GFP_COPY, 0);
		send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_LRU_INSERTION,
		                            .lru = { .pfn = 9 + i, .flags = 0x13 } });
	}
	/* Without one that waits it is one that nobody has seen. */
	alloc(b, PID + 1, 11, GFP_COPY, 0);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_LRU_INSERTION,
	                            .lru = { .pfn = 11, .flags = 0x13 } });
	finish(b);
	assert_int_equal(b->nr_ops, 7);
	for (size_t i = 0; i < 6; i += 3) {
		assert_int_equal(b->ops[i].kind, DEMAND_ANON_TOUCH);
		assert_int_equal(b->ops[i].arg, DEMAND_WRITE);
		assert_int_equal(b->ops[i + 1].kind, DEMAND_FREE);
		assert_int_equal(b->ops[i + 2].kind, DEMAND_ANON_TOUCH);
		assert_int_equal(b->ops[i + 2].arg & ~1u, DEMAND_HANDED);
	}
	assert_int_equal(b->ops[6].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[6].arg, 0);
}

/* rss_stat ends the fault before mm_filemap_map_pages says which page it was. */
static void fault_around_tells_late(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	alloc(b, PID, 8, GFP_AHEAD, 0);
	filemap_range(b, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8, 5, 5);
	fault(b, PID, BASE + 5, FAULT_FETCH);
	rss(b, PID, 7, 1, 0);
	filemap_range(b, MMR_EVENT_MM_FILEMAP_MAP_PAGES, 0, 0, 15);
	/* Of these nobody knows the page. */
	fault(b, PID, BASE + 6, FAULT_READ);
	rss(b, PID, 7, 1, 0);
	filemap_range(b, MMR_EVENT_MM_FILEMAP_MAP_PAGES, 0, 0, 15);
	finish(b);
	assert_int_equal(b->nr_ops, 4);
	assert_int_equal(b->ops[1].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	assert_int_equal(flags_of(&b->ops[1]), DEMAND_MAPPED | DEMAND_FAULTED | DEMAND_EXEC);
	assert_int_equal(b->ops[2].kind, DEMAND_PAGE_FAULT);
	/* The other one of the range comes along. */
	assert_int_equal(b->ops[3].page, b->ops[0].page);
	assert_int_equal(flags_of(&b->ops[3]), DEMAND_MAPPED | DEMAND_AROUND);
}

/* A fault that waits for its page is tried again: its events come twice, it counts once. */
static void a_fault_tried_again_counts_once(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	for (unsigned int there = 0; there < 2; there++) {
		fault(b, PID, BASE + 5, FAULT_READ);
		filemap_range(b, MMR_EVENT_MM_FILEMAP_FAULT, 0, 5, 5);
		if (!there) {
			alloc(b, PID, 8, GFP_AHEAD, 0);
			filemap_range(b, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8, 5, 5);
		}
		filemap_range(b, MMR_EVENT_MM_FILEMAP_FAULT, 0, 5, 5);
		rss(b, PID, 7, 1, 0);
	}
	finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(flags_of(&b->ops[0]), DEMAND_INSERT | DEMAND_MAPPED);
	assert_int_equal(flags_of(&b->ops[1]), DEMAND_MAPPED | DEMAND_FAULTED);
	assert_int_equal(nr_faults(b), 1);
}

/*
 * Pages around it are mapped before the fault finds that its own is missing: it counts once, when that one comes, and
 * what is read with it says whose file it is.
 */
static void fault_around_comes_before_a_miss(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	fault(b, PID, BASE + 5, FAULT_READ);
	rss(b, PID, 7, 1, 0);
	filemap_range(b, MMR_EVENT_MM_FILEMAP_FAULT, 0, 5, 5);
	for (uint64_t i = 4; i < 6; i++) {
		alloc(b, PID, 8 + i, GFP_AHEAD, 0);
		filemap_range(b, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8 + i, i, i);
	}
	finish(b);
	assert_int_equal(nr_faults(b), 0);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(flags_of(&b->ops[0]), DEMAND_INSERT | DEMAND_READAHEAD);
	assert_int_equal(flags_of(&b->ops[1]), DEMAND_INSERT | DEMAND_MAPPED);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(b->ops[i].arg >> DEMAND_FILE_SHIFT, 1);
		assert_int_equal(b->ops[i].arg2, 4 + i);
	}
}

/* What the original had to read again faults only if the replay has not got it: the touch says no more. */
static void a_refault_is_left_to_the_replay(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	alloc(b, PID, 8, GFP_AHEAD, 0);
	filemap_range(b, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8, 5, 5);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN });
	filemap_range(b, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 8, 5, 5);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_FREE, .page = { .pfn = 8 } });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END });
	fault(b, PID, BASE + 5, FAULT_READ);
	filemap_range(b, MMR_EVENT_MM_FILEMAP_FAULT, 0, 5, 5);
	alloc(b, PID, 9, GFP_AHEAD, 0);
	filemap_range(b, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 9, 5, 5);
	filemap_range(b, MMR_EVENT_MM_FILEMAP_FAULT, 0, 5, 5);
	finish(b);
	assert_int_equal(nr_faults(b), 0);
	/* The last one stands for the allocation: of it, or of the page that it became. */
	assert_int_equal(b->ops[b->nr_ops - 1].page, b->ops[0].page);
	assert_int_equal(flags_of(&b->ops[b->nr_ops - 1]),
	                 DEMAND_INSERT | DEMAND_MAPPED | DEMAND_REFAULT);
}

/* ---- the engine ---- */

static const struct mm_request user = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

static void expect_faults(struct mm_machine *machine, uint64_t nr)
{
	assert_int_equal(machine_counter(machine, "pgfault"), nr);
}

static void what_is_mapped_faults_only_if_told(void **state)
{
	const enum mm_lpage_kind kinds[] = { MM_LPAGE_ANON, MM_LPAGE_FILE };
	struct mm_machine *machine = machine_new(16u * 512, 1, 512, policy_find("classic"));
	uint64_t nr = 0;

	(void)state;
	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 8, NULL), 0);
	for (uint32_t i = 0; i < 2; i++) {
		mm_touch_page(machine, &user, i, kinds[i], MM_TOUCH_FAULT);
		expect_faults(machine, ++nr);
		mm_touch_page(machine, &user, i, kinds[i], MM_TOUCH_FAULT);
		expect_faults(machine, nr);
		mm_touch_page(machine, &user, i, kinds[i], MM_TOUCH_FAULT | MM_TOUCH_FAULTED);
		expect_faults(machine, ++nr);
		machine->pages[mm_lpage(machine, i)->pfn].flags |= MM_PG_UNMAPPED;
		mm_touch_page(machine, &user, i, kinds[i], MM_TOUCH_FAULT);
		expect_faults(machine, ++nr);
		mm_touch_page(machine, &user, i, kinds[i], MM_TOUCH_FAULT);
		expect_faults(machine, nr);
	}
	/* A page that is read is mapped by nobody. */
	mm_touch_page(machine, &user, 2, MM_LPAGE_FILE, 0);
	mm_touch_page(machine, &user, 2, MM_LPAGE_FILE, 0);
	expect_faults(machine, nr);
	mm_count_faults(machine, 1);
	expect_faults(machine, ++nr);
	assert_int_equal(machine_counter(machine, "pgmajfault"), 0);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* A fault that waits for its page is tried again, and before 6.4 counted again. */
static void old_kernels_count_a_major_fault_twice(void **state)
{
	struct mm_machine *machine = machine_new(16u * 512, 1, 512, policy_find("classic"));

	(void)state;
	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 8, NULL), 0);
	mm_touch_page(machine, &user, 0, MM_LPAGE_FILE, MM_TOUCH_FAULT | MM_TOUCH_BACKED);
	expect_faults(machine, 1);
	machine->settings.kernel = MM_KERNEL(6, 1);
	mm_touch_page(machine, &user, 1, MM_LPAGE_FILE, MM_TOUCH_FAULT | MM_TOUCH_BACKED);
	expect_faults(machine, 3);
	mm_touch_page(machine, &user, 1, MM_LPAGE_FILE, MM_TOUCH_FAULT | MM_TOUCH_FAULTED);
	expect_faults(machine, 4);
	assert_int_equal(machine_counter(machine, "pgmajfault"), 2);
	mm_machine_destroy(machine);
}

/* Young, since x86 makes such entries so; and only what is in memory and not mapped yet. */
static void what_is_mapped_along_is_young(void **state)
{
	struct mm_machine *machine = machine_new(16u * 512, 1, 512, policy_find("classic"));
	struct mm_page *page;

	(void)state;
	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 8, NULL), 0);
	mm_touch_page(machine, &user, 0, MM_LPAGE_FILE, MM_TOUCH_UNUSED);
	page = &machine->pages[mm_lpage(machine, 0)->pfn];
	assert_true(page->flags & MM_PG_UNMAPPED);
	assert_false(page->flags & MM_PG_YOUNG);
	mm_map_along(machine, 0, 0);
	assert_true(page->flags & MM_PG_YOUNG);
	assert_false(page->flags & MM_PG_UNMAPPED);
	page->flags &= (uint16_t)~MM_PG_YOUNG;
	mm_map_along(machine, 0, 0);
	assert_false(page->flags & MM_PG_YOUNG);
	/* In another page table it is new. */
	mm_map_along(machine, 0, MM_TOUCH_BESIDE | MM_TOUCH_EXEC);
	assert_true(page->flags & MM_PG_YOUNG);
	assert_true(page->flags & MM_PG_EXEC);
	assert_false(page->io & MM_IO_YOUNG_TWICE);
	mm_map_along(machine, 0, MM_TOUCH_BESIDE);
	assert_true(page->io & MM_IO_YOUNG_TWICE);
	mm_map_along(machine, 1, 0);
	assert_int_equal(mm_lpage(machine, 1)->pfn, MM_NONE);
	expect_faults(machine, 0);
	machine_check(machine);
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_without_a_page_counts),
		cmocka_unit_test(a_protection_fault_comes_anyway),
		cmocka_unit_test(what_userfaultfd_brings_is_no_fault),
		cmocka_unit_test(fault_around_tells_late),
		cmocka_unit_test(a_fault_tried_again_counts_once),
		cmocka_unit_test(fault_around_comes_before_a_miss),
		cmocka_unit_test(a_refault_is_left_to_the_replay),
		cmocka_unit_test(what_is_mapped_faults_only_if_told),
		cmocka_unit_test(what_is_mapped_along_is_young),
		cmocka_unit_test(old_kernels_count_a_major_fault_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
