/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Size and age of the present file are looked at ten times a second, so that a file is larger than --rotate
 * says by what a tenth of a second brings. Each file ends with the names of tasks and the ring
 * buffer's statistics of its time. A file that was ended gets its name a little later, by the
 * writer's threads: so those that are too many are looked for as often.
 */
#include "part_rotate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "failure.h"
#include "numbered.h"
#include "privilege.h"
#include "recording.h"
#include "trace_texts.h"

#define TICK_NS 100000000

struct rotation {
	unsigned int number;
	uint64_t due_ns; /* 0: by size */
	char next[PATH_MAX];
};

static bool wanted(const struct recording *r)
{
	return r->options->flight.rotate_bytes > 0 || r->options->flight.rotate_ns > 0;
}

static int begin(struct recording *r, struct part *part, struct mmr_error *err)
{
	const struct itimerspec spec = { .it_value = { .tv_nsec = TICK_NS },
		                         .it_interval = { .tv_nsec = TICK_NS } };
	struct rotation *rotation = calloc(1, sizeof(*rotation));

	if (!rotation)
		return failure(err, MMR_E_NOMEM, "out of memory for --rotate");
	part->state = rotation;
	rotation->number = 1;
	if (r->options->flight.rotate_ns > 0)
		rotation->due_ns = snapshot_clock() + r->options->flight.rotate_ns;
	part->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (part->fd < 0 || timerfd_settime(part->fd, 0, &spec, NULL) < 0)
		return failure_errno(err, errno, "cannot make a timer for --rotate");
	return 0;
}

static bool is_due(struct recording *r, struct rotation *rotation)
{
	struct mmr_writer_stats stats;

	if (rotation->due_ns > 0)
		return snapshot_clock() >= rotation->due_ns;
	mmr_writer_stats(r->writer, &stats);
	return stats.file_bytes >= r->options->flight.rotate_bytes;
}

struct step {
	struct recording *recording;
	const char *next;  /* NULL: the present file goes on */
	unsigned int keep; /* finished files; 0: all */
};

/* With the rights of the user. */
static int take_step(void *data, struct mmr_error *err)
{
	struct step *step = data;
	struct recording *r = step->recording;
	int ret = step->next ? mmr_writer_rotate(r->writer, step->next, err) : 0;

	if (step->keep > 0)
		numbered_bound(r->options->output, step->keep);
	return ret;
}

static int rotate(struct recording *r, struct rotation *rotation, struct mmr_error *err)
{
	/* The present file is one of those to keep, and has no name yet. */
	struct step step = { .recording = r, .next = rotation->next };
	int ret = numbered_name(rotation->next, r->options->output, rotation->number + 1, err);

	if (ret == 0 && !r->options->private)
		ret = trace_texts_names(r->writer, &r->tracing, err);
	if (ret == 0)
		ret = perf_parts_between(r, err);
	if (ret == 0)
		ret = privilege_call(take_step, &step, err);
	if (ret < 0)
		return ret;
	rotation->number++;
	r->nr_saved++;
	if (rotation->due_ns > 0)
		rotation->due_ns += r->options->flight.rotate_ns;
	snprintf(r->path, sizeof(r->path), "%s", rotation->next);
	return 0;
}

static int ready(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct rotation *rotation = part->state;
	uint64_t max = r->options->flight.max_files;
	uint64_t ticks;
	int ret = 0;

	if (read(part->fd, &ticks, sizeof(ticks)) != (ssize_t)sizeof(ticks))
		return 0;
	if (is_due(r, rotation))
		ret = rotate(r, rotation, err);
	if (ret == 0 && max > 0 && rotation->number > max) {
		struct step step = { .recording = r, .keep = (unsigned int)max - (max > 1) };

		ret = privilege_call(take_step, &step, err);
	}
	return ret;
}

static void deinit(struct recording *r, struct part *part)
{
	struct step step = { .recording = r, .keep = (unsigned int)r->options->flight.max_files };

	/* By now the last file has its name as well. */
	if (step.keep > 0 && part->state && privilege_call(take_step, &step, NULL) < 0)
		step.keep = 0;
	if (part->fd >= 0)
		close(part->fd);
	free(part->state);
}

const struct part_ops part_rotate = {
	.name = "rotate",
	.wanted = wanted,
	.begin = begin,
	.ready = ready,
	.deinit = deinit,
};
