/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of a series: trace.zst becomes trace.0001.zst, trace.0002.zst, …; a name without .zst gets the
 * number at its end. Numbers only grow: what an earlier recording wrote is never written over.
 */
#ifndef NUMBERED_H
#define NUMBERED_H

#include <limits.h>
#include <stddef.h>

#include <mmreplay/error.h>

/* Into name; MMR_E_LIMIT if it does not fit. */
int numbered_name(char name[PATH_MAX], const char *path, unsigned int number,
                  struct mmr_error *err) MMR_MUST_CHECK;

/* The highest number that is there, 0: none. */
unsigned int numbered_last(const char *path);

/* Renames all to NAME.old, in place of what had these names; how many. */
unsigned int numbered_set_aside(const char *path);

/* Removes those with the smallest numbers until at most keep are there; how many were removed. */
unsigned int numbered_bound(const char *path, unsigned int keep);

#endif
