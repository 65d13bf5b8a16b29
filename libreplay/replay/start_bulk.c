/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When the bulk allocator took pages (stacks of tasks, vmalloc), of which it leaves no event.
 *
 * It takes single pages off the head of a per-CPU list, as any other allocation. So when a page is allocated
 * that had been freed to that list before others, those others have gone in silence; and when a list is refilled
 * it was empty. A page that went so and is freed later was allocated then; one that turns up otherwise had gone
 * another way (to the free lists past its list, which has no event either), and is forgotten.
 *
 * Follows alloc_pages_bulk_noprof(), rmqueue_pcplist(), free_unref_page_commit() of v6.12 and v6.1.
 *
 * State: the per-CPU lists of single pages as the events tell of them, chained by page frame (eleven bytes each);
 * the type of each pageblock as it was named last; a record per page taken.
 *
 * Not modelled: what was on the lists before the first event, of which the order is not known in time; drains by
 * another CPU are found by their page.
 */
#include "start_bulk.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "error_set.h"
#include "mmzone.h"
#include "vec.h"

DEFINE_VEC(bulk_vec, struct replay_bulk_take);

#define MAX_PFNS (1u << 26)
#define NO_LIST  UINT16_MAX
#define NOWHERE  UINT32_MAX

enum where { ELSEWHERE, LISTED, TAKEN };

struct bulk_list {
	uint32_t head;
	uint32_t tail;
};

struct replay_bulk {
	uint64_t first_pfn;
	uint32_t nr_pfns;
	uint32_t *next; /* of a listed page; of one that was taken, its record */
	uint32_t *prev;
	uint16_t *list;
	uint8_t *where;
	uint8_t *types; /* of pageblocks */
	size_t nr_types;
	struct bulk_list *lists; /* [(zone * nr_cpus + cpu) * MM_NR_PCPTYPES + type] */
	const struct replay_start *start;
	uint16_t *refilled; /* [nr_cpus]: the list that its last event refilled, or NO_LIST */
	struct bulk_vec taken;
};

static bool measure_bulk(struct replay_bulk *bulk, const struct replay_start *start)
{
	uint64_t first = UINT64_MAX, end = 0;

	for (uint32_t i = 0; i < start->nr_zones; i++) {
		const struct mmr_zone_info *zone = &start->zones[i];

		if (zone->spanned == 0)
			continue;
		if (zone->start_pfn > UINT32_MAX || zone->spanned > UINT32_MAX)
			return false;
		if (zone->start_pfn < first)
			first = zone->start_pfn;
		if (zone->start_pfn + zone->spanned > end)
			end = zone->start_pfn + zone->spanned;
	}
	if (end <= first || end - first > MAX_PFNS ||
	    (uint64_t)start->nr_zones * start->nr_cpus * MM_NR_PCPTYPES >= NO_LIST)
		return false;
	bulk->first_pfn = first;
	bulk->nr_pfns = (uint32_t)(end - first);
	return true;
}

int replay_bulk_create(const struct replay_start *start, struct replay_bulk **ret,
                       struct mmr_error *err)
{
	struct replay_bulk *bulk = base_calloc_err(1, sizeof(*bulk), "page lists", err);
	uint32_t nr_lists = start->nr_zones * start->nr_cpus * MM_NR_PCPTYPES;

	*ret = NULL;
	if (!bulk)
		return MMR_E_NOMEM;
	bulk->start = start;
	if (!measure_bulk(bulk, start)) {
		replay_bulk_destroy(bulk);
		return 0;
	}
	bulk->nr_types = start->nr_block_types;
	bulk->next = base_calloc_err(bulk->nr_pfns, sizeof(*bulk->next), "page lists", err);
	bulk->prev = base_calloc_err(bulk->nr_pfns, sizeof(*bulk->prev), "page lists", err);
	bulk->list = base_calloc_err(bulk->nr_pfns, sizeof(*bulk->list), "page lists", err);
	bulk->where = base_calloc_err(bulk->nr_pfns, 1, "page lists", err);
	bulk->types = base_calloc_err(bulk->nr_types + 1, 1, "pageblocks", err);
	bulk->lists = base_calloc_err(nr_lists + 1u, sizeof(*bulk->lists), "page lists", err);
	bulk->refilled =
		base_calloc_err(start->nr_cpus + 1u, sizeof(*bulk->refilled), "page lists", err);
	if (!bulk->next || !bulk->prev || !bulk->list || !bulk->where || !bulk->types ||
	    !bulk->lists || !bulk->refilled) {
		replay_bulk_destroy(bulk);
		return MMR_E_NOMEM;
	}
	if (bulk->nr_types > 0)
		memcpy(bulk->types, start->block_types, bulk->nr_types);
	memset(bulk->lists, 0xff, nr_lists * sizeof(*bulk->lists));
	memset(bulk->refilled, 0xff, start->nr_cpus * sizeof(*bulk->refilled));
	*ret = bulk;
	return 0;
}

void replay_bulk_destroy(struct replay_bulk *bulk)
{
	if (!bulk)
		return;
	bulk_vec_deinit(&bulk->taken);
	base_free(bulk->next);
	base_free(bulk->prev);
	base_free(bulk->list);
	base_free(bulk->where);
	base_free(bulk->types);
	base_free(bulk->lists);
	base_free(bulk->refilled);
	base_free(bulk);
}

/* ---- lists ---- */

static void add(struct replay_bulk *bulk, uint32_t index, uint16_t number, bool to_tail)
{
	struct bulk_list *list = &bulk->lists[number];
	uint32_t end = to_tail ? list->tail : list->head;

	bulk->where[index] = LISTED;
	bulk->list[index] = number;
	bulk->prev[index] = to_tail ? end : NOWHERE;
	bulk->next[index] = to_tail ? NOWHERE : end;
	if (end == NOWHERE) {
		list->head = index;
		list->tail = index;
	} else if (to_tail) {
		bulk->next[end] = index;
		list->tail = index;
	} else {
		bulk->prev[end] = index;
		list->head = index;
	}
}

static void forget(struct replay_bulk *bulk, uint32_t index)
{
	struct bulk_list *list;

	if (bulk->where[index] == LISTED) {
		list = &bulk->lists[bulk->list[index]];
		if (bulk->prev[index] == NOWHERE)
			list->head = bulk->next[index];
		else
			bulk->next[bulk->prev[index]] = bulk->next[index];
		if (bulk->next[index] == NOWHERE)
			list->tail = bulk->prev[index];
		else
			bulk->prev[bulk->next[index]] = bulk->prev[index];
	}
	bulk->where[index] = ELSEWHERE;
}

/* The pages of a list down to this one, without it, have gone. */
static int take_down_to(struct replay_bulk *bulk, uint16_t number, uint32_t index,
                        const struct mmr_event *event)
{
	struct bulk_list *list = &bulk->lists[number];

	while (list->head != index && list->head != NOWHERE) {
		uint32_t head = list->head;
		const struct replay_bulk_take take = { .t_ns = event->t_ns,
			                               .pfn = (uint32_t)(bulk->first_pfn + head) };

		forget(bulk, head);
		if (bulk_vec_push(&bulk->taken, take) < 0)
			return MMR_E_NOMEM;
		bulk->where[head] = TAKEN;
		bulk->next[head] = (uint32_t)bulk->taken.count - 1;
	}
	return 0;
}

/* ---- events ---- */

static uint32_t zone_at(const struct replay_start *start, uint64_t pfn)
{
	uint32_t i = 0;

	while (i + 1 < start->nr_zones &&
	       (pfn < start->zones[i].start_pfn ||
	        pfn - start->zones[i].start_pfn >= start->zones[i].spanned))
		i++;
	return i;
}

static uint16_t list_number(const struct replay_bulk *bulk, const struct mmr_event *event,
                            uint32_t type)
{
	uint32_t zone = zone_at(bulk->start, event->page.pfn);

	if (type >= MM_NR_PCPTYPES)
		type = MM_MOVABLE;
	return (uint16_t)((zone * bulk->start->nr_cpus + event->cpu) * MM_NR_PCPTYPES + type);
}

static void name_type(struct replay_bulk *bulk, uint64_t pfn, int32_t type)
{
	if (pfn / MM_PAGEBLOCK_PAGES < bulk->nr_types && type >= 0 && type < MM_NR_MIGRATETYPES)
		bulk->types[pfn / MM_PAGEBLOCK_PAGES] = (uint8_t)type;
}

static int allocated(struct replay_bulk *bulk, const struct mmr_event *event, uint32_t index)
{
	uint16_t number = list_number(bulk, event, (uint32_t)event->page.migratetype);

	if (event->page.order > 0 || bulk->where[index] != LISTED || bulk->list[index] != number)
		return 0;
	return take_down_to(bulk, number, index, event);
}

static void freed(struct replay_bulk *bulk, const struct mmr_event *event, uint32_t index)
{
	uint64_t block = event->page.pfn / MM_PAGEBLOCK_PAGES;
	uint32_t type = block < bulk->nr_types ? bulk->types[block] : (uint32_t)MM_MOVABLE;

	if (bulk->where[index] == TAKEN)
		bulk->taken.items[bulk->next[index]].freed = true;
	forget(bulk, index);
	if (event->page.order == 0)
		add(bulk, index, list_number(bulk, event, type), false);
}

static int refilled(struct replay_bulk *bulk, const struct mmr_event *event, uint32_t index)
{
	uint16_t number = list_number(bulk, event, (uint32_t)event->page.migratetype);

	if (event->page.order > 0)
		return 0;
	if (bulk->refilled[event->cpu] != number && take_down_to(bulk, number, NOWHERE, event) < 0)
		return MMR_E_NOMEM;
	bulk->refilled[event->cpu] = number;
	forget(bulk, index);
	add(bulk, index, number, true);
	return 0;
}

int replay_bulk_event(struct replay_bulk *bulk, const struct mmr_event *event,
                      struct mmr_error *err)
{
	bool locked = event->kind == MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED;
	uint32_t index, nr;
	int code = 0;

	if (event->kind != MMR_EVENT_MM_PAGE_ALLOC && event->kind != MMR_EVENT_MM_PAGE_FREE &&
	    event->kind != MMR_EVENT_MM_PAGE_PCPU_DRAIN && !locked)
		return 0;
	if (event->page.order > MM_MAX_ORDER || event->page.pfn < bulk->first_pfn ||
	    event->page.pfn - bulk->first_pfn >= bulk->nr_pfns ||
	    bulk->nr_pfns - (event->page.pfn - bulk->first_pfn) < 1u << event->page.order ||
	    event->cpu >= bulk->start->nr_cpus)
		return 0;
	index = (uint32_t)(event->page.pfn - bulk->first_pfn);
	nr = 1u << event->page.order;
	if (locked)
		code = refilled(bulk, event, index);
	else
		bulk->refilled[event->cpu] = NO_LIST;
	if (event->kind == MMR_EVENT_MM_PAGE_ALLOC)
		code = allocated(bulk, event, index);
	if (event->kind == MMR_EVENT_MM_PAGE_FREE)
		freed(bulk, event, index);
	if (event->kind == MMR_EVENT_MM_PAGE_PCPU_DRAIN)
		name_type(bulk, event->page.pfn, event->page.migratetype);
	if (event->kind == MMR_EVENT_MM_PAGE_ALLOC || event->kind == MMR_EVENT_MM_PAGE_PCPU_DRAIN)
		for (uint32_t i = 0; i < nr; i++)
			forget(bulk, index + i);
	return code < 0 ? base_error(err, code, "out of memory for page lists") : 0;
}

void replay_bulk_take(struct replay_bulk *bulk, struct replay_start *start)
{
	size_t nr = 0;

	for (size_t i = 0; i < bulk->taken.count; i++)
		if (bulk->taken.items[i].freed)
			bulk->taken.items[nr++] = bulk->taken.items[i];
	start->bulk_takes = bulk->taken.items;
	start->nr_bulk_takes = nr;
	bulk->taken = (struct bulk_vec){ 0 };
}
