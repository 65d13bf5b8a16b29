// SPDX-License-Identifier: LGPL-2.1-or-later
/* Every event goes through here to the file that knows what it means. */
#include "error_set.h"
#include "wl_fault.h"

enum subject {
	IGNORED,
	ALLOC,
	FREE,
	DRAIN,
	LRU,
	ACTIVATE,
	FAULT,
	RSS,
	FILEMAP,
	TASK,
	OOM,
	SHRINKER,
	MIGRATION,
	KHUGEPAGED,
	ADDRESS_SPACE,
	SWAP,
	STACK,
	TLB,
	CMA,
	LOST
};

static const uint8_t subjects[MMR_NR_EVENT_KINDS] = {
	[MMR_EVENT_LOST] = LOST,
	[MMR_EVENT_CMA_ALLOC_START] = CMA,
	[MMR_EVENT_CMA_ALLOC_FINISH] = CMA,
	[MMR_EVENT_CMA_RELEASE] = CMA,
	[MMR_EVENT_MM_PAGE_ALLOC] = ALLOC,
	[MMR_EVENT_MM_PAGE_FREE] = FREE,
	[MMR_EVENT_MM_PAGE_PCPU_DRAIN] = DRAIN,
	[MMR_EVENT_MM_LRU_INSERTION] = LRU,
	[MMR_EVENT_MM_LRU_ACTIVATE] = ACTIVATE,
	[MMR_EVENT_PAGE_FAULT_USER] = FAULT,
	[MMR_EVENT_PAGE_FAULT_KERNEL] = FAULT,
	[MMR_EVENT_RSS_STAT] = RSS,
	[MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE] = FILEMAP,
	[MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE] = FILEMAP,
	[MMR_EVENT_MM_FILEMAP_GET_PAGES] = FILEMAP,
	[MMR_EVENT_MM_FILEMAP_MAP_PAGES] = FILEMAP,
	[MMR_EVENT_MM_FILEMAP_FAULT] = FILEMAP,
	[MMR_EVENT_WRITEBACK_DIRTY_FOLIO] = FILEMAP,
	[MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN] = TASK,
	[MMR_EVENT_MM_COMPACTION_TRY_TO_COMPACT_PAGES] = TASK,
	[MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END] = TASK,
	[MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_BEGIN] = TASK,
	[MMR_EVENT_MM_VMSCAN_MEMCG_RECLAIM_END] = TASK,
	[MMR_EVENT_MM_VMSCAN_MEMCG_SOFTLIMIT_RECLAIM_BEGIN] = TASK,
	[MMR_EVENT_MM_VMSCAN_MEMCG_SOFTLIMIT_RECLAIM_END] = TASK,
	[MMR_EVENT_MM_VMSCAN_NODE_RECLAIM_BEGIN] = TASK,
	[MMR_EVENT_MM_VMSCAN_NODE_RECLAIM_END] = TASK,
	[MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE] = TASK,
	[MMR_EVENT_MM_VMSCAN_KSWAPD_SLEEP] = TASK,
	[MMR_EVENT_MM_COMPACTION_BEGIN] = TASK,
	[MMR_EVENT_MM_COMPACTION_END] = TASK,
	[MMR_EVENT_MM_COMPACTION_KCOMPACTD_WAKE] = TASK,
	[MMR_EVENT_MM_COMPACTION_KCOMPACTD_SLEEP] = TASK,
	[MMR_EVENT_KSM_START_SCAN] = TASK,
	[MMR_EVENT_KSM_STOP_SCAN] = TASK,
	[MMR_EVENT_KSM_MERGE_ONE_PAGE] = TASK,
	[MMR_EVENT_KSM_MERGE_WITH_KSM_PAGE] = TASK,
	[MMR_EVENT_TASK_NEWTASK] = TASK,
	[MMR_EVENT_SCHED_PROCESS_EXEC] = TASK,
	[MMR_EVENT_SCHED_PROCESS_EXIT] = TASK,
	[MMR_EVENT_MM_SHRINK_SLAB_START] = SHRINKER,
	[MMR_EVENT_MM_SHRINK_SLAB_END] = SHRINKER,
	[MMR_EVENT_BLOCK_BIO_QUEUE] = SWAP,
	[MMR_EVENT_MM_VMSCAN_WRITE_FOLIO] = SWAP,
	[MMR_EVENT_MARK_VICTIM] = OOM,
	[MMR_EVENT_OOM_SCORE_ADJ_UPDATE] = OOM,
	[MMR_EVENT_MM_MIGRATE_PAGES_START] = MIGRATION,
	[MMR_EVENT_MM_MIGRATE_PAGES] = MIGRATION,
	[MMR_EVENT_SET_MIGRATION_PTE] = MIGRATION,
	[MMR_EVENT_REMOVE_MIGRATION_PTE] = MIGRATION,
	[MMR_EVENT_SET_MIGRATION_PMD] = MIGRATION,
	[MMR_EVENT_REMOVE_MIGRATION_PMD] = MIGRATION,
	[MMR_EVENT_MM_COMPACTION_ISOLATE_FREEPAGES] = MIGRATION,
	[MMR_EVENT_MM_COMPACTION_FAST_ISOLATE_FREEPAGES] = MIGRATION,
	[MMR_EVENT_MM_KHUGEPAGED_SCAN_PMD] = KHUGEPAGED,
	[MMR_EVENT_MM_KHUGEPAGED_SCAN_FILE] = KHUGEPAGED,
	[MMR_EVENT_MM_KHUGEPAGED_COLLAPSE_FILE] = KHUGEPAGED,
	[MMR_EVENT_MM_COLLAPSE_HUGE_PAGE] = KHUGEPAGED,
	[MMR_EVENT_MM_COLLAPSE_HUGE_PAGE_ISOLATE] = KHUGEPAGED,
	[MMR_EVENT_STALL_STACK] = STACK,
	[MMR_EVENT_TLB_FLUSH] = TLB,
	[MMR_EVENT_SYS_ENTER_MMAP] = ADDRESS_SPACE,
	[MMR_EVENT_SYS_EXIT_MMAP] = ADDRESS_SPACE,
	[MMR_EVENT_SYS_ENTER_MUNMAP] = ADDRESS_SPACE,
	[MMR_EVENT_SYS_EXIT_MUNMAP] = ADDRESS_SPACE,
	[MMR_EVENT_SYS_ENTER_BRK] = ADDRESS_SPACE,
	[MMR_EVENT_SYS_EXIT_BRK] = ADDRESS_SPACE,
	[MMR_EVENT_SYS_ENTER_MREMAP] = ADDRESS_SPACE,
	[MMR_EVENT_SYS_EXIT_MREMAP] = ADDRESS_SPACE,
	[MMR_EVENT_SYS_ENTER_MADVISE] = ADDRESS_SPACE,
	[MMR_EVENT_SYS_EXIT_MADVISE] = ADDRESS_SPACE,
	[MMR_EVENT_SYS_ENTER_MLOCK] = ADDRESS_SPACE,
	[MMR_EVENT_SYS_ENTER_MLOCK2] = ADDRESS_SPACE,
	[MMR_EVENT_SYS_ENTER_MUNLOCK] = ADDRESS_SPACE,
	[MMR_EVENT_SYS_ENTER_MLOCKALL] = ADDRESS_SPACE,
	[MMR_EVENT_SYS_ENTER_MUNLOCKALL] = ADDRESS_SPACE,
};

void wl_kinds(uint64_t kinds[WL_KIND_WORDS])
{
	for (unsigned int word = 0; word < WL_KIND_WORDS; word++)
		kinds[word] = 0;
	for (unsigned int kind = 0; kind < MMR_NR_EVENT_KINDS; kind++)
		if (subjects[kind] != IGNORED && subjects[kind] != TLB)
			kinds[kind / 64] |= 1ull << kind % 64;
}

/* After a hole nobody knows what is still being done: all tasks are taken to be out of it. */
static void on_lost(struct wl *wl, const struct mmr_event *event)
{
	const uint32_t lasting = WL_TASK_KSWAPD | WL_TASK_KCOMPACTD | WL_TASK_KHUGEPAGED |
	                         WL_TASK_KSMD | WL_TASK_EXITED;

	wl->explain.nr_lost += event->lost.nr_events;
	for (uint32_t task = 0; task < wl->tasks.count; task++) {
		wl_fault_end(wl, task);
		wl->tasks.items[task].flags &= lasting;
		wl->tasks.items[task].reclaim_depth = 0;
		wl->tasks.items[task].syscall = 0;
		wl->tasks.items[task].shrinker = 0;
		wl->tasks.items[task].movable_pfn = WL_NONE;
		wl->tasks.items[task].nr_written = 0;
		wl->tasks.items[task].cma_range = 0;
	}
}

/*
 * Whoever takes the stack of a stall (mmcap record --stacks) reads what may not be there, in the middle
 * of a fault of the task: the tracepoint tells of it as of any fault in kernel mode.
 */
#define STACK_NS 2000000

static bool is_of_stack(const struct wl_task *task, const struct mmr_event *event)
{
	return event->kind == MMR_EVENT_PAGE_FAULT_KERNEL && task->stack_ns &&
	       event->t_ns - task->stack_ns < STACK_NS;
}

static void dispatch(struct wl *wl, enum subject subject, const struct mmr_event *event)
{
	uint32_t task = wl->task;

	switch (subject) {
	case ALLOC:
		wl_alloc_event(wl, task, event);
		break;
	case FREE:
		wl_free_event(wl, task, event);
		break;
	case DRAIN:
		wl_drain_event(wl, event);
		break;
	case LRU:
		wl_lru_event(wl, event);
		break;
	case ACTIVATE:
		wl_activate_event(wl, event);
		break;
	case FAULT:
		if (!is_of_stack(&wl->tasks.items[task], event))
			wl_fault_begin(wl, task, event);
		break;
	case RSS:
		wl_fault_rss(wl, task, event);
		break;
	case FILEMAP:
		wl_file_event(wl, task, event);
		break;
	case STACK:
		wl->tasks.items[task].stack_ns = event->t_ns;
		break;
	case TASK:
		wl->tasks.items[task].stack_ns = 0;
		wl_task_event(wl, task, event);
		break;
	case OOM:
		wl_oom_event(wl, task, event);
		break;
	case SHRINKER:
		wl_shrink_event(wl, task, event);
		break;
	case MIGRATION:
		wl_migration_event(wl, task, event);
		break;
	case KHUGEPAGED:
		wl_khugepaged_event(wl, task, event);
		break;
	case ADDRESS_SPACE:
		wl_vma_event(wl, task, event);
		break;
	case SWAP:
		wl_swap_event(wl, task, event);
		break;
	case CMA:
		wl_cma_event(wl, task, event);
		break;
	case LOST:
		on_lost(wl, event);
		break;
	case TLB:
	case IGNORED:
		break;
	}
}

int wl_event(struct wl *wl, const struct mmr_event *event, struct mmr_error *err)
{
	enum subject subject = event->kind < MMR_NR_EVENT_KINDS ? subjects[event->kind] : IGNORED;

	wl->explain.nr_events++;
	if (subject == IGNORED || (subject == TLB && !wl->tells_tlb))
		return 0;
	if (event->t_ns > wl->now_ns)
		wl->now_ns = event->t_ns;
	wl->cpu = event->cpu;
	wl->task = 0;
	if (!wl->started)
		wl_resident_until(wl, wl->now_ns);
	if (wl->nr_bulks_done < wl->bulks.count)
		wl_bulk_until(wl, wl->now_ns);
	if (subject == TLB)
		wl_tlb_event(wl, event);
	else
		wl->task = wl_task_of(wl, event->pid);
	if (!wl->nomem)
		dispatch(wl, subject, event);
	if (wl->nomem)
		return base_error(err, MMR_E_NOMEM, "no memory to follow the workload");
	return 0;
}

int wl_finish(struct wl *wl, struct mmr_error *err)
{
	wl->task = 0;
	if (!wl->started)
		wl_resident_until(wl, UINT64_MAX);
	for (uint32_t task = 0; task < wl->tasks.count; task++)
		wl_fault_end(wl, task);
	wl->finished = true;
	if (wl->nomem)
		return base_error(err, MMR_E_NOMEM, "no memory to follow the workload");
	return 0;
}
