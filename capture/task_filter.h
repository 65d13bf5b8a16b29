/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recording some tasks only: the command, processes, or the members of a cgroup, with their threads and
 * all that they make from then on. The kernel does it by set_event_pid with event-fork, so that other
 * tasks cost next to nothing.
 *
 * Tasks that move into the cgroup later are looked for every quarter of a second, and what they did before
 * they were found is missing. Those that leave it are recorded on. What the kernel does for these tasks in
 * its own threads (kswapd, kcompactd, writeback) is not theirs; nor is what interrupts do while they run
 * told from their own.
 */
#ifndef TASK_FILTER_H
#define TASK_FILTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "record_options.h"
#include "tracing.h"

struct task_filter {
	const struct record_options *options;
	char cgroup[4096]; /* its directory; "": none */
};

/* Whether these options leave tasks out. */
bool task_filter_wanted(const struct record_options *options);

/* What is recorded, for the header: "the command", "pid 12,13", "cgroup /a/b". */
void task_filter_describe(const struct record_options *options, char *text, size_t size);

/* Looks whether processes and cgroup are there. */
int task_filter_init(struct task_filter *filter, const struct record_options *options,
                     struct mmr_error *err) MMR_MUST_CHECK;

/* The threads that are to be recorded now, a line each, as text to free(); command is its pid, or 0. */
int task_filter_list(const struct task_filter *filter, pid_t command, char **text,
                     struct mmr_error *err) MMR_MUST_CHECK;

/* Lets the instance record these only; nothing if all are wanted. */
int task_filter_apply(const struct task_filter *filter, const struct tracing *tracing,
                      pid_t command, struct mmr_error *err) MMR_MUST_CHECK;

/* Adds what has come into the cgroup since. */
void task_filter_look(const struct task_filter *filter, const struct tracing *tracing);

#endif
