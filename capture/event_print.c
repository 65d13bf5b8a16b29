/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Printing events. Text and CSV take the wording of the format's "print fmt"; JSON takes the fields
 * themselves, which a program can use without parsing prose. The fields' places are read from the
 * format text once for each event; a record may be shorter than its format says.
 */
#include "event_print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "stack_print.h"
#include "terminal.h"

#define TEXT_SIZE  4096
#define MAX_FIELDS 32

enum field_shape { FIELD_NUMBER, FIELD_TEXT, FIELD_DATA_LOC, FIELD_BYTES };

struct field {
	char name[48];
	enum field_shape shape;
	uint32_t offset;
	uint32_t size;
	bool is_signed;
};

/* The fields of one event, behind the common ones. */
struct layout {
	bool known;
	uint32_t nr_fields;
	struct field fields[MAX_FIELDS];
};

struct event_printer {
	struct mmr_trace *trace;
	enum event_style style;
	FILE *stream;
	struct layout *layouts[65536]; /* by common_type */
};

bool event_style_parse(const char *text, enum event_style *style)
{
	static const char *const names[] = { "text", "csv", "json" };

	for (int i = 0; i < 3; i++)
		if (strcmp(text, names[i]) == 0) {
			*style = (enum event_style)i;
			return true;
		}
	return false;
}

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory) {
		fputs("mmcap: out of memory\n", stderr);
		exit(2);
	}
	return memory;
}

struct event_printer *event_printer_create(struct mmr_trace *trace, enum event_style style,
                                           FILE *stream)
{
	struct event_printer *printer = allocate(sizeof(*printer));

	printer->trace = trace;
	printer->style = style;
	printer->stream = stream;
	return printer;
}

void event_printer_destroy(struct event_printer *printer)
{
	if (!printer)
		return;
	for (size_t i = 0; i < 65536; i++)
		free(printer->layouts[i]);
	free(printer);
}

static void names_of(const struct event_printer *printer, const struct mmr_event *event,
                     const char **system, const char **name)
{
	*system = mmr_event_system(event->kind);
	*name = mmr_event_name(event->kind);
	if (event->kind == MMR_EVENT_OTHER)
		mmr_trace_event_id_name(printer->trace, event->other.event_id, system, name);
}

/* ---- fields ---- */

/* "field:unsigned long pfn;" + offset, size, signed, as tracefs writes them. */
static bool parse_field(const char *line, struct field *field)
{
	char declaration[128];
	char *name;
	char *bracket;
	unsigned int is_signed = 0;

	if (*line != '\t' || sscanf(line, " field:%127[^;]; offset:%u; size:%u; signed:%u;",
	                            declaration, &field->offset, &field->size, &is_signed) < 3)
		return false;
	field->is_signed = is_signed;
	bracket = strchr(declaration, '[');
	name = strrchr(declaration, ' ');
	if (!name)
		return false;
	field->shape = FIELD_NUMBER;
	if (strncmp(declaration, "__data_loc char", 15) == 0)
		field->shape = FIELD_DATA_LOC;
	else if (strncmp(declaration, "__data_loc", 10) == 0)
		field->shape = FIELD_BYTES;
	else if (bracket && bracket > name)
		field->shape = strstr(declaration, "char") ? FIELD_TEXT : FIELD_BYTES;
	if (field->shape == FIELD_NUMBER && field->size != 1 && field->size != 2 &&
	    field->size != 4 && field->size != 8)
		field->shape = FIELD_BYTES;
	snprintf(field->name, sizeof(field->name), "%.*s", (int)strcspn(name + 1, "["), name + 1);
	return field->name[0];
}

static void parse_layout(struct event_printer *printer, struct layout *layout, const char *system,
                         const char *event)
{
	char name[256];
	const char *text;

	snprintf(name, sizeof(name), "events/%s/%s/format", system, event);
	text = mmr_trace_text(printer->trace, name, NULL);
	while (text && layout->nr_fields < MAX_FIELDS) {
		struct field *field = &layout->fields[layout->nr_fields];

		if (parse_field(text, field) && strncmp(field->name, "common_", 7) != 0)
			layout->nr_fields++;
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	layout->known = true;
}

static uint64_t number(const uint8_t *data, uint32_t size, bool is_signed)
{
	uint64_t value = 0;

	memcpy(&value, data, size);
	if (is_signed && size < 8 && value >> (size * 8 - 1))
		value |= ~0ull << (size * 8);
	return value;
}

/* JSON is UTF-8; what is not plain ASCII here is written as its code. */
static void print_string(FILE *stream, const char *text, size_t size)
{
	putc('"', stream);
	for (size_t i = 0; i < size && text[i]; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			fprintf(stream, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(stream, "\\u%04x", c);
		else
			putc(c, stream);
	}
	putc('"', stream);
}

static void print_bytes(FILE *stream, const uint8_t *data, size_t size)
{
	putc('"', stream);
	for (size_t i = 0; i < size; i++)
		fprintf(stream, "%02x", data[i]);
	putc('"', stream);
}

static void print_field(FILE *stream, const struct field *field, const uint8_t *data, size_t size)
{
	uint32_t place;

	print_string(stream, field->name, sizeof(field->name));
	fputs(": ", stream);
	if (field->offset > size || field->size > size - field->offset) {
		fputs("null", stream);
		return;
	}
	data += field->offset;
	switch (field->shape) {
	case FIELD_NUMBER:
		if (field->is_signed)
			fprintf(stream, "%" PRId64, (int64_t)number(data, field->size, true));
		else
			fprintf(stream, "%" PRIu64, number(data, field->size, false));
		break;
	case FIELD_TEXT:
		print_string(stream, (const char *)data, field->size);
		break;
	case FIELD_DATA_LOC:
		/* Offset from the record's start in the low half, length in the high one. */
		place = field->size == 4 ? (uint32_t)number(data, 4, false) : 0;
		data -= field->offset;
		if ((place & 0xffff) > size || place >> 16 > size - (place & 0xffff))
			fputs("null", stream);
		else
			print_string(stream, (const char *)data + (place & 0xffff), place >> 16);
		break;
	case FIELD_BYTES:
		print_bytes(stream, data, field->size);
		break;
	}
}

static void print_fields(struct event_printer *printer, const char *system, const char *name)
{
	size_t size = 0;
	const uint8_t *data = mmr_trace_raw(printer->trace, &size);
	uint16_t id;
	struct layout *layout;

	if (!data || size < 2)
		return;
	memcpy(&id, data, sizeof(id));
	if (!printer->layouts[id])
		printer->layouts[id] = allocate(sizeof(struct layout));
	layout = printer->layouts[id];
	if (!layout->known)
		parse_layout(printer, layout, system, name);
	for (uint32_t i = 0; i < layout->nr_fields; i++) {
		if (i > 0)
			fputs(", ", printer->stream);
		print_field(printer->stream, &layout->fields[i], data, size);
	}
}

/* ---- styles ---- */

static void print_text(struct event_printer *printer, const struct mmr_event *event)
{
	const char *system;
	const char *name;
	char comm[64];
	char label[128];
	char fields[TEXT_SIZE];
	const char *known = mmr_trace_comm(printer->trace, event->pid);

	if (event->kind == MMR_EVENT_LOST) {
		fprintf(printer->stream, "CPU:%u [%" PRIu64 " EVENTS LOST]\n", event->cpu,
		        event->lost.nr_events);
		return;
	}
	names_of(printer, event, &system, &name);
	escape_text(comm, sizeof(comm), known, strlen(known));
	escape_text(label, sizeof(label) - 1, name, strlen(name));
	label[strlen(label) + 1] = '\0';
	label[strlen(label)] = ':';
	mmr_trace_format_event(printer->trace, fields, sizeof(fields));
	fprintf(printer->stream, "%16s-%-7u [%03u] %5" PRIu64 ".%09" PRIu64 ": %-21s %s\n", comm,
	        event->pid, event->cpu, event->t_ns / 1000000000, event->t_ns % 1000000000, label,
	        fields);
	if (event->kind == MMR_EVENT_STALL_STACK)
		stack_print_lines(printer->trace, printer->stream);
}

/* A field in double quotes, doubled within (RFC 4180). */
static void print_quoted(FILE *stream, const char *text)
{
	putc('"', stream);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', stream);
		putc(*text, stream);
	}
	putc('"', stream);
}

/* As it is unless a separator or a quote is in it. */
static void print_name(FILE *stream, const char *name)
{
	char escaped[512];

	escape_text(escaped, sizeof(escaped), name, strlen(name));
	if (strpbrk(escaped, ",\""))
		print_quoted(stream, escaped);
	else
		fputs(escaped, stream);
	putc(',', stream);
}

static void print_csv(struct event_printer *printer, const struct mmr_event *event)
{
	const char *system;
	const char *name;
	char comm[64];
	char fields[TEXT_SIZE];
	const char *known = mmr_trace_comm(printer->trace, event->pid);

	names_of(printer, event, &system, &name);
	escape_text(comm, sizeof(comm), known, strlen(known));
	mmr_trace_format_event(printer->trace, fields, sizeof(fields));
	if (event->kind == MMR_EVENT_STALL_STACK)
		stack_print_append(printer->trace, fields, sizeof(fields));
	fprintf(printer->stream, "%" PRIu64 ",%u,%u,", event->t_ns, event->cpu, event->pid);
	print_quoted(printer->stream, comm);
	putc(',', printer->stream);
	print_name(printer->stream, system);
	print_name(printer->stream, name);
	print_quoted(printer->stream, fields);
	putc('\n', printer->stream);
}

static void print_json(struct event_printer *printer, const struct mmr_event *event)
{
	const char *system;
	const char *name;
	const char *comm = mmr_trace_comm(printer->trace, event->pid);
	FILE *stream = printer->stream;

	names_of(printer, event, &system, &name);
	fprintf(stream, "{\"t_ns\": %" PRIu64 ", \"cpu\": %u", event->t_ns, event->cpu);
	if (event->kind == MMR_EVENT_LOST) {
		fprintf(stream, ", \"lost\": %" PRIu64 "}\n", event->lost.nr_events);
		return;
	}
	fprintf(stream, ", \"pid\": %u, \"comm\": ", event->pid);
	print_string(stream, comm, strlen(comm));
	fputs(", \"system\": ", stream);
	print_string(stream, system, strlen(system));
	fputs(", \"event\": ", stream);
	print_string(stream, name, strlen(name));
	fputs(", \"fields\": {", stream);
	if (event->kind == MMR_EVENT_STALL_STACK)
		stack_print_json(printer->trace, stream);
	else
		print_fields(printer, system, name);
	fputs("}}\n", stream);
}

void event_print_head(struct event_printer *printer)
{
	if (printer->style == EVENT_CSV)
		fputs("t_ns,cpu,pid,comm,system,event,fields\n", printer->stream);
}

void event_print(struct event_printer *printer, const struct mmr_event *event)
{
	switch (printer->style) {
	case EVENT_TEXT:
		print_text(printer, event);
		break;
	case EVENT_CSV:
		print_csv(printer, event);
		break;
	case EVENT_JSON:
		print_json(printer, event);
		break;
	}
}
