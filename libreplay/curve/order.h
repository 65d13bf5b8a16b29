/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pages in the order of their last use: whose use is older, and how many are newer than one.
 *
 * A use takes the next position. Marked positions are those of a page's last use; they are bits, and a Fenwick
 * tree over the words of bits counts them, so that everything here is O(log n) with a tree of n / 64 numbers.
 * When the positions are used up they are numbered anew, which each use pays for with O(1).
 *
 * A hole is the place of a page whose contents went: memory that is free. It keeps its place in the order until
 * a page that is not above it takes it (stack_distance.c).
 */
#ifndef CURVE_ORDER_H
#define CURVE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>

#define CURVE_NONE     0u /* no position */
#define CURVE_MAX_PAGE (UINT32_C(1) << 30)

struct curve_order {
	uint64_t *marks;
	uint32_t
		*tree; /* Fenwick, from 1 on: marks of word i - 1 and of those that it stands for */
	uint32_t *
		owner; /* of each marked position: its page, or CURVE_HOLE | the page that it was of */
	uint32_t *holes; /* their positions, a heap: the newest first */
	uint32_t nr_holes;
	uint32_t max_holes;
	uint32_t capacity; /* positions; a multiple of 64 */
	uint32_t next;     /* the newest position is next - 1; from 1 on */
	uint32_t oldest;   /* no mark is in a word below this one */
	uint32_t nr_marks; /* pages and holes */
};

/* Where each page is after its order was numbered anew, and which are to stay. */
struct curve_renumber {
	uint32_t *where;       /* by page: position | bits */
	uint32_t bits;         /* that tell this order from others */
	uint32_t threshold;    /* pages and holes of pages with a hash from here on are left out */
	uint32_t min_capacity; /* positions to have room for, beside twice those that stay */
};

/* An order of no pages with room for capacity positions. MMR_E_NOMEM. */
int curve_order_init(struct curve_order *order, uint32_t capacity) MMR_MUST_CHECK;
void curve_order_deinit(struct curve_order *order);

static inline bool curve_order_is_full(const struct curve_order *order)
{
	return order->next == order->capacity;
}

/* To be called when it is full. MMR_E_NOMEM (the order is as it was), MMR_E_LIMIT: 2^30 pages. */
int curve_order_renumber(struct curve_order *order,
                         const struct curve_renumber *renumber) MMR_MUST_CHECK;

/* page is the newest now; its position. The order must not be full. */
uint32_t curve_order_push(struct curve_order *order, uint32_t page);

/* The mark of a page goes. */
void curve_order_drop(struct curve_order *order, uint32_t position);

/* Marks that are newer. */
uint32_t curve_order_above(const struct curve_order *order, uint32_t position);

/* The page at a position becomes a hole. MMR_E_NOMEM. */
int curve_order_make_hole(struct curve_order *order, uint32_t position) MMR_MUST_CHECK;

/* The newest hole, CURVE_NONE if there is none. */
static inline uint32_t curve_order_hole(const struct curve_order *order)
{
	return order->nr_holes ? order->holes[0] : CURVE_NONE;
}

/* The newest hole goes, and its mark with it. */
void curve_order_fill_hole(struct curve_order *order);

/* The oldest mark goes; its page. There must be one, and no hole at all. */
uint32_t curve_order_drop_oldest(struct curve_order *order);

/*
 * What decides whether a page is among the sampled: multiples of the golden ratio. Of consecutive numbers, which pages
 * of one file or mapping mostly have, as many are taken everywhere as the rate says, within one or two; of
 * numbers by chance the share would vary by its square root, and a scan would seem longer or shorter than it is.
 */
static inline uint32_t curve_hash(uint32_t page)
{
	return page * UINT32_C(0x9e3779b1);
}

#endif
