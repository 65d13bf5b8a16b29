/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The event given last as text, worded by libtraceevent from the format's "print fmt", as trace-cmd
 * does. The record is untrusted and libtraceevent follows the places of strings that it finds in it:
 * so it gets a copy with zeroes behind, as far as any such place can reach.
 */
#include <stdio.h>
#include <string.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include "alloc.h"
#include "reader.h"

/* A place has 16 bits of offset and 16 of length, and may count from behind its field. */
#define REACH (3u << 16)

/* Appends one byte of text that comes from the trace; what is not printable becomes \xNN. */
static size_t put_escaped(char *text, size_t size, size_t used, unsigned char c)
{
	char escaped[8];
	int len = 1;

	escaped[0] = (char)c;
	if (c < 0x20 || c >= 0x7f)
		len = snprintf(escaped, sizeof(escaped), "\\x%02x", c);
	for (int i = 0; i < len; i++, used++)
		if (used + 1 < size)
			text[used] = escaped[i];
	return used;
}

size_t trace_put_line(char *text, size_t size, const char *line, size_t len)
{
	size_t used = 0;

	while (len > 0 && line[len - 1] == '\n')
		len--;
	for (size_t i = 0; i < len; i++)
		used = put_escaped(text, size, used, (unsigned char)line[i]);
	if (size)
		text[used < size ? used : size - 1] = '\0';
	return used;
}

static int copy_record(struct mmr_trace *trace, const void *data, size_t size)
{
	void *room = trace->print_room;

	if (trace->print_capacity < size + REACH) {
		if (base_resize(&room, size + REACH, 1) < 0)
			return MMR_E_NOMEM;
		trace->print_room = room;
		trace->print_used = trace->print_capacity = size + REACH;
	}
	memcpy(trace->print_room, data, size);
	/* Only what the record before left behind; this was half of the time of a dump. */
	if (trace->print_used > size)
		memset(trace->print_room + size, 0, trace->print_used - size);
	trace->print_used = size;
	return 0;
}

/* libtraceevent does not compare fields with the record's size either. */
static bool is_long_enough(struct tep_event *event, size_t size)
{
	const struct tep_format_field *f;

	for (f = event->format.fields; f; f = f->next)
		if (f->offset < 0 || f->size < 0 || (size_t)f->offset + (size_t)f->size > size)
			return false;
	return true;
}

static size_t put_raw(char *text, size_t size, const uint8_t *data, size_t len)
{
	char line[4 * 64 + 32];
	int used = snprintf(line, sizeof(line), "raw %zu bytes:", len);

	for (size_t i = 0; i < len && i < 64; i++)
		used += snprintf(line + used, sizeof(line) - (size_t)used, " %02x", data[i]);
	return trace_put_line(text, size, line, (size_t)used);
}

/* The fields as they are, where the print format cannot be followed. */
static size_t put_fields(const struct mmr_trace *trace, char *text, size_t size, size_t len)
{
	struct tep_event *event =
		tep_find_event(trace->formats.tep, trace_record_id(trace->print_room));
	struct trace_seq seq;
	const char *line;
	size_t used;

	if (!event || !is_long_enough(event, len))
		return put_raw(text, size, trace->print_room, len);
	trace_seq_init(&seq);
	tep_print_fields(&seq, trace->print_room, (int)len, event);
	trace_seq_terminate(&seq);
	line = seq.buffer + (seq.len > 0 && seq.buffer[0] == ' ');
	used = trace_put_line(text, size, line, strlen(line));
	trace_seq_destroy(&seq);
	return used;
}

size_t mmr_trace_format_event(struct mmr_trace *trace, char *text, size_t size)
{
	size_t len = 0;
	const uint8_t *data = mmr_trace_raw(trace, &len);
	struct tep_record record = { 0 };
	struct tep_event *event;
	struct trace_seq seq;
	size_t used;

	if (!data && trace->current && trace->current->state == STREAM_MARK) {
		char line[48];
		int n = snprintf(line, sizeof(line), "lost %llu events",
		                 (unsigned long long)trace->current->nr_lost);

		return trace_put_line(text, size, line, (size_t)n);
	}
	if (!data)
		return trace_put_line(text, size, "", 0);
	if (copy_record(trace, data, len) < 0)
		return put_raw(text, size, data, len);
	event = trace_formats_printable(&trace->formats, trace_record_id(data));
	if (!event || !is_long_enough(event, len))
		return put_fields(trace, text, size, len);
	record.data = trace->print_room;
	record.size = (int)len;
	record.cpu = (int)trace->current->cpu;
	record.ts = trace->current->t_ns;
	trace_seq_init(&seq);
	tep_print_event(trace->formats.print_tep, &seq, &record, "%s", TEP_PRINT_INFO);
	trace_seq_terminate(&seq);
	used = trace_put_line(text, size, seq.buffer, seq.len);
	trace_seq_destroy(&seq);
	return used;
}
