/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MGLRU at work: aging, the walk and its filters, sorting, eviction, and that all counts stay true. */
#include "mglru_machine.h"

#include "mglru_walk.c"

static uint64_t now_ms;

static uint64_t tell_now(void *data)
{
	(void)data;
	return now_ms * 1000000;
}

static struct mm_scan_control scan_control(void)
{
	return (struct mm_scan_control){ .nr_to_reclaim = 32,
		                         .gfp_flags = MM_GFP_HIGHUSER_MOVABLE,
		                         .reclaim_idx = MM_ZONE_MOVABLE,
		                         .priority = MM_DEF_PRIORITY,
		                         .may_swap = true,
		                         .may_writepage = true };
}

static void touch_range(struct mm_machine *machine, uint32_t first, uint32_t end,
                        enum mm_lpage_kind kind)
{
	for (uint32_t number = first; number < end; number++)
		touch(machine, number, kind, 0);
}

static void clear_young(struct mm_machine *machine, uint32_t first, uint32_t end)
{
	for (uint32_t number = first; number < end; number++)
		page_of(machine, number)->flags &= (uint16_t)~MM_PG_YOUNG;
}

static void age(struct mm_machine *machine)
{
	struct mm_scan_control sc = scan_control();

	policy_mglru_inc_max_seq(&machine->nodes[0], &sc, true);
	check_sizes(machine);
}

/* ---- idle page tracking ---- */

/* Pages of which the one half was used before they were marked idle, the other after. */
static void a_mark_hides_a_use_from_walks_and_not_from_eviction(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);
	struct mm_node *node = &machine->nodes[0];

	(void)state;
	touch_range(machine, 0, 512, MM_LPAGE_ANON);
	age(machine);
	touch_range(machine, 0, 256, MM_LPAGE_ANON);
	mm_page_idle_mark(machine);
	touch_range(machine, 256, 512, MM_LPAGE_ANON);
	age(machine);
	for (uint32_t number = 0; number < 512; number++) {
		const struct mm_page *page = page_of(machine, number);
		uint32_t pfn = mm_lpage(machine, number)->pfn;

		assert_int_equal(page->flags & MM_PG_YOUNG, 0);
		assert_int_equal(seq_of(machine, page), number < 256 ? 3 : 4);
		assert_int_equal(mm_folio_referenced(node, pfn), number < 256);
		assert_false(mm_folio_referenced(node, pfn));
	}
	mm_machine_destroy(machine);
}

/* What comes into a page frame later has not been used by who was there before. */
static void a_mark_goes_with_the_page(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), 0);
	uint32_t pfn;

	(void)state;
	touch_range(machine, 0, 1, MM_LPAGE_ANON);
	mm_page_idle_mark(machine);
	pfn = mm_lpage(machine, 0)->pfn;
	mm_page_idle_moved(machine, pfn, pfn + 1);
	assert_false(mm_page_idle_young(machine, pfn));
	assert_true(mm_page_idle_young(machine, pfn + 1));
	mm_page_idle_moved(machine, pfn + 1, pfn);
	mm_free_lpage(machine, 0, 0);
	for (uint32_t number = 0; number < NR_PAGES / 2; number++) {
		touch(machine, number, MM_LPAGE_ANON, 0);
		assert_false(mm_page_idle_young(machine, mm_lpage(machine, number)->pfn));
	}
	mm_machine_destroy(machine);
}

/* ---- Bloom filters ---- */

static void a_filter_never_forgets_and_seldom_invents(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), 0);
	struct mglru *lru = mglru_of(&machine->nodes[0]);
	uint32_t wrong = 0;

	(void)state;
	/* One that was never filled knows of all. */
	assert_true(policy_mglru_filter_test(lru, 4, 123));
	policy_mglru_filter_reset(lru, 4);
	assert_false(policy_mglru_filter_test(lru, 4, 123));
	for (uint32_t table = 0; table < 3000; table += 3)
		policy_mglru_filter_add(lru, 4, table);
	for (uint32_t table = 0; table < 3000; table += 3)
		assert_true(policy_mglru_filter_test(lru, 4, table));
	for (uint32_t table = 10000; table < 20000; table++)
		wrong += policy_mglru_filter_test(lru, 4, table);
	/* 2000 of 32768 bits, two of which must be hit: 0.4 % are expected. */
	assert_in_range(wrong, 1, 80);
	assert_true(policy_mglru_filter_test(lru, 5, 20001));
	policy_mglru_filter_reset(lru, 5);
	assert_true(policy_mglru_filter_test(lru, 4, 3));
	assert_false(policy_mglru_filter_test(lru, 5, 3));
	policy_mglru_filter_reset(lru, 6);
	assert_false(policy_mglru_filter_test(lru, 4, 3));
	mm_machine_destroy(machine);
}

static void the_window_lies_in_the_table(void **state)
{
	static const uint32_t rows[][2] = { { 0, 0 },     { 31, 0 },    { 32, 0 },    { 33, 1 },
		                            { 479, 447 }, { 480, 448 }, { 481, 448 }, { 511, 448 },
		                            { 512, 512 }, { 600, 568 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(window_start(rows[i][0]), rows[i][1]);
	assert_true(suitable(512, 64));
	assert_false(suitable(512, 63));
	assert_true(suitable(3, 1));
}

/* ---- aging ---- */

static void the_walk_makes_the_used_ones_young(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);

	(void)state;
	touch_range(machine, 0, 1024, MM_LPAGE_ANON);
	touch_range(machine, 1024, 1100, MM_LPAGE_FILE);
	age(machine);
	for (uint32_t number = 0; number < 1024; number += 2)
		touch(machine, number, MM_LPAGE_ANON, 0);
	age(machine);
	/* Found in generation 4, which was the youngest. Those that were not used stayed in 3. */
	assert_int_equal(seq_of(machine, page_of(machine, 0)), 4);
	assert_int_equal(seq_of(machine, page_of(machine, 1)), 3);
	assert_false(page_of(machine, 0)->flags & MM_PG_YOUNG);
	assert_int_equal(machine_counter(machine, "nr_active_anon"), 512);
	/* Their lists are put right later. */
	assert_int_equal(page_of(machine, 0)->list, page_of(machine, 1)->list);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void from_6_14_on_a_page_must_be_seen_twice(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 18), NR_PAGES);
	struct mm_page *page;

	(void)state;
	page = touch(machine, 0, MM_LPAGE_ANON, 0);
	assert_int_equal(seq_of(machine, page), 2);
	age(machine);
	assert_int_equal(seq_of(machine, page), 2);
	assert_true(page->flags & MGLRU_REFERENCED);
	touch(machine, 0, MM_LPAGE_ANON, 0);
	age(machine);
	assert_int_equal(seq_of(machine, page), 4);
	assert_true(page->flags & MM_PG_WORKINGSET);
	mm_machine_destroy(machine);
}

static void the_second_walk_skips_where_little_was_young(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);
	struct mglru *lru = mglru_of(&machine->nodes[0]);

	(void)state;
	touch_range(machine, 0, 1024, MM_LPAGE_ANON);
	clear_young(machine, 64, 512); /* 64 of the first 512 were used, 63 of the second */
	clear_young(machine, 512 + 63, 1024);
	age(machine);
	assert_int_equal(lru->walked[3][MGLRU_TABLE_FOUND], 2);
	assert_int_equal(lru->walked[3][MGLRU_TABLE_ADDED], 1);
	assert_int_equal(lru->walked[3][MGLRU_LEAF_YOUNG], 127);
	touch(machine, 0, MM_LPAGE_ANON, 0);
	touch(machine, 1000, MM_LPAGE_ANON, 0);
	age(machine);
	assert_int_equal(lru->walked[0][MGLRU_TABLE_FOUND], 1);
	assert_int_equal(seq_of(machine, page_of(machine, 0)), 4);
	assert_int_equal(seq_of(machine, page_of(machine, 1000)), 3);
	assert_true(page_of(machine, 1000)->flags & MM_PG_YOUNG);
	mm_machine_destroy(machine);
}

/* It is one entry, and no filter hides it; once it is split, its table is one of many. */
static void a_walk_looks_at_each_huge_page(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);
	const struct mm_request huge = { .gfp_flags = user.gfp_flags, .order = 9 };
	struct mglru *lru = mglru_of(&machine->nodes[0]);

	(void)state;
	mm_touch_page(machine, &huge, 0, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	age(machine);
	assert_int_equal(lru->walked[3][MGLRU_LEAF_TOTAL], 1);
	assert_int_equal(lru->walked[3][MGLRU_LEAF_YOUNG], 1);
	assert_int_equal(lru->walked[3][MGLRU_TABLE_TOTAL], 0);
	age(machine);
	assert_int_equal(seq_of(machine, page_of(machine, 0)), 3);
	touch(machine, 0, MM_LPAGE_ANON, 0);
	age(machine);
	assert_int_equal(seq_of(machine, page_of(machine, 0)), 5);
	mm_split_huge_pmd(machine, 0);
	touch(machine, 0, MM_LPAGE_ANON, 0);
	age(machine);
	assert_int_equal(seq_of(machine, page_of(machine, 0)), 5);
	mm_machine_destroy(machine);
}

/* Of two spaces the one that a CPU switched to is walked; a new one is, whole. */
static void spaces_that_did_not_run_are_passed_over(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);
	struct mglru *lru = mglru_of(&machine->nodes[0]);
	uint32_t first, second;

	(void)state;
	assert_int_equal(mm_reserve_spaces(machine, 4, NULL), 0);
	first = mm_space_new(machine, 0, false);
	touch_range(machine, 0, 512, MM_LPAGE_ANON);
	for (uint32_t number = 0; number < 512; number++)
		mm_space_charge(machine, first, number);
	age(machine); /* new, and of one table */
	assert_int_equal(lru->walked[3][MGLRU_LEAF_YOUNG], 512);
	second = mm_space_new(machine, 0, false);
	touch_range(machine, 512, 1024, MM_LPAGE_ANON);
	for (uint32_t number = 512; number < 1024; number++)
		mm_space_charge(machine, second, number);
	touch_range(machine, 0, 512, MM_LPAGE_ANON);
	age(machine);
	assert_int_equal(lru->walked[0][MGLRU_TABLE_TOTAL], 1);
	assert_int_equal(lru->walked[0][MGLRU_LEAF_YOUNG], 512);
	assert_true(page_of(machine, 0)->flags & MM_PG_YOUNG);
	touch_range(machine, 512, 1024, MM_LPAGE_ANON);
	mm_space_switched(machine, second);
	age(machine);
	assert_int_equal(lru->walked[1][MGLRU_TABLE_TOTAL], 1);
	assert_int_equal(lru->walked[1][MGLRU_LEAF_YOUNG], 512);
	assert_true(page_of(machine, 0)->flags & MM_PG_YOUNG);
	assert_false(page_of(machine, 512)->flags & MM_PG_YOUNG);
	/* Nobody ran: not even the filter is renewed. */
	touch_range(machine, 0, 1024, MM_LPAGE_ANON);
	age(machine);
	assert_int_equal(lru->walked[2][MGLRU_TABLE_TOTAL], 0);
	assert_true(page_of(machine, 0)->flags & MM_PG_YOUNG);
	mm_machine_destroy(machine);
}

static void without_the_walk_nothing_gets_younger(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);
	struct mglru *lru = mglru_of(&machine->nodes[0]);

	(void)state;
	lru->caps = MGLRU_CORE;
	touch(machine, 0, MM_LPAGE_ANON, 0);
	age(machine);
	assert_int_equal(lru->max_seq, 4);
	assert_int_equal(seq_of(machine, page_of(machine, 0)), 3);
	assert_true(page_of(machine, 0)->flags & MM_PG_YOUNG);
	mm_machine_destroy(machine);
}

static void the_oldest_of_four_generations_goes_into_the_next(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);
	struct mm_node *node = &machine->nodes[0];
	struct mglru *lru = mglru_of(node);
	uint32_t list;

	(void)state;
	touch_range(machine, 0, 3, MM_LPAGE_FILE); /* generation 1 */
	clear_young(machine, 0, 3);
	for (int i = 0; i < 2; i++)
		age(machine);
	assert_int_equal(lru->min_seq[MM_LRU_FILE], 2);
	assert_int_equal(seq_of(machine, page_of(machine, 0)), 2);
	list = page_of(machine, 0)->list;
	assert_int_equal(list, mglru_list(2, MM_LRU_FILE, MM_ZONE_DMA32));
	/* In the same order, behind what was there. */
	assert_int_equal(machine->pages[node->lists[list].tail].logical, 2);
	assert_int_equal(machine->pages[node->lists[list].head].logical, 0);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void aging_is_due_by_the_shape_of_the_generations(void **state)
{
	static const struct {
		uint32_t kernel;
		uint64_t min_seq, max_seq;
		uint32_t pages[4]; /* anonymous, of generations max_seq - 3 … max_seq */
		bool due;
		uint64_t total;
	} rows[] = {
		{ MM_KERNEL(6, 12), 4, 7, { 10, 0, 0, 1000 }, false, 1010 },
		{ MM_KERNEL(6, 12), 5, 7, { 0, 300, 300, 400 }, false, 1000 },
		{ MM_KERNEL(6, 12), 5, 7, { 0, 300, 199, 501 }, true, 1000 },
		{ MM_KERNEL(6, 12), 5, 7, { 0, 250, 250, 500 }, false, 1000 },
		{ MM_KERNEL(6, 12), 5, 7, { 0, 249, 251, 500 }, true, 1000 },
		{ MM_KERNEL(6, 12), 6, 7, { 0, 0, 500, 500 }, true, 0 },
		{ MM_KERNEL(6, 1), 6, 7, { 0, 0, 500, 500 }, true, 1000 },
		{ MM_KERNEL(6, 18), 5, 7, { 0, 300, 300, 400 }, true, 1000 },
		{ MM_KERNEL(6, 18), 4, 7, { 0, 0, 0, 1000 }, false, 1000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mm_machine *machine = mglru_machine(rows[i].kernel, 0);
		struct mglru *lru = mglru_of(&machine->nodes[0]);
		uint64_t total;

		lru->max_seq = rows[i].max_seq;
		lru->min_seq[0] = lru->min_seq[1] = rows[i].min_seq;
		for (uint32_t g = 0; g < 4; g++)
			lru->nr_pages[mglru_slot(rows[i].max_seq - 3 + g)][MM_LRU_ANON]
				     [MM_ZONE_DMA32] = rows[i].pages[g];
		if (policy_mglru_should_age(lru, true, &total) != rows[i].due ||
		    total != rows[i].total)
			fail_msg("row %zu: total %llu", i, (unsigned long long)total);
		memset(lru->nr_pages, 0, sizeof(lru->nr_pages));
		mm_machine_destroy(machine);
	}
}

static void file_pages_never_get_ahead_of_anonymous_ones(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);
	struct mm_node *node = &machine->nodes[0];
	struct mglru *lru = mglru_of(node);

	(void)state;
	touch(machine, 0, MM_LPAGE_FILE, 0); /* generation 1 */
	touch(machine, 1, MM_LPAGE_ANON, 0); /* generation 3 */
	assert_true(policy_mglru_inc_min_seq(lru, node, true));
	assert_int_equal(lru->min_seq[MM_LRU_FILE], 1);
	assert_int_equal(lru->min_seq[MM_LRU_ANON], 1);
	mm_free_lpage(machine, 0, 0);
	assert_true(policy_mglru_inc_min_seq(lru, node, false));
	/* Without swap anonymous pages are of no interest. */
	assert_int_equal(lru->min_seq[MM_LRU_FILE], 2);
	assert_int_equal(lru->min_seq[MM_LRU_ANON], 1);
	assert_true(policy_mglru_inc_min_seq(lru, node, true));
	assert_int_equal(lru->min_seq[MM_LRU_ANON], 2);
	assert_false(policy_mglru_inc_min_seq(lru, node, true));
	mm_machine_destroy(machine);
}

static void kswapd_begins_where_it_may_find_enough(void **state)
{
	static const struct {
		uint32_t pages, wanted;
		int8_t from, to;
	} rows[] = {
		{ 1u << 20, 64, 12, 12 }, { 1u << 17, 64, 12, 11 }, { (1u << 17) - 1, 64, 12, 10 },
		{ 1u << 17, 65, 12, 10 }, { 1u << 17, 63, 12, 12 }, { 1u << 17, 64, 11, 11 },
		{ 4096, 3000, 12, 6 },
	};
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), 0);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mm_scan_control sc = scan_control();

		machine->nodes[0].nr_lru[MM_LRU_FILE] = rows[i].pages;
		sc.nr_to_reclaim = rows[i].wanted;
		sc.priority = rows[i].from;
		policy_mglru_set_priority(&machine->nodes[0], &sc);
		assert_int_equal(sc.priority, rows[i].to);
	}
	machine->nodes[0].nr_lru[MM_LRU_FILE] = 0;
	mm_machine_destroy(machine);
}

/* ---- eviction ---- */

static uint32_t evict_into(struct mm_machine *machine, enum mm_lru_type type,
                           struct mm_batch *batch)
{
	struct mm_scan_control sc = scan_control();

	batch->nr = 0;
	policy_mglru.isolate(&machine->nodes[0], &sc, type, 64, batch);
	return batch->nr;
}

static void put_all_back(struct mm_machine *machine, const struct mm_batch *batch)
{
	for (uint32_t i = 0; i < batch->nr; i++) {
		struct mm_page *page = &machine->pages[batch->pfns[i]];

		machine->nodes[0].nr_isolated[mm_page_lru_type(page)]--;
		page->state = MM_PAGE_USED;
		policy_mglru.putback(&machine->nodes[0], batch->pfns[i], MM_PUTBACK_KEEP);
	}
}

static void eviction_sorts_what_the_walk_promoted(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);
	struct mglru *lru = mglru_of(&machine->nodes[0]);
	struct mm_batch batch;

	(void)state;
	touch_range(machine, 0, 200, MM_LPAGE_ANON);
	clear_young(machine, 0, 200);
	for (int i = 0; i < 2; i++)
		age(machine);
	policy_mglru_inc_min_seq(lru, &machine->nodes[0], true);
	assert_int_equal(lru->min_seq[MM_LRU_ANON], 3);
	for (uint32_t number = 0; number < 40; number++)
		policy_mglru_update_gen(&machine->nodes[0], mm_lpage(machine, number)->pfn);
	assert_int_equal(evict_into(machine, MM_LRU_ANON, &batch), 64);
	/* Oldest first: the forty were put right on the way. */
	for (uint32_t i = 0; i < 64; i++)
		assert_int_equal(machine->pages[batch.pfns[i]].logical, 40 + i);
	assert_int_equal(page_of(machine, 0)->list,
	                 mglru_list(mglru_slot(5), MM_LRU_ANON, MM_ZONE_DMA32));
	assert_int_equal(machine_counter(machine, "pgrefill"), 40);
	check_sizes(machine);
	put_all_back(machine, &batch);
	check_sizes(machine);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void a_protected_tier_goes_one_generation_up(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);
	struct mglru *lru = mglru_of(&machine->nodes[0]);
	struct mm_batch batch;

	(void)state;
	touch_range(machine, 0, 100, MM_LPAGE_FILE);
	policy_mglru_inc_min_seq(lru, &machine->nodes[0], false);
	assert_int_equal(lru->min_seq[MM_LRU_FILE], 1);
	for (uint32_t number = 10; number < 20; number++) {
		for (int use = 0; use < 3; use++)
			touch(machine, number, MM_LPAGE_FILE, 0);
	}
	lru->avg_total[MM_LRU_FILE][0] = 1000;
	lru->avg_refaulted[MM_LRU_FILE][0] = 10;
	lru->avg_total[MM_LRU_FILE][2] = 100;
	lru->avg_refaulted[MM_LRU_FILE][2] = 80;
	assert_int_equal(evict_into(machine, MM_LRU_FILE, &batch), 64);
	assert_int_equal(lru->protected[1][MM_LRU_FILE][2], 10);
	assert_int_equal(seq_of(machine, page_of(machine, 15)), 2);
	assert_int_equal(policy_mglru_refs(lru, page_of(machine, 15)), 0);
	assert_int_equal(seq_of(machine, page_of(machine, 99)), 1);
	put_all_back(machine, &batch);
	check_sizes(machine);
	mm_machine_destroy(machine);
}

static void two_generations_are_left_alone(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);
	struct mm_batch batch;

	(void)state;
	touch_range(machine, 0, 100, MM_LPAGE_ANON); /* generation 3 of 0 … 3 */
	assert_int_equal(evict_into(machine, MM_LRU_ANON, &batch), 0);
	policy_mglru_inc_min_seq(mglru_of(&machine->nodes[0]), &machine->nodes[0], true);
	assert_int_equal(mglru_nr_gens(mglru_of(&machine->nodes[0]), MM_LRU_ANON), 2);
	assert_int_equal(evict_into(machine, MM_LRU_ANON, &batch), 0);
	mm_machine_destroy(machine);
}

static void references_decide_at_last(void **state)
{
	static const struct {
		uint32_t kernel;
		uint16_t flags; /* of a mapped anonymous page */
		enum mm_references expected;
	} rows[] = {
		{ MM_KERNEL(6, 12), 0, MM_REFERENCES_RECLAIM },
		{ MM_KERNEL(6, 12), MM_PG_YOUNG, MM_REFERENCES_KEEP },
		{ MM_KERNEL(6, 12), MGLRU_REFERENCED, MM_REFERENCES_KEEP },
		/* The look-around of 6.1 meets the page itself. */
		{ MM_KERNEL(6, 1), MM_PG_YOUNG, MM_REFERENCES_ACTIVATE },
		{ MM_KERNEL(6, 18), 0, MM_REFERENCES_RECLAIM },
		{ MM_KERNEL(6, 18), MGLRU_REFERENCED, MM_REFERENCES_RECLAIM },
		{ MM_KERNEL(6, 18), MM_PG_YOUNG, MM_REFERENCES_KEEP },
		{ MM_KERNEL(6, 18), MM_PG_YOUNG | MGLRU_REFERENCED, MM_REFERENCES_ACTIVATE },
		{ MM_KERNEL(6, 18), MM_PG_YOUNG | MM_PG_WORKINGSET, MM_REFERENCES_ACTIVATE },
	};
	struct mm_scan_control sc = scan_control();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mm_machine *machine = mglru_machine(rows[i].kernel, NR_PAGES);
		struct mm_page *page = touch(machine, 0, MM_LPAGE_ANON, 0);

		page->flags &= (uint16_t)~MM_PG_YOUNG;
		page->flags |= rows[i].flags;
		if (policy_mglru.check_references(&machine->nodes[0], mm_lpage(machine, 0)->pfn,
		                                  &sc) != rows[i].expected)
			fail_msg("row %zu", i);
		mm_machine_destroy(machine);
	}
}

static void a_young_page_saves_those_beside_it(void **state)
{
	(void)state;
	for (int walk = 0; walk < 2; walk++) {
		struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);
		struct mglru *lru = mglru_of(&machine->nodes[0]);
		struct mm_scan_control sc = scan_control();
		uint32_t pfn;

		touch_range(machine, 0, 512, MM_LPAGE_ANON);
		clear_young(machine, 0, 512);
		age(machine);
		for (uint32_t number = 80; number < 140; number++)
			touch(machine, number, MM_LPAGE_ANON, 0);
		policy_mglru_filter_reset(lru, lru->max_seq);
		lru->have_walk = walk;
		pfn = mm_lpage(machine, 100)->pfn;
		policy_mglru.check_references(&machine->nodes[0], pfn, &sc);
		/* 68 … 131 are looked at, 80 … 131 were used. */
		assert_int_equal(seq_of(machine, page_of(machine, 80)), 4);
		assert_int_equal(seq_of(machine, page_of(machine, 131)), 4);
		assert_int_equal(seq_of(machine, page_of(machine, 132)), 3);
		assert_int_equal(seq_of(machine, page_of(machine, 70)), 3);
		assert_int_equal(machine_counter(machine, "pgactivate"), walk ? 0 : 51);
		assert_true(policy_mglru_filter_test(lru, lru->max_seq, 0));
		check_sizes(machine);
		mm_machine_destroy(machine);
	}
}

/* ---- min_ttl_ms ---- */

static uint32_t nr_ooms;

static void count_oom(void *data, const struct mm_request *request, bool oom)
{
	(void)data;
	(void)request;
	nr_ooms += oom;
}

/* A second is to be protected, and all that there is is a millisecond younger: somebody has to be killed. */
static void age_within_min_ttl(struct mm_machine *machine, struct mm_scan_control *sc)
{
	sc->kswapd = true;
	sc->needs_aging = true;
	machine->hooks.now_ns = tell_now;
	machine->settings.lru_gen_min_ttl_ms = 1000;
	touch_range(machine, 0, 5000, MM_LPAGE_FILE);
	nr_ooms = 0;
	now_ms = 999;
	policy_mglru.age(&machine->nodes[0], sc);
	assert_int_equal(nr_ooms, 1);
}

static void a_young_working_set_asks_for_the_oom_killer(void **state)
{
	(void)state;
	for (uint32_t k = 0; k < NR_KERNELS; k++) {
		struct mm_machine *machine = mglru_machine(kernels[k], NR_PAGES);
		struct mm_scan_control sc = scan_control();

		machine->hooks.alloc_failed = count_oom;
		age_within_min_ttl(machine, &sc);
		now_ms = 1001;
		policy_mglru.age(&machine->nodes[0], &sc);
		assert_int_equal(nr_ooms, 1);
		machine->settings.lru_gen_min_ttl_ms = 0;
		now_ms = 10;
		policy_mglru.age(&machine->nodes[0], &sc);
		assert_int_equal(nr_ooms, 1);
		mm_machine_destroy(machine);
	}
}

static void count_kill(void *data, const struct mm_oom_kill *kill)
{
	(void)data;
	(void)kill;
	nr_ooms++;
}

static void the_oom_killer_kills_for_min_ttl(void **state)
{
	(void)state;
	for (uint32_t k = 0; k < NR_KERNELS; k++) {
		struct mm_machine *machine = mglru_machine(kernels[k], NR_PAGES);
		struct mm_scan_control sc = scan_control();
		uint32_t space;

		assert_int_equal(mm_reserve_spaces(machine, 4, NULL), 0);
		space = mm_space_new(machine, 0, false);
		machine->hooks.oom_kill = count_kill;
		age_within_min_ttl(machine, &sc);
		assert_true(mm_space_is_killed(machine, space));
		mm_machine_destroy(machine);
	}
}

/* Two generations are left, and old ones: nothing to evict before the next aging, but no reason to kill. */
static void aging_that_is_due_kills_nobody(void **state)
{
	(void)state;
	for (uint32_t k = 0; k < NR_KERNELS; k++) {
		struct mm_machine *machine = mglru_machine(kernels[k], NR_PAGES);
		struct mglru *lru = mglru_of(&machine->nodes[0]);
		struct mm_scan_control sc = scan_control();

		sc.kswapd = true;
		sc.needs_aging = true;
		machine->hooks.now_ns = tell_now;
		machine->hooks.alloc_failed = count_oom;
		machine->settings.lru_gen_min_ttl_ms = 1000;
		touch_range(machine, 0, 5000, MM_LPAGE_FILE);
		touch_range(machine, 5000, 6000, MM_LPAGE_ANON);
		now_ms = 2000;
		while (policy_mglru_inc_min_seq(lru, &machine->nodes[0], true))
			;
		nr_ooms = 0;
		policy_mglru.age(&machine->nodes[0], &sc);
		assert_int_equal(nr_ooms, 0);
		mm_machine_destroy(machine);
	}
}

/* 6.1: not in the first round of a run of kswapd. */
static void early_aging_waits_for_the_second_round(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 1), NR_PAGES);
	struct mglru *lru = mglru_of(&machine->nodes[0]);
	struct mm_scan_control sc = scan_control();
	uint64_t max_seq = lru->max_seq;

	(void)state;
	sc.kswapd = true;
	touch_range(machine, 0, 1000, MM_LPAGE_ANON);
	while (policy_mglru_inc_min_seq(lru, &machine->nodes[0], true))
		;
	policy_mglru.age(&machine->nodes[0], &sc);
	assert_int_equal(lru->max_seq, max_seq);
	policy_mglru.age(&machine->nodes[0], &sc);
	assert_int_equal(lru->max_seq, max_seq + 1);
	mm_machine_destroy(machine);
}

/* 6.1 and 6.18 put a dirty page of a file one generation up, and count it as sorted; 6.12 isolates it. */
static void dirty_file_pages_wait_in_the_next_generation(void **state)
{
	(void)state;
	for (uint32_t k = 0; k < NR_KERNELS; k++) {
		struct mm_machine *machine = mglru_machine(kernels[k], NR_PAGES);
		struct mm_node *node = &machine->nodes[0];
		struct mm_scan_control sc = scan_control();
		struct mm_batch batch = { .nr = 0 };
		struct mm_page *page;
		uint64_t seq;

		touch_range(machine, 0, 10, MM_LPAGE_FILE);
		page = touch(machine, 10, MM_LPAGE_FILE, MM_TOUCH_WRITE);
		touch_range(machine, 11, 20, MM_LPAGE_FILE);
		while (policy_mglru_inc_min_seq(mglru_of(node), node, true))
			;
		seq = seq_of(machine, page);
		policy_mglru.isolate(node, &sc, MM_LRU_FILE, 64, &batch);
		if (kernels[k] == MM_KERNEL(6, 12)) {
			assert_int_equal(batch.nr, 20);
			assert_int_equal(machine->counters[MM_PGREFILL], 0);
		} else {
			assert_int_equal(batch.nr, 19);
			assert_int_equal(machine->counters[MM_PGREFILL], 1);
			assert_int_equal(seq_of(machine, page), seq + 1);
			assert_true(page->io & MM_IO_RECLAIM);
		}
		assert_int_equal(sc.nr.file_taken, kernels[k] == MM_KERNEL(6, 12) ? 20
		                                   : k == 0                       ? 19
		                                                                  : 20);
		assert_int_equal(sc.nr.unqueued_dirty, kernels[k] == MM_KERNEL(6, 18));
		mm_machine_destroy(machine);
	}
}

/* ---- all together ---- */

static void settle(struct mm_machine *machine)
{
	while (mm_kswapd_runnable(machine, 0)) {
		if (mm_kswapd_step(machine, 0) == MM_KSWAPD_BLOCKED)
			mm_end_writeback(machine, UINT32_MAX);
	}
	mm_end_writeback(machine, UINT32_MAX);
}

/* Of 500 pages that are used all the time, how many stay while four times the memory is touched. */
static uint32_t kept_of_the_hot(uint32_t kernel, enum mm_lpage_kind cold)
{
	struct mm_machine *machine = mglru_machine(kernel, 4 * NR_PAGES);
	uint32_t kept = 0;

	for (uint32_t page = 500; page < 4 * NR_PAGES; page++) {
		touch(machine, page, cold, 0);
		if (page % 50 == 0) {
			for (uint32_t hot = 0; hot < 500; hot++)
				touch(machine, hot, MM_LPAGE_ANON, 0);
			settle(machine);
			check_sizes(machine);
		}
	}
	for (uint32_t hot = 0; hot < 500; hot++)
		kept += mm_lpage(machine, hot)->pfn != MM_NONE;
	machine_check(machine);
	mm_machine_destroy(machine);
	return kept;
}

static void what_is_used_stays(void **state)
{
	(void)state;
	for (uint32_t k = 0; k < NR_KERNELS; k++) {
		assert_int_equal(kept_of_the_hot(kernels[k], MM_LPAGE_ANON), 500);
		assert_int_equal(kept_of_the_hot(kernels[k], MM_LPAGE_FILE), 500);
	}
}

static void random_op(struct mm_machine *machine, struct rng *rng)
{
	static const enum mm_lpage_kind kinds[] = { MM_LPAGE_ANON, MM_LPAGE_FILE, MM_LPAGE_SHMEM };
	uint32_t number = base_rng_below(rng, 2 * NR_PAGES);
	uint32_t what = base_rng_below(rng, 100);

	if (what < 85)
		mm_touch_page(machine, &user, number, kinds[number % 3], base_rng_below(rng, 16));
	else if (what < 90)
		mm_free_lpage(machine, 0, number);
	else if (what < 91)
		mm_lazyfree_page(machine, 0, number);
	else if (what < 92)
		mm_lock_page(machine, number, base_rng_below(rng, 4) == 0);
	else if (what < 98)
		mm_kswapd_step(machine, 0);
	else
		mm_end_writeback(machine, base_rng_below(rng, 64));
}

static void counts_are_those_of_the_lists_whatever_happens(void **state)
{
	(void)state;
	for (uint32_t k = 0; k < NR_KERNELS; k++) {
		struct mm_machine *machine = mglru_machine(kernels[k], NR_PAGES);
		const struct mglru *lru = mglru_of(&machine->nodes[0]);
		struct rng rng;

		base_rng_init(&rng, 7 + k);
		for (uint32_t i = 0; i < 60000; i++) {
			random_op(machine, &rng);
			if (i % 500 == 0)
				check_sizes(machine);
			if (i % 5000 == 0)
				machine_check(machine);
			/* While there is room in swap. */
			if (kernels[k] < MM_KERNEL(6, 14))
				assert_true(lru->min_seq[MM_LRU_ANON] <= lru->min_seq[MM_LRU_FILE]);
		}
		assert_true(lru->max_seq > 6);
		assert_true(machine_counter(machine, "pgsteal_anon") > 1000);
		assert_true(machine_counter(machine, "pgsteal_file") > 1000);
		mm_machine_destroy(machine);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mark_hides_a_use_from_walks_and_not_from_eviction),
		cmocka_unit_test(a_mark_goes_with_the_page),
		cmocka_unit_test(a_filter_never_forgets_and_seldom_invents),
		cmocka_unit_test(the_window_lies_in_the_table),
		cmocka_unit_test(the_walk_makes_the_used_ones_young),
		cmocka_unit_test(from_6_14_on_a_page_must_be_seen_twice),
		cmocka_unit_test(the_second_walk_skips_where_little_was_young),
		cmocka_unit_test(a_walk_looks_at_each_huge_page),
		cmocka_unit_test(spaces_that_did_not_run_are_passed_over),
		cmocka_unit_test(without_the_walk_nothing_gets_younger),
		cmocka_unit_test(the_oldest_of_four_generations_goes_into_the_next),
		cmocka_unit_test(aging_is_due_by_the_shape_of_the_generations),
		cmocka_unit_test(file_pages_never_get_ahead_of_anonymous_ones),
		cmocka_unit_test(kswapd_begins_where_it_may_find_enough),
		cmocka_unit_test(eviction_sorts_what_the_walk_promoted),
		cmocka_unit_test(a_protected_tier_goes_one_generation_up),
		cmocka_unit_test(two_generations_are_left_alone),
		cmocka_unit_test(references_decide_at_last),
		cmocka_unit_test(a_young_page_saves_those_beside_it),
		cmocka_unit_test(a_young_working_set_asks_for_the_oom_killer),
		cmocka_unit_test(the_oom_killer_kills_for_min_ttl),
		cmocka_unit_test(aging_that_is_due_kills_nobody),
		cmocka_unit_test(early_aging_waits_for_the_second_round),
		cmocka_unit_test(dirty_file_pages_wait_in_the_next_generation),
		cmocka_unit_test(what_is_used_stays),
		cmocka_unit_test(counts_are_those_of_the_lists_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
