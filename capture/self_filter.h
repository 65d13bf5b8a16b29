/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the recorder's own work out of the trace. */
#ifndef SELF_FILTER_H
#define SELF_FILTER_H

#include <stdbool.h>

#include "cpu_reader.h"
#include "event_set.h"
#include "tracing.h"

/*
 * Sets the filters of the chosen events and switches these on. Tasks of the recorder are its threads,
 * the main one, and other (the janitor).
 */
int self_filter_enable(const struct tracing *tracing, const struct event_set *events,
                       const struct cpu_readers *readers, pid_t other,
                       struct mmr_error *err) MMR_MUST_CHECK;

/* Whether events bear other process numbers than we know: this is a pid namespace. */
bool self_filter_in_container(void);

#endif
