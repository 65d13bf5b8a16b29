/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which page of a file a fault is after, on kernels that do not tell, and what calls that fill a mapping of one bring in. */
#include "unit.h"

#include "workload.h"
#include "workload_events.h"

#define FAULT_READ  4u
#define FAULT_WRITE 6u
#define FAULT_FETCH 20u
#define DEV         (254u << 20 | 17)
#define PID         100u
#define MAX_OPS     256
#define WINDOW      32u

struct bench {
	struct wl *wl;
	uint64_t t_ns;
	uint64_t next_pfn;
	struct demand_op ops[MAX_OPS]; /* about pages, and faults */
	size_t nr_ops;
	unsigned int nr_kind[256]; /* of all ops */
};

static struct bench *new_bench(const char *release)
{
	static struct bench bench;
	struct mmr_zone_info zone = { .spanned = NR_PFNS, .name = "DMA32" };
	struct wl_options options = { .zones = &zone, .nr_zones = 1, .release = release };

	memset(&bench, 0, sizeof(bench));
	bench.next_pfn = 8;
	assert_int_equal(wl_new(&options, &bench.wl, NULL), 0);
	return &bench;
}

static void send(struct bench *b, struct mmr_event event)
{
	event.t_ns = ++b->t_ns;
	event.pid = PID;
	assert_int_equal(wl_event(b->wl, &event, NULL), 0);
}

static void fault(struct bench *b, uint64_t vpn, uint64_t error_code)
{
	send(b, (struct mmr_event){
			.kind = MMR_EVENT_PAGE_FAULT_USER,
			.fault = { .address = (BASE + vpn) << 12, .error_code = error_code } });
}

/* Pages [first, first + nr) of the file come in. */
static void add(struct bench *b, uint64_t first, uint64_t nr, uint64_t gfp_flags)
{
	for (uint64_t i = first; i < first + nr; i++) {
		uint64_t pfn = b->next_pfn++;

		send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
		                            .page = { .pfn = pfn, .gfp_flags = gfp_flags } });
		send(b, (struct mmr_event){
				.kind = MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE,
				.filemap = { .pfn = pfn, .ino = 14, .index = i, .dev = DEV } });
	}
}

static void finish(struct bench *b)
{
	const struct demand_op *ops;
	size_t nr;

	assert_int_equal(wl_finish(b->wl, NULL), 0);
	ops = wl_ops(b->wl, &nr);
	for (size_t i = 0; i < nr; i++) {
		b->nr_kind[ops[i].kind]++;
		if (ops[i].kind != DEMAND_PAGE_FAULT && ops[i].kind >= DEMAND_EVICTED)
			continue;
		assert_true(b->nr_ops < MAX_OPS);
		b->ops[b->nr_ops++] = ops[i];
	}
	wl_destroy(b->wl);
}

static unsigned int count(const struct bench *b, uint32_t flags)
{
	unsigned int nr = 0;

	for (size_t i = 0; i < b->nr_ops; i++)
		nr += b->ops[i].kind == DEMAND_FILE_TOUCH && flags_of(&b->ops[i]) == flags;
	return nr;
}

/* What misses reads around it: the page in the middle is the one, and those beside it are mapped along. */
static void a_fault_reads_around_its_page(void **state)
{
	struct bench *b = new_bench("6.1.0");

	(void)state;
	fault(b, 5, FAULT_FETCH);
	add(b, 100, WINDOW, GFP_AHEAD);
	fault(b, 1000, FAULT_READ);
	finish(b);
	for (size_t i = 0; i < WINDOW; i++)
		assert_int_equal(flags_of(&b->ops[i]),
		                 i == WINDOW / 2 ? DEMAND_INSERT | DEMAND_MAPPED | DEMAND_EXEC
		                                 : DEMAND_INSERT | DEMAND_READAHEAD);
	/* 5 is the sixth of 16. */
	assert_int_equal(count(b, DEMAND_MAPPED | DEMAND_AROUND | DEMAND_EXEC), 15);
	assert_int_equal(b->ops[WINDOW].page, b->ops[WINDOW / 2 - 5].page);
	/* Nothing is known of the other fault. */
	assert_int_equal(b->nr_ops, WINDOW + 15 + 1);
	assert_int_equal(b->ops[b->nr_ops - 1].kind, DEMAND_PAGE_FAULT);
}

/* … from which what is found in the cache later is known by its address, and by no fault of another mapping. */
static void what_is_there_is_known_by_its_address(void **state)
{
	struct bench *b = new_bench("6.1.0");

	(void)state;
	fault(b, 64, FAULT_READ);
	add(b, 100, WINDOW, GFP_AHEAD);
	fault(b, 64 + 7, FAULT_WRITE);
	fault(b, 64 + 100, FAULT_READ);
	fault(b, 5000, FAULT_READ);
	finish(b);
	assert_int_equal(count(b, DEMAND_INSERT | DEMAND_MAPPED), 1);
	assert_int_equal(count(b, DEMAND_MAPPED | DEMAND_FAULTED), 1);
	/* The first fault maps the pages after it; one for writing maps none along. */
	assert_int_equal(count(b, DEMAND_MAPPED | DEMAND_AROUND), 15);
	assert_int_equal(b->nr_ops, WINDOW + 15 + 1 + 2);
	assert_int_equal(b->ops[WINDOW + 15].page, b->ops[WINDOW / 2 + 7].page);
}

/* A window that is there in part, readahead that goes on ahead of a page that is there, and a page read alone. */
static void readahead_has_many_forms(void **state)
{
	struct bench *b = new_bench("6.1.0");
	const uint32_t alone = DEMAND_INSERT | DEMAND_MAPPED;

	(void)state;
	fault(b, 0, FAULT_WRITE);
	add(b, 100, WINDOW, GFP_AHEAD); /* 116 */
	fault(b, 30, FAULT_WRITE);
	add(b, 132, 31, GFP_AHEAD); /* 146, of 130 to 161 */
	fault(b, 20, FAULT_WRITE);
	add(b, 163, WINDOW, GFP_AHEAD); /* 136 is there */
	fault(b, 900, FAULT_WRITE);
	add(b, 1016, 1, GFP_COPY);
	fault(b, 901, FAULT_WRITE);
	finish(b);
	assert_int_equal(count(b, alone), 3);
	assert_int_equal(flags_of(&b->ops[16]), alone);
	assert_int_equal(flags_of(&b->ops[WINDOW + 14]), alone);
	assert_int_equal(count(b, DEMAND_MAPPED | DEMAND_FAULTED), 1);
	assert_int_equal(count(b, DEMAND_INSERT | DEMAND_READAHEAD), 31 + 30 + WINDOW);
}

static void kernels_that_tell_are_believed(void **state)
{
	struct bench *b = new_bench("6.12.9");

	(void)state;
	fault(b, 5, FAULT_READ);
	add(b, 100, WINDOW, GFP_AHEAD);
	fault(b, 6, FAULT_READ);
	finish(b);
	assert_int_equal(count(b, DEMAND_INSERT | DEMAND_READAHEAD), WINDOW);
	assert_int_equal(b->nr_ops, WINDOW + 2);
}

/* ---- pages that are dirtied ---- */

static void dirty(struct bench *b, uint64_t index)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_WRITEBACK_DIRTY_FOLIO,
	                            .writeback = { .bdi = "254:16", .ino = 14, .index = index } });
}

/* A fault that makes a page of a shared mapping dirty is for that page, from the second one on that says the same. */
static void what_a_fault_dirties_it_is_for(void **state)
{
	static const char *const releases[] = { "6.1.0", "6.12.9" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bench *b = new_bench(releases[i]);

		add(b, 100, 4, GFP_WRITE);
		fault(b, 0, FAULT_WRITE | 1);
		dirty(b, 100);
		fault(b, 1, FAULT_WRITE);
		dirty(b, 101);
		/* By a system call after a fault that was for something else. */
		fault(b, 700, FAULT_WRITE);
		dirty(b, 102);
		fault(b, 900, FAULT_READ);
		dirty(b, 103);
		finish(b);
		assert_int_equal(count(b, DEMAND_MAPPED | DEMAND_FAULTED), 1);
		assert_int_equal(b->nr_kind[DEMAND_PAGE_FAULT], 3);
		/* After the first one and what it dirtied. */
		assert_int_equal(b->ops[6].kind, DEMAND_FILE_TOUCH);
		assert_int_equal(b->ops[6].page, b->ops[1].page);
	}
}

/* ---- calls that fill their range ---- */

#define MAP_SHARED_FILLED 0x8001u
#define MAP_LOCKED        0x2000u
#define MADV_READ         22u

static void enter(struct bench *b, uint16_t kind, uint64_t vpn, uint64_t nr, uint64_t flags)
{
	send(b, (struct mmr_event){ .kind = kind,
	                            .vma = { .address = vpn << 12,
	                                     .length = nr << 12,
	                                     .flags = flags,
	                                     .offset = 100 << 12,
	                                     .prot = 3 } });
}

static void leave(struct bench *b, uint16_t kind, uint64_t ret)
{
	send(b, (struct mmr_event){ .kind = kind, .syscall_exit = { .ret = (int64_t)ret } });
}

static unsigned int faults(const struct bench *b)
{
	unsigned int nr = 0;

	for (size_t i = 0; i < b->nr_ops; i++)
		nr += b->ops[i].kind == DEMAND_PAGE_FAULT
		              ? 1 + (b->ops[i].arg >> DEMAND_FAULTS_SHIFT)
		              : 0;
	return nr;
}

/* What mmap() has read of a file is mapped when it returns, and locked until it is unmapped. */
static void a_locked_file_is_locked_until_it_goes(void **state)
{
	struct bench *b = new_bench("6.1.0");

	(void)state;
	add(b, 98, 4, GFP_AHEAD);
	enter(b, MMR_EVENT_SYS_ENTER_MMAP, 0, 34, MAP_SHARED_FILLED | MAP_LOCKED);
	add(b, 102, WINDOW, GFP_AHEAD);
	leave(b, MMR_EVENT_SYS_EXIT_MMAP, (BASE + 512) << 12);
	enter(b, MMR_EVENT_SYS_ENTER_MUNMAP, BASE + 512, 10, 0);
	leave(b, MMR_EVENT_SYS_EXIT_MUNMAP, 0);
	finish(b);
	assert_int_equal(b->nr_kind[DEMAND_MLOCK], 34);
	assert_int_equal(b->nr_kind[DEMAND_MUNLOCK], 10);
	assert_int_equal(b->nr_kind[DEMAND_UNMAPPED], 10);
	assert_int_equal(count(b, DEMAND_MAPPED | DEMAND_AROUND), 34);
	/* One for every 16. */
	assert_int_equal(faults(b), 3);
}

static void around(struct bench *b)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_FILEMAP_MAP_PAGES,
	                            .filemap = { .ino = 15, .dev = 1, .last_index = 15 } });
}

static void new_page(struct bench *b)
{
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
	                            .page = { .pfn = b->next_pfn++, .gfp_flags = GFP_COPY } });
}

/* A shared mapping of tmpfs: a page that is new, mapped around in vain or not, and one that others are mapped around. */
static void faults_on_tmpfs_are_counted(void **state)
{
	struct bench *b = new_bench("6.12.9");

	(void)state;
	enter(b, MMR_EVENT_SYS_ENTER_MMAP, 0, 48, MAP_SHARED_FILLED);
	new_page(b);
	around(b);
	new_page(b);
	around(b);
	around(b);
	new_page(b);
	new_page(b);
	leave(b, MMR_EVENT_SYS_EXIT_MMAP, (BASE + 512) << 12);
	new_page(b);
	around(b);
	finish(b);
	assert_int_equal(faults(b), 5);
}

/* Each page that is not there is a fault of its own, but no page that a call before has filled already. */
static void zeroes_are_read_once(void **state)
{
	struct bench *b = new_bench("6.12.9");

	(void)state;
	enter(b, MMR_EVENT_SYS_ENTER_MMAP, 0, 700, 0x22);
	leave(b, MMR_EVENT_SYS_EXIT_MMAP, BASE << 12);
	fault(b, 3, FAULT_WRITE);
	send(b, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
	                            .page = { .pfn = b->next_pfn++, .gfp_flags = GFP_ANON } });
	for (int i = 0; i < 2; i++) {
		enter(b, MMR_EVENT_SYS_ENTER_MADVISE, BASE, 650, MADV_READ);
		leave(b, MMR_EVENT_SYS_EXIT_MADVISE, 0);
	}
	enter(b, MMR_EVENT_SYS_ENTER_MADVISE, BASE + 600, 200, MADV_READ);
	leave(b, MMR_EVENT_SYS_EXIT_MADVISE, (uint64_t)-22);
	finish(b);
	assert_int_equal(faults(b), 649);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_reads_around_its_page),
		cmocka_unit_test(what_is_there_is_known_by_its_address),
		cmocka_unit_test(readahead_has_many_forms),
		cmocka_unit_test(kernels_that_tell_are_believed),
		cmocka_unit_test(what_a_fault_dirties_it_is_for),
		cmocka_unit_test(a_locked_file_is_locked_until_it_goes),
		cmocka_unit_test(faults_on_tmpfs_are_counted),
		cmocka_unit_test(zeroes_are_read_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
