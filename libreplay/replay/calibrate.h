/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What reclaim cost on the recorded machine, from the times of its own events: see calibrate.c.
 */
#ifndef REPLAY_CALIBRATE_H
#define REPLAY_CALIBRATE_H

#include <stdint.h>

#include <mmreplay/event.h>
#include <mmreplay/trace.h>

#include "file_device.h"
#include "reference_share.h"
#include "replay.h"
#include "tunables.h"

struct replay_calibrate;

/* NULL: out of memory. */
struct replay_calibrate *replay_calibrate_create(uint32_t nr_cpus);
void replay_calibrate_destroy(struct replay_calibrate *calibrate);

/* Every event of the trace, in time order: those of other kinds tell who had the CPU. */
void replay_calibrate_event(struct replay_calibrate *calibrate, const struct mmr_event *event);

/* Records cost.scan, cost.free, cost.pageout and kswapd.cpu as far as there is evidence. */
void replay_calibrate_record(const struct replay_calibrate *calibrate,
                             struct replay_tunables *tunables);

/* How direct reclaims differed from each other, and the times until kswapd had a CPU. */
void replay_calibrate_spreads(const struct replay_calibrate *calibrate, struct replay_start *start);

/* Who wants to see the events too; an error ends the pass. */
struct replay_calibrate_rider {
	void *data;
	int (*event)(void *data, const struct mmr_event *event, struct mmr_error *err);
};

/*
 * All of it, from the trace's first event on, and of start how often pages were found in use, how fast files were
 * written, how direct reclaims and wake-ups of kswapd differed, and the pauses of direct reclaim; leaves the trace at its end.
 * rider: or NULL.
 */
int replay_calibrate_trace(struct mmr_trace *trace, struct replay_tunables *tunables,
                           struct replay_start *start, const struct replay_calibrate_rider *rider,
                           struct mmr_error *err) MMR_MUST_CHECK;

#endif
