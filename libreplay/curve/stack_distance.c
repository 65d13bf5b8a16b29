// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack_distance.h"

#include "alloc.h"

#define LEVEL_BIT     (UINT32_C(1) << 31)
#define POSITION_MASK (LEVEL_BIT - 1)
#define MIN_CAPACITY  4096u

int curve_stack_init(struct curve_stack *stack, uint32_t limit)
{
	*stack = (struct curve_stack){ .threshold = UINT32_MAX, .limit = limit };
	for (unsigned int level = 0; level < CURVE_NR_LEVELS; level++)
		if (curve_order_init(&stack->levels[level], MIN_CAPACITY) < 0) {
			curve_stack_deinit(stack);
			return MMR_E_NOMEM;
		}
	return 0;
}

void curve_stack_deinit(struct curve_stack *stack)
{
	for (unsigned int level = 0; level < CURVE_NR_LEVELS; level++)
		curve_order_deinit(&stack->levels[level]);
	base_free(stack->where);
	*stack = (struct curve_stack){ 0 };
}

int curve_stack_reserve(struct curve_stack *stack, uint32_t nr_pages)
{
	void *where = stack->where;
	size_t want = stack->nr_pages ? stack->nr_pages : 4096;

	if (nr_pages <= stack->nr_pages)
		return 0;
	if (nr_pages > CURVE_MAX_PAGE)
		return MMR_E_LIMIT;
	while (want < nr_pages)
		want *= 2;
	if (base_grow(&where, stack->nr_pages, want, sizeof(*stack->where), 0) < 0)
		return MMR_E_NOMEM;
	stack->where = where;
	stack->nr_pages = (uint32_t)want;
	return 0;
}

static int renumber(struct curve_stack *stack, unsigned int level)
{
	const struct curve_renumber how = { .where = stack->where,
		                            .bits = level * LEVEL_BIT,
		                            .threshold = stack->threshold,
		                            .min_capacity = MIN_CAPACITY };

	return curve_order_renumber(&stack->levels[level], &how);
}

int curve_stack_thin(struct curve_stack *stack, uint32_t threshold)
{
	int code;

	stack->threshold = threshold;
	code = renumber(stack, CURVE_IN_MEMORY);
	return code < 0 ? code : renumber(stack, CURVE_EVICTED);
}

static int put_on_top(struct curve_stack *stack, unsigned int level, uint32_t page)
{
	struct curve_order *order = &stack->levels[level];
	int code = curve_order_is_full(order) ? renumber(stack, level) : 0;

	if (code < 0)
		return code;
	stack->where[page] = curve_order_push(order, page) | level * LEVEL_BIT;
	if (order->nr_marks > stack->limit)
		stack->where[curve_order_drop_oldest(order)] = CURVE_NONE;
	return 0;
}

/* The newest hole above a position of a level takes what comes to the top; false: there is none. */
static bool fill_hole_above(struct curve_stack *stack, unsigned int level, uint32_t position)
{
	for (unsigned int i = 0; i <= level; i++) {
		struct curve_order *order = &stack->levels[i];
		uint32_t hole = curve_order_hole(order);

		if (hole == CURVE_NONE || (i == level && hole < position))
			continue;
		curve_order_fill_hole(order);
		return true;
	}
	return false;
}

int curve_stack_use(struct curve_stack *stack, uint32_t page, struct curve_depth *depth)
{
	uint32_t where = stack->where[page], position = where & POSITION_MASK;
	unsigned int level = where / LEVEL_BIT;
	struct curve_order *order = &stack->levels[level];

	*depth = (struct curve_depth){ .found = where != CURVE_NONE };
	if (where == CURVE_NONE) {
		fill_hole_above(stack, CURVE_EVICTED, 0);
		return put_on_top(stack, CURVE_IN_MEMORY, page);
	}
	depth->level = (uint8_t)level;
	depth->above = curve_order_above(order, position);
	if (!fill_hole_above(stack, level, position))
		curve_order_drop(order, position);
	else if (curve_order_make_hole(order, position) < 0)
		return MMR_E_NOMEM;
	return put_on_top(stack, CURVE_IN_MEMORY, page);
}

int curve_stack_free(struct curve_stack *stack, uint32_t page)
{
	uint32_t where = stack->where[page];

	if (where == CURVE_NONE)
		return 0;
	stack->where[page] = CURVE_NONE;
	return curve_order_make_hole(&stack->levels[where / LEVEL_BIT], where & POSITION_MASK);
}

int curve_stack_evict(struct curve_stack *stack, uint32_t page)
{
	uint32_t where = stack->where[page];

	if (where == CURVE_NONE || where & LEVEL_BIT)
		return 0;
	curve_order_drop(&stack->levels[CURVE_IN_MEMORY], where);
	return put_on_top(stack, CURVE_EVICTED, page);
}

void curve_stack_drop(struct curve_stack *stack, uint32_t page)
{
	uint32_t where = stack->where[page];

	if (where == CURVE_NONE)
		return;
	curve_order_drop(&stack->levels[where / LEVEL_BIT], where & POSITION_MASK);
	stack->where[page] = CURVE_NONE;
}

void curve_stack_rename(struct curve_stack *stack, uint32_t page, uint32_t from)
{
	uint32_t where = stack->where[from];
	struct curve_order *order = &stack->levels[where / LEVEL_BIT];

	if (where == CURVE_NONE)
		return;
	stack->where[from] = CURVE_NONE;
	if (!curve_stack_follows(stack, page)) {
		curve_order_drop(order, where & POSITION_MASK);
		return;
	}
	order->owner[where & POSITION_MASK] = page;
	stack->where[page] = where;
}
