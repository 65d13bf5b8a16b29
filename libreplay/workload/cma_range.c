// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Ranges of CMA areas: who asks for one, and gives it back.
 *
 * The request is demand from its start on. What the kernel does to make a range free is its own reaction: pages that move,
 * and clean pages of files that leave memory, as in reclaim. The page frames of the range are nobody's that could be named
 * until it is given back, page by page or by one event. Given back in parts, it ends with the last of them. Follows
 * cma_alloc(), cma_release() of v6.12 and v6.1.
 *
 * What was taken before the demand begins is memory of the kernel's, and ends as such.
 */
#include "wl_state.h"

#define MAX_ALIGN 31

/* Its number; 0: there are no more. */
static uint32_t ask(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	uint32_t align = event->cma.align < MAX_ALIGN ? event->cma.align : MAX_ALIGN;

	if (wl->nr_cma_ranges == DEMAND_CMA_MASK)
		return 0;
	wl->nr_cma_ranges++;
	wl_emit(wl, (struct demand_op){ .kind = DEMAND_CMA_ALLOC,
	                                .task = task,
	                                .page = DEMAND_NO_PAGE,
	                                .gfp_flags = demand_cma_key(event->cma.name),
	                                .arg = wl->nr_cma_ranges | align << DEMAND_CMA_SHIFT,
	                                .arg2 = event->cma.nr_pages });
	return wl->nr_cma_ranges;
}

static void give_back(struct wl *wl, uint32_t number)
{
	wl_emit(wl, (struct demand_op){
			    .kind = DEMAND_CMA_RELEASE, .page = DEMAND_NO_PAGE, .arg = number });
}

/* Those that the header tells of. */
static bool is_range(const struct wl *wl, const struct mmr_event *event)
{
	uint64_t pfn = event->cma.pfn, last = pfn + event->cma.nr_pages - 1;

	return event->cma.nr_pages > 0 && last >= pfn && wl_pfn_known(wl, pfn) &&
	       wl_pfn_known(wl, last);
}

static void on_finish(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_task *t = &wl->tasks.items[task];
	uint32_t number = t->cma_range;

	t->cma_range = 0;
	t->flags &= ~(uint32_t)WL_TASK_CMA;
	if (!wl->started)
		return;
	if (number == 0)
		number = ask(wl, task, event);
	if (event->cma.page == 0 || !is_range(wl, event)) {
		give_back(wl, number);
		return;
	}
	for (uint64_t i = 0; i < event->cma.nr_pages; i++) {
		if (!wl_pfn_known(wl, event->cma.pfn + i))
			continue;
		wl_place_vacate(wl, event->cma.pfn + i);
		*wl_place(wl, event->cma.pfn + i) = WL_PLACE_DROPPED;
	}
	if (wl_cma_range_vec_push(&wl->cma_ranges,
	                          (struct wl_cma_range){ .pfn = event->cma.pfn,
	                                                 .nr = event->cma.nr_pages,
	                                                 .nr_left = event->cma.nr_pages,
	                                                 .number = number }) < 0)
		wl->nomem = true;
}

/* Memory of the kernel's, of which no event told: there since before the demand. */
static bool is_older(struct wl *wl, uint64_t pfn)
{
	uint32_t page = wl_page_at(wl, pfn);

	return page != WL_NONE && wl->pages.items[page].kind == WL_PAGE_KERNEL &&
	       wl->pages.items[page].alloc_cause == WL_NR_CAUSES;
}

static void on_release(struct wl *wl, const struct mmr_event *event)
{
	size_t at = 0;
	struct wl_cma_range *range;

	if (!is_range(wl, event))
		return;
	for (uint64_t i = 0; i < event->cma.nr_pages; i++) {
		uint64_t pfn = event->cma.pfn + i;

		if (!wl_pfn_known(wl, pfn))
			continue;
		if (is_older(wl, pfn))
			wl_page_die(wl, wl_page_at(wl, pfn));
		else if (*wl_place(wl, pfn) != WL_PLACE_DROPPED)
			continue;
		*wl_place(wl, pfn) = WL_PLACE_FREE;
	}
	while (at < wl->cma_ranges.count &&
	       (event->cma.pfn < wl->cma_ranges.items[at].pfn ||
	        event->cma.pfn - wl->cma_ranges.items[at].pfn >= wl->cma_ranges.items[at].nr))
		at++;
	if (at == wl->cma_ranges.count)
		return;
	range = &wl->cma_ranges.items[at];
	if (event->cma.nr_pages < range->nr_left) {
		range->nr_left -= event->cma.nr_pages;
		return;
	}
	give_back(wl, range->number);
	*range = wl->cma_ranges.items[--wl->cma_ranges.count];
}

void wl_cma_event(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_task *t = &wl->tasks.items[task];

	switch (event->kind) {
	case MMR_EVENT_CMA_ALLOC_START:
		t->cma_range = wl->started ? ask(wl, task, event) : 0;
		t->flags |= WL_TASK_CMA;
		break;
	case MMR_EVENT_CMA_ALLOC_FINISH:
		on_finish(wl, task, event);
		break;
	default:
		on_release(wl, event);
	}
}
