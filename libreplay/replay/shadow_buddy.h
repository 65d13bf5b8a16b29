/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks of the shadow: where a page is, splitting, merging, pageblocks. */
#ifndef REPLAY_SHADOW_BUDDY_H
#define REPLAY_SHADOW_BUDDY_H

#include "shadow_state.h"

static inline enum page_state page_state(const struct replay_shadow *s, uint32_t index)
{
	return (enum page_state)(s->page[index] >> 4);
}

/* Order of the free block that begins at this page, or -1. */
static inline int head_order(const struct replay_shadow *s, uint32_t index)
{
	return (s->page[index] & PAGE_HEAD_MASK) - 1;
}

static inline uint64_t pfn_of(const struct shadow_zone *zone, uint32_t index)
{
	return zone->base_pfn + (index - zone->base);
}

/* Whether a page on a per-CPU list came there by a refill. */
static inline bool replay_shadow_was_refilled(const struct replay_shadow *s, uint32_t index)
{
	return s->refilled[index / 8] >> (index % 8) & 1;
}

static inline void replay_shadow_set_refilled(struct replay_shadow *s, uint32_t index,
                                              bool refilled)
{
	uint8_t bit = (uint8_t)(1u << (index % 8));

	if (refilled)
		s->refilled[index / 8] |= bit;
	else
		s->refilled[index / 8] &= (uint8_t)~bit;
}

/* Whether compaction did not take a movable page when it looked at it last. */
static inline bool replay_shadow_is_stuck(const struct replay_shadow *s, uint32_t index)
{
	return s->stuck[index / 8] >> (index % 8) & 1;
}

static inline void replay_shadow_set_stuck(struct replay_shadow *s, uint32_t index, bool stuck)
{
	struct shadow_pageblock *pb = &s->pageblock[index / SHADOW_PAGEBLOCK_PAGES];

	if (replay_shadow_is_stuck(s, index) == stuck)
		return;
	s->stuck[index / 8] ^= (uint8_t)(1u << (index % 8));
	pb->nr_stuck = (uint16_t)(stuck ? pb->nr_stuck + 1 : pb->nr_stuck - 1);
	pb->changed = true;
}

/* Our number of a kernel's migratetype. */
static inline unsigned int replay_shadow_type(const struct replay_shadow *s, int32_t number)
{
	if (number >= 0 && number <= SHADOW_HIGHATOMIC)
		return (unsigned int)number;
	return number == 4 && s->kernel.cma ? SHADOW_CMA : SHADOW_ISOLATE;
}

/* Zone that spans pfn, or NULL. */
const struct shadow_zone *replay_shadow_zone(struct replay_shadow *s, uint64_t pfn);

/* Index of pfn, or SHADOW_NONE if nr pages from pfn on are not all in one zone. */
uint32_t replay_shadow_index(struct replay_shadow *s, uint64_t pfn, uint32_t nr);

/* Zone of an index that replay_shadow_index() gave; never NULL for one of those. */
struct shadow_zone *replay_shadow_zone_of(struct replay_shadow *s, uint32_t index);

/* The free block that holds a free page: its order; *head is its first page. */
unsigned int replay_shadow_block(const struct replay_shadow *s, uint32_t index, uint32_t *head);

/* Puts an aligned block on the free lists and merges it. The number of its pages that already were. */
uint32_t replay_shadow_give(struct replay_shadow *s, uint32_t index, unsigned int order);

/* Takes an aligned block off the free lists, splitting; pages become `to`. The number that were on. */
uint32_t replay_shadow_take(struct replay_shadow *s, uint32_t index, unsigned int order,
                            enum page_state to);

/* The state of pages that are on no free list; free and unknown ones keep theirs. */
void replay_shadow_mark(struct replay_shadow *s, uint32_t index, uint32_t nr, enum page_state to);

/* The migratetype of a pageblock; its free blocks change lists. */
void replay_shadow_set_type(struct replay_shadow *s, uint32_t pageblock, unsigned int type);

/* For the chunks only: a page's first state. */
void replay_shadow_set_page(struct replay_shadow *s, uint32_t index, enum page_state to);

#endif
