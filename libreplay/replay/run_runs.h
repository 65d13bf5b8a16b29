/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kinds of run call of each other. */
#ifndef REPLAY_RUN_RUNS_H
#define REPLAY_RUN_RUNS_H

#include <mmreplay/run.h>

#include "db.h"
#include "tunables.h"

struct replay_survey;
struct wl;

/*
 * mmr_run_original() into a database that is open already; db may be NULL: nothing is written. survey: gets all
 * events, too, if there is a database; or NULL.
 */
int replay_run_original(struct mmr_trace *trace, struct results_db *db,
                        const struct mmr_run_options *options, struct replay_survey *survey,
                        struct mmr_run_report *report, struct mmr_error *err) MMR_MUST_CHECK;

/* mmr_run_replay() of a trace of page requests, into a database that is open. */
int replay_run_requests(struct mmr_trace *trace, struct results_db *db,
                        const struct mmr_run_options *options, struct mmr_run_report *report,
                        struct mmr_error *err) MMR_MUST_CHECK;

/* The policy with its settings and seed: a run's label if it has no other. */
void replay_run_label(const struct mmr_run_options *options, char *label, size_t size);

/* The tunables as parameters of the run that was begun. */
void replay_run_put_params(struct results_db *db, const struct replay_tunables *tunables);

/* Which sample of page accesses is next. */
struct run_access {
	uint32_t next;
	uint64_t end_ns; /* of that one; 0: it has not been looked at */
};

/* Gives a workload the access samples that end before t_ns, from the next on. */
int replay_run_next_access(struct mmr_trace *trace, struct wl *wl, uint64_t t_ns,
                           struct run_access *access, struct mmr_error *err) MMR_MUST_CHECK;

#endif
