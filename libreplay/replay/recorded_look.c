/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many pages the recorded reclaim really looked at, and how many of them it found in use.
 *
 * mm_vmscan_lru_shrink_inactive has both numbers, but counts pages too that nobody learnt anything of, or twice:
 *
 * - Those of zones above the one that reclaim is for. kswapd that is woken for ZONE_DMA passes over the whole list,
 *   several times in a row.
 * - Those that were written, as they come back to be freed; and those that are locked, or may not be written.
 * - Anonymous pages whose reverse map was locked. folio_referenced() only tries the lock, and what it cannot
 *   have stays where it is, as if it had been in use (nr_ref_keep). Who splits a huge page holds the lock of
 *   all processes that descend from one another, and nobody else can look at their pages until that is
 *   over: reclaim goes round and round meanwhile. The split shows in the page-table entries that it
 *   takes away (set_migration_pte of an order) and gives back: remove_migration_pte, or, of a page of zeroes, which
 *   6.12 and later give up for the shared one, the owner's rss_stat alone.
 *
 * So a look is what had an outcome: kept because the page was in use, activated, or freed in the end.
 *
 * MGLRU isolates a batch (mm_vmscan_lru_isolate, up to 4096 are asked for), finding pages on its way that have moved
 * on, and tells of it with the first mm_vmscan_lru_shrink_inactive that follows; the second one is its retry and has no
 * looks. It frees R, spares K in use and A for other reasons; W are being written. The rest, S = T - R - W - K - A, is
 * what no event counts: pages that were found in use beside one of the K. Where the device writes at once, W are among R.
 *
 * State: the splits that are going on and the batches, by thread.
 *
 * Follows isolate_lru_folios(), shrink_folio_list(), folio_check_references(), folio_lock_anon_vma_read(),
 * split_huge_page_to_list_to_order(), try_to_map_unused_to_zeropage() of v6.12; v6.1 has all but the last alike.
 *
 * Not modelled: what a split waits for before it takes the first entry away; other holders of the lock (fork,
 * which is short); whether the pages belong to those processes, which no event tells.
 */
#include "recorded_look.h"

#define FLAG_ANON    1
#define MGLRU_SCAN   4096u /* what MGLRU asks for */
#define HUGE_ENTRIES 512u

static void takes_entry(struct replay_recorded_look *recorded, const struct mmr_event *event)
{
	uint32_t i = event->pid % REPLAY_LOOK_SPLITS;

	if (event->migration_pte.order <= 0)
		return;
	if (recorded->splits[i].pid != event->pid)
		recorded->splits[i].nr_entries = 0;
	recorded->splits[i].pid = event->pid;
	if (recorded->splits[i].nr_entries < HUGE_ENTRIES)
		recorded->splits[i].nr_entries++;
}

static void gives_entry(struct replay_recorded_look *recorded, const struct mmr_event *event)
{
	uint32_t i = event->pid % REPLAY_LOOK_SPLITS;

	if (recorded->splits[i].pid == event->pid && recorded->splits[i].nr_entries > 0)
		recorded->splits[i].nr_entries--;
}

/* A thread that reclaims on has given back all there was to give back. */
static bool is_locked(struct replay_recorded_look *recorded, uint32_t pid)
{
	bool locked = false;

	for (uint32_t i = 0; i < REPLAY_LOOK_SPLITS; i++) {
		if (recorded->splits[i].pid == pid)
			recorded->splits[i].nr_entries = 0;
		locked |= recorded->splits[i].nr_entries > 0;
	}
	return locked;
}

/* true: for MGLRU. */
static bool isolated(struct replay_recorded_look *recorded, const struct mmr_event *event,
                     struct replay_look *ret)
{
	bool generations = event->lru_isolate.nr_requested >= MGLRU_SCAN;
	uint32_t left = event->lru_isolate.nr_taken + event->lru_isolate.nr_skipped;
	uint32_t scanned = event->lru_isolate.nr_scanned;

	recorded->batches[event->pid % REPLAY_LOOK_BATCHES] = (struct replay_look_batch){
		.pid = event->pid,
		.nr_taken = event->lru_isolate.nr_taken,
		.generations = generations,
		.open = event->lru_isolate.nr_taken > 0,
	};
	*ret = (struct replay_look){
		.type = event->lru_isolate.lru < 2 ? MM_LRU_ANON : MM_LRU_FILE,
		.generations = generations,
		.nr_moved = scanned > left ? scanned - left : 0,
	};
	return generations;
}

static struct replay_look_batch *find_batch(struct replay_recorded_look *recorded, uint32_t pid)
{
	struct replay_look_batch *batch = &recorded->batches[pid % REPLAY_LOOK_BATCHES];

	return batch->pid == pid && batch->generations ? batch : NULL;
}

static void end_batch(const struct replay_look_batch *batch, uint32_t nr_freed,
                      struct replay_look *look)
{
	uint32_t gone = nr_freed + look->nr_kept + look->nr_activated;
	bool at_once = nr_freed > 0 && gone + batch->nr_written > batch->nr_taken;
	uint32_t back = batch->nr_written < batch->nr_taken ? batch->nr_written : batch->nr_taken;

	look->generations = true;
	look->nr_back = at_once ? 0 : back;
	look->nr_looked = batch->nr_taken - look->nr_back;
	look->nr_beside = look->nr_looked > gone ? look->nr_looked - gone : 0;
}

/* false: it was a retry. */
static bool shrunk(struct replay_recorded_look *recorded, const struct mmr_event *event,
                   struct replay_look *ret)
{
	struct replay_look_batch *batch = find_batch(recorded, event->pid);
	bool anon = event->shrink_inactive.reclaim_flags & FLAG_ANON;
	bool locked = is_locked(recorded, event->pid) && anon;
	uint32_t freed = event->shrink_inactive.nr_reclaimed;

	*ret = (struct replay_look){
		.type = anon ? MM_LRU_ANON : MM_LRU_FILE,
		.nr_kept = locked ? 0 : event->shrink_inactive.nr_ref_keep,
		.nr_activated = anon ? event->shrink_inactive.nr_activate_anon
		                     : event->shrink_inactive.nr_activate_file,
	};
	ret->nr_looked = ret->nr_kept + ret->nr_activated + freed;
	if (!batch)
		return true;
	if (!batch->open)
		return false;
	batch->open = false;
	ret->nr_kept = event->shrink_inactive.nr_ref_keep;
	end_batch(batch, freed, ret);
	return true;
}

bool replay_recorded_look(struct replay_recorded_look *recorded, const struct mmr_event *event,
                          struct replay_look *ret)
{
	struct replay_look_batch *batch;

	switch (event->kind) {
	case MMR_EVENT_SET_MIGRATION_PTE:
		takes_entry(recorded, event);
		break;
	case MMR_EVENT_REMOVE_MIGRATION_PTE:
		gives_entry(recorded, event);
		break;
	case MMR_EVENT_RSS_STAT:
		if (event->rss.member == MMR_RSS_ANON)
			gives_entry(recorded, event);
		break;
	case MMR_EVENT_MM_VMSCAN_LRU_ISOLATE:
		return isolated(recorded, event, ret);
	case MMR_EVENT_MM_VMSCAN_WRITE_FOLIO:
		batch = find_batch(recorded, event->pid);
		if (batch)
			batch->nr_written++;
		break;
	case MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE:
		return shrunk(recorded, event, ret);
	}
	return false;
}
