// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Calls that fill their range (MADV_POPULATE_*, mlock, mmap with MAP_POPULATE) fault without an exception, page after page:
 * what is allocated meanwhile belongs to the next page of the range that is not there. Follows populate_vma_page_range() and
 * faultin_page(), v6.12.
 *
 * Not modelled: huge pages of an mmap that fills its range, whose address is known only when it returns.
 */
#include "wl_fault.h"

#define MAP_LOCKED   0x2000u
#define MAP_POPULATE 0x8000u

#define MAX_SEARCH 4096u /* pages of a range from which nobody knows how much is there */

void wl_populate_begin(struct wl_task *task, uint64_t start, uint64_t end)
{
	task->populated = WL_NONE;
	task->populate_next = start;
	task->populate_end = end;
}

bool wl_populate_page(struct wl *wl, uint32_t task, uint32_t page)
{
	struct wl_task *t = &wl->tasks.items[task];

	if (t->syscall == MMR_EVENT_SYS_ENTER_MMAP && t->args[2] & (MAP_LOCKED | MAP_POPULATE)) {
		/* The address is known when the call returns. */
		if (t->populated == WL_NONE)
			t->populated = page;
		else
			wl->pages.items[t->populated_last].next = page;
		t->populated_last = page;
		return true;
	}
	while (t->populate_next < t->populate_end) {
		uint64_t vpn = t->populate_next++;

		if (t->mm == WL_NONE)
			return false;
		if (wl_map_find(wl, t->mm, vpn) != WL_NONE)
			continue;
		wl_map_add(wl, t->mm, vpn, page);
		return true;
	}
	return false;
}

void wl_populate_named(struct wl *wl, struct wl_task *t, uint64_t vpn, uint64_t end)
{
	uint32_t page = t->populated;

	while (page != WL_NONE) {
		struct wl_page *p = &wl->pages.items[page];
		uint32_t next = page == t->populated_last ? WL_NONE : p->next;

		/* It may have been freed meanwhile and its number be another's. */
		if (p->kind != WL_PAGE_ANON || p->maps != WL_NONE)
			break;
		p->next = WL_NONE;
		if (vpn < end && t->mm != WL_NONE)
			wl_map_set(wl, t->mm, vpn++, page);
		page = next;
	}
	t->populated = WL_NONE;
}

bool wl_populate_huge(struct wl *wl, uint32_t task, unsigned int order)
{
	struct wl_task *t = &wl->tasks.items[task];
	struct wl_fault *f = &t->fault;

	if (order != WL_HUGE_ORDER || t->mm == WL_NONE)
		return false;
	while (t->populate_next < t->populate_end &&
	       wl_map_find(wl, t->mm, t->populate_next) != WL_NONE)
		t->populate_next++;
	if (t->populate_next >= t->populate_end || wl_huge_flags(wl, t->mm, t->populate_next) == 0)
		return false;
	wl_fault_end(wl, task);
	f->vpn = t->populate_next;
	f->error_code = WL_ERROR_WRITE;
	f->blind = false;
	f->served = false;
	t->populate_next = (f->vpn | (WL_HUGE_PAGES - 1)) + 1;
	return true;
}

bool wl_populate_swapped(struct wl *wl, uint32_t task, uint32_t gfp_flags)
{
	struct wl_task *t = &wl->tasks.items[task];
	uint64_t end = t->populate_end, next = t->populate_next, stop = next + MAX_SEARCH;
	struct mmr_event event = { .pid = 0 };

	if (t->mm == WL_NONE || gfp_flags & (WL_GFP_ZERO | WL_GFP_NORETRY | WL_GFP_WRITE))
		return false;
	for (; next < end && next < stop; next++) {
		uint32_t page = wl_map_page(wl, t->mm, next);

		if (page != WL_NONE && wl->pages.items[page].flags & WL_PAGE_OUT)
			break;
		/* What is there has had its turn; where nothing is, a new page may come. */
		t->populate_next += page != WL_NONE && next == t->populate_next;
	}
	if (next >= end || next >= stop)
		return false;
	event.fault.address = next << WL_PAGE_SHIFT;
	wl_fault_begin(wl, task, &event);
	t = &wl->tasks.items[task];
	t->populate_next = next + 1;
	t->populate_end = end;
	return true;
}
