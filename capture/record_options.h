/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `mmcap record` was asked to do. */
#ifndef RECORD_OPTIONS_H
#define RECORD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/trace.h>

#include "access.h"
#include "fault_source.h"
#include "flight_options.h"
#include "options.h"

/* mmcap record's own failures, as env(1) and timeout(1) number them. */
#define EXIT_RECORDER      125
#define EXIT_CANNOT_INVOKE 126
#define EXIT_NOT_FOUND     127

#define SNAPSHOT_NONE 0 /* else enum mmr_snapshot_kind */

struct record_options {
	const char *output;
	bool all;
	struct option_list pids;
	const char *cgroup;
	bool only_command;
	struct option_list events;
	uint64_t buffer_size; /* bytes for each CPU; 0: by the machine's size */
	uint64_t interval_ns;
	uint64_t end_ns;      /* for the snapshot at the end; 0: as much as all of it takes */
	uint64_t duration_ns; /* 0: until the command ends */
	uint32_t snapshot;
	enum access_kind access;
	uint64_t access_interval_ns;  /* 0: the source's own */
	bool content_hash;            /* what is in memory registered for KSM */
	uint64_t content_interval_ns; /* … looked at so often */
	enum fault_source_kind fault_source;
	uint32_t stacks_limit; /* of stacks of stalls of a kind in a second; 0: none are taken */
	struct flight_options flight;
	bool fail_on_loss;
	bool private;     /* nothing about other processes */
	bool anonymize;   /* no names and no kernel addresses */
	const char *user; /* who runs the command; NULL: the invoking user */
	bool overhead;    /* tell what it cost */
	bool quiet;
	bool verbose;
	char **command; /* NULL-terminated; NULL: none */
};

/* 0, or -1 after a message. Free with record_options_deinit() in any case. */
int record_options_parse(struct record_options *options, int argc, char **argv);
void record_options_deinit(struct record_options *options);

#endif
