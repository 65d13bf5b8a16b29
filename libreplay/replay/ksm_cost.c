/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What it cost the recorded ksmd to look at a page.
 *
 * No event tells of a page that ksmd looks at, but /sys/kernel/mm/ksm/pages_scanned counts them (from 6.6 on), and ksm_start_scan and
 * ksm_stop_scan tell when a scan of all registered memory begins and ends. So between two snapshots
 *
 *	scans = pages_scanned * cost + pages_scanned / pages_to_scan * sleep_millisecs
 *
 * as ksmd sleeps after each batch, in whole jiffies. The advisor changes pages_to_scan, so with it nothing is learnt.
 *
 * Follows ksm_do_scan(), scan_get_next_rmap_item(), ksm_scan_thread() of v6.12.
 */
#include "ksm_cost.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "replay.h"

#define PAGES_SCANNED "sys/kernel/mm/ksm/pages_scanned"
#define MIN_PAGES     4096u
#define MIN_SCANS     2u

struct reading {
	uint64_t t_ns; /* 0: there is none */
	uint64_t nr_pages;
};

static int read_one(struct mmr_trace *trace, uint32_t i, struct reading *ret, struct mmr_error *err)
{
	const struct mmr_snapshot_info *info = mmr_trace_snapshot_info(trace, i);
	struct mmr_snapshot_piece piece;
	struct mmr_snapshot *snapshot;
	int code = mmr_trace_snapshot(trace, i, &snapshot, err);

	*ret = (struct reading){ 0 };
	if (code < 0)
		return code == MMR_E_CORRUPT ? 0 : code;
	if (mmr_snapshot_find(snapshot, PAGES_SCANNED, &piece)) {
		ret->t_ns = piece.begin_ns ? piece.begin_ns : info->begin_ns;
		ret->nr_pages = strtoull((const char *)piece.data, NULL, 10);
	}
	mmr_snapshot_free(snapshot);
	return 0;
}

int replay_ksm_cost_snapshots(struct mmr_trace *trace, struct replay_ksm_cost *cost,
                              struct mmr_error *err)
{
	struct reading first = { 0 }, last = { 0 };
	uint32_t nr = 0;
	int code;

	while (mmr_trace_snapshot_info(trace, nr))
		nr++;
	if (nr < 2)
		return 0;
	code = read_one(trace, 0, &first, err);
	if (code == 0)
		code = read_one(trace, nr - 1, &last, err);
	if (code < 0 || first.t_ns == 0 || last.t_ns <= first.t_ns ||
	    last.nr_pages < first.nr_pages)
		return code;
	cost->from_ns = cost->begin_ns = first.t_ns;
	cost->until_ns = last.t_ns;
	cost->nr_pages = last.nr_pages - first.nr_pages;
	return 0;
}

void replay_ksm_cost_event(struct replay_ksm_cost *cost, const struct mmr_event *event)
{
	uint64_t t_ns = event->t_ns < cost->until_ns ? event->t_ns : cost->until_ns;

	if (event->kind != MMR_EVENT_KSM_START_SCAN && event->kind != MMR_EVENT_KSM_STOP_SCAN)
		return;
	/* One that the first snapshot finds under way has a part in its count. */
	if (event->kind == MMR_EVENT_KSM_STOP_SCAN && cost->begin_ns != 0 &&
	    t_ns > cost->begin_ns) {
		cost->ns += t_ns - cost->begin_ns;
		cost->nr_scans++;
	}
	cost->begin_ns = 0;
	if (event->kind == MMR_EVENT_KSM_START_SCAN)
		cost->begin_ns = t_ns > cost->from_ns ? t_ns : cost->from_ns;
}

void replay_ksm_cost_record(const struct replay_ksm_cost *cost, struct replay_tunables *tunables)
{
	uint64_t batch = tunables->value[REPLAY_TUNABLE_KSM_PAGES_TO_SCAN];
	uint64_t ns = cost->ns, slept_ns;
	char text[32];

	/* One that the last snapshot finds under way, too. */
	if (cost->begin_ns != 0 && cost->until_ns > cost->begin_ns)
		ns += cost->until_ns - cost->begin_ns;
	if (cost->from_ns == 0 || cost->nr_pages < MIN_PAGES || cost->nr_scans < MIN_SCANS ||
	    tunables->value[REPLAY_TUNABLE_KSM_ADVISOR] != 0)
		return;
	slept_ns = cost->nr_pages / batch * replay_ksm_sleep_ns(tunables);
	if (slept_ns >= ns)
		return;
	snprintf(text, sizeof(text), "%" PRIu64, (ns - slept_ns) / cost->nr_pages);
	replay_tunable_record(tunables, "cost.ksm", text);
}
