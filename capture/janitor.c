/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"

#define DISMISSED 'q'
#define TRIES     250
#define PAUSE_US  20000

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		errno = 0; /* nobody is left to be told */
	close(fd);
}

static void remove_damon(void)
{
	put("/sys/kernel/mm/damon/admin/kdamonds/0/state", "off");
	put("/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds", "0");
}

static _Noreturn void keep_watch(int fd, const char *dir)
{
	sigset_t all;
	char path[4096];
	char byte;
	bool damon = false;
	ssize_t got;

	setsid(); /* out of reach of the terminal's signals */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "mmcap/janitor");
	/* Holding on to the terminal or a pipe would keep somebody waiting for its end. */
	if (close_range(0, (unsigned int)fd - 1, 0) < 0 ||
	    close_range((unsigned int)fd + 1, ~0u, 0) < 0)
		_exit(1);
	do {
		got = read(fd, &byte, 1);
		damon |= got == 1 && byte == JANITOR_DAMON;
	} while ((got < 0 && errno == EINTR) || (got == 1 && byte != DISMISSED));
	if (got == 1)
		_exit(0);
	if (damon)
		remove_damon();
	snprintf(path, sizeof(path), "%s/tracing_on", dir);
	put(path, "0");
	/* Until the last thread of the recorder is gone the kernel says that it is busy. */
	for (int i = 0; i < TRIES && rmdir(dir) < 0 && errno == EBUSY; i++)
		usleep(PAUSE_US);
	_exit(0);
}

int janitor_start(struct janitor *j, const char *dir, struct mmr_error *err)
{
	int fds[2];

	*j = (struct janitor){ .fd = -1 };
	if (pipe2(fds, O_CLOEXEC) < 0)
		return failure_errno(err, errno, "cannot make a pipe");
	j->pid = fork();
	if (j->pid == 0)
		keep_watch(fds[0], dir);
	close(fds[0]);
	j->fd = fds[1];
	if (j->pid < 0) {
		j->pid = 0;
		close(j->fd);
		return failure_errno(err, errno, "cannot make a process");
	}
	return 0;
}

void janitor_keep(const struct janitor *j, char what)
{
	if (j->pid > 0 && write(j->fd, &what, 1) != 1)
		errno = 0; /* it died: then nobody cleans up, as nobody would have the instance */
}

void janitor_dismiss(struct janitor *j)
{
	if (j->pid <= 0)
		return;
	if (write(j->fd, &(char){ DISMISSED }, 1) == 1)
		waitpid(j->pid, NULL, 0);
	close(j->fd);
	*j = (struct janitor){ .fd = -1 };
}
