/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events that a recording is to have: what was asked for, matched with what this kernel has. */
#ifndef EVENT_SET_H
#define EVENT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
 * The set may end up without any that is present. Free with event_set_deinit().
 */
int event_set_choose(struct event_set *set, const struct option_list *items, const char *root,
                     struct mmr_error *err) MMR_MUST_CHECK;

/* An event of the set, or NULL. */
struct chosen_event *event_set_find(const struct event_set *set, const char *system,
                                    const char *name);

/* Takes it out, if it is there. */
void event_set_remove(struct event_set *set, const char *system, const char *name);

/* The highest number that tracefs (at root) gives to an event of the set; 0: it has none. */
uint32_t event_set_last_id(const struct event_set *set, const char *root);

void event_set_deinit(struct event_set *set);

#endif
