// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Calls that fill their range (MADV_POPULATE_*, mlock, mmap with MAP_POPULATE or MAP_LOCKED, and after mlockall(MCL_FUTURE) mmap
 * and brk) fault without an exception, page after page: what is allocated meanwhile belongs to the next page of the range that it
 * can be for, and is served as a fault there. Follows populate_vma_page_range() and faultin_page(), v6.12.
 *
 * Where an mmap lies is known when it returns. What it got until then waits in a list, the next page after the last; a huge page
 * by its first page, with WL_PAGE_LARGE.
 *
 * Of a mapping of a file no page is zeroed, and the events tell of each fault as they come: pages mapped around, a page that is
 * missed, a page of tmpfs. What is in memory of the file when mmap returns is mapped then, and locked if it is to be. (Kernels before
 * 6.10 have no such events: a fault for every 16 pages there.)
 *
 * Not modelled: pages in swap that such a call finds in the swap cache; huge pages that could be where a mapping that is filled
 * has base pages; which pages of tmpfs it maps; mlock() and madvise() of files that nobody has used through their mapping.
 */
#include "wl_fault.h"

#define MAP_LOCKED   0x2000u
#define MAP_POPULATE 0x8000u

#define FAULT_AROUND 16u

/* 64 GiB: no more is looked through page by page. */
#define MAX_FILLED (1u << 24)

#define MAX_SEARCH 4096u /* pages of a range from which nobody knows how much is there */

void wl_populate_begin(struct wl_task *task, uint64_t start, uint64_t end, bool locks)
{
	task->populated = WL_NONE;
	task->populate_next = start;
	task->populate_end = end;
	task->populate_locks = locks;
	task->populate_seen = 0;
	task->populate_ino = 0;
}

/* So many faults, of which nothing else is known; flags and vpn if a huge page of zeroes would be one instead. */
static void tell_faults(struct wl *wl, uint32_t task, uint32_t nr, uint32_t flags, uint64_t vpn)
{
	wl_emit(wl, (struct demand_op){ .kind = DEMAND_PAGE_FAULT,
	                                .task = task,
	                                .page = DEMAND_NO_PAGE,
	                                .arg = flags | (nr - 1) << DEMAND_FAULTS_SHIFT,
	                                .arg2 = flags != 0 ? (uint32_t)vpn : 0u });
}

/* ---- a range that is known ---- */

static bool fits(const struct wl *wl, const struct wl_task *t, uint64_t vpn, unsigned int order)
{
	return order == 0 || (order == WL_HUGE_ORDER ? wl_huge_flags(wl, t->mm, vpn)
	                                             : wl_room_flags(wl, t->mm, vpn)) != 0;
}

/* Of the range, the next page that is not there, or with !zeroed the next that is out. The range's end: there is none. */
static uint64_t next_page(const struct wl *wl, struct wl_task *t, bool zeroed)
{
	uint64_t end = t->populate_end, stop = t->populate_next + MAX_SEARCH;

	for (uint64_t vpn = t->populate_next; vpn < end && (zeroed || vpn < stop); vpn++) {
		uint32_t page = wl_map_page(wl, t->mm, vpn);

		if (zeroed ? page == WL_NONE
		           : page != WL_NONE && wl->pages.items[page].flags & WL_PAGE_OUT)
			return vpn;
		/* What is there has had its turn; where nothing is, a new page may come. */
		t->populate_next += page != WL_NONE && vpn == t->populate_next;
	}
	return end;
}

bool wl_populate_fault(struct wl *wl, uint32_t task, uint32_t gfp_flags, unsigned int order)
{
	struct wl_task *t = &wl->tasks.items[task];
	uint64_t end = t->populate_end, vpn, huge_ns = t->fault.huge_ns;
	uint32_t huge = t->fault.huge;
	bool zeroed = gfp_flags & WL_GFP_ZERO || order > 0;
	struct mmr_event event = { .pid = 0 };

	if (t->mm == WL_NONE || t->populate_next >= end || order > WL_HUGE_ORDER ||
	    (!zeroed && gfp_flags & (WL_GFP_NORETRY | WL_GFP_WRITE)))
		return false;
	vpn = next_page(wl, t, zeroed);
	if (vpn == end || !fits(wl, t, vpn, order))
		return false;
	event.fault.address = vpn << WL_PAGE_SHIFT;
	event.fault.error_code = zeroed ? WL_ERROR_WRITE : 0;
	wl_fault_begin(wl, task, &event);
	t = &wl->tasks.items[task];
	t->fault.filled = true;
	t->fault.huge = huge;
	t->fault.huge_ns = huge_ns;
	t->populate_next = (vpn | ((1u << order) - 1)) + 1;
	t->populate_end = end;
	return true;
}

bool wl_populate_locks(const struct wl *wl, const struct wl_task *t)
{
	return wl->mms.items[t->mm].lock_future || (t->fault.filled && t->populate_locks);
}

/* ---- a mapping whose address is not known ---- */

static bool waits(const struct wl *wl, const struct wl_task *t)
{
	return t->syscall == MMR_EVENT_SYS_ENTER_MMAP && t->mm != WL_NONE &&
	       (t->args[2] & (MAP_LOCKED | MAP_POPULATE) || wl->mms.items[t->mm].lock_future);
}

static bool locks(const struct wl *wl, const struct wl_task *t)
{
	return t->args[2] & MAP_LOCKED || wl->mms.items[t->mm].lock_future;
}

bool wl_populate_page(struct wl *wl, uint32_t task, uint32_t page)
{
	struct wl_task *t = &wl->tasks.items[task];

	if (!waits(wl, t))
		return false;
	if (t->populated == WL_NONE)
		t->populated = page;
	else
		wl->pages.items[t->populated_last].next = page;
	t->populated_last = page;
	return true;
}

bool wl_populate_huge(struct wl *wl, uint32_t task, uint32_t pfn, uint32_t gfp_flags)
{
	const struct wl_task *t = &wl->tasks.items[task];
	uint32_t first, op;

	if (!waits(wl, t))
		return false;
	first = wl_number_get(wl, WL_HUGE_ORDER);
	if (first == WL_NONE)
		return true;
	op = wl_emit(wl, (struct demand_op){ .kind = DEMAND_ANON_TOUCH,
	                                     .page = first,
	                                     .order = WL_HUGE_ORDER,
	                                     .gfp_flags = gfp_flags,
	                                     .arg = DEMAND_WRITE | DEMAND_HUGE | DEMAND_ADMITS });
	for (uint32_t i = 0; i < WL_HUGE_PAGES; i++) {
		wl_page_init(wl, first + i, WL_PAGE_ANON, pfn + i);
		wl->pages.items[first + i].last_mm = t->mm;
		wl->pages.items[first + i].op = op;
	}
	wl->pages.items[first].flags |= WL_PAGE_LARGE;
	wl_count(wl, WL_ALLOC_HUGE);
	return wl_populate_page(wl, task, first);
}

/* One of the list; nr: its base pages. */
static void name_page(struct wl *wl, const struct wl_task *t, uint64_t vpn, uint32_t page,
                      uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		wl_map_set(wl, t->mm, vpn + i, page + i);
	if (locks(wl, t))
		wl_page_lock(wl, page);
}

void wl_populate_named(struct wl *wl, struct wl_task *t, uint64_t vpn, uint64_t end)
{
	uint32_t page = t->populated;

	while (page != WL_NONE) {
		struct wl_page *p = &wl->pages.items[page];
		uint32_t next = page == t->populated_last ? WL_NONE : p->next;
		uint32_t nr = p->flags & WL_PAGE_LARGE ? WL_HUGE_PAGES : 1;

		/* It may have been freed meanwhile and its number be another's. */
		if (p->kind != WL_PAGE_ANON || p->maps != WL_NONE)
			break;
		p->next = WL_NONE;
		p->flags &= (uint8_t)~WL_PAGE_LARGE;
		vpn = (vpn + nr - 1) & ~(uint64_t)(nr - 1);
		if (vpn + nr <= end && t->mm != WL_NONE)
			name_page(wl, t, vpn, page, nr);
		vpn += nr;
		page = next;
	}
	t->populated = WL_NONE;
}

/* ---- files ---- */

void wl_populate_step(struct wl *wl, uint32_t task, enum wl_step step)
{
	struct wl_task *t = &wl->tasks.items[task];
	bool is_new = step == WL_STEP_AROUND || t->populate_seen == 0 || t->populate_seen & step;

	if (t->mm == WL_NONE || t->fault.counted ||
	    (!waits(wl, t) && t->populate_next >= t->populate_end))
		return;
	/* When mlock() returns no event tells, and what is allocated then may be for a write to tmpfs. */
	if (is_new && step == WL_STEP_PAGE && !t->syscall)
		return;
	t->populate_seen = (uint8_t)(is_new ? step : t->populate_seen | step);
	if (is_new)
		tell_faults(wl, task, 1, 0, 0);
}

void wl_populate_sees(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_task *t = &wl->tasks.items[task];

	if (!waits(wl, t))
		return;
	t->populate_dev = event->filemap.dev;
	t->populate_ino = event->filemap.ino;
}

void wl_populate_file(struct wl *wl, uint32_t task, uint64_t vpn, uint64_t end)
{
	const struct wl_task *t = &wl->tasks.items[task];
	uint64_t from = t->populate_index - vpn;
	uint32_t dev = t->populate_dev, nr = 0;
	uint64_t ino = t->populate_ino;
	bool lock = waits(wl, t) && locks(wl, t);

	if (!waits(wl, t) || ino == 0 || end - vpn > MAX_FILLED)
		return;
	for (; vpn < end && !wl->nomem; vpn++) {
		uint32_t page = wl_file_page(wl, dev, ino, from + vpn);

		if (page == WL_NONE || wl->pages.items[page].flags & WL_PAGE_OUT)
			continue;
		wl_file_maps(wl, task, vpn, page);
		if (lock)
			wl_page_lock(wl, page);
		nr++;
	}
	if (!wl->traces_faults && nr > 0)
		tell_faults(wl, task, (nr + FAULT_AROUND - 1) / FAULT_AROUND, 0, 0);
}

/* ---- zeroes ---- */

void wl_populate_zeroes(struct wl *wl, uint32_t task, uint64_t start, uint64_t end)
{
	uint32_t mm = wl->tasks.items[task].mm;
	struct wl_mm *m = &wl->mms.items[mm];

	if (end <= start || end - start > MAX_FILLED)
		return;
	for (uint64_t vpn = start, next; vpn < end; vpn = next) {
		uint32_t flags = wl_huge_flags(wl, mm, vpn), nr = 0;

		next = (vpn | (WL_HUGE_PAGES - 1)) + 1;
		next = next < end ? next : end;
		for (uint64_t i = vpn; i < next; i++)
			nr += (i < m->zeroes_start || i >= m->zeroes_end) &&
			      wl_map_page(wl, mm, i) == WL_NONE && wl_commit_is_anon(wl, mm, i);
		if (nr > 0)
			tell_faults(wl, task, nr, nr == WL_HUGE_PAGES ? flags : 0, vpn);
	}
	if (start <= m->zeroes_end && end >= m->zeroes_start) {
		m->zeroes_start = start < m->zeroes_start ? start : m->zeroes_start;
		m->zeroes_end = end > m->zeroes_end ? end : m->zeroes_end;
	} else {
		m->zeroes_start = start;
		m->zeroes_end = end;
	}
}
