/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When the recorded machine's swap device stood still.
 *
 * No event tells when a write to swap ends. But the page then moves to the tail of its list (folio_rotate_reclaimable()),
 * where the next batch that reclaim isolates finds and frees it. Writes end in the order in which they began. So a page that
 * was written at w and freed by a batch of t tells that all that was written up to w was done by t; and if there was a
 * batch before, after w, that did not find any of it, that it was not done by then. The replay takes it to be done as soon
 * as that allows: from there to the batch that finds the page its own batches take their time. Where nobody looks for
 * PAUSE_NS, or for GAP_NS just then, nothing is known.
 *
 *	writes    w1 w2   w3         w4
 *	batches        .        .         t: frees w3, so w1 to w3 were done since the batch before
 *
 * A write that took HELD_NS, which is longer than any device needs for what is in its queue, was held up: the device of a
 * virtual machine stands still as its host has other things to do. What reclaim writes meanwhile is neither free nor to be found
 * by reclaim again, so that it goes on to write more; of that the machine has too much free afterwards. Known is so the last
 * write of each of 2,048 equal parts of the trace; what begins in between is done no earlier than that before.
 *
 * State: the writes under way that were begun last; when each of them was, by page frame, where others with the same slot do
 * not push it out.
 *
 * Follows folio_rotate_reclaimable(), shrink_folio_list() of v6.12.
 *
 * Bias: pages wait in a CPU's batch of 31 before they move; 6.1's MGLRU tells no batches, so nothing is known of it.
 *
 * Not modelled: how long a write takes otherwise (2 to 20 ms under QEMU): it is cost.swap_write, as the replay's kswapd is
 * faster between its batches than the recorded one and would write too much in that time.
 */
#include "swap_device.h"

#include <string.h>

#include "alloc.h"

#define GAP_NS    UINT64_C(10000000)
#define HELD_NS   UINT64_C(20000000)
#define PAUSE_NS  UINT64_C(20000000)
#define BIN_NS    UINT64_C(1000000)
#define NR_SLOTS  256   /* threads in reclaim at a time; more of them push each other out */
#define NR_FRAMES 65536 /* a power of two */
#define NR_WRITES 16384

#define INACTIVE_ANON 0
#define WRITES_ANON   1 /* RECLAIM_WB_ANON */

struct frame {
	uint64_t pfn;
	uint64_t begin_ns; /* 0: it is not being written */
};

/* A batch under way. */
struct look {
	uint64_t begin_ns;
	uint64_t before_ns; /* the batch before, of anybody */
	uint32_t pid;       /* 0: none */
};

struct replay_swap_meter {
	struct frame frames[NR_FRAMES];
	struct look looks[NR_SLOTS];
	uint64_t looked_ns; /* the latest batch */
	uint64_t writes[NR_WRITES];
	uint32_t begin; /* free-running */
	uint32_t end;
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

struct replay_swap_meter *replay_swap_meter_create(void)
{
	return base_calloc(1, sizeof(struct replay_swap_meter));
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

/* What was written up to begin_ns was not done at the batch before, but is now. */
static void see_done(struct replay_swap_meter *meter, struct replay_swap_device *device,
                     const struct look *look, uint64_t begin_ns)
{
	while (meter->begin != meter->end) {
		uint64_t write_ns = meter->writes[meter->begin % NR_WRITES];
		uint64_t least_ns = look->before_ns > write_ns ? look->before_ns : write_ns;
		uint64_t most_ns = look->begin_ns > write_ns ? look->begin_ns : write_ns;

		if (write_ns > begin_ns)
			break;
		meter->begin++;
		if (most_ns - least_ns > GAP_NS || least_ns - write_ns < HELD_NS)
			continue;
		device->bins[bin_of(device, write_ns)] =
			(struct replay_swap_device_bin){ write_ns, least_ns };
	}
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
	if (event->t_ns - meter->looked_ns > PAUSE_NS)
		meter->begin = meter->end;
	*look = (struct look){ event->t_ns, meter->looked_ns, event->pid };
	meter->looked_ns = event->t_ns;
}

static void see_write(struct replay_swap_meter *meter, const struct mmr_event *event)
{
	if (!(event->write_folio.reclaim_flags & WRITES_ANON))
		return;
	*frame_of(meter, event->write_folio.pfn) =
		(struct frame){ event->write_folio.pfn, event->t_ns };
	if (meter->end - meter->begin == NR_WRITES)
		meter->begin++;
	meter->writes[meter->end++ % NR_WRITES] = event->t_ns;
}

static void see_free(struct replay_swap_meter *meter, struct replay_swap_device *device,
                     const struct mmr_event *event)
{
	struct frame *frame = frame_of(meter, event->page.pfn);
	const struct look *look = look_of(meter, event->pid);
	uint64_t begin_ns = frame->begin_ns;

	if (begin_ns == 0 || frame->pfn != event->page.pfn)
		return;
	frame->begin_ns = 0;
	if (look->pid == event->pid && event->pid > 0)
		see_done(meter, device, look, begin_ns);
}

static void forget(struct replay_swap_meter *meter)
{
	memset(meter->frames, 0, sizeof(meter->frames));
	memset(meter->looks, 0, sizeof(meter->looks));
	meter->begin = meter->end;
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
		look_of(meter, event->pid)->pid = 0;
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
	struct replay_swap_device_bin last = { 0 };

	for (uint32_t i = 0; i < REPLAY_SWAP_DEVICE_BINS; i++) {
		if (device->bins[i].done_ns > 0)
			last = device->bins[i];
		device->bins[i] = last;
	}
}

uint64_t replay_swap_device_held(const struct replay_swap_device *device, uint64_t begin_ns)
{
	const struct replay_swap_device_bin *bin = &device->bins[bin_of(device, begin_ns)];

	return bin->done_ns > begin_ns ? bin->done_ns : 0;
}
