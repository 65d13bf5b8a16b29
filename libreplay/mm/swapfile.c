/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The swap device: which slots are in use, where the next page goes, and whose page lies in a slot.
 *
 * Next fit: the search goes on where the last one ended, so that pages evicted together lie together,
 * which is what readahead builds on. A huge page needs 2^order aligned free slots, and a device that has
 * them in clusters because it does not seek.
 *
 * Follows get_swap_pages(), swap_range_free(), vm_swap_full() of v6.12, and its scan_swap_map_slots()
 * for devices without clusters.
 *
 * Not modelled: several devices and priorities, clusters per CPU and order (v6.12 takes clusters of
 * 512 slots on devices without seek time), slot caches, zero-filled pages, discard, zswap.
 */
#include "internal.h"

#include "alloc.h"
#include "bitmap.h"
#include "error_set.h"

int mm_swap_init(struct mm_swap *swap, uint32_t nr_slots, struct mmr_error *err)
{
	if (nr_slots > MM_MAX_SLOTS)
		return base_error(err, MMR_E_LIMIT, "a swap device of %u pages is too large",
		                  nr_slots);
	swap->nr_slots = nr_slots;
	if (nr_slots == 0)
		return 0;
	swap->map = base_calloc_err(BITMAP_WORDS(nr_slots), sizeof(*swap->map), "swap map", err);
	if (!swap->map)
		return MMR_E_NOMEM;
	swap->owners = base_calloc_err(nr_slots, sizeof(*swap->owners), "swap slots", err);
	return swap->owners ? 0 : MMR_E_NOMEM;
}

void mm_swap_deinit(struct mm_swap *swap)
{
	base_free(swap->map);
	base_free(swap->owners);
}

/* A free slot in [from, to), looking at whole words where there is nothing to find. */
static uint32_t find_slot(const struct mm_swap *swap, uint32_t from, uint32_t to)
{
	while (from < to) {
		uint64_t used = swap->map[from / 64] >> (from % 64);

		if (used == UINT64_MAX >> (from % 64)) {
			from = (from / 64 + 1) * 64;
			continue;
		}
		from += (uint32_t)__builtin_ctzll(~used);
		return from < to ? from : MM_NONE;
	}
	return MM_NONE;
}

static bool range_is_free(const struct mm_swap *swap, uint32_t first, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		if (bitmap_test(swap->map, first + i))
			return false;
	}
	return true;
}

static uint32_t find_range(const struct mm_swap *swap, uint32_t from, uint32_t to, uint32_t nr)
{
	for (from = (from + nr - 1) & ~(nr - 1); from < to && to - from >= nr; from += nr) {
		if (range_is_free(swap, from, nr))
			return from;
	}
	return MM_NONE;
}

uint32_t mm_swap_alloc(struct mm_machine *machine, uint32_t order, uint32_t owner)
{
	struct mm_swap *swap = &machine->swap;
	uint32_t nr = mm_block_pages(order), slot;

	if (swap->nr_slots - swap->nr_used < nr || (order > 0 && machine->settings.swap_seeks))
		return MM_NONE;
	if (order == 0) {
		slot = find_slot(swap, swap->cursor, swap->nr_slots);
		if (slot == MM_NONE)
			slot = find_slot(swap, 0, swap->cursor);
	} else {
		slot = find_range(swap, swap->cursor, swap->nr_slots, nr);
		if (slot == MM_NONE)
			slot = find_range(swap, 0, swap->nr_slots, nr);
	}
	if (slot == MM_NONE)
		return MM_NONE;
	for (uint32_t i = 0; i < nr; i++) {
		bitmap_set(swap->map, slot + i);
		swap->owners[slot + i] = owner;
	}
	swap->nr_used += nr;
	swap->cursor = slot + nr < swap->nr_slots ? slot + nr : 0;
	return slot;
}

void mm_swap_free(struct mm_machine *machine, uint32_t slot, uint32_t order)
{
	struct mm_swap *swap = &machine->swap;

	for (uint32_t i = 0; i < mm_block_pages(order); i++) {
		MM_CHECK(machine, slot + i < swap->nr_slots && bitmap_test(swap->map, slot + i),
		         slot);
		bitmap_clear(swap->map, slot + i);
	}
	swap->nr_used -= mm_block_pages(order);
}

uint32_t mm_swap_owner(const struct mm_machine *machine, uint32_t slot)
{
	const struct mm_swap *swap = &machine->swap;

	return slot < swap->nr_slots && bitmap_test(swap->map, slot) ? swap->owners[slot] : MM_NONE;
}

bool mm_swap_full(const struct mm_machine *machine)
{
	return machine->swap.nr_used > machine->swap.nr_slots / 2;
}
