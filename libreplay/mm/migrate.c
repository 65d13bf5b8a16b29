/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moving pages: the contents of a page frame go to another one, and the logical page with them.
 *
 * All pages of a batch are unmapped first, each with a target in hand, and then moved one by one: the new page
 * goes to the head of the policy's list as what it was (active, part of the working set, young), the old
 * frame to the CPU's list of free pages. Without a target the batch ends there, and what has one is moved
 * all the same. Before 6.3 each page is unmapped and moved before the next one has a target.
 *
 * What is being written stays (only a run that waits takes such pages, and waits for the write).
 *
 * Follows migrate_pages(), migrate_pages_batch(), migrate_folio_unmap(), migrate_folio_move(),
 * folio_migrate_flags() of v6.12; migrate_pages() of v6.1.
 *
 * Not modelled: pages that are pinned or locked, hence retries: whatever was isolated can be moved; large
 * pages are not split where there is no target of their size; migration between nodes.
 */
#include "compaction.h"
#include "ksm_state.h"

/* What moves with the contents. */
#define MOVED_IO (MM_IO_RECLAIM | MM_IO_YOUNG_TWICE)

void mm_isolate_page(struct mm_machine *machine, struct mm_list *list, uint32_t pfn)
{
	struct mm_page *page = &machine->pages[pfn];
	struct mm_node *node = mm_page_node(machine, pfn);

	if (page->flags & MM_PG_LRU)
		machine->policy->page_removed(node, pfn);
	page->state = MM_PAGE_ISOLATED;
	node->nr_isolated[mm_page_lru_type(page)] += mm_block_pages(page->order);
	mm_list_add_head(machine, list, pfn);
}

void mm_putback_movable_pages(struct mm_machine *machine, struct mm_list *list)
{
	while (list->count > 0) {
		uint32_t pfn = list->head;

		mm_list_del(machine, list, pfn);
		mm_unisolate(mm_page_node(machine, pfn), pfn);
		mm_lru_add_page(machine, pfn);
	}
}

/* Lest a locked page be taken for one that is not: before 6.7 no mapped page waits on its way to the list. */
static bool drains(const struct mm_machine *machine, const struct mm_page *page)
{
	if (machine->settings.kernel < MM_KERNEL(6, 7))
		return !(page->flags & MM_PG_UNMAPPED);
	return page->flags & MM_PG_UNEVICTABLE;
}

/* The pages are of one zone. */
static void move_page(struct mm_machine *machine, uint16_t cpu, uint32_t from, uint32_t to)
{
	struct mm_page *old = &machine->pages[from], *new = &machine->pages[to];

	machine->current.cpu = cpu;
	mm_unisolate(mm_page_node(machine, from), from);
	new->logical = old->logical;
	new->flags = old->flags;
	new->io = (uint8_t)((new->io &MM_IO_QUEUED) | (old->io & MOVED_IO));
	mm_page_idle_moved(machine, from, to);
	mm_lpage(machine, new->logical)->pfn = to;
	if (mm_lpage(machine, new->logical)->flags & MM_LP_KSM)
		mm_ksm_moved(machine, new->logical, to);
	mm_block_changes(machine, from, old->order);
	mm_block_changes(machine, to, new->order);
	mm_add_work(&machine->work[from >> MM_PAGEBLOCK_ORDER].moved_out,
	            mm_block_pages(old->order));
	mm_add_work(&machine->work[to >> MM_PAGEBLOCK_ORDER].moved_in, mm_block_pages(old->order));
	old->logical = MM_NONE;
	old->flags = 0;
	old->io &= MM_IO_QUEUED;
	if ((new->flags &MM_PG_DIRTY) && !(new->flags &(MM_PG_ANON | MM_PG_SHMEM)))
		mm_queue_dirty(machine, to);
	mm_lru_add_page(machine, to);
	if (drains(machine, new))
		mm_lru_add_drain(machine, cpu);
	mm_free_pages(machine, cpu, from);
}

static void wait_for_write(struct mm_machine *machine, uint32_t pfn)
{
	while (mm_is_writeback(&machine->pages[pfn]))
		mm_end_writeback(machine, 1);
}

/* Moves what has been given a target, in order. */
static void move_batch(struct mm_machine *machine, struct mm_compact_control *cc,
                       struct mm_list *from, struct mm_list *to)
{
	mm_tlb_migrate_flush(machine, cc->cpu);
	while (from->count > 0) {
		uint32_t old = from->head, new = to->head;

		mm_list_del(machine, from, old);
		mm_list_del(machine, to, new);
		mm_count(machine, MM_PGMIGRATE_SUCCESS, mm_block_pages(machine->pages[old].order));
		cc->nr_migrated += mm_block_pages(machine->pages[old].order);
		move_page(machine, cc->cpu, old, new);
	}
}

enum mm_migrate mm_migrate_pages(struct mm_machine *machine, struct mm_compact_control *cc)
{
	bool one_by_one = machine->settings.kernel < MM_KERNEL(6, 3);
	struct mm_list from, to;

	mm_list_init(&from);
	mm_list_init(&to);
	if (machine->tlb && !cc->direct)
		mm_tlb_run(machine, cc->cpu, 0, 0);
	while (cc->migratepages.count > 0) {
		uint32_t pfn = cc->migratepages.head, target;
		uint32_t order = machine->pages[pfn].order;

		target = mm_compaction_alloc(machine, cc, order);
		if (target == MM_NONE) {
			mm_count(machine, MM_PGMIGRATE_FAIL, mm_block_pages(order));
			cc->nr_failed += mm_block_pages(order);
			move_batch(machine, cc, &from, &to);
			return MM_MIGRATE_NOMEM;
		}
		wait_for_write(machine, pfn);
		mm_list_del(machine, &cc->migratepages, pfn);
		mm_list_add_tail(machine, &from, pfn);
		mm_list_add_tail(machine, &to, target);
		if (!(machine->pages[pfn].flags & MM_PG_UNMAPPED))
			mm_tlb_migrate(machine, cc->cpu, machine->pages[pfn].logical,
			               one_by_one || cc->mode != MM_MIGRATE_ASYNC);
		if (one_by_one)
			move_batch(machine, cc, &from, &to);
	}
	move_batch(machine, cc, &from, &to);
	return MM_MIGRATE_ALL;
}
