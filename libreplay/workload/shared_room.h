/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where pages of shared anonymous memory lie: see commit.c. */
#ifndef WORKLOAD_SHARED_ROOM_H
#define WORKLOAD_SHARED_ROOM_H

#include "wl_state.h"

struct wl_shared_room {
	uint64_t place;
	uint32_t flags;
};

/*
 * A page of shared anonymous memory: where it would be if its mapping began at a multiple of 2 MiB, and what wl_room_flags() says
 * of private memory. false: it is none.
 */
bool wl_shared_room(const struct wl *wl, uint32_t mm, uint64_t vpn, struct wl_shared_room *room);

#endif
