/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#define NR_PAGES (16u * 512)
#define NR_SLOTS 1000u

static struct mm_machine *machine_with(uint32_t mode)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, NR_SLOTS, policy_find("fifo"));

	machine_all_free(machine);
	assert_int_equal(mm_reserve_spaces(machine, 16, NULL), 0);
	machine->settings.overcommit_memory = mode;
	machine->settings.overcommit_ratio = 50;
	return machine;
}

static void the_limit_is_the_kernels(void **state)
{
	struct mm_machine *machine = machine_with(2);

	(void)state;
	assert_int_equal(mm_commit_limit(machine), NR_PAGES / 2 + NR_SLOTS);
	machine->settings.overcommit_kbytes = 403;
	assert_int_equal(mm_commit_limit(machine), 100 + NR_SLOTS);
	mm_machine_destroy(machine);
}

static void modes_0_and_1_look_at_one_mapping(void **state)
{
	for (uint32_t mode = 0; mode < 2; mode++) {
		struct mm_machine *machine = machine_with(mode);
		uint32_t space = mm_space_new(machine, 0, false);

		assert_true(mm_commit(machine, space, NR_PAGES + NR_SLOTS));
		assert_true(mm_commit(machine, space, NR_PAGES + NR_SLOTS));
		assert_int_equal(mm_commit(machine, space, NR_PAGES + NR_SLOTS + 1), mode == 1);
		mm_machine_destroy(machine);
	}
	(void)state;
}

/* The sum must stay below the limit, the administrators' reserve, and 1/32 of the space or the users'. */
static void mode_2_keeps_reserves(void **state)
{
	struct mm_machine *machine = machine_with(2);
	uint32_t one = mm_space_new(machine, 0, false), other = mm_space_new(machine, 0, false);
	uint64_t limit = mm_commit_limit(machine);

	(void)state;
	assert_false(mm_commit(machine, one, limit));
	assert_true(mm_commit(machine, one, limit - 1));
	mm_uncommit(machine, one, limit - 1 - 3200);
	assert_int_equal(mm_committed(machine), 3200);
	machine->settings.user_reserve_kbytes = 400;
	assert_false(mm_commit(machine, one, limit - 3300)); /* 3200 / 32 = 100 */
	assert_true(mm_commit(machine, one, limit - 3301));
	mm_uncommit(machine, one, limit - 3301);
	machine->settings.user_reserve_kbytes = 40;
	assert_false(mm_commit(machine, one, limit - 3210));
	assert_true(mm_commit(machine, one, limit - 3211));
	mm_uncommit(machine, one, limit - 3211);
	/* Another is asked for a share of its own size. */
	machine->settings.admin_reserve_kbytes = 40;
	assert_false(mm_commit(machine, other, limit - 3210));
	assert_true(mm_commit(machine, other, limit - 3211));
	mm_machine_destroy(machine);
}

static void what_is_gone_is_given_back_once(void **state)
{
	struct mm_machine *machine = machine_with(2);
	uint32_t space = mm_space_new(machine, 0, false);

	(void)state;
	mm_commit_before(machine, space, 100000);
	assert_int_equal(mm_committed(machine), 100000);
	mm_seed_committed(machine, 700);
	mm_uncommit(machine, space, 99990);
	assert_int_equal(mm_committed(machine), 0); /* more than was said to be there */
	mm_seed_committed(machine, 700);
	mm_uncommit(machine, space, 50);
	assert_int_equal(mm_committed(machine), 690);
	assert_int_equal(mm_space_committed(machine, space), 0);
	assert_true(mm_commit(machine, space, 5));
	mm_space_end(machine, space);
	assert_int_equal(mm_committed(machine), 690);
	machine_check(machine);
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limit_is_the_kernels),
		cmocka_unit_test(modes_0_and_1_look_at_one_mapping),
		cmocka_unit_test(mode_2_keeps_reserves),
		cmocka_unit_test(what_is_gone_is_given_back_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
