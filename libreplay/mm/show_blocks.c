/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is in each pageblock.
 *
 * A machine of terabytes has millions of them, of which few change from one look to the next. So the
 * state of each is kept, and counted again only if one of its pages has come or gone since
 * (mm_block_changes()).
 */
#include "internal.h"

#include "alloc.h"
#include "bitmap.h"
#include "error_set.h"
#include "show_mem.h"

#define STATE_BYTES 8

struct block_count {
	uint32_t free;
	uint32_t movable;
	uint32_t other;
	uint32_t absent;  /* in no block: what was there before the trace began, and holes */
	uint32_t largest; /* free order; 255: none */
	uint64_t fixed[MM_ROOM_WORDS]; /* those that cannot be moved */
};

/* By order: the bits of a word at which a range of 2^order pages begins. */
static const uint64_t range_starts[] = {
	UINT64_C(0xffffffffffffffff), UINT64_C(0x5555555555555555), UINT64_C(0x1111111111111111),
	UINT64_C(0x0101010101010101), UINT64_C(0x0001000100010001), UINT64_C(0x0000000100000001),
	UINT64_C(0x0000000000000001),
};

#define WORD_ORDER 6

/* A range's first bit says whether it has such a page: of order + 1, if its first half has or its second. */
static void join_halves(uint64_t map[MM_ROOM_WORDS], int order)
{
	size_t half = order < WORD_ORDER ? 0 : (size_t)1 << (order - WORD_ORDER);

	for (size_t i = 0; i<MM_ROOM_WORDS; i += half> 0 ? 2 * half : 1)
		map[i] |= half > 0 ? map[i + half] : map[i] >> (1u << order);
}

static bool has_room(const uint64_t map[MM_ROOM_WORDS], int order)
{
	size_t step = order <= WORD_ORDER ? 1 : (size_t)1 << (order - WORD_ORDER);
	uint64_t starts = range_starts[order <= WORD_ORDER ? order : WORD_ORDER];

	for (size_t i = 0; i < MM_ROOM_WORDS; i += step)
		if (~map[i] & starts)
			return true;
	return false;
}

int mm_room_order(const uint64_t fixed[MM_ROOM_WORDS])
{
	uint64_t map[MM_ROOM_WORDS];
	int order = 0;

	memcpy(map, fixed, sizeof(map));
	while (order <= MM_PAGEBLOCK_ORDER && has_room(map, order)) {
		if (order < MM_PAGEBLOCK_ORDER)
			join_halves(map, order);
		order++;
	}
	return order - 1;
}

static void set_fixed(struct block_count *count, uint32_t first, uint32_t nr)
{
	for (uint32_t i = first; i < first + nr; i++)
		bitmap_set(count->fixed, i);
}

/* The block that begins at a page of the pageblock, as far as it lies there. */
static void count_block(const struct mm_page *page, uint32_t at, struct block_count *count)
{
	uint32_t nr = mm_block_pages(page->order);

	nr = nr < MM_PAGEBLOCK_PAGES - at ? nr : MM_PAGEBLOCK_PAGES - at;
	switch ((enum mm_page_state)page->state) {
	case MM_PAGE_FREE:
		count->free += nr;
		if (count->largest == 255 || page->order > count->largest)
			count->largest = page->order;
		break;
	case MM_PAGE_USED:
	case MM_PAGE_ISOLATED:
		if (page->flags & (MM_PG_ANON | MM_PG_FILE | MM_PG_SHMEM)) {
			count->movable += nr;
			break;
		}
		count->other += nr;
		set_fixed(count, at, nr);
		break;
	case MM_PAGE_PCP:
		count->other += nr;
		break;
	case MM_PAGE_TAIL:
		break;
	}
}

static struct block_count count_pageblock(const struct mm_machine *machine,
                                          const struct mm_zone *zone, uint32_t first)
{
	struct block_count count = { .largest = 255 };
	uint32_t end = first + MM_PAGEBLOCK_PAGES;
	uint32_t head = first & ~(mm_block_pages(MM_MAX_ORDER) - 1);
	uint32_t zone_first, zone_end;

	/* The second half of a block of order 10. */
	if (head != first && machine->pages[head].order == MM_MAX_ORDER &&
	    machine->pages[head].state > MM_PAGE_TAIL && mm_zone_spans(zone, head)) {
		count_block(&machine->pages[head], 0, &count);
		return count;
	}
	zone_first = first > zone->start_pfn ? first : zone->start_pfn;
	zone_end = zone->start_pfn + zone->spanned;
	zone_end = zone_end < end ? zone_end : end;
	if (zone_first >= zone_end) /* nothing of it is this zone's */
		zone_first = zone_end = end;
	set_fixed(&count, 0, zone_first - first);
	for (uint32_t pfn = zone_first; pfn < zone_end;) {
		const struct mm_page *page = &machine->pages[pfn];

		if (page->state <= MM_PAGE_TAIL) {
			count.absent++;
			set_fixed(&count, pfn - first, 1);
			pfn++;
			continue;
		}
		count_block(page, pfn - first, &count);
		pfn += mm_block_pages(page->order);
	}
	set_fixed(&count, zone_end - first, end - zone_end);
	if (count.absent > machine->holes[first >> MM_PAGEBLOCK_ORDER])
		count.other += count.absent - machine->holes[first >> MM_PAGEBLOCK_ORDER];
	return count;
}

static void put_u16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

/* Returns the order of the largest range in which all can be moved. */
static int put_state(const struct mm_machine *machine, const struct mm_zone *zone, uint32_t pfn,
                     uint8_t *state)
{
	struct block_count count = count_pageblock(machine, zone, pfn);

	put_u16(state, count.free);
	put_u16(state + 2, count.movable);
	put_u16(state + 4, count.other);
	state[7] = (uint8_t)count.largest;
	return mm_room_order(count.fixed);
}

/* A pageblock that zones share has a state for each: it is counted every time. */
static bool is_whole(const struct mm_zone *zone, uint32_t pfn)
{
	return mm_zone_spans(zone, pfn) && mm_zone_spans(zone, pfn + MM_PAGEBLOCK_PAGES - 1);
}

/* What is known of a whole pageblock, counted again if need be. */
static const uint8_t *known_state(const struct mm_machine *machine, const struct mm_zone *zone,
                                  uint32_t pfn)
{
	uint32_t block = pfn >> MM_PAGEBLOCK_ORDER;
	uint8_t *known = machine->block_states + (size_t)block * STATE_BYTES;

	if (machine->block_changed[block])
		machine->block_rooms[block] = (uint8_t)(put_state(machine, zone, pfn, known) + 1);
	machine->block_changed[block] = false;
	return known;
}

void mm_pageblock_states(const struct mm_machine *machine, uint32_t i, uint8_t *state)
{
	const struct mm_zone *zone = mm_zone_at(machine, i);
	uint32_t first = mm_first_pageblock_pfn(machine, i);

	for (uint32_t b = 0; b < mm_nr_pageblocks(machine, i); b++, state += STATE_BYTES) {
		uint32_t pfn = first + b * MM_PAGEBLOCK_PAGES;

		if (is_whole(zone, pfn))
			memcpy(state, known_state(machine, zone, pfn), STATE_BYTES);
		else
			put_state(machine, zone, pfn, state);
		state[6] = mm_block_type(machine, pfn);
	}
}

struct mm_room mm_zone_room(const struct mm_machine *machine, uint32_t i)
{
	const struct mm_zone *zone = mm_zone_at(machine, i);
	uint32_t first = mm_first_pageblock_pfn(machine, i);
	struct mm_room room = { .order = -1 };
	bool buddy = false; /* the first half of two pageblocks can be emptied */

	for (uint32_t b = 0; b < mm_nr_pageblocks(machine, i); b++) {
		uint32_t pfn = first + b * MM_PAGEBLOCK_PAGES;
		const uint8_t *state;
		int order;

		if (!is_whole(zone, pfn))
			continue;
		state = known_state(machine, zone, pfn);
		order = machine->block_rooms[pfn >> MM_PAGEBLOCK_ORDER] - 1;
		room.nr_pageblocks++;
		room.nr_free += (state[0] | state[1] << 8) == MM_PAGEBLOCK_PAGES;
		room.nr_empty += order == MM_PAGEBLOCK_ORDER;
		if (order == MM_PAGEBLOCK_ORDER && pfn & MM_PAGEBLOCK_PAGES && buddy)
			order = MM_MAX_ORDER;
		buddy = order == MM_PAGEBLOCK_ORDER && !(pfn & MM_PAGEBLOCK_PAGES);
		room.order = order > room.order ? order : room.order;
	}
	return room;
}

static void name_block(const struct mm_page *page, uint32_t at, uint32_t *logical)
{
	uint32_t end = at + mm_block_pages(page->order);
	uint32_t who = MM_PINNED_NOT;

	if ((page->state == MM_PAGE_USED || page->state == MM_PAGE_ISOLATED) &&
	    !(page->flags & (MM_PG_ANON | MM_PG_FILE | MM_PG_SHMEM)))
		who = page->logical == MM_NONE ? MM_PINNED_UNKNOWN : page->logical;
	for (; at < end && at < MM_PAGEBLOCK_PAGES; at++)
		logical[at] = who;
}

static void name_pages(const struct mm_machine *machine, uint32_t first, uint32_t *logical)
{
	uint32_t head = first & ~(mm_block_pages(MM_MAX_ORDER) - 1);
	const struct mm_page *page = &machine->pages[head];

	if (head != first && page->order == MM_MAX_ORDER && page->state > MM_PAGE_TAIL) {
		name_block(page, 0, logical);
		return;
	}
	for (uint32_t at = 0; at < MM_PAGEBLOCK_PAGES;) {
		page = &machine->pages[first + at];
		if (page->state <= MM_PAGE_TAIL) {
			logical[at++] = MM_PINNED_ABSENT;
			continue;
		}
		name_block(page, at, logical);
		at += mm_block_pages(page->order);
	}
}

bool mm_next_pinned(const struct mm_machine *machine, uint32_t i, uint32_t *pfn,
                    uint32_t logical[MM_PAGEBLOCK_PAGES])
{
	const struct mm_zone *zone = mm_zone_at(machine, i);
	uint32_t first = mm_first_pageblock_pfn(machine, i);
	uint32_t nr = mm_nr_pageblocks(machine, i);

	for (uint32_t b = *pfn > first ? (*pfn - first) >> MM_PAGEBLOCK_ORDER : 0; b < nr; b++) {
		*pfn = first + b * MM_PAGEBLOCK_PAGES;
		if (!is_whole(zone, *pfn))
			continue;
		known_state(machine, zone, *pfn);
		if (machine->block_rooms[*pfn >> MM_PAGEBLOCK_ORDER] == MM_PAGEBLOCK_ORDER + 1)
			continue;
		name_pages(machine, *pfn, logical);
		return true;
	}
	return false;
}

bool mm_next_work(const struct mm_machine *machine, uint32_t i, uint32_t *pfn,
                  struct mm_block_work *work)
{
	uint32_t first = mm_first_pageblock_pfn(machine, i);
	uint32_t nr = mm_nr_pageblocks(machine, i);

	for (uint32_t b = *pfn > first ? (*pfn - first) >> MM_PAGEBLOCK_ORDER : 0; b < nr; b++) {
		struct mm_block_work *done = &machine->work[(first >> MM_PAGEBLOCK_ORDER) + b];

		if (!done->migrate_scanned && !done->free_scanned && !done->moved_out &&
		    !done->moved_in)
			continue;
		*work = *done;
		*done = (struct mm_block_work){ 0 };
		*pfn = first + b * MM_PAGEBLOCK_PAGES;
		return true;
	}
	return false;
}

int mm_block_states_init(struct mm_machine *machine, struct mmr_error *err)
{
	uint32_t nr = machine->nr_pfns >> MM_PAGEBLOCK_ORDER;

	machine->block_states = base_calloc_err(nr, STATE_BYTES, "states of pageblocks", err);
	machine->block_changed = base_calloc_err(nr, sizeof(bool), "states of pageblocks", err);
	machine->block_rooms = base_calloc_err(nr, sizeof(uint8_t), "states of pageblocks", err);
	machine->holes = base_calloc_err(nr, sizeof(*machine->holes), "states of pageblocks", err);
	machine->work = base_calloc_err(nr, sizeof(*machine->work), "states of pageblocks", err);
	if (!machine->block_states || !machine->block_changed || !machine->block_rooms ||
	    !machine->holes || !machine->work)
		return MMR_E_NOMEM;
	memset(machine->block_changed, true, nr);
	return 0;
}

void mm_block_states_deinit(struct mm_machine *machine)
{
	base_free(machine->block_states);
	base_free(machine->block_changed);
	base_free(machine->block_rooms);
	base_free(machine->holes);
	base_free(machine->work);
}

void mm_seed_holes(struct mm_machine *machine, uint32_t pfn, uint16_t nr)
{
	if (pfn < machine->nr_pfns)
		machine->holes[pfn >> MM_PAGEBLOCK_ORDER] = nr;
}

int mm_check_block_states(const struct mm_machine *machine, struct mmr_error *err)
{
	for (uint32_t i = 0; i < machine->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[i];
		uint32_t first = mm_first_pageblock_pfn(machine, i);

		for (uint32_t b = 0; b < mm_nr_pageblocks(machine, i); b++) {
			uint32_t pfn = first + b * MM_PAGEBLOCK_PAGES;
			uint32_t block = pfn >> MM_PAGEBLOCK_ORDER;
			uint8_t *known = machine->block_states + (size_t)block * STATE_BYTES;
			uint8_t state[STATE_BYTES] = { 0 };
			int room;

			if (!is_whole(zone, pfn))
				continue;
			room = put_state(machine, zone, pfn, state);
			if (!machine->block_changed[block] &&
			    (memcmp(state, known, STATE_BYTES) != 0 ||
			     room + 1 != machine->block_rooms[block]))
				return base_error(err, MMR_E_INTERNAL,
				                  "pageblock %u has changed unseen", block);
			/* So that the next look has something to compare. */
			memcpy(known, state, STATE_BYTES);
			machine->block_rooms[block] = (uint8_t)(room + 1);
			machine->block_changed[block] = false;
		}
	}
	return 0;
}
