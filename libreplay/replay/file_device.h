/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast the recorded machine wrote dirty pages to their files, by time: see file_device.c. */
#ifndef REPLAY_FILE_DEVICE_H
#define REPLAY_FILE_DEVICE_H

#include <stdint.h>

#include <mmreplay/event.h>

#include "span_bins.h"

#define REPLAY_FILE_DEVICE_BINS 128u

struct replay_file_device_bin {
	uint64_t ns; /* of which it is known what was written */
	int64_t nr_pages;
};

/* Zeroed but for the times. */
struct replay_file_device {
	struct replay_file_device_bin bins[REPLAY_FILE_DEVICE_BINS];
	struct replay_file_device_bin
		far_apart; /* between looks so far apart that it may have rested */
	struct replay_span span;
	uint64_t limit; /* of dirty pages, as the kernel had it when it told first; 0: it did not */
	uint64_t looked_ns;  /* when somebody looked last; 0: not yet, or events were lost since */
	uint64_t nr_dirty;   /* what was found then */
	uint64_t nr_dirtied; /* since then */
};

/* Every event of the trace. */
void replay_file_device_event(struct replay_file_device *device, const struct mmr_event *event);

/* What a page took in the part of the trace in which the median page was written, at most; 0: too little is known. */
uint64_t replay_file_device_ns(const struct replay_file_device *device);

/* What a page took at this time; otherwise_ns where that is not known. */
uint64_t replay_file_device_at(const struct replay_file_device *device, uint64_t t_ns,
                               uint64_t otherwise_ns);

#endif
