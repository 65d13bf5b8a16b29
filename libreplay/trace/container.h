/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The layout of trace.zst: record heads, named blobs and the index, as bytes. mmreplay-trace(5) is
 * the reference. Shared by the writer and the reader; nothing here touches a file.
 *
 * The content of every zstd frame begins with a record head. Kinds HEADER, SNAPSHOT, ACCESS and
 * TRAILER carry a list of named blobs, DATA the raw sub-buffers of one CPU, REQUESTS columns of numbers. A list that is too large
 * for one frame goes on in the next frame of the same kind and number (no TRACE_FRAME_LAST), a blob
 * that is too large in the next blob (TRACE_BLOB_CONTINUES).
 */
#ifndef TRACE_CONTAINER_H
#define TRACE_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>
#include <mmreplay/trace.h>

#include "vec.h"

#define TRACE_HEAD_MAGIC     0x54524d4du /* "MMRT" */
#define TRACE_FOOTER_MAGIC   0x58524d4du /* "MMRX" */
#define TRACE_ZSTD_MAGIC     0xfd2fb528u
#define TRACE_SKIP_MAGIC     0x184d2a5du /* the skippable frame of the index */
#define TRACE_SKIP_MASK      0xfffffff0u /* all 16 magics of skippable frames … */
#define TRACE_SKIP_ANY       0x184d2a50u /* … look like this */
#define TRACE_HEAD_SIZE      64u
#define TRACE_BLOB_HEAD_SIZE 40u
#define TRACE_ENTRY_SIZE     56u
#define TRACE_FOOTER_SIZE    48u
#define TRACE_SKIP_HEAD_SIZE 8u
#define TRACE_USE_SIZE       32u /* a row of the blob "uses" */
#define TRACE_CONTENT_SIZE   24

/* Limits: a file that exceeds one is refused or its frame skipped; memory never follows a number
 * in the file. */
#define TRACE_MAX_CPUS        4096u
#define TRACE_MAX_CONTENT     (16u << 20) /* of any frame, decompressed */
#define TRACE_MAX_DATA        (4u << 20)  /* of a data frame */
#define TRACE_MAX_SUBBUF      (1u << 20)
#define TRACE_MAX_NAME        512u
#define TRACE_MAX_BLOBS       (1u << 20)  /* of one list */
#define TRACE_MAX_USES        (1u << 20)  /* of one access sample */
#define TRACE_MAX_TEXT        (64u << 20) /* header or trailer as a whole */
#define TRACE_MAX_COMPRESSED  (TRACE_MAX_CONTENT + (TRACE_MAX_CONTENT >> 7) + 1024)
#define TRACE_ENTRIES_A_FRAME 65536u
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define TRACE_MAX_SNAPSHOT (64ull << 20)
#define TRACE_MAX_HELD     (64ull << 20)
#else
#define TRACE_MAX_HELD     (4ull << 30) /* frames that a merge holds at a time, one for each CPU */
#define TRACE_MAX_SNAPSHOT (4ull << 30) /* pieces of one snapshot: /proc/kpage* of 1 TiB */
#endif

/* Blob lists are cut into frames of about this many bytes. */
#define TRACE_BLOB_FRAME (1u << 20)

enum trace_frame_kind {
	TRACE_FRAME_HEADER = 1,
	TRACE_FRAME_DATA = 2,
	TRACE_FRAME_SNAPSHOT = 3,
	TRACE_FRAME_ACCESS = 4,
	TRACE_FRAME_TRAILER = 5,
	TRACE_FRAME_ENTRIES = 6, /* within the index only */
	TRACE_FRAME_TOTALS = 7,  /* within the index only */
	TRACE_FRAME_REQUESTS = 8,
};
#define TRACE_NR_FRAME_KINDS 9

/* Flags of a head. */
#define TRACE_FRAME_LAST 1u /* the list ends here */

/* Flags of a blob. */
#define TRACE_BLOB_CONTINUES 1u /* these bytes belong behind those of the blob before */

struct trace_head {
	uint16_t kind; /* enum trace_frame_kind */
	uint16_t flags;
	uint32_t number; /* DATA: cpu; SNAPSHOT, ACCESS: which, from 0; otherwise 0 */
	uint32_t aux; /* HEADER: major << 16 | minor; DATA: sub-buffer size; SNAPSHOT, ACCESS: kind;
		        REQUESTS: ns of a tick */
	uint32_t sequence; /* of the frames of this kind (DATA: and CPU), from 0 */
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t
		count; /* DATA: events; ACCESS: pfns; REQUESTS: requests; lists: blobs in this frame */
	uint64_t lost;    /* DATA: events lost in or right before this frame */
	uint64_t payload; /* bytes that follow */
};

/* A frame as the index lists it. */
struct trace_entry {
	uint64_t offset; /* of the zstd frame in the file */
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t lost;
	uint32_t size; /* compressed */
	uint32_t payload;
	uint32_t number;
	uint32_t aux;
	uint32_t count;
	uint16_t kind;
	uint16_t flags;
	uint32_t sequence; /* of the frame's head; not part of the index, 0 in entries from there */
	uint32_t part;     /* which file, if the trace has several; not part of the index */
};

DEFINE_VEC(trace_entry_vec, struct trace_entry);

/* A named piece. In a parsed list, name and data point into the frame and name is not terminated. */
struct trace_blob {
	const char *name;
	const uint8_t *data;
	uint64_t size;
	uint64_t offset;
	uint64_t begin_ns;
	uint64_t end_ns;
	uint32_t name_size;
	uint32_t flags;
};

struct trace_cpu_total {
	uint64_t nr_events;
	uint64_t nr_lost;
	uint64_t first_ns;
	uint64_t last_ns;
};

DEFINE_VEC(trace_cpu_vec, struct trace_cpu_total);
DEFINE_VEC(trace_count_vec, struct mmr_event_count);

struct trace_snapshot_total {
	struct mmr_snapshot_info info;
	uint32_t number;
};

DEFINE_VEC(trace_snapshot_vec, struct trace_snapshot_total);

/* What the index says about the file as a whole. */
struct trace_totals {
	uint64_t nr_events;
	uint64_t nr_lost;
	uint64_t raw_bytes;
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t nr_entries;
	uint64_t trailer_offset; /* of the first trailer frame, 0 if there is none */
	uint64_t trailer_size;   /* bytes of all trailer frames, which are consecutive */
	uint32_t nr_access;
	uint32_t version; /* of the file, if it is not the present one; stands in the footer */
	struct trace_cpu_vec cpus;
	struct trace_count_vec counts;
	struct trace_snapshot_vec snapshots;
};

/* The last bytes of an indexed file. The index is a skippable frame that holds zstd frames. */
struct trace_footer {
	uint64_t offset;      /* of the skippable frame */
	uint64_t entries;     /* bytes of the zstd frames with the entries; they come first */
	uint64_t totals;      /* bytes of the zstd frame with the totals, next */
	uint64_t file_size;   /* including this footer */
	uint32_t entry_count; /* frames in the file */
	uint32_t version;     /* major << 16 | minor, as in the header */
};

/* A byte buffer that grows; the first TRACE_HEAD_SIZE bytes are left for a head. */
struct trace_buffer {
	uint8_t *data;
	size_t used;
	size_t capacity;
	uint32_t count; /* blobs, or entries */
};

/* Empties it but for the room of the head. Memory is kept. 0 or MMR_E_NOMEM. */
int trace_buffer_reset(struct trace_buffer *buffer) MMR_MUST_CHECK;
/* Room for size more bytes, which the caller fills and adds to used. 0 or MMR_E_NOMEM. */
int trace_buffer_room(struct trace_buffer *buffer, size_t size) MMR_MUST_CHECK;
void trace_buffer_deinit(struct trace_buffer *buffer);

void trace_head_put(uint8_t *bytes, const struct trace_head *head);
/* False if these are not a head, or it promises what no frame may have. */
bool trace_head_get(const uint8_t *bytes, size_t size, struct trace_head *head);

/* Appends a blob. 0 or MMR_E_NOMEM. */
int trace_blob_put(struct trace_buffer *buffer, const struct trace_blob *blob) MMR_MUST_CHECK;

/* Walks the list of blobs in size bytes of payload. *pos starts at 0. 1: a blob; 0: the end; < 0: nonsense. */
int trace_blob_next(const uint8_t *payload, size_t size, size_t *pos, struct trace_blob *blob);

/* Appends an entry of the index. 0 or MMR_E_NOMEM. */
int trace_entry_put(struct trace_buffer *buffer, const struct trace_entry *entry) MMR_MUST_CHECK;
/* Adds the entries in a payload to vec; 0, MMR_E_CORRUPT or MMR_E_NOMEM. */
int trace_entries_get(const uint8_t *payload, size_t size,
                      struct trace_entry_vec *vec) MMR_MUST_CHECK;

int trace_totals_put(struct trace_buffer *buffer, const struct trace_totals *totals) MMR_MUST_CHECK;
/* Fills totals, whose vectors are to be empty; 0, MMR_E_CORRUPT or MMR_E_NOMEM. */
int trace_totals_get(const uint8_t *payload, size_t size,
                     struct trace_totals *totals) MMR_MUST_CHECK;
void trace_totals_deinit(struct trace_totals *totals);

void trace_footer_put(uint8_t *bytes, const struct trace_footer *footer);
/* False if these TRACE_FOOTER_SIZE bytes are not the footer of a file of this size. */
bool trace_footer_get(const uint8_t *bytes, uint64_t file_size, struct trace_footer *footer);

#endif
