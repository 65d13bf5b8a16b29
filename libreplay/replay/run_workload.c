/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The workload of a recording, told what a first pass over its events has found out: pages that were on the
 * lists at the start, those that came in bulk, and who khugepaged is. Replays and miss-ratio curves begin with
 * the same one, so that one pass may serve both.
 */
#include "replay.h"
#include "run_runs.h"
#include "workload.h"

int replay_run_workload(struct mmr_trace *trace, const struct replay_start *start, bool folios,
                        struct wl **ret, struct mmr_error *err)
{
	struct wl *wl;
	int code = wl_create(trace, &wl, err);

	if (code < 0)
		return code;
	if (folios)
		wl_number_folios(wl);
	wl_khugepaged_is(wl, start->khugepaged_pid);
	for (size_t i = 0; i < start->nr_listed; i++)
		wl_add_listed(wl, start->listed[i].pfn, UINT64_C(1) << start->listed[i].order);
	for (size_t i = 0; code == 0 && i < start->nr_bulk_takes; i++)
		code = wl_add_bulk(wl, start->bulk_takes[i].t_ns, start->bulk_takes[i].pfn, err);
	for (size_t i = 0; code == 0 && i < start->nr_tmpfs_places; i++)
		code = wl_add_tmpfs(wl, &start->tmpfs_places[i], err);
	if (code < 0)
		wl_destroy(wl);
	else
		*ret = wl;
	return code;
}
