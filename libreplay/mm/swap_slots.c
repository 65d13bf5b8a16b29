/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each CPU's swap slots: 64 taken from the device at a time, and up to 64 that were freed and go back together.
 *
 * So pages that one CPU evicts lie together, and a freed slot is used again only after a while. The caches are
 * in use while the device has room for them.
 *
 * Follows folio_alloc_swap(), free_swap_slot(), check_cache_active() of v6.12; v6.1 has the same.
 */
#include "internal.h"

#define ACTIVATE   (UINT64_C(5) * MM_SLOT_CACHE)
#define DEACTIVATE (UINT64_C(2) * MM_SLOT_CACHE)

static void drain(struct mm_machine *machine)
{
	struct mm_swap *swap = &machine->swap;

	for (uint32_t cpu = 0; cpu < machine->nr_cpus; cpu++) {
		struct mm_swap_cpu *cache = &swap->cpus[cpu];

		for (; cache->nr > 0; cache->nr--)
			mm_swap_range_free(machine, cache->slots[cache->cur++], 1);
		for (uint32_t i = 0; i < cache->nr_returned; i++)
			mm_swap_range_free(machine, cache->returned[i], 1);
		cache->nr_returned = 0;
	}
	swap->nr_cached = 0;
}

static bool check_active(struct mm_machine *machine)
{
	struct mm_swap *swap = &machine->swap;
	uint64_t room = swap->nr_slots - swap->nr_used;

	if (!swap->caches_active) {
		swap->caches_active = room > machine->nr_cpus * ACTIVATE;
	} else if (room < machine->nr_cpus * DEACTIVATE) {
		swap->caches_active = false;
		drain(machine);
	}
	return swap->caches_active;
}

static uint32_t alloc_cached(struct mm_machine *machine, uint32_t cpu)
{
	struct mm_swap *swap = &machine->swap;
	struct mm_swap_cpu *cache = &swap->cpus[cpu];

	if (cache->nr == 0) {
		cache->cur = 0;
		cache->nr =
			(uint8_t)mm_get_swap_pages(machine, cpu, 0, cache->slots, MM_SLOT_CACHE);
		swap->nr_cached += cache->nr;
	}
	if (cache->nr == 0)
		return MM_NONE;
	cache->nr--;
	swap->nr_cached--;
	return cache->slots[cache->cur++];
}

uint32_t mm_swap_alloc(struct mm_machine *machine, uint32_t order, uint32_t owner)
{
	struct mm_swap *swap = &machine->swap;
	uint32_t cpu = machine->current.cpu;
	uint32_t slot = MM_NONE;

	if (order == 0 && check_active(machine))
		slot = alloc_cached(machine, cpu);
	if (slot == MM_NONE && mm_get_swap_pages(machine, cpu, order, &slot, 1) == 0)
		return MM_NONE;
	for (uint32_t i = 0; i < mm_block_pages(order); i++)
		swap->owners[slot + i] = owner;
	return slot;
}

void mm_swap_free(struct mm_machine *machine, uint32_t slot, uint32_t order)
{
	struct mm_swap *swap = &machine->swap;
	struct mm_swap_cpu *cache = &swap->cpus[machine->current.cpu];

	if (order > 0 || !swap->caches_active) {
		mm_swap_range_free(machine, slot, mm_block_pages(order));
		return;
	}
	if (cache->nr_returned == MM_SLOT_CACHE) {
		for (uint32_t i = 0; i < MM_SLOT_CACHE; i++)
			mm_swap_range_free(machine, cache->returned[i], 1);
		swap->nr_cached -= MM_SLOT_CACHE;
		cache->nr_returned = 0;
	}
	cache->returned[cache->nr_returned++] = slot;
	swap->owners[slot] = MM_NONE;
	swap->nr_cached++;
}
