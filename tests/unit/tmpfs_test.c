/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What system calls write to tmpfs is numbered by its place in its file. */
#include "workload_bench.h"

#include "wl_state.h"

#define LRU_SHMEM      0x10u /* swap-backed, not anonymous: mm_lru_insertion's flags */
#define LRU_SWAPCACHE  0x8u
#define GFP_HUGE_SHMEM (GFP_COPY | 0x40000u)
#define WRITER         7u

static int setup(void **state)
{
	*state = bench_new(&(struct wl_options){ .release = "6.12.1" });
	return 0;
}

static int teardown(void **state)
{
	end(*state);
	return 0;
}

static void named(struct bench *b, uint64_t pfn, uint64_t more)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_LRU_INSERTION,
	                            .pid = 8,
	                            .lru = { .pfn = pfn, .flags = LRU_SHMEM | more } });
}

/* The next page that is written is page index of a file. */
static void next_is(struct bench *b, uint32_t pfn, uint32_t file, uint32_t index, uint64_t behind)
{
	const struct wl_tmpfs_place place = { b->t_ns + behind, pfn, file, index };

	assert_int_equal(wl_add_tmpfs(b->wl, &place, NULL), 0);
}

static uint32_t index_of(const struct bench *b, size_t op)
{
	return b->ops[op].page % 512;
}

static uint32_t area_of(const struct bench *b, size_t op)
{
	return b->ops[op].page / 512;
}

/* Fifteen of a batch, and the rest when the file is done; a task that goes on, and another one. */
static void what_a_task_writes_lies_in_a_row(void **state)
{
	struct bench *b = *state;

	for (uint64_t i = 0; i < 600; i += 15) {
		for (uint64_t k = 0; k < 15; k++)
			alloc(b, WRITER, 1000 + i + k, GFP_COPY, 0);
		for (uint64_t k = 0; k < 15; k++)
			named(b, 1000 + i + k, 0);
	}
	alloc(b, 9, 3000, GFP_COPY, 0);
	named(b, 3000, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 601);
	for (size_t i = 0; i < 600; i++) {
		assert_int_equal(b->ops[i].kind, DEMAND_SHMEM_TOUCH);
		assert_int_equal(b->ops[i].arg, DEMAND_HUGE | DEMAND_ADMITS);
		assert_int_equal(index_of(b, i), i % 512);
		assert_int_equal(area_of(b, i), area_of(b, i < 512 ? 0 : 512));
		assert_int_equal(wl_page_at(b->wl, 1000 + i), b->ops[i].page);
	}
	assert_int_not_equal(area_of(b, 0), area_of(b, 512));
	assert_int_equal(index_of(b, 600), 0);
	assert_int_not_equal(area_of(b, 600), area_of(b, 512));
}

/* Two files by turns, the second one not from its beginning. */
static void what_is_known_of_its_end_goes_first(void **state)
{
	struct bench *b = *state;

	next_is(b, 100, 1, 3, 1);
	next_is(b, 101, 2, 512 + 9, 2);
	next_is(b, 102, 1, 0, 3);
	for (uint64_t pfn = 100; pfn < 103; pfn++)
		alloc(b, WRITER, pfn, GFP_COPY, 0);
	for (uint64_t pfn = 100; pfn < 103; pfn++)
		named(b, pfn, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(index_of(b, 0), 3);
	assert_int_equal(index_of(b, 1), 9);
	assert_int_equal(index_of(b, 2), 0);
	assert_int_equal(area_of(b, 0), area_of(b, 2));
	assert_int_not_equal(area_of(b, 0), area_of(b, 1));
}

/* The file is cut to two pages later. */
static void one_that_is_named_in_part_goes_on(void **state)
{
	struct bench *b = *state;

	next_is(b, 102, 1, 2, 3);
	for (uint64_t pfn = 100; pfn < 104; pfn++)
		alloc(b, WRITER, pfn, GFP_COPY, 0);
	for (uint64_t pfn = 100; pfn < 104; pfn++)
		named(b, pfn, 0);
	bench_finish(b);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(index_of(b, i), i);
		assert_int_equal(area_of(b, i), area_of(b, 0));
	}
}

/* Over what had been a hole. */
static void a_file_that_reaches_beyond_says_so(void **state)
{
	struct bench *b = *state;

	next_is(b, 100, 1, 511, 1);
	next_is(b, 101, 1, 5, 2);
	alloc(b, WRITER, 100, GFP_COPY, 0);
	alloc(b, WRITER, 101, GFP_COPY, 0);
	named(b, 100, 0);
	named(b, 101, 0);
	bench_finish(b);
	assert_false(b->ops[0].arg & DEMAND_WITHIN);
	assert_true(b->ops[1].arg & DEMAND_WITHIN);
}

/* It asks once for each 2 MiB in which nothing is. */
static void a_vain_attempt_begins_an_area(void **state)
{
	struct bench *b = *state;

	alloc(b, WRITER, 100, GFP_COPY, 0);
	alloc(b, WRITER, MMR_PFN_NONE, GFP_HUGE_SHMEM, 9);
	alloc(b, WRITER, 101, GFP_COPY, 0);
	alloc(b, WRITER, 102, GFP_COPY, 0);
	for (uint64_t pfn = 100; pfn < 103; pfn++)
		named(b, pfn, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_false(demand_tried_huge(&b->ops[0]));
	assert_true(demand_tried_huge(&b->ops[1]));
	assert_int_equal(b->ops[1].gfp_flags, GFP_HUGE_SHMEM);
	assert_false(demand_tried_huge(&b->ops[2]));
	assert_int_equal(b->ops[2].gfp_flags, GFP_COPY);
	assert_int_equal(index_of(b, 1), 0);
	assert_int_equal(index_of(b, 2), 1);
	assert_int_not_equal(area_of(b, 0), area_of(b, 1));
}

/* It was for what came next, of which nothing else tells. */
static void an_attempt_is_for_the_next_page(void **state)
{
	struct bench *b = *state;

	alloc(b, WRITER, MMR_PFN_NONE, GFP_HUGE_SHMEM, 9);
	alloc(b, WRITER, 99, GFP_ANON, 0);
	alloc(b, WRITER, 100, GFP_COPY, 0);
	named(b, 100, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_false(demand_tried_huge(&b->ops[1]));
}

/* A huge page, and what is written behind it; what comes from swap has no place by this. */
static void others_keep_their_numbers(void **state)
{
	struct bench *b = *state;
	uint32_t page;

	alloc(b, WRITER, 512, GFP_HUGE_SHMEM, 9);
	named(b, 512, 0);
	alloc(b, WRITER, 100, GFP_COPY, 0);
	named(b, 100, 0);
	alloc(b, WRITER, 101, GFP_COPY, 0);
	page = wl_page_at(b->wl, 101);
	named(b, 101, LRU_SWAPCACHE);
	assert_int_equal(wl_page_at(b->wl, 101), page);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[0].order, 9);
	assert_int_equal(index_of(b, 1), 0);
	assert_true(b->ops[1].arg & DEMAND_HUGE);
	assert_int_equal(b->ops[2].arg, 0);
}

/* Its place is another's until after it was written: a replay that went by that would take it for the other. */
static void a_number_that_ends_later_is_not_its(void **state)
{
	struct bench *b = *state;

	next_is(b, 100, 1, 0, 1);
	next_is(b, 101, 1, 0, 3);
	alloc(b, WRITER, 100, GFP_COPY, 0);
	named(b, 100, 0);
	alloc(b, WRITER, 101, GFP_COPY, 0);
	free_pages(b, WRITER, 100, 0);
	named(b, 101, 0);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_not_equal(b->ops[1].page, b->ops[0].page);
	assert_int_equal(b->ops[2].kind, DEMAND_FREE);
	assert_int_equal(b->ops[2].page, b->ops[0].page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_a_task_writes_lies_in_a_row, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_known_of_its_end_goes_first, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(one_that_is_named_in_part_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_that_reaches_beyond_says_so, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(a_vain_attempt_begins_an_area, setup, teardown),
		cmocka_unit_test_setup_teardown(an_attempt_is_for_the_next_page, setup, teardown),
		cmocka_unit_test_setup_teardown(others_keep_their_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(a_number_that_ends_later_is_not_its, setup,
		                                teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
