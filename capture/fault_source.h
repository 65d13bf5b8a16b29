/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where page faults come from: the tracepoints exceptions:page_fault_user and page_fault_kernel, which
 * only x86 and RISC-V have, or perf's software event, which every architecture has. perf's faults stand
 * in the trace as events of the same names, so that nobody who reads it needs to know.
 */
#ifndef FAULT_SOURCE_H
#define FAULT_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <mmreplay/trace_writer.h>

#include "event_set.h"

enum fault_source_kind {
	FAULT_SOURCE_AUTO, /* the tracepoints, or else perf */
	FAULT_SOURCE_TRACEPOINT,
	FAULT_SOURCE_PERF,
	FAULT_SOURCE_BOTH, /* to compare them: perf's are perf:page_fault_user and _kernel */
};

struct fault_source {
	enum fault_source_kind kind;
	bool by_perf;
	bool user; /* which of the two are recorded by perf */
	bool kernel;
	const char *system; /* their system in the trace */
	uint16_t user_id;   /* their numbers in it */
	uint16_t kernel_id;
};

/* Of a word on the command line; false: there is no such source. */
bool fault_source_parse(const char *word, enum fault_source_kind *kind);

/*
 * Decides, from what was asked for and what this kernel has. Faults that perf is to record are taken
 * out of the set. root is tracefs. With FAULT_SOURCE_AUTO a perf that may not be used is no failure:
 * *why says it, and the faults stay in the set as absent.
 */
int fault_source_choose(struct fault_source *source, enum fault_source_kind kind,
                        struct event_set *set, const char *root, struct mmr_error *why,
                        struct mmr_error *err) MMR_MUST_CHECK;

/* Adds the texts of what perf records to the header. */
int fault_source_texts(const struct fault_source *source, struct mmr_writer *writer,
                       struct mmr_error *err) MMR_MUST_CHECK;

#endif
