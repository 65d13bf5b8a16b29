/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The read and write loops, once. */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <mmreplay/error.h>

/* Writes all of data; 0, or an error that names path. Retries EINTR and short writes. */
int base_write_all(int fd, const void *data, size_t size, const char *path,
                   struct mmr_error *err) MMR_MUST_CHECK;

/* Reads up to size bytes at offset; the number read (less only at the end of the file), or an error. */
ssize_t base_pread_all(int fd, void *data, size_t size, uint64_t offset, const char *path,
                       struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Reads a whole file (a /proc file too, whose size is not known) of at most limit bytes into fresh
 * memory, which gets a terminating NUL that *size does not count. The caller frees *data with base_free().
 */
int base_read_file(const char *path, size_t limit, char **data, size_t *size,
                   struct mmr_error *err) MMR_MUST_CHECK;

#endif
