/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the trace goes: a file, the first of several, memory, or stdout. */
#ifndef TRACE_OUTPUT_H
#define TRACE_OUTPUT_H

#include <mmreplay/trace_writer.h>

struct recording;

/* Makes recording->writer by the recording's options, and sets recording->path. With the user's rights. */
int trace_output_create(struct recording *recording, const struct mmr_writer_options *options,
                        struct mmr_error *err) MMR_MUST_CHECK;

#endif
