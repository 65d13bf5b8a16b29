/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose rights a thread of the recorder has. Under sudo(8), or with --user, the recorder is root for the
 * invoking user, who may not get more of root by it than a trace. So
 *
 *	root		the main thread: tracefs, /proc and /sys for snapshots, the instance's removal;
 *			the janitor, which only switches the instance off and removes it
 *	the user	the command; the threads that read the ring buffers (from descriptors that were opened
 *			before), read per-page files, compress and write; and whatever makes, opens or renames
 *			an output file, which is done in a thread that is the user's for good
 *
 * Rights are those of a thread, not of the process, as the kernel has it. That keeps `-o PATH` from
 * reaching what the user may not reach. It is no wall within the process: the threads share their memory.
 */
#ifndef PRIVILEGE_H
#define PRIVILEGE_H

#include <mmreplay/error.h>

#include "child.h"

/* Whose rights; once, before there are threads. Until then, and if user->change is not set, all stays. */
void privilege_init(const struct child_user *user);

/* The calling thread, and those it makes, are the user's from now on. A failure leaves it without rights to use. */
int privilege_drop(struct mmr_error *err) MMR_MUST_CHECK;

/* Calls function in a thread of its own that has dropped its rights; what it returns. */
int privilege_call(int (*function)(void *data, struct mmr_error *err), void *data,
                   struct mmr_error *err) MMR_MUST_CHECK;

#endif
