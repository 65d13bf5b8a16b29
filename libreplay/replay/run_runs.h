/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kinds of run call of each other. */
#ifndef REPLAY_RUN_RUNS_H
#define REPLAY_RUN_RUNS_H

#include <mmreplay/run.h>

#include "db.h"
#include "tunables.h"

struct demand_op;
struct replay_start;
struct replay_survey;
struct wl;

/*
 * mmr_run_original() into a database that is open already, but for the miss-ratio curves; db may be NULL: nothing is
 * written. survey: gets all events, too, if there is a database; or NULL. wants_curves: whether the recording
 * lacked memory, so that they say something.
 */
int replay_run_original(struct mmr_trace *trace, struct results_db *db,
                        const struct mmr_run_options *options, struct replay_survey *survey,
                        bool *wants_curves, struct mmr_run_report *report,
                        struct mmr_error *err) MMR_MUST_CHECK;

/* mmr_run_replay() of a trace of page requests, into a database that is open. */
int replay_run_requests(struct mmr_trace *trace, struct results_db *db,
                        const struct mmr_run_options *options, struct mmr_run_report *report,
                        struct mmr_error *err) MMR_MUST_CHECK;

/* The policy with its settings and seed: a run's label if it has no other. */
void replay_run_label(const struct mmr_run_options *options, char *label, size_t size);

/* The tunables as parameters of the run that was begun. */
void replay_run_put_params(struct results_db *db, const struct replay_tunables *tunables);

/* ---- run_workload.c ---- */

/*
 * A workload that knows what start knows; folios: with wl_number_folios(). Free with wl_destroy(). MMR_E_NOMEM, and
 * what wl_create() fails with.
 */
int replay_run_workload(struct mmr_trace *trace, const struct replay_start *start, bool folios,
                        struct wl **ret, struct mmr_error *err) MMR_MUST_CHECK;

/* ---- run_curve.c ---- */

struct mmr_curve_options;
struct mmr_curves;

/*
 * mmr_curves_read() for those who go through the demand anyway: all ops of replay_run_workload() between the two,
 * in their order, with the recorded settings of folios. Free with mmr_curves_free(), also after an error of the
 * others.
 */
int replay_curves_begin(struct mmr_trace *trace, const struct mmr_curve_options *options,
                        struct mmr_curves **ret, struct mmr_error *err) MMR_MUST_CHECK;
int replay_curves_ops(struct mmr_curves *curves, const struct demand_op *ops, size_t nr_ops,
                      struct mmr_error *err) MMR_MUST_CHECK;
int replay_curves_end(struct mmr_curves *curves, struct mmr_trace *trace, uint64_t nr_events,
                      struct mmr_error *err) MMR_MUST_CHECK;

/* mmr_curves_read() with a start that was read already; folios: as recorded. */
int replay_curves_read(struct mmr_trace *trace, const struct replay_start *start, bool folios,
                       const struct mmr_curve_options *options, struct mmr_curves **ret,
                       struct mmr_error *err) MMR_MUST_CHECK;

/* ---- run_curve_rows.c ---- */

/* Whether a recording that wanted back what was evicted gets curves as rows of its original. Long ones do not. */
bool replay_run_may_put_curves(const struct mmr_trace *trace);

struct mmr_curve_options replay_run_curve_options(const struct mmr_run_options *options);
void replay_run_put_curves(struct results_db *db, const struct mmr_curves *curves);

/* Reads the recording once more for them. start: if it was read already, with its setting of folios; or NULL. */
int replay_run_read_curves(struct results_db *db, struct mmr_trace *trace,
                           const struct replay_start *start, bool folios,
                           const struct mmr_run_options *options,
                           struct mmr_error *err) MMR_MUST_CHECK;

/* Which sample of page accesses is next. */
struct run_access {
	uint32_t next;
	uint64_t end_ns; /* of that one; 0: it has not been looked at */
};

/* Gives a workload the access samples that end before t_ns, from the next on. */
int replay_run_next_access(struct mmr_trace *trace, struct wl *wl, uint64_t t_ns,
                           struct run_access *access, struct mmr_error *err) MMR_MUST_CHECK;

#endif
