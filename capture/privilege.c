/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The C library makes setuid() change all threads; the system calls change the one that makes them.
 */
#include "privilege.h"

#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "failure.h"

/* Where numbers of users once had 16 bits, the calls for today's have other names. */
#ifdef SYS_setgroups32
#define SETGROUPS SYS_setgroups32
#define SETRESGID SYS_setresgid32
#define SETRESUID SYS_setresuid32
#else
#define SETGROUPS SYS_setgroups
#define SETRESGID SYS_setresgid
#define SETRESUID SYS_setresuid
#endif

static struct child_user rights;

void privilege_init(const struct child_user *user)
{
	rights = *user;
}

int privilege_drop(struct mmr_error *err)
{
	if (!rights.change)
		return 0;
	/* The user last: after that nothing else may be changed. It takes the capabilities away, too. */
	if (syscall(SETGROUPS, rights.nr_groups, rights.groups) < 0 ||
	    syscall(SETRESGID, rights.gid, rights.gid, rights.gid) < 0 ||
	    syscall(SETRESUID, rights.uid, rights.uid, rights.uid) < 0)
		return failure_errno(err, errno, "cannot become %s", rights.name);
	return 0;
}

struct call {
	int (*function)(void *data, struct mmr_error *err);
	void *data;
	struct mmr_error *err;
	int ret;
};

static void *call_as_user(void *data)
{
	struct call *call = data;

	call->ret = privilege_drop(call->err);
	if (call->ret == 0)
		call->ret = call->function(call->data, call->err);
	return NULL;
}

int privilege_call(int (*function)(void *data, struct mmr_error *err), void *data,
                   struct mmr_error *err)
{
	struct call call = { .function = function, .data = data, .err = err };
	pthread_t thread;
	int error;

	if (!rights.change)
		return function(data, err);
	error = pthread_create(&thread, NULL, call_as_user, &call);
	if (error)
		return failure_errno(err, error, "cannot start a thread");
	pthread_join(thread, NULL);
	return call.ret;
}
