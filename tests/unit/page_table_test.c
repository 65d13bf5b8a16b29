/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages that several page tables map: what the demand tells of who uses them. */
#include "workload_bench.h"

static void fork_process(struct bench *b, uint32_t parent, uint32_t child)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_TASK_NEWTASK,
	                            .pid = parent,
	                            .newtask = { .pid = child, .clone_flags = 0x1200000 } });
}

static bool is_use(const struct demand_op *op)
{
	return op->kind < DEMAND_EVICTED;
}

static void finish(struct bench *b)
{
	collect(b, is_use);
	end(b);
}

/* A page of a file comes in. */
static void add(struct bench *b, uint32_t pid, uint64_t pfn, uint64_t index)
{
	alloc(b, pid, pfn, GFP_AHEAD, 0);
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE,
			.pid = pid,
			.filemap = { .pfn = pfn, .ino = 14, .index = index, .dev = BENCH_DEV } });
}

/* What a process has seen to use is not used by it any more once it has a copy. */
static void a_copy_is_no_use_of_its_source(void **state)
{
	struct bench *b = bench_new(NULL);

	(void)state;
	fault(b, 100, BASE, FAULT_WRITE);
	alloc(b, 100, 8, GFP_ANON, 0);
	fork_process(b, 100, 101);
	fault(b, 101, BASE, FAULT_READ);
	fault(b, 101, BASE, FAULT_PROTECT);
	alloc(b, 101, 9, GFP_COPY, 0);
	fault(b, 100, BASE, FAULT_READ);
	finish(b);
	assert_int_equal(b->nr_ops, 5);
	assert_int_equal(b->ops[1].arg, DEMAND_BESIDE);
	assert_int_equal(b->ops[3].kind, DEMAND_COW);
	assert_int_equal(b->ops[3].arg2, b->ops[0].page);
	assert_true(b->ops[3].arg & DEMAND_LEAVES);
	/* Nobody knows who had used it before. */
	assert_int_equal(b->ops[4].page, b->ops[0].page);
	assert_int_equal(b->ops[4].arg, 0);
}

static void map_around(struct bench *b, uint32_t pid, uint64_t error_code)
{
	fault(b, pid, BASE + 5, error_code);
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_MM_FILEMAP_MAP_PAGES,
			.pid = pid,
			.filemap = { .ino = 14, .index = 0, .last_index = 15, .dev = BENCH_DEV } });
}

/* Each process that maps a page of a file does so in a page table of its own. */
static void each_process_has_a_page_table(void **state)
{
	const uint32_t fault_flags = DEMAND_MAPPED | DEMAND_FAULTED;
	const uint32_t around_flags = DEMAND_MAPPED | DEMAND_AROUND;
	const struct {
		uint32_t pid;
		uint64_t error_code;
		uint32_t flags;
	} rows[] = {
		{ 100, FAULT_READ, 0 },
		{ 100, FAULT_READ, 0 },
		{ 101, FAULT_FETCH, DEMAND_BESIDE | DEMAND_EXEC },
		{ 101, FAULT_READ, 0 },
		{ 100, FAULT_READ, DEMAND_BESIDE },
	};
	struct bench *b = bench_new(NULL);

	(void)state;
	add(b, 100, 8, 5);
	add(b, 100, 9, 6);
	for (size_t i = 0; i < 5; i++)
		map_around(b, rows[i].pid, rows[i].error_code);
	finish(b);
	assert_int_equal(b->nr_ops, 2 + 2 * 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(b->ops[2 + 2 * i].page, b->ops[0].page);
		assert_int_equal(flags_of(&b->ops[2 + 2 * i]), fault_flags | rows[i].flags);
		assert_int_equal(b->ops[3 + 2 * i].page, b->ops[1].page);
		assert_int_equal(flags_of(&b->ops[3 + 2 * i]), around_flags | rows[i].flags);
	}
}

/* A process that goes takes its mappings along, as munmap() does; a child has none before it faults. */
static void mappings_go_with_their_process(void **state)
{
	static const struct {
		unsigned int page; /* in the order in which they came in */
		bool last;
	} gone[] = { { 0, false }, { 1, false }, { 0, true }, { 1, true } };
	struct bench *b = bench_new(NULL);
	size_t nr = 0;

	(void)state;
	add(b, 100, 8, 5);
	add(b, 100, 9, 6);
	map_around(b, 100, FAULT_READ);
	fork_process(b, 100, 102);
	map_around(b, 101, FAULT_READ);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_ENTER_MUNMAP,
	                            .pid = 101,
	                            .vma = { .address = (BASE + 5) << 12, .length = 1 << 12 } });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_EXIT_MUNMAP, .pid = 101 });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SCHED_PROCESS_EXIT, .pid = 100 });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SCHED_PROCESS_EXIT, .pid = 101 });
	finish(b);
	for (size_t i = 0; i < b->nr_ops; i++) {
		if (b->ops[i].kind != DEMAND_UNMAPPED)
			continue;
		assert_true(nr < 4);
		assert_int_equal(b->ops[i].page, b->ops[gone[nr].page].page);
		assert_int_equal(b->ops[i].arg, gone[nr].last);
		nr++;
	}
	assert_int_equal(nr, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_no_use_of_its_source),
		cmocka_unit_test(each_process_has_a_page_table),
		cmocka_unit_test(mappings_go_with_their_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
