/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compaction: makes large free blocks out of small ones, by moving pages from the lower end of a zone to free
 * pages at its upper end, until a block of the order that is wanted is free or the scanners meet.
 *
 *	zone   |UUU..U.UU|U.U..UU.U|.U..U.U..|......U..|
 *	           migrate_pfn ->          <- free_pfn
 *
 * A turn takes the pages of one pageblock that can be moved (compaction_migrate.c), finds room for them
 * (compaction_free.c) and moves them (migrate.c). Whether a block is free is only looked at when the
 * migrate scanner is at the start of a pageblock; a request that compacts for itself also has the block of its
 * order that its own frees put together (capture), which nobody else sees.
 *
 * A request compacts the zones that it may use, in the zonelist's order, unless it was in vain there a short
 * while ago.
 *
 * Follows compact_zone(), __compact_finished(), compact_zone_order(), try_to_compact_pages(),
 * __alloc_pages_direct_compact() of v6.12 and v6.1.
 *
 * Not modelled: fatal signals; that a request leaves when it should be rescheduled; contention.
 */
#include "compaction.h"

enum mm_compact_result mm_compact_begin(struct mm_machine *machine, struct mm_compact_control *cc)
{
	struct mm_zone *zone = mm_compact_zone_of(machine, cc);
	struct mm_zone_compact *compact = &zone->compact;
	uint32_t last = mm_block_start(mm_zone_end(zone) - 1);
	bool sync = cc->mode != MM_MIGRATE_ASYNC;

	cc->total_migrate_scanned = cc->total_free_scanned = 0;
	cc->nr_migrated = cc->nr_failed = 0;
	cc->nr_migratepages = cc->nr_freepages = 0;
	cc->fast_start_pfn = cc->last_migrated_pfn = 0;
	for (uint32_t order = 0; order < MM_NR_ORDERS; order++)
		mm_list_init(&cc->freepages[order]);
	mm_list_init(&cc->taken);
	mm_list_init(&cc->migratepages);
	cc->migratetype = mm_gfp_migratetype(machine, cc->gfp_flags);
	if (cc->order >= 0) {
		enum mm_compact_result result = mm_compact_suit_order(
			machine, zone, (uint32_t)cc->order, cc->highest_zoneidx, cc->alloc_flags);

		if (result != MM_COMPACT_CONTINUE)
			return result;
	}
	if (mm_compaction_restarting(zone, cc->order))
		mm_reset_isolation_zone(machine, zone);
	if (cc->whole_zone) {
		cc->migrate_pfn = zone->start_pfn;
		cc->free_pfn = last;
	} else {
		if (!mm_zone_spans(zone, compact->free_pfn))
			compact->free_pfn = last;
		cc->free_pfn = compact->free_pfn;
		if (!mm_zone_spans(zone, compact->migrate_pfn[sync]))
			compact->migrate_pfn[0] = compact->migrate_pfn[1] = zone->start_pfn;
		cc->migrate_pfn = compact->migrate_pfn[sync];
		cc->whole_zone = cc->migrate_pfn <= compact->init_migrate_pfn;
	}
	cc->update_cached = !sync && compact->migrate_pfn[0] == compact->migrate_pfn[1];
	mm_lru_add_drain(machine, cc->cpu);
	return MM_COMPACT_CONTINUE;
}

/* ---- when it is done ---- */

static bool has_block(const struct mm_machine *machine, const struct mm_compact_control *cc)
{
	const struct mm_zone *zone = &machine->zones[cc->zone];

	for (uint32_t order = (uint32_t)cc->order; order < MM_NR_ORDERS; order++) {
		const struct mm_free_area *area = &zone->free_area[order];

		if (area->lists[cc->migratetype].count > 0 ||
		    (cc->migratetype == MM_MOVABLE && area->lists[MM_CMA].count > 0) ||
		    mm_has_claimable_block(machine, zone, order, cc->migratetype))
			return true;
	}
	return false;
}

static enum mm_compact_result proactive_finished(const struct mm_machine *machine,
                                                 const struct mm_compact_control *cc)
{
	const struct mm_zone *zone = &machine->zones[cc->zone];

	if (mm_kswapd_runnable(machine, zone->node))
		return MM_COMPACT_PARTIAL_SKIPPED;
	return mm_fragmentation_score_zone(zone) > mm_fragmentation_wmark(machine, true)
	               ? MM_COMPACT_CONTINUE
	               : MM_COMPACT_SUCCESS;
}

static enum mm_compact_result compact_finished(struct mm_machine *machine,
                                               const struct mm_compact_control *cc)
{
	struct mm_zone *zone = mm_compact_zone_of(machine, cc);

	if (mm_scanners_met(cc)) {
		mm_reset_cached_positions(zone);
		if (cc->direct)
			zone->compact.blockskip_flush = true;
		return cc->whole_zone ? MM_COMPACT_COMPLETE : MM_COMPACT_PARTIAL_SKIPPED;
	}
	if (cc->proactive)
		return proactive_finished(machine, cc);
	if (cc->order < 0 || cc->migrate_pfn != mm_block_start(cc->migrate_pfn))
		return MM_COMPACT_CONTINUE;
	return has_block(machine, cc) ? MM_COMPACT_SUCCESS : MM_COMPACT_CONTINUE;
}

/* ---- a turn ---- */

static bool is_captured(const struct mm_machine *machine, const struct mm_compact_control *cc)
{
	return machine->current.capturing == cc && machine->current.captured != MM_NONE;
}

/* What was freed on the way waits on the CPU's list; where the scanner has left its block, no more. */
static void check_drain(struct mm_machine *machine, struct mm_compact_control *cc)
{
	uint32_t current;

	if (cc->order <= 0 || cc->last_migrated_pfn == 0)
		return;
	current = cc->migrate_pfn & ~(mm_block_pages((uint32_t)cc->order) - 1);
	if (cc->last_migrated_pfn >= current)
		return;
	mm_lru_add_drain(machine, cc->cpu);
	mm_drain_zone_cpu(machine, mm_compact_zone_of(machine, cc), cc->cpu);
	cc->last_migrated_pfn = 0;
}

/* Something could not be moved. true: the rest of the pageblock too, at once. */
static bool wants_rescan(const struct mm_machine *machine, struct mm_compact_control *cc)
{
	if (machine->settings.kernel < MM_KERNEL(6, 4)) {
		if (cc->direct && cc->mode == MM_MIGRATE_ASYNC && cc->migrate_pfn > 0) {
			uint32_t nr = mm_block_pages((uint32_t)cc->order);

			cc->migrate_pfn = ((cc->migrate_pfn - 1) & ~(nr - 1)) + nr;
			cc->last_migrated_pfn = 0;
		}
		return false;
	}
	if (cc->migrate_pfn == mm_block_start(cc->migrate_pfn) || cc->ignore_skip_hint ||
	    cc->finish_pageblock || cc->mode == MM_MIGRATE_SYNC)
		return false;
	cc->finish_pageblock = true;
	if (cc->order == MM_COMPACT_HPAGE_ORDER)
		cc->last_migrated_pfn = 0;
	return true;
}

/* Takes pages and moves them. false: that is the end of it. *moved: there were any. */
static bool migrate_block(struct mm_machine *machine, struct mm_compact_control *cc, bool *moved)
{
	const struct mm_zone *zone = &machine->zones[cc->zone];
	bool is_old = machine->settings.kernel < MM_KERNEL(6, 4);
	uint32_t begin = cc->migrate_pfn;

	*moved = false;
	for (;;) {
		enum mm_migrate outcome;

		if (mm_isolate_migratepages(machine, cc) == MM_ISOLATE_NONE) {
			struct mm_zone_compact *compact = &machine->zones[cc->zone].compact;

			if (cc->update_cached)
				compact->migrate_pfn[1] = compact->migrate_pfn[0];
			*moved = false;
			return true;
		}
		cc->update_cached = false;
		cc->last_migrated_pfn = is_old ? begin : mm_block_start(cc->migrate_pfn - 1);
		if (cc->last_migrated_pfn < zone->start_pfn)
			cc->last_migrated_pfn = zone->start_pfn;
		outcome = mm_migrate_pages(machine, cc);
		*moved = true;
		cc->nr_migratepages = 0;
		if (outcome == MM_MIGRATE_ALL)
			return true;
		mm_putback_movable_pages(machine, &cc->migratepages);
		if (!mm_scanners_met(cc))
			return false;
		if (!wants_rescan(machine, cc))
			return true;
	}
}

enum mm_compact_result mm_compact_turn(struct mm_machine *machine, struct mm_compact_control *cc)
{
	enum mm_compact_result result = compact_finished(machine, cc);
	bool is_old = machine->settings.kernel < MM_KERNEL(6, 4);
	bool in_fault = machine->current.in_fault, goes_on, moved;

	if (result != MM_COMPACT_CONTINUE)
		return result;
	/* What comes to the lists here is not what the task wanted. */
	machine->current.in_fault = false;
	cc->finish_pageblock =
		mm_block_start(cc->last_migrated_pfn) == mm_block_start(cc->migrate_pfn);
	goes_on = migrate_block(machine, cc, &moved);
	machine->current.in_fault = in_fault;
	if (!goes_on)
		return MM_COMPACT_CONTENDED;
	if (!is_old && moved && is_captured(machine, cc))
		return MM_COMPACT_SUCCESS;
	check_drain(machine, cc);
	return is_old && is_captured(machine, cc) ? MM_COMPACT_SUCCESS : MM_COMPACT_CONTINUE;
}

void mm_compact_end(struct mm_machine *machine, struct mm_compact_control *cc)
{
	mm_release_freepages(machine, cc);
	mm_count(machine, MM_COMPACTMIGRATE_SCANNED, cc->total_migrate_scanned);
	mm_count(machine, MM_COMPACTFREE_SCANNED, cc->total_free_scanned);
}

/* ---- for a request ---- */

/* Others may run while the task waits; what they free is not for it. */
static void pass_time(struct mm_machine *machine, const struct mm_compact_control *cc)
{
	const struct mm_compact_control *capturing = machine->current.capturing;

	if (!machine->hooks.compact_turn)
		return;
	machine->current.capturing = NULL;
	machine->hooks.compact_turn(machine->hooks.data, cc);
	machine->current.capturing = capturing;
}

enum mm_compact_result mm_compact_zone(struct mm_machine *machine, struct mm_compact_control *cc,
                                       const struct mm_request *request)
{
	const struct mm_hooks *hooks = &machine->hooks;
	enum mm_compact_result result = mm_compact_begin(machine, cc);

	if (result != MM_COMPACT_CONTINUE)
		return result;
	if (hooks->compact_begin)
		hooks->compact_begin(hooks->data, cc, request);
	machine->current.capturing = cc->direct ? cc : NULL;
	machine->current.captured = MM_NONE;
	while (result == MM_COMPACT_CONTINUE) {
		result = mm_compact_turn(machine, cc);
		pass_time(machine, cc);
	}
	mm_compact_end(machine, cc);
	machine->current.capturing = NULL;
	if (machine->current.captured != MM_NONE)
		result = MM_COMPACT_SUCCESS;
	if (hooks->compact_end)
		hooks->compact_end(hooks->data, cc, request, result);
	return result;
}

static enum mm_compact_result compact_zone_order(struct mm_machine *machine, uint8_t zone,
                                                 const struct mm_alloc_context *ac,
                                                 uint32_t alloc_flags,
                                                 enum mm_compact_priority priority)
{
	struct mm_compact_control cc = {
		.order = (int8_t)ac->order,
		.search_order = (int16_t)ac->order,
		.gfp_flags = ac->gfp_flags,
		.zone = zone,
		.cpu = ac->cpu,
		.mode = priority == MM_COMPACT_PRIO_ASYNC ? MM_MIGRATE_ASYNC
		                                          : MM_MIGRATE_SYNC_LIGHT,
		.alloc_flags = alloc_flags,
		.highest_zoneidx = ac->highest_zoneidx,
		.direct = true,
		.whole_zone = priority == MM_COMPACT_PRIO_SYNC_FULL,
		.ignore_skip_hint = priority == MM_COMPACT_PRIO_SYNC_FULL,
		.ignore_block_suitable = priority == MM_COMPACT_PRIO_SYNC_FULL,
	};

	return mm_compact_zone(machine, &cc, ac->request);
}

/* A captured block is in machine->current.captured. */
static enum mm_compact_result try_to_compact_pages(struct mm_machine *machine,
                                                   const struct mm_alloc_context *ac,
                                                   uint32_t alloc_flags,
                                                   enum mm_compact_priority priority)
{
	const struct mm_zonelist *list = mm_zonelist_of(machine, ac->cpu);
	enum mm_compact_result result = MM_COMPACT_SKIPPED;
	int node = -1;

	for (uint32_t i = 0; i < list->nr; i++) {
		struct mm_zone *zone = &machine->zones[list->zones[i]];
		enum mm_compact_result status;

		if (zone->type > ac->highest_zoneidx)
			continue;
		node = node < 0 ? zone->node : node;
		if ((ac->gfp_flags & MM_GFP_THISNODE) && zone->node != node)
			continue;
		if (priority > MM_COMPACT_PRIO_SYNC_FULL &&
		    mm_compaction_deferred(zone, ac->order)) {
			result = result > MM_COMPACT_DEFERRED ? result : MM_COMPACT_DEFERRED;
			continue;
		}
		status = compact_zone_order(machine, zone->index, ac, alloc_flags, priority);
		result = status > result ? status : result;
		if (status == MM_COMPACT_SUCCESS) {
			mm_compaction_defer_reset(zone, ac->order, false);
			break;
		}
		if (priority != MM_COMPACT_PRIO_ASYNC &&
		    (status == MM_COMPACT_COMPLETE || status == MM_COMPACT_PARTIAL_SKIPPED))
			mm_defer_compaction(zone, ac->order);
	}
	return result;
}

uint32_t mm_direct_compact(struct mm_machine *machine, const struct mm_alloc_context *ac,
                           uint32_t alloc_flags, enum mm_compact_priority priority,
                           enum mm_compact_result *result)
{
	uint32_t pfn;

	if (ac->order == 0)
		return MM_NONE;
	*result = MM_COMPACT_SKIPPED;
	if (!(ac->gfp_flags & MM_GFP_IO) || !machine->policy)
		return MM_NONE;
	machine->current.captured = MM_NONE;
	*result = try_to_compact_pages(machine, ac, alloc_flags, priority);
	if (*result == MM_COMPACT_SKIPPED)
		return MM_NONE;
	mm_count(machine, MM_COMPACTSTALL, 1);
	pfn = machine->current.captured;
	if (pfn != MM_NONE) {
		/* pgalloc counts what comes from the lists only. */
		mm_prep_block(machine, pfn, ac->order);
	} else {
		pfn = mm_get_page_from_freelist(machine, ac, alloc_flags);
	}
	if (pfn == MM_NONE) {
		mm_count(machine, MM_COMPACTFAIL, 1);
		return MM_NONE;
	}
	mm_page_zone(machine, pfn)->compact.blockskip_flush = false;
	mm_compaction_defer_reset(mm_page_zone(machine, pfn), ac->order, true);
	mm_count(machine, MM_COMPACTSUCCESS, 1);
	return pfn;
}
