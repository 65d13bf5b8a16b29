/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reclaim: passes over the lists, and the task that has to do it itself because its allocation failed.
 *
 * A pass takes what vmscan_count.c allots to each type in batches of 32, in turn, and stops early when the
 * goal is reached (keeping the proportion between the types), except for the first pass of direct
 * reclaim. Direct reclaim wants 32 pages and lowers the priority from 12 to 0 until it has them, twice.
 *
 * Follows shrink_lruvec(), shrink_inactive_list(), do_try_to_free_pages(), shrink_zones(),
 * should_continue_reclaim(), compaction_ready(), consider_reclaim_throttle(), throttle_direct_reclaim(),
 * too_many_isolated() of v6.12 and v6.1.
 *
 * Where half of the min watermarks is used up it waits for kswapd first.
 *
 * Not modelled: memcgs; that kernel threads never wait for kswapd (a request does not tell).
 */
#include "internal.h"

#define MAX_PFMEMALLOC_WAIT_NS UINT64_C(1000000000)
/* kswapd that does not come so far in that time never will. */
#define FOREVER_NS (10 * MAX_PFMEMALLOC_WAIT_NS)

uint64_t mm_zone_reclaimable_pages(const struct mm_machine *machine, const struct mm_zone *zone)
{
	uint64_t pages = zone->nr_lru[MM_LRU_FILE];

	if (machine->swap.nr_used < machine->swap.nr_slots)
		pages += zone->nr_lru[MM_LRU_ANON];
	return pages > 0 || zone->free_pages < 0 ? pages : (uint64_t)zone->free_pages;
}

void mm_shrink_begin(struct mm_node *node, struct mm_scan_control *sc, struct mm_scan_pass *pass)
{
	sc->nr = (struct mm_scan_stat){ 0 };
	if (node->machine->policy->shrink_begin) {
		node->machine->policy->shrink_begin(node, sc, pass);
		return;
	}
	mm_get_scan_count(node, sc, pass->nr);
	memcpy(pass->targets, pass->nr, sizeof(pass->targets));
	pass->nr_reclaimed = sc->nr_reclaimed;
	pass->proportional = !sc->kswapd && sc->priority == MM_DEF_PRIORITY;
}

static void throttle(struct mm_machine *machine, const struct mm_scan_control *sc,
                     enum mm_throttle reason)
{
	if (machine->hooks.throttle)
		machine->hooks.throttle(machine->hooks.data, sc, reason);
	else
		mm_end_writeback(machine, machine->writeback.count);
}

static uint64_t inactive_pages(const struct mm_node *node, enum mm_lru_type type)
{
	const struct mm_policy_ops *policy = node->machine->policy;

	return node->nr_lru[type] - (policy->nr_active ? policy->nr_active(node, type) : 0);
}

/* Others have taken more pages off their lists than there are left. */
static bool too_many_isolated(const struct mm_node *node, const struct mm_scan_control *sc,
                              enum mm_lru_type type)
{
	const uint32_t both = MM_GFP_IO | MM_GFP_FS;
	uint64_t inactive = inactive_pages(node, type);

	if ((sc->gfp_flags & both) == both)
		inactive >>= 3;
	return !sc->kswapd && node->nr_isolated[type] > inactive;
}

void mm_count_reclaimed(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
                        uint64_t nr_scanned, uint64_t nr_freed)
{
	struct mm_machine *machine = node->machine;

	sc->nr_reclaimed += nr_freed;
	sc->told.nr_scanned += nr_scanned;
	sc->told.nr_reclaimed += nr_freed;
	mm_count(machine, sc->kswapd ? MM_PGSTEAL_KSWAPD : MM_PGSTEAL_DIRECT, nr_freed);
	mm_count(machine, type == MM_LRU_ANON ? MM_PGSTEAL_ANON : MM_PGSTEAL_FILE, nr_freed);
	if (nr_freed > 0)
		node->kswapd.failures = 0;
}

uint64_t mm_shrink_list(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
                        uint32_t nr_to_scan)
{
	struct mm_machine *machine = node->machine;
	uint64_t scanned = sc->nr_scanned, written, freed;
	uint32_t taken = 0, unqueued;
	struct mm_batch batch = { .nr = 0 };

	if (too_many_isolated(node, sc, type)) {
		throttle(machine, sc, MM_THROTTLE_ISOLATED);
		if (too_many_isolated(node, sc, type))
			return 0;
	}
	mm_lru_add_drain(machine, sc->cpu);
	machine->policy->isolate(node, sc, type, nr_to_scan, &batch);
	scanned = sc->nr_scanned - scanned + batch.nr_skipped;
	mm_count(machine, sc->kswapd ? MM_PGSCAN_KSWAPD : MM_PGSCAN_DIRECT, scanned);
	mm_count(machine, type == MM_LRU_ANON ? MM_PGSCAN_ANON : MM_PGSCAN_FILE, scanned);
	if (batch.nr == 0 && scanned == batch.nr_skipped)
		return 0;
	for (uint32_t i = 0; i < batch.nr; i++)
		taken += mm_block_pages(machine->pages[batch.pfns[i]].order);
	unqueued = sc->nr.unqueued_dirty;
	freed = mm_shrink_batch(node, sc, &batch, &written);
	sc->nr.taken += taken;
	sc->nr.file_taken += type == MM_LRU_FILE ? taken : 0;
	if (taken > 0 && sc->nr.unqueued_dirty - unqueued == taken)
		mm_wake_flushers(machine);
	mm_count_reclaimed(node, sc, type, scanned, freed);
	mm_note_cost(node, type, written, scanned > freed ? scanned - freed : 0);
	return freed;
}

/* Enough of one type: scan the other as far as the proportion asks, then stop. */
static void adjust_targets(struct mm_scan_pass *pass)
{
	enum mm_lru_type less =
		pass->nr[MM_LRU_FILE] > pass->nr[MM_LRU_ANON] ? MM_LRU_ANON : MM_LRU_FILE;
	enum mm_lru_type more = less == MM_LRU_ANON ? MM_LRU_FILE : MM_LRU_ANON;
	uint64_t percent = (uint64_t)pass->nr[less] * 100 / (pass->targets[less] + UINT64_C(1));
	uint32_t done = pass->targets[more] - pass->nr[more];
	uint32_t goal = (uint32_t)(pass->targets[more] * (100 - percent) / 100);

	pass->nr[less] = 0;
	pass->nr[more] = goal > done ? goal - done : 0;
}

bool mm_shrink_step(struct mm_node *node, struct mm_scan_control *sc, struct mm_scan_pass *pass)
{
	if (node->machine->policy->shrink_step)
		return node->machine->policy->shrink_step(node, sc, pass);
	for (uint32_t type = 0; type < MM_NR_LRU_TYPES; type++) {
		uint32_t nr = pass->nr[type] < MM_SWAP_CLUSTER ? pass->nr[type] : MM_SWAP_CLUSTER;

		pass->nr[type] -= nr;
		if (nr > 0)
			mm_shrink_list(node, sc, (enum mm_lru_type)type, nr);
	}
	if (pass->nr[MM_LRU_ANON] == 0 && pass->nr[MM_LRU_FILE] == 0)
		return false;
	if (sc->nr_reclaimed - pass->nr_reclaimed < sc->nr_to_reclaim || pass->proportional)
		return true;
	if (pass->nr[MM_LRU_ANON] == 0 || pass->nr[MM_LRU_FILE] == 0)
		return false;
	adjust_targets(pass);
	return pass->nr[MM_LRU_ANON] > 0 || pass->nr[MM_LRU_FILE] > 0;
}

/* ---- after a pass ---- */

void mm_note_pass(struct mm_node *node, struct mm_scan_control *sc)
{
	const struct mm_scan_stat *nr = &sc->nr;

	/* A policy with shadows of its own is MGLRU, which does without. */
	if (node->machine->policy->eviction)
		return;
	if (sc->kswapd) {
		if (nr->writeback > 0 && nr->writeback == nr->taken)
			node->many_writeback = true;
		/* Also where it met no file pages at all. */
		if (nr->unqueued_dirty == nr->file_taken)
			node->many_dirty = true;
		if (nr->immediate > 0)
			node->kswapd.wait_written = node->machine->nr_written + MM_SWAP_CLUSTER + 1;
		if (nr->dirty > 0 && nr->dirty == nr->congested)
			node->congested = true;
	}
}

/* The allocation would succeed as it is. Before 6.5 a part of compaction_suitable(). */
static bool has_block(const struct mm_zone *zone, const struct mm_scan_control *sc)
{
	return mm_zone_watermark_ok(zone, sc->order, mm_wmark_pages(zone, MM_WMARK_MIN),
	                            sc->reclaim_idx, 0, zone->free_pages);
}

bool mm_should_continue_reclaim(const struct mm_node *node, const struct mm_scan_control *sc,
                                uint64_t nr_reclaimed)
{
	const struct mm_machine *machine = node->machine;
	uint64_t inactive = inactive_pages(node, MM_LRU_FILE);

	if (!(sc->gfp_flags & MM_GFP_IO) || sc->order == 0 ||
	    (machine->policy->eviction && machine->settings.kernel >= MM_KERNEL(6, 3)) ||
	    (sc->order <= MM_COSTLY_ORDER && sc->priority >= MM_DEF_PRIORITY - 2))
		return false;
	if (nr_reclaimed == 0)
		return false;
	for (uint32_t i = 0; i < node->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[node->zones[i]];

		if (zone->managed > 0 && zone->type <= sc->reclaim_idx &&
		    (has_block(zone, sc) ||
		     mm_compaction_suitable(machine, zone, sc->order, sc->reclaim_idx)))
			return false;
	}
	if (machine->swap.nr_used < machine->swap.nr_slots)
		inactive += inactive_pages(node, MM_LRU_ANON);
	return inactive > mm_compact_gap(sc->order);
}

/* ---- direct reclaim ---- */

/* Waiting makes no sense where kswapd has given up, or writes are not what is in the way. */
static bool skip_throttle(const struct mm_machine *machine, const struct mm_node *node)
{
	uint64_t reclaimable = 0;

	for (uint32_t i = 0; i < node->nr_zones; i++)
		reclaimable += mm_zone_reclaimable_pages(machine, &machine->zones[node->zones[i]]);
	return node->kswapd.failures >= MM_MAX_FAILURES ||
	       2 * (machine->nr_dirty + machine->nr_writeback) <= reclaimable;
}

/* The device takes nothing more before enough of what is in its queue is done (blk_mq_get_tag()). */
void mm_wait_for_queue(struct mm_machine *machine, const struct mm_scan_control *sc)
{
	uint16_t cpu = mm_write_cpu(machine, sc);

	for (uint32_t i = 0; i < MM_MAX_WRITES && mm_swap_writes_full(machine, cpu); i++)
		throttle(machine, sc, MM_THROTTLE_WRITEBACK);
}

static void shrink_lruvec(struct mm_machine *machine, struct mm_node *node,
                          struct mm_scan_control *sc)
{
	struct mm_scan_pass pass;
	bool more = true;

	mm_shrink_begin(node, sc, &pass);
	while (more) {
		more = mm_shrink_step(node, sc, &pass);
		if (machine->hooks.direct_reclaim_batch)
			machine->hooks.direct_reclaim_batch(machine->hooks.data, sc);
		mm_wait_for_queue(machine, sc);
	}
	mm_shrink_slab(node, sc);
}

static void shrink_node(struct mm_machine *machine, struct mm_node *node,
                        struct mm_scan_control *sc)
{
	uint64_t before;

	do {
		before = sc->nr_reclaimed;
		shrink_lruvec(machine, node, sc);
		mm_note_pass(node, sc);
		/* Without hooks no time passes in which writes could end. */
		if (!machine->hooks.throttle)
			mm_end_writeback(machine, machine->writeback.count);
		if (node->congested && !skip_throttle(machine, node))
			throttle(machine, sc, MM_THROTTLE_CONGESTED);
	} while (mm_should_continue_reclaim(node, sc, sc->nr_reclaimed - before));
}

/* A costly order needs compaction rather than more free pages in this zone. */
static bool compaction_ready(const struct mm_machine *machine, const struct mm_zone *zone,
                             const struct mm_scan_control *sc)
{
	uint64_t mark = mm_wmark_pages(zone, MM_WMARK_HIGH) + mm_compact_gap(sc->order);

	if (sc->order <= MM_COSTLY_ORDER || !(sc->gfp_flags & MM_GFP_IO))
		return false;
	if (has_block(zone, sc))
		return true;
	return mm_compaction_suitable(machine, zone, sc->order, sc->reclaim_idx) &&
	       mm_zone_watermark_ok(zone, 0, mark, sc->reclaim_idx, 0, zone->free_pages);
}

/*
 * Each node once, for the first of its zones where compaction cannot go on: so a zone that is too small for that, like
 * ZONE_DMA, has a little reclaimed of all others. true: in some zone compaction could go on.
 */
static bool shrink_zones(struct mm_machine *machine, struct mm_scan_control *sc)
{
	const struct mm_zonelist *list = mm_zonelist_of(machine, sc->cpu);
	const struct mm_node *first = NULL;
	uint32_t done = 0;
	bool ready = false;

	for (uint32_t i = 0; i < list->nr; i++) {
		const struct mm_zone *zone = &machine->zones[list->zones[i]];
		struct mm_node *node = &machine->nodes[zone->node];

		if (zone->type > sc->reclaim_idx || zone->managed == 0)
			continue;
		if (compaction_ready(machine, zone, sc)) {
			ready = true;
			continue;
		}
		if (done >> zone->node & 1)
			continue;
		done |= 1u << zone->node;
		first = first ? first : node;
		shrink_node(machine, node, sc);
	}
	if (first && sc->priority == 1 && sc->nr_reclaimed == 0 && !skip_throttle(machine, first))
		throttle(machine, sc, MM_THROTTLE_NOPROGRESS);
	return ready;
}

static uint64_t reclaim_round(struct mm_machine *machine, struct mm_scan_control *sc)
{
	mm_count(machine, mm_zone_item(MM_ALLOCSTALL_DMA, sc->reclaim_idx), 1);
	for (sc->priority = MM_DEF_PRIORITY; sc->priority >= 0; sc->priority--) {
		bool ready = shrink_zones(machine, sc);

		if (sc->nr_reclaimed >= sc->nr_to_reclaim)
			break;
		if (ready)
			return sc->nr_reclaimed > 0 ? sc->nr_reclaimed : 1;
		if (sc->priority < MM_DEF_PRIORITY - 2)
			sc->may_writepage = true;
	}
	for (uint32_t n = 0; n < machine->nr_nodes; n++)
		mm_snapshot_refaults(&machine->nodes[n]);
	return sc->nr_reclaimed;
}

/* Whether half of what the min watermarks keep back is left; if not, kswapd has to be awake. */
static bool allow_direct_reclaim(struct mm_machine *machine, struct mm_node *node)
{
	uint64_t reserve = 0;
	int64_t free_pages = 0;

	if (node->kswapd.failures >= MM_MAX_FAILURES)
		return true;
	for (uint32_t i = 0; i < node->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[node->zones[i]];

		if (zone->type > MM_ZONE_NORMAL || zone->managed == 0 ||
		    mm_zone_reclaimable_pages(machine, zone) == 0)
			continue;
		reserve += mm_wmark_pages(zone, MM_WMARK_MIN);
		free_pages += zone->free_pages;
	}
	if (reserve == 0 || free_pages > (int64_t)(reserve / 2))
		return true;
	mm_rouse_kswapd(node);
	return false;
}

static struct mm_node *first_node(struct mm_machine *machine, const struct mm_alloc_context *ac)
{
	const struct mm_zonelist *list = mm_zonelist_of(machine, ac->cpu);

	for (uint32_t i = 0; i < list->nr; i++) {
		const struct mm_zone *zone = &machine->zones[list->zones[i]];

		if (zone->type <= ac->highest_zoneidx && zone->type <= MM_ZONE_NORMAL)
			return &machine->nodes[zone->node];
	}
	return NULL;
}

/*
 * Reserves are low: the task waits until kswapd has filled them up, a second at most if it holds locks of a
 * file system. Kernel threads, which have no address space, may be those that pages wait for: they go on.
 */
static void throttle_direct_reclaim(struct mm_machine *machine, const struct mm_alloc_context *ac,
                                    const struct mm_scan_control *sc)
{
	struct mm_node *node = first_node(machine, ac);
	uint64_t until = mm_now_ns(machine) +
	                 (ac->gfp_flags & MM_GFP_FS ? FOREVER_NS : MAX_PFMEMALLOC_WAIT_NS);

	if (!node || ac->request->space == 0 || mm_space_is_killed(machine, ac->request->space) ||
	    allow_direct_reclaim(machine, node))
		return;
	mm_count(machine, MM_PGSCAN_DIRECT_THROTTLE, 1);
	while (machine->hooks.throttle && mm_now_ns(machine) < until) {
		uint32_t rounds = node->kswapd.rounds;
		uint64_t now = mm_now_ns(machine);

		throttle(machine, sc, MM_THROTTLE_PFMEMALLOC);
		/* It looks whether to wake anybody after each of its rounds. */
		if (node->kswapd.rounds != rounds && allow_direct_reclaim(machine, node))
			break;
		if (node->kswapd.rounds == rounds && mm_now_ns(machine) == now)
			break;
	}
}

uint64_t mm_try_to_free_pages(struct mm_machine *machine, const struct mm_alloc_context *ac)
{
	struct mm_scan_control sc = {
		.nr_to_reclaim = MM_SWAP_CLUSTER,
		.gfp_flags = ac->gfp_flags,
		.cpu = ac->cpu,
		.order = ac->order,
		.reclaim_idx = ac->highest_zoneidx,
		.may_swap = true,
		.may_writepage = true,
	};
	uint64_t progress;

	if (!machine->policy)
		return 0;
	throttle_direct_reclaim(machine, ac, &sc);
	machine->current.in_reclaim = true;
	if (machine->hooks.direct_reclaim_begin)
		machine->hooks.direct_reclaim_begin(machine->hooks.data, ac->request);
	progress = reclaim_round(machine, &sc);
	/* The kernel's second try is for memcgs that it passed over: without any, it is just a second one. */
	if (progress == 0 && machine->settings.kernel >= MM_KERNEL(6, 11))
		progress = reclaim_round(machine, &sc);
	if (progress == 0 && sc.skipped_deactivate) {
		sc.skipped_deactivate = false;
		sc.force_deactivate = true;
		progress = reclaim_round(machine, &sc);
	}
	if (machine->hooks.direct_reclaim_end)
		machine->hooks.direct_reclaim_end(machine->hooks.data, ac->request, &sc);
	machine->current.in_reclaim = false;
	return progress;
}
