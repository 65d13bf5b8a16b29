/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parsing by rows, in the manner of GNU getopt_long: options and operands may be mixed unless the
 * command says otherwise, "--" ends the options, "-ofile", "-o file", "--output=file" and
 * "--output file" are the same.
 */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cli_private.h"
#include "terminal.h"

/* A word this far from a known one is not what was meant. */
#define MAX_DISTANCE 3

struct parse {
	const struct command *command;
	char **argv;
	int argc;
	int next;
};

size_t cli_distance(const char *a, const char *b, size_t limit)
{
	enum { MAX = 64 };
	size_t row[MAX + 1];
	size_t b_length = strlen(b);

	if (strlen(a) > MAX || b_length > MAX)
		return limit + 1;
	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
		}
	}
	return row[b_length] <= limit ? row[b_length] : limit + 1;
}

static int complain(const struct parse *p, const char *problem, const char *option)
{
	message(p->command->tool, "%s %s (see %s --help)", problem, option, p->command->tool);
	return -1;
}

static int unknown_long(const struct parse *p, const char *name)
{
	const char *closest = NULL;
	size_t least = MAX_DISTANCE + 1;

	for (const struct option_row *row = p->command->options; row->long_name; row++) {
		size_t distance = cli_distance(name, row->long_name, MAX_DISTANCE);

		if (distance < least && distance < strlen(name)) {
			least = distance;
			closest = row->long_name;
		}
	}
	if (closest)
		message(p->command->tool, "unknown option --%s; did you mean --%s? (see %s --help)",
		        name, closest, p->command->tool);
	else
		message(p->command->tool, "unknown option --%s (see %s --help)", name,
		        p->command->tool);
	return -1;
}

static void list_add(struct option_list *list, const char *text, size_t length)
{
	void *items = list->items;

	cli_resize(&items, list->count + 1, sizeof(*list->items));
	list->items = items;
	list->items[list->count++] = cli_strndup(text, length);
}

static int add_items(struct option_list *list, const char *value)
{
	for (;;) {
		size_t length = strcspn(value, ",");

		if (length == 0)
			return -1;
		list_add(list, value, length);
		if (!value[length])
			return 0;
		value += length + 1;
	}
}

/* Stores one option's value; shown is how the user wrote the option. */
static int store(const struct parse *p, const struct option_row *row, const char *value,
                 const char *shown)
{
	const char *expected = NULL;

	/* An optional argument that was left out: what the target holds is what that means. */
	if (!value && row->type != OPTION_FLAG && row->type != OPTION_STRING &&
	    row->type != OPTION_CALLBACK)
		return 0;
	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)row->target = true;
		break;
	case OPTION_STRING:
		*(const char **)row->target = value;
		break;
	case OPTION_LIST:
		if (add_items(row->target, value) < 0)
			expected = "a list without empty items";
		break;
	case OPTION_UINT:
		if (!parse_uint(value, row->target))
			expected = "a whole number";
		break;
	case OPTION_SIZE:
		if (!parse_size(value, row->target))
			expected = "a size such as 64K, 8M or 2G";
		break;
	case OPTION_TIME:
		if (!parse_time(value, row->target))
			expected = "a time with its unit, such as 100ms, 1.5s, 10min or 2h";
		break;
	case OPTION_CALLBACK:
		return row->callback(value, row->target) < 0 ? -1 : 0;
	}
	if (!expected)
		return 0;
	message(p->command->tool, "%s: \"%s\" is not %s", shown, value, expected);
	return -1;
}

static bool takes_argument(const struct option_row *row)
{
	return row->type != OPTION_FLAG && row->argument;
}

/* --name, --name=value or --name value; text begins behind the dashes. */
static int parse_long(struct parse *p, const char *text)
{
	size_t length = strcspn(text, "=");
	const char *value = text[length] ? text + length + 1 : NULL;
	const struct option_row *row = p->command->options;
	char shown[80];

	while (row->long_name &&
	       (strncmp(row->long_name, text, length) != 0 || row->long_name[length]))
		row++;
	snprintf(shown, sizeof(shown), "--%.*s", (int)(length < 64 ? length : 64), text);
	if (!row->long_name)
		return unknown_long(p, shown + 2);
	if (!takes_argument(row))
		return value ? complain(p, "no value is taken by", shown)
		             : store(p, row, NULL, shown);
	if (!value && !row->optional_argument) {
		if (p->next >= p->argc)
			return complain(p, "a value is missing behind", shown);
		value = p->argv[p->next++];
	}
	return store(p, row, value, shown);
}

/* -abc, -ovalue or -o value; text begins behind the dash. */
static int parse_short(struct parse *p, const char *text)
{
	for (; *text; text++) {
		const struct option_row *row = p->command->options;
		char shown[3] = { '-', *text, '\0' };
		const char *value = NULL;

		while (row->long_name && row->short_name != *text)
			row++;
		if (!row->long_name)
			return complain(p, "unknown option", shown);
		if (!takes_argument(row)) {
			if (store(p, row, NULL, shown) < 0)
				return -1;
			continue;
		}
		if (text[1])
			value = text + 1;
		else if (!row->optional_argument && p->next >= p->argc)
			return complain(p, "a value is missing behind", shown);
		else if (!row->optional_argument)
			value = p->argv[p->next++];
		return store(p, row, value, shown);
	}
	return 0;
}

static bool has_row(const struct command *command, const char *name, char letter)
{
	for (const struct option_row *row = command->options; row->long_name; row++)
		if (strcmp(row->long_name, name) == 0 || (letter && row->short_name == letter))
			return true;
	return false;
}

/* The options that every command has; they end the process. */
static void parse_common(const struct command *command, const char *arg)
{
	if (strcmp(arg, "--help") == 0 ||
	    (strcmp(arg, "-h") == 0 && !has_row(command, "help", 'h')))
		cli_print_help(command);
	else if (strcmp(arg, "--version") == 0)
		cli_print_version(command->tool);
	else if (strcmp(arg, "--list-options") == 0)
		cli_print_option_list(command);
	else
		return;
	exit(finish_output(command->tool, EXIT_SUCCESS));
}

/* Parses; operands are left behind at argv[*first], in their order. */
static int parse_all(struct parse *p, char **operands, int *nr_operands)
{
	int used = 1;

	while (p->next < p->argc) {
		char *arg = p->argv[p->next];
		int begin = p->next++;
		int ret = 0;

		if (strcmp(arg, "--") == 0) {
			p->argv[used++] = arg;
			break;
		}
		if (arg[0] != '-' || !arg[1]) {
			if (p->command->stop_at_operand) {
				p->next--;
				break;
			}
			operands[(*nr_operands)++] = arg;
			continue;
		}
		parse_common(p->command, arg);
		ret = arg[1] == '-' ? parse_long(p, arg + 2) : parse_short(p, arg + 1);
		if (ret < 0)
			return -1;
		/* used <= begin: this moves words towards the front, never over unread ones. */
		while (begin < p->next)
			p->argv[used++] = p->argv[begin++];
	}
	while (p->next < p->argc)
		operands[(*nr_operands)++] = p->argv[p->next++];
	return used;
}

int options_parse(const struct command *command, int argc, char **argv)
{
	struct parse p = { .command = command, .argv = argv, .argc = argc, .next = 1 };
	char **operands = base_calloc((size_t)argc + 1, sizeof(*operands));
	int nr_operands = 0;
	int first;

	if (!operands)
		cli_out_of_memory();
	first = parse_all(&p, operands, &nr_operands);
	if (first >= 0)
		memcpy(argv + first, operands, (size_t)nr_operands * sizeof(*operands));
	base_free(operands);
	return first;
}

void options_deinit(const struct command *command)
{
	for (const struct option_row *row = command->options; row->long_name; row++) {
		struct option_list *list = row->target;

		if (row->type != OPTION_LIST)
			continue;
		for (size_t i = 0; i < list->count; i++) {
			char *item;

			memcpy(&item, &list->items[i], sizeof(item));
			base_free(item);
		}
		base_free(list->items);
		*list = (struct option_list){ 0 };
	}
}
