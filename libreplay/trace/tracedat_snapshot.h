/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshot folders and access samples on their way into a trace file. */
#ifndef TRACE_TRACEDAT_SNAPSHOT_H
#define TRACE_TRACEDAT_SNAPSHOT_H

#include "tracedat_place.h"

/* Appends a line to the report's notes; what does not fit is dropped. */
void trace_dat_note(struct mmr_import_report *report, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Writes the files in folder as one snapshot; readers says when they were read (none: fallback_ns,
 * with a note). 0 or an error.
 */
int trace_dat_import_folder(struct mmr_writer *writer, const char *folder,
                            const struct dat_reader_vec *readers, uint64_t fallback_ns,
                            struct mmr_import_report *report, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Writes the samples in the file. adds are the allocations for the page cache in the events, which
 * tell when each sample was written; they get sorted. 0 or an error.
 */
int trace_dat_import_idle(struct mmr_writer *writer, const char *path, struct dat_add_vec *adds,
                          struct mmr_import_report *report, struct mmr_error *err) MMR_MUST_CHECK;

#endif
