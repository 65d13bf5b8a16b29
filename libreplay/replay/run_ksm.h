/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RUN_KSM_H
#define RUN_KSM_H

#include <mmreplay/trace.h>

#include "mm.h"
#include "write.h"

/* The state of KSM, as "ksm/pages_sharing" and so on: of a machine that has one, … */
void replay_run_put_ksm(struct results_db *db, const struct mm_machine *machine, int64_t t_ns);
/* … or of the recorded kernel, if it has ever been at work. */
void replay_run_put_ksm_recorded(struct results_db *db, const struct mmr_snapshot *snapshot,
                                 int64_t t_ns);

#endif
