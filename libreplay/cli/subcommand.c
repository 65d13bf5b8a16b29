/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tools with subcommands: finding the one that is meant. */
#include "subcommand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_private.h"
#include "options.h"
#include "terminal.h"

#define MAX_DISTANCE 2

static const struct subcommand *find(const struct subcommand *commands, const char *name)
{
	for (; commands->name; commands++)
		if (strcmp(commands->name, name) == 0)
			return commands;
	return NULL;
}

static int unknown(const char *tool, const struct subcommand *commands, const char *name)
{
	const char *closest = NULL;
	size_t least = MAX_DISTANCE + 1;
	bool option = name[0] == '-';

	for (; !option && commands->name; commands++) {
		size_t distance = cli_distance(name, commands->name, MAX_DISTANCE);

		if (distance < least && distance < strlen(name)) {
			least = distance;
			closest = commands->name;
		}
	}
	if (closest)
		message(tool, "unknown command %s; did you mean %s? (see %s --help)", name, closest,
		        tool);
	else
		message(tool, "unknown %s %s (see %s --help)", option ? "option" : "command", name,
		        tool);
	return EXIT_TROUBLE;
}

static void print_help(const char *tool, const char *summary, const struct subcommand *commands)
{
	printf("usage: %s COMMAND [options] [argument...]\n\n", tool);
	cli_print_wrapped(summary, 0, 0);
	puts("\nCommands:");
	for (; commands->name; commands++) {
		printf("  %-12s", commands->name);
		cli_print_wrapped(commands->summary, 14, 14);
	}
	printf("\n\"%s COMMAND --help\" tells more about one, man %s about all.\n", tool, tool);
}

static int run_help(const char *tool, const char *summary, const struct subcommand *commands,
                    char *name)
{
	char help[] = "--help";
	char *argv[] = { name, help, NULL };
	const struct subcommand *command;

	if (!name) {
		print_help(tool, summary, commands);
		return finish_output(tool, EXIT_SUCCESS);
	}
	command = find(commands, name);
	return command ? command->run(2, argv) : unknown(tool, commands, name);
}

int subcommand_main(const char *tool, const char *summary, const struct subcommand *commands,
                    int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	const struct subcommand *command;

	if (!name) {
		message(tool, "a command is missing (see %s --help)", tool);
		return EXIT_TROUBLE;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return run_help(tool, summary, commands, NULL);
	if (strcmp(name, "help") == 0)
		return run_help(tool, summary, commands, argc > 2 ? argv[2] : NULL);
	if (strcmp(name, "--version") == 0) {
		cli_print_version(tool);
		return finish_output(tool, EXIT_SUCCESS);
	}
	if (strcmp(name, "--list-commands") == 0) {
		for (command = commands; command->name; command++)
			printf("%s\t%s\n", command->name, command->summary);
		return finish_output(tool, EXIT_SUCCESS);
	}
	if (strcmp(name, "--list-options") == 0) {
		fputs("--help\t-h\t\tPrint this help\n--version\t\t\tPrint the version\n", stdout);
		return finish_output(tool, EXIT_SUCCESS);
	}
	command = find(commands, name);
	return command ? command->run(argc - 1, argv + 1) : unknown(tool, commands, name);
}
