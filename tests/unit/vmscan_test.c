/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kswapd.h"
#include "machine.h"

#define NR_PAGES (16u * 512)

static const struct mm_request user = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

static struct mm_machine *machine_with(const char *policy, uint32_t nr_slots)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, nr_slots, policy_find(policy));

	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 3 * NR_PAGES, NULL), 0);
	return machine;
}

static void touch_range(struct mm_machine *machine, uint32_t first, uint32_t end)
{
	for (uint32_t page = first; page < end; page++)
		assert_int_equal(mm_touch_page(machine, &user, page, MM_LPAGE_ANON, 0),
		                 MM_TOUCH_NEW);
}

/* The device ends a thousand writes at a time. */
static void settle(struct mm_machine *machine)
{
	while (mm_kswapd_runnable(machine, 0)) {
		if (mm_kswapd_step(machine, 0) == MM_KSWAPD_BLOCKED ||
		    mm_nr_writeback(machine) >= 1024)
			mm_end_writeback(machine, UINT32_MAX);
	}
	mm_end_writeback(machine, UINT32_MAX);
}

static void kswapd_wakes_below_low_and_sleeps_above_high(void **state)
{
	struct mm_machine *machine = machine_with("fifo", NR_PAGES);
	const struct mm_zone *zone = &machine->zones[0];
	uint32_t page = 0;

	(void)state;
	assert_int_equal(mm_kswapd_step(machine, 0), MM_KSWAPD_IDLE);
	while (!mm_kswapd_runnable(machine, 0)) {
		touch_range(machine, page, page + 1);
		page++;
	}
	assert_true((uint64_t)zone->free_pages <= mm_wmark_pages(zone, MM_WMARK_LOW));
	settle(machine);
	assert_true((uint64_t)zone->free_pages > mm_wmark_pages(zone, MM_WMARK_HIGH));
	assert_true(machine_counter(machine, "pgsteal_kswapd") > 0);
	assert_int_equal(machine_counter(machine, "allocstall_movable"), 0);
	assert_int_equal(machine_counter(machine, "pageoutrun"), 1);
	assert_int_equal(mm_kswapd_step(machine, 0), MM_KSWAPD_NAPPING);
	mm_kswapd_nap_over(machine, 0);
	assert_int_equal(mm_kswapd_step(machine, 0), MM_KSWAPD_IDLE);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* It had a CPU before the order was asked for: that is for its next run. */
static void kswapd_knows_what_was_asked_for_when_it_got_its_cpu(void **state)
{
	struct mm_machine *machine = machine_with("fifo", NR_PAGES);
	const struct mm_zone *zone = &machine->zones[0];
	struct mm_kswapd *kswapd = &machine->nodes[0].kswapd;

	(void)state;
	mm_kswapd_take_request(machine, 0); /* asleep: nothing */
	for (uint32_t page = 0; !mm_kswapd_runnable(machine, 0); page++)
		touch_range(machine, page, page + 1);
	mm_kswapd_take_request(machine, 0);
	mm_wakeup_kswapd(machine, zone, 0, 2, zone->type);
	assert_int_equal(mm_kswapd_step(machine, 0), MM_KSWAPD_WORKED);
	assert_int_equal(kswapd->alloc_order, 0);
	assert_int_equal(kswapd->order, 2);
	mm_kswapd_take_request(machine, 0); /* it runs: that is for later */
	assert_int_equal(kswapd->order, 2);
	settle(machine);
	assert_int_equal(kswapd->alloc_order, 2);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* An order that was asked for while it ran decides whether it may sleep, and is not lost when its nap is cut short. */
static void kswapd_sleeps_by_what_was_asked_for_meanwhile(void **state)
{
	struct mm_machine *machine = machine_with("fifo", NR_PAGES);
	const struct mm_zone *zone = &machine->zones[0];
	struct mm_kswapd *kswapd = &machine->nodes[0].kswapd;

	(void)state;
	for (uint32_t page = 0; !mm_kswapd_runnable(machine, 0); page++)
		touch_range(machine, page, page + 1);
	assert_int_equal(mm_kswapd_step(machine, 0), MM_KSWAPD_WORKED);
	mm_wakeup_kswapd(machine, zone, 0, 2, zone->type);
	assert_int_equal(kswapd->alloc_order, 0);
	settle(machine);
	assert_int_equal(mm_kswapd_step(machine, 0), MM_KSWAPD_NAPPING);
	assert_int_equal(kswapd->alloc_order, 2);
	assert_int_equal(kswapd->reclaim_order, 2);
	assert_true(mm_pgdat_balanced(&machine->nodes[0], 2, zone->type));
	mm_rouse_kswapd(&machine->nodes[0]);
	assert_int_equal(machine_counter(machine, "kswapd_low_wmark_hit_quickly"), 1);
	assert_int_equal(kswapd->order, 2);
	settle(machine);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void kswapd_gives_up_where_nothing_can_be_reclaimed(void **state)
{
	struct mm_machine *machine = machine_with("clock", 0);
	uint32_t page = 0;

	(void)state;
	while (!mm_kswapd_runnable(machine, 0)) {
		touch_range(machine, page, page + 1);
		page++;
	}
	settle(machine);
	assert_int_equal(machine->nodes[0].kswapd.failures, 16);
	assert_false(mm_kswapd_runnable(machine, 0));
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void without_kswapd_the_task_reclaims_itself(void **state)
{
	struct mm_machine *machine = machine_with("fifo", NR_PAGES);

	(void)state;
	touch_range(machine, 0, NR_PAGES + 1000);
	assert_true(machine_counter(machine, "allocstall_movable") > 0);
	assert_true(machine_counter(machine, "pgsteal_direct") >= 1000);
	assert_int_equal(machine_counter(machine, "pgscan_kswapd"), 0);
	assert_true(machine_counter(machine, "pswpout") >= 1000);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void out_of_memory_is_told_and_survived(void **state)
{
	struct mm_machine *machine = machine_with("clock", 0);
	uint32_t page = 0;

	(void)state;
	while (mm_touch_page(machine, &user, page, MM_LPAGE_ANON, 0) == MM_TOUCH_NEW)
		page++;
	assert_in_range(page, NR_PAGES * 9 / 10, NR_PAGES);
	assert_false(mm_lpage_is_known(machine, page));
	assert_int_equal(mm_touch_page(machine, &user, page, MM_LPAGE_ANON, 0), MM_TOUCH_FAILED);
	for (uint32_t i = 0; i < 500; i++)
		assert_true(mm_free_lpage(machine, 0, i));
	assert_int_equal(mm_touch_page(machine, &user, page, MM_LPAGE_ANON, 0), MM_TOUCH_NEW);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* Fills memory, uses the first 100 pages again, and needs room for 1000 more. */
static uint32_t kept_of_the_used(const char *policy)
{
	struct mm_machine *machine = machine_with(policy, NR_PAGES);
	uint32_t kept = 0, page = 0;

	while (!mm_kswapd_runnable(machine, 0)) {
		touch_range(machine, page, page + 1);
		page++;
	}
	for (uint32_t i = 0; i < page; i++)
		machine->pages[mm_lpage(machine, i)->pfn].flags &= (uint16_t)~MM_PG_YOUNG;
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(mm_touch_page(machine, &user, i, MM_LPAGE_ANON, 0), MM_TOUCH_HIT);
	settle(machine);
	for (int i = 0; i < 10; i++, page += 100) {
		touch_range(machine, page, page + 100);
		settle(machine);
	}
	for (uint32_t i = 0; i < 100; i++)
		kept += mm_lpage(machine, i)->pfn != MM_NONE;
	machine_check(machine);
	mm_machine_destroy(machine);
	return kept;
}

static void clock_gives_a_second_chance_and_fifo_none(void **state)
{
	(void)state;
	/* Pages whose writes end together come out in reverse, so not quite all of them are gone. */
	assert_true(kept_of_the_used("fifo") < 50);
	assert_int_equal(kept_of_the_used("clock"), 100);
}

static struct mm_machine *with_evicted_page(uint32_t *page)
{
	struct mm_machine *machine = machine_with("fifo", NR_PAGES);

	machine->settings.page_cluster = 0;
	touch_range(machine, 0, NR_PAGES + 500);
	for (*page = 0; mm_lpage(machine, *page)->pfn != MM_NONE; ++*page)
		assert_true(*page < NR_PAGES);
	assert_int_not_equal(mm_lpage(machine, *page)->slot, MM_NONE);
	return machine;
}

static void a_page_is_clean_in_its_slot_until_it_is_written(void **state)
{
	uint32_t page;
	struct mm_machine *machine = with_evicted_page(&page);
	uint64_t refaults = machine_counter(machine, "workingset_refault_anon");

	(void)state;
	assert_int_equal(mm_touch_page(machine, &user, page, MM_LPAGE_ANON, 0), MM_TOUCH_SWAPIN);
	assert_int_equal(machine_counter(machine, "workingset_refault_anon"), refaults + 1);
	assert_int_equal(machine_counter(machine, "pgmajfault"), 1);
	assert_int_not_equal(mm_lpage(machine, page)->slot, MM_NONE);
	assert_false(machine->pages[mm_lpage(machine, page)->pfn].flags & MM_PG_DIRTY);
	assert_int_equal(mm_touch_page(machine, &user, page, MM_LPAGE_ANON, MM_TOUCH_WRITE),
	                 MM_TOUCH_HIT);
	assert_true(machine->pages[mm_lpage(machine, page)->pfn].flags & MM_PG_DIRTY);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void a_copy_brings_its_source_back(void **state)
{
	uint32_t page;
	struct mm_machine *machine = with_evicted_page(&page);

	(void)state;
	assert_int_equal(mm_copy_page(machine, &user, 2 * NR_PAGES, page, 0), MM_TOUCH_NEW);
	assert_int_not_equal(mm_lpage(machine, page)->pfn, MM_NONE);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* … and of a page that readahead brought, its source was what it had been brought for. */
static void a_copy_finds_what_was_read_ahead(void **state)
{
	uint32_t page;
	struct mm_machine *machine = with_evicted_page(&page);
	uint64_t hits = machine->swap.ra_hits;
	struct mm_page *source;

	(void)state;
	mm_copy_page(machine, &user, 2 * NR_PAGES, page, 0);
	source = &machine->pages[mm_lpage(machine, page)->pfn];
	source->flags |= MM_PG_READAHEAD;
	mm_copy_page(machine, &user, 2 * NR_PAGES + 1, page, 0);
	assert_false(source->flags & MM_PG_READAHEAD);
	assert_int_equal(machine->swap.ra_hits, hits + 1);
	assert_int_equal(machine_counter(machine, "swap_ra_hit"), 1);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* A page that one process read from swap is in the tables of the others by faults of their own. */
static void each_process_faults_on_what_was_in_swap(void **state)
{
	uint32_t page;
	struct mm_machine *machine = with_evicted_page(&page);
	uint64_t faults;

	(void)state;
	assert_int_equal(mm_touch_page(machine, &user, page, MM_LPAGE_ANON, 0), MM_TOUCH_SWAPIN);
	faults = machine_counter(machine, "pgfault");
	assert_int_equal(mm_touch_page(machine, &user, page, MM_LPAGE_ANON, 0), MM_TOUCH_HIT);
	assert_int_equal(mm_touch_page(machine, &user, page, MM_LPAGE_ANON, MM_TOUCH_BESIDE),
	                 MM_TOUCH_MINOR);
	assert_int_equal(machine_counter(machine, "pgfault"), faults + 1);
	assert_int_equal(machine_counter(machine, "pgmajfault"), 1);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* Whether a page that was touched first is in memory after nearly all others have gone. */
static bool stays(bool locked)
{
	struct mm_machine *machine = machine_with("fifo", 3 * NR_PAGES);
	bool result;

	touch_range(machine, 0, 1);
	mm_lock_page(machine, 0, locked);
	assert_int_equal(machine_counter(machine, "nr_unevictable"), locked ? 1 : 0);
	touch_range(machine, 1, NR_PAGES + 7500);
	result = mm_lpage(machine, 0)->pfn != MM_NONE;
	mm_lock_page(machine, 0, false);
	machine_check(machine);
	mm_machine_destroy(machine);
	return result;
}

static void a_locked_page_is_never_evicted(void **state)
{
	(void)state;
	assert_false(stays(false));
	assert_true(stays(true));
}

static void lazily_freed_pages_are_dropped_unwritten(void **state)
{
	struct mm_machine *machine = machine_with("fifo", 0);

	(void)state;
	touch_range(machine, 0, 1000);
	for (uint32_t page = 0; page < 1000; page++)
		mm_lazyfree_page(machine, 0, page);
	/* Written again before reclaim came: the promise is void. */
	mm_touch_page(machine, &user, 0, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	touch_range(machine, 1000, NR_PAGES);
	assert_true(machine_counter(machine, "pglazyfreed") > 100);
	assert_int_equal(machine_counter(machine, "pswpout"), 0);
	assert_true(mm_lpage_is_known(machine, 0));
	assert_false(mm_lpage_is_known(machine, 1));
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void a_huge_page_goes_on_in_pieces(void **state)
{
	struct mm_machine *machine = machine_with("fifo", NR_PAGES);
	const struct mm_request huge = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .order = 9 };

	(void)state;
	assert_int_equal(mm_touch_page(machine, &huge, 0, MM_LPAGE_ANON, 0), MM_TOUCH_NEW);
	assert_int_equal(machine_counter(machine, "thp_fault_alloc"), 1);
	/* A base page of it is there. */
	assert_int_equal(mm_touch_page(machine, &user, 300, MM_LPAGE_ANON, 0), MM_TOUCH_HIT);
	assert_int_equal(machine_counter(machine, "nr_anon_pages"), 512);
	touch_range(machine, 512, NR_PAGES + 500);
	assert_int_equal(mm_lpage(machine, 0)->order, 0);
	machine_check(machine);
	assert_true(mm_touch_page(machine, &huge, 0, MM_LPAGE_ANON, 0) >= MM_TOUCH_SWAPIN);
	machine_check(machine);
	assert_true(mm_free_base(machine, 0, 0, 9));
	machine_check(machine);
	assert_false(mm_free_base(machine, 0, 0, 9));
	mm_machine_destroy(machine);
}

static uint32_t find_written(const struct mm_machine *machine)
{
	uint32_t pfn = 0;

	while (pfn < machine->nr_pfns &&
	       !(mm_is_writeback(&machine->pages[pfn]) && (machine->pages[pfn].flags & MM_PG_LRU)))
		pfn++;
	assert_true(pfn < machine->nr_pfns);
	return pfn;
}

/* More than half of swap is in use, where pages that stay in memory give their slots back. */
static void a_page_that_is_written_keeps_its_slot(void **state)
{
	struct mm_machine *machine = machine_with("fifo", 256);
	struct mm_scan_control sc = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
	struct mm_batch batch = { 0 };
	uint64_t nr_written;
	uint32_t pfn;

	(void)state;
	for (uint32_t page = 0; page < NR_PAGES && !mm_kswapd_runnable(machine, 0); page++)
		touch_range(machine, page, page + 1);
	for (uint32_t i = 0; i < 4096 && mm_kswapd_runnable(machine, 0); i++)
		mm_kswapd_step(machine, 0);
	assert_true(mm_swap_full(machine));
	pfn = find_written(machine);
	mm_isolate(&machine->nodes[0], pfn, &batch);
	assert_int_equal(mm_shrink_batch(&machine->nodes[0], &sc, &batch, &nr_written), 0);
	assert_true(mm_is_writeback(&machine->pages[pfn]));
	assert_true(machine->pages[pfn].flags & MM_PG_SWAPCACHE);
	settle(machine);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* Whoever waits; the clock goes on a jiffy each time, in which kswapd does one step. */
struct waits {
	struct mm_machine *machine;
	uint64_t now_ns;
	uint32_t nr[MM_THROTTLE_PFMEMALLOC + 1];
};

static uint64_t waits_now(void *data)
{
	return ((const struct waits *)data)->now_ns;
}

static void waits_throttle(void *data, const struct mm_scan_control *sc, enum mm_throttle reason)
{
	struct waits *waits = data;

	(void)sc;
	waits->nr[reason]++;
	waits->now_ns += 1000000;
	mm_kswapd_step(waits->machine, 0);
	mm_end_writeback(waits->machine, UINT32_MAX);
}

static void who_finds_the_reserves_used_up_waits_for_kswapd(void **state)
{
	static const struct mm_request reserves = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE |
		                                                 MM_GFP_MEMALLOC };
	struct mm_machine *machine = machine_with("classic", NR_PAGES);
	struct mm_request process = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
	struct waits waits = { .machine = machine };
	const struct mm_zone *zone = &machine->zones[0];
	uint32_t page = 0;

	(void)state;
	assert_int_equal(mm_reserve_spaces(machine, 2, NULL), 0);
	process.space = mm_space_new(machine, 0, false);
	machine->settings.watermark_boost_factor = 0;
	machine->hooks.data = &waits;
	machine->hooks.now_ns = waits_now;
	machine->hooks.throttle = waits_throttle;
	for (; !mm_kswapd_runnable(machine, 0); page++)
		touch_range(machine, page, page + 1);
	for (; zone->free_pages > zone->wmark[MM_WMARK_MIN]; page++)
		assert_int_equal(mm_touch_page(machine, &reserves, page, MM_LPAGE_ANON, 0),
		                 MM_TOUCH_NEW);
	/* More than half is left: it reclaims at once. */
	assert_int_equal(mm_touch_page(machine, &process, page, MM_LPAGE_ANON, 0), MM_TOUCH_NEW);
	assert_int_equal(waits.nr[MM_THROTTLE_PFMEMALLOC], 0);
	for (page++; zone->free_pages > zone->wmark[MM_WMARK_MIN] / 2; page++)
		assert_int_equal(mm_touch_page(machine, &reserves, page, MM_LPAGE_ANON, 0),
		                 MM_TOUCH_NEW);
	assert_int_equal(mm_touch_page(machine, &process, page, MM_LPAGE_ANON, 0), MM_TOUCH_NEW);
	assert_true(waits.nr[MM_THROTTLE_PFMEMALLOC] > 0);
	assert_int_equal(machine_counter(machine, "pgscan_direct_throttle"), 1);
	/* By then kswapd has done a round, and there was enough. */
	assert_true(machine->nodes[0].kswapd.rounds > 0);
	assert_true(zone->free_pages > zone->wmark[MM_WMARK_MIN] / 2);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* Somebody may wait for what they do. */
static void kernel_threads_do_not_wait_for_kswapd(void **state)
{
	static const struct mm_request reserves = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE |
		                                                 MM_GFP_MEMALLOC };
	struct mm_machine *machine = machine_with("classic", NR_PAGES);
	struct waits waits = { .machine = machine };
	const struct mm_zone *zone = &machine->zones[0];
	uint32_t page = 0;

	(void)state;
	machine->hooks.data = &waits;
	machine->hooks.now_ns = waits_now;
	machine->hooks.throttle = waits_throttle;
	for (; zone->free_pages > zone->wmark[MM_WMARK_MIN] / 2; page++)
		assert_int_equal(mm_touch_page(machine, &reserves, page, MM_LPAGE_ANON, 0),
		                 MM_TOUCH_NEW);
	touch_range(machine, page, page + 1);
	assert_int_equal(waits.nr[MM_THROTTLE_PFMEMALLOC], 0);
	assert_int_equal(machine_counter(machine, "pgscan_direct_throttle"), 0);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void who_finds_too_many_pages_isolated_waits_once(void **state)
{
	struct mm_machine *machine = machine_with("classic", NR_PAGES);
	struct mm_scan_control sc = {
		.gfp_flags = MM_GFP_HIGHUSER_MOVABLE,
		.reclaim_idx = MM_ZONE_DMA32,
		.may_swap = true,
		.may_writepage = true,
	};
	struct waits waits = { .machine = machine };
	struct mm_node *node = &machine->nodes[0];

	(void)state;
	machine->hooks.data = &waits;
	machine->hooks.throttle = waits_throttle;
	touch_range(machine, 0, 800);
	node->nr_isolated[MM_LRU_ANON] = 101;
	assert_int_equal(mm_shrink_list(node, &sc, MM_LRU_ANON, 32), 0);
	assert_int_equal(waits.nr[MM_THROTTLE_ISOLATED], 1);
	assert_int_equal(sc.nr_scanned, 0);
	/* A request that must not call file systems may go eight times as far, kswapd as far as it likes. */
	sc.gfp_flags &= ~(uint32_t)MM_GFP_FS;
	mm_shrink_list(node, &sc, MM_LRU_ANON, 32);
	assert_int_equal(sc.nr_scanned, 32);
	sc.gfp_flags |= MM_GFP_FS;
	sc.kswapd = true;
	mm_shrink_list(node, &sc, MM_LRU_ANON, 32);
	assert_int_equal(sc.nr_scanned, 64);
	assert_int_equal(waits.nr[MM_THROTTLE_ISOLATED], 1);
	node->nr_isolated[MM_LRU_ANON] -= 101;
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* 2560 free pages in blocks of this order, all else anonymous; above the watermarks far enough to compact. */
static struct mm_machine *with_free_blocks(uint32_t order, uint32_t kernel)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, NR_PAGES, policy_find("classic"));

	machine->settings.kernel = kernel;
	machine->settings.extfrag_threshold = 500;
	assert_int_equal(mm_reserve_lpages(machine, NR_PAGES, NULL), 0);
	/* Every other block, so that none merge. */
	for (uint32_t pfn = 0; pfn < 5120; pfn += 1u << order) {
		if (pfn >> order & 1)
			assert_true(mm_seed_free_block(machine, pfn, (uint8_t)order));
	}
	for (uint32_t pfn = 0; pfn < NR_PAGES; pfn++) {
		if (pfn >= 5120 || !(pfn >> order & 1))
			assert_int_equal(mm_seed_page(machine, pfn, MM_LPAGE_ANON, pfn, 0), 1);
	}
	machine_seed_done(machine);
	return machine;
}

/* Whether a request for a block goes on after it got some pages. */
static bool goes_on(uint32_t order, uint32_t free_order, uint32_t kernel)
{
	struct mm_machine *machine = with_free_blocks(free_order, kernel);
	const struct mm_scan_control sc = {
		.gfp_flags = MM_GFP_HIGHUSER_MOVABLE,
		.order = (uint8_t)order,
		.priority = MM_DEF_PRIORITY,
		.reclaim_idx = MM_ZONE_DMA32,
	};
	bool more = mm_should_continue_reclaim(&machine->nodes[0], &sc, 1);

	assert_false(mm_should_continue_reclaim(&machine->nodes[0], &sc, 0));
	mm_machine_destroy(machine);
	return more;
}

static void reclaim_goes_on_until_compaction_is_worth_it(void **state)
{
	(void)state;
	for (uint32_t minor = 1; minor <= 12; minor += 11) {
		/* There is such a block. */
		assert_false(goes_on(4, 4, MM_KERNEL(6, minor)));
		/* Pages are enough and in pieces: 1000 - (1000 + 5000) / 2560 = 998. */
		assert_false(goes_on(9, 0, MM_KERNEL(6, minor)));
		/* They are in so large ones that more memory is what is missing: 1000 - (1000 + 5000) / 10 = 400. */
		assert_true(goes_on(9, 8, MM_KERNEL(6, minor)));
		/* Not costly, and not hard to get: no matter of compaction. */
		assert_false(goes_on(3, 8, MM_KERNEL(6, minor)));
	}
}

/* Nobody writes to swap what a process is about to free; what others have, and it too in the end, is as any page. */
static void pages_of_a_process_on_its_way_out_are_left_alone(void **state)
{
	struct mm_machine *machine = machine_with("classic", NR_PAGES);
	uint32_t spaces[2], page = 0;

	(void)state;
	assert_int_equal(mm_reserve_spaces(machine, 3, NULL), 0);
	spaces[0] = mm_space_new(machine, 0, false);
	spaces[1] = mm_space_new(machine, 0, false);
	for (; !mm_kswapd_runnable(machine, 0); page++) {
		touch_range(machine, page, page + 1);
		mm_space_charge(machine, spaces[page & 1], page);
	}
	mm_space_leave(machine, spaces[1]);
	settle(machine);
	for (uint32_t i = 0, nr = 0; i < page; i++) {
		nr += !mm_lpage_is_present(machine, i);
		assert_true(!(i & 1) || mm_lpage_is_present(machine, i));
		assert_true(i < page - 1 || nr > 0);
	}
	mm_space_end(machine, spaces[1]);
	assert_false(machine->spaces[spaces[1]].flags & MM_SPACE_LEAVING);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* Enough for a look at the lists in the first round. */
#define NORMAL_PAGES (64u * 512)

/* What a request for a huge page scans where DMA32 has so many free pages, in pieces, that compaction could go on there. */
static uint64_t scanned_for_a_block(uint32_t dma)
{
	const struct mm_zone_config zones[] = {
		{ .name = "DMA",
		  .type = MM_ZONE_DMA,
		  .spanned = dma,
		  .present = dma,
		  .managed = dma },
		{ .name = "DMA32",
		  .type = MM_ZONE_DMA32,
		  .start_pfn = dma,
		  .spanned = NORMAL_PAGES,
		  .present = NORMAL_PAGES,
		  .managed = NORMAL_PAGES },
	};
	const struct mm_config config = {
		.zones = dma > 0 ? zones : zones + 1,
		.nr_zones = dma > 0 ? 2 : 1,
		.nr_cpus = 1,
		.nr_swap_slots = NORMAL_PAGES,
		.settings = machine_settings(),
		.policy = policy_find("classic"),
		.seed = 1,
	};
	const struct mm_request huge = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .order = 9 };
	struct mm_alloc_context ac;
	struct mm_machine *machine;
	uint64_t scanned;

	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	machine->settings.extfrag_threshold = 500;
	assert_int_equal(mm_reserve_lpages(machine, 2 * NORMAL_PAGES, NULL), 0);
	for (uint32_t pfn = 0; pfn < dma + NORMAL_PAGES; pfn++) {
		if (pfn >= dma && pfn < dma + 6000 && (pfn & 1))
			assert_true(mm_seed_free_block(machine, pfn, 0));
		else
			assert_int_equal(mm_seed_page(machine, pfn, MM_LPAGE_ANON, pfn, 0), 1);
	}
	machine_seed_done(machine);
	ac = mm_prepare_alloc(machine, &huge);
	mm_try_to_free_pages(machine, &ac);
	scanned = machine_counter(machine, "pgscan_direct");
	mm_machine_destroy(machine);
	return scanned;
}

static void a_zone_that_is_too_small_to_compact_has_its_node_reclaimed(void **state)
{
	(void)state;
	assert_int_equal(scanned_for_a_block(0), 0);
	assert_in_range(scanned_for_a_block(4096), 1, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kswapd_wakes_below_low_and_sleeps_above_high),
		cmocka_unit_test(kswapd_knows_what_was_asked_for_when_it_got_its_cpu),
		cmocka_unit_test(kswapd_sleeps_by_what_was_asked_for_meanwhile),
		cmocka_unit_test(kswapd_gives_up_where_nothing_can_be_reclaimed),
		cmocka_unit_test(without_kswapd_the_task_reclaims_itself),
		cmocka_unit_test(out_of_memory_is_told_and_survived),
		cmocka_unit_test(clock_gives_a_second_chance_and_fifo_none),
		cmocka_unit_test(a_page_is_clean_in_its_slot_until_it_is_written),
		cmocka_unit_test(a_copy_brings_its_source_back),
		cmocka_unit_test(a_copy_finds_what_was_read_ahead),
		cmocka_unit_test(each_process_faults_on_what_was_in_swap),
		cmocka_unit_test(a_page_that_is_written_keeps_its_slot),
		cmocka_unit_test(a_locked_page_is_never_evicted),
		cmocka_unit_test(lazily_freed_pages_are_dropped_unwritten),
		cmocka_unit_test(a_huge_page_goes_on_in_pieces),
		cmocka_unit_test(reclaim_goes_on_until_compaction_is_worth_it),
		cmocka_unit_test(a_zone_that_is_too_small_to_compact_has_its_node_reclaimed),
		cmocka_unit_test(who_finds_the_reserves_used_up_waits_for_kswapd),
		cmocka_unit_test(kernel_threads_do_not_wait_for_kswapd),
		cmocka_unit_test(who_finds_too_many_pages_isolated_waits_once),
		cmocka_unit_test(pages_of_a_process_on_its_way_out_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
