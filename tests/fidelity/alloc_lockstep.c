/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's allocator fed with the recorded kernel's own allocations and frees, each on its CPU, so that
 * nothing but the allocator can differ: does it hand out the same page frames, go to the free lists as often,
 * and leave the same free blocks?
 * Reclaim is the recorded kernel's own; compaction is not followed, so recordings that compact drift apart.
 * usage: alloc_lockstep [-v NUMBER] RECORDING …      -v: the first so many differences, one by one
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "internal.h"
#include "replay_state.h"
#include "shadow.h"

#define MAX_ORDERS SHADOW_NR_ORDERS

struct lockstep {
	struct replay_shadow *shadow;
	struct mm_machine *machine;
	uint32_t *where; /* [nr_pfns] of the recorded page frame: ours, or MM_NONE */
	uint64_t nr_allocs;
	uint64_t nr_same;
	const struct replay_start *start;
	size_t nr_bulk;
	uint64_t nr_failed;
	uint64_t nr_strange; /* frees of pages that we do not know */
	uint64_t locked[2];  /* pages off the free lists: kernel's, ours */
	uint64_t drained[2];
	uint64_t extfrag[2];
	uint64_t nr_samples;
	uint64_t off[MAX_ORDERS];
	uint64_t sum[2][MAX_ORDERS];
	uint64_t vmstat_ns;
	uint32_t vmstat_cpu;
	long verbose;
	uint64_t first_ns;
};

static const struct mm_zone *zone_of(const struct lockstep *l, uint64_t pfn)
{
	for (uint32_t i = 0; i < l->machine->nr_zones; i++)
		if (mm_zone_spans(&l->machine->zones[i], (uint32_t)pfn))
			return &l->machine->zones[i];
	return NULL;
}

static void say(struct lockstep *l, const struct mmr_event *event, const char *text, uint32_t pfn)
{
	const struct mm_zone *zone = zone_of(l, event->page.pfn);
	const struct mm_pcp *pcp = zone ? &zone->pcp[event->cpu] : NULL;

	if (l->verbose <= 0)
		return;
	l->verbose--;
	printf("%.6f cpu %u pid %u order %u gfp %#" PRIx64 " type %d: %s kernel %#" PRIx64
	       " ours %#x; count %d high %d free_count %d factor %d\n",
	       (double)(event->t_ns - l->first_ns) / 1e9, event->cpu, event->pid, event->page.order,
	       event->page.gfp_flags, event->page.migratetype, text, event->page.pfn, pfn,
	       pcp ? pcp->count : 0, pcp ? pcp->high : 0, pcp ? pcp->free_count : 0,
	       pcp ? pcp->alloc_factor : 0);
}

/* What is in use at the start stays where it is. */
static void seed(struct lockstep *l)
{
	uint32_t managed[MM_MAX_ZONES];
	uint32_t page = 0, end = 0;

	/* Memory of the kernel image is not managed, and cannot be told from what is. */
	for (uint32_t i = 0; i < l->machine->nr_zones; i++) {
		managed[i] = l->machine->zones[i].managed;
		l->machine->zones[i].managed = l->machine->zones[i].spanned;
	}
	if (mm_reserve_lpages(l->machine, l->machine->nr_pfns, NULL) < 0)
		abort();
	for (uint32_t pfn = 0; pfn < l->machine->nr_pfns; pfn++) {
		const struct mm_page *at = &l->machine->pages[pfn];

		l->where[pfn] = MM_NONE;
		if (at->state == MM_PAGE_PCP)
			end = pfn + mm_block_pages(at->order);
		if (pfn < end || !zone_of(l, pfn) || replay_shadow_is_free(l->shadow, pfn))
			continue;
		if (mm_seed_page(l->machine, page, MM_LPAGE_KERNEL, pfn, 0) != 1)
			abort();
		mm_page_unbind(l->machine, pfn);
		l->machine->lpages[page].kind = MM_LPAGE_NONE;
		l->where[pfn] = pfn;
		page++;
	}
	for (uint32_t i = 0; i < l->machine->nr_zones; i++)
		l->machine->zones[i].managed = managed[i];
	mm_seed_done(l->machine);
}

static int64_t free_pages(const struct lockstep *l)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < l->machine->nr_zones; i++)
		sum += l->machine->zones[i].free_pages;
	return sum;
}

/* A page for whatever the kernel took at pfn; where the marks are too high for us, they were for it. */
static uint32_t take(struct lockstep *l, const struct mm_request *request, uint64_t pfn)
{
	struct mm_alloc_context ac = mm_prepare_alloc(l->machine, request);
	uint32_t flags = mm_fast_alloc_flags(l->machine, &ac);
	int64_t before = free_pages(l);
	uint32_t ours = mm_get_page_from_freelist(l->machine, &ac, flags);

	if (ours == MM_NONE)
		ours = mm_get_page_from_freelist(l->machine, &ac,
		                                 MM_WMARK_MIN | (flags & MM_ALLOC_CMA));
	if (ours == MM_NONE)
		ours = mm_get_page_from_freelist(l->machine, &ac, MM_ALLOC_NO_WATERMARKS);
	if (before > free_pages(l))
		l->locked[1] += (uint64_t)(before - free_pages(l));
	l->where[pfn] = ours;
	for (uint32_t i = 1; i < 1u << request->order; i++)
		l->where[pfn + i] = MM_NONE;
	return ours;
}

/* What the bulk allocator took until now, which has no event. */
static void take_bulk(struct lockstep *l, const struct mmr_event *event)
{
	const struct mm_request request = { .gfp_flags = MM_GFP_KERNEL, .cpu = event->cpu };

	while (l->nr_bulk < l->start->nr_bulk_takes &&
	       l->start->bulk_takes[l->nr_bulk].t_ns <= event->t_ns) {
		uint32_t pfn = l->start->bulk_takes[l->nr_bulk++].pfn;

		if (pfn < l->machine->nr_pfns && l->where[pfn] == MM_NONE)
			take(l, &request, pfn);
	}
}

static void lockstep_alloc(struct lockstep *l, const struct mmr_event *event)
{
	const struct mm_request request = { .gfp_flags = (uint32_t)event->page.gfp_flags,
		                            .cpu = event->cpu,
		                            .order = (uint8_t)event->page.order };
	uint32_t pfn;

	if (event->page.pfn == MMR_PFN_NONE || event->page.pfn >= l->machine->nr_pfns)
		return;
	pfn = take(l, &request, event->page.pfn);
	l->nr_allocs++;
	if (pfn == MM_NONE) {
		l->nr_failed++;
		return;
	}
	if (pfn == event->page.pfn)
		l->nr_same++;
	else
		say(l, event, "alloc", pfn);
	if (event->page.gfp_flags & MM_GFP_MOVABLE)
		l->machine->pages[pfn].flags |= MM_PG_LRU;
}

static void lockstep_free(struct lockstep *l, const struct mmr_event *event)
{
	uint32_t nr = 1u << (event->page.order & 15);
	int64_t before = free_pages(l);
	uint32_t pfn;

	if (event->page.pfn + nr > l->machine->nr_pfns)
		return;
	pfn = l->where[event->page.pfn];
	if (pfn == MM_NONE || l->machine->pages[pfn].state != MM_PAGE_USED) {
		const struct mm_request request = { .gfp_flags = MM_GFP_KERNEL, .cpu = event->cpu };

		/* The bulk allocator's, too. */
		l->nr_strange++;
		pfn = take(l, &request, event->page.pfn);
		if (pfn != MM_NONE)
			mm_free_pages(l->machine, event->cpu, pfn);
		l->where[event->page.pfn] = MM_NONE;
		return;
	}
	/* Of the start, of which only single pages are known. */
	if (l->machine->pages[pfn].order != event->page.order) {
		for (uint32_t i = 1; i < nr; i++) {
			l->machine->pages[pfn + i].state = MM_PAGE_TAIL;
			l->where[event->page.pfn + i] = MM_NONE;
		}
		l->machine->pages[pfn].order = (uint8_t)event->page.order;
	}
	l->where[event->page.pfn] = MM_NONE;
	l->machine->pages[pfn].flags = 0;
	mm_free_pages(l->machine, event->cpu, pfn);
	if (free_pages(l) > before)
		l->drained[1] += (uint64_t)(free_pages(l) - before);
}

static void set_active(struct lockstep *l, int node, bool active)
{
	for (uint32_t i = 0; i < l->machine->nr_zones; i++) {
		struct mm_zone *zone = &l->machine->zones[i];

		if (zone->node != node)
			continue;
		zone->boost = 0; /* the run that ends takes it back */
		zone->flags = (uint8_t)(active ? zone->flags | MM_ZONE_RECLAIM_ACTIVE
		                               : zone->flags & ~MM_ZONE_RECLAIM_ACTIVE);
	}
}

static void sample(struct lockstep *l)
{
	for (uint32_t z = 0; z < l->machine->nr_zones; z++) {
		struct replay_shadow_buddy buddy;

		replay_shadow_buddy(l->shadow, z, &buddy);
		for (uint32_t o = 0; o < MAX_ORDERS; o++) {
			uint64_t was = 0, is = l->machine->zones[z].free_area[o].nr_free;

			for (uint32_t t = 0; t < SHADOW_NR_TYPES; t++)
				was += buddy.blocks[o][t];
			l->sum[0][o] += was;
			l->sum[1][o] += is;
			l->off[o] += was > is ? was - is : is - was;
		}
	}
	l->nr_samples++;
}

static void pass(struct lockstep *l, const struct mmr_event *event)
{
	while (l->vmstat_ns <= event->t_ns) {
		mm_vmstat_update(l->machine, (uint16_t)l->vmstat_cpu);
		l->vmstat_cpu = (l->vmstat_cpu + 1) % l->machine->nr_cpus;
		l->vmstat_ns += 1000000000 / l->machine->nr_cpus;
	}
	take_bulk(l, event);
	switch (event->kind) {
	case MMR_EVENT_MM_PAGE_ALLOC:
		lockstep_alloc(l, event);
		break;
	case MMR_EVENT_MM_PAGE_FREE:
		lockstep_free(l, event);
		break;
	case MMR_EVENT_MM_PAGE_ALLOC_ZONE_LOCKED:
		l->locked[0] += 1u << event->page.order;
		break;
	case MMR_EVENT_MM_PAGE_PCPU_DRAIN:
		l->drained[0] += 1u << event->page.order;
		break;
	case MMR_EVENT_MM_PAGE_ALLOC_EXTFRAG:
		l->extfrag[0]++;
		break;
	case MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE:
		set_active(l, event->reclaim.nid, true);
		break;
	case MMR_EVENT_MM_VMSCAN_KSWAPD_SLEEP:
		set_active(l, event->reclaim.nid, false);
		break;
	default:
		break;
	}
}

static int follow(struct lockstep *l, struct mmr_trace *trace, const char *name,
                  struct mmr_error *err)
{
	struct replay_tunables tunables;
	static struct replay_start start; /* too large for a stack */
	struct replay *replay = NULL;
	struct mmr_event event;
	uint64_t sample_ns;
	bool begun = false;
	int code;

	replay_tunables_init(&tunables);
	code = replay_start_read(trace, &start, &tunables, err);
	if (code < 0)
		return code;
	code = replay_create(&(struct replay_config){ .start = &start,
	                                              .tunables = &tunables,
	                                              .policy = "classic" },
	                     &replay, err);
	if (code == 0)
		code = replay_shadow_create(trace, &l->shadow, err);
	if (code == 0)
		code = mmr_trace_rewind(trace, err);
	if (code < 0)
		return code;
	l->machine = replay->machine;
	l->start = &start;
	l->where = calloc(l->machine->nr_pfns, sizeof(*l->where));
	l->first_ns = mmr_trace_info(trace)->first_ns;
	sample_ns = start.start_ns;
	l->vmstat_ns = start.start_ns;
	while ((code = mmr_trace_next(trace, &event, err)) > 0) {
		replay_shadow_event(l->shadow, &event);
		if (!replay_shadow_ready(l->shadow))
			continue;
		if (!begun)
			seed(l);
		else
			pass(l, &event);
		begun = true;
		if (event.t_ns >= sample_ns) {
			sample(l);
			sample_ns += 10000000;
		}
	}
	l->extfrag[1] = l->machine->nr_extfrag;
	printf("%-24.24s %8" PRIu64 " %5.1f %5" PRIu64 " %6" PRIu64 " %8" PRIu64 " %8" PRIu64
	       " %8" PRIu64 " %8" PRIu64 " %5" PRIu64 " %5" PRIu64 " |",
	       name, l->nr_allocs, 100.0 * (double)l->nr_same / (double)l->nr_allocs, l->nr_failed,
	       l->nr_strange, l->locked[0], l->locked[1], l->drained[0], l->drained[1],
	       l->extfrag[0], l->extfrag[1]);
	for (uint32_t o = 0; o < 9; o++)
		printf(" %4.0f", 100.0 * (double)l->off[o] /
		                         (double)(l->sum[0][o] > l->nr_samples ? l->sum[0][o]
		                                                               : l->nr_samples));
	printf("\n");
	replay_shadow_destroy(l->shadow);
	replay_destroy(replay);
	replay_start_deinit(&start);
	free(l->where);
	return code;
}

int main(int argc, char **argv)
{
	long verbose = 0;
	int c;

	while ((c = getopt(argc, argv, "v:")) != -1) {
		verbose = strtol(optarg, NULL, 10);
	}
	printf("%-24s %8s %5s %5s %6s %8s %8s %8s %8s %5s %5s | orders 0 to 8, error in percent\n",
	       "recording", "allocs", "same", "fail", "?free", "locked", "ours", "drained", "ours",
	       "frag", "ours");
	for (int i = optind; i < argc; i++) {
		struct lockstep l = { .verbose = verbose };
		struct mmr_error err = { 0 };
		struct mmr_trace *trace;
		const char *name = strrchr(argv[i], '/');
		int code = mmr_trace_open(argv[i], 0, &trace, &err);

		if (code == 0) {
			code = follow(&l, trace, name ? name + 1 : argv[i], &err);
			mmr_trace_close(trace);
		}
		if (code < 0)
			fprintf(stderr, "%s: %s\n", argv[i], err.text);
	}
	return 0;
}
