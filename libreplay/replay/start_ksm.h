/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef START_KSM_H
#define START_KSM_H

#include "replay.h"

/* The settings of /sys/kernel/mm/ksm that a snapshot has. */
void replay_start_ksm(const struct mmr_snapshot *snapshot, struct replay_tunables *tunables);

#endif
