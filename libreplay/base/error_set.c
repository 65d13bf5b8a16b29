/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error_set.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <mmreplay/version.h>

const char *mmr_version(void)
{
	return MMR_VERSION;
}

const char *mmr_error_name(int code)
{
	switch (code) {
	case MMR_OK:
		return "no error";
#define ERROR_CASE(name, value, text) \
	case MMR_E_##name:            \
		return text;
		MMR_ERROR_MAP(ERROR_CASE)
#undef ERROR_CASE
	default:
		return "unknown error";
	}
}

static int error_vset(struct mmr_error *err, int code, const char *fmt, va_list args)
{
	if (!err)
		return code;
	err->code = code;
	err->sys_errno = 0;
	err->offset = 0;
	/* The format is the caller's literal; base/error_set.h has the attribute that checks it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	vsnprintf(err->text, sizeof(err->text), fmt, args);
#pragma GCC diagnostic pop
	return code;
}

int base_error(struct mmr_error *err, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	error_vset(err, code, fmt, args);
	va_end(args);
	return code;
}

int base_error_at(struct mmr_error *err, int code, uint64_t offset, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	error_vset(err, code, fmt, args);
	va_end(args);
	if (err)
		err->offset = offset;
	return code;
}

static int code_from_errno(int sys_errno)
{
	switch (sys_errno) {
	case ENOMEM:
		return MMR_E_NOMEM;
	case EACCES:
	case EPERM:
	case EROFS:
		return MMR_E_PERMISSION;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return MMR_E_NOSPACE;
	case ENOENT:
	case ENOTDIR:
		return MMR_E_NOTFOUND;
	case EEXIST:
		return MMR_E_EXISTS;
	case EBUSY:
		return MMR_E_BUSY;
	default:
		return MMR_E_IO;
	}
}

int base_error_errno(struct mmr_error *err, int sys_errno, const char *fmt, ...)
{
	int code = code_from_errno(sys_errno);
	va_list args;
	size_t used;

	va_start(args, fmt);
	error_vset(err, code, fmt, args);
	va_end(args);
	if (!err)
		return code;
	err->sys_errno = sys_errno;
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(sys_errno));
	return code;
}
