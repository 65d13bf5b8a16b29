/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the CMA areas of the recorded machine are: see start_cma.c. */
#ifndef REPLAY_START_CMA_H
#define REPLAY_START_CMA_H

#include <mmreplay/event.h>

#include "replay.h"

/* Of an area, what events tell: page frames in [first, end). */
struct replay_cma_extent {
	char name[sizeof(((struct mmr_event *)0)->cma.name)];
	uint64_t first;
	uint64_t end;
};

struct replay_cma_extents {
	struct replay_cma_extent extents[REPLAY_MAX_CMA_AREAS];
	uint32_t nr;
};

/* Every event of the trace. */
void replay_cma_event(struct replay_cma_extents *extents, const struct mmr_event *event);

/* After the last: start has the zones and how much of each belongs to CMA areas. */
void replay_cma_finish(const struct replay_cma_extents *extents, struct replay_start *start);

#endif
