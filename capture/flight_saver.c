/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flight_saver.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <mmreplay/trace.h>

#include "failure.h"
#include "numbered.h"
#include "privilege.h"
#include "snapshot_reader.h"

#define PRIORITY (-10)

static void post(int fd)
{
	const uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* What is in the file, for who asked for it. That it cannot be read is a failure to write it. */
static int look_at(struct flight_save *save)
{
	struct mmr_trace *trace;
	const struct mmr_trace_info *info;
	int ret = mmr_trace_open(save->path, NULL, &trace, &save->error);

	if (ret < 0)
		return ret;
	info = mmr_trace_info(trace);
	save->bytes = info->file_size;
	save->nr_events = info->indexed ? info->nr_events : 0;
	save->first_ns = info->first_ns;
	save->last_ns = info->last_ns;
	mmr_trace_close(trace);
	return 0;
}

static void use_full_name(struct flight_save *save)
{
	char *path = realpath(save->path, NULL);

	if (path && strlen(path) < sizeof(save->path))
		snprintf(save->path, sizeof(save->path), "%s", path);
	free(path);
}

static void write_file(struct flight_saver *s, struct flight_save *save)
{
	bool numbered = !save->path[0];

	save->ret = 0;
	if (numbered)
		save->ret = numbered_name(save->path, s->output, s->last_number + 1, &save->error);
	cpu_readers_flush(s->readers);
	if (save->ret == 0)
		save->ret =
			mmr_writer_ring_save(s->writer, save->path, save->since_ns, &save->error);
	if (save->ret == 0)
		save->ret = look_at(save);
	if (save->ret == 0 && numbered) {
		s->last_number++;
		if (s->max_files > 0)
			numbered_bound(s->output, s->max_files);
	}
	use_full_name(save);
	save->took_ns = snapshot_clock() - save->trigger_ns;
}

static void *run(void *data)
{
	struct flight_saver *s = data;
	struct mmr_error own = { 0 };
	int ret;

	prctl(PR_SET_NAME, "mmcap/save");
	setpriority(PRIO_PROCESS, (id_t)gettid(), PRIORITY); /* somebody waits for it */
	ret = privilege_drop(&own);
	if (ret == 0)
		s->last_number = numbered_last(s->output);
	for (;;) {
		uint64_t times;

		if (read(s->go_fd, &times, sizeof(times)) < 0)
			continue;
		if (s->quit)
			return NULL;
		if (ret == 0) {
			write_file(s, s->save);
		} else {
			s->save->ret = ret;
			s->save->error = own;
		}
		post(s->done_fd);
	}
}

int flight_saver_start(struct flight_saver *s, struct mmr_error *err)
{
	int error;

	s->go_fd = eventfd(0, EFD_CLOEXEC);
	s->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->go_fd < 0 || s->done_fd < 0)
		return failure_errno(err, errno, "cannot make an event");
	error = pthread_create(&s->thread, NULL, run, s);
	if (error)
		return failure_errno(err, error, "cannot start a thread");
	s->running = true;
	return 0;
}

void flight_saver_write(struct flight_saver *s, struct flight_save *save)
{
	s->save = save;
	post(s->go_fd);
}

bool flight_saver_finished(struct flight_saver *s, bool wait)
{
	struct pollfd fd = { .fd = s->done_fd, .events = POLLIN };
	uint64_t times;

	while (wait && poll(&fd, 1, -1) < 0 && errno == EINTR)
		;
	return read(s->done_fd, &times, sizeof(times)) == (ssize_t)sizeof(times);
}

void flight_saver_stop(struct flight_saver *s)
{
	if (s->running) {
		s->quit = true;
		post(s->go_fd);
		pthread_join(s->thread, NULL);
		s->running = false;
	}
	if (s->go_fd >= 0)
		close(s->go_fd);
	if (s->done_fd >= 0)
		close(s->done_fd);
	s->go_fd = -1;
	s->done_fd = -1;
}
