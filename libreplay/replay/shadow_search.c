/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which block a search of the free lists took, where no event tells of it (fast_isolate_freepages(),
 * mm/compaction.c; mm_compaction_fast_isolate_freepages exists since 6.5).
 *
 * A compaction for an order, not one that compacts everything, looks for targets on the free lists first
 * and takes one whole free block of a smaller order. Its pages are used one after the other, and what
 * is left is freed when the compaction ends. So the first page of which an event tells that it is in use
 * stands for all of the free block around it, as that was when it was taken. What has merged with
 * it since was given since: a journal of the gives during compactions says what that is.
 *
 * State: for each zone the time of its compactions, and the journal.
 *
 * Not modelled: a block of which no page is ever named. Pages that are on no LRU list and not mapped
 * (zsmalloc's, those of a balloon) migrate without any event; a block that only they have filled is known
 * when one of them is freed or migrates again.
 */
#include "shadow_search.h"

#include "shadow_buddy.h"

/* A zone whose compactions follow one another so closely has one long one: names come that late. */
#define NAME_DELAY_NS 500000000ull

static bool is_compacted(const struct replay_shadow *s, const struct shadow_zone *zone)
{
	return zone->search_order > 0 &&
	       (zone->nr_searches || s->now_ns - zone->search_end_ns < NAME_DELAY_NS);
}

void replay_shadow_search_begin(struct replay_shadow *s, uint32_t zone)
{
	struct shadow_zone *z = &s->zones[zone];

	if (!is_compacted(s, z)) {
		z->search_begin_ns = s->now_ns;
		z->search_order = 0;
	}
	z->nr_searches++;
}

void replay_shadow_search_order(struct replay_shadow *s, uint32_t zone, int32_t order)
{
	if (order > s->zones[zone].search_order && order <= SHADOW_NR_ORDERS)
		s->zones[zone].search_order = order;
}

void replay_shadow_search_end(struct replay_shadow *s, uint32_t zone)
{
	struct shadow_zone *z = &s->zones[zone];

	if (z->nr_searches)
		z->nr_searches--;
	z->search_end_ns = s->now_ns;
}

void replay_shadow_search_give(struct replay_shadow *s, uint32_t index, unsigned int order)
{
	if (!is_compacted(s, replay_shadow_zone_of(s, index)))
		return;
	s->given[s->next_given % MAX_GIVEN] =
		(struct given_block){ s->now_ns, index, (uint8_t)order };
	s->next_given++;
}

int replay_shadow_searched_block(const struct replay_shadow *s, uint32_t index, uint32_t *head)
{
	const struct shadow_zone *zone = NULL;
	unsigned int order;
	uint64_t i;

	for (uint32_t z = 0; z < s->nr_zones; z++)
		if (index - s->zones[z].base < s->zones[z].nr)
			zone = &s->zones[z];
	if (!zone || !is_compacted(s, zone))
		return -1;
	order = replay_shadow_block(s, index, head);
	for (i = s->next_given; i > 0 && s->next_given - i < MAX_GIVEN; i--) {
		const struct given_block *given = &s->given[(i - 1) % MAX_GIVEN];

		if (given->t_ns < zone->search_begin_ns)
			break;
		if (index - given->index < 1u << given->order)
			break; /* taken after that: what was given before was part of it */
		while (order > 0 && given->index - *head < 1u << order) {
			order--;
			*head = index & ~((1u << order) - 1);
		}
	}
	if (s->next_given - i == MAX_GIVEN || (int)order >= zone->search_order)
		return -1;
	return (int)order;
}

/* ---- takings of which only the size and the pageblock are known ---- */

static bool choice_block_holds(const struct choice_block *block, uint32_t index)
{
	return index - block->head < 1u << block->order;
}

static void forget_choice(struct replay_shadow *s, struct block_choice *choice)
{
	s->stats.isolated_unknown -= choice->pages;
	choice->nr = 0;
	s->nr_choices--;
}

void replay_shadow_choice_add(struct replay_shadow *s, uint32_t start, uint32_t end, uint64_t least,
                              uint64_t most)
{
	struct block_choice *choice = &s->choices[0];

	for (uint32_t i = 0; i < MAX_CHOICES; i++)
		if (s->choices[i].nr == 0 || (choice->nr && s->choices[i].t_ns < choice->t_ns))
			choice = &s->choices[i];
	if (choice->nr)
		forget_choice(s, choice); /* the oldest gives way: nothing has named it so far */
	for (uint32_t i = start; i < end; i++) {
		int order = head_order(s, i);

		if (order < 0 || 1u << order < least || 1u << order > most)
			continue;
		if (choice->nr == MAX_CHOICE_BLOCKS) {
			choice->nr = 0;
			return;
		}
		choice->blocks[choice->nr++] = (struct choice_block){ i, (uint8_t)order };
	}
	if (choice->nr == 0)
		return;
	choice->t_ns = s->now_ns;
	choice->pages = 1u << choice->blocks[0].order;
	s->stats.isolated += choice->pages;
	s->stats.isolated_unknown += choice->pages;
	s->nr_choices++;
}

void replay_shadow_choice_taken(struct replay_shadow *s, uint32_t index, unsigned int order)
{
	uint32_t end = index + (1u << order);

	for (uint32_t i = 0; s->nr_choices && i < MAX_CHOICES; i++) {
		struct block_choice *choice = &s->choices[i];
		struct choice_block last;
		uint32_t nr = 0;

		for (uint32_t j = 0; j < choice->nr; j++) {
			const struct choice_block *block = &choice->blocks[j];

			if (block->head >= end || block->head + (1u << block->order) <= index)
				choice->blocks[nr++] = *block;
		}
		if (nr == choice->nr)
			continue;
		choice->nr = nr ? nr : 1;
		last = choice->blocks[0];
		if (nr > 1)
			continue;
		forget_choice(s, choice);
		if (nr == 1)
			replay_shadow_take(s, last.head, last.order, PAGE_PRIVATE);
	}
}

int replay_shadow_choice_named(struct replay_shadow *s, uint32_t index, uint32_t *head)
{
	for (uint32_t i = 0; s->nr_choices && i < MAX_CHOICES; i++) {
		struct block_choice *choice = &s->choices[i];

		for (uint32_t j = 0; j < choice->nr; j++) {
			struct choice_block block = choice->blocks[j];

			if (!choice_block_holds(&block, index))
				continue;
			forget_choice(s, choice);
			*head = block.head;
			return block.order;
		}
	}
	return -1;
}

bool replay_shadow_choice_holds(const struct replay_shadow *s, uint32_t index)
{
	for (uint32_t i = 0; s->nr_choices && i < MAX_CHOICES; i++)
		for (uint32_t j = 0; j < s->choices[i].nr; j++)
			if (choice_block_holds(&s->choices[i].blocks[j], index))
				return true;
	return false;
}
