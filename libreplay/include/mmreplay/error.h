/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors of libreplay.
 *
 * Every function that can fail returns 0 (or a documented positive value) on success and a negative
 * MMR_E_* on failure. The caller may pass a struct mmr_error to learn what happened in words; passing
 * NULL is always allowed. Filling it never allocates, so running out of memory is reported too.
 * The library prints nothing and never ends the process. Out parameters are untouched on failure.
 */
#ifndef MMREPLAY_ERROR_H
#define MMREPLAY_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MMR_API        __attribute__((visibility("default")))
#define MMR_MUST_CHECK __attribute__((warn_unused_result))

/* name, value, what it means */
#define MMR_ERROR_MAP(X)                                      \
	X(NOMEM, 1, "out of memory")                          \
	X(IO, 2, "reading or writing a file failed")          \
	X(FORMAT, 3, "the file is not of the expected kind")  \
	X(CORRUPT, 4, "the file is damaged")                  \
	X(TRUNCATED, 5, "the file ends too early")            \
	X(VERSION, 6, "the file was made by a newer version") \
	X(INVALID, 7, "an argument is invalid")               \
	X(PERMISSION, 8, "permission denied")                 \
	X(UNSUPPORTED, 9, "not supported here")               \
	X(LIMIT, 10, "a size exceeds its limit")              \
	X(NOTFOUND, 11, "not there")                          \
	X(EXISTS, 12, "already there")                        \
	X(NOSPACE, 13, "no space left")                       \
	X(DATABASE, 14, "SQLite reported an error")           \
	X(BUSY, 15, "in use by someone else")                 \
	X(INTERNAL, 16, "an invariant of the engine was violated")

enum mmr_error_code {
	MMR_OK = 0,
#define MMR_ERROR_ENUM(name, value, text) MMR_E_##name = -(value),
	MMR_ERROR_MAP(MMR_ERROR_ENUM)
#undef MMR_ERROR_ENUM
};

/* What went wrong, in words. Plain data owned by the caller; zero-initialise it. */
struct mmr_error {
	int code;        /* enum mmr_error_code */
	int sys_errno;   /* errno behind it, or 0 */
	uint64_t offset; /* byte offset in the file where it was noticed, 0 if it has none */
	char text[256];  /* one line, no trailing newline; always terminated */
};

/*
 * Short text for a code ("out of memory"); never NULL, static storage.
 */
MMR_API const char *mmr_error_name(int code);

#ifdef __cplusplus
}
#endif
#endif
