/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Per-CPU page lists: a stock of each zone's pages that a CPU takes from and gives to without the
 * zone's lock. What is on them is not free memory to the watermarks, and there can be a lot of it: up to an
 * eighth of a zone, divided by the CPUs.
 *
 *	lists[3 * order + type], orders 0..3;  [12] order 9 unmovable or reclaimable, [13] movable
 *	free pages come in at the head, are used from the head; refills arrive at the tail in ascending
 *	order; drains take the tail, which is what was freed longest ago
 *
 * Sizes tune themselves. Allocating in a row doubles the refill each time (alloc_factor) as long as it
 * stays below high, and raises high unless the zone is below its high watermark; freeing in a row makes
 * drains longer (free_count) and raises high; reclaim and a zone below its high watermark lower it. Once a
 * second high decays by an eighth. Before 6.7 nothing tunes itself: high is the CPU's share of the low
 * watermark, a refill is a batch, and only drains grow (free_factor). Before 6.10 a page goes back to the
 * list of the type that it was freed with.
 *
 * Follows free_unref_page_commit(), nr_pcp_alloc(), nr_pcp_high(), nr_pcp_free(),
 * free_pcppages_bulk(), rmqueue_bulk(), decay_pcp_high(), zone_set_pageset_high_and_batch() of v6.12 and v6.1.
 *
 * Not modelled: trylock failures; the last-level cache's size: it is taken to hold three batches for each
 * CPU (756 KiB at most), as nearly all do, so PCPF_FREE_HIGH_BATCH is always set;
 * the expiry of remote NUMA lists.
 */
#include "internal.h"

#define PCP_BATCH_SCALE_MAX 5

bool mm_pcp_allowed(uint32_t order)
{
	return order <= MM_COSTLY_ORDER || order == MM_PAGEBLOCK_ORDER;
}

static uint32_t order_to_pindex(uint8_t migratetype, uint32_t order)
{
	if (order > MM_COSTLY_ORDER)
		return MM_NR_PCPTYPES * (MM_COSTLY_ORDER + 1) + (migratetype == MM_MOVABLE);
	return MM_NR_PCPTYPES * order + migratetype;
}

static uint32_t pindex_to_order(uint32_t pindex)
{
	return pindex < MM_NR_PCPTYPES * (MM_COSTLY_ORDER + 1) ? pindex / MM_NR_PCPTYPES
	                                                       : MM_PAGEBLOCK_ORDER;
}

static bool tunes_itself(const struct mm_machine *machine)
{
	return machine->settings.kernel >= MM_KERNEL_TUNES_PCP;
}

static int32_t max_i32(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

static int32_t min_i32(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static int32_t clamp_i32(int32_t value, int32_t low, int32_t high)
{
	return max_i32(low, min_i32(value, high));
}

static int32_t rounddown_pow2(int32_t n)
{
	int32_t power = 1;

	while (power * 2 <= n)
		power *= 2;
	return power;
}

/* 2^n - 1, so that freeing and allocating in turn do not move the same pages to and fro. */
static int32_t zone_batchsize(const struct mm_zone *zone)
{
	int32_t batch = (int32_t)(zone->managed >> 10);

	batch = max_i32(1, min_i32(batch, 256) / 4);
	return max_i32(1, rounddown_pow2(batch + batch / 2) - 1);
}

void mm_pcp_set_limits(struct mm_machine *machine, struct mm_zone *zone)
{
	int32_t batch = zone_batchsize(zone);
	int32_t nr_cpus = (int32_t)machine->nr_cpus;
	uint32_t fraction = machine->settings.percpu_pagelist_high_fraction;
	int32_t high_min, high_max;

	if (fraction != 0) {
		high_min = (int32_t)(zone->managed / fraction) / nr_cpus;
		high_max = high_min;
	} else {
		high_min = (int32_t)mm_wmark_pages(zone, MM_WMARK_LOW) / nr_cpus;
		high_max = (int32_t)(zone->managed / 8) / nr_cpus;
	}
	for (uint32_t cpu = 0; cpu < machine->nr_cpus; cpu++) {
		struct mm_pcp *pcp = &zone->pcp[cpu];

		pcp->batch = batch;
		pcp->high_min = max_i32(high_min, 4 * batch);
		pcp->high_max = max_i32(high_max, 4 * batch);
		if (!tunes_itself(machine))
			pcp->high_max = pcp->high_min;
	}
}

/* Pages of a refill: a batch before 6.7. */
static int32_t nr_pcp_alloc_fixed(const struct mm_pcp *pcp, uint32_t order)
{
	return pcp->batch > 1 ? max_i32(pcp->batch >> order, 2) : pcp->batch;
}

static int32_t nr_pcp_alloc(struct mm_pcp *pcp, const struct mm_zone *zone, uint32_t order)
{
	int32_t batch = pcp->batch, nr, high;

	pcp->high = clamp_i32(pcp->high, pcp->high_min, pcp->high_max);
	high = pcp->high;
	if (high < batch)
		return 1;
	nr = order ? batch : batch << pcp->alloc_factor;
	if (pcp->high_min != pcp->high_max && !(zone->flags & MM_ZONE_BELOW_HIGH)) {
		pcp->high = min_i32(high + nr, pcp->high_max);
		high = pcp->high;
	}
	if (order == 0) {
		int32_t max_nr = max_i32(high - pcp->count - batch, batch);

		if (nr <= max_nr && pcp->alloc_factor < PCP_BATCH_SCALE_MAX)
			pcp->alloc_factor++;
		nr = min_i32(nr, max_nr);
	}
	return nr > 1 ? max_i32(nr >> order, 2) : nr;
}

static void rmqueue_bulk(struct mm_machine *machine, struct mm_zone *zone, struct mm_pcp *pcp,
                         uint32_t order, uint8_t migratetype, uint32_t alloc_flags)
{
	struct mm_list *list = &pcp->lists[order_to_pindex(migratetype, order)];
	int32_t nr = tunes_itself(machine) ? nr_pcp_alloc(pcp, zone, order)
	                                   : nr_pcp_alloc_fixed(pcp, order);
	enum mm_rmqueue_mode mode = MM_RMQUEUE_NORMAL;

	while (nr-- > 0) {
		uint32_t pfn = mm_rmqueue(machine, zone, order, migratetype, alloc_flags, &mode);
		struct mm_page *page;

		if (pfn == MM_NONE)
			break;
		page = &machine->pages[pfn];
		page->state = MM_PAGE_PCP;
		page->order = (uint8_t)order;
		page->type = migratetype;
		mm_list_add_tail(machine, list, pfn);
		pcp->count += (int32_t)mm_block_pages(order);
	}
}

uint32_t mm_pcp_alloc(struct mm_machine *machine, struct mm_zone *zone, uint32_t cpu,
                      uint32_t order, uint8_t migratetype, uint32_t alloc_flags)
{
	struct mm_pcp *pcp = &zone->pcp[cpu];
	struct mm_list *list = &pcp->lists[order_to_pindex(migratetype, order)];
	uint32_t pfn;

	pcp->free_count >>= 1;
	pcp->free_factor >>= 1;
	if (list->count == 0)
		rmqueue_bulk(machine, zone, pcp, order, migratetype, alloc_flags);
	pfn = list->head;
	if (pfn == MM_NONE)
		return MM_NONE;
	MM_CHECK(machine, machine->pages[pfn].state == MM_PAGE_PCP, pfn);
	mm_list_del(machine, list, pfn);
	machine->pages[pfn].state = MM_PAGE_TAIL;
	pcp->count -= (int32_t)mm_block_pages(order);
	return pfn;
}

static void free_pcppages_bulk(struct mm_machine *machine, struct mm_pcp *pcp, int32_t nr,
                               uint32_t pindex)
{
	bool strict = machine->settings.kernel >= MM_KERNEL_STRICT_TYPES;

	nr = min_i32(nr, pcp->count);
	while (nr > 0) {
		struct mm_list *list;
		int32_t nr_pages;

		while (pcp->lists[pindex].count == 0)
			pindex = pindex + 1 < MM_NR_PCP_LISTS ? pindex + 1 : 0;
		list = &pcp->lists[pindex];
		nr_pages = (int32_t)mm_block_pages(pindex_to_order(pindex));
		while (nr > 0 && list->count > 0) {
			uint32_t pfn = list->tail;
			uint8_t type = mm_block_type(machine, pfn);

			mm_list_del(machine, list, pfn);
			machine->pages[pfn].state = MM_PAGE_TAIL;
			pcp->count -= nr_pages;
			nr -= nr_pages;
			mm_free_one_page(machine, pfn, pindex_to_order(pindex),
			                 strict || type == MM_ISOLATE ? type
			                                              : machine->pages[pfn].type,
			                 false);
		}
	}
}

static int32_t nr_pcp_high(struct mm_pcp *pcp, const struct mm_zone *zone, bool free_high)
{
	int32_t batch = pcp->batch, high;

	pcp->high = clamp_i32(pcp->high, pcp->high_min, pcp->high_max);
	high = pcp->high;
	if (high == 0)
		return 0;
	if (free_high) {
		pcp->high = max_i32(high - (batch << PCP_BATCH_SCALE_MAX), pcp->high_min);
		return 0;
	}
	if (zone->flags & MM_ZONE_RECLAIM_ACTIVE) {
		pcp->high = max_i32(high - max_i32(pcp->free_count, batch), pcp->high_min);
		return min_i32(4 * batch, pcp->high);
	}
	if (pcp->high_min == pcp->high_max)
		return high;
	if (zone->flags & MM_ZONE_BELOW_HIGH) {
		pcp->high = max_i32(high - max_i32(pcp->free_count, batch), pcp->high_min);
		return max_i32(pcp->count, pcp->high_min);
	}
	if (pcp->count >= high && high < pcp->free_count + batch)
		pcp->high = clamp_i32(pcp->free_count + batch, pcp->high_min, pcp->high_max);
	return high;
}

static int32_t nr_pcp_free(const struct mm_pcp *pcp, int32_t high, bool free_high)
{
	int32_t batch = pcp->batch;

	if (free_high)
		return min_i32(pcp->count, batch << PCP_BATCH_SCALE_MAX);
	if (high < batch)
		return 1;
	return clamp_i32(pcp->free_count, batch, high - batch);
}

/* What follows when a page was put on a list, before 6.7. */
static void commit_fixed(struct mm_machine *machine, const struct mm_zone *zone, struct mm_pcp *pcp,
                         uint32_t order, uint32_t pindex)
{
	bool free_high = pcp->free_factor > 0 && order > 0 && order <= MM_COSTLY_ORDER;
	int32_t high = pcp->high_min, nr;

	if (free_high)
		high = 0;
	else if (zone->flags & MM_ZONE_RECLAIM_ACTIVE)
		high = min_i32(4 * pcp->batch, high);
	if (pcp->count < high)
		return;
	if (free_high) {
		nr = pcp->count;
	} else {
		nr = pcp->batch << pcp->free_factor;
		if (nr < high - pcp->batch && pcp->free_factor < PCP_BATCH_SCALE_MAX)
			pcp->free_factor++;
		nr = clamp_i32(nr, pcp->batch, high - pcp->batch);
	}
	free_pcppages_bulk(machine, pcp, nr, pindex);
}

void mm_pcp_free(struct mm_machine *machine, uint32_t cpu, uint32_t pfn, uint32_t order,
                 uint8_t migratetype)
{
	struct mm_zone *zone = mm_page_zone(machine, pfn);
	struct mm_pcp *pcp = &zone->pcp[cpu];
	uint32_t pindex =
		order_to_pindex(migratetype < MM_NR_PCPTYPES ? migratetype : MM_MOVABLE, order);
	bool free_high = false;
	int32_t high;

	pcp->alloc_factor >>= 1;
	machine->pages[pfn].state = MM_PAGE_PCP;
	machine->pages[pfn].type = migratetype;
	mm_block_changes(machine, pfn, order);
	mm_list_add_head(machine, &pcp->lists[pindex], pfn);
	pcp->count += (int32_t)mm_block_pages(order);
	if (!tunes_itself(machine)) {
		commit_fixed(machine, zone, pcp, order, pindex);
		return;
	}
	if (order > 0 && order <= MM_COSTLY_ORDER) {
		free_high = pcp->free_count >= pcp->batch &&
		            (pcp->flags & MM_PCP_PREV_FREE_HIGH_ORDER) && pcp->count >= pcp->batch;
		pcp->flags |= MM_PCP_PREV_FREE_HIGH_ORDER;
	} else {
		pcp->flags &= (uint8_t)~MM_PCP_PREV_FREE_HIGH_ORDER;
	}
	if (pcp->free_count < pcp->batch << PCP_BATCH_SCALE_MAX)
		pcp->free_count += (int32_t)mm_block_pages(order);
	high = nr_pcp_high(pcp, zone, free_high);
	if (pcp->count < high)
		return;
	free_pcppages_bulk(machine, pcp, nr_pcp_free(pcp, high, free_high), pindex);
	if ((zone->flags & MM_ZONE_BELOW_HIGH) &&
	    mm_zone_watermark_ok(zone, 0, mm_wmark_pages(zone, MM_WMARK_HIGH), MM_ZONE_MOVABLE, 0,
	                         zone->free_pages))
		zone->flags &= (uint8_t)~MM_ZONE_BELOW_HIGH;
}

void mm_pcp_seed(struct mm_machine *machine, uint32_t cpu, uint32_t pfn, uint32_t order,
                 uint8_t migratetype)
{
	struct mm_pcp *pcp = &mm_page_zone(machine, pfn)->pcp[cpu];
	struct mm_page *page = &machine->pages[pfn];

	page->state = MM_PAGE_PCP;
	page->order = (uint8_t)order;
	page->type = migratetype;
	mm_block_changes(machine, pfn, order);
	if (migratetype >= MM_NR_PCPTYPES)
		migratetype = MM_MOVABLE;
	mm_list_add_tail(machine, &pcp->lists[order_to_pindex(migratetype, order)], pfn);
	pcp->count += (int32_t)mm_block_pages(order);
}

void mm_drain_zone_cpu(struct mm_machine *machine, struct mm_zone *zone, uint32_t cpu)
{
	free_pcppages_bulk(machine, &zone->pcp[cpu], zone->pcp[cpu].count, 0);
}

void mm_drain_zone(struct mm_machine *machine, struct mm_zone *zone)
{
	for (uint32_t cpu = 0; cpu < machine->nr_cpus; cpu++)
		mm_drain_zone_cpu(machine, zone, cpu);
}

void mm_drain_all_pages(struct mm_machine *machine)
{
	for (uint32_t z = 0; z < machine->nr_zones; z++)
		mm_drain_zone(machine, &machine->zones[z]);
}

void mm_vmstat_update(struct mm_machine *machine, uint16_t cpu)
{
	for (uint32_t z = 0; z < machine->nr_zones && tunes_itself(machine); z++) {
		struct mm_pcp *pcp = &machine->zones[z].pcp[cpu];
		int32_t excess;

		if (pcp->high > pcp->high_min)
			pcp->high =
				max_i32(max_i32(pcp->count - (pcp->batch << PCP_BATCH_SCALE_MAX),
			                        pcp->high - (pcp->high >> 3)),
			                pcp->high_min);
		excess = pcp->count - pcp->high;
		if (pcp->high_min > 0 && pcp->high > 0 && excess > 0)
			free_pcppages_bulk(machine, pcp, excess, 0);
	}
}
