/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose pages pin pageblocks in a replay: who asked for each page of the kernel's, and where the engine has it. */
#ifndef REPLAY_PINS_REPLAY_H
#define REPLAY_PINS_REPLAY_H

#include "demand.h"
#include "pins.h"
#include "workload.h"

struct mm_machine;

struct pins_replay {
	struct replay_pins pins;
	const struct mm_machine *machine;
	uint32_t *holders; /* by logical page */
	uint32_t nr;
};

/* A zeroed one with pins.trace, pins.db and machine is empty. To be told of each DEMAND_KERNEL_ALLOC, and of its task's thread id.
 * 0 or MMR_E_NOMEM. */
int replay_pins_replay_op(struct pins_replay *p, uint32_t pid, const struct demand_op *op,
                          struct mmr_error *err) MMR_MUST_CHECK;

/* A callback of struct run_source: state is the struct. */
void replay_pins_replay_zone(void *state, uint32_t zone, struct pins_place *place);
void replay_pins_replay_deinit(struct pins_replay *p);

#endif
