/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kinds of run call of each other. */
#ifndef REPLAY_RUN_RUNS_H
#define REPLAY_RUN_RUNS_H

#include <mmreplay/run.h>

#include "db.h"

struct wl;

/* mmr_run_original() into a database that is open already; db may be NULL: nothing is written. */
int replay_run_original(struct mmr_trace *trace, struct results_db *db,
                        const struct mmr_run_options *options, struct mmr_run_report *report,
                        struct mmr_error *err) MMR_MUST_CHECK;

/* Gives a workload the access samples that end before t_ns, from number *next on. */
int replay_run_next_access(struct mmr_trace *trace, struct wl *wl, uint64_t t_ns, uint32_t *next,
                           struct mmr_error *err) MMR_MUST_CHECK;

#endif
