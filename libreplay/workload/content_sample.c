// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is in pages, and what memory is registered for KSM, by samples (mmcap record --content-hash).
 *
 * A row names pages by process and address; what page that is to the workload is what has been seen there. Of
 * those that were never seen nothing can be told.
 *
 * A page that ksmd has merged away has been freed by ksmd, and is nowhere by itself: it lives on, as one that is in swap does, and
 * comes back by the fault of whoever writes to it (see release.c, fault_context.c). Kernels before 6.2 have no events by which
 * ksmd shows.
 */
#include "wl_state.h"

#define MAX_PAGES 65536u /* of a row */

static void take_pages(struct wl *wl, uint32_t task, const struct mmr_access_content *row)
{
	uint64_t vpn = row->address >> WL_PAGE_SHIFT;
	uint32_t nr = row->nr_pages < MAX_PAGES ? row->nr_pages : MAX_PAGES;

	for (uint32_t i = 0; i < nr && !wl->nomem; i++) {
		uint32_t page = wl_map_page(wl, wl->tasks.items[task].mm, vpn + i);

		if (page == WL_NONE || wl->pages.items[page].kind != WL_PAGE_ANON)
			continue;
		wl_emit(wl, (struct demand_op){ .kind = DEMAND_CONTENT,
		                                .task = task,
		                                .page = page,
		                                .arg = (uint32_t)row->hash,
		                                .arg2 = (uint32_t)(row->hash >> 32) });
	}
}

void wl_content(struct wl *wl, const struct mmr_access_content *row)
{
	uint32_t task = wl_task_of(wl, row->pid);
	uint64_t vpn = row->address >> WL_PAGE_SHIFT;

	if (task == 0 || wl->tasks.items[task].mm == WL_NONE)
		return;
	if (row->hash == MMR_CONTENT_REGISTERED)
		wl_ksm_advise(wl, task, vpn, vpn + row->nr_pages, true);
	else
		take_pages(wl, task, row);
}
