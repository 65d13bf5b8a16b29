/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Since when the kernel has each tracepoint, and what cannot be told without it: event_history.def. */
#ifndef EVENT_HISTORY_H
#define EVENT_HISTORY_H

#include <stddef.h>

struct event_history {
	const char *since;   /* as in the table: "6.12", "~5.5", "6.2-6.12", "" */
	const char *without; /* what nobody can tell then */
};

/* Of a kind (enum mmr_event_kind); empty strings where it has no row. */
struct event_history event_history_of(unsigned int kind);

/* since in words: "6.12", "about 5.5", "6.2 to 6.12", "unknown". Returns text. */
char *event_history_since(unsigned int kind, char *text, size_t size);

#endif
