/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What setting one tunable does to another. */
#include "unit.h"

#include "tunables.h"

static void set(struct replay_tunables *tunables, const char *assignment)
{
	struct mmr_error err = { 0 };

	assert_int_equal(replay_tunable_set(tunables, assignment, &err), 0);
}

static void a_ratio_takes_the_recorded_limit_in_bytes_back(void **state)
{
	struct replay_tunables tunables;

	(void)state;
	replay_tunables_init(&tunables);
	set(&tunables, "vm.dirty_ratio=40");
	assert_false(replay_tunable_record(&tunables, "vm.dirty_bytes", "4194304"));
	assert_true(replay_tunable_record(&tunables, "vm.dirty_background_bytes", "1048576"));
	assert_int_equal(tunables.value[REPLAY_TUNABLE_DIRTY_BYTES], 0);
	assert_int_equal(tunables.value[REPLAY_TUNABLE_DIRTY_BG_BYTES], 1048576);
	set(&tunables, "vm.dirty_background_ratio=5");
	assert_int_equal(tunables.value[REPLAY_TUNABLE_DIRTY_BG_BYTES], 0);
	assert_false(replay_tunable_record(&tunables, "vm.dirty_background_bytes", "1048576"));
}

static void of_a_ratio_and_bytes_the_last_holds(void **state)
{
	struct replay_tunables tunables;

	(void)state;
	replay_tunables_init(&tunables);
	set(&tunables, "vm.dirty_ratio=40");
	set(&tunables, "vm.dirty_bytes=4M");
	assert_int_equal(tunables.value[REPLAY_TUNABLE_DIRTY_BYTES], 4 << 20);
	set(&tunables, "vm.dirty_ratio=30");
	assert_int_equal(tunables.value[REPLAY_TUNABLE_DIRTY_BYTES], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ratio_takes_the_recorded_limit_in_bytes_back),
		cmocka_unit_test(of_a_ratio_and_bytes_the_last_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
