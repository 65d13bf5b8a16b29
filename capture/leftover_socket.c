/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets by which flight recorders are reached, PID.sock in /run/mmcap or $XDG_RUNTIME_DIR/mmcap. A live
 * recorder's socket takes a connection, whatever process has its number now.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "failure.h"
#include "leftover.h"

static bool is_dead(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;
	bool dead;

	if (strlen(path) >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	dead = connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 &&
	       errno == ECONNREFUSED;
	close(fd);
	return dead;
}

static void find_in(const char *dir, leftover_found *found, void *data)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;

	while (stream && (entry = readdir(stream))) {
		char path[4096];
		char *end;

		if (strtol(entry->d_name, &end, 10) <= 0 || strcmp(end, ".sock") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (is_dead(path))
			found(path, data);
	}
	if (stream)
		closedir(stream);
}

static int find(leftover_found *found, void *data, struct mmr_error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char dir[2048];

	(void)err;
	find_in("/run/mmcap", found, data);
	if (runtime && runtime[0] == '/' && strlen(runtime) + 8 < sizeof(dir)) {
		snprintf(dir, sizeof(dir), "%s/mmcap", runtime);
		find_in(dir, found, data);
	}
	return 0;
}

static int remove_socket(const char *path, struct mmr_error *err)
{
	return unlink(path) < 0 ? failure_errno(err, errno, "cannot remove %s", path) : 0;
}

const struct leftover_ops leftover_sockets = {
	.what = "socket",
	.find = find,
	.remove = remove_socket,
};
