/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What would have become of a request for memory, from what is known of a zone at an instant. */
#ifndef REPLAY_REQUEST_OUTCOME_H
#define REPLAY_REQUEST_OUTCOME_H

#include <stdint.h>

#include "mmzone.h"

/* The better ones first. */
enum request_outcome {
	OUTCOME_OWN,        /* at once, from a free block of its own migratetype */
	OUTCOME_FALLBACK,   /* at once, from another migratetype's */
	OUTCOME_COMPACTION, /* after compaction */
	OUTCOME_PINNED, /* not: each range that is large enough holds a page that cannot be moved */
	OUTCOME_MEMORY, /* not: too little is free */
	NR_OUTCOMES
};

/* Types that one can ask for: Unmovable, Movable, Reclaimable. */
#define OUTCOME_NR_TYPES 3

struct outcome_zone {
	uint32_t blocks[MM_NR_ORDERS][MM_NR_MIGRATETYPES]; /* free ones */
	uint64_t wmark_min;
	uint64_t wmark_low;
	uint64_t reserve; /* lowmem_reserve against those who could have a higher zone */
	int room;         /* largest order of a range in which all can be moved; -1: none */
	int32_t extfrag_threshold;
};

enum request_outcome replay_request_outcome(const struct outcome_zone *zone, uint32_t order,
                                            uint32_t migratetype);

/* "own", "fallback", "compaction", "pinned", "memory". */
const char *replay_outcome_name(enum request_outcome outcome);

#endif
