/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the recorded kswapd was woken, and what for: see kswapd_wakes.c. */
#ifndef REPLAY_KSWAPD_WAKES_H
#define REPLAY_KSWAPD_WAKES_H

#include <stddef.h>
#include <stdint.h>

#include "vec.h"

struct replay_wake {
	uint64_t woken_ns;
	uint8_t node;
	uint8_t asked; /* the zone of who woke it */
	uint8_t told;  /* the highest zone that it reclaims for */
};

/* In time order. */
DEFINE_VEC(replay_wake_vec, struct replay_wake);

/* One more, after the others. What there is no memory for, or more than is kept, is not known. */
void replay_wakes_add(struct replay_wake_vec *wakes, const struct replay_wake *wake);

/* The one of the node that is nearest in time; NULL: none is near. */
const struct replay_wake *replay_wakes_near(const struct replay_wake_vec *wakes, uint32_t node,
                                            uint64_t t_ns);

#endif
