/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events as text for people, CSV and JSON lines. */
#ifndef CAPTURE_EVENT_PRINT_H
#define CAPTURE_EVENT_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include <mmreplay/trace.h>

enum event_style {
	EVENT_TEXT, /* as trace-cmd report words it, times with ns */
	EVENT_CSV,  /* time_ns,cpu,pid,comm,system,event,fields */
	EVENT_JSON, /* an object a line; the fields by the kernel's names, numbers as numbers */
};

/* "text", "csv" or "json". */
bool event_style_parse(const char *text, enum event_style *style);

struct event_printer;

struct event_printer *event_printer_create(struct mmr_trace *trace, enum event_style style,
                                           FILE *stream);
void event_printer_destroy(struct event_printer *printer);

/* The heading of a CSV file, the first object of JSON lines; text has none. */
void event_print_head(struct event_printer *printer);

/* The event that mmr_trace_next() gave last. */
void event_print(struct event_printer *printer, const struct mmr_event *event);

#endif
