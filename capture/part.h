/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What runs beside the ring buffer's readers while a recording lasts: light snapshots, access samples,
 * conditions. Each is a part: a file with a struct part_ops, and a line in the table in part.c. The main
 * thread calls them; work of more than a few milliseconds belongs in a thread of the part's own.
 */
#ifndef PART_H
#define PART_H

#include <stdbool.h>

#include <mmreplay/error.h>

struct recording;
struct part;
struct pollfd;

/* Each function may be NULL, wanted too: always. A failure (MMR_E_*) ends the recording with 125. */
struct part_ops {
	const char *name;

	bool (*wanted)(const struct recording *recording);

	/* The instance exists, tracing is off; the command waits; header texts may still be added. */
	int (*prepare)(struct recording *recording, struct part *part, struct mmr_error *err);

	/* Tracing is on and the start snapshot is taken; the command starts next. */
	int (*begin)(struct recording *recording, struct part *part, struct mmr_error *err);

	/* part->fd is readable, and the recording has not ended. */
	int (*ready)(struct recording *recording, struct part *part, struct mmr_error *err);

	/* The recording has ended; the end snapshot is taken next. Not after a failed begin. */
	int (*end)(struct recording *recording, struct part *part, struct mmr_error *err);

	/* In any case for one that was wanted, after any of the above. The writer may be gone. */
	void (*deinit)(struct recording *recording, struct part *part);
};

struct part {
	const struct part_ops *ops;
	void *state; /* the part's own */
	int fd;      /* polled for input while recording; -1: none; closed by the part */
	bool begun;
};

#define PARTS_MAX 8

/* Those parts that a recording wants. */
struct parts {
	struct part parts[PARTS_MAX];
	unsigned int count;
};

/* All in the table's order; the first failure ends it. */
int parts_prepare(struct recording *recording, struct mmr_error *err) MMR_MUST_CHECK;
int parts_begin(struct recording *recording, struct mmr_error *err) MMR_MUST_CHECK;

/* Fills fds, which has room for PARTS_MAX, one for each part. */
void parts_poll(const struct recording *recording, struct pollfd *fds);

/* After poll(): lets the parts whose file is readable run. */
int parts_ready(struct recording *recording, const struct pollfd *fds,
                struct mmr_error *err) MMR_MUST_CHECK;

/* Ends all that began, in the reverse order, whatever fails; tells the first failure. */
int parts_end(struct recording *recording, struct mmr_error *err);
void parts_deinit(struct recording *recording);

#endif
