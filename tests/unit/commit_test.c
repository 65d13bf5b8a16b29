/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the demand tells of mappings, and what a replay leaves out where they are refused. */
#include "workload_bench.h"

#include "wl_state.h"

#define PRIVATE_RW  0x22u /* MAP_PRIVATE | MAP_ANONYMOUS */
#define SHARED_ANON 0x21u
#define NORESERVE   0x4000u
#define WRITABLE    3

static struct bench *new_bench(void)
{
	struct bench *b = bench_new(NULL);

	b->pid = 100;
	return b;
}

static bool is_mapping(const struct demand_op *op)
{
	return op->kind == DEMAND_MAP || op->kind == DEMAND_UNMAP;
}

static void finish(struct bench *b)
{
	collect(b, is_mapping);
}

static bool is_page_fault(const struct demand_op *op)
{
	return op->kind == DEMAND_PAGE_FAULT;
}

static bool is_touch(const struct demand_op *op)
{
	return op->kind == DEMAND_ANON_TOUCH;
}

static void finish_touches(struct bench *b)
{
	collect(b, is_touch);
}

#define FLAGS (DEMAND_HUGE | DEMAND_ADMITS | DEMAND_ADVISED | DEMAND_TRIED)

/* The last one. */
static struct demand_op touch_of(const struct bench *b)
{
	struct demand_op touch = { 0 };

	for (size_t i = 0; i < b->nr_others; i++)
		if (b->others[i].kind == DEMAND_ANON_TOUCH)
			touch = b->others[i];
	return touch;
}

static void expect(const struct bench *b, size_t i, uint8_t kind, uint32_t mapping, uint32_t pages)
{
	assert_true(i < b->nr_ops);
	if (b->ops[i].kind != kind || b->ops[i].arg != mapping || b->ops[i].arg2 != pages)
		fail_msg("op %zu: kind %u, mapping %u, %u pages", i, b->ops[i].kind, b->ops[i].arg,
		         b->ops[i].arg2);
}

static void system_call(struct bench *b, uint16_t enter, struct mmr_event event, int64_t ret)
{
	event.kind = enter;
	send(b, event);
	send(b,
	     (struct mmr_event){ .kind = (uint16_t)(enter + 1), .syscall_exit = { .ret = ret } });
}

static void map(struct bench *b, uint64_t page, uint64_t nr, uint64_t flags, int32_t prot)
{
	assert_int_equal(MMR_EVENT_SYS_EXIT_MMAP, MMR_EVENT_SYS_ENTER_MMAP + 1);
	system_call(
		b, MMR_EVENT_SYS_ENTER_MMAP,
		(struct mmr_event){ .vma = { .length = nr << 12, .flags = flags, .prot = prot } },
		(int64_t)(page << 12));
}

static void unmap(struct bench *b, uint64_t page, uint64_t nr)
{
	assert_int_equal(MMR_EVENT_SYS_EXIT_MUNMAP, MMR_EVENT_SYS_ENTER_MUNMAP + 1);
	system_call(b, MMR_EVENT_SYS_ENTER_MUNMAP,
	            (struct mmr_event){ .vma = { .address = page << 12, .length = nr << 12 } }, 0);
}

static void only_what_may_need_memory_is_told(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE, 100, PRIVATE_RW, WRITABLE);
	map(b, BASE + 200, 50, PRIVATE_RW, 1);  /* read only */
	map(b, BASE + 300, 50, 1, WRITABLE);    /* a file, shared */
	map(b, BASE + 400, 50, SHARED_ANON, 1); /* shmem, whatever the protection */
	map(b, BASE + 500, 50, PRIVATE_RW | NORESERVE, WRITABLE);
	map(b, BASE + 600, 512, PRIVATE_RW | 0x40000, WRITABLE); /* hugetlb */
	system_call(b, MMR_EVENT_SYS_ENTER_MMAP,
	            (struct mmr_event){ .vma = { .length = 4096, .flags = PRIVATE_RW, .prot = 3 } },
	            -12);
	finish(b);
	assert_int_equal(b->nr_ops, 3);
	expect(b, 0, DEMAND_MAP, 1, 100);
	expect(b, 1, DEMAND_MAP, 2, 50);
	expect(b, 2, DEMAND_MAP, 3, 50);
	assert_int_equal(b->ops[1].order, 0);
	assert_int_equal(b->ops[2].order, 1);
	wl_destroy(b->wl);
}

static void holes_split_ranges(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE, 100, PRIVATE_RW, WRITABLE);
	map(b, BASE + 100, 10, PRIVATE_RW, WRITABLE);
	unmap(b, BASE + 40, 20);
	unmap(b, BASE + 30, 40); /* 30..40 and 60..70 are left of it */
	map(b, BASE + 95, 10, PRIVATE_RW,
	    WRITABLE); /* over the end of one and the begin of the other */
	unmap(b, BASE - 10, 1000);
	finish(b);
	assert_int_equal(b->nr_ops, 12);
	expect(b, 2, DEMAND_UNMAP, 1, 20);
	expect(b, 3, DEMAND_UNMAP, 1, 10);
	expect(b, 4, DEMAND_UNMAP, 1, 10);
	expect(b, 5, DEMAND_UNMAP, 1, 5);
	expect(b, 6, DEMAND_UNMAP, 2, 5);
	expect(b, 7, DEMAND_MAP, 3, 10);
	expect(b, 8, DEMAND_UNMAP, 1, 30);
	expect(b, 9, DEMAND_UNMAP, 1, 25);
	expect(b, 10, DEMAND_UNMAP, 3, 10);
	expect(b, 11, DEMAND_UNMAP, 2, 5);
	wl_destroy(b->wl);
}

static void a_touch_knows_its_mapping(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE + 100, 10, PRIVATE_RW, WRITABLE);
	map(b, BASE, 100, PRIVATE_RW, WRITABLE);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_PAGE_FAULT_USER,
	                            .fault = { .address = (BASE + 105) << 12, .error_code = 6 } });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
	                            .page = { .pfn = 9, .gfp_flags = GFP_ANON } });
	finish(b);
	assert_int_equal(touch_of(b).arg, DEMAND_WRITE | 1 << DEMAND_MAPPING_SHIFT);
	wl_destroy(b->wl);
}

static void the_heap_grows_and_shrinks(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	assert_int_equal(MMR_EVENT_SYS_EXIT_BRK, MMR_EVENT_SYS_ENTER_BRK + 1);
	system_call(b, MMR_EVENT_SYS_ENTER_BRK, (struct mmr_event){ 0 }, BASE << 12);
	system_call(b, MMR_EVENT_SYS_ENTER_BRK, (struct mmr_event){ 0 }, (BASE + 20) << 12);
	system_call(b, MMR_EVENT_SYS_ENTER_BRK, (struct mmr_event){ 0 }, (BASE + 15) << 12);
	finish(b);
	assert_int_equal(b->nr_ops, 2);
	expect(b, 0, DEMAND_MAP, 1, 20);
	expect(b, 1, DEMAND_UNMAP, 1, 5);
	wl_destroy(b->wl);
}

/* Only what is new is asked for; the rest keeps its number where it goes. */
static void mremap_moves_and_grows(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	assert_int_equal(MMR_EVENT_SYS_EXIT_MREMAP, MMR_EVENT_SYS_ENTER_MREMAP + 1);
	map(b, BASE, 100, PRIVATE_RW, WRITABLE);
	system_call(b, MMR_EVENT_SYS_ENTER_MREMAP,
	            (struct mmr_event){ .mremap = { .address = BASE << 12,
	                                            .old_length = 100 << 12,
	                                            .new_length = 150 << 12 } },
	            (int64_t)((BASE + 1000) << 12));
	unmap(b, BASE, 100); /* nothing is there any more */
	unmap(b, BASE + 1000, 150);
	finish(b);
	assert_int_equal(b->nr_ops, 4);
	expect(b, 1, DEMAND_MAP, 2, 50);
	expect(b, 2, DEMAND_UNMAP, 1, 100);
	expect(b, 3, DEMAND_UNMAP, 2, 50);
	wl_destroy(b->wl);
}

/* Which VMA each mapping belongs to: the number of the mapping that it began with. */
static void neighbours_of_a_kind_are_one_area(void **state)
{
	static const uint32_t areas[] = { 1, 1, 1, 4, 5, 6, 6, 8, 1 };
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE + 100, 10, PRIVATE_RW, WRITABLE);
	map(b, BASE + 90, 10, PRIVATE_RW, WRITABLE); /* just before it */
	map(b, BASE + 110, 10, PRIVATE_RW, WRITABLE);
	map(b, BASE + 121, 10, PRIVATE_RW, WRITABLE); /* a page further */
	map(b, BASE + 120, 1, 2, WRITABLE);           /* of a file */
	map(b, BASE + 131, 9, PRIVATE_RW | NORESERVE, WRITABLE);
	map(b, BASE + 140, 9, PRIVATE_RW | NORESERVE, WRITABLE);
	map(b, BASE + 300, 10, SHARED_ANON, WRITABLE);
	unmap(b, BASE + 95, 3);
	map(b, BASE + 95, 3, PRIVATE_RW, WRITABLE);
	finish(b);
	for (size_t i = 0, nr = 0; i < b->nr_ops; i++) {
		if (b->ops[i].kind != DEMAND_MAP)
			continue;
		assert_int_equal(b->ops[i].arg, nr + 1);
		assert_int_equal(b->ops[i].gfp_flags, areas[nr]);
		nr++;
	}
	wl_destroy(b->wl);
}

/* The heap, and what is mapped beside memory that was there before: of no file, and no stack. */
static void areas_of_before_have_no_number(void **state)
{
	static const char maps[] =
		"7f0000000000-7f0000010000 rw-p 00000000 00:00 0                  [heap]\n"
		"7f0000020000-7f0000030000 rw-p 00001000 fe:00 77                 /lib/x\n"
		"7f0000040000-7f0000050000 rw-p 00000000 00:00 0 \n"
		"7f0000060000-7f0000070000 rw-p 00000000 00:00 0                  [stack]\n";
	static const uint32_t areas[] = { 0, 2, 0, 4 };
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE, 1, 1, WRITABLE); /* so that it has an address space */
	assert_int_equal(wl_commit_maps(b->wl, 100, maps, NULL), 0);
	for (uint32_t i = 0; i < 4; i++)
		map(b, 0x7f0000010 + 0x20 * (uint64_t)i, 4, PRIVATE_RW, WRITABLE);
	finish(b);
	assert_int_equal(b->nr_ops, 4);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(b->ops[i].arg, i + 1);
		assert_int_equal(b->ops[i].gfp_flags, areas[i]);
	}
	wl_destroy(b->wl);
}

static bool is_huge_range(const struct demand_op *op)
{
	return op->kind == DEMAND_HUGE_RANGE;
}

static void advise(struct bench *b, uint64_t page, uint64_t nr, uint64_t advice)
{
	system_call(b, MMR_EVENT_SYS_ENTER_MADVISE,
	            (struct mmr_event){
			    .vma = { .address = page << 12, .length = nr << 12, .flags = advice } },
	            0);
}

static void expect_areas(const struct bench *b, size_t i, uint64_t page, uint32_t nr,
                         enum demand_advice advice)
{
	expect(b, i, DEMAND_HUGE_RANGE, (uint32_t)(page >> 9) & DEMAND_AREA_MASK, nr);
	assert_int_equal(b->ops[i].order, advice);
}

/* 2 MiB at a time, and only what a VMA covers: mappings beside each other are one. */
static void room_for_huge_pages_is_told(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE + 10, 500, PRIVATE_RW, WRITABLE); /* none */
	map(b, BASE + 510, 1100, PRIVATE_RW, WRITABLE);
	map(b, BASE, 10, PRIVATE_RW, WRITABLE); /* completes the first */
	advise(b, BASE + 512, 600, 14);
	advise(b, BASE + 512, 600, 15);
	unmap(b, BASE + 100, 1);
	collect(b, is_huge_range);
	assert_int_equal(b->nr_ops, 7);
	expect_areas(b, 0, BASE + 512, 2, DEMAND_ADVICE_NONE);
	expect_areas(b, 1, BASE, 1, DEMAND_ADVICE_NONE);
	/* The second is half of this advice, half of that. */
	expect_areas(b, 2, BASE + 512, 2, DEMAND_ADVICE_GONE);
	expect_areas(b, 3, BASE + 512, 1, DEMAND_ADVICE_HUGE);
	expect_areas(b, 4, BASE + 512, 2, DEMAND_ADVICE_GONE);
	expect_areas(b, 5, BASE + 512, 1, DEMAND_ADVICE_NOHUGE);
	expect_areas(b, 6, BASE, 1, DEMAND_ADVICE_GONE);
	wl_destroy(b->wl);
}

static bool is_of_page(const struct demand_op *op)
{
	return op->kind == DEMAND_COW || op->kind == DEMAND_RENAME || op->kind == DEMAND_FREE;
}

/* The copy of a shared page is where its owner had it, and the others have it under another number. */
static void a_copy_keeps_its_place(void **state)
{
	struct bench *b = new_bench();
	uint32_t number;

	(void)state;
	map(b, BASE, 1024, PRIVATE_RW, WRITABLE);
	touch_new(b, 100, BASE + 7, 10);
	newtask(b, 100, 101, 0x1200000);
	fault(b, 100, BASE + 7, FAULT_PROTECT);
	alloc(b, 100, 11, GFP_COPY, 0);
	free_pages(b, 101, 10, 0);
	collect(b, is_of_page);
	number = b->ops[b->nr_ops - 1].page;
	assert_int_equal(b->ops[b->nr_ops - 1].kind, DEMAND_FREE);
	assert_int_equal(b->ops[b->nr_ops - 2].kind, DEMAND_COW);
	assert_int_equal(b->ops[b->nr_ops - 2].page % 512, 7);
	assert_int_equal(b->ops[b->nr_ops - 2].arg2, number);
	assert_int_equal(b->ops[b->nr_ops - 3].kind, DEMAND_RENAME);
	assert_int_equal(b->ops[b->nr_ops - 3].page, number);
	assert_int_equal(b->ops[b->nr_ops - 3].arg2, b->ops[b->nr_ops - 2].page);
	wl_destroy(b->wl);
}

/* madvise(MADV_POPULATE_WRITE): its faults leave no event but their pages, two of which are huge. */
static void a_range_is_populated_with_huge_pages(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE, 1536, PRIVATE_RW, WRITABLE);
	touch_new(b, 100, BASE - 100, 8);
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_SYS_ENTER_MADVISE,
			.pid = 100,
			.vma = { .address = BASE << 12, .length = 1536 << 12, .flags = 23 } });
	alloc(b, 100, 512, GFP_HUGE, 9);
	alloc(b, 100, 1024, GFP_HUGE, 9);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_EXIT_MADVISE, .pid = 100 });
	fault(b, 100, BASE + 512 + 7, FAULT_WRITE);
	collect(b, is_touch);
	assert_int_equal(b->nr_ops, 4);
	for (uint32_t i = 1; i < 3; i++) {
		assert_int_equal(b->ops[i].kind, DEMAND_ANON_TOUCH);
		assert_int_equal(b->ops[i].order, 9);
		assert_true(b->ops[i].arg & DEMAND_HUGE);
	}
	assert_int_equal(b->ops[3].page, b->ops[2].page + 7);
	end(b);
}

/* mmap(MAP_POPULATE): where its pages are, base pages up to a multiple of 2 MiB and a huge one, is known when it returns. */
static void a_mapping_is_filled_with_huge_pages(void **state)
{
	const uint64_t start = BASE - 2;
	struct bench *b = new_bench();

	(void)state;
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_ENTER_MMAP,
	                            .pid = 100,
	                            .vma = { .length = 514 << 12, .prot = 3, .flags = 0x8022 } });
	alloc(b, 100, 8, GFP_ANON, 0);
	alloc(b, 100, 9, GFP_ANON, 0);
	alloc(b, 100, 512, GFP_HUGE, 9);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_EXIT_MMAP,
	                            .pid = 100,
	                            .syscall_exit = { .ret = (int64_t)(start << 12) } });
	fault(b, 100, start + 1, FAULT_WRITE);
	fault(b, 100, start + 2 + 7, FAULT_WRITE);
	collect(b, is_touch);
	assert_int_equal(b->nr_ops, 5);
	assert_int_equal(b->ops[2].kind, DEMAND_ANON_TOUCH);
	assert_int_equal(b->ops[2].order, 9);
	assert_true(b->ops[2].arg & DEMAND_HUGE);
	assert_int_equal(b->ops[3].page, b->ops[1].page);
	assert_int_equal(b->ops[4].page, b->ops[2].page + 7);
	end(b);
}

/* madvise(MADV_DONTNEED) of a part of a huge page: the kernel frees nothing for now. */
static void a_part_of_a_huge_page_ends(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE, 512, PRIVATE_RW, WRITABLE);
	fault(b, 100, BASE, FAULT_WRITE);
	alloc(b, 100, 512, GFP_HUGE, 9);
	advise(b, BASE + 5, 2, 4);
	collect(b, is_of_page);
	assert_int_equal(b->ops[b->nr_ops - 2].kind, DEMAND_FREE);
	assert_int_equal(b->ops[b->nr_ops - 2].page % 512, 5);
	assert_int_equal(b->ops[b->nr_ops - 1].page % 512, 6);
	assert_int_equal(b->ops[b->nr_ops - 1].order, 0);
	wl_destroy(b->wl);
}

static bool is_collapse(const struct demand_op *op)
{
	return op->kind == DEMAND_COLLAPSE;
}

/* Whole areas of a range, when the call begins: those that one VMA covers, however it came about. */
static void areas_to_be_collapsed_are_told(void **state)
{
	const struct mmr_event call = {
		.kind = MMR_EVENT_SYS_ENTER_MADVISE,
		.vma = { .address = BASE << 12, .length = UINT64_C(1) << 46, .flags = 25 }
	};
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE, 1024, PRIVATE_RW, WRITABLE);
	map(b, BASE + 1024, 600, PRIVATE_RW, WRITABLE);
	map(b, BASE + 2048, 512, 1, WRITABLE); /* a file, shared */
	map(b, BASE + 2560, 512, PRIVATE_RW, WRITABLE);
	advise(b, BASE + 1, 1024, 25);    /* one, with a part of each beside it */
	advise(b, BASE + 700, 400, 25);   /* none */
	advise(b, BASE + 1024, 2048, 25); /* two, apart */
	send(b, call);
	alloc(b, 100, 512, 0x2c40ca, 9); /* its huge page is none of the program's */
	collect(b, is_collapse);
	assert_int_equal(b->nr_ops, 5);
	expect(b, 0, DEMAND_COLLAPSE, (uint32_t)((BASE >> 9) + 1) & DEMAND_AREA_MASK, 1);
	expect(b, 1, DEMAND_COLLAPSE, (uint32_t)((BASE >> 9) + 2) & DEMAND_AREA_MASK, 1);
	expect(b, 2, DEMAND_COLLAPSE, (uint32_t)((BASE >> 9) + 5) & DEMAND_AREA_MASK, 1);
	expect(b, 3, DEMAND_COLLAPSE, (uint32_t)(BASE >> 9) & DEMAND_AREA_MASK, 3);
	expect(b, 4, DEMAND_COLLAPSE, (uint32_t)((BASE >> 9) + 5) & DEMAND_AREA_MASK, 1);
	assert_int_equal(count(b, WL_ALLOC_KHUGEPAGED), 1);
	wl_destroy(b->wl);
}

/* New pages there have their numbers side by side, and say what a huge page would need. */
static void pages_lie_where_a_huge_one_could(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE, 1024, PRIVATE_RW, WRITABLE);
	advise(b, BASE, 512, 14);
	touch_new(b, 100, BASE + 7, 9);
	touch_new(b, 100, BASE + 519, 10);
	touch_new(b, 100, BASE + 5, 11);
	touch_new(b, 100, BASE + 2000, 12);
	finish_touches(b);
	assert_int_equal(b->nr_ops, 4);
	assert_int_equal(b->ops[0].arg & FLAGS, DEMAND_HUGE | DEMAND_ADMITS | DEMAND_ADVISED);
	assert_int_equal(b->ops[0].page % 512, 7);
	assert_int_equal(b->ops[0].arg2, (uint32_t)BASE + 7);
	assert_int_equal(b->ops[1].arg & FLAGS, DEMAND_HUGE | DEMAND_ADMITS);
	assert_int_equal(b->ops[2].page, b->ops[0].page - 2);
	assert_int_equal(b->ops[3].arg & FLAGS, 0);
	wl_destroy(b->wl);
}

/* In a VMA that is too small for a huge page, if folios are asked for: as large ones as it has room for. */
static void pages_lie_where_a_folio_could(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	wl_number_folios(b->wl);
	map(b, BASE + 12, 60, PRIVATE_RW, WRITABLE); /* 64 KiB: pages 16 to 63; 128 KiB: 32 to 63 */
	advise(b, BASE + 12, 60, 14);
	touch_new(b, 100, BASE + 17, 9);
	touch_new(b, 100, BASE + 40, 10);
	touch_new(b, 100, BASE + 13, 11);
	touch_new(b, 100, BASE + 2000, 12);
	finish_touches(b);
	assert_int_equal(b->nr_ops, 4);
	assert_int_equal(b->ops[0].arg & FLAGS, DEMAND_ADMITS | DEMAND_ADVISED);
	assert_int_equal(demand_room_order(b->ops[0].arg), 4);
	assert_int_equal(b->ops[0].page % 512, 17);
	assert_int_equal(demand_room_order(b->ops[1].arg), 5);
	assert_int_equal(b->ops[1].page, b->ops[0].page + 23);
	assert_int_equal(demand_room_order(b->ops[2].arg), 2);
	assert_int_equal(b->ops[2].page, b->ops[0].page - 4);
	assert_int_equal(b->ops[3].arg & FLAGS, 0);
	assert_int_equal(demand_room_order(b->ops[3].arg), 0);
	wl_destroy(b->wl);
}

/* All of one fault, and later a page that it did not have. */
static void what_a_fault_got_lies_there_too(void **state)
{
	const uint64_t gfp =
		0x1d20ca; /* GFP_TRANSHUGE_LIGHT with __GFP_NORETRY, as defrag=always has it */
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE, 1024, PRIVATE_RW, WRITABLE);
	fault(b, 100, BASE + 21, FAULT_WRITE);
	alloc(b, 100, 32, gfp, 4);
	touch_new(b, 100, BASE + 40, 10);
	finish_touches(b);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].order, 4);
	assert_int_equal(b->ops[0].arg & FLAGS, DEMAND_HUGE | DEMAND_ADMITS);
	assert_int_equal(b->ops[0].page % 512, 16);
	assert_int_equal(b->ops[1].page, b->ops[0].page + 24);
	wl_destroy(b->wl);
}

#define GFP_SHMEM 0x140ccau /* GFP_HIGHUSER_MOVABLE */

static bool is_shared_touch(const struct demand_op *op)
{
	return op->kind == DEMAND_SHMEM_TOUCH;
}

static void touch_shared(struct bench *b, uint64_t vpn, uint64_t pfn)
{
	fault(b, 100, vpn, FAULT_WRITE);
	alloc(b, 100, pfn, GFP_SHMEM, 0);
}

/* Of shared memory it is by the place in the file, where the kernel would put the mapping if it had huge pages. */
static void shared_pages_lie_by_their_file(void **state)
{
	const uint64_t begin = BASE + 100;
	struct bench *b = new_bench();

	(void)state;
	map(b, begin, 1024, SHARED_ANON, WRITABLE);
	advise(b, begin, 512, 14);
	touch_shared(b, begin + 7, 9);
	touch_shared(b, begin + 5, 10);
	touch_shared(b, begin + 512, 11);
	collect(b, is_shared_touch);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[0].page % 512, 7);
	assert_int_equal(b->ops[0].arg2, (uint32_t)BASE + 7);
	assert_int_equal(b->ops[0].arg & FLAGS & ~(uint32_t)DEMAND_TRIED,
	                 DEMAND_HUGE | DEMAND_ADMITS | DEMAND_ADVISED);
	assert_true(b->ops[0].arg & DEMAND_MAPPED);
	assert_false(demand_tried_huge(&b->ops[0]));
	assert_int_equal(b->ops[1].page, b->ops[0].page - 2);
	assert_int_equal(b->ops[2].page % 512, 0);
	assert_false(b->ops[2].arg & DEMAND_ADVISED);
	wl_destroy(b->wl);
}

/* Who says where it is to be gets it there, and no huge page. */
static void a_shared_mapping_may_have_no_room(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE + 100, 1024, SHARED_ANON | 0x10, WRITABLE);
	touch_shared(b, BASE + 612, 9);
	map(b, BASE + 4096, 511, SHARED_ANON, WRITABLE);
	touch_shared(b, BASE + 4096, 10);
	collect(b, is_shared_touch);
	for (size_t i = 0; i < b->nr_ops; i++)
		assert_false(b->ops[i].arg & DEMAND_HUGE);
	wl_destroy(b->wl);
}

static bool is_range(const struct demand_op *op)
{
	return op->kind == DEMAND_HUGE_RANGE || op->kind == DEMAND_COLLAPSE;
}

/* khugepaged and MADV_COLLAPSE hear of it, if huge pages can be where it lies. */
static void shared_areas_are_told(void **state)
{
	struct bench *b = new_bench();
	const uint32_t area = (uint32_t)(BASE >> 9) & DEMAND_AREA_MASK;

	(void)state;
	map(b, BASE, 1024, SHARED_ANON, WRITABLE);
	advise(b, BASE, 512, 14);
	advise(b, BASE, 1024, 25);
	map(b, BASE + 4100, 1024, SHARED_ANON, WRITABLE);
	advise(b, BASE + 4100, 1024, 25);
	unmap(b, BASE, 512);
	collect(b, is_range);
	assert_int_equal(b->nr_ops, 5);
	expect(b, 0, DEMAND_HUGE_RANGE, area, 2);
	assert_int_equal(b->ops[0].order, DEMAND_ADVICE_SHARED + DEMAND_ADVICE_NONE);
	assert_int_equal(b->ops[1].order, DEMAND_ADVICE_GONE);
	expect(b, 2, DEMAND_HUGE_RANGE, area, 1);
	assert_int_equal(b->ops[2].order, DEMAND_ADVICE_SHARED + DEMAND_ADVICE_HUGE);
	expect(b, 3, DEMAND_COLLAPSE, area, 2);
	expect(b, 4, DEMAND_HUGE_RANGE, area, 1);
	assert_int_equal(b->ops[4].order, DEMAND_ADVICE_GONE);
	wl_destroy(b->wl);
}

static bool is_free(const struct demand_op *op)
{
	return op->kind == DEMAND_FREE;
}

/* What the recorded kernel copied and freed goes on in its huge page, and ends with that. */
static void collapsed_shared_pages_live_on(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE, 512, SHARED_ANON, WRITABLE);
	touch_shared(b, BASE + 7, 9);
	touch_shared(b, BASE + 8, 10);
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_SYS_ENTER_MADVISE,
			.vma = { .address = BASE << 12, .length = 512 << 12, .flags = 25 } });
	alloc(b, 100, 512, GFP_HUGE, 9);
	free_pages(b, 100, 9, 0);
	free_pages(b, 100, 10, 0);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_KHUGEPAGED_COLLAPSE_FILE,
	                            .khugepaged = { .pfn = 512 } });
	send(b, (struct mmr_event){ .kind = MMR_EVENT_SYS_EXIT_MADVISE });
	assert_int_equal(count(b, WL_FREE_KHUGEPAGED), 2);
	free_pages(b, 100, 512, 9);
	collect(b, is_free);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].page % 512, 7);
	assert_int_equal(b->ops[1].page % 512, 8);
	wl_destroy(b->wl);
}

/* What the recorded kernel had there. */
static void shared_huge_pages_are_told(void **state)
{
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE, 1024, SHARED_ANON, WRITABLE);
	fault(b, 100, BASE + 7, FAULT_WRITE);
	alloc(b, 100, 512, GFP_HUGE, 9);
	fault(b, 100, BASE + 519, FAULT_WRITE);
	alloc(b, 100, MMR_PFN_NONE, GFP_HUGE, 9);
	alloc(b, 100, 9, GFP_SHMEM, 0);
	collect(b, is_shared_touch);
	assert_int_equal(b->nr_ops, 2);
	assert_int_equal(b->ops[0].order, 9);
	assert_int_equal(b->ops[0].page % 512, 0);
	assert_true(b->ops[0].arg & DEMAND_MAPPED);
	assert_true(demand_tried_huge(&b->ops[1]));
	assert_int_equal(b->ops[1].gfp_flags, GFP_HUGE);
	assert_int_equal(b->ops[1].page % 512, 7);
	wl_destroy(b->wl);
}

/* What a read finds in memory that nobody has written to: its allocation is the kernel's own affair. */
static void reads_of_areas_are_told(void **state)
{
	const uint64_t gfp = 0x3d25c2; /* GFP_TRANSHUGE | __GFP_ZERO, not movable */
	struct bench *b = new_bench();

	(void)state;
	map(b, BASE, 1024, PRIVATE_RW, WRITABLE);
	fault(b, 100, BASE + 7, 4); /* by a user, to read */
	alloc(b, 100, 512, gfp, 9);
	fault(b, 100, BASE + 2000, 4);
	fault(b, 100, BASE + 519, 4);
	collect(b, is_page_fault);
	assert_int_equal(b->nr_ops, 3);
	assert_int_equal(b->ops[0].arg, DEMAND_HUGE | DEMAND_ADMITS);
	assert_int_equal(b->ops[0].arg2, (uint32_t)BASE + 7);
	assert_int_equal(b->ops[1].arg, 0);
	assert_int_equal(b->ops[2].arg2, (uint32_t)BASE + 519);
	for (size_t i = 0; i < b->nr_others; i++)
		assert_int_not_equal(b->others[i].kind, DEMAND_KERNEL_ALLOC);
	wl_destroy(b->wl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_may_need_memory_is_told),
		cmocka_unit_test(holes_split_ranges),
		cmocka_unit_test(room_for_huge_pages_is_told),
		cmocka_unit_test(areas_to_be_collapsed_are_told),
		cmocka_unit_test(a_copy_keeps_its_place),
		cmocka_unit_test(a_range_is_populated_with_huge_pages),
		cmocka_unit_test(a_mapping_is_filled_with_huge_pages),
		cmocka_unit_test(a_part_of_a_huge_page_ends),
		cmocka_unit_test(pages_lie_where_a_huge_one_could),
		cmocka_unit_test(reads_of_areas_are_told),
		cmocka_unit_test(pages_lie_where_a_folio_could),
		cmocka_unit_test(what_a_fault_got_lies_there_too),
		cmocka_unit_test(shared_pages_lie_by_their_file),
		cmocka_unit_test(a_shared_mapping_may_have_no_room),
		cmocka_unit_test(shared_huge_pages_are_told),
		cmocka_unit_test(shared_areas_are_told),
		cmocka_unit_test(collapsed_shared_pages_live_on),
		cmocka_unit_test(a_touch_knows_its_mapping),
		cmocka_unit_test(the_heap_grows_and_shrinks),
		cmocka_unit_test(mremap_moves_and_grows),
		cmocka_unit_test(neighbours_of_a_kind_are_one_area),
		cmocka_unit_test(areas_of_before_have_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
