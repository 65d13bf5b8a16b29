// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What TLBs have to know beyond the demand for memory: which task a CPU ran when it went on to another address space,
 * which calls unmap, and which write faults copied what no op tells of.
 *
 * Switches are the scheduler's, which is not modelled: tlb_flush tells of each where it was recorded. Other flushes are
 * what the kernel did in reply, and are left to the engine.
 *
 * Follows tlb_flush of switch_mm_irqs_off(), v6.12, which comes before the task that is left has gone.
 *
 * Not modelled: mprotect(), which no event tells of.
 */
#include "wl_state.h"

#define ON_TASK_SWITCH 0

void wl_tell_tlb(struct wl *wl)
{
	wl->tells_tlb = true;
}

static void emit(struct wl *wl, enum demand_tlb what, uint64_t pages)
{
	wl_emit(wl, (struct demand_op){ .kind = DEMAND_TLB,
	                                .page = DEMAND_NO_PAGE,
	                                .order = (uint8_t)what,
	                                .arg = pages < UINT32_MAX ? (uint32_t)pages : UINT32_MAX });
}

void wl_tlb_event(struct wl *wl, const struct mmr_event *event)
{
	if (!wl->started || event->tlb.reason != ON_TASK_SWITCH)
		return;
	/* Nobody becomes known by this. */
	wl->task = event->pid < wl->pids.count ? wl->pids.items[event->pid] : 0;
	emit(wl, DEMAND_TLB_SWITCH, 0);
}

void wl_tlb_copied(struct wl *wl)
{
	if (wl->tells_tlb)
		emit(wl, DEMAND_TLB_COPIED, 1);
}

void wl_tlb_call(struct wl *wl, bool begins)
{
	if (wl->tells_tlb)
		emit(wl, begins ? DEMAND_TLB_UNMAP_BEGIN : DEMAND_TLB_UNMAP_END, 0);
}

void wl_tlb_moved(struct wl *wl, uint64_t pages)
{
	if (wl->tells_tlb)
		emit(wl, DEMAND_TLB_MOVED, pages);
}
