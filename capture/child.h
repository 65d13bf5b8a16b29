/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command that is recorded: made before tracing is on, let go when it is. */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include <mmreplay/error.h>

struct child {
	pid_t pid;    /* 0: none, or it was waited for */
	int pidfd;    /* readable when it has ended */
	int go_fd;    /* a byte into it lets the command start */
	int error_fd; /* the errno of a failed start comes out of it, or end of file */
	bool started;
	int status; /* of waitpid(), once it has ended */
	bool ended;
};

/* Who runs a command: the invoking user under sudo, or the one named. */
struct child_user {
	bool change;
	uid_t uid;
	gid_t gid;
	gid_t groups[64]; /* the first so many, if there are more */
	int nr_groups;
	char name[64];
	char home[256];
	char shell[256];
};

/* name may be NULL. MMR_E_NOTFOUND: there is no such user. */
int child_find_user(struct child_user *user, const char *name,
                    struct mmr_error *err) MMR_MUST_CHECK;

/*
 * Whether the command can be found at all: 0, or the exit status that says why not (126, 127) with
 * err filled.
 */
int child_check(char **command, struct mmr_error *err);

/* Forks; the child waits for child_go(). Call it while the process has one thread. */
int child_prepare(struct child *child, char **command, const struct child_user *user,
                  bool no_stdout, struct mmr_error *err) MMR_MUST_CHECK;

/* Lets it start. 0, or the exit status 126 or 127 with err filled if it cannot be run. */
int child_go(struct child *child, struct mmr_error *err);

/* Collects it if it has ended; whether it has. */
bool child_reap(struct child *child);

/* Sends it a signal, if it runs. */
void child_signal(const struct child *child, int signal);

/* Frees what is left; a child that was never let go ends by itself. */
void child_deinit(struct child *child);

/* Writes the ids of a process's threads, a line each; pid is text. */
void child_print_tasks(FILE *stream, const char *pid);

/* As a shell has it: the status, or 128+N. */
int child_exit_status(const struct child *child);

#endif
