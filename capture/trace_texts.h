/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The named texts of the trace's header and trailer, as mmcap record fills them. */
#ifndef TRACE_TEXTS_H
#define TRACE_TEXTS_H

#include <mmreplay/trace_writer.h>

#include "event_set.h"
#include "record_options.h"
#include "tracing.h"

/* Before mmr_writer_begin(). */
int trace_texts_header(struct mmr_writer *writer, const struct tracing *tracing,
                       const struct event_set *events, const struct record_options *options,
                       struct mmr_error *err) MMR_MUST_CHECK;

/* Names of tasks alone, for a file that is ended while recording goes on: statistics would not fit it. */
int trace_texts_names(struct mmr_writer *writer, const struct tracing *tracing,
                      struct mmr_error *err) MMR_MUST_CHECK;

/* Statistics of each CPU and, if wanted, names of tasks, before the instance goes. */
int trace_texts_trailer(struct mmr_writer *writer, const struct tracing *tracing, bool names,
                        struct mmr_error *err) MMR_MUST_CHECK;

#endif
