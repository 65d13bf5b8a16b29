/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's own files, as a run would show them at the instants that its caller asked for. */
#ifndef REPLAY_RUN_DUMP_H
#define REPLAY_RUN_DUMP_H

#include "run_private.h"

struct mm_machine;
struct replay_shadow;

#define RUN_NR_VIEWS 9

struct run_dumps {
	const struct mmr_run_options *options;
	const struct mmr_trace *trace;
	uint64_t base_ns;
	uint64_t end_ns;   /* absolute */
	uint32_t *order;   /* of options->dumps, by time */
	size_t nr_reached; /* in that order: their time has come … */
	size_t nr_taken;   /* … and they are done */
	char *model
		[RUN_NR_VIEWS]; /* the recorded kernel's own file; NULL: not needed, or not there */
};

/* What a view is made from. One of the two. */
struct run_dump_source {
	const struct mm_machine *machine;
	const struct replay_shadow *shadow;
	const char *policy; /* of the machine */
};

/*
 * Looks at the requests and reads what their views need. MMR_E_NOTFOUND: no such view; MMR_E_UNSUPPORTED:
 * not of the shadow, or no snapshot has this file; MMR_E_INVALID: after the trace's end.
 */
int replay_run_dumps_init(struct run_dumps *dumps, struct mmr_trace *trace,
                          const struct mmr_run_options *options, const struct run_span *span,
                          bool shadow, struct mmr_error *err) MMR_MUST_CHECK;
void replay_run_dumps_deinit(struct run_dumps *dumps);

/* Time of the next one that has not been reached (absolute); UINT64_MAX: there is none before the end. */
uint64_t replay_run_dumps_next(const struct run_dumps *dumps);

/* It is t_ns: what is due up to then can be taken. UINT64_MAX: it is over. */
void replay_run_dumps_reach(struct run_dumps *dumps, uint64_t t_ns);

/* Takes all that were reached. */
int replay_run_dumps_take(struct run_dumps *dumps, const struct run_dump_source *source,
                          struct mmr_error *err) MMR_MUST_CHECK;

/* Whether there were any, and all are taken. */
bool replay_run_dumps_done(const struct run_dumps *dumps);

#endif
