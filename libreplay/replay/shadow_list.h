/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the order of a per-CPU list tells of the pages that were freed to it. */
#ifndef REPLAY_SHADOW_LIST_H
#define REPLAY_SHADOW_LIST_H

#include "shadow_state.h"

/* A freed page that seems to be on a CPU's list now. */
void replay_shadow_list_free(struct replay_shadow *s, const struct mmr_event *event,
                             uint32_t index);

/* Another event of pages, that is no allocation: what was freed just before interrupted none. */
void replay_shadow_list_other(struct replay_shadow *s, uint32_t cpu);

/* A page was allocated; its state is still what it was before. */
void replay_shadow_list_alloc(struct replay_shadow *s, const struct mmr_event *event,
                              uint32_t index);

/* A page was drained from its list, likewise. */
void replay_shadow_list_drain(struct replay_shadow *s, uint32_t index, unsigned int order);

/* "batch:" of /proc/zoneinfo: pages of a refill, by zone. */
void replay_shadow_list_batches(struct replay_shadow *s, const char *text, size_t size);

#endif
