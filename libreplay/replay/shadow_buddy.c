/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The free lists as a function of the set of free pages.
 *
 * Decides nothing: a freed block merges with its buddy as long as that is a free block of the same
 * order in the same zone (__free_one_page(), 6.12), a taken one is cut out of the block that holds
 * it (expand()). Above order 8 two pageblocks merge only if both are of a mergeable type or of the
 * same one, and the second takes the type of the first.
 *
 * State: a byte per page (state, and the order of the block that begins there), a record per
 * pageblock, counts per zone.
 *
 * Not modelled: the order within a list; 6.1's blocks on a list that is not their pageblock's.
 */
#include "shadow_buddy.h"

#include <string.h>

#include "shadow_search.h"

const struct shadow_zone *replay_shadow_zone(struct replay_shadow *s, uint64_t pfn)
{
	const struct shadow_zone *zone = &s->zones[s->last_zone];

	if (pfn >= zone->start_pfn && pfn < zone->end_pfn)
		return zone;
	for (uint32_t i = 0; i < s->nr_zones; i++) {
		zone = &s->zones[i];
		if (pfn >= zone->start_pfn && pfn < zone->end_pfn) {
			s->last_zone = i;
			return zone;
		}
	}
	return NULL;
}

uint32_t replay_shadow_index(struct replay_shadow *s, uint64_t pfn, uint32_t nr)
{
	const struct shadow_zone *zone = replay_shadow_zone(s, pfn);

	if (!zone || zone->end_pfn - pfn < nr)
		return SHADOW_NONE;
	return zone->base + (uint32_t)(pfn - zone->base_pfn);
}

struct shadow_zone *replay_shadow_zone_of(struct replay_shadow *s, uint32_t index)
{
	struct shadow_zone *zone = &s->zones[s->last_zone];

	if (index - zone->base < zone->nr)
		return zone;
	/* One of them has it: the index came out of replay_shadow_index(). */
	zone = &s->zones[s->nr_zones - 1];
	while (zone > s->zones && index - zone->base >= zone->nr)
		zone--;
	return zone;
}

void replay_shadow_set_page(struct replay_shadow *s, uint32_t index, enum page_state to)
{
	struct shadow_pageblock *pb = &s->pageblock[index / SHADOW_PAGEBLOCK_PAGES];
	enum page_state from = page_state(s, index);

	pb->nr[from]--;
	pb->nr[to]++;
	pb->changed = true;
	s->page[index] = (uint8_t)(to << 4);
	if (pb->nr_stuck)
		replay_shadow_set_stuck(s, index, false);
	if (from == PAGE_PRIVATE && to == PAGE_MOVABLE)
		s->work[index / SHADOW_PAGEBLOCK_PAGES].moved_in++;
}

static void insert_block(struct replay_shadow *s, struct shadow_zone *zone, uint32_t head,
                         unsigned int order)
{
	struct shadow_pageblock *pb = &s->pageblock[head / SHADOW_PAGEBLOCK_PAGES];

	s->page[head] = (uint8_t)(PAGE_FREE << 4 | (order + 1));
	zone->nr_free[order][pb->type]++;
}

static void remove_block(struct replay_shadow *s, struct shadow_zone *zone, uint32_t head,
                         unsigned int order)
{
	struct shadow_pageblock *pb = &s->pageblock[head / SHADOW_PAGEBLOCK_PAGES];

	s->page[head] = PAGE_FREE << 4;
	zone->nr_free[order][pb->type]--;
}

unsigned int replay_shadow_block(const struct replay_shadow *s, uint32_t index, uint32_t *head)
{
	for (unsigned int order = 0; order < SHADOW_NR_ORDERS; order++) {
		uint32_t candidate = index & ~((1u << order) - 1);
		int block = head_order(s, candidate);

		if (block >= (int)order) {
			*head = candidate;
			return (unsigned int)block;
		}
	}
	*head = index; /* not for a free page */
	return 0;
}

/* Whether two adjacent pageblocks may form one block; the second then takes the first one's type. */
static bool pageblocks_merge(struct replay_shadow *s, uint32_t index, uint32_t buddy)
{
	unsigned int type = s->pageblock[index / SHADOW_PAGEBLOCK_PAGES].type;
	unsigned int other = s->pageblock[buddy / SHADOW_PAGEBLOCK_PAGES].type;

	if (type == other)
		return true;
	if (type >= SHADOW_HIGHATOMIC || other >= SHADOW_HIGHATOMIC)
		return false;
	replay_shadow_set_type(s, buddy / SHADOW_PAGEBLOCK_PAGES, type);
	return true;
}

static void merge_block(struct replay_shadow *s, uint32_t index, unsigned int order)
{
	struct shadow_zone *zone = replay_shadow_zone_of(s, index);

	for (; order < SHADOW_NR_ORDERS - 1; order++) {
		uint32_t buddy = index ^ 1u << order;

		if (head_order(s, buddy) != (int)order)
			break;
		if (order >= SHADOW_PAGEBLOCK_ORDER && !pageblocks_merge(s, index, buddy))
			break;
		remove_block(s, zone, buddy, order);
		index &= buddy;
	}
	insert_block(s, zone, index, order);
}

static bool can_become_free(enum page_state state)
{
	return state != PAGE_FREE && state != PAGE_UNKNOWN && state != PAGE_HOLE;
}

uint32_t replay_shadow_give(struct replay_shadow *s, uint32_t index, unsigned int order)
{
	uint32_t nr = 1u << order;
	uint32_t nr_ready = 0;
	uint32_t nr_free = 0;

	if (s->kernel.fast_silent)
		replay_shadow_search_give(s, index, order);
	for (uint32_t i = index; i < index + nr; i++) {
		enum page_state state = page_state(s, i);

		nr_ready += can_become_free(state);
		nr_free += state == PAGE_FREE;
	}
	if (nr_ready == nr) {
		for (uint32_t i = index; i < index + nr; i++)
			replay_shadow_set_page(s, i, PAGE_FREE);
		merge_block(s, index, order);
		return 0;
	}
	/* Part of it cannot be given (twice): page by page, and merging does the rest. */
	for (uint32_t i = index; nr_ready && i < index + nr; i++) {
		if (!can_become_free(page_state(s, i)))
			continue;
		replay_shadow_set_page(s, i, PAGE_FREE);
		merge_block(s, i, 0);
	}
	return nr_free;
}

/* Cuts the aligned block (index, order) out of the larger free block (head, block). */
static void split_block(struct replay_shadow *s, uint32_t head, unsigned int block, uint32_t index,
                        unsigned int order)
{
	struct shadow_zone *zone = replay_shadow_zone_of(s, head);

	remove_block(s, zone, head, block);
	while (block > order) {
		uint32_t upper;

		block--;
		upper = head + (1u << block);
		if (index >= upper) {
			insert_block(s, zone, head, block);
			head = upper;
		} else {
			insert_block(s, zone, upper, block);
		}
	}
}

uint32_t replay_shadow_take(struct replay_shadow *s, uint32_t index, unsigned int order,
                            enum page_state to)
{
	uint32_t end = index + (1u << order);
	uint32_t nr_taken = 0;

	for (uint32_t i = index; i < end;) {
		uint32_t head;
		uint32_t step;
		unsigned int block;

		if (page_state(s, i) != PAGE_FREE) {
			if (can_become_free(page_state(s, i)))
				replay_shadow_set_page(s, i, to);
			i++;
			continue;
		}
		block = replay_shadow_block(s, i, &head);
		/* Larger than what is asked for, it holds all of it; else it lies within. */
		split_block(s, head, block, i, block < order ? block : order);
		step = 1u << (block < order ? block : order);
		for (uint32_t j = i; j < i + step; j++)
			replay_shadow_set_page(s, j, to);
		nr_taken += step;
		i += step;
	}
	if (s->nr_choices)
		replay_shadow_choice_taken(s, index, order);
	return nr_taken;
}

void replay_shadow_mark(struct replay_shadow *s, uint32_t index, uint32_t nr, enum page_state to)
{
	for (uint32_t i = index; i < index + nr; i++)
		if (can_become_free(page_state(s, i)))
			replay_shadow_set_page(s, i, to);
}

void replay_shadow_set_type(struct replay_shadow *s, uint32_t pageblock, unsigned int type)
{
	struct shadow_pageblock *pb = &s->pageblock[pageblock];
	uint32_t first = pageblock * SHADOW_PAGEBLOCK_PAGES;
	struct shadow_zone *zone = replay_shadow_zone_of(s, first);

	if (pb->type == type)
		return;
	pb->types |= (uint8_t)(1u << type);
	for (uint32_t i = first; i < first + SHADOW_PAGEBLOCK_PAGES;) {
		int order = head_order(s, i);

		if (order < 0) {
			i++;
			continue;
		}
		zone->nr_free[order][pb->type]--;
		zone->nr_free[order][type]++;
		i += 1u << order;
	}
	pb->type = (uint8_t)type;
}
