/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets share. Each defines LLVMFuzzerTestOneInput(); regress.c or libFuzzer calls it. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libtraceevent forgets parts of print formats that it cannot parse; the limit on texts bounds that. */
#define FUZZ_LEAKS_OF_LIBTRACEEVENT                    \
	const char *__lsan_default_suppressions(void); \
	const char *__lsan_default_suppressions(void)  \
	{                                              \
		return "leak:libtraceevent\n";         \
	}

struct fuzz_file {
	char path[32];
	int fd;
};

/* A file in memory with this content, for what takes a path. */
static inline struct fuzz_file fuzz_file_open(const void *data, size_t size)
{
	struct fuzz_file file = { .fd = memfd_create("fuzz", MFD_CLOEXEC) };

	if (file.fd < 0 || write(file.fd, data, size) != (ssize_t)size)
		abort();
	snprintf(file.path, sizeof(file.path), "/proc/self/fd/%d", file.fd);
	return file;
}

static inline void fuzz_file_close(struct fuzz_file *file)
{
	close(file->fd);
}

#endif
