/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLBs and page tables as rows. */
#ifndef REPLAY_TLB_ROWS_H
#define REPLAY_TLB_ROWS_H

#include "replay.h"
#include "tlb_recorded.h"
#include "write.h"

void replay_put_tlb_recorded(struct results_db *db, const struct replay_tlb_recorded *recorded);
/* Nothing without tlb.model. */
void replay_put_tlb(struct results_db *db, struct replay *replay);

#endif
