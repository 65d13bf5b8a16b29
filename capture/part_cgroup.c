/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "part_cgroup.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "failure.h"
#include "recording.h"

#define LOOK_NS 250000000

static bool wanted(const struct recording *r)
{
	return r->options->cgroup != NULL;
}

static int begin(struct recording *r, struct part *part, struct mmr_error *err)
{
	const struct itimerspec spec = {
		.it_value = { .tv_nsec = 1 }, /* who came since the list was made */
		.it_interval = { .tv_nsec = LOOK_NS },
	};

	(void)r;
	part->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (part->fd < 0 || timerfd_settime(part->fd, 0, &spec, NULL) < 0)
		return failure_errno(err, errno, "cannot make a timer for --cgroup");
	return 0;
}

static int ready(struct recording *r, struct part *part, struct mmr_error *err)
{
	uint64_t times;

	(void)err;
	if (read(part->fd, &times, sizeof(times)) == (ssize_t)sizeof(times))
		task_filter_look(&r->task_filter, &r->tracing);
	return 0;
}

static void deinit(struct recording *r, struct part *part)
{
	(void)r;
	if (part->fd >= 0)
		close(part->fd);
}

const struct part_ops part_cgroup = {
	.name = "cgroup",
	.wanted = wanted,
	.begin = begin,
	.ready = ready,
	.deinit = deinit,
};
