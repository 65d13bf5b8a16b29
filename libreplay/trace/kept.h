/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decompressed frames that are kept, so that the next pass over the trace need not decompress them again.
 *
 * Those that are read first stay, up to a limit, and none ever goes: every pass reads the frames in the same
 * order, and of those that were used last a pass that is longer than the limit would find none.
 */
#ifndef TRACE_KEPT_H
#define TRACE_KEPT_H

#include "reader.h"

/* Room for a frame of each of trace->entries, limit bytes in all. 0 or MMR_E_NOMEM. */
int trace_kept_create(struct mmr_trace *trace, uint64_t limit,
                      struct mmr_error *err) MMR_MUST_CHECK;

/* NULL in trace->kept is fine. */
void trace_kept_destroy(struct mmr_trace *trace);

/*
 * As trace_entry_read() with trace->entries.items[entry]. Threads may call it at a time, but each entry has
 * one that does.
 */
int trace_kept_read(const struct mmr_trace *trace, struct trace_unzip *unzip, size_t entry,
                    struct trace_content *content, struct mmr_error *err) MMR_MUST_CHECK;

#endif
