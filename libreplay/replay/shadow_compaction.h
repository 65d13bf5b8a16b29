/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What compaction takes off the free lists, and which pages those were. */
#ifndef REPLAY_SHADOW_COMPACTION_H
#define REPLAY_SHADOW_COMPACTION_H

#include "shadow_state.h"

void replay_shadow_compaction_event(struct replay_shadow *s, const struct mmr_event *event);

/* Events are missing: a compaction may have ended. */
void replay_shadow_compaction_lost(struct replay_shadow *s);

/* Whether a page that this task frees goes back to its compaction's own list (compaction_free()). */
bool replay_shadow_is_migrating(const struct replay_shadow *s, uint32_t pid);

/* A task frees a page: if it compacts, one that has been migrated, which took a target. */
void replay_shadow_compaction_moved(struct replay_shadow *s, uint32_t pid);

/* Whether a free page may be one of those that a compaction took without saying which. */
bool replay_shadow_is_pending(const struct replay_shadow *s, uint32_t index);

/*
 * A page on a free list turns out to be in use: it becomes `to`, and the block that a compaction must
 * have taken with it leaves the list. Pages of [index, index + nr) that are not free stay as they are.
 */
void replay_shadow_in_use(struct replay_shadow *s, uint32_t index, uint32_t nr, uint32_t pid,
                          enum page_state to, enum shadow_repair otherwise);

#endif
