/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page faults of all CPUs by perf's software event, written as the tracer's page_fault_* events. */
#ifndef PERF_FAULTS_H
#define PERF_FAULTS_H

#include <sys/types.h>

#include "fault_source.h"
#include "perf_reader.h"
#include "tracing.h"

/* 0 if perf gives page faults here; else why not. */
int perf_faults_try(struct mmr_error *err) MMR_MUST_CHECK;

struct perf_faults {
	struct perf_reader reader;
	const struct fault_source *source;
	size_t ring_size; /* of each CPU, bytes */
	pid_t own;        /* the recorder's process, whose faults are left out */
	uint64_t nr_own;  /* such faults */
};

/*
 * Opens the events, switched off; of the threads in pids ("PID\nPID\n"; NULL: of the whole machine) and
 * what they fork. Free with perf_faults_deinit() in any case.
 */
int perf_faults_open(struct perf_faults *faults, const struct fault_source *source,
                     const struct tracing *tracing, const char *pids,
                     struct mmr_error *err) MMR_MUST_CHECK;

/* A CPU has come online while they are read. pids as above, of the present. */
int perf_faults_adopt(struct perf_faults *faults, uint32_t cpu, const char *pids,
                      struct mmr_error *err) MMR_MUST_CHECK;

void perf_faults_deinit(struct perf_faults *faults);

#endif
