/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small simulated machines for the tests of mm/. */
#ifndef TESTS_MACHINE_H
#define TESTS_MACHINE_H

#include "unit.h"

#include "internal.h"
#include "policy_table.h"

/* Settings as a kernel has them by default. */
static inline struct mm_settings machine_settings(void)
{
	return (struct mm_settings){
		.watermark_scale_factor = 10,
		.watermark_boost_factor = 15000,
		.lowmem_reserve_ratio = { 256, 256, 32, 0, 0 },
		.swappiness = 60,
		.ra_pages = 32,
		.page_cluster = 3,
		.vfs_cache_pressure = 100,
		.dirty_background_ratio = 10,
		.dirty_ratio = 20,
		.dirty_expire_centisecs = 3000,
	};
}

/*
 * One zone, DMA32, of nr_pages from pfn 0 on; pages that are free are up to the test. nr_pages must be
 * more than 512 x 7 for migratetypes to be in use.
 */
static inline struct mm_machine *machine_new(uint32_t nr_pages, uint32_t nr_cpus, uint32_t nr_slots,
                                             const struct mm_policy_ops *policy)
{
	const struct mm_zone_config zone = {
		.name = "DMA32",
		.type = MM_ZONE_DMA32,
		.spanned = nr_pages,
		.present = nr_pages,
		.managed = nr_pages,
	};
	const struct mm_config config = {
		.zones = &zone,
		.nr_zones = 1,
		.nr_cpus = nr_cpus,
		.nr_swap_slots = nr_slots,
		.settings = machine_settings(),
		.policy = policy,
		.seed = 1,
	};
	struct mm_machine *machine;

	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	return machine;
}

/* Pages do not wait in batches: that is for folio_batch_test.c and what knows nothing of single pages. */
static inline void machine_seed_done(struct mm_machine *machine)
{
	mm_seed_done(machine);
	machine->batch_size = 1;
}

static inline void machine_all_free(struct mm_machine *machine)
{
	for (uint32_t i = 0; i < machine->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[i];

		for (uint32_t at = 0; at < zone->managed; at += 512)
			assert_true(mm_seed_free_block(machine, zone->start_pfn + at, 9));
	}
	machine_seed_done(machine);
}

static inline void machine_check(const struct mm_machine *machine)
{
	struct mmr_error err = { 0 };

	if (mm_check(machine, &err) < 0)
		fail_msg("%s", err.text);
}

static inline uint64_t machine_counter(const struct mm_machine *machine, const char *name)
{
	uint64_t value = 0;

	assert_true(mm_vmstat_find(machine, name, &value));
	return value;
}

#endif
