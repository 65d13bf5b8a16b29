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
#include "error_set.h"
#include "show_mem.h"

#define STATE_BYTES 8

struct block_count {
	uint32_t free;
	uint32_t movable;
	uint32_t other;
	uint32_t largest; /* free order; 255: none */
};

/* The block that pfn begins, as far as it lies within [pfn, end). */
static void count_block(const struct mm_page *page, uint32_t room, struct block_count *count)
{
	uint32_t nr = mm_block_pages(page->order);

	nr = nr < room ? nr : room;
	switch ((enum mm_page_state)page->state) {
	case MM_PAGE_FREE:
		count->free += nr;
		if (count->largest == 255 || page->order > count->largest)
			count->largest = page->order;
		break;
	case MM_PAGE_USED:
	case MM_PAGE_ISOLATED:
		if (page->flags & (MM_PG_ANON | MM_PG_FILE | MM_PG_SHMEM))
			count->movable += nr;
		else
			count->other += nr;
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
	uint32_t pfn = first;
	uint32_t head = first & ~(mm_block_pages(MM_MAX_ORDER) - 1);

	/* The second half of a block of order 10. */
	if (head != first && machine->pages[head].order == MM_MAX_ORDER &&
	    machine->pages[head].state > MM_PAGE_TAIL && mm_zone_spans(zone, head)) {
		count_block(&machine->pages[head], MM_PAGEBLOCK_PAGES, &count);
		return count;
	}
	while (pfn < end) {
		const struct mm_page *page = &machine->pages[pfn];

		if (!mm_zone_spans(zone, pfn) || page->state <= MM_PAGE_TAIL) {
			/* In use, but by what was there before the trace began. */
			if (mm_zone_spans(zone, pfn))
				count.other++;
			pfn++;
			continue;
		}
		count_block(page, end - pfn, &count);
		pfn += mm_block_pages(page->order);
	}
	return count;
}

static void put_u16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static void put_state(const struct mm_machine *machine, const struct mm_zone *zone, uint32_t pfn,
                      uint8_t *state)
{
	struct block_count count = count_pageblock(machine, zone, pfn);

	put_u16(state, count.free);
	put_u16(state + 2, count.movable);
	put_u16(state + 4, count.other);
	state[7] = (uint8_t)count.largest;
}

/* A pageblock that zones share has a state for each: it is counted every time. */
static bool is_whole(const struct mm_zone *zone, uint32_t pfn)
{
	return mm_zone_spans(zone, pfn) && mm_zone_spans(zone, pfn + MM_PAGEBLOCK_PAGES - 1);
}

void mm_pageblock_states(const struct mm_machine *machine, uint32_t i, uint8_t *state)
{
	const struct mm_zone *zone = mm_zone_at(machine, i);
	uint32_t first = mm_first_pageblock_pfn(machine, i);

	for (uint32_t b = 0; b < mm_nr_pageblocks(machine, i); b++, state += STATE_BYTES) {
		uint32_t pfn = first + b * MM_PAGEBLOCK_PAGES, block = pfn >> MM_PAGEBLOCK_ORDER;
		uint8_t *known = machine->block_states + (size_t)block * STATE_BYTES;

		if (is_whole(zone, pfn)) {
			if (machine->block_changed[block])
				put_state(machine, zone, pfn, known);
			machine->block_changed[block] = false;
			memcpy(state, known, STATE_BYTES);
		} else {
			put_state(machine, zone, pfn, state);
		}
		state[6] = mm_block_type(machine, pfn);
	}
}

int mm_block_states_init(struct mm_machine *machine, struct mmr_error *err)
{
	uint32_t nr = machine->nr_pfns >> MM_PAGEBLOCK_ORDER;

	machine->block_states = base_calloc_err(nr, STATE_BYTES, "states of pageblocks", err);
	machine->block_changed = base_calloc_err(nr, sizeof(bool), "states of pageblocks", err);
	if (!machine->block_states || !machine->block_changed)
		return MMR_E_NOMEM;
	memset(machine->block_changed, true, nr);
	return 0;
}

void mm_block_states_deinit(struct mm_machine *machine)
{
	base_free(machine->block_states);
	base_free(machine->block_changed);
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

			if (!is_whole(zone, pfn))
				continue;
			put_state(machine, zone, pfn, state);
			if (!machine->block_changed[block] &&
			    memcmp(state, known, STATE_BYTES) != 0)
				return base_error(err, MMR_E_INTERNAL,
				                  "pageblock %u has changed unseen", block);
			/* So that the next look has something to compare. */
			memcpy(known, state, STATE_BYTES);
			machine->block_changed[block] = false;
		}
	}
	return 0;
}
