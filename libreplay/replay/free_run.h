/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A free run under way: what its own file and that of its rows know of it. */
#ifndef REPLAY_FREE_RUN_H
#define REPLAY_FREE_RUN_H

#include <mmreplay/run.h>

#include "future.h"
#include "kept_demand.h"
#include "pins_replay.h"
#include "recorded_policy.h"
#include "recorded_residence.h"
#include "replay.h"
#include "run_dump.h"
#include "run_private.h"
#include "run_runs.h"
#include "workload.h"

#define KB_PER_PAGE 4ull

struct free_run {
	struct mmr_trace *trace;
	const struct mmr_run_options *options;
	struct mmr_run_report *report;
	struct results_db *db; /* NULL: only dumps are wanted */
	bool recorded;         /* under the recorded kernel's own policy */
	struct run_dumps dumps;
	bool begun;     /* the machine is complete … */
	bool late;      /* … only after the counters were read for the first time */
	int begun_code; /* … and what came of the dumps that waited for that */
	struct mmr_error begun_err;
	struct replay_start start;
	struct replay_tunables tunables;
	struct replay *replay;
	struct replay_future *future;       /* NULL: the policy does not ask */
	struct replay_residence *residence; /* NULL: nobody asks */
	bool looking_ahead;                 /* the first of two passes: nothing is executed */
	struct mmr_curves *curves;          /* of the original, from the first pass; NULL: none */
	int64_t original_id;                /* its run, if it was written just before this one */
	bool wants_curves;                  /* and has none yet */
	bool recorded_files;      /* khugepaged makes huge pages of files in the recording */
	bool recorded_folios;     /* folios have numbers under the recorded settings */
	struct replay_kept *kept; /* the demand, if that pass has kept it; otherwise NULL */
	struct wl *wl;            /* that makes it from the events; NULL: it is kept */
	struct run_source source;
	struct run_sampler sampler;
	struct pins_replay pins;
	struct run_span span;
	struct run_counters counters;
	uint64_t counters_next_ns; /* absolute; UINT64_MAX: none left */
	uint64_t nr_instants;      /* of samples so far */
	uint64_t lru_interval;     /* in samples: of rows about the LRU lists */
	uint32_t next_snapshot;    /* that may be the one after that */
	struct run_access access;
	uint32_t last_task; /* the highest number in the demand */
};

/* ---- free_run.c ---- */

/* What a free run begins with. */
struct free_run_start {
	struct replay_start start;
	struct replay_tunables tunables; /* as recorded */
	bool wants_curves;               /* of the original, which is the run at hand */
};

/*
 * Replays a trace under a policy into db, which may be NULL: only dumps are wanted. start: what the trace tells of
 * it, which is taken over and left zeroed; NULL: that is to be read first.
 */
int replay_free_run(struct mmr_trace *trace, struct results_db *db,
                    const struct mmr_run_options *options,
                    const struct replay_recorded_policy *policy, struct free_run_start *start,
                    struct mmr_run_report *report, struct mmr_error *err) MMR_MUST_CHECK;

/* ---- free_run_rows.c ---- */

/* Thread id of a task of the demand. */
uint32_t replay_free_run_pid(const struct free_run *run, uint32_t task);
int64_t replay_free_run_since(const struct free_run *run, uint64_t t_ns);
/* The stalls, kills and failures of the run become rows and notes. begun is left to the caller. */
struct replay_hooks replay_free_run_hooks(struct free_run *run);
void replay_free_run_put_counters(struct free_run *run, uint64_t t_ns);
void replay_free_run_put_swap(struct free_run *run, uint64_t t_ns);
/* What the lists hold and what came back to them: the counters of it, and MGLRU's generations. */
void replay_free_run_put_lru(struct free_run *run, uint64_t t_ns);
void replay_free_run_put_refused(struct free_run *run);
void replay_free_run_put_faults(struct free_run *run);

#endif
