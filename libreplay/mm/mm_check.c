/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Conservation: what must hold between any two operations, whatever happened before.
 *
 *	pages owned by a zone = free + on per-CPU lists + in use
 *	a list's count, the counters kept beside it, and what a walk finds are the same
 *	free blocks are aligned, whole, and of their pageblock's type; free buddies do not lie side by side
 *	what a program has in memory is on a list or waits in a batch, unless it is locked
 *	page and logical page point at each other; a slot is used by the page that says so
 *
 * MM_CHECK() tests the cheap local part of this where things change; mm_check() walks everything.
 */
#include "internal.h"
#include "ksm_state.h"

#include "bitmap.h"
#include "error_set.h"

struct tally {
	uint64_t free[MM_MAX_ZONES];
	uint64_t pcp[MM_MAX_ZONES];
	uint64_t used[MM_MAX_ZONES];
	uint64_t writeback;
	uint64_t adding; /* blocks */
	uint64_t slots;
};

void mm_broken(struct mm_machine *machine, const char *where, const char *what, uint32_t pfn)
{
	if (!machine->broken.where)
		machine->broken = (struct mm_broken){ where, what, pfn };
}

int mm_status(const struct mm_machine *machine, struct mmr_error *err)
{
	if (machine->lacks)
		return base_error(err, MMR_E_NOMEM, "no memory for %s", machine->lacks);
	if (!machine->broken.where)
		return 0;
	return base_error(err, MMR_E_INTERNAL, "%s: \"%s\" does not hold, page %u",
	                  machine->broken.where, machine->broken.what, machine->broken.pfn);
}

static int broken_at(struct mmr_error *err, uint32_t pfn, const char *what)
{
	return base_error(err, MMR_E_INTERNAL, "page %u: %s", pfn, what);
}

static int check_free_block(const struct mm_machine *machine, uint32_t pfn, struct mmr_error *err)
{
	const struct mm_page *page = &machine->pages[pfn];
	const struct mm_zone *zone = &machine->zones[page->zone];
	uint32_t nr = mm_block_pages(page->order), buddy = pfn ^ nr;

	if (pfn & (nr - 1))
		return broken_at(err, pfn, "a free block is not aligned");
	if (!mm_zone_spans(zone, pfn) || !mm_zone_spans(zone, pfn + nr - 1))
		return broken_at(err, pfn, "a free block leaves its zone");
	for (uint32_t i = 1; i < nr; i++) {
		if (machine->pages[pfn + i].state != MM_PAGE_TAIL)
			return broken_at(err, pfn + i, "something lies within a free block");
	}
	for (uint32_t i = MM_PAGEBLOCK_PAGES; i < nr; i += MM_PAGEBLOCK_PAGES) {
		if (mm_block_type(machine, pfn + i) != mm_block_type(machine, pfn) &&
		    machine->settings.kernel >= MM_KERNEL_STRICT_TYPES)
			return broken_at(err, pfn + i, "a free block has two types");
	}
	if (page->order < MM_PAGEBLOCK_ORDER && mm_zone_spans(zone, buddy) &&
	    machine->pages[buddy].state == MM_PAGE_FREE &&
	    machine->pages[buddy].order == page->order)
		return broken_at(err, pfn, "free buddies that did not merge");
	return 0;
}

static int check_used(const struct mm_machine *machine, uint32_t pfn, struct mmr_error *err)
{
	const struct mm_page *page = &machine->pages[pfn];
	const struct mm_lpage *lpage;

	if (page->logical == MM_NONE)
		return page->flags == 0 ? 0
		                        : broken_at(err, pfn, "flags on a page without contents");
	lpage = mm_lpage(machine, page->logical);
	if (lpage->pfn != pfn || lpage->order != page->order)
		return broken_at(err, pfn, "its logical page is elsewhere");
	if (!(page->flags & MM_PG_SWAPCACHE) != (lpage->slot == MM_NONE))
		return broken_at(err, pfn,
		                 "in the swap cache without a slot, or the other way round");
	if ((page->flags & MM_PG_LRU) &&
	    (page->state != MM_PAGE_USED || (page->flags & MM_PG_UNEVICTABLE)))
		return broken_at(err, pfn, "on the policy's list without belonging there");
	if (page->state == MM_PAGE_ISOLATED)
		return broken_at(err, pfn, "isolated between operations");
	if ((page->flags & MM_PG_LRU) && (page->io & MM_IO_ADDING))
		return broken_at(err, pfn, "on the policy's list, and on its way to it");
	if (machine->policy && lpage->kind != MM_LPAGE_KERNEL &&
	    !(page->flags & (MM_PG_LRU | MM_PG_UNEVICTABLE)) && !(page->io & MM_IO_ADDING))
		return broken_at(err, pfn, "on no list, and in no batch");
	return 0;
}

static int check_pages(const struct mm_machine *machine, struct tally *tally, struct mmr_error *err)
{
	for (uint32_t pfn = 0; pfn < machine->nr_pfns;) {
		const struct mm_page *page = &machine->pages[pfn];
		uint32_t nr = mm_block_pages(page->order);
		int rc = 0;

		switch ((enum mm_page_state)page->state) {
		case MM_PAGE_TAIL:
			/* Not given to the machine; else it is missed in the zone's sum. */
			pfn++;
			continue;
		case MM_PAGE_FREE:
			tally->free[page->zone] += nr;
			rc = check_free_block(machine, pfn, err);
			break;
		case MM_PAGE_PCP:
			tally->pcp[page->zone] += nr;
			break;
		case MM_PAGE_USED:
		case MM_PAGE_ISOLATED:
			tally->writeback += mm_is_writeback(page) ? nr : 0;
			tally->used[page->zone] += nr;
			tally->adding += (page->io & MM_IO_ADDING) != 0;
			rc = check_used(machine, pfn, err);
			break;
		}
		if (rc < 0)
			return rc;
		pfn += nr;
	}
	return 0;
}

/* Walks a list; base pages in *pages. */
static int check_list(const struct mm_machine *machine, const struct mm_list *list, uint64_t *pages,
                      struct mmr_error *err)
{
	uint32_t prev = MM_NONE, nr = 0;

	for (uint32_t pfn = list->head; pfn != MM_NONE; pfn = machine->pages[pfn].next) {
		if (nr++ > list->count || machine->pages[pfn].prev != prev)
			return broken_at(err, pfn, "a list is not linked back");
		*pages += mm_block_pages(machine->pages[pfn].order);
		prev = pfn;
	}
	if (list->tail != prev || nr != list->count)
		return base_error(err, MMR_E_INTERNAL, "a list of %u has %u entries", list->count,
		                  nr);
	return 0;
}

static int check_zone_lists(const struct mm_machine *machine, const struct mm_zone *zone,
                            const struct tally *tally, struct mmr_error *err)
{
	bool strict = machine->settings.kernel >= MM_KERNEL_STRICT_TYPES;
	uint64_t free_pages = 0, isolate = 0, pcp_pages = 0, in_all;
	int rc;

	for (uint32_t order = 0; order < MM_NR_ORDERS; order++) {
		const struct mm_free_area *area = &zone->free_area[order];
		uint32_t nr = 0;

		for (uint32_t type = 0; type < MM_NR_MIGRATETYPES; type++) {
			uint64_t *sum = type == MM_ISOLATE ? &isolate : &free_pages;

			rc = check_list(machine, &area->lists[type], sum, err);
			if (rc < 0)
				return rc;
			nr += area->lists[type].count;
			for (uint32_t pfn = area->lists[type].head; pfn != MM_NONE;
			     pfn = machine->pages[pfn].next) {
				if (machine->pages[pfn].type != type ||
				    (strict && mm_block_type(machine, pfn) != type))
					return broken_at(err, pfn, "on the list of another type");
			}
		}
		if (nr != area->nr_free)
			return base_error(err, MMR_E_INTERNAL, "%s: order %u: %u blocks, not %u",
			                  zone->name, order, nr, area->nr_free);
	}
	for (uint32_t cpu = 0; cpu < machine->nr_cpus; cpu++) {
		uint64_t pages = 0;

		for (uint32_t i = 0; i < MM_NR_PCP_LISTS; i++) {
			rc = check_list(machine, &zone->pcp[cpu].lists[i], &pages, err);
			if (rc < 0)
				return rc;
		}
		if ((int64_t)pages != zone->pcp[cpu].count)
			return base_error(err, MMR_E_INTERNAL, "%s: CPU %u has %llu pages, not %d",
			                  zone->name, cpu, (unsigned long long)pages,
			                  zone->pcp[cpu].count);
		pcp_pages += pages;
	}
	if ((int64_t)free_pages != zone->free_pages ||
	    free_pages + isolate != tally->free[zone->index] ||
	    pcp_pages != tally->pcp[zone->index])
		return base_error(err, MMR_E_INTERNAL, "%s: %lld free pages, lists have %llu",
		                  zone->name, (long long)zone->free_pages,
		                  (unsigned long long)free_pages);
	in_all = free_pages + isolate + pcp_pages + tally->used[zone->index];
	if (in_all != zone->nr_owned)
		return base_error(err, MMR_E_INTERNAL, "%s: %llu pages in all, not %llu",
		                  zone->name, (unsigned long long)in_all,
		                  (unsigned long long)zone->nr_owned);
	return 0;
}

static int check_node(const struct mm_machine *machine, const struct mm_node *node,
                      struct mmr_error *err)
{
	uint64_t listed = 0, counted = 0;

	for (uint32_t i = 0; i < MM_POLICY_LISTS; i++) {
		int rc = check_list(machine, &node->lists[i], &listed, err);

		if (rc < 0)
			return rc;
	}
	for (uint32_t type = 0; type < MM_NR_LRU_TYPES; type++) {
		uint64_t zones = 0;

		for (uint32_t i = 0; i < node->nr_zones; i++)
			zones += machine->zones[node->zones[i]].nr_lru[type];
		if (zones != node->nr_lru[type] || node->nr_isolated[type] != 0)
			return base_error(err, MMR_E_INTERNAL,
			                  "node %u: %llu pages of type %u, not %u", node->id,
			                  (unsigned long long)zones, type, node->nr_lru[type]);
		counted += zones;
	}
	if (listed != counted)
		return base_error(err, MMR_E_INTERNAL, "node %u: %llu pages listed, %llu counted",
		                  node->id, (unsigned long long)listed,
		                  (unsigned long long)counted);
	return 0;
}

static int check_lpage(const struct mm_machine *machine, uint32_t number, struct tally *tally,
                       struct mmr_error *err)
{
	const struct mm_lpage *lpage = mm_lpage(machine, number);

	if (lpage->pfn != MM_NONE &&
	    (lpage->pfn >= machine->nr_pfns ||
	     (machine->pages[lpage->pfn].logical != number && !mm_ksm_is_beside(machine, number))))
		return base_error(err, MMR_E_INTERNAL, "logical page %u is not at %u", number,
		                  lpage->pfn);
	if (lpage->slot == MM_NONE)
		return 0;
	tally->slots += mm_block_pages(lpage->order);
	for (uint32_t i = 0; i < mm_block_pages(lpage->order); i++) {
		if (mm_swap_owner(machine, lpage->slot + i) != number)
			return base_error(err, MMR_E_INTERNAL, "slot %u is not that of page %u",
			                  lpage->slot + i, number);
	}
	return 0;
}

int mm_check(const struct mm_machine *machine, struct mmr_error *err)
{
	uint64_t waiting = mm_nr_waiting(machine, MM_BATCH_ADD) + machine->nr_kept;
	struct tally tally = { .writeback = 0 };
	uint64_t used = 0;
	int rc = mm_status(machine, err);

	if (rc == 0)
		rc = check_pages(machine, &tally, err);
	for (uint32_t i = 0; rc == 0 && i < machine->nr_zones; i++) {
		rc = check_zone_lists(machine, &machine->zones[i], &tally, err);
		used += tally.used[i];
	}
	for (uint32_t n = 0; rc == 0 && n < machine->nr_nodes; n++)
		rc = check_node(machine, &machine->nodes[n], err);
	for (uint32_t i = 0; rc == 0 && i < machine->nr_lpages; i++)
		rc = check_lpage(machine, i, &tally, err);
	if (rc == 0 && tally.adding > waiting)
		rc = base_error(err, MMR_E_INTERNAL,
		                "%llu pages on their way to a list, %llu in batches",
		                (unsigned long long)tally.adding, (unsigned long long)waiting);
	if (rc == 0)
		rc = mm_check_spaces(machine, err);
	if (rc == 0)
		rc = mm_ksm_check(machine, err);
	if (rc == 0)
		rc = mm_huge_share_check(machine, err);
	if (rc == 0)
		rc = mm_check_block_states(machine, err);
	if (rc < 0)
		return rc;
	if (used != machine->nr_used || tally.writeback != machine->nr_writeback)
		return base_error(err, MMR_E_INTERNAL, "%llu pages in use, %llu being written",
		                  (unsigned long long)machine->nr_used,
		                  (unsigned long long)machine->nr_writeback);
	if (tally.slots + machine->swap.nr_cached != machine->swap.nr_used)
		return base_error(err, MMR_E_INTERNAL, "%llu slots in use, not %u",
		                  (unsigned long long)tally.slots, machine->swap.nr_used);
	return 0;
}
