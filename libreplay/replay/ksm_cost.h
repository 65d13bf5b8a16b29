/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What it cost the recorded ksmd to look at a page: see ksm_cost.c. */
#ifndef REPLAY_KSM_COST_H
#define REPLAY_KSM_COST_H

#include <mmreplay/error.h>
#include <mmreplay/event.h>
#include <mmreplay/trace.h>

#include "tunables.h"

/* Zeroed at first. */
struct replay_ksm_cost {
	uint64_t from_ns; /* between the snapshots; 0: fewer than two of them tell */
	uint64_t until_ns;
	uint64_t nr_pages; /* looked at in between */
	uint64_t begin_ns; /* of the scan under way; 0: none */
	uint64_t ns;       /* that scans have taken, sleeps included */
	uint32_t nr_scans;
};

/* What the first and the last snapshot of the trace say. 0 or a negative code. */
int replay_ksm_cost_snapshots(struct mmr_trace *trace, struct replay_ksm_cost *cost,
                              struct mmr_error *err) MMR_MUST_CHECK;
void replay_ksm_cost_event(struct replay_ksm_cost *cost, const struct mmr_event *event);

/* Records cost.ksm, if there is enough to tell. tunables: with the settings of the recording. */
void replay_ksm_cost_record(const struct replay_ksm_cost *cost, struct replay_tunables *tunables);

#endif
