/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "interruption.h"

#include <signal.h>
#include <stddef.h>

#include "terminal.h"

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

void interruption_catch(bool once)
{
	const struct sigaction action = { .sa_handler = interrupt,
		                          .sa_flags = once ? (int)SA_RESETHAND : 0 };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool interruption_came(void)
{
	return interrupted;
}

bool interruption_progress(void *data, uint64_t nr_events)
{
	progress_update(data, nr_events, "events");
	return !interrupted;
}
