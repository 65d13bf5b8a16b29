/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recorded machine's swap areas: see start_swap.c. */
#ifndef REPLAY_START_SWAP_H
#define REPLAY_START_SWAP_H

#include <mmreplay/trace.h>

#include "tunables.h"

/* Their size and kind, and how they are read ahead, as tunables. Whether all are on zram. */
bool replay_start_swap(const struct mmr_snapshot *snapshot, struct replay_tunables *tunables);

#endif
