/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CMA areas of a replay: where events say that they are, and what becomes of ranges that the demand wants. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "internal.h"
#include "replay_state.h"
#include "show_mem.h"
#include "start_cma.h"

#define NR_PAGES 16384u
#define BASE     4096u
#define NR       4096u

static const struct mmr_zone_info zone = {
	.index = 1,
	.name = "DMA32",
	.spanned = NR_PAGES,
	.present = NR_PAGES,
	.managed = NR_PAGES,
};

static void event(struct replay_cma_extents *extents, uint16_t kind, const char *name, uint64_t pfn,
                  uint32_t nr, bool failed)
{
	struct mmr_event event = { .kind = kind,
		                   .cma = { .pfn = pfn, .page = !failed, .nr_pages = nr } };

	snprintf(event.cma.name, sizeof(event.cma.name), "%s", name);
	replay_cma_event(extents, &event);
}

/* Into start, which is too large for the stack. */
static void start_of(const struct replay_cma_extents *extents, uint32_t cma_pages,
                     struct replay_start *start)
{
	memset(start, 0, sizeof(*start));
	start->zones = &zone;
	start->nr_zones = 1;
	start->nr_cpus = 2;
	start->start_ns = 1000;
	start->cma_pages[0] = cma_pages;
	replay_cma_finish(extents, start);
}

static void expect_area(const struct replay_start *start, uint32_t i, const char *name,
                        uint32_t first, uint32_t nr)
{
	assert_true(i < start->nr_cma_areas);
	assert_int_equal(start->cma_areas[i].key, demand_cma_key(name));
	assert_int_equal(start->cma_areas[i].start, first);
	assert_int_equal(start->cma_areas[i].nr, nr);
}

static void events_tell_where_areas_are(void **state)
{
	static struct replay_cma_extents extents;
	static struct replay_start start;

	(void)state;
	extents.nr = 0;
	start_of(&extents, NR, &start);
	assert_int_equal(start.nr_cma_areas, 0);
	/* From the lowest page frame on, as large as the zone says; what failed tells nothing. */
	event(&extents, MMR_EVENT_CMA_ALLOC_FINISH, "a", 100, 8, true);
	event(&extents, MMR_EVENT_CMA_RELEASE, "a", BASE + 600, 8, false);
	event(&extents, MMR_EVENT_CMA_ALLOC_BUSY_RETRY, "a", BASE + 8, 8, false);
	start_of(&extents, NR, &start);
	assert_int_equal(start.nr_cma_areas, 1);
	expect_area(&start, 0, "a", BASE, NR);
	assert_false(start.cma_areas[0].hugetlb);
	/* Two of a zone share its page frames, nobody knows how. */
	event(&extents, MMR_EVENT_CMA_ALLOC_FINISH, "b", BASE + 2048, 8, false);
	start_of(&extents, NR, &start);
	assert_int_equal(start.nr_cma_areas, 2);
	expect_area(&start, 0, "a", BASE, 1024);
	expect_area(&start, 1, "b", BASE + 2048, 1024);
	/* It ends where the zone does. */
	extents.nr = 0;
	event(&extents, MMR_EVENT_CMA_ALLOC_FINISH, "a", NR_PAGES - 1024, 8, false);
	start_of(&extents, NR, &start);
	expect_area(&start, 0, "a", NR_PAGES - NR, NR);
	/* The snapshot knows of none. */
	start_of(&extents, 0, &start);
	assert_int_equal(start.nr_cma_areas, 0);
	/* 1 GiB of pages has no place in this zone. */
	extents.nr = 0;
	event(&extents, MMR_EVENT_CMA_ALLOC_FINISH, "hugetlb0", 0, 1u << 18, false);
	start_of(&extents, 1u << 18, &start);
	assert_int_equal(start.nr_cma_areas, 0);
}

static struct replay *replay_of(struct replay_start *start, const char *name, const char *setting)
{
	static struct replay_cma_extents extents;
	static struct replay_tunables tunables;
	struct replay_config config = {
		.start = start, .tunables = &tunables, .policy = "classic", .seed = 1
	};
	struct replay *replay = NULL;

	extents.nr = 0;
	event(&extents, MMR_EVENT_CMA_ALLOC_FINISH, name, BASE, 8, false);
	start_of(&extents, NR, start);
	if (strcmp(name, "hugetlb0") == 0)
		start->cma_areas[0] = (struct replay_cma_area){
			.key = demand_cma_key(name), .start = BASE, .nr = NR, .hugetlb = true
		};
	start->nr_cma_areas = 1;
	replay_tunables_init(&tunables);
	if (setting)
		assert_int_equal(replay_tunable_set(&tunables, setting, NULL), 0);
	assert_int_equal(replay_create(&config, &replay, NULL), 0);
	return replay;
}

static void run(struct replay *replay, uint8_t kind, uint32_t number, const char *name, uint32_t nr)
{
	static uint64_t t_ns = 1000;
	const struct demand_op op = { .t_ns = t_ns += 1000,
		                      .kind = kind,
		                      .task = 1,
		                      .page = DEMAND_NO_PAGE,
		                      .gfp_flags = name ? demand_cma_key(name) : 0,
		                      .arg = number,
		                      .arg2 = nr };

	assert_int_equal(replay_run(replay, &op, 1, NULL), 0);
}

static uint64_t counter(const struct replay *replay, const char *name)
{
	uint64_t value = 0;

	assert_true(mm_vmstat_find(replay_machine(replay), name, &value));
	return value;
}

static uint32_t nr_free_cma(const struct replay *replay)
{
	return (uint32_t)replay->machine->zones[0].nr_free_cma;
}

static void ranges_are_had_and_given_back(void **state)
{
	static struct replay_start start;
	struct replay *replay = replay_of(&start, "a", NULL);

	(void)state;
	assert_int_equal(nr_free_cma(replay), NR);
	run(replay, DEMAND_CMA_ALLOC, 1, "a", 1000);
	run(replay, DEMAND_CMA_ALLOC, 2, "a", 2000);
	assert_int_equal(nr_free_cma(replay), NR - 3000);
	assert_int_equal(counter(replay, "cma_alloc_success"), 2);
	/* More than is left of it. */
	run(replay, DEMAND_CMA_ALLOC, 3, "a", 2000);
	assert_int_equal(counter(replay, "cma_alloc_fail"), 1);
	run(replay, DEMAND_CMA_RELEASE, 3, NULL, 0);
	run(replay, DEMAND_CMA_RELEASE, 1, NULL, 0);
	run(replay, DEMAND_CMA_RELEASE, 1, NULL, 0);
	assert_int_equal(nr_free_cma(replay), NR - 2000);
	/* No such area; a number that cannot be; one that was there already. */
	run(replay, DEMAND_CMA_ALLOC, 4, "b", 8);
	run(replay, DEMAND_CMA_ALLOC, DEMAND_CMA_MASK, "a", 8);
	run(replay, DEMAND_CMA_ALLOC, 2, "a", 8);
	run(replay, DEMAND_CMA_RELEASE, DEMAND_CMA_MASK, NULL, 0);
	assert_int_equal(replay_stats(replay)->nr_dropped, 3);
	run(replay, DEMAND_CMA_RELEASE, 2, NULL, 0);
	assert_int_equal(nr_free_cma(replay), NR);
	assert_int_equal(counter(replay, "cma_alloc_success"), 2);
	replay_destroy(replay);
}

/* Given back before it was asked for (by the clocks of two CPUs): nobody is to have it. */
static void what_is_given_back_early_is_not_kept(void **state)
{
	static struct replay_start start;
	struct replay *replay = replay_of(&start, "a", NULL);

	(void)state;
	run(replay, DEMAND_CMA_RELEASE, 1, NULL, 0);
	run(replay, DEMAND_CMA_ALLOC, 1, "a", 1000);
	assert_int_equal(counter(replay, "cma_alloc_success"), 1);
	assert_int_equal(nr_free_cma(replay), NR);
	replay_destroy(replay);
}

static void the_users_pool_takes_the_place_of_the_recorded(void **state)
{
	static struct replay_start start;
	struct replay *replay = replay_of(&start, "hugetlb0", NULL);

	(void)state;
	run(replay, DEMAND_CMA_ALLOC, 1, "hugetlb0", 512);
	assert_int_equal(counter(replay, "cma_alloc_success"), 1);
	replay_destroy(replay);
	replay = replay_of(&start, "hugetlb0", "hugetlb.hugepages-1048576kB.nr_hugepages=0");
	run(replay, DEMAND_CMA_ALLOC, 1, "hugetlb0", 512);
	assert_int_equal(counter(replay, "cma_alloc_success"), 0);
	assert_int_equal(replay_stats(replay)->nr_dropped, 1);
	replay_destroy(replay);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_tell_where_areas_are),
		cmocka_unit_test(ranges_are_had_and_given_back),
		cmocka_unit_test(what_is_given_back_early_is_not_kept),
		cmocka_unit_test(the_users_pool_takes_the_place_of_the_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
