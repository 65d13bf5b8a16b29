/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CPU kswapd has, between the instants at which it was seen. */
#include "unit.h"

#include "kswapd_cpu.h"

#define MS     UINT64_C(1000000)
#define KSWAPD 39

/* A trace of 2,048 ms, a part each. */
static struct replay_kswapd_cpus *new_cpus(void)
{
	struct replay_kswapd_cpus *cpus = replay_kswapd_cpus_create(0, 2048 * MS - 1);

	assert_non_null(cpus);
	return cpus;
}

static void see(struct replay_kswapd_cpus *cpus, uint64_t t_ns, uint32_t pid, uint16_t cpu)
{
	replay_kswapd_cpus_event(cpus, &(struct mmr_event){ .t_ns = t_ns,
	                                                    .kind = MMR_EVENT_MM_PAGE_FREE,
	                                                    .pid = pid,
	                                                    .cpu = cpu });
}

static void wake(struct replay_kswapd_cpus *cpus, uint64_t t_ns, uint32_t pid, uint16_t cpu,
                 int32_t node)
{
	replay_kswapd_cpus_event(cpus, &(struct mmr_event){ .t_ns = t_ns,
	                                                    .kind = MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE,
	                                                    .pid = pid,
	                                                    .cpu = cpu,
	                                                    .reclaim = { .nid = node } });
}

static void the_nearest_instant_tells(void **state)
{
	struct replay_kswapd_cpus *cpus = new_cpus();

	(void)state;
	wake(cpus, 100 * MS, KSWAPD, 1, 0);
	see(cpus, 200 * MS, KSWAPD, 0);
	see(cpus, 220 * MS, KSWAPD + 1, 1);
	see(cpus, 300 * MS, KSWAPD, 1);
	replay_kswapd_cpus_finish(cpus);
	assert_int_equal(replay_kswapd_cpu(cpus, 0, 0), 1);
	assert_int_equal(replay_kswapd_cpu(cpus, 0, 140 * MS), 1);
	assert_int_equal(replay_kswapd_cpu(cpus, 0, 160 * MS), 0);
	assert_int_equal(replay_kswapd_cpu(cpus, 0, 240 * MS), 0);
	assert_int_equal(replay_kswapd_cpu(cpus, 0, 260 * MS), 1);
	assert_int_equal(replay_kswapd_cpu(cpus, 0, 5000 * MS), 1);
	replay_kswapd_cpus_destroy(cpus);
}

static void each_node_has_its_own(void **state)
{
	struct replay_kswapd_cpus *cpus = new_cpus();

	(void)state;
	wake(cpus, 100 * MS, KSWAPD, 3, 1);
	wake(cpus, 100 * MS, KSWAPD + 1, 5, -1);
	wake(cpus, 100 * MS, KSWAPD + 1, 5, 1000);
	replay_kswapd_cpus_finish(cpus);
	assert_int_equal(replay_kswapd_cpu(cpus, 0, 100 * MS), REPLAY_KSWAPD_NO_CPU);
	assert_int_equal(replay_kswapd_cpu(cpus, 1, 100 * MS), 3);
	assert_int_equal(replay_kswapd_cpu(cpus, 1000, 100 * MS), REPLAY_KSWAPD_NO_CPU);
	replay_kswapd_cpus_destroy(cpus);
}

static void who_is_not_known_is_not_kswapd(void **state)
{
	struct replay_kswapd_cpus *cpus = new_cpus();

	(void)state;
	see(cpus, 100 * MS, 0, 1);
	see(cpus, 100 * MS, KSWAPD, 1);
	replay_kswapd_cpus_finish(cpus);
	assert_int_equal(replay_kswapd_cpu(cpus, 0, 100 * MS), REPLAY_KSWAPD_NO_CPU);
	replay_kswapd_cpus_destroy(cpus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_instant_tells),
		cmocka_unit_test(each_node_has_its_own),
		cmocka_unit_test(who_is_not_known_is_not_kswapd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
