// SPDX-License-Identifier: LGPL-2.1-or-later
#include "order.h"

#include <string.h>

#include "alloc.h"

#define CURVE_HOLE (UINT32_C(1) << 31)
#define OWNER_PAGE (CURVE_HOLE - 1)

int curve_order_init(struct curve_order *order, uint32_t capacity)
{
	uint32_t nr_words = (capacity + 63) / 64;

	*order = (struct curve_order){ .capacity = nr_words * 64, .next = 1 };
	order->marks = base_calloc(nr_words, sizeof(*order->marks));
	order->tree = base_calloc((size_t)nr_words + 1, sizeof(*order->tree));
	order->owner = base_calloc((size_t)nr_words * 64, sizeof(*order->owner));
	if (order->marks && order->tree && order->owner)
		return 0;
	curve_order_deinit(order);
	return MMR_E_NOMEM;
}

void curve_order_deinit(struct curve_order *order)
{
	base_free(order->marks);
	base_free(order->tree);
	base_free(order->owner);
	base_free(order->holes);
	*order = (struct curve_order){ 0 };
}

/* ---- marks ---- */

static void count(struct curve_order *order, uint32_t position, uint32_t delta)
{
	uint32_t nr_words = order->capacity / 64;

	for (uint32_t i = position / 64 + 1; i <= nr_words; i += i & -i)
		order->tree[i] += delta;
	order->nr_marks += delta;
}

uint32_t curve_order_push(struct curve_order *order, uint32_t page)
{
	uint32_t position = order->next++;

	order->marks[position / 64] |= UINT64_C(1) << position % 64;
	order->owner[position] = page;
	count(order, position, 1);
	return position;
}

void curve_order_drop(struct curve_order *order, uint32_t position)
{
	order->marks[position / 64] &= ~(UINT64_C(1) << position % 64);
	count(order, position, UINT32_MAX);
}

uint32_t curve_order_above(const struct curve_order *order, uint32_t position)
{
	uint64_t newer = order->marks[position / 64] >> position % 64 >> 1;
	uint32_t upto = 0;

	for (uint32_t i = position / 64 + 1; i > 0; i -= i & -i)
		upto += order->tree[i];
	return order->nr_marks - upto + (uint32_t)__builtin_popcountll(newer);
}

uint32_t curve_order_drop_oldest(struct curve_order *order)
{
	uint32_t position;

	while (!order->marks[order->oldest])
		order->oldest++;
	position = order->oldest * 64 + (uint32_t)__builtin_ctzll(order->marks[order->oldest]);
	curve_order_drop(order, position);
	return order->owner[position];
}

/* ---- holes ---- */

static int reserve_hole(struct curve_order *order)
{
	uint32_t max = order->max_holes ? 2 * order->max_holes : 256;
	void *holes = order->holes;

	if (order->nr_holes < order->max_holes)
		return 0;
	if (base_resize(&holes, max, sizeof(*order->holes)) < 0)
		return MMR_E_NOMEM;
	order->holes = holes;
	order->max_holes = max;
	return 0;
}

int curve_order_make_hole(struct curve_order *order, uint32_t position)
{
	uint32_t i;

	if (reserve_hole(order) < 0)
		return MMR_E_NOMEM;
	order->owner[position] |= CURVE_HOLE;
	i = order->nr_holes++;
	for (; i > 0 && order->holes[(i - 1) / 2] < position; i = (i - 1) / 2)
		order->holes[i] = order->holes[(i - 1) / 2];
	order->holes[i] = position;
	return 0;
}

void curve_order_fill_hole(struct curve_order *order)
{
	uint32_t last, child, i = 0;

	curve_order_drop(order, order->holes[0]);
	last = order->holes[--order->nr_holes];
	while ((child = 2 * i + 1) < order->nr_holes) {
		if (child + 1 < order->nr_holes && order->holes[child + 1] > order->holes[child])
			child++;
		if (order->holes[child] <= last)
			break;
		order->holes[i] = order->holes[child];
		i = child;
	}
	order->holes[i] = last;
}

/* ---- numbering anew ---- */

static void take_over(struct curve_order *order, const struct curve_order *old, uint32_t position,
                      const struct curve_renumber *renumber)
{
	uint32_t owner = old->owner[position];
	uint32_t page = owner & OWNER_PAGE;
	bool stays = curve_hash(page) < renumber->threshold || renumber->threshold == UINT32_MAX;

	if (!(owner & CURVE_HOLE))
		renumber->where[page] = CURVE_NONE;
	if (!stays)
		return;
	if (owner & CURVE_HOLE)
		order->holes[order->nr_holes++] = order->next;
	else
		renumber->where[page] = order->next | renumber->bits;
	curve_order_push(order, owner);
}

int curve_order_renumber(struct curve_order *order, const struct curve_renumber *renumber)
{
	uint64_t capacity = 2 * (uint64_t)order->nr_marks + renumber->min_capacity;
	struct curve_order renewed;

	if (capacity > CURVE_MAX_PAGE)
		return MMR_E_LIMIT;
	if (curve_order_init(&renewed, (uint32_t)capacity) < 0)
		return MMR_E_NOMEM;
	renewed.holes = order->holes;
	renewed.max_holes = order->max_holes;
	for (uint32_t word = order->oldest; word < order->capacity / 64; word++)
		for (uint64_t bits = order->marks[word]; bits; bits &= bits - 1)
			take_over(&renewed, order, word * 64 + (uint32_t)__builtin_ctzll(bits),
			          renumber);
	/* They were collected from the oldest on; a heap has the newest first, and so is any descending order. */
	for (uint32_t i = 0; i < renewed.nr_holes / 2; i++) {
		uint32_t other = renewed.nr_holes - 1 - i, hole = renewed.holes[i];

		renewed.holes[i] = renewed.holes[other];
		renewed.holes[other] = hole;
	}
	order->holes = NULL;
	curve_order_deinit(order);
	*order = renewed;
	return 0;
}
