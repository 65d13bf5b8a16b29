/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pages and the policy's lists: entering, leaving, being used.
 *
 * The policy orders its lists; this file keeps what the engine must know of them: how many base pages of
 * each type and zone they hold, and that MM_PG_LRU means "on one of them".
 *
 * Follows folio_add_lru(), lru_add(), folio_mark_accessed() (the part that every policy needs),
 * mlock_folio() of v6.12.
 *
 * Between the engine and the policy are the CPUs' batches (folio_batch.c).
 */
#include "internal.h"
#include "ksm_state.h"

struct mm_page *mm_node_page(struct mm_node *node, uint32_t pfn)
{
	return &node->machine->pages[pfn];
}

enum mm_lru_type mm_page_lru_type(const struct mm_page *page)
{
	return page->flags & MM_PG_FILE ? MM_LRU_FILE : MM_LRU_ANON;
}

static void account_lru(struct mm_node *node, const struct mm_page *page, bool add)
{
	struct mm_zone *zone = &node->machine->zones[page->zone];
	enum mm_lru_type type = mm_page_lru_type(page);
	uint32_t nr = mm_block_pages(page->order);

	MM_CHECK(node->machine, add || node->nr_lru[type] >= nr, page->logical);
	node->nr_lru[type] += add ? nr : -nr;
	zone->nr_lru[type] += add ? nr : -nr;
}

void mm_lru_add_head(struct mm_node *node, uint32_t list, uint32_t pfn)
{
	struct mm_page *page = mm_node_page(node, pfn);

	MM_CHECK(node->machine, list < MM_POLICY_LISTS && !(page->flags & MM_PG_LRU), pfn);
	page->flags |= MM_PG_LRU;
	page->list = (uint8_t)list;
	mm_list_add_head(node->machine, &node->lists[list], pfn);
	account_lru(node, page, true);
}

void mm_lru_add_tail(struct mm_node *node, uint32_t list, uint32_t pfn)
{
	struct mm_page *page = mm_node_page(node, pfn);

	MM_CHECK(node->machine, list < MM_POLICY_LISTS && !(page->flags & MM_PG_LRU), pfn);
	page->flags |= MM_PG_LRU;
	page->list = (uint8_t)list;
	mm_list_add_tail(node->machine, &node->lists[list], pfn);
	account_lru(node, page, true);
}

void mm_lru_del(struct mm_node *node, uint32_t pfn)
{
	struct mm_page *page = mm_node_page(node, pfn);

	MM_CHECK(node->machine, page->flags & MM_PG_LRU, pfn);
	account_lru(node, page, false);
	mm_list_del(node->machine, &node->lists[page->list], pfn);
	page->flags &= (uint16_t)~MM_PG_LRU;
}

void mm_lru_move_head(struct mm_node *node, uint32_t pfn)
{
	struct mm_page *page = mm_node_page(node, pfn);
	struct mm_list *list = &node->lists[page->list];

	MM_CHECK(node->machine, page->flags & MM_PG_LRU, pfn);
	if (list->head == pfn)
		return;
	mm_list_del(node->machine, list, pfn);
	mm_list_add_head(node->machine, list, pfn);
}

void *mm_policy_pages(struct mm_node *node)
{
	return node->machine->policy_pages;
}

const struct mm_zone *mm_node_zone_of(struct mm_node *node, uint32_t pfn)
{
	return mm_page_zone(node->machine, pfn);
}

const struct mm_zone *mm_node_zone(struct mm_node *node, enum mm_zone_type type)
{
	for (uint32_t i = 0; i < node->nr_zones; i++) {
		if (node->machine->zones[node->zones[i]].type == type)
			return &node->machine->zones[node->zones[i]];
	}
	return NULL;
}

uint32_t mm_policy_random(struct mm_node *node, uint32_t bound)
{
	return base_rng_below(&node->machine->rng, bound);
}

bool mm_eligible(const struct mm_node *node, const struct mm_scan_control *sc, uint32_t pfn)
{
	const struct mm_machine *machine = node->machine;

	return machine->zones[machine->pages[pfn].zone].type <= sc->reclaim_idx;
}

void mm_isolate(struct mm_node *node, uint32_t pfn, struct mm_batch *batch)
{
	struct mm_page *page = mm_node_page(node, pfn);

	MM_CHECK(node->machine, batch->nr < MM_BATCH_MAX, pfn);
	mm_lru_del(node, pfn);
	page->state = MM_PAGE_ISOLATED;
	node->nr_isolated[mm_page_lru_type(page)] += mm_block_pages(page->order);
	batch->pfns[batch->nr++] = pfn;
}

void mm_unisolate(struct mm_node *node, uint32_t pfn)
{
	struct mm_page *page = mm_node_page(node, pfn);

	MM_CHECK(node->machine, page->state == MM_PAGE_ISOLATED, pfn);
	node->nr_isolated[mm_page_lru_type(page)] -= mm_block_pages(page->order);
	page->state = MM_PAGE_USED;
}

bool mm_test_clear_young(struct mm_node *node, uint32_t pfn)
{
	struct mm_page *page = mm_node_page(node, pfn);
	bool young = page->flags & MM_PG_YOUNG;

	page->flags &= (uint16_t)~MM_PG_YOUNG;
	page->io &= (uint8_t)~MM_IO_YOUNG_TWICE;
	if (node->machine->residence.on)
		young |= mm_residence_look(node->machine, pfn);
	return young;
}

bool mm_folio_referenced(struct mm_node *node, uint32_t pfn)
{
	bool marked = mm_page_idle_test_clear_young(node->machine, pfn);

	return mm_test_clear_young(node, pfn) || marked;
}

void mm_lru_add_page(struct mm_machine *machine, uint32_t pfn)
{
	const struct mm_policy_ops *policy = machine->policy;

	/* That of a page that was locked, and is no more, may still wait. */
	if (!policy || (machine->pages[pfn].flags & MM_PG_UNEVICTABLE) ||
	    (machine->pages[pfn].io & MM_IO_ADDING))
		return;
	if (policy->page_queued)
		policy->page_queued(mm_page_node(machine, pfn), pfn);
	mm_folio_batch_add(machine, MM_BATCH_ADD, pfn);
}

void mm_lru_remove_page(struct mm_machine *machine, uint32_t pfn)
{
	if (machine->pages[pfn].flags & MM_PG_LRU)
		machine->policy->page_removed(mm_page_node(machine, pfn), pfn);
	MM_CHECK(machine, !(machine->pages[pfn].flags & MM_PG_LRU), pfn);
}

void mm_mark_young(struct mm_machine *machine, uint32_t pfn)
{
	machine->pages[pfn].flags |= MM_PG_YOUNG;
	if (machine->policy && machine->policy->page_accessed)
		machine->policy->page_accessed(mm_page_node(machine, pfn), pfn);
}

void mm_lock_page(struct mm_machine *machine, uint32_t number, bool locked)
{
	struct mm_lpage *lpage = mm_lpage(machine, number);
	bool was = lpage->flags & MM_LP_LOCKED;
	uint32_t nr = mm_block_pages(lpage->order);
	struct mm_page *page;

	if (was == locked || lpage->kind == MM_LPAGE_NONE || lpage->kind == MM_LPAGE_KERNEL)
		return;
	/* mlock() writes to what it locks, as far as that shows. */
	if (locked && (lpage->flags & MM_LP_KSM)) {
		const struct mm_request request = { .gfp_flags = MM_GFP_HIGHUSER_MOVABLE,
			                            .cpu = machine->current.cpu };

		mm_touch_page(machine, &request, number, MM_LPAGE_ANON, MM_TOUCH_WRITE);
	}
	lpage->flags ^= MM_LP_LOCKED;
	if (lpage->pfn == MM_NONE)
		return;
	page = &machine->pages[lpage->pfn];
	if (!machine->building)
		mm_count(machine,
		         locked ? MM_UNEVICTABLE_PGS_MLOCKED : MM_UNEVICTABLE_PGS_MUNLOCKED, nr);
	page->flags ^= MM_PG_UNEVICTABLE;
	if (locked) {
		mm_lru_remove_page(machine, lpage->pfn);
		machine->nr_unevictable += nr;
	} else {
		machine->nr_unevictable -= nr;
		if (page->state == MM_PAGE_USED)
			mm_lru_add_page(machine, lpage->pfn);
	}
}
