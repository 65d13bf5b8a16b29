/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the shadow knows, for whoever asks between two events. */
#include <string.h>

#include "le.h"
#include "shadow_buddy.h"

const char *replay_shadow_type_name(unsigned int type)
{
	static const char *const names[SHADOW_NR_TYPES] = {
		[SHADOW_UNMOVABLE] = "Unmovable",
		[SHADOW_MOVABLE] = "Movable",
		[SHADOW_RECLAIMABLE] = "Reclaimable",
		[SHADOW_HIGHATOMIC] = "HighAtomic",
		[SHADOW_CMA] = "CMA",
		[SHADOW_ISOLATE] = "Isolate",
	};

	return type < SHADOW_NR_TYPES ? names[type] : "?";
}

const char *replay_shadow_repair_text(unsigned int repair)
{
	static const char *const texts[SHADOW_NR_REPAIRS] = {
#define REPAIR_TEXT(name, text) [SHADOW_REPAIR_##name] = (text),
		SHADOW_REPAIR_MAP(REPAIR_TEXT)
#undef REPAIR_TEXT
	};

	return repair < SHADOW_NR_REPAIRS ? texts[repair] : "?";
}

const char *replay_shadow_cause_text(unsigned int cause)
{
	static const char *const texts[SHADOW_NR_CAUSES] = {
#define CAUSE_TEXT(name, text) [SHADOW_CAUSE_##name] = (text),
		SHADOW_CAUSE_MAP(CAUSE_TEXT)
#undef CAUSE_TEXT
	};

	return cause < SHADOW_NR_CAUSES ? texts[cause] : "?";
}

bool replay_shadow_ready(const struct replay_shadow *s)
{
	return s->next_chunk == s->chunks.count;
}

void replay_shadow_buddy(const struct replay_shadow *s, uint32_t zone,
                         struct replay_shadow_buddy *buddy)
{
	memcpy(buddy->blocks, s->zones[zone].nr_free, sizeof(buddy->blocks));
}

uint64_t replay_shadow_free_blocks(const struct replay_shadow *s, uint32_t zone,
                                   uint64_t blocks[SHADOW_NR_ORDERS])
{
	uint64_t pages = 0;

	for (unsigned int order = 0; order < SHADOW_NR_ORDERS; order++) {
		blocks[order] = 0;
		for (unsigned int type = 0; type < SHADOW_NR_TYPES; type++)
			blocks[order] += s->zones[zone].nr_free[order][type];
		pages += blocks[order] << order;
	}
	return pages;
}

uint32_t replay_shadow_pageblocks(const struct replay_shadow *s, uint32_t zone, uint64_t *first_pfn)
{
	const struct shadow_zone *z = &s->zones[zone];
	uint64_t first = z->start_pfn & ~(uint64_t)(SHADOW_PAGEBLOCK_PAGES - 1);

	*first_pfn = first;
	return (uint32_t)((z->end_pfn - first + SHADOW_PAGEBLOCK_PAGES - 1) /
	                  SHADOW_PAGEBLOCK_PAGES);
}

/* Order of the largest free block that has pages in a pageblock, 255 if it has none. */
static uint8_t largest_order(const struct replay_shadow *s, uint32_t pageblock)
{
	uint32_t first = pageblock * SHADOW_PAGEBLOCK_PAGES;
	uint32_t head;
	int largest = -1;

	if (s->pageblock[pageblock].nr[PAGE_FREE] == 0)
		return NO_BLOCK;
	if (s->pageblock[pageblock].nr[PAGE_FREE] == SHADOW_PAGEBLOCK_PAGES)
		return (uint8_t)replay_shadow_block(s, first, &head);
	for (uint32_t i = first; i < first + SHADOW_PAGEBLOCK_PAGES; i++)
		if (head_order(s, i) > largest)
			largest = head_order(s, i);
	return (uint8_t)largest;
}

void replay_shadow_pageblock_state(const struct replay_shadow *s, uint32_t zone, uint8_t *state)
{
	uint64_t pfn;
	uint32_t nr = replay_shadow_pageblocks(s, zone, &pfn);
	uint32_t first = (uint32_t)(s->zones[zone].base + (pfn - s->zones[zone].base_pfn)) /
	                 SHADOW_PAGEBLOCK_PAGES;

	for (uint32_t i = first; i < first + nr; i++, state += 8) {
		const struct shadow_pageblock *pb = &s->pageblock[i];

		le16_put(state, pb->nr[PAGE_FREE]);
		le16_put(state + 2, pb->nr[PAGE_MOVABLE]);
		le16_put(state + 4,
		         (uint16_t)(pb->nr[PAGE_PCP] + pb->nr[PAGE_OTHER] + pb->nr[PAGE_PRIVATE]));
		state[6] = pb->type;
		state[7] = largest_order(s, i);
	}
}

bool replay_shadow_is_free(const struct replay_shadow *s, uint64_t pfn)
{
	for (uint32_t i = 0; i < s->nr_zones; i++) {
		const struct shadow_zone *zone = &s->zones[i];

		if (pfn >= zone->start_pfn && pfn < zone->end_pfn)
			return page_state(s, zone->base + (uint32_t)(pfn - zone->base_pfn)) ==
			       PAGE_FREE;
	}
	return false;
}

void replay_shadow_stats(const struct replay_shadow *s, struct replay_shadow_stats *stats)
{
	*stats = s->stats;
}
