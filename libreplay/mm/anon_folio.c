/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory of processes in folios between a base page and a huge page: of which order the first touch gets one, and the
 * statistics of each size.
 *
 * Each size has a switch (thp.hugepages-16kB.enabled and so on): never, always, madvise (where MADV_HUGEPAGE was said), inherit (as
 * thp.enabled has it). The largest that is on and around whose address nothing is mapped yet is tried first, as hard as
 * thp.defrag says; without a block it is the next smaller one that is on, and in the end a base page. The base pages of a folio that
 * nobody has touched are holes (MM_LP_HOLE), as khugepaged leaves them: they hold zeroes, and are there for whoever touches them.
 *
 * State: counters by order and what is counted (mm_machine.folio_stats), those of huge pages, too. How many are mapped in part is
 * counted when somebody asks.
 *
 * Follows alloc_anon_folio(), do_anonymous_page(), thp_vma_allowable_orders(), thp_vma_suitable_orders(), pte_range_none() of v6.12.
 *
 * Not modelled: zero pages, which keep folios away as any other page does; whole folios read from zram (6.12); references of
 * others, for which a split fails, and memory cgroups that refuse a folio below a huge page: both are counted as 0.
 */
#include "huge_memory.h"
#include "internal.h"

uint32_t mm_folio_orders(const struct mm_settings *settings, enum mm_advice advice)
{
	uint32_t orders = settings->folio_always;

	if (advice == MM_ADVICE_NOHUGE || advice == MM_ADVICE_GONE)
		return 0;
	if (advice == MM_ADVICE_HUGE)
		orders |= settings->folio_madvise;
	if (mm_huge_admits(settings, advice))
		orders |= settings->folio_inherit;
	return orders;
}

void mm_count_folio(struct mm_machine *machine, uint32_t order, enum mm_folio_stat stat)
{
	machine->folio_stats[order][stat]++;
}

uint64_t mm_folio_stat(const struct mm_machine *machine, uint32_t order, enum mm_folio_stat stat)
{
	if (stat == MM_FOLIO_NR_ANON_PARTIALLY_MAPPED)
		return mm_nr_deferred(machine, order);
	return machine->folio_stats[order][stat];
}

const char *mm_folio_stat_name(enum mm_folio_stat stat)
{
	static const char *const names[MM_NR_FOLIO_STATS] = {
		[MM_FOLIO_FAULT_ALLOC] = "anon_fault_alloc",
		[MM_FOLIO_FAULT_FALLBACK] = "anon_fault_fallback",
		[MM_FOLIO_FAULT_FALLBACK_CHARGE] = "anon_fault_fallback_charge",
		[MM_FOLIO_SHMEM_ALLOC] = "shmem_alloc",
		[MM_FOLIO_SHMEM_FALLBACK] = "shmem_fallback",
		[MM_FOLIO_SHMEM_FALLBACK_CHARGE] = "shmem_fallback_charge",
		[MM_FOLIO_SWPOUT] = "swpout",
		[MM_FOLIO_SWPOUT_FALLBACK] = "swpout_fallback",
		[MM_FOLIO_SPLIT] = "split",
		[MM_FOLIO_SPLIT_FAILED] = "split_failed",
		[MM_FOLIO_SPLIT_DEFERRED] = "split_deferred",
		[MM_FOLIO_NR_ANON] = "nr_anon",
		[MM_FOLIO_NR_ANON_PARTIALLY_MAPPED] = "nr_anon_partially_mapped",
	};

	return stat < MM_NR_FOLIO_STATS ? names[stat] : NULL;
}

static uint32_t highest(uint32_t orders)
{
	return 31u - (uint32_t)__builtin_clz(orders);
}

/* The base pages that have not been touched are holes. */
void mm_make_holes(struct mm_machine *machine, uint32_t head, uint32_t number)
{
	struct mm_lpage *whole = mm_lpage(machine, head);
	uint32_t nr = mm_block_pages(whole->order);

	for (uint32_t i = 0; i < nr; i++)
		if (head + i != number)
			mm_lpage(machine, head + i)->flags |= MM_LP_GONE | MM_LP_HOLE;
	whole->nr_gone = (uint16_t)(nr - 1);
	whole->nr_holes = whole->nr_gone;
}

/* A block, and in *order of which order it is; MM_NONE. */
static uint32_t alloc_folio(struct mm_machine *machine, const struct mm_request *request,
                            uint32_t orders, enum mm_folio_stat fallback, uint32_t *order)
{
	struct mm_request folio = *request;

	folio.gfp_flags = request->folio_gfp;
	for (; orders != 0; orders &= ~(1u << *order)) {
		uint32_t pfn;

		*order = highest(orders);
		folio.order = (uint8_t)*order;
		pfn = mm_alloc_pages(machine, &folio);
		if (pfn != MM_NONE)
			return pfn;
		mm_count_folio(machine, *order, fallback);
	}
	return MM_NONE;
}

enum mm_touch_result mm_touch_folio(struct mm_machine *machine, const struct mm_request *request,
                                    uint32_t number, enum mm_lpage_kind kind, uint32_t flags)
{
	bool shared = kind == MM_LPAGE_SHMEM, fault = !shared || (flags & MM_TOUCH_FAULT);
	uint32_t orders = request->folio_orders, order, head, pfn;

	while (orders != 0 && !mm_has_room(machine, number & ~(mm_block_pages(highest(orders)) - 1),
	                                   highest(orders)))
		orders &= ~(1u << highest(orders));
	pfn = alloc_folio(machine, request, orders,
	                  shared ? MM_FOLIO_SHMEM_FALLBACK : MM_FOLIO_FAULT_FALLBACK, &order);
	if (pfn == MM_NONE)
		return MM_TOUCH_FAILED;
	head = number & ~(mm_block_pages(order) - 1);
	/* Somebody else was faster while this one waited. */
	if (!mm_has_room(machine, head, order)) {
		mm_free_pages(machine, machine->current.cpu, pfn);
		return MM_TOUCH_FAILED;
	}
	mm_count_folio(machine, order, shared ? MM_FOLIO_SHMEM_ALLOC : MM_FOLIO_FAULT_ALLOC);
	mm_count(machine, MM_PGFAULT, fault);
	mm_page_bind(machine, pfn, head, kind);
	machine->pages[pfn].flags |= fault ? MM_PG_YOUNG : 0;
	/* Of what was one fault of the recording all is in use. */
	if (request->order < order)
		mm_make_holes(machine, head, number);
	mm_lru_add_page(machine, pfn);
	if (!fault)
		mm_enter_unmapped(machine, pfn);
	return MM_TOUCH_NEW;
}
