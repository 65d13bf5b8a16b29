/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The format texts of the header: who is in the trace, and the plans that decode.c follows.
 *
 * Opening a trace needs names and ids only, which are picked from the texts directly; libtraceevent
 * reads the fields when the first event is decoded (format_clean.c), and a print format when its
 * event is first printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>

#include "alloc.h"
#include "decode.h"
#include "format_clean.h"

#define MAX_FORMAT (64u << 10) /* of one text; the longest of 6.18 has 10 KiB */

struct field_row {
	uint16_t kind;
	uint8_t dst;
	uint8_t dst_size;
	bool text;
	const char *name;
};

#define MEMBER(member) (((struct mmr_event *)0)->member)
#define IS_TEXT(member)                                                              \
	_Generic(&MEMBER(member), char(*)[16] : 1, char(*)[20] : 1, char(*)[32] : 1, \
	         char(*)[40] : 1, default : 0)

static const struct field_row fields[] = {
#define FIELD(kind, field, member)                                                      \
	{ MMR_EVENT_##kind, offsetof(struct mmr_event, member), sizeof(MEMBER(member)), \
	  IS_TEXT(member), #field },
#include <mmreplay/events.def>
};

#define NR_FIELDS (sizeof(fields) / sizeof(fields[0]))

static int grow_ids(struct trace_formats *f, uint32_t id)
{
	uint32_t count = (id | 255) + 1;
	void *rows = f->row_of_id;

	if (id < f->nr_ids)
		return 0;
	if (base_grow(&rows, f->nr_ids, count, sizeof(*f->row_of_id), 0) < 0)
		return MMR_E_NOMEM;
	f->row_of_id = rows;
	f->nr_ids = count;
	return 0;
}

/* Event ids are 16 bits wide and 0 is none; false if the text has no good one. */
static bool find_id(const char *text, uint32_t *id)
{
	const char *at = strncmp(text, "ID:", 3) == 0 ? text : strstr(text, "\nID:");
	unsigned long value;

	if (!at)
		return false;
	value = strtoul(at + (*at == '\n' ? 4 : 3), NULL, 10);
	*id = (uint32_t)value;
	return value > 0 && value <= UINT16_MAX;
}

int trace_formats_add(struct trace_formats *f, const char *path, const char *text, size_t size)
{
	struct trace_format row = { .text = text, .size = size };
	const char *slash;
	const char *end;
	void *rows = f->rows;

	if (strncmp(path, "events/", 7) != 0)
		return 0;
	path += 7;
	slash = strchr(path, '/');
	end = slash ? strchr(slash + 1, '/') : NULL;
	if (!end || end == slash + 1 || slash == path || strcmp(end, "/format") != 0)
		return 0;
	if (size > MAX_FORMAT || !find_id(text, &row.id) || f->nr_rows >= UINT16_MAX - 1)
		return 0;
	if (grow_ids(f, row.id) < 0 || base_resize(&rows, f->nr_rows + 1ul, sizeof(row)) < 0)
		return MMR_E_NOMEM;
	f->rows = rows;
	row.system = base_strndup(path, (size_t)(slash - path));
	row.name = base_strndup(slash + 1, (size_t)(end - slash - 1));
	if (!row.system || !row.name) {
		base_free(row.system);
		base_free(row.name);
		return MMR_E_NOMEM;
	}
	row.kind = (uint16_t)mmr_event_find(row.system, row.name);
	f->rows[f->nr_rows++] = row;
	if (row.kind)
		f->row_of_kind[row.kind] = f->nr_rows;
	f->row_of_id[row.id] = (uint16_t)f->nr_rows;
	return 0;
}

const struct trace_format *trace_formats_find(const struct trace_formats *f, uint32_t id)
{
	if (id >= f->nr_ids || f->row_of_id[id] == 0)
		return NULL;
	return &f->rows[f->row_of_id[id] - 1];
}

static bool plan_field(const struct field_row *row, const struct tep_format_field *field,
                       struct trace_op *op)
{
	bool is_signed = field->flags & TEP_FIELD_IS_SIGNED;

	if (field->offset < 0 || field->offset > UINT16_MAX || field->size <= 0 ||
	    field->size > UINT16_MAX)
		return false;
	*op = (struct trace_op){
		.src = (uint16_t)field->offset,
		.src_size = (uint16_t)field->size,
		.dst = row->dst,
		.dst_size = row->dst_size,
	};
	if (row->text) {
		if (field->flags & TEP_FIELD_IS_DYNAMIC)
			op->code = field->flags & TEP_FIELD_IS_RELATIVE ? TRACE_OP_REL
			                                                : TRACE_OP_STRING;
		else
			op->code = TRACE_OP_CHARS;
		return op->code == TRACE_OP_CHARS || field->size == 4;
	}
	if (field->flags & (TEP_FIELD_IS_ARRAY | TEP_FIELD_IS_DYNAMIC) || field->size > 8)
		return false;
	if (op->src_size == op->dst_size && (op->dst_size == 8 || op->dst_size == 4))
		op->code = op->dst_size == 8 ? TRACE_OP_COPY8 : TRACE_OP_COPY4;
	else if (op->src_size == 4 && op->dst_size == 8 && !is_signed)
		op->code = TRACE_OP_ZERO4;
	else
		op->code = is_signed ? TRACE_OP_SIGNED : TRACE_OP_NUMBER;
	return true;
}

static void plan_event(struct tep_event *event, struct trace_plan *plan)
{
	for (size_t i = 0; i < NR_FIELDS && plan->nr_ops < TRACE_MAX_OPS; i++) {
		struct trace_op *op = &plan->ops[plan->nr_ops];
		const struct tep_format_field *field;
		uint32_t end;

		if (fields[i].kind != plan->kind)
			continue;
		field = tep_find_any_field(event, fields[i].name);
		if (!field || !plan_field(&fields[i], field, op))
			continue;
		end = (uint32_t)op->src + op->src_size;
		if (end > plan->min_size)
			plan->min_size = end;
		plan->nr_ops++;
	}
}

static bool names_task(unsigned int kind)
{
	return kind == MMR_EVENT_SCHED_PROCESS_FORK || kind == MMR_EVENT_SCHED_PROCESS_EXEC ||
	       kind == MMR_EVENT_SCHED_PROCESS_EXIT || kind == MMR_EVENT_TASK_NEWTASK;
}

static bool is_wanted(const struct trace_formats *f, unsigned int kind)
{
	return f->wanted[kind / 64] >> (kind % 64) & 1;
}

/* The decoder trusts the places of the common fields, so the text has to agree. */
static bool common_fields_agree(struct tep_event *event, uint32_t id)
{
	const struct tep_format_field *type = tep_find_common_field(event, "common_type");
	const struct tep_format_field *pid = tep_find_common_field(event, "common_pid");

	return event->id == (int)id && type && pid && type->offset == 0 && type->size == 2 &&
	       pid->offset == 4 && pid->size == 4;
}

/* NULL with ret 0: the text makes no sense. */
static struct tep_event *parse(struct trace_formats *f, const struct trace_format *row,
                               struct trace_buffer *text, int *ret)
{
	struct tep_event *event = NULL;
	int code = trace_format_clean(row, text);

	*ret = code == MMR_E_NOMEM ? code : 0;
	if (code == 0 &&
	    tep_parse_event(f->tep, (const char *)text->data, text->used, row->system) == 0)
		event = tep_find_event(f->tep, (int)row->id);
	return event && common_fields_agree(event, row->id) ? event : NULL;
}

static struct tep_handle *make_tep(void)
{
	struct tep_handle *tep = tep_alloc();

	if (!tep)
		return NULL;
	tep_set_loglevel(TEP_LOG_NONE);
	tep_set_long_size(tep, 8);
	tep_set_file_bigendian(tep, TEP_LITTLE_ENDIAN);
	tep_set_local_bigendian(tep, TEP_LITTLE_ENDIAN);
	return tep;
}

int trace_formats_load(struct trace_formats *f, uint32_t *nr_bad)
{
	struct trace_buffer text = { 0 };
	int ret = 0;

	*nr_bad = 0;
	if (f->loaded)
		return 0;
	if (!f->plans)
		f->plans = base_calloc(f->nr_ids ? f->nr_ids : 1, sizeof(*f->plans));
	if (!f->tep)
		f->tep = make_tep();
	if (!f->plans || !f->tep)
		return MMR_E_NOMEM;
	for (uint32_t id = 0; (id == 0 || id < f->nr_ids) && ret == 0; id++) {
		struct trace_plan *plan = &f->plans[id];
		const struct trace_format *row = trace_formats_find(f, id);
		struct tep_event *event = row ? parse(f, row, &text, &ret) : NULL;

		*nr_bad += row && !event;
		*plan = (struct trace_plan){ .min_size = SUBBUF_MIN_RECORD };
		plan->kind = event && row->kind ? row->kind : MMR_EVENT_OTHER;
		plan->wanted = is_wanted(f, plan->kind);
		plan->names_task = names_task(plan->kind);
		if (plan->kind != MMR_EVENT_OTHER)
			plan_event(event, plan);
	}
	trace_buffer_deinit(&text);
	f->loaded = ret == 0;
	return ret;
}

struct tep_event *trace_formats_printable(struct trace_formats *f, uint32_t id)
{
	struct trace_format *row;
	struct tep_event *event;

	if (!trace_formats_find(f, id))
		return NULL;
	row = &f->rows[f->row_of_id[id] - 1];
	if (!f->print_tep)
		f->print_tep = make_tep();
	if (!f->print_tep || row->unprintable)
		return NULL;
	event = tep_find_event(f->print_tep, (int)id);
	if (!event && tep_parse_event(f->print_tep, row->text, row->size, row->system) == 0)
		event = tep_find_event(f->print_tep, (int)id);
	row->unprintable = !event || !common_fields_agree(event, id);
	return row->unprintable ? NULL : event;
}

void trace_formats_deinit(struct trace_formats *f)
{
	for (uint32_t i = 0; i < f->nr_rows; i++) {
		base_free(f->rows[i].system);
		base_free(f->rows[i].name);
	}
	base_free(f->rows);
	base_free(f->row_of_id);
	base_free(f->plans);
	tep_free(f->tep);
	tep_free(f->print_tep);
	*f = (struct trace_formats){ 0 };
}
