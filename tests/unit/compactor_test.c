/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When kcompactd looks around: as the recorded one did, as long as that is about when its timer would end. */
#include "compactor.c"

#include "compaction.h"
#include "machine.h"

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

/* Every second page is in use, from where no position is valid from boot on. */
static struct mm_machine *fragmented_machine(void)
{
	const uint32_t start = 1024, nr_pages = 16384;
	const struct mm_zone_config zone = {
		.name = "DMA32",
		.type = MM_ZONE_DMA32,
		.start_pfn = start,
		.spanned = nr_pages,
		.present = nr_pages,
		.managed = nr_pages,
	};
	struct mm_config config = {
		.zones = &zone,
		.nr_zones = 1,
		.nr_cpus = 2,
		.settings = machine_settings(),
		.policy = policy_find("classic"),
		.seed = 1,
	};
	struct mm_machine *machine;

	config.settings.kernel = MM_KERNEL(6, 12);
	config.settings.extfrag_threshold = 500;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	assert_int_equal(mm_reserve_lpages(machine, nr_pages, NULL), 0);
	for (uint32_t i = 0; i < nr_pages; i += 2) {
		assert_true(mm_seed_free_block(machine, start + i + 1, 0));
		assert_int_equal(mm_seed_page(machine, i, MM_LPAGE_ANON, start + i, 0), 1);
	}
	machine_seed_done(machine);
	return machine;
}

/* A run that finds all zones deferred does nothing, and takes no time. */
static void a_run_without_a_zone_takes_no_time(void **state)
{
	struct replay replay = {
		.machine = fragmented_machine(),
		.cost = { .compact_scan_ns = 30, .migrate_ns = 2000, .kcompactd_percent = 100 },
		.kcompactd_timeout_ns = 512 * MS,
		.nr_cpus = 2,
	};
	struct replay_compactor *thread = &replay.kcompactd[0];
	struct mm_node *node = &replay.machine->nodes[0];

	(void)state;
	for (uint32_t turn = 0; turn < 2; turn++) {
		uint64_t begin_ns = replay.now_ns += MS;

		mm_wakeup_kcompactd(node, 9 + turn, MM_ZONE_DMA32);
		assert_true(mm_kcompactd_runnable(replay.machine, 0));
		while (mm_kcompactd_runnable(replay.machine, 0)) {
			replay_compactor_run(&replay, 0);
			replay.now_ns = thread->ready_ns;
		}
		/* The first one has scanned something. */
		assert_true(turn > 0 ? thread->ready_ns - begin_ns < 10
		                     : thread->ready_ns - begin_ns > 1000);
		assert_true(thread->ready_ns - begin_ns < 100 * MS);
		mm_defer_compaction(&replay.machine->zones[0], 10);
	}
	mm_machine_destroy(replay.machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_without_a_zone_takes_no_time),
		cmocka_unit_test(it_looks_when_the_recorded_one_did),
		cmocka_unit_test(what_the_user_sets_is_regular),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
