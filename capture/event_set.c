/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Items are taken in order: GROUP, "default", "all", NAME or SYSTEM:NAME with * and ? add events, a ^
 * before any of them takes them out again. If the first one takes out, all begins with the default set.
 * What kernels are often built without (CMA) a group has only where this kernel does.
 */
#include "event_set.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "closest.h"
#include "failure.h"

struct choice {
	struct event_set *set;
	const char *root;
	size_t capacity;
	bool by_name; /* the item at hand names events, not a group */
	bool failed;  /* no memory */
};

static bool is_present(const struct choice *c, const char *system, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/events/%s/%s/format", c->root, system, name);
	return access(path, R_OK) == 0;
}

struct chosen_event *event_set_find(const struct event_set *set, const char *system,
                                    const char *name)
{
	for (size_t i = 0; i < set->count; i++) {
		struct chosen_event *event = &set->events[i];

		if (strcmp(event->system, system) == 0 && strcmp(event->name, name) == 0)
			return event;
	}
	return NULL;
}

static void add(struct choice *c, const char *system, const char *name, bool present)
{
	struct event_set *set = c->set;
	struct chosen_event *event;

	event = event_set_find(set, system, name);
	if (event) {
		event->by_name |= c->by_name;
		return;
	}
	if (set->count == c->capacity) {
		size_t capacity = c->capacity ? c->capacity * 2 : 256;
		void *events = reallocarray(set->events, capacity, sizeof(*set->events));

		if (!events) {
			c->failed = true;
			return;
		}
		set->events = events;
		c->capacity = capacity;
	}
	set->nr_present += present;
	event = &set->events[set->count++];
	*event = (struct chosen_event){
		.group = mmr_event_group(mmr_event_find(system, name)),
		.present = present,
		.by_name = c->by_name,
	};
	snprintf(event->system, sizeof(event->system), "%s", system);
	snprintf(event->name, sizeof(event->name), "%s", name);
}

void event_set_remove(struct event_set *set, const char *system, const char *name)
{
	struct chosen_event *event = event_set_find(set, system, name);

	if (!event)
		return;
	set->nr_present -= event->present;
	set->count--;
	memmove(event, event + 1, (size_t)(set->events + set->count - event) * sizeof(*event));
}

static void apply(struct choice *c, const char *system, const char *name, bool out, bool present)
{
	if (out)
		event_set_remove(c->set, system, name);
	else
		add(c, system, name, present);
}

/* Events of events.def that a group word names; whether it is such a word. */
static bool apply_group(struct choice *c, const char *word, bool out)
{
	bool all = strcmp(word, "all") == 0;
	bool by_default = strcmp(word, "default") == 0;
	bool known = all || by_default;

	for (unsigned int g = 0; g < MMR_NR_EVENT_GROUPS && !known; g++)
		known = g != MMR_GROUP_OTHER && strcmp(word, mmr_event_group_name(g)) == 0;
	if (!known)
		return false;
	for (unsigned int kind = MMR_EVENT_OTHER + 1; kind < MMR_NR_EVENT_KINDS; kind++) {
		const char *system = mmr_event_system(kind);
		const char *older = mmr_event_older_name(kind);
		const char *name =
			older && is_present(c, system, older) ? older : mmr_event_name(kind);

		if (!mmr_event_is_tracepoint(kind) ||
		    (mmr_event_by_default(kind) == 2 && !is_present(c, system, name)))
			continue;
		if (all || (by_default && mmr_event_by_default(kind)) ||
		    strcmp(word, mmr_event_group_name(mmr_event_group(kind))) == 0)
			apply(c, system, name, out, is_present(c, system, name));
	}
	return true;
}

/* The events of one system of this kernel that match name; how many. */
static unsigned int apply_system(struct choice *c, const char *system, const char *name, bool out)
{
	unsigned int count = 0;
	char path[4096];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/events/%s", c->root, system);
	dir = opendir(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || fnmatch(name, entry->d_name, 0) != 0 ||
		    !is_present(c, system, entry->d_name))
			continue;
		apply(c, system, entry->d_name, out, true);
		count++;
	}
	closedir(dir);
	return count;
}

/* SYSTEM:NAME with wildcards, in this kernel and in events.def; how many. */
static unsigned int apply_pattern(struct choice *c, const char *system, const char *name, bool out)
{
	unsigned int count = 0;
	char path[4096];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/events", c->root);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && fnmatch(system, entry->d_name, 0) == 0)
			count += apply_system(c, entry->d_name, name, out);
	if (dir)
		closedir(dir);
	if (count > 0)
		return count;
	for (unsigned int kind = MMR_EVENT_OTHER + 1; kind < MMR_NR_EVENT_KINDS; kind++) {
		if (fnmatch(system, mmr_event_system(kind), 0) == 0 &&
		    fnmatch(name, mmr_event_name(kind), 0) == 0) {
			apply(c, mmr_event_system(kind), mmr_event_name(kind), out, false);
			count++;
		}
	}
	return count;
}

static int unknown(const char *item, struct mmr_error *err)
{
	const char *colon = strchr(item, ':');
	const char *wanted = colon ? colon + 1 : item;
	const char *system = "";
	struct closest closest;

	closest_begin(&closest, wanted);
	for (unsigned int g = 0; !colon && g < MMR_GROUP_OTHER; g++)
		closest_offer(&closest, mmr_event_group_name(g));
	for (unsigned int kind = MMR_EVENT_OTHER + 1; kind < MMR_NR_EVENT_KINDS; kind++)
		if (closest_offer(&closest, mmr_event_name(kind)))
			system = mmr_event_system(kind);
	if (closest.found)
		return failure(err, MMR_E_NOTFOUND,
		               "no event or group \"%s\"; did you mean %s%s%s?", item, system,
		               system[0] ? ":" : "", closest.found);
	return failure(err, MMR_E_NOTFOUND,
	               "no event or group \"%s\" (groups: mmcap record --help; events: %s)", item,
	               "system:name as in tracefs");
}

static int apply_item(struct choice *c, const char *item, struct mmr_error *err)
{
	bool out = item[0] == '^';
	const char *word = item + out;
	const char *colon = strchr(word, ':');
	char system[48];

	c->by_name = false;
	if (!colon && apply_group(c, word, out))
		return 0;
	c->by_name = true;
	if (!colon)
		return apply_pattern(c, "*", word, out) > 0 ? 0 : unknown(word, err);
	snprintf(system, sizeof(system), "%.*s", (int)(colon - word), word);
	if ((size_t)(colon - word) >= sizeof(system) ||
	    apply_pattern(c, system, colon + 1, out) == 0)
		return unknown(word, err);
	return 0;
}

int event_set_choose(struct event_set *set, const struct option_list *items, const char *root,
                     struct mmr_error *err)
{
	struct choice c = { .set = set, .root = root };
	int ret = 0;

	*set = (struct event_set){ 0 };
	if (items->count == 0 || items->items[0][0] == '^')
		apply_group(&c, "default", false);
	for (size_t i = 0; i < items->count && ret == 0; i++)
		ret = apply_item(&c, items->items[i], err);
	if (ret == 0 && c.failed)
		ret = failure(err, MMR_E_NOMEM, "out of memory for the events");
	if (ret < 0)
		event_set_deinit(set);
	return ret;
}

/* What tracefs calls the event in its records; 0: it does not say. */
static uint32_t id_of(const char *root, const struct chosen_event *event)
{
	char path[4096];
	uint32_t id = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/events/%s/%s/id", root, event->system, event->name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%u", &id) != 1)
		id = 0;
	fclose(file);
	return id;
}

uint32_t event_set_last_id(const struct event_set *set, const char *root)
{
	uint32_t last = 0;

	for (size_t i = 0; i < set->count; i++) {
		uint32_t id = set->events[i].present ? id_of(root, &set->events[i]) : 0;

		last = id > last ? id : last;
	}
	return last;
}

void event_set_deinit(struct event_set *set)
{
	free(set->events);
	*set = (struct event_set){ 0 };
}
