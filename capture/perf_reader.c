/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Losses: where the ring was full, the kernel puts PERF_RECORD_LOST before the next sample, and the
 * sub-buffer that begins there says so. What was lost behind the last sample has no such record; the
 * event's own count does not miss it, so that in the end count - samples is what was lost in all.
 */
#include "perf_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "privilege.h"

#define TICK_MS \
	250 /* what a ring or a sub-buffer that never fills holds is taken after this long */
#define PRIORITY     (-15)
#define LATE_LOOKS   10 /* for a sample that was counted and is not there yet */
#define LATE_LOOK_NS 1000000

/* epoll's data of what is no CPU's. */
#define OF_STOP  UINT64_MAX
#define OF_FLUSH (UINT64_MAX - 1)

static void notify(int fd)
{
	const uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

int perf_reader_init(struct perf_reader *r, uint32_t nr_cpus, struct mmr_error *err)
{
	r->cpus = calloc(nr_cpus, sizeof(*r->cpus));
	r->capacity = nr_cpus;
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r->stop_fd = eventfd(0, EFD_CLOEXEC);
	r->flush_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sem_init(&r->flushed, 0, 0);
	pthread_mutex_init(&r->lock, NULL);
	if (!r->cpus)
		return failure(err, MMR_E_NOMEM, "out of memory for rings of perf");
	if (r->epoll_fd < 0 || r->stop_fd < 0 || r->flush_fd < 0)
		return failure_errno(err, errno, "cannot wait for rings of perf");
	return 0;
}

static int watch(struct perf_reader *r, int fd, uint64_t data, struct mmr_error *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = data };

	if (epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return failure_errno(err, errno, "cannot wait for rings of perf");
	return 0;
}

/* Where a CPU's ring is, or was; NULL: it never had one. */
static struct perf_cpu *slot_of(struct perf_reader *r, uint32_t cpu)
{
	for (uint32_t i = 0; i < r->count; i++)
		if (r->cpus[i].ring.cpu == cpu)
			return &r->cpus[i];
	return NULL;
}

int perf_reader_add(struct perf_reader *r, uint32_t cpu, int fd, size_t ring_size,
                    struct mmr_error *err)
{
	struct perf_cpu *c = slot_of(r, cpu);
	int ret;

	if (!c)
		c = &r->cpus[r->count++];
	ret = perf_ring_open(&c->ring, cpu, fd, ring_size, err);
	return ret < 0 ? ret : watch(r, fd, (uint64_t)(c - r->cpus), err);
}

struct perf_cpu *perf_reader_cpu(struct perf_reader *r, uint32_t cpu)
{
	struct perf_cpu *c = slot_of(r, cpu);

	return c && c->ring.map ? c : NULL;
}

void perf_reader_enable(const struct perf_reader *r, bool enable)
{
	for (uint32_t i = 0; i < r->count; i++)
		perf_ring_enable(&r->cpus[i].ring, enable);
}

/* ---- the thread ---- */

/* struct { header; u64 id; u64 lost; } */
static uint64_t lost_in(const struct perf_event_header *record)
{
	uint64_t words[3];

	if (record->size < sizeof(words))
		return 0;
	memcpy(words, record, sizeof(words));
	return words[2];
}

static int drain(struct perf_reader *r, struct perf_cpu *c)
{
	const struct perf_event_header *record;

	if (!c->ring.map)
		return 0;
	perf_ring_begin(&c->ring);
	while ((record = perf_ring_next(&c->ring))) {
		int ret = 0;

		if (record->type == PERF_RECORD_SAMPLE) {
			c->nr_seen++;
			ret = r->take(r->data, c, record, &r->error);
		} else if (record->type == PERF_RECORD_LOST) {
			ret = subbuf_writer_missed(&c->out, lost_in(record), &r->error);
			mmr_writer_set_lost(c->out.writer, c->out.stream, c->out.nr_missed_all);
		}
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int drain_all(struct perf_reader *r, bool flush)
{
	int ret = 0;

	pthread_mutex_lock(&r->lock);
	for (uint32_t i = 0; i < r->count && ret == 0; i++) {
		ret = drain(r, &r->cpus[i]);
		if (ret == 0 && flush)
			ret = subbuf_writer_flush(&r->cpus[i].out, &r->error);
	}
	if (flush && r->tick)
		r->tick(r->data);
	pthread_mutex_unlock(&r->lock);
	return ret;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct wait_result {
	bool stop;  /* the recording ends */
	bool flush; /* somebody waits for what there is */
};

/* Its task ended: it stays so, and would be told again and again. */
static void forget(struct perf_reader *r, uint64_t of)
{
	pthread_mutex_lock(&r->lock);
	if (r->cpus[of].ring.map)
		epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, r->cpus[of].ring.fds[0], NULL);
	pthread_mutex_unlock(&r->lock);
}

/* Waits until there is something to do. */
static struct wait_result wait_for_data(struct perf_reader *r)
{
	struct wait_result result = { false, false };
	struct epoll_event events[16];
	int count = epoll_wait(r->epoll_fd, events, 16, TICK_MS);
	uint64_t times;

	for (int i = 0; i < count; i++) {
		uint64_t of = events[i].data.u64;

		if (of == OF_STOP)
			result.stop = true;
		else if (of == OF_FLUSH)
			result.flush = read(r->flush_fd, &times, sizeof(times)) > 0;
		else if (events[i].events & (EPOLLHUP | EPOLLERR))
			forget(r, of);
	}
	return result;
}

static void *run(void *data)
{
	struct perf_reader *r = data;
	struct wait_result wait = { false, false };
	uint64_t flushed = now_ms();
	int ret = 0;

	r->tid = gettid();
	prctl(PR_SET_NAME, r->name);
	setpriority(PRIO_PROCESS, (id_t)r->tid, PRIORITY); /* as good as it gets */
	if (r->drop_rights)
		ret = privilege_drop(&r->error);
	pthread_barrier_wait(&r->ready);
	while (ret == 0 && !wait.stop) {
		bool flush;

		wait = wait_for_data(r);
		flush = wait.stop || wait.flush || now_ms() - flushed >= TICK_MS;
		ret = drain_all(r, flush);
		if (flush)
			flushed = now_ms();
		if (wait.flush)
			sem_post(&r->flushed);
	}
	if (ret < 0) {
		r->failed = true;
		notify(r->failed_fd);
	}
	return NULL;
}

int perf_reader_start(struct perf_reader *r, struct mmr_writer *writer, uint32_t stream_base,
                      uint32_t subbuf_size, struct mmr_error *err)
{
	int ret = watch(r, r->stop_fd, OF_STOP, err);

	r->writer = writer;
	r->stream_base = stream_base;
	r->subbuf_size = subbuf_size;

	if (ret == 0)
		ret = watch(r, r->flush_fd, OF_FLUSH, err);

	for (uint32_t i = 0; i < r->count && ret == 0; i++)
		ret = subbuf_writer_init(&r->cpus[i].out, writer, stream_base + r->cpus[i].ring.cpu,
		                         subbuf_size, err);
	if (ret < 0)
		return ret;
	pthread_barrier_init(&r->ready, NULL, 2);
	ret = pthread_create(&r->thread, NULL, run, r);
	if (ret != 0)
		return failure_errno(err, ret, "cannot start a thread to read perf's rings");
	r->running = true;
	pthread_barrier_wait(&r->ready);
	return 0;
}

static void close_ring(struct perf_cpu *c)
{
	uint32_t cpu = c->ring.cpu;

	perf_ring_close(&c->ring); /* epoll forgets a file that is closed */
	c->ring.cpu = cpu;
}

/* Under the lock: the end of what a CPU had before it went offline. */
static int retire(struct perf_reader *r, struct perf_cpu *c, struct mmr_error *err)
{
	int ret = drain(r, c);

	if (ret == 0)
		ret = subbuf_writer_flush(&c->out, &r->error);
	c->nr_ended += perf_ring_count(&c->ring);
	close_ring(c);
	if (ret < 0 && err)
		*err = r->error;
	return ret;
}

int perf_reader_adopt(struct perf_reader *r, uint32_t cpu, perf_open_cpu *open, void *data,
                      struct mmr_error *err)
{
	struct perf_cpu *c;
	int ret;

	if (!r->running)
		return 0;
	pthread_mutex_lock(&r->lock);
	c = perf_reader_cpu(r, cpu);
	ret = c ? retire(r, c, err) : 0;
	if (ret == 0)
		ret = open(data, cpu, err);
	c = perf_reader_cpu(r, cpu);
	if (ret == 0 && c && !c->out.page)
		ret = subbuf_writer_init(&c->out, r->writer, r->stream_base + cpu, r->subbuf_size,
		                         err);
	if (c && ret == 0)
		perf_ring_enable(&c->ring, true);
	else if (c)
		close_ring(c); /* nobody could take what comes */
	pthread_mutex_unlock(&r->lock);
	return ret;
}

void perf_reader_flush(struct perf_reader *r)
{
	struct timespec end;

	if (!r->running)
		return;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec++;
	notify(r->flush_fd);
	while (sem_timedwait(&r->flushed, &end) < 0 && errno == EINTR)
		;
}

/* What the kernel has counted on a CPU and not given, nor told as lost. */
static uint64_t missing(const struct perf_cpu *c)
{
	uint64_t counted = c->nr_ended + perf_ring_count(&c->ring);
	uint64_t told = c->nr_seen + c->out.nr_missed_all;

	return counted > told ? counted - told : 0;
}

/*
 * A sample is counted first and written then (perf_swevent_event(), v6.12): one that was between the two
 * when its CPU was told to count no more comes a moment after the thread's last look.
 */
static int drain_late(struct perf_reader *r, struct perf_cpu *c)
{
	const struct timespec moment = { .tv_nsec = LATE_LOOK_NS };
	int ret = 0;

	for (uint32_t i = 0; i < LATE_LOOKS && missing(c) > 0 && ret == 0; i++) {
		nanosleep(&moment, NULL);
		ret = drain(r, c);
		if (ret == 0)
			ret = subbuf_writer_flush(&c->out, &r->error);
	}
	return ret;
}

int perf_reader_stop(struct perf_reader *r, struct mmr_error *err)
{
	if (!r->running)
		return 0;
	perf_reader_enable(r, false);
	notify(r->stop_fd);
	pthread_join(r->thread, NULL);
	pthread_barrier_destroy(&r->ready);
	r->running = false;
	for (uint32_t i = 0; i < r->count; i++) {
		struct perf_cpu *c = &r->cpus[i];

		if (!r->failed)
			r->failed = drain_late(r, c) < 0;
		if (missing(c) > 0)
			mmr_writer_set_lost(c->out.writer, c->out.stream,
			                    c->out.nr_missed_all + missing(c));
	}
	if (!r->failed)
		return 0;
	if (err)
		*err = r->error;
	return r->error.code;
}

void perf_reader_deinit(struct perf_reader *r)
{
	perf_reader_stop(r, NULL);
	for (uint32_t i = 0; i < r->count; i++) {
		perf_ring_close(&r->cpus[i].ring);
		subbuf_writer_deinit(&r->cpus[i].out);
	}
	free(r->cpus);
	r->cpus = NULL;
	r->count = 0;
	if (r->epoll_fd > 0)
		close(r->epoll_fd);
	if (r->stop_fd > 0)
		close(r->stop_fd);
	if (r->flush_fd > 0)
		close(r->flush_fd);
	r->epoll_fd = r->stop_fd = r->flush_fd = -1;
}
