/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SOCK_SEQPACKET: messages arrive whole or not at all. A socket whose recorder was killed stays in the
 * file system; connecting to it is refused, which is how it is told from one at work.
 */
#include "control.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "failure.h"

#define BACKLOG     16
#define MAX_DIR     88
#define PATIENCE_MS 100 /* a client speaks at once; the recorder has other things to do */

/* ---- messages ---- */

void control_put(struct control_message *m, const char *key, const char *value)
{
	size_t room = sizeof(m->text) - m->size;
	int size = snprintf(m->text + m->size, room, "%s=%s", key, value);

	if (size >= 0 && (size_t)size < room)
		m->size += (size_t)size + 1;
}

void control_put_number(struct control_message *m, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	control_put(m, key, text);
}

const char *control_get(const struct control_message *m, const char *key)
{
	size_t length = strlen(key);

	for (size_t at = 0; at < m->size; at += strlen(m->text + at) + 1)
		if (strncmp(m->text + at, key, length) == 0 && m->text[at + length] == '=')
			return m->text + at + length + 1;
	return NULL;
}

bool control_get_number(const struct control_message *m, const char *key, uint64_t *value)
{
	const char *text = control_get(m, key);
	char *end;

	if (!text || !*text)
		return false;
	*value = strtoull(text, &end, 10);
	return *end == '\0';
}

int control_send(int fd, const struct control_message *m)
{
	ssize_t sent = send(fd, m->text, m->size, MSG_NOSIGNAL);

	return sent == (ssize_t)m->size ? 0 : MMR_E_IO;
}

int control_receive(int fd, struct control_message *m, int timeout_ms)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	ssize_t got;
	int ready;

	do {
		ready = poll(&poller, 1, timeout_ms);
	} while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return MMR_E_BUSY;
	got = recv(fd, m->text, sizeof(m->text) - 1, MSG_DONTWAIT | MSG_TRUNC);
	if (got <= 0 || (size_t)got >= sizeof(m->text))
		return MMR_E_IO;
	m->size = (size_t)got;
	m->text[m->size] = '\0';
	return 0;
}

/* ---- where ---- */

static const char *root_dir = "/run/mmcap"; /* a test has another */

/* false: there is no place for it. */
static bool directory(char dir[MAX_DIR])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int size;

	if (geteuid() == 0)
		size = snprintf(dir, MAX_DIR, "%s", root_dir);
	else
		size = snprintf(dir, MAX_DIR, "%s/mmcap", runtime ? runtime : "");
	return size > 0 && size < MAX_DIR && dir[0] == '/' && (geteuid() == 0 || runtime);
}

static void set_address(struct sockaddr_un *address, const char *dir, pid_t pid)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof(address->sun_path), "%.87s/%d.sock", dir, (int)pid);
}

static int connect_to(const char *dir, pid_t pid)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int error;

	set_address(&address, dir, pid);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

static int compare_pids(const void *a, const void *b)
{
	const pid_t *x = a;
	const pid_t *y = b;

	return (*x > *y) - (*x < *y);
}

/* Those whose recorder answers; sockets of the others are removed if the directory allows it. */
static size_t find_in(const char *dir, pid_t *pids, size_t max)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;
	size_t count = 0;

	while (stream && (entry = readdir(stream))) {
		struct sockaddr_un address;
		char *end;
		long pid = strtol(entry->d_name, &end, 10);
		int fd;

		if (pid <= 0 || strcmp(end, ".sock") != 0)
			continue;
		fd = connect_to(dir, (pid_t)pid);
		if (fd >= 0) {
			close(fd);
			if (count < max)
				pids[count++] = (pid_t)pid;
		} else if (errno == ECONNREFUSED) {
			set_address(&address, dir, (pid_t)pid);
			unlink(address.sun_path);
		}
	}
	if (stream)
		closedir(stream);
	if (count > 1)
		qsort(pids, count, sizeof(*pids), compare_pids);
	return count;
}

size_t control_find(pid_t *pids, size_t max)
{
	char dir[MAX_DIR];

	return directory(dir) ? find_in(dir, pids, max) : 0;
}

int control_connect(pid_t pid, struct mmr_error *err)
{
	char dir[MAX_DIR];
	int fd;

	if (!directory(dir))
		return failure(err, MMR_E_NOTFOUND, "XDG_RUNTIME_DIR is not set");
	fd = connect_to(dir, pid);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ECONNREFUSED)
		return failure(err, MMR_E_NOTFOUND,
		               "process %d is no recorder with --ring of this user", (int)pid);
	return failure_errno(err, errno, "cannot reach recorder %d", (int)pid);
}

/* ---- the recorder's side ---- */

/* The directory must be ours alone: in somebody else's a socket could be replaced. */
static int make_directory(const char *dir, struct mmr_error *err)
{
	struct stat st;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return failure_errno(err, errno, "cannot make %s", dir);
	if (lstat(dir, &st) < 0)
		return failure_errno(err, errno, "cannot use %s", dir);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
		return failure(err, MMR_E_PERMISSION, "%s is not a directory of ours alone", dir);
	return 0;
}

int control_listen(struct control *c, struct mmr_error *err)
{
	struct sockaddr_un address;
	char dir[MAX_DIR];
	mode_t mask;
	int bound;
	int ret;

	*c = (struct control){ .fd = -1 };
	if (!directory(dir))
		return failure(err, MMR_E_NOTFOUND, "XDG_RUNTIME_DIR is not set");
	ret = make_directory(dir, err);
	if (ret < 0)
		return ret;
	find_in(dir, NULL, 0); /* removes what dead ones left */
	set_address(&address, dir, getpid());
	unlink(address.sun_path); /* of an earlier process with this number */
	c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return failure_errno(err, errno, "cannot make a socket");
	mask = umask(0177);
	bound = bind(c->fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (bound < 0 || listen(c->fd, BACKLOG) < 0) {
		ret = failure_errno(err, errno, "cannot listen on %s", address.sun_path);
		close(c->fd);
		c->fd = -1;
		return ret;
	}
	snprintf(c->path, sizeof(c->path), "%s", address.sun_path);
	return 0;
}

/* Root, or who runs the recorder. */
static bool may_ask(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

int control_accept(const struct control *c, struct control_message *m)
{
	int fd;

	while ((fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		/* Who only looks whether we are there closes at once. */
		if (may_ask(fd) && control_receive(fd, m, PATIENCE_MS) == 0)
			return fd;
		close(fd);
	}
	return -1;
}

void control_close(struct control *c)
{
	if (c->fd < 0)
		return;
	unlink(c->path);
	close(c->fd);
	c->fd = -1;
}
