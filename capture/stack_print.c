/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stack_print.h"

#include <stdint.h>
#include <string.h>

#include <mmreplay/stack.h>

#define FRAME_SIZE 256

static const char *frame(struct mmr_trace *trace, uint32_t tgid, uint64_t address,
                         char text[FRAME_SIZE])
{
	mmr_trace_format_address(trace, tgid, address, text, FRAME_SIZE);
	return text;
}

void stack_print_lines(struct mmr_trace *trace, FILE *stream)
{
	struct mmr_stack stack;
	char text[FRAME_SIZE];

	if (!mmr_trace_stack(trace, &stack))
		return;
	for (uint32_t i = 0; i < stack.nr_kernel; i++)
		fprintf(stream, "%24s => %s\n", "", frame(trace, 0, stack.kernel[i], text));
	for (uint32_t i = 0; i < stack.nr_user; i++)
		fprintf(stream, "%24s -> %s\n", "", frame(trace, stack.tgid, stack.user[i], text));
}

/* Appends what of it has room. */
static void append(char *text, size_t size, const char *more)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s", more);
}

static void append_frames(struct mmr_trace *trace, uint32_t tgid, const uint64_t *addresses,
                          uint32_t count, char *text, size_t size)
{
	char name[FRAME_SIZE];

	for (uint32_t i = 0; i < count; i++) {
		append(text, size, i ? ";" : "");
		append(text, size, frame(trace, tgid, addresses[i], name));
	}
}

void stack_print_append(struct mmr_trace *trace, char *text, size_t size)
{
	struct mmr_stack stack;

	if (!mmr_trace_stack(trace, &stack))
		return;
	append(text, size, " kernel=");
	append_frames(trace, 0, stack.kernel, stack.nr_kernel, text, size);
	append(text, size, " user=");
	append_frames(trace, stack.tgid, stack.user, stack.nr_user, text, size);
}

/* Frames are escaped to plain ASCII already; what JSON needs beyond that is here. */
static void json_frames(struct mmr_trace *trace, uint32_t tgid, const uint64_t *addresses,
                        uint32_t count, FILE *stream)
{
	char text[FRAME_SIZE];

	for (uint32_t i = 0; i < count; i++) {
		fputs(i ? ", \"" : "\"", stream);
		for (const char *c = frame(trace, tgid, addresses[i], text); *c; c++) {
			if (*c == '"' || *c == '\\')
				putc('\\', stream);
			putc(*c, stream);
		}
		putc('"', stream);
	}
}

void stack_print_json(struct mmr_trace *trace, FILE *stream)
{
	struct mmr_stack stack;

	if (!mmr_trace_stack(trace, &stack))
		return;
	fprintf(stream, "\"cause\": \"%s\", \"tgid\": %u, \"kernel\": [",
	        mmr_stall_cause_name(stack.cause), stack.tgid);
	json_frames(trace, 0, stack.kernel, stack.nr_kernel, stream);
	fputs("], \"user\": [", stream);
	json_frames(trace, stack.tgid, stack.user, stack.nr_user, stream);
	fputs("]", stream);
}
