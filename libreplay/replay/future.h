/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When each page of a demand is used next: one pass over the uses, then a column to look it up in.
 *
 *	replay_future_create()
 *	replay_future_ops() or _pages() …   all of the demand, in order
 *	replay_future_seal()                no more; what only the pass needed is freed
 *	replay_future_next()                for use i, the number of the next use of the same page
 *	replay_future_destroy()
 *
 * Uses are numbered from 0 in the order of the demand; an op is none, one, or two of them (a copy uses its
 * source first). Whoever runs the demand again counts them in the same way: replay_future_uses().
 *
 * Memory: four bytes per use, in pieces of 4 MiB, and during the pass four per logical page.
 */
#ifndef REPLAY_FUTURE_H
#define REPLAY_FUTURE_H

#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>

#include "demand.h"

#define REPLAY_FUTURE_NEVER UINT32_MAX

struct replay_future;

int replay_future_create(struct replay_future **ret, struct mmr_error *err) MMR_MUST_CHECK;
void replay_future_destroy(struct replay_future *future);

/* The pages that an op uses, in order: how many (0 to 2). */
unsigned int replay_future_uses(const struct demand_op *op, uint32_t pages[2]);

/* The next ops of the demand. MMR_E_NOMEM; MMR_E_LIMIT: 2^32 - 1 uses or more. */
int replay_future_ops(struct replay_future *future, const struct demand_op *ops, size_t nr_ops,
                      struct mmr_error *err) MMR_MUST_CHECK;

/* The same for uses that are nothing but pages. */
int replay_future_pages(struct replay_future *future, const uint32_t *pages, size_t nr,
                        struct mmr_error *err) MMR_MUST_CHECK;

void replay_future_seal(struct replay_future *future);

/* REPLAY_FUTURE_NEVER if it is not used again, its contents go before that, or there is no use i. */
uint32_t replay_future_next(const struct replay_future *future, uint64_t i);

#endif
