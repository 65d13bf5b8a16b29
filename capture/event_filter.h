/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which events of a trace the user asked for: -e page,kmem:mm_page_*,sched_process_exec. */
#ifndef CAPTURE_EVENT_FILTER_H
#define CAPTURE_EVENT_FILTER_H

#include <stdbool.h>

#include <mmreplay/trace.h>

#include "options.h"

struct event_filter {
	const struct option_list *patterns;
	bool all;
	uint8_t by_kind[MMR_NR_EVENT_KINDS]; /* enum verdict */
	uint8_t by_id[65536];                /* of events that events.def does not name */
};

/*
 * A pattern is a group ("page"), an event ("mm_page_alloc", "kmem:mm_page_alloc") or a glob of one. No
 * patterns: all. False after a message if one matches no event of this trace.
 */
bool event_filter_init(struct event_filter *filter, const char *tool,
                       const struct option_list *patterns, struct mmr_trace *trace);

/* Whether this event is wanted. Marks of losses always are. */
bool event_filter_match(struct event_filter *filter, const struct mmr_trace *trace,
                        const struct mmr_event *event);

#endif
