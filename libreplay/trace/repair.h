/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of a repair share: repair.c (what is kept, and what is missing), repair_file.c. */
#ifndef TRACE_REPAIR_H
#define TRACE_REPAIR_H

#include <mmreplay/trace_check.h>

#include "reader.h"

/* The file that is made, under a temporary name until it is complete. */
struct repair_file {
	int fd;
	char *path; /* what it will be called */
	char *partial;
	uint64_t offset;
};

/* Creates it. path may be NULL: beside input, which it will replace. 0 or an error. */
int trace_repair_file_create(struct repair_file *file, const char *input, const char *path,
                             bool force, struct mmr_error *err) MMR_MUST_CHECK;

int trace_repair_file_append(struct repair_file *file, const void *data, size_t size,
                             struct mmr_error *err) MMR_MUST_CHECK;

/* Syncs it and gives it its name; input, if it had that, becomes input.old. */
int trace_repair_file_finish(struct repair_file *file, const char *input, bool replace, bool force,
                             struct mmr_error *err) MMR_MUST_CHECK;

/* Removes what has not been finished. */
void trace_repair_file_deinit(struct repair_file *file);

#endif
