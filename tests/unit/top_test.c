/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mmcap top makes of texts of /proc and of events, and what it draws. */
#include "unit.h"

#include <stdio.h>

#include "top_model.h"
#include "top_view.h"

#define SECOND 1000000000ull
#define MSEC   1000000ull

static const char vmstat_text[] = "nr_free_pages 1000\n"
				  "nr_dirty 7\n"
				  "nr_dirty_threshold 99\n"
				  "pgalloc_dma 10\n"
				  "pgalloc_normal 90\n"
				  "pgalloc 5\n"
				  "pgfree 50\n"
				  "thp_fault_fallback 3\n"
				  "thp_fault_fallback_charge 4\n";

static const char zoneinfo_text[] = "Node 0, zone      DMA\n"
				    "  per-node stats\n"
				    "      nr_inactive_anon 1\n"
				    "  pages free     100\n"
				    "        boost    0\n"
				    "        min      10\n"
				    "        low      12\n"
				    "        high     15\n"
				    "        spanned  4095\n"
				    "        managed  3840\n"
				    "      nr_free_pages 100\n"
				    "  pagesets\n"
				    "    cpu: 0\n"
				    "              count:    1\n"
				    "              high:     777\n"
				    "  start_pfn:           1\n"
				    "Node 0, zone   Normal\n"
				    "  pages free     64\n"
				    "        min      50\n"
				    "        low      62\n"
				    "        high     75\n"
				    "        managed  9000\n"
				    "Node 0, zone  Movable\n"
				    "  pages free     0\n"
				    "        min      32\n"
				    "        managed  0\n";

static const char buddyinfo_text[] = "Node 0, zone      DMA      4      0      24 \n"
				     "Node 0, zone   Normal     32     16       0 \n"
				     "Node 1, zone   Normal      9      9       9 \n";

static const char pressure_text[] = "some avg10=1.50 avg60=0.25 avg300=0.01 total=2000000\n"
				    "full avg10=0.50 avg60=0.00 avg300=0.00 total=1000\n";

static const char meminfo_text[] = "MemTotal:       1000 kB\n"
				   "MemFree:         100 kB\n"
				   "MemAvailable:    300 kB\n"
				   "SwapTotal:       200 kB\n"
				   "SwapFree:         50 kB\n";

static struct top_reading reading; /* large */

static struct top_reading *read_all(uint64_t t_ns)
{
	struct top_reading *r = &reading;

	memset(r, 0, sizeof(*r));
	r->t_ns = t_ns;
	r->page_size = 4096;
	top_read_vmstat(r, vmstat_text);
	top_read_zoneinfo(r, zoneinfo_text);
	top_read_buddyinfo(r, buddyinfo_text);
	top_read_pressure(r, pressure_text);
	top_read_meminfo(r, meminfo_text);
	return r;
}

static void assert_near(double value, double wanted)
{
	assert_true(value > wanted - 1e-6 && value < wanted + 1e-6);
}

static void texts_become_a_reading(void **state)
{
	struct top_reading *r = read_all(1);

	(void)state;
	assert_int_equal(r->counters[TOP_NR_FREE], 1000);
	assert_int_equal(r->counters[TOP_NR_DIRTY], 7);
	assert_int_equal(r->counters[TOP_ALLOC], 100);
	assert_int_equal(r->counters[TOP_THP_FAULT_FALLBACK], 3);
	assert_true(r->counters[TOP_OOM] == TOP_ABSENT);
	assert_int_equal(r->nr_zones, 2);
	assert_string_equal(r->zones[1].name, "Normal");
	assert_int_equal(r->zones[0].free, 100);
	assert_int_equal(r->zones[0].high, 15);
	assert_int_equal(r->zones[1].low, 62);
	assert_int_equal(r->nr_orders, 3);
	assert_int_equal(r->zones[0].nr_blocks[2], 24);
	assert_int_equal(r->zones[1].nr_blocks[1], 16);
	assert_true(r->has_pressure);
	assert_int_equal(r->some.total_us, 2000000);
	assert_near(r->full.average[0], 0.5);
	assert_int_equal(r->total_bytes, 1024000);
	assert_int_equal(r->swap_free_bytes, 50 * 1024);
	/* 64 pages free, 32 of them in blocks of order 1, none in order 2. */
	assert_near(top_unusable(&r->zones[1], 3, 1), 0.5);
	assert_near(top_unusable(&r->zones[1], 3, 2), 1.0);
}

static void hostile_texts_do_no_harm(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"Node",
		"Node 0, zone",
		"Node 0, zone DMA",
		"Node 0, zone DMA 1 2",
		"pgfree",
		"pgfree ",
		"some avg10=",
		"MemTotal",
		"  pages free",
		"pgalloc_",
		":",
		" ",
		"Node 0, zone DMA 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n",
	};
	struct top_reading *r = read_all(1);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		top_read_vmstat(r, texts[i]);
		top_read_buddyinfo(r, texts[i]);
		top_read_zoneinfo(r, texts[i]);
		top_read_buddyinfo(r, texts[i]);
		top_read_pressure(r, texts[i]);
		top_read_meminfo(r, texts[i]);
	}
	assert_true(r->nr_orders <= TOP_MAX_ORDERS);
}

/* ---- the model ---- */

static struct top_model model; /* large */

static void name_task(void *data, uint32_t pid, char comm[TOP_COMM])
{
	(void)data;
	if (pid == 30)
		snprintf(comm, TOP_COMM, "kswapd0");
	else if (pid == 31)
		snprintf(comm, TOP_COMM, "kcompactd0");
	else if (pid < 1000)
		snprintf(comm, TOP_COMM, "task-%u", pid);
}

static int fresh_model(void **state)
{
	(void)state;
	memset(&model, 0, sizeof(model));
	model.find_comm = name_task;
	return 0;
}

static void feed(enum mmr_event_kind kind, uint64_t t_ns, uint32_t pid, struct mmr_event event)
{
	event.kind = (uint16_t)kind;
	event.t_ns = t_ns;
	event.pid = pid;
	top_model_event(&model, &event);
}

#define FEED(kind, t_ns, pid, ...) \
	feed(MMR_EVENT_##kind, t_ns, pid, (struct mmr_event){ __VA_ARGS__ })

/* A row of zeroes if there is none. */
static const struct top_stall *stall(uint32_t pid, enum top_kind kind)
{
	static const struct top_stall none;

	for (uint32_t i = 0; i < model.nr_stalls; i++)
		if (model.stalls[i].pid == pid && model.stalls[i].kind == kind)
			return &model.stalls[i];
	return &none;
}

static void order_0_is_what_remains(void **state)
{
	struct top_reading *r = read_all(SECOND);

	(void)state;
	model.counts_orders = true;
	top_model_reading(&model, r);
	assert_false(top_model_has_rates(&model));
	assert_true(top_model_alloc_rate(&model, 0) < 0.0);
	for (int i = 0; i < 4; i++)
		FEED(MM_PAGE_ALLOC, SECOND + 1, 5, .page = { .pfn = 8, .order = 3 });
	FEED(MM_PAGE_ALLOC, SECOND + 1, 5, .page = { .pfn = MMR_PFN_NONE, .order = 3 });
	FEED(MM_PAGE_FREE, SECOND + 1, 5, .page = { .pfn = 8, .order = 1 });
	FEED(MM_PAGE_FREE, SECOND + 1, 5, .page = { .pfn = 8, .order = 77 }); /* no such order */
	r->t_ns = 3 * SECOND;
	r->counters[TOP_ALLOC] += 132;
	r->counters[TOP_FREE] += 1;
	top_model_reading(&model, r);
	assert_near(top_model_alloc_rate(&model, 3), 2.0);
	assert_near(top_model_alloc_rate(&model, 0), 50.0); /* (132 - 4 x 8) / 2 s */
	assert_near(top_model_free_rate(&model, 1), 0.5);
	assert_near(top_model_free_rate(&model, 0), 0.0); /* never below */
	assert_true(top_model_rate(&model, TOP_OOM) < 0.0);
}

static void pressure_is_a_share_of_the_time(void **state)
{
	struct top_reading *r = read_all(SECOND);

	(void)state;
	top_model_reading(&model, r);
	r->t_ns += SECOND;
	r->some.total_us += 250000;
	r->full.total_us += 9000000;
	top_model_reading(&model, r);
	assert_near(top_model_pressure(&model, false), 25.0);
	assert_near(top_model_pressure(&model, true), 100.0);
}

static void reclaim_is_seen_while_it_lasts(void **state)
{
	(void)state;
	FEED(MM_VMSCAN_DIRECT_RECLAIM_BEGIN, SECOND, 7, .reclaim = { .order = 2 });
	FEED(MM_VMSCAN_LRU_SHRINK_INACTIVE, SECOND + 1, 7,
	     .shrink_inactive = { .nr_scanned = 32, .nr_reclaimed = 20 });
	FEED(MM_VMSCAN_LRU_SHRINK_INACTIVE, SECOND + 2, 8, .shrink_inactive = { .nr_scanned = 9 });
	assert_int_equal(model.nr_active, 1);
	assert_int_equal(model.active[0].order, 2);
	assert_int_equal(model.active[0].nr_scanned, 32);
	assert_int_equal(model.active[0].nr_done, 20);
	assert_string_equal(model.active[0].comm, "task-7");
	FEED(MM_VMSCAN_THROTTLED, SECOND + 2 * MSEC, 7, .throttled = { .delayed_us = 1500 });
	FEED(MM_VMSCAN_DIRECT_RECLAIM_END, SECOND + 3 * MSEC, 7, .reclaim = { .nr_reclaimed = 20 });
	FEED(MM_VMSCAN_DIRECT_RECLAIM_BEGIN, SECOND + 4 * MSEC, 7, .reclaim = { .order = 0 });
	FEED(MM_VMSCAN_DIRECT_RECLAIM_END, SECOND + 5 * MSEC, 7, .reclaim = { .nr_reclaimed = 1 });
	assert_int_equal(model.nr_active, 0);
	assert_int_equal(model.nr_stalls, 2);
	assert_int_equal(stall(7, TOP_DIRECT_RECLAIM)->count, 2);
	assert_int_equal(stall(7, TOP_DIRECT_RECLAIM)->total_ns, 4 * MSEC);
	assert_int_equal(stall(7, TOP_DIRECT_RECLAIM)->longest_ns, 3 * MSEC);
	assert_int_equal(stall(7, TOP_DIRECT_RECLAIM)->last_ns, SECOND + 5 * MSEC);
	assert_int_equal(stall(7, TOP_DIRECT_RECLAIM)->nr_reclaimed, 21);
	assert_int_equal(stall(7, TOP_THROTTLED)->total_ns, 1500000);
}

static void an_end_alone_is_no_stall(void **state)
{
	(void)state;
	FEED(MM_VMSCAN_DIRECT_RECLAIM_END, SECOND, 7, .reclaim = { .nr_reclaimed = 1 });
	FEED(MM_COMPACTION_END, SECOND, 7, .compaction = { .status = 1 });
	FEED(MM_VMSCAN_MEMCG_RECLAIM_BEGIN, SECOND, 7, .reclaim = { .order = 0 });
	FEED(MM_VMSCAN_DIRECT_RECLAIM_END, SECOND, 7, .reclaim = { .nr_reclaimed = 1 });
	assert_int_equal(model.nr_stalls, 0);
	assert_int_equal(model.nr_active, 1);
	/* Behind a hole nobody knows what goes on. */
	FEED(LOST, SECOND, 0, .lost = { .nr_events = 3 });
	assert_int_equal(model.nr_active, 0);
	assert_int_equal(model.nr_losses, 1);
	FEED(MM_VMSCAN_MEMCG_RECLAIM_END, SECOND, 7, .reclaim = { .nr_reclaimed = 1 });
	assert_int_equal(model.nr_stalls, 0);
}

static void the_background_does_not_stall(void **state)
{
	(void)state;
	FEED(MM_VMSCAN_KSWAPD_WAKE, SECOND, 30, .reclaim = { .order = 1 });
	FEED(MM_VMSCAN_KSWAPD_WAKE, 2 * SECOND, 30, .reclaim = { .order = 4 });
	FEED(MM_COMPACTION_BEGIN, 2 * SECOND, 31, .compaction = { .sync = 1 });
	FEED(MM_COMPACTION_ISOLATE_MIGRATEPAGES, 2 * SECOND, 31,
	     .isolate = { .nr_scanned = 512, .nr_taken = 30 });
	assert_int_equal(model.nr_active, 2);
	assert_int_equal(model.active[0].begin_ns, SECOND);
	assert_int_equal(model.active[1].kind, TOP_KCOMPACTD);
	assert_int_equal(model.active[1].nr_done, 30);
	FEED(MM_COMPACTION_END, 3 * SECOND, 31, .compaction = { .status = 1 });
	FEED(MM_VMSCAN_KSWAPD_SLEEP, 3 * SECOND, 30, .reclaim = { .nid = 0 });
	assert_int_equal(model.nr_active, 0);
	assert_int_equal(model.nr_stalls, 0);
	/* It was awake before anybody looked. */
	FEED(MM_VMSCAN_LRU_SHRINK_INACTIVE, 4 * SECOND, 30, .shrink_inactive = { .nr_scanned = 5 });
	assert_int_equal(model.nr_active, 1);
	assert_int_equal(model.active[0].kind, TOP_KSWAPD);
}

static void a_task_may_compact_and_reclaim(void **state)
{
	(void)state;
	FEED(MM_VMSCAN_DIRECT_RECLAIM_BEGIN, SECOND, 7, .reclaim = { .order = 9 });
	FEED(MM_COMPACTION_BEGIN, SECOND + MSEC, 7, .compaction = { .sync = 0 });
	assert_int_equal(model.nr_active, 2);
	FEED(MM_COMPACTION_END, SECOND + 3 * MSEC, 7, .compaction = { .status = 1 });
	FEED(MM_VMSCAN_DIRECT_RECLAIM_END, SECOND + 9 * MSEC, 7, .reclaim = { .nr_reclaimed = 1 });
	assert_int_equal(stall(7, TOP_COMPACTION)->total_ns, 2 * MSEC);
	assert_int_equal(stall(7, TOP_DIRECT_RECLAIM)->total_ns, 9 * MSEC);
	FEED(MARK_VICTIM, SECOND, 3, .oom = { .pid = 7 });
	assert_int_equal(stall(7, TOP_OOM_KILL)->count, 1);
	FEED(BALANCE_DIRTY_PAGES, SECOND, 9, .balance_dirty = { .pause_ms = -3 });
	FEED(BALANCE_DIRTY_PAGES, SECOND, 9, .balance_dirty = { .pause_ms = 12 });
	assert_int_equal(stall(9, TOP_DIRTYING)->count, 1);
	assert_int_equal(stall(9, TOP_DIRTYING)->total_ns, 12 * MSEC);
}

static void memory_is_bounded(void **state)
{
	(void)state;
	for (uint32_t pid = 1; pid <= 3 * TOP_MAX_STALLS; pid++) {
		FEED(MM_VMSCAN_DIRECT_RECLAIM_BEGIN, pid * MSEC, pid, .reclaim = { .order = 0 });
		FEED(MM_VMSCAN_DIRECT_RECLAIM_END, pid * MSEC + pid, pid, .reclaim = { .nid = 0 });
	}
	assert_int_equal(model.nr_stalls, TOP_MAX_STALLS);
	assert_int_equal(model.nr_forgotten, 2 * TOP_MAX_STALLS);
	assert_int_equal(stall(TOP_MAX_STALLS, TOP_DIRECT_RECLAIM)->count, 0);
	assert_int_equal(stall(3 * TOP_MAX_STALLS, TOP_DIRECT_RECLAIM)->count, 1);
	for (uint32_t pid = 1; pid <= 2 * TOP_MAX_ACTIVE; pid++)
		FEED(MM_VMSCAN_DIRECT_RECLAIM_BEGIN, SECOND, pid, .reclaim = { .order = 0 });
	assert_int_equal(model.nr_active, TOP_MAX_ACTIVE);
	top_model_sort(&model, TOP_BY_LONGEST);
	assert_int_equal(model.stalls[0].pid, 3 * TOP_MAX_STALLS);
	top_model_reset(&model);
	assert_int_equal(model.nr_stalls, 0);
}

/* ---- the picture ---- */

static const struct top_view view = {
	.interval_ns = SECOND, .host = "box", .release = "6.12.1", .clock = "12:00:00"
};

static void row_text(const struct top_frame *frame, int row, char *text)
{
	for (int col = 0; col < frame->cols; col++)
		text[col] = (char)frame->cells[row * frame->cols + col].ch;
	text[frame->cols] = '\0';
}

static void two_readings(void)
{
	struct top_reading *r = read_all(SECOND);

	model.counts_orders = true;
	top_model_reading(&model, r);
	FEED(MM_VMSCAN_DIRECT_RECLAIM_BEGIN, SECOND, 7, .reclaim = { .order = 2 });
	FEED(MM_VMSCAN_DIRECT_RECLAIM_END, SECOND + 3 * MSEC, 7, .reclaim = { .nr_reclaimed = 20 });
	FEED(MM_VMSCAN_DIRECT_RECLAIM_BEGIN, SECOND, 8, .reclaim = { .order = 2 });
	r->t_ns += SECOND;
	top_model_reading(&model, r);
}

static void a_picture_of_80_by_24(void **state)
{
	static const char *const wanted[] = {
		"mmcap top  box  6.12.1  12:00:00  every 1.0 s",
		"Memory    1000K  free 3.91M  avail 300K  anon -  file -  slab -  dirty 28.0K",
		"Pressure  some   0.0%  avg 1.50 0.25 0.01   full   0.0%  avg 0.50 0.00 0.00",
		"ZONE           FREE     MIN     LOW    HIGH  free: 0 to 2 x high",
		"0 DMA          400K   40.0K   48.0K   60.0K  [###########m#l##h###############>]",
		"0 Normal       256K    200K    248K    300K  [###########m#l..h................]",
	};
	struct top_frame frame = { 0 };
	char text[TOP_MAX_COLS + 1];

	(void)state;
	two_readings();
	assert_true(top_frame_resize(&frame, 24, 80));
	top_view_draw(&frame, &model, &view);
	for (int i = 0; i < 6; i++) {
		row_text(&frame, i, text);
		text[strlen(wanted[i])] = '\0';
		assert_string_equal(text, wanted[i]);
	}
	row_text(&frame, 17, text);
	assert_non_null(strstr(text, "task-8"));
	row_text(&frame, 19, text);
	assert_non_null(strstr(text, "task-7"));
	assert_non_null(strstr(text, "3.0 ms"));
	top_frame_deinit(&frame);
}

static void any_size_is_drawn(void **state)
{
	static const int sizes[] = { 1, 2, 5, 24, 39, 80, 133, 400, 1000 };
	struct top_view v = view;
	struct top_frame frame = { 0 };
	const size_t count = sizeof(sizes) / sizeof(sizes[0]);

	(void)state;
	two_readings();
	model.shows_event[MMR_EVENT_KMALLOC] = true;
	for (size_t i = 0; i < 4 * count * count; i++) {
		v.help = i & 1;
		v.utf8 = i & 2;
		v.scroll = i & 7;
		assert_true(top_frame_resize(&frame, sizes[i / 4 / count], sizes[i / 4 % count]));
		top_view_draw(&frame, &model, &v);
	}
	snprintf(v.problem, sizeof(v.problem), "because");
	v.help = false;
	top_view_draw(&frame, &model, &v);
	top_frame_deinit(&frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_become_a_reading),
		cmocka_unit_test(hostile_texts_do_no_harm),
		cmocka_unit_test_setup(order_0_is_what_remains, fresh_model),
		cmocka_unit_test_setup(pressure_is_a_share_of_the_time, fresh_model),
		cmocka_unit_test_setup(reclaim_is_seen_while_it_lasts, fresh_model),
		cmocka_unit_test_setup(an_end_alone_is_no_stall, fresh_model),
		cmocka_unit_test_setup(the_background_does_not_stall, fresh_model),
		cmocka_unit_test_setup(a_task_may_compact_and_reclaim, fresh_model),
		cmocka_unit_test_setup(memory_is_bounded, fresh_model),
		cmocka_unit_test_setup(a_picture_of_80_by_24, fresh_model),
		cmocka_unit_test_setup(any_size_is_drawn, fresh_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
