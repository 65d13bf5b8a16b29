// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tasks: what each is inside of, by the begin and end events it emits itself.
 *
 * Kernel threads show by what only they do: kswapd wakes and sleeps, kcompactd likewise, khugepaged
 * scans. What an interrupt does while a task is inside of something counts as the task's.
 *
 * Task numbers are used again after an exit, the longest unused first.
 */
#include "wl_fault.h"

#define PID_MAX (1u << 22) /* the kernel's PID_MAX_LIMIT */

#define CLONE_VM 0x100u

/* Exited tasks that keep their number, because what they do after sched_process_exit is theirs. */
#define NR_LINGERING 64

static uint32_t take_task(struct wl *wl)
{
	uint32_t task = wl->oldest_exited;

	if (wl->nr_exited > NR_LINGERING) {
		wl->oldest_exited = wl->tasks.items[task].next_free;
		wl->nr_exited--;
		if (wl->pids.items[wl->tasks.items[task].pid] == task)
			wl->pids.items[wl->tasks.items[task].pid] = 0;
		return task;
	}
	if (wl_task_vec_push(&wl->tasks, (struct wl_task){ 0 }) < 0) {
		wl->nomem = true;
		return 0;
	}
	return (uint32_t)(wl->tasks.count - 1);
}

static uint32_t make_task(struct wl *wl, uint32_t pid, uint32_t parent)
{
	uint32_t task = take_task(wl);

	if (task == 0)
		return 0;
	wl->tasks.items[task] = (struct wl_task){
		.pid = pid,
		.mm = WL_NONE,
		.populated = WL_NONE,
		.collapse_pfn = WL_NONE,
		.collapse_mm = WL_NONE,
		.migrator = WL_NONE,
		.last = WL_NONE,
		.movable_pfn = WL_NONE,
		.exec_mm = WL_NONE,
	};
	wl->pids.items[pid] = task;
	wl_emit(wl, (struct demand_op){ .kind = DEMAND_TASK_START,
	                                .task = task,
	                                .page = DEMAND_NO_PAGE,
	                                .arg = parent });
	return task;
}

static bool has_room(struct wl *wl, uint32_t pid)
{
	size_t old = wl->pids.count;
	size_t count = (size_t)pid + 1;

	if (pid < old)
		return true;
	if (pid >= PID_MAX)
		return false;
	if (count < 2 * old)
		count = 2 * old;
	if (wl_u32_vec_reserve(&wl->pids, count) < 0) {
		wl->nomem = true;
		return false;
	}
	for (size_t i = old; i < count; i++)
		wl->pids.items[i] = 0;
	wl->pids.count = count;
	return true;
}

uint32_t wl_task_new(struct wl *wl, uint32_t pid)
{
	return pid == 0 || !has_room(wl, pid) ? 0 : make_task(wl, pid, 0);
}

static void leave_mm(struct wl *wl, uint32_t task)
{
	uint32_t mm = wl->tasks.items[task].mm;

	wl->tasks.items[task].mm = WL_NONE;
	if (mm != WL_NONE)
		wl_mm_put(wl, mm);
}

static uint32_t take_exec_mm(struct wl *wl, uint32_t task)
{
	uint32_t mm = wl->tasks.items[task].exec_mm;

	wl->tasks.items[task].exec_mm = WL_NONE;
	return mm;
}

static void on_exit(struct wl *wl, uint32_t task)
{
	struct wl_task *t = &wl->tasks.items[task];
	uint32_t unborn;

	if (t->flags & WL_TASK_EXITED)
		return;
	wl_fault_end(wl, task);
	unborn = take_exec_mm(wl, task);
	if (unborn != WL_NONE)
		wl_mm_put(wl, unborn);
	if (t->mm != WL_NONE && wl->mms.items[t->mm].users == 1)
		wl_count(wl, WL_VMA_EXIT);
	leave_mm(wl, task);
	wl_emit(wl, (struct demand_op){
			    .kind = DEMAND_TASK_EXIT, .task = task, .page = DEMAND_NO_PAGE });
	t->flags = WL_TASK_EXITED;
	t->next_free = 0;
	if (wl->nr_exited++)
		wl->tasks.items[wl->newest_exited].next_free = task;
	else
		wl->oldest_exited = task;
	wl->newest_exited = task;
}

static void on_newtask(struct wl *wl, uint32_t parent, const struct mmr_event *event)
{
	uint32_t pid = event->newtask.pid;
	uint32_t old, child, mm;

	if (pid == 0 || !has_room(wl, pid))
		return;
	wl_fault_end(wl, parent);
	old = wl->pids.items[pid];
	if (old)
		on_exit(wl, old);
	child = make_task(wl, pid, parent);
	if (child == 0 || parent == 0)
		return;
	mm = wl_mm_of(wl, parent);
	if (mm == WL_NONE)
		return;
	if (event->newtask.clone_flags & CLONE_VM) {
		wl->mms.items[mm].users++;
		wl->tasks.items[child].mm = mm;
		wl_task_tell_space(wl, child, WL_NONE);
		return;
	}
	wl->tasks.items[child].mm = wl_mm_new(wl);
	if (wl->tasks.items[child].mm != WL_NONE) {
		/* A child begins with what its parent has. */
		wl_task_set_adj(wl, parent, event->newtask.oom_score_adj);
		wl_mm_copy(wl, wl->tasks.items[child].mm, mm);
		wl_task_tell_space(wl, child, mm);
	}
	wl_count(wl, WL_VMA_FORK);
}

static void on_exec(struct wl *wl, uint32_t task)
{
	int16_t adj = 0;
	uint32_t mm;

	/* The thread that calls exec takes the pid of its leader, which has exited. */
	if (wl->tasks.items[task].flags & WL_TASK_EXITED)
		task = make_task(wl, wl->tasks.items[task].pid, 0);
	if (task == 0)
		return;
	wl_fault_end(wl, task);
	mm = wl->tasks.items[task].mm;
	if (mm != WL_NONE)
		adj = wl->mms.items[mm].oom_adj;
	mm = take_exec_mm(wl, task);
	if (mm == WL_NONE)
		mm = wl_mm_new(wl);
	if (mm == WL_NONE)
		return;
	wl->mms.items[mm].oom_adj = adj;
	leave_mm(wl, task);
	wl->tasks.items[task].mm = mm;
	wl_task_tell_space(wl, task, WL_NONE);
	wl_count(wl, WL_VMA_EXEC);
}

void wl_task_event(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	struct wl_task *t = &wl->tasks.items[task];

	switch (event->kind) {
	case MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN:
	case MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_BEGIN:
	case MMR_EVENT_MM_VMSCAN_MEMCG_SOFTLIMIT_RECLAIM_BEGIN:
	case MMR_EVENT_MM_VMSCAN_NODE_RECLAIM_BEGIN:
		if (t->reclaim_depth < UINT8_MAX)
			t->reclaim_depth++;
		if (t->asked_ns == 0 && event->kind == MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN)
			t->asked_ns = event->t_ns;
		t->stall_gfp = event->kind == MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN
		                       ? (uint32_t)event->reclaim.gfp_flags
		                       : 0;
		t->flags |= WL_TASK_RECLAIM;
		if (event->kind == MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_BEGIN ||
		    event->kind == MMR_EVENT_MM_VMSCAN_MEMCG_SOFTLIMIT_RECLAIM_BEGIN)
			t->flags |= WL_TASK_MEMCG;
		break;
	case MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END:
	case MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_END:
	case MMR_EVENT_MM_VMSCAN_MEMCG_SOFTLIMIT_RECLAIM_END:
	case MMR_EVENT_MM_VMSCAN_NODE_RECLAIM_END:
		if (t->reclaim_depth)
			t->reclaim_depth--;
		if (t->reclaim_depth == 0)
			t->flags &= ~(uint32_t)(WL_TASK_RECLAIM | WL_TASK_MEMCG);
		break;
	case MMR_EVENT_MM_COMPACTION_TRY_TO_COMPACT_PAGES:
		/* A huge page comes of it, or a small one in its stead. */
		if (t->asked_ns == 0 && event->try_to_compact.order == WL_HUGE_ORDER)
			t->asked_ns = event->t_ns;
		break;
	case MMR_EVENT_MM_COMPACTION_BEGIN:
		t->flags |= WL_TASK_COMPACT;
		break;
	case MMR_EVENT_MM_COMPACTION_END:
		t->flags &= ~(uint32_t)WL_TASK_COMPACT;
		break;
	case MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE:
	case MMR_EVENT_MM_VMSCAN_KSWAPD_SLEEP:
		t->flags |= WL_TASK_KSWAPD;
		break;
	case MMR_EVENT_MM_COMPACTION_KCOMPACTD_WAKE:
	case MMR_EVENT_MM_COMPACTION_KCOMPACTD_SLEEP:
		t->flags |= WL_TASK_KCOMPACTD;
		break;
	case MMR_EVENT_KSM_START_SCAN:
	case MMR_EVENT_KSM_STOP_SCAN:
	case MMR_EVENT_KSM_MERGE_ONE_PAGE:
	case MMR_EVENT_KSM_MERGE_WITH_KSM_PAGE:
		t->flags |= WL_TASK_KSMD;
		wl->merges = true;
		break;
	case MMR_EVENT_TASK_NEWTASK:
		on_newtask(wl, task, event);
		break;
	case MMR_EVENT_SCHED_PROCESS_EXEC:
		on_exec(wl, task);
		break;
	case MMR_EVENT_SCHED_PROCESS_EXIT:
		if (task)
			on_exit(wl, task);
		break;
	default:
		break;
	}
}

uint32_t wl_task_pid(const struct wl *wl, uint32_t task)
{
	return task < wl->tasks.count ? wl->tasks.items[task].pid : 0;
}

uint32_t wl_nr_tasks(const struct wl *wl)
{
	return (uint32_t)wl->tasks.count;
}
