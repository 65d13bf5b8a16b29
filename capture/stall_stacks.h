/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stacks of tasks that begin to wait for memory, by perf, as mmcap:stall_stack events. */
#ifndef STALL_STACKS_H
#define STALL_STACKS_H

#include <pthread.h>

#include <mmreplay/stack.h>

#include "event_set.h"
#include "perf_reader.h"
#include "stack_symbols.h"
#include "tracing.h"

#define STALL_STACKS_LIMIT 100 /* of each cause and second, unless asked otherwise */

struct stall_stacks {
	struct perf_reader reader;
	struct stack_symbols symbols;
	uint16_t id; /* of the event in the trace */
	uint32_t limit;
	uint32_t nr_rows;                                 /* events that this kernel has */
	enum mmr_stall_cause causes[MMR_NR_STALL_CAUSES]; /* of each */
	uint32_t used[MMR_NR_STALL_CAUSES];               /* in this second */
	uint64_t second_ns;                               /* when it began */
	bool paused[MMR_NR_STALL_CAUSES];
	uint64_t configs[MMR_NR_STALL_CAUSES]; /* the kernel's numbers of them */
	char huge_filter[80];
	uint64_t *sample_ids; /* [index of CPU in the reader * nr_rows + row] */
	pid_t own;
	char *pids; /* only of these processes and their children; NULL: of all */
	uint64_t nr_stacks;
	uint64_t nr_over; /* left out by the limit, as far as they were seen */
};

/* "stalls" or "stalls:LIMIT"; false: it is neither. */
bool stall_stacks_parse(const char *text, uint32_t *limit);

/* Adds the event's format to the header. last_id: the highest event number so far; ours is the next. */
int stall_stacks_texts(struct stall_stacks *stacks, uint32_t last_id, struct mmr_writer *writer,
                       struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Opens the events of all CPUs, switched off; of the processes in pids ("PID\nPID\n"; NULL: of all).
 * Free with stall_stacks_deinit() in any case.
 */
int stall_stacks_open(struct stall_stacks *stacks, const struct tracing *tracing, const char *pids,
                      uint32_t limit, struct mmr_error *err) MMR_MUST_CHECK;

/* A CPU has come online while they are read. */
int stall_stacks_adopt(struct stall_stacks *stacks, uint32_t cpu,
                       struct mmr_error *err) MMR_MUST_CHECK;

/* Writes the names of the addresses so far. */
int stall_stacks_finish(struct stall_stacks *stacks, struct mmr_writer *writer,
                        struct mmr_error *err) MMR_MUST_CHECK;

void stall_stacks_deinit(struct stall_stacks *stacks);

#endif
