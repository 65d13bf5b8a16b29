/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kswapd is asked for, beside its steps (mm.h): see vmscan_kswapd.c. */
#ifndef MM_KSWAPD_H
#define MM_KSWAPD_H

#include "mm.h"

/* The highest zone that kswapd of node has been asked for and is not at work for; MM_NR_ZONE_TYPES: none. */
uint8_t mm_kswapd_asked_zoneidx(const struct mm_machine *machine, uint32_t node);

/* kswapd of node, woken, has a CPU: what is asked for from now on is for its next run. It may begin this one later. */
void mm_kswapd_take_request(struct mm_machine *machine, uint32_t node);

#endif
