/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcap list events: the tracepoints that are known, which of them this kernel has, and what the rest costs. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <mmreplay/event.h>

#include "commands.h"
#include "event_history.h"
#include "options.h"
#include "terminal.h"
#include "tracing.h"

#define TOOL   "mmcap list"
#define SCHEMA 1

static struct {
	bool json;
	bool missing;
} args;

static const struct option_row options[] = {
	{ .long_name = "missing",
	  .type = OPTION_FLAG,
	  .target = &args.missing,
	  .help = "Only what this kernel lacks" },
	{ .long_name = "json",
	  .type = OPTION_FLAG,
	  .target = &args.json,
	  .help = "Print one JSON object" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary =
		"List the events that can be recorded: their groups, whether this kernel has them, "
		"since which version there is each, and what cannot be told without it.",
	.usage = "events [options]",
	.options = options,
	.epilogue =
		"A version that is \"about\" right was not checked against that kernel's sources.\n",
};

static bool has_format(const char *root, const char *system, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/events/%s/%s/format", root, system, name);
	return access(path, R_OK) == 0;
}

/* The name that this kernel has for it, NULL if none. */
static const char *name_here(const char *root, unsigned int kind)
{
	const char *system = mmr_event_system(kind);
	const char *older = mmr_event_older_name(kind);

	if (!root)
		return NULL;
	if (has_format(root, system, mmr_event_name(kind)))
		return mmr_event_name(kind);
	return older && has_format(root, system, older) ? older : NULL;
}

/* Those that the recorder makes itself (group other) are in no kernel. */
static bool is_wanted(const char *root, unsigned int kind)
{
	return mmr_event_group(kind) != MMR_GROUP_OTHER &&
	       (!args.missing || !name_here(root, kind));
}

static void print_text(const char *root)
{
	static const struct table_column columns[] = {
		{ "event", TABLE_LEFT }, { "group", TABLE_LEFT },      { "here", TABLE_LEFT },
		{ "since", TABLE_LEFT }, { "without it", TABLE_LEFT },
	};
	struct table *table = table_create(columns, 5);
	unsigned int nr_rows = 0;

	for (unsigned int kind = MMR_EVENT_OTHER + 1; kind < MMR_NR_EVENT_KINDS; kind++) {
		const char *name = name_here(root, kind);
		char since[40];

		if (!is_wanted(root, kind))
			continue;
		nr_rows++;
		table_cell(table, "%s:%s", mmr_event_system(kind),
		           name ? name : mmr_event_name(kind));
		table_cell(table, "%s", mmr_event_group_name(mmr_event_group(kind)));
		table_cell(table, "%s", name ? "yes" : root ? "no" : "?");
		table_cell(table, "%s", event_history_since(kind, since, sizeof(since)));
		table_cell(table, "%s", event_history_of(kind).without);
	}
	if (nr_rows)
		table_print(table, stdout);
	else
		puts("this kernel has all of them");
	table_destroy(table);
}

static void print_json(const char *root)
{
	json_t *object = json_object();
	json_t *rows = json_array();

	for (unsigned int kind = MMR_EVENT_OTHER + 1; kind < MMR_NR_EVENT_KINDS; kind++) {
		const char *name = name_here(root, kind);
		const char *since = event_history_of(kind).since;
		json_t *row;

		if (!is_wanted(root, kind))
			continue;
		row = json_pack("{s:s, s:s, s:s, s:b, s:s, s:s}", "system", mmr_event_system(kind),
		                "event", name ? name : mmr_event_name(kind), "group",
		                mmr_event_group_name(mmr_event_group(kind)), "default",
		                mmr_event_by_default(kind), "since", since, "without",
		                event_history_of(kind).without);
		json_object_set_new(row, "present", root ? json_boolean(name) : json_null());
		json_array_append_new(rows, row);
	}
	json_object_set_new(object, "schema", json_integer(SCHEMA));
	json_object_set_new(object, "events", rows);
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

int cmd_list(int argc, char **argv)
{
	struct mmr_error err = { 0 };
	const char *root;
	int first = options_parse(&command, argc, argv);

	if (first < 0)
		return EXIT_TROUBLE;
	if (argc - first != 1 || strcmp(argv[first], "events") != 0) {
		message(TOOL, "say what is to be listed: events (see %s --help)", TOOL);
		return EXIT_TROUBLE;
	}
	root = tracing_root(&err);
	if (!root) {
		message(TOOL, "which of them this kernel has cannot be told: %s", err.text);
		if (args.missing)
			return EXIT_TROUBLE;
	}
	if (args.json)
		print_json(root);
	else
		print_text(root);
	return finish_output(TOOL, 0);
}
