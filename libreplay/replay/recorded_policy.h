/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which policy the recorded kernel followed. */
#ifndef REPLAY_RECORDED_POLICY_H
#define REPLAY_RECORDED_POLICY_H

#include <stdbool.h>

#include <mmreplay/trace.h>

/* What a user says who wants it. */
#define REPLAY_POLICY_ORIGINAL "original"

struct replay_recorded_policy {
	const char *name; /* of the policy table */
	char missing[16]; /* the recorded one, if the engine does not have it; else "" */
	bool known;       /* a snapshot says so */
	char why[64];     /* "recorded: lru_gen/enabled 0x0007" */
};

/* Reads snapshots only; the trace's position stays. */
int replay_recorded_policy(struct mmr_trace *trace, struct replay_recorded_policy *ret,
                           struct mmr_error *err) MMR_MUST_CHECK;

#endif
