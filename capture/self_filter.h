/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the recorder's own work out of the trace. */
#ifndef SELF_FILTER_H
#define SELF_FILTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "event_set.h"
#include "tracing.h"

/*
 * Sets the filters of the chosen events and switches these on. Tasks of the recorder are the threads
 * that this process has by now, and other (the janitor).
 */
int self_filter_enable(const struct tracing *tracing, const struct event_set *events, pid_t other,
                       struct mmr_error *err) MMR_MUST_CHECK;

/* All threads that this process has now, and other (0: none); to free(). NULL: no memory. */
pid_t *self_filter_tasks(pid_t other, size_t *count);

/* Whether events bear other process numbers than we know: this is a pid namespace. */
bool self_filter_in_container(void);

#endif
