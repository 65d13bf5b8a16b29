/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child exists before the recorder has threads, and blocks in a read until everything is traced:
 * not one fault of the command is missed, and none of the waiting is in the trace. That the command
 * could not be run comes back through a pipe which a successful exec closes.
 */
#include "child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"
#include "record_options.h"

int child_find_user(struct child_user *user, const char *name, struct mmr_error *err)
{
	const char *sudo_uid = getenv("SUDO_UID");
	const struct passwd *entry;
	char *end;

	*user = (struct child_user){ 0 };
	if (geteuid() != 0 || (!name && !sudo_uid))
		return 0;
	errno = 0;
	if (name) {
		entry = getpwnam(name);
	} else {
		unsigned long uid = strtoul(sudo_uid, &end, 10);

		name = sudo_uid;
		entry = *end == '\0' && end > sudo_uid ? getpwuid((uid_t)uid) : NULL;
	}
	if (!entry)
		return failure(err, MMR_E_NOTFOUND, "there is no user %s to run the command as",
		               name);
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	user->change = entry->pw_uid != 0;
	user->nr_groups = (int)(sizeof(user->groups) / sizeof(user->groups[0]));
	if (getgrouplist(entry->pw_name, entry->pw_gid, user->groups, &user->nr_groups) < 0)
		user->nr_groups = (int)(sizeof(user->groups) / sizeof(user->groups[0]));
	snprintf(user->name, sizeof(user->name), "%s", entry->pw_name);
	snprintf(user->home, sizeof(user->home), "%s", entry->pw_dir);
	snprintf(user->shell, sizeof(user->shell), "%s", entry->pw_shell);
	return 0;
}

static int check_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_INVOKE;
	return S_ISREG(st.st_mode) && (st.st_mode & 0111) ? 0 : EXIT_CANNOT_INVOKE;
}

static int search_path(const char *name)
{
	const char *path = getenv("PATH");
	int ret = EXIT_NOT_FOUND;

	for (path = path ? path : "/usr/bin:/bin"; *path;) {
		size_t length = strcspn(path, ":");
		char file[4096];
		int found;

		snprintf(file, sizeof(file), "%.*s/%s", length ? (int)length : 1,
		         length ? path : ".", name);
		found = check_file(file);
		if (found == 0)
			return 0;
		if (found == EXIT_CANNOT_INVOKE)
			ret = found;
		path += length + (path[length] == ':');
	}
	return ret;
}

int child_check(char **command, struct mmr_error *err)
{
	const char *name = command[0];
	int status = strchr(name, '/') ? check_file(name) : search_path(name);

	if (status == EXIT_NOT_FOUND)
		failure(err, MMR_E_NOTFOUND, "%s: no such command", name);
	else if (status == EXIT_CANNOT_INVOKE)
		failure(err, MMR_E_PERMISSION, "%s: not an executable file", name);
	return status;
}

static int become(const struct child_user *user)
{
	if (!user->change)
		return 0;
	if (initgroups(user->name, user->gid) < 0 ||
	    setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return -1;
	setenv("HOME", user->home, 1);
	setenv("USER", user->name, 1);
	setenv("LOGNAME", user->name, 1);
	setenv("SHELL", user->shell, 1);
	return 0;
}

static _Noreturn void run_child(int go_fd, int error_fd, char **command,
                                const struct child_user *user, bool no_stdout)
{
	sigset_t none;
	char byte;
	ssize_t got;
	int error;

	do {
		got = read(go_fd, &byte, 1);
	} while (got < 0 && errno == EINTR);
	if (got != 1) /* the recorder gave up or died */
		_exit(EXIT_RECORDER);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (no_stdout)
		dup2(STDERR_FILENO, STDOUT_FILENO);
	if (become(user) == 0)
		execvp(command[0], command);
	error = errno;
	if (write(error_fd, &error, sizeof(error)) != (ssize_t)sizeof(error))
		_exit(EXIT_RECORDER);
	_exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_INVOKE);
}

int child_prepare(struct child *c, char **command, const struct child_user *user, bool no_stdout,
                  struct mmr_error *err)
{
	int go[2];
	int error[2];

	*c = (struct child){ .pidfd = -1, .go_fd = -1, .error_fd = -1 };
	if (pipe2(go, O_CLOEXEC) < 0)
		return failure_errno(err, errno, "cannot make a pipe");
	if (pipe2(error, O_CLOEXEC) < 0) {
		close(go[0]);
		close(go[1]);
		return failure_errno(err, errno, "cannot make a pipe");
	}
	c->pid = fork();
	if (c->pid == 0) {
		close(go[1]);
		close(error[0]);
		run_child(go[0], error[1], command, user, no_stdout);
	}
	close(go[0]);
	close(error[1]);
	c->go_fd = go[1];
	c->error_fd = error[0];
	if (c->pid < 0) {
		c->pid = 0;
		return failure_errno(err, errno, "cannot make a process for %s", command[0]);
	}
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd < 0)
		return failure_errno(err, errno, "cannot watch %s", command[0]);
	fcntl(c->pidfd, F_SETFD, FD_CLOEXEC);
	return 0;
}

int child_go(struct child *c, struct mmr_error *err)
{
	int error = 0;
	ssize_t got;

	if (write(c->go_fd, "g", 1) != 1) {
		failure_errno(err, errno, "the process for the command is gone");
		return EXIT_RECORDER;
	}
	do {
		got = read(c->error_fd, &error, sizeof(error));
	} while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(error)) {
		c->started = true;
		return 0;
	}
	failure_errno(err, error, "cannot run the command");
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_INVOKE;
}

bool child_reap(struct child *c)
{
	if (c->pid > 0 && waitpid(c->pid, &c->status, WNOHANG) == c->pid) {
		c->pid = 0;
		c->ended = true;
	}
	return c->ended;
}

void child_signal(const struct child *c, int signal)
{
	if (c->pid > 0 && c->started)
		kill(c->pid, signal);
}

void child_deinit(struct child *c)
{
	if (c->go_fd >= 0)
		close(c->go_fd);
	if (c->pid > 0 && !c->started)
		waitpid(c->pid, &c->status, 0); /* it saw the pipe close */
	if (c->error_fd >= 0)
		close(c->error_fd);
	if (c->pidfd >= 0)
		close(c->pidfd);
	*c = (struct child){ .pidfd = -1, .go_fd = -1, .error_fd = -1 };
}

void child_print_tasks(FILE *stream, const char *pid)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/task", pid);
	dir = opendir(path);
	if (!dir)
		fprintf(stream, "%s\n", pid); /* it ended just now, or is a thread itself */
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			fprintf(stream, "%s\n", entry->d_name);
	if (dir)
		closedir(dir);
}

int child_exit_status(const struct child *c)
{
	if (WIFSIGNALED(c->status))
		return 128 + WTERMSIG(c->status);
	return WEXITSTATUS(c->status);
}
