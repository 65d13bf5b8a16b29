/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often the recorded kernel's reclaim found a page in use, by type and time: see reference_share.c. */
#ifndef REPLAY_REFERENCE_SHARE_H
#define REPLAY_REFERENCE_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/event.h>
#include <mmreplay/trace.h>

#include "mm.h"
#include "recorded_look.h"

#define REPLAY_REFERENCE_BINS 128u

/* Base pages: what the events of some time tell. */
enum replay_reference_item {
	/* Classic lists */
	REPLAY_LOOKED,
	REPLAY_KEPT,      /* found in use for the first time */
	REPLAY_ACTIVATED, /* … and again */
	/* MGLRU */
	REPLAY_TAKEN,
	REPLAY_BACK,       /* … for the second time, having been written */
	REPLAY_MOVED,      /* met and not taken: elsewhere by now */
	REPLAY_YOUNG,      /* found in use at the last look */
	REPLAY_BESIDE,     /* spared because a neighbour was */
	REPLAY_LED,        /* taken together with one that was found in use */
	REPLAY_LED_BESIDE, /* … and spared beside it */
	REPLAY_NR_REFERENCE_ITEMS
};

/* All are halved where one would not fit: only what they are to each other counts. */
struct replay_reference_count {
	uint32_t nr[REPLAY_NR_REFERENCE_ITEMS];
};

#define REPLAY_REFERENCE_SWITCHES 8u

/* From here on batches were those of the other policy. */
struct replay_reference_switch {
	uint64_t t_ns;
	bool mglru;
};

/* Zeroed but for the times. */
struct replay_reference_share {
	struct replay_reference_count bins[REPLAY_REFERENCE_BINS][MM_NR_LRU_TYPES];
	struct replay_reference_count all[MM_NR_LRU_TYPES];
	struct replay_reference_switch
		switches[REPLAY_REFERENCE_SWITCHES]; /* the first batch is one */
	uint32_t nr_switches;
	struct replay_recorded_look look;
	uint64_t first_ns;
	uint64_t last_ns;
};

/* Every event of the trace. */
void replay_reference_event(struct replay_reference_share *share, const struct mmr_event *event);

/*
 * Without such events, what the snapshots' counters tell of MGLRU: see reference_snapshot.c. The times must be set. 0 or
 * a negative code.
 */
int replay_reference_snapshots(struct mmr_trace *trace, struct replay_reference_share *share,
                               struct mmr_error *err) MMR_MUST_CHECK;
void replay_reference_add(struct replay_reference_count *to,
                          const struct replay_reference_count *count);

/* Whether the recording tells anything. */
bool replay_reference_known(const struct replay_reference_share *share);

/*
 * Share of MM_REFERENCE_ONE in a bin, for a kind of look; of the whole trace for REPLAY_REFERENCE_BINS.
 * walks: the policy of the replay walks through page tables.
 */
uint32_t replay_reference_of(const struct replay_reference_share *share, uint32_t bin,
                             enum mm_lru_type type, enum mm_look look, bool walks);

/* What is to come of BESIDE and WALK in a bin (mm_set_reference_outcome()); UINT32_MAX: it tells nothing. */
uint32_t replay_reference_outcome(const struct replay_reference_share *share, uint32_t bin,
                                  enum mm_lru_type type, enum mm_look look);

/* When a bin begins; UINT64_MAX: there is no such bin. */
uint64_t replay_reference_begin_ns(const struct replay_reference_share *share, uint32_t bin);

#endif
