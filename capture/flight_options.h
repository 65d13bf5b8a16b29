/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of mmcap record that concern more than one file: the flight recorder and rotation. */
#ifndef FLIGHT_OPTIONS_H
#define FLIGHT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"

struct flight_options {
	uint64_t ring_bytes; /* 0: no flight recorder */
	uint64_t ring_ns;    /* 0: no limit by age */
	struct option_list on;
	uint64_t on_interval_ns;
	uint64_t after_ns;
	uint64_t cooldown_ns;
	bool once;
	uint64_t rotate_bytes; /* of these two at most one is not 0 */
	uint64_t rotate_ns;
	uint64_t max_files; /* 0: all are kept */
};

void flight_options_init(struct flight_options *options);

/* Callbacks of --ring=SIZE|TIME[,SIZE] and --rotate=SIZE|TIME; data is a struct flight_options. */
int flight_options_ring(const char *value, void *data);
int flight_options_rotate(const char *value, void *data);

/* Whether they go together, and the conditions are ones; false after a message. */
bool flight_options_check(struct flight_options *options, const char *output);

#endif
