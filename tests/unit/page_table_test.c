/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages that several page tables map: what the demand tells of who uses them. */
#include "unit.h"

#include "workload.h"
#include "workload_events.h"

#define FAULT_READ    4u
#define FAULT_WRITE   6u
#define FAULT_PROTECT 7u
#define FAULT_FETCH   20u
#define DEV           (254u << 20 | 17)
#define MAX_OPS       64

struct bench {
	struct wl *wl;
	uint64_t t_ns;
	struct demand_op ops[MAX_OPS]; /* about pages */
	size_t nr_ops;
};

static struct bench *new_bench(void)
{
	static struct bench bench;
	struct mmr_zone_info zone = { .spanned = NR_PFNS, .name = "DMA32" };
	struct wl_options options = { .zones = &zone, .nr_zones = 1 };

	memset(&bench, 0, sizeof(bench));
	assert_int_equal(wl_new(&options, &bench.wl, NULL), 0);
	return &bench;
}

static void send(struct bench *b, struct mmr_event event)
{
	event.t_ns = ++b->t_ns;
	assert_int_equal(wl_event(b->wl, &event, NULL), 0);
}

static void fault(struct bench *b, uint32_t pid, uint64_t vpn, uint64_t error_code)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_PAGE_FAULT_USER,
	                            .pid = pid,
	                            .fault = { .address = vpn << 12, .error_code = error_code } });
}

static void alloc(struct bench *b, uint32_t pid, uint64_t pfn, uint64_t gfp_flags)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
	                            .pid = pid,
	                            .page = { .pfn = pfn, .gfp_flags = gfp_flags } });
}

static void fork_process(struct bench *b, uint32_t parent, uint32_t child)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_TASK_NEWTASK,
	                            .pid = parent,
	                            .newtask = { .pid = child, .clone_flags = 0x1200000 } });
}

/* A page of a file comes in. */
static void add(struct bench *b, uint32_t pid, uint64_t pfn, uint64_t index)
{
	alloc(b, pid, pfn, GFP_AHEAD);
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE,
			.pid = pid,
			.filemap = { .pfn = pfn, .ino = 14, .index = index, .dev = DEV } });
}

static void finish(struct bench *b)
{
	const struct demand_op *ops;
	size_t nr;

	assert_int_equal(wl_finish(b->wl, NULL), 0);
	ops = wl_ops(b->wl, &nr);
	for (size_t i = 0; i < nr; i++) {
		if (ops[i].kind >= DEMAND_EVICTED)
			continue;
		assert_true(b->nr_ops < MAX_OPS);
		b->ops[b->nr_ops++] = ops[i];
	}
	wl_destroy(b->wl);
}

/* What a process has seen to use is not used by it any more once it has a copy. */
static void a_copy_is_no_use_of_its_source(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	fault(b, 100, BASE, FAULT_WRITE);
	alloc(b, 100, 8, GFP_ANON);
	fork_process(b, 100, 101);
	fault(b, 101, BASE, FAULT_READ);
	fault(b, 101, BASE, FAULT_PROTECT);
	alloc(b, 101, 9, GFP_COPY);
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
			.filemap = { .ino = 14, .index = 0, .last_index = 15, .dev = DEV } });
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
	struct bench *b = new_bench();

	(void)state;
	add(b, 100, 8, 5);
	add(b, 100, 9, 6);
	for (size_t i = 0; i < 5; i++)
		map_around(b, rows[i].pid, rows[i].error_code);
	finish(b);
	assert_int_equal(b->nr_ops, 2 + 2 * 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(b->ops[2 + 2 * i].page, b->ops[0].page);
		assert_int_equal(b->ops[2 + 2 * i].arg, fault_flags | rows[i].flags);
		assert_int_equal(b->ops[3 + 2 * i].page, b->ops[1].page);
		assert_int_equal(b->ops[3 + 2 * i].arg, around_flags | rows[i].flags);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_no_use_of_its_source),
		cmocka_unit_test(each_process_has_a_page_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
