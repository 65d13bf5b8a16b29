/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this folder share. */
#ifndef CLI_PRIVATE_H
#define CLI_PRIVATE_H

#include <stddef.h>

#include "options.h"

/* Ends the process: a tool that cannot even hold its own command line has nothing left to do. */
_Noreturn void cli_out_of_memory(void);

/* Copy of len bytes with a NUL; never NULL. Free with base_free(). */
char *cli_strndup(const char *text, size_t len);

/* Grows *array to count elements; never fails. */
void cli_resize(void **array, size_t count, size_t size);

/* Edits that turn a into b, at most limit + 1: to name the closest match of a mistyped word. */
size_t cli_distance(const char *a, const char *b, size_t limit);

/* Prints the whole help of a command on stdout. */
void cli_print_help(const struct command *command);

/* One line an option, for completion: --name, -n or nothing, ARGUMENT or nothing, help; tabs between. */
void cli_print_option_list(const struct command *command);

/* Prints text wrapped at 80 columns; the cursor is at column, later lines start at indent. */
void cli_print_wrapped(const char *text, size_t column, size_t indent);

/* "mmcap 0.1.0" on stdout. tool may be "mmcap record": its first word counts. */
void cli_print_version(const char *tool);

#endif
