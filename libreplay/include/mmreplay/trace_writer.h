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
 * Data pages are collected per CPU and compressed when a frame is full: by threads of the writer's own,
 * or by the caller if options.nr_threads is 0. mmr_writer_pages(), _set_lost() and _pressure() may be
 * called from one thread per CPU at the same time (each with its own cpu); _access(), _stats() and
 * _ring_save() from any; everything else from one. The writer's threads have the rights of the thread
 * that made the writer, and files that mmr_writer_rotate() ends are renamed with these.
 *
 * A CPU may have several streams, each in time order in itself: stream cpu is the ring buffer's, and
 * cpu + nr_cpus, cpu + 2 * nr_cpus ... hold what else the recorder took from that CPU in the same
 * form. Where a function takes a cpu below, a stream's number may stand; the reader merges them.
 *
 * What becomes of a frame is one of three:
 *	a file		mmr_writer_create(); with options.rotate one after the other, mmr_writer_rotate()
 *	a stream	mmr_writer_create_stream(): a pipe, a socket
 *	a ring		options.ring_bytes: in memory, the oldest go; mmr_writer_ring_save() writes a file
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

/* How the file is written. */
enum mmr_writer_io {
	MMR_WRITER_CACHED,   /* as any file */
	MMR_WRITER_UNCACHED, /* leaves nothing in the page cache: O_DIRECT, or dropped as it goes */
};

struct mmr_writer_options {
	uint32_t nr_cpus;
	uint32_t
		nr_streams; /* a multiple of nr_cpus: stream s holds events of CPU s % nr_cpus; 0 = nr_cpus */
	uint32_t subbuf_size; /* bytes of a ring-buffer sub-buffer; multiple of 4096 */
	uint32_t frame_size;  /* raw bytes per data frame; 0 = 256 KiB */
	int level;            /* zstd level; 0 = 1 */
	bool keep_old; /* rename an existing target to target.old; otherwise MMR_E_EXISTS … */
	bool force;    /* … unless this is set: replace it */

	/* Threads that compress; 0: whoever calls does, and the same calls give the same file. */
	uint32_t nr_threads;
	uint32_t queue_frames;   /* raw frames that may wait for these threads; 0 = 16 */
	const char *thread_name; /* their names begin with it, at most 8 bytes; NULL: "mmr" */
	enum mmr_writer_io io;

	uint64_t ring_bytes; /* keep frames in this much memory instead of a file; 0: no ring */
	uint64_t ring_ns; /* and none that ended longer than this before the newest; 0: no limit */
	bool rotate;      /* the file will be one of several: mmr_writer_rotate() */

	/*
	 * As mmr_trace_anonymize() would make it afterwards: names and kernel addresses never reach the
	 * file. All of the formats have to be in the header; events without one are empty.
	 */
	bool anonymize;
};

/*
 * Opens a temporary file beside path. Nothing at path changes before mmr_writer_finish(). If the
 * process dies, the temporary file (path.partial) is a readable trace without an index.
 */
MMR_API int mmr_writer_create(const char *path, const struct mmr_writer_options *options,
                              struct mmr_writer **ret, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * As mmr_writer_create(), writing to fd from its present position on and never going back. The fd stays
 * the caller's, and open until finish or abort; it may block. name is for messages ("stdout"). The
 * caller ignores SIGPIPE. A stream that is cut reads like a file whose recorder was killed.
 */
MMR_API int mmr_writer_create_stream(int fd, const char *name,
                                     const struct mmr_writer_options *options,
                                     struct mmr_writer **ret, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * The kernel's numbers of the writer's threads, which exist from create to finish: up to max of them
 * go to tids. How many there are is returned. Their signals are all blocked.
 */
MMR_API size_t mmr_writer_tids(const struct mmr_writer *writer, int32_t *tids, size_t max);

/*
 * Gets and touches the memory that this CPU's pages need, which its first pages do otherwise. After that
 * no call allocates, but for 64 bytes per frame of a file's index, and snapshots.
 */
MMR_API int mmr_writer_prepare_cpu(struct mmr_writer *writer, uint32_t cpu,
                                   struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Adds a named text to the header (copied). Only before mmr_writer_begin(). The reader knows:
 *	kernel.release, page_size, clock     needed ("6.12.117", "4096", "mono")
 *	machine, tool, start_ns, start_wall_ns, filtered (as "the command": only these tasks)
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
 * The tasks of the recorder itself, whose events are counted (nr_own). Before the first pages; copied.
 */
MMR_API int mmr_writer_set_own(struct mmr_writer *writer, const int32_t *tids, size_t count,
                               struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Events that the kernel dropped on a CPU since the recording began, according to its own statistics.
 * May be called at any time by the thread that feeds this CPU: what the number grew by counts as lost
 * in the frame that is being collected, which locates it; the last value goes into the index.
 */
MMR_API void mmr_writer_set_lost(struct mmr_writer *writer, uint32_t cpu, uint64_t nr_lost);

/*
 * How full the kernel's ring buffer of a CPU was when it was last read, in thousandths. From 250 on
 * frames are compressed faster and worse, as they are when the threads' queue fills; from 750 on they are
 * hardly compressed. The level recovers slowly.
 */
MMR_API void mmr_writer_pressure(struct mmr_writer *writer, uint32_t cpu, uint32_t per_mille);

#define MMR_WRITER_STEPS 5 /* from the level asked for to one that hardly compresses */

/* Progress so far; may be called from any thread. */
struct mmr_writer_stats {
	uint64_t nr_events;
	uint64_t nr_lost;
	uint64_t nr_own;     /* of the events, those of the recorder's tasks */
	uint64_t raw_bytes;  /* of all pages so far */
	uint64_t file_bytes; /* of this file or stream, or of the frames in the ring */
	uint64_t by_group[MMR_NR_EVENT_GROUPS];

	int32_t level[MMR_WRITER_STEPS];   /* zstd level of each step */
	uint64_t frames[MMR_WRITER_STEPS]; /* data frames compressed with it */
	uint32_t nr_lowered;               /* how often a faster step was taken */
	uint32_t nr_waits;                 /* how often pages had to wait for the threads … */
	uint64_t wait_ns;                  /* … and how long in all */

	uint64_t ring_dropped_frames; /* that made room */
	uint64_t ring_dropped_events;
	uint64_t ring_begin_ns; /* the ring holds all events since; 0: since the beginning */
	uint32_t part;          /* number of the present file, from 1, if it is one of several */
};
MMR_API void mmr_writer_stats(struct mmr_writer *writer, struct mmr_writer_stats *stats);

/*
 * Writes what the ring holds to a file of its own, a whole trace with header, trailer and index, while
 * recording goes on. Frames whose last event is before since_ns (trace clock) stay out; 0: none does.
 * The texts given to mmr_writer_trailer_text() so far go into it and are forgotten. May be called in a
 * thread of its own, one at a time, beside everything but finish and abort.
 *
 * Its header says, besides the texts of the recording:
 *	ring = "1"		the trace begins in the middle
 *	ring.begin_ns		no event since this time was dropped; what is older is there in part
 *	ring.dropped_events	how many events are not there any more
 * The first snapshot, if it is a full one, is in every such file; what happened between it and
 * ring.begin_ns is not, so that no free list can be followed from it. A full snapshot that is taken
 * right before this call is in the ring like any frame and becomes the trace's last.
 */
MMR_API int mmr_writer_ring_save(struct mmr_writer *writer, const char *path, uint64_t since_ns,
                                 struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Ends the present file and goes on in one at path, with the same header texts. No event is lost or
 * doubled: what mmr_writer_pages() was given before is in the old file. Not within a snapshot.
 * Needs options.rotate, which adds the texts rotation.id (random, the same in all) and rotation.part
 * ("1", "2", …). Trailer texts given so far go into the old file and are forgotten.
 * The new file is there when this returns; the old one gets its index and name soon after, from the
 * writer's threads (if there are any). If that fails, later calls say so and the recording has failed.
 */
MMR_API int mmr_writer_rotate(struct mmr_writer *writer, const char *path,
                              struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Writes what is left, the trailer and the index, syncs, and gives the file its name. The writer is
 * freed in any case. After a failure (disk full) the partial file is kept and err names it. A ring
 * is dropped: save it before.
 */
MMR_API int mmr_writer_finish(struct mmr_writer *writer, struct mmr_error *err) MMR_MUST_CHECK;

/* Gives up: removes the temporary file and frees the writer; NULL is fine. */
MMR_API void mmr_writer_abort(struct mmr_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
