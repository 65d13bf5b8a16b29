/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of the machine the writer gets: frames, threads that compress, and their priority. They are to
 * keep up with the readers on a busy machine and to stay small on one of many CPUs.
 */
#ifndef WRITER_TUNING_H
#define WRITER_TUNING_H

#include <mmreplay/trace_writer.h>

#include "tracing.h"

/* Sets frame_size, level, threads and the way the file is written. */
void writer_tuning_options(struct mmr_writer_options *options, uint32_t nr_online);

/* Its threads get the readers' priority; the memory for CPUs that are there is taken now, not while recording. */
int writer_tuning_prepare(struct mmr_writer *writer, const struct tracing *tracing,
                          struct mmr_error *err) MMR_MUST_CHECK;

#endif
