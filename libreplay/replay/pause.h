/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often, and for how long, the recorded machine's reclaim stood still, and kswapd when: see pause.c. */
#ifndef REPLAY_PAUSE_H
#define REPLAY_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/event.h>

#include "cost.h"
#include "pace.h"
#include "rng.h"

#define REPLAY_NR_PAUSES 64u

/* Of those who reclaim themselves. */
struct replay_pauses {
	uint64_t every_ns;             /* of work; > 0 */
	uint64_t ns[REPLAY_NR_PAUSES]; /* each as likely as the others; ascending */
};

struct replay_pause_meter;

struct replay_pause_meter *replay_pause_meter_create(void);
void replay_pause_meter_destroy(struct replay_pause_meter *meter);

/* Every event of the trace. */
void replay_pause_event(struct replay_pause_meter *meter, const struct mmr_event *event);

/* What is more than this work costs is pauses. NULL: too little is known; the caller's, for base_free(). */
struct replay_pauses *replay_pause_measure(const struct replay_pause_meter *meter,
                                           const struct replay_cost *cost);

/* kswapd's turns, put in order. NULL: too little is known; the caller's, for base_free(). */
struct replay_pace *replay_pause_pace(struct replay_pause_meter *meter,
                                      const struct replay_cost *cost);

/* Whether there are enough of direct reclaim. */
bool replay_pause_knows_direct(const struct replay_pause_meter *meter);

/* How long in all somebody stands still who has work for so long. */
uint64_t replay_pause_draw(const struct replay_pauses *pauses, struct rng *rng, uint64_t work_ns);

#endif
