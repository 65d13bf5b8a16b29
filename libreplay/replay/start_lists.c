/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was on the page lists at the start, and in what order.
 *
 * Of the per-CPU lists kpageflags does not even tell what is on them: it shows no flag, as kernel memory often
 * does not. What comes later does: the first event that names the page.
 *
 *	mm_page_alloc			it was on a list of this CPU, and of this order and type, nearer to the head
 *					than what is allocated from there later: allocations take the head, and
 *					pages freed since only lie above
 *	mm_page_pcpu_drain		… and nearer to the tail than what was drained later: drains take the tail
 *	mm_page_alloc_zone_locked	it was on the free lists
 *	mm_page_free			it was in use
 *
 * In the same way blocks of a free list are taken from its head (get_page_from_free_area()): one that was cut
 * or taken earlier than another of its list lay nearer to the head.
 *
 * And pageblocks have the type of the first list that one of their pages is taken from or given to, unless that
 * was a claim: then mm_page_alloc_extfrag tells the type before, of all pageblocks of the free block that was
 * claimed. It comes after mm_page_alloc_zone_locked since 6.10, before it until then.
 *
 * How many pages waited on each CPU for their place on the LRU lists tells the first batch of the CPU that joins
 * them: those of it that nobody has allocated since (mm_lru_insertion).
 *
 * Follows rmqueue_pcplist(), free_pcppages_bulk() and __rmqueue_smallest() of v6.12 and v6.1.
 *
 * State: two bits per page frame of the zones: whether it has been named, and whether it was free and its
 * block is still whole; a byte per pageblock, its type; the blocks found.
 *
 * Not modelled: whose list it was that another CPU drained: the drainer's, or one that lacks pages by
 * zoneinfo; pages that nothing names in the whole trace, which stay kernel memory, and those that the bulk allocator took, which has no event. A free
 * block that grew before it was taken counts as taken then.
 */
#include "start_lists.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "bitmap.h"
#include "error_set.h"
#include "mmzone.h"
#include "vec.h"

DEFINE_VEC(listed_vec, struct replay_listed);

#define MAX_LIST_ORDER MM_PAGEBLOCK_ORDER
#define NO_TYPE        255

enum batch_state { BATCH_NOT_YET, BATCH_JOINS, BATCH_OVER };

struct replay_lists {
	uint64_t *named; /* a bit for each of nr_pfns page frames */
	uint64_t *whole; /* likewise: of a free block that was not yet taken from */
	uint64_t first_pfn;
	uint64_t nr_pfns;
	struct listed_vec heads;          /* allocated, in this order */
	struct listed_vec tails;          /* drained, in this order */
	struct replay_free_block *blocks; /* ascending pfn */
	size_t nr_blocks;
	uint32_t nr_uses;
	uint8_t *types; /* [nr_types], of pageblocks; NO_TYPE: not known yet */
	size_t nr_types;
	uint8_t *
		waiting; /* [nr_cpus]: pages of the first batch that were allocated before the start */
	uint8_t *batches; /* [nr_cpus]: enum batch_state */
	uint32_t nr_cpus;
	uint64_t told_by; /* page frame of the mm_page_alloc_zone_locked that told the last one */
};

static void measure(struct replay_lists *lists, const struct mmr_zone_info *zones,
                    uint32_t nr_zones)
{
	uint64_t first = UINT64_MAX, end = 0;

	for (uint32_t i = 0; i < nr_zones; i++) {
		if (zones[i].spanned == 0 || zones[i].start_pfn + zones[i].spanned > UINT32_MAX)
			continue;
		if (zones[i].start_pfn < first)
			first = zones[i].start_pfn;
		if (zones[i].start_pfn + zones[i].spanned > end)
			end = zones[i].start_pfn + zones[i].spanned;
	}
	lists->first_pfn = first;
	lists->nr_pfns = end > first ? end - first : 0;
}

/* Whether any of the block's page frames was named before; from now on all were. false as well: outside. */
static bool name_block(struct replay_lists *lists, uint64_t pfn, uint32_t order)
{
	uint64_t at = pfn - lists->first_pfn;
	bool named = false;

	if (pfn < lists->first_pfn || order > MAX_LIST_ORDER || at >= lists->nr_pfns ||
	    lists->nr_pfns - at < UINT64_C(1) << order)
		return true;
	for (uint64_t i = at; i < at + (UINT64_C(1) << order); i++) {
		named |= bitmap_test(lists->named, i);
		bitmap_set(lists->named, i);
	}
	return named;
}

static int compare_pfns(const void *a, const void *b)
{
	uint32_t first = ((const struct replay_free_block *)a)->pfn;
	uint32_t second = ((const struct replay_free_block *)b)->pfn;

	return (first > second) - (first < second);
}

static void set_bits(uint64_t *map, uint64_t first, uint64_t nr, bool value)
{
	for (uint64_t i = first; i < first + nr; i++) {
		if (value)
			bitmap_set(map, i);
		else
			bitmap_clear(map, i);
	}
}

int replay_lists_create(const struct replay_start *start, struct replay_lists **ret,
                        struct mmr_error *err)
{
	struct replay_lists *lists = base_calloc_err(1, sizeof(*lists), "page lists", err);
	size_t nr_words;

	if (!lists)
		return MMR_E_NOMEM;
	measure(lists, start->zones, start->nr_zones);
	nr_words = BITMAP_WORDS(lists->nr_pfns) + 1;
	lists->blocks = start->free_blocks;
	lists->nr_blocks = start->nr_free_blocks;
	lists->named = base_calloc_err(nr_words, sizeof(*lists->named), "page lists", err);
	lists->whole = base_calloc_err(nr_words, sizeof(*lists->whole), "page lists", err);
	lists->nr_types = start->nr_block_types;
	lists->types = base_calloc_err(lists->nr_types + 1, 1, "pageblocks", err);
	lists->nr_cpus = start->nr_cpus;
	lists->waiting = base_calloc_err(lists->nr_cpus + 1u, 1, "batches", err);
	lists->batches = base_calloc_err(lists->nr_cpus + 1u, 1, "batches", err);
	if (!lists->named || !lists->whole || !lists->types || !lists->waiting || !lists->batches) {
		replay_lists_destroy(lists);
		return MMR_E_NOMEM;
	}
	memset(lists->types, NO_TYPE, lists->nr_types);
	if (lists->nr_blocks > 0)
		qsort(lists->blocks, lists->nr_blocks, sizeof(*lists->blocks), compare_pfns);
	for (size_t i = 0; i < lists->nr_blocks; i++) {
		uint64_t first = lists->blocks[i].pfn - lists->first_pfn;

		set_bits(lists->named, first, UINT64_C(1) << lists->blocks[i].order, true);
		set_bits(lists->whole, first, UINT64_C(1) << lists->blocks[i].order, true);
	}
	*ret = lists;
	return 0;
}

void replay_lists_destroy(struct replay_lists *lists)
{
	if (!lists)
		return;
	listed_vec_deinit(&lists->heads);
	listed_vec_deinit(&lists->tails);
	base_free(lists->named);
	base_free(lists->whole);
	base_free(lists->types);
	base_free(lists->waiting);
	base_free(lists->batches);
	base_free(lists);
}

/* Something of the free block that holds pfn is taken. */
static void use_block(struct replay_lists *lists, uint64_t pfn)
{
	size_t low = 0, high = lists->nr_blocks;
	struct replay_free_block *block;

	if (pfn < lists->first_pfn || pfn - lists->first_pfn >= lists->nr_pfns ||
	    !bitmap_test(lists->whole, pfn - lists->first_pfn))
		return;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (lists->blocks[middle].pfn <= pfn)
			low = middle;
		else
			high = middle;
	}
	block = &lists->blocks[low];
	block->use = ++lists->nr_uses;
	set_bits(lists->whole, block->pfn - lists->first_pfn, UINT64_C(1) << block->order, false);
}

static void learn_type(struct replay_lists *lists, uint64_t pfn, int32_t type)
{
	uint64_t block = pfn / MM_PAGEBLOCK_PAGES;

	if (block < lists->nr_types && lists->types[block] == NO_TYPE && type >= 0 &&
	    type < MM_NR_PCPTYPES)
		lists->types[block] = (uint8_t)type;
}

/* Taken from the list of another type, with all pageblocks of the free block that it is the first part of. */
static void fall_back(struct replay_lists *lists, const struct mmr_event *event)
{
	uint64_t pfn = event->extfrag.pfn, block = pfn / MM_PAGEBLOCK_PAGES;
	int32_t order = event->extfrag.fallback_order;

	if (block < lists->nr_types && pfn == lists->told_by)
		lists->types[block] = NO_TYPE;
	learn_type(lists, pfn, event->extfrag.fallback_migratetype);
	if (order > MM_PAGEBLOCK_ORDER && order < MM_NR_ORDERS)
		for (uint64_t at = pfn; at < pfn + (UINT64_C(1) << order); at += MM_PAGEBLOCK_PAGES)
			learn_type(lists, at, event->extfrag.fallback_migratetype);
	use_block(lists, pfn);
}

static void take_locked(struct replay_lists *lists, const struct mmr_event *event)
{
	uint64_t block = event->page.pfn / MM_PAGEBLOCK_PAGES;

	lists->told_by = MMR_PFN_NONE;
	if (block < lists->nr_types && lists->types[block] == NO_TYPE)
		lists->told_by = event->page.pfn;
	learn_type(lists, event->page.pfn, event->page.migratetype);
	use_block(lists, event->page.pfn);
	name_block(lists, event->page.pfn, event->page.order);
}

static bool has_list(uint32_t order)
{
	return order <= MM_COSTLY_ORDER || order == MM_PAGEBLOCK_ORDER;
}

static bool is_named(const struct replay_lists *lists, uint64_t pfn)
{
	return pfn < lists->first_pfn || pfn - lists->first_pfn >= lists->nr_pfns ||
	       bitmap_test(lists->named, pfn - lists->first_pfn);
}

/* The events of a batch come one right after the other. */
static void follow_batch(struct replay_lists *lists, const struct mmr_event *event)
{
	uint8_t *state = &lists->batches[event->cpu];

	if (event->kind == MMR_EVENT_MM_LRU_INSERTION) {
		*state = BATCH_JOINS;
		if (lists->waiting[event->cpu] < UINT8_MAX && !is_named(lists, event->lru.pfn))
			lists->waiting[event->cpu]++;
	} else if (*state == BATCH_JOINS) {
		*state = BATCH_OVER;
	}
}

int replay_lists_event(struct replay_lists *lists, const struct mmr_event *event,
                       struct mmr_error *err)
{
	bool drain = event->kind == MMR_EVENT_MM_PAGE_PCPU_DRAIN;
	struct replay_listed listed;

	if (event->cpu < lists->nr_cpus && lists->batches[event->cpu] != BATCH_OVER)
		follow_batch(lists, event);
	switch (event->kind) {
	case MMR_EVENT_MM_PAGE_ALLOC:
	case MMR_EVENT_MM_PAGE_PCPU_DRAIN:
		break;
	case MMR_EVENT_MM_PAGE_ALLOC_EXTFRAG:
		fall_back(lists, event);
		return 0;
	case MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED:
		take_locked(lists, event);
		return 0;
	case MMR_EVENT_MM_PAGE_FREE:
		name_block(lists, event->page.pfn, event->page.order);
		return 0;
	default:
		return 0;
	}
	if (drain)
		learn_type(lists, event->page.pfn, event->page.migratetype);
	if (event->page.pfn == MMR_PFN_NONE || !has_list(event->page.order) ||
	    name_block(lists, event->page.pfn, event->page.order))
		return 0;
	listed = (struct replay_listed){
		.pfn = (uint32_t)event->page.pfn,
		.cpu = event->cpu,
		.order = (uint8_t)event->page.order,
		.type = (uint8_t)event->page.migratetype,
	};
	if (listed_vec_push(drain ? &lists->tails : &lists->heads, listed) < 0)
		return base_error(err, MMR_E_NOMEM, "out of memory for per-CPU lists");
	return 0;
}

static uint32_t zone_of(const struct replay_start *start, uint32_t pfn)
{
	uint32_t i = 0;

	while (i < start->nr_zones && (pfn < start->zones[i].start_pfn ||
	                               pfn - start->zones[i].start_pfn >= start->zones[i].spanned))
		i++;
	return i;
}

/*
 * lacks[zone * nr_cpus + cpu]: pages that the list has by zoneinfo, less those that are known. A block that was
 * drained goes to the list that lacks most, if its own lacks none: drain_all_pages() drains for others.
 */
static void share_out(const struct replay_start *start, struct replay_listed *listed,
                      int64_t *lacks, bool drained)
{
	uint32_t zone = zone_of(start, listed->pfn);
	int64_t *of_zone = &lacks[(size_t)zone * start->nr_cpus];

	if (zone == start->nr_zones || listed->cpu >= start->nr_cpus)
		return;
	for (uint32_t cpu = 0; drained && of_zone[listed->cpu] <= 0 && cpu < start->nr_cpus; cpu++)
		if (of_zone[cpu] > of_zone[listed->cpu])
			listed->cpu = (uint16_t)cpu;
	of_zone[listed->cpu] -= 1 << listed->order;
}

static int assign_cpus(const struct replay_lists *lists, const struct replay_start *start,
                       struct mmr_error *err)
{
	uint32_t nr = start->nr_zones * start->nr_cpus;
	int64_t *lacks;

	if (!start->pcps)
		return 0;
	lacks = base_calloc_err(nr + 1u, sizeof(*lacks), "per-CPU lists", err);
	if (!lacks)
		return MMR_E_NOMEM;
	for (uint32_t i = 0; i < nr; i++)
		lacks[i] = start->pcps[i].count;
	for (size_t i = 0; i < start->nr_listed; i++)
		share_out(start, &start->listed[i], lacks, i >= lists->heads.count);
	base_free(lacks);
	return 0;
}

int replay_lists_take(const struct replay_lists *lists, struct replay_start *start,
                      struct mmr_error *err)
{
	size_t count = lists->heads.count + lists->tails.count;
	struct replay_listed *listed;

	for (size_t i = 0; i < lists->nr_types; i++)
		if (lists->types[i] != NO_TYPE)
			start->block_types[i] = lists->types[i];
	start->waiting = base_calloc_err(lists->nr_cpus + 1u, 1, "batches", err);
	if (!start->waiting)
		return MMR_E_NOMEM;
	memcpy(start->waiting, lists->waiting, lists->nr_cpus);
	if (count == 0)
		return 0;
	listed = base_calloc_err(count, sizeof(*listed), "per-CPU lists", err);
	if (!listed)
		return MMR_E_NOMEM;
	start->listed = listed;
	start->nr_listed = count;
	for (size_t i = 0; i < lists->heads.count; i++)
		*listed++ = lists->heads.items[i];
	for (size_t i = lists->tails.count; i-- > 0;)
		*listed++ = lists->tails.items[i];
	return assign_cpus(lists, start, err);
}
