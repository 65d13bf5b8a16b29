/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#define NR_PAGES (16u * 512)

static struct mm_machine *machine_with(uint32_t nr_slots, struct mm_hooks hooks, bool normal)
{
	const struct mm_zone_config zone = {
		.name = "Normal",
		.type = normal ? MM_ZONE_NORMAL : MM_ZONE_DMA,
		.spanned = NR_PAGES,
		.present = NR_PAGES,
		.managed = NR_PAGES,
	};
	const struct mm_config config = {
		.zones = &zone,
		.nr_zones = 1,
		.nr_cpus = 1,
		.nr_swap_slots = nr_slots,
		.settings = machine_settings(),
		.policy = policy_find("fifo"),
		.hooks = hooks,
		.seed = 1,
	};
	struct mm_machine *machine;

	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	machine_all_free(machine);
	assert_int_equal(mm_reserve_lpages(machine, 4 * NR_PAGES, NULL), 0);
	assert_int_equal(mm_reserve_spaces(machine, 16, NULL), 0);
	return machine;
}

static enum mm_touch_result touch(struct mm_machine *machine, uint32_t space, uint32_t page,
                                  uint32_t gfp)
{
	const struct mm_request request = { .gfp_flags = gfp, .space = space };
	enum mm_touch_result result = mm_touch_page(machine, &request, page, MM_LPAGE_ANON, 0);

	mm_space_charge(machine, space, page);
	return result;
}

static void touch_range(struct mm_machine *machine, uint32_t space, uint32_t first, uint32_t end)
{
	for (uint32_t page = first; page < end; page++)
		assert_int_equal(touch(machine, space, page, MM_GFP_HIGHUSER_MOVABLE),
		                 MM_TOUCH_NEW);
}

/* All sums: rss, swap and tables, and the score in whole thousandths of the total. */
static void badness_is_what_would_be_freed(void **state)
{
	static const struct {
		struct mm_space space;
		uint64_t totalpages;
		int64_t points;
	} rows[] = {
		{ { .nr_pages = 100, .nr_tables = 3, .flags = MM_SPACE_USED }, 50000, 103 },
		{ { .nr_pages = 1, .nr_shared = 20, .nr_before = 300, .flags = MM_SPACE_USED },
		  50000,
		  321 },
		{ { .nr_pages = 100, .nr_files = 40, .flags = MM_SPACE_USED }, 50000, 140 },
		{ { .nr_pages = 1, .nr_before = 300, .nr_files = -40, .flags = MM_SPACE_USED },
		  50000,
		  261 },
		{ { .nr_pages = 100, .adj = 500, .flags = MM_SPACE_USED }, 50999, 25100 },
		{ { .nr_pages = 100, .adj = -500, .flags = MM_SPACE_USED }, 50000, -24900 },
		{ { .nr_pages = 100, .adj = 1000, .flags = MM_SPACE_USED }, 999, 100 },
		{ { .nr_pages = 100, .adj = -999, .flags = MM_SPACE_USED }, 1000, -899 },
		{ { .nr_pages = 100, .adj = -1000, .flags = MM_SPACE_USED }, 50000, INT64_MIN },
		{ { .nr_pages = 100, .flags = MM_SPACE_USED | MM_SPACE_INIT }, 50000, INT64_MIN },
		{ { .nr_pages = 100, .flags = MM_SPACE_USED | MM_SPACE_REAPED }, 50000, INT64_MIN },
		{ { .nr_pages = 100, .flags = MM_SPACE_USED | MM_SPACE_ENDED }, 50000, INT64_MIN },
		{ { .nr_pages = 0, .flags = 0 }, 50000, INT64_MIN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(mm_oom_badness(&rows[i].space, rows[i].totalpages),
		                 rows[i].points);
}

struct seen {
	uint32_t nr;
	struct mm_oom_kill last;
	bool panicked;
};

static void see_kill(void *data, const struct mm_oom_kill *kill)
{
	struct seen *seen = data;

	seen->nr++;
	seen->last = *kill;
}

static void see_failure(void *data, const struct mm_request *request, bool oom)
{
	struct seen *seen = data;

	(void)request;
	seen->panicked |= oom;
}

static struct mm_hooks hooks_of(struct seen *seen)
{
	return (struct mm_hooks){ .data = seen, .oom_kill = see_kill, .alloc_failed = see_failure };
}

static void the_worst_goes_and_nobody_else_meanwhile(void **state)
{
	struct seen seen = { 0 };
	struct mm_machine *machine = machine_with(0, hooks_of(&seen), true);
	const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
	uint32_t small = mm_space_new(machine, 0, false), large = mm_space_new(machine, 0, false);
	uint32_t init = mm_space_new(machine, 0, false), safe = mm_space_new(machine, 0, false);

	(void)state;
	mm_space_set_init(machine, init);
	mm_space_set_adj(machine, safe, -1000);
	mm_space_set_adj(machine, safe, 1001);
	touch_range(machine, small, 0, 10);
	touch_range(machine, large, 10, 110);
	touch_range(machine, init, 200, 500);
	touch_range(machine, safe, 500, 900);
	assert_int_equal(mm_out_of_memory(machine, &request), MM_OOM_KILLED);
	assert_int_equal(seen.last.space, large);
	assert_int_equal(seen.last.nr_anon, 100);
	assert_int_equal(seen.last.points, 100);
	assert_int_equal(seen.last.totalpages, NR_PAGES);
	assert_int_equal(mm_out_of_memory(machine, &request), MM_OOM_WAIT);
	assert_int_equal(machine->nr_anon, 810);
	mm_space_reap(machine, large, 0);
	assert_int_equal(machine->nr_anon, 710);
	assert_int_equal(mm_out_of_memory(machine, &request), MM_OOM_KILLED);
	assert_int_equal(seen.last.space, small);
	mm_space_reap(machine, small, 0);
	assert_int_equal(mm_out_of_memory(machine, &request), MM_OOM_NOBODY);
	assert_int_equal(machine_counter(machine, "oom_kill"), 2);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* Mapped files count, though killing their user frees none of them. */
static void who_maps_more_files_goes(void **state)
{
	struct seen seen = { 0 };
	struct mm_machine *machine = machine_with(0, hooks_of(&seen), true);
	const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
	uint32_t anon = mm_space_new(machine, 0, false), files = mm_space_new(machine, 0, false);

	(void)state;
	touch_range(machine, anon, 0, 50);
	touch_range(machine, files, 50, 60);
	mm_space_set_files(machine, files, 41);
	mm_space_set_files(machine, 0, 1000);
	assert_int_equal(mm_out_of_memory(machine, &request), MM_OOM_KILLED);
	assert_int_equal(seen.last.space, files);
	assert_int_equal(seen.last.points, 51);
	assert_int_equal(seen.last.nr_files, 41);
	assert_int_equal(seen.last.nr_anon, 10);
	mm_machine_destroy(machine);
}

static void oom_score_adj_outweighs_size(void **state)
{
	struct seen seen = { 0 };
	struct mm_machine *machine = machine_with(100, hooks_of(&seen), true);
	const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
	uint32_t a = mm_space_new(machine, 0, false), b = mm_space_new(machine, 0, false);

	(void)state;
	touch_range(machine, a, 0, 100);
	touch_range(machine, b, 100, 110);
	mm_space_set_adj(machine, b, 12); /* 12 x (8292 / 1000) = 96 > 90 */
	assert_int_equal(mm_out_of_memory(machine, &request), MM_OOM_KILLED);
	assert_int_equal(seen.last.space, b);
	assert_int_equal(seen.last.adj, 12);
	assert_int_equal(seen.last.points, 106);
	mm_machine_destroy(machine);
}

/* Of equals the youngest process; an exec does not make one younger. */
static void of_equals_the_youngest_goes(void **state)
{
	struct seen seen = { 0 };
	struct mm_machine *machine = machine_with(0, hooks_of(&seen), true);
	const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
	uint32_t parent = mm_space_new(machine, 0, false), child, exec;

	(void)state;
	touch_range(machine, parent, 0, 50);
	mm_space_set_adj(machine, parent, 7);
	child = mm_space_new(machine, parent, true);
	exec = mm_space_new(machine, parent, false);
	assert_int_equal(machine->spaces[child].adj, 7);
	assert_int_equal(machine->spaces[exec].adj, 7);
	assert_int_equal(machine->spaces[child].nr_shared, 50);
	assert_int_equal(machine->spaces[exec].nr_shared, 0);
	touch_range(machine, exec, 100, 150);
	assert_int_equal(mm_out_of_memory(machine, &request), MM_OOM_KILLED);
	assert_int_equal(seen.last.space, child);
	/* What it shared is its parent's. */
	mm_space_reap(machine, child, 0);
	assert_int_equal(machine->nr_anon, 100);
	mm_machine_destroy(machine);
}

static void a_copy_is_not_counted_twice(void **state)
{
	struct mm_machine *machine = machine_with(0, (struct mm_hooks){ 0 }, true);
	uint32_t parent = mm_space_new(machine, 0, false), child;

	(void)state;
	touch_range(machine, parent, 0, 50);
	child = mm_space_new(machine, parent, true);
	touch_range(machine, child, 100, 101);
	mm_space_copied(machine, child, 0);
	assert_int_equal(machine->spaces[child].nr_shared, 49);
	assert_int_equal(mm_oom_badness(&machine->spaces[child], 0), 50);
	/* The parent writes: what was shared is the child's now, which has counted it. */
	touch_range(machine, parent, 101, 102);
	mm_space_copied(machine, parent, 1);
	assert_int_equal(mm_oom_badness(&machine->spaces[parent], 0), 50);
	assert_int_equal(mm_oom_badness(&machine->spaces[child], 0), 50);
	mm_machine_destroy(machine);
}

/* A number is used again only when nothing is left of whoever had it. */
static void numbers_outlive_their_pages(void **state)
{
	struct mm_machine *machine = machine_with(0, (struct mm_hooks){ 0 }, true);
	uint32_t space = mm_space_new(machine, 0, false);

	(void)state;
	touch_range(machine, space, 0, 2);
	mm_space_end(machine, space);
	assert_int_not_equal(mm_space_new(machine, 0, false), space);
	assert_true(mm_free_lpage(machine, 0, 0));
	assert_true(mm_free_lpage(machine, 0, 1));
	assert_int_equal(mm_space_new(machine, 0, false), space);
	assert_int_equal(machine->spaces[space].nr_pages, 0);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* Swap, a huge page in one piece and page tables are counted, and go. */
static void a_kill_frees_all_that_a_space_owns(void **state)
{
	struct seen seen = { 0 };
	struct mm_machine *machine = machine_with(1024, hooks_of(&seen), true);
	const struct mm_request table = { .gfp_flags = MM_GFP_KERNEL },
				huge = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .order = 9 };
	uint32_t space = mm_space_new(machine, 0, false);

	(void)state;
	assert_int_equal(mm_touch_page(machine, &table, 1, MM_LPAGE_KERNEL, 0), MM_TOUCH_NEW);
	mm_space_charge(machine, space, 1);
	assert_int_equal(mm_touch_page(machine, &huge, 512, MM_LPAGE_ANON, 0), MM_TOUCH_NEW);
	mm_space_charge(machine, space, 512);
	touch_range(machine, space, 2, 10);
	mm_space_set_before(machine, space, 3);
	touch_range(machine, 0, 20, 30); /* nobody's: 3 of them stand for those */
	assert_int_equal(mm_out_of_memory(machine, &table), MM_OOM_KILLED);
	assert_int_equal(seen.last.nr_tables, 1);
	assert_int_equal(seen.last.nr_anon, 512 + 8 + 3);
	assert_int_equal(seen.last.points, 512 + 8 + 3 + 1);
	mm_space_reap(machine, space, 0);
	assert_int_equal(machine->nr_anon, 7);
	assert_int_equal(machine->nr_used, 7);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void settings_choose_panic_or_the_task_itself(void **state)
{
	struct seen seen = { 0 };
	struct mm_machine *machine = machine_with(0, hooks_of(&seen), true);
	struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
	uint32_t small = mm_space_new(machine, 0, false), large = mm_space_new(machine, 0, false);

	(void)state;
	touch_range(machine, small, 0, 1);
	touch_range(machine, large, 1, 100);
	machine->settings.oom_kill_allocating_task = true;
	request.space = small;
	machine->settings.panic_on_oom = true;
	assert_int_equal(mm_out_of_memory(machine, &request), MM_OOM_PANIC);
	machine->settings.panic_on_oom = false;
	assert_int_equal(mm_out_of_memory(machine, &request), MM_OOM_KILLED);
	assert_int_equal(seen.last.space, small);
	mm_space_reap(machine, small, 0);
	mm_space_set_adj(machine, large, -1000);
	request.space = large;
	assert_int_equal(mm_out_of_memory(machine, &request), MM_OOM_NOBODY);
	mm_machine_destroy(machine);
}

/* Which requests kill when there is no memory left. */
static void only_some_requests_kill(void **state)
{
	static const struct {
		uint32_t gfp;
		uint8_t order;
		bool normal; /* the zone is Normal, not DMA */
		bool kills;
	} rows[] = {
		{ MM_GFP_HIGHUSER_MOVABLE, 0, true, true },
		{ MM_GFP_KERNEL, 0, true, true },
		{ MM_GFP_KERNEL, 3, true, true },
		{ MM_GFP_KERNEL, 4, true, false },
		{ MM_GFP_KERNEL | MM_GFP_NORETRY, 0, true, false },
		{ MM_GFP_KERNEL | MM_GFP_RETRY_MAYFAIL, 0, true, false },
		{ MM_GFP_KERNEL | MM_GFP_THISNODE, 0, true, false },
		{ MM_GFP_KERNEL & ~MM_GFP_DIRECT_RECLAIM, 0, true, false },
		{ MM_GFP_KERNEL | MM_GFP_DMA, 0, false, false },
		/* Waits for somebody else to kill, and nobody else comes. */
		{ MM_GFP_KERNEL & ~MM_GFP_FS, 0, true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mm_machine *machine =
			machine_with(0, (struct mm_hooks){ 0 }, rows[i].normal);
		const struct mm_request request = { .gfp_flags = rows[i].gfp,
			                            .order = rows[i].order };
		const struct mm_request any = { .gfp_flags = MM_GFP_KERNEL };
		struct mm_alloc_context ac = mm_prepare_alloc(machine, &any);
		uint32_t space = mm_space_new(machine, 0, false);

		ac.highest_zoneidx = MM_ZONE_NORMAL;
		for (uint32_t page = 0; page < 1024; page++)
			touch(machine, space, page,
			      rows[i].normal ? MM_GFP_HIGHUSER_MOVABLE : rows[i].gfp);
		while (mm_get_page_from_freelist(machine, &ac, MM_ALLOC_NO_WATERMARKS) != MM_NONE)
			;
		assert_int_equal(machine->counters[MM_OOM_KILL], 0);
		(void)mm_alloc_pages(machine, &request);
		if ((machine->counters[MM_OOM_KILL] > 0) != rows[i].kills)
			fail_msg("row %zu: %llu kills", i,
			         (unsigned long long)machine->counters[MM_OOM_KILL]);
		mm_machine_destroy(machine);
	}
}

static void a_victim_may_use_the_reserves(void **state)
{
	struct seen seen = { 0 };
	struct mm_machine *machine = machine_with(0, hooks_of(&seen), true);
	const struct mm_zone *zone = &machine->zones[0];
	uint32_t space = mm_space_new(machine, 0, false), page = 0;

	(void)state;
	while (seen.nr == 0) {
		touch_range(machine, space, page, page + 1);
		page++;
	}
	/* The page that it was killed for came from below the min watermark. */
	assert_true(zone->free_pages < (int64_t)zone->wmark[MM_WMARK_MIN]);
	while (touch(machine, space, page, MM_GFP_HIGHUSER_MOVABLE) == MM_TOUCH_NEW)
		page++;
	assert_true(zone->free_pages <= (int64_t)zone->wmark[MM_WMARK_MIN] / 2);
	assert_true(zone->free_pages > 0);
	assert_int_equal(seen.nr, 1);
	assert_false(seen.panicked);
	mm_space_reap(machine, space, 0);
	assert_int_equal(machine->nr_used, 0);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void held_pages_go_with_their_space(void **state)
{
	struct seen seen = { 0 };
	struct mm_machine *machine = machine_with(0, hooks_of(&seen), true);
	struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
	uint32_t nr = 0;

	(void)state;
	request.space = mm_space_new(machine, 0, false);
	touch_range(machine, request.space, 0, 1);
	while (seen.nr == 0 && mm_hold_page(machine, &request))
		nr++;
	assert_int_equal(seen.last.space, request.space);
	assert_int_equal(machine->nr_used, nr + 1);
	mm_space_reap(machine, request.space, 0);
	assert_int_equal(machine->nr_used, 0);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* Another task has the page put there while this one reclaims. */
struct rival {
	struct mm_machine *machine;
	uint32_t page;
	uint32_t nr;
};

static void be_faster(void *data, const struct mm_request *request,
                      const struct mm_scan_control *sc)
{
	const struct mm_request own = { .gfp_flags = MM_GFP_KERNEL };
	struct rival *rival = data;

	(void)request;
	(void)sc;
	if (rival->nr++ == 0)
		assert_int_equal(
			mm_touch_page(rival->machine, &own, rival->page, MM_LPAGE_KERNEL, 0),
			MM_TOUCH_NEW);
}

static void whoever_waits_finds_what_another_has_put_there(void **state)
{
	struct rival rival = { .nr = 1 };
	const struct mm_hooks hooks = { .data = &rival, .direct_reclaim_end = be_faster };
	struct mm_machine *machine = machine_with(NR_PAGES, hooks, true);
	const struct mm_request user = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
	const struct mm_request kernel = { .gfp_flags = MM_GFP_KERNEL, .order = 2 };
	enum mm_touch_result result = MM_TOUCH_NEW;

	(void)state;
	rival.machine = machine;
	for (uint32_t page = 0; page < NR_PAGES; page++)
		mm_touch_page(machine, &user, page, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	/* Some of these have to reclaim. */
	for (rival.page = 2 * NR_PAGES; result == MM_TOUCH_NEW; rival.page += 4) {
		assert_true(rival.page < 3 * NR_PAGES);
		rival.nr = 0;
		result = mm_touch_page(machine, &kernel, rival.page, MM_LPAGE_KERNEL, 0);
	}
	assert_int_equal(result, MM_TOUCH_INVALID);
	assert_int_equal(mm_lpage(machine, rival.page - 4)->order, 0);
	machine_check(machine);
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(badness_is_what_would_be_freed),
		cmocka_unit_test(the_worst_goes_and_nobody_else_meanwhile),
		cmocka_unit_test(who_maps_more_files_goes),
		cmocka_unit_test(oom_score_adj_outweighs_size),
		cmocka_unit_test(of_equals_the_youngest_goes),
		cmocka_unit_test(a_copy_is_not_counted_twice),
		cmocka_unit_test(numbers_outlive_their_pages),
		cmocka_unit_test(a_kill_frees_all_that_a_space_owns),
		cmocka_unit_test(settings_choose_panic_or_the_task_itself),
		cmocka_unit_test(only_some_requests_kill),
		cmocka_unit_test(a_victim_may_use_the_reserves),
		cmocka_unit_test(held_pages_go_with_their_space),
		cmocka_unit_test(whoever_waits_finds_what_another_has_put_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
