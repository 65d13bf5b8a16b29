/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcap cleanup: removes what recorders that died have left behind. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "leftover.h"
#include "options.h"
#include "terminal.h"

#define TOOL   "mmcap cleanup"
#define SCHEMA 1

static struct {
	bool dry_run;
	bool json;
} args;

static const struct option_row options[] = {
	{ .long_name = "dry-run",
	  .short_name = 'n',
	  .type = OPTION_FLAG,
	  .target = &args.dry_run,
	  .help = "Only list what is there" },
	{ .long_name = "json",
	  .type = OPTION_FLAG,
	  .target = &args.json,
	  .help = "Print one JSON object" },
	{ .long_name = NULL },
};

static const struct command command = {
	.tool = TOOL,
	.summary = "Remove what recorders that were killed have left behind: tracefs instances, "
		   "sockets. What belongs to a recorder at work is left alone.",
	.usage = "[options]",
	.options = options,
	.epilogue =
		"Exit status: 0 nothing is left behind any more; 1 with --dry-run, something is;\n"
		"2 trouble: something could not be removed.\n",
};

struct pass {
	json_t *rows;
	unsigned int nr_found;
	unsigned int nr_failed;
};

/* What was found of one kind; removed when all has been found, since removing disturbs the search. */
struct list {
	char **paths;
	size_t count;
};

static void remember(const char *path, void *data)
{
	struct list *list = data;
	char **grown = reallocarray(list->paths, list->count + 1, sizeof(*grown));

	if (grown)
		list->paths = grown;
	if (grown && (list->paths[list->count] = strdup(path)))
		list->count++;
}

static void print_row(struct pass *pass, const char *what, const char *path, const char *state)
{
	char text[8192];

	escape_text(text, sizeof(text), path, strlen(path));
	if (pass->rows)
		json_array_append_new(pass->rows, json_pack("{s:s, s:s, s:s}", "kind", what, "path",
		                                            text, "state", state));
	else
		printf("%s %s: %s\n", what, text, state);
}

static void take(struct pass *pass, const struct leftover_ops *kind, const char *path)
{
	struct mmr_error err = { 0 };

	pass->nr_found++;
	if (args.dry_run) {
		print_row(pass, kind->what, path, "left behind");
	} else if (kind->remove(path, &err) == 0) {
		print_row(pass, kind->what, path, "removed");
	} else {
		print_row(pass, kind->what, path, "not removed");
		message(TOOL, "%s", err.text);
		pass->nr_failed++;
	}
}

static void take_kind(struct pass *pass, const struct leftover_ops *kind)
{
	struct list list = { 0 };
	struct mmr_error err = { 0 };

	if (kind->find(remember, &list, &err) < 0) {
		message(TOOL, "%s", err.text);
		pass->nr_failed++;
	}
	for (size_t i = 0; i < list.count; i++) {
		take(pass, kind, list.paths[i]);
		free(list.paths[i]);
	}
	free(list.paths);
}

static int finish(const struct pass *pass)
{
	json_t *object;

	if (pass->rows) {
		object = json_pack("{s:i, s:o}", "schema", SCHEMA, "found", pass->rows);
		json_dumpf(object, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(object);
	} else if (pass->nr_found == 0 && pass->nr_failed == 0) {
		puts("nothing is left behind");
	}
	if (pass->nr_failed)
		return EXIT_TROUBLE;
	return args.dry_run && pass->nr_found ? EXIT_FINDING : 0;
}

int cmd_cleanup(int argc, char **argv)
{
	const struct leftover_ops *kind;
	struct pass pass = { 0 };
	int first = options_parse(&command, argc, argv);

	if (first < 0)
		return EXIT_TROUBLE;
	if (first < argc) {
		message(TOOL, "takes no operand: %s (see %s --help)", argv[first], TOOL);
		return EXIT_TROUBLE;
	}
	pass.rows = args.json ? json_array() : NULL;
	for (unsigned int i = 0; (kind = leftover_kind(i)); i++)
		take_kind(&pass, kind);
	return finish_output(TOOL, finish(&pass));
}
