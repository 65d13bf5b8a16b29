/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that outlives the recorder only to remove its instance if the recorder dies (kill -9): no
 * instance is left behind that traces for ever.
 */
#ifndef JANITOR_H
#define JANITOR_H

#include <sys/types.h>

#include <mmreplay/error.h>

struct janitor {
	pid_t pid; /* 0: none */
	int fd;    /* its end means that the recorder died */
};

/* dir is the instance's. Call it while the process has one thread. */
int janitor_start(struct janitor *janitor, const char *dir, struct mmr_error *err) MMR_MUST_CHECK;

/* What is to be removed besides the instance, if the recorder dies from now on. */
#define JANITOR_DAMON 'd' /* the only kdamond there is */
void janitor_keep(const struct janitor *janitor, char what);

/* The recorder has cleaned up itself. */
void janitor_dismiss(struct janitor *janitor);

#endif
