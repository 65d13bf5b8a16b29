/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the parts of the reader share: reader.c (open, header, texts), reader_frame.c (one frame),
 * reader_index.c and reader_scan.c (where they are), format.c (formats to plans), decode.c (plans to events),
 * merge.c (streams to one order), ahead.c (threads), kept.c (frames for the next pass), snapshot.c, comm.c, event_text.c, zoneinfo.c.
 */
#ifndef TRACE_READER_PRIVATE_H
#define TRACE_READER_PRIVATE_H

#include <zstd.h>

#include <mmreplay/stack.h>
#include <mmreplay/trace.h>

#include "container.h"
#include "decode.h"
#include "subbuf.h"

/* A decompressor with room for the compressed bytes; one for each thread that decompresses. */
struct trace_unzip {
	ZSTD_DCtx *dctx;
	uint8_t *packed;
	size_t capacity;
};

/* A frame's content: head and payload. */
struct trace_content {
	uint8_t *data;
	size_t capacity;
	size_t limit;     /* a larger content is not read; 0: TRACE_MAX_CONTENT */
	bool lent;        /* data belongs to trace->kept, and is only read */
	uint8_t *offered; /* room of trace->kept for the next content; NULL: none */
	size_t offered_bytes;
	struct trace_head head;
};

struct trace_text {
	char *name;
	char *data;
	size_t size;
};

DEFINE_VEC(trace_text_vec, struct trace_text);

enum trace_stream_state {
	STREAM_RECORD, /* data, size */
	STREAM_MARK,   /* nr_lost events are missing */
	STREAM_END,
};

/* One stream of a CPU: the frame it is in and the record that comes next. */
struct trace_stream {
	struct trace_subbuf walk;
	const uint8_t *data;
	uint32_t size;
	uint32_t index; /* in mmr_trace.streams; the number of its frames */
	uint32_t cpu;
	uint64_t t_ns;
	enum trace_stream_state state;
	bool final_mark;       /* the mark for what no frame tells of has been given */
	uint64_t nr_lost;      /* of the mark */
	uint64_t located_lost; /* of all marks that frames told of */
	const uint8_t *page;   /* the sub-buffer after the one being walked */
	const uint8_t *end;
	uint64_t offset;        /* of the frame in the file */
	uint32_t part;          /* the file it is in */
	uint32_t next_sequence; /* that the frame after it should have */
	bool has_sequence;
	uint32_t subbuf_size;
	size_t held_bytes; /* counted in mmr_trace.held_bytes */
	size_t next_frame; /* in mmr_trace.frames */
	size_t end_frame;
	struct trace_content content;
};

/* What the heap compares, so that it does not follow pointers. */
struct trace_heap_node {
	uint64_t t_ns;
	uint32_t stream;
};

/* A comm by pid; an empty slot has pid 0. */
struct trace_comm {
	uint32_t pid;
	char comm[16];
};

struct trace_comms {
	struct trace_comm *slots;
	uint32_t mask; /* slots - 1, 0 if there are none */
	uint32_t used;
};

/* One file of a recording that was written to several. */
struct trace_part {
	char *path;
	int fd; /* -1: it is opened whenever it is read */
	uint64_t size;
	uint32_t number;        /* rotation.part */
	uint32_t snapshot_base; /* added to the numbers in its frames */
	uint32_t access_base;
};

DEFINE_VEC(trace_part_vec, struct trace_part);
/* A function of the kernel (tgid 0), or what one address of a process is. */
struct trace_symbol {
	uint64_t address;
	uint32_t tgid;
	struct mmr_symbol symbol;
};

/* Sorted by tgid and address. */
struct trace_symbols {
	struct trace_symbol *items;
	uint32_t count;
	char *text; /* the names */
};

/* Where mmr_trace_next_requests() is. */
struct trace_request_reader {
	size_t next; /* in mmr_trace.entries */
	uint64_t nr_requests;
	uint32_t nr_pages;
	struct trace_content content;
	uint32_t *pages; /* [MMR_MAX_REQUESTS] */
	uint32_t *ticks;
};

struct trace_ahead;
struct trace_kept;

struct mmr_trace {
	int fd;
	char *path;
	struct trace_part_vec parts; /* empty: it is one file, fd and path */
	struct mmr_trace_info info;
	struct mmr_trace_damage damage;
	struct trace_text_vec texts;
	size_t nr_header_texts; /* those behind them are the trailer's */
	struct mmr_zone_info *zones;
	struct trace_totals totals;
	struct trace_footer footer;
	struct trace_unzip unzip;
	unsigned int nr_threads;
	uint64_t keep_bytes; /* of decompressed frames, for the next pass; 0: none */

	/* Where the frames are; read when first needed. */
	bool have_entries;
	struct trace_entry_vec entries;
	uint32_t *first_of_snapshot; /* entry by index of totals.snapshots, UINT32_MAX: none */
	uint32_t *first_of_access;

	struct trace_formats formats;

	/* The merge. */
	bool merging;
	uint32_t *frames; /* entries of data frames, by stream and then place in the file */
	struct trace_stream *streams;
	uint32_t nr_streams;
	struct trace_heap_node *heap;
	uint32_t heap_size;
	struct trace_heap_node runner_up; /* whose turn it is when the first stream's is over */
	struct trace_stream *current;     /* gave the last event */
	uint64_t held_bytes;              /* by the streams' frames */
	struct trace_ahead *ahead;
	struct trace_kept *kept; /* from the first event on, if keep_bytes asks for it */

	struct trace_comms saved_comms;
	struct trace_comms seen_comms;
	char comm[20];

	bool symbols_loaded;
	struct trace_symbols kernel_symbols;
	struct trace_symbols user_symbols;

	struct trace_request_reader requests;
	struct trace_content access;
	struct trace_buffer access_bytes;
	struct trace_buffer access_known;
	uint8_t *print_room; /* copy of a record with zeroes behind it */
	size_t print_capacity;
	size_t print_used; /* behind it all is zero */
};

/* ---- reader.c ---- */

/* Notes damage; the first one is told in words. */
void trace_note_damage(struct mmr_trace *trace, uint64_t offset, uint64_t nr_bytes, const char *fmt,
                       ...) __attribute__((format(printf, 4, 5)));

/* Adds the blobs of a list frame to the texts. 0, MMR_E_CORRUPT, MMR_E_LIMIT or MMR_E_NOMEM. */
int trace_add_texts(struct mmr_trace *trace, const struct trace_content *content) MMR_MUST_CHECK;

/* One file, whatever it is a part of; as mmr_trace_open() otherwise. */
int trace_open_file(const char *path, const struct mmr_trace_options *options,
                    struct mmr_trace **ret, struct mmr_error *err) MMR_MUST_CHECK;

/* A trace of which only the header has been read: its texts, and no events. */
int trace_open_header(const char *path, struct mmr_trace **ret,
                      struct mmr_error *err) MMR_MUST_CHECK;

struct trace_text *trace_find_text(const struct mmr_trace *trace, const char *name, size_t len);

/* Fills in what struct mmr_trace_info has from the totals. */
void trace_use_totals(struct mmr_trace *trace);

/* ---- reader_parts.c ---- */

/* Makes one trace of the first part and the files behind it, which are in order. 0 or an error. */
int trace_add_parts(struct mmr_trace *trace, const char *const *paths, size_t nr_paths,
                    struct mmr_error *err) MMR_MUST_CHECK;

/* ---- reader_frame.c ---- */

int trace_unzip_init(struct trace_unzip *unzip) MMR_MUST_CHECK;
void trace_unzip_deinit(struct trace_unzip *unzip);
void trace_content_deinit(struct trace_content *content);

/* Makes room for size bytes. 0 or MMR_E_NOMEM. */
int trace_content_room(struct trace_content *content, size_t size) MMR_MUST_CHECK;

/*
 * Reads and checks the frame of size bytes at offset. 0; MMR_E_CORRUPT or MMR_E_TRUNCATED if it is
 * not a whole and sound one; MMR_E_IO, MMR_E_NOMEM. Uses nothing of trace but fd and path.
 */
int trace_frame_read(const struct mmr_trace *trace, struct trace_unzip *unzip, uint64_t offset,
                     uint64_t size, struct trace_content *content,
                     struct mmr_error *err) MMR_MUST_CHECK;

/* As above for an entry of the index, with which the frame's head has to agree. */
int trace_entry_read(const struct mmr_trace *trace, struct trace_unzip *unzip,
                     const struct trace_entry *entry, struct trace_content *content,
                     struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Size of the zstd frame at offset and the head in it, of which the checksum is not verified. 0;
 * MMR_E_TRUNCATED: the file ends within it; MMR_E_CORRUPT; MMR_E_FORMAT: whole, but not one of ours.
 */
int trace_frame_probe(const struct mmr_trace *trace, struct trace_unzip *unzip, uint64_t offset,
                      struct trace_entry *entry, struct mmr_error *err) MMR_MUST_CHECK;

/* ---- reader_index.c ---- */

/* Reads footer and totals. 0: the file is indexed; MMR_E_NOTFOUND: it is not, or not soundly. */
int trace_index_open(struct mmr_trace *trace, struct mmr_error *err) MMR_MUST_CHECK;

/* Whether what no checksum covers is sound: the index is a skippable frame of the right size. */
bool trace_index_framed(const struct mmr_trace *trace);

/* ---- reader_scan.c ---- */

/* Goes through the whole file instead: entries, trailer, and totals as far as heads tell. */
int trace_index_scan(struct mmr_trace *trace, struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Adds to the totals the snapshots of which all frames are there, and counts the samples. Entries need
 * their frames' sequence numbers. 0 or MMR_E_NOMEM.
 */
int trace_total_lists(const struct trace_entry_vec *entries,
                      struct trace_totals *totals) MMR_MUST_CHECK;

/* Makes the entries available. 0 or an error. */
int trace_index_load(struct mmr_trace *trace, struct mmr_error *err) MMR_MUST_CHECK;

/* ---- zoneinfo.c ---- */

/* Zones of the text of /proc/zoneinfo; *zones is the caller's. 0 or MMR_E_NOMEM. */
int trace_parse_zoneinfo(const char *text, struct mmr_zone_info **zones,
                         uint32_t *nr_zones) MMR_MUST_CHECK;

/* ---- requests.c ---- */

/* Whether a frame of requests has the size that its head promises. */
bool trace_requests_sound(const struct trace_head *head);
void trace_requests_rewind(struct trace_request_reader *reader);
void trace_requests_deinit(struct trace_request_reader *reader);

/* ---- comm.c ---- */

/* Reads "PID COMM" lines. 0 or MMR_E_NOMEM. */
int trace_comms_parse(struct trace_comms *comms, const char *text) MMR_MUST_CHECK;
/* Learns from an event that names a task. 0 or MMR_E_NOMEM. */
int trace_comms_learn(struct trace_comms *comms, const struct mmr_event *event) MMR_MUST_CHECK;
/* NULL if it is not there. */
const char *trace_comms_find(const struct trace_comms *comms, uint32_t pid);
void trace_comms_deinit(struct trace_comms *comms);

/* ---- event_text.c ---- */

/* Copies a line of untrusted text, escaped and without newlines at its end; as snprintf(). */
size_t trace_put_line(char *text, size_t size, const char *line, size_t len);

/* ---- symbol.c ---- */

void trace_symbols_deinit(struct trace_symbols *symbols);

/* ---- merge.c ---- */

void trace_merge_deinit(struct mmr_trace *trace);

#endif
