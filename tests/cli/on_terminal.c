/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * on_terminal ACTION... -- COMMAND [ARGUMENT...]
 * Runs a command on a terminal of its own, 80x24, and copies what it writes to stdout. Actions, in turn:
 *	wait=MS      let it run
 *	see=TEXT     let it run until it has written this since the last see, 10 s at most
 *	type=TEXT    press keys (^C is the interrupt key)
 *	size=CxR     resize the terminal
 *	signal=N     send a signal to the command
 *	stop         read no more of what it writes
 *	close        hang up
 * Then it waits for the end, 10 s at most. The command's status, 128+N after signal N, 99: it never ended.
 * On stderr: "pid N", "modes kept" or "modes changed" (of the terminal, compared with those before).
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static int terminal;
static int other_end;
static pid_t pid;
static bool reading = true;
static char seen[65536]; /* written since the last see= */
static size_t nr_seen;

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void note(const char *text, size_t size)
{
	if (nr_seen + size >= sizeof(seen))
		nr_seen = 0;
	memcpy(seen + nr_seen, text, size);
	nr_seen += size;
}

/* Copies for that long, or until the command has ended; whether it has. */
static bool copy(long ms, int *status)
{
	long end = now_ms() + ms;

	for (;;) {
		struct pollfd in = { .fd = reading ? terminal : -1, .events = POLLIN };
		char text[4096];
		ssize_t size = 0;

		if (poll(&in, 1, 20) > 0 && in.revents & POLLIN)
			size = read(terminal, text, sizeof(text));
		if (size > 0) {
			fwrite(text, 1, (size_t)size, stdout);
			note(text, (size_t)size);
		} else if (waitpid(pid, status, WNOHANG) == pid) {
			return true;
		}
		if (now_ms() >= end)
			return false;
	}
}

static bool see(const char *text, int *status)
{
	long end = now_ms() + 10000;

	while (!memmem(seen, nr_seen, text, strlen(text))) {
		if (copy(20, status))
			return true;
		if (now_ms() >= end) {
			fprintf(stderr, "on_terminal: never saw %s\n", text);
			return false;
		}
	}
	nr_seen = 0;
	return false;
}

static bool act(const char *action, int *status)
{
	struct winsize size = { 0 };
	const char *value = strchr(action, '=');

	value = value ? value + 1 : "";
	if (strncmp(action, "wait=", 5) == 0)
		return copy(strtol(value, NULL, 10), status);
	if (strncmp(action, "see=", 4) == 0)
		return see(value, status);
	if (strncmp(action, "type=", 5) == 0) {
		const char *keys = strcmp(value, "^C") == 0 ? "\003" : value;

		if (write(terminal, keys, strlen(keys)) < 0)
			perror("on_terminal: type");
	} else if (strncmp(action, "size=", 5) == 0) {
		if (sscanf(value, "%hux%hu", &size.ws_col, &size.ws_row) == 2)
			ioctl(terminal, TIOCSWINSZ, &size);
	} else if (strncmp(action, "signal=", 7) == 0) {
		kill(pid, (int)strtol(value, NULL, 10));
	} else if (strcmp(action, "stop") == 0) {
		reading = false;
	} else if (strcmp(action, "close") == 0) {
		close(other_end);
		close(terminal);
		other_end = -1;
		reading = false;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	struct termios before;
	struct termios after;
	int status = 0;
	bool ended = false;
	int command = 1;

	while (command < argc && strcmp(argv[command], "--") != 0)
		command++;
	if (command + 1 >= argc || openpty(&terminal, &other_end, NULL, NULL, &size) < 0)
		return 98;
	tcgetattr(other_end, &before);
	pid = fork();
	if (pid == 0) {
		close(terminal);
		setsid();
		ioctl(other_end, TIOCSCTTY, 0);
		for (int fd = 0; fd < 3; fd++)
			dup2(other_end, fd);
		close(other_end);
		execvp(argv[command + 1], argv + command + 1);
		_exit(97);
	}
	fprintf(stderr, "pid %d\n", (int)pid);
	for (int i = 1; i < command && !ended; i++)
		ended = act(argv[i], &status);
	if (!ended)
		ended = copy(10000, &status);
	if (!ended) {
		kill(pid, SIGKILL);
		return 99;
	}
	if (other_end >= 0 && tcgetattr(other_end, &after) == 0)
		fprintf(stderr, "modes %s\n",
		        before.c_lflag == after.c_lflag && before.c_iflag == after.c_iflag &&
		                        before.c_oflag == after.c_oflag
		                ? "kept"
		                : "changed");
	fflush(stdout);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
