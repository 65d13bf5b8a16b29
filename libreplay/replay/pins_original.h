/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose pages pin pageblocks in a recording: who asked for each page, and what the shadow says of it. */
#ifndef REPLAY_PINS_ORIGINAL_H
#define REPLAY_PINS_ORIGINAL_H

#include "pins.h"
#include "shadow.h"

struct pins_original {
	struct replay_pins pins;
	struct replay_shadow *shadow;
	uint32_t *owners; /* by pfn: holder, or PINS_NONE or PINS_RESERVED */
	uint64_t nr_pfns;
};

/* From the first full snapshot, which the shadow began with. A zeroed struct can be deinitialised. */
int replay_pins_original_init(struct pins_original *p, struct mmr_trace *trace,
                              struct results_db *db, struct replay_shadow *shadow,
                              struct mmr_error *err) MMR_MUST_CHECK;

/* process: whose address space the task has that the event is of; 0: an interrupt. */
void replay_pins_original_event(struct pins_original *p, const struct mmr_event *event,
                                uint32_t process);

/* A callback of struct run_source: state is the struct. */
void replay_pins_original_zone(void *state, uint32_t zone, struct pins_place *place);
void replay_pins_original_deinit(struct pins_original *p);

#endif
