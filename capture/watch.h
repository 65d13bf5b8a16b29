/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conditions of --on and the files that they look at. */
#ifndef WATCH_H
#define WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "condition.h"
#include "options.h"

struct watch {
	struct condition **conditions;
	size_t count;
	int fds[CONDITION_NR_SOURCES];
	char *texts[CONDITION_NR_SOURCES];
};

/* Parses and opens; watch_deinit() in any case. The first look is the one that growth counts from. */
int watch_init(struct watch *watch, const struct option_list *on, uint64_t interval_ns,
               struct mmr_error *err) MMR_MUST_CHECK;
void watch_deinit(struct watch *watch);

/* Reads the files; the first condition that is met, NULL: none is. */
const struct condition *watch_look(struct watch *watch);

#endif
