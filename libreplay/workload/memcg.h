/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What memory cgroups do to pages: see memcg.c. */
#ifndef WORKLOAD_MEMCG_H
#define WORKLOAD_MEMCG_H

#include "wl_state.h"

/* The task of the event writes the page to swap, or frees it, in reclaim: told if that is a memory cgroup's. */
void wl_memcg_takes(struct wl *wl, uint32_t page);
/* The task frees a block of order order at pfn. true: it is a huge page that its fault got and was not charged for. */
bool wl_memcg_refuses(struct wl *wl, uint32_t task, uint64_t pfn, unsigned int order);

#endif
