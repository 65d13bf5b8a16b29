/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of compaction know of each other, and of migration. */
#ifndef MM_COMPACTION_H
#define MM_COMPACTION_H

#include "internal.h"

#define MM_COMPACT_CLUSTER     32u /* pages to be moved at a time */
#define MM_COMPACT_HPAGE_ORDER 9

static inline uint32_t mm_block_start(uint32_t pfn)
{
	return pfn & ~(MM_PAGEBLOCK_PAGES - 1);
}

/* Exclusive; of a pfn that begins a pageblock the end of that one. */
static inline uint32_t mm_block_end(uint32_t pfn)
{
	return mm_block_start(pfn) + MM_PAGEBLOCK_PAGES;
}

static inline uint32_t mm_zone_end(const struct mm_zone *zone)
{
	return zone->start_pfn + zone->spanned;
}

static inline struct mm_zone *mm_compact_zone_of(struct mm_machine *machine,
                                                 const struct mm_compact_control *cc)
{
	return &machine->zones[cc->zone];
}

static inline bool mm_scanners_met(const struct mm_compact_control *cc)
{
	return cc->free_pfn >> MM_PAGEBLOCK_ORDER <= cc->migrate_pfn >> MM_PAGEBLOCK_ORDER;
}

/* Free blocks that a search through the free lists may look at. */
static inline uint32_t mm_freelist_scan_limit(const struct mm_compact_control *cc)
{
	return (cc->fast_search_fail < 32 ? MM_COMPACT_CLUSTER >> cc->fast_search_fail : 0) + 1;
}

static inline void mm_fast_search_failed(struct mm_compact_control *cc)
{
	if (cc->fast_search_fail < UINT8_MAX)
		cc->fast_search_fail++;
}

/* ---- compaction.c ---- */

/* Anything but CONTINUE: there is nothing to do, or it must not be done. cc says what is wanted. */
enum mm_compact_result mm_compact_begin(struct mm_machine *machine, struct mm_compact_control *cc);
/* A turn of compact_zone(): one pageblock at most. CONTINUE: there is more to do. */
enum mm_compact_result mm_compact_turn(struct mm_machine *machine, struct mm_compact_control *cc);
/* What was taken and not used goes back. */
void mm_compact_end(struct mm_machine *machine, struct mm_compact_control *cc);
/* All of it, in one go; request: who waits for it. */
enum mm_compact_result mm_compact_zone(struct mm_machine *machine, struct mm_compact_control *cc,
                                       const struct mm_request *request);

/* ---- compaction_suitable.c ---- */

enum mm_compact_result mm_compact_suit_order(const struct mm_machine *machine,
                                             const struct mm_zone *zone, uint32_t order,
                                             uint32_t highest_zoneidx, uint32_t alloc_flags);

bool mm_compaction_deferred(struct mm_zone *zone, uint32_t order);
void mm_defer_compaction(struct mm_zone *zone, uint32_t order);
void mm_compaction_defer_reset(struct mm_zone *zone, uint32_t order, bool alloc_success);
bool mm_compaction_restarting(const struct mm_zone *zone, int order);

/* Percent of the free memory that is in blocks smaller than a huge page; what is too much of it. */
uint32_t mm_fragmentation_score_zone(const struct mm_zone *zone);
uint32_t mm_fragmentation_score_node(const struct mm_node *node);
uint32_t mm_fragmentation_wmark(const struct mm_machine *machine, bool low);

/* ---- compaction_skip.c ---- */

/* A used block of a pageblock or more: nothing in it will ever be moved. */
bool mm_pageblock_skip_persistent(const struct mm_machine *machine, uint32_t pfn);
bool mm_isolation_suitable(const struct mm_machine *machine, const struct mm_compact_control *cc,
                           uint32_t pfn);
void mm_set_skip(struct mm_machine *machine, uint32_t pfn);
bool mm_test_and_set_skip(struct mm_machine *machine, const struct mm_compact_control *cc,
                          uint32_t pfn);
void mm_update_cached_migrate(struct mm_zone *zone, const struct mm_compact_control *cc,
                              uint32_t pfn);
void mm_reset_cached_positions(struct mm_zone *zone);
/* Whatever of the zone has become worth a look since its scanners met. */
void mm_reset_isolation_zone(struct mm_machine *machine, struct mm_zone *zone);

/* ---- compaction_migrate.c ---- */

enum mm_isolate { MM_ISOLATE_ABORT, MM_ISOLATE_NONE, MM_ISOLATE_SUCCESS };

enum mm_isolate mm_isolate_migratepages(struct mm_machine *machine, struct mm_compact_control *cc);

/* ---- compaction_free.c ---- */

/* A page of this order to move to, in use and empty; MM_NONE: there is none. */
uint32_t mm_compaction_alloc(struct mm_machine *machine, struct mm_compact_control *cc,
                             uint32_t order);
/* All that is left, to the free lists. */
void mm_release_freepages(struct mm_machine *machine, struct mm_compact_control *cc);

/* ---- migrate.c ---- */

/* Off the policy's list and to the head of list; the reverse, for all of it. */
void mm_isolate_page(struct mm_machine *machine, struct mm_list *list, uint32_t pfn);
void mm_putback_movable_pages(struct mm_machine *machine, struct mm_list *list);

enum mm_migrate {
	MM_MIGRATE_ALL,
	MM_MIGRATE_NOMEM, /* there was nowhere to put the next one */
};

/* Moves cc->migratepages to what mm_compaction_alloc() gives. What could not be moved stays on the list. */
enum mm_migrate mm_migrate_pages(struct mm_machine *machine, struct mm_compact_control *cc);

#endif
