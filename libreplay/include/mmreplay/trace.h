/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a trace file (trace.zst; the format is in mmreplay-trace(5)).
 *
 * The file is a sequence of zstd frames: a header, data frames (one CPU's consecutive ring-buffer
 * sub-buffers, raw), snapshots of /proc and /sys, samples of page accesses, and an index. The reader
 * merges the CPUs by time and gives one struct mmr_event after the other. Memory stays bounded by
 * CPUs x frame size whatever the file's length. A file that ends early or has damaged frames is read
 * as far as it goes; struct mmr_trace_info and mmr_trace_damage() say what is missing.
 *
 * All times are nanoseconds of the trace's own clock (CLOCK_MONOTONIC in recordings of mmcap).
 */
#ifndef MMREPLAY_TRACE_H
#define MMREPLAY_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>
#include <mmreplay/event.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MMR_TRACE_FORMAT_MAJOR 1
#define MMR_TRACE_FORMAT_MINOR 2

struct mmr_trace;
struct mmr_snapshot;

/* A zone of the recorded machine, from the header. Sizes in pages. */
struct mmr_zone_info {
	int32_t node;
	int32_t index; /* the kernel's zone number: 0 DMA, 1 DMA32, 2 Normal, 3 Movable, 4 Device */
	char name[16];
	uint64_t start_pfn;
	uint64_t spanned;
	uint64_t present;
	uint64_t managed;
	uint64_t wmark_min; /* when the recording began */
	uint64_t wmark_low;
	uint64_t wmark_high;
	uint64_t protection[5]; /* lowmem reserve against requests for zones up to index i */
};

/* What is known without reading the events. Strings are NUL-terminated, "" if unknown. */
struct mmr_trace_info {
	uint32_t format_major;
	uint32_t format_minor;
	uint32_t page_size; /* bytes */
	uint32_t nr_cpus;
	char kernel_release[80];
	char machine[32];
	char clock[16];
	char tool[48];          /* what wrote the file: "mmcap 0.1.0", "mmcap 0.1.0 import" */
	uint64_t start_wall_ns; /* CLOCK_REALTIME at start_ns, 0 if unknown */
	uint64_t start_ns;      /* when the recording began */
	uint64_t first_ns;  /* time of the first and the last event; 0 if there is none or the */
	uint64_t last_ns;   /*   file has no index */
	uint64_t nr_events; /* UINT64_MAX if the file has no index */
	uint64_t nr_lost;   /* events that the kernel had no room for; from the index */
	uint64_t file_size; /* bytes */
	uint64_t raw_size;  /* bytes of ring-buffer data before compression; 0 without an index */
	uint32_t nr_snapshots;
	uint32_t nr_access_frames;
	uint32_t nr_zones;
	bool indexed;   /* the file was closed properly */
	bool truncated; /* it ends within a frame */
	bool filtered;  /* it holds only some tasks: shadow is impossible */
	bool ring;      /* it was cut out of a recording that kept only the newest events */
	bool repaired; /* its index was made from what was left; text "repair.notes" says of what */
	bool starts_late; /* it begins in the middle of its recording: a ring, or parts that are gone */
	uint32_t nr_parts;         /* files that it consists of, 1 or more */
	uint32_t first_part;       /* number of the first, from 1; 0: it was never one of several */
	uint32_t nr_missing_parts; /* between the first and the last */
	uint64_t
		whole_from_ns; /* every event since then is there but for those that count as lost */
	bool has_requests;     /* it holds page requests instead of events (trace_requests.h) … */
	uint64_t nr_requests;  /* … so many; 0 if it was not closed properly */
	uint64_t nr_request_pages; /* … of so many pages */
};

/* What mmreplay keeps of a trace for further passes: some 4 million events. */
#define MMR_TRACE_KEEP (128ull << 20)

struct mmr_trace_options {
	/* Bit set of the event kinds wanted (bit = enum mmr_event_kind), or NULL for all. Others are
	 * skipped before they are decoded; MMR_EVENT_LOST always comes. Read by mmr_trace_open() only. */
	const uint64_t *kinds;
	/* Threads that decompress ahead; 0 = decompress in the calling thread. */
	unsigned int nr_threads;
	/* Bytes of decompressed events that are kept for further passes (mmr_trace_rewind()), those of the
	 * trace's beginning; what is beyond them is decompressed by each pass. 0: none are. */
	uint64_t keep_bytes;
};

/*
 * Opens path. A recording that was written to several files (rec.0001.zst, rec.0002.zst ...) is opened as
 * one trace by the name of its first file, by the name that all have in common (rec.zst, which must not
 * be a file itself), or by a pattern in the manner of the shell. Any other part is opened by itself.
 * options may be NULL. On success *ret is to be closed with mmr_trace_close().
 * MMR_E_FORMAT: not a trace file; MMR_E_VERSION: made by a newer major version; MMR_E_CORRUPT: the
 * header cannot be read; MMR_E_TRUNCATED: the file ends within it; MMR_E_UNSUPPORTED: the ring buffer
 * of a 32-bit kernel; MMR_E_INVALID: not a regular file; MMR_E_NOTFOUND, MMR_E_PERMISSION, MMR_E_IO,
 * MMR_E_NOMEM.
 */
MMR_API int mmr_trace_open(const char *path, const struct mmr_trace_options *options,
                           struct mmr_trace **ret, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * As mmr_trace_open() with the files of one recording, in any order. MMR_E_INVALID: one belongs to
 * another recording, or is given twice. A file that is missing between two shows as MMR_EVENT_LOST with
 * 0 events (nobody knows how many) on every CPU, and as damage.
 */
MMR_API int mmr_trace_open_parts(const char *const *paths, size_t nr_paths,
                                 const struct mmr_trace_options *options, struct mmr_trace **ret,
                                 struct mmr_error *err) MMR_MUST_CHECK;

/* Closes it; NULL is fine. */
MMR_API void mmr_trace_close(struct mmr_trace *trace);

/* Valid until the trace is closed. */
MMR_API const struct mmr_trace_info *mmr_trace_info(const struct mmr_trace *trace);

/*
 * Path of file i < info->nr_parts of which the trace consists, NULL past the last; *number (may be NULL)
 * is its number in the recording, 0 if that was never in several. Valid until the trace is closed.
 */
MMR_API const char *mmr_trace_part(const struct mmr_trace *trace, uint32_t i, uint32_t *number);

/* Zone i < info->nr_zones, NULL past the last. Zones without pages are left out. */
MMR_API const struct mmr_zone_info *mmr_trace_zone(const struct mmr_trace *trace, uint32_t i);

/*
 * A named text of the header ("cmdline", "recorder.options", "events/kmem/mm_page_alloc/format",
 * "events/absent") or of the trailer ("saved_cmdlines", "per_cpu/cpu0/stats"); NULL if it is not
 * there. NUL-terminated (not counted in *size, which may be NULL); valid until the trace is closed.
 */
MMR_API const char *mmr_trace_text(const struct mmr_trace *trace, const char *name, size_t *size);

/* Name of the i-th text of the header and trailer, NULL past the last. */
MMR_API const char *mmr_trace_text_name(const struct mmr_trace *trace, uint32_t i);

/* Whether the format of this event is in the header, i.e. the event could have been recorded. */
MMR_API bool mmr_trace_has_event(const struct mmr_trace *trace, unsigned int kind);

/*
 * The next event in time order (per CPU in ring-buffer order, ties by CPU number). Lost events
 * appear as MMR_EVENT_LOST at their place. 1: *event was filled; 0: the end; < 0: an error. A
 * damaged data frame is not an error: it is skipped, counted, and shows as MMR_EVENT_LOST with the
 * number of events the index gives for it (or 0).
 */
MMR_API int mmr_trace_next(struct mmr_trace *trace, struct mmr_event *event,
                           struct mmr_error *err) MMR_MUST_CHECK;

/* Starts again from the first event. */
MMR_API int mmr_trace_rewind(struct mmr_trace *trace, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * The record behind the event that mmr_trace_next() gave last: the bytes as the kernel wrote them,
 * common fields first. Valid until the next call; NULL for the marks.
 */
MMR_API const void *mmr_trace_raw(const struct mmr_trace *trace, size_t *size);

/*
 * The event given last as text, as `trace-cmd report` words it (fields only, without task, CPU and
 * time). Writes at most size bytes with a NUL, returns the full length; control characters are escaped.
 */
MMR_API size_t mmr_trace_format_event(struct mmr_trace *trace, char *text, size_t size);

/*
 * The flags of a request for pages, as this trace's kernel names them: "GFP_KERNEL|__GFP_ACCOUNT"; as a number if its
 * formats do not tell. Writes at most size bytes with a NUL, returns the full length.
 */
MMR_API size_t mmr_trace_format_gfp(struct mmr_trace *trace, uint64_t gfp_flags, char *text,
                                    size_t size);

/* System and name of an event of this trace by its number (common_type); false if unknown. */
MMR_API bool mmr_trace_event_id_name(const struct mmr_trace *trace, uint32_t event_id,
                                     const char **system, const char **name);

/* comm of a task as far as the trace tells ("<...>" if unknown). Valid until the next call. */
MMR_API const char *mmr_trace_comm(const struct mmr_trace *trace, uint32_t pid);

/* Events by name in this file, as counted by the recorder (index). */
struct mmr_event_count {
	uint32_t event_id;
	uint32_t kind;
	uint64_t nr_events;
	uint64_t first_ns;
	uint64_t last_ns;
};

/* Entry i of the index's counts, NULL past the last or without an index. */
MMR_API const struct mmr_event_count *mmr_trace_count(const struct mmr_trace *trace, uint32_t i);

/*
 * What a recording cannot show because of how it was made or kept: by filter, ring, or parts that are
 * gone. That events were lost or bytes damaged is not among these.
 */
struct mmr_trace_limit {
	const char *name; /* "filtered", "ring", "parts", "missing", "repaired" */
	bool no_shadow;   /* free lists cannot be followed */
	bool no_replay;   /* a replay would know only a share of the machine's demand */
	char text[256];   /* one sentence, control characters escaped */
};

/* Limit i of this trace; false past the last. */
MMR_API bool mmr_trace_limit(const struct mmr_trace *trace, uint32_t i,
                             struct mmr_trace_limit *limit);

/* What could not be read, so far. */
struct mmr_trace_damage {
	uint64_t nr_frames;    /* frames that failed their checksum or made no sense */
	uint64_t nr_bytes;     /* compressed bytes skipped */
	uint64_t nr_records;   /* records within good frames that made no sense */
	uint64_t first_offset; /* file offset of the first of them */
	char text[160];        /* about the first: one line; "" if all is well */
};

MMR_API const struct mmr_trace_damage *mmr_trace_damage(const struct mmr_trace *trace);

/* ---- snapshots ---- */

enum mmr_snapshot_kind {
	MMR_SNAPSHOT_LIGHT = 1,
	MMR_SNAPSHOT_FULL = 2,
};

struct mmr_snapshot_info {
	uint32_t kind;     /* enum mmr_snapshot_kind */
	uint64_t begin_ns; /* before its first file was read */
	uint64_t end_ns;   /* after its last was */
};

/* Snapshot i < info->nr_snapshots, in time order; NULL past the last. */
MMR_API const struct mmr_snapshot_info *mmr_trace_snapshot_info(const struct mmr_trace *trace,
                                                                uint32_t i);

/*
 * Loads snapshot i; free with mmr_snapshot_free(). MMR_E_CORRUPT if one of its frames is damaged. Each
 * piece's data has a NUL behind it.
 */
MMR_API int mmr_trace_snapshot(struct mmr_trace *trace, uint32_t i, struct mmr_snapshot **ret,
                               struct mmr_error *err) MMR_MUST_CHECK;

MMR_API void mmr_snapshot_free(struct mmr_snapshot *snapshot);

/*
 * A piece of a file: bytes [offset, offset + size) as read between begin_ns and end_ns. Small files
 * are one piece; kpageflags and kpagecount are read in chunks, each with its own times.
 */
struct mmr_snapshot_piece {
	const char *
		name; /* "proc/buddyinfo", "proc/kpageflags", "sys/kernel/mm/…", "proc/sys/vm/swappiness" */
	const uint8_t *data;
	uint64_t size;
	uint64_t offset;
	uint64_t begin_ns; /* 0 and 0: the time is unknown, use the snapshot's */
	uint64_t end_ns;
};

/* Piece i in the order in which they were read; false past the last. */
MMR_API bool mmr_snapshot_piece(const struct mmr_snapshot *snapshot, uint32_t i,
                                struct mmr_snapshot_piece *piece);

/*
 * The first piece of that name (a whole file, if it was read in one piece); false if there is none.
 * A file read twice has two names: buddyinfo at the end of a full snapshot is "proc/buddyinfo.end".
 */
MMR_API bool mmr_snapshot_find(const struct mmr_snapshot *snapshot, const char *name,
                               struct mmr_snapshot_piece *piece);

/* ---- page accesses ---- */

enum mmr_access_kind {
	MMR_ACCESS_BITMAP = 0,   /* page frames, by the idle page tracking bitmap */
	MMR_ACCESS_USES = 1,     /* single addresses */
	MMR_ACCESS_CONTENTS = 2, /* no accesses: what is in pages */
};

#define MMR_USE_SEEN     1u /* it was used; otherwise it was watched and not used */
#define MMR_USE_WRITE    2u /* by a write */
#define MMR_USE_PHYSICAL 4u /* the address is a physical one */

/*
 * One address of a process, used at some time in [begin_ns, end_ns], or watched from begin_ns to end_ns
 * and not used.
 */
struct mmr_access_use {
	uint64_t address;
	uint64_t begin_ns;
	uint64_t end_ns;
	uint32_t pid;   /* of the process; 0: unknown */
	uint32_t flags; /* MMR_USE_* */
};

#define MMR_CONTENT_REGISTERED UINT64_C(0) /* no contents: the pages are registered for KSM */
#define MMR_CONTENT_ZERO       UINT64_C(1) /* zeroes */
#define MMR_CONTENT_CHANGES    UINT64_C(2) /* others each time, until the next row */
#define MMR_CONTENT_LAST       UINT64_C(15)

/* Pages of a process that have the same contents, from an address on; since format 1.2. */
struct mmr_access_content {
	uint64_t address;
	uint64_t hash; /* MMR_CONTENT_*, or the same number where it is the same */
	uint32_t pid;
	uint32_t nr_pages;
};

/*
 * A bitmap: bit i is page frame first_pfn + i, 1 = not accessed since it was marked, or not an LRU page.
 * The bits were read from begin_ns to end_ns; pages had been marked from mark_begin_ns to mark_end_ns
 * (0 if unknown): an access after mark_end_ns and before begin_ns shows for certain, one within the
 * marking or the reading may. A bit says nothing about a page that was not marked, because it was not
 * there or not on an LRU list: where known has a 0. Some recordings do not tell (known is NULL).
 *
 * Uses: between begin_ns and end_ns, in no order; no bitmap.
 *
 * Contents: as they were found between begin_ns and end_ns; of a page that has no row they are as they were.
 */
struct mmr_access_sample {
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t mark_begin_ns;
	uint64_t mark_end_ns;
	uint64_t nr_pfns;
	const uint8_t *idle; /* (nr_pfns + 7) / 8 bytes, little endian bit order */

	/* Since format 1.1. */
	uint64_t first_pfn;   /* multiple of 64 */
	const uint8_t *known; /* as idle, or NULL */
	const struct mmr_access_use *uses;
	uint64_t nr_uses;
	uint32_t kind; /* enum mmr_access_kind */

	/* Since format 1.2. */
	const struct mmr_access_content *contents;
	uint64_t nr_contents;
};

/* Sample i < info->nr_access_frames. Valid until the next call. */
MMR_API int mmr_trace_access_sample(struct mmr_trace *trace, uint32_t i,
                                    struct mmr_access_sample *sample,
                                    struct mmr_error *err) MMR_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
