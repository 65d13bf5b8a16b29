/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From an event to the free lists (mm/page_alloc.c, 6.1 to 6.12).
 *
 * Off the lists: mm_page_alloc_zone_locked, whatever asked for it; since 6.10 whole-pageblock claims
 * and steals, which only mm_page_alloc_extfrag shows. On: mm_page_pcpu_drain, and mm_page_free of
 * the orders that no per-CPU list holds. mm_page_alloc and mm_page_free of the others move pages
 * between a list of the CPU and their owner: they say that the page is not free, and of what kind.
 *
 * Every event also says what its page was before. Where that contradicts the state, the state is put
 * right and the repair counted by cause: a per-CPU list whose lock was taken lets a page go straight
 * to the buddy with no event but mm_page_free; a direct compaction captures the block that a free
 * would have merged; compaction's own takings (shadow_compaction.c) are named late.
 *
 * Ranges of CMA areas: cma_alloc_finish says that a range is taken, whatever was seen of its isolation, and cma_release that it is
 * free. Kernels before 6.12 give such a range back page by page, and the events of that have come before; a range
 * that is one page the size of all of it has a single mm_page_free, of an order that there are no lists for. Where a range was not to
 * be had, what moved out of it until then went past the lists of CPUs.
 *
 * Not modelled: page reporting and memory hotplug, which take blocks without an event; ranges that others than CMA take,
 * beyond what their isolation events say.
 */
#include "gfp.h"
#include "shadow_buddy.h"
#include "shadow_check.h"
#include "shadow_compaction.h"
#include "shadow_init.h"
#include "shadow_list.h"
#include "shadow_pcp.h"
#include "shadow_verify.h"

#define COSTLY_ORDER      3
#define CLOCK_ERROR_NS    20000 /* by how far two CPUs' time stamps may be out of order */
#define NR_CMA            4     /* the kernel's number of the migratetype, where it has it */
#define PTE_PRESENT       0x1ull
#define PTE_PFN(pte)      (((pte)&0x0000fffffffff000ull) >> 12)
#define LEARN_ZONE_LOCKED (!s->kernel.fallback_relocks)

static bool on_pcp_list(const struct replay_shadow *s, unsigned int order)
{
	return order <= COSTLY_ORDER || (order == SHADOW_PAGEBLOCK_ORDER && s->kernel.thp_pcp);
}

/* Index of the block, or SHADOW_NONE if it makes no sense or is not known yet. */
static uint32_t block_index(struct replay_shadow *s, uint64_t pfn, uint32_t order)
{
	uint32_t index;

	if (order >= SHADOW_NR_ORDERS || (pfn & ((1u << order) - 1)))
		return SHADOW_NONE;
	index = replay_shadow_index(s, pfn, 1u << order);
	if (index == SHADOW_NONE || page_state(s, index) == PAGE_UNKNOWN)
		return SHADOW_NONE;
	return index;
}

static void learn_type(struct replay_shadow *s, uint32_t index, uint32_t order, int32_t number)
{
	uint32_t last = (index + (1u << order) - 1) / SHADOW_PAGEBLOCK_PAGES;
	unsigned int type = replay_shadow_type(s, number);

	for (uint32_t i = index / SHADOW_PAGEBLOCK_PAGES; i <= last; i++) {
		s->pageblock[i].flags |= PB_TYPED;
		s->pageblock[i].types |= (uint8_t)(1u << type);
		if (s->pageblock[i].type != type)
			replay_shadow_set_type(s, i, type);
	}
}

/* ---- taking ---- */

/* Remembers pages that were taken before they were given, in case the give is only late. */
static void remember_early(struct replay_shadow *s, uint32_t index, uint32_t nr)
{
	s->early[s->next_early] = (struct early_take){ s->now_ns, index, nr };
	s->next_early = (s->next_early + 1) % MAX_EARLY_TAKES;
	s->nr_early = MAX_EARLY_TAKES;
}

/* Whether this give is the one that an early take has already used. */
static bool was_taken_early(struct replay_shadow *s, uint32_t index, uint32_t nr)
{
	bool pending = false;

	for (uint32_t i = 0; i < MAX_EARLY_TAKES; i++) {
		struct early_take *early = &s->early[i];

		if (!early->t_ns)
			continue;
		if (s->now_ns - early->t_ns > CLOCK_ERROR_NS) {
			early->t_ns = 0;
			continue;
		}
		pending = true;
		if (index >= early->index && index + nr <= early->index + early->nr) {
			s->stats.repairs[SHADOW_REPAIR_REORDERED] += nr;
			early->t_ns = 0;
			return true;
		}
	}
	if (!pending)
		s->nr_early = 0;
	return false;
}

static void count_missed_frees(struct replay_shadow *s, uint32_t index, uint32_t nr)
{
	for (uint32_t i = index; i < index + nr; i++) {
		enum page_state state = page_state(s, i);

		if (state == PAGE_PCP)
			s->stats.repairs[SHADOW_REPAIR_MISSED_FREE_PCP]++;
		else if (state == PAGE_PRIVATE)
			s->stats.repairs[SHADOW_REPAIR_MISSED_FREE_PRIVATE]++;
		else if (state != PAGE_FREE && state != PAGE_UNKNOWN)
			s->stats.repairs[SHADOW_REPAIR_MISSED_FREE]++;
		if (state != PAGE_FREE)
			remember_early(s, i, 1);
	}
}

static void take_block(struct replay_shadow *s, uint32_t index, uint32_t order)
{
	uint32_t nr = 1u << order;

	if (head_order(s, index) < (int)order) {
		uint32_t nr_free = 0;

		for (uint32_t i = index; i < index + nr; i++)
			nr_free += page_state(s, i) == PAGE_FREE;
		if (nr_free < nr)
			count_missed_frees(s, index, nr);
	}
	replay_shadow_take(s, index, order, PAGE_PCP);
}

static void zone_locked(struct replay_shadow *s, const struct mmr_event *event)
{
	uint32_t index = block_index(s, event->page.pfn, event->page.order);

	if (index == SHADOW_NONE)
		return;
	if (LEARN_ZONE_LOCKED)
		learn_type(s, index, event->page.order, event->page.migratetype);
	take_block(s, index, event->page.order);
	replay_shadow_list_other(s, event->cpu);
	if (on_pcp_list(s, event->page.order))
		replay_shadow_pcp_refill(s, event->cpu, index);
}

/*
 * A fallback. A claim of a pageblock (smaller orders) is followed by zone_locked before this event,
 * so that the page is gone already; the other kinds take it here.
 */
static void extfrag(struct replay_shadow *s, const struct mmr_event *event)
{
	uint32_t order = (uint32_t)event->extfrag.alloc_order;
	uint32_t index = block_index(s, event->extfrag.pfn, order);

	if (index == SHADOW_NONE)
		return;
	if (event->extfrag.change_ownership) {
		uint32_t larger = order;

		if (event->extfrag.fallback_order > event->extfrag.alloc_order &&
		    event->extfrag.fallback_order < SHADOW_NR_ORDERS)
			larger = (uint32_t)event->extfrag.fallback_order;
		learn_type(s, index & ~((1u << larger) - 1), larger,
		           event->extfrag.alloc_migratetype);
	}
	if (!s->kernel.fallback_relocks && page_state(s, index) == PAGE_FREE)
		take_block(s, index, order);
}

static void page_alloc(struct replay_shadow *s, const struct mmr_event *event)
{
	uint32_t index = block_index(s, event->page.pfn, event->page.order);
	uint32_t nr;

	if (index == SHADOW_NONE)
		return;
	nr = 1u << event->page.order;
	replay_shadow_list_alloc(s, event, index);
	replay_shadow_pcp_alloc(s, event->cpu, index, event->page.gfp_flags & MM_GFP_ZERO);
	replay_shadow_in_use(s, index, nr, event->pid, PAGE_PCP,
	                     event->page.order ? SHADOW_REPAIR_CAPTURE
	                                       : SHADOW_REPAIR_MISSED_REFILL);
	replay_shadow_mark(s, index, nr,
	                   event->page.migratetype == SHADOW_MOVABLE ? PAGE_MOVABLE : PAGE_OTHER);
}

/* ---- giving ---- */

static void pcpu_drain(struct replay_shadow *s, const struct mmr_event *event)
{
	uint32_t index = block_index(s, event->page.pfn, event->page.order);
	uint32_t nr;

	if (index == SHADOW_NONE)
		return;
	nr = 1u << event->page.order;
	if (s->nr_early && was_taken_early(s, index, nr))
		return;
	learn_type(s, index, event->page.order, event->page.migratetype);
	replay_shadow_list_drain(s, index, event->page.order);
	replay_shadow_pcp_drain(s, event, index);
	s->stats.repairs[SHADOW_REPAIR_DOUBLE_FREE] +=
		replay_shadow_give(s, index, event->page.order);
}

static void page_free(struct replay_shadow *s, const struct mmr_event *event)
{
	uint32_t index = block_index(s, event->page.pfn, event->page.order);
	uint32_t nr;

	if (index == SHADOW_NONE)
		return;
	nr = 1u << event->page.order;
	if (!s->kernel.unused_silent && page_state(s, index) == PAGE_PRIVATE &&
	    replay_shadow_is_migrating(s, event->pid))
		return;
	replay_shadow_compaction_moved(s, event->pid);
	if (s->nr_compactions && replay_shadow_is_migrating(s, event->pid) &&
	    page_state(s, index) == PAGE_MOVABLE)
		s->work[index / SHADOW_PAGEBLOCK_PAGES].moved_out += nr;
	replay_shadow_in_use(s, index, nr, event->pid, PAGE_PCP, SHADOW_REPAIR_MISSED_TAKE);
	if (!on_pcp_list(s, event->page.order)) {
		replay_shadow_give(s, index, event->page.order);
		return;
	}
	if (replay_shadow_pcp_is_draining(s, event, index)) {
		replay_shadow_give(s, index, event->page.order);
		s->stats.repairs[SHADOW_REPAIR_PAST_PCP] += nr;
		return;
	}
	replay_shadow_mark(s, index, nr, PAGE_PCP);
	replay_shadow_pcp_free(s, event->cpu, index, event->page.order);
	replay_shadow_list_free(s, event, index);
}

static void page_free_batched(struct replay_shadow *s, const struct mmr_event *event)
{
	uint32_t index = block_index(s, event->page.pfn, 0);

	replay_shadow_list_other(s, event->cpu);
	if (index != SHADOW_NONE)
		replay_shadow_pcp_batched(s, event->cpu, index);
}

/* ---- ranges of CMA areas ---- */

/* The largest aligned block that begins here and ends by then. */
static uint32_t range_order(uint64_t pfn, uint64_t end)
{
	uint32_t order = 0;

	while (order + 1 < SHADOW_NR_ORDERS && (pfn & ((UINT64_C(2) << order) - 1)) == 0 &&
	       end - pfn >= UINT64_C(2) << order)
		order++;
	return order;
}

static void take_range(struct replay_shadow *s, uint32_t index, uint32_t order)
{
	if (order >= SHADOW_PAGEBLOCK_ORDER)
		learn_type(s, index, order, NR_CMA);
	replay_shadow_take(s, index, order, PAGE_OTHER);
	replay_shadow_mark(s, index, 1u << order, PAGE_OTHER);
}

/* What its own events have given back is on the free lists, or on its way. */
static void give_range(struct replay_shadow *s, uint32_t index, uint32_t order)
{
	uint32_t nr = 1u << order, nr_taken = 0;

	for (uint32_t i = index; i < index + nr; i++)
		nr_taken += page_state(s, i) == PAGE_OTHER;
	if (nr_taken == nr) {
		replay_shadow_give(s, index, order);
		return;
	}
	for (uint32_t i = index; nr_taken > 0 && i < index + nr; i++)
		if (page_state(s, i) == PAGE_OTHER)
			replay_shadow_give(s, i, 0);
}

/* What was freed while its pageblock was isolated went past the lists of CPUs. */
static void keep_range(struct replay_shadow *s, uint32_t index, uint32_t order)
{
	for (uint32_t i = index; i < index + (1u << order); i++)
		if (page_state(s, i) == PAGE_PCP)
			replay_shadow_give(s, i, 0);
}

static void cma_range(struct replay_shadow *s, const struct mmr_event *event)
{
	bool release = event->kind == MMR_EVENT_CMA_RELEASE;
	bool failed = event->kind == MMR_EVENT_CMA_ALLOC_BUSY_RETRY || event->cma.page == 0;
	uint64_t pfn = event->cma.pfn, end = pfn + event->cma.nr_pages;

	if (event->cma.nr_pages > s->nr_pages || end < pfn)
		return;
	while (pfn < end) {
		uint32_t order = range_order(pfn, end);
		uint32_t index = block_index(s, pfn, order);

		if (index != SHADOW_NONE && failed)
			keep_range(s, index, order);
		else if (index != SHADOW_NONE && release)
			give_range(s, index, order);
		else if (index != SHADOW_NONE)
			take_range(s, index, order);
		pfn += UINT64_C(1) << order;
	}
}

/* ---- signs of use ---- */

static void seen_in_use(struct replay_shadow *s, uint64_t pfn, uint32_t pid)
{
	uint32_t index = block_index(s, pfn, 0);

	if (index == SHADOW_NONE)
		return;
	if (page_state(s, index) == PAGE_FREE)
		replay_shadow_in_use(s, index, 1, pid, PAGE_MOVABLE, SHADOW_REPAIR_MISSED_TAKE);
	else if (page_state(s, index) == PAGE_PRIVATE)
		replay_shadow_mark(s, index, 1, PAGE_MOVABLE);
}

/* What is on an LRU list can be moved, whatever was asked for: a block device's pages are asked for as unmovable. */
static void seen_on_lru(struct replay_shadow *s, uint64_t pfn)
{
	uint32_t index = block_index(s, pfn, 0);

	if (index != SHADOW_NONE && page_state(s, index) == PAGE_OTHER)
		replay_shadow_mark(s, index, 1, PAGE_MOVABLE);
}

void replay_shadow_event(struct replay_shadow *s, const struct mmr_event *event)
{
	s->now_ns = event->t_ns;
	if (event->t_ns >= s->next_load_ns)
		replay_shadow_load_chunks(s, event->t_ns);
	if (event->t_ns >= s->next_check_ns)
		replay_shadow_verify_until(s, event->t_ns);
	if (event->kind != MMR_EVENT_MM_PAGE_FREE && event->kind != MMR_EVENT_MM_PAGE_PCPU_DRAIN)
		replay_shadow_pcp_other(s, event->cpu);
	switch (event->kind) {
	case MMR_EVENT_MM_PAGE_ALLOC:
		page_alloc(s, event);
		break;
	case MMR_EVENT_MM_PAGE_FREE:
		page_free(s, event);
		break;
	case MMR_EVENT_MM_PAGE_FREE_BATCHED:
		page_free_batched(s, event);
		break;
	case MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED:
		zone_locked(s, event);
		break;
	case MMR_EVENT_MM_PAGE_PCPU_DRAIN:
		pcpu_drain(s, event);
		break;
	case MMR_EVENT_MM_PAGE_ALLOC_EXTFRAG:
		extfrag(s, event);
		break;
	case MMR_EVENT_CMA_ALLOC_BUSY_RETRY:
	case MMR_EVENT_CMA_ALLOC_FINISH:
	case MMR_EVENT_CMA_RELEASE:
		cma_range(s, event);
		break;
	case MMR_EVENT_MM_LRU_INSERTION:
	case MMR_EVENT_MM_LRU_ACTIVATE:
		seen_in_use(s, event->lru.pfn, event->pid);
		seen_on_lru(s, event->lru.pfn);
		break;
	case MMR_EVENT_MM_FILEMAP_ADD_TO_PAGE_CACHE:
	case MMR_EVENT_MM_FILEMAP_DELETE_FROM_PAGE_CACHE:
		seen_in_use(s, event->filemap.pfn, event->pid);
		break;
	case MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE:
		replay_shadow_pcp_reclaimed(s, event->cpu);
		break;
	case MMR_EVENT_MM_VMSCAN_WRITE_FOLIO:
		seen_in_use(s, event->write_folio.pfn, event->pid);
		break;
	case MMR_EVENT_REMOVE_MIGRATION_PTE:
		if (event->migration_pte.pte & PTE_PRESENT)
			seen_in_use(s, PTE_PFN(event->migration_pte.pte), event->pid);
		break;
	case MMR_EVENT_MM_COMPACTION_BEGIN:
	case MMR_EVENT_MM_COMPACTION_END:
	case MMR_EVENT_MM_COMPACTION_FINISHED:
	case MMR_EVENT_MM_COMPACTION_ISOLATE_MIGRATEPAGES:
	case MMR_EVENT_MM_COMPACTION_ISOLATE_FREEPAGES:
	case MMR_EVENT_MM_COMPACTION_FAST_ISOLATE_FREEPAGES:
	case MMR_EVENT_MM_MIGRATE_PAGES_START:
	case MMR_EVENT_MM_MIGRATE_PAGES:
		replay_shadow_compaction_event(s, event);
		break;
	case MMR_EVENT_LOST:
		s->stats.nr_lost += event->lost.nr_events;
		replay_shadow_pcp_lost(s);
		replay_shadow_compaction_lost(s);
		break;
	default:
		return;
	}
	s->stats.nr_events++;
	if (MMR_CHECK >= 2 && s->stats.nr_events % SHADOW_CHECK_EVERY == 0)
		s->stats.nr_broken += replay_shadow_check(s, NULL) < 0;
}
