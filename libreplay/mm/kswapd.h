/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kswapd is asked for, beside its steps (mm.h): see vmscan_kswapd.c. */
#ifndef MM_KSWAPD_H
#define MM_KSWAPD_H

#include "mm.h"

/* kswapd of node, woken, has a CPU: what is asked for from now on is for its next run. It may begin this one later. */
void mm_kswapd_take_request(struct mm_machine *machine, uint32_t node);

#endif
