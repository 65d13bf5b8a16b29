/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The demand of a whole trace, packed, so that what has gone through it once to look ahead need not make it
 * again from the events.
 *
 *	replay_kept_create()
 *	replay_kept_add() …      all batches of ops, in order
 *	replay_kept_is_whole()   false: it was too much, and nothing is kept
 *	replay_kept_next() …     the same batches again, once; replay_kept_pid()
 *	replay_kept_destroy()
 *
 * An op takes some 8 bytes: what is as in the last op of its kind, or follows from it, is left out.
 */
#ifndef REPLAY_KEPT_DEMAND_H
#define REPLAY_KEPT_DEMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>

#include "demand.h"
#include "workload.h"

/* Of a demand longer than that nothing is kept: some 15 to 25 million events. */
#define REPLAY_KEPT_LIMIT (128ull << 20)

struct replay_kept;

struct replay_kept_batch {
	const struct demand_op *ops; /* valid until the next call of replay_kept_next() */
	size_t nr_ops;
	uint64_t nr_events; /* of the trace, that had been read for it */
};

/* limit: in bytes. MMR_E_NOMEM. */
int replay_kept_create(uint64_t limit, struct replay_kept **ret,
                       struct mmr_error *err) MMR_MUST_CHECK;
/* NULL is fine. */
void replay_kept_destroy(struct replay_kept *kept);

/*
 * The next ops, which wl has ready after so many events, and the thread ids of its tasks as they are now. Where there
 * is no memory for more, nothing is kept.
 */
void replay_kept_add(struct replay_kept *kept, const struct wl *wl, const struct demand_op *ops,
                     size_t nr_ops, uint64_t nr_events);

bool replay_kept_is_whole(const struct replay_kept *kept);

/* False: there are no more. What was read is not kept any longer. */
bool replay_kept_next(struct replay_kept *kept, struct replay_kept_batch *batch);

/* As wl_task_pid() was when the batch that was read last was added. */
uint32_t replay_kept_pid(const struct replay_kept *kept, uint32_t task);

#endif
