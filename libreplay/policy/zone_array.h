/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arrays of pages for policies that need more than lists, without any memory of their own: a zone's
 * anonymous pages from the bottom, its file pages from the top of what mm_policy_pages() has for the zone's
 * pfns. Both together never have more entries than the zone has pages.
 */
#ifndef POLICY_ZONE_ARRAY_H
#define POLICY_ZONE_ARRAY_H

#include "policy_table.h"

/* Entries of each array; a policy's state. */
struct zone_arrays {
	uint32_t nr[MM_NR_ZONE_TYPES][MM_NR_LRU_TYPES];
};

/* Where entry i stands in mm_policy_pages(). */
static inline uint32_t zone_array_slot(const struct mm_zone *zone, enum mm_lru_type type,
                                       uint32_t i)
{
	return type == MM_LRU_ANON ? zone->start_pfn + i : zone->start_pfn + zone->spanned - 1 - i;
}

#endif
