/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What compaction did to the shadow's pageblocks, and what it could do. */
#ifndef REPLAY_SHADOW_ROOM_H
#define REPLAY_SHADOW_ROOM_H

#include "shadow_state.h"

/* mm_compaction_isolate_migratepages. */
void replay_shadow_migrate_scanned(struct replay_shadow *s, const struct mmr_event *event);

#endif
