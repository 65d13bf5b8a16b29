/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recorded TLB flushes by what they were for. */
#ifndef REPLAY_TLB_RECORDED_H
#define REPLAY_TLB_RECORDED_H

#include <mmreplay/event.h>

#include "task_table.h"
#include "tlb.h"

/* A zeroed one has seen nothing, and counts nothing until begun is set. */
struct replay_tlb_recorded {
	struct replay_task_table tasks;
	bool begun;      /* flushes count: a replay begins here, too */
	uint32_t sender; /* pid of who sent an interrupt last */
	enum mm_tlb_cause sent_for;
	struct mm_tlb_count counts[MM_NR_TLB_CAUSES][MM_NR_TLB_REASONS][MM_NR_TLB_EXTENTS];
};

/* Every event, in time order. MMR_E_NOMEM. */
int replay_tlb_recorded_event(struct replay_tlb_recorded *recorded, const struct mmr_event *event,
                              struct mmr_error *err) MMR_MUST_CHECK;
/* After the last. */
void replay_tlb_recorded_finish(struct replay_tlb_recorded *recorded);
void replay_tlb_recorded_deinit(struct replay_tlb_recorded *recorded);

#endif
