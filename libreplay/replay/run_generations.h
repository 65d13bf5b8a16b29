/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPLAY_RUN_GENERATIONS_H
#define REPLAY_RUN_GENERATIONS_H

#include <stddef.h>
#include <stdint.h>

#include "write.h"

/* Rows of lru_generation from a text as /sys/kernel/debug/lru_gen has it; none from any other. */
void replay_run_put_generations(struct results_db *db, int64_t t_ns, const char *text, size_t size);

#endif
