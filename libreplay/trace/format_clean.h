/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRACE_FORMAT_CLEAN_H
#define TRACE_FORMAT_CLEAN_H

#include "container.h"
#include "decode.h"

/*
 * Writes to out (from its beginning, no NUL) the format's name, id and those of its field lines that are
 * well formed, with an empty print format. 0, MMR_E_CORRUPT (no fields at all) or MMR_E_NOMEM.
 */
int trace_format_clean(const struct trace_format *format, struct trace_buffer *out) MMR_MUST_CHECK;

#endif
