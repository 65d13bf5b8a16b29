/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ops that are under way, and those that have to wait for them.
 *
 *	replay_pending_blocks()   has the op to wait?
 *	replay_pending_add()      it is under way, if it has not, else it waits
 *	replay_pending_done()     it is over
 *	replay_pending_next() …   who need not wait any more
 *
 * A zeroed struct is an empty one. See pending.c.
 */
#ifndef REPLAY_PENDING_H
#define REPLAY_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "demand.h"
#include "vec.h"

#define REPLAY_NO_OP UINT32_MAX

struct replay_pending_op {
	struct demand_op op;
	uint32_t space;      /* that its task leaves with it, by the demand's number; 0: none */
	uint32_t nr_waits;   /* ops before it that are not over */
	uint32_t first_edge; /* to those that wait for it */
	uint32_t next;       /* of those that are free, or need not wait any more */
};

/* Somebody waits. */
struct replay_pending_edge {
	uint32_t to;
	uint32_t next; /* of the same op, or of those that are free */
};

/* The last op that names something. */
struct replay_pending_claim {
	uint64_t key; /* 0: free */
	uint32_t number;
};

DEFINE_VEC(replay_pending_op_vec, struct replay_pending_op);
DEFINE_VEC(replay_pending_edge_vec, struct replay_pending_edge);

struct replay_pending {
	size_t nr; /* under way or waiting */
	struct replay_pending_op_vec ops;
	struct replay_pending_edge_vec edges;
	struct replay_pending_claim *claims; /* [nr_slots], open addressing */
	size_t nr_claims;
	size_t nr_slots;    /* power of two, or 0 */
	uint32_t free_op;   /* 1 + number; 0: none */
	uint32_t free_edge; /* likewise */
	uint32_t ready;     /* likewise, and */
	uint32_t last_ready;
};

void replay_pending_deinit(struct replay_pending *pending);

/* Whether an op that is over first names what this one does, too. space: as in struct replay_pending_op. */
bool replay_pending_blocks(const struct replay_pending *pending, const struct demand_op *op,
                           uint32_t space);
/* MMR_E_NOMEM. */
int replay_pending_add(struct replay_pending *pending, const struct demand_op *op, uint32_t space,
                       uint32_t *number);
void replay_pending_done(struct replay_pending *pending, uint32_t number);
/* In the order in which they came to be so; REPLAY_NO_OP: there is none. */
uint32_t replay_pending_next(struct replay_pending *pending);
/* Until the next op is added. */
const struct demand_op *replay_pending_op(const struct replay_pending *pending, uint32_t number);

#endif
