/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the demand tells of mapped files where huge pages could be. */
#include "workload_bench.h"

#include "wl_state.h"

#define PID     100u
#define SHARED  1u
#define PRIVATE 2u
#define READ    1
#define WRITE   2
#define FETCH   4

static struct bench *new_bench(void)
{
	struct bench *b = bench_new(NULL);

	b->pid = PID;
	wl_number_files(b->wl);
	return b;
}

/* A file from page index on. */
static void map_as(struct bench *b, uint64_t flags, uint64_t page, uint64_t nr, int32_t prot,
                   uint64_t index)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_ENTER_MMAP,
	                            .vma = { .length = nr << 12,
	                                     .flags = flags,
	                                     .prot = prot,
	                                     .offset = index << 12 } });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_EXIT_MMAP,
	                            .syscall_exit = { .ret = (int64_t)(page << 12) } });
}

static void map(struct bench *b, uint64_t page, uint64_t nr, int32_t prot, uint64_t index)
{
	map_as(b, PRIVATE, page, nr, prot, index);
}

/* A page of the file comes in by somebody's read. */
static void come_in(struct bench *b, uint64_t pfn, uint64_t index)
{
	alloc(b, PID, pfn, GFP_AHEAD, 0);
	filemap(b, PID, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, pfn, index);
}

static void use(struct bench *b, uint64_t page, uint64_t index)
{
	fault(b, PID, page, FAULT_READ);
	filemap(b, PID, MMR_EVENT_MM_FILEMAP_FAULT, 0, index);
	rss(b, PID, 7, 1, 0);
}

static bool is_range(const struct demand_op *op)
{
	return op->kind == DEMAND_HUGE_RANGE || op->kind == DEMAND_MAP || op->kind == DEMAND_UNMAP;
}

static void expect_range(const struct bench *b, size_t i, uint64_t page, uint32_t nr,
                         uint32_t advice)
{
	assert_true(i < b->nr_ops);
	assert_int_equal(b->ops[i].kind, DEMAND_HUGE_RANGE);
	assert_int_equal(b->ops[i].arg, (uint32_t)(page >> 9) & DEMAND_AREA_MASK);
	assert_int_equal(b->ops[i].arg2, nr);
	assert_int_equal(b->ops[i].order, advice);
}

static void protection_and_place_are_told(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE, 1024, READ | FETCH, 512);
	map(b, BASE + 1024, 600, READ, 0);
	/* Nowhere does a place in the file agree with the address. */
	map(b, BASE + 4096, 1024, READ | FETCH, 1);
	/* Who writes to a file by its mapping has it open for that. */
	map_as(b, SHARED, BASE + 8192, 1024, READ | WRITE, 0);
	map_as(b, SHARED, BASE + 16384, 1024, READ, 0);
	send(b,
	     (struct mmr_event){ .kind = MMR_EVENT_SYS_ENTER_MUNMAP,
	                         .vma = { .address = (BASE + 512) << 12, .length = 512 << 12 } });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_EXIT_MUNMAP });
	collect(b, is_range);
	assert_int_equal(b->nr_ops, 4);
	expect_range(b, 0, BASE, 2, DEMAND_ADVICE_EXEC);
	expect_range(b, 1, BASE + 1024, 1, DEMAND_ADVICE_FILE);
	expect_range(b, 2, BASE + 16384, 2, DEMAND_ADVICE_FILE);
	expect_range(b, 3, BASE + 512, 1, DEMAND_ADVICE_GONE);
	wl_destroy(b->wl);
}

/* A private mapping that may be written to is accounted, and is one of a file all the same. */
static void what_may_be_copied_is_accounted(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE, 512, READ | WRITE, 0);
	map(b, BASE, 512, READ, 0);
	collect(b, is_range);
	assert_int_equal(b->nr_ops, 5);
	assert_int_equal(b->ops[0].kind, DEMAND_MAP);
	expect_range(b, 1, BASE, 1, DEMAND_ADVICE_FILE);
	assert_int_equal(b->ops[2].kind, DEMAND_UNMAP);
	expect_range(b, 3, BASE, 1, DEMAND_ADVICE_GONE);
	expect_range(b, 4, BASE, 1, DEMAND_ADVICE_FILE);
	wl_destroy(b->wl);
}

static bool is_of_area(const struct demand_op *op)
{
	return op->kind == DEMAND_FILE_AREA || op->kind == DEMAND_RENAME ||
	       op->kind == DEMAND_FILE_TOUCH;
}

/* With the first fault it is known which file it is, and what there is of it. */
static void pages_lie_by_their_file(void **state)
{
	struct bench *b = new_bench();
	uint32_t first;

	(void)state;
	come_in(b, 8, 517);
	come_in(b, 9, 3);
	come_in(b, 10, 519);
	map(b, BASE, 512, READ | FETCH, 512);
	use(b, BASE + 5, 517);
	come_in(b, 11, 520);
	come_in(b, 12, 4);
	collect(b, is_of_area);
	assert_int_equal(b->nr_ops, 9);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(b->ops[i].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[3].kind, DEMAND_RENAME);
	assert_int_equal(b->ops[3].arg2, b->ops[0].page);
	assert_int_equal(b->ops[4].kind, DEMAND_RENAME);
	assert_int_equal(b->ops[4].arg2, b->ops[2].page);
	first = b->ops[3].page - 5;
	assert_int_equal(first % 512, 0);
	assert_int_equal(b->ops[4].page, first + 7);
	assert_int_equal(b->ops[5].kind, DEMAND_FILE_AREA);
	assert_int_equal(b->ops[5].arg, (uint32_t)(BASE >> 9) & DEMAND_AREA_MASK);
	assert_int_equal(b->ops[5].arg2, first);
	assert_int_equal(b->ops[6].page, first + 5);
	/* What comes later, too, in this area and no other. */
	assert_int_equal(b->ops[7].page, first + 8);
	assert_int_not_equal(b->ops[8].page / 512, first / 512);
	wl_destroy(b->wl);
}

/* What is known of one area is known of those beside it in the mapping. */
static void one_fault_names_a_mapping(void **state)
{
	struct bench *b = new_bench();
	uint32_t second;

	(void)state;
	come_in(b, 8, 5);
	come_in(b, 9, 519);
	map(b, BASE, 1024, READ, 0);
	/* Another file's, and one where no huge page can be. */
	map(b, BASE + 1024, 512, READ, 1024);
	map(b, BASE + 1536, 200, READ, 1536);
	use(b, BASE + 5, 5);
	/* By somebody's read, or ahead. */
	come_in(b, 10, 520);
	collect(b, is_of_area);
	assert_int_equal(b->nr_ops, 8);
	assert_int_equal(b->ops[2].kind, DEMAND_RENAME);
	assert_int_equal(b->ops[3].kind, DEMAND_RENAME);
	second = b->ops[3].page - 7;
	assert_int_equal(second % 512, 0);
	assert_int_equal(b->ops[4].kind, DEMAND_FILE_AREA);
	assert_int_equal(b->ops[4].arg, (uint32_t)((BASE >> 9) + 1) & DEMAND_AREA_MASK);
	assert_int_equal(b->ops[4].arg2, second);
	assert_int_equal(b->ops[5].kind, DEMAND_FILE_AREA);
	assert_int_equal(b->ops[5].arg, (uint32_t)(BASE >> 9) & DEMAND_AREA_MASK);
	assert_int_equal(b->ops[7].page, second + 8);
	wl_destroy(b->wl);
}

static void file_rss(struct bench *b, uint32_t pid, uint32_t curr, int64_t nr_pages)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_RSS_STAT,
	                            .pid = pid,
	                            .rss = { .mm_id = 7,
	                                     .curr = curr,
	                                     .member = MMR_RSS_FILE,
	                                     .size = nr_pages << 12 } });
}

static bool is_use(const struct demand_op *op)
{
	return op->kind == DEMAND_FILE_TOUCH && op->arg & DEMAND_FAULTED;
}

/* No event of the page cache tells of a fault that maps a huge page. */
static void the_address_tells_of_a_huge_page(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	come_in(b, 8, 5);
	come_in(b, 9, 9);
	map(b, BASE, 1024, READ, 0);
	fault(b, PID, BASE + 5, FAULT_READ);
	filemap(b, PID, MMR_EVENT_MM_FILEMAP_FAULT, 0, 5);
	file_rss(b, PID, 1, 600);
	/* It is unmapped by khugepaged; a huge page, a small one. */
	file_rss(b, PID + 1, 0, 80);
	fault(b, PID, BASE + 9, FAULT_READ);
	file_rss(b, PID, 1, 592);
	fault(b, PID, BASE + 5, FAULT_READ);
	file_rss(b, PID, 1, 593);
	/* No fault, but advice. */
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_ENTER_MADVISE, .pid = PID });
	file_rss(b, PID, 1, 593 + 512);
	collect(b, is_use);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].page % 512, 5);
	assert_int_equal(b->ops[1].page, b->ops[0].page + 4);
	assert_true(b->ops[1].arg & DEMAND_MAPPED);
	wl_destroy(b->wl);
}

/* A mapping of which the first fault already finds a huge page. */
static void a_second_mapping_is_of_the_same_file(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	come_in(b, 8, 5);
	map(b, BASE, 1024, READ, 0);
	fault(b, PID, BASE + 5, FAULT_READ);
	filemap(b, PID, MMR_EVENT_MM_FILEMAP_FAULT, 0, 5);
	file_rss(b, PID, 1, 100);
	/* One of another size, the same again, and one from elsewhere on. */
	map(b, BASE + 2048, 512, READ, 0);
	fault(b, PID, BASE + 2048 + 5, FAULT_READ);
	file_rss(b, PID, 1, 612);
	map(b, BASE + 4096, 1024, READ, 0);
	fault(b, PID, BASE + 4096 + 5, FAULT_READ);
	file_rss(b, PID, 1, 1124);
	map(b, BASE + 8192, 1024, READ, 512);
	fault(b, PID, BASE + 8192 + 5, FAULT_READ);
	file_rss(b, PID, 1, 1636);
	collect(b, is_of_area);
	assert_int_equal(b->nr_ops, 8);
	assert_int_equal(b->ops[5].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[5].page, b->ops[1].page);
	assert_int_equal(b->ops[7].kind, DEMAND_FILE_AREA);
	assert_int_equal(b->ops[7].arg, (uint32_t)((BASE + 4096) >> 9) & DEMAND_AREA_MASK);
	assert_int_equal(b->ops[7].arg2, b->ops[1].page - 5);
	wl_destroy(b->wl);
}

static bool is_collapse(const struct demand_op *op)
{
	return op->kind == DEMAND_FILE_AREA || op->kind == DEMAND_COLLAPSE;
}

/* Whatever has become of its numbers since. */
static void what_is_to_be_collapsed_is_told(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	come_in(b, 8, 5);
	map(b, BASE, 1024, READ, 0);
	use(b, BASE + 5, 5);
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_SYS_ENTER_MADVISE,
			.vma = { .address = BASE << 12, .length = 1024 << 12, .flags = 25 } });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_EXIT_MADVISE });
	collect(b, is_collapse);
	assert_int_equal(b->nr_ops, 5);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(b->ops[i].arg2, b->ops[3 - i].arg2);
		assert_int_equal(b->ops[i].arg, b->ops[3 - i].arg);
	}
	assert_int_equal(b->ops[4].kind, DEMAND_COLLAPSE);
	wl_destroy(b->wl);
}

static bool is_gone(const struct demand_op *op)
{
	return op->kind == DEMAND_HUGE_RANGE && op->order == DEMAND_ADVICE_GONE;
}

/* Where nobody maps it any more, and where advice has another say. */
static void unmapping_is_told_from_advice(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE, 1024, READ, 0);
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_SYS_ENTER_MADVISE,
			.vma = { .address = BASE << 12, .length = 512 << 12, .flags = 14 } });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_EXIT_MADVISE });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_ENTER_MUNMAP,
	                            .vma = { .address = BASE << 12, .length = 512 << 12 } });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_EXIT_MUNMAP });
	collect(b, is_gone);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].gfp_flags, 0);
	assert_int_equal(b->ops[1].gfp_flags, DEMAND_UNMAPS);
	wl_destroy(b->wl);
}

static void nobody_asked(void **state)
{
	struct bench *b = bench_new(NULL);

	(void)state;
	b->pid = PID;
	come_in(b, 8, 5);
	map(b, BASE, 512, READ | FETCH, 0);
	use(b, BASE + 5, 5);
	collect(b, is_of_area);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	wl_destroy(b->wl);
}

static bool is_free(const struct demand_op *op)
{
	return op->kind == DEMAND_FREE || op->kind == DEMAND_FILE_TOUCH;
}

/* What the recorded khugepaged read is demand; what it copied and freed goes on in its huge page. */
static void collapsed_pages_live_on(void **state)
{
	struct bench *b = new_bench();
	const uint32_t khugepaged = 33;

	(void)state;
	map(b, BASE, 512, READ | FETCH, 0);
	come_in(b, 8, 5);
	use(b, BASE + 5, 5);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_KHUGEPAGED_SCAN_PMD,
	                            .pid = khugepaged,
	                            .khugepaged = { .pfn = MMR_PFN_NONE } });
	alloc(b, khugepaged, 512, GFP_HUGE, 9);
	alloc(b, khugepaged, 9, GFP_AHEAD, 0);
	filemap(b, khugepaged, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 9, 6);
	free_pages(b, khugepaged, 8, 0);
	free_pages(b, khugepaged, 9, 0);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_KHUGEPAGED_COLLAPSE_FILE,
	                            .pid = khugepaged,
	                            .khugepaged = { .pfn = 512 } });
	assert_int_not_equal(wl_page_at(b->wl, 517), WL_NONE);
	assert_int_equal(wl_page_at(b->wl, 518), wl_page_at(b->wl, 517) + 1);
	/* All of it is truncated. */
	filemap(b, PID, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 517, 5);
	filemap(b, PID, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 518, 6);
	collect(b, is_free);
	assert_int_equal(b->nr_ops, 5);
	for (int i = 0; i < 3; i++)
		assert_int_equal(b->ops[i].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[2].page, b->ops[1].page + 1);
	assert_int_equal(b->ops[3].kind, DEMAND_FREE);
	assert_int_equal(b->ops[3].page, b->ops[1].page);
	assert_int_equal(b->ops[4].page, b->ops[1].page + 1);
	wl_destroy(b->wl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(protection_and_place_are_told),
		cmocka_unit_test(what_may_be_copied_is_accounted),
		cmocka_unit_test(pages_lie_by_their_file),
		cmocka_unit_test(one_fault_names_a_mapping),
		cmocka_unit_test(the_address_tells_of_a_huge_page),
		cmocka_unit_test(a_second_mapping_is_of_the_same_file),
		cmocka_unit_test(what_is_to_be_collapsed_is_told),
		cmocka_unit_test(unmapping_is_told_from_advice),
		cmocka_unit_test(nobody_asked),
		cmocka_unit_test(collapsed_pages_live_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
