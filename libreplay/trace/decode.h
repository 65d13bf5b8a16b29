/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the bytes of a record to struct mmr_event. A plan says which bytes of an event's record go
 * where; format.c makes it once from the format text, so that decoding is a few loads and stores.
 */
#ifndef TRACE_DECODE_H
#define TRACE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmreplay/error.h>
#include <mmreplay/event.h>

#include "subbuf.h"

#define TRACE_MAX_OPS 14u /* fields of a kind in events.def; a unit test counts them */

enum trace_op_code {
	TRACE_OP_COPY8,
	TRACE_OP_COPY4,
	TRACE_OP_ZERO4,  /* 4 bytes to 8, the rest 0 */
	TRACE_OP_NUMBER, /* any other width */
	TRACE_OP_SIGNED, /* the same, sign extended */
	TRACE_OP_CHARS,  /* a char array, NUL-terminated afterwards */
	TRACE_OP_STRING, /* __data_loc: its last bytes */
	TRACE_OP_REL,    /* __rel_loc: the same, counted from behind the field */
};

struct trace_op {
	uint16_t src;
	uint16_t src_size;
	uint8_t dst;
	uint8_t dst_size;
	uint8_t code; /* enum trace_op_code */
};

struct trace_plan {
	uint16_t kind;
	uint8_t nr_ops;
	bool wanted;
	bool names_task; /* comm.c wants to see it */
	uint32_t min_size;
	struct trace_op ops[TRACE_MAX_OPS];
};

/* An event of the trace: "events/SYSTEM/NAME/format". */
struct trace_format {
	char *system;
	char *name;
	const char *text; /* in the header */
	size_t size;
	uint32_t id;
	uint16_t kind;
	bool unprintable; /* libtraceevent does not understand its print format */
};

struct tep_event;
struct tep_handle;

struct trace_formats {
	struct trace_format *rows;
	uint32_t nr_rows;
	uint32_t row_of_kind[MMR_NR_EVENT_KINDS]; /* 1 + row; 0: the trace does not have it */
	struct trace_plan *plans;                 /* by event id */
	uint16_t *row_of_id;                      /* 1 + row, by event id */
	uint32_t nr_ids;
	uint64_t wanted[(MMR_NR_EVENT_KINDS + 63) / 64];
	struct tep_handle *tep;       /* with the fields, once trace_formats_load() was called */
	struct tep_handle *print_tep; /* with the whole texts of what was printed */
	bool loaded;
};

/* Notes what is in the trace: systems, names, ids. Cheap. 0 or MMR_E_NOMEM. */
int trace_formats_add(struct trace_formats *formats, const char *path, const char *text,
                      size_t size) MMR_MUST_CHECK;

/*
 * Makes the plans: libtraceevent reads the texts of the kinds in events.def. Events whose text makes
 * no sense stay without a plan (*nr_bad counts them) and decode as MMR_EVENT_OTHER. 0 or MMR_E_NOMEM.
 */
int trace_formats_load(struct trace_formats *formats, uint32_t *nr_bad) MMR_MUST_CHECK;

const struct trace_format *trace_formats_find(const struct trace_formats *formats, uint32_t id);

/*
 * The event with its print format, in formats->print_tep; NULL if libtraceevent does not understand
 * that. It parses the text as it is: trusted as far as the trace is.
 */
struct tep_event *trace_formats_printable(struct trace_formats *formats, uint32_t id);

void trace_formats_deinit(struct trace_formats *formats);

/* False if the record is too short for its plan. Everything but the payload's union is set. */
bool trace_decode(const struct trace_plan *plan, const uint8_t *data, uint32_t size,
                  struct mmr_event *event);

/* The plan of an event id, or that of MMR_EVENT_OTHER. */
static inline const struct trace_plan *trace_plan_of(const struct trace_formats *formats,
                                                     uint32_t id)
{
	/* Plan 0 is that of MMR_EVENT_OTHER: no event has id 0. */
	return &formats->plans[id < formats->nr_ids ? id : 0];
}

#endif
