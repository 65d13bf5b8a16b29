/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages that come back from swap are known by their slots. */
#include "workload_bench.h"

#include "wl_state.h"

#define KSWAPD 40u
#define DISK   (254u << 20)
#define LRU_SHMEM \
	0x18u /* in the swap cache, swap-backed, not anonymous: mm_lru_insertion's flags */

static int setup(void **state)
{
	struct bench *b = bench_new(&(struct wl_options){ .release = "6.12.1" });
	/* The second area lies before the first one on its disk, and is on another one too. */
	static const char text[] = "0 254:0 0 1000 8000\n"
				   "1 254:0 0 1000 0\n"
				   "2 254:1 0 1000 8000\n";

	assert_int_equal(wl_parse_swap(b->wl, text, sizeof(text) - 1, NULL), 0);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	end(*state);
	return 0;
}

static void lru_shmem(struct bench *b, uint64_t pfn)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_LRU_INSERTION,
	                            .pid = 7,
	                            .lru = { .pfn = pfn, .flags = LRU_SHMEM & ~8u } });
}

static void rss_of(struct bench *b, uint32_t pid, int32_t member)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_RSS_STAT,
	                            .pid = pid,
	                            .rss = { .mm_id = pid, .curr = 1, .member = member } });
}

static void bio(struct bench *b, uint32_t pid, char direction, uint32_t dev, uint64_t sector)
{
	struct mmr_event event = { .kind = MMR_EVENT_BLOCK_BIO_QUEUE, .pid = pid };

	event.bio.sector = sector;
	event.bio.dev = dev;
	event.bio.nr_sectors = 8;
	event.bio.rwbs[0] = direction;
	send(b, event);
}

/* kswapd writes the page at pfn to a slot of the first area, and frees it. */
static void write_out(struct bench *b, uint64_t pfn, uint32_t slot)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE, .pid = KSWAPD });
	bio(b, KSWAPD, 'W', DISK, 8000 + slot * 8);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_VMSCAN_WRITE_FOLIO,
	                            .pid = KSWAPD,
	                            .write_folio = { .pfn = pfn } });
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_MM_PAGE_FREE, .pid = KSWAPD, .page = { .pfn = pfn } });
}

/* A page is allocated and read from a slot of the first area. */
static void read_in(struct bench *b, uint32_t pid, uint64_t pfn, uint32_t slot)
{
	alloc(b, pid, pfn, GFP_COPY, 0);
	bio(b, pid, 'R', DISK, 8000 + slot * 8);
}

static void anon(struct bench *b, uint64_t vpn, uint64_t pfn)
{
	fault(b, 7, vpn, FAULT_WRITE);
	alloc(b, 7, pfn, GFP_ANON, 0);
	rss_of(b, 7, 1);
}

/* Written by a system call, swapped out, and read by another: one page, no fault. */
static void a_page_of_tmpfs_comes_back(void **state)
{
	struct bench *b = *state;
	uint32_t page;

	alloc(b, 7, 100, GFP_COPY, 0);
	lru_shmem(b, 100);
	write_out(b, 100, 5);
	read_in(b, 8, 200, 5);
	read_in(b, 8, 201, 6); /* of which nothing is known */
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	page = b->ops[0].page;
	assert_int_equal(b->ops[0].kind, DEMAND_SHMEM_TOUCH);
	assert_int_equal(b->ops[0].arg, DEMAND_HUGE | DEMAND_ADMITS);
	assert_int_equal(b->ops[1].kind, DEMAND_SHMEM_TOUCH);
	assert_int_equal(b->ops[1].page, page);
	assert_int_equal(b->ops[1].arg, DEMAND_REFAULT);
	assert_int_equal(b->ops[2].kind, DEMAND_KERNEL_ALLOC);
	assert_int_not_equal(b->ops[2].page, page);
	assert_int_equal(wl_page_at(b->wl, 200), page);
}

/* What the call reads asks for nothing: the pages are known, and their first use says so. */
static void what_willneed_reads_is_used_later(void **state)
{
	struct bench *b = *state;
	struct mmr_event call = { .kind = MMR_EVENT_SYS_ENTER_MADVISE, .pid = 7 };

	anon(b, 0x400, 100);
	write_out(b, 100, 5);
	call.vma.address = 0x400000;
	call.vma.length = 4096;
	call.vma.flags = 3;
	send(b, call);
	read_in(b, 7, 200, 5);
	assert_int_equal(count(b, WL_ALLOC_SWAPAHEAD), 1);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_EXIT_MADVISE, .pid = 7 });
	alloc(b, 7, 300, GFP_COPY, 0); /* of nothing that the call wanted */
	assert_int_equal(count(b, WL_ALLOC_SWAPAHEAD), 1);
	fault(b, 7, 0x400, FAULT_READ);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 4);
	assert_int_equal(b->ops[1].kind, DEMAND_WILLNEED);
	assert_int_equal(b->ops[1].page, b->ops[0].page);
	assert_int_equal(b->ops[2].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[3].page, b->ops[0].page);
	assert_int_equal(wl_page_at(b->wl, 200), b->ops[0].page);
}

/* Two areas have a sector of this number. */
static void the_device_counts(void **state)
{
	struct bench *b = *state;

	alloc(b, 7, 100, GFP_COPY, 0);
	lru_shmem(b, 100);
	write_out(b, 100, 5);
	alloc(b, 8, 200, GFP_COPY, 0);
	bio(b, 8, 'R', DISK + 1, 8000 + 5 * 8);
	alloc(b, 8, 201, GFP_COPY, 0);
	bio(b, 8, 'R', DISK, 5 * 8);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[1].kind, DEMAND_KERNEL_ALLOC);
	assert_int_equal(b->ops[2].kind, DEMAND_KERNEL_ALLOC);
}

/* A window of slots is read in the order of slots: the page that the fault is after is the second here. */
static void readahead_is_no_demand(void **state)
{
	struct bench *b = *state;
	uint32_t first, second;

	anon(b, BASE, 100);
	anon(b, BASE + 9, 101);
	first = wl_page_at(b->wl, 100);
	second = wl_page_at(b->wl, 101);
	write_out(b, 100, 4);
	write_out(b, 101, 5);
	fault(b, 7, BASE + 9, FAULT_WRITE);
	read_in(b, 7, 200, 4);
	read_in(b, 7, 201, 5);
	rss_of(b, 7, 1);
	assert_int_equal(wl_page_at(b->wl, 200), first);
	assert_int_equal(wl_page_at(b->wl, 201), second);
	fault(b, 7, BASE, FAULT_WRITE);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 4);
	assert_int_equal(b->ops[2].page, second);
	assert_int_equal(b->ops[2].arg, DEMAND_WRITE | DEMAND_REFAULT);
	/* In memory: the fault finds it. */
	assert_int_equal(b->ops[3].page, first);
	assert_int_equal(b->ops[3].arg, DEMAND_WRITE);
}

/* The same where the page that the fault is after was in swap before the trace. */
static void an_unknown_page_after_readahead(void **state)
{
	struct bench *b = *state;
	uint32_t first, target;

	anon(b, BASE, 100);
	first = wl_page_at(b->wl, 100);
	write_out(b, 100, 4);
	fault(b, 7, BASE + 9, FAULT_WRITE);
	read_in(b, 7, 200, 4);
	read_in(b, 7, 201, 5);
	rss_of(b, 7, 1);
	assert_int_equal(wl_page_at(b->wl, 200), first);
	target = wl_page_at(b->wl, 201);
	assert_int_not_equal(target, WL_NONE);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[1].page, target);
	assert_true(b->ops[1].arg & DEMAND_REFAULT);
	assert_int_equal(wl_map_page(b->wl, wl_mm_of(b->wl, wl_task_of(b->wl, 7)), BASE + 9),
	                 target);
}

/* A page of shared memory that another process had: known by its slot, now mapped here. */
static void a_fault_on_shared_memory_in_swap(void **state)
{
	struct bench *b = *state;
	uint32_t page;

	alloc(b, 7, 100, GFP_COPY, 0);
	lru_shmem(b, 100);
	page = wl_page_at(b->wl, 100);
	write_out(b, 100, 5);
	fault(b, 8, BASE, FAULT_WRITE);
	read_in(b, 8, 200, 5);
	rss_of(b, 8, 3);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[1].kind, DEMAND_SHMEM_TOUCH);
	assert_int_equal(b->ops[1].page, page);
	assert_int_equal(b->ops[1].arg, DEMAND_WRITE | DEMAND_REFAULT | DEMAND_MAPPED);
}

/* The slot of a file that was deleted is used again. */
static void what_was_in_a_slot_is_gone(void **state)
{
	struct bench *b = *state;
	uint32_t page;

	alloc(b, 7, 100, GFP_COPY, 0);
	lru_shmem(b, 100);
	page = wl_page_at(b->wl, 100);
	write_out(b, 100, 5);
	anon(b, BASE, 101);
	write_out(b, 101, 5);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[2].kind, DEMAND_FREE);
	assert_int_equal(b->ops[2].page, page);
}

/* An anonymous page that is in memory again has only lost its slot. */
static void what_came_back_lives(void **state)
{
	struct bench *b = *state;

	anon(b, BASE, 100);
	write_out(b, 100, 5);
	fault(b, 7, BASE, FAULT_WRITE);
	read_in(b, 7, 200, 5);
	rss_of(b, 7, 1);
	anon(b, BASE + 1, 101);
	write_out(b, 101, 5);
	fault(b, 7, BASE, FAULT_WRITE);
	bench_finish(b);
	assert_int_equal(b->nr_ops, 4);
	assert_int_equal(b->ops[3].page, b->ops[0].page);
	assert_int_equal(b->ops[3].arg, DEMAND_WRITE);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_page_of_tmpfs_comes_back),
		TEST(what_willneed_reads_is_used_later),
		TEST(the_device_counts),
		TEST(readahead_is_no_demand),
		TEST(an_unknown_page_after_readahead),
		TEST(a_fault_on_shared_memory_in_swap),
		TEST(what_was_in_a_slot_is_gone),
		TEST(what_came_back_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
