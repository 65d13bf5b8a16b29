/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which files a recording consists of, found by their names. */
#ifndef TRACE_PART_NAMES_H
#define TRACE_PART_NAMES_H

#include <stdbool.h>

#include "vec.h"

DEFINE_VEC(trace_name_vec, char *);

/*
 * Files that are named as path with a number before its suffix: for rec.zst, and for any of them,
 * rec.0001.zst, rec.0002.zst ..., and the last one as .partial if its recorder was killed. 0, also if there
 * are none, or MMR_E_NOMEM. Free with trace_names_deinit().
 */
int trace_names_of_parts(const char *path, struct trace_name_vec *names) MMR_MUST_CHECK;

/* Files that match a pattern of the shell; none if it has no *, ? or [. 0 or MMR_E_NOMEM. */
int trace_names_match(const char *pattern, struct trace_name_vec *names) MMR_MUST_CHECK;

void trace_names_deinit(struct trace_name_vec *names);

#endif
