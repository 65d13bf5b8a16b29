/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events that a recording is to have: what was asked for, matched with what this kernel has. */
#ifndef EVENT_SET_H
#define EVENT_SET_H

#include <stdbool.h>
#include <stddef.h>

#include <mmreplay/event.h>

#include "options.h"

struct chosen_event {
	char system[48];
	char name[80];
	enum mmr_event_group group;
	bool present; /* this kernel has it */
	bool by_name; /* asked for by its own name, not as one of a group */
};

struct event_set {
	struct chosen_event *events;
	size_t count;
	size_t nr_present;
};

/*
 * Fills set from -e's items (none: the default groups). root is tracefs. An item that names neither a
 * group nor an event that libreplay or this kernel knows is MMR_E_NOTFOUND, naming the closest.
 * MMR_E_INVALID: nothing is left to record. Free with event_set_deinit().
 */
int event_set_choose(struct event_set *set, const struct option_list *items, const char *root,
                     struct mmr_error *err) MMR_MUST_CHECK;

void event_set_deinit(struct event_set *set);

#endif
