/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns are matched once for each kind or number of event; after that a table answers. */
#include "event_filter.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "terminal.h"

enum verdict { UNKNOWN, WANTED, UNWANTED };

static bool matches(const char *pattern, const char *system, const char *name, unsigned int group)
{
	char full[192];

	snprintf(full, sizeof(full), "%s:%s", system, name);
	return fnmatch(pattern, strchr(pattern, ':') ? full : name, 0) == 0 ||
	       strcmp(pattern, mmr_event_group_name(group)) == 0;
}

/* Splits the name of a header's text "events/SYSTEM/NAME/format". */
static bool split_format_name(const char *text, char system[96], char name[96])
{
	int end = 0;

	return sscanf(text, "events/%95[^/]/%95[^/]/format%n", system, name, &end) == 2 &&
	       end > 0 && !text[end];
}

static bool in_trace(const char *pattern, const struct mmr_trace *trace)
{
	const char *text;

	for (uint32_t i = 0; (text = mmr_trace_text_name(trace, i)); i++) {
		char system[96];
		char name[96];

		if (split_format_name(text, system, name) &&
		    matches(pattern, system, name, mmr_event_group(mmr_event_find(system, name))))
			return true;
	}
	return false;
}

bool event_filter_init(struct event_filter *filter, const char *tool,
                       const struct option_list *patterns, struct mmr_trace *trace)
{
	memset(filter, 0, sizeof(*filter));
	filter->patterns = patterns;
	filter->all = patterns->count == 0;
	for (size_t i = 0; i < patterns->count; i++)
		if (!in_trace(patterns->items[i], trace)) {
			message(tool, "this trace has no event or group %s (mmcap info lists them)",
			        patterns->items[i]);
			return false;
		}
	return true;
}

static bool wanted(const struct event_filter *filter, const char *system, const char *name,
                   unsigned int group)
{
	for (size_t i = 0; i < filter->patterns->count; i++)
		if (matches(filter->patterns->items[i], system, name, group))
			return true;
	return false;
}

bool event_filter_match(struct event_filter *filter, const struct mmr_trace *trace,
                        const struct mmr_event *event)
{
	bool other = event->kind == MMR_EVENT_OTHER;
	const char *system = mmr_event_system(event->kind);
	const char *name = mmr_event_name(event->kind);
	uint8_t *verdict;

	if (filter->all || event->kind == MMR_EVENT_LOST)
		return true;
	verdict = other ? &filter->by_id[event->other.event_id & 65535]
	                : &filter->by_kind[event->kind];
	if (*verdict == UNKNOWN) {
		if (other)
			mmr_trace_event_id_name(trace, event->other.event_id, &system, &name);
		*verdict = wanted(filter, system, name, mmr_event_group(event->kind)) ? WANTED
		                                                                      : UNWANTED;
	}
	return *verdict == WANTED;
}
