/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Comparing the shadow with the snapshots that come after its start. */
#ifndef REPLAY_SHADOW_VERIFY_H
#define REPLAY_SHADOW_VERIFY_H

#include "shadow_state.h"

/* Where later snapshots come from, one at a time. */
struct shadow_source {
	void *data;
	uint64_t (*next_ns)(void *data); /* when the next one began, UINT64_MAX: there is none */
	void (*load)(void *data,
	             struct replay_shadow *s); /* adds its pieces, lets go of the last */
	void (*destroy)(void *data);
};

int replay_shadow_verify_from(struct replay_shadow *s, const struct shadow_source *source,
                              struct mmr_error *err) MMR_MUST_CHECK;

/* Notes that a snapshot cannot be compared. */
void replay_shadow_verify_unreadable(struct replay_shadow *s, uint32_t snapshot, uint64_t t_ns);

/* Called before the first event at or after s->next_check_ns is applied. */
void replay_shadow_verify_until(struct replay_shadow *s, uint64_t now_ns);

/*
 * Compares with a piece of a snapshot when its time comes. Pieces are added in time order; their data
 * must stay valid until then. Those that say nothing about free pages are ignored.
 */
int replay_shadow_verify_add(struct replay_shadow *s, const struct mmr_snapshot_piece *piece,
                             uint32_t snapshot, struct mmr_error *err) MMR_MUST_CHECK;

/* NULL is fine. */
void replay_shadow_verify_free(struct shadow_verify *verify);

#endif
