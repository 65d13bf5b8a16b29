/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the parts of a verification share: verify.c (the whole), verify_frames.c (each frame),
 * verify_lists.c (snapshots and samples), verify_totals.c (index and statistics).
 */
#ifndef TRACE_VERIFY_H
#define TRACE_VERIFY_H

#include <mmreplay/trace_check.h>

#include "reader.h"

DEFINE_VEC(verify_finding_vec, struct mmr_check_finding);
DEFINE_VEC(verify_cpu_vec, struct mmr_check_cpu);

struct mmr_verification {
	struct mmr_check checks[MMR_NR_CHECKS];
	struct verify_finding_vec findings;
	struct verify_cpu_vec cpus;
};

/* What the frames of one CPU hold. */
struct verify_stream {
	struct trace_cpu_total total; /* nr_lost: of the frames' heads */
	uint32_t next_sequence;
	bool started;
	uint64_t t_ns;    /* of the last record */
	uint64_t walk_ns; /* of what stood last in any sub-buffer */
};

/* A list (snapshot, sample) that goes on in the next frame. */
struct verify_list {
	bool open;
	uint32_t number;
};

struct verifier {
	struct mmr_trace *trace;
	struct mmr_verification *out;
	struct trace_content content;
	int ret; /* out of memory for findings */

	struct verify_stream *streams;
	uint32_t nr_streams;
	struct mmr_event_count *counts; /* by event id, all of them */
	struct trace_totals found;      /* without cpus and counts */
	uint32_t next_sequence[TRACE_NR_FRAME_KINDS];
	struct verify_list lists[TRACE_NR_FRAME_KINDS];
	uint64_t nr_frames;
	uint64_t nr_subbufs;
	uint64_t nr_records;
	uint64_t nr_unknown; /* records without a format */
	uint64_t nr_requests;
	bool partial;  /* it may begin in the middle: a part of a rotated recording, or a ring */
	bool imported; /* from a recording of trace-cmd */
	uint64_t nr_left_behind;
	bool repaired; /* gaps are told in repair.notes */
};

/* Adds a finding. */
void trace_verify_finding(struct verifier *v, enum mmr_check_kind kind, uint64_t offset,
                          const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Says what was checked, or, with state MMR_CHECK_UNKNOWN, what could not be; a finding stands. */
void trace_verify_say(struct verifier *v, enum mmr_check_kind kind, enum mmr_check_state state,
                      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* ---- verify_frames.c ---- */

/* All frames, one after the other. 0, MMR_E_IO or MMR_E_NOMEM. */
int trace_verify_frames(struct verifier *v, const struct mmr_verify_options *options,
                        struct mmr_error *err) MMR_MUST_CHECK;

/* ---- verify_lists.c ---- */

/* The blobs of a frame that is a list. */
void trace_verify_list(struct verifier *v, const struct trace_entry *entry);

/* What the snapshots hold. 0, MMR_E_IO or MMR_E_NOMEM. */
int trace_verify_snapshots(struct verifier *v, struct mmr_error *err) MMR_MUST_CHECK;

void trace_verify_accesses(struct verifier *v);

/* ---- verify_totals.c ---- */

void trace_verify_index(struct verifier *v);
/* 0 or MMR_E_NOMEM. */
int trace_verify_statistics(struct verifier *v) MMR_MUST_CHECK;

#endif
