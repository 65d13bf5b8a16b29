/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "internal.h"
#include "replay_state.h"
#include "show_mem.h"

#define NR_PAGES 8192u
#define GFP_USER 0x100ccau

static const struct mmr_zone_info zone = {
	.index = 1,
	.name = "DMA32",
	.spanned = NR_PAGES,
	.present = NR_PAGES,
	.managed = NR_PAGES,
};

static const struct replay_start start = {
	.zones = &zone,
	.nr_zones = 1,
	.nr_cpus = 2,
	.start_ns = 1000,
};

struct seen {
	uint32_t nr_direct;
	uint32_t nr_kswapd;
	struct replay_reclaim kswapd; /* the last one, with sums of all */
	uint32_t nr_failed;
};

static void see_reclaim(void *data, const struct replay_reclaim *reclaim)
{
	struct seen *seen = data;

	assert_true(reclaim->end_ns >= reclaim->begin_ns);
	if (reclaim->kind == REPLAY_RECLAIM_DIRECT)
		seen->nr_direct++;
	if (reclaim->kind != REPLAY_RECLAIM_KSWAPD)
		return;
	seen->nr_kswapd++;
	seen->kswapd.begin_ns = reclaim->begin_ns;
	seen->kswapd.end_ns = reclaim->end_ns;
	seen->kswapd.goes_on = reclaim->goes_on;
	seen->kswapd.nr_scanned += reclaim->nr_scanned;
	seen->kswapd.nr_reclaimed += reclaim->nr_reclaimed;
}

static void see_failure(void *data, const struct replay_failure *failure)
{
	struct seen *seen = data;

	assert_true(failure->oom);
	seen->nr_failed++;
}

static struct replay *replay_with_two(const char *setting, const char *other, const char *policy,
                                      struct seen *seen)
{
	struct replay_tunables tunables;
	const struct replay_config config = {
		.start = &start,
		.tunables = &tunables,
		.policy = policy,
		.seed = 1,
		.hooks = { .data = seen, .reclaim = see_reclaim, .failure = see_failure },
	};
	struct replay *replay = NULL;

	replay_tunables_init(&tunables);
	/* What changes while it runs can be seen only where there is something to reclaim. */
	if (setting && strchr(setting, '@'))
		assert_int_equal(replay_tunable_set(&tunables, "swap=64M", NULL), 0);
	if (setting)
		assert_int_equal(replay_tunable_set(&tunables, setting, NULL), 0);
	if (other)
		assert_int_equal(replay_tunable_set(&tunables, other, NULL), 0);
	assert_int_equal(replay_create(&config, &replay, NULL), 0);
	return replay;
}

static struct replay *replay_with(const char *setting, const char *policy, struct seen *seen)
{
	return replay_with_two(setting, NULL, policy, seen);
}

static struct demand_op touch(uint32_t page, uint64_t t_ns)
{
	return (struct demand_op){
		.t_ns = t_ns,
		.task = 1,
		.page = page,
		.gfp_flags = GFP_USER,
		.kind = DEMAND_ANON_TOUCH,
	};
}

static uint64_t counter(const struct replay *replay, const char *name)
{
	uint64_t value = 0;

	assert_true(mm_vmstat_find(replay_machine(replay), name, &value));
	return value;
}

static void slow_demand_leaves_the_work_to_kswapd(void **state)
{
	struct seen seen = { 0 };
	struct replay *replay = replay_with("swap=64M", "clock", &seen);

	(void)state;
	for (uint32_t page = 0; page < NR_PAGES + 2000; page++) {
		struct demand_op op = touch(page, 1000 + page * UINT64_C(100000));

		assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	}
	assert_true(counter(replay, "pgsteal_kswapd") >= 2000);
	assert_int_equal(seen.nr_direct, 0);
	assert_true(counter(replay, "pswpout") >= 2000);
	assert_int_equal(replay_task_stat(replay, 1)->stalled_ns, 0);
	assert_int_equal(replay_task_stat(replay, 1)->nr_faults[REPLAY_FAULT_ANON],
	                 NR_PAGES + 2000);
	assert_null(replay_task_stat(replay, 2));
	replay_destroy(replay);
}

/* Naps end early as long as the demand goes on; a sleep follows on a nap of HZ/10 that nobody ended. */
static void kswapd_is_awake_over_all_its_runs_and_naps(void **state)
{
	struct seen seen = { 0 };
	struct replay *replay = replay_with("swap=64M", "clock", &seen);
	uint64_t t_ns = 1000;

	(void)state;
	for (uint32_t page = 0; page < NR_PAGES + 2000; page++, t_ns += 100000) {
		struct demand_op op = touch(page, t_ns);

		assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	}
	assert_true(counter(replay, "kswapd_low_wmark_hit_quickly") > 3);
	assert_int_equal(seen.nr_kswapd, 0);
	assert_int_equal(replay_advance(replay, t_ns + 1000000000, NULL), 0);
	assert_int_equal(seen.nr_kswapd, 1);
	assert_true(seen.kswapd.end_ns - seen.kswapd.begin_ns > 300000000);
	assert_in_range(seen.kswapd.end_ns, t_ns + 90000000, t_ns + 300000000);
	assert_int_equal(seen.kswapd.nr_scanned, counter(replay, "pgscan_kswapd"));
	assert_int_equal(seen.kswapd.nr_reclaimed, counter(replay, "pgsteal_kswapd"));
	replay_finish(replay);
	assert_int_equal(seen.nr_kswapd, 1);
	replay_destroy(replay);
}

static void kswapd_that_is_awake_at_the_end_is_told_of(void **state)
{
	struct seen seen = { 0 };
	struct replay *replay = replay_with("swap=64M", "clock", &seen);

	(void)state;
	for (uint32_t page = 0; counter(replay, "pgsteal_kswapd") == 0; page++) {
		struct demand_op op = touch(page, 1000 + page * UINT64_C(100000));

		assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	}
	replay_finish(replay);
	assert_int_equal(seen.nr_kswapd, 1);
	assert_true(seen.kswapd.goes_on);
	assert_int_equal(seen.kswapd.nr_reclaimed, counter(replay, "pgsteal_kswapd"));
	replay_destroy(replay);
}

/* The first run's begin, when 100 us of the demand lie between two pages. */
static uint64_t first_run_ns(const char *latency)
{
	struct seen seen = { 0 };
	struct replay *replay = replay_with(latency, "fifo", &seen);
	uint32_t page = 0;

	while (counter(replay, "pageoutrun") == 0) {
		struct demand_op op = touch(page, 1000 + page * UINT64_C(100000));

		assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
		page++;
	}
	replay_destroy(replay);
	return page * UINT64_C(100000);
}

static void kswapd_needs_time_to_wake(void **state)
{
	uint64_t at_once = first_run_ns("kswapd.latency=0");

	(void)state;
	assert_in_range(first_run_ns("kswapd.latency=2ms") - at_once, 1900000, 2100000);
}

/* How long the task has waited in all, and the pages that were scanned for it. */
static uint64_t stalled_ns(const char *stretch, uint64_t *nr_scanned)
{
	struct seen seen = { 0 };
	struct replay *replay = replay_with_two("swap=64M", stretch, "clock", &seen);
	uint64_t ns;

	for (uint32_t page = 0; page < NR_PAGES + 2000; page++) {
		struct demand_op op = touch(page, 1000);

		assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	}
	assert_int_equal(replay_settle(replay, NULL), 0);
	assert_true(seen.nr_direct > 0);
	assert_int_equal(seen.nr_failed, 0);
	/* All was asked for at once, and nobody else has made time go on. */
	assert_true(replay_now_ns(replay) >= 1000 + replay_task_stat(replay, 1)->stalled_ns);
	*nr_scanned = counter(replay, "pgscan_direct");
	ns = replay_task_stat(replay, 1)->stalled_ns;
	replay_destroy(replay);
	return ns;
}

static void demand_without_a_pause_has_to_reclaim_itself(void **state)
{
	uint64_t once, tenfold, ns = stalled_ns(NULL, &once);

	(void)state;
	assert_true(ns > 0);
	assert_true(once > 0);
	/* The longer it takes the task, the more of the work kswapd has done meanwhile. */
	assert_true(stalled_ns("direct.stretch=1000", &tenfold) > ns);
	assert_true(tenfold < once);
}

/* Of stalls that differ by a thousand times the shortest is 0 % of the mean. */
static void a_stall_takes_as_long_as_its_work(void **state)
{
	static const struct replay_spread shortest = { .nr = REPLAY_NR_QUANTILES };
	struct seen seen = { 0 };
	struct replay *replay = replay_with_two("swap=64M", "cost.scan=1us", "clock", &seen);

	(void)state;
	replay->stalls = &shortest;
	for (uint32_t page = 0; page < NR_PAGES + 2000; page++) {
		struct demand_op op = touch(page, 1000);

		assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	}
	assert_int_equal(replay_settle(replay, NULL), 0);
	assert_true(counter(replay, "pgscan_direct") > 0);
	assert_true(replay_task_stat(replay, 1)->stalled_ns >=
	            counter(replay, "pgscan_direct") * 1000);
	replay_destroy(replay);
}

struct killed {
	uint32_t nr;
	struct replay_oom_kill last;
};

static void see_kill(void *data, const struct replay_oom_kill *kill)
{
	struct killed *killed = data;

	killed->nr++;
	killed->last = *kill;
}

static struct demand_op of_task(uint8_t kind, uint32_t task, uint32_t arg, uint32_t arg2)
{
	return (struct demand_op){ .t_ns = 1000,
		                   .kind = kind,
		                   .task = task,
		                   .page = DEMAND_NO_PAGE,
		                   .arg = arg,
		                   .arg2 = arg2 };
}

/* Two processes, of which task 1's is to be killed first. */
static struct replay *two_processes(const char *setting, struct killed *killed)
{
	const struct demand_op ops[] = {
		of_task(DEMAND_TASK_START, 1, 0, 0), of_task(DEMAND_TASK_SPACE, 1, 1, 0),
		of_task(DEMAND_TASK_START, 2, 1, 0), of_task(DEMAND_TASK_SPACE, 2, 2, 1),
		of_task(DEMAND_TASK_ADJ, 1, 500, 0), of_task(DEMAND_TASK_START, 3, 1, 0),
		of_task(DEMAND_TASK_SPACE, 3, 1, 0), /* a thread */
	};
	struct replay_tunables tunables;
	const struct replay_config config = {
		.start = &start,
		.tunables = &tunables,
		.policy = "clock",
		.hooks = { .data = killed, .oom_kill = see_kill },
	};
	struct replay *replay = NULL;

	replay_tunables_init(&tunables);
	assert_int_equal(replay_tunable_set(&tunables, setting, NULL), 0);
	assert_int_equal(replay_create(&config, &replay, NULL), 0);
	assert_int_equal(replay_run(replay, ops, sizeof(ops) / sizeof(ops[0]), NULL), 0);
	return replay;
}

static uint64_t anon_pages(const struct replay *replay)
{
	return counter(replay, "nr_anon_pages");
}

/* Half of memory less 2048 pages may be promised: the second mapping is refused, the child and its own granted. */
static void what_overcommit_refuses_is_not_touched(void **state)
{
	struct killed killed = { 0 };
	struct replay *replay = two_processes("vm.overcommit_memory=2", &killed);
	struct demand_op ops[] = {
		of_task(DEMAND_MAP, 1, 1, 500),
		of_task(DEMAND_MAP, 1, 2, 4000),
		of_task(DEMAND_TASK_START, 4, 1, 0),
		of_task(DEMAND_TASK_SPACE, 4, 3, 1),
		of_task(DEMAND_MAP, 4, 3, 100),
		touch(0, 2000),
		touch(1, 2000),
		touch(2, 2000),
		touch(1, 2000),
		touch(3, 2000),
		of_task(DEMAND_UNMAP, 1, 2, 4000),
		of_task(DEMAND_UNMAP, 1, 1, 500),
		of_task(DEMAND_MAP, 1, 4, 500),
		touch(5, 2000),
	};

	(void)state;
	ops[5].arg = 1 << DEMAND_MAPPING_SHIFT; /* granted */
	ops[6].arg = 2 << DEMAND_MAPPING_SHIFT; /* refused */
	ops[7].task = 4;                        /* the child's */
	ops[8].arg = DEMAND_REFAULT;            /* the same page as it came back */
	ops[9].kind = DEMAND_COW;               /* a copy of it */
	ops[9].arg2 = 1;
	ops[13].arg = 4 << DEMAND_MAPPING_SHIFT;
	assert_int_equal(replay_run(replay, ops, sizeof(ops) / sizeof(ops[0]), NULL), 0);
	assert_int_equal(anon_pages(replay), 3);
	assert_int_equal(replay_stats(replay)->nr_refused, 1);
	assert_int_equal(replay_stats(replay)->nr_refused_pages, 4000);
	assert_int_equal(replay_stats(replay)->nr_dropped, 3);
	/* A fork that would promise twice what is there. */
	ops[0] = of_task(DEMAND_MAP, 2, 5, 500);
	ops[1] = of_task(DEMAND_TASK_START, 5, 2, 0);
	ops[2] = of_task(DEMAND_MAP, 2, 6, 100);
	ops[3] = of_task(DEMAND_TASK_SPACE, 5, 4, 2);
	ops[4] = touch(9, 3000);
	ops[4].task = 5;
	assert_int_equal(replay_run(replay, ops, 5, NULL), 0);
	assert_int_equal(replay_stats(replay)->nr_refused, 2);
	assert_int_equal(replay_stats(replay)->nr_refused_pages, 4600);
	assert_int_equal(anon_pages(replay), 3);
	/* Numbers are promised to be dense. */
	ops[0] = of_task(DEMAND_MAP, 1, UINT32_MAX, 1);
	assert_int_equal(replay_run(replay, ops, 1, NULL), MMR_E_CORRUPT);
	replay_destroy(replay);
}

/* Where swap does not seek, pages know the VMA of their mapping, which may have begun with another one. */
static void touches_name_their_area(void **state)
{
	struct killed killed = { 0 };
	struct demand_op ops[] = {
		of_task(DEMAND_MAP, 1, 1, 100),
		of_task(DEMAND_MAP, 1, 2, 100),
		of_task(DEMAND_MAP, 1, 3, 100),
		touch(0, 2000),
		touch(1, 2000),
		touch(2, 2000),
		touch(3, 2000),
	};
	const struct mm_areas *areas;
	struct replay *replay;

	(void)state;
	ops[0].gfp_flags = 1;
	ops[1].gfp_flags = 1;
	ops[2].gfp_flags = 3;
	for (uint32_t i = 3; i < 6; i++)
		ops[i].arg = (i - 2) << DEMAND_MAPPING_SHIFT;
	replay = two_processes("swap.device=1", &killed);
	assert_int_equal(replay_run(replay, ops, sizeof(ops) / sizeof(ops[0]), NULL), 0);
	areas = &replay->machine->areas;
	assert_int_not_equal(areas->of[0], MM_NONE);
	assert_int_equal(areas->of[1], areas->of[0]);
	assert_int_not_equal(areas->of[2], MM_NONE);
	assert_int_not_equal(areas->of[2], areas->of[0]);
	assert_int_equal(areas->of[3], MM_NONE);
	replay_destroy(replay);
	replay = two_processes("swap.device=0", &killed);
	assert_int_equal(replay_run(replay, ops, sizeof(ops) / sizeof(ops[0]), NULL), 0);
	assert_null(replay->machine->areas.of);
	replay_destroy(replay);
}

static void a_victim_asks_for_nothing_more(void **state)
{
	struct killed killed = { 0 };
	struct replay *replay = two_processes("oom.exit=1ms", &killed);
	struct demand_op op;
	uint32_t page = 0;

	(void)state;
	while (killed.nr == 0 && page < 2 * NR_PAGES) {
		op = touch(page++, 2000);
		op.task = page % 4 == 0 ? 2 : page % 4 == 1 ? 3 : 1;
		assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	}
	assert_int_equal(killed.last.task, 1);
	assert_int_equal(killed.last.oom_score_adj, 500);
	assert_int_equal(counter(replay, "oom_kill"), 1);
	assert_true(killed.last.nr_anon > page / 2);
	/* Its thread is dead as well; the other process goes on, and what is free is freed once. */
	op = touch(page, 3000);
	op.task = 3;
	assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	assert_false(mm_lpage_is_known(replay_machine(replay), page));
	op = touch(page, 10000000);
	op.task = 2;
	assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	assert_true(mm_lpage_is_known(replay_machine(replay), page));
	assert_true(counter(replay, "nr_anon_pages") <= page / 4 + 2);
	for (uint32_t i = 0; i <= page; i++) {
		op = (struct demand_op){ .t_ns = 20000000, .page = i, .kind = DEMAND_FREE };
		assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	}
	assert_int_equal(counter(replay, "nr_anon_pages"), 0);
	assert_int_equal(replay_stats(replay)->nr_unknown_free, 0);
	assert_true(replay_stats(replay)->nr_dropped > page / 2);
	replay_destroy(replay);
}

/* The task whose allocation waits goes on when the other has exited, oom.exit later. */
static void others_wait_for_the_exit(void **state)
{
	struct killed killed = { 0 };
	struct replay *replay = two_processes("oom.exit=5ms", &killed);
	uint32_t page = 0;

	(void)state;
	for (; killed.nr == 0 && page < 2 * NR_PAGES; page++) {
		struct demand_op op = touch(page, 2000);

		op.task = page < 1000 ? 1 : 2;
		if (page == 1000) {
			struct demand_op adj = of_task(DEMAND_TASK_ADJ, 1, 1000, 0);

			assert_int_equal(replay_run(replay, &adj, 1, NULL), 0);
		}
		assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	}
	assert_int_equal(killed.last.task, 1);
	assert_int_equal(killed.last.asked_by, 2);
	assert_false(mm_lpage_is_known(replay_machine(replay), page - 1));
	assert_int_equal(replay_settle(replay, NULL), 0);
	assert_true(mm_lpage_is_known(replay_machine(replay), page - 1));
	assert_false(mm_lpage_is_known(replay_machine(replay), 0));
	assert_true(replay_task_stat(replay, 2)->stalled_ns >= 5000000);
	replay_destroy(replay);
}

/* A kill of the original's that is not far off happens here too; one that is does not. */
static void a_recorded_kill_asks_for_more(void **state)
{
	static const struct {
		const char *setting;
		uint32_t nr_pages;
		uint32_t kills;
	} rows[] = {
		{ "oom.beyond=5", NR_PAGES - 300, 1 },
		{ "oom.beyond=5", NR_PAGES / 2, 0 },
		{ "oom.beyond=0", NR_PAGES - 300, 0 },
		{ "oom.beyond=60", NR_PAGES / 2, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct killed killed = { 0 };
		struct replay *replay = two_processes(rows[i].setting, &killed);
		struct demand_op op;

		for (uint32_t page = 0; page < rows[i].nr_pages; page++) {
			op = touch(page, 2000);
			assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
		}
		op = of_task(DEMAND_OOM, 1, 1, 0);
		assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
		if (killed.nr != rows[i].kills)
			fail_msg("row %zu: %u kills", i, killed.nr);
		if (killed.nr == 0)
			assert_int_equal(counter(replay, "nr_anon_pages"), rows[i].nr_pages);
		assert_int_equal(replay_stats(replay)->nr_beyond > 0, rows[i].kills > 0);
		assert_int_equal(replay_advance(replay, 1000000000, NULL), 0);
		assert_int_equal(counter(replay, "nr_anon_pages"),
		                 rows[i].kills ? 0 : rows[i].nr_pages);
		replay_destroy(replay);
	}
}

static void a_machine_without_swap_says_when_it_is_full(void **state)
{
	struct seen seen = { 0 };
	struct replay *replay = replay_with("memory=16M", "fifo", &seen);

	(void)state;
	for (uint32_t page = 0; page < 5000; page++) {
		struct demand_op op = touch(page, 1000 + page);

		assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	}
	assert_int_equal(seen.nr_failed, replay_stats(replay)->nr_failures);
	assert_true(seen.nr_failed > 5000 - 4096);
	replay_destroy(replay);
}

static void the_start_population_lies_where_it_lay(void **state)
{
	struct replay *replay = replay_with("swap=1M", "fifo", NULL);
	struct demand_op ops[4] = { touch(0, 1000), touch(1, 1000), touch(2, 1000),
		                    touch(3, 2000) };

	(void)state;
	for (int i = 0; i < 3; i++)
		ops[i].arg = DEMAND_RESIDENT;
	ops[0].arg2 = 77;
	ops[1].arg2 = DEMAND_NO_PAGE;
	ops[2].arg |= DEMAND_SWAPPED;
	/* Looking at the machine before its population has come does not shut the door. */
	assert_int_equal(replay_advance(replay, 1500, NULL), 0);
	assert_int_equal(replay_run(replay, ops, 4, NULL), 0);
	assert_int_equal(replay_stats(replay)->nr_placed, 1);
	assert_int_equal(replay_stats(replay)->nr_unplaced, 0);
	assert_int_equal(mm_swap_usage(replay_machine(replay)).nr_used, 1);
	assert_int_equal(counter(replay, "nr_anon_pages"), 3);
	assert_int_equal(counter(replay, "pgfault"), 1);
	replay_destroy(replay);
}

/* All memory is the kernel's but for half of each pageblock: no huge page can be had. */
static uint32_t fragment(struct replay *replay)
{
	uint32_t page = 2 * 512;

	/* Of the last pageblock only a quarter: not all memory may be gone. */
	for (uint32_t i = 0; i < NR_PAGES / 256 - 1; i++, page += 256) {
		struct demand_op op = { .t_ns = 1000,
			                .task = 2,
			                .page = page,
			                .order = i < NR_PAGES / 256 - 2 ? 8 : 7,
			                .gfp_flags = MM_GFP_KERNEL,
			                .kind = DEMAND_KERNEL_ALLOC };

		assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	}
	for (uint32_t at = 2 * 512; at + 512 < page; at += 512) {
		struct demand_op op = { .t_ns = 1000, .page = at, .kind = DEMAND_FREE };

		assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	}
	return page;
}

static void a_page_table_is_taken_with_the_touch_before(void **state)
{
	struct replay *replay = replay_with(NULL, "classic", NULL);
	uint32_t table = fragment(replay), others = table + 1;
	struct demand_op ops[] = { touch(0, 2000), touch(others, 2000), touch(table, 2001),
		                   touch(others + 1, 2002) };
	struct mm_request request = { 0 };

	(void)state;
	replay->hooks.failure = NULL;
	ops[0].order = 9;
	ops[0].gfp_flags = GFP_USER & ~MM_GFP_DIRECT_RECLAIM;
	ops[1].task = 2;
	ops[2].kind = DEMAND_KERNEL_ALLOC;
	ops[2].gfp_flags = MM_GFP_KERNEL;
	ops[2].arg = DEMAND_PAGE_TABLE;
	replay->input = (struct replay_input){ .ops = ops, .nr = 4, .next = 1 };
	replay_table_meet(replay, &ops[0]);
	replay_table_ask(replay, &ops[3], &request);
	assert_int_equal(request.table_gfp, 0);
	replay_table_ask(replay, &ops[0], &request);
	assert_int_equal(request.table_gfp, MM_GFP_KERNEL);
	assert_int_equal(request.table, table);
	assert_int_equal(replay_run(replay, ops, 4, NULL), 0);
	assert_int_equal(counter(replay, "thp_fault_fallback"), 1);
	assert_true(mm_lpage_is_known(replay->machine, table));
	assert_int_equal(replay->stats.nr_mismatched, 0);
	/* Nobody waits for one any more. */
	request = (struct mm_request){ 0 };
	replay_table_ask(replay, &ops[0], &request);
	assert_int_equal(request.table_gfp, 0);
	replay_destroy(replay);
}

static void hostile_ops_are_refused(void **state)
{
	struct replay *replay = replay_with(NULL, "clock", NULL);
	struct demand_op op;

	(void)state;
	op = touch(0, 1000);
	op.kind = 0;
	assert_int_equal(replay_run(replay, &op, 1, NULL), MMR_E_CORRUPT);
	op.kind = 255;
	assert_int_equal(replay_run(replay, &op, 1, NULL), MMR_E_CORRUPT);
	op = touch(0, 1000);
	op.order = 11;
	assert_int_equal(replay_run(replay, &op, 1, NULL), MMR_E_CORRUPT);
	op = touch(UINT32_MAX, 1000);
	assert_int_equal(replay_run(replay, &op, 1, NULL), MMR_E_CORRUPT);
	op = touch(1u << 27, 1000);
	assert_int_equal(replay_run(replay, &op, 1, NULL), MMR_E_CORRUPT);
	op = touch(0, 1000);
	op.task = 1u << 30;
	assert_int_equal(replay_run(replay, &op, 1, NULL), MMR_E_CORRUPT);
	op = touch(0, 1000);
	op.kind = DEMAND_COW;
	op.arg2 = 1u << 30;
	assert_int_equal(replay_run(replay, &op, 1, NULL), MMR_E_CORRUPT);
	op = (struct demand_op){ .t_ns = 1000,
		                 .kind = DEMAND_HUGE_RANGE,
		                 .page = DEMAND_NO_PAGE,
		                 .order = DEMAND_ADVICE_EXEC + DEMAND_ADVICE_GONE + 1 };
	assert_int_equal(replay_run(replay, &op, 1, NULL), MMR_E_CORRUPT);
	/* The largest word is no order. */
	op.order = DEMAND_ADVICE_EXEC + DEMAND_ADVICE_NOHUGE;
	assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	op.kind = DEMAND_FILE_AREA;
	op.order = 0;
	op.arg2 = UINT32_MAX;
	assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	/* Odd, but harmless: any CPU, a page of another kind, a page freed twice. */
	op = touch(0, 1000);
	op.cpu = UINT16_MAX;
	assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	op.kind = DEMAND_FILE_TOUCH;
	assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	assert_int_equal(replay_stats(replay)->nr_mismatched, 1);
	op.kind = DEMAND_FREE;
	assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	assert_int_equal(replay_stats(replay)->nr_unknown_free, 1);
	replay_destroy(replay);
}

static void tunables_are_read_as_people_write_them(void **state)
{
	struct replay_tunables tunables;
	struct mmr_error err = { 0 };
	char text[32];

	(void)state;
	replay_tunables_init(&tunables);
	assert_int_equal(replay_tunable_set(&tunables, "memory=512M", &err), 0);
	assert_int_equal(tunables.value[REPLAY_TUNABLE_MEMORY], 512 << 20);
	replay_tunable_format(&tunables, REPLAY_TUNABLE_MEMORY, text, sizeof(text));
	assert_string_equal(text, "512M");
	assert_true(replay_tunable_record(&tunables, "kernel", "6.1.0-50-amd64"));
	assert_int_equal(tunables.value[REPLAY_TUNABLE_KERNEL], MM_KERNEL(6, 1));
	assert_int_equal(replay_tunable_set(&tunables, "kernel=6.18", &err), 0);
	assert_int_equal(tunables.value[REPLAY_TUNABLE_KERNEL], MM_KERNEL(6, 18));
	assert_int_equal(replay_tunable_set(&tunables, "kernel=6", &err), MMR_E_INVALID);
	assert_int_equal(replay_tunable_set(&tunables, "kernel=6.12abc", &err), MMR_E_INVALID);
	assert_int_equal(replay_tunable_set(&tunables, "kernel=4.19", &err), MMR_E_INVALID);
	assert_int_equal(replay_tunable_set(&tunables, "cost.scan=2us", &err), 0);
	assert_int_equal(tunables.value[REPLAY_TUNABLE_COST_SCAN_NS], 2000);
	assert_int_equal(replay_tunable_set(&tunables, "swappiness=10", &err), MMR_E_NOTFOUND);
	assert_non_null(strstr(err.text, "vm.swappiness"));
	assert_int_equal(replay_tunable_set(&tunables, "vm.swappiness=201", &err), MMR_E_INVALID);
	assert_int_equal(replay_tunable_set(&tunables, "vm.swappiness=", &err), MMR_E_INVALID);
	assert_int_equal(replay_tunable_set(&tunables, "vm.swappiness=-1", &err), MMR_E_INVALID);
	assert_int_equal(replay_tunable_set(&tunables, "vm.swappiness", &err), MMR_E_INVALID);
	assert_int_equal(replay_tunable_set(&tunables, "memory=99999999999999999999G", &err),
	                 MMR_E_INVALID);
	/* What the user has set, the recording does not undo. */
	assert_false(replay_tunable_record(&tunables, "memory", "1G"));
	assert_true(replay_tunable_record(&tunables, "vm.swappiness", "100"));
	assert_int_equal(tunables.source[REPLAY_TUNABLE_SWAPPINESS], REPLAY_TUNABLE_RECORDED);
	assert_false(replay_tunable_record(&tunables, "vm.swappiness", "1000"));
	assert_null(replay_tunable(REPLAY_NR_TUNABLES));
}

static void settings_may_have_a_time(void **state)
{
	struct replay_tunables tunables;
	struct mmr_error err = { 0 };

	(void)state;
	replay_tunables_init(&tunables);
	assert_int_equal(replay_tunable_set(&tunables, "vm.swappiness=10@2.5s", &err), 0);
	assert_int_equal(replay_tunable_set(&tunables, "lru_gen.enabled=0@100ms", &err), 0);
	assert_int_equal(tunables.nr_changes, 2);
	assert_int_equal(tunables.source[REPLAY_TUNABLE_SWAPPINESS], REPLAY_TUNABLE_DEFAULT);
	assert_int_equal(tunables.changes[0].id, REPLAY_TUNABLE_LRU_GEN_ENABLED);
	assert_int_equal(tunables.changes[0].t_ns, 100000000);
	assert_int_equal(tunables.changes[1].value, 10);
	assert_int_equal(tunables.changes[1].t_ns, UINT64_C(2500000000));
	assert_int_equal(replay_tunable_set(&tunables, "vm.swappiness=10@", &err), MMR_E_INVALID);
	assert_int_equal(replay_tunable_set(&tunables, "vm.swappiness=10@2", &err), MMR_E_INVALID);
	assert_int_equal(replay_tunable_set(&tunables, "vm.swappiness=10@2x", &err), MMR_E_INVALID);
	assert_int_equal(replay_tunable_set(&tunables, "vm.swappiness=1000@2s", &err),
	                 MMR_E_INVALID);
	assert_int_equal(replay_tunable_set(&tunables, "memory=64M@2s", &err), MMR_E_UNSUPPORTED);
	assert_int_equal(tunables.nr_changes, 2);
	for (uint32_t i = 2; i < REPLAY_MAX_CHANGES; i++)
		assert_int_equal(replay_tunable_set(&tunables, "vm.swappiness=1@1s", NULL), 0);
	assert_int_equal(replay_tunable_set(&tunables, "vm.swappiness=1@1s", &err), MMR_E_LIMIT);
}

static void the_recorded_switches_are_followed(void **state)
{
	const struct replay_reference_share share = {
		.switches = { { 100, false }, { 200, true }, { 300, false } }, .nr_switches = 3
	};
	struct replay_tunables tunables;

	(void)state;
	replay_tunables_init(&tunables);
	assert_int_equal(replay_changes_follow(&tunables, &share, "classic"), 2);
	assert_int_equal(tunables.changes[0].t_ns, 200);
	assert_int_equal(tunables.changes[0].value, 7);
	assert_int_equal(tunables.changes[1].t_ns, 300);
	assert_int_equal(tunables.changes[1].value, 0);
	replay_tunables_init(&tunables);
	assert_int_equal(replay_changes_follow(&tunables, &share, "mglru"), 3);
	assert_int_equal(tunables.changes[0].t_ns, 100);
}

/* Anonymous pages, 100 us apart, twice as many as there is room for. */
static struct replay *run_with(const char *setting, const char *policy)
{
	static struct seen seen;
	struct replay *replay = replay_with(setting, policy, &seen);

	for (uint32_t page = 0; page < 2 * NR_PAGES; page++) {
		struct demand_op op = touch(page, 1000 + page * UINT64_C(100000));

		assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
	}
	assert_int_equal(replay_advance(replay, UINT64_C(2000000000), NULL), 0);
	assert_int_equal(replay_settle(replay, NULL), 0);
	return replay;
}

static void a_setting_changes_in_its_time(void **state)
{
	/* From 1000 ns on, the trace's own time, to the end at 1.64 s. */
	struct replay *cheap = run_with("cost.scan=0@0ns", "classic");
	struct replay *late = run_with("cost.scan=1ms@1500ms", "classic");
	struct replay *early = run_with("cost.scan=1ms@10ms", "classic");

	(void)state;
	assert_true(counter(early, "allocstall_movable") > counter(late, "allocstall_movable"));
	assert_true(counter(late, "allocstall_movable") > counter(cheap, "allocstall_movable"));
	replay_destroy(cheap);
	replay_destroy(late);
	replay_destroy(early);
}

static void lru_gen_enabled_switches_the_policy(void **state)
{
	struct replay *never = run_with("lru_gen.enabled=0@1s", "classic");
	struct replay *to = run_with("lru_gen.enabled=7@1s", "classic");
	struct replay *from = run_with("lru_gen.enabled=0@1s", "mglru");
	struct replay *same = run_with("lru_gen.enabled=1@1s", "mglru");
	char text[512];

	(void)state;
	assert_int_equal(mm_show_policy(replay_machine(never), false, text, sizeof(text)), 0);
	assert_true(mm_show_policy(replay_machine(to), false, text, sizeof(text)) > 0);
	assert_int_equal(mm_show_policy(replay_machine(from), false, text, sizeof(text)), 0);
	assert_true(mm_show_policy(replay_machine(same), false, text, sizeof(text)) > 0);
	assert_true(counter(to, "pgscan_kswapd") != counter(never, "pgscan_kswapd"));
	replay_destroy(never);
	replay_destroy(to);
	replay_destroy(from);
	replay_destroy(same);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_demand_leaves_the_work_to_kswapd),
		cmocka_unit_test(kswapd_is_awake_over_all_its_runs_and_naps),
		cmocka_unit_test(kswapd_that_is_awake_at_the_end_is_told_of),
		cmocka_unit_test(settings_may_have_a_time),
		cmocka_unit_test(the_recorded_switches_are_followed),
		cmocka_unit_test(a_setting_changes_in_its_time),
		cmocka_unit_test(lru_gen_enabled_switches_the_policy),
		cmocka_unit_test(kswapd_needs_time_to_wake),
		cmocka_unit_test(demand_without_a_pause_has_to_reclaim_itself),
		cmocka_unit_test(a_stall_takes_as_long_as_its_work),
		cmocka_unit_test(a_machine_without_swap_says_when_it_is_full),
		cmocka_unit_test(the_start_population_lies_where_it_lay),
		cmocka_unit_test(a_page_table_is_taken_with_the_touch_before),
		cmocka_unit_test(hostile_ops_are_refused),
		cmocka_unit_test(tunables_are_read_as_people_write_them),
		cmocka_unit_test(what_overcommit_refuses_is_not_touched),
		cmocka_unit_test(touches_name_their_area),
		cmocka_unit_test(a_victim_asks_for_nothing_more),
		cmocka_unit_test(others_wait_for_the_exit),
		cmocka_unit_test(a_recorded_kill_asks_for_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
