/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pauses of reclaim, and their places.
 *
 * shrink_folio_list() and shrink_lruvec() (6.12 mm/vmscan.c) call cond_resched() before each page and after each batch: who
 * reclaims goes on working until others want the CPU, and then waits for a time that has nothing to do with how many pages
 * he had in hand. How often that comes depends on how long he works, so a pause is drawn for as much work as a mean
 * batch of the recording is, and one that was recorded.
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
 * State: by thread the turn under way, and of each kind at most MAX_TURNS turns: where there are more every
 * other one is forgotten, again and again.
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

struct turn {
	uint64_t ns;       /* but for reclaim_throttle() */
	uint64_t queue_ns; /* of it: to give pages to the device */
	uint32_t nr_taken;
	uint32_t nr_reclaimed;
	uint32_t nr_written;
	uint32_t nr_refilled;
};

DEFINE_VEC(turn_vec, struct turn);

struct turns {
	struct turn_vec kept;
	uint32_t stride; /* of so many one is kept */
	uint32_t skipped;
};

struct reclaimer {
	uint64_t begin_ns; /* of the turn */
	uint64_t last_ns;
	uint64_t bio_ns;       /* 0: what it did last is something else */
	uint64_t throttled_ns; /* in this turn */
	uint32_t pid;
	bool active;
	bool kswapd;
	struct turn turn;
};

struct replay_pause_meter {
	struct reclaimer reclaimers[NR_SLOTS];
	struct turns direct;
	struct turns kswapd;
	struct turns whole; /* direct reclaims, each from begin to end */
	bool tells_batches; /* the kernel */
};

struct replay_pause_meter *replay_pause_meter_create(void)
{
	struct replay_pause_meter *meter = base_calloc(1, sizeof(*meter));

	if (meter)
		meter->direct.stride = meter->kswapd.stride = meter->whole.stride = 1;
	return meter;
}

void replay_pause_meter_destroy(struct replay_pause_meter *meter)
{
	if (!meter)
		return;
	turn_vec_deinit(&meter->direct.kept);
	turn_vec_deinit(&meter->kswapd.kept);
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

static void begin_turn(struct reclaimer *reclaimer, uint64_t t_ns)
{
	reclaimer->turn = (struct turn){ 0 };
	reclaimer->begin_ns = t_ns;
	reclaimer->last_ns = t_ns;
	reclaimer->bio_ns = 0;
	reclaimer->throttled_ns = 0;
}

static void end_turn(struct turns *turns, struct reclaimer *reclaimer, uint64_t t_ns)
{
	struct turn *turn = &reclaimer->turn;

	if (turn->nr_taken == 0 || t_ns < reclaimer->begin_ns)
		return;
	turn->ns = excess(t_ns - reclaimer->begin_ns, reclaimer->throttled_ns);
	keep(turns, turn);
}

static void end_batch(struct replay_pause_meter *meter, struct reclaimer *reclaimer, uint64_t t_ns)
{
	end_turn(reclaimer->kswapd ? &meter->kswapd : &meter->direct, reclaimer, t_ns);
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
	end_turn(&meter->whole, reclaimer, event->t_ns);
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

	/* kswapd wakes without having slept: it had a nap. */
	if (reclaimer && reclaimer->kswapd)
		end_batch(meter, reclaimer, reclaimer->last_ns);
	reclaimer = &meter->reclaimers[event->pid % NR_SLOTS];
	reclaimer->pid = event->pid;
	reclaimer->active = true;
	reclaimer->kswapd = event->kind == MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE;
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

/* ---- pauses ---- */

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

/* Some batches cost less than others. What such turns saved is no pause of those that took a little more. */
static void settle(uint64_t *waits, size_t nr, uint64_t saved_ns)
{
	for (size_t i = 0; i < nr && saved_ns > 0; i++) {
		uint64_t ns = waits[i] < saved_ns ? waits[i] : saved_ns;

		waits[i] -= ns;
		saved_ns -= ns;
	}
}

/* What each turn waited, ascending; the sum of their work. */
static uint64_t find_waits(const struct turn_vec *turns, const struct replay_cost *cost,
                           uint64_t *ret_waits)
{
	uint64_t work_ns = 0, saved_ns = 0;

	for (size_t i = 0; i < turns->count; i++) {
		const struct turn *turn = &turns->items[i];
		uint64_t ns = work_of(turn, cost);
		uint64_t full_ns = excess(turn->queue_ns, turn->nr_written * cost->pageout_ns);

		work_ns += ns;
		ret_waits[i] = excess(turn->ns, ns + full_ns);
		saved_ns += excess(ns + full_ns, turn->ns);
	}
	qsort(ret_waits, turns->count, sizeof(*ret_waits), compare_ns);
	settle(ret_waits, turns->count, saved_ns);
	return work_ns;
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
                                           const struct replay_cost *cost, bool kswapd)
{
	const struct turn_vec *turns = kswapd ? &meter->kswapd.kept : direct_turns(meter);
	struct replay_pauses *pauses = NULL;
	uint64_t *waits, every_ns;

	if (turns->count < MIN_TURNS)
		return NULL;
	waits = base_calloc(turns->count, sizeof(*waits));
	if (!waits)
		return NULL;
	every_ns = find_waits(turns, cost, waits) / turns->count;
	if (every_ns > 0)
		pauses = base_calloc(1, sizeof(*pauses));
	if (pauses) {
		pauses->every_ns = every_ns;
		divide(waits, turns->count, pauses);
	}
	base_free(waits);
	return pauses;
}

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
