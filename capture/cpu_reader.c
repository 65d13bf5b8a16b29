/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sub-buffers are copied with read(2), not spliced: after the first, read() allocates no page, so that
 * the recorder disturbs the very allocator that it records as little as it can. The threads run at high
 * priority, since a reader that waits for its turn is what makes a ring buffer overflow.
 *
 * What the kernel had to drop is taken from its statistics after each batch, which tells the writer
 * in which frame the hole is.
 *
 * A kernel may be built and booted for many more CPUs than there are. Such a CPU has no ring buffer, and
 * reading or polling it is an error, until it comes online; from then on it has one for ever. So it gets
 * neither thread nor memory, but the late thread looks for it, and takes it over, four times a second.
 */
#include "cpu_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "privilege.h"

#define BATCH          32  /* sub-buffers handed over at once */
#define FLUSH_MS       250 /* what is in a sub-buffer that never fills is read after this long */
#define FLUSH_PATIENCE 1   /* seconds for a reader to answer */
#define PRIORITY       (-15)
#define HEAD_SIZE      16 /* of a sub-buffer: time stamp, commit */
#define MISSED         8  /* behind the events: how many were missed, in some kernels */

static void notify(int fd)
{
	const uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void fail_reader(struct cpu_reader *r)
{
	if (!atomic_exchange(&r->all->failed, true))
		notify(r->all->failed_fd);
}

/* What stands behind the events of a sub-buffer is left from earlier use: it would only cost space. */
static void clear_tail(uint8_t *page, size_t size)
{
	uint64_t commit;
	size_t used;

	memcpy(&commit, page + 8, sizeof(commit));
	used = HEAD_SIZE + (size_t)(commit & 0xfffff) + MISSED;
	if (used < size)
		memset(page + used, 0, size - used);
}

static uint64_t statistic(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* What the kernel's statistics tell after a batch of so many bytes: what was lost, how full it was. */
static void read_statistics(struct cpu_reader *r, uint64_t batch)
{
	char text[1024];
	ssize_t size = pread(r->stats_fd, text, sizeof(text) - 1, 0);
	uint64_t lost;
	uint64_t full;

	if (size <= 0)
		return;
	text[size] = '\0';
	lost = statistic(text, "\noverrun: ") + statistic(text, "\ncommit overrun: ") +
	       statistic(text, "\ndropped events: ");
	mmr_writer_set_lost(r->all->writer, r->cpu, lost);
	full = (batch + statistic(text, "\nbytes: ")) * 1000 / r->all->buffer_size;
	mmr_writer_pressure(r->all->writer, r->cpu, full < 1000 ? (uint32_t)full : 1000);
}

/* Reads what is there; 1 if there may be more, 0 if not, or an error. */
static int read_batch(struct cpu_reader *r)
{
	const size_t size = r->all->subbuf_size;
	size_t count = 0;
	int more = 1;

	while (count < BATCH) {
		uint8_t *page = r->pages + count * size;
		ssize_t got = read(r->pages_fd, page, size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno != EAGAIN)
			return failure_errno(&r->error, errno, "cannot read the events of CPU %u",
			                     r->cpu);
		if (got < (ssize_t)HEAD_SIZE) {
			more = 0;
			break;
		}
		if ((size_t)got < size)
			memset(page + got, 0, size - (size_t)got);
		clear_tail(page, size);
		count++;
	}
	if (count > 0) {
		int ret = mmr_writer_pages(r->all->writer, r->cpu, r->pages, count, &r->error);

		if (ret < 0)
			return ret;
	}
	return more;
}

static int drain(struct cpu_reader *r)
{
	int ret;

	do {
		ret = read_batch(r);
		read_statistics(r, ret > 0 ? (uint64_t)BATCH * r->all->subbuf_size : 0);
	} while (ret > 0);
	return ret;
}

/* A thread begins: it has its name, priority and rights before tracing does. */
static int introduce(struct cpu_reader *r, const char *name, bool as_user)
{
	int ret;

	prctl(PR_SET_NAME, name);
	setpriority(PRIO_PROCESS, (id_t)gettid(), PRIORITY); /* as good as it gets */
	ret = as_user ? privilege_drop(&r->error) : 0;
	pthread_barrier_wait(&r->all->ready);
	return ret;
}

/* To be answered by sem_post() when what is there by now was read. */
static bool was_kicked(const struct cpu_reader *r)
{
	uint64_t kicks;

	return read(r->kick_fd, &kicks, sizeof(kicks)) == (ssize_t)sizeof(kicks);
}

static void *run(void *data)
{
	struct cpu_reader *r = data;
	struct pollfd fds[] = {
		{ .fd = r->pages_fd, .events = POLLIN },
		{ .fd = r->all->stop_fd, .events = POLLIN },
		{ .fd = r->kick_fd, .events = POLLIN },
	};
	bool stop = false;
	char name[16];
	int ret;

	snprintf(name, sizeof(name), "mmcap/%u", r->cpu);
	ret = introduce(r, name, true);
	while (ret == 0 && !stop) {
		bool kicked;

		poll(fds, 3, FLUSH_MS);
		stop = fds[1].revents & POLLIN;
		kicked = was_kicked(r);
		ret = drain(r);
		if (kicked)
			sem_post(&r->all->kicked);
	}
	if (ret < 0)
		fail_reader(r);
	return NULL;
}

static int open_files(struct cpu_reader *r, const char *dir, struct mmr_error *err)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/per_cpu/cpu%u/stats", dir, r->cpu);
	r->stats_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r->stats_fd < 0)
		return failure_errno(err, errno, "cannot open %s", path);
	snprintf(path, sizeof(path), "%s/per_cpu/cpu%u/trace_pipe_raw", dir, r->cpu);
	r->pages_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (r->pages_fd < 0)
		return failure_errno(err, errno, "cannot open %s", path);
	return 0;
}

/* What a thread needs beside the files. */
static int get_pages(struct cpu_reader *r, struct mmr_error *err)
{
	const size_t size = (size_t)BATCH * r->all->subbuf_size;

	r->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->kick_fd < 0)
		return failure_errno(err, errno, "cannot watch for requests");
	r->pages = malloc(size);
	if (!r->pages)
		return failure(err, MMR_E_NOMEM, "out of memory for the sub-buffers of CPU %u",
		               r->cpu);
	memset(r->pages, 0, size); /* fault it in before tracing */
	return 0;
}

/* ---- CPUs that come later ---- */

/* Opens those that have come online; the shared buffer is the late thread's. */
static int adopt(struct cpu_readers *all)
{
	bool *online = all->late_online;
	int ret = 0;

	if (!tracing_online_cpus(online, all->count))
		return 0;
	for (uint32_t cpu = 0; cpu < all->count && ret == 0; cpu++) {
		struct cpu_reader *r = &all->readers[cpu];

		if (!r->late || r->pages_fd >= 0 || !online[cpu])
			continue;
		r->pages = all->late->pages;
		ret = open_files(r, all->dir, &r->error);
		all->has_buffer[cpu] = true;
	}
	return ret;
}

static int drain_late(struct cpu_readers *all)
{
	int ret = adopt(all);

	for (uint32_t cpu = 0; cpu < all->count && ret == 0; cpu++)
		if (all->readers[cpu].late && all->readers[cpu].pages_fd >= 0)
			ret = drain(&all->readers[cpu]);
	return ret;
}

static void *run_late(void *data)
{
	struct cpu_reader *late = data;
	struct cpu_readers *all = late->all;
	bool stop = false;
	/* It opens files of tracefs, and keeps the rights for it. */
	int ret = introduce(late, "mmcap/late", false);

	while (ret == 0 && !stop) {
		nfds_t count = 2;
		bool kicked;

		all->late_fds[0] = (struct pollfd){ .fd = all->stop_fd, .events = POLLIN };
		all->late_fds[1] = (struct pollfd){ .fd = late->kick_fd, .events = POLLIN };
		for (uint32_t cpu = 0; cpu < all->count; cpu++)
			if (all->readers[cpu].late && all->readers[cpu].pages_fd >= 0)
				all->late_fds[count++] =
					(struct pollfd){ .fd = all->readers[cpu].pages_fd,
					                 .events = POLLIN };
		poll(all->late_fds, count, FLUSH_MS);
		stop = all->late_fds[0].revents & POLLIN;
		kicked = was_kicked(late);
		ret = drain_late(all);
		if (kicked)
			sem_post(&all->kicked);
	}
	if (ret < 0)
		fail_reader(late);
	return NULL;
}

static int prepare_late(struct cpu_readers *all, struct mmr_error *err)
{
	all->late = calloc(1, sizeof(*all->late));
	all->late_online = calloc(all->count, sizeof(*all->late_online));
	all->late_fds = calloc(all->count + 2u, sizeof(*all->late_fds));
	if (!all->late || !all->late_online || !all->late_fds)
		return failure(err, MMR_E_NOMEM, "out of memory for the readers");
	*all->late =
		(struct cpu_reader){ .all = all, .pages_fd = -1, .stats_fd = -1, .kick_fd = -1 };
	return get_pages(all->late, err);
}

/* ---- all of them ---- */

static int start_thread(struct cpu_reader *r, void *(*function)(void *), struct mmr_error *err)
{
	int ret = pthread_create(&r->thread, NULL, function, r);

	if (ret != 0)
		return failure_errno(err, ret, "cannot start the reader of CPU %u", r->cpu);
	r->running = true;
	r->all->nr_running++;
	return 0;
}

static int start_threads(struct cpu_readers *all, struct mmr_error *err)
{
	int ret = all->late ? start_thread(all->late, run_late, err) : 0;

	for (uint32_t cpu = 0; cpu < all->count && ret == 0; cpu++)
		if (!all->readers[cpu].late)
			ret = start_thread(&all->readers[cpu], run, err);
	return ret;
}

/* Which CPUs are late, and what each of the others needs; how many threads there will be. */
static int prepare(struct cpu_readers *all, uint32_t *nr_threads, struct mmr_error *err)
{
	int ret = 0;

	*nr_threads = 0;
	for (uint32_t cpu = 0; cpu < all->count; cpu++)
		all->readers[cpu] = (struct cpu_reader){
			.all = all,
			.cpu = cpu,
			.late = !all->has_buffer[cpu],
			.pages_fd = -1,
			.stats_fd = -1,
			.kick_fd = -1,
		};
	for (uint32_t cpu = 0; cpu < all->count && ret == 0; cpu++) {
		struct cpu_reader *r = &all->readers[cpu];

		if (r->late && !all->late)
			ret = prepare_late(all, err);
		if (r->late || ret < 0)
			continue;
		(*nr_threads)++;
		ret = get_pages(r, err);
		if (ret == 0)
			ret = open_files(r, all->dir, err);
	}
	*nr_threads += all->late != NULL;
	return ret;
}

int cpu_readers_start(struct cpu_readers *all, const struct tracing *tracing,
                      struct mmr_writer *writer, struct mmr_error *err)
{
	uint32_t nr_threads;
	int ret;

	*all = (struct cpu_readers){
		.dir = tracing->dir,
		.has_buffer = tracing->has_buffer,
		.subbuf_size = tracing->subbuf_size,
		.buffer_size = tracing->buffer_size,
		.writer = writer,
		.stop_fd = eventfd(0, EFD_CLOEXEC),
		.failed_fd = eventfd(0, EFD_CLOEXEC),
		.readers = calloc(tracing->nr_cpus, sizeof(*all->readers)),
	};
	if (!all->readers || all->stop_fd < 0 || all->failed_fd < 0)
		return failure(err, MMR_E_NOMEM, "out of memory for the readers");
	all->count = tracing->nr_cpus;
	ret = prepare(all, &nr_threads, err);
	if (ret < 0)
		return ret;
	pthread_barrier_init(&all->ready, NULL, nr_threads + 1);
	sem_init(&all->kicked, 0, 0);
	ret = start_threads(all, err);
	if (ret < 0) {
		/* Those that did start wait at the barrier for ever; the process is about to end. */
		for (uint32_t cpu = 0; cpu < all->count; cpu++)
			all->readers[cpu].running = false;
		if (all->late)
			all->late->running = false;
		all->nr_running = 0;
		return ret;
	}
	pthread_barrier_wait(&all->ready);
	return 0;
}

void cpu_readers_flush(struct cpu_readers *all)
{
	struct timespec until;
	uint32_t count = 0;

	while (sem_trywait(&all->kicked) == 0)
		; /* who came too late the last time */
	for (uint32_t cpu = 0; cpu < all->count; cpu++) {
		if (!all->readers[cpu].running)
			continue;
		notify(all->readers[cpu].kick_fd);
		count++;
	}
	if (all->late && all->late->running) {
		notify(all->late->kick_fd);
		count++;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += FLUSH_PATIENCE;
	while (count > 0 &&
	       (sem_clockwait(&all->kicked, CLOCK_MONOTONIC, &until) == 0 || errno == EINTR))
		count--;
}

/* Closes and frees; the first failure stays in *ret and *err. */
static void end_reader(struct cpu_reader *r, int *ret, struct mmr_error *err)
{
	if (*ret == 0 && r->error.code < 0) {
		*ret = r->error.code;
		if (err)
			*err = r->error;
	}
	if (r->pages_fd >= 0)
		close(r->pages_fd);
	if (r->stats_fd >= 0)
		close(r->stats_fd);
	if (r->kick_fd >= 0)
		close(r->kick_fd);
	if (!r->late)
		free(r->pages);
}

int cpu_readers_stop(struct cpu_readers *all, struct mmr_error *err)
{
	int ret = 0;

	if (all->nr_running > 0)
		notify(all->stop_fd);
	for (uint32_t cpu = 0; cpu < all->count; cpu++)
		if (all->readers[cpu].running)
			pthread_join(all->readers[cpu].thread, NULL);
	if (all->late && all->late->running)
		pthread_join(all->late->thread, NULL);
	for (uint32_t cpu = 0; cpu < all->count; cpu++)
		end_reader(&all->readers[cpu], &ret, err);
	if (all->late)
		end_reader(all->late, &ret, err);
	if (all->nr_running > 0) {
		pthread_barrier_destroy(&all->ready);
		sem_destroy(&all->kicked);
	}
	if (all->readers) {
		close(all->stop_fd);
		close(all->failed_fd);
	}
	free(all->late_online);
	free(all->late_fds);
	free(all->late);
	free(all->readers);
	*all = (struct cpu_readers){ 0 };
	return ret;
}
