/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine with a swap device, and pages that reclaim takes there. */
#ifndef TESTS_SWAPPED_MACHINE_H
#define TESTS_SWAPPED_MACHINE_H

#include "machine.h"

#include "swap.h"

#define NR_PAGES 4096u
#define NR_SLOTS 2048u

static const struct mm_request movable = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE };

/* With these settings of swap, and otherwise the default ones. */
static inline struct mm_machine *machine_on(enum mm_swap_device device, uint8_t zram_percent,
                                            uint16_t zero_filled, uint32_t kernel)
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
		.nr_cpus = 1,
		.nr_swap_slots = NR_SLOTS,
		.settings = machine_settings(),
		.policy = policy_find("classic"),
	};
	struct mm_machine *machine;

	config.settings.swap_device = (uint8_t)device;
	config.settings.zram_percent = zram_percent;
	config.settings.swap_zero_filled = zero_filled;
	config.settings.kernel = kernel;
	assert_int_equal(mm_machine_create(&config, &machine, NULL), 0);
	assert_int_equal(mm_reserve_lpages(machine, 2 * NR_PAGES, NULL), 0);
	machine_all_free(machine);
	return machine;
}

/* As reclaim does it: it is out, or being written. */
static inline void reclaim_page(struct mm_machine *machine, uint32_t number)
{
	struct mm_scan_control sc = { .gfp_flags = MM_GFP_KERNEL, .may_writepage = true };
	struct mm_batch batch = { .nr = 1, .pfns = { mm_lpage(machine, number)->pfn } };
	uint64_t nr_written;

	machine->pages[batch.pfns[0]].flags &= (uint16_t)~MM_PG_YOUNG;
	mm_lru_remove_page(machine, batch.pfns[0]);
	machine->pages[batch.pfns[0]].state = MM_PAGE_ISOLATED;
	machine->nodes[0].nr_isolated[MM_LRU_ANON]++;
	mm_shrink_batch(&machine->nodes[0], &sc, &batch, &nr_written);
}

/* nr pages of memory that is used once, all of them reclaimed. */
static inline void reclaim_pages(struct mm_machine *machine, uint32_t nr)
{
	for (uint32_t number = 0; number < nr; number++) {
		mm_touch_page(machine, &movable, number, MM_LPAGE_ANON, MM_TOUCH_WRITE);
		mm_lru_add_drain(machine, 0);
		reclaim_page(machine, number);
	}
}

static inline void end(struct mm_machine *machine)
{
	machine_check(machine);
	mm_machine_destroy(machine);
}

#endif
