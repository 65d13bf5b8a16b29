/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "partial.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "terminal.h"

static char path[PATH_MAX];
static volatile sig_atomic_t armed;

/* unlink() and raise() may be called in a handler; SA_RESETHAND makes the second signal end us. */
static void on_signal(int sig)
{
	if (armed)
		unlink(path);
	raise(sig);
}

bool output_is_named(const char *tool, const char *output)
{
	if (strcmp(output, "-") != 0)
		return true;
	message(tool, "--output: stdout cannot be written to, the file is completed in place; "
	              "give a name (./- for a file of this one)");
	return false;
}

void partial_guard(const char *output)
{
	struct sigaction action = { .sa_handler = on_signal,
		                    .sa_flags = (int)SA_RESETHAND | SA_NODEFER };

	if (snprintf(path, sizeof(path), "%s.partial", output) >= (int)sizeof(path))
		return;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

void partial_arm(void)
{
	armed = 1;
}

void partial_disarm(void)
{
	armed = 0;
}
