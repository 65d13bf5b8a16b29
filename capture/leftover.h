/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a recorder that died may leave behind outside of its files. Each kind is a struct leftover_ops and
 * a line in the table in leftover.c; mmcap cleanup lists and removes them all.
 */
#ifndef LEFTOVER_H
#define LEFTOVER_H

#include <mmreplay/error.h>

/* Called for each thing that was found: its path, which remove() takes. */
typedef void leftover_found(const char *path, void *data);

struct leftover_ops {
	const char *what; /* of one: "tracefs instance" */

	/* Only what belongs to a recorder that is dead beyond doubt. 0, or an error if nobody can tell. */
	int (*find)(leftover_found *found, void *data, struct mmr_error *err);

	/* 0 or an error. */
	int (*remove)(const char *path, struct mmr_error *err);
};

/* Kind i, NULL past the last. */
const struct leftover_ops *leftover_kind(unsigned int i);

extern const struct leftover_ops leftover_instances; /* leftover_instance.c */
extern const struct leftover_ops leftover_sockets;   /* leftover_socket.c */

#endif
