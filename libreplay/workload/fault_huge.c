// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Faults that a larger folio serves, a huge page or a smaller one of several base pages: its base pages get numbers that lie
 * side by side, those of an area where a huge page can be, so that a replay can have one there whatever the kernel had.
 * Follows do_huge_pmd_anonymous_page(), alloc_anon_folio() and do_set_pmd(), v6.12.
 */
#include "shared_room.h"
#include "wl_fault.h"

/* Number of base page vpn of a larger page that is in an area: whatever had it is seen by nobody any more. */
static uint32_t area_number(struct wl *wl, uint32_t mm, uint64_t vpn)
{
	uint32_t page = wl_number_get_area(wl, mm, vpn);

	if (page == WL_NONE && !wl->nomem) {
		uint32_t map = wl_map_find(wl, mm, vpn >> WL_HUGE_ORDER | WL_AREA_BIT);

		wl_page_die(wl, wl->maps.items[map].page * WL_HUGE_PAGES +
		                        (uint32_t)(vpn % WL_HUGE_PAGES));
		page = wl_number_get_area(wl, mm, vpn);
	}
	return page;
}

/* A fault's larger page of so many base pages, the first of which is at vpn, and at place where areas are concerned. */
struct large {
	uint64_t vpn;
	uint64_t place;
	uint32_t nr;
	uint32_t pfn;
	bool in_area;
	enum wl_page_kind kind;
};

/* Its base pages come to life. The first; WL_NONE: there is no memory. */
static uint32_t large_pages(struct wl *wl, uint32_t mm, const struct large *large)
{
	uint32_t first = large->in_area ? WL_NONE
	                                : wl_number_get(wl, (unsigned int)__builtin_ctz(large->nr));

	for (uint32_t i = 0; i < large->nr && !wl->nomem; i++) {
		uint32_t page = large->in_area ? area_number(wl, mm, large->place + i) : first + i;

		first = i ? first : page;
		if (page == WL_NONE)
			return WL_NONE;
		wl_page_init(wl, page, large->kind, large->pfn + i);
		wl->pages.items[page].last_mm = mm;
		wl_map_add(wl, mm, large->vpn + i, page);
	}
	return wl->nomem ? WL_NONE : first;
}

static bool take_large(struct wl *wl, uint32_t task, uint32_t pfn, uint32_t gfp_flags,
                       unsigned int order)
{
	struct wl_fault *f = &wl->tasks.items[task].fault;
	uint32_t mm = wl->tasks.items[task].mm;
	bool shared, huge = order == WL_HUGE_ORDER;
	struct wl_shared_room room = { .place = f->vpn };
	uint32_t nr = 1u << order, first, at, flags = 0, op;
	struct large large;

	if (f->state != WL_STATE_OPEN || f->served || mm == WL_NONE || order > WL_HUGE_ORDER)
		return false;
	/* Readahead's. */
	if (!huge && (gfp_flags & (WL_GFP_NORETRY | WL_GFP_NOMEMALLOC)) == WL_GFP_NORETRY)
		return false;
	shared = wl_shared_room(wl, mm, f->vpn, &room);
	at = (uint32_t)room.place & (nr - 1);
	if (shared)
		flags = room.flags;
	else
		flags = huge ? wl_huge_flags(wl, mm, f->vpn) : wl_room_flags(wl, mm, f->vpn - at);
	for (uint32_t i = 0; i < nr; i++) {
		uint32_t map = wl_map_find(wl, mm, f->vpn - at + i);

		if (map != WL_NONE)
			wl_map_drop(wl, map);
	}
	f->page = WL_NONE;
	large = (struct large){
		.vpn = f->vpn - at,
		.place = room.place - at,
		.nr = nr,
		.pfn = pfn,
		.in_area = huge || flags != 0,
		.kind = shared ? WL_PAGE_SHMEM : WL_PAGE_ANON,
	};
	first = large_pages(wl, mm, &large);
	if (first == WL_NONE)
		return true;
	f->state = WL_STATE_GOT;
	f->cause = shared ? WL_FAULT_SHMEM : WL_FAULT_NEW;
	f->told = true;
	f->page = first + at;
	wl_count(wl, WL_ALLOC_HUGE);
	wl_fault_ask_again(&wl->tasks.items[task]);
	op = wl_emit(wl, (struct demand_op){
				 .kind = shared ? DEMAND_SHMEM_TOUCH : DEMAND_ANON_TOUCH,
				 .page = first,
				 .order = (uint8_t)order,
				 .gfp_flags = gfp_flags,
				 .arg = wl_fault_op_flags(f) | flags |
	                                (huge ? (uint32_t)DEMAND_HUGE | DEMAND_ADMITS : 0u) |
	                                (shared ? (uint32_t)DEMAND_MAPPED
	                                        : wl_commit_flags(wl, mm, large.vpn)),
				 .arg2 = (uint32_t)large.place,
			 });
	for (uint32_t i = 0; i < nr; i++)
		wl->pages.items[first + i].op = op;
	if (wl_populate_locks(wl, &wl->tasks.items[task]))
		wl_page_lock(wl, first);
	return true;
}

bool wl_fault_huge(struct wl *wl, uint32_t task, uint32_t pfn, uint32_t gfp_flags,
                   unsigned int order)
{
	bool filled = wl->tasks.items[task].fault.state != WL_STATE_OPEN &&
	              wl_populate_fault(wl, task, gfp_flags, order);
	bool taken = take_large(wl, task, pfn, gfp_flags, order);

	if (filled)
		wl_fault_end(wl, task);
	return taken || (order == WL_HUGE_ORDER && wl_populate_huge(wl, task, pfn, gfp_flags));
}

void wl_huge_to_shmem(struct wl *wl, uint32_t page)
{
	uint32_t first = page & ~(WL_HUGE_PAGES - 1);
	struct demand_op *op = wl_op_find(wl, wl->pages.items[first].op, first);

	if (!op || op->kind != DEMAND_ANON_TOUCH || op->order != WL_HUGE_ORDER)
		return;
	op->kind = DEMAND_SHMEM_TOUCH;
	op->arg = (op->arg & ((1u << DEMAND_MAPPING_SHIFT) - 1)) | DEMAND_MAPPED;
	for (uint32_t i = 0; i < WL_HUGE_PAGES; i++)
		if (wl->pages.items[first + i].kind == WL_PAGE_ANON)
			wl->pages.items[first + i].kind = WL_PAGE_SHMEM;
}
