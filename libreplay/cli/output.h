/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing a finished picture or page: all of it under its name, or nothing. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <mmreplay/error.h>

/* Refuses what could not be written in the end, before any work is done. "-" is stdout. */
int output_check(const char *path, bool force, bool binary, struct mmr_error *err);

/*
 * Into a temporary file beside path, which is then renamed; a file that has come into being in
 * between is not replaced without force. Devices and pipes are written to as they are.
 */
int output_write(const char *path, bool force, const void *data, size_t size,
                 struct mmr_error *err);

#endif
