/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_ERROR_SET_H
#define BASE_ERROR_SET_H

#include <mmreplay/error.h>

/*
 * Fills err (if not NULL) and returns code, so that a failure is one line:
 *	return base_error(err, MMR_E_CORRUPT, "frame %u: bad magic", i);
 * sys_errno and offset are cleared.
 */
int base_error(struct mmr_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As base_error(), and keeps errno and appends its text. EACCES, ENOSPC, … choose the code. */
int base_error_errno(struct mmr_error *err, int sys_errno, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As base_error(), with the byte offset in the file. */
int base_error_at(struct mmr_error *err, int code, uint64_t offset, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
