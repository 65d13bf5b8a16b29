/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_SUBCOMMAND_H
#define CLI_SUBCOMMAND_H

struct subcommand {
	const char *name;
	int (*run)(int argc,
	           char **argv); /* argv[0] is the subcommand's name; returns the exit status */
	const char *summary;
};

/*
 * main() of a tool with subcommands, rows ended by a NULL name: runs argv[1], handles --help,
 * --version, "help NAME", names the closest match of an unknown one, and the hidden
 * --list-commands and --list-options that completion uses.
 */
int subcommand_main(const char *tool, const char *summary, const struct subcommand *commands,
                    int argc, char **argv);

#endif
