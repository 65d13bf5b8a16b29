/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of the use of pages apart from faults: samples, reads, and the end of cached pages. */
#include "workload_bench.h"

#include "wl_state.h"

static struct bench *new_bench_of(bool generations)
{
	struct bench *b = bench_new(&(struct wl_options){ .generations = generations });

	b->step_ns = 1000000;
	return b;
}

static struct bench *new_bench(void)
{
	return new_bench_of(false);
}

static bool is_of_pages(const struct demand_op *op)
{
	return op->kind < DEMAND_TASK_START || op->kind == DEMAND_DROP_CACHES;
}

static void finish(struct bench *b)
{
	collect(b, is_of_pages);
}

/* Nothing is idle that came after the marks were set, and that it is not says nothing. */
static void test_born_since_the_mark(void **state)
{
	struct bench *b = new_bench();
	const uint8_t idle[8] = { 0 };
	struct mmr_access_sample sample = { .nr_pfns = 64, .idle = idle };
	uint64_t mark_ns;

	(void)state;
	touch_new(b, 100, BASE, 8);
	sample.begin_ns = sample.end_ns = sample.mark_begin_ns = b->t_ns + 1000;
	assert_int_equal(wl_access(b->wl, &sample, NULL), 0);
	touch_new(b, 100, BASE + 1, 9);
	mark_ns = b->t_ns + 500000;
	touch_new(b, 100, BASE + 2, 10);
	sample.begin_ns = b->t_ns + 1000;
	sample.end_ns = b->t_ns + 2000;
	sample.mark_begin_ns = mark_ns;
	assert_int_equal(wl_access(b->wl, &sample, NULL), 0);
	finish(b);
	assert_int_equal(b->nr_ops, 6);
	assert_int_equal(b->ops[1].kind, DEMAND_ACCESS);
	for (size_t i = 4; i < 6; i++) {
		assert_int_equal(b->ops[i].kind, DEMAND_ACCESS);
		assert_int_equal(b->ops[i].page, b->ops[i == 4 ? 0 : 2].page);
	}
	wl_destroy(b->wl);
}

static void activate(struct bench *b)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
	                            .pid = 100,
	                            .page = { .pfn = 8, .gfp_flags = GFP_AHEAD } });
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE,
			.pid = 100,
			.filemap = { .pfn = 8, .ino = 14, .index = 3, .dev = 254u << 20 | 17 } });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
	                            .pid = 100,
	                            .page = { .pfn = 9, .gfp_flags = GFP_KERNEL } });
	for (uint64_t pfn = 7; pfn < 10; pfn++)
		send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_LRU_ACTIVATE,
		                            .pid = 100,
		                            .lru = { .pfn = pfn } });
	finish(b);
}

/* What the original activated was used twice, by whom nobody knows. */
static void test_activated(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	activate(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[0].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[2].kind, DEMAND_ACCESS);
	assert_int_equal(b->ops[2].arg, DEMAND_TWICE);
	assert_int_equal(b->ops[2].page, b->ops[0].page);
	assert_int_equal(b->ops[2].task, 0);
	assert_int_equal(b->ops[2].t_ns, b->t_ns - 1000000);
	wl_destroy(b->wl);
}

/* MGLRU activates what reclaim finds beside a page in use. */
static void test_activated_by_mglru(void **state)
{
	struct bench *b = new_bench_of(true);

	(void)state;
	activate(b);
	assert_int_equal(b->nr_ops, 2);
	wl_destroy(b->wl);
}

static void cache_event(struct bench *b, uint16_t kind, uint64_t pfn, uint64_t ino)
{
	send(b, (struct mmr_event){ .kind = kind,
	                            .pid = 100,
	                            .filemap = { .pfn = pfn, .ino = ino, .dev = 5 } });
}

static void add(struct bench *b, uint64_t pfn, uint64_t ino)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
	                            .pid = 100,
	                            .page = { .pfn = pfn, .gfp_flags = GFP_AHEAD } });
	cache_event(b, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, pfn, ino);
}

static void read_on(struct bench *b, uint64_t index, uint64_t last)
{
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_MM_FILEMAP_GET_PAGES,
			.pid = 100,
			.filemap = { .ino = 14, .index = index, .last_index = last, .dev = 5 } });
}

/* read() of four pages gets one at first, as the next one asks for more: its second event is about three of the four. */
static void test_read_in_parts(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	for (uint64_t i = 0; i < 5; i++) {
		send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
		                            .pid = 100,
		                            .page = { .pfn = 8 + i, .gfp_flags = GFP_AHEAD } });
		send(b, (struct mmr_event){
				.kind = MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE,
				.pid = 100,
				.filemap = { .pfn = 8 + i, .ino = 14, .index = i, .dev = 5 } });
		/* The last one comes in between. */
		if (i == 3)
			read_on(b, 0, 4);
	}
	read_on(b, 1, 4);
	finish(b);
	assert_int_equal(b->nr_ops, 10);
	for (size_t i = 0; i < 10; i++) {
		bool read = (i >= 4 && i < 8) || i == 9;

		assert_int_equal(b->ops[i].kind, DEMAND_FILE_TOUCH);
		assert_int_equal(b->ops[i].arg, read ? 0 : DEMAND_READAHEAD | DEMAND_INSERT);
	}
	/* Another system call reads them again. */
	read_on(b, 0, 4);
	finish(b);
	assert_int_equal(b->nr_ops, 15);
	wl_destroy(b->wl);
}

static void remove_page(struct bench *b, uint64_t pfn, uint64_t ino)
{
	cache_event(b, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, pfn, ino);
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_MM_PAGE_FREE, .pid = 100, .page = { .pfn = pfn } });
}

static size_t nr_of(const struct bench *b, uint8_t kind)
{
	size_t nr = 0;

	for (size_t i = 0; i < b->nr_ops; i++)
		nr += b->ops[i].kind == kind;
	return nr;
}

/* Three files of a page each are deleted in a row, and the last one is read again. */
static struct bench *three_files(const struct wl_drops *drops)
{
	struct bench *b = new_bench();

	wl_add_drops(b->wl, drops);
	for (uint64_t i = 0; i < 3; i++)
		add(b, 20 + i, 1 + i);
	for (uint64_t i = 0; i < 3; i++)
		remove_page(b, 20 + i, 1 + i);
	add(b, 30, 3);
	finish(b);
	return b;
}

/* While the counter grew: from the second file on. */
static void test_dropped_caches(void **state)
{
	struct bench *b = three_files(&(struct wl_drops){ 0, 1000000000, 1, 1 });

	(void)state;
	assert_int_equal(nr_of(b, DEMAND_FREE), 1);
	assert_int_equal(nr_of(b, DEMAND_DROP_CACHES), 2);
	assert_int_equal(b->ops[4].kind, DEMAND_DROP_CACHES);
	assert_int_equal(b->ops[4].arg, 1);
	/* Slabs after the shrinkers' events, when the task goes on. */
	assert_int_equal(b->ops[5].arg, 2);
	assert_int_equal(b->ops[6].page, b->ops[2].page);
	wl_destroy(b->wl);
}

/* It did not grow then, or only slabs were dropped, or it is not known when, of a long time. */
static void test_truncated_files(void **state)
{
	static const struct wl_drops others[] = {
		{ 1000000000, 2000000000, 1, 0 },
		{ 0, 1000000000, 0, 1 },
		{ 0, 9000000000, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct bench *b = three_files(&others[i]);

		assert_int_equal(nr_of(b, DEMAND_FREE), 3);
		assert_int_equal(nr_of(b, DEMAND_DROP_CACHES), 0);
		wl_destroy(b->wl);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_born_since_the_mark), cmocka_unit_test(test_dropped_caches),
		cmocka_unit_test(test_truncated_files),     cmocka_unit_test(test_activated),
		cmocka_unit_test(test_activated_by_mglru),  cmocka_unit_test(test_read_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
