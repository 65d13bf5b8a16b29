/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Order of a recording: what can fail cheaply first (is there such a command, such an event, may we
 * trace), then instance, janitor, child, file, readers, filters, tracing on, snapshot, go. The end runs
 * backwards: snapshot, tracing off, readers drained, file closed, instance gone. Every step undoes
 * nothing but itself, so that an end from the middle is the same code.
 *
 * Ctrl-C goes to the command too (the terminal sends it to both): the recording then ends when the
 * command has, or after a grace, or at a second signal. A failing disk ends the tracing at once; the
 * command is left to finish.
 */
#include "recording.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "own_memory.h"
#include "privilege.h"
#include "self_filter.h"
#include "terminal.h"
#include "trace_output.h"
#include "trace_texts.h"
#include "writer_tuning.h"

#define TOOL     "mmcap record"
#define GRACE_NS 3000000000ull /* a command that was sent a signal has this long to end */
#define PRIORITY (-10)

static void arm(int fd, uint64_t ns)
{
	struct itimerspec spec = {
		.it_value = { .tv_sec = (time_t)(ns / 1000000000u),
		              .tv_nsec = (long)(ns % 1000000000u) },
	};

	timerfd_settime(fd, 0, &spec, NULL);
}

static int catch_signals(struct recording *r, struct mmr_error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, NULL); /* the threads inherit it */
	if (r->options->flight.ring_bytes > 0) {
		sigset_t triggers;

		sigemptyset(&triggers);
		sigaddset(&triggers, SIGUSR1); /* part_flight.c takes it */
		sigprocmask(SIG_BLOCK, &triggers, NULL);
	}
	prctl(PR_SET_NAME, "mmcap"); /* what self_filter.c may have to go by */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit shows as EFBIG */
	r->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	r->end_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (r->signal_fd < 0 || r->end_fd < 0)
		return failure_errno(err, errno, "cannot watch for signals");
	return 0;
}

/* ---- setting up ---- */

static void announce(const struct recording *r)
{
	size_t nr_absent = r->events.count - r->events.nr_present;
	char text[512] = "";
	size_t shown = 0;

	if (nr_absent == 0 || (r->options->quiet && !r->options->verbose))
		return;
	for (size_t i = 0; i < r->events.count && (shown < 4 || r->options->verbose); i++) {
		const struct chosen_event *e = &r->events.events[i];
		size_t used = strlen(text);

		if (e->present || used + 140 > sizeof(text))
			continue;
		snprintf(text + used, sizeof(text) - used, "%s%s:%s", used ? ", " : "", e->system,
		         e->name);
		shown++;
	}
	message(TOOL, "this kernel lacks %zu of %zu events: %s%s (mmcap check lists them)",
	        nr_absent, r->events.count, text, shown < nr_absent ? ", ..." : "");
}

static int check_first(struct recording *r, struct mmr_error *err)
{
	const char *root;
	unsigned int removed;
	int status;

	if (r->options->command) {
		status = child_check(r->options->command, err);
		if (status != 0)
			return status;
	}
	root = tracing_root(err);
	if (!root)
		return EXIT_RECORDER;
	if (task_filter_init(&r->task_filter, r->options, err) < 0 ||
	    child_find_user(&r->user, r->options->user, err) < 0 || access_choose(r, err) < 0 ||
	    access_choose_events(r, root, err) < 0 || perf_parts_choose(r, root, err) < 0)
		return EXIT_RECORDER;
	privilege_init(&r->user);
	announce(r);
	removed = tracing_remove_stale(root);
	if (removed > 0 && r->options->verbose)
		message(TOOL, "removed %u instances of recorders that died", removed);
	return 0;
}

static int finish_file(void *data, struct mmr_error *err)
{
	return mmr_writer_finish(data, err);
}

static int abort_file(void *data, struct mmr_error *err)
{
	(void)err;
	mmr_writer_abort(data);
	return 0;
}

static int open_file(struct recording *r, struct mmr_error *err)
{
	struct mmr_writer_options options = {
		.nr_cpus = r->tracing.nr_cpus,
		.nr_streams = r->tracing.nr_cpus * perf_parts_streams(r),
		.subbuf_size = r->tracing.subbuf_size,
		.keep_old = true,
	};
	int ret;

	writer_tuning_options(&options, r->tracing.nr_online);
	ret = trace_output_create(r, &options, err);
	if (ret < 0 && r->user.change)
		message(TOOL,
		        "files are written with the rights of %s (--user root: with those of root)",
		        r->user.name);
	if (ret == 0)
		ret = writer_tuning_prepare(r->writer, &r->tracing, err);
	if (ret == 0)
		ret = trace_texts_header(r->writer, &r->tracing, &r->events, r->options, err);
	if (ret == 0)
		ret = perf_parts_texts(r, err);
	if (ret == 0)
		ret = parts_prepare(r, err);
	if (ret == 0)
		ret = mmr_writer_begin(r->writer, err);
	if (ret == 0)
		ret = snapshot_reader_init(&r->snapshots, err);
	r->snapshots.writer = r->writer;
	r->snapshots.private = r->options->private;
	r->snapshots.end_ns = r->options->end_ns;
	return ret;
}

static int set_up(struct recording *r, struct mmr_error *err)
{
	int ret = tracing_create(&r->tracing, r->options->buffer_size, err);

	if (ret == 0)
		ret = janitor_start(&r->janitor, r->tracing.dir, err);
	if (ret == 0)
		ret = access_before_child(r, err);
	if (ret == 0 && r->options->command)
		ret = child_prepare(&r->child, r->options->command, &r->user,
		                    strcmp(r->options->output, "-") == 0, err);
	if (ret == 0)
		ret = open_file(r, err);
	if (ret == 0)
		ret = cpu_readers_start(&r->readers, &r->tracing, r->writer, err);
	if (ret == 0)
		ret = perf_parts_begin(r, err);
	return ret;
}

/* Some of its own events have to stay in the trace (see self_filter.c): counts them. */
static int count_own(struct recording *r, struct mmr_error *err)
{
	size_t count;
	pid_t *tasks = self_filter_tasks(r->janitor.pid, &count);
	int ret = tasks ? mmr_writer_set_own(r->writer, tasks, count, err)
	                : failure(err, MMR_E_NOMEM, "out of memory for the recorder's tasks");

	free(tasks);
	return ret;
}

static int switch_on(struct recording *r, struct mmr_error *err)
{
	int ret = task_filter_apply(&r->task_filter, &r->tracing, r->child.pid, err);

	/* The recorder's faults would disturb what it records: take them now. */
	own_memory_lock();
	setpriority(PRIO_PROCESS, 0, PRIORITY);
	if (ret == 0)
		ret = self_filter_enable(&r->tracing, &r->events, r->janitor.pid, err);
	if (ret == 0)
		ret = count_own(r, err);
	overhead_begin(&r->overhead);
	if (ret == 0)
		ret = tracing_write(&r->tracing, "tracing_on", "1", err);
	if (ret == 0 && r->options->snapshot != SNAPSHOT_NONE)
		ret = snapshot_take(&r->snapshots, r->options->snapshot, SNAPSHOT_START, err);
	if (ret == 0)
		ret = parts_begin(r, err);
	return ret;
}

/* ---- while it runs ---- */

static void ask_to_end(struct recording *r, int signal)
{
	if (r->stopping || !r->options->command || r->child.ended) {
		r->ended = true;
		return;
	}
	r->stopping = true;
	if (signal)
		child_signal(&r->child, signal);
	arm(r->end_fd, GRACE_NS);
}

static void take_signal(struct recording *r)
{
	struct signalfd_siginfo info;

	while (read(r->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		/* The terminal has sent its signals to the command as well. */
		bool from_terminal = info.ssi_code == SI_KERNEL;

		if (r->end_signal == 0)
			r->end_signal = (int)info.ssi_signo;
		ask_to_end(r, from_terminal ? 0 : (int)info.ssi_signo);
	}
}

static bool timer_ran(int fd)
{
	uint64_t times;

	return read(fd, &times, sizeof(times)) == (ssize_t)sizeof(times);
}

static void fail_recording(struct recording *r, int code)
{
	if (r->failure == 0)
		r->failure = code;
	r->ended = true;
}

static void record(struct recording *r, struct mmr_error *err)
{
	enum { NR_OWN = 4 };
	struct progress progress;

	progress_begin(&progress, "recording", 0, r->options->quiet || r->options->command);
	while (!r->ended) {
		struct pollfd fds[] = {
			{ .fd = r->signal_fd, .events = POLLIN },
			{ .fd = r->end_fd, .events = POLLIN },
			{ .fd = r->readers.failed_fd, .events = POLLIN },
			{ .fd = r->child.pidfd, .events = POLLIN }, /* -1: ignored */
			[NR_OWN + PARTS_MAX - 1] = { .fd = -1 },
		};
		int ret;

		parts_poll(r, fds + NR_OWN);
		poll(fds, NR_OWN + r->parts.count, 250);
		if (fds[3].revents && child_reap(&r->child))
			r->ended = true;
		if (fds[2].revents)
			fail_recording(r, MMR_E_IO);
		if (fds[0].revents)
			take_signal(r);
		if (fds[1].revents && timer_ran(r->end_fd))
			ask_to_end(r, SIGTERM);
		ret = r->ended ? 0 : parts_ready(r, fds + NR_OWN, err);
		if (ret < 0)
			fail_recording(r, ret);
		mmr_writer_stats(r->writer, &r->stats);
		progress_update(&progress, r->stats.nr_events, "events");
	}
	progress_end(&progress);
}

/* ---- the end ---- */

static int close_file(struct recording *r, struct mmr_error *err)
{
	struct mmr_error own = { 0 };
	int ret = 0;

	if (r->tracing.instance) {
		tracing_write(&r->tracing, "tracing_on", "0", NULL);
		int perf = perf_parts_end(r, &own);

		ret = cpu_readers_stop(&r->readers, perf < 0 ? NULL : &own);
		ret = perf < 0 ? perf : ret;
		if (ret < 0 && (!err->code || r->failure == MMR_E_IO))
			*err = own;
		if (ret < 0 && r->failure == 0)
			r->failure = ret;
	}
	if (!r->writer)
		return r->failure;
	if (r->failure == 0)
		r->failure = trace_texts_trailer(r->writer, &r->tracing, !r->options->private, err);
	if (r->failure == 0)
		r->failure = overhead_trailer(r, err);
	mmr_writer_stats(r->writer, &r->stats);
	ret = privilege_call(finish_file, r->writer, r->failure ? &own : err);
	r->writer = NULL;
	r->kept = ret == 0;
	if (r->kept)
		overhead_closed(&r->overhead, r->path);
	if (r->failure == 0)
		r->failure = ret;
	return r->failure;
}

/* Everything that is still there goes. */
static void clean_up(struct recording *r)
{
	perf_parts_deinit(r); /* its threads tell the readers of a failure */
	if (r->readers.readers) {
		tracing_write(&r->tracing, "tracing_on", "0", NULL);
		cpu_readers_stop(&r->readers, NULL);
	}
	parts_end(r, NULL);
	parts_deinit(r);
	if (privilege_call(abort_file, r->writer, NULL) < 0)
		message(TOOL, "a file named %s.partial is left", r->path);
	r->writer = NULL;
	snapshot_reader_deinit(&r->snapshots);
	child_deinit(&r->child);
	if (tracing_destroy(&r->tracing, NULL) == 0)
		janitor_dismiss(&r->janitor);
	event_set_deinit(&r->events);
	if (r->signal_fd >= 0)
		close(r->signal_fd);
	if (r->end_fd >= 0)
		close(r->end_fd);
}

/* A command that still runs is let run to its end, or sent SIGTERM if it was asked to end. */
static void leave_command(struct recording *r)
{
	if (r->child.pid <= 0 || !r->child.started)
		return;
	if (r->stopping) {
		child_signal(&r->child, SIGTERM);
		poll(&(struct pollfd){ .fd = r->child.pidfd, .events = POLLIN }, 1, 1000);
		child_reap(&r->child);
		return;
	}
	while (!child_reap(&r->child)) {
		struct pollfd fds[] = {
			{ .fd = r->child.pidfd, .events = POLLIN },
			{ .fd = r->signal_fd, .events = POLLIN },
		};

		poll(fds, 2, -1);
		if (fds[1].revents)
			take_signal(r);
		if (r->stopping)
			break;
	}
}

static int exit_status(const struct recording *r)
{
	if (r->failure < 0 || r->unsaved < 0)
		return EXIT_RECORDER;
	/* --duration is no failure of the command. */
	if (r->stopping && r->end_signal == 0)
		return 0;
	if (r->child.ended)
		return child_exit_status(&r->child);
	return r->options->command && r->end_signal ? 128 + r->end_signal : 0;
}

/* From the command's start, or that of the recording, to the end. The exit status if it cannot start. */
static int run_command(struct recording *r, struct mmr_error *err)
{
	int ret;

	if (r->options->duration_ns > 0)
		arm(r->end_fd, r->options->duration_ns);
	if (r->options->command) {
		int status = child_go(&r->child, err);

		if (status != 0)
			return status;
	}
	r->overhead.started_ns = snapshot_clock();
	record(r, err);
	r->overhead.ended_ns = snapshot_clock();
	ret = parts_end(r, r->failure < 0 ? NULL : err);
	if (r->failure == 0)
		r->failure = ret;
	/* A flight recorder's last file is written by now, and the ring goes. */
	if (r->failure == 0 && r->options->snapshot != SNAPSHOT_NONE &&
	    r->options->flight.ring_bytes == 0)
		r->failure = snapshot_take(&r->snapshots, r->options->snapshot, SNAPSHOT_END, err);
	r->overhead.snapshot_ns = snapshot_clock();
	return 0;
}

static int run(struct recording *r, struct mmr_error *err)
{
	uint64_t begin;
	int status = check_first(r, err);

	if (status != 0)
		return status;
	if (catch_signals(r, err) < 0 || set_up(r, err) < 0)
		return EXIT_RECORDER;
	r->buffer_size = r->tracing.buffer_size;
	begin = snapshot_clock();
	r->failure = switch_on(r, err);
	/* A disk that is full already: what there is stays readable, the command does not start. */
	if (r->failure < 0 && r->failure != MMR_E_NOSPACE)
		return EXIT_RECORDER;
	if (r->failure < 0 && r->options->command)
		message(TOOL, "the disk is full: %s is not started", r->options->command[0]);
	status = r->failure == 0 ? run_command(r, err) : 0;
	if (status != 0)
		return status;
	r->duration_ns = snapshot_clock() - begin;
	close_file(r, err);
	if (r->failure < 0)
		tracing_destroy(&r->tracing, NULL); /* the command may run for long */
	leave_command(r);
	return exit_status(r);
}

int recording_run(struct recording *r, const struct record_options *options, struct mmr_error *err)
{
	int status;

	*r = (struct recording){
		.options = options,
		.signal_fd = -1,
		.end_fd = -1,
		.child = { .pidfd = -1, .go_fd = -1, .error_fd = -1 },
	};
	own_memory_init();
	status = run(r, err);
	clean_up(r);
	return status;
}
