/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of the recorder's own making, put into sub-buffers as the kernel's ring buffer would have
 * them, so that whoever reads a trace needs to know but one form. One writer for each stream.
 */
#ifndef SUBBUF_WRITER_H
#define SUBBUF_WRITER_H

#include <stdint.h>

#include <mmreplay/trace_writer.h>

/* What every record begins with: the common fields of the kernel's events. */
struct subbuf_common {
	uint16_t type; /* number of the event, ID: of its format */
	uint8_t flags;
	uint8_t preempt_count;
	uint32_t pid; /* of the thread */
};

/* Their lines in a format text; the fields that follow begin at offset 8. */
#define SUBBUF_COMMON_FORMAT                                                           \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"         \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"         \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

struct subbuf_writer {
	struct mmr_writer *writer;
	uint32_t stream;
	uint32_t size;          /* of a sub-buffer */
	uint32_t used;          /* bytes of records in page */
	uint64_t t_ns;          /* of the last record */
	uint64_t nr_missed;     /* lost before the next record */
	uint64_t nr_missed_all; /* the sum of these */
	uint8_t *page;
};

/* 0 or MMR_E_NOMEM; free with subbuf_writer_deinit() in any case. */
int subbuf_writer_init(struct subbuf_writer *w, struct mmr_writer *writer, uint32_t stream,
                       uint32_t size, struct mmr_error *err) MMR_MUST_CHECK;
void subbuf_writer_deinit(struct subbuf_writer *w);

/* Bytes that a record may have, the common fields included. */
uint32_t subbuf_writer_limit(const struct subbuf_writer *w);

/*
 * Adds a record: size bytes, a multiple of four, at least 8, the common fields first. A time before the
 * last record's becomes that one's. 0, or the failure of mmr_writer_pages().
 */
int subbuf_writer_add(struct subbuf_writer *w, uint64_t t_ns, const void *data, uint32_t size,
                      struct mmr_error *err) MMR_MUST_CHECK;

/* nr_events were lost between the last record and the next. */
int subbuf_writer_missed(struct subbuf_writer *w, uint64_t nr_events,
                         struct mmr_error *err) MMR_MUST_CHECK;

/* Hands over what has been collected, if anything. */
int subbuf_writer_flush(struct subbuf_writer *w, struct mmr_error *err) MMR_MUST_CHECK;

#endif
