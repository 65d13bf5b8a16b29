/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a recording takes from perf beside the tracer: page faults (--fault-source), stacks (--stacks). */
#ifndef PERF_PARTS_H
#define PERF_PARTS_H

#include <mmreplay/error.h>

#include "fault_source.h"
#include "perf_faults.h"
#include "stall_stacks.h"

struct recording;

struct perf_parts {
	struct fault_source source;
	struct perf_faults faults;
	struct stall_stacks stacks;
	bool *online; /* by CPU, at the last look; NULL: they are not looked after */
};

/* Decides who records faults, before the announcement of what is missing. root is tracefs. */
int perf_parts_choose(struct recording *r, const char *root, struct mmr_error *err) MMR_MUST_CHECK;

/* Streams that each CPU needs, the ring buffer's among them. */
uint32_t perf_parts_streams(const struct recording *r);

/* Their texts in the header. */
int perf_parts_texts(struct recording *r, struct mmr_error *err) MMR_MUST_CHECK;

/* Opens the events and records from now on; the command is there and waits. */
int perf_parts_begin(struct recording *r, struct mmr_error *err) MMR_MUST_CHECK;

/* Follows CPUs that have come online since the last look; one that cannot be followed is told. */
void perf_parts_look(struct recording *r);

/*
 * Before a file is made of what was recorded so far: hands that over to the writer, and the names of
 * addresses to the trailer.
 */
int perf_parts_between(struct recording *r, struct mmr_error *err) MMR_MUST_CHECK;

/* Takes what is left; then the texts in the trailer. */
int perf_parts_end(struct recording *r, struct mmr_error *err) MMR_MUST_CHECK;

void perf_parts_deinit(struct recording *r);

#endif
