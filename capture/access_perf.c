/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses by the PMU's memory sampling (--access=perf): every so many loads (PEBS) or ops (IBS) the
 * processor notes one with its address. All processes; user space only. A ring for each CPU, looked
 * through by the main thread every interval: what there is then is one sample of the trace.
 *
 * Bias: in proportion to how often a page is used, so of the rarely used ones nearly all are missed, and
 * that a page is not there says nothing. Intel's mem-loads sees no stores.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "access.h"
#include "failure.h"
#include "perf_mem.h"
#include "perf_ring.h"
#include "recording.h"
#include "terminal.h"

#define PMUS      "/sys/bus/event_source/devices"
#define RING_SIZE (256u << 10)
#define MAX_USES  16384u

struct perf_sampler {
	struct perf_ring *rings;
	uint32_t nr_rings;
	struct mmr_access_use *uses;
	uint64_t begin_ns;
	uint64_t nr_lost; /* samples for which there was no room */
};

static int check(const struct recording *r, struct mmr_error *err)
{
	struct perf_event_attr attr;
	int ret = perf_mem_find(PMUS, &attr, err);
	int fd;

	(void)r;
	if (ret < 0)
		return ret;
	fd = perf_open(&attr, -1, 0);
	if (fd < 0)
		return perf_failure(err, -fd, "--access=perf: memory samples");
	close(fd);
	return 0;
}

static int prepare(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct perf_sampler *s = calloc(1, sizeof(*s));
	struct perf_event_attr attr;
	int ret = perf_mem_find(PMUS, &attr, err);

	if (ret < 0 || !s) {
		free(s);
		return ret < 0 ? ret
		               : failure(err, MMR_E_NOMEM, "out of memory for access samples");
	}
	part->state = s;
	s->rings = calloc(r->tracing.nr_cpus, sizeof(*s->rings));
	s->uses = calloc(MAX_USES, sizeof(*s->uses));
	if (!s->rings || !s->uses)
		return failure(err, MMR_E_NOMEM, "out of memory for access samples");
	for (uint32_t cpu = 0; cpu < r->tracing.nr_cpus; cpu++) {
		int fd = perf_open(&attr, -1, (int)cpu);

		if (fd == -ENODEV) /* it is offline */
			continue;
		if (fd < 0)
			return perf_failure(err, -fd, "--access=perf: memory samples");
		ret = perf_ring_open(&s->rings[s->nr_rings], cpu, fd, perf_ring_size(RING_SIZE),
		                     err);
		s->nr_rings++;
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int begin(struct recording *r, struct part *part, struct mmr_error *err)
{
	const uint64_t interval_ns = r->access.interval_ns;
	const struct timespec time = { .tv_sec = (time_t)(interval_ns / 1000000000u),
		                       .tv_nsec = (long)(interval_ns % 1000000000u) };
	const struct itimerspec spec = { .it_value = time, .it_interval = time };
	struct perf_sampler *s = part->state;

	part->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (part->fd < 0 || timerfd_settime(part->fd, 0, &spec, NULL) < 0)
		return failure_errno(err, errno, "cannot make a timer for --access-interval");
	s->begin_ns = snapshot_clock();
	for (uint32_t i = 0; i < s->nr_rings; i++)
		perf_ring_enable(&s->rings[i], true);
	return 0;
}

/* The samples of one ring, as far as there is room; how many there are in all then. */
static uint64_t take_ring(struct perf_sampler *s, struct perf_ring *ring, uint64_t count)
{
	const struct perf_event_header *record;

	perf_ring_begin(ring);
	while ((record = perf_ring_next(ring))) {
		struct mmr_access_use use;

		if (record->type == PERF_RECORD_LOST)
			s->nr_lost += ((const uint64_t *)(const void *)(record + 1))[1];
		if (perf_mem_take(record, &use) <= 0)
			continue;
		if (count < MAX_USES)
			s->uses[count++] = use;
		else
			s->nr_lost++;
	}
	return count;
}

static int ready(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct perf_sampler *s = part->state;
	struct mmr_access_sample sample = { .kind = MMR_ACCESS_USES,
		                            .begin_ns = s->begin_ns,
		                            .end_ns = snapshot_clock(),
		                            .uses = s->uses };
	uint64_t times;

	if (read(part->fd, &times, sizeof(times)) < 0)
		times = 0; /* at the end it has not run */
	for (uint32_t i = 0; i < s->nr_rings; i++)
		sample.nr_uses = take_ring(s, &s->rings[i], sample.nr_uses);
	s->begin_ns = sample.end_ns;
	return sample.nr_uses > 0 ? mmr_writer_access(r->writer, &sample, err) : 0;
}

static int end(struct recording *r, struct part *part, struct mmr_error *err)
{
	struct perf_sampler *s = part->state;

	for (uint32_t i = 0; i < s->nr_rings; i++)
		perf_ring_enable(&s->rings[i], false);
	if (s->nr_lost > 0 && !r->options->quiet)
		message("mmcap record", "%llu access samples were lost",
		        (unsigned long long)s->nr_lost);
	return ready(r, part, err);
}

static void deinit(struct recording *r, struct part *part)
{
	struct perf_sampler *s = part->state;

	(void)r;
	if (part->fd >= 0)
		close(part->fd);
	part->fd = -1;
	if (!s)
		return;
	for (uint32_t i = 0; i < s->nr_rings; i++)
		perf_ring_close(&s->rings[i]);
	free(s->rings);
	free(s->uses);
	free(s);
	part->state = NULL;
}

const struct access_source access_perf = {
	.name = "perf",
	.default_interval_ns = 100000000,
	.check = check,
	.part = { .prepare = prepare,
	          .begin = begin,
	          .ready = ready,
	          .end = end,
	          .deinit = deinit },
};
