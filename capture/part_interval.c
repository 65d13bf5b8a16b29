/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A snapshot that is late is taken once, however many intervals it missed. */
#include "part_interval.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "failure.h"
#include "recording.h"

static bool wanted(const struct recording *r)
{
	return r->options->snapshot != SNAPSHOT_NONE;
}

static int begin(struct recording *r, struct part *part, struct mmr_error *err)
{
	const uint64_t interval_ns = r->options->interval_ns;
	const struct timespec time = { .tv_sec = (time_t)(interval_ns / 1000000000u),
		                       .tv_nsec = (long)(interval_ns % 1000000000u) };
	const struct itimerspec spec = { .it_value = time, .it_interval = time };

	part->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (part->fd < 0 || timerfd_settime(part->fd, 0, &spec, NULL) < 0)
		return failure_errno(err, errno, "cannot make a timer for --interval");
	return 0;
}

static int ready(struct recording *r, struct part *part, struct mmr_error *err)
{
	uint64_t times;

	if (read(part->fd, &times, sizeof(times)) != (ssize_t)sizeof(times))
		return 0;
	return snapshot_take(&r->snapshots, MMR_SNAPSHOT_LIGHT, SNAPSHOT_BETWEEN, err);
}

static void deinit(struct recording *r, struct part *part)
{
	(void)r;
	if (part->fd >= 0)
		close(part->fd);
}

const struct part_ops part_interval = {
	.name = "interval",
	.wanted = wanted,
	.begin = begin,
	.ready = ready,
	.deinit = deinit,
};
