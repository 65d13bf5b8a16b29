/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What snapshots say beside counters: slab caches, MGLRU's generations, memory cgroups, and of the recorder itself. */
#ifndef REPLAY_SNAPSHOT_FACTS_H
#define REPLAY_SNAPSHOT_FACTS_H

#include <mmreplay/trace.h>

#include "write.h"

/* slab_cache, lru_generation and cgroup_memory rows of a snapshot, read at t_ns of the database. */
void replay_facts_put(struct results_db *db, const struct mmr_snapshot *snapshot, int64_t t_ns);

/* What the recorder held of memory, and which events it did not record, as parameters of the run. */
void replay_facts_put_recorder(struct results_db *db, struct mmr_trace *trace);

#endif
