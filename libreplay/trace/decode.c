/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hot path. Plans come from the trace's own format texts; here nothing is looked up. A record is
 * untrusted: it is compared with the plan's extent once, and a string's place with the record's end.
 */
#include "decode.h"

#include <string.h>

static uint64_t number(const uint8_t *src, unsigned int size, bool is_signed)
{
	uint64_t value = 0;
	unsigned int shift;

	memcpy(&value, src, size < 8 ? size : 8);
	if (!is_signed || size >= 8 || size == 0)
		return value;
	shift = 64 - size * 8;
	return (uint64_t)((int64_t)(value << shift) >> shift);
}

/* The last bytes of a string, with a NUL. */
static void put_string(char *dst, size_t room, const char *src, size_t size)
{
	size_t len = strnlen(src, size);

	if (len >= room) {
		src += len - (room - 1);
		len = room - 1;
	}
	memcpy(dst, src, len);
	dst[len] = '\0';
}

static bool decode_string(const struct trace_op *op, const uint8_t *data, uint32_t size, char *dst)
{
	uint32_t word = le32_get(data + op->src);
	uint32_t offset = word & 0xffff;
	uint32_t len = word >> 16;

	if (op->code == TRACE_OP_REL)
		offset += op->src + 4u;
	if (offset > size || len > size - offset)
		return false;
	put_string(dst, op->dst_size, (const char *)data + offset, len);
	return true;
}

static bool decode_rare(const struct trace_op *op, const uint8_t *data, uint32_t size, uint8_t *dst)
{
	uint64_t value;

	switch (op->code) {
	case TRACE_OP_CHARS:
		put_string((char *)dst, op->dst_size, (const char *)data + op->src, op->src_size);
		return true;
	case TRACE_OP_STRING:
	case TRACE_OP_REL:
		return decode_string(op, data, size, (char *)dst);
	default:
		value = number(data + op->src, op->src_size, op->code == TRACE_OP_SIGNED);
		memcpy(dst, &value, op->dst_size);
		return true;
	}
}

bool trace_decode(const struct trace_plan *plan, const uint8_t *data, uint32_t size,
                  struct mmr_event *event)
{
	uint8_t *base = (uint8_t *)event;

	event->kind = plan->kind;
	event->pid = trace_record_pid(data);
	memset(event->words, 0, sizeof(event->words));
	if (__builtin_expect(size < plan->min_size, 0))
		return false;
	if (__builtin_expect(plan->kind == MMR_EVENT_OTHER, 0))
		event->other.event_id = trace_record_id(data);
	for (const struct trace_op *op = plan->ops; op < plan->ops + plan->nr_ops; op++) {
		uint8_t *dst = base + op->dst;
		const uint8_t *src = data + op->src;

		if (op->code == TRACE_OP_COPY8)
			memcpy(dst, src, 8);
		else if (op->code == TRACE_OP_COPY4 || op->code == TRACE_OP_ZERO4)
			memcpy(dst, src, 4);
		else if (!decode_rare(op, data, size, dst))
			return false;
	}
	return true;
}
