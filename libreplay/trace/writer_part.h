/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One trace file on its way: its frames, what its index will say, its name. A recording has one, or
 * several one after the other (rotation), or none but those that a ring is saved to. One thread at
 * a time.
 */
#ifndef TRACE_WRITER_PART_H
#define TRACE_WRITER_PART_H

#include <mmreplay/trace_writer.h>

#include "writer_frame.h"
#include "writer_sink.h"

struct writer_part {
	struct writer_sink sink;
	char *path;
	char *partial; /* NULL: a stream */
	bool keep_old;
	bool force;
	uint32_t number; /* from 1 */

	uint64_t offset; /* behind the last frame that is in the file */
	struct trace_entry_vec entries;
	struct trace_cpu_total *streams;
	uint32_t nr_streams;
	struct mmr_event_count *counts; /* by event id */
	uint32_t nr_counts;
};

/* Opens path.partial. */
int trace_part_open(struct writer_part **ret, const char *path,
                    const struct mmr_writer_options *options, struct mmr_error *err) MMR_MUST_CHECK;
/* Writes to fd, which stays the caller's. */
int trace_part_open_stream(struct writer_part **ret, int fd, const char *name,
                           const struct mmr_writer_options *options,
                           struct mmr_error *err) MMR_MUST_CHECK;

/* Adds frames. If that fails, none of them counts as there. */
int trace_part_write(struct writer_part *part, const struct writer_frame *frames, size_t nr_frames,
                     struct mmr_error *err) MMR_MUST_CHECK;

/* Index, sync, name; frees part in any case. After a failure the partial file is there. */
int trace_part_finish(struct writer_part *part, struct mmr_error *err) MMR_MUST_CHECK;

/* Writing has failed: what is there gets its index if the room suffices, the partial name stays. Frees. */
void trace_part_salvage(struct writer_part *part);

/* Removes the file; frees. NULL is fine. */
void trace_part_abort(struct writer_part *part);

#endif
