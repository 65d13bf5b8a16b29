/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kcompactd: compacts a node beside the tasks, when kswapd has made room for a block that somebody wanted, and
 * of its own accord.
 *
 *	woken    each zone that the request could use, until a block of its order is free there; as
 *	         requests do, it stays away for a while from where it failed
 *	HZ/2     asleep so long (for ever with vm.compaction_proactiveness = 0), it does what was asked for in vain; else it looks at the node's fragmentation score: above the high mark it compacts
 *	         all zones down to the low one; after a run that did not lower the score it rests 64 times as long
 *
 * One control for all zones of a run: that it once began at a zone's start, or what its searches taught
 * it, holds for the next zone too.
 *
 * Follows kcompactd(), kcompactd_do_work(), wakeup_kcompactd(), compact_node(), compact_nodes() of v6.12 and
 * v6.1.
 *
 * Not modelled: a write to vm.compaction_proactiveness, which starts a run at once.
 */
#include "compaction.h"

#define PROACTIVE_RESTS 63 /* beyond the one that there always is */

static uint8_t top_zoneidx(const struct mm_node *node)
{
	return node->machine->zones[node->zones[node->nr_zones - 1]].type;
}

static bool node_suitable(const struct mm_node *node)
{
	const struct mm_machine *machine = node->machine;
	const struct mm_kcompactd *kcompactd = &node->kcompactd;

	for (uint32_t i = 0; i < node->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[node->zones[i]];

		if (zone->type <= kcompactd->highest_zoneidx && zone->managed > 0 &&
		    mm_compact_suit_order(machine, zone, kcompactd->max_order,
		                          kcompactd->highest_zoneidx,
		                          MM_WMARK_MIN) == MM_COMPACT_CONTINUE)
			return true;
	}
	return false;
}

void mm_wakeup_kcompactd(struct mm_node *node, uint32_t order, uint8_t highest_zoneidx)
{
	struct mm_kcompactd *kcompactd = &node->kcompactd;

	if (order == 0 || node->nr_zones == 0)
		return;
	if (!kcompactd->asked)
		kcompactd->highest_zoneidx = top_zoneidx(node);
	kcompactd->asked = true;
	if (kcompactd->max_order < order)
		kcompactd->max_order = (uint8_t)order;
	if (kcompactd->highest_zoneidx > highest_zoneidx)
		kcompactd->highest_zoneidx = highest_zoneidx;
	if (kcompactd->running || kcompactd->woken || !node_suitable(node))
		return;
	kcompactd->woken = true;
}

/* ---- a run ---- */

static void begin_work(struct mm_node *node)
{
	struct mm_kcompactd *kcompactd = &node->kcompactd;

	kcompactd->woken = false;
	kcompactd->running = true;
	kcompactd->in_zone = false;
	kcompactd->zone = 0;
	kcompactd->rests_left = 0;
	kcompactd->cc = (struct mm_compact_control){
		.order = (int8_t)kcompactd->max_order,
		.search_order = (int16_t)kcompactd->max_order,
		.highest_zoneidx = kcompactd->highest_zoneidx,
		.mode = MM_MIGRATE_SYNC_LIGHT,
		.gfp_flags = MM_GFP_KERNEL,
	};
	mm_count(node->machine, MM_KCOMPACTD_WAKE, 1);
}

static void begin_proactive(struct mm_node *node)
{
	struct mm_kcompactd *kcompactd = &node->kcompactd;

	kcompactd->running = true;
	kcompactd->in_zone = false;
	kcompactd->zone = 0;
	kcompactd->score = mm_fragmentation_score_node(node);
	kcompactd->cc = (struct mm_compact_control){
		.order = -1,
		.mode = MM_MIGRATE_SYNC_LIGHT,
		.gfp_flags = MM_GFP_KERNEL,
		.whole_zone = true,
		.ignore_skip_hint = true,
		.proactive = true,
	};
}

static void end_run(struct mm_node *node)
{
	struct mm_kcompactd *kcompactd = &node->kcompactd;

	kcompactd->running = false;
	if (kcompactd->cc.proactive) {
		if (mm_fragmentation_score_node(node) >= kcompactd->score)
			kcompactd->rests_left = PROACTIVE_RESTS;
		return;
	}
	if (kcompactd->max_order <= kcompactd->cc.order)
		kcompactd->max_order = 0;
	if (kcompactd->highest_zoneidx >= kcompactd->cc.highest_zoneidx)
		kcompactd->highest_zoneidx = top_zoneidx(node);
	/* What was asked for meanwhile. */
	kcompactd->woken = kcompactd->max_order > 0;
}

/* What a zone's run was worth. */
static void end_zone(struct mm_machine *machine, struct mm_kcompactd *kcompactd,
                     enum mm_compact_result result)
{
	struct mm_compact_control *cc = &kcompactd->cc;
	struct mm_zone *zone = &machine->zones[cc->zone];

	kcompactd->in_zone = false;
	kcompactd->zone++;
	if (!cc->proactive && result == MM_COMPACT_SUCCESS) {
		mm_compaction_defer_reset(zone, (uint32_t)cc->order, false);
	} else if (!cc->proactive &&
	           (result == MM_COMPACT_PARTIAL_SKIPPED || result == MM_COMPACT_COMPLETE)) {
		mm_drain_zone(machine, zone);
		mm_defer_compaction(zone, (uint32_t)cc->order);
	}
	if (cc->proactive && machine->settings.kernel < MM_KERNEL(6, 7))
		return;
	mm_count(machine, MM_KCOMPACTD_MIGRATE_SCANNED, cc->total_migrate_scanned);
	mm_count(machine, MM_KCOMPACTD_FREE_SCANNED, cc->total_free_scanned);
}

/* The next zone that is worth it. false: there is none. */
static bool next_zone(struct mm_node *node)
{
	struct mm_machine *machine = node->machine;
	struct mm_kcompactd *kcompactd = &node->kcompactd;
	struct mm_compact_control *cc = &kcompactd->cc;

	for (; kcompactd->zone < node->nr_zones; kcompactd->zone++) {
		struct mm_zone *zone = &machine->zones[node->zones[kcompactd->zone]];

		if (zone->managed == 0)
			continue;
		if (!cc->proactive &&
		    (zone->type > cc->highest_zoneidx ||
		     mm_compaction_deferred(zone, (uint32_t)cc->order) ||
		     mm_compact_suit_order(machine, zone, (uint32_t)cc->order, zone->type,
		                           MM_WMARK_MIN) != MM_COMPACT_CONTINUE))
			continue;
		cc->zone = zone->index;
		return true;
	}
	return false;
}

const struct mm_compact_control *mm_kcompactd_control(const struct mm_machine *machine, uint32_t n)
{
	return &machine->nodes[n].kcompactd.cc;
}

bool mm_kcompactd_is_running(const struct mm_machine *machine, uint32_t n)
{
	return machine->nodes[n].kcompactd.running;
}

bool mm_kcompactd_runnable(const struct mm_machine *machine, uint32_t n)
{
	return machine->nodes[n].kcompactd.woken || machine->nodes[n].kcompactd.running;
}

void mm_kcompactd_step(struct mm_machine *machine, uint32_t n, uint16_t cpu)
{
	struct mm_node *node = &machine->nodes[n];
	struct mm_kcompactd *kcompactd = &node->kcompactd;
	struct mm_compact_control *cc = &kcompactd->cc;
	const struct mm_hooks *hooks = &machine->hooks;
	enum mm_compact_result result;

	if (!kcompactd->running) {
		if (!kcompactd->woken)
			return;
		begin_work(node);
	}
	cc->cpu = cpu;
	if (!kcompactd->in_zone) {
		if (!next_zone(node)) {
			end_run(node);
			return;
		}
		result = mm_compact_begin(machine, cc);
		if (result != MM_COMPACT_CONTINUE) {
			end_zone(machine, kcompactd, result);
			return;
		}
		kcompactd->in_zone = true;
		if (hooks->compact_begin)
			hooks->compact_begin(hooks->data, cc, NULL);
	}
	result = mm_compact_turn(machine, cc);
	if (result == MM_COMPACT_CONTINUE)
		return;
	mm_compact_end(machine, cc);
	if (hooks->compact_end)
		hooks->compact_end(hooks->data, cc, NULL, result);
	end_zone(machine, kcompactd, result);
}

void mm_kcompactd_timeout(struct mm_machine *machine, uint32_t n)
{
	struct mm_node *node = &machine->nodes[n];
	struct mm_kcompactd *kcompactd = &node->kcompactd;

	if (mm_kcompactd_runnable(machine, n) || !machine->policy || machine->building ||
	    machine->settings.compaction_proactiveness == 0)
		return;
	if (kcompactd->rests_left > 0) {
		kcompactd->rests_left--;
		return;
	}
	/* Asked for when no zone was suitable, so nobody woke it: it sees it now. */
	if (kcompactd->max_order > 0)
		kcompactd->woken = true;
	else if (!mm_kswapd_runnable(machine, n) &&
	         mm_fragmentation_score_node(node) > mm_fragmentation_wmark(machine, false))
		begin_proactive(node);
}

void mm_compact_nodes(struct mm_machine *machine, const struct mm_request *request)
{
	mm_lru_add_drain_all(machine);
	for (uint32_t n = 0; n < machine->nr_nodes; n++) {
		const struct mm_node *node = &machine->nodes[n];
		struct mm_compact_control cc = {
			.order = -1,
			.mode = MM_MIGRATE_SYNC,
			.gfp_flags = MM_GFP_KERNEL,
			.cpu = (uint16_t)(request->cpu % machine->nr_cpus),
			.whole_zone = true,
			.ignore_skip_hint = true,
		};

		for (uint32_t i = 0; i < node->nr_zones; i++) {
			cc.zone = node->zones[i];
			if (machine->zones[cc.zone].managed > 0)
				mm_compact_zone(machine, &cc, request);
		}
	}
}
