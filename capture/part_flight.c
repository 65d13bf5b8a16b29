/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder. A trigger is a request on the socket (mmcap trigger), SIGUSR1, a condition that is
 * met, or the command's end. One file is made at a time:
 *
 *	IDLE --trigger--> AFTER (--after runs) --> SAVING (the saver's thread writes) --> IDLE
 *
 * A request that comes meanwhile waits for its turn, or shares the file that is about to be written if it
 * wants nothing else. A condition does not: what it saw is in that file or in the cooldown's shadow, and
 * the trigger of the next file tells how often that happened.
 *
 * A file that cannot be written (a full disk) is told, and recording goes on: the next may succeed.
 */
#include "part_flight.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "failure.h"
#include "flight_saver.h"
#include "recording.h"
#include "terminal.h"
#include "trace_texts.h"
#include "watch.h"

#define TOOL        "mmcap record"
#define MAX_WAITING 32 /* who asked and has no answer yet */

enum flight_state { IDLE, AFTER, SAVING };

/* What made it write, for the text "trigger". */
struct trigger {
	const char *kind; /* condition, command, signal, end; NULL: none */
	char condition[256];
	char value[256];
	int by_pid;
	uint64_t last_ns; /* 0: as --ring says */
	char output[PATH_MAX];
};

/* A connection that is owed an answer. */
struct request {
	int fd;
	bool taken; /* the file that is being made is its */
	uint64_t last_ns;
	char output[PATH_MAX];
};

struct flight {
	struct control control;
	struct watch watch;
	struct flight_saver saver;
	int signal_fd;
	int look_fd;  /* timer of the conditions */
	int after_fd; /* timer of --after */

	enum flight_state state;
	struct trigger trigger;
	struct flight_save save;
	struct request requests[MAX_WAITING];
	unsigned int nr_requests;
	bool signalled; /* while a file was being written */
	uint64_t quiet_until_ns;
	uint64_t nr_ignored; /* times that a condition was met in vain since the last file */
};

static void set_timer(int fd, uint64_t first_ns, uint64_t then_ns)
{
	const struct itimerspec spec = {
		.it_value = { .tv_sec = (time_t)(first_ns / 1000000000u),
		              .tv_nsec = (long)(first_ns % 1000000000u) },
		.it_interval = { .tv_sec = (time_t)(then_ns / 1000000000u),
		                 .tv_nsec = (long)(then_ns % 1000000000u) },
	};

	timerfd_settime(fd, 0, &spec, NULL);
}

static bool timer_ran(int fd)
{
	uint64_t times;

	return read(fd, &times, sizeof(times)) == (ssize_t)sizeof(times);
}

/* ---- writing a file ---- */

/* The trigger as lines KEY=VALUE, for the trailer. */
static int put_trigger(struct recording *r, const struct flight *f, struct mmr_error *err)
{
	const struct trigger *t = &f->trigger;
	struct timespec wall;
	char text[1024];
	int size;

	clock_gettime(CLOCK_REALTIME, &wall);
	size = snprintf(text, sizeof(text), "kind=%s\nmono_ns=%llu\nwall_ns=%llu\nignored=%llu\n",
	                t->kind, (unsigned long long)f->save.trigger_ns,
	                (unsigned long long)wall.tv_sec * 1000000000u +
	                        (unsigned long long)wall.tv_nsec -
	                        (snapshot_clock() - f->save.trigger_ns),
	                (unsigned long long)f->nr_ignored);
	if (t->condition[0])
		size += snprintf(text + size, sizeof(text) - (size_t)size,
		                 "condition=%s\nvalue=%s\n", t->condition, t->value);
	if (t->by_pid > 0)
		size += snprintf(text + size, sizeof(text) - (size_t)size, "pid=%d\n", t->by_pid);
	return mmr_writer_trailer_text(r->writer, "trigger", text, (size_t)size, err);
}

/* The last snapshot and the texts are the main thread's; the rest is the saver's. */
static int start_save(struct recording *r, struct flight *f, struct mmr_error *err)
{
	uint64_t last_ns = f->trigger.last_ns ? f->trigger.last_ns : r->options->flight.ring_ns;
	bool at_end = strcmp(f->trigger.kind, "end") == 0;
	int ret = 0;

	f->state = SAVING;
	f->save.since_ns =
		last_ns && last_ns < f->save.trigger_ns ? f->save.trigger_ns - last_ns : 0;
	snprintf(f->save.path, sizeof(f->save.path), "%s", f->trigger.output);
	if (r->options->snapshot != SNAPSHOT_NONE)
		ret = at_end ? snapshot_take(&r->snapshots, r->options->snapshot, SNAPSHOT_END, err)
		             : snapshot_take(&r->snapshots, MMR_SNAPSHOT_LIGHT, SNAPSHOT_BETWEEN,
		                             err);
	if (ret == 0 && !r->options->private)
		ret = trace_texts_names(r->writer, &r->tracing, err);
	if (ret == 0)
		ret = perf_parts_between(r, err);
	if (ret == 0)
		ret = put_trigger(r, f, err);
	if (ret == 0)
		flight_saver_write(&f->saver, &f->save);
	return ret;
}

static int pull(struct recording *r, struct flight *f, const struct trigger *trigger,
                struct mmr_error *err)
{
	f->trigger = *trigger;
	f->save = (struct flight_save){ .trigger_ns = snapshot_clock() };
	f->state = AFTER;
	if (r->options->flight.after_ns == 0 || strcmp(trigger->kind, "end") == 0)
		return start_save(r, f, err);
	set_timer(f->after_fd, r->options->flight.after_ns, 0);
	return 0;
}

static void answer(const struct flight_save *save, int fd)
{
	struct control_message m = { .size = 0 };

	if (save->ret < 0) {
		control_put(&m, "error", save->error.text);
	} else {
		control_put(&m, "file", save->path);
		control_put_number(&m, "events", save->nr_events);
		control_put_number(&m, "bytes", save->bytes);
		control_put_number(&m, "first_ns", save->first_ns);
		control_put_number(&m, "last_ns", save->last_ns);
		control_put_number(&m, "took_ns", save->took_ns);
	}
	control_send(fd, &m); /* who does not listen any more misses it */
	close(fd);
}

static void tell(const struct recording *r, const struct flight *f)
{
	const struct flight_save *save = &f->save;
	const struct trigger *t = &f->trigger;
	char events[FORMAT_SIZE];
	char bytes[FORMAT_SIZE];
	char time[FORMAT_SIZE];

	if (save->ret < 0)
		message(TOOL, "%s: nothing was written: %s",
		        t->condition[0] ? t->condition : t->kind, save->error.text);
	else if (!r->options->quiet)
		message(TOOL, "%s%s%s%s: %s events (%s) in %s, %s after the trigger",
		        t->condition[0] ? t->condition : t->kind, t->value[0] ? " (" : "", t->value,
		        t->value[0] ? ")" : "", format_count(events, save->nr_events),
		        format_bytes(bytes, save->bytes), save->path,
		        format_duration(time, save->took_ns));
}

/* The saver is done: everybody who shares the file is told. */
static void finish_save(struct recording *r, struct flight *f)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < f->nr_requests; i++) {
		if (f->requests[i].taken)
			answer(&f->save, f->requests[i].fd);
		else
			f->requests[kept++] = f->requests[i];
	}
	f->nr_requests = kept;
	tell(r, f);
	if (f->save.ret < 0)
		r->unsaved = f->save.ret;
	else
		r->nr_saved++;
	f->state = IDLE;
	f->nr_ignored = 0;
	if (r->options->flight.once && f->save.ret == 0)
		r->ended = true;
}

/* ---- triggers ---- */

/* All requests that want the same as the first, or what waits since a signal. */
static int next_trigger(struct recording *r, struct flight *f, struct mmr_error *err)
{
	struct trigger trigger = { .kind = "signal" };

	if (f->state != IDLE || r->ended || (f->nr_requests == 0 && !f->signalled))
		return 0;
	f->signalled = false;
	if (f->nr_requests > 0) {
		struct request *first = &f->requests[0];

		trigger.kind = "command";
		trigger.last_ns = first->last_ns;
		memcpy(trigger.output, first->output, sizeof(trigger.output));
		for (unsigned int i = 0; i < f->nr_requests; i++)
			f->requests[i].taken = f->requests[i].last_ns == first->last_ns &&
			                       strcmp(f->requests[i].output, first->output) == 0;
	}
	return pull(r, f, &trigger, err);
}

/* A request shares a file of which nothing is written yet, if that is what it wants. */
static void take_request(struct flight *f, int fd, const struct control_message *m)
{
	struct request *request = &f->requests[f->nr_requests];
	const char *output = control_get(m, "output");

	if (f->nr_requests == MAX_WAITING || !control_get(m, "ask") ||
	    strcmp(control_get(m, "ask"), "save") != 0) {
		const struct flight_save refused = {
			.ret = MMR_E_BUSY,
			.error = { .text = "too many requests, or one that is not known" },
		};

		answer(&refused, fd);
		return;
	}
	f->nr_requests++;
	*request = (struct request){ .fd = fd };
	control_get_number(m, "last", &request->last_ns);
	snprintf(request->output, sizeof(request->output), "%s", output ? output : "");
	request->taken = f->state == AFTER && request->last_ns == f->trigger.last_ns &&
	                 strcmp(request->output, f->trigger.output) == 0;
}

static int take_requests(struct recording *r, struct flight *f, struct mmr_error *err)
{
	struct control_message m;
	int fd;

	while ((fd = control_accept(&f->control, &m)) >= 0)
		take_request(f, fd, &m);
	return next_trigger(r, f, err);
}

static int take_signal(struct recording *r, struct flight *f, struct mmr_error *err)
{
	struct signalfd_siginfo info;
	struct trigger trigger = { .kind = "signal" };
	bool any = false;

	while (read(f->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		any = true;
		trigger.by_pid = (int)info.ssi_pid;
	}
	if (!any || f->state == AFTER)
		return 0;
	if (f->state == IDLE)
		return pull(r, f, &trigger, err);
	f->signalled = true;
	return 0;
}

static int look(struct recording *r, struct flight *f, struct mmr_error *err)
{
	struct trigger trigger = { .kind = "condition" };
	const struct condition *met;

	if (!timer_ran(f->look_fd))
		return 0;
	met = watch_look(&f->watch);
	if (!met)
		return 0;
	if (f->state != IDLE || snapshot_clock() < f->quiet_until_ns) {
		f->nr_ignored++;
		return 0;
	}
	snprintf(trigger.condition, sizeof(trigger.condition), "%s", condition_text(met));
	condition_explain(met, trigger.value, sizeof(trigger.value));
	f->quiet_until_ns = snapshot_clock() + r->options->flight.cooldown_ns;
	return pull(r, f, &trigger, err);
}

/* ---- the part ---- */

static bool wanted(const struct recording *r)
{
	return r->options->flight.ring_bytes > 0;
}

static int watch_fd(const struct part *part, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(part->fd, EPOLL_CTL_ADD, fd, &event);
}

static int open_files(struct flight *f, struct part *part, struct mmr_error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1); /* blocked since before there were threads */
	f->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	f->look_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	f->after_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	part->fd = epoll_create1(EPOLL_CLOEXEC);
	if (f->signal_fd < 0 || f->look_fd < 0 || f->after_fd < 0 || part->fd < 0 ||
	    watch_fd(part, f->signal_fd) < 0 || watch_fd(part, f->look_fd) < 0 ||
	    watch_fd(part, f->after_fd) < 0 || watch_fd(part, f->saver.done_fd) < 0 ||
	    (f->control.fd >= 0 && watch_fd(part, f->control.fd) < 0))
		return failure_errno(err, errno, "cannot watch for triggers");
	return 0;
}

static int prepare(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct flight *f = calloc(1, sizeof(*f));
	struct mmr_error why;
	int ret;

	if (!f)
		return failure(err, MMR_E_NOMEM, "out of memory for the flight recorder");
	part->state = f;
	f->signal_fd = -1;
	f->look_fd = -1;
	f->after_fd = -1;
	f->control.fd = -1;
	f->saver = (struct flight_saver){
		.writer = r->writer,
		.readers = &r->readers,
		.output = r->options->output,
		.max_files = (unsigned int)r->options->flight.max_files,
		.go_fd = -1,
		.done_fd = -1,
	};
	ret = watch_init(&f->watch, &r->options->flight.on, r->options->flight.on_interval_ns, err);
	if (ret == 0 && control_listen(&f->control, &why) < 0)
		message(TOOL, "mmcap trigger will not find this recorder (SIGUSR1 works): %s",
		        why.text);
	if (ret == 0)
		ret = flight_saver_start(&f->saver, err);
	if (ret == 0)
		ret = open_files(f, part, err);
	return ret;
}

static int begin(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct flight *f = part->state;
	uint64_t interval_ns = r->options->flight.on_interval_ns;

	(void)err;
	if (f->watch.count > 0) {
		watch_look(&f->watch); /* what the start itself did does not count */
		set_timer(f->look_fd, interval_ns, interval_ns);
	}
	return 0;
}

static int ready(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct flight *f = part->state;
	int ret = 0;

	if (f->state == AFTER && timer_ran(f->after_fd))
		ret = start_save(r, f, err);
	if (f->state == SAVING && flight_saver_finished(&f->saver, false)) {
		finish_save(r, f);
		ret = next_trigger(r, f, err);
	}
	if (ret == 0 && f->control.fd >= 0 && !r->ended)
		ret = take_requests(r, f, err);
	if (ret == 0 && !r->ended)
		ret = take_signal(r, f, err);
	if (ret == 0 && !r->ended)
		ret = look(r, f, err);
	return ret;
}

/* What was asked for is still written, and a command's end is a trigger of its own. */
static int end(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct flight *f = part->state;
	const struct trigger at_end = { .kind = "end" };
	bool once;
	int ret = 0;

	if (f->state == SAVING && r->failure < 0 && flight_saver_finished(&f->saver, true))
		finish_save(r, f); /* it must not run when the writer goes */
	if (r->failure < 0)
		return 0;
	do {
		if (f->state == AFTER)
			ret = start_save(r, f, err);
		if (ret == 0 && f->state == SAVING && flight_saver_finished(&f->saver, true))
			finish_save(r, f);
		once = r->options->flight.once && r->nr_saved > 0;
		r->ended = false; /* the requests that wait have their turn */
		if (ret == 0 && !once)
			ret = next_trigger(r, f, err);
		r->ended = true;
	} while (ret == 0 && f->state != IDLE);
	if (ret == 0 && r->child.started && !once) {
		ret = pull(r, f, &at_end, err);
		if (ret == 0 && flight_saver_finished(&f->saver, true))
			finish_save(r, f);
	}
	return ret;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void deinit(struct recording *r, struct part *part)
{
	struct flight *f = part->state;

	(void)r;
	if (!f)
		return;
	flight_saver_stop(&f->saver);
	for (unsigned int i = 0; i < f->nr_requests; i++)
		close(f->requests[i].fd);
	control_close(&f->control);
	watch_deinit(&f->watch);
	close_fd(f->signal_fd);
	close_fd(f->look_fd);
	close_fd(f->after_fd);
	close_fd(part->fd);
	free(f);
	part->state = NULL;
}

const struct part_ops part_flight = {
	.name = "flight",
	.wanted = wanted,
	.prepare = prepare,
	.begin = begin,
	.ready = ready,
	.end = end,
	.deinit = deinit,
};
