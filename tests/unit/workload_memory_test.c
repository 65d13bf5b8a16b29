/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the workload keeps: four bytes a page frame, and of each logical page at most 96 if it is anonymous (with the
 * map that says where it is seen, and the chains to find that) and 56 if it is a file's, tables' room to grow
 * included. Ops on their way out have a window of fixed size.
 */
#include "unit.h"

#include <malloc.h>

#include "workload.h"
#include "workload_events.h"

#define NR_PAGES (3u << 17)
#define FRAME    4u
#define ANON     96u
#define OF_FILE  56u
#define FIXED    (256u << 10) /* tasks */
#define PID      77u

#if defined(__SANITIZE_ADDRESS__)
#define COUNTS_HEAP false
#else
#define COUNTS_HEAP true
#endif

static size_t heap(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void send(struct wl *wl, struct mmr_event event)
{
	static uint64_t t_ns;
	size_t nr_ops;

	event.t_ns = ++t_ns;
	event.pid = PID;
	assert_int_equal(wl_event(wl, &event, NULL), 0);
	wl_ops(wl, &nr_ops);
	if (nr_ops >= 4096)
		wl_consume(wl, nr_ops);
}

static void touch_anon(struct wl *wl, uint64_t i)
{
	send(wl, (struct mmr_event){ .kind = MMR_EVENT_PAGE_FAULT_USER,
	                             .fault = { .address = (BASE + i) << 12, .error_code = 6 } });
	send(wl, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
	                             .page = { .pfn = i, .gfp_flags = GFP_ANON } });
}

static void read_file(struct wl *wl, uint64_t i)
{
	send(wl, (struct mmr_event){ .kind = MMR_EVENT_MM_PAGE_ALLOC,
	                             .page = { .pfn = i, .gfp_flags = GFP_AHEAD } });
	send(wl, (struct mmr_event){ .kind = MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE,
	                             .filemap = { .pfn = i, .ino = 9, .index = i, .dev = 5 } });
}

/* The most of it at any time. The window of ops is full before it is counted from. */
static double bytes_a_page(void (*make)(struct wl *, uint64_t), uint64_t nr_alive)
{
	struct mmr_zone_info zone = { .spanned = 2 * NR_PAGES, .name = "Normal" };
	struct wl_options options = { .zones = &zone, .nr_zones = 1 };
	size_t before = heap(), empty;
	struct wl *wl;
	double most = 0;
	uint64_t i = 0;

	assert_int_equal(wl_new(&options, &wl, NULL), 0);
	empty = heap() - before;
	if (empty > FRAME * zone.spanned + FIXED)
		fail_msg("%zu bytes for %u page frames", empty, 2 * NR_PAGES);
	for (; i < NR_PAGES / 4; i++)
		make(wl, i);
	empty = heap();
	for (uint64_t alive = 1; alive <= nr_alive; alive++) {
		make(wl, i++);
		/* Tables have just grown, or are about to. */
		if (alive >= nr_alive / 4 && alive % 512 == 0) {
			double bytes = (double)(heap() - empty) / (double)alive;

			most = bytes > most ? bytes : most;
		}
	}
	assert_true(wl_explain(wl)->pages_alive >= nr_alive);
	wl_destroy(wl);
	return most;
}

static void every_page_fits(void **state)
{
	double anon = bytes_a_page(touch_anon, NR_PAGES);
	double of_file = bytes_a_page(read_file, NR_PAGES);

	(void)state;
	printf("# %.1f bytes an anonymous page, %.1f a page of a file\n", anon, of_file);
	assert_true(!COUNTS_HEAP || anon <= ANON);
	assert_true(!COUNTS_HEAP || of_file <= OF_FILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_page_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
