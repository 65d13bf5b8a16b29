/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reclaim: mm_vmscan_{direct,memcg,node}_reclaim_begin/end of one thread bracket a stall; kswapd's are
 * its wake and sleep; mm_vmscan_throttled tells its own length afterwards. What was scanned in between
 * is the sum of the thread's mm_vmscan_lru_shrink_inactive (MGLRU emits it too).
 *
 * Compaction: mm_compaction_begin/end bracket one zone's run. It is direct if the thread came through
 * mm_compaction_try_to_compact_pages; else the thread's name tells who wanted it.
 */
#include "episode.h"

#include <stdio.h>
#include <string.h>

#include "compact_result.h"
#include "error_set.h"
#include "gfp.h"
#include "run_private.h"

#define HUGE_ORDER 9

static int64_t since_base(const struct replay_episodes *episodes, uint64_t t_ns)
{
	return (int64_t)(t_ns - episodes->base_ns);
}

static struct replay_task *running(struct replay_episodes *episodes, const struct mmr_event *event)
{
	struct replay_task *task = replay_task_get(&episodes->tasks, event->pid, event->t_ns);

	if (!task)
		episodes->no_memory = true;
	return task;
}

/* ---- stacks ---- */

/*
 * perf and the tracer each tell of the same event. Little time is between the two but on an emulated
 * machine, and a thread begins no other stall of the kind before this one ends.
 */
#define SAME_EVENT_NS 100000000

/* Taking a stack reads what may not be there: such a fault is nobody's (see workload/classify.c). */
#define STACK_NS 2000000

static bool is_same_event(uint64_t a_ns, uint64_t b_ns)
{
	return (a_ns < b_ns ? b_ns - a_ns : a_ns - b_ns) < SAME_EVENT_NS;
}

/* The stack that came for an event at t_ns, once; 0: none did so far. */
static int64_t take_stack(struct replay_task *task, enum replay_stall stall, uint64_t t_ns)
{
	struct replay_stack_seen *seen = &task->stacks[stall];
	int64_t id = seen->id && is_same_event(seen->t_ns, t_ns) ? seen->id : 0;

	seen->id = 0;
	task->stack_ns = 0;
	return id;
}

static void put_stall_stack(struct replay_episodes *episodes, const struct replay_task *task,
                            const struct results_stall_stack *row)
{
	struct results_stall_stack whole = *row;

	if (!row->stack_id)
		return;
	whole.pid = task->pid;
	whole.comm = mmr_trace_comm(episodes->trace, task->pid);
	results_put_stall_stack(episodes->db, &whole);
}

/* The stack stays with the task until its event comes, if that was not before. */
static void stall_stack(struct replay_episodes *episodes, const struct mmr_event *event)
{
	static const enum replay_stall stalls[MMR_NR_STALL_CAUSES] = {
		[MMR_STALL_RECLAIM] = REPLAY_STALL_RECLAIM,
		[MMR_STALL_MEMCG] = REPLAY_STALL_RECLAIM,
		[MMR_STALL_NODE] = REPLAY_STALL_RECLAIM,
		[MMR_STALL_COMPACTION] = REPLAY_STALL_COMPACTION,
		[MMR_STALL_HUGE] = REPLAY_STALL_HUGE,
		[MMR_STALL_OOM] = REPLAY_STALL_OOM,
	};
	struct replay_task *task = running(episodes, event);
	enum replay_stall stall;
	int64_t id;

	if (!task || event->stack.cause >= MMR_NR_STALL_CAUSES)
		return;
	task->stack_ns = event->t_ns;
	stall = stalls[event->stack.cause];
	id = replay_stack_put(&episodes->stacks, episodes->trace, episodes->db);
	if (id < 0)
		episodes->no_memory = true;
	if (id <= 0)
		return;
	if (stall == REPLAY_STALL_RECLAIM && task->reclaim.kind && !task->reclaim.stack &&
	    is_same_event(task->reclaim.begin_ns, event->t_ns))
		task->reclaim.stack = id;
	else if (stall == REPLAY_STALL_COMPACTION && task->compaction.direct &&
	         !task->compaction.stack && is_same_event(task->compaction.asked_ns, event->t_ns))
		task->compaction.stack = id;
	else
		task->stacks[stall] = (struct replay_stack_seen){ id, event->t_ns };
}

/* ---- reclaim ---- */

/* "order 0, GFP_HIGHUSER_MOVABLE|__GFP_…": the flags in the words of the kernel that recorded them. */
static void describe_request(struct mmr_trace *trace, int32_t order, char *cause, size_t size)
{
	char text[512];
	const char *flags;
	size_t length;

	mmr_trace_format_event(trace, text, sizeof(text));
	flags = strstr(text, "gfp_flags=");
	if (!flags) {
		snprintf(cause, size, "allocation of order %d", order);
		return;
	}
	flags += strlen("gfp_flags=");
	length = strcspn(flags, " ");
	snprintf(cause, size, "allocation of order %d, %.*s", order, (int)length, flags);
}

static void put_reclaim(struct replay_episodes *episodes, const struct replay_task *task,
                        int64_t duration_ns)
{
	const struct replay_open_reclaim *open = &task->reclaim;
	bool has_request = strcmp(open->kind, "kswapd") != 0;
	char cause[32];
	const struct results_reclaim row = {
		.kind = open->kind,
		.pid = task->pid,
		.comm = mmr_trace_comm(episodes->trace, task->pid),
		.start_ns = since_base(episodes, open->begin_ns),
		.duration_ns = duration_ns,
		.page_order = open->order,
		.gfp_flags = has_request ? (int64_t)open->gfp_flags : RESULTS_NULL,
		.nr_scanned = (int64_t)open->nr_scanned,
		.nr_reclaimed = (int64_t)open->nr_reclaimed,
		.cause = open->cause,
	};

	results_put_reclaim(episodes->db, &row);
	episodes->nr_reclaim++;
	snprintf(cause, sizeof(cause), "%s reclaim", open->kind);
	put_stall_stack(episodes, task,
	                &(struct results_stall_stack){ .cause = cause,
	                                               .start_ns = row.start_ns,
	                                               .duration_ns = duration_ns,
	                                               .stack_id = open->stack });
}

static void begin_reclaim(struct replay_episodes *episodes, const struct mmr_event *event,
                          const char *kind)
{
	struct replay_task *task = running(episodes, event);
	struct replay_open_reclaim *open;
	bool has_request = strcmp(kind, "kswapd") != 0;

	if (!task)
		return;
	open = &task->reclaim;
	if (open->kind && !has_request)
		return; /* kswapd was woken again before it slept */
	if (open->kind)
		put_reclaim(episodes, task, RESULTS_NULL); /* its end was lost */
	*open = (struct replay_open_reclaim){ .kind = kind,
		                              .begin_ns = event->t_ns,
		                              .gfp_flags = event->reclaim.gfp_flags,
		                              .order = event->reclaim.order };
	if (has_request)
		open->stack = take_stack(task, REPLAY_STALL_RECLAIM, event->t_ns);
	if (has_request)
		describe_request(episodes->trace, open->order, open->cause, sizeof(open->cause));
	else
		snprintf(open->cause, sizeof(open->cause), "free pages below the low watermark");
}

/* An end without its begin belongs to something that began before the trace did: nothing is known of it. */
static void end_reclaim(struct replay_episodes *episodes, const struct mmr_event *event,
                        const char *kind, bool counts)
{
	struct replay_task *task = replay_task_find(&episodes->tasks, event->pid);

	if (!task || !task->reclaim.kind || strcmp(task->reclaim.kind, kind) != 0)
		return;
	if (counts)
		task->reclaim.nr_reclaimed = event->reclaim.nr_reclaimed;
	put_reclaim(episodes, task, (int64_t)(event->t_ns - task->reclaim.begin_ns));
	task->reclaim.kind = NULL;
}

/* Soft limits are looked after inside of kswapd's round or a task's: they are part of that. */
static void begin_soft_limit(struct replay_episodes *episodes, const struct mmr_event *event)
{
	const struct replay_task *task = replay_task_find(&episodes->tasks, event->pid);

	if (!task || !task->reclaim.kind)
		begin_reclaim(episodes, event, "memcg");
}

static void shrink_inactive(struct replay_episodes *episodes, const struct mmr_event *event)
{
	struct replay_task *task = replay_task_find(&episodes->tasks, event->pid);

	if (!task || !task->reclaim.kind)
		return;
	task->reclaim.nr_scanned += event->shrink_inactive.nr_scanned;
	task->reclaim.nr_reclaimed += event->shrink_inactive.nr_reclaimed;
}

static void throttled(struct replay_episodes *episodes, const struct mmr_event *event)
{
	static const char *const reasons[] = { "too many pages under writeback",
		                               "too many pages isolated", "no progress",
		                               "congested" };
	int32_t reason = event->throttled.reason;
	int64_t delayed_ns = (int64_t)event->throttled.delayed_us * 1000;
	const struct results_reclaim row = {
		.kind = "throttle",
		.pid = event->pid,
		.comm = mmr_trace_comm(episodes->trace, event->pid),
		.start_ns = since_base(episodes, event->t_ns) - delayed_ns,
		.duration_ns = delayed_ns,
		.page_order = RESULTS_NULL,
		.gfp_flags = RESULTS_NULL,
		.cause = reason >= 0 && reason < 4 ? reasons[reason] : "unknown",
	};

	results_put_reclaim(episodes->db, &row);
	episodes->nr_reclaim++;
}

/* A writer is put to sleep: no reclaim, but a wait for memory to become clean. */
static void dirty_throttled(struct replay_episodes *episodes, const struct mmr_event *event)
{
	const struct results_reclaim row = {
		.kind = "throttle",
		.pid = event->pid,
		.comm = mmr_trace_comm(episodes->trace, event->pid),
		.start_ns = since_base(episodes, event->t_ns),
		.duration_ns = event->balance_dirty.pause_ms * INT64_C(1000000),
		.page_order = RESULTS_NULL,
		.gfp_flags = RESULTS_NULL,
		.cause = RUN_CAUSE_DIRTY,
	};

	if (event->balance_dirty.pause_ms <= 0)
		return;
	results_put_reclaim(episodes->db, &row);
	episodes->nr_reclaim++;
}

static void reclaim_event(struct replay_episodes *episodes, const struct mmr_event *event)
{
	switch (event->kind) {
	case MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN:
		begin_reclaim(episodes, event, "direct");
		break;
	case MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END:
		end_reclaim(episodes, event, "direct", true);
		break;
	case MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_BEGIN:
		begin_reclaim(episodes, event, "memcg");
		break;
	case MMR_EVENT_MM_VMSCAN_MEMCG_SOFTLIMIT_RECLAIM_BEGIN:
		begin_soft_limit(episodes, event);
		break;
	case MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_END:
	case MMR_EVENT_MM_VMSCAN_MEMCG_SOFTLIMIT_RECLAIM_END:
		end_reclaim(episodes, event, "memcg", true);
		break;
	case MMR_EVENT_MM_VMSCAN_NODE_RECLAIM_BEGIN:
		begin_reclaim(episodes, event, "node");
		break;
	case MMR_EVENT_MM_VMSCAN_NODE_RECLAIM_END:
		end_reclaim(episodes, event, "node", true);
		break;
	case MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE:
		begin_reclaim(episodes, event, "kswapd");
		break;
	case MMR_EVENT_MM_VMSCAN_KSWAPD_SLEEP:
		end_reclaim(episodes, event, "kswapd", false);
		break;
	case MMR_EVENT_MM_VMSCAN_THROTTLED:
		throttled(episodes, event);
		break;
	case MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE:
		shrink_inactive(episodes, event);
		break;
	default:
		break;
	}
}

/* ---- compaction ---- */

static const char *compaction_kind(const struct replay_open_compaction *open, const char *comm)
{
	if (open->direct)
		return "direct";
	if (strncmp(comm, "kcompactd", 9) == 0)
		return "kcompactd";
	return strcmp(comm, "khugepaged") == 0 ? "khugepaged" : "manual";
}

static void put_compaction(struct replay_episodes *episodes, const struct replay_task *task,
                           int64_t duration_ns, const char *result)
{
	const struct replay_open_compaction *open = &task->compaction;
	const char *comm = mmr_trace_comm(episodes->trace, task->pid);
	const struct results_compaction row = {
		.kind = compaction_kind(open, comm),
		.pid = task->pid,
		.comm = comm,
		.start_ns = since_base(episodes, open->begin_ns),
		.duration_ns = duration_ns,
		.page_order = open->order >= 0 ? open->order : RESULTS_NULL,
		.gfp_flags = open->direct ? (int64_t)open->gfp_flags : RESULTS_NULL,
		.sync = open->sync,
		.nr_migrate_scanned = (int64_t)open->nr_migrate_scanned,
		.nr_free_scanned = (int64_t)open->nr_free_scanned,
		.nr_migrated = (int64_t)open->nr_migrated,
		.nr_failed = (int64_t)open->nr_failed,
		.result = result,
	};

	results_put_compaction(episodes->db, &row);
	episodes->nr_compaction++;
	put_stall_stack(episodes, task,
	                &(struct results_stall_stack){ .cause = "direct compaction",
	                                               .start_ns = row.start_ns,
	                                               .duration_ns = duration_ns,
	                                               .stack_id = open->stack });
}

/* The thread does something else by now: the end was lost. */
static void end_was_lost(struct replay_episodes *episodes, struct replay_task *task)
{
	if (task->compaction.open)
		put_compaction(episodes, task, RESULTS_NULL, "unknown");
	task->compaction.open = false;
}

static void try_to_compact(struct replay_episodes *episodes, const struct mmr_event *event)
{
	struct replay_task *task = running(episodes, event);

	if (!task)
		return;
	end_was_lost(episodes, task);
	task->compaction = (struct replay_open_compaction){
		.direct = true,
		.order = event->try_to_compact.order,
		.gfp_flags = event->try_to_compact.gfp_flags,
		.asked_ns = event->t_ns,
		.stack = take_stack(task, REPLAY_STALL_COMPACTION, event->t_ns),
	};
}

static void kcompactd_wake(struct replay_episodes *episodes, const struct mmr_event *event)
{
	struct replay_task *task = running(episodes, event);

	if (!task)
		return;
	end_was_lost(episodes, task);
	task->compaction = (struct replay_open_compaction){ .order = event->compact_zone.order };
}

/* Until it is woken again it only compacts of its own accord, for no order in particular. */
static void kcompactd_sleep(struct replay_episodes *episodes, const struct mmr_event *event)
{
	struct replay_task *task = replay_task_find(&episodes->tasks, event->pid);

	if (!task)
		return;
	end_was_lost(episodes, task);
	task->compaction = (struct replay_open_compaction){ .order = -1 };
}

static void begin_compaction(struct replay_episodes *episodes, const struct mmr_event *event)
{
	struct replay_task *task = running(episodes, event);
	struct replay_open_compaction *open;

	if (!task)
		return;
	open = &task->compaction;
	end_was_lost(episodes, task);
	*open = (struct replay_open_compaction){ .direct = open->direct,
		                                 .order = open->order,
		                                 .gfp_flags = open->gfp_flags,
		                                 .stack = open->stack,
		                                 .asked_ns = open->asked_ns,
		                                 .open = true,
		                                 .sync = event->compaction.sync,
		                                 .begin_ns = event->t_ns };
}

static void end_compaction(struct replay_episodes *episodes, const struct mmr_event *event)
{
	struct replay_task *task = replay_task_find(&episodes->tasks, event->pid);

	if (!task || !task->compaction.open)
		return;
	put_compaction(episodes, task, (int64_t)(event->t_ns - task->compaction.begin_ns),
	               replay_compact_result_name(event->compaction.status));
	task->compaction.open = false;
}

static void compaction_event(struct replay_episodes *episodes, const struct mmr_event *event)
{
	struct replay_task *task;

	switch (event->kind) {
	case MMR_EVENT_MM_COMPACTION_TRY_TO_COMPACT_PAGES:
		try_to_compact(episodes, event);
		return;
	case MMR_EVENT_MM_COMPACTION_KCOMPACTD_WAKE:
		kcompactd_wake(episodes, event);
		return;
	case MMR_EVENT_MM_COMPACTION_KCOMPACTD_SLEEP:
		kcompactd_sleep(episodes, event);
		return;
	case MMR_EVENT_MM_COMPACTION_BEGIN:
		begin_compaction(episodes, event);
		return;
	case MMR_EVENT_MM_COMPACTION_END:
		end_compaction(episodes, event);
		return;
	default:
		break;
	}
	task = replay_task_find(&episodes->tasks, event->pid);
	if (!task || !task->compaction.open)
		return;
	if (event->kind == MMR_EVENT_MM_COMPACTION_ISOLATE_MIGRATEPAGES) {
		task->compaction.nr_migrate_scanned += event->isolate.nr_scanned;
	} else if (event->kind == MMR_EVENT_MM_COMPACTION_MIGRATEPAGES) {
		task->compaction.nr_migrated += event->migrate.nr_succeeded;
		task->compaction.nr_failed += event->migrate.nr_failed;
	} else if (event->kind == MMR_EVENT_MM_COMPACTION_ISOLATE_FREEPAGES ||
	           event->kind == MMR_EVENT_MM_COMPACTION_FAST_ISOLATE_FREEPAGES) {
		task->compaction.nr_free_scanned += event->isolate.nr_scanned;
	}
}

/* What a thread is inside of when nothing more is heard of it. */
static void put_unfinished(struct replay_episodes *episodes, const struct replay_task *task)
{
	if (task->reclaim.kind)
		put_reclaim(episodes, task, RESULTS_NULL);
	if (task->compaction.open)
		put_compaction(episodes, task, RESULTS_NULL, "unknown");
}

/* ---- tasks, faults, huge pages, OOM ---- */

static void put_task(struct replay_episodes *episodes, const struct replay_task *task,
                     const char *comm, int64_t end_ns)
{
	static const char *const kinds[] = { "user", "kernel" };

	if (!task->pid)
		return;
	results_put_task(episodes->db, task->pid, comm, since_base(episodes, task->start_ns),
	                 end_ns);
	for (int i = 0; i < REPLAY_NR_TASK_FAULTS; i++)
		if (task->nr_faults[i])
			results_put_fault(episodes->db, task->pid, comm, kinds[i],
			                  (int64_t)task->nr_faults[i]);
}

static void task_exit(struct replay_episodes *episodes, const struct mmr_event *event)
{
	struct replay_task *task = replay_task_find(&episodes->tasks, event->exit.pid);
	char comm[sizeof(event->exit.comm) + 1];

	if (!task)
		return;
	snprintf(comm, sizeof(comm), "%.16s", event->exit.comm);
	put_unfinished(episodes, task);
	put_task(episodes, task, comm, since_base(episodes, event->t_ns));
	episodes->nr_huge_failed -= task->huge_failed;
	replay_task_remove(&episodes->tasks, task);
}

static void fault(struct replay_episodes *episodes, const struct mmr_event *event,
                  enum replay_task_fault kind)
{
	struct replay_task *task = running(episodes, event);

	if (!task || (kind == REPLAY_TASK_FAULT_KERNEL && task->stack_ns &&
	              event->t_ns - task->stack_ns < STACK_NS))
		return;
	task->nr_faults[kind]++;
	task->fault_pending = true;
	task->stacks[REPLAY_STALL_HUGE].id = 0;
	task->fault_address = event->fault.address;
}

static void put_thp(struct replay_episodes *episodes, const struct mmr_event *event,
                    const char *kind, int64_t address, const char *detail)
{
	const struct results_thp row = {
		.t_ns = since_base(episodes, event->t_ns),
		.pid = event->pid,
		.kind = kind,
		.address = address,
		.detail = detail,
	};

	results_put_thp(episodes->db, &row);
}

/* The address of a fault, rounded to the huge page that it would be in. */
static int64_t huge_address(const struct replay_task *task)
{
	return (int64_t)(task->fault_address & ~UINT64_C(0x1fffff));
}

/*
 * A fault may ask for a huge page more than once: first without effort, then with reclaim and
 * compaction. The kernel's thp_fault_fallback counts when it takes a small one in the end.
 */
static void huge_alloc(struct replay_episodes *episodes, const struct mmr_event *event)
{
	struct replay_task *task = replay_task_find(&episodes->tasks, event->pid);

	if (!task || !task->fault_pending)
		return;
	if (event->page.pfn == MMR_PFN_NONE) {
		episodes->nr_huge_failed += !task->huge_failed;
		task->huge_failed = true;
		return;
	}
	put_thp(episodes, event, "fault_alloc", huge_address(task), "");
	episodes->nr_huge_failed -= task->huge_failed;
	task->huge_failed = false;
	task->fault_pending = false;
}

static void huge_fallback(struct replay_episodes *episodes, const struct mmr_event *event)
{
	struct replay_task *task = replay_task_find(&episodes->tasks, event->pid);

	if (!task || !task->huge_failed || !(event->page.gfp_flags & MM_GFP_MOVABLE))
		return;
	put_thp(episodes, event, "fault_fallback", huge_address(task), "no block of order 9");
	put_stall_stack(
		episodes, task,
		&(struct results_stall_stack){ .cause = "no huge page",
	                                       .start_ns = since_base(episodes, event->t_ns),
	                                       .duration_ns = RESULTS_NULL,
	                                       .stack_id = task->stacks[REPLAY_STALL_HUGE].id });
	task->stacks[REPLAY_STALL_HUGE].id = 0;
	episodes->nr_huge_failed--;
	task->huge_failed = false;
	task->fault_pending = false;
}

static void oom_kill(struct replay_episodes *episodes, const struct mmr_event *event)
{
	struct replay_task *task = replay_task_find(&episodes->tasks, event->pid);
	const struct results_oom row = {
		.t_ns = since_base(episodes, event->t_ns),
		.pid = event->oom.pid,
		.comm = mmr_trace_comm(episodes->trace, (uint32_t)event->oom.pid),
		.total_vm_kb = (int64_t)event->oom.total_vm_kb,
		.anon_rss_kb = (int64_t)event->oom.anon_rss_kb,
		.file_rss_kb = (int64_t)event->oom.file_rss_kb,
		.oom_score_adj = event->oom.oom_score_adj,
	};

	results_put_oom(episodes->db, &row);
	if (task)
		put_stall_stack(
			episodes, task,
			&(struct results_stall_stack){
				.cause = "out of memory",
				.start_ns = row.t_ns,
				.duration_ns = RESULTS_NULL,
				.stack_id = take_stack(task, REPLAY_STALL_OOM, event->t_ns) });
}

/*
 * collapse_file() of 6.2 and later tells its own result. To MADV_COLLAPSE that is "mapped by small
 * entries": the huge page is there, and what maps it comes next.
 */
static void collapse_file(struct replay_episodes *episodes, const struct mmr_event *event)
{
	struct replay_task *task = running(episodes, event);
	bool done = event->khugepaged.status == MMR_SCAN_SUCCEED ||
	            event->khugepaged.status == MMR_SCAN_PTE_MAPPED_HUGEPAGE;

	put_thp(episodes, event, done ? "collapse" : "collapse_failed",
	        (int64_t)event->khugepaged.address, event->khugepaged.is_shmem ? "shared" : "file");
	if (task)
		task->file_collapsed = true;
}

/* Before 6.2 only the scan tells of it, not of which kind of file it is, and nothing of those that failed behind it. */
static void scan_file(struct replay_episodes *episodes, const struct mmr_event *event)
{
	struct replay_task *task = running(episodes, event);

	if (!task)
		return;
	if (event->khugepaged.status == MMR_SCAN_SUCCEED && !task->file_collapsed)
		put_thp(episodes, event, "collapse", RESULTS_NULL, "shared");
	task->file_collapsed = false;
}

/* Who advises has no fault: what huge page MADV_COLLAPSE takes is none of a fault's. */
static void madvise(struct replay_episodes *episodes, const struct mmr_event *event)
{
	struct replay_task *task = replay_task_find(&episodes->tasks, event->pid);

	if (task)
		task->fault_pending = false;
}

static void rare_event(struct replay_episodes *episodes, const struct mmr_event *event)
{
	switch (event->kind) {
	case MMR_EVENT_LOST:
		results_put_lost(episodes->db, since_base(episodes, event->t_ns), event->cpu,
		                 (int64_t)event->lost.nr_events);
		break;
	case MMR_EVENT_SCHED_PROCESS_FORK:
		if (!replay_task_get(&episodes->tasks, event->fork.child_pid, event->t_ns))
			episodes->no_memory = true;
		break;
	case MMR_EVENT_SCHED_PROCESS_EXIT:
		task_exit(episodes, event);
		break;
	case MMR_EVENT_MARK_VICTIM:
		oom_kill(episodes, event);
		break;
	case MMR_EVENT_STALL_STACK:
		stall_stack(episodes, event);
		break;
	case MMR_EVENT_BALANCE_DIRTY_PAGES:
		dirty_throttled(episodes, event);
		break;
	case MMR_EVENT_MM_COLLAPSE_HUGE_PAGE:
		put_thp(episodes, event,
		        event->khugepaged.status == MMR_SCAN_SUCCEED ? "collapse"
		                                                     : "collapse_failed",
		        RESULTS_NULL, "");
		break;
	case MMR_EVENT_MM_KHUGEPAGED_COLLAPSE_FILE:
		collapse_file(episodes, event);
		break;
	case MMR_EVENT_MM_KHUGEPAGED_SCAN_FILE:
		scan_file(episodes, event);
		break;
	case MMR_EVENT_SYS_ENTER_MADVISE:
		madvise(episodes, event);
		break;
	default:
		break;
	}
}

void replay_episodes_event(struct replay_episodes *episodes, const struct mmr_event *event)
{
	/* The frequent ones first; the groups are ranges of the enum, by the order of events.def. */
	switch (event->kind) {
	case MMR_EVENT_MM_PAGE_ALLOC:
		if (event->page.order == HUGE_ORDER)
			huge_alloc(episodes, event);
		else if (episodes->nr_huge_failed)
			huge_fallback(episodes, event);
		return;
	case MMR_EVENT_PAGE_FAULT_USER:
		fault(episodes, event, REPLAY_TASK_FAULT_USER);
		return;
	case MMR_EVENT_PAGE_FAULT_KERNEL:
		fault(episodes, event, REPLAY_TASK_FAULT_KERNEL);
		return;
	default:
		break;
	}
	if (event->kind >= MMR_EVENT_MM_VMSCAN_WAKEUP_KSWAPD &&
	    event->kind <= MMR_EVENT_MM_VMSCAN_LRU_SHRINK_ACTIVE)
		reclaim_event(episodes, event);
	else if (event->kind >= MMR_EVENT_MM_COMPACTION_BEGIN &&
	         event->kind <= MMR_EVENT_MM_COMPACTION_KCOMPACTD_WAKE)
		compaction_event(episodes, event);
	else
		rare_event(episodes, event);
}

int replay_episodes_finish(struct replay_episodes *episodes, struct mmr_error *err)
{
	for (uint32_t i = 0; i < episodes->tasks.count; i++) {
		const struct replay_task *task = &episodes->tasks.items[i];

		put_unfinished(episodes, task);
		put_task(episodes, task, mmr_trace_comm(episodes->trace, task->pid), RESULTS_NULL);
	}
	if (episodes->no_memory)
		return base_error(err, MMR_E_NOMEM, "out of memory for the recorded tasks");
	return 0;
}

void replay_episodes_deinit(struct replay_episodes *episodes)
{
	replay_task_table_deinit(&episodes->tasks);
	replay_stacks_deinit(&episodes->stacks);
}
