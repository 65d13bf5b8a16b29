// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Kernel memory: what it is for, how large the kernel's caches are, and what reclaim's asking made of them.
 *
 * Nothing in an allocation says what for, but only slabs are tried without retries and warnings first
 * (allocate_slab()) and only page tables are zeroed and charged to a cgroup a page at a time. Large compound
 * pages are kmalloc()'s, which counts them as slabs (___kmalloc_large_node()).
 *
 * mm_shrink_slab_start tells how many objects a cache has; what is not explained by what was freed before
 * came and went by itself, and is demand. Pages that the task frees between start and end of kmem pages were
 * the shrinker's doing and are told as such (DEMAND_SLAB_FREE). Follows do_shrink_slab(), v6.12.
 *
 * Not modelled: the second try of a slab, which looks like other kernel memory; shrinkers of memcgs one by one; pages that come free after a grace period, by whoever has the
 * callbacks to run: they are freed as any kernel memory.
 */
#include "wl_state.h"

#define DEFAULT_BATCH 128
#define MAX_OBJECTS   (INT64_C(1) << 40)

#define LARGE_ORDER 2 /* kmalloc() of more than two pages asks the page allocator */

/* htlb_alloc_mask(): others ask for movable blocks of this order without reserves (THP), or not hard (page cache). */
uint32_t wl_hugetlb_purpose(const struct mmr_event *event)
{
	const uint32_t wants = WL_GFP_MOVABLE | WL_GFP_COMP | WL_GFP_NOWARN;
	const uint32_t lacks = WL_GFP_NOMEMALLOC | WL_GFP_NORETRY | WL_GFP_ZERO;
	uint64_t gfp_flags = event->page.gfp_flags;

	if (event->page.order != WL_HUGE_ORDER || (gfp_flags & (wants | lacks)) != wants)
		return 0;
	return DEMAND_HUGETLB | (gfp_flags & WL_GFP_THISNODE ? 0u : DEMAND_SURPLUS);
}

uint32_t wl_kernel_purpose(const struct mmr_event *event)
{
	const uint32_t try = WL_GFP_NOWARN | WL_GFP_NORETRY, table = WL_GFP_ACCOUNT | WL_GFP_ZERO;
	uint64_t gfp_flags = event->page.gfp_flags;

	if (gfp_flags & WL_GFP_MOVABLE)
		return wl_hugetlb_purpose(event);
	if (event->page.order == 0 && (gfp_flags & table) == table)
		return DEMAND_PAGE_TABLE;
	if (event->page.order >= LARGE_ORDER && (gfp_flags & WL_GFP_COMP))
		return DEMAND_SLAB;
	return (gfp_flags & try) == try && !(gfp_flags & WL_GFP_ZERO) ? DEMAND_SLAB : 0;
}

static int64_t sane(int64_t nr)
{
	if (nr < 0)
		return 0;
	return nr < MAX_OBJECTS ? nr : MAX_OBJECTS;
}

static struct wl_shrinker *find(struct wl *wl, const struct mmr_event *event, uint32_t *index)
{
	uint64_t id = event->shrink_slab.shrinker;
	int16_t nid = event->shrink_slab.nid;

	for (uint32_t i = 0; i < wl->nr_shrinkers; i++) {
		*index = i;
		if (wl->shrinkers[i].id == id && wl->shrinkers[i].nid == nid)
			return &wl->shrinkers[i];
	}
	if (wl->nr_shrinkers == WL_MAX_SHRINKERS)
		return NULL;
	*index = wl->nr_shrinkers++;
	wl->shrinkers[*index] = (struct wl_shrinker){ .id = id, .nid = nid };
	return &wl->shrinkers[*index];
}

static int32_t clamp(int64_t n)
{
	if (n > INT32_MAX)
		return INT32_MAX;
	return n < INT32_MIN ? INT32_MIN : (int32_t)n;
}

/* The divisor of delta, as far as rounding lets it be seen; 0: half of all objects were asked for. */
static uint32_t seeks_of(const struct mmr_event *event)
{
	int64_t items = sane(event->shrink_slab.cache_items), delta = event->shrink_slab.delta;
	int16_t priority = event->shrink_slab.priority;

	if (priority > 1 && priority < 64 && delta == items / 2 && items > 1)
		return 0;
	if (priority < 0 || priority > 63 || delta <= 0)
		return WL_SEEKS;
	items = (items >> priority) * 4 / delta;
	return items > 0 && items < 1000 ? (uint32_t)items : WL_SEEKS;
}

static void on_start(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	int64_t items = sane(event->shrink_slab.cache_items);
	uint32_t index;
	struct wl_shrinker *s = find(wl, event, &index);

	wl->tasks.items[task].shrinker = 0;
	if (!s || task == 0)
		return;
	wl->tasks.items[task].shrinker = index + 1;
	s->nr_pages = 0;
	s->total_scan = sane(event->shrink_slab.total_scan);
	if (!s->known || event->shrink_slab.delta > 0)
		s->seeks = seeks_of(event);
	wl_emit(wl, (struct demand_op){ .kind = DEMAND_CACHE_GROWS,
	                                .task = task,
	                                .page = DEMAND_NO_PAGE,
	                                .order = s->nid > 0 && s->nid < 8 ? (uint8_t)s->nid : 0,
	                                .gfp_flags = s->seeks,
	                                .arg = index,
	                                .arg2 = (uint32_t)clamp(items - s->items) });
	s->items = items;
	s->known = true;
}

static void on_end(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	int64_t left = sane(event->shrink_slab.total_scan);
	uint32_t index;
	struct wl_shrinker *s = find(wl, event, &index);
	int32_t nr_freed = event->shrink_slab.nr_freed > 0 ? event->shrink_slab.nr_freed : 0;
	uint32_t freed = nr_freed < 1 << 24 ? (uint32_t)nr_freed : (1u << 24) - 1;
	int64_t scanned;

	if (!s || wl->tasks.items[task].shrinker != index + 1)
		return;
	wl->tasks.items[task].shrinker = 0;
	scanned = s->total_scan - left;
	s->items -= nr_freed;
	if (scanned <= 0 && left < DEFAULT_BATCH)
		return;
	wl_emit(wl, (struct demand_op){
			    .kind = DEMAND_CACHE_SHRUNK,
			    .task = task,
			    .page = DEMAND_NO_PAGE,
			    .order = scanned <= 0 && left < s->items,
			    .gfp_flags = s->nr_pages,
			    .arg = index | freed << 8,
			    .arg2 = (uint32_t)clamp(scanned > 0 ? scanned : 0),
		    });
}

void wl_shrink_event(struct wl *wl, uint32_t task, const struct mmr_event *event)
{
	if (event->kind == MMR_EVENT_MM_SHRINK_SLAB_START)
		on_start(wl, task, event);
	else
		on_end(wl, task, event);
}

bool wl_shrink_frees(struct wl *wl, const struct wl_task *task, uint32_t page)
{
	struct wl_shrinker *s;

	if (task->shrinker == 0 || wl->pages.items[page].kind != WL_PAGE_KERNEL)
		return false;
	s = &wl->shrinkers[task->shrinker - 1];
	s->nr_pages += 1u << (wl_page_order(&wl->pages.items[page]) & 15);
	wl_emit(wl, (struct demand_op){ .kind = DEMAND_SLAB_FREE,
	                                .page = page,
	                                .order = wl_page_order(&wl->pages.items[page]) });
	wl_page_forget(wl, page);
	return true;
}
