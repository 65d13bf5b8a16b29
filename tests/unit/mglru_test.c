/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MGLRU's rules one by one: where pages start, how uses count, what the controller decides. */
#include "mglru_machine.h"

/* ---- where pages start ---- */

struct start {
	uint32_t kernel;
	uint16_t flags;
	bool reclaiming;
	uint64_t seq; /* with min_seq 4 and max_seq 7 */
};

static void a_page_starts_by_what_is_known_of_it(void **state)
{
	static const uint16_t swapcache = MM_PG_ANON | MM_PG_SWAPCACHE, anon = MM_PG_ANON;
	static const uint16_t active = MGLRU_ACTIVE, ws = MM_PG_WORKINGSET;
	const struct start rows[] = {
		{ MM_KERNEL(6, 12), active, false, 7 },
		{ MM_KERNEL(6, 12), MM_PG_FILE | active, false, 7 },
		{ MM_KERNEL(6, 12), anon, false, 6 },
		{ MM_KERNEL(6, 12), swapcache, false, 5 },
		{ MM_KERNEL(6, 12), swapcache, true, 4 },
		{ MM_KERNEL(6, 12), MM_PG_FILE, false, 5 },
		{ MM_KERNEL(6, 12), MM_PG_FILE | ws, false, 5 },
		{ MM_KERNEL(6, 12), MM_PG_FILE, true, 4 },
		{ MM_KERNEL(6, 1), anon | active, false, 7 },
		{ MM_KERNEL(6, 1), MM_PG_FILE, false, 5 },
		{ MM_KERNEL(6, 18), anon | active, false, 6 },
		{ MM_KERNEL(6, 18), anon | active | ws, false, 7 },
		{ MM_KERNEL(6, 18), anon, false, 6 },
		{ MM_KERNEL(6, 18), anon, true, 4 },
		{ MM_KERNEL(6, 18), MM_PG_FILE, false, 4 },
		{ MM_KERNEL(6, 18), MM_PG_FILE | ws, false, 5 },
		{ MM_KERNEL(6, 18), MM_PG_FILE | ws, true, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mm_machine *machine = mglru_machine(rows[i].kernel, 0);
		struct mglru *lru = mglru_of(&machine->nodes[0]);
		const struct mm_page page = { .flags = rows[i].flags };

		lru->max_seq = 7;
		lru->min_seq[0] = lru->min_seq[1] = 4;
		if (policy_mglru_seq(lru, &page, rows[i].reclaiming) != rows[i].seq)
			fail_msg("row %zu: %llu", i,
			         (unsigned long long)policy_mglru_seq(lru, &page,
			                                              rows[i].reclaiming));
		mm_machine_destroy(machine);
	}
}

static void with_three_generations_a_cold_page_starts_in_the_oldest(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), 0);
	struct mglru *lru = mglru_of(&machine->nodes[0]);
	const struct mm_page page = { .flags = MM_PG_FILE };

	(void)state;
	lru->max_seq = 6;
	lru->min_seq[0] = lru->min_seq[1] = 4;
	assert_int_equal(policy_mglru_seq(lru, &page, false), 4);
	mm_machine_destroy(machine);
}

static void faults_make_young_pages_and_reads_old_ones(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);

	(void)state;
	assert_int_equal(seq_of(machine, touch(machine, 0, MM_LPAGE_ANON, 0)), 3);
	assert_int_equal(seq_of(machine, touch(machine, 1, MM_LPAGE_SHMEM, MM_TOUCH_FAULT)), 3);
	/* Of anonymous type: not evicted as early as a file that was read. */
	assert_int_equal(seq_of(machine, touch(machine, 4, MM_LPAGE_SHMEM, 0)), 2);
	assert_int_equal(seq_of(machine, touch(machine, 2, MM_LPAGE_FILE, 0)), 1);
	assert_int_equal(
		seq_of(machine, touch(machine, 3, MM_LPAGE_FILE, MM_TOUCH_FAULT | MM_TOUCH_EXEC)),
		3);
	assert_int_equal(machine_counter(machine, "nr_active_anon"), 3);
	assert_int_equal(machine_counter(machine, "nr_active_file"), 1);
	assert_int_equal(machine_counter(machine, "nr_inactive_file"), 1);
	check_sizes(machine);
	mm_machine_destroy(machine);
}

/* The promise makes it a file page, and one that nobody needs. */
static void lazily_freed_pages_lose_their_youth(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);

	(void)state;
	touch(machine, 0, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	mm_lazyfree_page(machine, 0, 0);
	assert_int_equal(seq_of(machine, page_of(machine, 0)), 1);
	check_sizes(machine);
	mm_machine_destroy(machine);
}

/* ---- uses through file descriptors ---- */

static void uses_make_tiers(void **state)
{
	/* after 0, 1, … uses */
	static const uint32_t refs[NR_KERNELS][7] = { { 0, 0, 1, 2, 3, 4, 4 },
		                                      { 0, 0, 1, 2, 3, 4, 4 },
		                                      { 0, 1, 2, 3, 4, 4, 4 } };
	static const uint32_t tiers[NR_KERNELS][7] = { { 0, 0, 1, 2, 2, 3, 3 },
		                                       { 0, 0, 1, 2, 2, 3, 3 },
		                                       { 0, 0, 1, 2, 2, 3, 3 } };

	(void)state;
	for (uint32_t k = 0; k < NR_KERNELS; k++) {
		struct mm_machine *machine = mglru_machine(kernels[k], 0);
		const struct mglru *lru = mglru_of(&machine->nodes[0]);
		struct mm_page *page = touch(machine, 0, MM_LPAGE_FILE, 0);

		policy_mglru_clear_refs(lru, page);
		for (uint32_t uses = 0; uses < 7; uses++) {
			uint32_t got = policy_mglru_refs(lru, page);

			assert_int_equal(got, refs[k][uses]);
			assert_int_equal(
				policy_mglru_tier(lru, got, page->flags & MM_PG_WORKINGSET),
				tiers[k][uses]);
			assert_int_equal(policy_mglru_is_full(lru, page), tiers[k][uses] == 3);
			touch(machine, 0, MM_LPAGE_FILE, 0);
		}
		/* Nobody looks for them in a page table. */
		assert_false(page->flags & MM_PG_YOUNG);
		mm_machine_destroy(machine);
	}
}

static void uses_through_page_tables_leave_only_the_young_bit(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), 0);
	struct mm_page *page = touch(machine, 0, MM_LPAGE_ANON, 0);

	(void)state;
	for (int i = 0; i < 5; i++)
		touch(machine, 0, MM_LPAGE_ANON, 0);
	assert_int_equal(policy_mglru_refs(mglru_of(&machine->nodes[0]), page), 0);
	assert_true(page->flags & MM_PG_YOUNG);
	mm_machine_destroy(machine);
}

/* ---- the controller ---- */

static void the_controller_compares_shares_of_refaults(void **state)
{
	static const struct {
		struct mglru_position sp, pv;
		bool better;
	} rows[] = {
		/* too few refaults to tell */
		{ { 0, 0, 1 }, { 63, 63, 1 }, true },
		/* 64 of 64 against nothing known */
		{ { 0, 0, 1 }, { 64, 64, 1 }, false },
		{ { 63, 0, 1 }, { 64, 64, 1 }, true },
		/* equal shares are not good enough */
		{ { 100, 1000, 1 }, { 100, 1000, 1 }, false },
		{ { 1000, 10000, 1 }, { 100, 1000, 1 }, false },
		{ { 1000, 10000, 1 }, { 99, 1000, 1 }, true },
		/* twice the gain for the one that is looked at forgives nearly twice the share */
		{ { 1000, 10000, 1 }, { 190, 1000, 2 }, true },
		{ { 1000, 10000, 1 }, { 200, 1000, 2 }, false },
		{ { 1000, 10000, 60 }, { 1000, 10000, 140 }, true },
		{ { 1000, 10000, 140 }, { 1000, 10000, 60 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (policy_mglru_is_better(&rows[i].sp, &rows[i].pv) != rows[i].better)
			fail_msg("row %zu", i);
	}
}

static struct mglru *fresh(enum mglru_version version)
{
	static struct mglru lru;

	memset(&lru, 0, sizeof(lru));
	lru.version = (uint8_t)version;
	lru.nr_hist = version == MGLRU_6_1 ? 1 : MGLRU_NR_HIST;
	lru.max_seq = 7;
	lru.min_seq[MM_LRU_ANON] = lru.min_seq[MM_LRU_FILE] = 4;
	return &lru;
}

static void a_tier_that_refaults_more_is_protected(void **state)
{
	(void)state;
	for (uint32_t version = MGLRU_6_1; version <= MGLRU_6_18; version++) {
		struct mglru *lru = fresh((enum mglru_version)version);

		assert_int_equal(policy_mglru_tier_limit(lru, MM_LRU_FILE), 3);
		lru->evicted[0][MM_LRU_FILE][0] = 10000;
		lru->refaulted[0][MM_LRU_FILE][0] = 500;
		lru->evicted[0][MM_LRU_FILE][1] = 1000;
		lru->refaulted[0][MM_LRU_FILE][1] = 70; /* 7 % against 5 %: within the margin */
		assert_int_equal(policy_mglru_tier_limit(lru, MM_LRU_FILE), 3);
		lru->avg_total[MM_LRU_FILE][2] = 1000;
		lru->avg_refaulted[MM_LRU_FILE][2] = 200;
		assert_int_equal(policy_mglru_tier_limit(lru, MM_LRU_FILE), 1);
		/* What was protected did not refault. */
		lru->protected[0][MM_LRU_FILE][2] = 3000;
		assert_int_equal(policy_mglru_tier_limit(lru, MM_LRU_FILE), 3);
		lru->refaulted[0][MM_LRU_FILE][1] = 200;
		assert_int_equal(policy_mglru_tier_limit(lru, MM_LRU_FILE), 0);
		assert_int_equal(policy_mglru_tier_limit(lru, MM_LRU_ANON), 3);
	}
}

static void the_type_that_refaults_less_is_evicted(void **state)
{
	struct mglru *lru = fresh(MGLRU_6_12);
	uint32_t limit;

	(void)state;
	/* Nothing is known: the page cache, and all of it. */
	assert_int_equal(policy_mglru_choose(lru, 60, &limit), MM_LRU_FILE);
	assert_int_equal(limit, 3);
	lru->evicted[0][MM_LRU_FILE][0] = 1000;
	lru->refaulted[0][MM_LRU_FILE][0] = 400;
	lru->evicted[0][MM_LRU_ANON][0] = 1000;
	lru->refaulted[0][MM_LRU_ANON][0] = 100;
	assert_int_equal(policy_mglru_choose(lru, 60, &limit), MM_LRU_ANON);
	/* The same at a swappiness that forgives the page cache four times as much. */
	assert_int_equal(policy_mglru_choose(lru, 30, &limit), MM_LRU_FILE);
	/* A tier of the page cache that refaults more than all of anonymous memory. */
	lru->evicted[0][MM_LRU_FILE][1] = 100;
	lru->refaulted[0][MM_LRU_FILE][1] = 90;
	assert_int_equal(policy_mglru_choose(lru, 20, &limit), MM_LRU_FILE);
	assert_int_equal(limit, 0);
	/* From 6.14 on all tiers count. */
	lru->version = MGLRU_6_18;
	lru->refaulted[0][MM_LRU_FILE][0] = 100;
	assert_int_equal(policy_mglru_choose(lru, 100, &limit), MM_LRU_ANON);
	lru->refaulted[0][MM_LRU_FILE][1] = 0;
	assert_int_equal(policy_mglru_choose(lru, 100, &limit), MM_LRU_FILE);
}

static void counts_are_carried_over_by_halves(void **state)
{
	struct mglru *lru = fresh(MGLRU_6_12);

	(void)state;
	lru->avg_refaulted[MM_LRU_ANON][1] = 10;
	lru->refaulted[0][MM_LRU_ANON][1] = 31;
	lru->avg_total[MM_LRU_ANON][1] = 100;
	lru->evicted[0][MM_LRU_ANON][1] = 50;
	lru->protected[0][MM_LRU_ANON][1] = 7;
	policy_mglru_reset(lru, MM_LRU_ANON, true);
	assert_int_equal(lru->avg_refaulted[MM_LRU_ANON][1], 20);
	assert_int_equal(lru->avg_total[MM_LRU_ANON][1], 78);
	/* With a history of four they go when their slot is needed again: max_seq 8 is next. */
	assert_int_equal(lru->evicted[0][MM_LRU_ANON][1], 50);
	policy_mglru_reset(lru, MM_LRU_ANON, false);
	assert_int_equal(lru->evicted[0][MM_LRU_ANON][1], 0);
	assert_int_equal(lru->avg_total[MM_LRU_ANON][1], 78);

	lru = fresh(MGLRU_6_1);
	lru->evicted[0][MM_LRU_FILE][0] = 9;
	policy_mglru_reset(lru, MM_LRU_FILE, false);
	assert_int_equal(lru->evicted[0][MM_LRU_FILE][0], 9);
	policy_mglru_reset(lru, MM_LRU_FILE, true);
	assert_int_equal(lru->evicted[0][MM_LRU_FILE][0], 0);
	assert_int_equal(lru->avg_total[MM_LRU_FILE][0], 4);
}

/* ---- refaults ---- */

struct refault {
	uint32_t kernel;
	uint64_t aged; /* how far both ends of the generations moved meanwhile */
	uint32_t refs; /* at eviction */
	bool fault;
	uint64_t refaults, activates, restores;
};

static void a_refault_counts_by_its_past(void **state)
{
	static const struct refault rows[] = {
		{ MM_KERNEL(6, 12), 0, 0, true, 1, 1, 1 },
		{ MM_KERNEL(6, 12), 0, 2, false, 1, 1, 0 },
		{ MM_KERNEL(6, 12), 0, 3, false, 1, 1, 1 },
		{ MM_KERNEL(6, 12), 1, 3, true, 1, 0, 0 },
		{ MM_KERNEL(6, 1), 0, 0, true, 1, 0, 1 },
		{ MM_KERNEL(6, 1), 1, 0, true, 0, 0, 0 },
		{ MM_KERNEL(6, 18), 0, 0, true, 1, 1, 0 },
		{ MM_KERNEL(6, 18), 0, 2, false, 1, 0, 0 },
		{ MM_KERNEL(6, 18), 4, 2, true, 1, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mm_machine *machine = mglru_machine(rows[i].kernel, 0);
		struct mm_node *node = &machine->nodes[0];
		struct mglru *lru = mglru_of(node);
		struct mm_page *page = touch(machine, 0, MM_LPAGE_FILE, 0);
		uint32_t token, tier, pfn = mm_lpage(machine, 0)->pfn;
		uint64_t min_seq;

		policy_mglru_clear_refs(lru, page);
		while (policy_mglru_refs(lru, page) < rows[i].refs)
			policy_mglru.mark_accessed(node, pfn);
		tier = policy_mglru_tier(lru, rows[i].refs, page->flags & MM_PG_WORKINGSET);
		token = policy_mglru_eviction(node, pfn);
		assert_int_equal(lru->evicted[0][MM_LRU_FILE][tier], 1);
		policy_mglru_clear_refs(lru, page);
		page->flags &= (uint16_t)~MM_PG_WORKINGSET;
		lru->min_seq[MM_LRU_FILE] += rows[i].aged;
		lru->max_seq += rows[i].aged;
		min_seq = lru->min_seq[MM_LRU_FILE];
		machine->current.in_fault = rows[i].fault;
		policy_mglru_refault(node, pfn, token);
		if (machine_counter(machine, "workingset_refault_file") != rows[i].refaults ||
		    machine_counter(machine, "workingset_activate_file") != rows[i].activates ||
		    machine_counter(machine, "workingset_restore_file") != rows[i].restores)
			fail_msg("row %zu", i);
		/* The controller learns from the recent ones, of the tier that they were evicted from. */
		if (rows[i].aged == 0 && rows[i].kernel != MM_KERNEL(6, 18))
			assert_int_equal(
				lru->refaulted[mglru_hist(lru, min_seq)][MM_LRU_FILE][tier], 1);
		assert_int_equal(!(page->flags & MM_PG_WORKINGSET), rows[i].restores == 0);
		lru->min_seq[MM_LRU_FILE] -= rows[i].aged;
		lru->max_seq -= rows[i].aged;
		mm_machine_destroy(machine);
	}
}

/* ---- as text ---- */

static void the_view_is_that_of_debugfs(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 12), NR_PAGES);
	struct mglru *lru = mglru_of(&machine->nodes[0]);
	char text[8192];
	size_t length;

	(void)state;
	for (uint32_t number = 0; number < 300; number++)
		touch(machine, number, number < 100 ? MM_LPAGE_FILE : MM_LPAGE_ANON, 0);
	length = mm_show_policy(machine, false, text, sizeof(text));
	assert_string_equal(text, "memcg     1 /\n node     0\n"
	                          "          0          0          0           0 \n"
	                          "          1          0          0         100 \n"
	                          "          2          0          0           0 \n"
	                          "          3          0        200           0 \n");
	assert_int_equal(length, strlen(text));
	assert_int_equal(mm_show_policy(machine, false, text, 10), length);
	assert_int_equal(strlen(text), 9);
	lru->min_seq[MM_LRU_FILE] = 1;
	lru->refaulted[1][MM_LRU_FILE][2] = 7;
	length = mm_show_policy(machine, true, text, sizeof(text));
	assert_int_equal(length, strlen(text));
	assert_non_null(strstr(text, "          0          0          0           0x\n"));
	assert_non_null(strstr(text, "                     2          0r          0e          0p"
	                             "          7r          0e          0p\n"));
	assert_non_null(strstr(text, "                     3          0R          0T          0x"
	                             "          0R          0T          0x\n"
	                             "                                0x          0x          0x"
	                             "          0x\n"));
	mm_machine_destroy(machine);
}

/* As a 6.1.0-56 wrote it. */
static void the_view_of_6_1_has_other_columns(void **state)
{
	struct mm_machine *machine = mglru_machine(MM_KERNEL(6, 1), NR_PAGES);
	struct mglru *lru = mglru_of(&machine->nodes[0]);
	char text[8192];

	(void)state;
	lru->max_seq = 13;
	lru->min_seq[MM_LRU_ANON] = lru->min_seq[MM_LRU_FILE] = 10;
	lru->refaulted[0][MM_LRU_ANON][0] = 184;
	lru->evicted[0][MM_LRU_ANON][0] = 2644;
	lru->avg_total[MM_LRU_ANON][0] = 1731;
	memcpy(lru->walked[0], (const uint64_t[]){ 16997, 1457, 12796, 364, 42, 32 },
	       sizeof(lru->walked[0]));
	mm_show_policy(machine, true, text, sizeof(text));
	assert_non_null(strstr(text, "                     0        184r       2644e          0p"
	                             "          0r          0e          0p\n"));
	assert_non_null(strstr(text, "                     3          0           0           0 "
	                             "          0           0           0 \n"
	                             "                                0           0           0 "
	                             "          0           0           0 \n"));
	assert_non_null(strstr(text, "                     0          0R       1731T          0 "
	                             "          0R          0T          0 \n"));
	assert_non_null(strstr(text, "                            16997L       1457O      12796Y"
	                             "        364N         42F         32A\n"));
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_starts_by_what_is_known_of_it),
		cmocka_unit_test(with_three_generations_a_cold_page_starts_in_the_oldest),
		cmocka_unit_test(faults_make_young_pages_and_reads_old_ones),
		cmocka_unit_test(lazily_freed_pages_lose_their_youth),
		cmocka_unit_test(uses_make_tiers),
		cmocka_unit_test(uses_through_page_tables_leave_only_the_young_bit),
		cmocka_unit_test(the_controller_compares_shares_of_refaults),
		cmocka_unit_test(a_tier_that_refaults_more_is_protected),
		cmocka_unit_test(the_type_that_refaults_less_is_evicted),
		cmocka_unit_test(counts_are_carried_over_by_halves),
		cmocka_unit_test(a_refault_counts_by_its_past),
		cmocka_unit_test(the_view_is_that_of_debugfs),
		cmocka_unit_test(the_view_of_6_1_has_other_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
