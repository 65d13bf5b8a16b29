/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kswapd: keeps each node's zones above their high watermarks, beside the tasks.
 *
 *	SLEEP --woken below high--> BALANCE --balanced--> NAP (HZ/10) --still balanced--> SLEEP
 *	                               ^------------- woken, or no longer balanced
 *
 * BALANCE is balance_pgdat() cut into steps of one batch per type, so that simulated time can pass between
 * them: rounds of decreasing priority until any zone that the waker could use is above high, or
 * priority 1 is over. A run that reclaims nothing is a failure; after 16 in a row kswapd stays asleep until
 * somebody else makes progress. With a watermark boost it also reclaims the boost, more gently (no
 * writing, no swap, not below priority 10).
 *
 * Follows kswapd(), kswapd_try_to_sleep(), prepare_kswapd_sleep(), balance_pgdat(),
 * kswapd_shrink_node(), wakeup_kswapd(), pgdat_balanced() of v6.12.
 *
 * Not modelled: that waiting for writes ends after HZ/10 whatever was written.
 */
#include "internal.h"
#include "kswapd.h"

bool mm_pgdat_balanced(const struct mm_node *node, uint32_t order, uint32_t highest_zoneidx)
{
	const struct mm_machine *machine = node->machine;
	bool any = false;

	for (uint32_t i = 0; i < node->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[node->zones[i]];

		if (zone->managed == 0 || zone->type > highest_zoneidx)
			continue;
		any = true;
		if (mm_zone_watermark_ok(zone, order, mm_wmark_pages(zone, MM_WMARK_HIGH),
		                         highest_zoneidx, 0, zone->free_pages))
			return true;
	}
	return !any;
}

static bool boosted(const struct mm_node *node, uint32_t highest_zoneidx)
{
	for (uint32_t i = 0; i < node->nr_zones; i++) {
		const struct mm_zone *zone = &node->machine->zones[node->zones[i]];

		if (zone->type <= highest_zoneidx && zone->boost > 0)
			return true;
	}
	return false;
}

/* Who is woken from a nap goes on with what the last run was for, too. */
static void rise(struct mm_machine *machine, struct mm_kswapd *kswapd)
{
	if (kswapd->state == MM_KSWAPD_NAP) {
		mm_count(machine, MM_KSWAPD_LOW_HIT_QUICKLY, 1);
		if (kswapd->order < kswapd->reclaim_order)
			kswapd->order = kswapd->reclaim_order;
	}
	kswapd->state = MM_KSWAPD_BALANCE;
}

void mm_wakeup_kswapd(struct mm_machine *machine, const struct mm_zone *zone, uint32_t gfp_flags,
                      uint32_t order, uint8_t highest_zoneidx)
{
	struct mm_node *node = &machine->nodes[zone->node];
	struct mm_kswapd *kswapd = &node->kswapd;

	if (zone->managed == 0 || machine->building || !machine->policy)
		return;
	if (!kswapd->asked || kswapd->highest_zoneidx < highest_zoneidx)
		kswapd->highest_zoneidx = highest_zoneidx;
	kswapd->asked = true;
	if (kswapd->order < order)
		kswapd->order = (uint8_t)order;
	if (kswapd->state == MM_KSWAPD_BALANCE)
		return;
	if (kswapd->failures >= MM_MAX_FAILURES ||
	    (mm_pgdat_balanced(node, order, highest_zoneidx) && !boosted(node, highest_zoneidx))) {
		/* There is enough, or no more to be had: what lacks is blocks. */
		if (!(gfp_flags & MM_GFP_DIRECT_RECLAIM))
			mm_wakeup_kcompactd(node, order, highest_zoneidx);
		return;
	}
	rise(machine, kswapd);
}

void mm_rouse_kswapd(struct mm_node *node)
{
	struct mm_kswapd *kswapd = &node->kswapd;

	if (kswapd->state == MM_KSWAPD_BALANCE)
		return;
	if (!kswapd->asked || kswapd->highest_zoneidx > MM_ZONE_NORMAL)
		kswapd->highest_zoneidx = MM_ZONE_NORMAL;
	kswapd->asked = true;
	rise(node->machine, kswapd);
}

/* What is asked for from now on is for the next run. */
static void take_request(struct mm_kswapd *kswapd)
{
	if (kswapd->taken)
		return;
	if (kswapd->asked)
		kswapd->run_zoneidx = kswapd->highest_zoneidx;
	kswapd->alloc_order = kswapd->order;
	kswapd->order = 0;
	kswapd->asked = false;
	kswapd->taken = true;
}

uint8_t mm_kswapd_asked_zoneidx(const struct mm_machine *machine, uint32_t n)
{
	const struct mm_kswapd *kswapd = &machine->nodes[n].kswapd;

	return kswapd->asked ? kswapd->highest_zoneidx : MM_NR_ZONE_TYPES;
}

void mm_kswapd_take_request(struct mm_machine *machine, uint32_t n)
{
	struct mm_kswapd *kswapd = &machine->nodes[n].kswapd;

	if (kswapd->state == MM_KSWAPD_BALANCE && !kswapd->running)
		take_request(kswapd);
}

static void begin_run(struct mm_node *node)
{
	struct mm_machine *machine = node->machine;
	struct mm_kswapd *kswapd = &node->kswapd;

	take_request(kswapd);
	kswapd->taken = false;
	kswapd->running = true;
	kswapd->boost_left = 0;
	mm_count(machine, MM_PAGEOUTRUN, 1);
	for (uint32_t i = 0; i < node->nr_zones; i++) {
		struct mm_zone *zone = &machine->zones[node->zones[i]];

		kswapd->boosts[i] = zone->type <= kswapd->run_zoneidx ? zone->boost : 0;
		kswapd->boost_left += kswapd->boosts[i];
		if (zone->type <= kswapd->run_zoneidx)
			zone->flags |= MM_ZONE_RECLAIM_ACTIVE;
	}
	kswapd->boosted = kswapd->boost_left > 0;
	kswapd->sc = (struct mm_scan_control){
		.gfp_flags = MM_GFP_KERNEL,
		.node = node->id,
		.cpu = kswapd->cpu,
		.order = kswapd->alloc_order,
		.reclaim_idx = kswapd->run_zoneidx,
		.priority = MM_DEF_PRIORITY,
		.kswapd = true,
	};
	if (machine->hooks.kswapd_begin)
		machine->hooks.kswapd_begin(machine->hooks.data, node);
}

/* Asleep if all is well, else on to the next run. */
static void try_to_sleep(struct mm_node *node)
{
	struct mm_kswapd *kswapd = &node->kswapd;

	if (kswapd->failures >= MM_MAX_FAILURES ||
	    mm_pgdat_balanced(node, kswapd->reclaim_order, kswapd->run_zoneidx)) {
		node->many_dirty = node->many_writeback = node->congested = false;
		kswapd->state = MM_KSWAPD_NAP;
		return;
	}
	mm_count(node->machine, MM_KSWAPD_HIGH_HIT_QUICKLY, 1);
	kswapd->state = MM_KSWAPD_BALANCE;
}

/*
 * Where it got what it was woken for, what was asked for meanwhile decides whether it may sleep; where it gave up the
 * order, single pages do, and kcompactd makes the block.
 */
static void note_reached(struct mm_kswapd *kswapd)
{
	kswapd->reclaim_order = kswapd->sc.order;
	if (kswapd->reclaim_order < kswapd->alloc_order)
		return;
	kswapd->alloc_order = kswapd->reclaim_order = kswapd->order;
	if (kswapd->asked)
		kswapd->run_zoneidx = kswapd->highest_zoneidx;
}

static void end_run(struct mm_node *node)
{
	struct mm_machine *machine = node->machine;
	struct mm_kswapd *kswapd = &node->kswapd;

	kswapd->running = false;
	for (uint32_t i = 0; i < node->nr_zones; i++) {
		struct mm_zone *zone = &machine->zones[node->zones[i]];

		zone->flags &= (uint8_t)~MM_ZONE_RECLAIM_ACTIVE;
		zone->boost -= zone->boost < kswapd->boosts[i] ? zone->boost : kswapd->boosts[i];
	}
	if (kswapd->boosted)
		mm_wakeup_kcompactd(node, MM_PAGEBLOCK_ORDER, kswapd->run_zoneidx);
	kswapd->rounds++;
	mm_snapshot_refaults(node);
	if (machine->hooks.kswapd_end)
		machine->hooks.kswapd_end(machine->hooks.data, node);
	note_reached(kswapd);
	try_to_sleep(node);
	if (kswapd->state != MM_KSWAPD_NAP)
		return;
	mm_reset_isolation_suitable(node);
	mm_wakeup_kcompactd(node, kswapd->alloc_order, kswapd->run_zoneidx);
}

/* false: the run is over. */
static bool begin_round(struct mm_node *node)
{
	struct mm_machine *machine = node->machine;
	struct mm_kswapd *kswapd = &node->kswapd;
	struct mm_scan_control *sc = &kswapd->sc;
	bool balanced = mm_pgdat_balanced(node, sc->order, kswapd->run_zoneidx);

	if (!balanced && kswapd->boost_left > 0) {
		kswapd->boost_left = 0;
		sc->priority = MM_DEF_PRIORITY;
	}
	if (balanced && kswapd->boost_left == 0)
		return false;
	sc->may_writepage = kswapd->boost_left == 0 || sc->priority < MM_DEF_PRIORITY - 2;
	sc->may_swap = kswapd->boost_left == 0;
	if (machine->policy->age)
		machine->policy->age(node, sc);
	kswapd->scanned_before = sc->nr_scanned;
	kswapd->nr_reclaimed_before = sc->nr_reclaimed;
	sc->nr_to_reclaim = 0;
	for (uint32_t i = 0; i < node->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[node->zones[i]];
		uint64_t high = mm_wmark_pages(zone, MM_WMARK_HIGH);

		if (zone->managed > 0 && zone->type <= kswapd->run_zoneidx)
			sc->nr_to_reclaim += high > MM_SWAP_CLUSTER ? high : MM_SWAP_CLUSTER;
	}
	mm_shrink_begin(node, sc, &kswapd->pass);
	kswapd->in_pass = true;
	return true;
}

/* false: the run is over. */
static bool end_round(struct mm_node *node)
{
	struct mm_kswapd *kswapd = &node->kswapd;
	struct mm_scan_control *sc = &kswapd->sc;
	uint64_t got = sc->nr_reclaimed - kswapd->nr_reclaimed_before;
	uint64_t scanned = sc->nr_scanned - kswapd->scanned_before;
	bool by_got = node->machine->settings.kernel >= MM_KERNEL(6, 8);
	bool raise = (by_got && got > scanned ? got : scanned) < sc->nr_to_reclaim;

	kswapd->in_pass = false;
	kswapd->rounds++;
	if (sc->order > 0 && sc->nr_reclaimed >= mm_compact_gap(sc->order))
		sc->order = 0;
	if (kswapd->boost_left > 0 && sc->priority == MM_DEF_PRIORITY - 2)
		raise = false;
	kswapd->boost_left -= got < kswapd->boost_left ? got : kswapd->boost_left;
	if (kswapd->boost_left > 0 && got == 0) {
		kswapd->failures += sc->nr_reclaimed == 0;
		return false;
	}
	if (raise || got == 0)
		sc->priority--;
	if (sc->priority >= 1)
		return true;
	/* Once more, and not only what nobody comes back for. */
	if (sc->nr_reclaimed == 0 && sc->cache_trim_mode_failed && !sc->no_cache_trim_mode &&
	    node->machine->settings.kernel >= MM_KERNEL(6, 10)) {
		sc->no_cache_trim_mode = true;
		sc->priority = MM_DEF_PRIORITY;
		return true;
	}
	if (sc->nr_reclaimed == 0)
		kswapd->failures++;
	return false;
}

/* After a pass: the next one, of the same round or another. false: the run is over. */
static bool next_pass(struct mm_node *node)
{
	struct mm_kswapd *kswapd = &node->kswapd;
	struct mm_scan_control *sc = &kswapd->sc;
	uint64_t got;

	mm_shrink_slab(node, sc);
	got = sc->nr_reclaimed - kswapd->pass.nr_reclaimed;
	mm_note_pass(node, sc);
	if (mm_should_continue_reclaim(node, sc, got)) {
		mm_shrink_begin(node, sc, &kswapd->pass);
		return true;
	}
	if (got == 0 && sc->cache_trim_mode)
		sc->cache_trim_mode_failed = true;
	return end_round(node);
}

const struct mm_scan_control *mm_kswapd_scan_control(const struct mm_machine *machine, uint32_t n)
{
	return &machine->nodes[n].kswapd.sc;
}

void mm_kswapd_set_write_cpu(struct mm_machine *machine, uint32_t n, uint16_t cpu)
{
	machine->nodes[n].kswapd.write_cpu = cpu;
}

bool mm_kswapd_runnable(const struct mm_machine *machine, uint32_t n)
{
	return machine->nodes[n].kswapd.state == MM_KSWAPD_BALANCE;
}

enum mm_kswapd_result mm_kswapd_step(struct mm_machine *machine, uint32_t n)
{
	struct mm_node *node = &machine->nodes[n];
	struct mm_kswapd *kswapd = &node->kswapd;

	if (kswapd->state != MM_KSWAPD_BALANCE)
		return kswapd->state == MM_KSWAPD_NAP ? MM_KSWAPD_NAPPING : MM_KSWAPD_IDLE;
	if (mm_swap_writes_full(machine, kswapd->write_cpu) ||
	    (machine->nr_written < kswapd->wait_written && machine->writeback.count > 0))
		return MM_KSWAPD_BLOCKED;
	if (!kswapd->running)
		begin_run(node);
	if (!kswapd->in_pass && !begin_round(node)) {
		end_run(node);
		return kswapd->state == MM_KSWAPD_NAP ? MM_KSWAPD_NAPPING : MM_KSWAPD_WORKED;
	}
	if (!mm_shrink_step(node, &kswapd->sc, &kswapd->pass) && !next_pass(node))
		end_run(node);
	return kswapd->state == MM_KSWAPD_NAP ? MM_KSWAPD_NAPPING : MM_KSWAPD_WORKED;
}

void mm_kswapd_nap_over(struct mm_machine *machine, uint32_t n)
{
	struct mm_node *node = &machine->nodes[n];
	struct mm_kswapd *kswapd = &node->kswapd;

	if (kswapd->state != MM_KSWAPD_NAP)
		return;
	try_to_sleep(node);
	if (kswapd->state == MM_KSWAPD_NAP)
		kswapd->state = MM_KSWAPD_SLEEP;
}
