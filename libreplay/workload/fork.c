// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Address spaces: who uses them, and what fork shares.
 *
 * A fork copies the maps and not the pages, as the kernel copies page-table entries: a page seen by
 * parent and child stays one logical page until a write fault copies it. If it is the one whose huge area the page lies in
 * that copies, the page gets another number and the copy that one. Follows copy_mm() and
 * exit_mmap(), v6.12.
 *
 * Tasks that were born before the trace get a guessed address space of their own; rss_stat's mm_id
 * joins those of one process.
 *
 * exec fills the top of its new stack before it has happened. rss_stat shows such a page as another
 * mm's; the pages count from the highest address down, whereto the stack begins, and the kernel moves
 * it afterwards by a distance that no event tells.
 *
 * Not modelled: MADV_DONTFORK and MADV_WIPEONFORK.
 */
#include "wl_state.h"

uint32_t wl_mm_new(struct wl *wl)
{
	struct wl_mm mm = { .maps = WL_NONE, .spans = WL_NONE, .users = 1 };
	uint32_t i = wl->free_mm;

	if (i != WL_NONE) {
		wl->free_mm = wl->mms.items[i].maps;
		wl->mms.items[i] = mm;
		return i;
	}
	if (wl_mm_vec_push(&wl->mms, mm) < 0) {
		wl->nomem = true;
		return WL_NONE;
	}
	return (uint32_t)(wl->mms.count - 1);
}

uint32_t wl_mm_of_nobody(struct wl *wl, uint32_t *mm)
{
	if (*mm == 0) {
		uint32_t new = wl_mm_new(wl);

		*mm = new == WL_NONE ? 0 : new + 1;
	}
	return *mm == 0 ? WL_NONE : *mm - 1;
}

void wl_mm_put(struct wl *wl, uint32_t mm)
{
	if (--wl->mms.items[mm].users)
		return;
	while (wl->mms.items[mm].maps != WL_NONE)
		wl_map_drop(wl, wl->mms.items[mm].maps);
	wl_spans_free(wl, mm);
	wl_commit_vec_deinit(&wl->mms.items[mm].commits);
	wl->mms.items[mm].maps = wl->free_mm;
	wl->free_mm = mm;
}

uint32_t wl_mm_of(struct wl *wl, uint32_t task)
{
	uint32_t mm;

	if (task == 0 || wl->tasks.items[task].flags & WL_TASK_EXITED)
		return WL_NONE;
	if (wl->tasks.items[task].mm != WL_NONE)
		return wl->tasks.items[task].mm;
	mm = wl_mm_new(wl);
	if (mm != WL_NONE)
		wl->mms.items[mm].guessed = true;
	wl->tasks.items[task].mm = mm;
	wl_task_tell_space(wl, task, WL_NONE);
	return mm;
}

void wl_mm_copy(struct wl *wl, uint32_t dst, uint32_t src)
{
	uint32_t map = wl->mms.items[src].maps;

	wl->mms.items[dst].brk = wl->mms.items[src].brk;
	wl->mms.items[dst].mergeable = wl->mms.items[src].mergeable;
	wl->mms.items[dst].oom_adj = wl->mms.items[src].oom_adj;
	wl_commit_copy(wl, dst, src);
	wl_spans_copy(wl, dst, src);
	for (; map != WL_NONE && !wl->nomem; map = wl->maps.items[map].mm_next) {
		const struct wl_map *m = &wl->maps.items[map];

		/* Of files the child maps what it needs itself (vma_needs_copy()). */
		if (!(m->vpn & (WL_AREA_BIT | WL_FILE_BIT)))
			wl_map_add(wl, dst, m->vpn, m->page);
	}
}

/* What a task of a process was seen to map before its mm was known goes to where it belongs. */
static void join(struct wl *wl, uint32_t task, uint32_t mm)
{
	uint32_t old = wl->tasks.items[task].mm;
	uint32_t map = old == WL_NONE ? WL_NONE : wl->mms.items[old].maps;

	for (; map != WL_NONE && !wl->nomem; map = wl->maps.items[map].mm_next) {
		uint64_t vpn = wl->maps.items[map].vpn;

		if (!(vpn & WL_AREA_BIT) && wl_map_find(wl, mm, vpn) == WL_NONE)
			wl_map_add(wl, mm, vpn, wl->maps.items[map].page);
	}
	wl->mms.items[mm].users++;
	wl->tasks.items[task].mm = mm;
	wl_task_tell_space(wl, task, WL_NONE);
	if (old != WL_NONE)
		wl_mm_put(wl, old);
}

static uint32_t find_id(const struct wl *wl, uint32_t id)
{
	for (uint32_t i = 0; i < wl->mms.count; i++)
		if (wl->mms.items[i].users && wl->mms.items[i].id == id)
			return i;
	return WL_NONE;
}

void wl_mm_identify(struct wl *wl, uint32_t task, uint32_t id)
{
	uint32_t mm = wl_mm_of(wl, task);
	uint32_t other;

	if (mm == WL_NONE || id == 0 || wl->mms.items[mm].id == id)
		return;
	other = find_id(wl, id);
	if (other == WL_NONE) {
		wl->mms.items[mm].id = id;
	} else if (wl->mms.items[mm].guessed && wl->mms.items[mm].users == 1) {
		join(wl, task, other);
	} else {
		/* An id is a hash of an address that is used again. */
		wl->mms.items[other].id = 0;
		wl->mms.items[mm].id = id;
	}
}

void wl_mm_file_rss(struct wl *wl, uint32_t id, int64_t size)
{
	uint32_t mm = id == 0 ? WL_NONE : find_id(wl, id);

	if (mm != WL_NONE)
		wl->mms.items[mm].nr_files =
			size > 0 ? (uint32_t)((uint64_t)size >> WL_PAGE_SHIFT) : 0;
}

bool wl_mm_is_left(struct wl *wl, uint32_t task, uint32_t id)
{
	uint32_t mm = wl->tasks.items[task].mm;

	if (mm == WL_NONE || id == 0 || wl->mms.items[mm].id != id)
		return false;
	if (wl->mms.items[mm].users > 1 || wl->mms.items[mm].left)
		return true;
	wl->mms.items[mm].left = true;
	wl_emit(wl, (struct demand_op){
			    .kind = DEMAND_TASK_LEAVES, .task = task, .page = DEMAND_NO_PAGE });
	return true;
}

/* x86-64: the highest page of a process. */
#define STACK_TOP_PAGE 0x7fffffffeull

bool wl_mm_exec_page(struct wl *wl, uint32_t task, uint32_t id, uint32_t page)
{
	struct wl_task *t = &wl->tasks.items[task];
	uint32_t mm = t->exec_mm;

	if (mm == WL_NONE || wl->mms.items[mm].id != id) {
		if (id == 0 || find_id(wl, id) != WL_NONE)
			return false;
		if (mm != WL_NONE)
			wl_mm_put(wl, mm);
		mm = wl_mm_new(wl);
		t->exec_mm = mm;
		t->nr_args = 0;
		if (mm == WL_NONE)
			return false;
		wl->mms.items[mm].id = id;
	}
	wl_map_set(wl, mm, STACK_TOP_PAGE - t->nr_args++, page);
	wl->pages.items[page].flags |= WL_PAGE_STACK;
	return true;
}
