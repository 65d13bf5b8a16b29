/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compaction's searches of the free lists on kernels that have no event for them. */
#ifndef REPLAY_SHADOW_SEARCH_H
#define REPLAY_SHADOW_SEARCH_H

#include "shadow_state.h"

/* A compaction of a zone begins, learns its order, ends. */
void replay_shadow_search_begin(struct replay_shadow *s, uint32_t zone);
void replay_shadow_search_order(struct replay_shadow *s, uint32_t zone, int32_t order);
void replay_shadow_search_end(struct replay_shadow *s, uint32_t zone);

/* A block goes onto the free lists, before it merges. */
void replay_shadow_search_give(struct replay_shadow *s, uint32_t index, unsigned int order);

/*
 * The block that a search took with this page, which seems free: its order; *head is its first page.
 * Negative if no search took it.
 */
int replay_shadow_searched_block(const struct replay_shadow *s, uint32_t index, uint32_t *head);

/* A search took one of the free blocks of `least` to `most` pages that begin in [start, end). */
void replay_shadow_choice_add(struct replay_shadow *s, uint32_t start, uint32_t end, uint64_t least,
                              uint64_t most);

/* These pages left the free lists, by whatever way: they are none of those that a search took. */
void replay_shadow_choice_taken(struct replay_shadow *s, uint32_t index, unsigned int order);

/*
 * The block that holds this page is the one that a search took: its order; *head is its first page.
 * Negative if no search may have taken it.
 */
int replay_shadow_choice_named(struct replay_shadow *s, uint32_t index, uint32_t *head);

/* Whether a search may have taken this page. */
bool replay_shadow_choice_holds(const struct replay_shadow *s, uint32_t index);

#endif
