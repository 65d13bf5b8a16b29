/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int failure(struct mmr_error *err, int code, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return code;
	*err = (struct mmr_error){ .code = code };
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return code;
}

static int code_of(int sys_errno)
{
	switch (sys_errno) {
	case EACCES:
	case EPERM:
		return MMR_E_PERMISSION;
	case ENOENT:
	case ENODEV:
		return MMR_E_NOTFOUND;
	case ENOMEM:
		return MMR_E_NOMEM;
	case ENOSPC:
	case EDQUOT:
		return MMR_E_NOSPACE;
	case EBUSY:
		return MMR_E_BUSY;
	case EEXIST:
		return MMR_E_EXISTS;
	case EINVAL:
		return MMR_E_INVALID;
	default:
		return MMR_E_IO;
	}
}

int failure_errno(struct mmr_error *err, int sys_errno, const char *fmt, ...)
{
	int code = code_of(sys_errno);
	va_list args;
	size_t used;

	if (!err)
		return code;
	*err = (struct mmr_error){ .code = code, .sys_errno = sys_errno };
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(sys_errno));
	return code;
}
