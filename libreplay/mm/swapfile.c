/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The swap device: which slots are in use, where the next page goes, and whose page lies in a slot.
 *
 * On a device that seeks, pages go one behind the other into 256 slots at a time; then comes the first run of
 * 256 free slots from the lowest free one on, or if there is none, whatever is free next. Without seeks each CPU
 * fills a cluster of 512 slots of its own: a free one, or if there is none, one with room (v6.12), or what is free
 * next (v6.1). Folios have slots side by side, aligned to their size, from clusters begun for folios of that order (v6.10); without
 * a free cluster they look through those that have room (v6.12), and base pages take from any before there is none at all. A huge
 * page needs a free cluster. A device that seeks takes no folio, so that it is split.
 *
 * Order-0 slots pass through the caches of swap_slots.c, which count as in use. Once half of all are, slots whose
 * page is in memory are taken back where the search meets them.
 *
 * State: a bit for each slot, the logical page in it (MM_NONE: it lies in a cache), the clusters' counts and lists.
 * Slot 0 is the device's header.
 *
 * Follows scan_swap_map_slots(), cluster_alloc_swap_entry(), setup_clusters(), swap_range_free(), vm_swap_full(),
 * __try_to_reclaim_swap() of v6.12; scan_swap_map_try_ssd_cluster() of v6.1.
 *
 * Not modelled: several devices and priorities, bad pages, the random start that v6.1 gives each CPU, zero-filled
 * pages that v6.12 does not write, discard, zswap, swap files that are no block devices, which take no folios;
 * swap_reclaim_full_clusters().
 */
#include "internal.h"

#include "alloc.h"
#include "bitmap.h"
#include "error_set.h"

#define CLUSTER       512u /* of a device without seeks, and its huge pages */
#define SEEK_CLUSTER  256u
#define LATENCY_LIMIT 256
#define COLUMNS \
	32u /* clusters are used in this stride, so that neighbours do not share a cache line */

/* Clusters with room, and those of them that were searched before, have a list for each order. */
enum { FREE, FULL, NONFULL, FRAG = NONFULL + MM_PAGEBLOCK_ORDER + 1 };

/* ---- start and end ---- */

static void list_add_tail(struct mm_swap *swap, uint32_t i, uint32_t list)
{
	struct mm_swap_cluster *cluster = &swap->clusters[i];
	struct mm_swap_list *to = &swap->lists[list];

	cluster->list = (uint8_t)list;
	cluster->next = MM_NONE;
	cluster->prev = to->tail;
	if (to->tail == MM_NONE)
		to->head = i;
	else
		swap->clusters[to->tail].next = i;
	to->tail = i;
	to->count++;
}

static void list_del(struct mm_swap *swap, uint32_t i)
{
	const struct mm_swap_cluster *cluster = &swap->clusters[i];
	struct mm_swap_list *from = &swap->lists[cluster->list];

	if (cluster->prev == MM_NONE)
		from->head = cluster->next;
	else
		swap->clusters[cluster->prev].next = cluster->next;
	if (cluster->next == MM_NONE)
		from->tail = cluster->prev;
	else
		swap->clusters[cluster->next].prev = cluster->prev;
	from->count--;
}

static void list_move_tail(struct mm_swap *swap, uint32_t i, uint32_t list)
{
	list_del(swap, i);
	list_add_tail(swap, i, list);
}

static int init_clusters(struct mm_swap *swap, struct mmr_error *err)
{
	uint32_t nr = swap->nr_slots / CLUSTER + 1, beyond = nr * CLUSTER - swap->nr_slots - 1;

	swap->clusters = base_calloc_err(nr, sizeof(*swap->clusters), "swap clusters", err);
	if (!swap->clusters)
		return MMR_E_NOMEM;
	for (uint32_t list = 0; list < MM_NR_SWAP_LISTS; list++)
		swap->lists[list] = (struct mm_swap_list){ .head = MM_NONE, .tail = MM_NONE };
	swap->clusters[0].count = 1;
	swap->clusters[nr - 1].count += (uint16_t)beyond;
	for (uint32_t column = 0; column < COLUMNS; column++) {
		for (uint32_t i = column; i < nr; i += COLUMNS)
			list_add_tail(swap, i, swap->clusters[i].count ? NONFULL : FREE);
	}
	return 0;
}

int mm_swap_init(struct mm_machine *machine, uint32_t nr_slots, struct mmr_error *err)
{
	struct mm_swap *swap = &machine->swap;
	size_t nr = (size_t)nr_slots + 1;

	if (nr_slots > MM_MAX_SLOTS)
		return base_error(err, MMR_E_LIMIT, "a swap device of %u pages is too large",
		                  nr_slots);
	swap->nr_slots = nr_slots;
	swap->lowest = 1;
	swap->highest = nr_slots;
	swap->cluster_next = 1;
	swap->ra_hits = 4; /* swapin_readahead_hits */
	if (nr_slots == 0)
		return 0;
	swap->map = base_calloc_err(BITMAP_WORDS(nr), sizeof(*swap->map), "swap map", err);
	if (!swap->map)
		return MMR_E_NOMEM;
	bitmap_set(swap->map, 0);
	swap->owners = base_calloc_err(nr, sizeof(*swap->owners), "swap slots", err);
	if (!swap->owners)
		return MMR_E_NOMEM;
	if (machine->settings.swap_device != MM_SWAP_SEEKS && init_clusters(swap, err) < 0)
		return MMR_E_NOMEM;
	swap->cpus =
		base_calloc_err(machine->nr_cpus, sizeof(*swap->cpus), "swap slot caches", err);
	return swap->cpus ? 0 : MMR_E_NOMEM;
}

void mm_swap_deinit(struct mm_swap *swap)
{
	base_free(swap->map);
	base_free(swap->owners);
	base_free(swap->clusters);
	base_free(swap->cpus);
}

/* ---- slots ---- */

uint32_t mm_swap_owner(const struct mm_machine *machine, uint32_t slot)
{
	const struct mm_swap *swap = &machine->swap;

	return slot > 0 && slot <= swap->nr_slots && bitmap_test(swap->map, slot)
	               ? swap->owners[slot]
	               : MM_NONE;
}

bool mm_swap_full(const struct mm_machine *machine)
{
	const struct mm_swap *swap = &machine->swap;

	return (uint64_t)(swap->nr_slots - swap->nr_used) * 2 < swap->nr_slots;
}

static void take_range(struct mm_swap *swap, uint32_t first, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		bitmap_set(swap->map, first + i);
		swap->owners[first + i] = MM_NONE;
	}
	if (first == swap->lowest)
		swap->lowest += nr;
	if (first + nr - 1 == swap->highest)
		swap->highest -= nr;
	swap->nr_used += nr;
	if (swap->nr_used == swap->nr_slots) {
		swap->lowest = swap->nr_slots + 1;
		swap->highest = 0;
	}
}

static void note_freed(struct mm_swap *swap, uint32_t slot)
{
	uint32_t i = slot / CLUSTER;
	struct mm_swap_cluster *cluster = &swap->clusters[i];

	cluster->count--;
	if (cluster->count == 0)
		list_move_tail(swap, i, FREE);
	else if (cluster->list != NONFULL + cluster->order)
		list_move_tail(swap, i, NONFULL + cluster->order);
}

void mm_swap_range_free(struct mm_machine *machine, uint32_t first, uint32_t nr)
{
	struct mm_swap *swap = &machine->swap;

	for (uint32_t slot = first; slot < first + nr; slot++) {
		MM_CHECK(machine, slot <= swap->nr_slots && bitmap_test(swap->map, slot), slot);
		bitmap_clear(swap->map, slot);
		if (swap->clusters)
			note_freed(swap, slot);
		mm_zram_slot_free(machine, slot);
	}
	if (first < swap->lowest)
		swap->lowest = first;
	if (first + nr - 1 > swap->highest)
		swap->highest = first + nr - 1;
	swap->nr_used -= nr;
}

/*
 * A slot of a page that is in memory and needs it no more. Before v6.12 it goes the usual way, into a cache. true: it is
 * free now.
 */
static bool reclaim_slot(struct mm_machine *machine, uint32_t slot)
{
	uint32_t owner = mm_swap_owner(machine, slot), pfn;
	const struct mm_page *page;

	if (owner == MM_NONE || !mm_swap_full(machine))
		return false;
	pfn = mm_lpage(machine, owner)->pfn;
	if (pfn == MM_NONE)
		return false;
	page = &machine->pages[pfn];
	if (!(page->flags & MM_PG_SWAPCACHE) || (page->flags & MM_PG_UNMAPPED) || page->order > 0 ||
	    mm_is_writeback(page) || page->state == MM_PAGE_ISOLATED)
		return false;
	if (machine->settings.kernel < MM_KERNEL(6, 12)) {
		mm_free_swapcache(machine, pfn);
	} else {
		mm_drop_swapcache(machine, pfn);
		mm_swap_range_free(machine, slot, 1);
	}
	return !bitmap_test(machine->swap.map, slot);
}

/* Whether a slot can be had, and be it by taking it back. */
static bool is_available(struct mm_machine *machine, uint32_t slot)
{
	return !bitmap_test(machine->swap.map, slot) || reclaim_slot(machine, slot);
}

/* ---- with seeks ---- */

/* The first SEEK_CLUSTER free slots in a row; MM_NONE: there are none. */
static uint32_t find_run(const struct mm_swap *swap)
{
	uint32_t last = swap->lowest + SEEK_CLUSTER - 1;

	for (uint32_t slot = swap->lowest; last <= swap->highest; slot++) {
		if (bitmap_test(swap->map, slot))
			last = slot + SEEK_CLUSTER;
		else if (slot == last)
			return slot - (SEEK_CLUSTER - 1);
	}
	return MM_NONE;
}

/* The first slot from one on that can be had, then from the start on. */
static uint32_t find_slot(struct mm_machine *machine, uint32_t from)
{
	const struct mm_swap *swap = &machine->swap;

	for (uint32_t slot = from; slot <= swap->highest; slot++) {
		if (is_available(machine, slot))
			return slot;
	}
	for (uint32_t slot = swap->lowest; slot < from && slot <= swap->highest; slot++) {
		if (is_available(machine, slot))
			return slot;
	}
	return MM_NONE;
}

/* After a slot: the next one, or one that is not far. MM_NONE: that is enough for now. */
static uint32_t next_slot(struct mm_swap *swap, uint32_t slot, int *patience)
{
	if (--*patience < 0)
		return MM_NONE;
	if (swap->cluster_nr > 0 && !bitmap_test(swap->map, ++slot)) {
		swap->cluster_nr--;
		return slot;
	}
	for (; slot <= swap->highest && --*patience > 0; slot++) {
		if (!bitmap_test(swap->map, slot))
			return slot;
	}
	return MM_NONE;
}

static uint32_t alloc_with_seeks(struct mm_machine *machine, uint32_t *slots, uint32_t nr)
{
	struct mm_swap *swap = &machine->swap;
	uint32_t slot = swap->cluster_next, count = 0;
	int patience = LATENCY_LIMIT;

	if (swap->cluster_nr-- == 0) {
		swap->cluster_nr = SEEK_CLUSTER - 1;
		if (swap->nr_slots - swap->nr_used >= SEEK_CLUSTER) {
			uint32_t run = find_run(swap);

			slot = run != MM_NONE ? run : swap->lowest;
		}
	}
	if (slot > swap->highest)
		slot = swap->lowest;
	slot = find_slot(machine, slot);
	while (slot != MM_NONE) {
		take_range(swap, slot, 1);
		slots[count++] = slot;
		swap->cluster_next = slot + 1;
		if (count == nr || slot >= swap->highest)
			break;
		slot = next_slot(swap, slot, &patience);
	}
	return count;
}

/* ---- without seeks ---- */

static void take_of_cluster(struct mm_swap *swap, uint32_t slot, uint32_t order)
{
	uint32_t i = slot / CLUSTER, nr = mm_block_pages(order);
	struct mm_swap_cluster *cluster = &swap->clusters[i];

	if (cluster->count == 0) {
		cluster->order = (uint8_t)order;
		if (nr < CLUSTER)
			list_move_tail(swap, i, NONFULL + order);
	}
	take_range(swap, slot, nr);
	cluster->count = (uint16_t)(cluster->count + nr);
	if (cluster->count == CLUSTER)
		list_move_tail(swap, i, FULL);
}

static bool are_available(struct mm_machine *machine, uint32_t slot, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		if (!is_available(machine, slot + i))
			return false;
	return true;
}

/* Slots of a cluster, from one on, and where to go on (0: nowhere). MM_NONE: there are none. */
static uint32_t scan_cluster(struct mm_machine *machine, uint32_t order, uint32_t from,
                             uint32_t *next)
{
	struct mm_swap *swap = &machine->swap;
	uint32_t end = (from / CLUSTER + 1) * CLUSTER, nr = mm_block_pages(order);

	*next = 0;
	if (order > 0 && swap->clusters[from / CLUSTER].count + nr > CLUSTER)
		return MM_NONE;
	if (end > swap->nr_slots + 1)
		end = swap->nr_slots + 1;
	for (uint32_t slot = from; slot + nr <= end; slot += nr) {
		if (!are_available(machine, slot, nr))
			continue;
		take_of_cluster(swap, slot, order);
		if (slot + 2 * nr <= end && swap->clusters[slot / CLUSTER].count < CLUSTER)
			*next = slot + nr;
		return slot;
	}
	return MM_NONE;
}

/* No cluster is free: one with room, the one that was not looked at for longest. */
static uint32_t scan_partial(struct mm_machine *machine, uint32_t order, uint32_t *next)
{
	struct mm_swap *swap = &machine->swap;
	uint32_t nr = swap->lists[NONFULL + order].count + swap->lists[FRAG + order].count;

	while (nr-- > 0) {
		uint32_t list = swap->lists[NONFULL + order].count > 0 ? NONFULL : FRAG;
		uint32_t i = swap->lists[list + order].head, slot;

		if (i == MM_NONE)
			break;
		list_move_tail(swap, i, FRAG + order);
		slot = scan_cluster(machine, order, i * CLUSTER, next);
		if (slot != MM_NONE)
			return slot;
	}
	return MM_NONE;
}

/* A base page goes among folios before it goes nowhere. */
static uint32_t steal(struct mm_machine *machine, uint32_t *next)
{
	struct mm_swap *swap = &machine->swap;
	uint32_t slot = MM_NONE;

	for (uint32_t order = 1; order < MM_PAGEBLOCK_ORDER && slot == MM_NONE; order++) {
		uint32_t i = swap->lists[FRAG + order].head;

		if (i == MM_NONE)
			i = swap->lists[NONFULL + order].head;
		if (i != MM_NONE)
			slot = scan_cluster(machine, 0, i * CLUSTER, next);
	}
	return slot;
}

static uint32_t alloc_without_seeks(struct mm_machine *machine, uint32_t cpu, uint32_t order)
{
	struct mm_swap *swap = &machine->swap;
	uint32_t *next = &swap->cpus[cpu].cluster_next[order], slot = MM_NONE;

	if (*next > 0)
		slot = scan_cluster(machine, order, *next, next);
	if (slot != MM_NONE)
		return slot;
	if (swap->lists[FREE].count > 0)
		return scan_cluster(machine, order, swap->lists[FREE].head * CLUSTER, next);
	if (machine->settings.kernel >= MM_KERNEL(6, 12)) {
		if (order < MM_PAGEBLOCK_ORDER)
			slot = scan_partial(machine, order, next);
		return slot == MM_NONE && order == 0 ? steal(machine, next) : slot;
	}
	slot = order == 0 ? find_slot(machine, swap->cluster_next) : MM_NONE;
	if (slot != MM_NONE) {
		take_of_cluster(swap, slot, 0);
		swap->cluster_next = slot < swap->highest ? slot + 1 : swap->lowest;
	}
	return slot;
}

/* Whether folios of an order can be written as a whole. */
static bool takes_folios(const struct mm_machine *machine, uint32_t order)
{
	return machine->swap.clusters &&
	       (order == MM_PAGEBLOCK_ORDER || machine->settings.kernel >= MM_KERNEL(6, 10));
}

uint32_t mm_get_swap_pages(struct mm_machine *machine, uint32_t cpu, uint32_t order,
                           uint32_t *slots, uint32_t nr)
{
	struct mm_swap *swap = &machine->swap;
	uint32_t room = (swap->nr_slots - swap->nr_used) >> order, count = 0;

	if (nr > room)
		nr = room;
	if (nr == 0)
		return 0;
	if (order > 0) {
		slots[0] = takes_folios(machine, order) ? alloc_without_seeks(machine, cpu, order)
		                                        : MM_NONE;
		return slots[0] != MM_NONE;
	}
	if (!swap->clusters)
		return alloc_with_seeks(machine, slots, nr);
	while (count < nr) {
		slots[count] = alloc_without_seeks(machine, cpu, 0);
		if (slots[count] == MM_NONE)
			break;
		count++;
	}
	return count;
}
