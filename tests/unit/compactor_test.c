/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When kcompactd looks around: as the recorded one did, as long as that is about when its timer would end. */
#include "compactor.c"

#include "unit.h"

#define MS UINT64_C(1000000)

static const uint64_t looks[] = { 100 * MS, 614 * MS, 1140 * MS, 3000 * MS };

static struct replay *replay_with(uint64_t start_ns, enum replay_tunable_source timeout)
{
	static struct replay_tunables tunables;
	static struct replay_start start;
	static struct replay replay;
	static uint64_t borrowed[4];

	memcpy(borrowed, looks, sizeof(looks));
	start = (struct replay_start){ .looks = borrowed, .nr_looks = 4 };
	replay_tunables_init(&tunables);
	tunables.value[REPLAY_TUNABLE_KCOMPACTD_TIMEOUT] = 512 * MS;
	tunables.source[REPLAY_TUNABLE_KCOMPACTD_TIMEOUT] = (uint8_t)timeout;
	tunables.value[REPLAY_TUNABLE_KCOMPACTD_PHASE] = 90 * MS;
	replay = (struct replay){ .start_ns = start_ns };
	replay_compactor_init(&replay,
	                      &(struct replay_config){ .start = &start, .tunables = &tunables });
	return &replay;
}

static void it_looks_when_the_recorded_one_did(void **state)
{
	const struct replay *replay = replay_with(0, REPLAY_TUNABLE_RECORDED);

	(void)state;
	assert_int_equal(replay->kcompactd[0].timer_ns, 100 * MS);
	assert_int_equal(next_look(replay, 100 * MS), 614 * MS);
	assert_int_equal(next_look(replay, 614 * MS), 1140 * MS);
	/* It worked meanwhile, and goes to sleep at another time. */
	assert_int_equal(next_look(replay, 300 * MS), 812 * MS);
	assert_int_equal(next_look(replay, 660 * MS), 1140 * MS);
	/* The recorded one was busy, or is no more. */
	assert_int_equal(next_look(replay, 1140 * MS), 1652 * MS);
	assert_int_equal(next_look(replay, 5000 * MS), 5512 * MS);
	assert_int_equal(replay_with(200 * MS, REPLAY_TUNABLE_RECORDED)->kcompactd[0].timer_ns,
	                 614 * MS);
}

static void what_the_user_sets_is_regular(void **state)
{
	const struct replay *replay = replay_with(0, REPLAY_TUNABLE_SET);

	(void)state;
	assert_int_equal(replay->kcompactd[0].timer_ns, 90 * MS);
	assert_int_equal(next_look(replay, 90 * MS), 602 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_looks_when_the_recorded_one_did),
		cmocka_unit_test(what_the_user_sets_is_regular),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
