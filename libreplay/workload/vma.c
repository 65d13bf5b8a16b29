// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Address-space system calls: what they end, move and lock.
 *
 * Pages in memory end by their own frees. These calls end what no event tells of: pages in swap, parts of huge pages, and
 * the addresses by which pages are known. A call takes effect at its sys_exit, if it succeeded.
 * Follows do_munmap(), do_brk, move_vma(), and madvise_vma_behavior(), v6.12; populate.c has what is filled.
 *
 * MADV_COLD, MADV_PAGEOUT and MADV_WILLNEED take effect when they begin: what they are about is what was there then.
 *
 * Not modelled: munmap of a part of a range by another thread meanwhile; remap_file_pages();
 * process_madvise().
 */
#include "wl_fault.h"

#define MCL_FUTURE 2u

/* 64 GiB: no more is looked through page by page. */
#define ADVICE_MAX_PAGES (1u << 24)

enum {
	ADV_WILLNEED = 3,
	ADV_DONTNEED = 4,
	ADV_FREE = 8,
	ADV_REMOVE = 9,
	ADV_MERGEABLE = 12,
	ADV_UNMERGEABLE = 13,
	ADV_HUGEPAGE = 14,
	ADV_NOHUGEPAGE = 15,
	ADV_COLD = 20,
	ADV_PAGEOUT = 21,
	ADV_POPULATE_READ = 22,
	ADV_POPULATE_WRITE = 23,
	ADV_DONTNEED_LOCKED = 24,
	ADV_COLLAPSE = 25,
};

static uint64_t page_up(uint64_t bytes)
{
	return (bytes >> WL_PAGE_SHIFT) + ((bytes & ((1u << WL_PAGE_SHIFT) - 1)) != 0);
}

/*
 * Calls what for every map of [start, end), by whichever is less: the addresses or the maps there are.
 * what may remove the map.
 */
static void for_range(struct wl *wl, uint32_t mm, uint64_t start, uint64_t end,
                      void (*what)(struct wl *wl, uint32_t map))
{
	uint32_t map, next;

	if (end <= start)
		return;
	if (end - start <= wl->mms.items[mm].nr_maps) {
		for (uint64_t vpn = start; vpn < end; vpn++) {
			map = wl_map_find(wl, mm, vpn);
			if (map != WL_NONE)
				what(wl, map);
		}
		return;
	}
	for (map = wl->mms.items[mm].maps; map != WL_NONE; map = next) {
		uint64_t vpn = wl->maps.items[map].vpn;

		/* The last number of an area's pages takes the area's map along: look for the next
		 * map that is a page's first. */
		next = wl->maps.items[map].mm_next;
		while (next != WL_NONE && wl->maps.items[next].vpn & WL_AREA_BIT)
			next = wl->maps.items[next].mm_next;
		if (!(vpn & WL_AREA_BIT) && vpn >= start && vpn < end)
			what(wl, map);
	}
}

/* A huge page that has lost a part keeps its memory for now, and no event tells that the part has ended. */
static void drop(struct wl *wl, uint32_t map)
{
	uint32_t page = wl->maps.items[map].page;
	bool ends = wl->maps.items[map].page_next == WL_NONE && wl->pages.items[page].maps == map &&
	            wl_is_huge(wl, page);

	wl_map_drop(wl, map);
	if (ends)
		wl_page_die(wl, page);
}

void wl_unmap_range(struct wl *wl, uint32_t mm, uint64_t start, uint64_t end)
{
	struct wl_mm *m = &wl->mms.items[mm];

	for_range(wl, mm, start, end, drop);
	for_range(wl, mm, start | WL_FILE_BIT, end | WL_FILE_BIT, wl_map_drop);
	if (start < m->zeroes_end && end > m->zeroes_start)
		m->zeroes_start = m->zeroes_end = 0;
}

static void lazy_free(struct wl *wl, uint32_t map)
{
	uint32_t page = wl->maps.items[map].page;

	if (wl->pages.items[page].kind != WL_PAGE_ANON)
		return;
	wl->pages.items[page].flags |= WL_PAGE_LAZY;
	wl_emit(wl, (struct demand_op){ .kind = DEMAND_LAZYFREE, .page = page });
}

/* Whether a page is to be told of: nobody else maps it. */
static bool is_exclusive(const struct wl *wl, uint32_t map)
{
	return wl->pages.items[wl->maps.items[map].page].maps == map &&
	       wl->maps.items[map].page_next == WL_NONE;
}

static void tell_cold(struct wl *wl, uint32_t task, uint32_t map, uint32_t arg)
{
	if (map != WL_NONE && is_exclusive(wl, map))
		wl_emit(wl, (struct demand_op){ .kind = DEMAND_COLD,
		                                .task = task,
		                                .page = wl->maps.items[map].page,
		                                .arg = arg });
}

/* What of one page table, in order of addresses; the last one says that it is. */
static void cold_table(struct wl *wl, uint32_t task, uint64_t start, uint64_t end, uint32_t arg)
{
	uint32_t mm = wl->tasks.items[task].mm, last = WL_NONE;

	for (uint64_t vpn = start; vpn < end; vpn++) {
		uint32_t map = wl_map_find(wl, mm, vpn);

		if (map == WL_NONE)
			map = wl_map_find(wl, mm, vpn | WL_FILE_BIT);
		if (map == WL_NONE || !is_exclusive(wl, map))
			continue;
		tell_cold(wl, task, last, arg | DEMAND_MORE);
		last = map;
	}
	tell_cold(wl, task, last, arg);
}

static void on_cold(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	uint64_t start = event->vma.address >> WL_PAGE_SHIFT;
	uint64_t end = start + page_up(event->vma.length);
	uint32_t arg = event->vma.flags == ADV_PAGEOUT ? DEMAND_PAGEOUT : 0;
	uint32_t mm = wl->tasks.items[task].mm;

	if (mm == WL_NONE || end <= start || end - start > ADVICE_MAX_PAGES)
		return;
	wl_count(wl, WL_VMA_COLD);
	while (start < end) {
		uint64_t next = (start | (WL_HUGE_PAGES - 1)) + 1;

		next = next < end ? next : end;
		cold_table(wl, task, start, next, arg);
		start = next;
	}
}

static void tell_wanted(struct wl *wl, uint32_t task, uint32_t page, uint32_t arg)
{
	if (page != WL_NONE)
		wl_emit(wl,
		        (struct demand_op){
				.kind = DEMAND_WILLNEED, .task = task, .page = page, .arg = arg });
}

/* Of what can be in swap, in order of addresses. What is read ahead of a file tells of itself by its events. */
static void on_wanted(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	uint64_t start = event->vma.address >> WL_PAGE_SHIFT;
	uint64_t end = start + page_up(event->vma.length);
	uint32_t mm = wl->tasks.items[task].mm, last = WL_NONE;

	if (mm == WL_NONE || end <= start || end - start > ADVICE_MAX_PAGES)
		return;
	wl_count(wl, WL_VMA_WANTED);
	for (uint64_t vpn = start; vpn < end; vpn++) {
		uint32_t map = wl_map_find(wl, mm, vpn);

		if (map == WL_NONE)
			map = wl_map_find(wl, mm, vpn | WL_FILE_BIT);
		if (map == WL_NONE ||
		    wl->pages.items[wl->maps.items[map].page].kind == WL_PAGE_FILE)
			continue;
		tell_wanted(wl, task, last, DEMAND_MORE);
		last = wl->maps.items[map].page;
	}
	tell_wanted(wl, task, last, 0);
}

void wl_page_lock(struct wl *wl, uint32_t page)
{
	struct wl_page *p = &wl->pages.items[page];

	if (p->flags & (WL_PAGE_LOCKED | WL_PAGE_ABSENT))
		return;
	p->flags |= WL_PAGE_LOCKED;
	wl_emit(wl, (struct demand_op){ .kind = DEMAND_MLOCK, .page = page });
}

static void lock_page(struct wl *wl, uint32_t map)
{
	wl_page_lock(wl, wl->maps.items[map].page);
}

void wl_page_unlock(struct wl *wl, uint32_t page)
{
	struct wl_page *p = &wl->pages.items[page];

	if (!(p->flags & WL_PAGE_LOCKED))
		return;
	p->flags &= (uint8_t)~WL_PAGE_LOCKED;
	wl_emit(wl, (struct demand_op){ .kind = DEMAND_MUNLOCK, .page = page });
}

static void unlock_page(struct wl *wl, uint32_t map)
{
	wl_page_unlock(wl, wl->maps.items[map].page);
}

/* ---- enter ---- */

/* After mlockall(MCL_FUTURE) what brk() adds is filled and locked; elsewhere what a call says. */
static void begin_populate(struct wl *wl, struct wl_task *t, const struct mmr_event *event)
{
	uint64_t start = event->vma.address >> WL_PAGE_SHIFT;
	uint64_t end = start + page_up(event->vma.length);
	bool locks = event->kind == MMR_EVENT_SYS_ENTER_MLOCK ||
	             event->kind == MMR_EVENT_SYS_ENTER_MLOCK2;

	if (locks ||
	    (event->kind == MMR_EVENT_SYS_ENTER_MADVISE &&
	     (event->vma.flags == ADV_POPULATE_READ || event->vma.flags == ADV_POPULATE_WRITE)))
		wl_populate_begin(t, start, end, locks);
	else if (event->kind == MMR_EVENT_SYS_ENTER_BRK && t->mm != WL_NONE &&
	         wl->mms.items[t->mm].lock_future && wl->mms.items[t->mm].brk != 0)
		wl_populate_begin(t, page_up(wl->mms.items[t->mm].brk), page_up(event->vma.address),
		                  true);
	else
		wl_populate_begin(t, 0, 0, false);
}

static void begin(struct wl *wl, struct wl_task *t, const struct mmr_event *event)
{
	t->syscall = event->kind;
	t->flags &= ~(uint32_t)(WL_TASK_PAGEOUT | WL_TASK_COLLAPSE | WL_TASK_WILLNEED);
	begin_populate(wl, t, event);
	if (event->kind == MMR_EVENT_SYS_ENTER_MREMAP) {
		t->args[0] = event->mremap.address;
		t->args[1] = event->mremap.old_length;
		t->args[2] = event->mremap.new_length;
		return;
	}
	t->args[0] = event->vma.address;
	t->args[1] = event->vma.length;
	t->args[2] = event->vma.flags;
	t->prot = event->vma.prot;
	t->populate_index = event->vma.offset >> WL_PAGE_SHIFT;
	if (event->kind == MMR_EVENT_SYS_ENTER_MADVISE && event->vma.flags == ADV_PAGEOUT)
		t->flags |= WL_TASK_PAGEOUT;
	if (event->kind == MMR_EVENT_SYS_ENTER_MADVISE && event->vma.flags == ADV_COLLAPSE)
		t->flags |= WL_TASK_COLLAPSE;
	if (event->kind == MMR_EVENT_SYS_ENTER_MADVISE && event->vma.flags == ADV_WILLNEED)
		t->flags |= WL_TASK_WILLNEED;
}

static void on_lock(struct wl *wl, uint32_t mm, const struct mmr_event *event)
{
	uint64_t start = event->vma.address >> WL_PAGE_SHIFT;
	uint64_t end = start + page_up(event->vma.length);

	wl_count(wl, WL_VMA_LOCK);
	switch (event->kind) {
	case MMR_EVENT_SYS_ENTER_MLOCK:
	case MMR_EVENT_SYS_ENTER_MLOCK2:
		for_range(wl, mm, start, end, lock_page);
		for_range(wl, mm, start | WL_FILE_BIT, end | WL_FILE_BIT, lock_page);
		break;
	case MMR_EVENT_SYS_ENTER_MUNLOCK:
		for_range(wl, mm, start, end, unlock_page);
		for_range(wl, mm, start | WL_FILE_BIT, end | WL_FILE_BIT, unlock_page);
		break;
	case MMR_EVENT_SYS_ENTER_MLOCKALL:
		wl->mms.items[mm].lock_future = event->vma.flags & MCL_FUTURE;
		for_range(wl, mm, 0, WL_AREA_BIT, lock_page);
		break;
	default:
		wl->mms.items[mm].lock_future = false;
		for_range(wl, mm, 0, WL_AREA_BIT, unlock_page);
		break;
	}
}

/* ---- exit ---- */

static void on_brk(struct wl *wl, uint32_t task, uint64_t ret)
{
	uint32_t mm = wl->tasks.items[task].mm;
	uint64_t old = wl->mms.items[mm].brk;

	wl->mms.items[mm].brk = ret;
	wl_commit_brk(wl, task, page_up(old), page_up(ret));
	if (ret >= old)
		return;
	wl_count(wl, WL_VMA_UNMAP);
	wl_unmap_range(wl, mm, page_up(ret), page_up(old));
}

static void on_mremap(struct wl *wl, uint32_t task, uint64_t ret)
{
	const struct wl_task *t = &wl->tasks.items[task];
	uint64_t from = t->args[0] >> WL_PAGE_SHIFT;
	uint64_t to = ret >> WL_PAGE_SHIFT;
	uint64_t old_pages = page_up(t->args[1]);
	uint64_t new_pages = page_up(t->args[2]);
	uint64_t kept = old_pages < new_pages ? old_pages : new_pages;
	uint32_t mm = t->mm;
	uint32_t map, next;

	wl_commit_mremap(
		wl, task,
		&(struct wl_remap){
			.from = from, .old_pages = old_pages, .to = to, .new_pages = new_pages });
	if (new_pages < old_pages)
		wl_unmap_range(wl, mm, from + new_pages, from + old_pages);
	if (to == from)
		return;
	wl_count(wl, WL_VMA_MOVE);
	wl_tlb_moved(wl, kept);
	/* The new range is empty, or was made so (MREMAP_FIXED). It does not overlap the old one. */
	wl_unmap_range(wl, mm, to, to + new_pages);
	for (map = wl->mms.items[mm].maps; map != WL_NONE && !wl->nomem; map = next) {
		uint64_t vpn = wl->maps.items[map].vpn;
		uint32_t page = wl->maps.items[map].page;

		next = wl->maps.items[map].mm_next;
		if (vpn & WL_AREA_BIT || vpn < from || vpn - from >= kept)
			continue;
		wl_map_add(wl, mm, to + (vpn - from), page);
		wl_map_remove(wl, map);
	}
}

static void on_madvise(struct wl *wl, uint32_t task)
{
	const struct wl_task *t = &wl->tasks.items[task];
	uint64_t start = t->args[0] >> WL_PAGE_SHIFT;
	uint64_t end = start + page_up(t->args[1]);

	switch (t->args[2]) {
	case ADV_DONTNEED:
	case ADV_DONTNEED_LOCKED:
	case ADV_REMOVE:
		wl_count(wl, WL_VMA_DISCARD);
		wl_unmap_range(wl, t->mm, start, end);
		break;
	case ADV_FREE:
		wl_count(wl, WL_VMA_DISCARD);
		for_range(wl, t->mm, start, end, lazy_free);
		break;
	case ADV_POPULATE_READ:
		wl_populate_zeroes(wl, task, start, end);
		break;
	case ADV_HUGEPAGE:
	case ADV_NOHUGEPAGE:
		wl_commit_advise(wl, task, start, end,
		                 t->args[2] == ADV_HUGEPAGE ? DEMAND_ADVICE_HUGE
		                                            : DEMAND_ADVICE_NOHUGE);
		break;
	case ADV_MERGEABLE:
	case ADV_UNMERGEABLE:
		wl_ksm_advise(wl, task, start, end, t->args[2] == ADV_MERGEABLE);
		break;
	default:
		break;
	}
}

/* Whether the exit is that of the call that the task is in. */
static bool matches(uint16_t enter, uint16_t exit)
{
	return (enter == MMR_EVENT_SYS_ENTER_MMAP && exit == MMR_EVENT_SYS_EXIT_MMAP) ||
	       (enter == MMR_EVENT_SYS_ENTER_MUNMAP && exit == MMR_EVENT_SYS_EXIT_MUNMAP) ||
	       (enter == MMR_EVENT_SYS_ENTER_BRK && exit == MMR_EVENT_SYS_EXIT_BRK) ||
	       (enter == MMR_EVENT_SYS_ENTER_MREMAP && exit == MMR_EVENT_SYS_EXIT_MREMAP) ||
	       (enter == MMR_EVENT_SYS_ENTER_MADVISE && exit == MMR_EVENT_SYS_EXIT_MADVISE);
}

static void end(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_task *t = &wl->tasks.items[task];
	int64_t ret = event->syscall_exit.ret;
	uint64_t start = t->args[0] >> WL_PAGE_SHIFT;
	uint64_t at = (uint64_t)ret >> WL_PAGE_SHIFT;
	uint64_t pages = page_up(t->args[1]);

	t->flags &= ~(uint32_t)(WL_TASK_PAGEOUT | WL_TASK_COLLAPSE | WL_TASK_WILLNEED);
	if (!matches(t->syscall, event->kind) || ret < 0 || t->mm == WL_NONE)
		return;
	switch (event->kind) {
	case MMR_EVENT_SYS_EXIT_MMAP:
		/* MAP_FIXED replaces what was there; otherwise nothing was, and what is known is old. */
		wl_count(wl, WL_VMA_UNMAP);
		wl_unmap_range(wl, t->mm, at, at + pages);
		wl_populate_named(wl, t, at, at + pages);
		wl_populate_file(wl, task, at, at + pages);
		wl_commit_mmap(wl, task, at, at + pages);
		break;
	case MMR_EVENT_SYS_EXIT_MUNMAP:
		wl_count(wl, WL_VMA_UNMAP);
		wl_unmap_range(wl, t->mm, start, start + pages);
		wl_commit_unmap(wl, task, start, start + pages);
		break;
	case MMR_EVENT_SYS_EXIT_BRK:
		on_brk(wl, task, (uint64_t)ret);
		break;
	case MMR_EVENT_SYS_EXIT_MREMAP:
		on_mremap(wl, task, (uint64_t)ret);
		break;
	default:
		on_madvise(wl, task);
		break;
	}
	wl_tlb_call(wl, false);
}

void wl_vma_event(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_task *t = &wl->tasks.items[task];
	uint32_t mm;

	if (task == 0)
		return;
	wl_fault_end(wl, task);
	mm = wl_mm_of(wl, task);
	switch (event->kind) {
	case MMR_EVENT_SYS_ENTER_MMAP:
	case MMR_EVENT_SYS_ENTER_MUNMAP:
	case MMR_EVENT_SYS_ENTER_BRK:
	case MMR_EVENT_SYS_ENTER_MREMAP:
	case MMR_EVENT_SYS_ENTER_MADVISE:
		begin(wl, t, event);
		if (event->kind == MMR_EVENT_SYS_ENTER_MADVISE &&
		    (event->vma.flags == ADV_COLD || event->vma.flags == ADV_PAGEOUT))
			on_cold(wl, task, event);
		if (event->kind == MMR_EVENT_SYS_ENTER_MADVISE && event->vma.flags == ADV_WILLNEED)
			on_wanted(wl, task, event);
		if (t->flags & WL_TASK_COLLAPSE)
			wl_commit_collapse(wl, task, event->vma.address >> WL_PAGE_SHIFT,
			                   (event->vma.address + event->vma.length) >>
			                           WL_PAGE_SHIFT);
		wl_tlb_call(wl, true);
		break;
	case MMR_EVENT_SYS_EXIT_MMAP:
	case MMR_EVENT_SYS_EXIT_MUNMAP:
	case MMR_EVENT_SYS_EXIT_BRK:
	case MMR_EVENT_SYS_EXIT_MREMAP:
	case MMR_EVENT_SYS_EXIT_MADVISE:
		end(wl, task, event);
		t->syscall = 0;
		wl_populate_begin(t, 0, 0, false);
		break;
	default:
		begin(wl, t, event);
		t->syscall = 0;
		if (mm != WL_NONE)
			on_lock(wl, mm, event);
		break;
	}
}
