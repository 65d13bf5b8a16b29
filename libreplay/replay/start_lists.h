/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was on page lists at the start, and in what order, from what left them later: see start_lists.c. */
#ifndef REPLAY_START_LISTS_H
#define REPLAY_START_LISTS_H

#include <mmreplay/event.h>
#include <mmreplay/trace.h>

#include "replay.h"

struct replay_lists;

/* At the start, whose zones and free blocks are known; borrows them. MMR_E_NOMEM. */
int replay_lists_create(const struct replay_start *start, struct replay_lists **ret,
                        struct mmr_error *err) MMR_MUST_CHECK;

/* NULL is fine. */
void replay_lists_destroy(struct replay_lists *lists);

/* Every event after the start, in time order; free blocks learn their use. MMR_E_NOMEM. */
int replay_lists_event(struct replay_lists *lists, const struct mmr_event *event,
                       struct mmr_error *err) MMR_MUST_CHECK;

/* What they tell goes to start: listed, nr_listed, waiting, and types of pageblocks. MMR_E_NOMEM. */
int replay_lists_take(const struct replay_lists *lists, struct replay_start *start,
                      struct mmr_error *err) MMR_MUST_CHECK;

#endif
