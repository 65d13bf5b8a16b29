/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ctrl-C while a file is being converted: the half file goes, the signal does what it always does. */
#ifndef CAPTURE_PARTIAL_H
#define CAPTURE_PARTIAL_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM and SIGHUP remove output.partial, once partial_arm() was called. */
void partial_guard(const char *output);

/* A trace gets its name when it is whole, so it cannot go to a pipe: says so if output is "-". */
bool output_is_named(const char *tool, const char *output);

/* The partial file is ours: it was created by this process. */
void partial_arm(void);

/* The file has its name, or is gone. */
void partial_disarm(void);

#endif
