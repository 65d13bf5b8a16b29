/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mglru: from the oldest generation to the engine, and back if it does not want a page.
 *
 * A batch looks at up to 4096 pages of the oldest generation of one type until it has 64. On the way pages are
 * sorted: those that the walk has promoted go to their generation's list, those of a protected tier and of
 * zones that do not help go one generation up. What the engine gives back is young again, except that clean
 * pages that nobody maps are tried once more at once. A pass goes on until it has seen its share of all
 * pages (1 / 2^priority), has what it came for, or has run out of old pages; then it ages instead.
 *
 * Follows sort_folio(), isolate_folio(), scan_folios(), isolate_folios(), evict_folios(), get_nr_to_scan(),
 * should_abort_scan(), try_to_shrink_lruvec(), lru_gen_shrink_node(), folio_check_references() of v6.12; v6.1
 * and v6.18 where they differ.
 *
 * Not modelled: signals; page locks.
 */
#include "mglru_private.h"

/* mm_scan_pass.nr: what a pass keeps */
enum { PASS_SCANNED, PASS_REFUSED, PASS_SEQ, PASS_RECLAIMED };
static_assert(PASS_RECLAIMED < MM_SCAN_LISTS, "a pass keeps no more");

/* ---- references ---- */

enum mm_references policy_mglru_check_references(struct mm_node *node, uint32_t pfn,
                                                 const struct mm_scan_control *sc)
{
	struct mglru *lru = mglru_of(node);
	struct mm_page *page = &node->machine->pages[pfn];
	bool mapped = mglru_is_mapped(page), young, referenced, entry;
	bool twice = page->io & MM_IO_YOUNG_TWICE;

	(void)sc;
	/* A look-around found it young while it was isolated. */
	if (lru->version != MGLRU_6_18 && mapped && (page->flags & MGLRU_REFERENCED)) {
		mm_reference_outcome(node->machine, pfn, MM_LOOK_BESIDE, MM_OUTCOME_KNOWN);
		return MM_REFERENCES_KEEP;
	}
	if (mapped) {
		mm_reference_outcome(node->machine, pfn, MM_LOOK_BESIDE, MM_OUTCOME_MISS);
		mm_reference_look(node->machine, pfn, MM_LOOK_FIRST);
	}
	entry = mapped && mm_test_clear_young(node, pfn);
	young = mapped && (mm_page_idle_test_clear_young(node->machine, pfn) || entry);
	if (entry)
		policy_mglru_look_around(node, pfn);
	if (lru->version == MGLRU_6_18) {
		if (!young)
			return MM_REFERENCES_RECLAIM;
		return policy_mglru_set_refs(page) ? MM_REFERENCES_ACTIVATE : MM_REFERENCES_KEEP;
	}
	referenced = page->flags & MGLRU_REFERENCED;
	page->flags &= (uint16_t)~MGLRU_REFERENCED;
	if (young) {
		page->flags |= MGLRU_REFERENCED;
		return referenced || twice || (page->flags & MM_PG_EXEC) ? MM_REFERENCES_ACTIVATE
		                                                         : MM_REFERENCES_KEEP;
	}
	return referenced && (page->flags & MM_PG_FILE) ? MM_REFERENCES_RECLAIM_CLEAN
	                                                : MM_REFERENCES_RECLAIM;
}

/* ---- scanning ---- */

struct scan {
	struct mm_node *node;
	struct mm_scan_control *sc;
	struct mm_batch *batch;
	uint32_t type;
	uint32_t tier_limit;
	uint32_t remaining; /* entries still to be looked at */
	uint32_t scanned;   /* base pages, as the rest */
	uint32_t sorted;
	uint32_t isolated;
};

/* 6.1 and 6.18 let what has to be written wait in the next generation. */
static bool set_aside(const struct scan *scan, uint32_t pfn)
{
	struct mm_page *page = &scan->node->machine->pages[pfn];
	bool dirty = scan->type == MM_LRU_FILE && (page->flags & MM_PG_DIRTY);
	uint32_t nr = mm_block_pages(page->order);

	if (mglru_of(scan->node)->version == MGLRU_6_18 && dirty) {
		scan->sc->nr.file_taken += nr;
		scan->sc->nr.unqueued_dirty += mm_is_writeback(page) ? 0 : nr;
	}
	if (!dirty && !mm_is_writeback(page))
		return false;
	page->io |= MM_IO_RECLAIM;
	policy_mglru_move(scan->node, pfn, policy_mglru_inc_gen(scan->node, pfn), false);
	return true;
}

/* true: it did not belong where it was, and is elsewhere now. */
static bool sort_page(const struct scan *scan, uint32_t pfn)
{
	struct mm_node *node = scan->node;
	struct mglru *lru = mglru_of(node);
	const struct mm_page *page = &node->machine->pages[pfn];
	bool workingset = page->flags & MM_PG_WORKINGSET;
	uint32_t refs = policy_mglru_refs(lru, page);
	uint32_t tier = policy_mglru_tier(lru, refs, workingset);
	uint32_t oldest = mglru_slot(lru->min_seq[scan->type]);
	bool reworked = lru->version == MGLRU_6_18, full = policy_mglru_is_full(lru, page);

	if (mglru_page_slot(page) != (int)oldest) {
		policy_mglru_move(node, pfn, (uint32_t)mglru_page_slot(page), false);
		return true;
	}
	if (tier > scan->tier_limit || full) {
		if (!reworked || !full)
			policy_mglru_protect(lru, page);
		if (lru->version == MGLRU_6_1)
			mm_count(node->machine,
			         scan->type == MM_LRU_ANON ? MM_WORKINGSET_ACTIVATE_ANON
			                                   : MM_WORKINGSET_ACTIVATE_FILE,
			         mm_block_pages(page->order));
		policy_mglru_move(node, pfn, policy_mglru_inc_gen(node, pfn), !reworked);
		return true;
	}
	if (!mm_eligible(node, scan->sc, pfn)) {
		policy_mglru_move(node, pfn, policy_mglru_inc_gen(node, pfn), true);
		return true;
	}
	return lru->version != MGLRU_6_12 && set_aside(scan, pfn);
}

static void note_moved(struct mm_node *node, uint32_t pfn)
{
	struct mm_page *page = &node->machine->pages[pfn];

	mm_reference_outcome(node->machine, pfn, MM_LOOK_WALK,
	                     page->policy & MGLRU_GUESSED ? MM_OUTCOME_CHANCE : MM_OUTCOME_KNOWN);
	page->policy &= ~MGLRU_GUESSED;
}

/* false: this request cannot have it. */
static bool isolate_page(const struct scan *scan, uint32_t pfn)
{
	const struct mglru *lru = mglru_of(scan->node);
	struct mm_page *page = &scan->node->machine->pages[pfn];
	bool swapless_anon = (page->flags & (MM_PG_ANON | MM_PG_SWAPCACHE)) == MM_PG_ANON;
	bool dirty = page->flags & MM_PG_DIRTY;
	bool may_io = scan->sc->gfp_flags & MM_GFP_IO;

	if (lru->version == MGLRU_6_1)
		may_io = may_io && scan->sc->may_writepage;
	if (lru->version == MGLRU_6_12 && scan->type == MM_LRU_FILE)
		dirty = false;
	if (!may_io && (dirty || swapless_anon))
		return false;
	if (!(page->flags & MGLRU_REFERENCED)) {
		mglru_set_counter(page, 0);
		if (lru->version != MGLRU_6_18)
			page->flags &= (uint16_t)~MM_PG_WORKINGSET;
	}
	if (lru->version != MGLRU_6_18)
		page->flags &= (uint16_t)~MGLRU_REFERENCED;
	policy_mglru_resize(scan->node, pfn, mglru_page_slot(page), -1);
	mglru_set_slot(page, -1);
	page->policy &= ~MGLRU_GUESSED;
	mm_isolate(scan->node, pfn, scan->batch);
	return true;
}

static void scan_zone(struct scan *scan, uint32_t list)
{
	struct mm_node *node = scan->node;
	uint32_t skipped[MGLRU_MIN_BATCH], nr_skipped = 0, skipped_pages = 0;

	while (node->lists[list].tail != MM_NONE) {
		uint32_t pfn = node->lists[list].tail;
		uint32_t nr = mm_block_pages(node->machine->pages[pfn].order);

		scan->scanned += nr;
		if (sort_page(scan, pfn)) {
			note_moved(node, pfn);
			scan->sorted += nr;
		} else if (isolate_page(scan, pfn)) {
			mm_reference_outcome(node->machine, pfn, MM_LOOK_WALK, MM_OUTCOME_MISS);
			scan->isolated += nr;
		} else {
			mm_lru_del(node, pfn);
			skipped[nr_skipped++] = pfn;
			skipped_pages += nr;
		}
		if (--scan->remaining == 0 || scan->isolated >= MGLRU_MIN_BATCH ||
		    skipped_pages >= MGLRU_MIN_BATCH)
			break;
	}
	for (uint32_t i = 0; i < nr_skipped; i++)
		mm_lru_add_head(node, list, skipped[i]);
}

/* Base pages looked at; 0: nothing to be had of this type. */
static uint32_t scan_type(struct scan *scan)
{
	struct mm_machine *machine = scan->node->machine;
	struct mglru *lru = mglru_of(scan->node);
	struct mm_scan_control *sc = scan->sc;
	uint32_t slot = mglru_slot(lru->min_seq[scan->type]);

	if (mglru_nr_gens(lru, scan->type) == MGLRU_MIN_GENS)
		return 0;
	scan->scanned = 0;
	scan->sorted = 0;
	scan->remaining = MGLRU_MAX_BATCH;
	/* The highest zone that helps first, then down, then those that do not. */
	for (uint32_t i = MM_NR_ZONE_TYPES; i > 0; i--) {
		uint32_t zone = (sc->reclaim_idx + i) % MM_NR_ZONE_TYPES;

		scan_zone(scan, mglru_list(slot, scan->type, zone));
		if (scan->remaining == 0 || scan->isolated >= MGLRU_MIN_BATCH)
			break;
	}
	mm_count(machine, sc->kswapd ? MM_PGSCAN_KSWAPD : MM_PGSCAN_DIRECT, scan->isolated);
	mm_count(machine, scan->type == MM_LRU_ANON ? MM_PGSCAN_ANON : MM_PGSCAN_FILE,
	         scan->isolated);
	mm_count(machine, MM_PGREFILL, scan->sorted);
	sc->nr_scanned += scan->isolated;
	sc->nr_walked += scan->sorted;
	if (scan->type == MM_LRU_FILE)
		sc->nr.file_taken += scan->isolated;
	return scan->isolated > 0 || scan->remaining == 0 ? scan->scanned : 0;
}

void policy_mglru_isolate(struct mm_node *node, struct mm_scan_control *sc, enum mm_lru_type type,
                          uint32_t nr_to_scan, struct mm_batch *batch)
{
	struct scan scan = { .node = node,
		             .sc = sc,
		             .batch = batch,
		             .type = type,
		             .tier_limit = policy_mglru_tier_limit(mglru_of(node), type) };

	(void)nr_to_scan;
	scan_type(&scan);
}

/* The type to begin with; MGLRU_ANY_TIER: its tier limit is still to be found. */
static uint32_t first_type(const struct mglru *lru, const struct mm_scan_control *sc,
                           uint32_t swappiness, uint32_t *tier_limit)
{
	bool reworked = lru->version == MGLRU_6_18;

	*tier_limit = MGLRU_ANY_TIER;
	if (swappiness == 0)
		return MM_LRU_FILE;
	if (!reworked && lru->min_seq[MM_LRU_ANON] < lru->min_seq[MM_LRU_FILE])
		return MM_LRU_ANON;
	if (swappiness == 1)
		return MM_LRU_FILE;
	if (swappiness >= MGLRU_MAX_SWAPPINESS)
		return MM_LRU_ANON;
	if (lru->version == MGLRU_6_12 && !(sc->gfp_flags & MM_GFP_IO))
		return MM_LRU_FILE;
	return policy_mglru_choose(lru, swappiness, tier_limit);
}

/* A batch of either type: base pages looked at. */
static uint32_t isolate_pages(struct scan *scan, uint32_t swappiness)
{
	const struct mglru *lru = mglru_of(scan->node);
	uint32_t tries = swappiness > 0 ? MM_NR_LRU_TYPES : 1, scanned = 0;

	scan->type = first_type(lru, scan->sc, swappiness, &scan->tier_limit);
	while (tries-- > 0) {
		if (scan->tier_limit == MGLRU_ANY_TIER)
			scan->tier_limit = policy_mglru_tier_limit(lru, scan->type);
		scanned = scan_type(scan);
		if (scanned > 0)
			break;
		scan->type = !scan->type;
		scan->tier_limit = MGLRU_ANY_TIER;
	}
	return scanned;
}

/* ---- eviction ---- */

void policy_mglru_survivor(struct mm_node *node, uint32_t pfn, bool activate)
{
	struct mglru *lru = mglru_of(node);
	struct mm_page *page = &node->machine->pages[pfn];
	bool busy = lru->retrying || activate || mglru_is_mapped(page) ||
	            (page->flags & MM_PG_DIRTY) || mm_is_writeback(page) ||
	            lru->retry.nr == MM_BATCH_MAX;

	/* Goes next when the write is over. */
	if (mglru_waits(page)) {
		page->flags |= activate ? MGLRU_ACTIVE : 0;
		policy_mglru_add(node, pfn, false);
		return;
	}
	if (lru->version != MGLRU_6_18 && (page->flags & MGLRU_REFERENCED))
		busy = true;
	if (!busy) {
		lru->retry.pfns[lru->retry.nr++] = pfn;
		return;
	}
	if (activate)
		page->flags |= MGLRU_ACTIVE;
	/* Not into the oldest generation: it would be back at once. */
	if (lru->version != MGLRU_6_18 ||
	    policy_mglru_seq(lru, page, false) == lru->min_seq[mm_page_lru_type(page)]) {
		policy_mglru_clear_refs(lru, page);
		page->flags |= MGLRU_ACTIVE;
	}
	policy_mglru_add(node, pfn, false);
}

/* scanned: what the kernel tells of it, of the first try and of another one alike. */
static void shrink_batch(struct mm_node *node, struct mm_scan_control *sc, uint32_t type,
                         uint32_t scanned, struct mm_batch *batch)
{
	struct mglru *lru = mglru_of(node);
	uint64_t written, freed;

	lru->evicting = true;
	freed = mm_shrink_batch(node, sc, batch, &written);
	lru->evicting = false;
	mm_count_reclaimed(node, sc, (enum mm_lru_type)type, scanned, freed);
}

static void retry_survivors(struct mm_node *node, struct mm_scan_control *sc, uint32_t type,
                            uint32_t scanned)
{
	struct mglru *lru = mglru_of(node);
	struct mm_batch batch = lru->retry;

	for (uint32_t i = 0; i < batch.nr; i++) {
		struct mm_page *page = &node->machine->pages[batch.pfns[i]];

		page->state = MM_PAGE_ISOLATED;
		node->nr_isolated[mm_page_lru_type(page)] += mm_block_pages(page->order);
		sc->nr_scanned += mm_block_pages(page->order);
	}
	lru->retry.nr = 0;
	lru->retrying = true;
	shrink_batch(node, sc, type, scanned, &batch);
	lru->retrying = false;
}

static bool is_out_of_gens(const struct mglru *lru, bool can_swap)
{
	if (lru->version == MGLRU_6_18)
		return policy_mglru_min_seq(lru, can_swap) + MGLRU_MIN_GENS > lru->max_seq;
	return mglru_nr_gens(lru, can_swap ? MM_LRU_ANON : MM_LRU_FILE) == MGLRU_MIN_GENS;
}

/* Base pages looked at; 0: the pass is over. */
static uint32_t evict(struct mm_node *node, struct mm_scan_control *sc, uint32_t swappiness,
                      uint32_t *type)
{
	struct mglru *lru = mglru_of(node);
	struct mm_batch batch = { .nr = 0 };
	struct scan scan = { .node = node, .sc = sc, .batch = &batch };
	uint32_t scanned = isolate_pages(&scan, swappiness);

	scanned += policy_mglru_inc_min_seq(lru, node, swappiness > 0);
	if (is_out_of_gens(lru, swappiness > 0))
		scanned = 0;
	*type = scan.type;
	if (batch.nr == 0)
		return scanned;
	shrink_batch(node, sc, scan.type, scanned, &batch);
	if (lru->retry.nr > 0)
		retry_survivors(node, sc, scan.type, scanned);
	return scanned;
}

/* ---- a pass ---- */

/* How much of the lists to look at; 0: the pass is over. */
static uint64_t get_nr_to_scan(struct mm_node *node, struct mm_scan_control *sc, bool can_swap,
                               bool age, uint64_t total)
{
	struct mglru *lru = mglru_of(node);

	if (!age)
		return total >> sc->priority;
	if (lru->version == MGLRU_6_1) {
		if (sc->priority != MM_DEF_PRIORITY) {
			if (sc->kswapd) /* left to the next round's aging */
				return 0;
			policy_mglru_inc_max_seq(node, sc, can_swap);
			return total >> sc->priority;
		}
		return policy_mglru_min_seq(lru, can_swap) + MGLRU_MIN_GENS <= lru->max_seq
		               ? total >> sc->priority
		               : 0;
	}
	if (sc->priority == MM_DEF_PRIORITY)
		return total >> sc->priority;
	policy_mglru_inc_max_seq(node, sc, can_swap);
	return 0;
}

/* All zones that count have enough free pages: 6.1 asks for a number, later ones for more than that. */
static bool zones_are_safe(const struct mm_node *node, const struct mm_scan_control *sc,
                           enum mm_wmark mark, bool plain)
{
	const struct mm_machine *machine = node->machine;

	for (uint32_t i = 0; i < node->nr_zones; i++) {
		const struct mm_zone *zone = &machine->zones[node->zones[i]];
		uint64_t wanted = mm_wmark_pages(zone, mark);

		if (zone->type > sc->reclaim_idx || zone->managed == 0)
			continue;
		if (plain ? (int64_t)wanted > zone->free_pages
		          : !mm_zone_watermark_ok(zone, 0, wanted + MGLRU_MIN_BATCH,
		                                  sc->reclaim_idx, 0, zone->free_pages))
			return false;
	}
	return true;
}

static bool should_abort_6_1(const struct mm_node *node, struct mm_scan_control *sc,
                             const struct mm_scan_pass *pass, bool swapping)
{
	const struct mglru *lru = mglru_of(node);

	if (!sc->kswapd) {
		if ((uint32_t)lru->max_seq - pass->nr[PASS_SEQ] > 1)
			return true;
		if (sc->nr_reclaimed >= sc->nr_to_reclaim && swapping)
			return true;
	} else if (sc->nr_reclaimed - lru->nr_before < sc->nr_to_reclaim) {
		return false;
	}
	if (sc->priority > MM_DEF_PRIORITY - 2 ||
	    !zones_are_safe(node, sc, sc->kswapd ? MM_WMARK_HIGH : MM_WMARK_LOW, true))
		return false;
	/* So that nobody goes on. */
	sc->nr_reclaimed += MGLRU_MIN_BATCH;
	return true;
}

static bool should_abort(const struct mm_node *node, struct mm_scan_control *sc,
                         const struct mm_scan_pass *pass, bool swapping)
{
	uint64_t gap = UINT64_C(2) << sc->order;

	if (mglru_of(node)->version == MGLRU_6_1)
		return should_abort_6_1(node, sc, pass, swapping);
	if (sc->nr_reclaimed - pass->nr_reclaimed >=
	    (sc->nr_to_reclaim > gap ? sc->nr_to_reclaim : gap))
		return true;
	return sc->kswapd && sc->order == 0 && zones_are_safe(node, sc, MM_WMARK_HIGH, false);
}

void policy_mglru_shrink_begin(struct mm_node *node, struct mm_scan_control *sc,
                               struct mm_scan_pass *pass)
{
	struct mglru *lru = mglru_of(node);

	mm_lru_add_drain(node->machine, sc->cpu);
	*pass = (struct mm_scan_pass){ .nr_reclaimed = sc->kswapd ? sc->nr_reclaimed : 0 };
	pass->nr[PASS_SEQ] = (uint32_t)lru->max_seq;
	/* kswapd has one of its own, whether it may walk or not. */
	lru->have_walk = sc->kswapd;
	/* kswapd that only removes a boost writes nothing: later versions leave it alone altogether. */
	pass->nr[PASS_REFUSED] = lru->version != MGLRU_6_1 && !sc->may_writepage;
	if (!pass->nr[PASS_REFUSED])
		policy_mglru_set_priority(node, sc);
}

/* All file pages that could have gone are dirty; 6.1 has the flushers write by their own rules. */
static void wake_flushers(const struct mm_node *node, const struct mm_scan_control *sc)
{
	if (mglru_of(node)->version != MGLRU_6_1 && sc->nr.unqueued_dirty > 0 &&
	    sc->nr.unqueued_dirty == sc->nr.file_taken)
		mm_wake_flushers(node->machine);
}

bool policy_mglru_shrink_step(struct mm_node *node, struct mm_scan_control *sc,
                              struct mm_scan_pass *pass)
{
	struct mglru *lru = mglru_of(node);
	uint32_t swappiness = policy_mglru_swappiness(node, sc), type, scanned;
	uint64_t nr_to_scan, total, nr_reclaimed = sc->nr_reclaimed;
	bool age;

	if (pass->nr[PASS_REFUSED])
		return false;
	age = policy_mglru_should_age(lru, swappiness > 0, &total);
	nr_to_scan = get_nr_to_scan(node, sc, swappiness > 0, age, total);
	scanned = nr_to_scan > 0 ? evict(node, sc, swappiness, &type) : 0;
	if (scanned == 0) {
		wake_flushers(node, sc);
		return false;
	}
	pass->nr[PASS_SCANNED] += scanned;
	pass->nr[PASS_RECLAIMED] += (uint32_t)(sc->nr_reclaimed - nr_reclaimed);
	if (pass->nr[PASS_SCANNED] < nr_to_scan &&
	    !should_abort(node, sc, pass, type == MM_LRU_ANON))
		return true;
	wake_flushers(node, sc);
	/* 6.1: kswapd need not age before its next round. */
	if (pass->nr[PASS_RECLAIMED] >= MGLRU_MIN_BATCH && !age)
		sc->needs_aging = false;
	return false;
}
