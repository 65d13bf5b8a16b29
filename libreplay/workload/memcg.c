// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory cgroups: what is reclaimed for their sake, and the huge pages that they refuse.
 *
 * A limit (memory.max, memory.high) or a write to memory.reclaim makes a task reclaim pages of its cgroup, whatever the machine
 * has free. Nothing that is replayed says so: who is in which cgroup with how much is known at two instants. So which pages were taken, and
 * when they were written, is demand (DEMAND_COLD with DEMAND_LIMIT): a replay under another policy, or with another size of memory, takes
 * the same ones.
 *
 * A huge page is charged once it is there. If that fails it goes back, and the fault takes a small one; the block that was allocated and freed
 * is what tells of it: no page table came in between.
 *
 * Follows mm_vmscan_memcg_reclaim_begin and _end, alloc_anon_folio() and vma_alloc_anon_folio_pmd() of v6.12 and v6.1.
 *
 * Not modelled: what was looked at and stayed; charges for larger folios below huge pages, and for shared memory.
 */
#include "memcg.h"

void wl_memcg_takes(struct wl *wl, uint32_t page)
{
	/* Of a page that no op has brought to life there is nothing to take. */
	if (wl->tasks.items[wl->task].flags & WL_TASK_MEMCG && wl->pages.items[page].nr_ops > 0)
		wl_emit(wl, (struct demand_op){ .kind = DEMAND_COLD,
		                                .page = page,
		                                .arg = DEMAND_PAGEOUT | DEMAND_LIMIT });
}

/* Whether the task has got nothing since, such as a page table. */
static bool is_last(const struct wl *wl, const struct demand_op *op, uint32_t task)
{
	for (const struct demand_op *next = op + 1; next < wl->ops.items + wl->ops.count; next++) {
		if (next->task == task &&
		    (next->kind <= DEMAND_KERNEL_ALLOC || next->kind == DEMAND_COW))
			return false;
	}
	return true;
}

bool wl_memcg_refuses(struct wl *wl, uint32_t task, uint64_t pfn, unsigned int order)
{
	struct wl_task *t = &wl->tasks.items[task];
	uint32_t first = wl_page_at(wl, pfn);
	struct demand_op *op;

	if (order != WL_HUGE_ORDER || t->fault.state != WL_STATE_GOT || first == WL_NONE ||
	    first % WL_HUGE_PAGES != 0 || t->fault.page == WL_NONE ||
	    t->fault.page / WL_HUGE_PAGES != first / WL_HUGE_PAGES)
		return false;
	op = wl_op_find(wl, wl->pages.items[first].op, first);
	if (!op || op->kind != DEMAND_ANON_TOUCH || op->order != WL_HUGE_ORDER ||
	    op->task != task || !is_last(wl, op, task))
		return false;
	for (uint32_t i = 1; i < WL_HUGE_PAGES; i++)
		if (wl_page_at(wl, pfn + i) != first + i)
			return false;
	op->kind = DEMAND_KERNEL_ALLOC;
	op->arg = DEMAND_UNCHARGED;
	op->arg2 = 0;
	wl_emit(wl,
	        (struct demand_op){ .kind = DEMAND_FREE, .page = first, .order = WL_HUGE_ORDER });
	for (uint32_t i = 0; i < WL_HUGE_PAGES; i++) {
		wl_page_unplace(wl, first + i, WL_PLACE_FREE);
		wl_page_forget(wl, first + i);
	}
	/* The fault goes on. */
	t->fault.state = WL_STATE_OPEN;
	t->fault.page = WL_NONE;
	t->fault.told = false;
	t->fault.cause = WL_FAULT_NONE;
	return true;
}
