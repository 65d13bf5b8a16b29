/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which pages compaction could move. Those in use that are not the kernel's own, but for the ones that its migrate
 * scanner (isolate_migratepages_block()) looked at and left: where it has been over a whole range and took none, that is
 * each movable page there (pinned by O_DIRECT, pipes or RDMA, locked, or being written); where it took as many as there
 * are, none. Of what it took some of nothing is learnt. A page that is freed or moves is no longer stuck.
 */
#include "shadow_room.h"

#include "bitmap.h"
#include "shadow_buddy.h"
#include "show_mem.h"

static uint32_t count_state(const struct replay_shadow *s, uint32_t index, uint32_t end,
                            enum page_state state)
{
	uint32_t nr = 0;

	for (; index < end; index++)
		nr += page_state(s, index) == state;
	return nr;
}

void replay_shadow_migrate_scanned(struct replay_shadow *s, const struct mmr_event *event)
{
	uint64_t nr = event->isolate.end_pfn - event->isolate.start_pfn;
	uint32_t index, movable;

	if (event->isolate.end_pfn <= event->isolate.start_pfn || nr > SHADOW_PAGEBLOCK_PAGES)
		return;
	index = replay_shadow_index(s, event->isolate.start_pfn, (uint32_t)nr);
	if (index == SHADOW_NONE)
		return;
	s->work[index / SHADOW_PAGEBLOCK_PAGES].migrate_scanned +=
		(uint32_t)event->isolate.nr_scanned;
	/* It passes over a free block at once, and counts its pages (6.12) or not (6.1). */
	if (event->isolate.nr_scanned + count_state(s, index, index + (uint32_t)nr, PAGE_FREE) < nr)
		return;
	movable = count_state(s, index, index + (uint32_t)nr, PAGE_MOVABLE);
	if (event->isolate.nr_taken != 0 && event->isolate.nr_taken < movable)
		return;
	for (uint32_t i = index; i < index + nr; i++)
		replay_shadow_set_stuck(
			s, i, event->isolate.nr_taken == 0 && page_state(s, i) == PAGE_MOVABLE);
}

static enum shadow_use use_of(const struct replay_shadow *s, uint32_t index)
{
	switch (page_state(s, index)) {
	case PAGE_OTHER:
		return SHADOW_USE_KERNEL;
	case PAGE_MOVABLE:
		return replay_shadow_is_stuck(s, index) ? SHADOW_USE_STUCK : SHADOW_USE_NONE;
	case PAGE_UNKNOWN:
	case PAGE_HOLE:
	case PAGE_NR_STATES:
		return SHADOW_USE_ABSENT;
	case PAGE_FREE:
	case PAGE_PCP:
	case PAGE_PRIVATE:
		break;
	}
	return SHADOW_USE_NONE;
}

static int find_room(const struct replay_shadow *s, uint32_t first)
{
	const struct shadow_pageblock *pb = &s->pageblock[first / SHADOW_PAGEBLOCK_PAGES];
	uint64_t fixed[MM_ROOM_WORDS] = { 0 };

	if (!pb->nr[PAGE_OTHER] && !pb->nr[PAGE_HOLE] && !pb->nr[PAGE_UNKNOWN] && !pb->nr_stuck)
		return SHADOW_PAGEBLOCK_ORDER;
	for (uint32_t i = 0; i < SHADOW_PAGEBLOCK_PAGES; i++)
		if (use_of(s, first + i) != SHADOW_USE_NONE)
			bitmap_set(fixed, i);
	return mm_room_order(fixed);
}

/* Index of the first page of each pageblock that lies wholly in the zone; false past the last. */
static bool next_whole(const struct shadow_zone *zone, uint32_t *next, uint32_t *first)
{
	uint64_t pfn = zone->base_pfn + *next;

	while (pfn < zone->start_pfn)
		pfn += SHADOW_PAGEBLOCK_PAGES;
	if (pfn + SHADOW_PAGEBLOCK_PAGES > zone->end_pfn)
		return false;
	*first = zone->base + (uint32_t)(pfn - zone->base_pfn);
	*next = (uint32_t)(pfn - zone->base_pfn) + SHADOW_PAGEBLOCK_PAGES;
	return true;
}

void replay_shadow_room(const struct replay_shadow *s, uint32_t zone, struct mm_room *room)
{
	uint32_t first, next = 0;
	bool buddy = false; /* the first half of two pageblocks can be emptied */

	*room = (struct mm_room){ .order = -1 };
	while (next_whole(&s->zones[zone], &next, &first)) {
		struct shadow_pageblock *pb = &s->pageblock[first / SHADOW_PAGEBLOCK_PAGES];
		int order;

		if (pb->changed)
			pb->room = (uint8_t)(find_room(s, first) + 1);
		pb->changed = false;
		order = pb->room - 1;
		room->nr_pageblocks++;
		room->nr_free += pb->nr[PAGE_FREE] == SHADOW_PAGEBLOCK_PAGES;
		room->nr_empty += order == SHADOW_PAGEBLOCK_ORDER;
		if (order == SHADOW_PAGEBLOCK_ORDER && first & SHADOW_PAGEBLOCK_PAGES && buddy)
			order++;
		buddy = order == SHADOW_PAGEBLOCK_ORDER && !(first & SHADOW_PAGEBLOCK_PAGES);
		room->order = order > room->order ? order : room->order;
	}
}

bool replay_shadow_next_pinned(const struct replay_shadow *s, uint32_t zone, uint64_t *pfn,
                               uint8_t uses[SHADOW_PAGEBLOCK_PAGES])
{
	const struct shadow_zone *z = &s->zones[zone];
	uint32_t next = *pfn > z->base_pfn ? (uint32_t)(*pfn - z->base_pfn) : 0;
	uint32_t first;

	while (next_whole(z, &next, &first)) {
		const struct shadow_pageblock *pb = &s->pageblock[first / SHADOW_PAGEBLOCK_PAGES];

		if (!pb->nr[PAGE_OTHER] && !pb->nr_stuck)
			continue;
		for (uint32_t i = 0; i < SHADOW_PAGEBLOCK_PAGES; i++)
			uses[i] = (uint8_t)use_of(s, first + i);
		*pfn = pfn_of(z, first);
		return true;
	}
	return false;
}

bool replay_shadow_next_work(struct replay_shadow *s, uint32_t zone, uint64_t *pfn,
                             struct shadow_block_work *work)
{
	const struct shadow_zone *z = &s->zones[zone];
	uint32_t next = *pfn > z->base_pfn ? (uint32_t)(*pfn - z->base_pfn) : 0;

	for (; next < z->nr; next += SHADOW_PAGEBLOCK_PAGES) {
		struct shadow_work *w = &s->work[(z->base + next) / SHADOW_PAGEBLOCK_PAGES];

		if (!w->migrate_scanned && !w->free_scanned && !w->moved_out && !w->moved_in)
			continue;
		*work = (struct shadow_block_work){ w->migrate_scanned, w->free_scanned,
			                            w->moved_out, w->moved_in };
		*w = (struct shadow_work){ 0 };
		*pfn = z->base_pfn + next;
		return true;
	}
	return false;
}
