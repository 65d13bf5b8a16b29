// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Moves: compaction, NUMA balancing and the like put a page into another page frame; khugepaged puts
 * 512 of them into one huge page.
 *
 * set_migration_pte names an address and the old page frame, remove_migration_pte the same address
 * and the new one; a batch of up to 512 pages lies between them. Both name the address, so the first
 * is also the measure of the attribution: it is counted whether the page known to live there is known
 * by this address. Follows try_to_migrate_one() and remove_migration_pte(), v6.12.
 *
 * A page that is not mapped moves without an event: it is in memory then, no one knows where, until
 * an event names it with its page frame.
 */
#include "wl_state.h"

/*
 * x86-64. A swap-type pte holds the type in its upper 5 bits and the offset below, inverted as a
 * defence against L1TF. Above the pfn, the offset has bits of its own (young, dirty), at a place that
 * depends on the machine: 34 or more; a workload's page frames have 32.
 */
#define PTE_PRESENT  0x1u
#define PTE_PFN(pte) ((pte) >> 12 & 0xffffffffffull)
#define SWP_PFN(pte) ((~(pte) << 5) >> 14 & 0xffffffffull)

static struct wl_migrator *migrator_of(struct wl *wl, uint32_t task)
{
	struct wl_task *t = &wl->tasks.items[task];
	struct wl_migrator *m;

	if (t->migrator != WL_NONE && wl->migrators[t->migrator].task == task)
		return &wl->migrators[t->migrator];
	t->migrator = wl->next_migrator++ % WL_MAX_MIGRATORS;
	m = &wl->migrators[t->migrator];
	m->task = task;
	m->first = 0;
	m->count = 0;
	if (!m->moves)
		m->moves = base_calloc(WL_MAX_MOVES, sizeof(*m->moves));
	wl->nomem |= !m->moves;
	return m;
}

static void count_unmapped(struct wl *wl, const struct wl_page *p)
{
	if (p->kind != WL_PAGE_ANON)
		wl_count(wl, WL_MIGRATION_FILE);
	else if (p->alloc_cause == WL_NR_CAUSES || p->alloc_cause == WL_ALLOC_ANON_UNNAMED)
		wl_count(wl, WL_MIGRATION_BEFORE);
	else
		wl_count(wl, WL_MIGRATION_UNKNOWN_ANON);
}

static void count_agreement(struct wl *wl, uint64_t pfn, uint64_t vpn)
{
	uint32_t page = wl_page_at(wl, pfn);
	uint32_t map;

	if (page == WL_NONE) {
		wl_count(wl, WL_MIGRATION_UNKNOWN);
		return;
	}
	map = wl->pages.items[page].maps;
	if (map == WL_NONE || wl->maps.items[map].vpn & WL_FILE_BIT) {
		count_unmapped(wl, &wl->pages.items[page]);
		return;
	}
	if (wl->pages.items[page].flags & WL_PAGE_STACK) {
		/* Only its place on the stack was known, and now the address is. */
		uint32_t mm = wl->maps.items[map].mm;

		wl->pages.items[page].flags &= (uint8_t)~WL_PAGE_STACK;
		wl_map_remove(wl, map);
		wl_map_set(wl, mm, vpn, page);
		wl_count(wl, WL_MIGRATION_STACK);
		return;
	}
	while (map != WL_NONE && wl->maps.items[map].vpn != vpn)
		map = wl->maps.items[map].page_next;
	wl_count(wl, map == WL_NONE ? WL_MIGRATION_DIFFER : WL_MIGRATION_AGREE);
}

static void on_set(struct wl *wl, uint32_t task, const struct mmr_event *event, uint64_t nr)
{
	struct wl_migrator *m = migrator_of(wl, task);
	uint64_t pfn = SWP_PFN(event->migration_pte.pte);
	uint64_t vpn = event->migration_pte.address >> WL_PAGE_SHIFT;

	if (!m->moves || !wl_pfn_known(wl, pfn) || !wl_pfn_known(wl, pfn + nr - 1)) {
		wl_count(wl, WL_MIGRATION_UNKNOWN);
		return;
	}
	count_agreement(wl, pfn, vpn);
	if (m->count == WL_MAX_MOVES) {
		m->first++;
		m->count--;
	}
	m->moves[(m->first + m->count++) % WL_MAX_MOVES] =
		(struct wl_move){ .vpn = vpn, .pfn = (uint32_t)pfn };
}

static void move(struct wl *wl, uint32_t old_pfn, uint32_t new_pfn)
{
	uint32_t page = wl_page_at(wl, old_pfn);

	if (page == WL_NONE || wl->pages.items[page].kind == WL_PAGE_KERNEL)
		return;
	wl_page_place(wl, page, new_pfn);
}

static void on_remove(struct wl *wl, uint32_t task, const struct mmr_event *event, uint64_t nr)
{
	struct wl_migrator *m = migrator_of(wl, task);
	uint64_t pfn = PTE_PFN(event->migration_pte.pte);
	uint64_t vpn = event->migration_pte.address >> WL_PAGE_SHIFT;
	uint32_t i = 0;
	uint32_t old_pfn;

	/* They come back nearly in the order in which they went. */
	while (i < m->count && m->moves[(m->first + i) % WL_MAX_MOVES].vpn != vpn)
		i++;
	if (i == m->count)
		return;
	old_pfn = m->moves[(m->first + i) % WL_MAX_MOVES].pfn;
	for (; i > 0; i--)
		m->moves[(m->first + i) % WL_MAX_MOVES] =
			m->moves[(m->first + i - 1) % WL_MAX_MOVES];
	m->first++;
	m->count--;
	if (!(event->migration_pte.pte & PTE_PRESENT) || old_pfn == pfn || !wl_pfn_known(wl, pfn) ||
	    !wl_pfn_known(wl, pfn + nr - 1))
		return;
	for (uint32_t k = 0; k < nr; k++)
		move(wl, old_pfn + k, (uint32_t)pfn + k);
}

static void on_isolate_free(struct wl *wl, const struct mmr_event *event)
{
	uint64_t end = event->isolate.end_pfn;

	if (event->isolate.nr_taken == 0 || end < event->isolate.start_pfn)
		return;
	if (end - event->isolate.start_pfn > WL_HUGE_PAGES)
		end = event->isolate.start_pfn + WL_HUGE_PAGES;
	for (uint64_t pfn = event->isolate.start_pfn; pfn < end; pfn++)
		if (wl_pfn_known(wl, pfn) && *wl_place(wl, pfn) == WL_PLACE_FREE)
			*wl_place(wl, pfn) = WL_PLACE_TARGET;
}

void wl_migration_event(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_task *t = &wl->tasks.items[task];

	switch (event->kind) {
	case MMR_EVENT_MM_MIGRATE_PAGES_START:
		t->flags |= WL_TASK_MIGRATE;
		break;
	case MMR_EVENT_MM_MIGRATE_PAGES:
		t->flags &= ~(uint32_t)WL_TASK_MIGRATE;
		break;
	case MMR_EVENT_SET_MIGRATION_PTE:
		on_set(wl, task, event, 1);
		break;
	case MMR_EVENT_REMOVE_MIGRATION_PTE:
		on_remove(wl, task, event, 1);
		break;
	case MMR_EVENT_SET_MIGRATION_PMD:
		on_set(wl, task, event, WL_HUGE_PAGES);
		break;
	case MMR_EVENT_REMOVE_MIGRATION_PMD:
		on_remove(wl, task, event, WL_HUGE_PAGES);
		break;
	case MMR_EVENT_MM_COMPACTION_ISOLATE_FREEPAGES:
	case MMR_EVENT_MM_COMPACTION_FAST_ISOLATE_FREEPAGES:
		on_isolate_free(wl, event);
		break;
	default:
		break;
	}
}

/* ---- khugepaged ---- */

/* Remembers which 512 pages are about to be collapsed: those around a page that was looked at. */
static void note_collapse(struct wl *wl, struct wl_task *t, uint64_t pfn)
{
	uint32_t page = wl_page_at(wl, pfn);
	uint32_t map = page == WL_NONE ? WL_NONE : wl->pages.items[page].maps;

	if (map == WL_NONE || wl->maps.items[map].vpn & WL_FILE_BIT)
		return;
	/* A fork may share it. */
	while (t->flags & WL_TASK_COLLAPSE && wl->maps.items[map].mm != t->mm &&
	       wl->maps.items[map].page_next != WL_NONE)
		map = wl->maps.items[map].page_next;
	t->collapse_mm = wl->maps.items[map].mm;
	t->collapse_vpn = wl->maps.items[map].vpn & ~(uint64_t)(WL_HUGE_PAGES - 1);
}

void wl_collapse_frees(struct wl *wl, uint32_t task, uint64_t pfn)
{
	struct wl_task *t = &wl->tasks.items[task];
	uint32_t page = wl_page_at(wl, pfn);

	if (t->collapse_mm != WL_NONE || t->collapse_pfn == WL_NONE || page == WL_NONE)
		return;
	if (wl->pages.items[page].kind == WL_PAGE_SHMEM)
		note_collapse(wl, t, pfn);
	if (wl->files_mm == 0 || !wl_is_in_area(wl, page))
		return;
	t->collapse_mm = wl->files_mm - 1;
	t->collapse_vpn = page & ~(WL_HUGE_PAGES - 1);
}

static uint32_t collapsed_page(const struct wl *wl, const struct wl_task *t, uint32_t i)
{
	uint32_t page = (uint32_t)t->collapse_vpn + i;

	if (t->collapse_mm + 1 != wl->files_mm)
		return wl_map_page(wl, t->collapse_mm, t->collapse_vpn + i);
	return wl_is_in_area(wl, page) ? page : WL_NONE;
}

static void collapse(struct wl *wl, struct wl_task *t)
{
	uint32_t mm = t->collapse_mm;

	if (mm == WL_NONE || t->collapse_pfn == WL_NONE || mm >= wl->mms.count ||
	    !wl->mms.items[mm].users)
		return;
	for (uint32_t i = 0; i < WL_HUGE_PAGES; i++) {
		uint32_t page = collapsed_page(wl, t, i);

		if (page == WL_NONE || *wl_place(wl, t->collapse_pfn + i) != WL_PLACE_COLLAPSE)
			continue;
		wl->pages.items[page].flags &= (uint8_t)~WL_PAGE_OUT;
		wl_page_place(wl, page, t->collapse_pfn + i);
	}
}

void wl_khugepaged_event(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_task *t = &wl->tasks.items[task];

	/* madvise(MADV_COLLAPSE) emits the same, in the caller's context. */
	if (!t->syscall)
		t->flags |= WL_TASK_KHUGEPAGED;
	switch (event->kind) {
	case MMR_EVENT_MM_KHUGEPAGED_SCAN_PMD:
	case MMR_EVENT_MM_COLLAPSE_HUGE_PAGE_ISOLATE:
		note_collapse(wl, t, event->khugepaged.pfn);
		break;
	case MMR_EVENT_MM_KHUGEPAGED_COLLAPSE_FILE:
		/* What it was not good for has been freed. */
		if (event->khugepaged.pfn == t->collapse_pfn)
			collapse(wl, t);
		t->collapse_pfn = WL_NONE;
		t->collapse_mm = WL_NONE;
		break;
	case MMR_EVENT_MM_COLLAPSE_HUGE_PAGE:
		if (event->khugepaged.status == MMR_SCAN_SUCCEED)
			collapse(wl, t);
		t->collapse_pfn = WL_NONE;
		t->collapse_mm = WL_NONE;
		break;
	default:
		break;
	}
}
