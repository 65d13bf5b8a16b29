/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long the recording kept its pages, and when those come back that the replay did not keep. */
#include "machine.h"

#include "recorded_residence.h"
#include "return_time.h"

#define NR_PAGES (16u * 512)
#define SECOND   UINT64_C(1000000000)
#define NR_USED  1000u

/* ---- return times ---- */

static void returns_are_drawn_as_they_were(void **state)
{
	struct replay_return_time times = { 0 };
	struct rng rng;
	uint32_t nr_back = 0, nr_soon = 0;

	(void)state;
	/* A quarter came back after 1000 ticks, a quarter after a million; the rest was out for two million. */
	for (uint32_t i = 0; i < 400; i++)
		replay_return_note(&times,
		                   i % 4 == 0   ? 1000
		                   : i % 4 == 1 ? 1000000
		                                : 2000000,
		                   i % 4 < 2);
	replay_return_seal(&times);
	base_rng_init(&rng, 1);
	for (uint32_t i = 0; i < 10000; i++) {
		uint32_t ticks = replay_return_draw(&times, &rng);

		if (ticks == REPLAY_RETURN_NEVER)
			continue;
		nr_back++;
		nr_soon += ticks < 2000;
		assert_true((ticks >= 896 && ticks < 1024) || (ticks >= 917504 && ticks < 1048576));
	}
	assert_in_range(nr_back, 4800, 5200);
	assert_in_range(nr_soon, 2300, 2700);
}

/* Of those that were there long enough to tell all came back, however many were freed before. */
static void what_was_freed_before_counts_for_nothing(void **state)
{
	struct replay_return_time times = { 0 };
	struct rng rng;

	(void)state;
	for (uint32_t i = 0; i < 900; i++)
		replay_return_note(&times, 10, false);
	for (uint32_t i = 0; i < 100; i++)
		replay_return_note(&times, 5000, true);
	replay_return_seal(&times);
	base_rng_init(&rng, 1);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_not_equal(replay_return_draw(&times, &rng), REPLAY_RETURN_NEVER);
}

/* ---- residence ---- */

static struct demand_op op(uint64_t t_ns, uint8_t kind, uint32_t page)
{
	return (struct demand_op){ .t_ns = t_ns, .kind = kind, .page = page, .task = 1 + page % 3 };
}

static void add(struct replay_residence *residence, struct demand_op *ops, uint32_t *nr,
                struct demand_op next)
{
	ops[(*nr)++] = next;
	assert_int_equal(replay_residence_ops(residence, &next, 1, NULL), 0);
}

/* Pages 0 .. NR_USED - 1 stay; as many others go out after a second and come back after one more. */
static uint32_t script(struct replay_residence *residence, struct demand_op *ops)
{
	uint32_t nr = 0;

	for (uint32_t page = 0; page < 2 * NR_USED; page++)
		add(residence, ops, &nr, op(page, DEMAND_ANON_TOUCH, page));
	for (uint32_t page = NR_USED; page < 2 * NR_USED; page++)
		add(residence, ops, &nr, op(SECOND, DEMAND_EVICTED, page));
	for (uint32_t page = NR_USED; page < 2 * NR_USED; page++)
		add(residence, ops, &nr, op(2 * SECOND, DEMAND_ANON_TOUCH, page));
	return nr;
}

struct bench {
	struct mm_machine *machine;
	struct replay_residence *residence;
};

/* The second pass of the script, up to the instant at which the recording has evicted half of the pages. */
static struct bench after_a_second(void)
{
	static struct demand_op ops[4 * NR_USED];
	struct bench b = { .machine = machine_new(NR_PAGES, 1, 0, policy_find("fifo")) };
	uint32_t nr_ops;

	machine_all_free(b.machine);
	assert_int_equal(mm_residence_enable(b.machine, NULL), 0);
	assert_int_equal(mm_reserve_lpages(b.machine, NR_PAGES, NULL), 0);
	assert_int_equal(replay_residence_create(0, 10 * SECOND, 1, &b.residence, NULL), 0);
	nr_ops = script(b.residence, ops);
	replay_residence_seal(b.residence);
	for (uint32_t i = 0; i < nr_ops && ops[i].t_ns <= SECOND; i++) {
		replay_residence_advance(b.residence, b.machine, ops[i].t_ns);
		replay_residence_op(b.residence, b.machine, &ops[i]);
	}
	return b;
}

static void end(struct bench *b)
{
	replay_residence_destroy(b->residence);
	mm_machine_destroy(b->machine);
}

static void what_the_recording_kept_comes_back(void **state)
{
	struct bench b = after_a_second();
	uint32_t page, task, nr_due = 0;

	(void)state;
	for (page = 0; page < 2 * NR_USED; page++)
		replay_residence_evicted(b.residence, page, false);
	replay_residence_advance(b.residence, b.machine, 2 * SECOND - SECOND / 5);
	assert_false(replay_residence_due(b.residence, &page, &task));
	replay_residence_advance(b.residence, b.machine, 2 * SECOND + SECOND / 5);
	while (replay_residence_due(b.residence, &page, &task)) {
		assert_true(page < NR_USED);
		assert_int_equal(task, 1 + page % 3);
		nr_due++;
	}
	assert_int_equal(nr_due, NR_USED);
	end(&b);
}

static void what_has_gone_since_does_not_come_back(void **state)
{
	struct bench b = after_a_second();
	uint32_t page, task;

	(void)state;
	for (page = 0; page < NR_USED; page++) {
		const struct demand_op gone = op(SECOND, DEMAND_FREE, page);

		replay_residence_evicted(b.residence, page, false);
		replay_residence_op(b.residence, b.machine, &gone);
	}
	replay_residence_advance(b.residence, b.machine, 10 * SECOND);
	assert_false(replay_residence_due(b.residence, &page, &task));
	end(&b);
}

/* A huge page is 512 that stay as long as each does; memory of the kernel has one number. */
static void base_pages_stay_each_for_itself(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, policy_find("classic"));
	struct demand_op huge = op(0, DEMAND_ANON_TOUCH, 512),
			 gone = op(2 * SECOND, DEMAND_FREE, 512);
	struct demand_op stack = op(SECOND, DEMAND_FREE, 700), ops[8];
	struct replay_residence *residence = NULL;
	uint32_t nr = 0;

	(void)state;
	huge.order = gone.order = 9;
	gone.arg = DEMAND_HUGE;
	stack.order = 3;
	assert_int_equal(mm_reserve_lpages(machine, 1024, NULL), 0);
	assert_int_equal(mm_residence_enable(machine, NULL), 0);
	assert_int_equal(replay_residence_create(0, 4 * SECOND, 1, &residence, NULL), 0);
	add(residence, ops, &nr, huge);
	add(residence, ops, &nr, op(SECOND, DEMAND_EVICTED, 600));
	add(residence, ops, &nr, stack);
	add(residence, ops, &nr, gone);
	replay_residence_seal(residence);
	replay_residence_advance(residence, machine, 0);
	for (uint32_t i = 0; i < nr; i++) {
		replay_residence_op(residence, machine, &ops[i]);
		for (uint32_t page = 512; page < 1024; page++)
			assert_int_equal(machine->residence.pages[page].until > 0,
			                 i < 3 && !(page == 600 && i > 0) &&
			                         !(page == 700 && i > 1));
	}
	replay_residence_destroy(residence);
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(returns_are_drawn_as_they_were),
		cmocka_unit_test(what_was_freed_before_counts_for_nothing),
		cmocka_unit_test(what_the_recording_kept_comes_back),
		cmocka_unit_test(what_has_gone_since_does_not_come_back),
		cmocka_unit_test(base_pages_stay_each_for_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
