// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Areas of files: 2 MiB of a file that a process has mapped where a huge page could be (CONFIG_READ_ONLY_THP_FOR_FS).
 *
 * A mapping tells its protection and its place in a file, but not which file; that is known with the first fault. From then on the pages
 * of its areas have 512 numbers each, in order, those that were in memory before get new ones, and the demand says where the areas are
 * mapped. Of a large mapping these are the ones around the fault, and others with a fault of theirs.
 *
 * A fault that maps a huge page is told of by no event of the page cache: the address says which page it is for, and rss_stat, which grows
 * by a huge page, that it was one. If it is the first of a mapping, the file is the one that has been mapped at the same place and as far before.
 *
 * State: an address space of nobody's, in which files lie side by side.
 *
 * Follows thp_vma_suitable_order(), filemap_map_pmd() of v6.12.
 *
 * Not modelled: that other processes have an area under new numbers, before a fault of theirs; files in large folios; pages that were in memory before the trace, whose names are not known. What the recorded
 * khugepaged read for a collapse is demand, whatever a replay collapses.
 */
#include "wl_state.h"

#define AROUND \
	(UINT64_C(128) * WL_HUGE_PAGES) /* pages of a mapping on either side of its first fault */

/* Where it would be in the space of files. */
static uint64_t place_of(uint32_t file, uint64_t index)
{
	return (uint64_t)file << 32 | (uint32_t)index;
}

bool wl_is_in_area(const struct wl *wl, uint32_t page)
{
	const struct wl_page *p = &wl->pages.items[page];

	return p->kind == WL_PAGE_FILE && ((p->index ^ page) & (WL_HUGE_PAGES - 1)) == 0 &&
	       wl->chunks.items[page / WL_HUGE_PAGES].class == WL_CLASS_AREA;
}

/* All that is known of it, unless it is part of a folio. */
static void gather(struct wl *wl, uint32_t mm, uint32_t file, uint64_t first)
{
	const struct wl_file f = wl->files.items[file];

	for (uint64_t index = first; index < first + WL_HUGE_PAGES && !wl->nomem; index++) {
		uint32_t page = wl_file_page(wl, f.dev, f.ino, (uint64_t)f.high << 32 | index);
		uint32_t number;

		if (page == WL_NONE || wl->chunks.items[page / WL_HUGE_PAGES].class != 0)
			continue;
		number = wl_number_get_area(wl, mm, place_of(file, index));
		if (number != WL_NONE)
			wl_file_renumber(wl, page, number);
	}
}

static void tell_area(struct wl *wl, uint32_t task, uint64_t vpn, uint32_t number, uint32_t file)
{
	wl_emit(wl, (struct demand_op){ .kind = DEMAND_FILE_AREA,
	                                .task = task,
	                                .page = DEMAND_NO_PAGE,
	                                .gfp_flags = file,
	                                .arg = (uint32_t)(vpn >> WL_HUGE_ORDER) & DEMAND_AREA_MASK,
	                                .arg2 = number & ~(WL_HUGE_PAGES - 1) });
}

static bool is_known(struct wl *wl, uint32_t files, uint64_t place)
{
	return wl_map_find(wl, files, place >> WL_HUGE_ORDER | WL_AREA_BIT) != WL_NONE;
}

/* The area at a virtual page, if its file is known; again: if it has its numbers already, too. */
static void tell_mapped(struct wl *wl, uint32_t task, uint64_t vpn, bool again)
{
	uint32_t mm = wl->tasks.items[task].mm, files = wl_mm_of_nobody(wl, &wl->files_mm);
	struct wl_file_place place = wl_commit_place(wl, mm, vpn);
	uint32_t file = WL_NONE, number;

	if (files != WL_NONE && place.ino != 0 && wl_commit_has_file(wl, mm, vpn))
		file = wl_file_find(wl, place.dev, place.ino, place.index);
	if (file == WL_NONE)
		return;
	if (!is_known(wl, files, place_of(file, place.index)))
		gather(wl, files, file, place.index);
	else if (!again)
		return;
	number = wl_number_of_area(wl, files, place_of(file, place.index));
	if (number != WL_NONE)
		tell_area(wl, task, vpn, number, file);
}

/* A mapping has got its name, or all had ended where there is a fault now: what lies around that. */
static void tell_around(struct wl *wl, uint32_t task, uint64_t vpn, bool is_new)
{
	uint32_t mm = wl->tasks.items[task].mm;
	uint64_t here = vpn & ~(uint64_t)(WL_HUGE_PAGES - 1);
	const struct wl_file_place of = wl_commit_place(wl, mm, vpn);

	for (uint64_t at = here > AROUND ? here - AROUND : 0; at <= here + AROUND && !wl->nomem;
	     at += WL_HUGE_PAGES) {
		struct wl_file_place place = wl_commit_place(wl, mm, at);

		if (at != here && place.ino == of.ino && place.dev == of.dev &&
		    place.index - at == of.index - vpn)
			tell_mapped(wl, task, at, is_new);
	}
}

void wl_file_areas_wanted(struct wl *wl, uint32_t task, uint64_t first, uint64_t end)
{
	for (uint64_t at = first; wl->tells_files && at < end && !wl->nomem; at += WL_HUGE_PAGES)
		tell_mapped(wl, task, at, true);
}

uint32_t wl_file_area(struct wl *wl, uint32_t task, uint64_t vpn, uint32_t page)
{
	const struct wl_page *p = &wl->pages.items[page];
	uint32_t mm = wl->tasks.items[task].mm, files, index = p->index, file = p->file;
	struct wl_file f;
	bool is_new, had_area;

	if (!wl->tells_files || mm == WL_NONE || !(p->flags & WL_PAGE_IN_HASH) ||
	    ((vpn ^ index) & (WL_HUGE_PAGES - 1)) != 0 || !wl_commit_has_file(wl, mm, vpn))
		return page;
	f = wl->files.items[file];
	files = wl_mm_of_nobody(wl, &wl->files_mm);
	if (files == WL_NONE)
		return page;
	is_new = wl_commit_name_file(wl, mm, vpn, &f, (uint64_t)f.high << 32 | index);
	had_area = wl_is_in_area(wl, page);
	if (!had_area) {
		gather(wl, files, file, index & ~(WL_HUGE_PAGES - 1));
		page = wl_file_page(wl, f.dev, f.ino, (uint64_t)f.high << 32 | index);
	}
	if (is_new || !had_area)
		tell_around(wl, task, vpn, is_new);
	if (wl_is_in_area(wl, page))
		tell_area(wl, task, vpn, page, file);
	return page;
}

void wl_file_area_mapped(struct wl *wl, uint32_t task)
{
	const struct wl_task *t = &wl->tasks.items[task];
	struct wl_file_place place;
	uint32_t page;

	if (!wl->tells_files || t->mm == WL_NONE || t->syscall || t->fault.told ||
	    t->fault.state != WL_STATE_OPEN)
		return;
	place = wl_commit_guess(wl, t->mm, t->fault.vpn);
	if (place.ino == 0)
		return;
	page = wl_file_page(wl, place.dev, place.ino, place.index);
	if (page != WL_NONE)
		wl_file_fault(wl, task, page);
}

uint32_t wl_file_area_number(struct wl *wl, const struct mmr_event *event, uint64_t index)
{
	uint32_t file;
	uint64_t place;

	if (wl->files_mm == 0 || event->filemap.order != 0)
		return WL_NONE;
	file = wl_file_find(wl, event->filemap.dev, event->filemap.ino, index);
	place = place_of(file, index);
	if (file == WL_NONE || !is_known(wl, wl->files_mm - 1, place))
		return WL_NONE;
	return wl_number_get_area(wl, wl->files_mm - 1, place);
}
