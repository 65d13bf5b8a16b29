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

/* first_ns: of the recording. NULL: out of memory. */
struct replay_calibrate *replay_calibrate_create(uint32_t nr_cpus, uint64_t first_ns);
void replay_calibrate_destroy(struct replay_calibrate *calibrate);

/* Every event of the trace, in time order: those of other kinds tell who had the CPU. */
void replay_calibrate_event(struct replay_calibrate *calibrate, const struct mmr_event *event);

/* Records cost.scan, cost.free, cost.pageout and kswapd.cpu as far as there is evidence. */
void replay_calibrate_record(const struct replay_calibrate *calibrate,
                             struct replay_tunables *tunables);

/* How direct reclaims differed from each other, and the times until kswapd had a CPU. */
void replay_calibrate_spreads(const struct replay_calibrate *calibrate, struct replay_start *start);

/* After the last event: all of it, and the pauses of direct reclaim and how fast files were written. */
void replay_calibrate_finish(struct replay_calibrate *calibrate, struct replay_tunables *tunables,
                             struct replay_start *start);

#endif
