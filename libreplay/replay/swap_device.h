/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the recorded machine's swap device stood still: see swap_device.c. */
#ifndef REPLAY_SWAP_DEVICE_H
#define REPLAY_SWAP_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/event.h>

#include "mmzone.h"
#include "span_bins.h"

#define REPLAY_SWAP_DEVICE_BINS 2048u

/* The last write of a queue in a part of the trace that was held up, and until when; done_ns = 0: none was. */
struct replay_swap_device_bin {
	uint64_t begin_ns;
	uint64_t done_ns;
};

struct replay_swap_device {
	struct replay_swap_device_bin bins[MM_MAX_SWAP_QUEUES][REPLAY_SWAP_DEVICE_BINS];
	struct replay_span span;
	uint64_t
		latency_ns; /* of the median write, once all events were seen; 0: too little is known */
};

/* The times are those of the trace. NULL: out of memory. */
struct replay_swap_device *replay_swap_device_create(uint64_t first_ns, uint64_t last_ns);
void replay_swap_device_destroy(struct replay_swap_device *device);

struct replay_swap_meter;

/* generations: the recorded kernel reclaimed by MGLRU. NULL: out of memory. */
struct replay_swap_meter *replay_swap_meter_create(uint32_t nr_cpus, bool generations);
void replay_swap_meter_destroy(struct replay_swap_meter *meter);

/* Every event of the trace. */
void replay_swap_meter_event(struct replay_swap_meter *meter, struct replay_swap_device *device,
                             const struct mmr_event *event);

/* After the last event. */
void replay_swap_device_finish(struct replay_swap_device *device);

/* When the device is done with what is given to this queue of its (mm_swap_queue_of()) at begin_ns, where it stood still then; 0: it did not. */
uint64_t replay_swap_device_held(const struct replay_swap_device *device, uint32_t queue,
                                 uint64_t begin_ns);

#endif
