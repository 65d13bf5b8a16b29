/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses by faults that are provoked (--access=faults): works on every kernel with userfaultfd
 * write-protection (v5.7 and later), for the command and what it starts.
 *
 * A library that is loaded into each process (preload/mmcap_watch.c) hands its userfaultfd over a socket.
 * From then on all is done here, in one thread: every interval the pages that were armed and not
 * written are let go, and as many others are armed, chosen at random (seeded: a run of the recorder chooses
 * by the same rule, not the same pages). A write to an armed page waits in the kernel until this thread has
 * noted it and taken the mark off.
 *
 * Why not mprotect(PROT_NONE) and a signal handler, which would see reads, too: a system call that is handed
 * an armed page would fail with EFAULT, and the program would behave otherwise than without us.
 *
 * Bias: only writes; only private anonymous memory, no huge pages, no stacks; children that fork
 * without exec are not watched; a page is watched from one interval to the next, so rare writes are
 * found as they are and frequent ones once. Static and set-user-id programs do not load the library.
 *
 * If the recorder dies its descriptors go, and with them all marks.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "access.h"
#include "failure.h"
#include "recording.h"
#include "terminal.h"
#include "watch_target.h"

#ifndef WATCH_LIBRARY_DIR
#define WATCH_LIBRARY_DIR "/usr/lib/mmcap"
#endif

#define LIBRARY     "libmmcap-watch.so"
#define DEVICE      "/dev/userfaultfd"
#define MAX_TARGETS 32u
#define MAX_USES    8192u
#define SEED        0x9e3779b97f4a7c15ull
/* Descriptors of the command that no program expects to be free. */
#define FIRST_FD 400

struct fault_sampler {
	int socket_fd; /* ours */
	int flags_fd;
	int ready_fd;
	int stop_fd;
	uint64_t interval_ns;
	uint64_t seed;
	struct watch_target targets[MAX_TARGETS];
	unsigned int nr_seen;    /* processes that have said something */
	unsigned int nr_refused; /* of these, without a userfaultfd */
	unsigned int nr_passed;  /* over MAX_TARGETS */

	pthread_t thread;
	bool running;

	pthread_mutex_t lock; /* the rest */
	struct mmr_access_use *uses;
	struct mmr_access_use *writing; /* what is being written */
	size_t nr_uses;
	size_t nr_dropped;
	uint64_t begin_ns; /* of what is in uses */
};

/* ---- before the command is made ---- */

static bool find_library(char *path, size_t size)
{
	char self[1024];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[length > 0 ? length : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash) {
		snprintf(path, size, "%.*s/preload/" LIBRARY, (int)(slash - self), self);
		if (access(path, R_OK) == 0)
			return true;
	}
	snprintf(path, size, WATCH_LIBRARY_DIR "/" LIBRARY);
	return access(path, R_OK) == 0;
}

static int check(const struct recording *r, struct mmr_error *err)
{
	char path[1100];
	int fd;

	if (!r->options->command)
		return failure(err, MMR_E_UNSUPPORTED, "--access=faults: only with a command");
	fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (fd < 0)
		return failure_errno(err, errno,
		                     "--access=faults: no userfaultfd (CONFIG_USERFAULTFD)");
	close(fd);
	if (!find_library(path, sizeof(path)))
		return failure(err, MMR_E_NOTFOUND,
		               "--access=faults: " LIBRARY
		               " is neither beside mmcap nor in " WATCH_LIBRARY_DIR);
	return 0;
}

/* The child's end of the socket, and the device, at numbers that survive its exec. */
static int before_child(struct recording *r, struct mmr_error *err)
{
	char path[1100];
	char preload[2200];
	char numbers[32];
	const char *other = getenv("LD_PRELOAD");
	int ends[2];
	int device;
	int one = 1;

	if (!find_library(path, sizeof(path)))
		return failure(err, MMR_E_NOTFOUND, "--access=faults: no " LIBRARY);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return failure_errno(err, errno, "--access=faults: cannot make a socket");
	setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
	device = open(DEVICE, O_RDWR | O_CLOEXEC);
	r->access.own_fd = ends[0];
	r->access.child_fd = fcntl(ends[1], F_DUPFD, FIRST_FD);
	r->access.device_fd = device >= 0 ? fcntl(device, F_DUPFD, FIRST_FD) : -1;
	close(ends[1]);
	if (device >= 0)
		close(device);
	if (r->access.child_fd < 0)
		return failure_errno(err, errno, "--access=faults: cannot make a socket");
	snprintf(numbers, sizeof(numbers), "%d,%d", r->access.child_fd, r->access.device_fd);
	snprintf(preload, sizeof(preload), "%s%s%.1000s", path, other && *other ? ":" : "",
	         other ? other : "");
	setenv("MMCAP_WATCH", numbers, 1);
	setenv("LD_PRELOAD", preload, 1);
	return 0;
}

/* ---- the sampling thread ---- */

static void keep_use(void *data, const struct mmr_access_use *use)
{
	struct fault_sampler *s = data;

	pthread_mutex_lock(&s->lock);
	if (s->nr_uses < MAX_USES)
		s->uses[s->nr_uses++] = *use;
	else
		s->nr_dropped++;
	pthread_mutex_unlock(&s->lock);
}

/* A process has come: its userfaultfd, and who it is by the kernel's word. */
static void take_message(struct fault_sampler *s)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &iov,
		                  .msg_iovlen = 1,
		                  .msg_control = &control,
		                  .msg_controllen = sizeof(control) };
	struct ucred who = { 0 };
	int fd = -1;

	if (recvmsg(s->socket_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0)
		return;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS)
			memcpy(&who, CMSG_DATA(c), sizeof(who));
	}
	s->nr_seen++;
	if (fd < 0) {
		s->nr_refused++;
		return;
	}
	for (size_t i = 0; i < MAX_TARGETS; i++) {
		if (s->targets[i].fd >= 0)
			continue;
		watch_target_init(&s->targets[i], who.pid, fd);
		return;
	}
	s->nr_passed++;
	close(fd);
}

/* An interval has passed: what was armed is let go, others are armed, the results go out. */
static void turn(struct fault_sampler *s)
{
	for (size_t i = 0; i < MAX_TARGETS; i++) {
		struct watch_target *t = &s->targets[i];

		if (t->fd < 0)
			continue;
		watch_target_disarm(t, keep_use, s);
		watch_target_look(t);
		watch_target_arm(t, WATCH_MAX_PAGES, &s->seed, s->flags_fd);
	}
	eventfd_write(s->ready_fd, 1);
}

static void *sample(void *data)
{
	struct fault_sampler *s = data;
	uint64_t next_ns = snapshot_clock() + s->interval_ns;

	prctl(PR_SET_NAME, "mmcap/faults");
	for (;;) {
		struct pollfd fds[2 + MAX_TARGETS] = {
			{ .fd = s->stop_fd, .events = POLLIN },
			{ .fd = s->socket_fd, .events = POLLIN },
		};
		uint64_t now_ns = snapshot_clock();
		uint64_t left_ns = next_ns > now_ns ? next_ns - now_ns : 0;
		struct timespec left = { .tv_sec = (time_t)(left_ns / 1000000000u),
			                 .tv_nsec = (long)(left_ns % 1000000000u) };

		for (size_t i = 0; i < MAX_TARGETS; i++)
			fds[2 + i] = (struct pollfd){ .fd = s->targets[i].fd, .events = POLLIN };
		if (left_ns > 0)
			ppoll(fds, 2 + MAX_TARGETS, &left, NULL);
		if (fds[0].revents)
			break;
		if (fds[1].revents & POLLIN)
			take_message(s);
		for (size_t i = 0; i < MAX_TARGETS; i++) {
			if (fds[2 + i].revents & POLLIN)
				watch_target_faults(&s->targets[i], keep_use, s);
			else if (fds[2 + i].revents) /* it has gone */
				watch_target_deinit(&s->targets[i]);
		}
		if (snapshot_clock() >= next_ns) {
			turn(s);
			next_ns = snapshot_clock() + s->interval_ns;
		}
	}
	for (size_t i = 0; i < MAX_TARGETS; i++)
		watch_target_disarm(&s->targets[i], keep_use, s);
	return NULL;
}

/* ---- the source ---- */

static int prepare(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct fault_sampler *s = calloc(1, sizeof(*s));

	unsetenv("MMCAP_WATCH");
	unsetenv("LD_PRELOAD");
	if (!s)
		return failure(err, MMR_E_NOMEM, "out of memory for access samples");
	part->state = s;
	pthread_mutex_init(&s->lock, NULL);
	s->interval_ns = r->access.interval_ns;
	s->seed = SEED;
	s->socket_fd = r->access.own_fd;
	close(r->access.child_fd);
	if (r->access.device_fd >= 0)
		close(r->access.device_fd);
	s->ready_fd = part->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->flags_fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < MAX_TARGETS; i++)
		s->targets[i] = (struct watch_target){ .fd = -1, .pagemap_fd = -1 };
	s->uses = calloc(MAX_USES, sizeof(*s->uses));
	s->writing = calloc(MAX_USES, sizeof(*s->writing));
	if (!s->uses || !s->writing || s->ready_fd < 0 || s->stop_fd < 0)
		return failure(err, MMR_E_NOMEM, "out of memory for access samples");
	s->begin_ns = snapshot_clock();
	if (pthread_create(&s->thread, NULL, sample, s) != 0)
		return failure(err, MMR_E_NOMEM, "cannot make a thread for access samples");
	s->running = true;
	return 0;
}

static int ready(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct fault_sampler *s = part->state;
	struct mmr_access_sample sample = { .kind = MMR_ACCESS_USES, .end_ns = snapshot_clock() };
	struct mmr_access_use *full;
	eventfd_t count;

	eventfd_read(s->ready_fd, &count);
	pthread_mutex_lock(&s->lock);
	full = s->uses;
	sample.uses = full;
	sample.nr_uses = s->nr_uses;
	sample.begin_ns = s->begin_ns;
	s->uses = s->writing;
	s->writing = full;
	s->nr_uses = 0;
	s->begin_ns = sample.end_ns;
	pthread_mutex_unlock(&s->lock);
	for (uint64_t i = 0; i < sample.nr_uses; i++)
		if (sample.uses[i].begin_ns < sample.begin_ns)
			sample.begin_ns = sample.uses[i].begin_ns;
	return sample.nr_uses > 0 ? mmr_writer_access(r->writer, &sample, err) : 0;
}

static void stop(struct fault_sampler *s)
{
	if (!s->running)
		return;
	eventfd_write(s->stop_fd, 1);
	pthread_join(s->thread, NULL);
	s->running = false;
}

static void tell(const struct recording *r, const struct fault_sampler *s)
{
	if (r->options->quiet)
		return;
	if (s->nr_seen == 0)
		message("mmcap record", "no access samples: the command has not loaded " LIBRARY
		                        " (a static or set-user-id program, or another C library)");
	else if (s->nr_refused > 0)
		message("mmcap record", "%u of %u processes got no userfaultfd: not sampled",
		        s->nr_refused, s->nr_seen);
	if (s->nr_passed > 0)
		message("mmcap record", "%u processes were too many to be sampled", s->nr_passed);
	if (s->nr_dropped > 0)
		message("mmcap record", "%zu access samples were dropped", s->nr_dropped);
}

static int end(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct fault_sampler *s = part->state;

	stop(s);
	tell(r, s);
	return ready(r, part, err);
}

static void deinit(struct recording *r, struct part *part)
{
	struct fault_sampler *s = part->state;

	(void)r;
	if (!s)
		return;
	stop(s);
	for (size_t i = 0; i < MAX_TARGETS; i++)
		watch_target_deinit(&s->targets[i]);
	free(s->uses);
	free(s->writing);
	if (s->socket_fd >= 0)
		close(s->socket_fd);
	if (s->flags_fd >= 0)
		close(s->flags_fd);
	if (s->ready_fd >= 0)
		close(s->ready_fd);
	if (s->stop_fd >= 0)
		close(s->stop_fd);
	free(s);
	part->state = NULL;
	part->fd = -1;
}

const struct access_source access_faults = {
	.name = "faults",
	.default_interval_ns = 100000000,
	.check = check,
	.before_child = before_child,
	.part = { .prepare = prepare, .ready = ready, .end = end, .deinit = deinit },
};
