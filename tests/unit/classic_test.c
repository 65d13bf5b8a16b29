/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of the classic LRU, one by one, on hand-made lists. */
#include "classic.h"
#include "machine.h"

#define NR_PAGES (16u * 512)

static const struct mm_request user = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

static struct mm_machine *new_machine(void)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, NR_PAGES, &policy_classic);

	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 3 * NR_PAGES, NULL), 0);
	return machine;
}

static void end(struct mm_machine *machine)
{
	machine_check(machine);
	mm_machine_destroy(machine);
}

static uint32_t touch(struct mm_machine *machine, uint32_t page, enum mm_lpage_kind kind,
                      uint32_t flags)
{
	assert_int_not_equal(mm_touch_page(machine, &user, page, kind, flags), MM_TOUCH_FAILED);
	return mm_lpage(machine, page)->pfn;
}

static uint32_t add(struct mm_machine *machine, uint32_t page, enum mm_lpage_kind kind)
{
	return touch(machine, page, kind, MM_TOUCH_UNUSED);
}

static void add_many(struct mm_machine *machine, uint32_t first, uint32_t nr,
                     enum mm_lpage_kind kind, bool active)
{
	struct mm_node *node = &machine->nodes[0];

	for (uint32_t page = first; page < first + nr; page++) {
		uint32_t pfn = add(machine, page, kind);

		if (active) {
			policy_classic_del(node, pfn);
			machine->pages[pfn].flags |= MM_PG_ACTIVE;
			policy_classic_add(node, pfn, false);
		}
	}
}

/* ---- uses ---- */

static void the_second_read_activates(void **state)
{
	struct mm_machine *machine = new_machine();
	uint32_t pfn = add(machine, 0, MM_LPAGE_FILE);
	const struct mm_page *page = &machine->pages[pfn];

	(void)state;
	assert_int_equal(page->list, CLASSIC_INACTIVE_FILE);
	assert_false(page->flags & (MM_PG_REFERENCED | MM_PG_YOUNG));
	touch(machine, 0, MM_LPAGE_FILE, 0);
	assert_true(page->flags & MM_PG_REFERENCED);
	assert_int_equal(page->list, CLASSIC_INACTIVE_FILE);
	touch(machine, 0, MM_LPAGE_FILE, MM_TOUCH_UNUSED);
	assert_int_equal(page->list, CLASSIC_INACTIVE_FILE);
	touch(machine, 0, MM_LPAGE_FILE, 0);
	assert_int_equal(page->list, CLASSIC_ACTIVE_FILE);
	assert_false(page->flags & MM_PG_REFERENCED);
	assert_int_equal(machine_counter(machine, "pgactivate"), 1);
	assert_int_equal(machine->nodes[0].nonresident_age, 1);
	/* Two more: marked again, nothing else. */
	touch(machine, 0, MM_LPAGE_FILE, 0);
	touch(machine, 0, MM_LPAGE_FILE, 0);
	assert_true(page->flags & MM_PG_REFERENCED);
	assert_int_equal(machine_counter(machine, "pgactivate"), 1);
	end(machine);
}

static void a_mapping_leaves_a_bit_and_a_read_a_mark(void **state)
{
	struct mm_machine *machine = new_machine();
	uint32_t mapped = touch(machine, 0, MM_LPAGE_FILE, MM_TOUCH_FAULT);
	uint32_t read = touch(machine, 1, MM_LPAGE_FILE, MM_TOUCH_BACKED);

	(void)state;
	assert_true(machine->pages[mapped].flags & MM_PG_YOUNG);
	assert_false(machine->pages[mapped].flags & MM_PG_REFERENCED);
	assert_true(machine->pages[read].flags & MM_PG_REFERENCED);
	assert_false(machine->pages[read].flags & MM_PG_YOUNG);
	/* A sample says the same of both; of the one that is not mapped the reads are known. */
	machine->pages[mapped].flags &= (uint16_t)~MM_PG_YOUNG;
	mm_access_page(machine, &user, 0);
	mm_access_page(machine, &user, 1);
	assert_true(machine->pages[mapped].flags & MM_PG_YOUNG);
	assert_int_equal(machine->pages[read].list, CLASSIC_INACTIVE_FILE);
	machine->settings.kernel = MM_KERNEL(6, 1);
	mm_access_page(machine, &user, 1);
	assert_int_equal(machine->pages[read].list, CLASSIC_ACTIVE_FILE);
	end(machine);
}

/* … whatever was known of its uses before. */
static void a_page_that_the_original_activated_is_active(void **state)
{
	struct mm_machine *machine = new_machine();
	const struct mm_page *pages = machine->pages;
	uint32_t pfns[3];

	(void)state;
	for (uint32_t page = 0; page < 3; page++) {
		pfns[page] = add(machine, page, MM_LPAGE_FILE);
		for (uint32_t uses = 0; uses < page; uses++)
			touch(machine, page, MM_LPAGE_FILE, 0);
		assert_int_equal(mm_activate_page(machine, &user, page), MM_TOUCH_HIT);
		assert_int_equal(pages[pfns[page]].list, CLASSIC_ACTIVE_FILE);
		assert_false(pages[pfns[page]].flags & MM_PG_REFERENCED);
		assert_int_equal(machine_counter(machine, "pgactivate"), page + 1);
	}
	end(machine);
}

/* folio_check_references(), every row. */
static void references_decide(void **state)
{
	static const struct {
		enum mm_lpage_kind kind;
		bool young, marked, exec;
		enum mm_references want;
		bool marked_after;
	} rows[] = {
		{ MM_LPAGE_ANON, true, false, false, MM_REFERENCES_KEEP, true },
		{ MM_LPAGE_ANON, true, true, false, MM_REFERENCES_ACTIVATE, true },
		{ MM_LPAGE_ANON, true, false, true, MM_REFERENCES_KEEP, true },
		{ MM_LPAGE_ANON, false, true, false, MM_REFERENCES_RECLAIM, false },
		{ MM_LPAGE_ANON, false, false, false, MM_REFERENCES_RECLAIM, false },
		{ MM_LPAGE_FILE, true, false, false, MM_REFERENCES_KEEP, true },
		{ MM_LPAGE_FILE, true, true, false, MM_REFERENCES_ACTIVATE, true },
		{ MM_LPAGE_FILE, true, false, true, MM_REFERENCES_ACTIVATE, true },
		{ MM_LPAGE_FILE, false, true, false, MM_REFERENCES_RECLAIM_CLEAN, false },
		{ MM_LPAGE_FILE, false, false, true, MM_REFERENCES_RECLAIM, false },
		{ MM_LPAGE_SHMEM, false, true, false, MM_REFERENCES_RECLAIM, false },
	};
	struct mm_machine *machine = new_machine();
	const struct mm_scan_control sc = { .priority = MM_DEF_PRIORITY };

	(void)state;
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t pfn = touch(machine, i, rows[i].kind, MM_TOUCH_FAULT);
		struct mm_page *page = &machine->pages[pfn];

		page->flags &= (uint16_t) ~(MM_PG_YOUNG | MM_PG_REFERENCED | MM_PG_EXEC);
		page->flags |= (uint16_t)((rows[i].young ? MM_PG_YOUNG : 0) |
		                          (rows[i].marked ? MM_PG_REFERENCED : 0) |
		                          (rows[i].exec ? MM_PG_EXEC : 0));
		assert_int_equal(policy_classic_check_references(&machine->nodes[0], pfn, &sc),
		                 rows[i].want);
		assert_int_equal(!!(page->flags & MM_PG_REFERENCED), rows[i].marked_after);
		assert_false(page->flags & MM_PG_YOUNG);
	}
	end(machine);
}

/* The bits of two page tables are two uses; a copy takes the one of its page table along. */
static void uses_through_two_page_tables_activate(void **state)
{
	const struct mm_scan_control sc = { .priority = MM_DEF_PRIORITY };
	struct mm_machine *machine = new_machine();
	struct mm_node *node = &machine->nodes[0];
	uint32_t pfn;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		enum mm_lpage_kind kind = i % 2 ? MM_LPAGE_ANON : MM_LPAGE_FILE;

		pfn = touch(machine, i, kind, MM_TOUCH_FAULT);
		touch(machine, i, kind, MM_TOUCH_FAULT | (i < 2 ? MM_TOUCH_BESIDE : 0));
		assert_int_equal(policy_classic_check_references(node, pfn, &sc),
		                 i < 2 ? MM_REFERENCES_ACTIVATE : MM_REFERENCES_KEEP);
		assert_false(machine->pages[pfn].io & MM_IO_YOUNG_TWICE);
	}
	pfn = touch(machine, 1, MM_LPAGE_ANON, 0);
	touch(machine, 1, MM_LPAGE_ANON, MM_TOUCH_BESIDE);
	mm_copy_page(machine, &user, 8, 1, 0);
	assert_true(machine->pages[pfn].io & MM_IO_YOUNG_TWICE);
	mm_copy_page(machine, &user, 9, 1, MM_TOUCH_LEAVES);
	assert_false(machine->pages[pfn].io & MM_IO_YOUNG_TWICE);
	assert_true(machine->pages[pfn].flags & MM_PG_YOUNG);
	mm_copy_page(machine, &user, 10, 1, MM_TOUCH_LEAVES);
	assert_false(machine->pages[pfn].flags & MM_PG_YOUNG);
	end(machine);
}

/* zap_present_folio_ptes(): what was used through a mapping that goes is marked as used. */
static void a_mapping_that_goes_leaves_its_use(void **state)
{
	const struct mm_scan_control sc = { .priority = MM_DEF_PRIORITY };
	struct mm_machine *machine = new_machine();
	uint32_t pfn = touch(machine, 0, MM_LPAGE_FILE, MM_TOUCH_FAULT);
	struct mm_page *page = &machine->pages[pfn];

	(void)state;
	/* Of two page tables one was used: it may be the one that stays. */
	mm_unmap_page(machine, 0, false);
	assert_true(page->flags & MM_PG_YOUNG);
	assert_false(page->flags & MM_PG_REFERENCED);
	touch(machine, 0, MM_LPAGE_FILE, MM_TOUCH_FAULT | MM_TOUCH_BESIDE);
	mm_unmap_page(machine, 0, false);
	assert_true(page->flags & MM_PG_YOUNG);
	assert_false(page->io & MM_IO_YOUNG_TWICE);
	assert_true(page->flags & MM_PG_REFERENCED);
	assert_false(page->flags & MM_PG_UNMAPPED);
	/* The second use activates. */
	mm_unmap_page(machine, 0, true);
	assert_true(page->flags & MM_PG_UNMAPPED);
	assert_false(page->flags & MM_PG_YOUNG);
	assert_int_equal(page->list, CLASSIC_ACTIVE_FILE);
	mm_unmap_page(machine, 0, true);
	assert_false(page->flags & MM_PG_REFERENCED);
	/* One that was used once can go at the next look. */
	pfn = touch(machine, 1, MM_LPAGE_FILE, MM_TOUCH_FAULT);
	mm_unmap_page(machine, 1, true);
	assert_int_equal(policy_classic_check_references(&machine->nodes[0], pfn, &sc),
	                 MM_REFERENCES_RECLAIM_CLEAN);
	end(machine);
}

/* ---- the active lists ---- */

static void the_inactive_list_grows_slower_than_memory(void **state)
{
	static const struct {
		uint64_t inactive, active;
		bool low;
	} rows[] = {
		{ 100, 100, false },
		{ 99, 100, true },
		{ 0, 0, false },
		/* 1 GiB: 3, 10 GiB: 10, 100 GiB: 31 */
		{ UINT64_C(1) << 16, UINT64_C(3) << 16, false },
		{ (UINT64_C(1) << 16) - 1, (UINT64_C(3) << 16) + 1, true },
		{ UINT64_C(1) << 18, UINT64_C(10) << 18, false },
		{ (UINT64_C(1) << 18) - 1, UINT64_C(10) << 18, true },
		{ UINT64_C(1) << 20, UINT64_C(99) << 18, false },
	};
	struct mm_machine *machine = new_machine();
	struct mm_lru_stat *stat = &machine->nodes[0].stat;

	(void)state;
	machine->settings.memcg_stat_delay = true;
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stat->inactive[MM_LRU_FILE] = (uint32_t)rows[i].inactive;
		stat->active[MM_LRU_FILE] = (uint32_t)rows[i].active;
		assert_int_equal(policy_classic_inactive_is_low(&machine->nodes[0], MM_LRU_FILE),
		                 rows[i].low);
	}
	end(machine);
}

static void active_pages_go_back_used_or_not_except_code(void **state)
{
	struct mm_machine *machine = new_machine();
	struct mm_node *node = &machine->nodes[0];
	struct mm_scan_control sc = { .reclaim_idx = MM_ZONE_MOVABLE };
	uint32_t code, used, kept;

	(void)state;
	add_many(machine, 0, 40, MM_LPAGE_FILE, true);
	code = mm_lpage(machine, 0)->pfn;
	used = mm_lpage(machine, 1)->pfn;
	kept = mm_lpage(machine, 39)->pfn;
	machine->pages[code].flags |= MM_PG_EXEC | MM_PG_YOUNG;
	machine->pages[used].flags |= MM_PG_YOUNG | MM_PG_REFERENCED;
	policy_classic_shrink_active(node, &sc, MM_LRU_FILE, 32);
	assert_int_equal(machine->pages[code].list, CLASSIC_ACTIVE_FILE);
	assert_int_equal(node->lists[CLASSIC_ACTIVE_FILE].head, code);
	assert_int_equal(node->nonresident_age, 1);
	assert_int_equal(machine->pages[used].list, CLASSIC_INACTIVE_FILE);
	assert_int_equal(machine->pages[used].flags & (MM_PG_YOUNG | MM_PG_REFERENCED),
	                 MM_PG_REFERENCED);
	assert_true(machine->pages[used].flags & MM_PG_WORKINGSET);
	assert_int_equal(node->lists[CLASSIC_INACTIVE_FILE].tail, used);
	assert_int_equal(machine->pages[kept].list, CLASSIC_ACTIVE_FILE);
	assert_int_equal(machine_counter(machine, "pgrefill"), 32);
	assert_int_equal(machine_counter(machine, "pgdeactivate"), 31);
	assert_int_equal(machine_counter(machine, "nr_active_file"), 9);
	assert_int_equal(node->cost[MM_LRU_FILE], 1);
	end(machine);
}

/* ---- how much to scan ---- */

static void the_types_share_by_cost_and_swappiness(void **state)
{
	/* 800 pages of each list, priority 3: 100 each before the shares. */
	static const struct {
		uint64_t anon_cost, file_cost;
		uint32_t swappiness, anon, file;
	} rows[] = {
		{ 0, 0, 60, 30, 70 },     /* ap = 60, fp = 140 */
		{ 0, 0, 100, 50, 50 },    /* alike */
		{ 0, 0, 0, 0, 100 },      /* never */
		{ 0, 0, 200, 100, 0 },    /* always */
		{ 1000, 0, 100, 33, 66 }, /* twice the cost: A = 2000, F = 1000, S = 3000 */
		{ 0, 1000, 60, 46, 53 },  { 1000, 1000, 60, 29, 70 }, /* 119 and 279 parts */
	};
	struct mm_machine *machine = new_machine();
	struct mm_node *node = &machine->nodes[0];
	struct mm_scan_control sc = {
		.reclaim_idx = MM_ZONE_MOVABLE,
		.priority = 3,
		.may_swap = true,
		.force_deactivate = true,
		.nr_to_reclaim = 32,
	};
	struct mm_scan_pass pass;

	(void)state;
	add_many(machine, 0, 800, MM_LPAGE_ANON, false);
	add_many(machine, 800, 800, MM_LPAGE_ANON, true);
	add_many(machine, 1600, 800, MM_LPAGE_FILE, false);
	add_many(machine, 2400, 800, MM_LPAGE_FILE, true);
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		node->cost[MM_LRU_ANON] = rows[i].anon_cost;
		node->cost[MM_LRU_FILE] = rows[i].file_cost;
		machine->settings.swappiness = rows[i].swappiness;
		policy_classic_shrink_begin(node, &sc, &pass);
		assert_int_equal(pass.nr[CLASSIC_INACTIVE_ANON], rows[i].anon);
		assert_int_equal(pass.nr[CLASSIC_ACTIVE_ANON], rows[i].anon);
		assert_int_equal(pass.nr[CLASSIC_INACTIVE_FILE], rows[i].file);
		assert_int_equal(pass.nr[CLASSIC_ACTIVE_FILE], rows[i].file);
	}
	end(machine);
}

static void one_type_alone_in_four_cases(void **state)
{
	struct mm_machine *machine = new_machine();
	struct mm_node *node = &machine->nodes[0];
	struct mm_scan_control sc = { .reclaim_idx = MM_ZONE_MOVABLE, .priority = 3 };
	struct mm_scan_pass pass;
	uint32_t *nr = pass.nr;

	(void)state;
	machine->settings.swappiness = 60;
	add_many(machine, 0, 800, MM_LPAGE_ANON, false);
	add_many(machine, 800, 160, MM_LPAGE_FILE, false);
	/* No swap allowed. */
	policy_classic_shrink_begin(node, &sc, &pass);
	assert_int_equal(nr[CLASSIC_INACTIVE_ANON], 0);
	assert_int_equal(nr[CLASSIC_INACTIVE_FILE], 20);
	/* Plenty of file pages that nobody comes back for … */
	sc.may_swap = true;
	policy_classic_shrink_begin(node, &sc, &pass);
	assert_true(sc.cache_trim_mode);
	assert_int_equal(nr[CLASSIC_INACTIVE_ANON], 0);
	/* … somebody does */
	node->refaults[MM_LRU_FILE] = 1;
	policy_classic_shrink_begin(node, &sc, &pass);
	assert_false(sc.cache_trim_mode);
	assert_int_equal(nr[CLASSIC_INACTIVE_ANON], 30);
	assert_int_equal(nr[CLASSIC_INACTIVE_FILE], 14);
	/* The last priority: both alike, all of them. */
	sc.priority = 0;
	policy_classic_shrink_begin(node, &sc, &pass);
	assert_int_equal(nr[CLASSIC_INACTIVE_ANON], 800);
	assert_int_equal(nr[CLASSIC_INACTIVE_FILE], 160);
	/* Free and file pages are less than the high watermark. */
	sc.priority = 3;
	machine->zones[0].wmark[MM_WMARK_HIGH] = NR_PAGES;
	policy_classic_shrink_begin(node, &sc, &pass);
	assert_int_equal(nr[CLASSIC_INACTIVE_ANON], 100);
	assert_int_equal(nr[CLASSIC_INACTIVE_FILE], 0);
	end(machine);
}

/* Between two updates of the statistics a pass goes by what was, and scans what is. */
static void the_statistics_lag_behind_the_lists(void **state)
{
	struct mm_machine *machine = new_machine();
	struct mm_node *node = &machine->nodes[0];
	struct mm_scan_control sc = { .reclaim_idx = MM_ZONE_MOVABLE,
		                      .priority = 3,
		                      .may_swap = true };
	struct mm_scan_pass pass;

	(void)state;
	machine->settings.memcg_stat_delay = true;
	add_many(machine, 0, 800, MM_LPAGE_ANON, false);
	add_many(machine, 800, 160, MM_LPAGE_FILE, false);
	/* Nobody has told of the file pages. */
	policy_classic_shrink_begin(node, &sc, &pass);
	assert_false(sc.cache_trim_mode);
	assert_int_equal(pass.nr[CLASSIC_INACTIVE_ANON], 30);
	mm_flush_memcg_stats(machine);
	policy_classic_shrink_begin(node, &sc, &pass);
	assert_true(sc.cache_trim_mode);
	assert_int_equal(pass.nr[CLASSIC_INACTIVE_FILE], 20);
	/* They are gone, and reclaim still goes after them and nothing else; */
	for (uint32_t page = 800; page < 960; page++)
		mm_free_lpage(machine, 0, page);
	policy_classic_shrink_begin(node, &sc, &pass);
	assert_true(sc.cache_trim_mode);
	assert_int_equal(pass.nr[CLASSIC_INACTIVE_FILE], 0);
	assert_int_equal(pass.nr[CLASSIC_INACTIVE_ANON], 0);
	/* refaults are not seen, nor that the active list has become the longer one, … */
	node->refaults[MM_LRU_ANON] = 1;
	add_many(machine, 800, 900, MM_LPAGE_ANON, true);
	policy_classic_shrink_begin(node, &sc, &pass);
	assert_int_equal(sc.may_deactivate, 0);
	/* … nor is what was not seen forgotten at the end of a run. */
	mm_snapshot_refaults(node);
	mm_flush_memcg_stats(machine);
	policy_classic_shrink_begin(node, &sc, &pass);
	assert_int_equal(sc.may_deactivate, 1u << MM_LRU_ANON);
	assert_false(sc.cache_trim_mode);
	add_many(machine, 1700, 200, MM_LPAGE_ANON, false);
	mm_flush_memcg_stats(machine);
	policy_classic_shrink_begin(node, &sc, &pass);
	assert_int_equal(sc.may_deactivate, 1u << MM_LRU_ANON);
	mm_snapshot_refaults(node);
	policy_classic_shrink_begin(node, &sc, &pass);
	assert_int_equal(sc.may_deactivate, 0);
	end(machine);
}

static void enough_of_one_type_ends_the_pass_in_proportion(void **state)
{
	struct mm_machine *machine = new_machine();
	struct mm_node *node = &machine->nodes[0];
	struct mm_scan_control sc = {
		.reclaim_idx = MM_ZONE_MOVABLE,
		.gfp_flags = MM_GFP_KERNEL,
		.kswapd = true,
		.priority = MM_DEF_PRIORITY,
		.nr_to_reclaim = 32,
	};
	struct mm_scan_pass pass = { .nr = { 64, 0, 1000, 200 }, .targets = { 64, 0, 1000, 200 } };

	(void)state;
	add_many(machine, 0, 2000, MM_LPAGE_FILE, false);
	assert_true(policy_classic_shrink_step(node, &sc, &pass));
	/* 32 of 64 are left: 49 % of 65; so 51 % of the others, less what is done of them. */
	assert_int_equal(pass.nr[CLASSIC_INACTIVE_ANON], 0);
	assert_int_equal(pass.nr[CLASSIC_INACTIVE_FILE], 510 - 32);
	assert_int_equal(pass.nr[CLASSIC_ACTIVE_FILE], 102 - 32);
	assert_true(sc.skipped_deactivate);
	/* Now there is one type left, and enough. */
	assert_false(policy_classic_shrink_step(node, &sc, &pass));
	assert_int_equal(sc.nr_reclaimed, 64);
	assert_int_equal(machine_counter(machine, "pgsteal_kswapd"), 64);
	end(machine);
}

/* ---- the start ---- */

static void a_machine_begins_with_active_pages(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, NR_PAGES, &policy_classic);

	(void)state;
	assert_int_equal(mm_reserve_lpages(machine, 4, NULL), 0);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(mm_seed_page(machine, i, MM_LPAGE_ANON, 5 + i, 0), 1);
		mm_seed_use(machine, i, i & 1, i & 2);
	}
	mm_seed_done(machine);
	for (uint32_t i = 0; i < 4; i++) {
		const struct mm_page *page = &machine->pages[5 + i];

		assert_int_equal(page->list, i & 1 ? CLASSIC_ACTIVE_ANON : CLASSIC_INACTIVE_ANON);
		assert_int_equal(!!(page->flags & MM_PG_REFERENCED), i / 2);
	}
	assert_int_equal(policy_classic.nr_active(&machine->nodes[0], MM_LRU_ANON), 2);
	end(machine);
}

/* ---- coming back ---- */

static void a_near_refault_begins_active(void **state)
{
	struct mm_machine *machine = new_machine();
	struct mm_node *node = &machine->nodes[0];
	struct mm_scan_control sc = {
		.reclaim_idx = MM_ZONE_MOVABLE,
		.gfp_flags = MM_GFP_KERNEL,
	};

	(void)state;
	machine->swap.nr_slots = 0; /* only active file pages compete with a file page */
	add_many(machine, 0, 64, MM_LPAGE_FILE, false);
	add_many(machine, 1000, 20, MM_LPAGE_FILE, true);
	assert_int_equal(mm_shrink_list(node, &sc, MM_LRU_FILE, 32), 32);
	assert_int_equal(node->nonresident_age, 32);
	/* Page 11: 21 pages were evicted after it; 12: 20, as many as are active. */
	touch(machine, 11, MM_LPAGE_FILE, MM_TOUCH_UNUSED);
	assert_int_equal(machine->pages[mm_lpage(machine, 11)->pfn].list, CLASSIC_INACTIVE_FILE);
	touch(machine, 12, MM_LPAGE_FILE, MM_TOUCH_UNUSED);
	assert_int_equal(machine->pages[mm_lpage(machine, 12)->pfn].list, CLASSIC_ACTIVE_FILE);
	assert_int_equal(machine_counter(machine, "workingset_refault_file"), 2);
	assert_int_equal(machine_counter(machine, "workingset_activate_file"), 1);
	assert_int_equal(machine_counter(machine, "workingset_restore_file"), 0);
	assert_int_equal(node->refaults[MM_LRU_FILE], 1);
	assert_int_equal(node->nonresident_age, 33);
	/* What is written over was not missed. */
	touch(machine, 31, MM_LPAGE_FILE, MM_TOUCH_UNUSED | MM_TOUCH_WRITE);
	assert_int_equal(machine_counter(machine, "workingset_refault_file"), 2);
	/* Nothing is remembered once caches were dropped, but the contents have to be read. */
	mm_drop_caches(machine, 0, MM_DROP_PAGECACHE);
	assert_int_equal(
		mm_touch_page(machine, &user, 30, MM_LPAGE_FILE, MM_TOUCH_UNUSED | MM_TOUCH_FAULT),
		MM_TOUCH_READ);
	assert_int_equal(machine->pages[mm_lpage(machine, 30)->pfn].list, CLASSIC_INACTIVE_FILE);
	assert_int_equal(machine_counter(machine, "workingset_refault_file"), 2);
	machine->swap.nr_slots = NR_PAGES;
	end(machine);
}

/* As long as memory cgroups' statistics had the lists when they were brought up to date. */
static void a_refault_is_held_against_what_was_told(void **state)
{
	struct mm_machine *machine = new_machine();
	struct mm_node *node = &machine->nodes[0];
	struct mm_scan_control sc = {
		.reclaim_idx = MM_ZONE_MOVABLE,
		.gfp_flags = MM_GFP_KERNEL,
	};

	(void)state;
	machine->swap.nr_slots = 0;
	machine->settings.memcg_stat_delay = true;
	add_many(machine, 0, 64, MM_LPAGE_FILE, false);
	mm_flush_memcg_stats(machine);
	add_many(machine, 1000, 20, MM_LPAGE_FILE, true);
	assert_int_equal(mm_shrink_list(node, &sc, MM_LRU_FILE, 32), 32);
	touch(machine, 31, MM_LPAGE_FILE, MM_TOUCH_UNUSED);
	assert_int_equal(machine_counter(machine, "workingset_activate_file"), 0);
	mm_flush_memcg_stats(machine);
	touch(machine, 30, MM_LPAGE_FILE, MM_TOUCH_UNUSED);
	assert_int_equal(machine_counter(machine, "workingset_activate_file"), 1);
	machine->swap.nr_slots = NR_PAGES;
	end(machine);
}

static void other_zones_are_passed_over_once(void **state)
{
	const struct mm_zone_config zones[] = {
		{ .name = "DMA32",
		  .type = MM_ZONE_DMA32,
		  .spanned = 4096,
		  .present = 4096,
		  .managed = 4096 },
		{ .name = "Normal",
		  .type = MM_ZONE_NORMAL,
		  .start_pfn = 4096,
		  .spanned = 4096,
		  .present = 4096,
		  .managed = 4096 },
	};
	const struct mm_config config = {
		.zones = zones,
		.nr_zones = 2,
		.nr_cpus = 1,
		.settings = machine_settings(),
		.policy = &policy_classic,
	};
	struct mm_scan_control sc = { .reclaim_idx = MM_ZONE_DMA32, .gfp_flags = MM_GFP_KERNEL };
	struct mm_machine *machine;
	struct mm_batch batch = { .nr = 0 };
	uint32_t low, normal;

	(void)state;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 64, NULL), 0);
	low = mm_alloc_pages(machine,
	                     &(struct mm_request){ .gfp_flags = MM_GFP_KERNEL | MM_GFP_DMA32 });
	mm_page_bind(machine, low, 40, MM_LPAGE_FILE);
	normal = add(machine, 0, MM_LPAGE_FILE);
	add_many(machine, 1, 9, MM_LPAGE_FILE, false);
	mm_lru_add_page(machine, low);
	assert_true(normal >= 4096);
	assert_int_equal(
		policy_classic_isolate(&machine->nodes[0], &sc, CLASSIC_INACTIVE_FILE, 32, &batch),
		1);
	assert_int_equal(batch.nr, 1);
	assert_int_equal(batch.nr_skipped, 10);
	assert_int_equal(batch.pfns[0], low);
	assert_int_equal(machine_counter(machine, "pgskip_normal"), 10);
	/* They keep their order. */
	assert_int_equal(machine->nodes[0].lists[CLASSIC_INACTIVE_FILE].tail, normal);
	mm_unisolate(&machine->nodes[0], low);
	policy_classic_add(&machine->nodes[0], low, false);
	end(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_read_activates),
		cmocka_unit_test(uses_through_two_page_tables_activate),
		cmocka_unit_test(a_mapping_that_goes_leaves_its_use),
		cmocka_unit_test(a_mapping_leaves_a_bit_and_a_read_a_mark),
		cmocka_unit_test(a_page_that_the_original_activated_is_active),
		cmocka_unit_test(references_decide),
		cmocka_unit_test(the_inactive_list_grows_slower_than_memory),
		cmocka_unit_test(active_pages_go_back_used_or_not_except_code),
		cmocka_unit_test(the_types_share_by_cost_and_swappiness),
		cmocka_unit_test(one_type_alone_in_four_cases),
		cmocka_unit_test(the_statistics_lag_behind_the_lists),
		cmocka_unit_test(enough_of_one_type_ends_the_pass_in_proportion),
		cmocka_unit_test(a_machine_begins_with_active_pages),
		cmocka_unit_test(a_near_refault_begins_active),
		cmocka_unit_test(a_refault_is_held_against_what_was_told),
		cmocka_unit_test(other_zones_are_passed_over_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
