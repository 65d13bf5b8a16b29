/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One recording from the making of the instance to its removal. */
#ifndef RECORDING_H
#define RECORDING_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/trace_writer.h>

#include "access.h"
#include "child.h"
#include "cpu_reader.h"
#include "event_set.h"
#include "janitor.h"
#include "overhead.h"
#include "part.h"
#include "perf_parts.h"
#include "record_options.h"
#include "snapshot_reader.h"
#include "task_filter.h"
#include "tracing.h"

struct recording {
	const struct record_options *options;
	struct event_set events;
	struct perf_parts perf;
	struct access access;
	struct tracing tracing;
	struct task_filter task_filter;
	struct janitor janitor;
	struct child child;
	struct child_user user;
	struct cpu_readers readers;
	struct snapshot_reader snapshots;
	struct parts parts;
	struct mmr_writer *writer;
	char path[PATH_MAX]; /* of the present file; "-" */

	int signal_fd;
	int end_fd;     /* timer of --duration, then of the grace after a signal */
	int end_signal; /* the first signal that asked for the end, 0: none */
	bool stopping;  /* the command was asked to end */
	bool ended;     /* nothing is to be recorded any more */
	int failure;    /* of the writer or a reader while recording, MMR_E_* */

	/* What remains when all is freed. */
	struct mmr_writer_stats stats;
	uint64_t duration_ns;
	uint64_t buffer_size; /* bytes for each CPU */
	struct overhead overhead;
	unsigned int
		nr_saved; /* files of the flight recorder, or those before the last with --rotate */
	int unsaved;      /* the last failure to write one of the flight recorder's files */
	bool kept;        /* the file has its name */
};

/*
 * Runs it. The exit status of `mmcap record`; err is filled if that is a failure of its own. Everything
 * is cleaned up in any case; recording->stats and what follows it stay.
 */
int recording_run(struct recording *recording, const struct record_options *options,
                  struct mmr_error *err);

#endif
