/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Help and completion, from the rows. */
#include <stdio.h>
#include <string.h>

#include <mmreplay/version.h>

#include "cli_private.h"
#include "options.h"

#define WIDTH       80
#define HELP_COLUMN 28

static const struct option_row common_rows[] = {
	{ .long_name = "help", .short_name = 'h', .help = "Print this help" },
	{ .long_name = "version", .help = "Print the version" },
	{ .long_name = NULL },
};

void cli_print_wrapped(const char *text, size_t column, size_t indent)
{
	while (*text) {
		size_t length = strcspn(text, " \n");

		if (column > indent && column + 1 + length > WIDTH) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)length, text);
		column += length;
		text += length;
		if (*text == '\n') {
			printf("\n%*s", (int)indent, "");
			column = indent;
		}
		text += *text != '\0';
	}
	putchar('\n');
}

static void print_row(const struct option_row *row)
{
	char left[128];
	char letter[8] = "    ";
	int length;

	if (row->short_name)
		snprintf(letter, sizeof(letter), "-%c, ", row->short_name);
	length = snprintf(left, sizeof(left), "  %s--%s%s%s%s%s", letter, row->long_name,
	                  row->optional_argument ? "[" : "", row->argument ? "=" : "",
	                  row->argument ? row->argument : "", row->optional_argument ? "]" : "");
	fputs(left, stdout);
	if (length >= HELP_COLUMN - 1)
		printf("\n%*s", HELP_COLUMN, "");
	else
		printf("%*s", HELP_COLUMN - length, "");
	cli_print_wrapped(row->help ? row->help : "", HELP_COLUMN, HELP_COLUMN);
}

static void print_rows(const struct command *command, void (*print)(const struct option_row *))
{
	bool own_h = false;

	for (const struct option_row *row = command->options; row->long_name; row++) {
		own_h = own_h || row->short_name == 'h';
		print(row);
	}
	for (const struct option_row *row = common_rows; row->long_name; row++) {
		struct option_row shown = *row;

		if (own_h && shown.short_name == 'h')
			shown.short_name = 0;
		print(&shown);
	}
}

void cli_print_help(const struct command *command)
{
	int length = printf("usage: %s ", command->tool);

	cli_print_wrapped(command->usage ? command->usage : "", (size_t)length, (size_t)length);
	if (command->summary) {
		putchar('\n');
		cli_print_wrapped(command->summary, 0, 0);
	}
	puts("\nOptions:");
	print_rows(command, print_row);
	if (command->epilogue)
		printf("\n%s%s", command->epilogue,
		       command->epilogue[0] &&
		                       command->epilogue[strlen(command->epilogue) - 1] == '\n'
		               ? ""
		               : "\n");
}

static void print_listed(const struct option_row *row)
{
	char letter[3] = { '-', row->short_name, '\0' };

	printf("--%s\t%s\t%s\t%s\n", row->long_name, row->short_name ? letter : "",
	       row->argument ? row->argument : "", row->help ? row->help : "");
}

void cli_print_option_list(const struct command *command)
{
	print_rows(command, print_listed);
}

void cli_print_version(const char *tool)
{
	printf("%.*s %s\n", (int)strcspn(tool, " "), tool, mmr_version());
}
