/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing a trace file: what a recorder or an importer calls.
 *
 *	mmr_writer_create()            a temporary name beside the target, mode 0600
 *	mmr_writer_text() ...          the header: formats, machine, options
 *	mmr_writer_begin()             header frame goes out; from now on the file is readable
 *	mmr_writer_pages(), _snapshot_*(), _access()     in any order, from one thread at a time
 *	mmr_writer_trailer_text() ...  known only at the end: saved_cmdlines, per-CPU statistics
 *	mmr_writer_finish()            index; the file takes its name
 *
 * Data pages are collected per CPU and compressed when a frame is full. mmr_writer_pages() may be
 * called from one thread per CPU at the same time (each with its own cpu); everything else from one.
 *
 * A CPU may have several streams, each in time order in itself: stream cpu is the ring buffer's, and
 * cpu + nr_cpus, cpu + 2 * nr_cpus ... hold what else the recorder took from that CPU in the same
 * form. Where a function takes a cpu below, a stream's number may stand; the reader merges them.
 */
#ifndef MMREPLAY_TRACE_WRITER_H
#define MMREPLAY_TRACE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>
#include <mmreplay/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mmr_writer;

struct mmr_writer_options {
	uint32_t nr_cpus;
	uint32_t
		nr_streams; /* a multiple of nr_cpus: stream s holds events of CPU s % nr_cpus; 0 = nr_cpus */
	uint32_t subbuf_size; /* bytes of a ring-buffer sub-buffer; multiple of 4096 */
	uint32_t frame_size;  /* raw bytes per data frame; 0 = 256 KiB */
	int level;            /* zstd level; 0 = 1 */
	bool keep_old; /* rename an existing target to target.old; otherwise MMR_E_EXISTS … */
	bool force;    /* … unless this is set: replace it */
};

/*
 * Opens a temporary file beside path. Nothing at path changes before mmr_writer_finish(). If the
 * process dies, the temporary file (path.partial) is a readable trace without an index.
 */
MMR_API int mmr_writer_create(const char *path, const struct mmr_writer_options *options,
                              struct mmr_writer **ret, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Adds a named text to the header (copied). Only before mmr_writer_begin(). The reader knows:
 *	kernel.release, page_size, clock     needed ("6.12.117", "4096", "mono")
 *	machine, tool, start_ns, start_wall_ns, filtered ("1": only some tasks)
 *	header_page, header_event            events/header_page and header_event of tracefs
 *	events/SYSTEM/NAME/format            of every event recorded; what is not there cannot be decoded
 *	proc/zoneinfo                        verbatim; struct mmr_zone_info comes from it
 *	saved_cmdlines                       (header or trailer) comms of tasks that no event names
 * and keeps any other (cmdline, recorder.options, events/absent, …). nr_cpus and subbuf_size are
 * added from the options.
 */
MMR_API int mmr_writer_text(struct mmr_writer *writer, const char *name, const void *data,
                            size_t size, struct mmr_error *err) MMR_MUST_CHECK;

/* Writes the header frame. Its texts must name at least kernel.release, page_size and clock. */
MMR_API int mmr_writer_begin(struct mmr_writer *writer, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Appends nr_pages sub-buffers of one CPU, in the order in which the kernel filled them. They are
 * walked to count events by type; a sub-buffer that makes no sense is kept and counted as damaged.
 */
MMR_API int mmr_writer_pages(struct mmr_writer *writer, uint32_t cpu, const void *pages,
                             size_t nr_pages, struct mmr_error *err) MMR_MUST_CHECK;

/* A snapshot: begin, pieces in reading order (copied), end. Pieces go out in frames of bounded size. */
MMR_API int mmr_writer_snapshot_begin(struct mmr_writer *writer, uint32_t kind, uint64_t begin_ns,
                                      struct mmr_error *err) MMR_MUST_CHECK;
MMR_API int mmr_writer_snapshot_piece(struct mmr_writer *writer,
                                      const struct mmr_snapshot_piece *piece,
                                      struct mmr_error *err) MMR_MUST_CHECK;
MMR_API int mmr_writer_snapshot_end(struct mmr_writer *writer, uint64_t end_ns,
                                    struct mmr_error *err) MMR_MUST_CHECK;

MMR_API int mmr_writer_access(struct mmr_writer *writer, const struct mmr_access_sample *sample,
                              struct mmr_error *err) MMR_MUST_CHECK;

/* Adds a named text to the trailer. */
MMR_API int mmr_writer_trailer_text(struct mmr_writer *writer, const char *name, const void *data,
                                    size_t size, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Events that the kernel dropped on a CPU since the recording began, according to its own statistics.
 * May be called at any time by the thread that feeds this CPU: what the number grew by counts as lost
 * in the frame that is being collected, which locates it; the last value goes into the index.
 */
MMR_API void mmr_writer_set_lost(struct mmr_writer *writer, uint32_t cpu, uint64_t nr_lost);

/* Progress so far; may be called from any thread. */
struct mmr_writer_stats {
	uint64_t nr_events;
	uint64_t nr_lost;
	uint64_t raw_bytes;
	uint64_t file_bytes;
	uint64_t by_group[MMR_NR_EVENT_GROUPS];
};
MMR_API void mmr_writer_stats(const struct mmr_writer *writer, struct mmr_writer_stats *stats);

/*
 * Writes what is left, the trailer and the index, syncs, and gives the file its name. The writer is
 * freed in any case. After a failure (disk full) the partial file is kept and err names it.
 */
MMR_API int mmr_writer_finish(struct mmr_writer *writer, struct mmr_error *err) MMR_MUST_CHECK;

/* Gives up: removes the temporary file and frees the writer; NULL is fine. */
MMR_API void mmr_writer_abort(struct mmr_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
