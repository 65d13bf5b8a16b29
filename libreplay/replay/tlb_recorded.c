/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the recorded kernel flushed TLBs for. tlb_flush tells how (a switch, here, elsewhere) and not what for: that is
 * what the task was inside of, as other events tell. Of a flush on another CPU it is what the last interrupt was sent for.
 *
 * fork and exit tell of themselves only after their flush, which waits for that.
 *
 * Not modelled: mprotect(), NUMA balancing, writeback of mapped files and whatever else no event tells of: other.
 */
#include "tlb_recorded.h"

#include "error_set.h"

static enum mm_tlb_extent extent_of(uint32_t nr_pages)
{
	return nr_pages == MM_TLB_ALL ? MM_TLB_FULL : nr_pages > 0 ? MM_TLB_RANGED : MM_TLB_NONE;
}

static void count(struct replay_tlb_recorded *recorded, enum mm_tlb_cause cause,
                  enum mm_tlb_reason reason, uint32_t nr_pages)
{
	enum mm_tlb_extent extent = extent_of(nr_pages);
	struct mm_tlb_count *c = &recorded->counts[cause][reason][extent];

	if (!recorded->begun)
		return;
	c->flushes++;
	c->pages += extent == MM_TLB_RANGED ? nr_pages : 0;
}

/* Full flushes that waited for what they were for. */
static void settle(struct replay_tlb_recorded *recorded, struct replay_task *task,
                   enum mm_tlb_cause cause)
{
	for (int reason = 0; reason < MM_NR_TLB_REASONS; reason++) {
		recorded->counts[cause][reason][MM_TLB_FULL].flushes += task->tlb.waiting[reason];
		task->tlb.waiting[reason] = 0;
	}
}

/* MM_NR_TLB_CAUSES: it will tell. */
static enum mm_tlb_cause cause_of(const struct replay_task *task, uint32_t nr_pages)
{
	const struct replay_task_tlb *tlb = &task->tlb;

	if (tlb->compacts)
		return MM_TLB_MIGRATE;
	if (tlb->khugepaged)
		return MM_TLB_HUGE;
	if (tlb->reclaims)
		return MM_TLB_RECLAIM;
	if (tlb->unmaps)
		return MM_TLB_UNMAP;
	if (nr_pages == MM_TLB_ALL)
		return MM_NR_TLB_CAUSES;
	return tlb->faulted && nr_pages <= 1 ? MM_TLB_COPY : MM_TLB_OTHER;
}

static void on_flush(struct replay_tlb_recorded *recorded, struct replay_task *task,
                     const struct mmr_event *event)
{
	uint32_t nr_pages =
		event->tlb.nr_pages == UINT64_MAX ? MM_TLB_ALL : (uint32_t)event->tlb.nr_pages;
	enum mm_tlb_reason reason = (enum mm_tlb_reason)event->tlb.reason;
	struct replay_task *for_whom = task;
	enum mm_tlb_cause cause;

	if (reason == MM_TLB_TASK_SWITCH) {
		count(recorded, MM_TLB_SWITCH, reason, nr_pages);
		return;
	}
	if (reason == MM_TLB_REMOTE_SHOOTDOWN) {
		cause = recorded->sent_for;
		for_whom = replay_task_find(&recorded->tasks, recorded->sender);
	} else {
		cause = cause_of(task, nr_pages);
	}
	if (reason == MM_TLB_REMOTE_SEND_IPI) {
		recorded->sender = event->pid;
		recorded->sent_for = cause;
	}
	if (cause == MM_TLB_SWITCH)
		cause = MM_TLB_OTHER; /* nothing was sent yet */
	if (cause < MM_NR_TLB_CAUSES)
		count(recorded, cause, reason, nr_pages);
	else if (nr_pages == MM_TLB_ALL && for_whom)
		for_whom->tlb.waiting[reason] += recorded->begun;
	else
		count(recorded, MM_TLB_OTHER, reason, nr_pages);
}

/* What an event says of what its task is inside of. */
enum sign {
	NOTHING,
	FLUSH,
	FAULT,
	UNMAP_BEGIN,
	UNMAP_END,
	RECLAIM_BEGIN,
	RECLAIM_END,
	COMPACT_BEGIN,
	COMPACT_END,
	COLLAPSE,
	FORKED,
	EXITED,
};

static const uint8_t signs[MMR_NR_EVENT_KINDS] = {
	[MMR_EVENT_TLB_FLUSH] = FLUSH,
	[MMR_EVENT_PAGE_FAULT_USER] = FAULT,
	[MMR_EVENT_PAGE_FAULT_KERNEL] = FAULT,
	[MMR_EVENT_SYS_ENTER_MMAP] = UNMAP_BEGIN,
	[MMR_EVENT_SYS_ENTER_MUNMAP] = UNMAP_BEGIN,
	[MMR_EVENT_SYS_ENTER_BRK] = UNMAP_BEGIN,
	[MMR_EVENT_SYS_ENTER_MREMAP] = UNMAP_BEGIN,
	[MMR_EVENT_SYS_ENTER_MADVISE] = UNMAP_BEGIN,
	[MMR_EVENT_SYS_EXIT_MMAP] = UNMAP_END,
	[MMR_EVENT_SYS_EXIT_MUNMAP] = UNMAP_END,
	[MMR_EVENT_SYS_EXIT_BRK] = UNMAP_END,
	[MMR_EVENT_SYS_EXIT_MREMAP] = UNMAP_END,
	[MMR_EVENT_SYS_EXIT_MADVISE] = UNMAP_END,
	[MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN] = RECLAIM_BEGIN,
	[MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_BEGIN] = RECLAIM_BEGIN,
	[MMR_EVENT_MM_VMSCAN_NODE_RECLAIM_BEGIN] = RECLAIM_BEGIN,
	[MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE] = RECLAIM_BEGIN,
	[MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END] = RECLAIM_END,
	[MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_END] = RECLAIM_END,
	[MMR_EVENT_MM_VMSCAN_NODE_RECLAIM_END] = RECLAIM_END,
	[MMR_EVENT_MM_VMSCAN_KSWAPD_SLEEP] = RECLAIM_END,
	[MMR_EVENT_MM_COMPACTION_BEGIN] = COMPACT_BEGIN,
	[MMR_EVENT_MM_COMPACTION_KCOMPACTD_WAKE] = COMPACT_BEGIN,
	[MMR_EVENT_MM_COMPACTION_END] = COMPACT_END,
	[MMR_EVENT_MM_COMPACTION_KCOMPACTD_SLEEP] = COMPACT_END,
	[MMR_EVENT_MM_KHUGEPAGED_SCAN_PMD] = COLLAPSE,
	[MMR_EVENT_TASK_NEWTASK] = FORKED,
	[MMR_EVENT_EXIT_MMAP] = EXITED,
	[MMR_EVENT_SCHED_PROCESS_EXIT] = EXITED,
	[MMR_EVENT_SCHED_PROCESS_EXEC] = EXITED,
};

static void follow(struct replay_tlb_recorded *recorded, struct replay_task *task, enum sign sign)
{
	struct replay_task_tlb *tlb = &task->tlb;

	switch (sign) {
	case FAULT:
		/* Of those before nothing came but the next fault: a copy, by a CPU that had missed a flush. */
		settle(recorded, task, tlb->faulted ? MM_TLB_COPY : MM_TLB_OTHER);
		tlb->faulted = true;
		break;
	case UNMAP_BEGIN:
	case UNMAP_END:
		tlb->unmaps = sign == UNMAP_BEGIN;
		tlb->faulted = false;
		break;
	case RECLAIM_BEGIN:
	case RECLAIM_END:
		tlb->reclaims = sign == RECLAIM_BEGIN;
		break;
	case COMPACT_BEGIN:
	case COMPACT_END:
		tlb->compacts = sign == COMPACT_BEGIN;
		break;
	case COLLAPSE:
		tlb->khugepaged = !tlb->unmaps; /* MADV_COLLAPSE scans, too */
		break;
	case FORKED:
		settle(recorded, task, MM_TLB_FORK);
		break;
	case EXITED:
		settle(recorded, task, MM_TLB_EXIT);
		break;
	case FLUSH:
	case NOTHING:
		break;
	}
}

int replay_tlb_recorded_event(struct replay_tlb_recorded *recorded, const struct mmr_event *event,
                              struct mmr_error *err)
{
	enum sign sign = signs[event->kind];
	struct replay_task *task;

	if (sign == NOTHING)
		return 0;
	task = replay_task_get(&recorded->tasks, event->pid, event->t_ns);
	if (!task)
		return base_error(err, MMR_E_NOMEM, "no memory for the tasks of TLB flushes");
	if (sign == FLUSH && event->tlb.reason >= 0 && event->tlb.reason < MM_NR_TLB_REASONS)
		on_flush(recorded, task, event);
	else
		follow(recorded, task, sign);
	if (event->kind == MMR_EVENT_SCHED_PROCESS_EXIT) {
		settle(recorded, task, MM_TLB_OTHER);
		replay_task_remove(&recorded->tasks, task);
	}
	return 0;
}

void replay_tlb_recorded_finish(struct replay_tlb_recorded *recorded)
{
	for (uint32_t i = 0; i < recorded->tasks.count; i++)
		settle(recorded, &recorded->tasks.items[i], MM_TLB_OTHER);
}

void replay_tlb_recorded_deinit(struct replay_tlb_recorded *recorded)
{
	replay_task_table_deinit(&recorded->tasks);
}
