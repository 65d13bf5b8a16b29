// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What programs register for KSM: madvise(MADV_MERGEABLE), and where it ends.
 *
 * Not modelled: ranges that mremap() moves are registered no more; prctl(PR_SET_MEMORY_MERGE), and what was registered before the
 * recording, of which samples of contents tell (content_sample.c).
 */
#include "wl_state.h"

#define PIECE_PAGES (UINT64_C(1) << 31) /* so that a number of pages fits into its word */

static void tell(struct wl *wl, uint32_t task, uint64_t start, uint64_t end, enum demand_ksm what)
{
	for (; start < end; start += PIECE_PAGES) {
		uint64_t nr = end - start < PIECE_PAGES ? end - start : PIECE_PAGES;

		wl_emit(wl, (struct demand_op){ .kind = DEMAND_KSM_RANGE,
		                                .order = (uint8_t)what,
		                                .task = task,
		                                .page = DEMAND_NO_PAGE,
		                                .arg = (uint32_t)start,
		                                .arg2 = (uint32_t)nr });
	}
}

void wl_ksm_advise(struct wl *wl, uint32_t task, uint64_t start, uint64_t end, bool mergeable)
{
	struct wl_mm *mm = &wl->mms.items[wl->tasks.items[task].mm];

	if (!mergeable && !mm->mergeable)
		return;
	mm->mergeable = true;
	tell(wl, task, start, end, mergeable ? DEMAND_KSM_MERGEABLE : DEMAND_KSM_UNMERGEABLE);
}

void wl_ksm_unmap(struct wl *wl, uint32_t task, uint64_t start, uint64_t end)
{
	if (wl->mms.items[wl->tasks.items[task].mm].mergeable)
		tell(wl, task, start, end, DEMAND_KSM_GONE);
}
