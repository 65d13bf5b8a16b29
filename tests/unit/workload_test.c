/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From events to demand: a hand-made sequence for every rule. Random ones: tests/property/workload_property.c. */
#include "unit.h"

#include "workload.h"
#include "workload_events.h"

#define FAULT_READ    4u
#define FAULT_WRITE   6u
#define FAULT_PROTECT 7u

#define RECORDER 59u

struct bench {
	struct wl *wl;
	uint64_t t_ns;
	struct demand_op ops[20000];
	size_t nr_ops;
};

static struct bench *new_bench(const char *release)
{
	static struct bench bench;
	struct mmr_zone_info zone = { .spanned = NR_PFNS, .name = "DMA32" };
	struct wl_options options = { .zones = &zone,
		                      .nr_zones = 1,
		                      .release = release,
		                      .seekless_swap = true,
		                      .recorder_pid = RECORDER };

	memset(&bench, 0, sizeof(bench));
	assert_int_equal(wl_new(&options, &bench.wl, NULL), 0);
	return &bench;
}

static void send(struct bench *b, struct mmr_event event)
{
	event.t_ns = ++b->t_ns;
	assert_int_equal(wl_event(b->wl, &event, NULL), 0);
}

/* All ops but those about tasks, which every test would have. What is resident comes before those. */
static void finish(struct bench *b)
{
	const struct demand_op *ops;
	bool resident = true;
	size_t nr;

	assert_int_equal(wl_finish(b->wl, NULL), 0);
	ops = wl_ops(b->wl, &nr);
	for (size_t i = 0; i < nr; i++) {
		if (ops[i].kind < DEMAND_TASK_START && ops[i].kind != DEMAND_EVICTED)
			b->ops[b->nr_ops++] = ops[i];
		if (ops[i].kind <= DEMAND_KERNEL_ALLOC && ops[i].arg & DEMAND_RESIDENT)
			assert_true(resident);
		else
			resident = false;
	}
	wl_consume(b->wl, nr);
}

static uint64_t count(const struct bench *b, enum wl_cause cause)
{
	return wl_explain(b->wl)->counts[cause];
}

static void end(struct bench *b)
{
	wl_destroy(b->wl);
}

static void fault(struct bench *b, uint32_t pid, uint64_t vpn, uint64_t error_code)
{
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_PAGE_FAULT_USER,
			.pid = pid,
			.fault = { .address = vpn << 12 | 0x123, .error_code = error_code } });
}

static void alloc(struct bench *b, uint32_t pid, uint64_t pfn, uint64_t gfp_flags, uint32_t order)
{
	send(b,
	     (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
	                         .pid = pid,
	                         .page = { .pfn = pfn, .gfp_flags = gfp_flags, .order = order } });
}

static void free_pages(struct bench *b, uint32_t pid, uint64_t pfn, uint32_t order)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_FREE,
	                            .pid = pid,
	                            .page = { .pfn = pfn, .order = order } });
}

static void simple(struct bench *b, uint32_t pid, enum mmr_event_kind kind)
{
	send(b, (struct mmr_event){ .kind = (uint16_t)kind, .pid = pid });
}

static void rss(struct bench *b, uint32_t pid, uint32_t mm_id, uint32_t curr, int32_t member)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_RSS_STAT,
	                            .pid = pid,
	                            .rss = { .mm_id = mm_id, .curr = curr, .member = member } });
}

static void newtask(struct bench *b, uint32_t parent, uint32_t child, uint64_t clone_flags)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_TASK_NEWTASK,
	                            .pid = parent,
	                            .newtask = { .pid = child, .clone_flags = clone_flags } });
}

static void filemap(struct bench *b, uint32_t pid, enum mmr_event_kind kind, uint64_t pfn,
                    uint64_t index)
{
	send(b, (struct mmr_event){ .kind = (uint16_t)kind,
	                            .pid = pid,
	                            .filemap = { .pfn = pfn,
	                                         .ino = 14,
	                                         .index = index,
	                                         .last_index = index,
	                                         .dev = 254u << 20 | 17 } });
}

static void call(struct bench *b, uint32_t pid, enum mmr_event_kind enter, uint64_t vpn,
                 uint64_t pages, uint64_t flags)
{
	send(b, (struct mmr_event){
			.kind = (uint16_t)enter,
			.pid = pid,
			.vma = { .address = vpn << 12, .length = pages << 12, .flags = flags } });
}

static void ret(struct bench *b, uint32_t pid, enum mmr_event_kind exit, int64_t value)
{
	send(b, (struct mmr_event){
			.kind = (uint16_t)exit, .pid = pid, .syscall_exit = { .ret = value } });
}

/* A new anonymous page of a task. */
static void touch_new(struct bench *b, uint32_t pid, uint64_t vpn, uint64_t pfn)
{
	fault(b, pid, vpn, FAULT_WRITE);
	alloc(b, pid, pfn, GFP_ANON, 0);
}

/* kswapd (pid 40) writes it to swap. */
static void swap_out(struct bench *b, uint64_t pfn)
{
	simple(b, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
	free_pages(b, 40, pfn, 0);
}

static void test_fault_names_page(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	fault(b, 100, BASE, FAULT_WRITE);
	alloc(b, 100, 7, GFP_PGTABLE, 0);
	alloc(b, 100, 8, GFP_ANON, 0);
	fault(b, 100, BASE, FAULT_PROTECT); /* a write to it after a fork has ended, say */
	free_pages(b, 100, 8, 0);
	free_pages(b, 100, 7, 0);
	finish(b);
	assert_int_equal(b->nr_ops, 5);
	assert_int_equal(b->ops[0].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[1].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[1].arg, DEMAND_WRITE);
	assert_int_equal(b->ops[1].gfp_flags, GFP_ANON);
	assert_int_equal(b->ops[2].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[2].page, b->ops[1].page);
	assert_int_equal(b->ops[2].gfp_flags, 0);
	assert_int_equal(b->ops[3].kind, DEMAND_FREE);
	assert_int_equal(b->ops[3].page, b->ops[1].page);
	assert_int_equal(b->ops[4].page, b->ops[0].page);
	assert_int_equal(wl_task_pid(b->wl, b->ops[1].task), 100);
	assert_int_equal(count(b, WL_FIRST_ANON), 1);
	assert_int_equal(count(b, WL_ALLOC_PAGE_TABLE), 1);
	assert_int_equal(count(b, WL_FAULT_NEW), 1);
	assert_int_equal(count(b, WL_FAULT_ACCESS), 1);
	assert_int_equal(wl_explain(b->wl)->pages_alive, 0);
	end(b);
}

/* perf's faults do not tell what was to be done: the allocation and what was there do. */
static void test_fault_without_code(void **state)
{
	const uint64_t unknown = MMR_FAULT_CODE_UNKNOWN | 4u;
	struct bench *b = new_bench(NULL);

	(void)state;
	fault(b, 100, BASE, unknown);
	alloc(b, 100, 8, GFP_ANON, 0);
	fault(b, 100, BASE, unknown); /* found it write-protected, and needed a copy */
	alloc(b, 100, 9, GFP_COPY, 0);
	swap_out(b, 9);
	fault(b, 100, BASE, unknown);
	alloc(b, 100, 10, GFP_COPY, 0);
	finish(b);
	assert_int_equal(b->ops[0].arg, DEMAND_WRITE);
	assert_int_equal(count(b, WL_FAULT_COW), 1);
	assert_int_equal(count(b, WL_FAULT_SWAPIN), 1);
	assert_int_equal(b->ops[b->nr_ops - 1].arg, DEMAND_WRITE | DEMAND_REFAULT);
	end(b);
}

/* Who takes the stack of a stall faults in the kernel, in the middle of the task's own fault. */
static void test_stack_within_fault(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	fault(b, 100, BASE, FAULT_WRITE);
	simple(b, 100, MMR_EVENT_STALL_STACK);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_PAGE_FAULT_KERNEL,
	                            .pid = 100,
	                            .fault = { .address = 0x4000 } });
	simple(b, 100, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN);
	simple(b, 100, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END);
	alloc(b, 100, 8, GFP_ANON, 0);
	fault(b, 100, BASE, FAULT_PROTECT);
	finish(b);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	assert_int_equal(count(b, WL_FAULT_ACCESS), 1);
	end(b);
}

static void test_swap(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	swap_out(b, 8);
	fault(b, 100, BASE, FAULT_READ);
	alloc(b, 100, 9, GFP_COPY, 0);
	swap_out(b, 9);
	simple(b, 100, MMR_EVENT_SCHED_PROCESS_EXIT);
	finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	assert_int_equal(b->ops[1].arg, DEMAND_REFAULT);
	assert_int_equal(b->ops[1].gfp_flags, GFP_COPY);
	assert_int_equal(b->ops[2].kind, DEMAND_FREE); /* at exit, as it was in swap */
	assert_int_equal(count(b, WL_FREE_RECLAIM_ANON), 2);
	assert_int_equal(count(b, WL_VMA_SWAPPED_FREED), 1);
	assert_int_equal(count(b, WL_FAULT_SWAPIN), 1);
	end(b);
}

static void test_swap_readahead(void **state)
{
	struct bench *b = new_bench(NULL);
	uint32_t page[4];

	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		touch_new(b, 100, BASE + i, 8 + i);
	for (uint64_t i = 0; i < 4; i++)
		swap_out(b, 8 + i);
	/* A window of 4 around BASE + 1 begins one page before it. */
	fault(b, 100, BASE + 1, FAULT_READ);
	for (uint64_t i = 0; i < 4; i++)
		alloc(b, 100, 20 + i, GFP_COPY, 0);
	rss(b, 100, 77, 1, 1);
	for (uint64_t i = 0; i < 4; i++)
		free_pages(b, 100, 20 + i, 0);
	finish(b);
	assert_int_equal(b->nr_ops, 9);
	for (unsigned int i = 0; i < 4; i++) {
		page[i] = b->ops[i].page;
		assert_int_equal(b->ops[5 + i].kind, DEMAND_FREE);
		assert_int_equal(b->ops[5 + i].page, page[i]);
	}
	assert_int_equal(b->ops[4].page, page[1]);
	end(b);
}

static void test_page_cache(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	alloc(b, 100, 8, GFP_AHEAD, 0);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8, 5);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_GET_PAGES, 0, 5);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_GET_PAGES, 0, 5);
	simple(b, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
	filemap(b, 40, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 8, 5);
	free_pages(b, 40, 8, 0);
	alloc(b, 100, 9, GFP_WRITE, 0);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 9, 5);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 9, 5);
	free_pages(b, 100, 9, 0);
	finish(b);
	assert_int_equal(b->nr_ops, 5);
	assert_int_equal(b->ops[0].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[0].arg, DEMAND_READAHEAD | DEMAND_INSERT);
	assert_int_equal(b->ops[1].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[1].arg, 0);
	assert_int_equal(b->ops[2].arg, DEMAND_AGAIN);
	assert_int_equal(b->ops[3].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[3].arg, DEMAND_WRITE | DEMAND_REFAULT | DEMAND_INSERT);
	assert_int_equal(b->ops[3].page, b->ops[1].page);
	assert_int_equal(b->ops[4].kind, DEMAND_FREE);
	assert_int_equal(b->ops[4].page, b->ops[1].page);
	assert_int_equal(count(b, WL_FILE_RECLAIM), 1);
	assert_int_equal(count(b, WL_FILE_DELETE), 1);
	assert_int_equal(wl_explain(b->wl)->pages_alive, 0);
	end(b);
}

/* A file of any length is read once, and memory stays bounded: what is long out is forgotten. */
static void test_long_scan(void **state)
{
	struct bench *b = new_bench(NULL);
	uint64_t at_most = 0;
	size_t nr;

	(void)state;
	simple(b, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
	for (uint64_t i = 0; i < 100000; i++) {
		alloc(b, 100, i % NR_PFNS, GFP_AHEAD, 0);
		filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, i % NR_PFNS, i);
		filemap(b, 40, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, i % NR_PFNS, i);
		free_pages(b, 40, i % NR_PFNS, 0);
		wl_ops(b->wl, &nr);
		wl_consume(b->wl, nr);
		if (i == 50000)
			at_most = wl_explain(b->wl)->pages_at_most;
	}
	assert_true(at_most < 6 * NR_PFNS);
	assert_true(at_most > 4 * NR_PFNS);
	assert_int_equal(wl_explain(b->wl)->pages_at_most, at_most);
	end(b);
}

/* A page that comes and goes is not forgotten, however often. */
static void test_busy_page_stays(void **state)
{
	struct bench *b = new_bench(NULL);
	size_t nr;

	(void)state;
	simple(b, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
	for (uint64_t i = 0; i < 60000; i++) {
		alloc(b, 100, 8, GFP_AHEAD, 0);
		filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8, i & 1);
		filemap(b, 40, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 8, i & 1);
		free_pages(b, 40, 8, 0);
		wl_ops(b->wl, &nr);
		wl_consume(b->wl, nr);
	}
	assert_int_equal(count(b, WL_OP_FREE), 0);
	assert_int_equal(count(b, WL_OP_REFAULT), 59998);
	end(b);
}

static void test_file_fault_waits(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	fault(b, 100, BASE + 1, FAULT_READ);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_FAULT, 0, 5);
	for (uint64_t i = 0; i < 2; i++) {
		alloc(b, 100, 8 + i, GFP_AHEAD, 0);
		filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8 + i, 5 + i);
	}
	/* The page of a fault that fault-around serves is told by the address. */
	fault(b, 100, BASE + 6, FAULT_READ);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_FILEMAP_MAP_PAGES,
	                            .pid = 100,
	                            .filemap = { .ino = 14,
	                                         .index = 0,
	                                         .last_index = 15,
	                                         .dev = 254u << 20 | 17 } });
	finish(b);
	assert_int_equal(b->nr_ops, 4);
	/* The one the fault waits for. */
	assert_int_equal(b->ops[0].arg, DEMAND_INSERT | DEMAND_MAPPED);
	assert_int_equal(b->ops[1].arg, DEMAND_INSERT | DEMAND_READAHEAD);
	assert_int_equal(b->ops[2].page, b->ops[1].page); /* index 6 */
	assert_int_equal(b->ops[2].arg, DEMAND_MAPPED | DEMAND_FAULTED);
	assert_int_equal(b->ops[3].arg, DEMAND_MAPPED | DEMAND_AROUND);
	assert_int_equal(count(b, WL_FIRST_FILE), 1);
	assert_int_equal(count(b, WL_FAULT_FILE), 2);
	end(b);
}

static void test_dirty(void **state)
{
	struct bench *b = new_bench(NULL);
	struct mmr_event dirty = { .kind = MMR_EVENT_WRITEBACK_DIRTY_FOLIO,
		                   .pid = 100,
		                   .writeback = { .ino = 14, .index = 5, .bdi = "254:16" } };

	(void)state;
	alloc(b, 100, 8, GFP_WRITE, 0);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8, 5);
	send(b, dirty); /* the disk of the partition */
	dirty.writeback.index = 6;
	send(b, dirty);
	memcpy(dirty.writeback.bdi, "(unknown)", 10);
	send(b, dirty);
	finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[1].kind, DEMAND_DIRTY);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	end(b);
}

static void test_fork_and_copy(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	newtask(b, 100, 101, 0x1200000);
	simple(b, 100, MMR_EVENT_SCHED_PROCESS_EXIT); /* the child still has the page */
	fault(b, 101, BASE, FAULT_PROTECT);
	alloc(b, 101, 9, GFP_COPY, 0);
	free_pages(b, 101, 8, 0);
	free_pages(b, 101, 9, 0);
	finish(b);
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
	struct bench *b = new_bench(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	newtask(b, 100, 101, 0x100); /* CLONE_VM */
	simple(b, 100, MMR_EVENT_SCHED_PROCESS_EXIT);
	swap_out(b, 8);
	fault(b, 101, BASE, FAULT_READ);
	alloc(b, 101, 9, GFP_COPY, 0);
	finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	assert_int_equal(b->ops[1].arg, DEMAND_REFAULT);
	end(b);
}

static void test_threads_from_before_the_trace(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	rss(b, 100, 77, 1, 1);
	touch_new(b, 101, BASE + 1, 9);
	rss(b, 101, 77, 1, 1);
	fault(b, 101, BASE, FAULT_READ);
	fault(b, 100, BASE + 1, FAULT_READ);
	finish(b);
	assert_int_equal(b->nr_ops, 4);
	assert_int_equal(b->ops[2].page, b->ops[0].page);
	assert_int_equal(b->ops[3].page, b->ops[1].page);
	end(b);
}

static void test_exec(void **state)
{
	struct bench *b = new_bench(NULL);

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
	finish(b);
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
		struct bench *b = new_bench(releases[i]);

		fault(b, 100, BASE, FAULT_WRITE);
		rss(b, 100, 77, 1, 1);
		alloc(b, 100, 8, GFP_ANON, 0);
		finish(b);
		assert_int_equal(count(b, WL_ALLOC_ANON), i == 0);
		end(b);
	}
}

static void test_shmem(void **state)
{
	struct bench *b = new_bench(NULL);

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
	finish(b);
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
	finish(b);
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
	unmap_of(new_bench(NULL), MMR_EVENT_SYS_ENTER_MUNMAP, MMR_EVENT_SYS_EXIT_MUNMAP, 0, 0, 3);
	unmap_of(new_bench(NULL), MMR_EVENT_SYS_ENTER_MUNMAP, MMR_EVENT_SYS_EXIT_MUNMAP, 0, -22, 2);
	unmap_of(new_bench(NULL), MMR_EVENT_SYS_ENTER_MADVISE, MMR_EVENT_SYS_EXIT_MADVISE, 4, 0, 3);
	unmap_of(new_bench(NULL), MMR_EVENT_SYS_ENTER_MADVISE, MMR_EVENT_SYS_EXIT_MADVISE, 3, 0, 2);
	unmap_of(new_bench(NULL), MMR_EVENT_SYS_ENTER_MMAP, MMR_EVENT_SYS_EXIT_MMAP, 0x10,
	         (int64_t)(BASE << 12), 3);
	unmap_of(new_bench(NULL), MMR_EVENT_SYS_ENTER_MMAP, MMR_EVENT_SYS_EXIT_MUNMAP, 0, 0, 2);
}

static void test_brk(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	call(b, 100, MMR_EVENT_SYS_ENTER_BRK, BASE + 4, 0, 0);
	ret(b, 100, MMR_EVENT_SYS_EXIT_BRK, (int64_t)((BASE + 4) << 12));
	touch_new(b, 100, BASE + 3, 8);
	swap_out(b, 8);
	call(b, 100, MMR_EVENT_SYS_ENTER_BRK, BASE, 0, 0);
	ret(b, 100, MMR_EVENT_SYS_EXIT_BRK, (int64_t)(BASE << 12) + 1);
	finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	end(b);
}

static void test_mremap(void **state)
{
	struct bench *b = new_bench(NULL);

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
	finish(b);
	assert_int_equal(b->nr_ops, 4);
	assert_int_equal(b->ops[2].kind, DEMAND_FREE);
	assert_int_equal(b->ops[2].page, b->ops[1].page);
	assert_int_equal(b->ops[3].page, b->ops[0].page);
	assert_int_equal(b->ops[3].arg, DEMAND_REFAULT);
	end(b);
}

static void test_lazyfree(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	touch_new(b, 100, BASE, 8);
	call(b, 100, MMR_EVENT_SYS_ENTER_MADVISE, BASE, 1, 8);
	ret(b, 100, MMR_EVENT_SYS_EXIT_MADVISE, 0);
	swap_out(b, 8); /* freed, in truth */
	touch_new(b, 100, BASE, 9);
	finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[1].kind, DEMAND_LAZYFREE);
	assert_int_equal(b->ops[2].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[2].page, b->ops[0].page);
	assert_int_equal(b->ops[2].arg, DEMAND_WRITE);
	end(b);
}

static void test_populate(void **state)
{
	struct bench *b = new_bench(NULL);

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
	finish(b);
	assert_int_equal(b->nr_ops, 8);
	assert_int_equal(count(b, WL_ALLOC_POPULATE), 3);
	assert_int_equal(b->ops[2].kind, DEMAND_MLOCK);
	assert_int_equal(b->ops[5].page, b->ops[0].page);
	assert_int_equal(b->ops[6].page, b->ops[1].page);
	assert_int_equal(b->ops[7].page, b->ops[4].page);
	end(b);
}

static void test_migration(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	/* One as a kernel wrote it, with its dirty bit. */
	assert_int_equal(migration_pte(0x62e | 1ull << 35) | 2, 0xefffeffffff3a202);
	touch_new(b, 100, BASE, 8);
	simple(b, 50, MMR_EVENT_MM_COMPACTION_BEGIN);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SET_MIGRATION_PTE,
	                            .pid = 50,
	                            .migration_pte = { .address = BASE << 12,
	                                               .pte = migration_pte(8 | 1ull << 35) } });
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_REMOVE_MIGRATION_PTE,
			.pid = 50,
			.migration_pte = { .address = BASE << 12, .pte = 300ull << 12 | 0x867 } });
	free_pages(b, 50, 8, 0);
	simple(b, 50, MMR_EVENT_MM_COMPACTION_END);
	free_pages(b, 100, 300, 0);
	finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	assert_int_equal(count(b, WL_MIGRATION_AGREE), 1);
	assert_int_equal(count(b, WL_FREE_MIGRATED), 1);
	assert_int_equal(count(b, WL_FREE_ANON), 1);
	end(b);
}

static void test_unmapped_file_page_moves(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	alloc(b, 100, 8, GFP_AHEAD, 0);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8, 5);
	simple(b, 50, MMR_EVENT_MM_COMPACTION_BEGIN);
	free_pages(b, 50, 8, 0);
	simple(b, 50, MMR_EVENT_MM_COMPACTION_END);
	/* Nobody knows where it is, until it is deleted there. */
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 300, 5);
	free_pages(b, 100, 300, 0);
	finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	assert_int_equal(count(b, WL_FREE_FILE), 1);
	end(b);
}

static void test_huge(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	fault(b, 100, BASE + 17, FAULT_WRITE);
	alloc(b, 100, 512, GFP_HUGE, 9);
	free_pages(b, 100, 512, 9);
	simple(b, 100, MMR_EVENT_SCHED_PROCESS_EXEC);
	fault(b, 100, BASE + 17, FAULT_WRITE);
	alloc(b, 100, 512, GFP_HUGE, 9);
	free_pages(b, 100, 512 + 3, 0); /* a part of it, after a split */
	fault(b, 100, BASE + 5, FAULT_PROTECT);
	finish(b);
	assert_int_equal(b->nr_ops, 5);
	assert_int_equal(b->ops[0].order, 9);
	assert_int_equal(b->ops[0].page % 512, 0);
	assert_int_equal(b->ops[0].arg, DEMAND_HUGE | DEMAND_WRITE);
	assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	assert_int_equal(b->ops[1].order, 9);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	assert_int_equal(b->ops[3].kind, DEMAND_FREE);
	assert_int_equal(b->ops[3].order, 0);
	assert_int_equal(b->ops[3].page, b->ops[2].page + 3);
	assert_int_equal(b->ops[4].page, b->ops[2].page + 5);
	end(b);
}

static void test_huge_fallback(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	fault(b, 100, BASE + 17, FAULT_WRITE);
	alloc(b, 100, MMR_PFN_NONE, GFP_HUGE, 9);
	alloc(b, 100, 8, GFP_ANON, 0);
	touch_new(b, 100, BASE + 20, 9);
	finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].arg, DEMAND_HUGE | DEMAND_WRITE);
	assert_int_equal(b->ops[0].page % 512, 17);
	assert_int_equal(b->ops[1].arg, DEMAND_HUGE | DEMAND_WRITE);
	assert_int_equal(b->ops[1].page, b->ops[0].page + 3);
	assert_int_equal(count(b, WL_ALLOC_FAILED), 1);
	end(b);
}

static void test_collapse(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	for (uint64_t i = 0; i < 512; i++)
		touch_new(b, 100, BASE + i, 1024 + i);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_KHUGEPAGED_SCAN_PMD,
	                            .pid = 60,
	                            .khugepaged = { .pfn = 1024 + 511, .status = 1 } });
	alloc(b, 60, 512, GFP_HUGE, 9);
	for (uint64_t i = 0; i < 512; i++)
		free_pages(b, 60, 1024 + i, 0);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_COLLAPSE_HUGE_PAGE,
	                            .pid = 60,
	                            .khugepaged = { .status = 1 } });
	for (uint64_t i = 0; i < 512; i++)
		free_pages(b, 100, 512 + i, 0);
	finish(b);
	assert_int_equal(b->nr_ops, 1024);
	for (unsigned int i = 0; i < 512; i++) {
		assert_int_equal(b->ops[512 + i].kind, DEMAND_FREE);
		assert_int_equal(b->ops[512 + i].page, b->ops[i].page);
	}
	assert_int_equal(count(b, WL_ALLOC_KHUGEPAGED), 1);
	assert_int_equal(count(b, WL_FREE_KHUGEPAGED), 512);
	end(b);
}

static void test_large_folio(void **state)
{
	struct bench *b = new_bench(NULL);
	struct mmr_event add = { .kind = MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE,
		                 .pid = 100,
		                 .filemap = { .pfn = 16, .ino = 14, .index = 32, .order = 2 } };

	(void)state;
	alloc(b, 100, 16, GFP_AHEAD, 2);
	send(b, add);
	add.kind = MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE;
	send(b, add);
	free_pages(b, 100, 16, 2);
	alloc(b, 100, 16, GFP_AHEAD, 2); /* never named */
	free_pages(b, 100, 16, 2);
	finish(b);
	assert_int_equal(b->nr_ops, 7);
	assert_int_equal(b->ops[0].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[0].order, 2);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(b->ops[1 + i].kind, DEMAND_FREE);
		assert_int_equal(b->ops[1 + i].page, b->ops[0].page + i);
	}
	assert_int_equal(b->ops[5].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[6].kind, DEMAND_FREE);
	assert_int_equal(b->ops[6].order, 2);
	assert_int_equal(wl_explain(b->wl)->pages_alive, 0);
	end(b);
}

static void test_kernel_parts(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	alloc(b, 100, 16, GFP_KERNEL, 2);
	for (uint64_t i = 0; i < 4; i++)
		free_pages(b, 100, 16 + i, 0);
	alloc(b, 100, 16, GFP_KERNEL, 2);
	alloc(b, 100, 18, GFP_KERNEL, 0); /* its end was missed */
	finish(b);
	assert_int_equal(b->nr_ops, 5);
	assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	assert_int_equal(b->ops[1].order, 2);
	assert_int_equal(b->ops[3].kind, DEMAND_FREE);
	assert_int_equal(b->ops[3].page, b->ops[2].page);
	assert_int_equal(count(b, WL_FREE_PART), 3);
	end(b);
}

static void test_reactions_are_dropped(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	simple(b, 100, MMR_EVENT_MM_COMPACTION_BEGIN);
	alloc(b, 100, 9, GFP_COPY, 0);
	free_pages(b, 100, 9, 0);
	simple(b, 100, MMR_EVENT_MM_COMPACTION_END);
	free_pages(b, 100, 9, 0); /* never allocated again: the bulk allocator */
	free_pages(b, 100, 10, 0);
	finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	assert_int_equal(count(b, WL_ALLOC_COMPACTION), 1);
	assert_int_equal(count(b, WL_FREE_ENDOGENOUS), 1);
	assert_int_equal(count(b, WL_FREE_BULK), 1);
	assert_int_equal(count(b, WL_FREE_BEFORE), 1);
	end(b);
}

static void test_resident(void **state)
{
	static uint64_t flags[NR_PFNS];
	struct bench *b = new_bench(NULL);

	(void)state;
	for (unsigned int i = 0; i < NR_PFNS; i++)
		flags[i] = 1ull << 10; /* free */
	flags[1] = 1ull << 32;         /* reserved */
	for (unsigned int i = 3072; i < 4096; i++)
		flags[i] = 0; /* not managed */
	flags[2] = 1ull << 5 | 1ull << 12 | 1ull << 14;
	flags[3] = 1ull << 5;
	flags[4] = 1ull << 5 | 1ull << 14 | 1ull << 18 | 1ull << 33; /* mlocked */
	flags[8] = 1ull << 7 | 1ull << 15;
	flags[9] = flags[10] = flags[11] = 1ull << 16;
	for (unsigned int i = 512; i < 1024; i++)
		flags[i] = 1ull << 12 | 1ull << 16;
	flags[512] = 1ull << 5 | 1ull << 12 | 1ull << 15 | 1ull << 22;
	flags[20] = 1ull << 12 | 1ull << 5;
	assert_int_equal(wl_add_kpageflags(b->wl, 0, flags, 2048, 10, NULL), 0);
	assert_int_equal(wl_add_kpageflags(b->wl, 2048, flags + 2048, 2048, 12, NULL), 0);
	touch_new(b, 100, BASE, 20); /* before the snapshot: names it, and is not demand */
	b->t_ns = 10;
	alloc(b, 100, 30, GFP_KERNEL, 0); /* between the pieces */
	assert_int_equal(wl_start_ns(b->wl), 0);
	free_pages(b, 100, 2, 0); /* the first that comes after the last piece */
	assert_int_equal(wl_start_ns(b->wl), 12);
	fault(b, 100, BASE, FAULT_PROTECT);
	finish(b);
	assert_int_equal(b->nr_ops, 9);
	assert_int_equal(count(b, WL_OP_RESIDENT), 7);
	for (unsigned int i = 0; i < 7; i++) {
		assert_int_equal(b->ops[i].t_ns, 12);
		assert_true(b->ops[i].arg & DEMAND_RESIDENT);
		assert_int_equal(!!(b->ops[i].arg & DEMAND_LOCKED), b->ops[i].arg2 == 4);
		if (b->ops[i].arg2 == 512) {
			assert_int_equal(b->ops[i].kind, DEMAND_ANON_TOUCH);
			assert_int_equal(b->ops[i].order, 9);
		} else if (b->ops[i].arg2 == 8) {
			assert_int_equal(b->ops[i].kind, DEMAND_KERNEL_ALLOC);
			assert_int_equal(b->ops[i].order, 2);
		} else if (b->ops[i].arg2 == 20) {
			assert_int_equal(b->ops[8].page, b->ops[i].page);
		}
	}
	assert_int_equal(b->ops[7].kind, DEMAND_FREE);
	assert_int_equal(b->ops[8].kind, DEMAND_ANON_TOUCH);
	end(b);
}

/* What lay on a per-CPU list during the snapshot looked like kernel memory. */
static void test_drained(void **state)
{
	static uint64_t flags[64];
	struct bench *b = new_bench(NULL);

	(void)state;
	flags[3] = 1ull << 7 | 1ull << 12 | 1ull << 21; /* a slab that looks anonymous */
	assert_int_equal(wl_add_kpageflags(b->wl, 2, flags + 2, 2, 0, NULL), 0);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_PCPU_DRAIN, .page = { .pfn = 2 } });
	finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[0].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[1].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[2].kind, DEMAND_FREE);
	assert_int_equal(b->ops[2].page, b->ops[b->ops[0].arg2 == 2 ? 0 : 1].page);
	end(b);
}

/* The recorder's own file: its pages come without mm_filemap_add_to_page_cache, but reach the LRU. */
static void test_added_unseen(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	alloc(b, 100, 8, GFP_WRITE, 0);
	alloc(b, 100, 16, GFP_WRITE, 2);
	for (uint64_t i = 0; i < 2; i++)
		send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_LRU_INSERTION,
		                            .pid = 100,
		                            .lru = { .pfn = 8 + 8 * i, .lru = 2, .flags = 0x44 } });
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 8, 5);
	finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[0].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[1].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[1].order, 2);
	assert_int_equal(b->ops[2].kind, DEMAND_FREE);
	assert_int_equal(b->ops[2].page, b->ops[0].page);
	assert_int_equal(count(b, WL_ALLOC_FILE_UNNAMED), 2);
	assert_int_equal(count(b, WL_ALLOC_MOVABLE_UNNAMED), 0);
	end(b);
}

/* The recorder's own page comes back from swap, by a fault that is left out: it is not tmpfs. */
static void test_recorder_swapped_in(void **state)
{
	struct bench *b = new_bench(NULL);
	struct mmr_event lru = { .kind = MMR_EVENT_MM_LRU_INSERTION,
		                 .lru = { .pfn = 8, .flags = 0x1c } };

	(void)state;
	alloc(b, RECORDER, 8, GFP_COPY, 0);
	send(b, lru);
	alloc(b, 100, 9, GFP_COPY, 0); /* reads a tmpfs file */
	lru.lru.pfn = 9;
	send(b, lru);
	finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[1].kind, DEMAND_SHMEM_TOUCH);
	end(b);
}

/* A page that no event had named turns out to be a file's when reclaim takes it: not kernel memory. */
static void test_named_at_its_end(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	alloc(b, 100, 8, GFP_COPY, 0);
	simple(b, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
	filemap(b, 40, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 8, 5);
	free_pages(b, 40, 8, 0);
	alloc(b, 100, 9, GFP_AHEAD, 0);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 9, 5);
	finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[0].arg & DEMAND_REFAULT, 0);
	assert_int_equal(b->ops[1].kind, DEMAND_FILE_TOUCH);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	assert_true(b->ops[1].arg & DEMAND_REFAULT);
	end(b);
}

/* What was out when the ops began is not alive: it can be truncated, or forgotten, without an op. */
static void test_absent_at_the_start(void **state)
{
	static uint64_t flags[NR_PFNS];
	struct bench *b = new_bench(NULL);

	(void)state;
	for (unsigned int i = 0; i < NR_PFNS; i++)
		flags[i] = 1ull << 10; /* free */
	assert_int_equal(wl_add_kpageflags(b->wl, 0, flags, NR_PFNS, 100, NULL), 0);
	simple(b, 40, MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE);
	for (uint64_t i = 0; i < 2; i++) {
		alloc(b, 100, 8, GFP_AHEAD, 0);
		filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 8, i);
		filemap(b, 40, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 8, i);
		free_pages(b, 40, 8, 0);
	}
	b->t_ns = 100;
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 30, 0);
	alloc(b, 100, 31, GFP_AHEAD, 0);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE, 31, 1);
	filemap(b, 100, MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE, 31, 1);
	finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].kind, DEMAND_FILE_TOUCH);
	assert_true(b->ops[0].arg & DEMAND_REFAULT);
	assert_int_equal(b->ops[1].kind, DEMAND_FREE);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	end(b);
}

static void test_access_sample(void **state)
{
	struct bench *b = new_bench(NULL);
	uint8_t idle[NR_PFNS / 8];
	struct mmr_access_sample sample = {
		.begin_ns = 60, .end_ns = 70, .mark_begin_ns = 20, .nr_pfns = NR_PFNS, .idle = idle
	};

	(void)state;
	memset(idle, 0xff, sizeof(idle));
	idle[1] = 0xfc; /* pfns 8 and 9 */
	touch_new(b, 100, BASE, 8);
	touch_new(b, 100, BASE + 1, 10);
	assert_int_equal(wl_access(b->wl, &sample, NULL), 0);
	finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[2].kind, DEMAND_ACCESS);
	assert_int_equal(b->ops[2].page, b->ops[0].page);
	assert_int_equal(b->ops[2].t_ns, 70);
	assert_int_equal(b->ops[2].arg2, 50);
	end(b);
}

/* A bit counts where the page was marked; an address by who used it, or as a physical one. */
static void test_access_known_and_uses(void **state)
{
	struct bench *b = new_bench(NULL);
	const uint8_t idle[8] = { 0 };
	const uint8_t known[8] = { 1 << 1 }; /* pfn 65 */
	struct mmr_access_sample bitmap = {
		.begin_ns = 60,
		.end_ns = 70,
		.mark_begin_ns = 20,
		.nr_pfns = 64,
		.idle = idle,
		.first_pfn = 64,
		.known = known,
	};
	const struct mmr_access_use uses[] = {
		{ BASE << 12, 75, 76, 100, MMR_USE_SEEN },
		{ (BASE + 1) << 12, 75, 80, 100, 0 },
		{ (BASE + 1) << 12, 75, 80, 101, MMR_USE_SEEN },
		{ 65 << 12, 78, 78, 0, MMR_USE_SEEN | MMR_USE_PHYSICAL },
	};
	struct mmr_access_sample single = {
		.kind = MMR_ACCESS_USES,
		.begin_ns = 70,
		.end_ns = 80,
		.uses = uses,
		.nr_uses = 4,
	};

	(void)state;
	touch_new(b, 100, BASE, 64);
	touch_new(b, 100, BASE + 1, 65);
	assert_int_equal(wl_access(b->wl, &bitmap, NULL), 0);
	assert_int_equal(wl_access(b->wl, &single, NULL), 0);
	finish(b);
	assert_int_equal(b->nr_ops, 5);
	assert_int_equal(b->ops[2].page, b->ops[1].page);
	assert_int_equal(b->ops[2].arg2, 50);
	assert_int_equal(b->ops[3].kind, DEMAND_ACCESS);
	assert_int_equal(b->ops[3].page, b->ops[0].page);
	assert_int_equal(b->ops[3].arg2, 5);
	assert_int_equal(b->ops[4].page, b->ops[1].page);
	end(b);
}

static void test_lost_events(void **state)
{
	struct bench *b = new_bench(NULL);

	(void)state;
	simple(b, 100, MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_LOST, .lost = { .nr_events = 5 } });
	alloc(b, 100, 8, GFP_KERNEL, 0);
	finish(b);
	assert_int_equal(b->nr_ops, 1);
	assert_int_equal(wl_explain(b->wl)->nr_lost, 5);
	end(b);
}

static void test_tables_are_complete(void **state)
{
	unsigned int section = 0;
	uint64_t kinds[WL_KIND_WORDS];

	(void)state;
	for (unsigned int i = 0; i < WL_NR_CAUSES; i++) {
		assert_true(wl_cause_text(i)[0]);
		assert_true(wl_cause_section(i) >= section); /* they stand together */
		section = wl_cause_section(i);
	}
	for (unsigned int i = 0; i < WL_NR_SECTIONS; i++)
		assert_true(wl_section_text(i)[0]);
	assert_string_equal(wl_cause_text(WL_NR_CAUSES), "");
	wl_kinds(kinds);
	assert_true(kinds[0] >> MMR_EVENT_MM_PAGE_ALLOC & 1);
	assert_false(kinds[0] >> MMR_EVENT_MM_PAGE_FREE_BATCHED & 1);
}

static void test_bad_zones(void **state)
{
	struct mmr_zone_info zone = { .name = "bad" };
	struct wl_options options = { .zones = &zone, .nr_zones = 1 };
	struct wl *wl;

	(void)state;
	assert_int_equal(wl_new(&options, &wl, NULL), MMR_E_INVALID);
	zone.spanned = 1ull << 32;
	assert_int_equal(wl_new(&options, &wl, NULL), MMR_E_LIMIT);
	zone.start_pfn = UINT64_MAX;
	zone.spanned = 2;
	assert_int_equal(wl_new(&options, &wl, NULL), MMR_E_LIMIT);
	assert_null(wl);
	wl_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault_names_page),
		cmocka_unit_test(test_fault_without_code),
		cmocka_unit_test(test_stack_within_fault),
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_swap_readahead),
		cmocka_unit_test(test_page_cache),
		cmocka_unit_test(test_long_scan),
		cmocka_unit_test(test_busy_page_stays),
		cmocka_unit_test(test_file_fault_waits),
		cmocka_unit_test(test_dirty),
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
		cmocka_unit_test(test_populate),
		cmocka_unit_test(test_migration),
		cmocka_unit_test(test_unmapped_file_page_moves),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_huge_fallback),
		cmocka_unit_test(test_collapse),
		cmocka_unit_test(test_large_folio),
		cmocka_unit_test(test_kernel_parts),
		cmocka_unit_test(test_reactions_are_dropped),
		cmocka_unit_test(test_resident),
		cmocka_unit_test(test_drained),
		cmocka_unit_test(test_added_unseen),
		cmocka_unit_test(test_recorder_swapped_in),
		cmocka_unit_test(test_named_at_its_end),
		cmocka_unit_test(test_absent_at_the_start),
		cmocka_unit_test(test_access_sample),
		cmocka_unit_test(test_access_known_and_uses),
		cmocka_unit_test(test_lost_events),
		cmocka_unit_test(test_tables_are_complete),
		cmocka_unit_test(test_bad_zones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
