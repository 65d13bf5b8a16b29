/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples of page accesses: which source they come from, and what it does in the course of a recording.
 * A source is one file, access_NAME.c.
 */
#ifndef ACCESS_H
#define ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "part.h"

enum access_kind {
	ACCESS_NONE,
	ACCESS_AUTO, /* the best that disturbs little: see access.c */
	ACCESS_IDLE,
	ACCESS_DAMON,
	ACCESS_PERF,
	ACCESS_FAULTS,
};

struct recording;

struct access_source {
	const char *name;
	uint64_t default_interval_ns;
	const char *events; /* recorded in addition to those asked for; NULL: none */

	/* Whether this machine can do it in this recording; if not, err says why. Changes nothing. */
	int (*check)(const struct recording *recording, struct mmr_error *err);

	/* The command's process is made next, and inherits what is set here. May be NULL. */
	int (*before_child)(struct recording *recording, struct mmr_error *err);

	/* What it does as a part. */
	struct part_ops part;
};

struct access {
	const struct access_source *source; /* NULL: none */
	uint64_t interval_ns;

	/* Of faults: what the command's process inherits, and the other end of it. */
	int own_fd;
	int child_fd;
	int device_fd;
};

/* The part: all functions go on to the source. */
extern const struct part_ops part_access;

extern const struct access_source access_idle;
extern const struct access_source access_damon;
extern const struct access_source access_faults;
extern const struct access_source access_perf;

/* Of a word on the command line; false: there is no such source. */
bool access_parse(const char *word, enum access_kind *kind);

/* Decides. With ACCESS_AUTO that there is none is no failure. */
int access_choose(struct recording *r, struct mmr_error *err) MMR_MUST_CHECK;

/* Chooses the events that were asked for, and those of the source. root is tracefs. */
int access_choose_events(struct recording *recording, const char *root,
                         struct mmr_error *err) MMR_MUST_CHECK;

/* Before the command's process is made. */
int access_before_child(struct recording *r, struct mmr_error *err) MMR_MUST_CHECK;

#endif
