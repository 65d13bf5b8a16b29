/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When the recorded machine's swap device stood still.
 *
 * No event tells when a write to swap ends. But the page then moves to the tail of its list (folio_rotate_reclaimable()),
 * where the next batch that reclaim isolates finds and frees it. Each CPU has a queue of its own (blk-mq), whose writes end in
 * the order in which they began. So a page that was written at w by a CPU and freed by a batch of t tells that all that this CPU
 * wrote up to w was done by t; and if there was a batch before, after w, that did not find any of it, that it was not done by
 * then. What others wrote may be done sooner: kswapd has hundreds of writes in its queue where a task has few, and the end of
 * a write is heard of on its CPU, which may be off. The replay takes it to be done as soon as that allows: from there to the batch that finds the page its own batches take their time. How far apart batches are
 * does not matter: kswapd may have to wait for its CPU. What tells nothing:
 * - a batch that freed most of what it took: more of what is done may be left at the tail;
 * - that a page is missed that is among the oldest NR_ROTATED of each CPU that are: so many wait in a CPU's batch before
 *   they move (14 in 6.1), and longer where the device stands still later;
 * - under MGLRU the first batches after PAUSE_NS in which nobody looked: it turns a list round as it gives up the oldest
 *   generation (inc_min_seq()), so that what was done long before lies behind what was not.
 *
 *	writes    w1 w2   w3         w4
 *	batches        .        .         t: frees w3, so w1 to w3 were done since the batch before
 *
 * A write that took HELD_NS, which is longer than any device needs for what is in its queue, was held up: the device of a
 * virtual machine stands still as its host has other things to do. What reclaim writes meanwhile is neither free nor to be found
 * by reclaim again, so that it goes on to write more; of that the machine has too much free afterwards. Known is so the last
 * write of each CPU of each of 2,048 equal parts of the trace; what begins in between is done no
 * earlier than that before. The replay has such queues too (mm/page_writeback.c).
 *
 * State: the writes of each CPU under way that were begun last; when each of them was, by page frame, where others
 * with the same slot do not push it out.
 *
 * Follows folio_rotate_reclaimable(), shrink_folio_list(), inc_min_seq() of v6.12.
 *
 * Bias: 6.1's MGLRU tells no batches, so nothing is known of it.
 *
 * Not modelled: how long a write takes otherwise (2 to 20 ms under QEMU): it is cost.swap_write, as the replay's kswapd is
 * faster between its batches than the recorded one and would write too much in that time.
 */
#include "swap_device.h"

#include <string.h>

#include "alloc.h"

#define HELD_NS    UINT64_C(20000000)
#define PAUSE_NS   UINT64_C(20000000)
#define BIN_NS     UINT64_C(1000000)
#define NR_ROTATED 30    /* folios in a CPU's batch, at most */
#define NR_SLOTS   256   /* threads in reclaim at a time; more of them push each other out */
#define NR_FRAMES  65536 /* a power of two */
#define NR_CPUS    16    /* more of them share one's queue */
#define NR_WRITES  8192

#define INACTIVE_ANON 0
#define WRITES_ANON   1 /* RECLAIM_WB_ANON */

struct frame {
	uint64_t pfn;
	uint64_t begin_ns; /* 0: it is not being written */
	uint32_t cpu;
};

struct write {
	uint64_t begin_ns;
	uint32_t queue; /* of the replay */
};

/* What a CPU has begun to write. */
struct queue {
	struct write writes[NR_WRITES];
	uint32_t begin; /* free-running */
	uint32_t end;
	uint32_t missed_first; /* the oldest one that the last look missed that missed any */
};

/* A batch under way. */
struct look {
	uint64_t begin_ns;
	uint64_t missed_ns; /* the last one before, of anybody, that missed what was written */
	uint32_t missed_first[NR_CPUS]; /* the oldest that it missed */
	uint32_t nr_taken;
	uint32_t pid; /* 0: none */
};

struct replay_swap_meter {
	struct frame frames[NR_FRAMES];
	struct look looks[NR_SLOTS];
	uint64_t looked_ns;  /* the latest batch */
	uint64_t missed_ns;  /* … that took other pages than those that are done */
	uint32_t nr_waiting; /* pages on their way to the tail of their list, at most */
	bool generations;
	struct queue queues[NR_CPUS];
	uint32_t nr_cpus;
};

struct replay_swap_device *replay_swap_device_create(uint64_t first_ns, uint64_t last_ns)
{
	struct replay_swap_device *device = base_calloc(1, sizeof(*device));

	if (device) {
		device->span.first_ns = first_ns;
		device->span.last_ns = last_ns;
	}
	return device;
}

void replay_swap_device_destroy(struct replay_swap_device *device)
{
	base_free(device);
}

struct replay_swap_meter *replay_swap_meter_create(uint32_t nr_cpus, bool generations)
{
	struct replay_swap_meter *meter = base_calloc(1, sizeof(*meter));

	if (meter) {
		meter->nr_cpus = nr_cpus;
		meter->nr_waiting = NR_ROTATED * nr_cpus;
		meter->generations = generations;
	}
	return meter;
}

void replay_swap_meter_destroy(struct replay_swap_meter *meter)
{
	base_free(meter);
}

static uint32_t bin_of(const struct replay_swap_device *device, uint64_t t_ns)
{
	return replay_span_bin(device->span, REPLAY_SWAP_DEVICE_BINS, BIN_NS, t_ns);
}

static struct frame *frame_of(struct replay_swap_meter *meter, uint64_t pfn)
{
	return &meter->frames[pfn & (NR_FRAMES - 1)];
}

/* What its CPU wrote up to this page was not done at the batch before, but is now. */
static void see_done(struct replay_swap_meter *meter, struct replay_swap_device *device,
                     const struct look *look, const struct frame *frame)
{
	struct queue *queue = &meter->queues[frame->cpu];

	while (queue->begin != queue->end) {
		uint32_t at = queue->begin;
		struct write write = queue->writes[at % NR_WRITES];

		if (write.begin_ns > frame->begin_ns)
			break;
		queue->begin++;
		if (look->missed_ns < write.begin_ns + HELD_NS ||
		    at - look->missed_first[frame->cpu] < meter->nr_waiting)
			continue;
		device->bins[write.queue][bin_of(device, write.begin_ns)] =
			(struct replay_swap_device_bin){ write.begin_ns, look->missed_ns };
	}
}

static void forget_writes(struct replay_swap_meter *meter)
{
	for (uint32_t i = 0; i < NR_CPUS; i++)
		meter->queues[i].begin = meter->queues[i].end;
}

static struct look *look_of(struct replay_swap_meter *meter, uint32_t pid)
{
	return &meter->looks[pid % NR_SLOTS];
}

static void see_isolate(struct replay_swap_meter *meter, const struct mmr_event *event)
{
	struct look *look = look_of(meter, event->pid);

	look->pid = 0;
	if (event->lru_isolate.lru != INACTIVE_ANON || event->lru_isolate.nr_taken == 0)
		return;
	if (meter->generations && event->t_ns - meter->looked_ns > PAUSE_NS)
		forget_writes(meter);
	*look = (struct look){ .begin_ns = event->t_ns,
		               .missed_ns = meter->missed_ns,
		               .nr_taken = (uint32_t)event->lru_isolate.nr_taken,
		               .pid = event->pid };
	for (uint32_t i = 0; i < NR_CPUS; i++)
		look->missed_first[i] = meter->queues[i].missed_first;
	meter->looked_ns = event->t_ns;
}

/* What is done is at the tail, so a batch that could not free most of what it took had all of it. */
static void see_look_end(struct replay_swap_meter *meter, const struct mmr_event *event)
{
	struct look *look = look_of(meter, event->pid);

	if (look->pid == event->pid && event->pid > 0 &&
	    2 * event->shrink_inactive.nr_reclaimed < look->nr_taken &&
	    look->begin_ns > meter->missed_ns) {
		meter->missed_ns = look->begin_ns;
		for (uint32_t i = 0; i < NR_CPUS; i++)
			meter->queues[i].missed_first = meter->queues[i].begin;
	}
	look->pid = 0;
}

static void see_write(struct replay_swap_meter *meter, const struct mmr_event *event)
{
	uint32_t cpu = event->cpu % NR_CPUS;
	struct queue *queue = &meter->queues[cpu];

	if (!(event->write_folio.reclaim_flags & WRITES_ANON))
		return;
	*frame_of(meter, event->write_folio.pfn) =
		(struct frame){ event->write_folio.pfn, event->t_ns, cpu };
	if (queue->end - queue->begin == NR_WRITES)
		queue->begin++;
	queue->writes[queue->end++ % NR_WRITES] =
		(struct write){ event->t_ns, mm_swap_queue_of(meter->nr_cpus, event->cpu) };
}

static void see_free(struct replay_swap_meter *meter, struct replay_swap_device *device,
                     const struct mmr_event *event)
{
	struct frame *frame = frame_of(meter, event->page.pfn);
	const struct look *look = look_of(meter, event->pid);
	struct frame found = *frame;

	if (found.begin_ns == 0 || frame->pfn != event->page.pfn)
		return;
	frame->begin_ns = 0;
	if (look->pid != event->pid || event->pid == 0)
		return;
	see_done(meter, device, look, &found);
}

static void forget(struct replay_swap_meter *meter)
{
	memset(meter->frames, 0, sizeof(meter->frames));
	memset(meter->looks, 0, sizeof(meter->looks));
	forget_writes(meter);
}

void replay_swap_meter_event(struct replay_swap_meter *meter, struct replay_swap_device *device,
                             const struct mmr_event *event)
{
	switch (event->kind) {
	case MMR_EVENT_LOST:
		forget(meter);
		break;
	case MMR_EVENT_MM_VMSCAN_LRU_ISOLATE:
		see_isolate(meter, event);
		break;
	case MMR_EVENT_MM_VMSCAN_LRU_SHRINK_INACTIVE:
		see_look_end(meter, event);
		break;
	case MMR_EVENT_MM_VMSCAN_WRITE_FOLIO:
		see_write(meter, event);
		break;
	case MMR_EVENT_MM_PAGE_FREE:
		see_free(meter, device, event);
		break;
	}
}

/* Afterwards each part has what was done last before its end. */
void replay_swap_device_finish(struct replay_swap_device *device)
{
	for (uint32_t queue = 0; queue < MM_MAX_SWAP_QUEUES; queue++) {
		struct replay_swap_device_bin last = { 0 }, *bins = device->bins[queue];

		for (uint32_t i = 0; i < REPLAY_SWAP_DEVICE_BINS; i++) {
			if (bins[i].done_ns > 0)
				last = bins[i];
			bins[i] = last;
		}
	}
}

uint64_t replay_swap_device_held(const struct replay_swap_device *device, uint32_t queue,
                                 uint64_t begin_ns)
{
	const struct replay_swap_device_bin *bin = &device->bins[queue][bin_of(device, begin_ns)];

	return bin->done_ns > begin_ns ? bin->done_ns : 0;
}
