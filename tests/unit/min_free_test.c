/* SPDX-License-Identifier: GPL-2.0-or-later */
/* min_free_kbytes and the watermarks, against what kernels have. */
#include "machine.h"

#include "replay_state.h"

/* A lab machine of 512 MiB on 6.12, and one of 24 GiB on 6.18. */
static const struct mm_zone_config small[] = {
	{ .type = MM_ZONE_DMA, .managed = 3840 },
	{ .type = MM_ZONE_DMA32, .managed = 118569 },
	{ .type = MM_ZONE_NORMAL },
	{ .type = MM_ZONE_MOVABLE },
};
static const struct mm_zone_config large[] = {
	{ .type = MM_ZONE_DMA, .managed = 3840 },
	{ .type = MM_ZONE_DMA32, .managed = 772918 },
	{ .type = MM_ZONE_NORMAL, .managed = 5289888 },
};

static uint32_t kbytes_of(const struct mm_zone_config *zones, uint32_t nr, uint32_t kernel,
                          bool huge)
{
	const struct mm_settings settings = { .kernel = kernel,
		                              .watermark_scale_factor = 10,
		                              .thp_min_free = huge };

	return mm_min_free_kbytes(zones, nr, &settings);
}

/* 24272 and 67584 are what /proc/sys/vm/min_free_kbytes had there. */
static void huge_pages_want_more_free(void **state)
{
	(void)state;
	assert_int_equal(kbytes_of(small, 4, MM_KERNEL(6, 12), false), 2798);
	assert_int_equal(kbytes_of(small, 4, MM_KERNEL(6, 12), true), 24272);
	assert_int_equal(kbytes_of(large, 3, MM_KERNEL(6, 18), true), 67584);
}

/* 6.1's movable zone has its share of what the kernel's own memory is asked for. */
static void bounds_of_the_rule(void **state)
{
	struct mm_zone_config zones[] = { { .type = MM_ZONE_NORMAL, .managed = 200 },
		                          { .type = MM_ZONE_MOVABLE, .managed = 1 << 20 } };

	(void)state;
	assert_int_equal(kbytes_of(zones, 2, MM_KERNEL(6, 12), false), 128);
	zones[0].managed = UINT32_MAX / 2;
	assert_int_equal(kbytes_of(zones, 2, MM_KERNEL(6, 12), false), 262144);
	assert_int_equal(kbytes_of(zones, 2, MM_KERNEL(6, 12), true), 262144);
	zones[0].managed = zones[1].managed = 100000;
	/* (100000 - 632 - 2 * 158) / 20 pages, and the same where half of it is the movable zone's. */
	assert_int_equal(kbytes_of(zones, 2, MM_KERNEL(6, 12), true), 4 * 4952);
	assert_int_equal(kbytes_of(zones, 2, MM_KERNEL(6, 1), true), 4 * 4974);
}

/* As zoneinfo had them. */
static void watermarks_are_shares_of_it(void **state)
{
	const struct mm_zone_config zones[] = {
		{ .name = "DMA",
		  .type = MM_ZONE_DMA,
		  .start_pfn = 1,
		  .spanned = 4095,
		  .present = 3998,
		  .managed = 3840 },
		{ .name = "DMA32",
		  .type = MM_ZONE_DMA32,
		  .start_pfn = 4096,
		  .spanned = 126935,
		  .present = 126935,
		  .managed = 118569 },
	};
	struct mm_config config = { .zones = zones,
		                    .nr_zones = 2,
		                    .nr_cpus = 1,
		                    .settings = machine_settings(),
		                    .policy = policy_find("classic") };
	struct mm_machine *machine;

	(void)state;
	config.settings.thp_min_free = true;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	assert_int_equal(machine->zones[0].wmark[MM_WMARK_MIN], 190);
	assert_int_equal(machine->zones[0].wmark[MM_WMARK_LOW], 237);
	assert_int_equal(machine->zones[0].wmark[MM_WMARK_HIGH], 284);
	assert_int_equal(machine->zones[1].wmark[MM_WMARK_MIN], 5877);
	assert_int_equal(machine->zones[1].wmark[MM_WMARK_LOW], 7346);
	assert_int_equal(machine->zones[1].wmark[MM_WMARK_HIGH], 8815);
	mm_machine_destroy(machine);
}

/* ---- what a replay makes of a recording ---- */

struct question {
	enum replay_thp thp;  /* recorded */
	const char *recorded; /* vm.min_free_kbytes, or NULL */
	const char *settings[2];
	uint32_t managed; /* of the second zone, now */
	bool own;         /* whether the recorded watermarks do not hold */
	uint32_t kbytes;  /* 0: by the rule of the new machine */
};

static void ask(const struct question *q)
{
	static const char *const words[] = { NULL, "never", "madvise", "always" };
	struct replay_tunables tunables;
	struct mm_zone_config zones[4];
	static struct replay_start start = { .nr_zones = 4 }; /* large */
	const struct replay_config config = { .start = &start, .tunables = &tunables };
	struct mm_settings settings = { .watermark_scale_factor = 10 };

	start.thp = q->thp;
	replay_tunables_init(&tunables);
	for (uint32_t i = 0; i < 2 && q->settings[i]; i++)
		assert_int_equal(replay_tunable_set(&tunables, q->settings[i], NULL), 0);
	if (q->thp != REPLAY_THP_UNKNOWN)
		replay_tunable_record(&tunables, "thp.enabled", words[q->thp]);
	if (q->recorded)
		replay_tunable_record(&tunables, "vm.min_free_kbytes", q->recorded);
	settings.min_free_kbytes = (uint32_t)tunables.value[REPLAY_TUNABLE_MIN_FREE_KBYTES];
	memcpy(zones, small, sizeof(zones));
	zones[1].managed = q->managed ? q->managed : zones[1].managed;
	assert_int_equal(replay_reserves(&config, small, zones, &settings), q->own);
	if (settings.min_free_kbytes != q->kbytes)
		fail_msg("%u kB, not %u", settings.min_free_kbytes, q->kbytes);
}

static void recordings_keep_theirs(void **state)
{
	(void)state;
	ask(&(struct question){ REPLAY_THP_ALWAYS, "24272", { NULL }, 0, false, 24272 });
	ask(&(struct question){
		REPLAY_THP_ALWAYS, "24272", { "thp.enabled=madvise" }, 0, false, 24272 });
	ask(&(struct question){
		REPLAY_THP_ALWAYS, "24272", { "vm.swappiness=1" }, 0, false, 24272 });
	ask(&(struct question){ REPLAY_THP_UNKNOWN, NULL, { NULL }, 0, false, 0 });
	ask(&(struct question){ REPLAY_THP_UNKNOWN, NULL, { "memory=1G" }, 0, true, 0 });
	ask(&(struct question){
		REPLAY_THP_ALWAYS, "24272", { "vm.watermark_scale_factor=50" }, 0, true, 24272 });
	ask(&(struct question){ REPLAY_THP_NEVER,
	                        "2787",
	                        { "vm.min_free_kbytes=9000", "thp.enabled=always" },
	                        0,
	                        true,
	                        9000 });
}

/* Real machines that differ by this alone had 2787 and 24272. */
static void switching_huge_pages_moves_it(void **state)
{
	(void)state;
	ask(&(struct question){
		REPLAY_THP_NEVER, "2787", { "thp.enabled=always" }, 0, true, 24272 });
	ask(&(struct question){
		REPLAY_THP_ALWAYS, "24272", { "thp.enabled=never" }, 0, true, 2798 });
	/* Somebody had set them. */
	ask(&(struct question){
		REPLAY_THP_NEVER, "40000", { "thp.enabled=always" }, 0, true, 40000 });
	ask(&(struct question){
		REPLAY_THP_NEVER, "4000", { "thp.enabled=always" }, 0, true, 24272 });
	ask(&(struct question){
		REPLAY_THP_ALWAYS, "40000", { "thp.enabled=never" }, 0, true, 40000 });
	ask(&(struct question){
		REPLAY_THP_ALWAYS, "1000", { "thp.enabled=never" }, 0, true, 2798 });
}

/* The twentieth of twice the memory; the root of four times as much; what somebody had set stays. */
static void memory_of_another_size_moves_it(void **state)
{
	(void)state;
	ask(&(struct question){
		REPLAY_THP_ALWAYS, "24272", { "memory=1G" }, 2 * 118569, true, 45056 });
	ask(&(struct question){
		REPLAY_THP_NEVER, "2787", { "memory=2G" }, 4 * 122409 - 3840, true, 5574 });
	ask(&(struct question){
		REPLAY_THP_NEVER, "8000", { "memory=2G" }, 4 * 122409 - 3840, true, 8000 });
	ask(&(struct question){ REPLAY_THP_NEVER,
	                        "2787",
	                        { "memory=1G", "thp.enabled=always" },
	                        2 * 118569,
	                        true,
	                        45056 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(huge_pages_want_more_free),
		cmocka_unit_test(bounds_of_the_rule),
		cmocka_unit_test(watermarks_are_shares_of_it),
		cmocka_unit_test(recordings_keep_theirs),
		cmocka_unit_test(switching_huge_pages_moves_it),
		cmocka_unit_test(memory_of_another_size_moves_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
