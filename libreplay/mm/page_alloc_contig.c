/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ranges of page frames: for hugetlb pages of 1 GiB and what else is larger than the buddy allocator's largest block.
 *
 *	isolate the pageblocks	a page that cannot be moved: the range cannot be had (page_isolation.c)
 *	empty the lists of CPUs	pages on their way to the LRU lists, too; until the end none waits there
 *	move the pages out	clean ones of files leave memory, others move to pages that are allocated as any
 *				are, with reclaim and compaction, in another place: the range is nobody's
 *	take the free blocks	if there is anything else now: the range cannot be had
 *	end the isolation	and, if the range was not had, all of it is free memory as before
 *
 * Who wants a number of pages anywhere (mm_alloc_contig_pages) is given the first range that can be had, in zones from
 * the best to the worst, and upwards in each.
 *
 * Follows alloc_contig_range(), __alloc_contig_migrate_range(), alloc_contig_pages(), free_contig_range() of v6.12 and
 * v6.1, alloc_migration_target(), reclaim_clean_pages_from_list().
 *
 * Not modelled: pages that are pinned, with which moving fails; batches of 32 pages: they are moved one by one, as each
 * may have to wait for a place; pages given back one by one, through the lists of CPUs: they go to the free lists.
 */
#include "compaction.h"
#include "huge_memory.h"

#define GFP_NOWARN   0x2000u
#define GFP_HARDWALL 0x100000u
#define GFP_RECLAIM  (MM_GFP_DIRECT_RECLAIM | MM_GFP_KSWAPD_RECLAIM)
#define MAX_TRIES    5

struct contig {
	struct mm_machine *machine;
	const struct mm_request *request;
	uint32_t gfp_flags; /* of what pages move to */
	uint16_t cpu;
};

/* Where a page of a block goes: MM_NONE: nowhere. */
static uint32_t alloc_migration_target(const struct contig *contig, uint8_t order)
{
	struct mm_request target = { .gfp_flags = contig->gfp_flags,
		                     .task = contig->request->task,
		                     .space = contig->request->space,
		                     .cpu = contig->cpu,
		                     .order = order };

	if (order > 0)
		target.gfp_flags = (target.gfp_flags & ~GFP_RECLAIM) | MM_GFP_TRANSHUGE;
	return mm_alloc_pages(contig->machine, &target);
}

static bool is_clean(const struct mm_page *page)
{
	return (page->flags & MM_PG_FILE) && !mm_is_writeback(page) &&
	       !(page->flags & (MM_PG_DIRTY | MM_PG_UNEVICTABLE | MM_PG_SHMEM));
}

/* reclaim_clean_pages_from_list() of one. Whether it has left memory. */
static bool reclaim_clean_page(const struct contig *contig, uint32_t pfn)
{
	struct mm_machine *machine = contig->machine;
	struct mm_node *node = mm_page_node(machine, pfn);
	struct mm_scan_control sc = { .gfp_flags = MM_GFP_KERNEL,
		                      .cpu = contig->cpu,
		                      .node = node->id,
		                      .reclaim_idx = MM_ZONE_MOVABLE,
		                      .ignore_references = true };
	struct mm_batch batch = { .nr = 1, .pfns = { pfn } };
	struct mm_list list;
	uint64_t nr_written;

	mm_list_init(&list);
	mm_isolate_page(machine, &list, pfn);
	mm_list_del(machine, &list, pfn);
	return mm_shrink_batch(node, &sc, &batch, &nr_written) > 0;
}

static void move_to(const struct contig *contig, uint32_t pfn, uint32_t target)
{
	struct mm_machine *machine = contig->machine;
	uint8_t order = machine->pages[pfn].order;
	struct mm_compact_control cc = { .gfp_flags = contig->gfp_flags,
		                         .cpu = contig->cpu,
		                         .order = -1,
		                         .mode = MM_MIGRATE_SYNC,
		                         .zone = machine->pages[pfn].zone,
		                         .direct = true,
		                         .nr_freepages = mm_block_pages(order),
		                         .nr_migratepages = mm_block_pages(order) };

	for (uint32_t o = 0; o < MM_NR_ORDERS; o++)
		mm_list_init(&cc.freepages[o]);
	mm_list_init(&cc.taken);
	mm_list_init(&cc.migratepages);
	mm_list_add_head(machine, &cc.freepages[order], target);
	mm_isolate_page(machine, &cc.migratepages, pfn);
	mm_migrate_pages(machine, &cc);
}

/* false: there is no memory to move it to. */
static bool move_out(const struct contig *contig, uint32_t pfn)
{
	struct mm_machine *machine = contig->machine;
	const struct mm_page *page = &machine->pages[pfn];
	uint8_t order = page->order;
	uint32_t target;

	mm_count(machine, MM_COMPACTISOLATED, mm_block_pages(order));
	if (is_clean(page) && reclaim_clean_page(contig, pfn))
		return true;
	target = alloc_migration_target(contig, order);
	if (target == MM_NONE)
		return order > 0 && mm_is_movable(page) && page->order == order &&
		       mm_take_apart(machine, page->logical);
	/* Others may have run while it waited. */
	if (mm_is_movable(page) && page->order == order)
		move_to(contig, pfn, target);
	else
		mm_free_pages(machine, contig->cpu, target);
	machine->current.cpu = contig->cpu;
	return true;
}

/* What cannot be moved stays, for the test that follows. false: there is no memory to move to. */
static bool migrate_range(const struct contig *contig, uint32_t start, uint32_t end)
{
	struct mm_machine *machine = contig->machine;
	uint32_t tries = 0, last = MM_NONE;

	while (start < end) {
		uint32_t head = mm_block_holding(machine, start);

		if (head == MM_NONE) {
			start++;
			continue;
		}
		tries = head == last ? tries + 1 : 0;
		last = head;
		if (!mm_is_movable(&machine->pages[head]) || tries == MAX_TRIES)
			start = head + mm_block_pages(machine->pages[head].order);
		else if (!move_out(contig, head))
			return false;
	}
	return true;
}

/* Isolated and free, all of it; in blocks as large as fit. */
static void take_range(struct mm_machine *machine, uint32_t start, uint32_t end)
{
	mm_count(machine, MM_COMPACTISOLATED, end - start);
	while (start < end) {
		uint32_t order = 0;

		while (order < MM_MAX_ORDER && start + mm_block_pages(order + 1) <= end &&
		       (start & (mm_block_pages(order + 1) - 1)) == 0 &&
		       mm_block_holding(machine, start) ==
		               mm_block_holding(machine, start + mm_block_pages(order + 1) - 1))
			order++;
		mm_take_free_block(machine, start, order);
		mm_prep_block(machine, start, order);
		start += mm_block_pages(order);
	}
}

/* Several ranges may be at work at a time. */
static void lru_cache_disable(struct mm_machine *machine)
{
	if (machine->nr_lru_disabled++ > 0)
		return;
	machine->batch_size_enabled = machine->batch_size;
	machine->batch_size = 1;
}

static void lru_cache_enable(struct mm_machine *machine)
{
	if (--machine->nr_lru_disabled == 0)
		machine->batch_size = machine->batch_size_enabled;
}

enum mm_contig mm_alloc_contig_range(struct mm_machine *machine, const struct mm_request *request,
                                     uint32_t start, uint32_t end, uint8_t migratetype)
{
	const struct contig contig = {
		.machine = machine,
		.request = request,
		.gfp_flags =
			(request->gfp_flags & (MM_GFP_IO | MM_GFP_FS | GFP_RECLAIM | GFP_NOWARN)) |
			GFP_HARDWALL | MM_GFP_MOVABLE | MM_GFP_RETRY_MAYFAIL,
		.cpu = (uint16_t)(request->cpu % machine->nr_cpus),
	};
	enum mm_contig result = MM_CONTIG_DONE;
	struct mm_zone *zone;

	if (start >= end || end > machine->nr_pfns || mm_block_holding(machine, start) == MM_NONE)
		return MM_CONTIG_BUSY;
	zone = mm_page_zone(machine, mm_block_holding(machine, start));
	if (!mm_zone_spans(zone, end - 1))
		return MM_CONTIG_BUSY;
	machine->current.cpu = contig.cpu;
	if (!mm_start_isolate_page_range(machine, zone, start, end, migratetype))
		return MM_CONTIG_BUSY;
	mm_drain_zone(machine, zone);
	mm_lru_add_drain_all(machine);
	lru_cache_disable(machine);
	if (!migrate_range(&contig, start, end))
		result = MM_CONTIG_NOMEM;
	lru_cache_enable(machine);
	if (result == MM_CONTIG_DONE && mm_test_pages_isolated(machine, start, end))
		take_range(machine, start, end);
	else if (result == MM_CONTIG_DONE)
		result = MM_CONTIG_BUSY;
	mm_undo_isolate_page_range(machine, zone, start, end, migratetype);
	return result;
}

/* All of it memory of the zone, and no page of the hugetlb pool. */
static bool is_range_valid(const struct mm_machine *machine, const struct mm_zone *zone,
                           uint32_t start, uint32_t nr)
{
	for (uint32_t pfn = start; pfn < start + nr;) {
		uint32_t head = mm_block_holding(machine, pfn);

		if (head == MM_NONE || machine->pages[head].zone != zone->index)
			return false;
		pfn = head + mm_block_pages(machine->pages[head].order);
	}
	return true;
}

uint32_t mm_alloc_contig_pages(struct mm_machine *machine, const struct mm_request *request,
                               uint32_t nr)
{
	const struct mm_zonelist *list = mm_zonelist_of(machine, request->cpu % machine->nr_cpus);

	for (uint32_t i = 0; i < list->nr; i++) {
		const struct mm_zone *zone = &machine->zones[list->zones[i]];
		uint64_t pfn = ((uint64_t)zone->start_pfn + nr - 1) / nr * nr;

		if (zone->type > mm_gfp_zone(request->gfp_flags))
			continue;
		for (; pfn + nr <= mm_zone_end(zone); pfn += nr) {
			uint32_t start = (uint32_t)pfn;

			if (is_range_valid(machine, zone, start, nr) &&
			    mm_alloc_contig_range(machine, request, start, start + nr,
			                          MM_MOVABLE) == MM_CONTIG_DONE)
				return start;
		}
	}
	return MM_NONE;
}

void mm_free_contig_range(struct mm_machine *machine, uint32_t start, uint32_t nr)
{
	uint32_t end = start + nr;

	while (start < end) {
		uint32_t order = machine->pages[start].order;

		MM_CHECK(machine, machine->pages[start].state == MM_PAGE_USED, start);
		MM_CHECK(machine, machine->pages[start].logical == MM_NONE, start);
		machine->nr_used -= mm_block_pages(order);
		mm_count(machine, MM_PGFREE, mm_block_pages(order));
		mm_free_to_buddy(machine, start, order);
		start += mm_block_pages(order);
	}
}
