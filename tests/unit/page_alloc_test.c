/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#define NR_PAGES (16u * 512)

static const struct mm_request movable = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
static const struct mm_request unmovable = { .gfp_flags = MM_GFP_KERNEL };

static struct mm_request of_order(struct mm_request request, uint8_t order)
{
	request.order = order;
	return request;
}

static void blocks_merge_to_the_top(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, NULL);

	(void)state;
	machine_all_free(machine);
	assert_int_equal(mm_free_blocks(machine, 0, 10, MM_MOVABLE), 8);
	assert_int_equal(mm_free_blocks(machine, 0, 9, MM_MOVABLE), 0);
	assert_int_equal(machine->zones[0].free_pages, NR_PAGES);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void a_block_is_cut_in_halves_and_grows_together(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, NULL);
	const struct mm_request order4 = of_order(movable, 4);
	uint32_t first, second;

	(void)state;
	machine_all_free(machine);
	/* Order 4 goes past the per-CPU lists. */
	first = mm_alloc_pages(machine, &order4);
	second = mm_alloc_pages(machine, &order4);
	assert_int_equal(second, first + 16);
	for (uint32_t order = 5; order < 10; order++)
		assert_int_equal(mm_free_blocks(machine, 0, order, MM_MOVABLE), 1);
	assert_int_equal(mm_free_blocks(machine, 0, 10, MM_MOVABLE), 7);
	machine_check(machine);
	mm_free_pages(machine, 0, first);
	assert_int_equal(mm_free_blocks(machine, 0, 4, MM_MOVABLE), 1);
	mm_free_pages(machine, 0, second);
	assert_int_equal(mm_free_blocks(machine, 0, 10, MM_MOVABLE), 8);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void a_freed_block_whose_parent_is_about_to_merge_waits_at_the_tail(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, NULL);
	const struct mm_request order4 = of_order(movable, 4);
	uint32_t pfns[4];

	(void)state;
	machine_all_free(machine);
	for (int i = 0; i < 4; i++)
		pfns[i] = mm_alloc_pages(machine, &order4);
	/* 0 and 1 are one block of order 5, 2 and 3 its buddy: free that one first. */
	mm_free_pages(machine, 0, pfns[2]);
	mm_free_pages(machine, 0, pfns[3]);
	mm_free_pages(machine, 0, pfns[0]);
	assert_int_equal(machine->zones[0].free_area[4].lists[MM_MOVABLE].tail, pfns[0]);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void a_hole_is_no_buddy(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, NULL);

	(void)state;
	assert_true(mm_seed_free_block(machine, 512, 9));
	assert_false(mm_seed_free_block(machine, 512, 9));
	assert_false(mm_seed_free_block(machine, NR_PAGES, 0));
	assert_false(mm_seed_free_block(machine, 3, 1));
	mm_seed_done(machine);
	assert_int_equal(mm_free_blocks(machine, 0, 9, MM_MOVABLE), 1);
	assert_int_equal(machine->zones[0].nr_owned, 512);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void a_whole_foreign_pageblock_is_claimed(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, NULL);
	const struct mm_request order4 = of_order(unmovable, 4);
	uint32_t pfn;

	(void)state;
	machine_all_free(machine);
	pfn = mm_alloc_pages(machine, &order4);
	assert_int_equal(mm_block_type(machine, pfn), MM_UNMOVABLE);
	assert_int_equal(mm_block_type(machine, pfn + 512), MM_UNMOVABLE);
	assert_int_equal(mm_free_blocks(machine, 0, 9, MM_UNMOVABLE), 1);
	assert_int_equal(mm_nr_extfrag(machine), 1);
	assert_int_equal(machine->zones[0].boost, 0);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* Only a part of one movable pageblock is free. */
static struct mm_machine *with_free_part(uint32_t first, uint32_t nr)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, NULL);

	for (uint32_t pfn = first; pfn < first + nr; pfn++)
		assert_true(mm_seed_free_block(machine, pfn, 0));
	mm_seed_done(machine);
	return machine;
}

static void half_a_pageblock_is_claimed_with_all_its_pages(void **state)
{
	struct mm_machine *machine = with_free_part(512, 256);
	enum mm_rmqueue_mode mode = MM_RMQUEUE_NORMAL;
	uint32_t pfn;

	(void)state;
	pfn = mm_rmqueue(machine, &machine->zones[0], 0, MM_RECLAIMABLE, 0, &mode);
	assert_int_not_equal(pfn, MM_NONE);
	assert_int_equal(mode, MM_RMQUEUE_NORMAL);
	assert_int_equal(mm_block_type(machine, 512), MM_RECLAIMABLE);
	assert_int_equal(machine->zones[0].boost, 512);
	assert_int_equal(mm_free_blocks(machine, 0, 0, MM_MOVABLE), 0);
	mm_machine_destroy(machine);
}

static void a_movable_request_steals_without_claiming(void **state)
{
	struct mm_machine *machine = with_free_part(512, 8);
	enum mm_rmqueue_mode mode = MM_RMQUEUE_NORMAL;
	uint32_t pfn;

	(void)state;
	mm_move_freepages_block(machine, &machine->zones[0], 512, MM_UNMOVABLE);
	pfn = mm_rmqueue(machine, &machine->zones[0], 0, MM_MOVABLE, MM_ALLOC_NOFRAGMENT, &mode);
	assert_int_equal(pfn, MM_NONE);
	pfn = mm_rmqueue(machine, &machine->zones[0], 0, MM_MOVABLE, 0, &mode);
	assert_int_not_equal(pfn, MM_NONE);
	assert_int_equal(mode, MM_RMQUEUE_STEAL);
	assert_int_equal(mm_block_type(machine, 512), MM_UNMOVABLE);
	assert_int_equal(machine->zones[0].boost, 0);
	mm_machine_destroy(machine);
}

static void highatomic_blocks_are_reserved_and_given_back(void **state)
{
	struct mm_machine *machine = machine_new(512 * 128, 1, 0, NULL);
	struct mm_zone *zone = &machine->zones[0];
	struct mm_alloc_context ac;

	(void)state;
	machine_all_free(machine);
	ac = mm_prepare_alloc(machine, &movable);
	assert_true(mm_take_free_block(machine, 512, 0));
	mm_prep_block(machine, 512, 0);
	mm_reserve_highatomic(machine, zone, 512, 0);
	assert_int_equal(zone->nr_reserved_highatomic, 512);
	assert_int_equal(zone->nr_free_highatomic, 511);
	machine_check(machine);
	assert_false(mm_unreserve_highatomic(machine, &ac, false));
	assert_true(mm_unreserve_highatomic(machine, &ac, true));
	assert_int_equal(zone->nr_free_highatomic, 0);
	assert_int_equal(mm_block_type(machine, 512), MM_MOVABLE);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void per_cpu_lists_refill_in_growing_batches(void **state)
{
	struct mm_machine *machine = machine_new(512 * 512, 2, 0, NULL);
	const struct mm_pcp *pcp = &machine->zones[0].pcp[0];
	int64_t free_pages;

	(void)state;
	machine_all_free(machine);
	assert_int_equal(pcp->batch, 63);
	free_pages = machine->zones[0].free_pages;
	mm_alloc_pages(machine, &movable);
	assert_int_equal(free_pages - machine->zones[0].free_pages, 63);
	assert_int_equal(pcp->count, 62);
	for (int i = 0; i < 63; i++)
		mm_alloc_pages(machine, &movable);
	assert_int_equal(free_pages - machine->zones[0].free_pages, 63 + 126);
	assert_int_equal(machine->zones[0].pcp[1].count, 0);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void per_cpu_lists_give_the_newest_page_and_drain_the_oldest(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, NULL);
	struct mm_pcp *pcp = &machine->zones[0].pcp[0];
	uint32_t first, last;

	(void)state;
	machine_all_free(machine);
	first = mm_alloc_pages(machine, &movable);
	last = mm_alloc_pages(machine, &movable);
	mm_free_pages(machine, 0, first);
	mm_free_pages(machine, 0, last);
	assert_int_equal(mm_alloc_pages(machine, &movable), last);
	mm_drain_all_pages(machine);
	assert_int_equal(pcp->count, 0);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void per_cpu_lists_stay_below_their_limit(void **state)
{
	struct mm_machine *machine = machine_new(512 * 64, 1, 0, NULL);
	struct mm_pcp *pcp = &machine->zones[0].pcp[0];
	static uint32_t pfns[20000];

	(void)state;
	machine_all_free(machine);
	for (int i = 0; i < 20000; i++)
		pfns[i] = mm_alloc_pages(machine, &movable);
	for (int i = 0; i < 20000; i++) {
		mm_free_pages(machine, 0, pfns[i]);
		assert_true(pcp->count <= pcp->high_max);
	}
	machine_check(machine);
	/* Once a second they shrink by an eighth. */
	for (int i = 0; i < 60; i++)
		mm_vmstat_update(machine, 0);
	assert_true(pcp->count <= pcp->high_min);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* Values of a real 512 MiB guest and of a 24 GiB machine, from their /proc/zoneinfo. */
static void watermarks_follow_the_kernels_rule(void **state)
{
	const struct mm_zone_config zones[] = {
		{ "DMA", MM_ZONE_DMA, 0, 1, 4095, 3998, 3840, { 0 } },
		{ "DMA32", MM_ZONE_DMA32, 0, 4096, 1044480, 782288, 765904, { 0 } },
		{ "Normal", MM_ZONE_NORMAL, 0, 1048576, 5505024, 5505024, 5390064, { 0 } },
	};
	struct mm_config config = {
		.zones = zones,
		.nr_zones = 3,
		.nr_cpus = 2,
		.settings = machine_settings(),
	};
	struct mm_machine *machine;

	(void)state;
	config.settings.min_free_kbytes = 67584;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	assert_int_equal(machine->zones[0].wmark[MM_WMARK_MIN], 16896ull * 3840 / 6159808);
	assert_int_equal(machine->zones[1].wmark[MM_WMARK_MIN], 16896ull * 765904 / 6159808);
	assert_int_equal(machine->zones[2].wmark[MM_WMARK_HIGH] -
	                         machine->zones[2].wmark[MM_WMARK_LOW],
	                 5390);
	assert_int_equal(machine->zones[0].reserve[MM_ZONE_DMA32], 765904 / 256);
	assert_int_equal(machine->zones[0].reserve[MM_ZONE_MOVABLE], (765904 + 5390064) / 256);
	assert_int_equal(machine->zones[1].reserve[MM_ZONE_DMA32], 0);
	assert_int_equal(machine->zones[1].reserve[MM_ZONE_NORMAL], 5390064 / 256);
	assert_int_equal(machine->zonelists[0].zones[0], 2);
	mm_machine_destroy(machine);
}

static void requests_stop_at_their_watermarks(void **state)
{
	struct mm_machine *machine = machine_new(NR_PAGES, 1, 0, NULL);
	struct mm_zone *zone = &machine->zones[0];
	struct mm_request atomic = { .gfp_flags = MM_GFP_HIGH | MM_GFP_KSWAPD_RECLAIM };
	uint64_t left_normal, left_atomic;

	(void)state;
	machine_all_free(machine);
	while (mm_alloc_pages(machine, &movable) != MM_NONE)
		;
	left_normal = (uint64_t)zone->free_pages;
	assert_in_range(left_normal, zone->wmark[MM_WMARK_MIN] - 31, zone->wmark[MM_WMARK_MIN]);
	while (mm_alloc_pages(machine, &atomic) != MM_NONE)
		;
	left_atomic = (uint64_t)zone->free_pages;
	assert_true(left_atomic < left_normal);
	assert_true(zone->flags & MM_ZONE_BELOW_HIGH);
	machine_check(machine);
	mm_machine_destroy(machine);
}

static void a_reserve_keeps_low_zones_for_those_who_need_them(void **state)
{
	const struct mm_zone_config zones[] = {
		{ "DMA", MM_ZONE_DMA, 0, 0, 4096, 4096, 4096, { 0 } },
		{ "DMA32", MM_ZONE_DMA32, 0, 4096, 4096 * 4, 4096 * 4, 4096 * 4, { 0 } },
	};
	struct mm_config config = {
		.zones = zones,
		.nr_zones = 2,
		.nr_cpus = 1,
		.settings = machine_settings(),
	};
	const struct mm_request dma = { .gfp_flags = MM_GFP_DMA | MM_GFP_KERNEL };
	struct mm_machine *machine;
	int64_t left;

	(void)state;
	config.settings.lowmem_reserve_ratio[MM_ZONE_DMA] = 8;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	machine_all_free(machine);
	while (mm_alloc_pages(machine, &movable) != MM_NONE)
		;
	left = machine->zones[0].free_pages;
	assert_true(left > 4096 * 4 / 8);
	assert_int_not_equal(mm_alloc_pages(machine, &dma), MM_NONE);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* CPU 0 and 2 on node 1, CPU 1 on node 0: each fills its own node first, kswapd of that runs on it. */
static void a_cpu_prefers_its_own_node(void **state)
{
	const struct mm_zone_config zones[] = {
		{ "DMA32", MM_ZONE_DMA32, 0, 0, NR_PAGES, NR_PAGES, NR_PAGES, { 0 } },
		{ "DMA32", MM_ZONE_DMA32, 1, NR_PAGES, NR_PAGES, NR_PAGES, NR_PAGES, { 0 } },
	};
	static const uint8_t homes[] = { 1, 0, 1 };
	struct mm_config config = {
		.zones = zones,
		.nr_zones = 2,
		.nr_cpus = 3,
		.homes = homes,
		.settings = machine_settings(),
	};
	struct mm_machine *machine;

	(void)state;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	machine_all_free(machine);
	for (uint16_t cpu = 0; cpu < 3; cpu++) {
		struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE, .cpu = cpu };
		uint32_t pfn = mm_alloc_pages(machine, &request);

		assert_int_equal(mm_page_zone(machine, pfn)->node, homes[cpu]);
		mm_note_waker(machine, &machine->zones[0], cpu);
		assert_int_equal(machine->nodes[0].kswapd.cpu, 1);
		mm_note_waker(machine, &machine->zones[1], cpu);
		assert_int_equal(machine->nodes[1].kswapd.cpu, cpu == 0 || cpu == 1 ? 2 : 0);
	}
	/* What the own node has no more comes from the other one. */
	for (uint32_t nr = 0; machine->zones[0].free_pages > (int64_t)NR_PAGES / 2; nr++) {
		const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

		assert_true(nr < 2 * NR_PAGES);
		mm_alloc_pages(machine, &request);
	}
	assert_true(machine->zones[1].free_pages < (int64_t)NR_PAGES / 8);
	machine_check(machine);
	mm_machine_destroy(machine);
}

/* Which requests spare other types' pageblocks at first: [nodes][DMA32 on the first node]. */
static void sparing_pageblocks_depends_on_the_zones(void **state)
{
	static const bool wanted[2][2] = { { true, true }, { false, true } };

	(void)state;
	for (uint32_t nodes = 1; nodes <= 2; nodes++) {
		for (uint32_t dma32 = 0; dma32 <= 1; dma32++) {
			struct mm_zone_config zones[3];
			struct mm_config config = { .zones = zones,
				                    .nr_cpus = 1,
				                    .settings = machine_settings() };
			struct mm_machine *machine;
			struct mm_alloc_context ac;

			for (uint32_t i = 1 - dma32; i <= nodes; i++)
				zones[config.nr_zones++] = (struct mm_zone_config){
					.name = "zone",
					.type = i == 0 ? MM_ZONE_DMA32 : MM_ZONE_NORMAL,
					.node = i == 2,
					.start_pfn = i * NR_PAGES,
					.spanned = NR_PAGES,
					.present = NR_PAGES,
					.managed = NR_PAGES,
				};
			assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
			ac = mm_prepare_alloc(machine, &movable);
			assert_int_equal(
				(mm_fast_alloc_flags(machine, &ac) & MM_ALLOC_NOFRAGMENT) != 0,
				wanted[nodes - 1][dma32]);
			mm_machine_destroy(machine);
		}
	}
}

static void impossible_machines_are_refused(void **state)
{
	struct mm_zone_config zones[2] = {
		{ "DMA", MM_ZONE_DMA, 0, 0, 4096, 4096, 4096, { 0 } },
		{ "DMA32", MM_ZONE_DMA32, 0, 4000, 4096, 4096, 4096, { 0 } },
	};
	struct mm_config config = {
		.zones = zones,
		.nr_zones = 2,
		.nr_cpus = 1,
		.settings = machine_settings(),
	};
	struct mm_machine *machine;

	(void)state;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), MMR_E_INVALID);
	zones[1].start_pfn = 4096;
	zones[1].managed = 4097;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), MMR_E_INVALID);
	zones[1].managed = 4096;
	zones[1].start_pfn = UINT32_MAX - 10;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), MMR_E_LIMIT);
	zones[1].start_pfn = 4096;
	zones[1].type = MM_ZONE_DMA;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), MMR_E_INVALID);
	config.nr_zones = 0;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), MMR_E_INVALID);
	config.nr_zones = 1;
	config.nr_cpus = 1u << 20;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), MMR_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_merge_to_the_top),
		cmocka_unit_test(a_block_is_cut_in_halves_and_grows_together),
		cmocka_unit_test(a_freed_block_whose_parent_is_about_to_merge_waits_at_the_tail),
		cmocka_unit_test(a_hole_is_no_buddy),
		cmocka_unit_test(a_whole_foreign_pageblock_is_claimed),
		cmocka_unit_test(half_a_pageblock_is_claimed_with_all_its_pages),
		cmocka_unit_test(a_movable_request_steals_without_claiming),
		cmocka_unit_test(highatomic_blocks_are_reserved_and_given_back),
		cmocka_unit_test(per_cpu_lists_refill_in_growing_batches),
		cmocka_unit_test(per_cpu_lists_give_the_newest_page_and_drain_the_oldest),
		cmocka_unit_test(per_cpu_lists_stay_below_their_limit),
		cmocka_unit_test(watermarks_follow_the_kernels_rule),
		cmocka_unit_test(requests_stop_at_their_watermarks),
		cmocka_unit_test(a_reserve_keeps_low_zones_for_those_who_need_them),
		cmocka_unit_test(a_cpu_prefers_its_own_node),
		cmocka_unit_test(sparing_pageblocks_depends_on_the_zones),
		cmocka_unit_test(impossible_machines_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
