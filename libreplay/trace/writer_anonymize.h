/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A writer that is given names and addresses and writes none (options.anonymize). */
#ifndef TRACE_WRITER_ANONYMIZE_H
#define TRACE_WRITER_ANONYMIZE_H

#include <stdatomic.h>
#include <stdint.h>

#include <mmreplay/trace.h>

#include "writer_text.h"

struct writer_anon;
struct writer_job;
struct mmr_writer_options;

/* What was changed so far; belongs to who wants to know, who may be there longer than the writer. */
struct anon_counts {
	atomic_uint_fast64_t nr_unknown; /* events of no known kind */
	atomic_uint_fast64_t nr_dropped; /* texts and pieces of snapshots */
};

/* With a key of its own. Free with trace_writer_anon_free(); NULL is fine there. */
int trace_writer_anon_create(struct writer_anon **ret, struct mmr_error *err) MMR_MUST_CHECK;
void trace_writer_anon_free(struct writer_anon *anon);
void trace_writer_anon_count(struct writer_anon *anon, struct anon_counts *counts);

/* When all texts of the header are there: learns the formats of the events. */
int trace_writer_anon_begin(struct writer_anon *anon, const struct writer_texts *texts,
                            struct mmr_error *err) MMR_MUST_CHECK;

/* Changes the sub-buffers of a job; any thread. */
void trace_writer_anon_job(struct writer_anon *anon, struct writer_job *job, uint32_t subbuf_size);

/* A text, or piece, as it is to be written: 1; 0: it is left out. *own is to be freed with free(). */
int trace_writer_anon_text(struct writer_anon *anon, const char *name, const void **data,
                           size_t *size, char **own);
int trace_writer_anon_piece(struct writer_anon *anon, struct mmr_snapshot_piece *piece,
                            char new_name[512], char **own);

#endif
