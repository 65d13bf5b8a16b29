/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stacks of a recording, each different one once, as rows of the database. */
#ifndef REPLAY_STALL_STACK_H
#define REPLAY_STALL_STACK_H

#include <mmreplay/stack.h>

#include "vec.h"
#include "write.h"

DEFINE_VEC(replay_hash_vec, uint64_t);

/* A zeroed one is empty. */
struct replay_stacks {
	struct replay_hash_vec hashes; /* of the texts of each; stack_id is the index + 1 */
};

/*
 * The number of the stack behind the event given last, which becomes rows if it is new. 0: that was no
 * stack, or one without frames (beyond the recorder's limit); MMR_E_NOMEM.
 */
int64_t replay_stack_put(struct replay_stacks *stacks, struct mmr_trace *trace,
                         struct results_db *db) MMR_MUST_CHECK;

void replay_stacks_deinit(struct replay_stacks *stacks);

#endif
