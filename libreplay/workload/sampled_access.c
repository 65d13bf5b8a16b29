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
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "le.h"
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

/* 64 bits of a bitmap that has nr bits, from a multiple of 8 on; those beyond its end are 0. */
static uint64_t bits_at(const uint8_t *bitmap, uint64_t first, uint64_t nr)
{
	uint64_t left = nr - first, bits = 0;

	memcpy(&bits, bitmap + first / 8, left >= 64 ? 8 : (left + 7) / 8);
	bits = le64_get((const uint8_t *)&bits);
	return left >= 64 ? bits : bits & ((UINT64_C(1) << left) - 1);
}

/* Of 64 page frames those that were seen in use. */
static uint64_t used_of(const struct mmr_access_sample *sample, uint64_t first)
{
	uint64_t nr = sample->nr_pfns, left = nr - first;
	uint64_t used = ~bits_at(sample->idle, first, nr);

	if (left < 64)
		used &= (UINT64_C(1) << left) - 1;
	return sample->known ? used & bits_at(sample->known, first, nr) : used;
}

static void take_bitmap(struct wl *wl, const struct mmr_access_sample *sample)
{
	uint64_t since_ns = sample->mark_begin_ns ? sample->mark_begin_ns : sample->begin_ns;

	if (!sample->known && !wl->born) {
		wl->born = base_calloc(wl->nr_pfns, sizeof(*wl->born));
		wl->nomem |= !wl->born;
	}
	for (uint64_t first = 0; first < sample->nr_pfns; first += 64) {
		uint64_t used = used_of(sample, first);

		for (uint64_t rest = used; rest; rest &= rest - 1)
			wl_expect_page(wl, wl_page_at(wl, sample->first_pfn + first +
			                                          (uint64_t)__builtin_ctzll(rest)));
		for (; used; used &= used - 1) {
			uint64_t i = first + (uint64_t)__builtin_ctzll(used);

			if (sample->known || !born_since(wl, sample->first_pfn + i, since_ns))
				emit(wl, wl_page_at(wl, sample->first_pfn + i), since_ns);
		}
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
	if (wl->started && sample->kind == MMR_ACCESS_BITMAP) {
		wl_emit(wl, (struct demand_op){ .kind = DEMAND_IDLE_MARK, .page = DEMAND_NO_PAGE });
		take_bitmap(wl, sample);
	}
	for (uint64_t i = 0; wl->started && i < sample->nr_uses && !wl->nomem; i++)
		take_use(wl, &sample->uses[i]);
	for (uint64_t i = 0; wl->started && i < sample->nr_contents && !wl->nomem; i++)
		wl_content(wl, &sample->contents[i]);
	if (wl->nomem)
		return base_error(err, MMR_E_NOMEM, "no memory to follow the workload");
	return 0;
}
