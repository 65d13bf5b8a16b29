/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the recorded reclaim's batches say of the use of pages: see recorded_look.c. */
#ifndef REPLAY_RECORDED_LOOK_H
#define REPLAY_RECORDED_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/event.h>

#include "mm.h"

#define REPLAY_LOOK_BATCHES 32u
#define REPLAY_LOOK_SPLITS  8u

/* Base pages of a batch of an inactive list, or of an old generation. */
struct replay_look {
	enum mm_lru_type type;
	uint32_t nr_looked;
	uint32_t nr_kept;      /* found in use, on classic lists for the first time */
	uint32_t nr_activated; /* … and again; or for other reasons */
	bool generations;      /* MGLRU's: */
	uint32_t
		nr_moved; /* met where a walk, which found them in use, had left them; all else is 0 */
	uint32_t nr_back;   /* those written, which come back and are none of nr_looked */
	uint32_t nr_beside; /* found in use beside one that was kept */
};

/* What a thread has isolated for MGLRU, and not yet told what became of it. */
struct replay_look_batch {
	uint32_t pid;
	uint32_t nr_taken;
	uint32_t nr_written;
	bool generations;
	bool open; /* it is not the retry */
};

/* Zeroed. By pid; they push each other out. */
struct replay_recorded_look {
	struct replay_look_batch batches[REPLAY_LOOK_BATCHES];
	struct {
		uint32_t pid;
		uint32_t nr_entries; /* that the split has still to give back; 0: there is none */
	} splits[REPLAY_LOOK_SPLITS];
};

/* Every event of the trace, or at least those of vmscan and migrate. true: *ret says what a batch saw. */
bool replay_recorded_look(struct replay_recorded_look *recorded, const struct mmr_event *event,
                          struct replay_look *ret);

#endif
