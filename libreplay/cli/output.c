// SPDX-License-Identifier: GPL-2.0-or-later
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "cli_private.h"

static int output_error(struct mmr_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int output_error(struct mmr_error *err, int code, const char *fmt, ...)
{
	va_list args;

	err->code = code;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return code;
}

static int io_error(const char *path, struct mmr_error *err)
{
	err->sys_errno = errno;
	return output_error(err, MMR_E_IO, "cannot write %.180s: %s", path, strerror(errno));
}

static int exists_error(const char *path, struct mmr_error *err)
{
	return output_error(err, MMR_E_EXISTS, "%.180s exists; -f replaces it", path);
}

int output_check(const char *path, bool force, bool binary, struct mmr_error *err)
{
	struct stat st;

	if (strcmp(path, "-") == 0) {
		if (binary && isatty(STDOUT_FILENO))
			return output_error(err, MMR_E_INVALID,
			                    "a picture is not written to a terminal; use -o FILE");
		return 0;
	}
	if (stat(path, &st))
		return 0;
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return io_error(path, err);
	}
	if (S_ISREG(st.st_mode) && !force)
		return exists_error(path, err);
	return 0;
}

static int write_all(int fd, const char *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t written = write(fd, data + done, size - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		done += (size_t)written;
	}
	return 0;
}

static int write_direct(const char *path, const char *data, size_t size, struct mmr_error *err)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDOUT_FILENO : open(path, O_WRONLY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0 || write_all(fd, data, size))
		rc = io_error(standard ? "standard output" : path, err);
	if (fd >= 0 && !standard && close(fd) && !rc)
		rc = io_error(path, err);
	return rc;
}

/* mkstemp() keeps the file private; a picture gets the mode that any new file gets. */
static int set_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	return fchmod(fd, 0666 & ~mask);
}

/* link() fails where the name is taken; file systems without links have to trust the earlier look. */
static int publish(const char *temporary, const char *path, bool force, struct mmr_error *err)
{
	if (!force) {
		if (link(temporary, path) == 0) {
			unlink(temporary);
			return 0;
		}
		if (errno == EEXIST)
			return exists_error(path, err);
	}
	return rename(temporary, path) ? io_error(path, err) : 0;
}

static int write_renamed(const char *path, bool force, const char *data, size_t size,
                         struct mmr_error *err)
{
	size_t room = strlen(path) + sizeof(".XXXXXX");
	char *temporary = NULL;
	int fd, rc;

	cli_resize((void **)&temporary, room, 1);
	snprintf(temporary, room, "%s.XXXXXX", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		rc = io_error(path, err);
		base_free(temporary);
		return rc;
	}
	rc = write_all(fd, data, size) || set_mode(fd) ? io_error(path, err) : 0;
	if (close(fd) && !rc)
		rc = io_error(path, err);
	if (!rc)
		rc = publish(temporary, path, force, err);
	if (rc)
		unlink(temporary);
	base_free(temporary);
	return rc;
}

int output_write(const char *path, bool force, const void *data, size_t size, struct mmr_error *err)
{
	struct stat st;
	char *real;
	int rc;

	if (strcmp(path, "-") == 0 || (stat(path, &st) == 0 && !S_ISREG(st.st_mode)))
		return write_direct(path, data, size, err);
	real = force ? realpath(path, NULL) : NULL; /* a link keeps pointing at what it named */
	rc = write_renamed(real ? real : path, force, data, size, err);
	free(real);
	return rc;
}
