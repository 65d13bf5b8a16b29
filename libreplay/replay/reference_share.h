/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often the recorded kernel's reclaim found a page in use, by type and time: see reference_share.c. */
#ifndef REPLAY_REFERENCE_SHARE_H
#define REPLAY_REFERENCE_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/event.h>

#include "mmzone.h"

#define REPLAY_REFERENCE_BINS 128u

struct replay_reference_count {
	uint64_t nr_looked; /* base pages, as are the others */
	uint64_t nr_written;
	uint64_t nr_kept;      /* found in use for the first time */
	uint64_t nr_activated; /* … and again */
};

/* Zeroed but for the times. */
struct replay_reference_share {
	struct replay_reference_count bins[REPLAY_REFERENCE_BINS][MM_NR_LRU_TYPES];
	struct replay_reference_count all[MM_NR_LRU_TYPES];
	uint64_t first_ns;
	uint64_t last_ns;
};

/* Every event of the trace. */
void replay_reference_event(struct replay_reference_share *share, const struct mmr_event *event);

/* Whether the recording tells anything. */
bool replay_reference_known(const struct replay_reference_share *share);

/*
 * Share of MM_REFERENCE_ONE in a bin, of first looks or of those at pages that were spared before (again); of
 * the whole trace for REPLAY_REFERENCE_BINS.
 */
uint32_t replay_reference_of(const struct replay_reference_share *share, uint32_t bin,
                             enum mm_lru_type type, bool again);

/* When a bin begins; UINT64_MAX: there is no such bin. */
uint64_t replay_reference_begin_ns(const struct replay_reference_share *share, uint32_t bin);

#endif
