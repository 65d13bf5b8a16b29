/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long the recorded kernel kept each page: one pass over the events and the demand, then a clock and a
 * column to look it up in.
 *
 *	replay_residence_create()
 *	replay_residence_event(), _ops() …   all of the trace and its demand, in order
 *	replay_residence_seal()              no more
 *	replay_residence_advance(), _due(), _op() …  the demand again, before each op; _evicted()
 *	replay_residence_destroy()
 *
 * See recorded_residence.c and mm/residence.c.
 */
#ifndef REPLAY_RECORDED_RESIDENCE_H
#define REPLAY_RECORDED_RESIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>
#include <mmreplay/event.h>

#include "demand.h"
#include "mm.h"

struct replay_residence;

/* Of a trace that lasts from first_ns to last_ns. seed: of what is left to chance. */
int replay_residence_create(uint64_t first_ns, uint64_t last_ns, uint64_t seed,
                            struct replay_residence **ret, struct mmr_error *err) MMR_MUST_CHECK;
void replay_residence_destroy(struct replay_residence *residence);

void replay_residence_event(struct replay_residence *residence, const struct mmr_event *event);
/* The next ops of the demand. MMR_E_NOMEM; MMR_E_LIMIT: 2^32 - 1 residences or more; MMR_E_CORRUPT. */
int replay_residence_ops(struct replay_residence *residence, const struct demand_op *ops,
                         size_t nr_ops, struct mmr_error *err) MMR_MUST_CHECK;
/* No more. MMR_E_NOMEM. */
int replay_residence_seal(struct replay_residence *residence, struct mmr_error *err) MMR_MUST_CHECK;
/* The recording told what reclaim scanned; otherwise the clock goes by what it evicted. */
bool replay_residence_is_timed(const struct replay_residence *residence);

/* It is t_ns. */
void replay_residence_advance(struct replay_residence *residence, struct mm_machine *machine,
                              uint64_t t_ns);
/* The machine has evicted the page. */
void replay_residence_evicted(struct replay_residence *residence, uint32_t page, bool file);
/* The machine has it back. */
void replay_residence_returned(struct replay_residence *residence, const struct mm_machine *machine,
                               uint32_t page);
/* A page that was evicted, which the recording kept, and which task uses now; false: there is none more. */
bool replay_residence_due(struct replay_residence *residence, uint32_t *page, uint32_t *task);
/* Before the machine executes the op; its pages are < the number reserved. */
void replay_residence_op(struct replay_residence *residence, struct mm_machine *machine,
                         const struct demand_op *op);

#endif
