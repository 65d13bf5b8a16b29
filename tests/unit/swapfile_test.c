/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which swap slots pages get. */
#include "machine.h"

#define NR_PAGES 4096u

/* Whether clusters of 512 slots are used one after the other: 0, 32, 64 …, 1, 33, … */
#define STRIDE 32u

static struct mm_machine *machine_on(enum mm_swap_device device, uint32_t kernel, uint32_t nr_cpus,
                                     uint32_t nr_slots)
{
	const struct mm_zone_config zone = {
		.name = "DMA32",
		.type = MM_ZONE_DMA32,
		.spanned = NR_PAGES,
		.present = NR_PAGES,
		.managed = NR_PAGES,
	};
	struct mm_config config = {
		.zones = &zone,
		.nr_zones = 1,
		.nr_cpus = nr_cpus,
		.nr_swap_slots = nr_slots,
		.settings = machine_settings(),
		.policy = policy_find("fifo"),
	};
	struct mm_machine *machine;

	config.settings.swap_device = (uint8_t)device;
	config.settings.kernel = kernel;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	assert_int_equal(mm_reserve_lpages(machine, 16, NULL), 0);
	return machine;
}

static uint32_t alloc(struct mm_machine *machine, uint16_t cpu)
{
	machine->current.cpu = cpu;
	return mm_swap_alloc(machine, 0, 7);
}

static void free_slot(struct mm_machine *machine, uint32_t slot)
{
	machine->current.cpu = 0;
	mm_swap_free(machine, slot, 0);
}

/* Slot 0 is the header. Each CPU takes 64 slots at a time. */
static void cpus_have_slots_of_their_own(void **state)
{
	struct mm_machine *machine = machine_on(MM_SWAP_SEEKS, MM_KERNEL(6, 12), 2, 10000);

	(void)state;
	for (uint32_t i = 0; i < 64; i++) {
		assert_int_equal(alloc(machine, 0), 1 + i);
		assert_int_equal(alloc(machine, 1), 65 + i);
	}
	assert_int_equal(alloc(machine, 0), 129);
	assert_int_equal(machine->swap.nr_used, 192);
	assert_int_equal(machine->swap.nr_cached, 63);
	assert_int_equal(mm_swap_owner(machine, 1), 7);
	assert_int_equal(mm_swap_owner(machine, 130), MM_NONE);
	mm_machine_destroy(machine);
}

/* A freed slot waits until 64 others have been freed. */
static void freed_slots_go_back_together(void **state)
{
	struct mm_machine *machine = machine_on(MM_SWAP_SEEKS, MM_KERNEL(6, 12), 1, 10000);

	(void)state;
	for (uint32_t i = 0; i < 128; i++)
		alloc(machine, 0);
	for (uint32_t slot = 1; slot <= 64; slot++)
		free_slot(machine, slot);
	assert_int_equal(machine->swap.nr_used, 128);
	assert_int_equal(mm_swap_owner(machine, 1), MM_NONE);
	free_slot(machine, 65);
	assert_int_equal(machine->swap.nr_used, 64);
	assert_int_equal(machine->swap.nr_cached, 1);
	mm_machine_destroy(machine);
}

/* After 256 slots the first free run of 256 is next, and not what lies between. */
static void a_device_that_seeks_looks_for_free_runs(void **state)
{
	struct mm_machine *machine = machine_on(MM_SWAP_SEEKS, MM_KERNEL(6, 12), 1, 10000);

	(void)state;
	for (uint32_t i = 0; i < 1024; i++)
		assert_int_equal(alloc(machine, 0), 1 + i);
	/* Two holes, one of them large enough. */
	for (uint32_t slot = 11; slot < 111; slot++)
		free_slot(machine, slot);
	for (uint32_t slot = 301; slot < 601; slot++)
		free_slot(machine, slot);
	for (uint32_t i = 0; i < 64; i++) /* the last of them come back */
		free_slot(machine, 700 + i);
	assert_int_equal(alloc(machine, 0), 301);
	mm_machine_destroy(machine);
}

/* The caches give back what they hold before the device is full. */
static void all_slots_can_be_used(void **state)
{
	static const enum mm_swap_device devices[] = { MM_SWAP_SEEKS, MM_SWAP_NO_SEEKS };
	static const uint32_t kernels[] = { MM_KERNEL(6, 1), MM_KERNEL(6, 12) };

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct mm_machine *machine = machine_on(devices[i / 2], kernels[i % 2], 4, 3000);
		uint32_t nr = 0;

		while (alloc(machine, (uint16_t)(nr % 4)) != MM_NONE)
			nr++;
		assert_int_equal(nr, 3000);
		assert_int_equal(machine->swap.nr_cached, 0);
		for (uint32_t slot = 1; slot <= 3000; slot++)
			free_slot(machine, slot);
		assert_int_equal(machine->swap.nr_used, 0);
		machine_check(machine);
		mm_machine_destroy(machine);
	}
}

/* Without seeks each CPU has a cluster, and takes the next free one in the kernel's stride. */
static void without_seeks_cpus_have_clusters(void **state)
{
	struct mm_machine *machine = machine_on(MM_SWAP_NO_SEEKS, MM_KERNEL(6, 12), 2, 100 * 512);
	uint32_t slot = 0;

	(void)state;
	assert_int_equal(alloc(machine, 0), STRIDE * 512);
	assert_int_equal(alloc(machine, 1), 2 * STRIDE * 512);
	assert_int_equal(alloc(machine, 0), STRIDE * 512 + 1);
	for (int i = 2; i < 513; i++)
		slot = alloc(machine, 0);
	assert_int_equal(slot, 3 * STRIDE * 512);
	mm_machine_destroy(machine);
}

static uint32_t device_slot(struct mm_machine *machine)
{
	uint32_t slot;

	return mm_get_swap_pages(machine, 0, 0, &slot, 1) ? slot : MM_NONE;
}

/* Clusters with room, in the order in which they got it. */
static void partial_clusters_are_used_last(void **state)
{
	struct mm_machine *machine = machine_on(MM_SWAP_NO_SEEKS, MM_KERNEL(6, 12), 1, 4 * 512 - 1);

	(void)state;
	for (uint32_t i = 0; i < 3 * 512; i++)
		assert_int_equal(device_slot(machine), 512 + i);
	mm_swap_range_free(machine, 1500, 1);
	mm_swap_range_free(machine, 700, 1);
	/* The first cluster has had room from the start. */
	assert_int_equal(device_slot(machine), 1);
	for (uint32_t i = 2; i < 512; i++)
		assert_int_equal(device_slot(machine), i);
	assert_int_equal(device_slot(machine), 1500);
	assert_int_equal(device_slot(machine), 700);
	assert_int_equal(device_slot(machine), MM_NONE);
	mm_machine_destroy(machine);
}

static void huge_pages_need_a_free_cluster(void **state)
{
	struct mm_machine *machine = machine_on(MM_SWAP_NO_SEEKS, MM_KERNEL(6, 12), 1, 4 * 512 - 1);

	(void)state;
	assert_int_equal(mm_swap_alloc(machine, 9, 7), 512);
	assert_int_equal(mm_swap_owner(machine, 1023), 7);
	assert_int_equal(mm_swap_alloc(machine, 9, 7), 1024);
	assert_int_equal(mm_swap_alloc(machine, 9, 7), 1536);
	assert_int_equal(mm_swap_alloc(machine, 9, 7), MM_NONE);
	mm_swap_free(machine, 1024, 9);
	assert_int_equal(mm_swap_alloc(machine, 9, 7), 1024);
	mm_machine_destroy(machine);
	machine = machine_on(MM_SWAP_SEEKS, MM_KERNEL(6, 12), 1, 4 * 512 - 1);
	assert_int_equal(mm_swap_alloc(machine, 9, 7), MM_NONE);
	mm_machine_destroy(machine);
}

/* More than half in use: what is in memory gives its slot up where the search comes by. */
static void slots_of_pages_in_memory_are_taken_back(void **state)
{
	struct mm_machine *machine = machine_on(MM_SWAP_SEEKS, MM_KERNEL(6, 12), 1, 100);
	const struct mm_request movable = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };
	uint32_t slot;

	(void)state;
	machine_all_free(machine);
	mm_touch_page(machine, &movable, 3, MM_LPAGE_ANON, 0);
	slot = mm_swap_alloc(machine, 0, 3);
	mm_lpage(machine, 3)->slot = slot;
	mm_add_swapcache(machine, mm_lpage(machine, 3)->pfn);
	for (int i = 0; i < 99; i++)
		assert_int_not_equal(mm_swap_alloc(machine, 0, 4), slot);
	/* The last one has been given to another page, if any could be had. */
	assert_true(mm_swap_full(machine));
	mm_swap_range_free(machine, 50, 1);
	machine->swap.cluster_next = slot;
	machine->swap.cluster_nr = 10;
	machine->swap.lowest = slot;
	assert_int_equal(mm_swap_alloc(machine, 0, 4), slot);
	assert_int_equal(mm_lpage(machine, 3)->slot, MM_NONE);
	mm_machine_destroy(machine);
}

static uint32_t alloc_order(struct mm_machine *machine, uint32_t order)
{
	uint32_t slot;

	return mm_get_swap_pages(machine, 0, order, &slot, 1) ? slot : MM_NONE;
}

/* From 6.10 on folios go out as a whole, into clusters begun for their order. */
static void folios_have_clusters_of_their_order(void **state)
{
	static const struct {
		enum mm_swap_device device;
		uint32_t kernel;
		bool whole;
	} rows[] = {
		{ MM_SWAP_SEEKS, MM_KERNEL(6, 12), false },
		{ MM_SWAP_NO_SEEKS, MM_KERNEL(6, 9), false },
		{ MM_SWAP_NO_SEEKS, MM_KERNEL(6, 10), true },
		{ MM_SWAP_AT_ONCE, MM_KERNEL(6, 12), true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mm_machine *machine =
			machine_on(rows[i].device, rows[i].kernel, 1, 100 * 512);
		uint32_t slot = alloc_order(machine, 4);

		assert_int_equal(slot, rows[i].whole ? STRIDE * 512 : MM_NONE);
		if (rows[i].whole) {
			assert_int_equal(alloc_order(machine, 0), 2 * STRIDE * 512);
			assert_int_equal(alloc_order(machine, 4), slot + 16);
			assert_int_equal(alloc_order(machine, 3), 3 * STRIDE * 512);
			assert_int_equal(alloc_order(machine, 0), 2 * STRIDE * 512 + 1);
		}
		mm_machine_destroy(machine);
	}
}

/* Two clusters and one with the header: folios look for room among their own, base pages everywhere in the end. */
static void without_free_clusters_room_is_sought(void **state)
{
	struct mm_machine *machine = machine_on(MM_SWAP_NO_SEEKS, MM_KERNEL(6, 12), 1, 3 * 512 - 1);

	(void)state;
	for (uint32_t i = 0; i < 33; i++)
		assert_int_equal(alloc_order(machine, 4), 512 + 16 * i);
	/* There is none begun for these. */
	assert_int_equal(alloc_order(machine, 5), MM_NONE);
	assert_int_equal(alloc_order(machine, 9), MM_NONE);
	for (uint32_t i = 1; i < 512; i++)
		assert_int_equal(alloc_order(machine, 0), i);
	assert_int_equal(alloc_order(machine, 0), 1024 + 16);
	/* What base pages have come into is no room for a folio any more. */
	assert_int_equal(alloc_order(machine, 4), 1024 + 32);
	for (uint32_t i = 3; i < 32; i++)
		assert_int_equal(alloc_order(machine, 4), 1024 + 16 * i);
	assert_int_equal(alloc_order(machine, 4), MM_NONE);
	mm_swap_range_free(machine, 512 + 48, 32);
	assert_int_equal(alloc_order(machine, 5), MM_NONE);
	assert_int_equal(alloc_order(machine, 4), 512 + 48);
	/* A cluster that is free again is for any order. */
	mm_swap_range_free(machine, 512, 64);
	mm_swap_range_free(machine, 512 + 80, 432);
	assert_int_equal(alloc_order(machine, 6), 512);
	mm_swap_range_free(machine, 512, 64);
	assert_int_equal(alloc_order(machine, 9), 512);
	mm_machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpus_have_slots_of_their_own),
		cmocka_unit_test(freed_slots_go_back_together),
		cmocka_unit_test(a_device_that_seeks_looks_for_free_runs),
		cmocka_unit_test(all_slots_can_be_used),
		cmocka_unit_test(without_seeks_cpus_have_clusters),
		cmocka_unit_test(partial_clusters_are_used_last),
		cmocka_unit_test(folios_have_clusters_of_their_order),
		cmocka_unit_test(without_free_clusters_room_is_sought),
		cmocka_unit_test(huge_pages_need_a_free_cluster),
		cmocka_unit_test(slots_of_pages_in_memory_are_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
