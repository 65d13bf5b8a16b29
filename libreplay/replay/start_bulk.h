/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the bulk allocator took pages, of which no event tells: see start_bulk.c. */
#ifndef REPLAY_START_BULK_H
#define REPLAY_START_BULK_H

#include <mmreplay/event.h>

#include "replay.h"

struct replay_bulk;

/* Of the zones, CPUs and pageblock types of start. NULL in *ret: there is too much memory. MMR_E_NOMEM. */
int replay_bulk_create(const struct replay_start *start, struct replay_bulk **ret,
                       struct mmr_error *err) MMR_MUST_CHECK;

/* NULL is fine. */
void replay_bulk_destroy(struct replay_bulk *bulk);

/* Every event after the start, in time order. MMR_E_NOMEM. */
int replay_bulk_event(struct replay_bulk *bulk, const struct mmr_event *event,
                      struct mmr_error *err) MMR_MUST_CHECK;

/* What was found goes to start: bulk_takes, nr_bulk_takes, in time order. */
void replay_bulk_take(struct replay_bulk *bulk, struct replay_start *start);

#endif
