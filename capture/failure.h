/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FAILURE_H
#define FAILURE_H

#include <mmreplay/error.h>

/*
 * Fills err and returns code, so that a failure is one line. The second appends the text of sys_errno
 * and chooses the code by it.
 */
int failure(struct mmr_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int failure_errno(struct mmr_error *err, int sys_errno, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
