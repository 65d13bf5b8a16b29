/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes on while a task waits in the middle of what it does. */
#include "unit.h"

#include "mm.h"
#include "replay.h"
#include "show_mem.h"

#define NR_PAGES 8192u
#define GFP_USER 0x100ccau
#define OTHERS   (4 * NR_PAGES) /* pages of the other task, from here on */

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

static struct demand_op touch(uint32_t task, uint32_t page, uint64_t t_ns)
{
	return (struct demand_op){
		.t_ns = t_ns,
		.task = task,
		.page = page,
		.gfp_flags = GFP_USER,
		.kind = DEMAND_ANON_TOUCH,
	};
}

static void run(struct replay *replay, struct demand_op op)
{
	assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
}

static bool is_known(const struct replay *replay, uint32_t page)
{
	return mm_lpage_is_known(replay_machine(replay), page);
}

/* Task 1 has asked for *page, and waits in direct reclaim. */
static struct replay *with_a_task_that_waits(uint32_t *page)
{
	struct replay_tunables tunables;
	const struct replay_config config = { .start = &start,
		                              .tunables = &tunables,
		                              .policy = "classic" };
	struct replay *replay = NULL;

	replay_tunables_init(&tunables);
	assert_int_equal(replay_tunable_set(&tunables, "swap=64M", NULL), 0);
	assert_int_equal(replay_tunable_set(&tunables, "kswapd.latency=1s", NULL), 0);
	assert_int_equal(replay_tunable_set(&tunables, "direct.stretch=1000", NULL), 0);
	assert_int_equal(replay_create(&config, &replay, NULL), 0);
	for (*page = 0; *page < 2 * NR_PAGES; ++*page) {
		run(replay, touch(1, *page, 2000));
		if (!is_known(replay, *page))
			return replay;
	}
	fail();
	return NULL;
}

static void others_go_on_and_the_task_does_not(void **state)
{
	uint32_t page;
	struct replay *replay = with_a_task_that_waits(&page);

	(void)state;
	run(replay, touch(1, page + 1, 2001));
	run(replay, (struct demand_op){ .t_ns = 2002, .task = 2, .page = 0, .kind = DEMAND_FREE });
	assert_false(is_known(replay, 0));
	assert_false(is_known(replay, page));
	assert_false(is_known(replay, page + 1));
	assert_int_equal(replay_now_ns(replay), 2002);
	assert_int_equal(replay_settle(replay, NULL), 0);
	assert_true(is_known(replay, page));
	assert_true(is_known(replay, page + 1));
	assert_int_equal(replay_task_stat(replay, 1)->nr_faults[REPLAY_FAULT_ANON], page + 2);
	assert_true(replay_now_ns(replay) >= 2000 + replay_task_stat(replay, 1)->stalled_ns);
	replay_destroy(replay);
}

static void a_page_in_hand_is_waited_for(void **state)
{
	uint32_t page;
	struct replay *replay = with_a_task_that_waits(&page);

	(void)state;
	run(replay,
	    (struct demand_op){ .t_ns = 2001, .task = 2, .page = page, .kind = DEMAND_FREE });
	/* It is another's from then on. */
	run(replay, touch(3, page, 2002));
	assert_int_equal(replay_settle(replay, NULL), 0);
	assert_true(is_known(replay, page));
	assert_int_equal(replay_stats(replay)->nr_unknown_free, 0);
	assert_int_equal(replay_stats(replay)->nr_mismatched, 0);
	assert_int_equal(replay_task_stat(replay, 3)->nr_faults[REPLAY_FAULT_ANON], 1);
	replay_destroy(replay);
}

/* Many wait at once, each with a stack of its own; time ends in the middle of it. */
static void any_number_of_tasks_may_wait(void **state)
{
	uint32_t page, nr_waiting = 0;
	struct replay *replay = with_a_task_that_waits(&page);

	(void)state;
	for (uint32_t task = 2; task < 40; task++) {
		run(replay, touch(task, OTHERS + task, 2003));
		nr_waiting += !is_known(replay, OTHERS + task);
	}
	assert_true(nr_waiting > 2);
	assert_int_equal(replay_advance(replay, 2500, NULL), 0);
	replay_destroy(replay);

	replay = with_a_task_that_waits(&page);
	for (uint32_t task = 2; task < 40; task++)
		run(replay, touch(task, OTHERS + task, 2003));
	assert_int_equal(replay_settle(replay, NULL), 0);
	for (uint32_t task = 2; task < 40; task++)
		assert_true(is_known(replay, OTHERS + task));
	assert_int_equal(mm_check(replay_machine(replay), NULL), 0);
	replay_destroy(replay);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_go_on_and_the_task_does_not),
		cmocka_unit_test(a_page_in_hand_is_waited_for),
		cmocka_unit_test(any_number_of_tasks_may_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
