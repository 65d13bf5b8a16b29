/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which pageblocks are unmovable, which reclaimable, when the shadow begins.
 *
 * No file says so block by block. /proc/pagetypeinfo counts, for each zone, the pageblocks of each
 * type and their free blocks by order. A choice of as many blocks is better the nearer its free blocks
 * come to those counts, the fewer movable pages it holds and the fewer kernel pages it leaves out:
 * beginning with the blocks that hold the most kernel pages, pairs are exchanged while that helps.
 * Whole blocks in use look alike to it; events correct what is wrong.
 *
 * State: the counts, until the first snapshot is complete.
 *
 * Not modelled: highatomic, CMA and isolated blocks at the start. A wrong guess would keep free blocks
 * from merging, so they wait for an event.
 */
#include "shadow_types.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "shadow_buddy.h"
#include "shadow_text.h"

#define MAX_COMPARISONS 20000000 /* a fraction of a second */
#define MAX_PASSES      4

/* A pageblock that may be of any of the three types. */
struct shadow_candidate {
	uint32_t pageblock;
	int32_t score; /* how much it looks like one of the kernel's */
	uint8_t type;
	uint16_t nr_free[SHADOW_NR_ORDERS]; /* blocks that begin in it */
};

/* ---- the counts ---- */

/* All memory that typing needs: once events come, nothing can fail. */
static int reserve(struct replay_shadow *s, struct mmr_error *err)
{
	uint32_t most = 0;

	if (s->typing)
		return 0;
	for (uint32_t i = 0; i < s->nr_zones; i++)
		if (s->zones[i].nr / SHADOW_PAGEBLOCK_PAGES > most)
			most = s->zones[i].nr / SHADOW_PAGEBLOCK_PAGES;
	s->candidates = base_calloc_err(most + 1ul, sizeof(*s->candidates), "migratetypes", err);
	if (!s->candidates)
		return MMR_E_NOMEM;
	s->typing = base_calloc_err(s->nr_zones, sizeof(*s->typing), "migratetypes", err);
	return s->typing ? 0 : MMR_E_NOMEM;
}

/* "Node 0, zone    DMA32           16          228            4 …": pageblocks by type. */
static void parse_pageblocks(const struct replay_shadow *s, const char *line, const char *end)
{
	uint32_t zone = replay_shadow_text_zone(s, &line, end);
	uint64_t count;

	for (int32_t i = 0; zone != SHADOW_NONE && i < SHADOW_NR_TYPES; i++) {
		if (!replay_shadow_text_number(&line, end, &count))
			break;
		s->typing[zone].nr_pageblocks[replay_shadow_type(s, i)] = (uint32_t)count;
	}
}

/* "Node    0, zone    DMA32, type      Movable      0      0      1 …": free blocks by order. */
static void parse_free_blocks(const struct replay_shadow *s, const char *line, const char *end)
{
	uint32_t zone = replay_shadow_text_zone(s, &line, end);
	uint64_t count;

	if (zone == SHADOW_NONE || !replay_shadow_text_word(&line, end, ",") ||
	    !replay_shadow_text_word(&line, end, "type"))
		return;
	for (unsigned int type = 0; type < SHADOW_NR_TYPES; type++) {
		if (!replay_shadow_text_word(&line, end, replay_shadow_type_name(type)))
			continue;
		for (unsigned int order = 0; order < SHADOW_NR_ORDERS; order++)
			if (replay_shadow_text_number(&line, end, &count))
				s->typing[zone].nr_free[type][order] = (int64_t)count;
		return;
	}
}

int replay_shadow_add_pagetypeinfo(struct replay_shadow *s, const char *text, size_t size,
                                   struct mmr_error *err)
{
	static const char heading[] = "Number of blocks type";
	const char *end = text + size;
	const char *pageblocks = memmem(text, size, heading, sizeof(heading) - 1);

	if (!pageblocks)
		return base_error(err, MMR_E_FORMAT, "pagetypeinfo: no line \"%s\"", heading);
	if (reserve(s, err) < 0)
		return MMR_E_NOMEM;
	for (const char *next; text < end; text = next) {
		next = replay_shadow_text_next_line(text, end);
		if (text < pageblocks)
			parse_free_blocks(s, text, next);
		else
			parse_pageblocks(s, text, next);
	}
	return 0;
}

/* ---- the choice ---- */

struct choice {
	struct shadow_candidate *candidates;
	uint32_t nr;
	int64_t lack[SHADOW_NR_TYPES][SHADOW_NR_ORDERS]; /* free blocks: counted less chosen */
	uint32_t nr_left;                                /* comparisons */
};

static bool is_candidate(const struct shadow_pageblock *pb)
{
	return !(pb->flags & PB_TYPED) &&
	       pb->nr[PAGE_HOLE] + pb->nr[PAGE_UNKNOWN] < SHADOW_PAGEBLOCK_PAGES;
}

static int by_score(const void *a, const void *b)
{
	const struct shadow_candidate *left = a;
	const struct shadow_candidate *right = b;

	if (left->score != right->score)
		return left->score > right->score ? -1 : 1;
	return left->pageblock < right->pageblock ? -1 : 1;
}

static void find_candidates(const struct replay_shadow *s, const struct shadow_zone *zone,
                            struct choice *choice)
{
	uint32_t first = zone->base / SHADOW_PAGEBLOCK_PAGES;

	for (uint32_t i = first; i < first + zone->nr / SHADOW_PAGEBLOCK_PAGES; i++) {
		const struct shadow_pageblock *pb = &s->pageblock[i];
		struct shadow_candidate *candidate = &choice->candidates[choice->nr];

		if (!is_candidate(pb))
			continue;
		choice->nr++;
		*candidate = (struct shadow_candidate){
			.pageblock = i,
			.type = SHADOW_MOVABLE,
			.score = pb->nr_kernel * SHADOW_PAGEBLOCK_PAGES + pb->nr[PAGE_OTHER] -
			         pb->nr[PAGE_MOVABLE],
		};
		for (uint32_t page = i * SHADOW_PAGEBLOCK_PAGES;
		     page < (i + 1) * SHADOW_PAGEBLOCK_PAGES; page++)
			if (head_order(s, page) >= 0)
				candidate->nr_free[head_order(s, page)]++;
	}
	qsort(choice->candidates, choice->nr, sizeof(*choice->candidates), by_score);
}

static void set_candidate(struct choice *choice, struct shadow_candidate *candidate,
                          unsigned int type)
{
	for (unsigned int order = 0; order < SHADOW_NR_ORDERS; order++) {
		choice->lack[candidate->type][order] += candidate->nr_free[order];
		choice->lack[type][order] -= candidate->nr_free[order];
	}
	candidate->type = (uint8_t)type;
}

static int64_t magnitude(int64_t value)
{
	return value < 0 ? -value : value;
}

/* By how many pages the free blocks come nearer to the counts if two candidates change types. */
static int64_t gain(const struct replay_shadow *s, const struct choice *choice,
                    const struct shadow_candidate *a, const struct shadow_candidate *b)
{
	const struct shadow_pageblock *pb_a = &s->pageblock[a->pageblock];
	const struct shadow_pageblock *pb_b = &s->pageblock[b->pageblock];
	int64_t pages = 0;

	for (unsigned int order = 0; order < SHADOW_NR_ORDERS; order++) {
		int64_t more = (int64_t)a->nr_free[order] - b->nr_free[order];
		int64_t lack_a = choice->lack[a->type][order];
		int64_t lack_b = choice->lack[b->type][order];

		if (more)
			pages += (magnitude(lack_a) - magnitude(lack_a + more) + magnitude(lack_b) -
			          magnitude(lack_b - more)) *
			         (1 << order);
	}
	if (b->type == SHADOW_MOVABLE) /* a never is */
		pages += (pb_a->nr[PAGE_MOVABLE] - pb_b->nr[PAGE_MOVABLE]) / 2 -
		         (pb_a->nr_kernel - pb_b->nr_kernel) / 2;
	return pages;
}

/* Gives the type of one candidate to the one for which that is best; false if it stays as it is. */
static bool exchange(const struct replay_shadow *s, struct choice *choice,
                     struct shadow_candidate *a)
{
	struct shadow_candidate *best = NULL;
	int64_t best_gain = 0;
	unsigned int type = a->type;

	for (uint32_t i = 0; i < choice->nr && choice->nr_left; i++) {
		struct shadow_candidate *b = &choice->candidates[i];
		int64_t pages;

		if (b->type == type || b->type == SHADOW_UNMOVABLE)
			continue; /* the latter is seen from the other side */
		choice->nr_left--;
		pages = gain(s, choice, a, b);
		if (pages > best_gain) {
			best_gain = pages;
			best = b;
		}
	}
	if (!best)
		return false;
	set_candidate(choice, a, best->type);
	set_candidate(choice, best, type);
	return true;
}

static void choose(struct replay_shadow *s, const struct shadow_typing *typing,
                   struct choice *choice)
{
	uint32_t nr_unmovable = typing->nr_pageblocks[SHADOW_UNMOVABLE];
	uint32_t nr_reclaimable = typing->nr_pageblocks[SHADOW_RECLAIMABLE];
	bool changed = true;

	memcpy(choice->lack, typing->nr_free, sizeof(choice->lack));
	for (uint32_t i = 0; i < choice->nr; i++) {
		unsigned int type = SHADOW_MOVABLE;

		if (i < nr_unmovable)
			type = SHADOW_UNMOVABLE;
		else if (i - nr_unmovable < nr_reclaimable)
			type = SHADOW_RECLAIMABLE;
		for (unsigned int order = 0; order < SHADOW_NR_ORDERS; order++)
			choice->lack[type][order] -= choice->candidates[i].nr_free[order];
		choice->candidates[i].type = (uint8_t)type;
	}
	for (unsigned int pass = 0; changed && pass < MAX_PASSES; pass++) {
		changed = false;
		for (uint32_t i = 0; i < choice->nr; i++)
			if (choice->candidates[i].type != SHADOW_MOVABLE)
				changed |= exchange(s, choice, &choice->candidates[i]);
	}
}

static void guess_zone(struct replay_shadow *s, uint32_t zone)
{
	struct choice choice = { .candidates = s->candidates, .nr_left = MAX_COMPARISONS };

	find_candidates(s, &s->zones[zone], &choice);
	choose(s, &s->typing[zone], &choice);
	for (uint32_t i = 0; i < choice.nr; i++)
		replay_shadow_set_type(s, choice.candidates[i].pageblock,
		                       choice.candidates[i].type);
}

void replay_shadow_types_deinit(struct replay_shadow *s)
{
	base_free(s->typing);
	base_free(s->candidates);
	s->typing = NULL;
	s->candidates = NULL;
}

void replay_shadow_guess_types(struct replay_shadow *s)
{
	for (uint32_t i = 0; s->typing && i < s->nr_zones; i++)
		if (s->zones[i].nr)
			guess_zone(s, i);
	replay_shadow_types_deinit(s);
}
