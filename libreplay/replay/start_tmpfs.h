/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where in their files pages of tmpfs lay that system calls wrote: see start_tmpfs.c. */
#ifndef REPLAY_START_TMPFS_H
#define REPLAY_START_TMPFS_H

#include <mmreplay/event.h>

#include "replay.h"

struct replay_tmpfs;

/* Of the zones of start. NULL in *ret: there is too much memory. MMR_E_NOMEM. */
int replay_tmpfs_create(const struct replay_start *start, struct replay_tmpfs **ret,
                        struct mmr_error *err) MMR_MUST_CHECK;

/* NULL is fine. */
void replay_tmpfs_destroy(struct replay_tmpfs *tmpfs);

/* Every event after the start, in time order. MMR_E_NOMEM. */
int replay_tmpfs_event(struct replay_tmpfs *tmpfs, const struct mmr_event *event,
                       struct mmr_error *err) MMR_MUST_CHECK;

/* What was found goes to start: tmpfs_places, nr_tmpfs_places, by time of allocation. */
void replay_tmpfs_take(struct replay_tmpfs *tmpfs, struct replay_start *start);

#endif
