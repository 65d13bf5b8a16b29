/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What reclaim cost on the recorded machine.
 *
 * shrink_inactive_list() (6.12 mm/vmscan.c) isolates a batch of pages, works on them and tells what became
 * of them: mm_vmscan_lru_isolate begins a batch, mm_vmscan_lru_shrink_inactive of the same thread ends it.
 * The batches that had one outcome only tell what a page of that outcome costs:
 *
 *	kept     nothing written, less than a tenth freed	cost.scan + cost.putback
 *	freed    nothing written, more than nine tenths		cost.scan + cost.free
 *	written  more than nine tenths written			cost.scan + cost.unmap + cost.pageout
 *
 * 6.1's evict_folios() (MGLRU) tells of no batch; there what mm_vmscan_write_folio tells, MIN_PAGES pages in a
 * row of one thread, stands for the batches that were written. A row ends where the thread frees a page, as a
 * batch does, in mm_vmscan_kswapd_wake, which follows each nap and each sleep of kswapd, and in a pause as long as a nap
 * of others. However long kswapd stands still without a wake-up, it waits for its CPU.
 *
 * The estimate of each is the median time per page of the batches of at least MIN_PAGES pages during which
 * no other thread showed itself on the CPU. With fewer than MIN_BATCHES of them the default stays, as do
 * cost.putback and cost.unmap, which cannot be told apart from the rest. kswapd.cpu is what kswapd's batches
 * should have taken by these medians, of what they did take, interruptions included. direct.stretch is what direct
 * reclaim took from begin to end, of what it should have by these costs. kswapd.latency is the
 * median time from mm_vmscan_wakeup_kswapd to the next mm_vmscan_kswapd_wake; what takes as long as a nap is no answer.
 * How these times differ from each other, of at least MIN_WAKES, and those of direct reclaim, of MIN_STALLS, quantiles
 * tell; wake-ups too few to tell are taken to differ as times to the next of events that come by chance do. Often kswapd
 * takes the CPU of who wakes it, or another at once, before others ask for more: then it reclaims (the zone of its
 * mm_vmscan_kswapd_wake) for the zone that it was woken for, whatever is asked for meanwhile. How often that
 * is, of what wakes it for each of the lower zones, is taken to be the share that is expected after so many that were and were
 * not, and where nobody has seen any one in LONERS, as in the recordings of traces/ together (24 of 140 wakes for ZONE_DMA).
 *
 * Compaction: cost.compact_scan is the median time per page of the pageblocks of which nothing was taken,
 * from mm_compaction_finished to mm_compaction_isolate_migratepages; cost.migrate that per page moved from
 * mm_migrate_pages_start to mm_migrate_pages, of at least MIN_PAGES pages and MIN_TURNS turns each. Finding the
 * new places is in it, so where the free scanner goes far it counts twice.
 *
 * kcompactd.cpu is what its turns should have taken by these medians (the default cost where there is none), of what
 * they did take, interruptions included, with MIN_TURNS turns of it; otherwise kswapd.cpu: they have the same
 * CPUs, and the same others on them (4, 9, 68, 83 % where kswapd has 6, 8, 65, 72). Without turns cost.migrate is
 * MOVE_PER_FREE times what freeing a page costs (2.6 to 6 where both are known).
 *
 * kcompactd.timeout is the mean time between two mm_compaction_kcompactd_sleep that lie about half a second
 * apart, kcompactd.phase the time of the first one.
 *
 * State: histograms of 8 steps per octave, one per outcome, hence a median is true to 6 %.
 *
 * Bias: upwards by the time that recording the events takes, and by threads that had the CPU without
 * leaving an event; cost.scan lacks the isolation itself, which is before the first event.
 */
#include "calibrate.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "cost.h"
#include "error_set.h"
#include "gfp.h"

#define MIN_PAGES   16
#define MIN_BATCHES 32
#define MIN_STALLS  8
#define MIN_WAKES   4 /* for the spread of them */
#define MIN_TURNS   8
#define MIN_RESTS   4
#define MIN_SWAPPED 256

#define MOVE_PER_FREE 4

#define HALF_SECOND_NS UINT64_C(500000000)
#define NR_SLOTS       256 /* threads in reclaim at a time; more of them push each other out */
#define NR_NODES       64
#define LONERS         6u
#define NAP_NS         UINT64_C(100000000) /* HZ / 10 */
#define STEPS          8
#define NR_BINS        (40 * STEPS)

enum outcome {
	KEPT,
	FREED,
	WRITTEN,
	ROW, /* written, too */
	NR_OUTCOMES,
};

/* What a thread in compaction is doing. */
struct compaction {
	uint64_t scan_ns;    /* since then it looks for pages to move; 0: it does not */
	uint64_t migrate_ns; /* since then it moves them; 0 */
	uint32_t pid;
	uint32_t nr_scanned; /* meanwhile, of free pages */
	uint16_t cpu;
	bool shared;
};

struct batch {
	uint64_t begin_ns;
	uint64_t last_ns; /* of a row: the latest page */
	uint64_t bio_ns;  /* when the thread last gave something to a device */
	uint32_t pid;
	uint32_t nr_taken;
	uint32_t nr_written;
	uint16_t cpu;
	bool open;
	bool row;
	bool shared; /* somebody else had the CPU meanwhile */
};

struct samples {
	uint64_t nr;
	uint32_t bins[NR_BINS];
	uint64_t kswapd_pages; /* all of kswapd's batches of this outcome, or kcompactd's turns */
	uint64_t kswapd_ns;
};

/* Direct reclaim of a thread; and the sum of all. */
struct run {
	uint64_t begin_ns; /* 0: not in it */
	uint64_t ns;
	uint64_t nr_taken; /* from inactive lists */
	uint64_t nr_reclaimed;
	uint64_t nr_written;
	uint32_t pid;
};

struct replay_calibrate {
	uint64_t gaps_ns;    /* of kswapd, between rows */
	uint64_t nr_swapped; /* pages, by reclaim */
	uint64_t nr_zspages; /* … and what it took for them */
	struct replay_pause_meter *pauses;
	struct batch slots[NR_SLOTS];
	struct run runs[NR_SLOTS];
	struct run direct;
	struct samples stalls; /* of direct reclaim: ns per page taken */
	struct samples samples[NR_OUTCOMES];
	struct compaction compactions[NR_SLOTS];
	struct samples scans;      /* ns per page looked at */
	struct samples migrates;   /* ns per page moved, its new place found included */
	uint32_t kswapd[NR_NODES]; /* pids */
	uint32_t kcompactd[NR_NODES];
	uint64_t nr_kcompactd_turns;
	uint64_t woken_ns[NR_NODES]; /* 0: kswapd runs, or nobody wants it */
	uint8_t asked[NR_NODES];     /* highest zone that it was woken for then, + 1 */
	struct {
		uint64_t nr_told;
		uint64_t nr_alone; /* … it reclaimed for what it had been woken for */
	} lower[MM_ZONE_NORMAL];   /* by the zone that it was woken for */
	struct replay_wake_vec kswapd_wakes;
	struct samples wakes;
	uint64_t first_ns; /* of the recording */
	uint64_t slept_ns; /* since then kcompactd of node 0 sleeps; 0: it has not been seen */
	uint64_t first_slept_ns; /* … for the first time */
	uint64_t rests_ns;       /* in all, of about half a second each */
	uint64_t nr_rests;
	uint32_t nr_cpus;
	uint16_t running[]; /* by CPU: 1 + slot of the batch under way there */
};

struct replay_calibrate *replay_calibrate_create(uint32_t nr_cpus, uint64_t first_ns)
{
	struct replay_calibrate *calibrate =
		base_calloc(1, sizeof(*calibrate) + nr_cpus * sizeof(calibrate->running[0]));

	if (!calibrate)
		return NULL;
	calibrate->nr_cpus = nr_cpus;
	calibrate->first_ns = first_ns;
	calibrate->pauses = replay_pause_meter_create();
	if (!calibrate->pauses) {
		base_free(calibrate);
		return NULL;
	}
	return calibrate;
}

void replay_calibrate_destroy(struct replay_calibrate *calibrate)
{
	if (calibrate) {
		replay_pause_meter_destroy(calibrate->pauses);
		replay_wake_vec_deinit(&calibrate->kswapd_wakes);
	}
	base_free(calibrate);
}

/* ---- medians ---- */

static uint32_t bin_of(uint64_t ns)
{
	uint32_t octave = 0;
	uint64_t top = ns + STEPS;

	while (top >> 1 >= STEPS) {
		top >>= 1;
		octave++;
	}
	octave = octave * STEPS + (uint32_t)(top - STEPS);
	return octave < NR_BINS ? octave : NR_BINS - 1;
}

/* The lowest value of a bin: that which bin_of() maps to it first. */
static uint64_t bin_begin(uint32_t bin)
{
	return ((uint64_t)(STEPS + bin % STEPS) << bin / STEPS) - STEPS;
}

/* False: too thin. */
static bool median(const struct samples *samples, uint64_t least, uint64_t *ret)
{
	uint64_t seen = 0;
	uint32_t bin = 0;

	if (samples->nr < least)
		return false;
	while (bin < NR_BINS - 1 && (seen += samples->bins[bin]) * 2 < samples->nr)
		bin++;
	*ret = (bin_begin(bin) + bin_begin(bin + 1)) / 2;
	return true;
}

/* ---- batches ---- */

static struct batch *slot_of(struct replay_calibrate *calibrate, uint32_t pid)
{
	return &calibrate->slots[pid % NR_SLOTS];
}

/* The thread of a node. pids: [NR_NODES], 0 where it has not been seen. */
static bool is_among(const uint32_t *pids, uint32_t pid)
{
	for (uint32_t i = 0; i < NR_NODES; i++)
		if (pids[i] == pid)
			return pid != 0;
	return false;
}

static void begin_batch(struct replay_calibrate *calibrate, const struct mmr_event *event)
{
	struct batch *batch = slot_of(calibrate, event->pid);

	*batch = (struct batch){ .begin_ns = event->t_ns,
		                 .pid = event->pid,
		                 .nr_taken = event->lru_isolate.nr_taken,
		                 .cpu = event->cpu,
		                 .open = (event->lru_isolate.lru & 1) == 0 };
	calibrate->running[event->cpu] = (uint16_t)(event->pid % NR_SLOTS + 1);
}

static enum outcome outcome_of(const struct batch *batch, uint64_t nr_reclaimed)
{
	uint64_t nr = batch->nr_taken;

	if (batch->nr_written > 0)
		return batch->nr_written * UINT64_C(10) > nr * 9 ? WRITTEN : NR_OUTCOMES;
	if (nr_reclaimed * 10 > nr * 9)
		return FREED;
	return nr_reclaimed * 10 < nr ? KEPT : NR_OUTCOMES;
}

static void add_sample(struct replay_calibrate *calibrate, const struct batch *batch,
                       enum outcome outcome, const struct mmr_event *event)
{
	struct samples *samples = &calibrate->samples[outcome];
	uint64_t ns = event->t_ns - batch->begin_ns;

	if (!batch->shared && batch->cpu == event->cpu) {
		samples->nr++;
		samples->bins[bin_of(ns / batch->nr_taken)]++;
	}
	if (is_among(calibrate->kswapd, event->pid)) {
		samples->kswapd_pages += batch->nr_taken;
		samples->kswapd_ns += ns;
	}
}

static void end_batch(struct replay_calibrate *calibrate, const struct mmr_event *event)
{
	struct batch *batch = slot_of(calibrate, event->pid);
	enum outcome outcome;

	if (!batch->open || batch->row || batch->pid != event->pid || event->t_ns < batch->begin_ns)
		return;
	batch->open = false;
	outcome = outcome_of(batch, event->shrink_inactive.nr_reclaimed);
	if (batch->nr_taken >= MIN_PAGES && outcome != NR_OUTCOMES)
		add_sample(calibrate, batch, outcome, event);
}

static void begin_row(struct replay_calibrate *calibrate, const struct mmr_event *event)
{
	*slot_of(calibrate, event->pid) = (struct batch){ .begin_ns = event->t_ns,
		                                          .last_ns = event->t_ns,
		                                          .pid = event->pid,
		                                          .cpu = event->cpu,
		                                          .open = true,
		                                          .row = true };
	calibrate->running[event->cpu] = (uint16_t)(event->pid % NR_SLOTS + 1);
}

static void end_row(struct replay_calibrate *calibrate, uint32_t pid)
{
	struct batch *batch = slot_of(calibrate, pid);

	if (batch->row && batch->pid == pid)
		batch->open = false;
}

/*
 * What kswapd does between two rows is its work, too: it frees the pages of the one, and looks for those of the next. It
 * may have to wait for a place in the device's queue, which the replay does on its own.
 */
static void pay_gap(struct replay_calibrate *calibrate, const struct batch *before,
                    const struct mmr_event *event)
{
	uint64_t until_ns = before->bio_ns > before->last_ns ? before->bio_ns : event->t_ns;

	if (before->row && before->pid == event->pid && is_among(calibrate->kswapd, event->pid) &&
	    until_ns >= before->last_ns)
		calibrate->gaps_ns += until_ns - before->last_ns;
}

static void see_write(struct replay_calibrate *calibrate, const struct mmr_event *event)
{
	struct batch *batch = slot_of(calibrate, event->pid);

	bool follows = batch->open && batch->pid == event->pid;

	if (follows && !batch->row) {
		batch->nr_written++;
		return;
	}
	if (follows && event->t_ns >= batch->last_ns &&
	    (event->t_ns - batch->last_ns < NAP_NS || is_among(calibrate->kswapd, event->pid))) {
		batch->last_ns = event->t_ns;
		if (++batch->nr_taken < MIN_PAGES)
			return;
		add_sample(calibrate, batch, ROW, event);
	}
	if (!follows)
		pay_gap(calibrate, batch, event);
	begin_row(calibrate, event);
}

/* Somebody else on the CPU of a batch: it lasted longer than it took. */
static void see_thread(struct replay_calibrate *calibrate, const struct mmr_event *event)
{
	uint16_t slot = calibrate->running[event->cpu];

	if (slot == 0 || calibrate->slots[slot - 1].pid == event->pid)
		return;
	if (calibrate->slots[slot - 1].cpu == event->cpu)
		calibrate->slots[slot - 1].shared = true;
	calibrate->running[event->cpu] = 0;
}

/* ---- compaction ---- */

static struct compaction *compaction_of(struct replay_calibrate *calibrate,
                                        const struct mmr_event *event)
{
	struct compaction *compaction = &calibrate->compactions[event->pid % NR_SLOTS];

	if (compaction->pid != event->pid)
		*compaction = (struct compaction){ .pid = event->pid };
	return compaction;
}

static void add_turn(struct replay_calibrate *calibrate, struct samples *samples,
                     const struct mmr_event *event, uint64_t begin_ns, uint64_t nr)
{
	const struct compaction *compaction = compaction_of(calibrate, event);

	if (begin_ns == 0 || event->t_ns < begin_ns || nr == 0)
		return;
	if (is_among(calibrate->kcompactd, event->pid)) {
		samples->kswapd_pages += nr;
		samples->kswapd_ns += event->t_ns - begin_ns;
		calibrate->nr_kcompactd_turns++;
	}
	if (nr < MIN_PAGES || compaction->shared || compaction->cpu != event->cpu)
		return;
	samples->nr++;
	samples->bins[bin_of((event->t_ns - begin_ns) / nr)]++;
}

/* A turn: mm_compaction_finished, isolate_migratepages, mm_migrate_pages_start … mm_migrate_pages. */
static void see_compaction(struct replay_calibrate *calibrate, const struct mmr_event *event)
{
	struct compaction *compaction = compaction_of(calibrate, event);

	switch (event->kind) {
	case MMR_EVENT_MM_COMPACTION_FINISHED:
	case MMR_EVENT_MM_MIGRATE_PAGES_START:
		compaction->shared = false;
		compaction->cpu = event->cpu;
		compaction->scan_ns =
			event->kind == MMR_EVENT_MM_COMPACTION_FINISHED ? event->t_ns : 0;
		compaction->migrate_ns =
			event->kind == MMR_EVENT_MM_COMPACTION_FINISHED ? 0 : event->t_ns;
		break;
	case MMR_EVENT_MM_COMPACTION_ISOLATE_MIGRATEPAGES:
		/* What it takes is paid for with what it moves. */
		if (event->isolate.nr_taken == 0)
			add_turn(calibrate, &calibrate->scans, event, compaction->scan_ns,
			         event->isolate.nr_scanned);
		compaction->scan_ns = 0;
		break;
	case MMR_EVENT_MM_MIGRATE_PAGES:
		add_turn(calibrate, &calibrate->migrates, event, compaction->migrate_ns,
		         event->migrate.nr_succeeded);
		compaction->migrate_ns = 0;
		break;
	}
}

static void see_kcompactd(struct replay_calibrate *calibrate, const struct mmr_event *event)
{
	if (event->compact_zone.nid >= 0 && event->compact_zone.nid < NR_NODES)
		calibrate->kcompactd[event->compact_zone.nid] = event->pid;
}

/* From one look around to the next: half a second and what the timer rounds it to. */
static void see_kcompactd_sleep(struct replay_calibrate *calibrate, const struct mmr_event *event)
{
	uint64_t rest_ns = event->t_ns - calibrate->slept_ns;

	if (event->compact_zone.nid != 0)
		return;
	if (calibrate->first_slept_ns == 0)
		calibrate->first_slept_ns = event->t_ns;
	else if (rest_ns > 9 * HALF_SECOND_NS / 10 && rest_ns < 11 * HALF_SECOND_NS / 10) {
		calibrate->nr_rests++;
		calibrate->rests_ns += rest_ns;
	}
	calibrate->slept_ns = event->t_ns;
}

static void end_direct(struct replay_calibrate *calibrate, const struct run *run, uint64_t t_ns)
{
	struct run *sum = &calibrate->direct;

	if (run->nr_taken == 0 || t_ns <= run->begin_ns)
		return;
	calibrate->stalls.nr++;
	calibrate->stalls.bins[bin_of((t_ns - run->begin_ns) / run->nr_taken)]++;
	sum->ns += t_ns - run->begin_ns;
	sum->nr_taken += run->nr_taken;
	sum->nr_reclaimed += run->nr_reclaimed;
	sum->nr_written += run->nr_written;
}

/* What a direct reclaimer does, and how long it is at it. */
static void see_direct(struct replay_calibrate *calibrate, const struct mmr_event *event)
{
	struct run *run = &calibrate->runs[event->pid % NR_SLOTS];

	if (event->kind == MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN) {
		*run = (struct run){ .begin_ns = event->t_ns, .pid = event->pid };
		return;
	}
	if (run->begin_ns == 0 || run->pid != event->pid)
		return;
	if (event->kind == MMR_EVENT_MM_VMSCAN_LRU_ISOLATE) {
		run->nr_taken += event->lru_isolate.lru & 1 ? 0 : event->lru_isolate.nr_taken;
	} else if (event->kind == MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE) {
		run->nr_reclaimed += event->shrink_inactive.nr_reclaimed;
	} else if (event->kind == MMR_EVENT_MM_VMSCAN_WRITE_FOLIO) {
		run->nr_written++;
	} else {
		end_direct(calibrate, run, event->t_ns);
		run->begin_ns = 0;
	}
}

/* Within reclaim nobody but zs_malloc() asks for pages that could be moved. */
static void see_zspage(struct replay_calibrate *calibrate, const struct mmr_event *event)
{
	const struct run *run = &calibrate->runs[event->pid % NR_SLOTS];

	if (event->page.order == 0 && (event->page.gfp_flags & MM_GFP_MOVABLE) &&
	    (is_among(calibrate->kswapd, event->pid) ||
	     (run->begin_ns != 0 && run->pid == event->pid)))
		calibrate->nr_zspages++;
}

/* What kswapd begins to reclaim for tells whether others asked for more than who woke it. */
static void see_zone(struct replay_calibrate *calibrate, uint8_t asked, int zone)
{
	if (asked == 0 || asked - 1 >= MM_ZONE_NORMAL)
		return;
	calibrate->lower[asked - 1].nr_told++;
	calibrate->lower[asked - 1].nr_alone += zone == asked - 1;
}

/* From the first who wanted it to its first sign. */
static void see_kswapd(struct replay_calibrate *calibrate, const struct mmr_event *event)
{
	uint64_t *woken_ns;

	if (event->reclaim.nid < 0 || event->reclaim.nid >= NR_NODES)
		return;
	woken_ns = &calibrate->woken_ns[event->reclaim.nid];
	if (event->kind == MMR_EVENT_MM_VMSCAN_WAKEUP_KSWAPD) {
		if (*woken_ns == 0) {
			*woken_ns = event->t_ns;
			calibrate->asked[event->reclaim.nid] = (uint8_t)(event->reclaim.zid + 1);
		}
		return;
	}
	calibrate->kswapd[event->reclaim.nid] = event->pid;
	/* It has slept or napped since the last row. */
	if (slot_of(calibrate, event->pid)->row)
		*slot_of(calibrate, event->pid) = (struct batch){ 0 };
	if (*woken_ns != 0 && event->t_ns >= *woken_ns && event->t_ns - *woken_ns < NAP_NS) {
		calibrate->wakes.nr++;
		calibrate->wakes.bins[bin_of(event->t_ns - *woken_ns)]++;
		see_zone(calibrate, calibrate->asked[event->reclaim.nid], event->reclaim.zid);
		replay_wakes_add(&calibrate->kswapd_wakes,
		                 &(struct replay_wake){
					 .woken_ns = *woken_ns,
					 .node = (uint8_t)event->reclaim.nid,
					 .asked = calibrate->asked[event->reclaim.nid] - 1,
					 .told = (uint8_t)event->reclaim.zid,
				 });
	}
	*woken_ns = 0;
}

void replay_calibrate_event(struct replay_calibrate *calibrate, const struct mmr_event *event)
{
	if (event->cpu >= calibrate->nr_cpus)
		return;
	see_thread(calibrate, event);
	replay_pause_event(calibrate->pauses, event);
	switch (event->kind) {
	case MMR_EVENT_LOST: /* whose end or beginning is missing is not known */
		for (uint32_t i = 0; i < NR_SLOTS; i++)
			calibrate->slots[i].open = false;
		memset(calibrate->woken_ns, 0, sizeof(calibrate->woken_ns));
		memset(calibrate->runs, 0, sizeof(calibrate->runs));
		break;
	case MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_BEGIN:
	case MMR_EVENT_MM_VMSCAN_DIRECT_RECLAIM_END:
		see_direct(calibrate, event);
		break;
	case MMR_EVENT_MM_VMSCAN_WAKEUP_KSWAPD:
	case MMR_EVENT_MM_VMSCAN_KSWAPD_WAKE:
		see_kswapd(calibrate, event);
		break;
	case MMR_EVENT_MM_COMPACTION_KCOMPACTD_SLEEP:
		see_kcompactd_sleep(calibrate, event);
		see_kcompactd(calibrate, event);
		break;
	case MMR_EVENT_MM_COMPACTION_KCOMPACTD_WAKE:
		see_kcompactd(calibrate, event);
		break;
	case MMR_EVENT_MM_COMPACTION_FINISHED:
	case MMR_EVENT_MM_COMPACTION_ISOLATE_MIGRATEPAGES:
	case MMR_EVENT_MM_MIGRATE_PAGES_START:
	case MMR_EVENT_MM_MIGRATE_PAGES:
		see_compaction(calibrate, event);
		break;
	case MMR_EVENT_BLOCK_BIO_QUEUE:
		slot_of(calibrate, event->pid)->bio_ns = event->t_ns;
		break;
	case MMR_EVENT_MM_PAGE_FREE:
		end_row(calibrate, event->pid);
		break;
	case MMR_EVENT_MM_VMSCAN_LRU_ISOLATE:
		begin_batch(calibrate, event);
		see_direct(calibrate, event);
		break;
	case MMR_EVENT_MM_PAGE_ALLOC:
		see_zspage(calibrate, event);
		break;
	case MMR_EVENT_MM_VMSCAN_WRITE_FOLIO:
		calibrate->nr_swapped += event->write_folio.reclaim_flags & 1;
		see_write(calibrate, event);
		see_direct(calibrate, event);
		break;
	case MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE:
		end_batch(calibrate, event);
		see_direct(calibrate, event);
		break;
	}
}

/* ---- tunables ---- */

static void record(struct replay_tunables *tunables, const char *name, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	replay_tunable_record(tunables, name, text);
}

static uint64_t excess(uint64_t ns, uint64_t known_ns)
{
	return ns > known_ns ? ns - known_ns : 0;
}

/* In percent; 0: it is not known. */
static uint64_t kswapd_share(const struct replay_calibrate *calibrate)
{
	uint64_t should_ns = 0, did_ns = 0, nr = 0;

	for (int i = 0; i < NR_OUTCOMES; i++) {
		const struct samples *samples = &calibrate->samples[i];
		uint64_t ns;

		if (!median(samples, MIN_BATCHES, &ns))
			continue;
		should_ns += samples->kswapd_pages * ns;
		did_ns += samples->kswapd_ns;
		nr += samples->kswapd_pages;
	}
	/* Those who reclaim themselves would leave it behind: both have their pauses, or neither. */
	if (replay_pause_knows_direct(calibrate->pauses))
		did_ns += calibrate->gaps_ns;
	if (nr < UINT64_C(1) * MIN_BATCHES * MIN_PAGES || should_ns >= did_ns)
		return 0;
	return should_ns * 100 / did_ns > 0 ? should_ns * 100 / did_ns : 1;
}

/* The costs of compaction, and kcompactd's share of a CPU. free_ns: of a page; 0: it is not known. */
static void record_compaction(const struct replay_calibrate *calibrate,
                              struct replay_tunables *tunables, uint64_t share, uint64_t free_ns)
{
	const struct samples *scans = &calibrate->scans, *migrates = &calibrate->migrates;
	uint64_t scan_ns = replay_tunable(REPLAY_TUNABLE_COST_COMPACT_NS)->value;
	uint64_t migrate_ns = replay_tunable(REPLAY_TUNABLE_COST_MIGRATE_NS)->value;
	uint64_t did_ns = scans->kswapd_ns + migrates->kswapd_ns, should_ns;

	if (median(scans, MIN_TURNS, &scan_ns))
		record(tunables, "cost.compact_scan", scan_ns);
	if (!median(migrates, MIN_TURNS, &migrate_ns) && free_ns > 0)
		migrate_ns = free_ns * MOVE_PER_FREE;
	if (migrates->nr >= MIN_TURNS || free_ns > 0)
		record(tunables, "cost.migrate", migrate_ns);
	should_ns = scans->kswapd_pages * scan_ns + migrates->kswapd_pages * migrate_ns;
	if (calibrate->nr_kcompactd_turns >= MIN_TURNS && should_ns < did_ns)
		share = should_ns * 100 / did_ns > 0 ? should_ns * 100 / did_ns : 1;
	if (share > 0)
		record(tunables, "kcompactd.cpu", share);
}

/* What zram made of a page. */
static void record_zram(const struct replay_calibrate *calibrate, struct replay_tunables *tunables)
{
	uint64_t percent;

	if (calibrate->nr_zspages == 0 || calibrate->nr_swapped < MIN_SWAPPED)
		return;
	percent = (calibrate->nr_zspages * 100 + calibrate->nr_swapped / 2) / calibrate->nr_swapped;
	record(tunables, "zram.percent", percent < 1 ? 1 : percent < 100 ? percent : 100);
}

/* What direct reclaim took, of what the costs make of all it did (replay_cost_reclaim()). */
static void record_stretch(const struct run *direct, struct replay_tunables *tunables,
                           const struct replay_cost *cost)
{
	uint64_t should_ns = direct->nr_taken * (cost->scan_ns + cost->putback_ns) +
	                     direct->nr_reclaimed * cost->free_ns +
	                     direct->nr_written * (cost->unmap_ns + cost->pageout_ns);

	if (direct->nr_taken >= UINT64_C(1) * MIN_BATCHES * MIN_PAGES && should_ns > 0 &&
	    direct->ns > should_ns)
		record(tunables, "direct.stretch", direct->ns * 100 / should_ns);
}

/* What reclaim costs by the recording. Not what the user has set: one setting changes one cost. */
static struct replay_cost learned_cost(const struct replay_calibrate *calibrate)
{
	struct replay_cost cost = {
		.scan_ns = replay_tunable(REPLAY_TUNABLE_COST_SCAN_NS)->value,
		.free_ns = replay_tunable(REPLAY_TUNABLE_COST_FREE_NS)->value,
		.pageout_ns = replay_tunable(REPLAY_TUNABLE_COST_PAGEOUT_NS)->value,
		.putback_ns = replay_tunable(REPLAY_TUNABLE_COST_PUTBACK_NS)->value,
		.unmap_ns = replay_tunable(REPLAY_TUNABLE_COST_UNMAP_NS)->value,
	};
	uint64_t ns;

	if (median(&calibrate->samples[KEPT], MIN_BATCHES, &ns))
		cost.scan_ns = excess(ns, cost.putback_ns);
	if (median(&calibrate->samples[FREED], MIN_BATCHES, &ns))
		cost.free_ns = excess(ns, cost.scan_ns);
	if (median(&calibrate->samples[WRITTEN], MIN_BATCHES, &ns) ||
	    median(&calibrate->samples[ROW], MIN_BATCHES, &ns))
		cost.pageout_ns = excess(ns, cost.scan_ns + cost.unmap_ns);
	return cost;
}

void replay_calibrate_record(const struct replay_calibrate *calibrate,
                             struct replay_tunables *tunables)
{
	struct replay_cost cost = learned_cost(calibrate);
	uint64_t ns, share, free_ns = 0;

	if (median(&calibrate->samples[KEPT], MIN_BATCHES, &ns))
		record(tunables, "cost.scan", cost.scan_ns);
	if (median(&calibrate->samples[FREED], MIN_BATCHES, &ns)) {
		free_ns = cost.free_ns;
		record(tunables, "cost.free", cost.free_ns);
	}
	if (median(&calibrate->samples[WRITTEN], MIN_BATCHES, &ns) ||
	    median(&calibrate->samples[ROW], MIN_BATCHES, &ns))
		record(tunables, "cost.pageout", cost.pageout_ns);
	if (median(&calibrate->wakes, 1, &ns))
		record(tunables, "kswapd.latency", ns);
	if (calibrate->nr_rests >= MIN_RESTS)
		record(tunables, "kcompactd.timeout", calibrate->rests_ns / calibrate->nr_rests);
	if (calibrate->first_slept_ns > calibrate->first_ns)
		record(tunables, "kcompactd.phase",
		       calibrate->first_slept_ns - calibrate->first_ns);
	record_zram(calibrate, tunables);
	share = kswapd_share(calibrate);
	if (share > 0)
		record(tunables, "kswapd.cpu", share);
	record_compaction(calibrate, tunables, share, free_ns);
	record_stretch(&calibrate->direct, tunables, &cost);
}

/* Of their mean, or of the median. */
static void measure_spread(const struct samples *samples, uint64_t least, bool of_median,
                           struct replay_spread *ret)
{
	uint64_t quantiles[REPLAY_NR_QUANTILES], seen = 0, sum = 0, whole;
	uint32_t bin = 0;

	*ret = (struct replay_spread){ 0 };
	if (!median(samples, least, &whole))
		return;
	for (uint32_t i = 0; i < REPLAY_NR_QUANTILES; i++) {
		while (bin < NR_BINS - 1 && (seen + samples->bins[bin]) * 2 * REPLAY_NR_QUANTILES <=
		                                    samples->nr * (2 * i + 1))
			seen += samples->bins[bin++];
		quantiles[i] = (bin_begin(bin) + bin_begin(bin + 1)) / 2;
		sum += quantiles[i];
	}
	if (!of_median)
		whole = sum / REPLAY_NR_QUANTILES;
	for (uint32_t i = 0; i < REPLAY_NR_QUANTILES && whole > 0; i++)
		ret->percent[i] = (uint32_t)(quantiles[i] * 100 / whole);
	ret->nr = whole > 0 ? REPLAY_NR_QUANTILES : 0;
}

/* Not known: exponential, about the median. */
static void assume_spread(struct replay_spread *ret)
{
	ret->nr = REPLAY_NR_QUANTILES;
	for (uint32_t i = 0; i < REPLAY_NR_QUANTILES; i++)
		ret->percent[i] =
			(uint32_t)(-100 * log2(1 - (2 * i + 1) / (2.0 * REPLAY_NR_QUANTILES)));
}

void replay_calibrate_spreads(const struct replay_calibrate *calibrate, struct replay_start *start)
{
	measure_spread(&calibrate->stalls, MIN_STALLS, false, &start->stalls);
	measure_spread(&calibrate->wakes, MIN_WAKES, true, &start->wakes);
	if (start->wakes.nr == 0)
		assume_spread(&start->wakes);
	for (unsigned int zone = 0; zone < MM_ZONE_NORMAL; zone++)
		start->alone_percent[zone] =
			(uint32_t)((2 * calibrate->lower[zone].nr_alone + 1) * 100 /
		                   (2 * calibrate->lower[zone].nr_told + LONERS));
}

static void measure_pauses(const struct replay_calibrate *calibrate, struct replay_start *start)
{
	struct replay_cost cost = learned_cost(calibrate);

	base_free(start->direct_pauses);
	base_free(start->kswapd_pace);
	start->direct_pauses = replay_pause_measure(calibrate->pauses, &cost);
	start->kswapd_pace = replay_pause_pace(calibrate->pauses, &cost);
}

void replay_calibrate_finish(struct replay_calibrate *calibrate, struct replay_tunables *tunables,
                             struct replay_start *start)
{
	uint64_t file_ns = replay_file_device_ns(&start->device);

	replay_calibrate_record(calibrate, tunables);
	replay_calibrate_spreads(calibrate, start);
	measure_pauses(calibrate, start);
	start->kswapd_wakes = calibrate->kswapd_wakes;
	calibrate->kswapd_wakes = (struct replay_wake_vec){ 0 };
	if (file_ns > 0)
		record(tunables, "cost.file_write", file_ns);
}
