// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What an OOM killer would have to know of the processes: whose address space each task uses, how much
 * a process had before the trace, and its oom_score_adj.
 *
 * Processes that were there before the trace are known from the snapshot (/proc/PID/stat,
 * oom_score_adj); later ones have it from their parent, by task_newtask, or from whoever sets it.
 *
 * A kill of the original itself is demand in one way: its victim would have asked for more, which no
 * event can tell. DEMAND_OOM stands where the original had no memory left for a request.
 *
 * Not modelled: kills for lack of memory in a cgroup.
 */
#include <stdlib.h>
#include <string.h>

#include "error_set.h"
#include "wl_state.h"

#define FILES_STEP 16
#define ADJ_LIMIT  1000

static bool is_adj(int64_t adj)
{
	return adj >= -ADJ_LIMIT && adj <= ADJ_LIMIT;
}

void wl_task_tell_space(struct wl *wl, uint32_t task, uint32_t forked_from)
{
	uint32_t mm = wl->tasks.items[task].mm;

	wl_emit(wl, (struct demand_op){ .kind = DEMAND_TASK_SPACE,
	                                .task = task,
	                                .page = DEMAND_NO_PAGE,
	                                .arg = mm == WL_NONE ? 0 : mm + 1,
	                                .arg2 = forked_from == WL_NONE ? 0 : forked_from + 1 });
}

static void tell_adj(struct wl *wl, uint32_t task)
{
	const struct wl_task *t = &wl->tasks.items[task];

	wl_emit(wl, (struct demand_op){ .kind = DEMAND_TASK_ADJ,
	                                .task = task,
	                                .page = DEMAND_NO_PAGE,
	                                .arg = (uint32_t)(int32_t)wl->mms.items[t->mm].oom_adj,
	                                .arg2 = t->pid == 1 });
}

void wl_task_set_adj(struct wl *wl, uint32_t task, int32_t adj)
{
	uint32_t mm = wl_mm_of(wl, task);

	if (mm == WL_NONE || !is_adj(adj) || wl->mms.items[mm].oom_adj == adj)
		return;
	wl->mms.items[mm].oom_adj = (int16_t)adj;
	tell_adj(wl, task);
}

void wl_task_tell(struct wl *wl, uint32_t task)
{
	const struct wl_task *t = &wl->tasks.items[task];

	wl_emit(wl, (struct demand_op){
			    .kind = DEMAND_TASK_START, .task = task, .page = DEMAND_NO_PAGE });
	if (t->mm == WL_NONE)
		return;
	wl_task_tell_space(wl, task, WL_NONE);
	if (wl->mms.items[t->mm].oom_adj != 0 || t->pid == 1)
		tell_adj(wl, task);
	if (wl->mms.items[t->mm].nr_committed > 0)
		wl_emit(wl, (struct demand_op){ .kind = DEMAND_MAP,
		                                .task = task,
		                                .page = DEMAND_NO_PAGE,
		                                .arg2 = wl->mms.items[t->mm].nr_committed });
	wl_commit_tell(wl, task);
	t = &wl->tasks.items[task];
	if (wl->mms.items[t->mm].nr_before > 0)
		wl_emit(wl, (struct demand_op){ .kind = DEMAND_TASK_RSS,
		                                .task = task,
		                                .page = DEMAND_NO_PAGE,
		                                .arg = wl->mms.items[t->mm].nr_before });
}

/*
 * What a process had before has been told as one number, in which the files it mapped then are.
 * Fewer than FILES_STEP pages more or less are not worth an op.
 */
void wl_file_rss(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	uint64_t pages = event->rss.size > 0 ? (uint64_t)event->rss.size >> WL_PAGE_SHIFT : 0;
	uint32_t number = wl->tasks.items[task].mm;
	struct wl_mm *mm;
	int32_t files;

	if (number == WL_NONE || pages > INT32_MAX)
		return;
	mm = &wl->mms.items[number];
	if (pages >= (uint64_t)mm->nr_files + WL_HUGE_PAGES && mm->files_known)
		wl_file_area_mapped(wl, task);
	mm = &wl->mms.items[number];
	mm->nr_files = (uint32_t)pages;
	if (!mm->files_known && mm->nr_before > 0)
		mm->files_before = (int32_t)pages;
	mm->files_known = true;
	files = (int32_t)pages - mm->files_before;
	if (files < mm->files_told + FILES_STEP && files > mm->files_told - FILES_STEP)
		return;
	mm->files_told = files;
	wl_emit(wl, (struct demand_op){ .kind = DEMAND_TASK_FILES,
	                                .task = task,
	                                .page = DEMAND_NO_PAGE,
	                                .arg = (uint32_t)files });
}

int wl_add_process(struct wl *wl, uint32_t pid, uint32_t nr_pages, int32_t oom_score_adj,
                   struct mmr_error *err)
{
	uint32_t task = wl_task_of(wl, pid);
	uint32_t mm = wl_mm_of(wl, task);

	if (mm != WL_NONE) {
		wl->mms.items[mm].nr_before = nr_pages;
		wl_task_set_adj(wl, task, oom_score_adj);
	}
	if (wl->nomem)
		return base_error(err, MMR_E_NOMEM, "no memory for the processes");
	return 0;
}

/* Resident pages by /proc/PID/stat; 0: a kernel thread, or unknown. */
static uint32_t stat_rss(const struct mmr_snapshot_piece *piece)
{
	const char *at = strrchr((const char *)piece->data, ')');
	unsigned long long pages;

	for (int field = 2; at && field < 24; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	pages = at ? strtoull(at, NULL, 10) : 0;
	return pages < UINT32_MAX ? (uint32_t)pages : 0;
}

/* "proc/123/stat": 123; 0: it is not of a process, or not this file. */
static uint32_t pid_of(const char *name, const char *file)
{
	unsigned long pid;
	char *end;

	if (strncmp(name, "proc/", 5) != 0 || name[5] < '1' || name[5] > '9')
		return 0;
	pid = strtoul(name + 5, &end, 10);
	return strcmp(end, file) == 0 && pid < UINT32_MAX ? (uint32_t)pid : 0;
}

int wl_add_processes(struct wl *wl, const struct mmr_snapshot *snapshot, struct mmr_error *err)
{
	struct mmr_snapshot_piece piece;
	uint32_t pid, rss = 0, rss_pid = 0;
	int error = 0;

	/* Of one process, stat comes before oom_score_adj. */
	for (uint32_t i = 0; error == 0 && mmr_snapshot_piece(snapshot, i, &piece); i++) {
		pid = pid_of(piece.name, "/stat");
		if (pid != 0) {
			rss_pid = pid;
			rss = stat_rss(&piece);
			continue;
		}
		pid = pid_of(piece.name, "/maps");
		if (pid != 0 && piece.size > 0) {
			error = wl_commit_maps(wl, pid, (const char *)piece.data, err);
			continue;
		}
		pid = pid_of(piece.name, "/oom_score_adj");
		if (pid != 0 && pid == rss_pid && rss > 0)
			error = wl_add_process(wl, pid, rss,
			                       (int32_t)strtol((const char *)piece.data, NULL, 10),
			                       err);
	}
	return error;
}

void wl_oom_event(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	const struct wl_task *t = &wl->tasks.items[task];
	uint32_t subject = event->oom.pid > 0 ? wl_task_of(wl, (uint32_t)event->oom.pid) : 0;

	if (subject == 0)
		return;
	t = &wl->tasks.items[task];
	if (event->kind == MMR_EVENT_OOM_SCORE_ADJ_UPDATE)
		wl_task_set_adj(wl, subject, event->oom.oom_score_adj);
	else if (task != 0 && t->stall_gfp != 0 && !(t->flags & WL_TASK_EXITED))
		wl_emit(wl, (struct demand_op){ .kind = DEMAND_OOM,
		                                .task = task,
		                                .page = DEMAND_NO_PAGE,
		                                .gfp_flags = t->stall_gfp,
		                                .arg = subject });
}
