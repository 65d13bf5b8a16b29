/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many uses would not find their page in a memory of N pages under LRU, for all N, from one pass.
 *
 *	curve_create()
 *	curve_use(), curve_enter(), curve_free(), curve_evict() ...   in the order in which it happened
 *	curve_finish()
 *	curve_result()
 *	curve_destroy()
 *
 * Exact, or by pages chosen by a hash of their number (SHARDS: Waldspurger, Park, Garthwaite, Ahmad, FAST 2015), at a
 * fixed rate or with a fixed number of pages at most. What can be counted without following pages is counted and not
 * estimated: uses, first uses, pages that are there. So an estimated depth is scaled by the pages that are there over
 * those of them that are followed, which the rate is only on average; the uppermost CURVE_NEAR pages, in which
 * few followed ones lie, are followed without sampling; and the uses that are deeper are as many as are left
 * (the correction that SHARDS_adj makes by expectation).
 *
 * Memory: nine bytes a page number, and about 25 for each page that is followed.
 */
#ifndef CURVE_MISS_CURVE_H
#define CURVE_MISS_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/curve.h>

/* Uppermost pages of which all are followed when others are sampled. */
#define CURVE_NEAR 16384u

struct curve;

struct curve_options {
	double rate; /* of pages followed: 1 all; 0: max_followed of them at most */
	uint32_t max_followed;
	bool by_evictions; /* uses that hit are not seen, evictions are */
};

/* MMR_E_NOMEM; MMR_E_INVALID: a rate above 1, below 0, or so low that none would be followed. */
int curve_create(const struct curve_options *options, struct curve **ret,
                 struct mmr_error *err) MMR_MUST_CHECK;
void curve_destroy(struct curve *curve);

/* A page is used. MMR_E_NOMEM, MMR_E_LIMIT: 2^30 pages. */
int curve_use(struct curve *curve, uint32_t page, struct mmr_error *err) MMR_MUST_CHECK;

/* It comes into memory unused. before: it was there before the first use, so what its first use would need is unknown. */
int curve_enter(struct curve *curve, uint32_t page, bool before,
                struct mmr_error *err) MMR_MUST_CHECK;

/* Its contents are gone; the number may be another page's afterwards. */
int curve_free(struct curve *curve, uint32_t page, struct mmr_error *err) MMR_MUST_CHECK;

/* The original evicted it. Nothing happens without by_evictions. */
int curve_evict(struct curve *curve, uint32_t page, struct mmr_error *err) MMR_MUST_CHECK;

/* from was what page is, and the other number is free. */
int curve_rename(struct curve *curve, uint32_t page, uint32_t from,
                 struct mmr_error *err) MMR_MUST_CHECK;

/* No more uses: what they come to. Valid until curve_destroy(). */
int curve_finish(struct curve *curve, struct mmr_error *err) MMR_MUST_CHECK;
const struct mmr_curve *curve_result(const struct curve *curve);

#endif
