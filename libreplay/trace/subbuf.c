/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rarer records of a ring-buffer sub-buffer: long data, time extends, absolute times, padding.
 * Follows kernel/trace/ring_buffer.c, v6.12 (rb_event_length(), rb_fix_abs_ts(), ring_buffer_read_page()).
 *
 * The delta of a discarded record counts: the writer's clock had moved on, and libtraceevent's kbuffer
 * adds it too. (The kernel's own reader does not, because a discard makes the next record absolute.)
 */
#include "subbuf.h"

#include <stdio.h>
#include <string.h>

#include "error_set.h"

#define TYPE_LONG        0u
#define TYPE_PADDING     SUBBUF_PADDING
#define TYPE_TIME_EXTEND 30u
#define TYPE_TIME_STAMP  31u

#define TS_SHIFT 27
#define TS_MSB \
	(0xf8ull << 56) /* an absolute stamp has 59 bits; the rest comes from the one before */

#define COMMIT_MASK   ((1u << 30) - 1)
#define MISSED_EVENTS (1u << 31)
#define MISSED_STORED (1u << 30)

void trace_subbuf_init(struct trace_subbuf *s, const uint8_t *page, size_t size)
{
	uint32_t flags;
	uint32_t commit;

	*s = (struct trace_subbuf){ 0 };
	if (size < SUBBUF_HEADER) {
		s->damaged = true;
		return;
	}
	flags = le32_get(page + 8);
	commit = flags & COMMIT_MASK;
	s->t_ns = le64_get(page);
	s->pos = page + SUBBUF_HEADER;
	if (commit > size - SUBBUF_HEADER) {
		commit = 0;
		s->damaged = true;
	}
	s->end = s->pos + commit;
	if (!(flags & MISSED_EVENTS))
		return;
	s->missed = true;
	if ((flags & MISSED_STORED) && size - SUBBUF_HEADER - commit >= 8)
		s->nr_missed = le64_get(s->end);
}

static bool nonsense(struct trace_subbuf *s)
{
	s->damaged = true;
	return false;
}

bool trace_subbuf_special(struct trace_subbuf *s, const uint8_t **data, uint32_t *size)
{
	size_t left = (size_t)(s->end - s->pos);
	uint32_t word = le32_get(s->pos);
	uint32_t type = word & 31;
	uint64_t delta = word >> 5;
	uint32_t array;

	/* Padding without a delta fills the rest of the sub-buffer. */
	if (type == TYPE_PADDING && delta == 0) {
		s->pos = s->end;
		return false;
	}
	if (left < 8)
		return nonsense(s);
	array = le32_get(s->pos + 4);
	switch (type) {
	case TYPE_TIME_EXTEND:
		s->t_ns += delta + ((uint64_t)array << TS_SHIFT);
		s->pos += 8;
		return true;
	case TYPE_TIME_STAMP:
		delta += (uint64_t)array << TS_SHIFT;
		delta |= s->t_ns & TS_MSB;
		if ((s->t_ns & TS_MSB) && delta < s->t_ns)
			delta += 1ull << 59;
		s->t_ns = delta;
		s->pos += 8;
		return true;
	case TYPE_PADDING: /* discarded; array counts itself and what follows */
		if (array < 4 || array > left - 4)
			return nonsense(s);
		s->t_ns += delta;
		s->pos += 4 + array;
		return true;
	case TYPE_LONG:
		if (array < 4 + SUBBUF_MIN_RECORD || array > left - 4)
			return nonsense(s);
		*data = s->pos + 8;
		*size = array - 4;
		s->t_ns += delta;
		/* The length of a long record need not be a multiple of four, its place is. */
		s->pos += array >= left - 7 ? left : 4 + ((array + 3) & ~3u);
		return true;
	default: /* 1: too short for the common fields */
		return nonsense(s);
	}
}

static bool find_field(const char *text, const char *field, unsigned int *offset,
                       unsigned int *size)
{
	const char *at = strstr(text, field);
	const char *end;

	if (!at)
		return false;
	end = strchr(at, '\n');
	at = strstr(at, "offset:");
	if (!at || (end && at > end))
		return false;
	return sscanf(at, "offset:%u; size:%u;", offset, size) == 2;
}

int trace_subbuf_check_layout(const char *header_page, uint32_t *subbuf_size, struct mmr_error *err)
{
	unsigned int ts[2];
	unsigned int commit[2];
	unsigned int data[2];

	if (!find_field(header_page, " timestamp;", &ts[0], &ts[1]) ||
	    !find_field(header_page, " commit;", &commit[0], &commit[1]) ||
	    !find_field(header_page, " data;", &data[0], &data[1]))
		return base_error(err, MMR_E_UNSUPPORTED,
		                  "header_page does not describe a ring-buffer sub-buffer");
	if (ts[0] != 0 || ts[1] != 8 || commit[0] != 8 || commit[1] != 8 || data[0] != 16)
		return base_error(
			err, MMR_E_UNSUPPORTED,
			"the ring buffer is not that of a 64-bit kernel (commit: %u bytes at %u)",
			commit[1], commit[0]);
	if (subbuf_size)
		*subbuf_size = data[0] + data[1];
	return 0;
}
