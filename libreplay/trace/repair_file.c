/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A repaired file gets its name only when it is complete and on the disk. In place, the original keeps a
 * name at any instant: it is linked as .old before the new file takes its place in one step.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "error_set.h"
#include "io.h"
#include "repair.h"

static char *with_suffix(const char *path, const char *suffix)
{
	size_t size = strlen(path) + strlen(suffix) + 1;
	char *name = base_calloc(size, 1);

	if (name)
		snprintf(name, size, "%s%s", path, suffix);
	return name;
}

int trace_repair_file_create(struct repair_file *file, const char *input, const char *path,
                             bool force, struct mmr_error *err)
{
	struct stat st;
	struct stat own;

	*file = (struct repair_file){ .fd = -1 };
	file->path = base_strndup(path ? path : input, strlen(path ? path : input));
	file->partial = file->path ? with_suffix(file->path, ".repair") : NULL;
	if (!file->partial)
		return base_error(err, MMR_E_NOMEM, "out of memory for a name");
	if (path && lstat(path, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			return base_error(err, MMR_E_INVALID, "%s is not a regular file", path);
		if (stat(input, &own) == 0 && own.st_dev == st.st_dev && own.st_ino == st.st_ino)
			return base_error(err, MMR_E_INVALID,
			                  "%s is the file to be repaired; that has to be asked for",
			                  path);
		if (!force)
			return base_error(err, MMR_E_EXISTS, "%s exists", path);
	}
	/* One that was left by a repair that was killed. */
	unlink(file->partial);
	file->fd = open(file->partial, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file->fd < 0)
		return base_error_errno(err, errno, "cannot create %s", file->partial);
	return 0;
}

int trace_repair_file_append(struct repair_file *file, const void *data, size_t size,
                             struct mmr_error *err)
{
	int ret = base_write_all(file->fd, data, size, file->partial, err);

	if (ret == 0)
		file->offset += size;
	return ret;
}

/* The input is to be found as .old, and under its own name until the new one has that. */
static int keep_old(const char *input, struct mmr_error *err)
{
	char *old = with_suffix(input, ".old");
	int ret = 0;

	if (!old)
		return base_error(err, MMR_E_NOMEM, "out of memory for a name");
	unlink(old);
	/* File systems without links: for a moment there is none of that name. */
	if (link(input, old) < 0 && rename(input, old) < 0)
		ret = base_error_errno(err, errno, "cannot rename %s", input);
	base_free(old);
	return ret;
}

int trace_repair_file_finish(struct repair_file *file, const char *input, bool replace, bool force,
                             struct mmr_error *err)
{
	unsigned int flags = replace || force ? 0 : RENAME_NOREPLACE;
	struct stat st;
	int ret = 0;

	/* It is as much anybody's business as the original. */
	if (stat(input, &st) == 0 && fchown(file->fd, st.st_uid, st.st_gid) == 0 &&
	    fchmod(file->fd, st.st_mode & 0777) < 0)
		return base_error_errno(err, errno, "cannot set the mode of %s", file->partial);
	if (fsync(file->fd) < 0)
		return base_error_errno(err, errno, "cannot write %s", file->partial);
	if (replace)
		ret = keep_old(input, err);
	if (ret < 0)
		return ret;
	if (renameat2(AT_FDCWD, file->partial, AT_FDCWD, file->path, flags) < 0 &&
	    !(flags && (errno == EINVAL || errno == ENOSYS) && access(file->path, F_OK) < 0 &&
	      rename(file->partial, file->path) == 0))
		return base_error_errno(err, errno, "cannot rename %s to %s", file->partial,
		                        file->path);
	base_free(file->partial);
	file->partial = NULL;
	return 0;
}

void trace_repair_file_deinit(struct repair_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	if (file->partial && file->fd >= 0)
		unlink(file->partial);
	base_free(file->partial);
	base_free(file->path);
	*file = (struct repair_file){ .fd = -1 };
}
