/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pauses of reclaim: those of direct reclaim, and their places; and kswapd's turns, which pace.c uses as they are.
 *
 * shrink_folio_list() and shrink_lruvec() (6.12 mm/vmscan.c) call cond_resched() before each page and after each batch: who
 * reclaims goes on working until others want the CPU, and then waits for a time that has nothing to do with how many pages
 * he had in hand. How often that comes depends on how long he works, so of direct reclaim a pause is drawn for as much
 * work as a mean batch of the recording is, and one that was recorded.
 *
 * A turn is from one mm_vmscan_lru_isolate of an inactive list that found pages to the next, of direct reclaim from its
 * begin and to its end, of kswapd from its wake-up and to the last that was seen of it before it sleeps or naps. What it
 * took beyond what the cost model gives for its pages is the pause. Not in it is what the replay waits for on its own:
 * a full queue of the device (blk_mq_get_tag(), between block_bio_queue and mm_vmscan_write_folio) and
 * reclaim_throttle(), which mm_vmscan_throttled tells.
 *
 * MGLRU does not tell its batches in 6.1 (scan_folios() has no mm_vmscan_lru_isolate there): where nobody does, a turn is
 * all of a direct reclaim, of the pages that it says it reclaimed or was seen to write.
 *
 * State: by thread the turn under way, and of each kind at most MAX_TURNS turns. Where there are more, of direct
 * reclaim every other one is forgotten, again and again; of kswapd every two that follow on each other become one,
 * and of others the longer one stays.
 *
 * Not modelled: where in a batch the pause is, with the pages of the batch on no list. Walks of page tables and caches
 * that shrink leave no event and are counted among the pauses.
 */
#include "pause.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "vec.h"

#define NR_SLOTS  256 /* threads in reclaim at a time; more of them push each other out */
#define MAX_TURNS 65536
#define MIN_TURNS REPLAY_NR_PAUSES
#define MAX_ERROR 0.20
#define NAP_NS    95000000 /* HZ/10 of kswapd_try_to_sleep(), which a jiffy may shorten */

struct turn {
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t ns;       /* but for reclaim_throttle() */
	uint64_t queue_ns; /* of it: to give pages to the device */
	uint32_t nr_taken;
	uint32_t nr_reclaimed;
	uint32_t nr_written;
	uint32_t nr_refilled;
	uint32_t node; /* of kswapd's */
};

DEFINE_VEC(turn_vec, struct turn);

struct turns {
	struct turn_vec kept;
	uint32_t stride; /* of so many one is kept */
	uint32_t skipped;
};

struct reclaimer {
	uint64_t last_ns;
	uint64_t bio_ns;       /* 0: what it did last is something else */
	uint64_t throttled_ns; /* in this turn */
	uint32_t pid;
	bool active;
	bool kswapd;
	bool woken; /* since the last that was seen of it: it was on its waitqueue */
	struct turn turn;
};

struct replay_pause_meter {
	struct reclaimer reclaimers[NR_SLOTS];
	struct turns direct;
	struct turn_vec kswapd;
	struct turns whole; /* direct reclaims, each from begin to end */
	bool tells_batches; /* the kernel */
};

struct replay_pause_meter *replay_pause_meter_create(void)
{
	struct replay_pause_meter *meter = base_calloc(1, sizeof(*meter));

	if (meter)
		meter->direct.stride = meter->whole.stride = 1;
	return meter;
}

void replay_pause_meter_destroy(struct replay_pause_meter *meter)
{
	if (!meter)
		return;
	turn_vec_deinit(&meter->direct.kept);
	turn_vec_deinit(&meter->kswapd);
	turn_vec_deinit(&meter->whole.kept);
	base_free(meter);
}

/* ---- turns ---- */

static uint64_t excess(uint64_t ns, uint64_t known_ns)
{
	return ns > known_ns ? ns - known_ns : 0;
}

static void keep(struct turns *turns, const struct turn *turn)
{
	struct turn_vec *kept = &turns->kept;

	if (++turns->skipped < turns->stride)
		return;
	turns->skipped = 0;
	if (kept->count == MAX_TURNS) {
		for (size_t i = 0; i < MAX_TURNS / 2; i++)
			kept->items[i] = kept->items[2 * i + 1];
		kept->count = MAX_TURNS / 2;
		turns->stride *= 2;
	}
	/* Without memory there is a turn less to draw from. */
	(void)turn_vec_push(kept, *turn);
}

/* The second one begins where the first one ends. */
static struct turn join(const struct turn *first, const struct turn *second)
{
	struct turn turn = *first;

	turn.end_ns = second->end_ns;
	turn.ns += second->ns;
	turn.queue_ns += second->queue_ns;
	turn.nr_taken += second->nr_taken;
	turn.nr_reclaimed += second->nr_reclaimed;
	turn.nr_written += second->nr_written;
	turn.nr_refilled += second->nr_refilled;
	return turn;
}

static void keep_kswapds(struct turn_vec *kept, const struct turn *turn)
{
	if (kept->count == MAX_TURNS) {
		for (size_t i = 0; i < MAX_TURNS / 2; i++) {
			const struct turn *first = &kept->items[2 * i], *second = first + 1;

			if (first->node == second->node && first->end_ns == second->begin_ns)
				kept->items[i] = join(first, second);
			else
				kept->items[i] = first->ns > second->ns ? *first : *second;
		}
		kept->count = MAX_TURNS / 2;
	}
	/* Without memory kswapd.cpu holds for its time. */
	(void)turn_vec_push(kept, *turn);
}

static void begin_turn(struct reclaimer *reclaimer, uint64_t t_ns)
{
	reclaimer->turn = (struct turn){ .begin_ns = t_ns, .node = reclaimer->turn.node };
	reclaimer->last_ns = t_ns;
	reclaimer->bio_ns = 0;
	reclaimer->throttled_ns = 0;
}

/* false: it was none. */
static bool end_turn(struct reclaimer *reclaimer, uint64_t t_ns)
{
	struct turn *turn = &reclaimer->turn;

	if (turn->nr_taken == 0 || t_ns < turn->begin_ns)
		return false;
	turn->end_ns = t_ns;
	turn->ns = excess(t_ns - turn->begin_ns, reclaimer->throttled_ns);
	return true;
}

static void end_batch(struct replay_pause_meter *meter, struct reclaimer *reclaimer, uint64_t t_ns)
{
	if (!end_turn(reclaimer, t_ns))
		return;
	if (reclaimer->kswapd)
		keep_kswapds(&meter->kswapd, &reclaimer->turn);
	else
		keep(&meter->direct, &reclaimer->turn);
}

static void end_direct_reclaim(struct replay_pause_meter *meter, struct reclaimer *reclaimer,
                               const struct mmr_event *event)
{
	struct turn *turn = &reclaimer->turn;

	if (turn->nr_taken > 0 || event->reclaim.nr_reclaimed > UINT32_MAX) {
		end_batch(meter, reclaimer, event->t_ns);
		return;
	}
	turn->nr_reclaimed = (uint32_t)event->reclaim.nr_reclaimed;
	turn->nr_taken =
		turn->nr_reclaimed > turn->nr_written ? turn->nr_reclaimed : turn->nr_written;
	if (end_turn(reclaimer, event->t_ns))
		keep(&meter->whole, turn);
}

/* In reclaim; NULL: the thread is not. */
static struct reclaimer *reclaimer_of(struct replay_pause_meter *meter, uint32_t pid)
{
	struct reclaimer *reclaimer = &meter->reclaimers[pid % NR_SLOTS];

	return reclaimer->active && reclaimer->pid == pid ? reclaimer : NULL;
}

static void begin_reclaim(struct replay_pause_meter *meter, const struct mmr_event *event)
{
	struct reclaimer *reclaimer = reclaimer_of(meter, event->pid);

	/*
	 * kswapd wakes without having slept: it had a nap, which somebody or the clock ended, or it could not even nap, as
	 * there was more to do; then its turn goes on.
	 */
	if (reclaimer && reclaimer->kswapd) {
		if (!reclaimer->woken && event->t_ns - reclaimer->last_ns < NAP_NS)
			return;
		end_batch(meter, reclaimer, reclaimer->last_ns);
	}
	reclaimer = &meter->reclaimers[event->pid % NR_SLOTS];
	reclaimer->pid = event->pid;
	reclaimer->active = true;
	reclaimer->woken = false;
	reclaimer->kswapd = event->kind == MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE;
	reclaimer->turn.node = reclaimer->kswapd ? (uint32_t)event->reclaim.nid : 0;
	begin_turn(reclaimer, event->t_ns);
}

static void see_isolate(struct replay_pause_meter *meter, struct reclaimer *reclaimer,
                        const struct mmr_event *event)
{
	meter->tells_batches = true;
	if ((event->lru_isolate.lru & 1) || event->lru_isolate.nr_taken == 0)
		return;
	if (reclaimer->turn.nr_taken > 0) {
		end_batch(meter, reclaimer, event->t_ns);
		begin_turn(reclaimer, event->t_ns);
	}
	reclaimer->turn.nr_taken = (uint32_t)event->lru_isolate.nr_taken;
}

static void see_write(struct reclaimer *reclaimer, const struct mmr_event *event)
{
	reclaimer->turn.nr_written++;
	if (reclaimer->bio_ns != 0 && event->t_ns > reclaimer->bio_ns)
		reclaimer->turn.queue_ns += event->t_ns - reclaimer->bio_ns;
}

static void see_work(struct replay_pause_meter *meter, struct reclaimer *reclaimer,
                     const struct mmr_event *event)
{
	struct turn *turn = &reclaimer->turn;
	uint64_t bio_ns = 0;

	switch (event->kind) {
	case MMR_EVENT_MM_VMSCAN_LRU_ISOLATE:
		see_isolate(meter, reclaimer, event);
		break;
	case MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE:
		turn->nr_reclaimed += (uint32_t)event->shrink_inactive.nr_reclaimed;
		break;
	case MMR_EVENT_MM_VMSCAN_LRU_SHRINK_ACTIVE:
		turn->nr_refilled += (uint32_t)event->shrink_active.nr_taken;
		break;
	case MMR_EVENT_MM_VMSCAN_WRITE_FOLIO:
		see_write(reclaimer, event);
		break;
	case MMR_EVENT_BLOCK_BIO_QUEUE:
		bio_ns = event->t_ns;
		break;
	case MMR_EVENT_MM_VMSCAN_THROTTLED:
		if (event->throttled.delayed_us > 0)
			reclaimer->throttled_ns += (uint64_t)event->throttled.delayed_us * 1000;
		break;
	default:
		return;
	}
	reclaimer->bio_ns = bio_ns;
	reclaimer->last_ns = event->t_ns;
	reclaimer->woken = false;
}

/* wakeup_kswapd() tells only of one that waits. */
static void see_wakeup(struct replay_pause_meter *meter, uint32_t node)
{
	for (size_t i = 0; i < NR_SLOTS; i++) {
		struct reclaimer *reclaimer = &meter->reclaimers[i];

		if (reclaimer->active && reclaimer->kswapd && reclaimer->turn.node == node)
			reclaimer->woken = true;
	}
}

void replay_pause_event(struct replay_pause_meter *meter, const struct mmr_event *event)
{
	struct reclaimer *reclaimer;

	switch (event->kind) {
	case MMR_EVENT_LOST: /* what is missing would be a pause */
		memset(meter->reclaimers, 0, sizeof(meter->reclaimers));
		return;
	case MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN:
	case MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE:
		begin_reclaim(meter, event);
		return;
	case MMR_EVENT_MM_VMSCAN_WAKEUP_KSWAPD:
		see_wakeup(meter, (uint32_t)event->reclaim.nid);
		return;
	}
	reclaimer = reclaimer_of(meter, event->pid);
	if (!reclaimer)
		return;
	if (event->kind != MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END &&
	    event->kind != MMR_EVENT_MM_VMSCAN_KSWAPD_SLEEP) {
		see_work(meter, reclaimer, event);
		return;
	}
	if (reclaimer->kswapd)
		end_batch(meter, reclaimer, reclaimer->last_ns);
	else
		end_direct_reclaim(meter, reclaimer, event);
	reclaimer->active = false;
}

/* ---- what was a pause ---- */

/* As replay_cost_reclaim() has it. */
static uint64_t work_of(const struct turn *turn, const struct replay_cost *cost)
{
	uint64_t gone = (uint64_t)turn->nr_reclaimed + turn->nr_written;

	return (turn->nr_taken + (uint64_t)turn->nr_refilled) * cost->scan_ns +
	       turn->nr_reclaimed * cost->free_ns +
	       turn->nr_written * (cost->unmap_ns + cost->pageout_ns) +
	       excess(turn->nr_taken, gone) * cost->putback_ns;
}

static int compare_ns(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return (first > second) - (first < second);
}

/* What a turn took beyond its work; *saved_ns: and what the others took less than theirs. */
static uint64_t wait_of(const struct turn *turn, const struct replay_cost *cost, uint64_t *saved_ns)
{
	uint64_t full_ns = excess(turn->queue_ns, turn->nr_written * cost->pageout_ns);
	uint64_t known_ns = work_of(turn, cost) + full_ns;

	*saved_ns += excess(known_ns, turn->ns);
	return excess(turn->ns, known_ns);
}

/*
 * Some batches cost less than others. What such turns saved is no pause of those that took a little more: the shortest
 * waits make up for it. waits: ascending. Returns the longest that is wholly made up for.
 */
static uint64_t settle(uint64_t *waits, size_t nr, uint64_t saved_ns)
{
	uint64_t longest_ns = 0;

	for (size_t i = 0; i < nr && saved_ns > 0; i++) {
		uint64_t ns = waits[i] < saved_ns ? waits[i] : saved_ns;

		if (ns == waits[i])
			longest_ns = ns;
		waits[i] -= ns;
		saved_ns -= ns;
	}
	return longest_ns;
}

/* What each turn waited, ascending. Returns as settle() does. */
static uint64_t find_waits(const struct turn_vec *turns, const struct replay_cost *cost,
                           uint64_t *ret_waits)
{
	uint64_t saved_ns = 0;

	for (size_t i = 0; i < turns->count; i++)
		ret_waits[i] = wait_of(&turns->items[i], cost, &saved_ns);
	qsort(ret_waits, turns->count, sizeof(*ret_waits), compare_ns);
	return settle(ret_waits, turns->count, saved_ns);
}

static uint64_t sum_work(const struct turn_vec *turns, const struct replay_cost *cost)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < turns->count; i++)
		ns += work_of(&turns->items[i], cost);
	return ns;
}

/* Means, not medians: they are as long in all as the recorded ones. */
static void divide(const uint64_t *waits, size_t nr, struct replay_pauses *pauses)
{
	for (size_t i = 0; i < REPLAY_NR_PAUSES; i++) {
		size_t begin = nr * i / REPLAY_NR_PAUSES, end = nr * (i + 1) / REPLAY_NR_PAUSES;
		uint64_t sum = 0;

		for (size_t k = begin; k < end; k++)
			sum += waits[k];
		pauses->ns[i] = sum / (end - begin);
	}
}

static const struct turn_vec *direct_turns(const struct replay_pause_meter *meter)
{
	return meter->tells_batches ? &meter->direct.kept : &meter->whole.kept;
}

bool replay_pause_knows_direct(const struct replay_pause_meter *meter)
{
	return direct_turns(meter)->count >= MIN_TURNS;
}

struct replay_pauses *replay_pause_measure(const struct replay_pause_meter *meter,
                                           const struct replay_cost *cost)
{
	const struct turn_vec *turns = direct_turns(meter);
	struct replay_pauses *pauses = NULL;
	uint64_t *waits, every_ns;

	if (turns->count < MIN_TURNS)
		return NULL;
	waits = base_calloc(turns->count, sizeof(*waits));
	if (!waits)
		return NULL;
	find_waits(turns, cost, waits);
	every_ns = sum_work(turns, cost) / turns->count;
	if (every_ns > 0)
		pauses = base_calloc(1, sizeof(*pauses));
	if (pauses) {
		pauses->every_ns = every_ns;
		divide(waits, turns->count, pauses);
	}
	base_free(waits);
	return pauses;
}

/* ---- kswapd's pace ---- */

static int compare_turns(const void *a, const void *b)
{
	const struct turn *first = a, *second = b;

	if (first->node != second->node)
		return first->node < second->node ? -1 : 1;
	return (first->end_ns > second->end_ns) - (first->end_ns < second->end_ns);
}

/*
 * Whether the turns tell how long kswapd's pauses are. The replay's is not awake at just the same instants, and meets some of
 * the pauses and misses others: where the mean is not known to a fifth (its standard error) the longest of them decide, and
 * whether the replay meets these is chance.
 */
static bool tell_enough(const uint64_t *waits, size_t nr)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < nr; i++) {
		sum += (double)waits[i];
		squares += (double)waits[i] * (double)waits[i];
	}
	return squares - sum * sum / (double)nr <= sum * sum * MAX_ERROR * MAX_ERROR;
}

/* Of all nodes, in order. Pauses up to settled_ns are none. */
static void lay_out(const struct turn_vec *kept, const struct replay_cost *cost,
                    uint64_t settled_ns, struct replay_pace *ret)
{
	uint32_t nr = 0;

	for (uint32_t node = 0; node < MM_MAX_NODES; node++) {
		ret->first[node] = nr;
		for (; nr < kept->count && kept->items[nr].node == node; nr++) {
			const struct turn *turn = &kept->items[nr];
			uint64_t saved_ns = 0, work_ns = work_of(turn, cost);
			uint64_t wait_ns = wait_of(turn, cost, &saved_ns);

			ret->turns[nr] = (struct replay_pace_turn){
				.begin_ns = turn->begin_ns,
				.end_ns = turn->end_ns,
				.work_ns = work_ns,
				.own_ns = work_ns + (wait_ns > settled_ns ? wait_ns : 0),
			};
		}
	}
	ret->first[MM_MAX_NODES] = nr;
}

struct replay_pace *replay_pause_pace(struct replay_pause_meter *meter,
                                      const struct replay_cost *cost)
{
	const struct turn_vec *kept = &meter->kswapd;
	struct replay_pace *pace = NULL;
	uint64_t *waits, settled_ns;

	if (kept->count == 0)
		return NULL;
	waits = base_calloc(kept->count, sizeof(*waits));
	if (!waits)
		return NULL;
	settled_ns = find_waits(kept, cost, waits);
	if (tell_enough(waits, kept->count))
		pace = base_calloc(1, sizeof(*pace) + kept->count * sizeof(pace->turns[0]));
	if (pace) {
		qsort(kept->items, kept->count, sizeof(kept->items[0]), compare_turns);
		lay_out(kept, cost, settled_ns, pace);
	}
	base_free(waits);
	return pace;
}

/* ---- direct reclaim's pauses ---- */

uint64_t replay_pause_draw(const struct replay_pauses *pauses, struct rng *rng, uint64_t work_ns)
{
	uint64_t ns = 0, nr;
	uint32_t every_ns = pauses->every_ns < UINT32_MAX ? (uint32_t)pauses->every_ns : UINT32_MAX;

	/* What is less than a pause's work has one now and then. */
	nr = (work_ns + base_rng_below(rng, every_ns)) / every_ns;
	for (uint64_t i = 0; i < nr; i++)
		ns += pauses->ns[base_rng_below(rng, REPLAY_NR_PAUSES)];
	return ns;
}
