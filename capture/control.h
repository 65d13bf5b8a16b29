/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How `mmcap trigger` reaches a flight recorder: a UNIX socket DIR/PID.sock, mode 0600, DIR being
 * /run/mmcap for root and $XDG_RUNTIME_DIR/mmcap for others. A message is a list of KEY=VALUE, each
 * ended by a NUL; one goes there, one comes back when the file is written. Only root and who runs the
 * recorder are heard.
 *	there   ask=save, last=NS (optional), output=ABSOLUTE PATH (optional)
 *	back    file=PATH, events=N, bytes=N, first_ns=, last_ns=, took_ns=; or error=TEXT
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <mmreplay/error.h>

#define CONTROL_MAX_MESSAGE 5120 /* a path and some numbers */

struct control_message {
	char text[CONTROL_MAX_MESSAGE];
	size_t size;
};

void control_put(struct control_message *message, const char *key, const char *value);
void control_put_number(struct control_message *message, const char *key, uint64_t value);
/* The value; NULL: there is none. */
const char *control_get(const struct control_message *message, const char *key);
bool control_get_number(const struct control_message *message, const char *key, uint64_t *value);

/* One message, within timeout_ms (-1: for ever). 0, or an error; an end of the other side is one. */
int control_send(int fd, const struct control_message *message);
int control_receive(int fd, struct control_message *message, int timeout_ms);

/* ---- the recorder's side ---- */

struct control {
	int fd; /* to poll; -1: none */
	char path[108];
};

/* Sockets of recorders that died are removed. */
int control_listen(struct control *control, struct mmr_error *err) MMR_MUST_CHECK;
/* A connection of somebody who may, with its message; -1: there is none (any more). */
int control_accept(const struct control *control, struct control_message *message);
void control_close(struct control *control);

/* ---- the client's side ---- */

/* Pids of recorders that listen, up to max, ascending. */
size_t control_find(pid_t *pids, size_t max);
/* A connection to one of them. */
int control_connect(pid_t pid, struct mmr_error *err) MMR_MUST_CHECK;

#endif
