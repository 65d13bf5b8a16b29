/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the recorded tasks went through: begin and end events become stalls, faults are counted, tasks
 * get their life spans. The rows go to the run that was begun last.
 */
#ifndef REPLAY_EPISODE_H
#define REPLAY_EPISODE_H

#include <mmreplay/trace.h>

#include "stall_stack.h"
#include "task_table.h"
#include "write.h"

struct replay_episodes {
	struct mmr_trace *trace; /* for names of tasks and flags */
	struct results_db *db;
	uint64_t base_ns; /* t_ns 0 of the database */
	struct replay_task_table tasks;
	struct replay_stacks stacks;
	uint64_t nr_reclaim; /* rows written */
	uint64_t nr_compaction;
	uint32_t nr_huge_failed; /* tasks whose fault has asked for a huge page in vain */
	bool no_memory;
};

/* The next event; it must be the one that mmr_trace_next() gave last. */
void replay_episodes_event(struct replay_episodes *episodes, const struct mmr_event *event);

/* The trace ends here: what is still open goes out without a duration. */
int replay_episodes_finish(struct replay_episodes *episodes, struct mmr_error *err) MMR_MUST_CHECK;

void replay_episodes_deinit(struct replay_episodes *episodes);

#endif
