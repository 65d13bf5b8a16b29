/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pages that either the recording or the replay has in memory, but not both: see set_difference.c. */
#ifndef REPLAY_SET_DIFFERENCE_H
#define REPLAY_SET_DIFFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/error.h>

#include "mm.h"
#include "rng.h"
#include "vec.h"

DEFINE_VEC(replay_difference_vec, uint32_t);

/* Zeroed at first. */
struct replay_difference {
	struct replay_difference_vec places; /* by page */
	struct replay_difference_vec
		recorded[MM_NR_LRU_TYPES];     /* pages that only the recording has */
	uint32_t nr_replayed[MM_NR_LRU_TYPES]; /* … only the replay */
	int64_t debt[MM_NR_LRU_TYPES];         /* uses, in 2^-16; negative: ahead */
};

/* Pages below nr_pages can be told of from now on. MMR_E_NOMEM. */
int replay_difference_reserve(struct replay_difference *difference,
                              uint32_t nr_pages) MMR_MUST_CHECK;
void replay_difference_destroy(struct replay_difference *difference);

/* Only the recording has the page; only the replay has; both or none. MMR_E_NOMEM: it counts as the last. */
int replay_difference_recorded(struct replay_difference *difference, uint32_t page,
                               enum mm_lru_type type) MMR_MUST_CHECK;
void replay_difference_replayed(struct replay_difference *difference, uint32_t page,
                                enum mm_lru_type type);
void replay_difference_forget(struct replay_difference *difference, uint32_t page);

/* Whether only the replay has the page. */
bool replay_difference_is_replayed(const struct replay_difference *difference, uint32_t page);

/* A page was used that only the replay had: the recording had a fault on it that the replay has not. */
void replay_difference_saved(struct replay_difference *difference, enum mm_lru_type type);
/* The recording had a page back, one of nr_out that it had taken. */
void replay_difference_back(struct replay_difference *difference, enum mm_lru_type type,
                            uint32_t nr_out);
/* A page was used that only the recording had: the replay has a fault on it that the recording has not. It is in both. */
void replay_difference_told(struct replay_difference *difference, uint32_t page);
/* Whether a page is to be used instead that only the recording has. */
bool replay_difference_owes(const struct replay_difference *difference, enum mm_lru_type type);
/* Any of these pages, as chance will have it; false: there is none. */
bool replay_difference_draw(const struct replay_difference *difference, enum mm_lru_type type,
                            struct rng *rng, uint32_t *page);
/* It has been used, and is in both. */
void replay_difference_pay(struct replay_difference *difference, enum mm_lru_type type,
                           uint32_t page);
/* There was none that could have been. */
void replay_difference_forgive(struct replay_difference *difference, enum mm_lru_type type);

#endif
