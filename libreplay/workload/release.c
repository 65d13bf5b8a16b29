// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Frees: which are demand (the contents are gone) and which the kernel's reaction (the contents are
 * elsewhere, or can be had again).
 *
 * What decides is what the freeing task is inside of and who lives in the page frame. Each page of a
 * batch emits mm_page_free and mm_page_free_batched; only the first is looked at. Kernel memory freed
 * by a shrinker (slab.c) is free when the engine's shrinkers get to it; within reclaim otherwise it counts as
 * demand.
 *
 * A page that was free and is freed again came from the bulk allocator, which has no event (vmalloc: the
 * stacks of tasks, the buffers that /proc is read into). It was demand all the same: the engine is to
 * allocate it and free it at once.
 *
 * Pages that were there before the trace have no name: nobody knows where they are seen. One that is read from
 * swap at an address where nothing was known is taken for the one of its kind that went there first (DEMAND_RENAME); with the
 * I/O of swap in the trace, swap_slot.c knows better.
 *
 * Not modelled: a kernel allocation that is freed in parts ends with its last part; how long the bulk
 * allocator's pages were in use.
 */
#include "memcg.h"
#include "wl_fault.h"

#define MAX_ORDER 10

static enum wl_cause of_nobody(struct wl *wl, const struct wl_task *t, uint64_t pfn)
{
	switch (*wl_place(wl, pfn)) {
	case WL_PLACE_FREE:
		return WL_FREE_BULK;
	case WL_PLACE_TARGET:
		return wl_in_migration(t) || t->flags & WL_TASK_KSWAPD ? WL_FREE_UNUSED_TARGET
		                                                       : WL_FREE_MOVED_UNSEEN;
	case WL_PLACE_MOVED:
		return WL_FREE_MIGRATED;
	case WL_PLACE_DELETED:
		return WL_FREE_FILE;
	case WL_PLACE_RECLAIMED:
		return WL_FREE_RECLAIM_FILE;
	case WL_PLACE_DROPPED:
		return WL_FREE_ENDOGENOUS;
	case WL_PLACE_COLLAPSE:
		return WL_FREE_KHUGEPAGED;
	default:
		return WL_FREE_BEFORE;
	}
}

static enum wl_cause free_kernel(struct wl *wl, const struct wl_task *t, uint32_t page,
                                 uint64_t pfn)
{
	struct wl_page *p = &wl->pages.items[page];

	*wl_place(wl, pfn) = WL_PLACE_FREE;
	if (p->kind == WL_PAGE_KERNEL && --p->nr_frames)
		return WL_FREE_PART;
	if (wl_shrink_frees(wl, t, page))
		return WL_FREE_SHRINKER;
	wl_page_die(wl, page);
	return WL_FREE_KERNEL;
}

/*
 * Without a name no event could tell of a page again. If it was there before the trace, and has gone to
 * swap, it is still there all the same. So are the recorder's own, whose faults are not recorded: only they
 * are allocated without a name.
 */
static bool may_return(const struct wl *wl, const struct wl_page *p)
{
	return p->alloc_cause == WL_NR_CAUSES || (wl->recorder_pid && p->kind == WL_PAGE_ANON &&
	                                          p->alloc_cause == WL_ALLOC_ANON_UNNAMED);
}

static bool keep_nameless(struct wl *wl, uint32_t page)
{
	const struct wl_page *p = &wl->pages.items[page];
	unsigned int shared = p->kind == WL_PAGE_SHMEM;

	if (!(p->flags & WL_PAGE_OUT) || (p->kind == WL_PAGE_ANON && p->flags & WL_PAGE_LAZY))
		return false;
	/* Its slot will. */
	if (p->slot != WL_NONE)
		return true;
	if (!may_return(wl, p) || !wl->started)
		return false;
	if (wl_u32_vec_push(&wl->nameless[shared], page) < 0)
		wl->nomem = true;
	return true;
}

void wl_announce_nameless(struct wl *wl, uint32_t page)
{
	if (wl->oldest_nameless[0] < wl->nameless[0].count ||
	    wl->oldest_nameless[1] < wl->nameless[1].count)
		wl_emit(wl, (struct demand_op){
				    .kind = DEMAND_RENAME, .page = page, .arg2 = DEMAND_NO_PAGE });
}

/* The page that was taken for a new one has its contents; false: that can be told no more. */
static bool rename_nameless(struct wl *wl, uint32_t nameless, uint32_t page)
{
	uint32_t serial = wl->pages.items[page].op;
	struct demand_op *op = wl_op_find(wl, serial - 1, page);
	struct demand_op *touch = wl_op_find(wl, serial, page);

	if (!op || !touch || op->kind != DEMAND_RENAME || op->arg2 != DEMAND_NO_PAGE)
		return false;
	op->arg2 = nameless;
	touch->arg |= DEMAND_REFAULT;
	if (wl->started)
		wl_count(wl, WL_OP_REFAULT);
	wl_page_forget(wl, nameless);
	return true;
}

void wl_nameless_back(struct wl *wl, uint32_t back, enum wl_page_kind kind)
{
	unsigned int shared = kind == WL_PAGE_SHMEM;

	while (wl->oldest_nameless[shared] < wl->nameless[shared].count) {
		uint32_t page = wl->nameless[shared].items[wl->oldest_nameless[shared]++];
		const struct wl_page *p = &wl->pages.items[page];

		if (p->kind != kind || !(p->flags & WL_PAGE_OUT) || p->maps != WL_NONE ||
		    p->pfn != WL_NONE || !may_return(wl, p))
			continue;
		if (!rename_nameless(wl, page, back))
			wl_page_die(wl, page);
		return;
	}
}

/*
 * The recorder's own reclaim, of which older recordings have no events. Its threads run on no address space that the
 * trace tells of, so that a page which a fault or a file names is none of theirs, and deletes no file.
 */
static bool in_unseen_reclaim(const struct wl *wl, const struct wl_task *t, const struct wl_page *p)
{
	bool recorder = t->pid == wl->recorder_pid || t->mm == WL_NONE;

	if (!wl->recorder_pid || !recorder || t->pid == 0 || wl_in_collapse(t) ||
	    t->flags & (WL_TASK_EXITED | WL_TASK_KSMD))
		return false;
	return p->kind == WL_PAGE_FILE || p->kind == WL_PAGE_SHMEM || p->maps != WL_NONE;
}

/* Takes a user page from its page frame by what its task is inside of; true if it lives on. */
static bool free_endogenous(struct wl *wl, const struct wl_task *t, uint32_t page,
                            enum wl_cause *cause)
{
	struct wl_page *p = &wl->pages.items[page];
	bool file = p->kind == WL_PAGE_FILE;

	if ((wl_in_reclaim(t) || in_unseen_reclaim(wl, t, p)) && !wl_in_migration(t)) {
		*cause = file ? WL_FREE_RECLAIM_FILE : WL_FREE_RECLAIM_ANON;
		p->flags |= WL_PAGE_OUT;
		wl_emit_evicted(wl, page);
	} else if (wl_in_migration(t)) {
		*cause = WL_FREE_MIGRATED;
	} else if (wl_in_collapse(t)) {
		*cause = WL_FREE_KHUGEPAGED;
	} else if (t->flags & WL_TASK_KSMD) {
		*cause = WL_FREE_KSMD;
	} else {
		return false;
	}
	wl_page_unplace(wl, page, WL_PLACE_FREE);
	if (!file && p->maps == WL_NONE && !keep_nameless(wl, page))
		wl_page_die(wl, page);
	return true;
}

/* The allocation that nobody saw, and its end. */
static void emit_bulk(struct wl *wl)
{
	uint32_t page = wl_page_new(wl, WL_PAGE_KERNEL, WL_NONE);

	if (page == WL_NONE)
		return;
	wl_emit(wl, (struct demand_op){ .kind = DEMAND_KERNEL_ALLOC, .page = page });
	wl_page_die(wl, page);
}

static enum wl_cause free_one(struct wl *wl, const struct wl_task *t, uint64_t pfn)
{
	uint32_t page = wl_page_at(wl, pfn);
	enum wl_cause cause;
	uint8_t kind;

	if (page == WL_NONE) {
		cause = of_nobody(wl, t, pfn);
		if (cause == WL_FREE_BULK)
			emit_bulk(wl);
		*wl_place(wl, pfn) = WL_PLACE_FREE;
		return cause;
	}
	kind = wl->pages.items[page].kind;
	if (kind == WL_PAGE_KERNEL || kind == WL_PAGE_MOVABLE)
		return free_kernel(wl, t, page, pfn);
	if (free_endogenous(wl, t, page, &cause))
		return cause;
	wl_page_unplace(wl, page, WL_PLACE_FREE);
	wl_page_die(wl, page);
	return kind == WL_PAGE_FILE   ? WL_FREE_FILE
	       : kind == WL_PAGE_ANON ? WL_FREE_ANON
	                              : WL_FREE_SHMEM;
}

/* Whether a freed block is one huge page whose base pages are all there: then it ends by one op. */
static bool free_whole(struct wl *wl, const struct wl_task *t, uint64_t pfn, unsigned int order)
{
	uint32_t first = wl_page_at(wl, pfn);
	uint32_t nr = 1u << order;

	if (order == 0 || order > WL_HUGE_ORDER || first == WL_NONE || first & (nr - 1) ||
	    wl->pages.items[first].kind == WL_PAGE_KERNEL)
		return false;
	if (wl_in_reclaim(t) || wl_in_migration(t) || wl_in_collapse(t) ||
	    in_unseen_reclaim(wl, t, &wl->pages.items[first]))
		return false;
	for (uint32_t i = 1; i < nr; i++)
		if (wl_page_at(wl, pfn + i) != first + i)
			return false;
	wl_emit(wl, (struct demand_op){ .kind = DEMAND_FREE,
	                                .page = first,
	                                .order = (uint8_t)order,
	                                .arg = DEMAND_HUGE });
	for (uint32_t i = 0; i < nr; i++) {
		wl_page_unplace(wl, first + i, WL_PLACE_FREE);
		wl_page_forget(wl, first + i);
	}
	return true;
}

void wl_drain_event(struct wl *wl, const struct mmr_event *event)
{
	for (uint64_t i = 0; i < 1ull << (event->page.order & 15); i++) {
		uint64_t pfn = event->page.pfn + i;

		if (!wl_pfn_known(wl, pfn) || *wl_place(wl, pfn) < WL_PLACE_MOVED)
			continue;
		wl_place_vacate(wl, pfn);
		*wl_place(wl, pfn) = WL_PLACE_FREE;
	}
}

void wl_free_event(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	const struct wl_task *t = &wl->tasks.items[task];
	uint64_t pfn = event->page.pfn;
	unsigned int order = event->page.order;
	enum wl_cause cause = WL_FREE_ANON;

	if (order > MAX_ORDER || !wl_pfn_known(wl, pfn) ||
	    !wl_pfn_known(wl, pfn + (1ull << order) - 1)) {
		wl_count(wl, WL_FREE_OUTSIDE);
		return;
	}
	if (wl_memcg_refuses(wl, task, pfn, order)) {
		wl_count(wl, WL_FREE_UNCHARGED);
		return;
	}
	if (wl_in_collapse(t))
		wl_collapse_frees(wl, task, pfn);
	/* A block that is of one page counts as what its last page frame was. */
	if (!free_whole(wl, t, pfn, order))
		for (uint64_t i = 0; i < 1ull << order; i++)
			cause = free_one(wl, t, pfn + i);
	wl_count(wl, cause);
	if (order == 0)
		wl_fault_frees(wl, task, pfn);
}
