/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frees that went past the per-CPU lists. */
#ifndef REPLAY_SHADOW_PCP_H
#define REPLAY_SHADOW_PCP_H

#include "shadow_state.h"

/* mm_page_free of an order that the lists take; the pages are PAGE_PCP already. */
void replay_shadow_pcp_free(struct replay_shadow *s, uint32_t cpu, uint32_t index,
                            unsigned int order);

/* mm_page_free_batched. */
void replay_shadow_pcp_batched(struct replay_shadow *s, uint32_t cpu, uint32_t index);

/* mm_vmscan_lru_shrink_inactive: the batches that reclaim has freed are through. */
void replay_shadow_pcp_reclaimed(struct replay_shadow *s, uint32_t cpu);

/* mm_page_alloc_zone_locked of an order that the lists take. */
void replay_shadow_pcp_refill(struct replay_shadow *s, uint32_t cpu, uint32_t index);

/* mm_page_alloc; cleared: the page was, after the list's lock had been released. */
void replay_shadow_pcp_alloc(struct replay_shadow *s, uint32_t cpu, uint32_t index, bool cleared);

/* mm_page_pcpu_drain, before the page is given back. */
void replay_shadow_pcp_drain(struct replay_shadow *s, const struct mmr_event *event,
                             uint32_t index);

/* mm_page_free of such an order: true if an interrupt frees it while its CPU drains the list. */
bool replay_shadow_pcp_is_draining(struct replay_shadow *s, const struct mmr_event *event,
                                   uint32_t index);

/* Any other event of the CPU's pages: no drain is under way. */
void replay_shadow_pcp_other(struct replay_shadow *s, uint32_t cpu);

/* Events are missing: what was under way on a CPU may be over. */
void replay_shadow_pcp_lost(struct replay_shadow *s);

#endif
