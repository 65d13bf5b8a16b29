/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records without names and kernel addresses, after the formats of their events: what a format's field
 * says is copied or replaced, everything else in a record is zero, and a record whose format is not
 * understood keeps its common fields (type, flags, task) only.
 *
 *	numbers			stay: page frames, sizes, flags, task numbers, inodes, user addresses
 *	names, other strings	keyed hash; device names and kernel threads stay
 *	call_site, ip, arrays	zero
 *	other pointers		keyed hash: the same object is still the same one, and none is none
 */
#include "anonymize_record.h"

#include <string.h>

#include <traceevent/event-parse.h>

#include "alloc.h"
#include "le.h"
#include "subbuf.h"

#define COMMON_SIZE SUBBUF_MIN_RECORD

enum { OP_COPY, OP_HASH, OP_STRING, OP_DYNAMIC, OP_RELATIVE };

/* ---- from formats to operations ---- */

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

/* Strings that the kernel makes: a device by its numbers, kinds of I/O, CMA areas. */
static bool is_kernels_string(const char *event, const char *field)
{
	static const char *const events[] = { "writeback_dirty_folio", "writeback_dirty_page",
		                              "folio_wait_writeback",  "wait_on_page_writeback",
		                              "balance_dirty_pages",   "cma_alloc_start",
		                              "cma_alloc_busy_retry",  "cma_alloc_finish",
		                              "cma_release",           NULL };
	static const char *const fields[] = { "name", "bdi", NULL };

	return strcmp(field, "rwbs") == 0 || (is_one_of(event, events) && is_one_of(field, fields));
}

/* What becomes of a field; false: it is dropped. */
static bool plan_field(const char *event, const struct tep_format_field *f, struct anon_op *op)
{
	static const char *const dropped[] = { "call_site", "ip", "caller", "function", NULL };

	if (f->offset < (int)COMMON_SIZE || f->size <= 0 || is_one_of(f->name, dropped))
		return false;
	*op = (struct anon_op){ OP_COPY, (uint32_t)f->offset, (uint32_t)f->size };
	if (f->flags & TEP_FIELD_IS_DYNAMIC) {
		op->code = f->flags & TEP_FIELD_IS_RELATIVE ? OP_RELATIVE : OP_DYNAMIC;
		return f->size == 4 && f->flags & TEP_FIELD_IS_STRING;
	}
	if (f->flags & TEP_FIELD_IS_STRING)
		op->code = is_kernels_string(event, f->name) ? OP_COPY : OP_STRING;
	else if (f->flags & TEP_FIELD_IS_ARRAY)
		return false;
	else if (f->flags & TEP_FIELD_IS_POINTER || strcmp(f->name, "ptr") == 0)
		op->code = OP_HASH;
	return true;
}

static int plan_record(struct anon_records *r, uint32_t id, const struct tep_event *event)
{
	struct anon_record *record = &r->records[id];

	*record = (struct anon_record){ .first_op = r->nr_ops, .known = true };
	for (const struct tep_format_field *f = event->format.fields; f; f = f->next) {
		struct anon_op *last = record->nr_ops > 0 ? &r->ops[r->nr_ops - 1] : NULL;
		struct anon_op op;
		void *ops = r->ops;

		if (!plan_field(event->name, f, &op))
			continue;
		/* Most fields are numbers side by side. */
		if (last && op.code == OP_COPY && last->code == OP_COPY &&
		    last->offset + last->size == op.offset) {
			last->size += op.size;
			continue;
		}
		if (base_resize(&ops, r->nr_ops + 1ul, sizeof(op)) < 0)
			return MMR_E_NOMEM;
		r->ops = ops;
		r->ops[r->nr_ops++] = op;
		record->nr_ops++;
	}
	return 0;
}

int trace_anon_records_init(struct anon_records *r, const struct anon_key *key,
                            const struct trace_formats *formats)
{
	int ret = 0;

	*r = (struct anon_records){ .key = *key, .nr_records = formats->nr_ids };
	r->records = base_calloc(r->nr_records ? r->nr_records : 1, sizeof(*r->records));
	if (!r->records)
		return MMR_E_NOMEM;
	for (uint32_t id = 0; id < r->nr_records && ret == 0; id++) {
		const struct tep_event *event = tep_find_event(formats->tep, (int)id);

		if (event)
			ret = plan_record(r, id, event);
	}
	return ret;
}

void trace_anon_records_deinit(struct anon_records *r)
{
	base_free(r->records);
	base_free(r->ops);
	explicit_bzero(r, sizeof(*r));
}

/* ---- records ---- */

/* A string of room bytes: a hash, as much as fits, and zeroes. */
static void put_string(const struct anon_records *r, const uint8_t *from, uint8_t *to, size_t room)
{
	char name[16];

	if (room == 0)
		return;
	trace_anon_task(&r->key, (const char *)from, room, name);
	memcpy(to, name, room - 1 < 15 ? room - 1 : 15);
}

static void put_dynamic(const struct anon_records *r, const struct anon_op *op, const uint8_t *from,
                        uint8_t *to, size_t size)
{
	uint32_t word = le32_get(from + op->offset);
	size_t offset = word & 0xffff;
	size_t length = word >> 16;

	if (op->code == OP_RELATIVE)
		offset += op->offset + op->size;
	if (offset > size || length > size - offset || offset < COMMON_SIZE)
		return;
	memcpy(to + op->offset, from + op->offset, 4);
	put_string(r, from + offset, to + offset, length);
}

static void put_field(const struct anon_records *r, const struct anon_op *op, const uint8_t *from,
                      uint8_t *to, size_t size)
{
	static const uint8_t null[8];
	uint64_t hash;

	switch (op->code) {
	case OP_COPY:
		memcpy(to + op->offset, from + op->offset, op->size);
		break;
	case OP_HASH:
		if (op->size <= sizeof(null) && memcmp(from + op->offset, null, op->size) == 0)
			break;
		hash = trace_anon_hash(&r->key, from + op->offset, op->size);
		memcpy(to + op->offset, &hash, op->size < 8 ? op->size : 8);
		break;
	case OP_STRING:
		put_string(r, from + op->offset, to + op->offset, op->size);
		break;
	default:
		put_dynamic(r, op, from, to, size);
	}
}

static bool change_record(const struct anon_records *r, uint8_t *data, size_t size,
                          uint8_t *scratch)
{
	static const struct anon_record unknown = { 0 };
	uint32_t id = trace_record_id(data);
	const struct anon_record *record = id < r->nr_records ? &r->records[id] : &unknown;

	memcpy(scratch, data, size);
	memset(data + COMMON_SIZE, 0, size - COMMON_SIZE);
	for (uint32_t i = 0; i < record->nr_ops; i++) {
		struct anon_op op = r->ops[record->first_op + i];

		if (op.offset >= size)
			continue;
		/* A record that is too short for numbers has some of them. */
		if (op.code == OP_COPY && op.size > size - op.offset)
			op.size = (uint32_t)size - op.offset;
		if (op.size <= size - op.offset)
			put_field(r, &op, scratch, data, size);
	}
	return record->known;
}

/* Zero, between two places that a walk gave. */
static void clear(uint8_t *page, const uint8_t *from, const uint8_t *to)
{
	if (from < to)
		memset(page + (from - page), 0, (size_t)(to - from));
}

/* The next step of the walk: a record or what is none, whose content goes. False: no more. */
static bool step(struct trace_subbuf *s, uint8_t *page, const uint8_t **data, uint32_t *size)
{
	const uint8_t *at = s->pos;
	uint32_t type;

	*size = 0;
	if (s->end - at < 4)
		return false;
	type = le32_get(at) & 31;
	if (type - 2 <= 26)
		return trace_subbuf_next(s, data, size);
	if (!trace_subbuf_special(s, data, size)) {
		clear(page, type == SUBBUF_PADDING ? at + 4 : at, s->end);
		return false;
	}
	/* An event that a filter turned down: its bytes are all there. */
	if (type == SUBBUF_PADDING)
		clear(page, at + 8, s->pos);
	return true;
}

uint32_t trace_anon_page(const struct anon_records *r, uint8_t *page, size_t size, uint8_t *scratch)
{
	struct trace_subbuf s;
	const uint8_t *data;
	uint32_t record;
	uint32_t nr_unknown = 0;

	trace_subbuf_init(&s, page, size);
	while (step(&s, page, &data, &record)) {
		if (record == 0)
			continue;
		nr_unknown += !change_record(r, page + (data - page), record, scratch);
		clear(page, data + record, s.pos);
	}
	if (s.damaged)
		clear(page, s.pos, s.end);
	/* Behind the last record stands whatever was there before, or how many were missed. */
	clear(page, s.end + (s.nr_missed > 0 ? 8 : 0), page + size);
	return nr_unknown;
}
