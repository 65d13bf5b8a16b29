/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stacks are rare and of any length, so that struct mmr_event does not hold them: they are read from the
 * record of the event given last, when asked for, by the places that the format text gives.
 */
#include <mmreplay/stack.h>

#include <string.h>

#include <traceevent/event-parse.h>

#include "le.h"
#include "reader.h"

const char *mmr_stall_cause_name(unsigned int cause)
{
	static const char *const names[] = {
#define STALL_NAME(name, text, event) [MMR_STALL_##name] = text,
		MMR_STALL_CAUSE_MAP(STALL_NAME)
#undef STALL_NAME
	};

	return cause < MMR_NR_STALL_CAUSES ? names[cause] : "unknown";
}

/* A __data_loc array of the record; how many addresses it has. */
static uint32_t frames(struct tep_event *event, const char *name, const uint8_t *data, size_t size,
                       uint64_t addresses[MMR_STACK_FRAMES])
{
	const struct tep_format_field *field = tep_find_field(event, name);
	uint32_t place, offset, length;

	if (!field || field->size != 4 || field->offset < 0 || (size_t)field->offset + 4 > size)
		return 0;
	place = le32_get(data + field->offset);
	offset = place & 0xffff;
	length = place >> 16;
	if (offset > size || length > size - offset)
		return 0;
	length /= 8;
	length = length < MMR_STACK_FRAMES ? length : MMR_STACK_FRAMES;
	for (uint32_t i = 0; i < length; i++)
		addresses[i] = le64_get(data + offset + (size_t)8 * i);
	return length;
}

static uint32_t number(struct tep_event *event, const char *name, const uint8_t *data, size_t size)
{
	const struct tep_format_field *field = tep_find_field(event, name);

	if (!field || field->size != 4 || field->offset < 0 || (size_t)field->offset + 4 > size)
		return 0;
	return le32_get(data + field->offset);
}

/* What calls the tracepoint's functions, if the kernel's symbols are known. */
static bool is_tracer(struct mmr_trace *trace, uint64_t address)
{
	struct mmr_symbol symbol;

	return mmr_trace_symbol(trace, 0, address, &symbol) &&
	       (strncmp(symbol.function, "__traceiter_", 12) == 0 ||
	        strncmp(symbol.function, "perf_trace_", 11) == 0 ||
	        strncmp(symbol.function, "__bpf_trace_", 12) == 0);
}

static void drop_tracer(struct mmr_trace *trace, struct mmr_stack *stack)
{
	uint32_t skip = 0;

	while (skip < stack->nr_kernel && is_tracer(trace, stack->kernel[skip]))
		skip++;
	stack->nr_kernel -= skip;
	memmove(stack->kernel, stack->kernel + skip, stack->nr_kernel * sizeof(stack->kernel[0]));
}

bool mmr_trace_stack(struct mmr_trace *trace, struct mmr_stack *stack)
{
	size_t size = 0;
	const uint8_t *data = mmr_trace_raw(trace, &size);
	const struct trace_plan *plan;
	struct tep_event *event;

	if (!data)
		return false;
	plan = trace_plan_of(&trace->formats, trace_record_id(data));
	event = plan->kind == MMR_EVENT_STALL_STACK
	                ? tep_find_event(trace->formats.tep, trace_record_id(data))
	                : NULL;
	if (!event)
		return false;
	stack->cause = number(event, "cause", data, size);
	stack->tgid = number(event, "tgid", data, size);
	stack->nr_kernel = frames(event, "kernel", data, size, stack->kernel);
	stack->nr_user = frames(event, "user", data, size, stack->user);
	drop_tracer(trace, stack);
	return true;
}
