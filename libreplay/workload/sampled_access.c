/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Samples of page accesses become DEMAND_ACCESS, one for each page that was seen in use. A page that came
 * into memory since it was marked was not marked: that it is not idle says nothing, and what brought it in is
 * demand already. Its bit is passed over: where the sample tells (known), by that, otherwise by when the page
 * frame was allocated.
 *
 * State: when each page frame was allocated, from the first sample on that does not tell.
 *
 * Not modelled: that a page was watched and not used. Who wrote, and who read.
 */
#include "alloc.h"
#include "error_set.h"
#include "wl_state.h"

#define PAGE_SHIFT 12

static void emit(struct wl *wl, uint32_t page, uint64_t since_ns)
{
	uint64_t width = wl->now_ns > since_ns ? wl->now_ns - since_ns : 0;

	if (page == WL_NONE || wl->pages.items[page].kind > WL_PAGE_SHMEM)
		return;
	wl_emit(wl, (struct demand_op){
			    .kind = DEMAND_ACCESS,
			    .page = page,
			    .arg2 = width > UINT32_MAX ? UINT32_MAX : (uint32_t)width,
		    });
}

/* Allocated after it could have been marked. */
static bool born_since(const struct wl *wl, uint64_t pfn, uint64_t since_ns)
{
	uint32_t born;

	if (!wl->born || !wl_pfn_known(wl, pfn))
		return false;
	born = wl->born[pfn - wl->first_pfn];
	return born != 0 && (int32_t)(born - wl_born_time(since_ns)) > 0;
}

static void take_bitmap(struct wl *wl, const struct mmr_access_sample *sample)
{
	uint64_t since_ns = sample->mark_begin_ns ? sample->mark_begin_ns : sample->begin_ns;

	if (!sample->known && !wl->born) {
		wl->born = base_calloc(wl->nr_pfns, sizeof(*wl->born));
		wl->nomem |= !wl->born;
	}
	for (uint64_t i = 0; i < sample->nr_pfns; i++) {
		if (sample->idle[i / 8] >> i % 8 & 1)
			continue;
		if (!sample->known && born_since(wl, sample->first_pfn + i, since_ns))
			continue;
		if (sample->known && !(sample->known[i / 8] >> i % 8 & 1))
			continue;
		emit(wl, wl_page_at(wl, sample->first_pfn + i), since_ns);
	}
}

static void take_use(struct wl *wl, const struct mmr_access_use *use)
{
	uint64_t number = use->address >> PAGE_SHIFT;
	uint32_t task;

	if (!(use->flags & MMR_USE_SEEN))
		return;
	if (use->flags & MMR_USE_PHYSICAL) {
		emit(wl, wl_page_at(wl, number), use->begin_ns);
		return;
	}
	task = wl_task_of(wl, use->pid);
	if (task != 0 && wl->tasks.items[task].mm != WL_NONE)
		emit(wl, wl_map_page(wl, wl->tasks.items[task].mm, number), use->begin_ns);
}

int wl_access(struct wl *wl, const struct mmr_access_sample *sample, struct mmr_error *err)
{
	wl->task = 0;
	if (sample->end_ns > wl->now_ns)
		wl->now_ns = sample->end_ns;
	if (!wl->started)
		wl_resident_until(wl, wl->now_ns);
	if (wl->started && sample->kind == MMR_ACCESS_BITMAP)
		take_bitmap(wl, sample);
	for (uint64_t i = 0; wl->started && i < sample->nr_uses && !wl->nomem; i++)
		take_use(wl, &sample->uses[i]);
	if (wl->nomem)
		return base_error(err, MMR_E_NOMEM, "no memory to follow the workload");
	return 0;
}
