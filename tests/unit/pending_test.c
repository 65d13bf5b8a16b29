/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which op waits for which. */
#include "unit.h"

#include "pending.h"
#include "rng.h"

static struct demand_op op_of(uint8_t kind, uint32_t task, uint32_t page)
{
	return (struct demand_op){ .kind = kind, .task = task, .page = page };
}

static uint32_t add(struct replay_pending *pending, struct demand_op op)
{
	uint32_t number;

	assert_int_equal(replay_pending_add(pending, &op, 0, &number), 0);
	return number;
}

static bool blocks(const struct replay_pending *pending, struct demand_op op)
{
	return replay_pending_blocks(pending, &op, 0);
}

static void a_task_does_one_thing_after_the_other(void **state)
{
	struct replay_pending pending = { 0 };
	uint32_t first = add(&pending, op_of(DEMAND_ANON_TOUCH, 1, 10)), second, third;

	(void)state;
	assert_int_equal(replay_pending_next(&pending), REPLAY_NO_OP);
	assert_true(blocks(&pending, op_of(DEMAND_ANON_TOUCH, 1, 11)));
	assert_false(blocks(&pending, op_of(DEMAND_ANON_TOUCH, 2, 11)));
	/* Interrupts are nobody's. */
	assert_false(blocks(&pending, op_of(DEMAND_KERNEL_ALLOC, 0, 12)));
	second = add(&pending, op_of(DEMAND_ANON_TOUCH, 1, 11));
	third = add(&pending, op_of(DEMAND_ANON_TOUCH, 1, 12));
	replay_pending_done(&pending, first);
	assert_int_equal(replay_pending_next(&pending), second);
	assert_int_equal(replay_pending_next(&pending), REPLAY_NO_OP);
	replay_pending_done(&pending, second);
	assert_int_equal(replay_pending_next(&pending), third);
	replay_pending_done(&pending, third);
	assert_int_equal(pending.nr, 0);
	assert_int_equal(pending.nr_claims, 0);
	replay_pending_deinit(&pending);
}

static void who_needs_a_page_waits_for_who_has_it(void **state)
{
	struct replay_pending pending = { 0 };
	struct demand_op copy = op_of(DEMAND_COW, 3, 20), huge = op_of(DEMAND_ANON_TOUCH, 1, 1029);
	uint32_t first, two[2];

	(void)state;
	huge.arg = DEMAND_HUGE | DEMAND_TRIED;
	huge.arg2 = 1;
	first = add(&pending, huge);
	assert_true(blocks(&pending, op_of(DEMAND_ANON_TOUCH, 2, 1024)));
	assert_true(blocks(&pending, op_of(DEMAND_FREE, 2, 1535)));
	assert_false(blocks(&pending, op_of(DEMAND_FREE, 2, 1536)));
	copy.arg2 = 1100;
	two[0] = add(&pending, copy);
	two[1] = add(&pending, op_of(DEMAND_FREE, 2, 20));
	replay_pending_done(&pending, first);
	assert_int_equal(replay_pending_next(&pending), two[0]);
	assert_int_equal(replay_pending_next(&pending), REPLAY_NO_OP);
	replay_pending_done(&pending, two[0]);
	assert_int_equal(replay_pending_next(&pending), two[1]);
	replay_pending_done(&pending, two[1]);
	assert_int_equal(pending.nr_claims, 0);
	replay_pending_deinit(&pending);
}

static void a_space_is_not_anothers_before_it_is_left(void **state)
{
	struct replay_pending pending = { 0 };
	struct demand_op leave = op_of(DEMAND_TASK_EXIT, 1, DEMAND_NO_PAGE);
	struct demand_op enter = op_of(DEMAND_TASK_SPACE, 2, DEMAND_NO_PAGE);
	uint32_t first = add(&pending, op_of(DEMAND_ANON_TOUCH, 1, 5)), number;

	(void)state;
	enter.arg = 7;
	assert_int_equal(replay_pending_add(&pending, &leave, 7, &number), 0);
	assert_true(blocks(&pending, enter));
	enter.arg = 8;
	assert_false(blocks(&pending, enter));
	/* One that copies it, too. */
	enter.arg2 = 7;
	assert_true(blocks(&pending, enter));
	replay_pending_done(&pending, first);
	assert_int_equal(replay_pending_next(&pending), number);
	replay_pending_deinit(&pending);
}

#define NR_RANDOM 20000u
#define NR_NAMES  40u

/* By the rule itself: an op may begin when all before it that name the same are over. */
static void the_order_is_that_of_the_demand(void **state)
{
	static struct demand_op ops[NR_RANDOM];
	static bool over[NR_RANDOM], begun[NR_RANDOM];
	static uint32_t index[NR_RANDOM];
	uint32_t under_way[64], nr_under_way = 0, nr_over = 0, nr_added = 0, ready;
	struct replay_pending pending = { 0 };
	struct rng rng;

	(void)state;
	base_rng_init(&rng, 7);
	while (nr_over < NR_RANDOM) {
		if (nr_added < NR_RANDOM && nr_added - nr_over < 60) {
			struct demand_op *op = &ops[nr_added];
			uint32_t number;
			bool waits;

			*op = op_of(DEMAND_ANON_TOUCH, base_rng_below(&rng, 6),
			            base_rng_below(&rng, NR_NAMES));
			waits = replay_pending_blocks(&pending, op, 0);
			assert_int_equal(replay_pending_add(&pending, op, 0, &number), 0);
			index[number] = nr_added++;
			begun[index[number]] = !waits;
			if (!waits)
				under_way[nr_under_way++] = number;
		}
		if (nr_under_way > 0 && base_rng_below(&rng, 2) == 0) {
			uint32_t at = base_rng_below(&rng, nr_under_way);
			uint32_t number = under_way[at];

			under_way[at] = under_way[--nr_under_way];
			over[index[number]] = true;
			nr_over++;
			replay_pending_done(&pending, number);
		}
		while ((ready = replay_pending_next(&pending)) != REPLAY_NO_OP) {
			const struct demand_op *op = &ops[index[ready]];

			for (uint32_t i = index[ready] > 64 ? index[ready] - 64 : 0;
			     i < index[ready]; i++)
				if (ops[i].page == op->page ||
				    (op->task && ops[i].task == op->task))
					assert_true(over[i]);
			assert_false(begun[index[ready]]);
			begun[index[ready]] = true;
			under_way[nr_under_way++] = ready;
		}
	}
	assert_int_equal(pending.nr, 0);
	assert_int_equal(pending.nr_claims, 0);
	replay_pending_deinit(&pending);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_task_does_one_thing_after_the_other),
		cmocka_unit_test(who_needs_a_page_waits_for_who_has_it),
		cmocka_unit_test(a_space_is_not_anothers_before_it_is_left),
		cmocka_unit_test(the_order_is_that_of_the_demand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
