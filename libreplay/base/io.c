/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "alloc.h"
#include "error_set.h"

int base_write_all(int fd, const void *data, size_t size, const char *path, struct mmr_error *err)
{
	const char *p = data;

	while (size > 0) {
		ssize_t written = write(fd, p, size);

		if (written < 0) {
			if (errno == EINTR)
				continue;
			return base_error_errno(err, errno, "cannot write %s", path);
		}
		p += written;
		size -= (size_t)written;
	}
	return 0;
}

ssize_t base_pread_all(int fd, void *data, size_t size, uint64_t offset, const char *path,
                       struct mmr_error *err)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = pread(fd, (char *)data + done, size - done, (off_t)(offset + done));

		if (got < 0) {
			if (errno == EINTR)
				continue;
			return base_error_errno(err, errno, "cannot read %s", path);
		}
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

static int read_to_end(int fd, const char *path, size_t limit, void **data, size_t *size,
                       struct mmr_error *err)
{
	size_t capacity = 0;
	size_t used = 0;

	for (;;) {
		ssize_t got;

		if (capacity - used < 4096) {
			capacity = capacity ? capacity * 2 : 16384;
			if (base_resize(data, capacity + 1, 1) < 0)
				return base_error(err, MMR_E_NOMEM, "out of memory reading %s",
				                  path);
		}
		got = read(fd, (char *)*data + used, capacity - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return base_error_errno(err, errno, "cannot read %s", path);
		if (got == 0)
			break;
		used += (size_t)got;
		if (used > limit)
			return base_error(err, MMR_E_LIMIT, "%s is larger than %zu bytes", path,
			                  limit);
	}
	((char *)*data)[used] = '\0';
	*size = used;
	return 0;
}

int base_read_file(const char *path, size_t limit, char **data, size_t *size, struct mmr_error *err)
{
	void *buffer = NULL;
	int ret;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return base_error_errno(err, errno, "cannot open %s", path);
	ret = read_to_end(fd, path, limit, &buffer, size, err);
	close(fd);
	if (ret < 0) {
		base_free(buffer);
		return ret;
	}
	*data = buffer;
	return 0;
}
