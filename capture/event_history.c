/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event_history.h"

#include <stdio.h>
#include <string.h>

#include <mmreplay/event.h>

static const struct event_history rows[MMR_NR_EVENT_KINDS] = {
#define HISTORY(kind, since, without) [MMR_EVENT_##kind] = { since, without },
#include "event_history.def"
};

struct event_history event_history_of(unsigned int kind)
{
	static const struct event_history none = { "", "" };

	return kind < MMR_NR_EVENT_KINDS && rows[kind].since ? rows[kind] : none;
}

char *event_history_since(unsigned int kind, char *text, size_t size)
{
	const char *since = event_history_of(kind).since;
	const char *dash = strchr(since, '-');

	if (since[0] == '\0')
		snprintf(text, size, "unknown");
	else if (since[0] == '~')
		snprintf(text, size, "about %s", since + 1);
	else if (dash)
		snprintf(text, size, "%.*s to %s", (int)(dash - since), since, dash + 1);
	else
		snprintf(text, size, "%s", since);
	return text;
}
