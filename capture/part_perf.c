/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "part_perf.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "failure.h"
#include "recording.h"

#define LOOK_NS 250000000

static bool wanted(const struct recording *r)
{
	return perf_parts_streams(r) > 1;
}

static int begin(struct recording *r, struct part *part, struct mmr_error *err)
{
	const struct itimerspec spec = {
		.it_value = { .tv_nsec = LOOK_NS },
		.it_interval = { .tv_nsec = LOOK_NS },
	};

	(void)r;
	part->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (part->fd < 0 || timerfd_settime(part->fd, 0, &spec, NULL) < 0)
		return failure_errno(err, errno,
		                     "cannot make a timer for the CPUs that come online");
	return 0;
}

static int ready(struct recording *r, struct part *part, struct mmr_error *err)
{
	uint64_t times;

	(void)err;
	if (read(part->fd, &times, sizeof(times)) == (ssize_t)sizeof(times))
		perf_parts_look(r);
	return 0;
}

static void deinit(struct recording *r, struct part *part)
{
	(void)r;
	if (part->fd >= 0)
		close(part->fd);
}

const struct part_ops part_perf = {
	.name = "perf",
	.wanted = wanted,
	.begin = begin,
	.ready = ready,
	.deinit = deinit,
};
