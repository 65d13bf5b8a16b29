/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How deep a page lies in the LRU stack when it is used: the number of pages that memory needs for the use to hit
 * (Mattson, Gecsei, Slutz, Traiger 1970; by a tree over time as Bennett and Kruskal 1975, Olken 1981).
 *
 * Beside uses there are
 * - contents that go (exit, truncate): memory of any size that had them is free by one page. The place stays in the
 *   stack as a hole. A use of a page below it fills the newest hole, for each such size had a free page, and leaves
 *   one where the page was;
 * - evictions, where uses that hit are not seen: under LRU whatever is in memory was used after the page that is
 *   taken. So evicted pages lie below all others, in the order in which they went.
 *
 * Only pages with a hash below the threshold are followed, and with a limit only the uppermost of them.
 */
#ifndef CURVE_STACK_DISTANCE_H
#define CURVE_STACK_DISTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/error.h>

#include "order.h"

#define CURVE_IN_MEMORY 0 /* and whatever was not seen being evicted */
#define CURVE_EVICTED   1
#define CURVE_NR_LEVELS 2

/* Where a page was found. */
struct curve_depth {
	uint32_t above; /* followed pages and holes above it, of its own level */
	uint8_t level;
	bool found; /* false: it is used first, or is deeper than the limit */
};

struct curve_stack {
	struct curve_order levels[CURVE_NR_LEVELS];
	uint32_t *where; /* by page: position, with CURVE_LEVEL_BIT if evicted; CURVE_NONE */
	uint32_t nr_pages;
	uint32_t threshold; /* UINT32_MAX: all are followed */
	uint32_t limit;     /* pages and holes that are followed at most; UINT32_MAX */
};

int curve_stack_init(struct curve_stack *stack, uint32_t limit) MMR_MUST_CHECK;
void curve_stack_deinit(struct curve_stack *stack);

/* Pages below nr_pages may be named from now on. MMR_E_NOMEM, MMR_E_LIMIT. */
int curve_stack_reserve(struct curve_stack *stack, uint32_t nr_pages) MMR_MUST_CHECK;

static inline bool curve_stack_follows(const struct curve_stack *stack, uint32_t page)
{
	return stack->threshold == UINT32_MAX || curve_hash(page) < stack->threshold;
}

/* For pages that are followed. MMR_E_NOMEM, MMR_E_LIMIT. */
int curve_stack_use(struct curve_stack *stack, uint32_t page,
                    struct curve_depth *depth) MMR_MUST_CHECK;
int curve_stack_free(struct curve_stack *stack, uint32_t page) MMR_MUST_CHECK;
int curve_stack_evict(struct curve_stack *stack, uint32_t page) MMR_MUST_CHECK;

/* It is followed no more, and leaves no hole. */
void curve_stack_drop(struct curve_stack *stack, uint32_t page);

/* What from is, page is from now on; page must not be in the stack. It is followed only if both are. */
void curve_stack_rename(struct curve_stack *stack, uint32_t page, uint32_t from);

/* From now on follows only pages with a hash below threshold, which is lower than before. */
int curve_stack_thin(struct curve_stack *stack, uint32_t threshold) MMR_MUST_CHECK;

/* Pages and holes that are followed, of a level. */
static inline uint32_t curve_stack_followed(const struct curve_stack *stack, unsigned int level)
{
	return stack->levels[level].nr_marks;
}

#endif
