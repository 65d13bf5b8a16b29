/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef START_THP_H
#define START_THP_H

#include "replay.h"

/* The settings of /sys/kernel/mm/transparent_hugepage that a snapshot has. */
void replay_start_thp(const struct mmr_snapshot *snapshot, struct replay_start *start,
                      struct replay_tunables *tunables);

#endif
