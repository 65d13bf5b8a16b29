/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walking a sub-buffer ("page") of the kernel's ring buffer, as trace_pipe_raw gives it.
 *
 * A sub-buffer is a time stamp, a commit word and then records: a word with 5 bits of type and 27 of
 * time delta, then the data (struct ring_buffer_event, kernel/trace/ring_buffer.c, v6.12).
 *
 * Not modelled: 32-bit kernels, whose commit word has 4 bytes.
 */
#ifndef TRACE_SUBBUF_H
#define TRACE_SUBBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>

#include "le.h"

#define SUBBUF_HEADER     16u /* time stamp, commit */
#define SUBBUF_PADDING    29u /* type of what is no record */
#define SUBBUF_MIN_RECORD 8u  /* struct trace_entry: type, flags, preempt count, pid */

struct trace_subbuf {
	const uint8_t *pos;
	const uint8_t *end;
	uint64_t t_ns;
	uint64_t
		nr_missed; /* the kernel lost that many events before this sub-buffer; 0: unknown */
	bool missed;       /* it lost some */
	bool damaged;      /* the walk ended because the bytes made no sense */
};

/* Starts at the first record of a sub-buffer of size bytes. */
void trace_subbuf_init(struct trace_subbuf *s, const uint8_t *page, size_t size);

/* Steps over what is not data (time, padding). True: the walk goes on. */
bool trace_subbuf_special(struct trace_subbuf *s, const uint8_t **data, uint32_t *size);

/*
 * The next record: *data (common fields first) and *size >= SUBBUF_MIN_RECORD, its time in s->t_ns.
 * False at the end, or if the rest makes no sense (s->damaged).
 */
static inline bool trace_subbuf_next(struct trace_subbuf *s, const uint8_t **data, uint32_t *size)
{
	while (s->end - s->pos >= 4) {
		uint32_t word = le32_get(s->pos);
		uint32_t type = word & 31;

		/* 2 … 28: the type is the length in words, and it holds the common fields. */
		if (__builtin_expect(type - 2 <= 26, 1)) {
			uint32_t len = type * 4;

			if (__builtin_expect(len + 4 > (size_t)(s->end - s->pos), 0)) {
				s->damaged = true;
				return false;
			}
			s->t_ns += word >> 5;
			*data = s->pos + 4;
			*size = len;
			s->pos += len + 4;
			return true;
		}
		*size = 0;
		if (!trace_subbuf_special(s, data, size))
			return false;
		if (*size)
			return true;
	}
	return false;
}

/* common_type and common_pid; at these places in every kernel since 2.6.31. */
static inline uint16_t trace_record_id(const uint8_t *data)
{
	return le16_get(data);
}

static inline uint32_t trace_record_pid(const uint8_t *data)
{
	return le32_get(data + 4);
}

/*
 * Checks the text of events/header_page: 0, or MMR_E_UNSUPPORTED if this ring buffer is not one of a
 * 64-bit little-endian kernel. *subbuf_size becomes what it says a sub-buffer has (may be NULL).
 */
int trace_subbuf_check_layout(const char *header_page, uint32_t *subbuf_size,
                              struct mmr_error *err) MMR_MUST_CHECK;

#endif
