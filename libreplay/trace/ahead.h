/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decompressing ahead of the merge, one frame per CPU, in threads of its own. */
#ifndef TRACE_AHEAD_H
#define TRACE_AHEAD_H

#include "reader.h"

/*
 * Starts up to nr_threads threads, which fetch the first frame of every stream. 0 or MMR_E_NOMEM; if
 * the system gives no threads, frames are read when they are taken.
 */
int trace_ahead_start(struct mmr_trace *trace, unsigned int nr_threads,
                      struct mmr_error *err) MMR_MUST_CHECK;

/*
 * The frame trace->frames[s->next_frame] into s->content, as trace_kept_read() would; the one after
 * it is fetched meanwhile. After an error the next call reads by itself.
 */
int trace_ahead_take(struct mmr_trace *trace, struct trace_stream *s,
                     struct mmr_error *err) MMR_MUST_CHECK;

/* Ends the threads; NULL in trace->ahead is fine. */
void trace_ahead_stop(struct mmr_trace *trace);

#endif
