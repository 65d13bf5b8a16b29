/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compaction's takings (mm/compaction.c, 6.1 to 6.12).
 *
 * The free scanner (isolate_freepages_block()) tells the range that it scanned, how many pages it
 * looked at and how many it took: in a range scanned page by page that is every free block that
 * begins there. Where it found nothing it strides; the stride that leads to the same numbers names
 * the blocks. The search of the free lists (fast_isolate_freepages()) takes one block and tells only
 * its size and the range it looked in; a scan of the pageblock around it often follows.
 *
 * Where the events leave a choice, nothing is taken yet: the taking stays pending, and the first
 * event that shows a page of it in use names the page. Every target is put on an LRU list
 * (mm_lru_insertion), is mapped (remove_migration_pte) or comes back unused (mm_page_free), so a
 * choice stays open for milliseconds.
 *
 * Not modelled: the order within the free lists, which would tell the fast search's block at once.
 */
#include "shadow_compaction.h"

#include <string.h>

#include "shadow_buddy.h"
#include "shadow_room.h"
#include "shadow_search.h"

/*
 * What a compaction did not need it has given back when it ends. A page that was migrated may wait for
 * its LRU list, on a CPU's batch, a little longer.
 */
#define LRU_BATCH_NS 500000000ull

#define MAX_STRIDE 32 /* COMPACT_CLUSTER_MAX */

static struct compaction *find_compaction(struct replay_shadow *s, uint32_t pid)
{
	for (uint32_t i = 0; s->nr_compactions && i < MAX_COMPACTIONS; i++)
		if (s->compactions[i].pid == pid)
			return &s->compactions[i];
	return NULL;
}

bool replay_shadow_is_migrating(const struct replay_shadow *s, uint32_t pid)
{
	for (uint32_t i = 0; s->nr_compactions && i < MAX_COMPACTIONS; i++)
		if (s->compactions[i].pid == pid)
			return s->compactions[i].migrating;
	return false;
}

void replay_shadow_compaction_moved(struct replay_shadow *s, uint32_t pid)
{
	struct compaction *cc = s->nr_compactions ? find_compaction(s, pid) : NULL;

	if (cc)
		cc->nr_scans = 0;
}

/* ---- takings whose pages are not known yet ---- */

static void forget(struct replay_shadow *s, struct pending_take *take)
{
	take->pid = 0;
	s->nr_pending--;
}

/* Makes room: takings of which nothing tells one from the other become one. */
static void unite_pending(struct replay_shadow *s)
{
	for (uint32_t i = 0; i < MAX_PENDING_TAKES; i++) {
		struct pending_take *to = &s->pending[i];

		for (uint32_t j = i + 1; to->pid && j < MAX_PENDING_TAKES; j++) {
			struct pending_take *from = &s->pending[j];

			if (from->pid != to->pid || from->order != to->order ||
			    from->start_pfn != to->start_pfn || from->end_pfn != to->end_pfn ||
			    from->expiry_ns != to->expiry_ns)
				continue;
			to->pages += from->pages;
			to->t_ns = from->t_ns;
			forget(s, from);
		}
	}
	for (uint32_t i = 0; i < MAX_COMPACTIONS; i++)
		s->compactions[i].fast_take = 0;
}

static struct pending_take *add_pending(struct replay_shadow *s, struct pending_take take)
{
	struct pending_take *slot = &s->pending[0];

	if (!take.pid || take.start_pfn >= take.end_pfn)
		return NULL;
	if (s->nr_pending == MAX_PENDING_TAKES)
		unite_pending(s);
	for (uint32_t i = 0; i < MAX_PENDING_TAKES; i++) {
		if (!s->pending[i].pid) {
			slot = &s->pending[i];
			break;
		}
		if (s->pending[i].t_ns < slot->t_ns)
			slot = &s->pending[i];
	}
	if (!slot->pid)
		s->nr_pending++;
	take.expiry_ns = UINT64_MAX;
	*slot = take; /* the oldest gives way: nothing has named its pages so far */
	s->stats.isolated_unknown += take.pages;
	return slot;
}

bool replay_shadow_is_pending(const struct replay_shadow *s, uint32_t index)
{
	if (replay_shadow_choice_holds(s, index))
		return true;
	for (uint32_t i = 0; s->nr_pending && i < MAX_PENDING_TAKES; i++) {
		const struct pending_take *take = &s->pending[i];
		const struct shadow_zone *zone = &s->zones[take->zone];

		if (take->pid && index - zone->base < zone->nr &&
		    pfn_of(zone, index) >= take->start_pfn && pfn_of(zone, index) < take->end_pfn)
			return true;
	}
	return false;
}

static void settle(struct replay_shadow *s, struct pending_take *take, uint32_t pages)
{
	if (pages > take->pages)
		pages = take->pages;
	s->stats.isolated_unknown -= pages;
	take->pages -= pages;
	if (take->pages == 0)
		forget(s, take);
}

/* The pending taking that fits a page in a free block of this order best, or NULL. */
static struct pending_take *find_pending(struct replay_shadow *s, uint64_t pfn, int block,
                                         uint32_t pid)
{
	struct pending_take *best = NULL;
	int best_score = -1;

	for (uint32_t i = 0; i < MAX_PENDING_TAKES; i++) {
		struct pending_take *take = &s->pending[i];
		int score;

		if (take->pid && s->now_ns > take->expiry_ns)
			forget(s, take);
		if (!take->pid || pfn < take->start_pfn || pfn >= take->end_pfn ||
		    take->order > block)
			continue;
		score = (take->pid == pid) * 4 + (take->order == block) * 2 + (take->order >= 0);
		if (score > best_score) {
			best_score = score;
			best = take;
		}
	}
	return best;
}

/* __isolate_free_page() makes a pageblock movable when it takes half of it or more. */
static void take_target(struct replay_shadow *s, uint32_t head, unsigned int order)
{
	uint32_t first = head / SHADOW_PAGEBLOCK_PAGES;
	uint32_t last = (head + (1u << order) - 1) / SHADOW_PAGEBLOCK_PAGES;

	replay_shadow_take(s, head, order, PAGE_PRIVATE);
	for (uint32_t i = first; order >= SHADOW_PAGEBLOCK_ORDER - 1 && i <= last; i++)
		if (s->pageblock[i].type < SHADOW_HIGHATOMIC)
			replay_shadow_set_type(s, i, SHADOW_MOVABLE);
}

/* Takes the block that a search without an event took with this page: its order, or negative if none. */
static int take_searched(struct replay_shadow *s, uint32_t index)
{
	uint32_t head;
	int order = replay_shadow_choice_named(s, index, &head);

	if (order < 0) {
		order = replay_shadow_searched_block(s, index, &head);
		if (order >= 0)
			s->stats.isolated += 1u << order;
	}
	if (order >= 0)
		take_target(s, head, (unsigned int)order);
	return order;
}

/* One free page turns out to be in use. The pages taken off the lists with it. */
static void page_in_use(struct replay_shadow *s, uint32_t index, uint32_t pid,
                        enum shadow_repair otherwise)
{
	const struct shadow_zone *zone = NULL;
	struct pending_take *take = NULL;
	unsigned int order = 0;
	uint32_t head;
	int searched;

	for (uint32_t i = 0; i < s->nr_zones; i++)
		if (index - s->zones[i].base < s->zones[i].nr)
			zone = &s->zones[i];
	if (zone && s->nr_pending)
		take = find_pending(s, pfn_of(zone, index),
		                    (int)replay_shadow_block(s, index, &head), pid);
	if (!take && otherwise == SHADOW_REPAIR_MISSED_TAKE && s->kernel.fast_silent) {
		searched = take_searched(s, index);
		if (searched >= 0) {
			s->stats.repairs[SHADOW_REPAIR_TARGET] += 1u << searched;
			return;
		}
	}
	if (!take) {
		s->stats.repairs[otherwise]++;
		replay_shadow_take(s, index, 0, PAGE_PRIVATE);
		return;
	}
	if (take->order > 0)
		order = (unsigned int)take->order;
	take_target(s, index & ~((1u << order) - 1), order);
	s->stats.repairs[SHADOW_REPAIR_TARGET] += 1u << order;
	settle(s, take, 1u << order);
}

void replay_shadow_in_use(struct replay_shadow *s, uint32_t index, uint32_t nr, uint32_t pid,
                          enum page_state to, enum shadow_repair otherwise)
{
	for (uint32_t i = index; i < index + nr; i++) {
		if (page_state(s, i) != PAGE_FREE)
			continue;
		page_in_use(s, i, pid, otherwise);
		replay_shadow_mark(s, i, 1, to);
	}
}

/* ---- the scanners ---- */

static uint32_t free_in_range(const struct replay_shadow *s, uint32_t start, uint32_t end)
{
	uint32_t total = 0;

	for (uint32_t i = start; i < end;) {
		int order = head_order(s, i);

		total += order >= 0 ? 1u << order : 0;
		i += order >= 0 ? 1u << order : 1;
	}
	return total;
}

static void isolate_range(struct replay_shadow *s, uint32_t start, uint32_t end)
{
	for (uint32_t i = start; i < end;) {
		int order = head_order(s, i);

		if (order >= 0)
			take_target(s, i, (unsigned int)order);
		i += order >= 0 ? 1u << order : 1;
	}
}

/* The only free block of this order that begins in the range, or SHADOW_NONE. */
static uint32_t only_block(const struct replay_shadow *s, uint32_t start, uint32_t end, int order)
{
	uint32_t found = SHADOW_NONE;

	for (uint32_t i = start; i < end; i++) {
		if (head_order(s, i) != order)
			continue;
		if (found != SHADOW_NONE)
			return SHADOW_NONE;
		found = i;
	}
	return found;
}

/* The scan of the pageblock in which the search had found a block: it may tell which. */
static bool scan_around(struct replay_shadow *s, struct pending_take *fast, uint32_t start,
                        uint32_t end, uint32_t taken)
{
	uint32_t block_end = (start | (SHADOW_PAGEBLOCK_PAGES - 1)) + 1;
	uint32_t total = free_in_range(s, start, end);
	const struct shadow_zone *zone = &s->zones[fast->zone];
	uint32_t found;

	if (total == taken + fast->pages) {
		isolate_range(s, start, end);
		settle(s, fast, fast->pages);
		return true;
	}
	if (total != taken)
		return false;
	isolate_range(s, start, end);
	found = only_block(s, end, block_end, fast->order);
	fast->start_pfn = pfn_of(zone, end);
	fast->end_pfn = pfn_of(zone, block_end);
	if (found != SHADOW_NONE) {
		take_target(s, found, (unsigned int)fast->order);
		settle(s, fast, fast->pages);
	}
	return true;
}

/* A scan of the free scanner, as its event tells of it. */
struct scan {
	uint32_t start;
	uint32_t end;
	uint32_t nr_taken; /* pages, as is the next */
	uint64_t nr_scanned;
};

/*
 * A scan that looks at every stride-th page only. After a block it goes on that far behind its end.
 * Whether that explains the event; with `take` it happens.
 */
static bool scan_strided(struct replay_shadow *s, const struct scan *scan, uint32_t stride,
                         bool take)
{
	uint32_t nr_scanned = 0;
	uint32_t nr_taken = 0;

	for (uint32_t i = scan->start; i < scan->end; i += stride) {
		int order = head_order(s, i);

		nr_scanned++;
		if (order < 0)
			continue;
		if (take)
			take_target(s, i, (unsigned int)order);
		nr_taken += 1u << order;
		nr_scanned += (1u << order) - 1;
		i += (1u << order) - 1;
	}
	return nr_taken == scan->nr_taken && nr_scanned == scan->nr_scanned;
}

/* Finds the stride of a scan, and takes what it took. False if none explains what it tells. */
static bool isolate_strided(struct replay_shadow *s, const struct scan *scan)
{
	for (uint32_t stride = MAX_STRIDE; stride > 1; stride /= 2)
		if (scan_strided(s, scan, stride, false))
			return scan_strided(s, scan, stride, true);
	return false;
}

/* Pages of the free block that ends here, 0 if none does. */
static uint32_t block_before(const struct replay_shadow *s, uint32_t end)
{
	for (unsigned int order = SHADOW_NR_ORDERS; order-- > 0;)
		if (!(end & ((1u << order) - 1)) && end >= 1u << order &&
		    head_order(s, end - (1u << order)) == (int)order)
			return 1u << order;
	return 0;
}

/* Free blocks of `least` to `most` pages that begin in the range; *found is the last of them. */
static uint32_t count_blocks(const struct replay_shadow *s, uint32_t start, uint32_t end,
                             uint64_t least, uint64_t most, uint32_t *found)
{
	uint32_t nr = 0;

	for (uint32_t i = start; i < end; i++) {
		int order = head_order(s, i);

		if (order < 0 || 1u << order < least || 1u << order > most)
			continue;
		*found = i;
		nr++;
	}
	return nr;
}

/*
 * The first scan after a search without an event, if it was of the pageblock in which that had found a
 * block. It stops as soon as both together are enough for the migration: that tells the block's size.
 */
static bool scan_around_silent(struct replay_shadow *s, const struct compaction *cc,
                               const struct scan *scan)
{
	uint32_t block_end = (scan->start | (SHADOW_PAGEBLOCK_PAGES - 1)) + 1;
	uint32_t total = free_in_range(s, scan->start, scan->end);
	uint32_t last = block_before(s, scan->end);
	uint64_t most = cc->order > 0 ? 1u << (cc->order - 1) : 0;
	uint64_t least = 1;
	uint32_t found = SHADOW_NONE;
	uint32_t nr;

	if (scan->end < block_end && scan->nr_taken < cc->nr_to_move && last) {
		least = cc->nr_to_move - scan->nr_taken;
		most = least + last - 1 < most ? least + last - 1 : most;
	}
	if (total > scan->nr_taken) {
		uint32_t more = total - scan->nr_taken;

		if (more < least || more > most ||
		    !count_blocks(s, scan->start, scan->end, more, more, &found))
			return false;
		s->stats.isolated += more;
		isolate_range(s, scan->start, scan->end);
		return true;
	}
	if (total < scan->nr_taken || scan->end == block_end || scan->nr_taken >= cc->nr_to_move ||
	    !last)
		return false;
	isolate_range(s, scan->start, scan->end);
	nr = count_blocks(s, scan->end, block_end, least, most, &found);
	if (nr == 1) {
		s->stats.isolated += 1u << head_order(s, found);
		take_target(s, found, (unsigned int)head_order(s, found));
	} else if (nr > 1) {
		replay_shadow_choice_add(s, scan->end, block_end, least, most);
	}
	return true;
}

static void isolate_freepages(struct replay_shadow *s, const struct mmr_event *event)
{
	struct compaction *cc = find_compaction(s, event->pid);
	uint32_t fast = cc ? cc->fast_take : 0;
	uint64_t nr = event->isolate.end_pfn - event->isolate.start_pfn;
	uint32_t taken = (uint32_t)event->isolate.nr_taken;
	struct scan scan;
	uint32_t start;
	uint32_t end;

	if (cc)
		cc->fast_take = 0;
	if (event->isolate.end_pfn <= event->isolate.start_pfn || nr > SHADOW_PAGEBLOCK_PAGES ||
	    event->isolate.nr_taken > MAX_ORDER_PAGES)
		return;
	start = replay_shadow_index(s, event->isolate.start_pfn, (uint32_t)nr);
	if (start == SHADOW_NONE || page_state(s, start) == PAGE_UNKNOWN)
		return;
	end = start + (uint32_t)nr;
	s->work[start / SHADOW_PAGEBLOCK_PAGES].free_scanned += (uint32_t)event->isolate.nr_scanned;
	scan = (struct scan){ start, end, taken, event->isolate.nr_scanned };
	s->stats.isolated += taken;
	if (fast && s->pending[fast - 1].pid == event->pid &&
	    scan_around(s, &s->pending[fast - 1], start, end, taken))
		return;
	if (cc && s->kernel.fast_silent && cc->nr_scans++ == 0 && scan_around_silent(s, cc, &scan))
		return;
	if (taken == 0)
		return;
	if (free_in_range(s, start, end) == taken) {
		isolate_range(s, start, end);
		return;
	}
	if (isolate_strided(s, &scan))
		return;
	add_pending(s, (struct pending_take){
			       .pid = event->pid,
			       .zone = s->last_zone,
			       .order = -1,
			       .pages = taken,
			       .start_pfn = event->isolate.start_pfn,
			       .end_pfn = event->isolate.end_pfn,
			       .t_ns = event->t_ns,
		       });
}

static void fast_isolate_freepages(struct replay_shadow *s, const struct mmr_event *event)
{
	struct compaction *cc = find_compaction(s, event->pid);
	const struct shadow_zone *zone = replay_shadow_zone(s, event->isolate.start_pfn);
	uint64_t taken = event->isolate.nr_taken;
	struct pending_take *take;

	if (cc)
		cc->fast_take = 0;
	if (!zone || taken == 0 || taken > MAX_ORDER_PAGES || (taken & (taken - 1)) ||
	    !replay_shadow_ready(s))
		return;
	s->stats.isolated += taken;
	take = add_pending(s, (struct pending_take){
				      .pid = event->pid,
				      .zone = s->last_zone,
				      .order = __builtin_ctzll(taken),
				      .pages = (uint32_t)taken,
				      .start_pfn = event->isolate.start_pfn,
				      .end_pfn = zone->end_pfn,
				      .t_ns = event->t_ns,
			      });
	if (cc && take)
		cc->fast_take = (uint32_t)(take - s->pending) + 1;
}

/* ---- who compacts ---- */

static void begin(struct replay_shadow *s, const struct mmr_event *event)
{
	struct compaction *cc = find_compaction(s, event->pid);
	const struct shadow_zone *zone;

	for (uint32_t i = 0; !cc && i < MAX_COMPACTIONS; i++) {
		if (s->compactions[i].pid)
			continue;
		cc = &s->compactions[i];
		s->nr_compactions++;
	}
	if (!cc || !event->pid)
		return;
	*cc = (struct compaction){ .pid = event->pid, .sync = event->compaction.sync != 0 };
	zone = replay_shadow_zone(s, event->compaction.zone_start);
	cc->zone = zone ? s->last_zone : SHADOW_NONE;
	if (zone)
		replay_shadow_search_begin(s, cc->zone);
}

static void end(struct replay_shadow *s, const struct mmr_event *event)
{
	struct compaction *cc = find_compaction(s, event->pid);

	if (!cc)
		return;
	if (cc->zone != SHADOW_NONE)
		replay_shadow_search_end(s, cc->zone);
	*cc = (struct compaction){ 0 };
	s->nr_compactions--;
	for (uint32_t i = 0; s->nr_pending && i < MAX_PENDING_TAKES; i++)
		if (s->pending[i].pid == event->pid && s->pending[i].expiry_ns == UINT64_MAX)
			s->pending[i].expiry_ns = event->t_ns + LRU_BATCH_NS;
}

void replay_shadow_compaction_lost(struct replay_shadow *s)
{
	for (uint32_t i = 0; i < s->nr_zones; i++)
		s->zones[i].nr_searches = 0;
	memset(s->compactions, 0, sizeof(s->compactions));
	s->nr_compactions = 0;
}

void replay_shadow_compaction_event(struct replay_shadow *s, const struct mmr_event *event)
{
	struct compaction *cc;

	switch (event->kind) {
	case MMR_EVENT_MM_COMPACTION_BEGIN:
		begin(s, event);
		break;
	case MMR_EVENT_MM_COMPACTION_END:
		end(s, event);
		break;
	case MMR_EVENT_MM_COMPACTION_FINISHED:
		cc = find_compaction(s, event->pid);
		if (cc)
			cc->order = event->compact_zone.order;
		if (cc && cc->zone != SHADOW_NONE)
			replay_shadow_search_order(s, cc->zone, cc->order);
		break;
	case MMR_EVENT_MM_COMPACTION_ISOLATE_MIGRATEPAGES:
		cc = find_compaction(s, event->pid);
		if (cc)
			cc->nr_to_move += event->isolate.nr_taken;
		replay_shadow_migrate_scanned(s, event);
		break;
	case MMR_EVENT_MM_COMPACTION_ISOLATE_FREEPAGES:
		isolate_freepages(s, event);
		break;
	case MMR_EVENT_MM_COMPACTION_FAST_ISOLATE_FREEPAGES:
		fast_isolate_freepages(s, event);
		break;
	case MMR_EVENT_MM_MIGRATE_PAGES_START:
	case MMR_EVENT_MM_MIGRATE_PAGES:
		cc = find_compaction(s, event->pid);
		if (!cc)
			break;
		cc->migrating = event->kind == MMR_EVENT_MM_MIGRATE_PAGES_START;
		cc->nr_scans = 0;
		if (!cc->migrating)
			cc->nr_to_move = 0;
		break;
	default:
		break;
	}
}
