// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Swap slots: which page of those that come back from swap is which.
 *
 * No event of mm names the slot that a page goes to or comes from, but the I/O does. A page that is written is
 * named by the mm_vmscan_write_folio that follows its I/O, one that is read by its allocation just before. So
 * pages that readahead brings in are known, and those that no page table names: tmpfs and shared memory, which
 * read() and write() bring in without a fault. Follows pageout(), read_swap_cache_async(), v6.12 and v6.1.
 *
 * A slot keeps its page until another one is written to it. What is out then, and is in no address space, was
 * deleted while it was in swap: no event tells of that.
 *
 * A read of tmpfs by a system call brings pages in ahead, whose uses no event tells of. They count as used
 * where they are read: the kernel reads further ahead only if they are.
 *
 * Not modelled: zswap, and zram before v6.3, which have no I/O, nor have pages of zeroes from v6.11 on; areas that are switched on later.
 */
#include <stdio.h>

#include "error_set.h"
#include "memcg.h"
#include "wl_state.h"

#define SECTORS_PER_PAGE 8

int wl_add_swap(struct wl *wl, const struct wl_swap_extent *extents, uint32_t nr,
                struct mmr_error *err)
{
	uint64_t total = wl->slots.count;

	for (uint32_t i = 0; i < nr; i++) {
		struct wl_swap_extent extent = extents[i];

		extent.first_slot = total;
		if (extent.nr_slots > WL_MAX_SLOTS - total)
			return base_error(err, MMR_E_LIMIT, "swap areas of more than %u pages",
			                  WL_MAX_SLOTS);
		total += extent.nr_slots;
		if (wl_extent_vec_push(&wl->extents, extent) < 0)
			return base_error(err, MMR_E_NOMEM, "no memory for swap areas");
	}
	if (wl_u32_vec_reserve(&wl->slots, total) < 0)
		return base_error(err, MMR_E_NOMEM, "no memory for %llu swap slots",
		                  (unsigned long long)total);
	while (wl->slots.count < total)
		wl->slots.items[wl->slots.count++] = WL_NONE;
	return 0;
}

int wl_parse_swap(struct wl *wl, const char *text, size_t size, struct mmr_error *err)
{
	struct wl_swap_extent extents[WL_MAX_EXTENTS];
	uint32_t nr = 0;
	size_t at = 0;

	while (at < size && nr < WL_MAX_EXTENTS) {
		unsigned long long first, slots, sector;
		unsigned int area, major, minor;
		char line[128];
		size_t n = 0;

		while (at < size && text[at] != '\n' && n < sizeof(line) - 1)
			line[n++] = text[at++];
		line[n] = '\0';
		at++;
		if (sscanf(line, "%u %u:%u %llu %llu %llu", &area, &major, &minor, &first, &slots,
		           &sector) == 6)
			extents[nr++] =
				(struct wl_swap_extent){ .dev = major << 20 | (minor & 0xfffff),
				                         .nr_slots = slots,
				                         .sector = sector };
	}
	return wl_add_swap(wl, extents, nr, err);
}

/* The slot of a sector, or WL_NONE. */
static uint32_t slot_of(const struct wl *wl, uint32_t dev, uint64_t sector)
{
	for (size_t i = 0; i < wl->extents.count; i++) {
		const struct wl_swap_extent *extent = &wl->extents.items[i];
		uint64_t page = (sector - extent->sector) / SECTORS_PER_PAGE;

		if (extent->dev == dev && sector >= extent->sector && page < extent->nr_slots)
			return (uint32_t)(extent->first_slot + page);
	}
	return WL_NONE;
}

/* Whether struct wl_page.slot is what it says. */
static bool has_slot(const struct wl_page *p)
{
	return p->kind == WL_PAGE_ANON || p->kind == WL_PAGE_SHMEM || p->kind == WL_PAGE_MOVABLE;
}

/* The page whose contents a slot has. */
static uint32_t owner_of(const struct wl *wl, uint32_t slot)
{
	uint32_t page = wl->slots.items[slot];

	if (page == WL_NONE || !has_slot(&wl->pages.items[page]) ||
	    wl->pages.items[page].slot != slot)
		return WL_NONE;
	return page;
}

/* ---- writes ---- */

static void write_slot(struct wl *wl, uint32_t slot, uint64_t pfn)
{
	uint32_t page = wl_page_at(wl, pfn);
	uint32_t was = owner_of(wl, slot);
	struct wl_page *p;

	if (was != WL_NONE && was != page) {
		p = &wl->pages.items[was];
		p->slot = WL_NONE;
		if (p->flags & WL_PAGE_OUT && p->pfn == WL_NONE && p->maps == WL_NONE)
			wl_page_die(wl, was);
	}
	wl->slots.items[slot] = WL_NONE;
	if (page == WL_NONE)
		return;
	p = &wl->pages.items[page];
	if (p->kind != WL_PAGE_ANON && p->kind != WL_PAGE_SHMEM)
		return;
	p->slot = slot;
	wl->slots.items[slot] = page;
}

static void on_written(struct wl *wl, struct wl_task *t, const struct mmr_event *event)
{
	for (uint32_t i = 0; i < t->nr_written; i++)
		write_slot(wl, t->written_slot + i, event->write_folio.pfn + i);
	t->nr_written = 0;
}

/* ---- reads ---- */

static enum demand_kind touch_kind(const struct wl_page *p)
{
	return p->kind == WL_PAGE_SHMEM ? DEMAND_SHMEM_TOUCH : DEMAND_ANON_TOUCH;
}

/* The op that brought a page to life is its true owner's; false: it is gone. */
static bool take_op(struct wl *wl, uint32_t page, uint32_t owner)
{
	const struct wl_page *p = &wl->pages.items[page];
	struct demand_op *op = wl_op_find(wl, p->op, page);

	if (!op || p->nr_ops != 1)
		return false;
	if (wl->started && op->kind == DEMAND_KERNEL_ALLOC) {
		wl->explain.counts[WL_OP_KERNEL]--;
		wl_count(wl, WL_OP_TOUCH);
	}
	op->kind = (uint8_t)touch_kind(&wl->pages.items[owner]);
	op->page = owner;
	op->arg = (op->arg & DEMAND_WRITE) | DEMAND_REFAULT;
	if (wl->started)
		wl_count(wl, WL_OP_REFAULT);
	if (wl->pages.items[owner].nr_ops < 2)
		wl->pages.items[owner].nr_ops++;
	wl->pages.items[owner].op = p->op;
	return true;
}

/* A page taken for a new one is one that comes back: nobody had known where it was to be seen. */
static void merge(struct wl *wl, uint32_t page, uint32_t owner)
{
	const struct wl_page was = wl->pages.items[page];
	bool anon = was.kind == WL_PAGE_ANON;
	bool shared = wl->pages.items[owner].kind == WL_PAGE_SHMEM;

	if (anon && was.maps != WL_NONE) {
		uint32_t map = was.maps;
		uint32_t mm = wl->maps.items[map].mm;
		uint64_t vpn = wl->maps.items[map].vpn;

		wl_map_remove(wl, map);
		wl_map_add(wl, mm, vpn, owner);
	}
	if (!anon) {
		wl_recount(wl, page, shared ? WL_ALLOC_SHMEM : WL_ALLOC_SWAPIN);
		wl_recount_first(wl, page, shared ? WL_FIRST_LATE_SHMEM : WL_FIRST_LATE_ANON);
	}
	if (take_op(wl, page, owner))
		wl_page_forget(wl, page);
	else
		wl_page_die(wl, page);
}

/* The page that a fault is after, for which another one was taken. */
static void give_back(struct wl *wl, uint32_t page)
{
	struct wl_page *p = &wl->pages.items[page];

	wl_page_unplace(wl, page, WL_PLACE_DROPPED);
	p->flags |= WL_PAGE_OUT;
}

/* The page of a fault that has no owner among the pages known: it was in swap before the trace. */
static bool is_awaited(const struct wl *wl, const struct wl_fault *f)
{
	const struct wl_page *p;

	if (f->state != WL_STATE_GOT || f->page == WL_NONE)
		return false;
	p = &wl->pages.items[f->page];
	return (p->kind == WL_PAGE_ANON || p->kind == WL_PAGE_SHMEM) && p->flags & WL_PAGE_OUT &&
	       p->pfn == WL_NONE && p->slot == WL_NONE;
}

static void place(struct wl *wl, uint32_t owner, uint32_t slot, uint64_t pfn)
{
	struct wl_page *p = &wl->pages.items[owner];

	wl_page_place(wl, owner, (uint32_t)pfn);
	p->flags &= (uint8_t) ~(WL_PAGE_OUT | WL_PAGE_GUESS);
	if (!has_slot(p))
		return;
	p->slot = slot;
	wl->slots.items[slot] = owner;
}

static void read_unknown(struct wl *wl, struct wl_fault *f, uint32_t slot, uint64_t pfn)
{
	uint32_t page = wl_page_at(wl, pfn);
	struct demand_op *op;

	if (page == WL_NONE && is_awaited(wl, f))
		page = f->page;
	if (page == WL_NONE || wl->pages.items[page].kind == WL_PAGE_KERNEL)
		return;
	/* It becomes known now; the engine is told that it had been in swap. */
	op = wl_op_find(wl, wl->pages.items[page].op, page);
	if (op)
		op->arg |= DEMAND_REFAULT;
	place(wl, page, slot, pfn);
}

static void read_slot(struct wl *wl, struct wl_task *t, uint32_t slot, uint64_t pfn)
{
	struct wl_fault *f = &t->fault;
	uint32_t owner = owner_of(wl, slot);
	uint32_t at = wl_page_at(wl, pfn);

	f->by_slot |= f->state != WL_STATE_NONE;
	if (owner == WL_NONE) {
		read_unknown(wl, f, slot, pfn);
		return;
	}
	if (at == owner || wl->pages.items[owner].kind == WL_PAGE_KERNEL)
		return;
	if (at != WL_NONE && wl->pages.items[at].kind == WL_PAGE_KERNEL)
		return;
	if (at != WL_NONE && at == f->page && f->cause == WL_FAULT_SWAPIN) {
		give_back(wl, at);
	} else if (at != WL_NONE && at == f->page && wl->pages.items[owner].maps != WL_NONE) {
		/* It was read ahead; the one that the fault is after is yet to come. */
		give_back(wl, at);
		f->cause = WL_FAULT_SWAPIN;
	} else if (at != WL_NONE) {
		if (at == f->page)
			f->page = owner;
		merge(wl, at, owner);
	}
	place(wl, owner, slot, pfn);
}

void wl_swap_event(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_task *t = &wl->tasks.items[task];
	uint32_t nr = event->bio.nr_sectors / SECTORS_PER_PAGE;
	uint32_t slot;

	if (event->kind == MMR_EVENT_MM_VMSCAN_WRITE_FOLIO) {
		uint32_t page = wl_page_at(wl, event->write_folio.pfn);

		if (page != WL_NONE)
			wl_memcg_takes(wl, page);
		on_written(wl, t, event);
		return;
	}
	slot = slot_of(wl, event->bio.dev, event->bio.sector);
	if (slot == WL_NONE || nr == 0 || nr > wl->slots.count - slot)
		return;
	if (event->bio.rwbs[0] == 'W') {
		t->written_slot = slot;
		t->nr_written = nr <= WL_HUGE_PAGES ? nr : 0;
	} else if (event->bio.rwbs[0] == 'R' && nr == 1 && t->movable_pfn != WL_NONE &&
	           wl_pfn_known(wl, t->movable_pfn)) {
		read_slot(wl, t, slot, t->movable_pfn);
		t->movable_pfn = WL_NONE;
	}
}
