/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far kswapd got, and when, on the recorded machine: see pace.c. */
#ifndef REPLAY_PACE_H
#define REPLAY_PACE_H

#include <stdint.h>

#include "mmzone.h"

/* Of a node's kswapd, from one batch to the next. */
struct replay_pace_turn {
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t work_ns; /* that it got done in it, by the cost model */
	uint64_t own_ns;  /* that took it so long, what it waited for devices apart */
};

struct replay_pace {
	uint32_t first[MM_MAX_NODES + 1]; /* of each node's turns; and of the node after the last */
	struct replay_pace_turn turns[];  /* by node, and in time order */
};

/* When a node's kswapd has done work that it begins at t_ns. percent: of a CPU, where nothing was recorded; > 0. */
uint64_t replay_pace_end(const struct replay_pace *pace, uint32_t node, uint64_t t_ns,
                         uint64_t work_ns, uint64_t percent);

#endif
