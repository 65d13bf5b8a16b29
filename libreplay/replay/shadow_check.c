/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shadow_check.h"

#include <string.h>

#include "error_set.h"
#include "shadow_buddy.h"

static int broken(const struct shadow_zone *zone, uint32_t index, const char *what,
                  struct mmr_error *err)
{
	return base_error(err, MMR_E_INTERNAL, "shadow: zone %.16s, pfn %llu: %s", zone->name,
	                  (unsigned long long)pfn_of(zone, index), what);
}

/* Whether two free buddies of this order ought to be one block. */
static bool ought_to_merge(const struct replay_shadow *s, uint32_t index, unsigned int order)
{
	unsigned int type = s->pageblock[index / SHADOW_PAGEBLOCK_PAGES].type;
	uint32_t buddy = index ^ 1u << order;
	unsigned int other = s->pageblock[buddy / SHADOW_PAGEBLOCK_PAGES].type;

	if (order == SHADOW_NR_ORDERS - 1 || head_order(s, buddy) != (int)order)
		return false;
	return order < SHADOW_PAGEBLOCK_ORDER || type == other ||
	       (type < SHADOW_HIGHATOMIC && other < SHADOW_HIGHATOMIC);
}

/* One free block; it is aligned, all of it is free, no second block begins in it. */
static int check_block(const struct replay_shadow *s, const struct shadow_zone *zone,
                       uint32_t index, struct mmr_error *err)
{
	int order = head_order(s, index);

	if (order < 0 || order >= SHADOW_NR_ORDERS)
		return broken(zone, index, "a free page in no block", err);
	if (index & ((1u << order) - 1))
		return broken(zone, index, "a block that is not aligned", err);
	for (uint32_t i = index; i < index + (1u << order); i++) {
		if (page_state(s, i) != PAGE_FREE)
			return broken(zone, i, "a page in a free block is not free", err);
		if (i != index && head_order(s, i) >= 0)
			return broken(zone, i, "a block within a block", err);
	}
	if (ought_to_merge(s, index, (unsigned int)order))
		return broken(zone, index, "two free buddies are not merged", err);
	return 0;
}

static int check_zone(const struct replay_shadow *s, const struct shadow_zone *zone,
                      struct mmr_error *err)
{
	uint32_t nr_free[SHADOW_NR_ORDERS][SHADOW_NR_TYPES] = { 0 };
	uint32_t end = zone->base + zone->nr;
	int rc;

	for (uint32_t i = zone->base; i < end;) {
		uint64_t pfn = pfn_of(zone, i);

		if (page_state(s, i) != PAGE_FREE) {
			if (head_order(s, i) >= 0)
				return broken(zone, i, "a block begins at a used page", err);
			i++;
			continue;
		}
		if (pfn < zone->start_pfn || pfn >= zone->end_pfn)
			return broken(zone, i, "a free page outside the zone", err);
		rc = check_block(s, zone, i, err);
		if (rc < 0)
			return rc;
		nr_free[head_order(s, i)][s->pageblock[i / SHADOW_PAGEBLOCK_PAGES].type]++;
		i += 1u << head_order(s, i);
	}
	if (memcmp(nr_free, zone->nr_free, sizeof(nr_free)) != 0)
		return broken(zone, zone->base, "the counts of free blocks are wrong", err);
	return 0;
}

static int check_pageblock(const struct replay_shadow *s, const struct shadow_zone *zone,
                           uint32_t pageblock, struct mmr_error *err)
{
	uint16_t nr[PAGE_NR_STATES] = { 0 };
	uint32_t first = pageblock * SHADOW_PAGEBLOCK_PAGES;

	for (uint32_t i = first; i < first + SHADOW_PAGEBLOCK_PAGES; i++) {
		if (page_state(s, i) >= PAGE_NR_STATES)
			return broken(zone, i, "a page without a state", err);
		nr[page_state(s, i)]++;
	}
	if (memcmp(nr, s->pageblock[pageblock].nr, sizeof(nr)) != 0)
		return broken(zone, first, "the counts of a pageblock are wrong", err);
	return 0;
}

int replay_shadow_check(const struct replay_shadow *s, struct mmr_error *err)
{
	int rc = 0;

	for (uint32_t z = 0; rc == 0 && z < s->nr_zones; z++) {
		const struct shadow_zone *zone = &s->zones[z];
		uint32_t first = zone->base / SHADOW_PAGEBLOCK_PAGES;

		for (uint32_t i = 0; rc == 0 && i < zone->nr / SHADOW_PAGEBLOCK_PAGES; i++)
			rc = check_pageblock(s, zone, first + i, err);
		if (rc == 0)
			rc = check_zone(s, zone, err);
	}
	return rc;
}
