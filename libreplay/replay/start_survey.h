/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only the events of the whole trace tell of the machine at the start, in one pass: see start_survey.c. */
#ifndef REPLAY_START_SURVEY_H
#define REPLAY_START_SURVEY_H

#include <stdbool.h>

#include <mmreplay/event.h>
#include <mmreplay/trace.h>

#include "replay.h"

struct replay_survey;

/*
 * A pass that fills in start, which has what its first full snapshot tells and must stay where it is until
 * replay_survey_destroy(). nr_before: events before the start. MMR_E_NOMEM.
 */
int replay_survey_create(const struct mmr_trace *trace, struct replay_start *start,
                         uint64_t nr_before, struct replay_survey **ret,
                         struct mmr_error *err) MMR_MUST_CHECK;

/* What ksmd costs is asked for, too. 0 or a negative code. */
int replay_survey_ksm(struct replay_survey *survey, struct mmr_trace *trace,
                      struct mmr_error *err) MMR_MUST_CHECK;

/* NULL is fine. */
void replay_survey_destroy(struct replay_survey *survey);

/* Whether the events tell anything. */
bool replay_survey_asks(const struct replay_survey *survey);

/* Every event of the trace, in time order. MMR_E_NOMEM. */
int replay_survey_event(struct replay_survey *survey, const struct mmr_event *event,
                        struct mmr_error *err) MMR_MUST_CHECK;

/* After the last. MMR_E_NOMEM. */
int replay_survey_finish(struct replay_survey *survey, struct replay_tunables *tunables,
                         struct mmr_error *err) MMR_MUST_CHECK;

#endif
