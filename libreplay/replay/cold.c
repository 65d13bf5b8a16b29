/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MADV_COLD and MADV_PAGEOUT: the pages of one page table are gathered, and go together, as the kernel goes about it.
 */
#include "replay_state.h"

#include <string.h>

void replay_cold_op(struct replay *replay, const struct demand_op *op,
                    const struct mm_request *request)
{
	uint32_t pages[MM_TABLE_PAGES], nr;

	if (op->arg & DEMAND_LIMIT) {
		mm_memcg_reclaim(replay->machine, request, op->page);
		return;
	}
	/* Of a task that was killed meanwhile the last page does not come. */
	if (replay->cold_task != op->task)
		replay->nr_cold = 0;
	replay->cold_task = op->task;
	replay->cold[replay->nr_cold++] = op->page;
	if ((op->arg & DEMAND_MORE) && replay->nr_cold < MM_TABLE_PAGES)
		return;
	nr = replay->nr_cold;
	replay->nr_cold = 0;
	if (!(op->arg & DEMAND_PAGEOUT)) {
		mm_madvise_cold(replay->machine, request, replay->cold, nr);
		return;
	}
	/* Others may go on meanwhile. */
	memcpy(pages, replay->cold, sizeof(pages[0]) * nr);
	replay->worker->seen = (struct mm_scan_control){ 0 };
	replay->worker->stretch_percent = 100;
	mm_madvise_pageout(replay->machine, request, pages, nr);
}
