/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The flags of a request in the words of the kernel that recorded them: the list that mm_page_alloc's print format has,
 * used as the kernel's trace_print_flags_seq() does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>

#include "reader.h"

/* A print format is text from the file: no deeper than the kernel's own are, by far. */
#define DEPTH 16

static const struct tep_print_flag_sym *find_flags(const struct tep_print_arg *arg, int depth)
{
	const struct tep_print_flag_sym *found = NULL;

	for (; arg && !found && depth > 0; arg = arg->next) {
		if (arg->type == TEP_PRINT_FLAGS)
			return arg->flags.flags;
		if (arg->type != TEP_PRINT_OP)
			continue;
		found = find_flags(arg->op.left, depth - 1);
		if (!found)
			found = find_flags(arg->op.right, depth - 1);
	}
	return found;
}

static size_t put(char *text, size_t size, size_t used, const char *word)
{
	if (used < size)
		snprintf(text + used, size - used, "%s%s", used ? "|" : "", word);
	return used + (used ? 1 : 0) + strlen(word);
}

size_t mmr_trace_format_gfp(struct mmr_trace *trace, uint64_t gfp_flags, char *text, size_t size)
{
	struct tep_event *known =
		tep_find_event_by_name(trace->formats.tep, "kmem", "mm_page_alloc");
	struct tep_event *event =
		known ? trace_formats_printable(&trace->formats, (uint16_t)known->id) : NULL;
	const struct tep_print_flag_sym *flag =
		event ? find_flags(event->print_fmt.args, DEPTH) : NULL;
	size_t used = 0;
	char rest[24];

	for (; flag && gfp_flags; flag = flag->next) {
		uint64_t mask = flag->value ? strtoull(flag->value, NULL, 0) : 0;

		if (!mask || !flag->str || (gfp_flags & mask) != mask)
			continue;
		used = put(text, size, used, flag->str);
		gfp_flags &= ~mask;
	}
	if (gfp_flags || used == 0) {
		snprintf(rest, sizeof(rest), "0x%llx", (unsigned long long)gfp_flags);
		used = put(text, size, used, rest);
	}
	return used;
}
