/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bytes of the index at the end of a trace, for those that write one: the writer and the repair. */
#ifndef TRACE_INDEX_BUILD_H
#define TRACE_INDEX_BUILD_H

#include <zstd.h>

#include "container.h"

/*
 * Fills out, which is empty, with the whole index of a file whose frames end at offset. 0,
 * MMR_E_NOMEM, or MMR_E_LIMIT: a skippable frame cannot be that long.
 */
int trace_index_build(ZSTD_CCtx *cctx, const struct trace_entry_vec *entries,
                      const struct trace_totals *totals, uint64_t offset,
                      struct trace_buffer *out) MMR_MUST_CHECK;

#endif
