/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When no zone is above its low watermark: wake kswapd, go down to min, compact, reclaim, and give up in
 * order.
 *
 * Each round of direct reclaim asks for 32 pages. As long as there is progress, or what could still be
 * reclaimed would suffice, it goes on; 16 rounds without progress are the end. Costly orders (> 3) and
 * NORETRY give up after one round. Compaction comes first for costly and unmovable blocks, and after each round
 * of reclaim, harder each time that it fails. The end is a failure or a kill (oom_kill.c), after which the request goes
 * on if it is not the victim's own: then it takes what the reserves have.
 *
 * Follows __alloc_pages_slowpath(), gfp_to_alloc_flags(), should_reclaim_retry(), should_compact_retry(),
 * __alloc_pages_direct_reclaim(), __alloc_pages_may_oom() of v6.12.
 *
 * A request without __GFP_FS never kills: it waits for one that does. As nobody else asks for anything
 * before it is done, it waits OOM_ROUNDS times a jiffy and then kills as the other would have.
 *
 * Not modelled: real-time tasks, contention for oom_lock. Where nobody can be killed the kernel panics; here requests fail at once until some page is
 * freed.
 */
#include "internal.h"

#define MAX_RECLAIM_RETRIES 16
#define MAX_COMPACT_RETRIES 16
#define OOM_ROUNDS          16

static uint32_t gfp_to_alloc_flags(const struct mm_machine *machine,
                                   const struct mm_alloc_context *ac)
{
	uint32_t gfp = ac->gfp_flags;
	uint32_t flags = MM_WMARK_MIN;

	if (gfp & MM_GFP_HIGH)
		flags |= MM_ALLOC_MIN_RESERVE;
	if (gfp & MM_GFP_KSWAPD_RECLAIM)
		flags |= MM_ALLOC_KSWAPD;
	if (!(gfp & (MM_GFP_DIRECT_RECLAIM | MM_GFP_NOMEMALLOC))) {
		flags |= MM_ALLOC_NON_BLOCK;
		if (ac->order > 0 && (flags & MM_ALLOC_MIN_RESERVE))
			flags |= MM_ALLOC_HIGHATOMIC;
	}
	if (ac->migratetype == MM_MOVABLE)
		flags |= MM_ALLOC_CMA;
	if ((gfp & MM_GFP_MEMALLOC) && !(gfp & MM_GFP_NOMEMALLOC))
		flags |= MM_ALLOC_NO_WATERMARKS;
	/* __gfp_pfmemalloc_flags() of a victim. */
	if (mm_space_is_killed(machine, ac->request->space) && !(gfp & MM_GFP_NOMEMALLOC))
		flags = MM_ALLOC_OOM | (flags & (MM_ALLOC_CMA | MM_ALLOC_KSWAPD));
	return flags;
}

static void wake_all_kswapds(struct mm_machine *machine, const struct mm_alloc_context *ac)
{
	const struct mm_zonelist *list = mm_zonelist_of(machine, ac->cpu);
	uint32_t done = 0;

	for (uint32_t i = 0; i < list->nr; i++) {
		const struct mm_zone *zone = &machine->zones[list->zones[i]];

		if (zone->type > ac->highest_zoneidx || (done >> zone->node & 1))
			continue;
		done |= 1u << zone->node;
		mm_note_waker(machine, zone, ac->cpu);
		mm_wakeup_kswapd(machine, zone, ac->gfp_flags, ac->order, ac->highest_zoneidx);
	}
}

/* Whether min could be met if all that can be reclaimed were. */
static bool should_reclaim_retry(struct mm_machine *machine, const struct mm_alloc_context *ac,
                                 uint32_t alloc_flags, uint64_t progress, uint32_t *no_progress)
{
	const struct mm_zonelist *list = mm_zonelist_of(machine, ac->cpu);
	if (progress > 0 && ac->order <= MM_COSTLY_ORDER)
		*no_progress = 0;
	else
		++*no_progress;
	if (*no_progress > MAX_RECLAIM_RETRIES)
		return mm_unreserve_highatomic(machine, ac, true);
	for (uint32_t i = 0; i < list->nr; i++) {
		const struct mm_zone *zone = &machine->zones[list->zones[i]];
		int64_t available =
			(int64_t)mm_zone_reclaimable_pages(machine, zone) + zone->free_pages;

		if (zone->type <= ac->highest_zoneidx &&
		    mm_zone_watermark_ok(zone, ac->order, mm_wmark_pages(zone, MM_WMARK_MIN),
		                         ac->highest_zoneidx, alloc_flags, available))
			return true;
	}
	return mm_unreserve_highatomic(machine, ac, true);
}

static uint32_t direct_reclaim(struct mm_machine *machine, const struct mm_alloc_context *ac,
                               uint32_t alloc_flags, uint64_t *progress)
{
	uint32_t pfn;

	*progress = mm_try_to_free_pages(machine, ac);
	if (*progress == 0)
		return MM_NONE;
	pfn = mm_get_page_from_freelist(machine, ac, alloc_flags);
	if (pfn != MM_NONE)
		return pfn;
	mm_unreserve_highatomic(machine, ac, false);
	mm_drain_all_pages(machine);
	return mm_get_page_from_freelist(machine, ac, alloc_flags);
}

/* The kernel never kills for other requests. */
static bool may_kill(const struct mm_alloc_context *ac)
{
	return ac->order <= MM_COSTLY_ORDER && ac->highest_zoneidx >= MM_ZONE_NORMAL &&
	       !(ac->gfp_flags & (MM_GFP_RETRY_MAYFAIL | MM_GFP_THISNODE));
}

/* NULL-handed: what is left are the reserves, for those who must not fail. */
static uint32_t no_page(struct mm_machine *machine, const struct mm_alloc_context *ac, bool oom)
{
	uint32_t pfn = MM_NONE;

	if (ac->gfp_flags & MM_GFP_NOFAIL)
		pfn = mm_get_page_from_freelist(machine, ac, MM_WMARK_MIN | MM_ALLOC_NO_WATERMARKS);
	if (pfn == MM_NONE && machine->hooks.alloc_failed)
		machine->hooks.alloc_failed(machine->hooks.data, ac->request, oom);
	return pfn;
}

/* Until it has exited, or a jiffy if there is none. */
static bool wait_for_victim(struct mm_machine *machine, const struct mm_alloc_context *ac)
{
	return machine->hooks.oom_wait && machine->hooks.oom_wait(machine->hooks.data, ac->request);
}

enum after_oom { AFTER_OOM_RETRY, AFTER_OOM_GOT, AFTER_OOM_FAIL, AFTER_OOM_PANIC };

/* __alloc_pages_may_oom(), and what it means to the request. */
static enum after_oom may_oom(struct mm_machine *machine, const struct mm_alloc_context *ac,
                              uint32_t *rounds, uint32_t *pfn)
{
	*pfn = mm_get_page_from_freelist(machine, ac, MM_WMARK_HIGH);
	if (*pfn != MM_NONE)
		return AFTER_OOM_GOT;
	if (!may_kill(ac))
		return AFTER_OOM_FAIL;
	if (!(ac->gfp_flags & MM_GFP_FS) && ++*rounds <= OOM_ROUNDS) {
		wait_for_victim(machine, ac);
		return AFTER_OOM_RETRY;
	}
	switch (mm_out_of_memory(machine, ac->request)) {
	case MM_OOM_KILLED:
		return AFTER_OOM_RETRY;
	case MM_OOM_WAIT:
		if (!mm_space_is_killed(machine, ac->request->space) &&
		    wait_for_victim(machine, ac))
			return AFTER_OOM_RETRY;
		return AFTER_OOM_FAIL;
	case MM_OOM_NOBODY:
	case MM_OOM_PANIC:
		break;
	}
	machine->oom_stamp = machine->counters[MM_PGFREE];
	return AFTER_OOM_PANIC;
}

/* ---- compaction ---- */

struct compact_try {
	enum mm_compact_priority priority;
	enum mm_compact_result result; /* of the last one */
	uint32_t retries;
};

/*
 * Costly orders need compaction rather than reclaim, and others that cannot be moved should not spread: they
 * compact first. false: it makes no sense to go on.
 */
static bool compact_first(struct mm_machine *machine, const struct mm_alloc_context *ac,
                          uint32_t alloc_flags, struct compact_try *try, uint32_t *pfn)
{
	bool costly = ac->order > MM_COSTLY_ORDER;

	*pfn = MM_NONE;
	if (!(ac->gfp_flags & MM_GFP_DIRECT_RECLAIM) || !(ac->gfp_flags & MM_GFP_IO) ||
	    ac->order == 0 || (!costly && ac->migratetype == MM_MOVABLE) ||
	    machine->current.in_reclaim || (alloc_flags & (MM_ALLOC_NO_WATERMARKS | MM_ALLOC_OOM)))
		return true;
	*pfn = mm_direct_compact(machine, ac, alloc_flags, MM_COMPACT_PRIO_ASYNC, &try->result);
	if (*pfn != MM_NONE || !costly || !(ac->gfp_flags & MM_GFP_NORETRY))
		return true;
	if (try->result == MM_COMPACT_SKIPPED || try->result == MM_COMPACT_DEFERRED ||
	    (ac->gfp_flags & MM_GFP_THISNODE))
		return false;
	try->priority = MM_COMPACT_PRIO_ASYNC;
	return true;
}

static bool should_compact_retry(const struct mm_machine *machine,
                                 const struct mm_alloc_context *ac, uint32_t alloc_flags,
                                 struct compact_try *try)
{
	bool costly = ac->order > MM_COSTLY_ORDER;
	uint32_t max_retries = costly ? MAX_COMPACT_RETRIES / 4 : MAX_COMPACT_RETRIES;
	enum mm_compact_priority least =
		costly ? MM_COMPACT_PRIO_SYNC_LIGHT : MM_COMPACT_PRIO_SYNC_FULL;

	if (ac->order == 0 || !(ac->gfp_flags & MM_GFP_IO))
		return false;
	if (try->result == MM_COMPACT_SKIPPED)
		return mm_compaction_zonelist_suitable(machine, ac, alloc_flags);
	if (try->result == MM_COMPACT_SUCCESS && ++try->retries <= max_retries)
		return true;
	if (try->priority <= least)
		return false;
	try->priority--;
	try->retries = 0;
	return true;
}

static uint32_t alloc_slowpath(struct mm_machine *machine, const struct mm_alloc_context *ac)
{
	bool costly = ac->order > MM_COSTLY_ORDER, first = true;
	struct compact_try try = { MM_COMPACT_PRIO_SYNC_LIGHT, MM_COMPACT_SKIPPED, 0 };
	uint32_t no_progress = 0, rounds = 0;
	uint64_t progress;
	uint32_t pfn;

	for (;;) {
		uint32_t alloc_flags = gfp_to_alloc_flags(machine, ac);

		if (alloc_flags & MM_ALLOC_KSWAPD)
			wake_all_kswapds(machine, ac);
		pfn = mm_get_page_from_freelist(machine, ac, alloc_flags);
		if (pfn != MM_NONE)
			return pfn;
		if (first && !compact_first(machine, ac, alloc_flags, &try, &pfn))
			return no_page(machine, ac, false);
		first = false;
		if (pfn != MM_NONE)
			return pfn;
		if (!(ac->gfp_flags & MM_GFP_DIRECT_RECLAIM) || machine->current.in_reclaim)
			return no_page(machine, ac, false);
		if (machine->oom_stamp == machine->counters[MM_PGFREE])
			return no_page(machine, ac, may_kill(ac));
		/* A victim has had its try at the reserves. */
		if (mm_space_is_killed(machine, ac->request->space))
			return no_page(machine, ac, false);
		pfn = direct_reclaim(machine, ac, alloc_flags, &progress);
		if (pfn != MM_NONE)
			return pfn;
		pfn = mm_direct_compact(machine, ac, alloc_flags, try.priority, &try.result);
		if (pfn != MM_NONE)
			return pfn;
		if (ac->gfp_flags & MM_GFP_NORETRY)
			return no_page(machine, ac, false);
		if (costly &&
		    (!(ac->gfp_flags & MM_GFP_IO) || !(ac->gfp_flags & MM_GFP_RETRY_MAYFAIL)))
			return no_page(machine, ac, false);
		if (should_reclaim_retry(machine, ac, alloc_flags, progress, &no_progress))
			continue;
		if (progress > 0 && should_compact_retry(machine, ac, alloc_flags, &try))
			continue;
		switch (may_oom(machine, ac, &rounds, &pfn)) {
		case AFTER_OOM_GOT:
			return pfn;
		case AFTER_OOM_FAIL:
			return no_page(machine, ac, false);
		case AFTER_OOM_PANIC:
			return no_page(machine, ac, true);
		case AFTER_OOM_RETRY:
			no_progress = 0;
			break;
		}
	}
}

struct mm_current mm_switch(struct mm_machine *machine, const struct mm_current *next)
{
	struct mm_current previous = machine->current;

	machine->current = *next;
	return previous;
}

const struct mm_current *mm_current(const struct mm_machine *machine)
{
	return &machine->current;
}

uint32_t mm_alloc_pages(struct mm_machine *machine, const struct mm_request *request)
{
	struct mm_alloc_context ac = mm_prepare_alloc(machine, request);
	uint32_t pfn = mm_get_page_from_freelist(machine, &ac, mm_fast_alloc_flags(machine, &ac));

	return pfn != MM_NONE ? pfn : alloc_slowpath(machine, &ac);
}
