/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and groups of the events: events.def as tables. */
#include <stdbool.h>
#include <string.h>

#include <mmreplay/event.h>

struct event_row {
	const char *system;
	const char *name;
	uint8_t group;
	uint8_t by_default;
};

static const struct event_row rows[MMR_NR_EVENT_KINDS] = {
	[MMR_EVENT_NONE] = { "mmreplay", "none", MMR_GROUP_OTHER, 0 },
	[MMR_EVENT_LOST] = { "mmreplay", "lost", MMR_GROUP_OTHER, 0 },
	[MMR_EVENT_OTHER] = { "mmreplay", "other", MMR_GROUP_OTHER, 0 },
#define EVENT(kind, system, name, group, by_default) \
	[MMR_EVENT_##kind] = { #system, #name, MMR_GROUP_##group, by_default },
#include <mmreplay/events.def>
};

static const char *const older_names[MMR_NR_EVENT_KINDS] = {
#define OLDER_NAME(kind, system, name) [MMR_EVENT_##kind] = #name,
#include <mmreplay/events.def>
};

static const char *const group_names[MMR_NR_EVENT_GROUPS] = {
#define GROUP_NAME(name, text) [MMR_GROUP_##name] = text,
	MMR_EVENT_GROUP_MAP(GROUP_NAME)
#undef GROUP_NAME
};

static const struct event_row *row_of(unsigned int kind)
{
	return &rows[kind < MMR_NR_EVENT_KINDS ? kind : MMR_EVENT_OTHER];
}

const char *mmr_event_name(unsigned int kind)
{
	return row_of(kind)->name;
}

const char *mmr_event_system(unsigned int kind)
{
	return row_of(kind)->system;
}

int mmr_event_is_tracepoint(unsigned int kind)
{
	return kind > MMR_EVENT_OTHER && kind < MMR_NR_EVENT_KINDS &&
	       strcmp(rows[kind].system, "mmcap") != 0;
}

enum mmr_event_group mmr_event_group(unsigned int kind)
{
	return (enum mmr_event_group)row_of(kind)->group;
}

int mmr_event_by_default(unsigned int kind)
{
	return row_of(kind)->by_default;
}

const char *mmr_event_group_name(unsigned int group)
{
	return group < MMR_NR_EVENT_GROUPS ? group_names[group] : "other";
}

const char *mmr_event_older_name(unsigned int kind)
{
	return kind < MMR_NR_EVENT_KINDS ? older_names[kind] : NULL;
}

static bool is_called(unsigned int kind, const char *name)
{
	return strcmp(rows[kind].name, name) == 0 ||
	       (older_names[kind] && strcmp(older_names[kind], name) == 0);
}

enum mmr_event_kind mmr_event_find(const char *system, const char *name)
{
	for (unsigned int kind = MMR_EVENT_OTHER + 1; kind < MMR_NR_EVENT_KINDS; kind++)
		if (is_called(kind, name) && strcmp(rows[kind].system, system) == 0)
			return (enum mmr_event_kind)kind;
	return MMR_EVENT_NONE;
}
