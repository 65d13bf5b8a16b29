/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command-line options as rows. Help text, completion and the man-page tests come from the same rows.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses of every tool (mmcap record: see its man page). */
#define EXIT_FINDING 1 /* a difference or a finding was asked for and found */
#define EXIT_TROUBLE 2 /* usage error, bad input, anything that went wrong */

enum option_type {
	OPTION_FLAG,   /* bool *target = true */
	OPTION_STRING, /* const char **target */
	OPTION_LIST,   /* struct option_list *target: may be given more than once, commas split */
	OPTION_UINT,   /* uint64_t *target: a plain decimal number */
	OPTION_SIZE, /* uint64_t *target, bytes: 4096, 64K, 8M, 2G (powers of 1024); a bare number is bytes */
	OPTION_TIME, /* uint64_t *target, ns: 10ns, 5us, 100ms, 1.5s, 10min, 2h, 1d; a bare number is refused */
	OPTION_CALLBACK, /* int (*callback)(const char *value, void *data): 0 or -1 after printing why */
};

struct option_list {
	const char **items;
	size_t count;
};

struct option_row {
	const char *long_name; /* without dashes */
	char short_name;       /* 0: none */
	enum option_type type;
	const char *argument; /* name in the help: "FILE"; NULL for flags */
	void *target;         /* data for a callback */
	const char *help;     /* one sentence, no full stop; wrapped at 80 columns */
	int (*callback)(const char *value, void *data);
	bool optional_argument; /* --name or --name=VALUE */
};

struct command {
	const char *tool;                 /* "mmcap record" */
	const char *summary;              /* one line: what it does */
	const char *usage;                /* "[options] [--] command [argument...]" */
	const struct option_row *options; /* ended by a row without long_name */
	const char *epilogue;             /* examples, exit status; may be NULL */
	bool stop_at_operand;             /* options end at the first operand (record) */
};

/*
 * Parses argv[1..]. --help prints the help to stdout and exits 0, --version likewise: these two are
 * the only ones that end the process. Returns the index of the first operand (operands are moved to
 * the end), or -1 after a message on stderr ("mmcap record: unknown option --foo (see mmcap record --help)").
 */
int options_parse(const struct command *command, int argc, char **argv);

/* Frees what OPTION_LIST rows collected. */
void options_deinit(const struct command *command);

/* "64K" -> 65536, "1.5s" -> 1500000000, "10min" (or m, h, d). false if it is not one, negative or too large. */
bool parse_size(const char *text, uint64_t *bytes);
bool parse_time(const char *text, uint64_t *ns);
bool parse_uint(const char *text, uint64_t *value);

#endif
